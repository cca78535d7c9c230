/* Windows, splits, scrolling: what is shown.  The keys are here too, a row each. */
#include <string.h>

#include "cmd/history.h"
#include "cmd/password.h"
#include "cmd/topic.h"

#define MAX_LINES 100000 /* of one scroll */

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

    /* one answer, which is read from its beginning */
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

    nj_call_say(call, NJ_NOTICE_INFO, "%s", text->str);
    nj_record_set_list(nj_call_result(call), "windows", list);
    nj_call_done(call);
}

static void
run_window(NjCall *call)
{
    NjScreen *screen = nj_call_screen(call);
    const char *which = nj_call_arg(call, "window");

    if (!which || !strcmp(which, "list")) {
        list_windows(call, screen);
        return;
    }

    if (!strcmp(which, "next") || !strcmp(which, "prev")) {
        nj_screen_step(screen, which[0] == 'n' ? 1 : -1);
    } else if (!strcmp(which, "last")) {
        nj_screen_last(screen);
    } else if (!strcmp(which, "attention")) {
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

/* /split */

static bool
split(NjCall *call, NjSplit how, GError **error)
{
    NjScreen *screen = nj_call_screen(call);
    const char *which = nj_call_arg(call, "window");
    NjChat *chat = nj_call_chat(call);

    if (which) {
        const NjWindow *window = nj_screen_find(screen, which, error);
        if (!window)
            return false;
        chat = window->chat;
    }

    return nj_screen_split(screen, how, chat, error);
}

static void
run_split(NjCall *call)
{
    static const struct {
        const char *word;
        int rows, cols;
    } directions[] = { { "left", 0, -1 }, { "right", 0, 1 }, { "up", -1, 0 }, { "down", 1, 0 } };

    NjScreen *screen = nj_call_screen(call);
    NjLayout *layout = nj_screen_window(screen)->layout;
    const char *how = nj_call_arg(call, "how");
    g_autoptr(GError) error = NULL;
    bool done = true;
    if (!strcmp(how, "below") || !strcmp(how, "beside")) {
        done = split(call, !strcmp(how, "below") ? NJ_SPLIT_BELOW : NJ_SPLIT_BESIDE, &error);
    } else if (!strcmp(how, "close")) {
        done = nj_screen_close_pane(screen);
        if (!done)
            g_set_error(&error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                        _("The window is not split; /close ends the chat."));
    } else if (!strcmp(how, "next")) {
        nj_layout_focus_next(layout, 1);
    } else if (!strcmp(how, "grow") || !strcmp(how, "shrink")) {
        int step = how[0] == 'g' ? 1 : -1;
        nj_layout_resize(layout, step * 2, step * 4);
    } else if (!strcmp(how, "zoom")) {
        nj_layout_zoom(layout);
    }

    for (guint i = 0; i < G_N_ELEMENTS(directions); i++)
        if (!strcmp(how, directions[i].word))
            nj_layout_focus_towards(layout, directions[i].rows, directions[i].cols);
    nj_screen_follow_focus(screen);
    nj_call_done_if(call, done, error);
}

/* The rest. */

static void
run_scroll(NjCall *call)
{
    NjScreen *screen = nj_call_screen(call);
    const char *where = nj_call_arg(call, "where");
    const char *lines = nj_call_arg(call, "lines");
    int step = !strcmp(where, "up") ? -1 : 1,
        count = lines ? CLAMP(atoi(lines), -MAX_LINES, MAX_LINES) : 0;

    if (!strcmp(where, "top") || !strcmp(where, "bottom"))
        nj_screen_scroll_to(screen, where[0] == 'b');
    else if (lines)
        nj_screen_scroll(screen, step * count, false);
    else
        nj_screen_scroll(screen, step, true);

    nj_call_done(call);
}

static void
run_clear(NjCall *call)
{
    nj_pane_clear(nj_screen_focus(nj_call_screen(call)));
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

/* Ctrl-c: what is going on is given up, nearest first; it never ends the program. */
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
    .details = N_("attention goes to what wants it most: mentions, then people, then rooms. last "
                  "goes back to the window before. A part of a name does, if it is one's only."),
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
    .summary = N_("Show two chats at once"),
    .details =
        N_("below and beside divide the pane in front; close takes it away; next, left, right, up, "
           "down move the keys to another; grow, shrink and zoom change its size."),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "how",
                  NJ_PARAM_CHOICE,
                  0,
                  N_("what to do"),
                  { "below", "beside", "close", "next", "left", "right", "up", "down", "grow",
                    "shrink", "zoom" } },
                { "window", NJ_PARAM_WINDOW, NJ_OPTIONAL, N_("what to show in the new part") } },
    .examples = { "/split below", "/split beside console", "/split zoom" },
    .run = run_split,
};

