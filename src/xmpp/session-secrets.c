/* Certificates and passwords of a session: keeps the server's certificate so that the user can look
 * at it, gives passwords to connections, and remembers the password that the server refused. */
#include "xmpp/session-private.h"

#include <string.h>

#include "model/client.h"

void
nj_session_wipe_secret(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    g_clear_pointer(secret, g_free);
}

void
nj_session_keep_certificate(NjSession *session)
{
    const NjCertificate *certificate =
        session->connection ? session->connection->class->certificate(session->connection) : NULL;
    if (!certificate)
        return;

    /* The first connection that receives a certificate uses up trust_once. */
    if (session->trust_once_given)
        g_clear_pointer(&session->trust_once, g_free);
    session->trust_once_given = false;
    nj_certificate_free(session->certificate);
    session->certificate = nj_certificate_copy(certificate);
}

const NjCertificate *
nj_session_certificate(const NjSession *session)
{
    return session->certificate;
}

void
nj_session_forget_password(NjSession *session)
{
    nj_session_wipe_secret(&session->password);
    nj_session_wipe_secret(&session->refused_password);
}

void
nj_session_trust_once(NjSession *session, const char *pin)
{
    g_free(session->trust_once);
    session->trust_once = g_strdup(pin);
    session->trust_once_given = false;
}

/* Gives the password to the connection; NULL: the user did not enter one. */
static void
give_password(NjSession *session, const char *password)
{
    session->password_requested = false;
    nj_session_wipe_secret(&session->tried_password);
    session->tried_password = g_strdup(password);
    session->connection->class->give_password(session->connection, password);
}

/* Handles the user's answer. password is NULL when the user entered none; why is then a sentence
 * for the user, or NULL. */
static void
on_answer(const char *password, const char *why, void *data)
{
    PasswordQuestion *question = data;
    NjSession *session = question->session;

    g_free(question);
    if (!session)
        return;

    session->question = NULL;
    if (password) {
        nj_session_wipe_secret(&session->password);
        session->password = g_strdup(password);
        nj_session_wipe_secret(&session->refused_password);
    } else if (why) {
        nj_client_notice(nj_session_client(session), session->account, NULL, NJ_NOTICE_ERROR, "%s",
                         why);
    }

    if (session->connection && session->password_requested)
        give_password(session, password);
}

static void
ask_user(NjSession *session)
{
    const NjHooks *hooks = &nj_session_client(session)->hooks;
    if (!hooks->ask_password) {
        give_password(session, NULL);
        return;
    }

    session->question = g_new0(PasswordQuestion, 1);
    session->question->session = session;
    hooks->ask_password(session->account, on_answer, session->question, hooks->owner);
}

void
nj_session_on_password(NjConnection *connection, void *owner)
{
    NjSession *session = owner;
    const char *known =
        session->password ? session->password : session->account->settings->password;

    (void) connection;
    if (known && g_strcmp0(known, session->refused_password) != 0) {
        give_password(session, known);
        return;
    }

    session->password_requested = true;
    /* If an earlier connection has asked the user, the answer goes to this connection. */
    if (!session->question)
        ask_user(session);
}

/* Returns false for an account of the command line: it is in no file of settings and must not be
 * written to one. */
static bool
is_configured(NjSession *session)
{
    const GPtrArray *accounts = nj_options_accounts(nj_session_client(session)->options);
    for (guint i = 0; i < accounts->len; i++) {
        const NjAccountSettings *settings = accounts->pdata[i];
        if (strcmp(settings->name, session->account->settings->name) == 0)
            return true;
    }
    return false;
}

/* The client never sends the password in plain text to a server that has offered SCRAM before: an
 * attacker on the network may have removed SCRAM from the offer (RFC 6120, 13.8.3). So the rank is
 * stored. */
void
nj_session_store_scram_rank(NjSession *session)
{
    NjAccountSettings *settings = session->account->settings;
    int rank = session->connection->class->scram_rank(session->connection);

    if (rank <= settings->scram_seen)
        return;

    settings->scram_seen = rank;
    if (!is_configured(session))
        return;

    char text[16];
    g_autoptr(GError) error = NULL;
    g_snprintf(text, sizeof text, "%d", rank);
    if (!nj_options_account_set(nj_session_client(session)->options, settings->name, "scram-seen",
                                text, &error))
        g_warning("cannot store the strongest login mechanism (scram-seen): %s", error->message);
}
