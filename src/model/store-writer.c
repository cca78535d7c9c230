/* The writer thread: executes the queued writes of the store in batches.
 *
 * run_writer() is the main loop of the thread. While the queue is empty, do_background_work()
 * updates the word index and the id index and moves the write-ahead log into the file; then the
 * thread sleeps on store->work without a timeout. When there are writes, commit_next_batch()
 *
 * - waits until the queue is due, which is 50 ms after the first write that is not taken, or 500 ms
 *   if it has only counts of received stanzas and no commit call waits for them; it does not wait
 *   if the queue has 500 writes, if one of them is urgent (a sent message or a stanza number), or
 *   if the store is being flushed or closed; the word index is updated meanwhile;
 * - takes up to 2500 writes from the head of the queue, without splitting a group;
 * - executes them in one transaction, whose COMMIT waits until the data is on the disk;
 * - removes them from the queue, adds the ids of their messages to the id index, and publishes the
 *   new sequence number and counts, all without unlocking the mutex; then it wakes
 *   nj_store_flush();
 * - does the background work that must not wait for an empty queue, and frees the writes.
 *
 * If the transaction fails it is rolled back and the writes stay in the queue. The next attempt
 * follows after a quarter of a second, each further one after twice the time, up to 15 s; it also
 * takes writes that were appended meanwhile. A row whose content SQLite refuses (a constraint, too
 * big, a wrong type) would fail in every attempt and so block all others: it is skipped and logged.
 * Its write counts as committed, like the rest of the batch.
 *
 * A write may carry a count of received stanzas. The newest count of each account is written at the
 * end of the transaction.
 *
 * If the store was opened read-only, the thread tries to open the file for writing, with the same
 * pauses, and commits nothing until it succeeds. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "model/store-index.h"

#define MAX_BATCH 2500 /* writes; exceeded only by a larger group */
/* The write-ahead log is moved into the file when it has this many pages: while the queue is empty,
 * and after each batch. */
#define CHECKPOINT_IDLE 250
#define CHECKPOINT_BUSY 4000
/* Pause after the first failed batch, and its limit. */
#define MIN_RETRY (250 * G_TIME_SPAN_MILLISECOND)
#define MAX_RETRY (15 * G_TIME_SPAN_SECOND)

/* The statement of each kind of write. If a kind needs several, the others are in
 * more_statements. */
