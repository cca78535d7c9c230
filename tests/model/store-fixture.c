/* See store-fixture.h. */
#include "store-fixture.h"

char *
quick_dir(void)
{
    char *dir = g_strdup("/dev/shm/natterjack-test-XXXXXX");
    if (g_mkdtemp(dir))
        return dir;
    g_free(dir);
    return make_dir();
}

gint64
chat_row(StoreFixture *fixture, const char *address)
{
    NjStoredChat chat;
    assert_true(nj_store_ensure_chat(fixture->store,
                                     nj_store_ensure_account(fixture->store, "toad@pond.example"),
                                     NJ_CHAT_PERSON, address, &chat));
    gint64 id = chat.id;
    nj_stored_chat_clear(&chat);
    return id;
}

NjStore *
open_here(const char *dir, bool remote)
{
    g_autoptr(GError) error = NULL;
    NjStore *store = nj_store_open_as(dir, remote, &error);
    if (!store)
        fail_msg("%s", error->message);
    return store;
}

int
set_up_at(void **state, bool remote)
{
    StoreFixture *fixture = g_new0(StoreFixture, 1);
    fixture->dir = quick_dir();
    fixture->remote = remote;
    fixture->store = open_here(fixture->dir, remote);
    fixture->chat = chat_row(fixture, "frog@pond.example");
    fixture->reports = g_string_new(NULL);
    *state = fixture;
    return 0;
}

int
set_up(void **state)
{
    return set_up_at(state, false);
}

int
set_up_remote(void **state)
{
    return set_up_at(state, true);
}

int
tear_down(void **state)
{
    StoreFixture *fixture = *state;
    nj_store_close(fixture->store, 5000);
    drop_dir(fixture->dir);
    g_string_free(fixture->reports, TRUE);
    g_free(fixture);
    return 0;
}

void
reopen(StoreFixture *fixture)
{
    assert_true(nj_store_close(fixture->store, 5000));
    fixture->store = open_here(fixture->dir, fixture->remote);
}

gint64
add(StoreFixture *fixture, gint64 time, bool out, const char *body)
{
    g_autoptr(NjMessage) message = make_message(time, out, body);
    message->chat = fixture->chat;
    nj_store_add_message(fixture->store, message);
    return message->id;
}

int
ask_int(StoreFixture *fixture, const char *sql)
{
    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);

    int value = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

void
run_sql(const char *dir, const char *sql)
{
    g_autofree char *path = g_build_filename(dir, "history.db", NULL);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 10000);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}
