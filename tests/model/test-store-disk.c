/* model/store on a failing disk: nothing that was reported as committed is lost, whenever the power
 * fails; failures are reported, and the writes are kept and committed later. */
#ifndef __linux__
int
main(void)
{
    return 77;
}
#else
#include "store-fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../shim/disk.h"

static const DiskOrders well = { 0 };

static bool
is_long(void)
{
    return g_getenv("CHECK_LONG") != NULL;
}

static gint64
account_of(StoreFixture *fixture)
{
    return nj_store_ensure_account(fixture->store, "toad@pond.example");
}

static void
turn_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* --- a talk: messages with their counts in groups, stanza numbers, states, a draft, a roster and a
 * deleted chat --- */

typedef struct {
    StoreFixture *fixture;
    int said;      /* messages, sent ones included */
    int committed; /* of these: reported as committed */
    guint32 received;
    GArray *promises; /* of Promise: reported as committed */
    GPtrArray *asked; /* of Promise: all */
} Talk;

typedef struct {
    Talk *talk;
    int said;
    guint32 received;
    long at; /* number of changes on the disk when the commit was reported */
} Promise;

static void
on_committed(void *data)
{
    Promise *promise = data;
    Talk *talk = promise->talk;
    promise->at = disk_changes(NULL);
    talk->committed = promise->said;
    if (talk->promises)
        g_array_append_vals(talk->promises, promise, 1);
}

static void
receive_message(Talk *talk, int size)
{
    StoreFixture *fixture = talk->fixture;
    g_autofree char *body = g_strnfill((gsize) size, 'x');

    nj_store_begin(fixture->store);
    g_autoptr(NjMessage) message = make_message(1000 + talk->said, false, body);
    message->chat = fixture->chat;
    message->origin_id = g_strdup_printf("o%d", talk->said++);
    nj_store_add_message(fixture->store, message);
    nj_store_set_received_count(fixture->store, account_of(fixture), ++talk->received);
    nj_store_commit(fixture->store);
}

static gint64
send_message(Talk *talk, gint64 last)
{
    StoreFixture *fixture = talk->fixture;
    nj_store_begin(fixture->store);

    g_autoptr(NjMessage) message = make_message(1000 + talk->said, true, "mine");
    message->chat = fixture->chat;
    message->origin_id = g_strdup_printf("o%d", talk->said++);
    nj_store_add_message(fixture->store, message);
    nj_store_set_stanza_number(fixture->store, message->id, true, (guint32) message->id);
    nj_store_commit(fixture->store);
    if (last)
        nj_store_set_state(fixture->store, last, NJ_STATE_ACKNOWLEDGED, NULL);

    return message->id;
}

static void
promise_commit(Talk *talk)
{
    Promise *promise = g_new(Promise, 1);
    *promise = (Promise){ talk, talk->said, talk->received, 0 };
    if (!talk->asked)
        talk->asked = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(talk->asked, promise);
    nj_store_call_when_committed(talk->fixture->store, on_committed, promise, talk);
}

static bool
wait_committed(Talk *talk)
{
    for (int i = 0; i < 30000 && talk->committed < talk->said; i++) {
        turn_loop();
        g_usleep(1000);
    }
    return talk->committed == talk->said;
}

static void
begin_talk(Talk *talk, StoreFixture *fixture)
{
    NjStoredStream stream = { .id = (char *) "s", .jid = (char *) "toad@pond.example/desk" };
    *talk = (Talk){ .fixture = fixture };
    nj_store_set_stream(fixture->store, account_of(fixture), &stream);
    nj_store_flush(fixture->store);
}

static void
end_talk(Talk *talk)
{
    if (talk->asked)
        g_ptr_array_unref(talk->asked);
    if (talk->promises)
        g_array_unref(talk->promises);
}

static void
continue_talk(Talk *talk, int batches)
{
    gint64 last = 0;
    for (int i = 0; i < batches; i++) {
        for (int k = 0; k < 6; k++)
            receive_message(talk, k == 5 ? 3000 : 40);
        if (i % 2)
            last = send_message(talk, last);
        if (i % 3 == 0)
            nj_store_set_draft(talk->fixture->store, talk->fixture->chat,
                               i % 2 ? "dear frog" : NULL);
        promise_commit(talk);
        if (i % 4)
            assert_true(wait_committed(talk));
    }

    assert_true(wait_committed(talk));
}

