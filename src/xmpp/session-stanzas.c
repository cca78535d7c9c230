/* The stanzas that a session receives: passes each one to the function that processes it, and
 * counts it (XEP-0198). While the store has too much to write, the connection is not read. */
#include "xmpp/session-private.h"

#include "model/client.h"
#include "model/jid.h"
#include "model/store.h"
#include "xmpp/login.h"

static void
pause_if_store_full(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (session->reading_paused || !session->online)
        return;
    if (store && nj_store_queue_is_full(store)) {
        session->reading_paused = true;
        session->connection->class->pause(session->connection, true);
    }
}

void
nj_session_resume_reading(NjSession *session)
{
    if (!session->reading_paused)
        return;
    session->reading_paused = false;
    if (session->connection)
        session->connection->class->pause(session->connection, false);
}

/* --- processing --- */

static void
send_error(NjSession *session, const NjXml *iq, const char *type, const char *condition)
{
    nj_session_send(session, nj_xml_error_reply(iq, type, condition));
}

/* Answers an iq of type get or set. Strangers always get the same error, so that they learn nothing
 * about this client, not even which requests it supports. */
static void
process_request(NjSession *session, NjXml *iq, const char *from, NjStanzaKind kind)
{
    NjXml *child = nj_xml_first(iq);
    if (nj_session_peer(session, from) == NJ_PEER_STRANGER)
        send_error(session, iq, "cancel", "service-unavailable");
    else if (!child || nj_xml_next(child))
        send_error(session, iq, "modify", "bad-request");
    else if (nj_pipeline_handle(session->pipeline, session, kind, iq))
        return;
    else if (nj_pipeline_knows(session->pipeline, kind, child))
        send_error(session, iq, "cancel", "feature-not-implemented");
    else
        send_error(session, iq, "cancel", "service-unavailable");
}

static void
process_iq(NjSession *session, NjXml *iq, const char *from)
{
    const char *type = nj_xml_attr(iq, "type");

    /* An iq without an id cannot be answered (RFC 6120, 8.1.3). */
    if (!nj_xml_attr(iq, "id"))
        g_debug("dropped an iq without an id");
    else if (g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0)
        nj_iqs_handle_response(session->iqs, iq);
    else if (g_strcmp0(type, "get") == 0)
        process_request(session, iq, from, NJ_KIND_IQ_GET);
    else if (g_strcmp0(type, "set") == 0)
        process_request(session, iq, from, NJ_KIND_IQ_SET);
    else if (nj_session_peer(session, from) != NJ_PEER_STRANGER)
        send_error(session, iq, "modify", "bad-request");
}

static void
process_stanza(NjSession *session, NjXml *stanza)
{
    NjAccount *account = session->account;
    const char *from = nj_xml_attr(stanza, "from"), *to = nj_xml_attr(stanza, "to");

    if (from && !nj_jid_valid(from)) {
        g_debug("dropped a stanza whose sender is not a valid address");
        return;
    }

    if (to && !nj_account_is_own(account, to)) {
        g_debug("dropped a stanza for another address");
        return;
    }

    if (nj_xml_is(stanza, "message", NJ_NS_CLIENT))
        nj_pipeline_receive(session->pipeline, session, stanza, from ? from : account->bare);
    else if (nj_xml_is(stanza, "presence", NJ_NS_CLIENT))
        nj_pipeline_handle(session->pipeline, session, NJ_KIND_PRESENCE, stanza);
    else
        process_iq(session, stanza, from);
}

/* --- counting --- */

static bool
is_stanza(const NjXml *xml)
{
    return nj_xml_is(xml, "message", NJ_NS_CLIENT) || nj_xml_is(xml, "presence", NJ_NS_CLIENT)
           || nj_xml_is(xml, "iq", NJ_NS_CLIENT);
}

/* Counts a received stanza, also one that was dropped, processed before resumption, or skipped by
 * the parser because of its size: the server counts all of them. */
static void
count_stanza(NjSession *session)
{
    if (session->freed)
        return;
    nj_sm_count_received(session->sm);
    pause_if_store_full(session);
    nj_session_close_after_commit(session);
    nj_session_close_if_settled(session);
}

/* Processes and counts a stanza. Both are one group of the store: if the program were killed with
 * only the content committed, the server would send the stanza again, and its message would be
 * stored twice. */
static void
receive_stanza(NjSession *session, NjConnection *connection, NjXml *stanza)
{
    NjClient *client = session->account->client;
    if (client->store)
        nj_store_begin(client->store);
    if (!nj_sm_is_skipping(session->sm))
        process_stanza(session, stanza);

    /* Processing may have ended the connection that the stanza came from. */
    if (connection == session->connection)
        count_stanza(session);
    if (client->store)
        nj_store_commit(client->store);
}

/* --- hooks of the connection --- */

/* Returns false for a connection that was replaced or is not online; its hooks are ignored. */
static bool
is_current(const NjSession *session, const NjConnection *connection)
{
    return connection == session->connection && session->online;
}

void
nj_session_on_stanza(NjConnection *connection, NjXml *stanza, void *owner)
{
    NjSession *session = owner;
    if (!is_current(session, connection))
        return;

    if (nj_xml_is(stanza, "a", NJ_NS_SM))
        nj_session_on_answer(session);
    if (is_stanza(stanza)) {
        receive_stanza(session, connection, stanza);
    } else if (nj_sm_handle(session->sm, stanza)) {
        nj_session_request_last_ack(session);
        nj_session_close_if_settled(session);
    } else {
        g_debug("dropped an element that is not a stanza");
    }
}

/* The parser skipped a stanza that is too large (parser.h). */
void
nj_session_on_skipped(NjConnection *connection, void *owner)
{
    NjSession *session = owner;
    if (is_current(session, connection))
        count_stanza(session);
}

bool
nj_session_wants_items(NjConnection *connection, const NjXml *head, const NjXml *list, void *owner)
{
    NjSession *session = owner;
    (void) list;
    if (!is_current(session, connection) || nj_sm_is_skipping(session->sm))
        return false;
    return nj_iqs_wants_items(session->iqs, head);
}

void
nj_session_on_item(NjConnection *connection, const NjXml *head, NjXml *item, void *owner)
{
    NjSession *session = owner;
    if (is_current(session, connection))
        nj_iqs_handle_item(session->iqs, head, item);
}

/* Sanitises a long message in slices before nj_session_on_stanza() gets it. */
bool
nj_session_prepare(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner)
{
    NjSession *session = owner;
    (void) connection;
    return !nj_xml_is(stanza, "message", NJ_NS_CLIENT)
           || nj_pipeline_prepare(session->pipeline, stanza, until_us);
}
