/* Handles typed keys: bound keys run their command line, a focused list takes the keys of its
 * context, all others go to the prompt. Also handles drafts, typing states (XEP-0085) and the
 * question before a long text is sent. A timer runs only while it can change something. */
#include "ui/screen-private.h"

#include "base/clock.h"
#include "model/chat.h"

#include <string.h>

#define SETTLE_MS 25   /* wait for the rest of a key sequence */
#define DRAFT_MS 1000  /* from the first change of the text until the draft is stored */
#define PAUSED_MS 5000 /* without a key, until the typing state is “paused” */

/* Whether the text is a message and not a command. Only messages become drafts or cause typing
 * states: a command may hold a password. */
static bool
is_message(const char *text)
{
    if (*text == '/')
        return g_str_has_prefix(text, "//") || g_str_has_prefix(text, "/me ");
    return *text != '\0';
}

void
nj_screen_save_draft(NjScreen *screen)
{
    nj_clock_cancel(&screen->draft_timer);
    NjChat *chat = screen->prompt_chat;
    if (!chat)
        return;
    const char *text = nj_prompt_text(screen->prompt), *draft = is_message(text) ? text : NULL;
    if (g_strcmp0(draft, chat->draft) != 0)
        nj_chat_set_draft(chat, draft);
}

static gboolean
on_draft_time(void *owner)
{
    NjScreen *screen = owner;
    nj_screen_save_draft(screen);
    return G_SOURCE_REMOVE;
}

static void
emit_typing(NjScreen *screen, NjTyping typing)
{
    screen->typing = typing;
    if (screen->hooks.typing && screen->prompt_chat)
        screen->hooks.typing(screen->prompt_chat, typing, screen->hooks.owner);
}

void
nj_screen_stop_typing(NjScreen *screen, bool emit)
{
    nj_clock_cancel(&screen->typing_timer);
    bool was_typing = screen->typing == NJ_TYPING_COMPOSING || screen->typing == NJ_TYPING_PAUSED;
    screen->typing = NJ_TYPING_ACTIVE;
    if (was_typing && emit)
        emit_typing(screen, NJ_TYPING_ACTIVE);
}

static gboolean
on_typing_time(void *owner)
{
    NjScreen *screen = owner;
    gint64 paused_ms = (nj_clock_us() - screen->typed_us) / 1000;

    nj_clock_cancel(&screen->typing_timer);
    if (paused_ms < PAUSED_MS) {
        guint left = (guint) (PAUSED_MS - paused_ms);
        screen->typing_timer = nj_clock_after(left, on_typing_time, screen);
        return G_SOURCE_REMOVE;
    }

    emit_typing(screen, NJ_TYPING_PAUSED);
    return G_SOURCE_REMOVE;
}

static void
note_typing(NjScreen *screen, const char *text)
{
    if (!screen->prompt_chat || !screen->hooks.typing)
        return;

    if (!is_message(text)) {
        nj_screen_stop_typing(screen, true);
        return;
    }

    screen->typed_us = nj_clock_us();
    if (screen->typing != NJ_TYPING_COMPOSING)
        emit_typing(screen, NJ_TYPING_COMPOSING);
    if (!screen->typing_timer)
        screen->typing_timer = nj_clock_after(PAUSED_MS, on_typing_time, screen);
}

static void
on_changed(NjPrompt *prompt, void *owner)
{
    NjScreen *screen = owner;
    nj_screen_touch_prompt(screen);
    if (screen->switching || nj_prompt_asking(prompt) || !screen->prompt_chat)
        return;
    note_typing(screen, nj_prompt_text(prompt));
    if (!screen->draft_timer)
        screen->draft_timer = nj_clock_after(DRAFT_MS, on_draft_time, screen);
}

/* Runs a typed line: a command, or a message to the chat. */
static void
submit_line(NjScreen *screen, const char *text, NjChat *chat)
{
    nj_screen_stop_typing(screen, !is_message(text));
    nj_clock_cancel(&screen->draft_timer);
    if (chat && chat->draft)
        nj_chat_set_draft(chat, NULL);
    /* Scroll a chat or the console to its end, where the answer appears; not a list. */
    if (nj_screen_focus(screen)->class->at_end)
        nj_screen_scroll_to(screen, true);
    screen->hooks.run(text, chat, screen->hooks.owner);
}

