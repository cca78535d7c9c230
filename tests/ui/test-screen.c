/* ui/screen: whole screens as text, after keys, messages and changes of windows. test-prompt.c
 * checks the rows of the prompt. */
#include "fixture.h"

#include "model/outbox.h"
#include "ui/screen.h"

static UiFixture fixture;
static NjScreen *screen;
static GString *ran;   /* lines that were run, each with its chat */
static GString *typed; /* typing states that were emitted */

static void
run(const char *line, NjChat *chat, void *owner)
{
    (void) owner;
    g_string_append_printf(ran, "%s<%s>", chat ? chat->address : "console", line);
}

static void
typing(NjChat *chat, NjTyping what, void *owner)
{
    (void) chat;
    (void) owner;
    if (what == NJ_TYPING_COMPOSING)
        g_string_append(typed, "composing ");
    else
        g_string_append(typed, what == NJ_TYPING_PAUSED ? "paused " : "active ");
}

static const NjScreenHooks hooks = { .run = run, .typing = typing };

static int
set_up(void **state)
{
    (void) state;
    fixture = ui_fixture_new(true);
    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
    ran = g_string_new(NULL);
    typed = g_string_new(NULL);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    nj_screen_free(screen);
    ui_fixture_free(&fixture);
    g_string_free(ran, TRUE);
    g_string_free(typed, TRUE);
    return 0;
}

static NjSurface *
draw(int rows, int cols)
{
    NjSurface *surface = nj_surface_new(rows, cols);
    nj_screen_draw_on(screen, surface);
    return surface;
}

/* Compares the screen without the row of the prompt. */
static void
expect(int rows, int cols, const char *picture)
{
    NjSurface *surface = draw(rows, cols);
    g_autofree char *text = nj_surface_text(surface);
    char *last = strrchr(text, '\n');
    assert_non_null(last);
    *last = '\0';
    if (strcmp(text, picture) != 0)
        fail_msg("The screen is\n%s\nand should be\n%s", text, picture);
    nj_surface_free(surface);
}

static void
expect_part(int rows, int cols, const char *part, bool wanted)
{
    NjSurface *surface = draw(rows, cols);
    g_autofree char *text = nj_surface_text(surface);
    if ((strstr(text, part) != NULL) != wanted)
        fail_msg("“%s” is %sin\n%s", part, wanted ? "not " : "", text);
    nj_surface_free(surface);
}

static void
type(const char *keys)
{
    nj_screen_bytes(screen, keys, strlen(keys));
}

static NjChat *
pond(void)
{
    NjRoom *room = nj_room_open(fixture.account, "pond@rooms.example", "toad");
    nj_room_set_state(room, NJ_ROOM_IN, NULL);
    nj_room_set_subject(room, "All about ponds", "frog");
    nj_room_put(room, "frog", NULL, NJ_OCCUPANT_MODERATOR, NJ_AFFILIATION_OWNER, NJ_SHOW_ONLINE,
                NULL);
    nj_room_put(room, "toad", NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                NULL);
    nj_room_put(room, "a visitor with a name", NULL, NJ_OCCUPANT_VISITOR, NJ_AFFILIATION_NONE,
                NJ_SHOW_AWAY, NULL);

    return room->chat;
}

static void
test_console_welcomes_a_new_user(void **state)
{
    (void) state;
    nj_client_remove_account(fixture.client, fixture.account);
    expect(12, 60,
           " console\n"
           "\n"
           "  Natterjack talks with people and rooms over XMPP, from\n"
           "  your terminal.\n"
           "\n"
           "  To log in, type  /account add you@example.org  (you will\n"
           "  be asked for your password).\n"
           "\n"
           "  Type  /help  or press Tab to find everything else.\n"
           "\n"
           "  [1:console]");

    nj_screen_say(screen, NULL, NJ_NOTICE_WARNING, "A word.");
    expect_part(24, 80, "12:00 !  A word.\n", true);
    expect_part(24, 80, "/account add", true);
    expect_part(10, 80, "/account add", false);
}

