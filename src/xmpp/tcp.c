/* One socket on the main loop: a single source that is always watched for the right direction.  A
 * dispatch stops after half a millisecond or 64 KB and comes back, so that a flood can not hold up
 * a key; bytes its owner had no time for are kept and offered again, and nothing is read meanwhile.
 * Every hook comes from dispatch(), also the bad news found while writing; an owner may free us in
 * any of them. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "xmpp/tcp.h"

enum {
    SLICE_US = 500,
    SLICE_BYTES = 64 * 1024,
    CHUNK = 16 * 1024,             /* a TLS record */
    QUEUE_LIMIT = 8 * 1024 * 1024, /* a server that takes nothing for so long is gone */
};

typedef enum { STARTING, HANDSHAKE, UP, CLOSING, CLOSED } State;

typedef struct {
    NjTransport base;
    int refs; /* the owner's, and a running dispatch's */
    GSource *source;
    gpointer tag;         /* of fd in source; NULL while it is not watched */
    GIOCondition watched; /* what for */
    int fd;
    const NjTlsSettings *settings;
    const NjConnectionDeadlines *deadlines;
    NjTls *tls;
    State state;
    bool direct, secure, paused;
    bool again; /* come back without waiting for the socket */
    /* what TLS needs before reading, writing can go on; 0: it can */
    GIOCondition read_wants, write_wants;
    gint64 deadline_us; /* of the handshake or of closing; 0 none */
    char in[CHUNK];
    gsize in_start, in_end; /* read, and not yet taken by the owner */
    /* nothing more comes; `why` says how, to be told when `in` is empty */
    bool ended;
    GByteArray *out;
    gsize out_start;
    GError *why;
} NjTcp;

typedef struct {
    GSource source;
    NjTcp *tcp;
} TcpSource;

static gsize
queued(const NjTransport *transport)
{
    const NjTcp *tcp = (const NjTcp *) transport;
    return tcp->out->len - tcp->out_start;
}

static void
unref(NjTcp *tcp)
{
    if (--tcp->refs)
        return;
    g_byte_array_unref(tcp->out);
    g_clear_error(&tcp->why);
    nj_tls_free(tcp->tls);
    g_free(tcp);
}

/* Lets go of the socket; TLS is kept for its certificate. */
static void
hang_up(NjTcp *tcp)
{
    tcp->state = CLOSED;
    if (!tcp->source)
        return;
    g_source_destroy(tcp->source);
    g_clear_pointer(&tcp->source, g_source_unref);
    close(tcp->fd);
    tcp->fd = -1;
}

static GIOCondition
conditions(const NjTcp *tcp)
{
    switch (tcp->state) {
    case STARTING:
    case CLOSED:
        return 0;
    case HANDSHAKE:
        return tcp->read_wants;
    default:
        break;
    }

    GIOCondition wanted = queued(&tcp->base) ? tcp->write_wants : 0;
    if (tcp->state == UP && !tcp->paused && !tcp->ended && tcp->in_start == tcp->in_end)
        wanted |= tcp->read_wants ? tcp->read_wants : G_IO_IN;
    return wanted;
}

/* Watches for what the state asks for.  Without a wish the descriptor is taken out: poll() would
 * report a hang-up for ever.  GLib wakes the loop up for each change, so what stays is left
 * alone. */
static void
rearm(NjTcp *tcp)
{
    if (!tcp->source)
        return;

    GIOCondition wanted = conditions(tcp);
    if (!wanted && tcp->tag) {
        g_source_remove_unix_fd(tcp->source, tcp->tag);
        tcp->tag = NULL;
    } else if (wanted && !tcp->tag) {
        tcp->tag = g_source_add_unix_fd(tcp->source, tcp->fd, wanted);
    } else if (wanted != tcp->watched) {
        g_source_modify_unix_fd(tcp->source, tcp->tag, wanted);
    }

    tcp->watched = wanted;
    g_source_set_ready_time(tcp->source, tcp->again ? 0 : tcp->deadline_us ? tcp->deadline_us : -1);
}

