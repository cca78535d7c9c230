/* XEP-0045: joining and leaving rooms (0045-join.c), and setting their subject (0045-talk.c). */
#ifndef NJ_XMPP_XEP_0045_H
#define NJ_XMPP_XEP_0045_H

#include "model/room.h"
#include "xmpp/session.h"

/* Joins a room, or changes the nick in a joined one. nick NULL: the nick used in this room before,
 * otherwise the account's. password NULL: the one used before, if any. The record has "room" and
 * "nick". */
void nj_muc_join(NjAccount *account, const char *room, const char *nick, const char *password,
                 NjDone done, void *data);

/* Leaves a room, which is then not rejoined. why is shown to its occupants and may be NULL. */
bool nj_muc_leave(NjRoom *room, const char *why, GError **error);

/* Requests a new subject; NULL or "" removes it. Returns false with error set if we are offline or
 * not in the room. */
bool nj_muc_set_subject(NjRoom *room, const char *subject, GError **error);

#endif
