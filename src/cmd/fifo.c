/* The command FIFO: processes of the same user write command lines to it.
 *
 * A FIFO opened for reading while it has no writer reports no hang-up; after the last writer has
 * closed it, poll() reports a hang-up all the time. So when the last writer leaves, the FIFO is
 * opened again, and the new descriptor is opened before the old one is closed: a writer that
 * arrives in between always finds a reader. inotify watches the directory, so a FIFO that vanishes
 * is created again at once, without polling. */
#include "cmd/fifo.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "cmd/json.h"
#include "cmd/feed.h"
#include "cmd/parse.h"
#include "model/events.h"

#define MAX_ANSWERS 64 /* answers that wait for slow readers; more are dropped */
#define ANSWER_SECONDS 10

struct NjFifo {
    NjCmd *cmd;
    char *path;
    int fd;
    NjFeed *feed;
    int watch_fd; /* of inotify; -1 without one */
    guint watch;
    GHashTable *answers; /* set of Answer */
    GHashTable *asked;   /* set of Asked */
};

/* A result that is not written completely yet, because the caller's FIFO is full. */
typedef struct {
    NjFifo *fifo;
    int fd;
    char *text;
    gsize length, written;
    guint source;
    GSource *timer;
} Answer;

/* A running command whose result goes to the FIFO at path. */
typedef struct {
    NjFifo *fifo; /* NULL after nj_fifo_free() */
    char *path;
} Asked;

/* Accepts only a FIFO of our own user. open() has refused symbolic links. */
static bool
check_fifo(const struct stat *info, const char *path, GError **error)
{
    if (!S_ISFIFO(info->st_mode))
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("%s is not a FIFO; move it away, or set the option fifo."), path);
    else if (info->st_uid != geteuid())
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("The FIFO %s belongs to another user; remove it, or set the option fifo."),
                    path);
    else
        return true;

    return false;
}

static int
open_checked(const char *path, int flags, GError **error)
{
    int fd = open(path, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
    struct stat info;

    if (fd < 0 && (errno == ENXIO || errno == ENOENT)) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("not-running"),
                    _("No Natterjack reads %s; start one."), path);
    } else if (fd < 0 && errno == ELOOP) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("%s is a symbolic link and is not followed; remove it, or set the option "
                      "fifo."),
                    path);
    } else if (fd < 0 || fstat(fd, &info) < 0) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("failed"),
                    _("The FIFO %s cannot be opened: %s."), path, g_strerror(errno));
    } else if (check_fifo(&info, path, error)) {
        return fd;
    }

    if (fd >= 0)
        close(fd);
    return -1;
}

/* --- answers to callers --- */

static void
free_answer(void *data)
{
    Answer *answer = data;
    if (answer->source)
        g_source_remove(answer->source);
    nj_clock_cancel(&answer->timer);
    close(answer->fd);
    g_free(answer->text);
    g_free(answer);
}

static gboolean
on_answer_timeout(void *data)
{
    Answer *answer = data;
    g_debug("dropped a result: its reader was too slow");
    g_hash_table_remove(answer->fifo->answers, answer);
    return G_SOURCE_REMOVE;
}

/* Writes what the FIFO takes now. Returns true if bytes are left, false if the answer is complete
 * or the reader is gone. */
static bool
write_answer(Answer *answer)
{
    while (answer->written < answer->length) {
        ssize_t count =
            write(answer->fd, answer->text + answer->written, answer->length - answer->written);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN;
        answer->written += count;
    }

    return false;
}

static gboolean
on_answer_writable(gint fd, GIOCondition condition, void *data)
{
    (void) fd;
    (void) condition;
    Answer *answer = data;
    if (write_answer(answer))
        return G_SOURCE_CONTINUE;
    answer->source = 0;
    g_hash_table_remove(answer->fifo->answers, answer);
    return G_SOURCE_REMOVE;
}

/* Writes text to the FIFO at path and takes ownership of text. The text is dropped if the FIFO has
 * no reader any more or must not be opened, or if too many answers wait. */
