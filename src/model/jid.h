/* Addresses (RFC 7622).  An address is a string, and the server's spelling is canonical: what
 * arrives is only checked, what a person types is prepared with PRECIS (RFC 8264/8265) once, where
 * it is typed. */
#ifndef NJ_MODEL_JID_H
#define NJ_MODEL_JID_H

#include "base/base.h"

/* Prepares what was typed: localpart UsernameCaseMapped, domain as U-labels or IP literal ("[::1]",
 * "127.0.0.1"), resourcepart OpaqueString.  The caller owns the result; the error is a sentence
 * that says which part is wrong. */
char *nj_jid_prepare(const char *typed, GError **error);

/* The same for a nickname or resource alone. */
char *nj_jid_prepare_resource(const char *typed, GError **error);

/* Is it an address that may stand on the wire: valid UTF-8 without control characters, non-empty
 * parts of at most 1,023 bytes? */
bool nj_jid_valid(const char *jid);

/* Parts.  They only split and never fail on a valid address. */
/* the caller owns it */
char *nj_jid_bare(const char *jid);

/* the caller owns it */
char *nj_jid_domain(const char *jid);

/* NULL without one */
char *nj_jid_local(const char *jid);

/* points into jid; NULL without one */
const char *nj_jid_resource(const char *jid);
gsize nj_jid_bare_length(const char *jid);
bool nj_jid_is_bare(const char *jid);
bool nj_jid_same_bare(const char *a, const char *b);

/* What DNS, SNI and certificates want: A-labels, or the address of an IP literal without brackets;
 * NULL and error if it has none. */
char *nj_jid_ascii_domain(const char *domain, GError **error);
bool nj_jid_is_ip(const char *domain);

/* XEP-0106: a foreign user name as a localpart, and back. */
char *nj_jid_escape_local(const char *text);
char *nj_jid_unescape_local(const char *local);

#endif
