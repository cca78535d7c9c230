/* The built-in topics: every row is complete, every example can be parsed, and commands that need
 * no server work. */
#include "speaker.h"

#include "cmd/parse.h"

static const char *const one[] = { "home=toad@pond.example", NULL };

/* Examples run the row that they belong to; those of a command may show its sub-commands. */
static void
check_row(Speaker *speaker, const NjCommand *command, const NjCommand *row)
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
        const NjCommand *picked = nj_cmd_pick_row(speaker->cmd, command, &line.rest, &error);
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
    Speaker speaker;
    speaker_open(&speaker, NULL);

    const NjTable *table = nj_cmd_table(speaker.cmd);
    assert_true(nj_table_length(table) > 25);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjCommand *command = nj_table_at(table, i);
        const GPtrArray *rows = nj_cmd_subcommands(speaker.cmd, command);
        assert_true(command->run || rows);
        check_row(&speaker, command, command);
        for (guint n = 0; rows && n < rows->len; n++) {
            assert_non_null(((const NjCommand *) rows->pdata[n])->run);
            check_row(&speaker, command, rows->pdata[n]);
        }
    }

    speaker_close(&speaker);
}

static void
check_alias(const char *name, const char *line, const char *habit, void *owner)
{
    Speaker *speaker = owner;
    NjLine parts;

    assert_non_null(habit);
    assert_true(nj_parse_line(line, &parts, NULL));
    if (!nj_table_find(nj_cmd_table(speaker->cmd), parts.name))
        fail_msg("the alias %s leads to no command", name);
    if (nj_table_find(nj_cmd_table(speaker->cmd), name))
        fail_msg("the alias %s is a command", name);

    nj_line_clear(&parts);
}

static void
test_shipped_aliases_and_keys_run(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, NULL);
    nj_cmd_each_alias(speaker.cmd, check_alias, &speaker);

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
            const NjCommand *command = nj_table_find(nj_cmd_table(speaker.cmd), parts.name);
            assert_non_null(command);
            command = nj_cmd_pick_row(speaker.cmd, command, &parts.rest, &error);
            if (!command)
                fail_msg("%s: %s", row->key, error->message);
            g_autoptr(NjArgs) args = nj_parse_args(command, parts.rest, &error);
            if (!args)
                fail_msg("%s: %s", row->key, error->message);
            nj_line_clear(&parts);
        }

    nj_keys_free(keys);
    speaker_close(&speaker);
}

static void
test_accounts_are_added_changed_and_removed(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);
    expect_failure(&speaker, "/account add", "usage",
                   "Missing ADDRESS. Usage: /account add ADDRESS");
    expect_failure(&speaker, "/account set", "usage",
                   "Missing NAME. Usage: /account set NAME KEY [VALUE…]");
    expect_failure(&speaker, "/account remove", "usage", "Usage: /account remove NAME");
    expect_failure(&speaker, "/account ad newt@pond.example", "usage", "Expected list, add, set,");
    expect_failure(&speaker, "/account add toad@pond.example", "exists", "/connect home");
    expect_failure(&speaker, "/account add newt@pond.example port=fish", "refused", NULL);
    expect_failure(&speaker, "/account add newt@pond.example nonsense", "usage",
                   "“nonsense” is not of the form KEY=VALUE");
    expect_failure(&speaker, "/account add newt@pond.example name=home", "refused", "home");
    assert_int_equal(nj_options_accounts(speaker.client->options)->len, 1);

    expect_ok(&speaker, "/account add Newt@pond.example host=127.0.0.1 password=secret",
              "\"account\": \"newt\"");

    NjAccount *newt = speaker_account(&speaker, "newt");
    assert_int_equal(newt->state, NJ_ACCOUNT_ONLINE);
    assert_string_equal(newt->settings->host, "127.0.0.1");
    assert_null(newt->settings->password);
    assert_null(strstr(speaker.json, "secret"));

    expect_ok(&speaker, "/account set newt password-command pass  show \"my newt\"", NULL);
    assert_string_equal(newt->settings->password_command, "pass show my newt");
    expect_ok(&speaker, "/account set newt password-command", NULL);
    assert_null(newt->settings->password_command);
    expect_failure(&speaker, "/account set newt password hunter2", "usage", NULL);
    assert_null(strstr(speaker.text, "hunter2"));
    expect_ok(&speaker, "/account set newt password=hunter2", NULL);
    assert_string_equal(newt->settings->password, "hunter2");
    expect_failure(&speaker, "/account set newt colour green", "refused", NULL);

    /* the history belongs to the address */
    expect_failure(&speaker, "/account set newt address eft@pond.example", "refused", NULL);
    expect_failure(&speaker, "/account set newt address", "refused", NULL);

    expect_ok(&speaker, "/account list", "\"state\": \"online\"");
    expect_ok(&speaker, "/account remove newt", "its history stays");
    assert_null(nj_client_account(speaker.client, "newt"));
    assert_int_equal(nj_options_accounts(speaker.client->options)->len, 1);
    speaker_close(&speaker);
}

