/* One account on the wire.  The session outlives its connections: each try is a new NjConnection,
 * freed inside the hook that tells of its end. */
#include "xmpp/session-private.h"

#include "base/clock.h"
#include "base/random.h"
#include "model/client.h"
#include "model/idle.h"
#include "model/jid.h"
#include "model/store.h"
#include "xmpp/xep/xep.h"

/* ms; the half of it and more: who is let in again at once is back within a second */
#define BACK_OFF_FIRST 800
#define BACK_OFF_LAST (300 * 1000)
#define PATIENT_AFTER 12 /* tries */
/* a connection that lived this long starts the back-off anew */
#define STABLE_US (60 * G_USEC_PER_SEC)
#define STUCK_US (2 * G_USEC_PER_SEC)
#define WAKE_TIMEOUT_US (8 * G_USEC_PER_SEC)
/* for acknowledgements, before the stream is closed; the program has two seconds for all of its
 * end */
#define CLOSING_MS 600

static const NjConnectionHooks link_hooks;
static const NjSmHooks sm_hooks;

static bool write_xml(NjXml *xml, void *owner);

void
nj_session_stop(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

/* --- life --- */

NjSession *
nj_session_new(NjAccount *account, const NjTable *modules, NjConnectionMaker maker)
{
    NjSession *session = g_new0(NjSession, 1);
    g_autoptr(GError) error = NULL;
    session->account = account;
    session->modules = nj_modules_sort(modules, &error);
    session->maker = maker;
    session->domain = nj_jid_domain(account->bare);
    session->pipeline = nj_pipeline_new(session->modules);
    session->iqs = nj_iqs_new(session);
    session->sm = nj_sm_new(account, &sm_hooks, session);
    session->states = g_hash_table_new(NULL, NULL);

    account->session = session;
    if (error)
        g_warning("modules cannot be ordered: %s", error->message);

    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->attach)
            g_hash_table_insert(session->states, (void *) module, module->attach(session));
    }

    return session;
}

static void
free_link(NjSession *session)
{
    NjConnection *connection = g_steal_pointer(&session->connection);
    if (connection)
        connection->class->free(connection);
}

static gboolean
destroy(void *data)
{
    NjSession *session = data;
    nj_iqs_free(session->iqs);
    nj_sm_free(session->sm);

    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->detach)
            module->detach(session, g_hash_table_lookup(session->states, module));
    }

    g_hash_table_unref(session->states);
    nj_pipeline_free(session->pipeline);
    nj_table_free(session->modules);
    nj_certificate_free(session->certificate);
    g_free(session->trust_once);
    g_free(session->domain);
    g_free(session);

    return G_SOURCE_REMOVE;
}

/* Neither bus nor store call for it any more. */
static void
silence(NjSession *session, const void *owner)
{
    NjClient *client = nj_session_client(session);
    nj_bus_forget(client->bus, owner);
    nj_idle_forget(client, owner);
    if (client->store)
        nj_store_cancel_calls(client->store, owner);
}

static void
silence_state(void *module, void *state, void *session)
{
    (void) module;
    if (state)
        silence(session, state);
}

/* A command may end it from inside an answer or an event, with half of this folder on the stack: it
 * is silent from now on, and its memory stays until the loop turns. */
void
nj_session_free(NjSession *session)
{
    if (!session)
        return;

    session->ended = true;
    session->online = session->wanted = false;
    session->account->session = NULL;
    nj_session_stop(&session->retry);
    nj_session_stop(&session->keep_alive);
    nj_clock_cancel(&session->closing);
    free_link(session);
    nj_sm_stop(session->sm);
    silence(session, session);

    g_hash_table_foreach(session->states, silence_state, session);

    /* whoever waits is told; what they ask for now is dropped */
    nj_iqs_offline(session->iqs);
    nj_iqs_drop(session->iqs);
    if (session->question)
        session->question->session = NULL;

    nj_session_wipe(&session->password);
    nj_session_wipe(&session->refused);
    nj_session_wipe(&session->tried);
    g_idle_add(destroy, session);
}

NjSession *
nj_session_of(const NjAccount *account)
{
    return account->session;
}

NjAccount *
nj_session_account(const NjSession *session)
{
    return session->account;
}

NjClient *
nj_session_client(const NjSession *session)
{
    return session->account->client;
}

void *
nj_session_state(const NjSession *session, const NjModule *module)
{
    return g_hash_table_lookup(session->states, module);
}

const NjTable *
nj_session_modules(const NjSession *session)
{
    return session->modules;
}

