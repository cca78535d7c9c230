/* model/chat: what counts as unread, who is told how often, and what a listener may do
 * meanwhile. */
#include "house.h"

#include <string.h>

typedef struct {
    char *dir;
    NjStore *store;
    NjClient *client;
    NjChat *chat;
    guint added, changed, states;
    bool shown, closes;
} House;

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    House *house = owner;
    house->added++;
    if (house->shown)
        nj_chat_mark_read(event->chat, event->message);
    if (house->closes)
        nj_chat_close(event->chat);
}

static void
on_chat_changed(NjChat *chat, void *owner)
{
    House *house = owner;
    assert_ptr_equal(chat, house->chat);
    house->changed++;
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    House *house = owner;
    assert_ptr_equal(event->chat, house->chat);
    house->states++;
}

static int
set_up(void **state)
{
    House *house = g_new0(House, 1);
    house->dir = make_dir();
    house->store = open_store(house->dir);
    house->client = make_client();
    nj_client_set_store(house->client, house->store);
    house->chat = nj_chat_open(first_account(house->client), NJ_CHAT_PERSON, "frog@pond.example");
    nj_on_message_added(house->client->bus, on_message_added, house);
    nj_on_message_changed(house->client->bus, on_message_changed, house);
    nj_on_chat_changed(house->client->bus, on_chat_changed, house);

    *state = house;
    return 0;
}

static int
tear_down(void **state)
{
    House *house = *state;
    nj_client_free(house->client);
    assert_true(nj_store_close(house->store, 5000));
    drop_dir(house->dir);
    g_free(house);
    return 0;
}

static gint64
say(House *house, gint64 time, bool out, bool mention)
{
    g_autoptr(NjMessage) message = make_message(time, out, "x");
    message->mention = mention;
    nj_chat_add(house->chat, message);
    return message->id;
}

static void
test_unread(void **state)
{
    House *house = *state;
    say(house, 100, false, false);
    assert_int_equal(house->chat->unread, 1);
    say(house, 200, true, false);
    assert_int_equal(house->chat->unread, 1);
    say(house, 300, false, true);
    assert_int_equal(house->chat->unread, 2);
    assert_int_equal(house->chat->mentions, 1);
    assert_int_equal(house->added, 3);

    assert_int_equal(house->changed, 2); /* our own changed nothing */
    nj_chat_mark_read(house->chat, NULL);
    assert_int_equal(house->chat->unread, 0);
    assert_int_equal(house->chat->mentions, 0);
    assert_int_equal(house->changed, 3);

    /* history that was read elsewhere */
    g_autoptr(NjMessage) past = make_message(250, false, "x");
    past->mention = past->delayed = true;
    nj_chat_add(house->chat, past);
    assert_int_equal(house->chat->unread, 0);
    assert_int_equal(house->changed, 3);
    nj_chat_mark_read(house->chat, NULL);
    assert_int_equal(house->changed, 3);
}

/* The clock of the machine was put back: what is said now comes last all the same, and is not taken
 * for read. */
static void
test_clock_put_back(void **state)
{
    House *house = *state;
    say(house, 5000, false, false);
    nj_chat_mark_read(house->chat, NULL);

    g_autoptr(NjMessage) now = make_message(1000, false, "now");
    nj_chat_add(house->chat, now);
    assert_int_equal(house->chat->unread, 1);
    assert_int_equal(house->chat->last_id, now->id);
    say(house, 1001, true, false);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(house->store, house->chat->id, G_MAXINT64, G_MAXINT64, 2);
    assert_int_equal(((NjMessage *) page->pdata[0])->id, now->id);
}

static void
test_read_up_to(void **state)
{
    House *house = *state;
    say(house, 100, false, false);

    g_autoptr(NjMessage) middle = make_message(200, false, "x");
    nj_chat_add(house->chat, middle);
    say(house, 200, false, true);
    say(house, 300, false, false);
    nj_chat_mark_read(house->chat, middle);
    assert_int_equal(house->chat->unread, 2);
    assert_int_equal(house->chat->mentions, 1);

    /* It never goes back. */
    NjMessage older = { .time = 100, .id = 1 };
    nj_chat_mark_read(house->chat, &older);
    assert_int_equal(house->chat->unread, 2);
}

/* A flood into the chat that is shown: one event a message, and the last place of the marker is
 * what is kept. */
static void
test_shown(void **state)
{
    House *house = *state;
    house->shown = true;
    for (int i = 1; i <= 2000; i++)
        say(house, i, false, i % 2);

    assert_int_equal(house->added, 2000);
    assert_int_equal(house->changed, 0);
    assert_int_equal(house->chat->unread, 0);
    nj_store_flush(house->store);

    NjStoredChat row;
    assert_true(nj_store_ensure_chat(house->store, first_account(house->client)->row,
                                     NJ_CHAT_PERSON, "frog@pond.example", &row));
    assert_int_equal(row.unread, 0);
    assert_int_equal(row.read_time, 2000);
    nj_stored_chat_clear(&row);
}

static void
test_closed_while_told(void **state)
{
    House *house = *state;
    house->closes = true;
    nj_client_set_focus(house->client, house->chat);
    say(house, 100, false, false);
    assert_null(nj_chat_find(first_account(house->client), "frog@pond.example"));
    assert_null(house->client->focus);
    house->closes = false;
    house->chat = nj_chat_open(first_account(house->client), NJ_CHAT_PERSON, "frog@pond.example");
    assert_int_equal(house->chat->unread, 1); /* the history stays */
}

