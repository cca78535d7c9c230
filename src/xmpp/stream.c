/* An XML stream over a transport (RFC 6120, 4).  Each start() has a parser of its own, so nothing
 * of before TLS or before authentication is left in it.  on_closed is always the last call and
 * always comes from the main loop, as the transport's does. */
#include "xmpp/stream.h"

#include <string.h>

#include "base/clock.h"
#include "model/jid.h"
#include "xmpp/connection.h"

#define CLOSE_MS 2000 /* how long the other side may take to say its </stream:stream> */

typedef enum {
    STREAM_FRESH, /* no header sent yet */
    STREAM_OPEN,
    STREAM_CLOSING, /* we have said goodbye and listen for theirs */
    STREAM_OVER,    /* the transport ends; nothing is read or written any more */
} State;

struct NjStream {
    NjTransport *transport;
    const NjStreamHooks *hooks;
    void *owner;
    NjParser *parser; /* NULL until started */
    State state;
    GError *why;   /* what on_closed will say */
    bool by_us;    /* it will say nothing: we wanted the end */
    bool answered; /* the other side's header was seen */
    char *id, *from, *elsewhere;
    gint64 last_byte_us;
    guint close_timer;
    int busy;
    bool freed;
};

/* RFC 6120, 4.9.3: what the server may say about the whole stream. */
static const struct {
    const char *condition;
    NjConnectionError code;
    const char *sentence;
} conditions[] = {
    { "bad-format", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent; please report this as a fault.") },
    { "bad-namespace-prefix", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not take a namespace that Natterjack used; please report this as a "
         "fault.") },
    { "conflict", NJ_CONNECTION_ERROR_CONFLICT,
      N_("Another client has connected under the same resource and taken the place of this one; "
         "give the account another resource, or use /connect to take it back.") },
    { "connection-timeout", NJ_CONNECTION_ERROR_LOST,
      N_("The server has not heard from this client for too long and has closed the connection; "
         "use /connect to connect at once.") },
    { "host-gone", NJ_CONNECTION_ERROR_HOST_UNKNOWN,
      N_("The server no longer serves this domain; ask its administrator where the account has "
         "gone.") },
    { "host-unknown", NJ_CONNECTION_ERROR_HOST_UNKNOWN,
      N_("The server does not serve this domain; check the address and the host of the account.") },
    { "improper-addressing", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server misses an address in what Natterjack sent; please report this as a fault.") },
    { "internal-server-error", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server has a fault of its own and has closed the connection; use /connect to try "
         "again.") },
    { "invalid-from", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not accept our address as the sender; check the address of the "
         "account.") },
    { "invalid-namespace", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server speaks another protocol than XMPP for clients; check the host and port of the "
         "account.") },
    { "invalid-xml", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not accept what Natterjack sent; please report this as a fault.") },
    { "not-authorized", NJ_CONNECTION_ERROR_POLICY,
      N_("The server does not allow this before logging in; use /connect to try again.") },
    { "not-well-formed", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent; please report this as a fault.") },
    { "policy-violation", NJ_CONNECTION_ERROR_POLICY,
      N_("The server has closed the connection because its rules were broken; wait a little, then "
         "use /connect, or ask its administrator.") },
    { "remote-connection-failed", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server can not reach a service it needs for logging in; use /connect to try again "
         "later.") },
    { "reset", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server asks for a new connection because something about the account has changed; "
         "use /connect to connect at once.") },
    { "resource-constraint", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server has no room for this connection now; use /connect to try again later.") },
    { "restricted-xml", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server refused a kind of XML that Natterjack sent; please report this as a fault.") },
    { "see-other-host", NJ_CONNECTION_ERROR_ELSEWHERE,
      N_("The server sends this account to another host; set that as the host of the account if "
         "Natterjack does not go there by itself.") },
    { "system-shutdown", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server is shutting down; it is tried again by itself, and by /connect at once.") },
    { "undefined-condition", NJ_CONNECTION_ERROR_STREAM,
      N_("The server has closed the connection for a reason of its own; use /connect to try "
         "again.") },
    { "unsupported-encoding", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not read UTF-8, so it does not speak XMPP; check the host and port of "
         "the account.") },
    { "unsupported-feature", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server needs something that Natterjack does not offer; ask its administrator which "
         "clients it takes.") },
    { "unsupported-stanza-type", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not know a kind of stanza that Natterjack sent; please report this as a "
         "fault.") },
    { "unsupported-version", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not speak this version of XMPP; ask its administrator for a newer "
         "server.") },
};

