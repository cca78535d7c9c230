/* model/store: everything that is stored is read again, at once and after a restart; a second
 * program is refused; failures and their ends are reported. */
#include "store-fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns the bodies of a page, joined with spaces. */
static char *
join_bodies(GPtrArray *page)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < page->len; i++) {
        NjMessage *message = g_ptr_array_index(page, i);
        g_string_append_printf(text, "%s%s", i ? " " : "", message->body);
    }
    g_ptr_array_unref(page);
    return g_string_free(text, FALSE);
}

static void
assert_before(StoreFixture *fixture, gint64 time, gint64 id, guint limit, const char *expected)
{
    g_autofree char *text =
        join_bodies(nj_store_page_before(fixture->store, fixture->chat, time, id, limit));
    assert_string_equal(text, expected);
}

static void
assert_after(StoreFixture *fixture, gint64 time, gint64 id, guint limit, const char *expected)
{
    g_autofree char *text =
        join_bodies(nj_store_page_after(fixture->store, fixture->chat, time, id, limit));
    assert_string_equal(text, expected);
}

static void
test_message_keeps_every_field(void **state)
{
    StoreFixture *fixture = *state;
    NjMessage *message = make_message(1700000000123, true, "croak");

    message->chat = fixture->chat;
    message->type = NJ_MESSAGE_HEADLINE;
    message->state = NJ_STATE_FAILED;
    message->delayed = message->mention = true;
    message->subject = g_strdup("subject");
    message->thread = g_strdup("thread");
    message->wire_id = g_strdup("wire");
    message->origin_id = g_strdup("origin");
    message->archive_id = g_strdup("archive");

    message->archive_by = g_strdup("toad@pond.example");
    message->encryption = g_strdup("OMEMO");
    message->error = g_strdup("It was refused.");
    nj_store_add_message(fixture->store, message);
    reopen(fixture);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture->store, fixture->chat, G_MAXINT64, 0, 10);
    assert_int_equal(page->len, 1);

    NjMessage *read = g_ptr_array_index(page, 0);
    assert_ptr_not_equal(read, message);
    assert_int_equal(read->id, message->id);
    assert_int_equal(read->chat, fixture->chat);
    assert_int_equal(read->time, message->time);
    assert_int_equal(read->type, NJ_MESSAGE_HEADLINE);
    assert_int_equal(read->state, NJ_STATE_FAILED);
    assert_true(read->out && read->delayed && read->mention);
    assert_string_equal(read->sender, message->sender);

    assert_string_equal(read->body, "croak");
    assert_string_equal(read->subject, "subject");
    assert_string_equal(read->thread, "thread");
    assert_string_equal(read->wire_id, "wire");
    assert_string_equal(read->origin_id, "origin");
    assert_string_equal(read->archive_id, "archive");
    assert_string_equal(read->archive_by, "toad@pond.example");
    assert_string_equal(read->encryption, "OMEMO");
    assert_string_equal(read->error, "It was refused.");

    nj_message_unref(message);
}

/* The order is (time, id), whether rows are in the file, in the queue, or in both. */
static void
check_pages(StoreFixture *fixture, gint64 third)
{
    assert_before(fixture, G_MAXINT64, 0, 10, "a b c d e f");
    assert_before(fixture, G_MAXINT64, 0, 2, "e f");
    assert_before(fixture, 30, third, 2, "a b");
    assert_before(fixture, 10, 0, 2, "");
    assert_after(fixture, 30, third, 2, "d e");
    assert_after(fixture, 0, 0, 3, "a b c");
    assert_after(fixture, 50, G_MAXINT64, 3, "");
}

static void
test_pages_merge_queue_and_file_in_order(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 20, false, "b");

    gint64 third = add(fixture, 30, false, "c");
    add(fixture, 50, false, "f");
    nj_store_flush(fixture->store);
    add(fixture, 30, false, "d");
    add(fixture, 10, false, "a");
    add(fixture, 40, false, "e");
    check_pages(fixture, third);
    nj_store_flush(fixture->store);
    check_pages(fixture, third);

    reopen(fixture);
    check_pages(fixture, third);
    fixture->chat = chat_row(fixture, "newt@pond.example");
    assert_before(fixture, G_MAXINT64, 0, 10, "");
}

