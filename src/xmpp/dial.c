/* Finds the server of a domain and connects a socket to it.
 *
 * The targets are those of the SRV records, or the host that the user set, or the domain itself.
 * They are tried in order, each with its addresses side by side. When a target does not answer, the
 * next one is tried as well, and the first that answers is taken. All failures are kept for the
 * sentence at the end.
 *
 * IP addresses and localhost are not looked up: a look-up cannot be cancelled. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/random.h"
#include "model/jid.h"
#include "xmpp/dial.h"

#define MAX_TARGETS 16
#define MAX_ADDRESSES 16 /* of a target */
/* SRV records that are read; of these the MAX_TARGETS with the best priority are kept */
#define MAX_SERVICES (4 * MAX_TARGETS)
#define PORT_STARTTLS 5222
#define PORT_DIRECT 5223

typedef struct {
    char *host; /* A-label or IP address */
    guint16 port;
    bool direct;            /* TLS from the first byte */
    guint priority, weight; /* of the SRV record (RFC 2782) */
} Target;

/* A socket that is connecting. */
typedef struct {
    NjDial *dial;
    guint target; /* index in NjDial.targets, counted from 1 like NjDial.current */
    int fd;       /* -1: passed to the owner of the dial */
    GSource *source;
} Attempt;

/* A look-up that the resolver has not answered. It cannot be cancelled, so it may outlive the dial:
 * dial is NULL once the answer is not needed any more. */
typedef struct {
    NjDial *dial;
    bool direct; /* of a look-up of services: direct TLS, otherwise STARTTLS */
} Lookup;

struct NjDial {
    char *domain, *host; /* of the account's settings; host may be NULL */
    int port, tls;
    const NjConnectionDeadlines *deadlines;
    NjDialFunc func;
    void *owner;
    char *ascii_domain; /* the domain in A-labels */
    NjResolver resolver;
    GPtrArray *lookups; /* of Lookup, unanswered; freed by the resolver's callback */
    GPtrArray *targets; /* of Target, in the order of trying */
    /* The target that is tried, counted from 1; 0: none yet; targets->len + 1: all were begun. */
    guint current;
    GArray *addresses; /* of NjInet, of the current target, in the order of trying */
    guint next_address;
    GPtrArray *attempts;      /* of Attempt: all that are connecting, of any target */
    GSource *timer;           /* deadline of a look-up, or of connecting to a target */
    GSource *patience_timer;  /* when it fires, the next target is tried as well */
    GSource *stagger_timer;   /* when it fires, the next address is tried as well */
    GSource *total_timer;     /* first calls start_dial(), then the deadline of the whole dial */
    guint failures;           /* targets that have failed */
    int most_specific;        /* the failure code that comes last in `reasons`; -1: no failure */
    GString *failure_list;    /* "a:5222: refused, b:5222: …" */
    char *first_sentence;     /* the sentence of the first failure */
    bool service_not_offered; /* by an SRV record with the target "."; see add_services() */
};

static void try_next_target(NjDial *dial);
static void try_next_address(NjDial *dial);

static void
free_target(Target *target)
{
    g_free(target->host);
    g_free(target);
}

static void
free_attempt(Attempt *attempt)
{
    nj_clock_cancel(&attempt->source);
    if (attempt->fd >= 0)
        close(attempt->fd);
    g_free(attempt);
}

/* --- the result --- */

/* Makes the callbacks of the unanswered look-ups do nothing. */
static void
forget_lookups(NjDial *dial)
{
    for (guint i = 0; i < dial->lookups->len; i++)
        ((Lookup *) g_ptr_array_index(dial->lookups, i))->dial = NULL;
    g_ptr_array_set_size(dial->lookups, 0);
}

/* Stops everything and calls the owner's function, which may free the dial. */
static void
report_result(NjDial *dial, int fd, bool direct, const Target *target, const GError *error)
{
    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience_timer);
    nj_clock_cancel(&dial->stagger_timer);
    nj_clock_cancel(&dial->total_timer);
    forget_lookups(dial);
    g_ptr_array_set_size(dial->attempts, 0);

    const char *host = target ? target->host : NULL;
    guint16 port = target ? target->port : 0;
    dial->func(fd, direct, host, port, error, dial->owner);
}

