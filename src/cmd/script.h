/* Events as records for scripts; and headless mode: JSON lines on standard output, commands on
 * standard input. */
#ifndef NJ_CMD_SCRIPT_H
#define NJ_CMD_SCRIPT_H

#include "cmd/commands.h"

typedef struct NjScript NjScript;

/* Calls func with a record for every event that natterjack(1) lists; its first field is "event". */
typedef void (*NjScriptFunc)(NjRecord *event, void *owner);
NjScript *nj_script_new(NjClient *client, NjScriptFunc func, void *owner);
void nj_script_free(NjScript *script);

typedef struct NjHeadless NjHeadless;

/* Uses standard input and output, or the given descriptors. A slow reader does not block the
 * program: while 4 MB wait for it, further lines are dropped; when the rest is written, an event
 * events-dropped with their number follows. */
NjHeadless *nj_headless_new(NjCmd *cmd);
NjHeadless *nj_headless_new_on(NjCmd *cmd, int in, int out);
void nj_headless_free(NjHeadless *headless);

/* Writes the result of a command of -x as a line. */
void nj_headless_answer(NjHeadless *headless, const GError *error, const NjRecord *result);

#endif
