/* The only source of random numbers: getrandom(2). Ends the program if it fails. */
#ifndef NJ_BASE_RANDOM_H
#define NJ_BASE_RANDOM_H

#include "base/base.h"

void nj_random_bytes(void *out, gsize length);

/* A number from 0 to limit - 1, without bias. */
guint32 nj_random_below(guint32 limit);

/* At least 128 random bits as 22 letters, digits, '-' and '_'; the caller owns it. */
char *nj_random_id(void);

#endif
