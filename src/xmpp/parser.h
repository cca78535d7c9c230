/* Parses a stream's bytes into stanzas, with expat.
 *
 * DOCTYPE, processing instructions, comments, invalid UTF-8 and unbound prefixes end the stream
 * with a condition of RFC 6120 4.9.3. A stanza over one of these limits is skipped: depth 100, 4
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
    /* For long lists. Called when the first child of the stanza's first child element, list, has
     * ended. If it returns true, each child of list is passed to on_item and freed, and the limits
     * apply to each of them alone; the stanza arrives without them. head: the stanza without its
     * children. */
    bool (*wants_items)(const NjXml *head, const NjXml *list, void *owner);
    void (*on_item)(const NjXml *head, NjXml *item, void *owner);
    /* May be NULL. Called before on_stanza, to process a large stanza in slices. Returns false when
     * the monotonic time until_us has passed; it is called again in the next slice. */
    bool (*prepare)(NjXml *stanza, gint64 until_us, void *owner);
    /* May be NULL. A stanza over a limit has ended. It must be counted like any stanza. */
    void (*on_skipped)(void *owner);
} NjParserHooks;

NjParser *nj_parser_new(const NjParserHooks *hooks, void *owner);

/* May be called from a hook; then the parser is freed when nj_parser_feed() returns. */
void nj_parser_free(NjParser *parser);

/* Parses bytes. Stops when the monotonic time until_us has passed (0: never) and returns true with
 * *used < length; the rest must be passed again, unchanged. Returns false if the stream must end;
 * then *condition is its stream error condition ("not-well-formed", "restricted-xml",
 * "policy-violation", "bad-format", "invalid-namespace", "unsupported-encoding"), and the parser
 * ignores further bytes. */
bool nj_parser_feed(NjParser *parser, const char *bytes, gsize length, gint64 until_us, gsize *used,
                    const char **condition);

/* May be called from a hook: no hook is called any more and the rest of the bytes is dropped. */
void nj_parser_stop(NjParser *parser);

/* Parses a string that contains one element, under the same rules; for decrypted payloads and
 * tests. Returns NULL and sets *condition if it is not acceptable. */
NjXml *nj_parser_element(const char *text, gssize length, const char **condition);

#endif
