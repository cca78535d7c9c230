/* Runs a program in the background of our terminal (cmd/subprocess.h).
 *
 * A thread waits for the program: GLib's child watches do not report stops, and a stop shows that a
 * background job wants the terminal. The thread only calls waitpid() and passes each change to the
 * main loop.
 *
 * A program stopped by SIGTTIN (it reads) continues in the foreground. A program stopped by SIGTTOU
 * (it writes, or sets the terminal's mode) may have read our raw mode, in which Enter ends no line,
 * and would later restore it: it is killed and started again in the foreground. */
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

#include "base/clock.h"
#include "base/text.h"

#define MAX_BYTES 4096     /* of each stream; the rest is read and dropped */
#define TERMINAL_MS 300000 /* deadline with the terminal: the user types a passphrase */
#define KILL_MS 1000       /* between SIGTERM and SIGKILL */

/* Shared with the waiting thread, which reads only pid. The main thread frees it when the thread
 * has ended. */
typedef struct {
    pid_t pid;
    NjSubprocess *process; /* NULL after nj_subprocess_free() */
} Watch;

/* The program has stopped or ended; the thread passes this to the main loop. */
typedef struct {
    Watch *watch;
    int status; /* of waitpid() */
} Change;

/* Standard output or standard error of the program. */
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
    bool restarting; /* killed to be started again in the foreground */
    GSource *timer;
    const char *cancelled; /* the reason as a sentence; NULL while the program may run */
    Stream out, err;
    NjSubprocessFunc done;
    void *data;
};

static bool
has_ended(int status)
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

/* Reads what the ended program has left in the pipe. */
static void
drain_stream(Stream *stream)
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

/* Makes group the foreground process group of the terminal. SIGTTOU is blocked because our own
 * group is in the background when it takes the terminal back. */
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

/* Sets or clears TOSTOP. While the program runs in the background, writing to the terminal must
 * stop it as reading does: otherwise our screen would overwrite its question. */
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
    nj_clock_cancel(&process->timer);
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
    nj_clock_cancel(&process->timer);
    kill(-process->watch->pid, SIGKILL);
    return G_SOURCE_REMOVE;
}

/* Ends the program: SIGTERM now, SIGKILL after KILL_MS. sentence: the reason, not copied. */
static void
end_program(NjSubprocess *process, const char *sentence)
{
    if (process->cancelled)
        return;

    process->cancelled = sentence;
    nj_clock_cancel(&process->timer);
    process->timer = nj_clock_after(KILL_MS, on_kill, process);
    kill(-process->watch->pid, SIGTERM);
    kill(-process->watch->pid, SIGCONT);
}

void
nj_subprocess_cancel(NjSubprocess *process)
{
    end_program(process, _("It was cancelled."));
}

static gboolean
on_deadline(void *data)
{
    NjSubprocess *process = data;
    nj_clock_cancel(&process->timer);
    end_program(process, _("It took too long."));
    return G_SOURCE_REMOVE;
}

/* Wipes everything after the first line. */
static void
keep_first_line(GString *text)
{
    gsize length = strcspn(text->str, "\r\n");
    explicit_bzero(text->str + length, text->len - length);
    g_string_truncate(text, length);
}

static void
report_result(NjSubprocess *process, int status)
{
    take_terminal_back(process);
    drain_stream(&process->out);
    drain_stream(&process->err);
    keep_first_line(process->out.text);
    keep_first_line(process->err.text);

    g_autofree char *message = nj_text_line(process->err.text->str, process->err.text->len, 200);
    const char *why = process->cancelled;
    if (!why && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
        why = *message ? message : _("It ended with an error and without a message.");
    else if (!why && !process->out.text->len)
        why = *message ? message : _("It wrote nothing.");

    process->done(why ? NULL : process->out.text->str, why, process->data);
    free_process(process);
}

/* Runs in the child: makes it a job of its own, in the foreground if it has the terminal, with the
 * signal handling that a shell would give it. */
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

static void *wait_for_program(void *data);

static bool
start_program(NjSubprocess *process, GError **error)
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

    setpgid(pid, pid); /* parent and child both call it: either may run first */
    process->watch = g_new0(Watch, 1);
    process->watch->pid = pid;
    process->watch->process = process;
    open_stream(&process->out, out);
    open_stream(&process->err, err);
    g_thread_unref(g_thread_new("subprocess", wait_for_program, process->watch));

    return true;
}

/* Suspends our screen and starts the deadline of a program that has the terminal. */
static void
give_terminal(NjSubprocess *process)
{
    process->has_terminal = true;
    nj_term_suspend(nj_screen_term(process->screen));
    nj_clock_cancel(&process->timer);
    process->timer = nj_clock_after(TERMINAL_MS, on_deadline, process);
}

/* Starts the killed program again in the foreground. */
static void
restart_program(NjSubprocess *process)
{
    process->restarting = false;
    give_terminal(process);
    g_autoptr(GError) error = NULL;
    if (start_program(process, &error))
        return;
    take_terminal_back(process);
    process->done(NULL, error->message, process->data);
    free_process(process);
}

static bool
can_give_terminal(const NjSubprocess *process)
{
    NjTerm *term = process->screen ? nj_screen_term(process->screen) : NULL;
    bool is_background = !process->cancelled && !process->has_terminal;
    return term && is_background && !nj_term_is_suspended(term);
}

/* The program was stopped: by the kernel, because it accessed the terminal from the background; or
 * by the user, who typed Ctrl-z while it had the terminal, which cancels it. */
static void
on_stopped(NjSubprocess *process, int signal)
{
    bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;
    if (!wants_terminal || !can_give_terminal(process)) {
        end_program(process, wants_terminal ? _("It needs the terminal, but there is none.")
                                            : _("It was cancelled."));
        kill(-process->watch->pid, SIGCONT);
        return;
    }

    if (signal == SIGTTOU) {
        process->restarting = true;
        kill(-process->watch->pid, SIGKILL);
        return;
    }

    give_terminal(process);
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
    if (has_ended(status)) {
        g_free(watch); /* the thread has ended */
        if (process) {
            process->watch = NULL;
            if (process->restarting && !process->cancelled)
                restart_program(process);
            else
                report_result(process, status);
        }
    } else if (process) {
        on_stopped(process, WSTOPSIG(status));
    }

    return G_SOURCE_REMOVE;
}

static void *
wait_for_program(void *data)
{
    Watch *watch = data;
    for (;;) {
        int status = 0;
        pid_t got = waitpid(watch->pid, &status, WUNTRACED);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = 127 << 8; /* no such child: report an exit with 127 */
        bool ended = has_ended(status);
        Change *change = g_new(Change, 1);
        *change = (Change){ watch, status };
        /* Not g_main_context_invoke(): it could run the function in this thread. */
        g_idle_add_full(G_PRIORITY_DEFAULT, on_change, change, NULL);
        if (ended)
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

    /* Large enough never to be reallocated, which would leave a copy of the secret in memory. */
    process->out.text = g_string_sized_new(MAX_BYTES);
    process->err.text = g_string_sized_new(MAX_BYTES);

    if (!start_program(process, error)) {
        free_process(process);
        return NULL;
    }

    process->timer = nj_clock_after(seconds * 1000, on_deadline, process);
    return process;
}
