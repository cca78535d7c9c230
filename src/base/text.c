/* Sanitising, measuring and wrapping of text.
 *
 * Only classify_char() decides how a character is treated, and only nj_text_step() where a grapheme
 * ends and how many cells it has; all other functions use them. wcwidth() is called for each code
 * point and needs a UTF-8 locale, which main() and the tests set. A code point that wcwidth() does
 * not know (-1) counts as one cell, and nj_text_glyph() replaces it by U+FFFD; the text keeps it,
 * because a later release of the C library may know it.
 *
 * Nearly all text is ASCII, so each loop has a fast path for it. */
#include "base/text.h"

#include <string.h>
#include <wchar.h>

#define MAX_LINE_BYTES 1024
#define MAX_MARKS 4 /* combining marks of one base; further ones are dropped */
#define MAX_BIDI 16 /* nested bidi controls; further ones are dropped */
#define TAB_CELLS 4 /* the same in every column, because a row does not know its column */

typedef enum {
    KIND_PLAIN,
    KIND_BAD, /* not UTF-8: becomes U+FFFD */
    KIND_NEWLINE,
    KIND_CONTROL, /* becomes a space */
    KIND_TAB,
    KIND_MARK,    /* combines with the character before it */
    KIND_BIDI,    /* sets the direction of text; invisible */
    KIND_DROPPED, /* another invisible character, or a noncharacter: removed */
} Kind;

