/* The view on the loaded window: which rows are visible.
 *
 * The position of the view is the place of its lower edge. Either the view follows the end of the
 * list, or the edge is anchored: `anchor` is the index of the line at the edge, and `hidden_rows`
 * is the number of this line's rows below the edge. Rows above are counted upwards from there.
 * Therefore lines that are appended, and pages that are inserted above, do not move what is being
 * read; `anchor` is adjusted when lines are inserted or dropped above it. `anchor` has no meaning
 * while the view follows the end.
 *
 * A line's rows include the rules above it (the beginning of the history, a new day, "new"). Which
 * rules a line has depends on the line before it, so the height of the first line of the list can
 * change when a page is read before it.
 *
 * The view stops following when the user scrolls up or jumps, and when a new notice is longer than
 * the view (it is shown from its beginning). It follows again when a move reaches the end, or when
 * a frame shows the whole last line and more_after is false.
 *
 * When the pane is resized, the anchor stays at the lower edge, unless too few rows are above it to
 * fill the view: then the first line is at the upper edge, and lines after the anchor are visible,
 * too. The next frame wraps the lines for the new width and reduces hidden_rows only if the anchor
 * has no more rows than that now, so that one row of it stays visible.
 *
 * A move to a place (nj_lines_show()) takes effect with the next frame, because it depends on the
 * size of the pane. nj_lines_scroll() before that frame makes the move first; in a pane that was
 * never drawn it does nothing. nj_lines_scroll_to() cancels the move. */
#include "ui/lines-private.h"

/* Rows to scroll at once. A longer way is scrolled in steps, so that the list is trimmed between
 * them and does not grow by the whole way. */
#define MAX_SCROLL 1000

/* --- The anchor, when the list changes --- */

void
nj_lines_anchor_inserted(NjLines *lines, guint index)
{
    if (!lines->following && index <= lines->anchor)
        lines->anchor++;
}

void
nj_lines_anchor_cut_first(NjLines *lines, guint count)
{
    if (lines->following)
        return;
    if (lines->anchor < count)
        lines->hidden_rows = 0;
    lines->anchor -= MIN(lines->anchor, count);
}

void
nj_lines_anchor_cut_last(NjLines *lines)
{
    if (lines->following || lines->anchor < lines->list->len)
        return;
    lines->anchor = MAX(lines->list->len, 1) - 1;
    lines->hidden_rows = 0;
}

guint
nj_lines_first_visible(NjLines *lines)
{
    guint first = lines->following ? lines->list->len : lines->anchor + 1;
    int rows = lines->following ? 0 : -lines->hidden_rows;
    while (first > 0 && rows < lines->view_rows)
        rows += nj_lines_height(lines, --first);
    return first;
}

/* --- Placing the view --- */

void
nj_lines_follow(NjLines *lines)
{
    lines->following = true;
    lines->anchor = 0;
    lines->hidden_rows = 0;
    lines->unseen = 0;
}

static bool
is_anchored_at_end(const NjLines *lines)
{
    bool is_last = lines->anchor + 1 == lines->list->len && lines->hidden_rows == 0;
    return is_last && !lines->more_after;
}

/* Counts the rows from the lower edge upwards until there are at least `most`; returns fewer only
 * at the beginning of the history. When it has counted the first line of the list and the store has
 * messages before that, it reads a page and counts again, because the rules above that line may
 * have changed. */
static int
count_rows_above_edge(NjLines *lines, int most)
{
    int rows = -lines->hidden_rows;
    for (guint i = lines->anchor + 1; rows < most || (i == 0 && lines->more_before);) {
        if (i > 0) {
            rows += nj_lines_height(lines, --i);
            continue;
        }
        if (!nj_lines_fetch_before(lines))
            break;

        /* The page has changed the index of the anchor. */
        rows = -lines->hidden_rows;
        i = lines->anchor + 1;
    }

    return rows;
}

/* Puts the first line of the list at the upper edge; follows the end if all lines fit. */
static void
place_at_top(NjLines *lines)
{
    int rows = 0;
    lines->following = false;
    lines->hidden_rows = 0;

    for (guint i = 0; i < lines->list->len || nj_lines_fetch_after(lines); i++) {
        lines->anchor = i;
        rows += nj_lines_height(lines, i);
        if (rows < lines->view_rows)
            continue;

        lines->hidden_rows = rows - lines->view_rows;
        lines->following = is_anchored_at_end(lines);
        return;
    }

    nj_lines_follow(lines);
}

