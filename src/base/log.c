/* One log file for the process, because GLib has one log for the process: the only state of base/
 * that hangs off no object.  Any thread may write; the level is read without the lock, and lines
 * are formatted outside it. */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/text.h"

#define MAX_SIZE (1024 * 1024)
#define KEEP 3 /* log.1 … log.3 */
/* a line with its stamp stays below PIPE_BUF and is written whole */
#define MAX_TEXT 3500

static struct {
    GMutex lock;
    bool installed;
    bool open;
    char *path; /* NULL: standard error */
    int fd;     /* -1: lost; lines are dropped */
    off_t size;
    gint level; /* atomic */
} the_log = { .fd = -1, .level = NJ_LOG_INFO };

static NjLogLevel
level_of(GLogLevelFlags flags)
{
    if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        return NJ_LOG_ERROR;
    if (flags & G_LOG_LEVEL_WARNING)
        return NJ_LOG_WARNING;
    if (flags & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO))
        return NJ_LOG_INFO;
    return NJ_LOG_DEBUG;
}

bool
nj_log_wants(NjLogLevel level)
{
    return (gint) level <= g_atomic_int_get(&the_log.level);
}

void
nj_log_set_level(NjLogLevel level)
{
    g_atomic_int_set(&the_log.level, (gint) level);
}

/* False with errno.  Only a regular file: a log that is a FIFO would hold the program. */
static bool
open_file(const char *path)
{
    struct stat info;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

    if (fd < 0)
        return false;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || fchmod(fd, 0600) != 0) {
        const int why = S_ISREG(info.st_mode) ? errno : EINVAL;
        close(fd);
        errno = why;
        return false;
    }

    the_log.fd = fd;
    the_log.size = info.st_size;
    return true;
}

/* log.2 becomes log.3, log.1 becomes log.2, log becomes log.1.  Nothing here may log: the lock is
 * held. */
static void
rotate(void)
{
    char from[PATH_MAX], to[PATH_MAX];
    close(the_log.fd);
    the_log.fd = -1;

    for (int i = KEEP; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%d", the_log.path, i);
        if (i > 1)
            snprintf(from, sizeof from, "%s.%d", the_log.path, i - 1);
        else
            g_strlcpy(from, the_log.path, sizeof from);
        rename(from, to);
    }

    open_file(the_log.path);
}

/* To the file, or to a standard error that has room: who does not read it loses lines, and holds
 * nobody. */
static void
put(const char *line, size_t length)
{
    if (!the_log.path) {
        struct pollfd out = { STDERR_FILENO, POLLOUT, 0 };
        if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT)
            && write(STDERR_FILENO, line, length) < 0)
            return;
        return;
    }

    if (the_log.fd >= 0 && the_log.size + (off_t) length > MAX_SIZE)
        rotate();
    if (the_log.fd < 0)
        return;

    const ssize_t written = write(the_log.fd, line, length);
    if (written == (ssize_t) length)
        the_log.size += written;

    /* a full disk keeps no half lines */
    else if (written > 0 && ftruncate(the_log.fd, the_log.size) != 0)
        the_log.size += written;
}

static const char *
field(const GLogField *fields, gsize count, const char *key, gssize *length)
{
    for (gsize i = 0; i < count; i++)
        if (strcmp(fields[i].key, key) == 0) {
            *length = fields[i].length;
            return fields[i].value;
        }
    return NULL;
}

static GLogWriterOutput
on_line(GLogLevelFlags flags, const GLogField *fields, gsize count, gpointer data)
{
    static const char *const names[] = { "error", "warning", "info", "debug" };
    const NjLogLevel level = level_of(flags);
    gssize length = -1, domain_length = -1;

    (void) data;
    if (!nj_log_wants(level))
        return G_LOG_WRITER_HANDLED;

    const char *text = field(fields, count, "MESSAGE", &length);
    const char *domain = field(fields, count, "GLIB_DOMAIN", &domain_length);
    if (!text)
        return G_LOG_WRITER_HANDLED;

    if (domain && (domain_length >= 0 || strcmp(domain, G_LOG_DOMAIN) == 0))
        domain = NULL; /* ours needs no name */

    g_autofree char *stamp = nj_clock_format(nj_clock_wall_ms());
    g_autofree char *clean = nj_text_line(text, length, MAX_TEXT);
    g_autofree char *line = g_strdup_printf("%s %s %.100s%s%s\n", stamp, names[level],
                                            domain ? domain : "", domain ? ": " : "", clean);
    g_mutex_lock(&the_log.lock);

    const bool open = the_log.open;
    if (open)
        put(line, strlen(line));
    g_mutex_unlock(&the_log.lock);

    return open ? G_LOG_WRITER_HANDLED : g_log_writer_default(flags, fields, count, NULL);
}

bool
nj_log_open(const char *path, GError **error)
{
    g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;
    if (folder)
        nj_files_ensure_dir(folder, NULL); /* what is wrong with it the file will tell */
    nj_log_close();
    g_mutex_lock(&the_log.lock);

    /* Open even without a file: a line that has no place must not land on the screen. */
    the_log.open = true;
    the_log.path = g_strdup(path);

    const bool done = !path || open_file(path);
    const int why = errno;
    const bool first = !the_log.installed;
    the_log.installed = true;
    g_mutex_unlock(&the_log.lock);
    if (first)
        g_log_set_writer_func(on_line, NULL, NULL);
    if (!done)
        g_set_error(error, G_FILE_ERROR, (gint) g_file_error_from_errno(why),
                    _("Cannot write the log %s: %s."), path, g_strerror(why));

    return done;
}

void
nj_log_close(void)
{
    g_mutex_lock(&the_log.lock);
    if (the_log.fd >= 0)
        close(the_log.fd);
    the_log.fd = -1;
    the_log.open = false;
    g_clear_pointer(&the_log.path, g_free);
    g_mutex_unlock(&the_log.lock);
}
