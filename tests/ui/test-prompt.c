/* ui/prompt: typing through readline, buffers, completion, questions and drawing. */
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
    bool wild; /* random keys are typed: after Ctrl-o the prompt is not empty in on_line() */
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
    return !strstr(text, "password");
}

static int
set_up(void **state)
{
    static const NjPromptHooks hooks = {
        .on_line = on_line,
        .on_changed = on_changed,
        .on_complete = on_complete,
        .may_keep = may_keep,
    };
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

/* Compares the text, with the cursor as '|'. */
static void
expect_text(Bench *bench, const char *wanted)
{
    const char *text = nj_prompt_text(bench->prompt);
    gsize point = nj_prompt_point(bench->prompt);
    g_autofree char *shown = g_strdup_printf("%.*s|%s", (int) point, text, text + point);
    assert_string_equal(shown, wanted);
}

static void
expect_log(Bench *bench, const char *wanted)
{
    assert_string_equal(bench->log->str, wanted);
    g_string_truncate(bench->log, 0);
}

/* Compares the drawn prompt of at most so many rows: "text@row,column" of the cursor. */
static void
expect_drawn(Bench *bench, int most, const char *wanted)
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
test_keys_edit_the_text(void **state)
{
    Bench *bench = *state;
    type(bench, "toad");
    expect_text(bench, "toad|");
    type(bench, "\001the \005s");
    expect_text(bench, "the toads|");
    type(bench, "\033b\033[D");
    expect_text(bench, "the| toads");
    type(bench, "\013");
    expect_text(bench, "the|");

    type(bench, "\031\r");
    expect_log(bench, "<the toads>");
    expect_text(bench, "|");
    type(bench, "\033[A");
    expect_text(bench, "the toads|");
    assert_true(bench->changes > 4);
    type(bench, "\177\037"); /* undo */
    expect_text(bench, "the toads|");
    nj_prompt_clear(bench->prompt);

    expect_text(bench, "|");
    type(bench, "\031");
    expect_text(bench, "the toads|"); /* from the kill ring */
    type(bench, "\003/account add password=x");
    nj_prompt_clear(bench->prompt);
    type(bench, "\037\031");
    expect_text(bench, "the toads|"); /* the secret is not in the kill ring */
    type(bench, "\003");
    expect_text(bench, "|");

    type(bench, "\004\004x"); /* Ctrl-d in an empty line does nothing */
    expect_text(bench, "x|");
    expect_log(bench, "");
    type(bench, "\r\r");
    expect_log(bench, "<x><>");
}

static void
test_whole_characters_are_edited(void **state)
{
    Bench *bench = *state;
    type(bench, "gr\303");
    type(bench, "\274n\350\233\231e\314\201");
    expect_text(bench, "grün\350\233\231e\314\201|");
    type(bench, "\177");
    expect_text(bench, "grün\350\233\231|"); /* with its combining mark */
    type(bench, "\177\177\177\177");
    expect_text(bench, "g|");
    type(bench, "\033[3~\033[H\033[3~x");

    expect_text(bench, "x|");

    /* Unknown key sequences leave no text. */
    type(bench, "\033[17~");
    type(bench, "\033[1;6P");
    expect_text(bench, "x|");
}

static void
test_lone_esc_is_meta_for_the_next_key(void **state)
{
    Bench *bench = *state;
    type(bench, "a b");
    type(bench, "\033");
    type(bench, "b");
    expect_text(bench, "a |b");
    type(bench, "\033");
    type(bench, "\033");
    type(bench, "b");
    expect_text(bench, "a b|b");
}

static void
test_vi_mode_uses_esc_as_a_key(void **state)
{
    Bench *bench = *state;
    assert_true(nj_prompt_set_mode(bench->prompt, "vi"));

    gint64 begun = g_get_monotonic_time();
    type(bench, "toad frog");
    type(bench, "\033");
    type(bench, "b");
    expect_text(bench, "toad |frog");
    type(bench, "ix\033[D\033[D"); /* the ESC of arrow keys does not leave the insert mode */
    expect_text(bench, "toad| xfrog");
    type(bench, "\033");
    type(bench, "0dw");

    expect_text(bench, "|xfrog");
    assert_true(g_get_monotonic_time() - begun < 300000);
    assert_false(nj_prompt_set_mode(bench->prompt, "emacs"));
    type(bench, "y");
    expect_text(bench, "y|xfrog");
}

static void
test_rows_follow_the_cursor(void **state)
{
    Bench *bench = *state;
    expect_drawn(bench, 5, "›@0,2");
    type(bench, "one\033\rtwo\033\r");
    expect_text(bench, "one\ntwo\n|");
    expect_drawn(bench, 5, "› one\n  two\n@2,2");
    expect_drawn(bench, 2, "  two\n@1,2");
    type(bench, "\033[A");
    expect_text(bench, "one\n|two\n");
    type(bench, "\033[C\033[A");

    expect_text(bench, "o|ne\ntwo\n");
    expect_drawn(bench, 2, "› one\n  two@0,3");
    type(bench, "\033[B\033[B");
    expect_text(bench, "one\ntwo\n|");
    type(bench, "\r");
    expect_log(bench, "<one\ntwo\n>");

    type(bench, "123456789012345678"); /* exactly one row */
    expect_drawn(bench, 5, "› 123456789012345678\n@1,2");
    type(bench, "9");
    expect_drawn(bench, 5, "› 123456789012345678\n  9@1,3");
    type(bench, "\001");
    expect_drawn(bench, 5, "› 123456789012345678\n  9@0,2");
    nj_prompt_switch(bench->prompt, 0, "a long name of a pond", NULL);
    expect_drawn(bench, 5, "a lo…› 1234567890123\n       456789@0,7");
}

static void
test_paste_is_one_text(void **state)
{
    Bench *bench = *state;
    nj_prompt_paste(bench->prompt, "one\r\ntwo\rthr\033ee\tx\001", 19);
    expect_text(bench, "one\ntwo\nthree\tx|");
    expect_log(bench, ""); /* no line was entered */
    type(bench, "\037");
    expect_text(bench, "|");

    gsize size = 1024 * 1024;
    g_autofree char *much = g_strnfill(size, 'x');
    gint64 begun = g_get_monotonic_time();
    nj_prompt_paste(bench->prompt, much, size);

    /* Takes 3 ms without the sanitizers. */
    assert_true(g_get_monotonic_time() - begun < 20 * G_USEC_PER_SEC);
    assert_int_equal(strlen(nj_prompt_text(bench->prompt)), size);
    type(bench, "\r");
    assert_int_equal(bench->log->len, size + 2);
}

static void
test_buffers_keep_text_and_history(void **state)
{
    Bench *bench = *state;
    type(bench, "first\r");
    type(bench, "in the console");
    nj_prompt_switch(bench->prompt, 7, "toad", "a draft");
    expect_text(bench, "a draft|");
    expect_drawn(bench, 3, "toad› a draft@0,13");
    type(bench, "\033[A");
    expect_text(bench, "a draft|"); /* its own history, still empty */
    type(bench, "\r");

    type(bench, "more\033[D");
    nj_prompt_switch(bench->prompt, 0, NULL, "unused");
    expect_text(bench, "in the console|");
    type(bench, "\037");
    expect_text(bench, "in the console|"); /* the undo list of the other buffer is gone */
    type(bench, "\033[A");
    expect_text(bench, "first|");
    type(bench, "\033[B");
    expect_text(bench, "in the console|");

    nj_prompt_switch(bench->prompt, 7, "toad", NULL);
    expect_text(bench, "mor|e");
    type(bench, "\033[A");
    expect_text(bench, "a draft|");
    nj_prompt_switch(bench->prompt, 0, NULL, NULL);
    nj_prompt_forget(bench->prompt, 7);
    nj_prompt_switch(bench->prompt, 7, "toad", NULL);
    expect_text(bench, "|");
    type(bench, "\033[A");

    expect_text(bench, "|");
    nj_prompt_forget(bench->prompt, 7);
    expect_text(bench, "|");
    expect_log(bench, "<first><a draft>");
}

static void
test_history_leaves_out_secrets(void **state)
{
    Bench *bench = *state;
    type(bench, "one\rtwo\rtwo\r hidden\r/set password x\r");
    type(bench, "\033[A");
    expect_text(bench, "two|");
    type(bench, "\033[A");
    expect_text(bench, "one|");
    type(bench, "\033[A");
    expect_text(bench, "one|");
    nj_prompt_clear(bench->prompt);

    for (int i = 0; i < 600; i++) {
        g_autofree char *line = g_strdup_printf("line %d\r", i);
        type(bench, line);
    }

    for (int i = 0; i < 700; i++)
        type(bench, "\033[A");
    expect_text(bench, "line 100|"); /* the history expect_text 500 lines */
}

static void
test_search_ends_before_other_keys(void **state)
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
    expect_text(bench, "|the toad");
    type(bench, "\033");
    type(bench, "\033[F!");
    expect_text(bench, "the toad!|");
    nj_prompt_clear(bench->prompt);

    type(bench, "\022newt");
    nj_prompt_switch(bench->prompt, 3, "toad", NULL); /* during the search */
    expect_text(bench, "|");
    type(bench, "x");
    expect_drawn(bench, 2, "toad› x@0,7");
}

