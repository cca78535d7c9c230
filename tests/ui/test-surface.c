/* ui/surface: the contents of the cells after drawing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <cmocka.h>

#include "ui/surface.h"

#define FROG "\360\237\220\270"

static const NjStyle plain = { -1, -1, 0 };

static void
expect_text(const NjSurface *surface, const char *wanted)
{
    g_autofree char *text = nj_surface_text(surface);
    assert_string_equal(text, wanted);
}

static void
test_text_is_clipped(void **state)
{
    (void) state;
    NjSurface *surface = nj_surface_new(2, 8);
    NjArea all = nj_area(surface, 0, 0, 2, 8);
    assert_int_equal(nj_area_put(all, 0, 1, plain, "toad", -1), 5);
    assert_int_equal(nj_area_put(all, 1, 6, plain, "frog", -1), 8);
    assert_int_equal(nj_area_put(all, 1, -2, plain, "frog", -1), 2);
    nj_area_put(all, 2, 0, plain, "below", -1);
    nj_area_put(all, -1, 0, plain, "above", -1);
    expect_text(surface, " toad\nog    fr");

    nj_area_put(all, 0, 0, plain, "a\tb\nc", -1);
    expect_text(surface, "a    b\nog    fr");
    nj_surface_free(surface);
}

static void
test_wide_graphemes_are_never_halved(void **state)
{
    (void) state;
    NjSurface *surface = nj_surface_new(1, 6);
    NjArea all = nj_area(surface, 0, 0, 1, 6);
    nj_area_put(all, 0, 0, plain, FROG FROG FROG, -1);
    expect_text(surface, FROG FROG FROG);
    assert_int_equal(nj_surface_cell(surface, 0, 1)->glyph, 0);
    nj_area_put(all, 0, 1, plain, "x", -1); /* overwrites the right half of the first frog */
    expect_text(surface, " x" FROG FROG);
    nj_area_put(all, 0, 2, plain, "y", -1); /* overwrites the left half of the second frog */

    expect_text(surface, " xy " FROG);
    nj_area_put(all, 0, 5, plain, FROG, -1); /* does not fit */
    expect_text(surface, " xy");
    nj_area_put(nj_area(surface, 0, 0, 1, 3), 0, 2, plain, FROG, -1);
    expect_text(surface, " x");
    nj_area_put(all, 0, -1, plain, FROG "z", -1);
    expect_text(surface, " z");
    nj_surface_free(surface);
}

static void
test_parts_are_clipped_to_their_area(void **state)
{
    (void) state;
    NjSurface *surface = nj_surface_new(3, 6);
    NjArea inner = nj_area_part(nj_area(surface, 1, 1, 9, 4), 0, 1, 5, 9);
    assert_int_equal(inner.rows, 2);
    assert_int_equal(inner.cols, 3);
    nj_area_fill(inner, 0, -3, 20, plain, "#");
    nj_area_fill(inner, 1, 1, 1, plain, "─");
    expect_text(surface, "\n  ###\n   ─");
    nj_area_clear(inner, plain);

    expect_text(surface, "\n\n");
    NjArea none = nj_area(surface, 5, 5, -3, 2);
    assert_int_equal(none.rows, 0);
    nj_area_clear(none, plain);
    nj_surface_free(surface);
}

static void
test_styles_and_links_are_interned(void **state)
{
    (void) state;
    NjSurface *surface = nj_surface_new(1, 8);
    NjArea all = nj_area(surface, 0, 0, 1, 8);
    NjStyle red = { 1, -1, NJ_ATTR_BOLD };
    guint16 link = nj_surface_link(surface, "https://pond.example/");
    assert_int_not_equal(link, 0);
    assert_int_equal(nj_surface_link(surface, "https://pond.example/"), link);
    assert_int_equal(nj_surface_link(surface, "https://pond.example/\033\\"), 0);
    nj_area_put_link(all, 0, 0, red, "ab", -1, link);

    nj_area_put(all, 0, 2, plain, "c", -1);
    const NjCell *cell = nj_surface_cell(surface, 0, 1);
    assert_string_equal(nj_surface_uri(surface, cell->link), "https://pond.example/");
    assert_int_equal(nj_surface_style(surface, cell->style).attrs, NJ_ATTR_BOLD);
    assert_int_equal(nj_surface_style(surface, cell->style).fg, 1);
    assert_int_equal(nj_surface_cell(surface, 0, 2)->link, 0);

    for (int i = 0; i < 3000; i++) {
        g_autofree char *uri = g_strdup_printf("https://pond.example/%d", i);
        assert_int_not_equal(nj_surface_link(surface, uri), 0);
    }

    assert_null(nj_surface_uri(surface, link)); /* dropped; the id is not reused */
    nj_surface_free(surface);
}

/* More long graphemes are received than there are cells: the screen stays right, memory is
 * bounded. */
static void
test_long_graphemes_are_bounded(void **state)
{
    (void) state;
    NjSurface *surface = nj_surface_new(1, 4);
    NjArea all = nj_area(surface, 0, 0, 1, 4);
    nj_area_put(all, 0, 0, plain, "e\314\201", -1);

    guint generation = nj_surface_generation(surface);
    for (gunichar a = 0; a < 100; a++)
        for (gunichar b = 0; b < 100; b++) {
            char text[16] = "x";
            int bytes = 1 + g_unichar_to_utf8(0x300 + a % 0x50, text + 1);
            bytes += g_unichar_to_utf8(0x300 + b % 0x50, text + bytes);
            nj_area_put(all, 0, 1, plain, text, bytes);
        }

    assert_int_not_equal(nj_surface_generation(surface), generation);
    char buffer[8];
    assert_string_equal(nj_surface_glyph(surface, nj_surface_cell(surface, 0, 0)->glyph, buffer),
                        "e\314\201");
    assert_true(nj_surface_cell(surface, 0, 1)->glyph < NJ_GLYPH_MANY + 1028 + 1);
    nj_surface_free(surface);
}

static void
test_control_characters_are_not_drawn(void **state)
{
    (void) state;
    NjSurface *surface = nj_surface_new(1, 12);
    NjArea all = nj_area(surface, 0, 0, 1, 12);
    nj_area_put(all, 0, 0, plain, "a\033\302\233\342\200\256b\342\200\215c\342\235\244\357\270\217",
                -1);
    expect_text(surface, "a\357\277\275\357\277\275bc\342\235\244");
    nj_surface_free(surface);
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_clipped),
        cmocka_unit_test(test_wide_graphemes_are_never_halved),
        cmocka_unit_test(test_parts_are_clipped_to_their_area),
        cmocka_unit_test(test_styles_and_links_are_interned),
        cmocka_unit_test(test_long_graphemes_are_bounded),
        cmocka_unit_test(test_control_characters_are_not_drawn),
    };

    return cmocka_run_group_tests_name("ui/surface", tests, NULL, NULL);
}
