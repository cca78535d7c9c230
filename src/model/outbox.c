/* The outbox of an account. A message is displayed when it is committed, so that a message the user
 * has seen is never lost. If the disk takes longer than MAX_WAIT_MS, the message is displayed as
 * queued before it is committed, but still not sent. */
#include "model/outbox.h"

#include <string.h>

#include "base/clock.h"
#include "model/client.h"
#include "model/events.h"

#define MAX_WAIT_MS 250

static NjStore *
store_of(const NjOutbox *outbox)
{
    return outbox->account->client->store;
}

static void
free_out(void *data)
{
    NjOut *out = data;
    nj_message_unref(out->message);
    g_free(out->address);
    g_free(out);
}

NjOutbox *
nj_outbox_new(NjAccount *account)
{
    NjOutbox *outbox = g_new0(NjOutbox, 1);
    outbox->account = account;
    outbox->by_id = g_hash_table_new(g_int64_hash, g_int64_equal);
    g_queue_init(&outbox->rows);
    g_queue_init(&outbox->uncommitted);
    return outbox;
}

void
nj_outbox_free(NjOutbox *outbox)
{
    if (!outbox)
        return;

    if (store_of(outbox))
        nj_store_cancel_calls(store_of(outbox), outbox);
    nj_clock_cancel(&outbox->late_timer);
    g_hash_table_unref(outbox->by_id);
    g_queue_clear_full(&outbox->uncommitted, g_free);
    g_queue_clear_full(&outbox->rows, free_out);
    g_free(outbox);
}

NjOut *
nj_outbox_find(const NjOutbox *outbox, gint64 message)
{
    GList *item = g_hash_table_lookup(outbox->by_id, &message);
    return item ? item->data : NULL;
}

bool
nj_outbox_has_chat(const NjOutbox *outbox, const char *address)
{
    for (GList *item = outbox->rows.head; item; item = item->next)
        if (strcmp(((const NjOut *) item->data)->address, address) == 0)
            return true;
    return false;
}

/* Inserts a row in the order of ids, nearly always at the end. */
static NjOut *
insert_out(NjOutbox *outbox, NjMessage *message, NjChatKind kind, const char *address)
{
    NjOut *out = g_new0(NjOut, 1);
    out->message = nj_message_ref(message);
    out->kind = kind;
    out->address = g_strdup(address);

    GList *before = outbox->rows.tail;
    while (before && ((NjOut *) before->data)->message->id > message->id)
        before = before->prev;
    g_queue_insert_after(&outbox->rows, before, out);
    g_hash_table_insert(outbox->by_id, &out->message->id,
                        before ? before->next : outbox->rows.head);

    return out;
}

static void
remove_out(NjOutbox *outbox, NjOut *out)
{
    GList *item = g_hash_table_lookup(outbox->by_id, &out->message->id);
    g_hash_table_remove(outbox->by_id, &out->message->id);
    g_queue_delete_link(&outbox->rows, item);
    free_out(out);
}

void
nj_outbox_restore(NjOutbox *outbox)
{
    NjAccount *account = outbox->account;
    g_autoptr(GPtrArray) stored = nj_store_list_outbox(store_of(outbox), account->row);

    for (guint i = 0; i < stored->len; i++) {
        const NjStoredOutboxRow *row = g_ptr_array_index(stored, i);
        if (nj_outbox_find(outbox, row->message->id))
            continue;
        NjOut *out = insert_out(outbox, row->message, row->kind, row->address);
        out->shown = true;
        out->numbered = row->numbered;
        out->number = row->number;
        if (out->numbered && out->message->state == NJ_STATE_QUEUED)
            nj_message_set_state(out->message, NJ_STATE_SENT, out->message->error);
        /* The store was opened after the stream began: the number belongs to an earlier stream. */
        if (out->numbered && account->state == NJ_ACCOUNT_ONLINE) {
            nj_outbox_take_back(outbox, out);
            nj_outbox_set_state(outbox, out, NJ_STATE_UNSURE, NULL);
        }
    }
}

