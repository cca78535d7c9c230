/* xmpp/xml: what is built, found and printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "xmpp/parser.h"
#include "string-transport.h"

static NjXml *
read_xml(const char *text)
{
    const char *condition;
    NjXml *xml = nj_parser_element(text, -1, &condition);
    assert_non_null(xml);
    return xml;
}

static void
assert_prints(const NjXml *xml, const char *expected)
{
    g_autofree char *text = nj_xml_print(xml, NULL);
    if (!same_xml(text, expected))
        fail_msg("%s\nis not\n%s", text, expected);
}

static void
test_built_and_printed(void **state)
{
    (void) state;
    g_autoptr(NjXml) message = nj_xml_message("chat", "frog@pond.example", "m1");
    nj_xml_add_with_text(message, "body", NULL, "a < b & \"c\" > 'd'");

    NjXml *error = nj_xml_add_new(message, "x", "urn:example:x");
    nj_xml_add_new(error, "y", NULL);

    /* a child without one is in its parent's */
    assert_string_equal(nj_xml_ns(nj_xml_first(error)), "urn:example:x");
    assert_prints(message, "<message type='chat' to='frog@pond.example' id='m1'><body>a &lt; b "
                           "&amp; \"c\" > 'd'</body>"
                           "<x xmlns='urn:example:x'><y/></x></message>");

    g_autofree char *text = nj_xml_print(message, NULL);
    assert_null(strstr(text, "jabber:client")); /* the stream has said it */
}

static void
test_child_built_before_its_parent(void **state)
{
    (void) state;
    NjXml *query = nj_xml_new("query", NULL);
    nj_xml_add_new(query, "item", NULL);
    g_autoptr(NjXml) iq = nj_xml_iq("set", NULL, "i1");
    nj_xml_add(iq, query);
    assert_true(nj_xml_is(nj_xml_first(query), "item", NJ_NS_CLIENT));
}

static void
test_names_go_with_namespaces(void **state)
{
    (void) state;
    g_autoptr(NjXml) message =
        read_xml("<message><z:body xmlns:z='urn:z'>evil</z:body>text<body>good</body></message>");
    g_autofree char *body = nj_xml_child_text(message, "body", NJ_NS_CLIENT);
    assert_string_equal(body, "good");
    assert_true(nj_xml_is(nj_xml_first(message), "body", "urn:z"));
    assert_false(nj_xml_is(nj_xml_first(message), "body", NJ_NS_CLIENT));
    assert_true(nj_xml_child(message, NULL, "urn:z") == nj_xml_first(message));
    assert_null(nj_xml_child(message, "subject", NJ_NS_CLIENT));
}

static void
test_foreign_attributes_do_not_count(void **state)
{
    (void) state;
    g_autoptr(NjXml) message = read_xml("<message xmlns:z='urn:z' z:from='evil' from='good' "
                                        "z:id='evil' z:lang='evil' xml:lang='de'/>");
    assert_string_equal(nj_xml_attr(message, "from"), "good");
    assert_string_equal(nj_xml_attr(message, "xml:lang"), "de");
    assert_null(nj_xml_attr(message, "id"));
    assert_null(nj_xml_attr(message, "lang"));
}

static void
test_no_namespace_stays_none(void **state)
{
    (void) state;
    g_autoptr(NjXml) message = read_xml("<message><x xmlns=''/></message>");
    assert_string_equal(nj_xml_ns(nj_xml_first(message)), "");
    assert_prints(message, "<message><x xmlns=''/></message>");
}

static void
test_what_xml_forbids_is_dropped(void **state)
{
    (void) state;
    g_autoptr(NjXml) message = nj_xml_message("chat", "a\x01@b",
                                              "\xff"
                                              "1");
    nj_xml_add_text(message, "a\x1b[31m\xef\xbf\xbe"
                             "b\xed\xa0\x80\xc3\n\tü");
    assert_string_equal(nj_xml_attr(message, "to"), "a@b");
    assert_string_equal(nj_xml_attr(message, "id"), "1");

    g_autofree char *text = nj_xml_text(message);
    assert_string_equal(text, "a[31mb\n\tü");
}

static void
test_text_of_many_nodes(void **state)
{
    (void) state;
    g_autoptr(NjXml) xml = read_xml("<a>one<b>not</b>two<c/>&lt;&#x20AC;<![CDATA[<&>]]></a>");
    g_autofree char *text = nj_xml_text(xml);
    assert_string_equal(text, "onetwo<€<&>");
    assert_null(nj_xml_text(nj_xml_child(xml, "c", NJ_NS_CLIENT)));
}

