/* The door to OpenSSL's TLS: a handshake, reads and writes on a non-blocking socket, and the
 * judgement of certificates. */
#ifndef NJ_XMPP_TLS_H
#define NJ_XMPP_TLS_H

#include "base/base.h"

typedef struct NjTls NjTls;

/* What /certificate shows. */
typedef struct NjCertificate NjCertificate;
struct NjCertificate {
    char *subject, *issuer;       /* sanitised */
    char **names;                 /* dNSName, iPAddress, XmppAddr, NULL-ended; sanitised */
    gint64 not_before, not_after; /* wall ms */
    char *sha256;                 /* of the certificate: 64 hex digits */
    /* "sha256:" + 64 hex digits of its SubjectPublicKeyInfo: what a pin says */
    char *pin;
    char *protocol, *cipher;   /* of the connection */
    char *problem;             /* a sentence, or NULL: accepted by the authorities */
    bool pinned, trusted_once; /* accepted for this reason */
};

NjCertificate *nj_certificate_copy(const NjCertificate *certificate);
void nj_certificate_free(NjCertificate *certificate);

typedef struct {
    /* A-label or IP: the reference identity (RFC 6120 13.7), sent as SNI unless an IP */
    const char *domain;
    const char *ca_file;    /* trusted besides the system's; NULL */
    const char *pin;        /* with a pin nothing else counts; NULL */
    const char *trust_once; /* a pin accepted for this connection only; NULL */
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

/* before anything of OpenSSL is used; again is fine */
void nj_tls_prepare(void);
NjTls *nj_tls_new(int fd, const NjTlsSettings *settings, GError **error);
void nj_tls_free(NjTls *tls);

/* FAILED with NJ_CONNECTION_ERROR_CERTIFICATE after a bad one; certificate() has it */
NjTlsResult nj_tls_handshake(NjTls *tls, GError **error);
NjTlsResult nj_tls_read(NjTls *tls, char *out, gsize size, gsize *got, GError **error);
NjTlsResult nj_tls_write(NjTls *tls, const char *bytes, gsize length, gsize *put, GError **error);

/* bytes inside that make no descriptor readable */
bool nj_tls_pending(const NjTls *tls);

/* close_notify, once, without waiting */
void nj_tls_bye(NjTls *tls);
bool nj_tls_binding(const NjTls *tls, const char *type, GByteArray *out);
bool nj_tls_client_certificate(const NjTls *tls);

/* NULL before the handshake */
const NjCertificate *nj_tls_certificate(const NjTls *tls);

#endif
