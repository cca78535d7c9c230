/* Where the words of a search stand in a text, for the eye.  What is a hit the store has decided;
 * this finds it again, as a person would: words by their beginning, whatever their case and
 * accents. */
#ifndef NJ_UI_FOUND_H
#define NJ_UI_FOUND_H

#include "base/base.h"

/* bytes of a body that are looked through; a talk shows half of that */
#define NJ_FOUND_LOOKED (32 * 1024)

typedef struct NjFoundWords NjFoundWords;

/* typed NULL: none; links: addresses of the web count too */
NjFoundWords *nj_found_words_new(const char *typed, bool links);
void nj_found_words_free(NjFoundWords *words);

/* The first of them at or after from; false: there is none. */
bool nj_found_next(const NjFoundWords *words, const char *text, gsize length, gsize from,
                   gsize *start, gsize *end);

/* One line of a body around the first of them; *cut: something stood before it.  The caller owns
 * it. */
char *nj_found_excerpt(const NjFoundWords *words, const char *body, bool *cut);

#endif