static void
quiet_set_up(StoreFixture *fixture, bool remote)
{
    disk_order(&well);
    *fixture =
        (StoreFixture){ .dir = quick_dir(), .reports = g_string_new(NULL), .remote = remote };
    fixture->store = open_here(fixture->dir, remote);
    fixture->chat = chat_row(fixture, "frog@pond.example");
}

static void
quiet_tear_down(StoreFixture *fixture)
{
    if (fixture->store)
        nj_store_close(fixture->store, 5000);
    drop_dir(fixture->dir);
    g_string_free(fixture->reports, TRUE);
}

/* --- power cuts --- */

/* A file at one moment: its content and whether it exists. */
typedef struct {
    GByteArray *now;
    bool here;
} Image;

static const struct {
    DiskFile file;
    const char *name;
} names[] = {
    { DISK_BASE, "history.db" },
    { DISK_LOG, "history.db-wal" },
    { DISK_JOURNAL, "history.db-journal" },
};

static void
apply_change(Image images[], const DiskChange *change, size_t length)
{
    Image *image = &images[change->file];
    switch (change->call) {
    case DISK_OPEN:
        image->here = true;
        break;
    case DISK_WRITE:
        image->here = true;
        if (image->now->len < (gsize) change->offset + length) {
            guint old = image->now->len;
            g_byte_array_set_size(image->now, (guint) change->offset + (guint) length);
            memset(image->now->data + old, 0, image->now->len - old);
        }
        memcpy(image->now->data + change->offset, change->data, length);
        break;

    case DISK_TRUNCATE: {
        guint old = image->now->len;
        g_byte_array_set_size(image->now, (guint) change->offset);
        if (image->now->len > old)
            memset(image->now->data + old, 0, image->now->len - old);
        break;
    }
    case DISK_UNLINK:
        image->here = false;
        g_byte_array_set_size(image->now, 0);
        break;

    case DISK_SYNC:
        break;
    }
}

static void
free_images(Image images[])
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_byte_array_unref(images[names[i].file].now);
}

static void
new_images(Image images[])
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        images[names[i].file] = (Image){ g_byte_array_new(), false };
}

/* Is the change synced if the power fails before the change `end`? */
static bool
is_synced(const DiskChange *changes, long at, long end)
{
    DiskFile wanted =
        changes[at].call & (DISK_OPEN | DISK_UNLINK) ? DISK_DIRECTORY : changes[at].file;
    for (long i = at + 1; i < end; i++)
        if (changes[i].call == DISK_SYNC
            && (changes[i].file == wanted
                || (changes[at].call == DISK_OPEN && changes[i].file == changes[at].file)))
            return !changes[i].failed;
    return false;
}

/* Makes the files as a killed program leaves them, or, after a power cut, with some of the changes
 * that were not synced and the last write cut in the middle. */
static void
make_files(const char *dir, const DiskChange *changes, long end, GRand *power)
{
    Image images[DISK_DIRECTORY + 1];
    new_images(images);
    for (long i = 0; i < end; i++) {
        const DiskChange *change = &changes[i];
        size_t length = change->length;
        if (change->file == DISK_DIRECTORY)
            continue;
        if (power && change->call != DISK_SYNC && !is_synced(changes, i, end)) {
            if (g_rand_boolean(power))
                continue;
            if (change->call == DISK_WRITE && length > 512 && g_rand_int_range(power, 0, 4) == 0)
                length = 512 * (size_t) g_rand_int_range(power, 1, (gint32) (length / 512) + 1);
        }
        apply_change(images, change, length);
    }

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const Image *image = &images[names[i].file];
        g_autofree char *path = g_build_filename(dir, names[i].name, NULL);
        g_remove(path);
        if (image->here)
            assert_true(g_file_set_contents_full(path, (const char *) image->now->data,
                                                 (gssize) image->now->len, G_FILE_SET_CONTENTS_NONE,
                                                 0600, NULL));
    }

    g_autofree char *memory = g_build_filename(dir, "history.db-shm", NULL);
    g_remove(memory);
    free_images(images);
}

