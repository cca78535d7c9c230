/* natterjackrc may hold anything.  Whatever it is, a value that was set is read back, one that was taken out is
   gone, and the accounts that were read have addresses. */
#include <stdlib.h>
#include <string.h>

#include "model/jid.h"
#include "model/options.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* An assertion that stays in every build. */
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
    for (guint i = 0; i < accounts->len; i++) {
        const NjAccountSettings *settings = accounts->pdata[i];
        must(nj_jid_valid(settings->address));
        must(nj_jid_is_bare(settings->address));
    }
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    NjOptions *options = nj_options_new(NULL);
    nj_options_set_memory(options, (const char *) data, size);
    read_again(options);

    must(nj_options_set(options, "theme", "reed", NULL));
    must(nj_options_account_set(options, "pond", "address", "toad@pond.example", NULL));
    must(nj_options_set_pair(options, "keys", "Alt-=", "/help", NULL));
    read_again(options);
    must(strcmp(nj_options_text(options, "theme"), "reed") == 0);

    must(nj_options_set(options, "theme", NULL, NULL));
    const guint accounts = nj_options_accounts(options)->len;
    must(nj_options_account_remove(options, "pond", NULL));
    read_again(options);
    must(strcmp(nj_options_text(options, "theme"), "pond") == 0);
    must(nj_options_accounts(options)->len == accounts - 1);
    nj_options_free(options);
    return 0;
}
