/* The outbox of an account: its messages whose state is open (nj_state_is_open()), in the order in
 * which they were written. The store has a row of the message and a row of the outbox for each,
 * which survive the program; this is a copy of them in memory. xmpp/ sends the messages. */
#ifndef NJ_MODEL_OUTBOX_H
#define NJ_MODEL_OUTBOX_H

#include "model/account.h"

typedef struct NjOutbox NjOutbox;

typedef struct {
    NjMessage *message; /* a reference */
    NjChatKind kind;    /* of its chat */
    char *address;      /* of its chat */
    bool numbered;      /* handed to a stream, in which it is stanza `number` */
    guint32 number;
    bool archive_pending; /* the archive was asked for the message; later ones of the chat wait */
    bool missing;         /* the archive does not have the message */
    bool shown;           /* message_added was emitted */
} NjOut;

struct NjOutbox {
    NjAccount *account;
    GQueue rows;         /* of NjOut, the oldest first */
    GHashTable *by_id;   /* id of the message -> its GList in `rows` */
    GQueue uncommitted;  /* ids of messages that are displayed when they are committed */
    GSource *late_timer; /* displays them earlier when the disk is slow */
};

NjOutbox *nj_outbox_new(NjAccount *account);
void nj_outbox_free(NjOutbox *outbox);

/* Reads the rows from the store; rows that are in memory already are left alone. */
void nj_outbox_restore(NjOutbox *outbox);

/* Stores a message of ours as QUEUED; emits message_added when it is committed, or after 250 ms. */
void nj_outbox_add(NjOutbox *outbox, NjChat *chat, NjMessage *message);

/* Puts a message that has failed or is unsure back into the outbox, as QUEUED, to be sent again. */
void nj_outbox_add_again(NjOutbox *outbox, NjChat *chat, NjMessage *message);

/* True if a message of this chat is in the outbox. */
bool nj_outbox_has_chat(const NjOutbox *outbox, const char *address);

/* NULL: the message is not in the outbox. */
NjOut *nj_outbox_find(const NjOutbox *outbox, gint64 message);

/* True if the message is committed, that is, survives the program. Only then it may be sent. */
bool nj_outbox_is_safe(const NjOutbox *outbox, const NjOut *out);

/* Sets the state of the message. A state that is not open removes and frees the row. */
void nj_outbox_set_state(NjOutbox *outbox, NjOut *out, NjMessageState state, const char *error);

/* Marks the row as handed to a stream, which gives it a number and stores that. */
void nj_outbox_hand_over(NjOutbox *outbox, NjOut *out);

/* Removes the number of the row, also in the store. */
void nj_outbox_take_back(NjOutbox *outbox, NjOut *out);
void nj_outbox_set_archive_pending(NjOutbox *outbox, NjOut *out, bool archive_pending);

#endif