static const char *const statements[] = {
    [NJ_WRITE_ACCOUNT] = "INSERT INTO account (id, address) VALUES (?1, ?2)",
    [NJ_WRITE_CHAT] = "INSERT INTO chat (id, account, address, kind) VALUES (?1, ?2, ?3, ?4)",
    [NJ_WRITE_MESSAGE] =
        "INSERT INTO message (id, chat, time, type, state, outgoing, delayed, mention, sender, "
        "body, subject, thread, wire_id, origin_id, archive_id, archive_by, encryption, error)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    [NJ_WRITE_STATE] = "UPDATE message SET state = ?2, error = ?3 WHERE id = ?1",
    [NJ_WRITE_READ_MARKER] = "UPDATE chat SET read_time = ?2, read_id = ?3 WHERE id = ?1",
    [NJ_WRITE_DRAFT] = "UPDATE chat SET draft = ?2 WHERE id = ?1",
    [NJ_WRITE_FROM_STRANGER] = "UPDATE chat SET waiting = ?2 WHERE id = ?1",
    [NJ_WRITE_ROOM_NICK] = "UPDATE chat SET nick = ?2 WHERE id = ?1",
    [NJ_WRITE_STANZA_NUMBER] = "UPDATE outbox SET number = ?2 WHERE message = ?1",
    [NJ_WRITE_STREAM] =
        ("INSERT OR REPLACE INTO stream (account, id, jid, location, received, until)"
         " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
    [NJ_WRITE_RECEIVED_COUNT] = "UPDATE stream SET received = ?2 WHERE account = ?1",
    [NJ_WRITE_DELETE_CHAT] = "DELETE FROM message WHERE chat = ?1",
    [NJ_WRITE_ROSTER] = "DELETE FROM roster WHERE account = ?1",
};

/* Further statements of the kinds that need several, and those of transactions. The numbers
 * continue those of NjWriteKind, of which NJ_WRITE_ROSTER is the last. */
enum {
    DELETE_CHAT = NJ_WRITE_ROSTER + 1,
    DELETE_CHAT_OUTBOX,
    INSERT_OUTBOX,
    REOPEN_OUTBOX,
    DELETE_OUTBOX,
    DELETE_STREAM,
    SET_ROSTER_ITEM,
    DELETE_ROSTER_ITEM,
    SET_ROSTER_VERSION,
    DELETE_ROSTER_VERSION,
    BEGIN,
    COMMIT,
    STATEMENTS
};

static const char *const more_statements[] = {
    [DELETE_CHAT] = "DELETE FROM chat WHERE id = ?1",
    [DELETE_CHAT_OUTBOX] =
        "DELETE FROM outbox WHERE message IN (SELECT id FROM message WHERE chat = ?1)",
    [INSERT_OUTBOX] = "INSERT OR IGNORE INTO outbox (message) VALUES (?1)",
    [REOPEN_OUTBOX] =
        "INSERT OR IGNORE INTO outbox (message) SELECT id FROM message WHERE id = ?1 AND outgoing",
    [DELETE_OUTBOX] = "DELETE FROM outbox WHERE message = ?1",
    [DELETE_STREAM] = "DELETE FROM stream WHERE account = ?1",
    [SET_ROSTER_ITEM] = "INSERT OR REPLACE INTO roster"
                        " (account, address, name, subscription, groups, ask, approved)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [DELETE_ROSTER_ITEM] = "DELETE FROM roster WHERE account = ?1 AND address = ?2",
    [SET_ROSTER_VERSION] =
        "INSERT OR REPLACE INTO roster_version (account, version) VALUES (?1, ?2)",
    [DELETE_ROSTER_VERSION] = "DELETE FROM roster_version WHERE account = ?1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
};

/* A count of received stanzas, and the sequence number of the write that carried it. */
typedef struct {
    gint64 account;
    guint64 seq;
    guint32 count;
} Count;

/* The local state of the thread. */
typedef struct {
    NjStore *store;
    sqlite3_stmt *statements[STATEMENTS]; /* prepared when first used */
    GArray *counts;                       /* the newest Count of each account in the batch */
    /* Pages in the write-ahead log at the last commit. 0 after a checkpoint, even after one that
     * failed or left pages: the next one comes after another commit. */
    int log_pages;
    /* errno of the last run_statement(), kept for the sentence because SQLite loses it; 0: none */
    int failed_errno;
    /* A sync may have failed: a batch ended with a failed fsync(), or a checkpoint with any I/O
     * error. So the disk may lack a part of the log; see recover_from_failed_sync(). */
    bool sync_failed;
} Writer;

/* --- statements --- */

static void
bind_text(sqlite3_stmt *statement, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, index);
}

/* Returns the prepared statement, NULL if it cannot be prepared. `which` is an NjWriteKind or one
 * of the constants above. */
static sqlite3_stmt *
prepare_statement(Writer *writer, int which)
{
    sqlite3_stmt **statement = &writer->statements[which];
    const char *text =
        which < (int) G_N_ELEMENTS(statements) ? statements[which] : more_statements[which];
    if (!*statement)
        sqlite3_prepare_v3(writer->store->writer.db, text, -1, SQLITE_PREPARE_PERSISTENT, statement,
                           NULL);
    return *statement;
}

/* Executes the statement. Returns false if the batch must be tried again. A row that SQLite refuses
 * for its content is logged and skipped; the result is true then, so the other statements of the
 * same write and the count that it carries are still executed. */
