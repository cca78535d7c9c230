/* The terminal is opened anew (/dev/tty), because O_NONBLOCK belongs to an open file description:
 * set on the shared descriptor 1 it would change the shell's terminal and that of every program we
 * lend it to.
 *
 * Curses does not draw here; tests/ui/spike-curses.c shows why: a cell of curses can hold neither a
 * link nor true colour, and it does not place the cursor again behind what terminals dispute.
 * Terminfo's low level tells what the terminal can do, ui/paint.c makes the bytes.
 *
 * Bytes wait in `pending` while the terminal does not take them; meanwhile frames are refused, so
 * no more than one frame ever waits. Nothing here waits for a terminal but its end, and that 200 ms
 * at most.
 *
 * Signals come through a pipe that is ours, written by the handlers: SIGWINCH, SIGCONT (after a
 * stop that was not ours) and SIGTSTP. */
#include "ui/term-private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Terminfo's macros (lines, columns, …) are ordinary words of ours: only functions and strings are
 * used. */
#include <curses.h>
#include <term.h>

#include "base/text.h"
#include "ui/rescue.h"

#define FREE_WAIT_MS 200
#define MAX_ROWS 1000
#define MAX_COLS 2000

typedef struct {
    GSource source;
    NjTerm *term;
} TermSource;

/* --- Signals. Handlers know only this. */

static int signal_pipe[2] = { -1, -1 };
static struct sigaction before_winch, before_cont, before_tstp;

static void
on_signal(int number)
{
    int saved = errno;
    char byte = number == SIGWINCH ? 'w' : number == SIGCONT ? 'c' : 't';
    (void) !write(signal_pipe[1], &byte, 1);
    if (number == SIGCONT && before_cont.sa_handler != SIG_DFL && before_cont.sa_handler != SIG_IGN)
        /* others want to hear of it too (base/wake.c) */
        before_cont.sa_handler(number);
    errno = saved;
}

/* False: another terminal of this process has them (a test), or there is no pipe to be had. */
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
forget_signals(void)
{
    sigaction(SIGWINCH, &before_winch, NULL);
    sigaction(SIGCONT, &before_cont, NULL);
    sigaction(SIGTSTP, &before_tstp, NULL);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    signal_pipe[0] = signal_pipe[1] = -1;
}

/* --- What the terminal can do. */

/* A string of terminfo without its padding ("$<5>"); "" if there is none.  The caller owns it. */
static char *
capability(const char *name)
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
has(const char *name)
{
    g_autofree char *value = capability(name);
    return value[0] != '\0';
}

static int
count_colors(const char *type)
{
    const char *none = g_getenv("NO_COLOR"), *how = g_getenv("COLORTERM");
    if (none && none[0] != '\0')
        return 0;

    int colors = tigetnum("colors");
    if (colors > 256 || tigetflag("RGB") == 1 || tigetflag("Tc") == 1)
        return 1 << 24;

    /* COLORTERM is inherited: inside GNU screen it speaks of the terminal outside. */
    if (colors == 256 && how && !g_str_has_prefix(type, "screen")
        && (strcmp(how, "truecolor") == 0 || strcmp(how, "24bit") == 0))
        return 1 << 24;

    return colors >= 256 ? 256 : colors >= 16 ? 16 : colors >= 8 ? 8 : 0;
}

/* Terminals known to take or to swallow the strings that begin with ESC ] ; others might show
 * them. */
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

