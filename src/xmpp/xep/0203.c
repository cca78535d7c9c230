/* XEP-0203: the time when a delayed message was sent. A stamp counts if whoever stored the message
 * for us set it; a later time than now becomes now. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/clock.h"

#define NS_LEGACY "jabber:x:delay" /* XEP-0091 */
#define LIVE (60 * 1000)           /* ms */

/* Stamps of our server, our account, the room, and of the sender and its server count; by may be
 * NULL. In a room a stamp counts only while the room sends its history: later an occupant may have
 * set it, to hide a message in the past. */
static bool
is_believed(NjSession *session, const NjIncoming *in, const char *by)
{
    g_autofree char *domain = nj_jid_domain(in->from);
    const NjRoom *room = nj_muc_room(session, in->from);
    if (room)
        return nj_muc_in_history(session, room)
               && (!by || (nj_jid_is_bare(by) && nj_jid_same_bare(by, in->from)));
    return !by || nj_session_peer(session, by) >= NJ_PEER_SERVER || nj_jid_same_bare(by, in->from)
           || strcmp(by, domain) == 0;
}

static bool
take_stamp(NjMessage *message, const char *stamp)
{
    gint64 time;
    if (!stamp || !nj_clock_parse(stamp, &time))
        return false;
    message->time = MIN(time, nj_clock_wall_ms());
    message->delayed = true;
    return true;
}

/* The stamp around a copy is our server's (XEP-0297 section 3.2). A stamp of the last minute is no
 * delay, only transmission. */
static bool
note_forwarded(NjIncoming *in)
{
    const NjXml *around[] = { in->forwarded, in->wrapper };
    for (gsize i = 0; in->forwarded && i < G_N_ELEMENTS(around); i++) {
        const NjXml *delay = nj_xml_child(around[i], "delay", NJ_NS_DELAY);
        gint64 time;
        if (delay && nj_xml_attr(delay, "stamp")
            && nj_clock_parse(nj_xml_attr(delay, "stamp"), &time)
            && time < nj_clock_wall_ms() - LIVE)
            return take_stamp(in->message, nj_xml_attr(delay, "stamp"));
    }

    return true;
}

static bool
note_delay(NjSession *session, NjIncoming *in)
{
    const char *const spaces[] = { NJ_NS_DELAY, NS_LEGACY };
    for (gsize i = 0; i < G_N_ELEMENTS(spaces); i++)
        for (NjXml *child = nj_xml_first(in->stanza); child; child = nj_xml_next(child)) {
            if (nj_xml_is(child, i == 0 ? "delay" : "x", spaces[i])
                && is_believed(session, in, nj_xml_attr(child, "from"))
                && take_stamp(in->message, nj_xml_attr(child, "stamp")))
                return true;
        }

    return note_forwarded(in);
}

const NjModule nj_xep_0203 = {
    .spec = "XEP-0203",
    .name = N_("Delayed Delivery"),
    .doap = { "complete" },
    .features = { NJ_NS_DELAY },
    .receive = { NJ_STAGE_ANNOTATE, note_delay },
};
