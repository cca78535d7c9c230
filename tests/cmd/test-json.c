/* cmd/json: records there and back, and what a stranger's line may do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/json.h"

static void
test_there_and_back(void **state)
{
    (void) state;
    const char *line = "{\"id\": 7, \"ok\": true, \"text\": \"a \\\"b\\\"\\nc\", \"result\": "
                       "{\"chat\": \"frog@example.org\"}, \"list\": [{\"a\": 1}, {\"a\": -2}]}";
    g_autoptr(GError) error = NULL;
    g_autoptr(NjRecord) record = nj_json_read(line, -1, &error);
    assert_non_null(record);
    assert_string_equal(nj_record_text(record, "text"), "a \"b\"\nc");
    assert_int_equal(nj_record_find(record, "list")->list->len, 2);

    g_autofree char *again = nj_json_write(record);
    assert_string_equal(again, line);
    assert_null(strchr(again, '\n'));
}

static void
test_bad_utf8(void **state)
{
    (void) state;
    g_autoptr(NjRecord) record = nj_record_new();
    nj_record_set_text(record, "body",
                       "a\xff"
                       "b");
    g_autofree char *line = nj_json_write(record);
    assert_string_equal(line, "{\"body\": \"a\357\277\275b\"}");
}

static void
test_controls(void **state)
{
    (void) state;
    g_autoptr(NjRecord) record = nj_record_new();
    nj_record_set_text(
        record, "nick",
        "\033[1m\177 \302\2332J\302\205 \342\200\250\342\200\251 \303\244\342\202\254");

    g_autofree char *line = nj_json_write(record);
    assert_string_equal(
        line,
        "{\"nick\": \"\\u001B[1m\\u007F \\u009B2J\\u0085 \\u2028\\u2029 \303\244\342\202\254\"}");

    g_autoptr(NjRecord) again = nj_json_read(line, -1, NULL);
    assert_string_equal(nj_record_text(again, "nick"), nj_record_text(record, "nick"));
}

static void
test_answers(void **state)
{
    (void) state;
    g_autoptr(GError) error = g_error_new(NJ_CMD_ERROR, nj_cmd_code("not-connected"), "Offline.");
    g_autofree char *bad = nj_json_answer(error, NULL);
    g_autofree char *good = nj_json_answer(NULL, NULL);
    assert_string_equal(
        bad, "{\"ok\": false, \"error\": {\"code\": \"not-connected\", \"text\": \"Offline.\"}}");
    assert_string_equal(good, "{\"ok\": true, \"result\": {}}");
}

static void
test_refused(void **state)
{
    (void) state;
    g_autofree char *deep = g_strnfill(100000, '[');
    GString *nested = g_string_new(NULL);
    for (int i = 0; i < 100; i++)
        g_string_append(nested, "{\"a\":");

    g_string_append(nested, "{}");
    for (int i = 0; i < 100; i++)
        g_string_append(nested, "}");

    const char *const lines[] = { "",
                                  "{",
                                  "[]",
                                  "1",
                                  "{\"a\": 1.5}",
                                  "{\"a\": [1]}",
                                  "{\"a\": 1, \"a\": 2}",
                                  "{} x",
                                  deep,
                                  nested->str,
                                  "{\"a\": \"\xff\"}" };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(nj_json_read(lines[i], -1, &error));
        assert_non_null(error);
    }

    g_string_free(nested, TRUE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_bad_utf8),
        cmocka_unit_test(test_controls),       cmocka_unit_test(test_answers),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("cmd/json", tests, NULL, NULL);
}
