/* XML elements, as libstrophe's xmpp_stanza_t: every stanza is built, read and printed with these
 * functions.
 *
 * A name is always matched together with its namespace. An element made by a _new function belongs
 * to the caller until an _add function or a send function takes ownership. Elements and texts
 * returned by _child, _attr and the like are borrowed and live as long as their tree; copy them to
 * keep them. Characters that XML forbids are dropped from texts and attribute values. Only
 * xmpp/parser.c parses text. */
#ifndef NJ_XMPP_XML_H
#define NJ_XMPP_XML_H

#include "base/base.h"

typedef struct _xmpp_stanza_t NjXml;

#define NJ_NS_CLIENT "jabber:client"
#define NJ_NS_STREAM "http://etherx.jabber.org/streams"
#define NJ_NS_STREAMS "urn:ietf:params:xml:ns:xmpp-streams"
#define NJ_NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

/* ns NULL: the namespace of the parent it is added to; jabber:client for a stanza. */
NjXml *nj_xml_new(const char *name, const char *ns);

/* References the whole tree. */
NjXml *nj_xml_ref(NjXml *xml);

/* Drops a reference. NULL is allowed. */
void nj_xml_free(NjXml *xml);

/* value NULL removes the attribute. */
void nj_xml_set(NjXml *xml, const char *attribute, const char *value);

/* Takes ownership of child and returns it, borrowed. */
NjXml *nj_xml_add(NjXml *parent, NjXml *child);

/* Adds a new child and returns it, borrowed. */
NjXml *nj_xml_add_new(NjXml *parent, const char *name, const char *ns);

/* text is unescaped; printing escapes it. */
void nj_xml_add_text(NjXml *parent, const char *text);
NjXml *nj_xml_add_with_text(NjXml *parent, const char *name, const char *ns, const char *text);

/* Returns the local name, or NULL for a text node. */
const char *nj_xml_name(const NjXml *xml);

/* Returns the namespace. Every element in a tree has one. */
const char *nj_xml_ns(const NjXml *xml);

/* Returns an attribute without a namespace, or "xml:lang"; NULL if there is none. */
const char *nj_xml_attr(const NjXml *xml, const char *attribute);
bool nj_xml_is(const NjXml *xml, const char *name, const char *ns);

/* Returns the first matching child element, or NULL. name NULL matches any name. */
NjXml *nj_xml_child(const NjXml *xml, const char *name, const char *ns);

/* Returns the first child element, or NULL. */
NjXml *nj_xml_first(const NjXml *xml);

/* Returns the next sibling element, or NULL. */
NjXml *nj_xml_next(const NjXml *xml);

/* Returns the text of all direct text nodes, or NULL if there are none. The caller owns it. */
char *nj_xml_text(const NjXml *xml);

/* Walks the text nodes, which the parser keeps short: returns the first one for node NULL, else the
 * one after node, and sets *text. Returns NULL after the last. */
NjXml *nj_xml_text_node(const NjXml *xml, const NjXml *node, const char **text);
char *nj_xml_child_text(const NjXml *xml, const char *name, const char *ns);

/* The caller owns the result (g_free). length may be NULL. */
char *nj_xml_print(const NjXml *xml, gsize *length);
NjXml *nj_xml_copy(const NjXml *xml);

/* --- stanzas --- */

/* id NULL: a random id. */
NjXml *nj_xml_iq(const char *type, const char *to, const char *id);
NjXml *nj_xml_message(const char *type, const char *to, const char *id);
NjXml *nj_xml_presence(const char *type, const char *to);

/* Returns a stanza to the sender of `stanza`, with the same name and id. */
NjXml *nj_xml_reply(const NjXml *stanza, const char *type);

/* Returns an error stanza (RFC 6120 8.3) to the sender; condition such as "item-not-found", kind
 * such as "cancel". */
NjXml *nj_xml_error_reply(const NjXml *stanza, const char *kind, const char *condition);

/* Returns the condition of an error stanza, such as "not-allowed"; never NULL. Sets *text, unless
 * text is NULL, to its sanitised text or NULL; the caller owns that. */
const char *nj_xml_error(const NjXml *stanza, char **text);

/* Returns a translated sentence for a condition. */
const char *nj_xml_error_sentence(const char *condition);

/* Returns sentence, followed by the words of the server (raw; NULL: none). The caller owns it. */
char *nj_xml_said(const char *sentence, const char *words);

/* Reads a number from an attribute. Returns false if it is absent, not decimal, or out of range. */
bool nj_xml_int(const NjXml *xml, const char *attribute, gint64 low, gint64 high, gint64 *value);

/* For the parser: value and text must be valid XML characters. expat has checked them, and a stanza
 * of 4 MiB is not checked a second time. */
void nj_xml_set_checked(NjXml *xml, const char *attribute, const char *value);
void nj_xml_add_text_checked(NjXml *parent, const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjXml, nj_xml_free)

#endif
