/* model/store-id-index: a message is found by its ids, whether it is queued or its hashes are in
 * memory or in the table. */
#include "store-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* messages at which an idle writer thread begins a drain */
#define MANY 2500

static void
add_message(StoreFixture *fixture, int number, bool out)
{
    g_autoptr(NjMessage) message = make_message(1000 + number, out, "x");
    message->chat = fixture->chat;
    message->state = out ? NJ_STATE_DELIVERED : NJ_STATE_RECEIVED;
    message->origin_id = g_strdup_printf("o%d", number);
    message->archive_id = g_strdup_printf("a%d", number);
    message->archive_by = g_strdup("toad@pond.example");
    nj_store_add_message(fixture->store, message);
}

static void
say_many(StoreFixture *fixture, int from, int to)
{
    for (int i = from; i < to; i++)
        add_message(fixture, i, i % 2);
}

static void
assert_one(StoreFixture *fixture, int number, bool is)
{
    g_autofree char *origin = g_strdup_printf("o%d", number),
                    *archive = g_strdup_printf("a%d", number);
    const char *sender = number % 2 ? "toad@pond.example/desk" : "frog@pond.example/leaf";

    if (nj_store_has_origin_id(fixture->store, fixture->chat, sender, origin) != is
        || nj_store_has_archive_id(fixture->store, fixture->chat, "toad@pond.example", archive)
               != is)
        fail_msg("message %d", number);
    assert_false(
        nj_store_has_origin_id(fixture->store, fixture->chat, "newt@pond.example/leaf", origin));
    assert_false(nj_store_has_origin_id(fixture->store, fixture->chat, NULL, origin));
    assert_false(nj_store_has_origin_id(fixture->store, fixture->chat + 1, sender, origin));
    assert_false(nj_store_has_origin_id(fixture->store, fixture->chat, sender, archive));
    assert_false(
        nj_store_has_archive_id(fixture->store, fixture->chat, "evil@pond.example", archive));

    g_autoptr(NjMessage) ours = nj_store_find_sent(fixture->store, fixture->chat, origin);
    assert_int_equal(ours != NULL, is && number % 2);
    assert_true(!ours || ours->time == 1000 + number);
}

static void
assert_all(StoreFixture *fixture, int from, int to, bool is)
{
    for (int i = from; i < to; i++)
        assert_one(fixture, i, is);
}

/* Returns how many messages are in the table. */
static int
wait_for_mark(StoreFixture *fixture, int mark)
{
    for (int i = 0; i < 20000 && ask_int(fixture, "SELECT message FROM ident_mark") < mark; i++)
        g_usleep(1000);
    return ask_int(fixture, "SELECT message FROM ident_mark");
}

static void
test_ids_are_found_in_queue_memory_and_table(void **state)
{
    StoreFixture *fixture = *state;
    say_many(fixture, 0, 10);
    assert_all(fixture, 0, 10, true); /* queued */
    assert_all(fixture, 10, 20, false);
    nj_store_flush(fixture->store);
    assert_all(fixture, 0, 10, true); /* in memory */
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM ident"), 0);
    reopen(fixture);
    assert_all(fixture, 0, 10, true); /* in memory, read from the rows */

    say_many(fixture, 10, MANY);
    assert_true(wait_for_mark(fixture, MANY) >= MANY);
    assert_all(fixture, 0, MANY, true); /* in the table */
    assert_all(fixture, MANY, MANY + 10, false);
    say_many(fixture, MANY, MANY + 10);
    assert_all(fixture, MANY - 10, MANY + 10, true);
    reopen(fixture);
    assert_all(fixture, 0, MANY + 10, true);
}

/* While hashes are moved into the table, all are found. */
static void
test_ids_are_found_during_drain(void **state)
{
    StoreFixture *fixture = *state;
    int next = 0;

    for (int round = 0; round < 12; round++) {
        say_many(fixture, next, next + 4000);
        next += 4000;
        nj_store_flush(fixture->store);
        for (int i = 0; i < 300; i++)
            assert_one(fixture, g_random_int_range(0, next), true);
    }

    assert_true(wait_for_mark(fixture, next - MANY) >= next - MANY);
    for (int i = 0; i < 300; i++)
        assert_one(fixture, g_random_int_range(0, next), true);
}

static void
test_killed_during_drain_keeps_ids(void **state)
{
    StoreFixture *fixture = *state;
    assert_true(nj_store_close(fixture->store, 5000));
    fixture->store = NULL;

    int ready[2];
    assert_int_equal(pipe(ready), 0);

    pid_t child = fork();
    if (!child) {
        StoreFixture own = { .dir = fixture->dir,
                             .store = open_store(fixture->dir),
                             .chat = fixture->chat };
        say_many(&own, 0, 30000);
        nj_store_flush(own.store);
        if (write(ready[1], "!", 1) != 1)
            _exit(1);
        say_many(&own, 30000, 1000000);
        _exit(0);
    }

    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    g_usleep((gulong) g_random_int_range(0, 50000));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fixture->store = open_store(fixture->dir);

    int count = ask_int(fixture, "SELECT count(*) FROM message");
    assert_true(count >= 30000);
    for (int i = 0; i < count; i += 7)
        assert_one(fixture, i, true);

    assert_one(fixture, count + 10000, false);
}

/* The table keeps hashes of deleted rows; they neither hide nor make a message. */
static void
test_deleted_messages_leave_no_ids(void **state)
{
    StoreFixture *fixture = *state;
    say_many(fixture, 0, MANY);
    assert_true(wait_for_mark(fixture, MANY) >= MANY);
    nj_store_delete_chat(fixture->store, fixture->chat);
    reopen(fixture);
    fixture->chat = chat_row(fixture, "frog@pond.example");
    assert_all(fixture, 0, 10, false);
    for (int i = 0; i < 10; i++)
        add_message(fixture, 5000 + i, i % 2);

    assert_all(fixture, 5000, 5010, true);
    assert_all(fixture, 0, 10, false);
    reopen(fixture);
    assert_all(fixture, 5000, 5010, true);
    assert_all(fixture, 0, 10, false);
}

/* Both queries use the primary keys and read no table from the start to the end. */
static void
test_queries_use_indexes(void **state)
{
    StoreFixture *fixture = *state;
    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_autoptr(GString) plan = g_string_new(NULL);

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "EXPLAIN QUERY PLAN SELECT 1 FROM message WHERE message.id IN (SELECT "
                           "message FROM ident WHERE hash = 1 UNION ALL"
                           " SELECT 2) AND +chat = 3 AND origin_id = 'x' AND sender IS 'y' LIMIT 1",
                           -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        g_string_append_printf(plan, "%s\n", (const char *) sqlite3_column_text(statement, 3));

    sqlite3_finalize(statement);
    sqlite3_close(db);
    assert_non_null(strstr(plan->str, "SEARCH message USING INTEGER PRIMARY KEY (rowid=?)"));
    assert_non_null(strstr(plan->str, "SEARCH ident USING PRIMARY KEY (hash=?)"));
    assert_null(strstr(plan->str, "SCAN message"));
    assert_null(strstr(plan->str, "SCAN ident"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ids_are_found_in_queue_memory_and_table, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_ids_are_found_during_drain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_during_drain_keeps_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deleted_messages_leave_no_ids, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_queries_use_indexes, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("model/store-id-index", tests, NULL, NULL);
}
