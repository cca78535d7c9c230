/* What a person types becomes an expression of FTS5 here, and nowhere else: each word is cut up by
 * the tokenizer that cut up the texts, and every piece is quoted.
 *
 * A word counts by its beginning.  FTS5 can do that ("word*"), but reads all that begins so before
 * it answers: 30 ms for a common word of a million messages, half a second for a letter.  So the
 * words that begin so are looked up one after the other, and an OR over them is asked, which goes
 * from newest to oldest and stops when there are enough.  If too many words begin so, there must be
 * many messages with one of them: the newest ones that fit all else are read, and only if they were
 * not enough FTS5 makes its list.
 *
 * A word in which the tokenizer finds nothing, like ":-)" or "->", is looked for in the texts that
 * all else has left over. */
#include <string.h>

#include "model/store-index.h"

#define MAX_TERMS 32
#define MAX_COMPLETIONS 32 /* words with one beginning */

struct NjQuery {
    sqlite3 *db;
    sqlite3_stmt *next_word;
    fts5_tokenizer tokenizer;
    Fts5Tokenizer *query;
};

typedef struct {
    GPtrArray *tokens; /* of char: what the tokenizer made of it */
    char *literal;     /* what was typed, where it made nothing of it; else NULL */
    bool may_continue; /* the last piece may be the beginning of a word */
    bool common;       /* too many words begin so */
    GPtrArray *words;  /* those that do, unless they are too many */
} Term;

static void
free_term(void *data)
{
    Term *term = data;
    g_ptr_array_unref(term->tokens);
    g_free(term->literal);
    if (term->words)
        g_ptr_array_unref(term->words);
    g_free(term);
}

typedef struct {
    GPtrArray *tokens;
    int end; /* of the last one */
} TokenList;

static int
add_token(void *data, int flags, const char *token, int length, int start, int end)
{
    (void) start;
    TokenList *tokenize = data;
    if (!(flags & FTS5_TOKEN_COLOCATED))
        g_ptr_array_add(tokenize->tokens, g_strndup(token, length));
    tokenize->end = end;
    return SQLITE_OK;
}

/* Appends to the pieces.  True: nothing stands behind the last one. */
static bool
tokenize(NjQuery *query, const char *text, GPtrArray *tokens)
{
    g_autofree char *spread = nj_index_separate_words(text);
    TokenList walk = { tokens, 0 };
    query->tokenizer.xTokenize(query->query, &walk, FTS5_TOKENIZE_DOCUMENT, spread,
                               (int) strlen(spread), add_token);
    return !spread[walk.end];
}

/* The words of the index that begin so. NULL: there are too many. */
static GPtrArray *
find_completions(NjQuery *query, const char *start)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *from = g_strdup(start);

    for (;;) {
        sqlite3_bind_text(query->next_word, 1, from, -1, SQLITE_STATIC);
        const char *word = sqlite3_step(query->next_word) == SQLITE_ROW
                               ? (const char *) sqlite3_column_text(query->next_word, 0)
                               : NULL;
        bool fits = word && g_str_has_prefix(word, start);
        if (fits) {
            g_ptr_array_add(words, g_strdup(word));
            g_free(from);
            /* behind this one, before those that are longer */
            from = g_strconcat(word, " ", NULL);
        }
        sqlite3_reset(query->next_word);
        if (!fits)
            return g_steal_pointer(&words);
        if (words->len > MAX_COMPLETIONS)
            return NULL;
    }
}

static Term *
make_term(NjQuery *query, const char *text, bool quoted)
{
    Term *term = g_new0(Term, 1);
    term->tokens = g_ptr_array_new_with_free_func(g_free);

    /* behind "hello," nothing goes on, nor behind a character that is a word */
    term->may_continue = tokenize(query, text, term->tokens) && !quoted;
    if (!term->tokens->len) {
        term->literal = g_strdup(text);
    } else if (term->may_continue) {
        term->words =
            find_completions(query, g_ptr_array_index(term->tokens, term->tokens->len - 1));
        term->common = !term->words;
    }

    return term;
}

/* The next word, or what stands in quotation marks; NULL: there is none. */
static char *
next_term_text(const char **cursor, bool *quoted)
{
    const char *at = *cursor;
    while (*at && g_unichar_isspace(g_utf8_get_char(at)))
        at = g_utf8_next_char(at);

    const char *close = *at == '"' ? strchr(at + 1, '"') : NULL;
    *quoted = close && close > at + 1;
    if (*quoted) {
        *cursor = close + 1;
        return g_strndup(at + 1, close - at - 1);
    }

    const char *end = at;
    while (*end && !g_unichar_isspace(g_utf8_get_char(end)))
        end = g_utf8_next_char(end);
    *cursor = end;

    return end > at ? g_strndup(at, end - at) : NULL;
}

GPtrArray *
nj_query_parse(NjQuery *query, const char *cursor)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(free_term);
    bool quoted;
    char *text;
    while (words->len < MAX_TERMS && (text = next_term_text(&cursor, &quoted))) {
        g_ptr_array_add(words, make_term(query, text, quoted));
        g_free(text);
    }
    return words;
}

/* From pieces to an expression */

static void
add_phrase(GString *out, const GPtrArray *tokens, const char *last, const char *behind)
{
    g_string_append_c(out, '"');
    for (guint i = 0; i + 1 < tokens->len; i++)
        g_string_append_printf(out, "%s ", (const char *) g_ptr_array_index(tokens, i));
    g_string_append_printf(out, "%s\"%s", last, behind);
}

