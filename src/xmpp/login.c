/* The steps of a login, one after the other (RFC 6120, 5 to 7). Before TLS only <starttls/> is read
 * from the features: SASL mechanisms are taken from the encrypted stream alone. An element that
 * does not belong to the current step fails the login. */
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

#define MAX_OFFERS 64 /* mechanisms or channel bindings that are read */

typedef enum {
    WAIT_FEATURES, /* the first ones, before TLS and again with TLS */
    WAIT_PROCEED,
    WAIT_TLS,
    WAIT_PASSWORD,
    WAIT_CHALLENGE,     /* the server's <challenge/>, <success/> or <failure/> */
    WAIT_RESPONSE,      /* the response of sasl.c, which a worker thread may be computing */
    WAIT_LAST_FEATURES, /* after authentication */
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
    NjXml *features;       /* the last ones of the stream */
    char *id;              /* of the iq whose response is awaited; NULL */
    char *jid;             /* the bound full address; NULL */
    const char *mechanism; /* static, of sasl.c; NULL */
    int scram_rank;
};

/* The conditions of SASL failures (RFC 6120, 6.5). An unknown condition counts as an error of the
 * account, which is not tried again automatically: a server may lock the account after some
 * attempts. */
static const struct {
    const char *condition;
    NjConnectionError code;
    const char *sentence;
} failures[] = {
    { "aborted", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server ended the login; use /connect to try again at once.") },
    { "account-disabled", NJ_CONNECTION_ERROR_ACCOUNT,
      N_("The server has disabled this account; ask its administrator.") },
    { "credentials-expired", NJ_CONNECTION_ERROR_ACCOUNT,
      N_("The password of this account has expired; set a new one where you got the account.") },
    { "encryption-required", NJ_CONNECTION_ERROR_NO_TLS,
      N_("The server requires encryption; use /account set NAME tls starttls.") },
    { "incorrect-encoding", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent to log in; please report this as a "
         "bug.") },
    { "invalid-authzid", NJ_CONNECTION_ERROR_ACCOUNT,
      N_("The server does not accept the address of this account; check it with /account list.") },
    { "invalid-mechanism", NJ_CONNECTION_ERROR_MECHANISM,
      N_("The server does not support the login mechanism that it offered; ask its "
         "administrator.") },
    { "malformed-request", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent to log in; please report this as a "
         "bug.") },
    { "mechanism-too-weak", NJ_CONNECTION_ERROR_MECHANISM,
      N_("The server requires a stronger login mechanism for this account; ask its "
         "administrator.") },
    { "not-authorized", NJ_CONNECTION_ERROR_PASSWORD,
      N_("The password is wrong, or the server does not know this account; check both, then use "
         "/connect.") },
    { "temporary-auth-failure", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server cannot check passwords at present; use /connect to try again later.") },
};

/* Ends the login with an error. The owner may free the login inside the hook, so callers must not
 * use it afterwards; also after fail_login(), fail_unexpected() and complete_login(). */
static void
fail_with_error(NjLogin *login, const GError *why)
{
    login->wait = WAIT_NOTHING;
    login->hooks->on_failed(login, why, login->owner);
}

static void
fail_login(NjLogin *login, NjConnectionError code, const char *sentence)
{
    g_autoptr(GError) why = g_error_new_literal(NJ_CONNECTION_ERROR, (int) code, sentence);
    fail_with_error(login, why);
}

static void
fail_unexpected(NjLogin *login)
{
    g_info("login: the server sent an element that does not belong to this step");
    fail_login(
        login, NJ_CONNECTION_ERROR_PROTOCOL,
        _("The server did not follow the steps of a login, so the connection was closed; use "
          "/connect to try again, and tell its administrator if it happens again."));
}

static bool
is_secure(const NjLogin *login)
{
    const NjTransport *transport = nj_stream_transport(login->stream);
    return transport->class->secure(transport);
}

