/* The main thread's side of history.db: its begin and end, ids, and what is to be changed.
 *
 * What the file says of a chat or an account is read when it is first met in this run and kept here
 * as it changes: so it is always known, whatever the writer has done of it. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "model/store-words.h"

typedef struct {
    char *key;
    gint64 id, account;
    NjChatKind kind;
    char *address;
    gint64 read_time, read_id;
    bool from_stranger;
    char *draft;
    char *nick;
    /* the last change of the marker that was asked for, and when: while not taken it is changed in
     * place */
    NjWrite *read_write;
    guint64 read_turn;
} KnownChat;

static KnownChat *know_row(NjStore *store, gint64 account, sqlite3_stmt *statement);

/* Opening and closing */

static gboolean
tell_news(void *data)
{
    NjStore *store = data;
    g_mutex_lock(&store->mutex);

    bool has_room = store->shared.has_room, changed = store->shared.trouble_changed;
    g_autofree char *trouble = g_strdup(store->shared.trouble);
    store->shared.has_room = store->shared.trouble_changed = false;
    g_mutex_unlock(&store->mutex);

    bool closed = false;
    store->main.closed = &closed;

    /* First what is committed: who hears of the trouble takes the rest back. */
    nj_store_call(store, changed && trouble);
    if (!closed && changed && store->main.on_trouble)
        store->main.on_trouble(trouble, store->main.owner);

    if (!closed && store->main.read_trouble && !store->main.read_told && store->main.on_trouble) {
        store->main.read_told = true;
        store->main.on_trouble(store->main.read_trouble, store->main.owner);
    }

    if (!closed && has_room && store->main.on_room)
        store->main.on_room(store->main.owner);
    if (closed)
        return G_SOURCE_REMOVE;

    store->main.closed = NULL;
    return G_SOURCE_CONTINUE;
}

static void
free_known(void *data)
{
    KnownChat *known = data;
    g_free(known->key);
    g_free(known->address);
    g_free(known->draft);
    g_free(known->nick);
    g_free(known);
}

void
nj_store_close_reader(NjStore *store)
{
    for (int i = 0; i < NJ_READ_STATEMENTS; i++)
        sqlite3_finalize(store->main.reads[i]);
    memset(store->main.reads, 0, sizeof store->main.reads);
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
    if (store->news) {
        g_source_destroy(store->news);
        g_source_unref(store->news);
    }

    nj_searcher_unref(store->searcher);
    nj_id_index_free(store->id_index);
    nj_access_unref(store->access);
    g_clear_pointer(&store->main.accounts, g_hash_table_unref);
    g_clear_pointer(&store->main.keys, g_hash_table_unref);
    g_clear_pointer(&store->main.gone, g_hash_table_unref);
    g_clear_pointer(&store->main.chats, g_hash_table_unref);
    g_clear_pointer(&store->shared.origins, g_hash_table_unref);
    g_clear_pointer(&store->shared.archives, g_hash_table_unref);

    g_clear_pointer(&store->shared.ours, g_hash_table_unref);
    g_clear_pointer(&store->shared.states, g_hash_table_unref);
    g_clear_pointer(&store->shared.streams, g_hash_table_unref);
    g_mutex_clear(&store->mutex);
    g_cond_clear(&store->work);
    g_cond_clear(&store->done);
    g_free(store->shared.trouble);
    g_free(store->main.read_trouble);
    g_free(store->lock_path);

    g_free(store->path);
    g_free(store);
}

/* No id of a message is given again that one of the marks has passed, whatever was forgotten. */
bool
nj_store_read_ids(sqlite3 *db, gint64 ids[3])
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
        g_autofree char *sentence =
            store->writer.lock_fd < 0 && !reason ? nj_store_unwritable(store->lock_path) : NULL;
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

