/* What carries a stream: bytes both ways, and TLS.  TCP is xmpp/tcp.c; tests have a string.  No
 * call blocks, every hook comes from the main loop, none from inside a call.  Any call, also free,
 * may come from inside a hook. */
#ifndef NJ_XMPP_TRANSPORT_H
#define NJ_XMPP_TRANSPORT_H

#include "base/base.h"

typedef struct NjTransport NjTransport;
typedef struct NjCertificate NjCertificate;

typedef struct {
    /* connected (and secured, with direct TLS) */
    void (*on_open)(NjTransport *transport, void *owner);
    /* the handshake begun by start_tls is done and the certificate accepted */
    void (*on_secured)(NjTransport *transport, void *owner);
    /* Takes up to length bytes, returns how many: fewer when its time (until_us) is up; the rest is
     * offered again, alone or with more behind it. */
    gsize (*on_bytes)(NjTransport *transport, const char *bytes, gsize length, gint64 until_us,
                      void *owner);
    /* once; why NULL: we closed it */
    void (*on_closed)(NjTransport *transport, const GError *why, void *owner);
} NjTransportHooks;

typedef struct {
    /* queued, sent as soon as may be */
    void (*write)(NjTransport *transport, const char *bytes, gsize length);
    /* bytes received and not yet taken are dropped */
    void (*start_tls)(NjTransport *transport);
    /* back-pressure: reads nothing */
    void (*pause)(NjTransport *transport, bool paused);
    /* flush: what is queued first, 2 s at most; then on_closed */
    void (*close)(NjTransport *transport, bool flush);
    /* no hook is called any more */
    void (*free)(NjTransport *transport);
    /* bytes not yet in the kernel */
    gsize (*queued)(const NjTransport *transport);
    bool (*secure)(const NjTransport *transport);
    /* RFC 5929/9266: "tls-exporter" or "tls-server-end-point"; false if this connection can not
     * give it. */
    bool (*binding)(const NjTransport *transport, const char *type, GByteArray *out);
    /* NULL before TLS */
    const NjCertificate *(*certificate)(const NjTransport *transport);
    /* one was configured, loaded and asked for: EXTERNAL makes sense */
    bool (*client_certificate)(const NjTransport *transport);
} NjTransportClass;

struct NjTransport {
    const NjTransportClass *class;
    const NjTransportHooks *hooks;
    void *owner;
};

#endif
