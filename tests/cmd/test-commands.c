/* cmd/commands, call and complete: aliases, accounts, needs, sub-commands, results and failures of
 * a line, and its completion. */
#include "fixture.h"

static const char *const two[] = { "home=toad@pond.example", "work=toad@marsh.example", NULL };

static int
open_two(void **state)
{
    static CmdFixture fixture;
    cmd_fixture_open(&fixture, two);
    *state = &fixture;
    return 0;
}

static int
close_all(void **state)
{
    cmd_fixture_close(*state);
    return 0;
}

static void
go_online(CmdFixture *fixture, const char *name)
{
    nj_session_connect(nj_session_of(cmd_fixture_account(fixture, name)));
    assert_int_equal(cmd_fixture_account(fixture, name)->state, NJ_ACCOUNT_ONLINE);
}

static void
test_wrong_line_is_refused(void **state)
{
    CmdFixture *fixture = *state;
    expect_failure(fixture, "/nonsense", "unknown-command", "/nonsense");
    expect_failure(fixture, "/", "usage", NULL);
    expect_failure(fixture, "hello", "usage", "/msg");
    expect_failure(fixture, "/msg", "usage", "Missing ADDRESS. Usage: /msg ADDRESS");
    expect_failure(fixture, "/join @@", "failed", NULL);
}

static void
test_account_of_a_command(void **state)
{
    CmdFixture *fixture = *state;
    expect_failure(fixture, "/ping", "which-account", "home, work");
    expect_failure(fixture, "/pond:ping", "no-account", "home, work");
    expect_failure(fixture, "/home:ping", "not-connected", "/connect home");
    go_online(fixture, "work");
    expect_ok(fixture, "/status", "\"account\": \"work\""); /* the only one online */
    go_online(fixture, "home");
    expect_failure(fixture, "/status", "which-account", NULL);

    NjChat *chat =
        nj_chat_open(cmd_fixture_account(fixture, "home"), NJ_CHAT_PERSON, "frog@pond.example");
    assert_true(run_line_in(fixture, NJ_SOURCE_PROMPT, chat, "/status")); /* the chat's */
    assert_non_null(strstr(fixture->json, "\"account\": \"home\""));
    assert_true(run_line_in(fixture, NJ_SOURCE_PROMPT, chat, "/toad@marsh.example:status"));
    assert_non_null(strstr(fixture->json, "\"account\": \"work\""));
}

static void
test_without_account_the_error_names_account_add(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, NULL);
    expect_failure(&fixture, "/msg frog@pond.example hi", "no-account", "/account add");
    expect_ok(&fixture, "/account", "\"accounts\": []");
    cmd_fixture_close(&fixture);
}

static void
test_unmet_needs_are_refused(void **state)
{
    CmdFixture *fixture = *state;
    go_online(fixture, "home");
    expect_failure(fixture, "/me jumps", "no-chat", "/msg ADDRESS");
    expect_failure(fixture, "/window 1", "no-screen", "/window");
    expect_failure(fixture, "/say hi", "no-chat", NULL);
}

static void
test_text_and_msg_are_sent(void **state)
{
    CmdFixture *fixture = *state;

    /* the message waits for the connection */
    expect_ok(fixture, "/home:msg frog@pond.example hi", "\"state\": \"queued\"");
    go_online(fixture, "home");

    int before = test_connections_sent;
    expect_ok(fixture, "/msg FROG@Pond.Example hi there", "\"chat\": \"frog@pond.example\"");
    assert_true(test_connections_sent > before);

    NjChat *chat = nj_chat_find(cmd_fixture_account(fixture, "home"), "frog@pond.example");
    assert_non_null(chat);
    before = test_connections_sent;
    assert_true(run_line_in(fixture, NJ_SOURCE_PROMPT, chat, "typed text"));
    assert_true(run_line_in(fixture, NJ_SOURCE_PROMPT, chat, "//path"));
    assert_true(run_line_in(fixture, NJ_SOURCE_PROMPT, chat, "/me jumps"));
    assert_true(test_connections_sent >= before + 3);
    assert_false(run_line_in(fixture, NJ_SOURCE_PROMPT, NULL, "to nobody"));
    assert_string_equal(fixture->code, "no-chat");
}

