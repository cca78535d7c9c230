/* What term.c is built on, kept as an experiment that can be repeated.
 *
 * The question: can curses draw into memory while we write its bytes through our own non-blocking
 * descriptor, and can links (OSC 8) and true colour be had that way?
 *
 * The answers, each a test below:
 * - newterm() on a memfd works; a frame is complete in memory before a byte of it is written, and a
 * terminal that nobody reads costs an EAGAIN, not a wait.
 * - A curses cell has no place for a link: what is not a character of the text is drawn as visible
 * characters, never sent.
 * - With xterm-256color curses has 256 colours and no more.  init_extended_color() changes the
 * terminal's palette for everybody who uses it; "38;2;r;g;b" never leaves.  True colour would need
 * a *-direct terminfo entry, which is rarely installed.
 *
 * So term.c takes the non-blocking writing from here and turns the difference of two surfaces into
 * bytes itself, with terminfo's low level from the same library: links and true colour become
 * possible, and the cursor can be placed again behind every grapheme whose width terminals dispute,
 * which curses does not do. */
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
    if (spike->screen == NULL)
        return 0; /* no terminfo here: each test is skipped */

    resizeterm(24, 80);
    start_color();
    use_default_colors();
    return 0;
}

static int
tear_down(void **state)
{
    Spike *spike = *state;
    if (spike->screen != NULL) {
        endwin();
        delscreen(spike->screen);
    }

    fclose(spike->memory);
    fclose(spike->nothing);
    g_free(spike);
    return 0;
}

/* Draws the frame and takes its bytes out of memory; the caller owns them. */
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
    if (spike->screen == NULL)
        skip();
    return spike;
}

static void
test_frames_are_in_memory(void **state)
{
    Spike *spike = spike_of(state);
    gsize length;

    mvaddstr(3, 5, "a toad in a pond");
    g_autofree char *bytes = frame(spike, &length);
    assert_non_null(strstr(bytes, "a toad in a pond"));

    mvaddstr(3, 7, "frog");
    g_autofree char *change = frame(spike, &length);
    assert_non_null(strstr(change, "frog"));
    assert_true(length < 40); /* the difference only */
}

static void
test_nobody_reads(void **state)
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
test_no_links(void **state)
{
    Spike *spike = spike_of(state);
    gsize length;
    mvaddstr(1, 0, "\033]8;;https://pond.example/\033\\pond\033]8;;\033\\");
    g_autofree char *bytes = frame(spike, &length);
    assert_null(strstr(bytes, "\033]8"));
    assert_non_null(strstr(bytes, "^[")); /* it was drawn as text */
}

static void
test_no_true_colour(void **state)
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

    /* The whole of memory: the palette was changed by OSC 4. */
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
        cmocka_unit_test_setup_teardown(test_frames_are_in_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nobody_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_true_colour, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("ui/spike-curses", tests, NULL, NULL);
}