static const NjCommand cmd_scroll = {
    .name = "scroll",
    .summary = N_("Move in what was said"),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "where", NJ_PARAM_CHOICE, 0, N_("where to"), { "up", "down", "top", "bottom" } },
                { "lines", NJ_PARAM_NUMBER, NJ_OPTIONAL, N_("how far; a page without it") } },
    .examples = { "/scroll up", "/scroll down 3", "/scroll bottom" },
    .run = run_scroll,
};

static const NjCommand cmd_clear = {
    .name = "clear",
    .summary = N_("Take away what the program said here"),
    .details = N_("Answers, help and errors go; what people said is stored, and stays."),
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
    .summary = N_("Stop Natterjack until the shell's fg"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/suspend" },
    .run = run_suspend,
};

static const NjCommand cmd_cancel = {
    .name = "cancel",
    .summary = N_("Give up the line, the question, an import, a search or the password-command"),
    .needs = NJ_NEEDS_SCREEN,
    .examples = { "/cancel" },
    .run = run_cancel,
};

static const NjCommand *const commands[] = { &cmd_window, &cmd_split,   &cmd_scroll, &cmd_clear,
                                             &cmd_redraw, &cmd_suspend, &cmd_cancel, NULL };

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
    { "Alt-a", "/window attention", N_("what wants attention most") },
    { "Alt-n", "/window next", N_("next window") },
    { "Alt-p", "/window prev", N_("previous window") },
    { "Alt-z", "/window last", N_("the window before") },
    { "Alt-s", "/window search", N_("what the last search found") },
    { "Ctrl-PgDn", "/window next", N_("next window") },
    { "Ctrl-PgUp", "/window prev", N_("previous window") },
    { "PgUp", "/scroll up", N_("a page up") },
    { "PgDn", "/scroll down", N_("a page down") },
    { "Alt-Up", "/scroll up 1", N_("a line up") },
    { "Alt-Down", "/scroll down 1", N_("a line down") },
    { "Alt-Home", "/scroll top", N_("to the first message") },
    { "Alt-End", "/scroll bottom", N_("to the last message") },
    { "Alt-o", "/split next", N_("the other part of a split window") },
    { "Alt-Left", "/split left", N_("the part to the left") },
    { "Alt-Right", "/split right", N_("the part to the right") },
    { "Alt-x", "/split zoom", N_("one part alone, and all again") },
    { "Alt-+", "/split grow", N_("the part in front grows") },
    { "Alt-_", "/split shrink", N_("the part in front shrinks") },
    { "F2", "/roster focus", N_("the list of contacts gets the keys") },
    { "F3", "/roster toggle", N_("hide or show the list of contacts") },
    { "Ctrl-l", "/redraw", N_("draw the screen again") },
    { "Ctrl-z", "/suspend", N_("stop until the shell's fg") },
    { "Ctrl-c", "/cancel", N_("give up the line, a question, an import or a password-command") },
    { "F1", "/help", N_("help") },
    { NULL },
};

const NjTopic nj_topic_window = { "windows", N_("Windows"), commands, aliases, keys };