/* --- display after the commit --- */

static void
show_out(NjOutbox *outbox, NjOut *out)
{
    NjChat *chat = nj_chat_find(outbox->account, out->address);
    if (out->shown)
        return;
    out->shown = true;
    if (chat)
        nj_chat_show(chat, out->message);
}

static void
on_committed(void *data)
{
    NjOutbox *outbox = data;
    g_autofree gint64 *id = g_queue_pop_head(&outbox->uncommitted);
    if (g_queue_is_empty(&outbox->uncommitted))
        nj_clock_cancel(&outbox->late_timer);
    NjOut *out = nj_outbox_find(outbox, *id);
    if (out)
        show_out(outbox, out);
}

/* The ids are copied first, because listeners of message_added may change the queue. */
static gboolean
on_late(void *data)
{
    NjOutbox *outbox = data;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(gint64));

    nj_clock_cancel(&outbox->late_timer);
    for (GList *item = outbox->uncommitted.head; item; item = item->next)
        g_array_append_val(ids, *(gint64 *) item->data);

    for (guint i = 0; i < ids->len; i++) {
        NjOut *out = nj_outbox_find(outbox, g_array_index(ids, gint64, i));
        if (out)
            show_out(outbox, out);
    }

    return G_SOURCE_REMOVE;
}

void
nj_outbox_add(NjOutbox *outbox, NjChat *chat, NjMessage *message)
{
    nj_message_set_state(message, NJ_STATE_QUEUED, message->error);
    nj_chat_keep(chat, message);

    NjOut *out = insert_out(outbox, message, chat->kind, chat->address);
    NjStore *store = store_of(outbox);
    if (!store || !chat->id) {
        show_out(outbox, out);
        return;
    }

    gint64 *id = g_new(gint64, 1);
    *id = message->id;
    g_queue_push_tail(&outbox->uncommitted, id);
    nj_store_call_when_committed(store, on_committed, outbox, outbox);
    if (!outbox->late_timer)
        outbox->late_timer = nj_clock_after(MAX_WAIT_MS, on_late, outbox);
}

void
nj_outbox_add_again(NjOutbox *outbox, NjChat *chat, NjMessage *message)
{
    NjOut *out = nj_outbox_find(outbox, message->id);
    if (!out) {
        out = insert_out(outbox, message, chat->kind, chat->address);
        out->shown = true;
    }
    nj_outbox_set_state(outbox, out, NJ_STATE_QUEUED, NULL);
}

/* Messages are committed in the order of their ids, so those before the first uncommitted one are
 * committed. A message without a positive id is not stored. */
bool
nj_outbox_is_safe(const NjOutbox *outbox, const NjOut *out)
{
    const gint64 *first = g_queue_peek_head((GQueue *) &outbox->uncommitted);
    return out->message->id > 0 && (!first || out->message->id < *first);
}

/* --- changes --- */

void
nj_outbox_hand_over(NjOutbox *outbox, NjOut *out)
{
    (void) outbox;
    out->numbered = true;
}

void
nj_outbox_take_back(NjOutbox *outbox, NjOut *out)
{
    if (out->numbered && store_of(outbox))
        nj_store_set_stanza_number(store_of(outbox), out->message->id, false, 0);
    out->numbered = false;
}

void
nj_outbox_set_archive_pending(NjOutbox *outbox, NjOut *out, bool archive_pending)
{
    (void) outbox;
    out->archive_pending = archive_pending;
}

void
nj_outbox_set_state(NjOutbox *outbox, NjOut *out, NjMessageState state, const char *error)
{
    g_autoptr(NjMessage) message = nj_message_ref(out->message);
    g_autofree char *address = g_strdup(out->address);

    if (!nj_state_is_open(state)) {
        show_out(outbox, out);
        out = nj_outbox_find(outbox, message->id);
        if (!out)
            return; /* a listener of message_added has removed it */
        remove_out(outbox, out);
    }

    nj_account_set_message_state(outbox->account, address, message, state, error);
}
