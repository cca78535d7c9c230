/* The windows of the screen and the panes in them. A window keeps its number: closing one renumbers
 * no other, and a new one gets the lowest free number. Window 1 is the console and is never closed.
 *
 * Functions here that change the focus call nj_screen_follow_focus(), which switches the prompt to
 * the chat of the focused pane. */
#include "ui/screen-private.h"

#include "base/text.h"
#include "model/chat.h"

#include <string.h>

static NjPane *
new_pane_for(NjScreen *screen, NjChat *chat)
{
    if (!chat)
        return nj_pane_console_new(screen);
    return chat->kind == NJ_CHAT_ROOM ? nj_pane_room_new(screen, chat)
                                      : nj_pane_chat_new(screen, chat);
}

void
nj_screen_attach(NjScreen *screen, NjPane *pane)
{
    GPtrArray *panes = g_hash_table_lookup(screen->panes, pane->chat);
    if (!panes) {
        panes = g_ptr_array_new();
        g_hash_table_insert(screen->panes, pane->chat, panes);
    }
    g_ptr_array_add(panes, pane);
}

void
nj_screen_detach(NjScreen *screen, NjPane *pane)
{
    GPtrArray *panes = g_hash_table_lookup(screen->panes, pane->chat);
    g_ptr_array_remove(panes, pane);
    if (panes->len == 0)
        g_hash_table_remove(screen->panes, pane->chat);
}

const GPtrArray *
nj_screen_panes(NjScreen *screen, NjChat *chat)
{
    return g_hash_table_lookup(screen->panes, chat);
}

/* For nj_layout_each(): sets the pointer at `owner` to NULL if it is this pane. */
static void
clear_if_pane(NjPane *pane, void *owner)
{
    NjPane **wanted = owner;
    if (*wanted == pane)
        *wanted = NULL;
}

static bool
has_pane(NjLayout *layout, NjPane *pane)
{
    NjPane *wanted = pane;
    nj_layout_each(layout, clear_if_pane, &wanted);
    return !wanted;
}

bool
nj_screen_is_visible(NjScreen *screen, NjPane *pane)
{
    NjLayout *layout = screen->window->layout;
    if (nj_layout_zoomed(layout))
        return nj_layout_focus(layout) == pane;
    return has_pane(layout, pane);
}

/* Adds a window with one pane. chat NULL: `name` is the window's name. */
static NjWindow *
add_window(NjScreen *screen, NjChat *chat, NjPane *pane, const char *name)
{
    NjWindow *window = g_new0(NjWindow, 1);
    window->chat = chat;
    window->name = name;
    window->layout = nj_layout_new(pane);

    guint place = 0;
    while (place < screen->windows->len
           && nj_screen_window_at(screen, place)->number == (int) place + 1)
        place++;

    window->number = (int) place + 1;
    g_ptr_array_insert(screen->windows, (int) place, window);
    nj_screen_touch_status(screen);
    return window;
}

static NjWindow *
find_window_of(NjScreen *screen, const NjChat *chat)
{
    for (guint i = 0; i < screen->windows->len; i++)
        if (nj_screen_window_at(screen, i)->chat == chat)
            return nj_screen_window_at(screen, i);
    return NULL;
}

NjWindow *
nj_screen_window_of(NjScreen *screen, NjChat *chat)
{
    NjWindow *window = find_window_of(screen, chat);
    return window ? window : add_window(screen, chat, new_pane_for(screen, chat), NULL);
}

guint
nj_screen_windows(const NjScreen *screen)
{
    return screen->windows->len;
}

NjWindow *
nj_screen_window_at(const NjScreen *screen, guint index)
{
    return index < screen->windows->len ? g_ptr_array_index(screen->windows, index) : NULL;
}

NjWindow *
nj_screen_window(const NjScreen *screen)
{
    return screen->window;
}

NjPane *
nj_screen_focus(NjScreen *screen)
{
    return nj_layout_focus(screen->window->layout);
}

bool
nj_screen_attends(const NjScreen *screen, const NjChat *chat)
{
    return screen->client->looking && screen->prompt_chat == chat;
}

/* For nj_layout_each(): calls the pane's shown() with the bool at `owner`. */
static void
call_shown(NjPane *pane, void *owner)
{
    if (pane->class->shown)
        pane->class->shown(pane, *(bool *) owner);
}

void
nj_screen_attend(NjScreen *screen, bool looking)
{
    if (screen->client->looking == looking)
        return;
    nj_client_set_looking(screen->client, looking);
    nj_layout_each(screen->window->layout, call_shown, &looking);
    nj_screen_touch_status(screen);
}

