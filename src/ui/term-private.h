/* What the files of the terminal share: term.c (abilities, writing, signals, suspending) and
 * term-input.c (from bytes to keys and pastes). */
#ifndef NJ_UI_TERM_PRIVATE_H
#define NJ_UI_TERM_PRIVATE_H

#include "ui/paint.h"
#include "ui/term.h"

#include <termios.h>

/* Bytes that wait for the rest of a sequence. */
typedef struct {
    GString *held;     /* the beginning of a sequence that may be ours */
    GString *paste;    /* text of the paste that arrives; NULL: none does */
    guint paste_match; /* bytes of paste_end seen */
} NjTermInput;

struct NjTerm {
    NjTermHooks hooks;
    void *owner;
    int in, out;
    bool own; /* the descriptors are ours to close */
    bool tty, raw;
    struct termios before;
    int rows, cols, colors;
    NjPaint *paint;
    char *enter, *leave; /* what is written when the screen is taken and given back */
    bool titles;         /* has a title that can be set */
    char *title;         /* wanted, not written yet */
    GString *pending;
    gsize written;
    bool blocked; /* the terminal did not take all of pending */
    bool suspended, gone;
    bool gone_untold; /* on_gone is still to be called, by dispatch() */
    GSource *source;
    gpointer in_tag, out_tag;
    bool signals; /* they come to us */
    NjTermInput input;
    bool busy, freed; /* a hook runs; it freed us */
};

/* term-input.c */

void nj_term_input_init(NjTermInput *input);
void nj_term_input_clear(NjTermInput *input);

/* Reads what has arrived and calls the hooks, which may free the terminal (term->freed). Returns
 * false when the terminal is closed. */
bool nj_term_input_read(NjTerm *term);

/* Sets the ready time of the source: when nj_term_input_settle() is due, if it is. */
void nj_term_input_arm(NjTerm *term);

/* The rest did not arrive in time: delivers the held bytes as keys, or ends the paste. */
void nj_term_input_settle(NjTerm *term);

#endif
