/* /help, usage, and --dump: all from the rows. */
#ifndef NJ_CMD_HELP_H
#define NJ_CMD_HELP_H

#include "cmd/commands.h"

/* NULL topic: the overview */
char *nj_help_text(NjCmd *cmd, const char *topic, int columns, GError **error);

/* commands, options, keys, theme, modules, plugins, aliases */
char *nj_dump(NjCmd *cmd, const char *what, GError **error);

#endif
