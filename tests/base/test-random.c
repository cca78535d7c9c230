/* base/random: no bias, no repetition, and the characters of ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/random.h"

static void
test_below_has_no_bias(void **state)
{
    (void) state;
    int seen[6] = { 0 };
    for (int i = 0; i < 6000; i++)
        seen[nj_random_below(6)]++;
    for (int i = 0; i < 6; i++)
        /* 1,000 are expected, within 7 standard deviations */
        assert_in_range(seen[i], 800, 1200);

    assert_int_equal(nj_random_below(1), 0);
    bool high = false;
    for (int i = 0; i < 200; i++)
        high |= nj_random_below(G_MAXUINT32) > G_MAXINT32;

    assert_true(high);

    /* Limit 3/4 of 2^32: a plain modulo would return the lowest third half of the time. */
    int first_third = 0;
    for (int i = 0; i < 3000; i++)
        first_third += nj_random_below(3U << 30) < 1U << 30;

    assert_in_range(first_third, 800, 1200);
}

static void
test_ids_are_unique_and_plain(void **state)
{
    (void) state;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (int i = 0; i < 1000; i++) {
        char *id = nj_random_id();
        assert_int_equal(strlen(id), 22);
        for (const char *c = id; *c; c++)
            assert_true(g_ascii_isalnum(*c) || *c == '-' || *c == '_');
        assert_true(g_hash_table_add(seen, id));
    }
}

/* More bytes than one call of getrandom(2) returns. */
static void
test_many_bytes_are_all_filled(void **state)
{
    (void) state;
    enum { LENGTH = 1 << 20 };
    g_autofree guint8 *bytes = g_malloc0(LENGTH);
    nj_random_bytes(bytes, LENGTH);
    guint zeros = 0;
    for (int i = LENGTH - 4096; i < LENGTH; i++)
        zeros += bytes[i] == 0;
    assert_in_range(zeros, 0, 64);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_below_has_no_bias),
        cmocka_unit_test(test_ids_are_unique_and_plain),
        cmocka_unit_test(test_many_bytes_are_all_filled),
    };
    return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
