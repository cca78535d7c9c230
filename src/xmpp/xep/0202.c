/* XEP-0202: our time and its offset from UTC. They are sent to contacts only. */
#include "xmpp/xep/xep.h"

#include "base/clock.h"

static char *
format_offset(gint64 wall_ms)
{
    g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(wall_ms / 1000);
    int minutes = local ? (int) (g_date_time_get_utc_offset(local) / (60 * G_USEC_PER_SEC)) : 0;
    return g_strdup_printf("%c%02d:%02d", minutes < 0 ? '-' : '+', ABS(minutes) / 60,
                           ABS(minutes) % 60);
}

static bool
answer(NjSession *session, NjXml *iq, NjXml *query)
{
    (void) query;
    if (!nj_options_bool(nj_session_client(session)->options, "time-reply")
        || nj_session_peer(session, nj_xml_attr(iq, "from")) < NJ_PEER_CONTACT) {
        nj_session_send(session, nj_xml_error_reply(iq, "cancel", "service-unavailable"));
        return true;
    }

    gint64 now = nj_clock_wall_ms();
    g_autofree char *utc = nj_clock_format(now);
    g_autofree char *tzo = format_offset(now);
    NjXml *reply = nj_xml_reply(iq, "result");
    NjXml *time = nj_xml_add_new(reply, "time", NJ_NS_TIME);
    nj_xml_add_with_text(time, "tzo", NJ_NS_TIME, tzo);
    nj_xml_add_with_text(time, "utc", NJ_NS_TIME, utc);
    nj_session_send(session, reply);

    return true;
}

static void
read_time(NjSession *session, const char *address, NjRecord *record, const NjXml *query)
{
    g_autofree char *utc = nj_xml_child_text(query, "utc", NJ_NS_TIME);
    gint64 time;

    (void) session;
    (void) address;
    if (!utc || !nj_clock_parse(utc, &time))
        return;

    g_autofree char *text = nj_clock_format(time);
    nj_record_set_text(record, "time", text);
    nj_xep_set_child(record, "offset", query, "tzo", NJ_NS_TIME);
}

const NjModule nj_xep_0202 = {
    .spec = "XEP-0202",
    .name = N_("Entity Time"),
    .doap = { "complete" },
    .features = { NJ_NS_TIME },
    .option = "time-reply",
    .info = { "time", NJ_NS_TIME, read_time },
    .handlers = { { NJ_KIND_IQ_GET, "time", NJ_NS_TIME, answer } },
};
