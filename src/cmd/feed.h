/* Reads command lines from a descriptor. The length of a line is bounded, and so are the bytes read
 * and the time spent in one iteration of the main loop, so that no writer slows the screen. */
#ifndef NJ_CMD_FEED_H
#define NJ_CMD_FEED_H

#include "base/base.h"

typedef struct NjFeed NjFeed;

#define NJ_MAX_FEED 65536 /* bytes of a line, including its newline */

typedef struct {
    /* line: valid UTF-8, without the newline, not empty */
    void (*on_line)(const char *line, void *owner);
    /* A line was not UTF-8, too long or unfinished; sentence says which. */
    void (*on_refused)(const char *sentence, void *owner);
    /* The last writer has gone; an unfinished line has been refused. */
    void (*on_end)(void *owner);
} NjFeedHooks;

/* Borrows fd, which may be a blocking one: it is read only when it is readable. A hook may call
 * nj_feed_free(). */
NjFeed *nj_feed_new(int fd, const NjFeedHooks *hooks, void *owner);
void nj_feed_free(NjFeed *feed);

#endif
