/* TLS with OpenSSL: handshake, reads and writes on a non-blocking socket, and the verification of
 * certificates. */
#ifndef NJ_XMPP_TLS_H
#define NJ_XMPP_TLS_H

#include "base/base.h"

typedef struct NjTls NjTls;

/* The data of a certificate that /certificate shows. */
typedef struct NjCertificate NjCertificate;
struct NjCertificate {
    char *subject, *issuer;       /* sanitised */
    char **names;                 /* dNSName, iPAddress, XmppAddr; NULL-terminated, sanitised */
    gint64 not_before, not_after; /* Unix ms */
    char *sha256;                 /* hash of the certificate: 64 hex digits */
    /* "sha256:" and 64 hex digits: hash of the public key (SubjectPublicKeyInfo), the form of the
     * pin in an account's settings */
    char *pin;
    char *protocol, *cipher; /* of the connection; NULL before the handshake has ended */
    char *problem; /* why it is not acceptable by itself, a sentence; NULL: it is acceptable */
    bool pinned, trusted_once; /* accepted because of NjTlsSettings.pin, .trust_once */
};

NjCertificate *nj_certificate_copy(const NjCertificate *certificate);
void nj_certificate_free(NjCertificate *certificate);

typedef struct {
    /* The account's domain, in A-labels, or an IP address: the name that the certificate must have
     * (reference identity, RFC 6120, 13.7). Sent as SNI unless it is an IP address. */
    const char *domain;
    const char *ca_file;    /* file of authorities trusted besides the system's; NULL */
    const char *pin;        /* the only key accepted, whatever the authorities say; NULL */
    const char *trust_once; /* a pin that is also accepted for this connection; NULL */
    const char *client_cert, *client_key; /* PEM files, or NULL; key NULL: it is in the first */
    bool direct; /* TLS from the first byte: sends ALPN "xmpp-client" (XEP-0368) */
} NjTlsSettings;

typedef enum {
    NJ_TLS_DONE,
    NJ_TLS_WANT_READ,  /* call again when the socket is readable */
    NJ_TLS_WANT_WRITE, /* call again when the socket is writable */
    NJ_TLS_ENDED,      /* the peer has sent close_notify */
    NJ_TLS_FAILED      /* error is set */
} NjTlsResult;

/* Must be called before any other use of OpenSSL. May be called again. */
void nj_tls_prepare(void);

/* Begins TLS on a connected, non-blocking socket; settings' strings are borrowed. Returns NULL and
 * sets error (NJ_CONNECTION_ERROR_SETTINGS) if a file of settings cannot be used. */
NjTls *nj_tls_new(int fd, const NjTlsSettings *settings, GError **error);

/* Does not close the socket. tls may be NULL. */
void nj_tls_free(NjTls *tls);

/* Continues the handshake. Fails with NJ_CONNECTION_ERROR_CERTIFICATE if the certificate is not
 * accepted; nj_tls_certificate() describes it. */
NjTlsResult nj_tls_handshake(NjTls *tls, GError **error);
NjTlsResult nj_tls_read(NjTls *tls, char *out, gsize size, gsize *got, GError **error);
NjTlsResult nj_tls_write(NjTls *tls, const char *bytes, gsize length, gsize *put, GError **error);

/* Returns true when decrypted bytes can be read; poll() does not report them. */
bool nj_tls_pending(const NjTls *tls);

/* Sends close_notify once, without waiting for the peer's. */
void nj_tls_bye(NjTls *tls);

/* Appends the channel binding data of this type to out (RFC 5929, RFC 9266). Returns false if the
 * connection has none. */
bool nj_tls_binding(const NjTls *tls, const char *type, GByteArray *out);

/* Returns true when the server requested a client certificate and one was loaded, so it was
 * sent. */
bool nj_tls_client_certificate(const NjTls *tls);

/* Returns the server's certificate, borrowed; NULL before it was received. */
const NjCertificate *nj_tls_certificate(const NjTls *tls);

#endif
