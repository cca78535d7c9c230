/* Events as records for scripts, and the headless life: JSON lines out, commands in. */
#ifndef NJ_CMD_SCRIPT_H
#define NJ_CMD_SCRIPT_H

#include "cmd/commands.h"

typedef struct NjScript NjScript;

/* Every event scripts know (message, presence, room, connection, command-failed) as a record with
 * "event" first. */
typedef void (*NjScriptFunc)(NjRecord *event, void *owner);
NjScript *nj_script_new(NjClient *client, NjScriptFunc func, void *owner);
void nj_script_free(NjScript *script);

typedef struct NjHeadless NjHeadless;

/* Standard input and output, or these descriptors.  A reader that is slow stops nothing: what does
 * not fit into 4 MB is dropped, and a line
 * {"event": "events-dropped"} says so when there is room again. */
NjHeadless *nj_headless_new(NjCmd *cmd);
NjHeadless *nj_headless_new_on(NjCmd *cmd, int in, int out);
void nj_headless_free(NjHeadless *headless);

/* The answer to a command (of -x) as a line of its own. */
void nj_headless_answer(NjHeadless *headless, const GError *error, const NjRecord *result);

#endif