static void
fail_dial(NjDial *dial, int code, const char *sentence)
{
    g_autoptr(GError) error = g_error_new_literal(NJ_CONNECTION_ERROR, code, sentence);
    report_result(dial, -1, false, NULL, error);
}

/* The reasons why a target can fail, the least specific first: the dial's error has the code of the
 * most specific failure. The sentence is for a single failure, the words are for a list of them. */
static const struct {
    int code;
    const char *sentence; /* %s is the host */
    const char *words;
} reasons[] = {
    { NJ_CONNECTION_ERROR_NOT_OFFERED,
      N_("%s offers no XMPP service to clients; check the address of the account."),
      N_("not offered") },
    { NJ_CONNECTION_ERROR_NO_SUCH_HOST,
      N_("There is no server called %s; check the address of the account, or set its server with "
         "/account set NAME host HOST."),
      N_("no such name") },
    { NJ_CONNECTION_ERROR_DNS,
      N_("The name server did not answer when asked for %s; check the network."),
      N_("no answer from the name server") },
    { NJ_CONNECTION_ERROR_UNREACHABLE,
      N_("%s cannot be reached from this computer; check the network."), N_("unreachable") },
    { NJ_CONNECTION_ERROR_TIMEOUT,
      N_("%s does not answer; check the network, or set the server with /account set NAME host "
         "HOST."),
      N_("no answer") },
    { NJ_CONNECTION_ERROR_REFUSED,
      N_("%s refuses connections; the server may be down, or it may use another port: set it with "
         "/account set NAME port PORT."),
      N_("refused") },
};

static guint
find_reason(int code)
{
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++)
        if (reasons[i].code == code)
            return i;
    return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *
format_sentence(int code, const char *host)
{
    return g_strdup_printf(_(reasons[find_reason(code)].sentence), host);
}
#pragma GCC diagnostic pop

/* Ends the dial with an error about the domain, before there is a target. */
static void
fail_early(NjDial *dial, int code)
{
    g_autofree char *sentence = format_sentence(code, dial->domain);
    fail_dial(dial, code, sentence);
}

/* Returns "host:port" or "[IPv6 address]:port". */
static char *
format_address(const char *host, guint16 port)
{
    return g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

/* Keeps the failure of a target for the sentence at the end. */
static void
note_failure(NjDial *dial, int code, const Target *target)
{
    g_autofree char *where = format_address(target->host, target->port);
    g_debug("dial: %s: %s", where, reasons[find_reason(code)].words);

    bool is_look_up = code == NJ_CONNECTION_ERROR_NO_SUCH_HOST || code == NJ_CONNECTION_ERROR_DNS;
    if (!dial->first_sentence)
        dial->first_sentence = format_sentence(code, is_look_up ? target->host : where);
    g_string_append_printf(dial->failure_list, "%s%s: %s", dial->failures ? ", " : "", where,
                           _(reasons[find_reason(code)].words));
    dial->failures++;
    if (dial->most_specific < 0 || find_reason(code) > find_reason(dial->most_specific))
        dial->most_specific = code;
}

static void
give_up(NjDial *dial)
{
    if (dial->failures == 1) {
        fail_dial(dial, dial->most_specific, dial->first_sentence);
        return;
    }
    g_autofree char *all = g_strdup_printf(
        _("No server of %s can be reached (%s); check the network, or set the server with "
          "/account set NAME host HOST."),
        dial->domain, dial->failure_list->str);
    fail_dial(dial, dial->most_specific, all);
}

/* --- sockets --- */

static int
code_of_errno(int error)
{
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
        return NJ_CONNECTION_ERROR_REFUSED;
    case ETIMEDOUT:
        return NJ_CONNECTION_ERROR_TIMEOUT;
    default:
        return NJ_CONNECTION_ERROR_UNREACHABLE;
    }
}

static const Target *
current_target(const NjDial *dial)
{
    return g_ptr_array_index(dial->targets, dial->current - 1);
}

static guint
count_attempts(const NjDial *dial, guint target)
{
    guint count = 0;
    for (guint i = 0; i < dial->attempts->len; i++)
        count += ((Attempt *) g_ptr_array_index(dial->attempts, i))->target == target;
    return count;
}

/* The current target failed: tries the next one. */
static void
fail_target(NjDial *dial, int code)
{
    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience_timer);
    nj_clock_cancel(&dial->stagger_timer);

    for (guint i = dial->attempts->len; i-- > 0;) {
        if (((Attempt *) g_ptr_array_index(dial->attempts, i))->target == dial->current)
            g_ptr_array_remove_index_fast(dial->attempts, i);
    }

    note_failure(dial, code, current_target(dial));
    try_next_target(dial);
}

