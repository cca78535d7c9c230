/* XEP-0045: messages of occupants to a room, of the room itself, and private messages of occupants.
 * Our own message is shown when it is sent; the room's echo of it sets it to DELIVERED. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0045.h"

#include <string.h>

#include "base/text.h"
#include "model/store.h"

#define MAX_PRIVATE 100 /* open chats with occupants; above it received messages open none */
#define MAX_SEARCHED (16 * 1024) /* bytes of a body that are searched for our nick */

/* --- our nick --- */

static bool
is_word(gunichar c)
{
    return g_unichar_isalnum(c) || g_unichar_ismark(c) || c == '_';
}

/* Returns true if the body has our nick as a whole word, in upper or lower case: "toad" is in
 * "Toad: hello" but not in "toadstool". */
static bool
mentions_nick(const char *body, const char *nick)
{
    g_autofree char *text = g_utf8_casefold(body, (gssize) strnlen(body, MAX_SEARCHED));
    g_autofree char *name = g_utf8_casefold(nick, -1);
    gsize length = strlen(name);

    for (const char *at = text; length && (at = strstr(at, name)); at++) {
        bool begins = at == text || !is_word(g_utf8_get_char(g_utf8_prev_char(at)));
        if (begins && !is_word(g_utf8_get_char(at + length)))
            return true;
    }

    return false;
}

/* --- messages to the room --- */

/* An echo has our nick and the id of a message that we sent to this room; require both. Marks the
 * sent message as DELIVERED. */
static bool
is_echo(NjSession *session, NjRoom *room, const NjIncoming *in, const char *nick)
{
    if (strcmp(nick, room->nick) != 0)
        return false;

    NjStore *store = nj_session_client(session)->store;
    const char *const ids[] = { in->message->origin_id, in->message->wire_id };
    g_autoptr(NjMessage) sent = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(ids) && store && !sent; i++)
        sent = ids[i] ? nj_store_find_sent(store, room->chat->id, ids[i]) : NULL;
    if (!sent || sent->type != NJ_MESSAGE_GROUPCHAT)
        return false;

    if (sent->state != NJ_STATE_DELIVERED)
        nj_account_settle_message(room->chat->account, room->chat->address, sent,
                                  NJ_STATE_DELIVERED, NULL);
    return true;
}

/* Is this message of the room's history stored already? */
static bool
is_known(NjRoom *room, const NjMessage *message)
{
    NjStore *store = room->chat->account->client->store;
    if (!message->delayed || !store)
        return false;
    if (message->archive_id
        && nj_store_has_archive_id(store, room->chat->id, message->archive_by, message->archive_id))
        return true;
    return message->origin_id
           && nj_store_has_origin_id(store, room->chat->id, message->sender, message->origin_id);
}

/* Sets the subject. It is also the end of the history that the room sends after a join. */
static void
note_subject(NjSession *session, NjRoom *room, const NjMessage *message, const char *nick)
{
    g_autofree char *address = g_strdup(room->chat->address);
    nj_room_set_subject(room, *message->subject ? message->subject : NULL, nick);
    room = nj_muc_room(session, address);
    if (room)
        nj_muc_history_over(session, room);
}

static void
deliver_to_room(NjSession *session, NjRoom *room, NjIncoming *in)
{
    NjMessage *message = in->message;
    const char *nick = nj_jid_resource(in->from);

    in->chat = room->chat;
    if (message->subject && !message->body) {
        note_subject(session, room, message, nick);
    } else if (!message->body) {
        return;
    } else if (!nick) { /* a message of the room itself */
        g_autofree char *line = nj_text_line(message->body, -1, 0);
        nj_client_notice(nj_session_client(session), room->chat->account, room->chat,
                         NJ_NOTICE_INFO, "%s", line);
    } else if (!is_echo(session, room, in, nick)) {
        g_free(message->sender);
        message->sender = g_strdup(nick);
        if (is_known(room, message))
            return;
        message->out = strcmp(nick, room->nick) == 0;
        message->mention =
            !message->out && !message->delayed && mentions_nick(message->body, room->nick);
        nj_chat_add(room->chat, message);
    }
}

/* --- private messages --- */

/* The limit is needed because one occupant could open any number of chats by changing the nick for
 * every message. */
static bool
too_many_private(const NjAccount *account)
{
    guint count = 0;
    GHashTableIter iter;
    void *chat;
    g_hash_table_iter_init(&iter, account->chats);
    while (g_hash_table_iter_next(&iter, NULL, &chat))
        count += ((const NjChat *) chat)->kind == NJ_CHAT_PRIVATE;
    return count >= MAX_PRIVATE;
}

static void
deliver_privately(NjSession *session, NjRoom *room, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    if (!in->message->body)
        return;

    if (!nj_jid_resource(in->from)) {
        g_autofree char *line = nj_text_line(in->message->body, -1, 0);
        nj_client_notice(account->client, account, room->chat, NJ_NOTICE_INFO, "%s", line);
        return;
    }

    if (!nj_chat_find(account, in->from) && too_many_private(account)) {
        g_debug("dropped a private message: there are too many chats with occupants");
        return;
    }

    in->chat = nj_chat_open(account, NJ_CHAT_PRIVATE, in->from);
    nj_chat_add(in->chat, in->message);
}

/* Delivers messages of rooms, and leaves those of people to the row of RFC 6121. Messages of rooms
 * that we are not in are dropped. */
bool
nj_muc_deliver(NjSession *session, NjIncoming *in)
{
    NjRoom *room = nj_muc_room(session, in->from);
    bool groupchat = in->message->type == NJ_MESSAGE_GROUPCHAT;

    if (!room && !groupchat)
        return true;

    if (!room || room->state != NJ_ROOM_IN)
        g_debug("dropped a message of a room that we are not in");
    else if (groupchat)
        deliver_to_room(session, room, in);
    else
        deliver_privately(session, room, in);

    return false;
}

bool
nj_muc_set_subject(NjRoom *room, const char *subject, GError **error)
{
    NjSession *session = nj_xep_online(room->chat->account, error);
    if (!session)
        return false;

    if (room->state != NJ_ROOM_IN) {
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_OFFLINE,
                    _("You are not in this room. Use /join to enter it again."));
        return false;
    }

    g_autofree char *line = nj_text_line(subject ? subject : "", -1, 0);
    NjXml *message = nj_xml_message("groupchat", room->chat->address, NULL);
    nj_xml_add_with_text(message, "subject", NULL, line);
    return nj_xep_send(session, message, error);
}
