/* Detects changes of the network, sleep of the machine, and SIGCONT.
 *
 * Network: on Linux an rtnetlink socket. The kernel repeats messages about links and addresses that
 * exist already (an IPv6 address with every router advertisement, a wireless link with every scan).
 * So the set `known` holds the running links and the addresses, first from lists that are requested
 * at the start, and only a new one counts as a change. A new default route always counts. Other
 * systems have a PF_ROUTE socket, which reports less.
 *
 * Sleep: a timerfd with a time in the far future. The kernel cancels it when the wall clock is set,
 * as after each sleep; then the clocks are compared.
 *
 * Stop: the process gets SIGCONT when it continues. */
#include "base/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_LINUX_RTNETLINK_H
#include <linux/if.h>
#include <linux/rtnetlink.h>
#elif defined HAVE_NET_ROUTE_H
#include <net/if.h>
#include <net/route.h>
#endif
#ifdef HAVE_SYS_TIMERFD_H
#include <sys/timerfd.h>
#endif

#include "base/clock.h"

#define GATHER_MS 300 /* changes within this time cause one call */
#define MAX_CALLS 3   /* calls within SPAN_US */
#define SPAN_US (30 * G_TIME_SPAN_SECOND)
#define SLEPT_US G_TIME_SPAN_SECOND /* shortest sleep that counts */
#define DATAGRAM (32 * 1024)        /* bytes of the longest datagram that is read */
#define MAX_KNOWN 4096              /* addresses and links */

/* Shortest jump of the wall clock alone that counts: a virtual machine was paused. */
#define JUMP_US (30 * G_TIME_SPAN_SECOND)

struct NjWake {
    void (*on_wake)(void *owner);
    void *owner;
    GSource *timer;          /* of the next call; NULL: no call is due */
    gint64 calls[MAX_CALLS]; /* ring of the times of the last calls; 0: none */
    guint next;              /* index of the oldest in `calls` */
    NjWakeClocks clocks;     /* as last read */
    int network_fd, clock_fd;
    GSource *network, *clock, *signal; /* watches of the file descriptors */
    GHashTable *known;                 /* set of GBytes: existing addresses, running links */
    guint32 port;                      /* rtnetlink address of our socket */
};

/* --- calls --- */

static gboolean
on_timer(NjWake *wake)
{
    nj_clock_cancel(&wake->timer);
    wake->calls[wake->next] = nj_clock_us();
    wake->next = (wake->next + 1) % MAX_CALLS;
    wake->on_wake(wake->owner); /* may free `wake` */
    return G_SOURCE_REMOVE;
}

/* Schedules a call of on_wake, unless one is due already. why: for the log. */
static void
wake_soon(NjWake *wake, const char *why)
{
    if (wake->timer)
        return;
    gint64 oldest = wake->calls[wake->next];
    gint64 wait_ms = oldest ? (oldest + SPAN_US - nj_clock_us()) / 1000 : 0;
    g_debug("wake: %s", why);
    wake->timer = nj_clock_after((guint) MAX(wait_ms, GATHER_MS), G_SOURCE_FUNC(on_timer), wake);
}

static GSource *
watch_fd(int fd, GUnixFDSourceFunc func, NjWake *wake)
{
    GSource *source = g_unix_fd_source_new(fd, G_IO_IN);
    g_source_set_callback(source, G_SOURCE_FUNC(func), wake, NULL);
    g_source_attach(source, NULL);
    return source;
}

/* --- network --- */

#ifdef HAVE_LINUX_RTNETLINK_H
/* Adds the key of an existing link or address to `known`, or removes it; returns true if it was
 * added. */
static bool
note_known(NjWake *wake, bool exists, const void *key, gsize length)
{
    g_autoptr(GBytes) bytes = g_bytes_new(key, length);
    if (!exists) {
        g_hash_table_remove(wake->known, bytes);
        return false;
    }
    if (g_hash_table_contains(wake->known, bytes) || g_hash_table_size(wake->known) >= MAX_KNOWN)
        return false;
    return g_hash_table_add(wake->known, g_steal_pointer(&bytes));
}

