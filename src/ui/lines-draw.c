/* How a line becomes rows and how rows are drawn.
 *
 *     12:01      toad  the text, with its next rows
 *                      under it
 *     12:02      toad✗ what became of a message of ours stands beside the name; nothing: the server
 * has it 12:02 ·  the program's own lines need no column for nicks
 *
 * A cell at the right edge stays free, for there may be a border.  The clock and the nick column go
 * when the pane becomes narrow.  What depends on a line's neighbours (the day, the unread mark, the
 * beginning) is never kept, so inserting and dropping lines invalidates nothing. */
#include "ui/lines-private.h"

#include "base/clock.h"
#include "model/jid.h"
#include "model/room.h"

#include <string.h>

#define GAP_CELLS 2           /* the mark and a space */
#define INLINE_UNDER 30       /* columns: below, nicks stand in the text */
#define MAX_SHOWN (16 * 1024) /* bytes of a body: some five pages */

static char *
own_name(const NjChat *chat)
{
    const NjAccount *account = chat->account;
    if (chat->room && chat->room->nick)
        return nj_text_line(chat->room->nick, -1, 0);
    if (account->settings && account->settings->nick)
        return nj_text_line(account->settings->nick, -1, 0);
    g_autofree char *local = account->bare ? nj_jid_local(account->bare) : NULL;
    return nj_text_line(local ? local : _("me"), -1, 0);
}

static char *
name_of(const NjChat *chat, const NjMessage *message)
{
    if (chat->kind == NJ_CHAT_ROOM)
        return nj_text_line(message->sender ? message->sender : chat->address, -1, 0);
    if (message->out)
        return own_name(chat);
    return nj_text_line(nj_chat_label(chat), -1, 0);
}

void
nj_line_forget_composed(NjLine *line)
{
    g_clear_pointer(&line->rows, g_free);
    g_clear_pointer(&line->spans, g_free);
    g_clear_pointer(&line->nick, g_free);
    g_clear_pointer(&line->clock, g_free);
    if (line->message)
        g_clear_pointer(&line->text, g_free);

    line->row_count = 0;
    line->span_count = 0;
    line->day = 0;
    line->composed = false;
}

void
nj_lines_forget_composed(NjLines *lines)
{
    for (guint i = 0; i < lines->list->len; i++)
        nj_line_forget_composed(nj_lines_at(lines, i));
}

static void
widen(NjLines *lines, const char *nick)
{
    lines->widest_nick = MAX(lines->widest_nick, nj_text_width(nick, -1));
}

static char *
format_time(const NjLines *lines, gint64 time, const char *format)
{
    g_autoptr(GDateTime) universal = g_date_time_new_from_unix_utc(time / 1000);
    g_autoptr(GDateTime) local = universal ? g_date_time_to_timezone(universal, lines->zone) : NULL;
    char *text = local ? g_date_time_format(local, format) : NULL;
    return text ? text : g_strdup("");
}

/* Asking where we are costs two calls of the system: once a picture, and not once a line.  Who has
 * travelled gets all times anew. */
static void
follow_zone(NjLines *lines)
{
    GTimeZone *zone = g_time_zone_new_local();
    bool moved =
        lines->zone
        && strcmp(g_time_zone_get_identifier(zone), g_time_zone_get_identifier(lines->zone)) != 0;
    g_clear_pointer(&lines->zone, g_time_zone_unref);
    lines->zone = zone;
    if (moved)
        nj_lines_forget_composed(lines);
}

static void
follow_options(NjLines *lines)
{
    const NjOptions *options = lines->client->options;
    const char *format = nj_options_text(options, "time-format");

    lines->day_lines = nj_options_bool(options, "day-lines");
    lines->nick_colors = nj_options_bool(options, "nick-colors");
    if (g_strcmp0(format, lines->time_format) == 0)
        return;

    g_free(lines->time_format);
    lines->time_format = g_strdup(format);

    g_autofree char *sample = format_time(lines, nj_clock_wall_ms(), format);
    lines->clock_cells = nj_text_width(sample, -1);
    nj_lines_forget_composed(lines);
}

