/* The loaded window of a chat's history: which messages are in memory, and in what order.
 *
 * The list (NjLines.list) holds a contiguous part of the stored history, sorted by (time, id), each
 * message once, with the program's notices between them. more_before and more_after tell whether
 * the store may have messages before and after this window.
 *
 * Pages. The first frame reads the newest page, or the pages around a place if nj_lines_show() was
 * called before it; a pane that was never drawn loads nothing and ignores new messages, which the
 * store has anyway. When the view (lines-view.c) comes to an end of the list, a page is read there.
 * The longer the bodies in the list, the fewer messages a page has. To show a distant place, the
 * window is dropped and loaded anew around that place.
 *
 * Limits. max_lines() returns the maximum for the present state. When the list has more than
 * SLACK_LINES lines over that, it is cut to the maximum. When the bodies have more than twice
 * MAX_BODY_BYTES, they are cut to MAX_BODY_BYTES, or less far if the lines that remain at this end
 * are visible; visible lines stay, however long they are. The list is cut at the end that is
 * farther from the view; a list that cannot be read again is always cut at its beginning.
 * nj_lines_trim() is called after a message or a notice that arrived was inserted, after a page was
 * added at the end, after a step of scrolling up and after a move to a place (nj_lines_seek()),
 * also if it ends at the end of the list; not if the list is empty or the place is a time after its
 * last line. Going to the end (nj_lines_scroll_to()) and a frame that begins to follow it do not
 * trim; the lines then stay until the next one is added.
 *
 * New messages. The window includes everything older if more_before is false, and everything newer
 * if more_after is false. A message whose place is inside is inserted there; if the list has it
 * already, its line gets the new object. A message before the window is ignored. A message after it
 * is not inserted; scrolling down reads it from the store. While the view does not follow the end,
 * every message that is inserted or belongs after the window, of ours too, counts as unseen. A
 * message that we send is added when it is committed, so its place may be before messages that
 * arrived meanwhile, and a page may have brought it already.
 *
 * Notices are not stored and cannot be read again. A notice whose time is outside the window is set
 * aside (NjLines.set_aside) and inserted when the window includes its time again. Without this, a
 * notice could stand directly after a message that is much older, because the messages between them
 * are not loaded. When more than MAX_SET_ASIDE notices are set aside, the one that was set aside
 * first is freed.
 *
 * The lines of the console, and all lines while there is no store, cannot be read again: `loaded`
 * stays false, new lines are always added, and lines that are dropped are freed. */
#include "ui/lines-private.h"

#include "base/clock.h"
#include "model/outbox.h"
#include "model/store.h"

#include <string.h>

/* The maximum length of the list */
#define MAX_LINES 2000          /* while the view does not follow the end */
#define MAX_FOLLOWED_LINES 500  /* while it follows the end */
#define MAX_UNSTORED_LINES 1000 /* while it follows the end of lines that cannot be read again */

/* Lines over the maximum before the list is cut, so that not every new line drops one. */
#define SLACK_LINES 256

#define MAX_BODY_BYTES (8 * 1024 * 1024) /* in the list */

/* How many messages a page has (more if the view has more rows, fewer if the bodies are long), and
 * how many it has while the list is empty, because the length of the bodies is not known yet. */
#define MIN_PAGE 50
#define FIRST_PAGE 10

#define PAGE_BODY_BYTES (2 * 1024 * 1024)
#define MAX_SET_ASIDE 500 /* notices */

static void
free_line(void *data)
{
    NjLine *line = data;
    if (!line)
        return; /* a notice that remove_lines() has moved to set_aside */

    nj_line_forget_composed(line);
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
    lines->set_aside = g_ptr_array_new_with_free_func(free_line);
    lines->row_buffer = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    lines->following = true;
    return lines;
}

