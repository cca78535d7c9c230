/* The client: the object that owns the accounts, the options and the event bus. The program has
 * one, a test may have two. */
#ifndef NJ_MODEL_CLIENT_H
#define NJ_MODEL_CLIENT_H

#include "base/base.h"
#include "base/bus.h"
#include "base/files.h"
#include "model/account.h"
#include "model/options.h"
#include "model/store.h"

/* Functions of the layers above that src/model and src/xmpp call. main.c (or a test) sets them;
 * each may be NULL. */
typedef struct {
    /* Asks the user for the password of an account. The hook calls done(password, why, data)
     * exactly once, immediately or later. password NULL: the user gave none, and `why` is a
     * sentence. */
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
    bool looking;        /* the user can see us: the terminal has the focus or does not report it */
    gint64 active_us;    /* monotonic us: the last key, or when the terminal got the focus */
    NjIdle *idle;        /* model/idle.h */
    NjHooks hooks;
    GPtrArray *removed;   /* of NjAccount: removed, freed by the main loop */
    guint removed_source; /* source that frees them; 0: none */
    gint64 last_unstored; /* last id of a message that is not stored; negative, increasing */
};

/* Takes ownership of paths and options; NULL is allowed in tests. */
NjClient *nj_client_new(NjPaths *paths, NjOptions *options);
void nj_client_free(NjClient *client);

/* Sets the store (borrowed; NULL: it is closed) and restores all accounts from it. The program
 * calls this after it has drawn the first screen. */
void nj_client_set_store(NjClient *client, NjStore *store);

/* Creates an account, emits account_added and restores it from the store. */
NjAccount *nj_client_add_account(NjClient *client, const NjAccountSettings *settings);

/* Emits account_removed and closes the chats; the account is freed by the main loop. */
void nj_client_remove_account(NjClient *client, NjAccount *account);

/* Finds an account by name or bare address; NULL: none. */
NjAccount *nj_client_account(NjClient *client, const char *name);

/* Finds an account by its row in the store; NULL: none. */
NjAccount *nj_client_account_of_row(const NjClient *client, gint64 row);

/* Sets the chat that the prompt writes to (NULL: the console); emits focus_changed if it
 * changes. */
void nj_client_set_focus(NjClient *client, NjChat *chat);

/* Called when the terminal gets or loses the focus: emits person_changed. Getting the focus also
 * sets active_us. */
void nj_client_set_looking(NjClient *client, bool looking);

#define NJ_CLIENT_REST_US (60 * G_USEC_PER_SEC)

/* Called when the user presses a key: sets active_us, and emits person_changed if active_us was at
 * least NJ_CLIENT_REST_US ago. */
void nj_client_note_active(NjClient *client);

typedef enum { NJ_NOTICE_INFO, NJ_NOTICE_SUCCESS, NJ_NOTICE_WARNING, NJ_NOTICE_ERROR } NjNoticeKind;

/* Emits notice: a line for the user in a chat; chat NULL: in the console; account NULL: about no
 * account. Listeners copy the text if they need it later. */
void nj_client_notice(NjClient *client, NjAccount *account, NjChat *chat, NjNoticeKind kind,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
