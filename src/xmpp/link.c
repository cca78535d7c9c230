/* One connection from beginning to end: dial, then the stream over the socket, then the login, then stanzas.  It owns the deadlines that
   span these steps and decides which news goes up.  The owner may free it inside any hook, and some of these are called by the very stream that
   would have to go: the parts then stay until the next turn of the loop, without an owner to talk to. */
#include "base/clock.h"
#include "model/jid.h"
#include "xmpp/dial.h"
#include "xmpp/link.h"
#include "xmpp/login.h"
#include "xmpp/stream.h"
#include "xmpp/tcp.h"

enum { MAX_HOPS = 2 };

G_DEFINE_QUARK(nj-link-error, nj_link_error)

const NjLinkDeadlines nj_link_deadlines = {
    .dns = 10000, .stagger = 250, .patience = 2000, .tcp = 10000, .dial = 30000, .handshake = 15000, .login = 30000, .close = 1500,
};

typedef struct {
    NjLink base;
    NjAccountSettings *settings;
    char *bare, *domain, *ascii, *trust_once;
    NjTlsSettings tls;                 /* borrows from the texts above */
    const NjLinkDeadlines *deadlines;
    NjLinkState state;
    NjDial *dial;
    NjStream *stream;
    NjLogin *login;
    int depth;                         /* hooks of stream and login that are running */
    GSource *timer;                    /* of the login, or of closing */
    GSource *soon;                     /* what has to wait until no hook is running */
    gint64 login_until_us, login_left_us;
    char *host;                        /* see-other-host */
    int port;
    int hops;
    GError *why;
    bool bound;                        /* or resumed: stanzas go both ways */
    char *jid;
    NjXml *resumed;
    NjXml *features;
    NjCertificate *certificate;        /* of a stream that is gone */
    int scram_rank;
} RealLink;

/* What a careful friend would do on his own: try again where time, the network or the server may mend it; where only the person
   can, or where trying again would hammer at an account or fight another client, say so and wait. */
bool
nj_link_error_retry(int code)
{
    switch ((NjLinkError) code) {
    case NJ_LINK_ERROR_DNS:
    case NJ_LINK_ERROR_NO_SUCH_HOST:        /* a hotel's name server denies everything until one has signed in */
    case NJ_LINK_ERROR_REFUSED:
    case NJ_LINK_ERROR_UNREACHABLE:
    case NJ_LINK_ERROR_TIMEOUT:
    case NJ_LINK_ERROR_LOST:
    case NJ_LINK_ERROR_TLS:                 /* and its port answers with a web page */
    case NJ_LINK_ERROR_PROTOCOL:
    case NJ_LINK_ERROR_BIND:
    case NJ_LINK_ERROR_POLICY:
    case NJ_LINK_ERROR_SHUTDOWN:
    case NJ_LINK_ERROR_ELSEWHERE:
    case NJ_LINK_ERROR_STREAM:
        return true;
    case NJ_LINK_ERROR_NOT_OFFERED:
    case NJ_LINK_ERROR_NO_TLS:              /* the server's lack, or somebody between us: both want a person's eye */
    case NJ_LINK_ERROR_CERTIFICATE:
    case NJ_LINK_ERROR_MECHANISM:
    case NJ_LINK_ERROR_PASSWORD:
    case NJ_LINK_ERROR_ACCOUNT:
    case NJ_LINK_ERROR_PROOF:
    case NJ_LINK_ERROR_CONFLICT:
    case NJ_LINK_ERROR_HOST_UNKNOWN:
    case NJ_LINK_ERROR_SETTINGS:
        break;
    }
    return false;
}

static void
keep_certificate(RealLink *link)
{
    NjTransport *transport = nj_stream_transport(link->stream);
    const NjCertificate *certificate = transport->class->certificate(transport);
    if (!certificate)
        return;
    nj_certificate_free(link->certificate);
    link->certificate = nj_certificate_copy(certificate);
}

static void
drop_parts(RealLink *link)
{
    nj_clock_cancel(&link->timer);
    nj_clock_cancel(&link->soon);
    g_clear_pointer(&link->dial, nj_dial_free);
    if (link->stream)
        keep_certificate(link);
    g_clear_pointer(&link->login, nj_login_free);
    g_clear_pointer(&link->stream, nj_stream_free);
}

static void
set_state(RealLink *link, NjLinkState state)
{
    if (state == link->state)
        return;
    link->state = state;
    link->base.hooks->on_state(&link->base, state, NULL, link->base.owner);
}