static void
test_room_shows_its_occupants(void **state)
{
    (void) state;
    nj_account_set_jid(fixture.account, "toad@pond.example/desk");
    nj_account_set_state(fixture.account, NJ_ACCOUNT_ONLINE, NULL);
    add_person(&fixture, "frog@pond.example", "Frog", "Pond", NJ_SHOW_ONLINE, NULL);
    add_person(&fixture, "umi@sea.example", "うみ", "Pond", NJ_SHOW_AWAY, NULL);
    add_person(&fixture, "eel@pond.example", "Eel", "Pond", NJ_SHOW_OFFLINE, NULL);

    NjChat *room = pond();
    nj_screen_show_chat(screen, room);
    say(room, "frog", NOON, "Good morning, pond!");
    say(room, NULL, NOON + MINUTE, "日本語 and 🐸🐸 and a text that wraps to the next row");
    say(room, "frog", NOON + 2 * MINUTE, "/me smiles");
    nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");

    NjChat *frog = nj_chat_find(fixture.account, "frog@pond.example");
    say(frog, "frog", NOON, "psst");
    expect(24, 80,
           " contacts          2/3 │ pond@rooms.example (3)  All about ponds\n"
           " Rooms                 │    ── No older messages are stored. ──    │@frog\n"
           " # pond                │      ── Friday, 20 November 2026 ──       │ toad\n"
           " Pond              2/3 │12:00 frog  Good morning, pond!            │-a visitor …\n"
           " ● Frog              1 │12:01 toad  日本語 and 🐸🐸 and a text     │\n"
           " ◐ うみ                │            that wraps to the next row     │\n"
           "                       │12:02    *  frog smiles                    │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           "                       │                                           │\n"
           " ● home  [2:pond]  3:Frog 1  1:console");

    /* Narrow: neither contact list nor occupants. */
    expect(6, 40,
           " pond@rooms.example (3)  All about pon…\n"
           "12:01 toad  日本語 and 🐸🐸 and a text\n"
           "            that wraps to the next row\n"
           "12:02    *  frog smiles\n"
           " ● home  [2:pond]  3:Frog 1  1:console");
    expect_part(50, 200, "│-a visitor with a n…", true);
}

static void
test_any_size_can_be_drawn(void **state)
{
    (void) state;
    NjChat *room = pond();
    say(room, "frog", NOON, "שלום 👍🏽 日本語");
    nj_screen_show_chat(screen, room);
    assert_true(nj_screen_split(screen, NJ_SPLIT_BESIDE, NULL, NULL));
    assert_true(nj_screen_split(screen, NJ_SPLIT_BELOW, NULL, NULL));

    static const int sizes[][2] = { { 1, 1 },   { 2, 1 },   { 3, 10 },  { 5, 20 },   { 3, 300 },
                                    { 100, 2 }, { 24, 59 }, { 24, 60 }, { 200, 500 } };
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        nj_surface_free(draw(sizes[i][0], sizes[i][1]));
        nj_screen_focus_roster(screen);
        nj_surface_free(draw(sizes[i][0], sizes[i][1]));
        nj_screen_toggle_roster(screen);
        nj_screen_toggle_roster(screen);
    }
}

/* A message opens a window without moving the focus, and is read when it is displayed. */
static void
test_message_opens_a_window(void **state)
{
    (void) state;
    add_person(&fixture, "frog@pond.example", "Frog", NULL, NJ_SHOW_ONLINE, NULL);

    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    assert_int_equal(nj_screen_windows(screen), 1);
    say(frog, "frog", NOON, "hello");
    assert_int_equal(nj_screen_windows(screen), 2);
    assert_null(fixture.client->focus);
    nj_surface_free(draw(24, 80));
    assert_int_equal(frog->unread, 1);
    assert_true(nj_screen_attention(screen));
    assert_ptr_equal(fixture.client->focus, frog);

    expect_part(24, 80, "new ─", true);
    assert_int_equal(frog->unread, 0);
    expect_part(24, 80, "new ─", true); /* as long as the chat is in front */
    assert_false(nj_screen_attention(screen));
    nj_screen_last(screen);
    assert_null(fixture.client->focus);
    nj_screen_show_chat(screen, frog);
    expect_part(24, 80, "new ─", false);
}

/* Without the focus of the terminal nothing is read. A key shows that the user looks, even if the
 * terminal does not report the focus. */
static void
test_key_without_focus_reads_the_chat(void **state)
{
    (void) state;
    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    nj_screen_show_chat(screen, frog);
    nj_client_set_looking(fixture.client, false);
    say(frog, "frog", NOON, "are you there?");
    nj_surface_free(draw(24, 80));
    assert_int_equal(frog->unread, 1);
    assert_false(nj_screen_attends(screen, frog));
    type("y");

    assert_true(fixture.client->looking);
    nj_surface_free(draw(24, 80));
    assert_int_equal(frog->unread, 0);
}

