/* ui/prompt: typing through readline, places, TAB, questions, and how it looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "ui/prompt.h"

#define COLS 20

typedef struct {
    NjPrompt *prompt;
    NjTheme *theme;
    GString *log;
    char **choices;
    gsize start;
    int changes;
    bool wild; /* any key may come: Ctrl-o shows the next line at once */
} Bench;

static void
on_line(NjPrompt *prompt, const char *text, void *owner)
{
    if (!((Bench *) owner)->wild)
        assert_string_equal(nj_prompt_text(prompt), "");
    g_string_append_printf(((Bench *) owner)->log, "<%s>", text);
}

static void
on_changed(NjPrompt *prompt, void *owner)
{
    (void) prompt;
    ((Bench *) owner)->changes++;
}

static char **
on_complete(NjPrompt *prompt, const char *text, gsize point, gsize *start, gsize *end, void *owner)
{
    (void) prompt;
    (void) text;
    Bench *bench = owner;
    *start = bench->start;
    *end = point;
    return g_strdupv(bench->choices);
}

static bool
may_keep(NjPrompt *prompt, const char *text, void *owner)
{
    (void) prompt;
    (void) owner;
    return strstr(text, "password") == NULL;
}

static int
set_up(void **state)
{
    static const NjPromptHooks hooks = { on_line, on_changed, on_complete, may_keep };
    Bench *bench = g_new0(Bench, 1);
    bench->log = g_string_new(NULL);
    bench->theme = nj_theme_builtin(0);
    bench->prompt = nj_prompt_new(&hooks, bench);
    nj_prompt_set_mode(bench->prompt, "emacs");
    *state = bench;
    return 0;
}

static int
tear_down(void **state)
{
    Bench *bench = *state;
    nj_prompt_free(bench->prompt);
    nj_theme_free(bench->theme);
    g_string_free(bench->log, TRUE);
    g_free(bench);
    return 0;
}

static void
type(Bench *bench, const char *bytes)
{
    nj_prompt_feed(bench->prompt, bytes, strlen(bytes));
}

/* Text with the cursor as '|'. */
static void
has(Bench *bench, const char *wanted)
{
    const char *text = nj_prompt_text(bench->prompt);
    gsize point = nj_prompt_point(bench->prompt);
    g_autofree char *shown = g_strdup_printf("%.*s|%s", (int) point, text, text + point);
    assert_string_equal(shown, wanted);
}

static void
said(Bench *bench, const char *wanted)
{
    assert_string_equal(bench->log->str, wanted);
    g_string_truncate(bench->log, 0);
}

/* As it is drawn in so many rows, the cursor as '|' behind its row: "text@col". */
static void
looks(Bench *bench, int most, const char *wanted)
{
    int rows = nj_prompt_rows(bench->prompt, COLS, most), row, col;
    assert_in_range(rows, 1, most);
    NjSurface *surface = nj_surface_new(rows, COLS);
    nj_prompt_draw(bench->prompt, nj_area(surface, 0, 0, rows, COLS), bench->theme, &row, &col);
    g_autofree char *text = nj_surface_text(surface);
    g_autofree char *shown = g_strdup_printf("%s@%d,%d", text, row, col);
    assert_string_equal(shown, wanted);
    nj_surface_free(surface);
}

static void
test_typing(void **state)
{
    Bench *bench = *state;
    type(bench, "toad");
    has(bench, "toad|");
    type(bench, "\001the \005s");
    has(bench, "the toads|");
    type(bench, "\033b\033[D");
    has(bench, "the| toads");
    type(bench, "\013");
    has(bench, "the|");

    type(bench, "\031\r");
    said(bench, "<the toads>");
    has(bench, "|");
    type(bench, "\033[A");
    has(bench, "the toads|");
    assert_true(bench->changes > 4);
    type(bench, "\177\037"); /* undo */
    has(bench, "the toads|");
    nj_prompt_clear(bench->prompt);

    has(bench, "|");
    type(bench, "\031");
    has(bench, "the toads|"); /* it went into the kill ring */
    type(bench, "\003/account add password=x");
    nj_prompt_clear(bench->prompt);
    type(bench, "\037\031");
    has(bench, "the toads|"); /* what is secret did not */
    type(bench, "\003");
    has(bench, "|");

    type(bench, "\004\004x"); /* the end of nothing */
    has(bench, "x|");
    said(bench, "");
    type(bench, "\r\r");
    said(bench, "<x><>");
}

static void
test_characters(void **state)
{
    Bench *bench = *state;
    type(bench, "gr\303");
    type(bench, "\274n\350\233\231e\314\201");
    has(bench, "grün\350\233\231e\314\201|");
    type(bench, "\177");
    has(bench, "grün\350\233\231|"); /* the letter with its mark */
    type(bench, "\177\177\177\177");
    has(bench, "g|");
    type(bench, "\033[3~\033[H\033[3~x");

    has(bench, "x|");

    /* Sequences nobody knows leave nothing behind. */
    type(bench, "\033[17~");
    type(bench, "\033[1;6P");
    has(bench, "x|");
}

