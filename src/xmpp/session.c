/* A session: the account's connections, one after the other, and what outlives them. Each attempt
 * to connect is a new NjConnection, which is freed inside the hook that reports its end. */
#include "xmpp/session-private.h"

#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/client.h"
#include "model/idle.h"
#include "model/jid.h"
#include "model/room.h"
#include "model/store.h"
#include "xmpp/xep/message.h"

/* Delays between two attempts to connect. The actual delay is random: at least half of this. */
#define FIRST_DELAY_MS 800
#define MAX_DELAY_MS (300 * 1000)
/* attempts before the delay begins to double */
#define QUICK_ATTEMPTS 12
/* a connection that lasted so long resets the delay */
#define STABLE_US (60 * G_USEC_PER_SEC)
/* an attempt that takes longer than this begins anew when the network has changed */
#define STUCK_US (2 * G_USEC_PER_SEC)
/* how long a server may take to answer after the network has changed */
#define WAKE_TIMEOUT_US (8 * G_USEC_PER_SEC)
/* how long a disconnect waits for acknowledgements; the program has two seconds to quit */
#define CLOSING_MS 600

static const NjConnectionHooks connection_hooks;
static const NjSmHooks sm_hooks;

static bool write_xml(NjXml *xml, void *owner);

/* --- creating and freeing --- */

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
free_connection(NjSession *session)
{
    NjConnection *connection = g_steal_pointer(&session->connection);
    if (connection)
        connection->class->free(connection);
}

static gboolean
destroy_session(void *data)
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

/* Removes all listeners of owner from the bus and all its calls from the store. */
static void
cancel_calls(NjSession *session, const void *owner)
{
    NjClient *client = nj_session_client(session);
    nj_bus_forget(client->bus, owner);
    nj_idle_forget(client, owner);
    if (client->store)
        nj_store_cancel_calls(client->store, owner);
}

static void
cancel_module_calls(void *module, void *state, void *session)
{
    (void) module;
    if (state)
        cancel_calls(session, state);
}

/* A command may free the session from inside a response or an event, while functions that use the
 * session are on the stack. So this function only stops all timers, calls and hooks; the main loop
 * frees the memory. */
