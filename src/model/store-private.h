/* Declarations shared by the files of the store. The rest of the program includes store.h only.
 *
 *     store.c          opens, closes, adds messages, runs the hooks
 *     store-chats.c    accounts and chats
 *     store-roster.c   rosters
 *     store-streams.c  XEP-0198 streams and the counts of received stanzas
 *     store-outbox.c   sent messages that are not yet acknowledged
 *     store-commit.c   groups of writes, calls made when a write is committed
 *     store-queue.c    the queue of writes
 *     store-writer.c   the writer thread
 *     store-read.c     prepared SELECT statements and pages of history
 *     store-id-index.c finds a message by its origin-id or archive id
 *     store-index.c    the word index, filled by the writer thread
 *     store-search.c   the search thread
 *     store-query.c    turns the words a user types into an FTS5 expression
 *     store-access.c   the file: its lock, its connections, network file systems
 *     store-schema.c   tables, migrations, error sentences
 *
 * Threads. The main thread calls the functions of store.h. The writer thread executes all writes
 * and updates both indexes. The search thread runs searches on a connection of its own; it ends a
 * minute after the last search. NjStore groups its fields by the thread that may use them: `main`
 * belongs to the main thread, `writer` to the writer thread, and `shared` is protected by
 * NjStore.mutex. The fields outside of these structs do not change once the store is open.
 *
 * Life of a write. The main thread gives new rows their ids, makes an NjWrite and appends it to the
 * queue, which is a linked list (nj_store_append_write()). The write gets the next write sequence
 * number; the numbers in the queue are consecutive. The writer thread waits until
 * shared.due, or until the queue is long or urgent, takes a batch from its head (shared.seq_taken)
 * and executes it in one transaction. The writes stay in the queue while they are executed, and the
 * main thread must not change a write that is taken. After the commit the writer thread removes
 * them (shared.seq_committed). So the queue holds every write that is not in the file, and for a
 * moment after a commit also the committed ones. New rows have greater ids than those of the same
 * table in the file. A reader searches the queue and the file and merges the results.
 *
 * Commit calls. A function that was passed to nj_store_call_when_committed() waits for the sequence
 * number of the newest write at that time. When the writer thread has committed it, it fires
 * NjStore.notification, and the main loop runs the function.
 *
 * Groups. Writes appended between nj_store_begin() and nj_store_commit() are committed in one
 * transaction: with_next is set in each of them, nj_store_commit() clears it in the last one, and
 * the writer thread never ends a batch behind a write that has it set.
 *
 * Id index. The random ids of messages (origin-id, archive id) are hashed. The table `ident` maps a
 * hash to the rows of messages that may have the id. The hashes of the newest messages are kept in
 * memory and are moved into the table when the writer thread has nothing else to do.
 *
 * Network file systems. SQLite's write-ahead log needs memory that the connections share, which a
 * network file system does not offer. The file has a rollback journal there. The main thread and
 * the writer thread use one connection (single_connection), and every use of a connection, the
 * search thread's included, is enclosed in nj_access_lock() and nj_access_unlock(). On a local disk
 * these two do nothing.
 *
 * Order of locks. nj_access_lock() first, then NjStore.mutex, then the mutex of NjSearcher.
 *
 * Failing disks. A batch that fails is rolled back and stays in the queue, and its writes stay
 * taken. The writer thread tries again after a pause that grows from 0.25 s to 15 s.
 * shared.write_error holds the sentence for the user until a batch succeeds. Meanwhile nothing is
 * reported as committed.
 *
 * Read-only files. If the file cannot be written when the store is opened, the main thread reads a
 * snapshot of it (main.reader_is_snapshot), writer.db is NULL and writes wait in the queue. The
 * writer thread tries to open the file for writing with the same pauses, even if the queue is
 * empty. When it succeeds it calls nj_access_set_read_only(false), and the other threads replace
 * their connections before their next read.
 *
 * Closing. nj_store_close() sets shared.closing and waits for the writer thread, which commits the
 * queue and closes writer.db. If the disk blocks that thread beyond the timeout, shared.abandoned
 * is set, and the writer thread frees the store when it ends. */
