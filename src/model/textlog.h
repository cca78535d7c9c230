/* Logs for those who grep: what is said, copied as plain text while the option text-logs names a
 * directory.
 *
 *     DIR/toad@example.org/frog@example.net.log
 *     2026-01-02 03:04:05+0100 <frog> The first line
 *                                     and each other one, indented
 *     2026-01-02 03:05:00+0100 * toad jumps into the pond
 *
 * The history is what counts; these are a copy that may lag, and that a full disk may leave
 * incomplete. */
#ifndef NJ_MODEL_TEXTLOG_H
#define NJ_MODEL_TEXTLOG_H

#include "model/client.h"

typedef struct NjTextlog NjTextlog;

NjTextlog *nj_textlog_new(NjClient *client);

/* what waits is written first, if the disk takes it within half a second */
void nj_textlog_free(NjTextlog *log);

/* A file's name for an address, whatever stands in it; the caller owns it. */
char *nj_textlog_name(const char *address);

#endif