/* No message is missing or doubled while the writer thread commits. */
static void
test_pages_are_complete_during_writes(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 1; i <= 6000; i++) {
        add(fixture, i, false, "x");
        if (i % 100)
            continue;
        g_autoptr(GPtrArray) page =
            nj_store_page_before(fixture->store, fixture->chat, G_MAXINT64, 0, 7000);
        assert_int_equal(page->len, i);
        for (int k = 0; k < i; k++)
            assert_int_equal(((NjMessage *) g_ptr_array_index(page, k))->time, k + 1);
    }
}

static void
test_state_is_read_from_queue_and_file(void **state)
{
    StoreFixture *fixture = *state;
    gint64 id = add(fixture, 10, true, "hello");

    nj_store_set_state(fixture->store, id, NJ_STATE_SENT, NULL);
    nj_store_flush(fixture->store);
    nj_store_set_state(fixture->store, id, NJ_STATE_FAILED, "Nobody is there.");

    for (int i = 0; i < 2; i++) { /* from the queue, then from the file */
        g_autoptr(GPtrArray) page =
            nj_store_page_before(fixture->store, fixture->chat, G_MAXINT64, 0, 1);
        NjMessage *message = g_ptr_array_index(page, 0);
        assert_int_equal(message->state, NJ_STATE_FAILED);
        assert_string_equal(message->error, "Nobody is there.");
        reopen(fixture);
    }
}

static void
assert_chat(StoreFixture *fixture, guint unread, guint mentions, const char *draft)
{
    NjStoredChat chat;
    assert_true(nj_store_ensure_chat(fixture->store,
                                     nj_store_ensure_account(fixture->store, "toad@pond.example"),
                                     NJ_CHAT_PERSON, "frog@pond.example", &chat));
    assert_int_equal(chat.id, fixture->chat);
    assert_int_equal(chat.unread, unread);
    assert_int_equal(chat.mentions, mentions);
    if (draft)
        assert_string_equal(chat.draft, draft);
    else
        assert_null(chat.draft);

    nj_stored_chat_clear(&chat);
}

/* A deleted chat is not found, even while it is still in the file. */
static void
test_find_chat_makes_none(void **state)
{
    StoreFixture *fixture = *state;
    NjStoredChat chat;
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");

    assert_false(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_PERSON, "snake@grass.example", &chat));
    assert_false(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_PERSON, "snake@grass.example", &chat));

    gint64 first = chat_row(fixture, "snake@grass.example");
    assert_true(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_PERSON, "snake@grass.example", &chat));
    assert_int_equal(chat.id, first);
    nj_stored_chat_clear(&chat);
    nj_store_flush(fixture->store);

    nj_store_delete_chat(fixture->store, first);
    assert_false(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_PERSON, "snake@grass.example", &chat));

    gint64 second = chat_row(fixture, "snake@grass.example");
    assert_int_not_equal(second, first);
    assert_int_equal(chat_row(fixture, "snake@grass.example"), second);
    reopen(fixture);
    assert_int_equal(chat_row(fixture, "snake@grass.example"), second);
}

/* The sentence is displayed on a terminal, so control characters of the lock file are removed. */
static void
test_second_program_is_refused(void **state)
{
    StoreFixture *fixture = *state;
    g_autoptr(GError) error = NULL;

    assert_null(nj_store_open(fixture->dir, &error));
    assert_non_null(strstr(error->message, "already running"));
    g_clear_error(&error);

    g_autofree char *path = g_build_filename(fixture->dir, "lock", NULL);
    FILE *file = fopen(path, "w");
    fputs("\033[2Jhost 7 \302\233tty\n", file);
    fclose(file);
    assert_null(nj_store_open(fixture->dir, &error));
    assert_null(strchr(error->message, '\033'));
    assert_null(strstr(error->message, "\302\233"));
}

