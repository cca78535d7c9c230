/* model/store-commit, -streams, -outbox: commit calls run when their rows are in the file, a
 * committed count is never ahead of the messages it counts, and the outbox is always exact. */
#include "store-fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "model/store-private.h"

/* Runs the main loop until fixture->reports has so many characters. */
static bool
wait_for(StoreFixture *fixture, gsize length)
{
    for (gint64 until = g_get_monotonic_time() + 20 * G_TIME_SPAN_SECOND;
         g_get_monotonic_time() < until; g_usleep(1000)) {
        while (g_main_context_iteration(NULL, FALSE))
            continue;
        if (fixture->reports->len >= length)
            return true;
    }
    return false;
}

static void
run_loop(int ms)
{
    for (gint64 until = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;
         g_get_monotonic_time() < until; g_usleep(1000))
        while (g_main_context_iteration(NULL, FALSE))
            continue;
}

/* --- commit calls --- */

typedef struct {
    StoreFixture *fixture;
    char letter;
    int rows; /* must be in the file when the call runs */
} Note;

static void
run_note(void *data)
{
    Note *note = data;
    assert_true(ask_int(note->fixture, "SELECT count(*) FROM message") >= note->rows);
    g_string_append_c(note->fixture->reports, note->letter);
}

static void
test_call_runs_after_commit(void **state)
{
    StoreFixture *fixture = *state;
    Note notes[] = { { fixture, 'a', 0 },
                     { fixture, 'b', 1 },
                     { fixture, 'c', 1 },
                     { fixture, 'd', 2 },
                     { fixture, 'e', 2 } };

    nj_store_flush(fixture->store);
    nj_store_call_when_committed(fixture->store, run_note, &notes[0], fixture);
    assert_string_equal(fixture->reports->str, ""); /* never before the function returns */
    assert_true(wait_for(fixture, 1));              /* runs although nothing is queued */
    add(fixture, 10, false, "x");
    nj_store_call_when_committed(fixture->store, run_note, &notes[1], fixture);
    nj_store_call_when_committed(fixture->store, run_note, &notes[2], fixture);
    add(fixture, 20, false, "y");
    nj_store_call_when_committed(fixture->store, run_note, &notes[3], fixture);

    assert_true(wait_for(fixture, 4));
    assert_string_equal(fixture->reports->str, "abcd");
    nj_store_flush(fixture->store);
    nj_store_call_when_committed(fixture->store, run_note, &notes[4], fixture);
    assert_true(wait_for(fixture, 5));
}

static void
test_cancelled_call_does_not_run(void **state)
{
    StoreFixture *fixture = *state;
    Note notes[] = { { fixture, 'a', 0 }, { fixture, 'b', 0 }, { fixture, 'c', 1 } };
    int other = 0;

    nj_store_call_when_committed(fixture->store, run_note, &notes[0], fixture);
    nj_store_call_when_committed(fixture->store, run_note, &notes[1], &other);
    add(fixture, 10, false, "x");
    nj_store_call_when_committed(fixture->store, run_note, &notes[2], fixture);
    nj_store_cancel_calls(fixture->store, fixture);
    nj_store_flush(fixture->store);
    run_loop(20);
    assert_string_equal(fixture->reports->str, "b");
}

static void
say_and_ask_again(void *data)
{
    StoreFixture *fixture = data;
    g_string_append_c(fixture->reports, 'x');
    if (fixture->reports->len < 5)
        nj_store_call_when_committed(fixture->store, say_and_ask_again, fixture, fixture);
    else
        nj_store_cancel_calls(fixture->store, fixture);
}

static void
close_it(void *data)
{
    StoreFixture *fixture = data;
    g_string_append_c(fixture->reports, 'c');
    assert_true(nj_store_close(fixture->store, 5000));
    fixture->store = NULL;
}

