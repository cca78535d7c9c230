/* xmpp/tls: handshakes over a socket pair with a server of our own, and what is thought of its
 * certificate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificates.h"
#include "xmpp/connection.h"
#include "xmpp/tls.h"

typedef struct {
    char *dir, *ca_file;
    Identity authority;
} Place;

static Place place;

/* One connection: the client is what is tested. */
typedef struct {
    int fds[2];
    NjTlsSettings settings;
    NjTls *client;
    SSL_CTX *context;
    SSL *server;
    GError *error;
    char *alpn, *sni;
} Talk;

static int
take_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *in,
          unsigned length, void *data)
{
    (void) ssl;
    Talk *talk = data;
    talk->alpn = g_strndup((const char *) in + 1, length - 1);
    *out = in + 1;
    *out_length = in[0];
    return SSL_TLSEXT_ERR_OK;
}

static Talk *
talk_new(const Identity *identity, const char *domain)
{
    Talk *talk = g_new0(Talk, 1);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, talk->fds),
                     0);
    talk->settings.domain = domain;
    talk->settings.ca_file = place.ca_file;
    talk->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_alpn_select_cb(talk->context, take_alpn, talk);
    assert_int_equal(SSL_CTX_use_certificate(talk->context, identity->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(talk->context, identity->key), 1);

    return talk;
}

static void
talk_free(Talk *talk)
{
    nj_tls_free(talk->client);
    SSL_free(talk->server);
    SSL_CTX_free(talk->context);
    g_clear_error(&talk->error);
    g_free(talk->alpn);
    g_free(talk->sni);
    close(talk->fds[0]);
    if (talk->fds[1] >= 0)
        close(talk->fds[1]);

    g_free(talk);
}

static NjTlsResult
shake(Talk *talk)
{
    talk->client = nj_tls_new(talk->fds[0], &talk->settings, &talk->error);
    if (!talk->client)
        return NJ_TLS_FAILED;

    talk->server = SSL_new(talk->context);
    SSL_set_fd(talk->server, talk->fds[1]);
    SSL_set_accept_state(talk->server);

    for (int i = 0; i < 20; i++) {
        NjTlsResult result = nj_tls_handshake(talk->client, &talk->error);
        SSL_do_handshake(talk->server);
        if (result != NJ_TLS_WANT_READ && result != NJ_TLS_WANT_WRITE) {
            talk->sni = g_strdup(SSL_get_servername(talk->server, TLSEXT_NAMETYPE_host_name));
            return result;
        }
    }

    fail_msg("the handshake does not end");
    return NJ_TLS_FAILED;
}

static void
assert_refused(Talk *talk, const char *words)
{
    assert_int_equal(shake(talk), NJ_TLS_FAILED);
    assert_true(g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_CERTIFICATE));
    if (!strstr(talk->error->message, words))
        fail_msg("“%s” says nothing of “%s”", talk->error->message, words);
    assert_non_null(strstr(talk->error->message, "/certificate"));
    assert_non_null(nj_tls_certificate(talk->client)->problem);
}

static void
test_good_certificate(void **state)
{
    (void) state;
    Identity pond = make_identity("whoever", "DNS:pond.example,DNS:*.pond.example", 0, 30,
                                  &place.authority, 0, EVP_sha256());
    Talk *talk = talk_new(&pond, "pond.example");
    assert_null(nj_tls_new(talk->fds[0],
                           &(NjTlsSettings){ .domain = "x", .ca_file = "/does/not/exist" },
                           &talk->error));
    assert_true(g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_SETTINGS));
    g_clear_error(&talk->error);

    assert_int_equal(shake(talk), NJ_TLS_DONE);
    assert_string_equal(talk->sni, "pond.example");
    assert_null(talk->alpn);

    const NjCertificate *certificate = nj_tls_certificate(talk->client);
    assert_null(certificate->problem);
    assert_string_equal(certificate->names[0], "pond.example");
    assert_string_equal(certificate->names[1], "*.pond.example");
    assert_string_equal(certificate->protocol, "TLSv1.3");
    assert_int_equal(strlen(certificate->sha256), 64);
    assert_int_equal(strlen(certificate->pin), 7 + 64);
    assert_true(certificate->not_after - certificate->not_before
                > 29 * G_GINT64_CONSTANT(86400000));

    char bytes[32];
    gsize count = 0;
    assert_int_equal(nj_tls_read(talk->client, bytes, sizeof bytes, &count, &talk->error),
                     NJ_TLS_WANT_READ);
    assert_int_equal(SSL_write(talk->server, "hello", 5), 5);
    assert_int_equal(nj_tls_read(talk->client, bytes, 2, &count, &talk->error), NJ_TLS_DONE);
    assert_int_equal(count, 2);
    assert_true(nj_tls_pending(talk->client));
    assert_int_equal(nj_tls_write(talk->client, "frog", 4, &count, &talk->error), NJ_TLS_DONE);

    assert_int_equal(SSL_read(talk->server, bytes, sizeof bytes), 4);
    nj_tls_bye(talk->client);
    assert_int_equal(SSL_read(talk->server, bytes, sizeof bytes), 0);
    assert_int_equal(SSL_get_error(talk->server, 0), SSL_ERROR_ZERO_RETURN);
    talk_free(talk);
    free_identity(&pond);
}

