/* Fuzzes typed dates and times: an accepted span must start before it ends, and its start must be
 * parsed again when it is written out. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/when.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

static void
must(bool holds)
{
    if (!holds)
        abort();
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const gint64 now = G_GINT64_CONSTANT(1793802600000);
    g_autofree char *text = g_strndup((const char *) data, size);
    NjSpan span, again;

    if (!g_utf8_validate(text, -1, NULL) || !nj_when_parse(text, now, &span))
        return 0;

    must(span.start >= 0 && span.start < span.end);
    g_autofree char *stamp = nj_clock_format(span.start);
    must(nj_when_parse(stamp, now, &again)
         && again.start == MIN(span.start, G_GINT64_CONSTANT(253402300799999)));

    return 0;
}
