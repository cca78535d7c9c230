/* A pane: a part of the screen with a heading, drawn into an area. Each kind of pane has one
 * NjPaneClass. */
#ifndef NJ_UI_PANE_H
#define NJ_UI_PANE_H

#include "model/client.h"
#include "model/room.h"
#include "ui/surface.h"

typedef struct NjPane NjPane;
typedef struct NjScreen NjScreen;

/* The functions of one kind of pane; NULL: not for this kind. */
typedef struct {
    const char *name;
    void (*draw)(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
    /* negative: up. page: the number counts pages, whose height the pane decides. */
    void (*scroll)(NjPane *pane, int rows, bool page);
    void (*scroll_to)(NjPane *pane, bool end); /* to the first line or the last */
    /* Shows a place of the history (ms since 1970, row of the message); id 0: the first message at
     * or after the time. */
    void (*seek)(NjPane *pane, gint64 time, gint64 id);
    /* Moves the selection; returns false if nothing can be selected. */
    bool (*move)(NjPane *pane, int rows);
    bool (*activate)(NjPane *pane); /* opens the selection (Enter) */
    void (*leave)(NjPane *pane);    /* leaves the list (Esc) */
    /* The texts of the heading: title, the dimmed text beside it, and a hint at its right end
     * ("▼ 3 new"). The caller owns them; NULL: none. */
    char *(*title)(NjPane *pane);
    char *(*subject)(NjPane *pane);
    char *(*hint)(NjPane *pane);
    /* Returns whether the newest line is visible. */
    bool (*at_end)(NjPane *pane);
    /* The user can see the pane, or no longer: its window is shown or hidden, or the terminal gets
     * or loses the focus. */
    void (*shown)(NjPane *pane, bool shown);
    /* A message of the pane's chat was added, or has another state. */
    void (*add)(NjPane *pane, NjMessage *message);
    void (*change)(NjPane *pane, NjMessage *message);
    void (*add_notice)(NjPane *pane, NjNoticeKind kind, const char *text);
    void (*clear_notices)(NjPane *pane);
    /* Returns the columns for the text of a notice; 0: not drawn yet. */
    int (*answer_cells)(NjPane *pane);
    /* An occupant of the pane's room came, changed or left. old_nick: renamed; NULL: not. */
    void (*occupant)(NjPane *pane, NjOccupant *occupant, const char *old_nick, bool gone);
    /* Reads the history again: the store was opened or got other contents. */
    void (*reload)(NjPane *pane);
    void (*free)(NjPane *pane);
} NjPaneClass;

struct NjPane {
    const NjPaneClass *class;
    NjScreen *screen;
    NjChat *chat; /* NULL unless it is a chat or a room */
    bool dirty;   /* the next frame draws it; set by nj_pane_touch() */
};

/* Initialises the common part and adds the pane to the screen. */
void nj_pane_init(NjPane *pane, const NjPaneClass *class, NjScreen *screen, NjChat *chat);

/* Marks the pane as dirty and requests a frame. */
void nj_pane_touch(NjPane *pane);
void nj_pane_free(NjPane *pane);

NjPane *nj_pane_console_new(NjScreen *screen);
NjPane *nj_pane_roster_new(NjScreen *screen);
NjPane *nj_pane_search_new(NjScreen *screen);

/* Starts a search, instead of the one before. Copies both arguments. title: the search as typed. */
void nj_pane_search_run(NjPane *pane, const NjSearch *search, const char *title);

/* Cancels a running search. Returns false if none is running. */
bool nj_pane_search_stop(NjPane *pane);

/* A chat with a person, or a room without its list of occupants. */
NjPane *nj_pane_chat_new(NjScreen *screen, NjChat *chat);

/* A room: its lines and its occupants side by side. */
NjPane *nj_pane_room_new(NjScreen *screen, NjChat *chat);

/* Adds a notice, such as the result of a command, if the pane shows notices. */
void nj_pane_add_notice(NjPane *pane, NjNoticeKind kind, const char *text);

/* Removes the notices. */
void nj_pane_clear_notices(NjPane *pane);

#endif
