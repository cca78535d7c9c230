/* base/wake: new and repeated messages about the network, sleep, a clock that is set, SIGCONT, and
 * the limit of calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#ifdef HAVE_LINUX_RTNETLINK_H
#include <linux/if.h>
#include <linux/rtnetlink.h>
#endif

#include "base/clock.h"
#include "base/wake.h"

static guint woken;

static void
on_wake(void *owner)
{
    assert_ptr_equal(owner, &woken);
    woken++;
}

/* Processes the first messages of the kernel, which are not part of the test. */
static NjWake *
make_wake(void)
{
    NjWake *wake = nj_wake_new(on_wake, &woken);
    woken = 0;
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    return wake;
}

static gboolean
on_time(void *data)
{
    *(bool *) data = true;
    return G_SOURCE_REMOVE;
}

/* Runs the main loop for ms milliseconds; returns the number of calls. */
static guint
run_loop(guint ms)
{
    bool over = false;
    GSource *timer = nj_clock_after(ms, on_time, &over);
    guint before = woken;
    while (!over)
        g_main_context_iteration(NULL, TRUE);
    nj_clock_cancel(&timer);
    return woken - before;
}

#ifdef HAVE_LINUX_RTNETLINK_H
typedef struct {
    struct nlmsghdr header;
    union {
        struct ifinfomsg link;
        struct ifaddrmsg address;
        struct rtmsg route;
        char bytes[64];
    };
} Datagram;

static void
send_datagram(NjWake *wake, Datagram *datagram, int type, gsize body)
{
    datagram->header.nlmsg_type = (guint16) type;
    datagram->header.nlmsg_len = (guint32) NLMSG_LENGTH(body);
    nj_wake_take_network(wake, datagram, datagram->header.nlmsg_len);
}

static void
send_address(NjWake *wake, int type, guint8 last, int scope, int flags)
{
    Datagram datagram = { .address = { .ifa_family = AF_INET,
                                       .ifa_prefixlen = 24,
                                       .ifa_index = 77777,
                                       .ifa_scope = (guint8) scope,
                                       .ifa_flags = (guint8) flags } };
    struct rtattr *local =
        (struct rtattr *) (void *) (datagram.bytes + NLMSG_ALIGN(sizeof(struct ifaddrmsg)));
    const guint8 bytes[] = { 192, 0, 2, last };

    local->rta_type = IFA_LOCAL;
    local->rta_len = (unsigned short) RTA_LENGTH(sizeof bytes);
    memcpy(RTA_DATA(local), bytes, sizeof bytes);
    send_datagram(wake, &datagram, type, NLMSG_ALIGN(sizeof(struct ifaddrmsg)) + local->rta_len);
}

static void
send_link(NjWake *wake, int index, guint flags)
{
    Datagram datagram = { .link = { .ifi_index = index, .ifi_flags = flags } };
    send_datagram(wake, &datagram, RTM_NEWLINK, sizeof(struct ifinfomsg));
}

static void
send_route(NjWake *wake, guint8 length, int kind)
{
    Datagram datagram = {
        .route = { .rtm_family = AF_INET, .rtm_dst_len = length, .rtm_type = (guint8) kind }
    };
    send_datagram(wake, &datagram, RTM_NEWROUTE, sizeof(struct rtmsg));
}

