/* The word index of history.db, the FTS5 table `word`.
 *
 * Indexing a message takes longer than storing it. So the index is not updated in the transaction
 * of the messages: the writer thread adds the committed rows later, in slices of at most 20 ms,
 * when the queue is empty or not yet due. word_mark.message is the id of the last row that is in
 * the index. It changes in the same transaction as the index, so the work continues at the right
 * row after any exit. With WAL these transactions are not synced: what a power cut takes can be
 * indexed again.
 *
 * The rowid of an entry is made of the message's time and id (nj_index_entry_number()). FTS5
 * returns hits in the order of the rowid without sorting, so hits come in the order of time even if
 * a message was stored late (imported, delayed, from an archive). Limits of time and the
 * continuation of a search are ranges of the rowid, and to find the fifty newest hits of a very
 * common word only fifty entries are read. The rowid has the lowest bits of the message's id, so
 * the index needs no column for the id: store-search.c tries the few ids with these bits.
 *
 * The index does not store the texts (content=''). Besides the words of body, subject and sender it
 * has marks: one word each for the chat, the account, "sent by the user" and "has a link", which
 * make these filters as fast as a further word. They have a column of their own and begin with a
 * private-use character. Each character of a script that is written without spaces, and each emoji,
 * is a word (nj_index_separate_words()). */
#include <string.h>

#include "model/store-index.h"

/* A chunk: rows that are read, sorted and inserted together. */
#define CHUNK_ROWS 64
#define CHUNK_BYTES (128 * 1024)
#define MAX_BODY (256 * 1024) /* bytes of a body that are indexed */
/* A slice: chunks that are inserted in one transaction. */
#define SLICE_ROWS 4096
#define SLICE_US (20 * G_TIME_SPAN_MILLISECOND)
#define MAX_QUEUED 100 /* a slice ends when more writes are queued */
#define MERGE_AFTER 4  /* slices after which the trees of the index are merged */
#define MERGE_PAGES "64"
#define RETRY_US (5 * G_TIME_SPAN_SECOND) /* pause after a failed slice */
/* Writes per second, measured over at least FLOOD_US, above which slices are put off. */
#define FLOOD 500
#define FLOOD_US (10 * G_TIME_SPAN_MILLISECOND)

typedef enum {
    READ_ROWS,
    READ_CHAT,
    INSERT_ENTRY,
    DELETE_ENTRY,
    SET_MARK,
    BEGIN,
    COMMIT,
    MERGE,
    STATEMENTS
} Statement;

#define ROW_COLUMNS                                                                     \
    "SELECT message.id, time, chat, outgoing, sender, body, subject, account, address " \
    "FROM message LEFT JOIN chat ON chat.id = message.chat"
static const char *const texts[] = {
    [READ_ROWS] = ROW_COLUMNS " WHERE message.id > ?1 ORDER BY message.id",
    [READ_CHAT] = ROW_COLUMNS " WHERE message.chat = ?1 ORDER BY time, message.id",
    [INSERT_ENTRY] =
        "INSERT INTO word (rowid, body, subject, sender, marks) VALUES (?1, ?2, ?3, ?4, ?5)",
    [DELETE_ENTRY] = "INSERT INTO word (word, rowid, body, subject, sender, marks)"
                     " VALUES ('delete', ?1, ?2, ?3, ?4, ?5)",
    [SET_MARK] = "UPDATE word_mark SET message = ?1",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [MERGE] = "INSERT INTO word (word, rank) VALUES ('merge', " MERGE_PAGES ")",
};

/* The entry of one message: its rowid and columns. */
typedef struct {
    gint64 entry;
    char *body, *subject, *sender, *marks;
} Words;

/* All fields are used by the writer thread only. */
struct NjIndex {
    NjStore *store;
    sqlite3 *db; /* writer.db */
    sqlite3_stmt *statements[STATEMENTS];
    gint64 mark;         /* id of the last message in the index */
    GArray *chunk;       /* of Words */
    guint slices;        /* since a merge last found no more work; see merge_trees() */
    bool skips_sync;     /* with WAL: commits are not synced */
    bool rebuilt;        /* a damaged index was deleted in this run; once is enough */
    bool complete;       /* all rows were indexed since the start */
    guint64 indexed_seq; /* if complete: the writes up to this one are in the index */
    gint64 retry_time;   /* monotonic time before which a failed slice is not repeated */

