/* SASL (RFC 4422): EXTERNAL, SCRAM (RFC 5802, 7677; channel binding by RFC 5929 and 9266, its types
 * by XEP-0440) and PLAIN.
 *
 * Each mechanism is a row of the table `mechanisms`, the preferred ones first: the first row that
 * is offered and allowed is used. No second mechanism is tried, so that a wrong password counts as
 * one attempt.
 *
 * For SCRAM, user and password are prepared with SASLprep (RFC 4013), except that unassigned code
 * points and mixed direction are not rejected: the server prepares the password with its own rules,
 * and rejects what breaks them. PLAIN sends the text as typed; the server prepares it.
 *
 * A SCRAM login succeeds only with a valid signature of the server. */
#include "xmpp/sasl.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/random.h"
#include "xmpp/connection.h"
#include "xmpp/tls.h"
#include "xmpp/xml.h"

#define MIN_ROUNDS 4096
#define MAX_ROUNDS 1000000
/* More rounds (iterations) would delay the user's keys: a worker thread computes them. */
#define MAX_ROUNDS_ON_MAIN_THREAD 4096
#define MAX_MESSAGE (64 * 1024) /* bytes of a SCRAM message */
#define NONCE_BYTES 24

typedef enum { EXTERNAL, SCRAM, PLAIN } Kind;

typedef struct {
    const char *name;
    Kind kind;
    int rank;   /* for scram_seen: a stronger mechanism has a higher rank; 0: not SCRAM */
    bool binds; /* a -PLUS mechanism: with channel binding */
    const EVP_MD *(*digest)(void);
} Mechanism;

static const Mechanism mechanisms[] = {
    { "EXTERNAL", EXTERNAL, 0, false, NULL },
    { "SCRAM-SHA-512-PLUS", SCRAM, 6, true, EVP_sha512 },
    { "SCRAM-SHA-256-PLUS", SCRAM, 5, true, EVP_sha256 },
    { "SCRAM-SHA-1-PLUS", SCRAM, 4, true, EVP_sha1 },
    { "SCRAM-SHA-512", SCRAM, 3, false, EVP_sha512 },
    { "SCRAM-SHA-256", SCRAM, 2, false, EVP_sha256 },
    { "SCRAM-SHA-1", SCRAM, 1, false, EVP_sha1 },
    { "PLAIN", PLAIN, 0, false, NULL },
};

/* The types of channel binding that we support, the strongest first. */
static const char *const binding_types[] = { "tls-exporter", "tls-server-end-point" };

/* The result of a hash or an HMAC; secret. */
typedef struct {
    guint8 bytes[EVP_MAX_MD_SIZE];
    guint length;
} Key;

/* The data of one PBKDF2 computation. The worker thread owns it while it runs. */
typedef struct {
    char *password;
    guint8 *salt;
    gsize salt_length;
    int rounds;
    const EVP_MD *digest;
    Key salted;
    NjSasl *sasl;          /* only for the main thread; NULL after nj_sasl_free() */
    GMainContext *context; /* of the main thread */
} Job;

typedef enum {
    STEP_FIRST,     /* our first message was not requested yet */
    STEP_CHALLENGE, /* the server's first message is awaited */
    STEP_COMPUTING, /* the worker thread computes the salted password */
    STEP_FINAL,     /* the server's signature is awaited */
    STEP_PROVED,    /* <success/> may be accepted */
} Step;

struct NjSasl {
    const Mechanism *mechanism;
    char *user, *authzid;
    char *password; /* as the mechanism needs it; see nj_sasl_set_password() */
    char *nonce;
    char *gs2;           /* the GS2 header, such as "p=tls-exporter,," */
    GByteArray *binding; /* the channel binding data */
    /* the messages of SCRAM without GS2 header and proof, for the signatures (RFC 5802, 3) */
    char *first_bare, *server_first, *final_bare;
    Key signature; /* the server signature that we expect */
    Step step;
    Job *job;
    NjSaslFunc done;
    void *data;
};

static void
wipe_text(char *text)
{
    if (text)
        OPENSSL_cleanse(text, strlen(text));
    g_free(text);
}

