/* model/import: logs of other programs become messages, once, for any content of the files and any
 * kind of path. */
#include "fixture.h"

#include "model/import.h"
#include "model/store-private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- reader --- */

typedef struct {
    GString *out;
    guint skipped;
} Sink;

static void
take(const NjImportText *text, void *owner)
{
    Sink *sink = owner;
    g_autofree char *body = g_strndup(text->text, text->length);
    g_string_append_printf(sink->out, "%s%c%" G_GINT64_FORMAT " %s", sink->out->len ? "|" : "",
                           text->out ? '>' : '<', text->time / 1000, body);
}

static void
skip_line(guint lines, void *owner)
{
    ((Sink *) owner)->skipped += lines;
}

/* The result is the same in one piece and byte by byte. */
static void
check_reader(const char *file, bool good, guint skipped, const char *expected)
{
    for (gsize step = 1; step <= strlen(file);
         step = step == strlen(file) ? step + 1 : strlen(file)) {
        Sink sink = { g_string_new(NULL), 0 };
        const NjImportSink into = { take, skip_line, &sink };
        void *reader = nj_import_mcabber.begin(&into);
        bool fine = true;
        for (gsize at = 0; fine && at < strlen(file); at += step)
            fine = nj_import_mcabber.feed(reader, file + at, MIN(step, strlen(file) - at));
        nj_import_mcabber.end(reader);
        assert_int_equal(fine, good);
        assert_string_equal(sink.out->str, expected);
        if (good)
            assert_int_equal(sink.skipped, skipped);
        g_string_free(sink.out, TRUE);
    }
}

static void
test_reader_splits_lines_into_messages(void **state)
{
    (void) state;
    check_reader("MR 19700101T00:00:10Z 000 hello\nMS 19700101T00:00:11Z 000 hi\n", true, 0,
                 "<10 hello|>11 hi");
    check_reader("MR 19700101T00:00:10Z 002 one\ntwo\nMR three\nMS 19700101T00:00:11Z 000 four",
                 true, 0, "<10 one\ntwo\nMR three|>11 four");
    check_reader("MR 19700101T00:00:10Z 000 dos\r\nMS 19700101T00:00:11Z 001 one\r\ntwo\r\n", true,
                 0, "<10 dos|>11 one\ntwo");
    check_reader("SO 19700101T00:00:10Z 000 \nSA 19700101T00:00:10Z 001 away\nuntil noon\nMI "
                 "19700101T00:00:10Z 000 note\n"
                 "MR 19700101T00:00:12Z 000 x\n",
                 true, 0, "<12 x");

    check_reader("MR 19700101T00:00:10Z 003 unfinished\nlines", true, 0, "<10 unfinished\nlines");
    check_reader("MR 19700101T00:00:10Z 000 \nMR 19700101T00:00:10Z 000\n\n", true, 0, "");
    check_reader("MR 19700101T00:00:10Z 000 a\nnonsense\nMR 19701301T00:00:10Z 000 no such "
                 "month\nMX 19700101T00:00:10Z 000 what\n"
                 "MR 19700101T00:00:13Z 0x0 no\nMR 19700101T00:00:14Z 000 b\n",
                 true, 3, "<10 a|<14 b");
    check_reader("#!/bin/sh\necho no log\n", false, 0, "");
    check_reader("a very long line that is not ended by anything at all", false, 0, "");
    check_reader("", true, 0, "");
}

/* --- imports --- */

typedef struct {
    char *dir, *logs;
    NjClient *client;
    NjAccount *account;
    bool done;
    char *error;
    NjImportCounts counts;
    gint held; /* atomic: the FIFO was opened for reading */
} Fixture;

static int
set_up_at(void **state, bool remote)
{
    Fixture *fixture = g_new0(Fixture, 1);
    fixture->dir = make_dir();
    fixture->logs = make_dir();
    fixture->client = make_client();
    fixture->account = first_account(fixture->client);
    nj_client_set_store(fixture->client, nj_store_open_as(fixture->dir, remote, NULL));
    *state = fixture;
    return 0;
}

static int
set_up(void **state)
{
    return set_up_at(state, false);
}

/* As on a network file system, where a read may have to wait for the writer thread. */
static int
set_up_remote(void **state)
{
    return set_up_at(state, true);
}

static int
tear_down(void **state)
{
    Fixture *fixture = *state;
    NjStore *store = fixture->client->store;

    nj_client_free(fixture->client);
    nj_store_close(store, 5000);
    drop_dir(fixture->dir);
    drop_dir(fixture->logs);
    g_free(fixture->error);
    g_free(fixture->counts.example);
    g_free(fixture);

    return 0;
}

