/* Searching what was said, on a thread of its own with a connection of its own.  It begins with the first search and ends a minute after the
   last one; the main thread only hands over what is asked and is told the answer.

   What a person types becomes an expression of FTS5 here, and nowhere else: each word is cut up by the tokenizer that cut up the texts, and every
   piece is quoted.  A word counts by its beginning.  FTS5 can do that ("word*"), but reads all that begins so before it answers: 30 ms for a
   common word of a million messages, half a second for a letter.  So the words that begin so are looked up one after the other, and an OR over
   them is asked, which goes from newest to oldest and stops when there are enough.  If too many words begin so, there must be many messages with
   one of them: the newest ones that fit all else are read, and only if they were not enough FTS5 makes its list.

   A word in which the tokenizer finds nothing, like ":-)" or "->", is looked for in the texts that all else has left over. */
#include <string.h>

#include "base/text.h"
#include "model/store-words.h"

#define WORDS_MOST    32
#define TYPED_MOST    2000              /* bytes */
#define ENDINGS_MOST  32                /* words with one beginning */
#define READ_MOST     1000              /* texts, for what the index would take long to tell */
#define WALK_MOST     4000              /* texts in one transaction */
#define LIMIT_MOST    10000
#define IDLE_US       (60 * G_TIME_SPAN_SECOND)

typedef struct {
    NjSearch      search;
    char         *words, *sender;       /* what it points to */
    NjSearchFunc  done;
    void         *data;
    const void   *owner;
    guint64       turn;                 /* all writes up to this one are to be seen */
    gint          cancelled;            /* atomic */
    GPtrArray    *found;
    GError       *error;
} Request;

struct NjSearcher {
    gint          refs;
    NjAccess     *access;
    GSource      *news;                 /* brings answers to the main thread */
    /* Shared, under the mutex. */
    GMutex        mutex;
    GCond         moved;
    GQueue        requests, answers;
    Request      *current;
    bool          running, closing;     /* running: a thread takes requests */
    guint         threads;              /* that one, and one that is just ending */
    bool          whole, failed, trouble;
    guint64       turn;
    gint64        mark;                 /* the last message that is in it */
    guint         waiting;
    bool          broken;               /* a search found the index damaged; the writer looks when the next one wakes it */
};

/* The thread's own. */
typedef struct {
    NjSearcher     *searcher;
    sqlite3        *db;
    sqlite3_stmt   *next_word, *message, *last;
    fts5_tokenizer  tokenizer;
    Fts5Tokenizer  *cutter;
    gint           *cancelled;          /* of the request that runs */
    bool            inside;             /* the door, in a transaction */
    bool            frozen;             /* the file could not be written when the connection was made */
} Search;

static void
free_found(void *data)
{
    NjFound *found = data;
    nj_message_unref(found->message);
    g_free(found->account_address);
    g_free(found->address);
    g_free(found);
}

static void
free_request(Request *request)
{
    g_free(request->words);
    g_free(request->sender);
    if (request->found)
        g_ptr_array_unref(request->found);
    g_clear_error(&request->error);
    g_free(request);
}

/* What was typed, in pieces */

typedef struct {
    GPtrArray *pieces;                  /* of char: what the tokenizer made of it */
    char      *sign;                    /* what was typed, where it made nothing of it; else NULL */
    bool       open;                    /* the last piece may be the beginning of a word */
    bool       common;                  /* too many words begin so */
    GPtrArray *words;                   /* those that do, unless they are too many */
} Typed;

static void
free_typed(void *data)
{
    Typed *typed = data;
    g_ptr_array_unref(typed->pieces);
    g_free(typed->sign);
    if (typed->words)
        g_ptr_array_unref(typed->words);
    g_free(typed);
}

typedef struct {
    GPtrArray *pieces;
    int        end;                     /* of the last one */
} Cut;

static int
take_piece(void *data, int flags, const char *piece, int length, int start, int end)
{
    (void) start;
    Cut *cut = data;
    if (!(flags & FTS5_TOKEN_COLOCATED))
        g_ptr_array_add(cut->pieces, g_strndup(piece, length));
    cut->end = end;
    return SQLITE_OK;
}

