/* Dates and times as users type them. This file knows the words and the formats; GDateTime knows
 * the calendar, the time zone and daylight saving. */
#include "cmd/when.h"

#include <string.h>

#include "base/clock.h"
#include "cmd/commands.h"

#define FIRST_YEAR 1970
#define LAST_YEAR 9999

static gint64
to_ms(GDateTime *time)
{
    return g_date_time_to_unix(time) * 1000;
}

/* Sets *out to the time from start to end, and frees both. Returns false if one of them is NULL or
 * start is before 1970. */
static bool
set_span(GDateTime *start, GDateTime *end, NjSpan *out)
{
    bool valid = start && end && to_ms(start) >= 0;
    if (valid)
        *out = (NjSpan){ to_ms(start), to_ms(end) };
    g_clear_pointer(&start, g_date_time_unref);
    g_clear_pointer(&end, g_date_time_unref);
    return valid;
}

/* Reads a text of digits only, at most `digits` of them. */
static bool
read_number(const char *text, guint digits, int *number)
{
    gsize length = strspn(text, "0123456789");
    if (!length || length > digits || text[length])
        return false;
    *number = (int) g_ascii_strtoll(text, NULL, 10);
    return true;
}

static GDateTime *
start_of_day(GDateTime *time)
{
    return g_date_time_new_local(g_date_time_get_year(time), g_date_time_get_month(time),
                                 g_date_time_get_day_of_month(time), 0, 0, 0);
}

/* The start of the day so many days before now. */
static GDateTime *
days_before(GDateTime *now, int days)
{
    g_autoptr(GDateTime) then = g_date_time_add_days(now, -days);
    return then ? start_of_day(then) : NULL;
}

/* Whether word names the weekday of day: in English, shortened to not less than three letters; or
 * by the long or the short name in the language of the locale. word is case-folded. */
static bool
is_name_of_day(const char *word, GDateTime *day)
{
    static const char *const names[] = { "monday", "tuesday",  "wednesday", "thursday",
                                         "friday", "saturday", "sunday" };
    const char *name = names[g_date_time_get_day_of_week(day) - 1];
    if (strlen(word) >= 3 && g_str_has_prefix(name, word))
        return true;

    g_autofree char *own = g_date_time_format(day, "%A"), *brief = g_date_time_format(day, "%a");
    g_autofree char *folded = g_utf8_casefold(own ? own : "", -1);
    g_autofree char *folded_brief = g_utf8_casefold(brief ? brief : "", -1);
    return strcmp(word, folded) == 0 || strcmp(word, folded_brief) == 0;
}

/* Sets *out to the day that begins at day, and frees day. Returns false if day is NULL. */
static bool
set_day(GDateTime *day, NjSpan *out)
{
    return set_span(day, day ? g_date_time_add_days(day, 1) : NULL, out);
}

static bool
parse_named_day(const char *word, GDateTime *now, NjSpan *out)
{
    if (strcmp(word, "today") == 0 || strcmp(word, _("today")) == 0)
        return set_day(start_of_day(now), out);
    if (strcmp(word, "yesterday") == 0 || strcmp(word, _("yesterday")) == 0)
        return set_day(days_before(now, 1), out);

    for (int days = 0; days < 7; days++) {
        GDateTime *day = days_before(now, days);
        if (day && is_name_of_day(word, day))
            return set_day(day, out);
        g_clear_pointer(&day, g_date_time_unref);
    }

    return false;
}

/* month 0 stands for the whole year, day 0 for the whole month. */
static bool
is_valid_date(int year, int month, int day)
{
    if (year < FIRST_YEAR || year > LAST_YEAR)
        return false;
    if (month < 0 || month > 12)
        return false;

    return day == 0 || g_date_valid_dmy((GDateDay) day, (GDateMonth) month, (GDateYear) year);
}

