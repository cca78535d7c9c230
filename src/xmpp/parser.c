/* expat, tamed.  What would surprise:
 *
 * - No slice of work is long, whatever arrives: expat is suspended between two events once the time
 * is up, and the bytes it already has are only reported as used when it is through with them.  What
 * can not be suspended is bounded by the limits below: one tag, one node of text.
 * - expat keeps every name it ever saw.  On a stream that lives for weeks a stranger could fill the
 * memory with made-up names, so after some 20,000 of them the parser is replaced between two
 * stanzas by a new one that is told the stream's header again.
 * - What is well-formed but too deep, wide or long is skipped and the stream goes on: a server
 * hands on whatever is well-formed, and if such a stanza ended the stream, any stranger could keep
 * us offline with one of a few kilobytes now and then.  Nothing of it is kept while expat runs
 *   through it; only what no server hands on (SKIP_*) ends the stream.
 * - expat would hold back the end of a long tag until more bytes arrive (its reparse deferral keeps
 * such tags from costing quadratic time). Here a tag is short, and no stanza waits for the next
 * one: the deferral is off. */
#include "xmpp/parser.h"

#include <expat.h>
#include <string.h>

#include "base/clock.h"

#define MAX_DEPTH 100 /* elements inside each other, the stanza being the first */
#define MAX_STANZA_BYTES (4 * 1024 * 1024)
#define MAX_STANZA_ELEMENTS 4000
#define MAX_STANZA_ATTRIBUTES 8000
#define MAX_ELEMENT_CHILDREN 1000
/* with its namespace declarations, and those we do not keep */
#define MAX_ELEMENT_ATTRIBUTES 100
#define MAX_TAG_BYTES (64 * 1024)
#define MAX_SKIP_BYTES (16 * 1024 * 1024)
#define MAX_SKIP_DEPTH 100000
#define MAX_SKIP_TAG_BYTES (512 * 1024)
/* longer text becomes several nodes: no copy takes long */
#define TEXT_NODE_BYTES (64 * 1024)
/* between two looks at the length of an unfinished tag */
#define PIECE_BYTES (16 * 1024)
#define MAX_NAMES 20000  /* until expat is replaced */
#define EVENTS_A_LOOK 16 /* between two looks at the clock */

#define SEPARATOR '\001' /* between the parts of a name: no XML can contain it */
#define NS_XML "http://www.w3.org/XML/1998/namespace"

typedef struct {
    guint elements, attributes;
    gint64 start;     /* where in the stream */
    gint64 elsewhere; /* bytes inside that were given away as items */
} Count;

struct NjParser {
    const NjParserHooks *hooks;
    void *owner;
    XML_Parser expat;
    /* a stanza that is being prepared; expat is suspended behind it */
    NjXml *whole;
    /* elements begun and not ended: a stanza and its descendants */
    GPtrArray *open;
    GArray *children;      /* guint: how many each of them has had */
    GString *text;         /* of the innermost, not yet a node */
    GString *name, *ns;    /* scratch */
    GString *header;       /* the stream's start tag, for expat's successor */
    GByteArray *rest;      /* what the successor still has to read */
    const char *condition; /* why it is dead */
    Count stanza, item;    /* item: how the stanza's count stood when it began */
    gint64 origin;         /* where in the stream expat's first byte would be */
    gint64 fed, seen;      /* bytes given to expat; the end of its last event */
    gint64 until_us;
    gsize ahead; /* bytes that expat has and the caller still offers */
    guint names, events, declarations;
    guint skipped; /* depth inside a stanza that is too much; 0: in none */
    bool counts;   /* it is a stanza, and not something else at the top */
    bool in_stream, items, held, renew, replaying, stopped, freed;
    int busy;
};

static void
fail(NjParser *parser, const char *condition)
{
    if (parser->condition)
        return;
    parser->condition = condition;
    XML_StopParser(parser->expat, XML_FALSE);
}

