/* XEP-0184: delivery receipts. Each message to a person requests one. We send receipts only to
 * contacts who may see our presence, and only after the received message was committed, so that no
 * crash can lose a message that its sender sees as delivered. A received receipt is ignored unless
 * we sent the message to the sender of the receipt. */
#include "xmpp/xep/xep.h"

#include "base/clock.h"
#include "model/store.h"

#define NS "urn:xmpp:receipts"
#define MAX_RECEIPTS 20000 /* waiting receipts; during a flood further ones are not sent */
#define MAX_RUN_US 500     /* microseconds of one run of send_due() */

typedef struct {
    char *to, *id;
    NjMessageType type;
} Receipt;

typedef struct {
    NjSession *session;
    GQueue waiting; /* of Receipt: for messages that are not committed yet, in the store's order */
    guint asked;    /* how many of them the pending on_committed() is for; 0: none is pending */
    GQueue due;     /* of Receipt: ready to send */
    GSource *again; /* timer that calls send_due() for the remaining ones */
} Receipts;

static void
receipt_free(void *data)
{
    Receipt *receipt = data;
    g_free(receipt->to);
    g_free(receipt->id);
    g_free(receipt);
}

static void *
attach_receipts(NjSession *session)
{
    Receipts *state = g_new0(Receipts, 1);
    state->session = session;
    g_queue_init(&state->waiting);
    g_queue_init(&state->due);
    return state;
}

static void
detach_receipts(NjSession *session, void *data)
{
    Receipts *state = data;
    (void) session;
    nj_clock_cancel(&state->again);
    g_queue_clear_full(&state->waiting, receipt_free);
    g_queue_clear_full(&state->due, receipt_free);
    g_free(state);
}

/* --- receipts for our messages --- */

static bool
may_request_receipt(const NjSession *session, const NjOutgoing *out)
{
    const NjMessage *message = out->message;
    if (out->chat->kind != NJ_CHAT_PERSON || message->type != NJ_MESSAGE_CHAT)
        return false;
    return message->body && !nj_account_is_own(nj_session_account(session), out->chat->address);
}

/* Section 5.1 advises against requests to clients without the feature. We cannot know which client
 * a message reaches, and clients without the feature ignore the request. */
static bool
request_receipt(NjSession *session, NjOutgoing *out)
{
    if (may_request_receipt(session, out))
        nj_xml_add_new(out->stanza, "request", NS);
    return true;
}

/* Sets the message that the receipt is for to DELIVERED, whatever its state, also FAILED. */
static void
note_receipt(NjSession *session, const NjIncoming *in, const NjXml *received)
{
    g_autofree char *address = NULL;
    if (in->sent || in->message->type == NJ_MESSAGE_GROUPCHAT || nj_muc_room(session, in->from))
        return;
    g_autoptr(NjMessage) message =
        nj_sent_find(session, in->from, nj_xml_attr(received, "id"), &address);
    if (message && message->state != NJ_STATE_DELIVERED)
        nj_account_settle_message(nj_session_account(session), address, message, NJ_STATE_DELIVERED,
                                  NULL);
}

static bool
note_receipts(NjSession *session, NjIncoming *in)
{
    const NjXml *received = nj_xml_child(in->stanza, "received", NS);
    if (received)
        note_receipt(session, in, received);
    return true;
}

/* --- receipts that we send --- */

static bool
may_send_receipt(NjSession *session, const NjIncoming *in)
{
    const NjMessage *message = in->message;
    if (in->wrapper || message->type == NJ_MESSAGE_GROUPCHAT)
        return false;
    if (!message->wire_id || !*message->wire_id)
        return false;
    if (!nj_xml_child(in->stanza, "request", NS) || nj_xml_child(in->stanza, "received", NS))
        return false;

    return nj_options_bool(nj_session_client(session)->options, "receipts")
           && nj_presence_shown_to(session, in->from);
}

static void send_due(Receipts *state);

static gboolean
on_send_again(void *data)
{
    Receipts *state = data;
    nj_clock_cancel(&state->again);
    send_due(state);
    return G_SOURCE_REMOVE;
}

/* Sends the receipts that are due, for at most MAX_RUN_US. The timer `again` sends the rest, or
 * resume_receipts() when the connection is back. A contact who may no longer see our presence gets
 * none. */
static void
send_due(Receipts *state)
{
    gint64 until = nj_clock_us() + MAX_RUN_US;

    while (state->due.length && nj_session_online(state->session) && nj_clock_us() < until) {
        Receipt *receipt = g_queue_pop_head(&state->due);
        if (nj_presence_shown_to(state->session, receipt->to)) {
            NjXml *stanza =
                nj_xml_message(nj_message_type_attribute(receipt->type), receipt->to, NULL);
            nj_xml_set(nj_xml_add_new(stanza, "received", NS), "id", receipt->id);
            nj_session_send(state->session, stanza);
        }
        receipt_free(receipt);
    }

    if (state->due.length && nj_session_online(state->session) && !state->again)
        state->again = nj_clock_after(1, on_send_again, state);
}

static void on_committed(void *data);

/* The store calls on_committed() when all messages stored so far are committed. */
static void
wait_for_commit(Receipts *state)
{
    state->asked = state->waiting.length;
    if (state->asked)
        nj_store_call_when_committed(nj_session_client(state->session)->store, on_committed, state,
                                     state);
}

static void
on_committed(void *data)
{
    Receipts *state = data;
    for (guint i = 0; i < state->asked; i++)
        g_queue_push_tail_link(&state->due, g_queue_pop_head_link(&state->waiting));
    wait_for_commit(state);
    send_due(state);
}

static void
queue_receipt(NjSession *session, const NjIncoming *in)
{
    Receipts *state = nj_session_state(session, &nj_xep_0184);
    bool is_full = state->waiting.length + state->due.length >= MAX_RECEIPTS;
    if (is_full || !nj_session_client(session)->store || !may_send_receipt(session, in))
        return;

    Receipt *receipt = g_new0(Receipt, 1);
    *receipt = (Receipt){ g_strdup(in->from), g_strdup(in->message->wire_id), in->message->type };
    g_queue_push_tail(&state->waiting, receipt);
    if (!state->asked)
        wait_for_commit(state);
}

static void
resume_receipts(NjSession *session)
{
    send_due(nj_session_state(session, &nj_xep_0184));
}

const NjModule nj_xep_0184 = {
    .spec = "XEP-0184",
    .name = N_("Message Delivery Receipts"),
    .doap = { "complete" },
    .features = { NS },
    .option = "receipts",
    .receive = { NJ_STAGE_ANNOTATE, note_receipts },
    .after = { "RFC 6121 (4)" },
    .send = { NJ_OUT_ANNOTATE, request_receipt },
    .stored = queue_receipt,
    .attach = attach_receipts,
    .detach = detach_receipts,
    .online = resume_receipts,
    .resumed = resume_receipts,
};
