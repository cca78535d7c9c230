/* ui/term and ui/paint: output to a pseudo-terminal and input from it. A small emulator read_output
 * the output; it knows only the sequences that ui/paint.c may use and fails on others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "ui/paint.h"
#include "ui/term.h"

#define ROWS 6
#define COLS 20

/* --- the emulator --- */

typedef struct {
    char cells[ROWS][COLS][24]; /* graphemes */
    int row, col;
    bool hidden;    /* the cursor is */
    char sgr[64];   /* the parameters of the last SGR */
    GString *other; /* OSC strings, joined */
} Screen;

static void
erase(Screen *screen, int row, int from)
{
    for (int col = from; col < COLS; col++)
        strcpy(screen->cells[row][col], " ");
}

static const char *
take_csi(Screen *screen, const char *s)
{
    char parameters[64];
    gsize length = strspn(s, "0123456789;?");

    assert_true(length < sizeof parameters);
    memcpy(parameters, s, length);
    parameters[length] = '\0';

    int first = atoi(parameters);
    const char *second = strchr(parameters, ';');
    switch (s[length]) {
    case 'H':
        screen->row = MAX(first, 1) - 1;
        screen->col = second ? atoi(second + 1) - 1 : 0;
        assert_in_range(screen->row, 0, ROWS - 1);
        assert_in_range(screen->col, 0, COLS - 1);
        break;

    case 'C':
        screen->col += MAX(first, 1);
        assert_in_range(screen->col, 0, COLS - 1);
        break;
    case 'K':
        erase(screen, screen->row, screen->col);
        break;
    case 'J':
        for (int row = 0; row < ROWS; row++)
            erase(screen, row, 0);
        break;

    case 'm':
        strcpy(screen->sgr, parameters);
        break;
    case 'h':
    case 'l':
        if (strcmp(parameters, "?25") == 0)
            screen->hidden = s[length] == 'l';
        break;
    default:
        fail_msg("CSI %s%c", parameters, s[length]);
    }

    return s + length + 1;
}

static void
take_bytes(Screen *screen, const char *s, gsize length)
{
    const char *end = s + length;
    while (s < end) {
        if (*s == '\r') {
            screen->col = 0;
            s++;
        } else if (*s == '\n') {
            screen->row++;
            assert_in_range(screen->row, 0, ROWS - 1);
            s++;
        } else if (*s == '\b') {
            screen->col--;
            assert_in_range(screen->col, 0, COLS - 1);
            s++;
        } else if (g_str_has_prefix(s, "\033]")) {
            const char *stop = strstr(s, "\033\\"), *bell = strchr(s, '\007');
            assert_true(stop || bell);
            gsize taken = (gsize) ((stop ? stop + 2 : bell + 1) - s);
            g_string_append_len(screen->other, s + 2, (gssize) taken - 2);
            s += taken;
        } else if (g_str_has_prefix(s, "\033[")) {
            s = take_csi(screen, s + 2);
        } else if (g_str_has_prefix(s, "\033=") || g_str_has_prefix(s, "\033>")) {
            s += 2;
        } else {
            assert_true((guchar) *s >= ' ');
            gsize bytes;
            int width = nj_text_step(s, end, &bytes);
            assert_true(bytes < 24);
            assert_true(screen->col + width <= COLS);
            memcpy(screen->cells[screen->row][screen->col], s, bytes);
            screen->cells[screen->row][screen->col][bytes] = '\0';
            if (width == 2)
                screen->cells[screen->row][screen->col + 1][0] = '\0';
            screen->col = MIN(screen->col + width, COLS - 1);
            s += bytes;
        }
    }
}

static char *
screen_text(const Screen *screen)
{
    GString *text = g_string_new(NULL);
    for (int row = 0; row < ROWS; row++) {
        for (int col = 0; col < COLS; col++)
            g_string_append(text, screen->cells[row][col]);
        while (text->len > 0 && text->str[text->len - 1] == ' ')
            g_string_truncate(text, text->len - 1);
        if (row < ROWS - 1)
            g_string_append_c(text, '\n');
    }

    return g_string_free(text, FALSE);
}

