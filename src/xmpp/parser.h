/* Parses a stream's bytes into stanzas, with expat.
 *
 * DOCTYPE, processing instructions, comments, invalid UTF-8 and unbound prefixes end the stream
 * with a stream error (RFC 6120, 4.9.3). A stanza over one of these limits is skipped: depth 100, 4
 * MiB, 4,000 elements, 8,000 attributes, 1,000 children or 100 attributes of an element, 64 KiB for
 * a tag. Only attributes without a namespace and xml:lang are kept. */
#ifndef NJ_XMPP_PARSER_H
#define NJ_XMPP_PARSER_H

#include "xmpp/xml.h"

typedef struct NjParser NjParser;

typedef struct {
    /* The stream's start tag: an element with its attributes; borrowed. */
    void (*on_open)(NjXml *root, void *owner);
    /* A complete stanza; borrowed, nj_xml_ref() keeps it. */
    void (*on_stanza)(NjXml *stanza, void *owner);
    void (*on_close)(void *owner); /* </stream:stream> */
    /* May be NULL. For long lists, such as a roster: called when the first child of list has ended,
     * where list is the first child of the stanza. If it returns true, each child of list is passed
     * to on_item and freed, and the limits apply to each child alone. on_stanza gets the stanza
     * without them. head is the stanza without its children. */
    bool (*wants_items)(const NjXml *head, const NjXml *list, void *owner);
    void (*on_item)(const NjXml *head, NjXml *item, void *owner);
    /* May be NULL. Called before on_stanza, to process a large stanza in slices of time. Returns
     * false when until_us (monotonic) has passed before it has finished; then it is called again in
     * the next nj_parser_feed(). */
    bool (*prepare)(NjXml *stanza, gint64 until_us, void *owner);
    /* May be NULL. A stanza over a limit was skipped. The owner must count it like any stanza
     * (XEP-0198). */
    void (*on_skipped)(void *owner);
} NjParserHooks;

NjParser *nj_parser_new(const NjParserHooks *hooks, void *owner);

/* Frees parser, which may be NULL. If a hook calls it, nj_parser_feed() frees the parser before it
 * returns. */
void nj_parser_free(NjParser *parser);

/* Parses bytes. When until_us (monotonic; 0: no limit) has passed, it returns true with *used <
 * length; the caller passes the rest again later, unchanged. Returns false when the stream must
 * end; then *condition is the condition of its stream error ("not-well-formed", "restricted-xml",
 * "policy-violation", "bad-format", "invalid-namespace", "unsupported-encoding"), and the parser
 * ignores further bytes. */
bool nj_parser_feed(NjParser *parser, const char *bytes, gsize length, gint64 until_us, gsize *used,
                    const char **condition);

/* Stops the parser, also from inside a hook: it calls no hook any more and drops further bytes. */
void nj_parser_stop(NjParser *parser);

/* Parses a string that contains one element, under the same rules; for decrypted payloads and
 * tests. Returns NULL and sets *condition if text is not acceptable. The caller owns the result. */
NjXml *nj_parser_element(const char *text, gssize length, const char **condition);

#endif
