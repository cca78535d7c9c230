/* The rows of XEPs: their order and what is derived from them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xmpp/modules.h"
#include "xmpp/xep/0115.h"

static const NjModule first = { .spec = "first" };
static const NjModule second = { .spec = "second", .after = { "first" } };
static const NjModule third = { .spec = "third", .after = { "second", "first" } };
static const NjModule lost = { .spec = "lost", .after = { "nowhere" } };
static const NjModule hen = { .spec = "hen", .after = { "egg" } };
static const NjModule egg = { .spec = "egg", .after = { "hen" } };

static NjTable *
table_of(const NjModule *const *rows)
{
    NjTable *table = nj_table_new();
    for (; *rows; rows++)
        nj_table_add(table, *rows);
    return table;
}

static const char *
spec_at(const NjTable *table, guint index)
{
    return ((const NjModule *) nj_table_at(table, index))->spec;
}

static void
test_after_orders_rows(void **state)
{
    (void) state;
    NjTable *table = table_of((const NjModule *[]){ &third, &second, &first, NULL });
    g_autoptr(GError) error = NULL;
    NjTable *sorted = nj_modules_sort(table, &error);

    assert_null(error);
    assert_int_equal(nj_table_length(sorted), 3);
    assert_string_equal(spec_at(sorted, 0), "first");
    assert_string_equal(spec_at(sorted, 1), "second");
    assert_string_equal(spec_at(sorted, 2), "third");

    nj_table_free(sorted);
    nj_table_free(table);
}

static void
test_unknown_name_is_reported_and_row_comes_last(void **state)
{
    (void) state;
    NjTable *table = table_of((const NjModule *[]){ &lost, &first, NULL });
    g_autoptr(GError) error = NULL;
    NjTable *sorted = nj_modules_sort(table, &error);

    assert_non_null(error);
    assert_string_equal(error->message,
                        "lost must come after nowhere, which is not the spec of any row");
    assert_string_equal(spec_at(sorted, 0), "first");
    assert_string_equal(spec_at(sorted, 1), "lost");

    nj_table_free(sorted);
    nj_table_free(table);
}

static void
test_circle_is_reported_and_no_row_is_lost(void **state)
{
    (void) state;
    NjTable *table = table_of((const NjModule *[]){ &hen, &egg, &first, NULL });
    g_autoptr(GError) error = NULL;
    NjTable *sorted = nj_modules_sort(table, &error);

    assert_non_null(error);
    assert_int_equal(nj_table_length(sorted), 3);
    assert_string_equal(spec_at(sorted, 0), "first");

    nj_table_free(sorted);
    nj_table_free(table);
}

static void
test_built_in_rows_can_be_ordered(void **state)
{
    (void) state;
    g_autoptr(GError) error = NULL;
    NjTable *sorted = nj_modules_sort(nj_modules(), &error);

    assert_null(error);
    assert_int_equal(nj_table_length(sorted), nj_table_length(nj_modules()));
    nj_table_free(sorted);
}

/* XEP-0115 section 5.2, the simple generation example. */
static void
test_caps_hash_is_that_of_the_specification(void **state)
{
    static const char *const features[] = {
        "http://jabber.org/protocol/caps",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/disco#items",
        "http://jabber.org/protocol/muc",
    };
    const char *ns = "http://jabber.org/protocol/disco#info";
    g_autoptr(NjXml) query = nj_xml_new("query", ns);
    NjXml *identity = nj_xml_add_new(query, "identity", ns);

    (void) state;
    nj_xml_set(identity, "category", "client");
    nj_xml_set(identity, "type", "pc");
    nj_xml_set(identity, "name", "Exodus 0.9.1");
    for (gsize i = 0; i < G_N_ELEMENTS(features); i++)
        nj_xml_set(nj_xml_add_new(query, "feature", ns), "var", features[i]);

    g_autofree char *hash = nj_caps_hash(query);
    assert_string_equal(hash, "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_orders_rows),
        cmocka_unit_test(test_unknown_name_is_reported_and_row_comes_last),
        cmocka_unit_test(test_circle_is_reported_and_no_row_is_lost),
        cmocka_unit_test(test_built_in_rows_can_be_ordered),
        cmocka_unit_test(test_caps_hash_is_that_of_the_specification),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
