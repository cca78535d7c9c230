/* The list of lines and the view on it.
 *
 * The view hangs on its lower edge: it follows the end, or it is held by a line (bottom) and the
 * rows of that line which are below the edge (skip).  So what arrives at the end, and what is
 * fetched above, moves nothing that is being read. While the view is far up, the list is cut at its
 * end instead of its beginning; more_after says so, what arrives meanwhile is only counted, and
 * scrolling down fetches it again.  A pane that was never drawn has fetched nothing and keeps
 * nothing: what arrives is in the store already. The program's own lines can not be fetched.  Those
 * from a time that is not in the list are set aside (parked) and come back with it, so that none
 * stands between two messages that it did not stand between. */
#include "ui/lines-private.h"

#include "base/clock.h"
#include "model/outbox.h"
#include "model/store.h"

#include <string.h>

#define MAX_LINES 2000
#define MAX_FOLLOWED_LINES 500 /* of a chat whose end is followed: the rest is a page away */
#define LINES_UNKEPT 1000      /* of what is followed and kept nowhere else, as the console is */
#define LINES_SLACK 256        /* cut in lots, so that a flood pays for it once in a while only */
/* bytes of bodies; of lines that long few are seen at once */
#define MAX_BODY_BYTES (8 * 1024 * 1024)
#define MIN_PAGE 50
#define PAGE_FIRST 10 /* of lines whose length nobody knows yet */
#define PAGE_HEFT (2 * 1024 * 1024)
#define MAX_PARKED 500
#define MAX_SCROLL 1000 /* rows in one go; the list is cut after each */

static void
forget_wrap(NjLine *line)
{
    g_clear_pointer(&line->rows, g_free);
    line->row_count = 0;
}

static void
forget_composed(NjLine *line)
{
    forget_wrap(line);
    g_clear_pointer(&line->spans, g_free);
    g_clear_pointer(&line->nick, g_free);
    g_clear_pointer(&line->clock, g_free);
    if (line->message)
        g_clear_pointer(&line->text, g_free);

    line->span_count = 0;
    line->day = 0;
    line->composed = false;
}

static void
free_line(void *data)
{
    NjLine *line = data;
    if (!line)
        return; /* it was parked */

    forget_wrap(line);
    g_free(line->spans);
    g_free(line->nick);
    g_free(line->clock);
    g_free(line->text);
    nj_message_unref(line->message);
    g_free(line);
}

NjLines *
nj_lines_new(NjClient *client, NjChat *chat)
{
    NjLines *lines = g_new0(NjLines, 1);
    lines->client = client;
    lines->chat = chat;
    lines->list = g_ptr_array_new_with_free_func(free_line);
    lines->parked = g_ptr_array_new_with_free_func(free_line);
    lines->scratch = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    lines->following = true;
    return lines;
}

void
nj_lines_free(NjLines *lines)
{
    if (!lines)
        return;

    g_ptr_array_unref(lines->list);
    g_ptr_array_unref(lines->parked);
    g_array_unref(lines->scratch);
    g_clear_pointer(&lines->zone, g_time_zone_unref);
    g_free(lines->label);
    g_free(lines->time_format);
    g_free(lines);
}

static NjLine *
line_at(const NjLines *lines, guint index)
{
    return g_ptr_array_index(lines->list, index);
}

static bool
is_after(const NjLine *line, gint64 time, gint64 id)
{
    return line->time > time || (line->time == time && line->id > id);
}

/* The first line that stands after (time, id); nearly always the end. */
static guint
place_of(const NjLines *lines, gint64 time, gint64 id)
{
    guint low = 0, high = lines->list->len;
    if (high == 0 || !is_after(line_at(lines, high - 1), time, id))
        return high;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (is_after(line_at(lines, middle), time, id))
            high = middle;
        else
            low = middle + 1;
    }

    return low;
}

static void
insert(NjLines *lines, NjLine *line)
{
    guint place = place_of(lines, line->time, line->id);
    g_ptr_array_insert(lines->list, (int) place, line);
    lines->heft += line->heft;
    if (!lines->following && place <= lines->bottom)
        lines->bottom++;
}

/* The line of this very message, whichever object tells of it: one that was read and one that was
 * added have the same row. */
static NjLine *
find_line(const NjLines *lines, const NjMessage *message)
{
    guint place = place_of(lines, message->time, message->id);
    NjLine *line = place > 0 ? line_at(lines, place - 1) : NULL;
    return line && line->message && message->id != 0 && line->id == message->id
                   && line->time == message->time
               ? line
               : NULL;
}