static void
expect_screen(const Screen *screen, const NjSurface *surface, int row, int col)
{
    g_autofree char *drawn = screen_text(screen), *wanted = nj_surface_text(surface);
    assert_string_equal(drawn, wanted);
    assert_int_equal(screen->hidden, row < 0);
    if (row >= 0) {
        assert_int_equal(screen->row, row);
        assert_int_equal(screen->col, col);
    }
}

/* --- ui/paint --- */

typedef struct {
    NjSurface *surface;
    NjArea all;
    NjPaint *paint;
    Screen screen;
    GString *bytes;
} Easel;

static const NjStyle plain = { -1, -1, 0 };

static int
set_up_easel(void **state)
{
    Easel *easel = g_new0(Easel, 1);
    easel->surface = nj_surface_new(ROWS, COLS);
    easel->all = nj_area(easel->surface, 0, 0, ROWS, COLS);
    easel->paint = nj_paint_new((NjPaintAbilities){ 31, true });
    easel->bytes = g_string_new(NULL);
    easel->screen.other = g_string_new(NULL);
    *state = easel;
    return 0;
}

static int
tear_down_easel(void **state)
{
    Easel *easel = *state;
    nj_surface_free(easel->surface);
    nj_paint_free(easel->paint);
    g_string_free(easel->bytes, TRUE);
    g_string_free(easel->screen.other, TRUE);
    g_free(easel);
    return 0;
}

/* Paints the surface, checks the result and returns the number of bytes. */
static gsize
show(Easel *easel, int row, int col)
{
    g_string_truncate(easel->bytes, 0);
    nj_paint_frame(easel->paint, easel->surface, row, col, easel->bytes);
    take_bytes(&easel->screen, easel->bytes->str, easel->bytes->len);
    expect_screen(&easel->screen, easel->surface, row, col);
    return easel->bytes->len;
}

static void
test_typed_character_costs_one_byte(void **state)
{
    Easel *easel = *state;
    nj_area_put(easel->all, 1, 0, (NjStyle){ 2, -1, NJ_ATTR_BOLD }, "the pond", -1);
    nj_area_put(easel->all, 5, 0, plain, "> ", -1);
    show(easel, 5, 2);
    assert_int_equal(show(easel, 5, 2), 0);
    nj_area_put(easel->all, 5, 2, plain, "t", -1);
    assert_int_equal(show(easel, 5, 3), 1);
    nj_area_put(easel->all, 5, 3, plain, "o", -1);
    assert_int_equal(show(easel, 5, 4), 1);

    assert_int_equal(show(easel, 5, 5), 1); /* a space typed */

    /* The space and the letter before it are erased. */
    nj_area_put(easel->all, 5, 3, plain, " ", -1);
    assert_true(show(easel, 5, 3) <= 8);
    nj_area_put(easel->all, 5, 3, plain, "\350\233\231", -1);
    assert_int_equal(show(easel, 5, 5), 3);
}

static void
test_style_change_uses_short_sgr(void **state)
{
    Easel *easel = *state;
    show(easel, 0, 0);
    nj_area_put(easel->all, 0, 0, (NjStyle){ 108, 236, NJ_ATTR_BOLD }, "a", -1);
    show(easel, 0, 1);
    assert_string_equal(easel->screen.sgr, "1;38;5;108;48;5;236");
    nj_area_put(easel->all, 0, 1, (NjStyle){ 108, 236, 0 }, "b", -1);
    show(easel, 0, 2);
    assert_string_equal(easel->screen.sgr, "22");
    nj_area_put(easel->all, 0, 2, (NjStyle){ 12, -1, NJ_ATTR_DIM }, "c", -1);

    show(easel, 0, 3);
    assert_string_equal(easel->screen.sgr, ";2;94");
    nj_area_put(easel->all, 0, 3, (NjStyle){ NJ_RGB(1, 2, 3), -1, NJ_ATTR_DIM }, "d", -1);
    show(easel, 0, 4);
    assert_string_equal(easel->screen.sgr, "38;2;1;2;3");
    nj_area_put(easel->all, 0, 4, plain, "e", -1);
    show(easel, 0, 5);
    assert_string_equal(easel->screen.sgr, "");
    show(easel, -1, 0);

    show(easel, 0, 0);
}

