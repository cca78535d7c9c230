/* Time: the wall for what people read, the monotonic clock for everything that waits.
 * XEP-0082 is how time is written on the wire. */
#ifndef NJ_BASE_CLOCK_H
#define NJ_BASE_CLOCK_H

#include "base/base.h"

/* Unix time in milliseconds */
gint64 nj_clock_wall_ms(void);

/* monotonic, microseconds */
gint64 nj_clock_us(void);

/* tests: the wall stands still; 0 lets it run again */
void nj_clock_freeze(gint64 wall_ms);

/* "2026-01-02T03:04:05.678Z", the caller owns it */
char *nj_clock_format(gint64 wall_ms);

/* XEP-0082 DateTime (years 1970 … 9999) or XEP-0091's legacy form; false for anything else. */
bool nj_clock_parse(const char *text, gint64 *wall_ms);

/* Once, after so long; the caller owns the source until nj_clock_cancel(), which takes NULL too and
 * clears the pointer. */
GSource *nj_clock_after(guint ms, GSourceFunc func, void *data);
void nj_clock_cancel(GSource **source);

/* A source that any thread fires with g_source_set_ready_time(source, 0); func runs in the context
 * of the thread that made it. The caller destroys and unrefs it. */
GSource *nj_clock_signal(int priority, GSourceFunc func, void *data);

#endif
