/* Searches stored messages on the search thread, which has a connection of its own. A search starts
 * the thread, and the thread ends a minute after the last search. The main thread appends a request
 * to NjSearcher.requests; the search thread adds the answer to it and moves it to
 * NjSearcher.answers. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/store-index.h"

#define MAX_WORDS_BYTES 2000 /* of the words that were typed */
#define MAX_READ 1000 /* entries that are compared with common terms before FTS5 compares them */
#define MAX_SCAN 4000 /* entries that are read in one transaction */
#define MAX_LIMIT 10000
#define IDLE_US (60 * G_TIME_SPAN_SECOND) /* the thread ends after this time without a search */

/* A search and, after it has run, its answer. */
typedef struct {
    NjSearch search;
    char *words, *sender; /* owned copies; `search` points to them */
    NjSearchFunc done;
    void *data;
    const void *owner;
    guint64 seq;    /* the search waits until this write is in the index */
    gint cancelled; /* atomic */
    GPtrArray *found;
    GError *error;
} Request;

struct NjSearcher {
    gint refs; /* atomic; the thread has one */
    NjAccess *access;
    GSource *notification; /* runs deliver_answers() on the main thread */

    GMutex mutex;  /* protects the fields below */
    GCond changed; /* new request, cancelled one, progress of the index, closing, end of a thread */
    GQueue requests, answers;
    Request *current; /* the request that the thread executes */
    bool closing;
    bool running;  /* a thread takes requests */
    guint threads; /* that thread, and those that still close their connections */

    /* The state of the word index as the writer thread last reported it. */
    bool index_complete, index_failed, write_error;
    guint64 indexed_seq;
    gint64 indexed_id;

    guint waiting_for_index; /* searches that wait for the index */
    bool index_damaged;      /* found by a search; not yet taken by the writer thread */
};

/* The local state of the search thread. */
typedef struct {
    NjSearcher *searcher;
    sqlite3 *db;
    sqlite3_stmt *message, *last;
    NjQuery *query;
    gint *cancelled;         /* of the current request; NULL without one */
    bool in_transaction;     /* the thread then also has the access lock */
    bool read_only_snapshot; /* the connection was opened while the file was read-only */
} Search;

static void
free_hit(void *data)
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

/* --- from entries to messages --- */

static NjFound *
read_hit(sqlite3_stmt *statement)
{
    NjFound *found = g_new0(NjFound, 1);
    found->message = nj_store_read_message(statement);
    found->kind = (NjChatKind) sqlite3_column_int(statement, 18);
    found->address = nj_store_read_text(statement, 19);
    found->account = sqlite3_column_int64(statement, 20);
    found->account_address = nj_store_read_text(statement, 21);
    return found;
}

/* Cuts a body to max_bytes (0: not at all), because a hundred of the largest bodies would be a
 * hundred megabytes. */
static void
cut_body(NjMessage *message, gsize max_bytes)
{
    if (!max_bytes || !message->body || strnlen(message->body, max_bytes + 1) <= max_bytes)
        return;
    char *cut =
        g_strndup(message->body, g_utf8_find_prev_char(message->body, message->body + max_bytes + 1)
                                     - message->body);
    g_free(message->body);
    message->body = cut;
}

/* Adds the messages of one entry that match the terms. The rowid of an entry has only the lowest
 * bits of the message's id, so every id up to last_id with these bits is looked up; only a message
 * whose time gives the same rowid belongs to the entry. */
static void
add_hits(Search *search, const NjSearch *wanted, gint64 entry, gint64 last_id,
         const GPtrArray *terms, bool all, GPtrArray *found)
{
    const gint64 step = 1 << NJ_ENTRY_BITS;
    for (gint64 id = entry & (step - 1); id <= last_id; id += step) {
        sqlite3_bind_int64(search->message, 1, id);
        if (sqlite3_step(search->message) == SQLITE_ROW
            && nj_index_entry_number(sqlite3_column_int64(search->message, 2), id) == entry) {
            NjFound *one = read_hit(search->message);
            if (nj_query_matches(search->query, one->message, terms, all)) {
                cut_body(one->message, wanted->max_body_bytes);
                g_ptr_array_add(found, one);
            } else {
                free_hit(one);
            }
        }
        sqlite3_reset(search->message);
    }
}