static NjLine *
line_of(NjMessage *message)
{
    NjLine *line = g_new0(NjLine, 1);
    line->message = nj_message_ref(message);
    line->time = message->time;
    line->id = message->id;
    line->heft = message->body ? strlen(message->body) : 0;
    return line;
}

static bool
is_stored(const NjLines *lines)
{
    return lines->chat && lines->client->store;
}

static void
park(NjLines *lines, NjLine *line)
{
    if (lines->parked->len >= MAX_PARKED)
        g_ptr_array_remove_index(lines->parked, 0);
    g_ptr_array_add(lines->parked, line);
}

static void
take_out(NjLines *lines, guint first, guint count)
{
    if (count == 0)
        return;

    for (guint i = first; i < first + count; i++) {
        NjLine *line = line_at(lines, i);
        lines->heft -= line->heft;
        if (!line->message && is_stored(lines))
            park(lines, g_steal_pointer(&g_ptr_array_index(lines->list, i)));
    }

    g_ptr_array_remove_range(lines->list, first, count);
}

static void
cut_first(NjLines *lines, guint count)
{
    take_out(lines, 0, count);
    if (lines->following)
        return;
    if (lines->bottom < count)
        lines->skip = 0;
    lines->bottom -= MIN(lines->bottom, count);
}

static void
cut_last(NjLines *lines, guint count)
{
    take_out(lines, lines->list->len - count, count);
    if (lines->following || lines->bottom < lines->list->len)
        return;
    lines->bottom = MAX(lines->list->len, 1) - 1;
    lines->skip = 0;
}

/* How many lines stay, counted from the other end: what is seen and one line more, or who scrolls
 * would come to what was just cut. */
static guint
kept_of(NjLines *lines, bool from_end)
{
    guint length = lines->list->len, first = lines->following ? length : lines->bottom + 1;
    if (from_end)
        return first + 1;
    int rows = lines->following ? 0 : -lines->skip;
    while (first > 0 && rows < lines->view_rows)
        rows += nj_lines_height(lines, --first);
    return MIN(length - first + 1, length);
}

/* How many lines are too many: counted from the beginning or the end. */
static guint
excess_of(NjLines *lines, bool from_end)
{
    guint length = lines->list->len, most = !lines->following ? MAX_LINES
                                            : lines->loaded   ? MAX_FOLLOWED_LINES
                                                              : LINES_UNKEPT;
    guint excess = length > most + LINES_SLACK ? length - most : 0;

    if (lines->heft <= 2 * MAX_BODY_BYTES)
        return excess;

    gsize heft = lines->heft;
    guint count = 0, kept = kept_of(lines, from_end);
    while (heft > MAX_BODY_BYTES && count + kept < length) {
        heft -= line_at(lines, from_end ? length - 1 - count : count)->heft;
        count++;
    }

    return MAX(excess, count);
}

static const NjLine *
first_message(const NjLines *lines)
{
    for (guint i = 0; i < lines->list->len; i++)
        if (line_at(lines, i)->message)
            return line_at(lines, i);
    return NULL;
}

static const NjLine *
last_message(const NjLines *lines)
{
    for (guint i = lines->list->len; i-- > 0;)
        if (line_at(lines, i)->message)
            return line_at(lines, i);
    return NULL;
}

/* After the range of messages in the list has changed. */
static void
settle_parked(NjLines *lines)
{
    guint count = 0;
    while (lines->more_before && count < lines->list->len && !line_at(lines, count)->message)
        count++;
    cut_first(lines, count);
    count = 0;
    while (lines->more_after && count < lines->list->len
           && !line_at(lines, lines->list->len - 1 - count)->message)
        count++;

    cut_last(lines, count);
    const NjLine *first = first_message(lines), *last = last_message(lines);
    for (guint i = 0; i < lines->parked->len;) {
        NjLine *line = g_ptr_array_index(lines->parked, i);
        if ((lines->more_before && first && line->time < first->time)
            || (lines->more_after && last && line->time >= last->time))
            i++;
        else
            insert(lines, g_ptr_array_steal_index(lines->parked, i));
    }
}

/* Cuts the list at the end that is farther from what is seen, and then perhaps at the other. */
static void
trim(NjLines *lines)
{
    for (int end = 0; end < 2; end++) {
        bool from_end = !lines->following && lines->loaded && lines->bottom <= lines->list->len / 2;
        guint excess = excess_of(lines, from_end);
        if (excess == 0)
            return;
        if (from_end)
            cut_last(lines, excess);
        else
            cut_first(lines, excess);
        *(from_end ? &lines->more_after : &lines->more_before) = lines->loaded;
        settle_parked(lines);
    }
}

