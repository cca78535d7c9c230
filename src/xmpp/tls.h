/* TLS with OpenSSL: handshake, reads and writes on a non-blocking socket, and the verification of
 * certificates. */
#ifndef NJ_XMPP_TLS_H
#define NJ_XMPP_TLS_H

#include "base/base.h"

typedef struct NjTls NjTls;

/* What /certificate shows. */
typedef struct NjCertificate NjCertificate;
struct NjCertificate {
    char *subject, *issuer;       /* sanitised */
    char **names;                 /* dNSName, iPAddress, XmppAddr; NULL-ended, sanitised */
    gint64 not_before, not_after; /* Unix ms */
    char *sha256;                 /* hash of the certificate: 64 hex digits */
    /* "sha256:" and 64 hex digits: hash of the SubjectPublicKeyInfo, as an account's pin holds
     * it */
    char *pin;
    char *protocol, *cipher;   /* of the connection; NULL before the handshake has ended */
    char *problem;             /* a sentence; NULL if the authorities confirm the certificate */
    bool pinned, trusted_once; /* accepted because of settings->pin, settings->trust_once */
};

NjCertificate *nj_certificate_copy(const NjCertificate *certificate);
void nj_certificate_free(NjCertificate *certificate);

typedef struct {
    /* A-labels or an IP address: the reference identity (RFC 6120 13.7). Sent as SNI unless it is
     * an IP address. */
    const char *domain;
    const char *ca_file;    /* authorities trusted besides the system's; NULL */
    const char *pin;        /* the only key accepted, whatever the authorities say; NULL */
    const char *trust_once; /* a pin that is also accepted for this connection; NULL */
    const char *client_cert, *client_key;
    bool direct; /* ALPN "xmpp-client" (XEP-0368) */
} NjTlsSettings;

typedef enum {
    NJ_TLS_DONE,
    NJ_TLS_WANT_READ,
    NJ_TLS_WANT_WRITE,
    NJ_TLS_ENDED,
    NJ_TLS_FAILED
} NjTlsResult;

/* Must be called before any other use of OpenSSL. May be called again. */
void nj_tls_prepare(void);
NjTls *nj_tls_new(int fd, const NjTlsSettings *settings, GError **error);
void nj_tls_free(NjTls *tls);

/* Returns NJ_TLS_FAILED with NJ_CONNECTION_ERROR_CERTIFICATE if the certificate is not accepted;
 * nj_tls_certificate() describes it. */
NjTlsResult nj_tls_handshake(NjTls *tls, GError **error);
NjTlsResult nj_tls_read(NjTls *tls, char *out, gsize size, gsize *got, GError **error);
NjTlsResult nj_tls_write(NjTls *tls, const char *bytes, gsize length, gsize *put, GError **error);

/* True if decrypted bytes wait: the descriptor does not become readable for them. */
bool nj_tls_pending(const NjTls *tls);

/* Sends close_notify once, without waiting for the peer's. */
void nj_tls_bye(NjTls *tls);

/* Appends the channel binding data of a type (RFC 5929, RFC 9266). Returns false if the connection
 * has none of this type. */
bool nj_tls_binding(const NjTls *tls, const char *type, GByteArray *out);

/* True if the server asked for a client certificate and one was sent. */
bool nj_tls_client_certificate(const NjTls *tls);

/* NULL before the server's certificate has been received. */
const NjCertificate *nj_tls_certificate(const NjTls *tls);

#endif