static void
wipe_key(Key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

guint8 *
nj_sasl_decode(const char *text, gsize *length)
{
    g_autofree guint8 *bytes = g_base64_decode(text, length);
    g_autofree char *again = g_base64_encode(bytes, *length);
    return *length && g_str_equal(again, text) ? g_steal_pointer(&bytes) : NULL;
}

/* --- SASLprep (RFC 4013) --- */

/* Returns true for a space other than ASCII (RFC 3454, C.1.2). */
static bool
is_space(gunichar c)
{
    return c != ' ' && (g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR || c == 0x200b);
}

typedef struct {
    gunichar first, last;
} Range;

static bool
is_in_ranges(gunichar c, const Range *ranges, gsize count)
{
    for (gsize i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Returns true for a character that SASLprep removes (RFC 3454, B.1). */
static bool
is_mapped_to_nothing(gunichar c)
{
    static const Range ranges[] = {
        { 0xad, 0xad },     { 0x34f, 0x34f },   { 0x1806, 0x1806 }, { 0x180b, 0x180d },
        { 0x200c, 0x200d }, { 0x2060, 0x2060 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
    };
    return is_in_ranges(c, ranges, G_N_ELEMENTS(ranges));
}

/* Returns true for a character that SASLprep forbids (RFC 3454, C.2 to C.9). */
static bool
is_forbidden(gunichar c)
{
    static const Range ranges[] = {
        { 0x340, 0x341 },   { 0x200e, 0x200f }, { 0x202a, 0x202e }, { 0x206a, 0x206f },
        { 0x2ff0, 0x2ffb }, { 0xfdd0, 0xfdef }, { 0xfff9, 0xfffd }, { 0xe0000, 0xe007f },
    };
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_PRIVATE_USE:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
        return true;
    default:
        return (c & 0xfffe) == 0xfffe || is_in_ranges(c, ranges, G_N_ELEMENTS(ranges));
    }
}

/* Returns the text prepared with SASLprep, or NULL if it contains a forbidden character. The caller
 * wipes the result. */
static char *
prepare_text(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return NULL;

    gsize room = strlen(text) + 1;
    char *mapped = g_malloc0(room), *end = mapped;
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (is_space(c))
            *end++ = ' ';
        else if (!is_mapped_to_nothing(c))
            end += g_unichar_to_utf8(c, end);
    }

    char *normal = g_utf8_normalize(mapped, -1, G_NORMALIZE_NFKC);
    OPENSSL_cleanse(mapped, room);
    g_free(mapped);
    for (const char *p = normal; *p; p = g_utf8_next_char(p))
        if (is_forbidden(g_utf8_get_char(p))) {
            wipe_text(normal);
            return NULL;
        }

    return normal;
}

/* Returns name with "=" and "," escaped (RFC 5802, 5.1). */
static char *
escape_name(const char *name)
{
    GString *out = g_string_new(NULL);
    for (; *name; name++)
        if (*name == '=')
            g_string_append(out, "=3D");
        else if (*name == ',')
            g_string_append(out, "=2C");
        else
            g_string_append_c(out, *name);

    return g_string_free(out, FALSE);
}

/* --- choosing a mechanism --- */

/* Returns the type of channel binding for a -PLUS mechanism and appends its data to out; returns
 * NULL if there is none. Only announced types are used: ejabberd 23.01 offers -PLUS, announces no
 * types and expects tls-unique; it reports a wrong password if the client uses another type. */
static const char *
choose_binding(const NjTransport *transport, const char *const *announced, GByteArray *out)
{
    if (!announced || !transport->class->secure(transport))
        return NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(binding_types); i++) {
        const char *type = binding_types[i];
        if (g_strv_contains(announced, type) && transport->class->binding(transport, type, out))
            return type;
        g_byte_array_set_size(out, 0);
    }

    return NULL;
}

/* Returns true if the connection has data for any type of channel binding that we support. */
static bool
can_bind(const NjTransport *transport)
{
    if (!transport->class->secure(transport))
        return false;

    g_autoptr(GByteArray) out = g_byte_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(binding_types); i++)
        if (transport->class->binding(transport, binding_types[i], out))
            return true;

    return false;
}

static bool
is_allowed(const Mechanism *mechanism, const NjSaslSettings *settings, const char *binding)
{
    bool secure = settings->transport->class->secure(settings->transport);
    bool may_send = secure || settings->loopback;
    switch (mechanism->kind) {
    case EXTERNAL:
        return secure && settings->transport->class->client_certificate(settings->transport);
    case SCRAM:
        return may_send && (!mechanism->binds || binding);
    case PLAIN:
    default:
        return may_send && (!settings->scram_seen || settings->allow_plain);
    }
}

/* Returns true if a login of this account ever used channel binding. Then only the user may allow a
 * login without it: a man in the middle can remove the announced types as easily as an offered
 * mechanism, and a login without channel binding does not reveal that to the server. */
