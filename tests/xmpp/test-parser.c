/* xmpp/parser: what is let in, what ends the stream, and that no slice of it is long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/clock.h"
#include "xmpp/parser.h"

#define HEADER                                                   \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' " \
    "xmlns:stream='http://etherx.jabber.org/streams' id='s1' version='1.0'>"

typedef struct {
    NjParser *parser;
    GString *told; /* "open(s1) message item iq close" */
    bool wants_items, free_inside, stop_inside;
    guint stanzas, items;
    /* how many a stanza takes to be prepared; how many it had */
    guint slices, prepared;
    gsize text; /* bytes of the last stanza's text */
} Ear;

static void
on_open(NjXml *root, void *owner)
{
    Ear *ear = owner;
    g_string_append_printf(ear->told, "open(%s) ", nj_xml_attr(root, "id"));
}

static void
on_stanza(NjXml *stanza, void *owner)
{
    Ear *ear = owner;
    assert_int_equal(ear->prepared, ear->slices);
    ear->prepared = 0;

    g_autofree char *text = nj_xml_text(stanza);
    ear->text = text ? strlen(text) : 0;
    if (ear->stanzas++ < 10)
        g_string_append_printf(ear->told, "%s ", nj_xml_name(stanza));
    if (ear->free_inside)
        nj_parser_free(g_steal_pointer(&ear->parser));
    else if (ear->stop_inside)
        nj_parser_stop(ear->parser);
}

static void
on_close(void *owner)
{
    g_string_append(((Ear *) owner)->told, "close ");
}

static bool
wants_items(const NjXml *head, const NjXml *list, void *owner)
{
    Ear *ear = owner;
    assert_null(nj_xml_first(head));
    assert_null(nj_xml_first(list));
    return ear->wants_items && nj_xml_is(list, "query", "jabber:iq:roster");
}

static void
on_item(const NjXml *head, NjXml *item, void *owner)
{
    Ear *ear = owner;
    assert_string_equal(nj_xml_attr(head, "id"), "r1");
    if (ear->items++ < 10)
        g_string_append_printf(ear->told, "%s:%s ", nj_xml_name(item), nj_xml_attr(item, "jid"));
}

static bool
prepare(NjXml *stanza, gint64 until_us, void *owner)
{
    Ear *ear = owner;
    (void) until_us;
    (void) stanza;
    return ear->prepared == ear->slices || ++ear->prepared == ear->slices;
}

static const NjParserHooks hooks = { on_open, on_stanza, on_close, wants_items, on_item, prepare };

static void
listen_to(Ear *ear)
{
    *ear = (Ear){ .told = g_string_new(NULL) };
    ear->parser = nj_parser_new(&hooks, ear);
}

static void
forget(Ear *ear)
{
    nj_parser_free(ear->parser);
    g_string_free(ear->told, TRUE);
}

/* NULL, or the condition. */
static const char *
feed(Ear *ear, const char *text, gssize length)
{
    const char *condition;
    gsize used;
    bool fine = nj_parser_feed(ear->parser, text, length < 0 ? strlen(text) : (gsize) length, 0,
                               &used, &condition);
    assert_true(fine == !condition);
    return condition;
}

static void
assert_refused(const char *text, gssize length, const char *expected)
{
    Ear ear;
    listen_to(&ear);
    assert_null(feed(&ear, HEADER, -1));

    const char *condition = feed(&ear, text, length);
    if (g_strcmp0(condition, expected) != 0)
        fail_msg("%.100s: %s, not %s", text, condition ? condition : "accepted", expected);

    guint before = ear.stanzas;
    assert_string_equal(feed(&ear, "<message/>", -1), expected); /* dead stays dead */
    assert_int_equal(ear.stanzas, before);
    forget(&ear);
}

static void
test_a_stream(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);
    assert_null(
        feed(&ear, HEADER "<message><body>hi</body></message> \n<iq/></stream:stream>", -1));
    assert_string_equal(ear.told->str, "open(s1) message iq close ");
    forget(&ear);
}

