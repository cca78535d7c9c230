/* XEP-0163: personal eventing (PEP). A row names the nodes that it follows in .events; 0030.c
 * announces "+notify" for each of them. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0163.h"

#include <string.h>

#define NS "http://jabber.org/protocol/pubsub"
#define NS_EVENT "http://jabber.org/protocol/pubsub#event"

/* Calls the rows that follow the node. payload NULL: see NjNode. */
static void
call_rows(NjSession *session, const char *node, const char *bare, const NjXml *payload)
{
    const NjTable *modules = nj_session_modules(session);
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        for (gsize j = 0; j < G_N_ELEMENTS(module->events) && module->events[j].node; j++)
            if (strcmp(module->events[j].node, node) == 0)
                module->events[j].func(session, bare, payload);
    }
}

/* XEP-0163 section 4.3: a PEP service has a bare address. Events are accepted from our own account
 * and from contacts, not from strangers, rooms or single clients. */
static bool
may_publish(const NjAccount *account, const char *from)
{
    return nj_jid_is_bare(from)
           && (nj_account_is_own(account, from) || nj_roster_find(account->roster, from));
}

static bool
on_event(NjSession *session, NjXml *stanza, NjXml *event)
{
    const NjAccount *account = nj_session_account(session);
    const char *from = nj_xml_attr(stanza, "from");

    if (!from)
        from = account->bare;
    if (!may_publish(account, from)) {
        g_debug("dropped a PEP event: the sender is not a contact");
        return false;
    }

    for (NjXml *child = nj_xml_first(event); child; child = nj_xml_next(child)) {
        const char *node = nj_xml_attr(child, "node");
        if (!node)
            continue;
        if (nj_xml_is(child, "purge", NS_EVENT) || nj_xml_is(child, "delete", NS_EVENT))
            call_rows(session, node, from, NULL);
        if (!nj_xml_is(child, "items", NS_EVENT))
            continue;
        for (NjXml *item = nj_xml_first(child); item; item = nj_xml_next(item))
            call_rows(session, node, from,
                      nj_xml_is(item, "item", NS_EVENT) ? nj_xml_first(item) : NULL);
    }

    return false;
}

void
nj_pep_publish(NjAccount *account, NjXml *payload, NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);

    if (!session) {
        nj_xml_free(payload);
        done(error, NULL, data);
        return;
    }

    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    NjXml *publish = nj_xml_add_new(nj_xml_add_new(iq, "pubsub", NS), "publish", NS);
    nj_xml_set(publish, "node", nj_xml_ns(payload));
    nj_xml_add(nj_xml_add_new(publish, "item", NS), payload);
    nj_ask(session, iq, done, data);
}

const NjModule nj_xep_0163 = {
    .spec = "XEP-0163",
    .name = N_("Personal Eventing Protocol"),
    .doap = { "partial", "publishing, events of contacts" },
    .handlers = { { NJ_KIND_MESSAGE, "event", NS_EVENT, on_event } },
};
