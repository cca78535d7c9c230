/* What the server says, stanza by stanza: whose it is, who deals with it, and that it counts. While
 * too much waits to be written nothing is read. */
#include "xmpp/session-private.h"

#include "model/client.h"
#include "model/jid.h"
#include "model/store.h"
#include "xmpp/login.h"

static void
mind_the_store(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (!session->paused && session->online && store && nj_store_queue_is_full(store)) {
        session->paused = true;
        session->connection->class->pause(session->connection, true);
    }
}

void
nj_session_resume_reading(NjSession *session)
{
    if (!session->paused)
        return;
    session->paused = false;
    if (session->connection)
        session->connection->class->pause(session->connection, false);
}

static void
answer_error(NjSession *session, const NjXml *iq, const char *kind, const char *condition)
{
    nj_session_send(session, nj_xml_error_reply(iq, kind, condition));
}

static void
receive_request(NjSession *session, NjXml *iq, const char *from, NjStanzaKind kind)
{
    NjXml *child = nj_xml_first(iq);
    if (nj_session_peer(session, from) == NJ_PEER_STRANGER)
        answer_error(session, iq, "cancel", "service-unavailable");
    else if (!child || nj_xml_next(child))
        answer_error(session, iq, "modify", "bad-request");
    else if (!nj_pipeline_handle(session->pipeline, session, kind, iq))
        answer_error(session, iq, "cancel",
                     nj_pipeline_knows(session->pipeline, kind, child) ? "feature-not-implemented"
                                                                       : "service-unavailable");
}

static void
receive_iq(NjSession *session, NjXml *iq, const char *from)
{
    const char *type = nj_xml_attr(iq, "type");

    /* no answer to it could be valid (RFC 6120, 8.1.3) */
    if (!nj_xml_attr(iq, "id"))
        g_debug("dropped an iq without an id");
    else if (g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0)
        nj_iqs_answer(session->iqs, iq);
    else if (g_strcmp0(type, "get") == 0)
        receive_request(session, iq, from, NJ_KIND_IQ_GET);
    else if (g_strcmp0(type, "set") == 0)
        receive_request(session, iq, from, NJ_KIND_IQ_SET);
    else if (nj_session_peer(session, from) != NJ_PEER_STRANGER)
        answer_error(session, iq, "modify", "bad-request");
}

static void
deal_with(NjSession *session, NjXml *stanza)
{
    NjAccount *account = session->account;
    const char *from = nj_xml_attr(stanza, "from"), *to = nj_xml_attr(stanza, "to");

    if (from && !nj_jid_valid(from)) {
        g_debug("dropped a stanza whose sender is no address");
        return;
    }

    if (to && !nj_account_is_own(account, to)) {
        g_debug("dropped a stanza that is not for us");
        return;
    }

    if (nj_xml_is(stanza, "message", NJ_NS_CLIENT))
        nj_pipeline_receive(session->pipeline, session, stanza, from ? from : account->bare);
    else if (nj_xml_is(stanza, "presence", NJ_NS_CLIENT))
        nj_pipeline_handle(session->pipeline, session, NJ_KIND_PRESENCE, stanza);
    else
        receive_iq(session, stanza, from);
}

static bool
is_stanza(const NjXml *xml)
{
    return nj_xml_is(xml, "message", NJ_NS_CLIENT) || nj_xml_is(xml, "presence", NJ_NS_CLIENT)
           || nj_xml_is(xml, "iq", NJ_NS_CLIENT);
}

/* Whatever becomes of a stanza, it counts; and only after what it brought. */
static void
count(NjSession *session)
{
    if (session->ended)
        return;
    nj_sm_count_received(session->sm);
    mind_the_store(session);
    nj_session_watch_the_store(session);
    nj_session_close_when_settled(session);
}

/* What it brings and its count are committed together: of one without the other a program that is
 * killed in between would make two messages. */
static void
take_stanza(NjSession *session, NjConnection *connection, NjXml *stanza)
{
    NjClient *client = session->account->client;
    if (client->store)
        nj_store_begin(client->store);
    if (!nj_sm_is_skipping(session->sm))
        deal_with(session, stanza);

    /* else it came from a connection that was ended by it */
    if (connection == session->connection)
        count(session);
    if (client->store)
        nj_store_commit(client->store);
}

void
nj_session_on_stanza(NjConnection *connection, NjXml *stanza, void *owner)
{
    NjSession *session = owner;
    if (connection != session->connection || !session->online)
        return;

    if (nj_xml_is(stanza, "a", NJ_NS_SM))
        nj_session_heard(session);
    if (is_stanza(stanza)) {
        take_stanza(session, connection, stanza);
    } else if (nj_sm_handle(session->sm, stanza)) {
        nj_session_ask_for_the_rest(session);
        nj_session_close_when_settled(session);
    } else {
        g_debug("dropped an element that is no stanza");
    }
}

void
nj_session_on_skipped(NjConnection *connection, void *owner)
{
    NjSession *session = owner;
    if (connection == session->connection && session->online)
        count(session);
}

bool
nj_session_wants_items(NjConnection *connection, const NjXml *head, const NjXml *list, void *owner)
{
    NjSession *session = owner;
    (void) list;
    return connection == session->connection && session->online && !nj_sm_is_skipping(session->sm)
           && nj_iqs_wants_items(session->iqs, head);
}

void
nj_session_on_item(NjConnection *connection, const NjXml *head, NjXml *item, void *owner)
{
    NjSession *session = owner;
    if (connection == session->connection && session->online)
        nj_iqs_item(session->iqs, head, item);
}

bool
nj_session_prepare(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner)
{
    NjSession *session = owner;
    (void) connection;
    return !nj_xml_is(stanza, "message", NJ_NS_CLIENT)
           || nj_pipeline_prepare(session->pipeline, stanza, until_us);
}
