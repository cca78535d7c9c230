/* The keep-alive: tests whether the server still answers. An arriving byte does not set the timer
 * anew, because bytes arrive often; on_keep_alive() looks at the time of the last byte. */
#include "xmpp/session-private.h"

#include "base/clock.h"
#include "model/client.h"
#include "xmpp/namespaces.h"

/* how long after a request for an acknowledgement some byte must arrive */
#define ANSWER_TIMEOUT_US (15 * G_USEC_PER_SEC)
/* how long an acknowledgement may take while other bytes arrive */
#define ACK_TIMEOUT_US (120 * G_USEC_PER_SEC)
/* extra time of a ping's own deadline, so that the keep-alive notices a lost connection first */
#define PING_MARGIN_SECONDS 5
/* delays of this length or longer need not be exact; see start_shared_timer() */
#define MIN_SHARED_US (10 * G_USEC_PER_SEC)

static gboolean on_keep_alive(void *data);

static gint64
get_option_us(NjSession *session, const char *name)
{
    return nj_options_int(nj_session_client(session)->options, name) * G_USEC_PER_SEC;
}

static gint64
get_last_byte_us(const NjSession *session)
{
    return session->connection->class->last_byte_us(session->connection);
}

/* Starts the timer with a delay of about delay_us: GLib fires timers in seconds together, so the
 * accounts share a wake-up. */
static void
start_shared_timer(NjSession *session, gint64 delay_us)
{
    nj_clock_cancel(&session->keep_alive_timer);
    session->keep_alive_timer = g_timeout_source_new_seconds((guint) (delay_us / G_USEC_PER_SEC));
    g_source_set_callback(session->keep_alive_timer, on_keep_alive, session, NULL);
    g_source_attach(session->keep_alive_timer, NULL);
}

static void
start_timer(NjSession *session, gint64 delay_us)
{
    nj_clock_cancel(&session->keep_alive_timer);
    session->keep_alive_timer = nj_clock_after((guint) (delay_us / 1000), on_keep_alive, session);
}

/* Schedules the next test of the connection, after delay_us; none while the option ping-interval is
 * 0. */
static void
schedule_test(NjSession *session, gint64 delay_us)
{
    nj_clock_cancel(&session->keep_alive_timer);
    if (get_option_us(session, "ping-interval") <= 0)
        return;

    if (delay_us >= MIN_SHARED_US)
        start_shared_timer(session, delay_us);
    else
        start_timer(session, MAX(delay_us, 0) + 1000);
}

void
nj_session_start_keep_alive(NjSession *session)
{
    schedule_test(session, get_option_us(session, "ping-interval"));
}

/* Begins the wait for the answer to something that was sent, for at most timeout_us; any byte
 * counts as an answer. While an earlier wait lasts, its deadline stays: the first unanswered
 * request counts. */
static void
await_byte(NjSession *session, gint64 timeout_us)
{
    bool is_unanswered =
        session->byte_awaited_us && get_last_byte_us(session) < session->byte_awaited_us;
    if (is_unanswered)
        return;
    session->byte_awaited_us = nj_clock_us();
    start_timer(session, timeout_us);
}

void
nj_session_await_ack(NjSession *session)
{
    if (!session->ack_awaited_us)
        session->ack_awaited_us = nj_clock_us();
    await_byte(session, ANSWER_TIMEOUT_US);
}

/* Ends both waits and returns to the keep-alive interval, so that an idle client does not wake up
 * early without need. */
void
nj_session_on_answer(NjSession *session)
{
    if (!session->byte_awaited_us && !session->ack_awaited_us)
        return;
    session->byte_awaited_us = session->ack_awaited_us = 0;
    nj_session_start_keep_alive(session);
}

/* --- pings (XEP-0199) --- */

static void
on_pong(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) data;
    (void) error;
    if (stanza)
        nj_session_on_answer(session);
}

static void
on_ack_pong(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    on_pong(session, stanza, error, data);
    if (stanza)
        nj_sm_on_pong(session->sm);
}

static void
send_ping(NjSession *session, NjIqFunc done)
{
    NjXml *ping = nj_xml_iq("get", session->domain, NULL);
    guint seconds = (guint) (get_option_us(session, "ping-timeout") / G_USEC_PER_SEC);
    nj_xml_add_new(ping, "ping", NJ_NS_PING);
    nj_iq_send(session, ping, seconds + PING_MARGIN_SECONDS, done, NULL, NULL, session);
}

/* Sends a new ping even if another one is unanswered: the response to a ping that was sent before a
 * message does not acknowledge that message. */
void
nj_session_send_ack_ping(NjSession *session)
{
    send_ping(session, on_ack_pong);
}

void
nj_session_probe(NjSession *session, gint64 timeout_us)
{
    /* Begin the wait before the request: nj_sm_request_ack() begins one with another timeout,
     * unless one lasts already. */
    await_byte(session, timeout_us);
    if (!nj_sm_request_ack(session->sm))
        send_ping(session, on_pong);
}

/* --- the timer --- */

static void
drop_connection(NjSession *session)
{
    g_autoptr(GError) why = g_error_new_literal(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST,
                                                _("The server stopped answering, so the connection "
                                                  "was closed; Natterjack connects again."));
    nj_session_end_connection(session, why);
}

/* Waits longer for an acknowledgement while other bytes arrive, for at most left_us: it may be on
 * its way behind them. But when only the direction to the server is broken, bytes keep arriving and
 * the acknowledgement never does; so the connection is dropped when no time is left. */
static void
await_ack(NjSession *session, gint64 left_us)
{
    if (left_us > 0)
        start_timer(session, left_us + 1000);
    else
        drop_connection(session);
}

static gboolean
on_keep_alive(void *data)
{
    NjSession *session = data;
    gint64 now = nj_clock_us(), last = get_last_byte_us(session);
    gint64 interval = get_option_us(session, "ping-interval");

    nj_clock_cancel(&session->keep_alive_timer);
    if (session->reading_paused) {
        /* The server's bytes are not read, so their absence proves nothing. */
        session->byte_awaited_us = 0;
        schedule_test(session, interval);
        return G_SOURCE_REMOVE;
    }

    if (session->byte_awaited_us && last < session->byte_awaited_us) {
        drop_connection(session);
        return G_SOURCE_REMOVE;
    }

    session->byte_awaited_us = 0;
    if (session->ack_awaited_us) {
        gint64 deadline = MIN(last + ANSWER_TIMEOUT_US, session->ack_awaited_us + ACK_TIMEOUT_US);
        await_ack(session, deadline - now);
        return G_SOURCE_REMOVE;
    }

    /* GLib may fire the shared timer a little early: accept half a second. */
    gint64 quiet = now - last;
    if (quiet < interval - G_USEC_PER_SEC / 2)
        schedule_test(session, MAX(interval - quiet, G_USEC_PER_SEC / 2));
    else if (interval > 0)
        nj_session_probe(session, get_option_us(session, "ping-timeout"));

    return G_SOURCE_REMOVE;
}