static void
test_names(void **state)
{
    (void) state;
    static const struct {
        const char *names, *domain;
        bool good;
    } rows[] = {
        { "DNS:pond.example", "POND.example", true },
        { "DNS:*.example.org", "pond.example.org", true },
        { "DNS:*.example.org", "example.org", false },
        { "DNS:*.example.org", "a.pond.example.org", false },
        { "DNS:po*.example.org", "pond.example.org", false },
        { "DNS:lake.example", "pond.example", false },
        { "DNS:xn--grn-ioa.example", "xn--grn-ioa.example", true },
        { "otherName:1.3.6.1.5.5.7.8.5;UTF8:pond.example", "pond.example", true },
        /* is Latin-1 here only */
        { "otherName:1.3.6.1.5.5.7.8.5;UTF8:gr\xfcn.example", "xn--grn-ioa.example", true },
        { "otherName:1.3.6.1.5.5.7.8.5;UTF8:toad@pond.example", "pond.example", false },
        { "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-client.pond.example", "pond.example", true },
        { "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpps-client.pond.example", "pond.example", true },
        { "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server.pond.example", "pond.example", false },
        { "IP:127.0.0.1", "127.0.0.1", true },
        { "IP:0:0:0:0:0:0:0:1", "::1", true },
        { "DNS:127.0.0.1", "127.0.0.1", false },
        { "email:toad@pond.example,URI:xmpp:pond.example", "pond.example", false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Identity pond =
            make_identity("pond.example", rows[i].names, 0, 30, &place.authority, 0, EVP_sha256());
        Talk *talk = talk_new(&pond, rows[i].domain);
        if (!rows[i].good)
            assert_refused(talk, strstr(rows[i].names, "email") ? "contains no address"
                                                                : "is for other names");
        else if (shake(talk) != NJ_TLS_DONE)
            fail_msg("%s should do for %s: %s", rows[i].names, rows[i].domain,
                     talk->error->message);
        talk_free(talk);
        free_identity(&pond);
    }

    Identity bare = make_identity("pond.example", NULL, 0, 30, &place.authority, 0, EVP_sha256());
    Talk *talk = talk_new(&bare, "pond.example");
    assert_refused(talk, "contains no address"); /* a common name is no identity */
    talk_free(talk);
    free_identity(&bare);
}

static void
test_bad_chains(void **state)
{
    (void) state;
    Identity stranger = make_identity("stranger", NULL, 0, 30, NULL, 1, EVP_sha256());
    const struct {
        Identity identity;
        const char *words;
    } rows[] = {
        { make_identity("a", "DNS:pond.example", -30, -2, &place.authority, 0, EVP_sha256()),
          "expired on 20" },
        { make_identity("b", "DNS:pond.example", 2, 30, &place.authority, 0, EVP_sha256()),
          "not valid before 20" },
        { make_identity("c", "DNS:pond.example", 0, 30, NULL, 0, EVP_sha256()), "self-signed" },
        { make_identity("d", "DNS:pond.example", 0, 30, &stranger, 0, EVP_sha256()),
          "an authority this machine does not know" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Identity identity = rows[i].identity;
        Talk *talk = talk_new(&identity, "pond.example");
        assert_refused(talk, rows[i].words);
        assert_string_equal(nj_tls_certificate(talk->client)->names[0], "pond.example");
        talk_free(talk);
        free_identity(&identity);
    }

    free_identity(&stranger);
}

static void
test_pins(void **state)
{
    (void) state;
    Identity good =
        make_identity("a", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256());
    Identity odd = make_identity("b", "DNS:lake.example", -30, -2, NULL, 0, EVP_sha256());
    Talk *talk = talk_new(&odd, "pond.example");
    assert_refused(talk, "");

    g_autofree char *pin = g_ascii_strup(nj_tls_certificate(talk->client)->pin, -1);
    talk_free(talk);

    talk = talk_new(&odd, "pond.example");
    talk->settings.pin = pin;
    assert_int_equal(shake(talk), NJ_TLS_DONE);
    assert_true(nj_tls_certificate(talk->client)->pinned);
    assert_non_null(nj_tls_certificate(talk->client)->problem);
    talk_free(talk);

    talk = talk_new(&good, "pond.example");
    talk->settings.pin = pin;

    /* although the authorities would accept it */
    assert_refused(talk, "not the pinned one");
    talk_free(talk);

    talk = talk_new(&odd, "pond.example");
    talk->settings.trust_once = pin;
    assert_int_equal(shake(talk), NJ_TLS_DONE);
    assert_true(nj_tls_certificate(talk->client)->trusted_once);
    assert_false(nj_tls_certificate(talk->client)->pinned);

    NjCertificate *copy = nj_certificate_copy(nj_tls_certificate(talk->client));
    talk_free(talk);
    assert_string_equal(copy->names[0], "lake.example");
    nj_certificate_free(copy);
    free_identity(&good);
    free_identity(&odd);
}

/* What the person trusts need not be the top of a chain. */
static void
test_trusted_in_the_middle(void **state)
{
    (void) state;
    Identity middle = make_identity("Middle", NULL, 0, 30, &place.authority, 1, EVP_sha256());
    const Identity rows[] = {
        make_identity("a", "DNS:pond.example", 0, 30, &middle, 0, EVP_sha256()),
        make_identity("b", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256()),
        make_identity("c", "DNS:pond.example", 0, 30, NULL, 0, EVP_sha256()),
    };
    g_autofree char *file = g_build_filename(place.dir, "middle.pem", NULL),
                    *key = g_build_filename(place.dir, "middle.key", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Identity identity = rows[i];
        save_identity(i ? &identity : &middle, place.dir, "middle");
        Talk *talk = talk_new(&identity, "pond.example");
        talk->settings.ca_file = file;
        assert_int_equal(shake(talk), NJ_TLS_DONE);
        talk_free(talk);
        talk = talk_new(&identity, "lake.example");
        talk->settings.ca_file = file;
        assert_refused(talk, "for other names");
        talk_free(talk);
        free_identity(&identity);
    }

    g_unlink(file);
    g_unlink(key);
    free_identity(&middle);
}

/* The system's authorities come from the directory of hashes. */
static void
test_hash_directory(void **state)
{
    (void) state;
    Identity pond =
        make_identity("a", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256());
    g_autofree char *hashed = g_strdup_printf("%s/%08lx.0", place.dir,
                                              X509_subject_name_hash(place.authority.certificate));
    for (int present = 0; present < 2; present++) {
        if (present)
            assert_int_equal(symlink("ca.pem", hashed), 0);
        g_setenv("SSL_CERT_DIR", place.dir, TRUE);
        Talk *talk = talk_new(&pond, "pond.example");
        talk->settings.ca_file = NULL;
        if (present)
            assert_int_equal(shake(talk), NJ_TLS_DONE);
        else
            assert_refused(talk, "does not know");
        talk_free(talk);
    }

    g_unsetenv("SSL_CERT_DIR");
    g_unlink(hashed);
    free_identity(&pond);
}

static void
test_cut_off(void **state)
{
    (void) state;
    Identity pond =
        make_identity("a", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256());
    char bytes[8];
    gsize count;
    for (int polite = 0; polite < 2; polite++) {
        Talk *talk = talk_new(&pond, "pond.example");
        assert_int_equal(shake(talk), NJ_TLS_DONE);
        if (polite)
            SSL_shutdown(talk->server);
        close(talk->fds[1]);
        talk->fds[1] = -1;
        NjTlsResult result = nj_tls_read(talk->client, bytes, sizeof bytes, &count, &talk->error);
        assert_int_equal(result, polite ? NJ_TLS_ENDED : NJ_TLS_FAILED);
        if (!polite) {
            assert_true(
                g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST));
            g_clear_error(&talk->error);
            assert_int_equal(nj_tls_write(talk->client, "x", 1, &count, &talk->error),
                             NJ_TLS_FAILED);
        }
        talk_free(talk);
    }

    free_identity(&pond);
}

static void
test_no_tls_there(void **state)
{
    (void) state;
    Identity pond =
        make_identity("a", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256());
    Talk *talk = talk_new(&pond, "pond.example");
    const char *page = "HTTP/1.1 400 Bad Request\r\n\r\n";
    assert_true(write(talk->fds[1], page, strlen(page)) > 0);
    assert_int_equal(shake(talk), NJ_TLS_FAILED);
    assert_true(g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TLS));
    assert_non_null(strstr(talk->error->message, "does not speak TLS"));

    assert_null(nj_tls_certificate(talk->client));
    talk_free(talk);

    talk = talk_new(&pond, "pond.example"); /* hangs up in the handshake */
    close(talk->fds[1]);
    talk->fds[1] = -1;
    talk->client = nj_tls_new(talk->fds[0], &talk->settings, &talk->error);
    assert_int_equal(nj_tls_handshake(talk->client, &talk->error), NJ_TLS_FAILED);
    assert_true(g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST));
    talk_free(talk);

    talk = talk_new(&pond, "pond.example");
    SSL_CTX_set_min_proto_version(talk->context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(talk->context, TLS1_1_VERSION);
    SSL_CTX_set_security_level(talk->context, 0);
    assert_int_equal(shake(talk), NJ_TLS_FAILED);
    assert_true(g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TLS));
    assert_non_null(strstr(talk->error->message, "no TLS newer than 1.1"));
    talk_free(talk);
    free_identity(&pond);
}

