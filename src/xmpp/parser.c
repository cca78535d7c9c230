/* How expat is used:
 *
 * Each call takes a short time, whatever arrives: expat is suspended between two events when the
 * time is up, and its bytes are reported as used only when it has finished them. Limits bound the
 * parts that cannot be interrupted: one tag, one text node.
 *
 * expat keeps every name that it has read. On a stream that lives for weeks a stranger could fill
 * the memory with invented names. So after MAX_NAMES of them expat is replaced, between two
 * stanzas, by a new one that first parses the stream's start tag again.
 *
 * A stanza that is well-formed but too deep, wide or long is skipped, and the stream continues. A
 * server forwards every well-formed stanza; if such a stanza ended the stream, any stranger could
 * keep us offline with a few kilobytes now and then. No part of it is kept while expat reads it.
 * Only a stanza that no server forwards (MAX_SKIP_*) ends the stream.
 *
 * expat by default delays the end of a long tag until more bytes arrive (reparse deferral, which
 * avoids quadratic time). That is off: tags are short here, and a stanza must not wait for the next
 * one. */
#include "xmpp/parser.h"

#include <expat.h>
#include <string.h>

#include "base/clock.h"

#define MAX_DEPTH 100 /* the stanza has depth 1 */
#define MAX_STANZA_BYTES (4 * 1024 * 1024)
#define MAX_STANZA_ELEMENTS 4000
#define MAX_STANZA_ATTRIBUTES 8000
#define MAX_ELEMENT_CHILDREN 1000
#define MAX_ELEMENT_ATTRIBUTES 100 /* including namespace declarations and ignored attributes */
#define MAX_TAG_BYTES (64 * 1024)
#define MAX_SKIP_BYTES (16 * 1024 * 1024)
#define MAX_SKIP_DEPTH 100000
#define MAX_SKIP_TAG_BYTES (512 * 1024)
/* Longer text is split into several nodes, so that copying one takes little time. */
#define TEXT_NODE_BYTES (64 * 1024)
/* Bytes passed to expat at once; between two, the length of an unfinished tag is checked. */
#define PIECE_BYTES (16 * 1024)
#define MAX_NAMES 20000 /* names that expat keeps before it is replaced */
#define EVENTS_PER_CLOCK_CHECK 16

#define SEPARATOR '\001' /* between namespace, name and prefix; XML cannot contain it */
#define NS_XML "http://www.w3.org/XML/1998/namespace"

/* The size of a stanza as far as it was read, to compare with the limits. */
typedef struct {
    guint elements, attributes;
    gint64 start;      /* stream offset of its first byte */
    gint64 item_bytes; /* bytes of the items that were passed to on_item; they do not count */
} Count;

struct NjParser {
    const NjParserHooks *hooks;
    void *owner;
    XML_Parser expat;
    /* A complete stanza whose prepare hook has not finished; expat is suspended behind it. NULL:
     * none. */
    NjXml *preparing;
    /* Elements whose end tag has not come: a stanza, its current child, and so on. */
    GPtrArray *open_elements;
    GArray *children;      /* of guint: the number of children of each open element */
    GString *text;         /* of the innermost open element, not added to it yet */
    GString *name, *ns;    /* results of split_name() */
    GString *header;       /* the stream's start tag, for the next expat */
    GByteArray *rest;      /* bytes that the next expat has to parse first */
    const char *condition; /* the stream error that ends the stream; NULL: none */
    Count stanza;
    Count before_item; /* the stanza's count when the current item began */
    gint64 origin;     /* stream offset of expat's byte 0 */
    gint64 fed;        /* bytes passed to expat so far, of the whole stream */
    gint64 seen;       /* stream offset behind expat's last event */
    gint64 until_us;
    gsize held_bytes;    /* bytes that expat holds and the caller passes again */
    guint names;         /* names that expat keeps */
    guint events;        /* events since the clock was checked */
    guint declarations;  /* namespace declarations of the next element */
    guint skipped_depth; /* depth of open elements in a skipped stanza; 0: not in one */
    bool skipped_counts; /* XEP-0198 counts the skipped element: it is a stanza */
    bool in_stream;      /* the stream's start tag has been read */
    bool has_items;      /* children of the stanza's first child are items */
    bool suspended;      /* expat is suspended */
    bool replace_expat;  /* expat was stopped for its replacement; see finish_call() */
    bool replaying;      /* the new expat reads the start tag: ignore its events */
    bool stopped, freed; /* nj_parser_stop(), nj_parser_free() was called */
    int running_feeds;   /* calls of nj_parser_feed() that are on the stack */
};

