/* SASL (RFC 4422): chooses a mechanism and runs its steps. SCRAM verifies the server's signature
 * and accepts 4,096 to 1,000,000 iterations; more than 4,096 are computed by a worker thread. PLAIN
 * needs verified TLS, or a loopback host with tls = none. After a login with SCRAM, PLAIN is not
 * used any more unless the user allows it. A wrong password is tried only once, with one
 * mechanism. */
#ifndef NJ_XMPP_SASL_H
#define NJ_XMPP_SASL_H

#include "base/base.h"
#include "xmpp/transport.h"

typedef struct NjSasl NjSasl;

typedef struct {
    const char *user;       /* localpart */
    const char *authzid;    /* the authorisation identity; NULL: that of user */
    const char *password;   /* NULL: nj_sasl_set_password() follows if it is needed */
    NjTransport *transport; /* for channel binding, and to know whether TLS is verified */
    bool loopback;          /* tls = none and a loopback host: PLAIN is allowed */
    bool allow_plain;       /* the user allows PLAIN although the server offered SCRAM before */
    int scram_seen;         /* rank of the strongest SCRAM mechanism used so far; 0: none */
    const char *nonce;      /* NULL: random; tests set the nonce of an RFC's example */
} NjSaslSettings;

/* Chooses a mechanism. offered are the names in <mechanisms/>, NULL-terminated. bindings are the
 * types of channel binding that the server announces (XEP-0440), NULL-terminated, or NULL. settings
 * is borrowed only during the call. Returns NULL and sets error (NJ_CONNECTION_ERROR_MECHANISM or
 * _PASSWORD) if no mechanism is acceptable or user or password cannot be used. Sends nothing. */
NjSasl *nj_sasl_new(const NjSaslSettings *settings, const char *const *offered,
                    const char *const *bindings, GError **error);

/* Overwrites the secrets and frees sasl; the result of a running worker thread is ignored. sasl may
 * be NULL. */
void nj_sasl_free(NjSasl *sasl);

/* Returns true when the mechanism needs a password and none was given. */
bool nj_sasl_needs_password(const NjSasl *sasl);

/* Copies the password. Returns false and sets error if it is empty or contains forbidden
 * characters. */
bool nj_sasl_set_password(NjSasl *sasl, const char *password, GError **error);

/* Returns the name of the mechanism; static. */
const char *nj_sasl_mechanism(const NjSasl *sasl);

/* Returns the rank of the mechanism, for scram_seen; 0 for PLAIN and EXTERNAL. */
int nj_sasl_rank(const NjSasl *sasl);

/* Returns the bytes of the first message, for <auth/>. The caller encodes them as base64 ("=" for
 * no bytes) and drops the reference. */
GBytes *nj_sasl_first(NjSasl *sasl);

/* Receives the response to a challenge, borrowed; with an error it is NULL. */
typedef void (*NjSaslFunc)(GBytes *response, const GError *error, void *data);

/* Handles a challenge of length bytes. done is called once, inside this function or when the worker
 * thread has finished. It gets an error if the challenge is invalid or asks for too few or too many
 * iterations, or if the server's signature in it is wrong. */
void nj_sasl_step(NjSasl *sasl, const char *challenge, gsize length, NjSaslFunc done, void *data);

/* Handles <success/> with its data, which may be NULL. Returns false and sets error if the login
 * must not succeed: with SCRAM, if the server has not proved that it knows the password. */
bool nj_sasl_finish(NjSasl *sasl, const char *data, gsize length, GError **error);

/* Decodes base64 strictly: GLib's decoder skips invalid characters. Returns NULL if text is not
 * base64 or is empty. The caller owns the result. */
guint8 *nj_sasl_decode(const char *text, gsize *length);

#endif
