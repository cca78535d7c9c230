/* Turns a line into text and rows: composes the text that is shown, finds its links, and wraps it.
 *
 * Composing happens when a line is first measured or drawn. The result depends on settings (time
 * zone, name of the contact, time-format) and is freed when they change, or when the message
 * changes or the line is freed; not when the line leaves the view. It also contains our own nick: a
 * new nick shows only in lines that are composed later. A notice that is set aside keeps what was
 * composed, even if a setting changes meanwhile. Wrapping depends on the width, too: the rows are
 * kept until the line is measured at another width. The rules above a line (the beginning of the
 * history, a new day, "new") depend on the lines before it. They are computed each time, so that
 * inserting and dropping lines invalidates nothing. */
#include "ui/lines-private.h"

#include "base/clock.h"
#include "model/jid.h"
#include "model/room.h"

#include <string.h>

#define MIN_NICK_COLUMN 30         /* columns of the pane; with fewer, nicks are part of the text */
#define MAX_SHOWN_BODY (16 * 1024) /* bytes, about five printed pages */

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

static void
forget_all_composed(NjLines *lines)
{
    for (guint i = 0; i < lines->list->len; i++)
        nj_line_forget_composed(nj_lines_at(lines, i));
}

/* --- Names and times --- */

static char *
make_own_name(const NjChat *chat)
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
make_sender_name(const NjChat *chat, const NjMessage *message)
{
    if (chat->kind == NJ_CHAT_ROOM)
        return nj_text_line(message->sender ? message->sender : chat->address, -1, 0);
    if (message->out)
        return make_own_name(chat);
    return nj_text_line(nj_chat_label(chat), -1, 0);
}

static void
widen_nick_column(NjLines *lines, const char *nick)
{
    lines->widest_nick = MAX(lines->widest_nick, nj_text_width(nick, -1));
}

char *
nj_lines_format_time(const NjLines *lines, gint64 time, const char *format)
{
    g_autoptr(GDateTime) universal = g_date_time_new_from_unix_utc(time / 1000);
    g_autoptr(GDateTime) local = universal ? g_date_time_to_timezone(universal, lines->zone) : NULL;
    char *text = local ? g_date_time_format(local, format) : NULL;
    return text ? text : g_strdup("");
}

static void
compute_day(const NjLines *lines, NjLine *line)
{
    if (line->day)
        return;
    gint64 seconds = line->time / 1000;
    int interval = g_time_zone_find_interval(lines->zone, G_TIME_TYPE_UNIVERSAL, seconds);
    line->day = (int) ((seconds + g_time_zone_get_offset(lines->zone, interval)) / 86400) + 1;
}

/* --- Settings, read once a frame --- */

/* Called once a frame and not once a line, because reading the time zone costs two system calls. */
static void
read_zone(NjLines *lines)
{
    GTimeZone *zone = g_time_zone_new_local();
    bool changed =
        lines->zone
        && strcmp(g_time_zone_get_identifier(zone), g_time_zone_get_identifier(lines->zone)) != 0;
    g_clear_pointer(&lines->zone, g_time_zone_unref);
    lines->zone = zone;
    if (changed)
        forget_all_composed(lines);
}

static void
read_options(NjLines *lines)
{
    const NjOptions *options = lines->client->options;
    const char *format = nj_options_text(options, "time-format");

    lines->day_lines = nj_options_bool(options, "day-lines");
    lines->nick_colors = nj_options_bool(options, "nick-colors");
    if (g_strcmp0(format, lines->time_format) == 0)
        return;

    g_free(lines->time_format);
    lines->time_format = g_strdup(format);

    g_autofree char *sample = nj_lines_format_time(lines, nj_clock_wall_ms(), format);
    lines->clock_cells = nj_text_width(sample, -1);
    forget_all_composed(lines);
}

/* Reads the contact's name. Old messages are composed again with a new name, too. */
static void
read_contact_name(NjLines *lines)
{
    const char *label =
        lines->chat && lines->chat->kind != NJ_CHAT_ROOM ? nj_chat_label(lines->chat) : NULL;
    if (g_strcmp0(label, lines->label) == 0)
        return;
    g_free(lines->label);
    lines->label = g_strdup(label);
    lines->widest_nick = 0;
    forget_all_composed(lines);
}

