/* Reads command lines in slices. In one iteration of the main loop a feed reads once and runs lines
 * for a millisecond. The other lines wait for the next iterations, and until all of them have run,
 * the feed does not read. */
#include "cmd/feed.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define SLICE_US 1000 /* time for running lines in one iteration of the main loop */

struct NjFeed {
    int fd;
    const NjFeedHooks *hooks;
    void *owner;
    guint source; /* waits for input, or for the next iteration */
    GString *buffer;
    gsize done;     /* bytes of buffer that have been handled */
    gsize searched; /* bytes of buffer that were searched: no newline between done and here */
    bool skipping;  /* the rest of a line that was too long is dropped */
    bool ended;     /* end of file, or an error of read() */
    bool *freed;    /* not NULL while a hook runs: nj_feed_free() sets *freed */
};

static gboolean on_readable(gint fd, GIOCondition condition, void *data);
static gboolean on_next_slice(void *data);

NjFeed *
nj_feed_new(int fd, const NjFeedHooks *hooks, void *owner)
{
    NjFeed *feed = g_new0(NjFeed, 1);
    feed->fd = fd;
    feed->hooks = hooks;
    feed->owner = owner;
    feed->buffer = g_string_new(NULL);
    feed->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, feed);
    return feed;
}

void
nj_feed_free(NjFeed *feed)
{
    if (!feed)
        return;

    if (feed->freed)
        *feed->freed = true;
    if (feed->source)
        g_source_remove(feed->source);

    explicit_bzero(feed->buffer->str, feed->buffer->len);
    g_string_free(feed->buffer, TRUE);
    g_free(feed);
}

/* Passes a line, without its newline, to a hook. Returns false if the hook freed the feed. */
static bool
handle_line(NjFeed *feed, char *line, gsize length)
{
    bool freed = false;
    feed->freed = &freed;
    if (memchr(line, 0, length) || !g_utf8_validate(line, length, NULL)) {
        feed->hooks->on_refused(_("A line that is not UTF-8 text was refused."), feed->owner);
    } else if (length) {
        line[length] = 0;
        feed->hooks->on_line(line, feed->owner);
    }

    if (!freed)
        feed->freed = NULL;
    return !freed;
}

/* Calls on_refused. Returns false if the hook freed the feed. */
static bool
refuse_line(NjFeed *feed, const char *sentence)
{
    bool freed = false;
    feed->freed = &freed;
    feed->hooks->on_refused(sentence, feed->owner);
    if (!freed)
        feed->freed = NULL;
    return !freed;
}

typedef enum {
    SLICE_MORE,  /* the time is up, and complete lines are left */
    SLICE_EMPTY, /* no complete line is left */
    SLICE_FREED, /* a hook freed the feed */
} SliceResult;

/* Runs complete lines of the buffer until SLICE_US have passed. */
static SliceResult
run_lines(NjFeed *feed)
{
    gint64 until = nj_clock_us() + SLICE_US;
    for (;;) {
        char *start = feed->buffer->str + feed->done;
        char *from = feed->buffer->str + MAX(feed->searched, feed->done);
        char *end = memchr(from, '\n', feed->buffer->str + feed->buffer->len - from);
        gsize length = (end ? end : feed->buffer->str + feed->buffer->len) - start;
        bool too_long = !feed->skipping && length >= NJ_MAX_FEED;
        if (too_long && !refuse_line(feed, _("A line of more than 64 KiB was refused.")))
            return SLICE_FREED;

        if (!end) {
            feed->skipping |= too_long;
            if (feed->skipping)
                feed->done = feed->buffer->len;
            feed->searched = feed->buffer->len;
            return SLICE_EMPTY;
        }

        feed->done += length + 1;
        bool run = !feed->skipping && !too_long;
        feed->skipping = false;
        if (run && !handle_line(feed, start, length))
            return SLICE_FREED;
        if (nj_clock_us() >= until)
            return SLICE_MORE;
    }
}

static void
handle_end(NjFeed *feed)
{
    bool unfinished = feed->buffer->len > 0 && !feed->skipping;
    if (unfinished && !refuse_line(feed, _("A line without a newline was refused.")))
        return;
    g_string_truncate(feed->buffer, 0);
    feed->hooks->on_end(feed->owner);
}

static void
run_slice(NjFeed *feed)
{
    SliceResult result = run_lines(feed);
    if (result == SLICE_FREED)
        return;

    if (result == SLICE_EMPTY) {
        g_string_erase(feed->buffer, 0, feed->done);
        feed->searched -= MIN(feed->searched, feed->done);
        feed->done = 0;
    }

    if (result == SLICE_MORE)
        feed->source = g_idle_add_full(G_PRIORITY_DEFAULT, on_next_slice, feed, NULL);
    else if (feed->ended)
        handle_end(feed);
    else
        feed->source = g_unix_fd_add(feed->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, feed);
}

static gboolean
on_next_slice(void *data)
{
    NjFeed *feed = data;
    feed->source = 0;
    run_slice(feed);
    return G_SOURCE_REMOVE;
}

static gboolean
on_readable(gint fd, GIOCondition condition, void *data)
{
    (void) condition;
    NjFeed *feed = data;
    char bytes[65536];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;

    if (got > 0)
        g_string_append_len(feed->buffer, bytes, got);
    feed->ended = got <= 0;
    feed->source = 0;
    run_slice(feed);

    return G_SOURCE_REMOVE;
}
