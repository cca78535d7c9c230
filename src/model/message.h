/* A message of the history. Its creator fills the fields; afterwards only the state and the error
 * change, through nj_message_set_state(). Reference counted: the main thread and the store's writer
 * thread share it. */
#ifndef NJ_MODEL_MESSAGE_H
#define NJ_MODEL_MESSAGE_H

#include "base/base.h"

/* The numbers are stored in the database: append, never reorder. */
typedef enum {
    NJ_MESSAGE_CHAT,
    NJ_MESSAGE_NORMAL,
    NJ_MESSAGE_HEADLINE,
    NJ_MESSAGE_GROUPCHAT,
    NJ_MESSAGE_ERROR,
    NJ_MESSAGE_TYPE_COUNT
} NjMessageType;

/* The numbers are stored in the database: append, never reorder. */
typedef enum {
    NJ_STATE_RECEIVED,     /* incoming */
    NJ_STATE_QUEUED,       /* stored; waits for a connection */
    NJ_STATE_SENT,         /* handed to the stream in this run; stored as QUEUED */
    NJ_STATE_FAILED,       /* refused; `error` holds the reason */
    NJ_STATE_ACKNOWLEDGED, /* the server has it (XEP-0198) */
    NJ_STATE_DELIVERED,    /* a contact's client has it (XEP-0184), or the room reflected it */
    NJ_STATE_UNSURE,       /* the server may not have received it; only the user resends it */
    NJ_STATE_COUNT
} NjMessageState;

typedef struct NjMessage NjMessage;
struct NjMessage {
    gint refs;
    gint64 id;   /* row in the store, set by nj_store_add_message(); negative: not stored */
    gint64 chat; /* row of its chat in the store */
    gint64 time; /* Unix ms: the stamp of XEP-0203 where it is trusted, never in the future */
    NjMessageType type;
    NjMessageState state;
    bool out; /* from us: this client, another client of the account, or our own line in a room */
    bool delayed; /* has a stamp of XEP-0203 */
    bool mention; /* contains our nick */
    char *sender; /* room: nick; otherwise the full address of the sender */
    char *body;   /* sanitised by nj_text_body(); NULL if the message has only a subject */
    char *subject, *thread;
    char *wire_id;                 /* the attribute `id` of the stanza */
    char *origin_id;               /* XEP-0359 */
    char *archive_id, *archive_by; /* XEP-0359: stanza-id and the address that assigned it */
    char *encryption;              /* NULL: none; otherwise its name, e.g. "OMEMO" (XEP-0380) */
    char *error;                   /* FAILED: a sentence */
};

NjMessage *nj_message_new(void);
NjMessage *nj_message_ref(NjMessage *message);
void nj_message_unref(NjMessage *message); /* NULL is allowed */

/* Sets state and error (copied; may be message->error; NULL: none) in memory only; returns false if
 * neither changes. For a stored message call nj_chat_set_state() or nj_account_set_message_state()
 * instead, which also write to the store and emit message_changed. Once the message is in the
 * store, only the main thread may call this: the writer thread does not read these two fields but
 * the copies that nj_store_add_message() and nj_store_set_state() make. */
bool nj_message_set_state(NjMessage *message, NjMessageState state, const char *error);

/* The words of JSON, e.g. "acknowledged" and "groupchat". */
const char *nj_message_state_name(const NjMessage *message);
const char *nj_message_type_name(const NjMessage *message);

/* True in the states whose message still has a row in the outbox: queued, sent and unsure. */
bool nj_state_is_open(NjMessageState state);

/* Returns the attribute `type` of the stanzas we send; NULL: they have none. */
const char *nj_message_type_attribute(NjMessageType type);

/* Returns the type for the attribute `type` of a received stanza; NORMAL for NULL and for unknown
 * words (RFC 6121, 5.2.2). */
NjMessageType nj_message_type_parse(const char *attribute);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjMessage, nj_message_unref)

#endif
