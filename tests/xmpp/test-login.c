/* xmpp/login: talks with servers, honest and other.  `got` is what the server says, `sent` what we
 * must have said. */
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
#define OURS                                                                               \
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
    const char *password; /* given at once when asked; NULL: later */
    /* "securing authenticating password binding done(toad@pond.example/x)" */
    GString *told;
    GError *why;
    bool features_seen;
} Talk;

static void
on_step(NjLogin *login, NjLoginStep step, void *owner)
{
    static const char *const names[] = { "securing ", "authenticating ", "binding " };
    (void) login;
    g_string_append(((Talk *) owner)->told, names[step]);
}

static void
on_password(NjLogin *login, void *owner)
{
    Talk *talk = owner;
    g_string_append(talk->told, "password ");
    if (talk->password)
        nj_login_password(login, talk->password);
}

static void
on_done(NjLogin *login, const char *jid, const NjXml *features, void *owner)
{
    Talk *talk = owner;
    (void) login;
    g_string_append_printf(talk->told, "done(%s)", jid);
    talk->features_seen =
        nj_xml_child(features, "bind", "urn:ietf:params:xml:ns:xmpp-bind") != NULL;
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
    .on_step = on_step, .on_password = on_password, .on_bound = on_done, .on_failed = on_failed
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
begin(void **state)
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

    talk->told = g_string_new(NULL);
    *state = talk;
    return 0;
}

static int
end(void **state)
{
    Talk *talk = *state;
    nj_login_free(talk->login);
    nj_stream_free(talk->stream);
    string_transport_drop(talk->transport);
    g_string_free(talk->told, TRUE);
    g_clear_error(&talk->why);
    g_free(talk);
    return 0;
}

static void
got(Talk *talk, const char *text)
{
    string_transport_receive(talk->transport, text);
}

static void
sent(Talk *talk, const char *expected)
{
    g_autofree char *text = string_transport_take(talk->transport);
    if (!same_xml(text, expected))
        fail_msg("%s\nwas sent, not\n%s", text, expected);
}

/* Our header was sent; theirs comes, with these features. */
static void
meet(Talk *talk, const char *features)
{
    g_autofree char *text = string_transport_take(talk->transport);
    g_autofree char *expected =
        g_strdup_printf(OURS, talk->transport->secure ? " from='toad@pond.example'" : "");
    g_autofree char *reply =
        g_strdup_printf("%s<stream:features>%s</stream:features>", HEADER, features);
    assert_string_equal(text, expected);
    got(talk, reply);
}

/* As far as the features of the encrypted stream. */
static void
secure(Talk *talk, const char *features)
{
    string_transport_open(talk->transport);
    meet(talk, STARTTLS);
    sent(talk, STARTTLS);
    got(talk, PROCEED);
    string_transport_turn(talk->transport);
    meet(talk, features);
}