static void
check_promises(StoreFixture *again, const Talk *talk, long end)
{
    int said = 0;
    guint32 received = 0;

    for (guint i = 0; i < talk->promises->len; i++) {
        const Promise *promise = &g_array_index(talk->promises, Promise, i);
        if (promise->at > end)
            break;
        said = promise->said;
        received = promise->received;
    }

    int there = ask_int(again, "SELECT count(*) FROM message");
    if (there < said)
        fail_msg("%d messages were promised, %d are there after %ld changes", said, there, end);

    /* none between them is missing */
    assert_int_equal(ask_int(again, "SELECT coalesce(max(id), 0) FROM message"), there);

    /* The count equals the number of received messages. */
    int heard = ask_int(again, "SELECT count(*) FROM message WHERE NOT outgoing"),
        counted = ask_int(again, "SELECT coalesce(max(received), 0) FROM stream");
    assert_int_equal(counted, heard);
    assert_true(counted >= (int) received);
    assert_int_equal(ask_int(again, "SELECT count(*) FROM message WHERE outgoing AND state = 1"),
                     ask_int(again, "SELECT count(*) FROM outbox WHERE number = message"));
    assert_int_equal(ask_int(again, "SELECT (SELECT * FROM pragma_integrity_check) = 'ok'"), 1);

    for (int i = 0; i < there; i += 1 + there / 20) {
        g_autofree char *id = g_strdup_printf("o%d", i);
        g_autoptr(NjMessage) ours = nj_store_find_sent(again->store, again->chat, id);
        assert_true(
            ours
            || nj_store_has_origin_id(again->store, again->chat, "frog@pond.example/leaf", id));
    }
}

static void
check_moment(const char *dir, const Talk *talk, const DiskChange *changes, long end, GRand *power,
             bool remote)
{
    StoreFixture again = { .dir = (char *) dir, .remote = remote };
    make_files(dir, changes, end, power);
    again.store = open_here(dir, remote);
    again.chat = 1;
    check_promises(&again, talk, end);
    assert_true(nj_store_close(again.store, 5000));
}

/* Checks the file at every moment of a talk, including checkpoints and both indexes.  syncs: the
 * number of the fsync() that fails and loses its data; 0: none. */
static void
check_every_moment(bool remote, int syncs)
{
    StoreFixture fixture;
    Talk talk;

    quiet_set_up(&fixture, remote);
    assert_true(nj_store_close(fixture.store, 5000));

    g_autofree char *path = g_build_filename(fixture.dir, "history.db", NULL);
    g_remove(path);
    disk_order(&(DiskOrders){ .record = true });
    fixture.store = open_here(fixture.dir, remote);
    assert_int_equal(chat_row(&fixture, "frog@pond.example"), fixture.chat);
    begin_talk(&talk, &fixture);
    talk.promises = g_array_new(FALSE, FALSE, sizeof(Promise));

    long begin = disk_changes(NULL);
    continue_talk(&talk, remote || syncs ? 30 : 120);
    if (syncs) {
        disk_order(&(DiskOrders){
            .record = true, .error = EIO, .calls = DISK_SYNC, .from = syncs, .once = true });
        continue_talk(&talk, 30);
    }

    assert_true(nj_store_close(fixture.store, 5000));
    fixture.store = NULL;
    disk_order(&well);

    DiskChange *changes;
    long end = disk_changes(&changes);
    guint32 seed = g_random_int();
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    print_message("%ld changes, seed %u\n", end, seed);
    assert_true(end > begin + 100);

    char *dir = quick_dir();
    if (is_long()) {
        for (long i = begin; i <= end; i++) {
            check_moment(dir, &talk, changes, i, NULL, remote);
            check_moment(dir, &talk, changes, i, random, remote);
        }
    } else {
        for (int i = 0; i < 60; i++)
            check_moment(dir, &talk, changes,
                         g_rand_int_range(random, (gint32) begin, (gint32) end + 1),
                         i % 2 ? random : NULL, remote);
        check_moment(dir, &talk, changes, end, NULL, remote);
    }

    drop_dir(dir);
    end_talk(&talk);
    disk_forget();
    quiet_tear_down(&fixture);
}

static void
test_power_cut_loses_nothing_committed(void **state)
{
    (void) state;
    check_every_moment(false, 0);
}

static void
test_power_cut_remote_loses_nothing_committed(void **state)
{
    (void) state;
    check_every_moment(true, 0);
}

