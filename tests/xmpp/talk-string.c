/* The wire of a talk: stanzas as text, read as the other side would read them, and a link that is a string. */
#include <strophe.h>

#include "talk.h"

#define OPENED "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
#define OURS   "toad@pond.example/desk"

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
    static const NjParserHooks hooks = { ignore_open, keep_stanza, ignore_close, no_items, ignore_item, NULL };
    const char *condition = NULL;
    NjXml *stanza = NULL;
    gsize used;
    NjParser *parser = nj_parser_new(&hooks, &stanza);
    if (!nj_parser_feed(parser, OPENED, strlen(OPENED), 0, &used, &condition) ||
        !nj_parser_feed(parser, text, strlen(text), 0, &used, &condition))
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
    return strchr(expected, '*') ? *got && g_pattern_match_simple(expected, got) : g_str_equal(expected, got);
}

static bool
same_text(Talk *talk, const NjXml *expected, const NjXml *got)
{
    g_autofree char *a = nj_xml_text(expected), *b = nj_xml_text(got);
    return matches(talk, a ? g_strstrip(a) : "", b ? b : "");
}

/* The order of attributes says nothing, that of children does. */
bool
same(Talk *talk, const NjXml *expected, const NjXml *got)
{
    xmpp_stanza_t *a = (xmpp_stanza_t *) expected, *b = (xmpp_stanza_t *) got;
    if (g_strcmp0(nj_xml_name(expected), nj_xml_name(got)) != 0 || g_strcmp0(nj_xml_ns(expected), nj_xml_ns(got)) != 0)
        return false;
    int count = xmpp_stanza_get_attribute_count(a);
    if (count != xmpp_stanza_get_attribute_count(b))
        return false;
    g_autofree const char **attributes = g_new0(const char *, count * 2 + 1);
    xmpp_stanza_get_attributes(a, attributes, count * 2);
    for (int i = 0; i < count * 2; i += 2) {
        const char *value = nj_xml_attr(got, attributes[i]);
        if (!g_str_equal(attributes[i], "xmlns") && (!value || !matches(talk, attributes[i + 1], value)))
            return false;
    }
    NjXml *x = nj_xml_first(expected), *y = nj_xml_first(got);
    for (; x && y; x = nj_xml_next(x), y = nj_xml_next(y))
        if (!same(talk, x, y))
            return false;
    return !x && !y && same_text(talk, expected, got);
}

/* --- the string --- */

static void
link_open(NjLink *base)
{
    (void) base;
}

/* What goes out is printed and read again, as the other side would. */
static bool
link_send(NjLink *base, NjXml *stanza)
{
    Talk *talk = running;
    if (((StringLink *) base)->over) {
        nj_xml_free(stanza);
        return false;
    }
    g_autofree char *text = nj_xml_print(stanza, NULL);
    NjXml *read = parse(text);
    if (read)
        g_queue_push_tail(&talk->sent, read);
    else
        fail(talk, "sent what can not be read: %s", text);
    nj_xml_free(stanza);
    return true;
}

static void
link_close(NjLink *base)
{
    (void) base;
    tell(running, false, "closing the stream");
}

static void
link_free(NjLink *base)
{
    StringLink *link = (StringLink *) base;
    if (running->link == link)
        running->link = NULL;
    nj_parser_free(link->parser);
    g_clear_error(&link->why);
    nj_xml_free(link->resumed);
    g_free(link->jid);
    g_free(link);
}

static void
link_pause(NjLink *base, bool paused)
{
    (void) base;
    tell(running, false, "reading %s", paused ? "stopped" : "resumed");
}

static void
link_password(NjLink *base, const char *password)
{
    (void) base;
    tell(running, false, "password %s", password ? password : "not given");
}

static const char *
link_jid(const NjLink *base)
{
    return ((const StringLink *) base)->jid;
}

static const NjXml *
link_features(const NjLink *base)
{
    (void) base;
    return running->features;
}

static const NjCertificate *
link_certificate(const NjLink *base)
{
    return ((const StringLink *) base)->certificate;
}

static gint64
link_last_byte_us(const NjLink *base)
{
    return ((const StringLink *) base)->last_byte_us;
}

