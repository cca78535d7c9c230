/* TLS with OpenSSL.
 *
 * The certificate is verified during the handshake, so that a server that is not accepted receives
 * neither a client certificate nor a password.
 *
 * With a pin in the settings only that pin is accepted, whatever the authorities say. trust_once is
 * a second pin, for one connection.
 *
 * Authorities are looked up by hash in the system's directory, because reading the bundle of all
 * authorities costs more time and memory than the rest of a login. */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/text.h"
#include "model/jid.h"
#include "xmpp/connection.h"
#include "xmpp/tls.h"

enum { MAX_NAMES = 100, MAX_NAME_BYTES = 255 };

struct NjTls {
    SSL_CTX *context;
    SSL *ssl;
    NjTlsSettings settings; /* its strings are borrowed from the caller */
    NjCertificate *certificate;
    GError *refused; /* why the certificate was not accepted */
    bool open;       /* the handshake is complete */
    bool failed;     /* ssl must not be used any more */
    bool client_certificate_requested, client_certificate_loaded;
};

void
nj_certificate_free(NjCertificate *certificate)
{
    if (!certificate)
        return;

    g_free(certificate->subject);
    g_free(certificate->issuer);
    g_strfreev(certificate->names);
    g_free(certificate->sha256);
    g_free(certificate->pin);
    g_free(certificate->protocol);
    g_free(certificate->cipher);
    g_free(certificate->problem);
    g_free(certificate);
}

NjCertificate *
nj_certificate_copy(const NjCertificate *certificate)
{
    if (!certificate)
        return NULL;

    NjCertificate *copy = g_new(NjCertificate, 1);
    *copy = *certificate;
    copy->subject = g_strdup(certificate->subject);
    copy->issuer = g_strdup(certificate->issuer);
    copy->names = g_strdupv(certificate->names);
    copy->sha256 = g_strdup(certificate->sha256);
    copy->pin = g_strdup(certificate->pin);
    copy->protocol = g_strdup(certificate->protocol);
    copy->cipher = g_strdup(certificate->cipher);

    copy->problem = g_strdup(certificate->problem);
    return copy;
}

static char *
to_hex(const unsigned char *bytes, gsize length)
{
    GString *text = g_string_sized_new(length * 2);
    for (gsize i = 0; i < length; i++)
        g_string_append_printf(text, "%02x", bytes[i]);
    return g_string_free(text, FALSE);
}

static char *
format_name(const X509_NAME *name)
{
    BIO *memory = BIO_new(BIO_s_mem());
    X509_NAME_print_ex(memory, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char *bytes;
    long length = BIO_get_mem_data(memory, &bytes);
    char *text = nj_text_line(bytes, length, 0);
    BIO_free(memory);
    return text;
}

static gint64
read_time_ms(const ASN1_TIME *time)
{
    struct tm tm;
    return ASN1_TIME_to_tm(time, &tm) ? (gint64) timegm(&tm) * 1000 : 0;
}

static char *
format_day(gint64 ms)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(ms / 1000);
    return time ? g_date_time_format(time, "%Y-%m-%d") : g_strdup("?");
}

/* Returns the text of an XmppAddr (RFC 6120, 13.7.1.2) or of an SRV-ID (RFC 4985); *service becomes
 * true for an SRV-ID. Returns NULL for any other name. */
static const ASN1_STRING *
get_other_name(const GENERAL_NAME *name, bool *service)
{
    if (name->type != GEN_OTHERNAME)
        return NULL;

    const ASN1_TYPE *value = name->d.otherName->value;
    int kind = OBJ_obj2nid(name->d.otherName->type_id);
    *service = kind == NID_SRVName;
    if (kind == NID_SRVName && value->type == V_ASN1_IA5STRING)
        return value->value.ia5string;
    if (kind == NID_XmppAddr && value->type == V_ASN1_UTF8STRING)
        return value->value.utf8string;

    return NULL;
}

static char *
format_address(const ASN1_OCTET_STRING *address)
{
    int length = ASN1_STRING_length(address);
    if (length != 4 && length != 16)
        return NULL;
    char text[INET6_ADDRSTRLEN];
    return g_strdup(inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address),
                              text, sizeof text));
}

/* Returns the subjectAltNames for display, NULL-terminated. The common name is left out, because it
 * is not compared with the domain. */
