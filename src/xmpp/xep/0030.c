/* XEP-0030: what we are and what we can, answered from the module rows; and what an address tells
 * of itself, with XEP-0012, 0092 and 0202. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/text.h"
#include "base/clock.h"

#define NS_INFO "http://jabber.org/protocol/disco#info"
#define NS_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_VERSION "jabber:iq:version"
#define NS_TIME "urn:xmpp:time"
#define NS_LAST "jabber:iq:last"
#define FEATURES_SHOWN 1000

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

NjXml *
nj_disco_fill(const NjSession *session, NjXml *query)
{
    NjXml *identity = nj_xml_add_new(query, "identity", NS_INFO);
    nj_xml_set(identity, "category", "client");
    nj_xml_set(identity, "type", "console");
    nj_xml_set(identity, "name", "Natterjack");

    /* Sorted and once each, as XEP-0115 wants to count them. */
    const NjTable *modules = nj_session_modules(session);
    g_autoptr(GPtrArray) features = g_ptr_array_new();
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->option && !nj_options_bool(nj_session_client(session)->options, module->option))
            continue;
        for (gsize j = 0; j < G_N_ELEMENTS(module->features) && module->features[j]; j++)
            g_ptr_array_add(features, (void *) module->features[j]);
    }

    g_ptr_array_sort(features, compare);
    const char *before = "";
    for (guint i = 0; i < features->len; i++) {
        if (!g_str_equal(before, features->pdata[i]))
            nj_xml_set(nj_xml_add_new(query, "feature", NS_INFO), "var", features->pdata[i]);
        before = features->pdata[i];
    }

    return query;
}

static bool
answer_info(NjSession *session, NjXml *iq, NjXml *query)
{
    if (nj_xml_attr(query, "node")) {
        nj_session_send(session, nj_xml_error_reply(iq, "cancel", "item-not-found"));
        return true;
    }
    NjXml *reply = nj_xml_reply(iq, "result");
    nj_disco_fill(session, nj_xml_add_new(reply, "query", NS_INFO));
    nj_session_send(session, reply);
    return true;
}

static bool
answer_items(NjSession *session, NjXml *iq, NjXml *query)
{
    (void) query;
    NjXml *reply = nj_xml_reply(iq, "result");
    nj_xml_add_new(reply, "query", NS_ITEMS);
    nj_session_send(session, reply);
    return true;
}

/* --- nj_info() --- */

/* Four questions at once; the last answer, also one that failed, tells the rest.  What is not among
 * the features is not waited for: not every client refuses what it does not know. */
enum { ASK_FEATURES = 1, ASK_VERSION = 2, ASK_TIME = 4, ASK_LAST = 8 };
typedef struct {
    NjRecord *record;
    guint refs;    /* questions not yet ended */
    guint waited;  /* for these */
    GError *error; /* of the first that failed */
    NjDone done;   /* NULL when it has been told */
    void *data;
} Info;

static void
info_unref(void *data)
{
    Info *info = data;
    if (--info->refs > 0)
        return;
    nj_record_free(info->record);
    g_clear_error(&info->error);
    g_free(info);
}

static void
set_line(NjRecord *record, const char *key, const char *text)
{
    g_autofree char *line = text ? nj_text_line(text, -1, 0) : NULL;
    if (line && *line)
        nj_record_set_text(record, key, line);
}

static void
set_child(NjRecord *record, const char *key, const NjXml *query, const char *name, const char *ns)
{
    g_autofree char *text = nj_xml_child_text(query, name, ns);
    set_line(record, key, text);
}

static void
add_named(GPtrArray *list, const char *key, const char *text)
{
    NjRecord *entry = nj_record_new();
    set_line(entry, key, text);
    g_ptr_array_add(list, entry);
}

static void
read_info(NjRecord *record, const NjXml *query)
{
    GPtrArray *identities = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    GPtrArray *features = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);

    for (NjXml *child = nj_xml_first(query); child; child = nj_xml_next(child)) {
        if (nj_xml_is(child, "identity", NS_INFO) && identities->len < FEATURES_SHOWN) {
            const char *category = nj_xml_attr(child, "category"),
                       *type = nj_xml_attr(child, "type");
            g_autofree char *kind =
                g_strdup_printf("%s/%s", category ? category : "", type ? type : "");
            add_named(identities, "identity", kind);
            set_line(g_ptr_array_index(identities, identities->len - 1), "name",
                     nj_xml_attr(child, "name"));
        } else if (nj_xml_is(child, "feature", NS_INFO) && nj_xml_attr(child, "var")
                   && features->len < FEATURES_SHOWN) {
            add_named(features, "feature", nj_xml_attr(child, "var"));
        }
    }

    nj_record_set_list(record, "identities", identities);
    nj_record_set_list(record, "features", features);
}