static bool
was_bound_before(const NjSaslSettings *settings)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++)
        if (mechanisms[i].binds && mechanisms[i].rank <= settings->scram_seen)
            return true;
    return false;
}

/* Returns a sentence for the user that says why no offered mechanism is allowed. */
static const char *
explain_no_mechanism(const NjSaslSettings *settings, const char *const *offered)
{
    bool secure = settings->transport->class->secure(settings->transport);
    if (!secure && !settings->loopback)
        return _("The connection is not encrypted, so the password was not sent. Use /account set "
                 "NAME tls starttls.");
    if (g_strv_contains(offered, "PLAIN") && settings->scram_seen && !settings->allow_plain)
        return _("The server used to log you in without receiving the password and now asks for "
                 "it; nothing was sent. If its administrator confirms the change, use /account set "
                 "NAME allow-plain true.");
    if (g_strv_contains(offered, "EXTERNAL"))
        return _("The server asks for a client certificate. Use /account set NAME client-cert PATH "
                 "and /account set NAME client-key PATH.");

    return _("The server offers no login mechanism that Natterjack accepts; ask its administrator "
             "to enable SCRAM.");
}

/* Returns the GS2 header: the channel binding and the authorisation identity (RFC 5802, 6 and 7).
 * Its "y" means that we support channel binding and the server does not. A server that supports it
 * takes "y" as the sign of an attack, so "y" is sent only if no -PLUS mechanism is offered. */
static char *
make_gs2_header(const NjSasl *sasl, const NjSaslSettings *settings, const char *binding,
                bool plus_offered)
{
    g_autofree char *flag = NULL;
    if (sasl->mechanism->binds)
        flag = g_strdup_printf("p=%s", binding);
    else
        flag = g_strdup(!plus_offered && can_bind(settings->transport) ? "y" : "n");
    g_autofree char *authzid = settings->authzid ? escape_name(settings->authzid) : NULL;
    return authzid ? g_strdup_printf("%s,a=%s,", flag, authzid) : g_strdup_printf("%s,,", flag);
}

static char *
make_nonce(void)
{
    guint8 bytes[NONCE_BYTES];
    nj_random_bytes(bytes, sizeof bytes);
    return g_base64_encode(bytes, sizeof bytes); /* 24 bytes: no comma and no padding */
}

/* Returns true if chosen lacks the channel binding that earlier logins had, although the server
 * offers a -PLUS mechanism. */
static bool
is_binding_downgrade(const Mechanism *chosen, const NjSaslSettings *settings, bool plus_offered)
{
    if (chosen->kind != SCRAM || chosen->binds)
        return false;
    return plus_offered && was_bound_before(settings);
}

NjSasl *
nj_sasl_new(const NjSaslSettings *settings, const char *const *offered, const char *const *bindings,
            GError **error)
{
    nj_tls_prepare();
    g_autoptr(GByteArray) binding_data = g_byte_array_new();
    const char *binding = choose_binding(settings->transport, bindings, binding_data);
    const Mechanism *chosen = NULL;
    bool plus_offered = false;
    for (gsize i = 0; i < G_N_ELEMENTS(mechanisms); i++) {
        if (!g_strv_contains(offered, mechanisms[i].name))
            continue;
        plus_offered = plus_offered || mechanisms[i].binds;
        if (!chosen && is_allowed(&mechanisms[i], settings, binding))
            chosen = &mechanisms[i];
    }

    if (!chosen) {
        g_set_error_literal(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_MECHANISM,
                            explain_no_mechanism(settings, offered));
        return NULL;
    }

    if (is_binding_downgrade(chosen, settings, plus_offered)) {
        g_set_error_literal(
            error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_MECHANISM,
            _("The server used to bind the login to the encrypted connection and no longer "
              "announces how; somebody may be intercepting the connection. Nothing was sent. If "
              "its administrator confirms the change, use /account set NAME scram-seen 3."));
        return NULL;
    }

    NjSasl *sasl = g_new0(NjSasl, 1);
    sasl->mechanism = chosen;
    sasl->authzid = g_strdup(settings->authzid);
    sasl->user = chosen->kind == SCRAM ? prepare_text(settings->user) : g_strdup(settings->user);
    sasl->nonce = settings->nonce ? g_strdup(settings->nonce) : make_nonce();
    sasl->gs2 = make_gs2_header(sasl, settings, binding, plus_offered);
    sasl->binding = chosen->binds ? g_steal_pointer(&binding_data) : g_byte_array_new();
    if (!sasl->user)
        g_set_error_literal(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_MECHANISM,
                            _("The part of the address before the @ cannot be used to log in; "
                              "check the address of the account."));

    if (!sasl->user
        || (settings->password && !nj_sasl_set_password(sasl, settings->password, error)))
        g_clear_pointer(&sasl, nj_sasl_free);
    return sasl;
}

