/* The status line: accounts, windows, what wants attention. */
#ifndef NJ_UI_STATUS_H
#define NJ_UI_STATUS_H

#include "ui/screen.h"

/* A line for each account: how it stands, and why, for the console; returns the rows it took. */
int nj_status_draw_accounts(NjScreen *screen, NjArea area, const NjTheme *theme);
void nj_status_draw(NjScreen *screen, NjArea area, const NjTheme *theme);

#endif
