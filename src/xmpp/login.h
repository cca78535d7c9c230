/* The login: from a new stream to a bound resource, or back into an earlier session. Its steps are
 * features, STARTTLS, SASL, then resumption (XEP-0198, 5) or bind (RFC 6120, 5 to 7). A step that
 * the protocol does not allow fails the login. */
#ifndef NJ_XMPP_LOGIN_H
#define NJ_XMPP_LOGIN_H

#include "model/options.h"
#include "xmpp/stream.h"

#define NJ_NS_SM "urn:xmpp:sm:3"

typedef struct NjLogin NjLogin;

typedef enum { NJ_LOGIN_SECURING, NJ_LOGIN_AUTHENTICATING, NJ_LOGIN_BINDING } NjLoginStep;

/* on_bound, on_resumed and on_failed end the login; the owner may free it inside these, but not
 * inside the others. Elements and strings are borrowed. */
typedef struct {
    void (*on_step)(NjLogin *login, NjLoginStep step, void *owner);
    /* The login needs the password: call nj_login_password(), now or later. */
    void (*on_password)(NjLogin *login, void *owner);
    /* A resource is bound. jid is the full address. features are those after authentication. */
    void (*on_bound)(NjLogin *login, const char *jid, const NjXml *features, void *owner);
    /* Returns <resume/>, which the login takes, or NULL when no session can be resumed; then a
     * resource is bound. May be NULL; then on_resumed and on_resume_failed are not called. */
    NjXml *(*build_resume)(NjLogin *login, const NjXml *features, void *owner);
    /* The session was resumed; resumed is the server's <resumed/>. */
    void (*on_resumed)(NjLogin *login, const NjXml *resumed, const NjXml *features, void *owner);
    /* The server no longer has the session; failed is its answer. A resource is bound next. */
    void (*on_resume_failed)(NjLogin *login, const NjXml *failed, void *owner);
    /* why is a NJ_CONNECTION_ERROR. The owner closes the stream. */
    void (*on_failed)(NjLogin *login, const GError *why, void *owner);
} NjLoginHooks;

/* Makes a login on a stream. address is the account's bare address, normalised by jid.h. loopback:
 * the server is on this machine, so tls = none is acceptable. stream and settings are borrowed
 * while the login lives. */
NjLogin *nj_login_new(NjStream *stream, const NjAccountSettings *settings, const char *address,
                      bool loopback, const NjLoginHooks *hooks, void *owner);

/* Frees login, which may be NULL. */
void nj_login_free(NjLogin *login);

/* Begins the login; the stream is open. */
void nj_login_start(NjLogin *login);

/* Answers on_password. password NULL: the user did not enter one, so the login fails with
 * NJ_CONNECTION_ERROR_PASSWORD. */
void nj_login_password(NjLogin *login, const char *password);

/* Until the login has ended, the owner calls these from its hooks of the stream: on_features,
 * on_stanza and on_secured. */
void nj_login_features(NjLogin *login, NjXml *features);
void nj_login_secured(NjLogin *login);
void nj_login_stanza(NjLogin *login, NjXml *stanza);

/* Returns the rank of the SCRAM mechanism to store as scram_seen (sasl.h), or 0. */
int nj_login_scram_rank(const NjLogin *login);

/* Returns the SASL mechanism that was used, or NULL. */
const char *nj_login_mechanism(const NjLogin *login);

#endif