static bool
deaf(const NjParser *parser)
{
    return parser->condition || parser->stopped || parser->replaying;
}

/* Time is looked at now and then, and after every call to the owner. */
static void
look_at_clock(NjParser *parser)
{
    parser->events = 0;
    if (parser->until_us && nj_clock_us() >= parser->until_us)
        XML_StopParser(parser->expat, XML_TRUE);
}

static bool
is_stanza(const char *name, const char *ns)
{
    return !g_strcmp0(ns, NJ_NS_CLIENT)
           && (!strcmp(name, "message") || !strcmp(name, "presence") || !strcmp(name, "iq"));
}

/* This stanza is too much: all of it is forgotten. */
static void
skip(NjParser *parser)
{
    g_info("dropped a stanza that is too large");
    if (parser->open->len)
        parser->counts =
            is_stanza(nj_xml_name(parser->open->pdata[0]), nj_xml_ns(parser->open->pdata[0]));
    parser->skipped = parser->open->len;
    g_ptr_array_set_size(parser->open, 0);
    g_array_set_size(parser->children, 0);
    g_string_truncate(parser->text, 0);
}

/* Each event passes here first: where are we, is the stanza too long, is the time up?  False: the
 * event does not count. */
static bool
enter_event(NjParser *parser)
{
    if (deaf(parser))
        return false;

    gint64 at = parser->origin + XML_GetCurrentByteIndex(parser->expat);
    parser->seen = at + XML_GetCurrentByteCount(parser->expat);
    if (parser->open->len) {
        bool inside_item = parser->items && parser->open->len > 2;
        gint64 bytes = inside_item ? parser->seen - parser->item.start
                                   : parser->seen - parser->stanza.start - parser->stanza.elsewhere;
        if (bytes > MAX_STANZA_BYTES)
            skip(parser);
    } else if (parser->skipped
               && parser->seen - parser->stanza.start - parser->stanza.elsewhere > MAX_SKIP_BYTES) {
        fail(parser, "policy-violation");
        return false;
    }

    if (++parser->events >= EVENTS_A_LOOK)
        look_at_clock(parser);
    return true;
}

static NjXml *
innermost(const NjParser *parser)
{
    return parser->open->pdata[parser->open->len - 1];
}

static void
flush_text(NjParser *parser)
{
    if (!parser->text->len)
        return;
    nj_xml_add_text_checked(innermost(parser), parser->text->str, parser->text->len);
    g_string_truncate(parser->text, 0);
}

/* "ns SEPARATOR name [SEPARATOR prefix]", or a bare name: into parser->ns and parser->name. Returns
 * the prefix, or NULL. */
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

static NjXml *
make_element(NjParser *parser, const char **attributes)
{
    static const char lang[] = NS_XML "\001lang";
    NjXml *xml = nj_xml_new(parser->name->str, NULL);

    nj_xml_set_checked(xml, "xmlns", parser->ns->str);
    for (; *attributes; attributes += 2)
        if (!strchr(attributes[0], SEPARATOR))
            nj_xml_set_checked(xml, attributes[0], attributes[1]);
        else if (g_str_has_prefix(attributes[0], lang)
                 && (attributes[0][sizeof lang - 1] == SEPARATOR
                     || !attributes[0][sizeof lang - 1]))
            nj_xml_set_checked(xml, "xml:lang", attributes[1]);

    return xml;
}

static void
open_stream(NjParser *parser, const char *prefix, const char **attributes)
{
    if (!g_str_equal(parser->name->str, "stream")) {
        fail(parser, "bad-format");
        return;
    }

    if (!g_str_equal(parser->ns->str, NJ_NS_STREAM)) {
        fail(parser, "invalid-namespace");
        return;
    }

    g_autofree char *tag = prefix ? g_strdup_printf("<%s:stream", prefix) : g_strdup("<stream");
    g_string_prepend(parser->header, tag);
    g_string_append_c(parser->header, '>');
    parser->in_stream = true;

    g_autoptr(NjXml) root = make_element(parser, attributes);
    parser->hooks->on_open(root, parser->owner);
    look_at_clock(parser);
}