void
nj_lines_free(NjLines *lines)
{
    if (!lines)
        return;

    g_ptr_array_unref(lines->list);
    g_ptr_array_unref(lines->set_aside);
    g_array_unref(lines->row_buffer);
    g_clear_pointer(&lines->zone, g_time_zone_unref);
    g_free(lines->label);
    g_free(lines->time_format);
    g_free(lines);
}

bool
nj_lines_is_stored(const NjLines *lines)
{
    return lines->chat && lines->client->store;
}

/* --- Order --- */

static bool
is_after(const NjLine *line, gint64 time, gint64 id)
{
    return line->time > time || (line->time == time && line->id > id);
}

guint
nj_lines_index_after(const NjLines *lines, gint64 time, gint64 id)
{
    /* Most messages belong at the end of the list and need no binary search. */
    guint low = 0, high = lines->list->len;
    if (high == 0 || !is_after(nj_lines_at(lines, high - 1), time, id))
        return high;

    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (is_after(nj_lines_at(lines, middle), time, id))
            high = middle;
        else
            low = middle + 1;
    }

    return low;
}

static void
insert_line(NjLines *lines, NjLine *line)
{
    guint index = nj_lines_index_after(lines, line->time, line->id);
    g_ptr_array_insert(lines->list, (int) index, line);
    lines->body_bytes += line->body_bytes;
    nj_lines_anchor_inserted(lines, index);
}

/* Returns the line of this message; NULL if it is not in the list. Compares ids and not pointers:
 * the same message is one object when it is added and another object when it is read from the
 * store. A message with the id 0 (not stored) is never found. */
static NjLine *
find_line(const NjLines *lines, const NjMessage *message)
{
    guint index = nj_lines_index_after(lines, message->time, message->id);
    if (index == 0 || message->id == 0)
        return NULL;

    NjLine *line = nj_lines_at(lines, index - 1);
    bool is_same = line->id == message->id && line->time == message->time;
    return line->message && is_same ? line : NULL;
}

static const NjLine *
find_first_message(const NjLines *lines)
{
    for (guint i = 0; i < lines->list->len; i++)
        if (nj_lines_at(lines, i)->message)
            return nj_lines_at(lines, i);
    return NULL;
}

const NjLine *
nj_lines_last_message(const NjLines *lines)
{
    for (guint i = lines->list->len; i-- > 0;)
        if (nj_lines_at(lines, i)->message)
            return nj_lines_at(lines, i);
    return NULL;
}

/* Returns whether the window begins at or before this place; false if it has no message. */
static bool
begins_at_or_before(const NjLines *lines, gint64 time, gint64 id)
{
    const NjLine *first = find_first_message(lines);
    return first && (!lines->more_before || !is_after(first, time, id));
}

/* Returns whether the window ends at or after this place; true if it has no message. */
static bool
ends_at_or_after(const NjLines *lines, gint64 time, gint64 id)
{
    const NjLine *last = nj_lines_last_message(lines);
    if (!last || !lines->more_after)
        return true;
    return is_after(last, time, id) || (last->time == time && last->id == id);
}

bool
nj_lines_covers(const NjLines *lines, gint64 time, gint64 id)
{
    return lines->loaded && begins_at_or_before(lines, time, id)
           && ends_at_or_after(lines, time, id);
}

static NjLine *
new_line_for(NjMessage *message)
{
    NjLine *line = g_new0(NjLine, 1);
    line->message = nj_message_ref(message);
    line->time = message->time;
    line->id = message->id;
    line->body_bytes = message->body ? strlen(message->body) : 0;
    return line;
}

/* --- Dropping lines --- */

static void
set_notice_aside(NjLines *lines, NjLine *notice)
{
    if (lines->set_aside->len >= MAX_SET_ASIDE)
        g_ptr_array_remove_index(lines->set_aside, 0);
    g_ptr_array_add(lines->set_aside, notice);
}

/* Removes `count` lines from the list, beginning at index `first`. Frees messages, and notices if
 * the chat is not stored; sets the notices of a stored chat aside. */
