/* Reads theme files.
 *
 *     # a comment has its own line
 *     light = true
 *     nick = 108 bold | green bold | bold
 *
 * A role has up to three looks: for 256 colours or more, for 16, and for none. A look is a colour,
 * `on` and a background colour, and attributes, each of them optional. A colour is `default`, a
 * name (black … white, bright-black … bright-white), a number up to 255 or #rrggbb; the look for 16
 * colours cannot have numbers above 15 or #rrggbb, that for none has only attributes. A missing
 * look is derived from the one before it. If the role `nick` has no colour, nicks and addresses get
 * no colours of their own. Roles that a file leaves out are taken from `plain_look`, which has the
 * same syntax.
 *
 * The shipped themes are compiled in (themes.inc is made from their files), so they work before
 * anything is installed. A file with the same name, the user's or the installed one, takes
 * precedence. */
#include "ui/theme.h"

#include <string.h>

#include "base/color.h"
#include "base/files.h"
#include "base/text.h"

#define MAX_FILE (64 * 1024)
#define MAX_CACHE 4096 /* entries of NjTheme.names; when it is full, it is emptied */

struct NjTheme {
    int colors;
    bool light; /* for a light background */
    NjStyle styles[NJ_ROLE_COUNT];
    GHashTable *names; /* nick or address -> NjStyle: a cache for nj_theme_name_style() */
};

#define ROLE_NAME(id, name, what) name,
static const char *const role_names[] = { NJ_ROLES(ROLE_NAME) };
#undef ROLE_NAME

static const char *const color_names[] = {
    "black",        "red",           "green",       "yellow",         "blue",
    "magenta",      "cyan",          "white",       "bright-black",   "bright-red",
    "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white"
};

static const struct {
    const char *name;
    guint8 attr;
} attributes[] = {
    { "bold", NJ_ATTR_BOLD },       { "underline", NJ_ATTR_UNDERLINE },
    { "reverse", NJ_ATTR_REVERSE }, { "italic", NJ_ATTR_ITALIC },
    { "dim", NJ_ATTR_DIM },
};

static const struct {
    const char *name, *text;
} shipped[] = {
#include "ui/themes.inc"
};

/* A theme file in itself; see the comment at the top. */
static const char plain_look[] = "dim = dim\n"
                                 "time = dim\n"
                                 "nick = bold\n"
                                 "own = bold\n"
                                 "mention = bold\n"
                                 "action = italic\n"
                                 "mark = dim\n"
                                 "day = dim\n"
                                 "unread = bold\n"
                                 "warning = yellow bold | yellow bold | bold\n"
                                 "error = red bold | red bold | bold\n"
                                 "found = yellow bold | yellow bold | bold underline\n"
                                 "border = dim\n"
                                 "focus = bold\n"
                                 "status = reverse\n"
                                 "status-dim = reverse\n"
                                 "status-hot = reverse bold\n"
                                 "status-bad = reverse bold underline\n"
                                 "prompt = bold\n"
                                 "selected = reverse\n"
                                 "group = bold\n"
                                 "offline = dim\n"
                                 "moderator = bold\n"
                                 "link = underline\n";

/* Returns the intensity (0 … 255) of a step (0 … 5) of the colour cube, as in xterm. */
static int
cube_level(int step)
{
    return step == 0 ? 0 : 55 + 40 * step;
}

/* Returns the nearest of the 256 colours, without the first 16, which differ between terminals: the
 * cube (16 … 231) and the greys (232 … 255). */
static int
find_nearest_color(int r, int g, int b)
{
    int best = 16, best_distance = G_MAXINT;
    for (int cell = 16; cell < 256; cell++) {
        int grey = 8 + 10 * (cell - 232);
        int dr = (cell < 232 ? cube_level((cell - 16) / 36) : grey) - r;
        int dg = (cell < 232 ? cube_level((cell - 16) / 6 % 6) : grey) - g;
        int db = (cell < 232 ? cube_level((cell - 16) % 6) : grey) - b;
        int distance = dr * dr + dg * dg + db * db;
        if (distance < best_distance) {
            best = cell;
            best_distance = distance;
        }
    }

    return best;
}

