/* What was said and is not across yet, in words. */
#ifndef NJ_CMD_OUTBOX_H
#define NJ_CMD_OUTBOX_H

#include "model/client.h"

/* What still waits to be sent, over all accounts, for who leaves now; NULL: nothing. The caller
 * owns it.  written: all is, also what is not safe yet. */
char *nj_outbox_sentence(NjClient *client, bool written);

/* so many would be lost if the program ended and its disk went on failing */
guint nj_outbox_unsafe(NjClient *client);

/* The same for an account that goes; unsure: of so many nobody knows whether they arrived. */
guint nj_outbox_count(const NjAccount *account, guint *unsure);

#endif
