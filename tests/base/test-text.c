/* base/text: sanitising, widths and wrapping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static void
line_is(const char *raw, gsize max, const char *wanted)
{
    g_autofree char *text = nj_text_line(raw, -1, max);
    assert_string_equal(text, wanted);
}

static void
body_is(const char *raw, gssize length, const char *wanted)
{
    g_autofree char *text = nj_text_body(raw, length);
    assert_string_equal(text, wanted);
    assert_true(nj_text_is_clean(text, strlen(text)));
    if (length < 0)
        assert_int_equal(nj_text_is_clean(raw, strlen(raw)), strcmp(raw, wanted) == 0);
}

static void
test_line_is_sanitised(void **state)
{
    (void) state;
    line_is("toad", 0, "toad");
    line_is("  toad\n\tof  the\r\npond ", 0, "toad of the pond");
    line_is("a\033[31mb\007c", 0, "a [31mb c");
    line_is("a\302\233b", 0, "a b"); /* C1: CSI */
    line_is("a\377\300\257b", 0, "a\357\277\275\357\277\275\357\277\275b");
    line_is("a\342\200\256b\342\201\246c", 0, "abc");           /* bidi controls */
    line_is("a\342\200\213b\302\255c\357\273\277d", 0, "abcd"); /* ZWSP, soft hyphen, BOM */
    line_is("e\314\201\314\201\314\201\314\201\314\201\314\201x", 0,
            "e\314\201\314\201\314\201\314\201x");

    line_is("gr\303\274n", 3, "gr"); /* whole characters only */
    line_is("gr\303\274n", 4, "gr\303\274");
    line_is("", 0, "");
    line_is("\n", 0, "");

    g_autofree char *cut = nj_text_line("toad", 2, 0);
    assert_string_equal(cut, "to");
}

static void
test_body_is_sanitised(void **state)
{
    (void) state;
    body_is("one\n\ttwo", -1, "one\n\ttwo");
    body_is("one\r\ntwo\rthree", -1, "one\ntwo\nthree");
    body_is("a\033[2Jb", -1, "a [2Jb");
    body_is("a\0b", 3, "a b");

    /* a surrogate */
    body_is("\355\240\200", -1, "\357\277\275\357\277\275\357\277\275");
    body_is("a\357\277\276b", -1, "ab"); /* U+FFFE */

    /* RLO is closed at the end of its line; a PDF without an opener is dropped. */
    body_is("a\342\200\256b\nc", -1, "a\342\200\256b\342\200\254\nc");
    body_is("a\342\200\254b", -1, "ab");
    body_is("\342\201\246\342\200\256x\342\201\251", -1, "\342\201\246\342\200\256x\342\201\251");
    body_is("\342\201\246\342\200\256x", -1, "\342\201\246\342\200\256x\342\200\254\342\201\251");
}

/* A body in two pieces gives the same result wherever it is cut between two characters: marks, bidi
 * controls and CR are carried from one piece to the next. */
static void
test_body_in_pieces_equals_body_at_once(void **state)
{
    (void) state;
    const char *raw = "one\r\ntwo\rthree\n\r\ne\314\201\314\201\314\201\314\201\314\201x\342\200"
                      "\256left\342\200\254 \342\201\246a\nb\377 \350\233\231";
    g_autofree char *wanted = nj_text_body(raw, -1);
    for (const char *cut = raw; *cut; cut++) {
        if (((guchar) *cut & 0xc0) == 0x80)
            continue;
        NjTextBody *body = nj_text_body_new();
        nj_text_body_add(body, raw, (gsize) (cut - raw));
        nj_text_body_add(body, cut, strlen(cut));
        g_autofree char *text = nj_text_body_end(body);
        assert_string_equal(text, wanted);
    }
}

static void
test_many_openers_stay_bounded(void **state)
{
    (void) state;
    GString *raw = g_string_new(NULL);
    for (int i = 0; i < 1000; i++)
        g_string_append(raw, "\342\200\256");
    g_autofree char *text = nj_text_body(raw->str, raw->len);
    assert_int_equal(strlen(text), 2 * 16 * 3);
    g_string_free(raw, TRUE);
}

static void
test_width_of_characters(void **state)
{
    (void) state;
    assert_int_equal(nj_text_width("toad", -1), 4);
    assert_int_equal(nj_text_width("gr\303\274n", -1), 4);
    assert_int_equal(nj_text_width("gru\314\210n", -1), 4);
    assert_int_equal(nj_text_width("\350\233\231", -1), 2);     /* U+86D9 */
    assert_int_equal(nj_text_width("\360\237\220\270", -1), 2); /* a frog */

    /* thumb and skin: two cells each */
    assert_int_equal(nj_text_width("\360\237\221\215\360\237\217\275", -1), 4);
    assert_int_equal(nj_text_width("\360\237\221\250\342\200\215\360\237\221\251", -1), 4);

    /* heart, VS16 */
    assert_int_equal(nj_text_width("\342\235\244\357\270\217", -1), 1);

    /* plane 15: unknown or private */
    assert_int_equal(nj_text_width("\363\257\277\275", -1), 1);

    /* a mark without a base */
    assert_int_equal(nj_text_width("\314\201", -1), 1);

    /* RLO in front */
    assert_int_equal(nj_text_width("\342\200\256toad", -1), 4);
    assert_int_equal(nj_text_width("\342\200\256", -1), 1);

    gsize bytes;
    const char *grapheme = "e\314\201x";
    assert_int_equal(nj_text_step(grapheme, grapheme + 4, &bytes), 1);
    assert_int_equal(bytes, 3);
    assert_int_equal(nj_text_step("", "", &bytes), 0);
    assert_int_equal(bytes, 0);

    const char *newline = "\n";
    assert_int_equal(nj_text_step(newline, newline + 1, &bytes), 0);
    assert_int_equal(bytes, 1);
}

