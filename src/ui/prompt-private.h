/* What the files of the prompt share: prompt.c (readline, completion, buffers), prompt-ask.c
 * (questions) and prompt-draw.c (drawing). */
#ifndef NJ_UI_PROMPT_PRIVATE_H
#define NJ_UI_PROMPT_PRIVATE_H

#include "ui/prompt.h"

#include <stdio.h>

#define MAX_SECRET 1024

/* A question. The first in the queue is the one that is asked. */
typedef struct {
    char *question;
    char *keys;                                        /* letters that answer; NULL: a secret */
    void (*on_secret)(const char *answer, void *data); /* if keys is NULL */
    void (*on_key)(int key, void *data);               /* otherwise */
    void *data;
} NjQuestion;

/* The choices of Tab. */
typedef struct {
    char **texts; /* NULL: no choices are shown */
    guint count;
    int chosen;       /* index of the choice in the text; -1: none yet */
    gsize start, end; /* bytes of the completed word in the text as it is now */
    char *word;       /* the word without a choice */
} NjChoices;

typedef struct NjPromptBuffer NjPromptBuffer;

struct NjPrompt {
    NjPromptHooks hooks;
    void *owner;
    GHashTable *buffers; /* id -> NjPromptBuffer */
    NjPromptBuffer *buffer;
    char *label;
    /* Bytes for readline, which has read those before queue_at. Wiped when all are read. */
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
    int in_write;   /* the write end of `in`: keeps it open, without data */
    int top;        /* the first row of the text that is shown */
    GArray *rows;   /* of NjTextRow, used by prompt-draw.c */
};

/* prompt.c */

/* What to show before the text instead of the label: readline's prompt while it searches or reads a
 * numeric argument, or the sign of a lone ESC. NULL: the label. */
const char *nj_prompt_special_sign(NjPrompt *prompt);

/* Hides the choices of Tab; the text stays. */
void nj_prompt_drop_choices(NjPrompt *prompt);

/* Calls on_changed. */
void nj_prompt_emit_changed(NjPrompt *prompt);

/* prompt-ask.c */

/* The question that gets the keys; NULL: the text gets them. */
NjQuestion *nj_prompt_current_question(const NjPrompt *prompt);

/* Gives the key at the beginning of the bytes to the current question. Returns the length of the
 * key in bytes, or 0 when the key is no answer: then the question is cancelled and the key is typed
 * text. */
gsize nj_prompt_take_answer(NjPrompt *prompt, const char *bytes, gsize length);

/* Adds the first line of a paste to the secret. */
void nj_prompt_paste_answer(NjPrompt *prompt, const char *text);
void nj_prompt_drop_questions(NjPrompt *prompt);

#endif
