/* What a pane is: something with a head that draws itself into an area.  A row a kind. */
#ifndef NJ_UI_PANE_H
#define NJ_UI_PANE_H

#include "model/client.h"
#include "ui/surface.h"

typedef struct NjPane   NjPane;
typedef struct NjScreen NjScreen;

typedef struct {
    const char *name;
    void  (*draw)(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
    void  (*scroll)(NjPane *pane, int rows, bool page);          /* negative: up; page: rows are pages (halves of the height are the pane's choice) */
    void  (*scroll_to)(NjPane *pane, bool end);                  /* the first line or the last */
    bool  (*move)(NjPane *pane, int rows);                       /* the selection; false: it has none */
    bool  (*activate)(NjPane *pane);                             /* Enter on the selection */
    char *(*title)(NjPane *pane);                                /* owned by the caller */
    void  (*free)(NjPane *pane);
} NjPaneClass;

struct NjPane {
    const NjPaneClass *class;
    NjScreen *screen;
    NjChat   *chat;             /* of chat and room panes; NULL */
    bool      dirty;            /* set with nj_pane_touch() only */
};

void    nj_pane_touch(NjPane *pane);                             /* it looks different now: a frame comes */
void    nj_pane_free(NjPane *pane);

NjPane *nj_pane_console_new(NjScreen *screen);
NjPane *nj_pane_roster_new(NjScreen *screen);
NjPane *nj_pane_chat_new(NjScreen *screen, NjChat *chat);        /* also the talk of a room */
NjPane *nj_pane_room_new(NjScreen *screen, NjChat *chat);        /* talk and occupants side by side */
/* Puts lines of the program into a chat's or the console's talk: answers to commands. */
void    nj_pane_say(NjPane *pane, NjNoticeKind kind, const char *text);

#endif