static char **
collect_names(X509 *leaf)
{
    GPtrArray *names = g_ptr_array_new();
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(all) && names->len < MAX_NAMES; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(all, i);
        bool service;
        const ASN1_STRING *text =
            name->type == GEN_DNS ? name->d.dNSName : get_other_name(name, &service);
        g_autofree char *shown = NULL;
        if (text)
            shown = nj_text_line((const char *) ASN1_STRING_get0_data(text),
                                 ASN1_STRING_length(text), MAX_NAME_BYTES);
        else if (name->type == GEN_IPADD)
            shown = format_address(name->d.iPAddress);
        if (shown && *shown && !g_ptr_array_find_with_equal_func(names, shown, g_str_equal, NULL))
            g_ptr_array_add(names, g_steal_pointer(&shown));
    }

    GENERAL_NAMES_free(all);
    g_ptr_array_add(names, NULL);
    return (char **) g_ptr_array_free(names, FALSE);
}

/* Returns true when value is an SRV-ID of an XMPP client service of domain. */
static bool
is_service_of(const char *value, const char *domain)
{
    static const char *const prefixes[] = { "_xmpp-client.", "_xmpps-client." };
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        gsize length = strlen(prefixes[i]);
        if (g_ascii_strncasecmp(value, prefixes[i], length) == 0
            && g_ascii_strcasecmp(value + length, domain) == 0)
            return true;
    }
    return false;
}

/* Returns true when an XmppAddr or an SRV-ID of the certificate is for the domain. */
static bool
matches_other_name(X509 *leaf, const char *domain)
{
    bool found = false;
    GENERAL_NAMES *all = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++) {
        bool service;
        const ASN1_STRING *text = get_other_name(sk_GENERAL_NAME_value(all, i), &service);
        gsize length = text ? (gsize) ASN1_STRING_length(text) : 0;
        if (!length || length > 1023 || memchr(ASN1_STRING_get0_data(text), 0, length))
            continue;
        g_autofree char *value = g_strndup((const char *) ASN1_STRING_get0_data(text), length);
        if (service) {
            found = is_service_of(value, domain);
        } else if (g_utf8_validate(value, -1, NULL) && !strpbrk(value, "@/")) {
            g_autofree char *ascii = nj_jid_ascii_domain(value, NULL);
            found = ascii && g_ascii_strcasecmp(ascii, domain) == 0;
        }
    }

    GENERAL_NAMES_free(all);
    return found;
}

/* Returns true when the certificate is for the domain of the account's address (RFC 6125). The
 * target of an SRV record and the option `host` are not accepted as the name, because they only say
 * where to connect. */
static bool
matches_domain(X509 *leaf, const char *domain)
{
    if (g_hostname_is_ip_address(domain))
        return X509_check_ip_asc(leaf, domain, 0) == 1;
    unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
    return X509_check_host(leaf, domain, 0, flags, NULL) == 1 || matches_other_name(leaf, domain);
}

static char *
explain_wrong_names(const NjCertificate *certificate, const char *domain)
{
    if (!certificate->names[0])
        return g_strdup_printf(_("The certificate of %s contains no address."), domain);

    GString *list = g_string_new(NULL);
    for (guint i = 0; certificate->names[i]; i++) {
        if (i == 5) {
            g_string_append(list, ", …");
            break;
        }
        g_string_append_printf(list, "%s%s", i ? ", " : "", certificate->names[i]);
    }

    char *problem =
        g_strdup_printf(_("The certificate of %s is for other names: %s."), domain, list->str);
    g_string_free(list, TRUE);
    return problem;
}

static char *
explain_chain_error(const NjCertificate *certificate, const char *domain, int error, int depth)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: {
        if (depth > 0)
            return g_strdup_printf(_("An authority's certificate above that of %s has expired."),
                                   domain);
        g_autofree char *end = format_day(certificate->not_after);
        return g_strdup_printf(_("The certificate of %s expired on %s."), domain, end);
    }
    case X509_V_ERR_CERT_NOT_YET_VALID: {
        g_autofree char *start = format_day(certificate->not_before);
        return g_strdup_printf(
            _("The certificate of %s is not valid before %s; check the clock of this machine."),
            domain, start);
    }
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return g_strdup_printf(_("The certificate of %s is self-signed."), domain);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return g_strdup_printf(
            _("The certificate of %s is signed by an authority this machine does not know."),
            domain);

    default:
        return g_strdup_printf(_("The certificate of %s is not acceptable (%s)."), domain,
                               X509_verify_cert_error_string(error));
    }
}