static void
test_byte_by_byte(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);

    const char *text =
        HEADER "<message>h\xc3\xbc&amp;<![CDATA[<]]></message><iq a='&#x20ac;'/></stream:stream>";
    for (const char *p = text; *p; p++)
        assert_null(feed(&ear, p, 1));

    assert_string_equal(ear.told->str, "open(s1) message iq close ");
    forget(&ear);
}

static void
test_no_stanza_waits_for_the_next(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);

    g_autofree char *value = g_strnfill(20000, 'x');
    g_autofree char *stanza = g_strdup_printf("<iq id='%s'/>", value);
    assert_null(feed(&ear, HEADER, -1));
    assert_null(feed(&ear, stanza, 9000));
    assert_null(feed(&ear, stanza + 9000, 9000));
    assert_null(feed(&ear, stanza + 18000, -1));
    assert_int_equal(ear.stanzas, 1);
    forget(&ear);
}

static void
test_refused_headers(void **state)
{
    (void) state;
    static const struct {
        const char *text, *condition;
    } rows[] = {
        { "<stream xmlns='jabber:client'>", "invalid-namespace" },
        { "<html>", "bad-format" },
        { "<stream:stream xmlns:stream='urn:other'>", "invalid-namespace" },
        { "<s:flood xmlns:s='" NJ_NS_STREAM "'>", "bad-format" },
        { "<?xml version='1.0' encoding='ISO-8859-1'?><a>", "unsupported-encoding" },
        { "\xff\xfe<", "unsupported-encoding" },
        { "HTTP/1.1 400 Bad Request\r\n", "not-well-formed" },
        { "\x16\x03\x01\x02", "not-well-formed" },
        { "<!DOCTYPE a [<!ENTITY b 'c'>]><a>", "restricted-xml" },
        { "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>", "restricted-xml" },
        { "<?php evil ?>", "restricted-xml" },
        { "<!-- hello -->", "restricted-xml" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        Ear ear;
        listen_to(&ear);
        const char *condition = feed(&ear, rows[i].text, -1);
        if (g_strcmp0(condition, rows[i].condition) != 0)
            fail_msg("%s: %s, not %s", rows[i].text, condition ? condition : "accepted",
                     rows[i].condition);
        assert_string_equal(ear.told->str, "");
        forget(&ear);
    }
}

static void
test_utf16(void **state)
{
    (void) state;
    g_autofree char *text = NULL;
    gsize length;
    text = g_convert(HEADER "<message/>", -1, "UTF-16LE", "UTF-8", NULL, &length, NULL);

    for (gsize piece = 1; piece <= length; piece += length - 1) {
        Ear ear;
        const char *condition = NULL;
        listen_to(&ear);
        for (gsize at = 0; at < length && !condition; at += piece)
            condition = feed(&ear, text + at, (gssize) piece);
        assert_string_equal(condition, "unsupported-encoding");
        forget(&ear);
    }
}

static void
test_refused_stanzas(void **state)
{
    (void) state;
    assert_refused("<message><!-- c --></message>", -1, "restricted-xml");
    assert_refused("<message><?pi x?></message>", -1, "restricted-xml");
    assert_refused("<message>&lol;</message>", -1, "restricted-xml");
    assert_refused("<message>\xff</message>", -1, "not-well-formed");
    assert_refused("<message>\xed\xa0\x80</message>", -1, "not-well-formed");
    assert_refused("<message a='\xc0\xaf'/>", -1, "not-well-formed");
    assert_refused("<message>a\0b</message>", 22, "not-well-formed");
    assert_refused("<message>\x1b[2J</message>", -1, "not-well-formed");

    assert_refused("<message>&#27;</message>", -1, "not-well-formed");
    assert_refused("<message>&#xFFFE;</message>", -1, "not-well-formed");
    assert_refused("<z:message/>", -1, "not-well-formed");
    assert_refused("<message z:a='b'/>", -1, "not-well-formed");
    assert_refused("<message></iq>", -1, "not-well-formed");
    assert_refused("<message a='1' a='2'/>", -1, "not-well-formed");
    assert_refused("<message a=1/>", -1, "not-well-formed");
    assert_refused("<!DOCTYPE a><message/>", -1, "not-well-formed");
    assert_refused("hello<message/>", -1, "bad-format");
}

/* `open` × count, then `close` × count. */
static char *
many(const char *before, const char *piece, guint count, const char *after)
{
    GString *text = g_string_new(before);
    for (guint i = 0; i < count; i++)
        g_string_append(text, piece);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

static void
assert_limit(const char *before, const char *piece, guint fits, const char *after)
{
    Ear ear;
    listen_to(&ear);
    assert_null(feed(&ear, HEADER, -1));

    g_autofree char *good = many(before, piece, fits, after);
    assert_null(feed(&ear, good, -1));
    assert_int_equal(ear.stanzas, 1);

    g_autofree char *bad = many(before, piece, fits + 1, after);
    assert_null(feed(&ear, bad, -1));
    assert_int_equal(ear.stanzas, 1);

    /* a stranger's stanza does not end the stream */
    assert_null(feed(&ear, good, -1));
    assert_int_equal(ear.stanzas, 2);
    forget(&ear);
}

/* Skipped, whole or byte by byte, and what follows is heard. */
static void
assert_skipped(const char *stanza)
{
    const char *condition = NULL;
    for (gsize piece = 1; piece < 5000000; piece = piece == 1 ? 100000 : piece * 50) {
        Ear ear;
        gsize length = strlen(stanza);
        if (piece == 1 && length > 100000)
            continue;
        listen_to(&ear);
        assert_null(feed(&ear, HEADER, -1));
        for (gsize at = 0; at < length && !condition; at += piece)
            condition = feed(&ear, stanza + at, (gssize) MIN(piece, length - at));
        assert_null(condition);
        assert_null(feed(&ear, "<iq/></stream:stream>", -1));
        assert_string_equal(ear.told->str, "open(s1) iq close ");
        forget(&ear);
    }
}

static void
test_limits(void **state)
{
    (void) state;
    assert_limit("<message>", "<a/>", 1000, "</message>");

    g_autofree char *wide = many("<a>", "<b/>", 998, "</a>");
    assert_limit("<message><c/><c/><c/>", wide, 4, "</message>"); /* 4,000 elements */

    g_autofree char *names = g_strdup("");
    for (int i = 0; i < 100; i++) {
        char *more = g_strdup_printf("%s a%d=''", names, i);
        g_free(names);
        names = more;
    }

    g_autofree char *full = g_strdup_printf("<a%s/>", names);
    assert_limit("<message>", full, 80, "</message>"); /* 8,000 attributes */

    g_autofree char *fuller = g_strdup_printf("<message%s b=''/>", names);
    assert_skipped(fuller);

    g_autofree char *spaces = g_strdup_printf("<message%s xmlns:z='urn:z'/>", names);
    assert_skipped(spaces);
}

static void
test_depth(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);

    g_autofree char *down = many("", "<a>", 100, ""), *up = many("", "</a>", 100, ""),
                    *deeper = many("", "<a>", 101, "");
    assert_null(feed(&ear, HEADER, -1));
    assert_null(feed(&ear, down, -1));
    assert_null(feed(&ear, up, -1));
    assert_int_equal(ear.stanzas, 1);
    assert_null(feed(&ear, deeper, -1));
    assert_null(feed(&ear, up, -1));
    assert_null(feed(&ear, "</a><iq/>", -1));

    assert_int_equal(ear.stanzas, 2);
    forget(&ear);

    g_autofree char *climb = many("", "</a>", 90000, ""), *cave = many("", "<a>", 90000, climb);
    assert_skipped(cave);

    g_autofree char *abyss = many("", "<a>", 100001, "");
    assert_refused(abyss, -1, "policy-violation");
}

static void
test_bytes(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);

    gsize fits = 4 * 1024 * 1024 - strlen("<message></message>");
    g_autofree char *body = g_strnfill(fits + 1, 'x');
    assert_null(feed(&ear, HEADER "<message>", -1));
    assert_null(feed(&ear, body, (gssize) fits));
    assert_null(feed(&ear, "</message>", -1));
    assert_int_equal(ear.text, fits);
    assert_null(feed(&ear, "<message>", -1));
    assert_null(feed(&ear, body, (gssize) fits + 1));
    assert_null(feed(&ear, "<a/>x</message>", -1));

    assert_int_equal(ear.stanzas, 1);
    assert_null(feed(&ear, "<iq/><message>", -1));
    assert_int_equal(ear.stanzas, 2);
    for (int i = 0; i < 4; i++)
        assert_null(feed(&ear, body, (gssize) fits));

    assert_null(feed(&ear, "<a/>", -1));

    /* not even the longest server hands on 16 MiB */
    assert_string_equal(feed(&ear, body, 100), "policy-violation");
    forget(&ear);

    g_autofree char *tag = g_strdup_printf("<message a='%.*s'/>", 66000, body);
    assert_skipped(tag);

    g_autofree char *label = g_strdup_printf("<message a='%.*s'/>", 530000, body);
    assert_refused(label, -1, "policy-violation");
    tag[60000] = '\''; /* 60,000 bytes of a tag are fine, whatever follows */
    strcpy(tag + 60001, "/>");
    listen_to(&ear);

    g_autofree char *busy = many(tag, "<iq/>", 4000, "");
    gsize used;
    const char *condition;
    assert_null(feed(&ear, HEADER, -1));
    for (const char *p = busy; *p; p += used)
        assert_true(nj_parser_feed(ear.parser, p, MIN(5000, strlen(p)), 0, &used, &condition));

    assert_int_equal(ear.stanzas, 4001);
    forget(&ear);
}

