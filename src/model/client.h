/* The client: the object that owns all others. A process has one, a test two. */
#ifndef NJ_MODEL_CLIENT_H
#define NJ_MODEL_CLIENT_H

#include "base/base.h"
#include "base/bus.h"
#include "base/files.h"
#include "model/account.h"
#include "model/options.h"
#include "model/store.h"

/* Questions to the layers above. main.c (or a test) sets them; each may be NULL. */
typedef struct {
    /* Asks for the password of an account. The hook calls done once, at once or later; password
     * NULL: none was given, `why` is a sentence. */
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
    NjChat *focus;       /* the chat that the prompt writes to; NULL: the console */
    bool headless;       /* without a terminal; a program reads all events */
    bool looking;        /* the terminal has the focus (or does not report it), and we run in it */
    gint64 active_us;    /* monotonic us: the last key, or when the terminal got the focus */
    NjIdle *idle;        /* model/idle.h */
    NjHooks hooks;
    GPtrArray *removed;   /* of NjAccount: removed, freed by the main loop */
    guint removed_source; /* source that frees them; 0: none */
    gint64 last_unstored; /* last id of a message that is not stored; negative, increasing */
};

/* Takes ownership of both; NULL is allowed in tests. */
NjClient *nj_client_new(NjPaths *paths, NjOptions *options);
void nj_client_free(NjClient *client);

/* Sets the store, which is opened after the first screen is drawn, and restores all accounts from
 * it. NULL: the store is closed. Borrowed. */
void nj_client_set_store(NjClient *client, NjStore *store);

/* Creates an account, emits account_added and restores it from the store. */
NjAccount *nj_client_add_account(NjClient *client, const NjAccountSettings *settings);

/* Emits account_removed and closes the chats; the account is freed by the main loop. */
void nj_client_remove_account(NjClient *client, NjAccount *account);

/* Finds an account by name or bare address; NULL: none. */
NjAccount *nj_client_account(NjClient *client, const char *name);

/* Finds an account by its row in the store; NULL: none. */
NjAccount *nj_client_account_of_row(const NjClient *client, gint64 row);

/* Emits focus_changed if it changes. NULL: the console. */
void nj_client_set_focus(NjClient *client, NjChat *chat);

/* The terminal got or lost the focus: emits person_changed. Getting it counts as a key. */
void nj_client_set_looking(NjClient *client, bool looking);

/* The user pressed a key: sets active_us, and emits person_changed if it is the first one after
 * NJ_CLIENT_REST_US. */
#define NJ_CLIENT_REST_US (60 * G_USEC_PER_SEC)
void nj_client_note_active(NjClient *client);

/* Emits notice: a line for the user in a chat; chat NULL: in the console; account NULL: about no
 * account. Listeners copy the text if they need it later. */
typedef enum { NJ_NOTICE_INFO, NJ_NOTICE_SUCCESS, NJ_NOTICE_WARNING, NJ_NOTICE_ERROR } NjNoticeKind;
void nj_client_notice(NjClient *client, NjAccount *account, NjChat *chat, NjNoticeKind kind,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
