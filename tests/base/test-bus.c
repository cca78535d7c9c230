/* base/bus: which listeners are called, and adding and forgetting them during a call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bus.h"

typedef struct {
    NjBus *bus;
    int calls;
} Listener;

static void
count_call(Listener *listener)
{
    listener->calls++;
}

static void
count_and_forget(Listener *listener)
{
    listener->calls++;
    nj_bus_forget(listener->bus, listener);
}

static void
count_and_listen(Listener *listener)
{
    listener->calls++;
    nj_bus_listen(listener->bus, 3, (NjBusFunc) count_call, listener);
}

static void
emit(NjBus *bus, guint event)
{
    NjBusWalk walk = nj_bus_begin(bus, event);
    NjBusFunc func;
    void *owner;
    while (nj_bus_next(&walk, &func, &owner))
        ((void (*)(Listener *)) func)(owner);
}

static void
test_event_calls_only_its_listeners(void **state)
{
    (void) state;
    NjBus *bus = nj_bus_new();
    Listener a = { bus, 0 }, b = { bus, 0 };
    nj_bus_listen(bus, 1, (NjBusFunc) count_call, &a);
    nj_bus_listen(bus, 2, (NjBusFunc) count_call, &b);
    emit(bus, 1);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 0);
    nj_bus_forget(bus, &a);

    emit(bus, 1);
    assert_int_equal(a.calls, 1);
    nj_bus_free(bus);
}

static void
test_forgotten_listener_is_not_called_again(void **state)
{
    (void) state;
    NjBus *bus = nj_bus_new();
    Listener a = { bus, 0 }, b = { bus, 0 };
    nj_bus_listen(bus, 1, (NjBusFunc) count_and_forget, &a);
    nj_bus_listen(bus, 1, (NjBusFunc) count_call, &a); /* forgotten by the listener before it */
    nj_bus_listen(bus, 1, (NjBusFunc) count_call, &b);

    emit(bus, 1);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 1);
    emit(bus, 1);
    assert_int_equal(a.calls, 1);
    assert_int_equal(b.calls, 2);
    nj_bus_free(bus);
}

static void
test_new_listener_is_called_from_next_event(void **state)
{
    (void) state;
    NjBus *bus = nj_bus_new();
    Listener a = { bus, 0 };
    nj_bus_listen(bus, 3, (NjBusFunc) count_and_listen, &a);
    emit(bus, 3);
    assert_int_equal(a.calls, 1); /* the new listener is called from the next event on */
    emit(bus, 3);
    assert_int_equal(a.calls, 3);
    nj_bus_free(bus);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event_calls_only_its_listeners),
        cmocka_unit_test(test_forgotten_listener_is_not_called_again),
        cmocka_unit_test(test_new_listener_is_called_from_next_event),
    };
    return cmocka_run_group_tests_name("base/bus", tests, NULL, NULL);
}