static void
test_chat_keeps_draft_and_counts(void **state)
{
    StoreFixture *fixture = *state;
    assert_chat(fixture, 0, 0, NULL);
    add(fixture, 10, false, "one");

    gint64 second = add(fixture, 20, false, "two");
    NjMessage *mention = make_message(20, false, "toad: three");
    mention->mention = true;
    mention->chat = fixture->chat;
    nj_store_add_message(fixture->store, mention);
    nj_message_unref(mention);
    add(fixture, 30, true, "mine");
    nj_store_set_draft(fixture->store, fixture->chat, "I think");
    assert_chat(fixture, 3, 1, "I think");

    nj_store_flush(fixture->store);
    assert_chat(fixture, 3, 1, "I think");
    nj_store_set_read_marker(fixture->store, fixture->chat, 10, 1);
    nj_store_set_read_marker(fixture->store, fixture->chat, 20, second);
    assert_chat(fixture, 1, 1, "I think");
    reopen(fixture);
    assert_chat(fixture, 1, 1, "I think");
    nj_store_set_draft(fixture->store, fixture->chat, NULL);
    reopen(fixture);

    assert_chat(fixture, 1, 1, NULL);
}

static void
test_unread_count_is_limited(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 1500; i++)
        add(fixture, i + 1, false, "x");
    assert_chat(fixture, NJ_MAX_UNREAD, 0, NULL);
    nj_store_flush(fixture->store);
    assert_chat(fixture, NJ_MAX_UNREAD, 0, NULL);
}

static void
test_open_chats_are_listed(void **state)
{
    StoreFixture *fixture = *state;
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");

    add(fixture, 10, false, "unread");
    gint64 draft = chat_row(fixture, "newt@pond.example"),
           waiting = chat_row(fixture, "stranger@pond.example");
    chat_row(fixture, "nothing@pond.example");
    nj_store_set_draft(fixture->store, draft, "dear newt");
    nj_store_set_from_stranger(fixture->store, waiting, true);
    reopen(fixture);

    g_autoptr(GPtrArray) chats = nj_store_list_open_chats(fixture->store, account);
    assert_int_equal(chats->len, 3);

    const NjStoredChat *first = g_ptr_array_index(chats, 0), *second = g_ptr_array_index(chats, 1),
                       *third = g_ptr_array_index(chats, 2);
    assert_string_equal(first->address, "frog@pond.example");
    assert_int_equal(first->unread, 1);
    assert_string_equal(second->draft, "dear newt");
    assert_true(third->from_stranger);
    assert_int_equal(nj_store_ensure_account(fixture->store, "toad@pond.example"), account);
    assert_int_not_equal(nj_store_ensure_account(fixture->store, "other@pond.example"), account);
}

static void
test_delete_chat_removes_messages(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "buy");

    gint64 before = fixture->chat;
    nj_store_delete_chat(fixture->store, fixture->chat);
    fixture->chat = chat_row(fixture, "frog@pond.example");
    assert_int_not_equal(fixture->chat, before);
    assert_chat(fixture, 0, 0, NULL);
    nj_store_flush(fixture->store);
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 0);
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM chat"), 1);
}

/* A message with the same origin-id but another sender is not a duplicate. */
static void
test_ids_match_only_their_sender(void **state)
{
    StoreFixture *fixture = *state;
    NjMessage *message = make_message(10, false, "x");

    message->chat = fixture->chat;
    message->origin_id = g_strdup("o1");
    message->archive_id = g_strdup("a1");
    message->archive_by = g_strdup("toad@pond.example");
    nj_store_add_message(fixture->store, message);
    nj_message_unref(message);

    for (int i = 0; i < 2; i++) {
        assert_true(
            nj_store_has_origin_id(fixture->store, fixture->chat, "frog@pond.example/leaf", "o1"));
        assert_false(
            nj_store_has_origin_id(fixture->store, fixture->chat, "newt@pond.example/leaf", "o1"));
        assert_false(nj_store_has_origin_id(fixture->store, fixture->chat + 1,
                                            "frog@pond.example/leaf", "o1"));
        assert_false(
            nj_store_has_origin_id(fixture->store, fixture->chat, "frog@pond.example/leaf", "o2"));
        assert_true(
            nj_store_has_archive_id(fixture->store, fixture->chat, "toad@pond.example", "a1"));
        assert_false(
            nj_store_has_archive_id(fixture->store, fixture->chat, "evil@pond.example", "a1"));
        nj_store_flush(fixture->store);
    }
}