#ifndef NJ_MODEL_STORE_PRIVATE_H
#define NJ_MODEL_STORE_PRIVATE_H

#include <sqlite3.h>

#include "model/store.h"

/* The kinds of NjWrite, each with the fields it uses. */
typedef enum {
    NJ_WRITE_ACCOUNT, /* row, text: address */
    NJ_WRITE_CHAT,    /* row, account, number: kind, text: address */
    /* row, chat, message; number: state and text: error, copies, because the main thread may change
     * the state and the error of the message while the writer thread reads it */
    NJ_WRITE_MESSAGE,
    NJ_WRITE_STATE,         /* row: message, number: state, text: error */
    NJ_WRITE_READ_MARKER,   /* chat, value: time, row: message */
    NJ_WRITE_DRAFT,         /* chat, text; NULL removes it */
    NJ_WRITE_FROM_STRANGER, /* chat, number: bool */
    NJ_WRITE_ROOM_NICK,     /* chat, text: nick; NULL: the room was left */
    NJ_WRITE_DELETE_CHAT,   /* chat */
    NJ_WRITE_STANZA_NUMBER, /* row: message, number: whether it has a number, value: the number */
    NJ_WRITE_STREAM,        /* account, stream; NULL removes it */
    /* count_account, received_count; any other kind may have these two as well */
    NJ_WRITE_RECEIVED_COUNT,
    NJ_WRITE_ROSTER, /* account, text: version, items, number: whether they replace all items */
} NjWriteKind;

typedef struct NjIndex NjIndex; /* the word index; store-index.h */
typedef struct NjSearcher NjSearcher;
typedef struct NjIdIndex NjIdIndex;
typedef struct NjAccess NjAccess;

/* How an id identifies a message within its chat: an origin-id together with its sender; the
 * origin-id of a sent message alone; an archive id together with its archive. */
typedef enum { NJ_ID_ORIGIN, NJ_ID_SENT, NJ_ID_ARCHIVE, NJ_ID_KINDS } NjIdKind;

/* A change of the file. The main thread may change it until the writer thread has taken it. */
typedef struct NjWrite NjWrite;
struct NjWrite {
    /* The next write of the queue. The main thread links a new write to the last one, so `next` of
     * the last write must be used with the mutex only. */
    NjWrite *next;

    NjWriteKind kind;
    int number;
    guint rows;     /* how much it adds to shared.rows: 1, for a roster also 1 for each item */
    gsize bytes;    /* how much it adds to shared.bytes: about the memory that it occupies */
    guint64 seq;    /* write sequence number: 1, 2, 3 … in each run of the program */
    bool with_next; /* committed in one transaction with the next write: a group */
    gint64 row, chat, account, value;

    /* The count of received stanzas that is committed together with this write, and the account
     * whose stream counted them; 0: no count. */
    gint64 count_account;
    guint32 received_count;

    gint64 id_hashes[NJ_ID_KINDS]; /* set by the writer thread; 0: the message has no such id */
    NjMessage *message;
    char *text;
    GPtrArray *items; /* of NjStoredItem */
    NjStoredStream *stream;
};

/* The stream of an account, as last set by the main thread. */
typedef struct {
    gint64 account;
    bool exists; /* false: the account has no stream that can be resumed */
    NjStoredStream stream;

    /* The write that holds the newest count, and its sequence number (0: the stream is new). The
     * pointer is valid only while the writer thread has not taken the write. */
    NjWrite *count_write;
    guint64 count_write_seq;

    /* Protected by the store's mutex, used by both threads. */
    struct {
        /* Sequence number of the write that set the stream. The counts of older writes belong to
         * the stream before it. */
        guint64 seq_set;
        guint32 committed_count;
    } shared;
} NjKnownStream;

