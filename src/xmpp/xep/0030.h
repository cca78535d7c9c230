/* XEP-0030: features of our server and account (0030-server.c), and what an address tells about
 * itself (0030.c). */
#ifndef NJ_XMPP_XEP_0030_H
#define NJ_XMPP_XEP_0030_H

#include "xmpp/session.h"

/* Did our server announce the feature on this stream? Did our account on it? False also before the
 * response has arrived. */
bool nj_session_server_has(const NjSession *session, const char *feature);
bool nj_session_account_has(const NjSession *session, const char *feature);

/* Have server and account both responded? */
bool nj_session_discovered(const NjSession *session);

/* Asks an address, or the first online client of a contact, about itself: identities, features,
 * version, time, last activity, all in one record. */
void nj_info(NjAccount *account, const char *address, NjDone done, void *data);

#endif
