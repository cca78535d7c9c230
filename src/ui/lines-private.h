/* Shared by lines.c, which keeps the list and the view, and lines-draw.c, which wraps and draws. */
#ifndef NJ_UI_LINES_PRIVATE_H
#define NJ_UI_LINES_PRIVATE_H

#include "base/text.h"
#include "ui/lines.h"

typedef struct {
    guint start, end; /* bytes of the text */
    NjRole role;
} NjSpan;

typedef struct {
    NjMessage *message; /* NULL: a line of the program */
    NjNoticeKind kind;
    gint64 time, id;
    gsize heft; /* bytes of the body */
    int day;    /* the first of 1970 where we are is 1; 0: not yet known */
    /* clock, nick, shown and spans are made when the line is first seen */
    bool composed;
    bool action;
    char *clock;
    char *nick;        /* sanitised; NULL for a line of the program */
    char *text;        /* owned; NULL: the message's body as it is */
    const char *shown; /* what is wrapped and drawn */
    NjSpan *spans;
    guint span_count;
    NjTextRow *rows; /* wrapped for the shape below; NULL: not yet */
    guint row_count;
    int first, cells;
} NjLine;

/* Where the columns are; follows from the width and the widest nick seen. */
typedef struct {
    int cols;
    int nick;  /* cells of the nick column; 0: nicks stand in the text */
    int clock; /* cells of the clock, with the space behind it; 0: none */
    int text;  /* column of the text */
} NjShape;

struct NjLines {
    NjClient *client;
    NjChat *chat;
    GPtrArray *list; /* of NjLine */
    /* of NjLine: the program's own, from a time that is not in the list */
    GPtrArray *parked;
    gsize heft;      /* of all in the list */
    GArray *scratch; /* of NjTextRow */
    bool following;
    guint bottom; /* not following: the line that is cut by the lower edge … */
    int skip;     /* … and its rows below that edge */
    bool said;    /* the last line is an answer that was not drawn yet */
    bool loaded, more_before, more_after;
    guint fresh;
    int view_rows, used_rows;
    int widest; /* nick seen so far, in cells */
    NjShape shape;
    GTimeZone *zone;   /* where we are, as last drawn */
    char *label;       /* the other side's name, as last drawn */
    char *time_format; /* the options, as last drawn */
    int clock_cells;
    bool day_lines, nick_colors;
    bool marking;
    gint64 mark_time, mark_id;
    /* the next picture is of (seek_time, seek_id); G_MININT64: of that time */
    bool seeking;
    gint64 seek_time, seek_id;
    gint64 found_time, found_id; /* what was looked for is marked; 0: nothing */
};

/* rows, with what stands above it */
int nj_lines_height(NjLines *lines, guint index);

/* what is shown of all lines is made again */
void nj_lines_compose_anew(NjLines *lines);

/* false: nothing more is stored */
bool nj_lines_fetch_before(NjLines *lines);

/* the view goes to what is sought */
void nj_lines_seek(NjLines *lines);

#endif
