/* One socket on the main loop. One source waits until the socket is readable or writable, as the
 * state needs.
 *
 * A dispatch stops after half a millisecond or 64 KB and is scheduled again, so that many bytes do
 * not delay the user's keys. Bytes that the owner had no time for are kept and passed again; until
 * then the socket is not read. Only dispatch() calls hooks, also for an error found by tcp_write().
 * The owner may free the transport inside any hook. */
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
    CHUNK = 16 * 1024,           /* bytes read at once: the largest TLS record */
    MAX_QUEUE = 8 * 1024 * 1024, /* with more unsent bytes the connection counts as lost */
};

typedef enum { STARTING, HANDSHAKE, UP, CLOSING, CLOSED } State;

typedef struct {
    NjTransport base;
    int refs; /* one of the owner, one of a running dispatch() */
    GSource *source;
    gpointer tag;         /* GLib's handle of fd in source; NULL while fd is not watched */
    GIOCondition watched; /* the conditions that fd is watched for */
    int fd;
    const NjTlsSettings *settings;
    const NjConnectionDeadlines *deadlines;
    NjTls *tls;
    State state;
    bool direct, secure, paused;
    bool again; /* dispatch again without waiting for the socket */
    /* the condition that TLS waits for before it can read or write; 0: none */
    GIOCondition read_wants, write_wants;
    gint64 deadline_us; /* monotonic: of the handshake or of closing; 0: none */
    char in[CHUNK];
    gsize in_start, in_end; /* the part of `in` that the owner has not used */
    bool ended;             /* on_closed follows when the owner has used `in` */
    GError *why;            /* for on_closed; NULL */
    GByteArray *out;
    gsize out_start; /* bytes at the start of `out` that were sent already */
} NjTcp;

typedef struct {
    GSource source;
    NjTcp *tcp;
} TcpSource;

static gsize
tcp_queued(const NjTransport *transport)
{
    const NjTcp *tcp = (const NjTcp *) transport;
    return tcp->out->len - tcp->out_start;
}

static void
unref_tcp(NjTcp *tcp)
{
    if (--tcp->refs)
        return;
    g_byte_array_unref(tcp->out);
    g_clear_error(&tcp->why);
    nj_tls_free(tcp->tls);
    g_free(tcp);
}

/* Closes the socket. The TLS object is kept for its certificate. */
static void
close_socket(NjTcp *tcp)
{
    tcp->state = CLOSED;
    if (!tcp->source)
        return;
    g_source_destroy(tcp->source);
    g_clear_pointer(&tcp->source, g_source_unref);
    close(tcp->fd);
    tcp->fd = -1;
}

static bool
may_read(const NjTcp *tcp)
{
    bool empty = tcp->in_start == tcp->in_end;
    if (tcp->state != UP || tcp->ended)
        return false;
    return empty && !tcp->paused;
}

/* Returns the conditions that the source must wait for in this state; 0: none. */
static GIOCondition
get_conditions(const NjTcp *tcp)
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

    GIOCondition wanted = tcp_queued(&tcp->base) ? tcp->write_wants : 0;
    if (may_read(tcp))
        wanted |= tcp->read_wants ? tcp->read_wants : G_IO_IN;
    return wanted;
}

/* Watches the socket for the conditions of the state. Without a condition the descriptor is removed
 * from the source, because poll() would report a hang-up again and again. A setting that has not
 * changed is not set again, because GLib wakes the main loop for each call. */
static void
update_source(NjTcp *tcp)
{
    if (!tcp->source)
        return;

    GIOCondition wanted = get_conditions(tcp);
    if (!wanted && tcp->tag) {
        g_source_remove_unix_fd(tcp->source, tcp->tag);
        tcp->tag = NULL;
    } else if (wanted && !tcp->tag) {
        tcp->tag = g_source_add_unix_fd(tcp->source, tcp->fd, wanted);
    } else if (wanted != tcp->watched) {
        g_source_modify_unix_fd(tcp->source, tcp->tag, wanted);
    }

    gint64 ready_us = -1;
    if (tcp->again)
        ready_us = 0;
    else if (tcp->deadline_us)
        ready_us = tcp->deadline_us;
    tcp->watched = wanted;
    g_source_set_ready_time(tcp->source, ready_us);
}

static void
dispatch_soon(NjTcp *tcp)
{
    tcp->again = true;
    update_source(tcp);
}

/* Marks the connection as ended; dispatch() calls on_closed. Takes why, which may be NULL; the
 * first reason is kept. */
