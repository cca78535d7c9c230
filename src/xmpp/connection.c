/* One connection from beginning to end: find the server (dial), open a stream on the socket, log
 * in, then pass stanzas in both directions. This file has the deadlines of the login and of
 * closing, and decides which hooks of stream and login reach the owner.
 *
 * The owner may free the connection inside a hook while the stream or the login is on the stack
 * (hook_depth). Then the connection is freed in the next iteration of the main loop; until then
 * base.hooks is NULL and nothing is reported to the owner. */
#include "base/clock.h"
#include "model/jid.h"
#include "xmpp/connection.h"
#include "xmpp/dial.h"
#include "xmpp/login.h"
#include "xmpp/stream.h"
#include "xmpp/tcp.h"

#define MAX_REDIRECTS 2

GQuark
nj_connection_error_quark(void)
{
    return g_quark_from_static_string("nj-connection-error");
}

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
    NjConnection base; /* base.hooks is NULL after free() */
    NjAccountSettings *settings;
    char *bare, *domain;
    char *ascii_domain; /* the domain in A-labels; NULL when it is not valid */
    char *trust_once;
    NjTlsSettings tls; /* borrows its strings from the fields above */
    const NjConnectionDeadlines *deadlines;
    NjConnectionState state;
    NjDial *dial;
    NjStream *stream; /* NULL until a socket is connected */
    NjLogin *login;
    int hook_depth;           /* how many hooks of stream and login are on the stack */
    GSource *timer;           /* deadline of the login or of closing */
    GSource *deferred;        /* calls a function while no hook is on the stack; see defer() */
    gint64 login_deadline_us; /* monotonic */
    gint64 login_left_us;     /* time until that deadline when its timer was started or stopped */
    char *redirect_host;      /* from see-other-host; NULL */
    int redirect_port;        /* 0: none was given */
    int redirects;            /* how many redirections the server has sent */
    GError *why;              /* the first error; NULL: none, or close() was called */
    bool is_bound; /* bound or resumed: stanzas go to the owner, no longer to the login */
    char *jid;
    NjXml *resumed;
    NjXml *features;
    NjCertificate *certificate; /* of the last stream, which was freed; NULL */
    int scram_rank;
} RealConnection;

/* A new attempt can help when the cause may go away with time, in the network or at the server. The
 * client must not connect again when only the user can remove the cause, nor when that could lock
 * the account or take the resource from another client again and again. */
