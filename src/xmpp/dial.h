/* The dial: from a domain to a connected socket. Merges the SRV records of the services STARTTLS
 * and direct TLS by priority (XEP-0368), tries the addresses of a host side by side (RFC 8305), and
 * has a deadline for every step. A target is a host and a port. When one fails, the next one is
 * tried; the error at the end names the failures of all targets. */
#ifndef NJ_XMPP_DIAL_H
#define NJ_XMPP_DIAL_H

#include "base/base.h"
#include "model/options.h"
#include "xmpp/connection.h"
#include "xmpp/resolve.h"

typedef struct NjDial NjDial;

/* Receives the result, once, and never from inside nj_dial_new(). It may free the dial. fd is a
 * connected non-blocking socket, which the function owns; -1: the dial failed, and error is a
 * NJ_CONNECTION_ERROR. direct: the target expects TLS from the first byte. host and port are the
 * target's; host is NULL with an error. */
typedef void (*NjDialFunc)(int fd, bool direct, const char *host, guint16 port, const GError *error,
                           void *owner);

/* Starts a dial. domain is the account's. host is the one in its settings, or NULL. Without both
 * the SRV records of domain decide; when it has none, domain itself is the target. A port without a
 * host is a port of domain. port 0: not set; the default port is used. domain and host may be
 * U-labels or IP addresses. tls is NjAccountSettings.tls. deadlines is borrowed. */
NjDial *nj_dial_new(const char *domain, const char *host, int port, int tls,
                    const NjConnectionDeadlines *deadlines, NjDialFunc func, void *owner);

/* Starts a dial with another resolver than the system's; for tests. */
NjDial *nj_dial_new_with(NjResolver resolver, const char *domain, const char *host, int port,
                         int tls, const NjConnectionDeadlines *deadlines, NjDialFunc func,
                         void *owner);

/* Cancels and frees dial, which may be NULL; func is not called any more. */
void nj_dial_free(NjDial *dial);

#endif
