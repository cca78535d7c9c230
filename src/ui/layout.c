/* The layout of a window is a binary tree: a node is either a leaf with a pane, or it has two
 * halves, which are side by side or one below the other.
 *
 * Every leaf has a heading, which also separates it from the leaf above. Halves side by side have a
 * line between them. Sizes are stored as shares and not in cells, so that panes keep their
 * proportions when the terminal is resized. A leaf without rows or columns is not drawn, but can
 * get the focus. */
#include "ui/layout.h"

#include "base/text.h"

#define WHOLE 1000 /* the shares of the two halves of a split add up to this */

/* The smallest half that a split makes; the rows are the heading and two more. */
#define MIN_ROWS 3
#define MIN_COLS 16

typedef struct Node Node;
struct Node {
    Node *parent;
    NjPane *pane;  /* of a leaf; NULL: two halves */
    NjSplit split; /* how the halves divide the area */
    Node *half[2];
    int share;                /* of the first half, in parts of WHOLE */
    int row, col, rows, cols; /* area at the last frame */
};

struct NjLayout {
    Node *root;
    Node *focus; /* always a leaf */
    bool zoomed;
    bool changed; /* the next frame draws everything */
};

static Node *
new_leaf(NjPane *pane)
{
    Node *node = g_new0(Node, 1);
    node->pane = pane;
    return node;
}

NjLayout *
nj_layout_new(NjPane *pane)
{
    NjLayout *layout = g_new0(NjLayout, 1);
    layout->root = layout->focus = new_leaf(pane);
    layout->changed = true;
    return layout;
}

static void
free_node(Node *node)
{
    if (!node)
        return;
    free_node(node->half[0]);
    free_node(node->half[1]);
    nj_pane_free(node->pane);
    g_free(node);
}

void
nj_layout_free(NjLayout *layout)
{
    if (!layout)
        return;
    free_node(layout->root);
    g_free(layout);
}

static void
collect_leaves(Node *node, GPtrArray *leaves)
{
    if (node->pane) {
        g_ptr_array_add(leaves, node);
        return;
    }
    collect_leaves(node->half[0], leaves);
    collect_leaves(node->half[1], leaves);
}

static GPtrArray *
get_leaves(const NjLayout *layout)
{
    GPtrArray *leaves = g_ptr_array_new();
    collect_leaves(layout->root, leaves);
    return leaves;
}

static Node *
find_leaf(const NjLayout *layout, const NjPane *pane)
{
    g_autoptr(GPtrArray) leaves = get_leaves(layout);
    for (guint i = 0; i < leaves->len; i++)
        if (((Node *) g_ptr_array_index(leaves, i))->pane == pane)
            return g_ptr_array_index(leaves, i);
    return NULL;
}

NjPane *
nj_layout_focus(const NjLayout *layout)
{
    return layout->focus->pane;
}

static void
focus_leaf(NjLayout *layout, Node *leaf)
{
    layout->focus = leaf;
    layout->changed = true;
}

bool
nj_layout_set_focus(NjLayout *layout, NjPane *pane)
{
    Node *leaf = find_leaf(layout, pane);
    if (!leaf)
        return false;
    focus_leaf(layout, leaf);
    return true;
}

void
nj_layout_focus_next(NjLayout *layout, int step)
{
    g_autoptr(GPtrArray) leaves = get_leaves(layout);
    guint at = 0;
    g_ptr_array_find(leaves, layout->focus, &at);
    int length = (int) leaves->len, next = (((int) at + step) % length + length) % length;
    focus_leaf(layout, g_ptr_array_index(leaves, (guint) next));
}

/* Returns whether `to` lies entirely beyond the edge of `from` in this direction. */
static bool
is_beyond(const Node *to, const Node *from, int rows, int cols)
{
    if (rows > 0)
        return to->row >= from->row + from->rows;
    if (rows < 0)
        return to->row + to->rows <= from->row;
    if (cols > 0)
        return to->col >= from->col + from->cols;
    return to->col + to->cols <= from->col;
}

/* Chooses the leaf in this direction whose centre is nearest. The distance across the direction
 * counts four times, so that a leaf straight ahead is preferred. */
