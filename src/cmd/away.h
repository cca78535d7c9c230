/* Auto-away: accounts show themselves as away after as many minutes without a key as the options
 * auto-away and auto-xa say, and as before at the next key. */
#ifndef NJ_CMD_AWAY_H
#define NJ_CMD_AWAY_H

#include "model/client.h"

typedef struct NjAway NjAway;

/* For a client with a screen only: without a terminal there are no keys, so the user would always
 * be away. */
NjAway *nj_away_new(NjClient *client);
void nj_away_free(NjAway *away);

#endif
