/* The transport over a TCP socket on the main loop, with TLS when it is requested. */
#ifndef NJ_XMPP_TCP_H
#define NJ_XMPP_TCP_H

#include "xmpp/connection.h"
#include "xmpp/transport.h"

/* Makes a transport from a connected non-blocking socket and owns fd. direct: the TLS handshake
 * comes first, on_open after it. settings and deadlines are borrowed. */
NjTransport *nj_tcp_new(int fd, bool direct, const NjTlsSettings *settings,
                        const NjConnectionDeadlines *deadlines);

#endif