static void
test_link_is_sent_as_osc_8(void **state)
{
    Easel *easel = *state;
    guint16 link = nj_surface_link(easel->surface, "https://pond.example/");
    show(easel, 0, 0);
    g_string_truncate(easel->screen.other, 0);
    nj_area_put_link(easel->all, 0, 0, plain, "pond", -1, link);
    show(easel, 0, 4);
    assert_string_equal(easel->screen.other->str, "8;;https://pond.example/\033\\8;;\033\\");
}

static void
test_cursor_is_placed_after_disputed_width(void **state)
{
    Easel *easel = *state;
    show(easel, 0, 0);
    nj_area_put(easel->all, 0, 0, plain, "a\360\237\220\270b\342\235\244c", -1);
    show(easel, 0, 0);
    assert_non_null(strstr(easel->bytes->str, "\360\237\220\270\033[1;4Hb\342\235\244\033[1;6Hc"));
}

/* Each picture can be turned into each other one. */
static void
test_random_pictures_are_painted_right(void **state)
{
    Easel *easel = *state;
    static const char *const pieces[] = {
        " ", "a", "bc", "      ", "\350\233\231", "\360\237\220\270", "e\314\201", "─", "xyz 123"
    };
    GRand *rand = g_rand_new_with_seed(7);

    for (int round = 0; round < 3000; round++) {
        if (g_rand_int_range(rand, 0, 20) == 0)
            nj_area_clear(easel->all, plain);
        for (int i = g_rand_int_range(rand, 0, 6); i > 0; i--) {
            NjStyle style = { g_rand_int_range(rand, -1, 4) * 5, g_rand_int_range(rand, -1, 1),
                              (guint8) g_rand_int_range(rand, 0, 32) };
            style.fg = MAX(style.fg, -1);
            if (g_rand_boolean(rand))
                style = plain;
            nj_area_put(easel->all, g_rand_int_range(rand, 0, ROWS),
                        g_rand_int_range(rand, -2, COLS), style,
                        pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))], -1);
        }
        if (g_rand_int_range(rand, 0, 50) == 0)
            nj_paint_forget(easel->paint);
        show(easel, g_rand_int_range(rand, -1, ROWS), g_rand_int_range(rand, 0, COLS));
    }

    g_rand_free(rand);
}

/* --- ui/term --- */

typedef struct {
    int master, slave;
    NjTerm *term;
    GString *log; /* calls of the hooks */
    bool free_at_key;
} Line;

static void
on_bytes(NjTerm *term, const char *bytes, gsize length, void *owner)
{
    Line *line = owner;
    g_autofree char *escaped = g_strndup(bytes, length);
    g_strdelimit(escaped, "\033", '^');
    g_string_append_printf(line->log, "[%s]", escaped);
    if (line->free_at_key) {
        nj_term_free(term);
        line->term = NULL;
    }
}

static void
on_paste(NjTerm *term, char *text, gsize length, void *owner)
{
    (void) term;
    Line *line = owner;
    if (length < 100)
        g_string_append_printf(line->log, "{%s}", text);
    else
        g_string_append_printf(line->log, "{%zu}", length);
    g_free(text);
}

static void
on_resize(NjTerm *term, int rows, int cols, void *owner)
{
    (void) term;
    g_string_append_printf(((Line *) owner)->log, "%dx%d", rows, cols);
}

static void
on_ready(NjTerm *term, void *owner)
{
    (void) term;
    g_string_append(((Line *) owner)->log, "ready");
}

static void
on_focus(NjTerm *term, bool focused, void *owner)
{
    (void) term;
    g_string_append(((Line *) owner)->log, focused ? "+" : "-");
}

static void
on_gone(NjTerm *term, void *owner)
{
    (void) term;
    g_string_append(((Line *) owner)->log, "gone");
}

static const NjTermHooks hooks = {
    .on_bytes = on_bytes,
    .on_paste = on_paste,
    .on_resize = on_resize,
    .on_ready = on_ready,
    .on_focus = on_focus,
    .on_gone = on_gone,
};