static void
test_aliases_are_expanded(void **state)
{
    CmdFixture *fixture = *state;
    go_online(fixture, "home");
    expect_ok(fixture, "/query frog@pond.example", "frog@pond.example");
    expect_ok(fixture, "/alias hi /msg $1 Hello, $2! $*", "/hi now runs /msg $1 Hello, $2! $*.");
    expect_ok(fixture, "/hi frog@pond.example \"old friend\"", NULL);
    expect_ok(fixture, "/alias hi", "Hello, $2!");
    expect_ok(fixture, "/alias hi free", "Removed the alias /hi.");
    expect_failure(fixture, "/hi x", "unknown-command", NULL);

    expect_ok(fixture, "/alias round /square", NULL);
    expect_ok(fixture, "/alias square /round", NULL);
    expect_failure(fixture, "/round", "usage", "back to itself");
    expect_ok(fixture, "/alias grow /flood $*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*", NULL);
    expect_ok(fixture, "/alias flood /grow $*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*$*", NULL);
    expect_failure(fixture, "/grow all that is typed", "usage", "too long");
    expect_failure(fixture, "/alias msg /quit", "refused", "/msg");
    expect_failure(fixture, "/alias a/b /quit", "usage", NULL);
    expect_failure(fixture, "/alias x quit", "usage", NULL);

    expect_ok(fixture, "/home:away Lunch", NULL);
    assert_int_equal(cmd_fixture_account(fixture, "home")->show, NJ_SHOW_AWAY);
    assert_string_equal(cmd_fixture_account(fixture, "home")->status, "Lunch");
}

static void
test_secret_lines_are_recognised(void **state)
{
    CmdFixture *fixture = *state;
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account add a@b.example password=x"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/j room@b.example password=x"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account add \"open password=x"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account set home password x"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/acount add a@b.example password=x"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account add a@b.example \"password=x\""));
    assert_false(nj_cmd_is_secret(fixture->cmd, "/account set home password"));
    assert_false(
        nj_cmd_is_secret(fixture->cmd, "/account set home password-command pass show home"));

    /* also where no such parameter is */
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account ad a@b.example password=x"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account password=x add a@b.example"));
    assert_true(nj_cmd_is_secret(fixture->cmd, "/account rename home password=x"));

    assert_false(nj_cmd_is_secret(fixture->cmd, "/account list"));
    assert_false(nj_cmd_is_secret(fixture->cmd, "/msg frog password=x"));
    assert_false(nj_cmd_is_secret(fixture->cmd, "password=x"));
}

static void
note_failure(NjCommandFailure *failure, void *owner)
{
    char **last = owner;
    g_free(*last);
    *last = g_strdup_printf("%s %s %s", failure->source, failure->command, failure->code);
}

static void
note_notice(NjNotice *notice, void *owner)
{
    char **last = owner;
    g_free(*last);
    *last = g_strdup(notice->text);
}

/* A FIFO line with a reader returns the error; without one the console shows it. */
static void
test_fifo_failure_without_reader_is_a_notice(void **state)
{
    CmdFixture *fixture = *state;
    char *last = NULL;

    nj_on_notice(fixture->client->bus, note_notice, &last);
    run_line_in(fixture, NJ_SOURCE_FIFO, NULL, "/nonsense");
    assert_string_equal(fixture->code, "unknown-command");
    assert_null(last);
    nj_cmd_run(fixture->cmd, "/nonsense", NJ_SOURCE_FIFO, NULL, NULL, NULL);
    assert_true(g_str_has_prefix(last, "From the FIFO, /nonsense: There is no command"));
    nj_cmd_run(fixture->cmd, "nonsense", NJ_SOURCE_FIFO, NULL, NULL, NULL);
    assert_true(g_str_has_prefix(last, "From the FIFO: A command must start with a slash"));
    nj_bus_forget(fixture->client->bus, &last);

    g_free(last);
}