static bool
run_statement(Writer *writer, sqlite3_stmt *statement)
{
    errno = 0;
    sqlite3_step(statement);
    writer->failed_errno = errno;
    int result = sqlite3_reset(statement) & 0xff;
    if (result != SQLITE_CONSTRAINT && result != SQLITE_TOOBIG && result != SQLITE_MISMATCH)
        return result == SQLITE_OK;
    g_warning("SQLite refused a row of history.db: %s", sqlite3_errmsg(writer->store->writer.db));
    return true;
}

/* Executes a statement with up to two parameters: the first is row, the second text (NULL: SQL
 * NULL). Those that the statement does not have are ignored. */
static bool
run_with_text(Writer *writer, int which, gint64 row, const char *text)
{
    sqlite3_stmt *statement = prepare_statement(writer, which);
    if (!statement)
        return false;
    if (sqlite3_bind_parameter_count(statement) > 0)
        sqlite3_bind_int64(statement, 1, row);
    if (sqlite3_bind_parameter_count(statement) > 1)
        bind_text(statement, 2, text);
    return run_statement(writer, statement);
}

static void
bind_message(sqlite3_stmt *statement, const NjWrite *write)
{
    const NjMessage *message = write->message;
    sqlite3_bind_int64(statement, 1, write->row);
    sqlite3_bind_int64(statement, 2, write->chat);
    sqlite3_bind_int64(statement, 3, message->time);
    sqlite3_bind_int(statement, 4, (int) message->type);
    sqlite3_bind_int(statement, 5, write->number);
    sqlite3_bind_int(statement, 6, message->out);
    sqlite3_bind_int(statement, 7, message->delayed);
    sqlite3_bind_int(statement, 8, message->mention);

    bind_text(statement, 9, message->sender);
    bind_text(statement, 10, message->body);
    bind_text(statement, 11, message->subject);
    bind_text(statement, 12, message->thread);
    bind_text(statement, 13, message->wire_id);
    bind_text(statement, 14, message->origin_id);
    bind_text(statement, 15, message->archive_id);
    bind_text(statement, 16, message->archive_by);
    bind_text(statement, 17, message->encryption);

    bind_text(statement, 18, write->text);
}

static bool
write_roster_item(Writer *writer, gint64 account, const NjStoredItem *item)
{
    if (g_strcmp0(item->subscription, "remove") == 0)
        return run_with_text(writer, DELETE_ROSTER_ITEM, account, item->address);

    sqlite3_stmt *statement = prepare_statement(writer, SET_ROSTER_ITEM);
    if (!statement)
        return false;

    sqlite3_bind_int64(statement, 1, account);
    bind_text(statement, 2, item->address);
    bind_text(statement, 3, item->name);
    bind_text(statement, 4, item->subscription);
    bind_text(statement, 5, item->groups);
    sqlite3_bind_int(statement, 6, item->ask);
    sqlite3_bind_int(statement, 7, item->approved);

    return run_statement(writer, statement);
}

static bool
write_roster(Writer *writer, const NjWrite *write)
{
    if (write->number && !run_with_text(writer, NJ_WRITE_ROSTER, write->account, NULL))
        return false;
    for (guint i = 0; write->items && i < write->items->len; i++)
        if (!write_roster_item(writer, write->account, g_ptr_array_index(write->items, i)))
            return false;
    return run_with_text(writer, write->text ? SET_ROSTER_VERSION : DELETE_ROSTER_VERSION,
                         write->account, write->text);
}

static bool
write_message(Writer *writer, NjWrite *write)
{
    nj_id_index_hash_all(writer->store->id_index, write->message, write->id_hashes);
    sqlite3_stmt *statement = prepare_statement(writer, NJ_WRITE_MESSAGE);
    if (!statement)
        return false;
    bind_message(statement, write);
    if (!run_statement(writer, statement))
        return false;
    return !nj_store_write_needs_outbox(write)
           || run_with_text(writer, INSERT_OUTBOX, write->row, NULL);
}

