/* What is being typed: readline as an editing engine, several rows, one state (text, cursor, undo,
 * history) a place.  Drawn by us. */
#ifndef NJ_UI_PROMPT_H
#define NJ_UI_PROMPT_H

#include "ui/surface.h"

typedef struct NjPrompt NjPrompt;

typedef struct {
    /* Enter; the prompt is already empty */
    void (*on_line)(NjPrompt *prompt, const char *text, void *owner);
    /* draw it; drafts, typing notices */
    void (*on_changed)(NjPrompt *prompt, void *owner);
    /* TAB: choices for the word at point; *start and *end its bytes. NULL-ended, sanitised; NULL:
     * none. The caller frees it. */
    char **(*on_complete)(NjPrompt *prompt, const char *text, gsize point, gsize *start, gsize *end,
                          void *owner);
    /* May this line be kept among the typed ones?  NULL: all may.  What begins with a space never
     * is. */
    bool (*may_keep)(NjPrompt *prompt, const char *text, void *owner);
} NjPromptHooks;

/* one a process: readline is */
NjPrompt *nj_prompt_new(const NjPromptHooks *hooks, void *owner);
void nj_prompt_free(NjPrompt *prompt);

/* "emacs", "vi", else what the inputrc says.  True if vi's keys count now: tell
 * nj_keys_set_esc_prefix(). */
bool nj_prompt_set_mode(NjPrompt *prompt, const char *mode);

/* Keys, whole sequences at a time.  A lone ESC ends choices and questions; with the keys of emacs
 * it also is Meta for the key that comes, and a second one takes it back. */
void nj_prompt_feed(NjPrompt *prompt, const char *bytes, gsize length);

/* A paste: kept as one text, CR and CRLF as LF, control characters dropped. */
void nj_prompt_paste(NjPrompt *prompt, const char *text, gsize length);
const char *nj_prompt_text(const NjPrompt *prompt);
gsize nj_prompt_point(const NjPrompt *prompt);
void nj_prompt_set_text(NjPrompt *prompt, const char *text);

/* Ctrl-c; into the kill ring unless secret */
void nj_prompt_clear(NjPrompt *prompt);

/* Each place (a chat's row id, 0 the console) keeps its own text, cursor and typed lines. */
/* draft: where nothing is known of the place yet */
void nj_prompt_switch(NjPrompt *prompt, gint64 place, const char *label, const char *draft);

/* of the place we are in; NULL: none */
void nj_prompt_set_label(NjPrompt *prompt, const char *label);
void nj_prompt_forget(NjPrompt *prompt, gint64 place);

/* Asks for something secret: shown as dots; no history, draft, kill ring, undo or log has it.
 * done(NULL) if given up (Ctrl-c, Ctrl-g). What was being typed comes back afterwards. One at a
 * time: a second waits. */
void nj_prompt_ask_secret(NjPrompt *prompt, const char *question,
                          void (*done)(const char *answer, void *data), void *data);

/* Asks a question with one key: keys are the letters accepted; done(0) if given up, also by any
 * other letter, which then is typed. It waits until nothing is being typed. */
void nj_prompt_ask(NjPrompt *prompt, const char *question, const char *keys,
                   void (*done)(int key, void *data), void *data);

/* a question of this owner is withdrawn, done is not called */
void nj_prompt_cancel(NjPrompt *prompt, void *data);
bool nj_prompt_asking(const NjPrompt *prompt);

/* rows it wants, with the choices of TAB */
int nj_prompt_rows(NjPrompt *prompt, int cols, int most);
void nj_prompt_draw(NjPrompt *prompt, NjArea area, const NjTheme *theme, int *cursor_row,
                    int *cursor_col);

#endif