/* Who is renamed is renamed in what they said. */
static void
follow_name(NjLines *lines)
{
    const char *label =
        lines->chat && lines->chat->kind != NJ_CHAT_ROOM ? nj_chat_label(lines->chat) : NULL;
    if (g_strcmp0(label, lines->label) == 0)
        return;
    g_free(lines->label);
    lines->label = g_strdup(label);
    lines->widest_nick = 0;
    nj_lines_forget_composed(lines);
}

/* Columns for this width. */
static void
shape_for(NjLines *lines, int cols)
{
    if (lines->widest_nick == 0) {
        lines->widest_nick = 1;
        if (lines->chat && lines->chat->kind != NJ_CHAT_ROOM) {
            g_autofree char *own = own_name(lines->chat);
            widen(lines, own);
            widen(lines, nj_chat_label(lines->chat));
        }
    }

    NjShape shape = { .cols = cols };
    if (cols >= INLINE_UNDER) {
        shape.clock =
            lines->clock_cells > 0 && lines->clock_cells <= cols / 4 ? lines->clock_cells + 1 : 0;
        shape.nick = MIN(lines->widest_nick, cols >= 100 ? 16 : cols >= 48 ? 12 : 8);
        shape.text = shape.clock + shape.nick + GAP_CELLS;
    } else {
        shape.text = cols > 8 ? 2 : 0;
    }

    lines->shape = shape;
}

/* Where the text of a line begins. */
static int
text_column(const NjLines *lines, const NjLine *line)
{
    const NjShape *shape = &lines->shape;
    return line->message || shape->nick == 0 ? shape->text : shape->clock + 1 + GAP_CELLS;
}

/* What an answer that comes wrapped may take, as the lines were last drawn. */
int
nj_lines_answer_cells(const NjLines *lines)
{
    const NjShape *shape = &lines->shape;
    return shape->nick == 0 ? shape->cols - shape->text - (shape->text > 0)
                            : shape->cols - shape->clock - 1 - GAP_CELLS - 1;
}

/* Addresses of the web, for the eye and for terminals that open them. */
static gsize
link_length(const char *text)
{
    static const char *const starts[] = { "https://", "http://", "xmpp:" };
    for (guint i = 0; i < G_N_ELEMENTS(starts); i++) {
        gsize start = strlen(starts[i]);
        if (strncmp(text, starts[i], start) != 0)
            continue;
        gsize length = start + strcspn(text + start, " \t\n<>\"");
        while (length > start && strchr(".,;:!?)]}'", text[length - 1]))
            length--;
        return length > start ? length : 0;
    }

    return 0;
}

static void
find_links(const char *text, guint from, guint to, GArray *spans)
{
    for (guint i = from; i < to; i++) {
        if ((text[i] != 'h' && text[i] != 'x') || (i > from && g_ascii_isalnum(text[i - 1])))
            continue;
        gsize length = link_length(text + i);
        if (length == 0)
            continue;
        NjSpan span = { i, MIN(i + (guint) length, to), NJ_ROLE_LINK };
        g_array_append_val(spans, span);
        i = span.end - 1;
    }
}

/* How much of a body is shown: all of it, or its beginning up to the end of a character. */
static gsize
shown_length(const char *body)
{
    gsize length = strnlen(body, MAX_SHOWN + 1);
    if (length <= MAX_SHOWN)
        return length;
    return g_utf8_find_prev_char(body, body + MAX_SHOWN + 1) - body;
}

/* Behind the beginning of a long body: what is missing. */
static char *
tell_rest(const char *body, gsize shown)
{
    g_autofree char *size = g_format_size(strlen(body));
    g_autofree char *seen = g_format_size(shown);
    return g_strdup_printf(
        _("This message is very long (%s): the first %s are shown, all of it is kept."), size,
        seen);
}

