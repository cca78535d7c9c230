/* /window, /split, /scroll and other commands of the screen, and the default keys. */
#include <string.h>

#include "cmd/history.h"
#include "cmd/password.h"
#include "cmd/topic.h"

#define MAX_LINES 100000 /* that one /scroll moves */

static NjRecord *
window_record(const NjWindow *window)
{
    NjRecord *record = nj_record_new();
    nj_record_set_int(record, "number", window->number);
    nj_record_set_text(record, "chat", window->chat ? window->chat->address : window->name);
    nj_record_set_text(record, "account",
                       window->chat ? window->chat->account->settings->name : NULL);
    nj_record_set_int(record, "unread", window->chat ? window->chat->unread : 0);
    return record;
}

static void
list_windows(NjCall *call, NjScreen *screen)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);

    /* One notice for all windows: a pane shows a long notice from its beginning. */
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < nj_screen_windows(screen); i++) {
        const NjWindow *window = nj_screen_window_at(screen, i);
        g_ptr_array_add(list, window_record(window));
        const char *label = window->chat ? nj_chat_label(window->chat) : _(window->name);
        if (window->chat && window->chat->unread)
            g_string_append_printf(text,
                                   ngettext("%2d  %s, %u unread message",
                                            "%2d  %s, %u unread messages", window->chat->unread),
                                   window->number, label, window->chat->unread);
        else
            g_string_append_printf(text, "%2d  %s", window->number, label);
        g_string_append_c(text, '\n');
    }

    nj_call_notice(call, NJ_NOTICE_INFO, "%s", text->str);
    nj_record_set_list(nj_call_result(call), "windows", list);
    nj_call_done(call);
}

static void
run_window(NjCall *call)
{
    NjScreen *screen = nj_call_screen(call);
    const char *which = nj_call_arg(call, "window");

    if (!which || strcmp(which, "list") == 0) {
        list_windows(call, screen);
        return;
    }

    if (strcmp(which, "next") == 0) {
        nj_screen_step(screen, 1);
    } else if (strcmp(which, "prev") == 0) {
        nj_screen_step(screen, -1);
    } else if (strcmp(which, "last") == 0) {
        nj_screen_last(screen);
    } else if (strcmp(which, "attention") == 0) {
        nj_screen_attention(screen);
    } else {
        g_autoptr(GError) error = NULL;
        NjWindow *window = nj_screen_find(screen, which, &error);
        if (!window) {
            nj_call_fail_error(call, "no-window", error);
            return;
        }
        nj_screen_show(screen, window);
    }

    nj_call_done(call);
}

/* --- /split --- */

/* Splits the pane in front. The new pane shows the window of the parameter `window`, by default the
 * chat in front. */
static void
split_pane(NjCall *call, NjSplit how)
{
    NjScreen *screen = nj_call_screen(call);
    const char *which = nj_call_arg(call, "window");
    NjChat *chat = nj_call_chat(call);
    g_autoptr(GError) error = NULL;

    const NjWindow *window = which ? nj_screen_find(screen, which, &error) : NULL;
    if (window)
        chat = window->chat;

    bool done = (window || !which) && nj_screen_split(screen, how, chat, &error);
    nj_screen_follow_focus(screen);
    nj_call_done_if(call, done, error);
}

static void
run_split_below(NjCall *call)
{
    split_pane(call, NJ_SPLIT_BELOW);
}

static void
run_split_beside(NjCall *call)
{
    split_pane(call, NJ_SPLIT_BESIDE);
}

static void
run_split_close(NjCall *call)
{
    NjScreen *screen = nj_call_screen(call);
    bool closed = nj_screen_close_pane(screen);
    nj_screen_follow_focus(screen);
    if (closed)
        nj_call_done(call);
    else
        nj_call_fail(call, "refused", _("There is only one pane; /close closes the chat."));
}

static NjLayout *
call_layout(NjCall *call)
{
    return nj_screen_window(nj_call_screen(call))->layout;
}

/* Ends a call that has changed the layout. */
static void
finish_layout(NjCall *call)
{
    nj_screen_follow_focus(nj_call_screen(call));
    nj_call_done(call);
}

