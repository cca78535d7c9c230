/* The outbox of an account: its messages whose state is open (nj_state_is_open()), in the order in
 * which they were written. NjOutbox is a copy in memory: the store has a row of the message and a
 * row of the outbox for each, which survive the end of the program. xmpp/ sends the messages. */
#ifndef NJ_MODEL_OUTBOX_H
#define NJ_MODEL_OUTBOX_H

#include "model/account.h"

typedef struct NjOutbox NjOutbox;

typedef struct {
    NjMessage *message;   /* a reference */
    NjChatKind kind;      /* of its chat */
    char *address;        /* of its chat */
    bool numbered;        /* handed to a stream */
    guint32 number;       /* its sequence number there, if an earlier run handed it over */
    bool archive_pending; /* must be looked up in the archive; later messages of the chat wait */
    bool missing;         /* the archive does not have the message */
    bool shown;           /* message_added was emitted */
} NjOut;

struct NjOutbox {
    NjAccount *account;
    GQueue rows;         /* of NjOut, the oldest first */
    GHashTable *by_id;   /* id of the message -> its GList in `rows` */
    GQueue uncommitted;  /* of gint64 *: ids of added messages that are not committed */
    GSource *late_timer; /* displays these messages although the disk is slow */
};

NjOutbox *nj_outbox_new(NjAccount *account);
void nj_outbox_free(NjOutbox *outbox);

/* Reads the rows from the store; rows that are in memory already do not change. */
void nj_outbox_restore(NjOutbox *outbox);

/* Stores a message to be sent as QUEUED; emits message_added when it is committed, but no later
 * than after 250 ms. */
void nj_outbox_add(NjOutbox *outbox, NjChat *chat, NjMessage *message);

/* Puts a message that has failed or is unsure back into the outbox, as QUEUED, to be sent again. */
void nj_outbox_add_again(NjOutbox *outbox, NjChat *chat, NjMessage *message);

/* True if a message of this chat is in the outbox. */
bool nj_outbox_has_chat(const NjOutbox *outbox, const char *address);

/* Finds the row of a message by its id; NULL: the message is not in the outbox. */
NjOut *nj_outbox_find(const NjOutbox *outbox, gint64 message);

/* True if the message is committed. It must not be sent before. */
bool nj_outbox_is_safe(const NjOutbox *outbox, const NjOut *out);

/* Sets the state of the message. A state that is not open removes and frees the row. */
void nj_outbox_set_state(NjOutbox *outbox, NjOut *out, NjMessageState state, const char *error);

/* Marks the row as handed to a stream. xmpp/sm.c gives it a sequence number and stores that. */
void nj_outbox_hand_over(NjOutbox *outbox, NjOut *out);

/* Reverses nj_outbox_hand_over(), and removes the sequence number from the store. */
void nj_outbox_take_back(NjOutbox *outbox, NjOut *out);

/* Sets archive_pending in memory. */
void nj_outbox_set_archive_pending(NjOutbox *outbox, NjOut *out, bool archive_pending);

#endif