void
nj_lines_read_settings(NjLines *lines)
{
    read_zone(lines);
    read_options(lines);
    read_contact_name(lines);
}

/* --- Columns --- */

static int
max_nick_cells(int cols)
{
    if (cols >= 100)
        return 16;
    return cols >= 48 ? 12 : 8;
}

void
nj_lines_set_shape(NjLines *lines, int cols)
{
    /* In a chat with one person both names are known before any line is composed. With their widths
     * the column need not grow while messages are drawn. */
    if (lines->widest_nick == 0) {
        lines->widest_nick = 1;
        if (lines->chat && lines->chat->kind != NJ_CHAT_ROOM) {
            g_autofree char *own = make_own_name(lines->chat);
            widen_nick_column(lines, own);
            widen_nick_column(lines, nj_chat_label(lines->chat));
        }
    }

    NjShape shape = { .cols = cols };
    if (cols >= MIN_NICK_COLUMN) {
        bool has_clock = lines->clock_cells > 0 && lines->clock_cells <= cols / 4;
        shape.clock = has_clock ? lines->clock_cells + 1 : 0;
        shape.nick = MIN(lines->widest_nick, max_nick_cells(cols));
        shape.text = shape.clock + shape.nick + NJ_LINES_GAP;
    } else {
        shape.text = cols > 8 ? 2 : 0;
    }

    lines->shape = shape;
}

/* The text of a notice begins farther left, because it has a sign of one cell and no nick. */
int
nj_lines_text_column(const NjLines *lines, const NjLine *line)
{
    const NjShape *shape = &lines->shape;
    return line->message || shape->nick == 0 ? shape->text : shape->clock + 1 + NJ_LINES_GAP;
}

int
nj_lines_answer_cells(const NjLines *lines)
{
    const NjShape *shape = &lines->shape;
    if (shape->nick == 0)
        return shape->cols - shape->text - (shape->text > 0);
    return shape->cols - shape->clock - 1 - NJ_LINES_GAP - 1;
}

/* --- The text and its spans --- */

/* Returns the length in bytes of the link at the beginning of `text`, without punctuation at its
 * end; 0 if the text does not begin with a link. */
static gsize
measure_link(const char *text)
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
add_span(GArray *spans, gsize start, gsize end, NjRole role)
{
    NjSpan span = { .start = (guint) start, .end = (guint) end, .role = role };
    g_array_append_val(spans, span);
}

static void
find_links(const char *text, guint from, guint to, GArray *spans)
{
    for (guint i = from; i < to; i++) {
        bool may_begin = text[i] == 'h' || text[i] == 'x';
        bool is_inside_word = i > from && g_ascii_isalnum(text[i - 1]);
        gsize length = may_begin && !is_inside_word ? measure_link(text + i) : 0;
        if (length == 0)
            continue;

        guint end = MIN(i + (guint) length, to);
        add_span(spans, i, end, NJ_ROLE_LINK);
        i = end - 1;
    }
}

/* Returns how many bytes of a body are shown: all, or at most MAX_SHOWN_BODY so that no character
 * is cut. */
static gsize
measure_shown_body(const char *body)
{
    gsize length = strnlen(body, MAX_SHOWN_BODY + 1);
    if (length <= MAX_SHOWN_BODY)
        return length;
    return (gsize) (g_utf8_find_prev_char(body, body + MAX_SHOWN_BODY + 1) - body);
}

static char *
describe_long_body(const char *body, gsize shown)
{
    g_autofree char *size = g_format_size(strlen(body));
    g_autofree char *shown_size = g_format_size(shown);
    return g_strdup_printf(
        _("This message is very long (%s): the first %s are shown, all of it is stored."), size,
        shown_size);
}

static const char *
describe_failure(const NjMessage *message)
{
    if (message->state == NJ_STATE_FAILED)
        return message->error ? message->error : _("This message was not sent.");
    if (message->state != NJ_STATE_UNSURE)
        return NULL;
    return message->error
               ? message->error
               : _("The server may not have received this message; /retry sends it again.");
}

