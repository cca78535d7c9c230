/* Translates the words that a user types into an FTS5 expression. Each word is split by the
 * tokenizer that has split the texts, and every token is quoted, so the syntax of FTS5 has no
 * effect.
 *
 * A typed word also matches longer words that start with it. FTS5 has prefix queries ("word*"), but
 * reads all entries of all these words before it returns the first hit: with a million messages 30
 * ms for a common word, half a second for one letter. So the words of the index that start with the
 * typed one (its completions) are listed, and the expression is an OR of them, which FTS5 evaluates
 * from the newest entry on until there are enough hits. A word with too many completions is called
 * common. Many messages have one of its completions, so the newest messages that match all other
 * terms are read and compared with it (nj_query_matches()); a prefix query is used only if that
 * does not give enough hits.
 *
 * A word without a token, such as ":-)" or "->", is searched for in the texts of the messages that
 * match all other terms. */
#include <string.h>

#include "model/store-index.h"

#define MAX_TERMS 32
#define MAX_COMPLETIONS 32 /* with more the word is common */

struct NjQuery {
    sqlite3 *db;
    sqlite3_stmt *next_word;
    fts5_tokenizer tokenizer;
    Fts5Tokenizer *instance; /* of the tokenizer, with the settings of the index */
};

/* A word, or a phrase in quotation marks, that was typed. */
typedef struct {
    GPtrArray *tokens;      /* of char *; may be empty */
    char *literal;          /* what was typed, if it has no token; else NULL */
    bool may_continue;      /* the last token also matches longer words */
    bool common;            /* it has more than MAX_COMPLETIONS completions */
    GPtrArray *completions; /* of char *; NULL if the term is common or cannot continue */
} Term;

static void
free_term(void *data)
{
    Term *term = data;
    g_ptr_array_unref(term->tokens);
    g_free(term->literal);
    if (term->completions)
        g_ptr_array_unref(term->completions);
    g_free(term);
}

/* The data of add_token(). */
typedef struct {
    GPtrArray *tokens;
    int end; /* offset in the text behind the last token */
} TokenList;

static int
add_token(void *data, int flags, const char *token, int length, int start, int end)
{
    (void) start;
    TokenList *list = data;
    if (!(flags & FTS5_TOKEN_COLOCATED))
        g_ptr_array_add(list->tokens, g_strndup(token, length));
    list->end = end;
    return SQLITE_OK;
}

/* Appends the tokens of the text. Returns true if the text ends with a token. */
static bool
tokenize(NjQuery *query, const char *text, GPtrArray *tokens)
{
    g_autofree char *separated = nj_index_separate_words(text);
    TokenList list = { tokens, 0 };
    query->tokenizer.xTokenize(query->instance, &list, FTS5_TOKENIZE_DOCUMENT, separated,
                               (int) strlen(separated), add_token);
    return !separated[list.end];
}

/* Returns the words of the index that start with `start`, NULL if these are more than
 * MAX_COMPLETIONS. */
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
            /* This key is greater than the word and smaller than all longer words that start with
             * it. */
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

    /* A word with punctuation behind it, such as "hello,", is complete. So is a character that is a
     * word of its own, because it has a space behind it (nj_index_separate_words()). */
    term->may_continue = tokenize(query, text, term->tokens) && !quoted;
    if (!term->tokens->len) {
        term->literal = g_strdup(text);
    } else if (term->may_continue) {
        term->completions =
            find_completions(query, g_ptr_array_index(term->tokens, term->tokens->len - 1));
        term->common = !term->completions;
    }

    return term;
}

/* Returns the next word, or the text between quotation marks, and moves the cursor. NULL at the
 * end. */
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
    GPtrArray *terms = g_ptr_array_new_with_free_func(free_term);
    bool quoted;
    char *text;
    while (terms->len < MAX_TERMS && (text = next_term_text(&cursor, &quoted))) {
        g_ptr_array_add(terms, make_term(query, text, quoted));
        g_free(text);
    }
    return terms;
}

/* --- from terms to an expression --- */

/* Adds the tokens as a phrase, with `last` instead of the last one, and the operator `behind`. */
static void
add_phrase(GString *out, const GPtrArray *tokens, const char *last, const char *behind)
{
    g_string_append_c(out, '"');
    for (guint i = 0; i + 1 < tokens->len; i++)
        g_string_append_printf(out, "%s ", (const char *) g_ptr_array_index(tokens, i));
    g_string_append_printf(out, "%s\"%s", last, behind);
}

/* Adds the term: its tokens as a phrase, once for each completion of the last token. */
static void
add_term(GString *out, const char *columns, const Term *term)
{
    const GPtrArray *completions = term->completions;
    g_string_append_printf(out, "%s{%s} : (", out->len ? " AND " : "", columns);
    if (!completions || !completions->len)
        add_phrase(out, term->tokens, g_ptr_array_index(term->tokens, term->tokens->len - 1),
                   term->common ? " *" : "");

    for (guint i = 0; completions && i < completions->len; i++) {
        if (i)
            g_string_append(out, " OR ");
        add_phrase(out, term->tokens, g_ptr_array_index(completions, i), "");
    }

    g_string_append_c(out, ')');
}

