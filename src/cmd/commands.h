/* Each command is a row (NjCommand). The parser, usage errors, /help, completion, the manual,
 * --dump and tests are derived from the rows. Lines from the prompt, keys, the FIFO, -x and
 * standard input are all parsed by cmd/parse.c and run the same rows. */
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
    NJ_PARAM_TEXT, /* as the last parameter: the rest of the line as typed; else a word */
    NJ_PARAM_ADDRESS,
    NJ_PARAM_CONTACT,
    NJ_PARAM_ROOM,
    NJ_PARAM_NICK,
    NJ_PARAM_ACCOUNT,
    NJ_PARAM_WINDOW,
    NJ_PARAM_OPTION,
    NJ_PARAM_VALUE, /* of the option that the parameter before it names */
    NJ_PARAM_CHOICE,
    NJ_PARAM_COMMAND,    /* a command, an option or a topic of /help */
    NJ_PARAM_SUBCOMMAND, /* of the command that the parameter before it names */
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
/* A keyword, not in the usage line: if it is given, the parameters behind it may be missing. */
#define NJ_INSTEAD 8

typedef struct {
    const char *name;
    NjParamKind kind;
    int flags;
    const char *summary; /* N_() */
    /* CHOICE: all allowed words; other kinds: fixed words that are also allowed; NULL-ended */
    const char *choices[14];
    /* CHOICE: the allowed words, if they are too many for choices; NULL-ended. A usage line shows
     * the parameter's name instead of them. */
    const char *const *list;
} NjParam;

/* Needs of a command: if one is not met, the command fails before run() is called.
 *
 * NJ_NEEDS_ACCOUNT: one account can be chosen: that of "/name:", else that of the focused chat,
 * else the only account, else the only account that is online. */
#define NJ_NEEDS_ACCOUNT 1
#define NJ_NEEDS_CONNECTION 2 /* an account that is online */
#define NJ_NEEDS_CHAT 4       /* a focused chat */
#define NJ_NEEDS_SCREEN 8

typedef struct {
    const char *name;
    const char *parent;  /* of a sub-command: the name of its command; else NULL */
    const char *summary; /* N_(), one line */
    const char *details; /* N_(), for /help NAME and the manual; may be NULL */
    int needs;
    NjParam params[8];
    const char *examples[6];
    /* Calls nj_call_done() or nj_call_fail() exactly once, at once or later. In a command with
     * sub-commands it runs when no sub-command is named; NULL: a sub-command must be named. */
    void (*run)(NjCall *call);
} NjCommand;

/* A shipped alias. */
typedef struct {
    const char *name;
    const char *line;  /* the command line that it stands for; may contain $1 … $9 and $* */
    const char *habit; /* the programs whose users know this name ("irssi, WeeChat"), for /help */
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
    NJ_SOURCE_FIFO,     /* also -x of another process */
    NJ_SOURCE_ARGUMENT, /* -x of this process */
    NJ_SOURCE_STDIN,
} NjSource;

/* Receives the result of a call, once. error is NULL on success. All parameters are borrowed. */
typedef void (*NjResultFunc)(const GError *error, NjRecord *result, void *data);

NjCmd *nj_cmd_new(NjClient *client);

/* Ends open calls with an error and frees cmd. */
void nj_cmd_free(NjCmd *cmd);

/* Ends open calls with an error. To be called while screen and scripts can still receive it. */
void nj_cmd_end_calls(NjCmd *cmd);
NjClient *nj_cmd_client(NjCmd *cmd);

/* Sets the screen and binds the keys of all topics on it. NULL: there is no screen any more. */
void nj_cmd_set_screen(NjCmd *cmd, NjScreen *screen);
void nj_cmd_add_topic(NjCmd *cmd, const NjTopic *topic);
void nj_cmd_remove_topic(NjCmd *cmd, const NjTopic *topic);

/* The commands (NjCommand) without their sub-commands. */
const NjTable *nj_cmd_table(const NjCmd *cmd);

/* The sub-commands (const NjCommand *) of a command in the order in which they were added; NULL if
 * it has none. */
const GPtrArray *nj_cmd_subcommands(const NjCmd *cmd, const NjCommand *command);

/* Returns the row to run for a command and the arguments *rest: the sub-command that the first word
 * names, and moves *rest behind that word; else the command itself. Returns NULL and a usage error
 * if the command needs a sub-command, or if the first word is not one and the command has no
 * parameters of its own. */
const NjCommand *nj_cmd_pick_row(const NjCmd *cmd, const NjCommand *command, const char **rest,
                                 GError **error);

/* The usage line: "/join ROOM [NICK]", "/account [list|add|…]"; the caller frees it. */
char *nj_cmd_usage(const NjCmd *cmd, const NjCommand *command);

/* Runs a line. chat: the focused one, or NULL. */
void nj_cmd_run(NjCmd *cmd, const char *line, NjSource source, NjChat *chat, NjResultFunc done,
                void *data);

/* Open calls that nj_cmd_run() started with this data no longer call their NjResultFunc. */
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

/* Calls func for the shipped aliases, except those that the configuration overrides, then for the
 * aliases of the configuration, whose habit is NULL. */
void nj_cmd_each_alias(NjCmd *cmd,
                       void (*func)(const char *name, const char *line, const char *habit,
                                    void *owner),
                       void *owner);

/* Adds a table for --dump that cmd/ cannot know, such as the list of plugins. what is its name and
 * must outlive cmd; func returns its text, which cmd frees. */
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

/* May be NULL unless the row needs an account; becomes NULL when the account is removed. */
NjAccount *nj_call_account(NjCall *call);

/* May be NULL unless the row needs a chat; becomes NULL when the chat is closed. */
NjChat *nj_call_chat(NjCall *call);
NjSource nj_call_source(NjCall *call);

/* The argument of a parameter; NULL if it was not given. Addresses are prepared. */
const char *nj_call_arg(NjCall *call, const char *param);

/* The arguments of a REPEAT parameter; NULL-ended, never NULL. */
const char *const *nj_call_args(NjCall *call, const char *param);

/* Shows a line where the command was typed; for a script the line becomes part of the result. */
void nj_call_notice(NjCall *call, NjNoticeKind kind, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The result, to be filled before nj_call_done(); borrowed. */
NjRecord *nj_call_result(NjCall *call);
void nj_call_done(NjCall *call);

/* code: "not-connected", "usage", "refused" … */
void nj_call_fail(NjCall *call, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);
void nj_call_fail_error(NjCall *call, const char *code, const GError *error);

/* Takes a reference, for a call that ends later. Results of a call that has ended are ignored. */
NjCall *nj_call_hold(NjCall *call);

/* Releases a reference. An open call fails as cancelled when its last reference is released. */
void nj_call_release(NjCall *call);

/* false: the call has ended */
bool nj_call_open(const NjCall *call);

/* Registers a function that is called once when the call ends for any reason, to cancel the
 * operation that the call waits for; at once if the call has ended. A call has at most one. */
void nj_call_on_end(NjCall *call, void (*func)(NjCall *call, void *data), void *data);

/* A callback for requests of xmpp/ (NjDone): ends a held call with the result or the error, and
 * releases the reference. */
void nj_call_answer(const GError *error, NjRecord *result, void *call);

#endif