static int
compare_hits(const void *a, const void *b)
{
    const NjMessage *one = (*(NjFound *const *) a)->message,
                    *other = (*(NjFound *const *) b)->message;
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
read_last_id(Search *search)
{
    gint64 id =
        sqlite3_step(search->last) == SQLITE_ROW ? sqlite3_column_int64(search->last, 0) : 0;
    sqlite3_reset(search->last);
    return id;
}

/* The entries and messages that are not yet read. */
typedef struct {
    gint64 from, until; /* rowids of entries, inclusive */
    gint64 last_id;     /* largest id of a message */
} Range;

/* Reads entries from the newer end of the range until there are enough hits or max_read entries
 * were read. Sets range->until to the last entry of the part that is left; -1: nothing is left.
 * `all` as for nj_query_build(). False on failure. */
static bool
scan_range(Search *search, const Request *request, const GPtrArray *terms, bool all, Range *range,
           guint max_read, GPtrArray *found)
{
    g_autofree char *expression = nj_query_build(search->query, &request->search, terms, all);
    sqlite3_stmt *statement = NULL;

    if (!*expression) /* there is no account, so there are no messages */
        range->until = -1;
    else if (sqlite3_prepare_v2(search->db,
                                "SELECT rowid FROM word WHERE word MATCH ?1 AND rowid >= ?2 AND "
                                "rowid <= ?3 ORDER BY rowid DESC",
                                -1, &statement, NULL)
             != SQLITE_OK)
        return false;
    if (!statement)
        return true;

    sqlite3_bind_text(statement, 1, expression, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, range->from);
    sqlite3_bind_int64(statement, 3, range->until);

    for (guint read = 0;
         found->len < request->search.limit && read < max_read && !is_cancelled(search); read++) {
        if (sqlite3_step(statement) != SQLITE_ROW) {
            range->until = -1;
            break;
        }
        gint64 entry = sqlite3_column_int64(statement, 0);
        add_hits(search, &request->search, entry, range->last_id, terms, all, found);
        range->until = entry - 1;
    }

    return sqlite3_finalize(statement) == SQLITE_OK;
}

/* --- search thread --- */

static bool
prepare_statements(Search *search)
{
    search->query = nj_query_new(search->db);
    return search->query
           && sqlite3_prepare_v3(search->db, "SELECT max(id) FROM message", -1,
                                 SQLITE_PREPARE_PERSISTENT, &search->last, NULL)
                  == SQLITE_OK
           && sqlite3_prepare_v3(
                  search->db,
                  "SELECT " NJ_MESSAGE_COLUMNS
                  ", chat.kind, chat.address, account.id, account.address FROM message"
                  " JOIN chat ON chat.id = message.chat JOIN account ON account.id = chat.account"
                  " WHERE message.id = ?1",
                  -1, SQLITE_PREPARE_PERSISTENT, &search->message, NULL)
                  == SQLITE_OK;
}

static void
close_db(Search *search)
{
    nj_query_free(search->query);
    search->query = NULL;
    sqlite3_finalize(search->message);
    sqlite3_finalize(search->last);
    search->message = search->last = NULL;
    sqlite3_close(search->db);
    search->db = NULL;
}

/* Opens the connection, if there is none or only one to a snapshot and the file can now be
 * written. */
static bool
open_db(Search *search, GError **error)
{
    if (search->read_only_snapshot && !nj_access_is_read_only(search->searcher->access))
        close_db(search);
    if (search->db)
        return true;

    search->read_only_snapshot = nj_access_is_read_only(search->searcher->access);
    search->db = nj_access_connect(search->searcher->access, false, error);
    if (!search->db)
        return false;

    if (prepare_statements(search)) {
        sqlite3_progress_handler(search->db, 1000, is_cancelled, search);
        return true;
    }

    g_autofree char *sentence =
        nj_store_error_sentence(search->db, nj_access_path(search->searcher->access));
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO, sentence);
    close_db(search);

    return false;
}

/* Takes the access lock, opens the connection if necessary and begins a read transaction. False on
 * failure; then the lock is released. */