/* The last word.  Only from the loop, never from inside a part's hook. */
static gboolean
tell_closed(RealLink *link)
{
    drop_parts(link);
    link->state = NJ_LINK_CLOSED;
    link->base.hooks->on_state(&link->base, NJ_LINK_CLOSED, link->why, link->base.owner);
    return G_SOURCE_REMOVE;
}

static void
do_soon(RealLink *link, gboolean (*func)(RealLink *link))
{
    nj_clock_cancel(&link->timer);
    nj_clock_cancel(&link->soon);
    link->soon = nj_clock_after(0, G_SOURCE_FUNC(func), link);
}

/* ---- The clock of the login ---- */

static gboolean
on_login_timeout(RealLink *link)
{
    g_set_error(&link->why, NJ_LINK_ERROR, NJ_LINK_ERROR_TIMEOUT,
                _("The server of %s answers, but does not finish the login; it may be overloaded."), link->domain);
    return tell_closed(link);
}

static void
run_clock(RealLink *link)
{
    nj_clock_cancel(&link->timer);
    link->login_until_us = g_get_monotonic_time() + link->login_left_us;
    link->timer = nj_clock_after((guint) (link->login_left_us / 1000), G_SOURCE_FUNC(on_login_timeout), link);
}

static void
stop_clock(RealLink *link)
{
    nj_clock_cancel(&link->timer);
    link->login_left_us = MAX(link->login_until_us - g_get_monotonic_time(), 0);
}

/* ---- see-other-host (RFC 6120 4.9.3.19) ---- */

/* "host", "host:port", "[2001:db8::1]:port" or an address with colons of its own. */
static bool
parse_elsewhere(RealLink *link, const char *where)
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
    g_free(link->host);
    link->host = g_steal_pointer(&ascii);
    link->port = (int) port;
    return true;
}

static void dial(RealLink *link);

static gboolean
go_elsewhere(RealLink *link)
{
    drop_parts(link);
    g_clear_error(&link->why);
    dial(link);
    set_state(link, NJ_LINK_RESOLVING);
    return G_SOURCE_REMOVE;
}

/* Anyone in between could send us away from a stream that is not secured; and once online a new login is the owner's business. */
static bool
may_go_elsewhere(RealLink *link)
{
    NjTransport *transport = nj_stream_transport(link->stream);
    const char *where = nj_stream_elsewhere(link->stream);
    return where && transport->class->secure(transport) && link->state != NJ_LINK_ONLINE && link->state != NJ_LINK_CLOSING
        && link->hops++ < MAX_HOPS && parse_elsewhere(link, where);
}

/* ---- What the stream and the login tell ---- */

static void
on_open(NjStream *stream, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    link->depth++;
    nj_login_start(link->login);
    link->depth--;
}

static void
on_features(NjStream *stream, NjXml *features, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_ONLINE || link->state == NJ_LINK_CLOSING)
        return;
    link->depth++;
    nj_login_features(link->login, features);
    link->depth--;
}

static void
on_stanza(NjStream *stream, NjXml *stanza, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || link->why)
        return;
    link->depth++;
    if (link->bound)
        link->base.hooks->on_stanza(&link->base, stanza, link->base.owner);
    else
        nj_login_stanza(link->login, stanza);
    link->depth--;
}

static void
on_secured(NjStream *stream, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    link->depth++;
    nj_login_secured(link->login);
    link->depth--;
}

static void
on_closed(NjStream *stream, const GError *why, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks)
        return;
    if (!link->why && why && link->state != NJ_LINK_CLOSING) {
        bool elsewhere = g_error_matches(why, NJ_LINK_ERROR, NJ_LINK_ERROR_ELSEWHERE) && may_go_elsewhere(link);
        link->why = g_error_copy(why);
        if (elsewhere) {
            do_soon(link, go_elsewhere);
            return;
        }
    }
    do_soon(link, tell_closed);
}

static bool
wants_items(NjStream *stream, const NjXml *head, const NjXml *list, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || !link->bound || !link->base.hooks->wants_items)
        return false;
    link->depth++;
    bool wanted = link->base.hooks->wants_items(&link->base, head, list, link->base.owner);
    link->depth--;
    return wanted;
}

static void
on_item(NjStream *stream, const NjXml *head, NjXml *item, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks)
        return;
    link->depth++;
    link->base.hooks->on_item(&link->base, head, item, link->base.owner);
    link->depth--;
}

