#include "string-transport.h"

#include <string.h>

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
close_it(NjTransport *transport, bool flush)
{
    self(transport)->closing = true;
    self(transport)->flushed = flush;
}

static void
free_it(NjTransport *transport)
{
    self(transport)->freed = true;
}

static gsize
queued(const NjTransport *transport)
{
    return self(transport)->written->len;
}

static bool
secure(const NjTransport *transport)
{
    return self(transport)->secure;
}

static bool
binding(const NjTransport *transport, const char *type, GByteArray *out)
{
    const char *bytes = g_str_equal(type, "tls-exporter") ? self(transport)->exporter
                        : g_str_equal(type, "tls-server-end-point") ? self(transport)->end_point : NULL;
    if (!bytes || !self(transport)->secure)
        return false;
    g_byte_array_append(out, (const guint8 *) bytes, (guint) strlen(bytes));
    return true;
}

static const NjCertificate *
certificate(const NjTransport *transport)
{
    (void) transport;
    return NULL;
}

static bool
client_certificate(const NjTransport *transport)
{
    return self(transport)->client_certificate;
}

static const NjTransportClass string_class = {
    .write = write_bytes, .start_tls = start_tls, .pause = set_paused, .close = close_it, .free = free_it, .queued = queued,
    .secure = secure, .binding = binding, .certificate = certificate, .client_certificate = client_certificate,
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
        gsize used = transport->base.hooks->on_bytes(&transport->base, text, left, true, 0, transport->base.owner);
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

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* As printed, but the attributes of each tag in order; libstrophe's order depends on how they were put in. */
static char *
canonical(const char *text)
{
    const char *condition;
    g_autoptr(NjXml) xml = nj_parser_element(text, -1, &condition);
    if (!xml)
        return g_strdup(text);
    g_autofree char *printed = nj_xml_print(xml, NULL);
    g_auto(GStrv) pieces = g_strsplit_set(printed, "<>", -1);
    for (guint i = 0; pieces[i]; i++) {
        if (!strstr(pieces[i], "=\""))
            continue;
        bool empty = g_str_has_suffix(pieces[i], "/");
        if (empty)
            pieces[i][strlen(pieces[i]) - 1] = '\0';
        g_auto(GStrv) attributes = g_strsplit(pieces[i], "\" ", -1);
        char *name = attributes[0], *first = strchr(name, ' ');
        GPtrArray *sorted = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(sorted, g_strdup(first));
        for (guint k = 1; attributes[k]; k++)
            g_ptr_array_add(sorted, g_strdup_printf(" %s", attributes[k]));
        for (guint k = 0; k < sorted->len; k++)         /* the last one still has its quote */
            if (g_str_has_suffix(sorted->pdata[k], "\""))
                ((char *) sorted->pdata[k])[strlen(sorted->pdata[k]) - 1] = '\0';
        g_ptr_array_sort(sorted, by_text);
        GString *tag = g_string_new_len(name, first - name);
        for (guint k = 0; k < sorted->len; k++)
            g_string_append_printf(tag, "%s\"", (char *) sorted->pdata[k]);
        g_ptr_array_unref(sorted);
        g_free(pieces[i]);
        pieces[i] = g_string_free(g_string_append(tag, empty ? "/" : ""), FALSE);
    }
    return g_strjoinv("|", pieces);
}

bool
same_xml(const char *a, const char *b)
{
    g_autofree char *one = canonical(a);
    g_autofree char *two = canonical(b);
    return g_str_equal(one, two);
}
