/* xmpp/stream: a stream whose server is made of strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "string-transport.h"
#include "xmpp/connection.h"
#include "xmpp/stream.h"

#define HEADER                                                                       \
    "<?xml version='1.0'?><stream:stream id='s1' from='pond.example' version='1.0' " \
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
#define OUR_HEADER                                                                       \
    "<?xml version='1.0'?><stream:stream to='pond.example' version='1.0' xml:lang='en' " \
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

typedef struct {
    StringTransport *transport;
    NjStream *stream;
    GString *events; /* the hooks that were called: "open features message closed" */
    GError *why;
    bool free_in_hook, start_tls_in_hook, restart_in_hook, close_in_hook;
} Talk;

static void
on_open(NjStream *stream, void *owner)
{
    Talk *talk = owner;
    g_string_append(talk->events, "open ");
    nj_stream_start(stream, "pond.example", NULL);
}

static void
on_features(NjStream *stream, NjXml *features, void *owner)
{
    Talk *talk = owner;
    (void) stream;
    assert_true(nj_xml_is(features, "features", NJ_NS_STREAM));
    g_string_append(talk->events, "features ");
}

static void
on_stanza(NjStream *stream, NjXml *stanza, void *owner)
{
    Talk *talk = owner;
    g_string_append_printf(talk->events, "%s ", nj_xml_name(stanza));
    if (talk->free_in_hook)
        g_clear_pointer(&talk->stream, nj_stream_free);
    else if (talk->start_tls_in_hook)
        nj_stream_start_tls(stream);
    else if (talk->restart_in_hook)
        nj_stream_start(stream, "pond.example", "toad@pond.example");
    else if (talk->close_in_hook)
        nj_stream_close(stream);
}

static void
on_secured(NjStream *stream, void *owner)
{
    Talk *talk = owner;
    g_string_append(talk->events, "secured ");
    talk->start_tls_in_hook = false;
    nj_stream_start(stream, "pond.example", "toad@pond.example");
}

static void
on_closed(NjStream *stream, const GError *why, void *owner)
{
    Talk *talk = owner;
    (void) stream;
    g_string_append(talk->events, "closed");
    talk->why = why ? g_error_copy(why) : NULL;
}

static const NjStreamHooks hooks = {
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
    talk->stream = nj_stream_new(&talk->transport->base, &hooks, talk);
    talk->events = g_string_new(NULL);
    *state = talk;
    return 0;
}

static int
tear_down(void **state)
{
    Talk *talk = *state;
    nj_stream_free(talk->stream);
    assert_true(talk->transport->freed);
    string_transport_drop(talk->transport);
    g_string_free(talk->events, TRUE);
    g_clear_error(&talk->why);
    g_free(talk);
    return 0;
}

static void
assert_sent(Talk *talk, const char *expected)
{
    g_autofree char *sent = string_transport_take(talk->transport);
    assert_string_equal(sent, expected);
}

/* Opens the transport, checks our header, and receives the server's header with what follows it. */
static void
exchange_headers(Talk *talk, const char *received)
{
    string_transport_open(talk->transport);
    assert_sent(talk, OUR_HEADER);
    string_transport_receive(talk->transport, received);
}

static void
assert_ended(Talk *talk, NjConnectionError code)
{
    assert_true(talk->transport->closing);
    string_transport_turn(talk->transport);
    assert_true(g_str_has_suffix(talk->events->str, "closed"));
    assert_non_null(talk->why);
    assert_true(talk->why->domain == NJ_CONNECTION_ERROR);
    assert_int_equal(talk->why->code, code);
    assert_true(g_str_has_suffix(talk->why->message, ".")
                || g_str_has_suffix(talk->why->message, "”"));
}

static void
test_stanzas_go_both_ways(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk, HEADER "<stream:features/><message/> ");
    assert_string_equal(talk->events->str, "open features message ");
    assert_string_equal(nj_stream_id(talk->stream), "s1");
    assert_string_equal(nj_stream_from(talk->stream), "pond.example");
    assert_true(nj_stream_last_byte_us(talk->stream) > 0);
    assert_true(nj_stream_send(talk->stream, nj_xml_new("r", "urn:xmpp:sm:3")));
    assert_sent(talk, "<r xmlns=\"urn:xmpp:sm:3\"/>");
    nj_stream_pause(talk->stream, true);

    assert_true(talk->transport->paused);
}

