/* The difference between what a terminal shows and a surface, as bytes for any terminal that speaks
 * ECMA-48. Knows no descriptor and no terminfo. */
#ifndef NJ_UI_PAINT_H
#define NJ_UI_PAINT_H

#include "ui/surface.h"

typedef struct {
    guint8 attrs; /* NJ_ATTR_…: those it has */
    bool links;   /* OSC 8 */
} NjPaintAbilities;

typedef struct NjPaint NjPaint;

NjPaint *nj_paint_new(NjPaintAbilities abilities);
void nj_paint_free(NjPaint *paint);

/* the terminal shows who knows what: the next frame draws everything */
void nj_paint_forget(NjPaint *paint);

/* Appends what turns the last frame into this one, the cursor at (row, col), hidden if row < 0. */
void nj_paint_frame(NjPaint *paint, const NjSurface *surface, int row, int col, GString *out);

/* plain style, no link, the cursor visible */
void nj_paint_end(NjPaint *paint, GString *out);

#endif
