/* Opens and closes the store, runs the hooks, adds messages, and waits for the writer thread. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "model/store-index.h"

/* --- opening and closing --- */

/* Calls the on_error hook for the first failed read. */
static void
report_read_error_once(NjStore *store)
{
    if (!store->main.read_error || store->main.read_error_reported || !store->main.on_error)
        return;
    store->main.read_error_reported = true;
    store->main.on_error(store->main.read_error, store->main.hook_owner);
}

/* Function of store->notification: runs the commit calls and hooks for what the writer thread and
 * failed reads have reported. Each of them may close the store. */
static gboolean
run_hooks(void *data)
{
    NjStore *store = data;
    g_mutex_lock(&store->mutex);

    bool space_again = store->shared.space_again, changed = store->shared.write_error_changed;
    g_autofree char *write_error = g_strdup(store->shared.write_error);
    store->shared.space_again = store->shared.write_error_changed = false;
    g_mutex_unlock(&store->mutex);

    bool closed = false;
    store->main.closed_flag = &closed;

    /* The commit calls run first, and all of them if there is a new error: the listener of on_error
     * takes each write whose commit call has not run for one that is not committed. */
    nj_store_run_commit_calls(store, changed && write_error);
    if (!closed && changed && store->main.on_error)
        store->main.on_error(write_error, store->main.hook_owner);

    if (!closed)
        report_read_error_once(store);

    if (!closed && space_again && store->main.on_space)
        store->main.on_space(store->main.hook_owner);
    if (closed)
        return G_SOURCE_REMOVE;

    store->main.closed_flag = NULL;
    return G_SOURCE_CONTINUE;
}

void
nj_store_close_reader(NjStore *store)
{
    for (int i = 0; i < NJ_READ_STATEMENTS; i++)
        sqlite3_finalize(store->main.statements[i]);
    memset(store->main.statements, 0, sizeof store->main.statements);
    if (store->main.reader != store->writer.db)
        sqlite3_close(store->main.reader);
    store->main.reader = NULL;
}

void
nj_store_free(NjStore *store)
{
    while (store->shared.first) {
        NjWrite *write = store->shared.first;
        store->shared.first = write->next;
        nj_store_write_free(write);
    }

    if (store->writer.lock_fd >= 0)
        close(store->writer.lock_fd);
    if (store->notification) {
        g_source_destroy(store->notification);
        g_source_unref(store->notification);
    }

    nj_searcher_unref(store->searcher);
    nj_id_index_free(store->id_index);
    nj_access_unref(store->access);
    nj_store_free_chats(store);
    g_clear_pointer(&store->shared.by_origin_id, g_hash_table_unref);
    g_clear_pointer(&store->shared.by_archive_id, g_hash_table_unref);

    g_clear_pointer(&store->shared.sent_by_origin_id, g_hash_table_unref);
    g_clear_pointer(&store->shared.newest_states, g_hash_table_unref);
    g_clear_pointer(&store->shared.streams, g_hash_table_unref);
    g_mutex_clear(&store->mutex);
    g_cond_clear(&store->work);
    g_cond_clear(&store->done);
    g_free(store->shared.write_error);
    g_free(store->main.read_error);
    g_free(store->lock_path);

    g_free(store->path);
    g_free(store);
}

/* For messages the result is at least the last id that either index has processed, even if the
 * message with that id was deleted: both indexes skip that id and smaller ones, so a new message
 * must not get one of them. */
bool
nj_store_read_last_ids(sqlite3 *db, gint64 ids[3])
{
    static const char text[] =
        "SELECT (SELECT max(id) FROM account), (SELECT max(id) FROM chat), max((SELECT "
        "coalesce(max(id), 0) FROM message),"
        " (SELECT message FROM ident_mark), (SELECT message FROM word_mark))";
    sqlite3_stmt *statement = NULL;

    sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    if (nj_store_read_step(statement))
        for (int i = 0; i < 3; i++)
            ids[i] = sqlite3_column_int64(statement, i);

    return statement && sqlite3_finalize(statement) == SQLITE_OK;
}

