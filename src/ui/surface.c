/* Stores the cells, and the tables of the styles, long graphemes and links that they refer to.
 *
 * A grapheme of several code points is called long; its cell holds an index in a table. Received
 * text can contain any number of different ones (each letter with any four marks), so the table is
 * bounded: when it is full, the entries that no cell uses are dropped and the rest get new numbers.
 * The generation then changes, because ui/paint.c cannot compare the cells with those of the last
 * frame any more. Links are in a ring: a new one replaces the oldest, whose cells become plain
 * text. An id is used again only after some 65,000 others. */
#include "ui/surface.h"

#include <string.h>

#include "base/text.h"

#define LONG_SPARE 1024 /* entries of the table of long graphemes beyond the number of cells */
#define MAX_STYLES 16384
#define LINKS 1024 /* size of the ring */
#define MAX_URI 2048

typedef struct {
    guint16 id;
    char *uri;
} Link;

struct NjSurface {
    int rows, cols;
    NjCell *cells;
    guint generation;
    GArray *styles;        /* of NjStyle; 0 is the default style of the terminal */
    GHashTable *style_ids; /* NjStyle -> index in styles */
    NjStyle last_style;    /* as last passed to intern_style(), which returned last_style_id */
    guint16 last_style_id;
    GPtrArray *longs;     /* texts of long graphemes, owned by long_ids */
    GHashTable *long_ids; /* text -> index in longs */
    Link *links;          /* LINKS of them, by id modulo LINKS; NULL: no link so far */
    GHashTable *link_ids; /* uri, owned by `links` -> id */
    guint16 next_link;
};

static const NjCell blank = { ' ', 0, 0 };

static guint
hash_style(gconstpointer key)
{
    const NjStyle *style = key;
    return (guint) style->fg * 31 + (guint) style->bg * 131071 + style->attrs;
}

static gboolean
is_same_style(gconstpointer a, gconstpointer b)
{
    const NjStyle *x = a, *y = b;
    return x->fg == y->fg && x->bg == y->bg && x->attrs == y->attrs;
}

static void
free_contents(NjSurface *surface)
{
    g_clear_pointer(&surface->style_ids, g_hash_table_unref);
    g_clear_pointer(&surface->styles, g_array_unref);
    g_clear_pointer(&surface->longs, g_ptr_array_unref);
    g_clear_pointer(&surface->long_ids, g_hash_table_unref);
    g_clear_pointer(&surface->link_ids, g_hash_table_unref);
    for (guint i = 0; surface->links && i < LINKS; i++)
        g_free(surface->links[i].uri);

    g_clear_pointer(&surface->links, g_free);
    g_clear_pointer(&surface->cells, g_free);
}

static GHashTable *
new_long_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

NjSurface *
nj_surface_new(int rows, int cols)
{
    NjSurface *surface = g_new0(NjSurface, 1);
    nj_surface_resize(surface, rows, cols);
    return surface;
}

void
nj_surface_free(NjSurface *surface)
{
    if (!surface)
        return;
    free_contents(surface);
    g_free(surface);
}

void
nj_surface_resize(NjSurface *surface, int rows, int cols)
{
    free_contents(surface);
    surface->rows = MAX(rows, 0);
    surface->cols = MAX(cols, 0);

    gsize count = (gsize) surface->rows * (gsize) surface->cols;
    surface->cells = g_new(NjCell, count);
    for (gsize i = 0; i < count; i++)
        surface->cells[i] = blank;

    surface->generation++;
    surface->last_style = (NjStyle){ -1, -1, 0 };
    surface->last_style_id = 0;
    surface->styles = g_array_new(FALSE, FALSE, sizeof(NjStyle));
    surface->style_ids = g_hash_table_new_full(hash_style, is_same_style, g_free, NULL);
    g_array_append_val(surface->styles, surface->last_style);
    g_hash_table_insert(surface->style_ids, g_memdup2(&surface->last_style, sizeof(NjStyle)),
                        GUINT_TO_POINTER(0));
    surface->longs = g_ptr_array_new();

    surface->long_ids = new_long_table();
}

int
nj_surface_rows(const NjSurface *surface)
{
    return surface->rows;
}

int
nj_surface_cols(const NjSurface *surface)
{
    return surface->cols;
}

guint
nj_surface_generation(const NjSurface *surface)
{
    return surface->generation;
}

/* Returns the number of a style. A new style gets the number 0 (the default style) when there are
 * MAX_STYLES already. */
