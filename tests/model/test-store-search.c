/* model/store-search, -query and -index: messages are found by the words that a user types, newest
 * first, at once, also after failures and deletions. */
#include "store-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* The answer of one search. */

typedef struct {
    GString *bodies; /* joined with '|' */
    char *error;
    guint count;
    gint64 time, id; /* of the last hit */
    bool answered;
} Answer;

static void
take_answer(GPtrArray *found, const GError *error, void *data)
{
    Answer *answer = data;
    answer->answered = true;
    answer->error = error ? g_strdup(error->message) : NULL;
    answer->count = found ? found->len : 0;

    for (guint i = 0; i < answer->count; i++) {
        const NjFound *one = g_ptr_array_index(found, i);
        assert_string_equal(one->account_address, "toad@pond.example");
        g_string_append_printf(answer->bodies, "%s%s", i ? "|" : "", one->message->body);
        answer->time = one->message->time;
        answer->id = one->message->id;
    }
}

static Answer
run_search(StoreFixture *fixture, NjSearch search)
{
    Answer answer = { .bodies = g_string_new(NULL) };
    if (!search.limit)
        search.limit = 100;
    nj_store_search(fixture->store, &search, take_answer, &answer, fixture);
    assert_false(answer.answered);
    while (!answer.answered)
        g_main_context_iteration(NULL, TRUE);
    return answer;
}

static void
check_search(StoreFixture *fixture, NjSearch search, const char *bodies)
{
    Answer answer = run_search(fixture, search);
    assert_null(answer.error);
    assert_string_equal(answer.bodies->str, bodies);
    g_string_free(answer.bodies, TRUE);
}

static void
check_words(StoreFixture *fixture, const char *words, const char *bodies)
{
    check_search(fixture, (NjSearch){ .words = words }, bodies);
}

static void
add_from(StoreFixture *fixture, gint64 chat, gint64 time, bool out, const char *sender,
         const char *body)
{
    g_autoptr(NjMessage) message = make_message(time, out, body);
    message->chat = chat;
    g_free(message->sender);
    message->sender = g_strdup(sender);
    nj_store_add_message(fixture->store, message);
}

/* --- words --- */

static void
test_words_match_by_prefix(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "The toad sits by the pond");
    add(fixture, 30, true, "Do toads sing? Ponderous question");
    add(fixture, 20, false, "a café near the Straße, don't worry");
    check_words(fixture, "toad", "Do toads sing? Ponderous question|The toad sits by the pond");
    check_words(fixture, "POND", "Do toads sing? Ponderous question|The toad sits by the pond");
    check_words(fixture, "pond toad",
                "Do toads sing? Ponderous question|The toad sits by the pond");
    check_words(fixture, "ponder toad", "Do toads sing? Ponderous question");
    check_words(fixture, "oad", "");

    check_words(fixture, "cafe", "a café near the Straße, don't worry");
    check_words(fixture, "CAFÉ", "a café near the Straße, don't worry");
    check_words(fixture, "don't", "a café near the Straße, don't worry");
    check_words(fixture, "\"by the\"", "The toad sits by the pond");
    check_words(fixture, "\"the by\"", "");
    check_words(fixture, "\"the pon\"", ""); /* in quotation marks the last word is whole */
    check_words(fixture, "question.", "Do toads sing? Ponderous question");
    check_words(fixture, "questio,", ""); /* a comma ends the word */
    check_words(fixture, "",
                "Do toads sing? Ponderous question|a café near the Straße, don't worry|The toad "
                "sits by the pond");

    check_search(
        fixture, (NjSearch){ 0 },
        "Do toads sing? Ponderous question|a café near the Straße, don't worry|The toad sits by "
        "the pond");

    /* max_body_bytes cuts the bodies at the end of a character. */
    check_search(fixture, (NjSearch){ .words = "worry", .max_body_bytes = 7 }, "a café");
    check_search(fixture, (NjSearch){ .words = "worry", .max_body_bytes = 6 }, "a caf");
    check_search(fixture, (NjSearch){ .words = "worry", .max_body_bytes = 1000 },
                 "a café near the Straße, don't worry");
}

