/* Commands: rows.  Parser, usage errors, /help, TAB, manual, --dump and tests follow from them.
 * Prompt, FIFO, -x, keys, aliases and standard input run the same rows through cmd/parse.c with one
 * kind of result. */
#ifndef NJ_CMD_COMMANDS_H
#define NJ_CMD_COMMANDS_H

#include "base/record.h"
#include "base/table.h"
#include "model/client.h"
#include "ui/screen.h"

/* the command side of one client: table, aliases, where results go */
typedef struct NjCmd NjCmd;
typedef struct NjCall NjCall; /* one command being run */

typedef enum {
    NJ_PARAM_NONE,
    NJ_PARAM_WORD,
    NJ_PARAM_TEXT /* raw to the end of the line when last; else a word */,
    NJ_PARAM_ADDRESS,
    NJ_PARAM_CONTACT,
    NJ_PARAM_ROOM,
    NJ_PARAM_NICK,
    NJ_PARAM_ACCOUNT,
    NJ_PARAM_WINDOW,
    NJ_PARAM_OPTION,
    NJ_PARAM_VALUE,
    NJ_PARAM_CHOICE,
    NJ_PARAM_COMMAND,
    NJ_PARAM_KEY,
    NJ_PARAM_NUMBER,
    NJ_PARAM_THEME,
    NJ_PARAM_SETTING /* of an account */,
    NJ_PARAM_BLOCKED /* an address that is blocked */,
    NJ_PARAM_SECRET /* enters no history, log, echo or index */,
} NjParamKind;

#define NJ_OPTIONAL 1
#define NJ_REPEAT 2  /* the last: any number of words */
#define NJ_KEYWORD 4 /* key=value before the raw text */

typedef struct {
    const char *name;
    NjParamKind kind;
    int flags;
    const char *summary; /* N_() */
    /* CHOICE: all of them, ending in NULL; of other kinds words that may stand there too */
    const char *choices[14];
} NjParam;

/* some account, chosen by /name: or the chat's, or the only one */
#define NJ_NEEDS_ACCOUNT 1
#define NJ_NEEDS_CONNECTION 2 /* … that is online */
#define NJ_NEEDS_CHAT 4       /* a focused chat */
#define NJ_NEEDS_SCREEN 8

typedef struct {
    const char *name;
    const char *summary; /* N_(), one line */
    const char *details; /* N_(), for /help NAME and the manual; may be NULL */
    int needs;
    NjParam params[8];
    const char *examples[6];
    /* ends in nj_call_done() or nj_call_fail(), now or later, once */
    void (*run)(NjCall *call);
} NjCommand;

/* habit: "irssi", "WeeChat", … for help; line may hold $1 … $9, $* */
typedef struct {
    const char *name, *line, *habit;
} NjAliasRow;

/* A topic: rows that belong together.  A plugin has one. */
typedef struct {
    const char *name;
    const char *summary;              /* N_() */
    const NjCommand *const *commands; /* NULL-ended */
    const NjAliasRow *aliases;        /* ends with a NULL name */
    const NjKeyRow *keys;             /* of the context NJ_KEYS_GLOBAL; ends with a NULL key */
} NjTopic;

extern const NjTopic *const nj_topics[]; /* the built-in ones, NULL-ended */

typedef enum {
    NJ_SOURCE_PROMPT,
    NJ_SOURCE_KEY,
    NJ_SOURCE_FIFO,
    NJ_SOURCE_ARGUMENT,
    NJ_SOURCE_STDIN
} NjSource;

/* Where one result goes. error NULL: ok. Called once; all borrowed. */
typedef void (*NjResultFunc)(const GError *error, NjRecord *result, void *data);

NjCmd *nj_cmd_new(NjClient *client);

/* calls still open end with an error */
void nj_cmd_free(NjCmd *cmd);

/* the same, while there is still somebody to hear it */
void nj_cmd_end_calls(NjCmd *cmd);
NjClient *nj_cmd_client(NjCmd *cmd);