static bool
write_stream(Writer *writer, const NjWrite *write)
{
    const NjStoredStream *stream = write->stream;
    if (!stream)
        return run_with_text(writer, DELETE_STREAM, write->account, NULL);

    sqlite3_stmt *statement = prepare_statement(writer, NJ_WRITE_STREAM);
    if (!statement)
        return false;

    sqlite3_bind_int64(statement, 1, write->account);
    bind_text(statement, 2, stream->id);
    bind_text(statement, 3, stream->jid);
    bind_text(statement, 4, stream->location);
    sqlite3_bind_int64(statement, 5, stream->received);
    sqlite3_bind_int64(statement, 6, stream->until);

    return run_statement(writer, statement);
}

/* Executes a statement with two or three parameters. The first is row and the second *second (NULL:
 * SQL NULL). The third is *third, or text if third is NULL. */
static bool
run_with_numbers(Writer *writer, int which, gint64 row, const gint64 *second, const gint64 *third,
                 const char *text)
{
    sqlite3_stmt *statement = prepare_statement(writer, which);
    if (!statement)
        return false;

    sqlite3_bind_int64(statement, 1, row);
    if (second)
        sqlite3_bind_int64(statement, 2, *second);
    else
        sqlite3_bind_null(statement, 2);
    if (third)
        sqlite3_bind_int64(statement, 3, *third);
    else if (sqlite3_bind_parameter_count(statement) > 2)
        bind_text(statement, 3, text);

    return run_statement(writer, statement);
}

static bool
write_chat(Writer *writer, const NjWrite *write)
{
    sqlite3_stmt *statement = prepare_statement(writer, NJ_WRITE_CHAT);
    if (!statement)
        return false;
    sqlite3_bind_int64(statement, 1, write->row);
    sqlite3_bind_int64(statement, 2, write->account);
    bind_text(statement, 3, write->text);
    sqlite3_bind_int(statement, 4, write->number);
    return run_statement(writer, statement);
}

static bool
delete_chat(Writer *writer, gint64 chat)
{
    if (!nj_index_remove_chat(writer->store->writer.index, chat))
        return false;

    const int steps[] = { DELETE_CHAT_OUTBOX, NJ_WRITE_DELETE_CHAT, DELETE_CHAT };
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (!run_with_text(writer, steps[i], chat, NULL))
            return false;
    return true;
}

/* Sets the state, and adds the outbox row if the message is to be sent or removes it if not. The
 * outbox row of a failed message has been removed; if the message is sent again, it is added
 * again. */
static bool
write_state(Writer *writer, const NjWrite *write)
{
    gint64 state = write->number;
    if (!run_with_numbers(writer, NJ_WRITE_STATE, write->row, &state, NULL, write->text))
        return false;
    bool open = nj_state_is_open((NjMessageState) write->number);
    return run_with_text(writer, open ? REOPEN_OUTBOX : DELETE_OUTBOX, write->row, NULL);
}

/* Executes one write, but not the count that it carries (update_counts()). False if the batch has
 * failed. */
static bool
execute_write(Writer *writer, NjWrite *write)
{
    gint64 number = write->number;
    switch (write->kind) {
    case NJ_WRITE_ACCOUNT:
        return run_with_text(writer, NJ_WRITE_ACCOUNT, write->row, write->text);
    case NJ_WRITE_CHAT:
        return write_chat(writer, write);
    case NJ_WRITE_MESSAGE:
        return write_message(writer, write);
    case NJ_WRITE_STATE:
        return write_state(writer, write);
    case NJ_WRITE_READ_MARKER:
        return run_with_numbers(writer, NJ_WRITE_READ_MARKER, write->chat, &write->value,
                                &write->row, NULL);
    case NJ_WRITE_DRAFT:
    case NJ_WRITE_ROOM_NICK:
        return run_with_text(writer, (int) write->kind, write->chat, write->text);
    case NJ_WRITE_FROM_STRANGER:
        return run_with_numbers(writer, NJ_WRITE_FROM_STRANGER, write->chat, &number, NULL, NULL);
    case NJ_WRITE_DELETE_CHAT:
        return delete_chat(writer, write->chat);
    case NJ_WRITE_STANZA_NUMBER:
        return run_with_numbers(writer, NJ_WRITE_STANZA_NUMBER, write->row,
                                write->number ? &write->value : NULL, NULL, NULL);
    case NJ_WRITE_STREAM:
        return write_stream(writer, write);
    case NJ_WRITE_ROSTER:
        return write_roster(writer, write);
    case NJ_WRITE_RECEIVED_COUNT:
        break;
    }

    return true;
}

