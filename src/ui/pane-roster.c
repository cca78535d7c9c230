/* The roster pane: draws the rows of pane-roster-rows.c and lets the user select one.
 *
 * There is a selection only while the pane gets the keys. At first the row of the chat in the
 * focused pane is selected. */
#include "ui/pane-roster-private.h"

#include "base/text.h"
#include "ui/screen.h"

#include <string.h>

typedef struct {
    NjPane pane;
    NjRosterRows *rows;
    int top;       /* index of the first visible row */
    int view_rows; /* height at the last frame */
} Roster;

/* --- Drawing --- */

/* The signs of presence. Their shapes differ, for terminals without colours. */
static const struct {
    const char *sign;
    NjRole role;
} signs[] = {
    [NJ_SHOW_OFFLINE] = { "○", NJ_ROLE_OFFLINE }, [NJ_SHOW_DND] = { "⊖", NJ_ROLE_BUSY },
    [NJ_SHOW_XA] = { "◔", NJ_ROLE_AWAY },         [NJ_SHOW_AWAY] = { "◐", NJ_ROLE_AWAY },
    [NJ_SHOW_ONLINE] = { "●", NJ_ROLE_ONLINE },   [NJ_SHOW_CHAT] = { "●", NJ_ROLE_ONLINE },
};

/* A row as it is drawn: a sign, the label, and a text at the right edge. */
typedef struct {
    const char *sign; /* NULL: a heading */
    NjRole sign_role, role;
    char *label; /* owned */
    char *right; /* owned; NULL: nothing */
    NjRole right_role;
} Look;

static void
look_at_account(const NjAccount *account, Look *look)
{
    look->role = account->state == NJ_ACCOUNT_ONLINE ? NJ_ROLE_TITLE : NJ_ROLE_DIM;
    look->label = g_strdup(account->settings->name);
}

static void
look_at_requests(const NjAccount *account, Look *look)
{
    guint count = nj_roster_requests(account->roster)->len;
    look->sign = "?";
    look->sign_role = look->role = NJ_ROLE_WARNING;
    look->label = g_strdup_printf(ngettext("%u request", "%u requests", count), count);
}

static void
look_at_group(const NjRosterGroup *group, Look *look)
{
    look->role = NJ_ROLE_GROUP;
    if (group->section == NJ_ROSTER_SECTION_ROOMS) {
        look->label = g_strdup(_("Rooms"));
        return;
    }

    bool is_named = group->section == NJ_ROSTER_SECTION_GROUPS;
    look->label = g_strdup(is_named ? group->name : _("Contacts"));
    look->right = g_strdup_printf("%u/%u", group->online, group->total);
    look->right_role = NJ_ROLE_DIM;
}

/* Sets the text at the right edge: the number of unread messages, or "…" if the contact is typing.
 * chat NULL: no chat is open. */
static void
look_at_chat(const NjChat *chat, Look *look)
{
    if (!chat)
        return;

    if (chat->unread > 0) {
        look->right = g_strdup_printf("%u", chat->unread);
        look->right_role = chat->mentions ? NJ_ROLE_MENTION : NJ_ROLE_UNREAD;
    } else if (chat->typing == NJ_TYPING_COMPOSING) {
        look->right = g_strdup("…");
        look->right_role = NJ_ROLE_DIM;
    }
}

static void
look_at_room(const NjChat *chat, Look *look)
{
    bool joined = chat->room && chat->room->state == NJ_ROOM_IN;
    look->sign = "#";
    look->label = g_strdup(nj_chat_label(chat));
    look->role = joined ? NJ_ROLE_TEXT : NJ_ROLE_DIM;
    look_at_chat(chat, look);
}

static void
look_at_contact(const NjContact *contact, Look *look)
{
    NjShow show = nj_contact_show(contact);
    look->sign = signs[show].sign;
    look->sign_role = signs[show].role;
    look->label = g_strdup(nj_contact_label(contact));
    look->role = show == NJ_SHOW_OFFLINE ? NJ_ROLE_DIM : NJ_ROLE_TEXT;
    look_at_chat(nj_chat_find(contact->account, contact->address), look);
}

