/* The console: how the accounts stand, and what the program says that belongs to no chat.  Empty
 * and without an account it says in three sentences how to begin. */
#include "ui/talk.h"

#include "ui/screen.h"
#include "ui/status.h"

#define MIN_ROWS 10 /* for the welcome */

static void
draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));
    int accounts = nj_status_draw_accounts(pane->screen, area, theme);
    area = nj_area_part(area, accounts, 0, area.rows - accounts, area.cols);
    nj_talk_draw(pane, area, theme, focused);

    static const char *const hello[] = {
        N_("Natterjack talks with people and rooms over XMPP, from your terminal."),
        N_("To log in, type  /account add you@example.org  and your password is asked for."),
        N_("Everything else is told by  /help  and by the Tab key."),
        NULL,
    };
    static const char *const ready[] = {
        N_("Nothing to tell yet."),
        N_("Type  /msg someone@example.org  or  /join room@chat.example.org  to talk."),
        NULL,
    };

    bool first = nj_screen_client(pane->screen)->accounts->len == 0;
    int used = nj_lines_used_rows(((NjTalk *) pane)->lines);

    /* Who has no account yet keeps seeing how to begin, below what was said, while there is
     * room. */
    if (used > 0 && (!first || area.rows - used < MIN_ROWS))
        return;

    const char *const *rows = first ? hello : ready;
    const char *sentences[G_N_ELEMENTS(hello)] = { NULL };
    for (guint i = 0; rows[i]; i++)
        sentences[i] = _(rows[i]);

    nj_talk_draw_empty(nj_area_part(area, used, 0, area.rows - used, area.cols), theme, sentences);
}

static char *
title(NjPane *pane)
{
    (void) pane;
    return g_strdup(_("console"));
}

static const NjPaneClass console_class = {
    .name = "console",
    .draw = draw,
    .scroll = nj_talk_scroll,
    .scroll_to = nj_talk_scroll_to,
    .title = title,
    .hint = nj_talk_hint,
    .at_end = nj_talk_at_end,
    .say = nj_talk_say,
    .answer_cells = nj_talk_answer_cells,
    .clear = nj_talk_unsay,
    .free = nj_talk_free,
};

NjPane *
nj_pane_console_new(NjScreen *screen)
{
    NjTalk *talk = g_new0(NjTalk, 1);
    nj_talk_init(talk, &console_class, screen, NULL);
    return &talk->pane;
}