static void
set_condition(NjParser *parser, const char *condition)
{
    if (parser->condition)
        return;
    parser->condition = condition;
    XML_StopParser(parser->expat, XML_FALSE);
}

/* Returns true when no hook may be called. */
static bool
ignores_events(const NjParser *parser)
{
    return parser->condition || parser->stopped || parser->replaying;
}

/* Suspends expat if the time is up. */
static void
check_clock(NjParser *parser)
{
    parser->events = 0;
    if (parser->until_us && nj_clock_us() >= parser->until_us)
        XML_StopParser(parser->expat, XML_TRUE);
}

static bool
is_stanza(const char *name, const char *ns)
{
    static const char *const names[] = { "message", "presence", "iq", NULL };
    return g_strcmp0(ns, NJ_NS_CLIENT) == 0 && g_strv_contains(names, name);
}

/* Drops what was read of the current stanza and skips its rest. */
static void
skip_stanza(NjParser *parser)
{
    g_info("dropped a stanza that is too large");
    if (parser->open_elements->len)
        parser->skipped_counts = is_stanza(nj_xml_name(parser->open_elements->pdata[0]),
                                           nj_xml_ns(parser->open_elements->pdata[0]));
    parser->skipped_depth = parser->open_elements->len;
    g_ptr_array_set_size(parser->open_elements, 0);
    g_array_set_size(parser->children, 0);
    g_string_truncate(parser->text, 0);
}

/* Returns the bytes of the current stanza, without the items that were passed to on_item. */
static gint64
count_stanza_bytes(const NjParser *parser)
{
    return parser->seen - parser->stanza.start - parser->stanza.item_bytes;
}

/* Called first in each event of expat: stores the position and checks the length of the stanza and
 * the time. Returns false when the event must be ignored. */
static bool
begin_event(NjParser *parser)
{
    if (ignores_events(parser))
        return false;

    gint64 at = parser->origin + XML_GetCurrentByteIndex(parser->expat);
    parser->seen = at + XML_GetCurrentByteCount(parser->expat);
    if (parser->open_elements->len) {
        bool inside_item = parser->has_items && parser->open_elements->len > 2;
        gint64 bytes =
            inside_item ? parser->seen - parser->before_item.start : count_stanza_bytes(parser);
        if (bytes > MAX_STANZA_BYTES)
            skip_stanza(parser);
    } else if (parser->skipped_depth && count_stanza_bytes(parser) > MAX_SKIP_BYTES) {
        set_condition(parser, "policy-violation");
        return false;
    }

    if (++parser->events >= EVENTS_PER_CLOCK_CHECK)
        check_clock(parser);
    return true;
}

static NjXml *
innermost_open(const NjParser *parser)
{
    return parser->open_elements->pdata[parser->open_elements->len - 1];
}

/* Adds the text that was read to the innermost open element. */
static void
flush_text(NjParser *parser)
{
    if (!parser->text->len)
        return;
    nj_xml_add_text_checked(innermost_open(parser), parser->text->str, parser->text->len);
    g_string_truncate(parser->text, 0);
}

/* Splits expat's "ns SEPARATOR name [SEPARATOR prefix]", or a name alone, into parser->ns and
 * parser->name. Returns the prefix, or NULL. */
