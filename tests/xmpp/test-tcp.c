/* xmpp/tcp: the transport over a socket pair whose other end is the test's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "certificates.h"
#include "xmpp/tcp.h"

static const NjConnectionDeadlines quick = { .handshake = 800, .close = 200 };

typedef struct {
    NjTransport *transport;
    NjTlsSettings settings;
    int fd; /* the other end */
    SSL_CTX *context;
    SSL *server;
    GString *got;
    gsize appetite; /* bytes taken at a time; 0: all */
    int opened, secured, closed, calls;
    GError *why;
    const char *free_in; /* the hook that frees */
} Talk;

static void
maybe_free(Talk *talk, const char *hook)
{
    if (talk->free_in && g_str_equal(talk->free_in, hook)) {
        talk->transport->class->free(talk->transport);
        talk->transport = NULL;
    }
}

static void
on_open(NjTransport *transport, void *owner)
{
    (void) transport;
    Talk *talk = owner;
    talk->opened++;
    maybe_free(talk, "open");
}

static void
on_secured(NjTransport *transport, void *owner)
{
    (void) transport;
    Talk *talk = owner;
    talk->secured++;
    maybe_free(talk, "secured");
}

static gsize
on_bytes(NjTransport *transport, const char *bytes, gsize length, gint64 until_us, void *owner)
{
    Talk *talk = owner;
    assert_true(until_us <= g_get_monotonic_time() + 1100);
    talk->calls++;

    gsize take = talk->appetite ? MIN(talk->appetite, length) : length;
    g_string_append_len(talk->got, bytes, take);
    if (take == 7 && !memcmp(bytes, "proceed", 7))
        transport->class->start_tls(transport);

    maybe_free(talk, "bytes");
    return take;
}

static void
on_closed(NjTransport *transport, const GError *why, void *owner)
{
    (void) transport;
    Talk *talk = owner;
    talk->closed++;
    talk->why = why ? g_error_copy(why) : NULL;
    maybe_free(talk, "closed");
}

static const NjTransportHooks hooks = { on_open, on_secured, on_bytes, on_closed };

static Identity authority, pond;

static Talk *
talk_new(bool direct)
{
    Talk *talk = g_new0(Talk, 1);
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    talk->settings.domain = "pond.example";
    talk->settings.direct = direct;
    talk->fd = fds[1];
    talk->got = g_string_new(NULL);
    talk->transport = nj_tcp_new(fds[0], direct, &talk->settings, &quick);
    talk->transport->hooks = &hooks;
    talk->transport->owner = talk;
    talk->context = SSL_CTX_new(TLS_server_method());

    SSL_CTX_use_certificate(talk->context, pond.certificate);
    SSL_CTX_use_PrivateKey(talk->context, pond.key);
    return talk;
}

static void
talk_free(Talk *talk)
{
    if (talk->transport)
        talk->transport->class->free(talk->transport);
    SSL_free(talk->server);
    SSL_CTX_free(talk->context);
    if (talk->fd >= 0)
        close(talk->fd);

    g_string_free(talk->got, TRUE);
    g_clear_error(&talk->why);
    g_free(talk);
    assert_false(g_main_context_pending(NULL));
}

/* Turns of the loop until nothing is ready, at most. */
static int
turn(int most)
{
    int count = 0;
    while (count < most && g_main_context_iteration(NULL, FALSE))
        count++;
    return count;
}

static void
wait_for(const int *flag, guint ms)
{
    gint64 end = g_get_monotonic_time() + ms * 1000;
    while (!*flag && g_get_monotonic_time() < end) {
        if (!turn(1))
            g_usleep(1000);
    }
    assert_true(*flag);
}

static void
serve_tls(Talk *talk)
{
    talk->server = SSL_new(talk->context);
    SSL_set_fd(talk->server, talk->fd);
    SSL_set_accept_state(talk->server);

    gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    while (SSL_do_handshake(talk->server) != 1 && !talk->closed && g_get_monotonic_time() < end) {
        if (!turn(10))
            g_usleep(1000);
    }

    turn(10);
}

