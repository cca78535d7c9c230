/* Keeps the output short, because the connection to the terminal may be slow: an unchanged row
 * costs no bytes and one memcmp(), a typed character costs its own bytes, the cells of a short gap
 * are written again where that is shorter than moving the cursor, and blanks at the end of a row
 * are erased.
 *
 * After a glyph whose width terminals dispute, the cursor is placed again and the next cell is
 * written, too: a terminal with another width garbles one glyph and not the row. After the last
 * column the cursor is unknown: some terminals wrap late (term.c switches wrapping off). */
#include "ui/paint.h"

#include <string.h>

#define UNKNOWN -1
/* The longest gap, in cells, that is written again: moving the cursor takes three bytes or more. */
#define MAX_GAP 4
#define HIDE_ABOVE 400 /* bytes; the cursor is hidden while a longer frame is drawn */

struct NjPaint {
    NjPaintAbilities abilities;
    /* The surface of the last frame. May have been freed: used only inside nj_paint_frame(). */
    const NjSurface *surface;
    guint generation; /* that of the surface at that time */
    int rows, cols;
    NjCell *front; /* the cells of the last frame */
    bool known;    /* the terminal shows `front` */
    int row, col;  /* the cursor; col may be UNKNOWN */
    bool hidden;   /* the cursor is hidden */
    NjStyle style; /* what the terminal uses for the next glyph */
    guint16 link;  /* likewise */
};

static const NjStyle plain = { -1, -1, 0 };

NjPaint *
nj_paint_new(NjPaintAbilities abilities)
{
    NjPaint *paint = g_new0(NjPaint, 1);
    paint->abilities = abilities;
    paint->col = UNKNOWN;
    paint->style = plain;
    return paint;
}

void
nj_paint_free(NjPaint *paint)
{
    if (!paint)
        return;
    g_free(paint->front);
    g_free(paint);
}

void
nj_paint_forget(NjPaint *paint)
{
    paint->known = false;
}

/* Moves the cursor with as few bytes as possible. */
static void
move_to(NjPaint *paint, int row, int col, GString *out)
{
    bool here = paint->row == row && paint->col != UNKNOWN;
    int back = paint->col - col;

    if (here && back == 0)
        return;

    if (paint->row == row && col == 0)
        g_string_append_c(out, '\r');
    else if (here && back > 0 && back <= 3)
        g_string_append_len(out, "\b\b\b", back);
    else if (here && back == -1)
        g_string_append(out, "\033[C");
    else if (here && back < 0)
        g_string_append_printf(out, "\033[%dC", -back);
    else if (paint->row == row - 1 && col == 0)
        g_string_append(out, "\r\n");
    else if (paint->row == row - 1 && paint->col == col)
        g_string_append_c(out, '\n');
    else if (col == 0)
        g_string_append_printf(out, "\033[%dH", row + 1);
    else
        g_string_append_printf(out, "\033[%d;%dH", row + 1, col + 1);

    paint->row = row;
    paint->col = col;
}

/* Adds the SGR parameters of a colour; base: 30 for the foreground, 40 for the background. */
static void
add_color(GString *codes, int color, int base)
{
    if (color < 0)
        g_string_append_printf(codes, "%d;", base + 9);
    else if (color < 8)
        g_string_append_printf(codes, "%d;", base + color);
    else if (color < 16)
        g_string_append_printf(codes, "%d;", base + 60 + color - 8);
    else if (color < 256)
        g_string_append_printf(codes, "%d;5;%d;", base + 8, color);
    else
        g_string_append_printf(codes, "%d;2;%d;%d;%d;", base + 8, color >> 16 & 0xff,
                               color >> 8 & 0xff, color & 0xff);
}

/* Adds the SGR parameters that turn one style into the other, each with a semicolon behind it. */
static void
add_style_change(GString *codes, NjStyle from, NjStyle to)
{
    static const struct {
        guint8 attr, on, off;
    } attributes[] = {
        { NJ_ATTR_BOLD, 1, 22 },      { NJ_ATTR_DIM, 2, 22 },     { NJ_ATTR_ITALIC, 3, 23 },
        { NJ_ATTR_UNDERLINE, 4, 24 }, { NJ_ATTR_REVERSE, 7, 27 },
    };

    guint8 ended = from.attrs & ~to.attrs, begun = to.attrs & ~from.attrs;
    if (ended & (NJ_ATTR_BOLD | NJ_ATTR_DIM)) {
        g_string_append(codes, "22;"); /* ends both bold and dim */
        begun |= to.attrs & (NJ_ATTR_BOLD | NJ_ATTR_DIM);
        ended &= ~(NJ_ATTR_BOLD | NJ_ATTR_DIM);
    }

    for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
        if (ended & attributes[i].attr)
            g_string_append_printf(codes, "%d;", attributes[i].off);
        if (begun & attributes[i].attr)
            g_string_append_printf(codes, "%d;", attributes[i].on);
    }

    if (from.fg != to.fg)
        add_color(codes, to.fg, 30);
    if (from.bg != to.bg)
        add_color(codes, to.bg, 40);
}

