/* The terminal. Output: nj_term_show() writes what differs from the surface shown before, without
 * blocking; while earlier bytes are pending, new frames are skipped and not queued. Input: keys,
 * pastes and focus reports go to the hooks; mouse reports and the terminal's answers to queries are
 * dropped. */
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
    /* The terminal has another size than before, also after a stop or nj_term_resume(). */
    void (*on_resize)(NjTerm *term, int rows, int cols, void *owner);
    /* nj_term_show() works again: all pending bytes are written, or the screen has been entered
     * again with the same size. */
    void (*on_ready)(NjTerm *term, void *owner);
    /* The terminal has got (`has`) or lost the focus. A stop (Ctrl-z) counts as losing it until the
     * program continues. */
    void (*on_focus)(NjTerm *term, bool has, void *owner);
    /* The terminal has hung up: it can only be freed. */
    void (*on_gone)(NjTerm *term, void *owner);
} NjTermHooks;

/* Opens the controlling terminal: raw mode, alternate screen, bracketed paste, focus reports. The
 * hooks are copied. Fails, with a sentence for the user, when there is no terminal or its type is
 * unknown or not sufficient. */
NjTerm *nj_term_open(const NjTermHooks *hooks, void *owner, GError **error);

/* The same on given descriptors, which stay open, and with a given terminfo type, for tests. */
NjTerm *nj_term_open_on(int in, int out, const char *type, const NjTermHooks *hooks, void *owner,
                        GError **error);

/* Restores the terminal and frees it. If the terminal does not take the last bytes, gives up after
 * 200 ms. */
void nj_term_free(NjTerm *term);
int nj_term_rows(const NjTerm *term);
int nj_term_cols(const NjTerm *term);

/* The number of colours: 0 (also if NO_COLOR is set), 8, 16, 256 or 1 << 24. */
int nj_term_colors(const NjTerm *term);

/* Returns false while the terminal does not take pending bytes, while another program has the
 * terminal, and after a hang-up. */
bool nj_term_ready(const NjTerm *term);

/* Shows the surface with the cursor at (row, col); row < 0 hides the cursor. Does nothing and
 * returns false unless nj_term_ready(): call it again after on_ready. */
bool nj_term_show(NjTerm *term, const NjSurface *surface, int row, int col);

/* Ctrl-l: makes the next nj_term_show() write every cell. */
void nj_term_redraw(NjTerm *term);
void nj_term_bell(NjTerm *term);

/* Sets the title of the terminal, if its type is known to have one; the text is sanitised. */
void nj_term_title(NjTerm *term, const char *text);

/* Ctrl-z: restores the terminal and stops the job with SIGTSTP. Returns after SIGCONT, with the
 * screen entered again. */
void nj_term_stop(NjTerm *term);

/* Restores the terminal and lends it to another program (an editor, pass). Until nj_term_resume()
 * frames are skipped and input is not read. */
void nj_term_suspend(NjTerm *term);
void nj_term_resume(NjTerm *term);
bool nj_term_is_suspended(const NjTerm *term);

/* The number of bytes written so far, for benchmarks. */
gsize nj_term_written(const NjTerm *term);

#endif
