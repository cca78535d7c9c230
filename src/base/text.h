/* Sanitising, measuring and wrapping of text. Text from the network and from files is sanitised
 * here before it is stored, drawn, put into the title or logged. Widths are those that ui/ draws:
 * wcwidth() of each code point, after code points that a terminal cannot draw are replaced. */
#ifndef NJ_BASE_TEXT_H
#define NJ_BASE_TEXT_H

#include "base/base.h"

/* Sanitises text of one line: names, nicks, topics, status texts. Each byte of bad UTF-8 becomes
 * U+FFFD; a run of spaces, C0 and C1 controls, newlines and tabs becomes one space, and is removed
 * at both ends; bidi controls, other format characters (Cf) and noncharacters are removed, and
 * combining marks beyond the fourth of a base. length: in bytes, -1 for a string that ends in 0.
 * The result is cut to whole characters of at most max bytes (0: 1,024); the caller owns it. */
char *nj_text_line(const char *raw, gssize length, gsize max);

/* Sanitises a body: newlines and tabs stay, CR LF and CR become LF, bidi controls stay and are
 * closed at the end of each line; the rest as above. The result has no limit; the caller owns
 * it. */
char *nj_text_body(const char *raw, gssize length);

/* The same in pieces, so that a long body does not block the main loop. A piece must consist of
 * whole characters. nj_text_body_end() frees `body`; the caller owns the text. */
typedef struct NjTextBody NjTextBody;
NjTextBody *nj_text_body_new(void);
void nj_text_body_add(NjTextBody *body, const char *raw, gsize length);
char *nj_text_body_end(NjTextBody *body);

/* True if nj_text_body() would return the same text; needs no copy. */
bool nj_text_is_clean(const char *text, gsize length);

/* Measures the first grapheme of text: a base with its combining marks, one or two cells wide; a
 * tab has four cells. The parts of a ZWJ sequence count as graphemes. Returns the width in cells,
 * which is 0 only for a newline (*length is 1 or more) and at the end (*length is 0). */
int nj_text_step(const char *text, const char *end, gsize *length);

/* The width of text in cells, up to its first end or 0. */
int nj_text_width(const char *text, gssize length);

/* Writes the code points that a cell shows of a grapheme, without invisible ones, at most
 * NJ_TEXT_GLYPH, to out; returns their number. */
#define NJ_TEXT_GLYPH 5
guint nj_text_glyph(const char *grapheme, gsize length, gunichar out[NJ_TEXT_GLYPH]);

/* Returns the length in bytes of the longest start of text that fits into cells; *width (may be
 * NULL) is its width. */
gsize nj_text_fit(const char *text, gssize length, int cells, int *width);

/* Returns text, cut to `cells` and ending in "…" if it is longer; the caller owns it. */
char *nj_text_ellipsize(const char *text, int cells);

typedef struct {
    guint start, length; /* in bytes */
    int width;           /* in cells */
} NjTextRow;

/* Wraps text, which may have newlines, to rows of at most `cells`; the first row has `first` cells.
 * Breaks at spaces and between wide characters, otherwise between graphemes. A row does not begin
 * with the space at which the row before it ends. If the first row is shorter than the others and
 * the first word does not fit, the first row is empty. Appends NjTextRow to rows. */

void nj_text_wrap(const char *text, int first, int cells, GArray *rows);

#endif
