/* ui/found: which parts of a text are highlighted, and the excerpt around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <locale.h>
#include <string.h>
#include <cmocka.h>

#include "ui/found.h"

/* The matches in `text` must be those in brackets in `picture`. typed "": links match, too. */
static void
finds(const char *typed, const char *text, const char *picture)
{
    NjFoundWords *words = nj_found_words_new(typed, typed && strcmp(typed, "") == 0);
    GString *out = g_string_new(NULL);
    gsize at = 0, start, end, length = strlen(text);

    while (nj_found_next(words, text, length, at, &start, &end)) {
        assert_true(start >= at && end > start && end <= length);
        g_string_append_len(out, text + at, (gssize) (start - at));
        g_string_append_printf(out, "[%.*s]", (int) (end - start), text + start);
        at = end;
    }

    g_string_append(out, text + at);
    assert_string_equal(out->str, picture);
    g_string_free(out, TRUE);
    nj_found_words_free(words);
}

static void
test_matches_ignore_case_and_accents(void **state)
{
    (void) state;
    finds("frog", "Frogs and a bullfrog, FROG!", "[Frog]s and a bullfrog, [FROG]!");
    finds("\"big frog\" pond", "a big, big pond", "a [big], [big] [pond]");
    finds("o'brien", "O'Brien and brie", "[O]'[Brien] and brie");
    finds("cafe", "Café, cafe\xcc\x81s", "[Café], [cafe\xcc\x81]s");
    finds("école", "une ecole", "une [ecole]");
    finds("蛙", "日本蛙です", "日本[蛙]です");
    finds("עבר", "שלום עברית", "שלום [עבר]ית");
    finds(":-)", "well :-) then:-)", "well [:-)] then[:-)]");

    finds("🐸", "a🐸🐸", "a[🐸][🐸]");
    finds(NULL, "nothing", "nothing");
    finds("", "see https://pond.example/a?b, or Xmpp:pond",
          "see [https://pond.example/a?b,] or [Xmpp:pond]");
    finds("\xff", "a\xef\xbf\xbd", "a[\xef\xbf\xbd]");
}

static void
test_excerpt_has_first_match(void **state)
{
    (void) state;
    NjFoundWords *words = nj_found_words_new("frog", false);
    bool cut;
    g_autofree char *plain = nj_found_excerpt(words, "a frog\nin two\tlines", &cut);
    assert_string_equal(plain, "a frog in two lines");
    assert_false(cut);

    GString *body = g_string_new(NULL);
    for (int i = 0; i < 50000; i++)
        g_string_append(body, "日本");
    g_string_append(body, " frog at the end");

    /* The match is beyond the bytes that are searched. */
    g_autofree char *far = nj_found_excerpt(words, body->str, &cut);
    assert_true(g_utf8_validate(far, -1, NULL) && g_str_has_prefix(far, "日本")
                && strlen(far) <= 600);
    assert_false(cut);
    g_string_erase(body, 0, 270000);

    g_autofree char *near = nj_found_excerpt(words, body->str, &cut);
    assert_non_null(strstr(near, "本 frog at the end"));
    assert_true(cut && g_utf8_validate(near, -1, NULL) && strlen(near) < 160);
    g_string_free(body, TRUE);
    nj_found_words_free(words);
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_ignore_case_and_accents),
        cmocka_unit_test(test_excerpt_has_first_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