/* --- counts of received stanzas --- */

/* Sets the account's Count in `counts`, which is made if it is missing. */
static void
set_count(GArray *counts, gint64 account, guint32 count, guint64 seq)
{
    guint i = 0;
    while (i < counts->len && g_array_index(counts, Count, i).account != account)
        i++;
    if (i == counts->len)
        g_array_set_size(counts, i + 1);
    g_array_index(counts, Count, i) = (Count){ account, seq, count };
}

/* Collects the counts of a write. A write that sets or removes the account's stream first drops the
 * account's earlier count, which belongs to the previous stream; one that sets a stream brings the
 * stream's own count. A count that the write carries is the newest. */
static void
collect_count(GArray *counts, const NjWrite *write)
{
    for (guint i = 0; write->kind == NJ_WRITE_STREAM && i < counts->len; i++)
        if (g_array_index(counts, Count, i).account == write->account)
            g_array_remove_index_fast(counts, i--);
    if (write->stream)
        set_count(counts, write->account, write->stream->received, write->seq);
    if (write->count_account)
        set_count(counts, write->count_account, write->received_count, write->seq);
}

/* Writes the collected counts into the table `stream`. False if the batch has failed. */
static bool
update_counts(Writer *writer)
{
    for (guint i = 0; i < writer->counts->len; i++) {
        const Count *count = &g_array_index(writer->counts, Count, i);
        gint64 value = count->count;
        if (!run_with_numbers(writer, NJ_WRITE_RECEIVED_COUNT, count->account, &value, NULL, NULL))
            return false;
    }
    return true;
}

/* --- write-ahead log --- */

/* SQLite calls this after each commit with the size of the write-ahead log. */
static int
on_commit(void *data, sqlite3 *db, const char *name, int pages)
{
    Writer *writer = data;
    (void) db;
    (void) name;
    writer->log_pages = pages;
    return SQLITE_OK;
}

/* Replaces SQLite's automatic checkpoint, which would run within a COMMIT and delay it. With a
 * rollback journal SQLite never calls the hook. */
static void
take_over_checkpoints(Writer *writer)
{
    sqlite3_wal_hook(writer->store->writer.db, on_commit, writer);
}

/* Moves the write-ahead log into the file if it has at least min_pages. Returns false if it is
 * shorter. Pages that another connection still reads stay in the log until a checkpoint after a
 * later commit. After an I/O error the log is not trusted (sync_failed). The call needs no
 * nj_access_lock(), because a file on a network file system has no write-ahead log. With the mutex,
 * which is unlocked during the work. */
static bool
checkpoint_log(Writer *writer, int min_pages)
{
    NjStore *store = writer->store;
    if (writer->log_pages < min_pages)
        return false;

    g_mutex_unlock(&store->mutex);
    int result =
        sqlite3_wal_checkpoint_v2(store->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    writer->sync_failed |= (result & 0xff) == SQLITE_IOERR;
    g_mutex_lock(&store->mutex);
    writer->log_pages = 0;

    return true;
}

/* After a failed fsync() the kernel may have dropped the pages that it could not write, and the
 * next fsync() may report success without writing them. So before the next batch of writes the
 * whole write-ahead log is copied into the file, the file is synced, and the log is started again.
 * The transactions of the word index and the id index do not wait for that. False if it fails; the
 * batch then fails, too. */
static bool
recover_from_failed_sync(Writer *writer)
{
    sqlite3 *db = writer->store->writer.db;
    if (writer->sync_failed
        && sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) != SQLITE_OK)
        return false;
    writer->sync_failed = false;
    return true;
}

/* --- batches --- */