/* NULL: headless */
void nj_cmd_set_screen(NjCmd *cmd, NjScreen *screen);
void nj_cmd_add_topic(NjCmd *cmd, const NjTopic *topic);
void nj_cmd_remove_topic(NjCmd *cmd, const NjTopic *topic);

/* of NjCommand */
const NjTable *nj_cmd_table(const NjCmd *cmd);

/* Runs a line. chat: the focused one, or NULL. */
void nj_cmd_run(NjCmd *cmd, const char *line, NjSource source, NjChat *chat, NjResultFunc done,
                void *data);

/* open calls whose data this is answer to nobody any more */
void nj_cmd_forget(NjCmd *cmd, const void *data);

/* Would running it show a secret to whoever keeps typed lines?  Such a line enters no history. */
bool nj_cmd_is_secret(NjCmd *cmd, const char *line);

/* cmd/complete.c */
char **nj_cmd_complete(NjCmd *cmd, const char *text, gsize point, gsize *start, gsize *end,
                       NjChat *chat);

/* the user's and the shipped ones; g_strfreev() */
char **nj_cmd_theme_names(NjCmd *cmd);

/* aliases and keys of the configuration, over the shipped ones */
void nj_cmd_load_pairs(NjCmd *cmd);

/* Aliases: shipped rows and the configuration's. line NULL takes the own one away, so that a
 * shipped one counts again. */
bool nj_cmd_set_alias(NjCmd *cmd, const char *name, const char *line, GError **error);
void nj_cmd_each_alias(NjCmd *cmd,
                       void (*func)(const char *name, const char *line, const char *habit,
                                    void *owner),
                       void *owner);

/* A table behind --dump that cmd/ can not know: plugins/ adds its own. func's answer belongs to the
 * caller. */
void nj_cmd_add_dump(NjCmd *cmd, const char *what, char *(*func)(void *owner), void *owner);

/* What a result's error carries: codes are words ("not-connected"), kept as the error's number. */
#define NJ_CMD_ERROR nj_cmd_error_quark()
GQuark nj_cmd_error_quark(void);
int nj_cmd_code(const char *word);

/* also of errors from elsewhere: never NULL */
const char *nj_cmd_error_code(const GError *error);

/* For run functions. */
NjClient *nj_call_client(NjCall *call);
NjCmd *nj_call_cmd(NjCall *call);

/* NULL in headless */
NjScreen *nj_call_screen(NjCall *call);

/* as needs say; else may be NULL */
NjAccount *nj_call_account(NjCall *call);

/* may be NULL */
NjChat *nj_call_chat(NjCall *call);
NjSource nj_call_source(NjCall *call);

/* NULL: not given; addresses are prepared */
const char *nj_call_arg(NjCall *call, const char *param);

/* of a REPEAT parameter; NULL-ended, never NULL */
const char *const *nj_call_args(NjCall *call, const char *param);

/* a line where it was typed */
void nj_call_say(NjCall *call, NjNoticeKind kind, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* to fill before _done; borrowed */
NjRecord *nj_call_result(NjCall *call);
void nj_call_done(NjCall *call);

/* code: "not-connected", "usage", "refused" … */
void nj_call_fail(NjCall *call, const char *code, const char *format, ...) G_GNUC_PRINTF(3, 4);
void nj_call_fail_error(NjCall *call, const char *code, const GError *error);

/* for a later answer; cancelled calls swallow it */
NjCall *nj_call_hold(NjCall *call);
void nj_call_release(NjCall *call);

/* false: answered, or its NjCmd is gone */
bool nj_call_open(const NjCall *call);

/* func is called once when the call ends, however it ends; it lets go of what waits for this call.
 * One a call. */
void nj_call_on_end(NjCall *call, void (*func)(NjCall *call, void *data), void *data);

/* A ready NjDone for xmpp/session.h: ends the held call with what came (code from the error). */
void nj_call_answer(const GError *error, NjRecord *result, void *call);

#endif
