/* The status line: accounts, windows, what wants attention. */
#ifndef NJ_UI_STATUS_H
#define NJ_UI_STATUS_H

#include "ui/screen.h"

void nj_status_draw(NjScreen *screen, NjArea area, const NjTheme *theme);

#endif
