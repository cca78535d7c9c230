/* What the word index (store-index.c), the search over it (store-search.c, store-query.c) and the
 * rest of the store know of each other. */
#ifndef NJ_MODEL_STORE_INDEX_H
#define NJ_MODEL_STORE_INDEX_H

#include "model/store-private.h"

/* The number of a message's entry: its time in ms, then these bits of its id.  Newer messages have
 * greater ones. */
#define NJ_ENTRY_BITS 20
gint64 nj_index_entry_number(gint64 time, gint64 id);

/* What is a word: letters, digits, characters for private use, symbols that are no punctuation
 * (emoji).  It stands in the file. */
/* Marks: words of the index that stand in no text.  A character for private use, then what and
 * which. */
#define NJ_WORD_CATEGORIES "L* N* Co So"
#define NJ_MARK "\xee\x80\x80" /* U+E000 */
#define NJ_MARK_FORMAT NJ_MARK "%c%" G_GINT64_FORMAT
/* which, of the last two: 0 */
enum { NJ_MARK_CHAT = 'c', NJ_MARK_ACCOUNT = 'a', NJ_MARK_SENT = 'o', NJ_MARK_LINK = 'l' };

/* as it is given to the engine; the caller owns it */
char *nj_index_separate_words(const char *text);

/* The writer's.  Its connection is open, its thread not yet. */
NjIndex *nj_index_new(NjStore *store);
void nj_index_free(NjIndex *index);

/* One slice of work, if it can be over by then (monotonic); false: there is nothing to be done, or
 * no time.  With the mutex, which it lets go meanwhile. */
bool nj_index_run_slice(NjStore *store, gint64 due);

/* Takes the messages of a chat out, before their rows go: in the same transaction. */
bool nj_index_remove_chat(NjIndex *index, gint64 chat);

/* What people type, for a connection that searches. */
typedef struct NjQuery NjQuery;

/* NULL: the connection knows why */
NjQuery *nj_query_new(sqlite3 *db);

/* NULL is fine */
void nj_query_free(NjQuery *query);

/* the words of it, for the calls below */
GPtrArray *nj_query_parse(NjQuery *query, const char *typed);
bool nj_query_has_common_word(const GPtrArray *words);

/* The expression.  all: with the words that are too common; else the texts are to be read for them.
 * "": there can be no message. */
char *nj_query_build(NjQuery *query, const NjSearch *search, const GPtrArray *words, bool all);

/* Does the message have what the expression did not ask for? */
bool nj_query_matches(NjQuery *query, const NjMessage *message, const GPtrArray *words, bool all);

/* The thread that searches.  It lives on when the store had to be abandoned, so it shares no memory
 * with it. */
/* on the main thread, whose loop brings the answers */
NjSearcher *nj_searcher_new(NjAccess *access);

/* nobody is answered any more; waits so long for the thread */
void nj_searcher_close(NjSearcher *searcher, gint64 until);

/* NULL is fine */
void nj_searcher_unref(NjSearcher *searcher);

/* for the index */
bool nj_searcher_is_waiting(NjSearcher *searcher);

/* a search found it damaged; told once */
bool nj_searcher_take_damage(NjSearcher *searcher);

/* Where the index stands: it has had all rows once, and again up to this turn; the last message in
 * it; it cannot go on at present. */
void nj_searcher_set_progress(NjSearcher *searcher, bool complete, guint64 indexed_seq,
                              gint64 indexed_id, bool failed);

/* batches fail: what was asked for last is not going to come */
void nj_searcher_set_write_error(NjSearcher *searcher, bool write_error);

#endif