/* Appends to the pieces.  True: nothing stands behind the last one. */
static bool
cut(Search *search, const char *text, GPtrArray *pieces)
{
    g_autofree char *spread = nj_index_spread(text);
    Cut walk = { pieces, 0 };
    search->tokenizer.xTokenize(search->cutter, &walk, FTS5_TOKENIZE_DOCUMENT, spread, (int) strlen(spread), take_piece);
    return !spread[walk.end];
}

/* The words of the index that begin so. NULL: there are too many. */
static GPtrArray *
beginning_so(Search *search, const char *start)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *from = g_strdup(start);
    for (;;) {
        sqlite3_bind_text(search->next_word, 1, from, -1, SQLITE_STATIC);
        const char *word = sqlite3_step(search->next_word) == SQLITE_ROW ? (const char *) sqlite3_column_text(search->next_word, 0) : NULL;
        bool fits = word && g_str_has_prefix(word, start);
        if (fits) {
            g_ptr_array_add(words, g_strdup(word));
            g_free(from);
            from = g_strconcat(word, " ", NULL);        /* behind this one, before those that are longer */
        }
        sqlite3_reset(search->next_word);
        if (!fits)
            return g_steal_pointer(&words);
        if (words->len > ENDINGS_MOST)
            return NULL;
    }
}

static Typed *
read_typed(Search *search, const char *text, bool quoted)
{
    Typed *typed = g_new0(Typed, 1);
    typed->pieces = g_ptr_array_new_with_free_func(g_free);
    typed->open = cut(search, text, typed->pieces) && !quoted;  /* behind "hello," nothing goes on, nor behind a character that is a word */
    if (!typed->pieces->len) {
        typed->sign = g_strdup(text);
    } else if (typed->open) {
        typed->words = beginning_so(search, g_ptr_array_index(typed->pieces, typed->pieces->len - 1));
        typed->common = !typed->words;
    }
    return typed;
}

/* The next word, or what stands in quotation marks; NULL: there is none. */
static char *
next_typed(const char **cursor, bool *quoted)
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

static GPtrArray *
read_words(Search *search, const char *cursor)
{
    GPtrArray *words = g_ptr_array_new_with_free_func(free_typed);
    bool quoted;
    char *text;
    while (words->len < WORDS_MOST && (text = next_typed(&cursor, &quoted))) {
        g_ptr_array_add(words, read_typed(search, text, quoted));
        g_free(text);
    }
    return words;
}

/* From pieces to an expression */

static void
add_phrase(GString *out, const GPtrArray *pieces, const char *last, const char *behind)
{
    g_string_append_c(out, '"');
    for (guint i = 0; i + 1 < pieces->len; i++)
        g_string_append_printf(out, "%s ", (const char *) g_ptr_array_index(pieces, i));
    g_string_append_printf(out, "%s\"%s", last, behind);
}

/* Pieces that follow each other, the last of which may go on. */
static void
add_typed(GString *out, const char *columns, const Typed *typed)
{
    const GPtrArray *words = typed->words;
    g_string_append_printf(out, "%s{%s} : (", out->len ? " AND " : "", columns);
    if (!words || !words->len)
        add_phrase(out, typed->pieces, g_ptr_array_index(typed->pieces, typed->pieces->len - 1), typed->common ? " *" : "");
    for (guint i = 0; words && i < words->len; i++) {
        if (i)
            g_string_append(out, " OR ");
        add_phrase(out, typed->pieces, g_ptr_array_index(words, i), "");
    }
    g_string_append_c(out, ')');
}

static void
add_mark(GString *out, const char *join, int what, gint64 which)
{
    g_string_append_printf(out, "%smarks : \"" NJ_MARK_FORMAT "\"", out->len ? join : "", what, which);
}

/* Any message at all has the mark of one of the accounts. */
static void
add_accounts(Search *search, GString *out)
{
    sqlite3_stmt *statement = NULL;
    sqlite3_prepare_v2(search->db, "SELECT id FROM account", -1, &statement, NULL);
    while (statement && sqlite3_step(statement) == SQLITE_ROW)
        add_mark(out, " OR ", NJ_MARK_ACCOUNT, sqlite3_column_int64(statement, 0));
    sqlite3_finalize(statement);
}

