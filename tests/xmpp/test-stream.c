/* xmpp/stream: conversations between a stream and a server made of strings. */
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
#define OURS                                                                             \
    "<?xml version='1.0'?><stream:stream to='pond.example' version='1.0' xml:lang='en' " \
    "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

typedef struct {
    StringTransport *transport;
    NjStream *stream;
    GString *told; /* "open features message closed" */
    GError *why;
    bool free_inside, tls_inside, restart_inside, close_inside;
} Talk;

static void
on_open(NjStream *stream, void *owner)
{
    Talk *talk = owner;
    g_string_append(talk->told, "open ");
    nj_stream_start(stream, "pond.example", NULL);
}

static void
on_features(NjStream *stream, NjXml *features, void *owner)
{
    Talk *talk = owner;
    (void) stream;
    assert_true(nj_xml_is(features, "features", NJ_NS_STREAM));
    g_string_append(talk->told, "features ");
}

static void
on_stanza(NjStream *stream, NjXml *stanza, void *owner)
{
    Talk *talk = owner;
    g_string_append_printf(talk->told, "%s ", nj_xml_name(stanza));
    if (talk->free_inside)
        g_clear_pointer(&talk->stream, nj_stream_free);
    else if (talk->tls_inside)
        nj_stream_start_tls(stream);
    else if (talk->restart_inside)
        nj_stream_start(stream, "pond.example", "toad@pond.example");
    else if (talk->close_inside)
        nj_stream_close(stream);
}

static void
on_secured(NjStream *stream, void *owner)
{
    Talk *talk = owner;
    g_string_append(talk->told, "secured ");
    talk->tls_inside = false;
    nj_stream_start(stream, "pond.example", "toad@pond.example");
}

static void
on_closed(NjStream *stream, const GError *why, void *owner)
{
    Talk *talk = owner;
    (void) stream;
    g_string_append(talk->told, "closed");
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
begin(void **state)
{
    Talk *talk = g_new0(Talk, 1);
    talk->transport = string_transport_new();
    talk->stream = nj_stream_new(&talk->transport->base, &hooks, talk);
    talk->told = g_string_new(NULL);
    *state = talk;
    return 0;
}

static int
end(void **state)
{
    Talk *talk = *state;
    nj_stream_free(talk->stream);
    assert_true(talk->transport->freed);
    string_transport_drop(talk->transport);
    g_string_free(talk->told, TRUE);
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

/* Opened, our header sent, theirs and what follows it received. */
static void
meet(Talk *talk, const char *received)
{
    string_transport_open(talk->transport);
    assert_sent(talk, OURS);
    string_transport_receive(talk->transport, received);
}

static void
assert_ended(Talk *talk, NjConnectionError code)
{
    assert_true(talk->transport->closing);
    string_transport_turn(talk->transport);
    assert_true(g_str_has_suffix(talk->told->str, "closed"));
    assert_non_null(talk->why);
    assert_true(talk->why->domain == NJ_CONNECTION_ERROR);
    assert_int_equal(talk->why->code, code);
    assert_true(g_str_has_suffix(talk->why->message, ".")
                || g_str_has_suffix(talk->why->message, "”"));
}

static void
test_a_conversation(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER "<stream:features/><message/> ");
    assert_string_equal(talk->told->str, "open features message ");
    assert_string_equal(nj_stream_id(talk->stream), "s1");
    assert_string_equal(nj_stream_from(talk->stream), "pond.example");
    assert_true(nj_stream_last_byte_us(talk->stream) > 0);
    assert_true(nj_stream_send(talk->stream, nj_xml_new("r", "urn:xmpp:sm:3")));
    assert_sent(talk, "<r xmlns=\"urn:xmpp:sm:3\"/>");
    nj_stream_pause(talk->stream, true);

    assert_true(talk->transport->paused);
}

static void
test_polite_end(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER "<stream:features/>");
    nj_stream_close(talk->stream);
    assert_sent(talk, "</stream:stream>");
    assert_false(nj_stream_send(talk->stream, nj_xml_new("presence", NULL)));
    assert_sent(talk, ""); /* nothing after goodbye */
    assert_false(talk->transport->closing);
    string_transport_receive(talk->transport, "<message/></stream:stream>");
    assert_true(talk->transport->closing);

    string_transport_turn(talk->transport);

    /* what came before their goodbye counts */
    assert_string_equal(talk->told->str, "open features message closed");
    assert_null(talk->why);
    assert_sent(talk, "");
}

static void
test_end_without_an_answer(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER);

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
test_end_before_the_beginning(void **state)
{
    Talk *talk = *state;
    nj_stream_close(talk->stream);
    assert_sent(talk, "");
    string_transport_turn(talk->transport);
    assert_string_equal(talk->told->str, "closed");
    assert_null(talk->why);
}

static void
test_the_server_ends(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER "</stream:stream>");
    assert_sent(talk, "</stream:stream>");
    assert_ended(talk, NJ_CONNECTION_ERROR_LOST);
}

