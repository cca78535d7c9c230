/* The file history.db: the lock of the data directory, and the connections.
 *
 * On a local disk the file has a write-ahead log (WAL), whose index is memory that all connections
 * share. The writer thread, the main thread and the search thread have a connection each. A network
 * file system cannot share memory between them: there the file has a rollback journal, and a
 * connection is used by one thread at a time (nj_access_lock()); the writer thread and the main
 * thread have one connection together.
 *
 * A file that cannot be written is read-only (nj_access_is_read_only()) until the writer thread has
 * opened it for writing; until then readers get a snapshot. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined __linux__
#include <sys/vfs.h>
#elif defined __NetBSD__
#include <sys/statvfs.h>
#else
#include <sys/param.h>
#include <sys/mount.h>
#endif

#include "base/files.h"
#include "base/text.h"
#include "model/store-private.h"

struct NjAccess {
    gint refs;
    char *path;
    bool exclusive; /* one connection at a time; false: mutex and its fields are not used */
    gint read_only; /* atomic */

    GMutex mutex; /* protects the fields below */
    GCond unlocked;
    bool locked;
    guint deadline_waiters; /* threads that wait with a deadline; they get the lock first */
};

/* --- network file systems --- */

#ifdef __linux__
static bool
is_remote_kind(unsigned long kind)
{
    static const unsigned long kinds[] = {
        0x6969,                             /* NFS */
        0x517b,     0xff534d42, 0xfe534d42, /* SMB, CIFS, SMB2 */
        0x01021997,                         /* 9p */
        0x5346414f, 0x6b414653,             /* AFS, kAFS */
        0x73757245,                         /* Coda */
        0x564c,                             /* NCP */
        0x00c36400,                         /* Ceph */
        0x0bd00bd0,                         /* Lustre */
        0x47504653,                         /* GPFS */
        0x786f4256,                         /* shared folders of VirtualBox */
        0x65735546, /* FUSE, as sshfs; a local one also works this way, only slower */
    };
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if ((kind & 0xffffffff) == kinds[i])
            return true;

    return false;
}
#endif

bool
nj_store_is_remote(const char *dir)
{
#if defined __linux__
    struct statfs info;
    return !statfs(dir, &info) && is_remote_kind((unsigned long) info.f_type);
#elif defined __NetBSD__
    struct statvfs info;
    return !statvfs(dir, &info)
           && (!(info.f_flag & ST_LOCAL) || g_str_has_prefix(info.f_fstypename, "puffs"));
#else
    struct statfs info;
    return !statfs(dir, &info)
           && (!(info.f_flags & MNT_LOCAL) || strstr(info.f_fstypename, "fuse"));
#endif
}

/* --- lock of the data directory --- */

/* May opening a file succeed later although it has failed with this errno? True for missing rights
 * and for a full or read-only disk. */
static bool
is_temporary_errno(int reason)
{
    switch (reason) {
    case EROFS:
    case EACCES:
    case EPERM:
    case ENOSPC:
    case EDQUOT:
        return true;
    default:
        return false;
    }
}

static GError *
file_error(const char *path)
{
    int reason = errno;
    return g_error_new(G_FILE_ERROR, (int) g_file_error_from_errno(reason),
                       _("%s cannot be opened (%s): check its owner and its mode."), path,
                       g_strerror(reason));
}

/* Returns the error for a lock that another process holds. That process has written "host pid tty"
 * into the file. */
static GError *
lock_held_error(const char *path, int fd)
{
    char bytes[512];
    ssize_t got = pread(fd, bytes, sizeof bytes, 0);
    g_autofree char *text = nj_text_line(bytes, MAX(got, 0), 0);
    char host[256] = "?", pid[32] = "?", tty[128] = "-";

    if (sscanf(text, "%255s %31s %127s", host, pid, tty) < 2)
        return g_error_new(G_FILE_ERROR, G_FILE_ERROR_EXIST,
                           _("Another Natterjack uses %s. Use `natterjack -x COMMAND` to control "
                             "it, or --data DIR for a second one."),
                           path);
    if (strcmp(host, g_get_host_name()) != 0)
        return g_error_new(G_FILE_ERROR, G_FILE_ERROR_EXIST,
                           _("Natterjack is already running, as process %s on %s. Quit it or use "
                             "`natterjack -x COMMAND` there, or --data DIR for a second one here."),
                           pid, host);

    if (strcmp(tty, "-") == 0)
        return g_error_new(
            G_FILE_ERROR, G_FILE_ERROR_EXIST,
            _("Natterjack is already running, as process %s on %s. Use `natterjack -x "
              "COMMAND` to control it, or --data DIR for a second one."),
            pid, host);

    return g_error_new(
        G_FILE_ERROR, G_FILE_ERROR_EXIST,
        _("Natterjack is already running, as process %s on %s at %s. Use `natterjack -x "
          "COMMAND` to control it, or --data DIR for a second one."),
        pid, host, tty);
}

