/* Shared by the files that are the screen: screen.c (frames), screen-input.c (keys, drafts,
 * typing), screen-events.c (news), windows.c, and by the panes that are part of it.  Nobody else
 * includes it. */
#ifndef NJ_UI_SCREEN_PRIVATE_H
#define NJ_UI_SCREEN_PRIVATE_H

#include "model/events.h"
#include "ui/screen.h"

struct NjScreen {
    NjClient *client;
    char **theme_dirs;
    NjTheme *theme;
    NjScreenHooks hooks;
    NjTerm *term; /* NULL before nj_screen_open() and in tests */
    NjSurface *surface;
    NjPrompt *prompt;
    NjKeys *keys;

    /* Windows */
    GPtrArray *windows; /* of NjWindow, by number; the first is the console's */
    NjWindow *window, *last;
    GHashTable *panes; /* NjChat (NULL: none) -> GPtrArray of NjPane */
    NjPane *roster;
    NjPane *search;    /* what was found last; NULL: nobody searched */
    bool roster_shown; /* as the option or F2 says */
    bool roster_focused;
    GHashTable *states;  /* NjAccount -> its state, as last told */
    GHashTable *reasons; /* NjAccount -> why it is not online, as last told */

    /* Frames */
    bool all, prompt_dirty, status_dirty;
    int rows, cols, roster_cols, prompt_rows; /* as last drawn */
    int cursor_row, cursor_col;
    GSource *frame; /* ready when the next frame is due */
    bool frame_due;
    gint64 frame_us, cost_us; /* when the last frame began, what it cost */
    guint clock_id, settle_id;

    /* What is being typed */
    NjChat *talk; /* with whom; NULL: the console */
    bool settled; /* false: the prompt has yet to go to its place */
    bool switching;
    guint draft_id, typing_id;
    NjTyping typing;
    gint64 typed_us;
    char *pending; /* a long text that is asked about */
    NjChat *pending_chat;
};

/* screen.c */
/* something is dirty */
void nj_screen_want_frame(NjScreen *screen);
void nj_screen_touch_status(NjScreen *screen);

/* the frame of a key, at once */
void nj_screen_answer_key(NjScreen *screen);
void nj_screen_start_clock(NjScreen *screen);

/* windows.c */
void nj_screen_attach(NjScreen *screen, NjPane *pane);
void nj_screen_detach(NjScreen *screen, NjPane *pane);

/* The panes of a chat (NULL: the console's); NULL if there are none. */
const GPtrArray *nj_screen_panes(NjScreen *screen, NjChat *chat);
bool nj_screen_is_visible(NjScreen *screen, NjPane *pane);

/* made if there is none, and not shown */
NjWindow *nj_screen_window_of(NjScreen *screen, NjChat *chat);

/* its panes and windows */
void nj_screen_forget_chat(NjScreen *screen, NjChat *chat);
void nj_screen_open_windows(NjScreen *screen);
void nj_screen_free_windows(NjScreen *screen);

/* the panes in sight are looked at, or no longer */
void nj_screen_attend(NjScreen *screen, bool looking);

/* screen-input.c */
void nj_screen_open_input(NjScreen *screen);
void nj_screen_close_input(NjScreen *screen);

/* as the option says */
void nj_screen_set_keys_mode(NjScreen *screen);
void nj_screen_save_draft(NjScreen *screen);
void nj_screen_stop_typing(NjScreen *screen, bool tell);
void nj_screen_drop_pending(NjScreen *screen, NjChat *chat);

/* screen-events.c */
void nj_screen_listen(NjScreen *screen);

#endif
