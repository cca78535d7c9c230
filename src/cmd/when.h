/* Dates and times as a person types them. */
#ifndef NJ_CMD_WHEN_H
#define NJ_CMD_WHEN_H

#include "base/base.h"

typedef struct {
    gint64 start, end;
} NjSpan; /* Unix ms; end exclusive */

/* "2026-11-02", "2.11.", "yesterday", "monday", "12:30", "3d", "2 weeks ago", "yesterday 18:00",
 * "2026-11-02T12:30:00Z" and the like, in the zone we are in: the day, month, year, minute or
 * second it names.  What has no year was last.  False: it is nothing of the kind. */
bool nj_when_parse(const char *typed, gint64 now_ms, NjSpan *out);

/* the sentence for it; the caller owns it */
GError *nj_when_error(const char *typed);

#endif