bool
nj_layout_focus_towards(NjLayout *layout, int rows, int cols)
{
    const Node *from = layout->focus;
    g_autoptr(GPtrArray) leaves = get_leaves(layout);
    Node *best = NULL;
    int best_distance = G_MAXINT;

    for (guint i = 0; i < leaves->len; i++) {
        Node *to = g_ptr_array_index(leaves, i);
        int down = (to->row * 2 + to->rows) - (from->row * 2 + from->rows);
        int right = (to->col * 2 + to->cols) - (from->col * 2 + from->cols);
        if (to == from || !is_beyond(to, from, rows, cols))
            continue;
        int distance = rows ? ABS(down) + 4 * ABS(right) : ABS(right) + 4 * ABS(down);
        if (distance < best_distance) {
            best = to;
            best_distance = distance;
        }
    }

    if (!best)
        return false;

    focus_leaf(layout, best);
    return true;
}

bool
nj_layout_split(NjLayout *layout, NjSplit split, NjPane *pane, GError **error)
{
    Node *node = layout->focus;
    bool below = split == NJ_SPLIT_BELOW, drawn = node->rows > 0 && node->cols > 0;

    if (drawn && (below ? node->rows < 2 * MIN_ROWS : node->cols < 2 * MIN_COLS + 1)) {
        g_set_error_literal(error, G_IO_CHANNEL_ERROR, G_IO_CHANNEL_ERROR_NOSPC,
                            _("This pane is too small to be split; make the terminal larger or "
                              "close another pane."));
        nj_pane_free(pane);
        return false;
    }

    node->half[0] = new_leaf(node->pane);
    node->half[1] = new_leaf(pane);

    /* Set the approximate sizes, because another split may need them before the next frame. */
    for (int i = 0; i < 2; i++) {
        node->half[i]->parent = node;
        node->half[i]->rows = below ? node->rows / 2 : node->rows;
        node->half[i]->cols = below ? node->cols : node->cols / 2;
    }

    node->pane = NULL;
    node->split = split;
    node->share = WHOLE / 2;
    layout->zoomed = false;
    focus_leaf(layout, node->half[1]);

    return true;
}

/* The parent node becomes what the other half was: a leaf or two halves. */
bool
nj_layout_close(NjLayout *layout, NjPane *pane)
{
    Node *leaf = find_leaf(layout, pane), *parent = leaf ? leaf->parent : NULL;
    if (!parent)
        return false;

    Node *other = parent->half[parent->half[0] == leaf];
    bool focused = layout->focus == leaf, moved = layout->focus == other;
    nj_pane_free(leaf->pane);
    g_free(leaf);
    parent->pane = other->pane;
    parent->split = other->split;
    parent->share = other->share;
    parent->half[0] = other->half[0];
    parent->half[1] = other->half[1];

    for (int i = 0; i < 2; i++)
        if (parent->half[i])
            parent->half[i]->parent = parent;
    g_free(other);

    /* The focus was on the closed leaf, or on the node `other`, whose place has changed. */
    if (focused || moved) {
        Node *node = parent;
        while (!node->pane)
            node = node->half[0];
        layout->focus = node;
    }

    layout->zoomed = false;
    layout->changed = true;
    return true;
}

NjPane *
nj_layout_replace(NjLayout *layout, NjPane *old, NjPane *pane)
{
    Node *leaf = find_leaf(layout, old);
    if (!leaf)
        return NULL;
    leaf->pane = pane;
    layout->changed = true;
    return old;
}

/* Finds the innermost split of this kind around the focused leaf and moves its dividing line, so
 * that the half with the leaf grows by `step` rows or columns. Returns false if there is none. */
static bool
move_divider(NjLayout *layout, NjSplit split, int step)
{
    for (Node *node = layout->focus; step && node->parent; node = node->parent) {
        Node *parent = node->parent;
        if (parent->split != split)
            continue;
        int size = MAX(split == NJ_SPLIT_BELOW ? parent->rows : parent->cols, 1);
        int change = step * WHOLE / size + (step > 0 ? 1 : -1);
        parent->share =
            CLAMP(parent->share + (parent->half[0] == node ? change : -change), 50, WHOLE - 50);
        layout->changed = true;
        return true;
    }

    return false;
}

bool
nj_layout_resize(NjLayout *layout, int rows, int cols)
{
    bool below = move_divider(layout, NJ_SPLIT_BELOW, rows),
         beside = move_divider(layout, NJ_SPLIT_BESIDE, cols);
    return below || beside;
}

void
nj_layout_zoom(NjLayout *layout)
{
    layout->zoomed = !layout->zoomed && !layout->root->pane;
    layout->changed = true;
}

bool
nj_layout_zoomed(const NjLayout *layout)
{
    return layout->zoomed;
}

guint
nj_layout_count(const NjLayout *layout)
{
    g_autoptr(GPtrArray) leaves = get_leaves(layout);
    return leaves->len;
}