static void
test_esc_is_meta_or_nothing(void **state)
{
    Bench *bench = *state;
    type(bench, "a b");
    type(bench, "\033");
    type(bench, "b");
    has(bench, "a |b");
    type(bench, "\033");
    type(bench, "\033");
    type(bench, "b");
    has(bench, "a b|b");
}

static void
test_vi(void **state)
{
    Bench *bench = *state;
    assert_true(nj_prompt_set_mode(bench->prompt, "vi"));

    gint64 begun = g_get_monotonic_time();
    type(bench, "toad frog");
    type(bench, "\033");
    type(bench, "b");
    has(bench, "toad |frog");
    type(bench, "ix\033[D\033[D"); /* arrows are no ESC */
    has(bench, "toad| xfrog");
    type(bench, "\033");
    type(bench, "0dw");

    has(bench, "|xfrog");
    assert_true(g_get_monotonic_time() - begun < 300000);
    assert_false(nj_prompt_set_mode(bench->prompt, "emacs"));
    type(bench, "y");
    has(bench, "y|xfrog");
}

static void
test_rows(void **state)
{
    Bench *bench = *state;
    looks(bench, 5, "›@0,2");
    type(bench, "one\033\rtwo\033\r");
    has(bench, "one\ntwo\n|");
    looks(bench, 5, "› one\n  two\n@2,2");
    looks(bench, 2, "  two\n@1,2");
    type(bench, "\033[A");
    has(bench, "one\n|two\n");
    type(bench, "\033[C\033[A");

    has(bench, "o|ne\ntwo\n");
    looks(bench, 2, "› one\n  two@0,3");
    type(bench, "\033[B\033[B");
    has(bench, "one\ntwo\n|");
    type(bench, "\r");
    said(bench, "<one\ntwo\n>");

    type(bench, "123456789012345678"); /* exactly one row */
    looks(bench, 5, "› 123456789012345678\n@1,2");
    type(bench, "9");
    looks(bench, 5, "› 123456789012345678\n  9@1,3");
    type(bench, "\001");
    looks(bench, 5, "› 123456789012345678\n  9@0,2");
    nj_prompt_switch(bench->prompt, 0, "a long name of a pond", NULL);
    looks(bench, 5, "a lo…› 1234567890123\n       456789@0,7");
}

static void
test_pastes(void **state)
{
    Bench *bench = *state;
    nj_prompt_paste(bench->prompt, "one\r\ntwo\rthr\033ee\tx\001", 19);
    has(bench, "one\ntwo\nthree\tx|");
    said(bench, ""); /* nothing was sent */
    type(bench, "\037");
    has(bench, "|");

    gsize size = 1024 * 1024;
    g_autofree char *much = g_strnfill(size, 'x');
    gint64 begun = g_get_monotonic_time();
    nj_prompt_paste(bench->prompt, much, size);

    /* 3 ms, but for the sanitizers */
    assert_true(g_get_monotonic_time() - begun < 20 * G_USEC_PER_SEC);
    assert_int_equal(strlen(nj_prompt_text(bench->prompt)), size);
    type(bench, "\r");
    assert_int_equal(bench->log->len, size + 2);
}

static void
test_places(void **state)
{
    Bench *bench = *state;
    type(bench, "first\r");
    type(bench, "in the console");
    nj_prompt_switch(bench->prompt, 7, "toad", "a draft");
    has(bench, "a draft|");
    looks(bench, 3, "toad› a draft@0,13");
    type(bench, "\033[A");
    has(bench, "a draft|"); /* its own history, still empty */
    type(bench, "\r");

    type(bench, "more\033[D");
    nj_prompt_switch(bench->prompt, 0, NULL, "unused");
    has(bench, "in the console|");
    type(bench, "\037");
    has(bench, "in the console|"); /* nothing of the other place to undo */
    type(bench, "\033[A");
    has(bench, "first|");
    type(bench, "\033[B");
    has(bench, "in the console|");

    nj_prompt_switch(bench->prompt, 7, "toad", NULL);
    has(bench, "mor|e");
    type(bench, "\033[A");
    has(bench, "a draft|");
    nj_prompt_switch(bench->prompt, 0, NULL, NULL);
    nj_prompt_forget(bench->prompt, 7);
    nj_prompt_switch(bench->prompt, 7, "toad", NULL);
    has(bench, "|");
    type(bench, "\033[A");

    has(bench, "|");
    nj_prompt_forget(bench->prompt, 7);
    has(bench, "|");
    said(bench, "<first><a draft>");
}

