/* history.db: one SQLite file for all accounts, mode 0600.  One thread writes, in batches; this
 * thread reads through a connection of its own, but for a network's disk.  Row ids are given here,
 * at once, so that a message has its id before it is written; a page read from the store contains
 * what still waits to be written.  Only store.c and its halves store-*.c know SQLite.
 *
 * Order within a chat is (time, id): nj_is_after(). */
#ifndef NJ_MODEL_STORE_H
#define NJ_MODEL_STORE_H

#include "base/base.h"
#include "model/message.h"

typedef struct NjStore NjStore;

#define NJ_MAX_UNREAD 1000 /* nobody reads a larger number */

static inline bool
nj_is_after(gint64 time, gint64 id, gint64 than_time, gint64 than_id)
{
    return time > than_time || (time == than_time && id > than_id);
}

/* numbers stand in the database; PRIVATE: room/nick */
typedef enum { NJ_CHAT_PERSON, NJ_CHAT_ROOM, NJ_CHAT_PRIVATE } NjChatKind;

typedef struct {
    gint64 id;
    char *address;
    NjChatKind kind;
    gint64 read_time, read_id; /* up to here it was seen: (time, id) */
    guint unread, mentions;    /* incoming after that; counted up to NJ_MAX_UNREAD */
    gint64 last_time, last_id; /* the newest message; 0 without one */
    bool from_stranger;        /* a stranger's, not yet accepted */
    char *draft;
    /* a room we were in when the program ended without leaving it; NULL */
    char *nick;
} NjStoredChat;

/* Opens or makes the file, migrates it, takes the lock ($data/lock: flock, host, pid, tty).  An
 * error is a sentence that names the holder.  What can only be read is opened, too: it is in
 * trouble then, until it can be written. */
NjStore *nj_store_open(const char *data_dir, GError **error);

/* Writes what waits and closes; at most timeout_ms. True if everything was written.  The hook is
 * not called any more. */
bool nj_store_close(NjStore *store, guint timeout_ms);

/* Called on the main thread when writing fails or works again; the sentence says what to do. */
void nj_store_set_hook(NjStore *store, void (*on_trouble)(const char *sentence, void *owner),
                       void (*on_room)(void *owner), void *owner);

/* the account's row, made if new */
gint64 nj_store_ensure_account(NjStore *store, const char *bare);

/* Finds the chat or makes it. False only if the store can not be read. Clear with
 * nj_stored_chat_clear(). */
bool nj_store_ensure_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                          NjStoredChat *out);

/* The same, but makes none: false if there is none, too. */
bool nj_store_find_chat(NjStore *store, gint64 account, NjChatKind kind, const char *address,
                        NjStoredChat *out);
void nj_stored_chat_clear(NjStoredChat *chat);

/* Chats with unread messages, a draft, a message that is still to be sent, waiting strangers, and
 * rooms we were in: what a start shows again, as it was committed.  Array of NjStoredChat; free
 * with g_ptr_array_unref. */
GPtrArray *nj_store_list_open_chats(NjStore *store, gint64 account);

/* gives it its id, takes a reference */
void nj_store_add_message(NjStore *store, NjMessage *message);
void nj_store_set_state(NjStore *store, gint64 id, NjMessageState state, const char *error);
void nj_store_set_read_marker(NjStore *store, gint64 chat, gint64 time, gint64 id);

/* NULL: none */
void nj_store_set_draft(NjStore *store, gint64 chat, const char *draft);
void nj_store_set_from_stranger(NjStore *store, gint64 chat, bool from_stranger);

/* a refused stranger: with its messages */
void nj_store_delete_chat(NjStore *store, gint64 chat);

/* we are in it under this name; NULL: not any more */
void nj_store_set_room_nick(NjStore *store, gint64 chat, const char *nick);

/* What is safe.  Committed means: written in a batch that was synced, so it survives kill -9 and a
 * power cut. */
/* Calls func on the main thread, in the order asked, when everything that was asked of the store
 * before is committed; never from inside this call.  owner: nj_store_cancel_calls() takes all of
 * its calls back. */
void nj_store_call_when_committed(NjStore *store, void (*func)(void *data), void *data,
                                  const void *owner);
void nj_store_cancel_calls(NjStore *store, const void *owner);

/* batches fail at present: nothing is committed */
bool nj_store_has_write_error(const NjStore *store);

/* What is asked for between these two is committed together or not at all: a stanza's content with
 * its count, a message with its number.  May be nested; within one call from the loop. */
void nj_store_begin(NjStore *store);
void nj_store_commit(NjStore *store);

/* The stream of an account that could be resumed (XEP-0198), also by another run of the program. */
typedef struct {
    char *id;       /* of <enabled/>; never NULL */
    char *jid;      /* full, as it was bound */
    char *location; /* host or host:port the server prefers; NULL */
    /* stanzas of the server that were counted; how many are committed nj_store_committed_count()
     * says */
    guint32 received;
    /* Unix ms: after that the server has forgotten it; 0: it did not say */
    gint64 until;
} NjStoredStream;