/* As far as the features after a login with PLAIN. */
static void
authenticate(Talk *talk, const char *features)
{
    secure(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    sent(talk, PLAIN_AUTH);
    got(talk, "<success" SASL "/>");
    meet(talk, features);
}

/* What was sent is a request like this; `%s` in it stands for the id, which is returned.  The
 * caller owns it. */
static char *
asked(Talk *talk, const char *format)
{
    const char *condition;
    g_autofree char *text = string_transport_take(talk->transport);
    g_autoptr(NjXml) iq = nj_parser_element(text, -1, &condition);

    assert_non_null(iq);
    char *id = g_strdup(nj_xml_attr(iq, "id"));
    g_auto(GStrv) halves = g_strsplit(format, "%s", 2);
    g_autofree char *expected = g_strjoinv(id, halves);
    if (!same_xml(text, expected))
        fail_msg("%s\nwas sent, not\n%s", text, expected);

    return id;
}

#define ASK_BIND "<iq type='set' id='%s'>" BIND "</iq>"

static void
answer(Talk *talk, const char *type, const char *id, const char *more, const char *inside)
{
    g_autofree char *text =
        g_strdup_printf("<iq type='%s' id='%s' %s>%s</iq>", type, id, more, inside);
    got(talk, text);
}

static void
assert_failed(Talk *talk, NjConnectionError code)
{
    if (!talk->why)
        fail_msg("no failure: %s", talk->told->str);
    assert_true(talk->why->domain == NJ_CONNECTION_ERROR);
    assert_int_equal(talk->why->code, code);
    assert_true(g_str_has_suffix(talk->why->message, ".")
                || g_str_has_suffix(talk->why->message, "”"));
    sent(talk, "</stream:stream>");
}

/* What was sent as base64, and what is sent so.  The caller owns it. */
static char *
said(Talk *talk)
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
got_encoded(Talk *talk, const char *name, const char *message)
{
    g_autofree char *encoded = g_base64_encode((const guchar *) message, strlen(message));
    g_autofree char *text = g_strdup_printf("<%s" SASL ">%s</%s>", name, encoded, name);
    got(talk, text);
}

static void
test_a_login(void **state)
{
    Talk *talk = *state;
    authenticate(talk,
                 BIND "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'><optional/></session>");

    g_autofree char *id = asked(talk, ASK_BIND);
    answer(talk, "result", id, "", "<bind" BIND_NS "><jid>toad@pond.example/x</jid></bind>");
    assert_string_equal(talk->told->str,
                        "securing authenticating password binding done(toad@pond.example/x)");
    assert_true(talk->features_seen);
    assert_string_equal(nj_login_mechanism(talk->login), "PLAIN");
    assert_int_equal(nj_login_scram_rank(talk->login), 0);
    assert_null(talk->why);
}

static void
test_scram(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA256, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==", 4096 };

    talk->transport->end_point = "P";
    secure(
        talk,
        "<mechanisms" SASL "><mechanism>SCRAM-SHA-256-PLUS</mechanism><mechanism>SCRAM-SHA-256</"
        "mechanism><mechanism>PLAIN</mechanism></mechanisms>"
        "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding "
        "type='tls-unique'/><channel-binding type='tls-server-end-point'/></sasl-channel-binding>");

    g_autofree char *client_first = said(talk);
    assert_true(g_str_has_prefix(client_first, "p=tls-server-end-point,,n=toad,r="));

    g_autofree char *server_first = scram_server_first(&server, client_first);
    got_encoded(talk, "challenge", server_first);

    g_autofree char *client_final = said(talk);
    g_autofree char *server_final = scram_server_final(&server, client_first, server_first,
                                                       client_final, "p=tls-server-end-point,,P");
    assert_non_null(server_final);
    got_encoded(talk, "success", server_final);
    meet(talk, BIND);
    assert_string_equal(nj_login_mechanism(talk->login), "SCRAM-SHA-256-PLUS");
    assert_int_equal(nj_login_scram_rank(talk->login), 5);
    assert_true(g_str_has_suffix(talk->told->str, "binding "));
}

static void
test_scram_success_without_proof(void **state)
{
    Talk *talk = *state;
    secure(talk, "<mechanisms" SASL "><mechanism>SCRAM-SHA-1</mechanism></mechanisms>");
    g_free(string_transport_take(talk->transport));
    got(talk, "<success" SASL "/>");
    assert_failed(talk, NJ_CONNECTION_ERROR_PROOF);
}

static void
test_password_later(void **state)
{
    Talk *talk = *state;
    talk->password = NULL;
    secure(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_true(g_str_has_suffix(talk->told->str, "password "));
    sent(talk, "");
    nj_login_password(talk->login, "pencil");
    sent(talk, PLAIN_AUTH);
    nj_login_password(talk->login, "pencil"); /* said twice: sent once */
    sent(talk, "");
}

static void
test_no_password(void **state)
{
    Talk *talk = *state;
    talk->password = NULL;
    secure(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    nj_login_password(talk->login, NULL);
    assert_failed(talk, NJ_CONNECTION_ERROR_PASSWORD);
}

static void
test_external(void **state)
{
    Talk *talk = *state;
    talk->transport->client_certificate = true;
    secure(talk, "<mechanisms" SASL
                 "><mechanism>EXTERNAL</mechanism><mechanism>PLAIN</mechanism></mechanisms>");
    sent(talk, "<auth" SASL " mechanism='EXTERNAL'>=</auth>");
    assert_null(strstr(talk->told->str, "password"));
    got(talk, "<success" SASL "/>");
    meet(talk, BIND);
}

static void
test_direct_tls(void **state)
{
    Talk *talk = *state;
    talk->settings.tls = NJ_TLS_DIRECT;
    talk->transport->secure = true;
    string_transport_open(talk->transport);
    meet(talk, STARTTLS "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    sent(talk, PLAIN_AUTH);
}

static void
test_no_tls_offered(void **state)
{
    Talk *talk = *state;
    string_transport_open(talk->transport);
    meet(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_NO_TLS);
    assert_string_equal(talk->told->str, "securing ");
}

static void
test_tls_refused(void **state)
{
    Talk *talk = *state;
    string_transport_open(talk->transport);
    meet(talk, STARTTLS);
    sent(talk, STARTTLS);
    got(talk, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_failed(talk, NJ_CONNECTION_ERROR_NO_TLS);
}

static void
test_bytes_behind_proceed(void **state)
{
    Talk *talk = *state;
    string_transport_open(talk->transport);
    meet(talk, STARTTLS);
    sent(talk, STARTTLS);
    got(talk, PROCEED HEADER "<stream:features><mechanisms" SASL
                             "><mechanism>PLAIN</mechanism></mechanisms></stream:features>");
    sent(talk, "");
    assert_string_equal(talk->told->str, "securing ");
}

static void
test_without_tls_on_loopback_only(void **state)
{
    Talk *talk = *state;
    talk->settings.tls = NJ_TLS_NONE;
    string_transport_open(talk->transport);
    meet(talk, STARTTLS "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_SETTINGS);

    Talk *home;
    begin((void **) &home);
    nj_login_free(home->login);
    home->settings.tls = NJ_TLS_NONE;
    home->login =
        nj_login_new(home->stream, &home->settings, "toad@pond.example", true, &login_hooks, home);
    string_transport_open(home->transport);
    meet(home, STARTTLS "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    sent(home, PLAIN_AUTH);

    end((void **) &home);
}

static void
test_failures(void **state)
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
        begin((void **) &talk);
        secure(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
        sent(talk, PLAIN_AUTH);
        g_autofree char *text = g_strdup_printf(
            "<failure" SASL "><%s/><text>Go away</text></failure>", rows[i].condition);
        got(talk, text);
        assert_failed(talk, rows[i].code);
        assert_non_null(strstr(talk->why->message, "Go away"));
        /* one wrong password is one attempt, whatever comes now */
        got(talk, "<success" SASL "/>");
        sent(talk, "");
        end((void **) &talk);
    }
}

static void
test_no_mechanism(void **state)
{
    Talk *talk = *state;
    secure(talk, "<mechanisms" SASL "><mechanism>DIGEST-MD5</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_MECHANISM);
    assert_null(strstr(talk->told->str, "password"));
}

static void
test_plain_after_scram(void **state)
{
    Talk *talk = *state;
    talk->settings.scram_seen = 2;
    secure(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
    assert_failed(talk, NJ_CONNECTION_ERROR_MECHANISM);
}

/* What a server says instead of the next step. */
static void
test_out_of_turn(void **state)
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
        begin((void **) &talk);
        secure(talk, "<mechanisms" SASL "><mechanism>PLAIN</mechanism></mechanisms>");
        sent(talk, PLAIN_AUTH);
        got(talk, after_auth[i]);
        assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
        end((void **) &talk);
    }

    static const char *const features[] = { "",
                                            "<mechanisms><mechanism>PLAIN</mechanism></mechanisms>",
                                            BIND };
    for (gsize i = 0; i < G_N_ELEMENTS(features); i++) {
        Talk *talk;
        begin((void **) &talk);
        secure(talk, features[i]);
        assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
        end((void **) &talk);
    }

    Talk *talk;
    begin((void **) &talk);
    authenticate(talk, ""); /* nothing to bind */
    assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    end((void **) &talk);
    begin((void **) &talk);
    string_transport_open(talk->transport);
    meet(talk, STARTTLS);
    sent(talk, STARTTLS);

    got(talk, "<success" SASL "/>");
    assert_failed(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    end((void **) &talk);
}

static void
test_resource(void **state)
{
    Talk *talk = *state;
    talk->settings.resource = (char *) "d&sk";
    authenticate(talk, BIND);
    g_autofree char *id = asked(talk, "<iq type='set' id='%s'><bind" BIND_NS
                                      "><resource>d&amp;sk</resource></bind></iq>");
    answer(talk, "error", id, "",
           "<error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>");
    assert_failed(talk, NJ_CONNECTION_ERROR_BIND);
}

static void
test_only_the_answer_counts(void **state)
{
    Talk *talk = *state;
    const char *inside = "<bind" BIND_NS "><jid>toad@pond.example/evil</jid></bind>";

    authenticate(talk, BIND);
    g_autofree char *id = asked(talk, ASK_BIND);
    answer(talk, "result", "another", "", inside);
    answer(talk, "result", id, "from='frog@pond.example'", inside);
    answer(talk, "get", id, "", inside);
    got(talk, "<message><body>early</body></message>");
    assert_null(talk->why);
    answer(talk, "result", id, "from='pond.example'",
           "<bind" BIND_NS "><jid>toad@pond.example/x</jid></bind>");

    assert_true(g_str_has_suffix(talk->told->str, "done(toad@pond.example/x)"));
}

static void
test_addresses_that_can_not_be_ours(void **state)
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
        begin((void **) &talk);
        authenticate(talk, BIND);
        g_autofree char *id = asked(talk, ASK_BIND);
        answer(talk, "result", id, "", insides[i]);
        assert_failed(talk, NJ_CONNECTION_ERROR_BIND);
        end((void **) &talk);
    }
}

static void
test_the_servers_spelling(void **state)
{
    Talk *talk = *state;
    authenticate(talk, BIND);
    g_autofree char *id = asked(talk, ASK_BIND);
    answer(talk, "result", id, "", "<bind" BIND_NS "><jid>ToaD@Pond.Example/x</jid></bind>");
    assert_true(g_str_has_suffix(talk->told->str, "done(ToaD@Pond.Example/x)"));
}

static void
test_session(void **state)
{
    Talk *talk = *state;
    authenticate(talk, BIND "<session xmlns='urn:ietf:params:xml:ns:xmpp-session'/>");

    g_autofree char *id = asked(talk, ASK_BIND);
    answer(talk, "result", id, "", "<bind" BIND_NS "><jid>toad@pond.example/x</jid></bind>");
    assert_null(strstr(talk->told->str, "done"));

    g_autofree char *session = asked(
        talk, "<iq type='set' id='%s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
    answer(talk, "result", session, "", "");
    assert_true(g_str_has_suffix(talk->told->str, "done(toad@pond.example/x)"));
}

static void
test_given_up(void **state)
{
    Talk *talk = *state;
    ScramServer server = { G_CHECKSUM_SHA1, "pencil", "QSXCR+Q6sek8bf92", 100000 };

    secure(talk, "<mechanisms" SASL "><mechanism>SCRAM-SHA-1</mechanism></mechanisms>");
    g_autofree char *client_first = said(talk);
    g_autofree char *server_first = scram_server_first(&server, client_first);
    got_encoded(talk, "challenge", server_first);
    sent(talk, "");                               /* rounds are being counted */
    g_clear_pointer(&talk->login, nj_login_free); /* and nobody waits for them any more */

    for (int i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(5000);
    }

    sent(talk, "");
}

int
main(void)
{
#define TALK(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        TALK(test_a_login),
        TALK(test_scram),
        TALK(test_scram_success_without_proof),
        TALK(test_password_later),
        TALK(test_no_password),
        TALK(test_external),
        TALK(test_direct_tls),
        TALK(test_no_tls_offered),
        TALK(test_tls_refused),
        TALK(test_bytes_behind_proceed),
        TALK(test_without_tls_on_loopback_only),
        cmocka_unit_test(test_failures),
        TALK(test_no_mechanism),
        TALK(test_plain_after_scram),
        cmocka_unit_test(test_out_of_turn),
        TALK(test_resource),
        TALK(test_only_the_answer_counts),
        cmocka_unit_test(test_addresses_that_can_not_be_ours),
        TALK(test_the_servers_spelling),
        TALK(test_session),
        TALK(test_given_up),
    };

    return cmocka_run_group_tests_name("xmpp/login", tests, NULL, NULL);
}
