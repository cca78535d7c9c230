/* Reads the file on the main thread, through main.reader.
 *
 * On a local disk a read never waits for the writer thread: the queue is searched first and the
 * mutex unlocked, then the file is read, but only messages with ids smaller than the first one in
 * the queue. So a message that is committed between the two steps is returned once, from the queue.
 * Queued writes may change the rows of rosters and of the outbox: the functions that read these
 * hold the mutex while they read the file and apply the writes. */
#include <string.h>

#include "model/store-private.h"

/* With a single connection: how long a read waits for another thread to release it. */
#define MAX_LOCK_US G_TIME_SPAN_SECOND

/* Selects the messages whose id may have the hash ?1: those in the table `ident`, and ?2, the one
 * that the id index has in memory. A statement that uses HAS_ID_HASH compares the chat as "+chat":
 * otherwise SQLite would use the index message_order and read all messages of the chat. */
#define HAS_ID_HASH "message.id IN (SELECT message FROM ident WHERE hash = ?1 UNION ALL SELECT ?2)"
#define CHAT_COLUMNS "id, address, kind, read_time, read_id, waiting, draft, nick"

static const char *const read_texts[] = {
    [NJ_READ_ACCOUNT] = "SELECT id FROM account WHERE address = ?1",
    [NJ_READ_CHAT] =
        "SELECT " CHAT_COLUMNS " FROM chat WHERE account = ?1 AND kind = ?2 AND address = ?3",
    [NJ_READ_OPEN_CHATS] =
        "SELECT " CHAT_COLUMNS
        " FROM chat WHERE account = ?1 AND (waiting OR draft IS NOT NULL OR nick IS NOT NULL"
        " OR id IN (SELECT message.chat FROM outbox JOIN message ON message.id = outbox.message)"
        " OR EXISTS (SELECT 1 FROM message WHERE chat = chat.id"
        " AND (time, id) > (read_time, read_id) AND NOT outgoing))",
    [NJ_READ_COUNTS] =
        "SELECT count(*), total(mention) FROM (SELECT mention FROM message WHERE chat = ?1"
        " AND (time, id) > (?2, ?3) AND id < ?4 AND NOT outgoing LIMIT ?5)",
    [NJ_READ_NEWEST] = "SELECT time, id FROM message WHERE chat = ?1 AND id < ?2"
                       " ORDER BY time DESC, id DESC LIMIT 1",
    [NJ_READ_BEFORE] = "SELECT " NJ_MESSAGE_COLUMNS
                       " FROM message WHERE chat = ?1 AND (time, id) < (?2, ?3) AND id < ?4"
                       " ORDER BY time DESC, id DESC LIMIT ?5",
    [NJ_READ_AFTER] = "SELECT " NJ_MESSAGE_COLUMNS
                      " FROM message WHERE chat = ?1 AND (time, id) > (?2, ?3) AND id < ?4"
                      " ORDER BY time, id LIMIT ?5",
    [NJ_READ_ORIGIN] = "SELECT 1 FROM message WHERE " HAS_ID_HASH
                       " AND +chat = ?3 AND origin_id = ?4 AND sender IS ?5 LIMIT 1",
    [NJ_READ_ARCHIVE] = "SELECT 1 FROM message WHERE " HAS_ID_HASH
                        " AND +chat = ?3 AND archive_id = ?4 AND archive_by IS ?5 LIMIT 1",
    [NJ_READ_CHATS] = "SELECT " CHAT_COLUMNS ", account FROM chat",
    [NJ_READ_ROSTER_VERSION] = "SELECT version FROM roster_version WHERE account = ?1",
    [NJ_READ_ROSTER] =
        "SELECT address, name, subscription, groups, ask, approved FROM roster WHERE account = ?1",
    [NJ_READ_STREAM] = "SELECT id, jid, location, received, until FROM stream WHERE account = ?1",
    [NJ_READ_OUTBOX] =
        "SELECT " NJ_MESSAGE_COLUMNS
        ", kind, address, number FROM outbox JOIN message ON message.id = outbox.message"
        " JOIN chat ON chat.id = message.chat WHERE account = ?1",
    [NJ_READ_SENT] = "SELECT " NJ_MESSAGE_COLUMNS " FROM message WHERE " HAS_ID_HASH
                     " AND +chat = ?3 AND origin_id = ?4 AND outgoing"
                     " ORDER BY message.id DESC LIMIT 1",
    [NJ_READ_SENT_BY_ID] = "SELECT " NJ_MESSAGE_COLUMNS
                           ", kind, address FROM message JOIN chat ON chat.id = message.chat"
                           " WHERE message.id = ?1 AND outgoing AND account = ?2",
};

/* report_read_error() and report_lock_timeout() count and log a failed read. The on_error hook gets
 * a sentence about the first one, later from the main loop, because the caller may be in the middle
 * of a change. */
