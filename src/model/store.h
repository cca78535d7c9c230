/* The store: the file history.db, an SQLite database for all accounts with the mode 0600.
 *
 * All functions are called on the main thread. A change is appended to a queue, and the writer
 * thread commits the queue in batches; only nj_store_flush() and nj_store_close() wait for that.
 * Rows get their ids when they are queued, and what a function returns includes the queue unless it
 * says otherwise. "Committed" means that a change is in the file and synced, so it survives kill -9
 * and a power cut.
 *
 * The order of the messages of a chat is (time, id), see nj_is_after(). Only the files store*.c use
 * SQLite; store-private.h explains how they work. */
#ifndef NJ_MODEL_STORE_H
#define NJ_MODEL_STORE_H

#include "base/base.h"
#include "model/message.h"

typedef struct NjStore NjStore;

#define NJ_MAX_UNREAD 1000 /* unread messages are counted up to this number */

/* Is the message (time, id) after the message (than_time, than_id)? */
static inline bool
nj_is_after(gint64 time, gint64 id, gint64 than_time, gint64 than_id)
{
    return time > than_time || (time == than_time && id > than_id);
}

/* The file stores these numbers. PRIVATE: with an occupant of a room; the address is room/nick. */
typedef enum { NJ_CHAT_PERSON, NJ_CHAT_ROOM, NJ_CHAT_PRIVATE } NjChatKind;

typedef struct {
    gint64 id;
    char *address;
    NjChatKind kind;
    gint64 read_time, read_id; /* the newest message that was read */
    guint unread, mentions;    /* received messages after it, up to NJ_MAX_UNREAD */
    gint64 last_time, last_id; /* the newest message; 0: there is none */
    bool from_stranger;        /* with a stranger who is not yet accepted */
    char *draft;               /* NULL: none */
    char *nick;                /* in a room that was joined and not left; NULL: not joined */
} NjStoredChat;

/* Locks the data directory ($data/lock: flock, with host, pid and tty), opens or makes the file and
 * migrates it. If another process has the lock, the error is a sentence that names it. A file that
 * can only be read is opened as well: nj_store_has_write_error() is then true until the file can be
 * written. */
NjStore *nj_store_open(const char *data_dir, GError **error);

/* Commits the queue and closes the store; gives up after timeout_ms. Returns true if everything was
 * committed. The hooks and the commit calls are not called any more. store may be NULL. */
bool nj_store_close(NjStore *store, guint timeout_ms);

/* Sets the hooks, which run on the main thread and may be NULL.
 *
 * - on_error: writing has failed, or reading for the first time, and the sentence says what to do;
 *   NULL: writing works again.
 * - on_space: nj_store_queue_is_full() was true and is now false. */
void nj_store_set_hooks(NjStore *store, void (*on_error)(const char *sentence, void *owner),
                        void (*on_space)(void *owner), void *owner);

/* Returns the row of the account, which is made if it is new. bare: the account's address. */
gint64 nj_store_ensure_account(NjStore *store, const char *bare);

/* Finds the chat or makes it. False if the file cannot be read. The caller clears *out with
 * nj_stored_chat_clear(). */
bool nj_store_ensure_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                          NjStoredChat *out);

/* Finds the chat. False if it does not exist or the file cannot be read. */
bool nj_store_find_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                        NjStoredChat *out);
void nj_stored_chat_clear(NjStoredChat *chat);

/* Returns the chats that are opened when the program starts: those with unread messages, a draft,
 * an unacknowledged message, a stranger who is not yet accepted, and rooms that were not left. Only
 * chats in the file are found. Array of NjStoredChat; free with g_ptr_array_unref(). */
GPtrArray *nj_store_list_open_chats(NjStore *store, gint64 account);

/* Adds the message to its chat, sets its id and takes a reference to it. */
void nj_store_add_message(NjStore *store, NjMessage *message);