/* Appends a remark to line->text, which must be set, on a new row and with a span of its own. A
 * remark is a sentence of the program about the message, such as why it was not sent. */
static void
append_remark(NjLine *line, const char *remark, NjRole role, GArray *spans)
{
    gsize start = strlen(line->text) + 1;
    char *whole = g_strconcat(line->text, "\n", remark, NULL);
    add_span(spans, start, strlen(whole), role);
    g_free(line->text);
    line->shown = line->text = whole;
}

static void
take_spans(NjLine *line, GArray *spans)
{
    line->span_count = spans->len;
    line->spans = (NjSpan *) (void *) g_array_free(spans, spans->len == 0);
}

/* Joins subject, body and remarks to one text. Most messages have only a body, which is wrapped and
 * drawn without a copy. No links are looked for in the subject and in remarks. The spans are added
 * in their order. */
static void
compose_message(NjLines *lines, NjLine *line)
{
    const NjMessage *message = line->message;
    const char *body = message->body ? message->body : "";
    const char *subject = message->type == NJ_MESSAGE_GROUPCHAT ? NULL : message->subject;
    const char *failure = describe_failure(message), *unreadable = NULL;
    gsize length = measure_shown_body(body);
    g_autofree char *rest = body[length] ? describe_long_body(body, length) : NULL;

    if (!message->body && message->encryption)
        unreadable = _("This message is encrypted in a way that Natterjack cannot read.");

    line->nick = make_sender_name(lines->chat, message);
    line->action = g_str_has_prefix(body, "/me ");
    line->shown = body;

    GArray *spans = g_array_new(FALSE, FALSE, sizeof(NjSpan));
    gsize from = 0, to = length;
    bool has_remark = failure || unreadable || rest;
    if (line->action || subject || has_remark) {
        GString *text = g_string_new(NULL);
        if (subject) {
            g_string_append(text, subject);
            add_span(spans, 0, text->len, NJ_ROLE_TITLE);
            if (*body)
                g_string_append_c(text, '\n');
        }

        from = text->len;
        if (line->action)
            g_string_append(text, line->nick);
        gsize skip = line->action ? strlen("/me") : 0;
        if (unreadable)
            g_string_append(text, unreadable);
        else
            g_string_append_len(text, body + skip, (gssize) (length - skip));

        to = text->len;
        line->text = g_string_free(text, FALSE);
        line->shown = line->text;
    }

    find_links(line->shown, (guint) from, (guint) to, spans);
    if (rest)
        append_remark(line, rest, NJ_ROLE_DIM, spans);
    if (failure) {
        bool failed = message->state == NJ_STATE_FAILED;
        append_remark(line, failure, failed ? NJ_ROLE_ERROR : NJ_ROLE_WARNING, spans);
    }

    take_spans(line, spans);
    widen_nick_column(lines, line->nick);
}

static void
compose_line(NjLines *lines, NjLine *line)
{
    line->composed = true;
    line->clock = nj_lines_format_time(lines, line->time, lines->time_format);
    if (line->message) {
        compose_message(lines, line);
        return;
    }

    line->shown = line->text;
    GArray *spans = g_array_new(FALSE, FALSE, sizeof(NjSpan));
    find_links(line->shown, 0, (guint) strlen(line->shown), spans);
    take_spans(line, spans);
}

/* --- The signs before the text --- */

const char *
nj_line_sign(const NjLine *line)
{
    if (line->message)
        return "*";
    static const char *const signs[] = { "·", "✓", "!", "✗" }; /* by NjNoticeKind */
    return signs[line->kind];
}

