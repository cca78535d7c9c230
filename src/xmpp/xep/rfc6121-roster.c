/* RFC 6121, 2: the roster: fetched by version, item by item, then kept by the server's pushes. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/roster.h"

#include "base/text.h"

#define NS "jabber:iq:roster"
#define NS_VER "urn:xmpp:features:rosterver"
#define EARLY 1000 /* presences that may come before the roster's answer */

typedef struct {
    bool begun;       /* a full roster is coming */
    bool here;        /* the server has answered since the connection is up */
    GPtrArray *early; /* of NjXml */
} Roster;

static Roster *
state_of(NjSession *session)
{
    return nj_session_state(session, &nj_rfc6121_roster);
}

static void *
attach(NjSession *session)
{
    (void) session;
    Roster *state = g_new0(Roster, 1);
    state->early = g_ptr_array_new_with_free_func((GDestroyNotify) nj_xml_free);
    return state;
}

static void
detach(NjSession *session, void *data)
{
    Roster *state = data;
    (void) session;
    g_ptr_array_unref(state->early);
    g_free(state);
}

/* Takes out as well as in.  An item without an address, or with one that is none, is nothing. */
static void
apply(NjSession *session, const NjXml *item)
{
    NjRoster *roster = nj_session_account(session)->roster;
    const char *address = nj_xml_attr(item, "jid"), *word = nj_xml_attr(item, "subscription");

    if (!nj_xml_is(item, "item", NS) || !address || !nj_jid_valid(address)
        || !nj_jid_is_bare(address))
        return;

    if (g_strcmp0(word, "remove") == 0) {
        nj_roster_remove(roster, address);
        return;
    }

    NjSubscription subscription = NJ_SUB_NONE;
    if (word)
        nj_subscription_parse(word, &subscription);

    const char *raw = nj_xml_attr(item, "name"), *approved = nj_xml_attr(item, "approved");
    g_autofree char *name = raw && *raw ? nj_text_line(raw, -1, 0) : NULL;
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(g_free);
    for (NjXml *child = nj_xml_first(item); child; child = nj_xml_next(child)) {
        char *group = nj_xml_is(child, "group", NS) ? nj_xml_text(child) : NULL;
        if (group)
            g_ptr_array_add(groups, group);
    }

    g_ptr_array_add(groups, NULL);
    nj_roster_put(roster, address, name, subscription,
                  g_strcmp0(nj_xml_attr(item, "ask"), "subscribe") == 0,
                  g_strcmp0(approved, "true") == 0 || g_strcmp0(approved, "1") == 0,
                  (const char *const *) groups->pdata);
}

static void
begin(NjSession *session)
{
    Roster *state = state_of(session);
    if (!state->begun)
        nj_roster_begin(nj_session_account(session)->roster);
    state->begun = true;
}

static void
on_item(NjSession *session, const NjXml *item, void *data)
{
    (void) data;
    begin(session);
    apply(session, item);
}

static void
apply_early(NjSession *session)
{
    Roster *state = state_of(session);
    g_autoptr(GPtrArray) early = g_steal_pointer(&state->early);
    state->early = g_ptr_array_new_with_free_func((GDestroyNotify) nj_xml_free);
    for (guint i = 0; i < early->len; i++)
        nj_pipeline_handle(nj_session_pipeline(session), session, NJ_KIND_PRESENCE,
                           early->pdata[i]);
}

static void
on_roster(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Roster *state = state_of(session);
    NjAccount *account = nj_session_account(session);

    (void) data;
    if (error && !stanza && !nj_session_online(session))
        return;

    state->here = true;
    NjXml *query = error ? NULL : nj_xml_child(stanza, "query", NS);
    if (error) {
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_WARNING,
                         _("The contact list could not be read. %s"), error->message);
    } else if (query || state->begun) {
        begin(session);
        for (NjXml *item = query ? nj_xml_first(query) : NULL; item; item = nj_xml_next(item))
            apply(session, item);
        if (query && nj_xml_attr(query, "ver"))
            nj_roster_set_version(account->roster, nj_xml_attr(query, "ver"));
        nj_roster_end(account->roster);
    } else {
        /* as we have it already (2.6.3) */
        nj_emit_roster_loaded(account->client->bus, account);
    }

    state->begun = false;
    apply_early(session);
}

