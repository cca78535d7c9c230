/* Types and functions that the files of the prompt share: prompt.c (readline, completion, buffers),
 * prompt-ask.c (questions) and prompt-draw.c (drawing). */
#ifndef NJ_UI_PROMPT_PRIVATE_H
#define NJ_UI_PROMPT_PRIVATE_H

#include "ui/prompt.h"

#include <stdio.h>

#define MAX_SECRET 1024

/* A question. The first in prompt->questions is the one that is asked. */
typedef struct {
    char *question;
    char *keys;                                        /* answers; NULL: asks for a secret */
    void (*on_secret)(const char *answer, void *data); /* if keys is NULL */
    void (*on_key)(int key, void *data);               /* otherwise */
    void *data;
} NjQuestion;

/* Completion choices, which Tab shows. */
typedef struct {
    char **texts; /* NULL: no choices are shown */
    guint count;
    int chosen;       /* index of the choice that the text has now; -1: none so far */
    gsize start, end; /* byte offsets of the word or choice in the text as it is now */
    char *word;       /* the word as it was before a choice replaced it */
} NjChoices;

typedef struct NjPromptBuffer NjPromptBuffer;

struct NjPrompt {
    NjPromptHooks hooks;
    void *owner;
    GHashTable *buffers; /* id -> NjPromptBuffer */
    NjPromptBuffer *buffer;
    char *label;
    /* Typed bytes. Those before queue_at have been read by readline or a question. Wiped when all
     * are read. */
    GString *queue;
    gsize queue_at;
    char partial[4]; /* the beginning of a UTF-8 character */
    gsize partial_length;
    bool esc; /* a lone ESC arrived: the next key is Meta (emacs mode) */
    /* The line that readline has finished. on_line is called after readline has returned. */
    char *entered;
    bool inputrc_vi; /* the inputrc sets vi mode */
    NjChoices choices;
    bool completing;  /* the key that readline handles is Tab or Shift-Tab */
    GQueue questions; /* of NjQuestion */
    char secret[MAX_SECRET];
    gsize secret_length;
    FILE *in, *out; /* readline's streams */
    int in_write;   /* the write end of the pipe `in`, never written; keeps `in` from ending */
    int top;        /* index of the first row of the text that is visible */
    GArray *rows;   /* of NjTextRow, used by prompt-draw.c */
};

/* prompt.c */

/* Returns the text to draw before the typed text in place of the label: readline's own prompt while
 * it searches or reads a numeric argument, or "ESC " after a lone ESC. NULL: the label is drawn. */
const char *nj_prompt_special_sign(NjPrompt *prompt);

/* Hides the completion choices; the text stays. */
void nj_prompt_drop_choices(NjPrompt *prompt);

/* Calls on_changed. */
void nj_prompt_emit_changed(NjPrompt *prompt);

/* prompt-ask.c */

/* Returns the question that gets the keys; NULL: they are typed text. */
NjQuestion *nj_prompt_current_question(const NjPrompt *prompt);

/* Gives the key at the beginning of the bytes to the current question. Returns the length of the
 * key in bytes, or 0 when the key is no answer: then the question is cancelled and the key is typed
 * text. */
gsize nj_prompt_take_answer(NjPrompt *prompt, const char *bytes, gsize length);

/* Adds the first line of a paste to the secret. A question that one key answers ignores it. */
void nj_prompt_paste_answer(NjPrompt *prompt, const char *text);

/* Frees all questions without calling their functions. */
void nj_prompt_drop_questions(NjPrompt *prompt);

#endif
