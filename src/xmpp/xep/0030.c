/* XEP-0030: our identity and features, which are derived from the module rows; and nj_info(), which
 * sends an address the requests that the rows declare in .info. */
#include "xmpp/xep/xep.h"

#include <string.h>

#define NS_ITEMS "http://jabber.org/protocol/disco#items"
#define MAX_SHOWN 1000 /* of the identities, and of the features, of one response */
#define DEADLINE 20    /* seconds for a response */

static int
compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Appends the features of a row to list, which owns its strings. */
static void
list_features(const NjSession *session, const NjModule *module, GPtrArray *list)
{
    if (module->option && !nj_options_bool(nj_session_client(session)->options, module->option))
        return;

    for (gsize i = 0; i < G_N_ELEMENTS(module->features) && module->features[i]; i++)
        g_ptr_array_add(list, g_strdup(module->features[i]));

    /* XEP-0163 section 4: "+notify" subscribes us to the nodes of our contacts. */
    for (gsize i = 0; i < G_N_ELEMENTS(module->events) && module->events[i].node; i++)
        g_ptr_array_add(list, g_strconcat(module->events[i].node, "+notify", NULL));
}

NjXml *
nj_disco_fill(const NjSession *session, NjXml *query)
{
    NjXml *identity = nj_xml_add_new(query, "identity", NJ_NS_DISCO);
    nj_xml_set(identity, "category", "client");
    nj_xml_set(identity, "type", "console");
    nj_xml_set(identity, "name", "Natterjack");

    const NjTable *modules = nj_session_modules(session);
    g_autoptr(GPtrArray) features = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < nj_table_length(modules); i++)
        list_features(session, nj_table_at(modules, i), features);

    /* XEP-0115 section 5.1 hashes the features in this order, each once. */
    g_ptr_array_sort(features, compare);
    const char *before = "";
    for (guint i = 0; i < features->len; i++) {
        if (strcmp(before, features->pdata[i]) != 0)
            nj_xml_set(nj_xml_add_new(query, "feature", NJ_NS_DISCO), "var", features->pdata[i]);
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
    nj_disco_fill(session, nj_xml_add_new(reply, "query", NJ_NS_DISCO));
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

/* One call of nj_info(). It sends the requests of all rows at once. When the disco#info response
 * has arrived, it no longer waits for rows whose feature is missing there: some clients do not
 * respond to requests that they do not support. */
typedef struct {
    NjRecord *record;
    char *address;       /* to which the requests were sent */
    GHashTable *waiting; /* set of NjModule whose response is awaited */
    guint refs;          /* of the open requests, and of nj_info() while it runs */
    GError *error;       /* of the first request that failed, or NULL */
    NjDone done;         /* NULL after it was called */
    void *data;
} Info;

typedef struct {
    Info *info;
    const NjModule *module;
} Question;

static void
info_unref(Info *info)
{
    if (--info->refs > 0)
        return;
    nj_record_free(info->record);
    g_hash_table_unref(info->waiting);
    g_clear_error(&info->error);
    g_free(info->address);
    g_free(info);
}

static void
question_free(void *data)
{
    Question *question = data;
    info_unref(question->info);
    g_free(question);
}

static void
add_entry(GPtrArray *list, const char *key, const char *text)
{
    NjRecord *entry = nj_record_new();
    nj_xep_set_line(entry, key, text);
    g_ptr_array_add(list, entry);
}

static void
add_identity(GPtrArray *list, const NjXml *identity)
{
    const char *category = nj_xml_attr(identity, "category");
    const char *type = nj_xml_attr(identity, "type");

    if (!category)
        category = "";
    if (!type)
        type = "";

    g_autofree char *kind = g_strdup_printf("%s/%s", category, type);
    add_entry(list, "identity", kind);
    nj_xep_set_line(g_ptr_array_index(list, list->len - 1), "name", nj_xml_attr(identity, "name"));
}

static void
read_features(NjSession *session, const char *address, NjRecord *record, const NjXml *query)
{
    GPtrArray *identities = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    GPtrArray *features = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);

    (void) session;
    (void) address;
    for (NjXml *child = nj_xml_first(query); child; child = nj_xml_next(child)) {
        if (nj_xml_is(child, "identity", NJ_NS_DISCO) && identities->len < MAX_SHOWN) {
            add_identity(identities, child);
        } else if (nj_xml_is(child, "feature", NJ_NS_DISCO) && nj_xml_attr(child, "var")
                   && features->len < MAX_SHOWN) {
            add_entry(features, "feature", nj_xml_attr(child, "var"));
        }
    }

    nj_record_set_list(record, "identities", identities);
    nj_record_set_list(record, "features", features);
}

