/* model/client, model/account: adding, finding and removing accounts, and restoring them from a
 * store that is opened later. */
#include "fixture.h"

#include <string.h>

#include "base/clock.h"

typedef struct {
    NjClient *client;
    GString *events;
} Recorder;

static void
on_account_added(NjAccount *account, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "+%s ", account->settings->name);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "%s:%s ", account->settings->name,
                           nj_account_state_name(account->state));
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    Recorder *recorder = owner;
    assert_null(nj_client_account(recorder->client, account->settings->name));
    g_string_append_printf(recorder->events, "-%s ", account->settings->name);
}

static void
on_focus_changed(NjClient *client, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "focus=%s ",
                           client->focus ? client->focus->address : "console");
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "closed=%s ", chat->address);
}

static void
on_chat_added(NjChat *chat, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "opened=%s(%u) ", chat->address,
                           chat->unread);
}

static void
on_notice(NjNotice *notice, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "%s:%s:%s ",
                           notice->account ? notice->account->settings->name : "",
                           notice->chat ? notice->chat->address : "", notice->text);
    assert_true(notice->time > 0);
}

static void
assert_events(Recorder *recorder, const char *expected)
{
    assert_string_equal(recorder->events->str, expected);
    g_string_truncate(recorder->events, 0);
}

static void
listen(Recorder *recorder)
{
    NjBus *bus = recorder->client->bus;
    nj_on_account_added(bus, on_account_added, recorder);
    nj_on_account_changed(bus, on_account_changed, recorder);
    nj_on_account_removed(bus, on_account_removed, recorder);
    nj_on_focus_changed(bus, on_focus_changed, recorder);
    nj_on_chat_added(bus, on_chat_added, recorder);
    nj_on_chat_removed(bus, on_chat_removed, recorder);
    nj_on_notice(bus, on_notice, recorder);
}

static void
test_accounts_emit_and_are_found(void **state)
{
    (void) state;
    Recorder recorder = { nj_client_new(NULL, NULL), g_string_new(NULL) };
    listen(&recorder);

    NjAccountSettings home = { .name = (char *) "home", .address = (char *) "toad@pond.example" };
    NjAccountSettings work = { .name = (char *) "work", .address = (char *) "toad@lake.example" };
    NjAccount *one = nj_client_add_account(recorder.client, &home),
              *other = nj_client_add_account(recorder.client, &work);
    assert_events(&recorder, "+home +work ");
    assert_ptr_equal(nj_client_account(recorder.client, "home"), one);
    assert_ptr_equal(nj_client_account(recorder.client, "toad@lake.example"), other);
    assert_null(nj_client_account(recorder.client, "nobody"));
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
    assert_events(&recorder, "home:online home:waiting home:offline ");

    NjChat *chat = nj_chat_open(one, NJ_CHAT_PERSON, "frog@pond.example");
    nj_client_set_focus(recorder.client, chat);
    nj_client_set_focus(recorder.client, chat);
    nj_client_notice(recorder.client, NULL, chat, NJ_NOTICE_INFO, "It is %d.", 7);
    nj_client_notice(recorder.client, NULL, NULL, NJ_NOTICE_INFO, "Hello.");

    assert_events(&recorder, "opened=frog@pond.example(0) focus=frog@pond.example "
                             "home:frog@pond.example:It is 7. ::Hello. ");
    nj_client_remove_account(recorder.client, one);
    assert_events(&recorder, "-home focus=console closed=frog@pond.example ");
    assert_null(recorder.client->focus);
    nj_client_free(recorder.client);
    assert_events(&recorder, "-work ");
    g_string_free(recorder.events, TRUE);
}

static void
on_person_changed(NjClient *client, void *owner)
{
    g_string_append_printf(((Recorder *) owner)->events, "looking=%d ", client->looking);
}

/* Keys emit no event, except the first one after a rest. */
static void
test_focus_and_first_key_emit_person_changed(void **state)
{
    (void) state;
    Recorder recorder = { nj_client_new(NULL, NULL), g_string_new(NULL) };
    nj_on_person_changed(recorder.client->bus, on_person_changed, &recorder);
    assert_true(recorder.client->looking);
    assert_true(nj_clock_us() - recorder.client->active_us < G_USEC_PER_SEC);
    nj_client_note_active(recorder.client);
    assert_events(&recorder, "");
    nj_client_set_looking(recorder.client, false);
    nj_client_set_looking(recorder.client, false);

    assert_events(&recorder, "looking=0 ");
    recorder.client->active_us -= NJ_CLIENT_REST_US;
    nj_client_note_active(recorder.client);
    nj_client_note_active(recorder.client);
    assert_events(&recorder, "looking=0 ");
    recorder.client->active_us -= NJ_CLIENT_REST_US;
    nj_client_set_looking(recorder.client, true);
    assert_events(&recorder, "looking=1 ");
    nj_client_note_active(recorder.client);

    assert_events(&recorder, "");
    nj_client_free(recorder.client);
    g_string_free(recorder.events, TRUE);
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
    g_autoptr(NjMessage) in_room = make_message(10, false, "croak");
    nj_chat_add(room, in_room);

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
    Recorder recorder = { make_client(), g_string_new(NULL) };
    NjAccount *account = first_account(recorder.client);
    NjChat *early = nj_chat_open(account, NJ_CHAT_PERSON, "newt@pond.example");
    g_autoptr(NjMessage) unkept = make_message(10, false, "before the store");
    nj_chat_add(early, unkept);
    assert_true(unkept->id < 0);
    listen(&recorder);
    nj_client_set_store(recorder.client, store);

    assert_events(&recorder, "opened=frog@pond.example(1) ");
    assert_int_equal(account->row, row);
    assert_int_equal(nj_chat_find(account, "frog@pond.example")->id, id);
    assert_true(early->id > 0 && early->id != id);
    assert_non_null(nj_roster_request(account->roster, "stranger@pond.example"));
    nj_client_free(recorder.client);
    g_string_free(recorder.events, TRUE);
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
