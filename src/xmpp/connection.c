/* One connection from beginning to end: dial, then the stream over the socket, then the login, then
 * stanzas.  It owns the deadlines that span these steps and decides which news goes up.  The owner
 * may free it inside any hook, and some of these are called by the very stream that would have to
 * go: the parts then stay until the next turn of the loop, without an owner to talk to. */
#include "base/clock.h"
#include "model/jid.h"
#include "xmpp/dial.h"
#include "xmpp/connection.h"
#include "xmpp/login.h"
#include "xmpp/stream.h"
#include "xmpp/tcp.h"

enum { MAX_HOPS = 2 };

G_DEFINE_QUARK(nj - connection - error, nj_connection_error)

const NjConnectionDeadlines nj_connection_deadlines = {
    .dns = 10000,
    .stagger = 250,
    .patience = 2000,
    .tcp = 10000,
    .dial = 30000,
    .handshake = 15000,
    .login = 30000,
    .close = 1500,
};

typedef struct {
    NjConnection base;
    NjAccountSettings *settings;
    char *bare, *domain, *ascii, *trust_once;
    NjTlsSettings tls; /* borrows from the texts above */
    const NjConnectionDeadlines *deadlines;
    NjConnectionState state;
    NjDial *dial;
    NjStream *stream;
    NjLogin *login;
    int depth;      /* hooks of stream and login that are running */
    GSource *timer; /* of the login, or of closing */
    GSource *soon;  /* what has to wait until no hook is running */
    gint64 login_until_us, login_left_us;
    char *host; /* see-other-host */
    int port;
    int hops;
    GError *why;
    bool bound; /* or resumed: stanzas go both ways */
    char *jid;
    NjXml *resumed;
    NjXml *features;
    NjCertificate *certificate; /* of a stream that is gone */
    int scram_rank;
} RealConnection;

/* What a careful friend would do on his own: try again where time, the network or the server may
 * mend it; where only the person can, or where trying again would hammer at an account or fight
 * another client, say so and wait. */
bool
nj_connection_error_retry(int code)
{
    switch ((NjConnectionError) code) {
    case NJ_CONNECTION_ERROR_DNS:

    /* a hotel's name server denies everything until one has signed in */
    case NJ_CONNECTION_ERROR_NO_SUCH_HOST:
    case NJ_CONNECTION_ERROR_REFUSED:
    case NJ_CONNECTION_ERROR_UNREACHABLE:
    case NJ_CONNECTION_ERROR_TIMEOUT:
    case NJ_CONNECTION_ERROR_LOST:
    case NJ_CONNECTION_ERROR_TLS: /* and its port answers with a web page */
    case NJ_CONNECTION_ERROR_PROTOCOL:
    case NJ_CONNECTION_ERROR_BIND:

    case NJ_CONNECTION_ERROR_POLICY:
    case NJ_CONNECTION_ERROR_SHUTDOWN:
    case NJ_CONNECTION_ERROR_ELSEWHERE:
    case NJ_CONNECTION_ERROR_STREAM:
        return true;
    case NJ_CONNECTION_ERROR_NOT_OFFERED:

    /* the server's lack, or somebody between us: both want a person's eye */
    case NJ_CONNECTION_ERROR_NO_TLS:
    case NJ_CONNECTION_ERROR_CERTIFICATE:
    case NJ_CONNECTION_ERROR_MECHANISM:
    case NJ_CONNECTION_ERROR_PASSWORD:
    case NJ_CONNECTION_ERROR_ACCOUNT:
    case NJ_CONNECTION_ERROR_PROOF:
    case NJ_CONNECTION_ERROR_CONFLICT:
    case NJ_CONNECTION_ERROR_HOST_UNKNOWN:

    case NJ_CONNECTION_ERROR_SETTINGS:
        break;
    }
    return false;
}

static void
keep_certificate(RealConnection *connection)
{
    NjTransport *transport = nj_stream_transport(connection->stream);
    const NjCertificate *certificate = transport->class->certificate(transport);
    if (!certificate)
        return;
    nj_certificate_free(connection->certificate);
    connection->certificate = nj_certificate_copy(certificate);
}

