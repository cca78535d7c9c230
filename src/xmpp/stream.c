/* An XML stream over a transport (RFC 6120, 4). Each nj_stream_start() makes a new parser, so bytes
 * from before TLS or before authentication cannot affect the new stream. */
#include "xmpp/stream.h"

#include <string.h>

#include "base/clock.h"
#include "model/jid.h"
#include "xmpp/connection.h"

#define CLOSE_MS 2000 /* how long the server may take to answer </stream:stream> */
#define MAX_HOST 1023 /* bytes of see-other-host */

typedef enum {
    STREAM_NEW, /* no header was sent yet */
    STREAM_OPEN,
    STREAM_CLOSING, /* </stream:stream> was sent; the server's is awaited */
    STREAM_OVER,    /* the transport is closing: nothing is read or written any more */
} State;

struct NjStream {
    NjTransport *transport;
    const NjStreamHooks *hooks;
    void *owner;
    NjParser *parser; /* NULL until nj_stream_start() */
    State state;
    GError *why;       /* the first reason for the end, for on_closed; NULL */
    bool closed_by_us; /* nj_stream_close() was called: on_closed gets no error */
    bool header_seen;  /* the server's header arrived */
    char *id, *from;   /* of the server's last header; NULL */
    char *redirect;    /* from see-other-host; NULL */
    gint64 last_byte_us;
    GSource *close_timer;
    int parsing; /* calls of nj_parser_feed() that are on the stack */
    bool freed;  /* by a hook during parsing; the memory is freed afterwards */
};

/* The conditions of stream errors (RFC 6120, 4.9.3). */
static const struct {
    const char *condition;
    NjConnectionError code;
    const char *sentence;
} conditions[] = {
    { "bad-format", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent; please report this as a bug.") },
    { "bad-namespace-prefix", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not accept a namespace that Natterjack used; please report this as a "
         "bug.") },
    { "conflict", NJ_CONNECTION_ERROR_CONFLICT,
      N_("Another client has connected with the same resource and replaced this one. Set another "
         "resource with /account set NAME resource RESOURCE, or use /connect to replace the other "
         "client.") },
    { "connection-timeout", NJ_CONNECTION_ERROR_LOST,
      N_("The server has received nothing for too long and has closed the connection; use /connect "
         "to connect at once.") },
    { "host-gone", NJ_CONNECTION_ERROR_HOST_UNKNOWN,
      N_("The server no longer serves this domain; ask its administrator where the account is "
         "now.") },
    { "host-unknown", NJ_CONNECTION_ERROR_HOST_UNKNOWN,
      N_("The server does not serve this domain; check the address of the account, or set its "
         "server with /account set NAME host HOST.") },
    { "improper-addressing", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("An address is missing in what Natterjack sent; please report this as a bug.") },
    { "internal-server-error", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server has an internal error and has closed the connection; use /connect to try "
         "again.") },
    { "invalid-from", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not accept our address as the sender; check the address of the "
         "account.") },
    { "invalid-namespace", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not speak XMPP for clients; check host and port of the account with "
         "/account set NAME host HOST.") },
    { "invalid-xml", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not accept what Natterjack sent; please report this as a bug.") },
    { "not-authorized", NJ_CONNECTION_ERROR_POLICY,
      N_("The server does not allow this before logging in; use /connect to try again.") },
    { "not-well-formed", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server could not read what Natterjack sent; please report this as a bug.") },
    { "policy-violation", NJ_CONNECTION_ERROR_POLICY,
      N_("The server has closed the connection because its rules were broken; wait a moment, then "
         "use /connect, or ask its administrator.") },
    { "remote-connection-failed", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server cannot reach a service that it needs for logins; use /connect to try again "
         "later.") },
    { "reset", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server asks for a new connection because the account has changed; use /connect to "
         "connect at once.") },
    { "resource-constraint", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server has too few resources for this connection; use /connect to try again "
         "later.") },
    { "restricted-xml", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server refused a kind of XML that Natterjack sent; please report this as a bug.") },
    { "see-other-host", NJ_CONNECTION_ERROR_REDIRECTED,
      N_("The server redirects this account to another host, but Natterjack did not follow; set "
         "the host with /account set NAME host HOST.") },
    { "system-shutdown", NJ_CONNECTION_ERROR_SHUTDOWN,
      N_("The server is shutting down; Natterjack connects again when it is back, or at once with "
         "/connect.") },
    { "undefined-condition", NJ_CONNECTION_ERROR_STREAM,
      N_("The server has closed the connection without a known reason; use /connect to try "
         "again.") },
    { "unsupported-encoding", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not read UTF-8, so it does not speak XMPP; check host and port of the "
         "account with /account set NAME host HOST.") },
    { "unsupported-feature", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server needs a feature that Natterjack does not have; ask its administrator which "
         "clients it accepts.") },
    { "unsupported-stanza-type", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not know a kind of stanza that Natterjack sent; please report this as a "
         "bug.") },
    { "unsupported-version", NJ_CONNECTION_ERROR_PROTOCOL,
      N_("The server does not speak this version of XMPP; ask its administrator for a newer "
         "server.") },
};

