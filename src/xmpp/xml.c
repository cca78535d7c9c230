/* Wraps libstrophe's stanzas.
 *
 * A libstrophe stanza needs a context, but uses only its allocator. The process has one context,
 * which is made at the first use, never changes and has no state of a client.
 *
 * libstrophe stores a namespace as the attribute "xmlns", and children do not inherit it. Here
 * every element has the attribute: the parser sets it, and an element built without it gets that of
 * its parent when it is added. Printing omits a namespace that is the parent's.
 *
 * libstrophe's functions that find a child by its name ignore namespaces and are not used. */
#include "xmpp/xml.h"

#include <string.h>
#include <strophe.h>

#include "base/random.h"
#include "base/text.h"

#define MAX_SERVER_TEXT 300 /* bytes of a server's text in a sentence */

static void *
allocate_memory(const size_t size, void *const userdata)
{
    (void) userdata;
    return g_malloc(size);
}

static void
free_memory(void *memory, void *const userdata)
{
    (void) userdata;
    g_free(memory);
}

static void *
reallocate_memory(void *memory, const size_t size, void *const userdata)
{
    (void) userdata;
    return g_realloc(memory, size);
}

static void
log_line(void *const userdata, const xmpp_log_level_t level, const char *const area,
         const char *const text)
{
    (void) userdata;
    (void) level;
    g_debug("libstrophe %s: %s", area, text);
}

static void *
make_context(void *data)
{
    static const xmpp_mem_t memory = {
        .alloc = allocate_memory,
        .free = free_memory,
        .realloc = reallocate_memory,
    };
    static const xmpp_log_t log = { .handler = log_line };
    (void) data;
    return xmpp_ctx_new(&memory, &log);
}

static xmpp_ctx_t *
get_context(void)
{
    static GOnce once = G_ONCE_INIT;
    return g_once(&once, make_context, NULL);
}

/* Removes const, because libstrophe's getters do not take const pointers. */
static NjXml *
remove_const(const NjXml *xml)
{
    return (NjXml *) xml;
}

/* Returns true for a control character that XML forbids (XML 1.0, 2.2). */
static bool
is_forbidden_control(gunichar c)
{
    bool is_white_space = c == '\t' || c == '\n' || c == '\r';
    return c < 0x20 && !is_white_space;
}

/* Returns true when text is UTF-8 and XML allows all its characters (XML 1.0, 2.2). */
static bool
is_valid_in_xml(const char *text)
{
    for (const guchar *p = (const guchar *) text; *p; p++) {
        bool is_fffe_or_ffff = p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe;
        if (is_forbidden_control(*p) || is_fffe_or_ffff)
            return false;
    }
    return g_utf8_validate(text, -1, NULL);
}

/* Returns text without the characters that XML forbids. A server ends the stream when it receives
 * one. */
static char *
drop_invalid_characters(const char *text)
{
    GString *out = g_string_sized_new(strlen(text));
    while (*text) {
        gunichar c = g_utf8_get_char_validated(text, -1);
        if (c == (gunichar) -1 || c == (gunichar) -2) {
            text++;
            continue;
        }
        const char *next = g_utf8_next_char(text);
        if (!is_forbidden_control(c) && c != 0xfffe && c != 0xffff)
            g_string_append_len(out, text, next - text);
        text = next;
    }

    return g_string_free(out, FALSE);
}

/* Sets the namespace ns in xml, and in its descendants, as far as they have none. */
static void
inherit_namespace(NjXml *xml, const char *ns)
{
    if (!ns || !xmpp_stanza_is_tag(xml) || xmpp_stanza_get_ns(xml))
        return;
    xmpp_stanza_set_ns(xml, ns);
    for (NjXml *child = xmpp_stanza_get_children(xml); child; child = xmpp_stanza_get_next(child))
        inherit_namespace(child, ns);
}

