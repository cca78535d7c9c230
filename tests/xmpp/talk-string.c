/* The connection of a talk, which is made of strings, and the comparison of stanzas as text. */
#include <strophe.h>

#include "talk.h"

#define OPENED                                                                              \
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' " \
    "version='1.0'>"
#define OURS "toad@pond.example/desk"

/* --- text to tree --- */

static void
keep_stanza(NjXml *stanza, void *owner)
{
    NjXml **kept = owner;
    if (!*kept)
        *kept = nj_xml_ref(stanza);
}

static void
ignore_open(NjXml *root, void *owner)
{
    (void) root;
    (void) owner;
}

static void
ignore_close(void *owner)
{
    (void) owner;
}

static bool
no_items(const NjXml *head, const NjXml *list, void *owner)
{
    (void) head;
    (void) list;
    (void) owner;
    return false;
}

static void
ignore_item(const NjXml *head, NjXml *item, void *owner)
{
    (void) head;
    (void) item;
    (void) owner;
}

NjXml *
parse(const char *text)
{
    static const NjParserHooks hooks = {
        .on_open = ignore_open,
        .on_stanza = keep_stanza,
        .on_close = ignore_close,
        .wants_items = no_items,
        .on_item = ignore_item,
    };
    const char *condition = NULL;
    NjXml *stanza = NULL;
    gsize used;
    NjParser *parser = nj_parser_new(&hooks, &stanza);

    if (!nj_parser_feed(parser, OPENED, strlen(OPENED), 0, &used, &condition)
        || !nj_parser_feed(parser, text, strlen(text), 0, &used, &condition))
        g_clear_pointer(&stanza, nj_xml_free);
    nj_parser_free(parser);

    return stanza;
}

/* --- comparing --- */

bool
matches(Talk *talk, const char *expected, const char *got)
{
    if (expected[0] == '$' && expected[1]) {
        const char *bound = g_hash_table_lookup(talk->names, expected + 1);
        if (bound)
            return g_str_equal(bound, got);
        g_hash_table_insert(talk->names, g_strdup(expected + 1), g_strdup(got));
        return *got;
    }

    return strchr(expected, '*') ? *got && g_pattern_match_simple(expected, got)
                                 : g_str_equal(expected, got);
}

static bool
same_text(Talk *talk, const NjXml *expected, const NjXml *got)
{
    g_autofree char *a = nj_xml_text(expected), *b = nj_xml_text(got);
    return matches(talk, a ? g_strstrip(a) : "", b ? b : "");
}

/* Compares two stanzas; attributes may be in any order, children may not. */
bool
same(Talk *talk, const NjXml *expected, const NjXml *got)
{
    xmpp_stanza_t *a = (xmpp_stanza_t *) expected, *b = (xmpp_stanza_t *) got;
    if (g_strcmp0(nj_xml_name(expected), nj_xml_name(got)) != 0
        || g_strcmp0(nj_xml_ns(expected), nj_xml_ns(got)) != 0)
        return false;

    int count = xmpp_stanza_get_attribute_count(a);
    if (count != xmpp_stanza_get_attribute_count(b))
        return false;

    g_autofree const char **attributes = g_new0(const char *, count * 2 + 1);
    xmpp_stanza_get_attributes(a, attributes, count * 2);
    for (int i = 0; i < count * 2; i += 2) {
        const char *value = nj_xml_attr(got, attributes[i]);
        if (!g_str_equal(attributes[i], "xmlns")
            && (!value || !matches(talk, attributes[i + 1], value)))
            return false;
    }

    NjXml *x = nj_xml_first(expected), *y = nj_xml_first(got);
    for (; x && y; x = nj_xml_next(x), y = nj_xml_next(y))
        if (!same(talk, x, y))
            return false;

    return !x && !y && same_text(talk, expected, got);
}

/* --- the connection --- */

static void
string_open(NjConnection *base)
{
    (void) base;
}

/* A sent stanza is printed and parsed again, as the server does. */
static bool
string_send(NjConnection *base, NjXml *stanza)
{
    Talk *talk = running;
    if (((StringConnection *) base)->over) {
        nj_xml_free(stanza);
        return false;
    }

    g_autofree char *text = nj_xml_print(stanza, NULL);
    NjXml *read = parse(text);
    if (read)
        g_queue_push_tail(&talk->sent, read);
    else
        fail(talk, "sent a stanza that cannot be parsed: %s", text);

    nj_xml_free(stanza);
    return true;
}

static void
string_close(NjConnection *base)
{
    (void) base;
    add_event(running, false, "closing the stream");
}

static void
string_free(NjConnection *base)
{
    StringConnection *connection = (StringConnection *) base;
    if (running->connection == connection)
        running->connection = NULL;
    nj_parser_free(connection->parser);
    g_clear_error(&connection->why);
    nj_xml_free(connection->resumed);
    g_free(connection->jid);
    g_free(connection);
}

static void
string_pause(NjConnection *base, bool paused)
{
    (void) base;
    add_event(running, false, "reading %s", paused ? "stopped" : "resumed");
}

static void
string_password(NjConnection *base, const char *password)
{
    (void) base;
    add_event(running, false, "password %s", password ? password : "not given");
}

static const char *
string_jid(const NjConnection *base)
{
    return ((const StringConnection *) base)->jid;
}

