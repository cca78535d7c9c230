/* The dial: from a domain to a connected socket. Merges the SRV records of both services by
 * priority (XEP-0368), tries the addresses of a host side by side (RFC 8305), and has a deadline
 * for every step. When a target fails the next one is tried; the error names the failures of all of
 * them. */
#ifndef NJ_XMPP_DIAL_H
#define NJ_XMPP_DIAL_H

#include "base/base.h"
#include "model/options.h"
#include "xmpp/connection.h"
#include "xmpp/resolve.h"

typedef struct NjDial NjDial;

/* Called once, never from inside nj_dial_new(); the dial may be freed in it. fd is a non-blocking
 * socket, which the callee owns; -1: failed, and error is a NJ_CONNECTION_ERROR. direct: the target
 * expects TLS from the first byte. host and port are the target's; host is NULL on error. */
typedef void (*NjDialFunc)(int fd, bool direct, const char *host, guint16 port, const GError *error,
                           void *owner);

/* domain is the account's. host is the one that the user set, or NULL. Without host and port the
 * SRV records of domain decide; when it has none, domain itself is the target. A port without a
 * host belongs to domain. port 0: the default port of the service. domain and host may be U-labels
 * or IP addresses. tls is NjAccountSettings.tls. deadlines is borrowed. */
NjDial *nj_dial_new(const char *domain, const char *host, int port, int tls,
                    const NjConnectionDeadlines *deadlines, NjDialFunc func, void *owner);

/* As nj_dial_new(), with another resolver than the system's. */
NjDial *nj_dial_new_with(NjResolver resolver, const char *domain, const char *host, int port,
                         int tls, const NjConnectionDeadlines *deadlines, NjDialFunc func,
                         void *owner);

/* Cancels and frees; func is not called any more. dial may be NULL. */
void nj_dial_free(NjDial *dial);

#endif