static void
free_item(void *item)
{
    nj_stored_item_free(item);
}

static GPtrArray *
items_of(const char *first, ...)
{
    GPtrArray *items = g_ptr_array_new_with_free_func(free_item);
    va_list args;

    va_start(args, first);
    for (const char *address = first; address; address = va_arg(args, const char *)) {
        NjStoredItem *item = g_new0(NjStoredItem, 1);
        item->address = g_strdup(address);
        item->subscription = g_strdup(va_arg(args, const char *));
        item->groups = g_strdup("Pond\nFriends");
        g_ptr_array_add(items, item);
    }

    va_end(args);
    return items;
}

static void
assert_roster(StoreFixture *fixture, const char *version, guint length)
{
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");
    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_item);
    g_autofree char *found = nj_store_read_roster(fixture->store, account, items);
    assert_string_equal(found, version);
    assert_int_equal(items->len, length);
    for (guint i = 0; i < length; i++)
        assert_string_equal(((NjStoredItem *) g_ptr_array_index(items, i))->groups,
                            "Pond\nFriends");
}

static void
test_roster_keeps_items_and_version(void **state)
{
    StoreFixture *fixture = *state;
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");

    nj_store_set_roster(fixture->store, account, "v1", items_of("a@x", "both", "b@x", "to", NULL),
                        true);
    assert_roster(fixture, "v1", 2);
    nj_store_flush(fixture->store);
    nj_store_set_roster(fixture->store, account, "v2",
                        items_of("a@x", "remove", "c@x", "none", "d@x", "none", NULL), false);
    assert_roster(fixture, "v2", 3);
    reopen(fixture);
    assert_roster(fixture, "v2", 3);

    nj_store_set_roster(fixture->store, account, "v3", items_of("z@x", "both", NULL), true);
    assert_roster(fixture, "v3", 1);
    reopen(fixture);
    assert_roster(fixture, "v3", 1);
}

static void
test_file_is_private(void **state)
{
    StoreFixture *fixture = *state;
    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(chmod(path, 0644), 0);
    add(fixture, 10, false, "x");
    reopen(fixture);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(ask_int(fixture, "SELECT typeof(body) = 'text' FROM message"), 1);
    assert_int_equal(
        ask_int(fixture,
                "SELECT type = 'TEXT' FROM pragma_table_info('message') WHERE name = 'body'"),
        1);

    assert_int_equal(ask_int(fixture, "PRAGMA user_version") >= 2, 1);
}

/* Without a flush a message is committed soon. */
static void
test_message_is_committed_soon(void **state)
{
    StoreFixture *fixture = *state;
    add(fixture, 10, false, "x");
    gint64 start = g_get_monotonic_time();
    while (!ask_int(fixture, "SELECT count(*) FROM message")
           && g_get_monotonic_time() - start < 10 * G_TIME_SPAN_SECOND)
        g_usleep(5000);
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 1);
}

