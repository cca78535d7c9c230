/* The command FIFO: a file anybody of this user can write a line to, and nobody else.
 *
 * What surprises about FIFOs: a reader opened while nobody writes sees no hang-up, after the last
 * writer left it sees nothing else.  So at each end we open the FIFO again, the new descriptor
 * before the old one is closed: a writer that comes in between never meets a FIFO without a reader.
 * The directory is watched (inotify), so that a FIFO that vanishes is there again at once without
 * polling. */
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

#define MAX_ANSWERS 64 /* on their way to slow readers; more are dropped */
#define ANSWER_SECONDS 10

struct NjFifo {
    NjCmd *cmd;
    char *path;
    int fd;
    NjFeed *feed;
    int watch_fd;
    guint watch;
    GHashTable *answers; /* of Answer, as a set */
    GHashTable *asked;   /* of Asked, as a set */
};

/* A result that did not fit into the caller's FIFO at once. */
typedef struct {
    NjFifo *fifo;
    int fd;
    char *text;
    gsize length, done;
    guint source, timer;
} Answer;

/* A command whose result somebody waits for. */
typedef struct {
    NjFifo *fifo; /* NULL: gone meanwhile */
    char *path;
} Asked;

/* Ours, a FIFO and no link: what may be opened. */
static bool
check_fifo(const struct stat *info, const char *path, GError **error)
{
    if (!S_ISFIFO(info->st_mode))
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("%s is no FIFO; move it away, or set the option fifo."), path);
    else if (info->st_uid != geteuid())
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("The FIFO %s belongs to somebody else; remove it, or set the option fifo."),
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
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("not-running"), _("Nobody reads %s."), path);
    } else if (fd < 0 && errno == ELOOP) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("%s is a link and is not followed; remove it, or set the option fifo."),
                    path);
    } else if (fd < 0 || fstat(fd, &info) < 0) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("failed"),
                    _("The FIFO %s can not be opened: %s."), path, g_strerror(errno));
    } else if (check_fifo(&info, path, error)) {
        return fd;
    }

    if (fd >= 0)
        close(fd);
    return -1;
}

/* Answers. */

static void
free_answer(void *data)
{
    Answer *answer = data;
    if (answer->source)
        g_source_remove(answer->source);
    if (answer->timer)
        g_source_remove(answer->timer);
    close(answer->fd);
    g_free(answer->text);
    g_free(answer);
}

static gboolean
on_answer_late(void *data)
{
    Answer *answer = data;
    answer->timer = 0;
    g_debug("a reader of a result was too slow");
    g_hash_table_remove(answer->fifo->answers, answer);
    return G_SOURCE_REMOVE;
}

/* False once there is nothing more to do. */
static bool
write_some(Answer *answer)
{
    while (answer->done < answer->length) {
        ssize_t put = write(answer->fd, answer->text + answer->done, answer->length - answer->done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno == EAGAIN;
        answer->done += put;
    }

    return false;
}

static gboolean
on_answer_writable(gint fd, GIOCondition condition, void *data)
{
    (void) fd;
    (void) condition;
    Answer *answer = data;
    if (write_some(answer))
        return G_SOURCE_CONTINUE;
    answer->source = 0;
    g_hash_table_remove(answer->fifo->answers, answer);
    return G_SOURCE_REMOVE;
}

/* Takes text. A path without a reader, or that is not ours, gets nothing: whoever asked is gone. */
static void
send_answer(NjFifo *fifo, const char *path, char *text)
{
    g_autoptr(GError) error = NULL;
    int fd =
        g_hash_table_size(fifo->answers) < MAX_ANSWERS ? open_checked(path, O_WRONLY, &error) : -1;

    if (fd < 0) {
        g_debug("a result was not written: %s", error ? error->message : "too many wait");
        g_free(text);
        return;
    }

    Answer *answer = g_new0(Answer, 1);
    answer->fifo = fifo;
    answer->fd = fd;
    answer->text = text;
    answer->length = strlen(text);

    if (!write_some(answer)) {
        free_answer(answer);
        return;
    }

    answer->source = g_unix_fd_add(fd, G_IO_OUT | G_IO_ERR, on_answer_writable, answer);
    answer->timer = g_timeout_add_seconds(ANSWER_SECONDS, on_answer_late, answer);
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

/* Lines. */

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
        on_refused(_("@ is followed by the absolute path of a FIFO, a space and a command."), fifo);
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
complain(NjFifo *fifo, const GError *error)
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
        complain(fifo, error);
    }
}