static int
set_up_line(void **state)
{
    Line *line = g_new0(Line, 1);
    struct winsize size = { .ws_row = ROWS, .ws_col = COLS };

    assert_int_equal(openpty(&line->master, &line->slave, NULL, NULL, &size), 0);
    fcntl(line->slave, F_SETFL, O_NONBLOCK);
    fcntl(line->master, F_SETFL, O_NONBLOCK);
    line->log = g_string_new(NULL);

    GError *error = NULL;
    line->term = nj_term_open_on(line->slave, line->slave, "xterm-256color", &hooks, line, &error);
    if (!line->term)
        fail_msg("%s", error->message);

    *state = line;
    return 0;
}

static int
tear_down_line(void **state)
{
    Line *line = *state;
    nj_term_free(line->term);
    close(line->slave);
    if (line->master >= 0)
        close(line->master);
    g_string_free(line->log, TRUE);
    g_free(line);
    return 0;
}

/* Runs the main loop until the log is as wanted. */
static void
expect_log(Line *line, const char *wanted)
{
    gint64 deadline = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    while (strcmp(line->log->str, wanted) != 0 && g_get_monotonic_time() < deadline)
        if (!g_main_context_iteration(NULL, FALSE))
            g_usleep(500);
    assert_string_equal(line->log->str, wanted);
    g_string_truncate(line->log, 0);
}

static void
type_bytes(Line *line, const char *bytes)
{
    assert_int_equal(write(line->master, bytes, strlen(bytes)), (ssize_t) strlen(bytes));
}

static char *
read_output(Line *line)
{
    GString *text = g_string_new(NULL);
    char buffer[4096];
    struct pollfd poller = { line->master, POLLIN, 0 };

    while (poll(&poller, 1, 50) > 0) {
        ssize_t n = read(line->master, buffer, sizeof buffer);
        if (n <= 0)
            break;
        g_string_append_len(text, buffer, n);
    }

    return g_string_free(text, FALSE);
}

static void
test_free_restores_the_terminal(void **state)
{
    Line *line = *state;
    assert_int_equal(nj_term_rows(line->term), ROWS);
    assert_int_equal(nj_term_cols(line->term), COLS);

    NjSurface *surface = nj_surface_new(ROWS, COLS);
    nj_area_put(nj_area(surface, 0, 0, ROWS, COLS), 2, 3, plain, "toad", -1);
    nj_term_title(line->term, "a\033]2;b\007");
    assert_true(nj_term_show(line->term, surface, 0, 0));

    g_autofree char *begun = read_output(line);
    assert_non_null(strstr(begun, "\033[?1049h"));
    assert_non_null(strstr(begun, "\033[?2004h"));
    assert_non_null(strstr(begun, "toad"));
    assert_non_null(strstr(begun, "\033]2;a ]2;b\007"));
    assert_int_equal(nj_term_written(line->term), strlen(begun));
    nj_term_free(line->term);
    line->term = NULL;

    g_autofree char *end = read_output(line);
    assert_non_null(strstr(end, "\033[?2004l"));
    assert_non_null(strstr(end, "\033[?1049l"));

    struct termios mode;
    assert_int_equal(tcgetattr(line->slave, &mode), 0);
    assert_true(mode.c_lflag & ICANON);
    nj_surface_free(surface);
}

static void
test_reports_are_separated_from_keys(void **state)
{
    Line *line = *state;
    type_bytes(line, "ab\033[A");
    expect_log(line, "[ab^[A]");
    type_bytes(line, "x\033[I\033[Oy");
    expect_log(line, "[x]+-[y]");
    type_bytes(line, "\033[<0;3;4Mz\033[?62;1c\033]11;rgb:0000\033\\.");
    expect_log(line, "[z][.]");
    type_bytes(line, "\033]a"); /* Alt-] */
    expect_log(line, "[^]a]");

    type_bytes(line, "\033");
    expect_log(line, "[^]");
    type_bytes(line, "\033[2"); /* the beginning of a key sequence */
    g_main_context_iteration(NULL, TRUE);
    type_bytes(line, "~");
    expect_log(line, "[^[2~]");
}

