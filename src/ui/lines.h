/* The scrollback of one pane: messages and the program's own lines, in the order of their time,
 * with their wraps kept for the width they were last drawn with.  It holds a window of what is
 * stored (at most a few thousand lines) and fetches a page when somebody scrolls to its edge; only
 * rows that are seen are wrapped. */
#ifndef NJ_UI_LINES_H
#define NJ_UI_LINES_H

#include "model/client.h"
#include "ui/surface.h"

typedef struct NjLines NjLines;

/* What became of a message of ours: by its state, the cell beside the name (NULL: none) and what it
 * means. */
typedef struct {
    const char *sign;
    NjRole role;
    const char *meaning; /* NULL: no state of ours */
} NjMark;

extern const NjMark nj_marks[]; /* NJ_STATE_COUNT of them */

/* chat NULL: the console, nothing is fetched */
NjLines *nj_lines_new(NjClient *client, NjChat *chat);
void nj_lines_free(NjLines *lines);

/* keeps a reference; to its place, and once only */
void nj_lines_add(NjLines *lines, NjMessage *message);

/* its state; false: the line is not held */
bool nj_lines_change(NjLines *lines, NjMessage *message);
void nj_lines_say(NjLines *lines, NjNoticeKind kind, const char *text);

/* what the program said there */
void nj_lines_say_again(NjLines *lines, const NjLines *from);

/* what the program said is taken away */
void nj_lines_unsay(NjLines *lines);

/* the store came, or what it holds is another: fetched anew */
void nj_lines_reload(NjLines *lines);

/* The view: it follows the end, or stays where it was put. */
/* negative: up */
void nj_lines_scroll(NjLines *lines, int rows);
void nj_lines_scroll_to(NjLines *lines, bool end);

/* The view goes to this message, which is marked until the end is asked for; id 0: to the first at
 * or after the time. */
void nj_lines_show(NjLines *lines, gint64 time, gint64 id);
bool nj_lines_at_end(const NjLines *lines);

/* lines that came below the view */
guint nj_lines_fresh(const NjLines *lines);

/* of the view, when it was last drawn */
int nj_lines_rows(const NjLines *lines);

/* rows of it that had something to show */
int nj_lines_used(const NjLines *lines);

/* columns of the program's own lines, when it was last drawn; 0: it was not */
int nj_lines_answer_cells(const NjLines *lines);

/* The line "new": above the first message after (time, id), until it is taken away. */
void nj_lines_mark(NjLines *lines, gint64 time, gint64 id);

/* what comes from now on is new */
void nj_lines_mark_end(NjLines *lines);
void nj_lines_unmark(NjLines *lines);

void nj_lines_draw(NjLines *lines, NjArea area, const NjTheme *theme);

#endif