static void
test_call_may_use_and_close_the_store(void **state)
{
    StoreFixture *fixture = *state;
    Note late = { fixture, 'l', 0 };

    nj_store_call_when_committed(fixture->store, say_and_ask_again, fixture, fixture);
    assert_true(wait_for(fixture, 5));
    add(fixture, 10, true, "x");
    nj_store_call_when_committed(fixture->store, close_it, fixture, fixture);
    nj_store_call_when_committed(fixture->store, run_note, &late, fixture);
    assert_true(wait_for(fixture, 6));
    run_loop(20);
    assert_string_equal(fixture->reports->str, "xxxxxc");
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 1);
}

/* Many calls run in several slices of the main loop, so that they do not delay a key. */
static void
say_slowly(void *data)
{
    StoreFixture *fixture = data;
    g_usleep(100);
    g_string_append_c(fixture->reports, 'x');
}

static void
test_many_calls_run_in_slices(void **state)
{
    StoreFixture *fixture = *state;
    nj_store_flush(fixture->store);
    for (int i = 0; i < 100; i++)
        nj_store_call_when_committed(fixture->store, say_slowly, fixture, fixture);
    g_main_context_iteration(NULL, TRUE);
    assert_in_range(fixture->reports->len, 1, 50);
    assert_true(wait_for(fixture, 100));
}

/* On a full disk no call runs; all run when there is space again. */
static void
test_failing_disk_delays_calls(void **state)
{
    StoreFixture *fixture = *state;
    Note notes[] = { { fixture, 'a', 1 }, { fixture, 'b', 2 } };
    struct rlimit old, tight;

    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    nj_store_flush(fixture->store);
    assert_false(nj_store_has_write_error(fixture->store));
    tight = old;
    tight.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    add(fixture, 10, true, "x");
    nj_store_call_when_committed(fixture->store, run_note, &notes[0], fixture);

    nj_store_flush(fixture->store);
    add(fixture, 20, true, "y");
    nj_store_call_when_committed(fixture->store, run_note, &notes[1], fixture);
    run_loop(100);
    assert_true(nj_store_has_write_error(fixture->store));
    assert_string_equal(fixture->reports->str, "");
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(wait_for(fixture, 2));
    assert_string_equal(fixture->reports->str, "ab");

    assert_false(nj_store_has_write_error(fixture->store));
    signal(SIGXFSZ, handler);
}

static void
note_trouble(const char *sentence, void *owner)
{
    StoreFixture *fixture = owner;
    g_string_append_c(fixture->reports, sentence ? 't' : 'T');
}

/* Calls for what was committed before the disk failed run before the on_error hook, whose listener
 * takes everything else as not committed. */
static void
test_calls_run_before_error_is_reported(void **state)
{
    StoreFixture *fixture = *state;
    struct rlimit old, tight;

    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    nj_store_set_hooks(fixture->store, note_trouble, NULL, fixture);
    add(fixture, 10, true, "x");
    for (int i = 0; i < 20; i++)
        nj_store_call_when_committed(fixture->store, say_slowly, fixture, fixture);

    nj_store_flush(fixture->store);
    tight = old;
    tight.rlim_cur = 4096;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    add(fixture, 20, true, "y");
    nj_store_call_when_committed(fixture->store, say_slowly, fixture, fixture);
    nj_store_flush(fixture->store);
    assert_true(nj_store_has_write_error(fixture->store));
    run_loop(50);

    assert_string_equal(fixture->reports->str, "xxxxxxxxxxxxxxxxxxxxt");
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(wait_for(fixture, 23));
    signal(SIGXFSZ, handler);
}

/* --- streams and counts --- */

static gint64
set_stream(StoreFixture *fixture, const char *id, guint32 received)
{
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");
    NjStoredStream stream = { .id = (char *) id,
                              .jid = (char *) "toad@pond.example/desk",
                              .location = (char *) "pond.example:5222",
                              .received = received,
                              .until = 1700000000000 };
    nj_store_set_stream(fixture->store, account, &stream);
    return account;
}