static GError *
no_locks_error(const char *path)
{
    return g_error_new(G_FILE_ERROR, G_FILE_ERROR_NOSYS,
                       _("%s cannot be locked (%s), so a second Natterjack could damage the "
                         "history: mount its file system with locks, or use --data DIR."),
                       path, g_strerror(errno));
}

/* Writes "host pid tty" into the locked file, for the error of a second process. A failure, such as
 * a full disk, does not affect the lock. */
static void
write_holder(int fd)
{
    char tty[128] = "-";
    if (isatty(STDIN_FILENO) && ttyname_r(STDIN_FILENO, tty, sizeof tty))
        g_strlcpy(tty, "-", sizeof tty);
    g_autofree char *text = g_strdup_printf("%s %ld %s\n", g_get_host_name(), (long) getpid(), tty);
    if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0)
        g_info("the lock file cannot be written: %s", g_strerror(errno));
}

int
nj_store_lock_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool writes = fd >= 0;

    if (!writes && is_temporary_errno(errno)) {
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 && errno == ENOENT)
            return -1;
    }

    if (fd < 0) {
        g_propagate_error(error, file_error(path));
        return -1;
    }

    if (flock(fd, LOCK_EX | LOCK_NB)) {
        g_propagate_error(error,
                          errno == EWOULDBLOCK ? lock_held_error(path, fd) : no_locks_error(path));
        close(fd);
        return -1;
    }

    if (writes)
        write_holder(fd);
    return fd;
}

/* --- connections --- */

NjAccess *
nj_access_new(const char *path, bool exclusive)
{
    NjAccess *access = g_new0(NjAccess, 1);
    access->refs = 1;
    access->path = g_strdup(path);
    access->exclusive = exclusive;
    g_mutex_init(&access->mutex);
    g_cond_init(&access->unlocked);
    return access;
}

NjAccess *
nj_access_ref(NjAccess *access)
{
    g_atomic_int_inc(&access->refs);
    return access;
}

void
nj_access_unref(NjAccess *access)
{
    if (!access || !g_atomic_int_dec_and_test(&access->refs))
        return;
    g_mutex_clear(&access->mutex);
    g_cond_clear(&access->unlocked);
    g_free(access->path);
    g_free(access);
}

const char *
nj_access_path(const NjAccess *access)
{
    return access->path;
}

static bool
must_wait(const NjAccess *access, bool has_deadline)
{
    return access->locked || (!has_deadline && access->deadline_waiters);
}

bool
nj_access_lock(NjAccess *access, gint64 until)
{
    if (!access->exclusive)
        return true;

    g_mutex_lock(&access->mutex);
    bool has_deadline = until < G_MAXINT64, in_time = true;
    access->deadline_waiters += has_deadline;
    while (in_time && must_wait(access, has_deadline))
        in_time = g_cond_wait_until(&access->unlocked, &access->mutex, until);

    access->deadline_waiters -= has_deadline;
    bool acquired = !access->locked;
    access->locked = true;
    g_mutex_unlock(&access->mutex);

    return acquired;
}

void
nj_access_unlock(NjAccess *access)
{
    if (!access->exclusive)
        return;
    g_mutex_lock(&access->mutex);
    access->locked = false;
    g_cond_broadcast(&access->unlocked);
    g_mutex_unlock(&access->mutex);
}

bool
nj_access_is_read_only(NjAccess *access)
{
    return g_atomic_int_get(&access->read_only) != 0;
}

void
nj_access_set_read_only(NjAccess *access, bool read_only)
{
    g_atomic_int_set(&access->read_only, read_only);
}