static void
test_fit_and_ellipsize_cut_at_cells(void **state)
{
    (void) state;
    int width;

    /* the wide character does not fit */
    assert_int_equal(nj_text_fit("a\350\233\231b", -1, 2, &width), 1);
    assert_int_equal(width, 1);
    assert_int_equal(nj_text_fit("a\350\233\231b", -1, 3, &width), 4);
    assert_int_equal(width, 3);

    g_autofree char *same = nj_text_ellipsize("pond", 4);
    assert_string_equal(same, "pond");

    g_autofree char *cut = nj_text_ellipsize("ponds", 4);
    assert_string_equal(cut, "pon…");

    g_autofree char *wide = nj_text_ellipsize("\350\233\231\350\233\231\350\233\231", 4);
    assert_string_equal(wide, "\350\233\231…");

    g_autofree char *none = nj_text_ellipsize("pond", 0);
    assert_string_equal(none, "");
}

/* Rows joined by '|'. */
static void
wrap_is(const char *text, int first, int cells, const char *wanted)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    GString *shown = g_string_new(NULL);

    nj_text_wrap(text, first, cells, rows);
    for (guint i = 0; i < rows->len; i++) {
        const NjTextRow *row = &g_array_index(rows, NjTextRow, i);
        if (i > 0)
            g_string_append_c(shown, '|');
        g_string_append_len(shown, text + row->start, row->length);
        assert_int_equal(row->width, nj_text_width(text + row->start, row->length));
    }

    assert_string_equal(shown->str, wanted);
    g_string_free(shown, TRUE);
    g_array_free(rows, TRUE);
}

static void
test_wrap_breaks_rows(void **state)
{
    (void) state;
    wrap_is("", 5, 5, "");
    wrap_is("toad", 5, 5, "toad");
    wrap_is("the toad sat", 8, 8, "the toad|sat");
    wrap_is("the toad sat", 7, 7, "the|toad|sat");
    wrap_is("the   toad", 5, 5, "the|toad");
    wrap_is("toadstool", 4, 4, "toad|stoo|l");
    wrap_is("a toadstool", 4, 4, "a|toad|stoo|l");
    wrap_is("a\nb\n", 4, 4, "a|b|");

    wrap_is("toad \nb", 4, 4, "toad|b");
    wrap_is("toad    ", 4, 4, "toad");
    wrap_is("  in", 4, 4, "  in");
    wrap_is("a \314\201b", 4, 4, "a \314\201b"); /* a space with a combining mark */
    wrap_is("toad sat", 2, 4, "|toad|sat");      /* a long first word moves to the second row */
    wrap_is("a toad", 2, 4, "a|toad");
    wrap_is("\350\233\231\350\233\231\350\233\231", 5, 5, "\350\233\231\350\233\231|\350\233\231");
    wrap_is("ab\350\233\231\350\233\231", 4, 4, "ab\350\233\231|\350\233\231");

    /* no row begins with a full stop */
    wrap_is("\350\233\231\350\233\231\343\200\202", 4, 4, "\350\233\231|\350\233\231\343\200\202");
    wrap_is("\350\233\231", 1, 1, "\350\233\231");
    wrap_is("abc", 0, 0, "a|b|c");
}

static void
test_wrap_is_linear(void **state)
{
    (void) state;
    const gsize size = 4 * 1024 * 1024;
    g_autofree char *text = g_malloc(size + 1);
    for (int kind = 0; kind < 3; kind++) {
        memset(text, kind == 0 ? ' ' : 'x', size);
        for (gsize i = 0; kind == 2 && i < size; i += 7)
            text[i] = ' ';
        text[size] = '\0';
        GArray *rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
        gint64 begun = g_get_monotonic_time();
        nj_text_wrap(text, 80, 80, rows);
        assert_true(g_get_monotonic_time() - begun < 5 * G_USEC_PER_SEC);
        g_array_free(rows, TRUE);
    }
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_is_sanitised),
        cmocka_unit_test(test_body_is_sanitised),
        cmocka_unit_test(test_body_in_pieces_equals_body_at_once),
        cmocka_unit_test(test_many_openers_stay_bounded),
        cmocka_unit_test(test_width_of_characters),
        cmocka_unit_test(test_fit_and_ellipsize_cut_at_cells),
        cmocka_unit_test(test_wrap_breaks_rows),
        cmocka_unit_test(test_wrap_is_linear),
    };
    return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
