/* xmpp/connection: connects to a real Prosody, and to servers of the test that are silent, send
 * wrong data or redirect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>

#include "certificates.h"
#include "hostile-server.h"
#include "prosody.h"
#include "scram-server.h"
#include "xmpp/connection.h"

static char *dir, *ca_file;
static Identity authority, pond;
static Prosody *prosody; /* NULL: not installed */

#define HEADER                                                   \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' " \
    "xmlns:stream='http://etherx.jabber.org/streams'"            \
    " id='s1' from='pond.example' version='1.0'>"
#define STARTTLS                  \
    "<stream:features><starttls " \
    "xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"
#define PROCEED "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define SEE_OTHER_HOST                                                                           \
    "<stream:error><see-other-host "                                                             \
    "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:%u</see-other-host></stream:error></" \
    "stream:stream>"

/* --- the owner of the connection --- */

typedef struct {
    NjAccountSettings settings;
    const NjConnectionDeadlines *deadlines;
    const char *trust_once;
    const char *password;           /* for on_password; NULL: none is entered */
    guint think_ms;                 /* delay of the password */
    const char *free_at, *close_at; /* "state:N", "password", "stanza" */
    NjConnection *connection;
    GMainLoop *loop;
    guint answer_source;
    GString *states; /* digits of NjConnectionState, in their order */
    int closed, asked, stanzas;
    GError *why;
    char *jid, *pin;
    char *response_type; /* type of the iq that arrived last */
    int rank;
    guint limit;
    gint64 late_us, tick_us;
} Owner;

/* Frees or closes the connection if the test wants that in this hook. Returns true if it was
 * freed. */
static bool
free_or_close(Owner *owner, const char *where)
{
    if (owner->free_at && strcmp(owner->free_at, where) == 0) {
        owner->connection->class->free(owner->connection);
        owner->connection = NULL;
        g_main_loop_quit(owner->loop);
        return true;
    }

    if (owner->close_at && strcmp(owner->close_at, where) == 0)
        owner->connection->class->close(owner->connection);
    return false;
}

static void
on_state(NjConnection *connection, NjConnectionState state, const GError *why, void *data)
{
    Owner *owner = data;
    g_string_append_printf(owner->states, "%d", state);
    if (state == NJ_CONNECTION_ONLINE) {
        g_free(owner->jid);
        owner->jid = g_strdup(connection->class->jid(connection));
        owner->rank = connection->class->scram_rank(connection);
    }

    if (state == NJ_CONNECTION_CLOSED) {
        owner->closed++;
        owner->why = why ? g_error_copy(why) : NULL;
        const NjCertificate *certificate = connection->class->certificate(connection);
        g_free(owner->pin);
        owner->pin = certificate ? g_strdup(certificate->pin) : NULL;
    }

    g_autofree char *where = g_strdup_printf("state:%d", state);
    if (free_or_close(owner, where))
        return;

    if (state == NJ_CONNECTION_ONLINE || state == NJ_CONNECTION_CLOSED)
        g_main_loop_quit(owner->loop);
}

static void
on_stanza(NjConnection *connection, NjXml *stanza, void *data)
{
    (void) connection;
    Owner *owner = data;
    owner->stanzas++;
    g_free(owner->response_type);
    owner->response_type = g_strdup(nj_xml_attr(stanza, "type"));
    if (!free_or_close(owner, "stanza"))
        g_main_loop_quit(owner->loop);
}

static gboolean
give_password(gpointer data)
{
    Owner *owner = data;
    owner->answer_source = 0;
    owner->connection->class->give_password(owner->connection, owner->password);
    return G_SOURCE_REMOVE;
}

static void
on_password(NjConnection *connection, void *data)
{
    (void) connection;
    Owner *owner = data;
    owner->asked++;
    if (!free_or_close(owner, "password"))
        owner->answer_source = g_timeout_add(owner->think_ms, give_password, owner);
}

static const NjConnectionHooks hooks = { .on_state = on_state,
                                         .on_stanza = on_stanza,
                                         .on_password = on_password };

static gboolean
on_tick(gpointer data)
{
    Owner *owner = data;
    gint64 now = g_get_monotonic_time();
    owner->late_us = MAX(owner->late_us, now - owner->tick_us - 5000);
    owner->tick_us = now;
    return G_SOURCE_CONTINUE;
}

static gboolean
on_limit(gpointer data)
{
    (void) data;
    fail_msg("timed out");
    return G_SOURCE_REMOVE;
}

