/* ui/pane-roster: the order of the rows under changes, hidden contacts, the selection. */
#include "fixture.h"

#include "ui/pane.h"
#include "ui/screen.h"

static UiFixture fixture;
static NjScreen *screen;
static NjPane *pane;
static NjSurface *surface;
static NjTheme *theme;

static int
set_up(void **state)
{
    (void) state;
    fixture = ui_fixture_new(false);
    static const NjScreenHooks hooks = { NULL };
    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
    pane = nj_pane_roster_new(screen);
    surface = nj_surface_new(10, 20);
    theme = nj_theme_builtin(256);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    nj_theme_free(theme);
    nj_surface_free(surface);
    nj_pane_free(pane);
    nj_screen_free(screen);
    ui_fixture_free(&fixture);
    return 0;
}

static void
expect(const char *picture)
{
    pane->class->draw(pane, nj_area(surface, 0, 0, 10, 20), theme, true);
    g_autofree char *text = nj_surface_text(surface);
    g_strchomp(text);
    assert_string_equal(text, picture);
}

static void
test_contacts_are_sorted_and_grouped(void **state)
{
    (void) state;
    add_person(&fixture, "newt@x", "Newt", "Pond", NJ_SHOW_AWAY, NULL);
    add_person(&fixture, "frog@x", "frog", "Pond", NJ_SHOW_ONLINE, NULL);
    add_person(&fixture, "crab@x", "Crab", "Beach", NJ_SHOW_DND, NULL);
    add_person(&fixture, "eel@x", "Eel", "Pond", NJ_SHOW_OFFLINE, NULL);
    add_person(&fixture, "ant@x", NULL, NULL, NJ_SHOW_XA, NULL);
    expect("Beach            1/1\n"
           "⊖ Crab\n"
           "Pond             2/3\n"
           "● frog\n"
           "◐ Newt\n"
           "Contacts         1/1\n"
           "◔ ant@x");

    nj_roster_presence(fixture.account->roster, "frog@x/leaf", NJ_SHOW_OFFLINE, 0, NULL);
    nj_roster_presence(fixture.account->roster, "newt@x/leaf", NJ_SHOW_ONLINE, 0, NULL);
    nj_roster_remove(fixture.account->roster, "crab@x");
    expect("Pond             1/3\n● Newt\nContacts         1/1\n◔ ant@x");

    /* With another name, in other groups. */
    nj_roster_put(fixture.account->roster, "newt@x", "Newton", NJ_SUB_BOTH, false, false,
                  (const char *const[]){ "Tank", "Lab", NULL });
    expect("Lab              1/1\n● Newton\nTank             1/1\n● Newton\nContacts         "
           "1/1\n◔ ant@x");
    nj_roster_offline(fixture.account->roster);
    expect("");
}

static void
test_rooms_requests_and_unread_are_listed(void **state)
{
    (void) state;
    add_person(&fixture, "frog@x", "Frog", NULL, NJ_SHOW_OFFLINE, NULL);
    nj_roster_note_request(fixture.account->roster, "stranger@y", true, NULL, false);
    nj_roster_note_request(fixture.account->roster, "other@y", true, NULL, false);

    NjRoom *room = nj_room_open(fixture.account, "pond@rooms.x", "toad");
    expect("? 2 requests\nRooms\n# pond");

    /* An offline contact is listed while it has unread messages. */
    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@x");
    say(frog, "frog", NOON, "hello");
    expect("? 2 requests\nRooms\n# pond\nContacts         0/1\n○ Frog             1");
    nj_chat_mark_read(frog, NULL);
    nj_chat_close(room->chat);
    nj_roster_drop_request(fixture.account->roster, "stranger@y");
    expect("? 1 request");
}

/* Unread messages that the store has count like new ones. */
static void
test_stored_unread_lists_offline_contact(void **state)
{
    (void) state;
    fixture.dir = make_dir();
    nj_client_set_store(fixture.client, open_store(fixture.dir));

    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@x");
    say(frog, "frog", NOON, "hello");
    nj_store_flush(fixture.client->store);
    nj_chat_close(frog);
    add_person(&fixture, "frog@x", "Frog", NULL, NJ_SHOW_OFFLINE, NULL);
    expect("");
    nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@x");
    expect("Contacts         0/1\n○ Frog             1");
}

