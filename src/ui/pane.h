/* What a pane is: something with a head that draws itself into an area.  A row a kind.  A call that
 * a kind has no use for is NULL in its row. */
#ifndef NJ_UI_PANE_H
#define NJ_UI_PANE_H

#include "model/client.h"
#include "model/room.h"
#include "ui/surface.h"

typedef struct NjPane NjPane;
typedef struct NjScreen NjScreen;

typedef struct {
    const char *name;
    void (*draw)(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
    /* negative: up; page: rows are pages (halves of the height are the pane's choice) */
    void (*scroll)(NjPane *pane, int rows, bool page);
    void (*scroll_to)(NjPane *pane, bool end); /* the first line or the last */
    /* that place of the history; id 0: the first message at or after the time */
    void (*seek)(NjPane *pane, gint64 time, gint64 id);
    /* the selection; false: it has none */
    bool (*move)(NjPane *pane, int rows);
    bool (*activate)(NjPane *pane); /* Enter on the selection */
    void (*leave)(NjPane *pane);    /* Esc */
    /* owned by the caller, as the next two; NULL is an answer */
    char *(*title)(NjPane *pane);
    /* the quiet text beside the title */
    char *(*subject)(NjPane *pane);
    /* at the right end of the head: "▼ 3 new" */
    char *(*hint)(NjPane *pane);
    bool (*at_end)(NjPane *pane); /* is the newest line in sight? */
    /* its window comes or goes, the terminal gets or loses the focus */
    void (*shown)(NjPane *pane, bool shown);
    /* a message of its chat came or went out */
    void (*add)(NjPane *pane, NjMessage *message);
    void (*change)(NjPane *pane, NjMessage *message); /* … has another state */
    void (*say)(NjPane *pane, NjNoticeKind kind, const char *text);
    /* how wide what is said may be; 0: not drawn yet */
    int (*answer_cells)(NjPane *pane);
    void (*occupant)(NjPane *pane, NjOccupant *occupant, const char *old_nick, bool gone);
    /* of lines that the program said */
    void (*clear)(NjPane *pane);
    void (*reload)(NjPane *pane); /* the store is open now */
    void (*free)(NjPane *pane);
} NjPaneClass;

struct NjPane {
    const NjPaneClass *class;
    NjScreen *screen;
    NjChat *chat; /* of chat and room panes; NULL */
    bool dirty;   /* set with nj_pane_touch() only */
};

/* first thing in a kind's _new */
void nj_pane_init(NjPane *pane, const NjPaneClass *class, NjScreen *screen, NjChat *chat);

/* it looks different now: a frame comes */
void nj_pane_touch(NjPane *pane);
void nj_pane_free(NjPane *pane);

NjPane *nj_pane_console_new(NjScreen *screen);
NjPane *nj_pane_roster_new(NjScreen *screen);
NjPane *nj_pane_search_new(NjScreen *screen);

/* both copied; what it showed before goes */
void nj_pane_search_run(NjPane *pane, const NjSearch *search, const char *title);

/* false: it was not searching */
bool nj_pane_search_stop(NjPane *pane);

/* also the talk of a room */
NjPane *nj_pane_chat_new(NjScreen *screen, NjChat *chat);

/* talk and occupants side by side */
NjPane *nj_pane_room_new(NjScreen *screen, NjChat *chat);

/* Puts lines of the program into a chat's or the console's talk: answers to commands. */
void nj_pane_say(NjPane *pane, NjNoticeKind kind, const char *text);

/* takes them away again */
void nj_pane_clear(NjPane *pane);

#endif