/* Sets the state of the message with this id. The NjMessage is not changed, even if it is still in
 * the queue: the caller does that. error is copied and may be NULL. */
void nj_store_set_state(NjStore *store, gint64 id, NjMessageState state, const char *error);

/* The functions from here to nj_store_set_room_nick() ignore a chat that none of the functions
 * above (ensure, find, list) has returned in this run. */
void nj_store_set_read_marker(NjStore *store, gint64 chat, gint64 time, gint64 id);

/* draft may be NULL. */
void nj_store_set_draft(NjStore *store, gint64 chat, const char *draft);
void nj_store_set_from_stranger(NjStore *store, gint64 chat, bool from_stranger);

/* Deletes the chat and its messages, for a stranger who was refused. */
void nj_store_delete_chat(NjStore *store, gint64 chat);

/* Remembers that the room was joined with this nick; NULL: it was left. */
void nj_store_set_room_nick(NjStore *store, gint64 chat, const char *nick);

/* Calls func on the main thread when all changes made so far are committed, in the order of these
 * calls and never before this function returns. nj_store_cancel_calls() cancels the calls of an
 * owner. */
void nj_store_call_when_committed(NjStore *store, void (*func)(void *data), void *data,
                                  const void *owner);
void nj_store_cancel_calls(NjStore *store, const void *owner);

/* Did the last batch fail, or is the file read-only? Then nothing is committed at present. */
bool nj_store_has_write_error(const NjStore *store);

/* Changes between these two calls are committed together or not at all: the content of a stanza
 * with its count, a message with its stanza number. The calls may be nested, and nj_store_commit()
 * must follow before control returns to the main loop, because the writer thread may wait for
 * it. */
void nj_store_begin(NjStore *store);
void nj_store_commit(NjStore *store);

/* A stream that can be resumed (XEP-0198), also by the next run of the program. */
typedef struct {
    char *id;       /* of <enabled/>; never NULL */
    char *jid;      /* the full address that was bound */
    char *location; /* host or host:port that the server prefers for resumption; NULL: none */
    /* Stanzas received from the server and counted; nj_store_committed_count() returns how many are
     * committed. */
    guint32 received;
    gint64 until; /* Unix ms at which the server drops the stream; 0: not known */
} NjStoredStream;

/* Copies the stream of the account. False if there is none. The caller clears *out with
 * nj_stored_stream_clear(). */
bool nj_store_find_stream(NjStore *store, gint64 account, NjStoredStream *out);
void nj_stored_stream_clear(NjStoredStream *stream);

/* Sets the stream of the account with its count; NULL removes it. The store copies it. */
void nj_store_set_stream(NjStore *store, gint64 account, const NjStoredStream *stream);

/* Sets the number of stanzas that were received and handled. It is committed together with the last
 * change before this call or later, never earlier. The function is cheap, because it is called for
 * every stanza. If nothing else changes, the commit may wait for half a second. */
void nj_store_set_received_count(NjStore *store, gint64 account, guint32 received);

/* Returns the count that is committed; it may be acknowledged to the server. */
guint32 nj_store_committed_count(NjStore *store, gint64 account);

/* A row of the outbox: a sent message that is not acknowledged (nj_state_is_open()).
 * nj_store_add_message() and nj_store_set_state() add and remove the rows. */
typedef struct {
    NjMessage *message;
    NjChatKind kind; /* kind and address of the chat */
    char *address;
    bool numbered; /* the message was handed to a stream, as the stanza with this number */
    guint32 number;
} NjStoredOutboxRow;

/* Returns the current outbox in the order of the ids. Array of NjStoredOutboxRow; free with
 * g_ptr_array_unref(). */
GPtrArray *nj_store_list_outbox(NjStore *store, gint64 account);
void nj_store_set_stanza_number(NjStore *store, gint64 message, bool numbered, guint32 number);

/* Returns the newest sent message of the chat with this origin-id, NULL if there is none. The
 * caller owns a reference. */
