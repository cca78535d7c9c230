/* XEP-0045: entering and leaving rooms (0045-join.c), and their subject (0045-talk.c). */
#ifndef NJ_XMPP_XEP_0045_H
#define NJ_XMPP_XEP_0045_H

#include "model/room.h"
#include "xmpp/session.h"

/* Enters a room, or changes the nick in it. nick NULL: the nick used in this room before, or the
 * account's. password NULL: none, or the one used before. The result has "room" and "nick". */
void nj_muc_join(NjAccount *account, const char *room, const char *nick, const char *password,
                 NjDone done, void *data);

/* Leaves a room; why is shown to its occupants and may be NULL. */
bool nj_muc_leave(NjRoom *room, const char *why, GError **error);

/* Changes the subject; NULL or "" removes it. */
bool nj_muc_set_subject(NjRoom *room, const char *subject, GError **error);

#endif
