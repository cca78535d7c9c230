/* ui/lines: the visible lines of a chat while messages arrive, pages are read and the view
 * moves. */
#include "fixture.h"

#include "ui/lines-private.h"

typedef struct {
    UiFixture fixture;
    NjChat *frog;
    NjLines *lines;
    NjSurface *surface;
    NjTheme *theme;
} Talk;

static Talk
talk_new(bool stored, int rows, int cols)
{
    Talk talk = { .fixture = ui_fixture_new(stored) };
    add_person(&talk.fixture, "frog@pond.example", "Frog", NULL, NJ_SHOW_ONLINE, NULL);
    talk.frog = nj_chat_open(talk.fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    talk.lines = nj_lines_new(talk.fixture.client, talk.frog);
    talk.surface = nj_surface_new(rows, cols);
    talk.theme = nj_theme_builtin(256);
    return talk;
}

static void
talk_free(Talk *talk)
{
    nj_theme_free(talk->theme);
    nj_surface_free(talk->surface);
    nj_lines_free(talk->lines);
    ui_fixture_free(&talk->fixture);
}

static void
draw(Talk *talk)
{
    nj_lines_draw(talk->lines,
                  nj_area(talk->surface, 0, 0, nj_surface_rows(talk->surface),
                          nj_surface_cols(talk->surface)),
                  talk->theme);
}

/* Adds a message to the chat and to the lines. who NULL: our own. */
static NjMessage *
add_message(Talk *talk, const char *who, gint64 time, const char *body)
{
    NjMessage *message = nj_message_ref(make_message(time, who == NULL, body));
    message->state = who ? NJ_STATE_RECEIVED : NJ_STATE_ACKNOWLEDGED;
    message->delayed = time < talk->frog->last_time;
    nj_chat_add(talk->frog, message);
    nj_lines_add(talk->lines, message);
    nj_message_unref(message);
    nj_message_unref(message);
    return message;
}

static void
add_numbered(Talk *talk, int from, int to)
{
    for (int i = from; i <= to; i++) {
        g_autofree char *body = g_strdup_printf("line %d", i);
        add_message(talk, "frog", NOON + i, body);
    }
}

static void
test_lines_are_drawn_in_columns(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 9, 48);
    add_message(&talk, "frog", NOON - 24 * 60 * MINUTE, "yesterday");
    add_message(&talk, "frog", NOON,
                "a longer text that must be broken to stand in the column of the text");
    add_message(&talk, NULL, NOON + MINUTE, "yes");
    add_message(&talk, "frog", NOON + 2 * MINUTE, "/me jumps");
    draw(&talk);
    shows(talk.surface, "        ── Thursday, 19 November 2026 ──\n"
                        "12:00 Frog  yesterday\n"
                        "         ── Friday, 20 November 2026 ──\n"
                        "12:00 Frog  a longer text that must be broken\n"
                        "            to stand in the column of the text\n"
                        "12:01 toad  yes\n"
                        "12:02    *  Frog jumps\n\n");

    /* A renamed contact has the new name beside old messages, too. */
    nj_roster_put(talk.fixture.account->roster, "frog@pond.example", "Kermit", NJ_SUB_BOTH, false,
                  false, (const char *const[]){ NULL });
    draw(&talk);
    assert_true(has(talk.surface, "12:01   toad  yes\n12:02      *  Kermit jumps\n"));
    talk_free(&talk);
}

/* The state of a sent message is the mark beside the nick; a failure is explained below the
 * text. */
