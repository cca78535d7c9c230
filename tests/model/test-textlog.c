/* Text logs: what stands in which file, whose files are written to, and what happens when the disk
 * is full. */
#include "house.h"

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
    GString *told; /* notices */
    gint64 ids;
} House;

static void
on_notice(NjNotice *notice, void *owner)
{
    g_string_append_printf(((House *) owner)->told, "%s\n", notice->text);
}

static House
open_house(void)
{
    g_setenv("TZ", "UTC", TRUE);
    House house = { .dir = make_dir(), .told = g_string_new(NULL) };
    NjAccountSettings settings = { .name = (char *) "home",
                                   .address = (char *) "toad@pond.example" };
    house.logs = g_build_filename(house.dir, "logs", NULL);
    house.client = nj_client_new(NULL, nj_options_new(NULL));
    nj_client_add_account(house.client, &settings);
    return house;
}

/* The notices go where they would go in the program: through the loop. */
static void
start(House *house)
{
    assert_true(nj_options_override(house->client->options, "text-logs", house->logs, NULL));
    nj_on_notice(house->client->bus, on_notice, house);
    house->log = nj_textlog_new(house->client);
}

static void
set_option(House *house, const char *value)
{
    const NjTable *table = nj_options_table(house->client->options);
    assert_true(nj_options_override(house->client->options, "text-logs", value, NULL));
    nj_emit_option_changed(house->client->bus, (NjOption *) nj_table_find(table, "text-logs"));
}

static void
close_house(House *house)
{
    nj_textlog_free(house->log);
    nj_bus_forget(house->client->bus, house);
    nj_client_free(house->client);
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", house->dir);
    assert_int_equal(system(command), 0);
    g_string_free(house->told, TRUE);
    g_free(house->logs);
    g_free(house->dir);
}

static void
say(House *house, NjChat *chat, const char *sender, const char *body, bool out)
{
    g_autoptr(NjMessage) message = nj_message_new();
    message->id = ++house->ids;
    message->time = NOON + house->ids * 1000;
    message->out = out;
    message->sender = g_strdup(sender);
    message->body = g_strdup(body);
    NjMessageEvent event = { chat, message };
    nj_emit_message_added(house->client->bus, &event);
}

static NjChat *
open_chat(House *house, const char *address)
{
    return nj_chat_open(first_account(house->client), NJ_CHAT_PERSON, address);
}

/* Ends the worker, and with it everything is written. */
static void
finish(House *house)
{
    g_clear_pointer(&house->log, nj_textlog_free);
}

static char *
path_of(House *house, const char *name)
{
    return g_build_filename(house->logs, "toad@pond.example", name, NULL);
}

