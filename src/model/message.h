/* One message, as kept and as shown.  It is filled by whoever makes it and then never changes, but
 * for its state. Reference counted, safe to hand to the store's thread. */
#ifndef NJ_MODEL_MESSAGE_H
#define NJ_MODEL_MESSAGE_H

#include "base/base.h"

typedef enum {
    NJ_MESSAGE_CHAT,
    NJ_MESSAGE_NORMAL,
    NJ_MESSAGE_HEADLINE,
    NJ_MESSAGE_GROUPCHAT,
    NJ_MESSAGE_ERROR
} NjMessageType;

/* Numbers stand in the database.  Of what we say: QUEUED (kept, and on its way when there is one),
 * SENT (handed to the stream), ACKNOWLEDGED (the server has it, XEP-0198), DELIVERED (the other
 * side has it, XEP-0184, or the room showed it to all); FAILED with a sentence; UNSURE: nobody can
 * say whether the server got it, and only the person may send it again. */
typedef enum {
    NJ_STATE_RECEIVED,
    NJ_STATE_QUEUED,
    NJ_STATE_SENT,
    NJ_STATE_FAILED,
    NJ_STATE_ACKNOWLEDGED,
    NJ_STATE_DELIVERED,
    NJ_STATE_UNSURE,
    NJ_STATE_COUNT
} NjMessageState;

/* Is it still ours to get across? */
static inline bool
nj_state_is_open(NjMessageState state)
{
    return state == NJ_STATE_QUEUED || state == NJ_STATE_SENT || state == NJ_STATE_UNSURE;
}

typedef struct NjMessage NjMessage;
struct NjMessage {
    gint refs;
    gint64 id;   /* the row; given by nj_store_add() */
    gint64 chat; /* the chat's row */
    /* Unix ms; XEP-0203's stamp where it may be believed, never later than now */
    gint64 time;
    NjMessageType type;
    NjMessageState state;
    /* ours, from here or from another of our clients, or our own line in a room */
    bool out;
    bool delayed;
    bool mention; /* names us */
    char *sender; /* room: nick; otherwise the full address it came from */
    char *body;   /* has passed nj_text_body(); NULL for a bare subject */
    char *subject, *thread;
    char *wire_id;   /* the id attribute */
    char *origin_id; /* XEP-0359 */
    char *archive_id, *archive_by;
    char *encryption; /* NULL: none; else the name to show, e.g. "OMEMO" (XEP-0380) */
    char *error;      /* FAILED: a sentence */
};

NjMessage *nj_message_new(void);
NjMessage *nj_message_ref(NjMessage *message);

/* NULL is fine */
void nj_message_unref(NjMessage *message);

/* CONTRACT's words: received, queued, sent, acknowledged, delivered, failed, unsure */
const char *nj_message_state_name(const NjMessage *message);
const char *nj_message_type_name(const NjMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjMessage, nj_message_unref)

#endif
