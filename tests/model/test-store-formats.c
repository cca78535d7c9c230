/* model/store-schema: files of older formats are migrated without loss.  Each format is written
 * here with the statements of the program that used it. */
#include "store-fixture.h"

#include <string.h>

static const char format_1[] =
    "CREATE TABLE account ("
    "  id INTEGER PRIMARY KEY,"
    "  address TEXT NOT NULL UNIQUE);"
    "CREATE TABLE chat ("
    "  id INTEGER PRIMARY KEY,"
    "  account INTEGER NOT NULL,"
    "  address TEXT NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  read_time INTEGER NOT NULL DEFAULT 0,"
    "  read_id INTEGER NOT NULL DEFAULT 0,"
    "  waiting INTEGER NOT NULL DEFAULT 0,"
    "  draft TEXT,"
    "  UNIQUE (account, address, kind));"
    "CREATE TABLE message ("
    "  id INTEGER PRIMARY KEY,"
    "  chat INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  type INTEGER NOT NULL,"
    "  state INTEGER NOT NULL,"
    "  outgoing INTEGER NOT NULL,"
    "  delayed INTEGER NOT NULL,"
    "  mention INTEGER NOT NULL,"
    "  sender TEXT,"
    "  body TEXT,"
    "  subject TEXT,"
    "  thread TEXT,"
    "  wire_id TEXT,"
    "  origin_id TEXT,"
    "  archive_id TEXT,"
    "  archive_by TEXT,"
    "  encryption TEXT,"
    "  error TEXT);"
    "CREATE INDEX message_order ON message (chat, time, id, outgoing, mention);"
    "CREATE INDEX message_origin ON message (chat, origin_id) WHERE origin_id IS NOT NULL;"
    "CREATE INDEX message_archive ON message (chat, archive_id) WHERE archive_id IS NOT NULL;"
    "CREATE TABLE roster ("
    "  account INTEGER NOT NULL,"
    "  address TEXT NOT NULL,"
    "  name TEXT,"
    "  subscription TEXT NOT NULL,"
    "  groups TEXT,"
    "  ask INTEGER NOT NULL,"
    "  approved INTEGER NOT NULL,"
    "  PRIMARY KEY (account, address)) WITHOUT ROWID;"
    "CREATE TABLE roster_version ("
    "  account INTEGER PRIMARY KEY,"
    "  version TEXT NOT NULL);"
    "PRAGMA user_version = 1;";

static const char content_1[] =
    "INSERT INTO account VALUES (1, 'toad@pond.example');"
    "INSERT INTO chat (id, account, address, kind, read_time, read_id, waiting, draft) VALUES (1, "
    "1, 'frog@pond.example', 0, 20, 2, 0, 'dear frog'), (2, 1, 'room@pond.example', 1, 0, 0, 0, "
    "NULL);"
    "INSERT INTO message (id, chat, time, type, state, outgoing, delayed, mention, sender, body, "
    "origin_id) VALUES"
    " (1, 1, 10, 0, 0, 0, 0, 0, 'frog@pond.example/leaf', 'one', 'o1'), (2, 1, 20, 0, 2, 1, 0, 0, "
    "'toad@pond.example/desk', 'two', 'o2'),"
    " (3, 1, 30, 0, 0, 0, 0, 0, 'frog@pond.example/leaf', 'three', 'o3'), (4, 2, 40, 3, 1, 1, 0, "
    "0, 'toad', 'four', 'o4');"
    "INSERT INTO roster VALUES (1, 'frog@pond.example', 'Frog', 'both', 'Pond', 0, 1);"
    "INSERT INTO roster_version VALUES (1, 'v1');";

static const char to_2[] = "CREATE TABLE outbox ("
                           "  message INTEGER PRIMARY KEY,"
                           "  number INTEGER);"
                           "CREATE TABLE stream ("
                           "  account INTEGER PRIMARY KEY,"
                           "  id TEXT NOT NULL,"
                           "  jid TEXT NOT NULL,"
                           "  location TEXT,"
                           "  received INTEGER NOT NULL,"
                           "  until INTEGER NOT NULL);"
                           "ALTER TABLE chat ADD COLUMN nick TEXT;"
                           "PRAGMA user_version = 2;";

