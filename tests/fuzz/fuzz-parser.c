/* Fuzzes the stream parser: the whole input at once, in pieces, and with a time limit that has
 * always passed must lead to the same stanzas and the same end; accepted stanzas must survive
 * printing and parsing. */
#include <stdlib.h>
#include <string.h>

#include "xmpp/parser.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Aborts unless holds; unlike assert() also in release builds. */
static void
must(bool holds)
{
    if (!holds)
        abort();
}

static char *
read_and_print(const char *text)
{
    const char *condition;
    g_autoptr(NjXml) xml = nj_parser_element(text, -1, &condition);
    must(xml != NULL);
    return nj_xml_print(xml, NULL);
}

/* Prints and parses a stanza three times. The second and the fourth text must be equal: libstrophe
 * changes the order of attributes each time, and the first round replaces line ends in them. */
static void
check_round_trip(const NjXml *xml)
{
    g_autofree char *first = nj_xml_print(xml, NULL);
    g_autofree char *second = read_and_print(first);
    g_autofree char *third = read_and_print(second);
    g_autofree char *fourth = read_and_print(third);
    must(strcmp(second, fourth) == 0);
}

static void
on_open(NjXml *root, void *owner)
{
    g_string_append_printf(owner, "open %s\n", nj_xml_name(root));
}

static void
on_stanza(NjXml *stanza, void *owner)
{
    g_autofree char *text = nj_xml_print(stanza, NULL);
    g_autofree char *words = NULL;
    check_round_trip(stanza);
    g_string_append_printf(owner, "stanza %s %s\n", text, nj_xml_error(stanza, &words));
}

static void
on_close(void *owner)
{
    g_string_append(owner, "close\n");
}

static bool
wants_items(const NjXml *head, const NjXml *list, void *owner)
{
    (void) head;
    (void) owner;
    return strcmp(nj_xml_name(list), "query") == 0;
}

static void
on_item(const NjXml *head, NjXml *item, void *owner)
{
    g_autofree char *text = nj_xml_print(item, NULL);
    g_string_append_printf(owner, "item of %s: %s\n", nj_xml_name(head), text);
}

static const NjParserHooks hooks = { on_open, on_stanza, on_close, wants_items, on_item, NULL };

/* Parses the bytes in pieces; returns the calls of hooks as text, and whether the stream was
 * accepted.
 */
static char *
parse_in_pieces(const char *bytes, gsize length, gsize piece, gint64 until_us)
{
    GString *log = g_string_new(NULL);
    NjParser *parser = nj_parser_new(&hooks, log);
    const char *condition = NULL;

    for (gsize at = 0, used; at < length && !condition; at += used) {
        gsize left = MIN(piece, length - at);
        nj_parser_feed(parser, bytes + at, left, until_us, &used, &condition);
        must(used <= left);
    }

    nj_parser_free(parser);

    /* which of several errors is reported depends on the pieces, so it is left out */
    g_string_append(log, condition ? "refused" : "accepted");
    return g_string_free(log, FALSE);
}

/* The first byte of data is the size of the pieces. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size < 2)
        return 0;

    const char *bytes = (const char *) data + 1;
    g_autofree char *whole = parse_in_pieces(bytes, size - 1, size, 0);
    g_autofree char *cut = parse_in_pieces(bytes, size - 1, (gsize) data[0] + 1, 0);
    g_autofree char *hurried = parse_in_pieces(bytes, size - 1, size, 1);
    must(strcmp(whole, cut) == 0);
    must(strcmp(whole, hurried) == 0);

    return 0;
}
