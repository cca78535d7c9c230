/* See certificates.h. */
#include <glib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "certificates.h"

static void
extend(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_ctx_nodb(&context);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    g_assert_nonnull(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

Identity
make_identity(const char *common, const char *names, int from_days, int to_days,
              const Identity *issuer, int authority, const EVP_MD *digest)
{
    static long serial = 1;
    Identity new = { X509_new(),
                     digest ? EVP_EC_gen("P-256") : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519") };

    if (!issuer)
        issuer = &new;
    X509_set_version(new.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(new.certificate), serial++);
    X509_time_adj_ex(X509_getm_notBefore(new.certificate), from_days, -60, NULL);
    X509_time_adj_ex(X509_getm_notAfter(new.certificate), to_days, 0, NULL);
    X509_set_pubkey(new.certificate, new.key);

    X509_NAME *subject = X509_get_subject_name(new.certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *) common, -1, -1,
                               0);
    X509_set_issuer_name(new.certificate, X509_get_subject_name(issuer->certificate));
    if (authority)
        extend(new.certificate, issuer->certificate, NID_basic_constraints, "critical,CA:TRUE");
    if (names)
        extend(new.certificate, issuer->certificate, NID_subject_alt_name, names);

    g_assert_cmpint(X509_sign(new.certificate, issuer->key, digest), >, 0);
    return new;
}

void
free_identity(Identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

void
save_identity(const Identity *identity, const char *dir, const char *name)
{
    g_autofree char *cert = g_strdup_printf("%s/%s.pem", dir, name),
                    *key = g_strdup_printf("%s/%s.key", dir, name);
    FILE *file = fopen(cert, "w");

    g_assert_nonnull(file);
    PEM_write_X509(file, identity->certificate);
    fclose(file);
    file = fopen(key, "w");
    g_assert_nonnull(file);
    PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
}
