/* model/textlog: names and lines of the logs, refusing files of others, and a full disk. */
#include "fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/room.h"
#include "model/textlog.h"

/* Friday, 20 November 2026, 12:00 UTC */
#define NOON G_GINT64_CONSTANT(1795176000000)

typedef struct {
    char *dir; /* a scratch directory; the logs are in dir/logs */
    char *logs;
    NjClient *client;
    NjTextlog *log;
    GString *notices; /* notices */
    gint64 ids;
} Fixture;

static void
on_notice(NjNotice *notice, void *owner)
{
    g_string_append_printf(((Fixture *) owner)->notices, "%s\n", notice->text);
}

static Fixture
open_fixture(void)
{
    g_setenv("TZ", "UTC", TRUE);
    Fixture fixture = { .dir = make_dir(), .notices = g_string_new(NULL) };
    NjAccountSettings settings = { .name = (char *) "home",
                                   .address = (char *) "toad@pond.example" };
    fixture.logs = g_build_filename(fixture.dir, "logs", NULL);
    fixture.client = nj_client_new(NULL, nj_options_new(NULL));
    nj_client_add_account(fixture.client, &settings);
    return fixture;
}

/* Notices arrive through the main loop, as in the program. */
static void
start(Fixture *fixture)
{
    assert_true(nj_options_override(fixture->client->options, "text-logs", fixture->logs, NULL));
    nj_on_notice(fixture->client->bus, on_notice, fixture);
    fixture->log = nj_textlog_new(fixture->client);
}

static void
set_option(Fixture *fixture, const char *value)
{
    const NjTable *table = nj_options_table(fixture->client->options);
    assert_true(nj_options_override(fixture->client->options, "text-logs", value, NULL));
    nj_emit_option_changed(fixture->client->bus, (NjOption *) nj_table_find(table, "text-logs"));
}

static void
close_fixture(Fixture *fixture)
{
    nj_textlog_free(fixture->log);
    nj_bus_forget(fixture->client->bus, fixture);
    nj_client_free(fixture->client);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", fixture->dir);
    assert_int_equal(system(command), 0);
    g_string_free(fixture->notices, TRUE);
    g_free(fixture->logs);
    g_free(fixture->dir);
}

static void
add_message(Fixture *fixture, NjChat *chat, const char *sender, const char *body, bool out)
{
    g_autoptr(NjMessage) message = nj_message_new();
    message->id = ++fixture->ids;
    message->time = NOON + fixture->ids * 1000;
    message->out = out;
    message->sender = g_strdup(sender);
    message->body = g_strdup(body);
    NjMessageEvent event = { chat, message };
    nj_emit_message_added(fixture->client->bus, &event);
}

static NjChat *
open_chat(Fixture *fixture, const char *address)
{
    return nj_chat_open(first_account(fixture->client), NJ_CHAT_PERSON, address);
}

/* Ends the worker, which writes all lines first. */
static void
finish(Fixture *fixture)
{
    g_clear_pointer(&fixture->log, nj_textlog_free);
}

static char *
path_of(Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->logs, "toad@pond.example", name, NULL);
}

