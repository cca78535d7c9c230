/* The structs of NjCmd and NjCall for the files of cmd/ that need more than commands.h offers. */
#ifndef NJ_CMD_CALL_H
#define NJ_CMD_CALL_H

#include "cmd/commands.h"
#include "cmd/parse.h"

struct NjCmd {
    NjClient *client;
    NjScreen *screen;
    NjTable *table;                /* of NjCommand, without sub-commands */
    GHashTable *subcommands;       /* name of the parent -> GPtrArray of NjCommand */
    GPtrArray *topics;             /* of NjTopic */
    GHashTable *aliases;           /* name -> line, from the configuration */
    GHashTable *shipped;           /* name -> NjAliasRow */
    GHashTable *calls;             /* set of the open calls */
    GHashTable *dumps;             /* name of the table -> NjDump, help.c */
    struct NjPasswords *passwords; /* password.c */
    struct NjAway *away;           /* away.c; NULL without a screen */
};

struct NjCall {
    int refs;
    NjCmd *cmd;               /* NULL: the call has ended */
    const NjCommand *command; /* NULL for a text */
    NjArgs *args;
    NjAccount *account;
    bool named; /* the line named the account ("/name:") */
    NjChat *chat;
    NjSource source;
    char *name; /* of the command as typed, without sub-command, for errors; NULL for a text */
    NjRecord *result;
    GString *notices; /* lines that no screen shows; they become the field "text" of the result */
    NjResultFunc done;
    void *data;
    void (*on_end)(NjCall *call, void *data);
    void *end_data;
};

NjCall *nj_call_new(NjCmd *cmd, NjSource source, NjChat *chat, NjResultFunc done, void *data);

/* Ends the call: with its result if error is NULL, else with the error. Does nothing if the call
 * has ended. The caller keeps its reference. */
void nj_call_end(NjCall *call, const GError *error);

/* Chooses the account of a command (see NJ_NEEDS_ACCOUNT). name: of "/name:", or NULL. Returns NULL
 * and an error if no account or several are possible. */
NjAccount *nj_cmd_choose_account(NjCmd *cmd, const char *name, NjChat *chat, GError **error);

/* The line of an alias of the configuration or a shipped one; NULL if there is none. */
const char *nj_cmd_alias_line(NjCmd *cmd, const char *name);

/* The line of an alias with its $1 … $9 and $* replaced by the words of rest; without any of them
 * rest is appended; the caller frees it. Returns NULL if the result is longer than 8 MB. */
char *nj_cmd_expand_alias(const char *line, const char *rest);

/* Returns false and an error that says how to get online. */
bool nj_cmd_check_online(NjAccount *account, GError **error);

/* A table added with nj_cmd_add_dump(). */
typedef struct {
    char *(*func)(void *owner);
    void *owner;
} NjDump;

#endif