/* The prepared statements of main.reader; store-read.c has their texts. */
typedef enum {
    NJ_READ_ACCOUNT,
    NJ_READ_CHAT,
    NJ_READ_CHATS,
    NJ_READ_OPEN_CHATS,
    NJ_READ_COUNTS,
    NJ_READ_NEWEST,
    NJ_READ_BEFORE,
    NJ_READ_AFTER,
    NJ_READ_ORIGIN,
    NJ_READ_ARCHIVE,
    NJ_READ_ROSTER_VERSION,
    NJ_READ_ROSTER,
    NJ_READ_STREAM,
    NJ_READ_OUTBOX,
    NJ_READ_SENT,
    NJ_READ_SENT_BY_ID,
    NJ_READ_STATEMENTS
} NjRead;

struct NjStore {
    /* Set before the writer thread starts and constant from then on. */
    char *lock_path, *path; /* of $data/lock and $data/history.db */
    bool single_connection; /* network file system: main.reader and writer.db are the same */
    NjAccess *access;
    gint64 last_ids_at_open[3]; /* largest ids of accounts, chats and messages in the file */
    NjIdIndex *id_index;        /* struct NjIdIndex says which thread uses which field */
    NjSearcher *searcher;       /* has a mutex of its own */

    /* Runs run_hooks() on the main thread. Any thread may fire it, by setting its ready time. */
    GSource *notification;

    GMutex mutex; /* protects `shared` */
    GCond work;   /* the writer thread waits for it: there are writes, or the store is closed */
    /* the main thread waits for it: a batch was committed or has failed, or the thread has ended */
    GCond done;

    /* Used by the main thread only. */
    struct {
        /* The connection for reading; NULL after a failed attempt to replace the snapshot. If it is
         * writer.db (single_connection), nj_store_close() does not finalize the statements: the
         * writer thread does so when it ends. */
        sqlite3 *reader;
        sqlite3_stmt *statements[NJ_READ_STATEMENTS];
        bool reader_is_snapshot; /* opened while the file could not be written */

        int lock_depth; /* calls of nj_store_lock() that nj_store_unlock() has not yet undone */

        /* When nj_store_lock() has timed out, it does not wait again until this monotonic time. */
        gint64 no_wait_until;

        char *read_error;         /* sentence about the first failed read; NULL: none failed */
        bool read_error_reported; /* the on_error hook has got it */
        guint failed_reads;

        gint64 last_account, last_chat, last_message; /* the largest ids in file and queue */
        GHashTable *accounts;                         /* address -> row */
        GHashTable *chats;                            /* row -> KnownChat (store-chats.c) */
        GHashTable *chats_by_key;                     /* account, kind, address -> KnownChat */
        GHashTable *deleted_keys; /* keys of deleted chats; the file may still have them */

        GQueue commit_calls;      /* of nj_store_call_when_committed(), oldest first */
        guint64 last_call_serial; /* of the newest of these calls */

        void (*on_error)(const char *sentence, void *owner);
        void (*on_space)(void *owner);
        void *hook_owner;
        bool *closed_flag; /* while hooks run: set to true when one of them closes the store */

        GThread *writer_thread;
    } main;

    /* Protected by the mutex. Only the main thread changes seq_newest and the table `streams`, so
     * it may read these two without the mutex. */
    struct {
        /* The queue. `end` is where the next write is linked. `last` is valid only while seq_newest
         * > seq_taken. */
        NjWrite *first, **end, *last;
        guint length; /* writes in the queue */
        guint rows;   /* sums of their NjWrite.rows and NjWrite.bytes */
        gsize bytes;
        bool full;        /* too many rows or bytes; cleared when it is half empty again */
        bool space_again; /* `full` was cleared; the on_space hook is not called yet */

        /* Write sequence numbers: of the newest write, of the newest one that the writer thread has
         * taken, of the newest one that is committed. */
        guint64 seq_newest, seq_taken, seq_committed;

        /* The sequence number of the newest write that is not an NJ_WRITE_RECEIVED_COUNT. A new
         * count may include the stanza of that write, so an older write must not carry it. */
        guint64 seq_content;
        guint64 seq_awaited; /* of the oldest waiting commit call; G_MAXUINT64: none waits */