NjIqs *
nj_session_iqs(const NjSession *session)
{
    return session->iqs;
}

NjPipeline *
nj_session_pipeline(const NjSession *session)
{
    return session->pipeline;
}

const char *
nj_session_domain(const NjSession *session)
{
    return session->domain;
}

const NjXml *
nj_session_features(const NjSession *session)
{
    return session->online ? session->connection->class->features(session->connection) : NULL;
}

/* What is sent behind the end of the stream reaches nobody. */
bool
nj_session_online(const NjSession *session)
{
    return session->online && session->account->state != NJ_ACCOUNT_CLOSING;
}

bool
nj_session_begun(const NjSession *session)
{
    if (session->ended || session->account->state == NJ_ACCOUNT_CLOSING)
        return false;
    return session->online || (session->begun && nj_sm_can_resume(session->sm));
}

bool
nj_session_settling(const NjSession *session)
{
    return nj_sm_is_settling(session->sm);
}

bool
nj_session_send_row(NjSession *session, NjXml *stanza, gint64 row)
{
    if (nj_session_begun(session))
        return nj_sm_send(session->sm, stanza, row);
    nj_xml_free(stanza);
    return false;
}

void
nj_session_forget_row(NjSession *session, gint64 row)
{
    nj_sm_forget_row(session->sm, row);
}

bool
nj_session_send(NjSession *session, NjXml *stanza)
{
    return nj_session_send_row(session, stanza, 0);
}

bool
nj_session_send_nonza(NjSession *session, NjXml *element)
{
    if (nj_session_online(session))
        return write_xml(element, session);
    nj_xml_free(element);
    return false;
}

NjPeer
nj_session_peer(const NjSession *session, const char *from)
{
    NjAccount *account = session->account;
    if (!from || nj_account_is_own(account, from))
        return NJ_PEER_OWN;
    if (g_str_equal(from, session->domain))
        return NJ_PEER_SERVER;

    const NjContact *contact = nj_roster_find(account->roster, from);
    if (contact && account->show != NJ_SHOW_OFFLINE
        && (contact->subscription == NJ_SUB_FROM || contact->subscription == NJ_SUB_BOTH))
        return NJ_PEER_CONTACT;

    g_autofree char *bare = nj_jid_bare(from);
    const NjChat *chat = nj_chat_find(account, bare);
    if (chat && chat->kind == NJ_CHAT_ROOM && chat->room->state == NJ_ROOM_IN)
        return NJ_PEER_OCCUPANT;

    return NJ_PEER_STRANGER;
}

/* --- the connection's ups and downs --- */

static void
open_link(NjSession *session)
{
    NjAccount *account = session->account;
    nj_session_stop(&session->retry);
    session->opened_us = nj_clock_us();
    session->connection =
        session->maker(account->settings, account->bare, session->trust_once, &link_hooks, session);
    session->trust_in_use = true;
    nj_account_set_state(account, NJ_ACCOUNT_CONNECTING, NULL);
    if (session->connection)
        session->connection->class->open(session->connection);
}

void
nj_session_connect(NjSession *session)
{
    if (session->ended)
        return;

    session->wanted = true;
    if (session->online)
        nj_session_wake(session);
    if (session->connection)
        return;

    session->tries = 0;
    open_link(session);
}

void
nj_session_wake(NjSession *session)
{
    NjAccountState state = session->account->state;

    /* A try that began before may wait for an answer from a network that is gone. */
    bool stuck = state == NJ_ACCOUNT_CONNECTING && session->connection && !session->link_asks
                 && nj_clock_us() - session->opened_us > STUCK_US;
    if (stuck)
        free_link(session);

    if (session->retry || stuck) {
        session->tries = 0;
        open_link(session);
    } else if (session->online && state == NJ_ACCOUNT_ONLINE) {
        nj_session_probe(session, WAKE_TIMEOUT_US);
    }
}

static gboolean
on_retry(void *data)
{
    NjSession *session = data;
    session->retry = 0;
    open_link(session);
    return G_SOURCE_REMOVE;
}

/* At first more than once a second, for that is how long a server takes to start again and a
 * network to come back; then ever more rarely, up to 5 minutes.  Up to half of it is left to
 * chance, so that a server that comes back is not met by everybody at once. */
static void
wait_and_retry(NjSession *session, const char *why)
{
    guint doubled =
        session->tries < PATIENT_AFTER ? 0 : MIN(session->tries - PATIENT_AFTER + 1, 16);
    guint delay = MIN(BACK_OFF_FIRST << doubled, BACK_OFF_LAST);
    session->tries++;
    delay = delay / 2 + nj_random_below(delay / 2 + 1);
    session->account->retry_us = nj_clock_us() + (gint64) delay * 1000;
    session->retry = g_timeout_add(delay, on_retry, session);
    nj_account_set_state(session->account, NJ_ACCOUNT_WAITING, why);
}

