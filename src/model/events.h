/* Every event there is.  A line declares its name and its payload; nj_on_NAME(bus, func, owner) and
 * nj_emit_NAME(bus, payload) follow from it.  Listeners borrow the payload. */
#ifndef NJ_MODEL_EVENTS_H
#define NJ_MODEL_EVENTS_H

#include "base/bus.h"
#include "model/client.h"
#include "model/room.h"

typedef struct {
    NjChat *chat;
    NjMessage *message;
} NjMessageEvent;

/* old_nick: renamed; joined: came in */
typedef struct {
    NjRoom *room;
    NjOccupant *occupant;
    const char *old_nick;
    bool joined;
} NjOccupantEvent;

typedef struct {
    NjAccount *account;
    NjChat *chat;
    NjNoticeKind kind;
    const char *text;
    gint64 time;
} NjNotice;

typedef struct {
    const char *command;
    const char *code;
    const char *text;
    const char *source;
} NjCommandFailure;

/* what: the words that came along; NULL */
typedef struct {
    NjChat *chat;
    const char *what;
} NjAlert;

/* before: its show until now */
typedef struct {
    NjContact *contact;
    NjShow before;
} NjContactEvent;

/*  X(name, payload type) */
#define NJ_EVENTS(X)                                                                             \
    X(account_added, NjAccount)                                                                  \
    X(account_changed, NjAccount) /* its state */                                                \
    X(account_removed,                                                                           \
      NjAccount) /* after it is out of client->accounts, before its chats are closed */          \
    X(chat_added, NjChat)                                                                        \
    X(chat_changed, NjChat) /* unread, draft, typing, label */                                   \
    X(chat_removed, NjChat)                                                                      \
    X(chat_let_in,                                                                               \
      NjChat) /* a stranger's: what they wrote is unread in it, and was not told of before */    \
    X(message_added, NjMessageEvent)                                                             \
    X(message_changed, NjMessageEvent) /* its state */                                           \
    X(alert,                                                                                     \
      NjAlert) /* somebody we know wants attention (XEP-0224), here and now: it is not stored */ \
    X(roster_loaded, NjAccount)                                                                  \
    X(contact_changed, NjContactEvent) /* item or presence */                                    \
    X(contact_removed, NjContact)                                                                \
    X(request_changed, NjAccount) /* the list of strangers */                                    \
    X(blocked_changed, NjAccount) /* the list of blocked addresses */                            \
    X(room_changed, NjRoom)       /* state, subject, our nick */                                 \
    X(occupant_changed, NjOccupantEvent)                                                         \
    X(occupant_removed, NjOccupantEvent)                                                         \
    X(focus_changed, NjClient)                                                                   \
    X(person_changed, NjClient) /* looks here now or no longer, or is back: see client.h */      \
    X(option_changed, NjOption)                                                                  \
    X(notice, NjNotice)                                                                          \
    X(command_failed, NjCommandFailure) /* from the FIFO, -x or standard input */                \
    X(quit, NjClient)                   /* the program is asked to end */

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
