/* XEP-0184: delivery receipts. We request one with every message to a person. We send one to
 * contacts who may see our presence, when the message is committed, so that “delivered” stays true
 * after a crash. A receipt for a message that we did not send to its sender is ignored. */
#include "xmpp/xep/xep.h"

#include "base/clock.h"
#include "model/store.h"

#define NS "urn:xmpp:receipts"
#define MAX_RECEIPTS 20000 /* receipts that wait; during a flood further ones are not sent */
#define IN_ONE_GO 500      /* microseconds */

typedef struct {
    char *to, *id;
    NjMessageType type;
} Receipt;

typedef struct {
    NjSession *session;
    /* of Receipt: for messages that are not committed yet, in the store's order */
    GQueue waiting;
    /* how many of them the pending call of the store covers; 0: no call is pending */
    guint asked;
    GQueue due; /* of Receipt: ready to send */
    GSource *again;
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

/* Section 5.1 advises against requests to clients without the feature. We cannot know which client
 * a message reaches, and clients without it ignore the request. */
static bool
request_receipt(NjSession *session, NjOutgoing *out)
{
    if (out->chat->kind == NJ_CHAT_PERSON && out->message->type == NJ_MESSAGE_CHAT
        && out->message->body
        && !nj_account_is_own(nj_session_account(session), out->chat->address))
        nj_xml_add_new(out->stanza, "request", NS);
    return true;
}

/* A receipt overrules every earlier state, also FAILED. */
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

/* Sends the receipts that are due, for IN_ONE_GO at most; the rest follows from the loop, or when
 * the connection is back. Contacts who may no longer see us get none. */
static void
send_due(Receipts *state)
{
    gint64 until = nj_clock_us() + IN_ONE_GO;

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
    if (!may_send_receipt(session, in) || !nj_session_client(session)->store
        || state->waiting.length + state->due.length >= MAX_RECEIPTS)
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
