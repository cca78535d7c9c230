/* Reports that a connection should be tried or tested now: the network changed, the machine slept,
 * or the process was stopped for a while. Nothing is polled; a system that does not report such a
 * change, or does not permit listening, causes no calls. */
#ifndef NJ_BASE_WAKE_H
#define NJ_BASE_WAKE_H

#include "base/base.h"

typedef struct NjWake NjWake;

/* Calls on_wake 300 ms after the first of several changes, once for all of them; at most three
 * times in 30 seconds. on_wake may free the object. */
NjWake *nj_wake_new(void (*on_wake)(void *owner), void *owner);
void nj_wake_free(NjWake *wake);

typedef struct {
    gint64 wall_us, boot_us, monotonic_us;
} NjWakeClocks;

/* Processes a datagram of rtnetlink or PF_ROUTE, or the clocks after one of them was set. Called by
 * wake.c and by tests. */
void nj_wake_take_network(NjWake *wake, const void *bytes, gsize length);
void nj_wake_take_clocks(NjWake *wake, const NjWakeClocks *clocks);

#endif
