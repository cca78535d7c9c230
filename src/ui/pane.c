/* The common part of all panes. A pane is in its screen's list of panes as long as it exists. */
#include "ui/pane.h"

#include "ui/screen-private.h"

void
nj_pane_init(NjPane *pane, const NjPaneClass *class, NjScreen *screen, NjChat *chat)
{
    pane->class = class;
    pane->screen = screen;
    pane->chat = chat;
    pane->dirty = true;
    nj_screen_attach(screen, pane);
}

/* Called for every message; only the first call after a frame has an effect. */
void
nj_pane_touch(NjPane *pane)
{
    if (pane->dirty)
        return;
    pane->dirty = true;
    nj_screen_want_frame(pane->screen);
}

void
nj_pane_free(NjPane *pane)
{
    if (!pane)
        return;
    nj_screen_detach(pane->screen, pane);
    pane->class->free(pane);
}

void
nj_pane_add_notice(NjPane *pane, NjNoticeKind kind, const char *text)
{
    if (pane->class->add_notice)
        pane->class->add_notice(pane, kind, text);
}

void
nj_pane_clear_notices(NjPane *pane)
{
    if (pane->class->clear_notices)
        pane->class->clear_notices(pane);
}
