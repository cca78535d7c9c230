/* A chat: with a person, in a room, or private with one occupant of a room. It has the position up
 * to which it was read, the counts of unread messages and the draft. Its messages are in the store
 * and in the pane that displays them. */
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

/* Everybody may read the fields; they are changed by the functions below, which emit
 * chat_changed. */
struct NjChat {
    NjAccount *account;
    gint64 id; /* row in the store; 0: not stored */
    NjChatKind kind;
    char *address;  /* bare; PRIVATE: room/nick */
    NjRoom *room;   /* ROOM: its room, owned; PRIVATE: the occupant's room, if open; else NULL */
    guint unread;   /* number of unread messages, at most NJ_MAX_UNREAD */
    guint mentions; /* number of unread messages that mention us */
    gint64 read_time, read_id; /* position of the last message that was read */
    char *draft;               /* NULL: none */
    NjTyping typing;           /* state of the contact (XEP-0085) */
    char *peer;                /* full address that messages go to (RFC 6121, 5.1); NULL: bare */
    char *thread;              /* thread of the last message (RFC 6121, 5.2.5); NULL: none */
    gint64 last_time, last_id; /* position of the newest message */
    gint64 heard_time;         /* of the newest incoming message; after a start: last_time */
    char *shown;               /* short name: local part, nick or address, sanitised */
    guint busy;                /* events about it in progress; it is not freed before their end */
    bool closed;
};

/* Finds or creates a chat; emits chat_added if it is new. If a room with that address is open, it
 * is returned for every kind; a PERSON with the address of a new ROOM is closed. */
NjChat *nj_chat_open(NjAccount *account, NjChatKind kind, const char *address);

/* Finds a chat of any kind; NULL: it is not open. */
NjChat *nj_chat_find(NjAccount *account, const char *address);

/* Closes the chat: emits chat_removed, then frees it. Its messages stay in the store. */
void nj_chat_close(NjChat *chat);

/* The name to display: the contact's name or address, the nick, or the room's local part.
 * Borrowed. */
const char *nj_chat_label(const NjChat *chat);

/* Adds a message: stores it, counts it as unread if it is incoming, emits message_added. The caller
 * keeps its reference. */
void nj_chat_add(NjChat *chat, NjMessage *message);

/* The two halves of nj_chat_add(), for messages that are displayed later than they are stored
 * (model/outbox.h): keep stores and counts, show emits. */
void nj_chat_keep(NjChat *chat, NjMessage *message);
void nj_chat_show(NjChat *chat, NjMessage *message);

/* Sets the state and error (a sentence or NULL) of a message in memory and in the store, and emits
 * message_changed; does nothing if both are so already. SENT is not stored. */
void nj_chat_set_state(NjChat *chat, NjMessage *message, NjMessageState state, const char *error);

/* The same by the chat's address. The chat may be closed: then nothing is emitted. */
void nj_account_set_message_state(NjAccount *account, const char *address, NjMessage *message,
                                  NjMessageState state, const char *error);

/* The same for a message of ours that may have a row in the outbox: a state that is not open
 * (nj_state_is_open()) also removes that row. */
void nj_account_settle_message(NjAccount *account, const char *address, NjMessage *message,
                               NjMessageState state, const char *error);

/* Marks all messages up to `last` as read; NULL: all messages. */
void nj_chat_mark_read(NjChat *chat, const NjMessage *last);

/* The setters copy their text; NULL clears it, and so does an empty draft. The draft is stored. */
void nj_chat_set_draft(NjChat *chat, const char *text);
void nj_chat_set_typing(NjChat *chat, NjTyping typing);
void nj_chat_set_peer(NjChat *chat, const char *full);
void nj_chat_set_thread(NjChat *chat, const char *thread);

/* Reads row, counts and draft from the store, when the store was opened after the chat. */
void nj_chat_restore(NjChat *chat);

/* Reads the counts again, after messages were stored without nj_chat_add(). */
void nj_chat_refresh(NjChat *chat);

#endif