/* A row of its own below the text, which is the line's own already. */
static void
add_remark(NjLine *line, const char *remark, NjRole role, GArray *spans)
{
    NjSpan span = { (guint) strlen(line->text) + 1, 0, role };
    char *whole = g_strconcat(line->text, "\n", remark, NULL);
    span.end = (guint) strlen(whole);
    g_array_append_val(spans, span);
    g_free(line->text);
    line->shown = line->text = whole;
}

/* Subject, body and what went wrong become one text; most messages are their body and cost no
 * copy. */
static void
compose_message(NjLines *lines, NjLine *line)
{
    const NjMessage *message = line->message;
    const char *body = message->body ? message->body : "";
    gsize length = shown_length(body);
    g_autofree char *rest = body[length] ? tell_rest(body, length) : NULL;
    const char *error = NULL;

    if (message->state == NJ_STATE_FAILED)
        error = message->error ? message->error : _("This message was not sent.");
    else if (message->state == NJ_STATE_UNSURE)
        error =
            message->error
                ? message->error
                : _("Nobody can say whether the server has this message; /retry sends it again.");

    const char *subject = message->type == NJ_MESSAGE_GROUPCHAT ? NULL : message->subject;
    const char *unreadable =
        !message->body && message->encryption
            ? _("This message is encrypted in a way that can not be read here.")
            : NULL;
    line->nick = name_of(lines->chat, message);
    line->action = g_str_has_prefix(body, "/me ");
    line->shown = body;

    GArray *spans = g_array_new(FALSE, FALSE, sizeof(NjSpan));
    guint from = 0, to = (guint) length;
    if (line->action || error || subject || unreadable || rest) {
        GString *text = g_string_new(NULL);
        if (subject) {
            g_string_append(text, subject);
            NjSpan span = { 0, (guint) text->len, NJ_ROLE_TITLE };
            g_array_append_val(spans, span);
            if (*body)
                g_string_append_c(text, '\n');
        }
        from = (guint) text->len;
        if (line->action)
            g_string_append(text, line->nick);
        gsize skip = line->action ? 3 : 0;
        if (unreadable)
            g_string_append(text, unreadable);
        else
            g_string_append_len(text, body + skip, (gssize) (length - skip));
        to = (guint) text->len;
        line->text = g_string_free(text, FALSE);
        line->shown = line->text;
    }

    find_links(line->shown, from, to, spans);
    if (rest)
        add_remark(line, rest, NJ_ROLE_DIM, spans);
    if (error)
        add_remark(line, error, message->state == NJ_STATE_FAILED ? NJ_ROLE_ERROR : NJ_ROLE_WARNING,
                   spans);

    line->span_count = spans->len;
    line->spans = (NjSpan *) (void *) g_array_free(spans, spans->len == 0);
    widen(lines, line->nick);
}

static void
compose(NjLines *lines, NjLine *line)
{
    line->composed = true;
    line->clock = format_time(lines, line->time, lines->time_format);
    if (line->message) {
        compose_message(lines, line);
        return;
    }

    line->shown = line->text;
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(NjSpan));
    find_links(line->shown, 0, (guint) strlen(line->shown), spans);
    line->span_count = spans->len;
    line->spans = (NjSpan *) (void *) g_array_free(spans, spans->len == 0);
}

static void
tell_day(const NjLines *lines, NjLine *line)
{
    if (line->day)
        return;
    gint64 seconds = line->time / 1000;
    int interval = g_time_zone_find_interval(lines->zone, G_TIME_TYPE_UNIVERSAL, seconds);
    line->day = (int) ((seconds + g_time_zone_get_offset(lines->zone, interval)) / 86400) + 1;
}

static const char *
sign_of(const NjLine *line)
{
    if (line->message)
        return "*";
    static const char *const signs[] = { "·", "✓", "!", "✗" };
    return signs[line->kind];
}

