/* XEP-0085: chat states (typing). We send them only to contacts who may see our presence, and in
 * rooms only if the option is on. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0085.h"

#define NS "http://jabber.org/protocol/chatstates"

static const char *const state_names[] = {
    [NJ_TYPING_GONE] = "gone",           [NJ_TYPING_INACTIVE] = "inactive",
    [NJ_TYPING_ACTIVE] = "active",       [NJ_TYPING_PAUSED] = "paused",
    [NJ_TYPING_COMPOSING] = "composing",
};

#define SILENT 100 /* the contact replied without a chat state, so we send none (section 5.1) */

/* The module's state: address of a chat -> the chat state sent last, as NjTyping + 1; or SILENT. */
static void *
attach_chat_states(NjSession *session)
{
    (void) session;
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
detach_chat_states(NjSession *session, void *sent)
{
    (void) session;
    g_hash_table_unref(sent);
}

static void
stop_chat_states(NjSession *session)
{
    g_hash_table_remove_all(nj_session_state(session, &nj_xep_0085));
}

static bool
may_send(NjSession *session, const NjChat *chat)
{
    const NjOptions *options = nj_session_client(session)->options;
    if (chat->kind == NJ_CHAT_PERSON)
        return nj_options_bool(options, "typing") && nj_presence_shown_to(session, chat->address);
    return nj_options_bool(options, "typing-rooms") && chat->room
           && chat->room->state == NJ_ROOM_IN;
}

static bool
is_silent(NjSession *session, const NjChat *chat)
{
    return GPOINTER_TO_INT(
               g_hash_table_lookup(nj_session_state(session, &nj_xep_0085), chat->address))
           == SILENT;
}

/* A reply shows whether the contact's client supports chat states (section 5.1). */
static void
note_support(NjSession *session, const NjChat *chat, bool is_supported)
{
    GHashTable *sent = nj_session_state(session, &nj_xep_0085);
    if (!is_supported)
        g_hash_table_insert(sent, g_strdup(chat->address), GINT_TO_POINTER(SILENT));
    else if (is_silent(session, chat))
        g_hash_table_remove(sent, chat->address);
}

/* Returns false if the state was sent last, or if none may be sent. */
static bool
note_sent(NjSession *session, const NjChat *chat, NjTyping typing)
{
    GHashTable *sent = nj_session_state(session, &nj_xep_0085);
    int last = GPOINTER_TO_INT(g_hash_table_lookup(sent, chat->address));
    if (last == SILENT || last == (int) typing + 1)
        return false;
    g_hash_table_insert(sent, g_strdup(chat->address), GINT_TO_POINTER((int) typing + 1));
    return true;
}

bool
nj_message_typing(NjChat *chat, NjTyping typing)
{
    NjSession *session = nj_session_of(chat->account);
    if (!session || !nj_session_online(session))
        return false;
    if (!may_send(session, chat) || !note_sent(session, chat, typing))
        return false;

    const char *type = chat->kind == NJ_CHAT_ROOM ? "groupchat" : "chat";
    const char *to = chat->peer ? chat->peer : chat->address;
    NjXml *stanza = nj_xml_message(type, to, NULL);
    nj_xml_add_new(stanza, state_names[typing], NS);
    if (chat->thread && chat->kind == NJ_CHAT_PERSON)
        nj_xml_add_with_text(stanza, "thread", NULL, chat->thread);

    nj_xml_add_new(stanza, "no-store", NJ_NS_HINTS);
    return nj_session_send(session, stanza);
}

/* Adds the state "active" to a message (section 5.1). */
static bool
add_active(NjSession *session, NjOutgoing *out)
{
    if (out->message->type == NJ_MESSAGE_HEADLINE || !may_send(session, out->chat)
        || is_silent(session, out->chat))
        return true;
    note_sent(session, out->chat, NJ_TYPING_ACTIVE);
    nj_xml_add_new(out->stanza, state_names[NJ_TYPING_ACTIVE], NS);
    return true;
}

/* Returns false if the stanza has no chat state. */
static bool
read_typing(const NjXml *stanza, NjTyping *typing)
{
    for (gsize i = 0; i < G_N_ELEMENTS(state_names); i++)
        if (nj_xml_child(stanza, state_names[i], NS)) {
            *typing = (NjTyping) i;
            return true;
        }
    return false;
}

/* Sets the chat state of the sender's chat. A body without a chat state counts as active. Delayed
 * messages, and senders without a chat, are ignored. */
static bool
note_typing(NjSession *session, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    if (in->sent || in->message->type == NJ_MESSAGE_GROUPCHAT
        || nj_xml_child(in->stanza, "delay", NJ_NS_DELAY))
        return true;

    NjTyping typing = NJ_TYPING_ACTIVE;
    bool has_state = read_typing(in->stanza, &typing);
    if (!has_state && !in->message->body)
        return true;

    NjChat *chat = nj_chat_find(account, in->from);
    if (!chat) {
        g_autofree char *bare = nj_jid_bare(in->from);
        chat = nj_chat_find(account, bare);
    }

    if (chat && chat->kind == NJ_CHAT_PERSON && in->message->type != NJ_MESSAGE_HEADLINE)
        note_support(session, chat, has_state);
    if (chat && chat->kind != NJ_CHAT_ROOM && chat->typing != typing)
        nj_chat_set_typing(chat, typing);

    return true;
}

const NjModule nj_xep_0085 = {
    .spec = "XEP-0085",
    .name = N_("Chat State Notifications"),
    .doap = { "complete" },
    .features = { NS },
    .receive = { NJ_STAGE_ANNOTATE, note_typing },
    .send = { NJ_OUT_ANNOTATE, add_active },
    .attach = attach_chat_states,
    .detach = detach_chat_states,
    .offline = stop_chat_states,
};
