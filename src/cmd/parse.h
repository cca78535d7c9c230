/* The syntax of command lines: words, quotation marks, key=value, raw text. The parser has no list
 * of commands: its callers pass the row. */
#ifndef NJ_CMD_PARSE_H
#define NJ_CMD_PARSE_H

#include "cmd/commands.h"

typedef struct {
    bool command;  /* false: text for the focused chat */
    char *account; /* "home" of "/home:msg"; NULL without one */
    char *name;    /* "msg" of "/msg" */
    /* Points into the parsed line: the arguments of a command; or the text, without the first slash
     * of a doubled one. */
    const char *rest;
} NjLine;

/* Splits a line into account, name and rest. Returns false and an error for a slash without a
 * name. The caller clears *out in both cases. */
bool nj_parse_line(const char *line, NjLine *out, GError **error);
void nj_line_clear(NjLine *line);

/* Returns the next word without its quotes and moves *cursor behind it. Returns NULL at the end of
 * the text, and NULL with an error for a wrong quotation. */
char *nj_parse_word(const char **cursor, GError **error);

/* Returns the next word with its quotes, as $1 of an alias inserts it, and moves *cursor behind it.
 * Returns NULL at the end of the text. */
char *nj_parse_raw_word(const char **cursor);

/* The arguments of a command: a text for each parameter, a list for a REPEAT parameter. */
typedef struct NjArgs NjArgs;

/* Reads rest according to the parameters of a row. Returns NULL and a usage error if it does not
 * match them. */
NjArgs *nj_parse_args(const NjCommand *command, const char *rest, GError **error);

/* Overwrites the arguments, some of which are secret, and frees them. A REPEAT list is only freed.
 */
void nj_args_free(NjArgs *args);

/* NULL: not given */
const char *nj_args_get(const NjArgs *args, const char *param);

/* NULL-ended, never NULL */
const char *const *nj_args_list(const NjArgs *args, const char *param);

/* Replaces an argument, for example by a prepared address. Takes ownership of value. Returns false
 * if there is no such parameter. */
bool nj_args_set(NjArgs *args, const char *param, char *value);

/* Whether a secret argument is given. */
bool nj_args_secret(const NjArgs *args);

/* Returns the parameter that a cursor at the end of text is in, for completion; NULL if there are
 * more words than parameters. *word receives the start of the word at the cursor (of its value, if
 * it is "wait=…"), *keyword whether the parameter is a keyword. */
const NjParam *nj_parse_param_at(const NjCommand *command, const char *text, const char **word,
                                 bool *keyword);

/* Quotes a word where necessary, so that it is read as one word; the caller frees it. */
char *nj_parse_quote(const char *word);

/* The name with that of the parent: "join", "account add"; the caller frees it. */
char *nj_parse_full_name(const NjCommand *command);

/* The usage line of a row from its parameters, "/join ROOM [NICK]"; the caller frees it. */
char *nj_parse_usage(const NjCommand *command);

/* "ask, allow or deny" from a NULL-ended list of words; the caller frees it. */
char *nj_parse_alternatives(const char *const *words);

/* Sets a usage error: the sentence, then the usage line. */
void nj_parse_fail(GError **error, const char *sentence, const char *usage);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjArgs, nj_args_free)

#endif
