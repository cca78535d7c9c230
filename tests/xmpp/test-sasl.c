/* xmpp/sasl: which mechanism, its steps, and the servers it does not believe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scram-book.h"
#include "string-transport.h"
#include "xmpp/connection.h"
#include "xmpp/sasl.h"

typedef struct {
    StringTransport *transport;
    NjSaslSettings settings;
    NjSasl *sasl;
    char *response; /* NULL: none yet, or refused */
    GError *error;
    bool answered;
} Talk;

static int
begin(void **state)
{
    Talk *talk = g_new0(Talk, 1);
    talk->transport = string_transport_new();
    talk->transport->secure = true;
    talk->settings = (NjSaslSettings){ .user = "user",
                                       .password = "pencil",
                                       .transport = &talk->transport->base };
    *state = talk;
    return 0;
}

static int
end(void **state)
{
    Talk *talk = *state;
    nj_sasl_free(talk->sasl);
    string_transport_drop(talk->transport);
    g_free(talk->response);
    g_clear_error(&talk->error);
    g_free(talk);
    return 0;
}

static void
on_response(GBytes *response, const GError *error, void *data)
{
    Talk *talk = data;
    g_clear_pointer(&talk->response, g_free);
    g_clear_error(&talk->error);
    talk->answered = true;
    if (error)
        talk->error = g_error_copy(error);
    else
        talk->response =
            g_strndup(g_bytes_get_data(response, NULL) ? g_bytes_get_data(response, NULL) : "",
                      g_bytes_get_size(response));
}

/* The mechanism's name, or NULL. */
static const char *
choose(Talk *talk, const char *offered, const char *bindings)
{
    g_auto(GStrv) names = g_strsplit(offered, " ", -1);
    g_auto(GStrv) types = bindings ? g_strsplit(bindings, " ", -1) : NULL;
    g_clear_pointer(&talk->sasl, nj_sasl_free);
    g_clear_error(&talk->error);
    talk->sasl = nj_sasl_new(&talk->settings, (const char *const *) names,
                             (const char *const *) types, &talk->error);
    assert_true(!talk->sasl == !!talk->error);
    return talk->sasl ? nj_sasl_mechanism(talk->sasl) : NULL;
}

/* What is sent first, with "|" for NUL.  The caller owns it. */
static char *
first(Talk *talk)
{
    gsize length;
    g_autoptr(GBytes) bytes = nj_sasl_first(talk->sasl);
    const char *data = g_bytes_get_data(bytes, &length);
    char *text = g_strndup(data ? data : "", length);
    for (gsize i = 0; i < length; i++)
        text[i] = data[i] ? data[i] : '|';
    return text;
}

static void
challenge(Talk *talk, const char *text)
{
    talk->answered = false;
    nj_sasl_step(talk->sasl, text, strlen(text), on_response, talk);
}

static bool
finished(Talk *talk, const char *text)
{
    g_clear_error(&talk->error);
    return nj_sasl_finish(talk->sasl, text, text ? strlen(text) : 0, &talk->error);
}

static void
assert_code(Talk *talk, NjConnectionError code)
{
    assert_non_null(talk->error);
    assert_true(talk->error->domain == NJ_CONNECTION_ERROR);
    assert_int_equal(talk->error->code, code);
    assert_true(g_str_has_suffix(talk->error->message, ".")
                || g_str_has_suffix(talk->error->message, "”"));
}

#define RFC5802_FIRST "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"

