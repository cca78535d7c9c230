/* Runs talks: wire conversations as text, on a string instead of a socket, with the real parser, session, model and store.

     # a comment; the first one is the talk's title
     @ option NAME VALUE      before the login: an option, a contact (an <item/>), what the stream offers, or no login at all
     @ roster <item …/>       @ features <ver …/>       @ invisible       @ offline
     @ online | early | lost | conflict | refused | asks | answer SECRET | sleep MS      what the link does, or the person who is asked
     < STANZA                 received; \xHH is a byte, $name what a `>` line has bound
     > STANZA                 sent: compared as a tree; * stands for anything, $name for one text that stays the same
     ! EVENT                  told by the bus; * stands for anything
     ? CALL                   what a person does, see `calls`

   A line that begins with a space goes on with the one before.  Everything sent must be named, and so must every event but those
   of `loose`, which may be left out: thus silence is tested by writing nothing.  Without `@ offline` the talk begins logged in,
   with the roster answered.  The wall stands still at NOW. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>

#include "base/clock.h"
#include "model/events.h"
#include "model/jid.h"
#include "model/store.h"
#include "xmpp/parser.h"
#include "xmpp/session.h"

#define NOW    "2026-01-02T03:04:05.678Z"
#define OPENED "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
#define OURS   "toad@pond.example/desk"

typedef struct Talk Talk;

typedef struct {
    NjLink base;
    NjParser *parser;
    gint64 last_byte_us;
    bool online;
    char *jid;
} StringLink;

typedef struct {
    char *text;
    bool loose;
} Event;

struct Talk {
    const char *path;
    int line;
    char *dir;
    NjClient *client;
    NjAccount *account;
    NjSession *session;
    StringLink *link;
    NjXml *features;
    GString *roster;
    GQueue sent;                /* of NjXml */
    GQueue events;              /* of Event */
    GHashTable *names;          /* $name -> text */
    void (*password_done)(const char *password, const char *why, void *data);
    void *password_data;
    GString *failure;           /* what went wrong, empty: nothing */
    bool begun, offline;
};

/* The maker of links knows no talk: the one that runs. */
static Talk *running;

/* --- failures --- */

static void G_GNUC_PRINTF(2, 3)
fail(Talk *talk, const char *format, ...)
{
    va_list args;
    if (talk->failure->len)
        return;                 /* the first says it */
    g_string_append_printf(talk->failure, "%s:%d: ", talk->path, talk->line);
    va_start(args, format);
    g_string_append_vprintf(talk->failure, format, args);
    va_end(args);
}

static void
settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

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

static NjXml *
parse(const char *text)
{
    static const NjParserHooks hooks = { ignore_open, keep_stanza, ignore_close, no_items, ignore_item };
    const char *condition = NULL;
    NjXml *stanza = NULL;
    gsize used;
    NjParser *parser = nj_parser_new(&hooks, &stanza);
    if (!nj_parser_feed(parser, OPENED, strlen(OPENED), true, 0, &used, &condition) ||
        !nj_parser_feed(parser, text, strlen(text), true, 0, &used, &condition))
        g_clear_pointer(&stanza, nj_xml_free);
    nj_parser_free(parser);
    return stanza;
}

/* --- comparing --- */

static bool
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
static bool
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

static void G_GNUC_PRINTF(3, 4)
tell(Talk *talk, bool loose, const char *format, ...)
{
    Event *event = g_new0(Event, 1);
    va_list args;
    va_start(args, format);
    event->text = g_strdup_vprintf(format, args);
    va_end(args);
    event->loose = loose;
    g_queue_push_tail(&talk->events, event);
}

static void
event_free(Event *event)
{
    g_free(event->text);
    g_free(event);
}

static void
link_open(NjLink *base)
{
    (void) base;
}