static const char *
split_name(NjParser *parser, const char *joined)
{
    const char *name = strchr(joined, SEPARATOR);
    g_string_truncate(parser->ns, 0);
    if (name) {
        g_string_append_len(parser->ns, joined, name - joined);
        name++;
    } else {
        name = joined;
    }

    const char *prefix = strchr(name, SEPARATOR);
    g_string_truncate(parser->name, 0);
    g_string_append_len(parser->name, name, prefix ? prefix - name : (gssize) strlen(name));
    return prefix ? prefix + 1 : NULL;
}

/* Returns true for xml:lang in expat's form, "ns SEPARATOR name SEPARATOR prefix". */
static bool
is_xml_lang(const char *joined)
{
    static const char lang[] = NS_XML "\001lang";
    if (!g_str_has_prefix(joined, lang))
        return false;

    char end = joined[sizeof lang - 1];
    return end == SEPARATOR || end == '\0';
}

static NjXml *
make_element(NjParser *parser, const char **attributes)
{
    NjXml *xml = nj_xml_new(parser->name->str, NULL);

    nj_xml_set_checked(xml, "xmlns", parser->ns->str);
    for (; *attributes; attributes += 2)
        if (!strchr(attributes[0], SEPARATOR))
            nj_xml_set_checked(xml, attributes[0], attributes[1]);
        else if (is_xml_lang(attributes[0]))
            nj_xml_set_checked(xml, "xml:lang", attributes[1]);

    return xml;
}

static void
open_stream(NjParser *parser, const char *prefix, const char **attributes)
{
    if (strcmp(parser->name->str, "stream") != 0) {
        set_condition(parser, "bad-format");
        return;
    }

    if (strcmp(parser->ns->str, NJ_NS_STREAM) != 0) {
        set_condition(parser, "invalid-namespace");
        return;
    }

    g_autofree char *tag = prefix ? g_strdup_printf("<%s:stream", prefix) : g_strdup("<stream");
    g_string_prepend(parser->header, tag);
    g_string_append_c(parser->header, '>');
    parser->in_stream = true;

    g_autoptr(NjXml) root = make_element(parser, attributes);
    parser->hooks->on_open(root, parser->owner);
    check_clock(parser);
}

/* Counts an element and its attributes. Returns false if a limit is exceeded. */
static bool
count_element(NjParser *parser, guint attributes)
{
    guint depth = parser->open_elements->len;
    gint64 at = parser->origin + XML_GetCurrentByteIndex(parser->expat);
    if (depth == 0) {
        parser->stanza = (Count){ .start = at };
        parser->has_items = false;
    } else {
        guint *siblings = &g_array_index(parser->children, guint, depth - 1);
        if (depth == 2) {
            parser->before_item = parser->stanza;
            parser->before_item.start = at;
        }
        bool is_list_item = parser->has_items && depth == 2;
        if (!is_list_item && ++*siblings > MAX_ELEMENT_CHILDREN)
            return false;
    }

    if (attributes > MAX_ELEMENT_ATTRIBUTES)
        return false;

    parser->stanza.elements++;
    parser->stanza.attributes += attributes;
    if (parser->stanza.elements > MAX_STANZA_ELEMENTS)
        return false;
    return depth < MAX_DEPTH && parser->stanza.attributes <= MAX_STANZA_ATTRIBUTES;
}

/* Returns true when a start tag of this many bytes must end the stream. */
static bool
is_fatal_tag(const NjParser *parser, int bytes)
{
    if (!parser->in_stream && bytes > MAX_TAG_BYTES)
        return true;
    return bytes > MAX_SKIP_TAG_BYTES || parser->skipped_depth >= MAX_SKIP_DEPTH;
}

