/* Counts and describes messages that no server has received yet. */
#ifndef NJ_CMD_OUTBOX_H
#define NJ_CMD_OUTBOX_H

#include "model/client.h"

/* Returns a sentence with the number of waiting messages of all accounts, for a user who quits;
 * NULL if no message waits. The caller frees it. written: whether all messages are in the file;
 * false: only committed ones are counted. */
char *nj_outbox_sentence(NjClient *client, bool written);

/* Returns the number of messages in the outboxes that are not committed: they are lost if the
 * program ends while the disk fails. */
guint nj_outbox_unsafe(NjClient *client);

/* Returns the number of waiting messages of an account, without the unsure ones, whose number
 * *unsure receives. */
guint nj_outbox_count(const NjAccount *account, guint *unsure);

#endif