static void
test_replies(void **state)
{
    (void) state;
    g_autoptr(NjXml) iq =
        read_xml("<iq type='get' id='p1' from='toad@pond.example/x' to='me@pond.example'/>");
    g_autoptr(NjXml) reply = nj_xml_reply(iq, "result");
    assert_prints(reply, "<iq type='result' id='p1' to='toad@pond.example/x'/>");

    g_autoptr(NjXml) error = nj_xml_error_reply(iq, "cancel", "service-unavailable");
    assert_prints(
        error, "<iq type='error' id='p1' to='toad@pond.example/x'><error type='cancel'>"
               "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");

    g_autoptr(NjXml) bare = read_xml("<iq type='get'/>");
    g_autoptr(NjXml) to_server = nj_xml_reply(bare, "result");
    assert_prints(to_server, "<iq type='result'/>");
}

static void
assert_error(const char *inside, const char *condition, const char *words)
{
    g_autofree char *text = g_strdup_printf("<iq type='error'>%s</iq>", inside);
    g_autoptr(NjXml) iq = read_xml(text);
    g_autofree char *said = NULL;
    assert_string_equal(nj_xml_error(iq, &said), condition);
    assert_true(g_strcmp0(said, words) == 0);
}

static void
test_errors(void **state)
{
    (void) state;
    const char *ns = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
    g_autofree char *usual = g_strdup_printf(
        "<error type='auth'><text %s>No\n entry</text><forbidden %s/></error>", ns, ns);
    assert_error(usual, "forbidden", "No entry");
    assert_error("<error/>", "undefined-condition", NULL);
    assert_error("", "undefined-condition", NULL);
    assert_error("<error><forbidden xmlns='urn:other'/></error>", "undefined-condition", NULL);

    g_autofree char *unknown = g_strdup_printf("<error><made-up %s/></error>", ns);
    assert_error(unknown, "undefined-condition", NULL);
    assert_string_not_equal(nj_xml_error_sentence("forbidden"), nj_xml_error_sentence("nonsense"));
    assert_string_equal(nj_xml_error_sentence(NULL), nj_xml_error_sentence("undefined-condition"));
}

static void
test_words_of_the_server(void **state)
{
    (void) state;
    g_autofree char *with = nj_xml_append_server_text("It failed.", " out of\r\x1b cheese ");
    assert_string_equal(with, "It failed. The server says: “out of cheese”");
    g_autofree char *without = nj_xml_append_server_text("It failed.", " \n");
    assert_string_equal(without, "It failed.");
}

static void
test_numbers(void **state)
{
    (void) state;
    g_autoptr(NjXml) xml = read_xml("<a n='42' minus='-5' plus='+1' space=' 1' hex='0x10' "
                                    "long='99999999999999999999' empty='' tail='1x'/>");
    gint64 value = 7;
    assert_true(nj_xml_int(xml, "n", 0, 100, &value));
    assert_int_equal(value, 42);
    assert_true(nj_xml_int(xml, "minus", -128, 127, &value));
    assert_int_equal(value, -5);
    assert_false(nj_xml_int(xml, "n", 0, 41, &value));

    const char *bad[] = { "plus", "space", "hex", "long", "empty", "tail", "absent" };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_false(nj_xml_int(xml, bad[i], G_MININT64, G_MAXINT64, &value));
    assert_int_equal(value, -5);
}

static void
test_ids(void **state)
{
    (void) state;
    g_autoptr(NjXml) one = nj_xml_iq("get", NULL, NULL);
    g_autoptr(NjXml) two = nj_xml_message("chat", "a@b", NULL);
    assert_true(strlen(nj_xml_attr(one, "id")) >= 22);
    assert_string_not_equal(nj_xml_attr(one, "id"), nj_xml_attr(two, "id"));
    nj_xml_set(two, "id", NULL);
    assert_null(nj_xml_attr(two, "id"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_and_printed),
        cmocka_unit_test(test_child_built_before_its_parent),
        cmocka_unit_test(test_names_go_with_namespaces),
        cmocka_unit_test(test_foreign_attributes_do_not_count),
        cmocka_unit_test(test_no_namespace_stays_none),
        cmocka_unit_test(test_what_xml_forbids_is_dropped),
        cmocka_unit_test(test_text_of_many_nodes),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_words_of_the_server),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_ids),
    };
    return cmocka_run_group_tests_name("xmpp/xml", tests, NULL, NULL);
}
