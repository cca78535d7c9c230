/* base/clock: formatting and parsing XEP-0082 times, also invalid ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

#define S(seconds) (G_GINT64_CONSTANT(seconds) * 1000)

static void
test_parse_reads_valid_times_only(void **state)
{
    static const struct {
        const char *text;
        gint64 ms;
    } cases[] = {
        { "1970-01-01T00:00:00Z", 0 },
        /* an example of XEP-0082, before 1970 */
        { "1969-07-21T02:56:15Z", -1 },
        { "2026-01-02T03:04:05.678Z", S(1767323045) + 678 },
        { "2026-01-02T03:04:05Z", S(1767323045) },
        { "2026-01-02T03:04:05.6Z", S(1767323045) + 600 },
        { "2026-01-02T03:04:05.6789999999999Z", S(1767323045) + 678 },
        { "2026-01-02T03:04:05+00:00", S(1767323045) },
        { "2026-01-02T05:34:05+02:30", S(1767323045) },
        { "2026-01-01T21:04:05-06:00", S(1767323045) },
        { "2000-02-29T12:00:00Z", S(951825600) },
        { "2100-02-28T23:59:59Z", S(4107542399) },
        { "9999-12-31T23:59:59.999Z", G_GINT64_CONSTANT(253402300799999) },
        { "2016-12-31T23:59:60Z", S(1483228800) }, /* a leap second */
        { "20020910T23:08:25", S(1031699305) },    /* XEP-0091 */
        { "", -1 },
        { "2026", -1 },
        { "2026-01-02", -1 },
        { "2026-01-02T03:04:05", -1 },
        { "2026-01-02 03:04:05Z", -1 },
        { "2026-01-02T03:04Z", -1 },
        { "2026-01-02T03:04:05.Z", -1 },
        { "2026-01-02T03:04:05ZZ", -1 },
        { "2026-01-02T03:04:05z", -1 },
        { "2026-01-02T03:04:05+2:30", -1 },
        { "2026-01-02T03:04:05+24:00", -1 },
        { "2026-01-02T03:04:05+02:60", -1 },
        { "2026-01-02T24:00:00Z", -1 },
        { "2026-01-02T03:60:05Z", -1 },
        { "2026-01-02T03:04:61Z", -1 },
        { "2026-02-29T03:04:05Z", -1 },
        { "2100-02-29T03:04:05Z", -1 },
        { "2026-00-02T03:04:05Z", -1 },
        { "2026-13-02T03:04:05Z", -1 },
        { "2026-01-00T03:04:05Z", -1 },
        { "2026-1-02T03:04:05Z", -1 },
        { "-026-01-02T03:04:05Z", -1 },
        { "12026-01-02T03:04:05Z", -1 },
        { "1970-01-01T00:00:00+00:01", -1 },
        { "9999-12-31T23:59:59-00:01", -1 },
        { "2026-01-02T03:04:05\xC2\xB2Z", -1 },
        { "20020910T23:08:25Z", -1 },
        { "200209-10T23:08:25", -1 },
        { "2002-0910T23:08:25Z", -1 },
    };

    (void) state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gint64 ms = -1;
        const bool good = nj_clock_parse(cases[i].text, &ms);
        if (good != (cases[i].ms >= 0) || ms != cases[i].ms)
            fail_msg("%s became %lld", cases[i].text, (long long) ms);
    }

    gint64 untouched = 7;
    assert_false(nj_clock_parse(NULL, &untouched));
    assert_int_equal(untouched, 7);
}

static void
test_format_writes_xep_0082(void **state)
{
    static const struct {
        gint64 ms;
        const char *text;
    } cases[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { S(1767323045) + 678, "2026-01-02T03:04:05.678Z" },
        { S(951782400), "2000-02-29T00:00:00.000Z" },
        { G_GINT64_CONSTANT(253402300799999), "9999-12-31T23:59:59.999Z" },
        { -1, "1970-01-01T00:00:00.000Z" },
        { G_MAXINT64, "9999-12-31T23:59:59.999Z" },
    };

    (void) state;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = nj_clock_format(cases[i].ms);
        assert_string_equal(text, cases[i].text);
    }
}

/* For every day from 1970 to 9999, the date equals that of libc, and is parsed back. */
static void
test_every_day_has_the_date_of_libc(void **state)
{
    (void) state;
    for (gint64 day = 0; day <= 2932896; day += 1) {
        const time_t seconds = (time_t) day * 86400 + 43200;
        struct tm tm;
        char expected[40];
        gint64 back;
        gmtime_r(&seconds, &tm);
        strftime(expected, sizeof expected, "%Y-%m-%dT12:00:00.000Z", &tm);
        g_autofree char *text = nj_clock_format((gint64) seconds * 1000);
        if (g_strcmp0(text, expected) != 0 || !nj_clock_parse(text, &back)
            || back != (gint64) seconds * 1000)
            fail_msg("%s is not %s", text, expected);
    }
}

static void
test_freeze_stops_the_wall_clock_only(void **state)
{
    (void) state;
    nj_clock_freeze(S(1767323045));
    assert_true(nj_clock_wall_ms() == S(1767323045));
    const gint64 before = nj_clock_us();
    g_usleep(2000);
    assert_true(nj_clock_us() >= before + 2000); /* delays are not frozen */
    nj_clock_freeze(0);
    assert_true(nj_clock_wall_ms() - (gint64) time(NULL) * 1000 > -2000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_reads_valid_times_only),
        cmocka_unit_test(test_format_writes_xep_0082),
        cmocka_unit_test(test_every_day_has_the_date_of_libc),
        cmocka_unit_test(test_freeze_stops_the_wall_clock_only),
    };
    return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