static void
test_states(void **state)
{
    House *house = *state;
    g_autoptr(NjMessage) message = make_message(100, true, "hello");

    nj_chat_add(house->chat, message);
    nj_chat_set_state(house->chat, message, NJ_STATE_SENT, NULL);
    nj_chat_set_state(house->chat, message, NJ_STATE_SENT, NULL);
    assert_int_equal(house->states, 1);
    nj_chat_set_state(house->chat, message, NJ_STATE_FAILED, "Nobody is there.");
    assert_int_equal(house->states, 2);
    nj_store_flush(house->store);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(house->store, house->chat->id, G_MAXINT64, 0, 5);
    assert_int_equal(page->len, 1);
    assert_string_equal(((NjMessage *) g_ptr_array_index(page, 0))->error, "Nobody is there.");
    assert_string_equal(nj_message_state_name(message), "failed");
    assert_string_equal(nj_message_type_name(message), "chat");
}

static void
test_state_of_closed_chat_is_stored(void **state)
{
    House *house = *state;
    NjAccount *account = first_account(house->client);
    g_autoptr(NjMessage) message = make_message(100, true, "hello");
    gint64 row = house->chat->id;

    nj_chat_add(house->chat, message);
    nj_chat_close(house->chat);
    nj_account_settle_message(account, "frog@pond.example", message, NJ_STATE_DELIVERED, NULL);
    assert_int_equal(message->state, NJ_STATE_DELIVERED);
    assert_int_equal(house->states, 0);
    nj_store_flush(house->store);

    g_autoptr(GPtrArray) page = nj_store_page_before(house->store, row, G_MAXINT64, 0, 5);
    assert_int_equal(page->len, 1);
    assert_string_equal(nj_message_state_name(g_ptr_array_index(page, 0)), "delivered");
    house->chat = nj_chat_open(account, NJ_CHAT_PERSON, "frog@pond.example");
}

static void
test_message_types_have_names_and_attributes(void **state)
{
    (void) state;
    assert_int_equal(nj_message_type_parse("groupchat"), NJ_MESSAGE_GROUPCHAT);
    assert_int_equal(nj_message_type_parse("error"), NJ_MESSAGE_ERROR);
    assert_int_equal(nj_message_type_parse(NULL), NJ_MESSAGE_NORMAL);
    assert_int_equal(nj_message_type_parse("croak"), NJ_MESSAGE_NORMAL);
    assert_string_equal(nj_message_type_attribute(NJ_MESSAGE_HEADLINE), "headline");
    assert_null(nj_message_type_attribute(NJ_MESSAGE_NORMAL));
    assert_null(nj_message_type_attribute(NJ_MESSAGE_ERROR));
}

static void
test_small_things(void **state)
{
    House *house = *state;
    nj_chat_set_draft(house->chat, "I thi");
    nj_chat_set_draft(house->chat, house->chat->draft);
    nj_chat_set_typing(house->chat, NJ_TYPING_COMPOSING);
    nj_chat_set_typing(house->chat, NJ_TYPING_COMPOSING);
    assert_int_equal(house->changed, 2);
    nj_chat_set_draft(house->chat, "");
    assert_null(house->chat->draft);
    assert_int_equal(house->changed, 3);

    nj_chat_set_peer(house->chat, "frog@pond.example/leaf");
    nj_chat_set_peer(house->chat, NULL);
    nj_chat_set_thread(house->chat, "t1");
    assert_null(house->chat->peer);
    assert_string_equal(house->chat->thread, "t1");
}

static void
test_labels_and_kinds(void **state)
{
    House *house = *state;
    NjAccount *account = first_account(house->client);

    assert_string_equal(nj_chat_label(house->chat), "frog@pond.example");
    nj_roster_put(account->roster, "frog@pond.example", "Frog", NJ_SUB_BOTH, false, false, NULL);
    assert_string_equal(nj_chat_label(house->chat), "Frog");
    assert_ptr_equal(nj_chat_open(account, NJ_CHAT_PERSON, "frog@pond.example"), house->chat);

    NjChat *occupant = nj_chat_open(account, NJ_CHAT_PRIVATE, "pond@chat.example/ne\xE2\x80\xAEwt");

    /* the override of the direction is gone */
    assert_string_equal(nj_chat_label(occupant), "newt");
    assert_null(occupant->room);

    NjChat *taken = nj_chat_open(account, NJ_CHAT_PERSON, "pond@chat.example");
    assert_int_equal(taken->kind, NJ_CHAT_PERSON);

    NjRoom *room = nj_room_open(account, "pond@chat.example", NULL);
    assert_ptr_equal(occupant->room, room);
    assert_int_equal(room->chat->kind, NJ_CHAT_ROOM);
    assert_ptr_equal(nj_chat_open(account, NJ_CHAT_PERSON, "pond@chat.example"), room->chat);
    nj_chat_close(room->chat);
    assert_null(occupant->room);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock_put_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read_up_to, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_while_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_states, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_state_of_closed_chat_is_stored, set_up, tear_down),
        cmocka_unit_test(test_message_types_have_names_and_attributes),
        cmocka_unit_test_setup_teardown(test_small_things, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_labels_and_kinds, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("model/chat", tests, NULL, NULL);
}