void
nj_screen_follow_focus(NjScreen *screen)
{
    NjChat *chat = nj_screen_focus(screen)->chat;
    nj_screen_touch(screen);
    if (screen->prompt_switched && chat == screen->prompt_chat)
        return;

    nj_screen_stop_typing(screen, true);
    nj_screen_save_draft(screen);
    screen->prompt_switched = true;
    screen->prompt_chat = chat;
    nj_client_set_focus(screen->client, chat);
    screen->switching = true;
    if (chat)
        nj_prompt_switch(screen->prompt, chat->id, nj_chat_label(chat), chat->draft);
    else
        nj_prompt_switch(screen->prompt, 0, NULL, NULL);
    screen->switching = false;
}

void
nj_screen_show(NjScreen *screen, NjWindow *window)
{
    nj_screen_leave_roster(screen);
    if (window == screen->window)
        return;

    bool shown = false;
    if (screen->client->looking)
        nj_layout_each(screen->window->layout, call_shown, &shown);
    screen->last = screen->window;
    screen->window = window;
    shown = true;
    if (screen->client->looking)
        nj_layout_each(window->layout, call_shown, &shown);

    nj_screen_follow_focus(screen);
}

NjWindow *
nj_screen_show_chat(NjScreen *screen, NjChat *chat)
{
    NjWindow *window = nj_screen_window_of(screen, chat);
    nj_screen_show(screen, window);
    const GPtrArray *panes = nj_screen_panes(screen, chat);
    for (guint i = 0; panes && i < panes->len; i++)
        if (nj_layout_set_focus(window->layout, g_ptr_array_index(panes, i)))
            break;
    nj_screen_follow_focus(screen);
    return window;
}

void
nj_screen_show_message(NjScreen *screen, NjChat *chat, gint64 time, gint64 id)
{
    nj_screen_show_chat(screen, chat);
    NjPane *pane = nj_screen_focus(screen);
    if (pane->class->seek)
        pane->class->seek(pane, time, id);
}

void
nj_screen_show_time(NjScreen *screen, NjChat *chat, gint64 time)
{
    nj_screen_show_message(screen, chat, time, 0);
}

/* Returns whether `text` starts with `start`; case is ignored. */
static bool
starts_with(const char *text, const char *start)
{
    g_autofree char *folded_text = g_utf8_casefold(text, -1),
                    *folded_start = g_utf8_casefold(start, -1);
    return g_str_has_prefix(folded_text, folded_start);
}

/* Returns whether the name or the address of the window's chat starts with `word`. */
static bool
has_chat_that_starts_with(const NjWindow *window, const char *word)
{
    if (!*word || !window->chat)
        return false;
    return starts_with(nj_chat_label(window->chat), word)
           || starts_with(window->chat->address, word);
}

NjWindow *
nj_screen_find(NjScreen *screen, const char *word, GError **error)
{
    char *end;
    gint64 number = g_ascii_strtoll(word, &end, 10);
    NjWindow *found = NULL;
    guint count = 0;

    for (guint i = 0; i < screen->windows->len; i++) {
        NjWindow *window = nj_screen_window_at(screen, i);
        if (*word && !*end && window->number == number)
            return window;
        if (strcmp(word, window->chat ? window->chat->address : window->name) == 0)
            return window;
        if (has_chat_that_starts_with(window, word)) {
            found = window;
            count++;
        }
    }

    if (count == 1)
        return found;

    g_autofree char *line = nj_text_line(word, -1, 0);
    if (count > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    ngettext("%u window matches “%s”; type more of its name.",
                             "%u windows match “%s”; type more of the name.", count),
                    count, line);
    else if (strcmp(word, "search") == 0)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                            _("There are no search results yet; search with /search WORDS."));
    else
        g_set_error(
            error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
            _("There is no window “%s”; open a chat with /msg ADDRESS or a room with /join ROOM."),
            line);

    return NULL;
}

void
nj_screen_step(NjScreen *screen, int step)
{
    guint at = 0;
    g_ptr_array_find(screen->windows, screen->window, &at);
    int length = (int) screen->windows->len;
    nj_screen_show(screen, nj_screen_window_at(
                               screen, (guint) ((((int) at + step) % length + length) % length)));
}

void
nj_screen_last(NjScreen *screen)
{
    if (screen->last)
        nj_screen_show(screen, screen->last);
}

