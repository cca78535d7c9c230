/* The row type of XEPs. Disco features, caps, dispatch, presence, /info and tear-down are derived
 * from rows; the list of rows is in xmpp/xep/xep.h. */
#ifndef NJ_XMPP_MODULES_H
#define NJ_XMPP_MODULES_H

#include "base/record.h"
#include "base/table.h"
#include "model/chat.h"
#include "xmpp/xml.h"

typedef struct NjSession NjSession;

/* A received message on its way through the stages (xmpp/pipeline.h). UNWRAP may replace stanza and
 * from, DECRYPT and ANNOTATE change message, DELIVER stores it. The function of a stage returns
 * false when it has dropped or delivered the message: the functions after it are not called. */
typedef struct {
    NjXml *stanza;      /* owned */
    const char *from;   /* the sender's address in stanza; never NULL */
    NjMessage *message; /* owned; NULL in UNWRAP; its body is sanitised, or NULL */
    NjChat *chat;       /* NULL before DELIVER */
    bool sent;          /* a copy of a message that another client of ours sent */

    /* owned: the outer stanza from which UNWRAP took stanza, its sender verified; NULL: none */
    NjXml *wrapper;
    const NjXml *forwarded; /* the element of wrapper around stanza (XEP-0297); NULL: none */
} NjIncoming;

/* A message on its way to the connection. ANNOTATE adds elements, ENCRYPT replaces stanza, SEND is
 * the last stage. The function of a stage returns false if the message must not be sent: then it
 * becomes FAILED. */
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

/* func is called for each stanza of this kind that has a direct child of this name and namespace.
 * name NULL: for every stanza of the kind, with child NULL, before the handlers with a name. An iq
 * handler responds and returns true; if all return false, the sender gets an error. A message or
 * presence handler returns true to keep the stanza from all later handlers and from the stages. */
typedef struct {
    NjStanzaKind kind;
    const char *name, *ns;
    bool (*func)(NjSession *session, NjXml *stanza, NjXml *child);
} NjHandler;

/* A PEP node (XEP-0163) that the module follows. func is called for each item that a contact or our
 * own account publishes. bare: the publisher's bare address. payload: borrowed, the child of the
 * item; NULL: the item is empty or was retracted, or the node was purged or deleted. */
typedef struct {
    const char *node;
    void (*func)(NjSession *session, const char *bare, const NjXml *payload);
} NjNode;

typedef struct {
    const char *spec; /* "XEP-0199": the row's key in tables */
    const char *name; /* N_(): the title of the specification */

    /* For natterjack.doap. status is "complete" or "partial"; NULL: the row is not listed there.
     * note says what a partial implementation does; NULL: no note. */
    struct {
        const char *status, *note;
    } doap;
    const char *features[8]; /* for disco#info */

    /* The features and nodes are announced while this boolean option is on; NULL: always. */
    const char *option;

    /* specs of the rows that must come before this one: in its stage, among the handlers of a
     * stanza, and in the calls below. Without .after the order is not defined. */
    const char *after[4];

    struct {
        NjInStage stage;
        bool (*func)(NjSession *session, NjIncoming *in);
    } receive;
    struct {
        NjOutStage stage;
        bool (*func)(NjSession *session, NjOutgoing *out);
    } send;
    NjHandler handlers[8];
    NjNode events[4];

    /* Adds elements to an available presence of ours before it is sent. The presence has no "to" if
     * it goes to all contacts. */
    void (*presence)(NjSession *session, NjXml *presence);

    /* Our presence was sent to all contacts. available false: it was unavailable presence, so the
     * account is invisible now. */
    void (*presence_sent)(NjSession *session, bool available);

    /* Adds fields to the record of /info. An iq get with the element name, ns is sent to the
     * address, and read() gets that element of the response as payload. If the address does not
     * announce the feature ns, /info does not wait for the response. name NULL: no request is sent,
     * and read() is called at once with payload NULL. */
    struct {
        const char *name, *ns;
        void (*read)(NjSession *session, const char *address, NjRecord *record,
                     const NjXml *payload);
    } info;

    /* A message received from a person is in the history: it was stored now, or it repeats a stored
     * one. */
    void (*stored)(NjSession *session, const NjIncoming *in);

    /* Returns the module's state for one account, which nj_session_state() then returns. The state
     * may be the owner of listeners of the bus and of calls of the store. */
    void *(*attach)(NjSession *session);

    /* Frees the state. Its listeners have been removed. The account may have been freed. */
    void (*detach)(NjSession *session, void *state);

    /* A new session has begun: the stream is bound to a resource. */
    void (*online)(NjSession *session);

    /* The session has ended. A lost connection does not end a session that can be resumed. */
    void (*offline)(NjSession *session);

    /* The session continues on a new connection (XEP-0198). Nonzas must be sent again. */
    void (*resumed)(NjSession *session);

    /* Called once after online(): the requests for the features of our server and our account have
     * ended (xep/0030.h). */
    void (*discovered)(NjSession *session);
} NjModule;

/* Returns the built-in rows. */
const NjTable *nj_modules(void);

/* Returns a new table with the same rows, each behind the rows that its .after names, otherwise in
 * the order of modules. If a row names an unknown one, or rows name each other in a circle, error
 * is set and the table still has all rows, but not all in the required order. error may be NULL. */
NjTable *nj_modules_sort(const NjTable *modules, GError **error);

/* Calls .presence of all rows for an available presence of ours. */
void nj_modules_add_presence(NjSession *session, NjXml *presence);

#endif
