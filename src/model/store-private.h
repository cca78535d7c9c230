/* What the parts of the store share: store.c (the main thread's side), store-safe.c (what is
 * committed: callbacks, streams, what we said), store-read.c (what is read), store-list.c (what is
 * to be written), store-writer.c (the thread), store-id-index.c (what a message is found again by),
 * store-access.c (the file) and store-schema.c (its tables).
 *
 * What is to be written is a list of NjWrite.  The main thread appends, the writer takes some from
 * the head and removes them when they are committed: so the list is always exactly what the file
 * does not have yet.  Ids are given in the list's order; what is in the file has a smaller id than
 * the first message of the list. */
#ifndef NJ_MODEL_STORE_PRIVATE_H
#define NJ_MODEL_STORE_PRIVATE_H

#include <sqlite3.h>

#include "model/store.h"

typedef enum {
    NJ_WRITE_ACCOUNT, /* row, text: address */
    NJ_WRITE_CHAT,    /* row, account, number: kind, text: address */
    /* row, chat, message, number: state, text: error, both as they were when it was added */
    NJ_WRITE_MESSAGE,
    NJ_WRITE_STATE,          /* row: the message, number: state, text: error */
    NJ_WRITE_READ_MARKER,    /* chat, value: time, row: the message */
    NJ_WRITE_DRAFT,          /* chat, text */
    NJ_WRITE_FROM_STRANGER,  /* chat, number */
    NJ_WRITE_ROOM_NICK,      /* chat, text: nick */
    NJ_WRITE_DELETE_CHAT,    /* chat */
    NJ_WRITE_STANZA_NUMBER,  /* row: the message, number: whether it has one, value: which */
    NJ_WRITE_STREAM,         /* account, stream; NULL: none any more */
    NJ_WRITE_RECEIVED_COUNT, /* nothing but what any write may carry: counting, count */
    NJ_WRITE_ROSTER,         /* account, text: version, items, number: replace */
} NjWriteKind;

typedef struct NjIndex NjIndex; /* store-words.h */
typedef struct NjSearcher NjSearcher;

/* What a message is found again by (store-id-index.c). */
typedef struct NjIdIndex NjIdIndex;
typedef struct NjAccess NjAccess; /* the file and its door (store-access.c) */
typedef enum { NJ_ID_ORIGIN, NJ_ID_SENT, NJ_ID_ARCHIVE, NJ_ID_KINDS } NjIdKind;

typedef struct NjWrite NjWrite;
struct NjWrite {
    NjWrite *next;
    NjWriteKind kind;
    int number;
    guint rows; /* what it counts against the limit */
    gsize bytes;
    guint64 turn; /* its place among all writes of this run */
    bool joined;  /* is committed only together with the next one */
    gint64 row, chat, account, value;
    /* the account of the count that is committed together with this write; 0: none */
    gint64 counting;
    guint32 count;
    gint64 id_hashes[NJ_ID_KINDS]; /* hashes of the message's; 0: none */
    NjMessage *message;
    char *text;
    GPtrArray *items; /* of NjStoredItem */
    NjStoredStream *stream;
};

/* An account's stream as it was asked to be. */
typedef struct {
    gint64 account;
    bool here; /* there is one */
    NjStoredStream stream;
    NjWrite *carrier; /* of the last count, as long as its turn was not taken */
    guint64 carrier_turn;
    /* Used by both threads while they hold the store's mutex. */
    struct {
        /* the turn in which the stream was set: counts of older turns are of another */
        guint64 since;
        guint32 counted;
    } shared;
} NjKnownStream;

/* What the reading connection keeps prepared; the texts are in store-read.c. */
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

/* The name of the nested struct says which thread may use a field. */
struct NjStore {
    /* Set by nj_store_open_as() before the writer thread starts and constant from then on. */
    char *lock_path, *path;
    /* On a network file system main.reader and writer.db are the same connection. */
    bool single_connection;
    NjAccess *access;
    gint64 last_ids_at_open[3]; /* largest ids of accounts, chats and messages in the file */
    NjIdIndex *id_index;        /* the struct in store-id-index.c says what each thread may use */
    NjSearcher *searcher;       /* has a thread and a mutex of its own */
    GSource *news;              /* any thread sets its ready time; runs tell_news() */

    GMutex mutex; /* protects `shared` */
    GCond work;   /* wakes the writer thread: writes to commit, or closing */
    GCond done;   /* wakes the main thread: a batch has ended, or the writer thread */

