/* The prompt's rows: choices of TAB above, then a sign and the text, whose rows begin below each
 * other.  A row is cut where the cells end, not at words: the cursor must be able to stand
 * everywhere. */
#include "ui/prompt-private.h"

#include <string.h>

#include "base/text.h"

#define CHOICE_ROWS 5
#define SIGN "› "

/* What is drawn, and where the cursor stands in it. */
typedef struct {
    char *sign;
    int indent; /* cells before each row */
    char *made; /* a question's text, owned */
    const char *text;
    gsize point;
    int cursor_row, cursor_col;
    int choice_rows, choice_cells, choice_cols;
} Look;

/* Rows of text in cells; a full last row is followed by an empty one, for the cursor. */
static void
cut_rows(NjPrompt *prompt, Look *look, int cells)
{
    const char *text = look->text, *end = text + strlen(text), *s = text;
    NjTextRow row = { 0 };

    g_array_set_size(prompt->rows, 0);
    for (;;) {
        gsize bytes;
        int step = nj_text_step(s, end, &bytes);
        if (row.width + step > cells && row.width > 0) {
            row.length = (guint) (s - text) - row.start;
            g_array_append_val(prompt->rows, row);
            row = (NjTextRow){ .start = (guint) (s - text) };
        }
        if ((gsize) (s - text) <= look->point) {
            look->cursor_row = (int) prompt->rows->len;
            look->cursor_col = row.width;
        }
        if (step == 0) {
            row.length = (guint) (s - text) - row.start;
            g_array_append_val(prompt->rows, row);
            if (bytes == 0)
                break;
            row = (NjTextRow){ .start = (guint) (s + bytes - text) };
        }
        row.width += step;
        s += bytes;
    }

    if (look->cursor_col >= cells) {
        row = (NjTextRow){ .start = (guint) look->point };
        look->cursor_row++;
        look->cursor_col = 0;
        g_array_insert_val(prompt->rows, (guint) look->cursor_row, row);
    }
}

static void
measure_choices(NjPrompt *prompt, Look *look, int cols)
{
    int widest = 8; /* "+ 9 more" */
    for (guint i = 0; i < prompt->choices.count; i++)
        widest = MAX(widest, nj_text_width(prompt->choices.texts[i], -1));
    look->choice_cells = MIN(widest + 2, MAX(cols, 1));
    look->choice_cols = MAX(cols / look->choice_cells, 1);
    look->choice_rows = ((int) prompt->choices.count + look->choice_cols - 1) / look->choice_cols;
}

static void
look_clear(Look *look)
{
    g_free(look->sign);
    g_free(look->made);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

static void
measure(NjPrompt *prompt, Look *look, int cols)
{
    const NjAsk *ask = nj_prompt_first_ask(prompt);
    const char *special = nj_prompt_sign(prompt);

    if (ask != NULL) {
        GString *made = g_string_new(ask->question);
        g_string_append_c(made, ' ');
        for (gsize i = 0; ask->keys == NULL && i < prompt->secret_length; i++)
            if (((guchar) prompt->secret[i] & 0xc0) != 0x80)
                g_string_append(made, "•");
        look->point = made->len;
        look->text = look->made = g_string_free(made, FALSE);
        look->sign = g_strdup("");
    } else {
        g_autofree char *label = special == NULL && prompt->label != NULL
                                     ? nj_text_ellipsize(prompt->label, MIN(20, cols / 4))
                                     : NULL;
        look->text = nj_prompt_text(prompt);
        look->point = nj_prompt_point(prompt);
        look->sign = special != NULL ? nj_text_line(special, -1, 0)
                                     : g_strconcat(label != NULL ? label : "", SIGN, NULL);
        if (special != NULL) {
            char *sign = g_strconcat(look->sign, " ", NULL);
            g_free(look->sign);
            look->sign = sign;
        }
    }

    look->indent = nj_text_width(look->sign, -1);
    if (look->indent > cols / 2) {
        g_free(look->sign);
        look->sign = g_strdup(SIGN);
        look->indent = cols > 4 ? 2 : 0;
    }

    measure_choices(prompt, look, cols);
    cut_rows(prompt, look, MAX(cols - look->indent, 1));
}

int
nj_prompt_rows(NjPrompt *prompt, int cols, int most)
{
    g_auto(Look) look = { 0 };
    measure(prompt, &look, cols);
    return CLAMP((int) prompt->rows->len + MIN(look.choice_rows, CHOICE_ROWS), 1, MAX(most, 1));
}

static void
draw_choices(NjPrompt *prompt, const Look *look, NjArea area, const NjTheme *theme)
{
    /* While more is below, the last cell tells how much, and what is chosen stands above that
     * row. */
    int count = (int) prompt->choices.count,
        chosen_row = MAX(prompt->choices.chosen, 0) / look->choice_cols;
    int top = CLAMP(chosen_row - area.rows + 1 + (area.rows > 1), 0, look->choice_rows - area.rows);
    int shown = MIN((top + area.rows) * look->choice_cols, count), more = count - shown;

    if (more > 0 && area.rows > 1) {
        g_autofree char *rest =
            g_strdup_printf(ngettext("+ %d more", "+ %d more", (gulong) more + 1), more + 1);
        nj_area_put(area, area.rows - 1, (look->choice_cols - 1) * look->choice_cells,
                    nj_theme_style(theme, NJ_ROLE_NOTICE), rest, -1);
        shown--;
    }

    for (int row = 0; row < area.rows; row++)
        for (int col = 0; col < look->choice_cols; col++) {
            int i = (top + row) * look->choice_cols + col;
            if (i >= shown)
                return;
            g_autofree char *text =
                nj_text_ellipsize(prompt->choices.texts[i], MAX(look->choice_cells - 2, 1));
            NjRole role = i == prompt->choices.chosen ? NJ_ROLE_SELECTED : NJ_ROLE_DIM;
            nj_area_put(area, row, col * look->choice_cells, nj_theme_style(theme, role), text, -1);
        }
}

void
nj_prompt_draw(NjPrompt *prompt, NjArea area, const NjTheme *theme, int *cursor_row,
               int *cursor_col)
{
    g_auto(Look) look = { 0 };
    NjStyle style = nj_theme_style(theme, NJ_ROLE_TEXT);

    measure(prompt, &look, area.cols);
    nj_area_clear(area, style);

    int rows = (int) prompt->rows->len;
    int choices = MIN(MIN(look.choice_rows, CHOICE_ROWS), area.rows - 1);
    if (choices > 0)
        draw_choices(prompt, &look, nj_area_part(area, 0, 0, choices, area.cols), theme);

    choices = MAX(choices, 0);
    NjArea text = nj_area_part(area, choices, 0, area.rows - choices, area.cols);

    prompt->top = CLAMP(prompt->top, look.cursor_row - text.rows + 1, look.cursor_row);
    prompt->top = CLAMP(prompt->top, 0, MAX(rows - text.rows, 0));
    if (nj_prompt_asking(prompt))
        style = nj_theme_style(theme, NJ_ROLE_NOTICE);

    for (int i = 0; i < text.rows && prompt->top + i < rows; i++) {
        const NjTextRow *row = &g_array_index(prompt->rows, NjTextRow, prompt->top + i);
        if (prompt->top + i == 0)
            nj_area_put(text, 0, 0, nj_theme_style(theme, NJ_ROLE_PROMPT), look.sign, -1);
        nj_area_put(text, i, look.indent, style, look.text + row->start, row->length);
    }

    *cursor_row = choices + look.cursor_row - prompt->top;
    *cursor_col = look.indent + look.cursor_col;
}
