/* model/chat: counts of unread messages, the number of events, closing a chat from a listener. */
#include "fixture.h"

#include <string.h>

typedef struct {
    char *dir;
    NjStore *store;
    NjClient *client;
    NjChat *chat;
    guint added, changed, states;
    bool shown, closes;
} Fixture;

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    Fixture *fixture = owner;
    fixture->added++;
    if (fixture->shown)
        nj_chat_mark_read(event->chat, event->message);
    if (fixture->closes)
        nj_chat_close(event->chat);
}

static void
on_chat_changed(NjChat *chat, void *owner)
{
    Fixture *fixture = owner;
    assert_ptr_equal(chat, fixture->chat);
    fixture->changed++;
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    Fixture *fixture = owner;
    assert_ptr_equal(event->chat, fixture->chat);
    fixture->states++;
}

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->dir = make_dir();
    fixture->store = open_store(fixture->dir);
    fixture->client = make_client();
    nj_client_set_store(fixture->client, fixture->store);
    fixture->chat =
        nj_chat_open(first_account(fixture->client), NJ_CHAT_PERSON, "frog@pond.example");
    nj_on_message_added(fixture->client->bus, on_message_added, fixture);
    nj_on_message_changed(fixture->client->bus, on_message_changed, fixture);
    nj_on_chat_changed(fixture->client->bus, on_chat_changed, fixture);

    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;
    nj_client_free(fixture->client);
    assert_true(nj_store_close(fixture->store, 5000));
    drop_dir(fixture->dir);
    g_free(fixture);
    return 0;
}

static gint64
add_message(Fixture *fixture, gint64 time, bool out, bool mention)
{
    g_autoptr(NjMessage) message = make_message(time, out, "x");
    message->mention = mention;
    nj_chat_add(fixture->chat, message);
    return message->id;
}

static void
test_incoming_messages_count_as_unread(void **state)
{
    Fixture *fixture = *state;
    add_message(fixture, 100, false, false);
    assert_int_equal(fixture->chat->unread, 1);
    add_message(fixture, 200, true, false);
    assert_int_equal(fixture->chat->unread, 1);
    add_message(fixture, 300, false, true);
    assert_int_equal(fixture->chat->unread, 2);
    assert_int_equal(fixture->chat->mentions, 1);
    assert_int_equal(fixture->added, 3);

    assert_int_equal(fixture->changed, 2); /* our own message changes nothing */
    nj_chat_mark_read(fixture->chat, NULL);
    assert_int_equal(fixture->chat->unread, 0);
    assert_int_equal(fixture->chat->mentions, 0);
    assert_int_equal(fixture->changed, 3);

    /* a delayed message before the read position */
    g_autoptr(NjMessage) past = make_message(250, false, "x");
    past->mention = past->delayed = true;
    nj_chat_add(fixture->chat, past);
    assert_int_equal(fixture->chat->unread, 0);
    assert_int_equal(fixture->changed, 3);
    nj_chat_mark_read(fixture->chat, NULL);
    assert_int_equal(fixture->changed, 3);
}

/* After the clock was set back, a new message still is the last one, and unread. */
static void
test_clock_set_back_keeps_new_messages_last(void **state)
{
    Fixture *fixture = *state;
    add_message(fixture, 5000, false, false);
    nj_chat_mark_read(fixture->chat, NULL);

    g_autoptr(NjMessage) now = make_message(1000, false, "now");
    nj_chat_add(fixture->chat, now);
    assert_int_equal(fixture->chat->unread, 1);
    assert_int_equal(fixture->chat->last_id, now->id);
    add_message(fixture, 1001, true, false);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture->store, fixture->chat->id, G_MAXINT64, G_MAXINT64, 2);
    assert_int_equal(((NjMessage *) page->pdata[0])->id, now->id);
}

static void
test_mark_read_counts_later_messages(void **state)
{
    Fixture *fixture = *state;
    add_message(fixture, 100, false, false);

    g_autoptr(NjMessage) middle = make_message(200, false, "x");
    nj_chat_add(fixture->chat, middle);
    add_message(fixture, 200, false, true);
    add_message(fixture, 300, false, false);
    nj_chat_mark_read(fixture->chat, middle);
    assert_int_equal(fixture->chat->unread, 2);
    assert_int_equal(fixture->chat->mentions, 1);

    /* The read position never moves back. */
    NjMessage older = { .time = 100, .id = 1 };
    nj_chat_mark_read(fixture->chat, &older);
    assert_int_equal(fixture->chat->unread, 2);
}

/* Many messages into a displayed chat: one event for each, and only the last read position is
 * stored. */
static void
test_displayed_chat_emits_no_changes(void **state)
{
    Fixture *fixture = *state;
    fixture->shown = true;
    for (int i = 1; i <= 2000; i++)
        add_message(fixture, i, false, i % 2);

    assert_int_equal(fixture->added, 2000);
    assert_int_equal(fixture->changed, 0);
    assert_int_equal(fixture->chat->unread, 0);
    nj_store_flush(fixture->store);

    NjStoredChat row;
    assert_true(nj_store_ensure_chat(fixture->store, first_account(fixture->client)->row,
                                     NJ_CHAT_PERSON, "frog@pond.example", &row));
    assert_int_equal(row.unread, 0);
    assert_int_equal(row.read_time, 2000);
    nj_stored_chat_clear(&row);
}