static void
destroy(NjStream *stream)
{
    g_clear_error(&stream->why);
    g_free(stream->id);
    g_free(stream->from);
    g_free(stream->elsewhere);
    g_free(stream);
}

static void
write_text(NjStream *stream, const char *text)
{
    stream->transport->class->write(stream->transport, text, strlen(text));
}

/* The last words, if they were not said yet, and then the transport's end, which brings
 * on_closed. */
static void
hang_up(NjStream *stream, bool flush)
{
    if (stream->state == STREAM_OVER)
        return;

    if (stream->state == STREAM_OPEN)
        write_text(stream, "</stream:stream>");
    stream->state = STREAM_OVER;
    g_clear_handle_id(&stream->close_timer, g_source_remove);
    if (stream->parser)
        nj_parser_stop(stream->parser);

    stream->transport->class->close(stream->transport, flush);
}

static void
note_why(NjStream *stream, NjConnectionError code, const char *sentence)
{
    if (!stream->why)
        stream->why = g_error_new_literal(NJ_CONNECTION_ERROR, (int) code, sentence);
}

void
nj_stream_fail(NjStream *stream, const char *condition, const char *sentence)
{
    if (stream->state == STREAM_OVER)
        return;

    g_info("the stream is ended by us: %s", condition);
    note_why(stream, NJ_CONNECTION_ERROR_PROTOCOL, sentence);
    if (stream->state == STREAM_OPEN) {
        g_autofree char *error = g_strdup_printf(
            "<stream:error><%s xmlns='" NJ_NS_STREAMS "'/></stream:error>", condition);
        write_text(stream, error);
    }

    hang_up(stream, true);
}

/* --- what the parser says --- */

static void
on_header(NjXml *root, void *owner)
{
    NjStream *stream = owner;
    const char *version = nj_xml_attr(root, "version"), *from = nj_xml_attr(root, "from");

    stream->answered = true;
    g_free(stream->id);
    stream->id = g_strdup(nj_xml_attr(root, "id"));
    g_free(stream->from);
    stream->from = from && nj_jid_valid(from) ? g_strdup(from) : NULL;

    /* before 1.0 there were no features to wait for (RFC 6120, 4.7.5) */
    if (!version || g_ascii_strtoull(version, NULL, 10) < 1)
        nj_stream_fail(stream, "unsupported-version",
                       _("The server speaks a version of XMPP from before 2004; ask its "
                         "administrator for a newer server."));
}

static void
note_elsewhere(NjStream *stream, const NjXml *condition)
{
    g_autofree char *raw = nj_xml_text(condition);
    if (!raw)
        return;
    g_strstrip(raw);
    if (*raw && strlen(raw) <= 1023 && nj_jid_valid(raw) && !strpbrk(raw, "/@ "))
        stream->elsewhere = g_steal_pointer(&raw);
}

static void
on_stream_error(NjStream *stream, const NjXml *error)
{
    gsize row, undefined = 0;
    g_autofree char *words = nj_xml_child_text(error, "text", NJ_NS_STREAMS);

    while (!g_str_equal(conditions[undefined].condition, "undefined-condition"))
        undefined++;
    for (row = 0; row < G_N_ELEMENTS(conditions); row++) {
        const NjXml *condition = nj_xml_child(error, conditions[row].condition, NJ_NS_STREAMS);
        if (!condition)
            continue;
        if (conditions[row].code == NJ_CONNECTION_ERROR_ELSEWHERE)
            note_elsewhere(stream, condition);
        break;
    }

    if (row == G_N_ELEMENTS(conditions))
        row = undefined;
    g_info("stream error from the server: %s", conditions[row].condition);

    g_autofree char *sentence = nj_xml_said(_(conditions[row].sentence), words);
    note_why(stream, conditions[row].code, sentence);
    hang_up(stream, true);
}