static void
add_sender(Search *search, GString *out, const char *sender)
{
    if (!g_ascii_strcasecmp(sender, "me")) {
        add_mark(out, " AND ", NJ_MARK_OURS, 0);
        return;
    }
    /* Behind "frog@pond.example" nothing goes on: five times as fast. */
    const char *at = strchr(sender, '@');
    Typed *typed = read_typed(search, sender, at && strchr(at, '.'));
    if (typed->sign)
        add_mark(out, " AND ", NJ_MARK_OURS, 1);        /* no name is without a letter: nothing has this mark */
    else
        add_typed(out, "sender", typed);
    free_typed(typed);
}

/* all: also the words that are too common; else the texts are to be read for them. */
static char *
express(Search *search, const Request *request, const GPtrArray *words, bool all)
{
    const NjSearch *wanted = &request->search;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < words->len; i++) {
        const Typed *typed = g_ptr_array_index(words, i);
        if (!typed->sign && (all || !typed->common))
            add_typed(out, "body subject", typed);
    }
    if (wanted->chat)
        add_mark(out, " AND ", NJ_MARK_CHAT, wanted->chat);
    if (wanted->account)
        add_mark(out, " AND ", NJ_MARK_ACCOUNT, wanted->account);
    if (wanted->links)
        add_mark(out, " AND ", NJ_MARK_LINK, 0);
    if (request->sender)
        add_sender(search, out, request->sender);
    if (!out->len)
        add_accounts(search, out);
    return g_string_free(out, FALSE);
}

/* From entries to messages */

static bool
follow_each_other(const GPtrArray *pieces, guint at, const Typed *typed)
{
    guint last = typed->pieces->len - 1;
    if (at + last >= pieces->len)
        return false;
    for (guint i = 0; i < last; i++)
        if (strcmp(g_ptr_array_index(pieces, at + i), g_ptr_array_index(typed->pieces, i)))
            return false;
    return g_str_has_prefix(g_ptr_array_index(pieces, at + last), g_ptr_array_index(typed->pieces, last));
}

static bool
has_typed(const GPtrArray *pieces, const Typed *typed)
{
    for (guint at = 0; at < pieces->len; at++)
        if (follow_each_other(pieces, at, typed))
            return true;
    return false;
}

/* Reads the text for what the expression did not ask. */
static bool
has_rest(Search *search, const NjMessage *message, const GPtrArray *words, bool all)
{
    const char *const texts[] = { message->body, message->subject };
    g_autoptr(GPtrArray) pieces = NULL;
    for (guint i = 0; i < words->len; i++) {
        const Typed *typed = g_ptr_array_index(words, i);
        if (typed->sign) {
            if (!(texts[0] && strstr(texts[0], typed->sign)) && !(texts[1] && strstr(texts[1], typed->sign)))
                return false;
        } else if (typed->common && !all) {
            if (!pieces) {
                pieces = g_ptr_array_new_with_free_func(g_free);
                for (guint t = 0; t < G_N_ELEMENTS(texts); t++)
                    if (texts[t])
                        cut(search, texts[t], pieces);
            }
            if (!has_typed(pieces, typed))
                return false;
        }
    }
    return true;
}

static NjFound *
read_found(sqlite3_stmt *statement)
{
    NjFound *found = g_new0(NjFound, 1);
    found->message = nj_store_read_message(statement);
    found->kind = (NjChatKind) sqlite3_column_int(statement, 18);
    found->address = nj_store_text(statement, 19);
    found->account = sqlite3_column_int64(statement, 20);
    found->account_address = nj_store_text(statement, 21);
    return found;
}

/* Of the ids that end so, one has this time; more than a million messages have a few that end alike. */
static void
look_up(Search *search, gint64 entry, gint64 last, const GPtrArray *words, bool all, GPtrArray *found)
{
    const gint64 step = 1 << NJ_ENTRY_BITS;
    for (gint64 id = entry & (step - 1); id <= last; id += step) {
        sqlite3_bind_int64(search->message, 1, id);
        if (sqlite3_step(search->message) == SQLITE_ROW && nj_index_entry(sqlite3_column_int64(search->message, 2), id) == entry) {
            NjFound *one = read_found(search->message);
            if (has_rest(search, one->message, words, all))
                g_ptr_array_add(found, one);
            else
                free_found(one);
        }
        sqlite3_reset(search->message);
    }
}

