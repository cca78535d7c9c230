/* xmpp/login: a login whose server is made of strings. receive() passes text of the server to the
 * login; assert_sent() checks what the login has sent since the last check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scram-book.h"
#include "string-transport.h"
#include "xmpp/connection.h"
#include "xmpp/login.h"
#include "xmpp/parser.h"

#define HEADER                                                                       \
    "<?xml version='1.0'?><stream:stream id='s1' from='pond.example' version='1.0' " \
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
#define OUR_HEADER                                                                         \
    "<?xml version='1.0'?><stream:stream to='pond.example'%s version='1.0' xml:lang='en' " \
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

#define STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define SASL " xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
#define PLAIN_AUTH "<auth" SASL " mechanism='PLAIN'>AHRvYWQAcGVuY2ls</auth>"
#define BIND_NS " xmlns='urn:ietf:params:xml:ns:xmpp-bind'"
#define BIND "<bind" BIND_NS "/>"

typedef struct {
    StringTransport *transport;
    NjStream *stream;
    NjLogin *login;
    NjAccountSettings settings;
    const char *password; /* for on_password; NULL: the test gives it later */
    /* the hooks that were called: "securing authenticating password binding bound(…)" */
    GString *events;
    GError *why;
    bool features_seen;
} Talk;

static void
on_step(NjLogin *login, NjLoginStep step, void *owner)
{
    static const char *const names[] = { "securing ", "authenticating ", "binding " };
    (void) login;
    g_string_append(((Talk *) owner)->events, names[step]);
}

static void
on_password(NjLogin *login, void *owner)
{
    Talk *talk = owner;
    g_string_append(talk->events, "password ");
    if (talk->password)
        nj_login_password(login, talk->password);
}

static void
on_bound(NjLogin *login, const char *jid, const NjXml *features, void *owner)
{
    Talk *talk = owner;
    (void) login;
    g_string_append_printf(talk->events, "bound(%s)", jid);
    talk->features_seen = nj_xml_child(features, "bind", "urn:ietf:params:xml:ns:xmpp-bind");
}

static void
on_failed(NjLogin *login, const GError *why, void *owner)
{
    Talk *talk = owner;
    (void) login;
    assert_null(talk->why);
    talk->why = g_error_copy(why);
    nj_stream_close(talk->stream);
}

static const NjLoginHooks login_hooks = {
    .on_step = on_step, .on_password = on_password, .on_bound = on_bound, .on_failed = on_failed
};

static void
on_open(NjStream *stream, void *owner)
{
    (void) stream;
    nj_login_start(((Talk *) owner)->login);
}

static void
on_features(NjStream *stream, NjXml *features, void *owner)
{
    (void) stream;
    nj_login_features(((Talk *) owner)->login, features);
}

static void
on_stanza(NjStream *stream, NjXml *stanza, void *owner)
{
    (void) stream;
    nj_login_stanza(((Talk *) owner)->login, stanza);
}

static void
on_secured(NjStream *stream, void *owner)
{
    (void) stream;
    nj_login_secured(((Talk *) owner)->login);
}

static void
on_closed(NjStream *stream, const GError *why, void *owner)
{
    (void) stream;
    (void) why;
    (void) owner;
}

static const NjStreamHooks stream_hooks = {
    .on_open = on_open,
    .on_features = on_features,
    .on_stanza = on_stanza,
    .on_secured = on_secured,
    .on_closed = on_closed,
};

static int
set_up(void **state)
{
    Talk *talk = g_new0(Talk, 1);
    talk->transport = string_transport_new();
    talk->stream = nj_stream_new(&talk->transport->base, &stream_hooks, talk);
    talk->settings = (NjAccountSettings){ .name = (char *) "pond",
                                          .address = (char *) "toad@pond.example",
                                          .tls = NJ_TLS_STARTTLS };
    talk->login =
        nj_login_new(talk->stream, &talk->settings, "toad@pond.example", false, &login_hooks, talk);
    talk->password = "pencil";

    talk->events = g_string_new(NULL);
    *state = talk;
    return 0;
}

static int
tear_down(void **state)
{
    Talk *talk = *state;
    nj_login_free(talk->login);
    nj_stream_free(talk->stream);
    string_transport_drop(talk->transport);
    g_string_free(talk->events, TRUE);
    g_clear_error(&talk->why);
    g_free(talk);
    return 0;
}

static void
receive(Talk *talk, const char *text)
{
    string_transport_receive(talk->transport, text);
}

