/* RFC 6121 section 5: received messages of people. Messages of strangers wait in the list of
 * requests; errors change the state of the message that they are about. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/text.h"
#include "model/store.h"

#define MAX_STRANGER_BYTES (16 * 1024) /* of a body; the rest of a stranger's body is dropped */
#define CLOCK_TOLERANCE_MS (60 * 1000) /* difference of two clocks, plus the transmission */

/* Handles messages of type error. Finds the message that we sent to this address with this id, and
 * sets it to FAILED unless a receipt has arrived for it. In a room all occupants see our ids, so
 * nj_sent_find() compares the full address there. An error of a joined room about another stanza is
 * shown as a notice. */
static bool
on_error(NjSession *session, NjXml *stanza, NjXml *child)
{
    NjAccount *account = nj_session_account(session);
    const char *from = nj_xml_attr(stanza, "from");
    g_autofree char *address = NULL;

    (void) child;
    if (g_strcmp0(nj_xml_attr(stanza, "type"), "error") != 0)
        return false;

    g_autoptr(NjMessage) sent =
        nj_sent_find(session, from ? from : account->bare, nj_xml_attr(stanza, "id"), &address);
    NjRoom *room = sent || !from || nj_jid_resource(from) ? NULL : nj_muc_room(session, from);
    bool can_fail = sent && sent->state != NJ_STATE_FAILED && sent->state != NJ_STATE_DELIVERED;
    bool is_joined = room && room->state == NJ_ROOM_IN;
    if (!can_fail && !is_joined)
        return true;

    g_autofree char *sentence = nj_iq_error_text(stanza, NULL);
    if (sent)
        nj_account_settle_message(account, address, sent, NJ_STATE_FAILED, sentence);
    else /* for example a refused subject, which is not a stored message */
        nj_client_notice(nj_session_client(session), room->chat->account, room->chat,
                         NJ_NOTICE_ERROR, "%s", sentence);

    return true;
}

static bool
is_stranger(NjSession *session, const char *bare)
{
    return !nj_roster_find(nj_session_account(session)->roster, bare)
           && nj_session_peer(session, bare) < NJ_PEER_SERVER;
}

/* Returns true if the stored chat, which is closed now, has messages and is not a request. */
static bool
has_messages(NjStore *store, const NjStoredChat *stored)
{
    g_autoptr(GPtrArray) page =
        stored->from_stranger ? NULL
                              : nj_store_page_before(store, stored->id, G_MAXINT64, G_MAXINT64, 1);
    return page && page->len > 0;
}

/* Shortens a stranger's body to MAX_STRANGER_BYTES, at a character boundary. */
static void
shorten_body(NjMessage *message)
{
    if (!message->body || strlen(message->body) <= MAX_STRANGER_BYTES)
        return;
    g_autofree char *whole = g_steal_pointer(&message->body);
    const char *end = g_utf8_find_prev_char(whole, whole + MAX_STRANGER_BYTES);
    message->body = g_strdup_printf("%.*s…", (int) (end - whole), whole);
}

/* Adds a stranger's message to the requests and stores it, without opening a chat and without a
 * receipt. Returns false, with nothing stored, if the sender is not a stranger: the history has an
 * accepted chat with that address. */
static bool
store_request(NjSession *session, const char *bare, const NjIncoming *in)
{
    NjMessage *message = in->message;
    NjAccount *account = nj_session_account(session);
    NjStore *store = account->client->store;
    NjStoredChat stored = { 0 };

    if (!store || !account->row)
        return true;

    bool found = nj_store_find_chat(store, account->row, NJ_CHAT_PERSON, bare, &stored);
    const char *text = message->body ? message->body : message->subject;
    g_autofree char *line = nj_text_line(text, (gssize) strcspn(text, "\n"), 0);
    if (found && nj_message_is_known(session, stored.id, in)) {
        nj_stored_chat_clear(&stored);
        return true;
    }

    bool known = found && !nj_roster_request(account->roster, bare) && has_messages(store, &stored);
    const NjRequest *request =
        known ? NULL : nj_roster_note_request(account->roster, bare, false, line, true);
    if (request
        && (found || nj_store_ensure_chat(store, account->row, NJ_CHAT_PERSON, bare, &stored))) {
        if (!stored.from_stranger)
            nj_store_set_from_stranger(store, stored.id, true);
        message->chat = stored.id;
        shorten_body(message);
        nj_store_add_message(store, message);
    }

    nj_stored_chat_clear(&stored);
    return !known;
}

