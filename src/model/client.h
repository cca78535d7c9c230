/* The whole client: what a process has once, and a test twice. */
#ifndef NJ_MODEL_CLIENT_H
#define NJ_MODEL_CLIENT_H

#include "base/base.h"
#include "base/bus.h"
#include "base/files.h"
#include "model/account.h"
#include "model/options.h"
#include "model/store.h"

/* Questions that go up.  main.c (or a test) wires them; each may be NULL.  */
typedef struct {
    /* An account needs its password: answer once, now or later, through done (password NULL: not
     * given, why says a sentence). */
    void (*ask_password)(NjAccount *account,
                         void (*done)(const char *password, const char *why, void *data),
                         void *data, void *owner);
    void *owner;
} NjHooks;

typedef struct NjIdle NjIdle;

struct NjClient {
    NjBus *bus;
    NjPaths *paths;
    NjOptions *options;
    NjStore *store;      /* NULL until opened */
    GPtrArray *accounts; /* of NjAccount, in the order of the configuration */
    NjChat *focus;       /* the chat the prompt talks to; NULL: the console */
    /* there is no terminal: nobody sits before it, and whoever reads the events wants all of
     * them */
    bool headless;
    /* the terminal has the focus, as far as it tells; not while we are suspended */
    bool looking;
    /* monotonic: the person's last key, or when the terminal got the focus */
    gint64 active_us;
    NjIdle *idle; /* model/idle.h */
    NjHooks hooks;
    GPtrArray *removed; /* of NjAccount: gone, and freed when the loop turns */
    guint sweep;        /* the source that does it */
    /* the last id of a message that no store keeps: negative and growing */
    gint64 unkept;
};

/* takes both */
NjClient *nj_client_new(NjPaths *paths, NjOptions *options);
void nj_client_free(NjClient *client);

/* The store is opened after the first screen is drawn: gives the accounts that are there already
 * their rows, rosters and open chats.  NULL: it ends. */
void nj_client_set_store(NjClient *client, NjStore *store);

/* emits account_added */
NjAccount *nj_client_add_account(NjClient *client, const NjAccountSettings *settings);

/* emits account_removed, closes its chats; freed when the loop turns */
void nj_client_remove_account(NjClient *client, NjAccount *account);

/* by name or bare address; NULL */
NjAccount *nj_client_account(NjClient *client, const char *name);

/* by its row in the store; NULL */
NjAccount *nj_client_account_of_row(const NjClient *client, gint64 row);

/* emits focus_changed */
void nj_client_set_focus(NjClient *client, NjChat *chat);

/* Where the person is.  Both emit person_changed: when looking changes, and at the first key after
 * NJ_CLIENT_REST_US without one; any other key stores a number. */
#define NJ_CLIENT_REST_US (60 * G_USEC_PER_SEC)
/* the focus coming is as good as a key */
void nj_client_set_looking(NjClient *client, bool looking);

/* a key */
void nj_client_note_active(NjClient *client);

/* A line for the person: where it belongs (chat may be NULL: the console; account NULL: the
 * program). Emits notice. text is kept by the listener if needed. */
typedef enum { NJ_NOTICE_INFO, NJ_NOTICE_SUCCESS, NJ_NOTICE_WARNING, NJ_NOTICE_ERROR } NjNoticeKind;
void nj_client_notice(NjClient *client, NjAccount *account, NjChat *chat, NjNoticeKind kind,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