static void
drop_parts(RealConnection *connection)
{
    nj_clock_cancel(&connection->timer);
    nj_clock_cancel(&connection->soon);
    g_clear_pointer(&connection->dial, nj_dial_free);
    if (connection->stream)
        keep_certificate(connection);
    g_clear_pointer(&connection->login, nj_login_free);
    g_clear_pointer(&connection->stream, nj_stream_free);
}

static void
set_state(RealConnection *connection, NjConnectionState state)
{
    if (state == connection->state)
        return;
    connection->state = state;
    connection->base.hooks->on_state(&connection->base, state, NULL, connection->base.owner);
}

/* The last word.  Only from the loop, never from inside a part's hook. */
static gboolean
tell_closed(RealConnection *connection)
{
    drop_parts(connection);
    connection->state = NJ_CONNECTION_CLOSED;
    connection->base.hooks->on_state(&connection->base, NJ_CONNECTION_CLOSED, connection->why,
                                     connection->base.owner);
    return G_SOURCE_REMOVE;
}

static void
do_soon(RealConnection *connection, gboolean (*func)(RealConnection *connection))
{
    nj_clock_cancel(&connection->timer);
    nj_clock_cancel(&connection->soon);
    connection->soon = nj_clock_after(0, G_SOURCE_FUNC(func), connection);
}

/* ---- The clock of the login ---- */

static gboolean
on_login_timeout(RealConnection *connection)
{
    g_set_error(&connection->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT,
                _("The server of %s answers, but does not finish the login; it may be overloaded."),
                connection->domain);
    return tell_closed(connection);
}

static void
run_clock(RealConnection *connection)
{
    nj_clock_cancel(&connection->timer);
    connection->login_until_us = g_get_monotonic_time() + connection->login_left_us;
    connection->timer = nj_clock_after((guint) (connection->login_left_us / 1000),
                                       G_SOURCE_FUNC(on_login_timeout), connection);
}

static void
stop_clock(RealConnection *connection)
{
    nj_clock_cancel(&connection->timer);
    connection->login_left_us = MAX(connection->login_until_us - g_get_monotonic_time(), 0);
}

/* ---- see-other-host (RFC 6120 4.9.3.19) ---- */

/* "host", "host:port", "[2001:db8::1]:port" or an address with colons of its own. */
static bool
parse_elsewhere(RealConnection *connection, const char *where)
{
    const char *colon = strrchr(where, ':');
    bool bracket = *where == '[';

    if (colon && (bracket ? colon[-1] != ']' : strchr(where, ':') != colon))
        colon = NULL;

    guint64 port = 0;
    if (colon && !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return false;

    g_autofree char *host = colon ? g_strndup(where, colon - where) : g_strdup(where);
    g_autofree char *ascii = *host ? nj_jid_ascii_domain(host, NULL) : NULL;
    if (!ascii)
        return false;

    g_free(connection->host);
    connection->host = g_steal_pointer(&ascii);
    connection->port = (int) port;
    return true;
}

static void dial(RealConnection *connection);

static gboolean
go_elsewhere(RealConnection *connection)
{
    drop_parts(connection);
    g_clear_error(&connection->why);
    dial(connection);
    set_state(connection, NJ_CONNECTION_RESOLVING);
    return G_SOURCE_REMOVE;
}

/* Anyone in between could send us away from a stream that is not secured; and once online a new
 * login is the owner's business. */
static bool
may_go_elsewhere(RealConnection *connection)
{
    NjTransport *transport = nj_stream_transport(connection->stream);
    const char *where = nj_stream_elsewhere(connection->stream);
    return where && transport->class->secure(transport) && connection->state != NJ_CONNECTION_ONLINE
           && connection->state != NJ_CONNECTION_CLOSING && connection->hops++ < MAX_HOPS
           && parse_elsewhere(connection, where);
}

/* ---- What the stream and the login tell ---- */

static void
on_open(NjStream *stream, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->depth++;
    nj_login_start(connection->login);
    connection->depth--;
}

static void
on_features(NjStream *stream, NjXml *features, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_ONLINE
        || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->depth++;
    nj_login_features(connection->login, features);
    connection->depth--;
}

static void
on_stanza(NjStream *stream, NjXml *stanza, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->why)
        return;

    connection->depth++;
    if (connection->bound)
        connection->base.hooks->on_stanza(&connection->base, stanza, connection->base.owner);
    else
        nj_login_stanza(connection->login, stanza);

    connection->depth--;
}

