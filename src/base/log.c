/* The log file. Its state belongs to the process and to no object, because GLib has one log writer
 * for the process. Any thread may write: the level is atomic, lines are formatted without the lock
 * and written with it. */
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
#define MAX_OLD_FILES 3 /* log.1 to log.3 */
#define MAX_TEXT 3500   /* bytes; a line with its stamp is shorter than PIPE_BUF, thus atomic */

static struct {
    GMutex lock;
    bool installed; /* GLib calls on_line() */
    bool open;      /* nj_log_open() was called; on_line() handles all messages */
    char *path;     /* NULL: standard error */
    int fd;         /* -1: not open; lines are dropped */
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

/* Sets errno on failure. Opens only regular files: writing to a FIFO could block the program. */
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

/* Renames log.2 to log.3, log.1 to log.2, log to log.1, and opens a new log. Called with the lock:
 * must not log. */
static void
rotate_files(void)
{
    char from[PATH_MAX], to[PATH_MAX];
    close(the_log.fd);
    the_log.fd = -1;

    for (int i = MAX_OLD_FILES; i > 0; i--) {
        snprintf(to, sizeof to, "%s.%d", the_log.path, i);
        if (i > 1)
            snprintf(from, sizeof from, "%s.%d", the_log.path, i - 1);
        else
            g_strlcpy(from, the_log.path, sizeof from);
        rename(from, to);
    }

    open_file(the_log.path);
}

/* Writes a line to the file or to standard error. If standard error is full because its reader does
 * not read, the line is dropped: writing would block. */
static void
write_line(const char *line, size_t length)
{
    if (!the_log.path) {
        struct pollfd out = { STDERR_FILENO, POLLOUT, 0 };
        if (poll(&out, 1, 0) == 1 && (out.revents & POLLOUT))
            (void) !write(STDERR_FILENO, line, length);
        return;
    }

    if (the_log.fd >= 0 && the_log.size + (off_t) length > MAX_SIZE)
        rotate_files();
    if (the_log.fd < 0)
        return;

    /* If the disk is full, only a part of the line may be written: it is removed again. */
    const ssize_t written = write(the_log.fd, line, length);
    if (written == (ssize_t) length)
        the_log.size += written;
    else if (written > 0 && ftruncate(the_log.fd, the_log.size) != 0)
        the_log.size += written;
}

static const char *
find_field(const GLogField *fields, gsize count, const char *key, gssize *length)
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

    const char *text = find_field(fields, count, "MESSAGE", &length);
    const char *domain = find_field(fields, count, "GLIB_DOMAIN", &domain_length);
    if (!text)
        return G_LOG_WRITER_HANDLED;

    /* A line names the domain of a library, not that of the program. A domain with a length is not
     * terminated by a 0 byte, and is left out. */
    if (domain && (domain_length >= 0 || strcmp(domain, G_LOG_DOMAIN) == 0))
        domain = NULL;

    g_autofree char *stamp = nj_clock_format(nj_clock_wall_ms());
    g_autofree char *clean = nj_text_line(text, length, MAX_TEXT);
    g_autofree char *source = domain ? g_strdup_printf("%.100s: ", domain) : g_strdup("");
    g_autofree char *line = g_strdup_printf("%s %s %s%s\n", stamp, names[level], source, clean);

    g_mutex_lock(&the_log.lock);
    const bool open = the_log.open;
    if (open)
        write_line(line, strlen(line));
    g_mutex_unlock(&the_log.lock);

    return open ? G_LOG_WRITER_HANDLED : g_log_writer_default(flags, fields, count, NULL);
}

bool
nj_log_open(const char *path, GError **error)
{
    g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;
    if (folder)
        nj_files_ensure_dir(folder, NULL); /* opening the file below reports the error */
    nj_log_close();
    g_mutex_lock(&the_log.lock);

    /* Also if opening fails: otherwise GLib would write the lines to the screen. */
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