static void
on_start(void *data, const char *joined, const char **attributes)
{
    NjParser *parser = data;
    if (!begin_event(parser))
        return;

    guint count = parser->declarations;
    parser->declarations = 0;
    for (const char **a = attributes; *a; a += 2)
        count++;

    parser->names += 1 + count;
    int bytes = XML_GetCurrentByteCount(parser->expat);
    if (is_fatal_tag(parser, bytes)) {
        set_condition(parser, "policy-violation");
        return;
    }

    if (parser->skipped_depth) {
        parser->skipped_depth++;
        return;
    }

    const char *prefix = split_name(parser, joined);
    if (!parser->in_stream) {
        open_stream(parser, prefix, attributes);
        return;
    }

    if (parser->open_elements->len)
        flush_text(parser);
    if (!count_element(parser, count) || bytes > MAX_TAG_BYTES) {
        if (!parser->open_elements->len)
            parser->skipped_counts = is_stanza(parser->name->str, parser->ns->str);
        skip_stanza(parser);
        parser->skipped_depth++;
        return;
    }

    guint none = 0;
    g_ptr_array_add(parser->open_elements, make_element(parser, attributes));
    g_array_append_val(parser->children, none);
}

/* Passes an item of a long list to the owner and sets the stanza's count back to that before the
 * item. */
static void
end_item(NjParser *parser, NjXml *item)
{
    const NjXml *head = parser->open_elements->pdata[0];
    parser->before_item.item_bytes += parser->seen - parser->before_item.start;
    parser->before_item.start = parser->stanza.start;
    parser->stanza = parser->before_item;
    parser->hooks->on_item(head, item, parser->owner);
}

/* Returns true when the element that has just ended is an item of a long list. Calls wants_items
 * once for each stanza, when the first child of its first child has ended. */
static bool
is_item(NjParser *parser)
{
    if (parser->open_elements->len != 2)
        return false;

    bool is_first = g_array_index(parser->children, guint, 0) == 1
                    && g_array_index(parser->children, guint, 1) == 1;
    if (is_first && !parser->has_items && parser->hooks->wants_items)
        parser->has_items = parser->hooks->wants_items(
            parser->open_elements->pdata[0], parser->open_elements->pdata[1], parser->owner);
    return parser->has_items && !ignores_events(parser);
}

/* Stops expat and keeps the bytes that it has not parsed in `rest`; finish_call() replaces it. */
static void
request_new_expat(NjParser *parser)
{
    int offset = 0, size = 0;
    const char *context = XML_GetInputContext(parser->expat, &offset, &size);

    if (!context)
        return;

    offset += XML_GetCurrentByteCount(parser->expat);
    g_byte_array_set_size(parser->rest, 0);
    g_byte_array_append(parser->rest, (const guint8 *) context + offset, size - offset);
    parser->replace_expat = true;
    XML_StopParser(parser->expat, XML_FALSE);
}

static bool
prepare_stanza(NjParser *parser, NjXml *stanza)
{
    return !parser->hooks->prepare
           || parser->hooks->prepare(stanza, parser->until_us, parser->owner);
}

static void
end_stanza(NjParser *parser, NjXml *stanza)
{
    if (!prepare_stanza(parser, stanza)) {
        parser->preparing = nj_xml_ref(stanza);
        XML_StopParser(parser->expat, XML_TRUE);
        return;
    }
    parser->hooks->on_stanza(stanza, parser->owner);
    if (!ignores_events(parser) && parser->names > MAX_NAMES)
        request_new_expat(parser);
}

static void
end_skipped(NjParser *parser)
{
    if (--parser->skipped_depth)
        return;
    if (parser->skipped_counts && parser->hooks->on_skipped)
        parser->hooks->on_skipped(parser->owner);
    if (!ignores_events(parser) && parser->names > MAX_NAMES)
        request_new_expat(parser);
}

