/* What is safe: calls for when it is committed, the streams with their counts, and what we said
 * that nobody has acknowledged.
 *
 * A count rides on the newest write of the list, so that it is committed with what was asked for
 * before it and costs no row of its own while messages arrive.  The outbox is the file with what
 * the list does to it: while the mutex is held nothing leaves the list, and to do once more what
 * the writer has just committed changes nothing. */
#include <string.h>

#include "model/store-private.h"

#define SLICE_US 500 /* so long one dispatch may call */

/* Calls */

typedef struct {
    void (*func)(void *data);
    void *data;
    const void *owner;
    guint64 turn, serial;
} Call;

/* With the mutex. */
static void
set_awaited(NjStore *store)
{
    const Call *first = g_queue_peek_head(&store->main.waiting);
    store->shared.awaited = first ? first->turn : G_MAXUINT64;
    if (store->shared.committed >= store->shared.awaited)
        g_source_set_ready_time(store->news, 0);
}

void
nj_store_call_when_committed(NjStore *store, void (*func)(void *data), void *data,
                             const void *owner)
{
    Call *call = g_new(Call, 1);
    g_mutex_lock(&store->mutex);
    *call = (Call){ func, data, owner, store->shared.turn, ++store->main.last_call };
    g_queue_push_tail(&store->main.waiting, call);
    if (store->shared.lazy && store->shared.turn > store->shared.taken)
        nj_store_set_due(store, MIN(store->shared.due, g_get_monotonic_time() + NJ_BATCH_US));
    set_awaited(store);
    g_mutex_unlock(&store->mutex);
}

void
nj_store_cancel_calls(NjStore *store, const void *owner)
{
    for (GList *link = store->main.waiting.head; link;) {
        GList *next = link->next;
        Call *call = link->data;
        if (call->owner == owner) {
            g_free(call);
            g_queue_delete_link(&store->main.waiting, link);
        }
        link = next;
    }

    g_mutex_lock(&store->mutex);
    set_awaited(store);
    g_mutex_unlock(&store->mutex);
}

void
nj_store_drop_commit_calls(NjStore *store)
{
    g_queue_clear_full(&store->main.waiting, g_free);
}

/* What is called may ask for another call: that one comes with the next dispatch. */
void
nj_store_run_commit_calls(NjStore *store, bool all)
{
    const bool *closed = store->main.closed;
    guint64 newest = store->main.last_call;

    g_mutex_lock(&store->mutex);
    guint64 committed = store->shared.committed;
    g_mutex_unlock(&store->mutex);

    for (gint64 until = g_get_monotonic_time() + SLICE_US; all || g_get_monotonic_time() < until;) {
        Call *call = g_queue_peek_head(&store->main.waiting);
        if (!call || call->turn > committed || call->serial > newest)
            break;
        g_queue_pop_head(&store->main.waiting);
        call->func(call->data);
        g_free(call);
        if (*closed)
            return;
    }

    g_mutex_lock(&store->mutex);
    set_awaited(store);
    g_mutex_unlock(&store->mutex);
}

bool
nj_store_has_write_error(const NjStore *store)
{
    GMutex *mutex = (GMutex *) &store->mutex;
    g_mutex_lock(mutex);
    bool trouble = store->shared.trouble != NULL;
    g_mutex_unlock(mutex);
    return trouble;
}

/* What is committed together */

void
nj_store_begin(NjStore *store)
{
    g_mutex_lock(&store->mutex);
    store->shared.held++;
    g_mutex_unlock(&store->mutex);
}

void
nj_store_end_group(NjStore *store)
{
    if (store->shared.turn == store->shared.taken || !store->shared.last->joined)
        return;
    store->shared.last->joined = false;
    if (store->shared.blocked)
        g_cond_signal(&store->work);
}

void
nj_store_commit(NjStore *store)
{
    g_mutex_lock(&store->mutex);
    if (!--store->shared.held)
        nj_store_end_group(store);
    g_mutex_unlock(&store->mutex);
}

/* Streams */

void
nj_stored_stream_clear(NjStoredStream *stream)
{
    g_free(stream->id);
    g_free(stream->jid);
    g_free(stream->location);
    *stream = (NjStoredStream){ 0 };
}

void
nj_known_stream_free(void *data)
{
    NjKnownStream *known = data;
    nj_stored_stream_clear(&known->stream);
    g_free(known);
}

static void
copy_stream(const NjStoredStream *stream, NjStoredStream *out)
{
    *out = *stream;
    out->id = g_strdup(stream->id);
    out->jid = g_strdup(stream->jid);
    out->location = g_strdup(stream->location);
}

static NjKnownStream *
know_stream(NjStore *store, gint64 account)
{
    NjKnownStream *known = g_hash_table_lookup(store->shared.streams, &account);
    if (known)
        return known;

    known = g_new0(NjKnownStream, 1);
    known->account = account;

    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_STREAM);
    if (statement)
        sqlite3_bind_int64(statement, 1, account);

    if (nj_store_read_step(statement)) {
        known->here = true;
        known->stream.id = nj_store_read_text(statement, 0);
        known->stream.jid = nj_store_read_text(statement, 1);
        known->stream.location = nj_store_read_text(statement, 2);
        known->shared.counted = known->stream.received =
            (guint32) sqlite3_column_int64(statement, 3);
        known->stream.until = sqlite3_column_int64(statement, 4);
    }

    nj_store_read_end(store, statement);
    g_mutex_lock(&store->mutex);
    g_hash_table_insert(store->shared.streams, &known->account, known);
    g_mutex_unlock(&store->mutex);

    return known;
}