/* Counts one more element with so many attributes; false: too much of something. */
static bool
count_element(NjParser *parser, guint attributes)
{
    guint depth = parser->open->len;
    if (depth == 0) {
        parser->stanza =
            (Count){ .start = parser->origin + XML_GetCurrentByteIndex(parser->expat) };
        parser->items = false;
    } else {
        guint *siblings = &g_array_index(parser->children, guint, depth - 1);
        if (depth == 2) {
            parser->item = parser->stanza;
            parser->item.start = parser->origin + XML_GetCurrentByteIndex(parser->expat);
        }
        if (!(parser->items && depth == 2) && ++*siblings > MAX_ELEMENT_CHILDREN)
            attributes = G_MAXUINT;
    }

    if (attributes <= MAX_ELEMENT_ATTRIBUTES) {
        parser->stanza.elements++;
        parser->stanza.attributes += attributes;
        if (depth < MAX_DEPTH && parser->stanza.elements <= MAX_STANZA_ELEMENTS
            && parser->stanza.attributes <= MAX_STANZA_ATTRIBUTES)
            return true;
    }

    return false;
}

static void
on_start(void *data, const char *joined, const char **attributes)
{
    NjParser *parser = data;
    if (!enter_event(parser))
        return;

    guint count = parser->declarations;
    parser->declarations = 0;
    for (const char **a = attributes; *a; a += 2)
        count++;

    parser->names += 1 + count;
    int bytes = XML_GetCurrentByteCount(parser->expat);
    if (bytes > MAX_SKIP_TAG_BYTES || parser->skipped >= MAX_SKIP_DEPTH
        || (!parser->in_stream && bytes > MAX_TAG_BYTES)) {
        fail(parser, "policy-violation");
        return;
    }

    if (parser->skipped) {
        parser->skipped++;
        return;
    }

    const char *prefix = split_name(parser, joined);
    if (!parser->in_stream) {
        open_stream(parser, prefix, attributes);
        return;
    }

    if (parser->open->len)
        flush_text(parser);
    if (!count_element(parser, count) || bytes > MAX_TAG_BYTES) {
        if (!parser->open->len)
            parser->counts = is_stanza(parser->name->str, parser->ns->str);
        skip(parser);
        parser->skipped++;
        return;
    }

    guint none = 0;
    g_ptr_array_add(parser->open, make_element(parser, attributes));
    g_array_append_val(parser->children, none);
}

/* An item of a long list goes to who asked for it, and no longer counts. */
static void
end_item(NjParser *parser, NjXml *item)
{
    const NjXml *head = parser->open->pdata[0];
    parser->item.elsewhere += parser->seen - parser->item.start;
    parser->item.start = parser->stanza.start;
    parser->stanza = parser->item;
    parser->hooks->on_item(head, item, parser->owner);
}

/* Asks once, when the first child of the stanza's first child has ended. */
static bool
is_item(NjParser *parser)
{
    if (parser->open->len != 2)
        return false;
    if (!parser->items && parser->hooks->wants_items
        && g_array_index(parser->children, guint, 0) == 1
        && g_array_index(parser->children, guint, 1) == 1)
        parser->items = parser->hooks->wants_items(parser->open->pdata[0], parser->open->pdata[1],
                                                   parser->owner);
    return parser->items && !deaf(parser);
}

/* Leaves expat behind, names and all; its successor gets the bytes it has not seen. */
static void
leave_expat(NjParser *parser)
{
    int offset = 0, size = 0;
    const char *context = XML_GetInputContext(parser->expat, &offset, &size);

    if (!context)
        return;

    offset += XML_GetCurrentByteCount(parser->expat);
    g_byte_array_set_size(parser->rest, 0);
    g_byte_array_append(parser->rest, (const guint8 *) context + offset, size - offset);
    parser->renew = true;
    XML_StopParser(parser->expat, XML_FALSE);
}

