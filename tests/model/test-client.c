/* model/client, model/account: adding, finding and removing accounts, and restoring them from a
 * store that is opened later. */
#include "fixture.h"

#include <string.h>

#include "base/clock.h"

typedef struct {
    NjClient *client;
    GString *heard;
} Ear;

static void
on_account_added(NjAccount *account, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "+%s ", account->settings->name);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "%s:%s ", account->settings->name,
                           nj_account_state_name(account->state));
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    Ear *ear = owner;
    assert_null(nj_client_account(ear->client, account->settings->name));
    g_string_append_printf(ear->heard, "-%s ", account->settings->name);
}

static void
on_focus_changed(NjClient *client, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "focus=%s ",
                           client->focus ? client->focus->address : "console");
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "closed=%s ", chat->address);
}

static void
on_chat_added(NjChat *chat, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "opened=%s(%u) ", chat->address, chat->unread);
}

static void
on_notice(NjNotice *notice, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "%s:%s:%s ",
                           notice->account ? notice->account->settings->name : "",
                           notice->chat ? notice->chat->address : "", notice->text);
    assert_true(notice->time > 0);
}

static void
assert_heard(Ear *ear, const char *expected)
{
    assert_string_equal(ear->heard->str, expected);
    g_string_truncate(ear->heard, 0);
}

static void
listen(Ear *ear)
{
    NjBus *bus = ear->client->bus;
    nj_on_account_added(bus, on_account_added, ear);
    nj_on_account_changed(bus, on_account_changed, ear);
    nj_on_account_removed(bus, on_account_removed, ear);
    nj_on_focus_changed(bus, on_focus_changed, ear);
    nj_on_chat_added(bus, on_chat_added, ear);
    nj_on_chat_removed(bus, on_chat_removed, ear);
    nj_on_notice(bus, on_notice, ear);
}

static void
test_accounts_emit_and_are_found(void **state)
{
    (void) state;
    Ear ear = { nj_client_new(NULL, NULL), g_string_new(NULL) };
    listen(&ear);

    NjAccountSettings home = { .name = (char *) "home", .address = (char *) "toad@pond.example" };
    NjAccountSettings work = { .name = (char *) "work", .address = (char *) "toad@lake.example" };
    NjAccount *one = nj_client_add_account(ear.client, &home),
              *other = nj_client_add_account(ear.client, &work);
    assert_heard(&ear, "+home +work ");
    assert_ptr_equal(nj_client_account(ear.client, "home"), one);
    assert_ptr_equal(nj_client_account(ear.client, "toad@lake.example"), other);
    assert_null(nj_client_account(ear.client, "nobody"));
    assert_true(nj_account_is_own(one, "toad@pond.example/desk"));

    assert_false(nj_account_is_own(one, "toad@lake.example"));

    nj_account_set_jid(one, "Toad@pond.example/desk");
    nj_account_set_state(one, NJ_ACCOUNT_ONLINE, NULL);
    assert_string_equal(one->jid, "Toad@pond.example/desk");
    assert_string_equal(one->bare, "Toad@pond.example");
    nj_account_set_state(one, NJ_ACCOUNT_WAITING, "The server hung up.");
    assert_null(one->jid);
    nj_account_set_state(one, NJ_ACCOUNT_OFFLINE, one->why);
    assert_string_equal(one->why, "The server hung up.");
    assert_heard(&ear, "home:online home:waiting home:offline ");

    NjChat *chat = nj_chat_open(one, NJ_CHAT_PERSON, "frog@pond.example");
    nj_client_set_focus(ear.client, chat);
    nj_client_set_focus(ear.client, chat);
    nj_client_notice(ear.client, NULL, chat, NJ_NOTICE_INFO, "It is %d.", 7);
    nj_client_notice(ear.client, NULL, NULL, NJ_NOTICE_INFO, "Hello.");

    assert_heard(&ear, "opened=frog@pond.example(0) focus=frog@pond.example "
                       "home:frog@pond.example:It is 7. ::Hello. ");
    nj_client_remove_account(ear.client, one);
    assert_heard(&ear, "-home focus=console closed=frog@pond.example ");
    assert_null(ear.client->focus);
    nj_client_free(ear.client);
    assert_heard(&ear, "-work ");
    g_string_free(ear.heard, TRUE);
}

static void
on_person_changed(NjClient *client, void *owner)
{
    g_string_append_printf(((Ear *) owner)->heard, "looking=%d ", client->looking);
}

