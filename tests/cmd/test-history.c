/* /search and /history without a screen: results and errors. */
#include "speaker.h"

static const char *const two[] = { "home=toad@pond.example", "work=toad@mill.example", NULL };
static const char *const one[] = { "home=toad@pond.example", NULL };

static void
open_history(Speaker *speaker, const char *const *accounts)
{
    g_autoptr(GError) error = NULL;
    speaker_open(speaker, accounts);
    g_autofree char *data = g_build_filename(speaker->dir, "data", NULL);
    NjStore *store = nj_store_open(data, &error);
    assert_non_null(store);
    nj_client_set_store(speaker->client, store);
}

static void
close_history(Speaker *speaker)
{
    NjStore *store = speaker->client->store;
    nj_cmd_end_calls(speaker->cmd);
    while (speaker->client->accounts->len)
        nj_client_remove_account(speaker->client, g_ptr_array_index(speaker->client->accounts, 0));
    speaker->client->store = NULL;
    nj_store_close(store, 5000);
    speaker_close(speaker);
}

static void
add_message(Speaker *speaker, const char *account, const char *address, gint64 time, bool out,
            const char *body)
{
    NjChat *chat = nj_chat_open(speaker_account(speaker, account), NJ_CHAT_PERSON, address);
    g_autoptr(NjMessage) message = nj_message_new();

    message->time = time;
    message->delayed = true;
    message->out = out;
    message->state = out ? NJ_STATE_DELIVERED : NJ_STATE_RECEIVED;
    message->sender =
        g_strconcat(out ? speaker_account(speaker, account)->bare : address, "/x", NULL);
    message->origin_id = g_strdup_printf("id-%s", body);
    message->body = g_strdup(body);
    nj_chat_add(chat, message);
}

/* Runs a line and waits for its result. */
static void
run_and_wait(Speaker *speaker, NjChat *chat, const char *line)
{
    int before = speaker->answers;
    speak_in(speaker, NJ_SOURCE_STDIN, chat, line);
    wait_until(speaker->answers == before + 1);
}

static guint
count_hits(Speaker *speaker)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NjRecord) record = nj_json_read(speaker->json, -1, &error);
    assert_non_null(record);
    return nj_record_find(record, "hits")->list->len;
}

static void
test_search_returns_hits(void **state)
{
    (void) state;
    Speaker speaker;
    open_history(&speaker, two);

    /* 2026-01-02 */
    add_message(&speaker, "home", "frog@pond.example", G_GINT64_CONSTANT(1767322800000), false,
                "ribbit");

    /* 2026-01-05 */
    add_message(&speaker, "home", "frog@pond.example", G_GINT64_CONSTANT(1767582000000), true,
                "ribbit-too");
    add_message(&speaker, "work", "newt@mill.example", G_GINT64_CONSTANT(1767668400000), false,
                "ribbit https://mill.example");
    run_and_wait(&speaker, NULL, "/search limit=1 ribbit");
    assert_string_equal(speaker.json,
                        "{\"hits\": [{\"account\": \"work\", \"chat\": \"newt@mill.example\", "
                        "\"from\": \"newt@mill.example/x\","
                        " \"id\": \"id-ribbit https://mill.example\", \"time\": "
                        "\"2026-01-06T03:00:00.000Z\", \"type\": \"chat\","
                        " \"direction\": \"in\", \"body\": \"ribbit https://mill.example\"}]}");

    run_and_wait(&speaker, NULL, "/search ribbit");
    assert_int_equal(count_hits(&speaker), 3);
    run_and_wait(&speaker, NULL, "/search account=home ribbit");
    assert_int_equal(count_hits(&speaker), 2);
    run_and_wait(&speaker, NULL, "/work:search ribbit");
    assert_int_equal(count_hits(&speaker), 1);
    run_and_wait(&speaker, NULL, "/search from=me");
    assert_int_equal(count_hits(&speaker), 1);
    run_and_wait(&speaker, NULL, "/search has=link ribbit");

    assert_int_equal(count_hits(&speaker), 1);
    run_and_wait(&speaker, NULL, "/search until=2026-01-02 ribbit");
    assert_int_equal(count_hits(&speaker), 1);
    run_and_wait(&speaker, NULL, "/search since=2026-01-05 until=\"2026-01-05 23:59\" ribbit");
    assert_int_equal(count_hits(&speaker), 1);
    run_and_wait(&speaker, NULL, "/search chat=frog@pond.example ribbit");
    assert_int_equal(count_hits(&speaker), 2);
    run_and_wait(&speaker, nj_chat_find(speaker_account(&speaker, "work"), "newt@mill.example"),
                 "/search chat=here ribbit");

    assert_int_equal(count_hits(&speaker), 1);

    /* the chat in front is not a restriction */
    run_and_wait(&speaker, nj_chat_find(speaker_account(&speaker, "work"), "newt@mill.example"),
                 "/search ribbit");
    assert_int_equal(count_hits(&speaker), 3);
    run_and_wait(&speaker, NULL, "/search croak");
    assert_int_equal(count_hits(&speaker), 0);
    assert_non_null(strstr(speaker.json, "No message was found."));

    expect_failure(&speaker, "/search", "usage", "Missing WORDS. Example: /search pond");
    expect_failure(&speaker, "/search since=fish ribbit", "usage", "“fish” is not a date");
    expect_failure(&speaker, "/search chat=nobody@pond.example ribbit", "no-chat",
                   "nobody@pond.example");
    expect_failure(&speaker, "/search chat=here ribbit", "no-chat", "chat=ADDRESS");
    expect_failure(&speaker, "/search account=play ribbit", "no-account", "play");
    expect_failure(&speaker, "/search has=fish ribbit", "usage", "Expected link, not “fish”.");
    add_message(&speaker, "work", "frog@pond.example", 1000, false, "at the mill");
    expect_failure(&speaker, "/search chat=frog@pond.example ribbit", "which-account",
                   "account=home");

    run_and_wait(&speaker, NULL, "/search chat=frog@pond.example account=work mill");
    assert_int_equal(count_hits(&speaker), 1);
    close_history(&speaker);
}

