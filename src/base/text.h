/* All text from the network and from files passes here once before it is kept, drawn, put in the
 * title or logged. Width is what the terminal layer will draw: wcwidth() of each code point, with
 * what a terminal cannot draw replaced, so that ours and the screen's count agree. */
#ifndef NJ_BASE_TEXT_H
#define NJ_BASE_TEXT_H

#include "base/base.h"

/* One line: names, nicks, topics, status texts.  Bad UTF-8 becomes U+FFFD; C0, C1, newlines and
 * tabs become a space (runs are one, ends trimmed); bidi controls, other format characters (Cf) and
 * noncharacters are dropped, combining marks capped at 4 a base; at most max bytes at a character's
 * edge (0: 1,024).  The caller owns the result. */
char *nj_text_line(const char *raw, gssize length, gsize max);

/* A body: newline and tab stay, CR LF and CR become LF, bidi controls stay but are closed at the
 * end of each line, the rest as above. No limit but the input's. */
char *nj_text_body(const char *raw, gssize length);

/* The same in pieces, each of whole characters, so that a long body holds nobody up.  end: takes
 * the walk; the caller owns the text. */
typedef struct NjTextBody NjTextBody;
NjTextBody *nj_text_body_new(void);
void nj_text_body_add(NjTextBody *body, const char *raw, gsize length);
char *nj_text_body_end(NjTextBody *body);

/* True if text already is what nj_text_body would make of it: the fast path makes no copy. */
bool nj_text_is_clean(const char *text, gsize length);

/* Steps over one grapheme as the screen draws it: a base with its combining marks in one or two
 * cells; a tab is four. A ZWJ sequence is its parts.  Returns the width in cells (0 only for a
 * newline or the end), *length its bytes. */
int nj_text_step(const char *text, const char *end, gsize *length);
int nj_text_width(const char *text, gssize length);

/* What a cell shows of one grapheme: its code points without invisible ones, at most NJ_TEXT_GLYPH;
 * returns how many. */
#define NJ_TEXT_GLYPH 5
guint nj_text_glyph(const char *grapheme, gsize length, gunichar out[NJ_TEXT_GLYPH]);

/* The longest start of text that fits into cells; *width what it takes. */
gsize nj_text_fit(const char *text, gssize length, int cells, int *width);

/* Cut to cells with "…" at the end where something is missing; the caller owns it. */
char *nj_text_ellipsize(const char *text, int cells);

/* Wraps one paragraph (a body may hold newlines) to rows of at most `cells`, the first row having
 * `first` cells. Breaks at spaces and between wide characters, else between graphemes; a row never
 * begins with the space it broke at. Where the first row is the shorter one, a word that does not
 * fit leaves it empty.  Appends NjTextRow to rows. */
typedef struct {
    guint start, length;
    int width;
} NjTextRow;

void nj_text_wrap(const char *text, int first, int cells, GArray *rows);

#endif
