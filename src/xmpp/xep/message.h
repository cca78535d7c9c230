/* RFC 6121 section 5: sending messages to people and rooms (rfc6121-message.c). */
#ifndef NJ_XMPP_XEP_MESSAGE_H
#define NJ_XMPP_XEP_MESSAGE_H

#include "model/chat.h"

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

#endif
