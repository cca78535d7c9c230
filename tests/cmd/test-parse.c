/* cmd/parse: words, quotes, keywords, raw text and usage errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "cmd/parse.h"

static const NjCommand msg = {
    .name = "msg",
    .params = { { "address", NJ_PARAM_CONTACT },
                { "wait", NJ_PARAM_CHOICE, NJ_OPTIONAL | NJ_KEYWORD, NULL, { "sent" } },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL } },
};

static const NjCommand add = {
    .name = "add",
    .params = { { "how", NJ_PARAM_CHOICE, NJ_OPTIONAL, NULL, { "fast", "slow" } },
                { "count", NJ_PARAM_NUMBER, NJ_OPTIONAL },
                { "password", NJ_PARAM_SECRET, NJ_OPTIONAL | NJ_KEYWORD },
                { "words", NJ_PARAM_WORD, NJ_OPTIONAL | NJ_REPEAT } },
};

static void
expect_line(const char *text, const char *account, const char *name, const char *rest)
{
    NjLine line;
    GError *error = NULL;

    assert_true(nj_parse_line(text, &line, &error));
    assert_null(error);
    assert_int_equal(line.command, name != NULL);
    assert_int_equal(g_strcmp0(line.account, account), 0);
    assert_int_equal(g_strcmp0(line.name, name), 0);
    assert_string_equal(line.rest, rest);
    nj_line_clear(&line);
}

static void
test_line_is_split(void **state)
{
    (void) state;
    expect_line("/msg frog@example.org hi", NULL, "msg", "frog@example.org hi");
    expect_line("/home:msg  frog", "home", "msg", "frog");
    expect_line("/toad@[::1]:msg x", "toad@[::1]", "msg", "x");
    expect_line("/quit", NULL, "quit", "");
    expect_line("//usr/bin is a path", NULL, NULL, "/usr/bin is a path");
    expect_line("hello /msg", NULL, NULL, "hello /msg");
    expect_line(" /msg", NULL, NULL, " /msg");
    expect_line("", NULL, NULL, "");
}

static void
test_wrong_line_is_a_usage_error(void **state)
{
    (void) state;
    const char *const lines[] = { "/", "/ msg", "/:msg", "/home:", "/home: msg" };
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        NjLine line;
        g_autoptr(GError) error = NULL;
        assert_false(nj_parse_line(lines[i], &line, &error));
        assert_string_equal(nj_cmd_error_code(error), "usage");
        nj_line_clear(&line);
    }
}

static void
expect_arg(const NjCommand *command, const char *rest, const char *param, const char *value)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NjArgs) args = nj_parse_args(command, rest, &error);
    if (!args)
        fail_msg("%s: %s", rest, error->message);
    if (g_strcmp0(nj_args_get(args, param), value))
        fail_msg("%s: %s is \"%s\", not \"%s\"", rest, param, nj_args_get(args, param), value);
}

static void
expect_usage(const NjCommand *command, const char *rest, const char *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NjArgs) args = nj_parse_args(command, rest, &error);
    assert_null(args);
    assert_string_equal(nj_cmd_error_code(error), "usage");
    if (!strstr(error->message, part))
        fail_msg("\"%s\" does not say \"%s\"", error->message, part);
}

static void
test_raw_text_is_kept(void **state)
{
    (void) state;
    expect_arg(&msg, "frog", "text", NULL);
    expect_arg(&msg, "frog  two  words ", "text", "two  words ");
    expect_arg(&msg, "frog \"as it is\"", "text", "\"as it is\"");
    expect_arg(&msg, "frog a\\nb", "text", "a\\nb");
    expect_arg(&msg, "frog -e a\\nb\\tc\\\\d\\x", "text", "a\nb\tc\\d\\x");
    expect_arg(&msg, "frog -e", "text", "-e");
    expect_arg(&msg, "frog -extra", "text", "-extra");
    expect_arg(&msg, "frog line\nline", "text", "line\nline");
}

static void
test_keywords_come_before_raw_text(void **state)
{
    (void) state;
    expect_arg(&msg, "wait=sent frog hi", "wait", "sent");
    expect_arg(&msg, "wait=sent frog hi", "text", "hi");
    expect_arg(&msg, "frog wait=sent hi wait=sent", "text", "hi wait=sent");
    expect_arg(&msg, "frog x=y", "text", "x=y");
    expect_arg(&msg, "\"wait=sent\"", "address", "wait=sent");
    expect_usage(&msg, "frog wait=never hi", "Expected sent, not “never”. Usage: /msg ");
    expect_usage(&msg, "frog wait= hi", "sent");
}

static void
test_quotes_make_one_word(void **state)
{
    (void) state;
    expect_arg(&msg, "\"a b\\\"c\\\\d\\ne\\q\" x", "address", "a b\"c\\d\ne\\q");
    expect_arg(&add, "fast 3 password=\"two words\" z", "password", "two words");
    expect_arg(&msg, "fr\"og", "address", "fr\"og");

    g_autoptr(GError) error = NULL;
    assert_null(nj_parse_args(&msg, "\"open", &error));
    assert_non_null(strstr(error->message, "quotation mark"));
    g_clear_error(&error);
    assert_null(nj_parse_args(&msg, "\"a\"b", &error));
    assert_non_null(strstr(error->message, "space"));
    g_clear_error(&error);
    assert_null(nj_parse_args(&msg, "\"a\\\"", &error));
    assert_non_null(error);
}

static void
test_wrong_arguments_are_usage_errors(void **state)
{
    (void) state;
    expect_usage(&msg, "", "Missing ADDRESS. Usage: /msg ADDRESS [wait=sent] [TEXT]");
    expect_usage(&add, "quick", "Expected fast or slow, not “quick”.");
    expect_usage(&add, "fast many", "is not a number");
    expect_usage(&add, "fast 99999999999", "is not a number");
    expect_arg(&add, "slow -5", "count", "-5");
    static const NjCommand none = { .name = "none" };
    expect_usage(&none, "x", "/none");
}

/* A keyword may replace the parameters behind it. */
static void
test_subcommand_usage_names_its_parent(void **state)
{
    (void) state;
    static const NjCommand set = {
        .name = "set",
        .parent = "account",
        .params = { { "name", NJ_PARAM_ACCOUNT },
                    { "password", NJ_PARAM_SECRET, NJ_OPTIONAL | NJ_KEYWORD | NJ_INSTEAD },
                    { "key", NJ_PARAM_SETTING },
                    { "value", NJ_PARAM_WORD, NJ_OPTIONAL | NJ_REPEAT } },
    };

    expect_usage(&set, "", "Missing NAME. Usage: /account set NAME KEY [VALUE…]");
    expect_usage(&set, "home", "Missing KEY. Usage: /account set NAME KEY [VALUE…]");
    expect_usage(&set, "password=x", "Missing NAME.");
    expect_arg(&set, "home password=x", "password", "x");
    expect_arg(&set, "home port 5222", "key", "port");

    g_autofree char *name = nj_parse_full_name(&set);
    assert_string_equal(name, "account set");
}

