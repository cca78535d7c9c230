/* ui/status: the order of the pieces, and which ones a narrow line leaves out. */
#include "fixture.h"

#include "ui/status.h"

static UiFixture fixture;
static NjScreen *screen;
static NjTheme *theme;

static int
set_up(void **state)
{
    (void) state;
    fixture = ui_fixture_new(false);
    static const NjScreenHooks hooks = { NULL };
    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
    theme = nj_theme_builtin(256);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    nj_theme_free(theme);
    nj_screen_free(screen);
    ui_fixture_free(&fixture);
    return 0;
}

static void
expect(int cols, const char *line)
{
    NjSurface *surface = nj_surface_new(1, cols);
    nj_status_draw(screen, nj_area(surface, 0, 0, 1, cols), theme);
    g_autofree char *text = nj_surface_text(surface);
    assert_string_equal(text, line);
    nj_surface_free(surface);
}

static void
test_account_state_shrinks_with_the_line(void **state)
{
    (void) state;
    expect(60, " ○ home offline  [1:console]");
    nj_account_set_state(fixture.account, NJ_ACCOUNT_CONNECTING, NULL);
    expect(60, " ◌ home connecting  [1:console]");
    nj_account_set_jid(fixture.account, "toad@pond.example/desk");
    nj_account_set_state(fixture.account, NJ_ACCOUNT_ONLINE, NULL);
    expect(60, " ● home  [1:console]");
    nj_account_set_presence(fixture.account, NJ_SHOW_DND, NULL, 0);
    expect(60, " ⊖ home busy  [1:console]");

    nj_account_set_presence(fixture.account, NJ_SHOW_OFFLINE, NULL, 0);
    expect(60, " ○ home invisible  [1:console]");
    nj_account_set_state(fixture.account, NJ_ACCOUNT_WAITING, "No answer.");
    expect(60, " ✗ home waiting  [1:console]");
    fixture.account->retry_us = nj_clock_us() + 65 * G_USEC_PER_SEC;
    expect(60, " ✗ home retry 12:01:05  [1:console]");
    expect(20, " ✗ home  [1]");
    expect(4, " ✗");
    expect(1, "");
}

static NjMessage *
mention(NjChat *room)
{
    g_autoptr(NjMessage) message = make_message(NOON, false, "toad: hello");
    message->type = NJ_MESSAGE_GROUPCHAT;
    message->mention = true;
    nj_chat_add(room, message);
    return NULL;
}

static void
test_unread_windows_come_first(void **state)
{
    (void) state;
    nj_account_set_jid(fixture.account, "toad@pond.example/desk");
    nj_account_set_state(fixture.account, NJ_ACCOUNT_ONLINE, NULL);

    NjRoom *lake = nj_room_open(fixture.account, "lake@rooms", "toad");
    NjRoom *pond = nj_room_open(fixture.account, "pond@rooms", "toad");
    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond");
    NjChat *newt = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "newt@pond");
    nj_screen_show_chat(screen, newt);
    say(lake->chat, "a", NOON, "one");
    say(frog, "frog", NOON, "two");
    say(frog, "frog", NOON, "three");
    mention(pond->chat);

    /* The current window; mentions, contacts, rooms; then windows without unread messages. */
    expect(90, " ● home  [4:newt@pond]  3:pond 1!  5:frog@pond 2  2:lake 1  1:console");
    expect(60, " ● home  [4:newt@pond]  3:pond 1!  5:frog@pond 2  2:lake 1");
    expect(52, " ● home  [4:newt@pond]  3:pond 1!  5  2:lake 1");
    expect(40, " ● home  [4:newt@pond]  3:pond 1!  +2");
    expect(36, " ● home  [4:newt@pond]  3!  5  2");
    expect(20, " ● home  [4]  +3");
    nj_options_override(fixture.client->options, "clock", "true", NULL);
    expect(60, " ● home  [4:newt@pond]  3:pond 1!  5  2:lake 1        12:00");

    nj_screen_show_chat(screen, frog);
    assert_true(nj_screen_split(screen, NJ_SPLIT_BELOW, NULL, NULL));
    nj_layout_zoom(nj_screen_window(screen)->layout);
    expect(58, " ● home  [5:frog@pond]  3:pond 1!  2:lake 1   zoom  12:00");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_account_state_shrinks_with_the_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_unread_windows_come_first, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