static void
run_loop(Owner *owner)
{
    owner->tick_us = g_get_monotonic_time();
    guint tick = g_timeout_add(5, on_tick, owner), limit = g_timeout_add(15000, on_limit, NULL);
    g_main_loop_run(owner->loop);
    g_source_remove(tick);
    g_source_remove(limit);
}

static Owner
owner_new(guint16 port)
{
    return (Owner){
        .settings = { .name = (char *) "home",
                      .address = (char *) "toad@pond.example",
                      .host = (char *) "127.0.0.1",
                      .ca_file = ca_file,
                      .resource = (char *) "desk",
                      .port = port },
        .password = "secret",
        .loop = g_main_loop_new(NULL, FALSE),
        .states = g_string_new(NULL),
    };
}

/* Opens the connection and runs the main loop until it is online or closed. */
static void
connect_now(Owner *owner)
{
    owner->connection =
        nj_connection_new(&owner->settings, "toad@pond.example", owner->trust_once, &hooks, owner);
    if (owner->deadlines)
        nj_connection_set_deadlines(owner->connection, owner->deadlines);
    owner->connection->class->open(owner->connection);
    assert_int_equal(owner->states->len, 0);
    run_loop(owner);
}

static void
free_owner(Owner *owner)
{
    g_clear_handle_id(&owner->answer_source, g_source_remove);
    if (owner->connection)
        owner->connection->class->free(owner->connection);
    while (g_main_context_iteration(NULL, FALSE))
        continue;

    g_main_loop_unref(owner->loop);
    g_string_free(owner->states, TRUE);
    g_clear_error(&owner->why);
    g_free(owner->jid);
    g_free(owner->pin);
    g_free(owner->response_type);
}

static void
assert_failed(Owner *owner, int code, const char *words)
{
    assert_int_equal(owner->closed, 1);
    assert_non_null(owner->why);
    if (owner->why->code != code || owner->why->domain != NJ_CONNECTION_ERROR
        || !strstr(owner->why->message, words))
        fail_msg("%d: “%s” is not %d: “%s”", owner->why->code, owner->why->message, code, words);
}

static void
assert_online(Owner *owner)
{
    if (owner->why)
        fail_msg("%s", owner->why->message);
    assert_non_null(owner->jid);
    assert_true(g_str_has_prefix(owner->jid, "toad@pond.example/"));
}

/* An online connection must not wake the program without a byte from the server. */
static void
assert_no_timer(void)
{
    GMainContext *loop = g_main_context_default();
    GPollFD fds[16];
    int priority, timeout;

    while (g_main_context_iteration(loop, FALSE))
        continue;
    assert_true(g_main_context_acquire(loop));
    g_main_context_prepare(loop, &priority);
    g_main_context_query(loop, G_MAXINT, &timeout, fds, G_N_ELEMENTS(fds));
    g_main_context_release(loop);
    assert_int_equal(timeout, -1);
}

/* --- Prosody --- */

static void
test_login_ping_and_close(void **state)
{
    (void) state;
    if (!prosody)
        skip();
    for (int direct = 0; direct < 2; direct++) {
        Owner owner = owner_new(direct ? prosody->direct_port : prosody->port);
        owner.settings.tls = direct ? NJ_TLS_DIRECT : NJ_TLS_STARTTLS;
        connect_now(&owner);
        assert_online(&owner);
        assert_string_equal(owner.states->str, "2345");
        assert_int_equal(owner.asked, 1);
        assert_true(owner.rank > 0);
        assert_non_null(owner.connection->class->features(owner.connection));
        const NjCertificate *certificate = owner.connection->class->certificate(owner.connection);
        assert_null(certificate->problem);
        assert_string_equal(certificate->names[0], "pond.example");

        NjXml *ping = nj_xml_iq("get", "pond.example", NULL);
        nj_xml_add_new(ping, "ping", "urn:xmpp:ping");
        owner.connection->class->send(owner.connection, ping);
        run_loop(&owner);
        assert_string_equal(owner.response_type, "result");
        assert_no_timer();
        assert_true(g_get_monotonic_time() - owner.connection->class->last_byte_us(owner.connection)
                    < 1000000);

        owner.connection->class->close(owner.connection);
        assert_int_equal(owner.closed, 0);
        run_loop(&owner);
        assert_int_equal(owner.closed, 1);
        assert_null(owner.why);
        free_owner(&owner);
    }
}

