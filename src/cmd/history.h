/* Cancelling imports and searches, for /cancel. */
#ifndef NJ_CMD_HISTORY_H
#define NJ_CMD_HISTORY_H

#include "cmd/commands.h"

/* Cancels running imports and searches. Returns false if there is none. */
bool nj_history_cancel(NjCmd *cmd);

#endif