static void
on_end(void *data, const char *joined)
{
    NjParser *parser = data;
    (void) joined;
    if (!begin_event(parser))
        return;

    if (parser->skipped_depth) {
        end_skipped(parser);
        return;
    }

    if (!parser->open_elements->len) {
        parser->stopped = true;
        XML_StopParser(parser->expat, XML_FALSE);
        parser->hooks->on_close(parser->owner);
        return;
    }

    flush_text(parser);
    g_autoptr(NjXml) xml =
        g_ptr_array_steal_index(parser->open_elements, parser->open_elements->len - 1);
    g_array_set_size(parser->children, parser->open_elements->len);

    if (!parser->open_elements->len) {
        end_stanza(parser, xml);
    } else if (is_item(parser)) {
        end_item(parser, xml);
    } else if (!ignores_events(parser)) {
        nj_xml_add(innermost_open(parser), g_steal_pointer(&xml));
        return;
    }

    if (!ignores_events(parser))
        check_clock(parser);
}

static void
on_text(void *data, const char *text, int length)
{
    NjParser *parser = data;
    if (!begin_event(parser) || parser->skipped_depth)
        return;

    if (!parser->open_elements->len) {
        for (int i = 0; i < length; i++)
            if (!strchr(" \t\r\n", text[i]))
                set_condition(parser, "bad-format");
        return;
    }

    g_string_append_len(parser->text, text, length);
    if (parser->text->len >= TEXT_NODE_BYTES)
        flush_text(parser);
}

static void
on_declaration(void *data, const char *prefix, const char *uri)
{
    NjParser *parser = data;
    if (ignores_events(parser))
        return;

    parser->declarations++;
    if (parser->in_stream)
        return;

    if (!uri)
        uri = "";
    g_autofree char *text = prefix ? g_markup_printf_escaped(" xmlns:%s='%s'", prefix, uri)
                                   : g_markup_printf_escaped(" xmlns='%s'", uri);
    g_string_append(parser->header, text);
}

static void
on_xml_declaration(void *data, const char *version, const char *encoding, int standalone)
{
    NjParser *parser = data;
    (void) version;
    (void) standalone;
    if (begin_event(parser) && encoding && g_ascii_strcasecmp(encoding, "UTF-8") != 0)
        set_condition(parser, "unsupported-encoding");
}

static void
on_comment(void *data, const char *text)
{
    (void) text;
    set_condition(data, "restricted-xml");
}

static void
on_instruction(void *data, const char *target, const char *text)
{
    (void) target;
    (void) text;
    set_condition(data, "restricted-xml");
}

static void
on_doctype(void *data, const char *name, const char *system_id, const char *public_id, int internal)
{
    (void) name;
    (void) system_id;
    (void) public_id;
    (void) internal;
    set_condition(data, "restricted-xml");
}

static XML_Parser
make_expat(NjParser *parser)
{
    XML_Parser expat = XML_ParserCreateNS("UTF-8", SEPARATOR);
    XML_SetReturnNSTriplet(expat, 1);
    XML_SetUserData(expat, parser);
    XML_SetElementHandler(expat, on_start, on_end);
    XML_SetCharacterDataHandler(expat, on_text);
    XML_SetStartNamespaceDeclHandler(expat, on_declaration);
    XML_SetXmlDeclHandler(expat, on_xml_declaration);
    XML_SetCommentHandler(expat, on_comment);
    XML_SetProcessingInstructionHandler(expat, on_instruction);

    XML_SetStartDoctypeDeclHandler(expat, on_doctype);
#ifdef HAVE_XML_SETREPARSEDEFERRALENABLED
    XML_SetReparseDeferralEnabled(expat, XML_FALSE);
#endif
    return expat;
}