/* A sent message is displayed when it is committed, also if its page of the history is read before,
 * several times, and if newer messages are displayed already. */
static void
test_sent_message_appears_when_committed(void **state)
{
    (void) state;
    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    NjOutbox *outbox = fixture.account->outbox;
    say(frog, "frog", NOON - 1, "a question");
    nj_store_flush(fixture.client->store);
    nj_screen_show_chat(screen, frog);

    NjMessage *last = NULL;
    for (int i = 0; i < 120; i++) {
        g_autofree char *body = g_strdup_printf("answer <%d>", i);
        g_autoptr(NjMessage) message = last = make_message(NOON, true, body);
        nj_outbox_add(outbox, frog, message);
    }

    expect_part(24, 80, "a question", true);
    expect_part(24, 80, "answer", false);
    say(frog, "frog", NOON + 1, "another question");
    nj_screen_show_time(screen, frog, 0);
    expect_part(24, 80, "another question", true);
    expect_part(24, 80, "answer", false);
    nj_store_flush(fixture.client->store);
    for (gint64 end = nj_clock_us() + 20 * G_USEC_PER_SEC;
         !nj_outbox_find(outbox, last->id)->shown && nj_clock_us() < end;)
        g_main_context_iteration(NULL, TRUE);

    nj_screen_scroll_to(screen, true);
    expect_part(
        24, 80,
        "toad… answer <119>\n                       │12:00 frog@pond.e…  another question\n", true);

    /* The store does not know the state SENT; the outbox does. */
    nj_outbox_set_state(outbox, nj_outbox_find(outbox, last->id), NJ_STATE_SENT, NULL);
    nj_screen_store_ready(screen);
    expect_part(24, 80, "toad· answer <119>\n", true);
    expect_part(24, 80, "toad… answer <118>\n", true);
    nj_outbox_set_state(outbox, nj_outbox_find(outbox, last->id), NJ_STATE_ACKNOWLEDGED, NULL);
    expect_part(24, 80, "toad  answer <119>\n", true);
}

/* The screen shows a place of the history; newer messages stay unread until they are displayed. */
static void
test_shown_place_leaves_newer_unread(void **state)
{
    (void) state;
    NjChat *frog = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "frog@pond.example");
    gint64 wanted = 0;
    for (int i = 1; i <= 200; i++) {
        g_autofree char *body = g_strdup_printf("<%d>", i);
        say(frog, "frog", NOON + i * MINUTE, body);
        if (i == 90)
            wanted = frog->last_id;
    }

    nj_screen_show_message(screen, frog, NOON + 90 * MINUTE, wanted);
    assert_ptr_equal(fixture.client->focus, frog);
    expect_part(24, 80, "<90>", true);
    expect_part(24, 80, "▼ more", true);
    assert_int_equal(frog->unread, 200);
    nj_screen_show_time(screen, frog, NOON + 60 * MINUTE);
    expect_part(24, 80, "<59>", false);
    expect_part(24, 80, "13:00 frog@pond.e…  <60>", true);
    say(frog, "frog", NOON + 201 * MINUTE, "<201>");

    expect_part(24, 80, "▼ 1 new", true);
    expect_part(24, 80, "13:00 frog@pond.e…  <60>", true);
    assert_int_equal(frog->unread, 201);
    nj_screen_scroll_to(screen, true);
    expect_part(24, 80, "<201>", true);
    assert_int_equal(frog->unread, 0);
}

