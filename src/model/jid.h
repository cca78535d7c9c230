/* Addresses (RFC 7622). An address is kept as a string in the spelling of the server. Received
 * addresses are only checked; addresses that the user types are prepared once, with PRECIS (RFC
 * 8264, 8265). */
#ifndef NJ_MODEL_JID_H
#define NJ_MODEL_JID_H

#include "base/base.h"

/* Prepares a typed address: the localpart as UsernameCaseMapped, the domain as U-labels or an IP
 * literal ("[::1]", "127.0.0.1"), the resourcepart as OpaqueString. The caller owns the result.
 * NULL: the error is a sentence about the wrong part. */
char *nj_jid_prepare(const char *typed, GError **error);

/* Prepares a typed nickname or resource (OpaqueString); the rest as nj_jid_prepare(). */
char *nj_jid_prepare_resource(const char *typed, GError **error);

/* True if jid may be the address of a stanza: valid UTF-8 without control characters, whose parts
 * have 1 to 1,023 bytes. False for NULL. */
bool nj_jid_valid(const char *jid);

/* Return a part of a valid address. The caller owns a result of type char *; a const char * points
 * into jid. The localpart and the resource are NULL if the address has none. */
char *nj_jid_bare(const char *jid);
char *nj_jid_domain(const char *jid);
char *nj_jid_local(const char *jid);
const char *nj_jid_resource(const char *jid);
gsize nj_jid_bare_length(const char *jid);
bool nj_jid_is_bare(const char *jid);
bool nj_jid_same_bare(const char *a, const char *b);

/* Returns a domain as DNS, SNI and certificates write it: A-labels, or an IP literal without its
 * brackets. The caller owns it. NULL with an error if the domain cannot be written so. */
char *nj_jid_ascii_domain(const char *domain, GError **error);
bool nj_jid_is_ip(const char *domain);

/* Escape any user name as a localpart, and convert it back (XEP-0106). The caller owns the
 * result. */
char *nj_jid_escape_local(const char *text);
char *nj_jid_unescape_local(const char *local);

#endif
