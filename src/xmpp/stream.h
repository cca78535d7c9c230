/* An XML stream (RFC 6120 4) over a transport: header, features, stanzas, errors, the end.  Stream
 * errors become sentences here. */
#ifndef NJ_XMPP_STREAM_H
#define NJ_XMPP_STREAM_H

#include "xmpp/parser.h"
#include "xmpp/transport.h"

typedef struct NjStream NjStream;

typedef struct {
    /* the transport is connected (and secured, with direct TLS): start() follows */
    void (*on_open)(NjStream *stream, void *owner);
    /* after each header */
    void (*on_features)(NjStream *stream, NjXml *features, void *owner);
    /* every other top-level element; borrowed */
    void (*on_stanza)(NjStream *stream, NjXml *stanza, void *owner);
    /* TLS asked for by start_tls() is up: start() again follows */
    void (*on_secured)(NjStream *stream, void *owner);
    /* once, the last call; NJ_CONNECTION_ERROR, NULL: we closed it */
    void (*on_closed)(NjStream *stream, const GError *why, void *owner);
    /* see parser.h; may be NULL */
    bool (*wants_items)(NjStream *stream, const NjXml *head, const NjXml *list, void *owner);
    void (*on_item)(NjStream *stream, const NjXml *head, NjXml *item, void *owner);
    /* see parser.h; may be NULL */
    bool (*prepare)(NjStream *stream, NjXml *stanza, gint64 until_us, void *owner);
    /* see parser.h; may be NULL */
    void (*on_skipped)(NjStream *stream, void *owner);
} NjStreamHooks;

/* sets the transport's hooks; takes the transport */
NjStream *nj_stream_new(NjTransport *transport, const NjStreamHooks *hooks, void *owner);

/* also the transport; no hook is called any more; may come from a hook */
void nj_stream_free(NjStream *stream);

/* sends the header, with a fresh parser; again = restart. from NULL before TLS */
void nj_stream_start(NjStream *stream, const char *to, const char *from);

/* takes it; false: the stream is over */
bool nj_stream_send(NjStream *stream, NjXml *stanza);

/* from on_stanza: what came behind <proceed/> is dropped */
void nj_stream_start_tls(NjStream *stream);

/* sends <stream:error/>, closes */
void nj_stream_fail(NjStream *stream, const char *condition, const char *sentence);

/* </stream:stream>, waits 2 s for the other's */
void nj_stream_close(NjStream *stream);
void nj_stream_pause(NjStream *stream, bool paused);
NjTransport *nj_stream_transport(NjStream *stream);
const char *nj_stream_id(const NjStream *stream);
const char *nj_stream_from(const NjStream *stream);

/* monotonic: any byte is life */
gint64 nj_stream_last_byte_us(const NjStream *stream);

/* see-other-host: where to, after on_closed with NJ_CONNECTION_ERROR_ELSEWHERE; NULL. */
const char *nj_stream_elsewhere(const NjStream *stream);

#endif
