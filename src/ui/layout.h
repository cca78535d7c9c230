/* A tree of splits whose leaves are panes: who gets which rectangle, who has the focus, who is zoomed. */
#ifndef NJ_UI_LAYOUT_H
#define NJ_UI_LAYOUT_H

#include "ui/pane.h"

typedef struct NjLayout NjLayout;
typedef enum { NJ_SPLIT_BELOW, NJ_SPLIT_BESIDE } NjSplit;

NjLayout *nj_layout_new(NjPane *pane);                           /* takes the pane, as everywhere here */
void      nj_layout_free(NjLayout *layout);
NjPane   *nj_layout_focus(const NjLayout *layout);
bool      nj_layout_set_focus(NjLayout *layout, NjPane *pane);
void      nj_layout_focus_next(NjLayout *layout, int step);
bool      nj_layout_focus_towards(NjLayout *layout, int rows, int cols);     /* -1, 0, 1: up, left … */
bool      nj_layout_split(NjLayout *layout, NjSplit how, NjPane *pane, GError **error);    /* the focused leaf; the new one has the focus */
bool      nj_layout_close(NjLayout *layout, NjPane *pane);       /* frees the pane; false: it is the last */
NjPane   *nj_layout_replace(NjLayout *layout, NjPane *old, NjPane *pane);     /* returns old, owned by the caller */
bool      nj_layout_resize(NjLayout *layout, int rows, int cols);            /* the focused leaf grows or shrinks */
void      nj_layout_zoom(NjLayout *layout);                      /* the focused leaf alone, or all again */
bool      nj_layout_zoomed(const NjLayout *layout);
guint     nj_layout_count(const NjLayout *layout);
void      nj_layout_each(NjLayout *layout, void (*func)(NjPane *pane, void *owner), void *owner);
/* The line above a pane: title, subject, and the hint at the right. */
void      nj_layout_draw_head(NjPane *pane, NjArea area, const NjTheme *theme, bool focused);
/* Draws heads, borders and the panes that are dirty, or all. */
void      nj_layout_draw(NjLayout *layout, NjArea area, const NjTheme *theme, bool all);

#endif
