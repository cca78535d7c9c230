/* Draws the visible lines.
 *
 *     12:01      toad  the text, with its next rows
 *                      under it
 *     12:02      toad✗ the state of a sent message is marked beside the nick; no mark: acknowledged
 *     12:02 ·  notices have no nick column
 *
 * A clock wider than a quarter of the pane is left out. In panes of fewer than MIN_NICK_COLUMN
 * columns there is neither clock nor nick column: the nick stands at the beginning of the text, and
 * further rows are indented by 2 (in panes of at most 8 columns: not at all). A /me message has "*"
 * in place of the nick. Above a line there may be rules: the beginning of the history, a new day,
 * "new". */
#include "ui/lines-private.h"

#include <string.h>

/* Draws "── text ──" in the middle of a row; wide: with dashes up to both edges. If there is no
 * room for the dashes, draws only the text. */
static void
draw_rule(NjArea area, int y, NjStyle style, const char *text, bool wide)
{
    if (y < 0 || y >= area.rows)
        return;

    g_autofree char *cut = nj_text_ellipsize(text, MAX(area.cols - 2, 1));
    int width = nj_text_width(cut, -1), x = MAX((area.cols - width) / 2, 0);
    int dashes = wide ? x - 1 : 2;
    if (x >= dashes + 1 && dashes > 0) {
        int behind = x + width + 1;
        nj_area_fill(area, y, x - 1 - dashes, dashes, style, "─");
        nj_area_fill(area, y, behind, wide ? area.cols - behind : dashes, style, "─");
    }

    nj_area_put(area, y, x, style, cut, -1);
}

/* Draws the rules above a line, from row y on. Returns the row below them. */
static int
draw_rules(NjLines *lines, guint index, NjArea area, int y, const NjTheme *theme)
{
    NjLineRules rules = nj_lines_rules_above(lines, index);
    if (rules.beginning)
        draw_rule(area, y++, nj_theme_style(theme, NJ_ROLE_DIM), _("No older messages are stored."),
                  false);

    if (rules.day) {
        gint64 time = nj_lines_at(lines, index)->time;
        g_autofree char *day = nj_lines_format_time(lines, time, _("%A, %-d %B %Y"));
        draw_rule(area, y++, nj_theme_style(theme, NJ_ROLE_DAY), day, false);
    }

    if (rules.unread)
        draw_rule(area, y++, nj_theme_style(theme, NJ_ROLE_UNREAD), _("new"), true);
    return y;
}

static NjStyle
get_text_style(const NjLine *line, const NjTheme *theme)
{
    static const NjRole notices[] = { NJ_ROLE_NOTICE, NJ_ROLE_SUCCESS, NJ_ROLE_WARNING,
                                      NJ_ROLE_ERROR }; /* by NjNoticeKind */
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
get_nick_style(const NjLines *lines, const NjLine *line, const NjTheme *theme)
{
    if (!line->message)
        return get_text_style(line, theme);
    if (line->message->out)
        return nj_theme_style(theme, NJ_ROLE_OWN);
    if (!lines->nick_colors)
        return nj_theme_style(theme, NJ_ROLE_NICK);

    const NjChat *chat = lines->chat;
    const char *name =
        chat->kind == NJ_CHAT_ROOM && line->message->sender ? line->message->sender : chat->address;
    return nj_theme_name_style(theme, name);
}

/* Draws one row of a line's text from column x on: its spans in their own styles, the rest in the
 * style `base`. A part of a link that was wrapped links to the whole URI. */
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

/* Returns false for a notice directly below another notice whose clock shows the same. */
static bool
needs_clock(const NjLine *line, const NjLine *above)
{
    if (!above || line->message || above->message)
        return true;
    return strcmp(line->clock, above->clock) != 0;
}

static bool
is_found(const NjLines *lines, const NjLine *line)
{
    return lines->found_id != 0 && line->id == lines->found_id && line->time == lines->found_time;
}

/* Draws the columns left of the text: clock, nick or sign, mark. Returns the column in which the
 * first row of the text begins. above: the visible line above this one, or NULL. */
static int
draw_lead(const NjLines *lines, const NjLine *line, const NjLine *above, NjArea area, int y,
          const NjTheme *theme)
{
    const NjShape *shape = &lines->shape;
    bool found = is_found(lines, line);
    NjStyle style =
        found ? nj_theme_style(theme, NJ_ROLE_SELECTED) : get_nick_style(lines, line, theme);

    if (shape->nick == 0) {
        g_autofree char *lead = nj_lines_make_lead(lines, line);
        return nj_area_put(area, y, 0, style, lead, -1);
    }

    if (found)
        nj_area_fill(area, y, 0, shape->text - 1, style, " ");
    if (shape->clock && needs_clock(line, above))
        nj_area_put(nj_area_part(area, y, 0, 1, shape->clock), 0, 0,
                    found ? style : nj_theme_style(theme, NJ_ROLE_TIME), line->clock, -1);

    bool has_nick = line->message && !line->action;
    g_autofree char *nick =
        nj_text_ellipsize(has_nick ? line->nick : nj_line_sign(line), shape->nick);
    int text = nj_lines_text_column(lines, line);
    nj_area_put(area, y, text - NJ_LINES_GAP - nj_text_width(nick, -1), style, nick, -1);

    const NjMark *mark = nj_lines_mark_of(lines, line);
    if (mark)
        nj_area_put(area, y, shape->text - NJ_LINES_GAP,
                    found ? style : nj_theme_style(theme, mark->role), mark->sign, -1);

    return text;
}

/* Draws a line with its rules from row y on, which may be above the area. */
static void
draw_line(NjLines *lines, guint index, const NjLine *above, NjArea area, int y,
          const NjTheme *theme)
{
    const NjLine *line = nj_lines_at(lines, index);
    NjStyle base = get_text_style(line, theme);

    y = draw_rules(lines, index, area, y, theme);
    for (guint i = 0; i < line->row_count; i++, y++) {
        if (y < 0 || y >= area.rows)
            continue;
        int x = i == 0 ? draw_lead(lines, line, above, area, y, theme)
                       : nj_lines_text_column(lines, line);
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
    nj_lines_read_settings(lines);
    nj_lines_set_shape(lines, area.cols);
    if (lines->seeking)
        nj_lines_seek(lines);
    if (!lines->loaded)
        nj_lines_fetch_before(lines);
    if (lines->list->len == 0)
        return;

    nj_lines_settle_view(lines);

    /* Composing the visible lines may find a nick that is wider than all before. The nick column
     * may grow then, up to its maximum, so the lines are counted again, and wrapped again if it has
     * grown. */
    int y = 0, widest_nick;
    guint top;
    do {
        nj_lines_set_shape(lines, area.cols);
        widest_nick = lines->widest_nick;
        top = nj_lines_find_top(lines, &y);
    } while (widest_nick != lines->widest_nick);

    for (guint i = top; i < lines->list->len && y < area.rows; i++) {
        int height = nj_lines_height(lines, i);
        draw_line(lines, i, i > top ? nj_lines_at(lines, i - 1) : NULL, area, y, theme);
        y += height;
        if (i + 1 == lines->list->len && y <= area.rows && !lines->more_after)
            nj_lines_follow(lines); /* the whole last line is visible, such as in a taller pane */
    }

    lines->used_rows = MIN(y, area.rows);
}
