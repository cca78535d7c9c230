/* All events. A line declares the name and the payload of an event; nj_on_NAME(bus, func, owner)
 * and nj_emit_NAME(bus, payload) are generated from it. Listeners borrow the payload. */
#ifndef NJ_MODEL_EVENTS_H
#define NJ_MODEL_EVENTS_H

#include "base/bus.h"
#include "model/client.h"
#include "model/room.h"

typedef struct {
    NjChat *chat;
    NjMessage *message;
} NjMessageEvent;

typedef struct {
    NjRoom *room;
    NjOccupant *occupant;
    const char *old_nick; /* the nick before a change of nick; NULL: no such change */
    bool joined;          /* entered the room */
} NjOccupantEvent;

typedef struct {
    NjAccount *account; /* NULL: about no account */
    NjChat *chat;       /* NULL: in the console */
    NjNoticeKind kind;
    const char *text; /* a sentence */
    gint64 time;      /* Unix ms */
} NjNotice;

typedef struct {
    const char *command; /* the line as it was read */
    const char *code;    /* of the error, as in JSON */
    const char *text;    /* of the error: a sentence */
    const char *source;  /* where the line was read, e.g. fifo */
} NjCommandFailure;

typedef struct {
    NjChat *chat;
    const char *what; /* text of the contact's message; NULL: none */
} NjAlert;

typedef struct {
    NjContact *contact;
    NjShow before; /* its show before the change */
} NjContactEvent;

/* X(name, payload type) */
#define NJ_EVENTS(X)                                                                             \
    X(account_added, NjAccount)                                                                  \
    X(account_changed, NjAccount) /* its state */                                                \
    X(account_removed, NjAccount) /* not in client->accounts any more; its chats are open */     \
    X(chat_added, NjChat)                                                                        \
    X(chat_changed, NjChat) /* unread, draft, typing, label */                                   \
    X(chat_removed, NjChat)                                                                      \
    X(chat_let_in, NjChat) /* a stranger was accepted; no message_added for his messages */      \
    X(message_added, NjMessageEvent)                                                             \
    X(message_changed, NjMessageEvent) /* its state */                                           \
    X(alert, NjAlert)                  /* a contact asks for attention (XEP-0224); not stored */ \
    X(roster_loaded, NjAccount)                                                                  \
    X(contact_changed, NjContactEvent) /* item or presence */                                    \
    X(contact_removed, NjContact)                                                                \
    X(request_changed, NjAccount) /* the list of requests */                                     \
    X(blocked_changed, NjAccount) /* the list of blocked addresses */                            \
    X(room_changed, NjRoom)       /* state, subject, our nick */                                 \
    X(occupant_changed, NjOccupantEvent)                                                         \
    X(occupant_removed, NjOccupantEvent)                                                         \
    X(focus_changed, NjClient)                                                                   \
    X(person_changed, NjClient) /* terminal focus, or first key after a rest: see client.h */    \
    X(option_changed, NjOption)                                                                  \
    X(notice, NjNotice)                                                                          \
    X(command_failed, NjCommandFailure) /* from the FIFO, -x or standard input */                \
    X(quit, NjClient)                   /* asks main.c to end the program */

#define NJ_EVENT_NUMBER(name, type) NJ_EVENT_##name,
enum { NJ_EVENTS(NJ_EVENT_NUMBER) NJ_EVENT_COUNT };
#undef NJ_EVENT_NUMBER

#define NJ_EVENT_CALLS(name, type)                                                         \
    static inline void nj_on_##name(NjBus *bus, void (*func)(type * payload, void *owner), \
                                    void *owner)                                           \
    {                                                                                      \
        nj_bus_listen(bus, NJ_EVENT_##name, (NjBusFunc) func, owner);                      \
    }                                                                                      \
    static inline void nj_emit_##name(NjBus *bus, type *payload)                           \
    {                                                                                      \
        NjBusWalk walk = nj_bus_begin(bus, NJ_EVENT_##name);                               \
        NjBusFunc func;                                                                    \
        void *owner;                                                                       \
        while (nj_bus_next(&walk, &func, &owner))                                          \
            ((void (*)(type *, void *)) func)(payload, owner);                             \
    }
NJ_EVENTS(NJ_EVENT_CALLS)
#undef NJ_EVENT_CALLS

#endif