static guint16
intern_style(NjSurface *surface, NjStyle style)
{
    if (is_same_style(&style, &surface->last_style))
        return surface->last_style_id;

    gpointer id;
    if (!g_hash_table_lookup_extended(surface->style_ids, &style, NULL, &id)) {
        if (surface->styles->len == MAX_STYLES)
            return 0;
        id = GUINT_TO_POINTER(surface->styles->len);
        g_array_append_val(surface->styles, style);
        g_hash_table_insert(surface->style_ids, g_memdup2(&style, sizeof style), id);
    }

    surface->last_style = style;
    surface->last_style_id = (guint16) GPOINTER_TO_UINT(id);
    return surface->last_style_id;
}

/* Returns the glyph number of a long grapheme, which is added to the table if it is new. */
static guint32
add_long(NjSurface *surface, const char *text)
{
    gpointer id;
    if (!g_hash_table_lookup_extended(surface->long_ids, text, NULL, &id)) {
        char *own = g_strdup(text);
        id = GUINT_TO_POINTER(surface->longs->len);
        g_ptr_array_add(surface->longs, own);
        g_hash_table_insert(surface->long_ids, own, id);
    }
    return NJ_GLYPH_MANY + GPOINTER_TO_UINT(id);
}

/* Rebuilds the table of long graphemes from those that cells use, with new numbers. */
static void
drop_unused_longs(NjSurface *surface)
{
    g_autoptr(GPtrArray) old = g_steal_pointer(&surface->longs);

    /* Owns the old texts until the end of this function. */
    GHashTable *owner = g_steal_pointer(&surface->long_ids);
    surface->longs = g_ptr_array_new();
    surface->long_ids = new_long_table();

    gsize count = (gsize) surface->rows * (gsize) surface->cols;
    for (gsize i = 0; i < count; i++)
        if (surface->cells[i].glyph >= NJ_GLYPH_MANY)
            surface->cells[i].glyph =
                add_long(surface, g_ptr_array_index(old, surface->cells[i].glyph - NJ_GLYPH_MANY));

    g_hash_table_unref(owner);
    surface->generation++;
}

/* Returns the glyph number of a grapheme: its code point, or that of add_long(). */
static guint32
intern_glyph(NjSurface *surface, const char *grapheme, gsize length)
{
    gunichar points[NJ_TEXT_GLYPH];
    guint count = nj_text_glyph(grapheme, length, points);

    if (count == 1)
        return points[0];

    char text[NJ_TEXT_GLYPH * 6 + 1];
    gsize bytes = 0;
    for (guint i = 0; i < count; i++)
        bytes += g_unichar_to_utf8(points[i], text + bytes);

    text[bytes] = '\0';
    if (surface->longs->len >= (guint) (surface->rows * surface->cols) + LONG_SPARE)
        drop_unused_longs(surface);
    return add_long(surface, text);
}

NjArea
nj_area(NjSurface *surface, int row, int col, int rows, int cols)
{
    NjArea whole = { surface, 0, 0, surface->rows, surface->cols };
    return nj_area_part(whole, row, col, rows, cols);
}

NjArea
nj_area_part(NjArea area, int row, int col, int rows, int cols)
{
    int top = CLAMP(row, 0, area.rows), left = CLAMP(col, 0, area.cols);
    int bottom = CLAMP(row + rows, top, area.rows), right = CLAMP(col + cols, left, area.cols);
    return (NjArea){ area.surface, area.row + top, area.col + left, bottom - top, right - left };
}

static NjCell *
cell_at(NjSurface *surface, int row, int col)
{
    return surface->cells + (gsize) row * (gsize) surface->cols + col;
}

/* To be called before the cells from col to end - 1 are overwritten. If a wide grapheme lies across
 * either edge, its other half, outside these cells, becomes a space. */
static void
split_wide(NjSurface *surface, int row, int col, int end)
{
    if (col < end && col > 0 && cell_at(surface, row, col)->glyph == 0)
        cell_at(surface, row, col - 1)->glyph = ' ';
    if (col < end && end < surface->cols && cell_at(surface, row, end)->glyph == 0)
        cell_at(surface, row, end)->glyph = ' ';
}

static void
write_blanks(NjSurface *surface, int row, int col, int end, guint16 style)
{
    NjCell *cell = cell_at(surface, row, col);
    for (; col < end; col++)
        *cell++ = (NjCell){ ' ', style, 0 };
}

void
nj_area_clear(NjArea area, NjStyle style)
{
    guint16 id = intern_style(area.surface, style);
    for (int row = area.row; row < area.row + area.rows; row++) {
        split_wide(area.surface, row, area.col, area.col + area.cols);
        write_blanks(area.surface, row, area.col, area.col + area.cols, id);
    }
}

