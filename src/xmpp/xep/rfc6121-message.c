/* RFC 6121, 5: messages of people: sent, kept, and put where they belong.  Strangers' wait in the requests list; errors find the
   message they are about. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "model/store.h"

#define SENT_MAX       256              /* messages whose errors and echoes we can tell */
#define STRANGER_BYTES (16 * 1024)      /* of a body that is kept until its sender is let in */

typedef struct {
    NjMessage *message;
    char *address;              /* of the chat */
    char *to;                   /* as it stood on the wire */
} Sent;

typedef struct {
    GHashTable *by_id;          /* wire id -> Sent */
    GQueue order;               /* of Sent, the oldest first; owns them */
} Messages;

/* --- what was sent lately --- */

static void
sent_free(Sent *sent)
{
    nj_message_unref(sent->message);
    g_free(sent->address);
    g_free(sent->to);
    g_free(sent);
}

static void *
attach(NjSession *session)
{
    (void) session;
    Messages *state = g_new0(Messages, 1);
    state->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&state->order);
    return state;
}

static void
detach(NjSession *session, void *data)
{
    Messages *state = data;
    (void) session;
    g_hash_table_unref(state->by_id);
    g_queue_clear_full(&state->order, (GDestroyNotify) sent_free);
    g_free(state);
}

void
nj_sent_add(NjSession *session, NjChat *chat, const char *to, NjMessage *message)
{
    Messages *state = nj_session_state(session, &nj_rfc6121_message);
    if (state->order.length >= SENT_MAX) {
        Sent *oldest = g_queue_pop_head(&state->order);
        g_hash_table_remove(state->by_id, oldest->message->wire_id);
        sent_free(oldest);
    }
    Sent *sent = g_new0(Sent, 1);
    sent->message = nj_message_ref(message);
    sent->address = g_strdup(chat->address);
    sent->to = g_strdup(to);
    g_queue_push_tail(&state->order, sent);
    g_hash_table_insert(state->by_id, sent->message->wire_id, sent);
}

static Sent *
find_sent(NjSession *session, const char *from, const char *id)
{
    Messages *state = nj_session_state(session, &nj_rfc6121_message);
    Sent *sent = id ? g_hash_table_lookup(state->by_id, id) : NULL;
    return sent && nj_jid_same_bare(sent->to, from) ? sent : NULL;
}

NjMessage *
nj_sent_find(NjSession *session, const char *to, const char *id)
{
    Sent *sent = find_sent(session, to, id);
    return sent ? sent->message : NULL;
}

/* The chat may be closed by now; its history is not. */
static void
fail(NjSession *session, Sent *sent, const char *sentence)
{
    NjAccount *account = nj_session_account(session);
    NjChat *chat = nj_chat_find(account, sent->address);
    if (chat)
        nj_chat_set_state(chat, sent->message, NJ_STATE_FAILED, sentence);
    else if (account->client->store)
        nj_store_set_state(account->client->store, sent->message->id, NJ_STATE_FAILED, sentence);
}

/* Whoever hears of it may send again, or close the chat: the list is taken first. */
void
nj_sent_fail_queued(NjSession *session, NjChat *chat, const char *sentence)
{
    Messages *state = nj_session_state(session, &nj_rfc6121_message);
    g_autofree char *address = g_strdup(chat->address);
    g_autoptr(GPtrArray) queued = g_ptr_array_new_with_free_func((GDestroyNotify) nj_message_unref);
    for (GList *item = state->order.head; item; item = item->next) {
        const Sent *sent = item->data;
        if (sent->message->state == NJ_STATE_QUEUED && g_str_equal(sent->address, address))
            g_ptr_array_add(queued, nj_message_ref(sent->message));
    }
    for (guint i = 0; i < queued->len && (chat = nj_chat_find(nj_session_account(session), address)); i++)
        nj_chat_set_state(chat, queued->pdata[i], NJ_STATE_FAILED, sentence);
}

/* --- out --- */

