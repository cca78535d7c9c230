/* model/store: nj_store_close() keeps its timeout while a slow disk delays the final checkpoint,
 * and does not report committed changes as lost. */
#include "fixture.h"

#include <sqlite3.h>
#include <unistd.h>

static GMutex held;
static gint passed;

/* Delays the last call of SQLite, made when everything is in the file. */
static int
unlink_slowly(const char *path)
{
    bool log = g_str_has_suffix(path, "-wal");
    if (log)
        g_mutex_lock(&held);

    int result = unlink(path);
    if (log) {
        g_mutex_unlock(&held);
        g_atomic_int_set(&passed, 1);
    }

    return result;
}

static void
test_slow_checkpoint_does_not_delay_close(void **state)
{
    (void) state;
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    assert_int_equal(vfs->xSetSystemCall(vfs, "unlink", (sqlite3_syscall_ptr) unlink_slowly),
                     SQLITE_OK);

    char *dir = make_dir();
    g_mutex_lock(&held);

    NjStore *store = open_store(dir);
    nj_store_ensure_account(store, "toad@pond.example");

    gint64 begun = g_get_monotonic_time();
    assert_true(nj_store_close(store, 300));
    assert_false(g_atomic_int_get(&passed));
    assert_true(g_get_monotonic_time() - begun >= 300 * G_TIME_SPAN_MILLISECOND);

    /* The writer thread continues and frees the store; last it releases the lock. */
    g_mutex_unlock(&held);
    while (!g_atomic_int_get(&passed))
        g_usleep(1000);
    for (store = NULL; !store; g_usleep(1000))
        store = nj_store_open(dir, NULL);

    NjStoredChat chat;
    assert_true(nj_store_ensure_chat(store, nj_store_ensure_account(store, "toad@pond.example"),
                                     NJ_CHAT_PERSON, "frog@pond.example", &chat));
    nj_stored_chat_clear(&chat);
    assert_true(nj_store_close(store, 5000));
    assert_int_equal(vfs->xSetSystemCall(vfs, "unlink", NULL), SQLITE_OK);
    drop_dir(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_checkpoint_does_not_delay_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