/* Returns false if the word is not a colour. */
static bool
parse_color(const char *word, int *color)
{
    if (strcmp(word, "default") == 0) {
        *color = -1;
        return true;
    }

    for (guint i = 0; i < G_N_ELEMENTS(color_names); i++)
        if (strcmp(word, color_names[i]) == 0) {
            *color = (int) i;
            return true;
        }

    guint64 number;
    if (g_ascii_string_to_unsigned(word, 10, 0, 255, &number, NULL)) {
        *color = (int) number;
        return true;
    }

    if (word[0] == '#' && strlen(word) == 7 && strspn(word + 1, "0123456789abcdefABCDEF") == 6) {
        *color = NJ_RGB(0, 0, 0) | (int) g_ascii_strtoull(word + 1, NULL, 16);
        return true;
    }

    return false;
}

/* Reads one look. Returns NULL or a sentence about the fault, which the caller frees. */
static char *
parse_look(const char *text, NjStyle *style)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    int *color = &style->fg;

    for (guint i = 0; words[i]; i++) {
        if (words[i][0] == '\0')
            continue;
        if (strcmp(words[i], "on") == 0) {
            color = &style->bg;
            continue;
        }
        guint a = 0;
        while (a < G_N_ELEMENTS(attributes) && strcmp(words[i], attributes[a].name) != 0)
            a++;
        if (a < G_N_ELEMENTS(attributes))
            style->attrs |= attributes[a].attr;
        else if (!parse_color(words[i], color))
            return g_strdup_printf(_("“%s” is neither a colour nor an attribute."), words[i]);
    }

    return NULL;
}

/* Maps a colour to one that a terminal with this number of colours has; -1: the default colour. */
static int
fit_color(int color, int colors)
{
    if (color >= NJ_RGB(0, 0, 0) && colors <= 256)
        color = find_nearest_color(color >> 16 & 0xff, color >> 8 & 0xff, color & 0xff);
    return color < colors || color >= NJ_RGB(0, 0, 0) ? color : -1;
}

/* Maps a style to one that a terminal with this number of colours has. With eight colours a bright
 * foreground is bold, but bright black is dim. */
static NjStyle
fit_style(NjStyle style, int colors)
{
    if (colors == 8 && style.fg == 8) {
        style.fg = -1;
        style.attrs |= NJ_ATTR_DIM;
    } else if (colors == 8 && style.fg > 8 && style.fg < 16) {
        style.fg -= 8;
        style.attrs |= NJ_ATTR_BOLD;
    }

    if (colors == 8 && style.bg >= 8 && style.bg < 16)
        style.bg -= 8;
    style.fg = fit_color(style.fg, colors);
    style.bg = fit_color(style.bg, colors);

    return style;
}

/* Reads the looks of a role and sets its style. Returns a fault like parse_look(). */
static char *
parse_role(NjTheme *theme, NjRole role, const char *value)
{
    g_auto(GStrv) looks = g_strsplit(value, "|", -1);
    guint count = g_strv_length(looks);

    if (count > 3)
        return g_strdup(_("A role has at most three looks: for 256 colours, for 16 and for none."));

    const NjStyle plain = { -1, -1, 0 };
    NjStyle styles[3] = { plain, plain, plain };
    for (guint i = 0; i < count; i++) {
        char *fault = parse_look(looks[i], &styles[i]);
        if (fault)
            return fault;
    }

    if (count < 2) {
        styles[1] = styles[0];
        styles[1].fg = styles[0].fg > 15 ? -1 : styles[0].fg;
        styles[1].bg = styles[0].bg > 15 ? -1 : styles[0].bg;
    }

    if (count < 3)
        styles[2] = (NjStyle){ -1, -1, styles[1].attrs };
    if (styles[1].fg > 15 || styles[1].bg > 15)
        return g_strdup(
            _("The look for 16 colours can use only names of colours and numbers to 15."));
    if (styles[2].fg != -1 || styles[2].bg != -1)
        return g_strdup(_("The look without colours can use only attributes."));

    int look = 2;
    if (theme->colors >= 256)
        look = 0;
    else if (theme->colors >= 8)
        look = 1;
    theme->styles[role] = fit_style(styles[look], theme->colors);

    return NULL;
}