static void
test_option_lists_offline_contacts(void **state)
{
    (void) state;
    add_person(&fixture, "frog@x", "Frog", NULL, NJ_SHOW_OFFLINE, NULL);
    expect("");
    nj_options_override(fixture.client->options, "show-offline", "true", NULL);
    nj_emit_option_changed(
        fixture.client->bus,
        (NjOption *) nj_table_find(nj_options_table(fixture.client->options), "show-offline"));
    expect("Contacts         0/1\n○ Frog");
}

static void
test_several_accounts_have_headings(void **state)
{
    (void) state;
    add_person(&fixture, "frog@x", "Frog", NULL, NJ_SHOW_ONLINE, NULL);

    NjAccountSettings settings = { .name = (char *) "work", .address = (char *) "t@work.example" };
    NjAccount *work = nj_client_add_account(fixture.client, &settings);
    nj_roster_put(work->roster, "boss@work.example", "Boss", NJ_SUB_BOTH, false, false,
                  (const char *const[]){ NULL });
    nj_roster_presence(work->roster, "boss@work.example/x", NJ_SHOW_DND, 0, NULL);
    expect("home\nContacts         1/1\n● Frog\nwork\nContacts         1/1\n⊖ Boss");
    nj_client_remove_account(fixture.client, work);
    expect("Contacts         1/1\n● Frog");
}

/* Opens the selection and returns its chat. */
static NjChat *
open_selected(void)
{
    pane->class->activate(pane);
    return fixture.client->focus;
}

static void
test_selection_skips_headings(void **state)
{
    (void) state;
    add_person(&fixture, "a@x", "A", "One", NJ_SHOW_ONLINE, NULL);
    add_person(&fixture, "b@x", "B", "Two", NJ_SHOW_ONLINE, NULL);
    add_person(&fixture, "c@x", "C", "Two", NJ_SHOW_ONLINE, NULL);
    pane->class->shown(pane, true);
    assert_string_equal(open_selected()->address, "a@x");
    pane->class->move(pane, 1); /* over the heading of the next group */
    assert_string_equal(open_selected()->address, "b@x");
    nj_roster_presence(fixture.account->roster, "b@x/leaf", NJ_SHOW_OFFLINE, 0, NULL);

    assert_string_equal(open_selected()->address, "c@x");
    pane->class->scroll_to(pane, false);
    assert_string_equal(open_selected()->address, "a@x");
    pane->class->scroll_to(pane, true);
    assert_string_equal(open_selected()->address, "c@x");
    nj_roster_offline(fixture.account->roster);
    pane->class->move(pane, 1);
    expect("");
}

/* Among thousands of contacts the order stays right. */
static void
test_thousands_stay_sorted(void **state)
{
    (void) state;
    for (int i = 0; i < 2000; i++) {
        g_autofree char *address = g_strdup_printf("p%04d@x", i);
        add_person(&fixture, address, NULL, i % 3 ? "Three" : NULL, NJ_SHOW_OFFLINE, NULL);
    }

    for (int i = 1999; i >= 0; i--) {
        g_autofree char *full = g_strdup_printf("p%04d@x/r", i);
        nj_roster_presence(fixture.account->roster, full, i < 5 ? NJ_SHOW_ONLINE : NJ_SHOW_AWAY, 0,
                           NULL);
    }

    expect("Three      1333/1333\n● p0001@x\n● p0002@x\n● p0004@x\n◐ p0005@x\n◐ p0007@x\n◐ "
           "p0008@x\n◐ p0010@x\n◐ p0011@x\n◐ p0013@x");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_contacts_are_sorted_and_grouped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rooms_requests_and_unread_are_listed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_stored_unread_lists_offline_contact, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_option_lists_offline_contacts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_several_accounts_have_headings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_selection_skips_headings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_thousands_stay_sorted, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