static void
assert_stream(StoreFixture *fixture, gint64 account, const char *id, guint32 received)
{
    NjStoredStream stream;
    assert_true(nj_store_find_stream(fixture->store, account, &stream));
    assert_string_equal(stream.id, id);
    assert_string_equal(stream.jid, "toad@pond.example/desk");
    assert_string_equal(stream.location, "pond.example:5222");
    assert_int_equal(stream.received, received);
    assert_int_equal(stream.until, 1700000000000);
    nj_stored_stream_clear(&stream);
    assert_int_equal(nj_store_committed_count(fixture->store, account), received);
}

static void
test_stream_keeps_fields_and_count(void **state)
{
    StoreFixture *fixture = *state;
    NjStoredStream stream;
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");

    assert_false(nj_store_find_stream(fixture->store, account, &stream));

    /* Without a stream a count is ignored. */
    nj_store_set_received_count(fixture->store, account, 7);
    assert_int_equal(nj_store_committed_count(fixture->store, account), 0);

    set_stream(fixture, "s1", 0);
    assert_stream(fixture, account, "s1", 0);
    nj_store_set_received_count(fixture->store, account, 4294967295u);
    reopen(fixture);
    assert_stream(fixture, account, "s1", 4294967295u);
    nj_store_begin(fixture->store);
    nj_store_set_received_count(fixture->store, account, 1); /* the counter wraps at 2^32 */
    assert_true(nj_store_find_stream(fixture->store, account, &stream));

    /* nj_store_find_stream() returns the newest count, also if it is not committed. */
    assert_int_equal(stream.received, 1);
    nj_stored_stream_clear(&stream);
    assert_int_equal(nj_store_committed_count(fixture->store, account), 4294967295u);
    nj_store_commit(fixture->store);
    nj_store_flush(fixture->store);
    assert_stream(fixture, account, "s1", 1);

    /* The count of a new stream is 0 until the stream is committed. */
    nj_store_set_received_count(fixture->store, account, 5);
    set_stream(fixture, "s2", 3);
    assert_int_equal(nj_store_committed_count(fixture->store, account), 0);
    nj_store_flush(fixture->store);
    assert_stream(fixture, account, "s2", 3);
    nj_store_set_received_count(fixture->store, account, 9);
    reopen(fixture);
    assert_stream(fixture, account, "s2", 9);

    nj_store_set_stream(fixture->store, account, NULL);
    nj_store_set_received_count(fixture->store, account, 10);
    assert_false(nj_store_find_stream(fixture->store, account, &stream));
    reopen(fixture);
    assert_false(nj_store_find_stream(fixture->store, account, &stream));
}

/* In a group the count is committed with its message; otherwise with it or later, never earlier. It
 * needs no write of its own. */
