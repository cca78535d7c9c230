/* Events as records for scripts, and the headless life: JSON lines out, commands in. */
#ifndef NJ_CMD_SCRIPT_H
#define NJ_CMD_SCRIPT_H

#include "cmd/commands.h"

typedef struct NjScript NjScript;

/* Every event scripts know (message, presence, room, connection, command-failed) as a record with "event" first. */
typedef void (*NjScriptFunc)(NjRecord *event, void *owner);
NjScript *nj_script_new(NjClient *client, NjScriptFunc func, void *owner);
void      nj_script_free(NjScript *script);

typedef struct NjHeadless NjHeadless;
NjHeadless *nj_headless_new(NjCmd *cmd);                                     /* stdin, stdout; a reader that is slow stops nothing */
void        nj_headless_free(NjHeadless *headless);
void        nj_headless_answer(NjHeadless *headless, const GError *error, NjRecord *result);   /* the result of a -x command, as one line like an event */

#endif
