/* Counts and describes messages that no server has received yet. */
#ifndef NJ_CMD_OUTBOX_H
#define NJ_CMD_OUTBOX_H

#include "model/client.h"

/* A sentence with the number of waiting messages of all accounts, for a user who quits; NULL if no
 * message waits. The caller frees it. written: all messages are in the file; if false, only
 * committed ones are counted. */
char *nj_outbox_sentence(NjClient *client, bool written);

/* The number of messages that are not committed: they are lost if the program ends while the disk
 * fails. */
guint nj_outbox_unsafe(NjClient *client);

/* The number of waiting messages of an account. *unsure receives the number of messages that may
 * not have arrived. */
guint nj_outbox_count(const NjAccount *account, guint *unsure);

#endif