        gint64 due;  /* monotonic time at which the writes that are not taken become a batch */
        bool urgent; /* the next batch does not wait until `due` */

        /* The writes that are not taken are all NJ_WRITE_RECEIVED_COUNT and no commit call waits
         * for them, so `due` is late. */
        bool only_counts;

        /* The writer thread may be waiting for `work`. False while it executes a batch and in the
         * pause after a failed batch, when only nj_store_close() has to wake it. */
        bool writer_idle;

        /* Calls of nj_store_begin() that nj_store_commit() has not yet undone. The writer thread
         * may have to wait for the end of the group. */
        guint group_depth;
        bool writer_waits_for_group;

        /* Queued messages by id: sets of NjMessage, each with its own equality function. */
        GHashTable *by_origin_id, *by_archive_id, *sent_by_origin_id;
        GHashTable *newest_states; /* message row -> its newest NJ_WRITE_STATE in the queue */
        GHashTable *streams;       /* account -> NjKnownStream */

        char *write_error; /* sentence about the failed batch; NULL: the last one succeeded */
        bool write_error_changed; /* the on_error hook is not called yet */

        bool closing;         /* nj_store_close() was called */
        bool writer_finished; /* the writer thread has closed its connection */
        bool abandoned;       /* closing timed out: the writer thread frees the store */
    } shared;

    /* Used by the writer thread only, and by nj_store_open_as() before that thread starts. With
     * single_connection the main thread uses `db` as main.reader, between nj_store_lock() and
     * nj_store_unlock(). */
    struct {
        int lock_fd;    /* descriptor of $data/lock; -1: not locked yet */
        sqlite3 *db;    /* NULL while the file could not be opened for writing */
        NjIndex *index; /* NULL as long as `db` is */
    } writer;
};

/* --- store.c --- */

/* Opens the store; remote says whether the directory is on a network file system. */
NjStore *nj_store_open_as(const char *data_dir, bool remote, GError **error);

/* Frees all but the connections. The writer thread must have ended or be the caller. */
void nj_store_free(NjStore *store);

/* Locks $data/lock unless it is locked already, and opens and migrates the file for writing. Called
 * by nj_store_open_as() or on the writer thread. An error with the code G_FILE_ERROR_ROFS may be
 * temporary. */
bool nj_store_open_writer(NjStore *store, GError **error);

/* Finalizes the statements of main.reader and closes it, unless it is writer.db. */
void nj_store_close_reader(NjStore *store);

/* Reads the largest ids of accounts, chats and messages. False if that fails. */
bool nj_store_read_last_ids(sqlite3 *db, gint64 ids[3]);

/* --- store-chats.c --- */

/* Make and free the tables of accounts and chats in `main`. */
void nj_store_init_chats(NjStore *store);
void nj_store_free_chats(NjStore *store);

/* Makes a KnownChat of every chat in the file, so that finding a chat later needs no read. */
void nj_store_read_all_chats(NjStore *store);

/* Looks up a chat that has a KnownChat; false: it has none. *address belongs to the store. */
bool nj_store_find_known_chat(NjStore *store, gint64 chat, gint64 *account, NjChatKind *kind,
                              const char **address);

/* --- store-commit.c --- */

/* Ends the group that is being appended, so that the writer thread can commit all writes in the
 * queue. Called by nj_store_commit(), and by flush and close even if nj_store_commit() is still
 * missing. With the mutex. */
void nj_store_end_group(NjStore *store);

/* Runs the commit calls whose writes are committed: all of them, or as many as fit into half a
 * millisecond. One of them may close the store: then main.closed_flag is set and the store must not
 * be used. */
void nj_store_run_commit_calls(NjStore *store, bool all);
void nj_store_drop_commit_calls(NjStore *store);

/* --- store-streams.c --- */

void nj_known_stream_free(void *known);

/* --- store-outbox.c --- */

/* Does this write add a sent message that is not yet acknowledged? The file has a row for each of
 * these in the table `outbox`. */
