/* Time. Dates are computed here and not by libc, because libc also handles time zones and is slow:
 * stamps are always UTC, and every message has one to format or to parse. */
#include "base/clock.h"

#define MS_PER_DAY 86400000
#define LAST_MS G_GINT64_CONSTANT(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Time at which tests have stopped the wall clock; 0: it runs. Belongs to the whole process. */
static gint64 frozen;

gint64
nj_clock_wall_ms(void)
{
    return frozen ? frozen : g_get_real_time() / 1000;
}

gint64
nj_clock_us(void)
{
    return g_get_monotonic_time();
}

void
nj_clock_freeze(gint64 wall_ms)
{
    frozen = wall_ms;
}

/* Days since 1970-01-01 in the Gregorian calendar. Years are counted from March, so that the leap
 * day is the last day of a year and one formula holds for all months. */
static gint64
days_of_date(int year, int month, int day)
{
    const int from_march = (month + 9) % 12;
    const int y = year - (month <= 2);
    return 365 * (gint64) y + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1
           - 719468;
}

/* The reverse of days_of_date(). */
static void
date_of_days(gint64 days, int *year, int *month, int *day)
{
    days += 719468;
    const gint64 era = days / 146097;
    const int of_era = (int) (days % 146097);
    const int y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int of_year = of_era - (365 * y + y / 4 - y / 100);
    const int from_march = (5 * of_year + 2) / 153;

    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = (int) (y + era * 400) + (*month <= 2);
}

/* Writes a number with count digits; returns the end. */
static char *
put_digits(char *at, int number, int count)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        at[i] = (char) ('0' + number % 10);
    return at + count;
}

char *
nj_clock_format(gint64 wall_ms)
{
    wall_ms = CLAMP(wall_ms, 0, LAST_MS);
    const int ms = (int) (wall_ms % MS_PER_DAY);
    int year, month, day;
    date_of_days(wall_ms / MS_PER_DAY, &year, &month, &day);

    char *text = g_malloc(sizeof "2026-01-02T03:04:05.678Z");
    char *at = put_digits(text, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at++ = 'T';
    at = put_digits(at, ms / 3600000, 2);
    *at++ = ':';

    at = put_digits(at, ms / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, ms / 1000 % 60, 2);
    *at++ = '.';
    at = put_digits(at, ms % 1000, 3);
    *at++ = 'Z';
    *at = '\0';

    return text;
}

/* Reads exactly count digits and moves *at behind them. */
static bool
read_digits(const char **at, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!g_ascii_isdigit(**at))
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

/* Moves *at behind c; returns false if c is not there. */
static bool
skip_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* Reads a fraction such as ".678" with any number of digits; digits after the third are ignored.
 * Without a fraction *ms is 0. */
static bool
read_fraction(const char **at, int *ms)
{
    int weight = 100;
    *ms = 0;
    if (!skip_char(at, '.'))
        return true;
    if (!g_ascii_isdigit(**at))
        return false;

    for (; g_ascii_isdigit(**at); (*at)++, weight /= 10)
        *ms += (**at - '0') * weight;
    return true;
}

/* Reads "Z", "+hh:mm" or "-hh:mm". The legacy format has no zone and means UTC. */
static bool
read_zone(const char **at, bool legacy, int *minutes)
{
    int hour, minute;
    *minutes = 0;
    if (legacy || skip_char(at, 'Z'))
        return true;

    const int sign = **at == '-' ? -1 : 1;
    if (!skip_char(at, '+') && !skip_char(at, '-'))
        return false;
    if (!read_digits(at, 2, &hour) || !skip_char(at, ':') || !read_digits(at, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;

    *minutes = sign * (hour * 60 + minute);
    return true;
}

/* Reads "2026-01-02", or "20260102" in the legacy format. */
static bool
read_date(const char **at, int *year, int *month, int *day, bool *legacy)
{
    if (!read_digits(at, 4, year))
        return false;
    *legacy = **at != '-';
    if ((!*legacy && !skip_char(at, '-')) || !read_digits(at, 2, month))
        return false;
    return (*legacy || skip_char(at, '-')) && read_digits(at, 2, day);
}

/* Reads "03:04:05". */
static bool
read_time(const char **at, int *hour, int *minute, int *second)
{
    if (!read_digits(at, 2, hour) || !skip_char(at, ':') || !read_digits(at, 2, minute))
        return false;
    return skip_char(at, ':') && read_digits(at, 2, second);
}

bool
nj_clock_parse(const char *text, gint64 *wall_ms)
{
    int year, month, day, hour, minute, second, ms = 0, offset;
    bool legacy;
    if (!text || !read_date(&text, &year, &month, &day, &legacy) || !skip_char(&text, 'T'))
        return false;
    if (!read_time(&text, &hour, &minute, &second) || (!legacy && !read_fraction(&text, &ms)))
        return false;
    if (!read_zone(&text, legacy, &offset) || *text)
        return false;

    /* A leap second, 60, counts as the first second of the next minute. */
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    if (year < 1970 || !g_date_valid_dmy((GDateDay) day, (GDateMonth) month, (GDateYear) year))
        return false;

    const gint64 value = days_of_date(year, month, day) * MS_PER_DAY
                         + ((hour * 60 + minute - offset) * 60 + second) * G_GINT64_CONSTANT(1000)
                         + ms;
    if (value < 0 || value > LAST_MS)
        return false;

    *wall_ms = value;
    return true;
}

GSource *
nj_clock_after(guint ms, GSourceFunc func, void *data)
{
    GSource *source = g_timeout_source_new(ms);
    g_source_set_callback(source, func, data, NULL);
    g_source_attach(source, NULL);
    return source;
}

static gboolean
dispatch_signal(GSource *source, GSourceFunc func, void *data)
{
    g_source_set_ready_time(source, -1);
    return func(data);
}

GSource *
nj_clock_signal(int priority, GSourceFunc func, void *data)
{
    static GSourceFuncs funcs = { .dispatch = dispatch_signal };
    GSource *source = g_source_new(&funcs, sizeof(GSource));
    g_source_set_priority(source, priority);
    g_source_set_callback(source, func, data, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

void
nj_clock_cancel(GSource **source)
{
    if (*source)
        g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}