static int
get_attention_rank(const NjChat *chat)
{
    if (chat->mentions)
        return 0;
    return chat->kind != NJ_CHAT_ROOM ? 1 : 2;
}

bool
nj_screen_attention(NjScreen *screen)
{
    NjWindow *best = NULL;
    int best_rank = G_MAXINT;

    for (guint i = 0; i < screen->windows->len; i++) {
        NjWindow *window = nj_screen_window_at(screen, i);
        const NjChat *chat = window->chat;
        if (!chat || chat->unread == 0 || window == screen->window)
            continue;
        int rank = get_attention_rank(chat);
        if (rank < best_rank) {
            best = window;
            best_rank = rank;
        }
    }

    if (!best)
        return false;

    nj_screen_show(screen, best);
    return true;
}

static void
free_window(NjWindow *window)
{
    nj_layout_free(window->layout);
    g_free(window);
}

void
nj_screen_close_window(NjScreen *screen, NjWindow *window)
{
    if (!window || window->number == 1)
        return;

    if (screen->window == window) {
        guint at = 0;
        g_ptr_array_find(screen->windows, window, &at);
        bool has_last = screen->last && screen->last != window;
        nj_screen_show(screen, has_last ? screen->last : nj_screen_window_at(screen, at - 1));
    }

    if (screen->last == window)
        screen->last = NULL;
    g_ptr_array_remove(screen->windows, window);
    free_window(window);
    nj_screen_touch_status(screen);
}

static NjWindow *
find_window_with(NjScreen *screen, NjPane *pane)
{
    for (guint i = 0; i < screen->windows->len; i++)
        if (has_pane(nj_screen_window_at(screen, i)->layout, pane))
            return nj_screen_window_at(screen, i);
    return NULL;
}

void
nj_screen_search(NjScreen *screen, const NjSearch *search, const char *title)
{
    NjWindow *window = screen->search ? find_window_with(screen, screen->search) : NULL;
    if (!window) {
        screen->search = nj_pane_search_new(screen);
        window = add_window(screen, NULL, screen->search, N_("search"));
    }

    nj_pane_search_run(screen->search, search, title);
    nj_screen_show(screen, window);
    nj_layout_set_focus(window->layout, screen->search);
    nj_screen_follow_focus(screen);
}

bool
nj_screen_search_stop(NjScreen *screen)
{
    return screen->search && nj_pane_search_stop(screen->search);
}

/* For nj_layout_each(): sets the pointer at `owner` to NULL if the pane shows this chat. */
static void
clear_if_chat(NjPane *pane, void *owner)
{
    NjChat **wanted = owner;
    if (pane->chat == *wanted)
        *wanted = NULL;
}

/* Names a window anew if none of its panes shows the chat that it was opened for: it becomes the
 * window of the chat in its focused pane or, if that pane has no chat, a window named "console". */
static void
rename_window(NjWindow *window)
{
    NjChat *wanted = window->chat;
    if (!wanted)
        return;
    nj_layout_each(window->layout, clear_if_chat, &wanted);
    if (wanted)
        window->chat = nj_layout_focus(window->layout)->chat;
    window->name = window->chat ? NULL : N_("console");
}

void
nj_screen_forget_chat(NjScreen *screen, NjChat *chat)
{
    if (screen->prompt_chat == chat) {
        nj_screen_stop_typing(screen, false);
        nj_screen_save_draft(screen);
        screen->prompt_chat = NULL;
        screen->prompt_switched = false;
    }

    nj_screen_drop_pending(screen, chat);
    const GPtrArray *panes;
    while ((panes = nj_screen_panes(screen, chat))) {
        NjPane *pane = g_ptr_array_index(panes, 0);
        NjWindow *window = find_window_with(screen, pane);
        if (nj_layout_close(window->layout, pane))
            continue;
        if (window->number != 1)
            nj_screen_close_window(screen, window);
        else
            nj_pane_free(nj_layout_replace(window->layout, pane, new_pane_for(screen, NULL)));
    }

    for (guint i = 0; i < screen->windows->len; i++)
        rename_window(nj_screen_window_at(screen, i));
    nj_screen_follow_focus(screen);
    if (chat->id)
        nj_prompt_forget(screen->prompt, chat->id);
}

bool
nj_screen_split(NjScreen *screen, NjSplit how, NjChat *chat, GError **error)
{
    NjPane *pane = new_pane_for(screen, chat);
    if (!nj_layout_split(screen->window->layout, how, pane, error))
        return false;
    bool shown = true;
    call_shown(pane, &shown);
    nj_screen_follow_focus(screen);
    return true;
}

