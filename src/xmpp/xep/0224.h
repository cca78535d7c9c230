/* XEP-0224: asking a contact for attention (0224.c). */
#ifndef NJ_XMPP_XEP_0224_H
#define NJ_XMPP_XEP_0224_H

#include "model/chat.h"

/* Sends the request for attention. Returns false with error set if we are offline or the chat is
 * not one with a person. */
bool nj_attention(NjChat *chat, GError **error);

#endif
