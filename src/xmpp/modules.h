/* The row type of XEPs (modules). Disco features, caps, the dispatch of stanzas, presence, /info
 * and the life of a module's state are derived from the rows, which xmpp/xep/xep.h lists. */
#ifndef NJ_XMPP_MODULES_H
#define NJ_XMPP_MODULES_H

#include "base/record.h"
#include "base/table.h"
#include "model/chat.h"
#include "xmpp/xml.h"

typedef struct NjSession NjSession;

/* A received message, which passes through the stages of NjInStage: UNWRAP replaces stanza, DECRYPT
 * and ANNOTATE fill message, DELIVER stores it. A function of a stage returns false when it has
 * dropped or delivered the message; later functions and stages are then not called. */
typedef struct {
    NjXml *stanza;      /* owned */
    const char *from;   /* the sender's address as received; never NULL */
    NjMessage *message; /* owned; NULL in UNWRAP; its body is sanitised, or NULL */
    NjChat *chat;       /* set by DELIVER */
    bool sent;          /* a copy of a message that another client of ours sent */
    /* owned: the outer stanza that contained stanza, whose sender is verified; NULL: none */
    NjXml *wrapper;
    const NjXml *forwarded; /* the element of wrapper around stanza (XEP-0297); NULL: none */
} NjIncoming;

/* A message that is sent, which passes through the stages of NjOutStage: ANNOTATE adds elements,
 * ENCRYPT replaces the stanza, SEND is the last one before the connection. A function of a stage
 * returns false when the message must not be sent. */
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

/* func is called for each stanza of this kind that has a direct child with this name and namespace;
 * name NULL: for every stanza of the kind. A handler of iqs responds and returns true; if all
 * handlers of a child return false, feature-not-implemented is sent. A handler of messages or
 * presence returns true to hide the stanza from later handlers and from the stages. */
typedef struct {
    NjStanzaKind kind;
    const char *name, *ns;
    bool (*func)(NjSession *session, NjXml *stanza, NjXml *child);
} NjHandler;

/* A PEP node (XEP-0163) that the module follows. func is called for each item that a contact or our
 * own account publishes. bare is the publisher's bare address. payload is the child of the item,
 * borrowed; NULL: the item was retracted or is empty. */
typedef struct {
    const char *node;
    void (*func)(NjSession *session, const char *bare, const NjXml *payload);
} NjNode;

typedef struct {
    const char *spec; /* key of the row, such as "XEP-0199" */
    const char *name; /* for the user; marked with N_() */

    /* For natterjack.doap. status is "complete" or "partial"; NULL: the row is not listed there.
     * note says what a partial implementation does; NULL: no note. */
    struct {
        const char *status, *note;
    } doap;
    const char *features[8]; /* for disco (XEP-0030) */
    /* The features are announced only while this boolean option is on; NULL: always. */
    const char *option;

    /* The specs of the rows that must come before this one in a sorted table. That order is the
     * order of the functions of a stage, of the handlers of a stanza, and of the calls below. */
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

    /* Adds elements to an available presence of ours before it is sent. Without "to" it goes to all
     * contacts. */
    void (*presence)(NjSession *session, NjXml *presence);

    /* Our presence was sent to all contacts; available false: we are invisible now. */
    void (*presence_sent)(NjSession *session, bool available);

    /* Adds to the result of /info: read adds fields to record. If name is not NULL, an iq with the
     * payload name in namespace ns is sent to the address, and read gets the payload of the
     * response; /info does not wait for it when the address does not announce the feature ns. If
     * name is NULL, payload is NULL. */
    struct {
        const char *name, *ns;
        void (*read)(NjSession *session, const char *address, NjRecord *record,
                     const NjXml *payload);
    } info;

    /* A received message of a person was stored, now or as an earlier copy. */
    void (*stored)(NjSession *session, const NjIncoming *in);

    /* Makes and returns the module's state for one session; see nj_session_state(). The state may
     * be the owner of listeners of the bus and of calls of the store. */
    void *(*attach)(NjSession *session);

    /* Frees the state. Its listeners and calls were removed before. The account may be freed
     * already. */
    void (*detach)(NjSession *session, void *state);

    /* A new session has begun: the resource is bound. */
    void (*online)(NjSession *session);

    /* The session has ended. A lost connection does not end a session that can be resumed. */
    void (*offline)(NjSession *session);

    /* The session was resumed on a new connection (XEP-0198). Nonzas must be sent again. */
    void (*resumed)(NjSession *session);

    /* Called after online(), when the features of server and account are known (xep/0030.h). */
    void (*discovered)(NjSession *session);
} NjModule;

/* Returns the table of the built-in rows. */
const NjTable *nj_modules(void);

/* Returns a new table with the same rows, each behind those that its .after names, otherwise in the
 * order of modules. If a row names an unknown one, or rows name each other in a circle, sets error
 * and puts these rows last. error may be NULL. */
NjTable *nj_modules_sort(const NjTable *modules, GError **error);

/* Calls .presence of all rows for an available presence of ours. */
void nj_modules_add_presence(NjSession *session, NjXml *presence);

#endif
