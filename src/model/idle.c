/* The timer behind auto-away (cmd/away.c) and client state indication (xmpp/xep/0352.c). */
#include "model/idle.h"

#include "base/clock.h"
#include "model/events.h"

typedef struct {
    NjIdleFunc func; /* NULL: dropped during call_watches() */
    void *owner;
    gint64 keyless_us, unfocused_us; /* parameters of nj_idle_watch() */
    bool is_pending;                 /* the delay can still pass, so the timer waits for it */
} Watch;

struct NjIdle {
    NjClient *client;
    GPtrArray *watches;     /* of Watch, in the order in which they were added */
    guint walks;            /* number of call_watches() in progress */
    gint64 unfocused_since; /* monotonic us; 0: the terminal has the focus */
    GSource *timer;
};

gint64
nj_idle_us(const NjClient *client)
{
    return nj_clock_us() - client->active_us;
}

static Watch *
find_watch(const NjIdle *idle, const void *owner)
{
    for (guint i = 0; i < idle->watches->len; i++) {
        Watch *watch = idle->watches->pdata[i];
        if (watch->owner == owner && watch->func)
            return watch;
    }
    return NULL;
}

/* Returns the time (monotonic us) at which the delay passes if no key is pressed before;
 * G_MAXINT64: never. */
static gint64
due_us(const NjIdle *idle, const Watch *watch)
{
    const gint64 active = idle->client->active_us;
    const gint64 keyless = active + watch->keyless_us;

    if (!watch->func || !watch->keyless_us)
        return G_MAXINT64;
    if (!watch->unfocused_us || !idle->unfocused_since)
        return keyless;
    return MIN(keyless, MAX(active, idle->unfocused_since) + watch->unfocused_us);
}

static gboolean on_timer(void *data);

/* Sets the timer to the first pending delay; no timer if none is pending. */
static void
arm_timer(NjIdle *idle)
{
    gint64 first = G_MAXINT64;
    for (guint i = 0; i < idle->watches->len; i++) {
        const Watch *watch = idle->watches->pdata[i];
        if (watch->is_pending)
            first = MIN(first, due_us(idle, watch));
    }

    nj_clock_cancel(&idle->timer);
    const gint64 left_ms = MAX(first - nj_clock_us(), 0) / 1000;
    if (first < G_MAXINT64)
        idle->timer = nj_clock_after((guint) left_ms + 1, on_timer, idle);
}

/* Returns true if the delay has passed; sets is_pending. */
static bool
check_watch(NjIdle *idle, Watch *watch)
{
    const gint64 due = due_us(idle, watch);
    const bool has_passed = due <= nj_clock_us();
    watch->is_pending = !has_passed && due < G_MAXINT64;
    return has_passed;
}

/* Called after each change of the list: removes dropped watches and sets the timer. During
 * call_watches() it does nothing, because that calls it at its end. */
static void
clean_list(NjIdle *idle)
{
    if (idle->walks > 0)
        return;
    for (guint i = idle->watches->len; i > 0; i--)
        if (!((const Watch *) idle->watches->pdata[i - 1])->func)
            g_ptr_array_remove_index(idle->watches, i - 1);
    arm_timer(idle);
}

/* Calls every watch, or only those whose delay has passed since the timer was set. */
static void
call_watches(NjIdle *idle, bool every)
{
    idle->walks++;
    for (guint i = 0; i < idle->watches->len; i++) {
        Watch *watch = idle->watches->pdata[i];
        const bool was_pending = watch->is_pending;
        const bool has_passed = check_watch(idle, watch);
        const bool is_called = every || (was_pending && has_passed);
        if (watch->func && is_called)
            watch->func(watch->owner);
    }

    idle->walks--;
    clean_list(idle);
}

static gboolean
on_timer(void *data)
{
    NjIdle *idle = data;
    nj_clock_cancel(&idle->timer);
    call_watches(idle, false);
    return G_SOURCE_REMOVE;
}

static void
on_person_changed(NjClient *client, void *owner)
{
    NjIdle *idle = owner;
    if (client->looking)
        idle->unfocused_since = 0;
    else if (!idle->unfocused_since)
        idle->unfocused_since = nj_clock_us();
    call_watches(idle, true);
}

NjIdle *
nj_idle_new(NjClient *client)
{
    NjIdle *idle = g_new0(NjIdle, 1);
    idle->client = client;
    idle->watches = g_ptr_array_new_with_free_func(g_free);
    nj_on_person_changed(client->bus, on_person_changed, idle);
    return idle;
}

void
nj_idle_free(NjIdle *idle)
{
    if (!idle)
        return;
    nj_bus_forget(idle->client->bus, idle);
    nj_clock_cancel(&idle->timer);
    g_ptr_array_unref(idle->watches);
    g_free(idle);
}

bool
nj_idle_watch(NjClient *client, gint64 keyless_us, gint64 unfocused_us, NjIdleFunc func,
              void *owner)
{
    g_return_val_if_fail(!keyless_us || keyless_us >= NJ_CLIENT_REST_US, false);
    Watch *watch = find_watch(client->idle, owner);
    if (!watch) {
        watch = g_new0(Watch, 1);
        watch->owner = owner;
        g_ptr_array_add(client->idle->watches, watch);
    }

    watch->func = func;
    watch->keyless_us = keyless_us;
    watch->unfocused_us = unfocused_us;
    const bool has_passed = check_watch(client->idle, watch);
    clean_list(client->idle);
    return has_passed;
}

void
nj_idle_forget(NjClient *client, const void *owner)
{
    Watch *watch = find_watch(client->idle, owner);
    if (!watch)
        return;
    watch->func = NULL;
    watch->is_pending = false;
    clean_list(client->idle);
}