static void
test_rfc5802(void **state)
{
    Talk *talk = *state;
    talk->settings.nonce = "fyko+d2lbbFgONRv9qkxdawL";
    assert_string_equal(choose(talk, "SCRAM-SHA-1", NULL), "SCRAM-SHA-1");

    g_autofree char *message = first(talk);
    assert_string_equal(message, "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL");
    challenge(talk, RFC5802_FIRST);
    assert_string_equal(
        talk->response,
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    assert_true(finished(talk, "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="));
}

static void
test_rfc7677(void **state)
{
    Talk *talk = *state;
    talk->settings.nonce = "rOprNGfwEbeRWgbNEkqO";
    assert_string_equal(choose(talk, "SCRAM-SHA-256 SCRAM-SHA-1", NULL), "SCRAM-SHA-256");

    g_autofree char *message = first(talk);
    assert_string_equal(message, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    challenge(
        talk,
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
    assert_string_equal(talk->response, "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$"
                                        "k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");

    /* it may come as a challenge, too */
    challenge(talk, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    assert_string_equal(talk->response, "");
    assert_true(finished(talk, NULL));
}

static void
test_the_stronger_first(void **state)
{
    Talk *talk = *state;
    assert_string_equal(choose(talk, "PLAIN SCRAM-SHA-1 SCRAM-SHA-512 SCRAM-SHA-256", NULL),
                        "SCRAM-SHA-512");
    assert_int_equal(nj_sasl_rank(talk->sasl), 3);
    assert_string_equal(choose(talk, "PLAIN X-OAUTH2 SCRAM-SHA-1", NULL), "SCRAM-SHA-1");
    assert_string_equal(choose(talk, "EXTERNAL PLAIN", NULL), "PLAIN");
    assert_int_equal(nj_sasl_rank(talk->sasl), 0);
    assert_null(choose(talk, "DIGEST-MD5 ANONYMOUS CRAM-MD5", NULL));
    assert_code(talk, NJ_CONNECTION_ERROR_MECHANISM);

    assert_null(choose(talk, "", NULL));
}

static void
test_plain(void **state)
{
    Talk *talk = *state;
    assert_string_equal(choose(talk, "PLAIN", NULL), "PLAIN");
    g_autofree char *message = first(talk);
    assert_string_equal(message, "|user|pencil");
    assert_true(finished(talk, NULL));
}

static void
test_plain_needs_tls(void **state)
{
    Talk *talk = *state;
    talk->transport->secure = false;
    assert_null(choose(talk, "PLAIN SCRAM-SHA-1", NULL));
    assert_code(talk, NJ_CONNECTION_ERROR_MECHANISM);
    talk->settings.loopback = true;
    assert_string_equal(choose(talk, "PLAIN", NULL), "PLAIN");
}

static void
test_no_plain_after_scram(void **state)
{
    Talk *talk = *state;
    talk->settings.scram_seen = 1;
    assert_null(choose(talk, "PLAIN", NULL));
    assert_code(talk, NJ_CONNECTION_ERROR_MECHANISM);
    assert_non_null(strstr(talk->error->message, "allow-plain"));
    talk->settings.allow_plain = true;
    assert_string_equal(choose(talk, "PLAIN", NULL), "PLAIN");
}

static void
test_external(void **state)
{
    Talk *talk = *state;
    talk->settings.password = NULL;
    assert_null(choose(talk, "EXTERNAL", NULL));
    talk->transport->client_certificate = true;
    assert_string_equal(choose(talk, "EXTERNAL SCRAM-SHA-1", NULL), "EXTERNAL");
    assert_false(nj_sasl_needs_password(talk->sasl));

    g_autofree char *message = first(talk);
    assert_string_equal(message, "");
    assert_true(finished(talk, NULL));
    talk->transport->secure = false;
    assert_null(choose(talk, "EXTERNAL", NULL));
}

static void
test_password_when_needed(void **state)
{
    Talk *talk = *state;
    talk->settings.password = NULL;
    assert_string_equal(choose(talk, "SCRAM-SHA-1", NULL), "SCRAM-SHA-1");
    assert_true(nj_sasl_needs_password(talk->sasl));
    assert_false(nj_sasl_set_password(talk->sasl, "", &talk->error));
    assert_code(talk, NJ_CONNECTION_ERROR_PASSWORD);
    assert_true(nj_sasl_needs_password(talk->sasl));
    assert_true(nj_sasl_set_password(talk->sasl, "pencil", NULL));
    assert_false(nj_sasl_needs_password(talk->sasl));
}

static void
assert_gs2(Talk *talk, const char *offered, const char *bindings, const char *header)
{
    choose(talk, offered, bindings);
    g_autofree char *message = first(talk);
    if (!g_str_has_prefix(message, header))
        fail_msg("%s with %s: %s, not %s", offered, bindings ? bindings : "nothing", message,
                 header);
}

static void
test_channel_binding_is_chosen(void **state)
{
    Talk *talk = *state;
    const char *both = "SCRAM-SHA-256 SCRAM-SHA-256-PLUS";

    talk->transport->exporter = "E";
    talk->transport->end_point = "P";

    /* nothing was announced: no guess */
    assert_gs2(talk, both, NULL, "n,,");
    assert_gs2(talk, both, "tls-server-end-point tls-exporter", "p=tls-exporter,,");
    assert_gs2(talk, both, "tls-server-end-point", "p=tls-server-end-point,,");
    assert_string_equal(nj_sasl_mechanism(talk->sasl), "SCRAM-SHA-256-PLUS");

    /* it can, but not as we can: no "y" */
    assert_gs2(talk, both, "tls-unique", "n,,");

    /* somebody took -PLUS away? the server will know */
    assert_gs2(talk, "SCRAM-SHA-256", "tls-exporter", "y,,");
    talk->transport->exporter = NULL;
    assert_gs2(talk, "SCRAM-SHA-256", NULL, "y,,");

    /* Once bound, always bound, until the person says so; where the server offers no -PLUS at all
     * it is told what we think. */
    talk->settings.scram_seen = 5;
    assert_null(choose(talk, both, NULL));
    assert_code(talk, NJ_CONNECTION_ERROR_MECHANISM);
    assert_non_null(strstr(talk->error->message, "scram-seen"));
    assert_null(choose(talk, both, "tls-unique"));
    assert_gs2(talk, both, "tls-server-end-point", "p=tls-server-end-point,,");
    assert_gs2(talk, "SCRAM-SHA-256", NULL, "y,,");

    talk->settings.scram_seen = 3;
    assert_gs2(talk, both, NULL, "n,,");
    talk->transport->end_point = NULL;
    assert_gs2(talk, "SCRAM-SHA-256", NULL, "n,,");
    assert_null(choose(talk, "SCRAM-SHA-1-PLUS", "tls-exporter"));
}

/* A whole conversation with a server that follows the book. */
static void
converse(Talk *talk, const char *offered, const ScramServer *server, const char *channel)
{
    assert_string_equal(choose(talk, offered, "tls-exporter"), offered);
    g_autofree char *client_first = first(talk);
    g_autofree char *server_first = scram_server_first(server, client_first);
    challenge(talk, server_first);
    while (!talk->answered)
        g_main_context_iteration(NULL, TRUE);

    assert_non_null(talk->response);
    g_autofree char *server_final =
        scram_server_final(server, client_first, server_first, talk->response, channel);
    assert_non_null(server_final);
    assert_true(finished(talk, server_final));
}

static void
test_against_a_server(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA512, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096 };
    converse(talk, "SCRAM-SHA-512", &server, "n,,");
    talk->transport->exporter = "exported";
    converse(talk, "SCRAM-SHA-512-PLUS", &server, "p=tls-exporter,,exported");
    server.type = G_CHECKSUM_SHA1;
    converse(talk, "SCRAM-SHA-1-PLUS", &server, "p=tls-exporter,,exported");
}

static void
test_many_rounds_by_a_worker(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA1, "pencil", "QSXCR+Q6sek8bf92", 4097 };

    converse(talk, "SCRAM-SHA-1", &server, "n,,");
    choose(talk, "SCRAM-SHA-1", NULL);

    g_autofree char *client_first = first(talk);
    server.rounds = 100000;

    g_autofree char *server_first = scram_server_first(&server, client_first);
    challenge(talk, server_first);
    assert_false(talk->answered);
    challenge(talk, server_first); /* impatience is an error, not a second worker */
    assert_null(talk->response);
    assert_code(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    talk->answered = false;
    g_clear_pointer(&talk->sasl, nj_sasl_free);

    gint64 until = g_get_monotonic_time() + 500 * 1000;
    while (g_get_monotonic_time() < until && !talk->answered)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(5000);

    assert_false(talk->answered); /* nobody waits, nobody is told */
}

static void
test_prepared(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA256, "I XIX a b", "QSXCR+Q6sek8bf92", 4096 };

    /* RFC 4013, 3: soft hyphen, IX, ª, no-break space */
    talk->settings.password = "I\u00ad \u2168 \u00aa\u00a0b";
    server.password = "I IX a b";
    converse(talk, "SCRAM-SHA-256", &server, "n,,");
    talk->settings.user = "a=b,c";
    choose(talk, "SCRAM-SHA-256", NULL);

    g_autofree char *message = first(talk);
    assert_true(g_str_has_prefix(message, "n,,n=a=3Db=2Cc,r="));

    static const char *const bad[] = { "a\ab", "\xff", "a\xc2\x85", "\u00ad", "a\u202eb" };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        talk->settings.password = bad[i];
        assert_null(choose(talk, "SCRAM-SHA-256", NULL));
        assert_code(talk, NJ_CONNECTION_ERROR_PASSWORD);
    }

    talk->settings.password = "I \u2168";
    choose(talk, "PLAIN", NULL);

    g_autofree char *plain = first(talk);
    assert_string_equal(plain, "|a=b,c|I \u2168");
}

static void
test_challenges_not_believed(void **state)
{
    Talk *talk = *state;
    static const struct {
        const char *text;
        NjConnectionError code;
    } rows[] = {
        /* not our nonce */
        { "r=fyko,s=QSXCR+Q6sek8bf92,i=4096", NJ_CONNECTION_ERROR_PROTOCOL },
        /* nothing added */
        { "r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096", NJ_CONNECTION_ERROR_PROTOCOL },
        { "r=xfyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096", NJ_CONNECTION_ERROR_PROTOCOL },
        /* must be known, is not */
        { "m=new,r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4096",
          NJ_CONNECTION_ERROR_PROTOCOL },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92", NJ_CONNECTION_ERROR_PROTOCOL },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSX!R+Q6sek8bf92,i=4096", NJ_CONNECTION_ERROR_PROTOCOL },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=,i=4096", NJ_CONNECTION_ERROR_PROTOCOL },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf9,i=4096", NJ_CONNECTION_ERROR_PROTOCOL },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=4095", NJ_CONNECTION_ERROR_MECHANISM },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=1000001",
          NJ_CONNECTION_ERROR_MECHANISM },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=99999999999999999999",
          NJ_CONNECTION_ERROR_MECHANISM },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=-4096", NJ_CONNECTION_ERROR_MECHANISM },
        { "r=fyko+d2lbbFgONRv9qkxdawL3,s=QSXCR+Q6sek8bf92,i=", NJ_CONNECTION_ERROR_MECHANISM },
        { "", NJ_CONNECTION_ERROR_PROTOCOL },
        { ",,,,", NJ_CONNECTION_ERROR_PROTOCOL },
        { "\xff", NJ_CONNECTION_ERROR_PROTOCOL },
    };

    talk->settings.nonce = "fyko+d2lbbFgONRv9qkxdawL";
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        choose(talk, "SCRAM-SHA-1", NULL);
        g_autofree char *message = first(talk);
        challenge(talk, rows[i].text);
        assert_true(talk->answered);
        assert_null(talk->response);
        assert_code(talk, rows[i].code);
    }
}

