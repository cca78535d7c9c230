/* XEP-0191: addresses that the server blocks for us. Our copy of the list is account->blocked; it
 * is updated by the server's pushes and by our own changes. It is requested at every login, because
 * the server pushes only to clients that have requested it. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0191.h"

#include <string.h>

#define NS "urn:xmpp:blocking"
#define MAX_BLOCKED 100000 /* addresses of a server's list; more are ignored */

typedef struct {
    GHashTable *arriving; /* set of addresses of the requested list so far; NULL: none requested */
} Blocking;

static Blocking *
state_of(NjSession *session)
{
    return nj_session_state(session, &nj_xep_0191);
}

static void *
attach_blocking(NjSession *session)
{
    (void) session;
    return g_new0(Blocking, 1);
}

static void
detach_blocking(NjSession *session, void *data)
{
    Blocking *state = data;
    (void) session;
    g_clear_pointer(&state->arriving, g_hash_table_unref);
    g_free(state);
}

static const char *
item_address(const NjXml *item)
{
    const char *address = nj_xml_is(item, "item", NS) ? nj_xml_attr(item, "jid") : NULL;
    return address && nj_jid_valid(address) ? address : NULL;
}

/* --- the list --- */

static void
on_item(NjSession *session, const NjXml *item, void *data)
{
    Blocking *state = data;
    const char *address = item_address(item);
    (void) session;
    if (address && state->arriving && g_hash_table_size(state->arriving) < MAX_BLOCKED)
        g_hash_table_add(state->arriving, g_strdup(address));
}

static void
on_list(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Blocking *state = data;
    NjAccount *account = nj_session_account(session);
    g_autoptr(GHashTable) list = g_steal_pointer(&state->arriving);

    if (error) {
        if (stanza || nj_session_online(session))
            nj_client_notice(account->client, account, NULL, NJ_NOTICE_WARNING,
                             _("The list of blocked addresses could not be loaded. %s"),
                             error->message);
        return;
    }

    state->arriving = list;
    const NjXml *rest = nj_xml_child(stanza, "blocklist", NS);
    for (const NjXml *item = rest ? nj_xml_first(rest) : NULL; item; item = nj_xml_next(item))
        on_item(session, item, state);

    state->arriving = NULL;
    nj_account_set_blocked(account, g_steal_pointer(&list));
}

static void
request_blocklist(NjSession *session)
{
    Blocking *state = state_of(session);
    g_clear_pointer(&state->arriving, g_hash_table_unref);
    if (!nj_session_server_has(session, NS)) {
        nj_account_set_blocked(nj_session_account(session), NULL);
        return;
    }

    state->arriving = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    NjXml *iq = nj_xml_iq("get", NULL, NULL);
    nj_xml_add_new(iq, "blocklist", NS);
    nj_iq_send(session, iq, 0, on_list, on_item, state, state);
}

static void
apply_change(NjSession *session, const NjXml *change, bool blocked)
{
    NjAccount *account = nj_session_account(session);
    const NjXml *item = nj_xml_first(change);
    if (!item && !blocked)
        nj_account_set_blocked(account,
                               g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL));
    for (; item; item = nj_xml_next(item))
        if (item_address(item))
            nj_account_block(account, item_address(item), blocked);
}

/* Only our account or server may push changes; otherwise a blocked contact could unblock itself. */
static bool
on_push(NjSession *session, NjXml *iq, NjXml *change)
{
    const char *from = nj_xml_attr(iq, "from");
    bool blocked = strcmp(nj_xml_name(change), "block") == 0;

    if (from && strcmp(from, nj_session_account(session)->bare) != 0
        && strcmp(from, nj_session_domain(session)) != 0) {
        nj_session_send(session, nj_xml_error_reply(iq, "cancel", "service-unavailable"));
        return true;
    }

    if (blocked && !nj_xml_first(change)) {
        nj_session_send(session, nj_xml_error_reply(iq, "modify", "bad-request"));
        return true;
    }

    apply_change(session, change, blocked);
    nj_session_send(session, nj_xml_reply(iq, "result"));
    return true;
}

/* --- messages of blocked addresses --- */

/* Drops messages of blocked addresses that the server did not block. Copies of messages that we
 * sent to such an address are kept. */
static bool
drop_blocked(NjSession *session, NjIncoming *in)
{
    if (in->sent || !nj_account_has_blocked(nj_session_account(session), in->from))
        return true;
    g_debug("dropped a message from a blocked address");
    return false;
}

/* --- commands --- */

typedef struct {
    NjAccount *account;
    char *address; /* NULL: all addresses */
    bool blocked;
} Change;

static void
change_free(void *data)
{
    Change *change = data;
    g_free(change->address);
    g_free(change);
}

/* The server has made the change. Its push may come later, and then changes nothing. */
static void
on_changed(NjRecord *record, const NjXml *answer, void *data)
{
    const Change *change = data;
    (void) record;
    (void) answer;
    if (change->address)
        nj_account_block(change->account, change->address, change->blocked);
    else
        nj_account_set_blocked(change->account,
                               g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL));
}

static bool
may_change(NjSession *session, const char *address, bool blocked, GError **error)
{
    const NjAccount *account = nj_session_account(session);
    if (blocked && nj_account_is_own(account, address))
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                    _("%s is your own address; it cannot be blocked."), address);
    else if (!nj_session_discovered(session))
        g_set_error_literal(
            error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
            _("The server has not announced its features yet. Try again in a moment."));
    else if (!nj_session_server_has(session, NS))
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                    _("The server %s cannot block addresses."), nj_session_domain(session));
    else
        return true;

    return false;
}

void
nj_block(NjAccount *account, const char *address, bool blocked, NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);

    if (!session || !may_change(session, address, blocked, &error)) {
        done(error, NULL, data);
        return;
    }

    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    NjXml *element = nj_xml_add_new(iq, blocked ? "block" : "unblock", NS);
    if (address)
        nj_xml_set(nj_xml_add_new(element, "item", NS), "jid", address);

    Change *change = g_new0(Change, 1);
    *change = (Change){ account, g_strdup(address), blocked };
    nj_ask_fill(session, iq, on_changed, change, change_free, done, data);
}

const NjModule nj_xep_0191 = {
    .spec = "XEP-0191",
    .name = N_("Blocking Command"),
    .doap = { "complete" },
    .after = { "XEP-0280" },
    .receive = { NJ_STAGE_UNWRAP, drop_blocked },
    .handlers = { { NJ_KIND_IQ_SET, "block", NS, on_push },
                  { NJ_KIND_IQ_SET, "unblock", NS, on_push } },
    .attach = attach_blocking,
    .detach = detach_blocking,
    .discovered = request_blocklist,
};