static bool
prepare(NjParser *parser, NjXml *stanza)
{
    return !parser->hooks->prepare
           || parser->hooks->prepare(stanza, parser->until_us, parser->owner);
}

static void
end_stanza(NjParser *parser, NjXml *stanza)
{
    if (!prepare(parser, stanza)) {
        parser->whole = nj_xml_ref(stanza);
        XML_StopParser(parser->expat, XML_TRUE);
        return;
    }
    parser->hooks->on_stanza(stanza, parser->owner);
    if (!deaf(parser) && parser->names > MAX_NAMES)
        leave_expat(parser);
}

static void
end_skipped(NjParser *parser)
{
    if (--parser->skipped)
        return;
    if (parser->counts && parser->hooks->on_skipped)
        parser->hooks->on_skipped(parser->owner);
    if (!deaf(parser) && parser->names > MAX_NAMES)
        leave_expat(parser);
}

static void
on_end(void *data, const char *joined)
{
    NjParser *parser = data;
    (void) joined;
    if (!enter_event(parser))
        return;

    if (parser->skipped) {
        end_skipped(parser);
        return;
    }

    if (!parser->open->len) {
        parser->stopped = true;
        XML_StopParser(parser->expat, XML_FALSE);
        parser->hooks->on_close(parser->owner);
        return;
    }

    flush_text(parser);
    g_autoptr(NjXml) xml = g_ptr_array_steal_index(parser->open, parser->open->len - 1);
    g_array_set_size(parser->children, parser->open->len);

    if (!parser->open->len)
        end_stanza(parser, xml);
    else if (is_item(parser))
        end_item(parser, xml);
    else if (!deaf(parser)) {
        nj_xml_add(innermost(parser), g_steal_pointer(&xml));
        return;
    }

    if (!deaf(parser))
        look_at_clock(parser);
}

static void
on_text(void *data, const char *text, int length)
{
    NjParser *parser = data;
    if (!enter_event(parser) || parser->skipped)
        return;

    if (!parser->open->len) {
        for (int i = 0; i < length; i++)
            if (!strchr(" \t\r\n", text[i]))
                fail(parser, "bad-format");
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
    if (deaf(parser))
        return;

    parser->declarations++;
    if (parser->in_stream)
        return;

    g_autofree char *text = prefix
                                ? g_markup_printf_escaped(" xmlns:%s='%s'", prefix, uri ? uri : "")
                                : g_markup_printf_escaped(" xmlns='%s'", uri ? uri : "");
    g_string_append(parser->header, text);
}

static void
on_xml_declaration(void *data, const char *version, const char *encoding, int standalone)
{
    NjParser *parser = data;
    (void) version;
    (void) standalone;
    if (enter_event(parser) && encoding && g_ascii_strcasecmp(encoding, "UTF-8") != 0)
        fail(parser, "unsupported-encoding");
}

static void
on_comment(void *data, const char *text)
{
    (void) text;
    fail(data, "restricted-xml");
}

static void
on_instruction(void *data, const char *target, const char *text)
{
    (void) target;
    (void) text;
    fail(data, "restricted-xml");
}

static void
on_doctype(void *data, const char *name, const char *system_id, const char *public_id, int internal)
{
    (void) name;
    (void) system_id;
    (void) public_id;
    (void) internal;
    fail(data, "restricted-xml");
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
    parser->open = g_ptr_array_new_with_free_func((GDestroyNotify) nj_xml_free);
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

    if (parser->busy) {
        parser->freed = true;
        nj_parser_stop(parser);
        return;
    }

    XML_ParserFree(parser->expat);
    nj_xml_free(parser->whole);
    g_ptr_array_unref(parser->open);
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
    if (parser->busy)
        XML_StopParser(parser->expat, XML_FALSE);
}

static const char *
condition_of(enum XML_Error error)
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

/* Notes how a call of expat ended, and sees its successors on their way. */
static void
conclude(NjParser *parser, enum XML_Status status)
{
    while (parser->renew) {
        g_autoptr(GByteArray) rest = g_steal_pointer(&parser->rest);
        parser->rest = g_byte_array_new();
        parser->renew = false;
        parser->names = 0;
        XML_ParserFree(parser->expat);
        parser->expat = make_expat(parser);
        parser->origin = parser->seen - (gint64) parser->header->len;
        parser->replaying = true;
        XML_Parse(parser->expat, parser->header->str, (int) parser->header->len, 0);
        parser->replaying = false;
        status = XML_Parse(parser->expat, (const char *) rest->data, (int) rest->len, 0);
    }

    parser->held = status == XML_STATUS_SUSPENDED;
    if (status == XML_STATUS_ERROR && !parser->stopped && !parser->condition)
        parser->condition = condition_of(XML_GetErrorCode(parser->expat));
}

/* expat takes UTF-16 for what it is, whatever it was told; a stream is UTF-8 (RFC 6120, 11.6). */
static bool
begins_as_utf16(const NjParser *parser, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length && parser->fed + (gint64) i < 2; i++)
        if (memchr("\0\xfe\xff", bytes[i], 3))
            return true;
    return false;
}

