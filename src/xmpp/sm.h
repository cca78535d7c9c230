/* Stream management (XEP-0198) of one account: acknowledgements in both directions, resumption
 * after a broken connection, and resumption by a new process after the program was killed. An
 * NjSession has one NjSm, from its beginning to its end. Below, a session is a session of XEP-0198:
 * it begins with a bound resource and may continue over several connections. An NjSm handles many
 * of them, one after another.
 *
 * Two rules protect against the loss of messages when the program is killed:
 *
 * A received stanza is acknowledged only when its content is committed, and in a session that can
 * be resumed also the count that includes it.
 *
 * A message is written to the connection only when its sequence number is committed. The stanzas
 * behind it wait as well, because the server counts stanzas in the order in which they arrive. */
#ifndef NJ_XMPP_SM_H
#define NJ_XMPP_SM_H

#include "model/account.h"
#include "xmpp/xml.h"

typedef struct NjSm NjSm;

/* row is the id of a message in the outbox (model/outbox.h). A hook may send stanzas, end the
 * connection or end the session. */
typedef struct {
    /* Writes xml to the connection and takes it. Returns false when the stream is over. */
    bool (*write)(NjXml *xml, void *owner);
    /* The message was written to the connection. */
    void (*on_written)(gint64 row, void *owner);
    /* The server has the message. */
    void (*on_acknowledged)(gint64 row, void *owner);
    /* The server certainly does not have the message: remove its number from the store
     * (nj_outbox_take_back()) and send it again. */
    void (*on_unsent)(gint64 row, void *owner);
    /* The server may or may not have the message: its session ended, and the server did not report
     * how many stanzas it has. */
    void (*on_unsure)(gint64 row, void *owner);
    /* An acknowledgement was requested with <r/> or a ping: the server must answer soon. */
    void (*on_answer_expected)(void *owner);
    /* Sends a ping, because the server does not offer XEP-0198. When the response arrives, call
     * nj_sm_on_pong(). */
    void (*send_ping)(void *owner);
    /* The server sent a missing, unreadable or impossible count in <a/> or <resumed/>, or resumed
     * another session: end the connection. The session cannot be resumed. sentence is for the
     * user. */
    void (*on_protocol_error)(const char *sentence, void *owner);
} NjSmHooks;

/* account and hooks are borrowed. */
NjSm *nj_sm_new(NjAccount *account, const NjSmHooks *hooks, void *owner);

/* Stops writing and cancels the calls of the store. The session stays in the store: the next NjSm
 * of this account can resume it, also in another run. */
void nj_sm_stop(NjSm *sm);

/* sm may be NULL. Call nj_sm_stop() before. */
void nj_sm_free(NjSm *sm);

/* --- connections begin and end --- */

/* Returns <resume/> for the last session, which this run or an earlier one began. Returns NULL when
 * no session can be resumed or features lacks XEP-0198. The caller owns the result. features may be
 * NULL. */
NjXml *nj_sm_build_resume(NjSm *sm, const NjXml *features);

/* Handles <resumed/>. In a session of this run it acknowledges stanzas up to the server's count and
 * writes the others again. In a session of an earlier run it settles that run's messages: they are
 * acknowledged or unsent. Returns false when resumed is invalid; on_protocol_error was called
 * then. */
bool nj_sm_on_resumed(NjSm *sm, const NjXml *resumed);

/* Handles the <failed/> that answers <resume/>: settles all messages of the session. With its "h"
 * the server still reports which ones it has (XEP-0198, 5). A missing or impossible "h" counts as
 * no count; on_protocol_error is not called. */
void nj_sm_on_resume_failed(NjSm *sm, const NjXml *failed);

/* Begins a session on a newly bound resource. Settles the messages of the previous session that are
 * still in the queues or still have a number in the outbox: written ones and those of an earlier
 * run are unsure, unwritten ones unsent. Then sends <enable/> if features offer it. features may be
 * NULL. */
void nj_sm_begin_session(NjSm *sm, const NjXml *features);

/* Call when the connection is gone. If the session can be resumed, its queues stay. Otherwise it
 * ends: its written messages are unsure, its unwritten ones are unsent. */
void nj_sm_suspend(NjSm *sm);

bool nj_sm_can_resume(const NjSm *sm);

/* Returns true while nj_sm_begin_session() or nj_sm_on_resumed() reports the states of earlier
 * messages. Stanzas that a hook sends during nj_sm_on_resumed() wait until all are reported. During
 * nj_sm_begin_session() there is no connection yet: stanzas that are not messages are dropped; a
 * message waits until the store's next commit, or is reported as unsent if the queues are still
 * being settled. */
bool nj_sm_is_settling(const NjSm *sm);

/* Sends the last <a/> and forgets the session, also in the store. The caller then closes the stream
 * with </stream:stream>, which ends the session on the server. */
void nj_sm_close_session(NjSm *sm);

/* Returns the full address of the session to resume, or NULL. */
const char *nj_sm_jid(const NjSm *sm);

/* --- stanzas --- */

/* Sends stanza, or queues it until it may be written, and takes it. row is 0 for a stanza that is
 * not in the outbox. Returns false when such a stanza was dropped, because there is no connection
 * and no session to resume. A message is never dropped. */
bool nj_sm_send(NjSm *sm, NjXml *stanza, gint64 row);

/* Calls no hook for the message any more. Its stanzas stay in the queues, because the server counts
 * them. */
void nj_sm_forget_row(NjSm *sm, gint64 row);

/* Handles <a/>, <r/>, <enabled/>, and the <failed/> that answers <enable/>. Returns false when the
 * namespace of element is not that of XEP-0198. */
bool nj_sm_handle(NjSm *sm, const NjXml *element);

/* Returns true when the server sends a stanza again that was processed before the connection broke.
 * The caller must not process it again, but must call nj_sm_count_received(). */
bool nj_sm_is_skipping(const NjSm *sm);

/* Call it for each received stanza after it was processed or dropped. A stanza for which
 * nj_sm_is_skipping() returned true is counted already: it only reduces the number that is still to
 * be skipped. */
void nj_sm_count_received(NjSm *sm);

/* Handles the response to the ping of the hook send_ping: all messages that were written before the
 * ping are acknowledged. */
void nj_sm_on_pong(NjSm *sm);

/* Requests an acknowledgement with <r/>, unless one is requested already. Returns false when the
 * server does not offer XEP-0198 or has refused <enable/>. */
bool nj_sm_request_ack(NjSm *sm);

/* Returns true when no stanza waits to be written or to be acknowledged. Without XEP-0198 only
 * messages are acknowledged. */
bool nj_sm_all_acknowledged(const NjSm *sm);

/* Returns true when nj_sm_all_acknowledged() does and all received stanzas are committed. */
bool nj_sm_all_settled(const NjSm *sm);

/* Call when the store cannot commit at present. Removes the messages that wait for a commit from
 * the queue, writes the stanzas that waited only for these messages and reports the messages as
 * unsent. All stanzas still wait if the removal of an earlier run's numbers is not committed
 * (adopt_session() in sm.c). The caller sends no new message until the store can commit
 * (nj_message_pump()). */
void nj_sm_on_store_failure(NjSm *sm);

#endif
