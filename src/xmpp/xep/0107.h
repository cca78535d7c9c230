/* XEP-0107: publishing our mood (0107.c). */
#ifndef NJ_XMPP_XEP_0107_H
#define NJ_XMPP_XEP_0107_H

#include "xmpp/session.h"

/* the moods of section 4, NULL-terminated */
extern const char *const nj_moods[];

/* Publishes a mood, one of nj_moods, to the contacts of the account; NULL publishes that there is
 * none. text may be NULL. */
void nj_mood_publish(NjAccount *account, const char *mood, const char *text, NjDone done,
                     void *data);

#endif
