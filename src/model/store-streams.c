/* The stream of each account that can be resumed (XEP-0198), and the count of received stanzas that
 * is acknowledged to the server.
 *
 * A count must not be committed before the content of the stanzas that it counts, and it should not
 * cost a write for each stanza. So it is attached to the newest write in the queue, and a later
 * count replaces it there as long as no content was appended in between. If the newest write is
 * taken or carries the count of another account, the count becomes a write of its own. */
#include "model/store-private.h"

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

/* Returns the stream of the account, never NULL; its `exists` is false if there is none. The file
 * is read at the first call for the account. */
static NjKnownStream *
get_known_stream(NjStore *store, gint64 account)
{
    /* Only the main thread changes the table, so its lookups need no mutex. */
    NjKnownStream *known = g_hash_table_lookup(store->shared.streams, &account);
    if (known)
        return known;

    known = g_new0(NjKnownStream, 1);
    known->account = account;

    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_STREAM);
    if (statement)
        sqlite3_bind_int64(statement, 1, account);

    if (nj_store_read_step(statement)) {
        known->exists = true;
        known->stream.id = nj_store_read_text(statement, 0);
        known->stream.jid = nj_store_read_text(statement, 1);
        known->stream.location = nj_store_read_text(statement, 2);
        known->shared.committed_count = known->stream.received =
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
    const NjKnownStream *known = get_known_stream(store, account);
    if (!known->exists) {
        *out = (NjStoredStream){ 0 };
        return false;
    }
    copy_stream(&known->stream, out);
    return true;
}

void
nj_store_set_stream(NjStore *store, gint64 account, const NjStoredStream *stream)
{
    NjKnownStream *known = get_known_stream(store, account);
    if (!stream && !known->exists)
        return;

    NjWrite *write = nj_store_write_new(NJ_WRITE_STREAM);
    write->account = account;

    bool same = known->exists && stream && g_strcmp0(known->stream.id, stream->id) == 0;
    NjStoredStream old = known->stream;
    known->stream = (NjStoredStream){ 0 };
    known->exists = stream != NULL;
    known->count_write_seq = 0;

    if (stream) {
        write->stream = g_new0(NjStoredStream, 1);
        copy_stream(stream, write->stream);
        copy_stream(stream, &known->stream);
    }

    nj_stored_stream_clear(&old);
    g_mutex_lock(&store->mutex);
    known->shared.seq_set = store->shared.seq_newest + 1; /* the number that the write will get */
    if (!same)
        known->shared.committed_count = 0;

    g_mutex_unlock(&store->mutex);
    nj_store_append_write(store, write);
}

/* Attaches the count to a write that the writer thread has not taken. Returns false if no such
 * write can carry it. With the mutex. */
static bool
attach_count(NjStore *store, NjKnownStream *known, guint32 received)
{
    NjWrite *write = NULL;

    /* If only counts of other accounts were appended behind the write with this account's last
     * count, the new count may replace the last one there. */
    if (known->count_write_seq > store->shared.seq_taken
        && known->count_write_seq >= store->shared.seq_content)
        write = known->count_write;
    else if (store->shared.seq_newest > store->shared.seq_taken
             && !store->shared.last->count_account)
        write = store->shared.last;
    if (!write)
        return false;

    write->count_account = known->account;
    write->received_count = received;
    known->count_write = write;
    known->count_write_seq = write->seq;

    return true;
}

void
nj_store_set_received_count(NjStore *store, gint64 account, guint32 received)
{
    NjKnownStream *known = get_known_stream(store, account);
    if (!known->exists)
        return;

    known->stream.received = received;
    g_mutex_lock(&store->mutex);

    bool attached = attach_count(store, known, received);
    guint64 seq = store->shared.seq_newest + 1;
    g_mutex_unlock(&store->mutex);
    if (attached)
        return;

    NjWrite *write = nj_store_write_new(NJ_WRITE_RECEIVED_COUNT);
    write->count_account = account;
    write->received_count = received;
    known->count_write = write;
    known->count_write_seq = seq;
    nj_store_append_write(store, write);
}

guint32
nj_store_committed_count(NjStore *store, gint64 account)
{
    const NjKnownStream *known = get_known_stream(store, account);
    g_mutex_lock(&store->mutex);
    guint32 count = known->shared.committed_count;
    g_mutex_unlock(&store->mutex);
    return count;
}