static bool
is_same_style(NjStyle a, NjStyle b)
{
    return a.fg == b.fg && a.bg == b.bg && a.attrs == b.attrs;
}

static void
set_style(NjPaint *paint, NjStyle style, GString *out)
{
    style.attrs &= paint->abilities.attrs;
    if (is_same_style(style, paint->style))
        return;

    gsize start = out->len;
    g_string_append(out, "\033[");
    if (!is_same_style(style, plain)) {
        add_style_change(out, paint->style, style);
        gsize changed = out->len;
        g_string_append(out, "\033[;"); /* or reset and set everything, if that is shorter */
        add_style_change(out, plain, style);
        if (out->len - changed < changed - start)
            g_string_erase(out, start, changed - start);
        else
            g_string_truncate(out, changed);
        g_string_truncate(out, out->len - 1);
    }

    g_string_append_c(out, 'm');
    paint->style = style;
}

static void
set_link(NjPaint *paint, guint16 link, GString *out)
{
    if (paint->link == link)
        return;
    const char *uri = link != 0 ? nj_surface_uri(paint->surface, link) : NULL;
    if (paint->abilities.links && (uri || paint->link != 0))
        g_string_append_printf(out, "\033]8;;%s\033\\", uri ? uri : "");
    paint->link = uri ? link : 0;
}

/* Whether all terminals agree on the width of the glyph: common scripts, but no emoji, combining
 * marks, private or recently added characters. */