    /* The rate of writes (is_flood()): the newest write and the time when the measurement began,
     * and the result of the last one, true: the index would take the processor from the writes. */
    guint64 rate_seq;
    gint64 rate_time;
    bool is_flooded;
};

gint64
nj_index_entry_number(gint64 time, gint64 id)
{
    const gint64 last = G_MAXINT64 >> NJ_ENTRY_BITS;
    return CLAMP(time, 0, last) << NJ_ENTRY_BITS | (id & ((1 << NJ_ENTRY_BITS) - 1));
}

/* --- words of a text --- */

/* Is the character a word of its own? */
static bool
is_word_character(gunichar c)
{
    if (c < 0xa0)
        return false;
    if (g_unichar_type(c) == G_UNICODE_OTHER_SYMBOL)
        return true;

    if (c < 0xe00) /* no script below is listed; this is faster than looking it up */
        return false;

    switch (g_unichar_get_script(c)) {
    case G_UNICODE_SCRIPT_HAN:
    case G_UNICODE_SCRIPT_HIRAGANA:
    case G_UNICODE_SCRIPT_KATAKANA:
    case G_UNICODE_SCRIPT_BOPOMOFO:
    case G_UNICODE_SCRIPT_THAI:
    case G_UNICODE_SCRIPT_LAO:
    case G_UNICODE_SCRIPT_KHMER:
    case G_UNICODE_SCRIPT_MYANMAR:
    case G_UNICODE_SCRIPT_TIBETAN:
        return true;
    default:
        return false;
    }
}

char *
nj_index_separate_words(const char *text)
{
    gsize length = strnlen(text, MAX_BODY + 1);
    if (length > MAX_BODY)
        length = g_utf8_find_prev_char(text, text + length) - text;

    GString *out = NULL;
    const char *end = text + length, *kept = text;
    for (const char *at = text; at < end;) {
        gunichar c = (guchar) *at < 0x80 ? 0 : g_utf8_get_char_validated(at, end - at);
        bool known = c && c < (gunichar) -2; /* a damaged file may hold any bytes */
        const char *next = known ? g_utf8_next_char(at) : at + 1;
        if (known && is_word_character(c)) {
            if (!out)
                out = g_string_sized_new(length + length / 2);
            g_string_append_len(out, kept, at - kept);
            g_string_append_c(out, ' ');
            g_string_append_len(out, at, next - at);
            g_string_append_c(out, ' ');
            kept = next;
        }
        at = next;
    }

    if (!out)
        return g_strndup(text, length);

    g_string_append_len(out, kept, end - kept);
    return g_string_free(out, FALSE);
}

/* Does the text (may be NULL) have a link: SCHEME://… with any scheme, or one of some schemes
 * without slashes? */
static bool
has_link(const char *text)
{
    static const char *const schemes[] = {
        "xmpp", "mailto", "geo", "tel", "sip", "sips", "magnet"
    };
    for (const char *colon = text ? strchr(text, ':') : NULL; colon;
         colon = strchr(colon + 1, ':')) {
        const char *start = colon;
        while (start > text && (g_ascii_isalnum(start[-1]) || strchr("+.-", start[-1])))
            start--;
        while (start < colon && !g_ascii_isalpha(*start))
            start++;
        gsize length = colon - start;
        if (length > 1 && strncmp(colon, "://", 3) == 0 && g_ascii_isgraph(colon[3]))
            return true;
        for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
            if (strlen(schemes[i]) == length && g_ascii_strncasecmp(start, schemes[i], length) == 0
                && g_ascii_isgraph(colon[1]))
                return true;
    }

    return false;
}

static void
clear_words(void *data)
{
    Words *words = data;
    g_free(words->body);
    g_free(words->subject);
    g_free(words->sender);
    g_free(words->marks);
}