static void
test_new_address_calls_once(void **state)
{
    (void) state;
    NjWake *wake = make_wake();
    send_address(wake, RTM_NEWADDR, 1, RT_SCOPE_HOST, 0);
    send_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE);
    send_address(wake, RTM_DELADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(run_loop(500), 0);
    send_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, 0);
    send_address(wake, RTM_NEWADDR, 2, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(run_loop(500), 1); /* several changes cause one call */

    for (int i = 0; i < 5; i++)
        send_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(run_loop(500), 0);
    send_address(wake, RTM_DELADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(run_loop(500), 0);
    send_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(run_loop(500), 1);
    nj_wake_free(wake);
}

static void
test_new_links_and_default_routes_call(void **state)
{
    (void) state;
    NjWake *wake = make_wake();
    send_link(wake, 77777, IFF_UP);
    send_link(wake, 77778, IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
    send_route(wake, 24, RTN_UNICAST);
    send_route(wake, 0, RTN_UNREACHABLE);
    assert_int_equal(run_loop(500), 0);
    send_link(wake, 77777, IFF_UP | IFF_RUNNING);
    assert_int_equal(run_loop(500), 1);

    send_link(wake, 77777, IFF_UP | IFF_RUNNING); /* a scan for networks repeats the message */
    assert_int_equal(run_loop(500), 0);
    send_route(wake, 0, RTN_UNICAST);
    assert_int_equal(run_loop(500), 1);
    nj_wake_free(wake);
}

/* Truncated messages of every length are ignored. */
static void
test_truncated_messages_are_ignored(void **state)
{
    (void) state;
    NjWake *wake = make_wake();
    static const int types[] = { RTM_NEWLINK, RTM_NEWADDR, RTM_NEWROUTE,
                                 NLMSG_DONE,  NLMSG_ERROR, 9999 };
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        for (gsize length = 0; length < sizeof(Datagram); length++) {
            g_autofree Datagram *datagram = g_malloc(MAX(length, 1));
            memset(datagram, 0xff, length);
            if (length >= sizeof datagram->header)
                datagram->header = (struct nlmsghdr){ .nlmsg_len = (guint32) length,
                                                      .nlmsg_type = (guint16) types[i] };
            nj_wake_take_network(wake, datagram, length);
            if (length >= sizeof datagram->header)
                datagram->header.nlmsg_len = G_MAXUINT32;
            nj_wake_take_network(wake, datagram, length);
        }

    nj_wake_free(wake);
}

static void
test_many_changes_call_three_times(void **state)
{
    (void) state;
    NjWake *wake = make_wake();
    gint64 until = nj_clock_us() + 3 * G_TIME_SPAN_SECOND;
    while (nj_clock_us() < until) {
        send_route(wake, 0, RTN_UNICAST);
        run_loop(20);
    }

    assert_int_equal(woken, 3);
    nj_wake_free(wake);
}
#endif

static void
test_sleep_and_clock_jumps_call(void **state)
{
    (void) state;
    NjWake *wake = make_wake();
    NjWakeClocks clocks = { 1000 * G_TIME_SPAN_SECOND, 1000 * G_TIME_SPAN_SECOND,
                            1000 * G_TIME_SPAN_SECOND };
    nj_wake_take_clocks(wake, &clocks);
    run_loop(500);
    clocks.wall_us += G_TIME_SPAN_SECOND; /* a correction by a time server */
    nj_wake_take_clocks(wake, &clocks);
    clocks.wall_us -= G_TIME_SPAN_HOUR;

    nj_wake_take_clocks(wake, &clocks);
    assert_int_equal(run_loop(500), 0);
    clocks.wall_us += 8 * G_TIME_SPAN_HOUR;
    clocks.boot_us += 8 * G_TIME_SPAN_HOUR;
    nj_wake_take_clocks(wake, &clocks); /* the machine slept for hours */
    assert_int_equal(run_loop(500), 1);

    /* a virtual machine was paused: only the wall clock shows it */
    clocks.wall_us += G_TIME_SPAN_HOUR;
    nj_wake_take_clocks(wake, &clocks);
    assert_int_equal(run_loop(500), 1);
    nj_wake_free(wake);
}

static void
test_sigcont_calls(void **state)
{
    (void) state;
    NjWake *wake = make_wake();
    NjWake *second = make_wake(); /* the second object of a process has no signal handler */
    raise(SIGCONT);
    assert_int_equal(run_loop(500), 1);
    nj_wake_free(second);
    nj_wake_free(wake);
    raise(SIGCONT);
    wake = make_wake();

    assert_int_equal(run_loop(500), 0);
    raise(SIGCONT);
    raise(SIGCONT);
    assert_int_equal(run_loop(500), 1);
    nj_wake_free(wake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef HAVE_LINUX_RTNETLINK_H
        cmocka_unit_test(test_new_address_calls_once),
        cmocka_unit_test(test_new_links_and_default_routes_call),
        cmocka_unit_test(test_truncated_messages_are_ignored),
        cmocka_unit_test(test_many_changes_call_three_times),
#endif
        cmocka_unit_test(test_sleep_and_clock_jumps_call),
        cmocka_unit_test(test_sigcont_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
