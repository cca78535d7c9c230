/* Paths, and reading and replacing whole files. Errors are whole sentences with the path in them;
 * their domain is G_FILE_ERROR. */
#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_LINKS 40 /* symbolic links followed in one path; Linux has the same limit */

/* Reads $HOME each time: GLib reads it once in a process, but the clients of one test have
 * different homes. */
static const char *
get_home(void)
{
    const char *set = g_getenv("HOME");
    return set && g_path_is_absolute(set) ? set : g_get_home_dir();
}

/* Returns the value of an XDG variable; NULL if it is unset or, as the specification asks, if its
 * path is relative. */
static const char *
get_xdg(const char *variable)
{
    const char *set = g_getenv(variable);
    return set && g_path_is_absolute(set) ? set : NULL;
}

static char *
build_xdg_path(const char *variable, const char *below_home)
{
    const char *set = get_xdg(variable);
    return set ? g_build_filename(set, "natterjack", NULL)
               : g_build_filename(get_home(), below_home, "natterjack", NULL);
}

NjPaths *
nj_paths_new(const char *data)
{
    NjPaths *paths = g_new0(NjPaths, 1);
    paths->config = build_xdg_path("XDG_CONFIG_HOME", ".config");
    if (data) {
        g_autofree char *expanded = nj_files_expand(data);
        paths->data = g_canonicalize_filename(expanded, NULL);
    } else {
        paths->data = build_xdg_path("XDG_DATA_HOME", ".local/share");
    }

    paths->state = data && !get_xdg("XDG_STATE_HOME")
                       ? g_build_filename(paths->data, "state", NULL)
                       : build_xdg_path("XDG_STATE_HOME", ".local/state");
    paths->run = g_build_filename(paths->state, "run", NULL);
    return paths;
}

void
nj_paths_free(NjPaths *paths)
{
    if (!paths)
        return;
    g_free(paths->config);
    g_free(paths->data);
    g_free(paths->state);
    g_free(paths->run);
    g_free(paths);
}

char *
nj_files_expand(const char *path)
{
    if (strcmp(path, "~") == 0)
        return g_strdup(get_home());
    if (g_str_has_prefix(path, "~/"))
        return g_build_filename(get_home(), path + 2, NULL);
    return g_strdup(path);
}

static GFileError
error_code(int number)
{
    return g_file_error_from_errno(number);
}

bool
nj_files_ensure_dir(const char *path, GError **error)
{
    struct stat info;
    if (g_mkdir_with_parents(path, 0700) != 0 && errno != EEXIST) {
        const int why = errno;
        g_set_error(error, G_FILE_ERROR, (gint) error_code(why),
                    _("Cannot create the directory %s: %s."), path, g_strerror(why));
        return false;
    }

    /* Removes a trailing slash, with which lstat() would follow a link. */
    g_autofree char *last = g_canonicalize_filename(path, NULL);
    if (lstat(last, &info) != 0) {
        const int why = errno;
        g_set_error(error, G_FILE_ERROR, (gint) error_code(why),
                    _("Cannot use the directory %s: %s."), path, g_strerror(why));
        return false;
    }

    if (!S_ISDIR(info.st_mode)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR,
                    _("%s is a link or not a directory; move it away, then start again."), path);
        return false;
    }

    if (info.st_uid != geteuid()) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_PERM,
                    _("The directory %s belongs to another user; choose another directory."), path);
        return false;
    }

    return true;
}

/* Returns the path to which the links of path lead, which need not exist; NULL with errno ELOOP if
 * there are more than MAX_LINKS. */
static char *
follow_links(const char *path)
{
    g_autofree char *at = g_strdup(path);
    for (int i = 0; i < MAX_LINKS; i++) {
        g_autofree char *target = g_file_read_link(at, NULL);
        if (!target)
            return g_steal_pointer(&at);
        g_autofree char *folder = g_path_get_dirname(at);
        g_free(at);
        /* Not canonicalised: if x is a link, "x/.." is not the directory of x. */
        at = g_path_is_absolute(target) ? g_steal_pointer(&target)
                                        : g_build_filename(folder, target, NULL);
    }

    errno = ELOOP;
    return NULL;
}

static bool
write_all(int fd, const char *text, gsize length)
{
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text += written;
        length -= (gsize) written;
    }

    return true;
}

/* A rename survives a power cut only when the directory is synced too. Errors are ignored, because
 * some file systems cannot sync directories. */
static void
sync_dir(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

/* Replaces or creates the file target, whose links have been followed; sets errno on failure. */
static bool
replace_file(const char *target, const char *text, gsize length)
{
    struct stat info;
    mode_t mode = 0600;

    if (stat(target, &info) == 0) {
        if (!S_ISREG(info.st_mode)) {
            errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
            return false;
        }
        mode = info.st_mode & 0777;
    } else if (errno != ENOENT) {
        return false;
    }

    g_autofree char *folder = g_path_get_dirname(target);
    g_autofree char *fresh = g_strconcat(target, ".XXXXXX", NULL);
    int fd = mkostemp(fresh, O_CLOEXEC); /* creates the file with mode 0600 */
    if (fd < 0)
        return false;

    bool done = write_all(fd, text, length) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int why = errno;
    if (close(fd) != 0 && done) {
        done = false;
        why = errno;
    }

    if (done && rename(fresh, target) != 0) {
        done = false;
        why = errno;
    }

    if (!done) {
        unlink(fresh);
        errno = why;
        return false;
    }

    sync_dir(folder);
    return true;
}

bool
nj_files_replace(const char *path, const char *text, gsize length, GError **error)
{
    g_autofree char *target = follow_links(path);
    if (target && replace_file(target, text, length))
        return true;
    const int why = errno;
    g_set_error(error, G_FILE_ERROR, (gint) error_code(why), _("Cannot write %s: %s."), path,
                g_strerror(why));
    return false;
}

/* Appends the rest of fd to `into`; sets errno on failure, to EFBIG if there are more than limit
 * bytes. */
static bool
read_all(int fd, gsize limit, GString *into)
{
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            return true;
        if ((gsize) got > limit - into->len) {
            errno = EFBIG;
            return false;
        }
        g_string_append_len(into, chunk, got);
    }
}

bool
nj_files_read(const char *path, gsize limit, char **text, gsize *length, GError **error)
{
    struct stat info;
    g_autoptr(GString) whole = g_string_new(NULL);

    /* O_NONBLOCK: opening a FIFO must not block. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool done = fd >= 0 && fstat(fd, &info) == 0;
    if (done && !S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        done = false;
    }

    done = done && read_all(fd, limit, whole);
    const int why = errno;
    if (fd >= 0)
        close(fd);

    if (!done) {
        g_set_error(error, G_FILE_ERROR, (gint) error_code(why), _("Cannot read %s: %s."), path,
                    g_strerror(why));
        return false;
    }

    *length = whole->len;
    *text = g_string_free(g_steal_pointer(&whole), FALSE);
    return true;
}
