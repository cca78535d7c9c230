/* XEP-0319: the time of the last pressed key. Presence of auto-away has ours if the option is on;
 * that of contacts is kept with their presence. */
#include "xmpp/xep/xep.h"

#include "base/clock.h"

#define NS "urn:xmpp:idle:1"

/* Adds the time of the last pressed key, in whole seconds, to presence that goes to all contacts;
 * never to presence for a room or a single address. */
static void
add_idle(NjSession *session, NjXml *presence)
{
    const NjAccount *account = nj_session_account(session);
    const NjClient *client = account->client;
    if (nj_xml_attr(presence, "to") || !account->auto_away
        || !nj_options_bool(client->options, "idle-time"))
        return;

    gint64 since = nj_clock_wall_ms() - (nj_clock_us() - client->active_us) / 1000;
    g_autofree char *time = nj_clock_format(since - since % 1000);
    nj_xml_set(nj_xml_add_new(presence, "idle", NS), "since", time);
}

/* Stores the idle time of a contact. An available presence without <idle/> removes it. */
static bool
note_idle(NjSession *session, NjXml *presence, NjXml *child)
{
    const char *from = nj_xml_attr(presence, "from"), *type = nj_xml_attr(presence, "type");
    const NjXml *idle = nj_xml_child(presence, "idle", NS);
    const char *since = idle ? nj_xml_attr(idle, "since") : NULL;
    gint64 time = 0;

    (void) child;
    if (!from || type)
        return false;

    if (since && (!nj_clock_parse(since, &time) || time > nj_clock_wall_ms()))
        time = 0;
    nj_roster_set_idle(nj_session_account(session)->roster, from, time);
    return false;
}

const NjModule nj_xep_0319 = {
    .spec = "XEP-0319",
    .name = N_("Last User Interaction in Presence"),
    .doap = { "complete" },
    .after = { "RFC 6121 (4)" },
    .presence = add_idle,
    .handlers = { { NJ_KIND_PRESENCE, NULL, NULL, note_idle } },
};