static void
on_secured(NjStream *stream, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->depth++;
    nj_login_secured(connection->login);
    connection->depth--;
}

static void
on_closed(NjStream *stream, const GError *why, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks)
        return;

    if (!connection->why && why && connection->state != NJ_CONNECTION_CLOSING) {
        bool elsewhere = g_error_matches(why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_ELSEWHERE)
                         && may_go_elsewhere(connection);
        connection->why = g_error_copy(why);
        if (elsewhere) {
            do_soon(connection, go_elsewhere);
            return;
        }
    }

    do_soon(connection, tell_closed);
}

static bool
wants_items(NjStream *stream, const NjXml *head, const NjXml *list, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || !connection->bound || !connection->base.hooks->wants_items)
        return false;

    connection->depth++;
    bool wanted =
        connection->base.hooks->wants_items(&connection->base, head, list, connection->base.owner);
    connection->depth--;

    return wanted;
}

static void
on_item(NjStream *stream, const NjXml *head, NjXml *item, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks)
        return;
    connection->depth++;
    connection->base.hooks->on_item(&connection->base, head, item, connection->base.owner);
    connection->depth--;
}

/* Nobody is freed here: it only looks at the stanza. */
static bool
prepare(NjStream *stream, NjXml *stanza, gint64 until_us, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || !connection->bound || connection->why
        || !connection->base.hooks->prepare)
        return true;
    return connection->base.hooks->prepare(&connection->base, stanza, until_us,
                                           connection->base.owner);
}

static void
on_skipped(NjStream *stream, void *owner)
{
    (void) stream;
    RealConnection *connection = owner;
    if (!connection->base.hooks || !connection->bound || connection->why
        || !connection->base.hooks->skipped)
        return;
    connection->depth++;
    connection->base.hooks->skipped(&connection->base, connection->base.owner);
    connection->depth--;
}

static const NjStreamHooks stream_hooks = {
    .on_open = on_open,
    .on_features = on_features,
    .on_stanza = on_stanza,
    .on_secured = on_secured,
    .on_closed = on_closed,
    .wants_items = wants_items,
    .on_item = on_item,
    .prepare = prepare,
    .on_skipped = on_skipped,
};

static void
on_step(NjLogin *login, NjLoginStep step, void *owner)
{
    static const NjConnectionState states[] = {
        [NJ_LOGIN_SECURING] = NJ_CONNECTION_SECURING,
        [NJ_LOGIN_AUTHENTICATING] = NJ_CONNECTION_AUTHENTICATING,
        [NJ_LOGIN_BINDING] = NJ_CONNECTION_BINDING,
    };
    (void) login;

    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;

    connection->depth++;
    set_state(connection, states[step]);
    connection->depth--;
}

static void
on_password(NjLogin *login, void *owner)
{
    (void) login;
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;
    stop_clock(connection);
    connection->depth++;
    connection->base.hooks->on_password(&connection->base, connection->base.owner);
    connection->depth--;
}

static void
be_online(RealConnection *connection, NjLogin *login, const NjXml *features)
{
    nj_clock_cancel(&connection->timer);
    connection->bound = true;
    connection->features = features ? nj_xml_copy(features) : NULL;
    connection->scram_rank = nj_login_scram_rank(login);
    connection->depth++;
    set_state(connection, NJ_CONNECTION_ONLINE);
    connection->depth--;
}

static void
on_done(NjLogin *login, const char *jid, const NjXml *features, void *owner)
{
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->jid = g_strdup(jid);
    be_online(connection, login, features);
}

static void
on_resumed(NjLogin *login, const NjXml *answer, const NjXml *features, void *owner)
{
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->resumed = nj_xml_copy(answer);
    be_online(connection, login, features);
}

