/* ui/pane-chat and ui/pane-room: their headings, when a message counts as read, the list of
 * occupants. */
#include "fixture.h"

#include "ui/screen.h"

static UiFixture fixture;
static NjScreen *screen;
static NjSurface *surface;
static NjChat *frog;

static int
set_up(void **state)
{
    (void) state;
    fixture = ui_fixture_new(true);
    static const NjScreenHooks hooks = { NULL };
    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
    surface = nj_surface_new(12, 80);
    add_person(&fixture, "frog@pond.example", "Frog", NULL, NJ_SHOW_ONLINE, NULL);
    frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    nj_screen_free(screen);
    nj_surface_free(surface);
    ui_fixture_free(&fixture);
    return 0;
}

static void
head(const char *part)
{
    nj_screen_draw_on(screen, surface);
    g_autofree char *text = nj_surface_text(surface);
    *strchr(text, '\n') = '\0';
    if (!strstr(text, part))
        fail_msg("“%s” is not in the head “%s”", part, text);
}

static void
test_heading_shows_presence(void **state)
{
    (void) state;
    nj_screen_show_chat(screen, frog);
    head("│ Frog  online");
    nj_roster_presence(fixture.account->roster, "frog@pond.example/leaf", NJ_SHOW_DND, 0,
                       "writing");
    head("│ Frog  busy · writing");
    nj_chat_set_typing(frog, NJ_TYPING_COMPOSING);
    head("│ Frog  is writing…");
    nj_chat_set_typing(frog, NJ_TYPING_ACTIVE);
    nj_roster_offline(fixture.account->roster);

    head("│ Frog  offline");
    nj_roster_put(fixture.account->roster, "frog@pond.example", "Kermit", NJ_SUB_BOTH, false, false,
                  (const char *const[]){ NULL });
    head("│ Kermit  offline");

    /* A stranger has no presence. */
    nj_screen_show_chat(screen, nj_chat_open(fixture.account, NJ_CHAT_PERSON, "who@far.example"));
    head("│ who@far.example");
}

static void
test_messages_below_the_view_stay_unread(void **state)
{
    (void) state;
    nj_screen_show_chat(screen, frog);
    nj_screen_draw_on(screen, surface);
    for (int i = 0; i < 40; i++)
        say(frog, "frog", NOON + i, "hello");

    nj_screen_draw_on(screen, surface);
    nj_screen_scroll(screen, -1, true);
    head("▼ more");
    assert_int_equal(frog->unread, 0);
    say(frog, "frog", NOON + 50, "more");
    say(frog, "frog", NOON + 51, "more");
    head("▼ 2 new");
    assert_int_equal(frog->unread, 2); /* they are below the view */
    nj_screen_scroll(screen, 1, true);

    nj_screen_draw_on(screen, surface);
    assert_int_equal(frog->unread, 2); /* the last two rows are below */
    nj_screen_scroll(screen, 1, true);
    nj_screen_draw_on(screen, surface);
    assert_int_equal(frog->unread, 0);
}

static void
test_room_lists_occupants(void **state)
{
    (void) state;
    NjRoom *room = nj_room_open(fixture.account, "pond@rooms.example", "toad");
    nj_screen_show_chat(screen, room->chat);
    head("pond@rooms.example  You are not in this room.");

    /* Without occupants the list is hidden. */
    assert_false(has(surface, "                              │\n"));
    nj_room_set_state(room, NJ_ROOM_JOINING, NULL);
    head("pond@rooms.example  joining…");
    nj_room_put(room, "newt", NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                NULL);
    nj_room_put(room, "Frog", NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                NULL);
    nj_room_set_state(room, NJ_ROOM_IN, NULL);

    nj_room_set_subject(room, "Two\nlines", "frog");
    head("pond@rooms.example (2)  Two lines");
    assert_true(has(surface, " │ Frog\n"));
    nj_room_put(room, "newt", NULL, NJ_OCCUPANT_MODERATOR, NJ_AFFILIATION_OWNER, NJ_SHOW_ONLINE,
                NULL);
    nj_room_rename(room, "Frog", "Albert");
    nj_screen_draw_on(screen, surface);
    assert_true(has(surface, " │@newt\n"));
    assert_true(has(surface, " │ Albert\n"));

    assert_false(has(surface, "Frog\n"));
    nj_room_take_out(room, "newt");
    nj_screen_draw_on(screen, surface);
    assert_false(has(surface, "newt"));

    for (int i = 0; i < 30; i++) {
        g_autofree char *nick = g_strdup_printf("n%02d", i);
        nj_room_put(room, nick, NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                    NULL);
    }

    nj_screen_draw_on(screen, surface);
    assert_true(has(surface, "│+ 23 more"));
    nj_room_clear(room);
    nj_room_set_state(room, NJ_ROOM_OUT, "You were thrown out by newt.");
    head("pond@rooms.example  You were thrown out by newt.");
    assert_false(has(surface, "                              │\n"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_heading_shows_presence, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_messages_below_the_view_stay_unread, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_room_lists_occupants, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
