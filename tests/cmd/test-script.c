/* cmd/script: what scripts hear, and a reader that is slow. */
#include "fixture.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/script.h"

static const char *const one[] = { "home=toad@pond.example", NULL };

static void
keep(NjRecord *event, void *owner)
{
    g_ptr_array_add(owner, nj_json_write(event));
}

static void
expect_last(GPtrArray *events, const char *json)
{
    assert_true(events->len > 0);
    assert_string_equal(events->pdata[events->len - 1], json);
}

static void
test_events(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func(g_free);
    NjScript *script = nj_script_new(fixture.client, keep, events);
    NjAccount *home = cmd_fixture_account(&fixture, "home");

    nj_account_set_state(home, NJ_ACCOUNT_WAITING, "The server is gone.");
    expect_last(events, "{\"event\": \"connection\", \"account\": \"home\", \"state\": "
                        "\"waiting\", \"address\": \"toad@pond.example\", "
                        "\"text\": \"The server is gone.\"}");

    NjChat *chat = nj_chat_open(home, NJ_CHAT_PERSON, "frog@pond.example");
    g_autoptr(NjMessage) message = nj_message_new();
    message->time = G_GINT64_CONSTANT(1767323045678);
    message->sender = g_strdup("frog@pond.example/desk");
    message->body = g_strdup("Quak\n\"quak\"");
    message->origin_id = g_strdup("o1");
    message->wire_id = g_strdup("w1");
    message->archive_id = g_strdup("s1");
    nj_chat_add(chat, message);

    expect_last(
        events,
        "{\"event\": \"message\", \"account\": \"home\", \"chat\": \"frog@pond.example\", "
        "\"from\": \"frog@pond.example/desk\", \"id\": \"o1\", "
        "\"stanza_id\": \"s1\", \"time\": \"2026-01-02T03:04:05.678Z\", \"type\": \"chat\", "
        "\"direction\": \"in\", "
        "\"body\": \"Quak\\n\\\"quak\\\"\", \"encryption\": \"none\", \"state\": \"received\"}");

    nj_roster_put(home->roster, "frog@pond.example", "Frog", NJ_SUB_BOTH, false, false, NULL);
    guint before = events->len;
    nj_roster_presence(home->roster, "frog@pond.example/desk", NJ_SHOW_AWAY, 0, "Lunch");
    expect_last(events, "{\"event\": \"presence\", \"account\": \"home\", \"from\": "
                        "\"frog@pond.example\", \"name\": \"Frog\", \"show\": \"away\", "
                        "\"status\": \"Lunch\"}");
    assert_int_equal(events->len, before + 1);

    NjRoom *room = nj_room_open(home, "pond@chat.pond.example", "toad");
    nj_room_put(room, "newt", NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                NULL);
    expect_last(events, "{\"event\": \"room\", \"account\": \"home\", \"chat\": "
                        "\"pond@chat.pond.example\", \"what\": \"joined\", \"nick\": \"newt\", "
                        "\"show\": \"online\"}");
    nj_room_take_out(room, "newt");
    expect_last(events, "{\"event\": \"room\", \"account\": \"home\", \"chat\": "
                        "\"pond@chat.pond.example\", \"what\": \"left\", \"nick\": \"newt\"}");

    nj_room_set_subject(room, "Flies", "newt");
    assert_non_null(
        strstr(events->pdata[events->len - 1], "\"what\": \"room\", \"state\": \"out\""));

    run_line(&fixture, "/nonsense");
    assert_true(g_str_has_prefix(events->pdata[events->len - 1],
                                 "{\"event\": \"command-failed\", \"command\": \"nonsense\", "
                                 "\"source\": \"argument\", \"code\": \"unknown-command\""));
    nj_script_free(script);
    before = events->len;
    nj_account_set_state(home, NJ_ACCOUNT_OFFLINE, NULL);
    assert_int_equal(events->len, before);
    cmd_fixture_close(&fixture);
}

static void
read_all(int fd, GString *text)
{
    char bytes[65536];
    ssize_t got;
    while ((got = read(fd, bytes, sizeof bytes)) > 0)
        g_string_append_len(text, bytes, got);
}

typedef struct {
    CmdFixture base;
    NjHeadless *headless;
    int to, from; /* its input, its output */
} HeadlessFixture;

