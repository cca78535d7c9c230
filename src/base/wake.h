/* Reports when the caller should reconnect or test its connections: the network changed, the
 * machine slept, or the process was stopped for a while. NjWake waits for reports of the system and
 * polls nothing; changes that the system does not report cause no calls. */
#ifndef NJ_BASE_WAKE_H
#define NJ_BASE_WAKE_H

#include "base/base.h"

typedef struct NjWake NjWake;

/* Calls on_wake on the main thread 300 ms after a change, once for all changes in that time; at
 * most three times in 30 seconds: a further call is delayed. on_wake may free the object. */
NjWake *nj_wake_new(void (*on_wake)(void *owner), void *owner);
void nj_wake_free(NjWake *wake);

/* Times of three clocks in microseconds. While the machine sleeps, boot_us goes on and monotonic_us
 * stands still. */
typedef struct {
    gint64 wall_us, boot_us, monotonic_us;
} NjWakeClocks;

/* Process a datagram of rtnetlink or PF_ROUTE, or the clocks as read after the wall clock was set.
 * Called by wake.c and by tests. */
void nj_wake_take_network(NjWake *wake, const void *bytes, gsize length);
void nj_wake_take_clocks(NjWake *wake, const NjWakeClocks *clocks);

#endif