static Look
look_at_row(const NjRosterRow *row)
{
    Look look = { .role = NJ_ROLE_TEXT, .sign_role = NJ_ROLE_DIM };
    switch (row->kind) {
    case NJ_ROSTER_ACCOUNT:
        look_at_account(row->account->account, &look);
        break;
    case NJ_ROSTER_REQUESTS:
        look_at_requests(row->account->account, &look);
        break;
    case NJ_ROSTER_GROUP:
        look_at_group(row->group, &look);
        break;
    case NJ_ROSTER_ROOM:
        look_at_room(row->chat, &look);
        break;
    case NJ_ROSTER_CONTACT:
        look_at_contact(row->contact, &look);
        break;
    }

    return look;
}

static void
draw_row(const NjRosterRow *row, NjArea area, int y, const NjTheme *theme, bool selected)
{
    Look look = look_at_row(row);
    NjStyle over = nj_theme_style(theme, NJ_ROLE_SELECTED);
    if (selected)
        nj_area_fill(area, y, 0, area.cols, over, " ");

    int right = look.right ? nj_text_width(look.right, -1) : 0;
    int x = look.sign ? 2 : 0;
    if (look.sign)
        nj_area_put(area, y, 0, selected ? over : nj_theme_style(theme, look.sign_role), look.sign,
                    -1);

    int cells = MAX(area.cols - x - (right ? right + 1 : 0), 1);
    g_autofree char *label = nj_text_ellipsize(look.label, cells);
    nj_area_put(area, y, x, selected ? over : nj_theme_style(theme, look.role), label, -1);
    if (look.right)
        nj_area_put(area, y, MAX(area.cols - right, 0),
                    selected ? over : nj_theme_style(theme, look.right_role), look.right, -1);

    g_free(look.label);
    g_free(look.right);
}

static void
draw_roster(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    Roster *roster = (Roster *) pane;
    NjRosterRows *rows = roster->rows;
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));
    if (area.rows <= 0 || area.cols <= 0)
        return;

    roster->view_rows = area.rows;
    int length = g_sequence_get_length(rows->rows);
    if (rows->selected) {
        int at = g_sequence_iter_get_position(rows->selected);
        roster->top = CLAMP(roster->top, at - area.rows + 1, at);
    } else {
        roster->top = 0;
    }

    roster->top = CLAMP(roster->top, 0, MAX(length - area.rows, 0));
    GSequenceIter *iter = g_sequence_get_iter_at_pos(rows->rows, roster->top);
    for (int y = 0; y < area.rows && !g_sequence_iter_is_end(iter);
         y++, iter = g_sequence_iter_next(iter))
        draw_row(g_sequence_get(iter), area, y, theme, focused && iter == rows->selected);
}

/* --- Selection --- */

static bool
can_select(GSequenceIter *iter)
{
    const NjRosterRow *row = g_sequence_get(iter);
    return row->kind != NJ_ROSTER_GROUP && row->kind != NJ_ROSTER_ACCOUNT;
}

/* Moves the selection by `step` rows. If that row is a heading, selects the nearest row behind it
 * in the same direction; if there is none, in the other direction. step 0: keeps the selected row,
 * or selects the first one that is not a heading. Returns false if no row can be selected. */
static bool
move_selection(NjPane *pane, int step)
{
    NjRosterRows *rows = ((Roster *) pane)->rows;
    int length = g_sequence_get_length(rows->rows), direction = step < 0 ? -1 : 1;
    int from = rows->selected ? g_sequence_iter_get_position(rows->selected) : 0;
    int at = CLAMP((gint64) from + step, 0, MAX(length - 1, 0));

    nj_pane_touch(pane);
    for (int tries = 0; tries < 2; tries++, direction = -direction)
        for (int i = at; i >= 0 && i < length; i += direction) {
            GSequenceIter *iter = g_sequence_get_iter_at_pos(rows->rows, i);
            if (can_select(iter)) {
                rows->selected = iter;
                return true;
            }
        }

    return rows->selected;
}