static bool
is_stanza_name(const char *name)
{
    return strcmp(name, "message") == 0 || strcmp(name, "presence") == 0 || strcmp(name, "iq") == 0;
}

NjXml *
nj_xml_new(const char *name, const char *ns)
{
    NjXml *xml = xmpp_stanza_new(get_context());
    xmpp_stanza_set_name(xml, name);
    if (!ns && is_stanza_name(name))
        ns = NJ_NS_CLIENT;
    if (ns)
        xmpp_stanza_set_ns(xml, ns);

    return xml;
}

NjXml *
nj_xml_ref(NjXml *xml)
{
    return xmpp_stanza_clone(xml);
}

void
nj_xml_free(NjXml *xml)
{
    if (xml)
        xmpp_stanza_release(xml);
}

NjXml *
nj_xml_copy(const NjXml *xml)
{
    return xmpp_stanza_copy(xml);
}

void
nj_xml_set(NjXml *xml, const char *attribute, const char *value)
{
    if (!value) {
        xmpp_stanza_del_attribute(xml, attribute);
        return;
    }
    g_autofree char *clean = is_valid_in_xml(value) ? NULL : drop_invalid_characters(value);
    nj_xml_set_checked(xml, attribute, clean ? clean : value);
}

void
nj_xml_set_checked(NjXml *xml, const char *attribute, const char *value)
{
    xmpp_stanza_set_attribute(xml, attribute, value);
}

NjXml *
nj_xml_add(NjXml *parent, NjXml *child)
{
    inherit_namespace(child, xmpp_stanza_get_ns(parent));
    xmpp_stanza_add_child_ex(parent, child, 0);
    return child;
}

NjXml *
nj_xml_add_new(NjXml *parent, const char *name, const char *ns)
{
    return nj_xml_add(parent, nj_xml_new(name, ns));
}

void
nj_xml_add_text(NjXml *parent, const char *text)
{
    g_autofree char *clean = is_valid_in_xml(text) ? NULL : drop_invalid_characters(text);
    if (clean)
        text = clean;
    nj_xml_add_text_checked(parent, text, strlen(text));
}

void
nj_xml_add_text_checked(NjXml *parent, const char *text, gsize length)
{
    if (!length)
        return;
    NjXml *node = xmpp_stanza_new(get_context());
    xmpp_stanza_set_text_with_size(node, text, length);
    xmpp_stanza_add_child_ex(parent, node, 0);
}

NjXml *
nj_xml_add_with_text(NjXml *parent, const char *name, const char *ns, const char *text)
{
    NjXml *child = nj_xml_add_new(parent, name, ns);
    nj_xml_add_text(child, text);
    return child;
}

const char *
nj_xml_name(const NjXml *xml)
{
    return xmpp_stanza_get_name(remove_const(xml));
}

const char *
nj_xml_ns(const NjXml *xml)
{
    return xmpp_stanza_is_tag(remove_const(xml)) ? xmpp_stanza_get_ns(remove_const(xml)) : NULL;
}

const char *
nj_xml_attr(const NjXml *xml, const char *attribute)
{
    return xmpp_stanza_get_attribute(remove_const(xml), attribute);
}

bool
nj_xml_is(const NjXml *xml, const char *name, const char *ns)
{
    return xml && g_strcmp0(nj_xml_name(xml), name) == 0 && g_strcmp0(nj_xml_ns(xml), ns) == 0;
}

/* Returns node or the next sibling that is an element. */
static NjXml *
skip_text_nodes(NjXml *node)
{
    while (node && !xmpp_stanza_is_tag(node))
        node = xmpp_stanza_get_next(node);
    return node;
}

NjXml *
nj_xml_first(const NjXml *xml)
{
    return skip_text_nodes(xmpp_stanza_get_children(remove_const(xml)));
}

NjXml *
nj_xml_next(const NjXml *xml)
{
    return skip_text_nodes(xmpp_stanza_get_next(remove_const(xml)));
}

