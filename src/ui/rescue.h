/* A crash of ours shall not leave the shell with a terminal that echoes nothing: what must be
 * written and set is kept ready. */
#ifndef NJ_UI_RESCUE_H
#define NJ_UI_RESCUE_H

#include "base/base.h"

#include <termios.h>

/* The terminal is ours from here on; all is copied. Signals that somebody else handles, as the
 * sanitizers do, stay theirs. */
void nj_rescue_arm(int fd, const struct termios *before, const char *leave);

/* it was given back */
void nj_rescue_disarm(void);

#endif