static void
test_tab_completes_the_word(void **state)
{
    Bench *bench = *state;
    char *none[] = { NULL }, *one[] = { "/connect", NULL },
         *many[] = { "toad@pond", "toadstool", NULL };

    bench->choices = none;
    type(bench, "\t");
    expect_text(bench, "|");
    bench->choices = one;
    type(bench, "/co\t");
    expect_text(bench, "/connect |");
    nj_prompt_clear(bench->prompt);

    bench->choices = many;
    bench->start = 2;
    type(bench, "> t\t");
    expect_text(bench, "> toad|");
    expect_drawn(bench, 5, "toad@pond\ntoadstool\n› > toad@2,8");
    type(bench, "\t");
    expect_text(bench, "> toad@pond|");
    type(bench, "\t");
    expect_text(bench, "> toadstool|");

    type(bench, "\033[Z");
    expect_text(bench, "> toad@pond|");
    type(bench, "\033");
    expect_text(bench, "> toad|");
    expect_drawn(bench, 5, "› > toad@0,8");
    type(bench, "\t\t!");
    expect_text(bench, "> toad@pond!|");
    expect_drawn(bench, 5, "› > toad@pond!@0,14");
    nj_prompt_clear(bench->prompt);

    type(bench, "> t\t");
    expect_drawn(bench, 1, "› > toad@0,8"); /* no room for choices */
    nj_prompt_clear(bench->prompt);

    char *lots[] = { "n1", "n2", "n3", "n4", "n5", "n6", "n7", NULL };
    bench->choices = lots;
    type(bench, "> n\t\t");
    expect_drawn(bench, 3, "n1        n2\nn3        + 4 more\n› > n1@2,6");
    expect_drawn(bench, 2, "n1        n2\n› > n1@1,6");
    type(bench, "\t\t");
    expect_drawn(bench, 3, "n3        n4\nn5        + 2 more\n› > n3@2,6");
    type(bench, "\t\t\t\t");
    expect_drawn(bench, 3, "n5        n6\nn7\n› > n7@2,6");
}

