/* Bringing in what other programs kept.  A thread reads the files and cuts them into messages; this
 * thread stores them in small slices, as fast as the disk takes them.  Doing it again doubles
 * nothing: each message has a key made of what the file says of it, kept as its archive id, by
 * "import:FORMAT".  Only what was imported is compared, never what was said here. */
#ifndef NJ_MODEL_IMPORT_H
#define NJ_MODEL_IMPORT_H

#include "base/base.h"
#include "model/account.h"

/* One message of a file, as it stands there. */
typedef struct {
    gint64 time; /* Unix ms */
    bool out;
    const char *text; /* any bytes */
    gsize length;
} NjImportText;

/* Where a reader puts what it reads; skip: so many lines said nothing. */
typedef struct {
    void (*take)(const NjImportText *text, void *owner);
    void (*skip)(guint lines, void *owner);
    void *owner;
} NjImportSink;

/* A format is a row.  A file of it tells of one chat, whose address is the file's name. */
typedef struct {
    const char *name;
    const char *summary; /* N_() */
    /* a reader; the sink outlives it */
    void *(*begin)(const NjImportSink *sink);
    /* in pieces of any size; false: this is no file of that kind */
    bool (*feed)(void *reader, const char *bytes, gsize length);
    /* after the last piece: takes what is left and the reader */
    void (*end)(void *reader);
    /* of a room: who said it, cut off the body; NULL: nobody knows */
    char *(*nick)(char **body);
} NjImportFormat;

extern const NjImportFormat *const nj_import_formats[]; /* NULL-ended */
extern const NjImportFormat nj_import_mcabber;

typedef struct {
    guint messages, known; /* stored now; there already */
    guint lines;           /* not understood */
    guint files, left_out; /* left_out: no logs, or not to be read */
    char *example;         /* one of these; NULL */
    guint64 bytes, total;
} NjImportCounts;

typedef struct NjImport NjImport;
typedef struct {
    /* All that was read is committed, or it failed, once; the import is freed behind it.
     * Borrowed. */
    void (*done)(const GError *error, const NjImportCounts *counts, void *owner);
    void *owner;
} NjImportHooks;

/* path: a directory of files, or one.  The account's messages are those that went out.  An error
 * comes through the hook. */
NjImport *nj_import_begin(NjAccount *account, const NjImportFormat *format, const char *path,
                          const NjImportHooks *hooks);

/* so far */
const NjImportCounts *nj_import_counts(const NjImport *import);

/* what is stored stays; the hook is not called */
void nj_import_cancel(NjImport *import);

#endif
