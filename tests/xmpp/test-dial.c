/* xmpp/dial: look-ups, services and sockets, with a resolver that gives the answers of the test and
 * real sockets on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xmpp/dial.h"

/* --- a resolver --- */

/* answer: "" the name does not exist, "?" an error, "!" no answer. A row of NULL ends the rows. */
typedef struct {
    const char *name, *answer;
} Row;

static struct {
    const Row *rows;
    guint lookups;
    GPtrArray *withheld; /* of Lookup: answers that are sent by send_withheld() */
} resolver;

typedef struct {
    NjAnswerFunc func;
    void *data;
    NjAnswer answer;
} Lookup;

static gboolean
send_answer(void *data)
{
    Lookup *lookup = data;
    lookup->func(&lookup->answer, lookup->data);
    nj_answer_clear(&lookup->answer);
    g_free(lookup);
    return G_SOURCE_REMOVE;
}

static void
resolve(const char *name, bool services, NjAnswerFunc func, void *data)
{
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->func = func;
    lookup->data = data;
    nj_answer_init(&lookup->answer);

    const char *text = "";
    for (const Row *row = resolver.rows; row->name; row++)
        text = strcmp(row->name, name) == 0 ? row->answer : text;
    resolver.lookups++;

    if (*text == '!') {
        g_ptr_array_add(resolver.withheld, lookup);
        return;
    }

    g_idle_add(send_answer, lookup);
    if (*text == '?')
        return;

    lookup->answer.result = *text ? NJ_RESOLVE_FOUND : NJ_RESOLVE_NO_SUCH_NAME;
    g_auto(GStrv) parts = g_strsplit(text, ", ", 0);
    for (int i = 0; parts[i]; i++) {
        unsigned priority, weight, port;
        char host[64] = "";
        NjInet inet;
        if (services && sscanf(parts[i], "%u %u %u %63s", &priority, &weight, &port, host) >= 3)
            nj_answer_add_service(&lookup->answer, priority, weight, port, host);
        else if (nj_inet_parse(parts[i], &inet))
            g_array_append_val(lookup->answer.addresses, inet);
    }
}

/* Sends the withheld answers, after the dial has ended. */
static void
send_withheld(void)
{
    for (guint i = 0; i < resolver.withheld->len; i++)
        send_answer(resolver.withheld->pdata[i]);
    g_ptr_array_set_size(resolver.withheld, 0);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* --- sockets --- */

/* Listens on a free port if *port is 0. full: the queue of connections is full, so that a SYN gets
 * no answer. Returns -1 when the address cannot be used. */
static int
listen_on(const char *address, guint16 *port, bool full)
{
    NjInet inet;
    assert_true(nj_inet_parse(address, &inet));

    struct sockaddr_storage native = { .ss_family = (sa_family_t) inet.family };
    struct sockaddr_in *four = (struct sockaddr_in *) &native;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *) &native;
    socklen_t length = inet.family == AF_INET ? sizeof *four : sizeof *six;
    *(inet.family == AF_INET ? &four->sin_port : &six->sin6_port) = htons(*port);
    memcpy(inet.family == AF_INET ? (void *) &four->sin_addr : &six->sin6_addr, inet.bytes,
           inet.family == AF_INET ? 4 : 16);

    int fd = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *) &native, length) < 0
        || listen(fd, full ? 0 : 5) < 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }

    getsockname(fd, (struct sockaddr *) &native, &length);
    *port = ntohs(native.ss_family == AF_INET6 ? ((struct sockaddr_in6 *) &native)->sin6_port
                                               : ((struct sockaddr_in *) &native)->sin_port);

    for (int i = 0; full && i < 4; i++) {
        int caller = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* stays open until the program ends, to fill the queue */
        (void) !connect(caller, (struct sockaddr *) &native, length);
    }

    return fd;
}

static guint16
closed_port(void)
{
    guint16 port = 0;
    close(listen_on("127.0.0.1", &port, false));
    return port;
}

