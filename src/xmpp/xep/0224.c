/* XEP-0224: somebody we know wants attention, now.  It is told once a minute and sender, and not
 * kept; words that come along are a message like any other. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0224.h"

#include "base/clock.h"

#define NS "urn:xmpp:attention:0"
/* The state is when each contact was last told of: bare address -> gint64. */
#define REST_US (60 * G_USEC_PER_SEC)
static void *
attach(NjSession *session)
{
    (void) session;
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
detach(NjSession *session, void *told)
{
    (void) session;
    g_hash_table_unref(told);
}

static bool
has_rested(NjSession *session, const char *bare)
{
    GHashTable *told = nj_session_state(session, &nj_xep_0224);
    const gint64 *before = g_hash_table_lookup(told, bare);
    gint64 now = nj_clock_us();

    if (before && now - *before < REST_US)
        return false;

    gint64 *kept = g_new(gint64, 1);
    *kept = now;
    g_hash_table_insert(told, g_strdup(bare), kept);
    return true;
}

/* 4: "In message stanzas containing Delayed Delivery data, attention extensions MUST be ignored";
 * 7: only contacts may. */
static bool
may_call(NjSession *session, const NjIncoming *in)
{
    const NjAccount *account = nj_session_account(session);
    return !in->sent && !in->message->delayed && in->message->type != NJ_MESSAGE_GROUPCHAT
           && !nj_xml_child(in->stanza, "delay", NJ_NS_DELAY)
           && nj_options_bool(account->client->options, nj_xep_0224.option)
           && nj_roster_find(account->roster, in->from);
}

static bool
note(NjSession *session, NjIncoming *in)
{
    NjAccount *account = nj_session_account(session);
    if (!nj_xml_child(in->stanza, "attention", NS) || !may_call(session, in))
        return true;

    g_autofree char *bare = nj_jid_bare(in->from);
    if (!has_rested(session, bare))
        return true;

    NjAlert alert = { nj_chat_open(account, NJ_CHAT_PERSON, bare), NULL };
    if (alert.chat->kind == NJ_CHAT_PERSON)
        nj_emit_alert(account->client->bus, &alert);
    return true;
}

/* As a headline, which no server keeps for later. */
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
    .receive = { NJ_STAGE_ANNOTATE, note },
    .attach = attach,
    .detach = detach,
};
