/* PRECIS: a string is mapped (width, spaces, case) and composed; then each character must belong to
 * the class of the profile, and some are allowed only in a context. GLib knows the properties of
 * characters, except those in the tables of this file. */
#include "model/precis.h"

typedef struct {
    gunichar first, last;
} Range;

/* A character is allowed in both classes, only in the FreeformClass (OpaqueString), only if
 * context_allows() it, or not at all. */
typedef enum { ALLOWED, FREE_ONLY, CONTEXT, DISALLOWED } Verdict;

#define IN(ranges, c) in_ranges(ranges, G_N_ELEMENTS(ranges), c)

static bool
in_ranges(const Range *ranges, gsize count, gunichar c)
{
    for (gsize i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* RFC 5892, 2.6: exceptions from the general rules. */
static const Range always[] = {
    { 0xDF, 0xDF }, { 0x3C2, 0x3C2 }, { 0x6FD, 0x6FE }, { 0xF0B, 0xF0B }, { 0x3007, 0x3007 }
};

static const Range in_context[] = {
    { 0xB7, 0xB7 },   { 0x375, 0x375 },   { 0x5F3, 0x5F4 },   { 0x660, 0x669 },
    { 0x6F0, 0x6F9 }, { 0x200C, 0x200D }, { 0x30FB, 0x30FB },
};

static const Range never[] = {
    { 0x640, 0x640 },
    { 0x7FA, 0x7FA },
    { 0x302E, 0x302F },
    { 0x3031, 0x3035 },
    { 0x303B, 0x303B },
    /* Old Hangul Jamo (RFC 8264, 9.9) */
    { 0x1100, 0x11FF },
    { 0xA960, 0xA97C },
    { 0xD7B0, 0xD7C6 },
    { 0xD7CB, 0xD7FB },
    /* Default_Ignorable_Code_Point, as far as it is not a format character */
    { 0x34F, 0x34F },
    { 0x17B4, 0x17B5 },
    { 0x180B, 0x180F },
    { 0x3164, 0x3164 },
    { 0xFE00, 0xFE0F },
    { 0xFFA0, 0xFFA0 },
    { 0xE0100, 0xE01EF },
};

/* True if normalization form KC changes the character (RFC 8264, 9.17). */
static bool
has_compat(gunichar c)
{
    char text[7] = { 0 };
    g_unichar_to_utf8(c, text);
    g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
    return g_strcmp0(text, normal) != 0;
}

/* Returns where a character is allowed; the tests are in the order of RFC 8264, 8. */
static Verdict
classify_char(gunichar c)
{
    if (IN(always, c))
        return ALLOWED;
    if (IN(in_context, c))
        return CONTEXT;
    if (IN(never, c) || g_unichar_type(c) == G_UNICODE_UNASSIGNED)
        return DISALLOWED;
    if (c > 0x20 && c < 0x7F)
        return ALLOWED;

    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return DISALLOWED;
    case G_UNICODE_LOWERCASE_LETTER:
    case G_UNICODE_UPPERCASE_LETTER:
    case G_UNICODE_OTHER_LETTER:
    case G_UNICODE_MODIFIER_LETTER:
    case G_UNICODE_DECIMAL_NUMBER:
    case G_UNICODE_NON_SPACING_MARK:
    case G_UNICODE_SPACING_MARK:
        return has_compat(c) ? FREE_ONLY : ALLOWED;
    default: /* other letters and digits, spaces, symbols, punctuation */
        return FREE_ONLY;
    }
}

static bool
is_script(gunichar c, GUnicodeScript script)
{
    return g_unichar_get_script(c) == script;
}

static bool
has_any(const gunichar *text, gunichar first, gunichar last)
{
    for (; *text; text++)
        if (*text >= first && *text <= last)
            return true;
    return false;
}

/* The katakana middle dot (U+30FB) does not count. */
static bool
is_japanese(gunichar c)
{
    if (c == 0x30FB)
        return false;
    return is_script(c, G_UNICODE_SCRIPT_HIRAGANA) || is_script(c, G_UNICODE_SCRIPT_KATAKANA)
           || is_script(c, G_UNICODE_SCRIPT_HAN);
}

static bool
has_japanese(const gunichar *text)
{
    for (; *text; text++)
        if (is_japanese(*text))
            return true;
    return false;
}

/* Arabic letters that do not join the letter after them. */
static const Range no_join_after[] = {
    { 0x621, 0x625 }, { 0x627, 0x627 }, { 0x629, 0x629 }, { 0x62F, 0x632 }, { 0x648, 0x648 },
    { 0x671, 0x677 }, { 0x688, 0x699 }, { 0x6C0, 0x6C0 }, { 0x6C3, 0x6CB }, { 0x6CD, 0x6CD },
    { 0x6CF, 0x6CF }, { 0x6D2, 0x6D5 }, { 0x6EE, 0x6EF },
};

/* Arabic letters that do not join the letter before them. */
static const Range no_join_before[] = { { 0x621, 0x621 }, { 0x674, 0x674 } };

static bool
is_arabic_letter(gunichar c)
{
    return is_script(c, G_UNICODE_SCRIPT_ARABIC) && g_unichar_isalpha(c);
}

/* True if the zero width non-joiner at `at` stands between letters that would join without it (RFC
 * 5892, A.1). Of the scripts whose letters join, only Arabic is supported. */
static bool
separates_letters(const gunichar *text, gsize at)
{
    gsize before = at, after = at + 1;
    while (before > 0 && g_unichar_type(text[before - 1]) == G_UNICODE_NON_SPACING_MARK)
        before--;
    while (text[after] && g_unichar_type(text[after]) == G_UNICODE_NON_SPACING_MARK)
        after++;

    if (before == 0 || !is_arabic_letter(text[before - 1]) || !is_arabic_letter(text[after]))
        return false;
    return !IN(no_join_after, text[before - 1]) && !IN(no_join_before, text[after]);
}

/* True if the character at `at` is allowed in its context (RFC 5892, appendix A). */
static bool
context_allows(const gunichar *text, gsize at)
{
    enum { VIRAMA = 9 };
    const gunichar c = text[at], before = at > 0 ? text[at - 1] : 0, after = text[at + 1];
    switch (c) {
    case 0x200C: /* zero width non-joiner and joiner */
    case 0x200D:
        if (before && g_unichar_combining_class(before) == VIRAMA)
            return true;
        return c == 0x200C && separates_letters(text, at);
    case 0xB7: /* middle dot */
        return before == 'l' && after == 'l';
    case 0x375: /* Greek keraia */
        return after && is_script(after, G_UNICODE_SCRIPT_GREEK);
    case 0x5F3: /* Hebrew geresh and gershayim */
    case 0x5F4:
        return before && is_script(before, G_UNICODE_SCRIPT_HEBREW);
    case 0x30FB: /* katakana middle dot */
        return has_japanese(text);
    default: /* Arabic-Indic digits: the two kinds must not be mixed */
        return c < 0x6F0 ? !has_any(text, 0x6F0, 0x6F9) : !has_any(text, 0x660, 0x669);
    }
}

/* True if all characters are allowed in the IdentifierClass (identifier) or in the FreeformClass;
 * otherwise *bad is the first that is not. */
static bool
are_allowed(const gunichar *text, bool identifier, gunichar *bad)
{
    for (gsize i = 0; text[i]; i++) {
        const Verdict verdict = classify_char(text[i]);
        bool allowed = verdict == ALLOWED || (verdict == FREE_ONLY && !identifier);
        if (verdict == CONTEXT)
            allowed = context_allows(text, i);
        if (!allowed) {
            *bad = text[i];
            return false;
        }
    }

    return true;
}

typedef enum { LEFT, RIGHT, EUROPEAN_NUMBER, ARABIC_NUMBER, MARK, NEUTRAL } Direction;

/* Returns the bidi class of a character; classes that RFC 5893 does not distinguish are merged. */
static Direction
direction_of(gunichar c)
{
    static const Range european_numbers[] = { { '0', '9' }, { 0x6F0, 0x6F9 } };
    static const Range arabic_numbers[] = { { 0x600, 0x605 },    { 0x660, 0x669 },
                                            { 0x66B, 0x66C },    { 0x6DD, 0x6DD },
                                            { 0x8E2, 0x8E2 },    { 0x10D30, 0x10D39 },
                                            { 0x10E60, 0x10E7E } };
    static const Range right[] = { { 0x590, 0x8FF },   { 0x200F, 0x200F },   { 0xFB1D, 0xFDFF },
                                   { 0xFE70, 0xFEFC }, { 0x10800, 0x10FFF }, { 0x1E800, 0x1EFFF } };
    const GUnicodeType type = g_unichar_type(c);

    if (type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK)
        return MARK;
    if (IN(european_numbers, c))
        return EUROPEAN_NUMBER;
    if (IN(arabic_numbers, c))
        return ARABIC_NUMBER;
    if (IN(right, c)) /* neutral punctuation in these ranges is not allowed in a username anyway */
        return RIGHT;

    return g_unichar_isalnum(c) || type == G_UNICODE_SPACING_MARK ? LEFT : NEUTRAL;
}

/* True if a string satisfies the bidi rule (RFC 5893, 2), or has no character written from right to
 * left: then the rule does not apply to it (RFC 8265, 3.3). */
static bool
bidi_allows(const gunichar *text)
{
    bool has[NEUTRAL + 1] = { false };
    Direction last = NEUTRAL;

    for (const gunichar *c = text; *c; c++) {
        const Direction d = direction_of(*c);
        has[d] = true;
        if (d != MARK)
            last = d;
    }

    if (!has[RIGHT] && !has[ARABIC_NUMBER])
        return true;

    if (has[LEFT] || (has[EUROPEAN_NUMBER] && has[ARABIC_NUMBER]))
        return false;
    return direction_of(text[0]) == RIGHT && last != NEUTRAL;
}

/* Maps full-width and half-width forms to their ordinary letters. */
static gunichar
map_width(gunichar c)
{
    gunichar plain[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    if (c != 0x3000 && (c < 0xFF01 || c > 0xFFEF))
        return c;
    return g_unichar_fully_decompose(c, TRUE, plain, G_N_ELEMENTS(plain)) == 1 ? plain[0] : c;
}

char *
nj_precis_username(const char *text, gunichar *bad)
{
    g_autoptr(GString) mapped = g_string_new(NULL);
    *bad = 0;
    for (; *text; text = g_utf8_next_char(text)) {
        const gunichar c = map_width(g_utf8_get_char(text));
        if (c == 0x130) /* its lower case is two characters: g_unichar_tolower() returns only one */
            g_string_append(mapped, "i\xCC\x87");
        else
            g_string_append_unichar(mapped, g_unichar_tolower(c));
    }

    g_autofree char *normal = g_utf8_normalize(mapped->str, -1, G_NORMALIZE_NFC);
    g_autofree gunichar *wide = g_utf8_to_ucs4_fast(normal, -1, NULL);
    return are_allowed(wide, true, bad) && bidi_allows(wide) ? g_steal_pointer(&normal) : NULL;
}

char *
nj_precis_opaque(const char *text, gunichar *bad)
{
    g_autoptr(GString) mapped = g_string_new(NULL);
    *bad = 0;
    for (; *text; text = g_utf8_next_char(text)) {
        const gunichar c = g_utf8_get_char(text);
        g_string_append_unichar(mapped, g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR ? ' ' : c);
    }

    g_autofree char *normal = g_utf8_normalize(mapped->str, -1, G_NORMALIZE_NFC);
    g_autofree gunichar *wide = g_utf8_to_ucs4_fast(normal, -1, NULL);
    return are_allowed(wide, false, bad) ? g_steal_pointer(&normal) : NULL;
}