NjParser *
nj_parser_new(const NjParserHooks *hooks, void *owner)
{
    NjParser *parser = g_new0(NjParser, 1);
    parser->hooks = hooks;
    parser->owner = owner;
    parser->expat = make_expat(parser);
    parser->open_elements = g_ptr_array_new_with_free_func((GDestroyNotify) nj_xml_free);
    parser->children = g_array_new(FALSE, FALSE, sizeof(guint));
    parser->text = g_string_new(NULL);
    parser->name = g_string_new(NULL);
    parser->ns = g_string_new(NULL);

    parser->header = g_string_new(NULL);
    parser->rest = g_byte_array_new();
    return parser;
}

void
nj_parser_free(NjParser *parser)
{
    if (!parser)
        return;

    if (parser->running_feeds) {
        parser->freed = true;
        nj_parser_stop(parser);
        return;
    }

    XML_ParserFree(parser->expat);
    nj_xml_free(parser->preparing);
    g_ptr_array_unref(parser->open_elements);
    g_array_unref(parser->children);
    g_string_free(parser->text, TRUE);
    g_string_free(parser->name, TRUE);
    g_string_free(parser->ns, TRUE);
    g_string_free(parser->header, TRUE);
    g_byte_array_unref(parser->rest);

    g_free(parser);
}

void
nj_parser_stop(NjParser *parser)
{
    parser->stopped = true;
    if (parser->running_feeds)
        XML_StopParser(parser->expat, XML_FALSE);
}

static const char *
get_condition(enum XML_Error error)
{
    switch (error) {
    case XML_ERROR_UNDEFINED_ENTITY:
    case XML_ERROR_ASYNC_ENTITY:
    case XML_ERROR_RECURSIVE_ENTITY_REF:
    case XML_ERROR_BINARY_ENTITY_REF:
    case XML_ERROR_ATTRIBUTE_EXTERNAL_ENTITY_REF:
    case XML_ERROR_EXTERNAL_ENTITY_HANDLING:
        return "restricted-xml";
    case XML_ERROR_UNKNOWN_ENCODING:
    case XML_ERROR_INCORRECT_ENCODING:
        return "unsupported-encoding";
    case XML_ERROR_NO_MEMORY:
        return "resource-constraint";
    default:
        return "not-well-formed";
    }
}

/* Must follow each call of expat: replaces expat if requested, and stores whether it is suspended
 * or has failed. */
static void
finish_call(NjParser *parser, enum XML_Status status)
{
    while (parser->replace_expat) {
        g_autoptr(GByteArray) rest = g_steal_pointer(&parser->rest);
        parser->rest = g_byte_array_new();
        parser->replace_expat = false;
        parser->names = 0;
        XML_ParserFree(parser->expat);
        parser->expat = make_expat(parser);
        parser->origin = parser->seen - (gint64) parser->header->len;
        parser->replaying = true;
        XML_Parse(parser->expat, parser->header->str, (int) parser->header->len, 0);
        parser->replaying = false;
        status = XML_Parse(parser->expat, (const char *) rest->data, (int) rest->len, 0);
    }

    parser->suspended = status == XML_STATUS_SUSPENDED;
    if (status == XML_STATUS_ERROR && !parser->stopped && !parser->condition)
        parser->condition = get_condition(XML_GetErrorCode(parser->expat));
}

/* expat detects UTF-16 although it was created for UTF-8; a stream must be UTF-8 (RFC 6120,
 * 11.6). */
static bool
begins_as_utf16(const NjParser *parser, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length && parser->fed + (gint64) i < 2; i++)
        if (memchr("\0\xfe\xff", bytes[i], 3))
            return true;
    return false;
}

static bool
must_pause(const NjParser *parser)
{
    return ignores_events(parser) || parser->suspended;
}

static void
parse_piece(NjParser *parser, const char *bytes, gsize length)
{
    if (begins_as_utf16(parser, bytes, length)) {
        parser->condition = "unsupported-encoding";
        return;
    }
    parser->fed += (gint64) length;
    finish_call(parser, XML_Parse(parser->expat, bytes, (int) length, 0));
    if (must_pause(parser))
        return;

    bool endless_tag = parser->fed - parser->seen > MAX_SKIP_TAG_BYTES;
    if (endless_tag)
        parser->condition = "policy-violation";
}

