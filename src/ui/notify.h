/* The bell and the title of the terminal (options bell and title). */
#ifndef NJ_UI_NOTIFY_H
#define NJ_UI_NOTIFY_H

#include "ui/screen.h"

typedef struct NjNotify NjNotify;

/* Follows the events of the screen's client from now on. */
NjNotify *nj_notify_new(NjScreen *screen);
void nj_notify_free(NjNotify *notify);

#endif
