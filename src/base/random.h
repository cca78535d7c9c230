/* The only source of random numbers: getrandom(2). Ends the program if it fails. */
#ifndef NJ_BASE_RANDOM_H
#define NJ_BASE_RANDOM_H

#include "base/base.h"

void nj_random_bytes(void *out, gsize length);

/* Returns a number from 0 to limit - 1; all have the same probability. */
guint32 nj_random_below(guint32 limit);

/* Returns 132 random bits as 22 letters, digits, '-' and '_'; the caller owns them. */
char *nj_random_id(void);

#endif
