/* Opens, writes, suspends and restores the terminal; the only file that uses terminfo.
 *
 * It opens /dev/tty, because O_NONBLOCK belongs to an open file description: set on the inherited
 * descriptor 1 it would also affect the shell and every program that gets the terminal from us.
 *
 * Curses does not draw here (see tests/ui/spike-curses.c): a cell of curses holds neither a link
 * nor a 24-bit colour, and curses does not place the cursor again after a character whose width
 * terminals dispute. Terminfo's low level tells what the terminal can do, and ui/paint.c makes the
 * bytes.
 *
 * Bytes that the terminal does not take wait in `pending`. Meanwhile nj_term_show() refuses frames,
 * so at most one frame waits. Only leaving the screen waits for the terminal, at most 200 ms.
 *
 * The handlers of SIGWINCH, SIGCONT (after a stop by another process) and SIGTSTP write a byte to a
 * pipe, which the main loop reads. */
#include "ui/term-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* <term.h> of ncurses defines macros such as `lines` and `columns`; this file must not use these
 * names. */
#include <curses.h>
#include <term.h>

#include "base/text.h"
#include "ui/rescue.h"

#define MAX_LEAVE_MS 200 /* to write the pending bytes before leaving the screen */
#define MAX_ROWS 1000
#define MAX_COLS 2000

typedef struct {
    GSource source;
    NjTerm *term;
} TermSource;

/* --- signals --- */

/* File-local, because a signal handler gets no owner. signal_pipe is the read and the write end. */
static int signal_pipe[2] = { -1, -1 };
static struct sigaction before_winch, before_cont, before_tstp;

static void
on_signal(int number)
{
    int saved = errno;
    guchar byte = (guchar) number;
    (void) !write(signal_pipe[1], &byte, 1);

    /* base/wake.c may have installed a handler of SIGCONT before: call it, too. */
    bool has_handler = before_cont.sa_handler != SIG_DFL && before_cont.sa_handler != SIG_IGN;
    if (number == SIGCONT && has_handler)
        before_cont.sa_handler(number);
    errno = saved;
}

/* Installs the handlers. Returns false if another terminal of this process has the signals (in a
 * test) or there is no pipe. */
static bool
watch_signals(void)
{
    if (signal_pipe[0] >= 0)
        return false;

    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        signal_pipe[0] = signal_pipe[1] = -1;
        return false;
    }

    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, &before_winch);
    sigaction(SIGCONT, &action, &before_cont);
    sigaction(SIGTSTP, &action, &before_tstp);

    return true;
}

static void
restore_signals(void)
{
    sigaction(SIGWINCH, &before_winch, NULL);
    sigaction(SIGCONT, &before_cont, NULL);
    sigaction(SIGTSTP, &before_tstp, NULL);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    signal_pipe[0] = signal_pipe[1] = -1;
}

/* --- what the terminal can do --- */

/* Returns the value of a string capability without its padding ("$<5>"), "" if the terminal does
 * not have it. The caller frees it. */
static char *
read_capability(const char *name)
{
    const char *value = tigetstr(name);
    if (!value || value == (const char *) -1)
        return g_strdup("");

    GString *text = g_string_new(NULL);
    while (*value != '\0') {
        const char *end = value[0] == '$' && value[1] == '<' ? strchr(value, '>') : NULL;
        if (end) {
            value = end + 1;
        } else {
            g_string_append_c(text, *value++);
        }
    }

    return g_string_free(text, FALSE);
}

static bool
has_capability(const char *name)
{
    g_autofree char *value = read_capability(name);
    return value[0] != '\0';
}