static bool
set_date(int year, int month, int day, NjSpan *out)
{
    if (!is_valid_date(year, month, day))
        return false;

    GDateTime *start = g_date_time_new_local(year, month ? month : 1, day ? day : 1, 0, 0, 0);
    if (!start)
        return false;

    GDateTime *end;
    if (day)
        end = g_date_time_add_days(start, 1);
    else if (month)
        end = g_date_time_add_months(start, 1);
    else
        end = g_date_time_add_years(start, 1);
    return set_span(start, end, out);
}

/* Reads one or two digits that are not zero. */
static bool
read_month_or_day(const char *text, int *number)
{
    return read_number(text, 2, number) && *number != 0;
}

/* Reads 2026-11-02, 2026-11, 2026. */
static bool
parse_iso_date(const char *word, NjSpan *out)
{
    g_auto(GStrv) parts = g_strsplit(word, "-", 4);
    int year, month = 0, day = 0;
    guint count = g_strv_length(parts);
    if (count < 1 || count > 3)
        return false;
    if (strlen(parts[0]) != 4 || !read_number(parts[0], 4, &year))
        return false;
    if (count >= 2 && !read_month_or_day(parts[1], &month))
        return false;
    if (count >= 3 && !read_month_or_day(parts[2], &day))
        return false;

    return set_date(year, month, day, out);
}

/* Reads 2.11.2026, 2.11. */
static bool
parse_dotted_date(const char *word, GDateTime *now, NjSpan *out)
{
    g_auto(GStrv) parts = g_strsplit(word, ".", 4);
    int year = 0, month, day;
    guint count = g_strv_length(parts);

    if (count < 2 || count > 3)
        return false;
    if (!read_month_or_day(parts[0], &day) || !read_month_or_day(parts[1], &month))
        return false;

    if (count == 3 && *parts[2]) {
        if (strlen(parts[2]) != 4 || !read_number(parts[2], 4, &year))
            return false;
        return set_date(year, month, day, out);
    }

    /* The last 29th of February may be eight years ago. */
    year = g_date_time_get_year(now);
    for (int back = 0; back < 8; back++)
        if (set_date(year - back, month, day, out) && out->start <= to_ms(now))
            return true;

    return false;
}

static bool
parse_day(const char *word, GDateTime *now, NjSpan *out)
{
    return parse_iso_date(word, out) || parse_dotted_date(word, now, out)
           || parse_named_day(word, now, out);
}

/* Reads 12:30, 12:30:15. *seconds receives the seconds since midnight, *length the length of the
 * named minute or second in seconds. */
static bool
parse_clock(const char *word, int *seconds, int *length)
{
    g_auto(GStrv) parts = g_strsplit(word, ":", 4);
    int hour, minute, second = 0;
    guint count = g_strv_length(parts);

    if (count < 2 || count > 3)
        return false;
    if (!read_number(parts[0], 2, &hour) || hour > 23)
        return false;
    if (strlen(parts[1]) != 2 || !read_number(parts[1], 2, &minute) || minute > 59)
        return false;
    if (count == 3 && (!read_number(parts[2], 2, &second) || second > 59))
        return false;

    *seconds = (hour * 60 + minute) * 60 + second;
    *length = count == 3 ? 1 : 60;
    return true;
}

/* Sets *out to a clock time (parse_clock()) on the day that contains day_ms. Seconds are not simply
 * added to the start of the day, because a day may have 23 or 25 hours. */
static bool
set_clock(gint64 day_ms, int seconds, int length, NjSpan *out)
{
    g_autoptr(GDateTime) day = g_date_time_new_from_unix_local(day_ms / 1000);
    GDateTime *start =
        day ? g_date_time_new_local(g_date_time_get_year(day), g_date_time_get_month(day),
                                    g_date_time_get_day_of_month(day), seconds / 3600,
                                    seconds / 60 % 60, seconds % 60)
            : NULL;
    return set_span(start, start ? g_date_time_add_seconds(start, length) : NULL, out);
}