/* Sends a stream header. It contains our address only when the stream is encrypted (RFC 6120,
 * 4.7.1). */
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
request_tls(NjLogin *login)
{
    if (!nj_xml_child(login->features, "starttls", NS_TLS)) {
        fail_login(login, NJ_CONNECTION_ERROR_NO_TLS,
                   _("The server offers no encryption, so no password was sent to it; ask its "
                     "administrator, or check host and port of the account with /account set NAME "
                     "host HOST."));
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
        fail_login(
            login, NJ_CONNECTION_ERROR_NO_TLS,
            _("The server offers encryption but cannot start it now; use /connect to try again "
              "later, or tell its administrator."));
    } else {
        fail_unexpected(login);
    }
}

void
nj_login_secured(NjLogin *login)
{
    if (login->wait == WAIT_TLS)
        start_stream(login, WAIT_FEATURES);
}

/* --- SASL --- */

/* Returns the texts of the children with this name, or if attribute is not NULL the values of their
 * attribute, NULL-terminated. Reads at most MAX_OFFERS. */
static char **
read_list(const NjXml *list, const char *name, const char *ns, const char *attribute)
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

    /* An empty message is "=" in <auth/>, and no text in <response/> (RFC 6120, 6.4). */
    const char *empty = nj_xml_attr(xml, "mechanism") ? "=" : "";
    g_autofree char *text = length ? g_base64_encode(data, length) : g_strdup(empty);
    nj_xml_add_text(xml, text);
    login->wait = WAIT_CHALLENGE;
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
        fail_unexpected(login);
        return;
    }

    g_auto(GStrv) offered = read_list(list, "mechanism", NS_SASL, NULL);
    g_auto(GStrv) bindings =
        announced ? read_list(announced, "channel-binding", NS_SASL_CB, "type") : NULL;
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
        fail_with_error(login, error);
        return;
    }

    login->mechanism = nj_sasl_mechanism(login->sasl);
    login->scram_rank = nj_sasl_rank(login->sasl);
    if (nj_sasl_needs_password(login->sasl))
        login->wait = WAIT_PASSWORD;
    else
        send_auth(login);

    bool needs_password = login->wait == WAIT_PASSWORD;
    login->hooks->on_step(login, NJ_LOGIN_AUTHENTICATING, login->owner);
    if (needs_password)
        login->hooks->on_password(login, login->owner);
}

void
nj_login_password(NjLogin *login, const char *password)
{
    g_autoptr(GError) error = NULL;
    if (login->wait != WAIT_PASSWORD)
        return;

    if (!password)
        fail_login(login, NJ_CONNECTION_ERROR_PASSWORD,
                   _("No password was entered; use /connect to be asked again."));
    else if (!nj_sasl_set_password(login->sasl, password, &error))
        fail_with_error(login, error);
    else
        send_auth(login);
}

static void
on_response(GBytes *response, const GError *error, void *data)
{
    NjLogin *login = data;
    if (error)
        fail_with_error(login, error);
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
    g_autofree char *sentence = nj_xml_append_server_text(
        known ? _(failures[row].sentence)
              : _("The server refused the login without a known reason; ask its administrator."),
        words);
    fail_login(login, known ? failures[row].code : NJ_CONNECTION_ERROR_ACCOUNT, sentence);
}

/* Decodes the base64 text of a SASL element, in which "=" is an empty message (RFC 6120, 6.4.2).
 * Returns NULL when it is not base64. */
static guint8 *
decode_sasl(const NjXml *xml, gsize *length)
{
    g_autofree char *text = nj_xml_text(xml);
    *length = 0;
    if (!text || !*g_strstrip(text) || strcmp(text, "=") == 0)
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
        success || nj_xml_is(answer, "challenge", NS_SASL) ? decode_sasl(answer, &length) : NULL;
    if (!data) {
        fail_unexpected(login);
    } else if (!success) {
        login->wait = WAIT_RESPONSE;
        nj_sasl_step(login->sasl, (const char *) data, length, on_response, login);
    } else if (!nj_sasl_finish(login->sasl, (const char *) data, length, &error)) {
        fail_with_error(login, error);
    } else {
        g_clear_pointer(&login->sasl, nj_sasl_free);
        start_stream(login, WAIT_LAST_FEATURES);
    }
}