/* Reads a line of a theme file. Returns a fault like parse_look(). */
static char *
parse_line(NjTheme *theme, char *line)
{
    g_strstrip(line);
    if (line[0] == '\0' || line[0] == '#')
        return NULL;

    char *value = strchr(line, '=');
    if (!value)
        return g_strdup(
            _("A line must be of the form ROLE = LOOK, for example: nick = green bold"));

    *value++ = '\0';
    g_strchomp(line);
    value = g_strchug(value);

    if (strcmp(line, "light") == 0) {
        theme->light = strcmp(value, "true") == 0;
        if (theme->light || strcmp(value, "false") == 0)
            return NULL;
        return g_strdup(_("“light” must be true or false."));
    }

    for (int role = 0; role < NJ_ROLE_COUNT; role++)
        if (strcmp(line, role_names[role]) == 0)
            return parse_role(theme, (NjRole) role, value);
    return g_strdup_printf(_("There is no role “%s”; natterjack --dump theme lists the roles."),
                           line);
}

static void
parse_theme(NjTheme *theme, const char *text, const char *file, GPtrArray *faults)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i]; i++) {
        g_autofree char *fault = parse_line(theme, lines[i]);
        if (!fault || !faults)
            continue;
        g_autofree char *whole = g_strdup_printf(_("%s, line %u: %s"), file, i + 1, fault);
        g_ptr_array_add(faults, nj_text_line(whole, -1, 0));
    }
}

NjTheme *
nj_theme_builtin(int colors)
{
    NjTheme *theme = g_new0(NjTheme, 1);
    theme->colors = colors;
    for (int role = 0; role < NJ_ROLE_COUNT; role++)
        theme->styles[role] = (NjStyle){ -1, -1, 0 };
    theme->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    parse_theme(theme, plain_look, "", NULL);
    return theme;
}

static const char *
find_shipped(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(shipped); i++)
        if (strcmp(shipped[i].name, name) == 0)
            return shipped[i].text;
    return NULL;
}

static NjTheme *
new_theme_from(const char *text, const char *file, int colors, GPtrArray *faults)
{
    NjTheme *theme = nj_theme_builtin(colors);
    parse_theme(theme, text, file, faults);
    return theme;
}

NjTheme *
nj_theme_load(const char *name, const char *const *dirs, int colors, GPtrArray *faults,
              GError **error)
{
    g_autofree char *file = g_strconcat(name, ".theme", NULL);
    bool plain_name = name[0] != '\0' && name[0] != '.' && !strchr(name, '/');

    for (guint i = 0; plain_name && dirs && dirs[i]; i++) {
        g_autofree char *path = g_build_filename(dirs[i], file, NULL);
        g_autofree char *text = NULL;
        gsize length;
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        if (!nj_files_read(path, MAX_FILE, &text, &length, error))
            return NULL;
        return new_theme_from(text, file, colors, faults);
    }

    if (find_shipped(name))
        return new_theme_from(find_shipped(name), file, colors, faults);

    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                _("There is no theme “%s”; /theme lists the themes."), name);
    return NULL;
}

void
nj_theme_free(NjTheme *theme)
{
    if (!theme)
        return;
    g_hash_table_unref(theme->names);
    g_free(theme);
}

NjStyle
nj_theme_style(const NjTheme *theme, NjRole role)
{
    return theme->styles[role];
}

/* A colour for names and its hue: the angle in CIE LUV, in which XEP-0392 measures, too.
 *
 * The tables below hold the colours (of the cube and the greys, or of the first 16) that can be
 * read on a dark or a light background without being glaring: lightness 57 … 80 on dark, 28 … 52 on
 * light, chroma 32 … 100. */
typedef struct {
    guint8 color;
    guint16 hue; /* degrees */
} Shade;

