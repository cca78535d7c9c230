/* Draws the prompt: the completion choices, and below them the sign (the label of the chat and "›")
 * and the typed text. The rows of the text are indented by the width of the sign. They are broken
 * at the last cell and not between words, so that the cursor has a cell at every character. */
#include "ui/prompt-private.h"

#include <string.h>

#include "base/text.h"

#define CHOICE_ROWS 5 /* rows of choices at most */
#define SIGN "› "

/* The parts of the prompt, measured for drawing. */
typedef struct {
    char *sign;       /* before the first row: the label or readline's prompt */
    int indent;       /* cells before each row of the text */
    char *owned_text; /* a question with the dots of its answer; NULL: the typed text is drawn */
    const char *text;
    gsize point;                  /* byte offset of the cursor in the text */
    int cursor_row, cursor_col;   /* the cell of the cursor, without the indent */
    int choice_rows, choice_cols; /* the grid of the choices */
    int choice_cells;             /* the width of a choice in the grid */
} View;

/* Breaks the text into prompt->rows and finds the cell of the cursor. If the cursor is behind a
 * full row, adds an empty row for it. */
static void
break_rows(NjPrompt *prompt, View *view, int cells)
{
    const char *text = view->text, *end = text + strlen(text), *s = text;
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
        if ((gsize) (s - text) <= view->point) {
            view->cursor_row = (int) prompt->rows->len;
            view->cursor_col = row.width;
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

    if (view->cursor_col >= cells) {
        row = (NjTextRow){ .start = (guint) view->point };
        view->cursor_row++;
        view->cursor_col = 0;
        g_array_insert_val(prompt->rows, (guint) view->cursor_row, row);
    }
}

/* Arranges the choices in columns. */
static void
measure_choices(NjPrompt *prompt, View *view, int cols)
{
    int widest = 8; /* "+ 9 more" */
    for (guint i = 0; i < prompt->choices.count; i++)
        widest = MAX(widest, nj_text_width(prompt->choices.texts[i], -1));
    view->choice_cells = MIN(widest + 2, MAX(cols, 1));
    view->choice_cols = MAX(cols / view->choice_cells, 1);
    view->choice_rows = ((int) prompt->choices.count + view->choice_cols - 1) / view->choice_cols;
}

static void
clear_view(View *view)
{
    g_free(view->sign);
    g_free(view->owned_text);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(View, clear_view)

/* Sets the view to the question, followed by a dot for each character of the secret. */
static void
view_question(const NjPrompt *prompt, const NjQuestion *question, View *view)
{
    GString *text = g_string_new(question->question);
    g_string_append_c(text, ' ');
    for (gsize i = 0; !question->keys && i < prompt->secret_length; i++)
        if (((guchar) prompt->secret[i] & 0xc0) != 0x80)
            g_string_append(text, "•");

    view->point = text->len;
    view->text = view->owned_text = g_string_free(text, FALSE);
    view->sign = g_strdup("");
}

static void
view_text(NjPrompt *prompt, View *view, int cols)
{
    view->text = nj_prompt_text(prompt);
    view->point = nj_prompt_point(prompt);

    const char *special = nj_prompt_special_sign(prompt);
    if (special) {
        g_autofree char *line = nj_text_line(special, -1, 0);
        view->sign = g_strconcat(line, " ", NULL);
        return;
    }

    g_autofree char *label =
        prompt->label ? nj_text_ellipsize(prompt->label, MIN(20, cols / 4)) : g_strdup("");
    view->sign = g_strconcat(label, SIGN, NULL);
}

static void
measure_prompt(NjPrompt *prompt, View *view, int cols)
{
    const NjQuestion *question = nj_prompt_current_question(prompt);
    if (question)
        view_question(prompt, question, view);
    else
        view_text(prompt, view, cols);

    view->indent = nj_text_width(view->sign, -1);
    if (view->indent > cols / 2) {
        g_free(view->sign);
        view->sign = g_strdup(SIGN);
        view->indent = cols > 4 ? 2 : 0;
    }

    measure_choices(prompt, view, cols);
    break_rows(prompt, view, MAX(cols - view->indent, 1));
}

int
nj_prompt_rows(NjPrompt *prompt, int cols, int most)
{
    g_auto(View) view = { 0 };
    measure_prompt(prompt, &view, cols);
    return CLAMP((int) prompt->rows->len + MIN(view.choice_rows, CHOICE_ROWS), 1, MAX(most, 1));
}

static void
draw_choices(NjPrompt *prompt, const View *view, NjArea area, const NjTheme *theme)
{
    /* If not all choices fit, the last cell shows how many are missing below. The chosen one is
     * kept above the last row, because that cell might cover it. */
    int count = (int) prompt->choices.count;
    int chosen_row = MAX(prompt->choices.chosen, 0) / view->choice_cols;
    int top = CLAMP(chosen_row - area.rows + 1 + (area.rows > 1), 0, view->choice_rows - area.rows);
    int shown = MIN((top + area.rows) * view->choice_cols, count), more = count - shown;

    if (more > 0 && area.rows > 1) {
        g_autofree char *rest =
            g_strdup_printf(ngettext("+ %d more", "+ %d more", (gulong) more + 1), more + 1);
        nj_area_put(area, area.rows - 1, (view->choice_cols - 1) * view->choice_cells,
                    nj_theme_style(theme, NJ_ROLE_NOTICE), rest, -1);
        shown--;
    }

    for (int row = 0; row < area.rows; row++)
        for (int col = 0; col < view->choice_cols; col++) {
            int i = (top + row) * view->choice_cols + col;
            if (i >= shown)
                return;
            g_autofree char *text =
                nj_text_ellipsize(prompt->choices.texts[i], MAX(view->choice_cells - 2, 1));
            NjRole role = i == prompt->choices.chosen ? NJ_ROLE_SELECTED : NJ_ROLE_DIM;
            nj_area_put(area, row, col * view->choice_cells, nj_theme_style(theme, role), text, -1);
        }
}

void
nj_prompt_draw(NjPrompt *prompt, NjArea area, const NjTheme *theme, int *cursor_row,
               int *cursor_col)
{
    g_auto(View) view = { 0 };
    NjStyle style = nj_theme_style(theme, NJ_ROLE_TEXT);

    measure_prompt(prompt, &view, area.cols);
    nj_area_clear(area, style);

    int rows = (int) prompt->rows->len;
    int choices = MIN(MIN(view.choice_rows, CHOICE_ROWS), area.rows - 1);
    if (choices > 0)
        draw_choices(prompt, &view, nj_area_part(area, 0, 0, choices, area.cols), theme);

    choices = MAX(choices, 0);
    NjArea text = nj_area_part(area, choices, 0, area.rows - choices, area.cols);

    prompt->top = CLAMP(prompt->top, view.cursor_row - text.rows + 1, view.cursor_row);
    prompt->top = CLAMP(prompt->top, 0, MAX(rows - text.rows, 0));
    if (nj_prompt_asking(prompt))
        style = nj_theme_style(theme, NJ_ROLE_NOTICE);

    for (int i = 0; i < text.rows && prompt->top + i < rows; i++) {
        const NjTextRow *row = &g_array_index(prompt->rows, NjTextRow, prompt->top + i);
        if (prompt->top + i == 0)
            nj_area_put(text, 0, 0, nj_theme_style(theme, NJ_ROLE_PROMPT), view.sign, -1);
        nj_area_put(text, i, view.indent, style, view.text + row->start, row->length);
    }

    *cursor_row = choices + view.cursor_row - prompt->top;
    *cursor_col = view.indent + view.cursor_col;
}
