/* The built-in topics: every row is complete, every example can be parsed, and commands that need
 * no server work. */
#include "fixture.h"

#include "cmd/parse.h"

static const char *const one[] = { "home=toad@pond.example", NULL };

/* Examples run the row that they belong to; those of a command may show its sub-commands. */
static void
check_row(CmdFixture *fixture, const NjCommand *command, const NjCommand *row)
{
    assert_non_null(row->summary);
    if (!row->examples[0])
        fail_msg("/%s %s has no example", command->name, row->name);
    for (guint n = 0; n < G_N_ELEMENTS(row->params) && row->params[n].name; n++)
        assert_non_null(row->params[n].summary);

    for (guint n = 0; n < G_N_ELEMENTS(row->examples) && row->examples[n]; n++) {
        NjLine line;
        g_autoptr(GError) error = NULL;
        assert_true(nj_parse_line(row->examples[n], &line, &error));
        assert_string_equal(line.name, command->name);
        const NjCommand *picked = nj_cmd_pick_row(fixture->cmd, command, &line.rest, &error);
        g_autoptr(NjArgs) args = picked ? nj_parse_args(picked, line.rest, &error) : NULL;
        if (!args)
            fail_msg("%s: %s", row->examples[n], error->message);
        assert_true(picked == row || !row->run);
        nj_line_clear(&line);
    }
}

static void
test_rows_are_complete(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, NULL);

    const NjTable *table = nj_cmd_table(fixture.cmd);
    assert_true(nj_table_length(table) > 25);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjCommand *command = nj_table_at(table, i);
        const GPtrArray *rows = nj_cmd_subcommands(fixture.cmd, command);
        assert_true(command->run || rows);
        check_row(&fixture, command, command);
        for (guint n = 0; rows && n < rows->len; n++) {
            assert_non_null(((const NjCommand *) rows->pdata[n])->run);
            check_row(&fixture, command, rows->pdata[n]);
        }
    }

    cmd_fixture_close(&fixture);
}

static void
check_alias(const char *name, const char *line, const char *habit, void *owner)
{
    CmdFixture *fixture = owner;
    NjLine parts;

    assert_non_null(habit);
    assert_true(nj_parse_line(line, &parts, NULL));
    if (!nj_table_find(nj_cmd_table(fixture->cmd), parts.name))
        fail_msg("the alias %s leads to no command", name);
    if (nj_table_find(nj_cmd_table(fixture->cmd), name))
        fail_msg("the alias %s is a command", name);

    nj_line_clear(&parts);
}

static void
test_shipped_aliases_and_keys_run(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, NULL);
    nj_cmd_each_alias(fixture.cmd, check_alias, &fixture);

    NjKeys *keys = nj_keys_new();
    for (const NjTopic *const *topic = nj_topics; *topic; topic++)
        for (const NjKeyRow *row = (*topic)->keys; row && row->key; row++) {
            g_autoptr(GError) error = NULL;
            if (nj_keys_line(keys, row->key))
                fail_msg("%s is bound twice", row->key);
            if (!nj_keys_bind(keys, row->key, row->line, &error))
                fail_msg("%s: %s", row->key, error->message);
            NjLine parts;
            assert_true(nj_parse_line(row->line, &parts, NULL));
            const NjCommand *command = nj_table_find(nj_cmd_table(fixture.cmd), parts.name);
            assert_non_null(command);
            command = nj_cmd_pick_row(fixture.cmd, command, &parts.rest, &error);
            if (!command)
                fail_msg("%s: %s", row->key, error->message);
            g_autoptr(NjArgs) args = nj_parse_args(command, parts.rest, &error);
            if (!args)
                fail_msg("%s: %s", row->key, error->message);
            nj_line_clear(&parts);
        }

    nj_keys_free(keys);
    cmd_fixture_close(&fixture);
}

