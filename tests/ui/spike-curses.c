/* The experiment on which ui/term.c is based, kept so that it can be repeated.
 *
 * Question: can curses draw into memory while we write its bytes through our own non-blocking
 * descriptor, and does it have links (OSC 8) and true colour?
 *
 * Answers, each with a test below:
 * - newterm() works on a memfd. A frame is complete in memory before a byte of it is written, and a
 *   terminal that takes no bytes causes EAGAIN and does not block.
 * - A curses cell cannot hold a link: an escape sequence in the text is drawn as visible
 * characters.
 * - With xterm-256color curses has 256 colours and no more. init_extended_color() changes the
 * palette of the terminal, for all programs in it; "38;2;r;g;b" is never sent. True colour needs a
 * *-direct terminfo entry, which is rarely installed.
 *
 * Therefore ui/term.c writes without blocking, as here, and ui/paint.c turns the difference of two
 * surfaces into bytes, with the low level of terminfo from the same library. That allows links and
 * true colour, and the cursor can be placed again after each grapheme whose width terminals
 * dispute, which curses does not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include <curses.h>

#include "base/base.h"

typedef struct {
    FILE *memory, *nothing;
    SCREEN *screen;
} Spike;

static int
set_up(void **state)
{
    Spike *spike = g_new0(Spike, 1);
    int pipe_ends[2];

    assert_int_equal(pipe(pipe_ends), 0);
    spike->nothing = fdopen(pipe_ends[0], "r");
    close(pipe_ends[1]);
    spike->memory = fdopen(memfd_create("curses", MFD_CLOEXEC), "w+");
    assert_non_null(spike->memory);
    spike->screen = newterm("xterm-256color", spike->memory, spike->nothing);
    *state = spike;
    if (!spike->screen)
        return 0; /* no terminfo entry: each test is skipped */

    resizeterm(24, 80);
    start_color();
    use_default_colors();
    return 0;
}

static int
tear_down(void **state)
{
    Spike *spike = *state;
    if (spike->screen) {
        endwin();
        delscreen(spike->screen);
    }

    fclose(spike->memory);
    fclose(spike->nothing);
    g_free(spike);
    return 0;
}

/* Draws the frame and returns its bytes, which the caller frees. */
static char *
frame(Spike *spike, gsize *length)
{
    off_t before = lseek(fileno(spike->memory), 0, SEEK_END);
    refresh();
    fflush(spike->memory);

    off_t after = lseek(fileno(spike->memory), 0, SEEK_END);
    *length = (gsize) (after - before);

    char *bytes = g_malloc(*length + 1);
    assert_int_equal(pread(fileno(spike->memory), bytes, *length, before), (ssize_t) *length);
    bytes[*length] = '\0';
    return bytes;
}

static Spike *
spike_of(void **state)
{
    Spike *spike = *state;
    if (!spike->screen)
        skip();
    return spike;
}

static void
test_frame_is_complete_in_memory(void **state)
{
    Spike *spike = spike_of(state);
    gsize length;

    mvaddstr(3, 5, "a toad in a pond");
    g_autofree char *bytes = frame(spike, &length);
    assert_non_null(strstr(bytes, "a toad in a pond"));

    mvaddstr(3, 7, "frog");
    g_autofree char *change = frame(spike, &length);
    assert_non_null(strstr(change, "frog"));
    assert_true(length < 40); /* only the difference */
}

static void
test_blocked_terminal_returns_eagain(void **state)
{
    Spike *spike = spike_of(state);
    int terminal[2];

    assert_int_equal(pipe2(terminal, O_NONBLOCK), 0);
    gint64 begun = g_get_monotonic_time();
    bool stuck = false;
    for (int i = 0; i < 1000 && !stuck; i++) {
        for (int row = 0; row < 24; row++)
            mvhline(row, 0, (chtype) ('a' + i % 26), 80);
        for (int row = 0; row < 24; row++)
            mvaddch(row, i % 80, '.');
        gsize length;
        g_autofree char *bytes = frame(spike, &length);
        for (gsize done = 0; done < length && !stuck;) {
            ssize_t n = write(terminal[1], bytes + done, length - done);
            stuck = n < 0 && errno == EAGAIN;
            done += n > 0 ? (gsize) n : 0;
        }
    }

    assert_true(stuck);
    assert_true(g_get_monotonic_time() - begun < 5 * G_USEC_PER_SEC);
    close(terminal[0]);
    close(terminal[1]);
}

static void
test_link_is_drawn_as_text(void **state)
{
    Spike *spike = spike_of(state);
    gsize length;
    mvaddstr(1, 0, "\033]8;;https://pond.example/\033\\pond\033]8;;\033\\");
    g_autofree char *bytes = frame(spike, &length);
    assert_null(strstr(bytes, "\033]8"));
    assert_non_null(strstr(bytes, "^[")); /* drawn as text */
}

static void
test_true_colour_changes_the_palette(void **state)
{
    Spike *spike = spike_of(state);
    gsize length;

    assert_int_equal(COLORS, 256);
    assert_int_equal(init_extended_pair(1, 0x123456, -1), ERR);

    int color = 200;
    if (init_extended_color(color, 71, 204, 337) == ERR)
        skip();
    init_extended_pair(2, color, -1);
    attr_set(A_NORMAL, 0, &(int){ 2 });
    mvaddstr(2, 0, "pond");

    g_autofree char *bytes = frame(spike, &length);
    assert_null(strstr(bytes, "38;2;"));
    assert_non_null(strstr(bytes, "38;5;200"));

    /* All bytes so far contain OSC 4, which changes the palette. */
    gsize all = (gsize) lseek(fileno(spike->memory), 0, SEEK_END);
    g_autofree char *whole = g_malloc0(all + 1);
    assert_int_equal(pread(fileno(spike->memory), whole, all, 0), (ssize_t) all);
    assert_non_null(strstr(whole, "\033]4;200;"));
}

int
main(void)
{
    setlocale(LC_ALL, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_frame_is_complete_in_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_blocked_terminal_returns_eagain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_link_is_drawn_as_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_true_colour_changes_the_palette, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("ui/spike-curses", tests, NULL, NULL);
}