static int
link_scram_rank(const NjLink *base)
{
    (void) base;
    return 0;
}

static const NjXml *
link_resumed(const NjLink *base)
{
    return ((const StringLink *) base)->resumed;
}

static const NjLinkClass link_class = {
    link_open, link_send, link_close, link_free, link_pause, link_password, link_jid, link_resumed, link_features, link_certificate,
    link_last_byte_us, link_scram_rank,
};

/* XEP-0198, 5, as a login does it: a session that is gone is followed by a new one. */
static void
on_resume_answer(StringLink *link, NjXml *answer)
{
    link->resuming = false;
    if (nj_xml_is(answer, "resumed", "urn:xmpp:sm:3"))
        link->resumed = nj_xml_copy(answer);
    else
        link->base.hooks->not_resumed(&link->base, answer, link->base.owner);
    if (running->link != link)
        return;                 /* somebody who heard of it ended it */
    link->base.hooks->on_state(&link->base, NJ_LINK_ONLINE, NULL, link->base.owner);
}

static void
on_stanza(NjXml *stanza, void *owner)
{
    StringLink *link = owner;
    if (link->resuming)
        on_resume_answer(link, stanza);
    else
        link->base.hooks->on_stanza(&link->base, stanza, link->base.owner);
}

static bool
wants_items(const NjXml *head, const NjXml *list, void *owner)
{
    StringLink *link = owner;
    return link->base.hooks->wants_items(&link->base, head, list, link->base.owner);
}

static void
on_item(const NjXml *head, NjXml *item, void *owner)
{
    StringLink *link = owner;
    link->base.hooks->on_item(&link->base, head, item, link->base.owner);
}

static void
on_skipped(void *owner)
{
    StringLink *link = owner;
    link->base.hooks->skipped(&link->base, link->base.owner);
}

NjLink *
make_link(const NjAccountSettings *settings, const char *bare, const char *trust_once, const NjLinkHooks *hooks, void *owner)
{
    static const NjParserHooks parser_hooks = { ignore_open, on_stanza, ignore_close, wants_items, on_item, NULL, on_skipped };
    StringLink *link = g_new0(StringLink, 1);
    const char *condition;
    gsize used;
    (void) settings;
    (void) bare;
    if (trust_once)
        tell(running, false, "trusts %s", trust_once);
    link->base = (NjLink) { &link_class, hooks, owner };
    link->jid = g_strdup(OURS);
    link->last_byte_us = nj_clock_us();
    link->parser = nj_parser_new(&parser_hooks, link);
    nj_parser_feed(link->parser, OPENED, strlen(OPENED), 0, &used, &condition);
    running->link = link;
    return &link->base;
}

/* code 0: it was us who closed. */
void
end_link(Talk *talk, int code, const char *sentence)
{
    StringLink *link = talk->link;
    if (!link) {
        fail(talk, "there is no link");
        return;
    }
    link->online = false;
    link->why = code ? g_error_new_literal(NJ_LINK_ERROR, code, sentence) : NULL;
    link->base.hooks->on_state(&link->base, NJ_LINK_CLOSED, link->why, link->base.owner);
    settle();
}

void
receive(Talk *talk, const char *bytes, gsize length)
{
    StringLink *link = talk->link;
    const char *condition = NULL;
    gsize used;
    if (!link || !link->online) {
        fail(talk, "nobody listens: the link is not up");
        return;
    }
    link->last_byte_us = nj_clock_us();
    if (!nj_parser_feed(link->parser, bytes, length, 0, &used, &condition)) {
        tell(talk, false, "stream error %s", condition);
        end_link(talk, NJ_LINK_ERROR_PROTOCOL, "The server does not speak XMPP.");
    }
    settle();
}

void
go_online(Talk *talk)
{
    if (!talk->link) {
        fail(talk, "there is no link");
        return;
    }
    talk->link->online = true;
    NjXml *resume = talk->link->base.hooks->resume(&talk->link->base, talk->features, talk->link->base.owner);
    if (resume) {
        talk->link->resuming = true;
        g_queue_push_tail(&talk->sent, resume);
        return;
    }
    talk->link->base.hooks->on_state(&talk->link->base, NJ_LINK_ONLINE, NULL, talk->link->base.owner);
    settle();
}
