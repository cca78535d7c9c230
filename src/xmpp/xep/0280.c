/* XEP-0280: copies of messages that our other clients receive and send. A copy shows another
 * person's words under that name, so only copies from our own bare address count, and the addresses
 * inside must fit. An unwrapped copy is handled as any message, but no receipt is sent for it. */
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

/* False for a copy inside a copy, and for messages that are not copied (section 6.1): rooms send to
 * each client, and an error belongs to the client that sent the message. */
static bool
is_plain(const NjXml *message)
{
    const char *type = nj_xml_attr(message, "type");
    return g_strcmp0(type, "groupchat") != 0 && g_strcmp0(type, "error") != 0
           && !nj_xml_child(message, "received", NS) && !nj_xml_child(message, "sent", NS)
           && !nj_xml_child(message, "result", NJ_NS_MAM);
}

/* Is it a message from another person to us? Private messages of a room are sent to each client in
 * the room (section 6.1), so they are not copied. */
static bool
is_received(NjSession *session, const NjXml *message, const char *from, const char *to)
{
    NjAccount *account = nj_session_account(session);
    if (!nj_account_is_own(account, to) || nj_account_is_own(account, from))
        return false;
    return !nj_muc_room(session, from)
           && !(nj_jid_resource(from) && nj_xml_child(message, "x", NJ_NS_MUC_USER));
}

/* Is it a message of ours to another person? To an occupant only in a room that we are in:
 * elsewhere no reply could reach us. */
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

/* 11: "Any forwarded copies received by a Carbons-enabled client MUST be from that user's bare JID;
 * any copies that do not meet this requirement MUST be ignored." */
static bool
unwrap_copy(NjSession *session, NjIncoming *in)
{
    NjXml *received = nj_xml_child(in->stanza, "received", NS),
          *sent = nj_xml_child(in->stanza, "sent", NS);
    if (!received && !sent)
        return true;

    NjXml *forwarded = nj_xml_child(received ? received : sent, "forwarded", NJ_NS_FORWARD);
    NjXml *message = forwarded ? nj_xml_child(forwarded, "message", NJ_NS_CLIENT) : NULL;
    const char *from = message ? nj_xml_attr(message, "from") : NULL,
               *to = message ? nj_xml_attr(message, "to") : NULL;
    bool good = !(received && sent) && from && to && nj_jid_valid(from) && nj_jid_valid(to)
                && strcmp(in->from, nj_session_account(session)->bare) == 0 && is_plain(message)
                && (received ? is_received(session, message, from, to)
                             : is_sent(session, message, from, to));

    if (!good) {
        g_debug("dropped a copy that is none of ours, or none of a message between people");
        return false;
    }

    in->wrapper = in->stanza;
    in->stanza = nj_xml_ref(message);
    in->forwarded = forwarded;
    in->from = from;
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