static void
test_close_waits_for_server(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk, HEADER "<stream:features/>");
    nj_stream_close(talk->stream);
    assert_sent(talk, "</stream:stream>");
    assert_false(nj_stream_send(talk->stream, nj_xml_new("presence", NULL)));
    assert_sent(talk, ""); /* nothing is sent behind </stream:stream> */
    assert_false(talk->transport->closing);
    string_transport_receive(talk->transport, "<message/></stream:stream>");
    assert_true(talk->transport->closing);

    string_transport_turn(talk->transport);

    /* the stanza before the server's </stream:stream> was delivered */
    assert_string_equal(talk->events->str, "open features message closed");
    assert_null(talk->why);
    assert_sent(talk, "");
}

static void
test_close_times_out_without_answer(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk, HEADER);

    gint64 before = g_get_monotonic_time();
    nj_stream_close(talk->stream);
    while (!talk->transport->closing)
        g_main_context_iteration(NULL, TRUE);

    gint64 waited = g_get_monotonic_time() - before;
    assert_true(waited > 1900 * 1000 && waited < 4000 * 1000);
    assert_false(talk->transport->flushed);
    string_transport_turn(talk->transport);
    assert_null(talk->why);
}

static void
test_close_before_start_sends_nothing(void **state)
{
    Talk *talk = *state;
    nj_stream_close(talk->stream);
    assert_sent(talk, "");
    string_transport_turn(talk->transport);
    assert_string_equal(talk->events->str, "closed");
    assert_null(talk->why);
}

static void
test_close_of_server_is_answered(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk, HEADER "</stream:stream>");
    assert_sent(talk, "</stream:stream>");
    assert_ended(talk, NJ_CONNECTION_ERROR_LOST);
}

static void
test_lost_transport_reports_its_error(void **state)
{
    Talk *talk = *state;
    g_autoptr(GError) why =
        g_error_new_literal(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT, "It took too long.");
    exchange_headers(talk, HEADER);
    string_transport_lose(talk->transport, why);
    assert_int_equal(talk->why->code, NJ_CONNECTION_ERROR_TIMEOUT);
}

static void
test_stream_errors_have_codes(void **state)
{
    static const struct {
        const char *condition;
        NjConnectionError code;
    } rows[] = {
        { "conflict", NJ_CONNECTION_ERROR_CONFLICT },
        { "host-unknown", NJ_CONNECTION_ERROR_HOST_UNKNOWN },
        { "host-gone", NJ_CONNECTION_ERROR_HOST_UNKNOWN },
        { "policy-violation", NJ_CONNECTION_ERROR_POLICY },
        { "system-shutdown", NJ_CONNECTION_ERROR_SHUTDOWN },
        { "reset", NJ_CONNECTION_ERROR_SHUTDOWN },
        { "connection-timeout", NJ_CONNECTION_ERROR_LOST },
        { "undefined-condition", NJ_CONNECTION_ERROR_STREAM },
        { "made-up-by-the-server", NJ_CONNECTION_ERROR_STREAM },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Talk *talk;
        set_up((void **) &talk);
        g_autofree char *text = g_strdup_printf(
            HEADER "<stream:error><%s "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error><message/>",
            rows[i].condition);
        exchange_headers(talk, text);
        assert_sent(talk, "</stream:stream>");
        assert_ended(talk, rows[i].code);
        assert_string_equal(talk->events->str, "open closed");
        tear_down((void **) &talk);
    }

    (void) state;
}

static void
test_text_of_stream_error_is_shown(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk,
                     HEADER "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                            "<text "
                            "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Password\nchanged</text></"
                            "stream:error></stream:stream>");
    assert_ended(talk, NJ_CONNECTION_ERROR_SHUTDOWN);
    assert_true(g_str_has_suffix(talk->why->message, "The server says: “Password changed”"));
}

static void
test_redirect_is_read(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk, HEADER
                     "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'> "
                     "[::1]:9222 </see-other-host></stream:error>");
    assert_ended(talk, NJ_CONNECTION_ERROR_REDIRECTED);
    assert_string_equal(nj_stream_redirect(talk->stream), "[::1]:9222");
}

static void
test_invalid_redirect_is_ignored(void **state)
{
    Talk *talk = *state;
    exchange_headers(talk, HEADER
                     "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a "
                     "b/c</see-other-host></stream:error>");
    assert_ended(talk, NJ_CONNECTION_ERROR_REDIRECTED);
    assert_null(nj_stream_redirect(talk->stream));
}

