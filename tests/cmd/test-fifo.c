/* cmd/fifo: writers come and go, lines stay whole, answers reach who asked, and nobody else's file
 * is touched. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/fifo.h"
#include "cmd/feed.h"

typedef struct {
    NjFifo *fifo;
    CmdFixture base; /* not the first: it listens for itself */
    char *path;
    int failures;
    char *last; /* sentence of the last failure */
} FifoFixture;

static void
on_failure(NjCommandFailure *failure, void *owner)
{
    FifoFixture *fixture = owner;
    fixture->failures++;
    g_free(fixture->last);
    fixture->last = g_strdup(failure->text);
}

static int
open_fixture(void **state)
{
    static FifoFixture fixture;
    static const char *const accounts[] = { "home=toad@pond.example", NULL };

    memset(&fixture, 0, sizeof fixture);
    signal(SIGPIPE, SIG_IGN);
    cmd_fixture_open(&fixture.base, accounts);
    nj_on_command_failed(fixture.base.client->bus, on_failure, &fixture);
    fixture.path = g_build_filename(fixture.base.dir, "run", "fifo", NULL);

    g_autoptr(GError) error = NULL;
    fixture.fifo = nj_fifo_new(fixture.base.cmd, fixture.path, &error);
    if (!fixture.fifo)
        fail_msg("%s", error->message);

    *state = &fixture;
    return 0;
}

static int
close_fixture(void **state)
{
    FifoFixture *fixture = *state;
    nj_fifo_free(fixture->fifo);
    assert_int_equal(open(fixture->path, O_WRONLY | O_NONBLOCK), -1); /* nobody reads */
    nj_bus_forget(fixture->base.client->bus, fixture);
    cmd_fixture_close(&fixture->base);
    g_free(fixture->path);
    g_free(fixture->last);
    return 0;
}

static int
open_writer(const char *path)
{
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    return fd;
}

static void
put(int fd, const char *text)
{
    gsize length = strlen(text);
    while (length) {
        ssize_t done = write(fd, text, length);
        if (done < 0) {
            g_main_context_iteration(NULL, FALSE);
            continue;
        }
        text += done;
        length -= done;
    }
}

static NjShow
show_of(FifoFixture *fixture)
{
    return cmd_fixture_account(&fixture->base, "home")->show;
}

