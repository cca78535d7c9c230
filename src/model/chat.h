/* A conversation: with a person, in a room, or with one occupant privately. It remembers how far it
 * was read, the draft and what wants attention; the lines are in the store and in the pane that
 * shows them. */
#ifndef NJ_MODEL_CHAT_H
#define NJ_MODEL_CHAT_H

#include "base/base.h"
#include "model/message.h"
#include "model/store.h"

typedef struct NjChat NjChat;
typedef struct NjRoom NjRoom;
typedef struct NjAccount NjAccount;

/* XEP-0085 */
typedef enum {
    NJ_TYPING_GONE,
    NJ_TYPING_INACTIVE,
    NJ_TYPING_ACTIVE,
    NJ_TYPING_PAUSED,
    NJ_TYPING_COMPOSING
} NjTyping;

/* Read freely; changed through the calls below, which emit chat_changed. */
struct NjChat {
    NjAccount *account;
    gint64 id; /* the store's row */
    NjChatKind kind;
    char *address; /* bare; of PRIVATE the occupant's room/nick */
    /* ROOM: its room; PRIVATE: the room the occupant is in; else NULL */
    NjRoom *room;
    guint unread;
    guint mentions;
    gint64 read_time, read_id; /* the marker: seen up to here */
    char *draft;               /* NULL: none */
    NjTyping typing;           /* what the other side does */
    /* the full address that wrote last, RFC 6121 5.1's lock; NULL: none */
    char *peer;
    char *thread;              /* of the talk; NULL */
    gint64 last_time, last_id; /* the newest message */
    /* of the newest that somebody else said; at first that of the newest */
    gint64 heard_time;
    char *shown; /* the address or the nick, sanitised */
    guint busy;  /* events about it under way: it is freed after them */
    bool closed;
};

/* Finds or makes the chat of an account; emits chat_added when it is made.  A room's address is the
 * room, whatever kind is asked for. */
NjChat *nj_chat_open(NjAccount *account, NjChatKind kind, const char *address);

/* NULL; of any kind */
NjChat *nj_chat_find(NjAccount *account, const char *address);

/* emits chat_removed, then frees; history stays */
void nj_chat_close(NjChat *chat);

/* contact's name, nick, room's local part, or address */
const char *nj_chat_label(const NjChat *chat);

/* Keeps a message: stores it, counts it as unread if it came in, emits message_added. Takes no
 * reference from the caller. */
void nj_chat_add(NjChat *chat, NjMessage *message);

/* The two halves of it, for what is shown later than it is kept (model/outbox.h). */
void nj_chat_keep(NjChat *chat, NjMessage *message);
void nj_chat_show(NjChat *chat, NjMessage *message);

/* Sets the state and error (a sentence or NULL) of a message in memory and in the store, and emits
 * message_changed; does nothing if both are so already.  SENT is not stored. */
void nj_chat_set_state(NjChat *chat, NjMessage *message, NjMessageState state, const char *error);

/* The same by the chat's address.  The chat may be closed: then nothing is emitted. */
void nj_account_set_state_of(NjAccount *account, const char *address, NjMessage *message,
                             NjMessageState state, const char *error);

/* The same for a message of ours that may have a row in the outbox: a state that is not open
 * (nj_state_is_open()) also removes that row. */
void nj_account_settle_message(NjAccount *account, const char *address, NjMessage *message,
                               NjMessageState state, const char *error);

/* last NULL: all that came */
void nj_chat_mark_read(NjChat *chat, const NjMessage *last);

/* NULL or "": none */
void nj_chat_set_draft(NjChat *chat, const char *text);
void nj_chat_set_typing(NjChat *chat, NjTyping typing);
void nj_chat_set_peer(NjChat *chat, const char *full);
void nj_chat_set_thread(NjChat *chat, const char *thread);

/* its row and counts, from the store that has come */
void nj_chat_restore(NjChat *chat);

/* the same again: messages were stored past it */
void nj_chat_refresh(NjChat *chat);

#endif