/* Where it goes: to the client that wrote last (5.1), the room, or the occupant. NULL and a sentence: nowhere. */
static const char *
destination(const NjChat *chat, GError **error)
{
    if (chat->kind == NJ_CHAT_PERSON)
        return chat->peer ? chat->peer : chat->address;
    if (!chat->room || chat->room->state != NJ_ROOM_IN) {
        bool joining = chat->room && chat->room->state == NJ_ROOM_JOINING;
        g_set_error_literal(error, NJ_IQ_ERROR, NJ_IQ_ERROR_OFFLINE,
                            joining ? _("The room has not let you in yet. Try again in a moment.")
                                    : _("You are not in this room. Use /join to enter it again."));
        return NULL;
    }
    const char *nick = chat->kind == NJ_CHAT_PRIVATE ? nj_jid_resource(chat->address) : NULL;
    if (nick && !nj_room_occupant(chat->room, nick)) {
        g_set_error(error, NJ_IQ_ERROR, NJ_IQ_ERROR_BAD, _("%s is not in the room any more."), nick);
        return NULL;
    }
    return chat->address;
}

static NjXml *
build(const NjChat *chat, const NjMessage *message, const char *to)
{
    static const char *const types[] = {
        [NJ_MESSAGE_CHAT] = "chat",
        [NJ_MESSAGE_NORMAL] = NULL,
        [NJ_MESSAGE_HEADLINE] = "headline",
        [NJ_MESSAGE_GROUPCHAT] = "groupchat",
        [NJ_MESSAGE_ERROR] = NULL,
    };
    NjXml *stanza = nj_xml_message(types[message->type], to, message->wire_id);
    if (message->subject)
        nj_xml_add_with_text(stanza, "subject", NULL, message->subject);
    nj_xml_add_with_text(stanza, "body", NULL, message->body);
    if (message->thread)
        nj_xml_add_with_text(stanza, "thread", NULL, message->thread);
    if (chat->kind == NJ_CHAT_PRIVATE)
        nj_xml_add_new(stanza, "x", NJ_NS_MUC_USER);
    return stanza;
}

static NjMessage *
new_message(const NjChat *chat, const char *text, const NjSendOptions *options)
{
    const NjAccount *account = chat->account;
    NjMessage *message = nj_message_new();
    message->out = true;
    message->time = nj_clock_wall_ms();
    message->type = chat->kind == NJ_CHAT_ROOM ? NJ_MESSAGE_GROUPCHAT : options ? options->type : NJ_MESSAGE_CHAT;
    /* A room shows that it has a line by sending it to all; otherwise the link's word is all there is. */
    message->state = chat->kind == NJ_CHAT_ROOM ? NJ_STATE_QUEUED : NJ_STATE_SENT;
    message->sender = g_strdup(chat->kind == NJ_CHAT_ROOM ? chat->room->nick : account->jid);
    message->body = nj_text_body(text, -1);
    message->subject = options && options->subject ? nj_text_line(options->subject, -1, 0) : NULL;
    message->thread = g_strdup(options && options->thread ? options->thread : chat->thread);
    message->wire_id = nj_random_id();
    return message;
}

NjMessage *
nj_message_send(NjChat *chat, const char *text, const NjSendOptions *options, GError **error)
{
    NjSession *session = nj_xep_online(chat->account, error);
    const char *to = session ? destination(chat, error) : NULL;
    if (!to)
        return NULL;
    g_autoptr(NjMessage) message = new_message(chat, text, options);
    if (!*message->body) {
        g_set_error(error, NJ_IQ_ERROR, NJ_IQ_ERROR_BAD, _("There is nothing to send: the message is empty."));
        return NULL;
    }
    NjOutgoing out = { build(chat, message, to), chat, message };
    if (!nj_pipeline_send(nj_session_pipeline(session), session, &out)) {
        nj_xml_free(out.stanza);
        g_set_error(error, NJ_IQ_ERROR, NJ_IQ_ERROR_BAD, _("The message could not be sent, and was not kept."));
        return NULL;
    }
    nj_sent_add(session, chat, to, message);
    nj_chat_add(chat, message);
    return message;             /* the sent list and the store hold it still */
}

/* --- in --- */

/* What an error is about: something we sent, and it comes from where we sent it.  A room hands our id to everybody in it, so there
   the address counts to the letter. */
static Sent *
find_failed(NjSession *session, const char *from, const char *id)
{
    Sent *sent = find_sent(session, from, id);
    return sent && nj_muc_room(session, from) && !g_str_equal(sent->to, from) ? NULL : sent;
}

