/* What a message is found again by: the ids it came or went with (message.h).
 *
 * Such an id is random, so an index by it has each new row on another page: with a million rows
 * stored a flood would write five pages for each message.  Instead the newest are kept here in
 * memory, as hashes, and go into their table when nothing else is to be done, many at once and in
 * the table's order.  A mark says up to which message that has happened; at a start those behind it
 * are read again.
 *
 * A hash is keyed with numbers that only the file knows (SipHash-2-4), for the ids are strangers';
 * and whatever it finds is compared with the row itself. */
#include <string.h>

#include "model/store-private.h"

#define DRAIN_IDLE 2048  /* messages: with so many it is worth while */
#define DRAIN_BUSY 24576 /* with so many it does not wait for quiet */
#define MAX_READ 65536   /* at a start */
#define SLICE_KEYS 1024
#define RETRY_US (60 * G_TIME_SPAN_SECOND)

typedef struct {
    gint64 hash, message; /* message 0: nothing */
} Entry;

/* Open addressing; never more than three quarters full.  Of one hash the newest message is kept. */
typedef struct {
    Entry *slots;
    guint size, used;
} EntrySet;

struct NjIdIndex {
    NjStore *store;
    sqlite3 *db;
    sqlite3_stmt *put;
    guint64 key[2];
    /* these commits need no sync: what a power cut takes is read again from the rows */
    bool skips_sync;
    GArray *drain; /* of Ident, in order: what is on its way into the table */
    guint drained_count;
    gint64 drain_until;
    /* Under the store's mutex. */
    EntrySet fresh;
    guint added; /* noted since the last drain began */
    bool urgent; /* this drain does not wait for quiet */
    gint64 newest_id;
    gint64 retry_time; /* monotonic: not before */
};

/* SipHash-2-4 by Aumasson and Bernstein. */

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

/* Each text with its length in front, so that no two of them can be taken for others. */
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
nj_id_index_hash(const NjIdIndex *id_index, NjIdKind kind, gint64 chat, const char *who,
                 const char *id)
{
    guint64 v[4] = { id_index->key[0] ^ 0x736f6d6570736575u, id_index->key[1] ^ 0x646f72616e646f6du,
                     id_index->key[0] ^ 0x6c7967656e657261u,
                     id_index->key[1] ^ 0x7465646279746573u };
    sip_word(v, (guint64) kind);
    sip_word(v, (guint64) chat);
    sip_text(v, who);
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

/* The newest, in memory */

static Entry *
find_slot(const EntrySet *set, gint64 hash)
{
    guint at = (guint) hash & (set->size - 1);
    while (set->slots[at].message && set->slots[at].hash != hash)
        at = (at + 1) & (set->size - 1);
    return &set->slots[at];
}

static void
insert_entry(EntrySet *set, Entry ident)
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

    Entry *slot = find_slot(set, ident.hash);
    set->used += !slot->message;
    *slot = ident;
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

/* Into the table */

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

/* What is in the table now need not be here, too. */
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

/* One transaction; with the last one the mark moves. */
static bool
drain_slice(NjIdIndex *id_index, guint count)
{
    if (!id_index->put
        && sqlite3_prepare_v3(id_index->db,
                              "INSERT OR IGNORE INTO ident (hash, message) VALUES (?1, ?2)", -1,
                              SQLITE_PREPARE_PERSISTENT, &id_index->put, NULL))
        return false;

    if (!id_index->drained_count)
        g_array_sort(id_index->drain, compare_entries);

    guint end = MIN(id_index->drain->len, id_index->drained_count + count);
    bool good = run_sql(id_index, "BEGIN IMMEDIATE");
    for (guint i = id_index->drained_count; good && i < end; i++) {
        const Entry *ident = &g_array_index(id_index->drain, Entry, i);
        sqlite3_bind_int64(id_index->put, 1, ident->hash);
        sqlite3_bind_int64(id_index->put, 2, ident->message);
        sqlite3_step(id_index->put);
        good = sqlite3_reset(id_index->put) == SQLITE_OK;
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

    g_warning("the ids of history.db: %s", sqlite3_errmsg(id_index->db));
    if (!sqlite3_get_autocommit(id_index->db))
        run_sql(id_index, "ROLLBACK");
    return false;
}

bool
nj_id_index_run_slice(NjStore *store, gint64 due)
{
    NjIdIndex *id_index = store->id_index;
    gint64 now = g_get_monotonic_time();
    bool urgent = id_index->urgent || id_index->added >= DRAIN_BUSY,
         under_way = id_index->drain->len > 0;

    if (!store->writer.db || (!under_way && id_index->added < DRAIN_IDLE)
        || now < id_index->retry_time || (!urgent && (now >= due || store->shared.closing)))
        return false;

    if (!under_way)
        begin_drain(id_index);
    id_index->urgent = urgent;
    g_mutex_unlock(&store->mutex);
    nj_access_lock(store->access, G_MAXINT64);
    if (id_index->skips_sync)
        run_sql(id_index, "PRAGMA synchronous = NORMAL");

    bool good = drain_slice(id_index, urgent ? 16 * SLICE_KEYS : SLICE_KEYS);
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

/* The begin */

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

    /* All of a file whose format knew none. */
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
    sqlite3_finalize(id_index->put);
    id_index->put = NULL;
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
