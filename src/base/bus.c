/* The event bus: see bus.h. A walk uses indices, so listeners may be added during it. A listener
 * that is forgotten during a walk leaves an empty entry, which is removed when the last walk
 * ends. */
#include "base/bus.h"

typedef struct {
    NjBusFunc func; /* NULL: forgotten during a walk */
    void *owner;
} Listener;

struct NjBus {
    GPtrArray *events; /* by number: GArray of Listener, or NULL without one */
    guint walks;       /* number of walks in progress */
    bool has_holes;    /* an empty entry waits for its removal */
};

static void
free_listeners(gpointer listeners)
{
    if (listeners)
        g_array_free(listeners, TRUE);
}

NjBus *
nj_bus_new(void)
{
    NjBus *bus = g_new0(NjBus, 1);
    bus->events = g_ptr_array_new_with_free_func(free_listeners);
    return bus;
}

void
nj_bus_free(NjBus *bus)
{
    if (!bus)
        return;
    g_ptr_array_unref(bus->events);
    g_free(bus);
}

static GArray *
find_listeners(NjBus *bus, guint event)
{
    return event < bus->events->len ? bus->events->pdata[event] : NULL;
}

void
nj_bus_listen(NjBus *bus, guint event, NjBusFunc func, void *owner)
{
    Listener listener = { func, owner };
    if (event >= bus->events->len)
        g_ptr_array_set_size(bus->events, (gint) event + 1);
    if (!bus->events->pdata[event])
        bus->events->pdata[event] = g_array_new(FALSE, FALSE, sizeof(Listener));
    g_array_append_val((GArray *) bus->events->pdata[event], listener);
}

static void
remove_forgotten(NjBus *bus)
{
    for (guint event = 0; event < bus->events->len; event++) {
        GArray *listeners = bus->events->pdata[event];
        guint kept = 0;
        for (guint i = 0; listeners && i < listeners->len; i++) {
            Listener listener = g_array_index(listeners, Listener, i);
            if (listener.func)
                g_array_index(listeners, Listener, kept++) = listener;
        }
        if (listeners)
            g_array_set_size(listeners, kept);
    }

    bus->has_holes = false;
}

void
nj_bus_forget(NjBus *bus, const void *owner)
{
    for (guint event = 0; event < bus->events->len; event++) {
        GArray *listeners = bus->events->pdata[event];
        for (guint i = 0; listeners && i < listeners->len; i++) {
            Listener *listener = &g_array_index(listeners, Listener, i);
            if (listener->owner == owner) {
                listener->func = NULL;
                bus->has_holes = true;
            }
        }
    }

    if (bus->walks == 0 && bus->has_holes)
        remove_forgotten(bus);
}

NjBusWalk
nj_bus_begin(NjBus *bus, guint event)
{
    GArray *listeners = find_listeners(bus, event);
    bus->walks++;
    return (NjBusWalk){ bus, event, 0, listeners ? listeners->len : 0 };
}

bool
nj_bus_next(NjBusWalk *walk, NjBusFunc *func, void **owner)
{
    GArray *listeners = find_listeners(walk->bus, walk->event);
    while (walk->next < walk->end) {
        const Listener *listener = &g_array_index(listeners, Listener, walk->next++);
        if (listener->func) {
            *func = listener->func;
            *owner = listener->owner;
            return true;
        }
    }

    if (--walk->bus->walks == 0 && walk->bus->has_holes)
        remove_forgotten(walk->bus);
    return false;
}
