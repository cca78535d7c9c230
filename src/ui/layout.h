/* The layout of a window: panes that divide its area, one of which has the focus. A zoomed layout
 * shows this pane alone. */
#ifndef NJ_UI_LAYOUT_H
#define NJ_UI_LAYOUT_H

#include "ui/pane.h"

typedef struct NjLayout NjLayout;
typedef enum { NJ_SPLIT_BELOW, NJ_SPLIT_BESIDE } NjSplit;

/* Makes a layout of one pane. A layout owns its panes: this function, nj_layout_split() and
 * nj_layout_replace() take the new pane. */
NjLayout *nj_layout_new(NjPane *pane);
void nj_layout_free(NjLayout *layout);
NjPane *nj_layout_focus(const NjLayout *layout);

/* Moves the focus to this pane. Returns false if the layout does not have it. */
bool nj_layout_set_focus(NjLayout *layout, NjPane *pane);

/* Moves the focus by so many panes, in the order of the tree (left before right, upper before
 * lower); negative: backwards. After the last pane comes the first one. */
void nj_layout_focus_next(NjLayout *layout, int step);

/* Moves the focus to the nearest pane in one direction: up (rows -1), down (rows 1), left (cols -1)
 * or right (cols 1); the other argument is 0. Returns false if no pane is there. */
bool nj_layout_focus_towards(NjLayout *layout, int rows, int cols);

/* Splits the focused pane in two halves; the new pane gets the second half and the focus. If the
 * focused pane is too small, frees the new pane, sets *error and returns false. */
bool nj_layout_split(NjLayout *layout, NjSplit how, NjPane *pane, GError **error);

/* Removes and frees a pane; the other half of its split gets its room. Returns false if it is the
 * only pane or not in the layout. */
bool nj_layout_close(NjLayout *layout, NjPane *pane);

/* Puts a pane in the place of another. Returns the old pane, which the caller owns now; NULL if it
 * is not in the layout. */
NjPane *nj_layout_replace(NjLayout *layout, NjPane *old, NjPane *pane);

/* Grows the focused pane by so many rows and columns; negative: shrinks it. Returns false if no
 * dividing line can move. */
bool nj_layout_resize(NjLayout *layout, int rows, int cols);

/* Shows the focused pane alone, or all panes again. Has no effect on a single pane. */
void nj_layout_zoom(NjLayout *layout);
bool nj_layout_zoomed(const NjLayout *layout);

/* Returns the number of panes. */
guint nj_layout_count(const NjLayout *layout);

/* Calls `func` with each pane, in the order of the tree. It must not add or remove panes. */
void nj_layout_each(NjLayout *layout, void (*func)(NjPane *pane, void *owner), void *owner);

/* Draws the heading of a pane: title, subject, and the hint at the right. */
void nj_layout_draw_head(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);

/* Draws the dirty panes with their headings. With `all`, or after a change of the layout, draws all
 * panes and the borders. */
void nj_layout_draw(NjLayout *layout, NjArea area, const NjTheme *theme, bool all);

#endif
