/* A dispatch reads once and runs lines for a millisecond; what is left waits for the next turn of the loop, and meanwhile nothing more is read. */
#include "cmd/lines.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define TURN_US 1000

struct NjLines {
    int                 fd;
    const NjLinesHooks *hooks;
    void               *owner;
    guint               source;         /* readable, or the next turn */
    GString            *buffer;
    gsize               done;           /* bytes of it that were handled */
    gsize               searched;       /* no newline before this one */
    bool                skipping;       /* the rest of a line that was too long */
    bool                ended;
    bool               *freed;          /* set while a hook runs */
};

static gboolean on_readable(gint fd, GIOCondition condition, void *data);
static gboolean on_turn(void *data);

NjLines *
nj_lines_new(int fd, const NjLinesHooks *hooks, void *owner)
{
    NjLines *lines = g_new0(NjLines, 1);
    lines->fd = fd;
    lines->hooks = hooks;
    lines->owner = owner;
    lines->buffer = g_string_new(NULL);
    lines->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, lines);
    return lines;
}

void
nj_lines_free(NjLines *lines)
{
    if (!lines)
        return;
    if (lines->freed)
        *lines->freed = true;
    if (lines->source)
        g_source_remove(lines->source);
    explicit_bzero(lines->buffer->str, lines->buffer->len);
    g_string_free(lines->buffer, TRUE);
    g_free(lines);
}

/* A line without its newline; false: the hook freed us. */
static bool
handle(NjLines *lines, char *line, gsize length)
{
    bool freed = false;
    lines->freed = &freed;
    if (memchr(line, 0, length) || !g_utf8_validate(line, length, NULL)) {
        lines->hooks->on_refused(_("A line that is not UTF-8 text was refused."), lines->owner);
    } else if (length) {
        line[length] = 0;
        lines->hooks->on_line(line, lines->owner);
    }
    if (!freed)
        lines->freed = NULL;
    return !freed;
}

static bool
refuse(NjLines *lines, const char *sentence)
{
    bool freed = false;
    lines->freed = &freed;
    lines->hooks->on_refused(sentence, lines->owner);
    if (!freed)
        lines->freed = NULL;
    return !freed;
}

typedef enum { MORE, EMPTY, GONE } Turn;

static Turn
run_lines(NjLines *lines)
{
    gint64 until = nj_clock_us() + TURN_US;
    for (;;) {
        char *start = lines->buffer->str + lines->done;
        char *from = lines->buffer->str + MAX(lines->searched, lines->done);
        char *end = memchr(from, '\n', lines->buffer->str + lines->buffer->len - from);
        gsize length = (end ? end : lines->buffer->str + lines->buffer->len) - start;
        bool too_long = !lines->skipping && length >= NJ_LINES_MOST;
        if (too_long && !refuse(lines, _("A line of more than 64 KiB was refused.")))
            return GONE;
        if (!end) {
            lines->skipping |= too_long;
            if (lines->skipping)
                lines->done = lines->buffer->len;
            lines->searched = lines->buffer->len;
            return EMPTY;
        }
        lines->done += length + 1;
        bool run = !lines->skipping && !too_long;
        lines->skipping = false;
        if (run && !handle(lines, start, length))
            return GONE;
        if (nj_clock_us() >= until)
            return MORE;
    }
}

static void
finish(NjLines *lines)
{
    bool unfinished = lines->buffer->len > 0 && !lines->skipping;
    if (unfinished && !refuse(lines, _("A line without its end was refused.")))
        return;
    g_string_truncate(lines->buffer, 0);
    lines->hooks->on_end(lines->owner);
}

static void
take_turn(NjLines *lines)
{
    Turn turn = run_lines(lines);
    if (turn == GONE)
        return;
    if (turn == EMPTY) {
        g_string_erase(lines->buffer, 0, lines->done);
        lines->searched -= MIN(lines->searched, lines->done);
        lines->done = 0;
    }
    if (turn == MORE)
        lines->source = g_idle_add_full(G_PRIORITY_DEFAULT, on_turn, lines, NULL);
    else if (lines->ended)
        finish(lines);
    else
        lines->source = g_unix_fd_add(lines->fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, lines);
}

static gboolean
on_turn(void *data)
{
    NjLines *lines = data;
    lines->source = 0;
    take_turn(lines);
    return G_SOURCE_REMOVE;
}

static gboolean
on_readable(gint fd, GIOCondition condition, void *data)
{
    (void) condition;
    NjLines *lines = data;
    char bytes[65536];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got > 0)
        g_string_append_len(lines->buffer, bytes, got);
    lines->ended = got <= 0;
    lines->source = 0;
    take_turn(lines);
    return G_SOURCE_REMOVE;
}
