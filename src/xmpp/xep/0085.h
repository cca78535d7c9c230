/* XEP-0085: sending chat states (0085.c). */
#ifndef NJ_XMPP_XEP_0085_H
#define NJ_XMPP_XEP_0085_H

#include "model/chat.h"

/* Sends the chat state if the options and the contact allow it and it has changed. Returns true if
 * it was sent. */
bool nj_message_typing(NjChat *chat, NjTyping typing);

#endif