bool
nj_store_find_stream(NjStore *store, gint64 account, NjStoredStream *out)
{
    const NjKnownStream *known = know_stream(store, account);
    if (!known->here) {
        *out = (NjStoredStream){ 0 };
        return false;
    }
    copy_stream(&known->stream, out);
    return true;
}

void
nj_store_set_stream(NjStore *store, gint64 account, const NjStoredStream *stream)
{
    NjKnownStream *known = know_stream(store, account);
    if (!stream && !known->here)
        return;

    NjWrite *write = nj_store_write_new(NJ_WRITE_STREAM);
    write->account = account;

    bool same = known->here && stream && !g_strcmp0(known->stream.id, stream->id);
    NjStoredStream old = known->stream;
    known->stream = (NjStoredStream){ 0 };
    known->here = stream != NULL;
    known->carrier_turn = 0;

    if (stream) {
        write->stream = g_new0(NjStoredStream, 1);
        copy_stream(stream, write->stream);
        copy_stream(stream, &known->stream);
    }

    nj_stored_stream_clear(&old);
    g_mutex_lock(&store->mutex);
    known->shared.since = store->shared.turn + 1; /* only this thread moves it on */
    if (!same)
        known->shared.counted = 0;

    g_mutex_unlock(&store->mutex);
    nj_store_append_write(store, write);
}

/* Does a write take the count along that is not on its way yet? */
static bool
carry(NjStore *store, NjKnownStream *known, guint32 received)
{
    NjWrite *write = NULL;

    /* Since the last count nothing came but other accounts' counts. */
    if (known->carrier_turn > store->shared.taken && known->carrier_turn >= store->shared.content)
        write = known->carrier;
    else if (store->shared.turn > store->shared.taken && !store->shared.last->counting)
        write = store->shared.last;
    if (!write)
        return false;

    write->counting = known->account;
    write->count = received;
    known->carrier = write;
    known->carrier_turn = write->turn;

    return true;
}

void
nj_store_set_received_count(NjStore *store, gint64 account, guint32 received)
{
    NjKnownStream *known = know_stream(store, account);
    if (!known->here)
        return;

    known->stream.received = received;
    g_mutex_lock(&store->mutex);

    bool carried = carry(store, known, received);
    guint64 turn = store->shared.turn + 1;
    g_mutex_unlock(&store->mutex);
    if (carried)
        return;

    NjWrite *write = nj_store_write_new(NJ_WRITE_RECEIVED_COUNT);
    write->counting = account;
    write->count = received;
    known->carrier = write;
    known->carrier_turn = turn;
    nj_store_append_write(store, write);
}

guint32
nj_store_committed_count(NjStore *store, gint64 account)
{
    const NjKnownStream *known = know_stream(store, account);
    g_mutex_lock(&store->mutex);
    guint32 counted = known->shared.counted;
    g_mutex_unlock(&store->mutex);
    return counted;
}

/* What we said */

static void
free_out(void *data)
{
    NjStoredOutboxRow *out = data;
    nj_message_unref(out->message);
    g_free(out->address);
    g_free(out);
}

static void
set_state(NjMessage *message, const NjWrite *state)
{
    nj_message_set_state(message, (NjMessageState) state->number, state->text);
}

/* While an outbox is put together. */
typedef struct {
    NjStore *store;
    gint64 account;
    GHashTable *found;  /* message -> NjStoredOutboxRow */
    GHashTable *listed; /* message -> NjMessage: all of ours in the list, up to here */
} Outbox;

static NjStoredOutboxRow *
put_out(Outbox *box, NjMessage *message, NjChatKind kind, const char *address)
{
    NjStoredOutboxRow *out = g_new0(NjStoredOutboxRow, 1);
    out->message = message;
    out->kind = kind;
    out->address = g_strdup(address);
    g_hash_table_replace(box->found, &message->id, out);
    return out;
}

/* From a row of NJ_MESSAGE_COLUMNS, kind, address. */
static NjStoredOutboxRow *
read_out(Outbox *box, sqlite3_stmt *statement)
{
    return put_out(box, nj_store_read_message(statement),
                   (NjChatKind) sqlite3_column_int(statement, 18),
                   (const char *) sqlite3_column_text(statement, 19));
}

static void
read_file(Outbox *box)
{
    sqlite3_stmt *statement = nj_store_read_begin(box->store, NJ_READ_OUTBOX);
    if (statement)
        sqlite3_bind_int64(statement, 1, box->account);

    while (nj_store_read_step(statement)) {
        NjStoredOutboxRow *out = read_out(box, statement);
        out->numbered = sqlite3_column_type(statement, 20) != SQLITE_NULL;
        out->number = (guint32) sqlite3_column_int64(statement, 20);
    }

    nj_store_read_end(box->store, statement);
}

