/* XEP-0191: blocking addresses on the server (0191.c). */
#ifndef NJ_XMPP_XEP_0191_H
#define NJ_XMPP_XEP_0191_H

#include "xmpp/session.h"

/* Blocks or unblocks an address. The current list is account->blocked. address NULL and blocked
 * false: unblocks all addresses. */
void nj_block(NjAccount *account, const char *address, bool blocked, NjDone done, void *data);

#endif
