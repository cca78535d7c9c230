/* XEP-0359: stable ids. An origin-id counts only together with its sender. A stanza-id counts only
 * from our account's archive or from the room. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "model/store.h"

#define MAX_ID 1023

static bool
is_announced(NjSession *session)
{
    return nj_session_account_has(session, NJ_NS_SID) || nj_session_account_has(session, NJ_NS_MAM);
}

/* A server that does not announce ids passes on ids that a stranger set in its name (section 6).
 * Before the features are known the ids are stored, because a resumed stream brings messages before
 * anything can be requested; but nothing is looked up by them. A forged id from that time could
 * only suppress a message of an archive that the same server has set up since, and only if it was
 * guessed right. */
static bool
may_keep(NjSession *session)
{
    return !nj_session_discovered(session) || is_announced(session);
}

bool
nj_message_is_known(NjSession *session, gint64 chat, const NjIncoming *in)
{
    NjStore *store = nj_session_client(session)->store;
    const NjMessage *message = in->message;

    if (!store || !chat || (!message->delayed && !in->wrapper))
        return false;
    if (message->archive_id && is_announced(session)
        && nj_store_has_archive_id(store, chat, message->archive_by, message->archive_id))
        return true;

    return message->origin_id
           && nj_store_has_origin_id(store, chat, message->sender, message->origin_id);
}

static bool
note_ids(NjSession *session, NjIncoming *in)
{
    g_autofree char *room =
        in->message->type == NJ_MESSAGE_GROUPCHAT ? nj_jid_bare(in->from) : NULL;
    const char *archive = room ? room : nj_session_account(session)->bare;

    for (NjXml *child = nj_xml_first(in->stanza); child; child = nj_xml_next(child)) {
        const char *id = nj_xml_attr(child, "id");
        if (!id || !*id || strlen(id) > MAX_ID)
            continue;
        if (!in->message->origin_id && nj_xml_is(child, "origin-id", NJ_NS_SID)) {
            in->message->origin_id = g_strdup(id);
        } else if (!in->message->archive_id && nj_xml_is(child, "stanza-id", NJ_NS_SID)
                   && g_strcmp0(nj_xml_attr(child, "by"), archive) == 0
                   && (room || may_keep(session))) {
            in->message->archive_id = g_strdup(id);
            in->message->archive_by = g_strdup(archive);
        }
    }

    return true;
}

static bool
add_id(NjSession *session, NjOutgoing *out)
{
    (void) session;
    nj_xml_set(nj_xml_add_new(out->stanza, "origin-id", NJ_NS_SID), "id", out->message->origin_id);
    return true;
}

const NjModule nj_xep_0359 = {
    .spec = "XEP-0359",
    .name = N_("Unique and Stable Stanza IDs"),
    .doap = { "complete" },
    .features = { NJ_NS_SID },
    .receive = { NJ_STAGE_ANNOTATE, note_ids },
    .send = { NJ_OUT_ANNOTATE, add_id },
};
