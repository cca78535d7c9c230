/* cmd/away: accounts show away after the delays of the options, and as before at the next key. */
#include "fixture.h"

#include "base/clock.h"
#include "cmd/away.h"

static const char *const two[] = { "home=toad@pond.example", "work=newt@pond.example", NULL };

/* Sets the time of the last key and emits person_changed. */
static void
rest(CmdFixture *fixture, gint64 minutes)
{
    fixture->client->active_us = nj_clock_us() - minutes * 60 * G_USEC_PER_SEC;
    nj_emit_person_changed(fixture->client->bus, fixture->client);
}

static void
type(CmdFixture *fixture)
{
    nj_client_note_active(fixture->client);
}

static void
expect(const NjAccount *account, NjShow show, const char *status)
{
    assert_string_equal(nj_show_name(account->show), nj_show_name(show));
    if (g_strcmp0(account->status, status))
        fail_msg("the status is %s, not %s", account->status ? account->status : "none",
                 status ? status : "none");
}

/* Milliseconds until the main loop's next timer; -1: there is none. */
static int
timeout_ms(void)
{
    int timeout = -1, priority;
    GPollFD fds[32];
    GMainContext *context = g_main_context_default();

    while (g_main_context_iteration(context, FALSE))
        continue;
    assert_true(g_main_context_acquire(context));
    g_main_context_prepare(context, &priority);
    g_main_context_query(context, priority, &timeout, fds, G_N_ELEMENTS(fds));
    g_main_context_release(context);

    return timeout;
}

static void
test_idle_accounts_show_away_then_xa(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, two);

    NjAccount *home = cmd_fixture_account(&fixture, "home"),
              *work = cmd_fixture_account(&fixture, "work");
    expect_ok(&fixture, "/home:status chat Counting flies", NULL);
    expect_ok(&fixture, "/connect home", NULL);
    expect_ok(&fixture, "/set auto-away 10", NULL);
    expect_ok(&fixture, "/set auto-xa 60", NULL);

    NjAway *away = nj_away_new(fixture.client);

    int sent = test_connections_sent;
    rest(&fixture, 9);
    expect(home, NJ_SHOW_CHAT, "Counting flies");
    assert_int_equal(test_connections_sent, sent);
    rest(&fixture, 10);
    expect(home, NJ_SHOW_AWAY, "Counting flies");
    expect(work, NJ_SHOW_AWAY, NULL); /* offline: sent with the next login */
    assert_int_equal(test_connections_sent, sent + 1);
    expect_ok(&fixture, "/home:status", "until you press a key. Counting flies");

    rest(&fixture, 59);
    assert_int_equal(test_connections_sent, sent + 1);
    expect_ok(&fixture, "/set auto-away-message \"at lunch\"", NULL);
    expect(home, NJ_SHOW_AWAY, "at lunch");
    rest(&fixture, 60);
    expect(home, NJ_SHOW_XA, "at lunch");
    expect_ok(&fixture, "/home:status priority=3", NULL);
    expect(home, NJ_SHOW_XA, "at lunch");
    type(&fixture);

    expect(home, NJ_SHOW_CHAT, "Counting flies");
    expect(work, NJ_SHOW_ONLINE, NULL);
    assert_int_equal(home->priority, 3);
    assert_int_equal(test_connections_sent, sent + 5);

    /* The options are cleared while the user is idle. */
    rest(&fixture, 10);
    expect_ok(&fixture, "/set auto-xa 0", NULL);
    expect(home, NJ_SHOW_AWAY, "at lunch");
    expect_ok(&fixture, "/set auto-away 0", NULL);
    expect(home, NJ_SHOW_CHAT, "Counting flies");
    nj_away_free(away);
    cmd_fixture_close(&fixture);
}

/* Show and status that the user sets stay, before and after. */
static void
test_status_of_the_user_stays(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, two);

    NjAccount *home = cmd_fixture_account(&fixture, "home"),
              *work = cmd_fixture_account(&fixture, "work");
    expect_ok(&fixture, "/set auto-away 10", NULL);
    expect_ok(&fixture, "/set auto-away-message gone", NULL);

    NjAway *away = nj_away_new(fixture.client);
    expect_ok(&fixture, "/home:status invisible", NULL);
    expect_ok(&fixture, "/work:status dnd Writing", NULL);
    rest(&fixture, 100);
    expect(home, NJ_SHOW_OFFLINE, NULL);
    expect(work, NJ_SHOW_DND, "Writing");
    type(&fixture);
    expect(home, NJ_SHOW_OFFLINE, NULL);
    expect(work, NJ_SHOW_DND, "Writing");

    /* A script sets the same values while auto-away is active: then they count as set by the
     * user. */
    expect_ok(&fixture, "/home:status online", NULL);
    expect_ok(&fixture, "/work:status online here", NULL);
    rest(&fixture, 100);
    expect(home, NJ_SHOW_AWAY, "gone");
    expect_ok(&fixture, "/home:status away gone", NULL);
    type(&fixture);
    expect(home, NJ_SHOW_AWAY, "gone");
    expect(work, NJ_SHOW_ONLINE, "here");

    nj_away_free(away);
    cmd_fixture_close(&fixture);
}

/* There is a timer only while a longer absence could change the show. */
static void
test_timer_runs_only_while_needed(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, two);

    NjAway *away = nj_away_new(fixture.client);
    assert_int_equal(timeout_ms(), -1);
    expect_ok(&fixture, "/set auto-away 2", NULL);

    int left = timeout_ms();
    assert_true(left > 115 * 1000 && left <= 120 * 1000 + 1);

    /* A key does not move the timer. */
    fixture.client->active_us -= 119 * G_USEC_PER_SEC;
    nj_emit_person_changed(fixture.client->bus, fixture.client);
    left = timeout_ms();
    assert_true(left > 0 && left <= 1001);
    wait_until(cmd_fixture_account(&fixture, "home")->auto_away);
    assert_int_equal(timeout_ms(), -1);
    nj_client_set_looking(fixture.client, false);
    assert_true(cmd_fixture_account(&fixture, "home")->auto_away);

    /* The terminal gets the focus. */
    nj_client_set_looking(fixture.client, true);
    assert_false(cmd_fixture_account(&fixture, "home")->auto_away);
    assert_true(timeout_ms() > 115 * 1000);
    nj_away_free(away);
    assert_int_equal(timeout_ms(), -1);
    cmd_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_accounts_show_away_then_xa),
        cmocka_unit_test(test_status_of_the_user_stays),
        cmocka_unit_test(test_timer_runs_only_while_needed),
    };
    return cmocka_run_group_tests_name("cmd away", tests, NULL, NULL);
}
