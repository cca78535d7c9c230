/* The prompt: the line editor, with readline as its editing engine. It can have several rows, shows
 * completion choices, asks questions and draws itself. Each chat has its own buffer: text, cursor
 * and history. */
#ifndef NJ_UI_PROMPT_H
#define NJ_UI_PROMPT_H

#include "ui/surface.h"

typedef struct NjPrompt NjPrompt;

typedef struct {
    /* Enter was pressed. The prompt is already empty. */
    void (*on_line)(NjPrompt *prompt, const char *text, void *owner);
    /* The text, the cursor, a question or the choices may have changed. The hook may be NULL. */
    void (*on_changed)(NjPrompt *prompt, void *owner);
    /* Tab: returns the completion choices for the word at `point`, and sets *start and *end to the
     * byte offsets of the word's beginning and end in the text. The choices are sanitised and end
     * in NULL; the prompt frees them. NULL: no choices. The hook itself may be NULL. */
    char **(*on_complete)(NjPrompt *prompt, const char *text, gsize point, gsize *start, gsize *end,
                          void *owner);
    /* Returns whether the history and the kill ring may keep this line; without a hook they keep
     * all. A line that begins with a space never enters the history. */
    bool (*may_keep)(NjPrompt *prompt, const char *text, void *owner);
} NjPromptHooks;

/* The process can have one prompt only, because readline's state is global. The hooks are copied.
 * The first current buffer is 0, that of the console. */
NjPrompt *nj_prompt_new(const NjPromptHooks *hooks, void *owner);
void nj_prompt_free(NjPrompt *prompt);

/* Sets the editing mode: "emacs", "vi", or else the mode of the inputrc. Returns whether it is vi
 * now; pass that to nj_keys_set_esc_prefix(). */
bool nj_prompt_set_mode(NjPrompt *prompt, const char *mode);

/* Takes typed keys as the terminal sends them, whole key sequences at a time. An ESC alone cancels
 * a question, ends a search, or hides the completion choices and restores the typed word. If there
 * is none of these, it is Meta for the next key in emacs mode, and a second ESC cancels that. */
void nj_prompt_feed(NjPrompt *prompt, const char *bytes, gsize length);

/* Inserts a paste as one text: CR and CRLF become LF, other control characters than Tab are
 * dropped, at most 4 MB are taken. While a question is asked, the first line of the paste is added
 * to the secret; a question that one key answers ignores the paste. */
void nj_prompt_paste(NjPrompt *prompt, const char *text, gsize length);

/* The text and the byte offset of the cursor in it. The text is valid until the next call. */
const char *nj_prompt_text(const NjPrompt *prompt);
gsize nj_prompt_point(const NjPrompt *prompt);
void nj_prompt_set_text(NjPrompt *prompt, const char *text);

/* Ctrl-c: cancels the question, or clears the text and puts it into the kill ring if may_keep
 * allows that. */
void nj_prompt_clear(NjPrompt *prompt);

/* Switches to the buffer `id`: the row id of a chat in the store, or 0 for the console. A buffer
 * that is used for the first time gets the draft as its text; NULL: no text. For the label see
 * nj_prompt_set_label(). */
void nj_prompt_switch(NjPrompt *prompt, gint64 id, const char *label, const char *draft);

/* Sets the name before the text; NULL: none. */
void nj_prompt_set_label(NjPrompt *prompt, const char *label);

/* Drops a buffer with its text and history. The current buffer becomes empty. */
void nj_prompt_forget(NjPrompt *prompt, gint64 id);

/* Asks for a secret. It is shown as dots and enters no history, draft, kill ring, undo list or log.
 * Calls done() once: with the answer, or with NULL when the question is cancelled (Ctrl-c, Ctrl-g,
 * Esc). The text that was being typed is shown again afterwards. Questions are asked one after the
 * other. */
void nj_prompt_ask_secret(NjPrompt *prompt, const char *question,
                          void (*done)(const char *answer, void *data), void *data);

/* Asks a question that one key answers: a letter of `keys`. Calls done() once, with that letter, or
 * with 0 when the question is cancelled. Any other letter cancels it, too, and becomes typed text.
 * The question is not shown before the text is empty. */
void nj_prompt_ask(NjPrompt *prompt, const char *question, const char *keys,
                   void (*done)(int key, void *data), void *data);

/* Withdraws the questions with this data, without calling done(). */
void nj_prompt_cancel(NjPrompt *prompt, void *data);

/* Whether a question has the keys now. */
bool nj_prompt_asking(const NjPrompt *prompt);

/* Returns the number of rows that the prompt needs, with the completion choices: 1 to `most`. */
int nj_prompt_rows(NjPrompt *prompt, int cols, int most);

/* Draws the prompt and sets *cursor_row and *cursor_col, relative to the area. */
void nj_prompt_draw(NjPrompt *prompt, NjArea area, const NjTheme *theme, int *cursor_row,
                    int *cursor_col);

#endif