static void
test_accounts_are_added_changed_and_removed(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect_failure(&fixture, "/account add", "usage",
                   "Missing ADDRESS. Usage: /account add ADDRESS");
    expect_failure(&fixture, "/account set", "usage",
                   "Missing NAME. Usage: /account set NAME KEY [VALUE…]");
    expect_failure(&fixture, "/account remove", "usage", "Usage: /account remove NAME");
    expect_failure(&fixture, "/account ad newt@pond.example", "usage", "Expected list, add, set,");
    expect_failure(&fixture, "/account add toad@pond.example", "exists", "/connect home");
    expect_failure(&fixture, "/account add newt@pond.example port=fish", "refused", NULL);
    expect_failure(&fixture, "/account add newt@pond.example nonsense", "usage",
                   "“nonsense” is not of the form KEY=VALUE");
    expect_failure(&fixture, "/account add newt@pond.example name=home", "refused", "home");
    assert_int_equal(nj_options_accounts(fixture.client->options)->len, 1);

    expect_ok(&fixture, "/account add Newt@pond.example host=127.0.0.1 password=secret",
              "\"account\": \"newt\"");

    NjAccount *newt = cmd_fixture_account(&fixture, "newt");
    assert_int_equal(newt->state, NJ_ACCOUNT_ONLINE);
    assert_string_equal(newt->settings->host, "127.0.0.1");
    assert_null(newt->settings->password);
    assert_null(strstr(fixture.json, "secret"));

    expect_ok(&fixture, "/account set newt password-command pass  show \"my newt\"", NULL);
    assert_string_equal(newt->settings->password_command, "pass show my newt");
    expect_ok(&fixture, "/account set newt password-command", NULL);
    assert_null(newt->settings->password_command);
    expect_failure(&fixture, "/account set newt password hunter2", "usage", NULL);
    assert_null(strstr(fixture.text, "hunter2"));
    expect_ok(&fixture, "/account set newt password=hunter2", NULL);
    assert_string_equal(newt->settings->password, "hunter2");
    expect_failure(&fixture, "/account set newt colour green", "refused", NULL);

    /* the history belongs to the address */
    expect_failure(&fixture, "/account set newt address eft@pond.example", "refused", NULL);
    expect_failure(&fixture, "/account set newt address", "refused", NULL);

    expect_ok(&fixture, "/account list", "\"state\": \"online\"");
    expect_ok(&fixture, "/account remove newt", "its history stays");
    assert_null(nj_client_account(fixture.client, "newt"));
    assert_int_equal(nj_options_accounts(fixture.client->options)->len, 1);
    cmd_fixture_close(&fixture);
}

static void
test_changed_setting_says_when_it_is_used(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect_ok(&fixture, "/account set home resource den",
              "Changed resource of home; used by the next /connect home.");
    expect_ok(&fixture, "/connect home", NULL);
    expect_ok(&fixture, "/account set home resource desk", "/reconnect home");
    expect_ok(&fixture, "/account set home nick Mr Toad", "rooms you enter from now on");
    expect_ok(&fixture, "/account set home autoconnect false", "starts the next time");
    expect_ok(&fixture, "/account list", "\"autoconnect\": false");

    int sent = test_connections_sent;
    expect_ok(&fixture, "/reconnect", "\"account\": \"home\"");
    assert_true(test_connections_sent > sent);
    assert_int_equal(cmd_fixture_account(&fixture, "home")->state, NJ_ACCOUNT_ONLINE);

    /* An account of natterjackrc that is left out of this run. */
    assert_true(nj_options_account_set(fixture.client->options, "work", "address",
                                       "eft@pond.example", NULL));
    expect_ok(&fixture, "/account list",
              "\"name\": \"work\", \"address\": \"eft@pond.example\", \"state\": \"offline\", "
              "\"why\": \"It is left out");
    expect_failure(&fixture, "/account add eft@pond.example", "exists", "/connect work");

    gsize start, end;
    g_auto(GStrv) choices = nj_cmd_complete(fixture.cmd, "/connect w", 10, &start, &end, NULL);
    assert_non_null(choices);
    assert_string_equal(choices[0], "work");
    expect_ok(&fixture, "/connect work", NULL);
    assert_int_equal(cmd_fixture_account(&fixture, "work")->state, NJ_ACCOUNT_ONLINE);
    assert_true(nj_options_account_set(fixture.client->options, "third", "address",
                                       "adder@pond.example", NULL));
    expect_ok(&fixture, "/account rename third fourth", NULL);

    assert_int_equal(cmd_fixture_account(&fixture, "fourth")->state, NJ_ACCOUNT_OFFLINE);
    expect_ok(&fixture, "/account remove fourth", NULL);

    /* An account of the command line cannot be changed. */
    NjAccountSettings settings = { .name = (char *) "newt@pond.example",
                                   .address = (char *) "newt@pond.example",
                                   .autoconnect = true };
    nj_client_add_account(fixture.client, &settings);
    expect_failure(&fixture, "/account set newt@pond.example port 5223", "refused",
                   "/account add newt@pond.example");
    expect_failure(&fixture, "/account rename newt@pond.example newt", "refused", "command line");
    expect_ok(&fixture, "/account remove newt@pond.example", NULL);

    cmd_fixture_close(&fixture);
}

