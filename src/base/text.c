/* The sanitiser, widths and wrapping.
 *
 * There is one idea of what a character is (classify) and one of what a cell is (nj_text_step);
 * everything else walks with them.  wcwidth() is asked code point by code point, so a UTF-8 locale
 * must have been set (main does, tests too). What it knows nothing of, -1, counts as one cell: the
 * surface draws U+FFFD there.  The text itself keeps the character: the next release of the C
 * library may know it.
 *
 * Nearly all text is plain ASCII, so each walk has a short way for it. */
#include "base/text.h"

#include <string.h>
#include <wchar.h>

#define MAX_LINE_BYTES 1024
#define MAX_MARKS 4
#define MAX_BIDI 16 /* openers open at once; more are dropped */
#define TAB_CELLS 4 /* a row does not know its column: a tab is as wide everywhere */

typedef enum {
    KIND_PLAIN,
    KIND_BAD, /* no UTF-8: becomes U+FFFD */
    KIND_NEWLINE,
    KIND_CONTROL, /* becomes a space */
    KIND_TAB,
    KIND_MARK, /* draws on the character before it */
    KIND_BIDI,
    KIND_DROPPED,
} Kind;

/* Decodes one code point strictly; 0 bytes are never consumed.  Each byte of what is no UTF-8 is
 * bad on its own. */
static gsize
decode(const guchar *s, const guchar *end, gunichar *c)
{
    if (*s < 0x80) {
        *c = *s;
        return 1;
    }

    gsize need = *s >= 0xc2 && *s <= 0xdf   ? 2
                 : *s >= 0xe0 && *s <= 0xef ? 3
                 : *s >= 0xf0 && *s <= 0xf4 ? 4
                                            : 0;
    *c = (gunichar) -1;
    if (need == 0 || (gsize) (end - s) < need)
        return 1;

    gunichar value = *s & (0x7f >> need);
    for (gsize i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (s[i] & 0x3f);
    }

    if ((need == 3 && value < 0x800) || (need == 4 && (value < 0x10000 || value > 0x10ffff))
        || (value >= 0xd800 && value <= 0xdfff))
        return 1;

    *c = value;
    return need;
}

static bool
is_bidi(gunichar c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x200e
           || c == 0x200f || c == 0x61c;
}

/* Format characters are invisible, but for a few signs that stand before Arabic, Syriac and Kaithi
 * numbers. */
static bool
is_invisible(gunichar c)
{
    if (g_unichar_type(c) != G_UNICODE_FORMAT)
        return false;
    return !((c >= 0x600 && c <= 0x605) || c == 0x6dd || c == 0x70f || c == 0x890 || c == 0x891
             || c == 0x8e2 || c == 0x110bd || c == 0x110cd);
}

/* Kana, Han and Hangul without anything special among them: most of what is not Latin, and costly
 * to look up. */
static bool
is_common(gunichar c)
{
    return (c >= 0x3041 && c <= 0x3096) || (c >= 0x30a1 && c <= 0x30fa)
           || (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0xac00 && c <= 0xd7a3);
}

static Kind
classify(gunichar c)
{
    if (c >= 0x20 && c < 0x7f)
        return KIND_PLAIN;
    if (c == (gunichar) -1)
        return KIND_BAD;
    if (c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029)
        return KIND_NEWLINE;
    if (c == '\t')
        return KIND_TAB;
    if (c < 0xa0)
        return KIND_CONTROL;
    if ((c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef))
        return KIND_DROPPED;
    if ((c < 0x300 && c != 0xad) || is_common(c))
        return KIND_PLAIN;
    if (is_bidi(c))
        return KIND_BIDI;
    if (is_invisible(c))
        return KIND_DROPPED;

    return wcwidth((wchar_t) c) == 0 ? KIND_MARK : KIND_PLAIN;
}

/* Bytes at the start that any text may hold as they are. */
static gsize
plain_run(const guchar *s, const guchar *end)
{
    const guchar *start = s;
    while (s < end && *s >= 0x20 && *s < 0x7f)
        s++;
    return s - start;
}

/* Which bidi controls of a line are open.  An opener's closer is PDF or PDI; PDI closes what was
 * opened inside its isolate too. */
