/* The common part of the panes that show lines: console, chat and room. Their structs begin with an
 * NjTalk, and these functions stand in their NjPaneClass. */
#ifndef NJ_UI_TALK_H
#define NJ_UI_TALK_H

#include "ui/lines.h"
#include "ui/pane.h"

typedef struct {
    NjPane pane;
    NjLines *lines;
} NjTalk;

/* Initialises the pane and copies the notices of another pane with the same content. */
void nj_talk_init(NjTalk *talk, const NjPaneClass *class, NjScreen *screen, NjChat *chat);
void nj_talk_draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
void nj_talk_scroll(NjPane *pane, int rows, bool page);
void nj_talk_scroll_to(NjPane *pane, bool end);
void nj_talk_seek(NjPane *pane, gint64 time, gint64 id);
char *nj_talk_hint(NjPane *pane);
bool nj_talk_at_end(NjPane *pane);
void nj_talk_shown(NjPane *pane, bool shown);
void nj_talk_add(NjPane *pane, NjMessage *message);
void nj_talk_change(NjPane *pane, NjMessage *message);
void nj_talk_add_notice(NjPane *pane, NjNoticeKind kind, const char *text);
int nj_talk_answer_cells(NjPane *pane);
void nj_talk_clear_notices(NjPane *pane);
void nj_talk_reload(NjPane *pane);
void nj_talk_free(NjPane *pane);

/* The functions that chat and room panes have in common in their NjPaneClass. */
#define NJ_TALK_CALLS                                                                           \
    .scroll = nj_talk_scroll, .scroll_to = nj_talk_scroll_to, .seek = nj_talk_seek,             \
    .hint = nj_talk_hint, .at_end = nj_talk_at_end, .shown = nj_talk_shown, .add = nj_talk_add, \
    .change = nj_talk_change, .add_notice = nj_talk_add_notice,                                 \
    .answer_cells = nj_talk_answer_cells, .clear_notices = nj_talk_clear_notices,               \
    .reload = nj_talk_reload

/* Draws sentences in the upper part of an empty pane; the first one is the title. The array ends
 * with NULL. */
void nj_talk_draw_empty(NjArea area, const NjTheme *theme, const char *const *sentences);

#endif