static void
come_back(NjTcp *tcp)
{
    tcp->again = true;
    rearm(tcp);
}

static void
end(NjTcp *tcp, GError *why)
{
    if (tcp->ended)
        g_clear_error(&why);
    else
        tcp->why = why;
    tcp->ended = true;
}

static GError *
lost(const NjTcp *tcp)
{
    return g_error_new(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST,
                       _("Lost the connection to %s."), tcp->settings->domain);
}

static GIOCondition
wants(NjTlsResult result)
{
    return result == NJ_TLS_WANT_READ ? G_IO_IN : result == NJ_TLS_WANT_WRITE ? G_IO_OUT : 0;
}

static NjTlsResult
put_some(NjTcp *tcp, const char *bytes, gsize length, gsize *put, GError **error)
{
    if (tcp->tls)
        return nj_tls_write(tcp->tls, bytes, length, put, error);

    ssize_t sent = send(tcp->fd, bytes, length, MSG_NOSIGNAL);
    *put = sent > 0 ? (gsize) sent : 0;
    if (sent >= 0)
        return NJ_TLS_DONE;
    if (errno == EAGAIN || errno == EINTR)
        return NJ_TLS_WANT_WRITE;

    g_propagate_error(error, lost(tcp));
    return NJ_TLS_FAILED;
}

/* A server that answers in two small writes holds the second back until the first is acknowledged,
 * and after a write of ours the kernel takes 40 ms over that: most of a login.  This asks for the
 * next acknowledgement at once; each write undoes it. */
