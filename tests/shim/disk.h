/* A disk that fails and remembers: stands between SQLite and the C library.  Linked into a test it
 * is told what to do here; loaded with LD_PRELOAD into the program (disk.so) it does what the file
 * says that NJ_DISK names: "ENOSPC", "EIO" or "EROFS", as long as it is there; and NJ_DISK_KIND is
 * what statfs says of it. Only history.db with its companions, and lock, are meant. */
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

/* One call that changed something. */
typedef struct {
    DiskCall call; /* OPEN: it was made */
    DiskFile file;
    /* SYNC: what was to be synced is not there, and the system has forgotten it */
    bool failed;
    long offset; /* TRUNCATE: the size */
    size_t length;
    char *data;
} DiskChange;

typedef struct {
    int error; /* these calls fail with it; 0: none does */
    int calls; /* which DiskCalls */
    /* those that change something are counted from 1; until 0: for ever */
    long from, until;
    unsigned long kind; /* of the file system, as statfs says it; 0: the true one */
    int lock;           /* the lock cannot be had, with this error */
    int delay_ms;       /* each sync takes so long */
    bool once;          /* only the first of them that comes fails */
    bool record;
} DiskOrders;

/* Threads may be at work meanwhile. */
/* counts anew */
void disk_order(const DiskOrders *orders);

/* since then */
long disk_calls(void);

/* recorded; borrowed, until disk_forget(); stable once nothing writes any more */
long disk_changes(DiskChange **changes);
void disk_forget(void);

#endif