static void
note_name(NjAccount *account, void *owner)
{
    g_string_append(owner, account->settings->name);
}

static void
test_renamed_account_keeps_its_state(void **state)
{
    (void) state;
    static const char *const two[] = { "home=toad@pond.example", "work=newt@pond.example", NULL };
    CmdFixture fixture;
    cmd_fixture_open(&fixture, two);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    NjChat *chat = nj_chat_open(home, NJ_CHAT_PERSON, "frog@pond.example");
    expect_ok(&fixture, "/connect home", NULL);

    GString *heard = g_string_new(NULL);
    nj_on_account_changed(fixture.client->bus, note_name, heard);
    expect_failure(&fixture, "/account rename home", "usage", "Missing NEW.");
    expect_failure(&fixture, "/account rename home a b", "usage",
                   "Usage: /account rename NAME NEW");
    expect_failure(&fixture, "/account rename home work", "refused", "already");
    expect_failure(&fixture, "/account rename den home", "no-account", NULL);
    assert_true(nj_options_set_pair(fixture.client->options, "aliases", "hi",
                                    "/home:msg frog@pond.example hi", NULL));
    expect_ok(&fixture, "/account rename home pond", "1 alias or key");

    assert_string_equal(heard->str, "pond");
    assert_ptr_equal(cmd_fixture_account(&fixture, "pond"), home);
    assert_ptr_equal(nj_chat_find(home, "frog@pond.example"), chat);
    assert_int_equal(home->state, NJ_ACCOUNT_ONLINE);
    assert_null(nj_client_account(fixture.client, "home"));
    expect_ok(&fixture, "/pond:msg frog@pond.example", "\"account\": \"pond\"");
    nj_bus_forget(fixture.client->bus, heard);
    g_string_free(heard, TRUE);
    cmd_fixture_close(&fixture);
}

static void
test_connect_and_certificate(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect_ok(&fixture, "/connect home", "\"account\": \"home\"");
    expect_ok(&fixture, "/disconnect", NULL);
    assert_int_equal(cmd_fixture_account(&fixture, "home")->state, NJ_ACCOUNT_OFFLINE);
    expect_failure(&fixture, "/certificate", "no-certificate", "/connect home");
    expect_ok(&fixture, "/certificate forget", NULL);
    cmd_fixture_close(&fixture);
}