static void
destroy_stream(NjStream *stream)
{
    g_clear_error(&stream->why);
    g_free(stream->id);
    g_free(stream->from);
    g_free(stream->redirect);
    g_free(stream);
}

static void
write_text(NjStream *stream, const char *text)
{
    stream->transport->class->write(stream->transport, text, strlen(text));
}

/* Sends </stream:stream> if that was not sent yet, and closes the transport; on_closed follows.
 * flush: the transport sends its queued bytes first. */
static void
close_transport(NjStream *stream, bool flush)
{
    if (stream->state == STREAM_OVER)
        return;

    if (stream->state == STREAM_OPEN)
        write_text(stream, "</stream:stream>");
    stream->state = STREAM_OVER;
    nj_clock_cancel(&stream->close_timer);
    if (stream->parser)
        nj_parser_stop(stream->parser);

    stream->transport->class->close(stream->transport, flush);
}

/* Keeps the first reason for the end. */
static void
set_reason(NjStream *stream, NjConnectionError code, const char *sentence)
{
    if (!stream->why)
        stream->why = g_error_new_literal(NJ_CONNECTION_ERROR, (int) code, sentence);
}

void
nj_stream_fail(NjStream *stream, const char *condition, const char *sentence)
{
    if (stream->state == STREAM_OVER)
        return;

    g_info("sent a stream error: %s", condition);
    set_reason(stream, NJ_CONNECTION_ERROR_PROTOCOL, sentence);
    if (stream->state == STREAM_OPEN) {
        g_autofree char *error = g_strdup_printf(
            "<stream:error><%s xmlns='" NJ_NS_STREAMS "'/></stream:error>", condition);
        write_text(stream, error);
    }

    close_transport(stream, true);
}

/* --- hooks of the parser --- */

static void
on_header(NjXml *root, void *owner)
{
    NjStream *stream = owner;
    const char *version = nj_xml_attr(root, "version"), *from = nj_xml_attr(root, "from");

    stream->header_seen = true;
    g_free(stream->id);
    stream->id = g_strdup(nj_xml_attr(root, "id"));
    g_free(stream->from);
    stream->from = from && nj_jid_valid(from) ? g_strdup(from) : NULL;

    /* A stream before version 1.0 has no features (RFC 6120, 4.7.5). */
    if (!version || g_ascii_strtoull(version, NULL, 10) < 1)
        nj_stream_fail(stream, "unsupported-version",
                       _("The server speaks XMPP in a version from before 2004; ask its "
                         "administrator for a newer server."));
}

/* Keeps the host of see-other-host, unless it cannot be a host. */
static void
read_redirect(NjStream *stream, const NjXml *condition)
{
    g_autofree char *raw = nj_xml_text(condition);
    if (!raw)
        return;
    g_strstrip(raw);
    if (!*raw || strlen(raw) > MAX_HOST)
        return;
    if (nj_jid_valid(raw) && !strpbrk(raw, "/@ "))
        stream->redirect = g_steal_pointer(&raw);
}

/* Returns the index in `conditions` of the error's condition; for an unknown one that of
 * undefined-condition. */
static gsize
find_condition(const NjXml *error)
{
    gsize undefined = 0;
    for (gsize row = 0; row < G_N_ELEMENTS(conditions); row++) {
        if (nj_xml_child(error, conditions[row].condition, NJ_NS_STREAMS))
            return row;
        if (strcmp(conditions[row].condition, "undefined-condition") == 0)
            undefined = row;
    }
    return undefined;
}