/* See nj_term_colors(). */
static int
count_colors(const char *type)
{
    const char *none = g_getenv("NO_COLOR"), *how = g_getenv("COLORTERM");
    if (none && none[0] != '\0')
        return 0;

    int colors = tigetnum("colors");
    if (colors > 256 || tigetflag("RGB") == 1 || tigetflag("Tc") == 1)
        return 1 << 24;

    /* COLORTERM is inherited: inside GNU screen it describes the outer terminal. */
    bool promises_rgb = g_strcmp0(how, "truecolor") == 0 || g_strcmp0(how, "24bit") == 0;
    if (colors == 256 && promises_rgb && !g_str_has_prefix(type, "screen"))
        return 1 << 24;

    static const int steps[] = { 256, 16, 8 };
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (colors >= steps[i])
            return steps[i];
    return 0;
}

/* Whether the terminal is known to obey or ignore strings that begin with ESC ] (OSC: links,
 * title). Other terminals might display them. */
static bool
takes_osc(const char *type)
{
    static const char *const families[] = { "xterm",     "tmux",    "screen",  "foot",
                                            "alacritty", "kitty",   "wezterm", "vte",
                                            "gnome",     "konsole", "rxvt",    "st-",
                                            "iterm",     "contour", "ghostty", "putty" };
    for (guint i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_str_has_prefix(type, families[i]))
            return true;
    return false;
}

static guint8
read_attributes(void)
{
    static const struct {
        const char *capability;
        guint8 attr;
    } rows[] = {
        { "bold", NJ_ATTR_BOLD },      { "dim", NJ_ATTR_DIM },     { "sitm", NJ_ATTR_ITALIC },
        { "smul", NJ_ATTR_UNDERLINE }, { "rev", NJ_ATTR_REVERSE },
    };

    guint8 attrs = 0;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (has_capability(rows[i].capability))
            attrs |= rows[i].attr;
    return attrs;
}

/* Reads from terminfo what this type of terminal can do. Fails when the type is unknown, or does
 * not place its cursor with the sequences of ui/paint.c. */
static bool
read_capabilities(NjTerm *term, const char *type, GError **error)
{
    int result;
    if (setupterm(type, term->out, &result) != OK) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("The terminal type “%s” is not known on this system; install its terminfo "
                      "entry (Debian: ncurses-term), or try TERM=xterm-256color."),
                    type);
        return false;
    }

    g_autofree char *cup = read_capability("cup");
    bool good = strcmp(cup, "\033[%i%p1%d;%p2%dH") == 0 && has_capability("el");
    if (good) {
        g_autofree char *smcup = read_capability("smcup"), *rmcup = read_capability("rmcup");
        g_autofree char *smkx = read_capability("smkx"), *rmkx = read_capability("rmkx");
        g_autofree char *rmam = read_capability("rmam"), *smam = read_capability("smam");
        /* Bracketed paste and focus reports are private modes, which other terminals ignore. */
        term->enter = g_strconcat(smcup, smkx, rmam, "\033[?2004h\033[?1004h", NULL);
        term->leave = g_strconcat("\033[?1004l\033[?2004l", smam, rmkx,
                                  rmcup[0] != '\0' ? rmcup : "\033[H\033[2J", NULL);
        NjPaintAbilities abilities = {
            .attrs = read_attributes(),
            .links = takes_osc(type),
        };
        term->paint = nj_paint_new(abilities);
        term->titles = abilities.links;
        term->colors = count_colors(type);
    } else {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("The terminal type “%s” cannot place its cursor as needed; try another "
                      "terminal or --headless."),
                    type);
    }

    del_curterm(cur_term);
    return good;
}

