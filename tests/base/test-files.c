/* base/files: the paths, refusing directories of others, and replacing files atomically. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <glib/gstdio.h>
#include <string.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

typedef struct {
    char *home;
} Place;

static int
make_place(void **state)
{
    Place *place = g_new0(Place, 1);
    place->home = g_dir_make_tmp("natterjack-XXXXXX", NULL);
    assert_non_null(place->home);
    *state = place;
    return 0;
}

static void
remove_tree(const char *path)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    if (dir)
        g_dir_close(dir);
    remove(path);
}

static int
leave_place(void **state)
{
    Place *place = *state;
    remove_tree(place->home);
    g_free(place->home);
    g_free(place);
    return 0;
}

static char *
at(void **state, const char *name)
{
    return g_build_filename(((Place *) *state)->home, name, NULL);
}

static unsigned
mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

static void
expect_content(const char *path, const char *expected)
{
    g_autofree char *text = NULL;
    gsize length;
    assert_true(nj_files_read(path, 1000, &text, &length, NULL));
    assert_int_equal(length, strlen(expected));
    assert_string_equal(text, expected);
}

static void
expect_paths(const char *data, const char *const expected[4])
{
    NjPaths *paths = nj_paths_new(data);
    assert_string_equal(paths->config, expected[0]);
    assert_string_equal(paths->data, expected[1]);
    assert_string_equal(paths->state, expected[2]);
    assert_string_equal(paths->run, expected[3]);
    nj_paths_free(paths);
}

static void
test_paths_follow_xdg_and_data(void **state)
{
    (void) state;
    g_autofree char *home = g_strdup(g_getenv("HOME"));
    g_setenv("HOME", "/h", TRUE);
    g_unsetenv("XDG_CONFIG_HOME");
    g_setenv("XDG_DATA_HOME", "relative",
             TRUE); /* ignored: the specification requires an absolute path */
    g_unsetenv("XDG_STATE_HOME");
    expect_paths(NULL, (const char *const[]){ "/h/.config/natterjack", "/h/.local/share/natterjack",
                                              "/h/.local/state/natterjack",
                                              "/h/.local/state/natterjack/run" });

    expect_paths(
        "/d", (const char *const[]){ "/h/.config/natterjack", "/d", "/d/state", "/d/state/run" });
    expect_paths("~/d/../e", (const char *const[]){ "/h/.config/natterjack", "/h/e", "/h/e/state",
                                                    "/h/e/state/run" });
    g_setenv("XDG_CONFIG_HOME", "/c", TRUE);
    g_setenv("XDG_DATA_HOME", "/x", TRUE);
    g_setenv("XDG_STATE_HOME", "/s", TRUE);
    expect_paths(NULL, (const char *const[]){ "/c/natterjack", "/x/natterjack", "/s/natterjack",
                                              "/s/natterjack/run" });

    expect_paths(
        "/d", (const char *const[]){ "/c/natterjack", "/d", "/s/natterjack", "/s/natterjack/run" });

    g_autofree char *a = nj_files_expand("~"), *b = nj_files_expand("~/x"),
                    *c = nj_files_expand("~x/~"), *d = nj_files_expand("");
    assert_string_equal(a, "/h");
    assert_string_equal(b, "/h/x");
    assert_string_equal(c, "~x/~");
    assert_string_equal(d, "");
    if (home)
        g_setenv("HOME", home, TRUE);
}

static void
test_ensure_dir_creates_and_refuses_links(void **state)
{
    g_autofree char *deep = at(state, "a/b/c"), *parent = at(state, "a/b"),
                    *link = at(state, "link"), *slash = at(state, "link/"),
                    *file = at(state, "file"), *below = at(state, "file/x"),
                    *through = at(state, "link/d");
    g_autoptr(GError) error = NULL;

    assert_true(nj_files_ensure_dir(deep, NULL));
    assert_true(nj_files_ensure_dir(deep, NULL));
    assert_int_equal(mode_of(deep), 0700);
    assert_int_equal(mode_of(parent), 0700);

    assert_int_equal(symlink("a", link), 0);
    assert_false(nj_files_ensure_dir(link, &error));
    assert_non_null(strstr(error->message, link));
    assert_false(nj_files_ensure_dir(slash, NULL));
    assert_true(nj_files_ensure_dir(through, NULL)); /* only the last part must not be a link */
    assert_true(nj_files_replace(file, "x", 1, NULL));
    assert_false(nj_files_ensure_dir(file, NULL));
    assert_false(nj_files_ensure_dir(below, NULL));

    if (geteuid() != 0)
        assert_false(nj_files_ensure_dir("/", NULL));
    else {
        g_autofree char *foreign = at(state, "foreign");
        assert_int_equal(g_mkdir(foreign, 0700), 0);
        assert_int_equal(chown(foreign, 12345, 12345), 0);
        assert_false(nj_files_ensure_dir(foreign, NULL));
    }
}