/* Reads 3d, 3 days, 3 days ago. */
static bool
parse_relative(char **words, guint count, GDateTime *now, NjSpan *out)
{
    static const struct {
        const char *names[6];
        int years, months, days, minutes;
    } units[] = {
        { { "m", "min", "mins", "minute", "minutes" }, 0, 0, 0, 1 },
        { { "h", "hour", "hours" }, 0, 0, 0, 60 },
        { { "d", "day", "days" }, 0, 0, 1, 0 },
        { { "w", "week", "weeks" }, 0, 0, 7, 0 },
        { { "mo", "month", "months" }, 0, 1, 0, 0 },
        { { "y", "year", "years" }, 1, 0, 0, 0 },
    };

    gsize digits = strspn(words[0], "0123456789");
    if (!digits || digits > 4)
        return false;

    bool joined = words[0][digits]; /* number and unit are one word */
    if (!joined && count < 2)
        return false;

    const char *unit = joined ? words[0] + digits : words[1];
    guint used = joined ? 1 : 2;
    if (count > used + 1 || (count == used + 1 && strcmp(words[used], "ago") != 0))
        return false;

    int number = -(int) g_ascii_strtoll(words[0], NULL, 10);
    for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
        if (!g_strv_contains(units[i].names, unit))
            continue;
        if (units[i].minutes) {
            GDateTime *then = g_date_time_add_minutes(now, number * units[i].minutes);
            return set_span(then, then ? g_date_time_add_minutes(then, 1) : NULL, out);
        }
        if (number < -1000 && (units[i].years || units[i].months))
            return false; /* GLib aborts the program on a year before 1 */
        g_autoptr(GDateTime) then =
            g_date_time_add_full(now, number * units[i].years, number * units[i].months,
                                 number * units[i].days, 0, 0, 0);
        return then && set_day(start_of_day(then), out);
    }

    return false;
}

/* Reads 2026-11-02T12:30:00Z, in the time zone that it names, or without one in the local one. */
static bool
parse_stamp(const char *text, NjSpan *out)
{
    gint64 ms;
    if (strlen(text) < 11 || text[10] != 'T')
        return false;

    if (nj_clock_parse(text, &ms)) {
        *out = (NjSpan){ ms, ms + (strchr(text, '.') ? 1 : 1000) };
        return true;
    }

    g_autofree char *date = g_strndup(text, 10);
    int seconds, length;
    NjSpan day;
    if (!parse_iso_date(date, &day) || !parse_clock(text + 11, &seconds, &length))
        return false;

    return set_clock(day.start, seconds, length, out);
}

bool
nj_when_parse(const char *typed, gint64 now_ms, NjSpan *out)
{
    g_autofree char *trimmed = g_strstrip(g_strdup(typed));
    if (parse_stamp(trimmed, out))
        return true;
    if (strlen(trimmed) > 100)
        return false;

    g_autofree char *folded = g_utf8_casefold(trimmed, -1);
    g_auto(GStrv) words = g_strsplit_set(folded, " \t", -1);
    guint count = 0;
    for (guint i = 0; words[i]; i++) { /* drop empty words */
        if (*words[i])
            words[count++] = words[i];
        else
            g_free(words[i]);
    }

    words[count] = NULL;
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(now_ms / 1000);
    int seconds, length;
    if (!count || !now)
        return false;

    if (count == 1 && parse_clock(words[0], &seconds, &length)) {
        g_autoptr(GDateTime) yesterday = days_before(now, 1);
        if (!set_clock(now_ms, seconds, length, out))
            return false;
        return out->start <= now_ms || set_clock(to_ms(yesterday), seconds, length, out);
    }

    if (count == 1 && parse_day(words[0], now, out))
        return true;

    if (count == 2 && parse_clock(words[1], &seconds, &length)) {
        NjSpan day;
        if (!parse_day(words[0], now, &day) || day.end - day.start >= 2 * 86400000)
            return false;
        return set_clock(day.start, seconds, length, out);
    }

    return parse_relative(words, count, now, out);
}

GError *
nj_when_error(const char *typed)
{
    return g_error_new(NJ_CMD_ERROR, nj_cmd_code("usage"),
                       _("“%s” is not a date. Write 2026-11-02, yesterday, monday, 12:30 or 3d; a "
                         "time may follow the day: yesterday 18:00."),
                       typed);
}
