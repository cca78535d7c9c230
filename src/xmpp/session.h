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

/* Makes the session and sets account->session; account is borrowed. modules are the rows to use,
 * nj_modules() and those of plugins; the table is copied, its rows are borrowed. maker makes
 * connections: nj_connection_new() outside of tests. */
NjSession *nj_session_new(NjAccount *account, const NjTable *modules, NjConnectionMaker maker);

/* Ends the session and its connection at once, also from inside a hook or callback of the session:
 * the main loop frees the memory later. session may be NULL. */
void nj_session_free(NjSession *session);

/* Returns the account's session, or NULL. */
NjSession *nj_session_of(const NjAccount *account);

/* --- connecting --- */

/* Connects at once, also while the session waits for its next attempt. */
void nj_session_connect(NjSession *session);

/* Sends unavailable presence, waits a moment for acknowledgements, closes the stream and stays
 * offline. The state NJ_ACCOUNT_OFFLINE follows within two seconds. */
void nj_session_disconnect(NjSession *session);

/* Call when the network changed or the machine was asleep. If the session waits for its next
 * attempt or its attempt takes long, it connects now; if it is online, its connection is tested
 * now. */
void nj_session_wake(NjSession *session);

/* Returns true while stanzas can be written to a connection. */
bool nj_session_online(const NjSession *session);

/* Returns true while stanzas are accepted: with a connection, or while it is broken but the session
 * can be resumed. */
bool nj_session_is_established(const NjSession *session);

/* Reads from the connection again, which was paused because the store had too much to write. main.c
 * calls it for every session when the store has room again. */
void nj_session_resume_reading(NjSession *session);

/* Call with is_failing true when the store cannot commit: messages that wait for a commit go back
 * to the outbox. Call with false when it can commit again: the outbox is sent. */
void nj_session_set_store_failing(NjSession *session, bool is_failing);

/* --- sending --- */

/* Sends stanza and takes it. While the session waits to be resumed, stanza is queued. Returns false
 * when stanza was dropped because there is no session. */
bool nj_session_send(NjSession *session, NjXml *stanza);

/* Sends the stanza of a message in the outbox like nj_session_send(); row is the message's id. */
bool nj_session_send_message(NjSession *session, NjXml *stanza, gint64 row);

/* Makes the state of the message independent of the stanzas sent for it so far. Call it before the
 * message is sent once more. */
void nj_session_forget_message(NjSession *session, gint64 row);

/* Sends element, which is not a stanza and is not counted (XEP-0198, 4), and takes it. It is never
 * queued. Returns false when there is no connection. */
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

/* Returns the domain of our account; never NULL. */
const char *nj_session_domain(const NjSession *session);

/* Returns the features of the bound stream, or NULL without a connection. */
const NjXml *nj_session_features(const NjSession *session);

/* --- certificates and passwords --- */

/* Returns the certificate of the last handshake, also of a failed one, or NULL. */
const NjCertificate *nj_session_certificate(const NjSession *session);

/* Makes the next connection accept the certificate with this pin (tls.h); pin is copied. */
void nj_session_trust_once(NjSession *session, const char *pin);

/* Forgets the password that the user entered and the one that the server refused; call it when the
 * account's settings have a new one. */
void nj_session_forget_password(NjSession *session);

/* --- senders --- */

/* The relation of a sender to us, the least known first. While we are invisible, contacts count as
 * strangers, because they must not learn that we are online. */
typedef enum {
    NJ_PEER_STRANGER,
    NJ_PEER_OCCUPANT, /* a room that we are in, or an occupant of it */
    NJ_PEER_CONTACT,  /* a contact who may see our presence */
    NJ_PEER_SERVER,   /* our server */
    NJ_PEER_OWN,      /* our account; also the sender of a stanza without "from" */
} NjPeer;

/* Returns the relation of the address from; NULL: the stanza has no "from". */
NjPeer nj_session_peer(const NjSession *session, const char *from);

/* The callback of a request that a command makes; it is called exactly once. result is borrowed,
 * and NULL with an error. The owner of data cancels with nj_iq_cancel(session, data). */
typedef void (*NjDone)(const GError *error, NjRecord *result, void *data);

#endif
