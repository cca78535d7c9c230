/* Stream management (XEP-0198) by rules of our own: what is counted both ways, what was said and
 * not acknowledged yet, and the way back into the session after its connection broke or the program
 * was killed.  One per session; it outlives connections.
 *
 * A stanza of the server is acknowledged only when what it brought is committed together with its
 * count.  A message of ours is written to the connection only when its place in the stream is
 * committed; what is said behind it waits as long. */
#ifndef NJ_XMPP_SM_H
#define NJ_XMPP_SM_H

#include "model/account.h"
#include "xmpp/xml.h"

typedef struct NjSm NjSm;

/* Rows are messages of the outbox, by their ids. */
typedef struct {
    /* to the connection; takes it; false: it is over */
    bool (*write)(NjXml *xml, void *owner);
    void (*on_written)(gint64 row, void *owner);
    void (*on_acknowledged)(gint64 row, void *owner);
    /* the server does not have it for certain: it is to be sent anew */
    void (*on_unsent)(gint64 row, void *owner);
    void (*on_unknown)(gint64 row, void *owner); /* nobody can say */
    void (*on_asked)(void *owner);               /* a sign of life is due now */
    /* the server offers no acknowledgements: ask it for an answer, then nj_sm_answered() */
    void (*ping)(void *owner);
    /* the server counts what cannot be: this connection must end, and the session is not to be
     * resumed */
    void (*on_broken)(const char *sentence, void *owner);
} NjSmHooks;

NjSm *nj_sm_new(NjAccount *account, const NjSmHooks *hooks, void *owner);

/* silent from now on; the session stays to be resumed by another run */
void nj_sm_end(NjSm *sm);
void nj_sm_free(NjSm *sm);

/* --- the beginning and the end of connections --- */
/* <resume/> for the session of before, of this run or of another; NULL: there is none, or the
 * server can not */
NjXml *nj_sm_resume(NjSm *sm, const NjXml *features);

/* settles what the answer tells and says the rest again; false: it tells nonsense, and on_broken
 * was called */
bool nj_sm_resumed(NjSm *sm, const NjXml *answer);

/* settles what it tells: what the server counted, or that nobody knows */
void nj_sm_not_resumed(NjSm *sm, const NjXml *answer);

/* a fresh session was bound: <enable/>, if it is offered */
void nj_sm_begin(NjSm *sm, const NjXml *features);

/* the connection is gone */
void nj_sm_suspend(NjSm *sm);
bool nj_sm_can_resume(const NjSm *sm);

/* hooks are told what became of all that was said: nothing is said before the end of that */
bool nj_sm_settling(const NjSm *sm);

/* the session will not come back: what is open is unknown, but for what was never written */
void nj_sm_give_up(NjSm *sm);

/* before </stream:stream>: the last acknowledgement; the session is over then */
void nj_sm_close(NjSm *sm);

/* of the session to resume; NULL */
const char *nj_sm_jid(const NjSm *sm);

/* --- stanzas --- */
/* takes it; row 0: no message of the outbox. False: the connection is over, and the session with
 * it */
bool nj_sm_send(NjSm *sm, NjXml *stanza, gint64 row);

/* what becomes of the stanza it went in does not matter any more */
void nj_sm_forget_row(NjSm *sm, gint64 row);

/* <a/>, <r/>, <enabled/>, <failed/>; false: it is none of them */
bool nj_sm_take(NjSm *sm, const NjXml *element);

/* is this stanza one that we had before the connection broke? */
bool nj_sm_skips(const NjSm *sm);

/* a stanza was dealt with, or skipped */
void nj_sm_received(NjSm *sm);

/* the ping was: all that was written before it has arrived */
void nj_sm_answered(NjSm *sm);

/* for an acknowledgement, now; false: not offered */
bool nj_sm_ask(NjSm *sm);

/* and nothing is held back */
bool nj_sm_all_acknowledged(const NjSm *sm);

/* and all that came is counted */
bool nj_sm_all_settled(const NjSm *sm);

/* nothing is committed at present: what waits for it is taken back (on_unsent), the rest goes on */
void nj_sm_store_trouble(NjSm *sm);

#endif