static void
note_done(const GError *error, const NjImportCounts *counts, void *owner)
{
    Fixture *fixture = owner;
    fixture->done = true;
    fixture->error = error ? g_strdup(error->message) : NULL;
    fixture->counts = *counts;
    fixture->counts.example = g_strdup(counts->example);
}

static void
import_path(Fixture *fixture, const char *path)
{
    const NjImportHooks hooks = { note_done, fixture };
    g_clear_pointer(&fixture->error, g_free);
    g_clear_pointer(&fixture->counts.example, g_free);
    fixture->done = false;
    nj_import_begin(fixture->account, &nj_import_mcabber, path, &hooks);
    assert_false(fixture->done);
    while (!fixture->done)
        g_main_context_iteration(NULL, TRUE);
}

static void
import(Fixture *fixture)
{
    import_path(fixture, fixture->logs);
    assert_null(fixture->error);
}

static char *
log_path(Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->logs, name, NULL);
}

static void
put(Fixture *fixture, const char *name, const char *content)
{
    g_autofree char *path = log_path(fixture, name);
    assert_true(g_file_set_contents(path, content, -1, NULL));
}

static void
check_chat(Fixture *fixture, NjChatKind kind, const char *address, guint unread,
           const char *expected)
{
    NjStoredChat chat;
    GString *out = g_string_new(NULL);

    assert_true(
        nj_store_find_chat(fixture->client->store, fixture->account->row, kind, address, &chat));

    GPtrArray *page = nj_store_page_before(fixture->client->store, chat.id, G_MAXINT64, 0, 100000);
    for (guint i = 0; i < page->len; i++) {
        const NjMessage *message = g_ptr_array_index(page, i);
        g_string_append_printf(out, "%s%c%s: %s", i ? "|" : "", message->out ? '>' : '<',
                               message->sender ? message->sender : "", message->body);
        assert_false(message->out && nj_state_is_open(message->state));
    }

    assert_string_equal(out->str, expected);
    assert_int_equal(chat.unread, unread);
    g_string_free(out, TRUE);
    g_ptr_array_unref(page);
    nj_stored_chat_clear(&chat);
}

static void
test_second_import_adds_no_duplicates(void **state)
{
    Fixture *fixture = *state;
    put(fixture, "frog@pond.example",
        "MR 20240101T00:00:00Z 000 ok\nMS 20240101T00:00:01Z 000 ok\nMR 20240101T00:00:01Z 000 "
        "ok\nMR 20240101T00:00:01Z 000 ok\n");
    put(fixture, "newt@pond.example", "MR 20240101T00:00:00Z 001 hello\nthere\n");
    import(fixture);
    assert_int_equal(fixture->counts.messages, 5);
    assert_int_equal(fixture->counts.files, 2);
    assert_int_equal(fixture->counts.bytes, fixture->counts.total);

    check_chat(fixture, NJ_CHAT_PERSON, "frog@pond.example", 0,
               "<frog@pond.example: ok|>toad@pond.example: ok|<frog@pond.example: "
               "ok|<frog@pond.example: ok");
    check_chat(fixture, NJ_CHAT_PERSON, "newt@pond.example", 0, "<newt@pond.example: hello\nthere");
    import(fixture);
    assert_int_equal(fixture->counts.messages, 0);
    assert_int_equal(fixture->counts.known, 5);

    /* The log has grown and lost its beginning. */
    put(fixture, "frog@pond.example",
        "MR 20240101T00:00:01Z 000 ok\nMR 20240101T00:00:01Z 000 ok\nMS 20240102T00:00:00Z 000 "
        "bye\n");
    import(fixture);
    assert_int_equal(fixture->counts.messages, 1);
    check_chat(fixture, NJ_CHAT_PERSON, "frog@pond.example", 0,
               "<frog@pond.example: ok|>toad@pond.example: ok|<frog@pond.example: "
               "ok|<frog@pond.example: ok|>toad@pond.example: bye");

    assert_null(nj_chat_find(fixture->account, "frog@pond.example")); /* no chat is opened */
}

/* Imported messages are not compared with our own: an equal own message does not hide a line, and a
 * second import adds no duplicates. */
