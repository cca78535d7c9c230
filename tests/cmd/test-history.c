/* /search and /history without a screen: results and errors. */
#include "fixture.h"

static const char *const two[] = { "home=toad@pond.example", "work=toad@mill.example", NULL };
static const char *const one[] = { "home=toad@pond.example", NULL };

static void
open_history(CmdFixture *fixture, const char *const *accounts)
{
    g_autoptr(GError) error = NULL;
    cmd_fixture_open(fixture, accounts);
    g_autofree char *data = g_build_filename(fixture->dir, "data", NULL);
    NjStore *store = nj_store_open(data, &error);
    assert_non_null(store);
    nj_client_set_store(fixture->client, store);
}

static void
close_history(CmdFixture *fixture)
{
    NjStore *store = fixture->client->store;
    nj_cmd_end_calls(fixture->cmd);
    while (fixture->client->accounts->len)
        nj_client_remove_account(fixture->client, g_ptr_array_index(fixture->client->accounts, 0));
    fixture->client->store = NULL;
    nj_store_close(store, 5000);
    cmd_fixture_close(fixture);
}

static void
add_message(CmdFixture *fixture, const char *account, const char *address, gint64 time, bool out,
            const char *body)
{
    NjChat *chat = nj_chat_open(cmd_fixture_account(fixture, account), NJ_CHAT_PERSON, address);
    g_autoptr(NjMessage) message = nj_message_new();

    message->time = time;
    message->delayed = true;
    message->out = out;
    message->state = out ? NJ_STATE_DELIVERED : NJ_STATE_RECEIVED;
    message->sender =
        g_strconcat(out ? cmd_fixture_account(fixture, account)->bare : address, "/x", NULL);
    message->origin_id = g_strdup_printf("id-%s", body);
    message->body = g_strdup(body);
    nj_chat_add(chat, message);
}

/* Runs a line and waits for its result. */
static void
run_and_wait(CmdFixture *fixture, NjChat *chat, const char *line)
{
    int before = fixture->answers;
    run_line_in(fixture, NJ_SOURCE_STDIN, chat, line);
    wait_until(fixture->answers == before + 1);
}

static guint
count_hits(CmdFixture *fixture)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NjRecord) record = nj_json_read(fixture->json, -1, &error);
    assert_non_null(record);
    return nj_record_find(record, "hits")->list->len;
}

static void
test_search_returns_hits(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_history(&fixture, two);

    /* 2026-01-02 */
    add_message(&fixture, "home", "frog@pond.example", G_GINT64_CONSTANT(1767322800000), false,
                "ribbit");

    /* 2026-01-05 */
    add_message(&fixture, "home", "frog@pond.example", G_GINT64_CONSTANT(1767582000000), true,
                "ribbit-too");
    add_message(&fixture, "work", "newt@mill.example", G_GINT64_CONSTANT(1767668400000), false,
                "ribbit https://mill.example");
    run_and_wait(&fixture, NULL, "/search limit=1 ribbit");
    assert_string_equal(fixture.json,
                        "{\"hits\": [{\"account\": \"work\", \"chat\": \"newt@mill.example\", "
                        "\"from\": \"newt@mill.example/x\","
                        " \"id\": \"id-ribbit https://mill.example\", \"time\": "
                        "\"2026-01-06T03:00:00.000Z\", \"type\": \"chat\","
                        " \"direction\": \"in\", \"body\": \"ribbit https://mill.example\"}]}");

    run_and_wait(&fixture, NULL, "/search ribbit");
    assert_int_equal(count_hits(&fixture), 3);
    run_and_wait(&fixture, NULL, "/search account=home ribbit");
    assert_int_equal(count_hits(&fixture), 2);
    run_and_wait(&fixture, NULL, "/work:search ribbit");
    assert_int_equal(count_hits(&fixture), 1);
    run_and_wait(&fixture, NULL, "/search from=me");
    assert_int_equal(count_hits(&fixture), 1);
    run_and_wait(&fixture, NULL, "/search has=link ribbit");

    assert_int_equal(count_hits(&fixture), 1);
    run_and_wait(&fixture, NULL, "/search until=2026-01-02 ribbit");
    assert_int_equal(count_hits(&fixture), 1);
    run_and_wait(&fixture, NULL, "/search since=2026-01-05 until=\"2026-01-05 23:59\" ribbit");
    assert_int_equal(count_hits(&fixture), 1);
    run_and_wait(&fixture, NULL, "/search chat=frog@pond.example ribbit");
    assert_int_equal(count_hits(&fixture), 2);
    run_and_wait(&fixture, nj_chat_find(cmd_fixture_account(&fixture, "work"), "newt@mill.example"),
                 "/search chat=here ribbit");

    assert_int_equal(count_hits(&fixture), 1);

    /* the chat in front is not a restriction */
    run_and_wait(&fixture, nj_chat_find(cmd_fixture_account(&fixture, "work"), "newt@mill.example"),
                 "/search ribbit");
    assert_int_equal(count_hits(&fixture), 3);
    run_and_wait(&fixture, NULL, "/search croak");
    assert_int_equal(count_hits(&fixture), 0);
    assert_non_null(strstr(fixture.json, "No message was found."));

    expect_failure(&fixture, "/search", "usage", "Missing WORDS. Example: /search pond");
    expect_failure(&fixture, "/search since=fish ribbit", "usage", "“fish” is not a date");
    expect_failure(&fixture, "/search chat=nobody@pond.example ribbit", "no-chat",
                   "nobody@pond.example");
    expect_failure(&fixture, "/search chat=here ribbit", "no-chat", "chat=ADDRESS");
    expect_failure(&fixture, "/search account=play ribbit", "no-account", "play");
    expect_failure(&fixture, "/search has=fish ribbit", "usage", "Expected link, not “fish”.");
    add_message(&fixture, "work", "frog@pond.example", 1000, false, "at the mill");
    expect_failure(&fixture, "/search chat=frog@pond.example ribbit", "which-account",
                   "account=home");

    run_and_wait(&fixture, NULL, "/search chat=frog@pond.example account=work mill");
    assert_int_equal(count_hits(&fixture), 1);
    close_history(&fixture);
}