void
nj_layout_each(NjLayout *layout, void (*func)(NjPane *pane, void *owner), void *owner)
{
    g_autoptr(GPtrArray) leaves = get_leaves(layout);
    for (guint i = 0; i < leaves->len; i++)
        func(((Node *) g_ptr_array_index(leaves, i))->pane, owner);
}

void
nj_layout_draw_head(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    const NjPaneClass *class = pane->class;
    g_autofree char *title = class->title ? class->title(pane) : NULL;
    g_autofree char *subject = class->subject ? class->subject(pane) : NULL;
    g_autofree char *hint = class->hint ? class->hint(pane) : NULL;
    NjStyle style = nj_theme_style(theme, focused ? NJ_ROLE_FOCUS : NJ_ROLE_TITLE);
    NjStyle dimmed = nj_theme_style(theme, NJ_ROLE_DIM);

    dimmed.bg = style.bg;
    dimmed.attrs |= style.attrs & NJ_ATTR_REVERSE;

    NjStyle blank = { style.fg, style.bg, style.attrs & NJ_ATTR_REVERSE };
    style.attrs |= NJ_ATTR_BOLD;
    nj_area_clear(area, blank);

    int right = hint ? nj_text_width(hint, -1) + 2 : 0;
    bool has_hint = hint && area.cols - right >= 12;
    int cells = area.cols - (has_hint ? right : 0) - 2;
    if (cells <= 0)
        return;

    g_autofree char *shown = nj_text_ellipsize(title ? title : "", cells);
    int x = nj_area_put(area, 0, 1, style, shown, -1);
    if (subject && *subject && cells - x > 8) {
        /* A subject may have several lines; the heading has one. */
        g_autofree char *line = nj_text_line(subject, -1, 0);
        g_autofree char *cut = nj_text_ellipsize(line, cells - x - 1);
        nj_area_put(area, 0, x + 2, dimmed, cut, -1);
    }

    if (has_hint)
        nj_area_put(area, 0, area.cols - right + 1, style, hint, -1);
}

static void
draw_leaf(NjLayout *layout, Node *node, NjArea area, const NjTheme *theme, bool all)
{
    NjPane *pane = node->pane;
    if (!all && !pane->dirty)
        return;

    pane->dirty = false;
    bool focused = layout->focus == node;
    if (area.rows <= 0 || area.cols <= 0)
        return;

    /* Draw the pane first: this moves the view, and the hint in the heading depends on the view. */
    int head = area.rows >= 3;
    pane->class->draw(pane, nj_area_part(area, head, 0, area.rows - head, area.cols), theme,
                      focused);
    /* A single pane is not marked as focused. */
    if (head)
        nj_layout_draw_head(pane, nj_area_part(area, 0, 0, 1, area.cols), theme,
                            focused && !layout->root->pane);
}

static void
draw_node(NjLayout *layout, Node *node, NjArea area, const NjTheme *theme, bool all)
{
    node->row = area.row;
    node->col = area.col;
    node->rows = area.rows;
    node->cols = area.cols;

    if (node->pane) {
        draw_leaf(layout, node, area, theme, all);
        return;
    }

    if (node->split == NJ_SPLIT_BELOW) {
        int first =
            CLAMP(area.rows * node->share / WHOLE, MIN(1, area.rows), MAX(area.rows - 1, 0));
        draw_node(layout, node->half[0], nj_area_part(area, 0, 0, first, area.cols), theme, all);
        draw_node(layout, node->half[1], nj_area_part(area, first, 0, area.rows - first, area.cols),
                  theme, all);
        return;
    }

    int first = CLAMP(area.cols * node->share / WHOLE, MIN(1, area.cols), MAX(area.cols - 2, 0));
    draw_node(layout, node->half[0], nj_area_part(area, 0, 0, area.rows, first), theme, all);
    draw_node(layout, node->half[1],
              nj_area_part(area, 0, first + 1, area.rows, area.cols - first - 1), theme, all);
    if (all)
        for (int y = 0; y < area.rows; y++)
            nj_area_put(area, y, first, nj_theme_style(theme, NJ_ROLE_BORDER), "│", -1);
}

void
nj_layout_draw(NjLayout *layout, NjArea area, const NjTheme *theme, bool all)
{
    all = all || layout->changed;
    layout->changed = false;
    if (layout->zoomed) {
        draw_leaf(layout, layout->focus, area, theme, all);
        return;
    }
    draw_node(layout, layout->root, area, theme, all);
}