/* Keys emit no event, except the first one after a rest. */
static void
test_focus_and_first_key_emit_person_changed(void **state)
{
    (void) state;
    Ear ear = { nj_client_new(NULL, NULL), g_string_new(NULL) };
    nj_on_person_changed(ear.client->bus, on_person_changed, &ear);
    assert_true(ear.client->looking);
    assert_true(nj_clock_us() - ear.client->active_us < G_USEC_PER_SEC);
    nj_client_note_active(ear.client);
    assert_heard(&ear, "");
    nj_client_set_looking(ear.client, false);
    nj_client_set_looking(ear.client, false);

    assert_heard(&ear, "looking=0 ");
    ear.client->active_us -= NJ_CLIENT_REST_US;
    nj_client_note_active(ear.client);
    nj_client_note_active(ear.client);
    assert_heard(&ear, "looking=0 ");
    ear.client->active_us -= NJ_CLIENT_REST_US;
    nj_client_set_looking(ear.client, true);
    assert_heard(&ear, "looking=1 ");
    nj_client_note_active(ear.client);

    assert_heard(&ear, "");
    nj_client_free(ear.client);
    g_string_free(ear.heard, TRUE);
}

/* A listener may remove the account of the event. */
static void
on_change_remove(NjAccount *account, void *owner)
{
    nj_client_remove_account(owner, account);
}

static void
on_change_look(NjAccount *account, void *owner)
{
    (void) owner;
    assert_string_equal(account->settings->name, "home");
    assert_non_null(account->roster);
    assert_int_equal(g_hash_table_size(account->chats), 0);
}

static void
test_listener_may_remove_the_account(void **state)
{
    (void) state;
    NjClient *client = make_client();
    nj_chat_open(first_account(client), NJ_CHAT_PERSON, "frog@pond.example");
    nj_on_account_changed(client->bus, on_change_remove, client);
    nj_on_account_changed(client->bus, on_change_look, client);
    nj_account_set_state(first_account(client), NJ_ACCOUNT_ONLINE, NULL);
    assert_int_equal(client->accounts->len, 0);
    while (g_main_context_iteration(NULL, FALSE))
        continue;

    nj_client_free(client);
}

/* The store is opened after the first screen is drawn. */
static void
test_store_opened_later_restores_accounts(void **state)
{
    (void) state;
    char *dir = make_dir();
    NjStore *store = open_store(dir);
    NjClient *client = make_client();
    nj_client_set_store(client, store);

    NjChat *chat = nj_chat_open(first_account(client), NJ_CHAT_PERSON, "frog@pond.example");
    g_autoptr(NjMessage) message = make_message(10, false, "croak");
    nj_chat_add(chat, message);

    NjChat *room = nj_chat_open(first_account(client), NJ_CHAT_ROOM, "pond@chat.example");
    g_autoptr(NjMessage) said = make_message(10, false, "croak");
    nj_chat_add(room, said);

    gint64 row = first_account(client)->row, id = chat->id;
    assert_true(row > 0 && id > 0 && message->id > 0);

    NjStoredChat stranger;
    assert_true(
        nj_store_ensure_chat(store, row, NJ_CHAT_PERSON, "stranger@pond.example", &stranger));
    nj_store_set_from_stranger(store, stranger.id, true);
    nj_stored_chat_clear(&stranger);
    nj_client_free(client);
    assert_true(nj_store_close(store, 5000));

    store = open_store(dir);
    Ear ear = { make_client(), g_string_new(NULL) };
    NjAccount *account = first_account(ear.client);
    NjChat *early = nj_chat_open(account, NJ_CHAT_PERSON, "newt@pond.example");
    g_autoptr(NjMessage) unkept = make_message(10, false, "before the store");
    nj_chat_add(early, unkept);
    assert_true(unkept->id < 0);
    listen(&ear);
    nj_client_set_store(ear.client, store);

    assert_heard(&ear, "opened=frog@pond.example(1) ");
    assert_int_equal(account->row, row);
    assert_int_equal(nj_chat_find(account, "frog@pond.example")->id, id);
    assert_true(early->id > 0 && early->id != id);
    assert_non_null(nj_roster_request(account->roster, "stranger@pond.example"));
    nj_client_free(ear.client);
    g_string_free(ear.heard, TRUE);
    assert_true(nj_store_close(store, 5000));
    drop_dir(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts_emit_and_are_found),
        cmocka_unit_test(test_focus_and_first_key_emit_person_changed),
        cmocka_unit_test(test_listener_may_remove_the_account),
        cmocka_unit_test(test_store_opened_later_restores_accounts),
    };
    return cmocka_run_group_tests_name("model/client", tests, NULL, NULL);
}