static bool
is_new_link(NjWake *wake, const struct nlmsghdr *header)
{
    const struct ifinfomsg *link = NLMSG_DATA(header);
    bool runs = header->nlmsg_type == RTM_NEWLINK && (link->ifi_flags & IFF_UP)
                && (link->ifi_flags & IFF_RUNNING);
    return !(link->ifi_flags & IFF_LOOPBACK)
           && note_known(wake, runs, &link->ifi_index, sizeof link->ifi_index);
}

/* A tentative address does not count: it is reported again when the kernel has found it unique. */
static bool
is_new_address(NjWake *wake, const struct nlmsghdr *header)
{
    const struct ifaddrmsg *address = NLMSG_DATA(header);
    if (address->ifa_scope == RT_SCOPE_HOST || (address->ifa_flags & IFA_F_TENTATIVE))
        return false;

    struct {
        guint32 link, family;
        guint8 bytes[16];
    } key = { address->ifa_index, address->ifa_family, { 0 } };

    int left = (int) IFA_PAYLOAD(header);
    for (const struct rtattr *one = IFA_RTA(address); RTA_OK(one, left); one = RTA_NEXT(one, left))
        if (one->rta_type == IFA_LOCAL
            || (one->rta_type == IFA_ADDRESS && address->ifa_family == AF_INET6))
            memcpy(key.bytes, RTA_DATA(one), MIN(RTA_PAYLOAD(one), sizeof key.bytes));

    return note_known(wake, header->nlmsg_type == RTM_NEWADDR, &key, sizeof key);
}

static bool
is_new_default_route(const struct nlmsghdr *header)
{
    const struct rtmsg *route = NLMSG_DATA(header);
    return header->nlmsg_type == RTM_NEWROUTE && route->rtm_dst_len == 0
           && route->rtm_type == RTN_UNICAST;
}

/* Requests the list of links (RTM_GETLINK) or addresses (RTM_GETADDR). The kernel accepts one such
 * request of a socket at a time, so the addresses are requested at the end of the links. */
static void
request_list(NjWake *wake, int type)
{
    struct {
        struct nlmsghdr header;
        struct rtgenmsg body;
    } request = {
        { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtgenmsg)),
          .nlmsg_type = (guint16) type,
          .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
          .nlmsg_seq = (guint32) type },
        { .rtgen_family = AF_UNSPEC },
    };

    if (send(wake->network_fd, &request, request.header.nlmsg_len, 0) < 0)
        g_debug("rtnetlink: %s", g_strerror(errno));
}

/* Returns true if a message reports something new; updates `known`. */
static bool
note_message(NjWake *wake, const struct nlmsghdr *header)
{
    switch (header->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifinfomsg))
               && is_new_link(wake, header);
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct ifaddrmsg))
               && is_new_address(wake, header);
    case RTM_NEWROUTE:
        return header->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg))
               && is_new_default_route(header);
    default:
        return false;
    }
}

void
nj_wake_take_network(NjWake *wake, const void *bytes, gsize length)
{
    const guint8 *at = bytes, *end = at + length;
    while ((gsize) (end - at) >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *header = (const void *) at;
        gsize left = (gsize) (end - at);
        if (header->nlmsg_len < sizeof *header || header->nlmsg_len > left)
            return;
        at += MIN(NLMSG_ALIGN(header->nlmsg_len), left);
        /* Parts of a requested list fill `known`, but are not changes. */
        bool is_list = wake->port && header->nlmsg_pid == wake->port && header->nlmsg_seq != 0;
        if (is_list && header->nlmsg_type == NLMSG_DONE && header->nlmsg_seq == RTM_GETLINK)
            request_list(wake, RTM_GETADDR);
        else if (note_message(wake, header) && !is_list)
            wake_soon(wake, "the network changed");
    }
}

