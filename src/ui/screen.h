/* The whole screen: contact list, windows, status line and prompt. Also decides when a frame is
 * drawn. Typed lines go to the caller through the hooks. */
#ifndef NJ_UI_SCREEN_H
#define NJ_UI_SCREEN_H

#include "model/client.h"
#include "ui/keys.h"
#include "ui/prompt.h"
#include "ui/term.h"
#include "ui/window.h"

/* In all hooks `chat` is the chat of the focused pane; NULL: the console or a list. All but `run`
 * may be NULL. */
typedef struct {
    /* Runs a typed line or the command line of a key. */
    void (*run)(const char *line, NjChat *chat, void *owner);
    /* Returns choices for the word at `point`; see NjPromptHooks. */
    char **(*complete)(const char *text, gsize point, gsize *start, gsize *end, NjChat *chat,
                       void *owner);
    /* The user began, paused or stopped typing in the chat (XEP-0085). */
    void (*typing)(NjChat *chat, NjTyping typing, void *owner);
    /* Returns false if the line holds a secret; see NjPromptHooks. */
    bool (*may_keep)(const char *line, void *owner);
    void *owner;
} NjScreenHooks;

/* Makes a screen without a terminal; theme_dirs ends in NULL and is copied, like the hooks. Tests
 * draw it with nj_screen_draw_on(). Never fails and does not use `error`. */
NjScreen *nj_screen_new(NjClient *client, const char *const *theme_dirs, const NjScreenHooks *hooks,
                        GError **error);

/* Opens the terminal and draws the first frame. */
bool nj_screen_open(NjScreen *screen, GError **error);

/* Saves the drafts and restores the terminal. */
void nj_screen_free(NjScreen *screen);
NjClient *nj_screen_client(NjScreen *screen);
NjTerm *nj_screen_term(NjScreen *screen); /* NULL without a terminal */
NjPrompt *nj_screen_prompt(NjScreen *screen);
NjKeys *nj_screen_keys(NjScreen *screen);

/* Loads a theme and redraws. Reports faulty lines of its file as notices in the console. Fails when
 * there is no such theme or its file cannot be read. */
bool nj_screen_set_theme(NjScreen *screen, const char *name, GError **error);

/* Draws everything on a surface of any size, for tests. */
void nj_screen_draw_on(NjScreen *screen, NjSurface *surface);

/* Marks everything, or the prompt, as dirty and requests a frame. */
void nj_screen_touch(NjScreen *screen);
void nj_screen_touch_prompt(NjScreen *screen);

/* The store is open (client->store): the panes load their pages. */
void nj_screen_store_ready(NjScreen *screen);

/* Ctrl-l: writes every cell to the terminal again. */
void nj_screen_redraw(NjScreen *screen);

/* Makes a requested frame due now instead of at the end of the frame period, for something that the
 * user waits for, such as search results. Does nothing if no frame is requested. */
void nj_screen_draw_soon(NjScreen *screen);

/* Handles input as if it came from the terminal: typed keys or a paste. */
void nj_screen_bytes(NjScreen *screen, const char *bytes, gsize length);
void nj_screen_paste(NjScreen *screen, const char *text, gsize length);

/* --- windows --- */

guint nj_screen_windows(const NjScreen *screen); /* the number of windows */
NjWindow *nj_screen_window_at(const NjScreen *screen, guint index);

/* The current window. */
NjWindow *nj_screen_window(const NjScreen *screen);

/* Whether the user looks at the chat: its pane and the terminal have the focus. */
bool nj_screen_attends(const NjScreen *screen, const NjChat *chat);
void nj_screen_show(NjScreen *screen, NjWindow *window);

/* Shows the window of the chat; creates it if the chat has no window. */
NjWindow *nj_screen_show_chat(NjScreen *screen, NjChat *chat);

/* Shows the window of the chat and scrolls its pane to a place of the history: to this message,
 * which is marked, or to the first message at or after this time (ms since 1970). Newer messages
 * stay unread until they are displayed. */
void nj_screen_show_message(NjScreen *screen, NjChat *chat, gint64 time, gint64 id);
void nj_screen_show_time(NjScreen *screen, NjChat *chat, gint64 time);

/* Starts a search and shows its results in the search window, which all searches use. The title is
 * the search as it was typed. */
void nj_screen_search(NjScreen *screen, const NjSearch *search, const char *title);

/* Cancels the running search; returns false if no search is running. */
bool nj_screen_search_stop(NjScreen *screen);

/* Finds a window by its number, "console", "search", the address of its chat, or the beginning of
 * its name if no other name begins like this. */
NjWindow *nj_screen_find(NjScreen *screen, const char *word, GError **error);

/* Shows the next window (step 1) or the previous one (step -1). */
void nj_screen_step(NjScreen *screen, int step);

/* Alt-z: shows the window that was current before. */
void nj_screen_last(NjScreen *screen);

/* Alt-a: shows the window that needs attention most: mentions first, then chats, then rooms.
 * Returns false if no window does. */
bool nj_screen_attention(NjScreen *screen);

/* Closes a window; the console cannot be closed. The chat stays as it is. */
void nj_screen_close_window(NjScreen *screen, NjWindow *window);

/* --- panes of the current window --- */

/* Splits the focused pane; the new pane shows the chat, or the console if that is NULL. */
bool nj_screen_split(NjScreen *screen, NjSplit how, NjChat *chat, GError **error);

/* Closes the focused pane, or the search window if its results are focused. Returns false if the
 * window has only this pane. */
bool nj_screen_close_pane(NjScreen *screen);

/* Switches the prompt to the focused pane, after the focus of the layout has moved. */
void nj_screen_follow_focus(NjScreen *screen);

/* The focused pane, never NULL. */
NjPane *nj_screen_focus(NjScreen *screen);

/* Scroll the contact list if it has the keys, else the focused pane: by rows or pages (rows < 0:
 * up), or to its first or last row (`end`). */
void nj_screen_scroll(NjScreen *screen, int rows, bool page);
void nj_screen_scroll_to(NjScreen *screen, bool end);

/* Hides or shows the contact list until the end of the program; the option `roster` stays. */
void nj_screen_toggle_roster(NjScreen *screen);

/* Gives the keys to the contact list, until Enter, Esc or nj_screen_leave_roster(). */
void nj_screen_focus_roster(NjScreen *screen);
void nj_screen_leave_roster(NjScreen *screen);

/* --- notices --- */

/* Returns the width in columns that a notice has in the focused pane; 0 if that is not known: the
 * pane has not been drawn yet, or is a list. */
int nj_screen_answer_cells(NjScreen *screen);

/* Adds a notice to the panes of the chat, or to the console if no pane shows it or chat is NULL. */
void nj_screen_say(NjScreen *screen, NjChat *chat, NjNoticeKind kind, const char *text);

#endif
