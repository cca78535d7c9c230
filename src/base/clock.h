/* Time: the wall clock for times that people read, the monotonic clock for delays, and the format
 * of time in stanzas (XEP-0082). */
#ifndef NJ_BASE_CLOCK_H
#define NJ_BASE_CLOCK_H

#include "base/base.h"

/* Unix time in milliseconds */
gint64 nj_clock_wall_ms(void);

/* Monotonic time in microseconds */
gint64 nj_clock_us(void);

/* For tests: stops nj_clock_wall_ms() at wall_ms; 0 starts it again. */
void nj_clock_freeze(gint64 wall_ms);

/* Returns a XEP-0082 DateTime such as "2026-01-02T03:04:05.678Z", which the caller owns. Times
 * before 1970 or after 9999 are replaced by the first or last millisecond of that range. */
char *nj_clock_format(gint64 wall_ms);

/* Reads a XEP-0082 DateTime (years 1970 to 9999) or the legacy format of XEP-0091; returns false
 * for anything else, and for NULL. */
bool nj_clock_parse(const char *text, gint64 *wall_ms);

/* Calls func once on the main thread after ms milliseconds; func returns G_SOURCE_REMOVE. The
 * caller owns the source and frees it with nj_clock_cancel(), in func if it has fired. */
GSource *nj_clock_after(guint ms, GSourceFunc func, void *data);

/* Destroys and frees a source, and sets the pointer to NULL. Does nothing if it is NULL. */
void nj_clock_cancel(GSource **source);

/* Returns a source that any thread may fire with g_source_set_ready_time(source, 0); func runs in
 * the main context of the thread that created the source. The caller destroys and unrefs it. */
GSource *nj_clock_signal(int priority, GSourceFunc func, void *data);

#endif