/* No typed text has a meaning for FTS5. */
static void
test_any_typed_bytes_are_words(void **state)
{
    static const char *const typed[] = {
        "toad AND",
        "NOT toad",
        "toad OR frog",
        "NEAR(toad frog)",
        "to*d",
        "body:toad",
        "{body}:toad",
        "\"",
        "\"\"",
        "\"toad",
        "toad\"",
        "(",
        ")))",
        "^toad",
        "toad + frog",
        "'; DROP TABLE message; --",
        "\\",
        "-",
        "--toad",
        "\xff\xfe",
        "\x01\x02",
        "toad\xc3",
        "%",
        "_",
        "marks:x",
        "\xee\x80\x80"
        "a1",
    };

    StoreFixture *fixture = *state;

    add(fixture, 10, false, "no such thing");
    for (guint i = 0; i < G_N_ELEMENTS(typed); i++) {
        Answer answer = run_search(fixture, (NjSearch){ .words = typed[i] });
        if (answer.error)
            fail_msg("%s: %s", typed[i], answer.error);
        if (strstr(typed[i], "toad") || i == G_N_ELEMENTS(typed) - 1)
            assert_int_equal(answer.count, 0);
        g_string_free(answer.bodies, TRUE);
        answer = run_search(fixture, (NjSearch){ .sender = typed[i] });
        if (answer.error)
            fail_msg("from %s: %s", typed[i], answer.error);
        g_string_free(answer.bodies, TRUE);
    }

    g_autofree char *long_word = g_strnfill(100000, 'x'), *many = g_strnfill(100000, 'x');
    for (guint i = 1; i < 100000; i += 2)
        many[i] = ' ';
    check_words(fixture, long_word, "");
    check_words(fixture, many, "");
}

/* In scripts without spaces each character is a word, as are emoji; punctuation is found
 * literally. */
static void
test_scripts_without_spaces_are_found(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "今天天气很好");
    add(fixture, 20, false, "สวัสดีครับ");
    add(fixture, 30, false, "すごい🎉🐸pond");
    add(fixture, 40, false, "well :-) a -> b");
    add(fixture, 50, false, "Жаба сидит");
    check_words(fixture, "天气", "今天天气很好");
    check_words(fixture, "气天", "");
    check_words(fixture, "今 好", "今天天气很好");

    check_words(fixture, "ครับ", "สวัสดีครับ");
    check_words(fixture, "ごい", "すごい🎉🐸pond");
    check_words(fixture, "🐸", "すごい🎉🐸pond");
    check_words(fixture, "🐸 po", "すごい🎉🐸pond");
    check_words(fixture, "🎉 :-)", "");
    check_words(fixture, ":-)", "well :-) a -> b");
    check_words(fixture, "-> well", "well :-) a -> b");
    check_words(fixture, "жаб", "Жаба сидит");
}

/* A common prefix finds what an FTS5 prefix query finds. */
static void
test_common_prefix_finds_all(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 3000; i++) {
        g_autofree char *body =
            i % 7 ? g_strdup_printf("x%d said", i)
                  : g_strdup_printf("x%d went home%s", i, i % 700 ? "" : " xylophone");
        add(fixture, 1000 + i, false, body);
        if (i % 500 == 0)
            nj_store_flush(fixture->store);
    }

    Answer answer = run_search(fixture, (NjSearch){ .words = "x", .limit = 5000 });
    assert_int_equal(answer.count, 3000);
    g_string_free(answer.bodies, TRUE);

    /* every seventh of 2, 20 … 29, 200 … 299, 2000 … 2999 */
    answer = run_search(fixture, (NjSearch){ .words = "x2 went", .limit = 5000 });
    assert_int_equal(answer.count, 2 + 14 + 143);
    g_string_free(answer.bodies, TRUE);
    check_search(
        fixture, (NjSearch){ .words = "x xyl h" },
        "x2800 went home xylophone|x2100 went home xylophone|x1400 went home xylophone|x700 went "
        "home xylophone|x0 went home xylophone");
    check_search(fixture, (NjSearch){ .words = "x", .limit = 2 }, "x2999 said|x2998 said");
}

