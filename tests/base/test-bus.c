/* base/bus: who hears what, and what may be done while it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/bus.h"

typedef struct {
    NjBus *bus;
    int heard;
} Ear;

static void
count(Ear *ear)
{
    ear->heard++;
}

static void
count_and_go(Ear *ear)
{
    ear->heard++;
    nj_bus_forget(ear->bus, ear);
}

static void
invite(Ear *ear)
{
    ear->heard++;
    nj_bus_listen(ear->bus, 3, (NjBusFunc) count, ear);
}

static void
tell(NjBus *bus, guint event)
{
    NjBusWalk walk = nj_bus_begin(bus, event);
    NjBusFunc func;
    void *owner;
    while (nj_bus_next(&walk, &func, &owner))
        ((void (*)(Ear *)) func)(owner);
}

static void
test_only_its_event(void **state)
{
    (void) state;
    NjBus *bus = nj_bus_new();
    Ear a = { bus, 0 }, b = { bus, 0 };
    nj_bus_listen(bus, 1, (NjBusFunc) count, &a);
    nj_bus_listen(bus, 2, (NjBusFunc) count, &b);
    tell(bus, 1);
    assert_int_equal(a.heard, 1);
    assert_int_equal(b.heard, 0);
    nj_bus_forget(bus, &a);

    tell(bus, 1);
    assert_int_equal(a.heard, 1);
    nj_bus_free(bus);
}

static void
test_forget_while_told(void **state)
{
    (void) state;
    NjBus *bus = nj_bus_new();
    Ear a = { bus, 0 }, b = { bus, 0 };
    nj_bus_listen(bus, 1, (NjBusFunc) count_and_go, &a);
    nj_bus_listen(bus, 1, (NjBusFunc) count, &a); /* forgotten by the one before it */
    nj_bus_listen(bus, 1, (NjBusFunc) count, &b);

    tell(bus, 1);
    assert_int_equal(a.heard, 1);
    assert_int_equal(b.heard, 1);
    tell(bus, 1);
    assert_int_equal(a.heard, 1);
    assert_int_equal(b.heard, 2);
    nj_bus_free(bus);
}

static void
test_listen_while_told(void **state)
{
    (void) state;
    NjBus *bus = nj_bus_new();
    Ear a = { bus, 0 };
    nj_bus_listen(bus, 3, (NjBusFunc) invite, &a);
    tell(bus, 3);
    assert_int_equal(a.heard, 1); /* the new one hears the next event */
    tell(bus, 3);
    assert_int_equal(a.heard, 3);
    nj_bus_free(bus);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_its_event),
        cmocka_unit_test(test_forget_while_told),
        cmocka_unit_test(test_listen_while_told),
    };
    return cmocka_run_group_tests_name("base/bus", tests, NULL, NULL);
}