static void
test_wrong_password_is_sent_once(void **state)
{
    (void) state;
    if (!prosody)
        skip();

    int failures = prosody_logged(prosody, ": <failure ");
    int auths = prosody_logged(prosody, "<auth ");
    Owner owner = owner_new(prosody->port);
    owner.password = "wrong";
    connect_now(&owner);
    assert_failed(&owner, NJ_CONNECTION_ERROR_PASSWORD, "");
    assert_false(nj_connection_should_retry(owner.why->code));
    assert_int_equal(owner.asked, 1);
    assert_int_equal(prosody_logged(prosody, "<auth ") - auths, 1);

    assert_int_equal(prosody_logged(prosody, ": <failure ") - failures, 1);
    free_owner(&owner);

    owner = owner_new(prosody->port);
    owner.password = NULL;
    connect_now(&owner);
    assert_failed(&owner, NJ_CONNECTION_ERROR_PASSWORD, "");
    assert_int_equal(prosody_logged(prosody, "<auth ") - auths, 1);
    free_owner(&owner);
}

static void
test_unknown_certificate_needs_pin(void **state)
{
    (void) state;
    if (!prosody)
        skip();

    Owner owner = owner_new(prosody->port);
    owner.settings.ca_file = NULL;
    connect_now(&owner);
    assert_failed(&owner, NJ_CONNECTION_ERROR_CERTIFICATE, "does not know");
    assert_int_equal(owner.asked, 0);
    assert_non_null(owner.pin);

    g_autofree char *pin = g_strdup(owner.pin);
    free_owner(&owner);

    for (int once = 0; once < 2; once++) {
        owner = owner_new(prosody->port);
        owner.settings.ca_file = NULL;
        owner.settings.pin = once ? NULL : pin;
        owner.trust_once = once ? pin : NULL;
        connect_now(&owner);
        assert_online(&owner);
        assert_int_equal(owner.connection->class->certificate(owner.connection)->trusted_once,
                         once);
        free_owner(&owner);
    }

    owner = owner_new(prosody->direct_port);
    owner.settings.tls = NJ_TLS_DIRECT;
    pin[10] = pin[10] == 'a' ? 'b' : 'a';
    owner.settings.pin = pin;
    connect_now(&owner);
    assert_failed(&owner, NJ_CONNECTION_ERROR_CERTIFICATE, "not the pinned one");
    assert_int_equal(owner.asked, 0);
    free_owner(&owner);
}

/* Entering the password takes longer than the deadline of the login. */
static void
test_login_deadline_stops_while_user_types(void **state)
{
    (void) state;
    if (!prosody)
        skip();

    const NjConnectionDeadlines quick = {
        .tcp = 5000, .dial = 5000, .handshake = 5000, .login = 1500, .close = 300
    };
    Owner owner = owner_new(prosody->port);
    owner.deadlines = &quick;
    owner.think_ms = 1800;
    connect_now(&owner);
    assert_online(&owner);
    free_owner(&owner);
}

static void
test_redirect_is_followed_over_tls_only(void **state)
{
    (void) state;
    static const Step round[] = {
        { "<stream:stream", HEADER STARTTLS },
        { "<starttls", PROCEED, SECURE },
        { "<stream:stream", HEADER SEE_OTHER_HOST },
        { NULL },
    };
    HostileServer *hostile = hostile_server_new(&pond, round);
    Owner owner = owner_new(hostile->port);

    connect_now(&owner);
    assert_failed(&owner, NJ_CONNECTION_ERROR_REDIRECTED, "");
    assert_int_equal(hostile->connections, 3); /* the first connection and two redirections */
    free_owner(&owner);
    hostile_server_free(hostile);

    static const Step bare[] = { { "<stream:stream", HEADER SEE_OTHER_HOST }, { NULL } };
    hostile = hostile_server_new(&pond, bare);
    owner = owner_new(hostile->port);
    connect_now(&owner);
    assert_failed(&owner, NJ_CONNECTION_ERROR_REDIRECTED, "");
    assert_int_equal(hostile->connections,
                     1); /* not followed, because the stream was not encrypted */
    free_owner(&owner);
    hostile_server_free(hostile);

    if (!prosody)
        return;

    g_autofree char *away = g_strdup_printf(HEADER SEE_OTHER_HOST, prosody->port);
    const Step there[] = { round[0], round[1], { "<stream:stream", away }, { NULL } };
    hostile = hostile_server_new(&pond, there);
    owner = owner_new(hostile->port);
    connect_now(&owner);
    assert_online(&owner);
    assert_string_equal(owner.states->str, "212345");
    free_owner(&owner);
    hostile_server_free(hostile);
}

/* --- SCRAM with channel binding, and a server that checks it --- */

#define BIND_FEATURES \
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"