static void
test_script_failure_is_an_event(void **state)
{
    CmdFixture *fixture = *state;
    char *last = NULL;

    nj_on_command_failed(fixture->client->bus, note_failure, &last);
    run_line_in(fixture, NJ_SOURCE_FIFO, NULL, "/home:ping");
    assert_string_equal(last, "fifo ping not-connected");
    run_line_in(fixture, NJ_SOURCE_STDIN, NULL, "/nonsense");
    assert_string_equal(last, "stdin nonsense unknown-command");
    g_clear_pointer(&last, g_free);
    run_line_in(fixture, NJ_SOURCE_PROMPT, NULL, "/nonsense");
    assert_null(last);
    nj_bus_forget(fixture->client->bus, &last);
}

static void
run_pond(NjCall *call)
{
    nj_record_set_text(nj_call_result(call), "ran", "pond");
    nj_call_done(call);
}

static void
run_jump(NjCall *call)
{
    nj_record_set_text(nj_call_result(call), "ran", "jump");
    nj_record_set_text(nj_call_result(call), "where", nj_call_arg(call, "where"));
    nj_call_done(call);
}

static const NjCommand cmd_pond = { .name = "pond", .summary = "", .run = run_pond };
static const NjCommand cmd_jump = { .name = "jump",
                                    .parent = "pond",
                                    .summary = "",
                                    .params = { { "where", NJ_PARAM_WORD, 0, "" } },
                                    .run = run_jump };
static const NjCommand cmd_swim = {
    .name = "swim", .parent = "pond", .summary = "", .needs = NJ_NEEDS_SCREEN, .run = run_pond
};
static const NjCommand cmd_hop = { .name = "hop", .summary = "" };
static const NjCommand cmd_hop_far = {
    .name = "far", .parent = "hop", .summary = "", .run = run_pond
};
static const NjCommand cmd_orphan = {
    .name = "orphan", .parent = "nobody", .summary = "", .run = run_pond
};
static const NjCommand *const pond_commands[] = { &cmd_pond, &cmd_jump,    &cmd_swim,
                                                  &cmd_hop,  &cmd_hop_far, NULL };
static const NjTopic pond_topic = { "pond", "", pond_commands, NULL, NULL };
static const NjCommand *const orphans[] = { &cmd_orphan, NULL };
static const NjTopic orphan_topic = { "orphans", "", orphans, NULL, NULL };

/* Without a sub-command the parent runs, if it has a run function. */
static void
test_first_word_picks_the_subcommand(void **state)
{
    CmdFixture *fixture = *state;
    nj_cmd_add_topic(fixture->cmd, &pond_topic);

    expect_ok(fixture, "/pond", "{\"ran\": \"pond\"}");
    expect_ok(fixture, "/pond jump in", "{\"ran\": \"jump\", \"where\": \"in\"}");
    expect_ok(fixture, "/pond \"jump\" \"far out\"", "far out");
    expect_ok(fixture, "/alias leap /pond jump", NULL);
    expect_ok(fixture, "/leap in", "\"ran\": \"jump\"");
    expect_ok(fixture, "/hop far", "\"ran\": \"pond\"");

    expect_failure(fixture, "/pond jump", "usage", "Missing WHERE. Usage: /pond jump WHERE");
    expect_failure(fixture, "/pond fly", "usage",
                   "Expected jump or swim, not “fly”. Usage: /pond [jump|swim]");
    expect_failure(fixture, "/pond password=x", "usage", "not “password”");
    expect_failure(fixture, "/pond swim", "no-screen", "/pond swim needs a screen");
    expect_failure(fixture, "/hop", "usage", "Missing far. Usage: /hop far");
    expect_failure(fixture, "/jump in", "unknown-command", NULL);

    const NjCommand *pond = nj_table_find(nj_cmd_table(fixture->cmd), "pond");
    assert_int_equal(nj_cmd_subcommands(fixture->cmd, pond)->len, 2);
    nj_cmd_remove_topic(fixture->cmd, &pond_topic);
    assert_null(nj_cmd_subcommands(fixture->cmd, pond));
    expect_failure(fixture, "/pond jump in", "unknown-command", NULL);
}

