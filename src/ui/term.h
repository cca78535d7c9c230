/* The terminal. Shows surfaces: writes the difference between two of them without blocking; while
 * bytes are pending, frames are skipped and not queued. Reads the input: separates keys from
 * pastes, focus reports, mouse reports and answers of the terminal. */
#ifndef NJ_UI_TERM_H
#define NJ_UI_TERM_H

#include "ui/surface.h"

typedef struct NjTerm NjTerm;

/* A hook may free the terminal. */
typedef struct {
    /* Typed keys in order; a key sequence may arrive in pieces. */
    void (*on_bytes)(NjTerm *term, const char *bytes, gsize length, void *owner);
    /* One bracketed paste as it was received. The hook frees the text. */
    void (*on_paste)(NjTerm *term, char *text, gsize length, void *owner);
    void (*on_resize)(NjTerm *term, int rows, int cols, void *owner);
    /* All bytes are written: nj_term_show() works again. */
    void (*on_ready)(NjTerm *term, void *owner);
    /* The terminal gets or loses the focus; also before and after a stop (Ctrl-z). */
    void (*on_focus)(NjTerm *term, bool has, void *owner);
    /* The terminal hung up. */
    void (*on_gone)(NjTerm *term, void *owner);
} NjTermHooks;

/* Opens the controlling terminal: raw mode, alternate screen, bracketed paste, focus reports. The
 * hooks are copied. Fails, with a sentence for the user, when there is no terminal or its type is
 * unknown or not sufficient. */
NjTerm *nj_term_open(const NjTermHooks *hooks, void *owner, GError **error);

/* The same on given descriptors, which stay open, and with a given terminfo type, for tests. */
NjTerm *nj_term_open_on(int in, int out, const char *type, const NjTermHooks *hooks, void *owner,
                        GError **error);

/* Restores the terminal. Waits at most 200 ms for a terminal that does not take bytes. */
void nj_term_free(NjTerm *term);
int nj_term_rows(const NjTerm *term);
int nj_term_cols(const NjTerm *term);

/* The number of colours: 0 (also if NO_COLOR is set), 8, 16, 256 or 1 << 24. */
int nj_term_colors(const NjTerm *term);

/* Whether nj_term_show() would work now. */
bool nj_term_ready(const NjTerm *term);

/* Shows the surface with the cursor at (row, col), which is hidden if row < 0. Returns false while
 * bytes are pending or another program has the terminal: call it again after on_ready. */
bool nj_term_show(NjTerm *term, const NjSurface *surface, int row, int col);

/* Ctrl-l: makes the next nj_term_show() write every cell. */
void nj_term_redraw(NjTerm *term);
void nj_term_bell(NjTerm *term);

/* Sets the title of the terminal; the text is sanitised. */
void nj_term_title(NjTerm *term, const char *text);

/* Ctrl-z: restores the terminal and stops the job with SIGTSTP. Returns after SIGCONT, with the
 * screen entered again. */
void nj_term_stop(NjTerm *term);

/* Suspends: restores the terminal, so that another program (an editor, pass) can have it. Until
 * nj_term_resume() frames are skipped and input is not read. */
void nj_term_suspend(NjTerm *term);
void nj_term_resume(NjTerm *term);
bool nj_term_is_suspended(const NjTerm *term);

/* The number of bytes written so far, for benchmarks. */
gsize nj_term_written(const NjTerm *term);

#endif
