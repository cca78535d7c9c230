/* Where things are kept (XDG Base Directory) and how they are written without tearing. */
#ifndef NJ_BASE_FILES_H
#define NJ_BASE_FILES_H

#include "base/base.h"

typedef struct {
    char *config; /* $XDG_CONFIG_HOME/natterjack */
    char *data;   /* $XDG_DATA_HOME/natterjack, or --data */
    char *state;  /* $XDG_STATE_HOME/natterjack */
    char *run;    /* state/run: fifo, control */
} NjPaths;

/* data: the value of --data or NULL.  --data DIR moves data to DIR, and state with run to
 * DIR/state, so that two programs do not share one FIFO; where $XDG_STATE_HOME is set, state stays
 * there.  config stays where it is. Nothing is made on disk yet. */
NjPaths *nj_paths_new(const char *data);
void nj_paths_free(NjPaths *paths);

/* Makes a directory (mode 0700) with its parents; refuses a link's or another owner's last part. */
bool nj_files_ensure_dir(const char *path, GError **error);

/* Replaces a file at the end of its links, atomically (temporary file beside it, fsync, rename,
 * fsync of the directory); keeps the mode of an existing file, otherwise 0600. */
bool nj_files_replace(const char *path, const char *text, gsize length, GError **error);

/* Reads a whole regular file of at most limit bytes; *text ends in a 0. */
bool nj_files_read(const char *path, gsize limit, char **text, gsize *length, GError **error);

/* "~" and "~/x" become the home; the caller owns the result. */
char *nj_files_expand(const char *path);

#endif