static void
expect_file(Fixture *fixture, const char *name, const char *expected)
{
    g_autofree char *path = path_of(fixture, name), *text = NULL;
    struct stat about;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("there is no %s; %s", path, fixture->notices->str);
    assert_string_equal(text, expected);
    assert_int_equal(lstat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);

    g_autofree char *folder = g_path_get_dirname(path);
    assert_int_equal(lstat(folder, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
}

static void
wait_for(Fixture *fixture, const char *words)
{
    for (int i = 0; i < 5000 && !strstr(fixture->notices->str, words); i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    if (!strstr(fixture->notices->str, words))
        fail_msg("it never said “%s”, but: %s", words, fixture->notices->str);
}

static void
test_lines_have_time_nick_and_text(void **state)
{
    (void) state;
    Fixture fixture = open_fixture();
    start(&fixture);

    NjChat *frog = open_chat(&fixture, "frog@pond.example");
    add_message(&fixture, frog, "frog@pond.example/leaf", "one\ntwo\n\nthree", false);
    add_message(&fixture, frog, "toad@pond.example/desk", "hello", true);
    add_message(&fixture, frog, NULL, "/me jumps", true);

    g_autoptr(NjMessage) subject = nj_message_new();
    subject->id = ++fixture.ids;
    subject->time = NOON;
    subject->subject = g_strdup("Of flies");

    NjMessageEvent event = { frog, subject };
    nj_emit_message_added(fixture.client->bus, &event);
    subject->body = g_strdup("They are\ngood");
    nj_emit_message_added(fixture.client->bus, &event);

    NjChat *pond =
        nj_chat_open(first_account(fixture.client), NJ_CHAT_ROOM, "pond@rooms.pond.example");
    add_message(&fixture, pond, "newt> hi <frog", "I am newt", false);
    finish(&fixture);
    expect_file(&fixture, "frog@pond.example.log",
                "2026-11-20 12:00:01+0000 <frog@pond.example> one\n"
                "                         two\n"
                "                         \n"
                "                         three\n"
                "2026-11-20 12:00:02+0000 <toad> hello\n"
                "2026-11-20 12:00:03+0000 * toad jumps\n"
                "2026-11-20 12:00:00+0000 <frog@pond.example> Subject: Of flies\n"
                "2026-11-20 12:00:00+0000 <frog@pond.example> Subject: Of flies\n"
                "                         They are\n"
                "                         good\n");

    expect_file(&fixture, "pond@rooms.pond.example.log",
                "2026-11-20 12:00:05+0000 <newt_ hi _frog> I am newt\n");
    assert_string_equal(fixture.notices->str, "");
    close_fixture(&fixture);
}

static void
test_names_are_escaped_and_short(void **state)
{
    (void) state;
    const struct {
        const char *address, *name;
    } names[] = {
        { "frog@pond.example", "frog@pond.example" },
        { "pond@rooms.example/Mr Toad", "pond@rooms.example%2FMr Toad" },
        { "pond@rooms.example/../../etc/passwd", "pond@rooms.example%2F..%2F..%2Fetc%2Fpasswd" },
        { "..", "%2E." },
        { ".profile", "%2Eprofile" },
        { "a%2Fb\x7f\t", "a%252Fb%7F%09" },
        { "kröte@teich.example", "kröte@teich.example" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = nj_textlog_name(names[i].address);
        assert_string_equal(name, names[i].name);
    }

    /* Long names differ in the digest, and are cut between characters. */
    GString *one = g_string_new("room@x/"), *other = g_string_new("room@x/");
    for (int i = 0; i < 300; i++) {
        g_string_append(one, "ö");
        g_string_append(other, "ö");
    }

    g_string_append_c(other, '!');
    g_autofree char *one_name = nj_textlog_name(one->str),
                    *other_name = nj_textlog_name(other->str);
    assert_string_not_equal(one_name, other_name);
    assert_true(strlen(one_name) < 220 && strlen(other_name) < 220);
    assert_true(g_utf8_validate(one_name, -1, NULL));
    g_string_free(one, TRUE);
    g_string_free(other, TRUE);
}

/* A message that is not stored is not logged. */
static void
test_unstored_message_is_not_logged(void **state)
{
    (void) state;
    Fixture fixture = open_fixture();
    start(&fixture);

    NjChat *frog = open_chat(&fixture, "frog@pond.example");
    fixture.ids = G_MININT64 / 2;
    add_message(&fixture, frog, NULL, "off the record", false);
    finish(&fixture);

    g_autofree char *path = path_of(&fixture, "frog@pond.example.log");
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    close_fixture(&fixture);
}

/* The option is set and cleared while the program runs; an old log is continued. */
static void
test_option_starts_and_stops_the_logs(void **state)
{
    (void) state;
    Fixture fixture = open_fixture();
    nj_on_notice(fixture.client->bus, on_notice, &fixture);
    fixture.log = nj_textlog_new(fixture.client);

    NjChat *frog = open_chat(&fixture, "frog@pond.example");
    add_message(&fixture, frog, NULL, "before", true);
    set_option(&fixture, fixture.logs);
    add_message(&fixture, frog, NULL, "during", true);
    set_option(&fixture, "");
    add_message(&fixture, frog, NULL, "between", true);
    set_option(&fixture, fixture.logs);
    add_message(&fixture, frog, NULL, "again", true);
    finish(&fixture);

    expect_file(&fixture, "frog@pond.example.log",
                "2026-11-20 12:00:02+0000 <toad> during\n2026-11-20 12:00:04+0000 <toad> again\n");
    close_fixture(&fixture);
}

/* A link, a FIFO or a directory instead of a log is refused. */
static void
test_links_and_other_files_are_refused(void **state)
{
    (void) state;
    Fixture fixture = open_fixture();
    g_autofree char *folder = path_of(&fixture, ""),
                    *link = path_of(&fixture, "link@pond.example.log"),
                    *fifo = path_of(&fixture, "fifo@pond.example.log");
    g_autofree char *victim = g_build_filename(fixture.dir, "victim", NULL), *text = NULL;
    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    assert_true(g_file_set_contents(victim, "mine\n", -1, NULL));
    assert_int_equal(symlink(victim, link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);

    start(&fixture);
    add_message(&fixture, open_chat(&fixture, "link@pond.example"), NULL, "followed", true);
    wait_for(&fixture, "it is a link");
    add_message(&fixture, open_chat(&fixture, "fifo@pond.example"), NULL, "blocked", true);
    add_message(&fixture, open_chat(&fixture, "frog@pond.example"), NULL, "fine", true);
    finish(&fixture);

    /* the mode of the directory became 0700 */
    expect_file(&fixture, "frog@pond.example.log", "2026-11-20 12:00:03+0000 <toad> fine\n");
    assert_true(g_file_get_contents(victim, &text, NULL, NULL));
    assert_string_equal(text, "mine\n");
    assert_null(strstr(fixture.notices->str, "fifo@")); /* only the first error is reported */

    g_autofree char *other = g_build_filename(fixture.dir, "elsewhere", NULL);
    assert_int_equal(symlink(fixture.logs, other), 0);
    nj_bus_forget(fixture.client->bus, &fixture);
    g_free(fixture.logs);
    fixture.logs = g_strdup(other);
    g_string_truncate(fixture.notices, 0);
    start(&fixture);

    /* reported at once, not with the first message */
    wait_for(&fixture, "is a link or not a directory");
    close_fixture(&fixture);
}

/* A full disk is reported once and leaves no incomplete line; missing messages are counted. */
static void
test_full_disk_is_reported_once(void **state)
{
    (void) state;
    Fixture fixture = open_fixture();
    struct rlimit before, small;
    start(&fixture);

    NjChat *frog = open_chat(&fixture, "frog@pond.example");
    add_message(&fixture, frog, NULL, "fits", true);

    g_autofree char *path = path_of(&fixture, "frog@pond.example.log");
    for (int i = 0; i < 5000 && !g_file_test(path, G_FILE_TEST_EXISTS); i++)
        g_usleep(1000);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 60;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    add_message(&fixture, frog, NULL, "this does not", true);

    wait_for(&fixture, "The history has the missing messages");
    add_message(&fixture, frog, NULL, "nor does this", true);
    g_usleep(50 * 1000);
    while (g_main_context_iteration(NULL, FALSE))
        continue;

    assert_null(strstr(strstr(fixture.notices->str, "cannot be written") + 1, "cannot be written"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    add_message(&fixture, frog, NULL, "now it does", true);
    wait_for(&fixture, "written again; 2 messages are missing in them");
    finish(&fixture);
    expect_file(
        &fixture, "frog@pond.example.log",
        "2026-11-20 12:00:01+0000 <toad> fits\n2026-11-20 12:00:04+0000 <toad> now it does\n");
    close_fixture(&fixture);
}

/* The queue is bounded; lines that do not fit are dropped and reported. */
static void
test_full_queue_drops_and_reports(void **state)
{
    (void) state;
    Fixture fixture = open_fixture();
    start(&fixture);

    NjChat *frog = open_chat(&fixture, "frog@pond.example");
    g_autofree char *large = g_strnfill(9 * 1024 * 1024, 'x');
    add_message(&fixture, frog, NULL, large, true);
    wait_for(&fixture, "too slow for the text logs");
    add_message(&fixture, frog, NULL, "small", true);
    wait_for(&fixture, "written again; 1 message is missing in them");
    finish(&fixture);
    expect_file(&fixture, "frog@pond.example.log", "2026-11-20 12:00:02+0000 <toad> small\n");
    close_fixture(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_have_time_nick_and_text),
        cmocka_unit_test(test_names_are_escaped_and_short),
        cmocka_unit_test(test_unstored_message_is_not_logged),
        cmocka_unit_test(test_option_starts_and_stops_the_logs),
        cmocka_unit_test(test_links_and_other_files_are_refused),
        cmocka_unit_test(test_full_disk_is_reported_once),
        cmocka_unit_test(test_full_queue_drops_and_reports),
    };
    return cmocka_run_group_tests_name("model textlog", tests, NULL, NULL);
}
