/* The parts of NjLines, shared by the files that implement it:
 *
 *     lines-history.c  the loaded window of the history: which lines are in memory
 *     lines-view.c     the view on these lines: which rows are visible
 *     lines-compose.c  the text of a line, wrapped into rows
 *     lines-draw.c     draws the visible rows
 *
 * No other file includes this header, except the test of these files. */
#ifndef NJ_UI_LINES_PRIVATE_H
#define NJ_UI_LINES_PRIVATE_H

#include "base/text.h"
#include "ui/lines.h"

#define NJ_LINES_GAP 2 /* cells between nick and text: the mark of the state and a space */

/* A part of a line's text with a theme role of its own, such as a link. The spans of a line are
 * sorted and do not overlap. */
typedef struct {
    guint start, end; /* bytes of NjLine.shown */
    NjRole role;
} NjSpan;

/* A message or a notice. Times are milliseconds since 1970. */
typedef struct {
    NjMessage *message; /* a reference; NULL: a notice */
    NjNoticeKind kind;  /* of a notice */
    gint64 time, id;    /* place in the order; a notice has the id G_MAXINT64 */
    gsize body_bytes;   /* length of the message's body; 0 for a notice */
    int day;            /* local day, 1 is 1 January 1970; 0: not computed */

    /* Composed when the line is first measured or drawn. */
    bool composed;
    bool action;       /* a message whose body begins with "/me " */
    char *clock;       /* the time as the option time-format writes it */
    char *nick;        /* sanitised; NULL for a notice */
    char *text;        /* the text of a notice, kept; of a message: NULL if it is just the body */
    const char *shown; /* the text that is wrapped and drawn: `text` or the body */
    NjSpan *spans;
    guint span_count;

    NjTextRow *rows; /* the wrapped text; NULL: not wrapped */
    guint row_count;
    int first_cells, cells; /* the widths it was wrapped for: of the first row and of the others */
} NjLine;

/* The columns of the pane. They follow from its width, the width of a time and the widest nick so
 * far. */
typedef struct {
    int cols; /* width of the pane */
    /* Cells of the nick column: those of the widest nick so far, but at most 16, in panes of fewer
     * than 100 columns 12, of fewer than 48 columns 8; longer nicks are shortened. 0: no column,
     * nicks are part of the text. */
    int nick;
    int clock; /* cells of the clock with a space behind it; 0: no clock */
    int text;  /* column in which the text of a message begins */
} NjShape;

struct NjLines {
    NjClient *client;
    NjChat *chat; /* NULL: the console */

    /* The loaded window (lines-history.c) */
    GPtrArray *list;      /* of NjLine, sorted by (time, id) */
    GPtrArray *set_aside; /* of NjLine: notices whose time is outside the window */
    gsize body_bytes;     /* of all lines in the list */
    bool loaded;          /* a page was read from the store */
    bool more_before;     /* the store may have messages before the first one in the list */
    bool more_after;      /* the store may have messages after the last one in the list */

    /* The view (lines-view.c) */
    bool following;  /* the lower edge stays at the end of the list */
    guint anchor;    /* not following: index of the line at the lower edge … */
    int hidden_rows; /* … and how many of its rows are below that edge */
    /* lines, also our own and those that belong farther up, that arrived since the view left the
     * end */
    guint unseen;
    /* A notice was added while the view followed the end, and no frame was drawn since; messages
     * may have been added after it. */
    bool notice_is_new;
    bool seeking; /* the next frame moves the view to (seek_time, seek_id) */
    gint64 seek_time;
    gint64 seek_id; /* G_MININT64: the first line at or after seek_time */
    /* the message that is highlighted until the next nj_lines_show(), or until
     * nj_lines_scroll_to() moves the view to the end; found_id 0: none */
    gint64 found_time, found_id;
    /* The messages of others after (mark_time, mark_id) are new; nj_talk_shown() sets the mark. Not
     * the same as `unseen`. */
    bool has_unread_mark;
    gint64 mark_time, mark_id;
    int view_rows, used_rows; /* height of the pane at the last frame, and rows with text */

    /* Composing and wrapping (lines-compose.c); the settings are those of the last frame */
    NjShape shape;
    /* In cells, so far: of the lines composed and, in a chat with one person, of both names; 0: not
     * known yet. */
    int widest_nick;
    GTimeZone *zone;             /* the local time zone */
    char *label;                 /* name of the contact */
    char *time_format;           /* option time-format */
    int clock_cells;             /* width of a time in this format */
    bool day_lines, nick_colors; /* options */
    GArray *row_buffer;          /* of NjTextRow, reused by each wrap */
};

static inline NjLine *
nj_lines_at(const NjLines *lines, guint index)
{
    return g_ptr_array_index(lines->list, index);
}

/* --- lines-history.c --- */

