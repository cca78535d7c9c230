/* The accounts and chats of the store.
 *
 * The row of an account or chat is read from the file when it is first needed in this run. From
 * then on KnownChat holds its current values, so that a lookup does not depend on how far the
 * writer thread has come. */
#include "model/store-private.h"

/* A chat with the values that the main thread has set last; the file may still have older ones. */
typedef struct {
    char *key; /* from chat_key() */
    gint64 id, account;
    NjChatKind kind;
    char *address;
    gint64 read_time, read_id;
    bool from_stranger;
    char *draft; /* NULL: none */
    char *nick;  /* of a room that was not left; NULL: not in the room */

    /* The last write of the read marker and its sequence number. While the writer thread has not
     * taken it, a new position is set in it instead of appending another write. */
    NjWrite *marker_write;
    guint64 marker_write_seq;
} KnownChat;

static void
free_known_chat(void *data)
{
    KnownChat *known = data;
    g_free(known->key);
    g_free(known->address);
    g_free(known->draft);
    g_free(known->nick);
    g_free(known);
}

void
nj_store_init_chats(NjStore *store)
{
    store->main.accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    store->main.chats_by_key = g_hash_table_new(g_str_hash, g_str_equal);
    store->main.deleted_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    store->main.chats = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_known_chat);
}

void
nj_store_free_chats(NjStore *store)
{
    g_clear_pointer(&store->main.accounts, g_hash_table_unref);
    g_clear_pointer(&store->main.chats_by_key, g_hash_table_unref);
    g_clear_pointer(&store->main.deleted_keys, g_hash_table_unref);
    g_clear_pointer(&store->main.chats, g_hash_table_unref);
}

/* --- accounts --- */

gint64
nj_store_ensure_account(NjStore *store, const char *bare)
{
    gint64 *known = g_hash_table_lookup(store->main.accounts, bare);
    if (known)
        return *known;

    gint64 row = 0;
    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_ACCOUNT);
    if (statement)
        sqlite3_bind_text(statement, 1, bare, -1, SQLITE_STATIC);
    if (nj_store_read_step(statement))
        row = sqlite3_column_int64(statement, 0);

    nj_store_read_end(store, statement);
    if (!row) {
        NjWrite *write = nj_store_write_new(NJ_WRITE_ACCOUNT);
        row = write->row = ++store->main.last_account;
        write->text = g_strdup(bare);
        nj_store_append_write(store, write);
    }

    known = g_new(gint64, 1);
    *known = row;
    g_hash_table_insert(store->main.accounts, g_strdup(bare), known);
    return row;
}

/* --- chats --- */

/* Returns the key of a chat in main.chats_by_key. The caller owns it. */
static char *
chat_key(gint64 account, NjChatKind kind, const char *address)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %d %s", account, (int) kind, address);
}

/* Adds a chat that has no KnownChat yet. Takes ownership of the key. */
static KnownChat *
add_known_chat(NjStore *store, char *key, gint64 id, gint64 account, NjChatKind kind,
               const char *address)
{
    KnownChat *known = g_new0(KnownChat, 1);
    known->key = key;
    known->id = id;
    known->account = account;
    known->kind = kind;
    known->address = g_strdup(address);
    g_hash_table_insert(store->main.chats, &known->id, known);
    g_hash_table_insert(store->main.chats_by_key, known->key, known);

    return known;
}

/* Adds a chat from a row of CHAT_COLUMNS (store-read.c). A chat that is known already is returned
 * unchanged, because its values may be newer than the row. */
static KnownChat *
add_known_row(NjStore *store, gint64 account, sqlite3_stmt *statement)
{
    const char *address = (const char *) sqlite3_column_text(statement, 1);
    NjChatKind kind = (NjChatKind) sqlite3_column_int(statement, 2);
    g_autofree char *key = chat_key(account, kind, address);
    KnownChat *known = g_hash_table_lookup(store->main.chats_by_key, key);

    if (known)
        return known;

    known = add_known_chat(store, g_steal_pointer(&key), sqlite3_column_int64(statement, 0),
                           account, kind, address);
    known->read_time = sqlite3_column_int64(statement, 3);
    known->read_id = sqlite3_column_int64(statement, 4);
    known->from_stranger = sqlite3_column_int(statement, 5) != 0;
    known->draft = nj_store_read_text(statement, 6);
    known->nick = nj_store_read_text(statement, 7);

    return known;
}