static NjXml *
resume(NjLogin *login, const NjXml *features, void *owner)
{
    (void) login;
    RealConnection *connection = owner;
    if (!connection->base.hooks || !connection->base.hooks->resume
        || connection->state == NJ_CONNECTION_CLOSING)
        return NULL;
    return connection->base.hooks->resume(&connection->base, features, connection->base.owner);
}

static void
on_not_resumed(NjLogin *login, const NjXml *answer, void *owner)
{
    (void) login;
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->depth++;
    connection->base.hooks->not_resumed(&connection->base, answer, connection->base.owner);
    connection->depth--;
}

static void close_politely(RealConnection *connection);

static void
on_failed(NjLogin *login, const GError *why, void *owner)
{
    RealConnection *connection = owner;
    if (!connection->base.hooks || connection->why || connection->state == NJ_CONNECTION_CLOSING)
        return;
    connection->why = g_error_copy(why);
    connection->scram_rank = nj_login_scram_rank(login);
    close_politely(connection);
}

static const NjLoginHooks login_hooks = {
    .on_step = on_step,
    .on_password = on_password,
    .on_done = on_done,
    .resume = resume,
    .on_resumed = on_resumed,
    .on_not_resumed = on_not_resumed,
    .on_failed = on_failed,
};

/* ---- The way in and out ---- */

static void
on_dialled(int fd, bool direct, const char *host, guint16 port, const GError *error, void *owner)
{
    (void) host;
    (void) port;

    RealConnection *connection = owner;
    if (fd < 0) {
        connection->why = g_error_copy(error);
        do_soon(connection, tell_closed);
        return;
    }

    connection->tls.direct = direct;
    connection->stream = nj_stream_new(
        nj_tcp_new(fd, direct, &connection->tls, connection->deadlines), &stream_hooks, connection);
    connection->login =
        nj_login_new(connection->stream, connection->settings, connection->bare,
                     connection->settings->tls == NJ_TLS_NONE, &login_hooks, connection);
    connection->login_left_us = (gint64) connection->deadlines->login * 1000;
    run_clock(connection);
    connection->depth++;

    set_state(connection, NJ_CONNECTION_SECURING);
    connection->depth--;
}

static void
dial(RealConnection *connection)
{
    const NjAccountSettings *settings = connection->settings;
    const char *host = connection->host ? connection->host : settings->host;
    connection->dial =
        nj_dial_new(connection->domain, host, connection->host ? connection->port : settings->port,
                    settings->tls, connection->deadlines, on_dialled, connection);
}

static gboolean
on_close_timeout(RealConnection *connection)
{
    return tell_closed(connection);
}

static void
close_politely(RealConnection *connection)
{
    if (connection->state == NJ_CONNECTION_CLOSING)
        return;

    connection->state = NJ_CONNECTION_CLOSING;
    if (!connection->stream || connection->soon) {
        g_clear_pointer(&connection->dial, nj_dial_free);
        do_soon(connection, tell_closed);
        return;
    }

    nj_clock_cancel(&connection->timer);
    connection->timer =
        nj_clock_after(connection->deadlines->close, G_SOURCE_FUNC(on_close_timeout), connection);
    nj_stream_close(connection->stream);
}

static void
real_open(NjConnection *base)
{
    RealConnection *connection = (RealConnection *) base;
    g_return_if_fail(connection->state == NJ_CONNECTION_CLOSED && !connection->dial);
    connection->state = NJ_CONNECTION_RESOLVING;
    dial(connection);
}

static bool
real_send(NjConnection *base, NjXml *stanza)
{
    RealConnection *connection = (RealConnection *) base;
    if (connection->bound && connection->stream && connection->state == NJ_CONNECTION_ONLINE)
        return nj_stream_send(connection->stream, stanza);
    nj_xml_free(stanza);
    return false;
}

static void
real_close(NjConnection *base)
{
    RealConnection *connection = (RealConnection *) base;
    if (connection->state == NJ_CONNECTION_CLOSED)
        return;
    if (connection->state != NJ_CONNECTION_CLOSING)
        g_clear_error(&connection->why);
    close_politely(connection);
}