static void
test_changed_setting_says_when_it_is_used(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);
    expect_ok(&speaker, "/account set home resource den",
              "Changed resource of home; used by the next /connect home.");
    expect_ok(&speaker, "/connect home", NULL);
    expect_ok(&speaker, "/account set home resource desk", "/reconnect home");
    expect_ok(&speaker, "/account set home nick Mr Toad", "rooms you enter from now on");
    expect_ok(&speaker, "/account set home autoconnect false", "starts the next time");
    expect_ok(&speaker, "/account list", "\"autoconnect\": false");

    int sent = test_connections_sent;
    expect_ok(&speaker, "/reconnect", "\"account\": \"home\"");
    assert_true(test_connections_sent > sent);
    assert_int_equal(speaker_account(&speaker, "home")->state, NJ_ACCOUNT_ONLINE);

    /* An account of natterjackrc that is left out of this run. */
    assert_true(nj_options_account_set(speaker.client->options, "work", "address",
                                       "eft@pond.example", NULL));
    expect_ok(&speaker, "/account list",
              "\"name\": \"work\", \"address\": \"eft@pond.example\", \"state\": \"offline\", "
              "\"why\": \"It is left out");
    expect_failure(&speaker, "/account add eft@pond.example", "exists", "/connect work");

    gsize start, end;
    g_auto(GStrv) choices = nj_cmd_complete(speaker.cmd, "/connect w", 10, &start, &end, NULL);
    assert_non_null(choices);
    assert_string_equal(choices[0], "work");
    expect_ok(&speaker, "/connect work", NULL);
    assert_int_equal(speaker_account(&speaker, "work")->state, NJ_ACCOUNT_ONLINE);
    assert_true(nj_options_account_set(speaker.client->options, "third", "address",
                                       "adder@pond.example", NULL));
    expect_ok(&speaker, "/account rename third fourth", NULL);

    assert_int_equal(speaker_account(&speaker, "fourth")->state, NJ_ACCOUNT_OFFLINE);
    expect_ok(&speaker, "/account remove fourth", NULL);

    /* An account of the command line cannot be changed. */
    NjAccountSettings settings = { .name = (char *) "newt@pond.example",
                                   .address = (char *) "newt@pond.example",
                                   .autoconnect = true };
    nj_client_add_account(speaker.client, &settings);
    expect_failure(&speaker, "/account set newt@pond.example port 5223", "refused",
                   "/account add newt@pond.example");
    expect_failure(&speaker, "/account rename newt@pond.example newt", "refused", "command line");
    expect_ok(&speaker, "/account remove newt@pond.example", NULL);

    speaker_close(&speaker);
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
    Speaker speaker;
    speaker_open(&speaker, two);

    NjAccount *home = speaker_account(&speaker, "home");
    NjChat *chat = nj_chat_open(home, NJ_CHAT_PERSON, "frog@pond.example");
    expect_ok(&speaker, "/connect home", NULL);

    GString *heard = g_string_new(NULL);
    nj_on_account_changed(speaker.client->bus, note_name, heard);
    expect_failure(&speaker, "/account rename home", "usage", "Missing NEW.");
    expect_failure(&speaker, "/account rename home a b", "usage",
                   "Usage: /account rename NAME NEW");
    expect_failure(&speaker, "/account rename home work", "refused", "already");
    expect_failure(&speaker, "/account rename den home", "no-account", NULL);
    assert_true(nj_options_set_pair(speaker.client->options, "aliases", "hi",
                                    "/home:msg frog@pond.example hi", NULL));
    expect_ok(&speaker, "/account rename home pond", "1 alias or key");

    assert_string_equal(heard->str, "pond");
    assert_ptr_equal(speaker_account(&speaker, "pond"), home);
    assert_ptr_equal(nj_chat_find(home, "frog@pond.example"), chat);
    assert_int_equal(home->state, NJ_ACCOUNT_ONLINE);
    assert_null(nj_client_account(speaker.client, "home"));
    expect_ok(&speaker, "/pond:msg frog@pond.example", "\"account\": \"pond\"");
    nj_bus_forget(speaker.client->bus, heard);
    g_string_free(heard, TRUE);
    speaker_close(&speaker);
}