static void
test_windows_keep_their_numbers(void **state)
{
    (void) state;
    NjChat *a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    NjChat *b = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "bert@x.example");
    NjChat *c = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "berta@x.example");
    nj_screen_show_chat(screen, a);
    nj_screen_show_chat(screen, b);
    nj_screen_show_chat(screen, c);
    assert_ptr_equal(nj_screen_find(screen, "2", NULL)->chat, a);
    assert_ptr_equal(nj_screen_find(screen, "ANN", NULL)->chat, a);

    assert_ptr_equal(nj_screen_find(screen, "bert@x.example", NULL)->chat, b);
    assert_int_equal(nj_screen_find(screen, "console", NULL)->number, 1);

    g_autoptr(GError) error = NULL;
    assert_null(nj_screen_find(screen, "bert", &error));
    assert_non_null(strstr(error->message, "2 windows"));
    g_clear_error(&error);
    assert_null(nj_screen_find(screen, "x", &error));
    assert_non_null(error);
    nj_screen_step(screen, 1);
    assert_int_equal(nj_screen_window(screen)->number, 1);
    nj_screen_step(screen, -1);

    assert_ptr_equal(fixture.client->focus, c);

    /* Windows keep their numbers; a new one gets the lowest free number. */
    nj_chat_close(b);
    assert_null(nj_screen_find(screen, "3", NULL));
    assert_ptr_equal(nj_screen_find(screen, "4", NULL)->chat, c);

    NjChat *d = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "dora@x.example");
    nj_screen_show_chat(screen, d);
    assert_int_equal(nj_screen_window(screen)->number, 3);

    /* A window that is left with the pane of another chat goes back to its own chat. */
    assert_true(nj_screen_split(screen, NJ_SPLIT_BESIDE, c, NULL));
    nj_layout_focus_next(nj_screen_window(screen)->layout, 1);
    assert_true(nj_screen_close_pane(screen));
    assert_ptr_equal(nj_screen_window(screen), nj_screen_find(screen, "4", NULL));
    assert_ptr_equal(nj_screen_focus(screen)->chat, c);
    nj_screen_show(screen, nj_screen_window_at(screen, 0));
    assert_true(nj_screen_split(screen, NJ_SPLIT_BESIDE, d, NULL));
    nj_layout_focus_next(nj_screen_window(screen)->layout, 1);

    assert_true(nj_screen_close_pane(screen));
    assert_int_equal(nj_screen_window(screen)->number, 3);
    assert_ptr_equal(nj_screen_focus(screen)->chat, d);
    nj_screen_show(screen, nj_screen_window_at(screen, 0));
    assert_null(nj_screen_focus(screen)->chat);
    nj_screen_show_chat(screen, d);

    /* The focused chat is closed, with its panes in other windows. */
    assert_true(nj_screen_split(screen, NJ_SPLIT_BELOW, a, NULL));
    nj_screen_show_chat(screen, a);
    nj_chat_close(a);
    assert_null(nj_screen_find(screen, "2", NULL));
    assert_ptr_equal(nj_screen_find(screen, "dora", NULL)->chat, d);

    /* A window whose chat is closed takes the name of the chat that is left in it. */
    nj_screen_show_chat(screen, c);
    assert_true(nj_screen_split(screen, NJ_SPLIT_BELOW, d, NULL));
    nj_chat_close(c);
    assert_ptr_equal(nj_screen_window(screen)->chat, d);
    nj_chat_close(d);
    assert_int_equal(nj_screen_windows(screen), 1);
    assert_false(nj_screen_attention(screen));
    nj_surface_free(draw(24, 80));

    nj_screen_close_window(screen, nj_screen_window(screen)); /* the console cannot be closed */
    assert_int_equal(nj_screen_windows(screen), 1);
}

static void
test_notice_goes_to_its_chat(void **state)
{
    (void) state;
    NjChat *a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    nj_screen_say(screen, a, NJ_NOTICE_INFO, "without a pane");
    nj_screen_show_chat(screen, a);
    nj_client_notice(fixture.client, NULL, a, NJ_NOTICE_ERROR, "in the chat");
    nj_client_notice(fixture.client, fixture.account, NULL, NJ_NOTICE_ERROR, "of the account");
    expect_part(24, 80, "in the chat", true);
    expect_part(24, 80, "of the account", false);
    nj_screen_step(screen, -1);

    expect_part(24, 80, "without a pane", true);
    expect_part(24, 80, "of the account", true);
    nj_account_set_state(fixture.account, NJ_ACCOUNT_WAITING, "The server does not answer.");
    expect_part(24, 80, "!  The server does not answer.", true);

    /* The same reason is reported once. */
    nj_account_set_state(fixture.account, NJ_ACCOUNT_CONNECTING, NULL);
    nj_account_set_state(fixture.account, NJ_ACCOUNT_WAITING, "The server does not answer.");

    NjSurface *surface = draw(24, 80);
    g_autofree char *text = nj_surface_text(surface);
    assert_null(strstr(strstr(text, "!  The server") + 1, "!  The server"));
    nj_surface_free(surface);
}

