/* Text logs: a plain-text copy of all messages, while the option text-logs names a directory.
 *
 *     DIR/toad@example.org/frog@example.net.log
 *     2026-01-02 03:04:05+0100 <frog> The first line
 *                                     and each further line, indented
 *     2026-01-02 03:05:00+0100 * toad jumps into the pond
 *
 * The history is authoritative: the copy may be late, and a full disk may leave it incomplete. */
#ifndef NJ_MODEL_TEXTLOG_H
#define NJ_MODEL_TEXTLOG_H

#include "model/client.h"

typedef struct NjTextlog NjTextlog;

NjTextlog *nj_textlog_new(NjClient *client);

/* Waits at most half a second until the queued lines are written, then frees the log. */
void nj_textlog_free(NjTextlog *log);

/* Returns a file name for an address, whatever characters the address has; the caller owns it. */
char *nj_textlog_name(const char *address);

#endif