/* Executes `length` writes from `write` on in one transaction, after recovering from a failed sync.
 * Returns NULL if they are committed; else the transaction is rolled back, and a sentence that says
 * why is returned. */
static char *
write_transaction(Writer *writer, NjWrite *write, guint length)
{
    sqlite3 *db = writer->store->writer.db;
    bool good = recover_from_failed_sync(writer) && run_with_text(writer, BEGIN, 0, NULL);

    g_array_set_size(writer->counts, 0);
    for (guint i = 0; good && i < length; i++) {
        good = execute_write(writer, write);
        collect_count(writer->counts, write);
        if (i + 1 < length)
            write = write->next; /* reading the last write's `next` would need the mutex */
    }

    good = good && update_counts(writer);
    if (good && run_with_text(writer, COMMIT, 0, NULL))
        return NULL;

    char *sentence = nj_store_error_sentence_for(db, writer->store->path, writer->failed_errno);
    writer->sync_failed |= sqlite3_extended_errcode(db) == SQLITE_IOERR_FSYNC;
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);

    return sentence;
}

static void
free_batch(NjWrite *batch)
{
    while (batch) {
        NjWrite *next = batch->next;
        nj_store_write_free(batch);
        batch = next;
    }
}

/* Calls write_transaction() with nj_access_lock(). Without the mutex. */
static char *
write_batch(Writer *writer, NjWrite *write, guint length)
{
    NjAccess *access = writer->store->access;
    nj_access_lock(access, G_MAXINT64);
    char *sentence = write_transaction(writer, write, length);
    nj_access_unlock(access);
    return sentence;
}

/* Tries to open the file for writing after it was read-only when the store was opened. Returns NULL
 * on success, else a sentence that the caller frees. If the largest ids in the file have changed,
 * another program has written rows with ids that queued writes already use: then the connection is
 * closed again. Without the mutex. */
static char *
open_for_writing(NjStore *store)
{
    g_autoptr(GError) error = NULL;
    gint64 last_ids[3] = { 0 };

    if (!nj_store_open_writer(store, &error))
        return g_strdup(error->message);

    if (!nj_store_read_last_ids(store->writer.db, last_ids)
        || memcmp(last_ids, store->last_ids_at_open, sizeof last_ids)) {
        sqlite3_close(store->writer.db);
        store->writer.db = NULL;
        return g_strdup_printf(_("%s was changed by another program: new messages are kept in "
                                 "memory only. Quit Natterjack and start it again."),
                               store->path);
    }

    nj_id_index_set_db(store->id_index, store->writer.db);
    store->writer.index = nj_index_new(store);
    nj_access_set_read_only(store->access, false);
    return NULL;
}

/* --- main loop: functions called with the mutex --- */

/* Returns how many writes from the head of the queue the next batch can have: whole groups only,
 * and no more than MAX_BATCH unless the first group is larger. 0 if the only group is not
 * complete. */
static guint
batch_length(const NjStore *store)
{
    guint whole = 0, seen = 0;
    for (const NjWrite *write = store->shared.first; write && (seen < MAX_BATCH || !whole);
         write = write->next) {
        seen++;
        if (!write->with_next)
            whole = seen;
    }
    return whole;
}

/* Waits until the queue is due, and fills this time with slices of the word index; then waits until
 * the first group is complete. Marks the writes of the next batch as taken and returns their
 * number. The queue must not be empty. */
static guint
wait_for_batch(NjStore *store)
{
    while (store->shared.length < NJ_BATCH_WRITES && !store->shared.urgent
           && !store->shared.closing) {
        gint64 due = store->shared.due;
        if (nj_index_run_slice(store, due))
            continue;

        /* The main thread may have set an earlier due, before the wait or in it. */
        bool timed_out = !g_cond_wait_until(&store->work, &store->mutex, due);
        if (timed_out && store->shared.due >= due)
            break;
    }

    guint length;
    while (!(length = batch_length(store))) {
        store->shared.writer_waits_for_group = true;
        g_cond_wait(&store->work, &store->mutex);
    }

    store->shared.writer_waits_for_group = false;
    if (length == store->shared.length)
        store->shared.urgent = false;
    store->shared.seq_taken = store->shared.first->seq + length - 1;

    return length;
}