static void
test_typed_lines(void **state)
{
    Bench *bench = *state;
    type(bench, "one\rtwo\rtwo\r hidden\r/set password x\r");
    type(bench, "\033[A");
    has(bench, "two|");
    type(bench, "\033[A");
    has(bench, "one|");
    type(bench, "\033[A");
    has(bench, "one|");
    nj_prompt_clear(bench->prompt);

    for (int i = 0; i < 600; i++) {
        g_autofree char *line = g_strdup_printf("line %d\r", i);
        type(bench, line);
    }

    for (int i = 0; i < 700; i++)
        type(bench, "\033[A");
    has(bench, "line 100|"); /* 500 of them */
}

static void
test_search(void **state)
{
    Bench *bench = *state;
    type(bench, "the toad\rthe frog\ra newt\r");
    type(bench, "\022toa");

    int rows = nj_prompt_rows(bench->prompt, 60, 3), row, col;
    NjSurface *surface = nj_surface_new(rows, 60);
    nj_prompt_draw(bench->prompt, nj_area(surface, 0, 0, rows, 60), bench->theme, &row, &col);

    g_autofree char *text = nj_surface_text(surface);
    assert_string_equal(text, "(reverse-i-search)`toa': the toad");
    nj_surface_free(surface);
    type(bench, "\177\177he toad");
    has(bench, "|the toad");
    type(bench, "\033");
    type(bench, "\033[F!");
    has(bench, "the toad!|");
    nj_prompt_clear(bench->prompt);

    type(bench, "\022newt");
    nj_prompt_switch(bench->prompt, 3, "toad", NULL); /* in the midst of it */
    has(bench, "|");
    type(bench, "x");
    looks(bench, 2, "toad› x@0,7");
}

static void
test_tab(void **state)
{
    Bench *bench = *state;
    char *none[] = { NULL }, *one[] = { "/connect", NULL },
         *many[] = { "toad@pond", "toadstool", NULL };

    bench->choices = none;
    type(bench, "\t");
    has(bench, "|");
    bench->choices = one;
    type(bench, "/co\t");
    has(bench, "/connect |");
    nj_prompt_clear(bench->prompt);

    bench->choices = many;
    bench->start = 2;
    type(bench, "> t\t");
    has(bench, "> toad|");
    looks(bench, 5, "toad@pond\ntoadstool\n› > toad@2,8");
    type(bench, "\t");
    has(bench, "> toad@pond|");
    type(bench, "\t");
    has(bench, "> toadstool|");

    type(bench, "\033[Z");
    has(bench, "> toad@pond|");
    type(bench, "\033");
    has(bench, "> toad|");
    looks(bench, 5, "› > toad@0,8");
    type(bench, "\t\t!");
    has(bench, "> toad@pond!|");
    looks(bench, 5, "› > toad@pond!@0,14");
    nj_prompt_clear(bench->prompt);

    type(bench, "> t\t");
    looks(bench, 1, "› > toad@0,8"); /* no room for choices */
    nj_prompt_clear(bench->prompt);

    char *lots[] = { "n1", "n2", "n3", "n4", "n5", "n6", "n7", NULL };
    bench->choices = lots;
    type(bench, "> n\t\t");
    looks(bench, 3, "n1        n2\nn3        + 4 more\n› > n1@2,6");
    looks(bench, 2, "n1        n2\n› > n1@1,6");
    type(bench, "\t\t");
    looks(bench, 3, "n3        n4\nn5        + 2 more\n› > n3@2,6");
    type(bench, "\t\t\t\t");
    looks(bench, 3, "n5        n6\nn7\n› > n7@2,6");
}

static void
on_secret(const char *answer, void *data)
{
    g_string_append_printf(data, "(%s)", answer != NULL ? answer : "none");
}

static void
on_key(int key, void *data)
{
    g_string_append_printf(data, "(%c)", key != 0 ? key : '0');
}

static void
test_secrets(void **state)
{
    Bench *bench = *state;
    type(bench, "typed");
    nj_prompt_ask_secret(bench->prompt, "Password?", on_secret, bench->log);
    assert_true(nj_prompt_asking(bench->prompt));
    type(bench, "s\303\266x\177y\033[A\033b");
    looks(bench, 3, "Password? •••@0,13");
    type(bench, "\rz");
    said(bench, "(söy)");
    has(bench, "typedz|");

    looks(bench, 3, "› typedz@0,8");

    /* Nowhere else is it. */
    type(bench, "\025\031\031\037\037\037");
    assert_null(strstr(nj_prompt_text(bench->prompt), "s\303\266"));
    nj_prompt_clear(bench->prompt);
    type(bench, "\033[A");
    has(bench, "|");

    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    nj_prompt_paste(bench->prompt, "from pass\nrest", 14);
    type(bench, "\r");
    said(bench, "(from pass)");
    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    type(bench, "abc\003");
    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    type(bench, "\033");
    said(bench, "(none)(none)");

    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    g_autofree char *much = g_strnfill(5000, 'x');
    type(bench, much);
    nj_prompt_clear(bench->prompt);
    said(bench, "(none)");
    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    type(bench, "abc\025\r");
    said(bench, "()");
}

