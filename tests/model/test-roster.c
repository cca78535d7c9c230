/* model/roster: items, presences, versions, strangers. */
#include "fixture.h"

#include <string.h>

typedef struct {
    NjClient *client;
    NjRoster *roster;
    guint changed, removed, loaded, requests;
    NjShow before;
} Fixture;

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    Fixture *fixture = owner;
    fixture->changed++;
    fixture->before = event->before;
}

static void
on_contact_removed(NjContact *contact, void *owner)
{
    Fixture *fixture = owner;
    assert_null(nj_roster_find(fixture->roster, contact->address));
    fixture->removed++;
}

static void
on_roster_loaded(NjAccount *account, void *owner)
{
    Fixture *fixture = owner;
    assert_ptr_equal(account->roster, fixture->roster);
    fixture->loaded++;
}

static void
on_request_changed(NjAccount *account, void *owner)
{
    Fixture *fixture = owner;
    assert_ptr_equal(account->roster, fixture->roster);
    fixture->requests++;
}

static void
listen(Fixture *fixture)
{
    fixture->roster = first_account(fixture->client)->roster;
    nj_on_contact_changed(fixture->client->bus, on_contact_changed, fixture);
    nj_on_contact_removed(fixture->client->bus, on_contact_removed, fixture);
    nj_on_roster_loaded(fixture->client->bus, on_roster_loaded, fixture);
    nj_on_request_changed(fixture->client->bus, on_request_changed, fixture);
}

static int
set_up(void **state)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->client = make_client();
    listen(fixture);
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;
    nj_client_free(fixture->client);
    g_free(fixture);
    return 0;
}

static NjContact *
put(Fixture *fixture, const char *address, const char *name)
{
    return nj_roster_put(fixture->roster, address, name, NJ_SUB_BOTH, false, false, NULL);
}

static void
test_items_are_added_changed_and_removed(void **state)
{
    Fixture *fixture = *state;
    static const char *const groups[] = { "Pond", "Po\x07nd", "", "Friends", NULL };
    NjContact *frog = nj_roster_put(fixture->roster, "frog@pond.example", " Fr\nog ", NJ_SUB_TO,
                                    true, false, groups);

    assert_string_equal(frog->name, "Fr og");
    assert_string_equal(nj_contact_label(frog), "Fr og");
    assert_true(frog->ask);
    assert_int_equal(g_strv_length(frog->wire_groups), 4);
    assert_int_equal(g_strv_length(frog->groups), 3);
    assert_string_equal(frog->groups[1], "Po nd");
    assert_ptr_equal(nj_roster_find(fixture->roster, "frog@pond.example/leaf"), frog);
    assert_null(nj_roster_find(fixture->roster, "frog@pond"));

    g_autofree char *long_address = g_strnfill(5000, 'x');
    long_address[4000] = '/';
    assert_null(nj_roster_find(fixture->roster, long_address));
    assert_int_equal(fixture->changed, 1);
    nj_roster_put(fixture->roster, "frog@pond.example", "Fr og", NJ_SUB_TO, true, false, groups);
    assert_int_equal(fixture->changed, 1);
    nj_roster_put(fixture->roster, "frog@pond.example", NULL, NJ_SUB_BOTH, false, false, NULL);
    assert_int_equal(fixture->changed, 2);
    assert_string_equal(nj_contact_label(frog), "frog@pond.example");

    assert_null(frog->groups[0]);
    assert_string_equal(nj_contact_label(put(fixture, "ne\xE2\x80\xAEwt@pond.example", "")),
                        "newt@pond.example");
    nj_roster_remove(fixture->roster, "frog@pond.example");
    nj_roster_remove(fixture->roster, "frog@pond.example");
    assert_int_equal(fixture->removed, 1);
    assert_int_equal(nj_roster_length(fixture->roster), 1);
}