static void
trust(Talk *talk)
{
    /* The pin of our own server, found as a person would: by looking at what was refused. */
    static char *pin;
    if (!pin) {
        Talk *first = talk_new(true);
        turn(5);
        serve_tls(first);
        assert_int_equal(first->closed, 1);
        assert_true(
            g_error_matches(first->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_CERTIFICATE));
        assert_false(first->transport->class->secure(first->transport));
        pin = g_strdup(first->transport->class->certificate(first->transport)->pin);
        talk_free(first);
    }

    talk->settings.pin = pin;
}

static void
test_plain(void **state)
{
    (void) state;
    Talk *talk = talk_new(false);
    talk->transport->class->write(talk->transport, "early", 5);
    assert_int_equal(talk->opened, 0);
    assert_int_equal(write(talk->fd, "hello", 5), 5);
    turn(10);
    assert_int_equal(talk->opened, 1);
    assert_string_equal(talk->got->str, "hello");

    char bytes[16] = "";
    assert_int_equal(read(talk->fd, bytes, sizeof bytes), 5);
    assert_string_equal(bytes, "early");
    assert_false(talk->transport->class->secure(talk->transport));
    assert_null(talk->transport->class->certificate(talk->transport));
    assert_int_equal(turn(5), 0); /* nothing to do: not even a look */
    assert_int_equal(write(talk->fd, "last", 4), 4);
    close(talk->fd);
    talk->fd = -1;

    turn(10);
    assert_string_equal(talk->got->str, "hellolast"); /* the bytes before the end */
    assert_int_equal(talk->closed, 1);
    assert_true(g_error_matches(talk->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST));
    talk->transport->class->write(talk->transport, "late", 4);
    assert_int_equal(turn(5), 0);
    talk_free(talk);
}

static void
test_starttls(void **state)
{
    (void) state;
    Talk *talk = talk_new(false);
    trust(talk);
    assert_int_equal(write(talk->fd, "proceed", 7), 7);
    turn(3);
    serve_tls(talk);
    assert_int_equal(talk->secured, 1);
    assert_true(talk->transport->class->secure(talk->transport));

    GByteArray *value = g_byte_array_new();
    assert_true(talk->transport->class->binding(talk->transport, "tls-exporter", value));
    g_byte_array_unref(value);

    g_autofree char *page = g_strnfill(40000, 'x');
    gsize put;
    g_string_truncate(talk->got, 0);
    assert_int_equal(SSL_write_ex(talk->server, page, 40000, &put), 1);
    turn(20);
    assert_int_equal(talk->got->len, 40000);
    talk->transport->class->write(talk->transport, "bye", 3);
    talk->transport->class->close(talk->transport, true);
    turn(10);

    assert_int_equal(talk->closed, 1);
    assert_null(talk->why);

    char bytes[16] = "";
    while (SSL_read_ex(talk->server, bytes, sizeof bytes, &put) != 1)
        assert_int_equal(SSL_get_error(talk->server, 0), SSL_ERROR_WANT_READ);
    assert_string_equal(bytes, "bye");
    assert_int_equal(SSL_read(talk->server, bytes, sizeof bytes), 0); /* close_notify */
    talk_free(talk);
}

/* What stood behind <proceed/> was never inside TLS. */
static void
test_nothing_slips_into_tls(void **state)
{
    (void) state;
    Talk *talk = talk_new(false);
    trust(talk);
    talk->appetite = 7;
    assert_int_equal(write(talk->fd, "proceedinjected", 15), 15);
    turn(5);
    talk->appetite = 0;
    serve_tls(talk);
    assert_int_equal(talk->secured, 1);

    assert_int_equal(SSL_write(talk->server, "!", 1), 1);
    turn(5);
    assert_string_equal(talk->got->str, "proceed!");
    talk_free(talk);
}

/* An owner that is slow is offered the rest again, and the loop has its turns in between. */
static void
test_slow_owner_and_pause(void **state)
{
    (void) state;
    Talk *talk = talk_new(false);
    turn(2);
    talk->appetite = 10;

    g_autofree char *page = g_strnfill(100, 'x');
    assert_int_equal(write(talk->fd, page, 100), 100);
    assert_int_equal(turn(4), 4);
    assert_int_equal(talk->got->len, 40);
    talk->transport->class->pause(talk->transport, true);
    assert_in_range(turn(10), 0, 1);
    assert_int_equal(talk->got->len, 40);
    assert_int_equal(write(talk->fd, page, 100), 100);

    /* a hang-up must not spin the loop meanwhile */
    close(talk->fd);
    talk->fd = -1;
    assert_int_equal(turn(10), 0);
    talk->transport->class->pause(talk->transport, false);
    turn(100);
    assert_int_equal(talk->got->len, 200);
    assert_int_equal(talk->closed, 1);
    talk_free(talk);
}