/* Removes the committed writes from the queue and returns them; the caller frees them. Messages
 * move from the id sets of the queue to the id index. Fires the notification if commit calls wait
 * for one of the writes or if the queue has space again. */
static NjWrite *
remove_batch(NjStore *store, guint length)
{
    NjWrite *batch = store->shared.first, *last = NULL;
    for (guint i = 0; i < length; i++) {
        NjWrite *write = store->shared.first;
        store->shared.rows -= write->rows;
        store->shared.bytes -= write->bytes;
        if (write->message) {
            nj_store_remove_from_id_sets(store, write->message);
            nj_id_index_add(store->id_index, write->row, write->id_hashes);
        }
        if (write->kind == NJ_WRITE_STATE
            && g_hash_table_lookup(store->shared.newest_states, &write->row) == write)
            g_hash_table_remove(store->shared.newest_states, &write->row);
        last = write;
        store->shared.first = write->next;
    }

    last->next = NULL;
    store->shared.length -= length;
    store->shared.seq_committed = last->seq;
    if (store->shared.seq_committed >= store->shared.seq_awaited)
        g_source_set_ready_time(store->notification, 0);
    if (!store->shared.first)
        store->shared.end = &store->shared.first;

    if (store->shared.full && store->shared.rows < NJ_FULL_ROWS / 2
        && store->shared.bytes < NJ_FULL_BYTES / 2) {
        store->shared.full = false;
        store->shared.space_again = true;
        g_source_set_ready_time(store->notification, 0);
    }

    return batch;
}

/* Sets NjKnownStream.committed_count. A count that is older than the stream is ignored. */
static void
publish_counts(NjStore *store, const GArray *counts)
{
    for (guint i = 0; i < counts->len; i++) {
        const Count *count = &g_array_index(counts, Count, i);
        NjKnownStream *known = g_hash_table_lookup(store->shared.streams, &count->account);
        if (known && count->seq >= known->shared.seq_set)
            known->shared.committed_count = count->count;
    }
}

/* Sets shared.write_error and fires the notification if it changes. Takes ownership of the
 * sentence; NULL means that writing succeeds. */
static void
set_write_error(NjStore *store, char *sentence)
{
    if (g_strcmp0(store->shared.write_error, sentence) == 0) {
        g_free(sentence);
        return;
    }
    g_free(store->shared.write_error);
    store->shared.write_error = sentence;
    store->shared.write_error_changed = true;
    g_source_set_ready_time(store->notification, 0);
}

/* Waits *delay before the next attempt, or until the store is being closed, and doubles *delay.
 * Wakes nj_store_flush(), which does not wait for a further attempt. Returns false if the store is
 * being closed and nothing is left to write. */
static bool
wait_before_retry(NjStore *store, gint64 *delay)
{
    g_cond_broadcast(&store->done);
    for (gint64 until = g_get_monotonic_time() + *delay; !store->shared.closing;)
        if (!g_cond_wait_until(&store->work, &store->mutex, until))
            break;
    *delay = MIN(*delay * 2, MAX_RETRY);
    return !store->shared.closing || store->shared.length;
}

/* Calls open_for_writing(), with the mutex unlocked meanwhile, and reports the result. */
static void
retry_open(Writer *writer)
{
    NjStore *store = writer->store;
    g_mutex_unlock(&store->mutex);
    char *sentence = open_for_writing(store);
    if (!sentence)
        take_over_checkpoints(writer);
    g_mutex_lock(&store->mutex);
    nj_searcher_set_write_error(store->searcher, sentence != NULL);
    set_write_error(store, sentence);
}

/* Waits for a batch and commits it, with the mutex unlocked meanwhile. Then it does the background
 * work that must not wait for an empty queue: for a waiting search, for an id index that uses too
 * much memory, and for a long write-ahead log. False if the batch failed; it is then still in the
 * queue. */
