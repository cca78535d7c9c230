/* A dispatch reads once and runs lines for a millisecond; what is left waits for the next turn of
 * the loop, and meanwhile nothing more is read. */
#include "cmd/feed.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define TURN_US 1000

struct NjFeed {
    int fd;
    const NjFeedHooks *hooks;
    void *owner;
    guint source; /* readable, or the next turn */
    GString *buffer;
    gsize done;     /* bytes of it that were handled */
    gsize searched; /* no newline before this one */
    bool skipping;  /* the rest of a line that was too long */
    bool ended;
    bool *freed; /* set while a hook runs */
};

static gboolean on_readable(gint fd, GIOCondition condition, void *data);
static gboolean on_turn(void *data);

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

/* A line without its newline; false: the hook freed us. */
static bool
handle(NjFeed *feed, char *line, gsize length)
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

static bool
refuse(NjFeed *feed, const char *sentence)
{
    bool freed = false;
    feed->freed = &freed;
    feed->hooks->on_refused(sentence, feed->owner);
    if (!freed)
        feed->freed = NULL;
    return !freed;
}

typedef enum { MORE, EMPTY, GONE } Turn;

static Turn
run_lines(NjFeed *feed)
{
    gint64 until = nj_clock_us() + TURN_US;
    for (;;) {
        char *start = feed->buffer->str + feed->done;
        char *from = feed->buffer->str + MAX(feed->searched, feed->done);
        char *end = memchr(from, '\n', feed->buffer->str + feed->buffer->len - from);
        gsize length = (end ? end : feed->buffer->str + feed->buffer->len) - start;
        bool too_long = !feed->skipping && length >= NJ_MAX_FEED;
        if (too_long && !refuse(feed, _("A line of more than 64 KiB was refused.")))
            return GONE;
        if (!end) {
            feed->skipping |= too_long;
            if (feed->skipping)
                feed->done = feed->buffer->len;
            feed->searched = feed->buffer->len;
            return EMPTY;
        }
        feed->done += length + 1;
        bool run = !feed->skipping && !too_long;
        feed->skipping = false;
        if (run && !handle(feed, start, length))
            return GONE;
        if (nj_clock_us() >= until)
            return MORE;
    }
}

static void
finish(NjFeed *feed)
{
    bool unfinished = feed->buffer->len > 0 && !feed->skipping;
    if (unfinished && !refuse(feed, _("A line without its end was refused.")))
        return;
    g_string_truncate(feed->buffer, 0);
    feed->hooks->on_end(feed->owner);
}

static void
take_turn(NjFeed *feed)
{
    Turn turn = run_lines(feed);
    if (turn == GONE)
        return;

    if (turn == EMPTY) {
        g_string_erase(feed->buffer, 0, feed->done);
        feed->searched -= MIN(feed->searched, feed->done);
        feed->done = 0;
    }

    if (turn == MORE)
        feed->source = g_idle_add_full(G_PRIORITY_DEFAULT, on_turn, feed, NULL);
    else if (feed->ended)
        finish(feed);
    else
        feed->source = g_unix_fd_add(feed->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, feed);
}

static gboolean
on_turn(void *data)
{
    NjFeed *feed = data;
    feed->source = 0;
    take_turn(feed);
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
    take_turn(feed);

    return G_SOURCE_REMOVE;
}
