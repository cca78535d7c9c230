/* A grid of cells that panes draw on. A cell has a grapheme, a style and a link. A surface needs no
 * terminal; tests read it as text. */
#ifndef NJ_UI_SURFACE_H
#define NJ_UI_SURFACE_H

#include "base/base.h"
#include "ui/theme.h"

#define NJ_GLYPH_MANY 0x200000 /* greater than any code point */

typedef struct {
    /* A code point, or NJ_GLYPH_MANY + the index of a longer grapheme in the surface; 0: the right
     * half of a wide grapheme. */
    guint32 glyph;
    guint16 style; /* see nj_surface_style() */
    guint16 link;  /* see nj_surface_link(); 0: none */
} NjCell;

typedef struct NjSurface NjSurface;

NjSurface *nj_surface_new(int rows, int cols);
void nj_surface_free(NjSurface *surface);

/* Sets the size and makes all cells blank. */
void nj_surface_resize(NjSurface *surface, int rows, int cols);
int nj_surface_rows(const NjSurface *surface);
int nj_surface_cols(const NjSurface *surface);

/* A rectangle of a surface; a pane gets one to draw in. Drawing is clipped to it. */
typedef struct {
    NjSurface *surface;
    int row, col, rows, cols;
} NjArea;

NjArea nj_area(NjSurface *surface, int row, int col, int rows, int cols);

/* A part of an area, clipped; row and col are relative to the area. */
NjArea nj_area_part(NjArea area, int row, int col, int rows, int cols);

void nj_area_clear(NjArea area, NjStyle style);

/* Draws text from (row, col) up to its end, a newline or the edge of the area; length -1: up to the
 * NUL. The text must be sanitised. A wide grapheme that does not fit becomes a space. Returns the
 * column behind the text, at most the width of the area, unless the row is outside the area. */
int nj_area_put(NjArea area, int row, int col, NjStyle style, const char *text, gssize length);

/* The same with a link of nj_surface_link(); 0: none. */
int nj_area_put_link(NjArea area, int row, int col, NjStyle style, const char *text, gssize length,
                     guint16 link);

/* Repeats a glyph, which must be one cell wide, over the given number of cells. */
void nj_area_fill(NjArea area, int row, int col, int cells, NjStyle style, const char *glyph);

/* Returns an id for the address of a link (OSC 8), 0 if it cannot be one. Draw with it at once: the
 * surface keeps the last 1024 addresses. */
guint16 nj_surface_link(NjSurface *surface, const char *uri);

/* Returns the address of a link; NULL: no link, or the surface does not keep it any more. */
const char *nj_surface_uri(const NjSurface *surface, guint16 link);

/* Returns a counter that changes when the numbers of glyphs, styles and links in cells get another
 * meaning. */
guint nj_surface_generation(const NjSurface *surface);
const NjCell *nj_surface_cell(const NjSurface *surface, int row, int col);

/* Returns the glyph as UTF-8; the string is in the buffer or owned by the surface. */
const char *nj_surface_glyph(const NjSurface *surface, guint32 glyph, char buffer[8]);
NjStyle nj_surface_style(const NjSurface *surface, guint16 style);

/* Returns the rows joined by newlines, without trailing spaces, for tests; the caller frees it. */
char *nj_surface_text(const NjSurface *surface);

#endif
