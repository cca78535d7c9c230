/* Who waits for the program is a thread of its own: GLib's child watches see no stops, and a stop
 * is how a background job says that it wants the terminal.  The thread does nothing but waitpid()
 * and hands each change to the main loop.
 *
 * One that is stopped while it reads goes on with the terminal.  One that is stopped while it
 * writes or sets the terminal's mode may have seen ours before, in which Enter ends no line, and
 * would build on that: it is ended and started again, with the terminal from its beginning. */
#include "cmd/subprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/text.h"

#define MAX_BYTES 4096   /* of each stream; the rest is read and dropped */
#define LENT_SECONDS 300 /* a person is typing a passphrase */
#define KILL_MS 1000     /* between a polite end and the other one */

/* Shared with the thread: what belongs to it alone is pid; process is the main thread's, NULL once
 * nobody asks. */
typedef struct {
    pid_t pid;
    NjSubprocess *process;
} Watch;

typedef struct {
    Watch *watch;
    int status;
} Change;

typedef struct {
    int fd;
    guint source;
    GString *text;
} Stream;

struct NjSubprocess {
    char *command;
    Watch *watch;
    NjScreen *screen; /* NULL: it gets no terminal */
    bool has_terminal;
    bool again; /* it is being ended to be started with the terminal */
    guint timer;
    const char *gave_up; /* the sentence, once it was told to end */
    Stream out, err;
    NjSubprocessFunc done;
    void *data;
};

static bool
exited(int status)
{
    return WIFEXITED(status) || WIFSIGNALED(status);
}

static void
close_stream(Stream *stream)
{
    if (stream->source)
        g_source_remove(stream->source);
    if (stream->fd >= 0)
        close(stream->fd);
    stream->source = 0;
    stream->fd = -1;
}

static gboolean
on_readable(gint fd, GIOCondition condition, void *data)
{
    (void) condition;
    Stream *stream = data;
    char bytes[1024];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;

    if (got > 0) {
        gsize room = MAX_BYTES - MIN(stream->text->len, MAX_BYTES);
        g_string_append_len(stream->text, bytes, MIN((gsize) got, room));
    }

    explicit_bzero(bytes, sizeof bytes);
    if (got > 0)
        return G_SOURCE_CONTINUE;

    stream->source = 0;
    close_stream(stream);
    return G_SOURCE_REMOVE;
}

static void
open_stream(Stream *stream, int fd)
{
    close_stream(stream);
    stream->fd = fd;
    g_string_truncate(stream->text, 0);
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    stream->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, on_readable, stream);
}

static void
drain(Stream *stream)
{
    for (int i = 0; stream->source && i < 128; i++) {
        struct pollfd ready = { stream->fd, POLLIN, 0 };
        if (poll(&ready, 1, 0) <= 0)
            return;
        guint source = stream->source;
        if (!on_readable(stream->fd, G_IO_IN, stream))
            g_source_remove(source);
    }
}

/* The terminal's foreground.  We are in the background ourselves when we take it back, hence the
 * blocked SIGTTOU. */
static void
set_foreground(pid_t group)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;

    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTTOU);
    pthread_sigmask(SIG_BLOCK, &block, &before);
    if (tcsetpgrp(fd, group) < 0)
        g_debug("tcsetpgrp: %s", g_strerror(errno));

    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(fd);
}

/* While it runs in the background, it is stopped by writing to the terminal as well as by reading:
 * its question must not be lost on our screen. */
static void
stop_writers(bool stop)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios modes;

    if (fd < 0)
        return;

    if (tcgetattr(fd, &modes) == 0) {
        modes.c_lflag = stop ? modes.c_lflag | TOSTOP : modes.c_lflag & ~(tcflag_t) TOSTOP;
        tcsetattr(fd, TCSANOW, &modes);
    }

    close(fd);
}

static void
take_terminal_back(NjSubprocess *process)
{
    if (!process->has_terminal)
        return;
    process->has_terminal = false;
    set_foreground(getpgrp());
    nj_term_resume(nj_screen_term(process->screen));
}

static void
free_process(NjSubprocess *process)
{
    take_terminal_back(process);
    if (process->screen)
        stop_writers(false);
    if (process->timer)
        g_source_remove(process->timer);
    if (process->watch)
        process->watch->process = NULL;

    Stream *streams[] = { &process->out, &process->err };
    for (guint i = 0; i < G_N_ELEMENTS(streams); i++) {
        close_stream(streams[i]);
        explicit_bzero(streams[i]->text->str, streams[i]->text->allocated_len);
        g_string_free(streams[i]->text, TRUE);
    }

    g_free(process->command);
    g_free(process);
}

void
nj_subprocess_free(NjSubprocess *process)
{
    if (!process)
        return;
    if (process->watch)
        kill(-process->watch->pid, SIGKILL);
    free_process(process);
}

static gboolean
on_kill(void *data)
{
    NjSubprocess *process = data;
    process->timer = 0;
    kill(-process->watch->pid, SIGKILL);
    return G_SOURCE_REMOVE;
}

static void
give_up(NjSubprocess *process, const char *sentence)
{
    if (process->gave_up)
        return;
    process->gave_up = sentence;
    if (process->timer)
        g_source_remove(process->timer);
    process->timer = g_timeout_add(KILL_MS, on_kill, process);
    kill(-process->watch->pid, SIGTERM);
    kill(-process->watch->pid, SIGCONT);
}

void
nj_subprocess_cancel(NjSubprocess *process)
{
    give_up(process, _("It was given up."));
}

static gboolean
on_deadline(void *data)
{
    NjSubprocess *process = data;
    process->timer = 0;
    give_up(process, _("It took too long."));
    return G_SOURCE_REMOVE;
}