/* Each account has a line in the console: its state, the reason, and the time of the next try. */
static void
test_console_shows_each_account(void **state)
{
    (void) state;
    static const char *const names[] = { "work", "a name that is long", "four", "five" };
    NjAccount *accounts[G_N_ELEMENTS(names)];
    expect_part(24, 80, " ○ home  Offline; /connect logs in.\n", true);
    nj_account_set_jid(fixture.account, "toad@pond.example/desk");
    nj_account_set_state(fixture.account, NJ_ACCOUNT_ONLINE, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        NjAccountSettings settings = { .name = (char *) names[i],
                                       .address = (char *) "toad@lake.example" };
        accounts[i] = nj_client_add_account(fixture.client, &settings);
    }

    accounts[0]->retry_us = nj_clock_us() + 65 * G_USEC_PER_SEC;
    nj_account_set_state(accounts[0], NJ_ACCOUNT_WAITING,
                         "lake.example does not answer; it may be down.");
    nj_account_set_state(accounts[1], NJ_ACCOUNT_CONNECTING, NULL);
    nj_account_set_state(accounts[2], NJ_ACCOUNT_OFFLINE, "The password is wrong.");
    nj_screen_toggle_roster(screen);
    expect_part(24, 80,
                " console\n"
                " ● home              Online as toad@pond.example/desk.\n"
                " ✗ work              Next attempt at 12:01:05. lake.example does not answer; i…\n"
                " ◌ a name that is …  Connecting toad@lake.example…\n"
                " ✗ four              Offline. The password is wrong.\n"
                " ○ five              Offline; /connect logs in.\n",
                true);

    /* On a small screen, accounts with errors come first. */
    expect_part(12, 50, " console\n ✗ work              Next attempt at 12:01:05. l…\n ◌ a name",
                true);
    expect_part(12, 50, "  [1]\n", true);
    expect_part(12, 50, "home  ", false);
}

static void
test_alert_opens_a_window(void **state)
{
    (void) state;
    NjChat *a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    NjAlert alert = { a, NULL };
    nj_emit_alert(fixture.client->bus, &alert);
    assert_null(fixture.client->focus);
    nj_screen_show_chat(screen, a);
    expect_part(24, 80, "!  anna@x.example wants your attention.", true);
    alert.what = "Look here!";
    nj_emit_alert(fixture.client->bus, &alert);

    expect_part(24, 80, "anna@x.example wants your attention: Look\n", true);
}

static void
test_typing_emits_states_and_saves_drafts(void **state)
{
    (void) state;
    NjChat *a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    NjChat *b = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "bert@x.example");
    nj_screen_show_chat(screen, a);
    type("hel");
    assert_string_equal(typed->str, "composing ");
    nj_screen_show_chat(screen, b);
    assert_string_equal(typed->str, "composing active ");
    assert_string_equal(a->draft, "hel");

    type("/account add me@x secret");
    nj_screen_show_chat(screen, a);
    assert_null(b->draft); /* a command may hold a password */
    type("lo");
    type("\r");
    assert_string_equal(ran->str, "anna@x.example<hello>");
    assert_null(a->draft);
    assert_string_equal(typed->str, "composing active composing ");
}