/* Nobody is freed here: it only looks at the stanza. */
static bool
prepare(NjStream *stream, NjXml *stanza, gint64 until_us, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || !link->bound || link->why || !link->base.hooks->prepare)
        return true;
    return link->base.hooks->prepare(&link->base, stanza, until_us, link->base.owner);
}

static void
on_skipped(NjStream *stream, void *owner)
{
    (void) stream;
    RealLink *link = owner;
    if (!link->base.hooks || !link->bound || link->why || !link->base.hooks->skipped)
        return;
    link->depth++;
    link->base.hooks->skipped(&link->base, link->base.owner);
    link->depth--;
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
    static const NjLinkState states[] = {
        [NJ_LOGIN_SECURING] = NJ_LINK_SECURING,
        [NJ_LOGIN_AUTHENTICATING] = NJ_LINK_AUTHENTICATING,
        [NJ_LOGIN_BINDING] = NJ_LINK_BINDING,
    };
    (void) login;
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    link->depth++;
    set_state(link, states[step]);
    link->depth--;
}

static void
on_password(NjLogin *login, void *owner)
{
    (void) login;
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    stop_clock(link);
    link->depth++;
    link->base.hooks->on_password(&link->base, link->base.owner);
    link->depth--;
}

static void
be_online(RealLink *link, NjLogin *login, const NjXml *features)
{
    nj_clock_cancel(&link->timer);
    link->bound = true;
    link->features = features ? nj_xml_copy(features) : NULL;
    link->scram_rank = nj_login_scram_rank(login);
    link->depth++;
    set_state(link, NJ_LINK_ONLINE);
    link->depth--;
}

static void
on_done(NjLogin *login, const char *jid, const NjXml *features, void *owner)
{
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    link->jid = g_strdup(jid);
    be_online(link, login, features);
}

static void
on_resumed(NjLogin *login, const NjXml *answer, const NjXml *features, void *owner)
{
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    link->resumed = nj_xml_copy(answer);
    be_online(link, login, features);
}

static NjXml *
resume(NjLogin *login, const NjXml *features, void *owner)
{
    (void) login;
    RealLink *link = owner;
    if (!link->base.hooks || !link->base.hooks->resume || link->state == NJ_LINK_CLOSING)
        return NULL;
    return link->base.hooks->resume(&link->base, features, link->base.owner);
}

static void
on_not_resumed(NjLogin *login, const NjXml *answer, void *owner)
{
    (void) login;
    RealLink *link = owner;
    if (!link->base.hooks || link->state == NJ_LINK_CLOSING)
        return;
    link->depth++;
    link->base.hooks->not_resumed(&link->base, answer, link->base.owner);
    link->depth--;
}

static void close_politely(RealLink *link);

static void
on_failed(NjLogin *login, const GError *why, void *owner)
{
    RealLink *link = owner;
    if (!link->base.hooks || link->why || link->state == NJ_LINK_CLOSING)
        return;
    link->why = g_error_copy(why);
    link->scram_rank = nj_login_scram_rank(login);
    close_politely(link);
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
    RealLink *link = owner;
    if (fd < 0) {
        link->why = g_error_copy(error);
        do_soon(link, tell_closed);
        return;
    }
    link->tls.direct = direct;
    link->stream = nj_stream_new(nj_tcp_new(fd, direct, &link->tls, link->deadlines), &stream_hooks, link);
    link->login = nj_login_new(link->stream, link->settings, link->bare, link->settings->tls == NJ_TLS_NONE, &login_hooks, link);
    link->login_left_us = (gint64) link->deadlines->login * 1000;
    run_clock(link);
    link->depth++;
    set_state(link, NJ_LINK_SECURING);
    link->depth--;
}

static void
dial(RealLink *link)
{
    const NjAccountSettings *settings = link->settings;
    const char *host = link->host ? link->host : settings->host;
    link->dial = nj_dial_new(link->domain, host, link->host ? link->port : settings->port, settings->tls, link->deadlines, on_dialled, link);
}

static gboolean
on_close_timeout(RealLink *link)
{
    return tell_closed(link);
}

static void
close_politely(RealLink *link)
{
    if (link->state == NJ_LINK_CLOSING)
        return;
    link->state = NJ_LINK_CLOSING;
    if (!link->stream || link->soon) {
        g_clear_pointer(&link->dial, nj_dial_free);
        do_soon(link, tell_closed);
        return;
    }
    nj_clock_cancel(&link->timer);
    link->timer = nj_clock_after(link->deadlines->close, G_SOURCE_FUNC(on_close_timeout), link);
    nj_stream_close(link->stream);
}