/* --- a dial and its result --- */

typedef struct {
    GMainLoop *loop;
    NjDial *dial;
    int calls, fd;
    bool direct;
    char *host;
    guint16 port;
    GError *error;
} Result;

static void
on_dialled(int fd, bool direct, const char *host, guint16 port, const GError *error, void *owner)
{
    Result *result = owner;
    result->calls++;
    result->fd = fd;
    result->direct = direct;
    result->host = g_strdup(host);
    result->port = port;
    result->error = error ? g_error_copy(error) : NULL;
    g_clear_pointer(&result->dial, nj_dial_free);
    g_main_loop_quit(result->loop);
}

static const NjConnectionDeadlines quick = { .dns = 150,
                                             .stagger = 40,
                                             .patience = 100,
                                             .tcp = 300,
                                             .dial = 2000,
                                             .handshake = 300,
                                             .login = 300,
                                             .close = 300 };

static Result
dial_with(const Row *rows, const char *domain, const char *host, int port, int tls,
          const NjConnectionDeadlines *deadlines)
{
    Result result = { .loop = g_main_loop_new(NULL, FALSE), .fd = -1 };
    resolver.rows = rows;
    resolver.lookups = 0;
    result.dial =
        nj_dial_new_with(resolve, domain, host, port, tls, deadlines, on_dialled, &result);
    assert_int_equal(result.calls, 0);
    g_main_loop_run(result.loop);
    g_main_loop_unref(result.loop);
    send_withheld();
    assert_int_equal(result.calls, 1);

    if (result.fd >= 0) {
        assert_true(fcntl(result.fd, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(result.fd, F_GETFD) & FD_CLOEXEC);
        close(result.fd);
    }

    return result;
}

static void
clear_result(Result *result)
{
    g_clear_error(&result->error);
    g_free(result->host);
}

static void
assert_failed(Result *result, int code, const char *words)
{
    assert_int_equal(result->fd, -1);
    assert_true(g_error_matches(result->error, NJ_CONNECTION_ERROR, code));
    if (!strstr(result->error->message, words))
        fail_msg("“%s” does not contain “%s”", result->error->message, words);
    clear_result(result);
}

static const Row nothing[] = { { NULL, NULL } };

static void
test_ip_address_is_not_looked_up(void **state)
{
    (void) state;
    guint16 port = 0;
    int server = listen_on("127.0.0.1", &port, false);
    static const struct {
        const char *domain, *host;
        int tls;
    } rows[] = {
        { "127.0.0.1", NULL, NJ_TLS_STARTTLS },
        { "pond.example", "127.0.0.1", NJ_TLS_STARTTLS },
        { "localhost", NULL, NJ_TLS_STARTTLS },
        { "pond.example", "localhost", NJ_TLS_NONE },
        { "pond.example", "127.0.0.1", NJ_TLS_DIRECT },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Result result = dial_with(nothing, rows[i].domain, rows[i].host, port, rows[i].tls, &quick);
        assert_true(result.fd >= 0);
        assert_int_equal(result.direct, rows[i].tls == NJ_TLS_DIRECT);
        assert_int_equal(resolver.lookups, 0);
        clear_result(&result);
    }

    close(server);
}

static void
test_services_are_merged_by_priority(void **state)
{
    (void) state;
    guint16 plain = 0, direct = 0;
    int a = listen_on("127.0.0.1", &plain, false), b = listen_on("127.0.0.1", &direct, false);
    g_autofree char *starttls = g_strdup_printf("10 0 %u x.example", plain);
    for (int first = 0; first < 2; first++) {
        g_autofree char *secure = g_strdup_printf("%d 0 %u x.example", first ? 5 : 20, direct);
        const Row rows[] = { { "_xmpp-client._tcp.xn--grn-ioa.example", starttls },
                             { "_xmpps-client._tcp.xn--grn-ioa.example", secure },
                             { "x.example", "127.0.0.1" },
                             { NULL, NULL } };
        Result result = dial_with(rows, "grün.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
        assert_int_equal(result.direct, first);
        assert_int_equal(result.port, first ? direct : plain);
        assert_string_equal(result.host, "x.example");
        clear_result(&result);
        result = dial_with(rows, "grün.example", NULL, 0, NJ_TLS_DIRECT, &quick);
        assert_true(result.direct);
        /* xmpps-client and the host: xmpp-client is not needed for direct TLS */
        assert_int_equal(resolver.lookups, 2);
        clear_result(&result);
    }

    close(a);
    close(b);
}

/* Targets of equal priority are selected at random by weight (RFC 2782). */
static void
test_equal_priority_selects_by_weight(void **state)
{
    (void) state;
    guint16 heavy = 0, light = 0;
    int a = listen_on("127.0.0.1", &heavy, false), b = listen_on("127.0.0.1", &light, false);
    g_autofree char *both = g_strdup_printf("1 5 %u x.example, 1 65 %u x.example", light, heavy);
    const Row rows[] = { { "_xmpp-client._tcp.pond.example", both },
                         { "x.example", "127.0.0.1" },
                         { NULL, NULL } };
    int count = 0;

    for (int i = 0; i < 60; i++) {
        Result result = dial_with(rows, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
        count += result.port == heavy;
        clear_result(&result);
        (void) !close(accept(a, NULL, NULL));
        (void) !close(accept(b, NULL, NULL));
    }

    assert_in_range(count, 40, 60); /* 55 expected */
    close(a);
    close(b);
}

static void
test_failed_target_leads_to_next(void **state)
{
    (void) state;
    guint16 port = 0, dead = closed_port();
    int server = listen_on("127.0.0.1", &port, false);
    g_autofree char *three =
        g_strdup_printf("1 0 %u x.example, 2 0 5222 gone.example, 3 0 %u x.example", dead, port);
    const Row rows[] = { { "_xmpp-client._tcp.pond.example", three },
                         { "x.example", "127.0.0.1" },
                         { NULL, NULL } };
    Result result = dial_with(rows, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);

    assert_int_equal(result.port, port);
    clear_result(&result);
    close(server);

    result = dial_with(rows, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_non_null(strstr(result.error->message, "gone.example:5222: no such name"));
    assert_failed(&result, NJ_CONNECTION_ERROR_REFUSED, ": refused, ");
}

static void
test_no_srv_records_use_domain(void **state)
{
    (void) state;
    static const Row lone[] = { { "pond.example", "127.0.0.1" }, { NULL, NULL } };
    Result result = dial_with(lone, "pond.example", NULL, 0, NJ_TLS_DIRECT, &quick);
    if (result.fd < 0)
        assert_failed(&result, NJ_CONNECTION_ERROR_REFUSED, "pond.example:5223 refuses");
    else
        clear_result(&result); /* a server runs on this machine */

    static const Row odd[] = { { "_xmpp-client._tcp.pond.example", "1 0 5222 \033[2Jx.example" },
                               { NULL, NULL } };
    result = dial_with(odd, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_null(strchr(result.error->message, '\033'));
    assert_failed(&result, NJ_CONNECTION_ERROR_NO_SUCH_HOST, "no server called pond.example");

    static const Row broken[] = { { "_xmpp-client._tcp.pond.example", "?" },
                                  { "_xmpps-client._tcp.pond.example", "?" },
                                  { NULL, NULL } };
    result = dial_with(broken, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);

    /* without an answer for SRV the domain itself is looked up (RFC 6120, 3.2.2) */
    assert_int_equal(resolver.lookups, 3);
    assert_failed(&result, NJ_CONNECTION_ERROR_NO_SUCH_HOST, "no server called pond.example");
}

static void
test_failures_have_sentences(void **state)
{
    (void) state;
    static const Row root[] = { { "_xmpp-client._tcp.pond.example", "0 0 0 ." },
                                { "_xmpps-client._tcp.pond.example", "0 0 0" },
                                { NULL, NULL } };
    Result result = dial_with(root, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_NOT_OFFERED, "pond.example offers no XMPP service");

    /* A server without direct TLS may offer STARTTLS, at the domain itself (RFC 6120, 3.2.2). */
    static const Row no_direct[] = { { "_xmpps-client._tcp.pond.example", "0 0 0 ." },
                                     { NULL, NULL } };
    result = dial_with(no_direct, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_NO_SUCH_HOST, "no server called pond.example");
    result = dial_with(no_direct, "pond.example", NULL, 0, NJ_TLS_DIRECT, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_NOT_OFFERED, "pond.example offers no XMPP service");

    result = dial_with(nothing, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_NO_SUCH_HOST, "no server called pond.example");

    static const Row silent[] = { { "_xmpp-client._tcp.pond.example", "!" },
                                  { "_xmpps-client._tcp.pond.example", "" },
                                  { NULL, NULL } };
    result = dial_with(silent, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_DNS, "name server did not answer");

    static const Row mute[] = { { "x.example", "!" }, { NULL, NULL } };
    result = dial_with(mute, "pond.example", "x.example", 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_DNS, "asked for x.example");

    static const Row failing[] = { { "x.example", "?" }, { NULL, NULL } };
    result = dial_with(failing, "pond.example", "x.example", 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_DNS, "asked for x.example");

    result =
        dial_with(nothing, "pond.example", "127.0.0.1", closed_port(), NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_REFUSED, "refuses connections");

    result = dial_with(nothing, "pond.example", "255.255.255.255", 5222, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_UNREACHABLE, "cannot be reached");

    result = dial_with(nothing, "pond..example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_failed(&result, NJ_CONNECTION_ERROR_SETTINGS, "");

    guint16 port = 0;
    int server = listen_on("127.0.0.1", &port, true);
    gint64 begin = g_get_monotonic_time();
    result = dial_with(nothing, "pond.example", "127.0.0.1", port, NJ_TLS_STARTTLS, &quick);
    assert_in_range(g_get_monotonic_time() - begin, 300000, 900000);
    assert_failed(&result, NJ_CONNECTION_ERROR_TIMEOUT, "does not answer");

    const NjConnectionDeadlines hasty = { .dns = 1000, .stagger = 40, .tcp = 1000, .dial = 100 };
    result = dial_with(nothing, "pond.example", "127.0.0.1", port, NJ_TLS_STARTTLS, &hasty);
    assert_failed(&result, NJ_CONNECTION_ERROR_TIMEOUT, "does not answer");
    result = dial_with(silent, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &hasty);
    assert_failed(&result, NJ_CONNECTION_ERROR_DNS, "name server did not answer");
    close(server);
}

static void
test_no_tls_needs_loopback(void **state)
{
    (void) state;
    static const Row misleading[] = { { "localhost.example", "127.0.0.1" }, { NULL, NULL } };
    static const struct {
        const char *domain, *host;
    } rows[] = {
        { "pond.example", NULL },
        { "pond.example", "192.0.2.1" },
        { "pond.example", "localhost.example" },
        { "192.0.2.1", NULL },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        Result result = dial_with(misleading, rows[i].domain, rows[i].host, 0, NJ_TLS_NONE, &quick);
        assert_int_equal(resolver.lookups, 0);
        assert_failed(&result, NJ_CONNECTION_ERROR_SETTINGS, "tls = none");
    }
}

/* Addresses are tried side by side (RFC 8305, 5). */
static void
test_silent_ipv6_delays_by_stagger_only(void **state)
{
    (void) state;
    guint16 port = 0;
    int six = listen_on("::1", &port, true);
    if (six < 0)
        skip();

    int four = listen_on("127.0.0.1", &port, false);
    static const Row rows[] = { { "x.example", "127.0.0.1, ::1" }, { NULL, NULL } };
    gint64 begin = g_get_monotonic_time();
    Result result = dial_with(rows, "pond.example", "x.example", port, NJ_TLS_STARTTLS, &quick);
    assert_true(result.fd >= 0);

    /* ::1 was tried first, and its timeout was not waited for */
    assert_in_range(g_get_monotonic_time() - begin, 38000, 290000);
    clear_result(&result);
    close(six);
    close(four);
}

static gboolean
accept_connection(int fd, GIOCondition condition, gpointer data)
{
    (void) condition;
    (void) data;
    close(accept(fd, NULL, NULL));
    return G_SOURCE_CONTINUE;
}

/* The next target is tried while a silent one may still answer; if it does, it is taken. */
static void
test_silent_target_delays_by_patience_only(void **state)
{
    (void) state;
    guint16 full = 0, port = 0, dead = closed_port();
    int silent = listen_on("127.0.0.1", &full, true), server = listen_on("127.0.0.1", &port, false);
    g_autofree char *then_good = g_strdup_printf("1 0 %u x.example, 2 0 %u x.example", full, port);
    const Row good[] = { { "_xmpp-client._tcp.pond.example", then_good },
                         { "x.example", "127.0.0.1" },
                         { NULL, NULL } };
    gint64 begin = g_get_monotonic_time();
    Result result = dial_with(good, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);

    assert_in_range(g_get_monotonic_time() - begin, 98000, 290000);
    assert_int_equal(result.port, port);
    clear_result(&result);

    g_autofree char *then_bad = g_strdup_printf("1 0 %u x.example, 2 0 %u x.example", full, dead);
    const Row bad[] = { { "_xmpp-client._tcp.pond.example", then_bad },
                        { "x.example", "127.0.0.1" },
                        { NULL, NULL } };
    result = dial_with(bad, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &quick);
    assert_non_null(strstr(result.error->message, ": no answer, "));
    assert_failed(&result, NJ_CONNECTION_ERROR_REFUSED, ": refused)");

    /* The silent target answers after the second one has refused: the kernel repeats the SYN after
     * a second. */
    const NjConnectionDeadlines patient = {
        .dns = 150, .stagger = 40, .patience = 100, .tcp = 5000, .dial = 6000
    };
    Result late = { .loop = g_main_loop_new(NULL, FALSE), .fd = -1 };

    resolver.rows = bad;
    late.dial = nj_dial_new_with(resolve, "pond.example", NULL, 0, NJ_TLS_STARTTLS, &patient,
                                 on_dialled, &late);

    gint64 end = g_get_monotonic_time() + 300000;
    while (g_get_monotonic_time() < end) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }

    assert_int_equal(late.calls, 0);
    guint source = g_unix_fd_add(silent, G_IO_IN, accept_connection, NULL);
    g_main_loop_run(late.loop);
    g_main_loop_unref(late.loop);
    g_source_remove(source);
    assert_true(late.fd >= 0);
    assert_int_equal(late.port, full);
    close(late.fd);
    clear_result(&late);

    close(silent);
    close(server);
}

/* Frees the dial during look-ups and while it connects. */
static void
test_freed_dial_makes_no_calls(void **state)
{
    (void) state;
    static const Row rows[] = { { "_xmpp-client._tcp.pond.example", "!" },
                                { "_xmpps-client._tcp.pond.example", "!" },
                                { "x.example", "!" },
                                { NULL, NULL } };
    guint16 port = 0;
    int server = listen_on("127.0.0.1", &port, true);
    static const char *const hosts[] = { NULL, "x.example", "127.0.0.1" };

    resolver.rows = rows;
    for (int turns = 0; turns < 3; turns++) {
        for (guint i = 0; i < G_N_ELEMENTS(hosts); i++) {
            Result result = { .loop = NULL };
            NjDial *dial = nj_dial_new_with(resolve, "pond.example", hosts[i], hosts[i] ? port : 0,
                                            NJ_TLS_STARTTLS, &quick, on_dialled, &result);
            for (int turn = 0; turn < turns; turn++)
                g_main_context_iteration(NULL, FALSE);
            nj_dial_free(dial);
            send_withheld();
            assert_int_equal(result.calls, 0);
        }
    }

    close(server);
}

static void
on_real_answer(const NjAnswer *answer, void *data)
{
    assert_ptr_not_equal(data, NULL);
    *(int *) data = answer->result == NJ_RESOLVE_FOUND && answer->addresses->len ? 1 : 2;
}

/* A message of a name server with two services, another record between them and compressed names;
 * then all its prefixes, each with every byte changed. */
static void
test_dns_message_is_read_safely(void **state)
{
    (void) state;
    static const guint8 whole[] = "\0\1\201\200\0\1\0\3\0\0\0\0"
                                  "\4pond\0\0\041\0\1"
                                  "\300\014\0\041\0\1\0\0\0\074\0\12"
                                  "\0\5\0\1\024\146"
                                  "\1x\300\014"
                                  "\300\014\0\1\0\1\0\0\0\074\0\4"
                                  "\177\0\0\1"
                                  "\300\014\0\041\0\1\0\0\0\074\0\7"
                                  "\0\12\0\0\0\0"
                                  "\0";

    NjAnswer answer;
    nj_answer_init(&answer);
    nj_answer_read(&answer, whole, sizeof whole - 1);
    assert_int_equal(answer.services->len, 2);

    const NjService *first = answer.services->pdata[0], *second = answer.services->pdata[1];
    assert_int_equal(first->priority, 5);
    assert_int_equal(first->weight, 1);
    assert_int_equal(first->port, 5222);
    assert_string_equal(first->host, "x.pond");
    assert_int_equal(second->priority, 10);
    assert_string_equal(second->host, "");

    for (gsize length = 0; length < sizeof whole - 1; length++) {
        g_autofree guint8 *part = g_memdup2(whole, MAX(length, 1));
        nj_answer_read(&answer, part, length);
        for (gsize i = 0; i < length; i++) {
            part[i] ^= 0xff;
            nj_answer_read(&answer, part, length);
            part[i] ^= 0xff;
        }
    }

    nj_answer_clear(&answer);
}

/* Looks up with the C library what needs no network: a name of the hosts file, and names that are
 * not valid. */
static void
test_system_resolver_answers(void **state)
{
    (void) state;
    static const struct {
        const char *name;
        bool services;
        int wanted;
    } rows[] = {
        { "localhost", false, 1 },
        { "a name with spaces", false, 2 },
        { "..", true, 2 },
    };

    struct addrinfo *found = NULL;

    /* a machine may have no hosts file */
    bool known = getaddrinfo("localhost", NULL, NULL, &found) == 0;
    if (known)
        freeaddrinfo(found);

    for (guint i = known ? 0 : 1; i < G_N_ELEMENTS(rows); i++) {
        int got = 0;
        nj_resolve(rows[i].name, rows[i].services, on_real_answer, &got);
        assert_int_equal(got, 0);
        while (!got)
            g_main_context_iteration(NULL, TRUE);
        assert_int_equal(got, rows[i].wanted);
    }
}

static int
set_up(void **state)
{
    (void) state;
    resolver.withheld = g_ptr_array_new();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip_address_is_not_looked_up),
        cmocka_unit_test(test_services_are_merged_by_priority),
        cmocka_unit_test(test_equal_priority_selects_by_weight),
        cmocka_unit_test(test_failed_target_leads_to_next),
        cmocka_unit_test(test_no_srv_records_use_domain),
        cmocka_unit_test(test_failures_have_sentences),
        cmocka_unit_test(test_no_tls_needs_loopback),
        cmocka_unit_test(test_silent_ipv6_delays_by_stagger_only),
        cmocka_unit_test(test_silent_target_delays_by_patience_only),
        cmocka_unit_test(test_freed_dial_makes_no_calls),
        cmocka_unit_test(test_dns_message_is_read_safely),
        cmocka_unit_test(test_system_resolver_answers),
    };
    return cmocka_run_group_tests_name("xmpp/dial", tests, set_up, NULL);
}
