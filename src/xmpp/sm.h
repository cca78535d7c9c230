/* Stream management (XEP-0198) of one account: acknowledgements in both directions, resumption
 * after a broken connection, and resumption by a new process after the program was killed. A
 * session has one NjSm, which outlives the session's connections.
 *
 * Two rules protect against the loss of messages when the program is killed:
 *
 * A received stanza is acknowledged only when its content and the count that includes it are
 * committed.
 *
 * A message is written to the connection only when its sequence number is committed. The stanzas
 * behind it wait as well, because the server counts stanzas in the order in which they arrive. */
#ifndef NJ_XMPP_SM_H
#define NJ_XMPP_SM_H

#include "model/account.h"
#include "xmpp/xml.h"

typedef struct NjSm NjSm;

/* A row is the id of a message in the outbox (model/outbox.h). A hook may send stanzas, end the
 * connection or end the session. */
typedef struct {
    /* Writes xml to the connection and takes it. Returns false when the stream is over. */
    bool (*write)(NjXml *xml, void *owner);
    /* The message was written to the connection. */
    void (*on_written)(gint64 row, void *owner);
    /* The server has the message. */
    void (*on_acknowledged)(gint64 row, void *owner);
    /* The server certainly does not have the message; it must be sent again. */
    void (*on_unsent)(gint64 row, void *owner);
    /* It is unknown whether the server has the message: its session is gone without a count. */
    void (*on_unsure)(gint64 row, void *owner);
    /* An acknowledgement was requested; the server must send something soon. */
    void (*on_answer_expected)(void *owner);
    /* The server does not offer XEP-0198: ping it, and call nj_sm_on_pong() at its response. */
    void (*send_ping)(void *owner);
    /* The server sent an impossible count: end this connection. The session cannot be resumed.
     * sentence is for the user. */
    void (*on_protocol_error)(const char *sentence, void *owner);
} NjSmHooks;

/* account and hooks are borrowed. */
NjSm *nj_sm_new(NjAccount *account, const NjSmHooks *hooks, void *owner);

/* Nothing is written any more, and the store makes no calls. Another run may still resume the
 * session. */
void nj_sm_stop(NjSm *sm);

/* sm may be NULL. Call nj_sm_stop() before. */
void nj_sm_free(NjSm *sm);

/* --- the beginning and the end of connections --- */

/* Returns <resume/> for the last session of this run or of an earlier one, or NULL when there is no
 * such session or features lacks XEP-0198. The caller owns it. features may be NULL. */
NjXml *nj_sm_build_resume(NjSm *sm, const NjXml *features);

/* Handles <resumed/>: settles the messages that it acknowledges and sends the others again. Returns
 * false when the response is invalid; on_protocol_error was called then. */
bool nj_sm_on_resumed(NjSm *sm, const NjXml *resumed);

/* Handles the <failed/> that answers <resume/>: settles all messages of the session. With its "h"
 * the server still reports which ones it has (XEP-0198, 5). */
void nj_sm_on_resume_failed(NjSm *sm, const NjXml *failed);

/* Begins a session on a newly bound resource. Settles what is left of the previous session, then
 * sends <enable/> if features offer it. features may be NULL. */
void nj_sm_begin_session(NjSm *sm, const NjXml *features);

/* The connection is gone. The queues stay if the session can be resumed; otherwise the session
 * ends, and its written messages are unsure. */
void nj_sm_suspend(NjSm *sm);
bool nj_sm_can_resume(const NjSm *sm);

/* Returns true while hooks are reporting the states of earlier messages. Stanzas that are sent
 * meanwhile wait until all states are reported. */
bool nj_sm_is_settling(const NjSm *sm);

/* Sends the last <a/> before </stream:stream>, which ends the session. */
void nj_sm_close_session(NjSm *sm);

/* Returns the full address of the session to resume, or NULL. */
const char *nj_sm_jid(const NjSm *sm);

/* --- stanzas --- */

/* Sends stanza, or queues it until it may be written, and takes it. row is 0 for a stanza that is
 * not in the outbox. Returns false when stanza was dropped, because there is no connection and no
 * session to resume. */
bool nj_sm_send(NjSm *sm, NjXml *stanza, gint64 row);

/* No hook is called for the message any more. Its stanzas stay in the queues: they have sequence
 * numbers. */
void nj_sm_forget_row(NjSm *sm, gint64 row);

/* Handles an element of XEP-0198: <a/>, <r/>, <enabled/> or <failed/>. Returns false when element
 * has another namespace. */
bool nj_sm_handle(NjSm *sm, const NjXml *element);

/* Returns true when the stanza that has just arrived was processed before the connection broke; it
 * must be counted but not processed again. */
bool nj_sm_is_skipping(const NjSm *sm);

/* Counts a received stanza, after it was processed or skipped. */
void nj_sm_count_received(NjSm *sm);

/* Handles the response to the ping of the hook send_ping. It acknowledges all stanzas that were
 * written before the ping. */
void nj_sm_on_pong(NjSm *sm);

/* Requests an acknowledgement with <r/>, unless one is requested already. Returns false when the
 * server does not offer XEP-0198. */
bool nj_sm_request_ack(NjSm *sm);

/* Returns true when no stanza waits to be written or to be acknowledged. */
bool nj_sm_all_acknowledged(const NjSm *sm);

/* As nj_sm_all_acknowledged(), and all received stanzas are committed. */
bool nj_sm_all_settled(const NjSm *sm);

/* The store cannot commit at present: takes back the messages that wait for a commit (on_unsent)
 * and writes the stanzas that waited behind them. */
void nj_sm_on_store_failure(NjSm *sm);

#endif