static int
compare_found(const void *a, const void *b)
{
    const NjMessage *one = (*(NjFound *const *) a)->message, *other = (*(NjFound *const *) b)->message;
    if (one->id == other->id)
        return 0;
    return nj_is_after(one->time, one->id, other->time, other->id) ? -1 : 1;
}

static int
is_cancelled(void *data)
{
    const Search *search = data;
    return search->cancelled && g_atomic_int_get(search->cancelled);
}

static gint64
last_id(Search *search)
{
    gint64 id = sqlite3_step(search->last) == SQLITE_ROW ? sqlite3_column_int64(search->last, 0) : 0;
    sqlite3_reset(search->last);
    return id;
}

typedef struct {
    gint64 from, until;                 /* entries; until shrinks */
    gint64 last;                        /* id */
} Range;

/* Goes through the range from its newer end, until there are enough or `most` texts were read.  False if it failed. */
static bool
walk(Search *search, const Request *request, const GPtrArray *words, bool all, Range *range, guint most, GPtrArray *found)
{
    g_autofree char *expression = express(search, request, words, all);
    sqlite3_stmt *statement = NULL;
    if (!*expression)                   /* there is no account yet */
        range->until = -1;
    else if (sqlite3_prepare_v2(search->db, "SELECT rowid FROM word WHERE word MATCH ?1 AND rowid >= ?2 AND rowid <= ?3 ORDER BY rowid DESC", -1,
                                &statement, NULL) != SQLITE_OK)
        return false;
    if (!statement)
        return true;
    sqlite3_bind_text(statement, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, range->from);
    sqlite3_bind_int64(statement, 3, range->until);
    for (guint read = 0; found->len < request->search.limit && read < most && !is_cancelled(search); read++) {
        if (sqlite3_step(statement) != SQLITE_ROW) {
            range->until = -1;
            break;
        }
        gint64 entry = sqlite3_column_int64(statement, 0);
        look_up(search, entry, range->last, words, all, found);
        range->until = entry - 1;
    }
    return sqlite3_finalize(statement) == SQLITE_OK;
}

static bool
any_common(const GPtrArray *words)
{
    for (guint i = 0; i < words->len; i++)
        if (((const Typed *) g_ptr_array_index(words, i))->common)
            return true;
    return false;
}

/* The thread */

static bool
prepare(Search *search)
{
    static const char *const cut[] = { "remove_diacritics", "2", "categories", NJ_WORD_CATEGORIES };
    sqlite3_stmt *statement = NULL;
    fts5_api *api = NULL;
    void *context = NULL;
    if (sqlite3_prepare_v2(search->db, "SELECT fts5(?1)", -1, &statement, NULL) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, &api, "fts5_api_ptr", NULL);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api && api->xFindTokenizer(api, "unicode61", &context, &search->tokenizer) == SQLITE_OK
           && search->tokenizer.xCreate(context, (const char **) cut, G_N_ELEMENTS(cut), &search->cutter) == SQLITE_OK
           && sqlite3_exec(search->db, "PRAGMA query_only = 0; PRAGMA temp_store = MEMORY;"
                           " CREATE VIRTUAL TABLE temp.word_list USING fts5vocab('main', 'word', 'instance'); PRAGMA query_only = 1;", NULL, NULL,
                           NULL) == SQLITE_OK
           && sqlite3_prepare_v3(search->db, "SELECT term FROM temp.word_list WHERE term >= ?1 LIMIT 1", -1, SQLITE_PREPARE_PERSISTENT,
                                 &search->next_word, NULL) == SQLITE_OK
           && sqlite3_prepare_v3(search->db, "SELECT max(id) FROM message", -1, SQLITE_PREPARE_PERSISTENT, &search->last, NULL) == SQLITE_OK
           && sqlite3_prepare_v3(search->db, "SELECT " NJ_MESSAGE_COLUMNS ", chat.kind, chat.address, account.id, account.address FROM message"
                                 " JOIN chat ON chat.id = message.chat JOIN account ON account.id = chat.account WHERE message.id = ?1", -1,
                                 SQLITE_PREPARE_PERSISTENT, &search->message, NULL) == SQLITE_OK;
}