/* Places the view so that `above` rows are visible above the line at `index`. There are more rows
 * above it if too few lines come after it to fill the view, and fewer if too few come before it. */
static void
place_line(NjLines *lines, guint index, int above)
{
    int below = lines->view_rows - above, rows = 0;
    lines->following = false;
    lines->anchor = index;
    lines->hidden_rows = 0;

    for (;;) {
        rows += nj_lines_height(lines, lines->anchor);
        if (rows >= below)
            break;
        if (lines->anchor + 1 >= lines->list->len && !nj_lines_fetch_after(lines)) {
            nj_lines_follow(lines);
            return;
        }
        lines->anchor++;
    }

    lines->hidden_rows = rows - below;
    if (count_rows_above_edge(lines, lines->view_rows) < lines->view_rows)
        place_at_top(lines);
}

/* --- Scrolling --- */

static void
scroll_up(NjLines *lines, int rows)
{
    if (lines->following) {
        lines->following = false;
        lines->anchor = lines->list->len - 1;
        lines->hidden_rows = 0;
        lines->unseen = 0;
    }

    int above = count_rows_above_edge(lines, lines->view_rows + rows);
    rows = MIN(rows, above - lines->view_rows);
    for (lines->hidden_rows += MAX(rows, 0); lines->anchor > 0; lines->anchor--) {
        int height = nj_lines_height(lines, lines->anchor);
        if (lines->hidden_rows < height)
            break;
        lines->hidden_rows -= height;
    }

    if (is_anchored_at_end(lines))
        nj_lines_follow(lines);
    nj_lines_trim(lines);
}

static void
scroll_down(NjLines *lines, int rows)
{
    if (lines->following)
        return;

    lines->hidden_rows -= rows;
    while (lines->hidden_rows < 0) {
        if (lines->anchor + 1 >= lines->list->len) {
            /* Reading a page may have inserted notices or trimmed the list, which moves the anchor:
             * test again whether a line follows it. */
            if (nj_lines_fetch_after(lines))
                continue;
            nj_lines_follow(lines);
            return;
        }
        lines->anchor++;
        lines->hidden_rows += nj_lines_height(lines, lines->anchor);
    }

    if (is_anchored_at_end(lines))
        nj_lines_follow(lines);
}

void
nj_lines_scroll(NjLines *lines, int rows)
{
    if (lines->seeking && lines->view_rows > 0)
        nj_lines_seek(lines);
    if (lines->list->len == 0 || lines->view_rows == 0)
        return;

    for (int left = CLAMP(ABS(rows), 0, 100000); left > 0; left -= MAX_SCROLL) {
        if (rows < 0)
            scroll_up(lines, MIN(left, MAX_SCROLL));
        else
            scroll_down(lines, MIN(left, MAX_SCROLL));
    }
}

void
nj_lines_scroll_to(NjLines *lines, bool end)
{
    lines->seeking = false;
    if (end) {
        lines->found_id = 0;
        if (lines->more_after)
            nj_lines_drop_window(lines); /* not loaded: the next frame reads the newest page */
        nj_lines_follow(lines);
        return;
    }

    if (lines->list->len == 0 || lines->view_rows == 0)
        return;

    if (lines->following)
        lines->unseen = 0;
    if (nj_lines_is_stored(lines) && lines->more_before)
        nj_lines_load_around(lines, G_MININT64 + 1, G_MININT64);

    place_at_top(lines);
}

/* --- Going to a place of the history --- */

void
nj_lines_show(NjLines *lines, gint64 time, gint64 id)
{
    lines->seeking = true;
    lines->seek_time = time;
    lines->seek_id = id ? id : G_MININT64;
    lines->found_time = time;
    lines->found_id = id;
    if (lines->following)
        lines->unseen = 0;

    /* Stop following now and not with the next frame: a message that arrives before it is counted
     * as unseen, because the view will not be at the end. */
    lines->following = false;
    lines->notice_is_new = false;
    lines->anchor = 0;
    lines->hidden_rows = 0;
}