void
nj_screen_drop_pending(NjScreen *screen, NjChat *chat)
{
    if (!screen->pending || screen->pending_chat != chat)
        return;
    nj_prompt_cancel(screen->prompt, screen);
    g_autofree char *text = g_steal_pointer(&screen->pending);
    screen->pending_chat = NULL;
    if (chat && is_message(text))
        nj_chat_set_draft(chat, text);
}

static void
on_paste_answer(int key, void *owner)
{
    NjScreen *screen = owner;
    g_autofree char *text = g_steal_pointer(&screen->pending);
    NjChat *chat = g_steal_pointer(&screen->pending_chat);

    if (!text)
        return;

    if (key == 'y') {
        submit_line(screen, text, chat);
        return;
    }

    if (key == 'n')
        return;

    /* `e`, or the question was cancelled: put the text back into the prompt of its chat. The user
     * may have moved to another chat. */
    if (chat)
        nj_screen_show_chat(screen, chat);
    else
        nj_screen_show(screen, nj_screen_window_at(screen, 0));

    nj_prompt_set_text(screen->prompt, text);
}

static guint
count_lines(const char *text)
{
    guint lines = 1;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    return lines;
}

static void
on_line(NjPrompt *prompt, const char *text, void *owner)
{
    NjScreen *screen = owner;
    NjChat *chat = screen->prompt_chat;

    /* A paste of whole lines ends in a newline; do not send that. */
    gsize length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    if (length == 0)
        return;

    g_autofree char *trimmed = NULL;
    if (text[length])
        text = trimmed = g_strndup(text, length);

    guint lines = count_lines(text);
    guint most = (guint) nj_options_int(screen->client->options, "paste-ask");
    if (most == 0 || lines <= most || screen->pending) {
        submit_line(screen, text, chat);
        return;
    }

    screen->pending = g_strdup(text);
    screen->pending_chat = chat;

    g_autofree char *question =
        g_strdup_printf(ngettext("Send this text of %u line?  [y]es  [n]o  [e]dit",
                                 "Send this text of %u lines?  [y]es  [n]o  [e]dit", lines),
                        lines);
    nj_prompt_ask(prompt, question, "yne", on_paste_answer, screen);
}

static char **
on_complete(NjPrompt *prompt, const char *text, gsize point, gsize *start, gsize *end, void *owner)
{
    (void) prompt;
    NjScreen *screen = owner;
    if (!screen->hooks.complete)
        return NULL;
    return screen->hooks.complete(text, point, start, end, screen->prompt_chat,
                                  screen->hooks.owner);
}

/* Returns the list that has the keys: the contact list while it is focused, or a focused list in
 * the window while the prompt is empty; NULL: the prompt has the keys. */
static NjPane *
find_list(NjScreen *screen)
{
    if (screen->roster_focused)
        return screen->roster;
    NjPane *pane = nj_screen_focus(screen);
    bool typed = *nj_prompt_text(screen->prompt) != '\0' || nj_prompt_asking(screen->prompt);
    return pane->class->activate && !typed ? pane : NULL;
}

void
nj_screen_leave_roster(NjScreen *screen)
{
    if (!screen->roster_focused)
        return;
    screen->roster_focused = false;
    screen->roster->class->shown(screen->roster, false);
    nj_screen_touch(screen);
}

void
nj_screen_focus_roster(NjScreen *screen)
{
    if (screen->roster_focused)
        return;
    screen->roster_focused = true;
    screen->roster->class->shown(screen->roster, true);
    nj_screen_touch(screen);
}

static void
run_list_key(NjPane *list, NjKeyAction action)
{
    const NjPaneClass *class = list->class;
    switch (action) {
    case NJ_KEY_UP:
    case NJ_KEY_DOWN:
        class->move(list, action == NJ_KEY_UP ? -1 : 1);
        break;
    case NJ_KEY_PAGE_UP:
    case NJ_KEY_PAGE_DOWN:
        class->scroll(list, action == NJ_KEY_PAGE_UP ? -1 : 1, true);
        break;
    case NJ_KEY_FIRST:
    case NJ_KEY_LAST:
        class->scroll_to(list, action == NJ_KEY_LAST);
        break;
    case NJ_KEY_OPEN:
        class->activate(list);
        break;
    case NJ_KEY_CANCEL:
        class->leave(list);
        break;
    default:
        break;
    }
}

