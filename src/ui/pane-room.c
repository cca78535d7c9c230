/* The pane of a room: its lines, and its occupants at the right. The rows of the occupants are in a
 * GSequence, sorted by role and then by nick, so that an occupant who comes or leaves in a room of
 * thousands costs a few comparisons. */
#include "ui/talk.h"

#include "base/text.h"
#include "model/chat.h"
#include "model/room.h"

#include <string.h>

#define MIN_LIST 10 /* columns of the list, with the sign before the nick */
#define MAX_LIST 20
#define MIN_LINES 40 /* columns of the lines; if fewer are left, the list is hidden */

typedef struct {
    const NjOccupant *occupant;
    char *key; /* collation key of the nick */
    int rank;  /* from the role: 0 for moderators, who come first */
} Row;

typedef struct {
    NjTalk talk;
    GSequence *rows;     /* of Row */
    GHashTable *by_nick; /* nick -> GSequenceIter */
    /* Cells of the widest nick since the list was last empty, so that the border does not move when
     * an occupant leaves. */
    int widest_nick;
} Room;

static void
free_row(void *data)
{
    Row *row = data;
    g_free(row->key);
    g_free(row);
}

static int
compare_rows(const void *a, const void *b, void *data)
{
    (void) data;
    const Row *left = a, *right = b;
    return left->rank != right->rank ? left->rank - right->rank : strcmp(left->key, right->key);
}

static int
get_rank(const NjOccupant *occupant)
{
    return NJ_OCCUPANT_MODERATOR - (int) occupant->role;
}

static void
remove_occupant(Room *room, const char *nick)
{
    GSequenceIter *iter = g_hash_table_lookup(room->by_nick, nick);
    if (!iter)
        return;
    g_hash_table_remove(room->by_nick, nick);
    g_sequence_remove(iter);
    if (g_hash_table_size(room->by_nick) == 0)
        room->widest_nick = 0;
}

/* Adds an occupant, or updates the row of one. */
static void
put_occupant(Room *room, const NjOccupant *occupant)
{
    GSequenceIter *iter = g_hash_table_lookup(room->by_nick, occupant->nick);
    if (iter) {
        Row *row = g_sequence_get(iter);
        row->occupant = occupant;
        if (row->rank == get_rank(occupant))
            return;
        row->rank = get_rank(occupant);
        g_sequence_sort_changed(iter, compare_rows, NULL);
        return;
    }

    Row *row = g_new0(Row, 1);
    row->occupant = occupant;
    row->rank = get_rank(occupant);

    g_autofree char *folded = g_utf8_casefold(occupant->shown, -1);
    row->key = g_utf8_collate_key(folded, -1);
    room->widest_nick = MAX(room->widest_nick, nj_text_width(occupant->shown, -1));
    g_hash_table_insert(room->by_nick, g_strdup(occupant->nick),
                        g_sequence_insert_sorted(room->rows, row, compare_rows, NULL));
}

static void
on_occupant(NjPane *pane, NjOccupant *occupant, const char *old_nick, bool gone)
{
    Room *room = (Room *) pane;
    if (old_nick)
        remove_occupant(room, old_nick);
    if (gone)
        remove_occupant(room, occupant->nick);
    else
        put_occupant(room, occupant);
    nj_pane_touch(pane);
}

static void
draw_occupant(const NjRoom *room, const Row *row, NjArea area, int y, const NjTheme *theme)
{
    const NjOccupant *occupant = row->occupant;
    bool available = occupant->show == NJ_SHOW_ONLINE || occupant->show == NJ_SHOW_CHAT;
    bool own = room && g_strcmp0(room->nick, occupant->nick) == 0;
    NjStyle style =
        own ? nj_theme_style(theme, NJ_ROLE_OWN) : nj_theme_name_style(theme, occupant->nick);
    const char *sign = " ";

    if (occupant->role == NJ_OCCUPANT_MODERATOR)
        sign = "@";
    else if (occupant->role == NJ_OCCUPANT_VISITOR)
        sign = "-";
    if (!available)
        style = nj_theme_style(theme, NJ_ROLE_DIM);

    nj_area_put(area, y, 0, nj_theme_style(theme, NJ_ROLE_MODERATOR), sign, -1);
    g_autofree char *name = nj_text_ellipsize(occupant->shown, MAX(area.cols - 1, 1));
    nj_area_put(area, y, 1, style, name, -1);
}