NjXml *
nj_xml_child(const NjXml *xml, const char *name, const char *ns)
{
    for (NjXml *child = nj_xml_first(xml); child; child = nj_xml_next(child)) {
        bool same_name = !name || strcmp(nj_xml_name(child), name) == 0;
        if (same_name && g_strcmp0(nj_xml_ns(child), ns) == 0)
            return child;
    }
    return NULL;
}

/* The parser splits a long text into many nodes, so the length is computed first and the text is
 * copied only once. */
char *
nj_xml_text(const NjXml *xml)
{
    gsize length = 0;
    bool found = false;

    for (NjXml *node = xmpp_stanza_get_children(remove_const(xml)); node;
         node = xmpp_stanza_get_next(node))
        if (xmpp_stanza_is_text(node)) {
            length += strlen(xmpp_stanza_get_text_ptr(node));
            found = true;
        }
    if (!found)
        return NULL;

    char *text = g_malloc(length + 1), *end = text;
    for (NjXml *node = xmpp_stanza_get_children(remove_const(xml)); node;
         node = xmpp_stanza_get_next(node))
        if (xmpp_stanza_is_text(node))
            end = stpcpy(end, xmpp_stanza_get_text_ptr(node));

    *end = '\0';
    return text;
}

NjXml *
nj_xml_text_node(const NjXml *xml, const NjXml *node, const char **text)
{
    NjXml *next = node ? xmpp_stanza_get_next(remove_const(node))
                       : xmpp_stanza_get_children(remove_const(xml));
    while (next && !xmpp_stanza_is_text(next))
        next = xmpp_stanza_get_next(next);
    *text = next ? xmpp_stanza_get_text_ptr(next) : NULL;
    return next;
}

char *
nj_xml_child_text(const NjXml *xml, const char *name, const char *ns)
{
    NjXml *child = nj_xml_child(xml, name, ns);
    return child ? nj_xml_text(child) : NULL;
}

char *
nj_xml_print(const NjXml *xml, gsize *length)
{
    char *text = NULL;
    size_t printed = 0;
    /* This fails only when the allocator fails, and g_malloc() does not return then. */
    xmpp_stanza_to_text(remove_const(xml), &text, &printed);
    if (length)
        *length = printed;
    return text;
}

/* --- stanzas --- */

static NjXml *
new_stanza(const char *name, const char *type, const char *to)
{
    NjXml *xml = nj_xml_new(name, NJ_NS_CLIENT);
    nj_xml_set(xml, "type", type);
    nj_xml_set(xml, "to", to);
    return xml;
}

static void
set_id(NjXml *xml, const char *id)
{
    g_autofree char *made = id ? NULL : nj_random_id();
    nj_xml_set(xml, "id", id ? id : made);
}

NjXml *
nj_xml_iq(const char *type, const char *to, const char *id)
{
    NjXml *xml = new_stanza("iq", type, to);
    set_id(xml, id);
    return xml;
}

NjXml *
nj_xml_message(const char *type, const char *to, const char *id)
{
    NjXml *xml = new_stanza("message", type, to);
    set_id(xml, id);
    return xml;
}

NjXml *
nj_xml_presence(const char *type, const char *to)
{
    return new_stanza("presence", type, to);
}

NjXml *
nj_xml_reply(const NjXml *stanza, const char *type)
{
    NjXml *xml = new_stanza(nj_xml_name(stanza), type, nj_xml_attr(stanza, "from"));
    nj_xml_set(xml, "id", nj_xml_attr(stanza, "id"));
    return xml;
}

NjXml *
nj_xml_error_reply(const NjXml *stanza, const char *kind, const char *condition)
{
    NjXml *xml = nj_xml_reply(stanza, "error");
    NjXml *error = nj_xml_add_new(xml, "error", NJ_NS_CLIENT);
    nj_xml_set(error, "type", kind);
    nj_xml_add_new(error, condition, NJ_NS_STANZAS);
    return xml;
}