static void
test_items(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);
    ear.wants_items = true;
    assert_null(feed(&ear,
                     HEADER "<iq id='r1'><query xmlns='jabber:iq:roster'><item "
                            "jid='a'><group>g</group></item> <item jid='b'/></query></iq>"
                            "<iq id='r2'><query xmlns='other'><item/></query></iq>",
                     -1));

    assert_string_equal(ear.told->str, "open(s1) item:a item:b iq iq ");
    g_autofree char *filler = g_strnfill(1000, 'x');
    g_autofree char *item =
        g_strdup_printf("<item jid='a'><group>%s</group><group/></item>", filler);
    g_autofree char *roster =
        many("<iq id='r1'><query xmlns='jabber:iq:roster'>", item, 5000, "</query></iq>");

    /* over 4 MiB, over 4,000 elements, over 1,000 children */
    assert_null(feed(&ear, roster, -1));
    assert_int_equal(ear.items, 5002);
    assert_int_equal(ear.stanzas, 3);

    g_autofree char *fat =
        many("<iq id='r1'><query xmlns='jabber:iq:roster'><item jid='a'/><item jid='b'>", "<x/>",
             1001, "</item></query></iq>");
    assert_null(feed(&ear, fat, -1));
    assert_int_equal(ear.stanzas, 3);
    assert_null(feed(&ear, "<iq/>", -1));
    assert_int_equal(ear.stanzas, 4);
    forget(&ear);
}