/* Pieces that follow each other, the last of which may go on. */
static void
add_term(GString *out, const char *columns, const Term *term)
{
    const GPtrArray *words = term->words;
    g_string_append_printf(out, "%s{%s} : (", out->len ? " AND " : "", columns);
    if (!words || !words->len)
        add_phrase(out, term->tokens, g_ptr_array_index(term->tokens, term->tokens->len - 1),
                   term->common ? " *" : "");

    for (guint i = 0; words && i < words->len; i++) {
        if (i)
            g_string_append(out, " OR ");
        add_phrase(out, term->tokens, g_ptr_array_index(words, i), "");
    }

    g_string_append_c(out, ')');
}

static void
add_mark(GString *out, const char *join, int what, gint64 which)
{
    g_string_append_printf(out, "%smarks : \"" NJ_MARK_FORMAT "\"", out->len ? join : "", what,
                           which);
}

/* Any message at all has the mark of one of the accounts. */
static void
add_accounts(NjQuery *query, GString *out)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(query->db, "SELECT id FROM account", -1, &statement, NULL);
    while (statement && sqlite3_step(statement) == SQLITE_ROW)
        add_mark(out, " OR ", NJ_MARK_ACCOUNT, sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
}

static void
add_sender(NjQuery *query, GString *out, const char *sender)
{
    if (!g_ascii_strcasecmp(sender, "me")) {
        add_mark(out, " AND ", NJ_MARK_SENT, 0);
        return;
    }

    /* Behind "frog@pond.example" nothing goes on: five times as fast. */
    const char *at = strchr(sender, '@');
    Term *term = make_term(query, sender, at && strchr(at, '.'));
    if (term->literal)
        /* no name is without a letter: nothing has this mark */
        add_mark(out, " AND ", NJ_MARK_SENT, 1);
    else
        add_term(out, "sender", term);

    free_term(term);
}

char *
nj_query_build(NjQuery *query, const NjSearch *wanted, const GPtrArray *words, bool all)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < words->len; i++) {
        const Term *term = g_ptr_array_index(words, i);
        if (!term->literal && (all || !term->common))
            add_term(out, "body subject", term);
    }

    if (wanted->chat)
        add_mark(out, " AND ", NJ_MARK_CHAT, wanted->chat);
    if (wanted->account)
        add_mark(out, " AND ", NJ_MARK_ACCOUNT, wanted->account);
    if (wanted->links)
        add_mark(out, " AND ", NJ_MARK_LINK, 0);
    if (wanted->sender)
        add_sender(query, out, wanted->sender);
    if (!out->len)
        add_accounts(query, out);

    return g_string_free(out, FALSE);
}

/* From texts back to pieces */

static bool
phrase_matches_at(const GPtrArray *tokens, guint at, const Term *term)
{
    guint last = term->tokens->len - 1;
    if (at + last >= tokens->len)
        return false;
    for (guint i = 0; i < last; i++)
        if (strcmp(g_ptr_array_index(tokens, at + i), g_ptr_array_index(term->tokens, i)))
            return false;
    return g_str_has_prefix(g_ptr_array_index(tokens, at + last),
                            g_ptr_array_index(term->tokens, last));
}

static bool
contains_term(const GPtrArray *tokens, const Term *term)
{
    for (guint at = 0; at < tokens->len; at++)
        if (phrase_matches_at(tokens, at, term))
            return true;
    return false;
}

bool
nj_query_matches(NjQuery *query, const NjMessage *message, const GPtrArray *words, bool all)
{
    const char *const texts[] = { message->body, message->subject };
    g_autoptr(GPtrArray) tokens = NULL;

    for (guint i = 0; i < words->len; i++) {
        const Term *term = g_ptr_array_index(words, i);
        if (term->literal) {
            if (!(texts[0] && strstr(texts[0], term->literal))
                && !(texts[1] && strstr(texts[1], term->literal)))
                return false;
        } else if (term->common && !all) {
            if (!tokens) {
                tokens = g_ptr_array_new_with_free_func(g_free);
                for (guint t = 0; t < G_N_ELEMENTS(texts); t++)
                    if (texts[t])
                        tokenize(query, texts[t], tokens);
            }
            if (!contains_term(tokens, term))
                return false;
        }
    }

    return true;
}

bool
nj_query_has_common_word(const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++)
        if (((const Term *) g_ptr_array_index(words, i))->common)
            return true;
    return false;
}

NjQuery *
nj_query_new(sqlite3 *db)
{
    static const char *const arguments[] = { "remove_diacritics", "2", "categories",
                                             NJ_WORD_CATEGORIES };
    NjQuery *query = g_new0(NjQuery, 1);
    sqlite3_stmt *statement = NULL;
    fts5_api *api = NULL;
    void *context = NULL;

    query->db = db;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(statement);
    }

    sqlite3_finalize(statement);
    if (api && api->xFindTokenizer(api, "unicode61", &context, &query->tokenizer) == SQLITE_OK
        && query->tokenizer.xCreate(context, (const char **) arguments, G_N_ELEMENTS(arguments),
                                    &query->query)
               == SQLITE_OK
        && sqlite3_exec(db,
                        "PRAGMA query_only = 0; PRAGMA temp_store = MEMORY;"
                        " CREATE VIRTUAL TABLE temp.word_list USING fts5vocab('main', 'word', "
                        "'instance'); PRAGMA query_only = 1;",
                        NULL, NULL, NULL)
               == SQLITE_OK
        && sqlite3_prepare_v3(db, "SELECT term FROM temp.word_list WHERE term >= ?1 LIMIT 1", -1,
                              SQLITE_PREPARE_PERSISTENT, &query->next_word, NULL)
               == SQLITE_OK)
        return query;

    nj_query_free(query);
    return NULL;
}

void
nj_query_free(NjQuery *query)
{
    if (!query)
        return;
    if (query->query)
        query->tokenizer.xDelete(query->query);
    sqlite3_finalize(query->next_word);
    g_free(query);
}
