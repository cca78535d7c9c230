/* model/jid: checking and preparing addresses (RFC 7622, RFC 8265), and XEP-0106. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "model/jid.h"

typedef struct {
    const char *typed, *prepared;
} Vector; /* prepared: NULL if the address is refused */

static void
check_vectors(const Vector *vectors, gsize count,
              char *(*prepare)(const char *typed, GError **error))
{
    for (gsize i = 0; i < count; i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *got = prepare(vectors[i].typed, &error);
        if (g_strcmp0(got, vectors[i].prepared) != 0)
            fail_msg("“%s” became “%s”, not “%s” (%s)", vectors[i].typed, got, vectors[i].prepared,
                     error ? error->message : "no error");
        assert_true((got == NULL) == (error != NULL));
        if (error)
            assert_true(g_str_has_suffix(error->message, "."));
        if (got) {
            g_autofree char *again = prepare(got, NULL);
            assert_string_equal(again, got); /* preparing is idempotent */
        }
    }
}

/* RFC 7622, 3.5, table 1 and table 2. */
static void
test_examples_of_rfc_7622(void **state)
{
    static const Vector vectors[] = {
        { "juliet@example.com", "juliet@example.com" },
        { "juliet@example.com/foo", "juliet@example.com/foo" },
        { "juliet@example.com/foo bar", "juliet@example.com/foo bar" },
        { "juliet@example.com/foo@bar", "juliet@example.com/foo@bar" },
        { "foo\\20bar@example.com", "foo\\20bar@example.com" },
        { "fussball@example.com", "fussball@example.com" },
        { "fu\u00DFball@example.com", "fu\u00DFball@example.com" },
        { "\u03C0@example.com", "\u03C0@example.com" },
        { "\u03A3@example.com/foo", "\u03C3@example.com/foo" },
        { "\u03C3@example.com/foo", "\u03C3@example.com/foo" },
        { "\u03C2@example.com/foo", "\u03C2@example.com/foo" },
        { "king@example.com/\u265A", "king@example.com/\u265A" },
        { "example.com", "example.com" },
        { "example.com/foobar", "example.com/foobar" },
        { "a.example.com/b@example.net", "a.example.com/b@example.net" },

        { "\"juliet\"@example.com", NULL },
        { "foo bar@example.com", NULL },
        { "juliet@example.com/ foo", NULL },
        { "@example.com/", NULL },
        { "henry\u2163@example.com", NULL },
        { "\u265A@example.com", NULL },
        { "juliet@", NULL },
        { "/foobar", NULL },
    };
    (void) state;
    check_vectors(vectors, G_N_ELEMENTS(vectors), nj_jid_prepare);
}

