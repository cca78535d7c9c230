/* ui/theme: theme files, faults in them, terminals with fewer colours, colours of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <glib/gstdio.h>

#include "ui/theme.h"

static NjTheme *
load_text(const char *text, int colors, GPtrArray *faults)
{
    g_autofree char *dir = g_dir_make_tmp("theme-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.theme", NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
    const char *const dirs[] = { "/nonexistent", dir, NULL };
    GError *error = NULL;
    NjTheme *theme = nj_theme_load("a", dirs, colors, faults, &error);
    assert_null(error);
    assert_non_null(theme);
    g_unlink(path);
    g_rmdir(dir);

    return theme;
}

static void
expect_style(const char *text, int colors, NjRole role, int fg, int bg, guint attrs)
{
    NjTheme *theme = load_text(text, colors, NULL);
    NjStyle style = nj_theme_style(theme, role);
    assert_int_equal(style.fg, fg);
    assert_int_equal(style.bg, bg);
    assert_int_equal(style.attrs, attrs);
    nj_theme_free(theme);
}

static void
test_looks_fit_the_colours(void **state)
{
    (void) state;
    const char *nick =
        "# names\nnick = #87af87 on 236 bold | bright-green on black underline | italic\n";
    expect_style(nick, 1 << 24, NJ_ROLE_NICK, NJ_RGB(0x87, 0xaf, 0x87), 236, NJ_ATTR_BOLD);
    expect_style(nick, 256, NJ_ROLE_NICK, 108, 236, NJ_ATTR_BOLD);
    expect_style(nick, 16, NJ_ROLE_NICK, 10, 0, NJ_ATTR_UNDERLINE);
    expect_style(nick, 8, NJ_ROLE_NICK, 2, 0, NJ_ATTR_UNDERLINE | NJ_ATTR_BOLD);
    expect_style(nick, 0, NJ_ROLE_NICK, -1, -1, NJ_ATTR_ITALIC);
    expect_style("dim = 243 | bright-black | dim", 8, NJ_ROLE_DIM, -1, -1, NJ_ATTR_DIM);

    /* A missing look is derived from the one before it. */
    expect_style("own = 180 bold", 16, NJ_ROLE_OWN, -1, -1, NJ_ATTR_BOLD);
    expect_style("own = 3 bold", 16, NJ_ROLE_OWN, 3, -1, NJ_ATTR_BOLD);
    expect_style("own = 180 | yellow bold", 0, NJ_ROLE_OWN, -1, -1, NJ_ATTR_BOLD);
    expect_style("own = 180 | yellow |", 0, NJ_ROLE_OWN, -1, -1, 0);
    expect_style("", 256, NJ_ROLE_STATUS, -1, -1, NJ_ATTR_REVERSE);
}

static void
test_faults_name_file_and_line(void **state)
{
    (void) state;
    GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
    NjTheme *theme = load_text("frog = 1\nnick = mauve\nown = 1 | 99\ntime = 1 | 1 | 1\ntext "
                               "3\nlight = maybe\nday = 1|1|bold|1\ndim = 300\nerror = 5\n",
                               256, faults);
    assert_int_equal(faults->len, 8);
    assert_string_equal(g_ptr_array_index(faults, 1),
                        "a.theme, line 2: “mauve” is neither a colour nor an attribute.");
    assert_int_equal(nj_theme_style(theme, NJ_ROLE_ERROR).fg, 5); /* the other lines are used */

    nj_theme_free(theme);
    g_ptr_array_free(faults, TRUE);

    const char *const dirs[] = { "/nonexistent", NULL };
    const char *const bad[] = { "none", "../etc/passwd", "", "." };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        GError *error = NULL;
        assert_null(nj_theme_load(bad[i], dirs, 256, NULL, &error));
        assert_non_null(error);
        g_error_free(error);
    }
}

