/* News travels here.  The bus knows numbers only; model/events.h gives each event its name, its
 * payload and typed calls.  Everything happens at once, on the main thread, in the order of
 * listening.  A listener may listen, forget and emit while it is called: one added during a walk
 * hears the next event, one that was forgotten is not called any more. */
#ifndef NJ_BASE_BUS_H
#define NJ_BASE_BUS_H

#include "base/base.h"

typedef struct NjBus NjBus;
typedef void (*NjBusFunc)(void); /* cast to and from the real type by model/events.h only */

typedef struct {
    NjBus *bus;
    guint event;
    guint next;
    guint end;
} NjBusWalk;

NjBus *nj_bus_new(void);
void nj_bus_free(NjBus *bus);
void nj_bus_listen(NjBus *bus, guint event, NjBusFunc func, void *owner);

/* everything this owner listens to */
void nj_bus_forget(NjBus *bus, const void *owner);

NjBusWalk nj_bus_begin(NjBus *bus, guint event);

/* false ends the walk */
bool nj_bus_next(NjBusWalk *walk, NjBusFunc *func, void **owner);

#endif
