/* One account: its settings, where its link stands, and what belongs to it. */
#ifndef NJ_MODEL_ACCOUNT_H
#define NJ_MODEL_ACCOUNT_H

#include "base/base.h"
#include "model/options.h"
#include "model/roster.h"
#include "model/chat.h"

typedef struct NjClient NjClient;

typedef enum {
    NJ_ACCOUNT_OFFLINE,    /* and stays so until asked */
    NJ_ACCOUNT_WAITING,    /* the next try comes at retry_us */
    NJ_ACCOUNT_CONNECTING, /* names, sockets, TLS, login */
    NJ_ACCOUNT_ONLINE,
    NJ_ACCOUNT_CLOSING,
} NjAccountState;

struct NjAccount {
    NjClient *client;
    NjAccountSettings *settings;
    gint64 row; /* the store's */
    NjAccountState state;
    char *why;       /* the sentence of the last failure; NULL */
    gint64 retry_us; /* WAITING: monotonic */
    char *jid;       /* full, as bound; NULL while not online */
    /* the server's spelling once bound, before that as prepared */
    char *bare;
    /* what we want to be: NJ_SHOW_ONLINE by default; OFFLINE: invisible, connected without
     * presence */
    NjShow show;
    char *status;
    /* away because nobody types: what we were before comes back */
    bool by_itself;
    NjShow own_show; /* by_itself: what it was, as own_status */
    char *own_status;
    int priority;
    NjRoster *roster;
    GHashTable *chats;       /* address -> NjChat */
    struct NjOutbox *outbox; /* model/outbox.h */
    /* XEP-0191: set of addresses, as the server told it last; NULL: it has told none, or can not
     * block */
    GHashTable *blocked;
    void *session; /* xmpp/session.h */
};

/* offline waiting connecting online closing */
const char *nj_account_state_name(NjAccountState state);

/* added by nj_client_add_account() */
NjAccount *nj_account_new(NjClient *client, const NjAccountSettings *settings);
void nj_account_free(NjAccount *account);
void nj_account_close_chats(NjAccount *account);

/* copied; the next connection uses them */
void nj_account_set_settings(NjAccount *account, const NjAccountSettings *settings);

/* emits account_changed */
void nj_account_set_state(NjAccount *account, NjAccountState state, const char *why);

/* as the server bound it; any other state than online and closing forgets it */
void nj_account_set_jid(NjAccount *account, const char *full);

/* what we want to be; emits account_changed */
void nj_account_set_presence(NjAccount *account, NjShow show, const char *status, int priority);

/* The same because nobody types; away already, it may become more so.  Coming back is to exactly
 * what was before; false: it was not away by itself, or somebody has said what it is meanwhile. */
void nj_account_go_away(NjAccount *account, NjShow show, const char *status);
bool nj_account_come_back(NjAccount *account);

/* and nothing else; emits account_changed */
void nj_account_set_priority(NjAccount *account, int priority);

/* from the client's store: row, roster, chats that want attention, strangers */
void nj_account_restore(NjAccount *account);

/* taken; NULL: none known. Emits blocked_changed */
void nj_account_set_blocked(NjAccount *account, GHashTable *addresses);

/* one more or less on the list; emits blocked_changed */
void nj_account_block(NjAccount *account, const char *address, bool blocked);

/* XEP-0191, 4: by full or bare address, or domain; never our own */
bool nj_account_has_blocked(const NjAccount *account, const char *from);

/* our bare address, with or without a resource */
bool nj_account_is_own(const NjAccount *account, const char *address);

#endif