static void
read_size(NjTerm *term)
{
    struct winsize size = { 0 };
    if (ioctl(term->out, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
    term->rows = MIN(size.ws_row, MAX_ROWS);
    term->cols = MIN(size.ws_col, MAX_COLS);
}

/* --- writing --- */

/* Notes that the terminal has hung up: it is neither written nor read any more. dispatch_terminal()
 * then calls on_gone. */
static void
set_gone(NjTerm *term)
{
    if (term->gone)
        return;

    term->gone = term->gone_unreported = true;
    g_string_truncate(term->pending, 0);
    term->blocked = false;

    /* Remove the descriptors: poll() reports a hang-up again and again, even if no events are
     * requested. */
    g_source_remove_unix_fd(term->source, term->in_tag);
    g_source_remove_unix_fd(term->source, term->out_tag);
    g_source_set_ready_time(term->source, 0);
}

/* Writes as many pending bytes as the terminal takes. If bytes are left, the source calls this
 * again when the terminal takes more. */
static void
flush_pending(NjTerm *term)
{
    gsize done = 0;
    bool full = false;

    while (!term->gone && done < term->pending->len) {
        ssize_t n = write(term->out, term->pending->str + done, term->pending->len - done);
        if (n < 0 && errno == EINTR)
            continue;
        full = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        if (n < 0 && !full)
            set_gone(term);
        if (n <= 0)
            break;
        done += (gsize) n;
    }

    term->written += done;
    if (!term->gone)
        g_string_erase(term->pending, 0, (gssize) done);
    if (full != term->blocked && !term->gone)
        g_source_modify_unix_fd(term->source, term->out_tag, full ? G_IO_OUT : 0);

    term->blocked = full && !term->gone;
}

/* Waits up to MAX_LEAVE_MS until all pending bytes are written. */
static void
flush_with_deadline(NjTerm *term)
{
    gint64 deadline = g_get_monotonic_time() + MAX_LEAVE_MS * 1000;
    for (;;) {
        flush_pending(term);
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        if (!term->blocked || left <= 0)
            return;
        struct pollfd poller = { term->out, POLLOUT, 0 };
        poll(&poller, 1, (int) left);
    }
}

/* Saves the mode of the terminal and sets raw mode. */
static void
set_raw_mode(NjTerm *term)
{
    if (!term->tty || tcgetattr(term->in, &term->before) != 0)
        return;
    struct termios mode = term->before;
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    term->raw = tcsetattr(term->in, TCSANOW, &mode) == 0;
}

/* Sets raw mode and enters the screen. */
static void
enter_screen(NjTerm *term)
{
    set_raw_mode(term);
    if (term->raw && term->own)
        nj_rescue_arm(term->out, &term->before, term->leave);
    nj_paint_forget(term->paint);
    /* Written together with the first frame. */
    g_string_append(term->pending, term->enter);
}

/* Leaves the screen and restores the mode of the terminal. TCSANOW, because the other ways to set
 * the mode wait for the output. */
static void
leave_screen(NjTerm *term)
{
    nj_paint_end(term->paint, term->pending);
    g_string_append(term->pending, term->leave);
    flush_with_deadline(term);
    if (term->raw)
        tcsetattr(term->in, TCSANOW, &term->before);
    term->raw = false;
    nj_rescue_disarm();
}

static void
write_title(NjTerm *term)
{
    if (!term->title || term->blocked || term->suspended)
        return;
    g_string_append_printf(term->pending, "\033]2;%s\007", term->title);
    g_clear_pointer(&term->title, g_free);
}

/* --- the source --- */

/* Enters the screen again after a stop or a suspension; the terminal may have another size now. */
static void
reenter_screen(NjTerm *term)
{
    int rows = term->rows, cols = term->cols;
    enter_screen(term);
    read_size(term);
    g_source_modify_unix_fd(term->source, term->in_tag, G_IO_IN);
    if (rows != term->rows || cols != term->cols)
        term->hooks.on_resize(term, term->rows, term->cols, term->owner);
    else
        term->hooks.on_ready(term, term->owner);
}

static void
read_signals(NjTerm *term)
{
    guchar bytes[64];
    bool size = false, stop = false, resumed = false;

    for (ssize_t n; (n = read(signal_pipe[0], bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < n; i++) {
            size |= bytes[i] == SIGWINCH;
            resumed |= bytes[i] == SIGCONT;
            stop |= bytes[i] == SIGTSTP;
        }
    if (term->suspended)
        return; /* nj_term_resume() reads the size */

    if (stop) {
        nj_term_stop(term);
    } else if (resumed) {
        struct termios before = term->before;
        reenter_screen(term);
        term->before = before; /* enter_screen() may have saved our own raw mode */
    } else if (size) {
        int rows = term->rows, cols = term->cols;
        read_size(term);
        if (rows != term->rows || cols != term->cols)
            term->hooks.on_resize(term, term->rows, term->cols, term->owner);
    }
}

static void
dispatch_ready(NjTerm *term, GIOCondition in, GIOCondition out)
{
    if (term->signals)
        read_signals(term);
    if (term->freed || term->gone)
        return;

    /* After a hang-up read the rest of the input first, unless another program reads it. */
    bool hung_up = ((in | out) & (G_IO_HUP | G_IO_ERR)) != 0;
    bool has_input = (in & G_IO_IN) != 0 && !term->suspended;
    if (hung_up && !has_input) {
        set_gone(term);
        return;
    }

    if (out != 0 && term->blocked) {
        flush_pending(term);
        if (!term->blocked && !term->gone && !term->suspended) {
            write_title(term);
            term->hooks.on_ready(term, term->owner);
        }
    }

    bool may_read = !term->freed && !term->gone && !term->suspended;
    if (in != 0 && may_read && !nj_term_input_read(term))
        set_gone(term);
}

/* Whether the wait for the rest of the input is over. `ready` is the source's ready time before
 * dispatch_ready(); if that has changed it, input has arrived and the wait begins again. */
static bool
is_wait_over(GSource *source, gint64 ready)
{
    if (ready < 0 || ready != g_source_get_ready_time(source))
        return false;
    return ready <= g_get_monotonic_time();
}

static gboolean
dispatch_terminal(GSource *source, GSourceFunc func, gpointer data)
{
    (void) func;
    (void) data;

    NjTerm *term = ((TermSource *) source)->term;
    GIOCondition in = 0, out = 0;
    if (!term->gone) {
        in = g_source_query_unix_fd(source, term->in_tag);
        out = g_source_query_unix_fd(source, term->out_tag);
    }

    gint64 ready = g_source_get_ready_time(source);
    term->busy = true;
    dispatch_ready(term, in, out);

    if (!term->freed && is_wait_over(source, ready)) {
        nj_term_input_settle(term);
        if (!term->freed)
            nj_term_input_arm(term);
    }

    if (!term->freed && term->gone_unreported) {
        term->gone_unreported = false;
        g_source_set_ready_time(source, -1);
        term->hooks.on_gone(term, term->owner);
    }

    term->busy = false;
    if (term->freed)
        g_free(term);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch_terminal };

static void
attach_source(NjTerm *term)
{
    term->signals = watch_signals();
    term->source = g_source_new(&source_funcs, sizeof(TermSource));
    ((TermSource *) term->source)->term = term;
    g_source_set_name(term->source, "terminal");
    g_source_set_priority(term->source, G_PRIORITY_HIGH);
    term->in_tag = g_source_add_unix_fd(term->source, term->in, G_IO_IN);
    term->out_tag = g_source_add_unix_fd(term->source, term->out, 0);
    if (term->signals)
        g_source_add_unix_fd(term->source, signal_pipe[0], G_IO_IN);

    g_source_attach(term->source, g_main_context_get_thread_default());
}

/* --- the interface --- */

static NjTerm *
open_on(int in, int out, bool own, const char *type, const NjTermHooks *hooks, void *owner,
        GError **error)
{
    NjTerm *term = g_new0(NjTerm, 1);
    term->hooks = *hooks;
    term->owner = owner;
    term->in = in;
    term->out = out;
    term->own = own;
    term->tty = isatty(in);
    term->pending = g_string_new(NULL);
    nj_term_input_init(&term->input);

    if (!read_capabilities(term, type, error)) {
        nj_term_free(term);
        return NULL;
    }

    read_size(term);
    attach_source(term);
    enter_screen(term);
    return term;
}

NjTerm *
nj_term_open_on(int in, int out, const char *type, const NjTermHooks *hooks, void *owner,
                GError **error)
{
    return open_on(in, out, false, type, hooks, owner, error);
}

NjTerm *
nj_term_open(const NjTermHooks *hooks, void *owner, GError **error)
{
    const char *type = g_getenv("TERM");
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("There is no terminal; use --headless to run without one."));
        return NULL;
    }

    if (!type || type[0] == '\0') {
        close(fd);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("TERM is not set; try TERM=xterm-256color."));
        return NULL;
    }

    return open_on(fd, fd, true, type, hooks, owner, error);
}

void
nj_term_free(NjTerm *term)
{
    if (!term)
        return;

    if (term->source) {
        if (!term->suspended && !term->gone)
            leave_screen(term);
        else if (term->raw)
            tcsetattr(term->in, TCSANOW, &term->before);
        nj_rescue_disarm();
        g_source_destroy(term->source);
        g_source_unref(term->source);
        if (term->signals)
            restore_signals();
    }

    if (term->own)
        close(term->in);
    nj_paint_free(term->paint);
    g_free(term->enter);
    g_free(term->leave);
    g_free(term->title);
    g_string_free(term->pending, TRUE);
    nj_term_input_clear(&term->input);

    if (term->busy)
        term->freed = true; /* dispatch_terminal() frees it */
    else
        g_free(term);
}

int
nj_term_rows(const NjTerm *term)
{
    return term->rows;
}

int
nj_term_cols(const NjTerm *term)
{
    return term->cols;
}

int
nj_term_colors(const NjTerm *term)
{
    return term->colors;
}

bool
nj_term_ready(const NjTerm *term)
{
    return !term->blocked && !term->suspended && !term->gone;
}

bool
nj_term_show(NjTerm *term, const NjSurface *surface, int row, int col)
{
    if (!nj_term_ready(term))
        return false;
    write_title(term);
    nj_paint_frame(term->paint, surface, row, col, term->pending);
    flush_pending(term);
    return true;
}

void
nj_term_redraw(NjTerm *term)
{
    nj_paint_forget(term->paint);
}

void
nj_term_bell(NjTerm *term)
{
    if (!nj_term_ready(term))
        return;
    g_string_append_c(term->pending, '\007');
    flush_pending(term);
}

void
nj_term_title(NjTerm *term, const char *text)
{
    if (!term->titles)
        return;
    g_free(term->title);
    term->title = nj_text_line(text, -1, 256);
    if (!nj_term_ready(term))
        return;
    write_title(term);
    flush_pending(term);
}

void
nj_term_stop(NjTerm *term)
{
    if (term->suspended)
        return;

    term->hooks.on_focus(term, false, term->owner);
    leave_screen(term);

    struct sigaction plain = { .sa_handler = SIG_DFL }, ours;
    sigemptyset(&plain.sa_mask);
    sigaction(SIGTSTP, &plain, &ours);

    /* Stop the whole process group, as the terminal driver does for Ctrl-z: if a script started us,
     * the shell gets the terminal only when the script stops, too. */
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);

    /* Discard the SIGCONT that has ended the stop, and all other signals that have arrived:
     * reenter_screen() does what they require. */
    char bytes[64];
    while (term->signals && read(signal_pipe[0], bytes, sizeof bytes) > 0)
        continue;

    reenter_screen(term);
    term->hooks.on_focus(term, true, term->owner);
}

void
nj_term_suspend(NjTerm *term)
{
    if (term->suspended)
        return;
    leave_screen(term);
    term->suspended = true;
    if (!term->gone)
        g_source_modify_unix_fd(term->source, term->in_tag, 0);
}

void
nj_term_resume(NjTerm *term)
{
    if (!term->suspended)
        return;

    term->suspended = false;
    if (term->gone)
        return;

    struct termios before = term->before;
    reenter_screen(term);

    /* enter_screen() saved the mode that the other program has left. If that program was killed, it
     * may be a wrong mode: at the end restore the one from before. */
    term->before = before;
}

bool
nj_term_is_suspended(const NjTerm *term)
{
    return term->suspended;
}

gsize
nj_term_written(const NjTerm *term)
{
    return term->written;
}