static int
open_network(NjWake *wake)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    struct sockaddr_nl name = { .nl_family = AF_NETLINK,
                                .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR
                                             | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE };
    socklen_t size = sizeof name;

    if (fd >= 0
        && (bind(fd, (struct sockaddr *) &name, size) < 0
            || getsockname(fd, (struct sockaddr *) &name, &size) < 0)) {
        close(fd);
        return -1;
    }

    wake->port = name.nl_pid;
    return fd;
}

/* True if the kernel sent the datagram: other processes can send to the socket, too. */
static bool
is_kernel(const struct sockaddr_storage *from)
{
    return from->ss_family == AF_NETLINK
           && ((const struct sockaddr_nl *) (const void *) from)->nl_pid == 0;
}
#elif defined HAVE_NET_ROUTE_H && defined PF_ROUTE
void
nj_wake_take_network(NjWake *wake, const void *bytes, gsize length)
{
    const struct rt_msghdr *message = bytes;
    if (length < sizeof *message || message->rtm_version != RTM_VERSION)
        return;
    if (message->rtm_type == RTM_NEWADDR
        || (message->rtm_type == RTM_ADD && (message->rtm_flags & RTF_GATEWAY)))
        wake_soon(wake, "the network changed");
}

static int
open_network(NjWake *wake)
{
    (void) wake;
    int fd = socket(PF_ROUTE, SOCK_RAW, AF_UNSPEC);
    if (fd >= 0 && (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool
is_kernel(const struct sockaddr_storage *from)
{
    (void) from;
    return true;
}
#else
void
nj_wake_take_network(NjWake *wake, const void *bytes, gsize length)
{
    (void) wake;
    (void) bytes;
    (void) length;
}

static int
open_network(NjWake *wake)
{
    (void) wake;
    return -1;
}

static bool
is_kernel(const struct sockaddr_storage *from)
{
    (void) from;
    return false;
}
#endif

/* True if the socket can still be read. ENOBUFS: the kernel has dropped messages. */
static bool
is_temporary(int number)
{
    return number == ENOBUFS || number == EAGAIN || number == EINTR;
}

static gboolean
on_network(int fd, GIOCondition condition, void *data)
{
    (void) condition;
    NjWake *wake = data;
    union {
        char bytes[DATAGRAM];
        gint64 aligned;
    } got;

    struct sockaddr_storage from = { 0 };
    socklen_t size = sizeof from;
    ssize_t length = recvfrom(fd, &got, sizeof got, 0, (struct sockaddr *) &from, &size);
    if (length > 0 && is_kernel(&from))
        nj_wake_take_network(wake, &got, (gsize) length);
    if (length < 0 && errno == ENOBUFS)
        wake_soon(wake, "the network changed, and messages were lost");

    if (length == 0 || (length < 0 && !is_temporary(errno))) {
        nj_clock_cancel(&wake->network);
        return G_SOURCE_REMOVE;
    }

    return G_SOURCE_CONTINUE;
}

/* --- sleep --- */

#ifndef CLOCK_BOOTTIME
#define CLOCK_BOOTTIME CLOCK_MONOTONIC
#endif

static gint64
read_clock(clockid_t which)
{
    struct timespec now = { 0 };
    clock_gettime(which, &now);
    return now.tv_sec * G_TIME_SPAN_SECOND + now.tv_nsec / 1000;
}

static NjWakeClocks
read_clocks(void)
{
    return (NjWakeClocks){ read_clock(CLOCK_REALTIME), read_clock(CLOCK_BOOTTIME),
                           read_clock(CLOCK_MONOTONIC) };
}

/* Small jumps do not count: the wall clock is often corrected by less than a second. */
void
nj_wake_take_clocks(NjWake *wake, const NjWakeClocks *clocks)
{
    const NjWakeClocks *before = &wake->clocks;
    gint64 slept =
        (clocks->boot_us - before->boot_us) - (clocks->monotonic_us - before->monotonic_us);
    gint64 jumped = (clocks->wall_us - before->wall_us) - (clocks->boot_us - before->boot_us);

    wake->clocks = *clocks;
    if (slept >= SLEPT_US)
        wake_soon(wake, "the machine slept");
    else if (jumped >= JUMP_US)
        wake_soon(wake, "the clock was set forward");
}

#if defined HAVE_SYS_TIMERFD_H && defined TFD_TIMER_CANCEL_ON_SET
static bool
arm_clock(int fd)
{
    const struct itimerspec never = { .it_value = { .tv_sec = G_MAXINT32 } };
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) == 0;
}

static gboolean
on_clock(int fd, GIOCondition condition, void *data)
{
    (void) condition;
    NjWake *wake = data;
    guint64 count;
    bool set = read(fd, &count, sizeof count) < 0 && errno == ECANCELED;
    if (set && arm_clock(fd)) {
        NjWakeClocks clocks = read_clocks();
        nj_wake_take_clocks(wake, &clocks);
        return G_SOURCE_CONTINUE;
    }

    nj_clock_cancel(&wake->clock);
    return G_SOURCE_REMOVE;
}

static void
open_clock(NjWake *wake)
{
    wake->clock_fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (wake->clock_fd >= 0 && arm_clock(wake->clock_fd))
        wake->clock = watch_fd(wake->clock_fd, on_clock, wake);
}
#else
static void
open_clock(NjWake *wake)
{
    (void) wake;
}
#endif

/* --- SIGCONT --- */

/* A signal handler belongs to the process: only the first NjWake watches SIGCONT. */
static int signal_pipe[2] = { -1, -1 };
static struct sigaction old_action;

static void
on_signal(int number)
{
    int saved = errno;
    (void) number;
    (void) !write(signal_pipe[1], "", 1);
    errno = saved;
}

static gboolean
on_continued(int fd, GIOCondition condition, void *data)
{
    (void) condition;
    char bytes[64];
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    wake_soon(data, "the process was stopped");
    return G_SOURCE_CONTINUE;
}

static void
open_signal(NjWake *wake)
{
    const struct sigaction ours = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    if (signal_pipe[0] >= 0 || !g_unix_open_pipe(signal_pipe, FD_CLOEXEC, NULL))
        return;
    g_unix_set_fd_nonblocking(signal_pipe[0], TRUE, NULL);
    g_unix_set_fd_nonblocking(signal_pipe[1], TRUE, NULL);
    sigaction(SIGCONT, &ours, &old_action);
    wake->signal = watch_fd(signal_pipe[0], on_continued, wake);
}

static void
close_signal(NjWake *wake)
{
    if (!wake->signal)
        return;
    sigaction(SIGCONT, &old_action, NULL);
    nj_clock_cancel(&wake->signal);
    for (guint i = 0; i < G_N_ELEMENTS(signal_pipe); i++) {
        close(signal_pipe[i]);
        signal_pipe[i] = -1;
    }
}

/* --- object --- */

NjWake *
nj_wake_new(void (*on_wake)(void *owner), void *owner)
{
    NjWake *wake = g_new0(NjWake, 1);
    wake->on_wake = on_wake;
    wake->owner = owner;
    wake->clocks = read_clocks();
    wake->clock_fd = -1;
    wake->known =
        g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);
    wake->network_fd = open_network(wake);
    if (wake->network_fd >= 0) {
        wake->network = watch_fd(wake->network_fd, on_network, wake);
#ifdef HAVE_LINUX_RTNETLINK_H
        request_list(wake, RTM_GETLINK);
#endif
    }
    open_clock(wake);
    open_signal(wake);
    return wake;
}

void
nj_wake_free(NjWake *wake)
{
    if (!wake)
        return;

    close_signal(wake);
    nj_clock_cancel(&wake->timer);
    nj_clock_cancel(&wake->network);
    nj_clock_cancel(&wake->clock);
    if (wake->network_fd >= 0)
        close(wake->network_fd);
    if (wake->clock_fd >= 0)
        close(wake->clock_fd);

    g_hash_table_unref(wake->known);
    g_free(wake);
}