bool
nj_store_open_writer(NjStore *store, GError **error)
{
    if (store->writer.lock_fd < 0) {
        GError *reason = NULL;
        store->writer.lock_fd = nj_store_lock_file(store->lock_path, &reason);
        g_autofree char *sentence = store->writer.lock_fd < 0 && !reason
                                        ? nj_store_unwritable_sentence(store->lock_path)
                                        : NULL;
        if (sentence)
            reason = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_ROFS, sentence);
        if (reason) {
            g_propagate_error(error, reason);
            return false;
        }
    }

    sqlite3 *db = nj_access_connect(store->access, true, error);
    if (db && nj_store_migrate(db, store->path, error)) {
        store->writer.db = db;
        return true;
    }

    sqlite3_close(db);
    return false;
}

/* Reads the largest ids and makes the id index. */
static bool
read_initial_state(NjStore *store, GError **error)
{
    sqlite3 *db = store->writer.db ? store->writer.db : store->main.reader;
    if (nj_store_read_last_ids(db, store->last_ids_at_open)
        && nj_id_index_open(store, db, store->writer.db != NULL)) {
        store->main.last_account = store->last_ids_at_open[0];
        store->main.last_chat = store->last_ids_at_open[1];
        store->main.last_message = store->last_ids_at_open[2];
        return true;
    }

    nj_store_set_error(db, store->path, error);
    return false;
}

/* Opens both connections. If the file cannot be written for a reason that may be temporary, only
 * the reader is opened, on a snapshot, and write_error is set. On failure the caller closes
 * them. */
static bool
open_files(NjStore *store, GError **error)
{
    GError *reason = NULL;
    if (!nj_store_open_writer(store, &reason)) {
        if (!g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_ROFS)) {
            g_propagate_error(error, reason);
            return false;
        }
        nj_access_set_read_only(store->access, true);
        store->main.reader_is_snapshot = store->shared.write_error_changed = true;
        store->shared.write_error = g_strdup(reason->message);
        g_error_free(reason);
    }

    store->main.reader = store->single_connection && store->writer.db
                             ? store->writer.db
                             : nj_access_connect(store->access, false, error);
    if (!store->main.reader)
        return false;
    if (!store->writer.db && !nj_store_is_current(store->main.reader, store->path, error))
        return false;
    return read_initial_state(store, error);
}

NjStore *
nj_store_open_as(const char *data_dir, bool remote, GError **error)
{
    NjStore *store = g_new0(NjStore, 1);
    store->lock_path = g_build_filename(data_dir, "lock", NULL);
    store->path = g_build_filename(data_dir, "history.db", NULL);
    store->access = nj_access_new(store->path, remote);
    store->single_connection = remote;
    store->writer.lock_fd = -1;
    store->shared.end = &store->shared.first;
    store->shared.seq_awaited = G_MAXUINT64;
    g_mutex_init(&store->mutex);
    g_cond_init(&store->work);
    g_cond_init(&store->done);

    if (!open_files(store, error)) {
        if (store->id_index)
            nj_id_index_close(store->id_index);
        nj_store_close_reader(store);
        sqlite3_close(store->writer.db);
        nj_store_free(store);
        return NULL;
    }

    nj_store_init_chats(store);
    store->shared.by_origin_id =
        g_hash_table_new(nj_store_hash_origin_id, nj_store_equal_origin_id);
    store->shared.by_archive_id =
        g_hash_table_new(nj_store_hash_archive_id, nj_store_equal_archive_id);
    store->shared.sent_by_origin_id =
        g_hash_table_new(nj_store_hash_origin_id, nj_store_equal_sent_id);
    store->shared.newest_states = g_hash_table_new(g_int64_hash, g_int64_equal);
    store->shared.streams =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, nj_known_stream_free);

    store->notification = nj_clock_signal(G_PRIORITY_DEFAULT, run_hooks, store);
    if (remote)
        nj_store_read_all_chats(store);
    store->searcher = nj_searcher_new(store->access);
    if (store->writer.db)
        store->writer.index = nj_index_new(store);
    else
        nj_searcher_set_write_error(store->searcher, true);
    if (store->shared.write_error)
        g_source_set_ready_time(store->notification, 0);

    nj_store_start_writer(store);
    return store;
}