static const char *
column_text(sqlite3_stmt *statement, int column)
{
    return (const char *) sqlite3_column_text(statement, column);
}

static char *
make_marks(gint64 chat, gint64 account, bool sent, bool link)
{
    GString *marks = g_string_new(NULL);
    g_string_append_printf(marks, NJ_MARK_FORMAT " " NJ_MARK_FORMAT, NJ_MARK_CHAT, chat,
                           NJ_MARK_ACCOUNT, account);
    if (sent)
        g_string_append_printf(marks, " " NJ_MARK_FORMAT, NJ_MARK_SENT, (gint64) 0);
    if (link)
        g_string_append_printf(marks, " " NJ_MARK_FORMAT, NJ_MARK_LINK, (gint64) 0);
    return g_string_free(marks, FALSE);
}

/* Makes an entry from a row of ROW_COLUMNS. False: the message has neither body nor subject. The
 * same row must always give the same entry, because FTS5 needs all columns to delete it. */
static bool
read_words(sqlite3_stmt *statement, Words *out)
{
    const char *body = column_text(statement, 5), *subject = column_text(statement, 6);
    if (!body && !subject)
        return false;

    bool sent = sqlite3_column_int(statement, 3) != 0;
    const char *sender = column_text(statement, 4);
    if (!sender && !sent)
        sender = column_text(statement, 8);

    bool link = has_link(body) || has_link(subject);
    *out = (Words){
        .entry = nj_index_entry_number(sqlite3_column_int64(statement, 1),
                                       sqlite3_column_int64(statement, 0)),
        .body = body ? nj_index_separate_words(body) : NULL,
        .subject = subject ? nj_index_separate_words(subject) : NULL,
        .sender = sender ? nj_index_separate_words(sender) : NULL,
        .marks = make_marks(sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 7),
                            sent, link),
    };

    return true;
}

/* --- statements --- */

