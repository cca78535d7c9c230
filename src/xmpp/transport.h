/* The interface of what carries a stream: bytes in both directions, and TLS. xmpp/tcp.c implements
 * it for TCP, tests for strings. No call blocks. Hooks are called from the main loop, never inside
 * a call. A hook may make any call, also free. */
#ifndef NJ_XMPP_TRANSPORT_H
#define NJ_XMPP_TRANSPORT_H

#include "base/base.h"

typedef struct NjTransport NjTransport;
typedef struct NjCertificate NjCertificate;

typedef struct {
    /* Connected; with direct TLS also secured. */
    void (*on_open)(NjTransport *transport, void *owner);
    /* The handshake that start_tls began is complete and the certificate is accepted. */
    void (*on_secured)(NjTransport *transport, void *owner);
    /* Bytes have been received. Returns how many it has used: fewer than length when the monotonic
     * time until_us has passed; the rest is offered again, alone or followed by more. */
    gsize (*on_bytes)(NjTransport *transport, const char *bytes, gsize length, gint64 until_us,
                      void *owner);
    /* Called once. why is NULL if close() was called. */
    void (*on_closed)(NjTransport *transport, const GError *why, void *owner);
} NjTransportHooks;

typedef struct {
    /* Queues the bytes and sends them as soon as the socket takes them. */
    void (*write)(NjTransport *transport, const char *bytes, gsize length);
    /* Begins the TLS handshake. Received bytes that on_bytes has not used are dropped. */
    void (*start_tls)(NjTransport *transport);
    /* While paused nothing is read (back-pressure). */
    void (*pause)(NjTransport *transport, bool paused);
    /* Closes; on_closed follows. flush: sends the queued bytes first, within the close deadline. */
    void (*close)(NjTransport *transport, bool flush);
    /* Closes at once; no hook is called any more. */
    void (*free)(NjTransport *transport);
    /* Bytes that the kernel has not taken yet. */
    gsize (*queued)(const NjTransport *transport);
    /* True after a TLS handshake with an accepted certificate. */
    bool (*secure)(const NjTransport *transport);
    /* Appends channel binding data: "tls-exporter" (RFC 9266) or "tls-server-end-point" (RFC 5929).
     * Returns false if this connection has none. */
    bool (*binding)(const NjTransport *transport, const char *type, GByteArray *out);
    /* NULL before TLS. */
    const NjCertificate *(*certificate)(const NjTransport *transport);
    /* True if a client certificate was sent, so that SASL EXTERNAL can succeed. */
    bool (*client_certificate)(const NjTransport *transport);
} NjTransportClass;

struct NjTransport {
    const NjTransportClass *class;
    const NjTransportHooks *hooks;
    void *owner;
};

#endif
