/* XEP-0115: the hash of an entity's features (0115.c). */
#ifndef NJ_XMPP_XEP_0115_H
#define NJ_XMPP_XEP_0115_H

#include "xmpp/xml.h"

/* Returns the verification string (section 5.1, SHA-1, base64) of a disco#info query whose
 * identities and features are in the order that the section asks for. Data forms and xml:lang are
 * ignored: we send none. The caller frees it. */
char *nj_caps_hash(const NjXml *query);

#endif
