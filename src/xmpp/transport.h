/* A transport carries a stream: bytes in both directions, and TLS. xmpp/tcp.c implements it for
 * TCP; tests have one that reads and writes a script. No function blocks. Hooks are called from the
 * main loop, never from inside a function of the class. A hook may call any function, also free. */
#ifndef NJ_XMPP_TRANSPORT_H
#define NJ_XMPP_TRANSPORT_H

#include "base/base.h"

typedef struct NjTransport NjTransport;
typedef struct NjCertificate NjCertificate;

typedef struct {
    /* The transport is connected, and with direct TLS also encrypted. */
    void (*on_open)(NjTransport *transport, void *owner);
    /* The handshake that start_tls began is complete and the certificate is accepted. */
    void (*on_secured)(NjTransport *transport, void *owner);
    /* Bytes were received. Returns how many of them were used: fewer than length when until_us
     * (monotonic) has passed. The rest is passed again, alone or followed by more. */
    gsize (*on_bytes)(NjTransport *transport, const char *bytes, gsize length, gint64 until_us,
                      void *owner);
    /* The transport is closed; called once, as the last hook. why NULL: close() was called. */
    void (*on_closed)(NjTransport *transport, const GError *why, void *owner);
} NjTransportHooks;

typedef struct {
    /* Queues the bytes and sends them as soon as the socket takes them. */
    void (*write)(NjTransport *transport, const char *bytes, gsize length);
    /* Begins the TLS handshake. Received bytes that on_bytes has not used are dropped. */
    void (*start_tls)(NjTransport *transport);
    /* Stops reading from the socket, or resumes it (back-pressure). */
    void (*pause)(NjTransport *transport, bool paused);
    /* Closes the transport; on_closed follows. flush: sends the queued bytes first, for at most
     * NjConnectionDeadlines.close. */
    void (*close)(NjTransport *transport, bool flush);
    /* Closes and frees the transport at once; no hook is called any more. */
    void (*free)(NjTransport *transport);
    /* Returns how many written bytes the kernel has not taken yet. */
    gsize (*queued)(const NjTransport *transport);
    /* Returns true after a TLS handshake with an accepted certificate. */
    bool (*secure)(const NjTransport *transport);
    /* Appends the channel binding data of type "tls-exporter" (RFC 9266) or "tls-server-end-point"
     * (RFC 5929) to out. Returns false if this connection has none. */
    bool (*binding)(const NjTransport *transport, const char *type, GByteArray *out);
    /* Returns the server's certificate, borrowed; NULL before it was received. */
    const NjCertificate *(*certificate)(const NjTransport *transport);
    /* Returns true when a client certificate was sent, so that SASL EXTERNAL can succeed. */
    bool (*client_certificate)(const NjTransport *transport);
} NjTransportClass;

struct NjTransport {
    const NjTransportClass *class;
    const NjTransportHooks *hooks;
    void *owner;
};

#endif