static void
count_in_a_flood(StoreFixture *fixture, bool hold)
{
    gint64 account = set_stream(fixture, "s", 0);
    g_autofree char *path = g_build_filename(fixture->dir, "history.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    nj_store_flush(fixture->store);
    assert_int_equal(sqlite3_prepare_v2(
                         db, "SELECT (SELECT received FROM stream), (SELECT count(*) FROM message)",
                         -1, &statement, NULL),
                     SQLITE_OK);

    guint64 before = fixture->store->shared.seq_newest;
    int moments = 0;
    for (int i = 1; i <= 6000; i++) {
        if (hold)
            nj_store_begin(fixture->store);
        add(fixture, i, false, "x");
        if (i % 500 == 0)
            g_usleep(2000); /* time for the writer thread to take the message alone */
        nj_store_set_received_count(fixture->store, account, (guint32) i);
        if (hold)
            nj_store_commit(fixture->store);
        if (i % 100)
            continue;
        g_usleep(2000);
        guint32 counted = nj_store_committed_count(fixture->store, account);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        int received = sqlite3_column_int(statement, 0), rows = sqlite3_column_int(statement, 1);
        /* also if a batch ends in the middle of the queue */
        assert_in_range(rows - received, 0, !hold);
        assert_true((int) counted <= received);
        moments += received > 0 && received < i;
        sqlite3_reset(statement);
    }

    assert_true(moments > 0);

    /* A count needs a write of its own if the writer thread has taken its message. */
    assert_in_range(fixture->store->shared.seq_newest - before, 6000, 6100);
    nj_store_flush(fixture->store);
    assert_int_equal(nj_store_committed_count(fixture->store, account), 6000);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void
test_count_is_not_ahead_of_messages(void **state)
{
    count_in_a_flood(*state, false);
}

static void
test_grouped_count_is_exact(void **state)
{
    count_in_a_flood(*state, true);
}

/* A group is committed whole, however long it takes and however large it is.  nj_store_flush() and
 * nj_store_close() end an open group instead of waiting for ever. */
static void
test_group_is_committed_whole(void **state)
{
    StoreFixture *fixture = *state;
    nj_store_flush(fixture->store);
    nj_store_begin(fixture->store);
    add(fixture, 10, true, "x");
    run_loop(120);

    for (int i = 0; i < 3000; i++) {
        nj_store_begin(fixture->store);
        add(fixture, 20 + i, false, "y");
        nj_store_commit(fixture->store);
    }

    run_loop(120);
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 0);
    nj_store_commit(fixture->store);
    while (!ask_int(fixture, "SELECT count(*) FROM message"))
        g_usleep(1000);

    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 3001);
    nj_store_begin(fixture->store);
    add(fixture, 4000, false, "z");
    nj_store_flush(fixture->store);
    add(fixture, 5000, false, "z");
    reopen(fixture);
    assert_int_equal(ask_int(fixture, "SELECT count(*) FROM message"), 3003);
}

/* Counts of two accounts in turn replace each other in their writes. */
static void
test_counts_of_two_accounts_share_a_write(void **state)
{
    StoreFixture *fixture = *state;
    gint64 one = set_stream(fixture, "s1", 0),
           other = nj_store_ensure_account(fixture->store, "other@pond.example");

    nj_store_set_stream(
        fixture->store, other,
        &(NjStoredStream){ .id = (char *) "s2", .jid = (char *) "other@pond.example/x" });
    nj_store_flush(fixture->store);

    guint64 before = fixture->store->shared.seq_newest;
    for (guint32 i = 1; i <= 1000; i++) {
        nj_store_set_received_count(fixture->store, one, i);
        nj_store_set_received_count(fixture->store, other, i + 1000);
    }

    assert_in_range(fixture->store->shared.seq_newest - before, 1, 4);
    nj_store_flush(fixture->store);
    assert_int_equal(nj_store_committed_count(fixture->store, one), 1000);
    assert_int_equal(nj_store_committed_count(fixture->store, other), 2000);
    reopen(fixture);
    assert_int_equal(nj_store_committed_count(fixture->store, one), 1000);
    assert_int_equal(nj_store_committed_count(fixture->store, other), 2000);
}

static gint64
ms_until_counted(StoreFixture *fixture, gint64 account, guint32 count)
{
    gint64 start = g_get_monotonic_time();
    while (nj_store_committed_count(fixture->store, account) != count
           && g_get_monotonic_time() - start < 20 * G_TIME_SPAN_SECOND)
        g_usleep(1000);
    return (g_get_monotonic_time() - start) / G_TIME_SPAN_MILLISECOND;
}

/* A count without content waits longer; a message or a commit call makes it due earlier. */
static void
test_count_without_content_waits(void **state)
{
    StoreFixture *fixture = *state;
    gint64 account = set_stream(fixture, "s", 0);

    nj_store_flush(fixture->store);
    nj_store_set_received_count(fixture->store, account, 1);
    assert_in_range(ms_until_counted(fixture, account, 1), 300, 20000);
    nj_store_set_received_count(fixture->store, account, 2);
    add(fixture, 10, false, "x");
    assert_in_range(ms_until_counted(fixture, account, 2), 0, 300);
    nj_store_set_received_count(fixture->store, account, 3);
    nj_store_call_when_committed(fixture->store, say_slowly, fixture, fixture);
    assert_in_range(ms_until_counted(fixture, account, 3), 0, 300);
}