static void
add_mark(GString *out, const char *join, int what, gint64 which)
{
    g_string_append_printf(out, "%smarks : \"" NJ_MARK_FORMAT "\"", out->len ? join : "", what,
                           which);
}

/* Adds an expression that matches every message: each has the mark of its account. */
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
    if (g_ascii_strcasecmp(sender, "me") == 0) {
        add_mark(out, " AND ", NJ_MARK_SENT, 0);
        return;
    }

    /* An address such as "frog@pond.example" is taken for a complete one: it is searched for
     * without completions, which is five times as fast. */
    const char *at = strchr(sender, '@');
    Term *term = make_term(query, sender, at && strchr(at, '.'));
    if (term->literal)
        /* The text has no token, and the index has only the tokens of senders. No entry has this
         * mark, so no message matches. */
        add_mark(out, " AND ", NJ_MARK_SENT, 1);
    else
        add_term(out, "sender", term);

    free_term(term);
}

char *
nj_query_build(NjQuery *query, const NjSearch *wanted, const GPtrArray *terms, bool all)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < terms->len; i++) {
        const Term *term = g_ptr_array_index(terms, i);
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

/* --- comparing messages with terms --- */

/* Do the tokens from `at` on match those of the term? The last token of the message may be longer
 * than that of the term. */
static bool
phrase_matches_at(const GPtrArray *tokens, guint at, const Term *term)
{
    guint last = term->tokens->len - 1;
    if (at + last >= tokens->len)
        return false;
    for (guint i = 0; i < last; i++)
        if (strcmp(g_ptr_array_index(tokens, at + i), g_ptr_array_index(term->tokens, i)) != 0)
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

static bool
has_literal(const NjMessage *message, const char *literal)
{
    if (message->body && strstr(message->body, literal))
        return true;
    return message->subject && strstr(message->subject, literal);
}

static GPtrArray *
tokenize_message(NjQuery *query, const NjMessage *message)
{
    GPtrArray *tokens = g_ptr_array_new_with_free_func(g_free);
    if (message->body)
        tokenize(query, message->body, tokens);
    if (message->subject)
        tokenize(query, message->subject, tokens);
    return tokens;
}

bool
nj_query_matches(NjQuery *query, const NjMessage *message, const GPtrArray *terms, bool all)
{
    g_autoptr(GPtrArray) tokens = NULL;

    for (guint i = 0; i < terms->len; i++) {
        const Term *term = g_ptr_array_index(terms, i);
        if (term->literal && !has_literal(message, term->literal))
            return false;
        if (term->literal || !term->common || all)
            continue;

        if (!tokens)
            tokens = tokenize_message(query, message);
        if (!contains_term(tokens, term))
            return false;
    }

    return true;
}

bool
nj_query_has_common_word(const GPtrArray *terms)
{
    for (guint i = 0; i < terms->len; i++)
        if (((const Term *) g_ptr_array_index(terms, i))->common)
            return true;
    return false;
}

/* Creates a tokenizer with the settings that the index has (migration 3). */
static bool
create_tokenizer(NjQuery *query)
{
    static const char *const arguments[] = { "remove_diacritics", "2", "categories",
                                             NJ_WORD_CATEGORIES };
    sqlite3_stmt *statement = NULL;
    fts5_api *api = NULL;
    void *context = NULL;

    if (sqlite3_prepare_v2(query->db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(statement);
    }

    sqlite3_finalize(statement);
    if (!api || api->xFindTokenizer(api, "unicode61", &context, &query->tokenizer) != SQLITE_OK)
        return false;

    return query->tokenizer.xCreate(context, (const char **) arguments, G_N_ELEMENTS(arguments),
                                    &query->instance)
           == SQLITE_OK;
}

/* Prepares the statement that finds the next word of the index. Its virtual table is temporary, but
 * making it needs query_only to be off. */
static bool
prepare_next_word(NjQuery *query)
{
    static const char script[] =
        "PRAGMA query_only = 0; PRAGMA temp_store = MEMORY;"
        " CREATE VIRTUAL TABLE temp.word_list USING fts5vocab('main', 'word', 'instance');"
        " PRAGMA query_only = 1;";
    return sqlite3_exec(query->db, script, NULL, NULL, NULL) == SQLITE_OK
           && sqlite3_prepare_v3(query->db,
                                 "SELECT term FROM temp.word_list WHERE term >= ?1 LIMIT 1", -1,
                                 SQLITE_PREPARE_PERSISTENT, &query->next_word, NULL)
                  == SQLITE_OK;
}

NjQuery *
nj_query_new(sqlite3 *db)
{
    NjQuery *query = g_new0(NjQuery, 1);
    query->db = db;
    if (create_tokenizer(query) && prepare_next_word(query))
        return query;

    nj_query_free(query);
    return NULL;
}

void
nj_query_free(NjQuery *query)
{
    if (!query)
        return;
    if (query->instance)
        query->tokenizer.xDelete(query->instance);
    sqlite3_finalize(query->next_word);
    g_free(query);
}