static bool
set_private_mode(int fd)
{
    struct stat info;
    if (fstat(fd, &info))
        return false;
    return !(info.st_mode & 077) || !fchmod(fd, 0600);
}

/* Makes the file with the mode 0600, or changes its mode: SQLite would make it with the mode that
 * the umask allows. SQLite gives its log and its journal the mode of the file. */
static bool
create_private_file(const char *path, GError **error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool good = fd >= 0 && set_private_mode(fd);

    if (!good && is_temporary_errno(errno)) {
        g_autofree char *sentence = nj_store_unwritable_sentence(path);
        g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_ROFS, sentence);
    } else if (!good) {
        g_propagate_error(error, file_error(path));
    }

    if (fd >= 0)
        close(fd);
    return good;
}

/* The caches are small, because a read needs one page of history and the kernel caches the file;
 * that of the writer thread holds the pages that a batch changes.
 *
 * synchronous = EXTRA also syncs the directory: if a deleted journal came back after a power cut,
 * it would undo a committed transaction. locking_mode = EXCLUSIVE lets SQLite read a write-ahead
 * log that is left from a local disk without shared memory, and convert the file. */
static const char wal_pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA "
                                  "journal_size_limit = 16777216; PRAGMA cache_size = -2048;";
static const char journal_pragmas[] =
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL;"
    " PRAGMA synchronous = EXTRA; PRAGMA cache_size = -2048;";
static const char reader_pragmas[] = "PRAGMA query_only = 1; PRAGMA cache_size = -128;";

/* Opens a connection and executes the pragmas. The caller checks the connection's error. */
static sqlite3 *
open_connection(const char *name, int flags, const char *pragmas)
{
    sqlite3 *db = NULL;
    /* NOMUTEX: no connection is used by two threads at the same time. */
    if (sqlite3_open_v2(name, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return db;
    sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL, 256, 48);
    sqlite3_busy_timeout(db, flags & SQLITE_OPEN_CREATE ? 2000 : 200);
    sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    return db;
}

/* Returns db if the last SQLite call on it succeeded; else closes it, sets *error and returns
 * NULL. */
static sqlite3 *
check_connection(sqlite3 *db, const char *path, GError **error)
{
    if (sqlite3_errcode(db) == SQLITE_OK)
        return db;
    nj_store_set_error(db, path, error);
    sqlite3_close(db);
    return NULL;
}

static bool
is_empty_file(const char *path)
{
    struct stat info;
    return stat(path, &info) ? errno == ENOENT : !info.st_size;
}

/* Opens a read-only file. A missing or empty file is replaced by an empty database in memory.
 * SQLite can read a write-ahead log only if it can also open the log's index; if that fails and
 * there is no log, the file is complete and is opened as immutable, without the index. */
static sqlite3 *
open_snapshot(const char *path, GError **error)
{
    static const char pragmas[] = "PRAGMA query_only = 1; SELECT count(*) FROM sqlite_master";
    if (is_empty_file(path)) {
        sqlite3 *db = open_connection(":memory:", SQLITE_OPEN_READWRITE, "");
        if (nj_store_migrate(db, path, error))
            return db;
        sqlite3_close(db);
        return NULL;
    }

    sqlite3 *db = open_connection(path, SQLITE_OPEN_READONLY, pragmas);
    g_autofree char *log = g_strconcat(path, "-wal", NULL);
    if (sqlite3_errcode(db) != SQLITE_OK && nj_store_is_temporary_error(db) && is_empty_file(log)) {
        sqlite3_close(db);
        g_autofree char *absolute = g_canonicalize_filename(path, NULL),
                        *uri = g_filename_to_uri(absolute, NULL, NULL);
        g_autofree char *name = g_strconcat(uri, "?immutable=1", NULL);
        db = open_connection(name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, pragmas);
    }

    return check_connection(db, path, error);
}

sqlite3 *
nj_access_connect(NjAccess *access, bool for_writing, GError **error)
{
    if (for_writing && !create_private_file(access->path, error))
        return NULL;

    if (for_writing)
        return check_connection(open_connection(access->path,
                                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                                access->exclusive ? journal_pragmas : wal_pragmas),
                                access->path, error);
    if (nj_access_is_read_only(access))
        return open_snapshot(access->path, error);

    return check_connection(open_connection(access->path, SQLITE_OPEN_READWRITE, reader_pragmas),
                            access->path, error);
}
