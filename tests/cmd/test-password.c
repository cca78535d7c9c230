/* cmd/password: commands that print one, that fail, that hang; and what is remembered. The
 * terminal's part is in the system tests. */
#include "fixture.h"

#include "cmd/password.h"
#include "cmd/subprocess.h"

static const char *const one[] = { "home=toad@pond.example", NULL };

typedef struct {
    int answers;
    char *password, *why;
} Answer;

static void
on_password(const char *password, const char *why, void *data)
{
    Answer *answer = data;
    answer->answers++;
    g_free(answer->password);
    g_free(answer->why);
    answer->password = g_strdup(password);
    answer->why = g_strdup(why);
}

static void
clear_answer(Answer *answer)
{
    g_free(answer->password);
    g_free(answer->why);
}

static void
expect(CmdFixture *fixture, const char *command, const char *password, const char *why)
{
    NjAccount *home = cmd_fixture_account(fixture, "home");
    NjAccountSettings *settings = nj_account_settings_copy(home->settings);

    g_free(settings->password_command);
    settings->password_command = g_strdup(command);
    nj_account_set_settings(home, settings);
    nj_account_settings_free(settings);
    nj_password_remember(fixture->cmd, home, NULL);

    Answer answer = { 0 };
    nj_password_ask(fixture->cmd, home, on_password, &answer);
    wait_until(answer.answers);
    if (g_strcmp0(answer.password, password))
        fail_msg("%s: \"%s\" (%s)", command, answer.password ? answer.password : "",
                 answer.why ? answer.why : "");
    if (why && !(answer.why && strstr(answer.why, why)))
        fail_msg("%s: \"%s\"", command, answer.why ? answer.why : "");

    clear_answer(&answer);
}

static void
test_commands(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect(&fixture, "echo secret; echo 'login: toad'", "secret", NULL);
    expect(&fixture, "printf 'no newline'", "no newline", NULL);
    expect(&fixture, "echo ' spaces stay '", " spaces stay ", NULL);
    expect(&fixture, "echo secret; exit 3", NULL, "home");
    expect(&fixture, "echo 'the key is locked' >&2; exit 1", NULL, "the key is locked");
    expect(&fixture, "true", NULL, "nothing");

    expect(&fixture, "no-such-program-here", NULL, "not found");

    /* there is no input to wait for */
    expect(&fixture, "cat", NULL, "nothing");
    expect(&fixture, "echo secret; head -c 1000000 /dev/zero", "secret", NULL);

    /* a stopped one is not waited for */
    expect(&fixture, "kill -STOP $$", NULL, "home");
    cmd_fixture_close(&fixture);
}

/* There is one terminal, and one key to be unlocked. */
static void
test_one_at_a_time(void **state)
{
    (void) state;
    static const char *const three[] = { "home=toad@pond.example", "work=toad@marsh.example",
                                         "club=toad@club.example", NULL };
    CmdFixture fixture;
    cmd_fixture_open(&fixture, three);

    g_autofree char *command =
        g_strdup_printf("mkdir %s/alone || exit 1; sleep 0.2; rmdir %s/alone; echo secret",
                        fixture.dir, fixture.dir);
    Answer answers[3] = { 0 };
    for (guint i = 0; i < 3; i++) {
        NjAccount *account = fixture.client->accounts->pdata[i];
        NjAccountSettings *settings = nj_account_settings_copy(account->settings);
        settings->password_command = g_strdup(command);
        nj_account_set_settings(account, settings);
        nj_account_settings_free(settings);
        nj_password_ask(fixture.cmd, account, on_password, &answers[i]);
    }

    /* while it waits, or runs */
    nj_client_remove_account(fixture.client, fixture.client->accounts->pdata[2]);
    wait_until(answers[0].answers && answers[1].answers);
    assert_string_equal(answers[0].password, "secret");
    assert_string_equal(answers[1].password, "secret");
    assert_int_equal(answers[2].answers, 1);
    for (guint i = 0; i < 3; i++)
        clear_answer(&answers[i]);

    cmd_fixture_close(&fixture);
}

static void
test_remembered(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    Answer answer = { 0 };
    nj_password_ask(fixture.cmd, home, on_password, &answer);
    assert_int_equal(answer.answers, 1);

    /* no screen, nobody to ask */
    assert_non_null(strstr(answer.why, "password-command"));
    nj_password_remember(fixture.cmd, home, "typed");
    nj_password_ask(fixture.cmd, home, on_password, &answer);
    assert_string_equal(answer.password, "typed");
    nj_password_remember(fixture.cmd, home, "typed");
    nj_account_set_state(home, NJ_ACCOUNT_CONNECTING, NULL);
    nj_account_set_state(home, NJ_ACCOUNT_OFFLINE, "The certificate is unknown.");
    nj_password_ask(fixture.cmd, home, on_password, &answer);

    /* kept: the server was not told it */
    assert_string_equal(answer.password, "typed");
    nj_account_set_state(home, NJ_ACCOUNT_CONNECTING, NULL);
    nj_account_set_state(home, NJ_ACCOUNT_OFFLINE, "The password is wrong.");
    nj_password_ask(fixture.cmd, home, on_password, &answer);

    /* forgotten: one wrong password, one attempt */
    assert_null(answer.password);
    nj_password_remember(fixture.cmd, home, "right");
    nj_account_set_state(home, NJ_ACCOUNT_CONNECTING, NULL);
    nj_account_set_state(home, NJ_ACCOUNT_ONLINE, NULL);
    nj_account_set_state(home, NJ_ACCOUNT_OFFLINE, "Another client took over.");
    nj_password_ask(fixture.cmd, home, on_password, &answer);
    assert_string_equal(answer.password, "right");
    clear_answer(&answer);

    cmd_fixture_close(&fixture);
}

static void
test_given_up(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    assert_true(nj_options_account_set(fixture.client->options, "home", "password-command",
                                       "sleep 100", NULL));
    nj_account_set_settings(home,
                            g_ptr_array_index(nj_options_accounts(fixture.client->options), 0));
    assert_false(nj_password_cancel(fixture.cmd));

    Answer answer = { 0 };
    nj_password_ask(fixture.cmd, home, on_password, &answer);
    assert_true(nj_password_cancel(fixture.cmd));
    wait_until(answer.answers == 1);
    assert_non_null(strstr(answer.why, "cancelled"));

    /* its account goes while it runs */
    nj_password_ask(fixture.cmd, home, on_password, &answer);
    nj_client_remove_account(fixture.client, home);
    assert_int_equal(answer.answers, 2);
    assert_null(answer.password);
    clear_answer(&answer);
    cmd_fixture_close(&fixture);
}

static void
test_deadline(void **state)
{
    (void) state;
    Answer answer = { 0 };
    g_autoptr(GError) error = NULL;
    assert_non_null(nj_subprocess_new("trap '' TERM; sleep 100 & wait; sleep 100", NULL, 1,
                                      on_password, &answer, &error));
    wait_until(answer.answers);
    assert_null(answer.password);
    assert_non_null(strstr(answer.why, "too long"));
    clear_answer(&answer);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),   cmocka_unit_test(test_one_at_a_time),
        cmocka_unit_test(test_remembered), cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_deadline),
    };
    return cmocka_run_group_tests_name("cmd/password", tests, NULL, NULL);
}
