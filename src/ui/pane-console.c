/* The console: what the program says that belongs to no chat.  Empty and without an account it says in three sentences how
   to begin. */
#include "ui/talk.h"

#include "ui/screen.h"

typedef struct {
    NjTalk talk;
    bool   spoken;              /* there is a line: no welcome any more */
} Console;

static void
draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    nj_talk_draw(pane, area, theme, focused);
    if (((Console *) pane)->spoken)
        return;
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
    const char *const *rows = nj_screen_client(pane->screen)->accounts->len ? ready : hello;
    const char *sentences[G_N_ELEMENTS(hello)] = { NULL };
    for (guint i = 0; rows[i]; i++)
        sentences[i] = _(rows[i]);
    nj_talk_draw_empty(area, theme, sentences);
}

static void
say(NjPane *pane, NjNoticeKind kind, const char *text)
{
    ((Console *) pane)->spoken = true;
    nj_talk_say(pane, kind, text);
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
    .say = say,
    .free = nj_talk_free,
};

NjPane *
nj_pane_console_new(NjScreen *screen)
{
    Console *console = g_new0(Console, 1);
    nj_talk_init(&console->talk, &console_class, screen, NULL);
    return &console->talk.pane;
}