static void
test_connect_and_certificate(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);
    expect_ok(&speaker, "/connect home", "\"account\": \"home\"");
    expect_ok(&speaker, "/disconnect", NULL);
    assert_int_equal(speaker_account(&speaker, "home")->state, NJ_ACCOUNT_OFFLINE);
    expect_failure(&speaker, "/certificate", "no-certificate", "/connect home");
    expect_ok(&speaker, "/certificate forget", NULL);
    speaker_close(&speaker);
}

static void
test_roster_requests_and_subscriptions(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);
    expect_failure(&speaker, "/roster add frog@pond.example", "not-connected", NULL);
    expect_ok(&speaker, "/connect", NULL);

    NjRoster *roster = speaker_account(&speaker, "home")->roster;
    const char *groups[] = { "Pond", NULL };
    nj_roster_put(roster, "frog@pond.example", "Frog", NJ_SUB_BOTH, false, false, groups);
    expect_ok(&speaker, "/roster", "\"groups\": \"Pond\"");
    expect_failure(&speaker, "/roster rename newt@pond.example Newt", "no-contact",
                   "/roster add newt@pond.example");
    expect_failure(&speaker, "/roster remove", "usage",
                   "Missing ADDRESS. Usage: /roster remove ADDRESS");
    expect_failure(&speaker, "/roster group frog@pond.example \"open", "usage", NULL);
    expect_ok(&speaker, "/requests", "\"requests\": []");

    expect_failure(&speaker, "/requests accept newt@pond.example", "refused", NULL);
    nj_roster_note_request(roster, "newt@pond.example", true, "hello", false);
    expect_ok(&speaker, "/requests", "newt@pond.example");
    expect_ok(&speaker, "/requests refuse newt@pond.example", NULL);
    expect_ok(&speaker, "/subscribe ask newt@pond.example", NULL);
    expect_failure(&speaker, "/subscribe beg newt@pond.example", "usage",
                   "Expected ask, allow, deny or cancel, not “beg”.");
    speaker_close(&speaker);
}

static void
test_block_and_unblock(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);

    NjAccount *home = speaker_account(&speaker, "home");
    expect_failure(&speaker, "/block", "not-connected", "/connect home");
    expect_failure(&speaker, "/block newt@pond.example", "not-connected", NULL);
    expect_ok(&speaker, "/connect", NULL);
    expect_failure(&speaker, "/block", "refused", "has sent no list");
    nj_account_set_blocked(home, g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL));
    expect_ok(&speaker, "/block", "\"blocked\": []");
    nj_account_block(home, "newt@pond.example", true);
    nj_account_block(home, "eft.example", true);

    expect_ok(
        &speaker, "/block",
        "\"blocked\": [{\"address\": \"eft.example\"}, {\"address\": \"newt@pond.example\"}]");
    expect_failure(&speaker, "/unblock", "usage", "ADDRESS");
    expect_failure(&speaker, "/unblock frog@pond.example", "refused", "/block lists");

    gsize start, end;
    g_auto(GStrv) choices = nj_cmd_complete(speaker.cmd, "/unblock n", 10, &start, &end, NULL);
    assert_non_null(choices);
    assert_string_equal(choices[0], "newt@pond.example");
    assert_null(choices[1]);
    speaker_close(&speaker);
}

static void
test_attention_needs_a_person(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);
    expect_failure(&speaker, "/attention frog@pond.example", "not-connected", NULL);
    expect_ok(&speaker, "/connect", NULL);
    expect_failure(&speaker, "/attention", "no-chat", "/attention frog@");

    int sent = test_connections_sent;
    expect_ok(&speaker, "/buzz frog@pond.example", "Asked frog@pond.example for attention");
    assert_int_equal(test_connections_sent, sent + 1);

    NjChat *room =
        nj_chat_open(speaker_account(&speaker, "home"), NJ_CHAT_ROOM, "pond@rooms.pond.example");
    assert_false(speak_in(&speaker, NJ_SOURCE_ARGUMENT, room, "/attention"));
    assert_non_null(strstr(speaker.text, "Only a person"));
    speaker_close(&speaker);
}

