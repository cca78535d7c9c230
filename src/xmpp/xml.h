/* XML elements, which are libstrophe's xmpp_stanza_t: every stanza is built, read and printed with
 * these functions.
 *
 * A name is always compared together with its namespace. The caller owns an element made by a _new
 * function or one of the functions for stanzas, until an _add function or a send function takes it.
 * Elements and strings returned by _child, _attr and the like are borrowed and live as long as
 * their tree. Characters that XML forbids are dropped from texts and attribute values. Only
 * xmpp/parser.c parses text. */
#ifndef NJ_XMPP_XML_H
#define NJ_XMPP_XML_H

#include "base/base.h"

typedef struct _xmpp_stanza_t NjXml;

#define NJ_NS_CLIENT "jabber:client"
#define NJ_NS_STREAM "http://etherx.jabber.org/streams"
#define NJ_NS_STREAMS "urn:ietf:params:xml:ns:xmpp-streams"
#define NJ_NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

/* Returns a new element. ns NULL: jabber:client for a message, presence or iq; otherwise the
 * namespace of the parent to which the element is added later. */
NjXml *nj_xml_new(const char *name, const char *ns);

/* Adds a reference to xml, which keeps its whole tree, and returns xml. */
NjXml *nj_xml_ref(NjXml *xml);

/* Drops a reference; the last one frees the tree. xml may be NULL. */
void nj_xml_free(NjXml *xml);

/* Sets an attribute; value NULL removes it. */
void nj_xml_set(NjXml *xml, const char *attribute, const char *value);

/* Adds child, takes it and returns it, borrowed. */
NjXml *nj_xml_add(NjXml *parent, NjXml *child);

/* Adds a new child and returns it, borrowed. */
NjXml *nj_xml_add_new(NjXml *parent, const char *name, const char *ns);

/* Adds a text node. text is not escaped; nj_xml_print() escapes it. */
void nj_xml_add_text(NjXml *parent, const char *text);

/* Adds a new child with this text and returns the child, borrowed. */
NjXml *nj_xml_add_with_text(NjXml *parent, const char *name, const char *ns, const char *text);

/* Returns the local name, or NULL for a text node. */
const char *nj_xml_name(const NjXml *xml);

/* Returns the namespace; never NULL for an element that was parsed or added to a stanza. */
const char *nj_xml_ns(const NjXml *xml);

/* Returns the value of an attribute without a namespace, or of "xml:lang"; NULL: there is none. */
const char *nj_xml_attr(const NjXml *xml, const char *attribute);
bool nj_xml_is(const NjXml *xml, const char *name, const char *ns);

/* Returns the first child element with this name and namespace, or NULL. name NULL: any name. */
NjXml *nj_xml_child(const NjXml *xml, const char *name, const char *ns);

/* Returns the first child element, or NULL. */
NjXml *nj_xml_first(const NjXml *xml);

/* Returns the next sibling element, or NULL. */
NjXml *nj_xml_next(const NjXml *xml);

/* Returns the texts of all direct text nodes as one string, or NULL if there are none. The caller
 * owns it. */
char *nj_xml_text(const NjXml *xml);

/* Returns the direct text node after node, or the first one if node is NULL, and sets *text.
 * Returns NULL after the last. Lets the caller read a long text in steps: the parser keeps each
 * node short. */
NjXml *nj_xml_text_node(const NjXml *xml, const NjXml *node, const char **text);

/* Returns nj_xml_text() of the child with this name and namespace, or NULL. */
char *nj_xml_child_text(const NjXml *xml, const char *name, const char *ns);

/* Returns xml as text; the caller frees it with g_free(). Sets *length unless length is NULL. */
char *nj_xml_print(const NjXml *xml, gsize *length);

/* Returns a copy of the whole tree. */
NjXml *nj_xml_copy(const NjXml *xml);

/* --- stanzas --- */

/* Return a new stanza. type and to may be NULL. id NULL: a random id. */
NjXml *nj_xml_iq(const char *type, const char *to, const char *id);
NjXml *nj_xml_message(const char *type, const char *to, const char *id);
NjXml *nj_xml_presence(const char *type, const char *to);

/* Returns a new stanza to the sender of `stanza`, with the same name and id. */
NjXml *nj_xml_reply(const NjXml *stanza, const char *type);

/* Returns an error stanza (RFC 6120, 8.3) to the sender of `stanza`. kind is its type, such as
 * "cancel"; condition is for example "item-not-found". */
NjXml *nj_xml_error_reply(const NjXml *stanza, const char *kind, const char *condition);

/* Returns the condition of an error stanza, such as "not-allowed"; "undefined-condition" if it is
 * missing or unknown. Unless text is NULL, sets *text to the stanza's own text, sanitised, or NULL;
 * the caller owns that. */
const char *nj_xml_error(const NjXml *stanza, char **text);

/* Returns a translated sentence for the user about a condition. */
const char *nj_xml_error_sentence(const char *condition);

/* Returns sentence, followed by a text of the server, which is sanitised here and may be NULL. The
 * caller owns the result. */
char *nj_xml_append_server_text(const char *sentence, const char *text);

/* Sets *value to the number in an attribute. Returns false if the attribute is missing, not decimal
 * or not between low and high. */
bool nj_xml_int(const NjXml *xml, const char *attribute, gint64 low, gint64 high, gint64 *value);

/* Set an attribute, and add a text node, without checking the characters; only for the parser.
 * expat has checked them, and checking a stanza of 4 MiB again would take too long. */
void nj_xml_set_checked(NjXml *xml, const char *attribute, const char *value);
void nj_xml_add_text_checked(NjXml *parent, const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjXml, nj_xml_free)

#endif
