/* Input of the terminal: reads its bytes and takes pastes, focus reports, mouse reports and the
 * answers of the terminal out of them; the rest are keys, for on_bytes.
 *
 * A sequence may arrive in pieces. Its beginning is held until the rest comes, at most ESC_WAIT_MS;
 * a paste waits PASTE_WAIT_MS for its end. */
#include "ui/term-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_READ (64 * 1024)
#define MAX_PASTE (4 * 1024 * 1024)
#define MAX_HELD 256
#define PASTE_WAIT_MS 1000
#define ESC_WAIT_MS 20 /* for the rest of a sequence that may be ours */

static const char paste_end[] = "\033[201~";

void
nj_term_input_init(NjTermInput *input)
{
    input->held = g_string_new(NULL);
}

void
nj_term_input_clear(NjTermInput *input)
{
    g_string_free(input->held, TRUE);
    if (input->paste)
        g_string_free(g_steal_pointer(&input->paste), TRUE);
}

static void
deliver(NjTerm *term, GString *keys)
{
    if (keys->len > 0 && !term->freed)
        term->hooks.on_bytes(term, keys->str, keys->len, term->owner);
    g_string_truncate(keys, 0);
}

static void
end_paste(NjTerm *term)
{
    gsize length = term->input.paste->len;
    char *text = g_string_free(g_steal_pointer(&term->input.paste), FALSE);
    if (term->freed)
        g_free(text);
    else
        term->hooks.on_paste(term, text, length, term->owner);
}

/* Takes bytes into the paste, returns how many; all of them unless its end came. */
static gsize
take_paste(NjTerm *term, const char *bytes, gsize length)
{
    gsize i = 0;
    while (i < length) {
        if (bytes[i] == paste_end[term->input.paste_match]) {
            i++;
            if (++term->input.paste_match == sizeof paste_end - 1) {
                end_paste(term);
                return i;
            }
            continue;
        }
        if (term->input.paste_match > 0) {
            /* Not the end after all.  ESC stands only at its beginning: nothing within can begin
             * anew. */
            g_string_append_len(term->input.paste, paste_end,
                                term->input.paste->len < MAX_PASTE ? term->input.paste_match : 0);
            term->input.paste_match = 0;
            continue;
        }
        const char *esc = memchr(bytes + i, '\033', length - i);
        gsize run = esc ? (gsize) (esc - bytes) - i : length - i;
        g_string_append_len(term->input.paste, bytes + i,
                            (gssize) MIN(run, MAX_PASTE - MIN(term->input.paste->len, MAX_PASTE)));
        i += run;
    }

    return length;
}

typedef enum {
    OURS_NOT,
    OURS_PARTLY,
    OURS_PASTE,
    OURS_FOCUS_IN,
    OURS_FOCUS_OUT,
    OURS_SWALLOWED
} Ours;

/* A string of the terminal, ESC ] … or ESC P …: only if a digit or > follows and its end is here
 * too; else a person typed Alt-]. */
static Ours
match_string(const char *s, gsize length, gsize *used)
{
    if (length < 3 || (!g_ascii_isdigit(s[2]) && s[2] != '>' && s[2] != '!'))
        return OURS_NOT;

    for (gsize i = 3; i < length; i++) {
        bool st = s[i] == '\\' && s[i - 1] == '\033';
        if (s[i] == '\007' || st) {
            *used = i + 1;
            return OURS_SWALLOWED;
        }
    }

    return OURS_NOT;
}

/* Is what begins at this ESC ours? */
static Ours
match(const char *s, gsize length, gsize *used)
{
    *used = 3;
    if (length == 1)
        return OURS_PARTLY;
    if (s[1] == ']' || s[1] == 'P')
        return match_string(s, length, used);
    if (s[1] != '[')
        return OURS_NOT;
    if (length == 2)
        return OURS_PARTLY;
    if (s[2] == 'I')
        return OURS_FOCUS_IN;
    if (s[2] == 'O')
        return OURS_FOCUS_OUT;

    /* mouse; answers about modes and kinds */
    if (s[2] == '<' || s[2] == '?' || s[2] == '>') {
        gsize i = 3;
        while (i < length && s[i] >= 0x20 && s[i] < 0x40)
            i++;
        *used = MIN(i + 1, length);
        return i == length ? OURS_PARTLY : OURS_SWALLOWED;
    }

    static const char begin[] = "\033[200~";
    gsize same = 0;
    while (same < length && same < sizeof begin - 1 && s[same] == begin[same])
        same++;

    *used = same;
    return same == sizeof begin - 1 ? OURS_PASTE : same == length ? OURS_PARTLY : OURS_NOT;
}

static void
take_input(NjTerm *term, const char *bytes, gsize length)
{
    g_autoptr(GString) all =
        g_string_new_len(term->input.held->str, (gssize) term->input.held->len);
    g_autoptr(GString) keys = g_string_new(NULL);

    g_string_append_len(all, bytes, (gssize) length);
    g_string_truncate(term->input.held, 0);
    for (gsize i = 0; i < all->len && !term->freed;) {
        const char *s = all->str + i;
        gsize left = all->len - i;
        if (term->input.paste) {
            i += take_paste(term, s, left);
            continue;
        }
        const char *esc = memchr(s, '\033', left);
        gsize run = esc ? (gsize) (esc - s) : left;
        g_string_append_len(keys, s, (gssize) run);
        i += run;
        if (!esc)
            break;
        gsize used = 0;
        Ours ours = match(esc, left - run, &used);
        if (ours == OURS_PARTLY && left - run <= MAX_HELD) {
            g_string_append_len(term->input.held, esc, (gssize) (left - run));
            break;
        }
        if (ours == OURS_NOT || ours == OURS_PARTLY) {
            g_string_append_c(keys, '\033');
            i++;
            continue;
        }
        deliver(term, keys);
        i += used;
        if (term->freed)
            break;
        if (ours == OURS_PASTE) {
            term->input.paste = g_string_new(NULL);
            term->input.paste_match = 0;
        } else if (ours != OURS_SWALLOWED) {
            term->hooks.on_focus(term, ours == OURS_FOCUS_IN, term->owner);
        }
    }

    deliver(term, keys);
}

/* The rest did not come: what was held is keys, what was pasted is all there is. */
void
nj_term_input_settle(NjTerm *term)
{
    if (term->input.paste) {
        end_paste(term);
        return;
    }
    g_autoptr(GString) keys =
        g_string_new_len(term->input.held->str, (gssize) term->input.held->len);
    g_string_truncate(term->input.held, 0);
    deliver(term, keys);
}

void
nj_term_input_arm(NjTerm *term)
{
    gint64 wait = term->input.paste ? PASTE_WAIT_MS : term->input.held->len > 0 ? ESC_WAIT_MS : -1;
    g_source_set_ready_time(term->source, wait < 0 ? -1 : g_get_monotonic_time() + wait * 1000);
}

bool
nj_term_input_read(NjTerm *term)
{
    static char buffer[MAX_READ];
    ssize_t n = read(term->in, buffer, sizeof buffer);

    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return true;

    if (n <= 0)
        return false;

    take_input(term, buffer, (gsize) n);
    memset(buffer, 0, (gsize) n); /* it may have been a password */
    if (!term->freed)
        nj_term_input_arm(term);
    return true;
}
