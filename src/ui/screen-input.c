/* From bytes to lines: bound keys run their command line, the roster takes its keys while it has
 * them, the rest is the prompt's.  Also what follows from typing: drafts, and the news that
 * somebody types.  Timers run only while there is something to wait for. */
#include "ui/screen-private.h"

#include "base/clock.h"
#include "model/chat.h"

#include <string.h>

#define SETTLE_MS 25
#define DRAFT_MS 1000
/* A talk is kept and told of; a command is neither: it may hold a password. */
#define PAUSED_MS 5000
static bool
is_talk(const char *text)
{
    return *text
           && (*text != '/' || g_str_has_prefix(text, "//") || g_str_has_prefix(text, "/me "));
}

void
nj_screen_save_draft(NjScreen *screen)
{
    g_clear_handle_id(&screen->draft_id, g_source_remove);
    NjChat *chat = screen->talk;
    if (!chat)
        return;
    const char *text = nj_prompt_text(screen->prompt), *draft = is_talk(text) ? text : NULL;
    if (g_strcmp0(draft, chat->draft) != 0)
        nj_chat_set_draft(chat, draft);
}

static gboolean
on_draft_time(void *owner)
{
    NjScreen *screen = owner;
    screen->draft_id = 0;
    nj_screen_save_draft(screen);
    return G_SOURCE_REMOVE;
}

static void
tell_typing(NjScreen *screen, NjTyping typing)
{
    screen->typing = typing;
    if (screen->hooks.typing && screen->talk)
        screen->hooks.typing(screen->talk, typing, screen->hooks.owner);
}

/* tell false: a message says it itself (XEP-0085, 5.1). */
void
nj_screen_stop_typing(NjScreen *screen, bool tell)
{
    g_clear_handle_id(&screen->typing_id, g_source_remove);
    bool told = screen->typing == NJ_TYPING_COMPOSING || screen->typing == NJ_TYPING_PAUSED;
    screen->typing = NJ_TYPING_ACTIVE;
    if (told && tell)
        tell_typing(screen, NJ_TYPING_ACTIVE);
}

static gboolean
on_typing_time(void *owner)
{
    NjScreen *screen = owner;
    gint64 rested = (nj_clock_us() - screen->typed_us) / 1000;

    if (rested < PAUSED_MS) {
        screen->typing_id = g_timeout_add((guint) (PAUSED_MS - rested), on_typing_time, screen);
        return G_SOURCE_REMOVE;
    }

    screen->typing_id = 0;
    tell_typing(screen, NJ_TYPING_PAUSED);
    return G_SOURCE_REMOVE;
}

static void
note_typing(NjScreen *screen, const char *text)
{
    if (!screen->talk || !screen->hooks.typing)
        return;

    if (!is_talk(text)) {
        nj_screen_stop_typing(screen, true);
        return;
    }

    screen->typed_us = nj_clock_us();
    if (screen->typing != NJ_TYPING_COMPOSING)
        tell_typing(screen, NJ_TYPING_COMPOSING);
    if (!screen->typing_id)
        screen->typing_id = g_timeout_add(PAUSED_MS, on_typing_time, screen);
}

static void
on_changed(NjPrompt *prompt, void *owner)
{
    NjScreen *screen = owner;
    nj_screen_touch_prompt(screen);
    if (screen->switching || nj_prompt_asking(prompt) || !screen->talk)
        return;
    note_typing(screen, nj_prompt_text(prompt));
    if (!screen->draft_id)
        screen->draft_id = g_timeout_add(DRAFT_MS, on_draft_time, screen);
}

static void
submit(NjScreen *screen, const char *text, NjChat *chat)
{
    nj_screen_stop_typing(screen, !is_talk(text));
    g_clear_handle_id(&screen->draft_id, g_source_remove);
    if (chat && chat->draft)
        nj_chat_set_draft(chat, NULL);
    /* a talk: the answer comes at its end; a list stays where it is */
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
    if (chat && is_talk(text))
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
        submit(screen, text, chat);
        return;
    }

    /* Given up is no answer: nothing that was written is lost, wherever one has gone meanwhile. */
    if (key == 'n')
        return;

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
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    return lines;
}

static void
on_line(NjPrompt *prompt, const char *text, void *owner)
{
    NjScreen *screen = owner;
    NjChat *chat = screen->talk;

    /* Lines that were copied whole end in one that is empty: nobody said that. */
    gsize length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        length--;
    if (length == 0)
        return;

    g_autofree char *said = NULL;
    if (text[length])
        text = said = g_strndup(text, length);

    guint lines = count_lines(text),
          most = (guint) nj_options_int(screen->client->options, "paste-ask");
    if (most == 0 || lines <= most || screen->pending) {
        submit(screen, text, chat);
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
    return screen->hooks.complete(text, point, start, end, screen->talk, screen->hooks.owner);
}

/* The list that has the keys: the roster while it is focused, one in the window while nothing is
 * typed; NULL: the prompt has them. */
static NjPane *
list_of(NjScreen *screen)
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

/* Up to the end of a line: behind it a list may have the keys. */
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
        NjPane *list = list_of(screen);
        gsize taken = list ? take_list_key(list, bytes, length) : 0;
        if (taken == 0) {
            /* somebody writes: the keys are the prompt's again */
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
    screen->hooks.run(line, screen->talk, screen->hooks.owner);
}

static const NjKeysHooks key_hooks = { on_key_line, on_key_bytes };

static gboolean
on_settle_time(void *owner)
{
    NjScreen *screen = owner;
    screen->settle_id = 0;
    nj_keys_settle(screen->keys, &key_hooks, screen);
    nj_screen_answer_key(screen);
    return G_SOURCE_REMOVE;
}

/* Who types looks here, also where the terminal has not told that it got the focus again (a tmux
 * attached from elsewhere). */
static void
note_person(NjScreen *screen)
{
    nj_client_note_active(screen->client);
    nj_screen_attend(screen, true);
}

void
nj_screen_bytes(NjScreen *screen, const char *bytes, gsize length)
{
    note_person(screen);
    g_clear_handle_id(&screen->settle_id, g_source_remove);
    nj_keys_feed(screen->keys, bytes, length, &key_hooks, screen);
    if (nj_keys_partial(screen->keys))
        screen->settle_id =
            g_timeout_add_full(G_PRIORITY_HIGH, SETTLE_MS, on_settle_time, screen, NULL);
    nj_screen_answer_key(screen);
}

void
nj_screen_paste(NjScreen *screen, const char *text, gsize length)
{
    note_person(screen);
    nj_screen_leave_roster(screen);
    nj_prompt_paste(screen->prompt, text, length);
    nj_screen_answer_key(screen);
}

static bool
may_keep(NjPrompt *prompt, const char *text, void *owner)
{
    (void) prompt;
    NjScreen *screen = owner;
    return !screen->hooks.may_keep || screen->hooks.may_keep(text, screen->hooks.owner);
}

/* In vi's way ESC is a key of its own. */
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
    static const NjPromptHooks hooks = { on_line, on_changed, on_complete, may_keep };
    screen->prompt = nj_prompt_new(&hooks, screen);
    nj_screen_set_keys_mode(screen);
    screen->typing = NJ_TYPING_ACTIVE;
}

void
nj_screen_close_input(NjScreen *screen)
{
    /* first: it changes the prompt, which begins to wait for more */
    nj_screen_drop_pending(screen, screen->pending_chat);
    nj_screen_stop_typing(screen, false);
    g_clear_handle_id(&screen->draft_id, g_source_remove);
    g_clear_handle_id(&screen->settle_id, g_source_remove);
}
