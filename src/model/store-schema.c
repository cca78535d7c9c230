/* history.db as a file: who may use it, its connections, its tables and how older ones become these.

   A migration is one entry of the list below and never changes once it was released: PRAGMA user_version counts those that
   were done.  Each runs in a transaction of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/text.h"
#include "model/store-words.h"

static const char *const migrations[] = {
    /* 1.  The indexes hold what they are asked for: the order of a chat with its unread count; the echo of our own lines; copies from an archive. */
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

    /* 2.  What nobody has acknowledged, streams to resume, rooms to enter again.  What an older program left as queued it had given to a stream. */
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

    /* 3.  The word index (store-index.c), which merges when it is told to. */
    "CREATE VIRTUAL TABLE word USING fts5 (body, subject, sender, marks, content = '', columnsize = 0,"
    "  tokenize = \"unicode61 remove_diacritics 2 categories '" NJ_WORD_CATEGORIES "'\");"
    "INSERT INTO word (word, rank) VALUES ('automerge', 0);"
    "CREATE TABLE word_mark (message INTEGER NOT NULL);"
    "INSERT INTO word_mark VALUES (0);",

    /* 4.  What messages are found again by is a table of hashes, filled by store-idents.c. */
    "DROP INDEX message_origin;"
    "DROP INDEX message_archive;"
    "CREATE TABLE ident ("
    "  hash INTEGER NOT NULL,"
    "  message INTEGER NOT NULL,"
    "  PRIMARY KEY (hash, message)) WITHOUT ROWID;"
    "CREATE TABLE ident_mark (message INTEGER NOT NULL, key0 INTEGER NOT NULL, key1 INTEGER NOT NULL);"
    "INSERT INTO ident_mark VALUES (0, random(), random());",
};

char *
nj_store_sentence(sqlite3 *db, const char *path)
{
    switch (sqlite3_errcode(db) & 0xff) {
    case SQLITE_FULL:
        return g_strdup_printf(_("The disk with %s is full: new messages are kept in memory only. Make room; they are written as soon as there is some."),
                               path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return g_strdup_printf(_("%s cannot be written: check the owner and the mode of the file and of its directory."), path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return g_strdup_printf(_("Another program is writing to %s: close it."), path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return g_strdup_printf(_("%s is damaged: quit, and move it away or bring back a copy of it."), path);
    default:
        return g_strdup_printf(_("%s cannot be read or written (%s): check the disk it is on."), path, sqlite3_errmsg(db));
    }
}

static GError *
file_error(const char *path)
{
    int reason = errno;
    return g_error_new(G_FILE_ERROR, (int) g_file_error_from_errno(reason), _("%s cannot be opened (%s): check its owner and its mode."), path,
                       g_strerror(reason));
}

/* "host pid tty": what the holder wrote. */
static GError *
held_error(const char *path, int fd)
{
    char bytes[512];
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    g_autofree char *text = nj_text_line(bytes, MAX(got, 0), 0);
    char host[256] = "?", pid[32] = "?", tty[128] = "-";
    if (sscanf(text, "%255s %31s %127s", host, pid, tty) < 2)
        return g_error_new(G_FILE_ERROR, G_FILE_ERROR_EXIST,
                           _("Another Natterjack uses %s. Use `natterjack -x COMMAND` to talk to it, or --data DIR for a second one."), path);
    if (!strcmp(tty, "-"))
        return g_error_new(G_FILE_ERROR, G_FILE_ERROR_EXIST,
                           _("Natterjack runs already, as process %s on %s. Use `natterjack -x COMMAND` to talk to it, or --data DIR for a second one."),
                           pid, host);
    return g_error_new(G_FILE_ERROR, G_FILE_ERROR_EXIST,
                       _("Natterjack runs already, as process %s on %s at %s. Use `natterjack -x COMMAND` to talk to it, or --data DIR for a second one."),
                       pid, host, tty);
}

int
nj_store_lock(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        g_propagate_error(error, file_error(path));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        g_propagate_error(error, errno == EWOULDBLOCK ? held_error(path, fd) : file_error(path));
        close(fd);
        return -1;
    }
    char tty[128] = "-";
    if (isatty(STDIN_FILENO) && ttyname_r(STDIN_FILENO, tty, sizeof tty))
        g_strlcpy(tty, "-", sizeof tty);
    g_autofree char *text = g_strdup_printf("%s %ld %s\n", g_get_host_name(), (long) getpid(), tty);
    /* The lock is what counts; on a full disk the name of its holder is missing. */
    if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0)
        g_info("the lock file cannot be written: %s", g_strerror(errno));
    return fd;
}

/* SQLite would make it with the umask's mode, and its companions take the mode of the file. */
static bool
make_private(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat info;
    bool good = fd >= 0 && !fstat(fd, &info) && (!(info.st_mode & 077) || !fchmod(fd, 0600));
    if (!good)
        g_propagate_error(error, file_error(path));
    if (fd >= 0)
        close(fd);
    return good;
}

/* Caches are small: what is read is a page of a chat, and the kernel keeps the file. */
static const char writer_pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -2048;";
static const char reader_pragmas[] = "PRAGMA query_only = 1; PRAGMA cache_size = -128;";

sqlite3 *
nj_store_connect(const char *path, bool writer, GError **error)
{
    if (writer && !make_private(path, error))
        return NULL;
    sqlite3 *db = NULL;
    /* Each connection belongs to one thread at a time. */
    int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 256, 48);
        sqlite3_busy_timeout(db, writer ? 2000 : 200);
        result = sqlite3_exec(db, writer ? writer_pragmas : reader_pragmas, NULL, NULL, NULL);
    }
    if (result == SQLITE_OK)
        return db;
    g_autofree char *sentence = nj_store_sentence(db, path);
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO, sentence);
    sqlite3_close(db);
    return NULL;
}

static int
version_of(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    int version = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return version;
}

bool
nj_store_migrate(sqlite3 *db, const char *path, GError **error)
{
    int version = version_of(db), newest = (int) G_N_ELEMENTS(migrations);
    if (version > newest) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    _("%s was written by a newer Natterjack (format %d, this one knows %d): use that one, or --data DIR to begin another history."), path,
                    version, newest);
        return false;
    }
    while (version >= 0 && version < newest) {
        g_autofree char *script = g_strdup_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;", migrations[version], version + 1);
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
            break;
        version++;
    }
    if (version == newest)
        return true;
    g_autofree char *sentence = nj_store_sentence(db, path);
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO, sentence);
    if (!sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
