/* Makes certificates while a test runs, so that the tree has no file that expires. */
#ifndef NJ_TESTS_CERTIFICATES_H
#define NJ_TESTS_CERTIFICATES_H

#include <openssl/x509.h>

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} Identity;

/* Makes a key and a certificate; free_identity() frees both.
 * common: common name of the subject.
 * names: value of subjectAltName as OpenSSL reads it, "DNS:pond.example,IP:127.0.0.1"; NULL: none.
 * from_days, to_days: validity in days from today; may be negative.
 * issuer: signs the certificate; NULL: self-signed.
 * authority: nonzero if the certificate may sign others.
 * digest: of the signature, with a P-256 key; NULL: an Ed25519 key. */
Identity make_identity(const char *common, const char *names, int from_days, int to_days,
                       const Identity *issuer, int authority, const EVP_MD *digest);
void free_identity(Identity *identity);

/* Writes dir/name.pem and dir/name.key. */
void save_identity(const Identity *identity, const char *dir, const char *name);

#endif
