/* See fixture.h. */
#include "fixture.h"

char *
make_dir(void)
{
    char *dir = g_dir_make_tmp("natterjack-test-XXXXXX", NULL);
    assert_non_null(dir);
    return dir;
}

void
drop_dir(char *dir)
{
    GDir *open = g_dir_open(dir, 0, NULL);
    const char *name;

    while (open && (name = g_dir_read_name(open))) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        g_remove(path);
    }

    if (open)
        g_dir_close(open);
    g_rmdir(dir);
    g_free(dir);
}

NjStore *
open_store(const char *dir)
{
    g_autoptr(GError) error = NULL;
    NjStore *store = nj_store_open(dir, &error);
    if (!store)
        fail_msg("%s", error->message);
    return store;
}

NjClient *
make_client(void)
{
    NjAccountSettings settings = { .name = (char *) "home",
                                   .address = (char *) "toad@pond.example",
                                   .nick = (char *) "toad" };
    NjClient *client = nj_client_new(NULL, NULL);
    nj_client_add_account(client, &settings);
    return client;
}

NjAccount *
first_account(NjClient *client)
{
    return g_ptr_array_index(client->accounts, 0);
}

NjMessage *
make_message(gint64 time, bool out, const char *body)
{
    NjMessage *message = nj_message_new();
    message->time = time;
    message->out = out;
    message->state = out ? NJ_STATE_QUEUED : NJ_STATE_RECEIVED;
    message->sender = g_strdup(out ? "toad@pond.example/desk" : "frog@pond.example/leaf");
    message->body = g_strdup(body);
    return message;
}
