/* Time.  Dates are reckoned here, without libc's time zones: a message's stamp is always UTC, and
 * one is written and read for every message there is. */
#include "base/clock.h"

#define MS_PER_DAY 86400000
#define LAST_MS G_GINT64_CONSTANT(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* The one thing of the process here: what tests set. */
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

/* Days since 1970-01-01 and back, in the Gregorian calendar.  Years begin in March here, so that
 * the leap day is a year's last day and months follow one formula. */
static gint64
days_of(int year, int month, int day)
{
    const int from_march = (month + 9) % 12;
    const int y = year - (month <= 2);
    return 365 * (gint64) y + y / 4 - y / 100 + y / 400 + (153 * from_march + 2) / 5 + day - 1
           - 719468;
}

static void
date_of(gint64 days, int *year, int *month, int *day)
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
    date_of(wall_ms / MS_PER_DAY, &year, &month, &day);

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

/* Reads exactly count digits. */
static bool
digits(const char **at, int count, int *number)
{
    *number = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!g_ascii_isdigit(**at))
            return false;
        *number = *number * 10 + (**at - '0');
    }
    return true;
}

static bool
skip(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ".678", any number of digits, or nothing. */
static bool
fraction(const char **at, int *ms)
{
    int weight = 100;
    *ms = 0;
    if (!skip(at, '.'))
        return true;
    if (!g_ascii_isdigit(**at))
        return false;

    for (; g_ascii_isdigit(**at); (*at)++, weight /= 10)
        *ms += (**at - '0') * weight;
    return true;
}

/* "Z" or "+hh:mm" or "-hh:mm"; the legacy form has none and means UTC. */
static bool
zone(const char **at, bool legacy, int *minutes)
{
    int hour, minute;
    *minutes = 0;
    if (legacy || skip(at, 'Z'))
        return true;

    const int sign = **at == '-' ? -1 : 1;
    if (!skip(at, '+') && !skip(at, '-'))
        return false;
    if (!digits(at, 2, &hour) || !skip(at, ':') || !digits(at, 2, &minute) || hour > 23
        || minute > 59)
        return false;

    *minutes = sign * (hour * 60 + minute);
    return true;
}

bool
nj_clock_parse(const char *text, gint64 *wall_ms)
{
    int year, month, day, hour, minute, second, ms = 0, offset;
    if (!text || !digits(&text, 4, &year))
        return false;

    const bool legacy = *text != '-';
    if (!(legacy || skip(&text, '-')) || !digits(&text, 2, &month) || !(legacy || skip(&text, '-'))
        || !digits(&text, 2, &day) || !skip(&text, 'T') || !digits(&text, 2, &hour)
        || !skip(&text, ':') || !digits(&text, 2, &minute) || !skip(&text, ':')
        || !digits(&text, 2, &second) || !(legacy || fraction(&text, &ms))
        || !zone(&text, legacy, &offset) || *text)
        return false;

    /* A leap second is the next minute's first one. */
    if (year < 1970 || !g_date_valid_dmy((GDateDay) day, (GDateMonth) month, (GDateYear) year)
        || hour > 23 || minute > 59 || second > 60)
        return false;

    const gint64 value = days_of(year, month, day) * MS_PER_DAY
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
