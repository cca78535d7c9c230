/* The id index: finds a message by its origin-id or archive id.
 *
 * These ids are random, so an ordinary SQL index has each new row on another page: with a million
 * rows, each new message of a long series would change five pages. Instead the hashes of the newest
 * messages are kept in memory (`fresh`). A drain moves them into the table `ident`, many at once
 * and in the table's order, when the writer thread has nothing else to do. ident_mark.message is
 * the last message whose hashes are in the table; when the store is opened, the hashes of the
 * messages behind it are computed again from their rows.
 *
 * Other people choose the ids, so the hash function is SipHash-2-4 with a random key that is stored
 * in the file: nobody can choose ids with equal hashes. Callers compare the rows that the index
 * returns, so a collision does no harm. */
#include <string.h>

#include "model/store-private.h"

#define DRAIN_IDLE 2048  /* messages in memory at which an idle writer thread begins a drain */
#define DRAIN_BUSY 24576 /* messages at which a drain begins even if there are writes */
#define MAX_READ 65536   /* messages that are read into memory at once when the store is opened */
#define SLICE_ROWS 1024  /* rows of the table in one transaction; 16 times as many if urgent */
#define RETRY_US (60 * G_TIME_SPAN_SECOND) /* pause after a failed transaction */

typedef struct {
    gint64 hash, message; /* message 0: a free slot */
} Entry;

/* A hash table with open addressing, at most three quarters full. If two messages have the same
 * hash, it keeps the newer one only. */
typedef struct {
    Entry *slots;
    guint size, used; /* size: a power of two, or 0 */
} EntrySet;

struct NjIdIndex {
    NjStore *store;
    guint64 key[2]; /* of the hash function; constant once the index is open */

    /* Used by the writer thread only. */
    sqlite3 *db;
    sqlite3_stmt *insert;

    /* With WAL: the commits are not synced, because a drain that a power cut has undone is repeated
     * when the store is opened. */
    bool skips_sync;
    GArray *drain; /* of Entry, sorted: the hashes that the current drain moves; empty: no drain */
    guint drained_count; /* entries of `drain` that are in the table */
    gint64 drain_until;  /* the newest message in `drain` */

    /* Protected by the store's mutex. */
    EntrySet fresh;
    guint added;       /* messages added since the last drain began */
    bool urgent;       /* the current drain does not wait for an idle writer thread */
    gint64 newest_id;  /* the newest message that was added */
    gint64 retry_time; /* monotonic time before which a failed drain does not continue */
};

/* --- SipHash-2-4, by Aumasson and Bernstein --- */

#define ROTATE(x, n) ((x) << (n) | (x) >> (64 - (n)))

