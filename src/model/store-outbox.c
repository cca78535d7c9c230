/* The outbox: sent messages that are not acknowledged, with the number of their stanza in the
 * stream (XEP-0198). In the file it is the table `outbox`.
 *
 * nj_store_list_outbox() reads the table and applies the queued writes to the result. It holds the
 * mutex, so that no write leaves the queue meanwhile. A write may be in the table and in the queue,
 * when it is committed and the writer thread waits for the mutex to remove it; applying it again
 * changes nothing. */
#include "model/store-private.h"

bool
nj_store_write_needs_outbox(const NjWrite *write)
{
    return write->kind == NJ_WRITE_MESSAGE && write->message->out
           && nj_state_is_open((NjMessageState) write->number);
}

static void
free_row(void *data)
{
    NjStoredOutboxRow *row = data;
    nj_message_unref(row->message);
    g_free(row->address);
    g_free(row);
}

static void
set_state(NjMessage *message, const NjWrite *state)
{
    nj_message_set_state(message, (NjMessageState) state->number, state->text);
}

/* An outbox that is being put together. */
typedef struct {
    NjStore *store;
    gint64 account;
    GHashTable *rows;   /* message row -> NjStoredOutboxRow */
    GHashTable *queued; /* message row -> NjMessage: sent messages in the writes applied so far */
} Outbox;

/* Adds a row without a stanza number, or replaces the row of the message. Takes ownership of the
 * reference to the message; address is copied. */
static NjStoredOutboxRow *
add_row(Outbox *box, NjMessage *message, NjChatKind kind, const char *address)
{
    NjStoredOutboxRow *row = g_new0(NjStoredOutboxRow, 1);
    row->message = message;
    row->kind = kind;
    row->address = g_strdup(address);
    g_hash_table_replace(box->rows, &message->id, row);
    return row;
}

/* Adds a row of which the first columns are NJ_MESSAGE_COLUMNS, the chat's kind and its address. */
static NjStoredOutboxRow *
add_file_row(Outbox *box, sqlite3_stmt *statement)
{
    return add_row(box, nj_store_read_message(statement),
                   (NjChatKind) sqlite3_column_int(statement, 18),
                   (const char *) sqlite3_column_text(statement, 19));
}

static void
read_outbox_rows(Outbox *box)
{
    sqlite3_stmt *statement = nj_store_read_begin(box->store, NJ_READ_OUTBOX);
    if (statement)
        sqlite3_bind_int64(statement, 1, box->account);

    while (nj_store_read_step(statement)) {
        NjStoredOutboxRow *row = add_file_row(box, statement);
        row->numbered = sqlite3_column_type(statement, 20) != SQLITE_NULL;
        row->number = (guint32) sqlite3_column_int64(statement, 20);
    }

    nj_store_read_end(box->store, statement);
}

/* Adds a message that is in the file but not in its outbox: a queued write sets its state back to
 * an open one, for example after /retry. */
static void
read_reopened_row(Outbox *box, gint64 id)
{
    sqlite3_stmt *statement = nj_store_read_begin(box->store, NJ_READ_SENT_BY_ID);
    if (statement) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, box->account);
    }
    if (nj_store_read_step(statement))
        add_file_row(box, statement);
    nj_store_read_end(box->store, statement);
}

static void
add_queued_row(Outbox *box, NjMessage *message)
{
    gint64 account;
    NjChatKind kind;
    const char *address;
    if (nj_store_find_known_chat(box->store, message->chat, &account, &kind, &address)
        && account == box->account)
        add_row(box, nj_message_ref(message), kind, address);
}

static void
apply_state(Outbox *box, const NjWrite *write)
{
    if (!nj_state_is_open((NjMessageState) write->number)) {
        g_hash_table_remove(box->rows, &write->row);
        return;
    }

    if (!g_hash_table_contains(box->rows, &write->row)) {
        NjMessage *queued = g_hash_table_lookup(box->queued, &write->row);
        if (queued)
            add_queued_row(box, queued);
        else
            read_reopened_row(box, write->row);
    }

    NjStoredOutboxRow *row = g_hash_table_lookup(box->rows, &write->row);
    if (row)
        set_state(row->message, write);
}

