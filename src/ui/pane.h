/* A pane: a part of the screen with a heading, drawn into an area. Each kind of pane has one
 * NjPaneClass. */
#ifndef NJ_UI_PANE_H
#define NJ_UI_PANE_H

#include "model/client.h"
#include "model/room.h"
#include "ui/surface.h"

typedef struct NjPane NjPane;
typedef struct NjScreen NjScreen;

/* The functions of one kind of pane. A function that this kind does not have is NULL; `draw` and
 * `free` are always set. */
typedef struct {
    const char *name;
    void (*draw)(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
    /* Scrolls by `rows` rows, upwards if negative. page: by so many pages instead; the pane decides
     * how many rows a page has. */
    void (*scroll)(NjPane *pane, int rows, bool page);
    /* Scrolls to the first line or, with `end`, to the last one. */
    void (*scroll_to)(NjPane *pane, bool end);
    /* Shows a place of the history. time: in ms since 1970; id: of the message's row in the store,
     * 0 for the first message at or after the time. */
    void (*seek)(NjPane *pane, gint64 time, gint64 id);
    /* Moves the selection by so many rows. Returns false if nothing can be selected. */
    bool (*move)(NjPane *pane, int rows);
    /* Opens the selected row (Enter). Returns false if it did not open anything. */
    bool (*activate)(NjPane *pane);
    /* Leaves the list (Esc). */
    void (*leave)(NjPane *pane);
    /* The texts of the heading: title, the dimmed text beside it, and a hint at its right end
     * ("▼ 3 new"). The caller owns them; NULL: none. */
    char *(*title)(NjPane *pane);
    char *(*subject)(NjPane *pane);
    char *(*hint)(NjPane *pane);
    /* Returns whether the view follows the newest line. */
    bool (*at_end)(NjPane *pane);
    /* The pane's window is shown or hidden, or the terminal gets or loses the focus. shown: the
     * user can see the pane now. */
    void (*shown)(NjPane *pane, bool shown);
    /* A message of the pane's chat was added (add), or its state has changed (change). */
    void (*add)(NjPane *pane, NjMessage *message);
    void (*change)(NjPane *pane, NjMessage *message);
    void (*add_notice)(NjPane *pane, NjNoticeKind kind, const char *text);
    void (*clear_notices)(NjPane *pane);
    /* Returns the columns for the text of a notice; 0: not drawn yet. */
    int (*answer_cells)(NjPane *pane);
    /* An occupant of the pane's room has come, changed or left (gone). old_nick: the nick before;
     * NULL if it has not changed. */
    void (*occupant)(NjPane *pane, NjOccupant *occupant, const char *old_nick, bool gone);
    /* Reads the history again, after the store was opened or an import has changed it. */
    void (*reload)(NjPane *pane);
    void (*free)(NjPane *pane);
} NjPaneClass;

struct NjPane {
    const NjPaneClass *class;
    NjScreen *screen;
    NjChat *chat; /* NULL: a console, the roster or the search */
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

/* Cancels the search before and starts a new one. Copies both arguments. title: the search as it
 * was typed. */
void nj_pane_search_run(NjPane *pane, const NjSearch *search, const char *title);

/* Cancels a running search. Returns false if none is running. */
bool nj_pane_search_stop(NjPane *pane);

/* Makes the pane of a chat with a contact or an occupant, or of a room without its list of
 * occupants. */
NjPane *nj_pane_chat_new(NjScreen *screen, NjChat *chat);

/* Makes the pane of a room: its lines and its occupants side by side. */
NjPane *nj_pane_room_new(NjScreen *screen, NjChat *chat);

/* Adds a notice, such as the result of a command, if the pane shows notices. */
void nj_pane_add_notice(NjPane *pane, NjNoticeKind kind, const char *text);

/* Removes the notices. */
void nj_pane_clear_notices(NjPane *pane);

#endif
