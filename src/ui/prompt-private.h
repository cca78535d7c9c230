/* What the files of the prompt share: prompt.c is the door to readline, prompt-ask.c asks
 * questions, prompt-draw.c draws. */
#ifndef NJ_UI_PROMPT_PRIVATE_H
#define NJ_UI_PROMPT_PRIVATE_H

#include "ui/prompt.h"

#include <stdio.h>

#define MAX_SECRET 1024

/* A question that waits, or is being asked: the first of the queue is. */
typedef struct {
    char *question;
    char *keys; /* NULL: a secret */
    void (*on_secret)(const char *answer, void *data);
    void (*on_key)(int key, void *data);
    void *data;
} NjAsk;

/* What TAB found. */
typedef struct {
    char **texts;
    guint count;
    int chosen;       /* -1: none yet */
    gsize start, end; /* of the word, in the text as it is now */
    char *word;       /* as it stands without a choice */
} NjChoices;

typedef struct NjPlace NjPlace;

struct NjPrompt {
    NjPromptHooks hooks;
    void *owner;
    GHashTable *places; /* id -> NjPlace */
    NjPlace *place;
    char *label;
    /* bytes for readline, from queue_at on; wiped when they were read */
    GString *queue;
    gsize queue_at;
    char half[4]; /* the beginning of a character */
    gsize half_length;
    bool esc; /* a lone ESC came: the next key is Meta (emacs) */
    /* a line readline is done with: the hook is called when readline has returned */
    char *entered;
    bool inputrc_vi; /* what the inputrc wanted */
    NjChoices choices;
    bool completing; /* this key was TAB */
    GQueue asks;     /* of NjAsk */
    char secret[MAX_SECRET];
    gsize secret_length;
    FILE *in, *out; /* readline's */
    int in_write;   /* keeps `in` open and silent */
    int top;        /* first row that is shown */
    GArray *rows;   /* of prompt-draw.c */
};

/* prompt.c */
/* what readline shows instead of our sign (searching, an argument); NULL */
const char *nj_prompt_sign(NjPrompt *prompt);
void nj_prompt_drop_choices(NjPrompt *prompt);

/* on_changed */
void nj_prompt_tell(NjPrompt *prompt);

/* prompt-ask.c */
/* the question that gets the keys; NULL: the text does */
NjAsk *nj_prompt_first_ask(const NjPrompt *prompt);

/* to the first question; how many it took */
gsize nj_prompt_take_answer(NjPrompt *prompt, const char *bytes, gsize length);
void nj_prompt_paste_answer(NjPrompt *prompt, const char *text);
void nj_prompt_drop_asks(NjPrompt *prompt);

#endif
