/* cmd/when: what people type for dates and times, in a zone with a summer; and what they should
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "cmd/when.h"

#define NOW "2026-11-04T14:30:00Z" /* a Wednesday, 15:30 in Berlin */

static gint64
ms(const char *stamp)
{
    gint64 value;
    if (!nj_clock_parse(stamp, &value))
        fail_msg("%s is no stamp", stamp);
    return value;
}

static void
test_good(void **state)
{
    static const struct {
        const char *typed, *start, *end;
    } rows[] = {
        { "2026-11-02", "2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z" },
        { " 2026-11-02 ", "2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z" },
        /* a day of 25 hours */
        { "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z" },
        { "2026-10", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z" },
        { "2025", "2024-12-31T23:00:00Z", "2025-12-31T23:00:00Z" },
        { "2.11.2026", "2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z" },
        { "02.11.", "2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z" },
        /* what has no year was last */
        { "24.12.", "2025-12-23T23:00:00Z", "2025-12-24T23:00:00Z" },
        { "29.2.", "2024-02-28T23:00:00Z", "2024-02-29T23:00:00Z" },
        { "today", "2026-11-03T23:00:00Z", "2026-11-04T23:00:00Z" },
        { "Yesterday", "2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z" },
        { "wednesday", "2026-11-03T23:00:00Z", "2026-11-04T23:00:00Z" },
        { "mon", "2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z" },
        { "THURSDAY", "2026-10-28T23:00:00Z", "2026-10-29T23:00:00Z" },
        { "12:30", "2026-11-04T11:30:00Z", "2026-11-04T11:31:00Z" },
        { "15:30", "2026-11-04T14:30:00Z", "2026-11-04T14:31:00Z" },
        /* not today yet */
        { "15:31", "2026-11-03T14:31:00Z", "2026-11-03T14:32:00Z" },
        { "9:05:07", "2026-11-04T08:05:07Z", "2026-11-04T08:05:08Z" },
        { "yesterday 18:00", "2026-11-03T17:00:00Z", "2026-11-03T17:01:00Z" },
        /* behind the hour that came twice */
        { "2026-10-25 12:00", "2026-10-25T11:00:00Z", "2026-10-25T11:01:00Z" },
        { "2026-07-01   12:00", "2026-07-01T10:00:00Z", "2026-07-01T10:01:00Z" },
        { "2026-07-01T12:00", "2026-07-01T10:00:00Z", "2026-07-01T10:01:00Z" },
        { "2026-07-01T12:00:00Z", "2026-07-01T12:00:00Z", "2026-07-01T12:00:01Z" },
        { "2026-07-01T12:00:00+02:00", "2026-07-01T10:00:00Z", "2026-07-01T10:00:01Z" },
        { "2026-07-01T12:00:00.250Z", "2026-07-01T12:00:00.250Z", "2026-07-01T12:00:00.251Z" },
        { "3d", "2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z" },
        { "3 days ago", "2026-10-31T23:00:00Z", "2026-11-01T23:00:00Z" },
        { "0d", "2026-11-03T23:00:00Z", "2026-11-04T23:00:00Z" },
        { "2w", "2026-10-20T22:00:00Z", "2026-10-21T22:00:00Z" },
        { "1 month", "2026-10-03T22:00:00Z", "2026-10-04T22:00:00Z" },
        { "1y ago", "2025-11-03T23:00:00Z", "2025-11-04T23:00:00Z" },
        { "90m", "2026-11-04T13:00:00Z", "2026-11-04T13:01:00Z" },
        { "2 hours", "2026-11-04T12:30:00Z", "2026-11-04T12:31:00Z" },
    };

    (void) state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        NjSpan span;
        if (!nj_when_parse(rows[i].typed, ms(NOW), &span))
            fail_msg("“%s” was not understood", rows[i].typed);
        g_autofree char *start = nj_clock_format(span.start);
        if (span.start != ms(rows[i].start) || span.end != ms(rows[i].end))
            fail_msg("“%s” begins %s", rows[i].typed, start);
    }
}

static void
test_bad(void **state)
{
    static const char *const typed[] = {
        "",
        " ",
        "fish",
        "2026-13-01",
        "2026-02-30",
        "2026-00-01",
        "0-1-1",
        "26-11-02",
        "1969-12-31",
        "31.2.",
        "1.1.26",
        "24:00",
        "12:60",
        "12",
        "12:3",
        "-3d",
        "3",
        "3x",
        "3 d ago now",
        "99999999999999999999d",
        "99999y",
        "7700y",
        "9999mo",
        "1000y",
        "9999w",
        "9999 years ago",
        "yesterday 25:00",
        "2026-10 12:00",
        "2026-11-02T",
        "2026-11-02Tfish",
        "mo",
        "--",
        "....",
        "\xff\xfe",
        "12:30 yesterday",
        "999999-01-01",
    };
    (void) state;

    for (guint i = 0; i < G_N_ELEMENTS(typed); i++) {
        NjSpan span;
        if (nj_when_parse(typed[i], ms(NOW), &span))
            fail_msg("“%s” was taken", typed[i]);
    }

    g_autofree char *long_text = g_strnfill(100000, '1');
    NjSpan span;
    assert_false(nj_when_parse(long_text, ms(NOW), &span));
}

int
main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_bad),
    };
    return cmocka_run_group_tests_name("cmd/when", tests, NULL, NULL);
}