static void
send_answer(NjFifo *fifo, const char *path, char *text)
{
    g_autoptr(GError) error = NULL;
    int fd =
        g_hash_table_size(fifo->answers) < MAX_ANSWERS ? open_checked(path, O_WRONLY, &error) : -1;

    if (fd < 0) {
        g_debug("dropped a result: %s", error ? error->message : "too many answers wait");
        g_free(text);
        return;
    }

    Answer *answer = g_new0(Answer, 1);
    answer->fifo = fifo;
    answer->fd = fd;
    answer->text = text;
    answer->length = strlen(text);

    if (!write_answer(answer)) {
        free_answer(answer);
        return;
    }

    answer->source = g_unix_fd_add(fd, G_IO_OUT | G_IO_ERR, on_answer_writable, answer);
    answer->timer = nj_clock_after(ANSWER_SECONDS * 1000, on_answer_timeout, answer);
    g_hash_table_add(fifo->answers, answer);
}

static void
on_result(const GError *error, NjRecord *result, void *data)
{
    Asked *asked = data;
    if (asked->fifo) {
        g_autofree char *json = nj_json_answer(error, result);
        g_hash_table_remove(asked->fifo->asked, asked);
        send_answer(asked->fifo, asked->path, g_strconcat(json, "\n", NULL));
    }
    g_free(asked->path);
    g_free(asked);
}

/* --- command lines --- */

static void
on_refused(const char *sentence, void *owner)
{
    NjFifo *fifo = owner;
    NjClient *client = nj_cmd_client(fifo->cmd);
    NjCommandFailure failure = { "", "refused", sentence, "fifo" };
    nj_emit_command_failed(client->bus, &failure);
    nj_client_notice(client, NULL, NULL, NJ_NOTICE_ERROR, _("From the FIFO: %s"), sentence);
}

static void
on_line(const char *line, void *owner)
{
    NjFifo *fifo = owner;
    if (line[0] != '@') {
        nj_cmd_run(fifo->cmd, line, NJ_SOURCE_FIFO, NULL, NULL, NULL);
        return;
    }

    const char *command = line + 1;
    g_autofree char *path = nj_parse_word(&command, NULL);
    if (!path || path[0] != '/' || *command != ' ') {
        on_refused(_("After @ write the absolute path of a FIFO, a space and a command."), fifo);
        return;
    }

    Asked *asked = g_new(Asked, 1);
    *asked = (Asked){ fifo, g_steal_pointer(&path) };
    g_hash_table_add(fifo->asked, asked);
    while (*command == ' ')
        command++;

    nj_cmd_run(fifo->cmd, command, NJ_SOURCE_FIFO, NULL, on_result, asked);
}

static bool open_reader(NjFifo *fifo, GError **error);

static void
drop_reader(NjFifo *fifo)
{
    g_clear_pointer(&fifo->feed, nj_feed_free);
    if (fifo->fd >= 0)
        close(fifo->fd);
    fifo->fd = -1;
}

static void
show_error(NjFifo *fifo, const GError *error)
{
    nj_client_notice(nj_cmd_client(fifo->cmd), NULL, NULL, NJ_NOTICE_WARNING, "%s", error->message);
}

static void
on_end(void *owner)
{
    NjFifo *fifo = owner;
    g_autoptr(GError) error = NULL;
    if (!open_reader(fifo, &error)) {
        drop_reader(fifo);
        show_error(fifo, error);
    }
}

/* Creates the FIFO if it does not exist, and starts to read it. */
static bool
open_reader(NjFifo *fifo, GError **error)
{
    static const NjFeedHooks hooks = {
        .on_line = on_line,
        .on_refused = on_refused,
        .on_end = on_end,
    };
    if (mkfifo(fifo->path, 0600) < 0 && errno != EEXIST) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("failed"),
                    _("The FIFO %s cannot be created: %s."), fifo->path, g_strerror(errno));
        return false;
    }

    int fd = open_checked(fifo->path, O_RDONLY, error);
    if (fd < 0)
        return false;

    if (fchmod(fd, 0600) < 0)
        g_debug("fchmod: %s", g_strerror(errno));
    drop_reader(fifo);
    fifo->fd = fd;
    fifo->feed = nj_feed_new(fd, &hooks, fifo);

    return true;
}

