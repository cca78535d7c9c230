/* What the parts of a session share: session.c (its life, connections and end), session-secrets.c
 * (certificates and passwords), session-alive.c (is the server there?) and session-stanzas.c (what
 * it says). */
#ifndef NJ_XMPP_SESSION_PRIVATE_H
#define NJ_XMPP_SESSION_PRIVATE_H

#include "xmpp/session.h"
#include "xmpp/sm.h"

/* A password that somebody is being asked for; it may be answered after the session is gone. */
typedef struct {
    NjSession *session;
} Question;

struct NjSession {
    NjAccount *account;
    NjTable *modules; /* owned: the rows in their order */
    NjConnectionMaker maker;
    NjPipeline *pipeline;
    NjIqs *iqs;
    NjSm *sm;
    GHashTable *states; /* NjModule -> what its attach returned */
    NjConnection *connection;
    bool online; /* there is a connection, and stanzas go both ways */
    /* the modules were told of a session, which may have no connection for a while */
    bool begun;
    bool ended; /* freed when the loop turns */
    bool paused;
    bool wanted; /* stay connected: come back after a loss */
    char *domain;
    char *trust_once;
    bool trust_in_use; /* to the connection, which has not judged a certificate yet */
    NjCertificate *certificate;
    char *password; /* as a person gave it, for this run */
    char *refused;  /* the one the server did not take: not tried again unasked */
    char *tried;    /* the one this connection was given */
    Question *question;
    bool link_asks;
    guint tries;
    guint retry; /* source */
    gint64 opened_us, online_us;
    guint keep_alive; /* source */
    gint64 asked_us;  /* when a sign of life was asked for, 0: none is waited for */
    /* since when an acknowledgement is waited for, whatever else comes; 0: it came */
    gint64 owed_us;
    GSource *closing; /* when patience with what is open ends */
};

/* session.c */
void nj_session_stop(guint *source);

/* NULL: it was us */
void nj_session_end_link(NjSession *session, const GError *reason);

/* while it closes: a commit may be what it waits for */
void nj_session_watch_the_store(NjSession *session);
void nj_session_close_when_settled(NjSession *session);
void nj_session_ask_for_the_rest(NjSession *session);

/* session-secrets.c */
void nj_session_wipe(char **secret);
void nj_session_keep_certificate(NjSession *session);
void nj_session_remember_scram(NjSession *session);
void nj_session_on_password(NjConnection *connection, void *owner);

/* session-alive.c */
/* from now on */
void nj_session_keep_alive(NjSession *session);

/* now */
void nj_session_probe(NjSession *session, gint64 timeout_us);

/* its answer acknowledges what was written before it */
void nj_session_ping(NjSession *session);
void nj_session_expect_answer(NjSession *session);

/* the answer */
void nj_session_heard(NjSession *session);

/* session-stanzas.c: hooks of the connection */
void nj_session_on_stanza(NjConnection *connection, NjXml *stanza, void *owner);
void nj_session_on_skipped(NjConnection *connection, void *owner);
bool nj_session_wants_items(NjConnection *connection, const NjXml *head, const NjXml *list,
                            void *owner);
void nj_session_on_item(NjConnection *connection, const NjXml *head, NjXml *item, void *owner);
bool nj_session_prepare(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner);

#endif
