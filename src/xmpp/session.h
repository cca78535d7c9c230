/* One account on the wire: its connection, its requests, the state of its modules, and the tries to
 * come back.  account->session. */
#ifndef NJ_XMPP_SESSION_H
#define NJ_XMPP_SESSION_H

#include "base/record.h"
#include "model/account.h"
#include "xmpp/iq.h"
#include "xmpp/connection.h"
#include "xmpp/modules.h"
#include "xmpp/pipeline.h"

/* modules: rows to use (nj_modules(), plugins' added).  maker: nj_connection_new outside of
 * tests. */
NjSession *nj_session_new(NjAccount *account, const NjTable *modules, NjConnectionMaker maker);

/* ends at once, also from inside anything of its own; the memory goes when the loop turns */
void nj_session_free(NjSession *session);
NjSession *nj_session_of(const NjAccount *account);

/* now; also while waiting */
void nj_session_connect(NjSession *session);

/* politely, and stay offline; ACCOUNT_OFFLINE follows within 2 s */
void nj_session_disconnect(NjSession *session);

/* The network changed, or the machine slept: an account that waits tries now, one that is online is
 * tested now. */
void nj_session_wake(NjSession *session);
bool nj_session_online(const NjSession *session);

/* There is a session, though its connection may be broken for a while. */
bool nj_session_begun(const NjSession *session);

/* what became of the messages of before is being told: new ones wait */
bool nj_session_settling(const NjSession *session);

/* Takes it.  False: there is no connection.  While a session waits to be resumed, what is said in
 * it waits, too. */
bool nj_session_send(NjSession *session, NjXml *stanza);

/* what is no stanza and not counted (XEP-0198, 4) */
bool nj_session_send_nonza(NjSession *session, NjXml *element);

/* the same of a message that stands in the outbox */
bool nj_session_send_row(NjSession *session, NjXml *stanza, gint64 row);

/* it goes once more: what becomes of the first time is not its state */
void nj_session_forget_row(NjSession *session, gint64 row);

/* nothing can be committed at present, or it can again */
void nj_session_store_trouble(NjSession *session, bool trouble);
NjAccount *nj_session_account(const NjSession *session);
NjClient *nj_session_client(const NjSession *session);
void *nj_session_state(const NjSession *session, const NjModule *module);
const NjTable *nj_session_modules(const NjSession *session);

/* of the last handshake, kept after a failure; NULL */
const NjCertificate *nj_session_certificate(const NjSession *session);

/* the one of this run, and that one was refused: the settings have a new one */
void nj_session_forget_password(NjSession *session);

/* for the next connection only */
void nj_session_trust_once(NjSession *session, const char *pin);

/* The store has room again: sockets that were not read while it was full are read on. For main.c's
 * on_room hook, every session. */
void nj_session_resume_reading(NjSession *session);

/* Who speaks to us, the least known first.  Being invisible makes a contact a stranger: strangers
 * are told nothing. */
typedef enum {
    NJ_PEER_STRANGER,
    /* of a room that we are in, or the room */
    NJ_PEER_OCCUPANT,
    NJ_PEER_CONTACT, /* one who may see our presence */
    NJ_PEER_SERVER,  /* ours */
    /* our account, also without a "from" */
    NJ_PEER_OWN,
} NjPeer;

NjPeer nj_session_peer(const NjSession *session, const char *from);

/* our server's; never NULL */
const char *nj_session_domain(const NjSession *session);

/* for iq.c */
NjIqs *nj_session_iqs(const NjSession *session);
NjPipeline *nj_session_pipeline(const NjSession *session);

/* of the bound stream; NULL while there is none */
const NjXml *nj_session_features(const NjSession *session);

/* What commands ask for.  done is called exactly once; result is borrowed and NULL on error; data's
 * owner cancels with nj_iq_cancel(session, data). */
typedef void (*NjDone)(const GError *error, NjRecord *result, void *data);

#endif
