/* XEP-0030: the features of our server and account (0030-server.c), and requests to an address
 * about its features, version and the like (0030.c). */
#ifndef NJ_XMPP_XEP_0030_H
#define NJ_XMPP_XEP_0030_H

#include "xmpp/session.h"

/* Return true if our server, or our account, announced the feature in this session; false also
 * before the response has arrived. */
bool nj_session_server_has(const NjSession *session, const char *feature);
bool nj_session_account_has(const NjSession *session, const char *feature);

/* Have our server and our account both responded with their features? */
bool nj_session_discovered(const NjSession *session);

/* Sends the requests of all .info rows to an address, or to a contact's first online client. The
 * record has the address, identities, features, version, time, last activity and mood, as far as
 * they are known. */
void nj_info(NjAccount *account, const char *address, NjDone done, void *data);

#endif