static void
note_warning(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
    (void) domain;
    (void) level;
    *(bool *) data = strstr(message, "orphan") != NULL;
}

static void
test_subcommand_without_parent_is_refused(void **state)
{
    CmdFixture *fixture = *state;
    bool warned = false;
    GLogFunc before = g_log_set_default_handler(note_warning, &warned);
    nj_cmd_add_topic(fixture->cmd, &orphan_topic);
    g_log_set_default_handler(before, NULL);

    assert_true(warned);
    nj_cmd_remove_topic(fixture->cmd, &orphan_topic);
}

static NjCall *held;

static void
run_hold(NjCall *call)
{
    held = nj_call_hold(call);
}

static const NjCommand cmd_hold = { .name = "hold", .summary = "", .run = run_hold };
static const NjCommand *const test_commands[] = { &cmd_hold, NULL };
static const NjTopic test_topic = { "test", "", test_commands, NULL, NULL };

static void
test_call_ends_once(void **state)
{
    CmdFixture *fixture = *state;
    nj_cmd_add_topic(fixture->cmd, &test_topic);
    run_line(fixture, "/hold");
    assert_int_equal(fixture->answers, 0);
    nj_record_set_int(nj_call_result(held), "n", 1);
    nj_call_done(held);
    nj_call_fail(held, "late", "late");
    assert_int_equal(fixture->answers, 1);
    assert_string_equal(fixture->json, "{\"n\": 1}");

    nj_call_release(held);

    run_line(fixture, "/hold");
    nj_call_release(held); /* the last reference */
    assert_int_equal(fixture->answers, 2);
    assert_string_equal(fixture->code, "cancelled");

    run_line(fixture, "/hold");
    nj_cmd_forget(fixture->cmd, fixture);
    nj_call_done(held);
    nj_call_release(held);
    assert_int_equal(fixture->answers, 2);
    nj_cmd_remove_topic(fixture->cmd, &test_topic);
    expect_failure(fixture, "/hold", "unknown-command", NULL);
}

static void
test_free_ends_open_calls(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, two);
    nj_cmd_add_topic(fixture.cmd, &test_topic);
    run_line(&fixture, "/hold");

    NjCall *call = held;
    nj_cmd_free(fixture.cmd);
    assert_string_equal(fixture.code, "cancelled");
    assert_false(nj_call_open(call));
    nj_call_notice(call, NJ_NOTICE_INFO, "ignored");
    nj_call_answer(NULL, NULL, call);
    assert_int_equal(fixture.answers, 1);
    fixture.cmd = nj_cmd_new(fixture.client);
    cmd_fixture_close(&fixture);
}

static void
expect_choices(CmdFixture *fixture, NjChat *chat, const char *text, const char *expected)
{
    gsize start = 0, end = 0;
    char **choices = nj_cmd_complete(fixture->cmd, text, strlen(text), &start, &end, chat);
    g_autofree char *list = choices ? g_strjoinv(" ", choices) : g_strdup("");
    if (strcmp(list, expected))
        fail_msg("%s: \"%s\", not \"%s\"", text, list, expected);
    if (choices)
        assert_int_equal(end, strlen(text));
    g_strfreev(choices);
}

