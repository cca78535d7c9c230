/* /join, /nick, /names and /subject. */
#include <string.h>

#include "cmd/topic.h"
#include "model/jid.h"
#include "xmpp/xep/0045.h"

/* Whether we are in the room with this nick; nick NULL: with any nick. room may be NULL. */
static bool
is_entered(const NjRoom *room, const char *nick)
{
    if (!room || room->state != NJ_ROOM_IN)
        return false;
    return !nick || strcmp(nick, room->nick) == 0;
}

static void
run_join(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "room");
    g_autofree char *room = nj_jid_bare(address);
    const char *nick = nj_call_arg(call, "nick");
    g_autofree char *prepared = NULL;

    if (!nick)
        nick = nj_jid_resource(address); /* ROOM/NICK */
    if (nick) {
        g_autoptr(GError) error = NULL;
        prepared = nj_jid_prepare_resource(nick, &error);
        if (!prepared) {
            nj_call_fail_error(call, "bad-nick", error);
            return;
        }
    }

    if (!strchr(room, '@')) {
        nj_call_fail(
            call, "bad-address",
            _("The address of a room has a name before the “@”, as in pond@chat.example.org."));
        return;
    }

    NjChat *known = nj_chat_find(account, room);
    if (known && known->kind != NJ_CHAT_ROOM) {
        nj_call_fail(call, "refused",
                     _("A chat with %s as a person is open; type /close %s, then /join."), room,
                     room);
        return;
    }

    if (known && is_entered(known->room, prepared) && !nj_call_arg(call, "password")) {
        nj_call_show_chat(call, known);
        nj_call_notice(call, NJ_NOTICE_INFO, _("You are already in %s."), room);
        nj_call_done(call);
        return;
    }

    nj_call_hold(call);
    nj_muc_join(account, room, prepared, nj_call_arg(call, "password"), nj_call_answer, call);

    NjChat *chat = nj_chat_find(account, room);
    if (chat && chat->kind == NJ_CHAT_ROOM)
        nj_call_show_chat(call, chat);
}

/* The room of the focused chat; NULL: the call has failed. */
static NjRoom *
focused_room(NjCall *call)
{
    NjChat *chat = nj_call_chat(call);
    if (chat->room && chat->kind == NJ_CHAT_ROOM)
        return chat->room;
    nj_call_fail(call, "no-room",
                 _("This is a chat with one person, not a room; /join ROOM enters a room."));
    return NULL;
}

static void
run_nick(NjCall *call)
{
    NjRoom *room = focused_room(call);
    if (!room)
        return;

    g_autoptr(GError) error = NULL;
    g_autofree char *nick = nj_jid_prepare_resource(nj_call_arg(call, "nick"), &error);
    if (nick)
        nj_muc_join(room->chat->account, room->chat->address, nick, NULL, nj_call_answer,
                    nj_call_hold(call));
    else
        nj_call_fail_error(call, "bad-nick", error);
}

/* Orders by role, then by nick. */
static int
compare_occupants(const void *a, const void *b)
{
    const NjOccupant *one = *(NjOccupant *const *) a, *other = *(NjOccupant *const *) b;
    if (one->role != other->role)
        return (int) other->role - (int) one->role;
    return g_utf8_collate(one->shown, other->shown);
}

static void
run_names(NjCall *call)
{
    NjRoom *room = focused_room(call);
    if (!room)
        return;

    g_autoptr(GPtrArray) people = g_ptr_array_new();
    GHashTableIter iter;
    NjOccupant *occupant;
    g_hash_table_iter_init(&iter, room->occupants);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &occupant))
        g_ptr_array_add(people, occupant);

    g_ptr_array_sort(people, compare_occupants);

    g_autoptr(GString) names = g_string_new(NULL);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    for (guint i = 0; i < people->len; i++) {
        occupant = people->pdata[i];
        const char *sign = occupant->role == NJ_OCCUPANT_MODERATOR ? "@" : "";
        g_string_append_printf(names, "%s%s%s", i ? ", " : "", sign, occupant->shown);
        NjRecord *record = nj_record_new();
        nj_record_set_text(record, "nick", occupant->shown);
        nj_record_set_text(record, "address", occupant->address);
        nj_record_set_text(record, "show", nj_show_name(occupant->show));
        nj_record_set_text(record, "status", occupant->status);
        g_ptr_array_add(list, record);
    }

    nj_record_set_list(nj_call_result(call), "occupants", list);
    nj_call_notice(call, NJ_NOTICE_INFO,
                   ngettext("%u occupant: %s", "%u occupants: %s", people->len), people->len,
                   names->str);
    nj_call_done(call);
}

static void
run_subject(NjCall *call)
{
    NjRoom *room = focused_room(call);
    const char *subject = nj_call_arg(call, "text");

    if (!room)
        return;

    if (subject) {
        g_autoptr(GError) error = NULL;
        bool done = nj_muc_set_subject(room, subject, &error);
        nj_call_done_if(call, done, error);
        return;
    }

    nj_record_set_text(nj_call_result(call), "subject", room->subject);
    if (!room->subject)
        nj_call_notice(call, NJ_NOTICE_INFO, _("The room has no subject."));
    else if (room->subject_by)
        nj_call_notice(call, NJ_NOTICE_INFO, _("Subject, set by %s: %s"), room->subject_by,
                       room->subject);
    else
        nj_call_notice(call, NJ_NOTICE_INFO, _("Subject: %s"), room->subject);

    nj_call_done(call);
}

static const NjCommand cmd_join = {
    .name = "join",
    .summary = N_("Enter a room"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "room", NJ_PARAM_ROOM, 0, N_("the address of the room") },
                { "nick", NJ_PARAM_WORD, NJ_OPTIONAL, N_("your nick in the room") },
                { "password", NJ_PARAM_SECRET, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("the room's password, if it has one") } },
    .examples = { "/join pond@chat.example.org", "/join pond@chat.example.org toad" },
    .run = run_join,
};

static const NjCommand cmd_nick = {
    .name = "nick",
    .summary = N_("Change your nick in the room"),
    .needs = NJ_NEEDS_CHAT,
    .params = { { "nick", NJ_PARAM_TEXT, 0, N_("the new nick") } },
    .examples = { "/nick toad" },
    .run = run_nick,
};

static const NjCommand cmd_names = {
    .name = "names",
    .summary = N_("List the occupants of the room"),
    .needs = NJ_NEEDS_CHAT,
    .examples = { "/names" },
    .run = run_names,
};

static const NjCommand cmd_subject = {
    .name = "subject",
    .summary = N_("Show or change the room's subject"),
    .needs = NJ_NEEDS_CHAT,
    .params = { { "text", NJ_PARAM_TEXT, NJ_OPTIONAL,
                  N_("the new subject; by default it is shown") } },
    .examples = { "/subject", "/subject Frogs, and how to feed them" },
    .run = run_subject,
};

static const NjCommand *const commands[] = { &cmd_join, &cmd_nick, &cmd_names, &cmd_subject, NULL };

static const NjAliasRow aliases[] = {
    { "j", "/join", "irssi, WeeChat" },
    { "n", "/names", "irssi" },
    { "who", "/names", "Profanity" },
    { "topic", "/subject", "irssi, WeeChat, mcabber" },
    { NULL },
};

const NjTopic nj_topic_room = { "rooms", N_("Rooms"), commands, aliases, NULL };