/* The queries that run while messages arrive use an index for conditions and order. */
static void
test_queries_use_indexes(void **state)
{
    StoreFixture *fixture = *state;
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM pragma_index_list('message')"), 1);

    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);

    static const char *const texts[] = {
        "EXPLAIN QUERY PLAN SELECT body FROM message WHERE chat = 1 AND (time, id) < (5, 5) AND id "
        "< 9 ORDER BY time DESC, id DESC LIMIT 9",
        "EXPLAIN QUERY PLAN SELECT mention FROM message WHERE chat = 1 AND (time, id) > (5, 5) AND "
        "id < 9 AND NOT outgoing LIMIT 9",
    };
    static const char *const indexes[] = { "INDEX message_order (chat=? AND time<?",
                                           "COVERING INDEX message_order (chat=? AND time>?" };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        assert_int_equal(sqlite3_prepare_v2(db, texts[i], -1, &statement, NULL), SQLITE_OK);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *plan = (const char *) sqlite3_column_text(statement, 3);
            if (!strstr(plan, indexes[i]))
                fail_msg("%s", plan);
        }
        sqlite3_finalize(statement);
    }

    sqlite3_close(db);
}

static void
assert_refused(const char *dir, const char *word)
{
    g_autoptr(GError) error = NULL;
    assert_null(nj_store_open(dir, &error));
    if (!strstr(error->message, word))
        fail_msg("%s", error->message);
}

static void
test_one_program_per_directory(void **state)
{
    StoreFixture *fixture = *state;
    g_autofree char *holder =
        g_strdup_printf("process %d on %s", (int) getpid(), g_get_host_name());
    assert_refused(fixture->dir, holder);
    assert_refused(fixture->dir, "natterjack -x");
    reopen(fixture);
}

static void
test_newer_file_is_refused(void **state)
{
    (void) state;
    char *dir = make_dir();
    run_sql(dir, "PRAGMA user_version = 99");
    assert_refused(dir, "newer Natterjack");

    /* A failed migration is rolled back. */
    run_sql(dir, "PRAGMA user_version = 0; CREATE TABLE roster (x)");
    assert_refused(dir, "history.db");
    run_sql(dir, "DROP TABLE roster");

    NjStore *store = open_store(dir);
    assert_true(nj_store_close(store, 5000));
    drop_dir(dir);

    dir = make_dir();
    g_autofree char *path = g_build_filename(dir, "history.db", NULL);
    g_autofree char *noise = g_strnfill(4096, 'x');
    assert_true(g_file_set_contents(path, noise, 4096, NULL));
    assert_refused(dir, "damaged");
    drop_dir(dir);
}