/* --- outbox --- */

typedef struct {
    gint64 id, account, chat;
    NjMessageState state;
    bool numbered;
    guint32 number;
    bool gone;
} Said;

static void
assert_outbox(StoreFixture *fixture, gint64 account, GArray *all)
{
    g_autoptr(GPtrArray) outs = nj_store_list_outbox(fixture->store, account);
    guint at = 0;

    for (guint i = 0; i < all->len; i++) {
        const Said *said = &g_array_index(all, Said, i);
        if (said->account != account || said->gone || !nj_state_is_open(said->state))
            continue;
        assert_true(at < outs->len);
        const NjStoredOutboxRow *out = g_ptr_array_index(outs, at++);
        assert_int_equal(out->message->id, said->id);
        assert_int_equal(out->message->chat, said->chat);
        assert_int_equal(out->message->state, said->state);
        assert_int_equal(out->numbered, said->numbered);
        assert_true(!out->numbered || out->number == said->number);
        assert_int_equal(out->kind, NJ_CHAT_PERSON);
        assert_non_null(strstr(out->address, "@pond.example"));
    }

    assert_int_equal(at, outs->len);
}

static Said *
random_said(GArray *all, GRand *random)
{
    Said *said =
        all->len ? &g_array_index(all, Said, (guint) g_rand_int_range(random, 0, (gint32) all->len))
                 : NULL;
    return said && !said->gone ? said : NULL;
}

/* Only chats that were used in this run can be deleted. */
static void
meet_chats(StoreFixture *fixture, const gint64 accounts[2])
{
    NjStoredChat chat;
    for (int i = 0; i < 10; i++) {
        g_autofree char *address = g_strdup_printf("%d@pond.example", i / 2);
        if (nj_store_find_chat(fixture->store, accounts[i % 2], NJ_CHAT_PERSON, address, &chat))
            nj_stored_chat_clear(&chat);
    }
}

/* Random changes in random order, while the writer thread commits. */
static void
test_outbox_matches_random_changes(void **state)
{
    StoreFixture *fixture = *state;
    guint32 seed = g_random_int();
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(Said));
    gint64 accounts[] = { nj_store_ensure_account(fixture->store, "toad@pond.example"),
                          nj_store_ensure_account(fixture->store, "newt@pond.example") };

    print_message("seed %u\n", seed);
    for (int i = 0; i < 3000; i++) {
        Said *said = random_said(all, random);
        gint64 account = accounts[g_rand_boolean(random)];
        int what = g_rand_int_range(random, 0, 100);
        if (what < 35) {
            NjStoredChat chat;
            g_autofree char *address =
                g_strdup_printf("%d@pond.example", g_rand_int_range(random, 0, 5));
            assert_true(
                nj_store_ensure_chat(fixture->store, account, NJ_CHAT_PERSON, address, &chat));
            g_autoptr(NjMessage) message = make_message(i, g_rand_int_range(random, 0, 4) > 0, "x");
            message->chat = chat.id;
            if (message->out && g_rand_boolean(random))
                message->state = NJ_STATE_FAILED;
            nj_store_add_message(fixture->store, message);
            if (message->out)
                g_array_append_vals(
                    all, &(Said){ message->id, account, chat.id, message->state, false, 0, false },
                    1);
            nj_stored_chat_clear(&chat);
        } else if (what < 65 && said) {
            static const NjMessageState states[] = { NJ_STATE_QUEUED, NJ_STATE_SENT,
                                                     NJ_STATE_UNSURE, NJ_STATE_FAILED,
                                                     NJ_STATE_ACKNOWLEDGED };
            NjMessageState next = states[g_rand_int_range(random, 0, G_N_ELEMENTS(states))];
            said->numbered =
                said->numbered && nj_state_is_open(said->state) && nj_state_is_open(next);
            said->state = next;
            nj_store_set_state(fixture->store, said->id, said->state, NULL);
        } else if (what < 85 && said && nj_state_is_open(said->state)) {
            said->numbered = g_rand_int_range(random, 0, 5) > 0;
            said->number = g_rand_int(random);
            nj_store_set_stanza_number(fixture->store, said->id, said->numbered, said->number);
        } else if (what < 86 && said) {
            gint64 chat = said->chat;
            nj_store_delete_chat(fixture->store, chat);
            for (guint k = 0; k < all->len; k++)
                if (g_array_index(all, Said, k).chat == chat)
                    g_array_index(all, Said, k).gone = true;
        } else if (what < 87) {
            reopen(fixture);
            meet_chats(fixture, accounts);
        } else {
            assert_outbox(fixture, account, all);
        }
    }

    for (int i = 0; i < 2; i++) {
        assert_outbox(fixture, accounts[0], all);
        assert_outbox(fixture, accounts[1], all);
        nj_store_flush(fixture->store);
    }

    assert_int_equal(ask_int(fixture,
                             "SELECT count(*) FROM outbox WHERE message NOT IN"
                             " (SELECT id FROM message WHERE outgoing AND state IN (1, 2, 6))"),
                     0);
}

