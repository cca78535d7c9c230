/* A row a XEP.  Disco features, caps, dispatch and tear-down follow from the rows; xmpp/modules.c
 * lists them. */
#ifndef NJ_XMPP_MODULES_H
#define NJ_XMPP_MODULES_H

#include "base/table.h"
#include "model/chat.h"
#include "xmpp/xml.h"

typedef struct NjSession NjSession;

/* A message on its way in: UNWRAP replaces stanza, DECRYPT and ANNOTATE fill message, DELIVER keeps
 * it.  A stage returns false to drop it. */
typedef struct {
    NjXml *stanza;      /* owned */
    const char *from;   /* full, as it stands; never NULL */
    NjMessage *message; /* body already sanitised, or NULL */
    NjChat *chat;       /* set by DELIVER */
    bool sent;          /* a copy of what another of our clients sent */
    /* owned: what the stanza was taken out of, sent by one who may; NULL */
    NjXml *wrapper;
    const NjXml *forwarded; /* in it, around the stanza (XEP-0297); NULL */
} NjIncoming;

/* A message on its way out: ANNOTATE adds, ENCRYPT replaces, SEND hands it to the connection. */
typedef struct {
    NjXml *stanza; /* owned */
    NjChat *chat;
    NjMessage *message;
} NjOutgoing;

typedef enum {
    NJ_STAGE_NONE,
    NJ_STAGE_UNWRAP,
    NJ_STAGE_DECRYPT,
    NJ_STAGE_ANNOTATE,
    NJ_STAGE_DELIVER
} NjInStage;

typedef enum { NJ_OUT_NONE, NJ_OUT_ANNOTATE, NJ_OUT_ENCRYPT, NJ_OUT_SEND } NjOutStage;

typedef enum {
    NJ_KIND_NONE,
    NJ_KIND_IQ_GET,
    NJ_KIND_IQ_SET,
    NJ_KIND_PRESENCE,
    NJ_KIND_MESSAGE
} NjStanzaKind;

/* Called for a stanza of this kind with a direct child of this name and namespace; name NULL: every
 * stanza of the kind.  An IQ handler answers or returns false: then feature-not-implemented goes
 * out.  A message or presence handler returns true when nothing else shall see it. */
typedef struct {
    NjStanzaKind kind;
    const char *name, *ns;
    bool (*func)(NjSession *session, NjXml *stanza, NjXml *child);
} NjHandler;

typedef struct {
    const char *spec; /* "XEP-0199": the row's name in tables */
    const char *name; /* N_() */
    const char *features[8];
    const char *option; /* they are announced while this one is on; NULL: always */
    struct {
        NjInStage stage;
        bool (*func)(NjSession *session, NjIncoming *in);
    } receive;
    struct {
        NjOutStage stage;
        bool (*func)(NjSession *session, NjOutgoing *out);
    } send;
    NjHandler handlers[8];
    /* the module's state for one account: nj_session_state(); it may own listeners of bus and
     * store */
    void *(*attach)(NjSession *session);
    /* these are forgotten already, and the account may be gone */
    void (*detach)(NjSession *session, void *state);
    /* bound: in the order of the table */
    void (*online)(NjSession *session);
    /* the session is gone; a broken connection that may be resumed is not the end of it */
    void (*offline)(NjSession *session);
    /* the same session on a new connection (XEP-0198): what is not counted has to be said again */
    void (*resumed)(NjSession *session);
    /* after online(): nj_session_server_has() and nj_session_account_has() know what they can */
    void (*discovered)(NjSession *session);
} NjModule;

/* the built-in rows, in order */
const NjTable *nj_modules(void);

#endif
