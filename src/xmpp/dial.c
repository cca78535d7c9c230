/* Finding the server and shaking its hand.  The targets come from SRV, or are the host that was
 * set, or the domain itself; they are tried in order, each with its addresses side by side, and
 * every failure is kept for the one sentence at the end.  A target that stays silent is not waited
 * for: the next one joins in, and whichever answers first is taken. What needs no resolver gets
 * none: a look-up once begun can not be taken back. */
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

enum { MAX_TARGETS = 16, MAX_ADDRESSES = 16, PORT = 5222, PORT_DIRECT = 5223 };

typedef struct {
    char *host; /* A-label or address */
    guint16 port;
    bool direct;
    guint priority, weight;
} Target;

typedef struct {
    NjDial *dial;
    guint target; /* as NjDial.current counts */
    int fd;
    GSource *source;
} Attempt;

/* A question to the resolver outlives us when we are freed: it keeps this, and finds dial NULL. */
typedef struct {
    NjDial *dial;
    bool direct; /* which service was asked for */
} Question;

struct NjDial {
    char *domain, *host; /* as they stand in the settings; host NULL */
    int port, tls;
    const NjConnectionDeadlines *deadlines;
    NjDialFunc func;
    void *owner;
    char *ascii;        /* of the domain */
    GPtrArray *targets; /* of Target */
    /* the target being tried, counted from 1; one more than there are: all were begun */
    guint current;
    GPtrArray *questions; /* of Question, unanswered */
    NjResolver resolver;
    /* of NjInet, the current target's, in the order they are tried */
    GArray *addresses;
    guint next_address;
    GPtrArray *attempts; /* of Attempt, running */
    GSource *timer, *patience, *stagger, *total;
    int worst; /* the code of the failure that tells most; -1 none yet */
    guint failures;
    GString *reasons;     /* "a:5222: refused, b:5222: …" */
    char *sentence;       /* of the first failure alone */
    bool service_refused; /* a target of "." was seen */
};

static void next_target(NjDial *dial);
static void next_address(NjDial *dial);

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

/* ---- The end ---- */

/* Nobody waits for these any more. */
static void
forget_questions(NjDial *dial)
{
    for (guint i = 0; i < dial->questions->len; i++)
        ((Question *) g_ptr_array_index(dial->questions, i))->dial = NULL;
    g_ptr_array_set_size(dial->questions, 0);
}

static void
finish(NjDial *dial, int fd, bool direct, const Target *target, const GError *error)
{
    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience);
    nj_clock_cancel(&dial->stagger);
    nj_clock_cancel(&dial->total);
    forget_questions(dial);
    g_ptr_array_set_size(dial->attempts, 0);
    dial->func(fd, direct, target ? target->host : NULL, target ? target->port : 0, error,
               dial->owner);
}

static void
fail(NjDial *dial, int code, const char *sentence)
{
    g_autoptr(GError) error = g_error_new_literal(NJ_CONNECTION_ERROR, code, sentence);
    finish(dial, -1, false, NULL, error);
}

/* One row a reason: a whole sentence when it is the only one, a few words when it is one of
 * several.  Later rows tell more. */
static const struct {
    int code;
    const char *sentence, *words; /* the sentence takes the host */
} reasons[] = {
    { NJ_CONNECTION_ERROR_NOT_OFFERED,
      N_("%s offers no XMPP service to clients; check the address."), N_("not offered") },
    { NJ_CONNECTION_ERROR_NO_SUCH_HOST,
      N_("There is no server called %s; check the address, or set host."), N_("no such name") },
    { NJ_CONNECTION_ERROR_DNS,
      N_("The name server did not answer when asked for %s; check the network."),
      N_("no answer from the name server") },
    { NJ_CONNECTION_ERROR_UNREACHABLE, N_("There is no way to %s from here; check the network."),
      N_("unreachable") },
    { NJ_CONNECTION_ERROR_TIMEOUT, N_("%s does not answer; check the network, or host and port."),
      N_("no answer") },
    { NJ_CONNECTION_ERROR_REFUSED,
      N_("%s refuses connections; the server may be down, or the port another one."),
      N_("refused") },
};