/* Continues to prepare the stanza `preparing` and passes it to the owner. Returns false when the
 * time is up before it is prepared. */
static bool
finish_preparing(NjParser *parser)
{
    if (!prepare_stanza(parser, parser->preparing))
        return false;

    g_autoptr(NjXml) stanza = g_steal_pointer(&parser->preparing);
    parser->hooks->on_stanza(stanza, parser->owner);
    return true;
}

static bool
is_time_up(const NjParser *parser)
{
    return parser->until_us && nj_clock_us() >= parser->until_us;
}

/* Parses bytes until the time is up. Returns how many of them the caller need not pass again. */
static gsize
parse_bytes(NjParser *parser, const char *bytes, gsize length)
{
    gsize used = 0;
    if (parser->suspended && length < parser->held_bytes)
        return 0;
    if (parser->preparing && (!finish_preparing(parser) || ignores_events(parser)))
        return 0;

    if (parser->suspended) {
        finish_call(parser, XML_ResumeParser(parser->expat));
        if (!parser->suspended) {
            used = parser->held_bytes;
            parser->held_bytes = 0;
        }
    }

    while (used < length && !must_pause(parser)) {
        if (used && is_time_up(parser))
            break;
        gsize piece = MIN(length - used, PIECE_BYTES);
        parse_piece(parser, bytes + used, piece);
        if (parser->suspended)
            parser->held_bytes = piece;
        else
            used += piece;
    }

    return used;
}

bool
nj_parser_feed(NjParser *parser, const char *bytes, gsize length, gint64 until_us, gsize *used,
               const char **condition)
{
    parser->until_us = length ? until_us : 0;
    parser->running_feeds++;
    *used = ignores_events(parser) ? 0 : parse_bytes(parser, bytes, length);
    parser->running_feeds--;
    if (ignores_events(parser))
        *used = length;

    *condition = parser->stopped ? NULL : parser->condition;
    if (parser->freed)
        nj_parser_free(parser);
    return !*condition;
}

/* --- parsing one element --- */

/* The element of nj_parser_element() and what the hooks saw. */
typedef struct {
    NjXml *xml;
    int count;
    bool closed;
} One;

static void
on_one_open(NjXml *root, void *owner)
{
    (void) root;
    (void) owner;
}

static void
on_one(NjXml *stanza, void *owner)
{
    One *one = owner;
    if (!one->count++)
        one->xml = nj_xml_ref(stanza);
}

static void
on_one_close(void *owner)
{
    One *one = owner;
    one->closed = true;
}

NjXml *
nj_parser_element(const char *text, gssize length, const char **condition)
{
    static const NjParserHooks hooks = { .on_open = on_one_open,
                                         .on_stanza = on_one,
                                         .on_close = on_one_close };
    static const char head[] =
        "<stream:stream xmlns='" NJ_NS_CLIENT "' xmlns:stream='" NJ_NS_STREAM "'>",
                      tail[] = "</stream:stream>";
    One one = { 0 };
    gsize used;
    NjParser *parser = nj_parser_new(&hooks, &one);

    bool valid = nj_parser_feed(parser, head, strlen(head), 0, &used, condition)
                 && nj_parser_feed(parser, text, length < 0 ? strlen(text) : (gsize) length, 0,
                                   &used, condition);
    /* If the stream is closed already, text contains </stream:stream>. */
    if (one.closed)
        valid = false;
    if (valid)
        valid = nj_parser_feed(parser, tail, strlen(tail), 0, &used, condition);

    nj_parser_free(parser);
    if (valid && one.closed && one.count == 1)
        return one.xml;

    nj_xml_free(one.xml);
    if (!*condition)
        *condition = "bad-format";
    return NULL;
}