/* An attempt to connect failed. Other attempts of the target may be running or may follow. */
static void
fail_attempt(NjDial *dial, guint target, int error)
{
    if (target != dial->current) {
        /* The failure of an earlier target was noted when the next one was begun. */
        if (dial->current > dial->targets->len && !dial->attempts->len)
            give_up(dial);
    } else if (dial->next_address < dial->addresses->len) {
        try_next_address(dial);
    } else if (!count_attempts(dial, target)) {
        fail_target(dial, code_of_errno(error));
    }
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    Attempt *attempt = data;
    NjDial *dial = attempt->dial;
    guint target = attempt->target;
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    /* On success, keep free_attempt() from closing the socket. */
    if (!error)
        attempt->fd = -1;

    g_ptr_array_remove(dial->attempts, attempt);
    const Target *reached = g_ptr_array_index(dial->targets, target - 1);
    if (error)
        fail_attempt(dial, target, error);
    else
        report_result(dial, fd, reached->direct, reached, NULL);

    return G_SOURCE_REMOVE;
}

/* Begins to connect to an address of the current target. Returns 0, or errno. */
static int
start_attempt(NjDial *dial, const NjInet *inet, guint16 port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } native = { 0 };

    socklen_t size = inet->family == AF_INET ? sizeof native.four : sizeof native.six;
    if (inet->family == AF_INET) {
        native.four = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
        memcpy(&native.four.sin_addr, inet->bytes, 4);
    } else {
        native.six = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
        memcpy(&native.six.sin6_addr, inet->bytes, 16);
    }

    int fd = socket(inet->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;

    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(fd, &native.any, size) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return error;
    }

    Attempt *new = g_new0(Attempt, 1);
    new->dial = dial;
    new->target = dial->current;
    new->fd = fd;
    new->source = g_unix_fd_source_new(fd, G_IO_OUT);
    g_source_set_callback(new->source, G_SOURCE_FUNC(on_writable), new, NULL);
    g_source_attach(new->source, NULL);
    g_ptr_array_add(dial->attempts, new);

    return 0;
}

static gboolean
on_stagger(NjDial *dial)
{
    nj_clock_cancel(&dial->stagger_timer);
    try_next_address(dial);
    return G_SOURCE_REMOVE;
}

/* Begins to connect to the next address; earlier attempts continue (RFC 8305, 5). */
static void
try_next_address(NjDial *dial)
{
    nj_clock_cancel(&dial->stagger_timer);
    int error = 0;
    while (dial->next_address < dial->addresses->len) {
        error = start_attempt(dial, &g_array_index(dial->addresses, NjInet, dial->next_address++),
                              current_target(dial)->port);
        if (error)
            continue;
        if (dial->next_address < dial->addresses->len)
            dial->stagger_timer =
                nj_clock_after(dial->deadlines->stagger, G_SOURCE_FUNC(on_stagger), dial);
        return;
    }

    if (error && !count_attempts(dial, dial->current))
        fail_target(dial, code_of_errno(error));
}

static gboolean
on_tcp_timeout(NjDial *dial)
{
    fail_target(dial, NJ_CONNECTION_ERROR_TIMEOUT);
    return G_SOURCE_REMOVE;
}

/* Tries the next target as well, because the current one does not answer. It counts as failed, but
 * its attempts continue. */
static gboolean
on_patience_over(NjDial *dial)
{
    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience_timer);
    nj_clock_cancel(&dial->stagger_timer);
    note_failure(dial, NJ_CONNECTION_ERROR_TIMEOUT, current_target(dial));
    try_next_target(dial);
    return G_SOURCE_REMOVE;
}

/* Copies found to dial->addresses: IPv6 first, then both families in turn (RFC 8305, 4). Within a
 * family the order of the resolver is kept. With tls = none only loopback addresses are copied. */