void
nj_session_free(NjSession *session)
{
    if (!session)
        return;

    session->freed = true;
    session->online = session->stay_connected = false;
    session->account->session = NULL;
    nj_clock_cancel(&session->retry_timer);
    nj_clock_cancel(&session->keep_alive_timer);
    nj_clock_cancel(&session->closing_timer);
    free_connection(session);
    nj_sm_stop(session->sm);
    cancel_calls(session, session);

    g_hash_table_foreach(session->states, cancel_module_calls, session);

    /* The callbacks of failed requests may make new requests; these are dropped. */
    nj_iqs_fail_all(session->iqs);
    nj_iqs_drop(session->iqs);
    if (session->question)
        session->question->session = NULL;

    nj_session_wipe_secret(&session->password);
    nj_session_wipe_secret(&session->refused_password);
    nj_session_wipe_secret(&session->tried_password);
    g_idle_add(destroy_session, session);
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

const char *
nj_session_domain(const NjSession *session)
{
    return session->domain;
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

const NjXml *
nj_session_features(const NjSession *session)
{
    return session->online ? session->connection->class->features(session->connection) : NULL;
}

/* --- sending --- */

bool
nj_session_online(const NjSession *session)
{
    return session->online && session->account->state != NJ_ACCOUNT_CLOSING;
}

bool
nj_session_is_established(const NjSession *session)
{
    if (session->freed || session->account->state == NJ_ACCOUNT_CLOSING)
        return false;
    return session->online || (session->modules_online && nj_sm_can_resume(session->sm));
}

bool
nj_session_is_settling(const NjSession *session)
{
    return nj_sm_is_settling(session->sm);
}

bool
nj_session_send_message(NjSession *session, NjXml *stanza, gint64 row)
{
    if (nj_session_is_established(session))
        return nj_sm_send(session->sm, stanza, row);
    nj_xml_free(stanza);
    return false;
}

void
nj_session_forget_message(NjSession *session, gint64 row)
{
    nj_sm_forget_row(session->sm, row);
}

bool
nj_session_send(NjSession *session, NjXml *stanza)
{
    return nj_session_send_message(session, stanza, 0);
}

bool
nj_session_send_nonza(NjSession *session, NjXml *element)
{
    if (nj_session_online(session))
        return write_xml(element, session);
    nj_xml_free(element);
    return false;
}

void
nj_session_set_store_failing(NjSession *session, bool is_failing)
{
    if (is_failing)
        nj_sm_on_store_failure(session->sm);
    else if (nj_session_online(session))
        nj_message_pump(session);
}

/* --- senders --- */

/* Returns true for a contact who may see our presence. While we are invisible no contact may. */
static bool
sees_our_presence(const NjAccount *account, const char *address)
{
    const NjContact *contact = nj_roster_find(account->roster, address);
    if (!contact || account->show == NJ_SHOW_OFFLINE)
        return false;
    return contact->subscription == NJ_SUB_FROM || contact->subscription == NJ_SUB_BOTH;
}

static bool
is_joined_room(NjAccount *account, const char *address)
{
    const NjChat *chat = nj_chat_find(account, address);
    return chat && chat->kind == NJ_CHAT_ROOM && chat->room->state == NJ_ROOM_IN;
}

NjPeer
nj_session_peer(const NjSession *session, const char *from)
{
    NjAccount *account = session->account;
    if (!from || nj_account_is_own(account, from))
        return NJ_PEER_OWN;
    if (strcmp(from, session->domain) == 0)
        return NJ_PEER_SERVER;
    if (sees_our_presence(account, from))
        return NJ_PEER_CONTACT;

    g_autofree char *bare = nj_jid_bare(from);
    return is_joined_room(account, bare) ? NJ_PEER_OCCUPANT : NJ_PEER_STRANGER;
}

/* --- connecting --- */

static void
open_connection(NjSession *session)
{
    NjAccount *account = session->account;
    nj_clock_cancel(&session->retry_timer);
    session->opened_us = nj_clock_us();
    session->connection = session->maker(account->settings, account->bare, session->trust_once,
                                         &connection_hooks, session);
    session->trust_once_given = true;
    nj_account_set_state(account, NJ_ACCOUNT_CONNECTING, NULL);

    /* A listener of the event may have ended the connection. */
    if (session->connection)
        session->connection->class->open(session->connection);
}

void
nj_session_connect(NjSession *session)
{
    if (session->freed)
        return;

    session->stay_connected = true;
    if (session->online)
        nj_session_wake(session);
    if (session->connection)
        return;

    session->attempts = 0;
    open_connection(session);
}

/* Returns true for an attempt that has taken so long that it may be waiting for an answer over a
 * network that is gone. An attempt that waits for the user's password is not stuck. */
static bool
is_stuck(const NjSession *session)
{
    if (session->account->state != NJ_ACCOUNT_CONNECTING || !session->connection)
        return false;
    return !session->password_requested && nj_clock_us() - session->opened_us > STUCK_US;
}

void
nj_session_wake(NjSession *session)
{
    bool stuck = is_stuck(session);
    if (stuck)
        free_connection(session);

    if (session->retry_timer || stuck) {
        session->attempts = 0;
        open_connection(session);
    } else if (session->online && session->account->state == NJ_ACCOUNT_ONLINE) {
        nj_session_probe(session, WAKE_TIMEOUT_US);
    }
}

static gboolean
on_retry(void *data)
{
    NjSession *session = data;
    nj_clock_cancel(&session->retry_timer);
    open_connection(session);
    return G_SOURCE_REMOVE;
}

/* Starts the timer of the next attempt. The first QUICK_ATTEMPTS are less than a second apart,
 * which covers the restart of a server or a short loss of the network. Then the delay doubles up to
 * five minutes. Half of it is random, so that the clients of a restarted server do not all connect
 * at the same moment. why is a sentence for the user. */
static void
schedule_retry(NjSession *session, const char *why)
{
    guint doublings =
        session->attempts < QUICK_ATTEMPTS ? 0 : MIN(session->attempts - QUICK_ATTEMPTS + 1, 16);
    guint delay = MIN(FIRST_DELAY_MS << doublings, MAX_DELAY_MS);
    session->attempts++;
    delay = delay / 2 + nj_random_below(delay / 2 + 1);
    session->account->retry_us = nj_clock_us() + (gint64) delay * 1000;
    session->retry_timer = nj_clock_after(delay, on_retry, session);
    nj_account_set_state(session->account, NJ_ACCOUNT_WAITING, why);
}

/* --- the session on its connections --- */

/* Calls online() of the modules, which send what a new session needs: roster request, presence,
 * rooms. */
static void
start_new_session(NjSession *session)
{
    session->modules_online = true;
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->online)
            module->online(session);
    }
}

