/* A simulated disk that fails and records changes. Its functions replace those of the C library for
 * history.db, its companion files and the file lock.
 *
 * Linked into a test it takes its orders from disk_order(). Loaded into the program with LD_PRELOAD
 * (disk.so) it reads them from the environment: NJ_DISK names a file that contains "ENOSPC", "EIO"
 * or "EROFS", and calls fail with that error while the file exists; NJ_DISK_KIND is the type of the
 * file system that statfs() returns. */
#ifndef NJ_TESTS_SHIM_DISK_H
#define NJ_TESTS_SHIM_DISK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum {
    DISK_OPEN = 1,
    DISK_WRITE = 2,
    DISK_SYNC = 4,
    DISK_TRUNCATE = 8,
    DISK_UNLINK = 16
} DiskCall;

typedef enum {
    DISK_NONE,
    DISK_BASE,
    DISK_LOG,
    DISK_JOURNAL,
    DISK_MEMORY,
    DISK_LOCK,
    DISK_DIRECTORY
} DiskFile;

/* A recorded call that changed a file. */
typedef struct {
    DiskCall call; /* DISK_OPEN: the file was created */
    DiskFile file;
    /* DISK_SYNC: the sync failed; the kernel has dropped the written pages */
    bool failed;
    long offset; /* DISK_TRUNCATE: the new size */
    size_t length;
    char *data;
} DiskChange;

typedef struct {
    int error; /* errno of calls that fail; 0: none fails */
    int calls; /* which calls fail: DISK_… flags */
    /* first and last call that fails, counted from 1; until 0: all that follow */
    long from, until;
    unsigned long kind; /* type of the file system that statfs() returns; 0: the real one */
    int lock;           /* errno of flock(); 0: it does not fail */
    int delay_ms;       /* duration of each sync */
    bool once;          /* only the first of these calls fails */
    bool record;        /* record changes */
} DiskOrders;

/* Sets the orders and restarts the count of calls. Other threads may use the files meanwhile. */
void disk_order(const DiskOrders *orders);

/* Returns the number of calls since disk_order(). */
long disk_calls(void);

/* Returns the number of recorded changes; *changes (changes may be NULL) are valid until
 * disk_forget() and must be read only when no thread writes any more. */
long disk_changes(DiskChange **changes);

/* Frees the recorded changes. */
void disk_forget(void);

#endif
