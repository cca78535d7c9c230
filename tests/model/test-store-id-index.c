/* model/store: a message is found again by what it came with, wherever that is kept at present:
 * waiting, in memory, in its table. */
#include "store-house.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* so many are brought into the table as soon as nothing else is to be done */
#define MANY 2500

static void
say(House *house, int number, bool out)
{
    g_autoptr(NjMessage) message = make_message(1000 + number, out, "x");
    message->chat = house->chat;
    message->state = out ? NJ_STATE_DELIVERED : NJ_STATE_RECEIVED;
    message->origin_id = g_strdup_printf("o%d", number);
    message->archive_id = g_strdup_printf("a%d", number);
    message->archive_by = g_strdup("toad@pond.example");
    nj_store_add_message(house->store, message);
}

static void
say_many(House *house, int from, int to)
{
    for (int i = from; i < to; i++)
        say(house, i, i % 2);
}

static void
assert_one(House *house, int number, bool is)
{
    g_autofree char *origin = g_strdup_printf("o%d", number),
                    *archive = g_strdup_printf("a%d", number);
    const char *sender = number % 2 ? "toad@pond.example/desk" : "frog@pond.example/leaf";

    if (nj_store_has_origin_id(house->store, house->chat, sender, origin) != is
        || nj_store_has_archive_id(house->store, house->chat, "toad@pond.example", archive) != is)
        fail_msg("message %d", number);
    assert_false(
        nj_store_has_origin_id(house->store, house->chat, "newt@pond.example/leaf", origin));
    assert_false(nj_store_has_origin_id(house->store, house->chat, NULL, origin));
    assert_false(nj_store_has_origin_id(house->store, house->chat + 1, sender, origin));
    assert_false(nj_store_has_origin_id(house->store, house->chat, sender, archive));
    assert_false(nj_store_has_archive_id(house->store, house->chat, "evil@pond.example", archive));

    g_autoptr(NjMessage) ours = nj_store_find_sent(house->store, house->chat, origin);
    assert_int_equal(ours != NULL, is && number % 2);
    assert_true(!ours || ours->time == 1000 + number);
}

static void
assert_all(House *house, int from, int to, bool is)
{
    for (int i = from; i < to; i++)
        assert_one(house, i, is);
}

/* How many messages have come into the table. */
static int
wait_for_mark(House *house, int mark)
{
    for (int i = 0; i < 20000 && ask_int(house, "SELECT message FROM ident_mark") < mark; i++)
        g_usleep(1000);
    return ask_int(house, "SELECT message FROM ident_mark");
}

static void
test_everywhere(void **state)
{
    House *house = *state;
    say_many(house, 0, 10);
    assert_all(house, 0, 10, true); /* in the list */
    assert_all(house, 10, 20, false);
    nj_store_flush(house->store);
    assert_all(house, 0, 10, true); /* in memory */
    assert_int_equal(ask_int(house, "SELECT count(*) FROM ident"), 0);
    reopen(house);
    assert_all(house, 0, 10, true); /* read again */

    say_many(house, 10, MANY);
    assert_true(wait_for_mark(house, MANY) >= MANY);
    assert_all(house, 0, MANY, true); /* in the table */
    assert_all(house, MANY, MANY + 10, false);
    say_many(house, MANY, MANY + 10);
    assert_all(house, MANY - 10, MANY + 10, true);
    reopen(house);
    assert_all(house, 0, MANY + 10, true);
}

/* Nothing is missing while it moves. */
static void
test_meanwhile(void **state)
{
    House *house = *state;
    int next = 0;

    for (int round = 0; round < 12; round++) {
        say_many(house, next, next + 4000);
        next += 4000;
        nj_store_flush(house->store);
        for (int i = 0; i < 300; i++)
            assert_one(house, g_random_int_range(0, next), true);
    }

    assert_true(wait_for_mark(house, next - MANY) >= next - MANY);
    for (int i = 0; i < 300; i++)
        assert_one(house, g_random_int_range(0, next), true);
}

static void
test_killed(void **state)
{
    House *house = *state;
    assert_true(nj_store_close(house->store, 5000));
    house->store = NULL;

    int ready[2];
    assert_int_equal(pipe(ready), 0);

    pid_t child = fork();
    if (!child) {
        House own = { .dir = house->dir, .store = open_store(house->dir), .chat = house->chat };
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
    house->store = open_store(house->dir);

    int count = ask_int(house, "SELECT count(*) FROM message");
    assert_true(count >= 30000);
    for (int i = 0; i < count; i += 7)
        assert_one(house, i, true);

    assert_one(house, count + 10000, false);
}

/* What the table still knows of rows that were forgotten hides nothing and invents nothing. */
static void
test_forgotten(void **state)
{
    House *house = *state;
    say_many(house, 0, MANY);
    assert_true(wait_for_mark(house, MANY) >= MANY);
    nj_store_delete_chat(house->store, house->chat);
    reopen(house);
    house->chat = chat_row(house, "frog@pond.example");
    assert_all(house, 0, 10, false);
    for (int i = 0; i < 10; i++)
        say(house, 5000 + i, i % 2);

    assert_all(house, 5000, 5010, true);
    assert_all(house, 0, 10, false);
    reopen(house);
    assert_all(house, 5000, 5010, true);
    assert_all(house, 0, 10, false);
}

/* Both questions are answered from the table's order and the rows' own numbers, never by looking
 * through. */
static void
test_plans(void **state)
{
    House *house = *state;
    g_autofree char *path = g_build_filename(house->dir, "history.db", NULL);
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
        cmocka_unit_test_setup_teardown(test_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_meanwhile, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_plans, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("model/store-id-index", tests, NULL, NULL);
}
