/* Auto-away: where the person has typed nothing for as long as the options say, the accounts say so
 * by themselves, and take it back at the next key. */
#ifndef NJ_CMD_AWAY_H
#define NJ_CMD_AWAY_H

#include "model/client.h"

typedef struct NjAway NjAway;

/* for a client with a screen: without one nobody is here, and nobody is away */
NjAway *nj_away_new(NjClient *client);
void nj_away_free(NjAway *away);

#endif