static void
assert_sent(Talk *talk, const char *expected)
{
    g_autofree char *text = string_transport_take(talk->transport);
    if (!same_xml(text, expected))
        fail_msg("%s\nwas sent instead of\n%s", text, expected);
}

/* Checks our header, and receives the server's header and these features. */
static void
exchange_headers(Talk *talk, const char *features)
{
    g_autofree char *text = string_transport_take(talk->transport);
    g_autofree char *expected =
        g_strdup_printf(OUR_HEADER, talk->transport->secure ? " from='toad@pond.example'" : "");
    g_autofree char *reply =
        g_strdup_printf("%s<stream:features>%s</stream:features>", HEADER, features);
    assert_string_equal(text, expected);
    receive(talk, reply);
}

/* Goes as far as the features of the encrypted stream. */
static void
start_tls(Talk *talk, const char *features)
{
    string_transport_open(talk->transport);
    exchange_headers(talk, STARTTLS);
    assert_sent(talk, STARTTLS);
    receive(talk, PROCEED);
    string_transport_turn(talk->transport);
    exchange_headers(talk, features);
}

/* Goes as far as the features after authentication with PLAIN. */
static void
log_in(Talk *talk, const char *features)
{
    start_tls(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_sent(talk, PLAIN_AUTH);
    receive(talk, "<success" SASL "/>");
    exchange_headers(talk, features);
}

/* Checks that a request like this was sent; `%s` in it stands for the id. Returns the id, which the
 * caller owns. */
static char *
assert_request(Talk *talk, const char *format)
{
    const char *condition;
    g_autofree char *text = string_transport_take(talk->transport);
    g_autoptr(NjXml) iq = nj_parser_element(text, -1, &condition);

    assert_non_null(iq);
    char *id = g_strdup(nj_xml_attr(iq, "id"));
    g_auto(GStrv) halves = g_strsplit(format, "%s", 2);
    g_autofree char *expected = g_strjoinv(id, halves);
    if (!same_xml(text, expected))
        fail_msg("%s\nwas sent instead of\n%s", text, expected);

    return id;
}

#define BIND_REQUEST "<iq type='set' id='%s'>" BIND "</iq>"

static void
respond(Talk *talk, const char *type, const char *id, const char *more, const char *inside)
{
    g_autofree char *text =
        g_strdup_printf("<iq type='%s' id='%s' %s>%s</iq>", type, id, more, inside);
    receive(talk, text);
}

static void
assert_failed(Talk *talk, NjConnectionError code)
{
    if (!talk->why)
        fail_msg("no failure: %s", talk->events->str);
    assert_true(talk->why->domain == NJ_CONNECTION_ERROR);
    assert_int_equal(talk->why->code, code);
    assert_true(g_str_has_suffix(talk->why->message, ".")
                || g_str_has_suffix(talk->why->message, "”"));
    assert_sent(talk, "</stream:stream>");
}

/* Returns the text that was sent in base64; the caller owns it. */
static char *
take_sasl_text(Talk *talk)
{
    const char *condition;
    gsize length;
    g_autofree char *text = string_transport_take(talk->transport);
    g_autoptr(NjXml) xml = nj_parser_element(text, -1, &condition);
    assert_non_null(xml);
    g_autofree char *encoded = nj_xml_text(xml);
    g_autofree guchar *bytes = g_base64_decode(encoded, &length);
    return g_strndup((const char *) bytes, length);
}

static void
receive_sasl(Talk *talk, const char *name, const char *message)
{
    g_autofree char *encoded = g_base64_encode((const guchar *) message, strlen(message));
    g_autofree char *text = g_strdup_printf("<%s" SASL ">%s</%s>", name, encoded, name);
    receive(talk, text);
}

static void
test_login_binds_resource(void **state)
{
    Talk *talk = *state;
    log_in(talk, BIND "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>");

    g_autofree char *id = assert_request(talk, BIND_REQUEST);
    respond(talk, "result", id, "", "<bind" BIND_NS "><jid>toad@pond.example/x</jid></bind>");
    assert_string_equal(talk->events->str,
                        "securing authenticating password binding bound(toad@pond.example/x)");
    assert_true(talk->features_seen);
    assert_string_equal(nj_login_mechanism(talk->login), "PLAIN");
    assert_int_equal(nj_login_scram_rank(talk->login), 0);
    assert_null(talk->why);
}

static void
test_scram_plus_binds_channel(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA256, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096 };

    talk->transport->end_point = "P";
    start_tls(
        talk,
        "<mechanisms" SASL "><mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-256</"
        "mechanism><mechanism>PLAIN</mechanism></mechanisms>"
        "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding "
        "type='tls-unique'/><channel-binding type='tls-server-end-point'/></sasl-channel-binding>");

    g_autofree char *client_first = take_sasl_text(talk);
    assert_true(g_str_has_prefix(client_first, "p=tls-server-end-point,,n=toad,r="));

    g_autofree char *server_first = scram_server_first(&server, client_first);
    receive_sasl(talk, "challenge", server_first);

    g_autofree char *client_final = take_sasl_text(talk);
    g_autofree char *server_final = scram_server_final(&server, client_first, server_first,
                                                       client_final, "p=tls-server-end-point,,P");
    assert_non_null(server_final);
    receive_sasl(talk, "success", server_final);
    exchange_headers(talk, BIND);
    assert_string_equal(nj_login_mechanism(talk->login), "SCRAM-SHA-256-PLUS");
    assert_int_equal(nj_login_scram_rank(talk->login), 5);
    assert_true(g_str_has_suffix(talk->events->str, "binding "));
}