static const Shade cells_on_dark[] = {
    { 174, 12 },  { 173, 31 },  { 216, 33 },  { 215, 43 },  { 137, 47 },  { 180, 49 },
    { 179, 60 },  { 136, 61 },  { 178, 66 },  { 143, 86 },  { 106, 105 }, { 107, 112 },
    { 70, 117 },  { 113, 119 }, { 71, 128 },  { 78, 137 },  { 35, 139 },  { 42, 144 },
    { 72, 147 },  { 79, 157 },  { 36, 158 },  { 43, 163 },  { 44, 192 },  { 45, 220 },
    { 38, 224 },  { 74, 231 },  { 110, 241 }, { 75, 247 },  { 111, 254 }, { 104, 266 },
    { 141, 276 }, { 140, 284 }, { 183, 285 }, { 177, 291 }, { 176, 308 }, { 212, 328 },
    { 169, 330 }, { 175, 339 }, { 211, 353 },
};

static const Shade cells_on_light[] = {
    { 131, 12 }, { 130, 35 }, { 94, 53 },   { 58, 86 },  { 64, 109 },  { 22, 128 },  { 29, 152 },
    { 30, 192 }, { 24, 238 }, { 25, 252 },  { 61, 266 }, { 98, 275 },  { 55, 277 },  { 97, 283 },
    { 91, 290 }, { 90, 308 }, { 126, 329 }, { 89, 335 }, { 132, 340 }, { 125, 351 },
};

static const Shade few_on_dark[] = { { 9, 12 },  { 3, 85 },   { 2, 127 },
                                     { 6, 192 }, { 12, 265 }, { 5, 307 } };
static const Shade few_on_light[] = { { 1, 12 }, { 2, 127 }, { 6, 192 }, { 4, 265 }, { 5, 307 } };

/* Returns the style of the role NICK with the colour whose hue is nearest to the angle of the name
 * (XEP-0392). */
static NjStyle
make_name_style(const NjTheme *theme, const char *name)
{
    NjStyle style = theme->styles[NJ_ROLE_NICK];
    if (style.fg == -1)
        return style; /* the theme or the terminal has no colours for names */

    const Shade *shade = theme->light ? few_on_light : few_on_dark;
    guint count = theme->light ? G_N_ELEMENTS(few_on_light) : G_N_ELEMENTS(few_on_dark);
    if (theme->colors >= 256) {
        shade = theme->light ? cells_on_light : cells_on_dark;
        count = theme->light ? G_N_ELEMENTS(cells_on_light) : G_N_ELEMENTS(cells_on_dark);
    }

    double angle = nj_color_angle(name), best = 360;
    for (; count > 0; count--, shade++) {
        double distance = ABS(shade->hue - angle);
        distance = MIN(distance, 360 - distance);
        if (distance < best) {
            best = distance;
            style.fg = shade->color;
        }
    }

    return fit_style(style, theme->colors);
}

NjStyle
nj_theme_name_style(const NjTheme *theme, const char *name)
{
    NjStyle *style = g_hash_table_lookup(theme->names, name);
    if (style)
        return *style;

    if (g_hash_table_size(theme->names) >= MAX_CACHE)
        g_hash_table_remove_all(theme->names);
    style = g_new(NjStyle, 1);
    *style = make_name_style(theme, name);
    g_hash_table_insert(theme->names, g_strdup(name), style);

    return *style;
}

static void
add_name(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_strdup(name));
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

char **
nj_theme_names(const char *const *dirs)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < G_N_ELEMENTS(shipped); i++)
        add_name(names, shipped[i].name);

    for (guint i = 0; dirs && dirs[i]; i++) {
        GDir *dir = g_dir_open(dirs[i], 0, NULL);
        for (const char *file; dir && (file = g_dir_read_name(dir));) {
            if (!g_str_has_suffix(file, ".theme") || file[0] == '.')
                continue;
            g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".theme"));
            g_autofree char *name = nj_text_line(stem, -1, 0);
            add_name(names, name);
        }
        g_clear_pointer(&dir, g_dir_close);
    }

    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **) g_ptr_array_free(names, FALSE);
}