static void
test_bindings(void **state)
{
    (void) state;
    const struct {
        Identity identity;
        int version;
        guint64 options;
        guint exporter, end_point;
    } rows[] = {
        { make_identity("a", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256()),
          TLS1_3_VERSION, 0, 32, 32 },
        { make_identity("b", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha384()),
          TLS1_2_VERSION, 0, 32, 48 },
        { make_identity("c", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha512()),
          TLS1_2_VERSION, SSL_OP_NO_EXTENDED_MASTER_SECRET, 0, 64 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Identity identity = rows[i].identity;
        Talk *talk = talk_new(&identity, "pond.example");
        SSL_CTX_set_max_proto_version(talk->context, rows[i].version);
        SSL_CTX_set_options(talk->context, rows[i].options);
        GByteArray *value = g_byte_array_new();
        assert_int_equal(shake(talk), NJ_TLS_DONE);
        assert_int_equal(nj_tls_binding(talk->client, "tls-exporter", value), rows[i].exporter > 0);
        assert_int_equal(value->len, rows[i].exporter);
        unsigned char theirs[EVP_MAX_MD_SIZE];
        if (rows[i].exporter) {
            const unsigned char *none = (const unsigned char *) "";
            SSL_export_keying_material(talk->server, theirs, 32, "EXPORTER-Channel-Binding", 24,
                                       none, 0, 1);
            assert_memory_equal(value->data, theirs, 32);
        }
        g_byte_array_set_size(value, 0);
        assert_true(nj_tls_binding(talk->client, "tls-server-end-point", value));
        assert_int_equal(value->len, rows[i].end_point);
        unsigned length;
        X509_digest(identity.certificate,
                    i == 0   ? EVP_sha256()
                    : i == 1 ? EVP_sha384()
                             : EVP_sha512(),
                    theirs, &length);
        assert_memory_equal(value->data, theirs, length);
        assert_false(nj_tls_binding(talk->client, "tls-unique", value));
        g_byte_array_unref(value);
        talk_free(talk);
        free_identity(&identity);
    }

    /* RFC 5929 has SHA-1 raised to SHA-256, and nothing for a signature that has no hash of its
     * own. */
    const EVP_MD *digests[] = { EVP_sha1(), NULL };
    for (int i = 0; i < 2; i++) {
        Identity odd = make_identity("e", "DNS:pond.example", 0, 30, NULL, 0, digests[i]);
        Talk *talk = talk_new(&odd, "pond.example");
        SSL_CTX_set_security_level(talk->context, 0);
        GByteArray *value = g_byte_array_new();
        assert_refused(talk, "");
        g_autofree char *pin = g_strdup(nj_tls_certificate(talk->client)->pin);
        talk_free(talk);
        talk = talk_new(&odd, "pond.example");
        talk->settings.pin = pin;
        assert_int_equal(shake(talk), NJ_TLS_DONE);
        assert_int_equal(nj_tls_binding(talk->client, "tls-server-end-point", value), i == 0);
        assert_int_equal(value->len, i == 0 ? 32 : 0);
        g_byte_array_unref(value);
        talk_free(talk);
        free_identity(&odd);
    }
}

static void
test_direct_and_client_certificate(void **state)
{
    (void) state;
    Identity pond =
        make_identity("a", "DNS:pond.example", 0, 30, &place.authority, 0, EVP_sha256());
    Identity toad = make_identity("toad", "otherName:1.3.6.1.5.5.7.8.5;UTF8:toad@pond.example", 0,
                                  30, &place.authority, 0, EVP_sha256());
    save_identity(&toad, place.dir, "toad");
    save_identity(&pond, place.dir, "pond");

    g_autofree char *cert = g_build_filename(place.dir, "toad.pem", NULL),
                    *key = g_build_filename(place.dir, "toad.key", NULL);
    g_autofree char *other = g_build_filename(place.dir, "pond.key", NULL);
    for (int asks = 0; asks < 2; asks++) {
        Talk *talk = talk_new(&pond, "pond.example");
        talk->settings.direct = true;
        talk->settings.client_cert = cert;
        talk->settings.client_key = key;
        if (asks)
            SSL_CTX_set_verify(talk->context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_load_verify_file(talk->context, place.ca_file);
        assert_int_equal(shake(talk), NJ_TLS_DONE);
        assert_string_equal(talk->alpn, "xmpp-client");
        assert_int_equal(nj_tls_client_certificate(talk->client), asks);
        X509 *seen = SSL_get0_peer_certificate(talk->server);
        assert_int_equal(seen != NULL, asks);
        talk_free(talk);
    }

    Talk *talk = talk_new(&pond, "pond.example");
    talk->settings.client_cert = cert;
    talk->settings.client_key = other;
    assert_int_equal(shake(talk), NJ_TLS_FAILED);
    assert_true(g_error_matches(talk->error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_SETTINGS));
    talk_free(talk);

    /* A server that is not accepted never gets to see who we are. */
    talk = talk_new(&pond, "lake.example");
    talk->settings.client_cert = cert;
    talk->settings.client_key = key;
    SSL_CTX_set_verify(talk->context, SSL_VERIFY_PEER, NULL);
    assert_refused(talk, "other names");
    assert_null(SSL_get0_peer_certificate(talk->server));
    talk_free(talk);
    g_unlink(cert);

    g_unlink(key);
    g_unlink(other);
    free_identity(&toad);
    free_identity(&pond);
}

static int
set_up(void **state)
{
    (void) state;
    signal(SIGPIPE, SIG_IGN);
    place.dir = g_dir_make_tmp("nj-tls-XXXXXX", NULL);
    place.ca_file = g_build_filename(place.dir, "ca.pem", NULL);
    place.authority = make_identity("Test Authority", NULL, 0, 30, NULL, 1, EVP_sha256());
    save_identity(&place.authority, place.dir, "ca");
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    static const char *const files[] = { "ca.pem", "ca.key", "pond.pem" };
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(place.dir, files[i], NULL);
        g_unlink(path);
    }

    g_rmdir(place.dir);
    free_identity(&place.authority);
    g_free(place.ca_file);
    g_free(place.dir);

    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_certificate),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_chains),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_trusted_in_the_middle),
        cmocka_unit_test(test_hash_directory),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_no_tls_there),
        cmocka_unit_test(test_bindings),
        cmocka_unit_test(test_direct_and_client_certificate),
    };
    return cmocka_run_group_tests_name("xmpp/tls", tests, set_up, tear_down);
}
