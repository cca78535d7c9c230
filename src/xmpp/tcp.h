/* The transport over a TCP socket on the main loop, with TLS when it is requested. */
#ifndef NJ_XMPP_TCP_H
#define NJ_XMPP_TCP_H

#include "xmpp/connection.h"
#include "xmpp/transport.h"

/* fd: connected and non-blocking; the transport owns it. direct: the TLS handshake comes first and
 * on_open after it. Borrows settings and deadlines. */
NjTransport *nj_tcp_new(int fd, bool direct, const NjTlsSettings *settings,
                        const NjConnectionDeadlines *deadlines);

#endif
