/* From a fresh stream to a bound resource, or back into the session of before: features, STARTTLS,
 * SASL, resumption (XEP-0198 5) or bind (RFC 6120 5-7).  A step that is not allowed fails the
 * whole. */
#ifndef NJ_XMPP_LOGIN_H
#define NJ_XMPP_LOGIN_H

#include "model/options.h"
#include "xmpp/stream.h"

typedef struct NjLogin NjLogin;

typedef enum { NJ_LOGIN_SECURING, NJ_LOGIN_AUTHENTICATING, NJ_LOGIN_BINDING } NjLoginStep;

/* on_done, on_resumed and on_failed are last calls: the login may be freed in them, not in the
 * others. */
#define NJ_NS_SM "urn:xmpp:sm:3"
typedef struct {
    void (*on_step)(NjLogin *login, NjLoginStep step, void *owner);
    /* The password is needed: answer with nj_login_password(), now or later. */
    void (*on_password)(NjLogin *login, void *owner);
    /* full address as bound; the last features */
    void (*on_done)(NjLogin *login, const char *jid, const NjXml *features, void *owner);
    /* Is there a session to go back to?  <resume/>, which is taken, or NULL: a new one is bound. If
     * the server does not have it any more, its <failed/> is told and a new one is bound after all.
     * All three may be NULL. */
    NjXml *(*resume)(NjLogin *login, const NjXml *features, void *owner);
    void (*on_resumed)(NjLogin *login, const NjXml *answer, const NjXml *features, void *owner);
    void (*on_not_resumed)(NjLogin *login, const NjXml *answer, void *owner);
    /* NJ_CONNECTION_ERROR; the caller closes the stream */
    void (*on_failed)(NjLogin *login, const GError *why, void *owner);
} NjLoginHooks;

/* address: bare, prepared.  direct: TLS is already up.  Settings are borrowed while it lives. */
NjLogin *nj_login_new(NjStream *stream, const NjAccountSettings *settings, const char *address,
                      bool loopback, const NjLoginHooks *hooks, void *owner);
void nj_login_free(NjLogin *login);
void nj_login_start(NjLogin *login);

/* NULL: not given, fails with NJ_CONNECTION_ERROR_PASSWORD */
void nj_login_password(NjLogin *login, const char *password);

/* The owner's stream hooks pass these on until on_done or on_failed. */
void nj_login_features(NjLogin *login, NjXml *features);
void nj_login_secured(NjLogin *login);
void nj_login_stanza(NjLogin *login, NjXml *stanza);

/* to remember; 0: no SCRAM was seen */
int nj_login_scram_rank(const NjLogin *login);

/* what was used; NULL */
const char *nj_login_mechanism(const NjLogin *login);

#endif