/* After a failed fsync() the next one reports success although the earlier data is lost. */
static void
test_failed_sync_loses_nothing_committed(void **state)
{
    (void) state;
    check_every_moment(false, 1);
    check_every_moment(false, g_random_int_range(2, 200));
    check_every_moment(true, g_random_int_range(1, 200));
}

/* --- failing disk --- */

static void
on_error(const char *sentence, void *owner)
{
    StoreFixture *fixture = owner;
    g_string_append(fixture->reports, sentence ? sentence : "(over)");
    g_string_append_c(fixture->reports, '\n');
}

static bool
wait_report(StoreFixture *fixture, const char *word)
{
    for (int i = 0; i < 30000 && !strstr(fixture->reports->str, word); i++) {
        turn_loop();
        g_usleep(1000);
    }
    return strstr(fixture->reports->str, word) != NULL;
}

/* From one call on all calls fail, later all succeed again. */
static void
fail_once(GRand *random, bool remote)
{
    static const struct {
        int error, calls;
        const char *word;
    } ways[] = {
        { ENOSPC, DISK_WRITE | DISK_TRUNCATE, "is full" },
        { EIO, DISK_WRITE | DISK_SYNC | DISK_TRUNCATE | DISK_UNLINK, "check the disk" },
        { EIO, DISK_SYNC, "check the disk" },
        { EROFS, DISK_OPEN | DISK_WRITE | DISK_TRUNCATE | DISK_UNLINK, "cannot be written" },
        { EDQUOT, DISK_WRITE, "is full" },
    };

    int way = g_rand_int_range(random, 0, G_N_ELEMENTS(ways));
    StoreFixture fixture;
    Talk talk;
    quiet_set_up(&fixture, remote);
    nj_store_set_hooks(fixture.store, on_error, NULL, &fixture);
    begin_talk(&talk, &fixture);
    continue_talk(&talk, 3);

    DiskOrders orders = { .error = ways[way].error,
                          .calls = ways[way].calls,
                          .from = g_rand_int_range(random, 1, 60) };
    disk_order(&orders);

    int before = talk.said;
    for (int i = 0; i < 200 && !nj_store_has_write_error(fixture.store); i++) {
        receive_message(&talk, 3000);
        promise_commit(&talk);
        turn_loop();
        g_usleep(1000);
    }

    int safe = talk.committed;
    print_message("%s at call %ld of %d\n", g_strerror(orders.error), orders.from, orders.calls);
    assert_true(nj_store_has_write_error(fixture.store));
    if (!wait_report(&fixture, ways[way].word))
        fail_msg("%s", fixture.reports->str);
    for (int i = 0; i < 20; i++)
        receive_message(&talk, 100);

    promise_commit(&talk);
    turn_loop();
    assert_true(talk.committed <= safe + (talk.said - before) && talk.committed < talk.said);
    assert_null(strstr(fixture.reports->str, "(over)"));
    disk_order(&well);
    assert_true(wait_committed(&talk));
    assert_true(wait_report(&fixture, "(over)"));
    assert_false(nj_store_has_write_error(fixture.store));

    for (int i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) page =
            nj_store_page_before(fixture.store, fixture.chat, G_MAXINT64, 0, 10000);
        assert_int_equal(page->len, talk.said);
        reopen(&fixture);
    }

    assert_int_equal(ask_int(&fixture, "SELECT (SELECT * FROM pragma_integrity_check) = 'ok'"), 1);
    assert_int_equal(ask_int(&fixture, "SELECT received FROM stream"), talk.received);
    quiet_tear_down(&fixture);
    end_talk(&talk);
}

static void
test_failing_calls_recover(void **state)
{
    (void) state;
    guint32 seed = g_random_int();
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    print_message("seed %u\n", seed);
    for (int i = 0; i < (is_long() ? 200 : 6); i++)
        fail_once(random, i % 2);
}

/* Nothing of a failed batch counts as committed, and the queue is limited. */
static void
test_long_failure_limits_memory(void **state)
{
    (void) state;
    StoreFixture fixture;
    Talk talk;
    quiet_set_up(&fixture, false);
    begin_talk(&talk, &fixture);
    disk_order(&(DiskOrders){ .error = ENOSPC, .calls = DISK_WRITE, .from = 1 });
    while (!nj_store_queue_is_full(fixture.store))
        receive_message(&talk, 1000);

    assert_in_range(talk.said, 1000, 5000);
    promise_commit(&talk);
    nj_store_flush(fixture.store);
    turn_loop();
    assert_int_equal(talk.committed, 0);
    assert_false(nj_store_close(fixture.store, 3000));
    disk_order(&well);
    fixture.store = open_here(fixture.dir, false);
    assert_int_equal(ask_int(&fixture, "SELECT count(*) FROM message"), 0);

    assert_int_equal(ask_int(&fixture, "SELECT received FROM stream"), 0);
    quiet_tear_down(&fixture);
    end_talk(&talk);
}