static void
test_completion_follows_parameters(void **state)
{
    CmdFixture *fixture = *state;
    NjAccount *home = cmd_fixture_account(fixture, "home");

    nj_roster_put(home->roster, "frog@pond.example", "Frog", NJ_SUB_BOTH, false, false, NULL);
    nj_roster_put(home->roster, "fred@pond.example", NULL, NJ_SUB_BOTH, false, false, NULL);
    nj_roster_put(home->roster, "l.otter@pond.example", "Lutra", NJ_SUB_BOTH, false, false, NULL);
    expect_choices(fixture, NULL, "/nam", "names");
    expect_choices(fixture, NULL, "/home:nam", "names");
    expect_choices(fixture, NULL, "/connect w", "work");
    expect_choices(fixture, NULL, "/msg fr", "fred@pond.example frog@pond.example");
    expect_choices(fixture, NULL, "/msg FRO", "frog@pond.example");
    expect_choices(fixture, NULL, "/msg lut", "l.otter@pond.example");

    expect_choices(fixture, NULL, "/msg frog@pond.example wait=", "sent");
    expect_choices(fixture, NULL, "/query fr", "fred@pond.example frog@pond.example");
    expect_choices(fixture, NULL, "/del fro", "frog@pond.example");
    expect_choices(fixture, NULL, "/roster re", "remove rename");
    expect_choices(fixture, NULL, "/roster remove", "remove");
    expect_choices(fixture, NULL, "/roster remove fro", "frog@pond.example");
    expect_choices(fixture, NULL, "/roster list fro", "");
    expect_choices(fixture, NULL, "/roster nonsense fro", "");
    expect_choices(fixture, NULL, "/subscribe a", "allow ask");
    expect_choices(fixture, NULL, "/history ", "cancel import today yesterday");
    expect_choices(fixture, NULL, "/history import m", "mcabber");
    expect_choices(fixture, NULL, "/split below con", "console");
    expect_choices(fixture, NULL, "/split zoom con", "");
    expect_choices(fixture, NULL, "/help roster re", "remove rename");
    expect_choices(fixture, NULL, "/set roster ", "false true");
    expect_choices(fixture, NULL, "/set nick-c", "nick-colors");
    expect_choices(fixture, NULL, "/account add x password=", "");
    expect_choices(fixture, NULL, "/account add x po", "port=");
    expect_choices(fixture, NULL, "/account set home ca", "ca-file");
    expect_choices(fixture, NULL, "/account set home port ca", "");
    expect_choices(fixture, NULL, "/account remove ho", "home");
    expect_choices(fixture, NULL, "/account remove home ca", "");

    expect_choices(fixture, NULL, "/nonsense x", "");
    expect_choices(fixture, NULL, "/window con", "console");
    expect_choices(fixture, NULL, "plain", "");

    NjRoom *room = nj_room_open(home, "pond@chat.example", "toad");
    nj_room_put(room, "toad", NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                NULL);
    nj_room_put(room, "Tadpole", NULL, NJ_OCCUPANT_PARTICIPANT, NJ_AFFILIATION_NONE, NJ_SHOW_ONLINE,
                NULL);
    expect_choices(fixture, room->chat, "ta", "Tadpole: ");
    expect_choices(fixture, room->chat, "hello ta", "Tadpole");
    expect_choices(fixture, room->chat, "/me kicks ta", "Tadpole");
    expect_choices(fixture, room->chat, "", "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wrong_line_is_refused, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_account_of_a_command, open_two, close_all),
        cmocka_unit_test(test_without_account_the_error_names_account_add),
        cmocka_unit_test_setup_teardown(test_unmet_needs_are_refused, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_text_and_msg_are_sent, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_aliases_are_expanded, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_fifo_failure_without_reader_is_a_notice, open_two,
                                        close_all),
        cmocka_unit_test_setup_teardown(test_secret_lines_are_recognised, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_script_failure_is_an_event, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_first_word_picks_the_subcommand, open_two, close_all),
        cmocka_unit_test_setup_teardown(test_subcommand_without_parent_is_refused, open_two,
                                        close_all),
        cmocka_unit_test_setup_teardown(test_call_ends_once, open_two, close_all),
        cmocka_unit_test(test_free_ends_open_calls),
        cmocka_unit_test_setup_teardown(test_completion_follows_parameters, open_two, close_all),
    };
    return cmocka_run_group_tests_name("cmd/commands", tests, NULL, NULL);
}