static NjCertificate *
describe_certificate(X509 *leaf)
{
    NjCertificate *certificate = g_new0(NjCertificate, 1);
    certificate->subject = format_name(X509_get_subject_name(leaf));
    certificate->issuer = format_name(X509_get_issuer_name(leaf));
    certificate->names = collect_names(leaf);
    certificate->not_before = read_time_ms(X509_get0_notBefore(leaf));
    certificate->not_after = read_time_ms(X509_get0_notAfter(leaf));

    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &length))
        certificate->sha256 = to_hex(digest, length);

    unsigned char *key = NULL;
    int key_length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(leaf), &key);
    if (key_length > 0 && EVP_Digest(key, key_length, digest, &length, EVP_sha256(), NULL)) {
        g_autofree char *text = to_hex(digest, length);
        certificate->pin = g_strconcat("sha256:", text, NULL);
    }

    OPENSSL_free(key);
    return certificate;
}

static bool
is_same_pin(const char *wanted, const char *pin)
{
    return wanted && pin && g_ascii_strcasecmp(wanted, pin) == 0;
}

/* OpenSSL calls this function during the handshake. Returns 1 to accept the certificate, else 0. */
static int
verify_certificate(X509_STORE_CTX *store, void *owner)
{
    NjTls *tls = owner;
    const NjTlsSettings *settings = &tls->settings;
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    NjCertificate *certificate = describe_certificate(leaf);

    nj_certificate_free(tls->certificate);
    tls->certificate = certificate;

    if (X509_verify_cert(store) != 1)
        certificate->problem =
            explain_chain_error(certificate, settings->domain, X509_STORE_CTX_get_error(store),
                                X509_STORE_CTX_get_error_depth(store));
    else if (!matches_domain(leaf, settings->domain))
        certificate->problem = explain_wrong_names(certificate, settings->domain);

    certificate->pinned = is_same_pin(settings->pin, certificate->pin);
    certificate->trusted_once =
        !certificate->pinned && is_same_pin(settings->trust_once, certificate->pin);
    if (certificate->pinned || certificate->trusted_once)
        return 1;
    if (!settings->pin && !certificate->problem)
        return 1;

    g_clear_error(&tls->refused);
    if (settings->pin) {
        g_free(certificate->problem);
        certificate->problem =
            g_strdup_printf(_("The certificate of %s is not the pinned one."), settings->domain);
        g_set_error(&tls->refused, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_CERTIFICATE, "%s %s",
                    certificate->problem,
                    _("Somebody may be intercepting the connection, or the server has a new key: "
                      "ask its administrator. /certificate shows the new one, /certificate pin "
                      "accepts it instead of the old one."));
    } else {
        g_set_error(&tls->refused, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_CERTIFICATE, "%s %s",
                    certificate->problem,
                    _("/certificate shows it; if you know that it is right, /certificate trust "
                      "accepts it once and /certificate pin always."));
    }

    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

/* OpenSSL calls this function when the server requests a client certificate. OpenSSL sends the one
 * that load_client_certificate() has loaded. */
static int
on_client_certificate_requested(SSL *ssl, void *owner)
{
    (void) ssl;
    ((NjTls *) owner)->client_certificate_requested = true;
    return 1;
}

/* Refuses a key with a passphrase: OpenSSL's default would ask on the terminal and spoil the
 * screen. */
static int
refuse_passphrase(char *out, int size, int writing, void *owner)
{
    (void) out;
    (void) size;
    (void) writing;
    (void) owner;
    return -1;
}

static bool
load_authorities(NjTls *tls, GError **error)
{
    SSL_CTX_set_default_verify_dir(tls->context);

    /* Trust every certificate in ca-file by itself, also that of an intermediate authority or of
     * the server. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(tls->context), X509_V_FLAG_PARTIAL_CHAIN);
    if (!tls->settings.ca_file)
        return true;

    g_autofree char *path = nj_files_expand(tls->settings.ca_file);
    if (SSL_CTX_load_verify_file(tls->context, path) == 1)
        return true;

    g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_SETTINGS,
                _("The ca-file %s contains no readable certificates in PEM format; correct it with "
                  "/account set NAME ca-file PATH."),
                path);

    return false;
}

static bool
load_client_certificate(NjTls *tls, GError **error)
{
    if (!tls->settings.client_cert)
        return true;

    g_autofree char *cert = nj_files_expand(tls->settings.client_cert);
    g_autofree char *key = nj_files_expand(tls->settings.client_key ? tls->settings.client_key
                                                                    : tls->settings.client_cert);
    SSL_CTX_set_default_passwd_cb(tls->context, refuse_passphrase);

    if (SSL_CTX_use_certificate_chain_file(tls->context, cert) != 1) {
        g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_SETTINGS,
                    _("The client certificate %s cannot be read as PEM; correct it with /account "
                      "set NAME client-cert PATH."),
                    cert);
        return false;
    }

    if (SSL_CTX_use_PrivateKey_file(tls->context, key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_check_private_key(tls->context) != 1) {
        g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_SETTINGS,
                    _("The key %s cannot be read as PEM without a passphrase, or does not belong "
                      "to the client certificate; correct it with /account set NAME client-key "
                      "PATH."),
                    key);
        return false;
    }

    tls->client_certificate_loaded = true;
    return true;
}

/* Makes OpenSSL keep its data at exit(), because the PBKDF2 thread of sasl.c may still use it,
 * which would crash. This has an effect only as the first call of OpenSSL. */
void
nj_tls_prepare(void)
{
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

NjTls *
nj_tls_new(int fd, const NjTlsSettings *settings, GError **error)
{
    static const unsigned char alpn[] = "\x0bxmpp-client";
    NjTls *tls = g_new0(NjTls, 1);

    tls->settings = *settings;
    nj_tls_prepare();
    ERR_clear_error();
    tls->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
    SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(tls->context, SSL_MODE_ENABLE_PARTIAL_WRITE
                                       | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                       | SSL_MODE_RELEASE_BUFFERS);

    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(tls->context, verify_certificate, tls);
    SSL_CTX_set_cert_cb(tls->context, on_client_certificate_requested, tls);

    if (!load_authorities(tls, error) || !load_client_certificate(tls, error)) {
        nj_tls_free(tls);
        return NULL;
    }

    tls->ssl = SSL_new(tls->context);
    SSL_set_fd(tls->ssl, fd);
    SSL_set_connect_state(tls->ssl);
    if (!g_hostname_is_ip_address(settings->domain))
        SSL_set_tlsext_host_name(tls->ssl, settings->domain);
    if (settings->direct)
        SSL_set_alpn_protos(tls->ssl, alpn, sizeof alpn - 1);

    return tls;
}

void
nj_tls_free(NjTls *tls)
{
    if (!tls)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    nj_certificate_free(tls->certificate);
    g_clear_error(&tls->refused);
    g_free(tls);
}

static void
set_lost(const NjTls *tls, GError **error)
{
    g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST,
                _("Lost the connection to %s; use /connect to connect again at once."),
                tls->settings.domain);
}

/* Sets the error of a handshake that failed for another reason than the certificate. */
static void
set_handshake_error(const NjTls *tls, unsigned long code, GError **error)
{
    const char *domain = tls->settings.domain, *reason = ERR_reason_error_string(code);
    switch (ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
        g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TLS,
                    _("The server of %s does not speak TLS at this port; check tls, host and port "
                      "with /account set NAME KEY VALUE."),
                    domain);
        break;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TLS,
                    _("The server of %s supports no TLS newer than 1.1, which is not safe; ask its "
                      "administrator for an update."),
                    domain);
        break;
    default:
        g_set_error(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TLS,
                    _("The TLS handshake with %s failed (%s); ask its administrator if this "
                      "continues."),
                    domain, reason ? reason : "TLS");
    }
}

