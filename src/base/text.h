/* Sanitising, measuring and wrapping of text. Text from the network and from files is sanitised
 * here before it is stored, drawn, put into the title or logged. The width of a text is the number
 * of cells in which ui/ draws it. It follows from wcwidth() of each code point; code points that a
 * terminal cannot draw have the width of their replacement. */
#ifndef NJ_BASE_TEXT_H
#define NJ_BASE_TEXT_H

#include "base/base.h"

/* Sanitises text of one line: names, nicks, topics, status texts. Each byte of bad UTF-8 becomes
 * U+FFFD; a run of spaces, C0 and C1 controls, newlines and tabs becomes one space, and is removed
 * at both ends. Bidi controls, other format characters (Cf, except the signs before numbers),
 * noncharacters, and combining marks beyond the fourth of a base are removed. length: in bytes, -1
 * for a string that ends in 0. The result is cut behind a whole character so that it has at most
 * max bytes (0: 1,024); the caller owns it. */
char *nj_text_line(const char *raw, gssize length, gsize max);

/* Sanitises a body. Newlines, tabs and spaces stay; CR LF, CR and the Unicode line separators
 * become LF; another control becomes a space. Bidi controls stay, and open ones are closed at the
 * end of each line. Bad UTF-8, format characters and marks are treated as in nj_text_line(). The
 * length of the result has no limit; the caller owns it. */
char *nj_text_body(const char *raw, gssize length);

/* nj_text_body() in pieces, so that a long body does not block the main loop. A piece must consist
 * of whole characters. nj_text_body_end() frees `body`; the caller owns the text. */
typedef struct NjTextBody NjTextBody;
NjTextBody *nj_text_body_new(void);
void nj_text_body_add(NjTextBody *body, const char *raw, gsize length);
char *nj_text_body_end(NjTextBody *body);

/* True if nj_text_body() would return the same text; makes no copy. */
bool nj_text_is_clean(const char *text, gsize length);

/* Measures the first grapheme of text: a base with its combining marks, one or two cells wide; a
 * tab has four cells. Each part of a ZWJ sequence counts as a grapheme. Sets *length to its bytes
 * and returns its width in cells, which is 0 only for a newline (*length is 1 or more) and at the
 * end or at a 0 byte (*length is 0). */
int nj_text_step(const char *text, const char *end, gsize *length);

/* Returns the width in cells of the first length bytes of text (-1: of all), at most up to a 0
 * byte. */
int nj_text_width(const char *text, gssize length);

#define NJ_TEXT_GLYPH 5 /* largest number of code points in a cell */

/* Writes to out the code points with which a cell draws a grapheme, and returns their number, 1 to
 * NJ_TEXT_GLYPH: invisible ones are left out, those that a terminal cannot draw are replaced. */
guint nj_text_glyph(const char *grapheme, gsize length, gunichar out[NJ_TEXT_GLYPH]);

/* Returns the length in bytes of the longest prefix of text that fits into `cells`, and sets *width
 * to its width in cells; width may be NULL. */
gsize nj_text_fit(const char *text, gssize length, int cells, int *width);

/* Returns a copy of text; if it is wider than `cells`, the copy is cut and ends in "…". */
char *nj_text_ellipsize(const char *text, int cells);

/* A part of a wrapped text that is one row on the screen. */
typedef struct {
    guint start, length; /* in bytes */
    int width;           /* in cells */
} NjTextRow;

/* Wraps text, which may have newlines, to rows of at most `cells`; the first row has at most
 * `first` cells. A row ends at spaces or beside a wide character; if it has neither, it ends
 * between two graphemes. A row does not begin with the spaces at which the row before it ends. If
 * the first row is narrower than the others and the first word does not fit into it, the first row
 * is empty. Appends NjTextRow to rows. */
void nj_text_wrap(const char *text, int first, int cells, GArray *rows);

#endif