const NjMark nj_marks[NJ_STATE_COUNT] = {
    [NJ_STATE_QUEUED] = { "…", NJ_ROLE_MARK,
                          N_("Queued until the account is online and the disk works.") },
    [NJ_STATE_SENT] = { "·", NJ_ROLE_MARK, N_("Sent; the server has not acknowledged it yet.") },
    [NJ_STATE_ACKNOWLEDGED] = { NULL, NJ_ROLE_MARK, N_("No sign: the server has received it.") },
    [NJ_STATE_DELIVERED] = { "✓", NJ_ROLE_MARK, N_("The contact's client has received it.") },
    [NJ_STATE_UNSURE] = { "?", NJ_ROLE_WARNING,
                          N_("The server may not have received this; /retry sends it again.") },
    [NJ_STATE_FAILED] = { "✗", NJ_ROLE_ERROR, N_("Not delivered; the reason is below.") },
};

/* "Acknowledged" has no mark, because it is the usual state; nor has "delivered" in a room. */
const NjMark *
nj_lines_mark_of(const NjLines *lines, const NjLine *line)
{
    const NjMessage *message = line->message;
    if (!message || !message->out || message->state >= NJ_STATE_COUNT)
        return NULL;
    if (message->state == NJ_STATE_DELIVERED && lines->chat->kind == NJ_CHAT_ROOM)
        return NULL;

    const NjMark *mark = &nj_marks[message->state];
    return mark->sign ? mark : NULL;
}

char *
nj_lines_make_lead(const NjLines *lines, const NjLine *line)
{
    if (lines->shape.nick > 0)
        return NULL;

    const NjMark *mark = nj_lines_mark_of(lines, line);
    if (!line->message || line->action)
        return g_strconcat(nj_line_sign(line), mark ? mark->sign : "", " ", NULL);
    g_autofree char *nick = nj_text_ellipsize(line->nick, MAX(lines->shape.cols / 2, 1));
    return g_strconcat(nick, mark ? mark->sign : "", ": ", NULL);
}

/* --- Rows --- */

/* Composes and wraps the line, unless it is wrapped for this width already. In panes of more than 8
 * columns the last one stays free, so that the text does not touch a border beside the pane. */
static void
wrap_line(NjLines *lines, NjLine *line)
{
    if (!line->composed)
        compose_line(lines, line);

    const NjShape *shape = &lines->shape;
    int margin = shape->text > 0;
    int cells = MAX(shape->cols - nj_lines_text_column(lines, line) - margin, 1), first = cells;
    if (shape->nick == 0) {
        g_autofree char *lead = nj_lines_make_lead(lines, line);
        first = MAX(shape->cols - nj_text_width(lead, -1) - margin, 1);
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

static bool
is_from_others(const NjLine *line)
{
    return line->message && !line->message->out;
}

static bool
is_after_mark(const NjLines *lines, const NjLine *line)
{
    return line->time > lines->mark_time
           || (line->time == lines->mark_time && line->id > lines->mark_id);
}

static bool
is_first_unread(const NjLines *lines, guint index)
{
    const NjLine *line = nj_lines_at(lines, index);
    if (!lines->has_unread_mark || !is_from_others(line) || !is_after_mark(lines, line))
        return false;

    /* Look for an earlier unread message. Our own messages and notices are never unread, but may
     * stand between the mark and this line. */
    while (index-- > 0) {
        const NjLine *before = nj_lines_at(lines, index);
        if (!is_after_mark(lines, before))
            return true;
        if (is_from_others(before))
            return false;
    }

    /* If more_before, the mark is before the list: an unread message that is not loaded may come
     * first. */
    return !lines->more_before;
}

NjLineRules
nj_lines_rules_above(NjLines *lines, guint index)
{
    NjLine *line = nj_lines_at(lines, index);
    compute_day(lines, line);

    NjLineRules rules = { .unread = is_first_unread(lines, index) };
    if (index == 0) {
        rules.beginning = lines->loaded && !lines->more_before;
        rules.day = lines->chat && lines->day_lines;
        return rules;
    }

    NjLine *before = nj_lines_at(lines, index - 1);
    compute_day(lines, before);
    rules.day = lines->day_lines && before->day != line->day;
    return rules;
}

int
nj_lines_height(NjLines *lines, guint index)
{
    NjLine *line = nj_lines_at(lines, index);
    wrap_line(lines, line);
    NjLineRules rules = nj_lines_rules_above(lines, index);
    return rules.beginning + rules.day + rules.unread + (int) line->row_count;
}
