/* The client of a talk, in a temporary directory, and its restart after a kill. */
#include <glib/gstdio.h>

#include "talk.h"

static const char *const files[] = { "history.db", "history.db-wal" };

static void
ask_password(NjAccount *account, void (*done)(const char *password, const char *why, void *data),
             void *data, void *owner)
{
    Talk *talk = owner;
    (void) account;
    talk->password_done = done;
    talk->password_data = data;
    add_event(talk, false, "asked for the password");
}

static char *
new_dir(void)
{
    g_autoptr(GError) error = NULL;
    char *dir = g_dir_make_tmp("talk-XXXXXX", &error);
    if (!dir)
        g_error("%s", error->message);
    return dir;
}

void
add_account(Talk *talk)
{
    NjAccountSettings settings = {
        .name = (char *) "home",
        .address = (char *) "toad@pond.example",
        .resource = (char *) "desk",
        .autoconnect = true,
    };
    talk->account = nj_client_add_account(talk->client, &settings);
    talk->session = nj_session_new(talk->account, nj_modules(), make_string_connection);
}

void
open_client(Talk *talk, char *dir)
{
    g_autoptr(GError) error = NULL;
    talk->dir = dir ? dir : new_dir();
    talk->client = nj_client_new(nj_paths_new(talk->dir), nj_options_new(NULL));

    NjStore *store = nj_store_open(talk->dir, &error);
    if (!store)
        g_error("%s", error->message);
    nj_client_set_store(talk->client, store);
    talk->client->hooks.ask_password = ask_password;
    talk->client->hooks.owner = talk;
    add_account(talk);
    listen_to_all(talk);
}

static void
remove_dir(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (g_unlink(file) != 0)
            remove_dir(file);
    }

    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

void
close_client(Talk *talk)
{
    NjStore *store = talk->client->store;
    if (talk->holds)
        nj_store_commit(store);
    talk->holds = false;
    if (talk->before_close)
        talk->before_close(talk);
    nj_bus_forget(talk->client->bus, talk);
    nj_session_free(talk->session);
    if (talk->password_done)
        talk->password_done(NULL, NULL, talk->password_data);

    talk->password_done = NULL;
    nj_client_free(g_steal_pointer(&talk->client));
    nj_store_close(store, 2000);
    remove_dir(talk->dir);
    g_free(talk->dir);
}

/* Describes size and modification time of the files; the caller frees it. The text changes when the
 * store writes. */
static char *
describe_files(const char *dir)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(dir, files[i], NULL);
        GStatBuf file = { 0 };
        g_stat(path, &file);
        g_string_append_printf(text, "%lld %lld.%09ld ", (long long) file.st_size,
                               (long long) file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
    }

    return g_string_free(text, FALSE);
}

static void
copy_files(const char *from, const char *to)
{
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *source = g_build_filename(from, files[i], NULL),
                        *target = g_build_filename(to, files[i], NULL);
        g_autofree char *bytes = NULL;
        gsize length;
        if (g_file_get_contents(source, &bytes, &length, NULL))
            g_file_set_contents(target, bytes, (gssize) length, NULL);
    }
}

/* Ends the client as kill -9 does: a new client starts with a copy of the files that was made while
 * the old one ran. The writer thread may be writing its word index; then the copy is repeated until
 * the files did not change during it. */
void
restart_client(Talk *talk)
{
    char *left = new_dir();
    bool same;

    do {
        g_autofree char *before = describe_files(talk->dir);
        copy_files(talk->dir, left);
        g_autofree char *after = describe_files(talk->dir);
        same = g_str_equal(before, after);
    } while (!same);

    close_client(talk);
    open_client(talk, left);
}
