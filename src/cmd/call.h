/* What commands.c and call.c share; run functions see commands.h only. */
#ifndef NJ_CMD_CALL_H
#define NJ_CMD_CALL_H

#include "cmd/commands.h"
#include "cmd/parse.h"

struct NjCmd {
    NjClient *client;
    NjScreen *screen;
    NjTable *table;                /* of NjCommand */
    GPtrArray *topics;             /* of NjTopic */
    GHashTable *aliases;           /* name -> line: the configuration's own */
    GHashTable *shipped;           /* name -> NjAliasRow */
    GHashTable *calls;             /* the open ones, as a set */
    GHashTable *dumps;             /* what -> Dump, help.c */
    struct NjPasswords *passwords; /* password.c */
    struct NjAway *away;           /* away.c; NULL without a screen */
};

struct NjCall {
    int refs;
    NjCmd *cmd;               /* NULL: answered, or gone */
    const NjCommand *command; /* NULL: text for a chat */
    NjArgs *args;
    NjAccount *account;
    bool named; /* by "/name:", and not chosen for whoever typed it */
    NjChat *chat;
    NjSource source;
    char *name; /* as typed: "msg"; for reports */
    NjRecord *result;
    GString *said; /* lines of a call that has no screen: they become its result */
    NjResultFunc done;
    void *data;
    void (*on_end)(NjCall *call, void *data);
    void *end_data;
};

NjCall *nj_call_new(NjCmd *cmd, NjSource source, NjChat *chat, NjResultFunc done, void *data);

/* takes no reference */
void nj_call_end(NjCall *call, const GError *error);

/* The account a command means, as commands.h says; name: of "/name:", or NULL.  NULL and a sentence
 * if the choice is open. */
NjAccount *nj_cmd_choose_account(NjCmd *cmd, const char *name, NjChat *chat, GError **error);

/* NULL: no alias */
const char *nj_cmd_alias_line(NjCmd *cmd, const char *name);
bool nj_cmd_check_online(NjAccount *account, GError **error);

typedef struct {
    char *(*func)(void *owner);
    void *owner;
} NjDump;

#endif