NjMessage *nj_store_find_sent(NjStore *store, gint64 chat, const char *origin_id);

/* Has the queue reached 5,000 rows or 4 MB? Then sockets are not read until the on_space hook is
 * called, which happens when the queue is half empty. */
bool nj_store_queue_is_full(const NjStore *store);

/* Waits until all changes made so far are committed. Returns early if a batch fails or the
 * last one has failed. For tests. */
void nj_store_flush(NjStore *store);

/* Return up to limit messages of a chat before or after (time, id), oldest first. Before the time
 * G_MAXINT64 are the newest ones. Array of NjMessage with references; the caller owns it. A queued
 * message is the same object that was added, a message from the file is a new object: compare
 * ids. */
GPtrArray *nj_store_page_before(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit);
GPtrArray *nj_store_page_after(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit);

/* Is there a message of this chat with this sender and origin-id, or with this archive id in the
 * archive `by` (XEP-0359)? They recognize echoes and messages that are received again. */
bool nj_store_has_origin_id(NjStore *store, gint64 chat, const char *sender, const char *origin_id);
bool nj_store_has_archive_id(NjStore *store, gint64 chat, const char *by, const char *archive_id);

/* Returns how many reads have failed so far. If the number grows during a call, what the call
 * returned is incomplete. */
guint nj_store_failed_reads(const NjStore *store);

/* A search in the stored messages; hits come newest first. A word also finds longer words that
 * start with it, and text in quotation marks is a phrase; the syntax of FTS5 has no effect. The
 * search runs on a thread of its own, when the word index has all messages that were added
 * before. */
typedef struct {
    const char *words;    /* all must be in body or subject; NULL or "": any message */
    gint64 account, chat; /* 0: all */
    /* Part of an address or nick, upper and lower case equal; "me": sent by the user; NULL: any. */
    const char *sender;
    gint64 since, until;           /* Unix ms, until exclusive; 0: no limit */
    bool links;                    /* only messages with a link */
    gint64 before_time, before_id; /* continue after this hit; 0: start with the newest */
    guint limit;
    gsize max_body_bytes; /* longer bodies are cut; 0: no limit */
} NjSearch;

/* A hit; kind and address are those of the chat. */
typedef struct {
    NjMessage *message;
    gint64 account;
    char *account_address;
    NjChatKind kind;
    char *address;
} NjFound;

typedef void (*NjSearchFunc)(GPtrArray *found /* of NjFound, borrowed; NULL on error */,
                             const GError *error, void *data);

/* Starts a search; the store copies it. Calls done later, on the main thread.
 * nj_store_search_cancel() cancels the searches of an owner. */
void nj_store_search(NjStore *store, const NjSearch *search, NjSearchFunc done, void *data,
                     const void *owner);
void nj_store_search_cancel(NjStore *store, const void *owner);

/* Returns how many messages are not yet in the word index; a search waits for them. Usually 0, more
 * after an import or a change of the file's format. Also 0 while batches or the index fail, because
 * a search then does not wait. */
guint nj_store_count_unindexed(NjStore *store);

/* A roster item as model/roster.c stores it. groups are joined with '\n'. The subscription "remove"
 * makes nj_store_set_roster() delete the item. */
typedef struct {
    char *address, *name, *subscription, *groups;
    bool ask, approved;
} NjStoredItem;

/* Returns the version of the stored roster (RFC 6121 section 2.6), NULL if there is none, and adds
 * its NjStoredItem to items. */
char *nj_store_read_roster(NjStore *store, gint64 account, GPtrArray *items);

/* Stores the version and the items, which are taken and may be NULL. With replace they replace all
 * stored items, else each replaces the one with its address. */
void nj_store_set_roster(NjStore *store, gint64 account, const char *version, GPtrArray *items,
                         bool replace);
void nj_stored_item_free(NjStoredItem *item);

#endif
