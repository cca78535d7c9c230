/* Fuzzes natterjackrc: whatever the file contains, a value that was set must be read back, one that
 * was removed must be gone, and accounts must have valid addresses, no two the same. */
#include <stdlib.h>
#include <string.h>

#include "model/jid.h"
#include "model/options.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Aborts unless holds; unlike assert() also in release builds. */
static void
must(bool holds)
{
    if (!holds)
        abort();
}

static void
read_again(NjOptions *options)
{
    must(nj_options_load(options, NULL));
    const GPtrArray *accounts = nj_options_accounts(options);
    g_autoptr(GHashTable) addresses = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < accounts->len; i++) {
        const NjAccountSettings *settings = accounts->pdata[i];
        must(nj_jid_valid(settings->address));
        must(nj_jid_is_bare(settings->address));
        must(g_hash_table_add(addresses, settings->address));
    }
}

/* Does another account have the address? Then it cannot be set for a second one. */
static bool
is_taken(const NjOptions *options, const char *address)
{
    const GPtrArray *accounts = nj_options_accounts(options);
    for (guint i = 0; i < accounts->len; i++) {
        const NjAccountSettings *settings = accounts->pdata[i];
        if (strcmp(settings->name, "pond") != 0 && strcmp(settings->address, address) == 0)
            return true;
    }
    return false;
}

/* Renames the account and renames it back. If the new name is taken, nothing happens. */
static void
rename_account(NjOptions *options)
{
    if (!nj_options_account_rename(options, "pond", "heron", NULL))
        return;
    read_again(options);
    must(!nj_options_account(options, "pond"));
    must(nj_options_account(options, "heron") != NULL);
    must(nj_options_account_rename(options, "heron", "pond", NULL));
    read_again(options);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    NjOptions *options = nj_options_new(NULL);
    nj_options_set_memory(options, (const char *) data, size);

    read_again(options);

    must(nj_options_set(options, "theme", "reed", NULL));
    const bool taken = is_taken(options, "toad@pond.example");
    must(nj_options_account_set(options, "pond", "address", "toad@pond.example", NULL) == !taken);
    must(nj_options_set_pair(options, "keys", "Alt-=", "/help", NULL));
    read_again(options);
    must(strcmp(nj_options_text(options, "theme"), "reed") == 0);

    must(nj_options_set(options, "theme", NULL, NULL));
    if (!taken) {
        const guint accounts = nj_options_accounts(options)->len;
        rename_account(options);
        must(nj_options_account_remove(options, "pond", NULL));
        read_again(options);
        must(!nj_options_account(options, "pond"));
        /* a second account with the same address may now be read */
        must(nj_options_accounts(options)->len >= accounts - 1);
    }

    must(strcmp(nj_options_text(options, "theme"), "pond") == 0);
    nj_options_free(options);
    return 0;
}
