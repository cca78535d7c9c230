/* The word index (store-index.c), the search over it (store-search.c) and its queries
 * (store-query.c): declarations for these files and the rest of the store. */
#ifndef NJ_MODEL_STORE_INDEX_H
#define NJ_MODEL_STORE_INDEX_H

#include "model/store-private.h"

/* --- entries of the index; writer thread and search thread --- */

/* Returns the rowid of a message's entry: its time in ms, then the lowest NJ_ENTRY_BITS bits of its
 * id. Newer messages have greater rowids. */
#define NJ_ENTRY_BITS 20
gint64 nj_index_entry_number(gint64 time, gint64 id);

/* The Unicode categories of characters that form words: letters, digits, private use, and symbols
 * such as emoji. The file stores this setting (migration 3), so it must not change. */
#define NJ_WORD_CATEGORIES "L* N* Co So"

/* Marks, the words of the column `marks`: a private-use character, the kind, and a number, which is
 * the row of the chat or account and 0 for the other kinds. */
#define NJ_MARK "\xee\x80\x80" /* U+E000 */
#define NJ_MARK_FORMAT NJ_MARK "%c%" G_GINT64_FORMAT
enum { NJ_MARK_CHAT = 'c', NJ_MARK_ACCOUNT = 'a', NJ_MARK_SENT = 'o', NJ_MARK_LINK = 'l' };

/* Returns the text with spaces around each character that is a word of its own, as FTS5's tokenizer
 * needs it. A very long text is cut. The caller owns the result. */
char *nj_index_separate_words(const char *text);

/* --- store-index.c; writer thread --- */

/* Makes the index of store->writer.db. */
NjIndex *nj_index_new(NjStore *store);
void nj_index_free(NjIndex *index); /* index may be NULL */

/* Adds some rows to the index or merges its trees, if that can end before due (monotonic time).
 * Returns false if there is nothing to do or no time. With the mutex, which is unlocked during the
 * work. */
bool nj_index_run_slice(NjStore *store, gint64 due);

/* Deletes the entries of a chat's messages. The caller deletes the rows of the messages afterwards,
 * in the same transaction, because the entries are computed from them. False on failure. */
bool nj_index_remove_chat(NjIndex *index, gint64 chat);

/* --- store-query.c; search thread --- */

/* Translates what a user types into queries on one connection. */
typedef struct NjQuery NjQuery;

/* NULL if SQLite fails; the connection has the error. */
NjQuery *nj_query_new(sqlite3 *db);
void nj_query_free(NjQuery *query); /* query may be NULL */

/* Splits what was typed into terms, for the functions below. The caller owns the array. */
GPtrArray *nj_query_parse(NjQuery *query, const char *typed);

/* Is there a term with so many possible completions that FTS5 would be slow? */
bool nj_query_has_common_word(const GPtrArray *terms);

/* Returns the FTS5 expression for the search; the caller owns it. If `all` is true, the common
 * terms are part of it, else the caller checks them with nj_query_matches(). "" if there is no
 * account, and so no message. */
char *nj_query_build(NjQuery *query, const NjSearch *search, const GPtrArray *terms, bool all);

/* Does the message have the terms that are not part of the expression? `all` as above. */
bool nj_query_matches(NjQuery *query, const NjMessage *message, const GPtrArray *terms, bool all);

/* --- store-search.c --- */

/* The searcher and its thread do not use the memory of the store, because the thread may continue
 * after nj_store_close() has timed out. */

/* Call on the main thread, whose main loop delivers the answers. */
NjSearcher *nj_searcher_new(NjAccess *access);

/* Cancels all searches and waits for the thread up to the monotonic time `until`. */
void nj_searcher_close(NjSearcher *searcher, gint64 until);
void nj_searcher_unref(NjSearcher *searcher); /* searcher may be NULL */

/* Does a search wait for the index? */
bool nj_searcher_is_waiting(NjSearcher *searcher);

/* Has a search found the index damaged since the last call? */
bool nj_searcher_take_damage(NjSearcher *searcher);

/* Reports the progress of the index: whether all rows have been indexed since the start, the write
 * and the message up to which the index is current, and whether the last slice has failed. */
void nj_searcher_set_progress(NjSearcher *searcher, bool complete, guint64 indexed_seq,
                              gint64 indexed_id, bool failed);

/* While batches fail, searches do not wait for the writes in the queue. */
void nj_searcher_set_write_error(NjSearcher *searcher, bool write_error);

#endif