static void
read_time(NjRecord *record, const NjXml *query)
{
    g_autofree char *utc = nj_xml_child_text(query, "utc", NS_TIME);
    gint64 time;
    if (!utc || !nj_clock_parse(utc, &time))
        return;
    g_autofree char *text = nj_clock_format(time);
    nj_record_set_text(record, "time", text);
    set_child(record, "offset", query, "tzo", NS_TIME);
}

static void
answered(Info *info, guint questions, const GError *error)
{
    info->waited &= ~questions;
    if (error && !info->error)
        info->error = g_error_copy(error);
    if (info->waited || !info->done)
        return;

    NjDone done = info->done;
    info->done = NULL;

    bool told = nj_record_length(info->record) > 1;
    done(told ? NULL : info->error, told || !info->error ? info->record : NULL, info->data);
}

static bool
has_feature(const NjXml *query, const char *ns)
{
    for (NjXml *child = nj_xml_first(query); child; child = nj_xml_next(child)) {
        if (nj_xml_is(child, "feature", NS_INFO) && g_strcmp0(nj_xml_attr(child, "var"), ns) == 0)
            return true;
    }
    return false;
}

static void
on_features(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Info *info = data;
    const NjXml *query = error ? NULL : nj_xml_child(stanza, "query", NS_INFO);

    (void) session;
    if (query)
        read_info(info->record, query);

    guint questions = ASK_FEATURES;
    if (query && !has_feature(query, NS_VERSION))
        questions |= ASK_VERSION;
    if (query && !has_feature(query, NS_TIME))
        questions |= ASK_TIME;
    if (query && !has_feature(query, NS_LAST))
        questions |= ASK_LAST;

    answered(info, questions, error);
}

static void
on_version(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Info *info = data;
    const NjXml *query = error ? NULL : nj_xml_child(stanza, "query", NS_VERSION);

    (void) session;
    if (query) {
        set_child(info->record, "software", query, "name", NS_VERSION);
        set_child(info->record, "version", query, "version", NS_VERSION);
        set_child(info->record, "system", query, "os", NS_VERSION);
    }

    answered(info, ASK_VERSION, error);
}

static void
on_time(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Info *info = data;
    const NjXml *time = error ? NULL : nj_xml_child(stanza, "time", NS_TIME);
    (void) session;
    if (time)
        read_time(info->record, time);
    answered(info, ASK_TIME, error);
}

/* Of a person their last key, of one who is not there their going, of a server its start. */
static void
on_last(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Info *info = data;
    const NjXml *query = error ? NULL : nj_xml_child(stanza, "query", NS_LAST);
    gint64 seconds;
    (void) session;
    if (query && nj_xml_int(query, "seconds", 0, G_MAXINT64, &seconds))
        nj_record_set_int(info->record, "last-activity-seconds", seconds);
    answered(info, ASK_LAST, error);
}

static void
ask_info(NjSession *session, const char *to, const char *name, const char *ns, NjIqFunc done,
         Info *info)
{
    NjXml *iq = nj_xml_iq("get", to, NULL);
    nj_xml_add_new(iq, name, ns);
    nj_iq_send_full(session, iq, 20, done, NULL, info, info_unref, info->data);
}

/* A contact's bare address is the server's to answer for: the client that is online is asked
 * instead. */
static char *
whom_to_ask(NjAccount *account, const char *address)
{
    NjContact *contact = nj_jid_resource(address) ? NULL : nj_roster_find(account->roster, address);
    if (!contact || contact->presences->len == 0)
        return g_strdup(address);
    const NjPresence *presence = g_ptr_array_index(contact->presences, 0);
    return *presence->resource ? g_strconcat(address, "/", presence->resource, NULL)
                               : g_strdup(address);
}

void
nj_info(NjAccount *account, const char *address, NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);

    if (!session) {
        done(error, NULL, data);
        return;
    }

    g_autofree char *to = whom_to_ask(account, address);
    Info *info = g_new0(Info, 1);
    *info = (Info){ .record = nj_record_new(),
                    .refs = 4,
                    .waited = ASK_FEATURES | ASK_VERSION | ASK_TIME | ASK_LAST,
                    .done = done,
                    .data = data };
    nj_record_set_text(info->record, "address", to);
    ask_info(session, to, "query", NS_INFO, on_features, info);

    ask_info(session, to, "query", NS_VERSION, on_version, info);
    ask_info(session, to, "time", NS_TIME, on_time, info);
    ask_info(session, to, "query", NS_LAST, on_last, info);
}

const NjModule nj_xep_0030 = {
    .spec = "XEP-0030",
    .name = N_("Service Discovery"),
    .features = { NS_INFO, NS_ITEMS },
    .handlers = { { NJ_KIND_IQ_GET, "query", NS_INFO, answer_info },
                  { NJ_KIND_IQ_GET, "query", NS_ITEMS, answer_items } },
};