static void
on_element(NjXml *stanza, void *owner)
{
    NjStream *stream = owner;
    if (nj_xml_is(stanza, "error", NJ_NS_STREAM))
        on_stream_error(stream, stanza);
    else if (nj_xml_is(stanza, "features", NJ_NS_STREAM))
        stream->hooks->on_features(stream, stanza, stream->owner);
    else
        stream->hooks->on_stanza(stream, stanza, stream->owner);
}

static void
on_goodbye(void *owner)
{
    NjStream *stream = owner;
    note_why(stream, NJ_CONNECTION_ERROR_LOST,
             _("The server has closed the connection; use /connect to connect again at once."));
    hang_up(stream, true);
}

static bool
on_list(const NjXml *head, const NjXml *list, void *owner)
{
    NjStream *stream = owner;
    return stream->hooks->wants_items
           && stream->hooks->wants_items(stream, head, list, stream->owner);
}

static void
on_list_item(const NjXml *head, NjXml *item, void *owner)
{
    NjStream *stream = owner;
    stream->hooks->on_item(stream, head, item, stream->owner);
}

static bool
prepare_element(NjXml *stanza, gint64 until_us, void *owner)
{
    NjStream *stream = owner;
    return !stream->hooks->prepare
           || stream->hooks->prepare(stream, stanza, until_us, stream->owner);
}

static void
on_skipped(void *owner)
{
    NjStream *stream = owner;
    if (stream->hooks->on_skipped)
        stream->hooks->on_skipped(stream, stream->owner);
}

static const NjParserHooks parser_hooks = {
    .on_open = on_header,
    .on_stanza = on_element,
    .on_close = on_goodbye,
    .wants_items = on_list,
    .on_item = on_list_item,
    .prepare = prepare_element,
    .on_skipped = on_skipped,
};

/* --- what the transport says --- */

static void
on_transport_open(NjTransport *transport, void *owner)
{
    NjStream *stream = owner;
    (void) transport;
    stream->last_byte_us = nj_clock_us();
    stream->hooks->on_open(stream, stream->owner);
}

static void
on_transport_secured(NjTransport *transport, void *owner)
{
    NjStream *stream = owner;
    (void) transport;
    if (stream->state != STREAM_OVER)
        stream->hooks->on_secured(stream, stream->owner);
}

static void
refuse(NjStream *stream, const char *condition)
{
    if (stream->answered)
        nj_stream_fail(
            stream, condition,
            _("The server sent something that XMPP does not allow, so the connection was ended; "
              "use /connect to try again, and tell its administrator if it happens again."));
    else
        nj_stream_fail(
            stream, condition,
            _("What answers there does not speak XMPP; check the host and port of the account."));
}

static gsize
on_transport_bytes(NjTransport *transport, const char *bytes, gsize length, gint64 until_us,
                   void *owner)
{
    NjStream *stream = owner;
    const char *condition;
    gsize used;

    (void) transport;
    stream->last_byte_us = nj_clock_us();
    if (!stream->parser || stream->state == STREAM_OVER)
        return length;

    NjParser *parser = stream->parser;
    stream->busy++;

    bool fine = nj_parser_feed(parser, bytes, length, until_us, &used, &condition);
    stream->busy--;
    if (stream->freed) {
        destroy(stream);
        return length;
    }

    if (!fine && stream->parser == parser)
        refuse(stream, condition);
    return used;
}