/* Whether the FIFO that is open is still the one at the path. */
static bool
is_still_at_path(NjFifo *fifo)
{
    struct stat opened, at_path;
    if (fifo->fd < 0 || fstat(fifo->fd, &opened) < 0 || lstat(fifo->path, &at_path) < 0)
        return false;

    return opened.st_ino == at_path.st_ino && opened.st_dev == at_path.st_dev;
}

/* --- the directory --- */

static bool watch_directory(NjFifo *fifo, GError **error);

static gboolean
on_directory(gint fd, GIOCondition condition, void *data)
{
    (void) condition;
    NjFifo *fifo = data;
    _Alignas(struct inotify_event) char events[4096];

    ssize_t got = read(fd, events, sizeof events);
    bool directory_gone = false;
    for (char *at = events; got > 0 && at < events + got;
         at += sizeof(struct inotify_event) + ((struct inotify_event *) at)->len)
        directory_gone |=
            (((struct inotify_event *) at)->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
    if (!directory_gone && is_still_at_path(fifo))
        return G_SOURCE_CONTINUE;

    g_autoptr(GError) error = NULL;
    if (directory_gone) {
        fifo->watch = 0;
        close(fifo->watch_fd);
        fifo->watch_fd = -1;
    }

    if ((directory_gone && !watch_directory(fifo, &error)) || !open_reader(fifo, &error))
        show_error(fifo, error);
    return directory_gone ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* Creates the directory if it does not exist, and watches it for changes. */
static bool
watch_directory(NjFifo *fifo, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(fifo->path);
    if (!nj_files_ensure_dir(directory, error))
        return false;

    fifo->watch_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    guint32 mask =
        IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
    if (fifo->watch_fd < 0 || inotify_add_watch(fifo->watch_fd, directory, mask) < 0) {
        /* The FIFO still works; it is only not created again when it vanishes. */
        g_warning("cannot watch the FIFO's directory: %s", g_strerror(errno));
        return true;
    }

    fifo->watch = g_unix_fd_add(fifo->watch_fd, G_IO_IN, on_directory, fifo);
    return true;
}

/* Fails if another instance reads the FIFO: with two readers it would be chance which of them gets
 * a line. Instances with different --data directories may share one state directory. */
static bool
check_no_other_reader(const NjFifo *fifo, GError **error)
{
    int fd = open_checked(fifo->path, O_WRONLY, NULL); /* fails if there is no reader */
    if (fd < 0)
        return true;

    close(fd);
    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                _("Another Natterjack reads commands from %s, so this one does not. Start it with "
                  "another XDG_STATE_HOME to give it a FIFO of its own."),
                fifo->path);

    return false;
}

NjFifo *
nj_fifo_new(NjCmd *cmd, const char *path, GError **error)
{
    NjFifo *fifo = g_new0(NjFifo, 1);
    fifo->cmd = cmd;
    fifo->path = g_strdup(path);
    fifo->fd = fifo->watch_fd = -1;
    fifo->answers = g_hash_table_new_full(NULL, NULL, free_answer, NULL);
    fifo->asked = g_hash_table_new(NULL, NULL);

    if (!watch_directory(fifo, error) || !check_no_other_reader(fifo, error)
        || !open_reader(fifo, error)) {
        nj_fifo_free(fifo);
        return NULL;
    }

    return fifo;
}

void
nj_fifo_free(NjFifo *fifo)
{
    if (!fifo)
        return;

    /* The file stays: a script that writes to it waits, instead of creating a plain file there. */
    drop_reader(fifo);
    if (fifo->watch)
        g_source_remove(fifo->watch);
    if (fifo->watch_fd >= 0)
        close(fifo->watch_fd);

    GHashTableIter iter;
    Asked *asked;
    g_hash_table_iter_init(&iter, fifo->asked);
    while (g_hash_table_iter_next(&iter, (void **) &asked, NULL))
        asked->fifo = NULL;

    g_hash_table_unref(fifo->asked);
    g_hash_table_unref(fifo->answers);
    g_free(fifo->path);
    g_free(fifo);
}

char *
nj_fifo_path(const NjPaths *paths, const NjOptions *options)
{
    const char *path = nj_options_text(options, "fifo");
    g_autofree char *expanded = nj_files_expand(*path ? path : "fifo");
    return g_canonicalize_filename(expanded, paths->run);
}

/* --- asking a running instance (-x) --- */

/* Waits for events on fd. Returns false at the deadline (monotonic, µs), and when the pipe of
 * other, a descriptor for writing, loses its reader. other may be -1. */
static bool
wait_for_events(int fd, short events, int other, gint64 deadline)
{
    for (;;) {
        gint64 left = (deadline - nj_clock_us()) / 1000;
        struct pollfd ready[] = { { fd, events, 0 }, { other, 0, 0 } };
        int count = left > 0 ? poll(ready, G_N_ELEMENTS(ready), left) : 0;
        if (count < 0 && errno == EINTR)
            continue;
        return count > 0 && ready[0].revents != 0;
    }
}

static bool
write_all(int fd, const char *text, gint64 deadline)
{
    gsize length = strlen(text);
    while (length) {
        ssize_t count = write(fd, text, length);
        if (count > 0) {
            text += count;
            length -= count;
        } else if (count < 0 && errno == EAGAIN) {
            if (!wait_for_events(fd, POLLOUT, -1, deadline))
                return false;
        } else if (count < 0 && errno != EINTR) {
            return false;
        }
    }

    return true;
}

/* Whether a read() that failed may succeed later. */
static bool
may_read_again(void)
{
    return errno == EINTR || errno == EAGAIN;
}

/* Reads one line from fd; the caller frees it. Returns NULL at the deadline, at the end of file,
 * and when the command FIFO (asked: its descriptor for writing) loses its reader. */
static char *
read_line(int fd, int asked, gint64 deadline)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    char bytes[4096];

    while (!strchr(answer->str, '\n')) {
        if (!wait_for_events(fd, POLLIN, asked, deadline))
            return NULL;
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got > 0)
            g_string_append_len(answer, bytes, got);
        else if (got == 0 || !may_read_again())
            return NULL;
    }

    g_string_truncate(answer, strcspn(answer->str, "\n"));
    return g_strdup(answer->str);
}

