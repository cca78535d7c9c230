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

/* XEP-0030: what our server, and our account on it, announced on this stream; false also before
 * they have answered. */
bool nj_session_server_has(const NjSession *session, const char *feature);
bool nj_session_account_has(const NjSession *session, const char *feature);

/* both have answered */
bool nj_session_discovered(const NjSession *session);

/* What commands ask for.  done is called exactly once; result is borrowed and NULL on error; data's
 * owner cancels with nj_iq_cancel(session, data). */
typedef void (*NjDone)(const GError *error, NjRecord *result, void *data);

/* RFC 6121: xmpp/xep/rfc6121-*.c */
typedef enum {
    NJ_SUBSCRIBE_ASK,
    NJ_SUBSCRIBE_ALLOW,
    NJ_SUBSCRIBE_DENY,
    NJ_SUBSCRIBE_CANCEL
} NjSubscribe;

typedef struct {
    NjMessageType type;
    const char *subject;
    const char *thread;
} NjSendOptions;

/* Says text in a chat, a room or privately: it is kept first (QUEUED) and goes out when it is
 * committed and there is a way, once and in order; the chat shows it when it is safe.  The caller
 * borrows the message.  NULL and a sentence if it can not be said: nothing was kept.  options may
 * be NULL. */
NjMessage *nj_message_send(NjChat *chat, const char *text, const NjSendOptions *options,
                           GError **error);

/* Sends again what failed or is unsure, as it was said. */
bool nj_message_retry(NjChat *chat, NjMessage *message, GError **error);

/* XEP-0085, as the options allow; true if it was sent */
bool nj_message_typing(NjChat *chat, NjTyping typing);

/* account->show, status, priority to everyone, and to rooms; OFFLINE: goes invisible */
void nj_presence_send(NjAccount *account);

/* OFFLINE: unavailable */
bool nj_presence_direct(NjAccount *account, const char *to, NjShow show, const char *status,
                        GError **error);
bool nj_subscribe(NjAccount *account, const char *address, NjSubscribe what, const char *text,
                  GError **error);
void nj_roster_edit(NjAccount *account, const char *address, const char *name /* NULL: keep */,
                    const char *const *groups /* NULL: keep */, NjDone done, void *data);
void nj_roster_delete(NjAccount *account, const char *address, NjDone done, void *data);

/* A stranger's request: accept lets them in (chat, and their messages become unread), refuse
 * forgets them. */
bool nj_request_accept(NjAccount *account, const char *address, GError **error);
bool nj_request_refuse(NjAccount *account, const char *address, GError **error);

/* XEP-0191: the list is account->blocked.  address NULL and blocked false: nobody is blocked any
 * more. */
void nj_block(NjAccount *account, const char *address, bool blocked, NjDone done, void *data);

/* XEP-0224: asks a person for it */
bool nj_attention(NjChat *chat, GError **error);

/* XEP-0045 */
void nj_muc_join(NjAccount *account, const char *room,
                 const char *nick /* NULL: as before, or the account's */, const char *password,
                 NjDone done, void *data);
bool nj_muc_leave(NjRoom *room, const char *why, GError **error);
bool nj_muc_set_subject(NjRoom *room, const char *subject, GError **error);

/* XEP-0199: result "ms".  0012, 0030, 0092, 0202: one record with what the address tells of itself
 * (identity, features, version, time). */
void nj_ping(NjAccount *account, const char *to /* NULL: the server */, NjDone done, void *data);
void nj_info(NjAccount *account, const char *address, NjDone done, void *data);

#endif
