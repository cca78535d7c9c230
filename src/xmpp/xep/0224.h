/* XEP-0224: asks a contact for attention (0224.c). */
#ifndef NJ_XMPP_XEP_0224_H
#define NJ_XMPP_XEP_0224_H

#include "model/chat.h"

bool nj_attention(NjChat *chat, GError **error);

#endif
