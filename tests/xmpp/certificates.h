/* Certificates for tests, made when they run: nothing that expires lies in the tree. */
#ifndef NJ_TESTS_CERTIFICATES_H
#define NJ_TESTS_CERTIFICATES_H

#include <openssl/x509.h>

typedef struct {
    X509 *certificate;
    EVP_PKEY *key;
} Identity;

/* names: a subjectAltName in OpenSSL's spelling, "DNS:pond.example,IP:127.0.0.1"; NULL for none.
 * days: from today, may lie in the past. issuer NULL: signed by itself.  authority: it may sign
 * others.  digest NULL: an Ed25519 key, else P-256. */
Identity make_identity(const char *common, const char *names, int from_days, int to_days,
                       const Identity *issuer, int authority, const EVP_MD *digest);
void free_identity(Identity *identity);

/* dir/name.pem and dir/name.key. */
void save_identity(const Identity *identity, const char *dir, const char *name);

#endif
