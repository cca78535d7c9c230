/* The client: its accounts, the focus, the activity of the user, and notices. */
#include "model/client.h"

#include <string.h>

#include "base/clock.h"
#include "model/events.h"
#include "model/idle.h"

NjClient *
nj_client_new(NjPaths *paths, NjOptions *options)
{
    NjClient *client = g_new0(NjClient, 1);
    client->bus = nj_bus_new();
    client->paths = paths;
    client->options = options;
    client->accounts = g_ptr_array_new();
    client->removed = g_ptr_array_new_with_free_func((GDestroyNotify) nj_account_free);
    client->last_unstored = G_MININT64;
    client->looking = true;
    client->active_us = nj_clock_us();
    client->idle = nj_idle_new(client);

    return client;
}

void
nj_client_free(NjClient *client)
{
    if (!client)
        return;

    while (client->accounts->len)
        nj_client_remove_account(client,
                                 g_ptr_array_index(client->accounts, client->accounts->len - 1));
    g_ptr_array_unref(client->accounts);
    g_clear_handle_id(&client->removed_source, g_source_remove);
    g_ptr_array_unref(client->removed);
    nj_idle_free(client->idle);
    nj_bus_free(client->bus);
    nj_options_free(client->options);
    nj_paths_free(client->paths);

    g_free(client);
}

void
nj_client_set_store(NjClient *client, NjStore *store)
{
    client->store = store;
    for (guint i = 0; store && i < client->accounts->len; i++)
        nj_account_restore(g_ptr_array_index(client->accounts, i));
}

NjAccount *
nj_client_add_account(NjClient *client, const NjAccountSettings *settings)
{
    NjAccount *account = nj_account_new(client, settings);
    g_ptr_array_add(client->accounts, account);
    nj_emit_account_added(client->bus, account);
    nj_account_restore(account);
    return account;
}

static gboolean
free_removed(void *data)
{
    NjClient *client = data;
    client->removed_source = 0;
    g_ptr_array_set_size(client->removed, 0);
    return G_SOURCE_REMOVE;
}

/* Functions on the stack may still use the account, so the main loop frees it later. */
void
nj_client_remove_account(NjClient *client, NjAccount *account)
{
    if (!g_ptr_array_remove(client->accounts, account))
        return;
    nj_emit_account_removed(client->bus, account);
    nj_account_close_chats(account);
    g_ptr_array_add(client->removed, account);
    if (!client->removed_source)
        client->removed_source = g_idle_add(free_removed, client);
}

NjAccount *
nj_client_account(NjClient *client, const char *name)
{
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = g_ptr_array_index(client->accounts, i);
        if (strcmp(account->settings->name, name) == 0)
            return account;
    }

    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = g_ptr_array_index(client->accounts, i);
        if (strcmp(account->bare, name) == 0)
            return account;
    }

    return NULL;
}

NjAccount *
nj_client_account_of_row(const NjClient *client, gint64 row)
{
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = g_ptr_array_index(client->accounts, i);
        if (account->row == row)
            return account;
    }
    return NULL;
}

void
nj_client_set_focus(NjClient *client, NjChat *chat)
{
    if (client->focus == chat)
        return;
    client->focus = chat;
    nj_emit_focus_changed(client->bus, client);
}

void
nj_client_set_looking(NjClient *client, bool looking)
{
    if (client->looking == looking)
        return;
    client->looking = looking;
    if (looking)
        client->active_us = nj_clock_us();
    nj_emit_person_changed(client->bus, client);
}

void
nj_client_note_active(NjClient *client)
{
    gint64 now = nj_clock_us(), before = client->active_us;
    client->active_us = now;
    if (now - before >= NJ_CLIENT_REST_US)
        nj_emit_person_changed(client->bus, client);
}

void
nj_client_notice(NjClient *client, NjAccount *account, NjChat *chat, NjNoticeKind kind,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);

    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);

    NjNotice notice = {
        .account = chat ? chat->account : account,
        .chat = chat,
        .kind = kind,
        .text = text,
        .time = nj_clock_wall_ms(),
    };

    nj_emit_notice(client->bus, &notice);
}