/* --- filters --- */

static void
test_filters_restrict_hits(void **state)
{
    StoreFixture *fixture = *state;
    gint64 other = chat_row(fixture, "newt@pond.example"),
           account = nj_store_ensure_account(fixture->store, "toad@pond.example");

    add_from(fixture, fixture->chat, 10, false, "frog@pond.example/leaf", "hello one");
    add_from(fixture, other, 20, false, "newt@pond.example/mud",
             "hello two https://pond.example/a");
    add_from(fixture, other, 30, true, "toad@pond.example/desk", "hello three");
    add_from(fixture, other, 40, false, NULL, "hello four xmpp:room@pond.example?join");
    check_search(fixture, (NjSearch){ .words = "hello", .chat = fixture->chat }, "hello one");
    check_search(fixture, (NjSearch){ .words = "hello", .chat = other, .until = 30 },
                 "hello two https://pond.example/a");
    check_search(fixture, (NjSearch){ .words = "hello", .since = 20, .until = 40 },
                 "hello three|hello two https://pond.example/a");

    check_search(fixture, (NjSearch){ .words = "hello", .account = account + 1 }, "");
    check_search(fixture, (NjSearch){ .words = "hello", .account = account, .chat = fixture->chat },
                 "hello one");
    check_search(fixture, (NjSearch){ .words = "hello", .sender = "FROG" }, "hello one");
    check_search(fixture, (NjSearch){ .words = "hello", .sender = "frog@pond.example" },
                 "hello one");
    check_search(fixture, (NjSearch){ .sender = "newt" },
                 "hello four xmpp:room@pond.example?join|hello two https://pond.example/a");
    check_search(fixture, (NjSearch){ .sender = "Me" }, "hello three");
    check_search(fixture, (NjSearch){ .links = true },
                 "hello four xmpp:room@pond.example?join|hello two https://pond.example/a");

    check_search(fixture, (NjSearch){ .links = true, .words = "two" },
                 "hello two https://pond.example/a");
}

static void
test_links_are_found(void **state)
{
    static const struct {
        const char *text;
        bool link;
    } rows[] = {
        { "see HTTPS://pond.example", true },
        { "geo:47.1,8.2", true },
        { "(mailto:frog@pond.example)", true },
        { "aesgcm://x.example/y#z", true },
        { "note: this", false },
        { "12:30", false },
        { "a::b", false },
        { "http:// nothing", false },
        { "xmpp: nothing", false },
        { ":", false },
        { "Telephone: 5", false },
        { "c:\\x", false },
        { "http://", false },
        { "tel:+41", true },
    };

    StoreFixture *fixture = *state;
    GString *expected = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        add(fixture, 1000 - i, false, rows[i].text);
        if (rows[i].link)
            g_string_append_printf(expected, "%s%s", expected->len ? "|" : "", rows[i].text);
    }

    check_search(fixture, (NjSearch){ .links = true }, expected->str);
    g_string_free(expected, TRUE);
}

/* Page by page each hit comes once, also if many messages have the same time. */
static void
test_pages_have_each_hit_once(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 50; i++) {
        g_autofree char *body = g_strdup_printf("word%d", i);
        add(fixture, 1000 - i / 10, false, body);
    }

    NjSearch search = { .words = "word", .limit = 7 };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint count = 0;
    for (;;) {
        Answer answer = run_search(fixture, search);
        g_auto(GStrv) bodies = g_strsplit(answer.bodies->str, "|", -1);
        for (guint i = 0; i < answer.count; i++)
            assert_true(g_hash_table_add(seen, g_strdup(bodies[i])));
        count += answer.count;
        search.before_time = answer.time;
        search.before_id = answer.id;
        g_string_free(answer.bodies, TRUE);
        if (!answer.count)
            break;
    }

    assert_int_equal(count, 50);
}

/* --- index --- */

