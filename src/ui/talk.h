/* What the panes that show lines have in common: console, chat and room begin with an NjTalk and
 * take these calls into their rows. */
#ifndef NJ_UI_TALK_H
#define NJ_UI_TALK_H

#include "ui/lines.h"
#include "ui/pane.h"

typedef struct {
    NjPane pane;
    NjLines *lines;
} NjTalk;

void nj_talk_init(NjTalk *talk, const NjPaneClass *class, NjScreen *screen, NjChat *chat);
void nj_talk_clear(NjTalk *talk);
void nj_talk_draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
void nj_talk_scroll(NjPane *pane, int rows, bool page);
void nj_talk_scroll_to(NjPane *pane, bool end);
void nj_talk_seek(NjPane *pane, gint64 time, gint64 id);
char *nj_talk_hint(NjPane *pane);
bool nj_talk_at_end(NjPane *pane);
void nj_talk_shown(NjPane *pane, bool shown);
void nj_talk_add(NjPane *pane, NjMessage *message);
void nj_talk_change(NjPane *pane, NjMessage *message);
void nj_talk_say(NjPane *pane, NjNoticeKind kind, const char *text);
int nj_talk_answer_cells(NjPane *pane);
void nj_talk_unsay(NjPane *pane);
void nj_talk_reload(NjPane *pane);
void nj_talk_free(NjPane *pane);

/* What chat and room panes have in their rows alike; a row names what is its own besides. */
#define NJ_TALK_CALLS                                                                           \
    .scroll = nj_talk_scroll, .scroll_to = nj_talk_scroll_to, .seek = nj_talk_seek,             \
    .hint = nj_talk_hint, .at_end = nj_talk_at_end, .shown = nj_talk_shown, .add = nj_talk_add, \
    .change = nj_talk_change, .say = nj_talk_say, .answer_cells = nj_talk_answer_cells,         \
    .clear = nj_talk_unsay, .reload = nj_talk_reload

/* Calm sentences in the middle of an empty pane; NULL-ended. */
void nj_talk_draw_empty(NjArea area, const NjTheme *theme, const char *const *sentences);

#endif