static void
test_replace_is_atomic_and_keeps_the_mode(void **state)
{
    g_autofree char *file = at(state, "file"), *link = at(state, "link"),
                    *second = at(state, "sub/second"), *sub = at(state, "sub"),
                    *circle = at(state, "circle"), *dangling = at(state, "dangling"),
                    *born = at(state, "born");
    struct stat before, after;

    assert_true(nj_files_replace(file, "one", 3, NULL));
    assert_int_equal(mode_of(file), 0600);
    expect_content(file, "one");

    assert_int_equal(chmod(file, 0644), 0);
    assert_int_equal(stat(file, &before), 0);
    assert_true(nj_files_replace(file, "two\n", 4, NULL));
    assert_int_equal(stat(file, &after), 0);
    assert_int_equal(after.st_mode & 07777, 0644);
    assert_true(before.st_ino
                != after.st_ino); /* a process that reads the old file still has all of it */
    expect_content(file, "two\n");

    /* Follows two links, one of them relative to its own directory. */
    assert_int_equal(g_mkdir(sub, 0700), 0);
    assert_int_equal(symlink("../file", second), 0);
    assert_int_equal(symlink("sub/second", link), 0);
    assert_true(nj_files_replace(link, "", 0, NULL));
    expect_content(file, "");
    assert_true(g_file_test(link, G_FILE_TEST_IS_SYMLINK));
    assert_true(g_file_test(second, G_FILE_TEST_IS_SYMLINK));
    assert_int_equal(symlink("born", dangling), 0);

    assert_true(nj_files_replace(dangling, "b", 1, NULL));
    expect_content(born, "b");

    g_autoptr(GError) error = NULL;
    assert_int_equal(symlink("circle", circle), 0);
    assert_false(nj_files_replace(circle, "x", 1, &error));
    assert_non_null(strstr(error->message, circle));
    assert_false(nj_files_replace(sub, "x", 1, NULL));

    g_autofree char *nowhere = at(state, "no/where");
    assert_false(nj_files_replace(nowhere, "x", 1, NULL));

    /* If the disk is full, the old file stays. */
    struct rlimit limit, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = limit;
    small.rlim_cur = 100;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);

    g_autofree char *large = g_strnfill(1000, 'x');
    const bool replaced = nj_files_replace(born, large, 1000, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_false(replaced);
    expect_content(born, "b");

    /* No temporary file is left. */
    int count = 0;
    GDir *dir = g_dir_open(((Place *) *state)->home, 0, NULL);
    while (g_dir_read_name(dir))
        count++;

    g_dir_close(dir);
    assert_int_equal(count, 6);
}

static void
test_read_takes_only_regular_files(void **state)
{
    g_autofree char *file = at(state, "file"), *fifo = at(state, "fifo"),
                    *nothing = at(state, "nothing"), *text = NULL;
    g_autoptr(GError) missing = NULL, large = NULL;
    gsize length;
    static const char content[] = "a\0b\n";

    assert_true(nj_files_replace(file, content, 4, NULL));
    assert_true(nj_files_read(file, 4, &text, &length, NULL));
    assert_int_equal(length, 4);
    assert_memory_equal(text, content, 5);
    assert_false(nj_files_read(file, 3, &text, &length, &large));
    assert_non_null(strstr(large->message, file));
    assert_false(nj_files_read(nothing, 10, &text, &length, &missing));
    assert_true(g_error_matches(missing, G_FILE_ERROR, G_FILE_ERROR_NOENT));
    assert_int_equal(mkfifo(fifo, 0600), 0);

    /* A FIFO is refused without waiting for a writer. */
    assert_false(nj_files_read(fifo, 10, &text, &length, NULL));
    assert_false(nj_files_read(((Place *) *state)->home, 10, &text, &length, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_follow_xdg_and_data),
        cmocka_unit_test_setup_teardown(test_ensure_dir_creates_and_refuses_links, make_place,
                                        leave_place),
        cmocka_unit_test_setup_teardown(test_replace_is_atomic_and_keeps_the_mode, make_place,
                                        leave_place),
        cmocka_unit_test_setup_teardown(test_read_takes_only_regular_files, make_place,
                                        leave_place),
    };
    return cmocka_run_group_tests_name("base/files", tests, NULL, NULL);
}