static void
test_roster_requests_and_subscriptions(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect_failure(&fixture, "/roster add frog@pond.example", "not-connected", NULL);
    expect_ok(&fixture, "/connect", NULL);

    NjRoster *roster = cmd_fixture_account(&fixture, "home")->roster;
    const char *groups[] = { "Pond", NULL };
    nj_roster_put(roster, "frog@pond.example", "Frog", NJ_SUB_BOTH, false, false, groups);
    expect_ok(&fixture, "/roster", "\"groups\": \"Pond\"");
    expect_failure(&fixture, "/roster rename newt@pond.example Newt", "no-contact",
                   "/roster add newt@pond.example");
    expect_failure(&fixture, "/roster remove", "usage",
                   "Missing ADDRESS. Usage: /roster remove ADDRESS");
    expect_failure(&fixture, "/roster group frog@pond.example \"open", "usage", NULL);
    expect_ok(&fixture, "/requests", "\"requests\": []");

    expect_failure(&fixture, "/requests accept newt@pond.example", "refused", NULL);
    nj_roster_note_request(roster, "newt@pond.example", true, "hello", false);
    expect_ok(&fixture, "/requests", "newt@pond.example");
    expect_ok(&fixture, "/requests refuse newt@pond.example", NULL);
    expect_ok(&fixture, "/subscribe ask newt@pond.example", NULL);
    expect_failure(&fixture, "/subscribe beg newt@pond.example", "usage",
                   "Expected ask, allow, deny or cancel, not “beg”.");
    cmd_fixture_close(&fixture);
}

static void
test_block_and_unblock(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    expect_failure(&fixture, "/block", "not-connected", "/connect home");
    expect_failure(&fixture, "/block newt@pond.example", "not-connected", NULL);
    expect_ok(&fixture, "/connect", NULL);
    expect_failure(&fixture, "/block", "refused", "has sent no list");
    nj_account_set_blocked(home, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL));
    expect_ok(&fixture, "/block", "\"blocked\": []");
    nj_account_block(home, "newt@pond.example", true);
    nj_account_block(home, "eft.example", true);

    expect_ok(
        &fixture, "/block",
        "\"blocked\": [{\"address\": \"eft.example\"}, {\"address\": \"newt@pond.example\"}]");
    expect_failure(&fixture, "/unblock", "usage", "ADDRESS");
    expect_failure(&fixture, "/unblock frog@pond.example", "refused", "/block lists");

    gsize start, end;
    g_auto(GStrv) choices = nj_cmd_complete(fixture.cmd, "/unblock n", 10, &start, &end, NULL);
    assert_non_null(choices);
    assert_string_equal(choices[0], "newt@pond.example");
    assert_null(choices[1]);
    cmd_fixture_close(&fixture);
}

static void
test_attention_needs_a_person(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect_failure(&fixture, "/attention frog@pond.example", "not-connected", NULL);
    expect_ok(&fixture, "/connect", NULL);
    expect_failure(&fixture, "/attention", "no-chat", "/attention frog@");

    int sent = test_connections_sent;
    expect_ok(&fixture, "/buzz frog@pond.example", "Asked frog@pond.example for attention");
    assert_int_equal(test_connections_sent, sent + 1);

    NjChat *room = nj_chat_open(cmd_fixture_account(&fixture, "home"), NJ_CHAT_ROOM,
                                "pond@rooms.pond.example");
    assert_false(run_line_in(&fixture, NJ_SOURCE_ARGUMENT, room, "/attention"));
    assert_non_null(strstr(fixture.text, "Only a person"));
    cmd_fixture_close(&fixture);
}

static void
test_status_and_priority(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    NjAccount *home = cmd_fixture_account(&fixture, "home");
    expect_ok(&fixture, "/status", "others see it as online.\"");
    expect_ok(&fixture, "/status dnd priority=-3 Counting flies",
              "Others will see account home as dnd once it is online.");
    assert_int_equal(home->show, NJ_SHOW_DND);
    assert_int_equal(home->priority, -3);
    assert_string_equal(home->status, "Counting flies");
    expect_ok(&fixture, "/status priority=5", "is now 5");
    assert_string_equal(home->status, "Counting flies");

    expect_ok(&fixture, "/status invisible", NULL);
    assert_int_equal(home->show, NJ_SHOW_OFFLINE);
    expect_ok(&fixture, "/status", "\"show\": \"invisible\"");
    expect_failure(&fixture, "/status online priority=200", "usage", "127");
    expect_failure(&fixture, "/status sleepy", "usage", "online, away");
    cmd_fixture_close(&fixture);
}