    /* Used by the main thread only. */
    struct {
        sqlite3 *reader;
        sqlite3_stmt *reads[NJ_READ_STATEMENTS];
        gint64 last_account, last_chat, last_message; /* the ids given last */
        GHashTable *accounts;                         /* address -> row */
        GHashTable *chats; /* row -> KnownChat: the chats met in this run, as they are */
        GHashTable *keys;  /* account, kind, address -> KnownChat */
        /* keys of chats that were forgotten: the file may have them a little longer */
        GHashTable *gone;
        GQueue waiting; /* calls for when something is committed */
        guint64 last_call;
        bool *closed; /* of the news that are being told: a listener closed the store */
        void (*on_trouble)(const char *sentence, void *owner);
        void (*on_room)(void *owner);
        void *owner;
        GThread *thread; /* the writer thread, to join it */
        int inside;      /* how often the main thread went through the door */
        /* monotonic: until then a read does not wait for the shared connection */
        gint64 impatient;
        bool frozen;        /* the reader sees a file that could not be written */
        char *read_trouble; /* to be told, once; NULL: none yet */
        bool read_told;
        guint failed_reads;
    } main;

    /* Used by both threads while they hold the mutex.  The main thread alone changes `turn`, so it
     * reads that one without the mutex. */
    struct {
        NjWrite *first, **end, *last; /* last: while its turn was not taken */
        guint length, rows;
        gsize bytes;
        /* of the newest write; of the newest one that the writer took; that is in the file */
        guint64 turn, taken, committed;
        guint64 content; /* of the newest write that is more than a count */
        guint64 awaited; /* of the first call that waits; G_MAXUINT64: nobody does */
        gint64 due;      /* monotonic: when what is not yet taken has to be */
        bool lazy;       /* these are only counts that nobody waits for */
        /* NjMessage sets of the list, by what identifies them; ours: what we said */
        GHashTable *origins, *archives, *ours;
        GHashTable *states;  /* message -> its newest NJ_WRITE_STATE of the list */
        GHashTable *streams; /* account -> NjKnownStream; filled by the main thread */
        bool urgent, closing, idle;
        /* what comes now is joined, until it was released as often */
        guint held;
        bool blocked;             /* the writer waits for the end of that */
        bool finished, abandoned; /* abandoned: closed, but the writer is not finished */
        bool full, has_room;      /* has_room: to be told */
        char *trouble;            /* NULL: none */
        bool trouble_changed;     /* to be told */
    } shared;

    /* Used by the writer thread only; before it starts by nj_store_open_as().  With a single
     * connection the main thread uses `db`, too, between nj_store_lock() and nj_store_unlock(). */
    struct {
        int lock_fd; /* of $data/lock; -1: not yet taken */
        sqlite3 *db; /* NULL while the file cannot be written since the start */
        NjIndex *index;
    } writer;
};

/* store.c */
void nj_store_free(NjStore *store);

/* what nj_store_open() does once it knows where the directory is */
NjStore *nj_store_open_as(const char *data_dir, bool remote, GError **error);

/* takes the lock and the file to write to */
bool nj_store_open_writer(NjStore *store, GError **error);
void nj_store_close_reader(NjStore *store);

/* of accounts, chats, messages: the last ones */
bool nj_store_read_last_ids(sqlite3 *db, gint64 ids[3]);

/* store-chats.c */
/* Make and free the tables of `main` that hold accounts and chats. */
void nj_store_init_chats(NjStore *store);
void nj_store_free_chats(NjStore *store);

/* Reads the rows of all chats, so that none has to be read later. */
void nj_store_read_all_chats(NjStore *store);

/* false: not met in this run */
bool nj_store_find_known_chat(NjStore *store, gint64 chat, gint64 *account, NjChatKind *kind,
                              const char **address);

/* store-safe.c */
/* what came up to now is whole. With the mutex */
void nj_store_end_group(NjStore *store);

/* what waited for what is committed now, or a slice of it; it may close the store */
void nj_store_run_commit_calls(NjStore *store, bool all);
void nj_store_drop_commit_calls(NjStore *store);
void nj_known_stream_free(void *known);

/* store-read.c */
#define NJ_MESSAGE_COLUMNS                                                                     \
    "message.id, chat, time, type, state, outgoing, delayed, mention, sender, body, subject, " \
    "thread, wire_id, origin_id, archive_id,"                                                  \
    " archive_by, encryption, error"
/* from a row that begins with these; the caller owns it */
NjMessage *nj_store_read_message(sqlite3_stmt *statement);

/* Whoever needs both goes through the door first and takes the mutex then. */
/* the main thread; false: not now */
bool nj_store_lock(NjStore *store);
void nj_store_unlock(NjStore *store);