/* That the server has it is what one expects. */
const NjMark nj_marks[NJ_STATE_COUNT] = {
    [NJ_STATE_QUEUED] = { "…", NJ_ROLE_MARK,
                          N_("It waits here until the account is online and the disk works.") },
    [NJ_STATE_SENT] = { "·", NJ_ROLE_MARK,
                        N_("It is on its way; the server has not said yet that it is there.") },
    [NJ_STATE_ACKNOWLEDGED] = { NULL, NJ_ROLE_MARK, N_("No sign: the server has it.") },
    [NJ_STATE_DELIVERED] = { "✓", NJ_ROLE_MARK, N_("The other side has it.") },
    [NJ_STATE_UNSURE] = { "?", NJ_ROLE_WARNING,
                          N_("Nobody can say whether the server has it; /retry sends it again.") },
    [NJ_STATE_FAILED] = { "✗", NJ_ROLE_ERROR,
                          N_("It did not arrive; the reason stands below it.") },
};

/* NULL: none.  That a room shows our line to all is no more than one expects, either. */
static const NjMark *
mark_of(const NjLines *lines, const NjLine *line)
{
    const NjMessage *message = line->message;
    if (!message || !message->out || message->state >= NJ_STATE_COUNT
        || (message->state == NJ_STATE_DELIVERED && lines->chat->kind == NJ_CHAT_ROOM))
        return NULL;
    const NjMark *mark = &nj_marks[message->state];
    return mark->sign ? mark : NULL;
}

/* What stands in the text's first row before it when there is no column for it. */
static char *
inline_lead(const NjLines *lines, const NjLine *line)
{
    if (lines->shape.nick > 0)
        return NULL;
    const NjMark *mark = mark_of(lines, line);
    if (!line->message || line->action)
        return g_strconcat(sign_of(line), mark ? mark->sign : "", " ", NULL);
    g_autofree char *nick = nj_text_ellipsize(line->nick, MAX(lines->shape.cols / 2, 1));
    return g_strconcat(nick, mark ? mark->sign : "", ": ", NULL);
}

static void
wrap(NjLines *lines, NjLine *line)
{
    if (!line->composed)
        compose(lines, line);

    const NjShape *shape = &lines->shape;
    int cells = MAX(shape->cols - text_column(lines, line) - (shape->text > 0), 1), first = cells;
    if (shape->nick == 0) {
        g_autofree char *lead = inline_lead(lines, line);
        first = MAX(shape->cols - nj_text_width(lead, -1) - (shape->text > 0), 1);
    }

    if (line->rows && line->first_cells == first && line->cells == cells)
        return;

    g_array_set_size(lines->row_buffer, 0);
    nj_text_wrap(line->shown, first, cells, lines->row_buffer);
    if (lines->row_buffer->len == 0)
        g_array_append_val(lines->row_buffer, ((NjTextRow){ 0, 0, 0 }));

    g_free(line->rows);
    line->row_count = lines->row_buffer->len;
    line->rows = g_memdup2(lines->row_buffer->data, line->row_count * sizeof(NjTextRow));
    line->first_cells = first;
    line->cells = cells;
}

typedef struct {
    bool begin, day, unread;
} Head;

static bool
is_from_others(const NjLine *line)
{
    return line->message && !line->message->out;
}

static bool
is_marked(const NjLines *lines, const NjLine *line)
{
    return line->time > lines->mark_time
           || (line->time == lines->mark_time && line->id > lines->mark_id);
}

static bool
is_first_unread(const NjLines *lines, guint index)
{
    const NjLine *line = nj_lines_at(lines, index);
    if (!lines->has_mark || !is_from_others(line) || !is_marked(lines, line))
        return false;

    /* Our own lines and the program's do not count as new, but may stand between. */
    while (index-- > 0) {
        const NjLine *before = nj_lines_at(lines, index);
        if (!is_marked(lines, before))
            return true;
        if (is_from_others(before))
            return false;
    }

    return !lines->more_before;
}

static Head
head_of(NjLines *lines, guint index)
{
    NjLine *line = nj_lines_at(lines, index);
    tell_day(lines, line);

    Head head = { .unread = is_first_unread(lines, index) };
    if (index == 0) {
        head.begin = lines->loaded && !lines->more_before;
        head.day = lines->chat && lines->day_lines;
        return head;
    }

    NjLine *before = nj_lines_at(lines, index - 1);
    tell_day(lines, before);
    head.day = lines->day_lines && before->day != line->day;
    return head;
}

