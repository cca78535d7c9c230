/* The tables of history.db, migrations from older formats, and the sentences about SQLite's errors.
 *
 * A migration is one entry of the list below and must not change once it is released: PRAGMA
 * user_version counts the entries that were executed. Each runs in a transaction of its own. */
#include <errno.h>

#include "model/store-index.h"

static const char *const migrations[] = {
    /* 1. The index message_order has all columns that the unread count of a chat needs. The other
     * two find the echo of a sent message and the copy of a message in an archive. */
    "CREATE TABLE account ("
    "  id INTEGER PRIMARY KEY,"
    "  address TEXT NOT NULL UNIQUE);"
    "CREATE TABLE chat ("
    "  id INTEGER PRIMARY KEY,"
    "  account INTEGER NOT NULL,"
    "  address TEXT NOT NULL,"
    "  kind INTEGER NOT NULL,"
    "  read_time INTEGER NOT NULL DEFAULT 0,"
    "  read_id INTEGER NOT NULL DEFAULT 0,"
    "  waiting INTEGER NOT NULL DEFAULT 0,"
    "  draft TEXT,"
    "  UNIQUE (account, address, kind));"
    "CREATE TABLE message ("
    "  id INTEGER PRIMARY KEY,"
    "  chat INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  type INTEGER NOT NULL,"
    "  state INTEGER NOT NULL,"
    "  outgoing INTEGER NOT NULL,"
    "  delayed INTEGER NOT NULL,"
    "  mention INTEGER NOT NULL,"
    "  sender TEXT,"
    "  body TEXT,"
    "  subject TEXT,"
    "  thread TEXT,"
    "  wire_id TEXT,"
    "  origin_id TEXT,"
    "  archive_id TEXT,"
    "  archive_by TEXT,"
    "  encryption TEXT,"
    "  error TEXT);"
    "CREATE INDEX message_order ON message (chat, time, id, outgoing, mention);"
    "CREATE INDEX message_origin ON message (chat, origin_id) WHERE origin_id IS NOT NULL;"
    "CREATE INDEX message_archive ON message (chat, archive_id) WHERE archive_id IS NOT NULL;"
    "CREATE TABLE roster ("
    "  account INTEGER NOT NULL,"
    "  address TEXT NOT NULL,"
    "  name TEXT,"
    "  subscription TEXT NOT NULL,"
    "  groups TEXT,"
    "  ask INTEGER NOT NULL,"
    "  approved INTEGER NOT NULL,"
    "  PRIMARY KEY (account, address)) WITHOUT ROWID;"
    "CREATE TABLE roster_version ("
    "  account INTEGER PRIMARY KEY,"
    "  version TEXT NOT NULL);",

    /* 2. Unacknowledged messages, streams to resume, nicks in rooms to join again. Messages with
     * the state queued (1) become sent (2), because a program of format 1 has already handed them
     * to a stream. */
    "CREATE TABLE outbox ("
    "  message INTEGER PRIMARY KEY,"
    "  number INTEGER);"
    "CREATE TABLE stream ("
    "  account INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL,"
    "  jid TEXT NOT NULL,"
    "  location TEXT,"
    "  received INTEGER NOT NULL,"
    "  until INTEGER NOT NULL);"
    "ALTER TABLE chat ADD COLUMN nick TEXT;"
    "UPDATE message SET state = 2 WHERE outgoing AND state = 1;",

    /* 3. The word index. It does not merge by itself: store-index.c does that. */
    "CREATE VIRTUAL TABLE word USING fts5 ("
    "body, subject, sender, marks, content = '', columnsize = 0,"
    "  tokenize = \"unicode61 remove_diacritics 2 categories '" NJ_WORD_CATEGORIES "'\");"
    "INSERT INTO word (word, rank) VALUES ('automerge', 0);"
    "CREATE TABLE word_mark (message INTEGER NOT NULL);"
    "INSERT INTO word_mark VALUES (0);",

    /* 4. The id index, a table of hashes that store-id-index.c fills. */
    "DROP INDEX message_origin;"
    "DROP INDEX message_archive;"
    "CREATE TABLE ident ("
    "  hash INTEGER NOT NULL,"
    "  message INTEGER NOT NULL,"
    "  PRIMARY KEY (hash, message)) WITHOUT ROWID;"
    "CREATE TABLE ident_mark ("
    "message INTEGER NOT NULL, key0 INTEGER NOT NULL, key1 INTEGER NOT NULL);"
    "INSERT INTO ident_mark VALUES (0, random(), random());",
};

/* Returns SQLite's primary error code, made more exact by the errno `reason`: SQLite reports a full
 * disk as such only for ENOSPC, and missing rights as an I/O error. */
static int
get_error_code(sqlite3 *db, int reason)
{
    int code = sqlite3_errcode(db) & 0xff;
    if (code != SQLITE_IOERR && code != SQLITE_CANTOPEN)
        return code;

    switch (reason) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SQLITE_FULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return SQLITE_READONLY;
    default:
        return code;
    }
}

char *
nj_store_error_sentence(sqlite3 *db, const char *path)
{
    return nj_store_error_sentence_for(db, path, sqlite3_system_errno(db));
}

char *
nj_store_error_sentence_for(sqlite3 *db, const char *path, int reason)
{
    switch (get_error_code(db, reason)) {
    case SQLITE_FULL:
        return g_strdup_printf(_("The disk with %s is full: new messages are kept in memory only. "
                                 "Free some space; they are written as soon as there is enough."),
                               path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return nj_store_unwritable_sentence(path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return g_strdup_printf(_("Another program is writing to %s: close it."), path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return g_strdup_printf(
            _("%s is damaged: quit Natterjack, then move the file away or restore a copy of it."),
            path);
    default:
        return g_strdup_printf(_("%s cannot be read or written (%s): check the disk it is on."),
                               path, sqlite3_errmsg(db));
    }
}

void
nj_store_set_error(sqlite3 *db, const char *path, GError **error)
{
    g_autofree char *sentence = nj_store_error_sentence(db, path);
    g_set_error_literal(error, G_FILE_ERROR,
                        nj_store_is_temporary_error(db) ? G_FILE_ERROR_ROFS : G_FILE_ERROR_IO,
                        sentence);
}

char *
nj_store_unwritable_sentence(const char *path)
{
    return g_strdup_printf(_("%s cannot be written: new messages are kept in memory only. Check "
                             "the owner and the mode of the file and of its directory, and "
                             "whether the disk is mounted read-only."),
                           path);
}

bool
nj_store_is_temporary_error(sqlite3 *db)
{
    switch (get_error_code(db, sqlite3_system_errno(db))) {
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return true;
    default:
        return false;
    }
}

static int
read_version(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

bool
nj_store_migrate(sqlite3 *db, const char *path, GError **error)
{
    int version = read_version(db), newest = (int) G_N_ELEMENTS(migrations);
    if (version > newest) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    _("%s was written by a newer Natterjack (format %d, this one knows %d): use "
                      "that one, or --data DIR to start another history."),
                    path, version, newest);
        return false;
    }

    while (version >= 0 && version < newest) {
        g_autofree char *script =
            g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;",
                            migrations[version], version + 1);
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
            break;
        version++;
    }

    if (version == newest)
        return true;

    nj_store_set_error(db, path, error);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

bool
nj_store_is_current(sqlite3 *db, const char *path, GError **error)
{
    if (read_version(db) == (int) G_N_ELEMENTS(migrations))
        return true;
    g_set_error(
        error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
        _("%s was written by another version of Natterjack and must be converted, but cannot be "
          "written: check its owner and its mode, or use --data DIR."),
        path);
    return false;
}
