/* Finds words in a text. The words are stored as folded code points (no case, no accents); a text
 * is folded while it is compared, so nothing is copied. Only the beginning of a long body is
 * searched. */
#include "ui/found.h"

#include <string.h>

#include "base/text.h"

#define MAX_WORDS 32
#define MAX_BEFORE 120  /* bytes of an excerpt before the first match */
#define MAX_EXCERPT 600 /* bytes of an excerpt */

struct NjFoundWords {
    GPtrArray *words; /* of GArray of folded gunichar */
    bool links;       /* links match, too */
};

/* Returns the folded character: its base letter in lower case; 0 for a combining mark, which is
 * ignored. */
static gunichar
fold_character(gunichar c)
{
    if (c < 0x80)
        return (gunichar) g_ascii_tolower((char) c);
    if (g_unichar_ismark(c))
        return 0;
    gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
    g_unichar_fully_decompose(c, FALSE, parts, G_N_ELEMENTS(parts));
    return g_unichar_tolower(parts[0]);
}

static bool
is_word_character(gunichar c)
{
    return c < 0x80 ? g_ascii_isalnum((char) c) : g_unichar_isalnum(c) || g_unichar_ismark(c);
}

/* Returns whether a word can begin at this character although a letter stands before it. Chinese,
 * Japanese and Korean texts have no spaces between words. */
static bool
is_word_by_itself(gunichar c)
{
    return c >= 0x1100 && g_unichar_iswide(c);
}

/* Adds a folded word and takes it. Ignores an empty word and all words after MAX_WORDS. */
static void
add_word(NjFoundWords *words, GArray *word)
{
    if (word->len == 0 || words->words->len >= MAX_WORDS)
        g_array_unref(word);
    else
        g_ptr_array_add(words->words, word);
}

/* Splits a typed word as the store's index does: at characters that are no letters or digits. A
 * word without letters and digits is searched as it is. */
static void
add_typed_word(NjFoundWords *words, const char *typed)
{
    bool has_letters = false;
    for (const char *at = typed; *at; at = g_utf8_next_char(at))
        has_letters |= is_word_character(g_utf8_get_char(at));

    GArray *word = g_array_new(FALSE, FALSE, sizeof(gunichar));
    for (const char *at = typed; *at; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at), folded = fold_character(c);
        if (has_letters && !is_word_character(c)) {
            add_word(words, word);
            word = g_array_new(FALSE, FALSE, sizeof(gunichar));
        } else if (folded) {
            g_array_append_val(word, folded);
        }
    }

    add_word(words, word);
}

NjFoundWords *
nj_found_words_new(const char *typed, bool links)
{
    NjFoundWords *words = g_new0(NjFoundWords, 1);
    words->words = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    words->links = links;
    g_autofree char *valid = g_utf8_make_valid(typed ? typed : "", -1);
    g_auto(GStrv) parts = g_strsplit_set(valid, " \t\n\"", -1);
    for (guint i = 0; parts[i]; i++)
        add_typed_word(words, parts[i]);
    return words;
}

void
nj_found_words_free(NjFoundWords *words)
{
    if (!words)
        return;
    g_ptr_array_unref(words->words);
    g_free(words);
}

/* Returns how many bytes at the beginning of `text` match the word, with the combining marks behind
 * them; 0 if the text does not begin with the word. */
static gsize
match_word(const GArray *word, const char *text, const char *end)
{
    const char *at = text;
    for (guint i = 0; i < word->len;) {
        if (at >= end)
            return 0;
        gunichar folded = fold_character(g_utf8_get_char(at));
        if (folded && folded != g_array_index(word, gunichar, i))
            return 0;
        i += folded != 0;
        at = g_utf8_next_char(at);
    }

    while (at < end && g_unichar_ismark(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);
    return (gsize) (at - text);
}

/* Returns the length in bytes of the link at the beginning of `text`; 0 if it does not begin with
 * one. */
static gsize
match_link(const char *text, const char *end)
{
    static const char *const starts[] = { "https://", "http://", "xmpp:" };
    for (guint i = 0; i < G_N_ELEMENTS(starts); i++)
        if ((gsize) (end - text) > strlen(starts[i])
            && g_ascii_strncasecmp(text, starts[i], strlen(starts[i])) == 0) {
            const char *at = text;
            while (at < end && !g_ascii_isspace(*at))
                at++;
            return (gsize) (at - text);
        }

    return 0;
}

bool
nj_found_next(const NjFoundWords *words, const char *text, gsize length, gsize from, gsize *start,
              gsize *end)
{
    const char *stop = text + length;
    bool inside = from > 0 && is_word_character(g_utf8_get_char(g_utf8_prev_char(text + from)));

    for (const char *at = text + from; at < stop; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        gsize size = !inside && words->links ? match_link(at, stop) : 0;
        bool begins = !inside || !is_word_character(c) || is_word_by_itself(c);
        for (guint i = 0; begins && i < words->words->len; i++)
            size = MAX(size, match_word(g_ptr_array_index(words->words, i), at, stop));
        if (size > 0) {
            *start = (gsize) (at - text);
            *end = *start + size;
            return true;
        }
        inside = is_word_character(c);
    }

    return false;
}

/* Returns the start of the character that `at` points into. */
static const char *
align_to_character(const char *text, const char *at)
{
    while (at > text && ((guchar) *at & 0xc0) == 0x80)
        at--;
    return at;
}

char *
nj_found_excerpt(const NjFoundWords *words, const char *body, bool *cut)
{
    gsize length = strnlen(body, NJ_FOUND_MAX_BYTES), start = 0, end = 0;
    length = (gsize) (align_to_character(body, body + length) - body);
    nj_found_next(words, body, length, 0, &start, &end);

    const char *from = body;
    if (start > MAX_BEFORE) {
        from = align_to_character(body, body + start - MAX_BEFORE);
        const char *space = memchr(from, ' ', MAX_BEFORE);
        from = space ? space + 1 : from;
    }

    *cut = from > body;
    const char *to = from + strnlen(from, MAX_EXCERPT);
    return nj_text_line(from, align_to_character(from, to) - from, 0);
}
