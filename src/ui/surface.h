/* A grid of cells that panes draw on.  It knows no terminal; a test prints it as text.  A cell is a
 * grapheme, a style and a link. */
#ifndef NJ_UI_SURFACE_H
#define NJ_UI_SURFACE_H

#include "base/base.h"
#include "ui/theme.h"

#define NJ_GLYPH_MANY 0x200000

typedef struct {
    /* a code point, or NJ_GLYPH_MANY + index of a longer grapheme in the surface; 0: right half of
     * a wide one */
    guint32 glyph;
    guint16 style; /* index of an interned NjStyle */
    guint16 link;  /* 0: none */
} NjCell;

typedef struct NjSurface NjSurface;

NjSurface *nj_surface_new(int rows, int cols);
void nj_surface_free(NjSurface *surface);

/* blank afterwards */
void nj_surface_resize(NjSurface *surface, int rows, int cols);
int nj_surface_rows(const NjSurface *surface);
int nj_surface_cols(const NjSurface *surface);

/* A rectangle of a surface: what a pane is given. Everything outside is clipped. */
typedef struct {
    NjSurface *surface;
    int row, col, rows, cols;
} NjArea;

NjArea nj_area(NjSurface *surface, int row, int col, int rows, int cols);

/* relative, clipped */
NjArea nj_area_part(NjArea area, int row, int col, int rows, int cols);

void nj_area_clear(NjArea area, NjStyle style);

/* Draws sanitised text from (row, col), cut at the area's edge (a wide grapheme that does not fit
 * becomes a space, a newline ends it). Returns the column behind it, at most the area's width. */
int nj_area_put(NjArea area, int row, int col, NjStyle style, const char *text, gssize length);
int nj_area_put_link(NjArea area, int row, int col, NjStyle style, const char *text, gssize length,
                     guint16 link);
void nj_area_fill(NjArea area, int row, int col, int cells, NjStyle style, const char *glyph);

/* an id for OSC 8, to be drawn with at once; 0: no address */
guint16 nj_surface_link(NjSurface *surface, const char *uri);
const char *nj_surface_uri(const NjSurface *surface, guint16 link);

/* glyphs, styles and links of another one mean something else */
guint nj_surface_generation(const NjSurface *surface);
const NjCell *nj_surface_cell(const NjSurface *surface, int row, int col);

/* as UTF-8 */
const char *nj_surface_glyph(const NjSurface *surface, guint32 glyph, char buffer[8]);
NjStyle nj_surface_style(const NjSurface *surface, guint16 style);

/* rows joined by newlines, trailing spaces cut: for tests */
char *nj_surface_text(const NjSurface *surface);

#endif
