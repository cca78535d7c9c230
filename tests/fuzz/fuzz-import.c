/* Fuzzes the import of mcabber's logs: pieces of any size must lead to the same messages, with a
 * valid time and a text that can be displayed. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/import.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

typedef struct {
    GChecksum *sum;
    guint texts;
} Sink;

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static void
take(const NjImportText *text, void *owner)
{
    Sink *sink = owner;
    must(text->length > 0 && text->time >= 0 && text->time <= G_GINT64_CONSTANT(253402300799999));
    g_checksum_update(sink->sum, (const guchar *) &text->time, sizeof text->time);
    g_checksum_update(sink->sum, (const guchar *) text->text, (gssize) text->length);
    sink->texts++;

    char *body = nj_text_body(text->text, (gssize) text->length);
    must(nj_text_is_clean(body, strlen(body)));

    g_autofree char *nick = nj_import_mcabber.nick(&body);
    must(body && (!nick || *nick));
    g_free(body);
}

static void
skip_lines(guint lines, void *owner)
{
    (void) lines;
    (void) owner;
}

static char *
read_in_pieces(const char *data, gsize size, gsize piece, guint *texts)
{
    Sink sink = { g_checksum_new(G_CHECKSUM_MD5), 0 };
    const NjImportSink into = { take, skip_lines, &sink };
    void *reader = nj_import_mcabber.begin(&into);

    for (gsize at = 0; at < size; at += piece)
        if (!nj_import_mcabber.feed(reader, data + at, MIN(piece, size - at)))
            break;
    nj_import_mcabber.end(reader);

    char *sum = g_strdup(g_checksum_get_string(sink.sum));
    g_checksum_free(sink.sum);
    *texts = sink.texts;
    return sum;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    guint whole_texts, texts;
    g_autofree char *whole = read_in_pieces((const char *) data, size, MAX(size, 1), &whole_texts);
    for (gsize piece = 1; piece < 100; piece = piece * 3 + 1) {
        g_autofree char *again = read_in_pieces((const char *) data, size, piece, &texts);
        must(texts == whole_texts && !strcmp(again, whole));
    }
    return 0;
}
