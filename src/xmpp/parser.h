/* Bytes in, stanzas out: expat with namespaces, and the limits of HACKING.  What a stranger sends
 * is judged here first: DOCTYPE, processing instructions, comments, bad UTF-8 and unbound prefixes
 * end the stream with the right condition (RFC 6120 4.9.3).  A stanza of depth over 100, over 4
 * MiB, 4,000 elements, 8,000 attributes, with 1,000 children or 100 attributes in an element or
 * with a tag over 64 KiB is skipped.  Only attributes without a namespace and xml:lang are kept. */
#ifndef NJ_XMPP_PARSER_H
#define NJ_XMPP_PARSER_H

#include "xmpp/xml.h"

typedef struct NjParser NjParser;

typedef struct {
    /* the stream's header: attributes only; borrowed */
    void (*on_open)(NjXml *root, void *owner);
    /* borrowed: nj_xml_ref() to keep it */
    void (*on_stanza)(NjXml *stanza, void *owner);
    void (*on_close)(void *owner); /* </stream:stream> */
    /* Long lists: asked when the first child of a stanza's first child ends; true: each child of
     * that element is given to on_item and forgotten, and counts only bytes of its own.  The stanza
     * then arrives without them.  head: the stanza's start tag. */
    bool (*wants_items)(const NjXml *head, const NjXml *list, void *owner);
    void (*on_item)(const NjXml *head, NjXml *item, void *owner);
    /* May be NULL.  Called before on_stanza for what takes long with a large one; false: the time
     * was up, call again in the next slice. */
    bool (*prepare)(NjXml *stanza, gint64 until_us, void *owner);
    /* may be NULL: a stanza was too much and is over; who counts stanzas counts it */
    void (*on_skipped)(void *owner);
} NjParserHooks;

NjParser *nj_parser_new(const NjParserHooks *hooks, void *owner);

/* may be called from a hook: freed when feed returns */
void nj_parser_free(NjParser *parser);

/* Feeds bytes; stops early (returns TRUE, *used < length) once `until_us` of the monotonic clock
 * has passed (0: never): the rest must be offered again as it is.  On FALSE the condition
 * ("not-well-formed", "restricted-xml", "policy-violation", "bad-format", "invalid-namespace",
 * "unsupported-encoding") is in *condition and the parser is dead. */
bool nj_parser_feed(NjParser *parser, const char *bytes, gsize length, gint64 until_us, gsize *used,
                    const char **condition);

/* from a hook: nothing more is delivered, the rest of the bytes is dropped */
void nj_parser_stop(NjParser *parser);

/* One whole element from a string, with the same rules: for decrypted payloads and tests. NULL and
 * condition if it is not acceptable. */
NjXml *nj_parser_element(const char *text, gssize length, const char **condition);

#endif
