/* A chat: with a person, in a room, or private with one occupant of a room. It has the read
 * position, the counts of unread messages and the draft. Its messages are in the store and in the
 * pane that displays them. */
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
    gint64 incoming_time;      /* of the newest incoming message; after a start: last_time */
    char *shown;               /* short name: local part, nick or address, sanitised */
    guint busy;  /* number of events about it in progress; it is not freed before their end */
    bool closed; /* nj_chat_close() was called */
};

/* Returns the open chat with that address, whatever its kind; otherwise creates one and emits
 * chat_added. Only for a ROOM, an open chat of another kind is closed and a new one created. */
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
 * (model/outbox.h): nj_chat_keep() stores and counts, nj_chat_show() emits message_added. */
void nj_chat_keep(NjChat *chat, NjMessage *message);
void nj_chat_show(NjChat *chat, NjMessage *message);

/* Sets the state and error (a sentence or NULL) of a message in memory and in the store, and emits
 * message_changed; does nothing if neither changes. SENT is not stored. */
void nj_chat_set_state(NjChat *chat, NjMessage *message, NjMessageState state, const char *error);

/* Does what nj_chat_set_state() does. The chat with that address may be closed: then nothing is
 * emitted. */
void nj_account_set_message_state(NjAccount *account, const char *address, NjMessage *message,
                                  NjMessageState state, const char *error);

/* Does what nj_account_set_message_state() does, for a sent message that may have a row in the
 * outbox: a state that is not open (nj_state_is_open()) also removes that row. */
void nj_account_settle_message(NjAccount *account, const char *address, NjMessage *message,
                               NjMessageState state, const char *error);

/* Marks all messages up to `last` as read; NULL: all messages. */
void nj_chat_mark_read(NjChat *chat, const NjMessage *last);

/* Setters. A text is copied; NULL clears it, and so does an empty draft. The draft is stored. All
 * but the last two emit chat_changed if the value changes. */
void nj_chat_set_draft(NjChat *chat, const char *text);
void nj_chat_set_typing(NjChat *chat, NjTyping typing);
void nj_chat_set_peer(NjChat *chat, const char *full);
void nj_chat_set_thread(NjChat *chat, const char *thread);

/* Reads row, counts and draft from the store. Used when the store is opened after the chat. */
void nj_chat_restore(NjChat *chat);

/* Reads the counts again and emits chat_changed. Used after messages were stored without
 * nj_chat_add(). */
void nj_chat_refresh(NjChat *chat);

#endif