/* Returns the index of the first line after (time, id); the length of the list if no line is. */
guint nj_lines_index_after(const NjLines *lines, gint64 time, gint64 id);

/* Returns the line of the last message in the list; NULL if the list has no message. */
const NjLine *nj_lines_last_message(const NjLines *lines);

/* Returns whether messages of this chat can be read from the store. */
bool nj_lines_is_stored(const NjLines *lines);

/* Returns whether the window includes the place (time, id), so that nothing has to be loaded to
 * show it. */
bool nj_lines_covers(const NjLines *lines, gint64 time, gint64 id);

/* Reads a page before the window, or the newest page if none is loaded. Returns whether lines were
 * added. */
bool nj_lines_fetch_before(NjLines *lines);

/* Reads a page after the window. Returns whether lines were added. May drop lines at the beginning
 * and so change indexes. */
bool nj_lines_fetch_after(NjLines *lines);

/* Replaces the window by a page before (time, id) and a page from there on. With the id G_MININT64
 * the second page begins with the first message at or after `time`. The caller must place the view
 * afterwards. */
void nj_lines_load_around(NjLines *lines, gint64 time, gint64 id);

/* Empties the window and sets its notices aside. Only for a chat that is stored. The caller must
 * place the view afterwards. */
void nj_lines_drop_window(NjLines *lines);

/* Drops lines far from the view if the list is over its limits (see lines-history.c). */
void nj_lines_trim(NjLines *lines);

/* Sets the notices at an end of the list aside if unloaded messages may belong beside them, and
 * inserts those notices whose time is in the window now. */
void nj_lines_place_notices(NjLines *lines);

/* --- lines-view.c --- */

/* Adjust the anchor after a change of the list: a line was inserted at `index`; `count` lines were
 * removed at the beginning; lines were removed at the end. If the anchor itself was removed, the
 * nearest line that is left becomes the anchor, with no hidden rows. */
void nj_lines_anchor_inserted(NjLines *lines, guint index);
void nj_lines_anchor_cut_first(NjLines *lines, guint count);
void nj_lines_anchor_cut_last(NjLines *lines);

/* Returns the index of the first visible line. Reads no page, unlike nj_lines_find_top(). */
guint nj_lines_first_visible(NjLines *lines);

/* Puts the lower edge of the view at the end of the list. */
void nj_lines_follow(NjLines *lines);

/* Adjusts the lower edge before a frame: so that at least one row of the anchor is above it, and to
 * a new notice that is longer than the view. The list must not be empty. */
void nj_lines_settle_view(NjLines *lines);

/* Returns the index of the first visible line and sets *y to the row in which it begins; negative
 * if its first rows are above the view. Reads pages until the view is full. The list must not be
 * empty. */
guint nj_lines_find_top(NjLines *lines, int *y);

/* Moves the view to the place that nj_lines_show() asked for. */
void nj_lines_seek(NjLines *lines);

/* --- lines-compose.c --- */

/* Frees the composed text and the wrapped rows; the next frame makes them again. */
void nj_line_forget_composed(NjLine *line);

/* Reads the settings that composing depends on, once a frame. If one has changed, frees what was
 * composed with the old one. */
void nj_lines_read_settings(NjLines *lines);

/* Computes the columns for a pane of this width. */
void nj_lines_set_shape(NjLines *lines, int cols);

/* Returns the column in which the text of this line begins. */
int nj_lines_text_column(const NjLines *lines, const NjLine *line);

/* Formats a time (ms since 1970) in the local time zone, as strftime() does. The caller owns it. */
char *nj_lines_format_time(const NjLines *lines, gint64 time, const char *format);

/* Returns the sign in the place of a nick: of a notice, or of a /me message. */
const char *nj_line_sign(const NjLine *line);

/* Returns the mark of a sent message's state; NULL: none. */
const NjMark *nj_lines_mark_of(const NjLines *lines, const NjLine *line);

/* Returns the beginning of the first row, such as "frog: ", where there is no nick column; NULL if
 * there is one. The caller owns it. */
char *nj_lines_make_lead(const NjLines *lines, const NjLine *line);

/* The rules above a line, in this order. A rule is a row with dashes and a short text. */
typedef struct {
    /* it is the first line of the list, a page was read, and the store has no older message; never
     * for lines that are not stored */
    bool beginning;
    /* its day differs from that of the line before it; always set for the first line of the list,
     * except in the console; if the option day-lines is on */
    bool day;
    bool unread; /* it is the first one that is unread */
} NjLineRules;

/* Computes the rules above a line from its neighbours and the unread mark. */
NjLineRules nj_lines_rules_above(NjLines *lines, guint index);

/* Returns the rows of a line, with the rules above it. Composes and wraps it when necessary. */
int nj_lines_height(NjLines *lines, guint index);

#endif