static void
sip_round(guint64 v[4])
{
    v[0] += v[1];
    v[1] = ROTATE(v[1], 13) ^ v[0];
    v[0] = ROTATE(v[0], 32);

    v[2] += v[3];
    v[3] = ROTATE(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = ROTATE(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = ROTATE(v[1], 17) ^ v[2];
    v[2] = ROTATE(v[2], 32);
}

static void
sip_word(guint64 v[4], guint64 word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

/* Hashes the length before the text: otherwise the pairs of texts "ab", "c" and "a", "bc" could
 * have the same hash. text may be NULL. */
static void
sip_text(guint64 v[4], const char *text)
{
    gsize length = text ? strlen(text) : 0;
    sip_word(v, text ? length : G_MAXUINT64);
    for (gsize i = 0; i < length; i += 8) {
        guint64 word = 0;
        memcpy(&word, text + i, MIN(8, length - i));
        sip_word(v, GUINT64_FROM_LE(word));
    }
}

gint64
nj_id_index_hash(const NjIdIndex *id_index, NjIdKind kind, gint64 chat, const char *by,
                 const char *id)
{
    guint64 v[4] = { id_index->key[0] ^ 0x736f6d6570736575u, id_index->key[1] ^ 0x646f72616e646f6du,
                     id_index->key[0] ^ 0x6c7967656e657261u,
                     id_index->key[1] ^ 0x7465646279746573u };
    sip_word(v, (guint64) kind);
    sip_word(v, (guint64) chat);
    sip_text(v, by);
    sip_text(v, id);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);

    return (gint64) (v[0] ^ v[1] ^ v[2] ^ v[3]);
}

void
nj_id_index_hash_all(const NjIdIndex *id_index, const NjMessage *message,
                     gint64 hashes[NJ_ID_KINDS])
{
    memset(hashes, 0, NJ_ID_KINDS * sizeof *hashes);
    if (message->origin_id)
        hashes[NJ_ID_ORIGIN] = nj_id_index_hash(id_index, NJ_ID_ORIGIN, message->chat,
                                                message->sender, message->origin_id);
    if (message->origin_id && message->out)
        hashes[NJ_ID_SENT] =
            nj_id_index_hash(id_index, NJ_ID_SENT, message->chat, NULL, message->origin_id);
    if (message->archive_id)
        hashes[NJ_ID_ARCHIVE] = nj_id_index_hash(id_index, NJ_ID_ARCHIVE, message->chat,
                                                 message->archive_by, message->archive_id);
}

/* --- entries in memory --- */

/* Returns the slot of the hash, or the free slot where it belongs. */
static Entry *
find_slot(const EntrySet *set, gint64 hash)
{
    guint at = (guint) hash & (set->size - 1);
    while (set->slots[at].message && set->slots[at].hash != hash)
        at = (at + 1) & (set->size - 1);
    return &set->slots[at];
}

static void
insert_entry(EntrySet *set, Entry entry)
{
    if (4 * (set->used + 1) > 3 * set->size) {
        EntrySet larger = { .size = MAX(64, 2 * set->size) };
        larger.slots = g_new0(Entry, larger.size);
        larger.used = set->used;
        for (guint i = 0; i < set->size; i++)
            if (set->slots[i].message)
                *find_slot(&larger, set->slots[i].hash) = set->slots[i];
        g_free(set->slots);
        *set = larger;
    }

    Entry *slot = find_slot(set, entry.hash);
    set->used += !slot->message;
    *slot = entry;
}

void
nj_id_index_add(NjIdIndex *id_index, gint64 message, const gint64 hashes[NJ_ID_KINDS])
{
    for (int i = 0; i < NJ_ID_KINDS; i++)
        if (hashes[i])
            insert_entry(&id_index->fresh, (Entry){ hashes[i], message });
    id_index->added++;
    id_index->newest_id = message;
}

gint64
nj_id_index_find(const NjIdIndex *id_index, gint64 hash)
{
    return id_index->fresh.size ? find_slot(&id_index->fresh, hash)->message : 0;
}

/* --- drains --- */

static int
compare_entries(const void *a, const void *b)
{
    const Entry *one = a, *other = b;
    if (one->hash != other->hash)
        return one->hash < other->hash ? -1 : 1;
    return (one->message > other->message) - (one->message < other->message);
}

static void
begin_drain(NjIdIndex *id_index)
{
    const EntrySet *set = &id_index->fresh;
    g_array_set_size(id_index->drain, 0);
    for (guint i = 0; i < set->size; i++)
        if (set->slots[i].message)
            g_array_append_val(id_index->drain, set->slots[i]);
    id_index->drained_count = 0;
    id_index->drain_until = id_index->newest_id;
    id_index->added = 0;
}

/* Removes from memory the entries that are now in the table. */
static void
end_drain(NjIdIndex *id_index)
{
    EntrySet newer = { 0 };
    for (guint i = 0; i < id_index->fresh.size; i++)
        if (id_index->fresh.slots[i].message > id_index->drain_until)
            insert_entry(&newer, id_index->fresh.slots[i]);
    g_free(id_index->fresh.slots);
    id_index->fresh = newer;
    g_array_unref(id_index->drain);
    id_index->drain = g_array_new(FALSE, FALSE, sizeof(Entry));
}

static bool
run_sql(NjIdIndex *id_index, const char *script)
{
    return sqlite3_exec(id_index->db, script, NULL, NULL, NULL) == SQLITE_OK;
}

/* Moves up to max_rows entries into the table in one transaction. The last transaction of a drain
 * also sets ident_mark. False on failure. */
static bool
drain_slice(NjIdIndex *id_index, guint max_rows)
{
    if (!id_index->insert
        && sqlite3_prepare_v3(id_index->db,
                              "INSERT OR IGNORE INTO ident (hash, message) VALUES (?1, ?2)", -1,
                              SQLITE_PREPARE_PERSISTENT, &id_index->insert, NULL))
        return false;

    if (!id_index->drained_count)
        g_array_sort(id_index->drain, compare_entries);

    guint end = MIN(id_index->drain->len, id_index->drained_count + max_rows);
    bool good = run_sql(id_index, "BEGIN IMMEDIATE");
    for (guint i = id_index->drained_count; good && i < end; i++) {
        const Entry *entry = &g_array_index(id_index->drain, Entry, i);
        sqlite3_bind_int64(id_index->insert, 1, entry->hash);
        sqlite3_bind_int64(id_index->insert, 2, entry->message);
        sqlite3_step(id_index->insert);
        good = sqlite3_reset(id_index->insert) == SQLITE_OK;
    }

    if (good && end == id_index->drain->len) {
        g_autofree char *mark = g_strdup_printf("UPDATE ident_mark SET message = %" G_GINT64_FORMAT,
                                                id_index->drain_until);
        good = run_sql(id_index, mark);
    }

    if (good && run_sql(id_index, "COMMIT")) {
        id_index->drained_count = end;
        return true;
    }

    g_warning("cannot update the id index of history.db: %s", sqlite3_errmsg(id_index->db));
    if (!sqlite3_get_autocommit(id_index->db))
        run_sql(id_index, "ROLLBACK");
    return false;
}

/* Is there a drain to begin or to continue, and is this the time for it? */
static bool
may_drain(const NjStore *store, bool urgent, gint64 now, gint64 due)
{
    const NjIdIndex *id_index = store->id_index;
    if (!store->writer.db || now < id_index->retry_time)
        return false;
    if (!id_index->drain->len && id_index->added < DRAIN_IDLE)
        return false;
    return urgent || (now < due && !store->shared.closing);
}

bool
nj_id_index_run_slice(NjStore *store, gint64 due)
{
    NjIdIndex *id_index = store->id_index;
    gint64 now = g_get_monotonic_time();
    bool urgent = id_index->urgent || id_index->added >= DRAIN_BUSY;

    if (!may_drain(store, urgent, now, due))
        return false;

    if (!id_index->drain->len)
        begin_drain(id_index);
    id_index->urgent = urgent;
    g_mutex_unlock(&store->mutex);
    nj_access_lock(store->access, G_MAXINT64);
    if (id_index->skips_sync)
        run_sql(id_index, "PRAGMA synchronous = NORMAL");

    bool good = drain_slice(id_index, urgent ? 16 * SLICE_ROWS : SLICE_ROWS);
    if (id_index->skips_sync)
        run_sql(id_index, "PRAGMA synchronous = FULL");
    nj_access_unlock(store->access);
    g_mutex_lock(&store->mutex);

    if (!good) {
        id_index->retry_time = now + RETRY_US;
    } else if (id_index->drained_count == id_index->drain->len) {
        end_drain(id_index);
        id_index->urgent = false;
    }

    return true;
}

/* --- opening --- */

/* Adds the hashes of the messages with ids greater than `mark`, at most MAX_READ messages. *all is
 * set to true if there are no more. False if reading fails. */
static bool
read_after(NjIdIndex *id_index, gint64 mark, bool *all)
{
    sqlite3_stmt *statement = NULL;
    gint64 hashes[NJ_ID_KINDS];
    guint count = 0;

    *all = false;
    if (sqlite3_prepare_v2(id_index->db,
                           "SELECT id, chat, outgoing, sender, origin_id, archive_id, archive_by "
                           "FROM message WHERE id > ?1 ORDER BY id",
                           -1, &statement, NULL))
        return false;

    sqlite3_bind_int64(statement, 1, mark);
    while (count++ < MAX_READ && !(*all = sqlite3_step(statement) != SQLITE_ROW)) {
        NjMessage row = {
            .chat = sqlite3_column_int64(statement, 1),
            .out = sqlite3_column_int(statement, 2) != 0,
            .sender = (char *) sqlite3_column_text(statement, 3),
            .origin_id = (char *) sqlite3_column_text(statement, 4),
            .archive_id = (char *) sqlite3_column_text(statement, 5),
            .archive_by = (char *) sqlite3_column_text(statement, 6),
        };
        nj_id_index_hash_all(id_index, &row, hashes);
        nj_id_index_add(id_index, sqlite3_column_int64(statement, 0), hashes);
    }

    return sqlite3_finalize(statement) == SQLITE_OK;
}

/* Reads ident_mark: the last message whose hashes are in the table, and the key. False if reading
 * fails. */
static bool
read_mark(NjIdIndex *id_index, gint64 *mark)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(id_index->db, "SELECT message, key0, key1 FROM ident_mark", -1,
                           &statement, NULL))
        return false;

    bool good = sqlite3_step(statement) == SQLITE_ROW;
    if (good) {
        *mark = sqlite3_column_int64(statement, 0);
        id_index->key[0] = (guint64) sqlite3_column_int64(statement, 1);
        id_index->key[1] = (guint64) sqlite3_column_int64(statement, 2);
    }

    sqlite3_finalize(statement);
    return good;
}

