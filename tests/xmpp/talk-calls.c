/* The calls of a talk (`? send frog@pond.example hello`): a table from the first word to a function
 * that does what the user would do. */
#include "talk.h"
#include "xmpp/xep/0030.h"
#include "xmpp/xep/0045.h"
#include "xmpp/xep/0085.h"
#include "xmpp/xep/0191.h"
#include "xmpp/xep/0199.h"
#include "xmpp/xep/0224.h"
#include "xmpp/xep/message.h"
#include "xmpp/xep/presence.h"
#include "xmpp/xep/roster.h"

static void
check(Talk *talk, bool done, GError **error)
{
    if (*error)
        add_event(talk, false, "refused: %s", (*error)->message);
    else if (!done)
        add_event(talk, false, "refused without an error");
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

void
tell_result(const GError *error, NjRecord *result, void *data)
{
    Talk *talk = data;
    if (error) {
        add_event(talk, false, "failed: %s", error->message);
        return;
    }

    g_autoptr(GString) text = g_string_new("done");
    if (result)
        append_record(text, result);
    add_event(talk, false, "%s", text->str);
}

/* Removes the account from inside a callback, as a script does that runs its next command when the
 * last one is answered. */
static void
remove_account(Talk *talk)
{
    nj_session_free(g_steal_pointer(&talk->session));
    nj_client_remove_account(talk->client, talk->account);
}

static void
on_done_remove(const GError *error, NjRecord *result, void *data)
{
    tell_result(error, result, data);
    remove_account(data);
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
    check(
        talk,
        nj_message_send(nj_chat_open(talk->account, NJ_CHAT_PRIVATE, address), text, NULL, &error),
        &error);
}

/* Sends the newest message with this text again. */
static void
call_retry(Talk *talk, const char *address, const char *text)
{
    g_autoptr(GError) error = NULL;
    NjChat *chat = chat_of(talk, address);
    g_autoptr(GPtrArray) page =
        nj_store_page_before(talk->client->store, chat->id, G_MAXINT64, G_MAXINT64, 100);

    for (guint i = page->len; i-- > 0;) {
        NjMessage *message = page->pdata[i];
        if (g_str_equal(message->body, text)) {
            check(talk, nj_message_retry(chat, message, &error), &error);
            return;
        }
    }

    fail(talk, "no message has this text");
}

static void
call_typing(Talk *talk, const char *address, const char *word)
{
    NjTyping typing = NJ_TYPING_ACTIVE;
    if (g_str_equal(word, "composing"))
        typing = NJ_TYPING_COMPOSING;
    else if (g_str_equal(word, "paused"))
        typing = NJ_TYPING_PAUSED;

    nj_message_typing(chat_of(talk, address), typing);
}

static void
call_join(Talk *talk, const char *room, const char *rest)
{
    g_auto(GStrv) words = g_strsplit(rest, " ", 2);
    nj_muc_join(talk->account, room, words[0], words[0] ? words[1] : NULL, tell_result, talk);
}

static void
call_join_remove(Talk *talk, const char *room, const char *nick)
{
    nj_muc_join(talk->account, room, nick, NULL, on_done_remove, talk);
}

static void
call_ping_remove(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_ping(talk->account, address, on_done_remove, talk);
}

static void
call_remove(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    remove_account(talk);
}

/* Reports to the session that a batch of the store has failed. */
static void
call_trouble(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_session_set_store_failing(talk->session, true);
}

static void
call_add(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    add_account(talk);
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

/* Sets automatic away, as when the user is idle. */
static void
call_away(Talk *talk, const char *word, const char *status)
{
    NjShow show = NJ_SHOW_AWAY;
    nj_show_parse(word, &show);
    nj_account_go_away(talk->account, show, *status ? status : NULL);
    nj_presence_send(talk->account);
}

static void
call_back(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_account_come_back(talk->account);
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
            check(talk, nj_subscribe(talk->account, address, (NjSubscribe) i, NULL, &error),
                  &error);
}

static void
call_edit(Talk *talk, const char *address, const char *rest)
{
    g_auto(GStrv) words = g_strsplit(rest, " ", -1);
    nj_roster_edit(talk->account, address, words[0],
                   words[0] && words[1] ? (const char *const *) words + 1 : NULL, tell_result,
                   talk);
}

static void
call_delete(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_roster_delete(talk->account, address, tell_result, talk);
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
    nj_ping(talk->account, *address ? address : NULL, tell_result, talk);
}

static void
on_answer(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    (void) session;
    (void) stanza;
    tell_result(error, NULL, data);
}

/* Sends a request with a timeout in seconds. */
static void
call_ask(Talk *talk, const char *address, const char *seconds)
{
    NjXml *iq = nj_xml_iq("get", address, NULL);
    nj_xml_add_new(iq, "query", "urn:test");
    nj_iq_send(talk->session, iq, (guint) atoi(seconds), on_answer, NULL, talk, talk);
}

static void
call_info(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_info(talk->account, address, tell_result, talk);
}

static void
call_block(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_block(talk->account, address, true, tell_result, talk);
}

static void
call_unblock(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    nj_block(talk->account, *address ? address : NULL, false, tell_result, talk);
}

static void
call_attention(Talk *talk, const char *address, const char *rest)
{
    g_autoptr(GError) error = NULL;
    NjChat *chat = strchr(address, '/') ? nj_chat_open(talk->account, NJ_CHAT_PRIVATE, address)
                                        : chat_of(talk, address);
    (void) rest;
    check(talk, nj_attention(chat, &error), &error);
}

/* person idle SECONDS: the time since the last key. person looks yes|no: whether the terminal has
 * the focus. person nowhere: there is no terminal. person key: a key is pressed now. */
static void
call_person(Talk *talk, const char *what, const char *rest)
{
    if (g_str_equal(what, "looks")) {
        nj_client_set_looking(talk->client, g_str_equal(rest, "yes"));
    } else if (g_str_equal(what, "idle")) {
        talk->client->active_us = nj_clock_us() - g_ascii_strtoll(rest, NULL, 10) * G_USEC_PER_SEC;
        nj_emit_person_changed(talk->client->bus, talk->client);
    } else if (g_str_equal(what, "nowhere")) {
        talk->client->headless = true;
    } else {
        nj_client_note_active(talk->client);
    }
}

static void
call_cancel(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_iq_cancel(talk->session, talk);
}

/* Fails all pending requests, as after ten minutes without a connection. */
static void
call_gone(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_iqs_fail_all(nj_session_iqs(talk->session));
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

static void
on_change_remove(NjAccount *account, void *owner)
{
    Talk *talk = owner;
    if (talk->session && account->state == NJ_ACCOUNT_CLOSING)
        remove_account(talk);
}

/* Removes the account as soon as its state is CLOSING, whatever has closed the connection. */
static void
call_closing_remove(Talk *talk, const char *what, const char *rest)
{
    (void) what;
    (void) rest;
    nj_on_account_changed(talk->client->bus, on_change_remove, talk);
}

static void
call_disconnect_remove(Talk *talk, const char *what, const char *rest)
{
    call_closing_remove(talk, what, rest);
    call_disconnect(talk, what, rest);
}

static void
add_stored_events(Talk *talk, const char *address, bool states)
{
    NjStoredChat stored = { 0 };
    nj_store_flush(talk->client->store);
    nj_store_ensure_chat(talk->client->store, talk->account->row, NJ_CHAT_PERSON, address, &stored);

    g_autoptr(GPtrArray) page =
        nj_store_page_before(talk->client->store, stored.id, G_MAXINT64, G_MAXINT64, 100);
    for (guint i = 0; i < page->len; i++)
        add_event(talk, false, "%s%s: %s",
                  states ? nj_message_state_name(page->pdata[i]) : "stored",
                  stored.from_stranger ? " waiting" : "", ((NjMessage *) page->pdata[i])->body);
    if (!page->len)
        add_event(talk, false, "stored nothing");

    nj_stored_chat_clear(&stored);
}

/* Adds an event for each stored message of a chat. */
static void
call_stored(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    add_stored_events(talk, address, false);
}

static void
call_states(Talk *talk, const char *address, const char *rest)
{
    (void) rest;
    add_stored_events(talk, address, true);
}

static void
call_set(Talk *talk, const char *name, const char *value)
{
    g_autoptr(GError) error = NULL;
    check(talk, nj_options_override(talk->client->options, name, value, &error), &error);
    nj_emit_option_changed(talk->client->bus, (NjOption *) nj_table_find(
                                                  nj_options_table(talk->client->options), name));
}

static void call_upon(Talk *talk, const char *state, const char *rest);

static const struct {
    const char *name;
    void (*func)(Talk *talk, const char *first, const char *rest);
} calls[] = {
    { "send", call_send },
    { "normal", call_normal },
    { "private", call_private },
    { "typing", call_typing },
    { "retry", call_retry },
    { "join", call_join },
    { "leave", call_leave },
    { "subject", call_subject },
    { "show", call_show },
    { "direct", call_direct },
    { "edit", call_edit },
    { "delete", call_delete },
    { "accept", call_accept },
    { "refuse", call_refuse },
    { "ping", call_ping },
    { "info", call_info },
    { "ask", call_ask },
    { "cancel", call_cancel },
    { "open", call_open },
    { "close", call_close },
    { "connect", call_connect },
    { "disconnect", call_disconnect },
    { "subscribe", call_subscribe },
    { "stored", call_stored },
    { "remove", call_remove },
    { "attention", call_attention },
    { "person", call_person },
    { "away", call_away },
    { "back", call_back },
    { "states", call_states },
    { "set", call_set },
    { "upon", call_upon },
    { "gone", call_gone },
    { "add", call_add },
    { "trouble", call_trouble },
    { "block", call_block },
    { "unblock", call_unblock },
    { "join-remove", call_join_remove },
    { "ping-remove", call_ping_remove },
    { "disconnect-remove", call_disconnect_remove },
    { "closing-remove", call_closing_remove },
};

static bool
call_now(Talk *talk, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    const char *first = words[0] && words[1] ? words[1] : "";
    const char *rest = *first && words[2] ? words[2] : "";

    for (gsize i = 0; words[0] && i < G_N_ELEMENTS(calls); i++)
        if (g_str_equal(calls[i].name, words[0])) {
            calls[i].func(talk, first, rest);
            return true;
        }

    return false;
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    Talk *talk = owner;
    const char *state = nj_message_state_name(event->message);
    if (!talk->upon || !g_str_has_prefix(talk->upon, state) || talk->upon[strlen(state)] != ' ')
        return;
    g_autofree char *upon = g_steal_pointer(&talk->upon);
    call_now(talk, upon + strlen(state) + 1);
}

/* upon STATE CALL: makes the call once, inside the message_changed event of a message that gets
 * this state. */
static void
call_upon(Talk *talk, const char *state, const char *rest)
{
    g_free(talk->upon);
    talk->upon = g_strdup_printf("%s %s", state, rest);
    nj_on_message_changed(talk->client->bus, on_message_changed, talk);
}

void
call(Talk *talk, const char *line)
{
    if (*line == '/') {
        run_command(talk, line);
        return;
    }

    if (call_now(talk, line))
        settle();
    else
        fail(talk, "no such call: %s", line);
}
