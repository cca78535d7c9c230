/* Which frame is drawn when.
 *
 * Whoever changes what is seen marks it dirty and asks for a frame; frames come at most 60 times a
 * second, and no timer exists while nothing is dirty.  The frame source has the network's own
 * priority: while a flood arrives both are dispatched in turn, so neither starves.  A key does not
 * wait for it: its frame is drawn in the dispatch that read the key, the prompt alone if a full
 * frame was drawn just now.  While the terminal does not take bytes nothing is drawn; what is dirty
 * stays dirty until it does. */
#include "ui/screen-private.h"

#include "base/clock.h"
#include "model/chat.h"
#include "ui/status.h"

#define FRAME_US 16667
#define REST 4 /* of the time, frames may take a fifth */
#define MAX_PROMPT 8
#define MIN_ROSTER 60 /* columns of the terminal */

typedef struct {
    GSource source;
    NjScreen *screen;
} FrameSource;

static void draw_frame(NjScreen *screen);

static gboolean
dispatch_frame(GSource *source, GSourceFunc func, void *data)
{
    (void) func;
    (void) data;
    NjScreen *screen = ((FrameSource *) source)->screen;
    g_source_set_ready_time(source, -1);
    screen->frame_due = false;
    draw_frame(screen);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs frame_funcs = { .dispatch = dispatch_frame };

static GSource *
frame_source_new(NjScreen *screen)
{
    GSource *source = g_source_new(&frame_funcs, sizeof(FrameSource));
    ((FrameSource *) source)->screen = screen;
    g_source_set_name(source, "frame");
    g_source_attach(source, NULL);
    return source;
}

static gint64
frame_pause(const NjScreen *screen)
{
    return MAX(FRAME_US, screen->cost_us * REST);
}

void
nj_screen_want_frame(NjScreen *screen)
{
    if (screen->frame_due || !screen->term)
        return;
    screen->frame_due = true;
    g_source_set_ready_time(screen->frame, screen->frame_us + frame_pause(screen));
}

/* Takes a place between two frames for what somebody is waiting for. */
void
nj_screen_hurry(NjScreen *screen)
{
    if (screen->frame_due)
        g_source_set_ready_time(screen->frame, 0);
}

void
nj_screen_touch(NjScreen *screen)
{
    screen->all = true;
    nj_screen_want_frame(screen);
}

void
nj_screen_touch_prompt(NjScreen *screen)
{
    screen->prompt_dirty = true;
    nj_screen_want_frame(screen);
}

void
nj_screen_touch_status(NjScreen *screen)
{
    if (screen->status_dirty)
        return;
    screen->status_dirty = true;
    nj_screen_want_frame(screen);
}

void
nj_screen_redraw(NjScreen *screen)
{
    if (screen->term)
        nj_term_redraw(screen->term);
    nj_screen_touch(screen);
}

static int
roster_cols(const NjScreen *screen, int cols)
{
    int wanted = (int) nj_options_int(screen->client->options, "roster-width");
    if (screen->client->accounts->len == 0)
        return 0;
    if (screen->roster_focused)
        return MIN(wanted, cols);
    return screen->roster_shown && cols >= MIN_ROSTER ? MIN(wanted, cols / 2) : 0;
}

static void
draw_roster(NjScreen *screen, NjArea area, bool all)
{
    NjPane *pane = screen->roster;
    if (area.cols <= 1 || area.rows <= 0 || !(all || pane->dirty))
        return;

    pane->dirty = false;
    int head = area.rows >= 3, cols = area.cols - 1;
    NjStyle border = nj_theme_style(screen->theme, NJ_ROLE_BORDER);

    /* A blank column before the border keeps counts and line apart. */
    nj_area_clear(nj_area_part(area, head, cols - 1, area.rows - head, 2),
                  nj_theme_style(screen->theme, NJ_ROLE_TEXT));
    pane->class->draw(pane, nj_area_part(area, head, 1, area.rows - head, cols - 2), screen->theme,
                      screen->roster_focused);
    nj_area_clear(nj_area_part(area, head, 0, area.rows - head, 1),
                  nj_theme_style(screen->theme, NJ_ROLE_TEXT));
    for (int y = 0; y < area.rows; y++)
        nj_area_put(area, y, cols, border, "│", -1);

    if (head)
        nj_layout_draw_head(pane, nj_area_part(area, 0, 0, 1, cols), screen->theme,
                            screen->roster_focused);
}

static void
draw_prompt(NjScreen *screen, NjArea area)
{
    screen->prompt_dirty = false;
    int row = 0, col = 0;
    nj_area_clear(area, nj_theme_style(screen->theme, NJ_ROLE_TEXT));
    nj_prompt_draw(screen->prompt, area, screen->theme, &row, &col);
    screen->cursor_row = screen->roster_focused ? -1 : area.row + row;
    screen->cursor_col = area.col + col;
}

/* Draws what is dirty on a surface of any size; what has no room is left out: the prompt is the
 * last to go. */
static void
compose(NjScreen *screen, NjSurface *surface, bool all)
{
    int rows = nj_surface_rows(surface), cols = nj_surface_cols(surface);
    int prompt = nj_prompt_rows(screen->prompt, cols, CLAMP(rows / 3, 1, MAX_PROMPT));

    prompt = CLAMP(prompt, 1, MAX(rows, 1));
    int status = rows >= 3, body = MAX(rows - prompt - status, 0),
        roster = roster_cols(screen, cols);
    all = all || screen->all || rows != screen->rows || cols != screen->cols
          || prompt != screen->prompt_rows || roster != screen->roster_cols;
    screen->all = false;
    screen->rows = rows;
    screen->cols = cols;
    screen->prompt_rows = prompt;

    screen->roster_cols = roster;
    draw_roster(screen, nj_area(surface, 0, 0, body, roster), all);
    nj_layout_draw(screen->window->layout, nj_area(surface, 0, roster, body, cols - roster),
                   screen->theme, all);
    if (all || screen->status_dirty)
        nj_status_draw(screen, nj_area(surface, body, 0, status, cols), screen->theme);

    screen->status_dirty = false;
    if (all || screen->prompt_dirty)
        draw_prompt(screen, nj_area(surface, body + status, 0, prompt, cols));
}

static void
mark_read(NjPane *pane, void *owner)
{
    NjScreen *screen = owner;
    if (pane->chat && pane->chat->unread > 0 && nj_screen_is_visible(screen, pane)
        && pane->class->at_end(pane))
        nj_chat_mark_read(pane->chat, NULL);
}

/* Once a frame, not once a message. */
static void
mark_seen(NjScreen *screen)
{
    if (screen->client->looking)
        nj_layout_each(screen->window->layout, mark_read, screen);
}

static void
show(NjScreen *screen)
{
    nj_term_show(screen->term, screen->surface, screen->cursor_row, screen->cursor_col);
}

static bool
can_draw(NjScreen *screen)
{
    return screen->term && nj_term_ready(screen->term) && !nj_term_is_suspended(screen->term);
}

static void
draw_frame(NjScreen *screen)
{
    if (!can_draw(screen))
        return;

    screen->frame_us = nj_clock_us();
    mark_seen(screen);
    compose(screen, screen->surface, false);
    g_source_set_ready_time(screen->frame, -1);
    screen->frame_due = false;
    mark_seen(screen); /* drawing may have brought an end into sight */
    show(screen);
    screen->cost_us = nj_clock_us() - screen->frame_us;
}

void
nj_screen_answer_key(NjScreen *screen)
{
    if (!can_draw(screen))
        return;

    int rows = nj_prompt_rows(screen->prompt, screen->cols, CLAMP(screen->rows / 3, 1, MAX_PROMPT));
    if (rows != screen->prompt_rows
        || (screen->frame_due && nj_clock_us() - screen->frame_us >= frame_pause(screen))) {
        draw_frame(screen);
        return;
    }

    if (!screen->prompt_dirty)
        return;

    draw_prompt(screen, nj_area(screen->surface, screen->rows - rows, 0, rows, screen->cols));
    show(screen);
}

static void
on_bytes(NjTerm *term, const char *bytes, gsize length, void *owner)
{
    (void) term;
    nj_screen_bytes(owner, bytes, length);
}

static void
on_paste(NjTerm *term, char *text, gsize length, void *owner)
{
    (void) term;
    nj_screen_paste(owner, text, length);
    g_free(text);
}

static void
on_resize(NjTerm *term, int rows, int cols, void *owner)
{
    (void) term;
    NjScreen *screen = owner;
    nj_surface_resize(screen->surface, rows, cols);
    screen->all = true;
    draw_frame(screen);
}

static void
on_ready(NjTerm *term, void *owner)
{
    (void) term;
    /* it may also have been given back: all of it is written again then */
    nj_screen_want_frame(owner);
}

static void
on_focus(NjTerm *term, bool has, void *owner)
{
    (void) term;
    nj_screen_attend(owner, has);
}

static void
on_gone(NjTerm *term, void *owner)
{
    (void) term;
    NjScreen *screen = owner;
    nj_emit_quit(screen->client->bus, screen->client);
}

static gboolean
on_minute(void *owner)
{
    NjScreen *screen = owner;
    screen->clock_id = 0;
    nj_screen_touch_status(screen);
    nj_screen_start_clock(screen);
    return G_SOURCE_REMOVE;
}

/* One wake-up a minute, when the minute changes, while a clock is shown. */
void
nj_screen_start_clock(NjScreen *screen)
{
    g_clear_handle_id(&screen->clock_id, g_source_remove);
    if (!screen->term || !nj_options_bool(screen->client->options, "clock"))
        return;
    guint wait = (guint) (60000 - nj_clock_wall_ms() % 60000) + 20;
    screen->clock_id = g_timeout_add(wait, on_minute, screen);
}

NjScreen *
nj_screen_new(NjClient *client, const char *const *theme_dirs, const NjScreenHooks *hooks,
              GError **error)
{
    (void) error;
    NjScreen *screen = g_new0(NjScreen, 1);
    screen->client = client;
    screen->theme_dirs = g_strdupv((char **) theme_dirs);
    screen->hooks = *hooks;
    screen->theme = nj_theme_builtin(256);
    screen->all = true;
    screen->roster_shown = nj_options_bool(client->options, "roster");
    screen->keys = nj_keys_new();

    nj_screen_open_input(screen);
    nj_screen_open_windows(screen);
    nj_screen_listen(screen);
    return screen;
}

bool
nj_screen_open(NjScreen *screen, GError **error)
{
    static const NjTermHooks hooks = { on_bytes, on_paste, on_resize, on_ready, on_focus, on_gone };
    screen->term = nj_term_open(&hooks, screen, error);
    if (!screen->term)
        return false;

    screen->surface = nj_surface_new(nj_term_rows(screen->term), nj_term_cols(screen->term));
    screen->frame = frame_source_new(screen);

    g_autoptr(GError) trouble = NULL;
    if (!nj_screen_set_theme(screen, nj_options_text(screen->client->options, "theme"), &trouble)) {
        g_clear_pointer(&screen->theme, nj_theme_free);
        screen->theme = nj_theme_builtin(nj_term_colors(screen->term));
        nj_screen_say(screen, NULL, NJ_NOTICE_WARNING, trouble->message);
    }

    nj_screen_start_clock(screen);
    screen->all = true;
    draw_frame(screen);
    return true;
}

void
nj_screen_free(NjScreen *screen)
{
    if (!screen)
        return;

    nj_screen_save_draft(screen);
    nj_screen_close_input(screen); /* a text that is asked about becomes the draft */
    nj_bus_forget(screen->client->bus, screen);
    g_clear_handle_id(&screen->clock_id, g_source_remove);

    if (screen->frame) {
        g_source_destroy(screen->frame);
        g_source_unref(screen->frame);
    }

    nj_term_free(screen->term);
    screen->term = NULL;
    nj_screen_free_windows(screen);
    g_hash_table_unref(screen->states);
    g_hash_table_unref(screen->reasons);
    nj_prompt_free(screen->prompt);
    nj_keys_free(screen->keys);
    nj_surface_free(screen->surface);
    nj_theme_free(screen->theme);

    g_strfreev(screen->theme_dirs);
    g_free(screen);
}

NjClient *
nj_screen_client(NjScreen *screen)
{
    return screen->client;
}

NjTerm *
nj_screen_term(NjScreen *screen)
{
    return screen->term;
}

NjPrompt *
nj_screen_prompt(NjScreen *screen)
{
    return screen->prompt;
}

NjKeys *
nj_screen_keys(NjScreen *screen)
{
    return screen->keys;
}

bool
nj_screen_set_theme(NjScreen *screen, const char *name, GError **error)
{
    g_autoptr(GPtrArray) faults = g_ptr_array_new_with_free_func(g_free);
    int colors = screen->term ? nj_term_colors(screen->term) : 256;
    NjTheme *theme =
        nj_theme_load(name, (const char *const *) screen->theme_dirs, colors, faults, error);

    if (!theme)
        return false;

    nj_theme_free(screen->theme);
    screen->theme = theme;
    for (guint i = 0; i < faults->len; i++)
        nj_screen_say(screen, NULL, NJ_NOTICE_WARNING, g_ptr_array_index(faults, i));

    nj_screen_touch(screen);
    return true;
}

void
nj_screen_draw_on(NjScreen *screen, NjSurface *surface)
{
    mark_seen(screen);
    compose(screen, surface, true);
    mark_seen(screen);
}
