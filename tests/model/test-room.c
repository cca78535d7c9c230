/* model/room: occupants, nicks, and the events about them. */
#include "fixture.h"

typedef struct {
    NjClient *client;
    NjRoom *room;
    GString *events;
} Fixture;

static void
on_occupant_changed(NjOccupantEvent *event, void *owner)
{
    g_string_append_printf(((Fixture *) owner)->events, "%s%s%s%s ", event->joined ? "+" : "",
                           event->old_nick ? event->old_nick : "", event->old_nick ? ">" : "",
                           event->occupant->shown);
}

static void
on_occupant_removed(NjOccupantEvent *event, void *owner)
{
    assert_null(nj_room_occupant(event->room, event->occupant->nick));
    g_string_append_printf(((Fixture *) owner)->events, "-%s%s ", event->occupant->shown,
                           event->room->full ? "" : "?");
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    g_string_append_printf(((Fixture *) owner)->events, "room:%s:%d:%s:%s ", room->nick,
                           (int) room->state, room->subject ? room->subject : "",
                           room->why ? room->why : "");
}

static void
assert_events(Fixture *fixture, const char *expected)
{
    assert_string_equal(fixture->events->str, expected);
    g_string_truncate(fixture->events, 0);
}

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->client = make_client();
    fixture->events = g_string_new(NULL);
    fixture->room = nj_room_open(first_account(fixture->client), "pond@chat.example", NULL);
    nj_on_occupant_changed(fixture->client->bus, on_occupant_changed, fixture);
    nj_on_occupant_removed(fixture->client->bus, on_occupant_removed, fixture);
    nj_on_room_changed(fixture->client->bus, on_room_changed, fixture);
    *state = fixture;

    return 0;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;
    nj_client_free(fixture->client);
    g_string_free(fixture->events, TRUE);
    g_free(fixture);
    return 0;
}

static NjOccupant *
put(Fixture *fixture, const char *nick, NjShow show)
{
    return nj_room_put(fixture->room, nick, NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE,
                       show, NULL);
}

static void
test_joins_and_leaves_emit(void **state)
{
    Fixture *fixture = *state;
    put(fixture, "frog", NJ_SHOW_ONLINE);
    put(fixture, "frog", NJ_SHOW_ONLINE); /* unchanged */
    put(fixture, "frog", NJ_SHOW_AWAY);
    put(fixture, "", NJ_SHOW_ONLINE);
    put(fixture, "ne\nwt", NJ_SHOW_ONLINE);
    assert_events(fixture, "+frog frog +? +ne wt ");
    fixture->room->full = true;
    nj_room_take_out(fixture->room, "nobody");

    nj_room_take_out(fixture->room, "ne\nwt");
    assert_events(fixture, "-ne wt ");
    nj_room_take_out(fixture->room, "");
    nj_room_clear(fixture->room);
    assert_events(fixture, "-? -frog? ");
    assert_int_equal(g_hash_table_size(fixture->room->occupants), 0);
    assert_false(fixture->room->full);
}

/* The number of occupants is limited. */
static void
test_too_many_occupants_are_refused(void **state)
{
    Fixture *fixture = *state;
    char nick[16];

    for (int i = 0; i < NJ_MAX_OCCUPANTS; i++) {
        g_snprintf(nick, sizeof nick, "%d", i);
        assert_non_null(put(fixture, nick, NJ_SHOW_ONLINE));
    }

    assert_null(put(fixture, "one more", NJ_SHOW_ONLINE));
    assert_non_null(put(fixture, "7", NJ_SHOW_AWAY));
    nj_room_take_out(fixture->room, "8");
    assert_non_null(put(fixture, "one more", NJ_SHOW_ONLINE));
}

static void
test_rename_replaces_the_nick(void **state)
{
    Fixture *fixture = *state;
    NjOccupant *frog = put(fixture, "frog", NJ_SHOW_ONLINE);

    put(fixture, "toad", NJ_SHOW_ONLINE);
    g_string_truncate(fixture->events, 0);
    nj_room_rename(fixture->room, frog->nick, "newt");
    assert_events(fixture, "frog>newt ");
    assert_ptr_equal(nj_room_occupant(fixture->room, "newt"), frog);
    assert_null(nj_room_occupant(fixture->room, "frog"));

    /* Our own nick, and a nick that another occupant has already. */
    nj_room_rename(fixture->room, "toad", "newt");
    assert_events(fixture, "-newt? toad>newt room:newt:0:: ");
    assert_int_equal(g_hash_table_size(fixture->room->occupants), 1);
    nj_room_rename(fixture->room, "nobody", "x");
    nj_room_rename(fixture->room, "newt", "newt");
    assert_events(fixture, "");
}

static void
test_state_and_subject_emit_changes(void **state)
{
    Fixture *fixture = *state;
    assert_string_equal(fixture->room->nick, "toad");
    assert_ptr_equal(nj_room_open(first_account(fixture->client), "pond@chat.example", "tadpole"),
                     fixture->room);
    nj_room_set_state(fixture->room, NJ_ROOM_JOINING, NULL);
    nj_room_set_state(fixture->room, NJ_ROOM_JOINING, NULL);
    nj_room_open(first_account(fixture->client), "pond@chat.example", "other");
    assert_events(fixture, "room:tadpole:0:: room:tadpole:1:: ");
    nj_room_set_subject(fixture->room, "Flies\x1B[31m\nand worms", "frog");

    nj_room_set_subject(fixture->room, "", "frog");
    assert_null(fixture->room->subject);
    assert_string_equal(fixture->room->subject_by, "frog");
    nj_room_set_state(fixture->room, NJ_ROOM_OUT, "You were kicked.");
    assert_events(
        fixture,
        "room:tadpole:1:Flies [31m and worms: room:tadpole:1:: room:tadpole:0::You were kicked. ");
}

static void
test_messages_set_the_time_of_the_occupant(void **state)
{
    Fixture *fixture = *state;
    NjOccupant *frog = put(fixture, "frog", NJ_SHOW_ONLINE);
    g_autoptr(NjMessage) message = make_message(500, false, "croak");

    g_free(message->sender);
    message->sender = g_strdup("frog");
    nj_chat_add(fixture->room->chat, message);
    assert_int_equal(frog->spoke, 500);
    nj_chat_close(fixture->room->chat); /* frees its occupants, too */
    assert_null(nj_chat_find(first_account(fixture->client), "pond@chat.example"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_joins_and_leaves_emit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many_occupants_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rename_replaces_the_nick, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_state_and_subject_emit_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_messages_set_the_time_of_the_occupant, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("model/room", tests, NULL, NULL);
}