static void
test_history_refuses_what_it_cannot_do(void **state)
{
    (void) state;
    Speaker speaker;
    open_history(&speaker, one);

    NjChat *chat =
        nj_chat_open(speaker_account(&speaker, "home"), NJ_CHAT_PERSON, "frog@pond.example");
    expect_failure(&speaker, "/history", "usage", NULL);
    expect_failure(&speaker, "/history fish", "usage", "“fish” is not a date");
    expect_failure(&speaker, "/history yesterday", "no-chat", NULL);
    expect_failure(&speaker, "/history cancel", "refused", NULL);
    assert_false(speak_in(&speaker, NJ_SOURCE_STDIN, chat, "/history yesterday 18:00"));
    assert_string_equal(speaker.code, "no-screen");
    expect_failure(&speaker, "/history import", "usage",
                   "Missing FORMAT. Usage: /history import FORMAT PATH");

    expect_failure(&speaker, "/history import pidgin /tmp", "usage", "“pidgin”");
    expect_failure(&speaker, "/history import mcabber /tmp/a b", "usage", "quotation marks");
    expect_failure(&speaker, "/history import mcabber /tmp account=work", "no-account", "work");
    close_history(&speaker);
}

static void
test_import_is_cancelled_and_continued(void **state)
{
    (void) state;
    Speaker speaker;
    open_history(&speaker, two);

    g_autofree char *logs = g_build_filename(speaker.dir, "two words", NULL),
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
    run_and_wait(&speaker, NULL, plain);
    assert_string_equal(speaker.code, "which-account");

    /* Cancelled, and started again. */
    int before = speaker.answers;
    speak(&speaker, line);
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);

    assert_int_equal(speaker.answers, before);
    expect_failure(&speaker, line, "refused", "/history cancel"); /* one at a time */
    before = speaker.answers;
    speak(&speaker, "/history cancel");
    assert_int_equal(speaker.answers, before + 2); /* its own and the import's */
    assert_null(speaker.code);
    run_and_wait(&speaker, NULL, line);
    assert_null(speaker.code);
    assert_non_null(strstr(speaker.json, "\"account\": \"work\""));

    run_and_wait(&speaker, NULL, line);
    assert_non_null(strstr(speaker.json, "\"messages\": 0, \"known\": 20000, \"files\": 1"));
    run_and_wait(&speaker, NULL, "/search limit=10000 line");
    assert_int_equal(count_hits(&speaker), 10000);
    run_and_wait(&speaker, NULL, "/search \"line 12345\"");
    assert_int_equal(count_hits(&speaker), 1);
    assert_null(nj_chat_find(speaker_account(&speaker, "work"), "frog@pond.example"));
    run_and_wait(&speaker, NULL, "/work:history import mcabber /nowhere");
    assert_string_equal(speaker.code, "failed");

    assert_non_null(strstr(speaker.text, "/nowhere"));
    close_history(&speaker);
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
