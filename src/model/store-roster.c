/* The roster of each account as the server last sent it, with its version (RFC 6121 section
 * 2.6). */
#include <string.h>

#include "model/store-private.h"

void
nj_stored_item_free(NjStoredItem *item)
{
    if (!item)
        return;
    g_free(item->address);
    g_free(item->name);
    g_free(item->subscription);
    g_free(item->groups);
    g_free(item);
}

static void
free_item(void *item)
{
    nj_stored_item_free(item);
}

static NjStoredItem *
copy_item(const NjStoredItem *item)
{
    NjStoredItem *copy = g_new(NjStoredItem, 1);
    *copy = (NjStoredItem){
        .address = g_strdup(item->address),
        .name = g_strdup(item->name),
        .subscription = g_strdup(item->subscription),
        .groups = g_strdup(item->groups),
        .ask = item->ask,
        .approved = item->approved,
    };

    return copy;
}

static guint
hash_item(const void *item)
{
    return g_str_hash(((const NjStoredItem *) item)->address);
}

static gboolean
equal_items(const void *a, const void *b)
{
    return strcmp(((const NjStoredItem *) a)->address, ((const NjStoredItem *) b)->address) == 0;
}

/* Applies a queued NJ_WRITE_ROSTER to the items and the version that were read from the file. */
static void
apply_roster(const NjWrite *write, GHashTable *items, char **version)
{
    g_free(*version);
    *version = g_strdup(write->text);
    if (write->number)
        g_hash_table_remove_all(items);

    for (guint i = 0; write->items && i < write->items->len; i++) {
        NjStoredItem *item = g_ptr_array_index(write->items, i);
        if (g_strcmp0(item->subscription, "remove") == 0)
            g_hash_table_remove(items, item);
        else
            g_hash_table_replace(items, copy_item(item), NULL);
    }
}

static void
read_roster(NjStore *store, gint64 account, GHashTable *items, char **version)
{
    sqlite3_stmt *statement = nj_store_read_begin(store, NJ_READ_ROSTER_VERSION);
    if (statement)
        sqlite3_bind_int64(statement, 1, account);
    if (nj_store_read_step(statement))
        *version = nj_store_read_text(statement, 0);

    nj_store_read_end(store, statement);

    statement = nj_store_read_begin(store, NJ_READ_ROSTER);
    if (statement)
        sqlite3_bind_int64(statement, 1, account);

    while (nj_store_read_step(statement)) {
        NjStoredItem *item = g_new(NjStoredItem, 1);
        item->address = nj_store_read_text(statement, 0);
        item->name = nj_store_read_text(statement, 1);
        item->subscription = nj_store_read_text(statement, 2);
        item->groups = nj_store_read_text(statement, 3);
        item->ask = sqlite3_column_int(statement, 4) != 0;
        item->approved = sqlite3_column_int(statement, 5) != 0;
        g_hash_table_replace(items, item, NULL);
    }

    nj_store_read_end(store, statement);
}

char *
nj_store_read_roster(NjStore *store, gint64 account, GPtrArray *items)
{
    char *version = NULL;
    g_autoptr(GHashTable) found = g_hash_table_new_full(hash_item, equal_items, free_item, NULL);

    /* The mutex is held while file and queue are read: so no write leaves the queue in between, and
     * none is missed. */
    bool locked = nj_store_lock(store);
    g_mutex_lock(&store->mutex);
    read_roster(store, account, found, &version);
    for (const NjWrite *write = store->shared.first; write; write = write->next)
        if (write->kind == NJ_WRITE_ROSTER && write->account == account)
            apply_roster(write, found, &version);

    g_mutex_unlock(&store->mutex);
    if (locked)
        nj_store_unlock(store);

    GHashTableIter iter;
    void *item;
    g_hash_table_iter_init(&iter, found);

    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        g_ptr_array_add(items, item);
        g_hash_table_iter_steal(&iter);
    }

    return version;
}

void
nj_store_set_roster(NjStore *store, gint64 account, const char *version, GPtrArray *items,
                    bool replace)
{
    NjWrite *write = nj_store_write_new(NJ_WRITE_ROSTER);
    write->account = account;
    write->text = g_strdup(version);
    write->number = replace;
    write->items = items;
    write->rows += items ? items->len : 0;
    nj_store_append_write(store, write);
}