static void
test_history_refuses_what_it_cannot_do(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_history(&fixture, one);

    NjChat *chat =
        nj_chat_open(cmd_fixture_account(&fixture, "home"), NJ_CHAT_PERSON, "frog@pond.example");
    expect_failure(&fixture, "/history", "usage", NULL);
    expect_failure(&fixture, "/history fish", "usage", "“fish” is not a date");
    expect_failure(&fixture, "/history yesterday", "no-chat", NULL);
    expect_failure(&fixture, "/history cancel", "refused", NULL);
    assert_false(run_line_in(&fixture, NJ_SOURCE_STDIN, chat, "/history yesterday 18:00"));
    assert_string_equal(fixture.code, "no-screen");
    expect_failure(&fixture, "/history import", "usage",
                   "Missing FORMAT. Usage: /history import FORMAT PATH");

    expect_failure(&fixture, "/history import pidgin /tmp", "usage", "“pidgin”");
    expect_failure(&fixture, "/history import mcabber /tmp/a b", "usage", "quotation marks");
    expect_failure(&fixture, "/history import mcabber /tmp account=work", "no-account", "work");
    close_history(&fixture);
}

static void
test_import_is_cancelled_and_continued(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_history(&fixture, two);

    g_autofree char *logs = g_build_filename(fixture.dir, "two words", NULL),
                    *log = g_build_filename(logs, "frog@pond.example", NULL);
    g_autofree char *plain = g_strdup_printf("/history import mcabber \"%s\"", logs),
                    *line = g_strconcat(plain, " account=work", NULL);
    g_mkdir(logs, 0700);

    GString *text = g_string_new(NULL);
    for (int i = 0; i < 20000; i++)
        g_string_append_printf(text, "MR 20240101T%02d:%02d:%02dZ 000 line %d\n", i / 3600,
                               i / 60 % 60, i % 60, i);

    assert_true(g_file_set_contents(log, text->str, -1, NULL));
    g_string_free(text, TRUE);
    run_and_wait(&fixture, NULL, plain);
    assert_string_equal(fixture.code, "which-account");

    /* Cancelled, and started again. */
    int before = fixture.answers;
    run_line(&fixture, line);
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);

    assert_int_equal(fixture.answers, before);
    expect_failure(&fixture, line, "refused", "/history cancel"); /* one at a time */
    before = fixture.answers;
    run_line(&fixture, "/history cancel");
    assert_int_equal(fixture.answers, before + 2); /* its own and the import's */
    assert_null(fixture.code);
    run_and_wait(&fixture, NULL, line);
    assert_null(fixture.code);
    assert_non_null(strstr(fixture.json, "\"account\": \"work\""));

    run_and_wait(&fixture, NULL, line);
    assert_non_null(strstr(fixture.json, "\"messages\": 0, \"known\": 20000, \"files\": 1"));
    run_and_wait(&fixture, NULL, "/search limit=10000 line");
    assert_int_equal(count_hits(&fixture), 10000);
    run_and_wait(&fixture, NULL, "/search \"line 12345\"");
    assert_int_equal(count_hits(&fixture), 1);
    assert_null(nj_chat_find(cmd_fixture_account(&fixture, "work"), "frog@pond.example"));
    run_and_wait(&fixture, NULL, "/work:history import mcabber /nowhere");
    assert_string_equal(fixture.code, "failed");

    assert_non_null(strstr(fixture.text, "/nowhere"));
    close_history(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_returns_hits),
        cmocka_unit_test(test_history_refuses_what_it_cannot_do),
        cmocka_unit_test(test_import_is_cancelled_and_continued),
    };
    return cmocka_run_group_tests_name("cmd/history", tests, NULL, NULL);
}