static void
renew(NjLine *line, NjMessage *message)
{
    nj_message_ref(message);
    nj_message_unref(line->message);
    line->message = message;
    forget_composed(line);
}

/* What we say ourselves comes when it is committed: others may have spoken since, and a page may
 * have brought it already. */
void
nj_lines_add(NjLines *lines, NjMessage *message)
{
    if (!lines->loaded && lines->client->store)
        return;

    NjLine *held = find_line(lines, message);
    if (held) {
        renew(held, message);
        return;
    }

    const NjLine *first = lines->more_before ? first_message(lines) : NULL,
                 *last = lines->more_after ? last_message(lines) : NULL;
    if (first && is_after(first, message->time, message->id))
        return;

    if (!lines->following)
        lines->fresh++;
    if (last && !is_after(last, message->time, message->id))
        return;

    insert(lines, line_of(message));
    trim(lines);
}

bool
nj_lines_change(NjLines *lines, NjMessage *message)
{
    NjLine *line = find_line(lines, message);
    if (line)
        renew(line, message);
    return line != NULL;
}

void
nj_lines_say(NjLines *lines, NjNoticeKind kind, const char *text)
{
    NjLine *line = g_new0(NjLine, 1);
    line->kind = kind;
    line->text = nj_text_body(text, -1);
    g_strchomp(line->text);
    line->time = nj_clock_wall_ms();
    line->id = G_MAXINT64;
    if (!lines->following)
        lines->fresh++;

    lines->said = lines->following;
    if (lines->more_after) {
        park(lines, line);
        return;
    }

    insert(lines, line);
    trim(lines);
}

static void
say_again(NjLines *lines, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const NjLine *said = g_ptr_array_index(list, i);
        if (said->message)
            continue;
        NjLine *line = g_new0(NjLine, 1);
        line->kind = said->kind;
        line->text = g_strdup(said->text);
        line->time = said->time;
        line->id = said->id;
        insert(lines, line);
    }
}

void
nj_lines_say_again(NjLines *lines, const NjLines *from)
{
    say_again(lines, from->list);
    say_again(lines, from->parked);
}

/* What is seen of a message that was read; NULL: nothing yet.  What is on its way the outbox knows
 * better than the store, and a line of ours is seen when it is committed, which a page does not
 * wait for: nj_lines_add() brings it then. */
static NjMessage *
seen_of(const NjLines *lines, NjMessage *message)
{
    const NjOut *out = message->out && nj_state_is_open(message->state)
                           ? nj_outbox_find(lines->chat->account->outbox, message->id)
                           : NULL;
    return !out ? message : out->shown ? out->message : NULL;
}

/* Takes a page that ends where the list begins, or begins where it ends; returns how many lines
 * came. */
static guint
take(NjLines *lines, const GPtrArray *page)
{
    guint count = 0;
    for (guint i = 0; i < page->len; i++) {
        NjMessage *message = seen_of(lines, g_ptr_array_index(page, i));
        if (!message || find_line(lines, message))
            continue;
        insert(lines, line_of(message));
        count++;
    }

    return count;
}

/* A page from here on, or more of them if nothing of it is seen; *more: there may be others
 * behind. */
static guint
take_from(NjLines *lines, bool before, gint64 time, gint64 id, guint limit, bool *more)
{
    NjStore *store = lines->client->store;
    gint64 chat = lines->chat->id;

    for (;;) {
        g_autoptr(GPtrArray) page = before ? nj_store_page_before(store, chat, time, id, limit)
                                           : nj_store_page_after(store, chat, time, id, limit);
        guint count = take(lines, page);
        *more = page->len == limit;
        if (count > 0 || !*more)
            return count;
        const NjMessage *edge = g_ptr_array_index(page, before ? 0 : page->len - 1);
        time = edge->time;
        id = edge->id;
    }
}

/* Of lines that long as those in the list fewer are fetched at once. */
static guint
page_of(const NjLines *lines)
{
    if (lines->list->len == 0)
        return PAGE_FIRST;
    gsize each = lines->heft / lines->list->len, most = (gsize) MAX(lines->view_rows, MIN_PAGE);
    return (guint) CLAMP(PAGE_HEFT / MAX(each, 1), 2, most);
}