static void
test_success_without_scram_proof_fails(void **state)
{
    Talk *talk = *state;
    start_tls(talk, "<mechanisms" SASL "><mechanism>SCRAM-SHA-1</mechanism></mechanisms>");
    g_free(string_transport_take(talk->transport));
    receive(talk, "<success" SASL "/>");
    assert_failed(talk, NJ_CONNECTION_ERROR_PROOF);
}

static void
test_late_password_is_sent_once(void **state)
{
    Talk *talk = *state;
    talk->password = NULL;
    start_tls(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_true(g_str_has_suffix(talk->events->str, "password "));
    assert_sent(talk, "");
    nj_login_password(talk->login, "pencil");
    assert_sent(talk, PLAIN_AUTH);
    nj_login_password(talk->login, "pencil"); /* the second call is ignored */
    assert_sent(talk, "");
}

static void
test_missing_password_fails(void **state)
{
    Talk *talk = *state;
    talk->password = NULL;
    start_tls(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    nj_login_password(talk->login, NULL);
    assert_failed(talk, NJ_CONNECTION_ERROR_PASSWORD);
}

static void
test_external_sends_no_password(void **state)
{
    Talk *talk = *state;
    talk->transport->client_certificate = true;
    start_tls(talk, "<mechanisms" SASL
                    "><mechanism>EXTERNAL</mechanism><mechanism>PLAIN</mechanism></mechanisms>");
    assert_sent(talk, "<auth" SASL " mechanism='EXTERNAL'>=</auth>");
    assert_null(strstr(talk->events->str, "password"));
    receive(talk, "<success" SASL "/>");
    exchange_headers(talk, BIND);
}

static void
test_direct_tls_skips_starttls(void **state)
{
    Talk *talk = *state;
    talk->settings.tls = NJ_TLS_DIRECT;
    talk->transport->secure = true;
    string_transport_open(talk->transport);
    exchange_headers(talk,
                     STARTTLS "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_sent(talk, PLAIN_AUTH);
}

static void
test_missing_starttls_fails(void **state)
{
    Talk *talk = *state;
    string_transport_open(talk->transport);
    exchange_headers(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_NO_TLS);
    assert_string_equal(talk->events->str, "securing ");
}

static void
test_refused_starttls_fails(void **state)
{
    Talk *talk = *state;
    string_transport_open(talk->transport);
    exchange_headers(talk, STARTTLS);
    assert_sent(talk, STARTTLS);
    receive(talk, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_failed(talk, NJ_CONNECTION_ERROR_NO_TLS);
}

static void
test_bytes_behind_proceed_are_dropped(void **state)
{
    Talk *talk = *state;
    string_transport_open(talk->transport);
    exchange_headers(talk, STARTTLS);
    assert_sent(talk, STARTTLS);
    receive(talk, PROCEED HEADER "<stream:features><mechanisms" SASL
                                 "><mechanism>PLAIN</mechanism></mechanisms></stream:features>");
    assert_sent(talk, "");
    assert_string_equal(talk->events->str, "securing ");
}

static void
test_no_tls_needs_loopback(void **state)
{
    Talk *talk = *state;
    talk->settings.tls = NJ_TLS_NONE;
    string_transport_open(talk->transport);
    exchange_headers(talk,
                     STARTTLS "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_SETTINGS);

    Talk *home;
    set_up((void **) &home);
    nj_login_free(home->login);
    home->settings.tls = NJ_TLS_NONE;
    home->login =
        nj_login_new(home->stream, &home->settings, "toad@pond.example", true, &login_hooks, home);
    string_transport_open(home->transport);
    exchange_headers(home,
                     STARTTLS "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_sent(home, PLAIN_AUTH);

    tear_down((void **) &home);
}

static void
test_sasl_failures_have_codes(void **state)
{
    static const struct {
        const char *condition;
        NjConnectionError code;
    } rows[] = {
        { "not-authorized", NJ_CONNECTION_ERROR_PASSWORD },
        { "account-disabled", NJ_CONNECTION_ERROR_ACCOUNT },
        { "credentials-expired", NJ_CONNECTION_ERROR_ACCOUNT },
        { "temporary-auth-failure", NJ_CONNECTION_ERROR_SHUTDOWN },
        { "aborted", NJ_CONNECTION_ERROR_SHUTDOWN },
        { "mechanism-too-weak", NJ_CONNECTION_ERROR_MECHANISM },
        { "made-up", NJ_CONNECTION_ERROR_ACCOUNT },
    };

    (void) state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Talk *talk;
        set_up((void **) &talk);
        start_tls(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
        assert_sent(talk, PLAIN_AUTH);
        g_autofree char *text = g_strdup_printf(
            "<failure" SASL "><%s/><text>Go away</text></failure>", rows[i].condition);
        receive(talk, text);
        assert_failed(talk, rows[i].code);
        assert_non_null(strstr(talk->why->message, "Go away"));
        /* the password is not sent again, whatever the server sends */
        receive(talk, "<success" SASL "/>");
        assert_sent(talk, "");
        tear_down((void **) &talk);
    }
}

static void
test_unknown_mechanism_fails(void **state)
{
    Talk *talk = *state;
    start_tls(talk, "<mechanisms" SASL "><mechanism>DIGEST-MD5</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_MECHANISM);
    assert_null(strstr(talk->events->str, "password"));
}

static void
test_plain_after_scram_fails(void **state)
{
    Talk *talk = *state;
    talk->settings.scram_seen = 2;
    start_tls(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_MECHANISM);
}

/* The server sends another element than the next step requires. */
static void
test_unexpected_element_fails(void **state)
{
    static const char *const after_auth[] = {
        "<message/>",
        "<challenge xmlns='urn:other'/>",
        "<challenge" SASL ">!!!</challenge>",
        "<challenge" SASL ">YWJj</challenge>",
        "<success xmlns='jabber:client'/>",
        PROCEED,
        "<stream:features/>",
        "<iq type='result' id='1'/>",
    };
    (void) state;

    for (gsize i = 0; i < G_N_ELEMENTS(after_auth); i++) {
        Talk *talk;
        set_up((void **) &talk);
        start_tls(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
        assert_sent(talk, PLAIN_AUTH);
        receive(talk, after_auth[i]);
        assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
        tear_down((void **) &talk);
    }

    static const char *const features[] = { "",
                                            "<mechanisms><mechanism>PLAIN</mechanism></mechanisms>",
                                            BIND };
    for (gsize i = 0; i < G_N_ELEMENTS(features); i++) {
        Talk *talk;
        set_up((void **) &talk);
        start_tls(talk, features[i]);
        assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
        tear_down((void **) &talk);
    }

    Talk *talk;
    set_up((void **) &talk);
    log_in(talk, ""); /* <bind/> is not offered */
    assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    tear_down((void **) &talk);
    set_up((void **) &talk);
    string_transport_open(talk->transport);
    exchange_headers(talk, STARTTLS);
    assert_sent(talk, STARTTLS);

    receive(talk, "<success" SASL "/>");
    assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    tear_down((void **) &talk);
}

static void
test_resource_conflict_fails(void **state)
{
    Talk *talk = *state;
    talk->settings.resource = (char *) "d&sk";
    log_in(talk, BIND);
    g_autofree char *id = assert_request(talk, "<iq type='set' id='%s'><bind" BIND_NS
                                               "><resource>d&amp;sk</resource></bind></iq>");
    respond(talk, "error", id, "",
            "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
    assert_failed(talk, NJ_CONNECTION_ERROR_BIND);
}

static void
test_foreign_bind_response_is_ignored(void **state)
{
    Talk *talk = *state;
    const char *inside = "<bind" BIND_NS "><jid>toad@pond.example/evil</jid></bind>";

    log_in(talk, BIND);
    g_autofree char *id = assert_request(talk, BIND_REQUEST);
    respond(talk, "result", "another", "", inside);
    respond(talk, "result", id, "from='frog@pond.example'", inside);
    respond(talk, "get", id, "", inside);
    receive(talk, "<message><body>early</body></message>");
    assert_null(talk->why);
    respond(talk, "result", id, "from='pond.example'",
            "<bind" BIND_NS "><jid>toad@pond.example/x</jid></bind>");

    assert_true(g_str_has_suffix(talk->events->str, "bound(toad@pond.example/x)"));
}

static void
test_foreign_bound_address_fails(void **state)
{
    static const char *const insides[] = {
        "",
        "<bind" BIND_NS "/>",
        "<bind" BIND_NS "><jid/></bind>",
        "<bind" BIND_NS "><jid>toad@pond.example</jid></bind>",
        "<bind" BIND_NS "><jid>toad@swamp.example/x</jid></bind>",
        "<bind" BIND_NS "><jid>@/</jid></bind>",
        "<bind><jid>toad@pond.example/x</jid></bind>",
        "<bind" BIND_NS "><jid>toad@pond.example/a\nb</jid></bind>",
    };
    (void) state;

    for (gsize i = 0; i < G_N_ELEMENTS(insides); i++) {
        Talk *talk;
        set_up((void **) &talk);
        log_in(talk, BIND);
        g_autofree char *id = assert_request(talk, BIND_REQUEST);
        respond(talk, "result", id, "", insides[i]);
        assert_failed(talk, NJ_CONNECTION_ERROR_BIND);
        tear_down((void **) &talk);
    }
}

static void
test_server_spelling_of_address_is_kept(void **state)
{
    Talk *talk = *state;
    log_in(talk, BIND);
    g_autofree char *id = assert_request(talk, BIND_REQUEST);
    respond(talk, "result", id, "", "<bind" BIND_NS "><jid>ToaD@Pond.Example/x</jid></bind>");
    assert_true(g_str_has_suffix(talk->events->str, "bound(ToaD@Pond.Example/x)"));
}

static void
test_required_session_is_requested(void **state)
{
    Talk *talk = *state;
    log_in(talk, BIND "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>");

    g_autofree char *id = assert_request(talk, BIND_REQUEST);
    respond(talk, "result", id, "", "<bind" BIND_NS "><jid>toad@pond.example/x</jid></bind>");
    assert_null(strstr(talk->events->str, "bound"));

    g_autofree char *session = assert_request(
        talk, "<iq type='set' id='%s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
    respond(talk, "result", session, "", "");
    assert_true(g_str_has_suffix(talk->events->str, "bound(toad@pond.example/x)"));
}

static void
test_freed_login_ignores_scram_result(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA1, "pencil", "QSXCR+Q6sek8bf92", 100000 };

    start_tls(talk, "<mechanisms" SASL "><mechanism>SCRAM-SHA-1</mechanism></mechanisms>");
    g_autofree char *client_first = take_sasl_text(talk);
    g_autofree char *server_first = scram_server_first(&server, client_first);
    receive_sasl(talk, "challenge", server_first);
    assert_sent(talk, ""); /* SCRAM is hashing in a worker thread */
    g_clear_pointer(&talk->login, nj_login_free);

    for (int i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(5000);
    }

    assert_sent(talk, "");
}

int
main(void)
{
#define TALK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TALK(test_login_binds_resource),
        TALK(test_scram_plus_binds_channel),
        TALK(test_success_without_scram_proof_fails),
        TALK(test_late_password_is_sent_once),
        TALK(test_missing_password_fails),
        TALK(test_external_sends_no_password),
        TALK(test_direct_tls_skips_starttls),
        TALK(test_missing_starttls_fails),
        TALK(test_refused_starttls_fails),
        TALK(test_bytes_behind_proceed_are_dropped),
        TALK(test_no_tls_needs_loopback),
        cmocka_unit_test(test_sasl_failures_have_codes),
        TALK(test_unknown_mechanism_fails),
        TALK(test_plain_after_scram_fails),
        cmocka_unit_test(test_unexpected_element_fails),
        TALK(test_resource_conflict_fails),
        TALK(test_foreign_bind_response_is_ignored),
        cmocka_unit_test(test_foreign_bound_address_fails),
        TALK(test_server_spelling_of_address_is_kept),
        TALK(test_required_session_is_requested),
        TALK(test_freed_login_ignores_scram_result),
    };

    return cmocka_run_group_tests_name("xmpp/login", tests, NULL, NULL);
}
