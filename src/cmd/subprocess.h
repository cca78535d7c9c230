/* A program of the user's (password-command) beside ours: nothing waits for it, its words are
 * bounded, it has a deadline.  It runs as a background job of our terminal; one that reaches for
 * the terminal is stopped by the kernel, gets the terminal lent, and goes on. */
#ifndef NJ_CMD_SUBPROCESS_H
#define NJ_CMD_SUBPROCESS_H

#include "ui/screen.h"

typedef struct NjSubprocess NjSubprocess;

/* out, why: the first lines of standard output and standard error, without the newline; out NULL:
 * it failed, and why is a sentence or what it said. Called once, unless it is freed before. */
typedef void (*NjSubprocessFunc)(const char *out, const char *why, void *data);

/* screen NULL: there is no terminal to lend, and standard input is empty.  NULL and error: it could
 * not be started. */
NjSubprocess *nj_subprocess_new(const char *command, NjScreen *screen, guint seconds,
                                NjSubprocessFunc done, void *data, GError **error);

/* ends the program; done is not called */
void nj_subprocess_free(NjSubprocess *process);

/* ends the program; done follows */
void nj_subprocess_cancel(NjSubprocess *process);

#endif
