/* From a fresh stream to a bound resource, one step after the other (RFC 6120, 5 to 7).  What is
 * offered before TLS is only believed as far as <starttls/>: mechanisms count once they came over
 * the encrypted stream.  Whatever comes out of turn ends the login. */
#include "xmpp/login.h"

#include <string.h>

#include "model/jid.h"
#include "xmpp/connection.h"
#include "xmpp/sasl.h"

#define NS_TLS "urn:ietf:params:xml:ns:xmpp-tls"
#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_SASL_CB "urn:xmpp:sasl-cb:0"
#define NS_BIND "urn:ietf:params:xml:ns:xmpp-bind"
#define NS_SESSION "urn:ietf:params:xml:ns:xmpp-session"

#define MAX_OFFERS 64 /* mechanisms or bindings that are looked at */

typedef enum {
    WAIT_FEATURES, /* of the stream as it is: plain, encrypted */
    WAIT_PROCEED,
    WAIT_TLS,
    WAIT_PASSWORD,
    WAIT_SASL,  /* the server's turn */
    WAIT_PROOF, /* ours: rounds are being counted */
    WAIT_BOUND_FEATURES,
    WAIT_RESUMED,
    WAIT_BIND,
    WAIT_SESSION,
    WAIT_NOTHING, /* done or failed */
} Wait;

struct NjLogin {
    NjStream *stream;
    const NjAccountSettings *settings;
    char *address, *user, *domain;
    bool loopback;
    const NjLoginHooks *hooks;
    void *owner;
    Wait wait;
    NjSasl *sasl;
    NjXml *features; /* the last ones */
    char *id;        /* of the request under way */
    char *jid;
    const char *mechanism; /* the table's name of it */
    int rank;
};

/* RFC 6120, 6.5.  One that is not here is the account's affair: to try again unasked may be what
 * locks it. */
static const struct {
    const char *condition;
    NjConnectionError code;
    const char *sentence;
} failures[] = {
    { "aborted", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server broke off the login; use /connect to try again at once.") },
    { "account-disabled", NJ_CONNECTION_ERROR_ACCOUNT,
      N_("The server has disabled this account; ask its administrator.") },
    { "credentials-expired", NJ_CONNECTION_ERROR_ACCOUNT,
      N_("The password of this account has expired; set a new one where you got the account.") },
    { "encryption-required", NJ_CONNECTION_ERROR_NO_TLS,
      N_("The server lets nobody in without encryption; set tls of the account to starttls.") },
    { "incorrect-encoding", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent to log in; please report this as a "
         "fault.") },
    { "invalid-authzid", NJ_CONNECTION_ERROR_ACCOUNT,
      N_("The server does not let this account in under this address; check the address of the "
         "account.") },
    { "invalid-mechanism", NJ_CONNECTION_ERROR_MECHANISM,
      N_("The server does not know the way of logging in that it offered; ask its "
         "administrator.") },
    { "malformed-request", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent to log in; please report this as a "
         "fault.") },
    { "mechanism-too-weak", NJ_CONNECTION_ERROR_MECHANISM,
      N_("The server wants a stronger way of logging in for this account; ask its "
         "administrator.") },
    { "not-authorized", NJ_CONNECTION_ERROR_PASSWORD,
      N_("The password is wrong, or the server does not know this account; check both, then use "
         "/connect.") },
    { "temporary-auth-failure", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server can not check passwords now; use /connect to try again later.") },
};

/* The last thing that is done with a login in any function that calls it: the owner may free it. */
static void
fail_with(NjLogin *login, const GError *why)
{
    login->wait = WAIT_NOTHING;
    login->hooks->on_failed(login, why, login->owner);
}

static void
fail(NjLogin *login, NjConnectionError code, const char *sentence)
{
    g_autoptr(GError) why = g_error_new_literal(NJ_CONNECTION_ERROR, (int) code, sentence);
    fail_with(login, why);
}

static void
fail_out_of_turn(NjLogin *login)
{
    g_info("login: a step out of turn");
    fail(login, NJ_CONNECTION_ERROR_PROTOCOL,
         _("The server did not keep to the steps of a login, so it was broken off; use /connect to "
           "try again, and tell its administrator if it happens again."));
}

