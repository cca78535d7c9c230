/* Helpers of the tests of the store: a store in a temporary directory with one chat, and reads and
 * changes of its file through a connection of SQLite beside it. */
#ifndef NJ_TESTS_MODEL_STORE_FIXTURE_H
#define NJ_TESTS_MODEL_STORE_FIXTURE_H

#include "fixture.h"

#include <sqlite3.h>

#include "model/store-private.h"

typedef struct {
    char *dir;
    NjStore *store;
    gint64 chat;      /* row of the chat with frog@pond.example */
    GString *reports; /* for the listeners of a test; empty at the start */
    bool remote;      /* opened as on a network file system */
} StoreFixture;

/* As make_dir(), in memory where /dev/shm exists: these tests do not depend on a real disk. */
char *quick_dir(void);

/* The row of a chat with one person, which is added if it is missing. */
gint64 chat_row(StoreFixture *fixture, const char *address);

/* Opens the store as on a local file system, or as on a network file system (remote). */
NjStore *open_here(const char *dir, bool remote);

/* For cmocka: *state is the StoreFixture. */
int set_up_at(void **state, bool remote);
int set_up(void **state);
int set_up_remote(void **state);
int tear_down(void **state);

/* Closes the store and opens the same file again. */
void reopen(StoreFixture *fixture);

/* Adds a message to the chat; returns its row. */
gint64 add(StoreFixture *fixture, gint64 time, bool out, const char *body);

/* The integer in the first row and column of what sql selects. */
int ask_int(StoreFixture *fixture, const char *sql);

/* Executes sql on the file in dir. */
void run_sql(const char *dir, const char *sql);

#endif