static void
sort_addresses(NjDial *dial, const GArray *found)
{
    guint turns[2] = { 0, 0 };
    static const int families[2] = { AF_INET6, AF_INET };

    for (guint i = 0;
         (turns[0] < found->len || turns[1] < found->len) && dial->addresses->len < MAX_ADDRESSES;
         i ^= 1) {
        while (turns[i] < found->len
               && g_array_index(found, NjInet, turns[i]).family != families[i])
            turns[i]++;
        if (turns[i] == found->len)
            continue;
        const NjInet *inet = &g_array_index(found, NjInet, turns[i]++);
        if (dial->tls != NJ_TLS_NONE || nj_inet_is_loopback(inet))
            g_array_append_vals(dial->addresses, inet, 1);
    }
}

static void
connect_to_addresses(NjDial *dial, const GArray *found)
{
    nj_clock_cancel(&dial->timer);
    dial->next_address = 0;
    sort_addresses(dial, found);

    if (!dial->addresses->len) {
        fail_target(dial, NJ_CONNECTION_ERROR_NO_SUCH_HOST);
        return;
    }

    dial->timer = nj_clock_after(dial->deadlines->tcp, G_SOURCE_FUNC(on_tcp_timeout), dial);
    if (dial->current < dial->targets->len)
        dial->patience_timer =
            nj_clock_after(dial->deadlines->patience, G_SOURCE_FUNC(on_patience_over), dial);

    try_next_address(dial);
}

/* --- names --- */

static bool
is_localhost(const char *host)
{
    return g_ascii_strcasecmp(host, "localhost") == 0
           || g_ascii_strcasecmp(host, "localhost.") == 0;
}

static bool
is_loopback(const char *host)
{
    NjInet inet;
    return nj_inet_parse(host, &inet) ? nj_inet_is_loopback(&inet) : is_localhost(host);
}

static Lookup *
add_lookup(NjDial *dial, bool direct)
{
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->dial = dial;
    lookup->direct = direct;
    g_ptr_array_add(dial->lookups, lookup);
    return lookup;
}

/* Frees the look-up. Returns the dial that waits for it, or NULL. */
static NjDial *
end_lookup(Lookup *lookup)
{
    NjDial *dial = lookup->dial;
    if (dial)
        g_ptr_array_remove_fast(dial->lookups, lookup);
    g_free(lookup);
    return dial;
}

static void
on_addresses(const NjAnswer *answer, void *data)
{
    NjDial *dial = end_lookup(data);
    if (dial && answer->addresses->len)
        connect_to_addresses(dial, answer->addresses);
    else if (dial)
        fail_target(dial, answer->result == NJ_RESOLVE_NO_ANSWER
                              ? NJ_CONNECTION_ERROR_DNS
                              : NJ_CONNECTION_ERROR_NO_SUCH_HOST);
}

static gboolean
on_name_timeout(NjDial *dial)
{
    forget_lookups(dial);
    fail_target(dial, NJ_CONNECTION_ERROR_DNS);
    return G_SOURCE_REMOVE;
}

/* Called when all targets were tried and the running attempts have no answer in time. */
static gboolean
on_last_timeout(NjDial *dial)
{
    give_up(dial);
    return G_SOURCE_REMOVE;
}

/* Returns the addresses of an IP address or of localhost, which need no name server; an empty array
 * for all other hosts. */
static GArray *
get_known_addresses(const char *host)
{
    static const char *const loopback[] = { "::1", "127.0.0.1" };
    GArray *known = g_array_new(FALSE, FALSE, sizeof(NjInet));
    NjInet inet;

    if (nj_inet_parse(host, &inet))
        g_array_append_val(known, inet);
    for (guint i = 0; is_localhost(host) && i < G_N_ELEMENTS(loopback); i++)
        if (nj_inet_parse(loopback[i], &inet))
            g_array_append_val(known, inet);

    return known;
}

static void
try_next_target(NjDial *dial)
{
    if (++dial->current > dial->targets->len) {
        if (dial->attempts->len)
            dial->timer =
                nj_clock_after(dial->deadlines->tcp, G_SOURCE_FUNC(on_last_timeout), dial);
        else
            give_up(dial);
        return;
    }

    g_array_set_size(dial->addresses, 0);
    const char *host = current_target(dial)->host;
    g_autoptr(GArray) known = get_known_addresses(host);
    if (known->len) {
        connect_to_addresses(dial, known);
        return;
    }

    dial->timer = nj_clock_after(dial->deadlines->dns, G_SOURCE_FUNC(on_name_timeout), dial);
    dial->resolver(host, false, on_addresses, add_lookup(dial, false));
}

/* --- services --- */

