/* RFC 6121 section 5: sending messages to people and rooms (rfc6121-message-out.c). */
#ifndef NJ_XMPP_XEP_MESSAGE_H
#define NJ_XMPP_XEP_MESSAGE_H

#include "xmpp/session.h"

typedef struct {
    NjMessageType type;
    const char *subject; /* NULL: none */
    const char *thread;  /* NULL: the thread of the chat */
} NjSendOptions;

/* Queues a message to a person, a room or an occupant of a room. The message is stored in the state
 * QUEUED and sent once, in the order of its chat, when it is committed and the session is online.
 * The chat shows it when it is committed. options may be NULL. The caller borrows the message.
 * Returns NULL and sets error if it cannot be sent; then nothing is stored. */
NjMessage *nj_message_send(NjChat *chat, const char *text, const NjSendOptions *options,
                           GError **error);

/* Sends a FAILED or UNSURE message of the chat again, with the same ids and text. */
bool nj_message_retry(NjChat *chat, NjMessage *message, GError **error);

/* --- for session.c: what the stream reports about outbox rows (xmpp/sm.h) --- */

/* Sends the queued messages that may go now; does nothing while the session is offline or
 * settling. */
void nj_message_pump(NjSession *session);

/* The row was written to the connection. */
void nj_message_written(NjSession *session, gint64 row);

/* The server acknowledged the row. */
void nj_message_acknowledged(NjSession *session, gint64 row);

/* The row has not reached the server: it is queued again. */
void nj_message_unsent(NjSession *session, gint64 row);

/* It is unknown whether the row has reached the server: it is UNSURE until the archive responds. */
void nj_message_unknown(NjSession *session, gint64 row);

#endif
