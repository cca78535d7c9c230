/* XEP-0163: publishing to nodes of our own account (0163.c). */
#ifndef NJ_XMPP_XEP_0163_H
#define NJ_XMPP_XEP_0163_H

#include "xmpp/session.h"

/* Publishes payload (takes it) to the node that is named as its namespace. */
void nj_pep_publish(NjAccount *account, NjXml *payload, NjDone done, void *data);

#endif