static void
test_localparts_are_prepared(void **state)
{
    static const Vector vectors[] = {
        { "Toad@example.org", "toad@example.org" },
        { "\uFF34\uFF4F\uFF41\uFF44@example.org", "toad@example.org" }, /* full width */
        /* half-width katakana */
        { "\uFF76@example.org", "\u30AB@example.org" },
        { "Zo\u00EB@example.org", "zo\u00EB@example.org" },
        { "zoe\u0308@example.org", "zo\u00EB@example.org" }, /* composed */
        /* Turkish I with a dot */
        { "\u0130@example.org", "i\u0307@example.org" },
        { "I@example.org", "i@example.org" },
        /* the Kelvin sign is a k once small */
        { "\u212Aing@example.org", "king@example.org" },
        { "!#$%*+-=?^_`{|}~.@example.org", "!#$%*+-=?^_`{|}~.@example.org" },
        /* Catalan, in its context */
        { "l\u00B7l@example.org", "l\u00B7l@example.org" },
        { "a\u00B7b@example.org", NULL },
        { "\u0375\u03B1@example.org", "\u0375\u03B1@example.org" },
        { "\u0375a@example.org", NULL },
        { "\u05D0\u05F3@example.org", "\u05D0\u05F3@example.org" },
        { "a\u05F3@example.org", NULL },
        { "\u30AB\u30FB@example.org", "\u30AB\u30FB@example.org" },
        { "a\u30FBb@example.org", NULL },
        /* joiner after a virama */
        { "\u0915\u094D\u200D\u0937@example.org", "\u0915\u094D\u200D\u0937@example.org" },
        { "a\u200Db@example.org", NULL },
        { "\u0645\u06CC\u200C\u062E\u0648@example.org",
          "\u0645\u06CC\u200C\u062E\u0648@example.org" },
        /* alef does not join the letter after it */
        { "\u0627\u200C\u0628@example.org", NULL },
        /* begins with an Arabic number */
        { "\u0661\u0662@example.org", NULL },
        { "\u0628\u0661@example.org", "\u0628\u0661@example.org" },
        /* two kinds of digits */
        { "\u0628\u0661\u06F1@example.org", NULL },
        /* and again, by the bidi rule */
        { "\u0628\u06611@example.org", NULL },
        { "\u05D0\u05D1@example.org", "\u05D0\u05D1@example.org" },
        { "\u05D0b@example.org", NULL }, /* RFC 5893 */
        { "a\u05D0@example.org", NULL },
        { "\u05D01@example.org", "\u05D01@example.org" },
        { "1\u05D0@example.org", NULL },
        { "\u05D0-@example.org", NULL },
        { "a\u00ADb@example.org", NULL }, /* soft hyphen */
        { "a\u200Bb@example.org", NULL },
        { "a\u034Fb@example.org", NULL },
        { "a\uFE0Fb@example.org", NULL },
        { "a\u202Eb@example.org", NULL },
        { "a\ab@example.org", NULL },
        { "a\xC2\x80"
          "b@example.org",
          NULL },
        { "a\u00A0b@example.org", NULL },
        { "a\u3000b@example.org", NULL },
        { "\uFB01x@example.org", NULL }, /* a ligature */
        { "\u0640@example.org", NULL },
        /* Jamo that compose */
        { "\u1100\u1161@example.org", "\uAC00@example.org" },
        { "\u1100@example.org", NULL },
        { "\uFDD0@example.org", NULL },
        { "\U000E0041@example.org", NULL },
        { "\u20AC@example.org", NULL },
        { "a:b@example.org", NULL },
        { "a<b@example.org", NULL },
        { "d'artagnan@example.org", NULL },
        /* a full-width @ becomes one */
        { "\uFF20@example.org", NULL },
        { "a@b@example.org", NULL },
        { "\xFF@example.org", NULL },
        { "", NULL },
        { "@", NULL },
        { "@/", NULL },
    };
    (void) state;

    check_vectors(vectors, G_N_ELEMENTS(vectors), nj_jid_prepare);
}

static void
test_domains_are_prepared(void **state)
{
    static const Vector vectors[] = {
        { "toad@EXAMPLE.Org", "toad@example.org" },
        { "toad@example.org.", "toad@example.org" },
        { "toad@example.org./x", "toad@example.org/x" },
        { "toad@localhost", "toad@localhost" },
        { "toad@B\u00DCCHER.example", "toad@b\u00FCcher.example" },
        { "toad@xn--bcher-kva.example", "toad@b\u00FCcher.example" },
        { "toad@XN--BCHER-KVA.example", "toad@b\u00FCcher.example" },
        /* not fass: nontransitional */
        { "toad@fa\u00DF.example", "toad@fa\u00DF.example" },
        /* an ideographic full stop */
        { "toad@example\u3002org", "toad@example.org" },
        { "toad@\uFF45xample.org", "toad@example.org" },
        { "toad@my_host.example", "toad@my_host.example" },
        { "toad@\u05D0\u05D1.example", "toad@\u05D0\u05D1.example" },
        { "toad@127.0.0.1", "toad@127.0.0.1" },
        { "toad@[::1]", "toad@[::1]" },
        { "toad@[2001:DB8:0:0::1]/x", "toad@[2001:db8::1]/x" },
        { "192.0.2.1", "192.0.2.1" },
        { "toad@::1", NULL },
        { "toad@[::1", NULL },
        { "toad@[]", NULL },
        { "toad@[127.0.0.1]", NULL },
        { "toad@[fe80::1%eth0]", NULL },
        { "toad@127.0.0.256", NULL },
        { "toad@127.0.1", NULL },
        { "toad@a..b", NULL },
        { "toad@.example", NULL },
        { "toad@.", NULL },
        { "toad@example.org..", NULL },
        { "toad@exa mple.org", NULL },
        { "toad@example.org:5222", NULL },
        { "toad@-example.org", NULL },
        { "toad@xn--\u00FC.example", NULL },
        { "toad@xn--a.example", NULL }, /* not valid Punycode */
        { "toad@\u265A\u200B\u202E.example", NULL },
        { "toad@a\u05D0.example", NULL },
        { "toad@exa\u2044mple.org", NULL },
    };
    (void) state;

    check_vectors(vectors, G_N_ELEMENTS(vectors), nj_jid_prepare);
}