/* Called after a pane of a split window was closed. If the only pane left shows another chat than
 * the window's own, puts the own chat (or the console) back into this window and shows the other
 * chat in its own window. If that chat has no window yet, it gets one when this is the console's
 * window, and stays here when this is the window of a chat. Returns false if it stays. */
static bool
return_to_own_window(NjScreen *screen, NjWindow *window)
{
    NjPane *left = nj_layout_focus(window->layout);
    NjChat *chat = left->chat;
    if (nj_layout_count(window->layout) != 1 || left == screen->search)
        return false;
    if (chat == window->chat || (window->chat && !find_window_of(screen, chat)))
        return false;

    nj_pane_free(nj_layout_replace(window->layout, left, new_pane_for(screen, window->chat)));
    nj_screen_show_chat(screen, chat);
    return true;
}

/* Closes the window of the search with all its panes. If it has another pane, shows the chat of the
 * next one in that chat's own window. */
static void
close_search(NjScreen *screen)
{
    NjWindow *window = screen->window;
    nj_layout_focus_next(window->layout, 1);
    const NjPane *beside = nj_screen_focus(screen);
    if (beside != screen->search)
        nj_screen_show_chat(screen, beside->chat);
    nj_screen_close_window(screen, window);
}

bool
nj_screen_close_pane(NjScreen *screen)
{
    if (nj_screen_focus(screen) == screen->search) {
        close_search(screen);
        return true;
    }

    if (!nj_layout_close(screen->window->layout, nj_screen_focus(screen)))
        return false;
    if (return_to_own_window(screen, screen->window))
        return true;

    rename_window(screen->window);
    nj_screen_follow_focus(screen);
    return true;
}

void
nj_screen_scroll(NjScreen *screen, int rows, bool page)
{
    NjPane *pane = screen->roster_focused ? screen->roster : nj_screen_focus(screen);
    if (pane->class->scroll)
        pane->class->scroll(pane, rows, page);
    nj_screen_touch_status(screen);
}

void
nj_screen_scroll_to(NjScreen *screen, bool end)
{
    NjPane *pane = screen->roster_focused ? screen->roster : nj_screen_focus(screen);
    if (pane->class->scroll_to)
        pane->class->scroll_to(pane, end);
    nj_screen_touch_status(screen);
}

void
nj_screen_toggle_roster(NjScreen *screen)
{
    nj_screen_leave_roster(screen);
    screen->roster_shown = !screen->roster_shown;
    nj_screen_touch(screen);
}

int
nj_screen_answer_cells(NjScreen *screen)
{
    NjPane *pane = nj_screen_focus(screen);
    return pane->class->answer_cells ? pane->class->answer_cells(pane) : 0;
}

/* Adds the notice to the panes of the chat, or to the consoles if the chat has no pane. */
void
nj_screen_say(NjScreen *screen, NjChat *chat, NjNoticeKind kind, const char *text)
{
    const GPtrArray *panes = nj_screen_panes(screen, chat);
    if (!panes)
        panes = nj_screen_panes(screen, NULL);
    for (guint i = 0; panes && i < panes->len; i++)
        nj_pane_add_notice(g_ptr_array_index(panes, i), kind, text);
}

void
nj_screen_store_ready(NjScreen *screen)
{
    GHashTableIter iter;
    void *panes;

    g_hash_table_iter_init(&iter, screen->panes);
    while (g_hash_table_iter_next(&iter, NULL, &panes))
        for (guint i = 0; i < ((GPtrArray *) panes)->len; i++) {
            NjPane *pane = g_ptr_array_index((GPtrArray *) panes, i);
            if (pane->class->reload)
                pane->class->reload(pane);
        }

    /* The chat of the prompt has a row in the store now. Its id is the key of the chat's draft and
     * of the lines that were typed in it: switch the prompt again. */
    screen->prompt_switched = false;
    nj_screen_follow_focus(screen);
}

void
nj_screen_open_windows(NjScreen *screen)
{
    screen->panes = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
    screen->windows = g_ptr_array_new();
    screen->roster = nj_pane_roster_new(screen);
    screen->window = add_window(screen, NULL, nj_pane_console_new(screen), N_("console"));
    nj_screen_follow_focus(screen);
}

void
nj_screen_free_windows(NjScreen *screen)
{
    for (guint i = 0; i < screen->windows->len; i++)
        free_window(nj_screen_window_at(screen, i));
    g_ptr_array_unref(screen->windows);
    nj_pane_free(screen->roster);
    g_hash_table_unref(screen->panes);
}