static void
remove_lines(NjLines *lines, guint first, guint count)
{
    if (count == 0)
        return;

    for (guint i = first; i < first + count; i++) {
        NjLine *line = nj_lines_at(lines, i);
        lines->body_bytes -= line->body_bytes;
        if (!line->message && nj_lines_is_stored(lines))
            set_notice_aside(lines, g_steal_pointer(&g_ptr_array_index(lines->list, i)));
    }

    g_ptr_array_remove_range(lines->list, first, count);
}

static void
cut_first(NjLines *lines, guint count)
{
    remove_lines(lines, 0, count);
    nj_lines_anchor_cut_first(lines, count);
}

static void
cut_last(NjLines *lines, guint count)
{
    remove_lines(lines, lines->list->len - count, count);
    nj_lines_anchor_cut_last(lines);
}

/* Returns how many lines must stay when this end of the list is cut: all from the other end up to
 * and including the visible ones, and one more. Without that one, scrolling by one row would read
 * again what was just dropped. */
static guint
count_needed(NjLines *lines, bool cut_at_end)
{
    guint length = lines->list->len;
    if (cut_at_end)
        return lines->anchor + 2;
    return MIN(length - nj_lines_first_visible(lines) + 1, length);
}

static guint
max_lines(const NjLines *lines)
{
    if (!lines->following)
        return MAX_LINES;
    return lines->loaded ? MAX_FOLLOWED_LINES : MAX_UNSTORED_LINES;
}

/* Returns how many lines to drop at this end of the list, so that it is within both limits. Only
 * the limit of bytes needs to check which lines are visible. The limit of lines is far above the
 * rows of a view and cuts the farther end, except in a list that cannot be read again: there,
 * visible lines at the beginning can be dropped. */
static guint
count_excess(NjLines *lines, bool cut_at_end)
{
    guint length = lines->list->len, most = max_lines(lines);
    guint excess = length > most + SLACK_LINES ? length - most : 0;
    if (lines->body_bytes <= 2 * MAX_BODY_BYTES)
        return excess;

    gsize bytes = lines->body_bytes;
    guint count = 0, needed = count_needed(lines, cut_at_end);
    while (bytes > MAX_BODY_BYTES && count + needed < length) {
        guint index = cut_at_end ? length - 1 - count : count;
        bytes -= nj_lines_at(lines, index)->body_bytes;
        count++;
    }

    return MAX(excess, count);
}

/* Cuts the end that is farther from the lower edge of the view, counted in lines. If the list is
 * still over a limit at which a cut begins, because visible lines stay, tries once more; that cuts
 * the other end only if it is the farther one now. Lines that cannot be read again are dropped at
 * the beginning only. */
void
nj_lines_trim(NjLines *lines)
{
    for (int cuts = 0; cuts < 2; cuts++) {
        bool is_upper_half = lines->anchor <= lines->list->len / 2;
        bool cut_at_end = !lines->following && lines->loaded && is_upper_half;
        guint excess = count_excess(lines, cut_at_end);
        if (excess == 0)
            return;

        if (cut_at_end) {
            cut_last(lines, excess);
            lines->more_after = lines->loaded;
        } else {
            cut_first(lines, excess);
            lines->more_before = lines->loaded;
        }
        nj_lines_place_notices(lines);
    }
}

/* --- Notices --- */

/* Sets the notices at an end of the list aside if the store may have more messages there. These
 * messages may be older than a notice after the last message of the list, or newer than a notice
 * before the first one; the notice would then stand at the wrong place. */
static void
set_outer_notices_aside(NjLines *lines)
{
    guint length = lines->list->len, count = 0;
    while (lines->more_before && count < length && !nj_lines_at(lines, count)->message)
        count++;
    cut_first(lines, count);

    length = lines->list->len;
    count = 0;
    while (lines->more_after && count < length && !nj_lines_at(lines, length - 1 - count)->message)
        count++;
    cut_last(lines, count);
}

