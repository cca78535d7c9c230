/* The session of one account with its server: its connection, its requests (iq.h), the states of
 * its modules, and the attempts to connect again. It is account->session. */
#ifndef NJ_XMPP_SESSION_H
#define NJ_XMPP_SESSION_H

#include "base/record.h"
#include "model/account.h"
#include "xmpp/iq.h"
#include "xmpp/connection.h"
#include "xmpp/modules.h"
#include "xmpp/pipeline.h"

/* modules are the rows to use: nj_modules() and the rows of plugins. maker makes connections: it is
 * nj_connection_new() outside of tests. account is borrowed, and account->session is set. The table
 * is copied; its rows are borrowed. */
NjSession *nj_session_new(NjAccount *account, const NjTable *modules, NjConnectionMaker maker);

/* Ends the session and its connection at once. session may be NULL. May be called from inside any
 * hook or callback of the session; the main loop frees the memory later. */
void nj_session_free(NjSession *session);

/* Returns the account's session, or NULL. */
NjSession *nj_session_of(const NjAccount *account);

/* --- connecting --- */

/* Connects at once, also while the session waits for its next attempt. */
void nj_session_connect(NjSession *session);

/* Sends unavailable presence, closes the stream and stays offline. NJ_ACCOUNT_OFFLINE follows
 * within two seconds. */
void nj_session_disconnect(NjSession *session);

/* The network changed, or the machine was asleep. An account that waits connects now; the
 * connection of one that is online is tested now. */
void nj_session_wake(NjSession *session);

/* Returns true while stanzas can be written to a connection. */
bool nj_session_online(const NjSession *session);

/* Returns true while stanzas are accepted: with a connection, or while it is broken but the session
 * can be resumed. */
bool nj_session_is_established(const NjSession *session);

/* The store has room again: reads from a connection that was not read while the store was full.
 * main.c calls it for every session from the store's hook. */
void nj_session_resume_reading(NjSession *session);

/* The store cannot commit at present, or it can again. */
void nj_session_set_store_failing(NjSession *session, bool is_failing);

/* --- sending --- */

/* Sends stanza and takes it. While the session waits to be resumed, stanza is queued. Returns false
 * when stanza was dropped because there is no session. */
bool nj_session_send(NjSession *session, NjXml *stanza);

/* As nj_session_send(), for a message of the outbox; row is its id. */
bool nj_session_send_message(NjSession *session, NjXml *stanza, gint64 row);

/* The message is sent once more: its state no longer depends on the stanzas sent so far. */
void nj_session_forget_message(NjSession *session, gint64 row);

/* Sends element, which is not a stanza and is not counted (XEP-0198, 4), and takes it. Returns
 * false when there is no connection; it is never queued. */
bool nj_session_send_nonza(NjSession *session, NjXml *element);

/* Returns true while the states of earlier messages are being settled: new messages must wait. */
bool nj_session_is_settling(const NjSession *session);

/* --- the parts of a session --- */

NjAccount *nj_session_account(const NjSession *session);
NjClient *nj_session_client(const NjSession *session);
const NjTable *nj_session_modules(const NjSession *session);
NjIqs *nj_session_iqs(const NjSession *session);
NjPipeline *nj_session_pipeline(const NjSession *session);

/* Returns what the module's attach() returned for this session. */
void *nj_session_state(const NjSession *session, const NjModule *module);

/* Returns the domain of our server; never NULL. */
const char *nj_session_domain(const NjSession *session);

/* Returns the features of the bound stream, or NULL without a connection. */
const NjXml *nj_session_features(const NjSession *session);

/* --- certificates and passwords --- */

/* Returns the certificate of the last handshake, also of a failed one, or NULL. */
const NjCertificate *nj_session_certificate(const NjSession *session);

/* Makes the next connection accept the certificate with this pin; pin is copied. */
void nj_session_trust_once(NjSession *session, const char *pin);

/* Forgets the password that the user entered and the one that the server refused; call it when the
 * account's settings have a new one. */
void nj_session_forget_password(NjSession *session);

/* --- senders --- */

/* The relation of a sender to us, the least known first. While we are invisible, contacts count as
 * strangers, because strangers learn nothing about us. */
typedef enum {
    NJ_PEER_STRANGER,
    NJ_PEER_OCCUPANT, /* a room that we are in, or an occupant of it */
    NJ_PEER_CONTACT,  /* a contact who may see our presence */
    NJ_PEER_SERVER,   /* our server */
    NJ_PEER_OWN,      /* our account, or a stanza without "from" */
} NjPeer;

/* from may be NULL. */
NjPeer nj_session_peer(const NjSession *session, const char *from);

/* The callback of a request that a command makes; it is called exactly once. result is borrowed,
 * and NULL with an error. The owner of data cancels with nj_iq_cancel(session, data). */
typedef void (*NjDone)(const GError *error, NjRecord *result, void *data);

#endif