/* For a network file system, where a read fails if another thread uses the single connection for
 * too long. Afterwards nj_store_ensure_chat() needs no read to find a chat of the file. */
void
nj_store_read_all_chats(NjStore *store)
{
    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_CHATS);
    while (nj_store_read_step(statement))
        add_known_row(store, sqlite3_column_int64(statement, 8), statement);
    nj_store_read_end(store, statement);
}

/* Fills in the unread counts and the newest message, from the queue and then from the file. A
 * message may be committed between these two steps. It must not be counted twice, so the file is
 * searched only for ids smaller than `limit`, the id of the oldest queued message. */
static void
count_messages(NjStore *store, NjStoredChat *out)
{
    g_mutex_lock(&store->mutex);
    gint64 limit = nj_store_first_unwritten_id(store);
    for (const NjWrite *write = store->shared.first; write; write = write->next) {
        if (write->kind != NJ_WRITE_MESSAGE || write->chat != out->id)
            continue;
        const NjMessage *message = write->message;
        if (nj_is_after(message->time, message->id, out->last_time, out->last_id)) {
            out->last_time = message->time;
            out->last_id = message->id;
        }
        if (message->out || !nj_is_after(message->time, message->id, out->read_time, out->read_id))
            continue;
        out->unread++;
        out->mentions += message->mention;
    }

    g_mutex_unlock(&store->mutex);

    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_COUNTS);
    if (statement) {
        sqlite3_bind_int64(statement, 1, out->id);
        sqlite3_bind_int64(statement, 2, out->read_time);
        sqlite3_bind_int64(statement, 3, out->read_id);
        sqlite3_bind_int64(statement, 4, limit);
        sqlite3_bind_int(statement, 5, NJ_MAX_UNREAD);
    }

    if (nj_store_read_step(statement)) {
        out->unread = MIN(out->unread + (guint) sqlite3_column_int(statement, 0), NJ_MAX_UNREAD);
        out->mentions =
            MIN(out->mentions + (guint) sqlite3_column_int(statement, 1), NJ_MAX_UNREAD);
    }

    nj_store_read_end(store, statement);

    statement = nj_store_read_begin(store, NJ_READ_NEWEST);
    if (statement) {
        sqlite3_bind_int64(statement, 1, out->id);
        sqlite3_bind_int64(statement, 2, limit);
    }

    if (nj_store_read_step(statement)
        && nj_is_after(sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
                       out->last_time, out->last_id)) {
        out->last_time = sqlite3_column_int64(statement, 0);
        out->last_id = sqlite3_column_int64(statement, 1);
    }

    nj_store_read_end(store, statement);
}

/* Fills *out completely; its strings are copies. */
static void
fill_chat(NjStore *store, const KnownChat *known, NjStoredChat *out)
{
    *out = (NjStoredChat){
        .id = known->id,
        .address = g_strdup(known->address),
        .kind = known->kind,
        .read_time = known->read_time,
        .read_id = known->read_id,
        .from_stranger = known->from_stranger,
        .draft = g_strdup(known->draft),
        .nick = g_strdup(known->nick),
    };

    count_messages(store, out);
}

/* Finds the KnownChat of a chat, which is made if the chat is only in the file. *known is NULL if
 * the chat does not exist. False if the file cannot be read. */
static bool
find_known_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                const char *key, KnownChat **known)
{
    *known = g_hash_table_lookup(store->main.chats_by_key, key);
    if (*known || g_hash_table_contains(store->main.deleted_keys, key))
        return true;

    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_CHAT);
    if (statement) {
        sqlite3_bind_int64(statement, 1, account);
        sqlite3_bind_int(statement, 2, (int) kind);
        sqlite3_bind_text(statement, 3, address, -1, SQLITE_STATIC);
    }

    if (nj_store_read_step(statement))
        *known = add_known_row(store, account, statement);
    return nj_store_read_end(store, statement);
}

bool
nj_store_find_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                   NjStoredChat *out)
{
    g_autofree char *key = chat_key(account, kind, address);
    KnownChat *known;
    *out = (NjStoredChat){ .kind = kind };
    if (!find_known_chat(store, account, kind, address, key, &known) || !known)
        return false;
    fill_chat(store, known, out);
    return true;
}