static void
hurry(const NjTcp *tcp)
{
#ifdef TCP_QUICKACK
    int yes = 1;
    setsockopt(tcp->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
#else
    (void) tcp;
#endif
}

/* Writes what the kernel takes, at most a slice at once. */
static void
flush(NjTcp *tcp)
{
    gsize total = 0;
    while (queued(&tcp->base)) {
        if (total >= SLICE_BYTES) {
            tcp->write_wants = G_IO_OUT;
            break;
        }
        gsize put = 0;
        GError *error = NULL;
        NjTlsResult result = put_some(tcp, (const char *) tcp->out->data + tcp->out_start,
                                      queued(&tcp->base), &put, &error);
        tcp->out_start += put;
        total += put;
        tcp->write_wants = wants(result);
        if (result == NJ_TLS_DONE)
            continue;
        if (!tcp->write_wants) {
            end(tcp, error ? error : lost(tcp));
            tcp->again = true;
        }
        break;
    }

    if (total)
        hurry(tcp);
    if (!queued(&tcp->base)) {
        /* A large queue is given back, an ordinary one used again. */
        if (tcp->out->len > SLICE_BYTES) {
            g_byte_array_unref(tcp->out);
            tcp->out = g_byte_array_new();
        }
        g_byte_array_set_size(tcp->out, 0);
        tcp->out_start = 0;
    } else if (tcp->out_start > SLICE_BYTES && tcp->out_start > tcp->out->len / 2) {
        g_byte_array_remove_range(tcp->out, 0, tcp->out_start);
        tcp->out_start = 0;
    }
}

static NjTlsResult
get_some(NjTcp *tcp, char *out, gsize size, gsize *got, GError **error)
{
    if (tcp->tls)
        return nj_tls_read(tcp->tls, out, size, got, error);

    ssize_t length = recv(tcp->fd, out, size, 0);
    *got = length > 0 ? (gsize) length : 0;
    if (length > 0)
        return NJ_TLS_DONE;
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return NJ_TLS_WANT_READ;

    if (length < 0)
        g_propagate_error(error, lost(tcp));
    return length < 0 ? NJ_TLS_FAILED : NJ_TLS_ENDED;
}

/* Fills the empty buffer; true if the socket has no more for now. */
static bool
fill(NjTcp *tcp)
{
    tcp->in_start = tcp->in_end = 0;
    tcp->read_wants = 0;
    while (tcp->in_end < CHUNK) {
        gsize got = 0;
        GError *error = NULL;
        NjTlsResult result =
            get_some(tcp, tcp->in + tcp->in_end, CHUNK - tcp->in_end, &got, &error);
        tcp->in_end += got;
        if (result == NJ_TLS_DONE)
            continue;
        tcp->read_wants = wants(result);
        if (!tcp->read_wants)
            end(tcp, error ? error : lost(tcp));
        return true;
    }

    return false;
}

/* Reads and hands over until the slice is used up, the socket dry, or the owner has other
 * wishes. */
static void
receive(NjTcp *tcp)
{
    gint64 until = nj_clock_us() + SLICE_US;
    gsize total = 0;
    bool dry = false;

    while (tcp->state == UP && !tcp->paused) {
        if (tcp->in_start == tcp->in_end) {
            if (tcp->ended || dry)
                return;
            if (total >= SLICE_BYTES || nj_clock_us() >= until) {
                tcp->again = tcp->tls && nj_tls_pending(tcp->tls);
                return;
            }
            dry = fill(tcp);
            continue;
        }
        gsize length = tcp->in_end - tcp->in_start;
        gsize taken = tcp->base.hooks->on_bytes(&tcp->base, tcp->in + tcp->in_start, length, until,
                                                tcp->base.owner);
        if (!tcp->base.hooks || tcp->state != UP)
            return;
        tcp->in_start += MIN(taken, length);
        total += taken;
        if (taken < length) {
            tcp->again = !tcp->paused;
            return;
        }
    }
}

static void
begin_handshake(NjTcp *tcp)
{
    GError *error = NULL;
    tcp->state = HANDSHAKE;
    tcp->in_start = tcp->in_end = 0;
    tcp->deadline_us = nj_clock_us() + (gint64) tcp->deadlines->handshake * 1000;
    tcp->tls = nj_tls_new(tcp->fd, tcp->settings, &error);
    if (!tcp->tls)
        end(tcp, error);
    tcp->again = true;
}

static void
handshake(NjTcp *tcp)
{
    GError *error = NULL;
    NjTlsResult result = nj_tls_handshake(tcp->tls, &error);

    hurry(tcp);
    tcp->read_wants = wants(result);
    if (result != NJ_TLS_DONE) {
        if (!tcp->read_wants)
            end(tcp, error ? error : lost(tcp));
        return;
    }

    tcp->state = UP;
    tcp->secure = true;
    tcp->deadline_us = 0;
    tcp->again = true; /* bytes may have come with it */
    if (tcp->direct)
        tcp->base.hooks->on_open(&tcp->base, tcp->base.owner);
    else
        tcp->base.hooks->on_secured(&tcp->base, tcp->base.owner);
}

static void
start(NjTcp *tcp)
{
    if (tcp->direct) {
        begin_handshake(tcp);
        return;
    }
    tcp->state = UP;
    tcp->again = queued(&tcp->base) > 0;
    tcp->base.hooks->on_open(&tcp->base, tcp->base.owner);
}

static void
out_of_time(NjTcp *tcp)
{
    tcp->deadline_us = 0;
    if (tcp->state == HANDSHAKE)
        end(tcp,
            g_error_new(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT,
                        _("The server of %s began to secure the connection and then fell silent."),
                        tcp->settings->domain));
    else
        end(tcp, NULL);
}

static gboolean
dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    (void) callback;
    (void) data;

    NjTcp *tcp = ((TcpSource *) source)->tcp;
    tcp->refs++;
    tcp->again = false;
    if (tcp->deadline_us && nj_clock_us() >= tcp->deadline_us)
        out_of_time(tcp);
    else if (tcp->state == STARTING)
        start(tcp);
    else if (tcp->state == HANDSHAKE && !tcp->ended)
        handshake(tcp);
    else if (tcp->state == UP || tcp->state == CLOSING)
        flush(tcp);

    if (tcp->base.hooks && tcp->state == UP)
        receive(tcp);
    if (tcp->base.hooks && tcp->state == CLOSING && !queued(&tcp->base))
        end(tcp, NULL);

    /* The last bytes come before the end. */
    if (tcp->base.hooks && tcp->ended && (tcp->state != UP || tcp->in_start == tcp->in_end)) {
        if (tcp->state == CLOSING)
            g_clear_error(&tcp->why);
        if (tcp->tls && !tcp->why)
            nj_tls_bye(tcp->tls);
        hang_up(tcp);
        tcp->base.hooks->on_closed(&tcp->base, tcp->why, tcp->base.owner);
    }

    rearm(tcp);
    unref(tcp);
    return G_SOURCE_CONTINUE;
}