/* Calls resumed() of the modules. */
static void
continue_session(NjSession *session)
{
    for (guint i = 0; i < nj_table_length(session->modules); i++) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->resumed)
            module->resumed(session);
    }
}

/* Stops the timers of the lost connection and suspends its requests; the session may be resumed. */
static void
suspend_session(NjSession *session)
{
    if (!session->online)
        return;

    session->online = false;
    if (nj_clock_us() - session->online_us >= STABLE_US)
        session->attempts = 0;
    nj_clock_cancel(&session->keep_alive_timer);
    nj_clock_cancel(&session->closing_timer);
    nj_sm_suspend(session->sm);
    nj_iqs_suspend(session->iqs);
}

/* Ends a session that is not resumed: requests fail, modules go offline, and all contacts become
 * offline. */
static void
end_session(NjSession *session)
{
    if (!session->modules_online)
        return;

    session->modules_online = false;
    nj_iqs_fail_all(session->iqs);
    for (guint i = nj_table_length(session->modules); i-- > 0;) {
        const NjModule *module = nj_table_at(session->modules, i);
        if (module->offline)
            module->offline(session);
    }

    if (!session->freed)
        nj_roster_offline(session->account->roster);
}

/* Begins stream management and the modules, in a new or a resumed session. resumed is <resumed/> or
 * NULL. A session that an earlier run began is resumed only to settle its messages: this run does
 * not know its presence and rooms. So it sends unavailable presence, and the modules begin as after
 * a login. */
static void
start_modules(NjSession *session, const NjXml *resumed)
{
    if (!resumed) {
        nj_sm_begin_session(session->sm, session->connection->class->features(session->connection));
        start_new_session(session);
    } else if (nj_sm_on_resumed(session->sm, resumed) && session->modules_online) {
        continue_session(session);
    } else if (nj_session_online(session)) {
        nj_session_send(session, nj_xml_presence("unavailable", NULL));
        start_new_session(session);
    }
}

/* Called when the connection is bound or has resumed the session. The modules send first, and the
 * event with the state ONLINE comes last, so that slow listeners do not delay the first
 * presence. */
static void
go_online(NjSession *session)
{
    NjAccount *account = session->account;
    const NjConnection *connection = session->connection;
    const NjXml *resumed = connection->class->resumed(connection);

    if (!resumed)
        end_session(session);
    if (session->connection != connection || account->state == NJ_ACCOUNT_CLOSING)
        return; /* a listener has ended the connection */

    session->online = true;
    session->reading_paused = false;
    session->online_us = nj_clock_us();
    session->byte_awaited_us = session->ack_awaited_us = 0;
    nj_iqs_resume(session->iqs);
    nj_account_set_jid(account, resumed ? nj_sm_jid(session->sm)
                                        : session->connection->class->jid(session->connection));
    g_free(session->domain);
    session->domain = nj_jid_domain(account->bare);

    nj_session_wipe_secret(&session->tried_password);
    nj_session_wipe_secret(&session->refused_password);
    nj_session_store_scram_rank(session);

    start_modules(session, resumed);
    if (!nj_session_online(session))
        return; /* a listener has ended the connection */

    if (!session->byte_awaited_us)
        nj_session_start_keep_alive(session);
    nj_account_set_state(account, NJ_ACCOUNT_ONLINE, NULL);
}

/* Remembers that the server refused the password of this connection: it is not sent again unless
 * the user enters it again. */
static void
refuse_password(NjSession *session)
{
    nj_session_wipe_secret(&session->refused_password);
    session->refused_password = g_steal_pointer(&session->tried_password);
    nj_session_wipe_secret(&session->password);
}

