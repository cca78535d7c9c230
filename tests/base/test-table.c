/* base/table: rows keep their order, names are unique, rows can be removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/table.h"

typedef struct {
    const char *name;
    int value;
} Row;

static const Row frog = { "frog", 1 }, toad = { "toad", 2 }, newt = { "newt", 3 },
                 twin = { "toad", 4 };

static void
test_rows_keep_order_and_unique_names(void **state)
{
    (void) state;
    NjTable *table = nj_table_new();
    assert_true(nj_table_add(table, &frog));
    assert_true(nj_table_add(table, &toad));
    assert_true(nj_table_add(table, &newt));
    assert_false(nj_table_add(table, &twin));
    assert_int_equal(nj_table_length(table), 3);
    assert_ptr_equal(nj_table_at(table, 0), &frog);
    assert_ptr_equal(nj_table_at(table, 2), &newt);

    assert_null(nj_table_at(table, 3));
    assert_ptr_equal(nj_table_find(table, "toad"), &toad);
    assert_null(nj_table_find(table, "Toad"));
    nj_table_free(table);
}

static void
test_removed_row_is_not_found(void **state)
{
    (void) state;
    NjTable *table = nj_table_new();
    nj_table_add(table, &frog);
    nj_table_add(table, &toad);
    nj_table_add(table, &newt);
    assert_false(nj_table_remove(table, &twin)); /* another row of the same name */
    assert_true(nj_table_remove(table, &toad));
    assert_false(nj_table_remove(table, &toad));
    assert_null(nj_table_find(table, "toad"));

    assert_int_equal(nj_table_length(table), 2);
    assert_ptr_equal(nj_table_at(table, 1), &newt);
    assert_true(nj_table_add(table, &twin));
    assert_ptr_equal(nj_table_find(table, "toad"), &twin);
    assert_ptr_equal(nj_table_at(table, 2), &twin);
    nj_table_free(table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_keep_order_and_unique_names),
        cmocka_unit_test(test_removed_row_is_not_found),
    };
    return cmocka_run_group_tests_name("base/table", tests, NULL, NULL);
}