static void
online(NjSession *session)
{
    Roster *state = state_of(session);
    NjRoster *roster = nj_session_account(session)->roster;
    NjXml *iq = nj_xml_iq("get", NULL, NULL);
    NjXml *query = nj_xml_add_new(iq, "query", NS);
    const NjXml *features = nj_session_features(session);

    if (features && nj_xml_child(features, "ver", NS_VER)) {
        const char *version = nj_roster_version(roster);
        nj_xml_set(query, "ver", version ? version : "");
    }

    state->begun = state->here = false;
    nj_iq_send(session, iq, 0, on_roster, on_item, NULL, state);
}

static void
offline(NjSession *session)
{
    g_ptr_array_set_size(state_of(session)->early, 0);
}

/* 2.1.6: nobody but our own account may change what we keep. */
static bool
on_push(NjSession *session, NjXml *iq, NjXml *query)
{
    const char *from = nj_xml_attr(iq, "from");
    NjAccount *account = nj_session_account(session);

    if (from && g_strcmp0(from, account->bare) != 0) {
        nj_session_send(session, nj_xml_error_reply(iq, "cancel", "service-unavailable"));
        return true;
    }

    NjXml *item = nj_xml_child(query, "item", NS);
    if (!item || nj_xml_next(nj_xml_first(query)) || !nj_xml_attr(item, "jid")) {
        nj_session_send(session, nj_xml_error_reply(iq, "modify", "bad-request"));
        return true;
    }

    apply(session, item);
    if (nj_xml_attr(query, "ver"))
        nj_roster_set_version(account->roster, nj_xml_attr(query, "ver"));
    nj_session_send(session, nj_xml_reply(iq, "result"));

    return true;
}

/* Presence of somebody who may stand in the roster that is still on its way: heard again when it is
 * here. */
static bool
keep_early(NjSession *session, NjXml *presence, NjXml *child)
{
    Roster *state = state_of(session);
    (void) child;
    if (state->here || state->early->len >= EARLY)
        return false;
    g_ptr_array_add(state->early, nj_xml_ref(presence));
    return true;
}

/* --- what commands ask for --- */

static NjXml *
new_item(const char *address, NjXml **item)
{
    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    *item = nj_xml_add_new(nj_xml_add_new(iq, "query", NS), "item", NS);
    nj_xml_set(*item, "jid", address);
    return iq;
}

void
nj_roster_edit(NjAccount *account, const char *address, const char *name, const char *const *groups,
               NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);

    if (!session) {
        done(error, NULL, data);
        return;
    }

    const NjContact *contact = nj_roster_find(account->roster, address);
    if (!name && contact)
        name = contact->name;
    if (!groups && contact)
        groups = (const char *const *) contact->wire_groups;

    NjXml *item;
    NjXml *iq = new_item(address, &item);
    if (name && *name)
        nj_xml_set(item, "name", name);
    for (; groups && *groups; groups++)
        nj_xml_add_with_text(item, "group", NS, *groups);

    nj_ask(session, iq, done, data);
}

void
nj_roster_delete(NjAccount *account, const char *address, NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);

    if (!session) {
        done(error, NULL, data);
        return;
    }

    NjXml *item;
    NjXml *iq = new_item(address, &item);
    nj_xml_set(item, "subscription", "remove");
    nj_ask(session, iq, done, data);
}

const NjModule nj_rfc6121_roster = {
    .spec = "RFC 6121 (2)",
    .name = N_("Contact List"),
    .after = { "XEP-0045" }, /* takes presence of rooms */
    .handlers = { { NJ_KIND_IQ_SET, "query", NS, on_push },
                  { NJ_KIND_PRESENCE, NULL, NULL, keep_early } },
    .attach = attach,
    .detach = detach,
    .online = online,
    .offline = offline,
};
