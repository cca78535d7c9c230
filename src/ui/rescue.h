/* Restores the terminal when the program crashes; otherwise the shell would not echo. The signal
 * handler cannot compute the bytes and the mode for that, so they are stored beforehand. */
#ifndef NJ_UI_RESCUE_H
#define NJ_UI_RESCUE_H

#include "base/base.h"

#include <termios.h>

/* From now on a fatal signal writes `leave` to the descriptor and sets the mode. Both are copied,
 * `leave` up to 256 bytes. Signals that have another handler already (of a sanitizer) keep it. */
void nj_rescue_arm(int fd, const struct termios *before, const char *leave);

/* From now on a fatal signal does not touch the terminal; it has been restored. */
void nj_rescue_disarm(void);

#endif