typedef struct {
    guint depth;
    guint8 isolate[MAX_BIDI];
} Bidi;

/* True if c may stay. */
static bool
bidi_take(Bidi *bidi, gunichar c)
{
    if (c == 0x200e || c == 0x200f || c == 0x61c)
        return true;

    if (c == 0x202c) {
        if (bidi->depth == 0 || bidi->isolate[bidi->depth - 1])
            return false;
        bidi->depth--;
        return true;
    }

    if (c == 0x2069) {
        guint at = bidi->depth;
        while (at > 0 && !bidi->isolate[at - 1])
            at--;
        if (at == 0)
            return false;
        bidi->depth = at - 1;
        return true;
    }

    if (bidi->depth == MAX_BIDI)
        return false;

    bidi->isolate[bidi->depth++] = c >= 0x2066;
    return true;
}

static void
bidi_close(Bidi *bidi, GString *out)
{
    while (bidi->depth > 0)
        g_string_append_unichar(out, bidi->isolate[--bidi->depth] ? 0x2069 : 0x202c);
}

char *
nj_text_line(const char *raw, gssize length, gsize max)
{
    const guchar *s = (const guchar *) raw, *end = s + (length < 0 ? strlen(raw) : (gsize) length);
    if (max == 0)
        max = MAX_LINE_BYTES;

    GString *out = g_string_sized_new(MIN((gsize) (end - s), max) + 1);
    guint marks = 0;
    bool space = false;
    while (s < end && out->len < max) {
        gunichar c;
        gsize bytes = decode(s, end, &c);
        Kind kind = c == ' ' ? KIND_CONTROL : classify(c);
        s += bytes;
        switch (kind) {
        case KIND_NEWLINE:
        case KIND_CONTROL:
        case KIND_TAB:
            space = out->len > 0;
            marks = 0;
            continue;
        case KIND_BIDI:
        case KIND_DROPPED:
            continue;
        case KIND_MARK:
            if (++marks > MAX_MARKS)
                continue;
            break;
        case KIND_BAD:
            c = 0xfffd;
            marks = 0;
            break;
        case KIND_PLAIN:
            marks = 0;
            break;
        }
        gsize before = out->len;
        if (space)
            g_string_append_c(out, ' ');
        space = false;
        g_string_append_unichar(out, c);
        if (out->len > max) {
            g_string_truncate(out, before);
            break;
        }
    }

    return g_string_free(out, FALSE);
}

/* A walk over a body, or over a piece of it. */
typedef struct {
    Bidi bidi;
    guint marks;
    bool cr; /* the last one was CR: a newline behind it is the same */
} Walk;

/* Walks on.  With out it is written there; without, the answer is whether out would be the same;
 * the end is the caller's to close. */
static bool
clean_body(Walk *walk, const guchar *s, const guchar *end, GString *out)
{
    while (s < end) {
        gsize run = plain_run(s, end);
        if (run > 0) {
            if (out != NULL)
                g_string_append_len(out, (const char *) s, run);
            s += run;
            walk->marks = 0;
            walk->cr = false;
            continue;
        }
        gunichar c;
        gsize bytes = decode(s, end, &c);
        Kind kind = classify(c);
        bool second = walk->cr && c == '\n';
        walk->cr = c == '\r';
        if (second) {
            s += bytes;
            continue;
        }
        bool keep = kind == KIND_PLAIN || kind == KIND_TAB
                    || (kind == KIND_NEWLINE && c == '\n' && walk->bidi.depth == 0)
                    || (kind == KIND_MARK && walk->marks < MAX_MARKS)
                    || (kind == KIND_BIDI && bidi_take(&walk->bidi, c));
        walk->marks = kind == KIND_MARK                           ? walk->marks + 1
                      : kind == KIND_DROPPED || kind == KIND_BIDI ? walk->marks
                                                                  : 0;
        if (out == NULL) {
            if (!keep)
                return false;
        } else if (keep) {
            g_string_append_len(out, (const char *) s, bytes);
        } else if (kind == KIND_NEWLINE) {
            bidi_close(&walk->bidi, out);
            g_string_append_c(out, '\n');
        } else if (kind == KIND_CONTROL) {
            g_string_append_c(out, ' ');
        } else if (kind == KIND_BAD) {
            g_string_append(out, "\357\277\275");
        }
        s += bytes;
    }

    return walk->bidi.depth == 0;
}

