/* For the files in xmpp/xep: the list of rows, helpers, and the functions of one XEP that others
 * call. */
#ifndef NJ_XMPP_XEP_H
#define NJ_XMPP_XEP_H

#include "model/client.h"
#include "model/events.h"
#include "model/jid.h"
#include "model/room.h"
#include "xmpp/namespaces.h"
#include "xmpp/session.h"
#include "xmpp/xep/0030.h"
#include "xmpp/xep/error.h"
#include "xmpp/xep/presence.h"

/* All built-in rows, in any order: a row that must come behind another names it in .after. */
#define NJ_MODULES(X)         \
    X(nj_rfc6121_message_in)  \
    X(nj_rfc6121_message_out) \
    X(nj_rfc6121_presence)    \
    X(nj_rfc6121_roster)      \
    X(nj_xep_0012)            \
    X(nj_xep_0030)            \
    X(nj_xep_0030_server)     \
    X(nj_xep_0045)            \
    X(nj_xep_0085)            \
    X(nj_xep_0092)            \
    X(nj_xep_0106)            \
    X(nj_xep_0107)            \
    X(nj_xep_0115)            \
    X(nj_xep_0163)            \
    X(nj_xep_0184)            \
    X(nj_xep_0191)            \
    X(nj_xep_0199)            \
    X(nj_xep_0202)            \
    X(nj_xep_0203)            \
    X(nj_xep_0224)            \
    X(nj_xep_0245)            \
    X(nj_xep_0280)            \
    X(nj_xep_0313)            \
    X(nj_xep_0319)            \
    X(nj_xep_0334)            \
    X(nj_xep_0352)            \
    X(nj_xep_0359)            \
    X(nj_xep_0380)

#define NJ_MODULE_DECLARE(row) extern const NjModule row;
NJ_MODULES(NJ_MODULE_DECLARE)

/* Returns the account's session if it is online; otherwise NULL, and error is set. */
NjSession *nj_xep_online(const NjAccount *account, GError **error);

/* As nj_session_send(); sets error if it returns false. That can happen after nj_xep_online(): the
 * stream may have ended while its event is not handled yet. */
bool nj_xep_send(NjSession *session, NjXml *stanza, GError **error);

/* --- commands that wait for an iq --- */

/* Sends iq and takes it. Calls done with the error, or with an empty record. */
void nj_ask(NjSession *session, NjXml *iq, NjDone done, void *data);

/* As nj_ask(); fill adds fields to the record from the response. free_fill is called for fill_data
 * in every case. fill and free_fill may be NULL. */
typedef void (*NjAskFill)(NjRecord *record, const NjXml *answer, void *fill_data);
void nj_ask_fill(NjSession *session, NjXml *iq, NjAskFill fill, void *fill_data,
                 GDestroyNotify free_fill, NjDone done, void *data);

/* Sets a field to text as one sanitised line; leaves it out if nothing remains. text may be
 * NULL. */
void nj_xep_set_line(NjRecord *record, const char *key, const char *text);

/* As nj_xep_set_line(), with the text of a child element. */
void nj_xep_set_child(NjRecord *record, const char *key, const NjXml *parent, const char *name,
                      const char *ns);

/* --- presence: rfc6121-presence.c, 0115.c --- */

typedef struct {
    NjShow show;
    gint8 priority;
    char *status; /* sanitised, or NULL */
} NjPresenceText;

/* Reads a presence stanza; the caller frees out->status. */
void nj_presence_read(const NjXml *stanza, NjPresenceText *out);

/* Returns our available presence with the elements that the rows add. to NULL: for all contacts. */
NjXml *nj_presence_stanza(NjSession *session, const char *to);

/* Does this contact see our presence now? False while we are invisible or offline. */
bool nj_presence_shown_to(const NjSession *session, const char *address);

/* Adds our identity and features to query, in the order of XEP-0115 section 5.1. Returns query. */
NjXml *nj_disco_fill(const NjSession *session, NjXml *query);

/* --- messages: rfc6121-message-out.c, 0359.c --- */

/* Finds a message that we sent to address by its id, for receipts and errors. Returns NULL if there
 * is none. The caller owns it and *chat_address, the address of its chat. */
NjMessage *nj_sent_find(NjSession *session, const char *address, const char *id,
                        char **chat_address);

/* Is this message in the history of the chat already? Compares archive id and origin-id of delayed
 * and copied messages; false for other messages. chat: its id in the store. */
bool nj_message_is_known(NjSession *session, gint64 chat, const NjIncoming *in);

/* Another client of ours has sent a message to this address: if it is a stranger's, accepts the
 * stranger's messages. */
void nj_request_answered(NjAccount *account, const char *address);

/* --- the account's own archive: 0313-ask.c --- */

typedef enum { NJ_ARCHIVE_UNKNOWN, NJ_ARCHIVE_HAS, NJ_ARCHIVE_LACKS } NjArchiveAnswer;

/* answers[i] is the answer for ids[i]. Called once, or not at all if the session ends first. */
typedef void (*NjArchiveFunc)(NjSession *session, const NjArchiveAnswer *answers, void *data);

/* Asks our account's archive for messages that we sent. ids: their origin-ids, NULL-terminated,
 * copied. since_ms: no message is older. The answer is UNKNOWN if there is no archive, if it does
 * not keep all messages to that person, or if it cannot be read far enough back before the
 * deadline. owner: for nj_iq_cancel(). */
void nj_archive_ask(NjSession *session, const char *const *ids, gint64 since_ms, NjArchiveFunc done,
                    void *data, const void *owner);

/* Is a call of nj_archive_ask() still unanswered? */
bool nj_archive_asks(NjSession *session);

/* --- rooms: 0045-join.c, 0045-talk.c --- */

/* Returns the room of a bare or full address, joined or not; NULL: no room chat has that
 * address. */
NjRoom *nj_muc_room(const NjSession *session, const char *address);

/* Is the room still sending its history? True from the join until its subject arrives. */
bool nj_muc_in_history(const NjSession *session, const NjRoom *room);

/* The subject has arrived. */
void nj_muc_history_over(NjSession *session, NjRoom *room);

/* Handles received messages for the row nj_xep_0045 in the stage DELIVER (0045-talk.c). */
bool nj_muc_deliver(NjSession *session, NjIncoming *in);

#endif