static guint
reason_row(int code)
{
    for (guint i = 0; i < G_N_ELEMENTS(reasons); i++) {
        if (reasons[i].code == code)
            return i;
    }
    return 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static char *
sentence_for(int code, const char *host)
{
    return g_strdup_printf(_(reasons[reason_row(code)].sentence), host);
}
#pragma GCC diagnostic pop

/* Before there was a target. */
static void
fail_early(NjDial *dial, int code)
{
    g_autofree char *sentence = sentence_for(code, dial->domain);
    fail(dial, code, sentence);
}

static char *
place(const char *host, guint16 port)
{
    return g_strdup_printf(strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, port);
}

static void
note(NjDial *dial, int code, const Target *target)
{
    g_autofree char *where = place(target->host, target->port);
    g_debug("dial: %s: %s", where, reasons[reason_row(code)].words);

    bool named = code == NJ_CONNECTION_ERROR_NO_SUCH_HOST || code == NJ_CONNECTION_ERROR_DNS;
    if (!dial->sentence)
        dial->sentence = sentence_for(code, named ? target->host : where);
    g_string_append_printf(dial->reasons, "%s%s: %s", dial->failures ? ", " : "", where,
                           _(reasons[reason_row(code)].words));
    dial->failures++;
    if (dial->worst < 0 || reason_row(code) > reason_row(dial->worst))
        dial->worst = code;
}

static void
give_up(NjDial *dial)
{
    if (dial->failures == 1) {
        fail(dial, dial->worst, dial->sentence);
        return;
    }
    g_autofree char *all =
        g_strdup_printf(_("No server of %s can be reached (%s); check the network, or set host."),
                        dial->domain, dial->reasons->str);
    fail(dial, dial->worst, all);
}

/* ---- Sockets ---- */

static int
code_of(int number)
{
    switch (number) {
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
target(const NjDial *dial)
{
    return g_ptr_array_index(dial->targets, dial->current - 1);
}

static guint
running(const NjDial *dial, guint number)
{
    guint count = 0;
    for (guint i = 0; i < dial->attempts->len; i++)
        count += ((Attempt *) g_ptr_array_index(dial->attempts, i))->target == number;
    return count;
}

static void
target_failed(NjDial *dial, int code)
{
    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience);
    nj_clock_cancel(&dial->stagger);

    for (guint i = dial->attempts->len; i-- > 0;) {
        if (((Attempt *) g_ptr_array_index(dial->attempts, i))->target == dial->current)
            g_ptr_array_remove_index_fast(dial->attempts, i);
    }

    note(dial, code, target(dial));
    next_target(dial);
}

static void
attempt_failed(NjDial *dial, guint number, int error)
{
    if (number != dial->current) {
        if (dial->current > dial->targets->len && !dial->attempts->len)
            give_up(dial);
    } else if (dial->next_address < dial->addresses->len) {
        next_address(dial);
    } else if (!running(dial, number)) {
        target_failed(dial, code_of(error));
    }
}

static gboolean
on_writable(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    Attempt *attempt = data;
    NjDial *dial = attempt->dial;
    guint number = attempt->target;
    int error = 0;
    socklen_t length = sizeof error;

    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    if (!error)
        attempt->fd = -1; /* ours no longer */

    g_ptr_array_remove(dial->attempts, attempt);
    const Target *reached = g_ptr_array_index(dial->targets, number - 1);
    if (error)
        attempt_failed(dial, number, error);
    else
        finish(dial, fd, reached->direct, reached, NULL);

    return G_SOURCE_REMOVE;
}

/* Begins to connect; 0, or why not. */
static int
attempt(NjDial *dial, const NjInet *inet, guint16 port)
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
        int number = errno;
        close(fd);
        return number;
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
    nj_clock_cancel(&dial->stagger);
    next_address(dial);
    return G_SOURCE_REMOVE;
}

/* The next address joins in; the ones before it go on (RFC 8305 5). */
static void
next_address(NjDial *dial)
{
    nj_clock_cancel(&dial->stagger);
    int number = 0;
    while (dial->next_address < dial->addresses->len) {
        number = attempt(dial, &g_array_index(dial->addresses, NjInet, dial->next_address++),
                         target(dial)->port);
        if (number)
            continue;
        if (dial->next_address < dial->addresses->len)
            dial->stagger =
                nj_clock_after(dial->deadlines->stagger, G_SOURCE_FUNC(on_stagger), dial);
        return;
    }

    if (number && !running(dial, dial->current))
        target_failed(dial, code_of(number));
}

static gboolean
on_tcp_timeout(NjDial *dial)
{
    target_failed(dial, NJ_CONNECTION_ERROR_TIMEOUT);
    return G_SOURCE_REMOVE;
}

/* The next target joins in.  This one counts as silent, unless it answers after all. */
static gboolean
on_impatience(NjDial *dial)
{
    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience);
    nj_clock_cancel(&dial->stagger);
    note(dial, NJ_CONNECTION_ERROR_TIMEOUT, target(dial));
    next_target(dial);
    return G_SOURCE_REMOVE;
}

