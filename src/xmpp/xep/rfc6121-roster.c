/* RFC 6121 section 2: the roster. It is requested with the version that we have, received item by
 * item, and updated by the server's pushes. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/roster.h"

#include "base/text.h"

#define NS "jabber:iq:roster"
#define NS_VER "urn:xmpp:features:rosterver"
#define MAX_EARLY 1000 /* presence stanzas that are kept until the roster has arrived */

typedef struct {
    bool begun;       /* nj_roster_begin() was called: a full roster is arriving */
    bool arrived;     /* the request of this session has ended */
    GPtrArray *early; /* of NjXml: presence that arrived before the roster */
} Roster;

static Roster *
state_of(NjSession *session)
{
    return nj_session_state(session, &nj_rfc6121_roster);
}

static void *
attach_roster(NjSession *session)
{
    (void) session;
    Roster *state = g_new0(Roster, 1);
    state->early = g_ptr_array_new_with_free_func((GDestroyNotify) nj_xml_free);
    return state;
}

static void
detach_roster(NjSession *session, void *data)
{
    Roster *state = data;
    (void) session;
    g_ptr_array_unref(state->early);
    g_free(state);
}

static bool
is_valid_item(const NjXml *item)
{
    const char *address = nj_xml_attr(item, "jid");
    if (!nj_xml_is(item, "item", NS) || !address)
        return false;
    return nj_jid_valid(address) && nj_jid_is_bare(address);
}

/* Adds, changes or removes a contact. An item without a valid bare address is ignored. */
static void
apply_item(NjSession *session, const NjXml *item)
{
    NjRoster *roster = nj_session_account(session)->roster;
    const char *address = nj_xml_attr(item, "jid"), *word = nj_xml_attr(item, "subscription");

    if (!is_valid_item(item))
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

/* The first item, or the end, of a full roster has arrived. */
static void
begin_roster(NjSession *session)
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
    begin_roster(session);
    apply_item(session, item);
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

    state->arrived = true;
    NjXml *query = error ? NULL : nj_xml_child(stanza, "query", NS);
    if (error) {
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_WARNING,
                         _("The contact list could not be loaded. %s"), error->message);
    } else if (query || state->begun) {
        begin_roster(session);
        for (NjXml *item = query ? nj_xml_first(query) : NULL; item; item = nj_xml_next(item))
            apply_item(session, item);
        if (query && nj_xml_attr(query, "ver"))
            nj_roster_set_version(account->roster, nj_xml_attr(query, "ver"));
        nj_roster_end(account->roster);
    } else {
        /* an empty response: the stored roster is current (2.6.3) */
        nj_emit_roster_loaded(account->client->bus, account);
    }

    state->begun = false;
    apply_early(session);
}

static void
request_roster(NjSession *session)
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

    state->begun = state->arrived = false;
    nj_iq_send(session, iq, 0, on_roster, on_item, NULL, state);
}

static void
stop_roster(NjSession *session)
{
    g_ptr_array_set_size(state_of(session)->early, 0);
}

/* Section 2.1.6: only our own account may push roster changes. */
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

    apply_item(session, item);
    if (nj_xml_attr(query, "ver"))
        nj_roster_set_version(account->roster, nj_xml_attr(query, "ver"));
    nj_session_send(session, nj_xml_reply(iq, "result"));

    return true;
}

/* Keeps presence that arrives before the roster; apply_early() handles it again afterwards. */
static bool
keep_early_presence(NjSession *session, NjXml *presence, NjXml *child)
{
    Roster *state = state_of(session);
    (void) child;
    if (state->arrived || state->early->len >= MAX_EARLY)
        return false;
    g_ptr_array_add(state->early, nj_xml_ref(presence));
    return true;
}

/* --- commands --- */

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
    .after = { "XEP-0045" }, /* it handles presence of rooms */
    .handlers = { { NJ_KIND_IQ_SET, "query", NS, on_push },
                  { NJ_KIND_PRESENCE, NULL, NULL, keep_early_presence } },
    .attach = attach_roster,
    .detach = detach_roster,
    .online = request_roster,
    .offline = stop_roster,
};