bool
nj_sasl_needs_password(const NjSasl *sasl)
{
    return sasl->mechanism->kind != EXTERNAL && !sasl->password;
}

bool
nj_sasl_set_password(NjSasl *sasl, const char *password, GError **error)
{
    wipe_text(sasl->password);
    sasl->password = NULL;
    if (sasl->mechanism->kind == SCRAM)
        sasl->password = prepare_text(password);
    else if (g_utf8_validate(password, -1, NULL))
        sasl->password = g_strdup(password);
    if (sasl->password && *sasl->password)
        return true;

    g_clear_pointer(&sasl->password, wipe_text);
    g_set_error_literal(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_PASSWORD,
                        _("The password is empty or contains a character that is not allowed; type "
                          "it again."));

    return false;
}

void
nj_sasl_free(NjSasl *sasl)
{
    if (!sasl)
        return;

    if (sasl->job)
        sasl->job->sasl = NULL;
    wipe_text(sasl->password);
    wipe_key(&sasl->signature);
    g_byte_array_unref(sasl->binding);
    g_free(sasl->user);
    g_free(sasl->authzid);
    g_free(sasl->nonce);
    g_free(sasl->gs2);

    g_free(sasl->first_bare);
    g_free(sasl->server_first);
    g_free(sasl->final_bare);
    g_free(sasl);
}

const char *
nj_sasl_mechanism(const NjSasl *sasl)
{
    return sasl->mechanism->name;
}

int
nj_sasl_rank(const NjSasl *sasl)
{
    return sasl->mechanism->rank;
}

/* --- the first message --- */

typedef struct {
    guint8 *bytes;
    gsize length;
} Secret;

static void
free_secret(void *data)
{
    Secret *secret = data;
    OPENSSL_cleanse(secret->bytes, secret->length);
    g_free(secret->bytes);
    g_free(secret);
}