static void
test_paste_is_one_call(void **state)
{
    Line *line = *state;
    type_bytes(line, "a\033[200~one\rtwo\033[31m\033[201~b");
    expect_log(line, "[a]{one\rtwo\033[31m}[b]");

    const char *slow = "\033[200~p\033[201\033[201~q";
    for (const char *c = slow; *c != '\0'; c++) {
        assert_int_equal(write(line->master, c, 1), 1);
        g_main_context_iteration(NULL, FALSE);
    }

    expect_log(line, "{p\033[201}[q]");
    type_bytes(line, "\033[200~no end");
    expect_log(line, "{no end}"); /* after a second */
    type_bytes(line, "c");
    expect_log(line, "[c]");
}

static void
test_huge_paste_is_bounded(void **state)
{
    Line *line = *state;
    type_bytes(line, "\033[200~");

    g_autofree char *block = g_strnfill(60000, 'x');
    for (gsize sent = 0; sent < 6 * 1024 * 1024;) {
        ssize_t n = write(line->master, block, 60000);
        sent += n > 0 ? (gsize) n : 0;
        g_main_context_iteration(NULL, FALSE);
    }

    g_autofree char *end = g_strdup("\033[201~");
    while (write(line->master, end, 6) != 6)
        g_main_context_iteration(NULL, FALSE);
    expect_log(line, "{4194304}");
}

static void
test_resize_is_reported(void **state)
{
    Line *line = *state;
    struct winsize size = { .ws_row = 9, .ws_col = 33 };
    assert_int_equal(ioctl(line->master, TIOCSWINSZ, &size), 0);
    /* It is not our controlling terminal, so the kernel sends no SIGWINCH. */
    raise(SIGWINCH);
    expect_log(line, "9x33");
}

static void
test_blocked_terminal_skips_frames(void **state)
{
    Line *line = *state;
    NjSurface *surface = nj_surface_new(ROWS, COLS);
    NjArea all = nj_area(surface, 0, 0, ROWS, COLS);
    gint64 begun = g_get_monotonic_time();
    bool shown = true;

    /* The kernel makes room again while it moves bytes to the master: the terminal is full when it
     * has taken nothing for 50 ms. */
    gint64 taken = begun;
    for (int i = 0;
         g_get_monotonic_time() - taken < 50000 && g_get_monotonic_time() - begun < G_USEC_PER_SEC;
         i++) {
        nj_area_fill(all, i % ROWS, 0, COLS, (NjStyle){ i % 256, -1, 0 }, i % 2 ? "x" : "y");
        shown = nj_term_show(line->term, surface, 0, 0);
        if (shown)
            taken = g_get_monotonic_time();
        g_main_context_iteration(NULL, FALSE);
    }

    g_string_truncate(line->log, 0);
    assert_false(shown);
    assert_false(nj_term_ready(line->term));
    type_bytes(line, "k");
    expect_log(line, "[k]"); /* keys are still read */
    assert_true(g_get_monotonic_time() - begun < 2 * G_USEC_PER_SEC);

    g_autofree char *drained = read_output(line);
    expect_log(line, "ready");
    assert_true(nj_term_show(line->term, surface, 0, 0));

    for (shown = true; shown;) {
        nj_term_redraw(line->term);
        shown = nj_term_show(line->term, surface, 0, 0);
    }

    begun = g_get_monotonic_time();
    nj_term_free(line->term);
    line->term = NULL;
    assert_true(g_get_monotonic_time() - begun < 500000);
    nj_surface_free(surface);
}

static void
test_suspended_terminal_reads_nothing(void **state)
{
    Line *line = *state;
    NjSurface *surface = nj_surface_new(ROWS, COLS);

    assert_true(nj_term_show(line->term, surface, 0, 0));
    nj_term_suspend(line->term);
    assert_false(nj_term_show(line->term, surface, 0, 0));

    struct termios mode;
    tcgetattr(line->slave, &mode);
    assert_true(mode.c_lflag & ICANON);
    type_bytes(line, "for pass\n");
    for (int i = 0; i < 20; i++)
        g_main_context_iteration(NULL, FALSE);

    assert_string_equal(line->log->str, "");
    char buffer[32];
    assert_int_equal(read(line->slave, buffer, sizeof buffer), 9);

    /* The other program was killed while it asked for a passphrase. */
    mode.c_lflag &= ~(tcflag_t) ECHO;
    tcsetattr(line->slave, TCSANOW, &mode);
    nj_term_resume(line->term);
    expect_log(line, "ready");
    tcgetattr(line->slave, &mode);
    assert_false(mode.c_lflag & ICANON);
    type_bytes(line, "k");
    expect_log(line, "[k]");

    nj_term_free(line->term);
    line->term = NULL;
    tcgetattr(line->slave, &mode);
    assert_true((mode.c_lflag & ICANON) && (mode.c_lflag & ECHO));
    nj_surface_free(surface);
}

