/* A session's certificates and passwords: what the server showed, what the person gave, and what is
 * not tried again. */
#include "xmpp/session-private.h"

#include <string.h>

#include "model/client.h"

void
nj_session_wipe(char **secret)
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

    /* a connection that came to nothing before has not used it up */
    if (session->trust_in_use)
        g_clear_pointer(&session->trust_once, g_free);
    session->trust_in_use = false;
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
    nj_session_wipe(&session->password);
    nj_session_wipe(&session->refused);
}

void
nj_session_trust_once(NjSession *session, const char *pin)
{
    g_free(session->trust_once);
    session->trust_once = g_strdup(pin);
    session->trust_in_use = false;
}

static void
give_password(NjSession *session, const char *password)
{
    session->link_asks = false;
    nj_session_wipe(&session->tried);
    session->tried = g_strdup(password);
    session->connection->class->password(session->connection, password);
}

static void
on_answer(const char *password, const char *why, void *data)
{
    Question *question = data;
    NjSession *session = question->session;

    g_free(question);
    if (!session)
        return;

    session->question = NULL;
    if (password) {
        nj_session_wipe(&session->password);
        session->password = g_strdup(password);
        nj_session_wipe(&session->refused);
    } else if (why) {
        nj_client_notice(nj_session_client(session), session->account, NULL, NJ_NOTICE_ERROR, "%s",
                         why);
    }

    if (session->connection && session->link_asks)
        give_password(session, password);
}

void
nj_session_on_password(NjConnection *connection, void *owner)
{
    NjSession *session = owner;
    const NjHooks *hooks = &nj_session_client(session)->hooks;
    const char *settled =
        session->password ? session->password : session->account->settings->password;

    (void) connection;
    if (settled && g_strcmp0(settled, session->refused) != 0) {
        give_password(session, settled);
        return;
    }

    session->link_asks = true;
    if (session->question)
        /* the question still stands: its answer is for this connection */
        return;

    if (!hooks->ask_password) {
        give_password(session, NULL);
        return;
    }

    session->question = g_new0(Question, 1);
    session->question->session = session;
    hooks->ask_password(session->account, on_answer, session->question, hooks->owner);
}

/* An account of the command line stands in no file, and is not written to one. */
static bool
is_configured(NjSession *session)
{
    const GPtrArray *accounts = nj_options_accounts(nj_session_client(session)->options);
    for (guint i = 0; i < accounts->len; i++)
        if (g_str_equal(((const NjAccountSettings *) accounts->pdata[i])->name,
                        session->account->settings->name))
            return true;
    return false;
}

/* What was seen once must not be lost: whoever takes SCRAM out of the offer later does not get the
 * password in plain. */
void
nj_session_remember_scram(NjSession *session)
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
        g_warning("the login mechanism could not be remembered: %s", error->message);
}
