/* ui/pane-search: the list of hits, opening a hit in its chat and returning, with a real store. */
#include "fixture.h"

#include "ui/screen.h"

static UiFixture fixture;
static NjScreen *screen;
static NjChat *frog, *pond;

static void
run(const char *line, NjChat *chat, void *owner)
{
    (void) line;
    (void) chat;
    (void) owner;
}

static int
set_up(void **state)
{
    (void) state;
    static const NjScreenHooks hooks = { .run = run };
    fixture = ui_fixture_new(true);
    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
    nj_screen_toggle_roster(screen);
    add_person(&fixture, "frog@pond.example", "Frog", NULL, NJ_SHOW_ONLINE, NULL);
    frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    pond = nj_room_open(fixture.account, "pond@rooms.example", "toad")->chat;

    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    nj_screen_free(screen);
    ui_fixture_free(&fixture);
    return 0;
}

static char *
picture(int rows, int cols)
{
    NjSurface *surface = nj_surface_new(rows, cols);
    nj_screen_draw_on(screen, surface);
    char *text = nj_surface_text(surface);
    nj_surface_free(surface);
    return text;
}

/* Draws until the part is visible, or no longer visible: hits come from another thread. */
static void
expect(int rows, int cols, const char *part, bool wanted)
{
    g_autofree char *text = picture(rows, cols);
    for (gint64 end = nj_clock_us() + 20 * G_USEC_PER_SEC;
         (strstr(text, part) != NULL) != wanted;) {
        if (nj_clock_us() > end)
            fail_msg("“%s” is %sin\n%s", part, wanted ? "not " : "", text);
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
        g_free(text);
        text = picture(rows, cols);
    }
}

static void
type(const char *keys)
{
    nj_screen_bytes(screen, keys, strlen(keys));
}

static void
search(const char *words)
{
    NjSearch what = { .words = words };
    nj_screen_search(screen, &what, words);
}

static void
begins(const char *text, const char *wanted)
{
    if (!g_str_has_prefix(text, wanted))
        fail_msg("This should begin with\n%s\nand is\n%s", wanted, text);
}

static void
test_hits_are_listed_newest_first(void **state)
{
    (void) state;
    say(frog, "frog", NOON - 3 * MINUTE, "The pond is cold; a pondering frog jumps");
    say(frog, NULL, NOON - 2 * MINUTE, "Which POND?");
    say(pond, "newt with a long name", NOON - MINUTE,
        "日本語 and 🐸 before the pond, and more than one row can ever hold of it");
    say(frog, "frog", NOON, "nothing of it");
    search("pond");
    expect(10, 100, "1/3", true);

    g_autofree char *wide = picture(10, 100);
    begins(wide,
           " search: pond  Enter opens, Alt-s returns                                              "
           "         1/3\n"
           "2026-11-20 11:59  #pond newt with a l…  日本語 and 🐸 before the pond, and more than "
           "one row can e…\n"
           "2026-11-20 11:58  → Frog                Which POND?\n"
           "2026-11-20 11:57  Frog                  The pond is cold; a pondering frog jumps\n");

    g_autofree char *narrow = picture(12, 40);
    begins(strchr(narrow, '\n') + 1, "2026-11-20 11:59  #pond newt with a lo…\n"
                                     "  日本語 and 🐸 before the pond, and m…\n"
                                     "2026-11-20 11:58  → Frog\n"
                                     "  Which POND?\n");

    /* The match is visible wherever it is in a long text. */
    say(frog, "frog", NOON + 1,
        "One two three four five six seven eight nine ten eleven twelve thirteen newts");
    search("newts");
    expect(12, 40, "thirteen newts\n", true);

    /* With a limit. */
    nj_screen_search(screen, &(NjSearch){ .words = "pond", .limit = 2 }, "pond");
    expect(10, 100, "1/2\n", true);

    /* Drawing at any size does not crash. */
    for (int rows = 1; rows < 12; rows++)
        for (int cols = 1; cols < 100; cols += 7)
            g_free(picture(rows, cols));
}