static void
read_one(Outbox *box, gint64 id)
{
    sqlite3_stmt *statement = nj_store_read_begin(box->store, NJ_READ_SENT_BY_ID);
    if (statement) {
        sqlite3_bind_int64(statement, 1, id);
        sqlite3_bind_int64(statement, 2, box->account);
    }
    if (nj_store_read_step(statement))
        read_out(box, statement);
    nj_store_read_end(box->store, statement);
}

static void
list_out(Outbox *box, NjMessage *message)
{
    gint64 account;
    NjChatKind kind;
    const char *address;
    if (nj_store_find_known_chat(box->store, message->chat, &account, &kind, &address)
        && account == box->account)
        put_out(box, nj_message_ref(message), kind, address);
}

static void
apply_state(Outbox *box, const NjWrite *write)
{
    if (!nj_state_is_open((NjMessageState) write->number)) {
        g_hash_table_remove(box->found, &write->row);
        return;
    }

    if (!g_hash_table_contains(box->found, &write->row)) {
        NjMessage *listed = g_hash_table_lookup(box->listed, &write->row);
        if (listed)
            list_out(box, listed);
        else
            read_one(box, write->row);
    }

    NjStoredOutboxRow *out = g_hash_table_lookup(box->found, &write->row);
    if (out)
        set_state(out->message, write);
}

static void
apply_forget(Outbox *box, gint64 chat)
{
    GHashTableIter iter;
    void *value;
    g_hash_table_iter_init(&iter, box->found);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        if (((const NjStoredOutboxRow *) value)->message->chat == chat)
            g_hash_table_iter_remove(&iter);
}

static void
apply(Outbox *box, const NjWrite *write)
{
    if (write->kind == NJ_WRITE_MESSAGE && write->message->out) {
        g_hash_table_insert(box->listed, &write->message->id, write->message);
        if (nj_store_write_needs_outbox(write))
            list_out(box, write->message);
    } else if (write->kind == NJ_WRITE_STATE) {
        apply_state(box, write);
    } else if (write->kind == NJ_WRITE_DELETE_CHAT) {
        apply_forget(box, write->chat);
    } else if (write->kind == NJ_WRITE_STANZA_NUMBER) {
        NjStoredOutboxRow *out = g_hash_table_lookup(box->found, &write->row);
        if (out) {
            out->numbered = write->number != 0;
            out->number = (guint32) write->value;
        }
    }
}

static int
compare_outs(const void *a, const void *b)
{
    const NjStoredOutboxRow *one = *(NjStoredOutboxRow *const *) a,
                            *other = *(NjStoredOutboxRow *const *) b;
    return (one->message->id > other->message->id) - (one->message->id < other->message->id);
}

GPtrArray *
nj_store_list_outbox(NjStore *store, gint64 account)
{
    g_autoptr(GHashTable) found =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_out);
    g_autoptr(GHashTable) listed = g_hash_table_new(g_int64_hash, g_int64_equal);
    Outbox box = { store, account, found, listed };
    bool inside = nj_store_lock(store);

    g_mutex_lock(&store->mutex);
    read_file(&box);
    for (const NjWrite *write = store->shared.first; write; write = write->next)
        apply(&box, write);

    g_mutex_unlock(&store->mutex);
    if (inside)
        nj_store_unlock(store);

    GPtrArray *outs = g_ptr_array_new_with_free_func(free_out);
    GHashTableIter iter;
    void *out;
    g_hash_table_iter_init(&iter, found);

    while (g_hash_table_iter_next(&iter, NULL, &out)) {
        g_ptr_array_add(outs, out);
        g_hash_table_iter_steal(&iter);
    }

    g_ptr_array_sort(outs, compare_outs);
    return outs;
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
nj_store_find_sent(NjStore *store, gint64 chat, const char *wire_id)
{
    NjMessage like = { .chat = chat, .origin_id = (char *) wire_id };
    gint64 hash = nj_id_index_hash(store->id_index, NJ_ID_SENT, chat, NULL, wire_id);
    bool inside = nj_store_lock(store);

    g_mutex_lock(&store->mutex);
    NjMessage *message = g_hash_table_lookup(store->shared.ours, &like);
    if (message) {
        nj_message_ref(message);
    } else {
        sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_SENT);
        if (statement) {
            sqlite3_bind_int64(statement, 1, hash);
            sqlite3_bind_int64(statement, 2, nj_id_index_find(store->id_index, hash));
            sqlite3_bind_int64(statement, 3, chat);
            sqlite3_bind_text(statement, 4, wire_id, -1, SQLITE_STATIC);
        }
        if (nj_store_read_step(statement))
            message = nj_store_read_message(statement);
        nj_store_read_end(store, statement);
        const NjWrite *state =
            message ? g_hash_table_lookup(store->shared.states, &message->id) : NULL;
        if (state)
            set_state(message, state);
    }

    g_mutex_unlock(&store->mutex);
    if (inside)
        nj_store_unlock(store);
    return message;
}