/* Killed during many writes: what was flushed is in the file, which is not damaged. */
static void
test_killed_during_writes_keeps_file_whole(void **state)
{
    StoreFixture *fixture = *state;
    assert_true(nj_store_close(fixture->store, 5000));
    fixture->store = NULL;

    int ready[2];
    assert_int_equal(pipe(ready), 0);

    pid_t child = fork();
    if (!child) {
        StoreFixture own = { .dir = fixture->dir,
                             .store = open_here(fixture->dir, fixture->remote),
                             .chat = fixture->chat };
        for (int i = 0; i < 1200; i++)
            add(&own, i, false, "x");
        nj_store_flush(own.store);
        if (write(ready[1], "!", 1) != 1)
            _exit(1);
        for (int i = 0; i < 500000; i++)
            add(&own, 5000 + i % 100, false, "y");
        _exit(0);
    }

    char byte;
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    g_usleep(20000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    fixture->store = open_here(fixture->dir, fixture->remote);

    g_autoptr(GPtrArray) page = nj_store_page_before(fixture->store, fixture->chat, 4000, 0, 2000);
    assert_int_equal(page->len, 1200);
    assert_int_equal(ask_int(fixture, "SELECT (SELECT * FROM pragma_integrity_check) = 'ok'"), 1);
}

static void
on_error(const char *sentence, void *owner)
{
    StoreFixture *fixture = owner;
    g_string_append(fixture->reports, sentence ? sentence : "(over)");
    g_string_append_c(fixture->reports, '\n');
}

static void
on_space(void *owner)
{
    StoreFixture *fixture = owner;
    g_string_append(fixture->reports, "room\n");
}

static bool
wait_for(StoreFixture *fixture, const char *word)
{
    for (gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
         g_get_monotonic_time() < until; g_usleep(1000)) {
        g_main_context_iteration(NULL, FALSE);
        if (strstr(fixture->reports->str, word))
            return true;
    }
    return false;
}

static void
test_full_queue_reports_space(void **state)
{
    StoreFixture *fixture = *state;
    nj_store_set_hooks(fixture->store, on_error, on_space, fixture);
    assert_false(nj_store_queue_is_full(fixture->store));

    g_autofree char *large = g_strnfill(1024 * 1024, 'x');
    for (int i = 0; i < 4; i++)
        add(fixture, i, false, large);
    assert_true(nj_store_queue_is_full(fixture->store));
    assert_true(wait_for(fixture, "room"));
    assert_false(nj_store_queue_is_full(fixture->store));

    /* Every large field counts, not only the body. */
    for (int i = 0; i < 5; i++) {
        g_autoptr(NjMessage) message = make_message(5, false, "x");
        message->chat = fixture->chat;
        message->origin_id = g_strdup(large);
        nj_store_add_message(fixture->store, message);
    }

    assert_true(nj_store_queue_is_full(fixture->store));
    g_string_truncate(fixture->reports, 0);
    assert_true(wait_for(fixture, "room"));
    for (int i = 0; i < 200000 && !nj_store_queue_is_full(fixture->store); i++)
        add(fixture, 10 + i, false, "x");

    assert_true(nj_store_queue_is_full(fixture->store));
    g_string_truncate(fixture->reports, 0);
    assert_true(wait_for(fixture, "room"));
    assert_string_equal(fixture->reports->str, "room\n");
}

/* RLIMIT_FSIZE stands for a full disk: write() fails with EFBIG while the signal is ignored. */
static void
test_full_disk_is_reported_and_recovers(void **state)
{
    StoreFixture *fixture = *state;
    struct rlimit old, tight;

    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    nj_store_flush(fixture->store);
    nj_store_set_hooks(fixture->store, on_error, on_space, fixture);
    tight = old;
    tight.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    for (int i = 0; i < 10; i++)
        add(fixture, i + 1, false, "kept");

    nj_store_flush(fixture->store); /* returns although the batch fails */
    bool reported = wait_for(fixture, "history.db");
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(reported);
    assert_before(fixture, G_MAXINT64, 0, 3, "kept kept kept");
    assert_true(wait_for(fixture, "(over)"));
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 10);

    g_auto(GStrv) lines = g_strsplit(fixture->reports->str, "\n", -1);
    assert_int_equal(g_strv_length(lines), 3); /* one failure, one end */
    signal(SIGXFSZ, handler);
}

/* Damage that is found while the store is open is reported once. */
static void
test_damage_while_running_is_reported_once(void **state)
{
    StoreFixture *fixture = *state;
    for (int i = 0; i < 10; i++)
        add(fixture, i + 1, false, "x");
    reopen(fixture);

    int page = ask_int(fixture, "SELECT rootpage FROM sqlite_master WHERE name = 'message_order'"),
        size = ask_int(fixture, "PRAGMA page_size");
    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);
    g_autofree char *noise = g_strnfill((gsize) size, 'x');
    assert_true(nj_store_close(fixture->store, 5000));

    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, noise, (size_t) size, (off_t) (page - 1) * size), size);
    close(fd);
    fixture->store = open_here(fixture->dir, fixture->remote);
    nj_store_set_hooks(fixture->store, on_error, on_space, fixture);
    for (int i = 0; i < 3; i++)
        assert_before(fixture, G_MAXINT64, 0, 10, "");

    assert_true(wait_for(fixture, "damaged"));
    g_auto(GStrv) lines = g_strsplit(fixture->reports->str, "\n", -1);
    assert_int_equal(g_strv_length(lines), 2);
}

