/* What one account has said and nobody has acknowledged yet, in the order it was said.  It is the
 * store's (a row of the message and one of the outbox), so it survives the program; this is its
 * picture in memory.  Who puts it on the wire is xmpp/. */
#ifndef NJ_MODEL_OUTBOX_H
#define NJ_MODEL_OUTBOX_H

#include "model/account.h"

typedef struct NjOutbox NjOutbox;

typedef struct {
    NjMessage *message; /* a reference */
    NjChatKind kind;    /* of its chat */
    char *address;
    bool numbered; /* it was given to a stream, as its stanza `number` */
    guint32 number;
    /* somebody is being asked whether the server has it: what was said behind it waits */
    bool archive_pending;
    bool missing; /* the server's archive does not have it */
    bool shown;
} NjOut;

struct NjOutbox {
    NjAccount *account;
    GQueue rows;       /* of NjOut, the oldest first */
    GHashTable *by_id; /* message's id -> the link of rows */
    GQueue unseen;     /* ids of messages that are shown when they are committed */
    GSource *late;     /* or when that takes too long */
};

NjOutbox *nj_outbox_new(NjAccount *account);
void nj_outbox_free(NjOutbox *outbox);

/* what the store has */
void nj_outbox_restore(NjOutbox *outbox);

/* Keeps a message of ours (QUEUED); the chat shows it when it is safe. */
void nj_outbox_add(NjOutbox *outbox, NjChat *chat, NjMessage *message);

/* Back into the outbox, as QUEUED: what failed or is unsure is to be sent again. */
void nj_outbox_add_again(NjOutbox *outbox, NjChat *chat, NjMessage *message);

/* is anything of this chat open? */
bool nj_outbox_has_chat(const NjOutbox *outbox, const char *address);
NjOut *nj_outbox_find(const NjOutbox *outbox, gint64 message);

/* committed: else it ends with the program */
bool nj_outbox_is_safe(const NjOutbox *outbox, const NjOut *out);

/* A new state; one that is not open (model/message.h) ends the row. SENT is known to this run
 * only. */
void nj_outbox_set_state(NjOutbox *outbox, NjOut *out, NjMessageState state, const char *error);

/* to a stream, which numbers it and tells the store */
void nj_outbox_hand_over(NjOutbox *outbox, NjOut *out);

/* it has no number any more; the store is told */
void nj_outbox_take_back(NjOutbox *outbox, NjOut *out);
void nj_outbox_set_archive_pending(NjOutbox *outbox, NjOut *out, bool archive_pending);

#endif