static void
test_resources_are_prepared(void **state)
{
    static const Vector vectors[] = {
        { "Toad", "Toad" },
        { "old toad", "old toad" },
        { "old\u00A0toad\u3000", "old toad " },
        { "toe\u0308d", "to\u00EBd" },
        { "\uFF34oad", "\uFF34oad" }, /* no width mapping here */
        { "a/b@c\"'&<>", "a/b@c\"'&<>" },
        { "\u05D0b", "\u05D0b" }, /* no bidi rule here */
        { "\u2163\u265A", "\u2163\u265A" },
        { "", NULL },
        { " toad", NULL },
        { "a\nb", NULL },
        { "a\xC2\x85"
          "b",
          NULL },
        { "a\u202Eb", NULL },
        { "a\u2028b", NULL },
        { "a\uE000b", NULL },
        { "a\xC3", NULL },
    };
    (void) state;

    check_vectors(vectors, G_N_ELEMENTS(vectors), nj_jid_prepare_resource);
}

static void
test_parts_are_limited_to_1023_bytes(void **state)
{
    (void) state;
    g_autofree char *longest = g_strnfill(1023, 'a');
    g_autofree char *longer = g_strnfill(1024, 'a');
    g_autofree char *label = g_strnfill(63, 'a');
    g_autofree char *long_label = g_strnfill(64, 'a');
    g_autofree char *good = g_strconcat(longest, "@", label, ".example/", longest, NULL);
    g_autofree char *local = g_strconcat(longer, "@example.org", NULL);
    g_autofree char *resource = g_strconcat("toad@example.org/", longer, NULL);
    g_autofree char *domain = g_strconcat("toad@", long_label, ".example", NULL);

    g_autofree char *name = g_strjoin(".", label, label, label, label, NULL);
    g_autofree char *prepared = nj_jid_prepare(good, NULL);
    assert_string_equal(prepared, good);
    assert_true(nj_jid_valid(good));
    assert_null(nj_jid_prepare(local, NULL));
    assert_false(nj_jid_valid(local));
    assert_null(nj_jid_prepare(resource, NULL));
    assert_false(nj_jid_valid(resource));
    assert_null(nj_jid_prepare(domain, NULL));

    assert_null(nj_jid_prepare(name, NULL));
    assert_false(nj_jid_valid(longer));
}

/* The error names the wrong part. */
static void
test_errors_name_the_wrong_part(void **state)
{
    static const struct {
        const char *typed, *says;
    } cases[] = {
        { "toad@", "no domain" },
        { "@example.org", "no name before" },
        { "d'artagnan@example.org", "\\27" },
        { "foo bar@example.org", "\\20" },
        { "\u265A@example.org", "U+265A" },
        { "\u05D0b@example.org", "to the right and to the left" },
        { "toad@a..b", "a..b" },
        { "toad@example.org/", "cannot be empty" },
        { "toad@example.org/\u202E", "U+202E" },
    };

    (void) state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(nj_jid_prepare(cases[i].typed, &error));
        if (!strstr(error->message, cases[i].says))
            fail_msg("“%s” says: %s", cases[i].typed, error->message);
    }
}

