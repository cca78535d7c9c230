/* Types and functions that the files of the screen share: screen.c (frames), screen-input.c (keys,
 * drafts, typing states), screen-events.c (events of the model) and windows.c; also included by the
 * panes. */
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
    GPtrArray *windows; /* of NjWindow, by number; the first is the console */
    NjWindow *window, *last;
    GHashTable *panes;   /* NjChat (NULL: no chat) -> GPtrArray of NjPane */
    NjPane *roster;      /* the contact list */
    NjPane *search;      /* results of the last search; NULL: no search yet */
    bool roster_shown;   /* set by the option `roster` and by F3 */
    bool roster_focused; /* the contact list has the keys */
    GHashTable *states;  /* NjAccount -> its state, as last reported in the console */
    GHashTable *reasons; /* NjAccount -> why it is not online, as last reported */

    /* Frames */
    bool all, prompt_dirty, status_dirty;     /* what the next frame draws; all: everything */
    int rows, cols, roster_cols, prompt_rows; /* of the last frame */
    int cursor_row, cursor_col;               /* row -1: hidden */
    GSource *frame;                           /* draws a frame at its ready time */
    bool frame_due;                           /* a frame is requested */
    gint64 frame_us, cost_us;                 /* start and duration of the last frame */
    GSource *clock_timer, *settle_timer;

    /* Typing */
    NjChat *prompt_chat;  /* the chat that the prompt writes to; NULL: the console or a list */
    bool prompt_switched; /* the prompt has the buffer of prompt_chat */
    bool switching;       /* the program changes the prompt: on_changed does not mean typing */
    GSource *draft_timer, *typing_timer;
    NjTyping typing; /* as last sent to prompt_chat */
    gint64 typed_us; /* when the last key was typed */
    char *pending;   /* a long text while the user is asked whether to send it, else NULL */
    NjChat *pending_chat;
};

/* screen.c */

/* Requests a frame; to be called when something is dirty. Does nothing without a terminal. */
void nj_screen_want_frame(NjScreen *screen);
void nj_screen_touch_status(NjScreen *screen);

/* Draws what a typed key has changed, at once: a whole frame if one is due or the height of the
 * prompt has changed, otherwise the prompt alone. */
void nj_screen_draw_key(NjScreen *screen);

/* Redraws the status line at each full minute, while the option `clock` is set. */
void nj_screen_start_clock(NjScreen *screen);

/* windows.c */

/* Add a new pane to screen->panes; remove it before it is freed. */
void nj_screen_attach(NjScreen *screen, NjPane *pane);
void nj_screen_detach(NjScreen *screen, NjPane *pane);

/* Returns the panes that show a chat, or for NULL those without a chat (the console); NULL if there
 * are no such panes. */
const GPtrArray *nj_screen_panes(NjScreen *screen, NjChat *chat);
bool nj_screen_is_visible(NjScreen *screen, NjPane *pane);

/* Returns the window of a chat; creates it if the chat has no window. Does not show it. */
NjWindow *nj_screen_window_of(NjScreen *screen, NjChat *chat);

/* Closes the panes and windows of a chat. */
void nj_screen_forget_chat(NjScreen *screen, NjChat *chat);
void nj_screen_open_windows(NjScreen *screen);
void nj_screen_free_windows(NjScreen *screen);

/* Sets client->looking, whether the user looks at the screen, and reports it to the panes of
 * the current window. */
void nj_screen_attend(NjScreen *screen, bool looking);

/* screen-input.c */

void nj_screen_open_input(NjScreen *screen);
void nj_screen_close_input(NjScreen *screen);

/* Sets the editing mode of the prompt from the option `keys-mode`. */
void nj_screen_set_keys_mode(NjScreen *screen);

/* Stores the typed text as the draft of prompt_chat, if it is a message. */
void nj_screen_save_draft(NjScreen *screen);

/* Ends the typing state of prompt_chat. `emit`: also call the typing hook; false if a message is
 * sent to the chat now, which implies it (XEP-0085, 5.1). */
void nj_screen_stop_typing(NjScreen *screen, bool emit);

/* Cancels the question whether to send a long text to this chat, without its function being called;
 * the text becomes the draft of the chat. */
void nj_screen_drop_pending(NjScreen *screen, NjChat *chat);

/* screen-events.c */

/* Subscribes to the events of the model. */
void nj_screen_listen(NjScreen *screen);

#endif