static void
on_stream_error(NjStream *stream, const NjXml *error)
{
    gsize row = find_condition(error);
    g_autofree char *words = nj_xml_child_text(error, "text", NJ_NS_STREAMS);

    if (conditions[row].code == NJ_CONNECTION_ERROR_REDIRECTED)
        read_redirect(stream, nj_xml_child(error, conditions[row].condition, NJ_NS_STREAMS));
    g_info("received a stream error: %s", conditions[row].condition);

    g_autofree char *sentence = nj_xml_append_server_text(_(conditions[row].sentence), words);
    set_reason(stream, conditions[row].code, sentence);
    close_transport(stream, true);
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
on_stream_end(void *owner)
{
    NjStream *stream = owner;
    set_reason(stream, NJ_CONNECTION_ERROR_LOST,
               _("The server has closed the connection; use /connect to connect again at once."));
    close_transport(stream, true);
}

static bool
wants_items(const NjXml *head, const NjXml *list, void *owner)
{
    NjStream *stream = owner;
    return stream->hooks->wants_items
           && stream->hooks->wants_items(stream, head, list, stream->owner);
}

static void
on_item(const NjXml *head, NjXml *item, void *owner)
{
    NjStream *stream = owner;
    stream->hooks->on_item(stream, head, item, stream->owner);
}

static bool
prepare_stanza(NjXml *stanza, gint64 until_us, void *owner)
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
    .on_close = on_stream_end,
    .wants_items = wants_items,
    .on_item = on_item,
    .prepare = prepare_stanza,
    .on_skipped = on_skipped,
};

/* --- hooks of the transport --- */

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

/* Ends the stream because the parser does not accept the bytes that arrived. */
static void
fail_parsing(NjStream *stream, const char *condition)
{
    if (stream->header_seen)
        nj_stream_fail(
            stream, condition,
            _("The server sent something that XMPP does not allow, so the connection was closed; "
              "use /connect to try again, and tell its administrator if it happens again."));
    else
        nj_stream_fail(stream, condition,
                       _("The server does not speak XMPP; check host and port of the account with "
                         "/account set NAME host HOST."));
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
    stream->parsing++;

    bool is_valid = nj_parser_feed(parser, bytes, length, until_us, &used, &condition);
    stream->parsing--;
    if (stream->freed) {
        destroy_stream(stream);
        return length;
    }

    /* If a hook has restarted the stream with another parser, the old parser's error is void. */
    if (!is_valid && stream->parser == parser)
        fail_parsing(stream, condition);
    return used;
}

static void
on_transport_closed(NjTransport *transport, const GError *why, void *owner)
{
    NjStream *stream = owner;
    (void) transport;
    stream->state = STREAM_OVER;
    nj_clock_cancel(&stream->close_timer);
    if (!stream->why && why)
        stream->why = g_error_copy(why);
    if (!stream->why)
        set_reason(stream, NJ_CONNECTION_ERROR_LOST,
                   _("Lost the connection to the server; use /connect to connect again at once."));

    /* The hook may free the stream, so why is taken out of it first. */
    g_autoptr(GError) reason = g_steal_pointer(&stream->why);
    stream->hooks->on_closed(stream, stream->closed_by_us ? NULL : reason, stream->owner);
}

static const NjTransportHooks transport_hooks = {
    .on_open = on_transport_open,
    .on_secured = on_transport_secured,
    .on_bytes = on_transport_bytes,
    .on_closed = on_transport_closed,
};

/* --- functions for the owner --- */

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
    nj_clock_cancel(&stream->close_timer);
    g_clear_pointer(&stream->parser, nj_parser_free);
    stream->transport->class->free(stream->transport);
    if (stream->parsing)
        stream->freed = true;
    else
        destroy_stream(stream);
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
    bool is_open = stream->state == STREAM_OPEN;
    if (is_open) {
        gsize length;
        g_autofree char *text = nj_xml_print(stanza, &length);
        stream->transport->class->write(stream->transport, text, length);
    }
    nj_xml_free(stanza);
    return is_open;
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
    nj_clock_cancel(&stream->close_timer);
    close_transport(stream, false);
    return G_SOURCE_REMOVE;
}

void
nj_stream_close(NjStream *stream)
{
    if (stream->state == STREAM_NEW) {
        stream->closed_by_us = true;
        close_transport(stream, false);
    } else if (stream->state == STREAM_OPEN) {
        stream->closed_by_us = true;
        write_text(stream, "</stream:stream>");
        stream->state = STREAM_CLOSING;
        stream->close_timer = nj_clock_after(CLOSE_MS, on_close_timeout, stream);
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
nj_stream_redirect(const NjStream *stream)
{
    return stream->redirect;
}