/* nj_store_close() keeps its timeout although the file is locked. */
static void
test_close_on_failing_disk_keeps_timeout(void **state)
{
    StoreFixture *fixture = *state;
    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);

    nj_store_flush(fixture->store);
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    add(fixture, 10, true, "x");

    gint64 start = g_get_monotonic_time();
    assert_false(nj_store_close(fixture->store, 300));
    assert_true(g_get_monotonic_time() - start < 2 * G_TIME_SPAN_SECOND);
    sqlite3_close(other);

    /* The abandoned writer thread tries once more; then it frees the store and the lock. */
    for (int i = 0;
         i < 5000 && (fixture->store = nj_store_open(fixture->dir, NULL), !fixture->store); i++)
        g_usleep(1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_message_keeps_every_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_pages_merge_queue_and_file_in_order, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_pages_are_complete_during_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_state_is_read_from_queue_and_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_chat_keeps_draft_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_second_program_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_find_chat_makes_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unread_count_is_limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_open_chats_are_listed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_delete_chat_removes_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ids_match_only_their_sender, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_roster_keeps_items_and_version, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_file_is_private, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_message_is_committed_soon, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_queries_use_indexes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_program_per_directory, set_up, tear_down),
        cmocka_unit_test(test_newer_file_is_refused),
        cmocka_unit_test_setup_teardown(test_killed_during_writes_keeps_file_whole, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_full_queue_reports_space, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk_is_reported_and_recovers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage_while_running_is_reported_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_close_on_failing_disk_keeps_timeout, set_up,
                                        tear_down),
        { "test_message_keeps_every_field (remote)", test_message_keeps_every_field, set_up_remote,
          tear_down, NULL },
        { "test_pages_merge_queue_and_file_in_order (remote)",
          test_pages_merge_queue_and_file_in_order, set_up_remote, tear_down, NULL },
        { "test_pages_are_complete_during_writes (remote)", test_pages_are_complete_during_writes,
          set_up_remote, tear_down, NULL },
        { "test_state_is_read_from_queue_and_file (remote)", test_state_is_read_from_queue_and_file,
          set_up_remote, tear_down, NULL },
        { "test_chat_keeps_draft_and_counts (remote)", test_chat_keeps_draft_and_counts,
          set_up_remote, tear_down, NULL },
        { "test_find_chat_makes_none (remote)", test_find_chat_makes_none, set_up_remote, tear_down,
          NULL },
        { "test_unread_count_is_limited (remote)", test_unread_count_is_limited, set_up_remote,
          tear_down, NULL },
        { "test_open_chats_are_listed (remote)", test_open_chats_are_listed, set_up_remote,
          tear_down, NULL },
        { "test_delete_chat_removes_messages (remote)", test_delete_chat_removes_messages,
          set_up_remote, tear_down, NULL },
        { "test_ids_match_only_their_sender (remote)", test_ids_match_only_their_sender,
          set_up_remote, tear_down, NULL },
        { "test_roster_keeps_items_and_version (remote)", test_roster_keeps_items_and_version,
          set_up_remote, tear_down, NULL },
        { "test_file_is_private (remote)", test_file_is_private, set_up_remote, tear_down, NULL },
        { "test_message_is_committed_soon (remote)", test_message_is_committed_soon, set_up_remote,
          tear_down, NULL },
        { "test_killed_during_writes_keeps_file_whole (remote)",
          test_killed_during_writes_keeps_file_whole, set_up_remote, tear_down, NULL },
        { "test_full_queue_reports_space (remote)", test_full_queue_reports_space, set_up_remote,
          tear_down, NULL },
        { "test_full_disk_is_reported_and_recovers (remote)",
          test_full_disk_is_reported_and_recovers, set_up_remote, tear_down, NULL },
        { "test_damage_while_running_is_reported_once (remote)",
          test_damage_while_running_is_reported_once, set_up_remote, tear_down, NULL },
        { "test_close_on_failing_disk_keeps_timeout (remote)",
          test_close_on_failing_disk_keeps_timeout, set_up_remote, tear_down, NULL },
    };
    return cmocka_run_group_tests_name("model/store", tests, NULL, NULL);
}