/* A received message gets no row, even if its state is set to an open one. */
static void
test_outbox_has_only_sent_messages(void **state)
{
    StoreFixture *fixture = *state;
    gint64 heard = add(fixture, 10, false, "x");

    nj_store_set_state(fixture->store, heard, NJ_STATE_QUEUED, NULL);
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example");
    for (int i = 0; i < 2; i++) {
        g_autoptr(GPtrArray) outs = nj_store_list_outbox(fixture->store, account);
        assert_int_equal(outs->len, 0);
        reopen(fixture);
    }
}

static void
assert_found(StoreFixture *fixture, const char *wire_id, gint64 id, NjMessageState state)
{
    g_autoptr(NjMessage) message = nj_store_find_sent(fixture->store, fixture->chat, wire_id);
    assert_non_null(message);
    assert_int_equal(message->id, id);
    assert_int_equal(message->state, state);
}

static void
test_find_sent_by_origin_id(void **state)
{
    StoreFixture *fixture = *state;
    NjMessage *ours = make_message(10, true, "x"), *theirs = make_message(20, false, "y");

    ours->chat = theirs->chat = fixture->chat;
    ours->origin_id = g_strdup("w1");
    theirs->origin_id = g_strdup("w2");
    nj_store_add_message(fixture->store, ours);
    nj_store_add_message(fixture->store, theirs);

    gint64 id = ours->id;
    for (int i = 0; i < 2; i++) {
        assert_null(nj_store_find_sent(fixture->store, fixture->chat, "w2"));
        assert_null(nj_store_find_sent(fixture->store, fixture->chat + 1, "w1"));
        assert_found(fixture, "w1", id, NJ_STATE_QUEUED);
        nj_store_flush(fixture->store);
    }

    nj_store_set_state(fixture->store, id, NJ_STATE_SENT, NULL);
    nj_store_set_state(fixture->store, id, NJ_STATE_DELIVERED, NULL);
    for (int i = 0; i < 2; i++) {
        assert_found(fixture, "w1", id, NJ_STATE_DELIVERED);
        nj_store_flush(fixture->store);
    }

    nj_message_unref(ours);
    nj_message_unref(theirs);
}

/* The chats that are opened at the start include rooms that were not left and chats with messages
 * in the outbox. */
