#include "string-transport.h"

#include <string.h>
#include <strophe.h>

#include "xmpp/parser.h"

static StringTransport *
self(const NjTransport *transport)
{
    return (StringTransport *) transport;
}

static void
write_bytes(NjTransport *transport, const char *bytes, gsize length)
{
    g_string_append_len(self(transport)->written, bytes, (gssize) length);
}

static void
start_tls(NjTransport *transport)
{
    self(transport)->wants_tls = true;
}

static void
set_paused(NjTransport *transport, bool paused)
{
    self(transport)->paused = paused;
}

static void
close_transport(NjTransport *transport, bool flush)
{
    self(transport)->closing = true;
    self(transport)->flushed = flush;
}

static void
mark_freed(NjTransport *transport)
{
    self(transport)->freed = true;
}

static gsize
count_queued(const NjTransport *transport)
{
    return self(transport)->written->len;
}

static bool
is_secure(const NjTransport *transport)
{
    return self(transport)->secure;
}

static bool
append_binding(const NjTransport *transport, const char *type, GByteArray *out)
{
    const char *bytes = NULL;
    if (g_str_equal(type, "tls-exporter"))
        bytes = self(transport)->exporter;
    else if (g_str_equal(type, "tls-server-end-point"))
        bytes = self(transport)->end_point;

    if (!bytes || !self(transport)->secure)
        return false;
    g_byte_array_append(out, (const guint8 *) bytes, (guint) strlen(bytes));
    return true;
}

static const NjCertificate *
get_certificate(const NjTransport *transport)
{
    (void) transport;
    return NULL;
}

static bool
has_client_certificate(const NjTransport *transport)
{
    return self(transport)->client_certificate;
}

static const NjTransportClass string_class = {
    .write = write_bytes,
    .start_tls = start_tls,
    .pause = set_paused,
    .close = close_transport,
    .free = mark_freed,
    .queued = count_queued,
    .secure = is_secure,
    .binding = append_binding,
    .certificate = get_certificate,
    .client_certificate = has_client_certificate,
};

StringTransport *
string_transport_new(void)
{
    StringTransport *transport = g_new0(StringTransport, 1);
    transport->base.class = &string_class;
    transport->written = g_string_new(NULL);
    return transport;
}

void
string_transport_drop(StringTransport *transport)
{
    g_string_free(transport->written, TRUE);
    g_free(transport);
}

void
string_transport_open(StringTransport *transport)
{
    transport->opened = true;
    transport->base.hooks->on_open(&transport->base, transport->base.owner);
}

void
string_transport_receive(StringTransport *transport, const char *text)
{
    gsize left = strlen(text);
    while (left && !transport->freed && !transport->closed) {
        gsize used =
            transport->base.hooks->on_bytes(&transport->base, text, left, 0, transport->base.owner);
        g_assert_cmpuint(used, <=, left);
        text += used;
        left -= used;
    }
}

void
string_transport_lose(StringTransport *transport, const GError *why)
{
    if (transport->freed || transport->closed)
        return;
    transport->closed = true;
    transport->base.hooks->on_closed(&transport->base, why, transport->base.owner);
}

void
string_transport_turn(StringTransport *transport)
{
    if (transport->closing) {
        string_transport_lose(transport, NULL);
    } else if (transport->wants_tls) {
        transport->wants_tls = false;
        transport->secure = true;
        transport->base.hooks->on_secured(&transport->base, transport->base.owner);
    }
}

char *
string_transport_take(StringTransport *transport)
{
    char *text = g_strdup(transport->written->str);
    g_string_truncate(transport->written, 0);
    return text;
}

static bool
same_tree(const NjXml *a, const NjXml *b)
{
    xmpp_stanza_t *one = (xmpp_stanza_t *) a, *two = (xmpp_stanza_t *) b;
    g_autofree char *text = nj_xml_text(a), *other_text = nj_xml_text(b);
    int count = xmpp_stanza_get_attribute_count(one);

    if (!nj_xml_is(a, nj_xml_name(b), nj_xml_ns(b)) || g_strcmp0(text, other_text) != 0
        || count != xmpp_stanza_get_attribute_count(two))
        return false;

    g_autofree const char **attributes = g_new0(const char *, count * 2 + 1);
    xmpp_stanza_get_attributes(one, attributes, count * 2);
    for (int i = 0; i < count * 2; i += 2)
        if (g_strcmp0(nj_xml_attr(b, attributes[i]), attributes[i + 1]) != 0)
            return false;
    for (a = nj_xml_first(a), b = nj_xml_first(b); a && b; a = nj_xml_next(a), b = nj_xml_next(b))
        if (!same_tree(a, b))
            return false;

    return !a && !b;
}

bool
same_xml(const char *a, const char *b)
{
    const char *condition;
    g_autoptr(NjXml) one = nj_parser_element(a, -1, &condition);
    g_autoptr(NjXml) two = nj_parser_element(b, -1, &condition);
    return one && two ? same_tree(one, two) : g_str_equal(a, b);
}
