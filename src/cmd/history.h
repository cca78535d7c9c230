/* What is going on with the history. */
#ifndef NJ_CMD_HISTORY_H
#define NJ_CMD_HISTORY_H

#include "cmd/commands.h"

/* gives up imports and searches that somebody waits for; false: there is none */
bool nj_history_cancel(NjCmd *cmd);

#endif