/* Makes the FIFO if it is not there, and reads it from now on. */
static bool
open_reader(NjFifo *fifo, GError **error)
{
    static const NjFeedHooks hooks = { on_line, on_refused, on_end };
    if (mkfifo(fifo->path, 0600) < 0 && errno != EEXIST) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("failed"),
                    _("The FIFO %s can not be made: %s."), fifo->path, g_strerror(errno));
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

/* True if what we read is what stands at the path. */
static bool
still_there(NjFifo *fifo)
{
    struct stat ours, theirs;
    return fifo->fd >= 0 && fstat(fifo->fd, &ours) == 0 && lstat(fifo->path, &theirs) == 0
           && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

/* The directory. */

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
    if (!directory_gone && still_there(fifo))
        return G_SOURCE_CONTINUE;

    g_autoptr(GError) error = NULL;
    if (directory_gone) {
        fifo->watch = 0;
        close(fifo->watch_fd);
        fifo->watch_fd = -1;
    }

    if ((directory_gone && !watch_directory(fifo, &error)) || !open_reader(fifo, &error))
        complain(fifo, error);
    return directory_gone ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* Makes the directory if it is not there, and hears from now on what happens in it. */
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
        /* The FIFO works all the same; it is only not made again. */
        g_warning("the FIFO's directory can not be watched: %s", g_strerror(errno));
        return true;
    }

    fifo->watch = g_unix_fd_add(fifo->watch_fd, G_IO_IN, on_directory, fifo);
    return true;
}

/* Of two readers one gets a line by chance: who has its data elsewhere (--data) may have its state
 * in the same place. */
static bool
is_free(const NjFifo *fifo, GError **error)
{
    int fd = open_checked(fifo->path, O_WRONLY, NULL); /* there is a reader, or it fails */
    if (fd < 0)
        return true;

    close(fd);
    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                _("Another Natterjack takes its commands from %s; this one takes none. Start it "
                  "with another"
                  " XDG_STATE_HOME to give it a FIFO of its own."),
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

    if (!watch_directory(fifo, error) || !is_free(fifo, error) || !open_reader(fifo, error)) {
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

    /* the file stays: a script that writes meanwhile waits, and makes no plain file in its place */
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

/* The other side: -x. */

/* False: it is too late, or nobody is there any more who reads the other one (-1: none). */
static bool
wait_for(int fd, short what, int other, gint64 until)
{
    for (;;) {
        gint64 left = (until - nj_clock_us()) / 1000;
        struct pollfd ready[] = { { fd, what, 0 }, { other, 0, 0 } };
        int count = left > 0 ? poll(ready, G_N_ELEMENTS(ready), left) : 0;
        if (count < 0 && errno == EINTR)
            continue;
        return count > 0 && ready[0].revents != 0;
    }
}

static bool
write_all(int fd, const char *text, gint64 until)
{
    gsize length = strlen(text);
    while (length) {
        ssize_t put = write(fd, text, length);
        if (put < 0 && errno != EINTR && (errno != EAGAIN || !wait_for(fd, POLLOUT, -1, until)))
            return false;
        if (put > 0) {
            text += put;
            length -= put;
        }
    }

    return true;
}

/* As long as somebody reads what was asked. */
static char *
read_line(int fd, int asked, gint64 until)
{
    g_autoptr(GString) answer = g_string_new(NULL);
    char bytes[4096];

    while (!strchr(answer->str, '\n')) {
        if (!wait_for(fd, POLLIN, asked, until))
            return NULL;
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN))
            return NULL;
        if (got > 0)
            g_string_append_len(answer, bytes, got);
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
            _("A command is one line of at most 64 KiB; -e before a text allows \\n in it."));
    } else if (mkfifo(answer_path, 0600) < 0
               || (from = open(answer_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("failed"),
                    _("The FIFO %s can not be made: %s."), answer_path, g_strerror(errno));
    } else {
        gint64 until = nj_clock_us() + (gint64) seconds * G_USEC_PER_SEC;
        answer = write_all(to, line, until) ? read_line(from, to, until) : NULL;
        if (!answer)
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("timeout"),
                        _("The running Natterjack did not answer in time; what was asked may still "
                          "be going on."));
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
