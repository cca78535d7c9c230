/* See fixture.h. */
#include "fixture.h"

/* --- the connection --- */

typedef struct {
    NjConnection base;
    char *jid;
} TestConnection;

int test_connections_sent;

static void
test_connection_open(NjConnection *connection)
{
    connection->hooks->on_state(connection, NJ_CONNECTION_ONLINE, NULL, connection->owner);
}

static bool
test_connection_send(NjConnection *connection, NjXml *stanza)
{
    (void) connection;
    test_connections_sent++;
    nj_xml_free(stanza);
    return true;
}

static void
test_connection_close(NjConnection *connection)
{
    connection->hooks->on_state(connection, NJ_CONNECTION_CLOSED, NULL, connection->owner);
}

static void
test_connection_free(NjConnection *connection)
{
    g_free(((TestConnection *) connection)->jid);
    g_free(connection);
}

static void
test_connection_pause(NjConnection *connection, bool paused)
{
    (void) connection;
    (void) paused;
}

static void
test_connection_password(NjConnection *connection, const char *password)
{
    (void) connection;
    (void) password;
}

static const char *
test_connection_jid(const NjConnection *connection)
{
    return ((const TestConnection *) connection)->jid;
}

static const NjXml *
test_connection_resumed(const NjConnection *connection)
{
    (void) connection;
    return NULL;
}

static const NjXml *
test_connection_features(const NjConnection *connection)
{
    (void) connection;
    return NULL;
}

static const NjCertificate *
test_connection_certificate(const NjConnection *connection)
{
    (void) connection;
    return NULL;
}

static gint64
test_connection_last_byte(const NjConnection *connection)
{
    (void) connection;
    return g_get_monotonic_time();
}

static int
test_connection_rank(const NjConnection *connection)
{
    (void) connection;
    return 0;
}

static NjConnection *
test_connection_new(const NjAccountSettings *settings, const char *bare, const char *trust_once,
                    const NjConnectionHooks *hooks, void *owner)
{
    static const NjConnectionClass class = { test_connection_open,      test_connection_send,
                                             test_connection_close,     test_connection_free,
                                             test_connection_pause,     test_connection_password,
                                             test_connection_jid,       test_connection_resumed,
                                             test_connection_features,  test_connection_certificate,
                                             test_connection_last_byte, test_connection_rank };
    (void) settings;
    (void) trust_once;

    TestConnection *connection = g_new0(TestConnection, 1);
    connection->base.class = &class;
    connection->base.hooks = hooks;
    connection->base.owner = owner;
    connection->jid = g_strconcat(bare, "/test", NULL);

    return &connection->base;
}

/* --- the client --- */

static void
cmd_fixture_on_account_added(NjAccount *account, void *owner)
{
    (void) owner;
    nj_session_new(account, nj_modules(), test_connection_new);
}

static void
cmd_fixture_on_account_removed(NjAccount *account, void *owner)
{
    (void) owner;
    nj_session_free(nj_session_of(account));
}

void
cmd_fixture_open(CmdFixture *fixture, const char *const *accounts)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->dir = g_dir_make_tmp("natterjack-test-XXXXXX", NULL);
    assert_non_null(fixture->dir);
    g_setenv("XDG_CONFIG_HOME", fixture->dir, TRUE);
    g_setenv("XDG_STATE_HOME", fixture->dir, TRUE);

    NjPaths *paths = nj_paths_new(fixture->dir);
    fixture->client = nj_client_new(paths, nj_options_new(NULL));
    fixture->cmd = nj_cmd_new(fixture->client);
    for (const NjTopic *const *topic = nj_topics; *topic; topic++)
        nj_cmd_add_topic(fixture->cmd, *topic);

    nj_on_account_added(fixture->client->bus, cmd_fixture_on_account_added, fixture);
    nj_on_account_removed(fixture->client->bus, cmd_fixture_on_account_removed, fixture);
    for (; accounts && *accounts; accounts++) {
        g_auto(GStrv) parts = g_strsplit(*accounts, "=", 2);
        assert_true(
            nj_options_account_set(fixture->client->options, parts[0], "address", parts[1], NULL));
        const GPtrArray *all = nj_options_accounts(fixture->client->options);
        nj_client_add_account(fixture->client, g_ptr_array_index(all, all->len - 1));
    }
}

NjAccount *
cmd_fixture_account(CmdFixture *fixture, const char *name)
{
    NjAccount *account = nj_client_account(fixture->client, name);
    assert_non_null(account);
    return account;
}

static void
cmd_fixture_clear_answer(CmdFixture *fixture)
{
    g_clear_pointer(&fixture->code, g_free);
    g_clear_pointer(&fixture->text, g_free);
    g_clear_pointer(&fixture->json, g_free);
}

void
cmd_fixture_close(CmdFixture *fixture)
{
    while (fixture->client->accounts->len)
        nj_client_remove_account(fixture->client, g_ptr_array_index(fixture->client->accounts, 0));
    nj_cmd_free(fixture->cmd);
    nj_client_free(fixture->client);
    cmd_fixture_clear_answer(fixture);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", fixture->dir);
    assert_int_equal(system(command), 0);
    g_free(fixture->dir);
}

void
cmd_fixture_on_answer(const GError *error, NjRecord *result, void *data)
{
    CmdFixture *fixture = data;
    fixture->answers++;
    cmd_fixture_clear_answer(fixture);
    fixture->code = error ? g_strdup(nj_cmd_error_code(error)) : NULL;
    fixture->text = error ? g_strdup(error->message) : NULL;
    fixture->json = error ? NULL : nj_json_write(result);
}

bool
run_line_in(CmdFixture *fixture, NjSource source, NjChat *chat, const char *line)
{
    int before = fixture->answers;
    cmd_fixture_clear_answer(fixture);
    nj_cmd_run(fixture->cmd, line, source, chat, cmd_fixture_on_answer, fixture);
    return fixture->answers == before + 1 && !fixture->code;
}

bool
run_line(CmdFixture *fixture, const char *line)
{
    return run_line_in(fixture, NJ_SOURCE_ARGUMENT, NULL, line);
}

void
expect_ok(CmdFixture *fixture, const char *line, const char *part)
{
    if (!run_line(fixture, line))
        fail_msg("%s: %s", line, fixture->text ? fixture->text : "no answer");
    if (part && !strstr(fixture->json, part))
        fail_msg("%s: %s does not have %s", line, fixture->json, part);
}

void
expect_failure(CmdFixture *fixture, const char *line, const char *code, const char *part)
{
    if (run_line(fixture, line) || !fixture->code)
        fail_msg("%s did not fail", line);
    if (strcmp(fixture->code, code) || (part && !strstr(fixture->text, part)))
        fail_msg("%s: [%s] %s, not [%s] %s", line, fixture->code, fixture->text, code,
                 part ? part : "");
}
