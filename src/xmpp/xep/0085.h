/* XEP-0085: tells others that we are typing (0085.c). */
#ifndef NJ_XMPP_XEP_0085_H
#define NJ_XMPP_XEP_0085_H

#include "model/chat.h"

/* Sends the chat state if the options allow it and it has changed. Returns whether it was sent. */
bool nj_message_typing(NjChat *chat, NjTyping typing);

#endif
