/* cmd/subprocess with a terminal: a program that reaches for it gets it, and gives it back; one
 * that does not never sees it. The screen runs in a child on a pseudo-terminal of its own; this
 * side is the person. */
#include "fixture.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cmd/subprocess.h"

typedef struct {
    GMainLoop *loop;
    GString *report;
} Child;

static void
on_done(const char *out, const char *why, void *data)
{
    Child *child = data;
    g_string_append_printf(child->report, "out=%s why=%s ", out ? out : "-", why ? why : "-");
    g_main_loop_quit(child->loop);
}

static void
run_typed_line(const char *line, NjChat *chat, void *owner)
{
    (void) line;
    (void) chat;
    (void) owner;
}

/* In the child: what is reported through the pipe. */
static void
run_screen(const char *command, guint seconds, int report)
{
    g_autofree char *dir = g_dir_make_tmp("natterjack-test-XXXXXX", NULL);
    g_setenv("XDG_CONFIG_HOME", dir, TRUE);
    g_setenv("XDG_STATE_HOME", dir, TRUE);
    g_setenv("TERM", "xterm-256color", TRUE);

    NjClient *client = nj_client_new(nj_paths_new(dir), nj_options_new(NULL));
    const char *dirs[] = { NULL };
    NjScreenHooks hooks = { .run = run_typed_line };
    g_autoptr(GError) error = NULL;
    NjScreen *screen = nj_screen_new(client, dirs, &hooks, &error);
    Child child = { g_main_loop_new(NULL, FALSE), g_string_new(NULL) };

    if (!screen || !nj_screen_open(screen, &error)
        || !nj_subprocess_new(command, screen, seconds, on_done, &child, &error))
        g_string_append(child.report, error->message);
    else
        g_main_loop_run(child.loop);

    struct termios now;
    tcgetattr(STDIN_FILENO, &now);
    g_string_append_printf(child.report, "raw=%d foreground=%d lent=%d", !(now.c_lflag & ICANON),
                           tcgetpgrp(STDIN_FILENO) == getpgrp(),
                           nj_term_is_suspended(nj_screen_term(screen)));
    if (write(report, child.report->str, child.report->len) < 0)
        _exit(2);

    nj_screen_free(screen);
    rmdir(dir);
    _exit(0);
}

#define LENT "\033[?1049l" /* the screen has left */

/* Runs the command there; once the terminal shows `question`, types `answer`. */
static char *
run_with_person(const char *command, guint seconds, const char *question, const char *answer)
{
    int report[2], master;
    struct winsize size = { 24, 80, 0, 0 };

    assert_int_equal(pipe(report), 0);
    pid_t pid = forkpty(&master, NULL, NULL, &size);
    assert_true(pid >= 0);

    if (pid == 0) {
        close(report[0]);
        run_screen(command, seconds, report[1]);
    }

    close(report[1]);
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(report[0], F_SETFL, O_NONBLOCK);

    g_autoptr(GString) shown = g_string_new(NULL);
    GString *told = g_string_new(NULL);
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    bool answered = false;
    ssize_t got = -1;
    while (got != 0 && g_get_monotonic_time() < end) {
        char bytes[4096];
        while ((got = read(master, bytes, sizeof bytes)) > 0)
            g_string_append_len(shown, bytes, got);
        if (question && !answered && strstr(shown->str, question) && strstr(shown->str, LENT)) {
            answered = true;
            /* a person is slower than the next system call */
            g_usleep(50000);
            assert_true(write(master, answer, strlen(answer)) > 0);
        }
        while ((got = read(report[0], bytes, sizeof bytes)) > 0)
            g_string_append_len(told, bytes, got);
        g_usleep(2000);
    }

    close(report[0]);
    close(master);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);

    return g_string_free(told, FALSE);
}

static void
expect(const char *command, guint seconds, const char *question, const char *answer,
       const char *expected)
{
    g_autofree char *told = run_with_person(command, seconds, question, answer);
    if (strcmp(told, expected))
        fail_msg("%s: \"%s\", not \"%s\"", command, told, expected);
}

#define BACK " raw=1 foreground=1 lent=0"

static void
test_leaves_it_alone(void **state)
{
    (void) state;
    expect("echo secret", 5, NULL, NULL, "out=secret why=-" BACK);
}

static void
test_reads_standard_input(void **state)
{
    (void) state;
    expect("printf PIN: >/dev/tty; read -r pin; echo \"$pin\"", 5, "PIN:", "1234\n",
           "out=1234 why=-" BACK);
}

/* As getpass() does: the terminal's modes are changed, from the background that stops too. */
static void
test_hides_what_is_typed(void **state)
{
    (void) state;
    expect("stty -echo </dev/tty; printf PIN: >/dev/tty; read -r pin </dev/tty; stty echo "
           "</dev/tty; echo \"$pin\"",
           5, "PIN:", "12 34\n", "out=12 34 why=-" BACK);
}

static void
test_interrupted(void **state)
{
    (void) state;
    g_autofree char *told =
        run_with_person("printf PIN: >/dev/tty; read -r pin; echo never", 5, "PIN:", "\003");
    assert_true(g_str_has_prefix(told, "out=- why="));
    assert_true(g_str_has_suffix(told, BACK));
    g_free(told);

    /* Ctrl-z: taken for giving up */
    told = run_with_person("printf PIN: >/dev/tty; read -r pin; echo never", 5, "PIN:", "\032");
    assert_true(g_str_has_prefix(told, "out=- why=It was cancelled."));
    assert_true(g_str_has_suffix(told, BACK));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_it_alone),
        cmocka_unit_test(test_reads_standard_input),
        cmocka_unit_test(test_hides_what_is_typed),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests_name("cmd/subprocess", tests, NULL, NULL);
}
