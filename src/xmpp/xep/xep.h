/* What the module files share: the rows there are, and what one asks of another. */
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

/* Every row. The order means nothing: a row that must come behind another names it in .after. */
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

/* An account's session if it is online; otherwise NULL and a sentence. */
NjSession *nj_xep_online(const NjAccount *account, GError **error);

/* nj_session_send() with a sentence: the stream may be over before anybody was told. */
bool nj_xep_send(NjSession *session, NjXml *stanza, GError **error);

/* --- asking for a command: an NjDone that waits for an iq --- */

/* Sends iq and tells done how it ended; the result is an empty record. */
void nj_ask(NjSession *session, NjXml *iq, NjDone done, void *data);

/* The same, and fill makes the record of the answer. */
typedef void (*NjAskFill)(NjRecord *record, const NjXml *answer, void *fill_data);
void nj_ask_fill(NjSession *session, NjXml *iq, NjAskFill fill, void *fill_data,
                 GDestroyNotify free_fill, NjDone done, void *data);

/* Sets a field to text as one sanitised line; leaves it out if nothing remains. text may be NULL.
 */
void nj_xep_set_line(NjRecord *record, const char *key, const char *text);

/* The same with the text of a child element. */
void nj_xep_set_child(NjRecord *record, const char *key, const NjXml *parent, const char *name,
                      const char *ns);

/* --- presence: rfc6121-presence.c, 0115.c --- */

typedef struct {
    NjShow show;
    gint8 priority;
    char *status; /* sanitised; NULL */
} NjPresenceText;

/* clear with g_free(out->status) */
void nj_presence_read(const NjXml *stanza, NjPresenceText *out);

/* what we want to be, as it stands on the wire, with caps */
NjXml *nj_presence_stanza(NjSession *session, const char *to);

/* may this contact see us, and do we show ourselves? */
bool nj_presence_shown_to(const NjSession *session, const char *address);

/* XEP-0030 3.1 of ourselves, as XEP-0115 counts it. */
NjXml *nj_disco_fill(const NjSession *session, NjXml *query);

/* --- messages: rfc6121-message-out.c, 0359.c --- */

/* A message of ours by the id it went out with, and the address of its chat, for what comes back
 * about it; NULL; both are the caller's. */
NjMessage *nj_sent_find(NjSession *session, const char *address, const char *id,
                        char **chat_address);

/* Is it in the history of this chat already?  Asked only of what comes late or as a copy: by its
 * archive's id, or the sender's own. */
bool nj_message_is_known(NjSession *session, gint64 chat, const NjIncoming *in);

/* another client of ours wrote to them */
void nj_request_answered(NjAccount *account, const char *address);

/* --- the account's own archive: 0313-ask.c --- */

typedef enum { NJ_ARCHIVE_UNKNOWN, NJ_ARCHIVE_HAS, NJ_ARCHIVE_LACKS } NjArchiveAnswer;

/* answers[i] is for ids[i].  Called once, or not at all if the session is over first. */
typedef void (*NjArchiveFunc)(NjSession *session, const NjArchiveAnswer *answers, void *data);

/* Which of our own messages, by the origin-ids they went out with, does our archive have? since_ms:
 * none of them is older.  UNKNOWN: there is no archive, it does not keep all we say to that person,
 * or it could not be read to its end in time.  ids: NULL-ended, copied.  owner: nj_iq_cancel(). */
void nj_archive_ask(NjSession *session, const char *const *ids, gint64 since_ms, NjArchiveFunc done,
                    void *data, const void *owner);

/* something is still waited for */
bool nj_archive_asks(NjSession *session);

/* --- rooms: 0045-join.c, 0045-talk.c --- */

/* by bare or full address; NULL if it is none of ours */
NjRoom *nj_muc_room(const NjSession *session, const char *address);

/* from our coming in until the subject: what was said before */
bool nj_muc_in_history(const NjSession *session, const NjRoom *room);
void nj_muc_history_over(NjSession *session, NjRoom *room);

/* the row's DELIVER */
bool nj_muc_deliver(NjSession *session, NjIncoming *in);

#endif