int
nj_area_put_link(NjArea area, int row, int col, NjStyle style, const char *text, gssize length,
                 guint16 link)
{
    const char *s = text, *end = text + (length < 0 ? strlen(text) : (gsize) length);
    if (row < 0 || row >= area.rows)
        return col + nj_text_width(text, length);

    NjSurface *surface = area.surface;
    guint16 id = intern_style(surface, style);
    int at_row = area.row + row;
    while (s < end && col < area.cols) {
        gsize bytes;
        int width = nj_text_step(s, end, &bytes);
        if (width == 0)
            break;
        int from = MAX(col, 0), to = MIN(col + width, area.cols);
        if (from < to) {
            split_wide(surface, at_row, area.col + from, area.col + to);
            bool whole = width <= 2 && to - from == width;
            if (whole) {
                NjCell *cell = cell_at(surface, at_row, area.col + col);
                guint32 glyph = bytes == 1 && *s >= ' ' && *s < 0x7f
                                    ? (guint32) *s
                                    : intern_glyph(surface, s, bytes);
                *cell = (NjCell){ glyph, id, link };
                if (width == 2)
                    cell[1] = (NjCell){ 0, id, link };
            } else {
                write_blanks(surface, at_row, area.col + from, area.col + to, id);
            }
        }
        col += width;
        s += bytes;
    }

    return MIN(col, area.cols);
}

int
nj_area_put(NjArea area, int row, int col, NjStyle style, const char *text, gssize length)
{
    return nj_area_put_link(area, row, col, style, text, length, 0);
}

void
nj_area_fill(NjArea area, int row, int col, int cells, NjStyle style, const char *glyph)
{
    if (row < 0 || row >= area.rows || nj_text_width(glyph, -1) != 1)
        return;

    int from = MAX(col, 0), to = MIN(col + cells, area.cols);
    if (from >= to)
        return;

    guint16 id = intern_style(area.surface, style);
    guint32 number = intern_glyph(area.surface, glyph, strlen(glyph));
    split_wide(area.surface, area.row + row, area.col + from, area.col + to);

    NjCell *cell = cell_at(area.surface, area.row + row, area.col + from);
    for (int i = from; i < to; i++)
        *cell++ = (NjCell){ number, id, 0 };
}

guint16
nj_surface_link(NjSurface *surface, const char *uri)
{
    if (!uri || strlen(uri) > MAX_URI)
        return 0;

    /* An OSC 8 sequence may contain printable ASCII only. */
    for (const char *c = uri; *c != '\0'; c++)
        if (*c <= ' ' || *c >= 0x7f)
            return 0;

    if (!surface->links) {
        surface->links = g_new0(Link, LINKS);
        surface->link_ids = g_hash_table_new(g_str_hash, g_str_equal);
        surface->next_link = 1;
    }

    guint16 id = (guint16) GPOINTER_TO_UINT(g_hash_table_lookup(surface->link_ids, uri));
    if (id != 0)
        return id;

    id = surface->next_link;
    surface->next_link = id == G_MAXUINT16 ? 1 : id + 1;

    Link *link = &surface->links[id % LINKS];
    if (link->uri)
        g_hash_table_remove(surface->link_ids, link->uri);
    g_free(link->uri);
    link->id = id;
    link->uri = g_strdup(uri);
    g_hash_table_insert(surface->link_ids, link->uri, GUINT_TO_POINTER(id));

    return id;
}

const char *
nj_surface_uri(const NjSurface *surface, guint16 link)
{
    if (link == 0 || !surface->links || surface->links[link % LINKS].id != link)
        return NULL;
    return surface->links[link % LINKS].uri;
}

const NjCell *
nj_surface_cell(const NjSurface *surface, int row, int col)
{
    return surface->cells + (gsize) row * (gsize) surface->cols + col;
}

const char *
nj_surface_glyph(const NjSurface *surface, guint32 glyph, char buffer[8])
{
    if (glyph >= NJ_GLYPH_MANY)
        return g_ptr_array_index(surface->longs, glyph - NJ_GLYPH_MANY);
    gsize bytes = glyph == 0 ? 0 : (gsize) g_unichar_to_utf8(glyph, buffer);
    buffer[bytes] = '\0';
    return buffer;
}

NjStyle
nj_surface_style(const NjSurface *surface, guint16 style)
{
    return g_array_index(surface->styles, NjStyle, style);
}

char *
nj_surface_text(const NjSurface *surface)
{
    GString *text = g_string_new(NULL);
    for (int row = 0; row < surface->rows; row++) {
        gsize start = text->len;
        for (int col = 0; col < surface->cols; col++) {
            char buffer[8];
            g_string_append(
                text, nj_surface_glyph(surface, nj_surface_cell(surface, row, col)->glyph, buffer));
        }
        while (text->len > start && text->str[text->len - 1] == ' ')
            g_string_truncate(text, text->len - 1);
        if (row < surface->rows - 1)
            g_string_append_c(text, '\n');
    }

    return g_string_free(text, FALSE);
}