static void
close_db(Search *search)
{
    if (search->cutter)
        search->tokenizer.xDelete(search->cutter);
    search->cutter = NULL;
    sqlite3_finalize(search->next_word);
    sqlite3_finalize(search->message);
    sqlite3_finalize(search->last);
    search->next_word = search->message = search->last = NULL;
    sqlite3_close(search->db);
    search->db = NULL;
}

static bool
open_db(Search *search, GError **error)
{
    if (search->frozen && !nj_access_is_frozen(search->searcher->access))
        close_db(search);
    if (search->db)
        return true;
    search->frozen = nj_access_is_frozen(search->searcher->access);
    search->db = nj_access_connect(search->searcher->access, false, error);
    if (!search->db)
        return false;
    if (prepare(search)) {
        sqlite3_progress_handler(search->db, 1000, is_cancelled, search);
        return true;
    }
    g_autofree char *sentence = nj_store_sentence(search->db, nj_access_path(search->searcher->access));
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO, sentence);
    close_db(search);
    return false;
}

/* A transaction, through the door of the file. */
static bool
begin(Search *search, GError **error)
{
    nj_access_enter(search->searcher->access, G_MAXINT64);
    search->inside = open_db(search, error) && sqlite3_exec(search->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    if (!search->inside)
        nj_access_leave(search->searcher->access);
    return search->inside;
}

static void
end(Search *search)
{
    if (!search->inside)
        return;
    if (!sqlite3_get_autocommit(search->db))
        sqlite3_exec(search->db, "COMMIT", NULL, NULL, NULL);
    nj_access_leave(search->searcher->access);
    search->inside = false;
}

/* Somebody else may want to go through the door, and the log may want to be brought into the file. */
static bool
breathe(Search *search, GError **error)
{
    end(search);
    g_thread_yield();
    return begin(search, error);
}

static bool
look(Search *search, Request *request, GPtrArray *found)
{
    const NjSearch *wanted = &request->search;
    g_autoptr(GPtrArray) words = read_words(search, request->words);
    Range range = { .until = G_MAXINT64, .last = last_id(search) };
    if (wanted->since > 0)
        range.from = nj_index_entry(wanted->since, 0);
    if (wanted->until > 0)
        range.until = nj_index_entry(wanted->until, 0) - 1;
    if (wanted->before_id > 0)
        range.until = MIN(range.until, nj_index_entry(wanted->before_time, wanted->before_id) - 1);
    bool good = true, common = any_common(words);
    if (common)
        good = walk(search, request, words, false, &range, READ_MOST, found);
    while (good && found->len < wanted->limit && range.until >= range.from && !is_cancelled(search)) {
        good = walk(search, request, words, true, &range, common ? G_MAXUINT : WALK_MOST, found);
        if (good && found->len < wanted->limit && range.until >= range.from)
            good = breathe(search, &request->error);
    }
    g_ptr_array_sort(found, compare_found);
    return good;
}

static void
note_failure(Search *search, Request *request)
{
    g_autofree char *sentence = nj_store_sentence(search->db, nj_access_path(search->searcher->access));
    bool broken = (sqlite3_errcode(search->db) & 0xff) == SQLITE_CORRUPT;
    g_warning("a search in history.db failed: %s", sqlite3_errmsg(search->db));
    g_set_error_literal(&request->error, G_FILE_ERROR, G_FILE_ERROR_IO,
                        broken ? _("The list of words that searches go by is damaged. It is made anew now: search again in a while.") : sentence);
    g_mutex_lock(&search->searcher->mutex);
    search->searcher->broken |= broken;
    search->searcher->whole &= !broken;
    g_mutex_unlock(&search->searcher->mutex);
}

static void
do_request(Search *search, Request *request)
{
    request->found = g_ptr_array_new_with_free_func(free_found);
    search->cancelled = &request->cancelled;
    bool good = begin(search, &request->error) && look(search, request, request->found);
    if (!good && !request->error && !is_cancelled(search))
        note_failure(search, request);
    search->cancelled = NULL;
    end(search);
    if (request->error)
        g_clear_pointer(&request->found, g_ptr_array_unref);
}

/* With the mutex. */
static void
wait_for_index(NjSearcher *searcher, Request *request)
{
    searcher->waiting++;
    while (!searcher->closing && !searcher->failed && !searcher->trouble && !g_atomic_int_get(&request->cancelled)
           && !(searcher->whole && searcher->turn >= request->turn))
        g_cond_wait(&searcher->moved, &searcher->mutex);
    searcher->waiting--;
}

static void *
search_all(void *data)
{
    NjSearcher *searcher = data;
    Search search = { .searcher = searcher };
    g_mutex_lock(&searcher->mutex);
    while (!searcher->closing) {
        Request *request = g_queue_pop_head(&searcher->requests);
        if (!request && !g_cond_wait_until(&searcher->moved, &searcher->mutex, g_get_monotonic_time() + IDLE_US)
            && g_queue_is_empty(&searcher->requests))
            break;
        if (!request)
            continue;
        searcher->current = request;
        wait_for_index(searcher, request);
        if (!searcher->closing && !g_atomic_int_get(&request->cancelled)) {
            g_mutex_unlock(&searcher->mutex);
            do_request(&search, request);
            g_mutex_lock(&searcher->mutex);
        }
        searcher->current = NULL;
        if (searcher->closing || g_atomic_int_get(&request->cancelled)) {
            free_request(request);
            continue;
        }
        g_queue_push_tail(&searcher->answers, request);
        g_source_set_ready_time(searcher->news, 0);
    }
    searcher->running = false;
    g_mutex_unlock(&searcher->mutex);
    close_db(&search);
    g_mutex_lock(&searcher->mutex);
    searcher->threads--;
    g_cond_broadcast(&searcher->moved);
    g_mutex_unlock(&searcher->mutex);
    nj_searcher_unref(searcher);
    return NULL;
}

/* The main thread's side */

static Request *
take_answer(NjSearcher *searcher)
{
    g_mutex_lock(&searcher->mutex);
    Request *request = g_queue_pop_head(&searcher->answers);
    g_mutex_unlock(&searcher->mutex);
    return request;
}

static gboolean
tell_answers(void *data)
{
    NjSearcher *searcher = data;
    Request *request;
    g_source_set_ready_time(searcher->news, -1);
    g_atomic_int_inc(&searcher->refs);          /* who is told may close the store */
    while (!searcher->closing && (request = take_answer(searcher))) {
        request->done(request->found, request->error, request->data);
        free_request(request);
    }
    nj_searcher_unref(searcher);
    return G_SOURCE_CONTINUE;
}

static gboolean
dispatch_news(GSource *source, GSourceFunc func, void *data)
{
    (void) source;
    return func(data);
}

NjSearcher *
nj_searcher_new(NjAccess *access)
{
    static GSourceFuncs funcs = { .dispatch = dispatch_news };
    NjSearcher *searcher = g_new0(NjSearcher, 1);
    searcher->refs = 1;
    searcher->access = nj_access_ref(access);
    g_mutex_init(&searcher->mutex);
    g_cond_init(&searcher->moved);
    searcher->news = g_source_new(&funcs, sizeof(GSource));
    g_source_set_callback(searcher->news, tell_answers, searcher, NULL);
    g_source_attach(searcher->news, g_main_context_get_thread_default());
    return searcher;
}

void
nj_searcher_unref(NjSearcher *searcher)
{
    if (!searcher || !g_atomic_int_dec_and_test(&searcher->refs))
        return;
    g_queue_clear_full(&searcher->requests, (GDestroyNotify) free_request);
    g_queue_clear_full(&searcher->answers, (GDestroyNotify) free_request);
    g_source_unref(searcher->news);
    g_mutex_clear(&searcher->mutex);
    g_cond_clear(&searcher->moved);
    nj_access_unref(searcher->access);
    g_free(searcher);
}

void
nj_searcher_close(NjSearcher *searcher, gint64 until)
{
    g_source_destroy(searcher->news);
    g_mutex_lock(&searcher->mutex);
    searcher->closing = true;
    if (searcher->current)
        g_atomic_int_set(&searcher->current->cancelled, 1);
    g_cond_broadcast(&searcher->moved);
    while (searcher->threads && g_cond_wait_until(&searcher->moved, &searcher->mutex, until))
        continue;
    g_mutex_unlock(&searcher->mutex);
}

bool
nj_searcher_take_broken(NjSearcher *searcher)
{
    g_mutex_lock(&searcher->mutex);
    bool broken = searcher->broken;
    searcher->broken = false;
    g_mutex_unlock(&searcher->mutex);
    return broken;
}

bool
nj_searcher_waits(NjSearcher *searcher)
{
    g_mutex_lock(&searcher->mutex);
    bool waits = searcher->waiting > 0;
    g_mutex_unlock(&searcher->mutex);
    return waits;
}

void
nj_searcher_indexed(NjSearcher *searcher, bool whole, guint64 turn, gint64 mark, bool failed)
{
    g_mutex_lock(&searcher->mutex);
    searcher->whole = whole;
    searcher->turn = turn;
    searcher->mark = mark;
    searcher->failed = failed;
    g_cond_broadcast(&searcher->moved);
    g_mutex_unlock(&searcher->mutex);
}

void
nj_searcher_trouble(NjSearcher *searcher, bool trouble)
{
    g_mutex_lock(&searcher->mutex);
    searcher->trouble = trouble;
    g_cond_broadcast(&searcher->moved);
    g_mutex_unlock(&searcher->mutex);
}

static void
start_thread(NjSearcher *searcher)
{
    searcher->running = true;
    searcher->threads++;
    g_atomic_int_inc(&searcher->refs);
    g_thread_unref(g_thread_new("search", search_all, searcher));
}

void
nj_store_search(NjStore *store, const NjSearch *search, NjSearchFunc done, void *data, const void *owner)
{
    NjSearcher *searcher = store->searcher;
    Request *request = g_new0(Request, 1);
    request->search = *search;
    request->search.limit = CLAMP(search->limit, 1, LIMIT_MOST);
    g_autofree char *words = g_utf8_make_valid(search->words ? search->words : "", -1);
    request->words = nj_text_line(words, -1, TYPED_MOST);
    request->sender = search->sender && *search->sender ? nj_text_line(search->sender, -1, 0) : NULL;
    request->search.words = request->words;
    request->search.sender = request->sender;
    request->done = done;
    request->data = data;
    request->owner = owner;

    g_mutex_lock(&store->mutex);
    request->turn = store->turn;
    if (store->length)
        nj_store_hurry(store, g_get_monotonic_time());
    else
        g_cond_signal(&store->work);
    g_mutex_unlock(&store->mutex);
    g_mutex_lock(&searcher->mutex);
    g_queue_push_tail(&searcher->requests, request);
    if (!searcher->running)
        start_thread(searcher);
    g_cond_broadcast(&searcher->moved);
    g_mutex_unlock(&searcher->mutex);
}

static void
drop_of(GQueue *queue, const void *owner)
{
    for (GList *at = queue->head, *next; at; at = next) {
        next = at->next;
        if (((Request *) at->data)->owner != owner)
            continue;
        free_request(at->data);
        g_queue_delete_link(queue, at);
    }
}

void
nj_store_search_cancel(NjStore *store, const void *owner)
{
    NjSearcher *searcher = store->searcher;
    g_mutex_lock(&searcher->mutex);
    drop_of(&searcher->requests, owner);
    drop_of(&searcher->answers, owner);
    if (searcher->current && searcher->current->owner == owner)
        g_atomic_int_set(&searcher->current->cancelled, 1);
    g_cond_broadcast(&searcher->moved);
    g_mutex_unlock(&searcher->mutex);
}

guint
nj_store_unindexed(NjStore *store)
{
    NjSearcher *searcher = store->searcher;
    g_mutex_lock(&store->mutex);
    g_mutex_lock(&searcher->mutex);
    bool all = (searcher->whole && searcher->turn >= store->content) || searcher->failed || searcher->trouble;
    gint64 missing = all ? 0 : store->last_message - searcher->mark;
    g_mutex_unlock(&searcher->mutex);
    g_mutex_unlock(&store->mutex);
    return (guint) CLAMP(missing, 0, G_MAXINT);
}
