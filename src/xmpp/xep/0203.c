/* XEP-0203: the time when a delayed message was sent. A stamp is accepted only from an entity that
 * may have stored the message for us. A stamp later than now is replaced by now. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/clock.h"

#define NS_LEGACY "jabber:x:delay" /* XEP-0091 */
#define LIVE_MS (60 * 1000)        /* a copy that is younger is not delayed */

/* Is a stamp of this entity accepted? by: the "from" of the stamp; may be NULL. Stamps are accepted
 * from our server, our account, the sender and its server; in a room only from the room, and only
 * while the room sends its history: later an occupant may have set the stamp, to hide a message in
 * the past. */
static bool
is_accepted(NjSession *session, const NjIncoming *in, const char *by)
{
    const NjRoom *room = nj_muc_room(session, in->from);
    if (room && !nj_muc_in_history(session, room))
        return false;
    if (!by)
        return true;

    bool is_sender = nj_jid_same_bare(by, in->from);
    if (room)
        return is_sender && nj_jid_is_bare(by);

    g_autofree char *domain = nj_jid_domain(in->from);
    bool is_server = strcmp(by, domain) == 0;
    return is_sender || is_server || nj_session_peer(session, by) >= NJ_PEER_SERVER;
}

/* Sets the time of the message. Returns false if the stamp is missing or invalid. */
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

static bool
is_old_stamp(const char *stamp)
{
    gint64 time;
    return stamp && nj_clock_parse(stamp, &time) && time < nj_clock_wall_ms() - LIVE_MS;
}

/* Our server sets the stamp outside of a copied message (XEP-0297 section 3.2). A stamp of the last
 * minute means only the transmission, not a delay. */
static bool
note_forwarded(NjIncoming *in)
{
    const NjXml *around[] = { in->forwarded, in->wrapper };
    for (gsize i = 0; in->forwarded && i < G_N_ELEMENTS(around); i++) {
        const NjXml *delay = nj_xml_child(around[i], "delay", NJ_NS_DELAY);
        const char *stamp = delay ? nj_xml_attr(delay, "stamp") : NULL;
        if (is_old_stamp(stamp))
            return take_stamp(in->message, stamp);
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
                && is_accepted(session, in, nj_xml_attr(child, "from"))
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