static void
set_ended(NjTcp *tcp, GError *why)
{
    if (tcp->ended)
        g_clear_error(&why);
    else
        tcp->why = why;
    tcp->ended = true;
}

static GError *
new_lost_error(const NjTcp *tcp)
{
    return g_error_new(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST,
                       _("Lost the connection to %s; use /connect to connect again at once."),
                       tcp->settings->domain);
}

static GIOCondition
get_wanted_condition(NjTlsResult result)
{
    if (result == NJ_TLS_WANT_READ)
        return G_IO_IN;
    return result == NJ_TLS_WANT_WRITE ? G_IO_OUT : 0;
}

static NjTlsResult
write_bytes(NjTcp *tcp, const char *bytes, gsize length, gsize *put, GError **error)
{
    if (tcp->tls)
        return nj_tls_write(tcp->tls, bytes, length, put, error);

    ssize_t sent = send(tcp->fd, bytes, length, MSG_NOSIGNAL);
    *put = sent > 0 ? (gsize) sent : 0;
    if (sent >= 0)
        return NJ_TLS_DONE;
    if (errno == EAGAIN || errno == EINTR)
        return NJ_TLS_WANT_WRITE;

    g_propagate_error(error, new_lost_error(tcp));
    return NJ_TLS_FAILED;
}

/* Makes the kernel acknowledge the next TCP segment at once. A server that responds in two small
 * writes delays the second one until the first one is acknowledged (Nagle's algorithm), and after
 * we have written, our kernel delays that acknowledgement by 40 ms: most of the time of a login.
 * Each write resets the option. */
static void
request_quick_ack(const NjTcp *tcp)
{
#ifdef TCP_QUICKACK
    int yes = 1;
    setsockopt(tcp->fd, IPPROTO_TCP, TCP_QUICKACK, &yes, sizeof yes);
#else
    (void) tcp;
#endif
}

