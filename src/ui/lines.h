/* The lines of one pane: messages of a chat and notices of the program, in the order of their time.
 *
 * An NjLines holds a window of the stored history, about 2,000 lines at most, and a view on it. It
 * reads a page from the store when the view comes to an end of the window. Only rows that become
 * visible are wrapped; they are kept for the width they were wrapped for.
 *
 * Messages are identified by (time, id): milliseconds since 1970, and the id of their row. */
#ifndef NJ_UI_LINES_H
#define NJ_UI_LINES_H

#include "model/client.h"
#include "ui/surface.h"

typedef struct NjLines NjLines;

/* How the state of a sent message is displayed. */
typedef struct {
    const char *sign; /* one cell beside the nick; NULL: none */
    NjRole role;
    const char *meaning; /* N_(), for /help; NULL: not a state of a sent message */
} NjMark;

extern const NjMark nj_marks[]; /* by NjMessageState, NJ_STATE_COUNT of them */

/* chat NULL: the console, which has notices only. Nothing is loaded before the first frame. */
NjLines *nj_lines_new(NjClient *client, NjChat *chat);
void nj_lines_free(NjLines *lines);

/* Adds a message at its place. If it is in the list already, its line gets the new object. A
 * message outside the loaded window is not added; it will be read from the store. Takes a
 * reference. */
void nj_lines_add(NjLines *lines, NjMessage *message);

/* Displays a message's new state. Returns false if the message is not in the list. */
bool nj_lines_change(NjLines *lines, NjMessage *message);

/* Adds a notice with the current time. */
void nj_lines_add_notice(NjLines *lines, NjNoticeKind kind, const char *text);

/* Copies the notices of another pane into a new one. */
void nj_lines_copy_notices(NjLines *lines, const NjLines *from);

/* Removes all notices and moves the view to the end. */
void nj_lines_clear_notices(NjLines *lines);

/* Reads the window from the store again: after the store was opened, or after an import. */
void nj_lines_reload(NjLines *lines);

/* --- The view: it follows the end, or stays where it was put --- */

/* Scrolls by rows; negative: up. */
void nj_lines_scroll(NjLines *lines, int rows);

/* Moves the view to the first line of the history, or to the end. */
void nj_lines_scroll_to(NjLines *lines, bool end);

/* Moves the view, with the next frame, to this message, which is highlighted until
 * nj_lines_scroll_to() moves to the end; id 0: to the first message at or after the time. */
void nj_lines_show(NjLines *lines, gint64 time, gint64 id);

/* Returns whether the view follows the end. */
bool nj_lines_at_end(const NjLines *lines);

/* Returns how many lines arrived since the view left the end. */
guint nj_lines_unseen(const NjLines *lines);

/* Return the height of the view at the last frame, and how many of its rows had text. */
int nj_lines_view_rows(const NjLines *lines);
int nj_lines_used_rows(const NjLines *lines);

/* Returns the columns for the text of a notice, at the last frame; 0: not drawn yet. */
int nj_lines_answer_cells(const NjLines *lines);

/* --- The rule "new" --- */

/* Marks the messages of others after (time, id) as new: the rule stands above the first of them. */
void nj_lines_set_unread_mark(NjLines *lines, gint64 time, gint64 id);

/* Puts the mark after the last message in the list, so that messages that arrive later are new. An
 * empty list has no mark. */
void nj_lines_set_unread_mark_at_end(NjLines *lines);
void nj_lines_clear_unread_mark(NjLines *lines);

/* Draws the visible lines and clears the rest of the area. Reads the pages that the view needs. */
void nj_lines_draw(NjLines *lines, NjArea area, const NjTheme *theme);

#endif
