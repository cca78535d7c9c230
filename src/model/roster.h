/* The people of one account: contacts with their groups, subscription and presences, and the
 * strangers who wait. Found by bare address in constant time; whoever lists them keeps an order of
 * its own and follows the events. */
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

/* One resource that is online. */
typedef struct {
    char *resource; /* "" for a presence from the bare address */
    NjShow show;
    gint8 priority;
    char *status;
    char *caps_node, *caps_ver; /* XEP-0115 */
    gint64 since;               /* wall ms */
    /* XEP-0319: wall ms since when nobody is there; 0: somebody is, or it is not told */
    gint64 idle;
} NjPresence;

/* Read freely; changed only through the calls below, which emit. */
struct NjContact {
    NjAccount *account;
    char *address; /* bare */
    char *name;    /* the handle, sanitised; NULL without one */
    /* NULL-ended, never NULL; sanitised for showing: the wire's spelling is in wire_groups */
    char **groups;
    char **wire_groups;
    NjSubscription subscription;
    bool ask;             /* our request is pending */
    bool approved;        /* pre-approved */
    GPtrArray *presences; /* of NjPresence, the most available first; never NULL */
    char *shown;          /* the address, where it had to be sanitised; NULL: as it is */
    guint round;          /* the full roster it was last in */
};

NjRoster *nj_roster_new(NjAccount *account);
void nj_roster_free(NjRoster *roster);

/* bare or full; NULL */
NjContact *nj_roster_find(NjRoster *roster, const char *address);
guint nj_roster_length(const NjRoster *roster);
void nj_roster_each(NjRoster *roster, void (*func)(NjContact *contact, void *owner), void *owner);

/* NULL: none known */
const char *nj_roster_version(const NjRoster *roster);

/* An item as the server tells it (a full roster or a push). Emits contact_changed. */
NjContact *nj_roster_put(NjRoster *roster, const char *address, const char *name,
                         NjSubscription subscription, bool ask, bool approved,
                         const char *const *groups);

/* emits contact_removed, then frees */
void nj_roster_remove(NjRoster *roster, const char *address);
void nj_roster_set_version(NjRoster *roster, const char *version);

/* A full roster begins: items not put again until _end are removed, the version is forgotten. _end
 * emits roster_loaded and saves, with the version set by then. A push is put (or removed) first,
 * then its version is set: both are saved at once. */
void nj_roster_begin(NjRoster *roster);
void nj_roster_end(NjRoster *roster);

/* from the store, for versioning; nothing if there are items already */
void nj_roster_load(NjRoster *roster);

/* show OFFLINE takes the resource out; full: the address it came from. Emits contact_changed.
 * Unknown addresses that are no contact are dropped: NULL. */
NjContact *nj_roster_presence(NjRoster *roster, const char *full, NjShow show, gint8 priority,
                              const char *status);

/* XEP-0115, of a presence that is there; NULLs: none */
void nj_roster_set_caps(NjRoster *roster, const char *full, const char *node, const char *ver);

/* XEP-0319, likewise; 0: none */
void nj_roster_set_idle(NjRoster *roster, const char *full, gint64 since);

/* all presences gone: the link is down */
void nj_roster_offline(NjRoster *roster);

/* of the most available resource */
NjShow nj_contact_show(const NjContact *contact);

/* NULL */
const char *nj_contact_status(const NjContact *contact);

/* name, or address */
const char *nj_contact_label(const NjContact *contact);
const NjPresence *nj_contact_presence(const NjContact *contact, const char *resource);

/* the wire's and CONTRACT's word: offline dnd xa away online chat */
const char *nj_show_name(NjShow show);
bool nj_show_parse(const char *word, NjShow *show);
const char *nj_subscription_name(NjSubscription subscription);
bool nj_subscription_parse(const char *word, NjSubscription *subscription);

#define NJ_MAX_REQUESTS 200
/* Strangers: one bounded list an account (200): who asks to see us, and who wrote (50 messages each
 * are kept in the store, unseen until accepted). */
#define NJ_MAX_REQUEST_MESSAGES 50
typedef struct {
    char *address; /* bare */
    bool asks;     /* a subscription request */
    char *text;    /* its status, or the first message's first line; sanitised */
    guint messages;
    gint64 time;
} NjRequest;

/* of NjRequest, the newest last */
const GPtrArray *nj_roster_requests(const NjRoster *roster);

/* NULL */
NjRequest *nj_roster_request(NjRoster *roster, const char *address);

/* Notes it, or adds to it; emits request_changed. NULL when the list is full, or has 50 messages of
 * this one: the caller drops what came. */
NjRequest *nj_roster_note_request(NjRoster *roster, const char *address, bool asks,
                                  const char *text, bool message);

/* from the store, quietly */
NjRequest *nj_roster_restore_request(NjRoster *roster, const char *address, guint messages,
                                     gint64 time);

/* emits request_changed */
void nj_roster_drop_request(NjRoster *roster, const char *address);

#endif