static void
test_deleted_chat_is_not_found(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "keep this");

    gint64 stranger = chat_row(fixture, "stranger@mud.example");
    add_from(fixture, stranger, 20, false, "stranger@mud.example", "buy this https://mud.example");
    check_words(fixture, "this", "buy this https://mud.example|keep this");
    nj_store_delete_chat(fixture->store, stranger);
    check_words(fixture, "this", "keep this");
    check_search(fixture, (NjSearch){ .sender = "stranger" }, "");

    /* A message that is added after the newest ones were deleted is indexed. */
    reopen(fixture);
    fixture->chat = chat_row(fixture, "frog@pond.example");
    add(fixture, 30, false, "this is new");
    check_words(fixture, "this", "this is new|keep this");
    check_words(fixture, "buy", "");
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM word ('this')"), 2);
    nj_store_flush(fixture->store);
    run_sql(fixture->dir, "INSERT INTO word (word) VALUES ('integrity-check')");
}

/* The index continues behind its mark and includes rows that an older program has added. */
static void
test_index_continues_after_restart(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 2000; i++)
        add(fixture, 1000 + i, false, i == 3 ? "needle" : "hay");
    nj_store_close(fixture->store, 5000);
    run_sql(fixture->dir,
            "INSERT INTO word (word) VALUES ('delete-all'); UPDATE word_mark SET message = 0;");
    fixture->store = open_here(fixture->dir, fixture->remote);
    check_words(fixture, "needle", "needle");
    assert_int_equal(nj_store_count_unindexed(fixture->store), 0);

    assert_int_equal(ask_int(fixture, "SELECT message FROM word_mark"), 2000);
    Answer answer = run_search(fixture, (NjSearch){ .words = "hay", .limit = 5000 });
    assert_int_equal(answer.count, 1999);
    g_string_free(answer.bodies, TRUE);
}

/* The index is updated even if no search is made. */
static void
test_index_follows_without_search(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 3000; i++)
        add(fixture, 1000 + i, false, "hay");
    gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
    while (ask_int(fixture, "SELECT message FROM word_mark") < 3000
           && g_get_monotonic_time() < until)
        g_usleep(5000);
    assert_int_equal(ask_int(fixture, "SELECT message FROM word_mark"), 3000);
}

/* Rows with bytes that are not valid UTF-8, as in a damaged file. */
static void
test_invalid_text_is_indexed(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "fine words");
    nj_store_flush(fixture->store);
    run_sql(fixture->dir,
            "INSERT INTO message (id, chat, time, type, state, outgoing, delayed, mention, sender, "
            "body) VALUES"
            " (1000, 1, -5, 0, 0, 0, 0, 0, CAST(x'ff' AS TEXT), CAST(x'776f726473ff20e4bb' AS "
            "TEXT)), (1001, 77, 9e18, 9, 99, 0, 0, 0, NULL, x'f0'),"
            " (1002, 1, 20, 0, 0, 0, 0, 0, NULL, CAST(x'e0' AS TEXT))");

    reopen(fixture);
    fixture->chat = chat_row(fixture, "frog@pond.example");

    Answer answer = run_search(fixture, (NjSearch){ .words = "words" });
    assert_null(answer.error);
    assert_int_equal(answer.count, 2);
    g_string_free(answer.bodies, TRUE);
    add(fixture, 30, false, "more words");
    answer = run_search(fixture, (NjSearch){ .words = "more" });
    assert_int_equal(answer.count, 1);
    g_string_free(answer.bodies, TRUE);
}

static void
test_damaged_index_is_rebuilt(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "keep this");
    check_words(fixture, "keep", "keep this");
    nj_store_close(fixture->store, 5000);
    run_sql(fixture->dir, "UPDATE word_data SET block = x'00010203' WHERE id > 10");
    fixture->store = open_here(fixture->dir, fixture->remote);

    Answer answer = run_search(fixture, (NjSearch){ .words = "keep" });
    if (!answer.error) /* the writer thread found the damage first */
        assert_string_equal(answer.bodies->str, "keep this");
    else
        assert_non_null(strstr(answer.error, "Search again"));

    g_free(answer.error);
    g_string_free(answer.bodies, TRUE);
    check_words(fixture, "keep", "keep this");
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 1);
}

