/* Hears that a connection may be worth a try or a test now: the network changed, the machine slept,
 * or we were stopped for a while.  Nothing is polled for; where the system tells nothing, or lets
 * us not listen, there is silence. */
#ifndef NJ_BASE_WAKE_H
#define NJ_BASE_WAKE_H

#include "base/base.h"

typedef struct NjWake NjWake;

/* One call for what comes together, a moment after its beginning; three at most in half a
 * minute. */
NjWake *nj_wake_new(void (*on_wake)(void *owner), void *owner);
void nj_wake_free(NjWake *wake);

/* Tests: as if the kernel had sent this datagram of rtnetlink, as if clocks had been found set. */
typedef struct {
    gint64 wall_us, boot_us, monotonic_us;
} NjWakeClocks;

void nj_wake_take_network(NjWake *wake, const void *bytes, gsize length);
void nj_wake_take_clocks(NjWake *wake, const NjWakeClocks *clocks);

#endif
