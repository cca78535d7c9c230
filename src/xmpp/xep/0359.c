/* XEP-0359: ids that recognise a message which arrives twice. An origin-id identifies a message
 * only together with its sender. A stanza-id (the archive id) is accepted only if it was assigned
 * by our account's archive, or in a room by the room. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "model/store.h"

#define MAX_ID 1023 /* bytes; a longer id is ignored */

/* Does our server announce that it assigns ids, so that it removes forged ones? */
static bool
is_announced(NjSession *session)
{
    return nj_session_account_has(session, NJ_NS_SID) || nj_session_account_has(session, NJ_NS_MAM);
}

/* May an archive id in our server's name be stored? A server that does not announce ids delivers
 * ids that a stranger has forged in its name (section 6). Before the features are known the ids are
 * stored, because a resumed stream delivers messages before the features can be requested; but
 * nj_message_is_known() does not use them. An id that was forged then could do harm only if the
 * server sets up an archive later and the stranger has guessed an id of that archive: one message
 * with this id would be suppressed. */
static bool
may_store_archive_id(NjSession *session)
{
    return !nj_session_discovered(session) || is_announced(session);
}

bool
nj_message_is_known(NjSession *session, gint64 chat, const NjIncoming *in)
{
    NjStore *store = nj_session_client(session)->store;
    const NjMessage *message = in->message;

    bool may_be_repeated = message->delayed || in->wrapper;
    if (!store || !chat || !may_be_repeated)
        return false;
    if (message->archive_id && is_announced(session)
        && nj_store_has_archive_id(store, chat, message->archive_by, message->archive_id))
        return true;

    return message->origin_id
           && nj_store_has_origin_id(store, chat, message->sender, message->origin_id);
}

/* Is the child a <stanza-id/> that this archive has assigned? */
static bool
is_archive_id(const NjXml *child, const char *archive)
{
    return nj_xml_is(child, "stanza-id", NJ_NS_SID)
           && g_strcmp0(nj_xml_attr(child, "by"), archive) == 0;
}

/* Stores the first origin-id and the first acceptable archive id of the stanza in the message. */
static bool
note_ids(NjSession *session, NjIncoming *in)
{
    g_autofree char *room =
        in->message->type == NJ_MESSAGE_GROUPCHAT ? nj_jid_bare(in->from) : NULL;
    const char *archive = room ? room : nj_session_account(session)->bare;
    bool may_store = room || may_store_archive_id(session);

    for (NjXml *child = nj_xml_first(in->stanza); child; child = nj_xml_next(child)) {
        const char *id = nj_xml_attr(child, "id");
        if (!id || !*id || strlen(id) > MAX_ID)
            continue;
        if (!in->message->origin_id && nj_xml_is(child, "origin-id", NJ_NS_SID)) {
            in->message->origin_id = g_strdup(id);
        } else if (!in->message->archive_id && is_archive_id(child, archive) && may_store) {
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
