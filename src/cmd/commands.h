/* Commands as rows. The parser, usage errors, /help, completion, the manual, --dump and tests are
 * derived from them. Prompt, FIFO, -x, keys, aliases and standard input run the same rows through
 * cmd/parse.c and get the same kind of result. */
#ifndef NJ_CMD_COMMANDS_H
#define NJ_CMD_COMMANDS_H

#include "base/record.h"
#include "base/table.h"
#include "model/client.h"
#include "ui/screen.h"

/* The commands of one client: table, aliases, running calls. */
typedef struct NjCmd NjCmd;

/* One command that is being run, from its line to its result. */
typedef struct NjCall NjCall;

/* The kind of a parameter decides how it is parsed, checked and completed. */
typedef enum {
    NJ_PARAM_NONE,
    NJ_PARAM_WORD,
    NJ_PARAM_TEXT, /* as the last parameter: raw to the end of the line; else a word */
    NJ_PARAM_ADDRESS,
    NJ_PARAM_CONTACT,
    NJ_PARAM_ROOM,
    NJ_PARAM_NICK,
    NJ_PARAM_ACCOUNT,
    NJ_PARAM_WINDOW,
    NJ_PARAM_OPTION,
    NJ_PARAM_VALUE, /* of the option before it */
    NJ_PARAM_CHOICE,
    NJ_PARAM_COMMAND,    /* a command, an option or a topic of /help */
    NJ_PARAM_SUBCOMMAND, /* of the command before it */
    NJ_PARAM_KEY,
    NJ_PARAM_NUMBER,
    NJ_PARAM_THEME,
    NJ_PARAM_SETTING,    /* the name of an account's setting */
    NJ_PARAM_ASSIGNMENT, /* SETTING=VALUE */
    NJ_PARAM_BLOCKED,    /* a blocked address */
    NJ_PARAM_SECRET,     /* kept out of history, log, echo and index */
} NjParamKind;

/* Flags of a parameter. */
#define NJ_OPTIONAL 1
#define NJ_REPEAT 2  /* the last parameter: any number of words */
#define NJ_KEYWORD 4 /* written as name=value, before a raw text */
#define NJ_INSTEAD 8 /* a keyword that replaces the parameters behind it; not in the usage line */

typedef struct {
    const char *name;
    NjParamKind kind;
    int flags;
    const char *summary; /* N_() */
    /* CHOICE: all allowed words; other kinds: words that are allowed, too; NULL-ended */
    const char *choices[14];
    /* CHOICE: the allowed words if they are too many for choices; NULL-ended. A usage line shows
     * the parameter's name instead of them. */
    const char *const *list;
} NjParam;

/* Needs of a command. NJ_NEEDS_ACCOUNT: an account, which "/name:" or the chat names, or which is
 * the only one or the only one online. */
#define NJ_NEEDS_ACCOUNT 1
#define NJ_NEEDS_CONNECTION 2 /* an account that is online */
#define NJ_NEEDS_CHAT 4       /* a focused chat */
#define NJ_NEEDS_SCREEN 8

typedef struct {
    const char *name;
    const char *parent;  /* of a sub-command: the command before it; else NULL */
    const char *summary; /* N_(), one line */
    const char *details; /* N_(), for /help NAME and the manual; may be NULL */
    int needs;
    NjParam params[8];
    const char *examples[6];
    /* Ends in nj_call_done() or nj_call_fail(), at once or later, exactly once. A command with
     * sub-commands runs it when no sub-command is named; NULL: a sub-command must be named. */
    void (*run)(NjCall *call);
} NjCommand;

/* habit: "irssi", "WeeChat", … for /help; line may contain $1 … $9 and $* */
typedef struct {
    const char *name, *line, *habit;
} NjAliasRow;

/* Rows that belong together. A plugin has one topic. */
typedef struct {
    const char *name;
    const char *summary; /* N_() */
    /* NULL-ended; a command stands before its sub-commands */
    const NjCommand *const *commands;
    const NjAliasRow *aliases; /* ends with a NULL name */
    const NjKeyRow *keys;      /* of the context NJ_KEYS_GLOBAL; ends with a NULL key */
} NjTopic;

extern const NjTopic *const nj_topics[]; /* the built-in ones, NULL-ended */

typedef enum {
    NJ_SOURCE_PROMPT,
    NJ_SOURCE_KEY,
    NJ_SOURCE_FIFO,
    NJ_SOURCE_ARGUMENT,
    NJ_SOURCE_STDIN
} NjSource;

/* Receives the result of a call, once. error is NULL on success. All parameters are borrowed. */
typedef void (*NjResultFunc)(const GError *error, NjRecord *result, void *data);

NjCmd *nj_cmd_new(NjClient *client);

/* Ends open calls with an error. */
void nj_cmd_free(NjCmd *cmd);

/* Ends open calls with an error while screen and scripts can still receive it. */
void nj_cmd_end_calls(NjCmd *cmd);
NjClient *nj_cmd_client(NjCmd *cmd);