/* What goes out is printed and read again, as the other side would. */
static void
link_send(NjLink *base, NjXml *stanza)
{
    Talk *talk = running;
    (void) base;
    g_autofree char *text = nj_xml_print(stanza, NULL);
    NjXml *read = parse(text);
    if (read)
        g_queue_push_tail(&talk->sent, read);
    else
        fail(talk, "sent what can not be read: %s", text);
    nj_xml_free(stanza);
}

static void
close_link(StringLink *link, const GError *why)
{
    link->online = false;
    link->base.hooks->on_state(&link->base, NJ_LINK_CLOSED, why, link->base.owner);
}

static void
link_close(NjLink *base)
{
    tell(running, false, "stream closed");
    close_link((StringLink *) base, NULL);
}

static void
link_free(NjLink *base)
{
    StringLink *link = (StringLink *) base;
    if (running->link == link)
        running->link = NULL;
    nj_parser_free(link->parser);
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
    (void) base;
    return NULL;
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

static const NjLinkClass link_class = {
    link_open, link_send, link_close, link_free, link_pause, link_password, link_jid, link_features, link_certificate, link_last_byte_us,
    link_scram_rank,
};

static void
on_stanza(NjXml *stanza, void *owner)
{
    StringLink *link = owner;
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

static NjLink *
make_link(const NjAccountSettings *settings, const char *bare, const char *trust_once, const NjLinkHooks *hooks, void *owner)
{
    static const NjParserHooks parser_hooks = { ignore_open, on_stanza, ignore_close, wants_items, on_item };
    StringLink *link = g_new0(StringLink, 1);
    const char *condition;
    gsize used;
    (void) settings;
    (void) bare;
    (void) trust_once;
    link->base = (NjLink) { &link_class, hooks, owner };
    link->jid = g_strdup(OURS);
    link->last_byte_us = nj_clock_us();
    link->parser = nj_parser_new(&parser_hooks, link);
    nj_parser_feed(link->parser, OPENED, strlen(OPENED), true, 0, &used, &condition);
    running->link = link;
    return &link->base;
}

static void
end_link(Talk *talk, NjLinkError code, const char *sentence)
{
    g_autoptr(GError) why = g_error_new_literal(NJ_LINK_ERROR, (int) code, sentence);
    if (talk->link)
        close_link(talk->link, why);
    else
        fail(talk, "there is no link");
    settle();
}

static void
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
    if (!nj_parser_feed(link->parser, bytes, length, true, 0, &used, &condition)) {
        tell(talk, false, "stream error %s", condition);
        end_link(talk, NJ_LINK_ERROR_PROTOCOL, "The server does not speak XMPP.");
    }
    settle();
}

static void
go_online(Talk *talk)
{
    if (!talk->link) {
        fail(talk, "there is no link");
        return;
    }
    talk->link->online = true;
    talk->link->base.hooks->on_state(&talk->link->base, NJ_LINK_ONLINE, NULL, talk->link->base.owner);
    settle();
}

/* --- what the bus tells --- */

static void
describe_message(GString *text, const NjMessage *message)
{
    if (message->mention)
        g_string_append(text, " mention");
    if (message->delayed) {
        g_autofree char *time = nj_clock_format(message->time);
        g_string_append_printf(text, " delayed=%s", time);
    }
    if (message->encryption)
        g_string_append_printf(text, " encryption=%s", message->encryption);
    if (message->type != NJ_MESSAGE_CHAT && message->type != NJ_MESSAGE_GROUPCHAT)
        g_string_append_printf(text, " %s", nj_message_type_name(message));
    if (message->subject)
        g_string_append_printf(text, " subject=“%s”", message->subject);
    if (message->archive_id)
        g_string_append_printf(text, " archive=%s", message->archive_id);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const NjMessage *message = event->message;
    describe_message(text, message);
    tell(owner, false, "message %s %s %s %s%s: %s", event->chat->address, message->out ? "out" : "in", message->sender,
         nj_message_state_name(message), text->str, message->body ? message->body : "");
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    const char *error = event->message->error;
    tell(owner, false, "%s %s: %s%s%s", nj_message_state_name(event->message), event->chat->address, event->message->body,
         error ? " | " : "", error ? error : "");
}

static void
on_notice(NjNotice *notice, void *owner)
{
    static const char *const kinds[] = { "info", "success", "warning", "error" };
    tell(owner, false, "notice %s%s%s: %s", kinds[notice->kind], notice->chat ? " " : "", notice->chat ? notice->chat->address : "", notice->text);
}

static void
on_request_changed(NjAccount *account, void *owner)
{
    g_autoptr(GString) text = g_string_new("requests");
    const GPtrArray *requests = nj_roster_requests(account->roster);
    for (guint i = 0; i < requests->len; i++) {
        const NjRequest *request = requests->pdata[i];
        g_string_append_printf(text, "%s %s", i ? "," : "", request->address);
        if (request->asks)
            g_string_append(text, " asks");
        if (request->messages)
            g_string_append_printf(text, " wrote %u", request->messages);
        if (request->text)
            g_string_append_printf(text, " “%s”", request->text);
    }
    tell(owner, false, "%s", text->str);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    tell(owner, false, "account %s%s%s", nj_account_state_name(account->state), account->why ? ": " : "", account->why ? account->why : "");
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    const NjContact *contact = event->contact;
    g_autofree char *groups = g_strjoinv(", ", contact->groups);
    const char *status = nj_contact_status(contact);
    tell(owner, true, "contact %s %s%s %s%s%s%s%s", contact->address, nj_subscription_name(contact->subscription), contact->ask ? " ask" : "",
         nj_show_name(nj_contact_show(contact)), status ? " " : "", status ? status : "", *groups ? " groups: " : "", groups);
}

static void
on_contact_removed(NjContact *contact, void *owner)
{
    tell(owner, false, "contact removed %s", contact->address);
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    static const char *const states[] = { "out", "joining", "in" };
    tell(owner, true, "room %s %s %s%s%s%s%s", room->chat->address, room->nick, states[room->state], room->subject ? " subject: " : "",
         room->subject ? room->subject : "", room->why ? ": " : "", room->why ? room->why : "");
}

static void
on_occupant_changed(NjOccupantEvent *event, void *owner)
{
    static const char *const roles[] = { "visitor", "participant", "moderator" };
    static const char *const affiliations[] = { "outcast", "none", "member", "admin", "owner" };
    const NjOccupant *occupant = event->occupant;
    tell(owner, true, "occupant %s %s %s %s %s%s%s%s%s", event->room->chat->address, occupant->shown, roles[occupant->role],
         affiliations[occupant->affiliation], nj_show_name(occupant->show), occupant->status ? " " : "", occupant->status ? occupant->status : "",
         event->old_nick ? " was " : "", event->old_nick ? event->old_nick : "");
}

static void
on_occupant_removed(NjOccupantEvent *event, void *owner)
{
    tell(owner, true, "occupant gone %s %s", event->room->chat->address, event->occupant->shown);
}

static void
on_chat_added(NjChat *chat, void *owner)
{
    tell(owner, true, "chat %s", chat->address);
}

static void
on_chat_changed(NjChat *chat, void *owner)
{
    static const char *const typing[] = { "gone", "inactive", "active", "paused", "composing" };
    tell(owner, true, "chat %s %s unread %u", chat->address, typing[chat->typing], chat->unread);
}

static void
listen(Talk *talk)
{
    NjBus *bus = talk->client->bus;
    nj_on_message_added(bus, on_message_added, talk);
    nj_on_message_changed(bus, on_message_changed, talk);
    nj_on_notice(bus, on_notice, talk);
    nj_on_request_changed(bus, on_request_changed, talk);
    nj_on_account_changed(bus, on_account_changed, talk);
    nj_on_contact_changed(bus, on_contact_changed, talk);
    nj_on_contact_removed(bus, on_contact_removed, talk);
    nj_on_room_changed(bus, on_room_changed, talk);
    nj_on_occupant_changed(bus, on_occupant_changed, talk);
    nj_on_occupant_removed(bus, on_occupant_removed, talk);
    nj_on_chat_added(bus, on_chat_added, talk);
    nj_on_chat_changed(bus, on_chat_changed, talk);
}

/* --- what a person does --- */

static void
check(Talk *talk, bool done, GError **error)
{
    if (*error)
        tell(talk, false, "refused: %s", (*error)->message);
    else if (!done)
        tell(talk, false, "refused without a word");
}

static void
append_record(GString *text, const NjRecord *record)
{
    for (guint i = 0; i < nj_record_length(record); i++) {
        const NjField *field = nj_record_at(record, i);
        if (field->kind == NJ_FIELD_LIST) {
            g_string_append_printf(text, " %s=[", field->key);
            for (guint j = 0; j < field->list->len; j++)
                append_record(text, field->list->pdata[j]);
            g_string_append(text, " ]");
        } else if (field->kind == NJ_FIELD_TEXT) {
            g_string_append_printf(text, " %s=%s", field->key, field->text);
        } else {
            g_string_append_printf(text, " %s=%" G_GINT64_FORMAT, field->key, field->number);
        }
    }
}

static void
on_done(const GError *error, NjRecord *result, void *data)
{
    Talk *talk = data;
    if (error) {
        tell(talk, false, "failed: %s", error->message);
        return;
    }
    g_autoptr(GString) text = g_string_new("done");
    if (result)
        append_record(text, result);
    tell(talk, false, "%s", text->str);
}

static NjChat *
chat_of(Talk *talk, const char *address)
{
    NjChat *chat = nj_chat_find(talk->account, address);
    return chat ? chat : nj_chat_open(talk->account, NJ_CHAT_PERSON, address);
}

static void
call_send(Talk *talk, const char *address, const char *text)
{
    g_autoptr(GError) error = NULL;
    check(talk, nj_message_send(chat_of(talk, address), text, NULL, &error), &error);
}

static void
call_normal(Talk *talk, const char *address, const char *text)
{
    g_autoptr(GError) error = NULL;
    NjSendOptions options = { NJ_MESSAGE_NORMAL, "The pond", "t1" };
    check(talk, nj_message_send(chat_of(talk, address), text, &options, &error), &error);
}

static void
call_private(Talk *talk, const char *address, const char *text)
{
    g_autoptr(GError) error = NULL;
    check(talk, nj_message_send(nj_chat_open(talk->account, NJ_CHAT_PRIVATE, address), text, NULL, &error), &error);
}

static void
call_typing(Talk *talk, const char *address, const char *word)
{
    NjTyping typing = g_str_equal(word, "composing") ? NJ_TYPING_COMPOSING : g_str_equal(word, "paused") ? NJ_TYPING_PAUSED : NJ_TYPING_ACTIVE;
    nj_message_typing(chat_of(talk, address), typing);
}

static void
call_join(Talk *talk, const char *room, const char *rest)
{
    g_auto(GStrv) words = g_strsplit(rest, " ", 2);
    nj_muc_join(talk->account, room, words[0], words[0] ? words[1] : NULL, on_done, talk);
}

static NjRoom *
room_of(Talk *talk, const char *address)
{
    NjChat *chat = nj_chat_find(talk->account, address);
    if (!chat || !chat->room)
        fail(talk, "there is no room %s", address);
    return chat ? chat->room : NULL;
}

static void
call_leave(Talk *talk, const char *address, const char *text)
{
    NjRoom *room = room_of(talk, address);
    if (room)
        nj_muc_leave(room, text, NULL);
}

static void
call_subject(Talk *talk, const char *address, const char *text)
{
    g_autoptr(GError) error = NULL;
    NjRoom *room = room_of(talk, address);
    if (room)
        check(talk, nj_muc_set_subject(room, text, &error), &error);
}

static void
call_show(Talk *talk, const char *word, const char *status)
{
    NjShow show = NJ_SHOW_ONLINE;
    nj_show_parse(word, &show);
    nj_account_set_presence(talk->account, show, status, show == NJ_SHOW_XA ? -5 : 0);
    nj_presence_send(talk->account);
}

static void
call_direct(Talk *talk, const char *address, const char *word)
{
    NjShow show = NJ_SHOW_ONLINE;
    nj_show_parse(word, &show);
    nj_presence_direct(talk->account, address, show, NULL, NULL);
}

static void
call_subscribe(Talk *talk, const char *what, const char *address)
{
    static const char *const words[] = { "ask", "allow", "deny", "cancel" };
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_str_equal(words[i], what))
            check(talk, nj_subscribe(talk->account, address, (NjSubscribe) i, NULL, &error), &error);
}