int
nj_lines_height(NjLines *lines, guint index)
{
    NjLine *line = nj_lines_at(lines, index);
    wrap(lines, line);
    Head head = head_of(lines, index);
    return head.begin + head.day + head.unread + (int) line->row_count;
}

/* "── text ──" in the middle; wide: the line goes from edge to edge. */
static void
draw_rule(NjArea area, int y, NjStyle style, const char *text, bool wide)
{
    if (y < 0 || y >= area.rows)
        return;

    /* rather the arms than the words */
    g_autofree char *cut = nj_text_ellipsize(text, MAX(area.cols - 2, 1));
    int width = nj_text_width(cut, -1), x = MAX((area.cols - width) / 2, 0);
    int arm = wide ? x - 1 : 2;
    if (x >= arm + 1 && arm > 0) {
        nj_area_fill(area, y, x - 1 - arm, arm, style, "─");
        nj_area_fill(area, y, x + width + 1, wide ? area.cols - x - width - 1 : arm, style, "─");
    }

    nj_area_put(area, y, x, style, cut, -1);
}

static int
draw_head(NjLines *lines, guint index, NjArea area, int y, const NjTheme *theme)
{
    Head head = head_of(lines, index);
    if (head.begin)
        draw_rule(area, y++, nj_theme_style(theme, NJ_ROLE_DIM), _("Nothing older is stored."),
                  false);

    if (head.day) {
        g_autofree char *day =
            format_time(lines, nj_lines_at(lines, index)->time, _("%A, %-d %B %Y"));
        draw_rule(area, y++, nj_theme_style(theme, NJ_ROLE_DAY), day, false);
    }

    if (head.unread)
        draw_rule(area, y++, nj_theme_style(theme, NJ_ROLE_UNREAD), _("new"), true);
    return y;
}

static NjStyle
text_style(const NjLine *line, const NjTheme *theme)
{
    static const NjRole notices[] = { NJ_ROLE_NOTICE, NJ_ROLE_SUCCESS, NJ_ROLE_WARNING,
                                      NJ_ROLE_ERROR };
    NjRole role = NJ_ROLE_TEXT;

    if (!line->message)
        role = notices[line->kind];
    else if (line->message->mention)
        role = NJ_ROLE_MENTION;
    else if (line->message->encryption)
        role = line->message->body ? NJ_ROLE_ENCRYPTED : NJ_ROLE_DIM;
    else if (line->action)
        role = NJ_ROLE_ACTION;

    return nj_theme_style(theme, role);
}

static NjStyle
nick_style(const NjLines *lines, const NjLine *line, const NjTheme *theme)
{
    if (!line->message)
        return text_style(line, theme);
    if (line->message->out)
        return nj_theme_style(theme, NJ_ROLE_OWN);
    if (!lines->nick_colors)
        return nj_theme_style(theme, NJ_ROLE_NICK);

    const NjChat *chat = lines->chat;
    const char *name =
        chat->kind == NJ_CHAT_ROOM && line->message->sender ? line->message->sender : chat->address;
    return nj_theme_name_style(theme, name);
}

static void
draw_text_row(const NjLine *line, const NjTextRow *row, NjArea area, int y, int x, NjStyle base,
              const NjTheme *theme)
{
    guint at = row->start, end = row->start + row->length;
    for (guint i = 0; i < line->span_count && at < end; i++) {
        const NjSpan *span = &line->spans[i];
        if (span->end <= at)
            continue;
        if (span->start >= end)
            break;
        if (span->start > at) {
            x = nj_area_put(area, y, x, base, line->shown + at, span->start - at);
            at = span->start;
        }
        guint16 link = 0;
        if (span->role == NJ_ROLE_LINK) {
            g_autofree char *uri = g_strndup(line->shown + span->start, span->end - span->start);
            link = nj_surface_link(area.surface, uri);
        }
        guint stop = MIN(span->end, end);
        x = nj_area_put_link(area, y, x, nj_theme_style(theme, span->role), line->shown + at,
                             stop - at, link);
        at = stop;
    }

    if (at < end)
        nj_area_put(area, y, x, base, line->shown + at, end - at);
}

