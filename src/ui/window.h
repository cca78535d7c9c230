/* Windows: numbered, each with a layout; 1 is the console, and one may list what a search found.
 * What wants attention is derived from the chats in them. */
#ifndef NJ_UI_WINDOW_H
#define NJ_UI_WINDOW_H

#include "ui/layout.h"

typedef struct {
    NjLayout *layout;
    NjChat *chat;     /* the one it was opened for; NULL: it goes by its name */
    const char *name; /* "console", "search"; NULL: its chat's */
    int number;       /* 1 … */
} NjWindow;

#endif