/* --- read-only when the store is opened --- */

static void
check_frozen(StoreFixture *fixture, bool remote)
{
    Talk talk = { .fixture = fixture };
    const DiskOrders read_only = { .error = EROFS,
                                   .calls = DISK_OPEN | DISK_WRITE | DISK_TRUNCATE | DISK_UNLINK,
                                   .from = 1 };

    disk_order(&read_only);
    int old = fixture->chat ? 5 : 0;
    fixture->store = open_here(fixture->dir, remote);
    nj_store_set_hooks(fixture->store, on_error, NULL, fixture);
    assert_true(nj_store_has_write_error(fixture->store));
    assert_true(wait_report(fixture, "cannot be written"));
    fixture->chat = chat_row(fixture, "frog@pond.example");
    for (int i = 0; i < 5; i++)
        receive_message(&talk, 10);

    send_message(&talk, 0);
    promise_commit(&talk);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture->store, fixture->chat, G_MAXINT64, 0, 100);
    assert_int_equal(page->len, old + 6);

    g_autoptr(GPtrArray) outs = nj_store_list_outbox(fixture->store, account_of(fixture));
    assert_int_equal(outs->len, 1);
    nj_store_flush(fixture->store);
    turn_loop();
    assert_int_equal(talk.committed, 0);
    disk_order(&well);
    assert_true(wait_committed(&talk));
    assert_true(wait_report(fixture, "(over)"));

    g_autoptr(GPtrArray) later =
        nj_store_page_before(fixture->store, fixture->chat, G_MAXINT64, 0, 100);
    assert_int_equal(later->len, old + 6);
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), old + 6);

    /* The store now holds the lock. */
    g_autoptr(GError) error = NULL;
    assert_null(nj_store_open(fixture->dir, &error));
    reopen(fixture);
    end_talk(&talk);
}

static void
old_talk(StoreFixture *fixture, bool remote)
{
    quiet_set_up(fixture, remote);
    for (int i = 0; i < 5; i++)
        add(fixture, i, false, "x");
    assert_true(nj_store_close(fixture->store, 5000));
    fixture->store = NULL;
}

static void
test_read_only_disk_is_read_then_written(void **state)
{
    (void) state;
    for (int remote = 0; remote < 2; remote++) {
        StoreFixture fixture;
        old_talk(&fixture, remote);
        check_frozen(&fixture, remote);
        quiet_tear_down(&fixture);

        /* without any file */
        fixture =
            (StoreFixture){ .dir = quick_dir(), .reports = g_string_new(NULL), .remote = remote };
        check_frozen(&fixture, remote);
        quiet_tear_down(&fixture);
    }
}

/* A write-ahead log that a killed program has left is read with the file. */
static void
test_read_only_log_is_read(void **state)
{
    (void) state;
    StoreFixture fixture;
    old_talk(&fixture, false);

    g_autofree char *path = g_build_filename(fixture.dir, "history.db", NULL),
                    *log = g_strconcat(path, "-wal", NULL), *kept = NULL;
    gsize length;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE message SET body = 'from the log'", NULL, NULL, NULL),
                     SQLITE_OK);
    assert_true(g_file_get_contents(log, &kept, &length, NULL));

    g_autofree char *base = NULL;
    gsize base_length;
    assert_true(g_file_get_contents(path, &base, &base_length, NULL));
    sqlite3_close(db);

    assert_true(g_file_set_contents(path, base, (gssize) base_length, NULL));
    assert_true(g_file_set_contents(log, kept, (gssize) length, NULL));
    disk_order(&(DiskOrders){
        .error = EROFS, .calls = DISK_OPEN | DISK_WRITE | DISK_TRUNCATE | DISK_UNLINK, .from = 1 });

    g_autoptr(GError) error = NULL;
    fixture.store = nj_store_open(fixture.dir, &error);
    if (fixture.store) {
        g_autoptr(GPtrArray) page =
            nj_store_page_before(fixture.store, fixture.chat, G_MAXINT64, 0, 1);
        assert_int_equal(page->len, 1);
        assert_string_equal(((NjMessage *) g_ptr_array_index(page, 0))->body, "from the log");
    } else {
        assert_non_null(strstr(error->message, "history.db"));
    }

    disk_order(&well);
    quiet_tear_down(&fixture);
}

