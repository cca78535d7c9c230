/* cmd/help: help for all commands, options and topics fits the columns, and dumps are tables. */
#include "fixture.h"

#include "base/text.h"
#include "cmd/help.h"

static void
expect_fits(const char *what, const char *text, int columns)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        if (nj_text_width(*line, -1) > columns)
            fail_msg("/help %s: too wide: %s", what, *line);
}

static void
expect_help(CmdFixture *fixture, const char *topic, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = nj_help_text(fixture->cmd, topic, 80, &error);
    if (!text)
        fail_msg("/help %s: %s", topic, error->message);
    expect_fits(topic ? topic : "", text, 80);
    if (part && !strstr(text, part))
        fail_msg("/help %s does not say \"%s\": %s", topic, part, text);
}

static void
test_every_row_has_help_that_fits(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, NULL);
    expect_help(&fixture, NULL, "/join ");
    expect_help(&fixture, "keys", "  Alt-2 … Alt-0     the window of that number\n");
    expect_help(&fixture, "keys", "  Alt-n, Ctrl-PgDn  next window\n");
    expect_help(&fixture, "keys", "  Up, Ctrl-p        the row above\n");
    expect_help(&fixture, "options", "ping-interval");
    expect_help(&fixture, "aliases", "irssi");
    expect_help(&fixture, "marks", "  ✓   The contact's client has received it.\n");

    expect_help(&fixture, "/msg", "/query");
    expect_help(&fixture, "rooms", "/join ROOM");
    expect_help(&fixture, "window", "a number, a name or console; or one of next, ");
    expect_help(&fixture, "search", "only the chat with this address; or here\n");
    expect_help(&fixture, "bell", "mentions");
    expect_help(&fixture, "bell", "Its value is “mentions”, which is the default.");
    expect_help(&fixture, "text-logs", "Its value is empty, which is the default.");
    expect_help(&fixture, "j", "/join");
    expect_help(&fixture, "/account add",
                "/account add ADDRESS [password=PASSWORD] [KEY=VALUE…]\n");
    expect_help(&fixture, "account set", "For example:\n  /account set home port 5223\n");
    expect_help(&fixture, "roster remove", "Also typed as /del.");
    expect_help(&fixture, "subscribe", "Also typed as /sub, /authorization.");

    const NjTable *table = nj_cmd_table(fixture.cmd);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjCommand *command = nj_table_at(table, i);
        expect_help(&fixture, command->name, NULL);
        const GPtrArray *rows = nj_cmd_subcommands(fixture.cmd, command);
        for (guint n = 0; rows && n < rows->len; n++) {
            const NjCommand *row = rows->pdata[n];
            g_autofree char *name = g_strdup_printf("%s %s", command->name, row->name);
            g_autofree char *usage = g_strdup_printf("/%s %s", command->name, row->name);
            expect_help(&fixture, name, usage);
            expect_help(&fixture, command->name, usage);
        }
    }

    const NjTable *options = nj_options_table(fixture.client->options);
    for (guint i = 0; i < nj_table_length(options); i++)
        expect_help(&fixture, ((const NjOption *) nj_table_at(options, i))->name, NULL);
    expect_ok(&fixture, "/help account rename", "/account rename NAME NEW");
    expect_failure(&fixture, "/help account nonsense", "unknown-topic", "account nonsense");
    expect_failure(&fixture, "/help bell set", "unknown-topic", "bell set");
    expect_failure(&fixture, "/help nonsense", "unknown-topic", "nonsense");
    expect_ok(&fixture, "/help", "rooms     /join ");
    cmd_fixture_close(&fixture);
}

static char *
more(void *owner)
{
    return g_strdup(owner);
}

static void
test_dumps_are_tables(void **state)
{
    (void) state;
    CmdFixture fixture;
    cmd_fixture_open(&fixture, NULL);
    nj_cmd_add_dump(fixture.cmd, "more", more, (void *) "a\tb\n");
    static const struct {
        const char *what, *line;
        int fields;
    } tables[] = {
        { "commands", "\nquit\t/quit\tprogram\t", 4 },
        { "commands", "\naccount remove\t/account remove NAME\taccounts\t", 4 },
        { "commands", "\nsubscribe\t/subscribe ask|allow|deny|cancel\tpeople\t", 4 },
        { "options", "\nclock\tbool\ttrue|false\tfalse\t", 5 },
        { "keys", "\nAlt-2\t/window 2\t", 4 },
        { "keys", "\nPgUp\t\ta page up\tlist\n", 4 },
        { "theme", "\nnick\t", 2 },
        { "aliases", "\nj\t/join\t", 3 },
        { "more", "\na\tb\n", 2 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        g_autofree char *text = nj_dump(fixture.cmd, tables[i].what, NULL);
        g_autofree char *behind = g_strconcat("\n", text, NULL);
        if (!strstr(behind, tables[i].line))
            fail_msg("%s has no line %s: %s", tables[i].what, tables[i].line, text);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        for (char **line = lines; *line && **line; line++) {
            g_auto(GStrv) fields = g_strsplit(*line, "\t", -1);
            assert_int_equal(g_strv_length(fields), tables[i].fields);
        }
    }

    g_autoptr(GError) error = NULL;
    assert_null(nj_dump(fixture.cmd, "nothing", &error));
    assert_non_null(strstr(error->message, "aliases, more"));
    cmd_fixture_close(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_row_has_help_that_fits),
        cmocka_unit_test(test_dumps_are_tables),
    };
    return cmocka_run_group_tests_name("cmd/help", tests, NULL, NULL);
}
