/* Rooms. Nicks are stored as the room sends them, because they are looked up in that spelling, and
 * sanitised once for display. */
#include "model/room.h"

#include <string.h>

#include "base/text.h"
#include "model/events.h"
#include "model/jid.h"

static NjBus *
bus_of(const NjRoom *room)
{
    return room->chat->account->client->bus;
}

static void
free_occupant(void *data)
{
    NjOccupant *occupant = data;
    g_free(occupant->nick);
    g_free(occupant->shown);
    g_free(occupant->address);
    g_free(occupant->status);
    g_free(occupant);
}

/* Returns the nick sanitised for display: "?" if nothing is left of it. */
static char *
shown_nick(const char *nick)
{
    char *shown = nj_text_line(nick, -1, 0);
    if (*shown)
        return shown;
    g_free(shown);
    return g_strdup("?");
}

NjRoom *
nj_room_new(NjChat *chat)
{
    const NjAccount *account = chat->account;
    NjRoom *room = g_new0(NjRoom, 1);

    room->chat = chat;
    room->nick =
        account->settings->nick ? g_strdup(account->settings->nick) : nj_jid_local(account->bare);
    if (!room->nick)
        room->nick = g_strdup(account->bare);

    room->occupants = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_occupant);
    return room;
}

void
nj_room_free(NjRoom *room)
{
    if (!room)
        return;

    g_hash_table_unref(room->occupants);
    g_free(room->nick);
    g_free(room->subject);
    g_free(room->subject_by);
    g_free(room->why);
    nj_room_set_password(room, NULL);
    g_free(room);
}

void
nj_room_set_password(NjRoom *room, const char *password)
{
    if (room->password)
        explicit_bzero(room->password, strlen(room->password));
    g_free(room->password);
    room->password = g_strdup(password);
}

void
nj_room_set_wanted(NjRoom *room, bool wanted)
{
    NjStore *store = room->chat->account->client->store;
    if (room->wanted == wanted)
        return;
    room->wanted = wanted;
    if (store && room->chat->id)
        nj_store_set_room_nick(store, room->chat->id, wanted ? room->nick : NULL);
}

/* Replaces *place by a copy of text (either may be NULL); returns false if they are equal. */
static bool
replace_text(char **place, const char *text)
{
    if (g_strcmp0(*place, text) == 0)
        return false;
    char *copy = g_strdup(text);
    g_free(*place);
    *place = copy;
    return true;
}

NjRoom *
nj_room_open(NjAccount *account, const char *address, const char *nick)
{
    NjRoom *room = nj_chat_open(account, NJ_CHAT_ROOM, address)->room;
    /* While we are in the room, only the room changes the nick. */
    if (nick && room->state == NJ_ROOM_OUT && replace_text(&room->nick, nick))
        nj_emit_room_changed(bus_of(room), room);
    return room;
}

NjOccupant *
nj_room_occupant(NjRoom *room, const char *nick)
{
    return g_hash_table_lookup(room->occupants, nick);
}

NjOccupant *
nj_room_put(NjRoom *room, const char *nick, const char *address, NjRoomRole role,
            NjAffiliation affiliation, NjShow show, const char *status)
{
    g_autofree char *line = status ? nj_text_line(status, -1, 0) : NULL;
    if (line && !*line)
        g_clear_pointer(&line, g_free);

    NjOccupant *occupant = nj_room_occupant(room, nick);
    bool joined = !occupant;
    if (joined && g_hash_table_size(room->occupants) >= NJ_MAX_OCCUPANTS)
        return NULL;

    if (joined) {
        occupant = g_new0(NjOccupant, 1);
        occupant->nick = g_strdup(nick);
        occupant->shown = shown_nick(nick);
        g_hash_table_insert(room->occupants, occupant->nick, occupant);
    }

    bool changed = joined || occupant->role != role;
    changed |= occupant->affiliation != affiliation || occupant->show != show;
    occupant->role = role;
    occupant->affiliation = affiliation;
    occupant->show = show;
    changed |= replace_text(&occupant->status, line);
    changed |= replace_text(&occupant->address, address);

    if (changed) {
        NjOccupantEvent event = { .room = room, .occupant = occupant, .joined = joined };
        nj_emit_occupant_changed(bus_of(room), &event);
    }

    return occupant;
}

static void
remove_occupant(NjRoom *room, NjOccupant *occupant)
{
    g_hash_table_steal(room->occupants, occupant->nick);
    NjOccupantEvent event = { .room = room, .occupant = occupant };
    nj_emit_occupant_removed(bus_of(room), &event);
    free_occupant(occupant);
}

void
nj_room_take_out(NjRoom *room, const char *nick)
{
    NjOccupant *occupant = nj_room_occupant(room, nick);
    if (occupant)
        remove_occupant(room, occupant);
}

void
nj_room_rename(NjRoom *room, const char *old_nick, const char *new_nick)
{
    NjOccupant *occupant = nj_room_occupant(room, old_nick);
    if (!occupant || strcmp(old_nick, new_nick) == 0)
        return;

    nj_room_take_out(room, new_nick); /* the nick is free, unless the room is at fault */
    g_hash_table_steal(room->occupants, old_nick);

    g_autofree char *before = occupant->nick; /* old_nick may be the same pointer */
    occupant->nick = g_strdup(new_nick);
    g_free(occupant->shown);
    occupant->shown = shown_nick(new_nick);
    g_hash_table_insert(room->occupants, occupant->nick, occupant);

    bool ours = strcmp(room->nick, before) == 0;
    if (ours)
        replace_text(&room->nick, occupant->nick);

    NjOccupantEvent event = { .room = room, .occupant = occupant, .old_nick = before };
    nj_emit_occupant_changed(bus_of(room), &event);
    if (ours)
        nj_emit_room_changed(bus_of(room), room);
}

void
nj_room_clear(NjRoom *room)
{
    room->full = false;
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    GHashTableIter iter;
    void *occupant;
    g_hash_table_iter_init(&iter, room->occupants);
    while (g_hash_table_iter_next(&iter, NULL, &occupant))
        g_ptr_array_add(gone, occupant);
    for (guint i = 0; i < gone->len; i++)
        remove_occupant(room, g_ptr_array_index(gone, i));
}

void
nj_room_set_state(NjRoom *room, NjRoomState state, const char *why)
{
    bool changed = replace_text(&room->why, why);
    if (!changed && room->state == state)
        return;
    room->state = state;
    nj_emit_room_changed(bus_of(room), room);
}

void
nj_room_set_subject(NjRoom *room, const char *subject, const char *by)
{
    g_autofree char *line = subject ? nj_text_line(subject, -1, 0) : NULL;
    g_autofree char *who = by ? nj_text_line(by, -1, 0) : NULL;
    bool changed = replace_text(&room->subject, line && *line ? line : NULL);
    changed |= replace_text(&room->subject_by, who);
    if (changed)
        nj_emit_room_changed(bus_of(room), room);
}