static void
parse(NjParser *parser, const char *bytes, gsize length)
{
    if (begins_as_utf16(parser, bytes, length)) {
        parser->condition = "unsupported-encoding";
        return;
    }
    parser->fed += (gint64) length;
    conclude(parser, XML_Parse(parser->expat, bytes, (int) length, 0));
    if (!deaf(parser) && !parser->held && parser->fed - parser->seen > MAX_SKIP_TAG_BYTES)
        parser->condition = "policy-violation"; /* a tag that does not end */
}

static bool
done_for_now(const NjParser *parser)
{
    return deaf(parser) || parser->held;
}

/* False: the stanza that expat waits behind is not prepared yet. */
static bool
end_whole(NjParser *parser)
{
    if (!prepare(parser, parser->whole))
        return false;
    g_autoptr(NjXml) stanza = g_steal_pointer(&parser->whole);
    parser->hooks->on_stanza(stanza, parser->owner);
    return true;
}

/* Returns how many of the bytes are done with. */
static gsize
run(NjParser *parser, const char *bytes, gsize length)
{
    gsize used = 0;
    if (parser->held && length < parser->ahead)
        return 0;
    if (parser->whole && (!end_whole(parser) || deaf(parser)))
        return 0;

    if (parser->held) {
        conclude(parser, XML_ResumeParser(parser->expat));
        if (!parser->held) {
            used = parser->ahead;
            parser->ahead = 0;
        }
    }

    while (used < length && !done_for_now(parser)
           && !(used && parser->until_us && nj_clock_us() >= parser->until_us)) {
        gsize piece = MIN(length - used, PIECE_BYTES);
        parse(parser, bytes + used, piece);
        if (parser->held)
            parser->ahead = piece;
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
    parser->busy++;
    *used = deaf(parser) ? 0 : run(parser, bytes, length);
    parser->busy--;
    if (deaf(parser))
        *used = length;

    *condition = parser->stopped ? NULL : parser->condition;
    if (parser->freed)
        nj_parser_free(parser);
    return *condition == NULL;
}

/* --- one element --- */

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

    bool fine = nj_parser_feed(parser, head, strlen(head), 0, &used, condition)
                && nj_parser_feed(parser, text, length < 0 ? strlen(text) : (gsize) length, 0,
                                  &used, condition)
                && !one.closed /* the text ended the stream itself */
                && nj_parser_feed(parser, tail, strlen(tail), 0, &used, condition) && one.closed
                && one.count == 1;

    nj_parser_free(parser);
    if (fine)
        return one.xml;

    nj_xml_free(one.xml);
    if (!*condition)
        *condition = "bad-format";
    return NULL;
}