static void
add_target(NjDial *dial, const char *host, int port, bool direct)
{
    Target *new = g_new0(Target, 1);
    new->host = g_strdup(host);
    new->port = port;
    if (!port)
        new->port = direct ? PORT_DIRECT : PORT_STARTTLS;
    new->direct = direct;
    g_ptr_array_add(dial->targets, new);
}

/* Selects one of the targets from `first` on: at random by weight among those of the lowest
 * priority (RFC 2782). Each has a chance of weight + 1, so that a weight of 0 is selected too.
 * Returns its index. */
static guint
select_target(const GPtrArray *targets, guint first)
{
    guint lowest = G_MAXUINT, sum = 0;
    for (guint i = first; i < targets->len; i++)
        lowest = MIN(lowest, ((const Target *) targets->pdata[i])->priority);
    for (guint i = first; i < targets->len; i++) {
        const Target *target = targets->pdata[i];
        sum += target->priority == lowest ? target->weight + 1 : 0;
    }

    guint random = nj_random_below(sum);
    for (guint i = first; i < targets->len; i++) {
        const Target *target = targets->pdata[i];
        if (target->priority != lowest)
            continue;
        if (random <= target->weight)
            return i;
        random -= target->weight + 1;
    }
    return first;
}

/* Sorts the targets of both services as one list (XEP-0368), and keeps the first MAX_TARGETS. */
static void
sort_targets(GPtrArray *targets)
{
    for (guint sorted = 0; sorted < targets->len; sorted++) {
        guint selected = select_target(targets, sorted);
        void *target = targets->pdata[selected];
        targets->pdata[selected] = targets->pdata[sorted];
        targets->pdata[sorted] = target;
    }

    if (targets->len > MAX_TARGETS)
        g_ptr_array_set_size(targets, MAX_TARGETS);
}

/* Tries the targets, after the look-ups of services are answered or have timed out. */
static void
try_targets(NjDial *dial)
{
    nj_clock_cancel(&dial->timer);
    sort_targets(dial->targets);
    if (!dial->targets->len && dial->service_not_offered) {
        fail_early(dial, NJ_CONNECTION_ERROR_NOT_OFFERED);
        return;
    }

    /* Without SRV records the domain itself is the target (RFC 6120, 3.2.2). */
    if (!dial->targets->len)
        add_target(dial, dial->ascii_domain, 0, dial->tls == NJ_TLS_DIRECT);
    try_next_target(dial);
}