char *
nj_text_body(const char *raw, gssize length)
{
    gsize bytes = length < 0 ? strlen(raw) : (gsize) length;
    GString *out = g_string_sized_new(bytes + 1);
    Walk walk = { 0 };
    clean_body(&walk, (const guchar *) raw, (const guchar *) raw + bytes, out);
    bidi_close(&walk.bidi, out);
    return g_string_free(out, FALSE);
}

struct NjTextBody {
    Walk walk;
    GString *out;
};

NjTextBody *
nj_text_body_new(void)
{
    NjTextBody *body = g_new0(NjTextBody, 1);
    body->out = g_string_new(NULL);
    return body;
}

void
nj_text_body_add(NjTextBody *body, const char *raw, gsize length)
{
    clean_body(&body->walk, (const guchar *) raw, (const guchar *) raw + length, body->out);
}

char *
nj_text_body_end(NjTextBody *body)
{
    bidi_close(&body->walk.bidi, body->out);
    gsize length = body->out->len;
    /* it grew by doubling */
    char *text = g_realloc(g_string_free(body->out, FALSE), length + 1);
    g_free(body);
    return text;
}

bool
nj_text_is_clean(const char *text, gsize length)
{
    Walk walk = { 0 };
    return clean_body(&walk, (const guchar *) text, (const guchar *) text + length, NULL);
}

int
nj_text_step(const char *text, const char *end, gsize *length)
{
    const guchar *s = (const guchar *) text, *stop = (const guchar *) end;
    if (s >= stop || *s == '\0') {
        *length = 0;
        return 0;
    }

    if (*s >= 0x20 && *s < 0x7f && (s + 1 == stop || s[1] < 0x80)) {
        *length = 1;
        return 1;
    }

    /* What is invisible at the start of a line belongs to the character behind it. */
    gunichar c;
    gsize bytes = decode(s, stop, &c);
    Kind kind = classify(c);
    while ((kind == KIND_BIDI || kind == KIND_DROPPED) && s + bytes < stop && s[bytes] != '\0') {
        gunichar after;
        gsize more = decode(s + bytes, stop, &after);
        Kind kind_after = classify(after);
        if (kind_after == KIND_NEWLINE || kind_after == KIND_TAB)
            break;
        s += bytes;
        bytes = more;
        c = after;
        kind = kind_after;
    }

    s += bytes;
    *length = s - (const guchar *) text;
    if (kind == KIND_NEWLINE)
        return 0;
    if (kind == KIND_TAB)
        return TAB_CELLS;
    if (kind == KIND_BAD || kind == KIND_CONTROL)
        return 1;

    int width = kind == KIND_PLAIN ? wcwidth((wchar_t) c) : 1;
    while (s < stop && *s >= 0x80) {
        bytes = decode(s, stop, &c);
        kind = classify(c);
        if (kind != KIND_MARK && kind != KIND_BIDI && kind != KIND_DROPPED)
            break;
        s += bytes;
    }

    *length = s - (const guchar *) text;
    return width == 2 ? 2 : 1;
}

/* Variation selectors stay in the text but are not drawn: terminals disagree on what they do to the
 * width. */
static bool
is_selector(gunichar c)
{
    return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef);
}

guint
nj_text_glyph(const char *grapheme, gsize length, gunichar out[NJ_TEXT_GLYPH])
{
    const guchar *s = (const guchar *) grapheme, *end = s + length;
    guint count = 0;

    while (s < end && count < NJ_TEXT_GLYPH) {
        gunichar c;
        s += decode(s, end, &c);
        Kind kind = classify(c);
        if (kind == KIND_BIDI || kind == KIND_DROPPED || is_selector(c))
            continue;
        if (kind == KIND_TAB)
            c = ' ';
        else if (kind == KIND_BAD || kind == KIND_CONTROL
                 || (kind == KIND_PLAIN && wcwidth((wchar_t) c) < 0))
            c = 0xfffd;
        else if (kind == KIND_MARK && count == 0)
            out[count++] = ' ';
        out[count++] = c;
    }

    if (count == 0)
        out[count++] = ' ';
    return count;
}

