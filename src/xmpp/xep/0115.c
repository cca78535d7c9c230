/* XEP-0115: each presence that we send has a hash of our features. A client that does not know the
 * hash requests the features of the node with that hash. The hash of a contact is kept with its
 * presence. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0115.h"

#include <string.h>

#define NS "http://jabber.org/protocol/caps"
#define NODE "natterjack"
#define MAX_BYTES 255 /* of node and ver; longer ones are ignored */

typedef struct {
    NjSession *session;
    char *ver; /* the hash of our features */
} Caps;

char *
nj_caps_hash(const NjXml *query)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (NjXml *child = nj_xml_first(query); child; child = nj_xml_next(child)) {
        if (nj_xml_is(child, "identity", NJ_NS_DISCO))
            g_string_append_printf(text, "%s/%s//%s<", nj_xml_attr(child, "category"),
                                   nj_xml_attr(child, "type"), nj_xml_attr(child, "name"));
        else
            g_string_append_printf(text, "%s<", nj_xml_attr(child, "var"));
    }

    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(sum, (const guchar *) text->str, (gssize) text->len);

    guint8 digest[20];
    gsize length = sizeof digest;
    g_checksum_get_digest(sum, digest, &length);
    return g_base64_encode(digest, length);
}

/* Returns the hash of our own features; the caller frees it. */
static char *
hash_features(NjSession *session)
{
    g_autoptr(NjXml) query = nj_disco_fill(session, nj_xml_new("query", NJ_NS_DISCO));
    return nj_caps_hash(query);
}

static bool
is_row_option(const NjTable *modules, const NjOption *option)
{
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (g_strcmp0(module->option, option->name) == 0)
            return true;
    }
    return false;
}

/* The .option of a row adds or removes features. If that changes the hash, our presence is sent
 * again (section 6.1). */
static void
on_option_changed(NjOption *option, void *owner)
{
    Caps *state = owner;
    if (!is_row_option(nj_session_modules(state->session), option))
        return;

    g_autofree char *before = g_steal_pointer(&state->ver);
    state->ver = hash_features(state->session);
    if (strcmp(before, state->ver) != 0)
        nj_presence_send(nj_session_account(state->session));
}

static void *
attach_caps(NjSession *session)
{
    Caps *state = g_new0(Caps, 1);
    state->session = session;
    state->ver = hash_features(session);
    nj_on_option_changed(nj_session_client(session)->bus, on_option_changed, state);
    return state;
}

static void
detach_caps(NjSession *session, void *data)
{
    Caps *state = data;
    (void) session;
    g_free(state->ver);
    g_free(state);
}

static const char *
our_ver(const NjSession *session)
{
    return ((const Caps *) nj_session_state(session, &nj_xep_0115))->ver;
}

static void
add_caps(NjSession *session, NjXml *presence)
{
    NjXml *caps = nj_xml_add_new(presence, "c", NS);
    nj_xml_set(caps, "hash", "sha-1");
    nj_xml_set(caps, "node", NODE);
    nj_xml_set(caps, "ver", our_ver(session));
}

/* Responds to requests for the node of our hash, and leaves other requests to the row of
 * XEP-0030. */
static bool
answer_node(NjSession *session, NjXml *iq, NjXml *query)
{
    const char *node = nj_xml_attr(query, "node");
    g_autofree char *ours = g_strconcat(NODE "#", our_ver(session), NULL);

    if (g_strcmp0(node, ours) != 0)
        return false;

    NjXml *reply = nj_xml_reply(iq, "result");
    NjXml *answer = nj_xml_add_new(reply, "query", NJ_NS_DISCO);
    nj_xml_set(answer, "node", node);
    nj_disco_fill(session, answer);
    nj_session_send(session, reply);

    return true;
}

/* An element without "hash" has the format of versions before 1.4, which is not supported. */
static bool
is_valid_caps(const NjXml *caps)
{
    const char *node = nj_xml_attr(caps, "node"), *ver = nj_xml_attr(caps, "ver");
    if (!node || !ver || !nj_xml_attr(caps, "hash"))
        return false;
    return strlen(node) <= MAX_BYTES && strlen(ver) <= MAX_BYTES;
}

static bool
note_caps(NjSession *session, NjXml *presence, NjXml *caps)
{
    const char *from = nj_xml_attr(presence, "from"), *node = nj_xml_attr(caps, "node");
    const char *ver = nj_xml_attr(caps, "ver");
    if (from && is_valid_caps(caps))
        nj_roster_set_caps(nj_session_account(session)->roster, from, node, ver);
    return false;
}

const NjModule nj_xep_0115 = {
    .spec = "XEP-0115",
    .name = N_("Entity Capabilities"),
    .doap = { "complete" },
    .features = { NS },
    .presence = add_caps,
    .handlers = { { NJ_KIND_IQ_GET, "query", NJ_NS_DISCO, answer_node },
                  { NJ_KIND_PRESENCE, "c", NS, note_caps } },
    .attach = attach_caps,
    .detach = detach_caps,
};
