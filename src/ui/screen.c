/* Decides when a frame is drawn, and draws it.
 *
 * A change marks the parts of the screen that show it as dirty and requests a frame. There are at
 * most 60 frames a second, and no timer exists while nothing is dirty. The frame source has the
 * same priority as the network: during a flood of stanzas both are dispatched alternately. The
 * frame of a typed key is drawn in the dispatch that has read the key: the prompt alone, if the
 * last full frame is too recent. While the terminal does not take bytes nothing is drawn and dirty
 * parts stay dirty. */
#include "ui/screen-private.h"

#include "base/clock.h"
#include "model/chat.h"
#include "ui/status.h"

#define FRAME_US 16667    /* shortest frame period: 60 frames a second */
#define PERIOD_PER_COST 4 /* frames take at most a quarter of the time */
#define MAX_PROMPT 8      /* rows */
#define MIN_ROSTER 60     /* columns of the terminal that are needed to show the contact list */

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
new_frame_source(NjScreen *screen)
{
    GSource *source = g_source_new(&frame_funcs, sizeof(FrameSource));
    ((FrameSource *) source)->screen = screen;
    g_source_set_name(source, "frame");
    g_source_attach(source, NULL);
    return source;
}

/* Returns the shortest time between the starts of two frames, in µs. */
static gint64
frame_period(const NjScreen *screen)
{
    return MAX(FRAME_US, screen->cost_us * PERIOD_PER_COST);
}

void
nj_screen_want_frame(NjScreen *screen)
{
    if (screen->frame_due || !screen->term)
        return;
    screen->frame_due = true;
    g_source_set_ready_time(screen->frame, screen->frame_us + frame_period(screen));
}

void
nj_screen_draw_soon(NjScreen *screen)
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

/* The width of the contact list with its border; 0: hidden. */
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
    bool has_room = area.cols > 1 && area.rows > 0;
    if (!has_room || !(all || pane->dirty))
        return;

    pane->dirty = false;
    int head = area.rows >= 3, cols = area.cols - 1;
    NjStyle border = nj_theme_style(screen->theme, NJ_ROLE_BORDER);

    /* A blank column separates the counts from the border. */
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

static bool
has_size_changed(const NjScreen *screen, int rows, int cols, int prompt_rows, int roster)
{
    bool same_surface = rows == screen->rows && cols == screen->cols;
    bool same_parts = prompt_rows == screen->prompt_rows && roster == screen->roster_cols;
    return !same_surface || !same_parts;
}

/* Draws the dirty parts, or all of them, on a surface of any size. On a small surface parts are
 * left out; the prompt is always drawn. */
static void
draw_parts(NjScreen *screen, NjSurface *surface, bool all)
{
    int rows = nj_surface_rows(surface), cols = nj_surface_cols(surface);
    int prompt = nj_prompt_rows(screen->prompt, cols, CLAMP(rows / 3, 1, MAX_PROMPT));

    prompt = CLAMP(prompt, 1, MAX(rows, 1));
    int status = rows >= 3, body = MAX(rows - prompt - status, 0);
    int roster = roster_cols(screen, cols);
    all = all || screen->all || has_size_changed(screen, rows, cols, prompt, roster);
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
mark_pane_read(NjPane *pane, void *owner)
{
    NjScreen *screen = owner;
    bool has_unread = pane->chat && pane->chat->unread > 0;
    if (has_unread && nj_screen_is_visible(screen, pane) && pane->class->at_end(pane))
        nj_chat_mark_read(pane->chat, NULL);
}

/* Marks the chats whose newest message is visible as read. Called for each frame, which is less
 * often than for each message. */
static void
mark_visible_read(NjScreen *screen)
{
    if (screen->client->looking)
        nj_layout_each(screen->window->layout, mark_pane_read, screen);
}

static void
show_surface(NjScreen *screen)
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
    mark_visible_read(screen);
    draw_parts(screen, screen->surface, false);
    g_source_set_ready_time(screen->frame, -1);
    screen->frame_due = false;
    mark_visible_read(screen); /* drawing may have scrolled to the newest message */
    show_surface(screen);
    screen->cost_us = nj_clock_us() - screen->frame_us;
}

void
nj_screen_draw_key(NjScreen *screen)
{
    if (!can_draw(screen))
        return;

    int rows = nj_prompt_rows(screen->prompt, screen->cols, CLAMP(screen->rows / 3, 1, MAX_PROMPT));
    bool is_frame_due =
        screen->frame_due && nj_clock_us() - screen->frame_us >= frame_period(screen);
    if (rows != screen->prompt_rows || is_frame_due) {
        draw_frame(screen);
        return;
    }

    if (!screen->prompt_dirty)
        return;

    draw_prompt(screen, nj_area(screen->surface, screen->rows - rows, 0, rows, screen->cols));
    show_surface(screen);
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
    /* Also called after a stop or nj_term_resume(): nothing may be dirty, but nj_term_show()
     * writes every cell again. */
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
    nj_clock_cancel(&screen->clock_timer);
    nj_screen_touch_status(screen);
    nj_screen_start_clock(screen);
    return G_SOURCE_REMOVE;
}

void
nj_screen_start_clock(NjScreen *screen)
{
    nj_clock_cancel(&screen->clock_timer);
    if (!screen->term || !nj_options_bool(screen->client->options, "clock"))
        return;
    /* 20 ms after the full minute: an early timer would show the old minute. */
    guint wait = (guint) (60000 - nj_clock_wall_ms() % 60000) + 20;
    screen->clock_timer = nj_clock_after(wait, on_minute, screen);
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
    static const NjTermHooks hooks = {
        .on_bytes = on_bytes,
        .on_paste = on_paste,
        .on_resize = on_resize,
        .on_ready = on_ready,
        .on_focus = on_focus,
        .on_gone = on_gone,
    };
    screen->term = nj_term_open(&hooks, screen, error);
    if (!screen->term)
        return false;

    screen->surface = nj_surface_new(nj_term_rows(screen->term), nj_term_cols(screen->term));
    screen->frame = new_frame_source(screen);

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
    nj_screen_close_input(screen); /* a long text that waits for an answer becomes the draft */
    nj_bus_forget(screen->client->bus, screen);
    nj_clock_cancel(&screen->clock_timer);

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
    mark_visible_read(screen);
    draw_parts(screen, surface, true);
    mark_visible_read(screen);
}
