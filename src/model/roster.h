/* The roster of an account: contacts with their groups, subscription and presences, and the
 * requests of strangers. Contacts are found by bare address in constant time and have no order: a
 * list of contacts sorts them itself and follows the events. */
#ifndef NJ_MODEL_ROSTER_H
#define NJ_MODEL_ROSTER_H

#include "base/base.h"

typedef enum { NJ_SUB_NONE, NJ_SUB_TO, NJ_SUB_FROM, NJ_SUB_BOTH } NjSubscription;
typedef enum {
    NJ_SHOW_OFFLINE,
    NJ_SHOW_DND,
    NJ_SHOW_XA,
    NJ_SHOW_AWAY,
    NJ_SHOW_ONLINE,
    NJ_SHOW_CHAT
} NjShow;

typedef struct NjContact NjContact;
typedef struct NjRoster NjRoster;
typedef struct NjAccount NjAccount;

/* The presence of one resource of a contact. */
typedef struct {
    char *resource; /* "" for a presence from the bare address */
    NjShow show;
    gint8 priority;
    char *status;
    char *caps_node, *caps_ver; /* XEP-0115 */
    gint64 since;               /* Unix ms of the last change of show, priority or status */
    gint64 idle;                /* XEP-0319: Unix ms since when idle; 0: active or unknown */
} NjPresence;

/* Everybody may read the fields; they are changed by the functions below, which emit. */
struct NjContact {
    NjAccount *account;
    char *address;      /* bare */
    char *name;         /* name in the roster, sanitised; NULL: none */
    char **groups;      /* sanitised, without duplicates; ends with NULL; never NULL */
    char **wire_groups; /* as the server sends them; the same pointer if they are equal */
    NjSubscription subscription;
    bool ask;             /* our subscription request is pending */
    bool approved;        /* pre-approved (RFC 6121, 3.4) */
    GPtrArray *presences; /* of NjPresence, the most available first; never NULL */
    char *shown;          /* the address, sanitised; NULL: it is clean */
    guint round;          /* number of the last full roster that had this contact */
};

NjRoster *nj_roster_new(NjAccount *account);
void nj_roster_free(NjRoster *roster);

/* Finds a contact by bare or full address; NULL: none. */
NjContact *nj_roster_find(NjRoster *roster, const char *address);
guint nj_roster_length(const NjRoster *roster);
void nj_roster_each(NjRoster *roster, void (*func)(NjContact *contact, void *owner), void *owner);

/* Version of the roster (RFC 6121, 2.6); NULL: none. */
const char *nj_roster_version(const NjRoster *roster);

/* Adds or changes a contact by an item of a full roster or of a push. Texts are copied. Emits
 * contact_changed if it changes. */
NjContact *nj_roster_put(NjRoster *roster, const char *address, const char *name,
                         NjSubscription subscription, bool ask, bool approved,
                         const char *const *groups);

/* Removes a contact: emits contact_removed, then frees it. */
void nj_roster_remove(NjRoster *roster, const char *address);
void nj_roster_set_version(NjRoster *roster, const char *version);

/* Begin and end the items of a full roster. nj_roster_begin() clears the version. nj_roster_end()
 * removes the contacts that were not put between the two calls, stores all others with the version
 * that was set, and emits roster_loaded.
 *
 * For a push, neither is called: the contact is put or removed first, then the version is set; each
 * is stored at once. */
void nj_roster_begin(NjRoster *roster);
void nj_roster_end(NjRoster *roster);

/* Reads the roster and its version from the store, so that the server needs to send only changes.
 * Emits roster_loaded. Does nothing if the roster has contacts already. */
void nj_roster_load(NjRoster *roster);

/* Sets the presence of the resource of a full address. OFFLINE removes it; from a bare address,
 * OFFLINE removes all presences of the contact. Emits contact_changed if something changes. Returns
 * NULL and does nothing if the address is our own or not that of a contact. At most 64 resources of
 * a contact are kept; others are ignored. */
NjContact *nj_roster_presence(NjRoster *roster, const char *full, NjShow show, gint8 priority,
                              const char *status);

/* Sets the capabilities (XEP-0115) of an existing presence; NULL: none. */
void nj_roster_set_caps(NjRoster *roster, const char *full, const char *node, const char *ver);

/* Sets since when an existing presence is idle (XEP-0319), in Unix ms; 0: active. */
void nj_roster_set_idle(NjRoster *roster, const char *full, gint64 since);

/* Removes all presences, after the end of the session. */
void nj_roster_offline(NjRoster *roster);

/* Show and status of the most available resource; OFFLINE and NULL without one. */
NjShow nj_contact_show(const NjContact *contact);
const char *nj_contact_status(const NjContact *contact);

/* Returns the name to display: that of the roster, or the address. Borrowed. */
const char *nj_contact_label(const NjContact *contact);

/* Returns the presence of a resource; NULL: it is not online. */
const NjPresence *nj_contact_presence(const NjContact *contact, const char *resource);

/* The words of stanzas and of JSON; the parsers return false for any other word. */
const char *nj_show_name(NjShow show);
bool nj_show_parse(const char *word, NjShow *show);
const char *nj_subscription_name(NjSubscription subscription);
bool nj_subscription_parse(const char *word, NjSubscription *subscription);

#define NJ_MAX_REQUESTS 200
#define NJ_MAX_REQUEST_MESSAGES 50

/* A request of a stranger: for a subscription, or messages, which are stored but not displayed
 * until the user accepts. An account has at most NJ_MAX_REQUESTS. */
typedef struct {
    char *address;  /* bare */
    bool asks;      /* for a subscription */
    char *text;     /* status of the request, or first line of the first message; sanitised */
    guint messages; /* number of messages */
    gint64 time;    /* Unix ms of the first stanza, or after a restart of the last message */
} NjRequest;

/* Returns the requests: of NjRequest, the newest last. */
const GPtrArray *nj_roster_requests(const NjRoster *roster);

/* Finds the request of a bare address; NULL: there is none. */
NjRequest *nj_roster_request(NjRoster *roster, const char *address);

/* Adds a request, or updates the one of that address; emits request_changed. asks: the stranger
 * asks for a subscription; message: he sent a message; text: NjRequest.text, used if there is none
 * yet. Returns NULL if the list is full or the stranger has NJ_MAX_REQUEST_MESSAGES already: then
 * the caller drops the stanza. */
NjRequest *nj_roster_note_request(NjRoster *roster, const char *address, bool asks,
                                  const char *text, bool message);

/* Adds a request that was read from the store; emits nothing. Returns NULL if the list is full or
 * has the request already. */
NjRequest *nj_roster_restore_request(NjRoster *roster, const char *address, guint messages,
                                     gint64 time);

/* Removes a request; emits request_changed. */
void nj_roster_drop_request(NjRoster *roster, const char *address);

#endif