bool
nj_lines_fetch_before(NjLines *lines)
{
    if (!is_stored(lines) || (lines->loaded && !lines->more_before))
        return false;
    const NjLine *first = lines->loaded ? first_message(lines) : NULL;
    gint64 time = first ? first->time : G_MAXINT64, id = first ? first->id : G_MAXINT64;
    guint count = take_from(lines, true, time, id, page_of(lines), &lines->more_before);
    lines->loaded = true;
    settle_parked(lines);
    return count > 0;
}

static bool
fetch_after(NjLines *lines)
{
    const NjLine *last = lines->more_after && is_stored(lines) ? last_message(lines) : NULL;
    if (!last)
        return false;
    guint count = take_from(lines, false, last->time, last->id, page_of(lines), &lines->more_after);
    settle_parked(lines);
    trim(lines);
    return count > 0;
}

/* Only what can be fetched again. The view must be settled afterwards. */
static void
drop_messages(NjLines *lines)
{
    take_out(lines, 0, lines->list->len);
    lines->loaded = lines->more_before = lines->more_after = false;
}

static void
follow(NjLines *lines)
{
    lines->following = true;
    lines->bottom = 0;
    lines->skip = 0;
    lines->fresh = 0;
}

void
nj_lines_compose_anew(NjLines *lines)
{
    for (guint i = 0; i < lines->list->len; i++)
        forget_composed(line_at(lines, i));
}

/* Rows from the lower edge of the view up, fetching where the list ends; counts no further than
 * `most`.  What stands above the first line of the list is known when it is the first of all. */
static int
rows_above_edge(NjLines *lines, int most)
{
    int rows = -lines->skip;
    for (guint i = lines->bottom + 1; rows < most || (i == 0 && lines->more_before);) {
        if (i > 0) {
            rows += nj_lines_height(lines, --i);
            continue;
        }
        if (!nj_lines_fetch_before(lines))
            break;
        /* the bottom has moved down the list, and the first line has another head now */
        rows = -lines->skip;
        i = lines->bottom + 1;
    }

    return rows;
}

static void
scroll_up(NjLines *lines, int rows)
{
    if (lines->following) {
        lines->following = false;
        lines->bottom = lines->list->len - 1;
        lines->skip = 0;
        lines->fresh = 0;
    }

    int above = rows_above_edge(lines, lines->view_rows + rows);
    rows = MIN(rows, above - lines->view_rows);
    for (lines->skip += MAX(rows, 0); lines->bottom > 0; lines->bottom--) {
        int height = nj_lines_height(lines, lines->bottom);
        if (lines->skip < height)
            break;
        lines->skip -= height;
    }

    if (lines->bottom == lines->list->len - 1 && lines->skip == 0 && !lines->more_after)
        follow(lines);
    trim(lines);
}