static char *
respond_to_bind(Peer *peer)
{
    const char *id = strstr(peer->received->str, "id=") + 4;
    g_autofree char *name = g_strndup(id, strcspn(id, "'\""));
    return g_strdup_printf(
        "<iq type='result' id='%s'><bind "
        "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>toad@pond.example/desk</jid></bind></iq>",
        name);
}

static void
test_wrong_channel_binding_fails(void **state)
{
    (void) state;
    for (int is_forged = 0; is_forged < 2; is_forged++) {
        const Step steps[] = {
            { "<stream:stream", HEADER STARTTLS, GO_ON, NULL },
            { "<starttls", PROCEED, SECURE, NULL },
            { "<stream:stream", HEADER SCRAM_FEATURES, GO_ON, NULL },
            { "</auth>", NULL, GO_ON, scram_challenge },
            { "</response>", NULL, GO_ON, is_forged ? scram_lie : scram_success },
            { "<stream:stream", HEADER BIND_FEATURES, GO_ON, NULL },
            { "</iq>", NULL, GO_ON, respond_to_bind },
            { NULL, NULL, GO_ON, NULL },
        };
        HostileServer *hostile = hostile_server_new(&pond, steps);
        Owner owner = owner_new(hostile->port);
        connect_now(&owner);
        if (is_forged)
            assert_failed(&owner, NJ_CONNECTION_ERROR_PROOF, "");
        else
            assert_online(&owner);
        free_owner(&owner);
        hostile_server_free(hostile);
    }
}

/* --- silent and bad servers --- */

static const NjConnectionDeadlines quick = {
    .dns = 300, .stagger = 50, .tcp = 300, .dial = 600, .handshake = 300, .login = 500, .close = 200
};