/* Runs the key of the context NJ_KEYS_LIST that the bytes begin with. Returns its length in bytes,
 * 0 when they begin with another key. */
static gsize
take_list_key(NjPane *list, const char *bytes, gsize length)
{
    gsize used;
    const NjKeyRow *row = nj_key_row_at(NJ_KEYS_LIST, bytes, length, &used);
    if (row)
        run_list_key(list, row->action);
    return used;
}

/* Returns the number of bytes up to the first Enter. The prompt gets no bytes behind it, because
 * the line may give the keys to a list. */
static gsize
line_length(const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (bytes[i] == '\r' || bytes[i] == '\n')
            return i + 1;
    return length;
}

static void
on_key_bytes(const char *bytes, gsize length, void *owner)
{
    NjScreen *screen = owner;
    while (length > 0) {
        NjPane *list = find_list(screen);
        gsize taken = list ? take_list_key(list, bytes, length) : 0;
        if (taken == 0) {
            /* The user types: the prompt has the keys again. */
            nj_screen_leave_roster(screen);
            taken = line_length(bytes, length);
            nj_prompt_feed(screen->prompt, bytes, taken);
        }
        bytes += taken;
        length -= taken;
    }
}

static void
on_key_line(const char *line, void *owner)
{
    NjScreen *screen = owner;
    screen->hooks.run(line, screen->prompt_chat, screen->hooks.owner);
}

static const NjKeysHooks key_hooks = { .on_line = on_key_line, .on_bytes = on_key_bytes };

static gboolean
on_settle_time(void *owner)
{
    NjScreen *screen = owner;
    nj_clock_cancel(&screen->settle_timer);
    nj_keys_settle(screen->keys, &key_hooks, screen);
    nj_screen_draw_key(screen);
    return G_SOURCE_REMOVE;
}

/* Notes that the user is active and looks at the screen. Typing proves it, even if the terminal has
 * not reported that it has the focus again (tmux attached from another terminal). */
static void
note_user(NjScreen *screen)
{
    nj_client_note_active(screen->client);
    nj_screen_attend(screen, true);
}

void
nj_screen_bytes(NjScreen *screen, const char *bytes, gsize length)
{
    note_user(screen);
    nj_clock_cancel(&screen->settle_timer);
    nj_keys_feed(screen->keys, bytes, length, &key_hooks, screen);
    if (nj_keys_partial(screen->keys)) {
        screen->settle_timer = nj_clock_after(SETTLE_MS, on_settle_time, screen);
        g_source_set_priority(screen->settle_timer, G_PRIORITY_HIGH);
    }
    nj_screen_draw_key(screen);
}

void
nj_screen_paste(NjScreen *screen, const char *text, gsize length)
{
    note_user(screen);
    nj_screen_leave_roster(screen);
    nj_prompt_paste(screen->prompt, text, length);
    nj_screen_draw_key(screen);
}

static bool
may_keep(NjPrompt *prompt, const char *text, void *owner)
{
    (void) prompt;
    NjScreen *screen = owner;
    return !screen->hooks.may_keep || screen->hooks.may_keep(text, screen->hooks.owner);
}

/* In vi mode Esc is a key of its own and not a prefix for Alt. */
void
nj_screen_set_keys_mode(NjScreen *screen)
{
    bool vi =
        nj_prompt_set_mode(screen->prompt, nj_options_text(screen->client->options, "keys-mode"));
    nj_keys_set_esc_prefix(screen->keys, !vi);
}

void
nj_screen_open_input(NjScreen *screen)
{
    static const NjPromptHooks hooks = {
        .on_line = on_line,
        .on_changed = on_changed,
        .on_complete = on_complete,
        .may_keep = may_keep,
    };
    screen->prompt = nj_prompt_new(&hooks, screen);
    nj_screen_set_keys_mode(screen);
    screen->typing = NJ_TYPING_ACTIVE;
}

void
nj_screen_close_input(NjScreen *screen)
{
    /* Before the timers are cancelled: this changes the prompt and may start one. */
    nj_screen_drop_pending(screen, screen->pending_chat);
    nj_screen_stop_typing(screen, false);
    nj_clock_cancel(&screen->draft_timer);
    nj_clock_cancel(&screen->settle_timer);
}