int
nj_text_width(const char *text, gssize length)
{
    const char *end = text + (length < 0 ? strlen(text) : (gsize) length);
    int width = 0;

    while (text < end) {
        gsize bytes;
        width += nj_text_step(text, end, &bytes);
        if (bytes == 0)
            break;
        text += bytes;
    }

    return width;
}

gsize
nj_text_fit(const char *text, gssize length, int cells, int *width)
{
    const char *s = text, *end = text + (length < 0 ? strlen(text) : (gsize) length);
    int used = 0;

    while (s < end) {
        gsize bytes;
        int step = nj_text_step(s, end, &bytes);
        if (bytes == 0 || used + step > cells)
            break;
        used += step;
        s += bytes;
    }

    if (width != NULL)
        *width = used;
    return s - text;
}

char *
nj_text_ellipsize(const char *text, int cells)
{
    gsize whole = nj_text_fit(text, -1, cells, NULL);
    if (text[whole] == '\0')
        return g_strdup(text);
    if (cells < 1)
        return g_strdup("");
    gsize part = nj_text_fit(text, -1, cells - 1, NULL);
    return g_strdup_printf("%.*s…", (int) part, text);
}

/* Chinese, Japanese and Korean text breaks between any two characters, but a row does not begin
 * with these. */
static bool
may_begin_row(const char *s)
{
    static const gunichar closing[] = { 0x3001, 0x3002, 0x300d, 0x300f, 0x3011,
                                        0x3015, 0x30fc, 0xff01, 0xff09, 0xff0c,
                                        0xff0e, 0xff1a, 0xff1b, 0xff1f, 0xff5d };
    gunichar c = g_utf8_get_char_validated(s, 4);
    for (guint i = 0; i < G_N_ELEMENTS(closing); i++)
        if (c == closing[i])
            return false;
    return true;
}

/* A space that carries a mark is none. */
static bool
is_space(const char *s, const char *end)
{
    gsize bytes;
    return (*s == ' ' || *s == '\t') && nj_text_step(s, end, &bytes) > 0 && bytes == 1;
}

/* One row of at most limit cells.  Returns where the next one begins; NULL: nothing is left.
 * whole: a word that does not fit may leave the row empty. */
static const char *
wrap_row(const char *start, const char *end, int limit, bool whole, NjTextRow *row)
{
    const char *s = start;

    /* the last place to break at, and what follows it */
    const char *cut = whole ? start : NULL, *next = start;
    int width = 0, cut_width = 0;
    bool after_wide = false;
    for (;;) {
        gsize bytes;
        int step = nj_text_step(s, end, &bytes);
        if (step == 0) {
            row->length = s - start;
            row->width = width;
            return bytes > 0 ? s + bytes : NULL;
        }
        if (is_space(s, end)) {
            const char *behind = s;
            int run = 0;
            for (; is_space(behind, end); behind++)
                run += *behind == ' ' ? 1 : TAB_CELLS;
            cut = s;
            cut_width = width;
            next = behind;
            if (width + run > limit) {
                /* Spaces at the end of a line make no row of their own. */
                if (nj_text_step(behind, end, &bytes) == 0)
                    next = bytes > 0 ? behind + bytes : NULL;
                break;
            }
            width += run;
            s = behind;
            after_wide = false;
            continue;
        }
        if (s > start && (step == 2 || after_wide) && may_begin_row(s)) {
            cut = next = s;
            cut_width = width;
        }
        if (width + step > limit && s > start) {
            if (cut == NULL || (cut == start && !whole)) {
                cut = next = s;
                cut_width = width;
            }
            break;
        }
        width += step;
        s += bytes;
        after_wide = step == 2;
    }

    row->length = cut - start;
    row->width = cut_width;
    return next;
}

void
nj_text_wrap(const char *text, int first, int cells, GArray *rows)
{
    const char *end = text + strlen(text);
    int limit = MAX(first, 1);
    bool whole = first < cells; /* below there is more room for a long first word */

    cells = MAX(cells, 1);
    for (const char *s = text; s != NULL;) {
        NjTextRow row = { .start = (guint) (s - text) };
        s = wrap_row(s, end, limit, whole, &row);
        g_array_append_val(rows, row);
        limit = cells;
        whole = false;
    }
}
