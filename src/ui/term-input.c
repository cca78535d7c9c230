/* Input of the terminal: reads bytes and separates pastes, focus reports, mouse reports and answers
 * of the terminal from keys, which go to on_bytes.
 *
 * A sequence may arrive in pieces. Its beginning is held until the rest arrives, at most
 * ESC_WAIT_MS. A paste without an end ends when no bytes have arrived for PASTE_WAIT_MS. */
#include "ui/term-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_READ (64 * 1024)
#define MAX_PASTE (4 * 1024 * 1024)
#define MAX_HELD 256 /* a longer sequence without an end is passed on as keys */
#define PASTE_WAIT_MS 1000
#define ESC_WAIT_MS 20

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
deliver_keys(NjTerm *term, GString *keys)
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

/* Adds bytes to the paste, or drops them when it has MAX_PASTE bytes. Returns how many bytes are
 * used: all, or those up to the end of the paste. */
static gsize
add_to_paste(NjTerm *term, const char *bytes, gsize length)
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
            /* Not the end of the paste. Only the first byte of paste_end is ESC, so it cannot begin
             * again inside the matched bytes. */
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
    SEQUENCE_KEY,     /* a key or its beginning, for on_bytes */
    SEQUENCE_PARTIAL, /* the rest has not arrived */
    SEQUENCE_PASTE,
    SEQUENCE_FOCUS_IN,
    SEQUENCE_FOCUS_OUT,
    SEQUENCE_IGNORED /* a mouse report or an answer of the terminal */
} Sequence;

/* Reads what may be a string from the terminal (OSC: ESC ] …, DCS: ESC P …). It counts as one only
 * if a digit, `>` or `!` follows and its end has arrived, too; otherwise the user has typed Alt-]
 * or Alt-P. */
static Sequence
read_string(const char *s, gsize length, gsize *used)
{
    if (length < 3 || !strchr("0123456789>!", s[2]) || s[2] == '\0')
        return SEQUENCE_KEY;

    for (gsize i = 3; i < length; i++) {
        bool st = s[i] == '\\' && s[i - 1] == '\033';
        if (s[i] == '\007' || st) {
            *used = i + 1;
            return SEQUENCE_IGNORED;
        }
    }

    return SEQUENCE_KEY;
}

/* Reads a mouse report (ESC [ <), or an answer of the terminal about its modes or type (ESC [ ? and
 * ESC [ >). */
static Sequence
read_report(const char *s, gsize length, gsize *used)
{
    gsize i = 3;
    while (i < length && s[i] >= 0x20 && s[i] < 0x40)
        i++;
    *used = MIN(i + 1, length);
    return i == length ? SEQUENCE_PARTIAL : SEQUENCE_IGNORED;
}

/* Reads the sequence that begins a paste. Other sequences after ESC [ are keys. */
static Sequence
read_paste_begin(const char *s, gsize length, gsize *used)
{
    static const char begin[] = "\033[200~";
    gsize same = 0;
    while (same < length && same < sizeof begin - 1 && s[same] == begin[same])
        same++;

    *used = same;
    if (same == sizeof begin - 1)
        return SEQUENCE_PASTE;
    return same == length ? SEQUENCE_PARTIAL : SEQUENCE_KEY;
}

/* Reads the sequence that begins with the ESC at s. Sets *used to its length; for SEQUENCE_KEY and
 * SEQUENCE_PARTIAL *used has no meaning. */
static Sequence
read_sequence(const char *s, gsize length, gsize *used)
{
    *used = 3;
    if (length == 1)
        return SEQUENCE_PARTIAL;
    if (s[1] == ']' || s[1] == 'P')
        return read_string(s, length, used);
    if (s[1] != '[')
        return SEQUENCE_KEY;
    if (length == 2)
        return SEQUENCE_PARTIAL;

    switch (s[2]) {
    case 'I':
        return SEQUENCE_FOCUS_IN;
    case 'O':
        return SEQUENCE_FOCUS_OUT;
    case '<':
    case '?':
    case '>':
        return read_report(s, length, used);
    default:
        return read_paste_begin(s, length, used);
    }
}

/* Begins a paste or reports the focus. */
static void
handle_sequence(NjTerm *term, Sequence sequence)
{
    if (sequence == SEQUENCE_PASTE) {
        term->input.paste = g_string_new(NULL);
        term->input.paste_match = 0;
    } else if (sequence != SEQUENCE_IGNORED) {
        term->hooks.on_focus(term, sequence == SEQUENCE_FOCUS_IN, term->owner);
    }
}

/* Splits the held bytes and the new ones into keys, pastes and reports, and calls the hooks in
 * their order. Stops when a hook has freed the terminal. */
static void
split_input(NjTerm *term, const char *bytes, gsize length)
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
            i += add_to_paste(term, s, left);
            continue;
        }

        const char *esc = memchr(s, '\033', left);
        gsize run = esc ? (gsize) (esc - s) : left;
        g_string_append_len(keys, s, (gssize) run);
        i += run;
        if (!esc)
            break;

        gsize used = 0;
        Sequence sequence = read_sequence(esc, left - run, &used);
        if (sequence == SEQUENCE_PARTIAL && left - run <= MAX_HELD) {
            g_string_append_len(term->input.held, esc, (gssize) (left - run));
            break;
        }
        if (sequence == SEQUENCE_KEY || sequence == SEQUENCE_PARTIAL) {
            g_string_append_c(keys, '\033');
            i++;
            continue;
        }

        deliver_keys(term, keys);
        i += used;
        if (!term->freed)
            handle_sequence(term, sequence);
    }

    deliver_keys(term, keys);
}

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
    deliver_keys(term, keys);
}

void
nj_term_input_arm(NjTerm *term)
{
    gint64 wait = -1;
    if (term->input.paste)
        wait = PASTE_WAIT_MS;
    else if (term->input.held->len > 0)
        wait = ESC_WAIT_MS;

    g_source_set_ready_time(term->source, wait < 0 ? -1 : g_get_monotonic_time() + wait * 1000);
}

bool
nj_term_input_read(NjTerm *term)
{
    static char buffer[MAX_READ];
    ssize_t n = read(term->in, buffer, sizeof buffer);

    bool try_again = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n < 0 && try_again)
        return true;

    if (n <= 0)
        return false;

    split_input(term, buffer, (gsize) n);
    memset(buffer, 0, (gsize) n); /* the bytes may hold a password */
    if (!term->freed)
        nj_term_input_arm(term);
    return true;
}