/* A file that another program has changed meanwhile is not written. */
static void
test_read_only_file_changed_is_not_written(void **state)
{
    (void) state;
    StoreFixture fixture;
    g_autofree char *old = NULL, *new = NULL;
    gsize old_length, new_length;
    old_talk(&fixture, false);

    g_autofree char *path = g_build_filename(fixture.dir, "history.db", NULL);
    assert_true(g_file_get_contents(path, &old, &old_length, NULL));
    run_sql(fixture.dir,
            "INSERT INTO message (chat, time, type, state, outgoing, delayed, mention) "
            "VALUES (1, 50, 0, 0, 0, 0, 0)");
    assert_true(g_file_get_contents(path, &new, &new_length, NULL));

    assert_true(g_file_set_contents(path, old, (gssize) old_length, NULL));
    disk_order(&(DiskOrders){
        .error = EROFS, .calls = DISK_OPEN | DISK_WRITE | DISK_TRUNCATE | DISK_UNLINK, .from = 1 });
    fixture.store = open_here(fixture.dir, false);
    nj_store_set_hooks(fixture.store, on_error, NULL, &fixture);
    add(&fixture, 100, false, "x");

    assert_true(g_file_set_contents(path, new, (gssize) new_length, NULL));
    disk_order(&well);
    assert_true(wait_report(&fixture, "was changed by another program"));
    assert_int_equal(ask_int(&fixture, "SELECT count(*) FROM message"), 6);
    assert_false(nj_store_close(fixture.store, 3000));
    fixture.store = NULL;
    quiet_tear_down(&fixture);
}

/* --- kinds of file systems --- */

static void
test_file_system_decides_journal(void **state)
{
    (void) state;
    static const struct {
        unsigned long kind;
        bool remote;
    } kinds[] = {
        { 0x6969, true },      { 0xff534d42, true },  { 0xfe534d42, true },
        { 0x01021997, true },  { 0x65735546, true },  { 0xef53, false },
        { 0x9123683e, false }, { 0x01021994, false }, { 0x58465342, false },
    };

    StoreFixture fixture = { .dir = quick_dir(), .reports = g_string_new(NULL) };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        disk_order(&(DiskOrders){ .kind = kinds[i].kind });
        fixture.store = open_store(fixture.dir);
        assert_int_equal(fixture.store->single_connection, kinds[i].remote);
        fixture.chat = chat_row(&fixture, "frog@pond.example");
        add(&fixture, i, false, "x");
        nj_store_flush(fixture.store);
        g_autofree char *log = g_build_filename(fixture.dir, "history.db-wal", NULL);
        assert_int_equal(g_file_test(log, G_FILE_TEST_EXISTS), !kinds[i].remote);
        assert_int_equal(ask_int(&fixture, "SELECT count(*) FROM message"), i + 1);
        assert_true(nj_store_close(fixture.store, 5000));
    }

    disk_order(&well);
    fixture.store = NULL;
    quiet_tear_down(&fixture);
}

/* While a network disk is slow the main thread waits for a limited time only.  Queued messages are
 * returned, and chats keep their rows. */
static void
test_slow_network_disk_does_not_block_reads(void **state)
{
    (void) state;
    StoreFixture fixture;
    quiet_set_up(&fixture, true);
    nj_store_set_hooks(fixture.store, on_error, NULL, &fixture);
    nj_store_flush(fixture.store);
    disk_order(&(DiskOrders){ .delay_ms = 2000 });
    add(&fixture, 1, true, "x");
    g_usleep(100000);

    gint64 start = g_get_monotonic_time();
    assert_int_equal(chat_row(&fixture, "frog@pond.example"), fixture.chat);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(fixture.store, fixture.chat, G_MAXINT64, 0, 10);
    assert_int_equal(page->len, 1);
    assert_in_range(g_get_monotonic_time() - start, 0, 1800 * G_TIME_SPAN_MILLISECOND);
    disk_order(&well);
    nj_store_flush(fixture.store);
    quiet_tear_down(&fixture);
}