/* With bodies of hundreds of kilobytes the hits are made in slices, and the body of a hit is cut.
 */
static void
test_long_bodies_are_searched_in_slices(void **state)
{
    (void) state;
    g_autoptr(GString) body = g_string_new("the pond ");
    while (body->len < 200 * 1024)
        g_string_append(body, "some words of a log file that somebody sent ");

    g_string_append(body, "newts");
    for (int i = 0; i < 100; i++)
        say(frog, "frog", NOON - MINUTE + i, body->str);
    nj_store_flush(fixture.client->store);

    gint64 longest = 0;
    search("newts");

    g_autofree char *text = picture(10, 100);
    for (gint64 end = nj_clock_us() + 60 * G_USEC_PER_SEC;
         !strstr(text, "1/100") && nj_clock_us() < end;) {
        gint64 begun = nj_clock_us();
        g_main_context_iteration(NULL, FALSE);
        longest = MAX(longest, nj_clock_us() - begun);
        g_usleep(100);
        g_free(text);
        text = picture(10, 100);
    }

    assert_non_null(strstr(text, "1/100"));
    assert_non_null(strstr(text, "the pond some words"));

    /* Generous, because of sanitizers and other load; without slices it was two seconds. */
    assert_in_range(longest, 0, 100000);
}

static void
test_empty_list_says_why(void **state)
{
    (void) state;
    say(frog, "frog", NOON, "hello");
    search("absent");
    expect(24, 80, "Searching…", true);
    expect(24, 80, "Nothing was found.", true);
    type("\r\033[A\033[B");
    expect(24, 80, "Nothing was found.", true);

    /* Cancelled while it runs. */
    search("hello");
    expect(24, 80, "searching…", true);
    type("\007");
    expect(24, 80, "The search was cancelled.", true);

    for (int i = 0; i < 100; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }

    expect(24, 80, "1/1", false);
    search("hello");
    assert_true(nj_screen_search_stop(screen));
    assert_false(nj_screen_search_stop(screen));
    expect(24, 80, "The search was cancelled.", true);
    search("hello");
    expect(24, 80, "1/1", true);
}

/* A stranger whose request is not accepted gets no window. */
static void
test_hit_of_stranger_opens_no_window(void **state)
{
    (void) state;
    NjChat *chat = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "who@far.example");
    say(chat, "who", NOON, "let me in");
    nj_chat_close(chat);
    nj_roster_note_request(fixture.account->roster, "who@far.example", true, "let me in", true);
    search("let");
    expect(24, 80, "1/1", true);
    type("\r");
    expect(24, 80, "You have not accepted who@far.example yet", true);

    assert_null(nj_chat_find(fixture.account, "who@far.example"));
}

/* A hit is shown in its chat, which is opened; the last window is the list with the same selection.
 */
static void
test_hit_opens_and_list_keeps_selection(void **state)
{
    (void) state;
    for (int i = 1; i <= 400; i++) {
        g_autofree char *body = g_strdup_printf("%s <%d>", i % 10 ? "line" : "needle", i);
        say(frog, "frog", NOON + i, body);
    }

    nj_chat_close(frog);
    search("needle");
    expect(24, 80, "1/40", true);
    expect(24, 80, "needle <400>", true);
    type("\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033[B\033["
         "B");
    expect(24, 80, "16/40", true);
    type("\r");

    NjChat *chat = nj_chat_find(fixture.account, "frog@pond.example");
    assert_non_null(chat);
    assert_ptr_equal(fixture.client->focus, chat);
    expect(24, 80, "needle <250>", true);
    expect(24, 80, "line <249>", true);
    expect(24, 80, "▼ more", true);
    assert_int_equal(chat->unread, 400);
    nj_screen_last(screen);
    expect(24, 80, "16/40", true);

    expect(24, 80, "needle <250>", true);
    type("\033[A\r");
    expect(24, 80, "line <259>", true);

    g_autoptr(GError) error = NULL;
    NjWindow *window = nj_screen_find(screen, "search", &error);
    assert_non_null(window);
    nj_screen_show(screen, window);
    expect(24, 80, "15/40", true);

    /* While the prompt has text, it has the keys, also Up and Down. A command does not move the
     * list. Esc returns to the last window. */
    type("x\033[A\033[B\033[B");
    expect(24, 80, "15/40", true);
    type("\025");
    type("/help\r\033[A");
    expect(24, 80, "14/40", true);
    type("x");
    type("\025");

    type("\007");
    assert_ptr_equal(fixture.client->focus, chat);
    nj_screen_show(screen, window);
    assert_true(nj_screen_close_pane(screen));
    assert_null(nj_screen_find(screen, "search", NULL));
    assert_int_equal(nj_screen_windows(screen), 3);
}