/* Translates the result of an OpenSSL call that was not successful. */
static NjTlsResult
read_result(NjTls *tls, int result, GError **error)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return NJ_TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return NJ_TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return NJ_TLS_ENDED;
    default:
        break;
    }

    unsigned long code = ERR_peek_error();
    /* An end of file without close_notify is an error, too, because an attacker can forge it. */
    bool lost = !code || ERR_GET_LIB(code) == ERR_LIB_SYS
                || ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    tls->failed = true;
    if (tls->refused)
        g_propagate_error(error, g_steal_pointer(&tls->refused));
    else if (tls->open || lost)
        set_lost(tls, error);
    else
        set_handshake_error(tls, code, error);

    ERR_clear_error();
    return NJ_TLS_FAILED;
}

static NjTlsResult
fail_as_lost(const NjTls *tls, GError **error)
{
    set_lost(tls, error);
    return NJ_TLS_FAILED;
}

NjTlsResult
nj_tls_handshake(NjTls *tls, GError **error)
{
    if (tls->failed)
        return fail_as_lost(tls, error);

    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result != 1)
        return read_result(tls, result, error);

    /* Without a certificate OpenSSL has not called verify_certificate(). The settings of
     * nj_tls_new() make that impossible; fail if it happens. */
    if (!tls->certificate) {
        tls->failed = true;
        set_handshake_error(tls, 0, error);
        return NJ_TLS_FAILED;
    }

    tls->open = true;
    tls->certificate->protocol = g_strdup(SSL_get_version(tls->ssl));
    tls->certificate->cipher = g_strdup(SSL_get_cipher_name(tls->ssl));
    return NJ_TLS_DONE;
}