static const char content_2[] =
    "INSERT INTO message (id, chat, time, type, state, outgoing, delayed, mention, sender, body, "
    "origin_id) VALUES"
    " (5, 2, 50, 3, 1, 1, 0, 0, 'toad', 'five', 'o5');"
    "INSERT INTO outbox VALUES (5, 17);"
    "INSERT INTO stream VALUES (1, 's1', 'toad@pond.example/desk', NULL, 42, 0);"
    "UPDATE chat SET nick = 'toad' WHERE id = 2;";

static const char to_3[] =
    "CREATE VIRTUAL TABLE word USING fts5 (body, subject, sender, marks, content = '', columnsize "
    "= 0,"
    "  tokenize = \"unicode61 remove_diacritics 2 categories 'L* N* Co So'\");"
    "INSERT INTO word (word, rank) VALUES ('automerge', 0);"
    "CREATE TABLE word_mark (message INTEGER NOT NULL);"
    "INSERT INTO word_mark VALUES (0);"
    "PRAGMA user_version = 3;";

/* More rows than the id index reads into memory at once. */
static const char content_3[] =
    "WITH RECURSIVE n(i) AS (SELECT 6 UNION ALL SELECT i + 1 FROM n WHERE i < 80000)"
    " INSERT INTO message (id, chat, time, type, state, outgoing, delayed, mention, sender, body, "
    "origin_id, archive_id, archive_by)"
    " SELECT i, 2, 1000 + i, 3, 0, 0, 0, 0, 'newt', 'x', 'o' || i, 'a' || i, 'room@pond.example' "
    "FROM n;";

static void
free_item(void *item)
{
    nj_stored_item_free(item);
}

static StoreFixture *
begin_with(const char *const *scripts)
{
    StoreFixture *fixture = g_new0(StoreFixture, 1);
    fixture->dir = make_dir();
    fixture->reports = g_string_new(NULL);
    for (; *scripts; scripts++)
        run_sql(fixture->dir, *scripts);
    fixture->store = open_store(fixture->dir);
    fixture->chat = chat_row(fixture, "frog@pond.example");
    return fixture;
}

static void
count_found(GPtrArray *found, const GError *error, void *data)
{
    assert_null(error);
    *(int *) data = (int) found->len;
}

/* Returns how many messages have the word. */
static int
count_hits(StoreFixture *fixture, const char *word)
{
    int count = -1;
    nj_store_search(fixture->store, &(NjSearch){ .words = word, .limit = 10 }, count_found, &count,
                    fixture);
    while (count < 0)
        g_main_context_iteration(NULL, TRUE);
    return count;
}

/* Checks what every format has. */
static void
check_content(StoreFixture *fixture)
{
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");
    assert_int_equal(account, 1);
    assert_int_equal(fixture->chat, 1);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture->store, fixture->chat, G_MAXINT64, 0, 10);
    assert_int_equal(page->len, 3);
    assert_string_equal(((NjMessage *) g_ptr_array_index(page, 2))->body, "three");

    NjStoredChat chat;
    assert_true(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_PERSON, "frog@pond.example", &chat));
    assert_string_equal(chat.draft, "dear frog");
    assert_int_equal(chat.unread, 1);
    assert_null(chat.nick);
    nj_stored_chat_clear(&chat);
    assert_true(
        nj_store_has_origin_id(fixture->store, fixture->chat, "frog@pond.example/leaf", "o3"));

    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_item);
    g_autofree char *version = nj_store_read_roster(fixture->store, account, items);
    assert_string_equal(version, "v1");
    assert_int_equal(items->len, 1);
    assert_int_equal(count_hits(fixture, "three"), 1);
    assert_int_equal(ask_int(fixture, "SELECT (SELECT * FROM pragma_integrity_check) = 'ok'"), 1);
}

