/* The status line, and the state of the accounts in the console. */
#ifndef NJ_UI_STATUS_H
#define NJ_UI_STATUS_H

#include "ui/screen.h"

/* Draws a row for each account with its state and the reason, in at most the upper third of the
 * area. Returns the number of rows. */
int nj_status_draw_accounts(NjScreen *screen, NjArea area, const NjTheme *theme);

/* Draws the status line in the first row of the area. */
void nj_status_draw(NjScreen *screen, NjArea area, const NjTheme *theme);

#endif