/* --- binding --- */

static void
complete_login(NjLogin *login)
{
    login->wait = WAIT_NOTHING;
    login->hooks->on_bound(login, login->jid, login->features, login->owner);
}

static void
send_request(NjLogin *login, NjXml *iq, Wait wait)
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
        fail_unexpected(login);
        return;
    }

    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    NjXml *bind = nj_xml_add_new(iq, "bind", NS_BIND);
    if (login->settings->resource && *login->settings->resource)
        nj_xml_add_with_text(bind, "resource", NULL, login->settings->resource);

    send_request(login, iq, WAIT_BIND);
    login->hooks->on_step(login, NJ_LOGIN_BINDING, login->owner);
}

static void
resume_or_bind(NjLogin *login)
{
    NjXml *resume = login->hooks->build_resume
                        ? login->hooks->build_resume(login, login->features, login->owner)
                        : NULL;
    if (!resume) {
        bind_resource(login);
        return;
    }

    login->wait = WAIT_RESUMED;
    nj_stream_send(login->stream, resume);
    login->hooks->on_step(login, NJ_LOGIN_BINDING, login->owner);
}

/* Handles the answer to <resume/>. If the server no longer has the session, a resource is bound on
 * the same stream (XEP-0198, 5). */
static void
on_resume_answer(NjLogin *login, const NjXml *answer)
{
    if (nj_xml_is(answer, "resumed", NJ_NS_SM)) {
        login->wait = WAIT_NOTHING;
        login->hooks->on_resumed(login, answer, login->features, login->owner);
    } else if (nj_xml_is(answer, "failed", NJ_NS_SM)) {
        login->hooks->on_resume_failed(login, answer, login->owner);
        bind_resource(login);
    } else {
        g_info("login: dropped an element that is not the expected response");
    }
}

static bool
is_own_address(const NjLogin *login, const char *from)
{
    if (strcmp(from, login->domain) == 0)
        return true;
    return nj_jid_valid(from) && nj_jid_same_bare(from, login->address);
}

/* Returns true for the server's response to our request. It must come from our server or our own
 * account: a stanza of another sender with the same id is not the response. */
static bool
is_response(const NjLogin *login, const NjXml *stanza)
{
    const char *from = nj_xml_attr(stanza, "from"), *type = nj_xml_attr(stanza, "type");
    if (!nj_xml_is(stanza, "iq", NJ_NS_CLIENT)
        || g_strcmp0(nj_xml_attr(stanza, "id"), login->id) != 0)
        return false;
    if (from && !is_own_address(login, from))
        return false;
    return g_strcmp0(type, "result") == 0 || g_strcmp0(type, "error") == 0;
}

static bool
is_same_domain(const char *a, const char *b)
{
    g_autofree char *one = nj_jid_ascii_domain(a, NULL);
    g_autofree char *two = nj_jid_ascii_domain(b, NULL);
    return one && two && g_ascii_strcasecmp(one, two) == 0;
}

/* Returns true when the bound address can be ours. The server may spell it differently from our
 * settings, but it must be a full address at our domain. */
static bool
is_acceptable(const NjLogin *login, const char *jid)
{
    if (!jid || !nj_jid_valid(jid) || !nj_jid_resource(jid))
        return false;
    g_autofree char *domain = nj_jid_domain(jid);
    return is_same_domain(domain, login->domain);
}

