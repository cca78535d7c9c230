/* The queue of writes: appending, the time at which it is due, its limits, and the sets by which a
 * queued message is found. */
#include <string.h>

#include "model/store-private.h"

/* If the queue has only counts of received stanzas, they wait this long: a write that follows can
 * carry the next count, and the transactions become fewer. */
#define COUNT_US (500 * G_TIME_SPAN_MILLISECOND)

NjWrite *
nj_store_write_new(NjWriteKind kind)
{
    NjWrite *write = g_new0(NjWrite, 1);
    write->kind = kind;
    write->rows = 1;
    return write;
}

void
nj_store_write_free(NjWrite *write)
{
    nj_message_unref(write->message);
    g_free(write->text);
    if (write->items)
        g_ptr_array_unref(write->items);
    if (write->stream)
        nj_stored_stream_clear(write->stream);
    g_free(write->stream);
    g_free(write);
}

guint
nj_store_hash_origin_id(const void *data)
{
    const NjMessage *message = data;
    return g_str_hash(message->origin_id) ^ (guint) message->chat;
}

gboolean
nj_store_equal_origin_id(const void *a, const void *b)
{
    const NjMessage *one = a, *other = b;
    return one->chat == other->chat && strcmp(one->origin_id, other->origin_id) == 0
           && g_strcmp0(one->sender, other->sender) == 0;
}

gboolean
nj_store_equal_sent_id(const void *a, const void *b)
{
    const NjMessage *one = a, *other = b;
    return one->chat == other->chat && strcmp(one->origin_id, other->origin_id) == 0;
}

guint
nj_store_hash_archive_id(const void *data)
{
    const NjMessage *message = data;
    return g_str_hash(message->archive_id) ^ (guint) message->chat;
}

gboolean
nj_store_equal_archive_id(const void *a, const void *b)
{
    const NjMessage *one = a, *other = b;
    return one->chat == other->chat && strcmp(one->archive_id, other->archive_id) == 0
           && g_strcmp0(one->archive_by, other->archive_by) == 0;
}

static void
add_to_id_sets(NjStore *store, NjMessage *message)
{
    if (message->origin_id)
        g_hash_table_add(store->shared.by_origin_id, message);
    if (message->origin_id && message->out)
        g_hash_table_add(store->shared.sent_by_origin_id, message);
    if (message->archive_id)
        g_hash_table_add(store->shared.by_archive_id, message);
}

static void
remove_from_set(GHashTable *set, NjMessage *message)
{
    /* If another message with the same id was added later, the set has that one. */
    if (g_hash_table_lookup(set, message) == message)
        g_hash_table_remove(set, message);
}

void
nj_store_remove_from_id_sets(NjStore *store, NjMessage *message)
{
    if (message->origin_id)
        remove_from_set(store->shared.by_origin_id, message);
    if (message->origin_id && message->out)
        remove_from_set(store->shared.sent_by_origin_id, message);
    if (message->archive_id)
        remove_from_set(store->shared.by_archive_id, message);
}

void
nj_store_set_due(NjStore *store, gint64 due)
{
    store->shared.only_counts = false;
    store->shared.due = due;
    if (store->shared.writer_idle)
        g_cond_signal(&store->work);
}

/* Sets shared.due for a write that is about to be appended. The first write behind the taken ones
 * sets it. The first other write behind writes that are only counts makes it earlier. */
static void
schedule_write(NjStore *store, bool only_count)
{
    if (store->shared.seq_newest == store->shared.seq_taken) {
        store->shared.due = g_get_monotonic_time() + (only_count ? COUNT_US : NJ_BATCH_US);
        store->shared.only_counts = only_count;
    } else if (store->shared.only_counts && !only_count) {
        nj_store_set_due(store, MIN(store->shared.due, g_get_monotonic_time() + NJ_BATCH_US));
    }
}

static gsize
text_length(const char *text)
{
    return text ? strlen(text) : 0;
}

/* Estimates the memory of a write. It adds up the texts that other people can make long; 100 bytes
 * stand for the short ones and for the overhead of the allocations. */
static gsize
count_bytes(const NjWrite *write)
{
    const NjMessage *message = write->message;
    gsize bytes = sizeof *write + text_length(write->text);

    for (guint i = 0; write->items && i < write->items->len; i++) {
        const NjStoredItem *item = g_ptr_array_index(write->items, i);
        bytes += sizeof *item + text_length(item->address) + text_length(item->name)
                 + text_length(item->groups) + 100;
    }

    if (!message)
        return bytes + 100;

    const char *const texts[] = { message->sender,    message->body,    message->subject,
                                  message->thread,    message->wire_id, message->origin_id,
                                  message->archive_id };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        bytes += text_length(texts[i]);

    return bytes + sizeof *message + 100;
}

void
nj_store_append_write(NjStore *store, NjWrite *write)
{
    NjMessage *message = write->message;
    write->bytes = count_bytes(write);

    g_mutex_lock(&store->mutex);
    schedule_write(store, write->kind == NJ_WRITE_RECEIVED_COUNT);
    write->seq = ++store->shared.seq_newest;
    write->with_next = store->shared.group_depth > 0;
    if (write->kind != NJ_WRITE_RECEIVED_COUNT)
        store->shared.seq_content = write->seq;

    *store->shared.end = write;
    store->shared.end = &write->next;
    store->shared.last = write;
    store->shared.length++;
    store->shared.rows += write->rows;
    store->shared.bytes += write->bytes;
    if (store->shared.rows >= NJ_FULL_ROWS || store->shared.bytes >= NJ_FULL_BYTES)
        store->shared.full = true;
    if (message)
        add_to_id_sets(store, message);

    if (write->kind == NJ_WRITE_STATE)
        g_hash_table_replace(store->shared.newest_states, &write->row, write);

    /* A message is sent only when it and the number of its stanza are committed, so these two must
     * not wait. A signal is needed only for them, for the first write and for a queue that has just
     * become long; otherwise the writer thread is already waiting for `due`. */
    bool urgent = (nj_store_write_needs_outbox(write) || write->kind == NJ_WRITE_STANZA_NUMBER)
                  && !store->shared.urgent;
    store->shared.urgent |= urgent;
    bool wakes = urgent || store->shared.length == 1 || store->shared.length == NJ_BATCH_WRITES;
    if (wakes && store->shared.writer_idle)
        g_cond_signal(&store->work);

    g_mutex_unlock(&store->mutex);
}