static void
real_open(NjLink *base)
{
    RealLink *link = (RealLink *) base;
    g_return_if_fail(link->state == NJ_LINK_CLOSED && !link->dial);
    link->state = NJ_LINK_RESOLVING;
    dial(link);
}

static bool
real_send(NjLink *base, NjXml *stanza)
{
    RealLink *link = (RealLink *) base;
    if (link->bound && link->stream && link->state == NJ_LINK_ONLINE)
        return nj_stream_send(link->stream, stanza);
    nj_xml_free(stanza);
    return false;
}

static void
real_close(NjLink *base)
{
    RealLink *link = (RealLink *) base;
    if (link->state == NJ_LINK_CLOSED)
        return;
    if (link->state != NJ_LINK_CLOSING)
        g_clear_error(&link->why);
    close_politely(link);
}

static void
destroy(RealLink *link)
{
    drop_parts(link);
    g_clear_error(&link->why);
    nj_account_settings_free(link->settings);
    nj_certificate_free(link->certificate);
    nj_xml_free(link->features);
    nj_xml_free(link->resumed);
    g_free(link->jid);
    g_free(link->host);
    g_free(link->trust_once);
    g_free(link->ascii);
    g_free(link->domain);
    g_free(link->bare);
    g_free(link);
}

static gboolean
destroy_now(RealLink *link)
{
    destroy(link);
    return G_SOURCE_REMOVE;
}

static void
real_free(NjLink *base)
{
    RealLink *link = (RealLink *) base;
    link->base.hooks = NULL;
    g_clear_pointer(&link->dial, nj_dial_free);
    if (!link->depth) {
        destroy(link);
        return;
    }
    NjTransport *transport = nj_stream_transport(link->stream);
    transport->class->close(transport, false);              /* nothing more is said, whatever the login has begun */
    do_soon(link, destroy_now);
}

static void
real_pause(NjLink *base, bool paused)
{
    RealLink *link = (RealLink *) base;
    if (link->stream)
        nj_stream_pause(link->stream, paused);
}

static void
real_password(NjLink *base, const char *password)
{
    RealLink *link = (RealLink *) base;
    if (!link->login || link->state == NJ_LINK_CLOSING || link->bound)
        return;
    if (!link->timer)
        run_clock(link);
    nj_login_password(link->login, password);
}

static const char *
real_jid(const NjLink *base)
{
    return ((const RealLink *) base)->jid;
}

static const NjXml *
real_resumed(const NjLink *base)
{
    return ((const RealLink *) base)->resumed;
}

static const NjXml *
real_features(const NjLink *base)
{
    return ((const RealLink *) base)->features;
}

static const NjCertificate *
real_certificate(const NjLink *base)
{
    const RealLink *link = (const RealLink *) base;
    NjTransport *transport = link->stream ? nj_stream_transport(link->stream) : NULL;
    const NjCertificate *certificate = transport ? transport->class->certificate(transport) : NULL;
    return certificate ? certificate : link->certificate;
}

static gint64
real_last_byte_us(const NjLink *base)
{
    const RealLink *link = (const RealLink *) base;
    return link->stream ? nj_stream_last_byte_us(link->stream) : 0;
}

static int
real_scram_rank(const NjLink *base)
{
    return ((const RealLink *) base)->scram_rank;
}

static const NjLinkClass real_class = {
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

NjLink *
nj_link_new(const NjAccountSettings *settings, const char *bare, const char *trust_once, const NjLinkHooks *hooks, void *owner)
{
    RealLink *link = g_new0(RealLink, 1);
    link->base.class = &real_class;
    link->base.hooks = hooks;
    link->base.owner = owner;
    link->settings = nj_account_settings_copy(settings);
    link->bare = g_strdup(bare);
    link->domain = nj_jid_domain(bare);
    link->ascii = nj_jid_ascii_domain(link->domain, NULL);       /* without one the dial says what is wrong */
    link->trust_once = g_strdup(trust_once);
    link->deadlines = &nj_link_deadlines;
    link->tls = (NjTlsSettings) {
        .domain = link->ascii ? link->ascii : link->domain,
        .ca_file = link->settings->ca_file,
        .pin = link->settings->pin,
        .trust_once = link->trust_once,
        .client_cert = link->settings->client_cert,
        .client_key = link->settings->client_key,
    };
    return &link->base;
}

void
nj_link_set_deadlines(NjLink *link, const NjLinkDeadlines *deadlines)
{
    ((RealLink *) link)->deadlines = deadlines;
}
