/* See disk.h. The functions that SQLite and the lock use are defined here: each asks ask() whether
 * it fails, and calls the function of the C library otherwise. */
#ifdef __linux__
#pragma GCC visibility push(default) /* replaces the C library's, for SQLite, too */
#undef _FORTIFY_SOURCE               /* its headers redirect these functions */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "disk.h"

#define MAX_FILES 1024

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static DiskOrders orders;
static long calls;
static DiskFile files[MAX_FILES];
static DiskChange *changes;
static long changes_length, changes_size;

void
disk_order(const DiskOrders *new)
{
    pthread_mutex_lock(&mutex);
    orders = *new;
    calls = 0;
    pthread_mutex_unlock(&mutex);
}

long
disk_calls(void)
{
    pthread_mutex_lock(&mutex);
    long count = calls;
    pthread_mutex_unlock(&mutex);
    return count;
}

long
disk_changes(DiskChange **list)
{
    pthread_mutex_lock(&mutex);
    if (list)
        *list = changes;
    long length = changes_length;
    pthread_mutex_unlock(&mutex);
    return length;
}

void
disk_forget(void)
{
    for (long i = 0; i < changes_length; i++)
        free(changes[i].data);
    free(changes);
    changes = NULL;
    changes_length = changes_size = 0;
}

static DiskFile
file_of(const char *path)
{
    const char *name = strstr(path, "history.db");
    if (name && !name[10])
        return DISK_BASE;
    if (name && !strcmp(name + 10, "-wal"))
        return DISK_LOG;
    if (name && !strcmp(name + 10, "-journal"))
        return DISK_JOURNAL;
    if (name && !strcmp(name + 10, "-shm"))
        return DISK_MEMORY;

    size_t length = strlen(path);
    return length > 5 && !strcmp(path + length - 5, "/lock") ? DISK_LOCK : DISK_NONE;
}

static DiskFile
file_at(int fd)
{
    return fd >= 0 && fd < MAX_FILES ? files[fd] : DISK_NONE;
}

/* Returns the error in the file that NJ_DISK names; 0: no such file, or no error. */
static int
read_error_file(void)
{
    static const struct {
        const char *name;
        int error;
    } names[] = { { "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EROFS", EROFS } };

    const char *path = getenv("NJ_DISK");
    FILE *file = path ? fopen(path, "r") : NULL;
    char word[16] = "";
    int error = 0;
    if (file && fscanf(file, "%15s", word) == 1)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (!strcmp(word, names[i].name))
                error = names[i].error;
    if (file)
        fclose(file);

    return error;
}

/* Counts a call. Returns the errno it must fail with, or 0. */
static int
ask(DiskCall call, DiskFile file)
{
    if (file == DISK_NONE)
        return 0;

    int error = read_error_file();
    if (error)
        return error == EROFS || call != DISK_OPEN ? error : 0;

    pthread_mutex_lock(&mutex);
    calls++;
    if (orders.error && orders.calls & (int) call && calls >= orders.from
        && (!orders.until || calls <= orders.until))
        error = orders.error;
    if (error && orders.once)
        orders.error = 0;

    pthread_mutex_unlock(&mutex);
    return error;
}

static void
record(DiskCall call, DiskFile file, long offset, const void *data, size_t length)
{
    int error = errno;
    if (!orders.record || file == DISK_NONE || file == DISK_MEMORY || file == DISK_LOCK)
        return;

    pthread_mutex_lock(&mutex);
    if (changes_length == changes_size) {
        changes_size = changes_size ? 2 * changes_size : 256;
        changes = realloc(changes, (size_t) changes_size * sizeof *changes);
    }

    DiskChange *change = &changes[changes_length++];
    *change = (DiskChange){ .call = call, .file = file, .offset = offset, .length = length };
    if (data) {
        change->data = malloc(length);
        memcpy(change->data, data, length);
    }

    change->failed = call == DISK_SYNC && length;
    pthread_mutex_unlock(&mutex);
    errno = error;
}

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static int
opened(int fd, const char *path, int flags, bool was_there)
{
    struct stat info;
    DiskFile file = file_of(path);

    if (file == DISK_NONE && fd >= 0 && !fstat(fd, &info) && S_ISDIR(info.st_mode))
        file = DISK_DIRECTORY;
    if (fd >= 0 && fd < MAX_FILES)
        files[fd] = file;
    if (fd >= 0 && flags & O_CREAT && !was_there)
        record(DISK_OPEN, file, 0, NULL, 0);

    return fd;
}