static void
assert_refusal(const char *received, const char *condition)
{
    Talk *talk;
    set_up((void **) &talk);
    exchange_headers(talk, received);

    g_autofree char *expected = g_strdup_printf(
        "<stream:error><%s "
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
        condition);
    assert_sent(talk, expected);
    assert_true(talk->transport->flushed);
    assert_ended(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    assert_null(strstr(talk->events->str, "message"));
    tear_down((void **) &talk);
}

static void
test_other_protocols_are_refused(void **state)
{
    (void) state;
    assert_refusal("HTTP/1.1 400 Bad Request\r\n\r\n", "not-well-formed");
    assert_refusal("SSH-2.0-OpenSSH_9.2\r\n", "not-well-formed");
    assert_refusal("<?xml version='1.0'?><stream:stream id='s1' xmlns='jabber:client' "
                   "xmlns:stream='http://etherx.jabber.org/streams'><message/>",
                   "unsupported-version");
    assert_refusal("<?xml version='1.0'?><stream:stream version='1.0' xmlns='jabber:client' "
                   "xmlns:stream='urn:other'><message/>",
                   "invalid-namespace");

    assert_refusal("<!DOCTYPE html><html><message/>", "restricted-xml");
}

static void
test_invalid_stanzas_are_refused(void **state)
{
    (void) state;
    assert_refusal(HEADER "<message>\xff</message>", "not-well-formed");
    assert_refusal(HEADER "<message><!-- x --></message>", "restricted-xml");
    assert_refusal(HEADER "some words<message/>", "bad-format");
}

static void
test_bytes_behind_proceed_are_dropped(void **state)
{
    Talk *talk = *state;
    talk->start_tls_in_hook = true;
    exchange_headers(talk,
                     HEADER "<stream:features/><proceed "
                            "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><message>injected</message>");
    assert_true(talk->transport->wants_tls);

    /* bytes of the plain stream that the transport should have dropped */
    string_transport_receive(talk->transport, "<message/>");
    assert_string_equal(talk->events->str, "open features proceed ");
    string_transport_turn(talk->transport);
    assert_sent(talk, "<?xml version='1.0'?><stream:stream to='pond.example' "
                      "from='toad@pond.example' version='1.0' xml:lang='en'"
                      " xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
    string_transport_receive(talk->transport, HEADER "<iq/>");
    assert_string_equal(talk->events->str, "open features proceed secured iq ");
}

static void
test_restart_in_hook_uses_new_parser(void **state)
{
    Talk *talk = *state;
    talk->restart_in_hook = true;
    exchange_headers(talk, HEADER "<success/><message/>");
    talk->restart_in_hook = false;
    /* no element of the old stream follows */
    assert_string_equal(talk->events->str, "open success ");
    string_transport_receive(talk->transport, HEADER "<iq/>");
    assert_string_equal(talk->events->str, "open success iq ");
}

static void
test_free_in_hook_ends_delivery(void **state)
{
    Talk *talk = *state;
    talk->free_in_hook = true;
    exchange_headers(talk, HEADER "<message/><message/>");
    assert_string_equal(talk->events->str, "open message ");
}

static void
test_close_in_hook_goes_on_delivering(void **state)
{
    Talk *talk = *state;
    talk->close_in_hook = true;
    exchange_headers(talk, HEADER "<message/><iq/></stream:stream>");
    string_transport_turn(talk->transport);
    assert_string_equal(talk->events->str, "open message iq closed");
    assert_null(talk->why);
}

int
main(void)
{
#define TALK(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TALK(test_stanzas_go_both_ways),
        TALK(test_close_waits_for_server),
        TALK(test_close_times_out_without_answer),
        TALK(test_close_before_start_sends_nothing),
        TALK(test_close_of_server_is_answered),
        TALK(test_lost_transport_reports_its_error),
        cmocka_unit_test(test_stream_errors_have_codes),
        TALK(test_text_of_stream_error_is_shown),
        TALK(test_redirect_is_read),
        TALK(test_invalid_redirect_is_ignored),
        cmocka_unit_test(test_other_protocols_are_refused),
        cmocka_unit_test(test_invalid_stanzas_are_refused),
        TALK(test_bytes_behind_proceed_are_dropped),
        TALK(test_restart_in_hook_uses_new_parser),
        TALK(test_free_in_hook_ends_delivery),
        TALK(test_close_in_hook_goes_on_delivering),
    };

    return cmocka_run_group_tests_name("xmpp/stream", tests, NULL, NULL);
}