static void
test_questions(void **state)
{
    Bench *bench = *state;
    int other;

    nj_prompt_ask(bench->prompt, "Send 9 lines? (y/n)", "yn", on_key, bench->log);
    nj_prompt_ask(bench->prompt, "And?", "ab", on_key, bench->log);
    nj_prompt_ask(bench->prompt, "Gone", "ab", on_key, &other);
    looks(bench, 3, "Send 9 lines? (y/n)\n@1,0");
    type(bench, "\r\033[AY");
    said(bench, "(y)");
    nj_prompt_cancel(bench->prompt, &other);
    looks(bench, 3, "And?@0,5");
    type(bench, "\007");

    said(bench, "(0)");
    assert_false(nj_prompt_asking(bench->prompt));
    nj_prompt_ask(bench->prompt, "And?", "ab", on_key, bench->log);
    nj_prompt_cancel(bench->prompt, bench->log);
    type(bench, "a");
    has(bench, "a|");
    said(bench, "");

    /* What is being typed answers nothing. */
    nj_prompt_ask(bench->prompt, "Keep it?", "yn", on_key, bench->log);
    assert_false(nj_prompt_asking(bench->prompt));
    looks(bench, 3, "› a@0,3");
    type(bench, "y\ry");
    said(bench, "<ay>(y)");

    /* Nor does the y of a word that somebody begins: it gives the question up, and another one
     * waits for its turn. */
    nj_prompt_ask(bench->prompt, "Keep it?", "yn", on_key, bench->log);
    nj_prompt_ask(bench->prompt, "And?", "hy", on_key, bench->log);
    type(bench, "hey");
    has(bench, "hey|");
    said(bench, "(0)");
    type(bench, "\rh");
    said(bench, "<hey>(h)");
}

/* An answer may ask the next question, and a line too. */
static void
ask_again(int key, void *data)
{
    Bench *bench = data;
    g_string_append_c(bench->log, (char) key);
    if (key == 'y')
        nj_prompt_ask(bench->prompt, "Again?", "yn", ask_again, bench);
}

static void
test_questions_in_turn(void **state)
{
    Bench *bench = *state;
    nj_prompt_ask(bench->prompt, "Once?", "yn", ask_again, bench);
    type(bench, "yyntext");
    said(bench, "yyn");
    has(bench, "text|");
}

static void
test_any_bytes(void **state)
{
    Bench *bench = *state;
    char *many[] = { "toad@pond", "toadstool", NULL };
    GRand *rand = g_rand_new_with_seed(11);

    bench->choices = many;
    bench->wild = true;
    for (int i = 0; i < 4000; i++) {
        char bytes[8];
        gsize length = (gsize) g_rand_int_range(rand, 1, 8);
        for (gsize j = 0; j < length; j++) {
            int kind = g_rand_int_range(rand, 0, 4);
            bytes[j] = (char) (kind == 0   ? g_rand_int_range(rand, 0, 32)
                               : kind == 1 ? g_rand_int_range(rand, 128, 256)
                               : kind == 2 ? "[\033O;~A\tZ"[g_rand_int_range(rand, 0, 8)]
                                           : g_rand_int_range(rand, 32, 128));
        }
        nj_prompt_feed(bench->prompt, bytes, length);
        g_string_truncate(bench->log, 0);
        bench->start = 0;
        if (i % 50 == 0)
            nj_prompt_switch(bench->prompt, g_rand_int_range(rand, 0, 5), "x", NULL);
        if (i % 70 == 0)
            nj_prompt_forget(bench->prompt, g_rand_int_range(rand, 0, 5));
        if (i % 300 == 0)
            nj_prompt_set_mode(bench->prompt, i % 600 == 0 ? "vi" : "emacs");
        int rows = nj_prompt_rows(bench->prompt, COLS, 6), row, col;
        NjSurface *surface = nj_surface_new(rows, COLS);
        nj_prompt_draw(bench->prompt, nj_area(surface, 0, 0, rows, COLS), bench->theme, &row, &col);
        assert_in_range(row, 0, rows - 1);
        assert_in_range(col, 0, COLS);
        nj_surface_free(surface);
    }

    g_rand_free(rand);
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    g_setenv("INPUTRC", "/dev/null", TRUE);

    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_typing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_esc_is_meta_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vi, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pastes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_typed_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tab, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secrets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_questions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_questions_in_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_bytes, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("ui/prompt", tests, NULL, NULL);
}