NjStore *
nj_store_open(const char *data_dir, GError **error)
{
    g_return_val_if_fail(data_dir, NULL);
    return nj_files_ensure_dir(data_dir, error)
               ? nj_store_open_as(data_dir, nj_store_is_remote(data_dir), error)
               : NULL;
}

bool
nj_store_close(NjStore *store, guint timeout_ms)
{
    if (!store)
        return true;

    gint64 until = g_get_monotonic_time() + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;

    /* Closing the last connection moves the write-ahead log into the file. That takes time, so the
     * main thread closes its connection before the writer thread does. With single_connection the
     * writer thread closes the only one. */
    if (!store->single_connection || store->main.reader_is_snapshot)
        nj_store_close_reader(store);

    g_source_destroy(store->notification);
    nj_searcher_close(store->searcher, until);
    nj_store_drop_commit_calls(store);
    if (store->main.closed_flag)
        *store->main.closed_flag = true;

    g_mutex_lock(&store->mutex);
    store->shared.closing = true;
    nj_store_end_group(store);
    g_cond_signal(&store->work);
    while (!store->shared.writer_finished && g_cond_wait_until(&store->done, &store->mutex, until))
        continue;

    bool finished = store->shared.writer_finished;
    guint left = store->shared.length;
    GThread *thread = store->main.writer_thread;
    store->shared.abandoned = !finished;
    g_mutex_unlock(&store->mutex);
    if (left)
        g_warning("%u changes could not be written to history.db", left);

    /* A thread that is blocked by the disk cannot be stopped. It frees the store when it continues.
     * If everything is committed, it is only moving the write-ahead log into the file; if the
     * program ends before that is done, the next start reads the log. */
    if (finished) {
        g_thread_join(thread);
        nj_store_free(store);
    } else {
        g_thread_unref(thread);
    }

    return left == 0;
}

void
nj_store_set_hooks(NjStore *store, void (*on_error)(const char *sentence, void *owner),
                   void (*on_space)(void *owner), void *owner)
{
    store->main.on_error = on_error;
    store->main.on_space = on_space;
    store->main.hook_owner = owner;
}

/* --- messages and the queue --- */

void
nj_store_add_message(NjStore *store, NjMessage *message)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_MESSAGE);
    message->id = ++store->main.last_message;
    write->row = message->id;
    write->chat = message->chat;
    write->message = nj_message_ref(message);

    /* The main thread may change the state and the error of the message while the writer thread
     * reads the others, so the write has copies. */
    write->number = (int) message->state;
    write->text = g_strdup(message->error);
    nj_store_append_write(store, write);
}

void
nj_store_set_state(NjStore *store, gint64 id, NjMessageState state, const char *error)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_STATE);
    write->row = id;
    write->number = (int) state;
    write->text = g_strdup(error);
    nj_store_append_write(store, write);
}

bool
nj_store_queue_is_full(const NjStore *store)
{
    GMutex *mutex = (GMutex *) &store->mutex;
    g_mutex_lock(mutex);
    bool full = store->shared.full;
    g_mutex_unlock(mutex);
    return full;
}

void
nj_store_flush(NjStore *store)
{
    g_mutex_lock(&store->mutex);
    guint64 until = store->shared.seq_newest;
    store->shared.urgent = store->shared.length > 0;
    nj_store_end_group(store);
    g_cond_signal(&store->work);
    while (store->shared.first && store->shared.first->seq <= until && !store->shared.write_error)
        g_cond_wait(&store->done, &store->mutex);
    g_mutex_unlock(&store->mutex);
}