/* Writes queued bytes until the kernel takes no more, or SLICE_BYTES are written. */
static void
write_queue(NjTcp *tcp)
{
    gsize total = 0;
    while (tcp_queued(&tcp->base)) {
        if (total >= SLICE_BYTES) {
            tcp->write_wants = G_IO_OUT;
            break;
        }
        gsize put = 0;
        GError *error = NULL;
        NjTlsResult result = write_bytes(tcp, (const char *) tcp->out->data + tcp->out_start,
                                         tcp_queued(&tcp->base), &put, &error);
        tcp->out_start += put;
        total += put;
        tcp->write_wants = get_wanted_condition(result);
        if (result == NJ_TLS_DONE)
            continue;
        if (!tcp->write_wants) {
            set_ended(tcp, error ? error : new_lost_error(tcp));
            tcp->again = true;
        }
        break;
    }

    if (total)
        request_quick_ack(tcp);
    if (!tcp_queued(&tcp->base)) {
        /* Free a large buffer; keep one of ordinary size. */
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
read_bytes(NjTcp *tcp, char *out, gsize size, gsize *got, GError **error)
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
        g_propagate_error(error, new_lost_error(tcp));
    return length < 0 ? NJ_TLS_FAILED : NJ_TLS_ENDED;
}

/* Fills the empty buffer `in`. Returns true when the socket has no more bytes now. */
static bool
fill_buffer(NjTcp *tcp)
{
    tcp->in_start = tcp->in_end = 0;
    tcp->read_wants = 0;
    while (tcp->in_end < CHUNK) {
        gsize got = 0;
        GError *error = NULL;
        NjTlsResult result =
            read_bytes(tcp, tcp->in + tcp->in_end, CHUNK - tcp->in_end, &got, &error);
        tcp->in_end += got;
        if (result == NJ_TLS_DONE)
            continue;
        tcp->read_wants = get_wanted_condition(result);
        if (!tcp->read_wants)
            set_ended(tcp, error ? error : new_lost_error(tcp));
        return true;
    }

    return false;
}

/* Reads and passes bytes to the owner until the slice is used up, the socket has no more, or the
 * owner pauses, closes or frees the transport. */
static void
receive_bytes(NjTcp *tcp)
{
    gint64 until = nj_clock_us() + SLICE_US;
    gsize total = 0;
    bool drained = false;

    while (tcp->state == UP && !tcp->paused) {
        if (tcp->in_start == tcp->in_end) {
            if (tcp->ended || drained)
                return;
            if (total >= SLICE_BYTES || nj_clock_us() >= until) {
                tcp->again = tcp->tls && nj_tls_pending(tcp->tls);
                return;
            }
            drained = fill_buffer(tcp);
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
        set_ended(tcp, error);
    tcp->again = true;
}

static void
continue_handshake(NjTcp *tcp)
{
    GError *error = NULL;
    NjTlsResult result = nj_tls_handshake(tcp->tls, &error);

    request_quick_ack(tcp);
    tcp->read_wants = get_wanted_condition(result);
    if (result != NJ_TLS_DONE) {
        if (!tcp->read_wants)
            set_ended(tcp, error ? error : new_lost_error(tcp));
        return;
    }

    tcp->state = UP;
    tcp->secure = true;
    tcp->deadline_us = 0;
    /* OpenSSL may have read more than the handshake: read without waiting for the socket. */
    tcp->again = true;
    if (tcp->direct)
        tcp->base.hooks->on_open(&tcp->base, tcp->base.owner);
    else
        tcp->base.hooks->on_secured(&tcp->base, tcp->base.owner);
}

static void
start_transport(NjTcp *tcp)
{
    if (tcp->direct) {
        begin_handshake(tcp);
        return;
    }
    tcp->state = UP;
    tcp->again = tcp_queued(&tcp->base) > 0;
    tcp->base.hooks->on_open(&tcp->base, tcp->base.owner);
}

static void
handle_deadline(NjTcp *tcp)
{
    tcp->deadline_us = 0;
    if (tcp->state == HANDSHAKE)
        set_ended(tcp, g_error_new(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT,
                                   _("The server of %s stopped responding during the TLS "
                                     "handshake; use /connect to try again at once."),
                                   tcp->settings->domain));
    else
        set_ended(tcp, NULL);
}

/* Closes the socket and calls on_closed; without an error if the owner has closed. */
static void
report_closed(NjTcp *tcp)
{
    if (tcp->state == CLOSING)
        g_clear_error(&tcp->why);
    if (tcp->tls && !tcp->why)
        nj_tls_bye(tcp->tls);
    close_socket(tcp);
    tcp->base.hooks->on_closed(&tcp->base, tcp->why, tcp->base.owner);
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
        handle_deadline(tcp);
    else if (tcp->state == STARTING)
        start_transport(tcp);
    else if (tcp->state == HANDSHAKE && !tcp->ended)
        continue_handshake(tcp);
    else if (tcp->state == UP || tcp->state == CLOSING)
        write_queue(tcp);

    /* hooks is NULL after tcp_free(). */
    if (tcp->base.hooks && tcp->state == UP)
        receive_bytes(tcp);
    if (tcp->base.hooks && tcp->state == CLOSING && !tcp_queued(&tcp->base))
        set_ended(tcp, NULL);

    /* The owner gets the last bytes before on_closed. */
    bool all_delivered = tcp->state != UP || tcp->in_start == tcp->in_end;
    if (tcp->base.hooks && tcp->ended && all_delivered)
        report_closed(tcp);

    update_source(tcp);
    unref_tcp(tcp);
    return G_SOURCE_CONTINUE;
}

static void
tcp_write(NjTransport *transport, const char *bytes, gsize length)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->state > UP || tcp->ended)
        return;

    g_byte_array_append(tcp->out, (const guint8 *) bytes, length);
    if (tcp_queued(transport) > MAX_QUEUE) {
        set_ended(tcp, new_lost_error(tcp));
        dispatch_soon(tcp);
        return;
    }

    if (tcp->state == UP && !tcp->write_wants)
        write_queue(tcp);
    update_source(tcp);
}

static void
tcp_start_tls(NjTransport *transport)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->state != UP || tcp->tls)
        return;
    begin_handshake(tcp);
    update_source(tcp);
}

static void
tcp_pause(NjTransport *transport, bool paused)
{
    NjTcp *tcp = (NjTcp *) transport;
    tcp->paused = paused;
    tcp->again |= !paused;
    update_source(tcp);
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
        set_ended(tcp, NULL);

    dispatch_soon(tcp);
}

static void
tcp_free(NjTransport *transport)
{
    NjTcp *tcp = (NjTcp *) transport;
    if (tcp->tls && tcp->fd >= 0)
        nj_tls_bye(tcp->tls);
    close_socket(tcp);
    tcp->base.hooks = NULL;
    unref_tcp(tcp);
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
    .queued = tcp_queued,
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
    dispatch_soon(tcp);
    return &tcp->base;
}
