/* Fuzzes responses of name servers: any bytes must lead to complete records only, with bounded
 * names. */
#include <stdlib.h>
#include <string.h>

#include "xmpp/resolve.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    NjAnswer answer;
    nj_answer_init(&answer);

    /* a block of its own, so that the sanitizer finds reads behind its end */
    g_autofree guint8 *bytes = g_malloc(MAX(size, 1));
    if (size > 0)
        memcpy(bytes, data, size);

    nj_answer_read(&answer, bytes, size);
    for (guint i = 0; i < answer.services->len; i++)
        if (strlen(((const NjService *) answer.services->pdata[i])->host) > 1025)
            abort();
    if (answer.services->len > size / 8)
        abort();

    nj_answer_clear(&answer);
    return 0;
}