/* The conditions of stanza errors (RFC 6120, 8.3.3). */
static const struct {
    const char *condition, *sentence;
} errors[] = {
    { "bad-request", N_("The server did not understand the request; check what you entered.") },
    { "conflict", N_("That name or address is already in use; choose another one.") },
    { "feature-not-implemented", N_("The other side does not support this.") },
    { "forbidden",
      N_("You are not allowed to do this; ask an administrator or owner for permission.") },
    { "gone", N_("That address no longer exists; ask for the new one.") },
    { "internal-server-error", N_("The server failed while it worked on this; try again later.") },
    { "item-not-found", N_("That address or item does not exist; check the spelling.") },
    { "jid-malformed", N_("The server does not accept that address; check the spelling.") },
    { "not-acceptable", N_("The server does not accept the request; check what you entered.") },
    { "not-allowed", N_("The server does not allow this.") },
    { "not-authorized",
      N_("A password or a permission is missing; give the password, or ask for access.") },
    { "policy-violation",
      N_("The server's rules forbid this; wait a little, or ask its administrator.") },
    { "recipient-unavailable", N_("The recipient is offline now; try again later.") },
    { "redirect", N_("The recipient has another address now; ask for it.") },
    { "registration-required", N_("Only members may enter; ask an owner to make you a member.") },
    { "remote-server-not-found",
      N_("No server was found for that address; check the part behind the @.") },
    { "remote-server-timeout", N_("The other server cannot be reached now; try again later.") },
    { "resource-constraint",
      N_("The server is too busy, or a quota is used up; try again later.") },
    { "service-unavailable", N_("The recipient is offline or does not support this; check the "
                                "address, or try again later.") },
    { "subscription-required",
      N_("They must allow you to see their status first; ask with /subscribe ask ADDRESS.") },
    { "undefined-condition",
      N_("The server refused this without a known reason; try again later.") },
    { "unexpected-request", N_("The other side did not expect this now; try again.") },
};

static gsize
find_error(const char *condition)
{
    gsize undefined = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(errors); i++) {
        if (g_strcmp0(errors[i].condition, condition) == 0)
            return i;
        if (strcmp(errors[i].condition, "undefined-condition") == 0)
            undefined = i;
    }
    return undefined;
}

const char *
nj_xml_error(const NjXml *stanza, char **text)
{
    if (text)
        *text = NULL;

    const char *condition = NULL;
    NjXml *error = nj_xml_child(stanza, "error", nj_xml_ns(stanza));
    for (NjXml *child = error ? nj_xml_first(error) : NULL; child; child = nj_xml_next(child)) {
        if (g_strcmp0(nj_xml_ns(child), NJ_NS_STANZAS) != 0)
            continue;
        if (strcmp(nj_xml_name(child), "text") != 0)
            condition = condition ? condition : nj_xml_name(child);
        else if (text && !*text) {
            g_autofree char *raw = nj_xml_text(child);
            *text = raw ? nj_text_line(raw, -1, MAX_SERVER_TEXT) : NULL;
        }
    }

    return errors[find_error(condition)].condition;
}

const char *
nj_xml_error_sentence(const char *condition)
{
    return _(errors[find_error(condition)].sentence);
}

char *
nj_xml_append_server_text(const char *sentence, const char *text)
{
    g_autofree char *line = text ? nj_text_line(text, -1, MAX_SERVER_TEXT) : NULL;
    if (!line || !*line)
        return g_strdup(sentence);
    /* Translators: first a sentence of ours, then the text of the server. */
    return g_strdup_printf(_("%1$s The server says: “%2$s”"), sentence, line);
}

bool
nj_xml_int(const NjXml *xml, const char *attribute, gint64 low, gint64 high, gint64 *value)
{
    const char *text = nj_xml_attr(xml, attribute);
    return text && *text != '+' && g_ascii_string_to_signed(text, 10, low, high, value, NULL);
}