bool
nj_connection_should_retry(int code)
{
    switch ((NjConnectionError) code) {
    /* Some networks need a login on a web page. Until then no name may exist in them, and every
     * port may answer with that page, which makes the TLS handshake fail. */
    case NJ_CONNECTION_ERROR_NO_SUCH_HOST:
    case NJ_CONNECTION_ERROR_TLS:
    case NJ_CONNECTION_ERROR_DNS:
    case NJ_CONNECTION_ERROR_REFUSED:
    case NJ_CONNECTION_ERROR_UNREACHABLE:
    case NJ_CONNECTION_ERROR_TIMEOUT:
    case NJ_CONNECTION_ERROR_LOST:
    case NJ_CONNECTION_ERROR_PROTOCOL:
    case NJ_CONNECTION_ERROR_BIND:
    case NJ_CONNECTION_ERROR_POLICY:
    case NJ_CONNECTION_ERROR_SHUTDOWN:
    case NJ_CONNECTION_ERROR_REDIRECTED:
    case NJ_CONNECTION_ERROR_STREAM:
        return true;

    /* The server lacks TLS, or an attacker on the network has removed it: the user must decide. */
    case NJ_CONNECTION_ERROR_NO_TLS:
    case NJ_CONNECTION_ERROR_NOT_OFFERED:
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

/* Returns false when the connection was freed or is closing: the login must not continue. */
static bool
is_active(const RealConnection *connection)
{
    return connection->base.hooks && connection->state != NJ_CONNECTION_CLOSING;
}

/* Returns true when stanzas go to the owner: the connection is bound, was not freed and has not
 * failed. */
static bool
passes_stanzas(const RealConnection *connection)
{
    return connection->base.hooks && connection->is_bound && !connection->why;
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

/* Frees dial, login and stream, and stops the timers. */
static void
free_parts(RealConnection *connection)
{
    nj_clock_cancel(&connection->timer);
    nj_clock_cancel(&connection->deferred);
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

/* Frees stream and login, then reports the end to the owner; no hook is called after that. It must
 * run from the main loop, not from inside a hook of stream or login. */
static gboolean
report_closed(RealConnection *connection)
{
    free_parts(connection);
    connection->state = NJ_CONNECTION_CLOSED;
    connection->base.hooks->on_state(&connection->base, NJ_CONNECTION_CLOSED, connection->why,
                                     connection->base.owner);
    return G_SOURCE_REMOVE;
}

/* Calls func in the next iteration of the main loop. Cancels the timer and an earlier deferred
 * call. */
static void
defer(RealConnection *connection, gboolean (*func)(RealConnection *connection))
{
    nj_clock_cancel(&connection->timer);
    nj_clock_cancel(&connection->deferred);
    connection->deferred = nj_clock_after(0, G_SOURCE_FUNC(func), connection);
}

/* --- the deadline of the login --- */

static gboolean
on_login_timeout(RealConnection *connection)
{
    g_set_error(&connection->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT,
                _("The server of %s answers but does not finish the login; it may be overloaded. "
                  "Use /connect to try again at once."),
                connection->domain);
    return report_closed(connection);
}

static void
start_login_timer(RealConnection *connection)
{
    nj_clock_cancel(&connection->timer);
    connection->login_deadline_us = g_get_monotonic_time() + connection->login_left_us;
    connection->timer = nj_clock_after((guint) (connection->login_left_us / 1000),
                                       G_SOURCE_FUNC(on_login_timeout), connection);
}

static void
pause_login_timer(RealConnection *connection)
{
    nj_clock_cancel(&connection->timer);
    connection->login_left_us = MAX(connection->login_deadline_us - g_get_monotonic_time(), 0);
}

/* --- see-other-host (RFC 6120, 4.9.3.19) --- */

/* Reads "host", "host:port", "[2001:db8::1]:port" or an IPv6 address without brackets into
 * redirect_host and redirect_port. Returns false when it is not valid. */
static bool
parse_redirect(RealConnection *connection, const char *where)
{
    const char *colon = strrchr(where, ':');
    bool has_bracket = *where == '[';

    if (colon && (has_bracket ? colon[-1] != ']' : strchr(where, ':') != colon))
        colon = NULL;

    guint64 port = 0;
    if (colon && !g_ascii_string_to_unsigned(colon + 1, 10, 1, 65535, &port, NULL))
        return false;

    g_autofree char *host = colon ? g_strndup(where, colon - where) : g_strdup(where);
    g_autofree char *ascii = *host ? nj_jid_ascii_domain(host, NULL) : NULL;
    if (!ascii)
        return false;

    g_free(connection->redirect_host);
    connection->redirect_host = g_steal_pointer(&ascii);
    connection->redirect_port = (int) port;
    return true;
}

static void start_dial(RealConnection *connection);

static gboolean
follow_redirect(RealConnection *connection)
{
    free_parts(connection);
    g_clear_error(&connection->why);
    start_dial(connection);
    set_state(connection, NJ_CONNECTION_RESOLVING);
    return G_SOURCE_REMOVE;
}

/* Returns true when the server's redirection is to be followed. It is ignored on a stream without
 * TLS, where an attacker could have sent it. It is also ignored when the connection is online: the
 * owner then decides whether to connect again. */
static bool
accept_redirect(RealConnection *connection)
{
    NjTransport *transport = nj_stream_transport(connection->stream);
    const char *where = nj_stream_redirect(connection->stream);

    if (!where || !transport->class->secure(transport))
        return false;
    if (connection->state == NJ_CONNECTION_ONLINE || connection->state == NJ_CONNECTION_CLOSING)
        return false;
    return connection->redirects++ < MAX_REDIRECTS && parse_redirect(connection, where);
}

/* --- hooks of the stream --- */

static void
on_open(NjStream *stream, void *owner)
{
    RealConnection *connection = owner;
    (void) stream;
    if (!is_active(connection))
        return;
    connection->hook_depth++;
    nj_login_start(connection->login);
    connection->hook_depth--;
}

static void
on_features(NjStream *stream, NjXml *features, void *owner)
{
    RealConnection *connection = owner;
    (void) stream;
    if (!is_active(connection) || connection->state == NJ_CONNECTION_ONLINE)
        return;
    connection->hook_depth++;
    nj_login_features(connection->login, features);
    connection->hook_depth--;
}

static void
on_stanza(NjStream *stream, NjXml *stanza, void *owner)
{
    RealConnection *connection = owner;
    (void) stream;
    if (!connection->base.hooks || connection->why)
        return;

    connection->hook_depth++;
    if (connection->is_bound)
        connection->base.hooks->on_stanza(&connection->base, stanza, connection->base.owner);
    else
        nj_login_stanza(connection->login, stanza);
    connection->hook_depth--;
}

static void
on_secured(NjStream *stream, void *owner)
{
    RealConnection *connection = owner;
    (void) stream;
    if (!is_active(connection))
        return;
    connection->hook_depth++;
    nj_login_secured(connection->login);
    connection->hook_depth--;
}

static void
on_closed(NjStream *stream, const GError *why, void *owner)
{
    RealConnection *connection = owner;
    (void) stream;
    if (!connection->base.hooks)
        return;

    bool is_first_reason = why && !connection->why && connection->state != NJ_CONNECTION_CLOSING;
    if (is_first_reason) {
        bool redirected = g_error_matches(why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_REDIRECTED)
                          && accept_redirect(connection);
        connection->why = g_error_copy(why);
        if (redirected) {
            defer(connection, follow_redirect);
            return;
        }
    }

    defer(connection, report_closed);
}

static bool
wants_items(NjStream *stream, const NjXml *head, const NjXml *list, void *owner)
{
    RealConnection *connection = owner;
    const NjConnectionHooks *hooks = connection->base.hooks;
    (void) stream;
    if (!hooks || !connection->is_bound || !hooks->wants_items)
        return false;

    connection->hook_depth++;
    bool wanted = hooks->wants_items(&connection->base, head, list, connection->base.owner);
    connection->hook_depth--;
    return wanted;
}

static void
on_item(NjStream *stream, const NjXml *head, NjXml *item, void *owner)
{
    RealConnection *connection = owner;
    (void) stream;
    if (!connection->base.hooks)
        return;
    connection->hook_depth++;
    connection->base.hooks->on_item(&connection->base, head, item, connection->base.owner);
    connection->hook_depth--;
}

/* This hook must not free the connection, so hook_depth does not count it. */
static bool
prepare(NjStream *stream, NjXml *stanza, gint64 until_us, void *owner)
{
    RealConnection *connection = owner;
    const NjConnectionHooks *hooks = connection->base.hooks;
    (void) stream;
    if (!passes_stanzas(connection) || !hooks->prepare)
        return true;
    return hooks->prepare(&connection->base, stanza, until_us, connection->base.owner);
}

static void
on_skipped(NjStream *stream, void *owner)
{
    RealConnection *connection = owner;
    const NjConnectionHooks *hooks = connection->base.hooks;
    (void) stream;
    if (!passes_stanzas(connection) || !hooks->on_skipped)
        return;
    connection->hook_depth++;
    hooks->on_skipped(&connection->base, connection->base.owner);
    connection->hook_depth--;
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

/* --- hooks of the login --- */

static void
on_step(NjLogin *login, NjLoginStep step, void *owner)
{
    static const NjConnectionState states[] = {
        [NJ_LOGIN_SECURING] = NJ_CONNECTION_SECURING,
        [NJ_LOGIN_AUTHENTICATING] = NJ_CONNECTION_AUTHENTICATING,
        [NJ_LOGIN_BINDING] = NJ_CONNECTION_BINDING,
    };
    RealConnection *connection = owner;
    (void) login;
    if (!is_active(connection))
        return;

    connection->hook_depth++;
    set_state(connection, states[step]);
    connection->hook_depth--;
}

static void
on_password(NjLogin *login, void *owner)
{
    RealConnection *connection = owner;
    (void) login;
    if (!is_active(connection))
        return;
    pause_login_timer(connection);
    connection->hook_depth++;
    connection->base.hooks->on_password(&connection->base, connection->base.owner);
    connection->hook_depth--;
}

static void
go_online(RealConnection *connection, NjLogin *login, const NjXml *features)
{
    nj_clock_cancel(&connection->timer);
    connection->is_bound = true;
    connection->features = features ? nj_xml_copy(features) : NULL;
    connection->scram_rank = nj_login_scram_rank(login);
    connection->hook_depth++;
    set_state(connection, NJ_CONNECTION_ONLINE);
    connection->hook_depth--;
}

static void
on_bound(NjLogin *login, const char *jid, const NjXml *features, void *owner)
{
    RealConnection *connection = owner;
    if (!is_active(connection))
        return;
    connection->jid = g_strdup(jid);
    go_online(connection, login, features);
}

static void
on_resumed(NjLogin *login, const NjXml *resumed, const NjXml *features, void *owner)
{
    RealConnection *connection = owner;
    if (!is_active(connection))
        return;
    connection->resumed = nj_xml_copy(resumed);
    go_online(connection, login, features);
}

/* This hook must not free the connection, so hook_depth does not count it. */
static NjXml *
build_resume(NjLogin *login, const NjXml *features, void *owner)
{
    RealConnection *connection = owner;
    (void) login;
    if (!is_active(connection) || !connection->base.hooks->build_resume)
        return NULL;
    return connection->base.hooks->build_resume(&connection->base, features,
                                                connection->base.owner);
}

static void
on_resume_failed(NjLogin *login, const NjXml *failed, void *owner)
{
    RealConnection *connection = owner;
    (void) login;
    if (!is_active(connection))
        return;
    connection->hook_depth++;
    connection->base.hooks->on_resume_failed(&connection->base, failed, connection->base.owner);
    connection->hook_depth--;
}

static void close_stream(RealConnection *connection);

static void
on_failed(NjLogin *login, const GError *why, void *owner)
{
    RealConnection *connection = owner;
    if (!is_active(connection) || connection->why)
        return;
    connection->why = g_error_copy(why);
    connection->scram_rank = nj_login_scram_rank(login);
    close_stream(connection);
}

static const NjLoginHooks login_hooks = {
    .on_step = on_step,
    .on_password = on_password,
    .on_bound = on_bound,
    .build_resume = build_resume,
    .on_resumed = on_resumed,
    .on_resume_failed = on_resume_failed,
    .on_failed = on_failed,
};

/* --- opening and closing --- */

static void
on_dialled(int fd, bool direct, const char *host, guint16 port, const GError *error, void *owner)
{
    RealConnection *connection = owner;
    (void) host;
    (void) port;
    if (fd < 0) {
        connection->why = g_error_copy(error);
        defer(connection, report_closed);
        return;
    }

    connection->tls.direct = direct;
    connection->stream = nj_stream_new(
        nj_tcp_new(fd, direct, &connection->tls, connection->deadlines), &stream_hooks, connection);
    connection->login =
        nj_login_new(connection->stream, connection->settings, connection->bare,
                     connection->settings->tls == NJ_TLS_NONE, &login_hooks, connection);

    connection->login_left_us = (gint64) connection->deadlines->login * 1000;
    start_login_timer(connection);
    connection->hook_depth++;
    set_state(connection, NJ_CONNECTION_SECURING);
    connection->hook_depth--;
}

static void
start_dial(RealConnection *connection)
{
    const NjAccountSettings *settings = connection->settings;
    const char *host = settings->host;
    int port = settings->port;

    if (connection->redirect_host) {
        host = connection->redirect_host;
        port = connection->redirect_port;
    }
    connection->dial = nj_dial_new(connection->domain, host, port, settings->tls,
                                   connection->deadlines, on_dialled, connection);
}

static void
close_stream(RealConnection *connection)
{
    if (connection->state == NJ_CONNECTION_CLOSING)
        return;

    connection->state = NJ_CONNECTION_CLOSING;
    if (!connection->stream || connection->deferred) {
        g_clear_pointer(&connection->dial, nj_dial_free);
        defer(connection, report_closed);
        return;
    }

    nj_clock_cancel(&connection->timer);
    connection->timer =
        nj_clock_after(connection->deadlines->close, G_SOURCE_FUNC(report_closed), connection);
    nj_stream_close(connection->stream);
}

static void
real_open(NjConnection *base)
{
    RealConnection *connection = (RealConnection *) base;
    g_return_if_fail(connection->state == NJ_CONNECTION_CLOSED && !connection->dial);
    connection->state = NJ_CONNECTION_RESOLVING;
    start_dial(connection);
}

static bool
real_send(NjConnection *base, NjXml *stanza)
{
    RealConnection *connection = (RealConnection *) base;
    bool is_online = connection->is_bound && connection->state == NJ_CONNECTION_ONLINE;
    if (is_online && connection->stream)
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
    close_stream(connection);
}

static void
destroy_connection(RealConnection *connection)
{
    free_parts(connection);
    g_clear_error(&connection->why);
    nj_account_settings_free(connection->settings);
    nj_certificate_free(connection->certificate);
    nj_xml_free(connection->features);
    nj_xml_free(connection->resumed);
    g_free(connection->jid);
    g_free(connection->redirect_host);
    g_free(connection->trust_once);

    g_free(connection->ascii_domain);
    g_free(connection->domain);
    g_free(connection->bare);
    g_free(connection);
}

static gboolean
on_destroy(RealConnection *connection)
{
    destroy_connection(connection);
    return G_SOURCE_REMOVE;
}

static void
real_free(NjConnection *base)
{
    RealConnection *connection = (RealConnection *) base;
    connection->base.hooks = NULL;
    g_clear_pointer(&connection->dial, nj_dial_free);

    if (!connection->hook_depth) {
        destroy_connection(connection);
        return;
    }

    /* Close the socket now: a step of the login that is on the stack must not send any more. */
    NjTransport *transport = nj_stream_transport(connection->stream);
    transport->class->close(transport, false);
    defer(connection, on_destroy);
}

static void
real_pause(NjConnection *base, bool paused)
{
    RealConnection *connection = (RealConnection *) base;
    if (connection->stream)
        nj_stream_pause(connection->stream, paused);
}

static void
real_give_password(NjConnection *base, const char *password)
{
    RealConnection *connection = (RealConnection *) base;
    bool is_login_over = connection->state == NJ_CONNECTION_CLOSING || connection->is_bound;
    if (!connection->login || is_login_over)
        return;
    if (!connection->timer)
        start_login_timer(connection);
    nj_login_password(connection->login, password);
}

/* --- results for the owner --- */

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
    .give_password = real_give_password,
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

    /* For an invalid domain ascii_domain is NULL; the dial reports that as an error. */
    connection->ascii_domain = nj_jid_ascii_domain(connection->domain, NULL);
    connection->trust_once = g_strdup(trust_once);
    connection->deadlines = &nj_connection_deadlines;
    connection->tls = (NjTlsSettings){
        .domain = connection->ascii_domain ? connection->ascii_domain : connection->domain,
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
