/* The idle timer: watches are called when their delay has passed and when the user is back. */
#include "fixture.h"

#include "base/clock.h"
#include "model/idle.h"

#define MINUTE_US (60 * G_USEC_PER_SEC)

typedef struct {
    NjClient *client;
    gint64 keyless_us, unfocused_us;
    guint calls;
    bool is_idle;
    bool forgets; /* drops itself when called */
} Watcher;

static void
on_idle(void *owner)
{
    Watcher *watcher = owner;
    watcher->calls++;
    watcher->is_idle = nj_idle_watch(watcher->client, watcher->keyless_us, watcher->unfocused_us,
                                     on_idle, watcher);
    if (watcher->forgets)
        nj_idle_forget(watcher->client, watcher);
}

static void
watch(Watcher *watcher, NjClient *client, gint64 keyless_us, gint64 unfocused_us)
{
    *watcher =
        (Watcher){ .client = client, .keyless_us = keyless_us, .unfocused_us = unfocused_us };
    watcher->is_idle = nj_idle_watch(client, keyless_us, unfocused_us, on_idle, watcher);
}

/* Milliseconds until the main loop's next timer; -1: there is none. */
static int
timeout_ms(void)
{
    int timeout = -1, priority;
    GPollFD fds[32];
    GMainContext *context = g_main_context_default();

    while (g_main_context_iteration(context, FALSE))
        continue;
    assert_true(g_main_context_acquire(context));
    g_main_context_prepare(context, &priority);
    g_main_context_query(context, priority, &timeout, fds, G_N_ELEMENTS(fds));
    g_main_context_release(context);
    return timeout;
}

static void
test_one_timer_calls_each_watch_after_its_delay(void **state)
{
    (void) state;
    NjClient *client = nj_client_new(NULL, NULL);
    Watcher one, five;
    assert_int_equal(timeout_ms(), -1);

    watch(&five, client, 5 * MINUTE_US, 0);
    watch(&one, client, MINUTE_US, 0);
    int left = timeout_ms();
    assert_true(left > 55 * 1000 && left <= 60 * 1000 + 1);

    /* A key moves no timer and calls nothing; the timer fires early and is set again. */
    client->active_us = nj_clock_us() - MINUTE_US + 5000;
    nj_idle_watch(client, MINUTE_US, 0, on_idle, &one);
    nj_client_note_active(client);
    g_usleep(10 * 1000);
    left = timeout_ms();
    assert_true(left > 55 * 1000 && left <= 60 * 1000 + 1);
    assert_int_equal(one.calls, 0);

    client->active_us = nj_clock_us() - MINUTE_US + 50 * 1000;
    one.is_idle = nj_idle_watch(client, MINUTE_US, 0, on_idle, &one);
    while (!one.is_idle)
        g_main_context_iteration(NULL, TRUE);
    assert_int_equal(five.calls, 0);
    assert_true(timeout_ms() > 3 * 60 * 1000);

    nj_idle_forget(client, &five);
    assert_int_equal(timeout_ms(), -1);
    nj_client_free(client);
}

static void
test_key_after_rest_calls_all_watches(void **state)
{
    (void) state;
    NjClient *client = nj_client_new(NULL, NULL);
    Watcher one, off;
    client->active_us -= 2 * MINUTE_US;
    watch(&one, client, MINUTE_US, 0);
    watch(&off, client, 0, MINUTE_US);
    assert_true(one.is_idle);
    assert_false(off.is_idle);
    assert_int_equal(timeout_ms(), -1);

    nj_client_note_active(client);
    assert_int_equal(one.calls, 1);
    assert_false(one.is_idle);
    assert_int_equal(off.calls, 1);
    nj_client_note_active(client);
    assert_int_equal(one.calls, 1);
    assert_true(timeout_ms() > 55 * 1000);
    nj_client_free(client);
}

static void
test_lost_focus_shortens_the_delay(void **state)
{
    (void) state;
    NjClient *client = nj_client_new(NULL, NULL);
    Watcher looks, types;
    watch(&looks, client, 5 * MINUTE_US, MINUTE_US);
    watch(&types, client, 5 * MINUTE_US, 0);

    nj_client_set_looking(client, false);
    assert_int_equal(looks.calls, 1);
    assert_false(looks.is_idle);
    int left = timeout_ms();
    assert_true(left > 55 * 1000 && left <= 60 * 1000 + 1);

    /* The focus comes back. */
    nj_client_set_looking(client, true);
    assert_true(timeout_ms() > 4 * 60 * 1000);
    assert_int_equal(types.calls, 2);
    assert_false(types.is_idle);
    nj_client_free(client);
}

static void
test_watch_may_drop_itself_while_called(void **state)
{
    (void) state;
    NjClient *client = nj_client_new(NULL, NULL);
    Watcher first, second;
    watch(&first, client, MINUTE_US, 0);
    watch(&second, client, MINUTE_US, 0);
    first.forgets = true;

    nj_client_set_looking(client, false);
    nj_client_set_looking(client, true);
    assert_int_equal(first.calls, 1);
    assert_int_equal(second.calls, 2);
    nj_client_free(client);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_timer_calls_each_watch_after_its_delay),
        cmocka_unit_test(test_key_after_rest_calls_all_watches),
        cmocka_unit_test(test_lost_focus_shortens_the_delay),
        cmocka_unit_test(test_watch_may_drop_itself_while_called),
    };
    return cmocka_run_group_tests_name("model/idle", tests, NULL, NULL);
}