static bool
is_secure(const NjLogin *login)
{
    const NjTransport *transport = nj_stream_transport(login->stream);
    return transport->class->secure(transport);
}

/* The address is told to an encrypted stream only (RFC 6120, 4.7.1). */
static void
start_stream(NjLogin *login, Wait wait)
{
    login->wait = wait;
    nj_stream_start(login->stream, login->domain, is_secure(login) ? login->address : NULL);
}

NjLogin *
nj_login_new(NjStream *stream, const NjAccountSettings *settings, const char *address,
             bool loopback, const NjLoginHooks *hooks, void *owner)
{
    NjLogin *login = g_new0(NjLogin, 1);
    login->stream = stream;
    login->settings = settings;
    login->address = g_strdup(address);
    login->user = nj_jid_local(address);
    login->domain = nj_jid_domain(address);
    login->loopback = loopback;
    login->hooks = hooks;
    login->owner = owner;

    return login;
}

void
nj_login_free(NjLogin *login)
{
    if (!login)
        return;

    nj_sasl_free(login->sasl);
    nj_xml_free(login->features);
    g_free(login->address);
    g_free(login->user);
    g_free(login->domain);
    g_free(login->id);
    g_free(login->jid);
    g_free(login);
}

void
nj_login_start(NjLogin *login)
{
    start_stream(login, WAIT_FEATURES);
    login->hooks->on_step(login, NJ_LOGIN_SECURING, login->owner);
}

/* --- TLS --- */

static void
ask_for_tls(NjLogin *login)
{
    if (!nj_xml_child(login->features, "starttls", NS_TLS)) {
        fail(login, NJ_CONNECTION_ERROR_NO_TLS,
             _("The server offers no encryption, so nothing was sent to it; check the host and "
               "port of the account, or ask its administrator."));
        return;
    }
    login->wait = WAIT_PROCEED;
    nj_stream_send(login->stream, nj_xml_new("starttls", NS_TLS));
}

static void
on_tls_answer(NjLogin *login, const NjXml *answer)
{
    if (nj_xml_is(answer, "proceed", NS_TLS)) {
        login->wait = WAIT_TLS;
        nj_stream_start_tls(login->stream);
    } else if (nj_xml_is(answer, "failure", NS_TLS)) {
        fail(login, NJ_CONNECTION_ERROR_NO_TLS,
             _("The server offers encryption but can not begin it now; use /connect to try again "
               "later, or tell its administrator."));
    } else {
        fail_out_of_turn(login);
    }
}

void
nj_login_secured(NjLogin *login)
{
    if (login->wait == WAIT_TLS)
        start_stream(login, WAIT_FEATURES);
}

/* --- SASL --- */

/* The texts (or the attribute) of a list's elements, NULL-ended. */
static char **
list_of(const NjXml *list, const char *name, const char *ns, const char *attribute)
{
    GPtrArray *found = g_ptr_array_new();
    for (NjXml *child = nj_xml_first(list); child && found->len < MAX_OFFERS;
         child = nj_xml_next(child)) {
        if (!nj_xml_is(child, name, ns))
            continue;
        char *text = attribute ? g_strdup(nj_xml_attr(child, attribute)) : nj_xml_text(child);
        if (text)
            g_ptr_array_add(found, g_strstrip(text));
    }

    g_ptr_array_add(found, NULL);
    return (char **) g_ptr_array_free(found, FALSE);
}

static void
send_sasl(NjLogin *login, NjXml *xml, GBytes *bytes)
{
    gsize length;
    const void *data = g_bytes_get_data(bytes, &length);
    g_autofree char *text =
        length ? g_base64_encode(data, length) : g_strdup(nj_xml_attr(xml, "mechanism") ? "=" : "");
    nj_xml_add_text(xml, text);
    login->wait = WAIT_SASL;
    nj_stream_send(login->stream, xml);
    explicit_bzero(text, strlen(text));
}

