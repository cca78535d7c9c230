/* One account: its settings, the state of its connection, its presence, roster, chats and
 * outbox. */
#ifndef NJ_MODEL_ACCOUNT_H
#define NJ_MODEL_ACCOUNT_H

#include "base/base.h"
#include "model/options.h"
#include "model/roster.h"
#include "model/chat.h"

typedef struct NjClient NjClient;

typedef enum {
    NJ_ACCOUNT_OFFLINE,    /* does not connect by itself */
    NJ_ACCOUNT_WAITING,    /* connects again at retry_us */
    NJ_ACCOUNT_CONNECTING, /* DNS, TCP, TLS, login */
    NJ_ACCOUNT_ONLINE,
    NJ_ACCOUNT_CLOSING,
} NjAccountState;

struct NjAccount {
    NjClient *client;
    NjAccountSettings *settings;
    gint64 row; /* in the store; 0: none yet */
    NjAccountState state;
    char *why;        /* sentence about the last failure; NULL: none */
    gint64 retry_us;  /* WAITING: monotonic us of the next attempt */
    char *jid;        /* full address as the server bound it; NULL unless online or closing */
    char *bare;       /* bare address, in the server's spelling once bound */
    NjShow show;      /* of our presence; OFFLINE: invisible, that is, connected without presence */
    char *status;     /* of our presence; NULL: none */
    bool auto_away;   /* auto-away set show and status */
    NjShow own_show;  /* auto_away: the user's show, to be restored */
    char *own_status; /* auto_away: the user's status, to be restored */
    int priority;
    NjRoster *roster;
    GHashTable *chats;       /* address -> NjChat */
    struct NjOutbox *outbox; /* model/outbox.h */
    GHashTable *blocked;     /* XEP-0191: set of addresses as last received; NULL: unknown */
    void *session;           /* NjSession, xmpp/session.h */
};

/* The word of JSON: offline, waiting, connecting, online or closing. */
const char *nj_account_state_name(NjAccountState state);

/* Called by nj_client_add_account(). The settings are copied. */
NjAccount *nj_account_new(NjClient *client, const NjAccountSettings *settings);
void nj_account_free(NjAccount *account);
void nj_account_close_chats(NjAccount *account);

/* Copies the settings; the next connection uses them. */
void nj_account_set_settings(NjAccount *account, const NjAccountSettings *settings);

/* Sets state and why (copied; NULL: none); emits account_changed. */
void nj_account_set_state(NjAccount *account, NjAccountState state, const char *why);

/* Sets the full address that the server bound. Every state but online and closing clears it. */
void nj_account_set_jid(NjAccount *account, const char *full);

/* Sets show and status as the user wants them, and ends auto-away; emits account_changed. status is
 * copied; NULL or "": none. Sends nothing. */
void nj_account_set_presence(NjAccount *account, NjShow show, const char *status, int priority);

/* Begins auto-away: saves the show and status that the user has set, sets those given (status:
 * copied) and emits account_changed. Called again, it replaces only those that auto-away has
 * set. */
void nj_account_go_away(NjAccount *account, NjShow show, const char *status);

/* Ends auto-away: restores the user's show and status and emits account_changed. Returns false and
 * does nothing without auto-away; nj_account_set_presence() ends it, too. */
bool nj_account_come_back(NjAccount *account);

/* Sets the priority alone; emits account_changed. */
void nj_account_set_priority(NjAccount *account, int priority);

/* Finds or creates the account's row in the client's store, and reads its roster, outbox, open
 * chats, rooms and requests. Does nothing without a store, or if they have been read already. */
void nj_account_restore(NjAccount *account);

/* Takes ownership of the set of blocked addresses; NULL: unknown. Emits blocked_changed. */
void nj_account_set_blocked(NjAccount *account, GHashTable *addresses);

/* Adds an address to the set of blocked addresses or removes it; emits blocked_changed if that
 * changes the set. An unknown set counts as empty. */
void nj_account_block(NjAccount *account, const char *address, bool blocked);

/* True if the full address, bare address or domain of `from` is blocked (XEP-0191). Our own address
 * is never blocked. */
bool nj_account_has_blocked(const NjAccount *account, const char *from);

/* True for our bare address, with or without a resource. */
bool nj_account_is_own(const NjAccount *account, const char *address);

#endif
