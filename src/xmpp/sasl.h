/* SASL (RFC 4422): chooses a mechanism and runs its steps. SCRAM verifies the server's signature
 * and accepts 4,096 to 1,000,000 iterations; a worker thread computes more than 4,096. PLAIN needs
 * verified TLS (or a loopback host with tls = none); once the server has offered SCRAM, PLAIN is
 * not used any more unless the user allows it. A wrong password is tried once, with one
 * mechanism. */
#ifndef NJ_XMPP_SASL_H
#define NJ_XMPP_SASL_H

#include "base/base.h"
#include "xmpp/transport.h"

typedef struct NjSasl NjSasl;

typedef struct {
    const char *user;       /* localpart */
    const char *authzid;    /* NULL */
    const char *password;   /* NULL: nj_sasl_set_password() follows if it is needed */
    NjTransport *transport; /* for channel binding, and to know whether TLS is verified */
    bool loopback;          /* tls = none and a loopback host: PLAIN is allowed */
    bool allow_plain;       /* the user allows PLAIN although the server offered SCRAM before */
    /* rank of the strongest SCRAM mechanism the server has offered so far; 0: none */
    int scram_seen;
    /* NULL: random. Tests set the one of an RFC's example. */
    const char *nonce;
} NjSaslSettings;

/* offered: names from <mechanisms/>, NULL-ended. bindings: the types of channel binding that the
 * server announces (XEP-0440), NULL-ended, or NULL. Returns NULL and sets error
 * (NJ_CONNECTION_ERROR_MECHANISM) if no mechanism is acceptable; no secret has been sent then. */
NjSasl *nj_sasl_new(const NjSaslSettings *settings, const char *const *offered,
                    const char *const *bindings, GError **error);

/* Wipes the secrets and cancels the worker. */
void nj_sasl_free(NjSasl *sasl);

/* True if the mechanism needs a password and none was given. */
bool nj_sasl_needs_password(const NjSasl *sasl);

/* Returns false and sets error if the text cannot be a password (empty, or forbidden
 * characters). */
bool nj_sasl_set_password(NjSasl *sasl, const char *password, GError **error);
const char *nj_sasl_mechanism(const NjSasl *sasl);

/* The rank to store as scram_seen; 0 for PLAIN and EXTERNAL. */
int nj_sasl_rank(const NjSasl *sasl);

/* Returns the bytes for <auth/>. The caller encodes them as base64 ("=" for no bytes). */
GBytes *nj_sasl_first(NjSasl *sasl);

/* Handles a challenge. done is called once, at once or when the worker has finished; response is
 * NULL and error is set if the challenge is invalid or asks for too many iterations. */
typedef void (*NjSaslFunc)(GBytes *response, const GError *error, void *data);
void nj_sasl_step(NjSasl *sasl, const char *challenge, gsize length, NjSaslFunc done, void *data);

/* Handles <success/> with its data, or NULL. With SCRAM returns true only if the server has proved
 * that it knows the password. */
bool nj_sasl_finish(NjSasl *sasl, const char *data, gsize length, GError **error);

/* Decodes base64 strictly: GLib's decoder skips invalid characters. Returns NULL if text is not
 * base64 or is empty. The caller owns the result. */
guint8 *nj_sasl_decode(const char *text, gsize *length);

#endif