static void
send_auth(NjLogin *login)
{
    NjXml *auth = nj_xml_new("auth", NS_SASL);
    nj_xml_set(auth, "mechanism", login->mechanism);
    g_autoptr(GBytes) first = nj_sasl_first(login->sasl);
    send_sasl(login, auth, first);
}

static void
authenticate(NjLogin *login)
{
    g_autoptr(GError) error = NULL;
    const NjXml *list = nj_xml_child(login->features, "mechanisms", NS_SASL);
    const NjXml *announced = nj_xml_child(login->features, "sasl-channel-binding", NS_SASL_CB);

    if (!list) {
        fail_out_of_turn(login);
        return;
    }

    g_auto(GStrv) offered = list_of(list, "mechanism", NS_SASL, NULL);
    g_auto(GStrv) bindings =
        announced ? list_of(announced, "channel-binding", NS_SASL_CB, "type") : NULL;
    NjSaslSettings settings = {
        .user = login->user ? login->user : "",
        .transport = nj_stream_transport(login->stream),
        .loopback = login->loopback && login->settings->tls == NJ_TLS_NONE,
        .allow_plain = login->settings->allow_plain,
        .scram_seen = login->settings->scram_seen,
    };

    login->sasl = nj_sasl_new(&settings, (const char *const *) offered,
                              (const char *const *) bindings, &error);
    if (!login->sasl) {
        fail_with(login, error);
        return;
    }

    login->mechanism = nj_sasl_mechanism(login->sasl);
    login->rank = nj_sasl_rank(login->sasl);
    if (nj_sasl_needs_password(login->sasl))
        login->wait = WAIT_PASSWORD;
    else
        send_auth(login);

    bool ask = login->wait == WAIT_PASSWORD;
    login->hooks->on_step(login, NJ_LOGIN_AUTHENTICATING, login->owner);
    if (ask)
        login->hooks->on_password(login, login->owner);
}

void
nj_login_password(NjLogin *login, const char *password)
{
    g_autoptr(GError) error = NULL;
    if (login->wait != WAIT_PASSWORD)
        return;

    if (!password)
        fail(login, NJ_CONNECTION_ERROR_PASSWORD,
             _("No password was given; use /connect to be asked again."));
    else if (!nj_sasl_set_password(login->sasl, password, &error))
        fail_with(login, error);
    else
        send_auth(login);
}

static void
on_response(GBytes *response, const GError *error, void *data)
{
    NjLogin *login = data;
    if (error)
        fail_with(login, error);
    else
        send_sasl(login, nj_xml_new("response", NS_SASL), response);
}

static void
on_failure(NjLogin *login, const NjXml *failure)
{
    g_autofree char *words = nj_xml_child_text(failure, "text", NS_SASL);
    gsize row = 0;

    while (row < G_N_ELEMENTS(failures) && !nj_xml_child(failure, failures[row].condition, NS_SASL))
        row++;

    bool known = row < G_N_ELEMENTS(failures);
    g_autofree char *sentence = nj_xml_said(
        known ? _(failures[row].sentence)
              : _("The server refused the login without a known reason; ask its administrator."),
        words);
    fail(login, known ? failures[row].code : NJ_CONNECTION_ERROR_ACCOUNT, sentence);
}

/* Base64 as RFC 6120, 6.4 has it: "=" is an empty message.  NULL: it is not base64. */
static guint8 *
decode(const NjXml *xml, gsize *length)
{
    g_autofree char *text = nj_xml_text(xml);
    *length = 0;
    if (!text || !*g_strstrip(text) || g_str_equal(text, "="))
        return (guint8 *) g_strdup("");
    return nj_sasl_decode(text, length);
}