static GBytes *
make_plain_message(const NjSasl *sasl)
{
    const char *parts[] = { sasl->authzid ? sasl->authzid : "", sasl->user, sasl->password };
    Secret *secret = g_new0(Secret, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        secret->length += strlen(parts[i]) + (i > 0);
    secret->bytes = g_malloc(secret->length + 1);

    /* stpcpy() ends each part with NUL, which separates the parts (RFC 4616); the last NUL is not
     * sent. */
    guint8 *end = secret->bytes;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        end = (guint8 *) stpcpy((char *) end, parts[i]) + 1;
    return g_bytes_new_with_free_func(secret->bytes, secret->length, free_secret, secret);
}

GBytes *
nj_sasl_first(NjSasl *sasl)
{
    switch (sasl->mechanism->kind) {
    case EXTERNAL:
        /* The TLS handshake has authenticated both sides. */
        sasl->step = STEP_PROVED;
        return g_bytes_new(sasl->authzid, sasl->authzid ? strlen(sasl->authzid) : 0);
    case PLAIN:
        /* PLAIN has no proof; TLS has authenticated the server. */
        sasl->step = STEP_PROVED;
        return make_plain_message(sasl);
    case SCRAM:
    default:
        sasl->step = STEP_CHALLENGE;
        g_autofree char *user = escape_name(sasl->user);
        sasl->first_bare = g_strdup_printf("n=%s,r=%s", user, sasl->nonce);
        char *message = g_strconcat(sasl->gs2, sasl->first_bare, NULL);
        return g_bytes_new_take(message, strlen(message));
    }
}

/* --- SCRAM --- */

/* Sets the error of an invalid challenge; detail is for the log only. */
static void
set_protocol_error(GError **error, const char *detail)
{
    g_info("SCRAM: %s", detail);
    g_set_error_literal(
        error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_PROTOCOL,
        _("The server made an error in the login, so the login was cancelled; check the host of "
          "the account, and tell the server's administrator."));
}

static void
set_proof_error(GError **error)
{
    g_set_error_literal(
        error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_PROOF,
        _("The server did not prove that it knows the password, so it may be a false one; the "
          "connection was closed. Ask its administrator before you try again."));
}

/* Returns a message as a string; NULL if it is too long, not UTF-8 or contains NUL. */
static char *
read_message(const char *bytes, gsize length)
{
    if (length > MAX_MESSAGE || memchr(bytes, '\0', length)
        || !g_utf8_validate(bytes, (gssize) length, NULL))
        return NULL;
    return g_strndup(bytes, length);
}

/* Returns true if the first three fields of the server's first message are "r=", "s=" and "i=". */
static bool
has_challenge_fields(char **fields)
{
    static const char *const prefixes[] = { "r=", "s=", "i=" };
    if (g_strv_length(fields) < G_N_ELEMENTS(prefixes))
        return false;
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (!g_str_has_prefix(fields[i], prefixes[i]))
            return false;
    return true;
}

/* Reads the server's first message, "r=…,s=…,i=…" and extensions (RFC 5802, 7). Extensions are
 * ignored; a mandatory one (m=) would come first and is refused. */
static bool
read_server_first(NjSasl *sasl, const char *text, guint8 **salt, gsize *salt_length, int *rounds,
                  char **nonce, GError **error)
{
    guint64 number = 0;
    g_auto(GStrv) fields = g_strsplit(text, ",", -1);

    if (!has_challenge_fields(fields)) {
        set_protocol_error(error, "the challenge lacks a field, or an unknown field comes first");
        return false;
    }

    if (!g_str_has_prefix(fields[0] + 2, sasl->nonce)
        || strlen(fields[0] + 2) <= strlen(sasl->nonce)) {
        set_protocol_error(error, "the server's nonce does not begin with ours");
        return false;
    }

    if (!g_ascii_string_to_unsigned(fields[2] + 2, 10, MIN_ROUNDS, MAX_ROUNDS, &number, NULL)) {
        g_info("SCRAM: rounds out of range");
        g_set_error_literal(
            error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_MECHANISM,
            _("The server asks for too few or too many SCRAM iterations; tell its administrator "
              "that 4,096 to 1,000,000 are accepted."));
        return false;
    }

    *salt = nj_sasl_decode(fields[1] + 2, salt_length);
    if (!*salt) {
        set_protocol_error(error, "the salt is not base64");
        return false;
    }

    *rounds = (int) number;
    *nonce = g_strdup(fields[0] + 2);
    return true;
}

static void
compute_hmac(const EVP_MD *digest, const Key *key, const void *data, gsize length, Key *out)
{
    HMAC(digest, key->bytes, (int) key->length, data, length, out->bytes, &out->length);
}

/* Returns our proof as base64, and sets sasl->signature, which the server must send (RFC 5802,
 * 3). */
static char *
make_proof(NjSasl *sasl, const Key *salted)
{
    const EVP_MD *digest = sasl->mechanism->digest();
    g_autofree char *all =
        g_strjoin(",", sasl->first_bare, sasl->server_first, sasl->final_bare, NULL);
    Key client, stored, proof, server;

    compute_hmac(digest, salted, "Client Key", strlen("Client Key"), &client);
    EVP_Digest(client.bytes, client.length, stored.bytes, &stored.length, digest, NULL);
    compute_hmac(digest, &stored, all, strlen(all), &proof);
    for (guint i = 0; i < proof.length; i++)
        proof.bytes[i] ^= client.bytes[i];

    compute_hmac(digest, salted, "Server Key", strlen("Server Key"), &server);
    compute_hmac(digest, &server, all, strlen(all), &sasl->signature);

    char *text = g_base64_encode(proof.bytes, proof.length);
    wipe_key(&client);
    wipe_key(&stored);
    wipe_key(&proof);
    wipe_key(&server);

    return text;
}

static void
compute_salted_password(Job *job)
{
    job->salted.length = (guint) EVP_MD_get_size(job->digest);
    PKCS5_PBKDF2_HMAC(job->password, (int) strlen(job->password), job->salt, (int) job->salt_length,
                      job->rounds, job->digest, (int) job->salted.length, job->salted.bytes);
}

static void
free_job(void *data)
{
    Job *job = data;
    wipe_text(job->password);
    wipe_key(&job->salted);
    g_free(job->salt);
    g_main_context_unref(job->context);
    g_free(job);
}

/* Passes the client's final message to done(), which may free sasl. */
static void
send_final(NjSasl *sasl, Job *job)
{
    g_autofree char *proof = make_proof(sasl, &job->salted);
    char *message = g_strdup_printf("%s,p=%s", sasl->final_bare, proof);
    g_autoptr(GBytes) response = g_bytes_new_take(message, strlen(message));
    sasl->step = STEP_FINAL;
    sasl->done(response, NULL, sasl->data);
}

static gboolean
on_computed(void *data)
{
    Job *job = data;
    if (job->sasl) {
        job->sasl->job = NULL;
        send_final(job->sasl, job);
    }
    return G_SOURCE_REMOVE;
}

/* Runs on the worker thread. */
static void *
run_job(void *data)
{
    Job *job = data;
    compute_salted_password(job);

    g_autoptr(GMainContext) context = g_main_context_ref(job->context);
    g_autoptr(GSource) source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);

    /* The main thread owns the job as soon as the source is attached. */
    g_source_set_callback(source, on_computed, job, free_job);
    g_source_attach(source, context);
    return NULL;
}

