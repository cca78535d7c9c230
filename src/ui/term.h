/* The terminal: the only file that knows it.  Shows surfaces by writing their difference through
 * its own non-blocking descriptor; while bytes are pending, frames are skipped, not queued.  Owns
 * the input bytes: pastes, focus, mouse and the terminal's replies are cut out, the rest are
 * keys. */
#ifndef NJ_UI_TERM_H
#define NJ_UI_TERM_H

#include "ui/surface.h"

typedef struct NjTerm NjTerm;

typedef struct {
    /* keys, in order; whole or partial sequences */
    void (*on_bytes)(NjTerm *term, const char *bytes, gsize length, void *owner);
    /* one bracketed paste, raw; takes text */
    void (*on_paste)(NjTerm *term, char *text, gsize length, void *owner);
    void (*on_resize)(NjTerm *term, int rows, int cols, void *owner);
    /* all bytes are out: a frame may be shown again */
    void (*on_ready)(NjTerm *term, void *owner);
    /* also before we are suspended, and behind it */
    void (*on_focus)(NjTerm *term, bool has, void *owner);
    void (*on_gone)(NjTerm *term, void *owner); /* hung up */
} NjTermHooks;

/* Opens the terminal of this process; sets raw mode, alternate screen, bracketed paste, focus
 * events. An error is a sentence. */
NjTerm *nj_term_open(const NjTermHooks *hooks, void *owner, GError **error);

/* For tests: a terminal on given descriptors, of terminfo type. */
NjTerm *nj_term_open_on(int in, int out, const char *type, const NjTermHooks *hooks, void *owner,
                        GError **error);

/* restores everything; waits 200 ms at most for a terminal that does not read */
void nj_term_free(NjTerm *term);
int nj_term_rows(const NjTerm *term);
int nj_term_cols(const NjTerm *term);

/* 0, 8, 16, 256, 1<<24; NO_COLOR honoured */
int nj_term_colors(const NjTerm *term);
bool nj_term_ready(const NjTerm *term);

/* Shows the surface, the cursor at (row, col), hidden if row < 0. False if bytes are still pending:
 * call again at on_ready. */
bool nj_term_show(NjTerm *term, const NjSurface *surface, int row, int col);

/* Ctrl-l: the next show draws everything */
void nj_term_redraw(NjTerm *term);
void nj_term_bell(NjTerm *term);

/* sanitised here again */
void nj_term_title(NjTerm *term, const char *text);

/* Ctrl-z: restores, SIGTSTP to ourselves; back at SIGCONT with a redraw */
void nj_term_stop(NjTerm *term);

/* Lends the terminal to a program (editor, pass); frames are skipped meanwhile, input is not
 * read. */
void nj_term_suspend(NjTerm *term);
void nj_term_resume(NjTerm *term);
bool nj_term_is_suspended(const NjTerm *term);

/* bytes so far: for the bench */
gsize nj_term_written(const NjTerm *term);

#endif
