/* The row type of XEPs. Disco features, caps, dispatch, presence, /info and tear-down are derived
 * from rows; xmpp/xep/xep.h lists them. */
#ifndef NJ_XMPP_MODULES_H
#define NJ_XMPP_MODULES_H

#include "base/record.h"
#include "base/table.h"
#include "model/chat.h"
#include "xmpp/xml.h"

typedef struct NjSession NjSession;

/* A message on its way in. UNWRAP replaces stanza, DECRYPT and ANNOTATE fill message, DELIVER
 * stores it. A function of a stage returns false to end the way: it has dropped or delivered the
 * message. */
typedef struct {
    NjXml *stanza;      /* owned */
    const char *from;   /* the sender's address as received; never NULL */
    NjMessage *message; /* NULL in UNWRAP; its body is sanitised, or NULL */
    NjChat *chat;       /* set by DELIVER */
    bool sent;          /* a copy of a message that another client of ours sent */
    /* owned: the outer stanza that stanza was taken out of; its sender is verified; NULL: none */
    NjXml *wrapper;
    const NjXml *forwarded; /* the element of wrapper around stanza (XEP-0297); NULL: none */
} NjIncoming;

/* A message on its way out. ANNOTATE adds elements, ENCRYPT replaces the stanza, SEND is last
 * before the connection. */
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

/* Called for a stanza of this kind with a direct child of this name and namespace; name NULL: for
 * every stanza of the kind. An iq handler responds and returns true; if all return false,
 * feature-not-implemented is sent. A message or presence handler returns true if no other handler
 * and no stage may see the stanza. */
typedef struct {
    NjStanzaKind kind;
    const char *name, *ns;
    bool (*func)(NjSession *session, NjXml *stanza, NjXml *child);
} NjHandler;

/* A PEP node (XEP-0163) that the module follows. func is called for each item that a contact or our
 * own account publishes. bare: the publisher's bare address. payload: borrowed, the child of the
 * item; NULL: the item was retracted or is empty. */
typedef struct {
    const char *node;
    void (*func)(NjSession *session, const char *bare, const NjXml *payload);
} NjNode;

typedef struct {
    const char *spec; /* "XEP-0199": the row's name in tables */
    const char *name; /* N_() */

    /* For natterjack.doap. status: "complete" or "partial"; NULL: the row is not listed there.
     * note: what a partial implementation does, or NULL. */
    struct {
        const char *status, *note;
    } doap;
    const char *features[8];
    /* The features are announced while this boolean option is on; NULL: always. */
    const char *option;

    /* specs of rows that must come before this one. They order the functions of a stage, the
     * handlers of a stanza, and the calls below; without them the order is not defined. */
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

    /* Adds to an available presence of ours before it is sent; its "to" is NULL if it goes to all
     * contacts. */
    void (*presence)(NjSession *session, NjXml *presence);

    /* Our presence was sent to all contacts; available false: we are invisible now. */
    void (*presence_sent)(NjSession *session, bool available);

    /* Adds to the result of /info. name, ns: the payload of a request that is sent to the address,
     * and read gets the payload of the response; ns is also the feature that tells whether the
     * address responds. name NULL: nothing is requested, and payload is NULL. */
    struct {
        const char *name, *ns;
        void (*read)(NjSession *session, const char *address, NjRecord *record,
                     const NjXml *payload);
    } info;

    /* A received message of a person is in the history, now or since an earlier copy. */
    void (*stored)(NjSession *session, const NjIncoming *in);

    /* The module's state for one account: nj_session_state(). It may own listeners of bus and
     * store. */
    void *(*attach)(NjSession *session);

    /* Frees the state. Its listeners are removed already, and the account may be freed. */
    void (*detach)(NjSession *session, void *state);

    /* A new session has begun: the resource is bound. */
    void (*online)(NjSession *session);

    /* The session has ended. A broken connection that may be resumed does not end it. */
    void (*offline)(NjSession *session);

    /* The session goes on with a new connection (XEP-0198). Nonzas have to be sent again. */
    void (*resumed)(NjSession *session);

    /* Later than online(): server and account have announced their features (xep/0030.h). */
    void (*discovered)(NjSession *session);
} NjModule;

/* the built-in rows */
const NjTable *nj_modules(void);

/* Returns a new table with the same rows, each behind those that its .after names, otherwise in the
 * order of modules. If a row names an unknown one, or rows name each other in a circle, error is
 * set and these rows come last; error may be NULL. */
NjTable *nj_modules_sort(const NjTable *modules, GError **error);

/* Calls .presence of all rows. */
void nj_modules_add_presence(NjSession *session, NjXml *presence);

#endif