static void
answer_challenge(NjSasl *sasl, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *nonce = NULL;
    Job *job = g_new0(Job, 1);

    job->context = g_main_context_ref_thread_default();
    if (!read_server_first(sasl, text, &job->salt, &job->salt_length, &job->rounds, &nonce,
                           &error)) {
        free_job(job);
        sasl->done(NULL, error, sasl->data);
        return;
    }

    g_autoptr(GByteArray) bound = g_byte_array_new();
    g_byte_array_append(bound, (const guint8 *) sasl->gs2, (guint) strlen(sasl->gs2));
    g_byte_array_append(bound, sasl->binding->data, sasl->binding->len);

    g_autofree char *channel = g_base64_encode(bound->data, bound->len);
    sasl->server_first = g_strdup(text);
    sasl->final_bare = g_strdup_printf("c=%s,r=%s", channel, nonce);
    job->password = g_strdup(sasl->password);
    job->digest = sasl->mechanism->digest();

    if (job->rounds <= MAX_ROUNDS_ON_MAIN_THREAD) {
        compute_salted_password(job);
        send_final(sasl, job);
        free_job(job);
        return;
    }

    sasl->step = STEP_COMPUTING;
    sasl->job = job;
    job->sasl = sasl;
    g_thread_unref(g_thread_new("nj-scram", run_job, job));
}

/* Checks the server's final message: the signature "v=…", or an error "e=…". Returns false and sets
 * error unless the signature is right. */
static bool
check_server_final(NjSasl *sasl, const char *text, GError **error)
{
    g_auto(GStrv) fields = g_strsplit(text, ",", 2);
    const char *first = fields[0] ? fields[0] : "";

    if (g_str_has_prefix(first, "e=")) {
        bool password =
            strcmp(first, "e=invalid-proof") == 0 || strcmp(first, "e=unknown-user") == 0;
        if (password) {
            g_set_error_literal(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_PASSWORD,
                                _("The password is wrong, or the server does not know this "
                                  "account; check both."));
            return false;
        }
        g_autofree char *sentence = nj_xml_append_server_text(
            _("The server refused the login; ask its administrator."), first + 2);
        g_set_error_literal(error, NJ_CONNECTION_ERROR, NJ_CONNECTION_ERROR_ACCOUNT, sentence);
        return false;
    }

    gsize length = 0;
    g_autofree guint8 *signature =
        g_str_has_prefix(first, "v=") ? nj_sasl_decode(first + 2, &length) : NULL;
    if (signature && length == sasl->signature.length
        && CRYPTO_memcmp(signature, sasl->signature.bytes, length) == 0) {
        sasl->step = STEP_PROVED;
        return true;
    }

    set_proof_error(error);
    return false;
}

void
nj_sasl_step(NjSasl *sasl, const char *challenge, gsize length, NjSaslFunc done, void *data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = read_message(challenge, length);

    sasl->done = done;
    sasl->data = data;
    if (text && sasl->step == STEP_CHALLENGE) {
        answer_challenge(sasl, text);
        return;
    }

    if (text && sasl->step == STEP_FINAL && check_server_final(sasl, text, &error)) {
        g_autoptr(GBytes) nothing = g_bytes_new(NULL, 0);
        done(nothing, NULL, data);
        return;
    }

    if (!error)
        set_protocol_error(&error, "the challenge is unexpected or not text");
    done(NULL, error, data);
}

bool
nj_sasl_finish(NjSasl *sasl, const char *data, gsize length, GError **error)
{
    g_autofree char *text = data && length ? read_message(data, length) : NULL;
    if (sasl->step == STEP_FINAL && text)
        return check_server_final(sasl, text, error);
    if (sasl->step == STEP_PROVED)
        return true;
    set_proof_error(error);
    return false;
}