/* Returns the errno of an open() that must fail, or 0. A read-only disk refuses every open for
 * writing, a full one only the creation of a file. */
static int
ask_open(const char *path, int flags, bool *was_there)
{
    DiskFile file = file_of(path);
    *was_there = !access(path, F_OK);
    if (file == DISK_NONE || !(flags & (O_WRONLY | O_RDWR | O_CREAT)))
        return 0;
    int error = ask(DISK_OPEN, file);
    return error == ENOSPC && *was_there ? 0 : error;
}

#define OPEN(name)                                                            \
    int name(const char *path, int flags, ...)                                \
    {                                                                         \
        va_list args;                                                         \
        va_start(args, flags);                                                \
        mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;             \
        va_end(args);                                                         \
        bool was_there;                                                       \
        int error = ask_open(path, flags, &was_there);                        \
        if (error) {                                                          \
            errno = error;                                                    \
            return -1;                                                        \
        }                                                                     \
        return opened(REAL(name)(path, flags, mode), path, flags, was_there); \
    }
OPEN(open)
OPEN(open64)

int
close(int fd)
{
    if (fd >= 0 && fd < MAX_FILES)
        files[fd] = DISK_NONE;
    return REAL(close)(fd);
}

/* Writes to mapped memory do not pass here; but SQLite grows history.db-shm by writing a byte into
 * each new page with pwrite(), which does. */
#define PWRITE(name, type)                                                          \
    ssize_t name(int fd, const void *data, size_t length, type offset)              \
    {                                                                               \
        int error = ask(DISK_WRITE, file_at(fd));                                   \
        if (error) {                                                                \
            errno = error;                                                          \
            return -1;                                                              \
        }                                                                           \
        ssize_t written = REAL(name)(fd, data, length, offset);                     \
        if (written > 0)                                                            \
            record(DISK_WRITE, file_at(fd), (long) offset, data, (size_t) written); \
        return written;                                                             \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, type)                                          \
    int name(int fd, type size)                                       \
    {                                                                 \
        int error = ask(DISK_TRUNCATE, file_at(fd));                  \
        if (error) {                                                  \
            errno = error;                                            \
            return -1;                                                \
        }                                                             \
        int result = REAL(name)(fd, size);                            \
        if (!result)                                                  \
            record(DISK_TRUNCATE, file_at(fd), (long) size, NULL, 0); \
        return result;                                                \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

static int
sync_file(int fd, int (*real)(int))
{
    int error = ask(DISK_SYNC, file_at(fd));
    if (orders.delay_ms && file_at(fd) != DISK_NONE)
        usleep((useconds_t) orders.delay_ms * 1000);

    if (error) {
        record(DISK_SYNC, file_at(fd), 0, NULL, 1);
        errno = error;
        return -1;
    }

    int result = real(fd);
    if (!result)
        record(DISK_SYNC, file_at(fd), 0, NULL, 0);
    return result;
}

int
fsync(int fd)
{
    return sync_file(fd, REAL(fsync));
}

int
fdatasync(int fd)
{
    return sync_file(fd, REAL(fdatasync));
}

int
unlink(const char *path)
{
    DiskFile file = file_of(path);
    int error = ask(DISK_UNLINK, file);

    if (error) {
        errno = error;
        return -1;
    }

    int result = REAL(unlink)(path);
    if (!result)
        record(DISK_UNLINK, file, 0, NULL, 0);
    return result;
}

int
flock(int fd, int operation)
{
    if (orders.lock && file_at(fd) == DISK_LOCK) {
        errno = orders.lock;
        return -1;
    }
    return REAL(flock)(fd, operation);
}

int
statfs(const char *path, struct statfs *info)
{
    int result = REAL(statfs)(path, info);
    const char *word = getenv("NJ_DISK_KIND");
    unsigned long kind = word ? strtoul(word, NULL, 0) : orders.kind;
    if (!result && kind)
        info->f_type = (__fsword_t) kind;
    return result;
}
#endif
