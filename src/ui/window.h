/* Windows: numbered, each with a layout; 1 is the console. What wants attention is derived from the chats in them. */
#ifndef NJ_UI_WINDOW_H
#define NJ_UI_WINDOW_H

#include "ui/layout.h"

typedef struct {
    NjLayout *layout;
    NjChat   *chat;             /* the one it was opened for; NULL: the console */
    int       number;           /* 1 … */
} NjWindow;

#endif
