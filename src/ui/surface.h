/* A grid of cells that panes draw on.  It knows no terminal; a test prints it as text.  A cell is a grapheme, a style and a link. */
#ifndef NJ_UI_SURFACE_H
#define NJ_UI_SURFACE_H

#include "base/base.h"
#include "ui/theme.h"

#define NJ_GLYPH_MANY 0x200000

typedef struct {
    guint32 glyph;              /* a code point, or NJ_GLYPH_MANY + index of a longer grapheme in the surface; 0: right half of a wide one */
    guint16 style;              /* index of an interned NjStyle */
    guint16 link;               /* 0: none */
} NjCell;

typedef struct NjSurface NjSurface;

NjSurface *nj_surface_new(int rows, int cols);
void       nj_surface_free(NjSurface *surface);
void       nj_surface_resize(NjSurface *surface, int rows, int cols);       /* blank afterwards */
int        nj_surface_rows(const NjSurface *surface);
int        nj_surface_cols(const NjSurface *surface);

/* A rectangle of a surface: what a pane is given. Everything outside is clipped. */
typedef struct { NjSurface *surface; int row, col, rows, cols; } NjArea;
NjArea nj_area(NjSurface *surface, int row, int col, int rows, int cols);
NjArea nj_area_part(NjArea area, int row, int col, int rows, int cols);     /* relative, clipped */

void   nj_area_clear(NjArea area, NjStyle style);
/* Draws sanitised text from (row, col), cut at the area's edge (a wide grapheme that does not fit becomes a space, a newline ends it).
   Returns the column behind it, at most the area's width. */
int    nj_area_put(NjArea area, int row, int col, NjStyle style, const char *text, gssize length);
int    nj_area_put_link(NjArea area, int row, int col, NjStyle style, const char *text, gssize length, guint16 link);
void   nj_area_fill(NjArea area, int row, int col, int cells, NjStyle style, const char *glyph);

guint16     nj_surface_link(NjSurface *surface, const char *uri);           /* an id for OSC 8, to be drawn with at once; 0: no address */
const char *nj_surface_uri(const NjSurface *surface, guint16 link);
guint       nj_surface_generation(const NjSurface *surface);                /* glyphs, styles and links of another one mean something else */
const NjCell *nj_surface_cell(const NjSurface *surface, int row, int col);
const char *nj_surface_glyph(const NjSurface *surface, guint32 glyph, char buffer[8]);      /* as UTF-8 */
NjStyle     nj_surface_style(const NjSurface *surface, guint16 style);
char       *nj_surface_text(const NjSurface *surface);                      /* rows joined by newlines, trailing spaces cut: for tests */

#endif
