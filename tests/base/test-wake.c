/* base/wake: what is news of the network and what is only said again, sleep and a clock that is
 * set, SIGCONT; and that a storm of it calls rarely. */
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

/* What the kernel itself has to say at this moment is no part of the test: it comes before, and
 * wakes nobody. */
static NjWake *
make(void)
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

/* Turns the loop for so long; how often it called. */
static guint
turn(guint ms)
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
take(NjWake *wake, Datagram *datagram, int type, gsize body)
{
    datagram->header.nlmsg_type = (guint16) type;
    datagram->header.nlmsg_len = (guint32) NLMSG_LENGTH(body);
    nj_wake_take_network(wake, datagram, datagram->header.nlmsg_len);
}

static void
say_address(NjWake *wake, int type, guint8 last, int scope, int flags)
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
    take(wake, &datagram, type, NLMSG_ALIGN(sizeof(struct ifaddrmsg)) + local->rta_len);
}

static void
say_link(NjWake *wake, int index, guint flags)
{
    Datagram datagram = { .link = { .ifi_index = index, .ifi_flags = flags } };
    take(wake, &datagram, RTM_NEWLINK, sizeof(struct ifinfomsg));
}

static void
say_route(NjWake *wake, guint8 length, int kind)
{
    Datagram datagram = {
        .route = { .rtm_family = AF_INET, .rtm_dst_len = length, .rtm_type = (guint8) kind }
    };
    take(wake, &datagram, RTM_NEWROUTE, sizeof(struct rtmsg));
}

static void
test_an_address_is_news_once(void **state)
{
    (void) state;
    NjWake *wake = make();
    say_address(wake, RTM_NEWADDR, 1, RT_SCOPE_HOST, 0);
    say_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE);
    say_address(wake, RTM_DELADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(turn(500), 0);
    say_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, 0);
    say_address(wake, RTM_NEWADDR, 2, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(turn(500), 1); /* what comes together is one */

    for (int i = 0; i < 5; i++)
        say_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(turn(500), 0);
    say_address(wake, RTM_DELADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(turn(500), 0);
    say_address(wake, RTM_NEWADDR, 1, RT_SCOPE_UNIVERSE, 0);
    assert_int_equal(turn(500), 1);
    nj_wake_free(wake);
}

static void
test_links_and_routes(void **state)
{
    (void) state;
    NjWake *wake = make();
    say_link(wake, 77777, IFF_UP);
    say_link(wake, 77778, IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
    say_route(wake, 24, RTN_UNICAST);
    say_route(wake, 0, RTN_UNREACHABLE);
    assert_int_equal(turn(500), 0);
    say_link(wake, 77777, IFF_UP | IFF_RUNNING);
    assert_int_equal(turn(500), 1);

    say_link(wake, 77777, IFF_UP | IFF_RUNNING); /* a search for networks says it again */
    assert_int_equal(turn(500), 0);
    say_route(wake, 0, RTN_UNICAST);
    assert_int_equal(turn(500), 1);
    nj_wake_free(wake);
}

/* Messages that are cut short, of every length. */
static void
test_nonsense(void **state)
{
    (void) state;
    NjWake *wake = make();
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
test_a_storm_calls_rarely(void **state)
{
    (void) state;
    NjWake *wake = make();
    gint64 until = nj_clock_us() + 3 * G_TIME_SPAN_SECOND;
    while (nj_clock_us() < until) {
        say_route(wake, 0, RTN_UNICAST);
        turn(20);
    }

    assert_int_equal(woken, 3);
    nj_wake_free(wake);
}
#endif

static void
test_sleep_and_clocks(void **state)
{
    (void) state;
    NjWake *wake = make();
    NjWakeClocks clocks = { 1000 * G_TIME_SPAN_SECOND, 1000 * G_TIME_SPAN_SECOND,
                            1000 * G_TIME_SPAN_SECOND };
    nj_wake_take_clocks(wake, &clocks);
    turn(500);
    clocks.wall_us += G_TIME_SPAN_SECOND; /* as a time server does it */
    nj_wake_take_clocks(wake, &clocks);
    clocks.wall_us -= G_TIME_SPAN_HOUR;

    nj_wake_take_clocks(wake, &clocks);
    assert_int_equal(turn(500), 0);
    clocks.wall_us += 8 * G_TIME_SPAN_HOUR;
    clocks.boot_us += 8 * G_TIME_SPAN_HOUR;
    nj_wake_take_clocks(wake, &clocks); /* a night */
    assert_int_equal(turn(500), 1);

    /* a virtual machine that was paused: only the wall says so */
    clocks.wall_us += G_TIME_SPAN_HOUR;
    nj_wake_take_clocks(wake, &clocks);
    assert_int_equal(turn(500), 1);
    nj_wake_free(wake);
}

static void
test_sigcont(void **state)
{
    (void) state;
    NjWake *wake = make();
    NjWake *second = make(); /* has everything but this */
    raise(SIGCONT);
    assert_int_equal(turn(500), 1);
    nj_wake_free(second);
    nj_wake_free(wake);
    raise(SIGCONT);
    wake = make();

    assert_int_equal(turn(500), 0);
    raise(SIGCONT);
    raise(SIGCONT);
    assert_int_equal(turn(500), 1);
    nj_wake_free(wake);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef HAVE_LINUX_RTNETLINK_H
        cmocka_unit_test(test_an_address_is_news_once),
        cmocka_unit_test(test_links_and_routes),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_a_storm_calls_rarely),
#endif
        cmocka_unit_test(test_sleep_and_clocks),
        cmocka_unit_test(test_sigcont),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
