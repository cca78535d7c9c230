/* Dates and times as users type them. */
#ifndef NJ_CMD_WHEN_H
#define NJ_CMD_WHEN_H

#include "base/base.h"

/* A period in Unix milliseconds; end is exclusive. */
typedef struct {
    gint64 start, end;
} NjSpan;

/* Reads "2026-11-02", "2.11.", "yesterday", "monday", "12:30", "3d", "2 weeks ago",
 * "yesterday 18:00", "2026-11-02T12:30:00Z" and the like, in the local time zone, and sets *out to
 * the year, month, day, minute or second that is named. A weekday, a clock time or a date without a
 * year means the latest one that is not after now_ms. Returns false if typed is not a date. */
bool nj_when_parse(const char *typed, gint64 now_ms, NjSpan *out);

/* Returns the error for a text that is not a date; the caller owns it. */
GError *nj_when_error(const char *typed);

#endif