void
nj_lines_place_notices(NjLines *lines)
{
    set_outer_notices_aside(lines);

    const NjLine *first = lines->more_before ? find_first_message(lines) : NULL;
    const NjLine *last = lines->more_after ? nj_lines_last_message(lines) : NULL;
    for (guint i = 0; i < lines->set_aside->len;) {
        NjLine *notice = g_ptr_array_index(lines->set_aside, i);
        bool is_before = first && notice->time < first->time;
        bool is_after_last = last && notice->time >= last->time;
        if (is_before || is_after_last)
            i++;
        else
            insert_line(lines, g_ptr_array_steal_index(lines->set_aside, i));
    }
}

void
nj_lines_add_notice(NjLines *lines, NjNoticeKind kind, const char *text)
{
    NjLine *line = g_new0(NjLine, 1);
    line->kind = kind;
    line->text = nj_text_body(text, -1);
    g_strchomp(line->text);
    line->time = nj_clock_wall_ms();
    line->id = G_MAXINT64; /* sorts the notice behind the messages of the same millisecond */
    if (!lines->following)
        lines->unseen++;

    lines->notice_is_new = lines->following;
    if (lines->more_after) {
        set_notice_aside(lines, line);
        return;
    }

    insert_line(lines, line);
    nj_lines_trim(lines);
}

static void
copy_notices(NjLines *lines, const GPtrArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const NjLine *notice = g_ptr_array_index(list, i);
        if (notice->message)
            continue;

        NjLine *line = g_new0(NjLine, 1);
        line->kind = notice->kind;
        line->text = g_strdup(notice->text);
        line->time = notice->time;
        line->id = notice->id;
        insert_line(lines, line);
    }
}

void
nj_lines_copy_notices(NjLines *lines, const NjLines *from)
{
    copy_notices(lines, from->list);
    copy_notices(lines, from->set_aside);
}

void
nj_lines_clear_notices(NjLines *lines)
{
    for (guint i = lines->list->len; i-- > 0;)
        if (!nj_lines_at(lines, i)->message)
            g_ptr_array_remove_index(lines->list, i);

    g_ptr_array_set_size(lines->set_aside, 0);
    lines->notice_is_new = false;
    nj_lines_scroll_to(lines, true);
}

/* --- Messages that arrive, are committed or change --- */

static void
replace_message(NjLine *line, NjMessage *message)
{
    nj_message_ref(message);
    nj_message_unref(line->message);
    line->message = message;
    nj_line_forget_composed(line);
}

void
nj_lines_add(NjLines *lines, NjMessage *message)
{
    if (!lines->loaded && lines->client->store)
        return;

    NjLine *line = find_line(lines, message);
    if (line) {
        replace_message(line, message);
        return;
    }

    const NjLine *first = lines->more_before ? find_first_message(lines) : NULL;
    const NjLine *last = lines->more_after ? nj_lines_last_message(lines) : NULL;
    if (first && is_after(first, message->time, message->id))
        return;

    if (!lines->following)
        lines->unseen++;
    if (last && !is_after(last, message->time, message->id))
        return;

    insert_line(lines, new_line_for(message));
    nj_lines_trim(lines);
}

bool
nj_lines_change(NjLines *lines, NjMessage *message)
{
    NjLine *line = find_line(lines, message);
    if (line)
        replace_message(line, message);
    return line;
}

/* --- Pages --- */

/* Returns the message to display for a message that was read from the store. If it is in the
 * outbox, returns the outbox's object, because only that one has the current state. Returns NULL
 * if the message may not be displayed yet (NjOut.shown): a page includes messages that are not
 * committed, and nj_lines_add() adds their lines after the commit. */
static NjMessage *
message_to_display(const NjLines *lines, NjMessage *message)
{
    if (!message->out || !nj_state_is_open(message->state))
        return message;

    const NjOut *out = nj_outbox_find(lines->chat->account->outbox, message->id);
    if (!out)
        return message;
    return out->shown ? out->message : NULL;
}