static void
test_presences_are_sorted_by_availability(void **state)
{
    Fixture *fixture = *state;
    NjContact *frog = put(fixture, "frog@pond.example", NULL);

    assert_null(
        nj_roster_presence(fixture->roster, "stranger@pond.example/x", NJ_SHOW_ONLINE, 0, NULL));
    put(fixture, "toad@pond.example", "me");
    assert_null(
        nj_roster_presence(fixture->roster, "toad@pond.example/desk", NJ_SHOW_ONLINE, 0, NULL));
    fixture->changed = 0;
    assert_int_equal(nj_contact_show(frog), NJ_SHOW_OFFLINE);
    assert_ptr_equal(
        nj_roster_presence(fixture->roster, "frog@pond.example/leaf", NJ_SHOW_AWAY, 5, "at\nlunch"),
        frog);

    assert_int_equal(fixture->before, NJ_SHOW_OFFLINE);
    nj_roster_presence(fixture->roster, "frog@pond.example/leaf", NJ_SHOW_AWAY, 5, "at\nlunch");
    assert_int_equal(fixture->changed, 1);
    nj_roster_presence(fixture->roster, "frog@pond.example/stone", NJ_SHOW_CHAT, 1, NULL);
    assert_int_equal(nj_contact_show(frog), NJ_SHOW_AWAY); /* that of the higher priority */
    assert_string_equal(nj_contact_status(frog), "at lunch");
    nj_roster_presence(fixture->roster, "frog@pond.example/stone", NJ_SHOW_CHAT, 9, NULL);
    assert_int_equal(nj_contact_show(frog), NJ_SHOW_CHAT);
    assert_int_equal(fixture->before, NJ_SHOW_AWAY);

    assert_null(nj_contact_status(frog));
    nj_roster_set_caps(fixture->roster, "frog@pond.example/leaf", "https://leaf.example", "abc=");
    nj_roster_set_caps(fixture->roster, "frog@pond.example/none", "https://leaf.example", "abc=");
    assert_string_equal(nj_contact_presence(frog, "leaf")->caps_ver, "abc=");
    nj_roster_set_caps(fixture->roster, "frog@pond.example/leaf", NULL, NULL);
    assert_null(nj_contact_presence(frog, "leaf")->caps_node);
    nj_roster_presence(fixture->roster, "frog@pond.example/stone", NJ_SHOW_OFFLINE, 0, NULL);
    assert_null(nj_contact_presence(frog, "stone"));
    assert_int_equal(nj_contact_show(frog), NJ_SHOW_AWAY);

    fixture->changed = 0;
    nj_roster_presence(fixture->roster, "frog@pond.example/stone", NJ_SHOW_OFFLINE, 0, NULL);
    assert_int_equal(fixture->changed, 0);
    nj_roster_presence(fixture->roster, "frog@pond.example", NJ_SHOW_OFFLINE, 0, NULL);
    assert_int_equal(nj_contact_show(frog), NJ_SHOW_OFFLINE);
    assert_int_equal(fixture->changed, 1);

    for (int i = 0; i < 1000; i++) {
        g_autofree char *full = g_strdup_printf("frog@pond.example/%d", i);
        nj_roster_presence(fixture->roster, full, NJ_SHOW_ONLINE, 0, NULL);
    }

    assert_true(frog->presences->len < 100);
    nj_roster_offline(fixture->roster);
    assert_int_equal(frog->presences->len, 0);
}

static void
test_full_roster_removes_missing_contacts(void **state)
{
    Fixture *fixture = *state;
    nj_roster_begin(fixture->roster);
    put(fixture, "a@x", NULL);
    put(fixture, "b@x", NULL);
    nj_roster_end(fixture->roster);
    assert_int_equal(fixture->loaded, 1);
    nj_roster_begin(fixture->roster);
    put(fixture, "b@x", NULL);
    put(fixture, "c@x", NULL);

    nj_roster_end(fixture->roster);
    assert_int_equal(fixture->removed, 1);
    assert_null(nj_roster_find(fixture->roster, "a@x"));
    assert_int_equal(nj_roster_length(fixture->roster), 2);
}