static void
begin(NjSession *session)
{
    session->begun = true;
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->online)
            module->online(session);
    }
}

static void
go_on(NjSession *session)
{
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->resumed)
            module->resumed(session);
    }
}

static void end_session(NjSession *session);

/* The wire before the news: the first presence waits for nobody who listens.  A session of another
 * run is settled as far as messages go; who is there and what we are to others begins anew. */
static void
go_online(NjSession *session)
{
    NjAccount *account = session->account;
    const NjConnection *connection = session->connection;
    const NjXml *resumed = connection->class->resumed(connection);

    if (!resumed)
        end_session(session);
    if (session->connection != connection || account->state == NJ_ACCOUNT_CLOSING)
        return; /* somebody who heard of it ended it */

    session->online = true;
    session->paused = false;
    session->online_us = nj_clock_us();
    session->asked_us = session->owed_us = 0;
    nj_iqs_resume(session->iqs);
    nj_account_set_jid(account, resumed ? nj_sm_jid(session->sm)
                                        : session->connection->class->jid(session->connection));
    g_free(session->domain);
    session->domain = nj_jid_domain(account->bare);

    nj_session_wipe(&session->tried);
    nj_session_wipe(&session->refused);
    nj_session_remember_scram(session);

    if (!resumed) {
        nj_sm_begin_session(session->sm, session->connection->class->features(session->connection));
        begin(session);
    } else if (nj_sm_on_resumed(session->sm, resumed) && session->begun) {
        go_on(session);
    } else if (nj_session_online(session)) {
        nj_session_send(session, nj_xml_presence("unavailable", NULL));
        begin(session);
    }

    if (!nj_session_online(session))
        return; /* somebody who heard of it ended it */

    if (!session->asked_us)
        nj_session_keep_alive(session);
    nj_account_set_state(account, NJ_ACCOUNT_ONLINE, NULL);
}

/* The connection is gone; the session may come back. */
static void
lose_link(NjSession *session)
{
    if (!session->online)
        return;

    session->online = false;
    if (nj_clock_us() - session->online_us >= STABLE_US)
        session->tries = 0;
    nj_session_stop(&session->keep_alive);
    nj_clock_cancel(&session->closing);
    nj_sm_suspend(session->sm);
    nj_iqs_suspend(session->iqs);
}

static void
end_session(NjSession *session)
{
    if (!session->begun)
        return;

    session->begun = false;
    nj_iqs_offline(session->iqs);
    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->offline)
            module->offline(session);
    }

    if (!session->ended)
        nj_roster_offline(session->account->roster);
}

void
nj_session_end_link(NjSession *session, const GError *reason)
{
    /* the connection's, which goes */
    g_autoptr(GError) why = reason ? g_error_copy(reason) : NULL;
    nj_session_keep_certificate(session);
    free_link(session);
    session->link_asks = false;

    bool again = why && session->wanted && nj_connection_error_retry(why->code);
    lose_link(session);
    if (!again || !nj_sm_can_resume(session->sm))
        end_session(session);

    if (why && why->code == NJ_CONNECTION_ERROR_PASSWORD && session->tried) {
        nj_session_wipe(&session->refused);
        session->refused = g_steal_pointer(&session->tried);
        nj_session_wipe(&session->password);
    }

    nj_session_wipe(&session->tried);
    if (session->connection || session->ended)
        /* somebody who heard of it connects again already, or took the account away */
        return;

    if (why && session->wanted && nj_connection_error_retry(why->code)) {
        wait_and_retry(session, why->message);
        return;
    }

    end_session(session);
    if (!why && session->wanted) {
        open_link(session); /* wanted again while it was closing */
        return;
    }

    session->wanted = false;
    nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, why ? why->message : NULL);
}

static void
on_state(NjConnection *connection, NjConnectionState state, const GError *why, void *owner)
{
    NjSession *session = owner;
    if (connection != session->connection)
        return;

    if (state == NJ_CONNECTION_AUTHENTICATING)
        nj_session_keep_certificate(session);
    else if (state == NJ_CONNECTION_ONLINE)
        go_online(session);
    else if (state == NJ_CONNECTION_CLOSED)
        nj_session_end_link(session, why);
}

/* What is on its way is acknowledged and what came is committed before the stream is closed, or
 * else it would come twice, or be in doubt. */
