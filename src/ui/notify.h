/* Bell and title: which event says what to whom, as the options allow. */
#ifndef NJ_UI_NOTIFY_H
#define NJ_UI_NOTIFY_H

#include "ui/screen.h"

typedef struct NjNotify NjNotify;
NjNotify *nj_notify_new(NjScreen *screen);
void nj_notify_free(NjNotify *notify);

#endif