static void
test_stopped_and_freed_inside(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);
    ear.stop_inside = true;
    assert_null(feed(&ear, HEADER "<proceed/><message/>garbage", -1));
    assert_int_equal(ear.stanzas, 1);
    assert_null(feed(&ear, "<message/>", -1));
    assert_int_equal(ear.stanzas, 1);
    forget(&ear);

    listen_to(&ear);
    ear.free_inside = true;
    assert_null(feed(&ear, HEADER "<message/><message/>", -1));
    assert_int_equal(ear.stanzas, 1);
    forget(&ear);
}

static void
test_time_is_kept(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);

    g_autofree char *text = many(HEADER, "<message><body>&lt;&amp;</body></message>", 1000, "");
    gsize length = strlen(text), turns = 0;

    /* a time that is always up: little is done a turn, and nothing twice */
    while (length) {
        gsize used;
        const char *condition;
        assert_true(nj_parser_feed(ear.parser, text, length, 1, &used, &condition));
        memset(text, '#', used);
        text += used;
        length -= used;
        turns++;
    }

    text -= strlen(HEADER) + 1000 * strlen("<message><body>&lt;&amp;</body></message>");
    assert_int_equal(ear.stanzas, 1000);
    assert_true(turns > 1000);
    forget(&ear);
}