void
nj_session_close_when_settled(NjSession *session)
{
    if (!session->closing || !nj_sm_all_settled(session->sm))
        return;
    nj_clock_cancel(&session->closing);
    nj_sm_close_session(session->sm);
    session->connection->class->close(session->connection);
}

/* When the server has our unavailable presence, too, no message is on its way to us: one that we
 * had read behind our last <a/> would come once more. */
void
nj_session_ask_for_the_rest(NjSession *session)
{
    if (session->closing && !nj_sm_all_acknowledged(session->sm))
        nj_sm_request_ack(session->sm);
}

static void
on_counted(void *data)
{
    nj_session_close_when_settled(data);
}

void
nj_session_watch_the_store(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (session->closing && store)
        nj_store_call_when_committed(store, on_counted, session, session);
}

static gboolean
on_closing(void *data)
{
    NjSession *session = data;
    nj_clock_cancel(&session->closing);
    /* without </stream:stream>: the next connection resumes the session and settles it */
    nj_session_end_link(session, NULL);
    return G_SOURCE_REMOVE;
}

void
nj_session_disconnect(NjSession *session)
{
    session->wanted = false;
    nj_session_stop(&session->retry);
    if (!session->connection) {
        end_session(session);
        if (session->account->state != NJ_ACCOUNT_OFFLINE)
            nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, NULL);
        return;
    }

    if (session->account->state == NJ_ACCOUNT_CLOSING)
        return;

    bool online = session->online;
    if (online)
        nj_session_send(session, nj_xml_presence("unavailable", NULL));
    nj_account_set_state(session->account, NJ_ACCOUNT_CLOSING, NULL);
    if (!session->connection)
        return; /* somebody who heard of it ended it */

    if (!online && nj_sm_can_resume(session->sm)) {
        /* the server may have resumed it already: </stream:stream> would end it, and nobody would
         * know what arrived */
        nj_session_end_link(session, NULL);
        return;
    }

    if (!online) {
        session->connection->class->close(session->connection);
        return;
    }

    nj_sm_request_ack(session->sm);
    session->closing = nj_clock_after(CLOSING_MS, on_closing, session);
    nj_session_watch_the_store(session);
    nj_session_close_when_settled(session);
}

/* --- acknowledgements --- */

static NjXml *
resume(NjConnection *connection, const NjXml *features, void *owner)
{
    NjSession *session = owner;
    return connection == session->connection ? nj_sm_build_resume(session->sm, features) : NULL;
}

static void
not_resumed(NjConnection *connection, const NjXml *answer, void *owner)
{
    NjSession *session = owner;
    if (connection == session->connection)
        nj_sm_on_resume_failed(session->sm, answer);
}

static bool
write_xml(NjXml *xml, void *owner)
{
    NjSession *session = owner;
    if (session->connection)
        return session->connection->class->send(session->connection, xml);
    nj_xml_free(xml);
    return false;
}

static void
on_answer_expected(void *owner)
{
    nj_session_expect_answer(owner);
}

static void
on_protocol_error(const char *sentence, void *owner)
{
    g_autoptr(GError) why =
        g_error_new_literal(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_PROTOCOL, sentence);
    nj_session_end_link(owner, why);
}

static void
on_written(gint64 row, void *owner)
{
    nj_message_written(owner, row);
}

static void
on_acknowledged(gint64 row, void *owner)
{
    nj_message_acknowledged(owner, row);
}

static void
on_unsent(gint64 row, void *owner)
{
    nj_message_unsent(owner, row);
}

static void
on_unsure(gint64 row, void *owner)
{
    nj_message_unknown(owner, row);
}

static void
send_ping(void *owner)
{
    nj_session_ping(owner);
}

static const NjSmHooks sm_hooks = {
    .write = write_xml,
    .on_written = on_written,
    .on_acknowledged = on_acknowledged,
    .on_unsent = on_unsent,
    .on_unsure = on_unsure,
    .on_answer_expected = on_answer_expected,
    .send_ping = send_ping,
    .on_protocol_error = on_protocol_error,
};

void
nj_session_store_trouble(NjSession *session, bool trouble)
{
    if (trouble)
        nj_sm_on_store_failure(session->sm);
    else if (nj_session_online(session))
        nj_message_pump(session);
}

static const NjConnectionHooks link_hooks = {
    on_state,           nj_session_on_stanza, nj_session_on_password, nj_session_wants_items,
    nj_session_on_item, nj_session_prepare,   nj_session_on_skipped,  resume,
    not_resumed,
};