bool
nj_id_index_open(NjStore *store, sqlite3 *db, bool writes)
{
    NjIdIndex *id_index = store->id_index = g_new0(NjIdIndex, 1);
    id_index->store = store;
    id_index->db = db;
    id_index->drain = g_array_new(FALSE, FALSE, sizeof(Entry));
    id_index->skips_sync = !store->single_connection;

    gint64 mark = 0;
    bool all = false;
    if (!read_mark(id_index, &mark))
        return false;

    id_index->newest_id = mark;

    /* A file that had a format before 4 has no hashes yet: run a drain after each MAX_READ
     * messages. */
    while (read_after(id_index, id_index->newest_id, &all)) {
        if (all || !writes)
            return true;
        begin_drain(id_index);
        if (!drain_slice(id_index, G_MAXUINT / 2))
            return false;
        end_drain(id_index);
    }

    return false;
}

void
nj_id_index_set_db(NjIdIndex *id_index, sqlite3 *db)
{
    id_index->db = db;
}

void
nj_id_index_close(NjIdIndex *id_index)
{
    sqlite3_finalize(id_index->insert);
    id_index->insert = NULL;
}

void
nj_id_index_free(NjIdIndex *id_index)
{
    if (!id_index)
        return;
    g_array_unref(id_index->drain);
    g_free(id_index->fresh.slots);
    g_free(id_index);
}