static void
test_modes(void **state)
{
    FifoFixture *fixture = *state;
    struct stat info;
    assert_int_equal(lstat(fixture->path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0600);
    g_autofree char *directory = g_path_get_dirname(fixture->path);
    assert_int_equal(stat(directory, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void
test_writers(void **state)
{
    FifoFixture *fixture = *state;
    for (int i = 0; i < 20; i++) {
        int fd = open_writer(fixture->path);
        put(fd, i % 2 ? "/status away\n" : "/status dnd\n");
        close(fd);
        wait_until(show_of(fixture) == (i % 2 ? NJ_SHOW_AWAY : NJ_SHOW_DND));
    }

    int one = open_writer(fixture->path), other = open_writer(fixture->path);
    put(one, "/status chat\n\n");
    wait_until(show_of(fixture) == NJ_SHOW_CHAT);
    close(one);
    put(other, "/stat");
    g_main_context_iteration(NULL, FALSE);
    put(other, "us xa\n/status dnd\n");
    wait_until(show_of(fixture) == NJ_SHOW_DND);
    close(other);

    assert_int_equal(fixture->failures, 0);
}

static void
test_unfinished(void **state)
{
    FifoFixture *fixture = *state;
    int fd = open_writer(fixture->path);

    put(fd, "/status away");
    close(fd);
    wait_until(fixture->failures == 1);
    assert_non_null(strstr(fixture->last, "without a newline"));
    fd = open_writer(fixture->path);
    put(fd, "/status dnd\n");
    wait_until(show_of(fixture) == NJ_SHOW_DND);
    close(fd);
    assert_int_equal(fixture->failures, 1);
}

static void
test_bad_lines(void **state)
{
    FifoFixture *fixture = *state;
    int fd = open_writer(fixture->path);
    g_autofree char *most = g_strnfill(NJ_MAX_FEED, 'x');

    put(fd, "/status away ");
    put(fd, most);
    put(fd, "\n/status dnd\n");
    wait_until(show_of(fixture) == NJ_SHOW_DND);
    assert_int_equal(fixture->failures, 1);
    assert_non_null(strstr(fixture->last, "64 KiB"));

    put(fd, "not a command\n");
    wait_until(fixture->failures == 2);
    put(fd, "/status \xff\n");
    wait_until(fixture->failures == 3);
    assert_int_equal(write(fd, "/status\0away\n", 13), 13);
    wait_until(fixture->failures == 4);
    put(fd, "@relative /status away\n");
    wait_until(fixture->failures == 5);
    put(fd, "/nonsense\n");

    wait_until(fixture->failures == 6);
    put(fd, "/status online\n");
    wait_until(show_of(fixture) == NJ_SHOW_ONLINE);
    close(fd);
}

static void
test_a_lot(void **state)
{
    FifoFixture *fixture = *state;
    int fd = open_writer(fixture->path);

    for (int i = 0; i < 3000; i++) {
        g_autofree char *line = g_strdup_printf("/status away line number %d\n", i);
        put(fd, line);
    }

    wait_until(g_strcmp0(cmd_fixture_account(&fixture->base, "home")->status, "line number 2999")
               == 0);
    assert_int_equal(fixture->failures, 0);
    close(fd);
}

static char *
read_answer(int fd)
{
    GString *text = g_string_new(NULL);
    char bytes[4096];
    gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;

    while (!strchr(text->str, '\n') && g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got > 0)
            g_string_append_len(text, bytes, got);
    }

    return g_string_free(text, FALSE);
}

static void
test_answers(void **state)
{
    FifoFixture *fixture = *state;
    g_autofree char *path = g_build_filename(fixture->base.dir, "my answer", NULL);
    g_autofree char *line =
        g_strdup_printf("@\"%s\" /status\n@\"%s\" /nonsense\n@\"%s\" /help\n", path, path, path);

    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open_writer(fixture->path);

    /* nobody reads: nothing hangs, nothing fails but what must */
    put(fd, line);
    put(fd, "/status xa\n"); /* and all of it is done before somebody does */
    wait_until(fixture->failures == 1 && show_of(fixture) == NJ_SHOW_XA);

    int from = open(path, O_RDONLY | O_NONBLOCK);
    put(fd, line);

    g_autofree char *answers = read_answer(from);
    wait_until(fixture->failures == 2);
    while (!strstr(answers, "unknown-command")) {
        char *more = read_answer(from), *both = g_strconcat(answers, more, NULL);
        g_free(more);
        g_free(answers);
        answers = both;
    }

    assert_true(g_str_has_prefix(answers, "{\"ok\": true, \"result\": {\"account\": \"home\""));
    assert_non_null(
        strstr(answers, "}\n{\"ok\": false, \"error\": {\"code\": \"unknown-command\""));
    close(from);
    close(fd);

    /* What is no FIFO of ours is never written to. */
    g_autofree char *plain = g_build_filename(fixture->base.dir, "plain", NULL);
    g_autofree char *link = g_build_filename(fixture->base.dir, "link", NULL);
    assert_true(g_file_set_contents(plain, "", 0, NULL));
    assert_int_equal(symlink(path, link), 0);
    from = open(path, O_RDONLY | O_NONBLOCK);

    g_autofree char *bad = g_strdup_printf("@%s /status\n@%s /status\n/status dnd\n", plain, link);
    fd = open_writer(fixture->path);
    put(fd, bad);
    wait_until(show_of(fixture) == NJ_SHOW_DND);

    struct stat info;
    assert_int_equal(stat(plain, &info), 0);
    assert_int_equal(info.st_size, 0);

    char byte;
    assert_true(read(from, &byte, 1) <= 0);
    close(from);
    close(fd);
}

static void
test_big_answer_to_a_slow_reader(void **state)
{
    FifoFixture *fixture = *state;
    NjRoster *roster = cmd_fixture_account(&fixture->base, "home")->roster;

    for (int i = 0; i < 2000; i++) {
        g_autofree char *address = g_strdup_printf("frog%d@pond.example", i);
        nj_roster_put(roster, address, "A frog with a long name", NJ_SUB_BOTH, false, false, NULL);
    }

    g_autofree char *path = g_build_filename(fixture->base.dir, "answer", NULL);
    assert_int_equal(mkfifo(path, 0600), 0);

    int from = open(path, O_RDONLY | O_NONBLOCK), fd = open_writer(fixture->path);
    g_autofree char *line = g_strdup_printf("@%s /roster\n/status dnd\n", path);
    put(fd, line);
    wait_until(show_of(fixture) == NJ_SHOW_DND);

    g_autofree char *answer = read_answer(from);
    assert_true(strlen(answer) > 100000);

    g_autoptr(NjRecord) record = nj_json_read(answer, -1, NULL);
    assert_non_null(record);
    close(from);
    close(fd);
}

static void
test_made_again(void **state)
{
    FifoFixture *fixture = *state;
    assert_int_equal(unlink(fixture->path), 0);
    wait_until(g_file_test(fixture->path, G_FILE_TEST_EXISTS));

    int fd = open_writer(fixture->path);
    put(fd, "/status dnd\n");
    wait_until(show_of(fixture) == NJ_SHOW_DND);
    close(fd);

    g_autofree char *directory = g_path_get_dirname(fixture->path);
    assert_int_equal(unlink(fixture->path), 0);
    assert_int_equal(rmdir(directory), 0);
    wait_until(g_file_test(fixture->path, G_FILE_TEST_EXISTS));
    fd = open_writer(fixture->path);
    put(fd, "/status away\n");
    wait_until(show_of(fixture) == NJ_SHOW_AWAY);
    close(fd);
}

static void
expect_refused(FifoFixture *fixture, const char *path, const char *part)
{
    g_autoptr(GError) error = NULL;
    assert_null(nj_fifo_new(fixture->base.cmd, path, &error));
    if (!strstr(error->message, part))
        fail_msg("%s: %s", path, error->message);
}

static void
test_refused_places(void **state)
{
    FifoFixture *fixture = *state;
    g_autofree char *plain = g_build_filename(fixture->base.dir, "run", "plain", NULL);
    expect_refused(fixture, fixture->path, "Another Natterjack");
    g_autofree char *link = g_build_filename(fixture->base.dir, "run", "link", NULL);
    assert_true(g_file_set_contents(plain, "", 0, NULL));
    assert_int_equal(symlink(fixture->path, link), 0);
    expect_refused(fixture, plain, "not a FIFO");
    expect_refused(fixture, link, "link");
}

typedef struct {
    FifoFixture *fixture;
    const char *command;
    char *answer;
    bool running, ok;
    gint ended;
} Question;

static void *
ask(void *data)
{
    Question *question = data;
    question->answer = nj_fifo_ask(question->fixture->path, question->command, 5,
                                   &question->running, &question->ok, NULL);
    g_atomic_int_set(&question->ended, 1);
    return NULL;
}

static Question
ask_running(FifoFixture *fixture, const char *command)
{
    Question question = { .fixture = fixture, .command = command };
    GThread *thread = g_thread_new("ask", ask, &question);
    wait_until(g_atomic_int_get(&question.ended));
    g_thread_join(thread);
    return question;
}

static void
test_asking(void **state)
{
    FifoFixture *fixture = *state;
    Question question = ask_running(fixture, "/status");

    assert_true(question.running && question.ok);
    assert_non_null(strstr(question.answer, "\"account\": \"home\""));
    g_free(question.answer);
    question = ask_running(fixture, "/ping");
    assert_true(question.running && !question.ok);
    assert_non_null(strstr(question.answer, "not-connected"));
    g_free(question.answer);
    question = ask_running(fixture, "/say two\nlines");
    assert_true(question.running && !question.ok);

    assert_null(question.answer);

    bool running = true, ok = true;
    g_autoptr(GError) error = NULL;
    g_autofree char *nowhere = g_build_filename(fixture->base.dir, "nowhere", NULL);
    assert_null(nj_fifo_ask(nowhere, "/status", 1, &running, &ok, &error));
    assert_false(running);
    assert_non_null(error);
    g_clear_error(&error);

    g_autofree char *stale = g_build_filename(fixture->base.dir, "stale", NULL);
    assert_int_equal(mkfifo(stale, 0600), 0);
    running = true;
    assert_null(nj_fifo_ask(stale, "/status", 1, &running, &ok, &error));
    assert_false(running);

    g_autofree char *directory = g_path_get_dirname(fixture->path);
    GDir *open = g_dir_open(directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(open)))
        assert_string_equal(name, "fifo"); /* no answer is left behind */

    g_dir_close(open);
}

#define fixture_test(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_modes),
        fixture_test(test_writers),
        fixture_test(test_unfinished),
        fixture_test(test_bad_lines),
        fixture_test(test_a_lot),
        fixture_test(test_answers),
        fixture_test(test_big_answer_to_a_slow_reader),
        fixture_test(test_made_again),
        fixture_test(test_refused_places),
        fixture_test(test_asking),
    };
    return cmocka_run_group_tests_name("cmd/fifo", tests, NULL, NULL);
}