static void
on_transport_closed(NjTransport *transport, const GError *why, void *owner)
{
    NjStream *stream = owner;
    (void) transport;
    stream->state = STREAM_OVER;
    g_clear_handle_id(&stream->close_timer, g_source_remove);
    if (!stream->why && why)
        stream->why = g_error_copy(why);
    if (!stream->why)
        note_why(
            stream, NJ_CONNECTION_ERROR_LOST,
            _("The connection to the server was lost; use /connect to connect again at once."));

    /* the owner may free us in the call */
    g_autoptr(GError) last = g_steal_pointer(&stream->why);
    stream->hooks->on_closed(stream, stream->by_us ? NULL : last, stream->owner);
}

static const NjTransportHooks transport_hooks = {
    .on_open = on_transport_open,
    .on_secured = on_transport_secured,
    .on_bytes = on_transport_bytes,
    .on_closed = on_transport_closed,
};

/* --- what the owner says --- */

NjStream *
nj_stream_new(NjTransport *transport, const NjStreamHooks *hooks, void *owner)
{
    NjStream *stream = g_new0(NjStream, 1);
    stream->transport = transport;
    stream->hooks = hooks;
    stream->owner = owner;
    transport->hooks = &transport_hooks;
    transport->owner = stream;
    return stream;
}

void
nj_stream_free(NjStream *stream)
{
    if (!stream)
        return;

    stream->state = STREAM_OVER;
    g_clear_handle_id(&stream->close_timer, g_source_remove);
    g_clear_pointer(&stream->parser, nj_parser_free);
    stream->transport->class->free(stream->transport);
    if (stream->busy)
        stream->freed = true;
    else
        destroy(stream);
}

void
nj_stream_start(NjStream *stream, const char *to, const char *from)
{
    if (stream->state > STREAM_OPEN)
        return;

    nj_parser_free(stream->parser);
    stream->parser = nj_parser_new(&parser_hooks, stream);
    stream->state = STREAM_OPEN;

    g_autofree char *sender = from ? g_markup_printf_escaped(" from='%s'", from) : g_strdup("");
    g_autofree char *target = g_markup_printf_escaped(" to='%s'", to);
    g_autofree char *header =
        g_strconcat("<?xml version='1.0'?><stream:stream", target, sender,
                    " version='1.0' xml:lang='en'"
                    " xmlns='" NJ_NS_CLIENT "' xmlns:stream='" NJ_NS_STREAM "'>",
                    NULL);

    write_text(stream, header);
}

bool
nj_stream_send(NjStream *stream, NjXml *stanza)
{
    bool open = stream->state == STREAM_OPEN;
    if (open) {
        gsize length;
        g_autofree char *text = nj_xml_print(stanza, &length);
        stream->transport->class->write(stream->transport, text, length);
    }
    nj_xml_free(stanza);
    return open;
}

void
nj_stream_start_tls(NjStream *stream)
{
    if (stream->state != STREAM_OPEN)
        return;
    nj_parser_stop(stream->parser);
    stream->transport->class->start_tls(stream->transport);
}

static gboolean
on_close_timeout(void *data)
{
    NjStream *stream = data;
    stream->close_timer = 0;
    hang_up(stream, false);
    return G_SOURCE_REMOVE;
}

void
nj_stream_close(NjStream *stream)
{
    if (stream->state == STREAM_FRESH) {
        stream->by_us = true;
        hang_up(stream, false);
    } else if (stream->state == STREAM_OPEN) {
        stream->by_us = true;
        write_text(stream, "</stream:stream>");
        stream->state = STREAM_CLOSING;
        stream->close_timer = g_timeout_add(CLOSE_MS, on_close_timeout, stream);
    }
}

void
nj_stream_pause(NjStream *stream, bool paused)
{
    if (stream->state != STREAM_OVER)
        stream->transport->class->pause(stream->transport, paused);
}

NjTransport *
nj_stream_transport(NjStream *stream)
{
    return stream->transport;
}

const char *
nj_stream_id(const NjStream *stream)
{
    return stream->id;
}

const char *
nj_stream_from(const NjStream *stream)
{
    return stream->from;
}

gint64
nj_stream_last_byte_us(const NjStream *stream)
{
    return stream->last_byte_us;
}

const char *
nj_stream_elsewhere(const NjStream *stream)
{
    return stream->elsewhere;
}