static void
test_rooms_are_joined_and_left(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);
    expect_ok(&fixture, "/connect", NULL);
    expect_failure(&fixture, "/join chat.pond.example", "bad-address", "@");
    run_line(&fixture, "/join pond@chat.pond.example toad");
    assert_null(fixture.code); /* the server has not answered yet */

    NjChat *chat = nj_chat_find(cmd_fixture_account(&fixture, "home"), "pond@chat.pond.example");
    assert_non_null(chat);
    nj_room_put(chat->room, "frog", NULL, NJ_OCCUPANT_MODERATOR, NJ_AFFILIATION_OWNER,
                NJ_SHOW_ONLINE, NULL);
    assert_true(run_line_in(&fixture, NJ_SOURCE_PROMPT, chat, "/names"));
    assert_non_null(strstr(fixture.json, "\"nick\": \"frog\""));
    nj_room_set_state(chat->room, NJ_ROOM_IN, NULL);
    expect_ok(&fixture, "/join pond@chat.pond.example",
              "You are already in pond@chat.pond.example.");

    int before = test_connections_sent;
    run_line_in(&fixture, NJ_SOURCE_PROMPT, chat, "/nick Mr Toad");
    assert_int_equal(test_connections_sent, before + 1);
    nj_room_set_subject(chat->room, "Flies", "frog");
    assert_true(run_line_in(&fixture, NJ_SOURCE_PROMPT, chat, "/topic"));
    assert_non_null(strstr(fixture.json, "Flies"));
    run_line_in(&fixture, NJ_SOURCE_PROMPT, chat, "/part"); /* answers the open /join, too */
    assert_null(nj_chat_find(cmd_fixture_account(&fixture, "home"), "pond@chat.pond.example"));
    expect_failure(&fixture, "/close frog@pond.example", "no-chat", NULL);

    cmd_fixture_close(&fixture);
}

static void
on_option(NjOption *option, void *owner)
{
    *(const char **) owner = option->name;
}

static void
test_options_are_set(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    const char *changed = NULL;
    nj_on_option_changed(fixture.client->bus, on_option, &changed);
    expect_ok(&fixture, "/set bell all", "\"bell\": \"all\"");
    assert_string_equal(changed, "bell");
    expect_ok(&fixture, "/set bell default", "\"bell\": \"mentions\"");
    expect_failure(&fixture, "/set bell loud", "refused", NULL);
    expect_failure(&fixture, "/set nothing", "no-option", "/set");
    expect_ok(&fixture, "/set", "\"ping-interval\"");
    expect_ok(&fixture, "/set time-format \"%d. %H:%M\"", "%d. %H:%M");

    expect_ok(&fixture, "/about", PACKAGE_VERSION);
    nj_bus_forget(fixture.client->bus, &changed);
    cmd_fixture_close(&fixture);
}

static void
on_quit(NjClient *client, void *owner)
{
    (void) client;
    *(bool *) owner = true;
}

static void
test_quit_emits_quit(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, one);

    bool quit = false;
    nj_on_quit(fixture.client->bus, on_quit, &quit);
    expect_ok(&fixture, "/quit", NULL);
    assert_true(quit);
    nj_bus_forget(fixture.client->bus, &quit);
    cmd_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_complete),
        cmocka_unit_test(test_shipped_aliases_and_keys_run),
        cmocka_unit_test(test_accounts_are_added_changed_and_removed),
        cmocka_unit_test(test_changed_setting_says_when_it_is_used),
        cmocka_unit_test(test_renamed_account_keeps_its_state),
        cmocka_unit_test(test_connect_and_certificate),
        cmocka_unit_test(test_roster_requests_and_subscriptions),
        cmocka_unit_test(test_block_and_unblock),
        cmocka_unit_test(test_attention_needs_a_person),
        cmocka_unit_test(test_status_and_priority),
        cmocka_unit_test(test_rooms_are_joined_and_left),
        cmocka_unit_test(test_options_are_set),
        cmocka_unit_test(test_quit_emits_quit),
    };
    return cmocka_run_group_tests_name("cmd topics", tests, NULL, NULL);
}
