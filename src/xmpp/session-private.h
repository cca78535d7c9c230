/* The struct of a session and the functions that its files share. session.c has connections and the
 * end of the session, session-secrets.c certificates and passwords, session-alive.c the keep-alive,
 * session-stanzas.c the received stanzas. */
#ifndef NJ_XMPP_SESSION_PRIVATE_H
#define NJ_XMPP_SESSION_PRIVATE_H

#include "xmpp/session.h"
#include "xmpp/sm.h"

/* A password that the user is being asked for. The answer may come after the session was freed;
 * session is NULL then. */
typedef struct {
    NjSession *session;
} PasswordQuestion;

struct NjSession {
    NjAccount *account;
    NjTable *modules; /* owned: the rows in their order */
    NjConnectionMaker maker;
    NjPipeline *pipeline;
    NjIqs *iqs;
    NjSm *sm;
    GHashTable *states;       /* NjModule -> what its attach() returned */
    NjConnection *connection; /* NULL while there is none */
    bool online;              /* the connection is bound or has resumed the session */
    /* online() of the modules was called, and offline() was not; the connection may be broken */
    bool modules_online;
    bool freed;           /* nj_session_free() was called; the main loop frees the memory */
    bool reading_paused;  /* the store has too much to write */
    bool stay_connected;  /* connect again after a lost connection */
    char *domain;         /* of the account, as the server spells it */
    char *trust_once;     /* pin of a certificate that the next connection accepts; NULL */
    bool trust_once_used; /* the connection has trust_once, but has not seen a certificate yet */
    NjCertificate *certificate; /* of the last handshake; NULL */

    char *password;         /* entered by the user, for this run; NULL */
    char *refused_password; /* refused by the server: not sent again unless entered again; NULL */
    char *tried_password;   /* given to this connection; NULL */
    PasswordQuestion *question; /* unanswered; NULL */
    bool password_requested;    /* the connection waits for a password */

    guint
        attempts; /* connections since the last one that was stable, or since the user's /connect */
    GSource *retry_timer;
    gint64 opened_us, online_us; /* monotonic: when the connection was opened, and when bound */

    GSource *keep_alive_timer;
    /* monotonic: since when some byte of the server is awaited; 0: none is awaited */
    gint64 byte_awaited_us;
    /* monotonic: since when an acknowledgement is awaited, whatever else arrives; 0: none is */
    gint64 ack_awaited_us;
    GSource *closing_timer; /* NULL: not waiting for acknowledgements before the close */
};

/* --- session.c --- */

/* Frees the connection, then waits for the next attempt or goes offline, as reason requires. reason
 * is borrowed; NULL: we ended the connection. */
void nj_session_end_connection(NjSession *session, const GError *reason);

/* While the session is closing: closes the stream if everything is acknowledged and committed. */
void nj_session_close_if_settled(NjSession *session);

/* While the session is closing: does that when the store has committed all that it has now. */
void nj_session_close_after_commit(NjSession *session);

/* While the session is closing: requests another acknowledgement if stanzas lack one. */
void nj_session_request_last_ack(NjSession *session);

/* --- session-secrets.c --- */

/* Overwrites and frees *secret, which may be NULL, and sets it to NULL. */
void nj_session_wipe_secret(char **secret);

/* Copies the connection's certificate, if it has one. */
void nj_session_keep_certificate(NjSession *session);

/* Stores the rank of the SCRAM mechanism of this login, if it is higher than the one before. */
void nj_session_store_scram_rank(NjSession *session);

/* hook of the connection */
void nj_session_on_password(NjConnection *connection, void *owner);

/* --- session-alive.c --- */

/* Starts the keep-alive interval anew. */
void nj_session_start_keep_alive(NjSession *session);

/* Sends something that the server must answer. The connection counts as lost if no byte arrives
 * within timeout_us. */
void nj_session_probe(NjSession *session, gint64 timeout_us);

/* Sends a ping whose response is an acknowledgement (NjSmHooks.send_ping). */
void nj_session_send_ack_ping(NjSession *session);

/* An acknowledgement was requested (NjSmHooks.on_answer_expected). */
void nj_session_await_ack(NjSession *session);

/* An acknowledgement, or the response to a ping, arrived. */
void nj_session_on_answer(NjSession *session);

/* --- session-stanzas.c: hooks of the connection --- */

void nj_session_on_stanza(NjConnection *connection, NjXml *stanza, void *owner);
void nj_session_on_skipped(NjConnection *connection, void *owner);
bool nj_session_wants_items(NjConnection *connection, const NjXml *head, const NjXml *list,
                            void *owner);
void nj_session_on_item(NjConnection *connection, const NjXml *head, NjXml *item, void *owner);
bool nj_session_prepare(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner);

#endif