/* Scrolling requests page after page, down to the oldest hit. */
static void
test_scrolling_requests_pages(void **state)
{
    (void) state;
    for (int i = 1; i <= 350; i++) {
        g_autofree char *body = g_strdup_printf("needle <%d>", i);
        say(frog, "frog", NOON + i, body);
    }

    search("needle");
    expect(24, 80, "1/100+", true);
    for (int at = 100; at < 400; at += 100) {
        nj_screen_scroll_to(screen, true);
        g_autofree char *wanted = g_strdup_printf("%d/%d", at, MIN(at + 100, 350));
        expect(24, 80, wanted, true);
    }

    nj_screen_scroll_to(screen, true);
    expect(24, 80, "350/350\n", true);
    expect(24, 80, "needle <1>", true);
    nj_screen_scroll(screen, -1, true);
    expect(24, 80, "341/350", true);
    nj_screen_scroll_to(screen, false);
    expect(24, 80, "1/350", true);
    expect(24, 80, "needle <350>", true);
}

/* A notice is shown in the list and in the console. */
static void
test_notice_is_shown_in_list(void **state)
{
    (void) state;
    say(frog, "frog", NOON, "needle");
    search("needle");
    expect(24, 80, "1/1", true);
    nj_screen_say(screen, NULL, NJ_NOTICE_ERROR, "There is no such command.");
    expect(24, 80, "There is no such command.", true);
    type("\033[B");
    expect(24, 80, "There is no such command.", false);
    nj_screen_say(screen, NULL, NJ_NOTICE_INFO, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10");

    expect(24, 80, "The whole text is in window 1", true);
    expect(24, 80, "needle", true);
    nj_screen_show(screen, nj_screen_window_at(screen, 0));
    expect(24, 80, "10\n", true);

    /* A second console has the notices, and is not the list. */
    g_autoptr(GError) error = NULL;
    assert_true(nj_screen_split(screen, NJ_SPLIT_BELOW, NULL, &error));
    expect(24, 80, "10\n", true);
}

/* Opening a hit of a removed account fails with a sentence; a pane beside the list keeps its
 * window. */
static void
test_hit_of_removed_account_fails(void **state)
{
    (void) state;
    say(frog, "frog", NOON, "needle");
    search("needle");
    expect(24, 80, "1/1", true);
    assert_true(nj_screen_split(screen, NJ_SPLIT_BELOW, pond, NULL));
    assert_ptr_equal(fixture.client->focus, pond);
    nj_layout_focus_next(nj_screen_window(screen)->layout, 1);
    nj_screen_follow_focus(screen);
    assert_true(nj_screen_close_pane(screen));

    assert_ptr_equal(fixture.client->focus, pond);
    search("needle");
    expect(24, 80, "1/1", true);
    nj_client_remove_account(fixture.client, fixture.account);
    type("\r");
    expect(24, 80, "is no longer configured", true);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hits_are_listed_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_long_bodies_are_searched_in_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_empty_list_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hit_of_stranger_opens_no_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hit_opens_and_list_keeps_selection, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scrolling_requests_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_notice_is_shown_in_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hit_of_removed_account_fails, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