static void
on_sasl_answer(NjLogin *login, const NjXml *answer)
{
    g_autoptr(GError) error = NULL;
    gsize length;

    if (nj_xml_is(answer, "failure", NS_SASL)) {
        on_failure(login, answer);
        return;
    }

    bool success = nj_xml_is(answer, "success", NS_SASL);
    g_autofree guint8 *data =
        success || nj_xml_is(answer, "challenge", NS_SASL) ? decode(answer, &length) : NULL;
    if (!data) {
        fail_out_of_turn(login);
    } else if (!success) {
        login->wait = WAIT_PROOF;
        nj_sasl_step(login->sasl, (const char *) data, length, on_response, login);
    } else if (!nj_sasl_finish(login->sasl, (const char *) data, length, &error)) {
        fail_with(login, error);
    } else {
        g_clear_pointer(&login->sasl, nj_sasl_free);
        start_stream(login, WAIT_BOUND_FEATURES);
    }
}

/* --- binding --- */

static void
finish(NjLogin *login)
{
    login->wait = WAIT_NOTHING;
    login->hooks->on_done(login, login->jid, login->features, login->owner);
}

static void
request(NjLogin *login, NjXml *iq, Wait wait)
{
    g_free(login->id);
    login->id = g_strdup(nj_xml_attr(iq, "id"));
    login->wait = wait;
    nj_stream_send(login->stream, iq);
}

static void
bind_resource(NjLogin *login)
{
    if (!nj_xml_child(login->features, "bind", NS_BIND)) {
        fail_out_of_turn(login);
        return;
    }

    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    NjXml *bind = nj_xml_add_new(iq, "bind", NS_BIND);
    if (login->settings->resource && *login->settings->resource)
        nj_xml_add_with_text(bind, "resource", NULL, login->settings->resource);

    request(login, iq, WAIT_BIND);
    login->hooks->on_step(login, NJ_LOGIN_BINDING, login->owner);
}

static void
resume_or_bind(NjLogin *login)
{
    NjXml *resume =
        login->hooks->resume ? login->hooks->resume(login, login->features, login->owner) : NULL;
    if (!resume) {
        bind_resource(login);
        return;
    }

    login->wait = WAIT_RESUMED;
    nj_stream_send(login->stream, resume);
    login->hooks->on_step(login, NJ_LOGIN_BINDING, login->owner);
}

/* XEP-0198, 5: a session that is gone is no reason to end the stream. */
static void
on_resume_answer(NjLogin *login, const NjXml *answer)
{
    if (nj_xml_is(answer, "resumed", NJ_NS_SM)) {
        login->wait = WAIT_NOTHING;
        login->hooks->on_resumed(login, answer, login->features, login->owner);
    } else if (nj_xml_is(answer, "failed", NJ_NS_SM)) {
        login->hooks->on_not_resumed(login, answer, login->owner);
        bind_resource(login);
    } else {
        g_info("login: something came before the answer was there, and was dropped");
    }
}

/* The server's answer, or an ordinary sender's that only looks like it? */
static bool
is_answer(const NjLogin *login, const NjXml *stanza)
{
    const char *from = nj_xml_attr(stanza, "from"), *type = nj_xml_attr(stanza, "type");
    if (!nj_xml_is(stanza, "iq", NJ_NS_CLIENT)
        || g_strcmp0(nj_xml_attr(stanza, "id"), login->id) != 0)
        return false;
    if (from && !g_str_equal(from, login->domain)
        && !(nj_jid_valid(from) && nj_jid_same_bare(from, login->address)))
        return false;
    return g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0;
}

static bool
same_domain(const char *a, const char *b)
{
    g_autofree char *one = nj_jid_ascii_domain(a, NULL);
    g_autofree char *two = nj_jid_ascii_domain(b, NULL);
    return one && two && g_ascii_strcasecmp(one, two) == 0;
}

/* The server's spelling counts, but it can only be one of us: a full address at our domain. */
static bool
is_acceptable(const NjLogin *login, const char *jid)
{
    if (!jid || !nj_jid_valid(jid) || !nj_jid_resource(jid))
        return false;
    g_autofree char *domain = nj_jid_domain(jid);
    return same_domain(domain, login->domain);
}

