/* Lines of commands from a descriptor: bounded in length, in bytes a dispatch and in time, so that
 * no writer slows the screen. */
#ifndef NJ_CMD_FEED_H
#define NJ_CMD_FEED_H

#include "base/base.h"

typedef struct NjFeed NjFeed;

#define NJ_MAX_FEED 65536 /* bytes of a line with its newline */

typedef struct {
    /* valid UTF-8, without the newline, not empty */
    void (*on_line)(const char *line, void *owner);
    /* a line that can not be a command */
    void (*on_refused)(const char *sentence, void *owner);
    /* nobody writes any more; what was unfinished has been refused */
    void (*on_end)(void *owner);
} NjFeedHooks;

/* fd is borrowed; it is read only when it is readable.  A hook may free the lines. */
NjFeed *nj_feed_new(int fd, const NjFeedHooks *hooks, void *owner);
void nj_feed_free(NjFeed *feed);

#endif