void
nj_lines_seek(NjLines *lines)
{
    gint64 time = lines->seek_time, id = lines->seek_id;
    lines->seeking = false;
    if (nj_lines_is_stored(lines) && !nj_lines_covers(lines, time, id))
        nj_lines_load_around(lines, time, id);

    bool by_id = id != G_MININT64;
    guint index = nj_lines_index_after(lines, time, id);
    if (lines->list->len == 0 || (index == lines->list->len && !by_id)) {
        nj_lines_follow(lines);
        return;
    }

    /* index - 1 is the message itself or, if it is not stored any more, the line before its
     * place. */
    if (by_id && index > 0)
        place_line(lines, index - 1, lines->view_rows / 3);
    else
        place_line(lines, index, 0);
    nj_lines_trim(lines);
}

/* For nj_lines_reload(), which keeps the view at this message. Returns the message at the anchor or
 * the nearest message above it. Returns NULL if no message is above, if the view follows the end,
 * or if the next frame will move it. */
static const NjLine *
anchored_message(const NjLines *lines)
{
    if (lines->following || lines->seeking)
        return NULL;

    for (guint i = MIN(lines->anchor + 1, lines->list->len); i-- > 0;)
        if (nj_lines_at(lines, i)->message)
            return nj_lines_at(lines, i);
    return NULL;
}

void
nj_lines_reload(NjLines *lines)
{
    bool stored = nj_lines_is_stored(lines);
    const NjLine *message = stored ? anchored_message(lines) : NULL;
    if (message) {
        gint64 time = message->time, id = message->id;
        nj_lines_load_around(lines, time, id);
        guint index = nj_lines_index_after(lines, time, id);
        lines->following = index == 0;
        lines->anchor = index > 0 ? index - 1 : 0;
        return;
    }

    if (stored)
        nj_lines_drop_window(lines);
    nj_lines_place_notices(lines);
    nj_lines_follow(lines);
}

/* --- Frames --- */

/* Places the view at the beginning of the last line if that is longer than the view: a long notice
 * (or a message that came after it before this frame), such as the result of a command, is read
 * from its beginning. */
static void
place_new_notice(NjLines *lines)
{
    lines->notice_is_new = false;
    int height = nj_lines_height(lines, lines->list->len - 1);
    if (!lines->following || height <= lines->view_rows)
        return;
    lines->following = false;
    lines->anchor = lines->list->len - 1;
    lines->hidden_rows = height - lines->view_rows;
}

void
nj_lines_settle_view(NjLines *lines)
{
    if (!lines->following) {
        lines->anchor = MIN(lines->anchor, lines->list->len - 1);
        int height = nj_lines_height(lines, lines->anchor);
        lines->hidden_rows = CLAMP(lines->hidden_rows, 0, height - 1);
    }

    if (lines->notice_is_new)
        place_new_notice(lines);
}

guint
nj_lines_find_top(NjLines *lines, int *y)
{
    for (;;) {
        if (lines->following)
            lines->anchor = lines->list->len - 1;

        int row = lines->view_rows + (lines->following ? 0 : lines->hidden_rows);
        guint i = lines->anchor + 1;
        while (i > 0 && row > 0)
            row -= nj_lines_height(lines, --i);

        /* If the view is full but the first line of the list is visible, a page before that line
         * can still change the rules above it. */
        *y = MIN(row, 0);
        bool is_certain = row <= 0 && (i > 0 || !lines->more_before);
        if (is_certain || !nj_lines_fetch_before(lines))
            return i;
    }
}

bool
nj_lines_at_end(const NjLines *lines)
{
    return lines->following;
}

guint
nj_lines_unseen(const NjLines *lines)
{
    return lines->unseen;
}

int
nj_lines_view_rows(const NjLines *lines)
{
    return lines->view_rows;
}

int
nj_lines_used_rows(const NjLines *lines)
{
    return lines->used_rows;
}

/* --- The rule "new" --- */

/* Composed and wrapped lines stay valid, because rules are computed whenever they are needed. */
void
nj_lines_set_unread_mark(NjLines *lines, gint64 time, gint64 id)
{
    lines->has_unread_mark = true;
    lines->mark_time = time;
    lines->mark_id = id;
}

void
nj_lines_set_unread_mark_at_end(NjLines *lines)
{
    const NjLine *last = nj_lines_last_message(lines);
    lines->has_unread_mark = false;
    if (last)
        nj_lines_set_unread_mark(lines, last->time, last->id);
}

void
nj_lines_clear_unread_mark(NjLines *lines)
{
    lines->has_unread_mark = false;
}