static void
add_services(NjDial *dial, const GPtrArray *services, bool direct)
{
    for (guint i = 0; i < services->len && dial->targets->len < MAX_SERVICES; i++) {
        const NjService *service = services->pdata[i];
        const char *host = service->host;
        if (!*host || strcmp(host, ".") == 0) {
            /* A domain without direct TLS may still offer STARTTLS. */
            dial->service_not_offered |= !direct || dial->tls == NJ_TLS_DIRECT;
            continue;
        }
        /* Ignore a record without a valid host name: the sentence about a failure would show it. */
        if (!service->port
            || strspn(host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._") != strlen(host))
            continue;
        add_target(dial, host, service->port, direct);
        Target *new = g_ptr_array_index(dial->targets, dial->targets->len - 1);
        new->priority = service->priority;
        new->weight = service->weight;
    }
}

static void
on_services(const NjAnswer *answer, void *data)
{
    bool direct = ((Lookup *) data)->direct;
    NjDial *dial = end_lookup(data);
    if (!dial)
        return;
    add_services(dial, answer->services, direct);
    if (!dial->lookups->len)
        try_targets(dial);
}

/* Continues with the service whose look-up was answered, if that of the other one was lost. */
static gboolean
on_services_timeout(NjDial *dial)
{
    forget_lookups(dial);
    if (dial->targets->len || dial->service_not_offered)
        try_targets(dial);
    else
        fail_early(dial, NJ_CONNECTION_ERROR_DNS);
    return G_SOURCE_REMOVE;
}

static void
look_up_services(NjDial *dial)
{
    static const char *const services[] = { "_xmpp-client._tcp.", "_xmpps-client._tcp." };
    dial->timer = nj_clock_after(dial->deadlines->dns, G_SOURCE_FUNC(on_services_timeout), dial);
    for (int direct = dial->tls == NJ_TLS_DIRECT; direct < 2; direct++) {
        g_autofree char *name = g_strconcat(services[direct], dial->ascii_domain, NULL);
        dial->resolver(name, true, on_services, add_lookup(dial, direct));
    }
}

static gboolean
on_total_timeout(NjDial *dial)
{
    forget_lookups(dial);
    if (!dial->current) {
        fail_early(dial, NJ_CONNECTION_ERROR_DNS);
        return G_SOURCE_REMOVE;
    }

    if (dial->current <= dial->targets->len)
        note_failure(dial,
                     dial->addresses->len ? NJ_CONNECTION_ERROR_TIMEOUT : NJ_CONNECTION_ERROR_DNS,
                     current_target(dial));
    give_up(dial);

    return G_SOURCE_REMOVE;
}

/* Runs in the next iteration of the main loop, so that the owner's function is not called from
 * inside nj_dial_new(). */
static gboolean
start_dial(NjDial *dial)
{
    nj_clock_cancel(&dial->total_timer);
    g_autoptr(GError) error = NULL;
    g_autofree char *host = NULL;
    dial->ascii_domain = nj_jid_ascii_domain(dial->domain, &error);
    if (dial->ascii_domain && dial->host)
        host = nj_jid_ascii_domain(dial->host, &error);

    if (error) {
        fail_dial(dial, NJ_CONNECTION_ERROR_SETTINGS, error->message);
        return G_SOURCE_REMOVE;
    }

    bool has_no_services =
        dial->port || nj_jid_is_ip(dial->domain) || is_localhost(dial->ascii_domain);
    if (!host && has_no_services)
        host = g_strdup(dial->ascii_domain);
    if (dial->tls == NJ_TLS_NONE && (!host || !is_loopback(host))) {
        fail_dial(
            dial, NJ_CONNECTION_ERROR_SETTINGS,
            _("tls = none is allowed only for a server on this computer (host 127.0.0.1, ::1 or "
              "localhost); use /account set NAME tls starttls."));
        return G_SOURCE_REMOVE;
    }

    dial->total_timer =
        nj_clock_after(dial->deadlines->dial, G_SOURCE_FUNC(on_total_timeout), dial);
    if (!host) {
        look_up_services(dial);
        return G_SOURCE_REMOVE;
    }

    add_target(dial, host, dial->port, dial->tls == NJ_TLS_DIRECT);
    try_next_target(dial);
    return G_SOURCE_REMOVE;
}

NjDial *
nj_dial_new(const char *domain, const char *host, int port, int tls,
            const NjConnectionDeadlines *deadlines, NjDialFunc func, void *owner)
{
    return nj_dial_new_with(nj_resolve, domain, host, port, tls, deadlines, func, owner);
}

NjDial *
nj_dial_new_with(NjResolver resolver, const char *domain, const char *host, int port, int tls,
                 const NjConnectionDeadlines *deadlines, NjDialFunc func, void *owner)
{
    NjDial *dial = g_new0(NjDial, 1);
    dial->resolver = resolver;
    dial->domain = g_strdup(domain);
    dial->host = g_strdup(host);
    dial->port = port;
    dial->tls = tls;
    dial->deadlines = deadlines;
    dial->func = func;
    dial->owner = owner;

    dial->targets = g_ptr_array_new_with_free_func((GDestroyNotify) free_target);
    dial->lookups = g_ptr_array_new();
    dial->addresses = g_array_new(FALSE, FALSE, sizeof(NjInet));
    dial->attempts = g_ptr_array_new_with_free_func((GDestroyNotify) free_attempt);
    dial->most_specific = -1;
    dial->failure_list = g_string_new(NULL);
    dial->total_timer = nj_clock_after(0, G_SOURCE_FUNC(start_dial), dial);

    return dial;
}

void
nj_dial_free(NjDial *dial)
{
    if (!dial)
        return;

    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience_timer);
    nj_clock_cancel(&dial->stagger_timer);
    nj_clock_cancel(&dial->total_timer);
    forget_lookups(dial);
    g_ptr_array_unref(dial->lookups);
    g_ptr_array_unref(dial->attempts);
    g_array_unref(dial->addresses);
    g_ptr_array_unref(dial->targets);

    g_string_free(dial->failure_list, TRUE);
    g_free(dial->first_sentence);
    g_free(dial->ascii_domain);
    g_free(dial->domain);
    g_free(dial->host);
    g_free(dial);
}
