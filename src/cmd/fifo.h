/* The command FIFO, and running commands in another instance through it (-x). */
#ifndef NJ_CMD_FIFO_H
#define NJ_CMD_FIFO_H

#include "cmd/commands.h"

typedef struct NjFifo NjFifo;

/* Creates the FIFO (0600, in a 0700 directory) and reads commands from it; creates it again when it
 * vanishes. Returns NULL and sets error if it cannot be created or another instance reads it. */
NjFifo *nj_fifo_new(NjCmd *cmd, const char *path, GError **error);
void nj_fifo_free(NjFifo *fifo);

/* Returns the path of the FIFO: the option `fifo`, relative to state/run, or state/run/fifo. The
 * caller owns it. */
char *nj_fifo_path(const NjPaths *paths, const NjOptions *options);

/* Runs command in the instance that reads the FIFO at path (-x). Returns the JSON line of the
 * result, which the caller owns, or NULL and sets error. Blocks for at most seconds; main.c calls
 * it before the main loop runs. *running is false if no instance reads the FIFO; *ok is the
 * result's field "ok". */
char *nj_fifo_ask(const char *path, const char *command, guint seconds, bool *running, bool *ok,
                  GError **error);

#endif