/* On a full disk a search does not wait for the queue and finds what is in the file.  The rest is
 * indexed when there is space. */
static void
test_full_disk_search_uses_old_index(void **state)
{
    StoreFixture *fixture = *state;
    struct rlimit old, tight;

    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    add(fixture, 10, false, "old words");
    check_words(fixture, "words", "old words");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    add(fixture, 20, false, "new words");

    Answer answer = run_search(fixture, (NjSearch){ .words = "words" });
    setrlimit(RLIMIT_FSIZE, &old);
    assert_null(answer.error);
    assert_string_equal(answer.bodies->str, "old words");
    g_string_free(answer.bodies, TRUE);
    while (nj_store_has_write_error(fixture->store))
        g_main_context_iteration(NULL, TRUE);

    nj_store_flush(fixture->store);
    check_words(fixture, "words", "new words|old words");
    signal(SIGXFSZ, handler);
}

/* --- search thread --- */

static void
must_not_be_called(GPtrArray *found, const GError *error, void *data)
{
    (void) found;
    (void) error;
    (void) data;
    fail_msg("a cancelled search was answered");
}

static void
test_cancelled_search_is_not_answered(void **state)
{
    StoreFixture *fixture = *state;
    int owner = 0;

    for (int i = 0; i < 5000; i++)
        add(fixture, 1000 + i, false, "hay, and more hay");

    NjSearch search = { .words = ":-)", .limit = 10 };
    for (int i = 0; i < 5; i++)
        nj_store_search(fixture->store, &search, must_not_be_called, NULL, &owner);
    g_usleep(20000);
    nj_store_search_cancel(fixture->store, &owner);
    check_words(fixture, "nothing", "");
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

static void
test_close_during_search(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 5000; i++)
        add(fixture, 1000 + i, false, "hay, and more hay");
    NjSearch search = { .words = ":-)", .limit = 10 };
    nj_store_search(fixture->store, &search, must_not_be_called, NULL, fixture);
    nj_store_search(fixture->store, &search, must_not_be_called, NULL, fixture);
    reopen(fixture);
}

static void
close_it(GPtrArray *found, const GError *error, void *data)
{
    StoreFixture *fixture = data;
    assert_null(error);
    assert_int_equal(found->len, 1);
    nj_store_close(fixture->store, 5000);
    fixture->store = NULL;
}

static void
test_answer_may_close_the_store(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "hello");
    NjSearch search = { .words = "hello", .limit = 10 };
    nj_store_search(fixture->store, &search, close_it, fixture, fixture);
    nj_store_search(fixture->store, &search, must_not_be_called, NULL, fixture);
    while (fixture->store)
        g_main_context_iteration(NULL, TRUE);
    fixture->store = open_here(fixture->dir, fixture->remote);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words_match_by_prefix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_any_typed_bytes_are_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scripts_without_spaces_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_common_prefix_finds_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_filters_restrict_hits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_links_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages_have_each_hit_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deleted_chat_is_not_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_index_continues_after_restart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_index_follows_without_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_invalid_text_is_indexed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damaged_index_is_rebuilt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk_search_uses_old_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancelled_search_is_not_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_during_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answer_may_close_the_store, set_up, tear_down),
        /* With one connection, as on a network file system. */
        cmocka_unit_test_setup_teardown(test_words_match_by_prefix, set_up_remote, tear_down),
        cmocka_unit_test_setup_teardown(test_index_follows_without_search, set_up_remote,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_index_continues_after_restart, set_up_remote,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_cancelled_search_is_not_answered, set_up_remote,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_close_during_search, set_up_remote, tear_down),
        cmocka_unit_test_setup_teardown(test_answer_may_close_the_store, set_up_remote, tear_down),
    };
    return cmocka_run_group_tests_name("model/store-search", tests, NULL, NULL);
}
