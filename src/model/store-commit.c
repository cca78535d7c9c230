/* Groups of writes that are committed together, and commit calls: functions that the main thread
 * runs when the writes before them are committed. */
#include "model/store-private.h"

#define SLICE_US 500 /* time limit for the commit calls of one main loop iteration */

/* --- commit calls --- */

typedef struct {
    void (*func)(void *data);
    void *data;
    const void *owner;
    guint64 seq;    /* runs when this write is committed */
    guint64 serial; /* 1, 2, 3 … for each call in this run */
} Call;

/* Sets shared.seq_awaited to the write for which the oldest call waits, and fires the notification
 * if that write is already committed. With the mutex. */
static void
update_seq_awaited(NjStore *store)
{
    const Call *first = g_queue_peek_head(&store->main.commit_calls);
    store->shared.seq_awaited = first ? first->seq : G_MAXUINT64;
    if (store->shared.seq_committed >= store->shared.seq_awaited)
        g_source_set_ready_time(store->notification, 0);
}

void
nj_store_call_when_committed(NjStore *store, void (*func)(void *data), void *data,
                             const void *owner)
{
    Call *call = g_new(Call, 1);
    g_mutex_lock(&store->mutex);
    *call = (Call){ func, data, owner, store->shared.seq_newest, ++store->main.last_call_serial };
    g_queue_push_tail(&store->main.commit_calls, call);

    /* Counts alone wait for half a second. A call that waits for them must not. */
    if (store->shared.only_counts && store->shared.seq_newest > store->shared.seq_taken)
        nj_store_set_due(store, MIN(store->shared.due, g_get_monotonic_time() + NJ_BATCH_US));
    update_seq_awaited(store);
    g_mutex_unlock(&store->mutex);
}

void
nj_store_cancel_calls(NjStore *store, const void *owner)
{
    for (GList *link = store->main.commit_calls.head; link;) {
        GList *next = link->next;
        Call *call = link->data;
        if (call->owner == owner) {
            g_free(call);
            g_queue_delete_link(&store->main.commit_calls, link);
        }
        link = next;
    }

    g_mutex_lock(&store->mutex);
    update_seq_awaited(store);
    g_mutex_unlock(&store->mutex);
}

void
nj_store_drop_commit_calls(NjStore *store)
{
    g_queue_clear_full(&store->main.commit_calls, g_free);
}

/* A call that one of the functions adds has a serial greater than `newest` and so waits for the
 * next main loop iteration. */
void
nj_store_run_commit_calls(NjStore *store, bool all)
{
    const bool *closed = store->main.closed_flag;
    guint64 newest = store->main.last_call_serial;

    g_mutex_lock(&store->mutex);
    guint64 committed = store->shared.seq_committed;
    g_mutex_unlock(&store->mutex);

    for (gint64 until = g_get_monotonic_time() + SLICE_US; all || g_get_monotonic_time() < until;) {
        Call *call = g_queue_peek_head(&store->main.commit_calls);
        if (!call || call->seq > committed || call->serial > newest)
            break;
        g_queue_pop_head(&store->main.commit_calls);
        call->func(call->data);
        g_free(call);
        if (*closed)
            return;
    }

    g_mutex_lock(&store->mutex);
    update_seq_awaited(store);
    g_mutex_unlock(&store->mutex);
}

bool
nj_store_has_write_error(const NjStore *store)
{
    GMutex *mutex = (GMutex *) &store->mutex;
    g_mutex_lock(mutex);
    bool has_error = store->shared.write_error != NULL;
    g_mutex_unlock(mutex);
    return has_error;
}

/* --- groups --- */

void
nj_store_begin(NjStore *store)
{
    g_mutex_lock(&store->mutex);
    store->shared.group_depth++;
    g_mutex_unlock(&store->mutex);
}

void
nj_store_end_group(NjStore *store)
{
    if (store->shared.seq_newest == store->shared.seq_taken || !store->shared.last->with_next)
        return;
    store->shared.last->with_next = false;
    if (store->shared.writer_waits_for_group)
        g_cond_signal(&store->work);
}

void
nj_store_commit(NjStore *store)
{
    g_mutex_lock(&store->mutex);
    if (!--store->shared.group_depth)
        nj_store_end_group(store);
    g_mutex_unlock(&store->mutex);
}