static void
test_version_and_contacts_are_restored(void **state)
{
    (void) state;
    char *dir = make_dir();
    NjStore *store = open_store(dir);
    Fixture fixture = { .client = make_client() };
    nj_client_set_store(fixture.client, store);
    listen(&fixture);

    static const char *const groups[] = { "Pond", "Old\nFriends", NULL };
    nj_roster_begin(fixture.roster);
    nj_roster_put(fixture.roster, "frog@pond.example", "Frog", NJ_SUB_FROM, true, true, groups);
    put(&fixture, "newt@pond.example", NULL);
    nj_roster_set_version(fixture.roster, "v1");
    nj_roster_end(fixture.roster);
    put(&fixture, "eft@pond.example", NULL); /* a push */
    nj_roster_remove(fixture.roster, "newt@pond.example");
    nj_roster_set_version(fixture.roster, "v2");

    nj_client_free(fixture.client);
    assert_true(nj_store_close(store, 5000));

    store = open_store(dir);
    fixture = (Fixture){ .client = make_client() };
    listen(&fixture);
    nj_client_set_store(fixture.client, store);
    assert_int_equal(fixture.loaded, 1);
    assert_string_equal(nj_roster_version(fixture.roster), "v2");
    assert_int_equal(nj_roster_length(fixture.roster), 2);

    NjContact *frog = nj_roster_find(fixture.roster, "frog@pond.example");
    assert_string_equal(frog->name, "Frog");
    assert_int_equal(frog->subscription, NJ_SUB_FROM);
    assert_true(frog->ask && frog->approved);
    assert_string_equal(frog->groups[1], "Old Friends");
    assert_int_equal(g_strv_length(frog->groups), 2);
    nj_roster_load(fixture.roster);
    assert_int_equal(fixture.loaded, 1);

    /* Without a version the roster is not stored. */
    nj_roster_begin(fixture.roster);
    nj_roster_put(fixture.roster, "frog@pond.example", "Frog", NJ_SUB_FROM, true, true, groups);
    nj_roster_end(fixture.roster);
    nj_client_free(fixture.client);
    fixture.client = make_client();
    nj_client_set_store(fixture.client, store);
    assert_null(nj_roster_version(first_account(fixture.client)->roster));
    assert_int_equal(nj_roster_length(first_account(fixture.client)->roster), 0);

    nj_client_free(fixture.client);
    assert_true(nj_store_close(store, 5000));
    drop_dir(dir);
}

static void
test_requests_are_limited(void **state)
{
    Fixture *fixture = *state;
    NjRequest *request = nj_roster_note_request(fixture->roster, "newt@pond.example", true,
                                                "I am\x1B newt\nand more", false);

    assert_string_equal(request->text, "I am newt");
    assert_true(request->asks);
    assert_int_equal(request->messages, 0);
    for (int i = 0; i < NJ_MAX_REQUEST_MESSAGES; i++)
        assert_ptr_equal(
            nj_roster_note_request(fixture->roster, "newt@pond.example", false, "hi", true),
            request);

    assert_null(nj_roster_note_request(fixture->roster, "newt@pond.example", false, "hi", true));
    assert_string_equal(request->text, "I am newt");
    assert_int_equal(fixture->requests, 1 + NJ_MAX_REQUEST_MESSAGES);

    for (int i = 0; i < 1000; i++) {
        g_autofree char *address = g_strdup_printf("spam%d@pond.example", i);
        nj_roster_note_request(fixture->roster, address, true, NULL, false);
    }

    assert_int_equal(nj_roster_requests(fixture->roster)->len, NJ_MAX_REQUESTS);
    nj_roster_drop_request(fixture->roster, "newt@pond.example");
    nj_roster_drop_request(fixture->roster, "newt@pond.example");
    assert_null(nj_roster_request(fixture->roster, "newt@pond.example"));
    assert_non_null(nj_roster_note_request(fixture->roster, "eft@pond.example", true, NULL, false));
}

static void
test_words_of_show_and_subscription(void **state)
{
    (void) state;
    NjShow show;
    NjSubscription subscription;
    for (int i = NJ_SHOW_OFFLINE; i <= NJ_SHOW_CHAT; i++) {
        assert_true(nj_show_parse(nj_show_name((NjShow) i), &show));
        assert_int_equal(show, i);
    }

    for (int i = NJ_SUB_NONE; i <= NJ_SUB_BOTH; i++) {
        assert_true(nj_subscription_parse(nj_subscription_name((NjSubscription) i), &subscription));
        assert_int_equal(subscription, i);
    }

    assert_false(nj_show_parse("busy", &show));
    assert_false(nj_show_parse(NULL, &show));
    assert_false(nj_subscription_parse("", &subscription));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_items_are_added_changed_and_removed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_presences_are_sorted_by_availability, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_full_roster_removes_missing_contacts, set_up,
                                        tear_down),
        cmocka_unit_test(test_version_and_contacts_are_restored),
        cmocka_unit_test_setup_teardown(test_requests_are_limited, set_up, tear_down),
        cmocka_unit_test(test_words_of_show_and_subscription),
    };
    return cmocka_run_group_tests_name("model/roster", tests, NULL, NULL);
}