static void
cut_line(GString *text)
{
    gsize length = strcspn(text->str, "\r\n");
    explicit_bzero(text->str + length, text->len - length);
    g_string_truncate(text, length);
}

static void
finish(NjSubprocess *process, int status)
{
    take_terminal_back(process);
    drain(&process->out);
    drain(&process->err);
    cut_line(process->out.text);
    cut_line(process->err.text);

    g_autofree char *said = nj_text_line(process->err.text->str, process->err.text->len, 200);
    const char *why = process->gave_up;
    if (!why && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        why = *said ? said : _("It ended with an error and said nothing.");
    else if (!why && !process->out.text->len)
        why = *said ? said : _("It answered nothing.");

    process->done(why ? NULL : process->out.text->str, why, process->data);
    free_process(process);
}

/* In the child: a job of its own, in front if the terminal is its, with the signals a shell would
 * give it. */
static void
set_up_child(void *data)
{
    const NjSubprocess *process = data;
    setpgid(0, 0);
    if (process->has_terminal)
        set_foreground(getpid());

    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGTTIN, SIG_DFL);
    signal(SIGTTOU, SIG_DFL);
    signal(SIGTSTP, SIG_DFL);
}

static void *wait_for_it(void *data);

static bool
start(NjSubprocess *process, GError **error)
{
    char *argv[] = { "/bin/sh", "-c", process->command, NULL };
    GSpawnFlags flags =
        G_SPAWN_DO_NOT_REAP_CHILD | (process->screen ? G_SPAWN_CHILD_INHERITS_STDIN : 0);
    GPid pid;
    int out, err;

    if (process->screen && !process->has_terminal)
        stop_writers(true);
    if (!g_spawn_async_with_pipes(NULL, argv, NULL, flags, set_up_child, process, &pid, NULL, &out,
                                  &err, error))
        return false;

    setpgid(pid, pid); /* whoever of both comes first */
    process->watch = g_new0(Watch, 1);
    process->watch->pid = pid;
    process->watch->process = process;
    open_stream(&process->out, out);
    open_stream(&process->err, err);
    g_thread_unref(g_thread_new("subprocess", wait_for_it, process->watch));

    return true;
}

static void
lend_terminal(NjSubprocess *process)
{
    process->has_terminal = true;
    nj_term_suspend(nj_screen_term(process->screen));
    g_clear_handle_id(&process->timer, g_source_remove);
    process->timer = g_timeout_add_seconds(LENT_SECONDS, on_deadline, process);
}

/* With the terminal, and as if it had not run before. */
static void
start_again(NjSubprocess *process)
{
    process->again = false;
    lend_terminal(process);
    g_autoptr(GError) error = NULL;
    if (start(process, &error))
        return;
    take_terminal_back(process);
    process->done(NULL, error->message, process->data);
    free_process(process);
}

/* It was stopped: by reaching for the terminal from the background, which is then lent; or by a
 * person while it had it, who wants it away. */
static void
on_stopped(NjSubprocess *process, int stop)
{
    bool wants_terminal = stop == SIGTTIN || stop == SIGTTOU;
    NjTerm *term = process->screen ? nj_screen_term(process->screen) : NULL;

    if (process->gave_up || !term || process->has_terminal || !wants_terminal
        || nj_term_is_suspended(term)) {
        give_up(process, wants_terminal ? _("It needs the terminal, and there is none to give.")
                                        : _("It was given up."));
        kill(-process->watch->pid, SIGCONT);
        return;
    }

    if (stop == SIGTTOU) {
        process->again = true;
        kill(-process->watch->pid, SIGKILL);
        return;
    }

    lend_terminal(process);
    set_foreground(process->watch->pid);
    kill(-process->watch->pid, SIGCONT);
}

static gboolean
on_change(void *data)
{
    Change *change = data;
    Watch *watch = change->watch;
    NjSubprocess *process = watch->process;
    int status = change->status;

    g_free(change);
    if (exited(status)) {
        g_free(watch); /* the thread has ended */
        if (process) {
            process->watch = NULL;
            if (process->again && !process->gave_up)
                start_again(process);
            else
                finish(process, status);
        }
    } else if (process) {
        on_stopped(process, WSTOPSIG(status));
    }

    return G_SOURCE_REMOVE;
}

static void *
wait_for_it(void *data)
{
    Watch *watch = data;
    for (;;) {
        int status = 0;
        pid_t got = waitpid(watch->pid, &status, WUNTRACED);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = 127 << 8; /* nobody to wait for: an exit with 127 */
        bool over = exited(status);
        Change *change = g_new(Change, 1);
        *change = (Change){ watch, status };
        /* never g_main_context_invoke(): it may run the function here */
        g_idle_add_full(G_PRIORITY_DEFAULT, on_change, change, NULL);
        if (over)
            return NULL;
    }
}

NjSubprocess *
nj_subprocess_new(const char *command, NjScreen *screen, guint seconds, NjSubprocessFunc done,
                  void *data, GError **error)
{
    NjSubprocess *process = g_new0(NjSubprocess, 1);
    process->command = g_strdup(command);
    process->screen = screen && nj_screen_term(screen) && isatty(STDIN_FILENO) ? screen : NULL;
    process->done = done;
    process->data = data;
    process->out.fd = process->err.fd = -1;

    /* never moved: a secret leaves no copies behind */
    process->out.text = g_string_sized_new(MAX_BYTES);
    process->err.text = g_string_sized_new(MAX_BYTES);

    if (!start(process, error)) {
        free_process(process);
        return NULL;
    }

    process->timer = g_timeout_add_seconds(seconds, on_deadline, process);
    return process;
}