static void
report_read_error(NjStore *store)
{
    store->main.failed_reads++;
    g_warning("cannot read history.db: %s", sqlite3_errmsg(store->main.reader));
    if (store->main.read_error)
        return;
    store->main.read_error = nj_store_error_sentence(store->main.reader, store->path);
    if (store->notification)
        g_source_set_ready_time(store->notification, 0);
}

static void
report_lock_timeout(NjStore *store)
{
    store->main.failed_reads++;
    g_warning("cannot read history.db: a write takes too long");
    if (store->main.read_error)
        return;

    store->main.read_error =
        g_strdup_printf(_("The disk with %s does not respond: stored messages cannot be "
                          "shown at present. Check the connection to it."),
                        store->path);
    if (store->notification)
        g_source_set_ready_time(store->notification, 0);
}

guint
nj_store_failed_reads(const NjStore *store)
{
    return store->main.failed_reads;
}

/* Replaces the connection to the snapshot, after the writer thread has opened the file for
 * writing. */
static void
reopen_reader(NjStore *store)
{
    nj_store_close_reader(store);
    g_autoptr(GError) error = NULL;
    store->main.reader = store->single_connection ? store->writer.db
                                                  : nj_access_connect(store->access, false, &error);
    if (error)
        g_warning("%s", error->message);
    store->main.reader_is_snapshot = !store->main.reader;
}

bool
nj_store_lock(NjStore *store)
{
    /* After a timeout, further reads do not wait again for a while: otherwise a caller with several
     * reads would block the main thread for several seconds. */
    gint64 now = g_get_monotonic_time();
    if (!store->main.lock_depth
        && !nj_access_lock(store->access,
                           now < store->main.no_wait_until ? now : now + MAX_LOCK_US)) {
        store->main.no_wait_until = g_get_monotonic_time() + MAX_LOCK_US;
        report_lock_timeout(store);
        return false;
    }

    store->main.lock_depth++;
    return true;
}

void
nj_store_unlock(NjStore *store)
{
    if (!--store->main.lock_depth)
        nj_access_unlock(store->access);
}

sqlite3_stmt *
nj_store_read_begin(NjStore *store, NjRead which)
{
    sqlite3_stmt **statement = &store->main.statements[which];
    if (store->main.reader_is_snapshot && !nj_access_is_read_only(store->access))
        reopen_reader(store);
    if (!nj_store_lock(store))
        return NULL;

    if (!*statement
        && sqlite3_prepare_v3(store->main.reader, read_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                              statement, NULL)
               != SQLITE_OK)
        report_read_error(store);
    if (!*statement)
        nj_store_unlock(store);

    return *statement;
}

bool
nj_store_read_step(sqlite3_stmt *statement)
{
    return statement && sqlite3_step(statement) == SQLITE_ROW;
}

bool
nj_store_read_end(NjStore *store, sqlite3_stmt *statement)
{
    if (!statement)
        return false;
    bool good = sqlite3_reset(statement) == SQLITE_OK;
    if (!good)
        report_read_error(store);
    sqlite3_clear_bindings(statement);
    nj_store_unlock(store);
    return good;
}

char *
nj_store_read_text(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *) sqlite3_column_text(statement, column));
}

gint64
nj_store_first_unwritten_id(const NjStore *store)
{
    for (const NjWrite *write = store->shared.first; write; write = write->next)
        if (write->kind == NJ_WRITE_MESSAGE)
            return write->row;
    return G_MAXINT64;
}

/* --- pages --- */

static void
free_message(void *message)
{
    nj_message_unref(message);
}

NjMessage *
nj_store_read_message(sqlite3_stmt *statement)
{
    NjMessage *message = nj_message_new();
    message->id = sqlite3_column_int64(statement, 0);
    message->chat = sqlite3_column_int64(statement, 1);
    message->time = sqlite3_column_int64(statement, 2);
    message->type =
        (NjMessageType) CLAMP(sqlite3_column_int(statement, 3), NJ_MESSAGE_CHAT, NJ_MESSAGE_ERROR);
    message->state = (NjMessageState) CLAMP(sqlite3_column_int(statement, 4), NJ_STATE_RECEIVED,
                                            NJ_STATE_COUNT - 1);
    message->out = sqlite3_column_int(statement, 5) != 0;

    message->delayed = sqlite3_column_int(statement, 6) != 0;
    message->mention = sqlite3_column_int(statement, 7) != 0;
    message->sender = nj_store_read_text(statement, 8);
    message->body = nj_store_read_text(statement, 9);
    message->subject = nj_store_read_text(statement, 10);
    message->thread = nj_store_read_text(statement, 11);
    message->wire_id = nj_store_read_text(statement, 12);
    message->origin_id = nj_store_read_text(statement, 13);
    message->archive_id = nj_store_read_text(statement, 14);

    message->archive_by = nj_store_read_text(statement, 15);
    message->encryption = nj_store_read_text(statement, 16);
    message->error = nj_store_read_text(statement, 17);
    return message;
}