/* screen: NULL without one */
void nj_cmd_set_screen(NjCmd *cmd, NjScreen *screen);
void nj_cmd_add_topic(NjCmd *cmd, const NjTopic *topic);
void nj_cmd_remove_topic(NjCmd *cmd, const NjTopic *topic);

/* The commands (NjCommand) without their sub-commands. */
const NjTable *nj_cmd_table(const NjCmd *cmd);

/* The sub-commands (const NjCommand *) of a command in the order in which they were added; NULL if
 * it has none. */
const GPtrArray *nj_cmd_subcommands(const NjCmd *cmd, const NjCommand *command);

/* Returns the row that a command and its arguments mean: the sub-command that the first word names,
 * else the command itself. Moves *rest behind the sub-command. Returns NULL and a usage error if
 * the command must have a sub-command and the first word names none. */
const NjCommand *nj_cmd_pick_row(const NjCmd *cmd, const NjCommand *command, const char **rest,
                                 GError **error);

/* "/join ROOM [NICK]", "/account [list|add|…]"; the caller frees it. */
char *nj_cmd_usage(const NjCmd *cmd, const NjCommand *command);

/* Runs a line. chat: the focused one, or NULL. */
void nj_cmd_run(NjCmd *cmd, const char *line, NjSource source, NjChat *chat, NjResultFunc done,
                void *data);

/* Open calls that were started with this data no longer report their result. */
void nj_cmd_forget(NjCmd *cmd, const void *data);

/* Whether a typed line contains a secret parameter, also when it is mistyped. Such a line must not
 * enter the history of the prompt. */
bool nj_cmd_is_secret(NjCmd *cmd, const char *line);

/* Completions of the word at point (a byte offset into text), NULL-ended, or NULL if there are
 * none; g_strfreev(). *start and *end receive the bytes that a completion replaces. chat: the
 * focused one, or NULL. */
char **nj_cmd_complete(NjCmd *cmd, const char *text, gsize point, gsize *start, gsize *end,
                       NjChat *chat);

/* Names of the user's and the shipped themes; g_strfreev(). */
char **nj_cmd_theme_names(NjCmd *cmd);

/* Reads aliases and keys of the configuration; they override the shipped ones. */
void nj_cmd_load_pairs(NjCmd *cmd);

/* Adds or replaces an alias of the configuration. line NULL removes it, so that a shipped alias of
 * this name applies again. Returns false and an error if name or line is not allowed. */
bool nj_cmd_set_alias(NjCmd *cmd, const char *name, const char *line, GError **error);

/* habit is NULL for aliases of the configuration. */
void nj_cmd_each_alias(NjCmd *cmd,
                       void (*func)(const char *name, const char *line, const char *habit,
                                    void *owner),
                       void *owner);

/* Adds a table for --dump that is not known in cmd/; plugins/ uses it. The caller of func frees the
 * text. */
void nj_cmd_add_dump(NjCmd *cmd, const char *what, char *(*func)(void *owner), void *owner);

/* The domain of a call's errors. Their codes are words ("not-connected"), kept as quarks. */
#define NJ_CMD_ERROR nj_cmd_error_quark()
GQuark nj_cmd_error_quark(void);
int nj_cmd_code(const char *word);

/* The code of an error of any domain; never NULL. */
const char *nj_cmd_error_code(const GError *error);

/* --- for run functions --- */

NjClient *nj_call_client(NjCall *call);
NjCmd *nj_call_cmd(NjCall *call);

/* NULL without a screen */
NjScreen *nj_call_screen(NjCall *call);

/* may be NULL unless the row needs an account */
NjAccount *nj_call_account(NjCall *call);

/* may be NULL unless the row needs a chat */
NjChat *nj_call_chat(NjCall *call);
NjSource nj_call_source(NjCall *call);

/* The argument of a parameter; NULL if it was not given. Addresses are prepared. */
const char *nj_call_arg(NjCall *call, const char *param);

/* The arguments of a REPEAT parameter; NULL-ended, never NULL. */
const char *const *nj_call_args(NjCall *call, const char *param);

/* Writes a line where the command was typed; for a script it becomes part of the result. */
void nj_call_notice(NjCall *call, NjNoticeKind kind, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The result, to be filled before nj_call_done(); borrowed. */
NjRecord *nj_call_result(NjCall *call);
void nj_call_done(NjCall *call);

/* code: "not-connected", "usage", "refused" … */
void nj_call_fail(NjCall *call, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);
void nj_call_fail_error(NjCall *call, const char *code, const GError *error);

/* Takes a reference for a later result. Results of a call that has ended are ignored. */
NjCall *nj_call_hold(NjCall *call);
void nj_call_release(NjCall *call);

/* false: the call has ended, or its NjCmd was freed */
bool nj_call_open(const NjCall *call);

/* Registers a function that is called once when the call ends for any reason; it cancels what the
 * call waits for. One for each call. */
void nj_call_on_end(NjCall *call, void (*func)(NjCall *call, void *data), void *data);

/* An NjDone for xmpp/session.h: ends a held call with the result or the error, and releases it. */
void nj_call_answer(const GError *error, NjRecord *result, void *call);

#endif
