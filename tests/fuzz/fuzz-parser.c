/* A stream may bring anything, cut anywhere.  Whatever it is: all of it at once, cut in pieces and
 * with the time always up lead to the same stanzas and the same end, and what was accepted can be
 * printed and read again. */
#include <stdlib.h>
#include <string.h>

#include "xmpp/parser.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* An assertion that stays in every build. */
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

/* libstrophe prints attributes in another order each time, and line ends inside them are gone after
 * the first. */
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

/* What the owner was told. */
static char *
told(const char *bytes, gsize length, gsize piece, gint64 until_us)
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

    /* for which of several faults is a matter of what came together */
    g_string_append(log, condition ? "refused" : "accepted");
    return g_string_free(log, FALSE);
}

/* The first byte says how the rest is cut. */
int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size < 2)
        return 0;

    const char *bytes = (const char *) data + 1;
    g_autofree char *whole = told(bytes, size - 1, size, 0);
    g_autofree char *cut = told(bytes, size - 1, (gsize) data[0] + 1, 0);
    g_autofree char *hurried = told(bytes, size - 1, size, 1);
    must(strcmp(whole, cut) == 0);
    must(strcmp(whole, hurried) == 0);

    return 0;
}