static bool
read_begin(NjStore *store, GError **error)
{
    sqlite3 *db = store->writer.db ? store->writer.db : store->main.reader;
    if (nj_store_read_ids(db, store->last_ids_at_open)
        && nj_id_index_open(store, db, store->writer.db != NULL)) {
        store->main.last_account = store->last_ids_at_open[0];
        store->main.last_chat = store->last_ids_at_open[1];
        store->main.last_message = store->last_ids_at_open[2];
        return true;
    }

    nj_store_set_error(db, store->path, error);
    return false;
}

/* A file that cannot be written is read; what is said waits in memory until it can be. */
static bool
open_files(NjStore *store, GError **error)
{
    GError *reason = NULL;
    if (!nj_store_open_writer(store, &reason)) {
        if (!g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_ROFS)) {
            g_propagate_error(error, reason);
            return false;
        }
        nj_access_freeze(store->access, true);
        store->main.frozen = store->shared.trouble_changed = true;
        store->shared.trouble = g_strdup(reason->message);
        g_error_free(reason);
    }

    store->main.reader = store->single_connection && store->writer.db
                             ? store->writer.db
                             : nj_access_connect(store->access, false, error);
    return store->main.reader
           && (store->writer.db || nj_store_is_current(store->main.reader, store->path, error))
           && read_begin(store, error);
}

/* Where reading may have to wait, who is who is never in doubt. */
static void
know_all(NjStore *store)
{
    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_CHATS);
    while (nj_store_read_step(statement))
        know_row(store, sqlite3_column_int64(statement, 8), statement);
    nj_store_read_end(store, statement);
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
    store->shared.awaited = G_MAXUINT64;
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

    store->main.accounts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    store->main.keys = g_hash_table_new(g_str_hash, g_str_equal);
    store->main.gone = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    store->main.chats = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_known);
    store->shared.origins = g_hash_table_new(nj_store_origin_hash, nj_store_origin_equal);
    store->shared.archives = g_hash_table_new(nj_store_archive_hash, nj_store_archive_equal);
    store->shared.ours = g_hash_table_new(nj_store_origin_hash, nj_store_ours_equal);
    store->shared.states = g_hash_table_new(g_int64_hash, g_int64_equal);
    store->shared.streams =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, nj_known_stream_free);

    store->news = nj_clock_signal(G_PRIORITY_DEFAULT, tell_news, store);
    if (remote)
        know_all(store);
    store->searcher = nj_searcher_new(store->access);
    if (store->writer.db)
        store->writer.index = nj_index_new(store);
    else
        nj_searcher_trouble(store->searcher, true);
    if (store->shared.trouble)
        g_source_set_ready_time(store->news, 0);

    nj_store_writer_start(store);
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

    /* Ours first: the last connection to close brings the log into the file.  A shared one is the
     * writer's to close. */
    if (!store->single_connection || store->main.frozen)
        nj_store_close_reader(store);

    g_source_destroy(store->news);
    nj_searcher_close(store->searcher, until);
    nj_store_drop_calls(store);
    if (store->main.closed)
        *store->main.closed = true;

    g_mutex_lock(&store->mutex);
    store->shared.closing = true;
    nj_store_unjoin(store);
    g_cond_signal(&store->work);
    while (!store->shared.finished && g_cond_wait_until(&store->done, &store->mutex, until))
        continue;

    bool finished = store->shared.finished;
    guint left = store->shared.length;
    GThread *thread = store->main.thread;
    store->shared.abandoned = !finished;
    g_mutex_unlock(&store->mutex);
    if (left)
        g_warning("%u changes could not be written to history.db", left);

    /* A thread that hangs in the disk cannot be taken back: should it come out of there, it frees
     * the store itself.  If all is committed, it is only bringing the log into the file: without
     * that the next start reads it there. */
    if (finished) {
        g_thread_join(thread);
        nj_store_free(store);
    } else {
        g_thread_unref(thread);
    }

    return left == 0;
}

void
nj_store_set_hook(NjStore *store, void (*on_trouble)(const char *sentence, void *owner),
                  void (*on_room)(void *owner), void *owner)
{
    store->main.on_trouble = on_trouble;
    store->main.on_room = on_room;
    store->main.owner = owner;
}