static void
open_fixture(HeadlessFixture *fixture)
{
    signal(SIGPIPE, SIG_IGN);
    cmd_fixture_open(&fixture->base, one);

    int in[2], out[2];
    assert_true(g_unix_open_pipe(in, FD_CLOEXEC, NULL) && g_unix_open_pipe(out, FD_CLOEXEC, NULL));
    fixture->headless = nj_headless_new_on(fixture->base.cmd, in[0], out[1]);
    fixture->to = in[1];
    fixture->from = out[0];
    g_unix_set_fd_nonblocking(fixture->from, TRUE, NULL);
    assert_int_equal(fcntl(out[1], F_GETFL) & O_NONBLOCK, 0); /* others share it */
    close(out[1]);
}

static void
close_fixture(HeadlessFixture *fixture)
{
    nj_headless_free(fixture->headless);
    if (fixture->to >= 0)
        close(fixture->to);
    close(fixture->from);
    cmd_fixture_close(&fixture->base);
}

static void
test_headless(void **state)
{
    (void) state;
    HeadlessFixture fixture;
    open_fixture(&fixture);

    const char *lines = "/status dnd\n/status\nnonsense\n/unfinished";
    assert_int_equal(write(fixture.to, lines, strlen(lines)), strlen(lines));
    close(fixture.to);
    fixture.to = -1;

    g_autoptr(GString) text = g_string_new(NULL);
    wait_until((read_all(fixture.from, text), strstr(text->str, "without a newline")));
    assert_non_null(
        strstr(text->str, "{\"ok\": true, \"result\": {\"account\": \"home\", \"show\": \"dnd\""));
    assert_non_null(strstr(text->str, "\"source\": \"stdin\", \"code\": \"usage\""));

    /* The end of the input ends nothing. */
    nj_account_set_state(cmd_fixture_account(&fixture.base, "home"), NJ_ACCOUNT_CONNECTING, NULL);
    wait_until((read_all(fixture.from, text), strstr(text->str, "\"state\": \"connecting\"")));
    close_fixture(&fixture);
}

static void
test_slow_reader(void **state)
{
    (void) state;
    HeadlessFixture fixture;
    open_fixture(&fixture);

    NjAccount *home = cmd_fixture_account(&fixture.base, "home");
    g_autofree char *why = g_strnfill(10000, 'x');
    gint64 start = g_get_monotonic_time();
    for (int i = 0; i < 1000; i++) { /* 10 MB */
        nj_account_set_state(home, NJ_ACCOUNT_WAITING, why);
        g_main_context_iteration(NULL, FALSE);
    }

    assert_true(g_get_monotonic_time() - start < 5 * G_USEC_PER_SEC);
    g_autoptr(GString) text = g_string_new(NULL);
    wait_until((read_all(fixture.from, text), strstr(text->str, "events-dropped")));
    assert_true(text->len > 4 * 1024 * 1024 && text->len < 5 * 1024 * 1024);
    wait_until((read_all(fixture.from, text), g_str_has_suffix(text->str, "}\n")));

    const char *last = g_strrstr(text->str, "{\"event\": \"events-dropped\", \"count\": ");
    guint lines = 0;
    for (const char *at = text->str; (at = strchr(at, '\n')); at++)
        lines++;

    assert_int_equal(
        lines - 1 + (guint) atoi(last + strlen("{\"event\": \"events-dropped\", \"count\": ")),
        1000);

    nj_account_set_state(home, NJ_ACCOUNT_OFFLINE, NULL);
    wait_until((read_all(fixture.from, text), strstr(text->str, "\"offline\"")));
    close_fixture(&fixture);
}

static void
test_reader_gone(void **state)
{
    (void) state;
    HeadlessFixture fixture;
    open_fixture(&fixture);
    close(fixture.from);
    fixture.from = open("/dev/null", O_RDONLY);

    NjAccount *home = cmd_fixture_account(&fixture.base, "home");
    nj_account_set_state(home, NJ_ACCOUNT_WAITING, NULL);
    nj_account_set_state(home, NJ_ACCOUNT_OFFLINE, NULL);
    assert_int_equal(write(fixture.to, "/status dnd\n", 12), 12);
    wait_until(home->show == NJ_SHOW_DND);
    close_fixture(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_headless),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_reader_gone),
    };
    return cmocka_run_group_tests_name("cmd/script", tests, NULL, NULL);
}
