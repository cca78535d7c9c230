/* Import of the logs of other programs. A thread reads the files and splits them into messages; the
 * main thread stores these in slices, as fast as the disk writes. A repeated import adds no
 * duplicates: each message has a key computed from its line, stored as its archive id with the
 * archive "import:FORMAT". It is compared only with imported messages, not with our own. */
#ifndef NJ_MODEL_IMPORT_H
#define NJ_MODEL_IMPORT_H

#include "base/base.h"
#include "model/account.h"

/* One message of a file. */
typedef struct {
    gint64 time; /* Unix ms */
    bool out;
    const char *text; /* any bytes */
    gsize length;
} NjImportText;

/* Receives what a reader reads: messages, and the number of lines that it did not understand. */
typedef struct {
    void (*take)(const NjImportText *text, void *owner);
    void (*skip)(guint lines, void *owner);
    void *owner;
} NjImportSink;

/* A format. Each file has the messages of one chat, and the address of the chat is its name. */
typedef struct {
    const char *name;
    const char *summary; /* N_() */
    /* Returns a reader. The sink outlives it. */
    void *(*begin)(const NjImportSink *sink);
    /* Reads a piece of any size; false: the file does not have this format. */
    bool (*feed)(void *reader, const char *bytes, gsize length);
    /* Called after the last piece: passes on the last message and frees the reader. */
    void (*end)(void *reader);
    /* For the log of a room: removes the nick from the body and returns it; NULL: there is none. */
    char *(*nick)(char **body);
} NjImportFormat;

extern const NjImportFormat *const nj_import_formats[]; /* NULL-ended */
extern const NjImportFormat nj_import_mcabber;

typedef struct {
    guint messages;       /* stored */
    guint known;          /* imported already by an earlier import */
    guint lines;          /* not understood */
    guint files;          /* read */
    guint left_out;       /* files that are not logs or cannot be read */
    char *example;        /* name of the first of these; NULL: none */
    guint64 bytes, total; /* read so far, and of all files */
} NjImportCounts;

typedef struct NjImport NjImport;
typedef struct {
    /* Called once, when all messages are committed (error NULL) or the import has failed. Both
     * arguments are borrowed; the import is freed afterwards. */
    void (*done)(const GError *error, const NjImportCounts *counts, void *owner);
    void *owner;
} NjImportHooks;

/* Imports a file, or all files of a directory, into the chats of an account, which needs a store.
 * Errors are reported through the hook. */
NjImport *nj_import_begin(NjAccount *account, const NjImportFormat *format, const char *path,
                          const NjImportHooks *hooks);

/* The counts so far. */
const NjImportCounts *nj_import_counts(const NjImport *import);

/* Ends the import; stored messages stay, the hook is not called. NULL is allowed. */
void nj_import_cancel(NjImport *import);

#endif
