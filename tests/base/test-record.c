/* base/record: named values in order, owned by the record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/record.h"

static void
test_fields_keep_order_and_kind(void **state)
{
    (void) state;
    g_autoptr(NjRecord) record = nj_record_new();
    NjRecord *child = nj_record_new();
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    g_ptr_array_add(list, nj_record_new());
    nj_record_set_int(child, "port", 5222);
    nj_record_set_text(record, "name", "toad");
    nj_record_set_int(record, "count", G_MININT64);
    nj_record_set_bool(record, "online", true);

    nj_record_set_record(record, "link", child);
    nj_record_set_list(record, "chats", list);

    static const NjFieldKind kinds[] = { NJ_FIELD_TEXT, NJ_FIELD_INT, NJ_FIELD_BOOL,
                                         NJ_FIELD_RECORD, NJ_FIELD_LIST };
    assert_int_equal(nj_record_length(record), G_N_ELEMENTS(kinds));
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        assert_int_equal(nj_record_at(record, i)->kind, kinds[i]);

    assert_null(nj_record_at(record, G_N_ELEMENTS(kinds)));
    assert_string_equal(nj_record_text(record, "name"), "toad");
    assert_true(nj_record_find(record, "count")->number == G_MININT64);
    assert_int_equal(nj_record_find(record, "online")->number, 1);
    assert_int_equal(nj_record_find(nj_record_find(record, "link")->record, "port")->number, 5222);
    assert_int_equal(nj_record_find(record, "chats")->list->len, 1);
    assert_null(nj_record_text(record, "count")); /* not of kind TEXT */
    assert_null(nj_record_text(record, "nothing"));
    assert_null(nj_record_find(record, "nothing"));
}

static void
test_set_again_replaces_in_place(void **state)
{
    (void) state;
    g_autoptr(NjRecord) record = nj_record_new();
    nj_record_set_text(record, "a", "one");
    nj_record_set_record(record, "b", nj_record_new());
    nj_record_set_text(record, "c", "three");
    nj_record_set_text(record, "a", nj_record_text(record, "a")); /* the old value itself */
    assert_string_equal(nj_record_text(record, "a"), "one");
    nj_record_set_int(record, "a", 1);
    nj_record_set_text(record, "b", "two");

    assert_int_equal(nj_record_length(record), 3);
    assert_string_equal(nj_record_at(record, 0)->key, "a");
    assert_int_equal(nj_record_at(record, 0)->kind, NJ_FIELD_INT);
    assert_null(nj_record_at(record, 0)->text);
    assert_string_equal(nj_record_at(record, 1)->text, "two");
    assert_null(nj_record_at(record, 1)->record);

    nj_record_set_text(record, "b", NULL);
    nj_record_set_text(record, "never", NULL);
    assert_int_equal(nj_record_length(record), 2);
    assert_string_equal(nj_record_at(record, 1)->key, "c");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_keep_order_and_kind),
        cmocka_unit_test(test_set_again_replaces_in_place),
    };
    return cmocka_run_group_tests_name("base/record", tests, NULL, NULL);
}