static void
test_state_is_marked_beside_nick(void **state)
{
    (void) state;
    static const struct {
        NjMessageState state;
        const char *error, *picture, *narrow;
    } steps[] = {
        { NJ_STATE_QUEUED, NULL, "12:00 toad… hello?\n\n", "toad…: hello?" },
        { NJ_STATE_SENT, NULL, "12:00 toad· hello?\n\n", "toad·: hello?" },
        { NJ_STATE_ACKNOWLEDGED, NULL, "12:00 toad  hello?\n\n", "toad: hello?" },
        { NJ_STATE_DELIVERED, NULL, "12:00 toad✓ hello?\n\n", "toad✓: hello?" },
        { NJ_STATE_UNSURE, NULL,
          "12:00 toad? hello?\n            The server may not have received this message;",
          "toad?: hello?" },
        { NJ_STATE_FAILED, NULL, "12:00 toad✗ hello?\n            This message was not sent.\n",
          "toad✗: hello?" },
        { NJ_STATE_FAILED, "There is no such address.",
          "12:00 toad✗ hello?\n            There is no such address.\n", "toad✗: hello?" },
    };

    Talk talk = talk_new(false, 6, 60);
    g_autoptr(NjMessage) message = make_message(NOON, true, "hello?");
    nj_chat_add(talk.frog, message);
    nj_lines_add(talk.lines, message);

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        nj_chat_set_state(talk.frog, message, steps[i].state, steps[i].error);
        nj_lines_change(talk.lines, message);
        nj_surface_resize(talk.surface, 6, 60);
        draw(&talk);
        if (!has(talk.surface, steps[i].picture))
            shows(talk.surface, steps[i].picture);
        nj_surface_resize(talk.surface, 6, 28);
        draw(&talk);
        assert_true(has(talk.surface, steps[i].narrow));
    }

    talk_free(&talk);
}

/* A received message has no mark; nor has our message that the room has reflected. */
static void
test_other_messages_have_no_mark(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 6, 60);
    add_message(&talk, "frog", NOON, "hello?");

    NjRoom *room = nj_room_open(talk.fixture.account, "pond@rooms.example", "toad");
    NjLines *lines = nj_lines_new(talk.fixture.client, room->chat);
    g_autoptr(NjMessage) message = make_message(NOON, true, "hello, room");
    message->type = NJ_MESSAGE_GROUPCHAT;
    g_free(message->sender);
    message->sender = g_strdup("toad");
    message->state = NJ_STATE_SENT;
    nj_chat_add(room->chat, message);
    nj_lines_add(lines, message);

    nj_lines_draw(lines, nj_area(talk.surface, 0, 0, 6, 60), talk.theme);
    assert_true(has(talk.surface, "toad· hello, room"));
    nj_chat_set_state(room->chat, message, NJ_STATE_DELIVERED, NULL);
    nj_lines_change(lines, message);
    nj_lines_draw(lines, nj_area(talk.surface, 0, 0, 6, 60), talk.theme);
    assert_true(has(talk.surface, "toad  hello, room"));
    nj_lines_free(lines);
    talk_free(&talk);
}

/* Our message is added when it is committed: after a message that was received later, and after a
 * page that includes it was read. It is displayed once, at its place. */
static void
test_message_committed_late_takes_its_place(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    g_autoptr(NjMessage) ours = make_message(NOON, true, "a question");
    ours->chat = talk.frog->id;
    nj_store_add_message(talk.fixture.client->store, ours);
    draw(&talk);
    assert_true(has(talk.surface, "toad… a question"));
    add_message(&talk, "frog", NOON + 20, "an answer to the one before");

    g_autoptr(NjMessage) next = make_message(NOON + 10, true, "another question");
    next->chat = talk.frog->id;
    nj_store_add_message(talk.fixture.client->store, next);
    nj_lines_add(talk.lines, ours);
    nj_lines_add(talk.lines, next);
    draw(&talk);
    shows(talk.surface, "     ── Friday, 20 November 2026 ──\n12:00 toad… a question\n"
                        "12:00 toad… another question\n12:00 Frog  an answer to the one before");
    assert_int_equal(talk.lines->list->len, 3);

    /* The state reaches the line through another object with the same row id. */
    nj_store_flush(talk.fixture.client->store);
    nj_lines_reload(talk.lines);
    draw(&talk);
    nj_chat_set_state(talk.frog, ours, NJ_STATE_DELIVERED, NULL);
    nj_lines_change(talk.lines, ours);
    draw(&talk);
    assert_true(has(talk.surface, "toad✓ a question"));
    assert_int_equal(talk.lines->list->len, 3);

    talk_free(&talk);
}