/* Accounts and chats */

gint64
nj_store_account(NjStore *store, const char *bare)
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
        nj_store_write(store, write);
    }

    known = g_new(gint64, 1);
    *known = row;
    g_hash_table_insert(store->main.accounts, g_strdup(bare), known);
    return row;
}

static char *
chat_key(gint64 account, NjChatKind kind, const char *address)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %d %s", account, (int) kind, address);
}

/* Takes the key. */
static KnownChat *
know(NjStore *store, char *key, gint64 id, gint64 account, NjChatKind kind, const char *address)
{
    KnownChat *known = g_new0(KnownChat, 1);
    known->key = key;
    known->id = id;
    known->account = account;
    known->kind = kind;
    known->address = g_strdup(address);
    g_hash_table_insert(store->main.chats, &known->id, known);
    g_hash_table_insert(store->main.keys, known->key, known);

    return known;
}

/* From a row of CHAT_COLUMNS; what is known already stays. */
static KnownChat *
know_row(NjStore *store, gint64 account, sqlite3_stmt *statement)
{
    const char *address = (const char *) sqlite3_column_text(statement, 1);
    NjChatKind kind = (NjChatKind) sqlite3_column_int(statement, 2);
    g_autofree char *key = chat_key(account, kind, address);
    KnownChat *known = g_hash_table_lookup(store->main.keys, key);

    if (known)
        return known;

    known = know(store, g_steal_pointer(&key), sqlite3_column_int64(statement, 0), account, kind,
                 address);
    known->read_time = sqlite3_column_int64(statement, 3);
    known->read_id = sqlite3_column_int64(statement, 4);
    known->from_stranger = sqlite3_column_int(statement, 5) != 0;
    known->draft = nj_store_read_text(statement, 6);
    known->nick = nj_store_read_text(statement, 7);

    return known;
}

/* Fills in what the messages say: counts and the newest one. */
static void
count(NjStore *store, NjStoredChat *out)
{
    g_mutex_lock(&store->mutex);
    gint64 limit = nj_store_first_unwritten(store);
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

    statement = nj_store_read_begin(store, NJ_READ_LAST);
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

static void
describe(NjStore *store, const KnownChat *known, NjStoredChat *out)
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

    count(store, out);
}

/* False only if the store can not be read; *known NULL: there is none. */
static bool
look_up(NjStore *store, gint64 account, NjChatKind kind, const char *address, const char *key,
        KnownChat **known)
{
    *known = g_hash_table_lookup(store->main.keys, key);
    if (*known || g_hash_table_contains(store->main.gone, key))
        return true;

    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_CHAT);
    if (statement) {
        sqlite3_bind_int64(statement, 1, account);
        sqlite3_bind_int(statement, 2, (int) kind);
        sqlite3_bind_text(statement, 3, address, -1, SQLITE_STATIC);
    }

    if (nj_store_read_step(statement))
        *known = know_row(store, account, statement);
    return nj_store_read_end(store, statement);
}

bool
nj_store_find_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                   NjStoredChat *out)
{
    g_autofree char *key = chat_key(account, kind, address);
    KnownChat *known;
    *out = (NjStoredChat){ .kind = kind };
    if (!look_up(store, account, kind, address, key, &known) || !known)
        return false;
    describe(store, known, out);
    return true;
}

bool
nj_store_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
              NjStoredChat *out)
{
    g_autofree char *key = chat_key(account, kind, address);
    KnownChat *known;

    *out = (NjStoredChat){ .kind = kind };
    if (!look_up(store, account, kind, address, key, &known))
        return false;

    if (!known) {
        NjWrite *write = nj_store_write_new(NJ_WRITE_CHAT);
        write->row = ++store->main.last_chat;
        write->account = account;
        write->number = (int) kind;
        write->text = g_strdup(address);
        g_hash_table_remove(store->main.gone, key);
        known = know(store, g_steal_pointer(&key), write->row, account, kind, address);
        nj_store_write(store, write);
    }

    /* Who knows the chat may write to it, though its messages cannot be counted. */
    describe(store, known, out);
    return true;
}

