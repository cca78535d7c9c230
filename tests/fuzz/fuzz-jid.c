/* Fuzzes addresses: a prepared address must be valid, must not change when it is prepared again,
 * and must equal its joined parts. Functions that split and check must accept any text. */
#include <stdlib.h>
#include <string.h>

#include "model/jid.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static void
check_parts(const char *jid)
{
    g_autofree char *local = nj_jid_local(jid), *domain = nj_jid_domain(jid),
                    *bare = nj_jid_bare(jid);
    const char *resource = nj_jid_resource(jid);
    g_autofree char *whole = g_strconcat(local ? local : "", local ? "@" : "", domain,
                                         resource ? "/" : "", resource, NULL);
    must(strcmp(whole, jid) == 0);
    must(nj_jid_same_bare(jid, bare));
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autofree char *prepared = nj_jid_prepare(text, NULL);

    if (nj_jid_valid(text))
        check_parts(text);
    if (prepared) {
        g_autofree char *again = nj_jid_prepare(prepared, NULL), *domain = nj_jid_domain(prepared);
        g_autofree char *ascii = nj_jid_ascii_domain(domain, NULL);
        must(nj_jid_valid(prepared));
        must(again && strcmp(again, prepared) == 0);
        must(ascii != NULL);
        check_parts(prepared);
    }

    g_autofree char *escaped = nj_jid_escape_local(text), *back = nj_jid_unescape_local(escaped),
                    *trimmed = g_strstrip(g_strdup(text));
    must(!strpbrk(escaped, " \"&'/:<>@"));
    must(strcmp(back, trimmed) == 0);

    return 0;
}