static void
test_listener_may_close_the_chat(void **state)
{
    Fixture *fixture = *state;
    fixture->closes = true;
    nj_client_set_focus(fixture->client, fixture->chat);
    add_message(fixture, 100, false, false);
    assert_null(nj_chat_find(first_account(fixture->client), "frog@pond.example"));
    assert_null(fixture->client->focus);
    fixture->closes = false;
    fixture->chat =
        nj_chat_open(first_account(fixture->client), NJ_CHAT_PERSON, "frog@pond.example");
    assert_int_equal(fixture->chat->unread, 1); /* the stored message stays */
}

static void
test_state_changes_emit_once_and_are_stored(void **state)
{
    Fixture *fixture = *state;
    g_autoptr(NjMessage) message = make_message(100, true, "hello");

    nj_chat_add(fixture->chat, message);
    nj_chat_set_state(fixture->chat, message, NJ_STATE_SENT, NULL);
    nj_chat_set_state(fixture->chat, message, NJ_STATE_SENT, NULL);
    assert_int_equal(fixture->states, 1);
    nj_chat_set_state(fixture->chat, message, NJ_STATE_FAILED, "Nobody is there.");
    assert_int_equal(fixture->states, 2);
    nj_store_flush(fixture->store);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture->store, fixture->chat->id, G_MAXINT64, 0, 5);
    assert_int_equal(page->len, 1);
    assert_string_equal(((NjMessage *) g_ptr_array_index(page, 0))->error, "Nobody is there.");
    assert_string_equal(nj_message_state_name(message), "failed");
    assert_string_equal(nj_message_type_name(message), "chat");
}

static void
test_state_of_closed_chat_is_stored(void **state)
{
    Fixture *fixture = *state;
    NjAccount *account = first_account(fixture->client);
    g_autoptr(NjMessage) message = make_message(100, true, "hello");
    gint64 row = fixture->chat->id;

    nj_chat_add(fixture->chat, message);
    nj_chat_close(fixture->chat);
    nj_account_settle_message(account, "frog@pond.example", message, NJ_STATE_DELIVERED, NULL);
    assert_int_equal(message->state, NJ_STATE_DELIVERED);
    assert_int_equal(fixture->states, 0);
    nj_store_flush(fixture->store);

    g_autoptr(GPtrArray) page = nj_store_page_before(fixture->store, row, G_MAXINT64, 0, 5);
    assert_int_equal(page->len, 1);
    assert_string_equal(nj_message_state_name(g_ptr_array_index(page, 0)), "delivered");
    fixture->chat = nj_chat_open(account, NJ_CHAT_PERSON, "frog@pond.example");
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
test_draft_typing_peer_and_thread(void **state)
{
    Fixture *fixture = *state;
    nj_chat_set_draft(fixture->chat, "I thi");
    nj_chat_set_draft(fixture->chat, fixture->chat->draft);
    nj_chat_set_typing(fixture->chat, NJ_TYPING_COMPOSING);
    nj_chat_set_typing(fixture->chat, NJ_TYPING_COMPOSING);
    assert_int_equal(fixture->changed, 2);
    nj_chat_set_draft(fixture->chat, "");
    assert_null(fixture->chat->draft);
    assert_int_equal(fixture->changed, 3);

    nj_chat_set_peer(fixture->chat, "frog@pond.example/leaf");
    nj_chat_set_peer(fixture->chat, NULL);
    nj_chat_set_thread(fixture->chat, "t1");
    assert_null(fixture->chat->peer);
    assert_string_equal(fixture->chat->thread, "t1");
}

static void
test_labels_and_kinds_of_chats(void **state)
{
    Fixture *fixture = *state;
    NjAccount *account = first_account(fixture->client);

    assert_string_equal(nj_chat_label(fixture->chat), "frog@pond.example");
    nj_roster_put(account->roster, "frog@pond.example", "Frog", NJ_SUB_BOTH, false, false, NULL);
    assert_string_equal(nj_chat_label(fixture->chat), "Frog");
    assert_ptr_equal(nj_chat_open(account, NJ_CHAT_PERSON, "frog@pond.example"), fixture->chat);

    NjChat *occupant = nj_chat_open(account, NJ_CHAT_PRIVATE, "pond@chat.example/ne\xE2\x80\xAEwt");

    /* the bidi override is removed */
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
        cmocka_unit_test_setup_teardown(test_incoming_messages_count_as_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock_set_back_keeps_new_messages_last, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_mark_read_counts_later_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_displayed_chat_emits_no_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_listener_may_close_the_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_state_changes_emit_once_and_are_stored, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_state_of_closed_chat_is_stored, set_up, tear_down),
        cmocka_unit_test(test_message_types_have_names_and_attributes),
        cmocka_unit_test_setup_teardown(test_draft_typing_peer_and_thread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_labels_and_kinds_of_chats, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("model/chat", tests, NULL, NULL);
}