static void
test_own_messages_are_not_compared(void **state)
{
    Fixture *fixture = *state;
    NjChat *chat = nj_chat_open(fixture->account, NJ_CHAT_PERSON, "frog@pond.example");
    g_autoptr(NjMessage) message = make_message(G_GINT64_CONSTANT(1704067200000), false, "ok");

    nj_chat_add(chat, message);
    assert_int_equal(chat->unread, 1);
    put(fixture, "frog@pond.example",
        "MR 20231231T00:00:00Z 000 before\nMR 20240101T00:00:00Z 000 ok\nMS 20240102T00:00:00Z 000 "
        "bye\n");
    import(fixture);
    assert_int_equal(fixture->counts.messages, 3);
    check_chat(fixture, NJ_CHAT_PERSON, "frog@pond.example", 2,
               "<frog@pond.example: before|<frog@pond.example/leaf: ok|<frog@pond.example: "
               "ok|>toad@pond.example: bye");

    /* of the same second: an unread message stays unread */
    assert_int_equal(chat->unread, 2);
    assert_int_equal(chat->last_time, G_GINT64_CONSTANT(1704153600000));
    nj_chat_mark_read(chat, NULL);
    import(fixture);
    assert_int_equal(fixture->counts.messages, 0);
    assert_int_equal(chat->unread, 0);
}

static void
test_log_of_a_room_has_nicks(void **state)
{
    Fixture *fixture = *state;
    NjStoredChat row;

    nj_store_ensure_chat(fixture->client->store, fixture->account->row, NJ_CHAT_ROOM,
                         "room@pond.example", &row);
    nj_stored_chat_clear(&row);
    put(fixture, "room@pond.example",
        "MR 20240101T00:00:00Z 000 <frog> hi all\nMR 20240101T00:00:01Z 000 *newt waves\nMR "
        "20240101T00:00:02Z 000 who?\n");
    import(fixture);
    check_chat(fixture, NJ_CHAT_ROOM, "room@pond.example", 0,
               "<frog: hi all|<newt: /me waves|<: who?");
}

static void
test_text_is_sanitised(void **state)
{
    Fixture *fixture = *state;
    static const char bytes[] =
        "MR 20240101T00:00:00Z 000 a\0b\x1b[31m\xff\xe2\x80\xae!\nMR 29990101T00:00:00Z 000 far\n";
    g_autofree char *path = log_path(fixture, "frog@pond.example");

    assert_true(g_file_set_contents(path, bytes, sizeof bytes - 1, NULL));
    import_path(fixture, path); /* a single file */
    assert_null(fixture->error);
    assert_int_equal(fixture->counts.messages, 2);

    NjStoredChat chat;
    assert_true(nj_store_find_chat(fixture->client->store, fixture->account->row, NJ_CHAT_PERSON,
                                   "frog@pond.example", &chat));

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture->client->store, chat.id, G_MAXINT64, 0, 10);
    const NjMessage *first = g_ptr_array_index(page, 0), *last = g_ptr_array_index(page, 1);
    assert_null(strchr(first->body, 0x1b));
    assert_true(g_utf8_validate(first->body, -1, NULL));
    assert_true(last->time <= g_get_real_time() / 1000);
    nj_stored_chat_clear(&chat);
}

/* Opens the FIFO for writing; returns when it is opened for reading. */
static void *
open_pipe(void *data)
{
    Fixture *fixture = data;
    g_autofree char *pipe = log_path(fixture, "pipe@pond.example");
    close(open(pipe, O_WRONLY | O_CLOEXEC));
    g_atomic_int_set(&fixture->held, 1);
    return NULL;
}

static void
test_other_files_do_not_block(void **state)
{
    Fixture *fixture = *state;
    import_path(fixture, "/nowhere/at/all");
    assert_non_null(strstr(fixture->error, "/nowhere/at/all"));
    import_path(fixture, "/dev/zero");
    assert_non_null(strstr(fixture->error, "/dev/zero"));

    g_autofree char *pipe = log_path(fixture, "pipe@pond.example"),
                    *link = log_path(fixture, "link@pond.example"),
                    *sub = log_path(fixture, "sub@pond.example");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    import_path(fixture, pipe);
    assert_non_null(fixture->error);

    GThread *writer = g_thread_new("writer", open_pipe, fixture);
    g_usleep(100000);
    assert_int_equal(symlink("/dev/zero", link), 0);
    assert_int_equal(g_mkdir(sub, 0700), 0);
    put(fixture, "readme", "This is no log.\n");
    put(fixture, "no address at all", "MR 20240101T00:00:00Z 000 hello\n");
    put(fixture, "frog@pond.example", "MR 20240101T00:00:00Z 000 hello\nwhat?\n");
    import(fixture);
    assert_int_equal(fixture->counts.files, 1);

    assert_int_equal(fixture->counts.left_out, 5);
    assert_int_equal(fixture->counts.lines, 1);
    assert_int_equal(fixture->counts.messages, 1);
    assert_non_null(fixture->counts.example);
    g_usleep(100000);
    assert_false(g_atomic_int_get(&fixture->held));

    int fd = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    g_thread_join(writer);
    close(fd);
}