/* IPv6 first, then in turn (RFC 8305 4); within a family the resolver's order stands. */
static void
order_addresses(NjDial *dial, const GArray *found)
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
connect_to(NjDial *dial, const GArray *found)
{
    nj_clock_cancel(&dial->timer);
    dial->next_address = 0;
    order_addresses(dial, found);

    if (!dial->addresses->len) {
        target_failed(dial, NJ_CONNECTION_ERROR_NO_SUCH_HOST);
        return;
    }

    dial->timer = nj_clock_after(dial->deadlines->tcp, G_SOURCE_FUNC(on_tcp_timeout), dial);
    if (dial->current < dial->targets->len)
        dial->patience =
            nj_clock_after(dial->deadlines->patience, G_SOURCE_FUNC(on_impatience), dial);

    next_address(dial);
}

/* ---- Names ---- */

static bool
is_localhost(const char *host)
{
    return !g_ascii_strcasecmp(host, "localhost") || !g_ascii_strcasecmp(host, "localhost.");
}

static bool
is_loopback(const char *host)
{
    NjInet inet;
    return nj_inet_parse(host, &inet) ? nj_inet_is_loopback(&inet) : is_localhost(host);
}

static Question *
ask(NjDial *dial, bool direct)
{
    Question *question = g_new0(Question, 1);
    question->dial = dial;
    question->direct = direct;
    g_ptr_array_add(dial->questions, question);
    return question;
}

/* The dial that still waits for this answer, or NULL. */
static NjDial *
answered(Question *question)
{
    NjDial *dial = question->dial;
    if (dial)
        g_ptr_array_remove_fast(dial->questions, question);
    g_free(question);
    return dial;
}

static void
on_addresses(const NjAnswer *answer, void *data)
{
    NjDial *dial = answered(data);
    if (dial && answer->addresses->len)
        connect_to(dial, answer->addresses);
    else if (dial)
        target_failed(dial, answer->result == NJ_RESOLVE_NO_ANSWER
                                ? NJ_CONNECTION_ERROR_DNS
                                : NJ_CONNECTION_ERROR_NO_SUCH_HOST);
}

static gboolean
on_name_timeout(NjDial *dial)
{
    forget_questions(dial);
    target_failed(dial, NJ_CONNECTION_ERROR_DNS);
    return G_SOURCE_REMOVE;
}

/* All were begun, and those left behind stay silent too. */
static gboolean
on_last_timeout(NjDial *dial)
{
    give_up(dial);
    return G_SOURCE_REMOVE;
}

