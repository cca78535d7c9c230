/* The struct of a session and the functions that its files share: session.c (connecting, sending
 * and disconnecting), session-secrets.c (certificates and passwords), session-alive.c (the
 * keep-alive) and session-stanzas.c (received stanzas). */
#ifndef NJ_XMPP_SESSION_PRIVATE_H
#define NJ_XMPP_SESSION_PRIVATE_H

#include "xmpp/session.h"
#include "xmpp/sm.h"

/* A question to the user for the password. session is NULL once the session was freed: the answer
 * may come later. */
typedef struct {
    NjSession *session;
} PasswordQuestion;

struct NjSession {
    NjAccount *account;
    NjTable *modules; /* owned; sorted by nj_modules_sort() */
    NjConnectionMaker maker;
    NjPipeline *pipeline;
    NjIqs *iqs;
    NjSm *sm;
    GHashTable *states;       /* NjModule -> what its attach() returned */
    NjConnection *connection; /* of the current attempt to connect; NULL: none */
    bool online;              /* the connection is bound or has resumed the session */
    /* online() of the modules was called, and offline() was not yet; the connection may be
     * broken */
    bool modules_online;
    bool freed;            /* nj_session_free() was called; the main loop frees the memory */
    bool reading_paused;   /* the connection is not read, because the store has too much to write */
    bool stay_connected;   /* connect again after a lost connection */
    char *domain;          /* of the account; after binding as the server spells it */
    char *trust_once;      /* pin of a certificate that the next connection accepts; NULL */
    bool trust_once_given; /* trust_once was given to a connection, which has no certificate yet */
    NjCertificate *certificate; /* of the last handshake; NULL */

    char *password;             /* entered by the user; kept in memory only; NULL */
    char *refused_password;     /* refused: not sent unless the user enters it again; NULL */
    char *tried_password;       /* given to this connection; NULL */
    PasswordQuestion *question; /* not answered yet; NULL */
    bool password_requested;    /* the connection waits for a password */

    /* attempts scheduled since the last stable connection, the user's /connect or a wake-up */
    guint attempts;
    GSource *retry_timer;
    gint64 opened_us, online_us; /* monotonic: when the connection was opened, and when bound */

    GSource *keep_alive_timer;
    /* monotonic: when the wait for any byte of the server began; 0: no wait */
    gint64 byte_awaited_us;
    /* monotonic: when the wait for an acknowledgement began; other bytes do not end it; 0: no
     * wait */
    gint64 ack_awaited_us;
    GSource *closing_timer; /* limits the wait for acknowledgements before the close; else NULL */
};

/* --- session.c --- */

/* Frees the connection. Then waits for the next attempt or goes offline, as
 * nj_connection_should_retry() says. reason is borrowed; NULL: we ended the connection, and the
 * session connects again only if nj_session_connect() was called meanwhile. */
void nj_session_end_connection(NjSession *session, const GError *reason);

/* Closes the stream, if the session waits to close it (closing_timer) and everything is
 * acknowledged and committed. */
void nj_session_close_if_settled(NjSession *session);

/* Makes the store call nj_session_close_if_settled() when all changes made so far are committed, if
 * the session waits to close its stream. */
void nj_session_close_after_commit(NjSession *session);

/* Requests another acknowledgement, if the session waits to close its stream and stanzas are
 * unacknowledged. */
void nj_session_request_last_ack(NjSession *session);

/* --- session-secrets.c --- */

/* Overwrites and frees *secret, which may be NULL, and sets it to NULL. */
void nj_session_wipe_secret(char **secret);

/* Copies the connection's certificate, if it has one, for nj_session_certificate(). The first
 * certificate also uses up trust_once. */
void nj_session_keep_certificate(NjSession *session);

/* Stores the rank (sasl.h) of the SCRAM mechanism of this login in the settings, if it is higher
 * than the stored one. */
void nj_session_store_scram_rank(NjSession *session);

/* Hook of the connection: gives it the known password, or asks the user. */
void nj_session_on_password(NjConnection *connection, void *owner);

/* --- session-alive.c --- */

/* Tests the connection one ping-interval from now, instead of at the time set before. */
void nj_session_start_keep_alive(NjSession *session);

/* Sends something that the server must answer. The connection counts as lost if no byte arrives
 * within timeout_us. */
void nj_session_probe(NjSession *session, gint64 timeout_us);

/* Sends a ping whose response acknowledges messages (NjSmHooks.send_ping). */
void nj_session_send_ack_ping(NjSession *session);

/* Starts the deadlines of an acknowledgement that was requested (NjSmHooks.on_answer_expected). */
void nj_session_await_ack(NjSession *session);

/* Stops these deadlines: an acknowledgement, or the response to a ping, arrived. */
void nj_session_on_answer(NjSession *session);

/* --- session-stanzas.c: hooks of the connection --- */

void nj_session_on_stanza(NjConnection *connection, NjXml *stanza, void *owner);
void nj_session_on_skipped(NjConnection *connection, void *owner);
bool nj_session_wants_items(NjConnection *connection, const NjXml *head, const NjXml *list,
                            void *owner);
void nj_session_on_item(NjConnection *connection, const NjXml *head, NjXml *item, void *owner);
bool nj_session_prepare(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner);

#endif