/* Draws the occupants. If not all fit, the last row has the number of the others. */
static void
draw_list(Room *room, NjArea area, const NjTheme *theme)
{
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));
    int count = g_sequence_get_length(room->rows), y = 0;
    GSequenceIter *iter = g_sequence_get_begin_iter(room->rows);
    for (; y < area.rows && !g_sequence_iter_is_end(iter); iter = g_sequence_iter_next(iter), y++) {
        if (y + 1 == area.rows && count > area.rows) {
            guint more = (guint) (count - y);
            g_autofree char *text = g_strdup_printf(ngettext("+ %u more", "+ %u more", more), more);
            nj_area_put(area, y, 0, nj_theme_style(theme, NJ_ROLE_DIM), text, -1);
            return;
        }
        draw_occupant(room->talk.pane.chat->room, g_sequence_get(iter), area, y, theme);
    }
}

static void
draw_room(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    Room *room = (Room *) pane;
    int list = CLAMP(room->widest_nick + 1, MIN_LIST, CLAMP(area.cols / 5, 12, MAX_LIST)),
        talk = area.cols - list - 1;

    if (talk < MIN_LINES || room->widest_nick == 0) {
        nj_talk_draw(pane, area, theme, focused);
        return;
    }

    nj_talk_draw(pane, nj_area_part(area, 0, 0, area.rows, talk), theme, focused);
    for (int y = 0; y < area.rows; y++)
        nj_area_put(area, y, talk, nj_theme_style(theme, NJ_ROLE_BORDER), "│", -1);
    draw_list(room, nj_area_part(area, 0, talk + 1, area.rows, list), theme);
}

static char *
make_title(NjPane *pane)
{
    const NjRoom *room = pane->chat->room;
    guint count = room ? g_hash_table_size(room->occupants) : 0;
    g_autofree char *address = nj_text_line(pane->chat->address, -1, 0);
    return count == 0 ? g_steal_pointer(&address) : g_strdup_printf("%s (%u)", address, count);
}

static char *
make_subject(NjPane *pane)
{
    const NjRoom *room = pane->chat->room;
    if (!room)
        return NULL;
    if (room->state == NJ_ROOM_JOINING)
        return g_strdup(_("joining…"));
    if (room->state == NJ_ROOM_OUT)
        return g_strdup(room->why ? room->why : _("You are not in this room."));
    return g_strdup(room->subject);
}

static void
free_room(NjPane *pane)
{
    Room *room = (Room *) pane;
    g_hash_table_unref(room->by_nick);
    g_sequence_free(room->rows);
    nj_talk_free(pane);
}

static const NjPaneClass room_class = {
    .name = "room",
    NJ_TALK_CALLS,
    .draw = draw_room,
    .title = make_title,
    .subject = make_subject,
    .occupant = on_occupant,
    .free = free_room,
};

NjPane *
nj_pane_room_new(NjScreen *screen, NjChat *chat)
{
    Room *room = g_new0(Room, 1);
    room->rows = g_sequence_new(free_row);
    room->by_nick = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    nj_talk_init(&room->talk, &room_class, screen, chat);

    if (chat->room) {
        GHashTableIter iter;
        void *occupant;
        g_hash_table_iter_init(&iter, chat->room->occupants);
        while (g_hash_table_iter_next(&iter, NULL, &occupant))
            put_occupant(room, occupant);
    }

    return &room->talk.pane;
}
