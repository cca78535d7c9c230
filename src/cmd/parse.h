/* One language for prompt, FIFO and -x (CONTRACT): words, quotes, key=value, raw text. Knows no rows but what it is given. */
#ifndef NJ_CMD_PARSE_H
#define NJ_CMD_PARSE_H

#include "cmd/commands.h"

typedef struct {
    bool   command;             /* false: text for the focused chat */
    char  *account;             /* "/home:msg": home; NULL */
    char  *name;                /* "msg" */
    const char *rest;           /* points into the line: behind the name and its space; of a text: the text without the doubled slash */
} NjLine;

/* Splits off the name.  An error is a sentence. */
bool nj_parse_line(const char *line, NjLine *out, GError **error);
void nj_line_clear(NjLine *line);
/* Fits rest to the parameters of a row: name -> text, or NULL-ended list for REPEAT. Errors are usage sentences. */
typedef struct NjArgs NjArgs;
NjArgs     *nj_parse_args(const NjCommand *command, const char *rest, GError **error);
void        nj_args_free(NjArgs *args);
const char *nj_args_get(const NjArgs *args, const char *param);
const char *const *nj_args_list(const NjArgs *args, const char *param);
bool        nj_args_set(NjArgs *args, const char *param, char *value);       /* takes value: a prepared address */
char       *nj_parse_quote(const char *word);                                /* so that it is one word again */
char       *nj_parse_usage(const NjCommand *command);                        /* "/join ROOM [NICK]" */

#endif
