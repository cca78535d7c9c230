/* One account: its settings, state and presence, and reading it from the store. */
#include "model/account.h"

#include "model/events.h"
#include "model/jid.h"
#include "model/outbox.h"
#include "model/room.h"

const char *
nj_account_state_name(NjAccountState state)
{
    static const char *const names[] = {
        [NJ_ACCOUNT_OFFLINE] = "offline",       [NJ_ACCOUNT_WAITING] = "waiting",
        [NJ_ACCOUNT_CONNECTING] = "connecting", [NJ_ACCOUNT_ONLINE] = "online",
        [NJ_ACCOUNT_CLOSING] = "closing",
    };
    return names[state];
}

NjAccount *
nj_account_new(NjClient *client, const NjAccountSettings *settings)
{
    NjAccount *account = g_new0(NjAccount, 1);
    account->client = client;
    account->settings = nj_account_settings_copy(settings);
    account->bare = nj_jid_bare(settings->address);
    account->show = NJ_SHOW_ONLINE;
    account->roster = nj_roster_new(account);

    /* Not freed by the table: a key is the `address` of its chat. */
    account->chats = g_hash_table_new(g_str_hash, g_str_equal);
    account->outbox = nj_outbox_new(account);
    return account;
}

void
nj_account_close_chats(NjAccount *account)
{
    GHashTableIter iter;
    void *chat;

    /* Closing a chat changes the table, so each step begins again. */
    while (g_hash_table_iter_init(&iter, account->chats),
           g_hash_table_iter_next(&iter, NULL, &chat))
        nj_chat_close(chat);
}

void
nj_account_free(NjAccount *account)
{
    if (!account)
        return;

    nj_account_close_chats(account);
    nj_outbox_free(account->outbox);
    g_hash_table_unref(account->chats);
    g_clear_pointer(&account->blocked, g_hash_table_unref);
    nj_roster_free(account->roster);
    nj_account_settings_free(account->settings);
    g_free(account->why);
    g_free(account->jid);
    g_free(account->bare);
    g_free(account->status);
    g_free(account->own_status);
    g_free(account);
}

void
nj_account_set_settings(NjAccount *account, const NjAccountSettings *settings)
{
    NjAccountSettings *copy = nj_account_settings_copy(settings);
    nj_account_settings_free(account->settings);
    account->settings = copy;
}

void
nj_account_set_state(NjAccount *account, NjAccountState state, const char *why)
{
    char *copy = g_strdup(why); /* before g_free(): why may be the old one */
    g_free(account->why);
    account->why = copy;
    account->state = state;
    if (state != NJ_ACCOUNT_ONLINE && state != NJ_ACCOUNT_CLOSING)
        g_clear_pointer(&account->jid, g_free);

    g_info("account %s: %s", account->settings->name, nj_account_state_name(state));
    if (copy)
        g_debug("account %s: %s", account->settings->name, copy); /* may have addresses in it */
    nj_emit_account_changed(account->client->bus, account);
}

void
nj_account_set_jid(NjAccount *account, const char *full)
{
    char *jid = g_strdup(full);
    g_free(account->jid);
    account->jid = jid;
    g_free(account->bare);
    account->bare = nj_jid_bare(jid);
}

void
nj_account_set_presence(NjAccount *account, NjShow show, const char *status, int priority)
{
    char *copy = status && *status ? g_strdup(status) : NULL;
    g_free(account->status);
    account->status = copy;
    account->show = show;
    account->priority = priority;
    account->auto_away = false;
    g_clear_pointer(&account->own_status, g_free);
    nj_emit_account_changed(account->client->bus, account);
}

void
nj_account_set_priority(NjAccount *account, int priority)
{
    account->priority = priority;
    nj_emit_account_changed(account->client->bus, account);
}

void
nj_account_go_away(NjAccount *account, NjShow show, const char *status)
{
    NjShow own_show = account->auto_away ? account->own_show : account->show;
    char *own_status =
        account->auto_away ? g_steal_pointer(&account->own_status) : g_strdup(account->status);
    char *copy = g_strdup(status);

    g_free(account->status);
    account->status = copy;
    account->show = show;
    account->auto_away = true;
    account->own_show = own_show;
    account->own_status = own_status;
    nj_emit_account_changed(account->client->bus, account);
}

bool
nj_account_come_back(NjAccount *account)
{
    if (!account->auto_away)
        return false;
    g_autofree char *status = g_strdup(account->own_status);
    nj_account_set_presence(account, account->own_show, status, account->priority);
    return true;
}

/* Opens a room that the user has not left; it is joined when the account is online. */
static void
restore_room(NjAccount *account, const NjStoredChat *row)
{
    NjRoom *room = nj_room_open(account, row->address, row->nick);
    if (room)
        room->wanted = true;
}

void
nj_account_restore(NjAccount *account)
{
    NjStore *store = account->client->store;
    if (!store || account->row)
        return;

    account->row = nj_store_ensure_account(store, account->bare);
    nj_roster_load(account->roster);

    GHashTableIter iter;
    void *chat;
    g_hash_table_iter_init(&iter, account->chats);
    while (g_hash_table_iter_next(&iter, NULL, &chat))
        nj_chat_restore(chat);

    nj_outbox_restore(account->outbox); /* before the chats: their listeners read the outbox */
    g_autoptr(GPtrArray) stored = nj_store_list_open_chats(store, account->row);
    for (guint i = 0; i < stored->len; i++) {
        const NjStoredChat *row = g_ptr_array_index(stored, i);
        if (row->kind == NJ_CHAT_ROOM && row->nick)
            restore_room(account, row);
        if (row->kind != NJ_CHAT_PERSON)
            continue;
        if (row->from_stranger)
            nj_roster_restore_request(account->roster, row->address, row->unread, row->last_time);
        else
            nj_chat_open(account, NJ_CHAT_PERSON, row->address);
    }
}

bool
nj_account_is_own(const NjAccount *account, const char *address)
{
    return nj_jid_same_bare(account->bare, address);
}

void
nj_account_set_blocked(NjAccount *account, GHashTable *addresses)
{
    if (!addresses && !account->blocked)
        return;
    g_clear_pointer(&account->blocked, g_hash_table_unref);
    account->blocked = addresses;
    nj_emit_blocked_changed(account->client->bus, account);
}

void
nj_account_block(NjAccount *account, const char *address, bool blocked)
{
    if (!account->blocked)
        account->blocked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (blocked ? g_hash_table_add(account->blocked, g_strdup(address))
                : g_hash_table_remove(account->blocked, address))
        nj_emit_blocked_changed(account->client->bus, account);
}

bool
nj_account_has_blocked(const NjAccount *account, const char *from)
{
    if (!account->blocked || !g_hash_table_size(account->blocked)
        || nj_account_is_own(account, from))
        return false;
    g_autofree char *bare = nj_jid_bare(from);
    g_autofree char *domain = nj_jid_domain(from);
    return g_hash_table_contains(account->blocked, from)
           || g_hash_table_contains(account->blocked, bare)
           || g_hash_table_contains(account->blocked, domain);
}
