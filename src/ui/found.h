/* Finds the words of a search in a text, to highlight them. The store decides which messages match;
 * these functions find the matches inside such a message again. A match is the beginning of a word;
 * case and accents are ignored. */
#ifndef NJ_UI_FOUND_H
#define NJ_UI_FOUND_H

#include "base/base.h"

/* Bytes of a body that are searched for matches. */
#define NJ_FOUND_MAX_BYTES (32 * 1024)

typedef struct NjFoundWords NjFoundWords;

/* Folds the words of a search. typed: the words as the user typed them; NULL: none. links: links
 * match, too. */
NjFoundWords *nj_found_words_new(const char *typed, bool links);
void nj_found_words_free(NjFoundWords *words);

/* Finds the first match at or after the byte `from` and sets *start and *end (bytes). Returns false
 * if there is none. */
bool nj_found_next(const NjFoundWords *words, const char *text, gsize length, gsize from,
                   gsize *start, gsize *end);

/* Returns one line of a body around the first match, at most 600 bytes. Sets *cut to whether the
 * body has text before it. The caller owns it. */
char *nj_found_excerpt(const NjFoundWords *words, const char *body, bool *cut);

#endif