static bool
on_message(NjSession *session, NjXml *stanza, NjXml *child)
{
    const char *from = nj_xml_attr(stanza, "from");
    (void) child;
    if (g_strcmp0(nj_xml_attr(stanza, "type"), "error") != 0)
        return false;
    Sent *sent = find_failed(session, from ? from : nj_session_account(session)->bare, nj_xml_attr(stanza, "id"));
    NjRoom *room = sent || !from || nj_jid_resource(from) ? NULL : nj_muc_room(session, from);
    if ((!sent || sent->message->state == NJ_STATE_FAILED) && (!room || room->state != NJ_ROOM_IN))
        return true;
    g_autofree char *sentence = nj_iq_error_text(stanza, NULL);
    if (sent)
        fail(session, sent, sentence);
    else                                        /* what else one says to a room: its subject */
        nj_client_notice(nj_session_client(session), room->chat->account, room->chat, NJ_NOTICE_ERROR, "%s", sentence);
    return true;
}

static bool
is_stranger(NjSession *session, const char *bare)
{
    return !nj_roster_find(nj_session_account(session)->roster, bare) && nj_session_peer(session, bare) < NJ_PEER_SERVER;
}

/* Did we talk before, in a chat that is closed now? */
static bool
talked_before(NjStore *store, const NjStoredChat *stored)
{
    g_autoptr(GPtrArray) page = stored->waiting ? NULL : nj_store_page_before(store, stored->id, G_MAXINT64, G_MAXINT64, 1);
    return page && page->len > 0;
}

/* Nobody asked for what a stranger writes: of a very long text the beginning will do. */
static void
shorten(NjMessage *message)
{
    if (!message->body || strlen(message->body) <= STRANGER_BYTES)
        return;
    g_autofree char *whole = g_steal_pointer(&message->body);
    const char *end = g_utf8_find_prev_char(whole, whole + STRANGER_BYTES);
    message->body = g_strdup_printf("%.*s…", (int) (end - whole), whole);
}

/* Kept, but without a chat, a window or an answer; false: it is nobody's stranger after all. */
static bool
keep_waiting(NjSession *session, const char *bare, NjMessage *message)
{
    NjAccount *account = nj_session_account(session);
    NjStore *store = account->client->store;
    NjStoredChat stored = { 0 };
    if (!store || !account->row)
        return true;
    bool found = nj_store_find_chat(store, account->row, NJ_CHAT_PERSON, bare, &stored);
    const char *text = message->body ? message->body : message->subject;
    g_autofree char *line = nj_text_line(text, (gssize) strcspn(text, "\n"), 0);
    bool known = found && !nj_roster_request(account->roster, bare) && talked_before(store, &stored);
    const NjRequest *request = known ? NULL : nj_roster_note_request(account->roster, bare, false, line, true);
    if (request && (found || nj_store_chat(store, account->row, NJ_CHAT_PERSON, bare, &stored))) {
        if (!stored.waiting)
            nj_store_set_waiting(store, stored.id, true);
        message->chat = stored.id;
        shorten(message);
        nj_store_add(store, message);
    }
    nj_stored_chat_clear(&stored);
    return !known;
}

static bool
deliver(NjSession *session, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    NjMessage *message = in->message;
    if (message->type == NJ_MESSAGE_GROUPCHAT || (!message->body && !message->subject))
        return false;
    g_autofree char *bare = nj_jid_bare(in->from);
    in->chat = nj_chat_find(account, bare);
    if (in->chat && in->chat->kind != NJ_CHAT_PERSON)
        return false;
    if (!in->chat && is_stranger(session, bare) && keep_waiting(session, bare, message))
        return false;
    if (!in->chat)
        in->chat = nj_chat_open(account, NJ_CHAT_PERSON, bare);
    if (!in->chat)
        return false;
    if (!message->delayed && nj_jid_resource(in->from) && message->type != NJ_MESSAGE_HEADLINE &&
        g_strcmp0(in->chat->peer, in->from) != 0)
        nj_chat_set_peer(in->chat, in->from);
    if (message->type == NJ_MESSAGE_CHAT)
        nj_chat_set_thread(in->chat, message->thread);     /* our answer belongs to it */
    nj_chat_add(in->chat, message);
    return false;
}

const NjModule nj_rfc6121_message = {
    .spec = "RFC 6121 (5)",
    .name = N_("Messages"),
    .receive = { NJ_STAGE_DELIVER, deliver },
    .handlers = { { NJ_KIND_MESSAGE, NULL, NULL, on_message } },
    .attach = attach,
    .detach = detach,
};
