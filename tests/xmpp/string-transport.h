/* A transport made of strings: what is written is collected, what a test gives is received.  The
 * test is the main loop: hooks are called only from the functions here. */
#ifndef NJ_TESTS_XMPP_STRING_TRANSPORT_H
#define NJ_TESTS_XMPP_STRING_TRANSPORT_H

#include "xmpp/transport.h"
#include "xmpp/xml.h"

typedef struct {
    NjTransport base;
    GString *written;
    const char *exporter, *end_point; /* channel bindings; NULL: can not */
    bool secure, client_certificate;
    bool wants_tls, closing, flushed, paused, freed; /* what was asked of it */
    bool opened, closed;                             /* hooks that were called */
} StringTransport;

/* The stream frees the inside; the test keeps the outside to look at, and ends with
 * string_transport_drop(). */
StringTransport *string_transport_new(void);
void string_transport_drop(StringTransport *transport);

/* on_open */
void string_transport_open(StringTransport *transport);

/* on_bytes, until all is taken */
void string_transport_receive(StringTransport *transport, const char *text);

/* on_secured or on_closed, if one is due */
void string_transport_turn(StringTransport *transport);

/* the connection breaks */
void string_transport_lose(StringTransport *transport, const GError *why);

/* what was written since; the caller owns it */
char *string_transport_take(StringTransport *transport);

/* The same elements, attributes in any order?  What is no element is compared as text. */
bool same_xml(const char *a, const char *b);

#endif
