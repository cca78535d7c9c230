/* The command FIFO, and asking a running instance through it (-x). */
#ifndef NJ_CMD_FIFO_H
#define NJ_CMD_FIFO_H

#include "cmd/commands.h"

typedef struct NjFifo NjFifo;

/* makes it 0600 in a 0700 directory, again when it vanishes */
NjFifo *nj_fifo_new(NjCmd *cmd, const char *path, GError **error);
void nj_fifo_free(NjFifo *fifo);

/* Where it is: the option `fifo`, seen from state/run, else state/run/fifo. The caller owns it. */
char *nj_fifo_path(const NjPaths *paths, const NjOptions *options);

/* -x: runs a command in the instance that reads path; its JSON answer line, or NULL and error.
 * Blocks, at most seconds (main.c, before any loop). running: false if nobody reads; ok: what the
 * answer says. */
char *nj_fifo_ask(const char *path, const char *command, guint seconds, bool *running, bool *ok,
                  GError **error);

#endif
