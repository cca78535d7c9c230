/* Runs a program of the user (password-command) without blocking. Its output is bounded and it has
 * a deadline. It runs as a background job of our terminal: when it accesses the terminal, the
 * kernel stops it, the screen is suspended, and the program continues in the foreground. */
#ifndef NJ_CMD_SUBPROCESS_H
#define NJ_CMD_SUBPROCESS_H

#include "ui/screen.h"

typedef struct NjSubprocess NjSubprocess;

/* out is the first line of the program's standard output, without the newline, or NULL if it
 * failed; then why is a sentence or the first line of its standard error. Called once, unless
 * nj_subprocess_free() comes first. */
typedef void (*NjSubprocessFunc)(const char *out, const char *why, void *data);

/* Starts command with /bin/sh. Without a screen the program gets no terminal and an empty standard
 * input. Returns NULL and sets error if it cannot be started. */
NjSubprocess *nj_subprocess_new(const char *command, NjScreen *screen, guint seconds,
                                NjSubprocessFunc done, void *data, GError **error);

/* Kills the program; done is not called. */
void nj_subprocess_free(NjSubprocess *process);

/* Asks the program to end (SIGTERM, then SIGKILL); done is called when it has ended. */
void nj_subprocess_cancel(NjSubprocess *process);

#endif
