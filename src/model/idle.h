/* How long the user has been idle: without a key, or without the focus of the terminal. One timer
 * serves all watches of a client. A key moves no timer; the time of the last key is looked at when
 * the timer fires. */
#ifndef NJ_MODEL_IDLE_H
#define NJ_MODEL_IDLE_H

#include "model/client.h"

typedef void (*NjIdleFunc)(void *owner);

/* One for a client, which owns it (client->idle). */
NjIdle *nj_idle_new(NjClient *client);
void nj_idle_free(NjIdle *idle);

/* Microseconds since the last key, or since the terminal got the focus. */
gint64 nj_idle_us(const NjClient *client);

/* Watches for an owner: calls func when the delay has passed, and after each person_changed, that
 * is, when the user comes back or the focus changes. The delay passes after keyless_us without a
 * key, and, unless unfocused_us is 0, after unfocused_us with neither a key nor the focus;
 * keyless_us 0: never. Delays below NJ_CLIENT_REST_US are not allowed, because a key after a
 * shorter rest emits no person_changed.
 *
 * An owner has one watch; a second call, also from func, replaces its delay and func. Returns true
 * if the delay has passed already: then func is not called for it. */
bool nj_idle_watch(NjClient *client, gint64 keyless_us, gint64 unfocused_us, NjIdleFunc func,
                   void *owner);

/* Drops the watch of an owner, if there is one; func is not called again. */
void nj_idle_forget(NjClient *client, const void *owner);

#endif