/* Of what needs no name server; empty for all else. */
static GArray *
known_addresses(const char *host)
{
    static const char *const here[] = { "::1", "127.0.0.1" };
    GArray *known = g_array_new(FALSE, FALSE, sizeof(NjInet));
    NjInet inet;

    if (nj_inet_parse(host, &inet))
        g_array_append_val(known, inet);
    for (guint i = 0; is_localhost(host) && i < G_N_ELEMENTS(here); i++)
        if (nj_inet_parse(here[i], &inet))
            g_array_append_val(known, inet);

    return known;
}

static void
next_target(NjDial *dial)
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
    const char *host = target(dial)->host;
    g_autoptr(GArray) known = known_addresses(host);
    if (known->len) {
        connect_to(dial, known);
        return;
    }

    dial->timer = nj_clock_after(dial->deadlines->dns, G_SOURCE_FUNC(on_name_timeout), dial);
    dial->resolver(host, false, on_addresses, ask(dial, false));
}

/* ---- Services ---- */

static void
add_target(NjDial *dial, const char *host, int port, bool direct)
{
    Target *new = g_new0(Target, 1);
    new->host = g_strdup(host);
    new->port = port ? port : direct ? PORT_DIRECT : PORT;
    new->direct = direct;
    g_ptr_array_add(dial->targets, new);
}

/* Both services are one list (XEP-0368): by priority, and among equals at random by weight (RFC
 * 2782). */
static void
order_targets(GPtrArray *targets)
{
    for (guint done = 0; done < targets->len; done++) {
        guint lowest = G_MAXUINT, sum = 0;
        for (guint i = done; i < targets->len; i++)
            lowest = MIN(lowest, ((Target *) g_ptr_array_index(targets, i))->priority);
        for (guint i = done; i < targets->len; i++) {
            Target *one = g_ptr_array_index(targets, i);
            sum += one->priority == lowest ? one->weight + 1 : 0;
        }
        guint lot = nj_random_below(sum);
        for (guint i = done; i < targets->len; i++) {
            Target *one = g_ptr_array_index(targets, i);
            if (one->priority != lowest)
                continue;
            if (lot <= one->weight) {
                targets->pdata[i] = targets->pdata[done];
                targets->pdata[done] = one;
                break;
            }
            lot -= one->weight + 1;
        }
    }

    if (targets->len > MAX_TARGETS)
        g_ptr_array_set_size(targets, MAX_TARGETS);
}

static void
services_known(NjDial *dial)
{
    nj_clock_cancel(&dial->timer);
    order_targets(dial->targets);
    if (!dial->targets->len && dial->service_refused) {
        fail_early(dial, NJ_CONNECTION_ERROR_NOT_OFFERED);
        return;
    }

    if (!dial->targets->len)
        add_target(dial, dial->ascii, 0, dial->tls == NJ_TLS_DIRECT);
    next_target(dial);
}

static void
take_services(NjDial *dial, const GPtrArray *services, bool direct)
{
    for (guint i = 0; i < services->len && dial->targets->len < 4 * MAX_TARGETS; i++) {
        const NjService *service = services->pdata[i];
        const char *host = service->host;
        if (!*host || g_str_equal(host, ".")) {
            /* no direct TLS is not no service */
            dial->service_refused |= !direct || dial->tls == NJ_TLS_DIRECT;
            continue;
        }
        if (!service->port
            || strspn(host, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "-._") != strlen(host))
            continue; /* no name of a host, and it would be shown */
        add_target(dial, host, service->port, direct);
        Target *new = g_ptr_array_index(dial->targets, dial->targets->len - 1);
        new->priority = service->priority;
        new->weight = service->weight;
    }
}

static void
on_services(const NjAnswer *answer, void *data)
{
    bool direct = ((Question *) data)->direct;
    NjDial *dial = answered(data);
    if (!dial)
        return;
    /* No answer decides nothing: the domain itself is asked for next (RFC 6120 3.2.1). */
    take_services(dial, answer->services, direct);
    if (!dial->questions->len)
        services_known(dial);
}

