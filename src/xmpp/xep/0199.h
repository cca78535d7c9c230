/* XEP-0199: pings (0199.c). */
#ifndef NJ_XMPP_XEP_0199_H
#define NJ_XMPP_XEP_0199_H

#include "xmpp/session.h"

/* Pings an address; to NULL: our server. The record has "ms": milliseconds until the response. */
void nj_ping(NjAccount *account, const char *to, NjDone done, void *data);

#endif