/* A statement, ready to be bound; NULL if the file cannot be read, which the other two take. */
sqlite3_stmt *nj_store_read_begin(NjStore *store, NjRead which);

/* false after the last row */
bool nj_store_read_step(sqlite3_stmt *statement);

/* true if all went well. The read transaction ends here: none may stay open */
bool nj_store_read_end(NjStore *store, sqlite3_stmt *statement);

/* the caller owns it */
char *nj_store_read_text(sqlite3_stmt *statement, int column);

/* the id of the list's first message; G_MAXINT64 without one. With the mutex */
gint64 nj_store_first_unwritten_id(const NjStore *store);

/* store-list.c */
#define NJ_BATCH_US (50 * G_TIME_SPAN_MILLISECOND)
/* with so many a batch does not wait */
#define NJ_BATCH_ROWS 500
#define NJ_FULL_ROWS 5000
#define NJ_FULL_BYTES (4 * 1024 * 1024)
NjWrite *nj_store_write_new(NjWriteKind kind);
void nj_store_write_free(NjWrite *write);

/* a message of ours that is still to be got across */
bool nj_store_write_needs_outbox(const NjWrite *write);

/* appends; takes it */
void nj_store_append_write(NjStore *store, NjWrite *write);

/* what is not yet taken is due then. With the mutex, as is the next */
void nj_store_set_due(NjStore *store, gint64 due);
void nj_store_remove_from_id_sets(NjStore *store, NjMessage *message);

guint nj_store_hash_origin_id(const void *message);
gboolean nj_store_equal_origin_id(const void *a, const void *b);
gboolean nj_store_equal_sent_id(const void *a, const void *b);
guint nj_store_hash_archive_id(const void *message);
gboolean nj_store_equal_archive_id(const void *a, const void *b);

/* store-writer.c */
void nj_store_start_writer(NjStore *store);

/* store-id-index.c */
/* who: OURS has none */
gint64 nj_id_index_hash(const NjIdIndex *id_index, NjIdKind kind, gint64 chat, const char *who,
                        const char *id);
void nj_id_index_hash_all(const NjIdIndex *id_index, const NjMessage *message,
                          gint64 hashes[NJ_ID_KINDS]);
bool nj_id_index_open(NjStore *store, sqlite3 *db, bool writes);
void nj_id_index_set_db(NjIdIndex *id_index, sqlite3 *db);

/* it is in the file. With the mutex, as is the next */
void nj_id_index_add(NjIdIndex *id_index, gint64 message, const gint64 hashes[NJ_ID_KINDS]);

/* the message that may be it; 0: ask the table */
gint64 nj_id_index_find(const NjIdIndex *id_index, gint64 hash);

/* one slice of work; false: there is nothing to be done. With the mutex, which it lets go
 * meanwhile */
bool nj_id_index_run_slice(NjStore *store, gint64 due);

/* before the writer's connection is closed */
void nj_id_index_close(NjIdIndex *id_index);

/* NULL is fine */
void nj_id_index_free(NjIdIndex *id_index);

/* store-access.c */
bool nj_store_is_remote(const char *dir);

/* -1: somebody has it; without an error: there is none, and it cannot be made */
int nj_store_lock_file(const char *path, GError **error);
NjAccess *nj_access_new(const char *path, bool shared);
NjAccess *nj_access_ref(NjAccess *access);

/* NULL is fine */
void nj_access_unref(NjAccess *access);
const char *nj_access_path(const NjAccess *access);

/* An error whose code is G_FILE_ERROR_ROFS may pass: until then the file is frozen. */
sqlite3 *nj_access_connect(NjAccess *access, bool writer, GError **error);

/* before a connection is used; false: somebody else was inside until then (monotonic) */
bool nj_access_lock(NjAccess *access, gint64 until);
void nj_access_unlock(NjAccess *access);

/* connections see the file as it was when they were made */
bool nj_access_is_read_only(NjAccess *access);
void nj_access_set_read_only(NjAccess *access, bool frozen);

/* store-schema.c */
bool nj_store_migrate(sqlite3 *db, const char *path, GError **error);
bool nj_store_is_current(sqlite3 *db, const char *path, GError **error);

/* what the last error means for the person; the caller owns it */
char *nj_store_error_sentence(sqlite3 *db, const char *path);

/* where the engine forgets the errno: for a commit */
char *nj_store_error_sentence_for(sqlite3 *db, const char *path, int reason);
char *nj_store_unwritable_sentence(const char *path);
void nj_store_set_error(sqlite3 *db, const char *path, GError **error);

/* the last error is one of the disk's or of its rights */
bool nj_store_is_temporary_error(sqlite3 *db);

#endif
