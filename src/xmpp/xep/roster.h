/* RFC 6121 section 2: changing the roster on the server (rfc6121-roster.c). */
#ifndef NJ_XMPP_XEP_ROSTER_H
#define NJ_XMPP_XEP_ROSTER_H

#include "xmpp/session.h"

/* Adds or changes a contact. name NULL keeps the name, groups NULL keeps the groups. groups is
 * NULL-terminated. */
void nj_roster_edit(NjAccount *account, const char *address, const char *name,
                    const char *const *groups, NjDone done, void *data);

/* Removes a contact and both subscriptions (RFC 6121 section 2.5). */
void nj_roster_delete(NjAccount *account, const char *address, NjDone done, void *data);

#endif
