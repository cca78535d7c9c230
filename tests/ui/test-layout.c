/* ui/layout: splitting, closing, resizing and zooming; which pane has the focus. */
#include "fixture.h"

#include "ui/layout.h"
#include "ui/screen.h"

static UiFixture fixture;
static NjScreen *screen;
static NjSurface *surface;
static NjTheme *theme;

static int
set_up(void **state)
{
    (void) state;
    fixture = ui_fixture_new(false);
    static const NjScreenHooks hooks = { NULL };
    screen = nj_screen_new(fixture.client, NULL, &hooks, NULL);
    surface = nj_surface_new(10, 41);
    theme = nj_theme_builtin(256);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    nj_theme_free(theme);
    nj_surface_free(surface);
    nj_screen_free(screen);
    ui_fixture_free(&fixture);
    return 0;
}

static NjPane *
pane_of(const char *address)
{
    NjPane *pane = nj_pane_chat_new(screen, nj_chat_open(fixture.account, NJ_CHAT_PERSON, address));
    return pane;
}

static void
draw(NjLayout *layout)
{
    nj_layout_draw(layout,
                   nj_area(surface, 0, 0, nj_surface_rows(surface), nj_surface_cols(surface)),
                   theme, true);
}

static void
test_split_divides_and_close_joins(void **state)
{
    (void) state;
    NjPane *a = pane_of("a@x"), *b = pane_of("b@x"), *c = pane_of("c@x");
    NjLayout *layout = nj_layout_new(a);
    draw(layout);
    assert_true(nj_layout_split(layout, NJ_SPLIT_BESIDE, b, NULL));
    assert_true(nj_layout_split(layout, NJ_SPLIT_BELOW, c, NULL));
    draw(layout);
    shows(surface, " a@x                │ b@x\n"
                   "                    │\n"
                   "                    │\n"
                   "                    │\n"
                   "                    │\n"
                   "                    │ c@x\n"
                   "                    │\n"
                   "                    │\n"
                   "                    │\n"
                   "                    │");

    assert_ptr_equal(nj_layout_focus(layout), c);
    assert_true(nj_layout_focus_towards(layout, -1, 0));
    assert_ptr_equal(nj_layout_focus(layout), b);
    assert_true(nj_layout_focus_towards(layout, 0, -1));
    assert_ptr_equal(nj_layout_focus(layout), a);
    assert_false(nj_layout_focus_towards(layout, 0, -1));
    nj_layout_focus_next(layout, -1);
    assert_ptr_equal(nj_layout_focus(layout), c);

    assert_true(nj_layout_resize(layout, 1, 4));
    draw(layout);
    assert_true(has(surface, " a@x            │ b@x\n"));
    assert_true(has(surface, "                │ c@x\n                │\n                │\n        "
                             "        │\n                │\n                │\n                │"));
    nj_layout_zoom(layout);
    assert_true(nj_layout_zoomed(layout));
    draw(layout);
    shows(surface, " c@x\n\n\n\n\n\n\n\n\n");

    nj_layout_zoom(layout);

    assert_int_equal(nj_layout_count(layout), 3);
    assert_true(nj_layout_close(layout, a));
    assert_ptr_equal(nj_layout_focus(layout), c);
    assert_true(nj_layout_close(layout, c));
    assert_ptr_equal(nj_layout_focus(layout), b);
    assert_false(nj_layout_close(layout, b));
    draw(layout);
    shows(surface, " b@x\n\n\n\n\n\n\n\n\n");
    nj_layout_free(layout);
}

static void
test_small_pane_is_not_split(void **state)
{
    (void) state;
    NjLayout *layout = nj_layout_new(pane_of("a@x"));
    nj_surface_resize(surface, 4, 70);
    draw(layout);

    g_autoptr(GError) error = NULL;
    assert_false(nj_layout_split(layout, NJ_SPLIT_BELOW, pane_of("b@x"), &error));

    /* A script may split several times before a frame is drawn. */
    int splits = 0;
    while (splits < 20 && nj_layout_split(layout, NJ_SPLIT_BESIDE, pane_of("b@x"), NULL))
        splits++;

    assert_int_equal(splits, 2);
    assert_non_null(error);
    assert_int_equal(nj_layout_count(layout), 3);
    nj_layout_free(layout);
}

/* Drawing does not crash, however small the terminal becomes after the splits. */
static void
test_split_panes_survive_shrinking(void **state)
{
    (void) state;
    NjLayout *layout = nj_layout_new(pane_of("a@x"));
    for (int i = 0; i < 5; i++)
        assert_true(nj_layout_split(layout, i % 2 ? NJ_SPLIT_BELOW : NJ_SPLIT_BESIDE,
                                    pane_of("b@x"), NULL));
    for (int rows = 12; rows > 0; rows--)
        for (int cols = 40; cols > 0; cols -= 3) {
            nj_surface_resize(surface, rows, cols);
            draw(layout);
        }

    nj_layout_free(layout);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_split_divides_and_close_joins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_small_pane_is_not_split, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_split_panes_survive_shrinking, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
