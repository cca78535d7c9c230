/* What all panes are: known to the screen as long as they live. */
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

/* During floods this is called for every message: only the first call since the last frame does
 * anything. */
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
nj_pane_say(NjPane *pane, NjNoticeKind kind, const char *text)
{
    if (pane->class->say)
        pane->class->say(pane, kind, text);
}

void
nj_pane_clear(NjPane *pane)
{
    if (pane->class->clear)
        pane->class->clear(pane);
}