static void
run_split_next(NjCall *call)
{
    nj_layout_focus_next(call_layout(call), 1);
    finish_layout(call);
}

static void
focus_towards(NjCall *call, int rows, int cols)
{
    nj_layout_focus_towards(call_layout(call), rows, cols);
    finish_layout(call);
}

static void
run_split_left(NjCall *call)
{
    focus_towards(call, 0, -1);
}

static void
run_split_right(NjCall *call)
{
    focus_towards(call, 0, 1);
}

static void
run_split_up(NjCall *call)
{
    focus_towards(call, -1, 0);
}

static void
run_split_down(NjCall *call)
{
    focus_towards(call, 1, 0);
}

/* steps: 1 to grow, -1 to shrink; a step is 2 rows or 4 columns */
static void
resize_pane(NjCall *call, int steps)
{
    nj_layout_resize(call_layout(call), steps * 2, steps * 4);
    finish_layout(call);
}

static void
run_split_grow(NjCall *call)
{
    resize_pane(call, 1);
}

static void
run_split_shrink(NjCall *call)
{
    resize_pane(call, -1);
}

static void
run_split_zoom(NjCall *call)
{
    nj_layout_zoom(call_layout(call));
    finish_layout(call);
}

/* --- /scroll --- */

/* Scrolls by the parameter lines, by default a page; direction: -1 up, 1 down. */
static void
scroll_pane(NjCall *call, int direction)
{
    NjScreen *screen = nj_call_screen(call);
    const char *lines = nj_call_arg(call, "lines");

    if (lines)
        nj_screen_scroll(screen, direction * CLAMP(atoi(lines), -MAX_LINES, MAX_LINES), false);
    else
        nj_screen_scroll(screen, direction, true);

    nj_call_done(call);
}

static void
run_scroll_up(NjCall *call)
{
    scroll_pane(call, -1);
}

static void
run_scroll_down(NjCall *call)
{
    scroll_pane(call, 1);
}

static void
run_scroll_top(NjCall *call)
{
    nj_screen_scroll_to(nj_call_screen(call), false);
    nj_call_done(call);
}

static void
run_scroll_bottom(NjCall *call)
{
    nj_screen_scroll_to(nj_call_screen(call), true);
    nj_call_done(call);
}

/* --- other commands --- */

static void
run_clear(NjCall *call)
{
    nj_pane_clear_notices(nj_screen_focus(nj_call_screen(call)));
    nj_call_done(call);
}

static void
run_redraw(NjCall *call)
{
    nj_screen_redraw(nj_call_screen(call));
    nj_call_done(call);
}

static void
run_suspend(NjCall *call)
{
    NjTerm *term = nj_screen_term(nj_call_screen(call));
    nj_call_done(call);
    if (term)
        nj_term_stop(term);
}

/* Ctrl-c: cancels the first of these that exists: the question or the typed line; the search of the
 * search window; imports and searches of other calls; password-commands. It never ends the
 * program. */
static void
run_cancel(NjCall *call)
{
    NjPrompt *prompt = nj_screen_prompt(nj_call_screen(call));
    if (nj_prompt_asking(prompt) || *nj_prompt_text(prompt))
        nj_prompt_clear(prompt);
    else if (!nj_screen_search_stop(nj_call_screen(call)) && !nj_history_cancel(nj_call_cmd(call)))
        nj_password_cancel(nj_call_cmd(call));
    nj_call_done(call);
}

static const NjCommand cmd_window = {
    .name = "window",
    .summary = N_("Show a chat, a room or the console"),
    .details =
        N_("/window attention shows the window that needs it most: first one with a mention, then "
           "a chat, then a room. /window last goes back to the window shown before. A part of a "
           "name is enough if it matches one window only."),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "window",
                  NJ_PARAM_WINDOW,
                  NJ_OPTIONAL,
                  N_("a number, a name or console"),
                  { "next", "prev", "last", "attention", "list" } } },
    .examples = { "/window 3", "/window frog@example.org", "/window console", "/window attention" },
    .run = run_window,
};

static const NjCommand cmd_split = {
    .name = "split",
    .summary = N_("Show several windows at once, each in a pane"),
    .examples = { "/split below", "/split beside console", "/split zoom" },
};

