/* Measures how long the user has been idle: how long no key was pressed, or the terminal has not
 * had the focus. One timer serves all watches of a client. A key does not restart the timer: when
 * it fires, the time of the last key decides whether a delay has passed. */
#ifndef NJ_MODEL_IDLE_H
#define NJ_MODEL_IDLE_H

#include "model/client.h"

typedef void (*NjIdleFunc)(void *owner);

/* Creates the object client->idle. Called only by model/client.c. */
NjIdle *nj_idle_new(NjClient *client);
void nj_idle_free(NjIdle *idle);

/* Microseconds since the last key, or since the terminal got the focus. */
gint64 nj_idle_us(const NjClient *client);

/* Adds a watch: calls func when its delay has passed, and after each person_changed, that is, when
 * the user comes back or the focus changes. The delay has passed as soon as no key was pressed for
 * keyless_us, or as soon as the terminal has been without focus, and no key was pressed, for
 * unfocused_us (0: only keyless_us counts). keyless_us 0: the delay never passes. Delays below
 * NJ_CLIENT_REST_US are not allowed, because a key after a shorter rest emits no person_changed.
 *
 * An owner has one watch; a second call, also from func, replaces its delay and func. Returns true
 * if the delay has passed already: then func is not called for it. */
bool nj_idle_watch(NjClient *client, gint64 keyless_us, gint64 unfocused_us, NjIdleFunc func,
                   void *owner);

/* Drops the watch of an owner, if there is one; func is not called again. */
void nj_idle_forget(NjClient *client, const void *owner);

#endif