/* Returns the length of a UTF-8 sequence whose first byte is not ASCII; 0: not a first byte. */
static gsize
sequence_length(guchar first)
{
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if (first >= 0xe0 && first <= 0xef)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* False if a value decoded from length bytes is an overlong form, a surrogate or above U+10FFFF. */
static bool
is_code_point(gunichar value, gsize length)
{
    if (length == 3)
        return value >= 0x800 && (value < 0xd800 || value > 0xdfff);
    return length != 4 || (value >= 0x10000 && value <= 0x10ffff);
}

/* Decodes one code point strictly; returns its length in bytes, at least 1. Each byte that is not
 * part of a valid sequence is decoded alone, as (gunichar) -1. */
static gsize
decode_char(const guchar *s, const guchar *end, gunichar *c)
{
    if (*s < 0x80) {
        *c = *s;
        return 1;
    }

    gsize need = sequence_length(*s);
    *c = (gunichar) -1;
    if (need == 0 || (gsize) (end - s) < need)
        return 1;

    gunichar value = *s & (0x7f >> need);
    for (gsize i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | (s[i] & 0x3f);
    }

    if (!is_code_point(value, need))
        return 1;
    *c = value;
    return need;
}

typedef struct {
    gunichar first, last;
} Range;

static inline bool
is_in_ranges(const Range *ranges, gsize count, gunichar c)
{
    for (gsize i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* True for LRM, RLM and ALM. Unlike other bidi controls they need no closing control. */
static bool
is_direction_mark(gunichar c)
{
    return c == 0x200e || c == 0x200f || c == 0x61c;
}

static bool
is_bidi(gunichar c)
{
    static const Range controls[] = { { 0x202a, 0x202e }, { 0x2066, 0x2069 } };
    return is_in_ranges(controls, G_N_ELEMENTS(controls), c) || is_direction_mark(c);
}

/* True for format characters (Cf), except the visible signs of Arabic, Syriac and Kaithi. */
static bool
is_invisible(gunichar c)
{
    static const Range signs[] = {
        { 0x600, 0x605 }, { 0x6dd, 0x6dd },     { 0x70f, 0x70f },     { 0x890, 0x891 },
        { 0x8e2, 0x8e2 }, { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
    };
    return g_unichar_type(c) == G_UNICODE_FORMAT && !is_in_ranges(signs, G_N_ELEMENTS(signs), c);
}

/* True in ranges of Kana, Han and Hangul in which every character is plain: they are frequent, and
 * the tests that follow in classify_char() are costly. */
static bool
is_common(gunichar c)
{
    static const Range plain[] = {
        { 0x3041, 0x3096 }, { 0x30a1, 0x30fa }, { 0x4e00, 0x9fa5 }, { 0xac00, 0xd7a3 }
    };
    return is_in_ranges(plain, G_N_ELEMENTS(plain), c);
}

static bool
is_newline(gunichar c)
{
    return c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

static inline bool
is_printable_ascii(gunichar c)
{
    return c >= 0x20 && c < 0x7f;
}

static Kind
classify_char(gunichar c)
{
    if (is_printable_ascii(c))
        return KIND_PLAIN;
    if (c == (gunichar) -1)
        return KIND_BAD;
    if (is_newline(c))
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

/* Returns the number of bytes of printable ASCII at the start. */
static gsize
count_ascii(const guchar *s, const guchar *end)
{
    const guchar *start = s;
    while (s < end && is_printable_ascii(*s))
        s++;
    return s - start;
}

/* The open bidi controls of a line. PDF (U+202C) closes an embedding or override, PDI (U+2069) an
 * isolate and all that was opened inside it. */
typedef struct {
    guint depth;
    guint8 isolate[MAX_BIDI]; /* 1: an isolate; 0: an embedding or override */
} Bidi;

/* Updates the open controls by a bidi control; returns false if the control must be dropped,
 * because it closes nothing or is nested too deeply. */
static bool
note_bidi(Bidi *bidi, gunichar c)
{
    if (is_direction_mark(c))
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

/* Appends the controls that close all open ones. */
static void
close_bidi(Bidi *bidi, GString *out)
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
        gsize bytes = decode_char(s, end, &c);
        Kind kind = c == ' ' ? KIND_CONTROL : classify_char(c);
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

/* The state between two pieces of a body. */
typedef struct {
    Bidi bidi;
    guint marks; /* combining marks since the last base */
    bool cr;     /* the last character was CR: a newline behind it is dropped */
} Walk;

/* Returns true if a character stays as it is. Updates the open controls if it is a bidi control. */
static bool
keeps_char(Walk *walk, Kind kind, gunichar c)
{
    switch (kind) {
    case KIND_PLAIN:
    case KIND_TAB:
        return true;
    case KIND_NEWLINE:
        return c == '\n' && walk->bidi.depth == 0;
    case KIND_MARK:
        return walk->marks < MAX_MARKS;
    case KIND_BIDI:
        return note_bidi(&walk->bidi, c);
    default:
        return false;
    }
}

/* Cleans the next piece of a body and appends it to out; the caller closes bidi controls at the end
 * of the body. out NULL: only checks, and returns false at the first character that cleaning would
 * change, or if a bidi control is open at the end. */
static bool
clean_body(Walk *walk, const guchar *s, const guchar *end, GString *out)
{
    while (s < end) {
        gsize run = count_ascii(s, end);
        if (run > 0) {
            if (out)
                g_string_append_len(out, (const char *) s, run);
            s += run;
            walk->marks = 0;
            walk->cr = false;
            continue;
        }
        gunichar c;
        gsize bytes = decode_char(s, end, &c);
        Kind kind = classify_char(c);
        bool second = walk->cr && c == '\n';
        walk->cr = c == '\r';
        if (second) {
            s += bytes;
            continue;
        }
        bool keep = keeps_char(walk, kind, c);
        if (kind == KIND_MARK)
            walk->marks++;
        else if (kind != KIND_DROPPED && kind != KIND_BIDI)
            walk->marks = 0;
        if (!out) {
            if (!keep)
                return false;
        } else if (keep) {
            g_string_append_len(out, (const char *) s, bytes);
        } else if (kind == KIND_NEWLINE) {
            close_bidi(&walk->bidi, out);
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
    close_bidi(&walk.bidi, out);
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
    close_bidi(&body->walk.bidi, body->out);
    gsize length = body->out->len;
    /* The string grew by doubling: free the unused memory. */
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

static bool
is_invisible_kind(Kind kind)
{
    return kind == KIND_BIDI || kind == KIND_DROPPED;
}

int
nj_text_step(const char *text, const char *end, gsize *length)
{
    const guchar *s = (const guchar *) text, *stop = (const guchar *) end;
    if (s >= stop || *s == '\0') {
        *length = 0;
        return 0;
    }

    if (is_printable_ascii(*s) && (s + 1 == stop || s[1] < 0x80)) {
        *length = 1;
        return 1;
    }

    /* Invisible characters at the start of a line belong to the character behind them. */
    gunichar c;
    gsize bytes = decode_char(s, stop, &c);
    Kind kind = classify_char(c);
    while (is_invisible_kind(kind) && s + bytes < stop && s[bytes] != '\0') {
        gunichar after;
        gsize more = decode_char(s + bytes, stop, &after);
        Kind kind_after = classify_char(after);
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
        bytes = decode_char(s, stop, &c);
        kind = classify_char(c);
        if (kind != KIND_MARK && !is_invisible_kind(kind))
            break;
        s += bytes;
    }

    *length = s - (const guchar *) text;
    return width == 2 ? 2 : 1;
}

/* Variation selectors stay in the text but are not drawn: terminals disagree about their effect on
 * the width. */
static bool
is_selector(gunichar c)
{
    static const Range selectors[] = { { 0xfe00, 0xfe0f }, { 0xe0100, 0xe01ef } };
    return is_in_ranges(selectors, G_N_ELEMENTS(selectors), c);
}

/* True if a terminal cannot draw the character. */
static bool
is_undrawable(Kind kind, gunichar c)
{
    if (kind == KIND_BAD || kind == KIND_CONTROL)
        return true;
    return kind == KIND_PLAIN && wcwidth((wchar_t) c) < 0;
}

guint
nj_text_glyph(const char *grapheme, gsize length, gunichar out[NJ_TEXT_GLYPH])
{
    const guchar *s = (const guchar *) grapheme, *end = s + length;
    guint count = 0;

    while (s < end && count < NJ_TEXT_GLYPH) {
        gunichar c;
        s += decode_char(s, end, &c);
        Kind kind = classify_char(c);
        if (is_invisible_kind(kind) || is_selector(c))
            continue;
        if (kind == KIND_TAB)
            c = ' ';
        else if (is_undrawable(kind, c))
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

    if (width)
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

/* Chinese, Japanese and Korean text may break between any two characters, except before closing
 * punctuation. */
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

/* True at a space or tab, but not if a combining mark follows. */
static bool
is_space(const char *s, const char *end)
{
    gsize bytes;
    return (*s == ' ' || *s == '\t') && nj_text_step(s, end, &bytes) > 0 && bytes == 1;
}

/* Fills a row of at most limit cells. Returns the start of the next row; NULL: no text is left.
 * whole: if the first word does not fit, the row stays empty. */
static const char *
wrap_row(const char *start, const char *end, int limit, bool whole, NjTextRow *row)
{
    const char *s = start;

    /* The last position at which the row may end, and where the next row begins if it ends
     * there. */
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
                /* Spaces at the end of a line do not begin a row. */
                if (nj_text_step(behind, end, &bytes) == 0)
                    next = bytes > 0 ? behind + bytes : NULL;
                break;
            }
            width += run;
            s = behind;
            after_wide = false;
            continue;
        }
        const bool beside_wide = step == 2 || after_wide;
        if (s > start && beside_wide && may_begin_row(s)) {
            cut = next = s;
            cut_width = width;
        }
        if (width + step > limit && s > start) {
            if (!cut || (cut == start && !whole)) {
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
    bool whole = first < cells; /* the second row has more cells for a long first word */

    cells = MAX(cells, 1);
    for (const char *s = text; s;) {
        NjTextRow row = { .start = (guint) (s - text) };
        s = wrap_row(s, end, limit, whole, &row);
        g_array_append_val(rows, row);
        limit = cells;
        whole = false;
    }
}
