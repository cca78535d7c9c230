/* XEP-0012: how long ago the person did something, for contacts, and only where the option says so.
 * Asking others is nj_info(), in 0030.c. */
#include "xmpp/xep/xep.h"

#include "base/clock.h"

#define NS "jabber:iq:last"

static bool
answer(NjSession *session, NjXml *iq, NjXml *query)
{
    const NjClient *client = nj_session_client(session);
    (void) query;
    if (!nj_options_bool(client->options, nj_xep_0012.option)
        || nj_session_peer(session, nj_xml_attr(iq, "from")) < NJ_PEER_CONTACT) {
        nj_session_send(session, nj_xml_error_reply(iq, "cancel", "service-unavailable"));
        return true;
    }

    char seconds[24];
    g_snprintf(seconds, sizeof seconds, "%" G_GINT64_FORMAT,
               MAX(nj_clock_us() - client->active_us, 0) / G_USEC_PER_SEC);

    NjXml *reply = nj_xml_reply(iq, "result");
    nj_xml_set(nj_xml_add_new(reply, "query", NS), "seconds", seconds);
    nj_session_send(session, reply);
    return true;
}

const NjModule nj_xep_0012 = {
    .spec = "XEP-0012",
    .name = N_("Last Activity"),
    .features = { NS },
    .option = "last-activity-reply",
    .handlers = { { NJ_KIND_IQ_GET, "query", NS, answer } },
};