static void
test_notice_and_subject_are_drawn(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 5, 60);
    g_autoptr(NjMessage) message = make_message(NOON - MINUTE, false, "at noon");
    message->type = NJ_MESSAGE_NORMAL;
    message->subject = g_strdup("Lunch");
    nj_lines_add(talk.lines, message);
    nj_lines_add_notice(talk.lines, NJ_NOTICE_ERROR, "That did not work.\x1b[31m");
    draw(&talk);
    shows(talk.surface, "               ── Friday, 20 November 2026 ──\n"
                        "11:59 Frog  Lunch\n"
                        "            at noon\n"
                        "12:00 ✗  That did not work. [31m\n");

    nj_lines_add_notice(talk.lines, NJ_NOTICE_INFO, "In the same minute.");
    draw(&talk);
    shows(talk.surface, "               ── Friday, 20 November 2026 ──\n"
                        "11:59 Frog  Lunch\n"
                        "            at noon\n"
                        "12:00 ✗  That did not work. [31m\n"
                        "      ·  In the same minute.");
    talk_free(&talk);
}

/* A notice longer than the view is shown from its beginning. */
static void
test_long_notice_starts_at_its_beginning(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 4, 40);
    add_message(&talk, "frog", NOON, "hello");
    nj_lines_add_notice(talk.lines, NJ_NOTICE_INFO, "one\ntwo\nthree\nfour\nfive\nsix");
    draw(&talk);
    shows(talk.surface, "12:00 ·  one\n         two\n         three\n         four");
    nj_lines_scroll(talk.lines, 1);
    draw(&talk);
    assert_true(has(talk.surface, "         five"));

    nj_lines_scroll_to(talk.lines, true);
    draw(&talk);
    shows(talk.surface, "         three\n         four\n         five\n         six");
    talk_free(&talk);
}

/* Of a very long body only the beginning is shown, cut between characters, with a remark. */
static void
test_very_long_body_is_cut(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 5, 60);
    GString *body = g_string_new("!");
    for (int i = 0; i < 100000; i++)
        g_string_append(body, "\350\233\231");

    add_message(&talk, "frog", NOON, body->str);
    add_message(&talk, "frog", NOON + 1, "short");
    draw(&talk);
    assert_true(has(talk.surface, "very long (300.0"));
    assert_true(has(talk.surface, "all of it is stored"));
    assert_false(has(talk.surface, "\357\277\275"));

    for (int i = 0; !has(talk.surface, "!"); i++) {
        assert_true(i < 300);
        nj_lines_scroll(talk.lines, -1);
        draw(&talk);
    }

    g_string_free(body, TRUE);
    talk_free(&talk);
}

static void
test_narrow_pane_has_nicks_in_text(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 5, 20);
    add_message(&talk, "frog", NOON, "a text for the narrow panes of this");
    draw(&talk);

    /* A rule loses its dashes before its text; the last cell stays free. */
    nj_surface_resize(talk.surface, 5, 26);
    draw(&talk);
    assert_true(has(talk.surface, " Friday, 20 November 2026\n"));
    nj_surface_resize(talk.surface, 5, 20);
    draw(&talk);
    assert_true(has(talk.surface, "Frog: a text for\n  the narrow panes\n  of this\n"));
    for (int cols = 12; cols > 0; cols--)
        for (int rows = 3; rows > 0; rows--) {
            nj_surface_resize(talk.surface, rows, cols);
            draw(&talk);
        }

    talk_free(&talk);
}

static void
test_wide_and_rtl_names_are_cut(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 4, 60);
    nj_roster_put(talk.fixture.account->roster, "frog@pond.example", "日本蛙🐸日本蛙日本蛙",
                  NJ_SUB_BOTH, false, false, (const char *const[]){ NULL });
    add_message(&talk, "frog", NOON, "עברית and 🐸");
    draw(&talk);
    assert_true(has(talk.surface, "12:00  日本蛙🐸日…  עברית and 🐸"));
    talk_free(&talk);
}