static void
test_silent_server_times_out(void **state)
{
    (void) state;
    static const Step mute[] = { { NULL } };
    static const Step header[] = { { "<stream:stream", HEADER }, { NULL } };
    static const Step handshake[] = { { "<stream:stream", HEADER STARTTLS },
                                      { "<starttls", PROCEED },
                                      { NULL } };
    static const Step secured[] = { { "<stream:stream", HEADER STARTTLS },
                                    { "<starttls", PROCEED, SECURE },
                                    { NULL } };

    static const Step features[] = {
        { "<stream:stream", HEADER STARTTLS },
        { "<starttls", PROCEED, SECURE },
        { "<stream:stream",
          HEADER "<stream:features><mechanisms "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism>"
                 "</mechanisms></stream:features>" },
        { NULL },
    };

    static const struct {
        const Step *steps;
        int tls;
        const char *words;
    } rows[] = {
        { mute, NJ_TLS_STARTTLS, "does not finish the login" },
        { mute, NJ_TLS_DIRECT, "stopped responding" },
        { header, NJ_TLS_STARTTLS, "does not finish the login" },
        { handshake, NJ_TLS_STARTTLS, "stopped responding" },
        { secured, NJ_TLS_STARTTLS, "does not finish the login" },
        { features, NJ_TLS_STARTTLS, "does not finish the login" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        HostileServer *hostile = hostile_server_new(&pond, rows[i].steps);
        Owner owner = owner_new(hostile->port);
        owner.settings.tls = rows[i].tls;
        owner.deadlines = &quick;
        connect_now(&owner);
        assert_failed(&owner, NJ_CONNECTION_ERROR_TIMEOUT, rows[i].words);
        assert_true(nj_connection_should_retry(owner.why->code));
        /* a blocking call would have taken 300 ms; a busy machine takes less */
        assert_in_range(owner.late_us, 0, 150000);
        print_message("silence %u: the loop was %.1f ms late at most\n", i, owner.late_us / 1000.0);
        free_owner(&owner);
        hostile_server_free(hostile);
    }
}

static void
test_bad_server_has_error_code(void **state)
{
    (void) state;
    static const Step no_tls[] = {
        { "<stream:stream",
          HEADER "<stream:features><mechanisms "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
                 "</mechanisms></stream:features>" },
        { NULL },
    };
    static const Step web[] = { { "", "HTTP/1.1 400 Bad Request\r\n\r\n", CUT }, { NULL } };

    static const Step cut[] = { { "<stream:stream", HEADER STARTTLS, CUT }, { NULL } };
    static const Step unknown[] = {
        { "<stream:stream",
          HEADER "<stream:error><host-unknown "
                 "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
          CUT },
        { NULL },
    };

    static const struct {
        const Step *steps;
        int code;
        bool retry;
    } rows[] = {
        { no_tls, NJ_CONNECTION_ERROR_NO_TLS, false },
        { web, NJ_CONNECTION_ERROR_PROTOCOL, true },
        { cut, NJ_CONNECTION_ERROR_LOST, true },
        { unknown, NJ_CONNECTION_ERROR_HOST_UNKNOWN, false },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        HostileServer *hostile = hostile_server_new(&pond, rows[i].steps);
        Owner owner = owner_new(hostile->port);
        owner.deadlines = &quick;
        connect_now(&owner);
        assert_failed(&owner, rows[i].code, "");
        assert_int_equal(nj_connection_should_retry(owner.why->code), rows[i].retry);
        assert_int_equal(owner.asked, 0);
        free_owner(&owner);
        hostile_server_free(hostile);
    }
}

static void
test_free_and_close_in_every_hook(void **state)
{
    (void) state;
    static const char *const moments[] = { "state:2", "state:3", "password", "state:4", "state:5" };
    if (!prosody)
        skip();
    for (guint i = 0; i < G_N_ELEMENTS(moments); i++) {
        Owner owner = owner_new(prosody->port);
        owner.free_at = moments[i];
        connect_now(&owner);
        assert_null(owner.connection);
        assert_int_equal(owner.closed, 0);
        free_owner(&owner);

        owner = owner_new(prosody->port);
        owner.close_at = moments[i];
        connect_now(&owner);
        if (!owner.closed)
            run_loop(&owner);
        assert_int_equal(owner.closed, 1);
        assert_null(owner.why);
        free_owner(&owner);
    }
    Owner owner = owner_new(prosody->port);
    owner.free_at = "stanza";
    connect_now(&owner);

    NjXml *ping = nj_xml_iq("get", "pond.example", NULL);
    nj_xml_add_new(ping, "ping", "urn:xmpp:ping");
    owner.connection->class->send(owner.connection, ping);
    run_loop(&owner);
    assert_null(owner.connection);
    free_owner(&owner);

    owner = owner_new(prosody->port);
    owner.settings.ca_file = NULL;
    owner.free_at = "state:0";
    connect_now(&owner);
    assert_null(owner.connection);
    free_owner(&owner);

    for (int turns = 0; turns < 12; turns++) {
        owner = owner_new(prosody->port);
        owner.connection =
            nj_connection_new(&owner.settings, "toad@pond.example", NULL, &hooks, &owner);
        owner.connection->class->open(owner.connection);
        for (int turn = 0; turn < turns; turn++)
            g_main_context_iteration(NULL, TRUE);
        free_owner(&owner);
    }

    owner = owner_new(prosody->port);
    owner.connection =
        nj_connection_new(&owner.settings, "toad@pond.example", NULL, &hooks, &owner);
    owner.connection->class->open(owner.connection);
    owner.connection->class->close(owner.connection); /* before the dial has started */
    run_loop(&owner);
    assert_int_equal(owner.closed, 1);
    assert_null(owner.why);
    free_owner(&owner);
}

static int
set_up(void **state)
{
    (void) state;
    signal(SIGPIPE, SIG_IGN);
    g_unsetenv("SSL_CERT_DIR");
    dir = g_dir_make_tmp("nj-connection-XXXXXX", NULL);
    ca_file = g_build_filename(dir, "ca.pem", NULL);
    authority = make_identity("Test Authority", NULL, 0, 30, NULL, 1, EVP_sha256());
    pond = make_identity("a", "DNS:pond.example", 0, 30, &authority, 0, EVP_sha256());
    save_identity(&authority, dir, "ca");
    save_identity(&pond, dir, "server");

    prosody = prosody_start(dir);
    return 0;
}

static int
tear_down(void **state)
{
    (void) state;
    if (prosody)
        prosody_stop(prosody);
    else
        prosody_remove(dir);

    free_identity(&authority);
    free_identity(&pond);
    g_free(ca_file);
    g_free(dir);

    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login_ping_and_close),
        cmocka_unit_test(test_wrong_password_is_sent_once),
        cmocka_unit_test(test_unknown_certificate_needs_pin),
        cmocka_unit_test(test_login_deadline_stops_while_user_types),
        cmocka_unit_test(test_redirect_is_followed_over_tls_only),
        cmocka_unit_test(test_wrong_channel_binding_fails),
        cmocka_unit_test(test_silent_server_times_out),
        cmocka_unit_test(test_bad_server_has_error_code),
        cmocka_unit_test(test_free_and_close_in_every_hook),
    };
    return cmocka_run_group_tests_name("xmpp/connection", tests, set_up, tear_down);
}