static void
call_edit(Talk *talk, const char *address, const char *rest)
{
    g_auto(GStrv) words = g_strsplit(rest, " ", -1);
    nj_roster_edit(talk->account, address, words[0], words[0] && words[1] ? (const char *const *) words + 1 : NULL, on_done, talk);
}

static void
call_delete(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_roster_delete(talk->account, address, on_done, talk);
}

static void
call_accept(Talk *talk, const char *address, const char *rest)
{
    g_autoptr(GError) error = NULL;
    (void) rest;
    check(talk, nj_request_accept(talk->account, address, &error), &error);
}

static void
call_refuse(Talk *talk, const char *address, const char *rest)
{
    g_autoptr(GError) error = NULL;
    (void) rest;
    check(talk, nj_request_refuse(talk->account, address, &error), &error);
}

static void
call_ping(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_ping(talk->account, *address ? address : NULL, on_done, talk);
}

static void
call_info(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_info(talk->account, address, on_done, talk);
}

static void
call_cancel(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_iq_cancel(talk->session, talk);
}

static void
call_open(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    chat_of(talk, address);
}

static void
call_close(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_chat_close(nj_chat_find(talk->account, address));
}

static void
call_connect(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_session_connect(talk->session);
}

static void
call_disconnect(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_session_disconnect(talk->session);
}