static void
on_secret(const char *answer, void *data)
{
    g_string_append_printf(data, "(%s)", answer ? answer : "none");
}

static void
on_key(int key, void *data)
{
    g_string_append_printf(data, "(%c)", key != 0 ? key : '0');
}

static void
test_secret_is_kept_nowhere(void **state)
{
    Bench *bench = *state;
    type(bench, "typed");
    nj_prompt_ask_secret(bench->prompt, "Password?", on_secret, bench->log);
    assert_true(nj_prompt_asking(bench->prompt));
    type(bench, "s\303\266x\177y\033[A\033b");
    expect_drawn(bench, 3, "Password? •••@0,13");
    type(bench, "\rz");
    expect_log(bench, "(söy)");
    expect_text(bench, "typedz|");

    expect_drawn(bench, 3, "› typedz@0,8");

    /* The secret is in no kill ring, undo list or history. */
    type(bench, "\025\031\031\037\037\037");
    assert_null(strstr(nj_prompt_text(bench->prompt), "s\303\266"));
    nj_prompt_clear(bench->prompt);
    type(bench, "\033[A");
    expect_text(bench, "|");

    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    nj_prompt_paste(bench->prompt, "from pass\nrest", 14);
    type(bench, "\r");
    expect_log(bench, "(from pass)");
    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    type(bench, "abc\003");
    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    type(bench, "\033");
    expect_log(bench, "(none)(none)");

    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    g_autofree char *much = g_strnfill(5000, 'x');
    type(bench, much);
    nj_prompt_clear(bench->prompt);
    expect_log(bench, "(none)");
    nj_prompt_ask_secret(bench->prompt, "?", on_secret, bench->log);
    type(bench, "abc\025\r");
    expect_log(bench, "()");
}

