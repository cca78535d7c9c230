/* The only source of randomness: getrandom(2).  Ends the program if the kernel has none to give. */
#ifndef NJ_BASE_RANDOM_H
#define NJ_BASE_RANDOM_H

#include "base/base.h"

void nj_random_bytes(void *out, gsize length);

/* 0 … limit - 1, without bias */
guint32 nj_random_below(guint32 limit);

/* 128 bits as 22 letters, digits, '-' and '_'; the caller owns it */
char *nj_random_id(void);

#endif