/* What the store has of a chat, as an event a line. */
static void
call_stored(Talk *talk, const char *address, const char *rest)
{
    NjStoredChat stored = { 0 };
    (void) rest;
    nj_store_flush(talk->client->store);
    nj_store_chat(talk->client->store, talk->account->row, NJ_CHAT_PERSON, address, &stored);
    g_autoptr(GPtrArray) page = nj_store_page_before(talk->client->store, stored.id, G_MAXINT64, G_MAXINT64, 100);
    for (guint i = 0; i < page->len; i++)
        tell(talk, false, "stored%s: %s", stored.waiting ? " waiting" : "", ((NjMessage *) page->pdata[i])->body);
    if (!page->len)
        tell(talk, false, "stored nothing");
    nj_stored_chat_clear(&stored);
}

static const struct {
    const char *name;
    void (*func)(Talk *talk, const char *first, const char *rest);
} calls[] = {
    { "send", call_send },             { "normal", call_normal }, { "private", call_private }, { "typing", call_typing },
    { "join", call_join },             { "leave", call_leave },   { "subject", call_subject }, { "show", call_show },
    { "direct", call_direct },         { "edit", call_edit },     { "delete", call_delete },   { "accept", call_accept },
    { "refuse", call_refuse },         { "ping", call_ping },     { "info", call_info },       { "cancel", call_cancel },
    { "open", call_open },             { "close", call_close },   { "connect", call_connect }, { "disconnect", call_disconnect },
    { "subscribe", call_subscribe },   { "stored", call_stored },
};