/* What follows a stanza waits until that is prepared, also where both came in one piece; its owner
 * may still end it all. */
static void
test_a_stanza_is_prepared(void **state)
{
    (void) state;
    for (guint mode = 0; mode < 3; mode++) {
        Ear ear;
        listen_to(&ear);
        ear.slices = 3;
        ear.stop_inside = mode == 1;
        ear.free_inside = mode == 2;
        g_autofree char *text = g_strdup(
            HEADER
            "<message><body>1</body></message><message/> <message>2</message></stream:stream>");
        gsize length = strlen(text), at = 0, turns = 0;
        while (at < length && ear.parser) {
            gsize used;
            const char *condition;
            assert_true(
                nj_parser_feed(ear.parser, text + at, length - at, G_MAXINT64, &used, &condition));
            memset(text + at, '#', used);
            at += used;
            turns++;
        }
        assert_int_equal(ear.stanzas, mode ? 1 : 3);
        assert_int_equal(turns, mode ? 3 : 7);
        assert_string_equal(ear.told->str,
                            mode ? "open(s1) message " : "open(s1) message message message close ");
        forget(&ear);
    }

    Ear ear; /* and it may go while it is half prepared */
    listen_to(&ear);
    ear.slices = 2;
    assert_null(feed(&ear, HEADER "<message/>", -1));
    assert_int_equal(ear.prepared, 1);
    forget(&ear);
}

/* A stranger's made-up names must not stay in memory; what is cut off between two parsers must not
 * be lost. */
static void
test_names_are_forgotten(void **state)
{
    (void) state;
    Ear ear;
    listen_to(&ear);

    GString *text =
        g_string_new("<?xml version='1.0'?><x:stream xmlns:x='http://etherx.jabber.org/streams' "
                     "xmlns='jabber:client' xmlns:q='urn:q' id='s1'>");
    for (int i = 0; i < 100000; i++)
        g_string_append_printf(text, "<q:a%d b%d=''/>", i, i);

    g_string_append(text, "</x:stream>");
    for (gsize at = 0; at < text->len; at += 5003)
        assert_null(feed(&ear, text->str + at, (gssize) MIN(5003, text->len - at)));
    assert_int_equal(ear.stanzas, 100000);
    assert_true(g_str_has_suffix(ear.told->str, "close "));
    g_string_free(text, TRUE);
    forget(&ear);
}

static void
test_one_element(void **state)
{
    (void) state;
    const char *condition;
    static const char *const bad[] = { "",
                                       "text",
                                       "<a/><b/>",
                                       "<a>",
                                       "<a/></stream:stream>",
                                       "</stream:stream>",
                                       "<a/> x",
                                       "<?xml version='1.0'?><a/>",
                                       "<a/><!-- -->" };

    g_autoptr(NjXml) xml = nj_parser_element("<a xmlns='urn:a'/> ", -1, &condition);
    assert_true(nj_xml_is(xml, "a", "urn:a"));
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        condition = NULL;
        assert_null(nj_parser_element(bad[i], -1, &condition));
        assert_non_null(condition);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stream),
        cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_no_stanza_waits_for_the_next),
        cmocka_unit_test(test_refused_headers),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_refused_stanzas),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_stopped_and_freed_inside),
        cmocka_unit_test(test_time_is_kept),
        cmocka_unit_test(test_a_stanza_is_prepared),
        cmocka_unit_test(test_names_are_forgotten),
        cmocka_unit_test(test_one_element),
    };
    return cmocka_run_group_tests_name("xmpp/parser", tests, NULL, NULL);
}
