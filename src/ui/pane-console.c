/* The console: the state of the accounts, and notices that belong to no chat. While there is no
 * account, it explains in three sentences how to begin. */
#include "ui/talk.h"

#include "ui/screen.h"
#include "ui/status.h"

#define MIN_WELCOME_ROWS 10

static void
draw_console(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));
    int accounts = nj_status_draw_accounts(pane->screen, area, theme);
    area = nj_area_part(area, accounts, 0, area.rows - accounts, area.cols);
    nj_talk_draw(pane, area, theme, focused);

    static const char *const hello[] = {
        N_("Natterjack talks with people and rooms over XMPP, from your terminal."),
        N_("To log in, type  /account add you@example.org  (you will be asked for your password)."),
        N_("Type  /help  or press Tab to find everything else."),
        NULL,
    };
    static const char *const ready[] = {
        N_("No messages yet."),
        N_("Type  /msg someone@example.org  or  /join room@chat.example.org  to talk."),
        NULL,
    };

    bool first = nj_screen_client(pane->screen)->accounts->len == 0;
    int used = nj_lines_used_rows(((NjTalk *) pane)->lines);

    /* Without an account the sentences stay below the notices while there is room. */
    if (used > 0 && (!first || area.rows - used < MIN_WELCOME_ROWS))
        return;

    const char *const *chosen = first ? hello : ready;
    const char *sentences[G_N_ELEMENTS(hello)] = { NULL };
    for (guint i = 0; chosen[i]; i++)
        sentences[i] = _(chosen[i]);

    nj_talk_draw_empty(nj_area_part(area, used, 0, area.rows - used, area.cols), theme, sentences);
}

static char *
make_title(NjPane *pane)
{
    (void) pane;
    return g_strdup(_("console"));
}

static const NjPaneClass console_class = {
    .name = "console",
    .draw = draw_console,
    .scroll = nj_talk_scroll,
    .scroll_to = nj_talk_scroll_to,
    .title = make_title,
    .hint = nj_talk_hint,
    .at_end = nj_talk_at_end,
    .add_notice = nj_talk_add_notice,
    .answer_cells = nj_talk_answer_cells,
    .clear_notices = nj_talk_clear_notices,
    .free = nj_talk_free,
};

NjPane *
nj_pane_console_new(NjScreen *screen)
{
    NjTalk *talk = g_new0(NjTalk, 1);
    nj_talk_init(talk, &console_class, screen, NULL);
    return &talk->pane;
}
