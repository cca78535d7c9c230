/* An XML stream over a transport (RFC 6120, 4): header, features, stanzas, stream errors and the
 * close. Stream errors become sentences for the user here. */
#ifndef NJ_XMPP_STREAM_H
#define NJ_XMPP_STREAM_H

#include "xmpp/parser.h"
#include "xmpp/transport.h"

typedef struct NjStream NjStream;

/* Elements are borrowed. A hook other than prepare may close or free the stream. */
typedef struct {
    /* The transport is connected, and with direct TLS also encrypted. Call nj_stream_start(). */
    void (*on_open)(NjStream *stream, void *owner);
    /* <stream:features/> arrived; a server sends it after each header. */
    void (*on_features)(NjStream *stream, NjXml *features, void *owner);
    /* Any other top-level element arrived: a stanza, or an element of STARTTLS, SASL or
     * XEP-0198. */
    void (*on_stanza)(NjStream *stream, NjXml *stanza, void *owner);
    /* The handshake of nj_stream_start_tls() is done. Call nj_stream_start() again. */
    void (*on_secured)(NjStream *stream, void *owner);
    /* The stream is over: called once, as the last hook, from the main loop. why is a
     * NJ_CONNECTION_ERROR; NULL: nj_stream_close() was called. */
    void (*on_closed)(NjStream *stream, const GError *why, void *owner);
    /* see parser.h; may be NULL, then on_item is not called */
    bool (*wants_items)(NjStream *stream, const NjXml *head, const NjXml *list, void *owner);
    void (*on_item)(NjStream *stream, const NjXml *head, NjXml *item, void *owner);
    /* see parser.h; may be NULL */
    bool (*prepare)(NjStream *stream, NjXml *stanza, gint64 until_us, void *owner);
    /* see parser.h; may be NULL */
    void (*on_skipped)(NjStream *stream, void *owner);
} NjStreamHooks;

/* Takes the transport and sets its hooks. */
NjStream *nj_stream_new(NjTransport *transport, const NjStreamHooks *hooks, void *owner);

/* Frees the stream and its transport at once; no hook is called any more. stream may be NULL. */
void nj_stream_free(NjStream *stream);

/* Sends the stream header and reads the server's with a new parser; a second call restarts the
 * stream. to is a domain. from is our bare address, or NULL before TLS. */
void nj_stream_start(NjStream *stream, const char *to, const char *from);

/* Sends stanza and takes it. Returns false when the stream is over. */
bool nj_stream_send(NjStream *stream, NjXml *stanza);

/* Begins the TLS handshake; call it from inside on_stanza with <proceed/>. Bytes that arrived
 * behind <proceed/> are dropped. */
void nj_stream_start_tls(NjStream *stream);

/* Sends <stream:error/> with this condition and closes. sentence is for the user. */
void nj_stream_fail(NjStream *stream, const char *condition, const char *sentence);

/* Sends </stream:stream> and waits at most two seconds for the server's; then on_closed follows.
 * on_stanza is still called for stanzas that arrive until then. */
void nj_stream_close(NjStream *stream);

/* Stops or resumes reading. */
void nj_stream_pause(NjStream *stream, bool paused);

NjTransport *nj_stream_transport(NjStream *stream);

/* Return "id" and "from" of the server's last header, or NULL. */
const char *nj_stream_id(const NjStream *stream);
const char *nj_stream_from(const NjStream *stream);

/* Returns when the last byte arrived (monotonic); 0 before on_open. */
gint64 nj_stream_last_byte_us(const NjStream *stream);

/* Returns the host of see-other-host, as the server wrote it, after on_closed with
 * NJ_CONNECTION_ERROR_REDIRECTED. Returns NULL when there is none or it is not valid. */
const char *nj_stream_redirect(const NjStream *stream);

#endif