static void
on_bind_error(NjLogin *login, const NjXml *answer)
{
    g_autofree char *words = NULL;
    const char *condition = nj_xml_error(answer, &words);
    const char *sentence = _("The server gave this client no address of its own; use /connect to "
                             "try again, or ask its administrator.");

    if (g_str_equal(condition, "conflict"))
        sentence = _("Another client is connected under the resource of this account; give the "
                     "account another resource, or none.");
    else if (g_str_equal(condition, "resource-constraint"))
        sentence = _("Too many clients are connected to this account; close one of them, then use "
                     "/connect.");
    else if (g_str_equal(condition, "bad-request") || g_str_equal(condition, "jid-malformed"))
        sentence = _("The server does not accept the resource of this account; give the account "
                     "another resource, or none.");

    g_autofree char *all = nj_xml_said(sentence, words);
    fail(login, NJ_CONNECTION_ERROR_BIND, all);
}

static void
on_bound(NjLogin *login, const NjXml *answer)
{
    const NjXml *bind = nj_xml_child(answer, "bind", NS_BIND);
    if (g_str_equal(nj_xml_attr(answer, "type"), "error")) {
        on_bind_error(login, answer);
        return;
    }

    login->jid = bind ? nj_xml_child_text(bind, "jid", NS_BIND) : NULL;
    if (!is_acceptable(login, login->jid)) {
        fail(login, NJ_CONNECTION_ERROR_BIND,
             _("The server gave this client an address that can not be its own, so the connection "
               "was ended; tell the server's administrator."));
        return;
    }

    /* Servers from before RFC 6121 want one more step; those that only still offer it say so. */
    const NjXml *session = nj_xml_child(login->features, "session", NS_SESSION);
    if (!session || nj_xml_child(session, "optional", NS_SESSION)) {
        finish(login);
        return;
    }

    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    nj_xml_add_new(iq, "session", NS_SESSION);
    request(login, iq, WAIT_SESSION);
}

static void
on_session(NjLogin *login, const NjXml *answer)
{
    if (g_str_equal(nj_xml_attr(answer, "type"), "result")) {
        finish(login);
        return;
    }

    g_autofree char *words = NULL;
    nj_xml_error(answer, &words);

    g_autofree char *all = nj_xml_said(_("The server did not begin a session for this client; use "
                                         "/connect to try again, or ask its administrator."),
                                       words);
    fail(login, NJ_CONNECTION_ERROR_BIND, all);
}

/* --- what the stream brings --- */

static void
on_first_features(NjLogin *login)
{
    if (is_secure(login) || (login->settings->tls == NJ_TLS_NONE && login->loopback))
        authenticate(login);
    else if (login->settings->tls == NJ_TLS_STARTTLS)
        ask_for_tls(login);
    else
        fail(login, NJ_CONNECTION_ERROR_SETTINGS,
             _("Without encryption Natterjack only logs in to this computer itself; set tls of the "
               "account to starttls or direct."));
}

void
nj_login_features(NjLogin *login, NjXml *features)
{
    if (login->wait != WAIT_FEATURES && login->wait != WAIT_BOUND_FEATURES) {
        if (login->wait != WAIT_NOTHING)
            fail_out_of_turn(login);
        return;
    }

    nj_xml_free(login->features);
    login->features = nj_xml_ref(features);
    if (login->wait == WAIT_FEATURES)
        on_first_features(login);
    else
        resume_or_bind(login);
}

void
nj_login_stanza(NjLogin *login, NjXml *stanza)
{
    switch (login->wait) {
    case WAIT_PROCEED:
        on_tls_answer(login, stanza);
        break;
    case WAIT_SASL:
        on_sasl_answer(login, stanza);
        break;
    case WAIT_RESUMED:
        on_resume_answer(login, stanza);
        break;

    case WAIT_BIND:
    case WAIT_SESSION:
        if (!is_answer(login, stanza))
            g_info("login: something came before the answer was there, and was dropped");
        else if (login->wait == WAIT_BIND)
            on_bound(login, stanza);
        else
            on_session(login, stanza);
        break;

    case WAIT_NOTHING:
        break;
    default:
        fail_out_of_turn(login);
    }
}

int
nj_login_scram_rank(const NjLogin *login)
{
    return login->rank;
}

const char *
nj_login_mechanism(const NjLogin *login)
{
    return login->mechanism;
}