static void
test_status_and_priority(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);

    NjAccount *home = speaker_account(&speaker, "home");
    expect_ok(&speaker, "/status", "others see it as online.\"");
    expect_ok(&speaker, "/status dnd priority=-3 Counting flies",
              "Others will see account home as dnd once it is online.");
    assert_int_equal(home->show, NJ_SHOW_DND);
    assert_int_equal(home->priority, -3);
    assert_string_equal(home->status, "Counting flies");
    expect_ok(&speaker, "/status priority=5", "is now 5");
    assert_string_equal(home->status, "Counting flies");

    expect_ok(&speaker, "/status invisible", NULL);
    assert_int_equal(home->show, NJ_SHOW_OFFLINE);
    expect_ok(&speaker, "/status", "\"show\": \"invisible\"");
    expect_failure(&speaker, "/status online priority=200", "usage", "127");
    expect_failure(&speaker, "/status sleepy", "usage", "online, away");
    speaker_close(&speaker);
}

static void
test_rooms_are_joined_and_left(void **state)
{
    (void) state;
    Speaker speaker;
    speaker_open(&speaker, one);
    expect_ok(&speaker, "/connect", NULL);
    expect_failure(&speaker, "/join chat.pond.example", "bad-address", "@");
    speak(&speaker, "/join pond@chat.pond.example toad");
    assert_null(speaker.code); /* the server has not answered yet */

    NjChat *chat = nj_chat_find(speaker_account(&speaker, "home"), "pond@chat.pond.example");
    assert_non_null(chat);
    nj_room_put(chat->room, "frog", NULL, NJ_OCCUPANT_MODERATOR, NJ_AFFILIATION_OWNER,
                NJ_SHOW_ONLINE, NULL);
    assert_true(speak_in(&speaker, NJ_SOURCE_PROMPT, chat, "/names"));
    assert_non_null(strstr(speaker.json, "\"nick\": \"frog\""));
    nj_room_set_state(chat->room, NJ_ROOM_IN, NULL);
    expect_ok(&speaker, "/join pond@chat.pond.example",
              "You are already in pond@chat.pond.example.");

    int before = test_connections_sent;
    speak_in(&speaker, NJ_SOURCE_PROMPT, chat, "/nick Mr Toad");
    assert_int_equal(test_connections_sent, before + 1);
    nj_room_set_subject(chat->room, "Flies", "frog");
    assert_true(speak_in(&speaker, NJ_SOURCE_PROMPT, chat, "/topic"));
    assert_non_null(strstr(speaker.json, "Flies"));
    speak_in(&speaker, NJ_SOURCE_PROMPT, chat, "/part"); /* answers the open /join, too */
    assert_null(nj_chat_find(speaker_account(&speaker, "home"), "pond@chat.pond.example"));
    expect_failure(&speaker, "/close frog@pond.example", "no-chat", NULL);

    speaker_close(&speaker);
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
    Speaker speaker;
    speaker_open(&speaker, one);

    const char *changed = NULL;
    nj_on_option_changed(speaker.client->bus, on_option, &changed);
    expect_ok(&speaker, "/set bell all", "\"bell\": \"all\"");
    assert_string_equal(changed, "bell");
    expect_ok(&speaker, "/set bell default", "\"bell\": \"mentions\"");
    expect_failure(&speaker, "/set bell loud", "refused", NULL);
    expect_failure(&speaker, "/set nothing", "no-option", "/set");
    expect_ok(&speaker, "/set", "\"ping-interval\"");
    expect_ok(&speaker, "/set time-format \"%d. %H:%M\"", "%d. %H:%M");

    expect_ok(&speaker, "/about", PACKAGE_VERSION);
    nj_bus_forget(speaker.client->bus, &changed);
    speaker_close(&speaker);
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
    Speaker speaker;
    speaker_open(&speaker, one);

    bool quit = false;
    nj_on_quit(speaker.client->bus, on_quit, &quit);
    expect_ok(&speaker, "/quit", NULL);
    assert_true(quit);
    nj_bus_forget(speaker.client->bus, &quit);
    speaker_close(&speaker);
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