static sqlite3_stmt *
prepare_statement(NjIndex *index, Statement which)
{
    sqlite3_stmt **statement = &index->statements[which];
    if (!*statement)
        sqlite3_prepare_v3(index->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return *statement;
}

static bool
run_statement(sqlite3_stmt *statement)
{
    if (!statement)
        return false;
    sqlite3_step(statement);
    return sqlite3_reset(statement) == SQLITE_OK;
}

static bool
put_words(NjIndex *index, Statement which, const Words *words)
{
    sqlite3_stmt *statement = prepare_statement(index, which);
    if (!statement)
        return false;

    sqlite3_bind_int64(statement, 1, words->entry);
    sqlite3_bind_text(statement, 2, words->body, -1, SQLITE_STATIC); /* NULL binds as NULL */
    sqlite3_bind_text(statement, 3, words->subject, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, words->sender, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 5, words->marks, -1, SQLITE_STATIC);

    bool good = run_statement(statement);
    sqlite3_clear_bindings(statement);
    return good;
}

static gint64
read_number(NjIndex *index, const char *text)
{
    sqlite3_stmt *statement = NULL;
    gint64 number = 0;
    if (sqlite3_prepare_v2(index->db, text, -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* --- slices --- */

static int
compare_words(const void *a, const void *b)
{
    const Words *one = a, *other = b;
    return one->entry < other->entry ? -1 : one->entry > other->entry;
}

/* Reads the next rows with ids greater than *last into the chunk and sets *last. *more: there may
 * be further rows. False if reading fails. */
static bool
read_chunk(NjIndex *index, gint64 *last, bool *more)
{
    gsize bytes = 0;
    guint rows = 0;

    g_array_set_size(index->chunk, 0);
    *more = false;

    sqlite3_stmt *statement = prepare_statement(index, READ_ROWS);
    if (!statement)
        return false;

    sqlite3_bind_int64(statement, 1, *last);
    while (!*more && sqlite3_step(statement) == SQLITE_ROW) {
        Words words;
        *last = sqlite3_column_int64(statement, 0);
        if (read_words(statement, &words))
            g_array_append_val(index->chunk, words);
        bytes += sqlite3_column_bytes(statement, 5);
        *more = ++rows == CHUNK_ROWS || bytes > CHUNK_BYTES;
    }

    /* FTS5 collects entries with rising rowids in memory, and writes what it has collected when a
     * smaller rowid comes: so sorted entries are faster. */
    g_array_sort(index->chunk, compare_words);
    return sqlite3_reset(statement) == SQLITE_OK;
}

static bool
insert_chunk(NjIndex *index)
{
    for (guint i = 0; i < index->chunk->len; i++)
        if (!put_words(index, INSERT_ENTRY, &g_array_index(index->chunk, Words, i)))
            return false;
    return true;
}

/* Must the slice end early, because writes are urgent or due, many are queued, or the store is
 * being closed? A waiting search has priority over writes that are not urgent. */
static bool
must_stop(NjStore *store, gint64 now)
{
    g_mutex_lock(&store->mutex);
    bool searched = nj_searcher_is_waiting(store->searcher),
         urgent = store->shared.length && store->shared.urgent,
         due = store->shared.length && now >= store->shared.due,
         many = store->shared.length > MAX_QUEUED, stop = store->shared.closing || urgent;
    if (!searched && (due || many))
        stop = true;

    g_mutex_unlock(&store->mutex);
    return stop;
}

/* Adds one slice of rows in one transaction. *more: there may be further rows. False on failure; a
 * transaction may then be open. */
static bool
index_rows(NjIndex *index, bool *more)
{
    gint64 until = g_get_monotonic_time() + SLICE_US, last = index->mark;
    if (!read_chunk(index, &last, more))
        return false;
    if (last == index->mark)
        return true;

    bool good = run_statement(prepare_statement(index, BEGIN));
    for (guint rows = CHUNK_ROWS; good; rows += CHUNK_ROWS) {
        good = insert_chunk(index);
        if (!good || !*more)
            break;

        gint64 now = g_get_monotonic_time();
        if (rows >= SLICE_ROWS || now >= until || must_stop(index->store, now))
            break;
        good = read_chunk(index, &last, more);
    }

    sqlite3_stmt *statement = prepare_statement(index, SET_MARK);
    if (good && statement) {
        sqlite3_bind_int64(statement, 1, last);
        good = run_statement(statement) && run_statement(prepare_statement(index, COMMIT));
    }

    if (!good)
        return false;

    index->mark = last;
    index->slices++;
    return true;
}

/* Merges small trees of the index into larger ones, some pages at a time. FTS5's automatic merge,
 * which is switched off, would run rarely and then for long. According to FTS5's manual fewer than
 * two changed rows mean that there was nothing to merge: then `slices` starts again. */
static bool
merge_trees(NjIndex *index)
{
    int before = sqlite3_total_changes(index->db);
    bool good = run_statement(prepare_statement(index, MERGE));
    if (!good || sqlite3_total_changes(index->db) - before < 2)
        index->slices = 0;
    return good;
}

static bool
run_sql(NjIndex *index, const char *script)
{
    return sqlite3_exec(index->db, script, NULL, NULL, NULL) == SQLITE_OK;
}

/* Rolls back after a failure. A damaged index is emptied, so that the next slices index all
 * messages again; no message is lost. Returns true if that was done, false if the next attempt must
 * wait. */
static bool
handle_failure(NjIndex *index, bool damaged)
{
    g_warning("cannot update the word index of history.db: %s",
              damaged ? "it is damaged" : sqlite3_errmsg(index->db));
    if (!sqlite3_get_autocommit(index->db))
        run_sql(index, "ROLLBACK");
    if (!damaged || index->rebuilt)
        return false;

    index->rebuilt = true;
    index->mark = 0;
    if (run_sql(index, "BEGIN IMMEDIATE; INSERT INTO word (word) VALUES ('delete-all'); UPDATE "
                       "word_mark SET message = 0; COMMIT"))
        return true;

    if (!sqlite3_get_autocommit(index->db))
        run_sql(index, "ROLLBACK");
    return false;
}

/* Are writes appended faster than FLOOD? The result is updated once in FLOOD_US. */
static bool
is_flood(NjIndex *index, gint64 now)
{
    gint64 elapsed = now - index->rate_time;
    if (elapsed >= FLOOD_US) {
        index->is_flooded =
            (gint64) (index->store->shared.seq_newest - index->rate_seq) * G_TIME_SPAN_SECOND
            > elapsed * FLOOD;
        index->rate_seq = index->store->shared.seq_newest;
        index->rate_time = now;
    }
    return index->is_flooded;
}

/* Can a slice begin now and end before due? has_work: there are rows to index. */
static bool
may_run_slice(NjStore *store, bool has_work, gint64 now, gint64 due)
{
    NjIndex *index = store->writer.index;
    if (store->shared.closing || (!has_work && index->slices < MERGE_AFTER))
        return false;
    if (now < index->retry_time || now > due - SLICE_US)
        return false;

    bool flooded = store->shared.length && is_flood(index, now);
    return !flooded || nj_searcher_is_waiting(store->searcher);
}

bool
nj_index_run_slice(NjStore *store, gint64 due)
{
    NjIndex *index = store->writer.index;
    gint64 now = g_get_monotonic_time();

    if (!index) /* the file is not open for writing */
        return false;

    bool damaged = nj_searcher_take_damage(store->searcher),
         behind = damaged || !index->complete || index->indexed_seq < store->shared.seq_committed;
    if (!may_run_slice(store, behind, now, due))
        return false;

    guint64 committed = store->shared.seq_committed;
    g_mutex_unlock(&store->mutex);

    bool more = behind, good;
    nj_access_lock(store->access, G_MAXINT64);
    if (index->skips_sync)
        run_sql(index, "PRAGMA synchronous = NORMAL");
    if (damaged)
        good = false;
    else if (index->slices >= MERGE_AFTER)
        good = merge_trees(index);
    else
        good = index_rows(index, &more);

    bool rebuild_started =
        !good
        && handle_failure(index, damaged || (sqlite3_errcode(index->db) & 0xff) == SQLITE_CORRUPT);
    if (index->skips_sync)
        run_sql(index, "PRAGMA synchronous = FULL");

    nj_access_unlock(store->access);

    g_mutex_lock(&store->mutex);
    if (rebuild_started)
        index->complete = false;
    else if (!good)
        index->retry_time = now + RETRY_US;

    if (good && behind && !more) {
        index->complete = true;
        index->indexed_seq = committed;
    }

    nj_searcher_set_progress(store->searcher, index->complete, index->indexed_seq, index->mark,
                             !good && !rebuild_started);
    return true;
}

bool
nj_index_remove_chat(NjIndex *index, gint64 chat)
{
    sqlite3_stmt *statement = prepare_statement(index, READ_CHAT);
    if (!statement)
        return false;

    bool good = true;
    sqlite3_bind_int64(statement, 1, chat);
    while (good && sqlite3_step(statement) == SQLITE_ROW) {
        Words words;
        if (sqlite3_column_int64(statement, 0) > index->mark || !read_words(statement, &words))
            continue;
        good = put_words(index, DELETE_ENTRY, &words);
        clear_words(&words);
    }

    return sqlite3_reset(statement) == SQLITE_OK && good;
}

NjIndex *
nj_index_new(NjStore *store)
{
    NjIndex *index = g_new0(NjIndex, 1);
    index->store = store;
    index->db = store->writer.db;
    index->chunk = g_array_new(FALSE, FALSE, sizeof(Words));
    g_array_set_clear_func(index->chunk, clear_words);

    /* The mark is greater than every id if the newest messages were deleted. */
    index->mark = MIN(read_number(index, "SELECT message FROM word_mark"),
                      read_number(index, "SELECT max(id) FROM message"));

    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(index->db, "PRAGMA journal_mode", -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW)
        index->skips_sync = g_strcmp0(column_text(statement, 0), "wal") == 0;

    sqlite3_finalize(statement);
    nj_searcher_set_progress(store->searcher, false, 0, index->mark, false);
    return index;
}

void
nj_index_free(NjIndex *index)
{
    if (!index)
        return;
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(index->statements[i]);
    g_array_unref(index->chunk);
    g_free(index);
}
