/* /outbox, /retry and wait=sent. */
#include "fixture.h"

#include "base/clock.h"
#include "cmd/outbox.h"
#include "model/outbox.h"

static const char *const two[] = { "home=toad@pond.example", "work=newt@pond.example", NULL };

static void
open_fixture(CmdFixture *fixture)
{
    cmd_fixture_open(fixture, two);
    nj_client_set_store(fixture->client, nj_store_open(fixture->dir, NULL));
    assert_non_null(fixture->client->store);
}

static void
close_fixture(CmdFixture *fixture)
{
    NjStore *store = fixture->client->store;
    while (fixture->client->accounts->len)
        nj_client_remove_account(fixture->client, g_ptr_array_index(fixture->client->accounts, 0));
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    fixture->client->store = NULL;
    assert_true(nj_store_close(store, 5000));
    cmd_fixture_close(fixture);
}

static NjOut *
newest_row(NjAccount *account)
{
    return g_queue_peek_tail(&account->outbox->rows);
}

static void
expect_sentence(CmdFixture *fixture, const char *expected)
{
    g_autofree char *sentence = nj_outbox_sentence(fixture->client, true);
    if (g_strcmp0(sentence, expected))
        fail_msg("the sentence is: %s", sentence ? sentence : "nothing");
}

static void
test_outbox_lists_and_counts_messages(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_fixture(&fixture);

    NjAccount *home = cmd_fixture_account(&fixture, "home"),
              *work = cmd_fixture_account(&fixture, "work");
    expect_ok(&fixture, "/outbox", "\"messages\": []");
    expect_sentence(&fixture, NULL);
    expect_ok(&fixture, "/home:msg frog@pond.example one", "\"state\": \"queued\"");
    expect_sentence(&fixture,
                    "1 message to frog@pond.example waits; it is sent when you are online again.");
    expect_ok(&fixture, "/home:msg frog@pond.example two", NULL);
    expect_sentence(
        &fixture, "2 messages to frog@pond.example wait; they are sent when you are online again.");

    expect_ok(&fixture, "/work:msg eft@pond.example three", NULL);
    expect_sentence(&fixture, "3 messages to frog@pond.example and others wait; they are sent when "
                              "you are online again.");
    nj_outbox_set_state(home->outbox, newest_row(home), NJ_STATE_UNSURE, NULL);
    nj_outbox_set_state(work->outbox, newest_row(work), NJ_STATE_FAILED, "Nobody is there.");
    expect_sentence(&fixture,
                    "1 message to frog@pond.example waits; it is sent when you are online again.");
    expect_ok(&fixture, "/outbox", "\"body\": \"one\"");
    assert_non_null(strstr(fixture.json, "\"state\": \"unsure\", \"body\": \"two\""));

    assert_non_null(
        strstr(fixture.json,
               "\"state\": \"failed\", \"error\": \"Nobody is there.\", \"body\": \"three\""));

    guint unsure = 0;
    assert_int_equal(nj_outbox_count(home, &unsure), 1);
    assert_int_equal(unsure, 1);
    expect_ok(&fixture, "/account remove home", "1 message may not have arrived");
    assert_non_null(strstr(fixture.json, "1 message was not sent; it stays in the history"));
    assert_non_null(strstr(fixture.json, "\"waiting\": 1, \"unsure\": 1"));
    close_fixture(&fixture);
}

