/* XEP-0199: sending and answering pings. The keep-alive of the connection is in session-alive.c. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0199.h"

#include "base/clock.h"

static bool
answer(NjSession *session, NjXml *iq, NjXml *ping)
{
    (void) ping;
    nj_session_send(session, nj_xml_reply(iq, "result"));
    return true;
}

/* Sets "ms" to the time since the ping was sent. */
static void
fill_delay(NjRecord *record, const NjXml *stanza, void *sent_us)
{
    (void) stanza;
    nj_record_set_int(record, "ms", (nj_clock_us() - *(gint64 *) sent_us) / 1000);
}

void
nj_ping(NjAccount *account, const char *to, NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);

    if (!session) {
        done(error, NULL, data);
        return;
    }

    NjXml *iq = nj_xml_iq("get", to ? to : nj_session_domain(session), NULL);
    nj_xml_add_new(iq, "ping", NJ_NS_PING);

    gint64 *sent_us = g_new(gint64, 1);
    *sent_us = nj_clock_us();
    nj_ask_fill(session, iq, fill_delay, sent_us, g_free, done, data);
}

const NjModule nj_xep_0199 = {
    .spec = "XEP-0199",
    .name = N_("XMPP Ping"),
    .doap = { "complete" },
    .features = { NJ_NS_PING },
    .handlers = { { NJ_KIND_IQ_GET, "ping", NJ_NS_PING, answer } },
};