static void
test_the_link_breaks(void **state)
{
    Talk *talk = *state;
    g_autoptr(GError) why =
        g_error_new_literal(NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT, "It took too long.");
    meet(talk, HEADER);
    string_transport_lose(talk->transport, why);
    assert_int_equal(talk->why->code, NJ_CONNECTION_ERROR_TIMEOUT);
}

static void
test_stream_errors(void **state)
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
        begin((void **) &talk);
        g_autofree char *text = g_strdup_printf(
            HEADER "<stream:error><%s "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error><message/>",
            rows[i].condition);
        meet(talk, text);
        assert_sent(talk, "</stream:stream>");
        assert_ended(talk, rows[i].code);
        assert_string_equal(talk->told->str, "open closed");
        end((void **) &talk);
    }

    (void) state;
}

static void
test_words_in_a_stream_error(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                      "<text "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Password\nchanged</text></"
                      "stream:error></stream:stream>");
    assert_ended(talk, NJ_CONNECTION_ERROR_SHUTDOWN);
    assert_true(g_str_has_suffix(talk->why->message, "The server says: “Password changed”"));
}

static void
test_elsewhere(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'> "
                      "[::1]:9222 </see-other-host></stream:error>");
    assert_ended(talk, NJ_CONNECTION_ERROR_REDIRECTED);
    assert_string_equal(nj_stream_redirect(talk->stream), "[::1]:9222");
}

static void
test_elsewhere_is_nowhere(void **state)
{
    Talk *talk = *state;
    meet(talk, HEADER "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a "
                      "b/c</see-other-host></stream:error>");
    assert_ended(talk, NJ_CONNECTION_ERROR_REDIRECTED);
    assert_null(nj_stream_redirect(talk->stream));
}

static void
assert_refusal(const char *received, const char *condition)
{
    Talk *talk;
    begin((void **) &talk);
    meet(talk, received);

    g_autofree char *expected = g_strdup_printf(
        "<stream:error><%s "
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
        condition);
    assert_sent(talk, expected);
    assert_true(talk->transport->flushed);
    assert_ended(talk, NJ_CONNECTION_ERROR_PROTOCOL);
    assert_null(strstr(talk->told->str, "message"));
    end((void **) &talk);
}

static void
test_refusals(void **state)
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
test_refused_stanzas(void **state)
{
    (void) state;
    assert_refusal(HEADER "<message>\xff</message>", "not-well-formed");
    assert_refusal(HEADER "<message><!-- x --></message>", "restricted-xml");
    assert_refusal(HEADER "some words<message/>", "bad-format");
}

static void
test_tls(void **state)
{
    Talk *talk = *state;
    talk->tls_inside = true;
    meet(talk, HEADER "<stream:features/><proceed "
                      "xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><message>injected</message>");
    assert_true(talk->transport->wants_tls);

    /* a transport would have dropped it; so do we */
    string_transport_receive(talk->transport, "<message/>");
    assert_string_equal(talk->told->str, "open features proceed ");
    string_transport_turn(talk->transport);
    assert_sent(talk, "<?xml version='1.0'?><stream:stream to='pond.example' "
                      "from='toad@pond.example' version='1.0' xml:lang='en'"
                      " xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>");
    string_transport_receive(talk->transport, HEADER "<iq/>");
    assert_string_equal(talk->told->str, "open features proceed secured iq ");
}

static void
test_restarted_inside(void **state)
{
    Talk *talk = *state;
    talk->restart_inside = true;
    meet(talk, HEADER "<success/><message/>");
    talk->restart_inside = false;
    /* nothing of the old stream comes after it */
    assert_string_equal(talk->told->str, "open success ");
    string_transport_receive(talk->transport, HEADER "<iq/>");
    assert_string_equal(talk->told->str, "open success iq ");
}

static void
test_freed_inside(void **state)
{
    Talk *talk = *state;
    talk->free_inside = true;
    meet(talk, HEADER "<message/><message/>");
    assert_string_equal(talk->told->str, "open message ");
}

static void
test_closed_inside(void **state)
{
    Talk *talk = *state;
    talk->close_inside = true;
    meet(talk, HEADER "<message/><iq/></stream:stream>");
    string_transport_turn(talk->transport);
    assert_string_equal(talk->told->str, "open message iq closed");
    assert_null(talk->why);
}

int
main(void)
{
#define TALK(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        TALK(test_a_conversation),
        TALK(test_polite_end),
        TALK(test_end_without_an_answer),
        TALK(test_end_before_the_beginning),
        TALK(test_the_server_ends),
        TALK(test_the_link_breaks),
        cmocka_unit_test(test_stream_errors),
        TALK(test_words_in_a_stream_error),
        TALK(test_elsewhere),
        TALK(test_elsewhere_is_nowhere),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_refused_stanzas),
        TALK(test_tls),
        TALK(test_restarted_inside),
        TALK(test_freed_inside),
        TALK(test_closed_inside),
    };

    return cmocka_run_group_tests_name("xmpp/stream", tests, NULL, NULL);
}