/* Lines that the program says in one go need its time once. */
static bool
needs_clock(const NjLine *line, const NjLine *above)
{
    return !above || line->message || above->message || strcmp(line->clock, above->clock) != 0;
}

/* The columns left of the text; returns where the first row of the text begins. above: the line
 * that is seen there, or NULL. */
static int
draw_lead(const NjLines *lines, const NjLine *line, const NjLine *above, NjArea area, int y,
          const NjTheme *theme)
{
    const NjShape *shape = &lines->shape;
    bool found =
        lines->found_id != 0 && line->id == lines->found_id && line->time == lines->found_time;
    NjStyle style =
        found ? nj_theme_style(theme, NJ_ROLE_SELECTED) : nick_style(lines, line, theme);

    if (found && shape->nick > 0)
        nj_area_fill(area, y, 0, shape->text - 1, style, " ");
    if (shape->nick == 0) {
        g_autofree char *lead = inline_lead(lines, line);
        return nj_area_put(area, y, 0, style, lead, -1);
    }

    if (shape->clock && needs_clock(line, above))
        nj_area_put(nj_area_part(area, y, 0, 1, shape->clock), 0, 0,
                    found ? style : nj_theme_style(theme, NJ_ROLE_TIME), line->clock, -1);

    g_autofree char *nick =
        nj_text_ellipsize(line->message && !line->action ? line->nick : sign_of(line), shape->nick);
    int text = text_column(lines, line);
    nj_area_put(area, y, text - GAP_CELLS - nj_text_width(nick, -1), style, nick, -1);

    const NjMark *mark = mark_of(lines, line);
    if (mark)
        nj_area_put(area, y, shape->text - GAP_CELLS,
                    found ? style : nj_theme_style(theme, mark->role), mark->sign, -1);

    return text;
}

static void
draw_line(NjLines *lines, guint index, const NjLine *above, NjArea area, int y,
          const NjTheme *theme)
{
    const NjLine *line = nj_lines_at(lines, index);
    NjStyle base = text_style(line, theme);

    y = draw_head(lines, index, area, y, theme);
    for (guint i = 0; i < line->row_count; i++, y++) {
        if (y < 0 || y >= area.rows)
            continue;
        int x = i == 0 ? draw_lead(lines, line, above, area, y, theme) : text_column(lines, line);
        draw_text_row(line, &line->rows[i], area, y, x, base, theme);
    }
}

void
nj_lines_draw(NjLines *lines, NjArea area, const NjTheme *theme)
{
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));
    if (area.rows <= 0 || area.cols <= 0)
        return;

    lines->view_rows = area.rows;
    lines->used_rows = 0;
    follow_zone(lines);
    follow_options(lines);
    follow_name(lines);
    shape_for(lines, area.cols);
    if (lines->seeking)
        nj_lines_seek(lines);
    if (!lines->loaded)
        nj_lines_fetch_before(lines);
    if (lines->list->len == 0)
        return;

    nj_lines_settle_view(lines);

    int y = 0, widest;
    guint top;

    /* a wider nick came into view: its column grows, once */
    do {
        shape_for(lines, area.cols);
        widest = lines->widest_nick;
        top = nj_lines_find_top(lines, &y);
    } while (widest != lines->widest_nick);

    for (guint i = top; i < lines->list->len && y < area.rows; i++) {
        int height = nj_lines_height(lines, i);
        draw_line(lines, i, i > top ? nj_lines_at(lines, i - 1) : NULL, area, y, theme);
        y += height;
        if (i + 1 == lines->list->len && y <= area.rows && !lines->more_after)
            nj_lines_follow(lines); /* the pane has grown: the end is visible */
    }

    lines->used_rows = MIN(y, area.rows);
}