/* The first frame reads a page; scrolling up reads the others. */
static void
test_scrolling_reads_pages(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 5, 40);
    for (int i = 1; i <= 300; i++) {
        g_autofree char *body = g_strdup_printf("line %d", i);
        say(talk.frog, "frog", NOON + i, body);
    }

    draw(&talk);
    shows(talk.surface, "12:00 Frog  line 296\n12:00 Frog  line 297\n12:00 Frog  line 298\n12:00 "
                        "Frog  line 299\n12:00 Frog  line 300");
    nj_lines_scroll(talk.lines, -100);
    draw(&talk);
    shows(talk.surface, "12:00 Frog  line 196\n12:00 Frog  line 197\n12:00 Frog  line 198\n12:00 "
                        "Frog  line 199\n12:00 Frog  line 200");
    assert_false(nj_lines_at_end(talk.lines));
    nj_lines_scroll(talk.lines, -1000);

    draw(&talk);
    shows(talk.surface,
          "  ── No older messages are stored. ──\n     ── Friday, 20 November 2026 ──\n"
          "12:00 Frog  line 1\n12:00 Frog  line 2\n12:00 Frog  line 3");
    nj_lines_scroll_to(talk.lines, true);
    draw(&talk);
    assert_true(has(talk.surface, "line 300"));
    nj_lines_scroll_to(talk.lines, false);
    draw(&talk);
    shows(talk.surface,
          "  ── No older messages are stored. ──\n     ── Friday, 20 November 2026 ──\n"
          "12:00 Frog  line 1\n12:00 Frog  line 2\n12:00 Frog  line 3");

    nj_lines_scroll(talk.lines, 295);
    draw(&talk);
    assert_true(has(talk.surface, "line 298"));
    assert_false(has(talk.surface, "line 299"));
    nj_lines_scroll(talk.lines, 10);
    draw(&talk);
    assert_true(has(talk.surface, "line 300"));
    assert_true(nj_lines_at_end(talk.lines));
    talk_free(&talk);
}

/* Notices are not stored; messages that are read take their places among them. */
static void
test_notice_keeps_place_among_pages(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    for (int i = 1; i <= 300; i++) {
        g_autofree char *body = g_strdup_printf("line %d", i);
        say(talk.frog, "frog", NOON - 1000 + i, body);
    }

    draw(&talk);
    nj_lines_add_notice(talk.lines, NJ_NOTICE_INFO, "an answer");
    draw(&talk);
    nj_lines_scroll_to(talk.lines, false);
    draw(&talk);
    assert_true(has(talk.surface, "line 1\n"));

    for (int i = 0; i < 400; i++) {
        nj_lines_scroll(talk.lines, 7);
        draw(&talk);
    }

    shows(talk.surface,
          "11:59 Frog  line 298\n11:59 Frog  line 299\n11:59 Frog  line 300\n12:00 ·  an answer");
    talk_free(&talk);
}

/* Scrolling from the first line to the last and back, with paging and trimming on the way, shows
 * each line once. */
static void
test_scrolling_shows_each_line_once(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    enum { COUNT = 6000 };

    for (int i = 1; i <= COUNT; i++) {
        g_autofree char *body = g_strdup_printf("<%d>", i);
        say(talk.frog, "frog", NOON + i, body);
    }

    nj_store_flush(talk.fixture.client->store);
    draw(&talk);
    nj_lines_scroll_to(talk.lines, false);
    draw(&talk);

    for (int i = 1; i <= COUNT - 4; i++) {
        nj_lines_scroll(talk.lines, 1);
        if (i < 5 || i % 97 == 0) {
            draw(&talk);
            g_autofree char *wanted = g_strdup_printf("<%d>\n", MAX(i, 3));
            assert_true(has(talk.surface, wanted) || i < 3);
        }
    }

    for (int i = COUNT; i > 4; i--)
        nj_lines_scroll(talk.lines, -1);
    nj_lines_scroll(talk.lines, -10);
    draw(&talk);
    assert_true(has(talk.surface, "<1>\n"));
    talk_free(&talk);
}

/* While the view follows the end, only the last lines stay in memory; the others are read again. */
static void
test_followed_chat_keeps_few_lines(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    draw(&talk);
    add_numbered(&talk, 1, 5000);
    nj_store_flush(talk.fixture.client->store);
    draw(&talk);
    assert_in_range(talk.lines->list->len, 4, 1000);
    for (int i = 0; i < 1500; i++)
        nj_lines_scroll(talk.lines, -1);

    draw(&talk);
    shows(talk.surface, "12:00 Frog  line 3497\n12:00 Frog  line 3498\n12:00 Frog  line "
                        "3499\n12:00 Frog  line 3500");
    talk_free(&talk);
}