static void
call(Talk *talk, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    const char *first = words[0] && words[1] ? words[1] : "";
    const char *rest = *first && words[2] ? words[2] : "";
    for (gsize i = 0; words[0] && i < G_N_ELEMENTS(calls); i++)
        if (g_str_equal(calls[i].name, words[0])) {
            calls[i].func(talk, first, rest);
            settle();
            return;
        }
    fail(talk, "no such call: %s", line);
}

/* --- the lines --- */

static void
drop_loose(Talk *talk)
{
    for (GList *item = talk->events.head; item;) {
        GList *next = item->next;
        Event *event = item->data;
        if (event->loose) {
            event_free(event);
            g_queue_delete_link(&talk->events, item);
        }
        item = next;
    }
}

/* Before anything new happens all that happened was told. */
static void
nothing_left(Talk *talk)
{
    drop_loose(talk);
    NjXml *sent = g_queue_peek_head(&talk->sent);
    Event *event = g_queue_peek_head(&talk->events);
    if (sent) {
        g_autofree char *text = nj_xml_print(sent, NULL);
        fail(talk, "sent before this line, and not expected: %s", text);
    } else if (event) {
        fail(talk, "told before this line, and not expected: %s", event->text);
    }
}

static void
forget_all(Talk *talk)
{
    g_queue_clear_full(&talk->sent, (GDestroyNotify) nj_xml_free);
    g_queue_clear_full(&talk->events, (GDestroyNotify) event_free);
}