static void
apply_delete_chat(Outbox *box, gint64 chat)
{
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, box->rows);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const NjStoredOutboxRow *) value)->message->chat == chat)
            g_hash_table_iter_remove(&iter);
}

static void
apply_write(Outbox *box, const NjWrite *write)
{
    if (write->kind == NJ_WRITE_MESSAGE && write->message->out) {
        g_hash_table_insert(box->queued, &write->message->id, write->message);
        if (nj_store_write_needs_outbox(write))
            add_queued_row(box, write->message);
    } else if (write->kind == NJ_WRITE_STATE) {
        apply_state(box, write);
    } else if (write->kind == NJ_WRITE_DELETE_CHAT) {
        apply_delete_chat(box, write->chat);
    } else if (write->kind == NJ_WRITE_STANZA_NUMBER) {
        NjStoredOutboxRow *row = g_hash_table_lookup(box->rows, &write->row);
        if (row) {
            row->numbered = write->number != 0;
            row->number = (guint32) write->value;
        }
    }
}

static int
compare_rows(const void *a, const void *b)
{
    const NjStoredOutboxRow *one = *(NjStoredOutboxRow *const *) a,
                            *other = *(NjStoredOutboxRow *const *) b;
    return (one->message->id > other->message->id) - (one->message->id < other->message->id);
}

GPtrArray *
nj_store_list_outbox(NjStore *store, gint64 account)
{
    g_autoptr(GHashTable) rows = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_row);
    g_autoptr(GHashTable) queued = g_hash_table_new(g_int64_hash, g_int64_equal);
    Outbox box = { store, account, rows, queued };
    bool locked = nj_store_lock(store);

    g_mutex_lock(&store->mutex);
    read_outbox_rows(&box);
    for (const NjWrite *write = store->shared.first; write; write = write->next)
        apply_write(&box, write);

    g_mutex_unlock(&store->mutex);
    if (locked)
        nj_store_unlock(store);

    GPtrArray *list = g_ptr_array_new_with_free_func(free_row);
    GHashTableIter iter;
    void *row;
    g_hash_table_iter_init(&iter, rows);

    while (g_hash_table_iter_next(&iter, NULL, &row)) {
        g_ptr_array_add(list, row);
        g_hash_table_iter_steal(&iter);
    }

    g_ptr_array_sort(list, compare_rows);
    return list;
}

void
nj_store_set_stanza_number(NjStore *store, gint64 message, bool numbered, guint32 number)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_STANZA_NUMBER);
    write->row = message;
    write->number = numbered;
    write->value = number;
    nj_store_append_write(store, write);
}

NjMessage *
nj_store_find_sent(NjStore *store, gint64 chat, const char *origin_id)
{
    NjMessage like = { .chat = chat, .origin_id = (char *) origin_id };
    gint64 hash = nj_id_index_hash(store->id_index, NJ_ID_SENT, chat, NULL, origin_id);
    bool locked = nj_store_lock(store);

    g_mutex_lock(&store->mutex);
    NjMessage *message = g_hash_table_lookup(store->shared.sent_by_origin_id, &like);
    if (message) {
        nj_message_ref(message);
    } else {
        sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_SENT);
        if (statement) {
            sqlite3_bind_int64(statement, 1, hash);
            sqlite3_bind_int64(statement, 2, nj_id_index_find(store->id_index, hash));
            sqlite3_bind_int64(statement, 3, chat);
            sqlite3_bind_text(statement, 4, origin_id, -1, SQLITE_STATIC);
        }
        if (nj_store_read_step(statement))
            message = nj_store_read_message(statement);
        nj_store_read_end(store, statement);
        const NjWrite *state =
            message ? g_hash_table_lookup(store->shared.newest_states, &message->id) : NULL;
        if (state)
            set_state(message, state);
    }

    g_mutex_unlock(&store->mutex);
    if (locked)
        nj_store_unlock(store);
    return message;
}