void
nj_session_end_connection(NjSession *session, const GError *reason)
{
    /* reason may belong to the connection, which is freed below. */
    g_autoptr(GError) why = reason ? g_error_copy(reason) : NULL;
    nj_session_keep_certificate(session);
    free_connection(session);
    session->password_requested = false;

    bool retry = why && nj_connection_should_retry(why->code);
    bool will_retry = retry && session->stay_connected;
    suspend_session(session);
    if (!will_retry || !nj_sm_can_resume(session->sm))
        end_session(session);

    if (why && why->code == NJ_CONNECTION_ERROR_PASSWORD && session->tried_password)
        refuse_password(session);

    nj_session_wipe_secret(&session->tried_password);
    if (session->connection || session->freed)
        return; /* a listener has connected again, or has removed the account */

    /* stay_connected is read again: a listener may have changed it. */
    if (retry && session->stay_connected) {
        schedule_retry(session, why->message);
        return;
    }

    end_session(session);
    if (!why && session->stay_connected) {
        open_connection(session); /* nj_session_connect() was called while the connection closed */
        return;
    }

    session->stay_connected = false;
    nj_account_set_state(session->account, NJ_ACCOUNT_OFFLINE, why ? why->message : NULL);
}

/* --- disconnecting --- */

/* A stream that is closed earlier leaves messages in doubt: the server may or may not have received
 * ours, and it may send its unacknowledged ones again in the next session. */
void
nj_session_close_if_settled(NjSession *session)
{
    if (!session->closing_timer || !nj_sm_all_settled(session->sm))
        return;
    nj_clock_cancel(&session->closing_timer);
    nj_sm_close_session(session->sm);
    session->connection->class->close(session->connection);
}

/* The server sends no message after it has processed our unavailable presence, so its
 * acknowledgement of that presence must come before our last <a/>. Otherwise a message could arrive
 * behind our last <a/>, and the server would send it again in the next session. */
void
nj_session_request_last_ack(NjSession *session)
{
    if (session->closing_timer && !nj_sm_all_acknowledged(session->sm))
        nj_sm_request_ack(session->sm);
}

static void
on_committed(void *data)
{
    nj_session_close_if_settled(data);
}

void
nj_session_close_after_commit(NjSession *session)
{
    NjStore *store = nj_session_client(session)->store;
    if (session->closing_timer && store)
        nj_store_call_when_committed(store, on_committed, session, session);
}

/* Called when not all is acknowledged and committed in time. The connection ends without
 * </stream:stream>, because that would end the session: the next connection can resume it and
 * settle its messages. */
static gboolean
on_closing_timeout(void *data)
{
    NjSession *session = data;
    nj_clock_cancel(&session->closing_timer);
    nj_session_end_connection(session, NULL);
    return G_SOURCE_REMOVE;
}

/* Closes a connection that is not online yet. */
static void
close_connecting(NjSession *session)
{
    /* The server may have resumed the session already. </stream:stream> would end it, and the
     * states of its messages would stay unknown. */
    if (nj_sm_can_resume(session->sm))
        nj_session_end_connection(session, NULL);
    else
        session->connection->class->close(session->connection);
}

void
nj_session_disconnect(NjSession *session)
{
    session->stay_connected = false;
    nj_clock_cancel(&session->retry_timer);
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
        return; /* a listener has ended the connection */

    if (!online) {
        close_connecting(session);
        return;
    }

    nj_sm_request_ack(session->sm);
    session->closing_timer = nj_clock_after(CLOSING_MS, on_closing_timeout, session);
    nj_session_close_after_commit(session);
    nj_session_close_if_settled(session);
}

/* --- hooks of the connection --- */

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
        nj_session_end_connection(session, why);
}

static NjXml *
build_resume(NjConnection *connection, const NjXml *features, void *owner)
{
    NjSession *session = owner;
    return connection == session->connection ? nj_sm_build_resume(session->sm, features) : NULL;
}

static void
on_resume_failed(NjConnection *connection, const NjXml *failed, void *owner)
{
    NjSession *session = owner;
    if (connection == session->connection)
        nj_sm_on_resume_failed(session->sm, failed);
}

static const NjConnectionHooks connection_hooks = {
    .on_state = on_state,
    .on_stanza = nj_session_on_stanza,
    .on_password = nj_session_on_password,
    .wants_items = nj_session_wants_items,
    .on_item = nj_session_on_item,
    .prepare = nj_session_prepare,
    .on_skipped = nj_session_on_skipped,
    .build_resume = build_resume,
    .on_resume_failed = on_resume_failed,
};

/* --- hooks of stream management --- */

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
on_answer_expected(void *owner)
{
    nj_session_await_ack(owner);
}

static void
send_ping(void *owner)
{
    nj_session_send_ack_ping(owner);
}

static void
on_protocol_error(const char *sentence, void *owner)
{
    g_autoptr(GError) why =
        g_error_new_literal(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_PROTOCOL, sentence);
    nj_session_end_connection(owner, why);
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