/* Received addresses are only checked, because the spelling of the server is canonical. */
static void
test_valid_checks_received_addresses(void **state)
{
    static const char *const good[] = {
        "a",
        "example.org",
        "toad@example.org",
        "Toad@Example.ORG/X",
        "toad@example.org/a/b@c ",
        "toad@[::1]/x",
        "\u265A@example.org",
        "toad@example.org/\U0001F438\uFE0F",
        "a@b/\u202E",
    };

    static const char *const bad[] = {
        "",
        "@",
        "/",
        "@example.org",
        "toad@",
        "toad@/x",
        "example.org/",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a\"b@c",
        "a:b@c",
        "a<b@c",
        "a@b<",
        "a@b&",
        "a\x01@b",
        "a@b/\n",
        "a@b/\x7F",
        "a@b/\xC2\x85",
        "a@b/\xFF",
        "\xC3@b",
        "a@b/\xED\xA0\x80",
    };

    (void) state;
    assert_false(nj_jid_valid(NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(good); i++)
        if (!nj_jid_valid(good[i]))
            fail_msg("“%s” is an address", good[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        if (nj_jid_valid(bad[i]))
            fail_msg("“%s” is no address", bad[i]);
}

static void
test_addresses_are_split(void **state)
{
    static const struct {
        const char *jid, *local, *domain, *bare, *resource;
    } cases[] = {
        { "toad@pond.example/a/b@c", "toad", "pond.example", "toad@pond.example", "a/b@c" },
        { "pond.example", NULL, "pond.example", "pond.example", NULL },
        { "pond.example/b@c", NULL, "pond.example", "pond.example", "b@c" },
        { "toad@[::1]", "toad", "[::1]", "toad@[::1]", NULL },
    };
    (void) state;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *jid = cases[i].jid;
        g_autofree char *local = nj_jid_local(jid), *domain = nj_jid_domain(jid),
                        *bare = nj_jid_bare(jid);
        assert_true(g_strcmp0(local, cases[i].local) == 0);
        assert_string_equal(domain, cases[i].domain);
        assert_string_equal(bare, cases[i].bare);
        assert_true(g_strcmp0(nj_jid_resource(jid), cases[i].resource) == 0);
        assert_int_equal(nj_jid_bare_length(jid), strlen(bare));
        assert_true(nj_jid_is_bare(jid) == (cases[i].resource == NULL));
        assert_true(nj_jid_same_bare(jid, bare));
    }

    assert_false(nj_jid_same_bare("toad@pond.example", "toad@pond.example.org"));
    assert_false(nj_jid_same_bare("toad@pond.example/x", "frog@pond.example/x"));
}

static void
test_ascii_domain_for_dns(void **state)
{
    static const struct {
        const char *domain, *ascii;
        bool ip;
    } cases[] = {
        { "example.org", "example.org", false },
        { "Example.org.", "example.org", false },
        { "b\u00FCcher.example", "xn--bcher-kva.example", false },
        { "[::1]", "::1", true },
        { "127.0.0.1", "127.0.0.1", true },
        { "::1", NULL, false },
        { "a..b", NULL, false },
        { "", NULL, false },
    };

    (void) state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *ascii = nj_jid_ascii_domain(cases[i].domain, &error);
        if (g_strcmp0(ascii, cases[i].ascii) != 0)
            fail_msg("“%s” became “%s”", cases[i].domain, ascii);
        assert_true((ascii == NULL) == (error != NULL));
        assert_true(nj_jid_is_ip(cases[i].domain) == cases[i].ip);
    }
}

/* XEP-0106, 3 and 4. */
static void
test_escaping_of_xep_0106(void **state)
{
    static const struct {
        const char *text, *local;
    } both[] = {
        { "space cadet", "space\\20cadet" },
        { "call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22" },
        { "at&t guy", "at\\26t\\20guy" },
        { "d'artagnan", "d\\27artagnan" },
        { "/.fanboy", "\\2f.fanboy" },
        { "::foo::", "\\3a\\3afoo\\3a\\3a" },
        { "<foo>", "\\3cfoo\\3e" },
        { "user@host", "user\\40host" },
        { "c:\\net", "c\\3a\\net" },
        { "c:\\\\net", "c\\3a\\\\net" },
        { "c:\\cool stuff", "c\\3a\\cool\\20stuff" },
        { "c:\\5commas", "c\\3a\\5c5commas" },
        { "\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool" },
        { "\\2plus\\2is\\4", "\\2plus\\2is\\4" },
        { "foo\\bar", "foo\\bar" },
        { "foob\\41r", "foob\\41r" },
        { "tr\u00E9ville", "tr\u00E9ville" },
        { "end\\", "end\\" },
        { "", "" },
    };

    (void) state;
    for (gsize i = 0; i < G_N_ELEMENTS(both); i++) {
        g_autofree char *local = nj_jid_escape_local(both[i].text),
                        *text = nj_jid_unescape_local(both[i].local);
        assert_string_equal(local, both[i].local);
        assert_string_equal(text, both[i].text);
    }

    g_autofree char *trimmed = nj_jid_escape_local(" toad ");
    g_autofree char *kept = nj_jid_unescape_local("\\20toad\\20");
    assert_string_equal(trimmed, "toad");
    assert_string_equal(kept, "\\20toad\\20");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples_of_rfc_7622),
        cmocka_unit_test(test_localparts_are_prepared),
        cmocka_unit_test(test_domains_are_prepared),
        cmocka_unit_test(test_resources_are_prepared),
        cmocka_unit_test(test_parts_are_limited_to_1023_bytes),
        cmocka_unit_test(test_errors_name_the_wrong_part),
        cmocka_unit_test(test_valid_checks_received_addresses),
        cmocka_unit_test(test_addresses_are_split),
        cmocka_unit_test(test_ascii_domain_for_dns),
        cmocka_unit_test(test_escaping_of_xep_0106),
    };
    return cmocka_run_group_tests_name("model/jid", tests, NULL, NULL);
}