static const NjXml *
string_features(const NjConnection *base)
{
    (void) base;
    return running->features;
}

static const NjCertificate *
string_certificate(const NjConnection *base)
{
    return ((const StringConnection *) base)->certificate;
}

static gint64
string_last_byte_us(const NjConnection *base)
{
    return ((const StringConnection *) base)->last_byte_us;
}

static int
string_scram_rank(const NjConnection *base)
{
    (void) base;
    return 0;
}

static const NjXml *
string_resumed(const NjConnection *base)
{
    return ((const StringConnection *) base)->resumed;
}

static const NjConnectionClass string_class = {
    .open = string_open,
    .send = string_send,
    .close = string_close,
    .free = string_free,
    .pause = string_pause,
    .give_password = string_password,
    .jid = string_jid,
    .resumed = string_resumed,
    .features = string_features,
    .certificate = string_certificate,
    .last_byte_us = string_last_byte_us,
    .scram_rank = string_scram_rank,
};

/* Does what the login does: if the server does not resume the session, a new one starts (XEP-0198,
 * 5). */
static void
on_resume_answer(StringConnection *connection, NjXml *answer)
{
    connection->resuming = false;
    if (nj_xml_is(answer, "resumed", "urn:xmpp:sm:3"))
        connection->resumed = nj_xml_copy(answer);
    else
        connection->base.hooks->on_resume_failed(&connection->base, answer, connection->base.owner);
    if (running->connection != connection)
        return; /* a listener ended the connection */

    connection->base.hooks->on_state(&connection->base, NJ_CONNECTION_ONLINE, NULL,
                                     connection->base.owner);
}

static void
on_stanza(NjXml *stanza, void *owner)
{
    StringConnection *connection = owner;
    if (connection->resuming)
        on_resume_answer(connection, stanza);
    else
        connection->base.hooks->on_stanza(&connection->base, stanza, connection->base.owner);
}

static bool
wants_items(const NjXml *head, const NjXml *list, void *owner)
{
    StringConnection *connection = owner;
    return connection->base.hooks->wants_items(&connection->base, head, list,
                                               connection->base.owner);
}

static void
on_item(const NjXml *head, NjXml *item, void *owner)
{
    StringConnection *connection = owner;
    connection->base.hooks->on_item(&connection->base, head, item, connection->base.owner);
}

static void
on_skipped(void *owner)
{
    StringConnection *connection = owner;
    connection->base.hooks->on_skipped(&connection->base, connection->base.owner);
}

NjConnection *
make_string_connection(const NjAccountSettings *settings, const char *bare, const char *trust_once,
                       const NjConnectionHooks *hooks, void *owner)
{
    static const NjParserHooks parser_hooks = {
        .on_open = ignore_open,
        .on_stanza = on_stanza,
        .on_close = ignore_close,
        .wants_items = wants_items,
        .on_item = on_item,
        .on_skipped = on_skipped,
    };
    StringConnection *connection = g_new0(StringConnection, 1);
    const char *condition;
    gsize used;

    (void) settings;
    (void) bare;
    if (trust_once)
        add_event(running, false, "trusts %s", trust_once);

    connection->base = (NjConnection){ &string_class, hooks, owner };
    connection->jid = g_strdup(OURS);
    connection->last_byte_us = nj_clock_us();
    connection->parser = nj_parser_new(&parser_hooks, connection);
    nj_parser_feed(connection->parser, OPENED, strlen(OPENED), 0, &used, &condition);
    running->connection = connection;

    return &connection->base;
}

/* code 0: we closed the connection. */
void
end_connection(Talk *talk, int code, const char *sentence)
{
    StringConnection *connection = talk->connection;
    if (!connection) {
        fail(talk, "there is no connection");
        return;
    }

    connection->online = false;
    connection->why = code ? g_error_new_literal(NJ_CONNECTION_ERROR, code, sentence) : NULL;
    connection->base.hooks->on_state(&connection->base, NJ_CONNECTION_CLOSED, connection->why,
                                     connection->base.owner);
    settle();
}

void
receive(Talk *talk, const char *bytes, gsize length)
{
    StringConnection *connection = talk->connection;
    const char *condition = NULL;
    gsize used;

    if (!connection || !connection->online) {
        fail(talk, "the connection is not online");
        return;
    }

    connection->last_byte_us = nj_clock_us();
    if (!nj_parser_feed(connection->parser, bytes, length, 0, &used, &condition)) {
        add_event(talk, false, "stream error %s", condition);
        end_connection(talk, NJ_CONNECTION_ERROR_PROTOCOL, "The server does not speak XMPP.");
    }

    settle();
}

void
go_online(Talk *talk)
{
    if (!talk->connection) {
        fail(talk, "there is no connection");
        return;
    }

    talk->connection->online = true;
    NjXml *resume = talk->connection->base.hooks->build_resume(
        &talk->connection->base, talk->features, talk->connection->base.owner);
    if (resume) {
        talk->connection->resuming = true;
        g_queue_push_tail(&talk->sent, resume);
        return;
    }

    talk->connection->base.hooks->on_state(&talk->connection->base, NJ_CONNECTION_ONLINE, NULL,
                                           talk->connection->base.owner);
    settle();
}
