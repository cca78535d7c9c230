/* base/log: levels, the form of a line, rotation, and that writing never blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

static char *folder, *path;

static int
open_log(void **state)
{
    (void) state;
    g_autofree char *top = g_dir_make_tmp("natterjack-XXXXXX", NULL);
    folder = g_build_filename(top, "state", NULL); /* does not exist at the first start */
    path = g_build_filename(folder, "log", NULL);
    nj_clock_freeze(G_GINT64_CONSTANT(1767323045678));
    nj_log_set_level(NJ_LOG_INFO);
    return nj_log_open(path, NULL) ? 0 : 1;
}

static int
remove_log(void **state)
{
    (void) state;
    nj_log_close();
    nj_clock_freeze(0);
    unlink(path);

    for (int i = 1; i < 6; i++) {
        g_autofree char *old = g_strdup_printf("%s.%d", path, i);
        unlink(old);
    }

    rmdir(folder);
    g_autofree char *top = g_path_get_dirname(folder);
    rmdir(top);
    g_free(path);
    g_free(folder);

    return 0;
}

static char *
content(const char *suffix)
{
    g_autofree char *name = g_strconcat(path, suffix, NULL);
    char *text = NULL;
    g_file_get_contents(name, &text, NULL, NULL);
    return text;
}

static void
test_lines_are_stamped_and_sanitised(void **state)
{
    (void) state;
    g_message("one");
    g_info("two");
    g_debug("three");
    g_warning("four\n\x1B[31m\u202Efive");
    g_log("GLib-Net", G_LOG_LEVEL_CRITICAL, "six");

    g_autofree char *text = content("");
    assert_string_equal(text, "2026-01-02T03:04:05.678Z info one\n"
                              "2026-01-02T03:04:05.678Z info two\n"
                              "2026-01-02T03:04:05.678Z warning four [31mfive\n"
                              "2026-01-02T03:04:05.678Z error GLib-Net: six\n");

    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
}

static void
test_level_drops_less_important_lines(void **state)
{
    (void) state;
    nj_log_set_level(NJ_LOG_DEBUG);
    assert_true(nj_log_wants(NJ_LOG_DEBUG));
    g_debug("seen");
    nj_log_set_level(NJ_LOG_ERROR);
    assert_false(nj_log_wants(NJ_LOG_WARNING));
    g_warning("unseen");

    g_autofree char *text = content("");
    assert_non_null(strstr(text, "debug seen\n"));
    assert_null(strstr(text, "unseen"));
}

static void
test_rotation_bounds_the_files(void **state)
{
    (void) state;
    enum { LINE = 1000, LINES = 5500 }; /* more than fit into five files */

    g_autofree char *filler = g_strnfill(LINE, 'x');
    for (int i = 0; i < LINES; i++)
        g_message("%s %d", filler, i);

    struct stat info;
    gsize total = 0;
    static const char *const kept[] = { "", ".1", ".2", ".3" };
    for (gsize i = 0; i < G_N_ELEMENTS(kept); i++) {
        g_autofree char *name = g_strconcat(path, kept[i], NULL);
        assert_int_equal(stat(name, &info), 0);
        assert_int_equal(info.st_mode & 07777, 0600);
        assert_true(info.st_size <= 1024 * 1024);
        total += (gsize) info.st_size;
    }

    assert_true(total > 3 * 1000 * 1000);
    g_autofree char *beyond = g_strconcat(path, ".4", NULL), *text = content("");
    assert_int_not_equal(access(beyond, F_OK), 0);
    assert_true(g_str_has_suffix(text, " 5499\n"));

    /* The size of an old log counts, and its mode becomes 0600. */
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(nj_log_open(path, NULL));
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);

    const off_t before = info.st_size;
    for (off_t room = 1024 * 1024 - before; room > 0; room -= LINE)
        g_message("%s", filler);
    assert_int_equal(stat(path, &info), 0);
    assert_true(info.st_size < before);
}

static gpointer
chatter(gpointer word)
{
    g_autofree char *filler = g_strnfill(2000, *(const char *) word);
    for (int i = 0; i < 500; i++)
        g_message("%s %s", filler, (const char *) word);
    return NULL;
}

static void
test_threads_write_whole_lines(void **state)
{
    (void) state;
    GThread *one = g_thread_new("one", chatter, (gpointer) "frog");
    GThread *two = g_thread_new("two", chatter, (gpointer) "toad");
    g_thread_join(one);
    g_thread_join(two);

    guint count = 0;
    static const char *const files[] = { "", ".1", ".2" }; /* the log was rotated meanwhile */
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *text = content(files[i]);
        g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);
        for (char **line = lines; *line && **line; line++, count++)
            assert_true(
                strlen(*line) == strlen("2026-01-02T03:04:05.678Z info  frog") + 2000
                && (g_str_has_suffix(*line, "f frog") || g_str_has_suffix(*line, "t toad")));
    }

    assert_int_equal(count, 1000);
}

/* If the log cannot be opened, lines are dropped. */
static void
test_unusable_path_drops_lines(void **state)
{
    (void) state;
    g_autoptr(GError) error = NULL;
    g_autofree char *nowhere = g_strconcat(path, "/log", NULL); /* a path below a regular file */
    assert_false(nj_log_open(nowhere, &error));
    assert_non_null(strstr(error->message, nowhere));
    g_message("lost");
    assert_false(nj_log_open(folder, NULL));
    if (access("/dev/full", W_OK) == 0)
        assert_false(nj_log_open("/dev/full", NULL)); /* must be a regular file */

    g_message("lost too");
}

/* If nothing reads standard error, lines are dropped and writing does not block. */
static void
test_full_standard_error_drops_lines(void **state)
{
    (void) state;
    int ends[2];
    const int saved = dup(STDERR_FILENO);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);

    g_autofree char *filler = g_strnfill(3000, 'x');
    dup2(ends[1], STDERR_FILENO);

    const bool opened = nj_log_open(NULL, NULL);
    for (int i = 0; i < 200; i++)
        g_message("%s", filler);
    nj_log_close();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[1]);

    assert_true(opened);
    g_autoptr(GString) got = g_string_new(NULL);
    char chunk[4096];
    for (ssize_t length; (length = read(ends[0], chunk, sizeof chunk)) > 0;)
        g_string_append_len(got, chunk, length);

    close(ends[0]);
    assert_true(g_str_has_prefix(got->str, "2026-01-02T03:04:05.678Z info xxx"));
    assert_true(got->len < 200 * 3000);
    assert_int_equal(got->str[got->len - 1], '\n'); /* no incomplete line */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines_are_stamped_and_sanitised, open_log, remove_log),
        cmocka_unit_test_setup_teardown(test_level_drops_less_important_lines, open_log,
                                        remove_log),
        cmocka_unit_test_setup_teardown(test_rotation_bounds_the_files, open_log, remove_log),
        cmocka_unit_test_setup_teardown(test_threads_write_whole_lines, open_log, remove_log),
        cmocka_unit_test_setup_teardown(test_unusable_path_drops_lines, open_log, remove_log),
        cmocka_unit_test_setup_teardown(test_full_standard_error_drops_lines, open_log, remove_log),
    };
    return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
