/* A transport without a socket: it collects what the stream writes, and a test passes in what the
 * stream receives. There is no main loop: only the functions declared here call the hooks. */
#ifndef NJ_TESTS_XMPP_STRING_TRANSPORT_H
#define NJ_TESTS_XMPP_STRING_TRANSPORT_H

#include "xmpp/transport.h"
#include "xmpp/xml.h"

typedef struct {
    NjTransport base;
    GString *written;
    const char *exporter, *end_point; /* channel binding data; NULL: type not supported */
    bool secure, client_certificate;
    bool wants_tls, closing, flushed, paused, freed; /* set by calls of the stream */
    bool opened, closed;                             /* the hook was called */
} StringTransport;

/* When the stream frees the transport, only freed is set, so that the test can still read the
 * struct; string_transport_drop() frees it. */
StringTransport *string_transport_new(void);
void string_transport_drop(StringTransport *transport);

/* Calls on_open. */
void string_transport_open(StringTransport *transport);

/* Calls on_bytes until the stream has taken the whole text, closed or freed the transport. */
void string_transport_receive(StringTransport *transport, const char *text);

/* Calls on_closed if the stream has closed the transport, or on_secured if it has asked for TLS. */
void string_transport_turn(StringTransport *transport);

/* Breaks the connection: calls on_closed with this error. */
void string_transport_lose(StringTransport *transport, const GError *why);

/* Returns what was written since the last call; the caller frees it. */
char *string_transport_take(StringTransport *transport);

/* Are a and b equal, apart from the order of attributes? If one of them is not an element, they are
 * compared as text. */
bool same_xml(const char *a, const char *b);

#endif