static void
fill(Talk *talk, int count)
{
    for (int i = 1; i <= count; i++) {
        g_autofree char *body = g_strdup_printf("<%d>", i);
        say(talk->frog, "frog", NOON + i, body);
    }
    nj_store_flush(talk->fixture.client->store);
}

/* Draws and returns the number of the first visible line. */
static int
first_number(Talk *talk)
{
    draw(talk);
    g_autofree char *text = nj_surface_text(talk->surface);
    const char *at = strchr(text, '<');
    assert_non_null(at);
    return atoi(at + 1);
}

/* Goes to a message, then scrolls to both ends: each line is there once, and few are in memory. */
static void
test_show_message_and_scroll_to_both_ends(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 6, 40);
    enum { COUNT = 5000, HIT = 2500 };
    nj_lines_show(talk.lines, NOON + HIT, HIT); /* before the first frame */
    fill(&talk, COUNT);
    assert_false(nj_lines_at_end(talk.lines));
    draw(&talk);
    shows(talk.surface, "12:00 Frog  <2498>\n12:00 Frog  <2499>\n12:00 Frog  <2500>\n"
                        "12:00 Frog  <2501>\n12:00 Frog  <2502>\n12:00 Frog  <2503>");

    NjStyle selected = nj_theme_style(talk.theme, NJ_ROLE_SELECTED);
    for (int row = 0; row < 6; row++) {
        NjStyle style =
            nj_surface_style(talk.surface, nj_surface_cell(talk.surface, row, 0)->style);
        assert_int_equal(style.attrs == selected.attrs, row == 2);
    }

    assert_true(talk.lines->list->len <= 110);
    int at = first_number(&talk);
    for (int i = 0; i < 300; i++) {
        nj_lines_scroll(talk.lines, -3);
        assert_int_equal(first_number(&talk), at -= 3);
    }

    while (at < COUNT - 5) {
        nj_lines_scroll(talk.lines, 3);
        at = MIN(at + 3, COUNT - 5);
        assert_int_equal(first_number(&talk), at);
        assert_true(talk.lines->list->len <= 2400);
    }

    assert_true(nj_lines_at_end(talk.lines));
    while (at > 4) {
        nj_lines_scroll(talk.lines, -4);
        assert_int_equal(first_number(&talk), at -= 4);
        assert_true(talk.lines->list->len <= 2400);
    }

    /* To places far and near, to the beginning and to the end. */
    static const int places[] = { 4000, 4001, 10, 4003, 2001, COUNT - 20, 7 };
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        nj_lines_show(talk.lines, NOON + places[i], places[i]);
        assert_int_equal(first_number(&talk), places[i] - 2);
    }

    nj_lines_show(talk.lines, NOON + 1, 1);
    assert_int_equal(first_number(&talk), 1);
    assert_true(has(talk.surface, "No older messages"));
    nj_lines_show(talk.lines, NOON + COUNT, COUNT);
    assert_int_equal(first_number(&talk), COUNT - 5);
    assert_true(nj_lines_at_end(talk.lines));
    nj_lines_show(talk.lines, NOON + 3000, 3000);
    nj_lines_scroll_to(talk.lines, true);
    assert_int_equal(first_number(&talk), COUNT - 5);

    talk_free(&talk);
}

/* After an import the window is read again. The lines being read stay visible although messages
 * were added above and below them. */
static void
test_reload_keeps_view(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 6, 40);
    enum { COUNT = 500 };
    draw(&talk);
    fill(&talk, COUNT);
    nj_lines_reload(talk.lines);
    assert_int_equal(first_number(&talk), COUNT - 5);
    assert_true(nj_lines_at_end(talk.lines));
    nj_lines_scroll(talk.lines, -200);

    assert_int_equal(first_number(&talk), COUNT - 205);
    say(talk.frog, "frog", NOON, "older");
    say(talk.frog, "frog", NOON + COUNT - 210, "imported");
    say(talk.frog, "frog", NOON + COUNT - 100, "imported");
    nj_lines_add_notice(talk.lines, NJ_NOTICE_INFO, "3 messages were imported.");
    nj_lines_reload(talk.lines);
    assert_int_equal(first_number(&talk), COUNT - 205);
    assert_false(nj_lines_at_end(talk.lines));
    nj_lines_scroll(talk.lines, 1000);

    assert_true(nj_lines_at_end(talk.lines));
    nj_lines_show(talk.lines, NOON + 20, 20);
    nj_lines_reload(talk.lines); /* before the next frame */
    draw(&talk);
    talk_free(&talk);
}