static int
compare_messages(const void *a, const void *b)
{
    const NjMessage *one = *(NjMessage *const *) a, *other = *(NjMessage *const *) b;
    if (one->id == other->id)
        return 0;
    return nj_is_after(one->time, one->id, other->time, other->id) ? 1 : -1;
}

/* The newest state in the queue of a message that is in the file. */
typedef struct {
    gint64 id;
    NjMessageState state;
    char *error;
} Change;

static void
free_change(void *data)
{
    Change *change = data;
    g_free(change->error);
    g_free(change);
}

/* Adds the queued messages of the chat before or after (time, id) to the page, and the queued
 * states of messages in the file to `changes` (message row -> Change). Returns the id of the oldest
 * queued message; the page takes only smaller ids from the file. */
static gint64
collect_queued(NjStore *store, gint64 chat, gint64 time, gint64 id, bool before, GPtrArray *page,
               GHashTable *changes)
{
    g_mutex_lock(&store->mutex);
    gint64 limit = nj_store_first_unwritten_id(store);
    for (const NjWrite *write = store->shared.first; write; write = write->next) {
        if (write->kind == NJ_WRITE_STATE && write->row < limit) {
            Change *change = g_new(Change, 1);
            change->state = (NjMessageState) write->number;
            change->error = g_strdup(write->text);
            change->id = write->row;
            g_hash_table_replace(changes, &change->id, change);
        }
        if (write->kind != NJ_WRITE_MESSAGE || write->chat != chat || write->row == id)
            continue;
        if (nj_is_after(write->message->time, write->row, time, id) != before)
            g_ptr_array_add(page, nj_message_ref(write->message));
    }

    g_mutex_unlock(&store->mutex);
    return limit;
}

static GPtrArray *
read_page(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit, bool before)
{
    GPtrArray *page = g_ptr_array_new_with_free_func(free_message);
    g_autoptr(GHashTable) changes =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_change);
    gint64 first_queued = collect_queued(store, chat, time, id, before, page, changes);

    sqlite3_stmt *statement = nj_store_read_begin(store, before ? NJ_READ_BEFORE : NJ_READ_AFTER);
    if (statement) {
        sqlite3_bind_int64(statement, 1, chat);
        sqlite3_bind_int64(statement, 2, time);
        sqlite3_bind_int64(statement, 3, id);
        sqlite3_bind_int64(statement, 4, first_queued);
        sqlite3_bind_int64(statement, 5, limit);
    }

    while (nj_store_read_step(statement)) {
        NjMessage *message = nj_store_read_message(statement);
        const Change *change = g_hash_table_lookup(changes, &message->id);
        if (change)
            nj_message_set_state(message, change->state, change->error);
        g_ptr_array_add(page, message);
    }

    nj_store_read_end(store, statement);

    g_ptr_array_sort(page, compare_messages);
    if (page->len > limit)
        g_ptr_array_remove_range(page, before ? 0 : limit, page->len - limit);
    return page;
}

GPtrArray *
nj_store_page_before(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit)
{
    return read_page(store, chat, time, id, limit, true);
}

GPtrArray *
nj_store_page_after(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit)
{
    return read_page(store, chat, time, id, limit, false);
}

/* Is there a message like this one in the set of queued messages or in the file? `id` and `by` are
 * the fields of `like` that `kind` compares. */
static bool
has_message_with_id(NjStore *store, GHashTable *queued, NjRead read, NjIdKind kind,
                    const NjMessage *like, const char *id, const char *by)
{
    gint64 hash = nj_id_index_hash(store->id_index, kind, like->chat, by, id);
    g_mutex_lock(&store->mutex);

    bool found = g_hash_table_contains(queued, like);
    gint64 in_memory = nj_id_index_find(store->id_index, hash);
    g_mutex_unlock(&store->mutex);
    if (found)
        return true;

    sqlite3_stmt *statement = nj_store_read_begin(store, read);
    if (statement) {
        sqlite3_bind_int64(statement, 1, hash);
        sqlite3_bind_int64(statement, 2, in_memory);
        sqlite3_bind_int64(statement, 3, like->chat);
        sqlite3_bind_text(statement, 4, id, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 5, by, -1, SQLITE_STATIC); /* NULL binds as NULL */
    }

    found = nj_store_read_step(statement);
    nj_store_read_end(store, statement);
    return found;
}

bool
nj_store_has_origin_id(NjStore *store, gint64 chat, const char *sender, const char *origin_id)
{
    NjMessage like = { .chat = chat, .sender = (char *) sender, .origin_id = (char *) origin_id };
    return has_message_with_id(store, store->shared.by_origin_id, NJ_READ_ORIGIN, NJ_ID_ORIGIN,
                               &like, origin_id, sender);
}

bool
nj_store_has_archive_id(NjStore *store, gint64 chat, const char *by, const char *archive_id)
{
    NjMessage like = { .chat = chat, .archive_by = (char *) by, .archive_id = (char *) archive_id };
    return has_message_with_id(store, store->shared.by_archive_id, NJ_READ_ARCHIVE, NJ_ID_ARCHIVE,
                               &like, archive_id, by);
}