static void
test_long_text_is_sent_after_a_question(void **state)
{
    (void) state;
    NjChat *a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    nj_screen_show_chat(screen, a);

    g_autofree char *text = g_strnfill(11, '\n');
    for (int i = 0; i < 11; i++)
        text[i] = i % 2 ? '\n' : 'x';
    nj_screen_paste(screen, text, 11); /* six lines */
    type("\r");
    assert_true(g_str_has_prefix(ran->str, "anna@x.example<x\nx\n"));
    g_string_truncate(ran, 0);
    nj_screen_paste(screen, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11", 23);
    type("\r");

    assert_string_equal(ran->str, "");
    assert_true(nj_prompt_asking(nj_screen_prompt(screen)));
    expect_part(24, 80, "11 lines", true);
    type("e");
    assert_string_equal(nj_prompt_text(nj_screen_prompt(screen)),
                        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11");
    type("\r");
    type("y");
    assert_string_equal(ran->str, "anna@x.example<1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11>");

    g_string_truncate(ran, 0);

    /* The chat is closed while the question waits. */
    nj_screen_paste(screen, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11", 23);
    type("\r");
    nj_chat_close(a);
    assert_false(nj_prompt_asking(nj_screen_prompt(screen)));
    assert_string_equal(ran->str, "");
    nj_store_flush(fixture.client->store);
    a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    assert_string_equal(a->draft, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11");

    /* The user changes the window before the answer. */
    nj_screen_show_chat(screen, a);
    type("\r");
    nj_screen_show(screen, nj_screen_window_at(screen, 0));
    type("e");
    assert_ptr_equal(fixture.client->focus, a);
    assert_string_equal(nj_prompt_text(nj_screen_prompt(screen)),
                        "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11");
}

static void
test_new_name_changes_prompt_and_bar(void **state)
{
    (void) state;
    nj_screen_show_chat(screen, nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example"));
    g_string_truncate(typed, 0);
    add_person(&fixture, "anna@x.example", "Anna", "Pond", NJ_SHOW_ONLINE, NULL);

    NjSurface *surface = draw(12, 80);
    assert_true(has(surface, "[2:Anna]") && has(surface, "Anna›"));
    nj_surface_free(surface);
    assert_string_equal(typed->str, "");
    nj_roster_remove(fixture.account->roster, "anna@x.example");
    surface = draw(12, 80);
    assert_true(has(surface, "[2:anna@x.example]") && !has(surface, "Anna"));
    nj_surface_free(surface);
}

static void
ignore_answer(int key, void *data)
{
    (void) key;
    (void) data;
}

/* A closed chat keeps its draft. */
static void
test_closed_chat_keeps_its_draft(void **state)
{
    (void) state;
    NjChat *a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    nj_screen_show_chat(screen, a);
    type("hello");
    nj_chat_close(a);
    nj_store_flush(fixture.client->store);
    a = nj_chat_open(fixture.account, NJ_CHAT_PERSON, "anna@x.example");
    nj_screen_show_chat(screen, a);
    assert_string_equal(nj_prompt_text(nj_screen_prompt(screen)), "hello");

    /* Also while a question waits. */
    type("!");
    nj_prompt_ask(nj_screen_prompt(screen), "?", "yn", ignore_answer, NULL);
    nj_screen_show(screen, nj_screen_window_at(screen, 0));
    assert_string_equal(a->draft, "hello!");
}

static void
test_contact_list_takes_its_keys(void **state)
{
    (void) state;
    add_person(&fixture, "frog@pond.example", "Frog", NULL, NJ_SHOW_ONLINE, NULL);
    add_person(&fixture, "newt@pond.example", "Newt", NULL, NJ_SHOW_ONLINE, NULL);
    nj_surface_free(draw(24, 80));
    nj_screen_focus_roster(screen);
    type("\033[B\r");
    assert_string_equal(fixture.client->focus->address, "newt@pond.example");
    nj_screen_focus_roster(screen);
    type("\033[A\r"); /* from the focused chat */

    assert_string_equal(fixture.client->focus->address, "frog@pond.example");
    nj_screen_focus_roster(screen);
    type("\033[B\r");
    nj_screen_focus_roster(screen);
    type("hi"); /* typing returns the keys to the prompt */
    assert_string_equal(nj_prompt_text(nj_screen_prompt(screen)), "hi");
    type("\r");
    assert_string_equal(ran->str, "newt@pond.example<hi>");
}

/* Frames are drawn before the store is open: afterwards each message is displayed once. */
static void
test_late_store_shows_messages_once(void **state)
{
    (void) state;
    UiFixture late = ui_fixture_new(false);
    NjScreen *second;
    nj_screen_free(screen);
    second = screen = nj_screen_new(late.client, NULL, &hooks, NULL);
    nj_surface_free(draw(24, 80));
    late.dir = make_dir();
    nj_client_set_store(late.client, open_store(late.dir));
    nj_screen_store_ready(screen);

    NjChat *a = nj_chat_open(late.account, NJ_CHAT_PERSON, "anna@x.example");
    nj_screen_show_chat(screen, a);
    say(a, "anna", NOON, "once");
    expect_part(24, 80, "once", true);
    say(a, "anna", NOON, "more");

    NjSurface *surface = draw(24, 80);
    g_autofree char *text = nj_surface_text(surface);
    char *first = strstr(text, "more");
    assert_non_null(first);
    assert_null(strstr(first + 1, "more"));
    nj_surface_free(surface);
    nj_screen_free(second);
    ui_fixture_free(&late);
    nj_clock_freeze(NOON);

    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_console_welcomes_a_new_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_room_shows_its_occupants, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_size_can_be_drawn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_message_opens_a_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_key_without_focus_reads_the_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sent_message_appears_when_committed, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_shown_place_leaves_newer_unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_windows_keep_their_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_notice_goes_to_its_chat, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_console_shows_each_account, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_alert_opens_a_window, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typing_emits_states_and_saves_drafts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_long_text_is_sent_after_a_question, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_chat_keeps_its_draft, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_new_name_changes_prompt_and_bar, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_contact_list_takes_its_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_store_shows_messages_once, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