/* One service may have answered while the question for the other is lost. */
static gboolean
on_services_timeout(NjDial *dial)
{
    forget_questions(dial);
    if (dial->targets->len || dial->service_refused)
        services_known(dial);
    else
        fail_early(dial, NJ_CONNECTION_ERROR_DNS);
    return G_SOURCE_REMOVE;
}

static void
ask_services(NjDial *dial)
{
    static const char *const services[] = { "_xmpp-client._tcp.", "_xmpps-client._tcp." };
    dial->timer = nj_clock_after(dial->deadlines->dns, G_SOURCE_FUNC(on_services_timeout), dial);
    for (int direct = dial->tls == NJ_TLS_DIRECT; direct < 2; direct++) {
        g_autofree char *name = g_strconcat(services[direct], dial->ascii, NULL);
        dial->resolver(name, true, on_services, ask(dial, direct));
    }
}

static gboolean
on_total_timeout(NjDial *dial)
{
    forget_questions(dial);
    if (!dial->current) {
        fail_early(dial, NJ_CONNECTION_ERROR_DNS);
        return G_SOURCE_REMOVE;
    }

    if (dial->current <= dial->targets->len)
        note(dial, dial->addresses->len ? NJ_CONNECTION_ERROR_TIMEOUT : NJ_CONNECTION_ERROR_DNS,
             target(dial));
    give_up(dial);

    return G_SOURCE_REMOVE;
}

/* The first turn of the loop, so that nothing is called from inside nj_dial_new(). */
static gboolean
start(NjDial *dial)
{
    nj_clock_cancel(&dial->total);
    g_autoptr(GError) error = NULL;
    g_autofree char *host = NULL;
    dial->ascii = nj_jid_ascii_domain(dial->domain, &error);
    if (dial->ascii && dial->host)
        host = nj_jid_ascii_domain(dial->host, &error);

    if (error) {
        fail(dial, NJ_CONNECTION_ERROR_SETTINGS, error->message);
        return G_SOURCE_REMOVE;
    }

    if (!host && (dial->port || nj_jid_is_ip(dial->domain) || is_localhost(dial->ascii)))
        host = g_strdup(dial->ascii);
    if (dial->tls == NJ_TLS_NONE && (!host || !is_loopback(host))) {
        fail(dial, NJ_CONNECTION_ERROR_SETTINGS,
             _("tls = none is for a server on this machine only (host = 127.0.0.1, ::1 or "
               "localhost); take it out of the account."));
        return G_SOURCE_REMOVE;
    }

    dial->total = nj_clock_after(dial->deadlines->dial, G_SOURCE_FUNC(on_total_timeout), dial);
    if (!host) {
        ask_services(dial);
        return G_SOURCE_REMOVE;
    }

    add_target(dial, host, dial->port, dial->tls == NJ_TLS_DIRECT);
    next_target(dial);
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
    dial->questions = g_ptr_array_new();
    dial->addresses = g_array_new(FALSE, FALSE, sizeof(NjInet));
    dial->attempts = g_ptr_array_new_with_free_func((GDestroyNotify) free_attempt);
    dial->worst = -1;
    dial->reasons = g_string_new(NULL);
    dial->total = nj_clock_after(0, G_SOURCE_FUNC(start), dial);

    return dial;
}

void
nj_dial_free(NjDial *dial)
{
    if (!dial)
        return;

    nj_clock_cancel(&dial->timer);
    nj_clock_cancel(&dial->patience);
    nj_clock_cancel(&dial->stagger);
    nj_clock_cancel(&dial->total);
    forget_questions(dial);
    g_ptr_array_unref(dial->questions);
    g_ptr_array_unref(dial->attempts);
    g_array_unref(dial->addresses);
    g_ptr_array_unref(dial->targets);

    g_string_free(dial->reasons, TRUE);
    g_free(dial->sentence);
    g_free(dial->ascii);
    g_free(dial->domain);
    g_free(dial->host);
    g_free(dial);
}
