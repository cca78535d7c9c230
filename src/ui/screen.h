/* The whole screen: roster, windows, status line, prompt; which frame is drawn when.  What a person
 * types goes up through the hooks. */
#ifndef NJ_UI_SCREEN_H
#define NJ_UI_SCREEN_H

#include "model/client.h"
#include "ui/keys.h"
#include "ui/prompt.h"
#include "ui/term.h"
#include "ui/window.h"

typedef struct {
    /* a line was typed; chat: where, NULL the console */
    void (*run)(const char *line, NjChat *chat, void *owner);
    char **(*complete)(const char *text, gsize point, gsize *start, gsize *end, NjChat *chat,
                       void *owner);
    /* XEP-0085: the person began, paused, stopped */
    void (*typing)(NjChat *chat, NjTyping typing, void *owner);
    /* among the typed lines: false where it holds a secret; NULL: all may */
    bool (*may_keep)(const char *line, void *owner);
    void *owner;
} NjScreenHooks;

/* term NULL: a test draws with nj_screen_draw_on(). */
NjScreen *nj_screen_new(NjClient *client, const char *const *theme_dirs, const NjScreenHooks *hooks,
                        GError **error);

/* takes the terminal, draws the first frame at once */
bool nj_screen_open(NjScreen *screen, GError **error);

/* gives it back; drafts are kept */
void nj_screen_free(NjScreen *screen);
NjClient *nj_screen_client(NjScreen *screen);
NjTerm *nj_screen_term(NjScreen *screen);
NjPrompt *nj_screen_prompt(NjScreen *screen);
NjKeys *nj_screen_keys(NjScreen *screen);
bool nj_screen_set_theme(NjScreen *screen, const char *name, GError **error);

/* everything, now: tests */
void nj_screen_draw_on(NjScreen *screen, NjSurface *surface);

/* all of it */
void nj_screen_touch(NjScreen *screen);

/* client->store is there now: panes load their pages */
void nj_screen_store_ready(NjScreen *screen);
void nj_screen_touch_prompt(NjScreen *screen);

/* Ctrl-l */
void nj_screen_redraw(NjScreen *screen);

/* a frame that is due comes at once: what somebody waits for is here */
void nj_screen_hurry(NjScreen *screen);

/* as if typed: tests */
void nj_screen_bytes(NjScreen *screen, const char *bytes, gsize length);
void nj_screen_paste(NjScreen *screen, const char *text, gsize length);

/* Windows. */
guint nj_screen_windows(const NjScreen *screen);
NjWindow *nj_screen_window_at(const NjScreen *screen, guint index);

/* the current one */
NjWindow *nj_screen_window(const NjScreen *screen);

/* it has the focus, and the terminal has it */
bool nj_screen_attends(const NjScreen *screen, const NjChat *chat);
void nj_screen_show(NjScreen *screen, NjWindow *window);

/* its window, made if there is none */
NjWindow *nj_screen_show_chat(NjScreen *screen, NjChat *chat);

/* A place of the history in the chat's pane, its window shown: this message, marked, or what was
 * said at this time and after.  What came since stays unread until it is seen. */
void nj_screen_show_message(NjScreen *screen, NjChat *chat, gint64 time, gint64 id);
void nj_screen_show_time(NjScreen *screen, NjChat *chat, gint64 time);

/* What is found is listed in a window of its own, one for all searches; title: what was looked for,
 * as it was typed. */
void nj_screen_search(NjScreen *screen, const NjSearch *search, const char *title);

/* what is still looked for is given up; false: nothing is */
bool nj_screen_search_stop(NjScreen *screen);

/* number, "console", "search", address, or a start of a name that is one's only */
NjWindow *nj_screen_find(NjScreen *screen, const char *word, GError **error);

/* next, previous */
void nj_screen_step(NjScreen *screen, int step);

/* Alt-z */
void nj_screen_last(NjScreen *screen);

/* Alt-a: mentions first, then chats, then rooms; false: nothing does */
bool nj_screen_attention(NjScreen *screen);

/* not the console; the chat is the caller's business */
void nj_screen_close_window(NjScreen *screen, NjWindow *window);

/* Panes of the current window. */
/* chat NULL: the console */
bool nj_screen_split(NjScreen *screen, NjSplit how, NjChat *chat, GError **error);
bool nj_screen_close_pane(NjScreen *screen);

/* after the layout's focus moved: the prompt goes with it */
void nj_screen_follow_focus(NjScreen *screen);

/* never NULL */
NjPane *nj_screen_focus(NjScreen *screen);
void nj_screen_scroll(NjScreen *screen, int rows, bool page);
void nj_screen_scroll_to(NjScreen *screen, bool end);

/* for this run; the option says how it starts */
void nj_screen_toggle_roster(NjScreen *screen);

/* the keys move in the roster until Enter or Esc */
void nj_screen_focus_roster(NjScreen *screen);
void nj_screen_leave_roster(NjScreen *screen);

/* What the program answers to what was typed in the current window. */
/* columns of an answer in the pane with the focus; 0: not drawn yet */
int nj_screen_answer_cells(NjScreen *screen);
void nj_screen_say(NjScreen *screen, NjChat *chat, NjNoticeKind kind, const char *text);

#endif