static bool
read_capabilities(NjTerm *term, const char *type, GError **error)
{
    int result;
    if (setupterm(type, term->out, &result) != OK) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("The terminal type “%s” is not known on this system; install its terminfo "
                      "entry (Debian: ncurses-term), or try "
                      "TERM=xterm-256color."),
                    type);
        return false;
    }

    g_autofree char *place = capability("cup");
    bool good = strcmp(place, "\033[%i%p1%d;%p2%dH") == 0 && has("el");
    if (good) {
        g_autofree char *smcup = capability("smcup"), *rmcup = capability("rmcup");
        g_autofree char *smkx = capability("smkx"), *rmkx = capability("rmkx");
        g_autofree char *rmam = capability("rmam"), *smam = capability("smam");
        /* Bracketed paste and focus are private modes: a terminal without them ignores them. */
        term->enter = g_strconcat(smcup, smkx, rmam, "\033[?2004h\033[?1004h", NULL);
        term->leave = g_strconcat("\033[?1004l\033[?2004l", smam, rmkx,
                                  rmcup[0] != '\0' ? rmcup : "\033[H\033[2J", NULL);
        NjPaintAbilities abilities = {
            .attrs = (has("bold") ? NJ_ATTR_BOLD : 0) | (has("dim") ? NJ_ATTR_DIM : 0)
                     | (has("sitm") ? NJ_ATTR_ITALIC : 0) | (has("smul") ? NJ_ATTR_UNDERLINE : 0)
                     | (has("rev") ? NJ_ATTR_REVERSE : 0),
            .links = takes_osc(type),
        };
        term->paint = nj_paint_new(abilities);
        term->titles = abilities.links;
        term->colors = count_colors(type);
    } else {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("The terminal type “%s” cannot place its cursor as it is needed here; try "
                      "another terminal, or --headless."),
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

/* --- Writing. */

static void
set_gone(NjTerm *term)
{
    if (term->gone)
        return;

    term->gone = term->gone_untold = true;
    g_string_truncate(term->pending, 0);
    term->blocked = false;

    /* Not merely asked for nothing: a hang-up is reported even then, and for ever. */
    g_source_remove_unix_fd(term->source, term->in_tag);
    g_source_remove_unix_fd(term->source, term->out_tag);
    g_source_set_ready_time(term->source, 0);
}

/* Writes what the terminal takes.  POLLOUT is asked for only while something is left. */
static void
flush(NjTerm *term)
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

/* At the end and before another program gets the terminal: as much as it takes in 200 ms. */
static void
flush_with_patience(NjTerm *term)
{
    gint64 deadline = g_get_monotonic_time() + FREE_WAIT_MS * 1000;
    for (;;) {
        flush(term);
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        if (!term->blocked || left <= 0)
            return;
        struct pollfd poller = { term->out, POLLOUT, 0 };
        poll(&poller, 1, (int) left);
    }
}

static void
set_raw(NjTerm *term)
{
    if (!term->tty || tcgetattr(term->in, &term->before) != 0)
        return;
    struct termios mode = term->before;
    cfmakeraw(&mode);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    term->raw = tcsetattr(term->in, TCSANOW, &mode) == 0;
}

static void
take(NjTerm *term)
{
    set_raw(term);
    if (term->raw && term->own)
        nj_rescue_arm(term->out, &term->before, term->leave);
    nj_paint_forget(term->paint);
    /* leaves with the first frame, in one piece */
    g_string_append(term->pending, term->enter);
}

/* TCSANOW: any other way to set the mode would wait for the output. */
static void
give_back(NjTerm *term)
{
    nj_paint_end(term->paint, term->pending);
    g_string_append(term->pending, term->leave);
    flush_with_patience(term);
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

/* --- The source. */

static void
come_back(NjTerm *term)
{
    int rows = term->rows, cols = term->cols;
    take(term);
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
    char bytes[64];
    bool size = false, stop = false, resumed = false;

    for (ssize_t n; (n = read(signal_pipe[0], bytes, sizeof bytes)) > 0;)
        for (ssize_t i = 0; i < n; i++) {
            size |= bytes[i] == 'w';
            resumed |= bytes[i] == 'c';
            stop |= bytes[i] == 't';
        }
    if (term->suspended)
        return; /* all is read anew when it comes back */

    if (stop) {
        nj_term_stop(term);
    } else if (resumed) {
        struct termios before = term->before;
        come_back(term);
        term->before = before; /* what we found then may be our own mode */
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

    if (((in | out) & (G_IO_HUP | G_IO_ERR)) != 0 && (term->suspended || (in & G_IO_IN) == 0)) {
        set_gone(term);
        return;
    }

    if (out != 0 && term->blocked) {
        flush(term);
        if (!term->blocked && !term->gone && !term->suspended) {
            write_title(term);
            term->hooks.on_ready(term, term->owner);
        }
    }

    bool may_read = !term->freed && !term->gone && !term->suspended;
    if (in != 0 && may_read && !nj_term_input_read(term))
        set_gone(term);
}

static gboolean
dispatch(GSource *source, GSourceFunc func, gpointer data)
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

    /* Waited long enough, and nothing came just now. */
    if (!term->freed && ready >= 0 && ready == g_source_get_ready_time(source)
        && ready <= g_get_monotonic_time()) {
        nj_term_input_settle(term);
        if (!term->freed)
            nj_term_input_arm(term);
    }

    if (!term->freed && term->gone_untold) {
        term->gone_untold = false;
        g_source_set_ready_time(source, -1);
        term->hooks.on_gone(term, term->owner);
    }

    term->busy = false;
    if (term->freed)
        g_free(term);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = { .dispatch = dispatch };

static void
attach(NjTerm *term)
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

/* --- What the screen calls. */

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
    attach(term);
    take(term);
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
                    _("There is no terminal here; --headless runs without one."));
        return NULL;
    }

    if (!type || type[0] == '\0') {
        close(fd);
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NXIO,
                    _("TERM does not say what terminal this is; try TERM=xterm-256color."));
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
            give_back(term);
        else if (term->raw)
            tcsetattr(term->in, TCSANOW, &term->before);
        nj_rescue_disarm();
        g_source_destroy(term->source);
        g_source_unref(term->source);
        if (term->signals)
            forget_signals();
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
        term->freed = true; /* dispatch() lets go of it */
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
    flush(term);
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
    flush(term);
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
    flush(term);
}

void
nj_term_stop(NjTerm *term)
{
    if (term->suspended)
        return;

    term->hooks.on_focus(term, false, term->owner);
    give_back(term);

    struct sigaction plain = { .sa_handler = SIG_DFL }, ours;
    sigemptyset(&plain.sa_mask);
    sigaction(SIGTSTP, &plain, &ours);

    /* the whole job, as the terminal's own Ctrl-z: a script that started us must stop too, or no
     * shell comes */
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);

    /* SIGCONT was ours too: all it asks for is done here. */
    char bytes[64];
    while (term->signals && read(signal_pipe[0], bytes, sizeof bytes) > 0)
        continue;

    come_back(term);
    term->hooks.on_focus(term, true, term->owner);
}

void
nj_term_suspend(NjTerm *term)
{
    if (term->suspended)
        return;
    give_back(term);
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
    come_back(term);

    /* a program that was killed may have left the terminal without its echo */
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