static void
test_success_without_proof(void **state)
{
    Talk *talk = *state;
    static const struct {
        const char *text;
        NjConnectionError code;
    } rows[] = {
        { NULL, NJ_CONNECTION_ERROR_PROOF },
        { "", NJ_CONNECTION_ERROR_PROOF },
        { "v=rmF9pqV8S7suAoZWja4dJRkFsKU=", NJ_CONNECTION_ERROR_PROOF },
        /* the same bytes, but no base64 to the letter */
        { "v=rmF9pqV8S7suAoZWja4dJRkFsKR=", NJ_CONNECTION_ERROR_PROOF },
        { "v=rmF9", NJ_CONNECTION_ERROR_PROOF },
        { "v=", NJ_CONNECTION_ERROR_PROOF },
        { "x=rmF9pqV8S7suAoZWja4dJRkFsKQ=", NJ_CONNECTION_ERROR_PROOF },
        { "e=invalid-proof", NJ_CONNECTION_ERROR_PASSWORD },
        { "e=other-error", NJ_CONNECTION_ERROR_ACCOUNT },
    };

    talk->settings.nonce = "fyko+d2lbbFgONRv9qkxdawL";
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        choose(talk, "SCRAM-SHA-1", NULL);
        g_autofree char *message = first(talk);
        challenge(talk, RFC5802_FIRST);
        assert_non_null(talk->response);
        assert_false(finished(talk, rows[i].text));
        assert_code(talk, rows[i].code);
    }

    choose(talk, "SCRAM-SHA-1", NULL); /* success before anything was proved */
    g_autofree char *message = first(talk);
    assert_false(finished(talk, NULL));
    assert_code(talk, NJ_CONNECTION_ERROR_PROOF);
    assert_false(finished(talk, "v=AAAA"));
}

int
main(void)
{
#define TALK(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        TALK(test_rfc5802),
        TALK(test_rfc7677),
        TALK(test_the_stronger_first),
        TALK(test_plain),
        TALK(test_plain_needs_tls),
        TALK(test_no_plain_after_scram),
        TALK(test_external),
        TALK(test_password_when_needed),
        TALK(test_channel_binding_is_chosen),
        TALK(test_against_a_server),
        TALK(test_many_rounds_by_a_worker),
        TALK(test_prepared),
        TALK(test_challenges_not_believed),
        TALK(test_success_without_proof),
    };

    return cmocka_run_group_tests_name("xmpp/sasl", tests, NULL, NULL);
}
