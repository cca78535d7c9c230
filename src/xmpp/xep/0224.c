/* XEP-0224: a contact asks for attention. This is shown at most once a minute for each contact, and
 * not stored. A body in the same stanza is handled as an ordinary message. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0224.h"

#include "base/clock.h"

#define NS "urn:xmpp:attention:0"
#define REST_US (60 * G_USEC_PER_SEC) /* between two alerts of a contact */

/* The module's state: bare address of a contact -> gint64, the time of its last alert in
 * microseconds. */
static void *
attach_attention(NjSession *session)
{
    (void) session;
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
detach_attention(NjSession *session, void *alerted)
{
    (void) session;
    g_hash_table_unref(alerted);
}

/* Returns true, and notes the time, if the contact's last alert is long enough ago. */
static bool
may_alert_again(NjSession *session, const char *bare)
{
    GHashTable *alerted = nj_session_state(session, &nj_xep_0224);
    const gint64 *before = g_hash_table_lookup(alerted, bare);
    gint64 now = nj_clock_us();

    if (before && now - *before < REST_US)
        return false;

    gint64 *kept = g_new(gint64, 1);
    *kept = now;
    g_hash_table_insert(alerted, g_strdup(bare), kept);
    return true;
}

/* Section 4: "In message stanzas containing Delayed Delivery data, attention extensions MUST be
 * ignored"; section 7: only contacts may ask. */
static bool
may_alert(NjSession *session, const NjIncoming *in)
{
    const NjAccount *account = nj_session_account(session);
    if (in->sent || in->message->type == NJ_MESSAGE_GROUPCHAT)
        return false;
    if (in->message->delayed || nj_xml_child(in->stanza, "delay", NJ_NS_DELAY))
        return false;

    return nj_options_bool(account->client->options, nj_xep_0224.option)
           && nj_roster_find(account->roster, in->from);
}

static bool
note_attention(NjSession *session, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    if (!nj_xml_child(in->stanza, "attention", NS) || !may_alert(session, in))
        return true;

    g_autofree char *bare = nj_jid_bare(in->from);
    if (!may_alert_again(session, bare))
        return true;

    NjAlert alert = { nj_chat_open(account, NJ_CHAT_PERSON, bare), NULL };
    if (alert.chat->kind == NJ_CHAT_PERSON)
        nj_emit_alert(account->client->bus, &alert);
    return true;
}

/* The stanza is a headline, because servers do not store headlines for later. */
bool
nj_attention(NjChat *chat, GError **error)
{
    NjSession *session = nj_xep_online(chat->account, error);
    if (!session)
        return false;

    if (chat->kind != NJ_CHAT_PERSON) {
        g_set_error_literal(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                            _("Only a person can be asked for attention, and not in a room."));
        return false;
    }

    NjXml *message = nj_xml_message("headline", chat->peer ? chat->peer : chat->address, NULL);
    nj_xml_add_new(message, "attention", NS);
    return nj_xep_send(session, message, error);
}

const NjModule nj_xep_0224 = {
    .spec = "XEP-0224",
    .name = N_("Attention"),
    .doap = { "complete" },
    .features = { NS },
    .option = "attention",
    .after = { "XEP-0203" },
    .receive = { NJ_STAGE_ANNOTATE, note_attention },
    .attach = attach_attention,
    .detach = detach_attention,
};