static void
scroll_roster(NjPane *pane, int rows, bool page)
{
    const Roster *roster = (const Roster *) pane;
    move_selection(pane, page ? rows * MAX(roster->view_rows - 1, 1) : rows);
}

static void
scroll_to_edge(NjPane *pane, bool end)
{
    move_selection(pane, end ? G_MAXINT / 2 : -G_MAXINT / 2);
}

static void
on_shown(NjPane *pane, bool shown)
{
    NjRosterRows *rows = ((Roster *) pane)->rows;
    if (shown && !rows->selected) {
        NjChat *chat = nj_screen_focus(pane->screen)->chat;
        rows->selected = chat ? nj_roster_rows_find(rows, chat) : NULL;
        move_selection(pane, 0);
    } else if (!shown) {
        rows->selected = NULL;
    }
    nj_pane_touch(pane);
}

/* Shows the console and lists the requests in it. */
static void
show_requests(NjScreen *screen, NjAccount *account)
{
    const GPtrArray *requests = nj_roster_requests(account->roster);
    GString *text = g_string_new(
        _("To answer these requests, type /requests accept ADDRESS or /requests refuse ADDRESS."));

    for (guint i = 0; i < requests->len; i++) {
        const NjRequest *request = g_ptr_array_index(requests, i);
        g_string_append_printf(text, "\n%s", request->address);
        if (request->text && *request->text)
            g_string_append_printf(text, "  %s", request->text);
    }

    nj_screen_show(screen, nj_screen_window_at(screen, 0));
    nj_screen_say(screen, NULL, NJ_NOTICE_INFO, text->str);
    g_string_free(text, TRUE);
}

static bool
open_selected(NjPane *pane)
{
    const NjRosterRows *rows = ((const Roster *) pane)->rows;
    if (!rows->selected)
        return false;

    const NjRosterRow *row = g_sequence_get(rows->selected);
    NjChat *chat = row->kind == NJ_ROSTER_ROOM ? row->chat : NULL;
    if (row->kind == NJ_ROSTER_REQUESTS) {
        show_requests(pane->screen, row->account->account);
        return true;
    }

    if (row->kind == NJ_ROSTER_CONTACT)
        chat = nj_chat_open(row->contact->account, NJ_CHAT_PERSON, row->contact->address);
    if (!chat)
        return false;

    nj_screen_show_chat(pane->screen, chat);
    return true;
}

static bool
open_and_leave(NjPane *pane)
{
    bool opened = open_selected(pane);
    nj_screen_leave_roster(pane->screen);
    return opened;
}

static void
leave_roster(NjPane *pane)
{
    nj_screen_leave_roster(pane->screen);
}

static char *
make_title(NjPane *pane)
{
    (void) pane;
    return g_strdup(_("contacts"));
}

static char *
make_hint(NjPane *pane)
{
    const NjRosterRows *rows = ((const Roster *) pane)->rows;
    return rows->total ? g_strdup_printf("%u/%u", rows->online, rows->total) : NULL;
}

static void
free_roster(NjPane *pane)
{
    Roster *roster = (Roster *) pane;
    nj_roster_rows_free(roster->rows);
    g_free(roster);
}

static const NjPaneClass roster_class = {
    .name = "roster",
    .draw = draw_roster,
    .scroll = scroll_roster,
    .scroll_to = scroll_to_edge,
    .move = move_selection,
    .activate = open_and_leave,
    .leave = leave_roster,
    .title = make_title,
    .hint = make_hint,
    .shown = on_shown,
    .free = free_roster,
};

NjPane *
nj_pane_roster_new(NjScreen *screen)
{
    Roster *roster = g_new0(Roster, 1);
    nj_pane_init(&roster->pane, &roster_class, screen, NULL);
    roster->rows = nj_roster_rows_new(&roster->pane);
    return &roster->pane;
}
