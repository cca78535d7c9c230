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

/* Writes the queued lines first, for at most half a second. */
void nj_textlog_free(NjTextlog *log);

/* A file name for an address, whatever characters it has; the caller owns it. */
char *nj_textlog_name(const char *address);

#endif