static bool
has_feature(const NjXml *query, const char *ns)
{
    for (NjXml *child = nj_xml_first(query); child; child = nj_xml_next(child)) {
        if (nj_xml_is(child, "feature", NJ_NS_DISCO)
            && g_strcmp0(nj_xml_attr(child, "var"), ns) == 0)
            return true;
    }
    return false;
}

/* Stops waiting for the rows whose feature is not in query. */
static void
drop_unsupported(Info *info, const NjXml *query)
{
    GHashTableIter iter;
    void *module;
    g_hash_table_iter_init(&iter, info->waiting);
    while (g_hash_table_iter_next(&iter, &module, NULL))
        if (!has_feature(query, ((const NjModule *) module)->info.ns))
            g_hash_table_iter_remove(&iter);
}

/* Calls done when no response is awaited: with the record if any response added to it, otherwise
 * with the first error. */
static void
end_if_complete(Info *info)
{
    if (g_hash_table_size(info->waiting) > 0 || !info->done)
        return;

    NjDone done = info->done;
    info->done = NULL;

    bool has_content = nj_record_length(info->record) > 1; /* more than the address */
    if (info->error && !has_content)
        done(info->error, NULL, info->data);
    else
        done(NULL, info->record, info->data);
}

static void
on_response(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    const Question *question = data;
    const NjModule *module = question->module;
    Info *info = question->info;
    const NjXml *payload = error ? NULL : nj_xml_child(stanza, module->info.name, module->info.ns);

    if (payload)
        module->info.read(session, info->address, info->record, payload);
    if (error && !info->error)
        info->error = g_error_copy(error);

    g_hash_table_remove(info->waiting, module);
    if (payload && module == &nj_xep_0030)
        drop_unsupported(info, payload);
    end_if_complete(info);
}

static void
ask_for(NjSession *session, const NjModule *module, Info *info)
{
    NjXml *iq = nj_xml_iq("get", info->address, NULL);
    nj_xml_add_new(iq, module->info.name, module->info.ns);

    Question *question = g_new0(Question, 1);
    *question = (Question){ info, module };
    info->refs++;
    nj_iq_send_full(session, iq, DEADLINE, on_response, NULL, question, question_free, info->data);
}

/* Returns the address to which the requests are sent. For the bare address of an online contact it
 * is the full address of the contact's first client, because the server responds to requests for a
 * bare address. The caller frees it. */
static char *
choose_address(NjAccount *account, const char *address)
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

    Info *info = g_new0(Info, 1);
    *info = (Info){ .record = nj_record_new(),
                    .address = choose_address(account, address),
                    .waiting = g_hash_table_new(NULL, NULL),
                    .refs = 1,
                    .done = done,
                    .data = data };
    nj_record_set_text(info->record, "address", info->address);

    /* Fill `waiting` before the first request is sent, because that may end at once. */
    const NjTable *modules = nj_session_modules(session);
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->info.name)
            g_hash_table_add(info->waiting, (void *) module);
        else if (module->info.read)
            module->info.read(session, info->address, info->record, NULL);
    }

    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->info.name)
            ask_for(session, module, info);
    }

    info_unref(info);
}

const NjModule nj_xep_0030 = {
    .spec = "XEP-0030",
    .name = N_("Service Discovery"),
    .doap = { "complete" },
    .features = { NJ_NS_DISCO, NS_ITEMS },
    .info = { "query", NJ_NS_DISCO, read_features },
    .after = { "XEP-0115" }, /* it handles the requests for the node of our caps hash */
    .handlers = { { NJ_KIND_IQ_GET, "query", NJ_NS_DISCO, answer_info },
                  { NJ_KIND_IQ_GET, "query", NS_ITEMS, answer_items } },
};
