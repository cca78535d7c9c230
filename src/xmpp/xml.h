/* The door to libstrophe: every stanza that enters or leaves is an xmpp_stanza_t, held, walked,
 * built and printed here. Names are always matched together with their namespace.  Ownership: what
 * _new makes belongs to the caller until _add or a send takes it; what _child and _attr give is
 * borrowed.  A child lives as long as its tree: to keep one, copy it.  Characters that XML forbids
 * are dropped from what is put in.  Nothing here parses text: xmpp/parser.c does. */
#ifndef NJ_XMPP_XML_H
#define NJ_XMPP_XML_H

#include "base/base.h"

typedef struct _xmpp_stanza_t NjXml;

#define NJ_NS_CLIENT "jabber:client"
#define NJ_NS_STREAM "http://etherx.jabber.org/streams"
#define NJ_NS_STREAMS "urn:ietf:params:xml:ns:xmpp-streams"
#define NJ_NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

/* ns NULL: the parent's (jabber:client for a stanza) */
NjXml *nj_xml_new(const char *name, const char *ns);

/* of a whole tree */
NjXml *nj_xml_ref(NjXml *xml);

/* drops a reference; NULL is fine */
void nj_xml_free(NjXml *xml);

/* NULL takes it out */
void nj_xml_set(NjXml *xml, const char *attribute, const char *value);

/* takes child, returns it, borrowed */
NjXml *nj_xml_add(NjXml *parent, NjXml *child);

/* new child, borrowed */
NjXml *nj_xml_add_new(NjXml *parent, const char *name, const char *ns);

/* escaped when printed */
void nj_xml_add_text(NjXml *parent, const char *text);
NjXml *nj_xml_add_with_text(NjXml *parent, const char *name, const char *ns, const char *text);

/* local name; NULL for text */
const char *nj_xml_name(const NjXml *xml);

/* its own or, once added, its parent's: it stands on every element */
const char *nj_xml_ns(const NjXml *xml);

/* un-namespaced, or "xml:lang"; NULL */
const char *nj_xml_attr(const NjXml *xml, const char *attribute);
bool nj_xml_is(const NjXml *xml, const char *name, const char *ns);

/* first match; name NULL: any */
NjXml *nj_xml_child(const NjXml *xml, const char *name, const char *ns);

/* first element child */
NjXml *nj_xml_first(const NjXml *xml);

/* next element beside it */
NjXml *nj_xml_next(const NjXml *xml);

/* all direct text; the caller owns it; NULL without any */
char *nj_xml_text(const NjXml *xml);

/* The text in the nodes that hold it, which the parser keeps short: the first for NULL, then the
 * one behind `node`; NULL after the last. */
NjXml *nj_xml_text_node(const NjXml *xml, const NjXml *node, const char **text);
char *nj_xml_child_text(const NjXml *xml, const char *name, const char *ns);

/* the caller owns it (g_free); length may be NULL */
char *nj_xml_print(const NjXml *xml, gsize *length);
NjXml *nj_xml_copy(const NjXml *xml);

/* Stanzas. */
/* id NULL: a random one, also of a message */
NjXml *nj_xml_iq(const char *type, const char *to, const char *id);
NjXml *nj_xml_message(const char *type, const char *to, const char *id);
NjXml *nj_xml_presence(const char *type, const char *to);

/* to its sender, same id */
NjXml *nj_xml_reply(const NjXml *stanza, const char *type);

/* A stanza error (RFC 6120 8.3): condition as "item-not-found", kind as "cancel". */
NjXml *nj_xml_error_reply(const NjXml *stanza, const char *kind, const char *condition);

/* The condition of an error stanza (e.g. "not-allowed"), never NULL; *text: the sanitised words in
 * it, or NULL, owned by the caller. */
const char *nj_xml_error(const NjXml *stanza, char **text);

/* A whole translated sentence for a condition. */
const char *nj_xml_error_sentence(const char *condition);

/* The sentence, and the other side's own words (raw, may be NULL) after it.  The caller owns it. */
char *nj_xml_said(const char *sentence, const char *words);

/* Numbers on the wire: false if absent, not a plain decimal, or out of range. */
bool nj_xml_int(const NjXml *xml, const char *attribute, gint64 low, gint64 high, gint64 *value);

/* For the parser, whose text expat has checked already: a stanza of 4 MiB is not read once more. */
void nj_xml_set_checked(NjXml *xml, const char *attribute, const char *value);
void nj_xml_add_text_checked(NjXml *parent, const char *text, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjXml, nj_xml_free)

#endif
