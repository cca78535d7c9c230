/* Types and functions that the files of the terminal share: term.c (terminfo, writing, signals,
 * suspending) and term-input.c (from bytes to keys and pastes). */
#ifndef NJ_UI_TERM_PRIVATE_H
#define NJ_UI_TERM_PRIVATE_H

#include "ui/paint.h"
#include "ui/term.h"

#include <termios.h>

/* Input whose rest has not arrived. */
typedef struct {
    GString *held;     /* an ESC and bytes after it that may begin a report or a paste */
    GString *paste;    /* the text of the paste that is arriving; NULL: no paste */
    guint paste_match; /* number of bytes of paste_end that the input so far ends with */
} NjTermInput;

struct NjTerm {
    NjTermHooks hooks;
    void *owner;
    int in, out;
    bool own;              /* nj_term_free() closes `in` */
    bool tty, raw;         /* `in` is a terminal; it is in raw mode */
    struct termios before; /* the mode to restore */
    int rows, cols, colors;
    NjPaint *paint;
    char *enter, *leave;  /* bytes that enter and leave the screen */
    bool titles;          /* the terminal has a title that can be set */
    char *title;          /* the title to be written; NULL: none */
    GString *pending;     /* bytes to be written */
    gsize written;        /* bytes written so far */
    bool blocked;         /* the terminal did not take all pending bytes */
    bool suspended;       /* another program has the terminal */
    bool gone;            /* hung up */
    bool gone_unreported; /* dispatch_terminal() has yet to call on_gone */
    GSource *source;
    gpointer in_tag, out_tag;
    bool signals; /* this terminal has the signal handlers; only one of the process can */
    NjTermInput input;
    bool busy;  /* dispatch_terminal() is running and will free the struct if `freed` is set */
    bool freed; /* a hook has called nj_term_free() */
};

/* term-input.c */

void nj_term_input_init(NjTermInput *input);
void nj_term_input_clear(NjTermInput *input);

/* Reads what has arrived and calls the hooks, which may free the terminal (term->freed). Returns
 * false when the terminal is closed. */
bool nj_term_input_read(NjTerm *term);

/* Schedules nj_term_input_settle() with the ready time of the source, or cancels it if the input
 * is complete. */
void nj_term_input_arm(NjTerm *term);

/* To be called when the rest of the input has not arrived in time: delivers the held bytes as keys,
 * or ends the paste. */
void nj_term_input_settle(NjTerm *term);

#endif
