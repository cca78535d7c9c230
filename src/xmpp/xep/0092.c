/* XEP-0092: our name and version. They are sent to contacts only, without the operating system. */
#include "xmpp/xep/xep.h"

#define NS "jabber:iq:version"

static bool
answer(NjSession *session, NjXml *iq, NjXml *query)
{
    (void) query;
    if (!nj_options_bool(nj_session_client(session)->options, "version-reply")
        || nj_session_peer(session, nj_xml_attr(iq, "from")) < NJ_PEER_CONTACT) {
        nj_session_send(session, nj_xml_error_reply(iq, "cancel", "service-unavailable"));
        return true;
    }

    NjXml *reply = nj_xml_reply(iq, "result");
    NjXml *version = nj_xml_add_new(reply, "query", NS);
    nj_xml_add_with_text(version, "name", NS, "Natterjack");
    nj_xml_add_with_text(version, "version", NS, PACKAGE_VERSION);
    nj_session_send(session, reply);

    return true;
}

static void
read_version(NjSession *session, const char *address, NjRecord *record, const NjXml *query)
{
    (void) session;
    (void) address;
    nj_xep_set_child(record, "software", query, "name", NS);
    nj_xep_set_child(record, "version", query, "version", NS);
    nj_xep_set_child(record, "system", query, "os", NS);
}

const NjModule nj_xep_0092 = {
    .spec = "XEP-0092",
    .name = N_("Software Version"),
    .doap = { "complete" },
    .features = { NS },
    .option = "version-reply",
    .info = { "query", NS, read_version },
    .handlers = { { NJ_KIND_IQ_GET, "query", NS, answer } },
};
