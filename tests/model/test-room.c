/* model/room: who is there, what they are called, and what is told of it. */
#include "house.h"

typedef struct {
    NjClient *client;
    NjRoom *room;
    GString *heard;
} House;

static void
on_occupant_changed(NjOccupantEvent *event, void *owner)
{
    g_string_append_printf(((House *) owner)->heard, "%s%s%s%s ", event->joined ? "+" : "",
                           event->old_nick ? event->old_nick : "", event->old_nick ? ">" : "",
                           event->occupant->shown);
}

static void
on_occupant_removed(NjOccupantEvent *event, void *owner)
{
    assert_null(nj_room_occupant(event->room, event->occupant->nick));
    g_string_append_printf(((House *) owner)->heard, "-%s%s ", event->occupant->shown,
                           event->room->full ? "" : "?");
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    g_string_append_printf(((House *) owner)->heard, "room:%s:%d:%s:%s ", room->nick,
                           (int) room->state, room->subject ? room->subject : "",
                           room->why ? room->why : "");
}

static void
assert_heard(House *house, const char *expected)
{
    assert_string_equal(house->heard->str, expected);
    g_string_truncate(house->heard, 0);
}

static int
set_up(void **state)
{
    House *house = g_new0(House, 1);
    house->client = make_client();
    house->heard = g_string_new(NULL);
    house->room = nj_room_open(first_account(house->client), "pond@chat.example", NULL);
    nj_on_occupant_changed(house->client->bus, on_occupant_changed, house);
    nj_on_occupant_removed(house->client->bus, on_occupant_removed, house);
    nj_on_room_changed(house->client->bus, on_room_changed, house);
    *state = house;

    return 0;
}

static int
tear_down(void **state)
{
    House *house = *state;
    nj_client_free(house->client);
    g_string_free(house->heard, TRUE);
    g_free(house);
    return 0;
}

static NjOccupant *
put(House *house, const char *nick, NjShow show)
{
    return nj_room_put(house->room, nick, NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, show,
                       NULL);
}

static void
test_come_and_go(void **state)
{
    House *house = *state;
    put(house, "frog", NJ_SHOW_ONLINE);
    put(house, "frog", NJ_SHOW_ONLINE); /* nothing new */
    put(house, "frog", NJ_SHOW_AWAY);
    put(house, "", NJ_SHOW_ONLINE);
    put(house, "ne\nwt", NJ_SHOW_ONLINE);
    assert_heard(house, "+frog frog +? +ne wt ");
    house->room->full = true;
    nj_room_take_out(house->room, "nobody");

    nj_room_take_out(house->room, "ne\nwt");
    assert_heard(house, "-ne wt ");
    nj_room_take_out(house->room, "");
    nj_room_clear(house->room);
    assert_heard(house, "-? -frog? ");
    assert_int_equal(g_hash_table_size(house->room->occupants), 0);
    assert_false(house->room->full);
}

/* Nobody can fill our memory with names. */
static void
test_too_many(void **state)
{
    House *house = *state;
    char nick[16];

    for (int i = 0; i < NJ_MAX_OCCUPANTS; i++) {
        g_snprintf(nick, sizeof nick, "%d", i);
        assert_non_null(put(house, nick, NJ_SHOW_ONLINE));
    }

    assert_null(put(house, "one more", NJ_SHOW_ONLINE));
    assert_non_null(put(house, "7", NJ_SHOW_AWAY));
    nj_room_take_out(house->room, "8");
    assert_non_null(put(house, "one more", NJ_SHOW_ONLINE));
}

static void
test_rename(void **state)
{
    House *house = *state;
    NjOccupant *frog = put(house, "frog", NJ_SHOW_ONLINE);

    put(house, "toad", NJ_SHOW_ONLINE);
    g_string_truncate(house->heard, 0);
    nj_room_rename(house->room, frog->nick, "newt");
    assert_heard(house, "frog>newt ");
    assert_ptr_equal(nj_room_occupant(house->room, "newt"), frog);
    assert_null(nj_room_occupant(house->room, "frog"));

    /* Ours; and one whose name the room gave away already. */
    nj_room_rename(house->room, "toad", "newt");
    assert_heard(house, "-newt? toad>newt room:newt:0:: ");
    assert_int_equal(g_hash_table_size(house->room->occupants), 1);
    nj_room_rename(house->room, "nobody", "x");
    nj_room_rename(house->room, "newt", "newt");
    assert_heard(house, "");
}

static void
test_state(void **state)
{
    House *house = *state;
    assert_string_equal(house->room->nick, "toad");
    assert_ptr_equal(nj_room_open(first_account(house->client), "pond@chat.example", "tadpole"),
                     house->room);
    nj_room_set_state(house->room, NJ_ROOM_JOINING, NULL);
    nj_room_set_state(house->room, NJ_ROOM_JOINING, NULL);
    nj_room_open(first_account(house->client), "pond@chat.example", "other");
    assert_heard(house, "room:tadpole:0:: room:tadpole:1:: ");
    nj_room_set_subject(house->room, "Flies\x1B[31m\nand worms", "frog");

    nj_room_set_subject(house->room, "", "frog");
    assert_null(house->room->subject);
    assert_string_equal(house->room->subject_by, "frog");
    nj_room_set_state(house->room, NJ_ROOM_OUT, "You were kicked.");
    assert_heard(
        house,
        "room:tadpole:1:Flies [31m and worms: room:tadpole:1:: room:tadpole:0::You were kicked. ");
}

static void
test_who_spoke(void **state)
{
    House *house = *state;
    NjOccupant *frog = put(house, "frog", NJ_SHOW_ONLINE);
    g_autoptr(NjMessage) message = make_message(500, false, "croak");

    g_free(message->sender);
    message->sender = g_strdup("frog");
    nj_chat_add(house->room->chat, message);
    assert_int_equal(frog->spoke, 500);
    nj_chat_close(house->room->chat); /* with its occupants */
    assert_null(nj_chat_find(first_account(house->client), "pond@chat.example"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_come_and_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_too_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rename, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_who_spoke, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("model/room", tests, NULL, NULL);
}