static bool
is_undisputed(guint32 glyph)
{
    static const struct {
        guint32 first, end; /* end: the first one after the range */
    } ranges[] = {
        { 0, 0x300 },       { 0x370, 0x483 },   { 0x484, 0x530 },   { 0x1e00, 0x2000 },
        { 0x2010, 0x2028 }, { 0x2500, 0x25a0 }, { 0x3000, 0x302a }, { 0x3041, 0x3099 },
        { 0x309b, 0xa000 }, { 0xac00, 0xd7a4 }, { 0xff01, 0xff61 }, { 0x20000, 0x30000 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(ranges); i++)
        if (glyph >= ranges[i].first && glyph < ranges[i].end)
            return true;
    return false;
}

/* Whether the cell looks like an erased one: a blank without link, background colour, underline and
 * reverse. */
static bool
is_empty(const NjSurface *surface, const NjCell *cell)
{
    if (cell->glyph != ' ' || cell->link != 0)
        return false;
    NjStyle style = nj_surface_style(surface, cell->style);
    return style.bg == -1 && (style.attrs & (NJ_ATTR_REVERSE | NJ_ATTR_UNDERLINE)) == 0;
}

static bool
is_same(const NjCell *a, const NjCell *b)
{
    return a->glyph == b->glyph && a->style == b->style && a->link == b->link;
}

static void
draw_cell(NjPaint *paint, const NjSurface *surface, const NjCell *cell, int width, GString *out)
{
    char buffer[8];
    set_style(paint, nj_surface_style(surface, cell->style), out);
    set_link(paint, cell->link, out);
    if (cell->glyph < 0x80)
        g_string_append_c(out, cell->glyph == 0 ? ' ' : (char) cell->glyph);
    else
        g_string_append(out, nj_surface_glyph(surface, cell->glyph, buffer));

    paint->col += width;
    if (paint->col >= paint->cols || !is_undisputed(cell->glyph))
        paint->col = UNKNOWN;
}

/* Whether the cell is ASCII and has the current style and link. */
static bool
costs_one_byte(const NjPaint *paint, const NjSurface *surface, const NjCell *cell)
{
    NjStyle style = nj_surface_style(surface, cell->style);
    style.attrs &= paint->abilities.attrs;
    bool is_ascii = cell->glyph >= ' ' && cell->glyph < 0x7f;
    return is_ascii && cell->link == paint->link && is_same_style(style, paint->style);
}

/* Brings the cursor to col, over cells that the terminal already shows. A short gap of ASCII with
 * the current style and link is written again; over any other the cursor is moved. */
static void
skip_to(NjPaint *paint, const NjSurface *surface, int row, int col, GString *out)
{
    bool in_row = paint->col != UNKNOWN && paint->row == row;
    bool rewrite = in_row && col > paint->col && col - paint->col <= MAX_GAP;
    for (int i = paint->col; rewrite && i < col; i++)
        rewrite = costs_one_byte(paint, surface, nj_surface_cell(surface, row, i));

    if (!rewrite) {
        move_to(paint, row, col, out);
        return;
    }

    while (paint->col < col)
        draw_cell(paint, surface, nj_surface_cell(surface, row, paint->col), 1, out);
}

static void
draw_row(NjPaint *paint, const NjSurface *surface, int row, GString *out)
{
    const NjCell *back = nj_surface_cell(surface, row, 0);
    NjCell *front = paint->front + (gsize) row * (gsize) paint->cols;
    int cols = paint->cols;

    if (memcmp(front, back, (gsize) cols * sizeof *back) == 0)
        return;

    int end = cols; /* the row is empty from here on */
    while (end > 0 && is_empty(surface, &back[end - 1]))
        end--;

    bool forced = false; /* write the next cell, after a disputed width */
    for (int col = 0; col < end;) {
        int width = col + 1 < cols && back[col + 1].glyph == 0 ? 2 : 1;
        bool same = is_same(&front[col], &back[col])
                    && (width == 1 || is_same(&front[col + 1], &back[col + 1]));
        if (!same || forced) {
            skip_to(paint, surface, row, col, out);
            draw_cell(paint, surface, &back[col], width, out);
            forced = !is_undisputed(back[col].glyph);
        }
        col += width;
    }

    int last = cols; /* the cells from `end` to here must be erased */
    while (last > end && is_same(&front[last - 1], &back[last - 1]))
        last--;

    if (last > end || forced) {
        int first = end;
        while (!forced && is_same(&front[first], &back[first]))
            first++;
        if (first < cols) {
            skip_to(paint, surface, row, first, out);
            set_style(paint, plain, out);
            set_link(paint, 0, out);
            /* A single blank is shorter than erasing, and it moves the cursor to where a typed
             * space needs it. */
            if (last - first == 1 && first + 1 < cols) {
                g_string_append_c(out, ' ');
                paint->col++;
            } else {
                g_string_append(out, "\033[K");
            }
        }
    }

    memcpy(front, back, (gsize) cols * sizeof *back);
}

/* Appends the bytes that clear the screen; `front` is blank afterwards. */
static void
clear_screen(NjPaint *paint, const NjSurface *surface, GString *out)
{
    paint->rows = nj_surface_rows(surface);
    paint->cols = nj_surface_cols(surface);

    gsize count = (gsize) paint->rows * (gsize) paint->cols;
    paint->front = g_renew(NjCell, paint->front, count);
    for (gsize i = 0; i < count; i++)
        paint->front[i] = (NjCell){ ' ', 0, 0 };

    g_string_append(out, paint->abilities.links ? "\033]8;;\033\\\033[m\033[H\033[2J"
                                                : "\033[m\033[H\033[2J");
    paint->style = plain;
    paint->link = 0;
    paint->row = paint->col = 0;
    paint->surface = surface;
    paint->generation = nj_surface_generation(surface);
    paint->known = true;
}

void
nj_paint_frame(NjPaint *paint, const NjSurface *surface, int row, int col, GString *out)
{
    gsize start = out->len;
    if (!paint->known || paint->surface != surface
        || paint->generation != nj_surface_generation(surface))
        clear_screen(paint, surface, out);
    for (int i = 0; i < paint->rows && paint->cols > 0; i++)
        draw_row(paint, surface, i, out);

    set_link(paint, 0, out);
    bool hide = row < 0 || row >= paint->rows || paint->cols == 0;
    if (!paint->hidden && (hide || out->len - start > HIDE_ABOVE)) {
        g_string_insert(out, (gssize) start, "\033[?25l");
        paint->hidden = true;
    }

    if (hide)
        return;

    skip_to(paint, surface, row, CLAMP(col, 0, paint->cols - 1), out);
    if (paint->hidden) {
        g_string_append(out, "\033[?25h");
        paint->hidden = false;
    }
}

void
nj_paint_end(NjPaint *paint, GString *out)
{
    set_style(paint, plain, out);
    set_link(paint, 0, out);
    if (paint->hidden)
        g_string_append(out, "\033[?25h");
    paint->hidden = false;
    paint->known = false;
    paint->col = UNKNOWN;
}
