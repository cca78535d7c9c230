/* ui/keys: names of keys, rows of default keys, and bound keys in a stream of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <string.h>
#include <cmocka.h>

#include "ui/keys.h"

static void
on_line(const char *line, void *owner)
{
    g_string_append_printf(owner, "<%s>", line);
}

static void
on_bytes(const char *bytes, gsize length, void *owner)
{
    g_autofree char *shown = g_strndup(bytes, length);
    g_strdelimit(shown, "\033", '^');
    g_strdelimit(shown, "\r", '$');
    g_string_append(owner, shown);
}

static const NjKeysHooks hooks = { .on_line = on_line, .on_bytes = on_bytes };

static int
set_up(void **state)
{
    NjKeys *keys = nj_keys_new();
    static const char *const bound[] = { "Alt-1",      "Ctrl-l",    "F1",        "PgUp",
                                         "Shift-Tab",  "Alt-Enter", "Alt-a",     "Alt-Up",
                                         "Ctrl-Right", "Alt-ö",     "Ctrl-Alt-x" };
    for (guint i = 0; i < G_N_ELEMENTS(bound); i++)
        assert_true(nj_keys_bind(keys, bound[i], bound[i], NULL));
    *state = keys;
    return 0;
}

static int
tear_down(void **state)
{
    nj_keys_free(*state);
    return 0;
}

/* Feeds the bytes, in which '|' is a pause of 25 ms, and compares the calls of the hooks: a bound
 * key is <line>, ESC is ^ and CR is $. */
static void
expect_calls(NjKeys *keys, const char *bytes, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(bytes, "|", -1);

    for (guint i = 0; parts[i]; i++) {
        nj_keys_feed(keys, parts[i], strlen(parts[i]), &hooks, out);
        if (parts[i + 1])
            nj_keys_settle(keys, &hooks, out);
    }

    assert_false(nj_keys_partial(keys));
    assert_string_equal(out->str, wanted);
}

static void
test_names_have_one_spelling(void **state)
{
    (void) state;
    static const struct {
        const char *name, *canonical;
    } rows[] = {
        { "alt-1", "Alt-1" },
        { "M-1", "Alt-1" },
        { "meta-A", "Alt-A" },
        { "Alt-Shift-a", "Alt-A" },
        { "^L", "Ctrl-l" },
        { "C-M-x", "Ctrl-Alt-x" },
        { "alt-ctrl-X", "Ctrl-Alt-x" },
        { "f12", "F12" },
        { "pageup", "PgUp" },
        { "Ctrl-i", "Tab" },
        { "shift-tab", "Shift-Tab" },
        { "Alt--", "Alt--" },
        { "Ctrl-@", "Ctrl-Space" },
        { "Alt-ö", "Alt-ö" },
        { "escape", "Esc" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *canonical = nj_keys_canonical(rows[i].name, NULL);
        assert_string_equal(canonical, rows[i].canonical);
    }

    static const char *const bad[] = { "",    "a",      "Space",   "Enter", "Ctrl-m",  "Alt-",
                                       "F99", "Alt-ab", "Hyper-x", "\377",  "Alt-\033" };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        GError *error = NULL;
        assert_null(nj_keys_canonical(bad[i], &error));
        assert_non_null(error);
        g_error_free(error);
    }
}

static void
collect(const char *name, const char *line, void *owner)
{
    g_string_append_printf(owner, "%s=%s ", name, line);
}

static void
test_bindings_keep_their_order(void **state)
{
    (void) state;
    NjKeys *keys = nj_keys_new();
    assert_true(nj_keys_bind(keys, "Alt-2", "/window 2", NULL));
    assert_true(nj_keys_bind(keys, "Alt-1", "/window 1", NULL));
    assert_true(nj_keys_bind(keys, "M-2", "/window two", NULL));
    assert_true(nj_keys_bind(keys, "F3", "/x", NULL));
    assert_true(nj_keys_bind(keys, "f3", NULL, NULL));
    assert_true(nj_keys_bind(keys, "F4", NULL, NULL));

    g_autoptr(GString) all = g_string_new(NULL);
    nj_keys_each(keys, collect, all);
    assert_string_equal(all->str, "Alt-2=/window two Alt-1=/window 1 ");
    assert_string_equal(nj_keys_line(keys, "alt-2"), "/window two");
    assert_null(nj_keys_line(keys, "F3"));
    nj_keys_free(keys);
}

static void
test_bound_keys_are_separated(void **state)
{
    NjKeys *keys = *state;
    expect_calls(keys, "toad", "toad");
    expect_calls(keys, "a\0331b", "a<Alt-1>b");
    expect_calls(keys, "\014", "<Ctrl-l>");
    expect_calls(keys, "\033OP\033[11~\033[[A", "<F1><F1><F1>");
    expect_calls(keys, "\033[5~\033[Z\033\r", "<PgUp><Shift-Tab><Alt-Enter>");
    expect_calls(keys, "\033[1;3A\033\033[A\033[1;5C", "<Alt-Up><Alt-Up><Ctrl-Right>");
    expect_calls(keys, "\033[97;3u\033\303\266\033\030", "<Alt-a><Alt-ö><Ctrl-Alt-x>");
    expect_calls(keys, "\033[A\033b\r\033[3~", "^[A^b$^[3~"); /* not bound */

    expect_calls(keys, "x\033[99;9:3~y\033[?5;6zw\033[[Cv", "xywv"); /* without a name */
    expect_calls(keys, "\033OM\033Op\033Ow", "$07");                 /* the keypad */
    expect_calls(keys, "\303\266\033\377z", "\303\266z");
    expect_calls(keys, "\033[1;\001b", "\001b"); /* broken off */
}

