/* The transport over a socket: bytes both ways on the main loop, and TLS above them when it is
 * asked for. */
#ifndef NJ_XMPP_TCP_H
#define NJ_XMPP_TCP_H

#include "xmpp/connection.h"
#include "xmpp/transport.h"

/* Takes the descriptor: connected and non-blocking.  direct: TLS first, on_open after it.  Settings
 * and deadlines are borrowed. */
NjTransport *nj_tcp_new(int fd, bool direct, const NjTlsSettings *settings,
                        const NjConnectionDeadlines *deadlines);

#endif