/* The view is taller than the first page. */
static void
test_tall_view_is_filled(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 70, 40);
    enum { COUNT = 200 };
    fill(&talk, COUNT);
    assert_int_equal(first_number(&talk), COUNT - 69);
    nj_lines_scroll_to(talk.lines, false);
    assert_int_equal(first_number(&talk), 1);
    assert_true(has(talk.surface, "<68>"));
    assert_false(nj_lines_at_end(talk.lines));

    nj_lines_scroll_to(talk.lines, true);
    assert_int_equal(first_number(&talk), COUNT - 69);
    nj_lines_show(talk.lines, NOON + 100, 100);
    assert_int_equal(first_number(&talk), 100 - 23);
    assert_true(has(talk.surface, "<146>"));
    nj_lines_show(talk.lines, NOON + 3, 3);
    assert_int_equal(first_number(&talk), 1);
    nj_lines_show(talk.lines, NOON + 120, 0);
    assert_int_equal(first_number(&talk), 120);

    talk_free(&talk);

    /* The history is shorter than the view. */
    talk = talk_new(true, 70, 40);
    fill(&talk, 30);
    assert_int_equal(first_number(&talk), 1);
    nj_lines_scroll_to(talk.lines, false);
    assert_int_equal(first_number(&talk), 1);
    assert_true(nj_lines_at_end(talk.lines));
    talk_free(&talk);
}

static void
test_show_time_finds_first_message(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    say(talk.frog, "frog", NOON - 2 * 24 * 60 * MINUTE, "on Wednesday");
    fill(&talk, 500);
    nj_lines_show(talk.lines, NOON - 12 * 60 * MINUTE, 0);
    draw(&talk);
    shows(talk.surface,
          "     ── Friday, 20 November 2026 ──\n12:00 Frog  <1>\n12:00 Frog  <2>\n12:00 Frog  <3>");
    nj_lines_show(talk.lines, NOON + 400, 0);

    assert_int_equal(first_number(&talk), 400);
    nj_lines_show(talk.lines, 0, 0);
    draw(&talk);
    assert_true(has(talk.surface, "on Wednesday"));
    nj_lines_show(talk.lines, NOON + MINUTE, 0);
    assert_int_equal(first_number(&talk), 497);
    assert_true(nj_lines_at_end(talk.lines));
    talk_free(&talk);
}

/* While the view is at an old place, new messages are counted and do not move it. A notice keeps
 * its place. */
static void
test_new_messages_do_not_move_shown_place(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    fill(&talk, 1000);
    draw(&talk);
    nj_clock_freeze(NOON + 2000);
    nj_lines_add_notice(talk.lines, NJ_NOTICE_INFO, "an answer");
    draw(&talk);

    /* There is no such row: the line before it is shown. */
    nj_lines_show(talk.lines, NOON + 500, 501);
    assert_int_equal(first_number(&talk), 499);
    for (int i = 1001; i <= 4000; i++)
        add_message(&talk, "frog", NOON + MINUTE + i, "more");

    assert_int_equal(first_number(&talk), 499);
    assert_int_equal(nj_lines_unseen(talk.lines), 3000);
    for (int i = 499; i < 997; i++) {
        assert_int_equal(first_number(&talk), i);
        assert_false(has(talk.surface, "an answer"));
        nj_lines_scroll(talk.lines, 1);
    }

    draw(&talk);
    shows(talk.surface,
          "12:00 Frog  <997>\n12:00 Frog  <998>\n12:00 Frog  <999>\n12:00 Frog  <1000>");
    nj_lines_scroll(talk.lines, 2);
    draw(&talk);
    shows(talk.surface,
          "12:00 Frog  <999>\n12:00 Frog  <1000>\n12:00 ·  an answer\n12:01 Frog  more");
    nj_lines_scroll_to(talk.lines, true);
    draw(&talk);

    assert_int_equal(nj_lines_unseen(talk.lines), 0);
    nj_lines_clear_notices(talk.lines);
    nj_lines_show(talk.lines, NOON + 1000, 1000);
    draw(&talk);
    assert_true(has(talk.surface, "<1000>\n12:01 Frog  more"));
    talk_free(&talk);
}