static void
expect_file(House *house, const char *name, const char *expected)
{
    g_autofree char *path = path_of(house, name), *text = NULL;
    struct stat about;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        fail_msg("there is no %s; %s", path, house->told->str);
    assert_string_equal(text, expected);
    assert_int_equal(lstat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);

    g_autofree char *folder = g_path_get_dirname(path);
    assert_int_equal(lstat(folder, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
}

static void
wait_for(House *house, const char *words)
{
    for (int i = 0; i < 5000 && !strstr(house->told->str, words); i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    if (!strstr(house->told->str, words))
        fail_msg("it never said “%s”, but: %s", words, house->told->str);
}

static void
test_lines(void **state)
{
    (void) state;
    House house = open_house();
    start(&house);

    NjChat *frog = open_chat(&house, "frog@pond.example");
    say(&house, frog, "frog@pond.example/leaf", "one\ntwo\n\nthree", false);
    say(&house, frog, "toad@pond.example/desk", "hello", true);
    say(&house, frog, NULL, "/me jumps", true);

    g_autoptr(NjMessage) subject = nj_message_new();
    subject->id = ++house.ids;
    subject->time = NOON;
    subject->subject = g_strdup("Of flies");

    NjMessageEvent event = { frog, subject };
    nj_emit_message_added(house.client->bus, &event);
    subject->body = g_strdup("They are\ngood");
    nj_emit_message_added(house.client->bus, &event);

    NjChat *pond =
        nj_chat_open(first_account(house.client), NJ_CHAT_ROOM, "pond@rooms.pond.example");
    say(&house, pond, "newt> hi <frog", "I am newt", false);
    finish(&house);
    expect_file(&house, "frog@pond.example.log",
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

    expect_file(&house, "pond@rooms.pond.example.log",
                "2026-11-20 12:00:05+0000 <newt_ hi _frog> I am newt\n");
    assert_string_equal(house.told->str, "");
    close_house(&house);
}

static void
test_names(void **state)
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

    /* Long ones differ only behind what is kept, and are cut between characters. */
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

/* What no store keeps is logged nowhere, either. */
static void
test_unkept(void **state)
{
    (void) state;
    House house = open_house();
    start(&house);

    NjChat *frog = open_chat(&house, "frog@pond.example");
    house.ids = G_MININT64 / 2;
    say(&house, frog, NULL, "off the record", false);
    finish(&house);

    g_autofree char *path = path_of(&house, "frog@pond.example.log");
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    close_house(&house);
}

/* On and off while the program runs; what was there stays and is continued. */
static void
test_switch(void **state)
{
    (void) state;
    House house = open_house();
    nj_on_notice(house.client->bus, on_notice, &house);
    house.log = nj_textlog_new(house.client);

    NjChat *frog = open_chat(&house, "frog@pond.example");
    say(&house, frog, NULL, "before", true);
    set_option(&house, house.logs);
    say(&house, frog, NULL, "during", true);
    set_option(&house, "");
    say(&house, frog, NULL, "between", true);
    set_option(&house, house.logs);
    say(&house, frog, NULL, "again", true);
    finish(&house);

    expect_file(&house, "frog@pond.example.log",
                "2026-11-20 12:00:02+0000 <toad> during\n2026-11-20 12:00:04+0000 <toad> again\n");
    close_house(&house);
}

/* A link, or something that is no file, in the place of a log: somebody wants us to write
 * elsewhere. */
static void
test_traps(void **state)
{
    (void) state;
    House house = open_house();
    g_autofree char *folder = path_of(&house, ""), *link = path_of(&house, "link@pond.example.log"),
                    *fifo = path_of(&house, "fifo@pond.example.log");
    g_autofree char *victim = g_build_filename(house.dir, "victim", NULL), *text = NULL;
    assert_int_equal(g_mkdir_with_parents(folder, 0755), 0);
    assert_true(g_file_set_contents(victim, "mine\n", -1, NULL));
    assert_int_equal(symlink(victim, link), 0);
    assert_int_equal(mkfifo(fifo, 0600), 0);

    start(&house);
    say(&house, open_chat(&house, "link@pond.example"), NULL, "followed", true);
    wait_for(&house, "it is a link");
    say(&house, open_chat(&house, "fifo@pond.example"), NULL, "blocked", true);
    say(&house, open_chat(&house, "frog@pond.example"), NULL, "fine", true);
    finish(&house);

    /* and the folder was closed to others */
    expect_file(&house, "frog@pond.example.log", "2026-11-20 12:00:03+0000 <toad> fine\n");
    assert_true(g_file_get_contents(victim, &text, NULL, NULL));
    assert_string_equal(text, "mine\n");
    assert_null(strstr(house.told->str, "fifo@")); /* it is told once */

    g_autofree char *other = g_build_filename(house.dir, "elsewhere", NULL);
    assert_int_equal(symlink(house.logs, other), 0);
    nj_bus_forget(house.client->bus, &house);
    g_free(house.logs);
    house.logs = g_strdup(other);
    g_string_truncate(house.told, 0);
    start(&house);

    /* at once, not with the first message */
    wait_for(&house, "no directory of its own");
    close_house(&house);
}

/* A full disk is told once, leaves no half line, and what is missing is counted. */
static void
test_full(void **state)
{
    (void) state;
    House house = open_house();
    struct rlimit before, small;
    start(&house);

    NjChat *frog = open_chat(&house, "frog@pond.example");
    say(&house, frog, NULL, "fits", true);

    g_autofree char *path = path_of(&house, "frog@pond.example.log");
    for (int i = 0; i < 5000 && !g_file_test(path, G_FILE_TEST_EXISTS); i++)
        g_usleep(1000);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 60;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    say(&house, frog, NULL, "this does not", true);

    wait_for(&house, "The history has what is missing there");
    say(&house, frog, NULL, "nor does this", true);
    g_usleep(50 * 1000);
    while (g_main_context_iteration(NULL, FALSE))
        continue;

    assert_null(strstr(strstr(house.told->str, "can not be written") + 1, "can not be written"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    say(&house, frog, NULL, "now it does", true);
    wait_for(&house, "written again; 2 messages are missing");
    finish(&house);
    expect_file(
        &house, "frog@pond.example.log",
        "2026-11-20 12:00:01+0000 <toad> fits\n2026-11-20 12:00:04+0000 <toad> now it does\n");
    close_house(&house);
}

/* What waits is bounded: what does not fit is left out and told. */
static void
test_bound(void **state)
{
    (void) state;
    House house = open_house();
    start(&house);

    NjChat *frog = open_chat(&house, "frog@pond.example");
    g_autofree char *large = g_strnfill(9 * 1024 * 1024, 'x');
    say(&house, frog, NULL, large, true);
    wait_for(&house, "does not keep up");
    say(&house, frog, NULL, "small", true);
    wait_for(&house, "written again; 1 message is missing");
    finish(&house);
    expect_file(&house, "frog@pond.example.log", "2026-11-20 12:00:02+0000 <toad> small\n");
    close_house(&house);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),  cmocka_unit_test(test_names), cmocka_unit_test(test_unkept),
        cmocka_unit_test(test_switch), cmocka_unit_test(test_traps), cmocka_unit_test(test_full),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests_name("model textlog", tests, NULL, NULL);
}
