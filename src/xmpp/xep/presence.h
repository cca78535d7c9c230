/* RFC 6121 sections 3 and 4: our presence, subscriptions, and answers to requests of strangers
 * (rfc6121-presence.c). */
#ifndef NJ_XMPP_XEP_PRESENCE_H
#define NJ_XMPP_XEP_PRESENCE_H

#include "model/account.h"

/* Sends show, status and priority of the account to all contacts and to the rooms it is in. With
 * the show OFFLINE it sends unavailable presence instead: the account becomes invisible. */
void nj_presence_send(NjAccount *account);

/* Sends presence to one address; show OFFLINE: unavailable presence. status may be NULL. */
bool nj_presence_direct(NjAccount *account, const char *to, NjShow show, const char *status,
                        GError **error);

typedef enum {
    NJ_SUBSCRIBE_ASK,
    NJ_SUBSCRIBE_ALLOW,
    NJ_SUBSCRIBE_DENY,
    NJ_SUBSCRIBE_CANCEL
} NjSubscribe;

/* Sends a subscription stanza (RFC 6121 section 3) with text as its status; text may be NULL. If
 * there is a request of that address, ALLOW accepts it and DENY refuses it. */
bool nj_subscribe(NjAccount *account, const char *address, NjSubscribe what, const char *text,
                  GError **error);

/* Answers the request of a stranger. Accepting allows the requested subscription, if any, and opens
 * a chat with the stored messages, as unread. Refusing denies the subscription and deletes the
 * messages. */
bool nj_request_accept(NjAccount *account, const char *address, GError **error);
bool nj_request_refuse(NjAccount *account, const char *address, GError **error);

#endif
