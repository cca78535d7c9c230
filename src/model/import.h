/* Import of the logs of other programs. A thread reads the files and splits them into messages; the
 * main thread stores these in slices, as fast as the disk writes. A repeated import adds no
 * duplicates: each imported message has a key computed from its line, which is stored as its
 * archive id with the archive "import:FORMAT". Messages that this program sent or received itself
 * are not compared. */
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

/* Functions to which a reader passes each message, and numbers of lines that it did not
 * understand. */
typedef struct {
    void (*take)(const NjImportText *text, void *owner);
    void (*skip)(guint lines, void *owner);
    void *owner;
} NjImportSink;

/* A format of logs. Each file has the messages of one chat, and its name is the address of the
 * chat. */
typedef struct {
    const char *name;
    const char *summary; /* N_() */
    /* Returns a reader, which uses the sink until `end`. */
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
    guint messages;       /* number of messages stored */
    guint known;          /* number of messages that an earlier import stored */
    guint lines;          /* number of lines that were not understood */
    guint files;          /* number of files read */
    guint left_out;       /* number of files that are not logs or cannot be read */
    char *example;        /* name of the first file that was left out; NULL: none */
    guint64 bytes, total; /* bytes read so far, and bytes of all files */
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

/* Ends the import and frees it. Stored messages stay; the hook is not called. NULL is allowed. */
void nj_import_cancel(NjImport *import);

#endif