static void
scroll_down(NjLines *lines, int rows)
{
    if (lines->following)
        return;

    lines->skip -= rows;
    while (lines->skip < 0) {
        if (lines->bottom + 1 >= lines->list->len) {
            if (fetch_after(lines))
                /* what came may stand above a line of the program that was last */
                continue;
            follow(lines);
            return;
        }
        lines->bottom++;
        lines->skip += nj_lines_height(lines, lines->bottom);
    }

    if (lines->skip == 0 && lines->bottom + 1 == lines->list->len && !lines->more_after)
        follow(lines);
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

/* The lower edge is put where the first line stands at the top. */
static void
settle_at_top(NjLines *lines)
{
    int rows = 0;
    lines->following = false;
    lines->skip = 0;

    for (guint i = 0; i < lines->list->len || fetch_after(lines); i++) {
        lines->bottom = i;
        rows += nj_lines_height(lines, i);
        if (rows < lines->view_rows)
            continue;
        lines->following =
            i + 1 == lines->list->len && rows == lines->view_rows && !lines->more_after;
        lines->skip = rows - lines->view_rows;
        return;
    }

    follow(lines);
}

static bool
holds(const NjLines *lines, gint64 time, gint64 id)
{
    const NjLine *first = first_message(lines), *last = last_message(lines);
    return lines->loaded && first && (!lines->more_before || !is_after(first, time, id))
           && (!lines->more_after || is_after(last, time, id)
               || (last->time == time && last->id == id));
}

/* Not page by page from where one is: what lies between would be read for nothing. */
static void
load_around(NjLines *lines, gint64 time, gint64 id)
{
    bool at = id != G_MININT64;
    drop_messages(lines);
    lines->loaded = lines->following = true; /* nothing is held while it comes in */
    take_from(lines, true, time, id, page_of(lines), &lines->more_before);
    take_from(lines, false, at ? time : time - 1, at ? id - 1 : G_MAXINT64, page_of(lines),
              &lines->more_after);
    settle_parked(lines);
}

/* All of it is read again; who reads far up stays there. */
void
nj_lines_reload(NjLines *lines)
{
    const NjLine *held = NULL;
    if (is_stored(lines) && !lines->following && !lines->seeking)
        for (guint i = MIN(lines->bottom + 1, lines->list->len); !held && i-- > 0;)
            held = line_at(lines, i)->message ? line_at(lines, i) : NULL;

    if (held) {
        gint64 time = held->time, id = held->id;
        load_around(lines, time, id);
        guint place = place_of(lines, time, id);
        lines->following = place == 0;
        lines->bottom = place > 0 ? place - 1 : 0;
        return;
    }

    if (is_stored(lines))
        drop_messages(lines);
    settle_parked(lines);
    follow(lines);
}

/* The lower edge is put where `above` rows are seen above the line. */
static void
put_at(NjLines *lines, guint index, int above)
{
    int below = lines->view_rows - above, rows = 0;
    lines->following = false;
    lines->bottom = index;
    lines->skip = 0;

    for (;;) {
        rows += nj_lines_height(lines, lines->bottom);
        if (rows >= below)
            break;
        if (lines->bottom + 1 >= lines->list->len && !fetch_after(lines)) {
            follow(lines); /* the end is in sight */
            return;
        }
        lines->bottom++;
    }

    lines->skip = rows - below;
    if (rows_above_edge(lines, lines->view_rows) < lines->view_rows)
        settle_at_top(lines);
}

void
nj_lines_seek(NjLines *lines)
{
    gint64 time = lines->seek_time, id = lines->seek_id;
    lines->seeking = false;
    if (is_stored(lines) && !holds(lines, time, id))
        load_around(lines, time, id);

    guint place = place_of(lines, time, id);
    if (lines->list->len == 0 || (place == lines->list->len && id == G_MININT64)) {
        follow(lines);
        return;
    }

    bool there = id != G_MININT64 && place > 0;
    put_at(lines, there ? place - 1 : place, there ? lines->view_rows / 3 : 0);
    trim(lines);
}

void
nj_lines_show(NjLines *lines, gint64 time, gint64 id)
{
    lines->seeking = true;
    lines->seek_time = time;
    lines->seek_id = id ? id : G_MININT64;
    lines->found_time = time;
    lines->found_id = id;
    if (lines->following)
        lines->fresh = 0;

    lines->following = false; /* what is unread at the end is not seen now */
    lines->said = false;
    lines->bottom = 0;
    lines->skip = 0;
}

void
nj_lines_scroll_to(NjLines *lines, bool end)
{
    lines->seeking = false;
    if (end) {
        lines->found_id = 0;
        if (lines->more_after)
            drop_messages(lines);
        follow(lines);
        return;
    }

    if (lines->list->len == 0 || lines->view_rows == 0)
        return;

    if (lines->following)
        lines->fresh = 0;
    if (is_stored(lines) && lines->more_before)
        load_around(lines, G_MININT64 + 1, G_MININT64);

    settle_at_top(lines);
}

void
nj_lines_unsay(NjLines *lines)
{
    for (guint i = lines->list->len; i-- > 0;)
        if (!line_at(lines, i)->message)
            g_ptr_array_remove_index(lines->list, i);
    g_ptr_array_set_size(lines->parked, 0);
    lines->said = false;
    nj_lines_scroll_to(lines, true);
}

bool
nj_lines_at_end(const NjLines *lines)
{
    return lines->following;
}

guint
nj_lines_fresh(const NjLines *lines)
{
    return lines->fresh;
}

int
nj_lines_rows(const NjLines *lines)
{
    return lines->view_rows;
}

int
nj_lines_used(const NjLines *lines)
{
    return lines->used_rows;
}

/* What stands above a line may change with the mark, its own rows never: wraps stay. */
void
nj_lines_mark(NjLines *lines, gint64 time, gint64 id)
{
    lines->marking = true;
    lines->mark_time = time;
    lines->mark_id = id;
}

void
nj_lines_mark_end(NjLines *lines)
{
    const NjLine *last = last_message(lines);
    lines->marking = false;
    if (last)
        nj_lines_mark(lines, last->time, last->id);
}

void
nj_lines_unmark(NjLines *lines)
{
    lines->marking = false;
}
