/* The calls that console, chat and room share.  What arrives is appended and the pane is touched; a
 * frame draws it when its time has come, so a flood costs an append a message. */
#include "ui/talk.h"

#include "base/text.h"
#include "model/chat.h"
#include "ui/screen-private.h"

void
nj_talk_init(NjTalk *talk, const NjPaneClass *class, NjScreen *screen, NjChat *chat)
{
    nj_pane_init(&talk->pane, class, screen, chat);
    talk->lines = nj_lines_new(nj_screen_client(screen), chat);

    /* The first of those that show the same has what was said so far; a list belongs to no chat,
     * either. */
    const GPtrArray *panes = nj_screen_panes(screen, chat);
    for (guint i = 0; i < panes->len; i++) {
        NjPane *other = g_ptr_array_index(panes, i);
        if (other != &talk->pane && (chat ? other->class->say != NULL : other->class == class)) {
            nj_lines_copy_notices(talk->lines, ((NjTalk *) other)->lines);
            break;
        }
    }
}

void
nj_talk_clear(NjTalk *talk)
{
    g_clear_pointer(&talk->lines, nj_lines_free);
}

static NjLines *
lines_of(NjPane *pane)
{
    return ((NjTalk *) pane)->lines;
}

void
nj_talk_draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    (void) focused;
    nj_lines_draw(lines_of(pane), area, theme);
}

/* A page is the view less two rows, so that the eye finds its place again. */
void
nj_talk_scroll(NjPane *pane, int rows, bool page)
{
    NjLines *lines = lines_of(pane);
    nj_lines_scroll(lines, page ? rows * MAX(nj_lines_view_rows(lines) - 2, 1) : rows);
    nj_pane_touch(pane);
}

void
nj_talk_scroll_to(NjPane *pane, bool end)
{
    nj_lines_scroll_to(lines_of(pane), end);
    nj_pane_touch(pane);
}

void
nj_talk_seek(NjPane *pane, gint64 time, gint64 id)
{
    nj_lines_show(lines_of(pane), time, id);
    nj_pane_touch(pane);
}

char *
nj_talk_hint(NjPane *pane)
{
    NjLines *lines = lines_of(pane);
    guint fresh = nj_lines_unseen(lines);
    if (nj_lines_at_end(lines))
        return NULL;
    if (fresh == 0)
        return g_strdup(_("▼ more"));
    return g_strdup_printf(ngettext("▼ %u new", "▼ %u new", fresh), fresh);
}

bool
nj_talk_at_end(NjPane *pane)
{
    return nj_lines_at_end(lines_of(pane));
}

/* The line "new" shows what came while nobody looked, and stays until the pane is left again. */
void
nj_talk_shown(NjPane *pane, bool shown)
{
    NjLines *lines = lines_of(pane);
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
    nj_lines_add(lines_of(pane), message);
    nj_pane_touch(pane);
}

void
nj_talk_change(NjPane *pane, NjMessage *message)
{
    if (nj_lines_change(lines_of(pane), message))
        nj_pane_touch(pane);
}

void
nj_talk_say(NjPane *pane, NjNoticeKind kind, const char *text)
{
    nj_lines_add_notice(lines_of(pane), kind, text);
    nj_pane_touch(pane);
}

void
nj_talk_unsay(NjPane *pane)
{
    nj_lines_clear_notices(lines_of(pane));
    nj_pane_touch(pane);
}

int
nj_talk_answer_cells(NjPane *pane)
{
    return nj_lines_answer_cells(lines_of(pane));
}

void
nj_talk_reload(NjPane *pane)
{
    nj_lines_reload(lines_of(pane));
    nj_pane_touch(pane);
}

void
nj_talk_free(NjPane *pane)
{
    nj_talk_clear((NjTalk *) pane);
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