NjTlsResult
nj_tls_read(NjTls *tls, char *out, gsize size, gsize *got, GError **error)
{
    *got = 0;
    if (tls->failed)
        return fail_as_lost(tls, error);
    ERR_clear_error();
    int result = SSL_read_ex(tls->ssl, out, size, got);
    return result == 1 ? NJ_TLS_DONE : read_result(tls, result, error);
}

NjTlsResult
nj_tls_write(NjTls *tls, const char *bytes, gsize length, gsize *put, GError **error)
{
    *put = 0;
    if (tls->failed)
        return fail_as_lost(tls, error);
    ERR_clear_error();
    int result = SSL_write_ex(tls->ssl, bytes, length, put);
    return result == 1 ? NJ_TLS_DONE : read_result(tls, result, error);
}

bool
nj_tls_pending(const NjTls *tls)
{
    return !tls->failed && SSL_pending(tls->ssl) > 0;
}

void
nj_tls_bye(NjTls *tls)
{
    if (!tls->open || tls->failed || (SSL_get_shutdown(tls->ssl) & SSL_SENT_SHUTDOWN))
        return;
    ERR_clear_error();
    SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

/* Appends the data of tls-exporter (RFC 9266). Before TLS 1.3 this needs the extended master
 * secret, without which two connections may have the same data. */
static bool
get_tls_exporter(const NjTls *tls, GByteArray *out)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char value[32];

    if (SSL_version(tls->ssl) < TLS1_3_VERSION && SSL_get_extms_support(tls->ssl) != 1)
        return false;

    const unsigned char *nothing = (const unsigned char *) "";
    if (SSL_export_keying_material(tls->ssl, value, sizeof value, label, sizeof label - 1, nothing,
                                   0, 1)
        != 1)
        return false;

    g_byte_array_append(out, value, sizeof value);
    return true;
}

/* Appends the data of tls-server-end-point (RFC 5929, 4.1): the hash of the certificate, by the
 * hash function of its signature, or SHA-256 instead of MD5 and SHA-1. A signature without a hash
 * function has no such data. */
static bool
get_server_end_point(const NjTls *tls, GByteArray *out)
{
    X509 *leaf = SSL_get0_peer_certificate(tls->ssl);
    int kind = NID_undef;

    if (!leaf || X509_get_signature_info(leaf, &kind, NULL, NULL, NULL) != 1)
        return false;

    if (kind == NID_md5 || kind == NID_sha1)
        kind = NID_sha256;

    const EVP_MD *hash = EVP_get_digestbynid(kind);
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    if (!hash || (EVP_MD_get_flags(hash) & EVP_MD_FLAG_XOF)
        || X509_digest(leaf, hash, value, &length) != 1)
        return false;

    g_byte_array_append(out, value, length);
    return true;
}

bool
nj_tls_binding(const NjTls *tls, const char *type, GByteArray *out)
{
    if (!tls->open || tls->failed)
        return false;

    ERR_clear_error();
    if (strcmp(type, "tls-exporter") == 0)
        return get_tls_exporter(tls, out);
    return strcmp(type, "tls-server-end-point") == 0 && get_server_end_point(tls, out);
}

bool
nj_tls_client_certificate(const NjTls *tls)
{
    return tls->client_certificate_requested && tls->client_certificate_loaded;
}

const NjCertificate *
nj_tls_certificate(const NjTls *tls)
{
    return tls->certificate;
}