bool
nj_store_ensure_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                     NjStoredChat *out)
{
    g_autofree char *key = chat_key(account, kind, address);
    KnownChat *known;

    *out = (NjStoredChat){ .kind = kind };
    if (!find_known_chat(store, account, kind, address, key, &known))
        return false;

    if (!known) {
        NjWrite *write = nj_store_write_new(NJ_WRITE_CHAT);
        write->row = ++store->main.last_chat;
        write->account = account;
        write->number = (int) kind;
        write->text = g_strdup(address);
        g_hash_table_remove(store->main.deleted_keys, key);
        known = add_known_chat(store, g_steal_pointer(&key), write->row, account, kind, address);
        nj_store_append_write(store, write);
    }

    /* Counting the messages may fail. The chat can be used nevertheless, so it is returned. */
    fill_chat(store, known, out);
    return true;
}

bool
nj_store_find_known_chat(NjStore *store, gint64 chat, gint64 *account, NjChatKind *kind,
                         const char **address)
{
    const KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return false;
    *account = known->account;
    *kind = known->kind;
    *address = known->address;
    return true;
}

void
nj_stored_chat_clear(NjStoredChat *chat)
{
    g_free(chat->address);
    g_free(chat->draft);
    g_free(chat->nick);
    *chat = (NjStoredChat){ 0 };
}

static void
free_stored_chat(void *chat)
{
    nj_stored_chat_clear(chat);
    g_free(chat);
}

GPtrArray *
nj_store_list_open_chats(NjStore *store, gint64 account)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(free_stored_chat);
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_OPEN_CHATS);

    if (statement)
        sqlite3_bind_int64(statement, 1, account);
    while (nj_store_read_step(statement))
        g_ptr_array_add(known, add_known_row(store, account, statement));

    nj_store_read_end(store, statement);
    for (guint i = 0; i < known->len; i++) {
        NjStoredChat *chat = g_new(NjStoredChat, 1);
        fill_chat(store, g_ptr_array_index(known, i), chat);
        g_ptr_array_add(found, chat);
    }

    return found;
}

/* --- changes of a chat --- */

void
nj_store_set_read_marker(NjStore *store, gint64 chat, gint64 time, gint64 id)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return;

    known->read_time = time;
    known->read_id = id;

    /* The read marker of a displayed chat moves with every message, so one write for each batch is
     * enough. */
    g_mutex_lock(&store->mutex);

    bool queued = known->marker_write_seq > store->shared.seq_taken;
    if (queued) {
        known->marker_write->value = time;
        known->marker_write->row = id;
    }

    g_mutex_unlock(&store->mutex);
    if (queued)
        return;

    NjWrite *write = nj_store_write_new(NJ_WRITE_READ_MARKER);
    write->chat = chat;
    write->value = time;
    write->row = id;
    known->marker_write = write;
    known->marker_write_seq = store->shared.seq_newest + 1; /* the number that the write will get */
    nj_store_append_write(store, write);
}

void
nj_store_set_draft(NjStore *store, gint64 chat, const char *draft)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return;

    g_free(known->draft);
    known->draft = g_strdup(draft);

    NjWrite *write = nj_store_write_new(NJ_WRITE_DRAFT);
    write->chat = chat;
    write->text = g_strdup(draft);
    nj_store_append_write(store, write);
}

void
nj_store_set_room_nick(NjStore *store, gint64 chat, const char *nick)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known || g_strcmp0(known->nick, nick) == 0)
        return;

    g_free(known->nick);
    known->nick = g_strdup(nick);

    NjWrite *write = nj_store_write_new(NJ_WRITE_ROOM_NICK);
    write->chat = chat;
    write->text = g_strdup(nick);
    nj_store_append_write(store, write);
}

void
nj_store_set_from_stranger(NjStore *store, gint64 chat, bool from_stranger)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return;
    known->from_stranger = from_stranger;
    NjWrite *write = nj_store_write_new(NJ_WRITE_FROM_STRANGER);
    write->chat = chat;
    write->number = from_stranger;
    nj_store_append_write(store, write);
}

void
nj_store_delete_chat(NjStore *store, gint64 chat)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return;

    g_hash_table_remove(store->main.chats_by_key, known->key);
    g_hash_table_add(store->main.deleted_keys, g_strdup(known->key));
    g_hash_table_remove(store->main.chats, &chat);

    NjWrite *write = nj_store_write_new(NJ_WRITE_DELETE_CHAT);
    write->chat = chat;
    nj_store_append_write(store, write);
}