static bool
commit_next_batch(Writer *writer)
{
    NjStore *store = writer->store;
    guint length = wait_for_batch(store);

    store->shared.writer_idle = false;
    NjWrite *batch = store->shared.first;
    g_mutex_unlock(&store->mutex);

    char *sentence = write_batch(writer, batch, length);
    g_mutex_lock(&store->mutex);

    bool failed = sentence != NULL;
    set_write_error(store, sentence);
    nj_searcher_set_write_error(store->searcher, failed);
    if (failed)
        return false;

    batch = remove_batch(store, length);
    publish_counts(store, writer->counts);
    g_cond_broadcast(&store->done);
    if (nj_searcher_is_waiting(store->searcher))
        nj_index_run_slice(store, G_MAXINT64);

    /* With 0 as due this does something only if memory has too many hashes. */
    nj_id_index_run_slice(store, 0);
    checkpoint_log(writer, CHECKPOINT_BUSY);
    g_mutex_unlock(&store->mutex); /* freeing many writes takes time */
    free_batch(batch);
    g_mutex_lock(&store->mutex);

    return true;
}

/* Does one piece of background work, in this order: a long write-ahead log, the word index, the id
 * index, a shorter log. Returns false if there is nothing to do. */
static bool
do_background_work(Writer *writer)
{
    NjStore *store = writer->store;
    if (checkpoint_log(writer, CHECKPOINT_BUSY))
        return true;
    if (nj_index_run_slice(store, G_MAXINT64) || nj_id_index_run_slice(store, G_MAXINT64))
        return true;
    return checkpoint_log(writer, CHECKPOINT_IDLE);
}

/* --- thread --- */

/* Lowers the priority of the thread, so that many writes do not slow down the user interface on a
 * machine with few processors. Linux applies nice() to the calling thread only; other systems apply
 * it to the process. */
static void
lower_priority(void)
{
#ifdef __linux__
    (void) !nice(10);
#endif
}

/* The thread function. When the store is being closed, the thread commits the rest of the queue and
 * ends; it also ends if an attempt fails whose wait for a batch began after that. */
static void *
run_writer(void *data)
{
    Writer writer = { .store = data, .counts = g_array_new(FALSE, FALSE, sizeof(Count)) };
    NjStore *store = data;
    gint64 delay = MIN_RETRY;
    bool final_try = false;

    lower_priority();
    if (store->writer.db)
        take_over_checkpoints(&writer);
    g_mutex_lock(&store->mutex);

    while (!final_try) {
        store->shared.writer_idle = true;
        while (store->writer.db && !store->shared.length && !store->shared.closing)
            if (!do_background_work(&writer))
                g_cond_wait(&store->work, &store->mutex);
        if (store->shared.closing && !store->shared.length)
            break;

        final_try = store->shared.closing;
        if (!store->writer.db)
            retry_open(&writer);
        if (store->writer.db && (!store->shared.length || commit_next_batch(&writer))) {
            delay = MIN_RETRY;
            final_try = false;
        } else if (!wait_before_retry(store, &delay)) {
            break;
        }
    }

    g_cond_broadcast(&store->done);
    g_mutex_unlock(&store->mutex);

    /* Closing the last connection moves the whole write-ahead log into the file. That may take
     * long, so it happens on this thread; nj_store_close() gives up waiting for it at its
     * timeout. */
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(writer.statements[i]);
    g_array_unref(writer.counts);
    nj_index_free(store->writer.index);
    nj_id_index_close(store->id_index);
    if (store->single_connection)
        nj_store_close_reader(store);

    sqlite3_close(store->writer.db);
    g_mutex_lock(&store->mutex);
    store->shared.writer_finished = true;

    bool abandoned = store->shared.abandoned;
    g_cond_broadcast(&store->done);
    g_mutex_unlock(&store->mutex);
    if (abandoned)
        nj_store_free(store);

    return NULL;
}

void
nj_store_start_writer(NjStore *store)
{
    store->main.writer_thread = g_thread_new("history", run_writer, store);
}