static void
test_open_chats_include_rooms_and_outbox(void **state)
{
    StoreFixture *fixture = *state;
    NjStoredChat chat;
    gint64 account = nj_store_ensure_account(fixture->store, "toad@pond.example"),
           said = add(fixture, 10, true, "x");

    assert_true(
        nj_store_ensure_chat(fixture->store, account, NJ_CHAT_ROOM, "room@pond.example", &chat));
    nj_store_set_room_nick(fixture->store, chat.id, "toad");
    nj_stored_chat_clear(&chat);
    assert_true(
        nj_store_find_chat(fixture->store, account, NJ_CHAT_ROOM, "room@pond.example", &chat));
    assert_string_equal(chat.nick, "toad");

    gint64 room = chat.id;
    nj_stored_chat_clear(&chat);
    reopen(fixture);

    GPtrArray *chats = nj_store_list_open_chats(fixture->store, account);
    assert_int_equal(chats->len, 2);
    assert_int_equal(((NjStoredChat *) g_ptr_array_index(chats, 0))->id, fixture->chat);
    assert_string_equal(((NjStoredChat *) g_ptr_array_index(chats, 1))->nick, "toad");
    g_ptr_array_unref(chats);
    nj_store_set_room_nick(fixture->store, room, NULL);
    nj_store_set_state(fixture->store, said, NJ_STATE_ACKNOWLEDGED, NULL);
    reopen(fixture);
    chats = nj_store_list_open_chats(fixture->store, account);

    assert_int_equal(chats->len, 0);
    g_ptr_array_unref(chats);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_call_runs_after_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cancelled_call_does_not_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_call_may_use_and_close_the_store, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_calls_run_in_slices, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failing_disk_delays_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_calls_run_before_error_is_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_stream_keeps_fields_and_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_count_is_not_ahead_of_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_grouped_count_is_exact, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_group_is_committed_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counts_of_two_accounts_share_a_write, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_count_without_content_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outbox_matches_random_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outbox_has_only_sent_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_find_sent_by_origin_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_open_chats_include_rooms_and_outbox, set_up,
                                        tear_down),
        { "test_call_runs_after_commit (remote)", test_call_runs_after_commit, set_up_remote,
          tear_down, NULL },
        { "test_cancelled_call_does_not_run (remote)", test_cancelled_call_does_not_run,
          set_up_remote, tear_down, NULL },
        { "test_call_may_use_and_close_the_store (remote)", test_call_may_use_and_close_the_store,
          set_up_remote, tear_down, NULL },
        { "test_many_calls_run_in_slices (remote)", test_many_calls_run_in_slices, set_up_remote,
          tear_down, NULL },
        { "test_failing_disk_delays_calls (remote)", test_failing_disk_delays_calls, set_up_remote,
          tear_down, NULL },
        { "test_stream_keeps_fields_and_count (remote)", test_stream_keeps_fields_and_count,
          set_up_remote, tear_down, NULL },
        { "test_group_is_committed_whole (remote)", test_group_is_committed_whole, set_up_remote,
          tear_down, NULL },
        { "test_counts_of_two_accounts_share_a_write (remote)",
          test_counts_of_two_accounts_share_a_write, set_up_remote, tear_down, NULL },
        { "test_count_without_content_waits (remote)", test_count_without_content_waits,
          set_up_remote, tear_down, NULL },
        { "test_outbox_matches_random_changes (remote)", test_outbox_matches_random_changes,
          set_up_remote, tear_down, NULL },
        { "test_outbox_has_only_sent_messages (remote)", test_outbox_has_only_sent_messages,
          set_up_remote, tear_down, NULL },
        { "test_find_sent_by_origin_id (remote)", test_find_sent_by_origin_id, set_up_remote,
          tear_down, NULL },
        { "test_open_chats_include_rooms_and_outbox (remote)",
          test_open_chats_include_rooms_and_outbox, set_up_remote, tear_down, NULL },
    };
    return cmocka_run_group_tests_name("model/store-commit", tests, NULL, NULL);
}