/* Keeps offline messages in the order of their arrival. Their stamps are from the server's clock,
 * the times of earlier messages from ours. A stamp that is earlier than the last received message
 * by less than CLOCK_TOLERANCE_MS gets that message's time. */
static void
keep_order(const NjChat *chat, NjMessage *message)
{
    if (message->delayed && message->time < chat->incoming_time
        && message->time > chat->incoming_time - CLOCK_TOLERANCE_MS)
        message->time = chat->incoming_time;
}

/* Opens the chat for a message that another client of ours sent to this address. */
static NjChat *
open_sent_chat(NjSession *session, const char *to)
{
    NjAccount *account = nj_session_account(session);
    if (nj_muc_room(session, to))
        return nj_chat_open(account, NJ_CHAT_PRIVATE, to);
    g_autofree char *bare = nj_jid_bare(to);
    nj_request_answered(account, bare);
    return nj_chat_open(account, NJ_CHAT_PERSON, bare);
}

/* Stores a message that another client of ours sent. The user has read the earlier messages of the
 * chat in that client, so they are marked as read here. */
static void
deliver_sent(NjSession *session, NjIncoming *in)
{
    NjMessage *message = in->message;
    if (!message->body && !message->subject)
        return;

    NjChat *chat = open_sent_chat(session, nj_xml_attr(in->stanza, "to"));
    if (chat->kind == NJ_CHAT_ROOM || nj_message_is_known(session, chat->id, in))
        return;

    message->out = true;
    nj_message_set_state(message, NJ_STATE_ACKNOWLEDGED, NULL);
    in->chat = chat;
    if (message->type == NJ_MESSAGE_CHAT && chat->kind == NJ_CHAT_PERSON)
        nj_chat_set_thread(chat, message->thread);

    g_autofree char *address = g_strdup(chat->address);
    nj_chat_add(chat, message);
    chat = nj_chat_find(nj_session_account(session), address);
    if (chat)
        nj_chat_mark_read(chat, message);
}

/* Calls .stored of all rows. */
static void
report_stored(NjSession *session, const NjIncoming *in)
{
    const NjTable *modules = nj_session_modules(session);
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->stored)
            module->stored(session, in);
    }
}

/* Does this message select the client to which we send (RFC 6121, 5.1)? */
static bool
selects_peer(const NjIncoming *in)
{
    const NjMessage *message = in->message;
    if (message->delayed || message->type == NJ_MESSAGE_HEADLINE)
        return false;
    return nj_jid_resource(in->from) && g_strcmp0(in->chat->peer, in->from) != 0;
}

static bool
deliver_message(NjSession *session, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    NjMessage *message = in->message;

    if (in->sent) {
        deliver_sent(session, in);
        return false;
    }

    if (message->type == NJ_MESSAGE_GROUPCHAT || (!message->body && !message->subject))
        return false;

    g_autofree char *bare = nj_jid_bare(in->from);
    in->chat = nj_chat_find(account, bare);
    if (in->chat && in->chat->kind != NJ_CHAT_PERSON)
        return false;
    if (!in->chat && is_stranger(session, bare) && store_request(session, bare, in))
        return false;

    if (!in->chat)
        in->chat = nj_chat_open(account, NJ_CHAT_PERSON, bare);
    if (!in->chat)
        return false;

    if (nj_message_is_known(session, in->chat->id, in)) {
        /* send the receipt again: the first one may have been lost with the connection */
        report_stored(session, in);
        return false;
    }

    if (selects_peer(in))
        nj_chat_set_peer(in->chat, in->from);
    if (message->type == NJ_MESSAGE_CHAT)
        nj_chat_set_thread(in->chat, message->thread); /* our reply uses the same thread */
    if (!in->forwarded)
        keep_order(in->chat, message);

    nj_chat_add(in->chat, message);
    report_stored(session, in);
    return false;
}

const NjModule nj_rfc6121_message_in = {
    .spec = "RFC 6121 (5)",
    .name = N_("Messages"),
    .after = { "XEP-0045" },
    .receive = { NJ_STAGE_DELIVER, deliver_message },
    .handlers = { { NJ_KIND_MESSAGE, NULL, NULL, on_error } },
};
