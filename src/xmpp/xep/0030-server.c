/* XEP-0030 section 3: the features of our server and of our account there. Both are requested
 * before the first presence is sent. A server processes a stream in order (RFC 6120 section 10.1),
 * so the responses arrive before offline messages. */
#include "xmpp/xep/xep.h"

#include <string.h>

#define DEADLINE 20           /* seconds for a response */
#define MAX_FEATURES 1000     /* features of one response */
#define MAX_FEATURE_BYTES 256 /* a longer feature is ignored */

typedef struct {
    GHashTable *server, *account; /* sets of features; NULL: no response yet */
    guint asked;                  /* open requests */
} Features;

static Features *
state_of(const NjSession *session)
{
    return nj_session_state(session, &nj_xep_0030_server);
}

static void *
attach_features(NjSession *session)
{
    (void) session;
    return g_new0(Features, 1);
}

static void
clear_features(Features *state)
{
    g_clear_pointer(&state->server, g_hash_table_unref);
    g_clear_pointer(&state->account, g_hash_table_unref);
    state->asked = 0;
}

static void
detach_features(NjSession *session, void *state)
{
    (void) session;
    clear_features(state);
    g_free(state);
}

static GHashTable *
read_features(const NjXml *query)
{
    GHashTable *features = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (NjXml *child = query ? nj_xml_first(query) : NULL;
         child && g_hash_table_size(features) < MAX_FEATURES; child = nj_xml_next(child)) {
        const char *var = nj_xml_attr(child, "var");
        if (nj_xml_is(child, "feature", NJ_NS_DISCO) && var && strlen(var) <= MAX_FEATURE_BYTES)
            g_hash_table_add(features, g_strdup(var));
    }
    return features;
}

/* A request has ended. An error response means that there are no features; without a response
 * (stanza NULL) *into stays NULL. After the last request calls .discovered of all rows. */
static void
on_answer(NjSession *session, const NjXml *stanza, const GError *error, GHashTable **into)
{
    Features *state = state_of(session);
    if (!nj_session_online(session))
        return;

    if (stanza)
        *into = read_features(error ? NULL : nj_xml_child(stanza, "query", NJ_NS_DISCO));
    if (--state->asked > 0)
        return;

    const NjTable *modules = nj_session_modules(session);
    for (guint i = 0; i < nj_table_length(modules) && nj_session_online(session); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->discovered)
            module->discovered(session);
    }
}

static void
on_server(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) data;
    on_answer(session, stanza, error, &state_of(session)->server);
}

static void
on_account(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) data;
    on_answer(session, stanza, error, &state_of(session)->account);
}

static void
request_features_of(NjSession *session, const char *to, NjIqFunc done)
{
    NjXml *iq = nj_xml_iq("get", to, NULL);
    nj_xml_add_new(iq, "query", NJ_NS_DISCO);
    nj_iq_send(session, iq, DEADLINE, done, NULL, NULL, state_of(session));
}

static void
request_features(NjSession *session)
{
    clear_features(state_of(session));
    state_of(session)->asked = 2;
    request_features_of(session, nj_session_domain(session), on_server);
    request_features_of(session, nj_session_account(session)->bare, on_account);
}

static void
stop_features(NjSession *session)
{
    clear_features(state_of(session));
}

bool
nj_session_discovered(const NjSession *session)
{
    const Features *state = state_of(session);
    return state->server && state->account;
}

bool
nj_session_server_has(const NjSession *session, const char *feature)
{
    const Features *state = state_of(session);
    return state->server && g_hash_table_contains(state->server, feature);
}

bool
nj_session_account_has(const NjSession *session, const char *feature)
{
    const Features *state = state_of(session);
    return state->account && g_hash_table_contains(state->account, feature);
}

const NjModule nj_xep_0030_server = {
    .spec = "XEP-0030 (3)",
    .name = N_("Features of the Server"),
    .after = { "RFC 6121 (2)" },
    .attach = attach_features,
    .detach = detach_features,
    .online = request_features,
    .offline = stop_features,
};