/* false: none; clear with nj_stored_stream_clear() */
bool nj_store_find_stream(NjStore *store, gint64 account, NjStoredStream *out);
void nj_stored_stream_clear(NjStoredStream *stream);

/* copied; its count counts as committed with it; NULL: it is over */
void nj_store_set_stream(NjStore *store, gint64 account, const NjStoredStream *stream);

/* So many stanzas were received and dealt with: committed together with what was asked of the store
 * before this call, never earlier. Cheap: every stanza calls it.  Where no content came along it
 * may wait for company for half a second. */
void nj_store_set_received_count(NjStore *store, gint64 account, guint32 received);

/* the count that is committed */
guint32 nj_store_committed_count(NjStore *store, gint64 account);

/* What we said and nobody has acknowledged: a row for each message of ours whose state is open
 * (nj_state_is_open()), made and removed by nj_store_add_message() and nj_store_set_state()
 * themselves. */
typedef struct {
    NjMessage *message;
    NjChatKind kind; /* of its chat */
    char *address;
    bool numbered; /* it was given to a stream, as its stanza `number` */
    guint32 number;
} NjStoredOutboxRow;

/* as it is now, in the order of the ids. Array of NjStoredOutboxRow; free with g_ptr_array_unref */
GPtrArray *nj_store_list_outbox(NjStore *store, gint64 account);
void nj_store_set_stanza_number(NjStore *store, gint64 message, bool numbered, guint32 number);

/* Ours, by the id it went out with; the caller owns it; NULL. */
NjMessage *nj_store_find_sent(NjStore *store, gint64 chat, const char *wire_id);

/* True while too much waits to be written (5,000 rows or 4 MB): sockets are not read until
 * on_room. */
bool nj_store_queue_is_full(const NjStore *store);

/* tests and quit: waits until all is written, or cannot be */
void nj_store_flush(NjStore *store);

/* Up to limit messages of a chat before (time, id), or the newest with time G_MAXINT64; oldest
 * first. Array of NjMessage, owned. What still waits to be written is the very object that was
 * added, what was read is a new one: compare ids. */
GPtrArray *nj_store_page_before(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit);
GPtrArray *nj_store_page_after(NjStore *store, gint64 chat, gint64 time, gint64 id, guint limit);

/* Is there a message of this chat with this id, said by this sender (XEP-0359; for the echo of our
 * own lines and for resends)? */
bool nj_store_has_origin_id(NjStore *store, gint64 chat, const char *sender, const char *origin_id);
bool nj_store_has_archive_id(NjStore *store, gint64 chat, const char *by, const char *archive_id);

/* How many reads have failed so far: if there are more after a question than before it, its answer
 * is none. */
guint nj_store_failed_reads(const NjStore *store);

/* A search over what was said: words by their beginning, as a person types them (never the engine's
 * syntax), newest first.  The work is done by a thread of its own; the index is brought up to date
 * first. */
typedef struct {
    const char *words;    /* NULL or "": any */
    gint64 account, chat; /* 0: all */
    /* an address, a nick or a part of one, in any case; "me": ours; NULL: anybody */
    const char *sender;
    gint64 since, until;           /* Unix ms, until exclusive; 0: open */
    bool links;                    /* only what has a link in it */
    gint64 before_time, before_id; /* continue behind this hit; 0: from the newest */
    guint limit;
    gsize max_body_bytes; /* bytes of a body that are wanted; 0: all */
} NjSearch;

/* address: the chat's */
typedef struct {
    NjMessage *message;
    gint64 account;
    char *account_address;
    NjChatKind kind;
    char *address;
} NjFound;

typedef void (*NjSearchFunc)(GPtrArray *found /* of NjFound, borrowed; NULL on error */,
                             const GError *error, void *data);

/* copied; done on the main thread, later */
void nj_store_search(NjStore *store, const NjSearch *search, NjSearchFunc done, void *data,
                     const void *owner);
void nj_store_search_cancel(NjStore *store, const void *owner);

/* messages that a search has to wait for: 0, but after an update or an import */
guint nj_store_count_unindexed(NjStore *store);

/* The roster as last seen, for RFC 6121 2.6 versioning. Items are opaque rows for model/roster.c.
 * Without replace the items are put one by one; one whose subscription is "remove" is taken out. */
/* groups: joined with '\n' */
typedef struct {
    char *address, *name, *subscription, *groups;
    bool ask, approved;
} NjStoredItem;

/* the version or NULL; fills items with NjStoredItem */
char *nj_store_read_roster(NjStore *store, gint64 account, GPtrArray *items);
void nj_store_set_roster(NjStore *store, gint64 account, const char *version,
                         GPtrArray *items /* taken; may be NULL */, bool replace);
void nj_stored_item_free(NjStoredItem *item);

#endif