static void
tcp_write(NjTransport *transport, const char *bytes, gsize length)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->state > UP || tcp->ended)
        return;

    g_byte_array_append(tcp->out, (const guint8 *) bytes, length);
    if (queued(transport) > QUEUE_LIMIT) {
        end(tcp, lost(tcp));
        come_back(tcp);
        return;
    }

    if (tcp->state == UP && !tcp->write_wants)
        flush(tcp);
    rearm(tcp);
}

static void
tcp_start_tls(NjTransport *transport)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->state != UP || tcp->tls)
        return;
    begin_handshake(tcp);
    rearm(tcp);
}

static void
tcp_pause(NjTransport *transport, bool paused)
{
    NjTcp *tcp = (NjTcp *) transport;
    tcp->paused = paused;
    tcp->again |= !paused;
    rearm(tcp);
}

static void
tcp_close(NjTransport *transport, bool flush_first)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->state >= CLOSING)
        return;

    bool established = tcp->state == UP;
    tcp->state = CLOSING;
    tcp->deadline_us = nj_clock_us() + (gint64) tcp->deadlines->close * 1000;
    if (!flush_first || !established)
        end(tcp, NULL);

    come_back(tcp);
}

static void
tcp_free(NjTransport *transport)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->tls && tcp->fd >= 0)
        nj_tls_bye(tcp->tls);
    hang_up(tcp);
    tcp->base.hooks = NULL;
    unref(tcp);
}

static bool
tcp_secure(const NjTransport *transport)
{
    return ((const NjTcp *) transport)->secure;
}

static bool
tcp_binding(const NjTransport *transport, const char *type, GByteArray *out)
{
    const NjTcp *tcp = (const NjTcp *) transport;
    return tcp->tls && nj_tls_binding(tcp->tls, type, out);
}

static const NjCertificate *
tcp_certificate(const NjTransport *transport)
{
    const NjTcp *tcp = (const NjTcp *) transport;
    return tcp->tls ? nj_tls_certificate(tcp->tls) : NULL;
}

static bool
tcp_client_certificate(const NjTransport *transport)
{
    const NjTcp *tcp = (const NjTcp *) transport;
    return tcp->tls && nj_tls_client_certificate(tcp->tls);
}

static const NjTransportClass tcp_class = {
    .write = tcp_write,
    .start_tls = tcp_start_tls,
    .pause = tcp_pause,
    .close = tcp_close,
    .free = tcp_free,
    .queued = queued,
    .secure = tcp_secure,
    .binding = tcp_binding,
    .certificate = tcp_certificate,
    .client_certificate = tcp_client_certificate,
};

NjTransport *
nj_tcp_new(int fd, bool direct, const NjTlsSettings *settings,
           const NjConnectionDeadlines *deadlines)
{
    static GSourceFuncs funcs = { .dispatch = dispatch };
    NjTcp *tcp = g_new0(NjTcp, 1);

    tcp->base.class = &tcp_class;
    tcp->refs = 1;
    tcp->fd = fd;
    tcp->direct = direct;
    tcp->settings = settings;
    tcp->deadlines = deadlines;
    tcp->out = g_byte_array_new();
    tcp->source = g_source_new(&funcs, sizeof(TcpSource));
    ((TcpSource *) tcp->source)->tcp = tcp;

    g_source_attach(tcp->source, NULL);
    come_back(tcp);
    return &tcp->base;
}