/* A flood comes in slices. */
static void
test_flood(void **state)
{
    (void) state;
    Talk *talk = talk_new(false);
    turn(2);

    g_autofree char *page = g_strnfill(1 << 20, 'x');
    gssize put, total = 0;
    while ((put = write(talk->fd, page, 1 << 20)) > 0)
        total += put;

    assert_true(total > 100000);
    assert_int_equal(turn(1), 1);
    assert_in_range(talk->got->len, 1, 80 * 1024);
    turn(1000);
    assert_int_equal(talk->got->len, total);
    talk_free(talk);
}

static void
test_other_side_does_not_read(void **state)
{
    (void) state;
    Talk *talk = talk_new(false);
    turn(2);

    g_autofree char *page = g_strnfill(1 << 20, 'x');
    talk->transport->class->write(talk->transport, page, 1 << 20);
    assert_true(talk->transport->class->queued(talk->transport) > 0);

    /* it waits for the socket and does not spin */
    assert_in_range(turn(50), 0, 40);

    gsize seen = 0;
    g_autofree char *in = g_malloc(1 << 16);
    for (int i = 0; i < 1000 && seen < 1 << 20; i++) {
        gssize got = read(talk->fd, in, 1 << 16);
        seen += got > 0 ? got : 0;
        turn(10);
    }

    assert_int_equal(seen, 1 << 20);
    assert_int_equal(talk->transport->class->queued(talk->transport), 0);

    for (int i = 0; i < 10; i++)
        talk->transport->class->write(talk->transport, page, 1 << 20);
    assert_int_equal(talk->closed, 0); /* not from inside the call */
    turn(5);
    assert_int_equal(talk->closed, 1);
    assert_true(g_error_matches(talk->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_LOST));
    talk_free(talk);

    /* a polite end waits for its deadline only */
    talk = talk_new(false);
    turn(2);
    talk->transport->class->write(talk->transport, page, 1 << 20);
    talk->transport->class->close(talk->transport, true);
    turn(100);
    assert_int_equal(talk->closed, 0);
    wait_for(&talk->closed, 1000);
    assert_null(talk->why);

    talk_free(talk);
}

static void
test_silent_handshake(void **state)
{
    (void) state;
    Talk *talk = talk_new(true);
    gint64 begin = g_get_monotonic_time();
    wait_for(&talk->closed, 2000);
    assert_true(g_get_monotonic_time() - begin >= 790000);
    assert_true(g_error_matches(talk->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_TIMEOUT));
    assert_non_null(strstr(talk->why->message, "stopped responding"));
    talk_free(talk);

    talk = talk_new(true);
    talk->settings.ca_file = "/does/not/exist";
    turn(5);
    assert_int_equal(talk->closed, 1);
    assert_true(g_error_matches(talk->why, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_SETTINGS));
    talk_free(talk);
}

static void
test_free_in_hooks(void **state)
{
    (void) state;
    static const char *const names[] = { "open", "bytes", "secured", "closed" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        Talk *talk = talk_new(false);
        trust(talk);
        talk->free_in = names[i];
        assert_int_equal(write(talk->fd, "proceed", 7), 7);
        turn(3);
        if (i >= 2)
            serve_tls(talk);
        close(talk->fd);
        talk->fd = -1;
        turn(10);
        assert_null(talk->transport);
        talk_free(talk);
    }
}

static int
set_up(void **state)
{
    (void) state;
    signal(SIGPIPE, SIG_IGN);
    authority = make_identity("Test Authority", NULL, 0, 30, NULL, 1, EVP_sha256());
    pond = make_identity("a", "DNS:pond.example", 0, 30, &authority, 0, EVP_sha256());
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    free_identity(&authority);
    free_identity(&pond);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_starttls),
        cmocka_unit_test(test_nothing_slips_into_tls),
        cmocka_unit_test(test_slow_owner_and_pause),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_other_side_does_not_read),
        cmocka_unit_test(test_silent_handshake),
        cmocka_unit_test(test_free_in_hooks),
    };
    return cmocka_run_group_tests_name("xmpp/tcp", tests, set_up, tear_down);
}