static void
test_keys_in_pieces_are_joined(void **state)
{
    NjKeys *keys = *state;
    static const char whole[] = "a\033[1;5C\0331\033OPb\033[A";
    g_autoptr(GString) out = g_string_new(NULL);
    for (gsize i = 0; i < sizeof whole - 1; i++)
        nj_keys_feed(keys, whole + i, 1, &hooks, out);
    assert_string_equal(out->str, "a<Ctrl-Right><Alt-1><F1>b^[A");
}

static void
test_late_esc_is_alt_in_emacs_mode(void **state)
{
    NjKeys *keys = *state;
    expect_calls(keys, "\033|", "^");

    /* late: another ESC cancels the first one */
    expect_calls(keys, "1", "^<Alt-1>");
    expect_calls(keys, "1", "1");
    expect_calls(keys, "\033|x1", "^x1");
    expect_calls(keys, "\033|\r", "^^<Alt-Enter>");
    expect_calls(keys, "\033[|\033O|", "^[^O");
    nj_keys_set_esc_prefix(keys, false);
    expect_calls(keys, "\033|a", "^a");
    expect_calls(keys, "\033a", "<Alt-a>");

    assert_true(nj_keys_bind(keys, "Esc", "/esc", NULL));
    expect_calls(keys, "\033|", "</esc>");
}

static void
expect_row(NjKeyContext context, const char *bytes, const char *key, gsize length)
{
    gsize used = 99;
    const NjKeyRow *row = nj_key_row_at(context, bytes, strlen(bytes), &used);
    if (key)
        assert_string_equal(row->key, key);
    else
        assert_null(row);
    assert_int_equal(used, length);
}

static void
test_key_rows_have_their_own_names(void **state)
{
    (void) state;
    for (const NjKeyRow *row = nj_key_rows; row->key; row++) {
        g_autofree char *canonical = nj_keys_canonical(row->key, NULL);
        assert_string_equal(canonical ? canonical : "Enter", row->key);
        assert_int_not_equal(row->context, NJ_KEYS_GLOBAL);
        assert_int_not_equal(row->action, NJ_KEY_RUN);
        assert_non_null(row->summary);
    }
}

static void
test_key_is_found_in_its_context(void **state)
{
    (void) state;
    expect_row(NJ_KEYS_LIST, "\033[Ax", "Up", 3);
    expect_row(NJ_KEYS_LIST, "\033OA", "Up", 3);
    expect_row(NJ_KEYS_LIST, "\020", "Ctrl-p", 1);
    expect_row(NJ_KEYS_LIST, "\033[8~\r", "End", 4);
    expect_row(NJ_KEYS_LIST, "\r", "Enter", 1);
    expect_row(NJ_KEYS_LIST, "\n", "Ctrl-j", 1);
    expect_row(NJ_KEYS_LIST, "\033", "Esc", 1);
    expect_row(NJ_KEYS_LIST, "\033x", NULL, 0);
    expect_row(NJ_KEYS_LIST, "\033\033\033", NULL, 0);
    expect_row(NJ_KEYS_LIST, "\033[1;5A", NULL, 0);
    expect_row(NJ_KEYS_LIST, "\033[", NULL, 0);
    expect_row(NJ_KEYS_LIST, "x", NULL, 0);
    expect_row(NJ_KEYS_LIST, "", NULL, 0);
    expect_row(NJ_KEYS_QUESTION, "\r", NULL, 0);
    expect_row(NJ_KEYS_QUESTION, "\003", "Ctrl-c", 1);
    expect_row(NJ_KEYS_SECRET, "\003", "Ctrl-c", 1);
    expect_row(NJ_KEYS_SECRET, "\177", "Backspace", 1);
    expect_row(NJ_KEYS_CHOICES, "\003", NULL, 0);
}

/* The recursion of the decoder is bounded. */
static void
test_million_escs_do_not_recurse(void **state)
{
    NjKeys *keys = *state;
    g_autofree char *escs = g_strnfill(1000000, '\033');
    g_autoptr(GString) out = g_string_new(NULL);
    nj_keys_feed(keys, escs, 1000000, &hooks, out);
    nj_keys_settle(keys, &hooks, out);
    expect_calls(keys, "x\033[A", "x^[A");
}

static void
rebind(const char *line, void *owner)
{
    assert_true(nj_keys_bind(owner, "F1", NULL, NULL));
    assert_string_equal(line, "F1");
}

static void
test_command_may_unbind_its_key(void **state)
{
    static const NjKeysHooks rebinding = { .on_line = rebind, .on_bytes = on_bytes };
    nj_keys_feed(*state, "\033OP", 3, &rebinding, *state);
    assert_null(nj_keys_line(*state, "F1"));
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_have_one_spelling),
        cmocka_unit_test(test_bindings_keep_their_order),
        cmocka_unit_test_setup_teardown(test_bound_keys_are_separated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_keys_in_pieces_are_joined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_esc_is_alt_in_emacs_mode, set_up, tear_down),
        cmocka_unit_test(test_key_rows_have_their_own_names),
        cmocka_unit_test(test_key_is_found_in_its_context),
        cmocka_unit_test_setup_teardown(test_million_escs_do_not_recurse, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_command_may_unbind_its_key, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("ui/keys", tests, NULL, NULL);
}
