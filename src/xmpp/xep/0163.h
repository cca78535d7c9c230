/* XEP-0163: publishing to nodes of our own account (0163.c). */
#ifndef NJ_XMPP_XEP_0163_H
#define NJ_XMPP_XEP_0163_H

#include "xmpp/session.h"

/* Publishes payload to the node whose name is the namespace of payload. Takes payload. */
void nj_pep_publish(NjAccount *account, NjXml *payload, NjDone done, void *data);

#endif
