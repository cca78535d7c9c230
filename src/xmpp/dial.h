/* From a domain to a connected socket: SRV of both services merged by priority (XEP-0368), happy
 * eyeballs (RFC 8305), a deadline for every step; every failure keeps its reason and the next
 * target is tried. */
#ifndef NJ_XMPP_DIAL_H
#define NJ_XMPP_DIAL_H

#include "base/base.h"
#include "model/options.h"
#include "xmpp/connection.h"
#include "xmpp/resolve.h"

typedef struct NjDial NjDial;

/* fd -1: failed, error (NJ_CONNECTION_ERROR) has one sentence for all targets.  Otherwise a
 * non-blocking socket that now belongs to the callee. direct: the target speaks TLS from the first
 * byte.  Called once, never from inside nj_dial_new(); the dial may be freed in it. */
typedef void (*NjDialFunc)(int fd, bool direct, const char *host, guint16 port, const GError *error,
                           void *owner);

/* host NULL: SRV of domain, then domain itself; a port that was set is asked at the domain, without
 * SRV.  port 0: the service's.  Domain and host may be U-labels or IP literals. The deadlines are
 * borrowed. */
NjDial *nj_dial_new(const char *domain, const char *host, int port,
                    int tls /* NjAccountSettings.tls */, const NjConnectionDeadlines *deadlines,
                    NjDialFunc func, void *owner);

/* The same with another resolver than the system's. */
NjDial *nj_dial_new_with(NjResolver resolver, const char *domain, const char *host, int port,
                         int tls, const NjConnectionDeadlines *deadlines, NjDialFunc func,
                         void *owner);

/* cancels; no call comes any more */
void nj_dial_free(NjDial *dial);

#endif
