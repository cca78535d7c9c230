/* XEP-0280: copies of messages that our other clients receive and send. A forged copy could show a
 * message that its alleged sender did not write. Therefore copies are accepted only from our own
 * bare address, and the addresses inside must fit. The message inside is then handled as any
 * message, but no receipt is sent for it. */
#include "xmpp/xep/xep.h"

#include <string.h>

#define NS "urn:xmpp:carbons:2"

static void
on_enabled(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    NjAccount *account = nj_session_account(session);
    (void) data;
    if (error && stanza)
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_WARNING,
                         _("Messages of your other clients will not be shown here. %s"),
                         error->message);
}

static void
enable_carbons(NjSession *session)
{
    if (!nj_session_server_has(session, NS))
        return;
    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    nj_xml_add_new(iq, "enable", NS);
    nj_iq_send(session, iq, 0, on_enabled, NULL, NULL, session);
}

/* --- received copies --- */

/* May a copy contain this message? Not a copy inside a copy, and not what must not be copied
 * (section 6.1): rooms send their messages to each client, and an error is for the client that sent
 * the message. */
static bool
may_be_copied(const NjXml *message)
{
    const char *type = nj_xml_attr(message, "type");
    if (g_strcmp0(type, "groupchat") == 0 || g_strcmp0(type, "error") == 0)
        return false;
    if (nj_xml_child(message, "received", NS) || nj_xml_child(message, "sent", NS))
        return false;
    return !nj_xml_child(message, "result", NJ_NS_MAM);
}

/* Is it a message from another person to us? A room sends private messages to each client in the
 * room, so copies of them are dropped (section 6.1). */
static bool
is_received(NjSession *session, const NjXml *message, const char *from, const char *to)
{
    NjAccount *account = nj_session_account(session);
    if (!nj_account_is_own(account, to) || nj_account_is_own(account, from))
        return false;
    return !nj_muc_room(session, from)
           && !(nj_jid_resource(from) && nj_xml_child(message, "x", NJ_NS_MUC_USER));
}

/* Is it a message from us to another person? A message to an occupant counts only if this client is
 * in the room: otherwise no reply could reach us. */
static bool
is_sent(NjSession *session, const NjXml *message, const char *from, const char *to)
{
    NjAccount *account = nj_session_account(session);
    if (!nj_account_is_own(account, from) || nj_account_is_own(account, to))
        return false;
    NjRoom *room = nj_muc_room(session, to);
    return room ? room->state == NJ_ROOM_IN && nj_jid_resource(to)
                : !nj_xml_child(message, "x", NJ_NS_MUC_USER);
}

/* Is in->stanza a valid copy of message, received or sent by another client of ours? */
static bool
is_valid_copy(NjSession *session, const NjIncoming *in, const NjXml *message, bool received)
{
    const char *from = nj_xml_attr(message, "from"), *to = nj_xml_attr(message, "to");
    if (!from || !nj_jid_valid(from))
        return false;
    if (!to || !nj_jid_valid(to))
        return false;
    if (strcmp(in->from, nj_session_account(session)->bare) != 0 || !may_be_copied(message))
        return false;
    return received ? is_received(session, message, from, to) : is_sent(session, message, from, to);
}

/* Replaces in->stanza by the message in the copy; drops invalid copies. Section 11: "Any forwarded
 * copies received by a Carbons-enabled client MUST be from that user's bare JID; any copies that do
 * not meet this requirement MUST be ignored." */
static bool
unwrap_copy(NjSession *session, NjIncoming *in)
{
    NjXml *received = nj_xml_child(in->stanza, "received", NS);
    NjXml *sent = nj_xml_child(in->stanza, "sent", NS);
    if (!received && !sent)
        return true;

    NjXml *forwarded = nj_xml_child(received ? received : sent, "forwarded", NJ_NS_FORWARD);
    NjXml *message = forwarded ? nj_xml_child(forwarded, "message", NJ_NS_CLIENT) : NULL;
    bool is_ambiguous = received && sent;
    if (!message || is_ambiguous || !is_valid_copy(session, in, message, received)) {
        g_debug("dropped an invalid copy of a message (XEP-0280)");
        return false;
    }

    in->wrapper = in->stanza;
    in->stanza = nj_xml_ref(message);
    in->forwarded = forwarded;
    in->from = nj_xml_attr(message, "from");
    in->sent = !received;

    return true;
}

const NjModule nj_xep_0280 = {
    .spec = "XEP-0280",
    .name = N_("Message Carbons"),
    .doap = { "complete" },
    .receive = { NJ_STAGE_UNWRAP, unwrap_copy },
    .discovered = enable_carbons,
};
