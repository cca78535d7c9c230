/* cmd/fifo: writers come and go, lines stay whole, answers reach who asked, and nobody else's file
 * is touched. */
#include "speaker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/fifo.h"
#include "cmd/feed.h"

typedef struct {
    NjFifo *fifo;
    Speaker speaker; /* not the first: it listens for itself */
    char *path;
    int failures;
    char *last; /* sentence of the last failure */
} House;

static void
on_failure(NjCommandFailure *failure, void *owner)
{
    House *house = owner;
    house->failures++;
    g_free(house->last);
    house->last = g_strdup(failure->text);
}

static int
open_house(void **state)
{
    static House house;
    static const char *const accounts[] = { "home=toad@pond.example", NULL };

    memset(&house, 0, sizeof house);
    signal(SIGPIPE, SIG_IGN);
    speaker_open(&house.speaker, accounts);
    nj_on_command_failed(house.speaker.client->bus, on_failure, &house);
    house.path = g_build_filename(house.speaker.dir, "run", "fifo", NULL);

    g_autoptr(GError) error = NULL;
    house.fifo = nj_fifo_new(house.speaker.cmd, house.path, &error);
    if (!house.fifo)
        fail_msg("%s", error->message);

    *state = &house;
    return 0;
}

static int
close_house(void **state)
{
    House *house = *state;
    nj_fifo_free(house->fifo);
    assert_int_equal(open(house->path, O_WRONLY | O_NONBLOCK), -1); /* nobody reads */
    nj_bus_forget(house->speaker.client->bus, house);
    speaker_close(&house->speaker);
    g_free(house->path);
    g_free(house->last);
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
show_of(House *house)
{
    return speaker_account(&house->speaker, "home")->show;
}

static void
test_modes(void **state)
{
    House *house = *state;
    struct stat info;
    assert_int_equal(lstat(house->path, &info), 0);
    assert_true(S_ISFIFO(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0600);
    g_autofree char *directory = g_path_get_dirname(house->path);
    assert_int_equal(stat(directory, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0700);
}

static void
test_writers(void **state)
{
    House *house = *state;
    for (int i = 0; i < 20; i++) {
        int fd = open_writer(house->path);
        put(fd, i % 2 ? "/status away\n" : "/status dnd\n");
        close(fd);
        wait_until(show_of(house) == (i % 2 ? NJ_SHOW_AWAY : NJ_SHOW_DND));
    }

    int one = open_writer(house->path), other = open_writer(house->path);
    put(one, "/status chat\n\n");
    wait_until(show_of(house) == NJ_SHOW_CHAT);
    close(one);
    put(other, "/stat");
    g_main_context_iteration(NULL, FALSE);
    put(other, "us xa\n/status dnd\n");
    wait_until(show_of(house) == NJ_SHOW_DND);
    close(other);

    assert_int_equal(house->failures, 0);
}

static void
test_unfinished(void **state)
{
    House *house = *state;
    int fd = open_writer(house->path);

    put(fd, "/status away");
    close(fd);
    wait_until(house->failures == 1);
    assert_non_null(strstr(house->last, "without a newline"));
    fd = open_writer(house->path);
    put(fd, "/status dnd\n");
    wait_until(show_of(house) == NJ_SHOW_DND);
    close(fd);
    assert_int_equal(house->failures, 1);
}

static void
test_bad_lines(void **state)
{
    House *house = *state;
    int fd = open_writer(house->path);
    g_autofree char *most = g_strnfill(NJ_MAX_FEED, 'x');

    put(fd, "/status away ");
    put(fd, most);
    put(fd, "\n/status dnd\n");
    wait_until(show_of(house) == NJ_SHOW_DND);
    assert_int_equal(house->failures, 1);
    assert_non_null(strstr(house->last, "64 KiB"));

    put(fd, "not a command\n");
    wait_until(house->failures == 2);
    put(fd, "/status \xff\n");
    wait_until(house->failures == 3);
    assert_int_equal(write(fd, "/status\0away\n", 13), 13);
    wait_until(house->failures == 4);
    put(fd, "@relative /status away\n");
    wait_until(house->failures == 5);
    put(fd, "/nonsense\n");

    wait_until(house->failures == 6);
    put(fd, "/status online\n");
    wait_until(show_of(house) == NJ_SHOW_ONLINE);
    close(fd);
}

static void
test_a_lot(void **state)
{
    House *house = *state;
    int fd = open_writer(house->path);

    for (int i = 0; i < 3000; i++) {
        g_autofree char *line = g_strdup_printf("/status away line number %d\n", i);
        put(fd, line);
    }

    wait_until(g_strcmp0(speaker_account(&house->speaker, "home")->status, "line number 2999")
               == 0);
    assert_int_equal(house->failures, 0);
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
    House *house = *state;
    g_autofree char *path = g_build_filename(house->speaker.dir, "my answer", NULL);
    g_autofree char *line =
        g_strdup_printf("@\"%s\" /status\n@\"%s\" /nonsense\n@\"%s\" /help\n", path, path, path);

    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open_writer(house->path);

    /* nobody reads: nothing hangs, nothing fails but what must */
    put(fd, line);
    put(fd, "/status xa\n"); /* and all of it is done before somebody does */
    wait_until(house->failures == 1 && show_of(house) == NJ_SHOW_XA);

    int from = open(path, O_RDONLY | O_NONBLOCK);
    put(fd, line);

    g_autofree char *answers = read_answer(from);
    wait_until(house->failures == 2);
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
    g_autofree char *plain = g_build_filename(house->speaker.dir, "plain", NULL);
    g_autofree char *link = g_build_filename(house->speaker.dir, "link", NULL);
    assert_true(g_file_set_contents(plain, "", 0, NULL));
    assert_int_equal(symlink(path, link), 0);
    from = open(path, O_RDONLY | O_NONBLOCK);

    g_autofree char *bad = g_strdup_printf("@%s /status\n@%s /status\n/status dnd\n", plain, link);
    fd = open_writer(house->path);
    put(fd, bad);
    wait_until(show_of(house) == NJ_SHOW_DND);

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
    House *house = *state;
    NjRoster *roster = speaker_account(&house->speaker, "home")->roster;

    for (int i = 0; i < 2000; i++) {
        g_autofree char *address = g_strdup_printf("frog%d@pond.example", i);
        nj_roster_put(roster, address, "A frog with a long name", NJ_SUB_BOTH, false, false, NULL);
    }

    g_autofree char *path = g_build_filename(house->speaker.dir, "answer", NULL);
    assert_int_equal(mkfifo(path, 0600), 0);

    int from = open(path, O_RDONLY | O_NONBLOCK), fd = open_writer(house->path);
    g_autofree char *line = g_strdup_printf("@%s /roster\n/status dnd\n", path);
    put(fd, line);
    wait_until(show_of(house) == NJ_SHOW_DND);

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
    House *house = *state;
    assert_int_equal(unlink(house->path), 0);
    wait_until(g_file_test(house->path, G_FILE_TEST_EXISTS));

    int fd = open_writer(house->path);
    put(fd, "/status dnd\n");
    wait_until(show_of(house) == NJ_SHOW_DND);
    close(fd);

    g_autofree char *directory = g_path_get_dirname(house->path);
    assert_int_equal(unlink(house->path), 0);
    assert_int_equal(rmdir(directory), 0);
    wait_until(g_file_test(house->path, G_FILE_TEST_EXISTS));
    fd = open_writer(house->path);
    put(fd, "/status away\n");
    wait_until(show_of(house) == NJ_SHOW_AWAY);
    close(fd);
}

static void
expect_refused(House *house, const char *path, const char *part)
{
    g_autoptr(GError) error = NULL;
    assert_null(nj_fifo_new(house->speaker.cmd, path, &error));
    if (!strstr(error->message, part))
        fail_msg("%s: %s", path, error->message);
}

static void
test_refused_places(void **state)
{
    House *house = *state;
    g_autofree char *plain = g_build_filename(house->speaker.dir, "run", "plain", NULL);
    expect_refused(house, house->path, "Another Natterjack");
    g_autofree char *link = g_build_filename(house->speaker.dir, "run", "link", NULL);
    assert_true(g_file_set_contents(plain, "", 0, NULL));
    assert_int_equal(symlink(house->path, link), 0);
    expect_refused(house, plain, "not a FIFO");
    expect_refused(house, link, "link");
}

typedef struct {
    House *house;
    const char *command;
    char *answer;
    bool running, ok;
    gint ended;
} Question;

static void *
ask(void *data)
{
    Question *question = data;
    question->answer = nj_fifo_ask(question->house->path, question->command, 5, &question->running,
                                   &question->ok, NULL);
    g_atomic_int_set(&question->ended, 1);
    return NULL;
}

static Question
ask_running(House *house, const char *command)
{
    Question question = { .house = house, .command = command };
    GThread *thread = g_thread_new("ask", ask, &question);
    wait_until(g_atomic_int_get(&question.ended));
    g_thread_join(thread);
    return question;
}

static void
test_asking(void **state)
{
    House *house = *state;
    Question question = ask_running(house, "/status");

    assert_true(question.running && question.ok);
    assert_non_null(strstr(question.answer, "\"account\": \"home\""));
    g_free(question.answer);
    question = ask_running(house, "/ping");
    assert_true(question.running && !question.ok);
    assert_non_null(strstr(question.answer, "not-connected"));
    g_free(question.answer);
    question = ask_running(house, "/say two\nlines");
    assert_true(question.running && !question.ok);

    assert_null(question.answer);

    bool running = true, ok = true;
    g_autoptr(GError) error = NULL;
    g_autofree char *nowhere = g_build_filename(house->speaker.dir, "nowhere", NULL);
    assert_null(nj_fifo_ask(nowhere, "/status", 1, &running, &ok, &error));
    assert_false(running);
    assert_non_null(error);
    g_clear_error(&error);

    g_autofree char *stale = g_build_filename(house->speaker.dir, "stale", NULL);
    assert_int_equal(mkfifo(stale, 0600), 0);
    running = true;
    assert_null(nj_fifo_ask(stale, "/status", 1, &running, &ok, &error));
    assert_false(running);

    g_autofree char *directory = g_path_get_dirname(house->path);
    GDir *open = g_dir_open(directory, 0, NULL);
    const char *name;
    while ((name = g_dir_read_name(open)))
        assert_string_equal(name, "fifo"); /* no answer is left behind */

    g_dir_close(open);
}

#define house_test(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        house_test(test_modes),
        house_test(test_writers),
        house_test(test_unfinished),
        house_test(test_bad_lines),
        house_test(test_a_lot),
        house_test(test_answers),
        house_test(test_big_answer_to_a_slow_reader),
        house_test(test_made_again),
        house_test(test_refused_places),
        house_test(test_asking),
    };
    return cmocka_run_group_tests_name("cmd/fifo", tests, NULL, NULL);
}
