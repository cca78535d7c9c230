/* SASL (RFC 4422): which mechanism, and its steps.  One table is the policy.  SCRAM checks the
 * server's signature and accepts 4,096 to 1,000,000 rounds; over 4,096 they are counted by a
 * worker.  PLAIN needs verified TLS (or a loopback host with tls = none) and is not used again once
 * SCRAM was seen from that server, until the person says so.  One wrong password is one attempt. */
#ifndef NJ_XMPP_SASL_H
#define NJ_XMPP_SASL_H

#include "base/base.h"
#include "xmpp/transport.h"

typedef struct NjSasl NjSasl;

typedef struct {
    const char *user;       /* localpart */
    const char *authzid;    /* NULL */
    const char *password;   /* NULL: nj_sasl_set_password() follows, if it is needed */
    NjTransport *transport; /* for channel binding and what is verified */
    bool loopback;          /* tls = none towards a loopback host: PLAIN may pass */
    bool allow_plain;       /* the person allowed it again */
    /* strongest seen so far from this server (table's rank), 0 none */
    int scram_seen;
    /* NULL: random; a test of RFC 5802's example brings its own */
    const char *nonce;
} NjSaslSettings;

/* offered: names from <mechanisms/>, NULL-ended; bindings: XEP-0440's types, NULL-ended, or NULL if
 * not announced. NULL and a sentence (NJ_CONNECTION_ERROR_MECHANISM) if none will do: nothing
 * secret was sent. */
NjSasl *nj_sasl_new(const NjSaslSettings *settings, const char *const *offered,
                    const char *const *bindings, GError **error);

/* wipes what is secret; cancels the worker */
void nj_sasl_free(NjSasl *sasl);

/* none was given and the mechanism has no other way */
bool nj_sasl_needs_password(const NjSasl *sasl);

/* false: no password can look so */
bool nj_sasl_set_password(NjSasl *sasl, const char *password, GError **error);
const char *nj_sasl_mechanism(const NjSasl *sasl);

/* to remember as scram_seen; 0 for PLAIN and EXTERNAL */
int nj_sasl_rank(const NjSasl *sasl);

/* The bytes of <auth/>; base64 is the caller's ("=" for an empty one).  */
GBytes *nj_sasl_first(NjSasl *sasl);

/* A challenge. Answers once through done, at once or from a worker: response NULL and error when
 * the server lies or asks too much. */
typedef void (*NjSaslFunc)(GBytes *response, const GError *error, void *data);
void nj_sasl_step(NjSasl *sasl, const char *challenge, gsize length, NjSaslFunc done, void *data);

/* <success/> with its data (NULL: none): true only if the server has proved that it knows the
 * password (mechanisms that can). */
bool nj_sasl_finish(NjSasl *sasl, const char *data, gsize length, GError **error);

/* Base64 to the letter, at least one group of it: GLib's decoder skips what is none.  NULL: it is
 * not; the caller owns it. */
guint8 *nj_sasl_decode(const char *text, gsize *length);

#endif
