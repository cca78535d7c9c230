/* XEP-0085: who is typing.  Said only to those who may see our presence, and in rooms only where
 * the person wants it. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0085.h"

#define NS "http://jabber.org/protocol/chatstates"

static const char *const names[] = {
    [NJ_TYPING_GONE] = "gone",           [NJ_TYPING_INACTIVE] = "inactive",
    [NJ_TYPING_ACTIVE] = "active",       [NJ_TYPING_PAUSED] = "paused",
    [NJ_TYPING_COMPOSING] = "composing",
};

#define SILENT 100 /* they answered without a state: they are told none (5.1) */

/* The state is what each chat was told last: address -> NjTyping + 1, or SILENT. */
static void *
attach(NjSession *session)
{
    (void) session;
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
detach(NjSession *session, void *told)
{
    (void) session;
    g_hash_table_unref(told);
}

static void
offline(NjSession *session)
{
    g_hash_table_remove_all(nj_session_state(session, &nj_xep_0085));
}

static bool
may_tell(NjSession *session, const NjChat *chat)
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

/* An answer tells whether they know of this at all. */
static void
note_answer(NjSession *session, const NjChat *chat, bool knows)
{
    GHashTable *told = nj_session_state(session, &nj_xep_0085);
    if (!knows)
        g_hash_table_insert(told, g_strdup(chat->address), GINT_TO_POINTER(SILENT));
    else if (is_silent(session, chat))
        g_hash_table_remove(told, chat->address);
}

static bool
note_told(NjSession *session, const NjChat *chat, NjTyping typing)
{
    GHashTable *told = nj_session_state(session, &nj_xep_0085);
    int last = GPOINTER_TO_INT(g_hash_table_lookup(told, chat->address));
    if (last == SILENT || last == (int) typing + 1)
        return false;
    g_hash_table_insert(told, g_strdup(chat->address), GINT_TO_POINTER((int) typing + 1));
    return true;
}

bool
nj_message_typing(NjChat *chat, NjTyping typing)
{
    NjSession *session = nj_session_of(chat->account);
    if (!session || !nj_session_online(session) || !may_tell(session, chat)
        || !note_told(session, chat, typing))
        return false;

    NjXml *stanza = nj_xml_message(chat->kind == NJ_CHAT_ROOM ? "groupchat" : "chat",
                                   chat->peer ? chat->peer : chat->address, NULL);
    nj_xml_add_new(stanza, names[typing], NS);
    if (chat->thread && chat->kind == NJ_CHAT_PERSON)
        nj_xml_add_with_text(stanza, "thread", NULL, chat->thread);

    nj_xml_add_new(stanza, "no-store", NJ_NS_HINTS);
    return nj_session_send(session, stanza);
}

/* A message says that we are here. */
static bool
say_active(NjSession *session, NjOutgoing *out)
{
    if (out->message->type == NJ_MESSAGE_HEADLINE || !may_tell(session, out->chat)
        || is_silent(session, out->chat))
        return true;
    note_told(session, out->chat, NJ_TYPING_ACTIVE);
    nj_xml_add_new(out->stanza, names[NJ_TYPING_ACTIVE], NS);
    return true;
}

static bool
read_typing(const NjXml *stanza, NjTyping *typing)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (nj_xml_child(stanza, names[i], NS)) {
            *typing = (NjTyping) i;
            return true;
        }
    return false;
}

/* What was said before now, or by nobody we have a chat with, tells nothing. */
static bool
note_typing(NjSession *session, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    if (in->sent || in->message->type == NJ_MESSAGE_GROUPCHAT
        || nj_xml_child(in->stanza, "delay", NJ_NS_DELAY))
        return true;

    NjTyping typing = NJ_TYPING_ACTIVE;
    bool told = read_typing(in->stanza, &typing);
    if (!told && !in->message->body)
        return true;

    NjChat *chat = nj_chat_find(account, in->from);
    if (!chat) {
        g_autofree char *bare = nj_jid_bare(in->from);
        chat = nj_chat_find(account, bare);
    }

    if (chat && chat->kind == NJ_CHAT_PERSON && in->message->type != NJ_MESSAGE_HEADLINE)
        note_answer(session, chat, told);
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
    .send = { NJ_OUT_ANNOTATE, say_active },
    .attach = attach,
    .detach = detach,
    .offline = offline,
};