static void
destroy(RealConnection *connection)
{
    drop_parts(connection);
    g_clear_error(&connection->why);
    nj_account_settings_free(connection->settings);
    nj_certificate_free(connection->certificate);
    nj_xml_free(connection->features);
    nj_xml_free(connection->resumed);
    g_free(connection->jid);
    g_free(connection->host);
    g_free(connection->trust_once);

    g_free(connection->ascii);
    g_free(connection->domain);
    g_free(connection->bare);
    g_free(connection);
}

static gboolean
destroy_now(RealConnection *connection)
{
    destroy(connection);
    return G_SOURCE_REMOVE;
}

static void
real_free(NjConnection *base)
{
    RealConnection *connection = (RealConnection *) base;
    connection->base.hooks = NULL;
    g_clear_pointer(&connection->dial, nj_dial_free);

    if (!connection->depth) {
        destroy(connection);
        return;
    }

    NjTransport *transport = nj_stream_transport(connection->stream);

    /* nothing more is said, whatever the login has begun */
    transport->class->close(transport, false);
    do_soon(connection, destroy_now);
}

static void
real_pause(NjConnection *base, bool paused)
{
    RealConnection *connection = (RealConnection *) base;
    if (connection->stream)
        nj_stream_pause(connection->stream, paused);
}

static void
real_password(NjConnection *base, const char *password)
{
    RealConnection *connection = (RealConnection *) base;
    if (!connection->login || connection->state == NJ_CONNECTION_CLOSING || connection->bound)
        return;
    if (!connection->timer)
        run_clock(connection);
    nj_login_password(connection->login, password);
}

static const char *
real_jid(const NjConnection *base)
{
    return ((const RealConnection *) base)->jid;
}

static const NjXml *
real_resumed(const NjConnection *base)
{
    return ((const RealConnection *) base)->resumed;
}

static const NjXml *
real_features(const NjConnection *base)
{
    return ((const RealConnection *) base)->features;
}

static const NjCertificate *
real_certificate(const NjConnection *base)
{
    const RealConnection *connection = (const RealConnection *) base;
    NjTransport *transport = connection->stream ? nj_stream_transport(connection->stream) : NULL;
    const NjCertificate *certificate = transport ? transport->class->certificate(transport) : NULL;
    return certificate ? certificate : connection->certificate;
}

static gint64
real_last_byte_us(const NjConnection *base)
{
    const RealConnection *connection = (const RealConnection *) base;
    return connection->stream ? nj_stream_last_byte_us(connection->stream) : 0;
}

static int
real_scram_rank(const NjConnection *base)
{
    return ((const RealConnection *) base)->scram_rank;
}

static const NjConnectionClass real_class = {
    .open = real_open,
    .send = real_send,
    .close = real_close,
    .free = real_free,
    .pause = real_pause,
    .password = real_password,
    .jid = real_jid,
    .resumed = real_resumed,
    .features = real_features,
    .certificate = real_certificate,
    .last_byte_us = real_last_byte_us,
    .scram_rank = real_scram_rank,
};

NjConnection *
nj_connection_new(const NjAccountSettings *settings, const char *bare, const char *trust_once,
                  const NjConnectionHooks *hooks, void *owner)
{
    RealConnection *connection = g_new0(RealConnection, 1);
    connection->base.class = &real_class;
    connection->base.hooks = hooks;
    connection->base.owner = owner;
    connection->settings = nj_account_settings_copy(settings);
    connection->bare = g_strdup(bare);
    connection->domain = nj_jid_domain(bare);

    /* without one the dial says what is wrong */
    connection->ascii = nj_jid_ascii_domain(connection->domain, NULL);
    connection->trust_once = g_strdup(trust_once);
    connection->deadlines = &nj_connection_deadlines;
    connection->tls = (NjTlsSettings){
        .domain = connection->ascii ? connection->ascii : connection->domain,
        .ca_file = connection->settings->ca_file,
        .pin = connection->settings->pin,
        .trust_once = connection->trust_once,
        .client_cert = connection->settings->client_cert,
        .client_key = connection->settings->client_key,
    };

    return &connection->base;
}

void
nj_connection_set_deadlines(NjConnection *connection, const NjConnectionDeadlines *deadlines)
{
    ((RealConnection *) connection)->deadlines = deadlines;
}