char *
nj_fifo_ask(const char *path, const char *command, guint seconds, bool *running, bool *ok,
            GError **error)
{
    *ok = false;
    g_autoptr(GError) why = NULL;
    int to = open_checked(path, O_WRONLY, &why);
    *running = to >= 0 || why->code != nj_cmd_code("not-running");

    if (to < 0) {
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }

    g_autofree char *directory = g_path_get_dirname(path);
    g_autofree char *id = nj_random_id();
    g_autofree char *answer_path = g_strdup_printf("%s/answer-%s", directory, id);
    g_autofree char *quoted = nj_parse_quote(answer_path);
    g_autofree char *line = g_strdup_printf("@%s %s\n", quoted, command);
    char *answer = NULL;
    int from = -1;

    if (strchr(command, '\n') || strlen(line) > NJ_MAX_FEED) {
        g_set_error(
            error, NJ_CMD_ERROR, nj_cmd_code("usage"),
            _("A command must be one line of at most 64 KiB; write -e before a text to use \\n."));
    } else if (mkfifo(answer_path, 0600) < 0
               || (from = open(answer_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("failed"),
                    _("The FIFO %s cannot be created: %s."), answer_path, g_strerror(errno));
    } else {
        gint64 deadline = nj_clock_us() + (gint64) seconds * G_USEC_PER_SEC;
        answer = write_all(to, line, deadline) ? read_line(from, to, deadline) : NULL;
        if (!answer)
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("timeout"),
                        _("The running Natterjack did not answer in time; the command may still be "
                          "running."));
    }

    if (from >= 0)
        close(from);
    unlink(answer_path);
    close(to);

    g_autoptr(NjRecord) record = answer ? nj_json_read(answer, -1, NULL) : NULL;
    const NjField *field = record ? nj_record_find(record, "ok") : NULL;
    *ok = field && field->kind == NJ_FIELD_BOOL && field->number;
    return answer;
}