static void
test_retry_sends_failed_and_unsure_messages(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_fixture(&fixture);

    NjAccount *home = cmd_fixture_account(&fixture, "home"),
              *work = cmd_fixture_account(&fixture, "work");
    expect_failure(&fixture, "/retry", "no-chat", "/retry all");
    expect_ok(&fixture, "/home:msg frog@pond.example failed", NULL);
    nj_outbox_set_state(home->outbox, newest_row(home), NJ_STATE_FAILED, "Nobody is there.");
    expect_ok(&fixture, "/home:msg frog@pond.example waits", NULL);
    expect_ok(&fixture, "/home:msg frog@pond.example unsure", NULL);
    nj_outbox_set_state(home->outbox, newest_row(home), NJ_STATE_UNSURE, NULL);
    expect_ok(&fixture, "/home:msg eft@pond.example elsewhere", NULL);
    nj_outbox_set_state(home->outbox, newest_row(home), NJ_STATE_UNSURE, NULL);

    expect_ok(&fixture, "/work:msg eft@pond.example closed", NULL);
    nj_outbox_set_state(work->outbox, newest_row(work), NJ_STATE_UNSURE, NULL);
    assert_int_equal(home->outbox->rows.length, 3);

    NjChat *frog = nj_chat_find(home, "frog@pond.example");
    if (!run_line_in(&fixture, NJ_SOURCE_ARGUMENT, frog, "/retry"))
        fail_msg("%s", fixture.text);
    assert_non_null(strstr(fixture.json, "\"count\": 2"));
    assert_non_null(
        strstr(fixture.json, "2 messages are sent again when their accounts are online."));

    const char *const bodies[] = { "failed", "waits", "unsure", "elsewhere" };
    guint at = 0;
    for (GList *item = home->outbox->rows.head; item; item = item->next, at++) {
        const NjMessage *message = ((NjOut *) item->data)->message;
        assert_string_equal(message->body, bodies[at]);
        assert_int_equal(message->state, at < 3 ? NJ_STATE_QUEUED : NJ_STATE_UNSURE);
        assert_null(message->error);
    }

    assert_int_equal(at, 4);
    assert_true(run_line_in(&fixture, NJ_SOURCE_ARGUMENT, frog, "/retry"));
    assert_non_null(strstr(fixture.json, "In this chat no message failed"));

    nj_chat_close(nj_chat_find(work, "eft@pond.example"));
    expect_ok(&fixture, "/retry all", "\"count\": 2");
    assert_non_null(nj_chat_find(work, "eft@pond.example"));
    expect_ok(&fixture, "/retry all", "No message failed");
    close_fixture(&fixture);
}

/* A message that failed more than a day ago is not sent again. */
static void
test_retry_leaves_old_failures(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_fixture(&fixture);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    gint64 now = nj_clock_wall_ms();
    nj_clock_freeze(now - 25 * 3600 * 1000);
    expect_ok(&fixture, "/home:msg frog@pond.example long ago", NULL);
    nj_outbox_set_state(home->outbox, newest_row(home), NJ_STATE_FAILED, "Nobody was there.");
    nj_clock_freeze(now);
    expect_ok(&fixture, "/outbox", "\"messages\": []");
    expect_ok(&fixture, "/retry all", "\"count\": 0");
    nj_clock_freeze(0);

    close_fixture(&fixture);
}

/* wait=sent is answered when the server has it, or cannot get it. */
static void
test_wait_sent_ends_when_the_state_is_known(void **state)
{
    (void) state;
    CmdFixture fixture;
    open_fixture(&fixture);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    const NjMessageState ends[] = { NJ_STATE_ACKNOWLEDGED, NJ_STATE_DELIVERED, NJ_STATE_FAILED,
                                    NJ_STATE_UNSURE };
    const char *const codes[] = { NULL, NULL, "not-sent", "unsure" };
    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        int before = fixture.answers;
        assert_false(run_line(&fixture, "/home:msg frog@pond.example wait=sent hello"));
        nj_outbox_set_state(home->outbox, newest_row(home), NJ_STATE_SENT, NULL);
        assert_int_equal(fixture.answers, before);
        nj_outbox_set_state(home->outbox, newest_row(home), ends[i],
                            ends[i] == NJ_STATE_FAILED ? "Nobody is there." : NULL);
        assert_int_equal(fixture.answers, before + 1);
        if (g_strcmp0(fixture.code, codes[i]))
            fail_msg("%s, not %s", fixture.code ? fixture.code : "ok", codes[i] ? codes[i] : "ok");
    }

    assert_false(run_line(&fixture, "/home:msg eft@pond.example wait=sent hello"));
    nj_chat_close(nj_chat_find(home, "eft@pond.example"));
    assert_string_equal(fixture.code, "cancelled");
    close_fixture(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outbox_lists_and_counts_messages),
        cmocka_unit_test(test_retry_sends_failed_and_unsure_messages),
        cmocka_unit_test(test_retry_leaves_old_failures),
        cmocka_unit_test(test_wait_sent_ends_when_the_state_is_known),
    };
    return cmocka_run_group_tests_name("cmd outbox", tests, NULL, NULL);
}
