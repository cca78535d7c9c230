/* One language for prompt, FIFO and -x (CONTRACT): words, quotes, key=value, raw text. Knows no
 * rows but what it is given. */
#ifndef NJ_CMD_PARSE_H
#define NJ_CMD_PARSE_H

#include "cmd/commands.h"

typedef struct {
    bool command;  /* false: text for the focused chat */
    char *account; /* "/home:msg": home; NULL */
    char *name;    /* "msg" */
    /* points into the line: behind the name and its space; of a text: the text without the doubled
     * slash */
    const char *rest;
} NjLine;

/* Splits off the name.  An error is a sentence. */
bool nj_parse_line(const char *line, NjLine *out, GError **error);
void nj_line_clear(NjLine *line);

/* The next word, its quotes taken off; *cursor moves behind it.  NULL without an error: there is
 * none. */
char *nj_parse_word(const char **cursor, GError **error);

/* The next word as it stands, with its quotes: what $1 of an alias is. */
char *nj_parse_raw_word(const char **cursor);

/* Fits rest to the parameters of a row: name -> text, or NULL-ended list for REPEAT. Errors are
 * usage sentences. */
typedef struct NjArgs NjArgs;
NjArgs *nj_parse_args(const NjCommand *command, const char *rest, GError **error);

/* secrets are wiped */
void nj_args_free(NjArgs *args);
const char *nj_args_get(const NjArgs *args, const char *param);

/* NULL-ended, never NULL */
const char *const *nj_args_list(const NjArgs *args, const char *param);

/* takes value: a prepared address */
bool nj_args_set(NjArgs *args, const char *param, char *value);

/* one of them is secret */
bool nj_args_secret(const NjArgs *args);

/* What a cursor at the end of text would type next: for TAB.  *word: where that word begins; *key:
 * its keyword ("wait" in "wait=se"), NULL for a positional one.  NULL: nothing fits there any
 * more. */
const NjParam *nj_parse_param_at(const NjCommand *command, const char *text, const char **word,
                                 bool *keyword);

/* so that it is one word again */
char *nj_parse_quote(const char *word);

/* "/join ROOM [NICK]" */
char *nj_parse_usage(const NjCommand *command);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjArgs, nj_args_free)

#endif