static void
test_questions_wait_for_an_empty_text(void **state)
{
    Bench *bench = *state;
    int other;

    nj_prompt_ask(bench->prompt, "Send 9 lines? (y/n)", "yn", on_key, bench->log);
    nj_prompt_ask(bench->prompt, "And?", "ab", on_key, bench->log);
    nj_prompt_ask(bench->prompt, "Gone", "ab", on_key, &other);
    expect_drawn(bench, 3, "Send 9 lines? (y/n)\n@1,0");
    type(bench, "\r\033[AY");
    expect_log(bench, "(y)");
    nj_prompt_cancel(bench->prompt, &other);
    expect_drawn(bench, 3, "And?@0,5");
    type(bench, "\007");

    expect_log(bench, "(0)");
    assert_false(nj_prompt_asking(bench->prompt));
    nj_prompt_ask(bench->prompt, "And?", "ab", on_key, bench->log);
    nj_prompt_cancel(bench->prompt, bench->log);
    type(bench, "a");
    expect_text(bench, "a|");
    expect_log(bench, "");

    /* Typed text answers no question. */
    nj_prompt_ask(bench->prompt, "Keep it?", "yn", on_key, bench->log);
    assert_false(nj_prompt_asking(bench->prompt));
    expect_drawn(bench, 3, "› a@0,3");
    type(bench, "y\ry");
    expect_log(bench, "<ay>(y)");

    /* A letter that is no answer cancels the question and begins a text; the next question waits
     * until the text is empty. */
    nj_prompt_ask(bench->prompt, "Keep it?", "yn", on_key, bench->log);
    nj_prompt_ask(bench->prompt, "And?", "hy", on_key, bench->log);
    type(bench, "hey");
    expect_text(bench, "hey|");
    expect_log(bench, "(0)");
    type(bench, "\rh");
    expect_log(bench, "<hey>(h)");
}

/* An answer may ask the next question. */
static void
ask_again(int key, void *data)
{
    Bench *bench = data;
    g_string_append_c(bench->log, (char) key);
    if (key == 'y')
        nj_prompt_ask(bench->prompt, "Again?", "yn", ask_again, bench);
}

static void
test_answer_may_ask_again(void **state)
{
    Bench *bench = *state;
    nj_prompt_ask(bench->prompt, "Once?", "yn", ask_again, bench);
    type(bench, "yyntext");
    expect_log(bench, "yyn");
    expect_text(bench, "text|");
}

static char
random_byte(GRand *rand)
{
    switch (g_rand_int_range(rand, 0, 4)) {
    case 0:
        return (char) g_rand_int_range(rand, 0, 32);
    case 1:
        return (char) g_rand_int_range(rand, 128, 256);
    case 2:
        return "[\033O;~A\tZ"[g_rand_int_range(rand, 0, 8)];
    default:
        return (char) g_rand_int_range(rand, 32, 128);
    }
}

static void
test_random_bytes_are_harmless(void **state)
{
    Bench *bench = *state;
    char *many[] = { "toad@pond", "toadstool", NULL };
    GRand *rand = g_rand_new_with_seed(11);

    bench->choices = many;
    bench->wild = true;
    for (int i = 0; i < 4000; i++) {
        char bytes[8];
        gsize length = (gsize) g_rand_int_range(rand, 1, 8);
        for (gsize j = 0; j < length; j++)
            bytes[j] = random_byte(rand);
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
        cmocka_unit_test_setup_teardown(test_keys_edit_the_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whole_characters_are_edited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lone_esc_is_meta_for_the_next_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_vi_mode_uses_esc_as_a_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_follow_the_cursor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paste_is_one_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_buffers_keep_text_and_history, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_history_leaves_out_secrets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_search_ends_before_other_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tab_completes_the_word, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secret_is_kept_nowhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_questions_wait_for_an_empty_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answer_may_ask_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_bytes_are_harmless, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("ui/prompt", tests, NULL, NULL);
}