/* A program with format 1 had handed its queued messages to a stream: none is sent again. */
static void
test_format_1_is_migrated(void **state)
{
    const char *const scripts[] = { format_1, content_1, NULL };
    StoreFixture *fixture = begin_with(scripts);

    *state = fixture;
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");
    check_content(fixture);

    g_autoptr(GPtrArray) outs = nj_store_list_outbox(fixture->store, account);
    assert_int_equal(outs->len, 0);
    assert_int_equal(ask_int(fixture, "SELECT state FROM message WHERE id = 4"), NJ_STATE_SENT);

    NjStoredStream stream;
    assert_false(nj_store_find_stream(fixture->store, account, &stream));

    nj_store_set_stream(fixture->store, account,
                        &(NjStoredStream){ .id = (char *) "s",
                                           .jid = (char *) "toad@pond.example/desk",
                                           .received = 3 });
    nj_store_set_room_nick(fixture->store, 2, "toad");
    add(fixture, 50, true, "five");
    reopen(fixture);

    g_autoptr(GPtrArray) later = nj_store_list_outbox(fixture->store, account);
    assert_int_equal(later->len, 1);
    assert_true(nj_store_find_stream(fixture->store, account, &stream));
    nj_stored_stream_clear(&stream);
    tear_down(state);
}

static void
check_content_2(StoreFixture *fixture)
{
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");
    g_autoptr(GPtrArray) outs = nj_store_list_outbox(fixture->store, account);

    assert_int_equal(outs->len, 1);
    const NjStoredOutboxRow *out = g_ptr_array_index(outs, 0);
    assert_string_equal(out->message->body, "five");
    assert_true(out->numbered && out->number == 17 && out->kind == NJ_CHAT_ROOM);

    NjStoredStream stream;
    assert_true(nj_store_find_stream(fixture->store, account, &stream));
    assert_string_equal(stream.id, "s1");
    assert_int_equal(stream.received, 42);
    nj_stored_stream_clear(&stream);

    NjStoredChat chat;
    assert_true(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_ROOM, "room@pond.example", &chat));
    assert_string_equal(chat.nick, "toad");
    nj_stored_chat_clear(&chat);
}

static void
test_format_2_is_migrated(void **state)
{
    const char *const scripts[] = { format_1, to_2, content_1, content_2, NULL };
    StoreFixture *fixture = begin_with(scripts);
    *state = fixture;
    check_content(fixture);
    check_content_2(fixture);
    tear_down(state);
}

/* Messages that an SQL index found are found by their hashes. */
static void
test_format_3_is_migrated(void **state)
{
    const char *const scripts[] = { format_1, to_2, to_3, content_1, content_2, content_3, NULL };
    StoreFixture *fixture = begin_with(scripts);

    *state = fixture;
    check_content(fixture);
    check_content_2(fixture);

    for (int i = 0; i < 2; i++) {
        g_autoptr(NjMessage) ours = nj_store_find_sent(fixture->store, fixture->chat, "o2");
        assert_non_null(ours);
        for (int k = 6; k <= 80000; k += 97) {
            g_autofree char *origin = g_strdup_printf("o%d", k),
                            *archive = g_strdup_printf("a%d", k);
            assert_true(nj_store_has_origin_id(fixture->store, 2, "newt", origin));
            assert_true(nj_store_has_archive_id(fixture->store, 2, "room@pond.example", archive));
        }
        assert_false(nj_store_has_origin_id(fixture->store, 2, "newt", "o80001"));
        reopen(fixture);
    }

    tear_down(state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_1_is_migrated),
        cmocka_unit_test(test_format_2_is_migrated),
        cmocka_unit_test(test_format_3_is_migrated),
    };
    return cmocka_run_group_tests_name("model/store-formats", tests, NULL, NULL);
}