bool
nj_store_chat_place(NjStore *store, gint64 chat, gint64 *account, NjChatKind *kind,
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
nj_store_open_chats(NjStore *store, gint64 account)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(free_stored_chat);
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_OPEN_CHATS);

    if (statement)
        sqlite3_bind_int64(statement, 1, account);
    while (nj_store_read_step(statement))
        g_ptr_array_add(known, know_row(store, account, statement));

    nj_store_read_end(store, statement);
    for (guint i = 0; i < known->len; i++) {
        NjStoredChat *chat = g_new(NjStoredChat, 1);
        describe(store, g_ptr_array_index(known, i), chat);
        g_ptr_array_add(found, chat);
    }

    return found;
}

/* Changes */

void
nj_store_add(NjStore *store, NjMessage *message)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_MESSAGE);
    message->id = ++store->main.last_message;
    write->row = message->id;
    write->chat = message->chat;
    write->message = nj_message_ref(message);

    /* These two change later on this thread, while the other one reads. */
    write->number = (int) message->state;
    write->text = g_strdup(message->error);
    nj_store_write(store, write);
}

void
nj_store_set_state(NjStore *store, gint64 id, NjMessageState state, const char *error)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_STATE);
    write->row = id;
    write->number = (int) state;
    write->text = g_strdup(error);
    nj_store_write(store, write);
}

void
nj_store_set_read(NjStore *store, gint64 chat, gint64 time, gint64 id)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return;

    known->read_time = time;
    known->read_id = id;

    /* A chat that is looked at moves its marker with every message: only the last place is worth a
     * row. */
    g_mutex_lock(&store->mutex);

    bool waits = known->read_turn > store->shared.taken;
    if (waits) {
        known->read_write->value = time;
        known->read_write->row = id;
    }

    g_mutex_unlock(&store->mutex);
    if (waits)
        return;

    NjWrite *write = nj_store_write_new(NJ_WRITE_READ);
    write->chat = chat;
    write->value = time;
    write->row = id;
    known->read_write = write;
    known->read_turn = store->shared.turn + 1; /* only this thread moves it on */
    nj_store_write(store, write);
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
    nj_store_write(store, write);
}

void
nj_store_set_room(NjStore *store, gint64 chat, const char *nick)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known || !g_strcmp0(known->nick, nick))
        return;

    g_free(known->nick);
    known->nick = g_strdup(nick);

    NjWrite *write = nj_store_write_new(NJ_WRITE_ROOM);
    write->chat = chat;
    write->text = g_strdup(nick);
    nj_store_write(store, write);
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
    nj_store_write(store, write);
}

void
nj_store_forget_chat(NjStore *store, gint64 chat)
{
    KnownChat *known = g_hash_table_lookup(store->main.chats, &chat);
    if (!known)
        return;

    g_hash_table_remove(store->main.keys, known->key);
    g_hash_table_add(store->main.gone, g_strdup(known->key));
    g_hash_table_remove(store->main.chats, &chat);

    NjWrite *write = nj_store_write_new(NJ_WRITE_FORGET);
    write->chat = chat;
    nj_store_write(store, write);
}

void
nj_store_set_roster(NjStore *store, gint64 account, const char *version, GPtrArray *items,
                    bool replace)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_ROSTER);
    write->account = account;
    write->text = g_strdup(version);
    write->number = replace;
    write->items = items;
    write->rows += items ? items->len : 0;
    nj_store_write(store, write);
}

bool
nj_store_full(const NjStore *store)
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
    guint64 until = store->shared.turn;
    store->shared.urgent = store->shared.length > 0;
    nj_store_unjoin(store);
    g_cond_signal(&store->work);
    while (store->shared.first && store->shared.first->turn <= until && !store->shared.trouble)
        g_cond_wait(&store->done, &store->mutex);
    g_mutex_unlock(&store->mutex);
}