static void
test_alternatives_end_in_or(void **state)
{
    (void) state;
    static const struct {
        const char *words[4], *expected;
    } cases[] = { { { NULL }, "" },
                  { { "a" }, "a" },
                  { { "a", "b" }, "a or b" },
                  { { "a", "b", "c" }, "a, b or c" } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *joined = nj_parse_alternatives(cases[i].words);
        assert_string_equal(joined, cases[i].expected);
    }
}

static void
test_repeat_collects_words(void **state)
{
    (void) state;
    g_autoptr(NjArgs) args = nj_parse_args(&add, "fast 1 a password=s \"b c\" d=e", NULL);
    const char *const *words = nj_args_list(args, "words");
    assert_string_equal(words[0], "a");
    assert_string_equal(words[1], "b c");
    assert_string_equal(words[2], "d=e");
    assert_null(words[3]);
    assert_string_equal(nj_args_get(args, "password"), "s");
    assert_true(nj_args_secret(args));

    assert_null(*nj_args_list(args, "how"));
}

static void
test_quoted_word_is_read_back(void **state)
{
    (void) state;
    const char *const words[] = { "plain",     "",   "two words", "\"", "back\\slash",
                                  "new\nline", "-e", "wait=sent", "\\" };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autofree char *quoted = nj_parse_quote(words[i]);
        g_autoptr(NjArgs) args = nj_parse_args(&msg, quoted, NULL);
        assert_non_null(args);
        assert_string_equal(nj_args_get(args, "address"), words[i]);
    }
}

static void
expect_param(const NjCommand *command, const char *text, const char *name, const char *word)
{
    const char *at;
    bool keyword;
    const NjParam *param = nj_parse_param_at(command, text, &at, &keyword);

    if (!name) {
        assert_null(param);
        return;
    }

    assert_non_null(param);
    assert_string_equal(param->name, name);
    assert_string_equal(at, word);
}

static void
test_param_at_cursor(void **state)
{
    (void) state;
    expect_param(&msg, "", "address", "");
    expect_param(&msg, "fr", "address", "fr");
    expect_param(&msg, "frog ", "text", "");
    expect_param(&msg, "wait=se", "wait", "se");
    expect_param(&msg, "frog wait=", "wait", "");
    expect_param(&msg, "\"a b", "address", "\"a b");
    expect_param(&add, "fast 1 x y", "words", "y");

    static const NjCommand none = { .name = "none" };
    expect_param(&none, "x", NULL, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_is_split),
        cmocka_unit_test(test_wrong_line_is_a_usage_error),
        cmocka_unit_test(test_raw_text_is_kept),
        cmocka_unit_test(test_keywords_come_before_raw_text),
        cmocka_unit_test(test_quotes_make_one_word),
        cmocka_unit_test(test_wrong_arguments_are_usage_errors),
        cmocka_unit_test(test_repeat_collects_words),
        cmocka_unit_test(test_quoted_word_is_read_back),
        cmocka_unit_test(test_param_at_cursor),
        cmocka_unit_test(test_subcommand_usage_names_its_parent),
        cmocka_unit_test(test_alternatives_end_in_or),
    };
    return cmocka_run_group_tests_name("cmd/parse", tests, NULL, NULL);
}