/* Roster and presence are out before anything came back. */
static void
log_in(Talk *talk)
{
    talk->begun = true;
    if (talk->offline)
        return;
    nj_session_connect(talk->session);
    settle();
    go_online(talk);
    NjXml *roster = g_queue_pop_head(&talk->sent);
    if (!roster || !nj_xml_is(roster, "iq", NJ_NS_CLIENT)) {
        fail(talk, "the login does not begin with the roster");
    } else {
        g_autofree char *answer = g_strdup_printf("<iq type='result' id='%s'><query xmlns='jabber:iq:roster' ver='v1'>%s</query></iq>",
                                                  nj_xml_attr(roster, "id"), talk->roster->str);
        receive(talk, answer, strlen(answer));
    }
    nj_xml_free(roster);
    forget_all(talk);
}

static char *
expand(Talk *talk, const char *text)
{
    GString *out = g_string_new(NULL);
    while (*text) {
        gsize length = 0;
        if (*text == '$')
            while (g_ascii_isalnum(text[length + 1]))
                length++;
        g_autofree char *name = g_strndup(text + 1, length);
        const char *value = length ? g_hash_table_lookup(talk->names, name) : NULL;
        if (value) {
            g_string_append(out, value);
            text += length + 1;
        } else if (g_str_has_prefix(text, "\\x") && g_ascii_isxdigit(text[2]) && g_ascii_isxdigit(text[3])) {
            g_string_append_c(out, (char) (g_ascii_xdigit_value(text[2]) * 16 + g_ascii_xdigit_value(text[3])));
            text += 4;
        } else {
            g_string_append_c(out, *text++);
        }
    }
    return g_string_free(out, FALSE);
}

static void
expect_sent(Talk *talk, const char *text)
{
    NjXml *expected = parse(text);
    NjXml *got = g_queue_pop_head(&talk->sent);
    if (!expected) {
        fail(talk, "this can not be read");
    } else if (!got) {
        fail(talk, "nothing was sent");
    } else if (!same(talk, expected, got)) {
        g_autofree char *shown = nj_xml_print(got, NULL);
        fail(talk, "sent instead: %s", shown);
    }
    nj_xml_free(expected);
    nj_xml_free(got);
}

static void
expect_event(Talk *talk, const char *expected)
{
    for (;;) {
        Event *event = g_queue_pop_head(&talk->events);
        if (!event) {
            fail(talk, "this was not told");
            return;
        }
        bool good = matches(talk, expected, event->text), loose = event->loose;
        if (!good && !loose)
            fail(talk, "told instead: %s", event->text);
        event_free(event);
        if (good || !loose)
            return;
    }
}