static const NjCommand cmd_split_below = {
    .name = "below",
    .parent = "split",
    .summary = N_("Split the pane in front; the new pane is below it"),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "window", NJ_PARAM_WINDOW, NJ_OPTIONAL,
                  N_("the window that the new pane shows; by default the chat in front") } },
    .examples = { "/split below", "/split below console" },
    .run = run_split_below,
};

static const NjCommand cmd_split_beside = {
    .name = "beside",
    .parent = "split",
    .summary = N_("Split the pane in front; the new pane is beside it"),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "window", NJ_PARAM_WINDOW, NJ_OPTIONAL,
                  N_("the window that the new pane shows; by default the chat in front") } },
    .examples = { "/split beside", "/split beside console" },
    .run = run_split_beside,
};

static const NjCommand cmd_split_close = {
    .name = "close",
    .parent = "split",
    .summary = N_("Close the pane in front"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split close" },
    .run = run_split_close,
};

static const NjCommand cmd_split_next = {
    .name = "next",
    .parent = "split",
    .summary = N_("Move the focus to the next pane"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split next" },
    .run = run_split_next,
};

static const NjCommand cmd_split_left = {
    .name = "left",
    .parent = "split",
    .summary = N_("Move the focus to the pane on the left"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split left" },
    .run = run_split_left,
};

static const NjCommand cmd_split_right = {
    .name = "right",
    .parent = "split",
    .summary = N_("Move the focus to the pane on the right"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split right" },
    .run = run_split_right,
};

static const NjCommand cmd_split_up = {
    .name = "up",
    .parent = "split",
    .summary = N_("Move the focus to the pane above"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split up" },
    .run = run_split_up,
};

static const NjCommand cmd_split_down = {
    .name = "down",
    .parent = "split",
    .summary = N_("Move the focus to the pane below"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split down" },
    .run = run_split_down,
};

static const NjCommand cmd_split_grow = {
    .name = "grow",
    .parent = "split",
    .summary = N_("Make the pane in front larger"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split grow" },
    .run = run_split_grow,
};

static const NjCommand cmd_split_shrink = {
    .name = "shrink",
    .parent = "split",
    .summary = N_("Make the pane in front smaller"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split shrink" },
    .run = run_split_shrink,
};

static const NjCommand cmd_split_zoom = {
    .name = "zoom",
    .parent = "split",
    .summary = N_("Show the pane in front alone, or all panes again"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/split zoom" },
    .run = run_split_zoom,
};

static const NjCommand cmd_scroll = {
    .name = "scroll",
    .summary = N_("Scroll the pane in front"),
    .examples = { "/scroll up", "/scroll down 3", "/scroll bottom" },
};

static const NjCommand cmd_scroll_up = {
    .name = "up",
    .parent = "scroll",
    .summary = N_("Scroll up by a page or by lines"),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "lines", NJ_PARAM_NUMBER, NJ_OPTIONAL,
                  N_("how many lines; by default a page") } },
    .examples = { "/scroll up", "/scroll up 3" },
    .run = run_scroll_up,
};

static const NjCommand cmd_scroll_down = {
    .name = "down",
    .parent = "scroll",
    .summary = N_("Scroll down by a page or by lines"),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "lines", NJ_PARAM_NUMBER, NJ_OPTIONAL,
                  N_("how many lines; by default a page") } },
    .examples = { "/scroll down", "/scroll down 3" },
    .run = run_scroll_down,
};

static const NjCommand cmd_scroll_top = {
    .name = "top",
    .parent = "scroll",
    .summary = N_("Scroll to the first message"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/scroll top" },
    .run = run_scroll_top,
};

static const NjCommand cmd_scroll_bottom = {
    .name = "bottom",
    .parent = "scroll",
    .summary = N_("Scroll to the last message"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/scroll bottom" },
    .run = run_scroll_bottom,
};

static const NjCommand cmd_clear = {
    .name = "clear",
    .summary = N_("Remove the lines that the program wrote from the window"),
    .details = N_("Results, help and errors are removed; messages stay."),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/clear" },
    .run = run_clear,
};

static const NjCommand cmd_redraw = {
    .name = "redraw",
    .summary = N_("Draw the screen again"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/redraw" },
    .run = run_redraw,
};

static const NjCommand cmd_suspend = {
    .name = "suspend",
    .summary = N_("Suspend Natterjack; the shell's command fg continues it"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/suspend" },
    .run = run_suspend,
};

static const NjCommand cmd_cancel = {
    .name = "cancel",
    .summary = N_("Cancel the line, the question, an import, a search or the password-command"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/cancel" },
    .run = run_cancel,
};

static const NjCommand *const commands[] = {
    &cmd_window,
    &cmd_split,
    &cmd_split_below,
    &cmd_split_beside,
    &cmd_split_close,
    &cmd_split_next,
    &cmd_split_left,
    &cmd_split_right,
    &cmd_split_up,
    &cmd_split_down,
    &cmd_split_grow,
    &cmd_split_shrink,
    &cmd_split_zoom,
    &cmd_scroll,
    &cmd_scroll_up,
    &cmd_scroll_down,
    &cmd_scroll_top,
    &cmd_scroll_bottom,
    &cmd_clear,
    &cmd_redraw,
    &cmd_suspend,
    &cmd_cancel,
    NULL,
};

static const NjAliasRow aliases[] = {
    { "w", "/window", "irssi" },
    { "win", "/window", "Profanity" },
    { "buffer", "/window", "WeeChat" },
    { "b", "/window", "WeeChat" },
    { "wins", "/window list", "Profanity" },
    { NULL },
};

static const NjKeyRow keys[] = {
    { "Alt-1", "/window 1", N_("window 1, the console") },
    { "Alt-2", "/window 2", N_("the window of that number") },
    { "Alt-3", "/window 3", N_("the window of that number") },
    { "Alt-4", "/window 4", N_("the window of that number") },
    { "Alt-5", "/window 5", N_("the window of that number") },
    { "Alt-6", "/window 6", N_("the window of that number") },
    { "Alt-7", "/window 7", N_("the window of that number") },
    { "Alt-8", "/window 8", N_("the window of that number") },
    { "Alt-9", "/window 9", N_("the window of that number") },
    { "Alt-0", "/window 10", N_("the window of that number") },
    { "Alt-a", "/window attention", N_("the window that needs attention most") },
    { "Alt-n", "/window next", N_("next window") },
    { "Alt-p", "/window prev", N_("previous window") },
    { "Alt-z", "/window last", N_("the window shown before") },
    { "Alt-s", "/window search", N_("the results of the last search") },
    { "Ctrl-PgDn", "/window next", N_("next window") },
    { "Ctrl-PgUp", "/window prev", N_("previous window") },
    { "PgUp", "/scroll up", N_("a page up") },
    { "PgDn", "/scroll down", N_("a page down") },
    { "Alt-Up", "/scroll up 1", N_("a line up") },
    { "Alt-Down", "/scroll down 1", N_("a line down") },
    { "Alt-Home", "/scroll top", N_("to the first message") },
    { "Alt-End", "/scroll bottom", N_("to the last message") },
    { "Alt-o", "/split next", N_("the next pane") },
    { "Alt-Left", "/split left", N_("the pane on the left") },
    { "Alt-Right", "/split right", N_("the pane on the right") },
    { "Alt-x", "/split zoom", N_("show one pane alone, or all again") },
    { "Alt-+", "/split grow", N_("make the pane in front larger") },
    { "Alt-_", "/split shrink", N_("make the pane in front smaller") },
    { "F2", "/roster focus", N_("move the focus to the list of contacts") },
    { "F3", "/roster toggle", N_("hide or show the list of contacts") },
    { "Ctrl-l", "/redraw", N_("draw the screen again") },
    { "Ctrl-z", "/suspend", N_("suspend; the shell's command fg continues") },
    { "Ctrl-c", "/cancel",
      N_("cancel the line, a question, an import, a search or a password-command") },
    { "F1", "/help", N_("help") },
    { NULL },
};

const NjTopic nj_topic_window = { "windows", N_("Windows"), commands, aliases, keys };
