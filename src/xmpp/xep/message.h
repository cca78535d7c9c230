/* RFC 6121 section 5: sending messages to people, rooms and occupants (rfc6121-message-out.c). */
#ifndef NJ_XMPP_XEP_MESSAGE_H
#define NJ_XMPP_XEP_MESSAGE_H

#include "xmpp/session.h"

typedef struct {
    NjMessageType type;
    const char *subject; /* NULL: none */
    const char *thread;  /* NULL: the thread of the chat */
} NjSendOptions;

/* Stores a message to a person, a room or an occupant in the state QUEUED. It is displayed when it
 * is committed, and sent once, in the order of its chat, when the session is online, too. options
 * may be NULL. Returns the message, which the caller borrows; or NULL with error set and nothing
 * stored if it cannot be sent. */
NjMessage *nj_message_send(NjChat *chat, const char *text, const NjSendOptions *options,
                           GError **error);

/* Sends a FAILED or UNSURE message of the chat again, with the same ids and text. */
bool nj_message_retry(NjChat *chat, NjMessage *message, GError **error);

/* --- for session.c: what the stream reports about outbox rows (xmpp/sm.h) --- */

/* Sends the queued messages that may be sent now. Does nothing while the session is offline or
 * settling (nj_session_is_settling()), or while the store cannot be written. */
void nj_message_pump(NjSession *session);

/* The row was written to the connection. */
void nj_message_written(NjSession *session, gint64 row);

/* The server acknowledged the row. */
void nj_message_acknowledged(NjSession *session, gint64 row);

/* The row has not reached the server: it is queued again. */
void nj_message_unsent(NjSession *session, gint64 row);

/* It is unknown whether the row has reached the server: it becomes UNSURE, until the archive or the
 * room's history settles it. */
void nj_message_unknown(NjSession *session, gint64 row);

#endif
