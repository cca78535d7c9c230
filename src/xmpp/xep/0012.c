/* XEP-0012: the time since the last pressed key. It is sent to contacts only, and only if the
 * option is on. */
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

/* The seconds mean: from a client, since the last pressed key; from the server of an offline
 * contact, since the logout; from a server about itself, its uptime (sections 3 to 5). */
static void
read_last(NjSession *session, const char *address, NjRecord *record, const NjXml *query)
{
    gint64 seconds;
    (void) session;
    (void) address;
    if (nj_xml_int(query, "seconds", 0, G_MAXINT64, &seconds))
        nj_record_set_int(record, "last-activity-seconds", seconds);
}

const NjModule nj_xep_0012 = {
    .spec = "XEP-0012",
    .name = N_("Last Activity"),
    .doap = { "complete" },
    .features = { NS },
    .option = "last-activity-reply",
    .info = { "query", NS, read_last },
    .handlers = { { NJ_KIND_IQ_GET, "query", NS, answer } },
};