static void
test_hangup_is_reported_once(void **state)
{
    Line *line = *state;
    close(line->master);
    line->master = -1;
    expect_log(line, "gone");
    int rounds = 0;
    while (g_main_context_iteration(NULL, FALSE))
        assert_true(++rounds < 10); /* no busy loop */
    assert_false(nj_term_ready(line->term));
}

static void
test_hook_may_free_the_terminal(void **state)
{
    Line *line = *state;
    line->free_at_key = true;
    type_bytes(line, "q\033[Ir\033[200~");
    expect_log(line, "[q]");
}

static void
test_terminal_types(void **state)
{
    Line *line = *state;
    static const struct {
        const char *type;
        bool good;
    } types[] = { { "xterm", true },
                  { "linux", true },
                  { "screen", true },
                  { "tmux-256color", true },
                  { "vt100", true },
                  { "dumb", false },
                  { "no-such-terminal", false },
                  { "../../../etc/passwd", false } };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        GError *error = NULL;
        NjTerm *term =
            nj_term_open_on(line->slave, line->slave, types[i].type, &hooks, line, &error);
        assert_int_equal(term != NULL, types[i].good);
        assert_int_equal(error == NULL, types[i].good);
        g_clear_error(&error);
        nj_term_free(term);
    }

    g_setenv("NO_COLOR", "1", TRUE);
    NjTerm *term = nj_term_open_on(line->slave, line->slave, "xterm-256color", &hooks, line, NULL);
    assert_int_equal(nj_term_colors(term), 0);
    nj_term_free(term);
    g_unsetenv("NO_COLOR");
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    g_unsetenv("NO_COLOR");

    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_typed_character_costs_one_byte, set_up_easel,
                                        tear_down_easel),
        cmocka_unit_test_setup_teardown(test_style_change_uses_short_sgr, set_up_easel,
                                        tear_down_easel),
        cmocka_unit_test_setup_teardown(test_link_is_sent_as_osc_8, set_up_easel, tear_down_easel),
        cmocka_unit_test_setup_teardown(test_cursor_is_placed_after_disputed_width, set_up_easel,
                                        tear_down_easel),
        cmocka_unit_test_setup_teardown(test_random_pictures_are_painted_right, set_up_easel,
                                        tear_down_easel),
        cmocka_unit_test_setup_teardown(test_free_restores_the_terminal, set_up_line,
                                        tear_down_line),
        cmocka_unit_test_setup_teardown(test_reports_are_separated_from_keys, set_up_line,
                                        tear_down_line),
        cmocka_unit_test_setup_teardown(test_paste_is_one_call, set_up_line, tear_down_line),
        cmocka_unit_test_setup_teardown(test_huge_paste_is_bounded, set_up_line, tear_down_line),
        cmocka_unit_test_setup_teardown(test_resize_is_reported, set_up_line, tear_down_line),
        cmocka_unit_test_setup_teardown(test_blocked_terminal_skips_frames, set_up_line,
                                        tear_down_line),
        cmocka_unit_test_setup_teardown(test_suspended_terminal_reads_nothing, set_up_line,
                                        tear_down_line),
        cmocka_unit_test_setup_teardown(test_hangup_is_reported_once, set_up_line, tear_down_line),
        cmocka_unit_test_setup_teardown(test_hook_may_free_the_terminal, set_up_line,
                                        tear_down_line),
        cmocka_unit_test_setup_teardown(test_terminal_types, set_up_line, tear_down_line),
    };

    return cmocka_run_group_tests_name("ui/term", tests, NULL, NULL);
}