bool nj_store_write_needs_outbox(const NjWrite *write);

/* --- store-read.c --- */

#define NJ_MESSAGE_COLUMNS                                                                     \
    "message.id, chat, time, type, state, outgoing, delayed, mention, sender, body, subject, " \
    "thread, wire_id, origin_id, archive_id, archive_by, encryption, error"

/* Makes a message from a row that begins with NJ_MESSAGE_COLUMNS. The caller owns it. */
NjMessage *nj_store_read_message(sqlite3_stmt *statement);

/* Lock and unlock the connection for the main thread where single_connection is set; calls may be
 * nested. The mutex must not be held. Locking fails if the writer or search thread does not release
 * the connection within a second; the failure is then counted and reported. */
bool nj_store_lock(NjStore *store);
void nj_store_unlock(NjStore *store);

/* Locks the connection and returns the statement, ready to be bound; NULL if the file cannot be
 * read. The two functions below accept NULL. */
sqlite3_stmt *nj_store_read_begin(NjStore *store, NjRead which);

/* Steps to the next row; false if there is none or reading fails. */
bool nj_store_read_step(sqlite3_stmt *statement);

/* Resets the statement and unlocks the connection. False if reading has failed. Every read must end
 * here, because the writer thread cannot shorten the log while a read transaction is open. */
bool nj_store_read_end(NjStore *store, sqlite3_stmt *statement);

/* Copies the text of a column; NULL for an SQL NULL. */
char *nj_store_read_text(sqlite3_stmt *statement, int column);

/* Returns the id of the oldest message in the queue, G_MAXINT64 if there is none. Smaller ids are
 * in the file. With the mutex. */
gint64 nj_store_first_unwritten_id(const NjStore *store);

/* --- store-queue.c --- */

/* Writes wait this long for others that may follow; counts alone wait longer (store-queue.c). */
#define NJ_BATCH_US (50 * G_TIME_SPAN_MILLISECOND)
/* With this many writes in the queue the next batch does not wait. */
#define NJ_BATCH_WRITES 500
/* A queue with this many rows or bytes is full (nj_store_queue_is_full()). */
#define NJ_FULL_ROWS 5000
#define NJ_FULL_BYTES (4 * 1024 * 1024)

NjWrite *nj_store_write_new(NjWriteKind kind);
void nj_store_write_free(NjWrite *write);

/* Gives the write its sequence number and appends it to the queue, which owns it from then on. */
void nj_store_append_write(NjStore *store, NjWrite *write);

/* Sets shared.due for writes that are not counts alone, and wakes the writer thread if it waits.
 * With the mutex. */
void nj_store_set_due(NjStore *store, gint64 due);

/* Removes a message that leaves the queue from the sets of queued messages. With the mutex. */
void nj_store_remove_from_id_sets(NjStore *store, NjMessage *message);

/* Hash and equality functions of these sets. The origin-id is compared with chat and sender, that
 * of a sent message with the chat, the archive id with chat and archive. */
guint nj_store_hash_origin_id(const void *message);
gboolean nj_store_equal_origin_id(const void *a, const void *b);
gboolean nj_store_equal_sent_id(const void *a, const void *b);
guint nj_store_hash_archive_id(const void *message);
gboolean nj_store_equal_archive_id(const void *a, const void *b);

/* --- store-writer.c --- */

void nj_store_start_writer(NjStore *store);

/* --- store-id-index.c --- */

/* Makes store->id_index and fills it with the hashes that are not yet in the table. If these are
 * too many for the memory, as in a file of an old format, and writes is true, they are moved into
 * the table at once. False if the file cannot be read or written. */
bool nj_id_index_open(NjStore *store, sqlite3 *db, bool writes);

/* Gives the index its connection for writing when it was opened without. Writer thread. */
void nj_id_index_set_db(NjIdIndex *id_index, sqlite3 *db);

/* Returns the hash of an id within a chat. by is the sender or the archive (see NjIdKind), NULL for
 * NJ_ID_SENT. */
