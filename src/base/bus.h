/* The event bus. It knows events by number only; model/events.h gives each event a name, a payload
 * and typed calls. An emitted event calls its listeners at once, on the main thread, in the order
 * in which they were added. A listener may add listeners, forget them and emit while it is called:
 * a listener added during a walk is called from the next event on, a forgotten one is not called
 * again. */
#ifndef NJ_BASE_BUS_H
#define NJ_BASE_BUS_H

#include "base/base.h"

typedef struct NjBus NjBus;
typedef void (*NjBusFunc)(void); /* cast to and from the real type by model/events.h only */

/* The calls of one emitted event. */
typedef struct {
    NjBus *bus;
    guint event;
    guint next; /* index of the listener to call next */
    guint end;  /* number of listeners when the walk began */
} NjBusWalk;

NjBus *nj_bus_new(void);
void nj_bus_free(NjBus *bus);
void nj_bus_listen(NjBus *bus, guint event, NjBusFunc func, void *owner);

/* Removes all listeners of an owner. */
void nj_bus_forget(NjBus *bus, const void *owner);

/* Begins the calls of an event. Call nj_bus_next() until it returns false: only then are listeners
 * that were forgotten meanwhile removed. */
NjBusWalk nj_bus_begin(NjBus *bus, guint event);

/* Sets *func and *owner to the next listener of a walk; returns false at the end of the walk. */
bool nj_bus_next(NjBusWalk *walk, NjBusFunc *func, void **owner);

#endif
