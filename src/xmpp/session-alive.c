/* Is the server still there?  One timer that is armed again only when it fires: bytes that arrive
 * move nothing, they are looked at when it does. */
#include "xmpp/session-private.h"

#include "base/clock.h"
#include "model/client.h"

#define ANSWER_US (15 * G_USEC_PER_SEC) /* after something was said that has to be answered */
/* for an acknowledgement, while other things come before it */
#define OWED_US (120 * G_USEC_PER_SEC)

static gboolean on_keep_alive(void *data);
static void arm(NjSession *session, gint64 delay_us);

static gint64
option_us(NjSession *session, const char *name)
{
    return nj_options_int(nj_session_client(session)->options, name) * G_USEC_PER_SEC;
}

/* Something was said that the server has to answer.  Any byte is life. */
static void
expect_life(NjSession *session, gint64 timeout_us)
{
    gint64 last = session->connection->class->last_byte_us(session->connection);
    if (session->asked_us && last < session->asked_us)
        return; /* the first one that is not answered counts */
    session->asked_us = nj_clock_us();
    nj_session_stop(&session->keep_alive);
    session->keep_alive = g_timeout_add((guint) (timeout_us / 1000), on_keep_alive, session);
}

/* Nothing is waited for until it is quiet again: whoever waits without need wakes up without
 * need. */
void
nj_session_heard(NjSession *session)
{
    if (!session->asked_us && !session->owed_us)
        return;
    session->asked_us = session->owed_us = 0;
    nj_session_keep_alive(session);
}

static void
on_pong(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) data;
    (void) error;
    if (stanza)
        nj_session_heard(session);
}

/* The answer to a ping that was sent before a message says nothing of that message. */
static void
on_pong_behind(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    on_pong(session, stanza, error, data);
    if (stanza)
        nj_sm_on_pong(session->sm);
}

static void
send_ping(NjSession *session, NjIqFunc done)
{
    NjXml *ping = nj_xml_iq("get", session->domain, NULL);
    nj_xml_add_new(ping, "ping", "urn:xmpp:ping");
    nj_iq_send(session, ping, (guint) (option_us(session, "ping-timeout") / G_USEC_PER_SEC) + 5,
               done, NULL, NULL, session);
}

void
nj_session_probe(NjSession *session, gint64 timeout_us)
{
    expect_life(session, timeout_us); /* first: asking has a patience of its own */
    if (!nj_sm_request_ack(session->sm))
        send_ping(session, on_pong);
}

static void
give_up_link(NjSession *session)
{
    g_autoptr(GError) why =
        g_error_new_literal(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST,
                            _("The server stopped answering; the connection is taken for lost."));
    nj_session_end_link(session, why);
}

/* Where only our direction is dead, bytes go on to come, and no answer is among them. */
static void
wait_for_debt(NjSession *session, gint64 left_us)
{
    if (left_us > 0)
        session->keep_alive = g_timeout_add((guint) (left_us / 1000) + 1, on_keep_alive, session);
    else
        give_up_link(session);
}

static gboolean
on_keep_alive(void *data)
{
    NjSession *session = data;
    gint64 now = nj_clock_us(),
           last = session->connection->class->last_byte_us(session->connection);
    gint64 interval = option_us(session, "ping-interval");

    session->keep_alive = 0;

    /* what we do not read says nothing */
    if (session->asked_us && last < session->asked_us && !session->paused) {
        give_up_link(session);
        return G_SOURCE_REMOVE;
    }

    session->asked_us = 0;
    if (session->owed_us && !session->paused) {
        wait_for_debt(session, MIN(last + ANSWER_US, session->owed_us + OWED_US) - now);
        return G_SOURCE_REMOVE;
    }

    if (session->paused || now - last < interval - G_USEC_PER_SEC / 2)
        arm(session, session->paused ? interval : MAX(interval - (now - last), G_USEC_PER_SEC / 2));
    else if (interval > 0)
        nj_session_probe(session, option_us(session, "ping-timeout"));

    return G_SOURCE_REMOVE;
}

/* An interval of 0 means: no pings.  Long ones fall on whole seconds, where GLib lets the accounts
 * share a wake-up. */
static void
arm(NjSession *session, gint64 delay_us)
{
    nj_session_stop(&session->keep_alive);
    if (option_us(session, "ping-interval") <= 0)
        return;

    if (delay_us >= 10 * G_USEC_PER_SEC)
        session->keep_alive =
            g_timeout_add_seconds((guint) (delay_us / G_USEC_PER_SEC), on_keep_alive, session);
    else
        session->keep_alive =
            g_timeout_add((guint) (MAX(delay_us, 0) / 1000 + 1), on_keep_alive, session);
}

/* Something that has to be acknowledged was written. */
void
nj_session_expect_answer(NjSession *session)
{
    if (!session->owed_us)
        session->owed_us = nj_clock_us();
    expect_life(session, ANSWER_US);
}

void
nj_session_ping(NjSession *session)
{
    send_ping(session, on_pong_behind);
}

void
nj_session_keep_alive(NjSession *session)
{
    arm(session, option_us(session, "ping-interval"));
}
