/* A tree of splits whose leaves are panes: who gets which rectangle, who has the focus, who is
 * zoomed. */
#ifndef NJ_UI_LAYOUT_H
#define NJ_UI_LAYOUT_H

#include "ui/pane.h"

typedef struct NjLayout NjLayout;
typedef enum { NJ_SPLIT_BELOW, NJ_SPLIT_BESIDE } NjSplit;

/* takes the pane, as everywhere here */
NjLayout *nj_layout_new(NjPane *pane);
void nj_layout_free(NjLayout *layout);
NjPane *nj_layout_focus(const NjLayout *layout);
bool nj_layout_set_focus(NjLayout *layout, NjPane *pane);
void nj_layout_focus_next(NjLayout *layout, int step);

/* -1, 0, 1: up, left … */
bool nj_layout_focus_towards(NjLayout *layout, int rows, int cols);

/* the focused leaf; the new one has the focus */
bool nj_layout_split(NjLayout *layout, NjSplit how, NjPane *pane, GError **error);

/* frees the pane; false: it is the last */
bool nj_layout_close(NjLayout *layout, NjPane *pane);

/* returns old, owned by the caller */
NjPane *nj_layout_replace(NjLayout *layout, NjPane *old, NjPane *pane);

/* the focused leaf grows or shrinks */
bool nj_layout_resize(NjLayout *layout, int rows, int cols);

/* the focused leaf alone, or all again */
void nj_layout_zoom(NjLayout *layout);
bool nj_layout_zoomed(const NjLayout *layout);
guint nj_layout_count(const NjLayout *layout);
void nj_layout_each(NjLayout *layout, void (*func)(NjPane *pane, void *owner), void *owner);

/* The line above a pane: title, subject, and the hint at the right. */
void nj_layout_draw_head(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);

/* Draws heads, borders and the panes that are dirty, or all. */
void nj_layout_draw(NjLayout *layout, NjArea area, const NjTheme *theme, bool all);

#endif