static gboolean
wake(void *data)
{
    *(bool *) data = true;
    return G_SOURCE_REMOVE;
}

static void
sleep_for(const char *text)
{
    bool over = false;
    g_timeout_add((guint) atoi(text), wake, &over);
    while (!over)
        g_main_context_iteration(NULL, TRUE);
}

static void
ask_password(NjAccount *account, void (*done)(const char *password, const char *why, void *data), void *data, void *owner)
{
    Talk *talk = owner;
    (void) account;
    talk->password_done = done;
    talk->password_data = data;
    tell(talk, false, "asked for the password");
}

static void
direct(Talk *talk, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    const char *what = words[0] ? words[0] : "", *first = words[0] && words[1] ? words[1] : "";
    g_autoptr(GError) error = NULL;
    if (g_str_equal(what, "option")) {
        if (!nj_options_override(talk->client->options, first, words[2], &error))
            fail(talk, "%s", error->message);
    } else if (g_str_equal(what, "roster")) {
        g_string_append(talk->roster, line + strlen("roster "));
    } else if (g_str_equal(what, "features")) {
        nj_xml_add(talk->features, parse(line + strlen("features ")));
    } else if (g_str_equal(what, "invisible")) {
        nj_account_set_presence(talk->account, NJ_SHOW_OFFLINE, NULL, 0);
    } else if (g_str_equal(what, "offline")) {
        talk->offline = true;
    } else if (g_str_equal(what, "online")) {
        go_online(talk);
    } else if (g_str_equal(what, "lost")) {
        end_link(talk, NJ_LINK_ERROR_LOST, "The connection was lost.");
    } else if (g_str_equal(what, "conflict")) {
        end_link(talk, NJ_LINK_ERROR_CONFLICT, "Another client took this place.");
    } else if (g_str_equal(what, "refused")) {
        end_link(talk, NJ_LINK_ERROR_PASSWORD, "The password is wrong.");
    } else if (g_str_equal(what, "asks") && talk->link) {
        talk->link->base.hooks->on_password(&talk->link->base, talk->link->base.owner);
    } else if (g_str_equal(what, "answer") && talk->password_done) {
        void (*done)(const char *, const char *, void *) = g_steal_pointer(&talk->password_done);
        done(first, NULL, talk->password_data);
    } else if (g_str_equal(what, "sleep")) {
        sleep_for(first);
    } else {
        fail(talk, "this can not be done: %s", line);
    }
}

static void
run_line(Talk *talk, const char *line)
{
    static const char *const before_login[] = { "option", "roster", "features", "invisible", "offline" };
    const char *text = line + 1 + (line[1] == ' ');
    g_autofree char *expanded = expand(talk, text);
    bool prepares = false;
    for (gsize i = 0; *line == '@' && i < G_N_ELEMENTS(before_login); i++)
        prepares |= g_str_has_prefix(text, before_login[i]);
    if (!prepares && !talk->begun)
        log_in(talk);
    if (*line == '<' || *line == '?' || (*line == '@' && talk->begun))
        nothing_left(talk);
    if (talk->failure->len)
        return;
    if (*line == '<')
        receive(talk, expanded, strlen(expanded));
    else if (*line == '>')
        expect_sent(talk, text);
    else if (*line == '!')
        expect_event(talk, text);
    else if (*line == '?')
        call(talk, expanded);
    else if (*line == '@')
        direct(talk, expanded);
    else
        fail(talk, "a line begins with one of # @ < > ! ?");
    if (prepares)
        g_queue_clear_full(&talk->events, (GDestroyNotify) event_free);
}

/* --- a talk --- */