static void
test_new_messages_do_not_move_scrolled_view(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 4, 40);
    draw(&talk); /* loads the window; messages are added from now on */
    add_numbered(&talk, 1, 50);
    draw(&talk);
    nj_lines_scroll(talk.lines, -10);
    draw(&talk);

    g_autofree char *before = nj_surface_text(talk.surface);
    add_numbered(&talk, 51, 5000);
    draw(&talk);
    shows(talk.surface, before);
    assert_int_equal(nj_lines_unseen(talk.lines), 4950);
    nj_lines_scroll_to(talk.lines, true);
    draw(&talk);
    assert_true(has(talk.surface, "line 5000"));
    assert_int_equal(nj_lines_unseen(talk.lines), 0);

    nj_surface_resize(talk.surface, 10, 30);
    draw(&talk);
    assert_true(has(talk.surface, "line 5000"));
    talk_free(&talk);
}

static void
test_late_messages_take_their_places(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 4, 40);
    add_message(&talk, "frog", NOON + 3, "third");
    add_message(&talk, "frog", NOON + 1, "first");
    add_message(&talk, "frog", NOON + 2, "second");
    draw(&talk);
    assert_true(has(talk.surface, "first\n12:00 Frog  second\n12:00 Frog  third"));
    talk_free(&talk);
}

static void
test_rule_new_is_above_first_unread(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 6, 24);
    say(talk.frog, "frog", NOON + 1, "old");
    nj_chat_mark_read(talk.frog, NULL);
    say(talk.frog, "frog", NOON + 2, "one");
    say(talk.frog, "frog", NOON + 3, "two");
    nj_surface_resize(talk.surface, 6, 40);
    nj_lines_set_unread_mark(talk.lines, talk.frog->read_time, talk.frog->read_id);
    draw(&talk);

    shows(talk.surface, "  ── No older messages are stored. ──\n"
                        "     ── Friday, 20 November 2026 ──\n"
                        "12:00 Frog  old\n"
                        "───────────────── new ──────────────────\n"
                        "12:00 Frog  one\n"
                        "12:00 Frog  two");
    nj_lines_clear_unread_mark(talk.lines);
    draw(&talk);
    assert_false(has(talk.surface, "new"));

    nj_lines_set_unread_mark_at_end(talk.lines);
    draw(&talk);
    assert_false(has(talk.surface, "new"));
    add_message(&talk, "frog", NOON + 4, "three");
    draw(&talk);
    assert_true(has(talk.surface, "new ──────────────────\n12:00 Frog  three"));
    talk_free(&talk);
}

static void
test_clock_follows_option_and_zone(void **state)
{
    (void) state;
    Talk talk = talk_new(false, 2, 40);
    add_message(&talk, "frog", NOON, "hello");
    nj_options_override(talk.fixture.client->options, "time-format", "%H.%M.%S", NULL);
    draw(&talk);
    assert_true(has(talk.surface, "12.00.00 Frog  hello"));
    g_setenv("TZ", "UTC-13:30", TRUE); /* the user has travelled */
    draw(&talk);
    assert_true(has(talk.surface, "01.30.00 Frog  hello"));

    g_setenv("TZ", "UTC", TRUE);
    nj_options_override(talk.fixture.client->options, "time-format", "", NULL);
    nj_options_override(talk.fixture.client->options, "day-lines", "false", NULL);
    draw(&talk);
    shows(talk.surface, "Frog  hello\n");
    talk_free(&talk);
}

/* With bodies of the largest allowed size few lines stay in memory; the others are read again. */
static void
test_long_bodies_are_dropped(void **state)
{
    (void) state;
    Talk talk = talk_new(true, 10, 60);
    draw(&talk);

    g_autofree char *body = g_strnfill(1024 * 1024, 'x');
    for (int i = 0; i < 40; i++)
        add_message(&talk, "frog", NOON + i, body);
    assert_true(talk.lines->body_bytes <= 16 * 1024 * 1024 && talk.lines->list->len <= 16);
    add_message(&talk, "frog", NOON + 50, "and the last word");
    draw(&talk);

    g_autofree char *shown = nj_surface_text(talk.surface);
    assert_non_null(strstr(shown, "and the last word"));
    nj_lines_scroll_to(talk.lines, false);
    draw(&talk);
    assert_false(nj_lines_at_end(talk.lines));
    nj_lines_scroll_to(talk.lines, true);
    draw(&talk);

    g_autofree char *again = nj_surface_text(talk.surface);
    assert_non_null(strstr(again, "and the last word"));
    talk_free(&talk);
}