/* Inserts the messages of a page that are not in the list; returns how many. The page must adjoin
 * the window. */
static guint
insert_page(NjLines *lines, const GPtrArray *page)
{
    guint count = 0;
    for (guint i = 0; i < page->len; i++) {
        NjMessage *message = message_to_display(lines, g_ptr_array_index(page, i));
        if (!message || find_line(lines, message))
            continue;
        insert_line(lines, new_line_for(message));
        count++;
    }

    return count;
}

/* Reads pages of `limit` messages before or after (time, id) until one adds a line or the history
 * ends. Sets *more to whether the store may have more messages in that direction. Returns the
 * number of lines that were added. */
static guint
read_pages(NjLines *lines, bool before, gint64 time, gint64 id, guint limit, bool *more)
{
    NjStore *store = lines->client->store;
    gint64 chat = lines->chat->id;

    for (;;) {
        g_autoptr(GPtrArray) page = before ? nj_store_page_before(store, chat, time, id, limit)
                                           : nj_store_page_after(store, chat, time, id, limit);
        guint count = insert_page(lines, page);
        *more = page->len == limit;
        if (count > 0 || !*more)
            return count;

        const NjMessage *outermost = g_ptr_array_index(page, before ? 0 : page->len - 1);
        time = outermost->time;
        id = outermost->id;
    }
}

/* Returns how many messages to read at once: FIRST_PAGE if the list is empty, otherwise as many as
 * the view has rows (at least MIN_PAGE). If the bodies in the list are long, returns fewer (at
 * least 2), so that bodies of the same mean length have PAGE_BODY_BYTES together. */
static guint
page_length(const NjLines *lines)
{
    if (lines->list->len == 0)
        return FIRST_PAGE;

    gsize mean = lines->body_bytes / lines->list->len;
    gsize most = (gsize) MAX(lines->view_rows, MIN_PAGE);
    return (guint) CLAMP(PAGE_BODY_BYTES / MAX(mean, 1), 2, most);
}

bool
nj_lines_fetch_before(NjLines *lines)
{
    if (!nj_lines_is_stored(lines) || (lines->loaded && !lines->more_before))
        return false;

    const NjLine *first = lines->loaded ? find_first_message(lines) : NULL;
    gint64 time = first ? first->time : G_MAXINT64;
    gint64 id = first ? first->id : G_MAXINT64;
    guint count = read_pages(lines, true, time, id, page_length(lines), &lines->more_before);
    lines->loaded = true;
    nj_lines_place_notices(lines);
    return count > 0;
}

bool
nj_lines_fetch_after(NjLines *lines)
{
    if (!nj_lines_is_stored(lines) || !lines->more_after)
        return false;

    const NjLine *last = nj_lines_last_message(lines);
    if (!last)
        return false;

    guint length = page_length(lines);
    guint count = read_pages(lines, false, last->time, last->id, length, &lines->more_after);
    nj_lines_place_notices(lines);
    nj_lines_trim(lines);
    return count > 0;
}

void
nj_lines_drop_window(NjLines *lines)
{
    remove_lines(lines, 0, lines->list->len);
    lines->loaded = lines->more_before = lines->more_after = false;
}

void
nj_lines_load_around(NjLines *lines, gint64 time, gint64 id)
{
    nj_lines_drop_window(lines);

    /* `following` is set because the list has no line that the anchor could point to while the
     * pages are inserted. The caller places the view. */
    lines->loaded = lines->following = true;
    read_pages(lines, true, time, id, page_length(lines), &lines->more_before);

    /* The second page must include the message at the place itself, so it is read from the position
     * directly before it. */
    bool by_id = id != G_MININT64;
    gint64 after_time = by_id ? time : time - 1;
    gint64 after_id = by_id ? id - 1 : G_MAXINT64;
    read_pages(lines, false, after_time, after_id, page_length(lines), &lines->more_after);
    nj_lines_place_notices(lines);
}