/* The shipped themes work before anything is installed; a file takes precedence. */
static void
test_shipped_themes_need_no_files(void **state)
{
    (void) state;
    const char *const nowhere[] = { "/nonexistent", NULL };
    g_autofree char *dir = g_build_filename(g_getenv("top_srcdir"), "themes", NULL);
    const char *const shipped[] = { dir, NULL };
    g_auto(GStrv) names = nj_theme_names(nowhere);
    g_autofree char *joined = g_strjoinv(" ", names);

    assert_string_equal(joined, "mono pond reed");
    for (guint i = 0; names[i]; i++) {
        NjTheme *built_in = nj_theme_load(names[i], nowhere, 256, NULL, NULL),
                *file = nj_theme_load(names[i], shipped, 256, NULL, NULL);
        assert_non_null(built_in);
        for (int role = 0; role < NJ_ROLE_COUNT; role++) {
            NjStyle one = nj_theme_style(built_in, (NjRole) role),
                    other = nj_theme_style(file, (NjRole) role);
            assert_true(one.fg == other.fg && one.bg == other.bg && one.attrs == other.attrs);
        }
        nj_theme_free(built_in);
        nj_theme_free(file);
    }

    g_autofree char *own = g_dir_make_tmp("theme-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(own, "pond.theme", NULL);
    assert_true(g_file_set_contents(path, "nick = 7\n", -1, NULL));

    const char *const dirs[] = { own, NULL };
    NjTheme *theme = nj_theme_load("pond", dirs, 256, NULL, NULL);
    assert_int_equal(nj_theme_style(theme, NJ_ROLE_NICK).fg, 7);
    nj_theme_free(theme);
    g_unlink(path);
    g_rmdir(own);
}

/* The shipped themes have no faults and name each role that the plain look names. */
static void
test_shipped_themes_have_no_faults(void **state)
{
    (void) state;
    g_autofree char *dir = g_build_filename(g_getenv("top_srcdir"), "themes", NULL);
    const char *const dirs[] = { dir, NULL };
    g_auto(GStrv) names = nj_theme_names(dirs);
    g_autofree char *joined = g_strjoinv(" ", names);
    assert_string_equal(joined, "mono pond reed");

    static const int depths[] = { 0, 8, 16, 256, 1 << 24 };
    for (guint i = 0; names[i]; i++)
        for (guint d = 0; d < G_N_ELEMENTS(depths); d++) {
            GPtrArray *faults = g_ptr_array_new_with_free_func(g_free);
            NjTheme *theme = nj_theme_load(names[i], dirs, depths[d], faults, NULL);
            assert_non_null(theme);
            assert_int_equal(faults->len, 0);
            NjStyle toad = nj_theme_name_style(theme, "toad");
            if (strcmp(names[i], "mono") == 0 || depths[d] == 0)
                assert_int_equal(toad.fg, -1);
            else
                assert_true(toad.fg >= 0 && toad.fg < depths[d]);
            NjStyle status = nj_theme_style(theme, NJ_ROLE_STATUS),
                    text = nj_theme_style(theme, NJ_ROLE_TEXT);
            assert_true(memcmp(&status, &text, sizeof text) != 0);
            g_ptr_array_free(faults, TRUE);
            nj_theme_free(theme);
        }
}

static void
test_names_have_stable_colours(void **state)
{
    (void) state;
    NjTheme *theme = load_text("nick = 108 bold", 256, NULL);

    /* Test vectors of XEP-0392: Romeo 327.25 degrees, juliet@capulet.lit 209.41 degrees. */
    assert_int_equal(nj_theme_name_style(theme, "Romeo").fg, 212);
    assert_int_equal(nj_theme_name_style(theme, "juliet@capulet.lit").fg, 45);
    assert_int_equal(nj_theme_name_style(theme, "Romeo").attrs, NJ_ATTR_BOLD);

    for (int i = 0; i < 10000; i++) {
        g_autofree char *name = g_strdup_printf("toad%d", i);
        int fg = nj_theme_name_style(theme, name).fg;
        assert_true(fg >= 16 && fg < 232);
    }

    nj_theme_free(theme);
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_looks_fit_the_colours),
        cmocka_unit_test(test_faults_name_file_and_line),
        cmocka_unit_test(test_shipped_themes_need_no_files),
        cmocka_unit_test(test_shipped_themes_have_no_faults),
        cmocka_unit_test(test_names_have_stable_colours),
    };
    return cmocka_run_group_tests_name("ui/theme", tests, NULL, NULL);
}
