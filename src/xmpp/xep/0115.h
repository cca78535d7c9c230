/* XEP-0115: the hash of an entity's features (0115.c). */
#ifndef NJ_XMPP_XEP_0115_H
#define NJ_XMPP_XEP_0115_H

#include "xmpp/xml.h"

/* Returns the verification string (section 5.1, SHA-1, base64) of a disco#info query. Its
 * identities and features must be in the order of that section. Data forms and xml:lang are not
 * supported; we send none. The caller frees the string. */
char *nj_caps_hash(const NjXml *query);

#endif
