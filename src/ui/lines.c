/* The list of lines and the view on it.

   The view hangs on its lower edge: it follows the end, or it is held by a line (bottom) and the rows of that line which are
   below the edge (skip).  So what arrives at the end, and what is fetched above, moves nothing that is being read.
   While the view is far up, the list is cut at its end instead of its beginning; more_after says so, what arrives meanwhile
   is only counted, and scrolling down fetches it again.  A pane that was never drawn has fetched nothing and keeps nothing:
   what arrives is in the store already. */
#include "ui/lines-private.h"

#include "base/clock.h"
#include "model/store.h"

#include <string.h>

#define LINES_MOST  2000
#define LINES_SLACK 256         /* cut in lots, so that a flood pays for it once in a while only */
#define HEFT_MOST   (8 * 1024 * 1024)   /* bytes of bodies; of lines that long few are seen at once */
#define PAGE_LEAST  50

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
    line->composed = false;
}

static void
free_line(void *data)
{
    NjLine *line = data;
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
    g_array_unref(lines->scratch);
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

/* The line of this very message, whichever object tells of it: one that was read and one that was added have the same row. */
static NjLine *
find_line(const NjLines *lines, const NjMessage *message)
{
    guint place = place_of(lines, message->time, message->id);
    NjLine *line = place > 0 ? line_at(lines, place - 1) : NULL;
    return line && line->message && message->id != 0 && line->id == message->id && line->time == message->time ? line : NULL;
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

static void
take_out(NjLines *lines, guint first, guint count)
{
    for (guint i = first; i < first + count; i++)
        lines->heft -= line_at(lines, i)->heft;
    g_ptr_array_remove_range(lines->list, first, count);
}

static void
drop_first(NjLines *lines, guint count)
{
    take_out(lines, 0, count);
    lines->more_before = lines->loaded;
    if (lines->following)
        return;
    if (lines->bottom < count)
        lines->skip = 0;
    lines->bottom -= MIN(lines->bottom, count);
}

/* How many lines are too many: counted from the beginning or the end, two always stay. */
static guint
excess_of(const NjLines *lines, bool from_end)
{
    guint length = lines->list->len;
    guint excess = length > LINES_MOST + LINES_SLACK ? length - LINES_MOST : 0;
    if (lines->heft <= 2 * HEFT_MOST)
        return excess;
    gsize heft = lines->heft;
    guint count = 0;
    while (heft > HEFT_MOST && count + 2 < length) {
        heft -= line_at(lines, from_end ? length - 1 - count : count)->heft;
        count++;
    }
    return MAX(excess, count);
}

/* Cuts the list at the end that is farther from what is seen.  Lines of the program are not stored: those at a cut are lost. */
static void
trim(NjLines *lines)
{
    guint length = lines->list->len;
    bool from_end = !lines->following && lines->loaded && lines->bottom <= length / 2;
    guint excess = excess_of(lines, from_end);
    if (excess == 0)
        return;
    if (!from_end) {
        drop_first(lines, excess);
        return;
    }
    take_out(lines, length - excess, excess);
    if (lines->bottom >= lines->list->len) {
        lines->bottom = lines->list->len - 1;
        lines->skip = 0;
    }
    lines->more_after = true;
}

static bool
first_message(const NjLines *lines, gint64 *time, gint64 *id)
{
    for (guint i = 0; i < lines->list->len; i++) {
        NjLine *line = line_at(lines, i);
        if (!line->message)
            continue;
        *time = line->time;
        *id = line->id;
        return true;
    }
    return false;
}

static bool
last_message(const NjLines *lines, gint64 *time, gint64 *id)
{
    for (guint i = lines->list->len; i-- > 0;) {
        NjLine *line = line_at(lines, i);
        if (!line->message)
            continue;
        *time = line->time;
        *id = line->id;
        return true;
    }
    return false;
}

static void
renew(NjLine *line, NjMessage *message)
{
    nj_message_ref(message);
    nj_message_unref(line->message);
    line->message = message;
    forget_composed(line);
}

/* What we say ourselves comes when it is committed: others may have spoken since, and a page may have brought it already. */
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
    gint64 time, id;
    if (lines->more_before && first_message(lines, &time, &id)
        && (message->time < time || (message->time == time && message->id < id)))
        return;
    if (!lines->following)
        lines->fresh++;
    if (lines->more_after)
        return;
    insert(lines, line_of(message));
    trim(lines);
}

void
nj_lines_change(NjLines *lines, NjMessage *message)
{
    NjLine *line = find_line(lines, message);
    if (line)
        renew(line, message);
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
    insert(lines, line);
    if (!lines->following)
        lines->fresh++;
    lines->said = lines->following;
    trim(lines);
}

void
nj_lines_say_again(NjLines *lines, const NjLines *from)
{
    for (guint i = 0; i < from->list->len; i++) {
        const NjLine *said = line_at(from, i);
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

static bool
is_stored(const NjLines *lines)
{
    return lines->chat && lines->client->store;
}

/* Takes a page that ends where the list begins. */
static guint
take(NjLines *lines, GPtrArray *page)
{
    guint count = page->len;
    for (guint i = 0; i < count; i++)
        if (!find_line(lines, g_ptr_array_index(page, i)))
            insert(lines, line_of(g_ptr_array_index(page, i)));
    g_ptr_array_unref(page);
    return count;
}

bool
nj_lines_fetch_before(NjLines *lines)
{
    if (!is_stored(lines) || (lines->loaded && !lines->more_before))
        return false;
    gint64 time = G_MAXINT64, id = G_MAXINT64;
    if (lines->loaded)
        first_message(lines, &time, &id);
    /* The first page is what is seen, so that opening a chat costs a screenful; the next ones are larger. */
    guint limit = (guint) (lines->loaded ? MAX(lines->view_rows, PAGE_LEAST) : MAX(lines->view_rows, 1));
    guint count = take(lines, nj_store_page_before(lines->client->store, lines->chat->id, time, id, limit));
    lines->loaded = true;
    lines->more_before = count == limit;
    return count > 0;
}

static bool
fetch_after(NjLines *lines)
{
    gint64 time, id;
    if (!lines->more_after || !is_stored(lines) || !last_message(lines, &time, &id))
        return false;
    guint limit = (guint) MAX(lines->view_rows, PAGE_LEAST);
    guint count = take(lines, nj_store_page_after(lines->client->store, lines->chat->id, time, id, limit));
    lines->more_after = count == limit;
    trim(lines);
    return count > 0;
}

/* Only what can be fetched again. The view must be settled afterwards. */
static void
drop_messages(NjLines *lines)
{
    GPtrArray *kept = g_ptr_array_new_with_free_func(free_line);
    for (guint i = 0; i < lines->list->len; i++) {
        NjLine *line = line_at(lines, i);
        if (line->message)
            free_line(line);
        else
            g_ptr_array_add(kept, line);
    }
    g_ptr_array_set_free_func(lines->list, NULL);
    g_ptr_array_unref(lines->list);
    lines->list = kept;
    lines->heft = 0;
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
nj_lines_reload(NjLines *lines)
{
    if (is_stored(lines))
        drop_messages(lines);
    follow(lines);
}

void
nj_lines_compose_anew(NjLines *lines)
{
    for (guint i = 0; i < lines->list->len; i++)
        forget_composed(line_at(lines, i));
}

/* Rows from the lower edge of the view up, fetching where the list ends; counts no further than `most`. */
static int
rows_above_edge(NjLines *lines, int most)
{
    int rows = -lines->skip;
    for (guint i = lines->bottom + 1; rows < most;) {
        if (i > 0) {
            rows += nj_lines_height(lines, --i);
            continue;
        }
        if (!nj_lines_fetch_before(lines))
            break;
        rows = -lines->skip;        /* the bottom has moved down the list, and the first line has another head now */
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
                continue;           /* what came may stand above a line of the program that was last */
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
    if (lines->list->len == 0 || lines->view_rows == 0)
        return;
    if (rows < 0)
        scroll_up(lines, MIN(-rows, 100000));
    else
        scroll_down(lines, MIN(rows, 100000));
}

/* The lower edge is put where the first line stands at the top. */
static void
settle_at_top(NjLines *lines)
{
    int rows = 0;
    for (guint i = 0; i < lines->list->len; i++) {
        rows += nj_lines_height(lines, i);
        if (rows < lines->view_rows)
            continue;
        lines->following = i + 1 == lines->list->len && rows == lines->view_rows && !lines->more_after;
        lines->bottom = i;
        lines->skip = rows - lines->view_rows;
        return;
    }
    follow(lines);
}

void
nj_lines_scroll_to(NjLines *lines, bool end)
{
    if (end) {
        if (lines->more_after)
            drop_messages(lines);
        follow(lines);
        return;
    }
    if (lines->list->len == 0 || lines->view_rows == 0)
        return;
    if (lines->following)
        lines->fresh = 0;
    if (is_stored(lines) && lines->more_before) {
        /* Not page by page: what lies between would be read for nothing. */
        drop_messages(lines);
        guint limit = (guint) MAX(lines->view_rows, PAGE_LEAST);
        lines->following = true;
        guint count = take(lines, nj_store_page_after(lines->client->store, lines->chat->id, G_MININT64, 0, limit));
        lines->loaded = true;
        lines->more_after = count == limit;
    }
    settle_at_top(lines);
}

void
nj_lines_unsay(NjLines *lines)
{
    for (guint i = lines->list->len; i-- > 0;)
        if (!line_at(lines, i)->message)
            g_ptr_array_remove_index(lines->list, i);
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
    gint64 time, id;
    lines->marking = false;
    if (last_message(lines, &time, &id))
        nj_lines_mark(lines, time, id);
}

void
nj_lines_unmark(NjLines *lines)
{
    lines->marking = false;
}
