/* The layout of a window: panes that divide its area, one of which has the focus. A zoomed layout
 * shows this pane alone. */
#ifndef NJ_UI_LAYOUT_H
#define NJ_UI_LAYOUT_H

#include "ui/pane.h"

typedef struct NjLayout NjLayout;
typedef enum { NJ_SPLIT_BELOW, NJ_SPLIT_BESIDE } NjSplit;

/* Makes a layout of one pane. The layout owns its panes; functions below that get a pane to add
 * take it. */
NjLayout *nj_layout_new(NjPane *pane);
void nj_layout_free(NjLayout *layout);
NjPane *nj_layout_focus(const NjLayout *layout);

/* Returns false if the layout does not have this pane. */
bool nj_layout_set_focus(NjLayout *layout, NjPane *pane);

/* Moves the focus by so many panes, in the order of the tree; negative: backwards. */
void nj_layout_focus_next(NjLayout *layout, int step);

/* Moves the focus to the nearest pane in a direction: rows -1 up, 1 down; cols -1 left, 1 right;
 * the other one is 0. Returns false if there is none. */
bool nj_layout_focus_towards(NjLayout *layout, int rows, int cols);

/* Halves the focused pane; the new pane gets the other half and the focus. On failure (the pane is
 * too small) frees the new pane and returns false. */
bool nj_layout_split(NjLayout *layout, NjSplit how, NjPane *pane, GError **error);

/* Removes and frees a pane. Returns false if it is the only one or not in the layout. */
bool nj_layout_close(NjLayout *layout, NjPane *pane);

/* Puts a pane in the place of another. Returns the old pane, which the caller owns now; NULL if it
 * is not in the layout. */
NjPane *nj_layout_replace(NjLayout *layout, NjPane *old, NjPane *pane);

/* Grows the focused pane by so many rows and columns; negative: shrinks it. Returns false if no
 * dividing line can move. */
bool nj_layout_resize(NjLayout *layout, int rows, int cols);

/* Shows the focused pane alone, or all panes again. */
void nj_layout_zoom(NjLayout *layout);
bool nj_layout_zoomed(const NjLayout *layout);

/* Returns the number of panes. */
guint nj_layout_count(const NjLayout *layout);
void nj_layout_each(NjLayout *layout, void (*func)(NjPane *pane, void *owner), void *owner);

/* Draws the heading of a pane: title, subject, and the hint at the right. */
void nj_layout_draw_head(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);

/* Draws the dirty panes with their headings; with `all`, or after a change of the layout, all panes
 * and the borders. */
void nj_layout_draw(NjLayout *layout, NjArea area, const NjTheme *theme, bool all);

#endif
