/* A window: a numbered layout of panes that is shown as a whole. Window 1 is the console. */
#ifndef NJ_UI_WINDOW_H
#define NJ_UI_WINDOW_H

#include "ui/layout.h"

typedef struct {
    NjLayout *layout;
    NjChat *chat;     /* the chat it was opened for; NULL: the window has a name */
    const char *name; /* N_(): "console" or "search"; NULL: the window has a chat */
    int number;       /* from 1 */
} NjWindow;

#endif