/* --- lock --- */

static void
assert_no_store(const char *dir, const char *word)
{
    g_autoptr(GError) error = NULL;
    assert_null(nj_store_open(dir, &error));
    if (!strstr(error->message, word))
        fail_msg("%s", error->message);
}

static void
test_lock_of_other_process_is_reported(void **state)
{
    (void) state;
    StoreFixture fixture;
    quiet_set_up(&fixture, false);

    g_autofree char *lock = g_build_filename(fixture.dir, "lock", NULL),
                    *path = g_build_filename(fixture.dir, "history.db", NULL);

    /* A process on another host has the lock: the sentence names the host. */
    assert_true(g_file_test(lock, G_FILE_TEST_EXISTS));

    FILE *file = fopen(lock, "w");
    fputs("elsewhere 42 /dev/pts/3\n", file);
    fclose(file);
    assert_no_store(fixture.dir,
                    "as process 42 on elsewhere. Quit it or use `natterjack -x COMMAND` there");
    assert_true(nj_store_close(fixture.store, 5000));

    /* The lock file of a process that has ended is no obstacle. */
    fixture.store = open_here(fixture.dir, false);

    g_autofree char *holder = NULL,
                    *mine = g_strdup_printf("%s %d ", g_get_host_name(), (int) getpid());
    assert_true(g_file_get_contents(lock, &holder, NULL, NULL));
    assert_true(g_str_has_prefix(holder, mine));
    assert_true(nj_store_close(fixture.store, 5000));
    fixture.store = NULL;

    disk_order(&(DiskOrders){ .lock = ENOLCK });
    assert_no_store(fixture.dir, "mount its file system with locks");
    disk_order(&well);

    if (geteuid()) {
        assert_int_equal(chmod(lock, 0), 0);
        assert_no_store(fixture.dir, "check its owner and its mode");
        assert_int_equal(chmod(lock, 0600), 0);
        assert_int_equal(chmod(path, 0), 0);
        assert_no_store(fixture.dir, "check the owner and the mode");
        assert_int_equal(chmod(path, 0600), 0);
    }

    /* A symbolic link is refused. */
    g_remove(lock);
    assert_int_equal(symlink(path, lock), 0);
    assert_no_store(fixture.dir, "lock cannot be opened");
    g_remove(lock);
    quiet_tear_down(&fixture);
}

/* With one connection the main thread gets the lock first, even while many old messages are being
 * indexed. */
static void
test_main_thread_gets_lock_first(void **state)
{
    (void) state;
    StoreFixture fixture;
    quiet_set_up(&fixture, true);
    nj_store_set_hooks(fixture.store, on_error, NULL, &fixture);

    for (int i = 0; i < 20000; i++) {
        add(&fixture, i, false, "so many different words that it takes a while to list them all");
        while (nj_store_queue_is_full(fixture.store)) {
            turn_loop();
            g_usleep(1000);
        }
    }

    nj_store_flush(fixture.store);
    for (int i = 0; i < 200; i++) {
        g_autoptr(GPtrArray) page =
            nj_store_page_before(fixture.store, fixture.chat, G_MAXINT64, 0, 10);
        assert_int_equal(page->len, 10);
        g_usleep(1000);
    }

    turn_loop();
    assert_string_equal(fixture.reports->str, "");
    quiet_tear_down(&fixture);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_power_cut_loses_nothing_committed),
        cmocka_unit_test(test_power_cut_remote_loses_nothing_committed),
        cmocka_unit_test(test_failed_sync_loses_nothing_committed),
        cmocka_unit_test(test_failing_calls_recover),
        cmocka_unit_test(test_long_failure_limits_memory),
        cmocka_unit_test(test_read_only_disk_is_read_then_written),
        cmocka_unit_test(test_read_only_log_is_read),
        cmocka_unit_test(test_read_only_file_changed_is_not_written),
        cmocka_unit_test(test_lock_of_other_process_is_reported),
        cmocka_unit_test(test_file_system_decides_journal),
        cmocka_unit_test(test_slow_network_disk_does_not_block_reads),
        cmocka_unit_test(test_main_thread_gets_lock_first),
    };
    return cmocka_run_group_tests_name("model/store-disk", tests, NULL, NULL);
}
#endif