static void
put_many(Fixture *fixture, guint count)
{
    GString *log = g_string_new(NULL);
    for (guint i = 0; i < count; i++)
        g_string_append_printf(log, "M%c 20240101T%02u:%02u:%02uZ 000 line %u\n", i % 2 ? 'R' : 'S',
                               i / 3600 % 24, i / 60 % 60, i % 60, i);
    put(fixture, "frog@pond.example", log->str);
    g_string_free(log, TRUE);
}

static void
check_unread(Fixture *fixture, guint count)
{
    NjStoredChat chat;
    assert_true(nj_store_find_chat(fixture->client->store, fixture->account->row, NJ_CHAT_PERSON,
                                   "frog@pond.example", &chat));
    assert_int_equal(chat.unread, count);
    nj_stored_chat_clear(&chat);
}

/* More messages than the queue of the store takes; cancelled in the middle, and begun again. */
static void
test_cancelled_import_continues(void **state)
{
    Fixture *fixture = *state;
    put_many(fixture, 20000);

    const NjImportHooks hooks = { note_done, fixture };
    NjImport *first = nj_import_begin(fixture->account, &nj_import_mcabber, fixture->logs, &hooks);
    while (nj_import_counts(first)->messages < 3000)
        g_main_context_iteration(NULL, TRUE);

    assert_true(nj_import_counts(first)->bytes <= nj_import_counts(first)->total);
    guint before = nj_import_counts(first)->messages;
    nj_import_cancel(first);
    assert_false(fixture->done);
    check_unread(fixture, 0);

    /* A killed program has not marked all of them as read. */
    NjStoredChat chat;
    assert_true(nj_store_find_chat(fixture->client->store, fixture->account->row, NJ_CHAT_PERSON,
                                   "frog@pond.example", &chat));
    nj_store_set_read_marker(fixture->client->store, chat.id, 0, 0);
    nj_stored_chat_clear(&chat);
    check_unread(fixture, NJ_MAX_UNREAD);
    import(fixture);
    assert_int_equal(fixture->counts.known, before);

    assert_int_equal(fixture->counts.messages, 20000 - before);
    check_unread(fixture, 0);
}

static void *
hold_door(void *data)
{
    Fixture *fixture = data;
    nj_access_lock(fixture->client->store->access, G_MAXINT64);
    g_atomic_int_set(&fixture->held, 1);
    while (g_atomic_int_get(&fixture->held))
        g_usleep(1000);
    nj_access_unlock(fixture->client->store->access);
    return NULL;
}

/* While the history cannot be read, duplicates cannot be found: nothing is stored, and the next
 * import stores everything. */
static void
test_unreadable_history_stores_nothing(void **state)
{
    Fixture *fixture = *state;
    put(fixture, "frog@pond.example",
        "MR 20240101T00:00:00Z 000 one\nMS 20240101T00:00:01Z 000 two\n");
    import(fixture);
    assert_int_equal(fixture->counts.messages, 2);
    put(fixture, "frog@pond.example",
        "MR 20240101T00:00:00Z 000 one\nMS 20240101T00:00:01Z 000 two\nMR 20240101T00:00:02Z 000 "
        "three\n");

    GThread *thread = g_thread_new("door", hold_door, fixture);
    while (!g_atomic_int_get(&fixture->held))
        g_usleep(1000);
    import_path(fixture, fixture->logs);
    g_atomic_int_set(&fixture->held, 0);
    g_thread_join(thread);
    assert_non_null(fixture->error);
    assert_non_null(strstr(fixture->error, "could not be read"));
    assert_int_equal(fixture->counts.messages, 0);

    g_usleep(1100000); /* longer than a read waits for the writer thread */
    import(fixture);
    assert_int_equal(fixture->counts.messages, 1);
    assert_int_equal(fixture->counts.known, 2);
    check_chat(fixture, NJ_CHAT_PERSON, "frog@pond.example", 0,
               "<frog@pond.example: one|>toad@pond.example: two|<frog@pond.example: three");
}

static void
test_removed_account_ends_the_import(void **state)
{
    Fixture *fixture = *state;
    put_many(fixture, 20000);

    const NjImportHooks hooks = { note_done, fixture };
    NjImport *import = nj_import_begin(fixture->account, &nj_import_mcabber, fixture->logs, &hooks);
    while (nj_import_counts(import)->messages < 1000)
        g_main_context_iteration(NULL, TRUE);

    nj_client_remove_account(fixture->client, fixture->account);
    assert_true(fixture->done);
    assert_non_null(fixture->error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_splits_lines_into_messages),
        cmocka_unit_test_setup_teardown(test_second_import_adds_no_duplicates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own_messages_are_not_compared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_log_of_a_room_has_nicks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_text_is_sanitised, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_files_do_not_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancelled_import_continues, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unreadable_history_stores_nothing, set_up_remote,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_removed_account_ends_the_import, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("model/import", tests, NULL, NULL);
}
