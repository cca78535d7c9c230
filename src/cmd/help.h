/* /help and --dump, derived from the rows. */
#ifndef NJ_CMD_HELP_H
#define NJ_CMD_HELP_H

#include "cmd/commands.h"

/* The help on a topic: a command ("msg", "account add"), an option, an alias, a topic of commands,
 * "keys", "options", "aliases" or "marks"; NULL: the overview. Lines are at most columns cells
 * wide. Returns NULL and an error for an unknown topic; the caller frees the text. */
char *nj_help_text(NjCmd *cmd, const char *topic, int columns, GError **error);

/* A table for --dump: commands, options, account-keys, keys, theme, aliases, or one added with
 * nj_cmd_add_dump(). Returns NULL and an error for an unknown table; the caller frees the text. */
char *nj_dump(NjCmd *cmd, const char *what, GError **error);

#endif