gint64 nj_id_index_hash(const NjIdIndex *id_index, NjIdKind kind, gint64 chat, const char *by,
                        const char *id);

/* Computes the hashes of all ids of a message; 0 for an id that it does not have. */
void nj_id_index_hash_all(const NjIdIndex *id_index, const NjMessage *message,
                          gint64 hashes[NJ_ID_KINDS]);

/* Adds the hashes of a message that is now in the file. With the mutex. */
void nj_id_index_add(NjIdIndex *id_index, gint64 message, const gint64 hashes[NJ_ID_KINDS]);

/* Returns the newest message in memory whose id has this hash, 0 if there is none. The row has to
 * be compared, and the table has to be searched as well. With the mutex. */
gint64 nj_id_index_find(const NjIdIndex *id_index, gint64 hash);

/* Moves some hashes from memory into the table. Returns false if there is nothing to do: if memory
 * has few hashes, or if the last attempt failed within a minute. It also returns false if due
 * (monotonic time) has passed or the store is being closed, unless memory has too many hashes.
 * Writer thread; with the mutex, which is unlocked during the work. */
bool nj_id_index_run_slice(NjStore *store, gint64 due);

/* Finalizes the statement; to be called before the connection is closed. */
void nj_id_index_close(NjIdIndex *id_index);

/* id_index may be NULL. */
void nj_id_index_free(NjIdIndex *id_index);

/* --- store-access.c --- */

/* Is the directory on a network file system? */
bool nj_store_is_remote(const char *dir);

/* Opens and locks the file, and writes host, pid and tty into it. Returns its descriptor. -1 with
 * an error: another process has the lock, or the file cannot be locked. -1 without an error: the
 * file does not exist and cannot be made at present. */
int nj_store_lock_file(const char *path, GError **error);

/* Reference counted. exclusive: on a network file system, where one connection at a time is
 * used. */
NjAccess *nj_access_new(const char *path, bool exclusive);
NjAccess *nj_access_ref(NjAccess *access);
void nj_access_unref(NjAccess *access); /* access may be NULL */
const char *nj_access_path(const NjAccess *access);

/* Opens a connection, for the writer thread or for reading. NULL on failure; an error with the code
 * G_FILE_ERROR_ROFS may be temporary. */
sqlite3 *nj_access_connect(NjAccess *access, bool for_writing, GError **error);

/* Must enclose every use of a connection. Locking fails if another thread holds the lock up to the
 * monotonic time `until`; G_MAXINT64 waits for ever. Without `exclusive` both do nothing. */
bool nj_access_lock(NjAccess *access, gint64 until);
void nj_access_unlock(NjAccess *access);

/* While the file is read-only, new connections read a snapshot of it. */
bool nj_access_is_read_only(NjAccess *access);
void nj_access_set_read_only(NjAccess *access, bool read_only);

/* --- store-schema.c --- */

/* Brings the tables to the current format. Fails for a file of a newer program. */
bool nj_store_migrate(sqlite3 *db, const char *path, GError **error);

/* For a file that cannot be migrated because it is read-only: fails unless it has the current
 * format. */
bool nj_store_is_current(sqlite3 *db, const char *path, GError **error);

/* Return a sentence for the user about the connection's last error. The caller owns it. The second
 * takes the errno, because SQLite does not keep it when a COMMIT fails. */
char *nj_store_error_sentence(sqlite3 *db, const char *path);
char *nj_store_error_sentence_for(sqlite3 *db, const char *path, int reason);

/* Returns the sentence for a file that cannot be written. The caller owns it. */
char *nj_store_unwritable_sentence(const char *path);

/* Sets *error to the sentence of nj_store_error_sentence(). The code is G_FILE_ERROR_ROFS for an
 * error that nj_store_is_temporary_error() accepts, else G_FILE_ERROR_IO. */
void nj_store_set_error(sqlite3 *db, const char *path, GError **error);

/* Is the last error one that may go away by itself: a full disk, a read-only one, missing
 * rights? */
bool nj_store_is_temporary_error(sqlite3 *db);

#endif