static bool
begin_transaction(Search *search, GError **error)
{
    nj_access_lock(search->searcher->access, G_MAXINT64);
    search->in_transaction =
        open_db(search, error) && sqlite3_exec(search->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK;
    if (!search->in_transaction)
        nj_access_unlock(search->searcher->access);
    return search->in_transaction;
}

static void
end_transaction(Search *search)
{
    if (!search->in_transaction)
        return;
    if (!sqlite3_get_autocommit(search->db))
        sqlite3_exec(search->db, "COMMIT", NULL, NULL, NULL);
    nj_access_unlock(search->searcher->access);
    search->in_transaction = false;
}

/* Ends the transaction and begins another one, so that other threads can get the access lock and a
 * checkpoint can move the log. */
static bool
restart_transaction(Search *search, GError **error)
{
    end_transaction(search);
    g_thread_yield();
    return begin_transaction(search, error);
}

static bool
needs_more(const Request *request, const Range *range, const GPtrArray *found)
{
    return found->len < request->search.limit && range->until >= range->from;
}

/* Runs the search, beginning in the current transaction.
 *
 * FTS5 takes long for common terms. So it first gets only the other terms, and the newest messages
 * that it finds are compared with the common ones. If these messages do not give enough hits, FTS5
 * gets all terms. Each such query takes long to start, so a search with common terms then reads the
 * rest of the range in one transaction; other searches begin a new transaction for every MAX_SCAN
 * entries. */
static bool
collect_hits(Search *search, Request *request, GPtrArray *found)
{
    const NjSearch *wanted = &request->search;
    g_autoptr(GPtrArray) terms = nj_query_parse(search->query, request->words);
    Range range = { .until = G_MAXINT64, .last_id = read_last_id(search) };

    if (wanted->since > 0)
        range.from = nj_index_entry_number(wanted->since, 0);
    if (wanted->until > 0)
        range.until = nj_index_entry_number(wanted->until, 0) - 1;
    if (wanted->before_id > 0)
        range.until =
            MIN(range.until, nj_index_entry_number(wanted->before_time, wanted->before_id) - 1);

    bool good = true, common = nj_query_has_common_word(terms);
    if (common)
        good = scan_range(search, request, terms, false, &range, MAX_READ, found);

    while (good && needs_more(request, &range, found) && !is_cancelled(search)) {
        good =
            scan_range(search, request, terms, true, &range, common ? G_MAXUINT : MAX_SCAN, found);
        if (good && needs_more(request, &range, found))
            good = restart_transaction(search, &request->error);
    }

    g_ptr_array_sort(found, compare_hits);
    return good;
}

/* Sets the request's error from the connection. If the index is damaged, sets index_damaged, upon
 * which the writer thread rebuilds it. */
static void
set_failure(Search *search, Request *request)
{
    g_autofree char *sentence =
        nj_store_error_sentence(search->db, nj_access_path(search->searcher->access));
    bool index_damaged = (sqlite3_errcode(search->db) & 0xff) == SQLITE_CORRUPT;

    g_warning("a search in history.db failed: %s", sqlite3_errmsg(search->db));
    g_set_error_literal(&request->error, G_FILE_ERROR, G_FILE_ERROR_IO,
                        index_damaged
                            ? _("The search index is damaged and is being rebuilt. Search again "
                                "in a minute.")
                            : sentence);
    g_mutex_lock(&search->searcher->mutex);
    search->searcher->index_damaged |= index_damaged;
    search->searcher->index_complete &= !index_damaged;
    g_mutex_unlock(&search->searcher->mutex);
}

static void
run_request(Search *search, Request *request)
{
    request->found = g_ptr_array_new_with_free_func(free_hit);
    search->cancelled = &request->cancelled;

    bool good =
        begin_transaction(search, &request->error) && collect_hits(search, request, request->found);
    if (!good && !request->error && !is_cancelled(search))
        set_failure(search, request);
    search->cancelled = NULL;
    end_transaction(search);
    if (request->error)
        g_clear_pointer(&request->found, g_ptr_array_unref);
}

/* Has the index all writes up to seq, or does it not get them at present because slices or batches
 * fail? With the mutex. */
static bool
is_index_ready(const NjSearcher *searcher, guint64 seq)
{
    if (searcher->index_failed || searcher->write_error)
        return true;
    return searcher->index_complete && searcher->indexed_seq >= seq;
}

/* Waits until the index has all writes that were queued when the search was requested. Does not
 * wait while slices of the index or batches fail: then the search finds what is in the index. With
 * the mutex. */
static void
wait_for_index(NjSearcher *searcher, Request *request)
{
    searcher->waiting_for_index++;
    while (!is_index_ready(searcher, request->seq) && !searcher->closing
           && !g_atomic_int_get(&request->cancelled))
        g_cond_wait(&searcher->changed, &searcher->mutex);
    searcher->waiting_for_index--;
}

/* The thread function. The thread ends when it has been idle for IDLE_US or when the searcher is
 * closed. */
static void *
run_searcher(void *data)
{
    NjSearcher *searcher = data;
    Search search = { .searcher = searcher };

    g_mutex_lock(&searcher->mutex);
    while (!searcher->closing) {
        Request *request = g_queue_pop_head(&searcher->requests);
        if (!request
            && !g_cond_wait_until(&searcher->changed, &searcher->mutex,
                                  g_get_monotonic_time() + IDLE_US)
            && g_queue_is_empty(&searcher->requests))
            break;
        if (!request)
            continue;

        searcher->current = request;
        wait_for_index(searcher, request);
        if (!searcher->closing && !g_atomic_int_get(&request->cancelled)) {
            g_mutex_unlock(&searcher->mutex);
            run_request(&search, request);
            g_mutex_lock(&searcher->mutex);
        }

        searcher->current = NULL;
        if (searcher->closing || g_atomic_int_get(&request->cancelled)) {
            free_request(request);
            continue;
        }

        g_queue_push_tail(&searcher->answers, request);
        g_source_set_ready_time(searcher->notification, 0);
    }

    searcher->running = false;
    g_mutex_unlock(&searcher->mutex);
    close_db(&search);
    g_mutex_lock(&searcher->mutex);
    searcher->threads--;
    g_cond_broadcast(&searcher->changed);
    g_mutex_unlock(&searcher->mutex);
    nj_searcher_unref(searcher);

    return NULL;
}

/* --- main thread --- */

static Request *
take_answer(NjSearcher *searcher)
{
    g_mutex_lock(&searcher->mutex);
    Request *request = g_queue_pop_head(&searcher->answers);
    g_mutex_unlock(&searcher->mutex);
    return request;
}

/* Function of searcher->notification: calls the functions of the finished searches. */
static gboolean
deliver_answers(void *data)
{
    NjSearcher *searcher = data;
    Request *request;

    g_atomic_int_inc(&searcher->refs); /* a callback may close the store */
    while (!searcher->closing && (request = take_answer(searcher))) {
        request->done(request->found, request->error, request->data);
        free_request(request);
    }

    nj_searcher_unref(searcher);
    return G_SOURCE_CONTINUE;
}

NjSearcher *
nj_searcher_new(NjAccess *access)
{
    NjSearcher *searcher = g_new0(NjSearcher, 1);
    searcher->refs = 1;
    searcher->access = nj_access_ref(access);
    g_mutex_init(&searcher->mutex);
    g_cond_init(&searcher->changed);
    searcher->notification = nj_clock_signal(G_PRIORITY_DEFAULT, deliver_answers, searcher);
    return searcher;
}

void
nj_searcher_unref(NjSearcher *searcher)
{
    if (!searcher || !g_atomic_int_dec_and_test(&searcher->refs))
        return;

    g_queue_clear_full(&searcher->requests, (GDestroyNotify) free_request);
    g_queue_clear_full(&searcher->answers, (GDestroyNotify) free_request);
    g_source_unref(searcher->notification);
    g_mutex_clear(&searcher->mutex);
    g_cond_clear(&searcher->changed);
    nj_access_unref(searcher->access);
    g_free(searcher);
}

void
nj_searcher_close(NjSearcher *searcher, gint64 until)
{
    g_source_destroy(searcher->notification);
    g_mutex_lock(&searcher->mutex);
    searcher->closing = true;
    if (searcher->current)
        g_atomic_int_set(&searcher->current->cancelled, 1);

    g_cond_broadcast(&searcher->changed);
    while (searcher->threads && g_cond_wait_until(&searcher->changed, &searcher->mutex, until))
        continue;
    g_mutex_unlock(&searcher->mutex);
}

bool
nj_searcher_take_damage(NjSearcher *searcher)
{
    g_mutex_lock(&searcher->mutex);
    bool index_damaged = searcher->index_damaged;
    searcher->index_damaged = false;
    g_mutex_unlock(&searcher->mutex);
    return index_damaged;
}

bool
nj_searcher_is_waiting(NjSearcher *searcher)
{
    g_mutex_lock(&searcher->mutex);
    bool waits = searcher->waiting_for_index > 0;
    g_mutex_unlock(&searcher->mutex);
    return waits;
}

void
nj_searcher_set_progress(NjSearcher *searcher, bool index_complete, guint64 seq, gint64 indexed_id,
                         bool index_failed)
{
    g_mutex_lock(&searcher->mutex);
    searcher->index_complete = index_complete;
    searcher->indexed_seq = seq;
    searcher->indexed_id = indexed_id;
    searcher->index_failed = index_failed;
    g_cond_broadcast(&searcher->changed);
    g_mutex_unlock(&searcher->mutex);
}

void
nj_searcher_set_write_error(NjSearcher *searcher, bool write_error)
{
    g_mutex_lock(&searcher->mutex);
    searcher->write_error = write_error;
    g_cond_broadcast(&searcher->changed);
    g_mutex_unlock(&searcher->mutex);
}

static void
start_thread(NjSearcher *searcher)
{
    searcher->running = true;
    searcher->threads++;
    g_atomic_int_inc(&searcher->refs);
    g_thread_unref(g_thread_new("search", run_searcher, searcher));
}

void
nj_store_search(NjStore *store, const NjSearch *search, NjSearchFunc done, void *data,
                const void *owner)
{
    NjSearcher *searcher = store->searcher;
    Request *request = g_new0(Request, 1);

    request->search = *search;
    request->search.limit = CLAMP(search->limit, 1, MAX_LIMIT);

    g_autofree char *words = g_utf8_make_valid(search->words ? search->words : "", -1);
    request->words = nj_text_line(words, -1, MAX_WORDS_BYTES);
    request->sender =
        search->sender && *search->sender ? nj_text_line(search->sender, -1, 0) : NULL;
    request->search.words = request->words;
    request->search.sender = request->sender;
    request->done = done;
    request->data = data;
    request->owner = owner;

    /* The writer thread commits the queue and updates the index now, because the search waits for
     * it. */
    g_mutex_lock(&store->mutex);
    request->seq = store->shared.seq_newest;
    if (store->shared.length)
        nj_store_set_due(store, g_get_monotonic_time());
    else
        g_cond_signal(&store->work);

    g_mutex_unlock(&store->mutex);
    g_mutex_lock(&searcher->mutex);
    g_queue_push_tail(&searcher->requests, request);
    if (!searcher->running)
        start_thread(searcher);

    g_cond_broadcast(&searcher->changed);
    g_mutex_unlock(&searcher->mutex);
}

static void
remove_of_owner(GQueue *queue, const void *owner)
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
    remove_of_owner(&searcher->requests, owner);
    remove_of_owner(&searcher->answers, owner);
    if (searcher->current && searcher->current->owner == owner)
        g_atomic_int_set(&searcher->current->cancelled, 1);
    g_cond_broadcast(&searcher->changed);
    g_mutex_unlock(&searcher->mutex);
}

guint
nj_store_count_unindexed(NjStore *store)
{
    NjSearcher *searcher = store->searcher;
    g_mutex_lock(&store->mutex);
    g_mutex_lock(&searcher->mutex);

    bool ready = is_index_ready(searcher, store->shared.seq_content);
    gint64 missing = ready ? 0 : store->main.last_message - searcher->indexed_id;
    g_mutex_unlock(&searcher->mutex);
    g_mutex_unlock(&store->mutex);

    return (guint) CLAMP(missing, 0, G_MAXINT);
}