static void
open_client(Talk *talk)
{
    NjAccountSettings settings = {
        .name = (char *) "home", .address = (char *) "toad@pond.example", .resource = (char *) "desk", .autoconnect = true,
    };
    g_autoptr(GError) error = NULL;
    talk->dir = g_dir_make_tmp("talk-XXXXXX", &error);
    if (!talk->dir)
        g_error("%s", error->message);
    talk->client = nj_client_new(nj_paths_new(talk->dir), nj_options_new(NULL));
    NjStore *store = nj_store_open(talk->dir, &error);
    if (!store)
        g_error("%s", error->message);
    nj_client_set_store(talk->client, store);
    talk->client->hooks.ask_password = ask_password;
    talk->client->hooks.owner = talk;
    talk->account = nj_client_add_account(talk->client, &settings);
    talk->session = nj_session_new(talk->account, nj_modules(), make_link);
    talk->features = parse("<stream:features/>");
    listen(talk);
}

static void
remove_dir(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        if (g_unlink(file) != 0)
            remove_dir(file);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

static void
close_client(Talk *talk)
{
    NjStore *store = talk->client->store;
    nj_bus_forget(talk->client->bus, talk);
    nj_session_free(talk->session);
    if (talk->password_done)
        talk->password_done(NULL, NULL, talk->password_data);
    nj_client_free(talk->client);
    nj_store_close(store, 2000);
    nj_xml_free(talk->features);
    remove_dir(talk->dir);
    g_free(talk->dir);
}

static void
run_lines(Talk *talk, char **lines)
{
    for (int i = 0; lines[i] && !talk->failure->len; i++) {
        g_autoptr(GString) line = g_string_new(lines[i]);
        talk->line = i + 1;
        while (*line->str && *line->str != '#' && lines[i + 1] && lines[i + 1][0] == ' ')
            g_string_append_printf(line, " %s", g_strstrip(lines[++i]));
        if (*line->str && *line->str != '#')
            run_line(talk, line->str);
    }
    if (!talk->failure->len)
        nothing_left(talk);
}

static bool
run_talk(const char *path)
{
    Talk talk = { .path = path };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        printf("FAILED %s\n", error->message);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    running = &talk;
    talk.failure = g_string_new(NULL);
    talk.roster = g_string_new(NULL);
    talk.names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    open_client(&talk);
    run_lines(&talk, lines);
    bool good = !talk.failure->len;
    g_autofree char *name = g_path_get_basename(path);
    printf("%s %s%s%s\n", good ? "ok    " : "FAILED", good ? name : talk.failure->str, good && *lines[0] == '#' ? ":" : "",
           good && *lines[0] == '#' ? lines[0] + 1 : "");
    close_client(&talk);
    forget_all(&talk);
    g_hash_table_unref(talk.names);
    g_string_free(talk.roster, TRUE);
    g_string_free(talk.failure, TRUE);
    return good;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
all_talks(void)
{
    const char *top = g_getenv("top_srcdir");
    g_autofree char *path = g_build_filename(top ? top : ".", "tests", "talks", NULL);
    GPtrArray *talks = g_ptr_array_new_with_free_func(g_free);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_suffix(name, ".talk"))
            g_ptr_array_add(talks, g_build_filename(path, name, NULL));
    if (dir)
        g_dir_close(dir);
    g_ptr_array_sort(talks, by_name);
    return talks;
}

int
main(int argc, char **argv)
{
    int passed = 0, failed = 0;
    gint64 now;
    g_autoptr(GPtrArray) talks = argc > 1 ? g_ptr_array_new_with_free_func(g_free) : all_talks();
    for (int i = 1; i < argc; i++)
        g_ptr_array_add(talks, g_strdup(argv[i]));
    if (nj_clock_parse(NOW, &now))
        nj_clock_freeze(now);
    for (guint i = 0; i < talks->len; i++)
        *(run_talk(talks->pdata[i]) ? &passed : &failed) += 1;
    printf("%d passed, %d failed\n", passed, failed);
    return failed || !passed ? EXIT_FAILURE : EXIT_SUCCESS;
}
