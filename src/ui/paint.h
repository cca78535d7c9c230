/* Turns the difference between what a terminal shows and a surface into bytes, for any terminal
 * that understands ECMA-48. Uses neither a descriptor nor terminfo. */
#ifndef NJ_UI_PAINT_H
#define NJ_UI_PAINT_H

#include "ui/surface.h"

typedef struct {
    guint8 attrs; /* NJ_ATTR_… that the terminal has */
    bool links;   /* OSC 8 works */
} NjPaintAbilities;

typedef struct NjPaint NjPaint;

NjPaint *nj_paint_new(NjPaintAbilities abilities);
void nj_paint_free(NjPaint *paint);

/* Forgets the last frame, because the terminal may not show it: the next frame writes every
 * cell. */
void nj_paint_forget(NjPaint *paint);

/* Appends the bytes that turn the last frame into this one, with the cursor at (row, col); row < 0
 * hides the cursor. */
void nj_paint_frame(NjPaint *paint, const NjSurface *surface, int row, int col, GString *out);

/* Appends the bytes that end styles and links and show the cursor, before the screen is left. */
void nj_paint_end(NjPaint *paint, GString *out);

#endif