static void
on_bind_error(NjLogin *login, const NjXml *answer)
{
    g_autofree char *words = NULL;
    const char *condition = nj_xml_error(answer, &words);
    const char *sentence = _("The server assigned no resource to this client; use /connect to "
                             "try again, or ask its administrator.");

    if (strcmp(condition, "conflict") == 0)
        sentence =
            _("Another client is connected with the resource of this account; set another one with "
              "/account set NAME resource RESOURCE.");
    else if (strcmp(condition, "resource-constraint") == 0)
        sentence = _("Too many clients are connected to this account; close one of them, then use "
                     "/connect.");
    else if (strcmp(condition, "bad-request") == 0 || strcmp(condition, "jid-malformed") == 0)
        sentence =
            _("The server does not accept the resource of this account; set another one with "
              "/account set NAME resource RESOURCE.");

    g_autofree char *all = nj_xml_append_server_text(sentence, words);
    fail_login(login, NJ_CONNECTION_ERROR_BIND, all);
}

static void
on_bind_result(NjLogin *login, const NjXml *answer)
{
    const NjXml *bind = nj_xml_child(answer, "bind", NS_BIND);
    if (strcmp(nj_xml_attr(answer, "type"), "error") == 0) {
        on_bind_error(login, answer);
        return;
    }

    login->jid = bind ? nj_xml_child_text(bind, "jid", NS_BIND) : NULL;
    if (!is_acceptable(login, login->jid)) {
        fail_login(
            login, NJ_CONNECTION_ERROR_BIND,
            _("The server assigned an address to this client that cannot belong to it, so the "
              "connection was closed; tell the server's administrator."));
        return;
    }

    /* Servers that follow RFC 3921 require one more step; newer ones mark it as optional. */
    const NjXml *session = nj_xml_child(login->features, "session", NS_SESSION);
    if (!session || nj_xml_child(session, "optional", NS_SESSION)) {
        complete_login(login);
        return;
    }

    NjXml *iq = nj_xml_iq("set", NULL, NULL);
    nj_xml_add_new(iq, "session", NS_SESSION);
    send_request(login, iq, WAIT_SESSION);
}

static void
on_session(NjLogin *login, const NjXml *answer)
{
    if (strcmp(nj_xml_attr(answer, "type"), "result") == 0) {
        complete_login(login);
        return;
    }

    g_autofree char *words = NULL;
    nj_xml_error(answer, &words);

    g_autofree char *all =
        nj_xml_append_server_text(_("The server did not start a session for this client; use "
                                    "/connect to try again, or ask its administrator."),
                                  words);
    fail_login(login, NJ_CONNECTION_ERROR_BIND, all);
}

/* --- functions for the hooks of the stream --- */

static void
on_first_features(NjLogin *login)
{
    if (is_secure(login) || (login->settings->tls == NJ_TLS_NONE && login->loopback))
        authenticate(login);
    else if (login->settings->tls == NJ_TLS_STARTTLS)
        request_tls(login);
    else
        fail_login(login, NJ_CONNECTION_ERROR_SETTINGS,
                   _("Natterjack logs in without encryption only to a server on this computer; use "
                     "/account set NAME tls starttls."));
}

void
nj_login_features(NjLogin *login, NjXml *features)
{
    if (login->wait != WAIT_FEATURES && login->wait != WAIT_LAST_FEATURES) {
        if (login->wait != WAIT_NOTHING)
            fail_unexpected(login);
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
    case WAIT_CHALLENGE:
        on_sasl_answer(login, stanza);
        break;
    case WAIT_RESUMED:
        on_resume_answer(login, stanza);
        break;
    case WAIT_BIND:
    case WAIT_SESSION:
        if (!is_response(login, stanza))
            g_info("login: dropped an element that is not the expected response");
        else if (login->wait == WAIT_BIND)
            on_bind_result(login, stanza);
        else
            on_session(login, stanza);
        break;
    case WAIT_NOTHING:
        break;
    default:
        fail_unexpected(login);
    }
}

int
nj_login_scram_rank(const NjLogin *login)
{
    return login->scram_rank;
}

const char *
nj_login_mechanism(const NjLogin *login)
{
    return login->mechanism;
}
