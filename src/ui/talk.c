/* The functions that console, chat and room panes share. A message that arrives is added to the
 * lines and marks the pane as dirty; the next frame draws it. So a flood costs one insertion a
 * message. */
#include "ui/talk.h"

#include "base/text.h"
#include "model/chat.h"
#include "ui/screen-private.h"

void
nj_talk_init(NjTalk *talk, const NjPaneClass *class, NjScreen *screen, NjChat *chat)
{
    nj_pane_init(&talk->pane, class, screen, chat);
    talk->lines = nj_lines_new(nj_screen_client(screen), chat);

    /* Without a chat, `panes` has consoles, the roster and the search pane. Only a pane of the same
     * class is an NjTalk with the same notices. */
    const GPtrArray *panes = nj_screen_panes(screen, chat);
    for (guint i = 0; i < panes->len; i++) {
        NjPane *other = g_ptr_array_index(panes, i);
        if (other != &talk->pane && (chat ? !!other->class->add_notice : other->class == class)) {
            nj_lines_copy_notices(talk->lines, ((NjTalk *) other)->lines);
            break;
        }
    }
}

static NjLines *
get_lines(NjPane *pane)
{
    return ((NjTalk *) pane)->lines;
}

void
nj_talk_draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    (void) focused;
    nj_lines_draw(get_lines(pane), area, theme);
}

/* A page is two rows less than the view: two rows of the page before stay visible, so that the
 * reader finds the place. */
void
nj_talk_scroll(NjPane *pane, int rows, bool page)
{
    NjLines *lines = get_lines(pane);
    nj_lines_scroll(lines, page ? rows * MAX(nj_lines_view_rows(lines) - 2, 1) : rows);
    nj_pane_touch(pane);
}

void
nj_talk_scroll_to(NjPane *pane, bool end)
{
    nj_lines_scroll_to(get_lines(pane), end);
    nj_pane_touch(pane);
}

void
nj_talk_seek(NjPane *pane, gint64 time, gint64 id)
{
    nj_lines_show(get_lines(pane), time, id);
    nj_pane_touch(pane);
}

char *
nj_talk_hint(NjPane *pane)
{
    NjLines *lines = get_lines(pane);
    guint unseen = nj_lines_unseen(lines);
    if (nj_lines_at_end(lines))
        return NULL;
    if (unseen == 0)
        return g_strdup(_("▼ more"));
    return g_strdup_printf(ngettext("▼ %u new", "▼ %u new", unseen), unseen);
}

bool
nj_talk_at_end(NjPane *pane)
{
    return nj_lines_at_end(get_lines(pane));
}

/* Sets the mark of the rule "new", which stands above the messages that arrived while the user did
 * not look. A pane that is no longer shown gets the mark at the end, because it stays on the screen
 * if the terminal has lost the focus. When it is shown again, the mark is set to the first unread
 * message, or removed if there is none. */
void
nj_talk_shown(NjPane *pane, bool shown)
{
    NjLines *lines = get_lines(pane);
    const NjChat *chat = pane->chat;

    if (!chat)
        return;

    if (!shown)
        nj_lines_set_unread_mark_at_end(lines);
    else if (chat->unread > 0)
        nj_lines_set_unread_mark(lines, chat->read_time, chat->read_id);
    else
        nj_lines_clear_unread_mark(lines);

    nj_pane_touch(pane);
}

void
nj_talk_add(NjPane *pane, NjMessage *message)
{
    nj_lines_add(get_lines(pane), message);
    nj_pane_touch(pane);
}

void
nj_talk_change(NjPane *pane, NjMessage *message)
{
    if (nj_lines_change(get_lines(pane), message))
        nj_pane_touch(pane);
}

void
nj_talk_add_notice(NjPane *pane, NjNoticeKind kind, const char *text)
{
    nj_lines_add_notice(get_lines(pane), kind, text);
    nj_pane_touch(pane);
}

void
nj_talk_clear_notices(NjPane *pane)
{
    nj_lines_clear_notices(get_lines(pane));
    nj_pane_touch(pane);
}

int
nj_talk_answer_cells(NjPane *pane)
{
    return nj_lines_answer_cells(get_lines(pane));
}

void
nj_talk_reload(NjPane *pane)
{
    nj_lines_reload(get_lines(pane));
    nj_pane_touch(pane);
}

void
nj_talk_free(NjPane *pane)
{
    nj_lines_free(((NjTalk *) pane)->lines);
    g_free(pane);
}

void
nj_talk_draw_empty(NjArea area, const NjTheme *theme, const char *const *sentences)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    int cells = MIN(area.cols - 4, 64), height = 0;

    if (cells < 8)
        return;

    for (guint i = 0; sentences[i]; i++) {
        g_array_set_size(rows, 0);
        nj_text_wrap(sentences[i], cells, cells, rows);
        height += (int) rows->len + 1;
    }

    int y = MAX((area.rows - height) / 3, area.rows > height);
    for (guint i = 0; sentences[i]; i++, y++) {
        g_array_set_size(rows, 0);
        nj_text_wrap(sentences[i], cells, cells, rows);
        NjStyle style = nj_theme_style(theme, i == 0 ? NJ_ROLE_TITLE : NJ_ROLE_NOTICE);
        for (guint r = 0; r < rows->len; r++, y++) {
            const NjTextRow *row = &g_array_index(rows, NjTextRow, r);
            if (y < area.rows)
                nj_area_put(area, y, MAX((area.cols - cells) / 2, 2), style,
                            sentences[i] + row->start, row->length);
        }
    }
}