/* Scrolls down and up through messages of this size: none is left out, and few are in memory. */
static void
scroll_through_long(gsize size, const char *filling)
{
    Talk talk = talk_new(true, 12, 60);
    enum { COUNT = 300, HIT = 100 };

    g_autoptr(GString) rest = g_string_new(NULL);
    while (rest->len < size)
        g_string_append(rest, filling);

    for (int i = 1; i <= COUNT; i++) {
        g_autofree char *body = g_strdup_printf("<%d> %s", i, rest->str);
        say(talk.frog, "frog", NOON + i, body);
    }

    nj_store_flush(talk.fixture.client->store);
    alarm(120); /* ends an endless loop */
    nj_lines_show(talk.lines, NOON + HIT, HIT);

    int last = HIT;
    draw(&talk);
    for (int step = 0; !nj_lines_at_end(talk.lines); step++) {
        nj_lines_scroll(talk.lines, 4);
        draw(&talk);
        g_autofree char *text = nj_surface_text(talk.surface);
        for (const char *at = text; (at = strchr(at, '<')) != NULL; at++)
            if (atoi(at + 1) > last)
                assert_int_equal(atoi(at + 1), ++last);
        assert_true(talk.lines->body_bytes <= 32 * 1024 * 1024);
    }

    assert_int_equal(last, COUNT);
    int first = COUNT;
    while (first > 1) {
        nj_lines_scroll(talk.lines, -4);
        draw(&talk);
        g_autofree char *text = nj_surface_text(talk.surface);
        const char *at = strchr(text, '<');
        if (at && atoi(at + 1) < first) {
            assert_in_range(atoi(at + 1), MAX(first - 4, 1), first - 1);
            first = atoi(at + 1);
        }
        assert_true(talk.lines->body_bytes <= 32 * 1024 * 1024);
    }

    alarm(0);
    talk_free(&talk);
}

static void
test_scrolling_shows_each_long_body_once(void **state)
{
    (void) state;
    scroll_through_long(200 * 1024, "\xe2\x80\x8b"); /* invisible: one row each */
    scroll_through_long(300 * 1024, "x");
    scroll_through_long(1024 * 1024, "\xe2\x80\x8b");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_long_bodies_are_dropped),
        cmocka_unit_test(test_scrolling_shows_each_long_body_once),
        cmocka_unit_test(test_lines_are_drawn_in_columns),
        cmocka_unit_test(test_state_is_marked_beside_nick),
        cmocka_unit_test(test_other_messages_have_no_mark),
        cmocka_unit_test(test_message_committed_late_takes_its_place),
        cmocka_unit_test(test_notice_and_subject_are_drawn),
        cmocka_unit_test(test_long_notice_starts_at_its_beginning),
        cmocka_unit_test(test_very_long_body_is_cut),
        cmocka_unit_test(test_narrow_pane_has_nicks_in_text),
        cmocka_unit_test(test_wide_and_rtl_names_are_cut),
        cmocka_unit_test(test_scrolling_reads_pages),
        cmocka_unit_test(test_notice_keeps_place_among_pages),
        cmocka_unit_test(test_scrolling_shows_each_line_once),
        cmocka_unit_test(test_show_message_and_scroll_to_both_ends),
        cmocka_unit_test(test_reload_keeps_view),
        cmocka_unit_test(test_tall_view_is_filled),
        cmocka_unit_test(test_show_time_finds_first_message),
        cmocka_unit_test(test_new_messages_do_not_move_shown_place),
        cmocka_unit_test(test_new_messages_do_not_move_scrolled_view),
        cmocka_unit_test(test_late_messages_take_their_places),
        cmocka_unit_test(test_followed_chat_keeps_few_lines),
        cmocka_unit_test(test_rule_new_is_above_first_unread),
        cmocka_unit_test(test_clock_follows_option_and_zone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
