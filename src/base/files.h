/* Paths of the program's directories (XDG Base Directory Specification), and reading and replacing
 * whole files. */
#ifndef NJ_BASE_FILES_H
#define NJ_BASE_FILES_H

#include "base/base.h"

typedef struct {
    char *config; /* $XDG_CONFIG_HOME/natterjack */
    char *data;   /* $XDG_DATA_HOME/natterjack, or --data */
    char *state;  /* $XDG_STATE_HOME/natterjack */
    char *run;    /* `state`/run: directory of the FIFO for commands, unless the option sets it */
} NjPaths;

/* Computes the paths; creates nothing on disk. data: the value DIR of --data, or NULL. It sets
 * paths->data to DIR, and, unless $XDG_STATE_HOME is set, paths->state to DIR/state, so that two
 * programs with different --data do not share one FIFO. paths->config does not depend on it. */
NjPaths *nj_paths_new(const char *data);
void nj_paths_free(NjPaths *paths);

/* Creates a directory (mode 0700) with its parents, unless it exists. Fails if the last part of the
 * path is a link or belongs to another user. */
bool nj_files_ensure_dir(const char *path, GError **error);

/* Replaces a file atomically: writes a temporary file beside it, syncs it, renames it, syncs the
 * directory. Follows links and replaces the file to which they lead. The mode of an existing file
 * is kept; a new file has mode 0600. */
bool nj_files_replace(const char *path, const char *text, gsize length, GError **error);

/* Reads a whole regular file of at most limit bytes. The caller owns *text, which ends in a 0 byte
 * that *length does not count. */
bool nj_files_read(const char *path, gsize limit, char **text, gsize *length, GError **error);

/* Replaces the "~" of "~" and of "~/x" by $HOME; the caller owns the result. */
char *nj_files_expand(const char *path);

#endif
