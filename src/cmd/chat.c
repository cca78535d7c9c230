/* /msg, /say, /me, /attention and /close. */
#include <string.h>

#include "cmd/topic.h"
#include "model/events.h"
#include "model/jid.h"
#include "xmpp/xep/0045.h"
#include "xmpp/xep/0224.h"
#include "xmpp/xep/message.h"

/* A call with wait=sent, which ends when the server has acknowledged the message. */
typedef struct {
    NjCall *call;
    NjBus *bus;
    NjChat *chat;
    NjMessage *message;
} SentWait;

static void
record_message(NjCall *call, const NjMessage *message)
{
    NjRecord *result = nj_call_result(call);
    nj_record_set_text(result, "message",
                       message->origin_id ? message->origin_id : message->wire_id);
    nj_record_set_text(result, "encryption", message->encryption ? message->encryption : "none");
    nj_record_set_text(result, "state", nj_message_state_name(message));
}

static void
on_wait_end(NjCall *call, void *data)
{
    SentWait *wait = data;
    nj_bus_forget(wait->bus, wait);
    nj_message_unref(wait->message);
    g_free(wait);
    nj_call_release(call);
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    SentWait *wait = owner;
    NjCall *call = wait->call;
    const NjMessage *message = wait->message;

    if (event->message->id != message->id || message->state == NJ_STATE_QUEUED
        || message->state == NJ_STATE_SENT)
        return;

    record_message(call, message);
    if (message->state == NJ_STATE_UNSURE)
        nj_call_fail(call, "unsure",
                     _("The connection was lost, and the server may not have received the message; "
                       "/outbox lists it."));
    else if (message->state == NJ_STATE_FAILED)
        nj_call_fail(call, "not-sent", "%s",
                     message->error ? message->error : _("The message could not be sent."));
    else
        nj_call_done(call);
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    SentWait *wait = owner;
    if (chat == wait->chat)
        nj_call_fail(wait->call, "cancelled",
                     _("The chat was closed; the message is sent all the same."));
}

static void
send_message(NjCall *call, NjChat *chat, const char *text, const NjSendOptions *options,
             bool wait_sent)
{
    g_autoptr(GError) error = NULL;
    NjMessage *message = nj_message_send(chat, text, options, &error);

    if (!message) {
        nj_call_fail_error(call, nj_cmd_error_code(error), error);
        return;
    }

    nj_record_set_text(nj_call_result(call), "account", chat->account->settings->name);
    nj_record_set_text(nj_call_result(call), "chat", chat->address);
    record_message(call, message);

    if (!wait_sent) {
        nj_call_done(call);
        return;
    }

    SentWait *wait = g_new(SentWait, 1);
    *wait = (SentWait){ .call = nj_call_hold(call),
                        .bus = nj_call_client(call)->bus,
                        .chat = chat,
                        .message = nj_message_ref(message) };
    nj_on_message_changed(wait->bus, on_message_changed, wait);
    nj_on_chat_removed(wait->bus, on_chat_removed, wait);
    nj_call_on_end(call, on_wait_end, wait);
}

/* Finds or opens the chat with an address. ROOM/NICK of a room that has an open chat is a private
 * chat with that occupant; of any other full address only the bare address is used. */
static NjChat *
open_chat(NjAccount *account, const char *address)
{
    NjChat *chat = nj_chat_find(account, address);
    if (chat)
        return chat;
    g_autofree char *bare = nj_jid_bare(address);
    chat = nj_chat_find(account, bare);
    if (chat && chat->kind == NJ_CHAT_ROOM && nj_jid_resource(address))
        return nj_chat_open(account, NJ_CHAT_PRIVATE, address);
    return nj_chat_open(account, NJ_CHAT_PERSON, bare);
}

static void
run_msg(NjCall *call)
{
    const char *text = nj_call_arg(call, "text");
    NjSendOptions options = { NJ_MESSAGE_CHAT, nj_call_arg(call, "subject"), NULL };
    NjChat *chat = open_chat(nj_call_account(call), nj_call_arg(call, "address"));
    nj_call_show_chat(call, chat);
    if (text)
        send_message(call, chat, text, options.subject ? &options : NULL,
                     nj_call_arg(call, "wait") != NULL);
    else
        nj_call_done(call);
}

static void
run_say(NjCall *call)
{
    send_message(call, nj_call_chat(call), nj_call_arg(call, "text"), NULL,
                 nj_call_arg(call, "wait") != NULL);
}

static void
run_me(NjCall *call)
{
    g_autofree char *text = g_strconcat("/me ", nj_call_arg(call, "text"), NULL);
    send_message(call, nj_call_chat(call), text, NULL, false);
}

static void
run_attention(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");
    NjChat *chat = nj_call_chat(call);

    if (address)
        chat = open_chat(account, address);
    if (!chat) {
        nj_call_fail(call, "no-chat", _("Missing ADDRESS. Example: /attention frog@example.org"));
        return;
    }

    g_autoptr(GError) error = NULL;
    bool done = nj_attention(chat, &error);
    if (done)
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       _("Asked %s for attention; their program shows it if it can."),
                       nj_chat_label(chat));

    nj_call_done_if(call, done, error);
}

/* Leaves the room, if the chat is one, and closes the chat with its window. */
static void
run_close(NjCall *call)
{
    NjChat *chat = nj_call_chat(call);
    const char *address = nj_call_arg(call, "address");

    if (address) {
        chat = nj_call_account(call) ? nj_chat_find(nj_call_account(call), address) : NULL;
        if (!chat) {
            nj_call_fail(call, "no-chat", _("There is no open chat with %s."), address);
            return;
        }
    }

    NjScreen *screen = nj_call_screen(call);
    if (!chat && screen && nj_screen_close_pane(screen)) {
        nj_call_done(call);
        return;
    }

    if (!chat) {
        nj_call_fail(call, "no-chat", _("The console cannot be closed; /quit ends Natterjack."));
        return;
    }

    g_autoptr(GError) error = NULL;
    if (chat->kind == NJ_CHAT_ROOM && chat->room->state != NJ_ROOM_OUT
        && !nj_muc_leave(chat->room, nj_call_arg(call, "why"), &error))
        g_debug("cannot leave the room: %s", error->message); /* offline: we are out already */

    nj_record_set_text(nj_call_result(call), "chat", chat->address);
    nj_chat_close(chat);
    nj_call_done(call);
}

static const NjCommand cmd_msg = {
    .name = "msg",
    .summary = N_("Open a chat, and send a message"),
    .details = N_("Without TEXT the chat is only opened. TEXT is sent as it is; after -e, \\n, \\t "
                  "and \\\\ are replaced by a new line, a tab and a backslash."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "address", NJ_PARAM_CONTACT, 0,
                  N_("the address; ROOM/NICK is an occupant of a room") },
                { "wait",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("sent: return when the server has the message"),
                  { "sent" } },
                { "subject", NJ_PARAM_TEXT, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("the subject of the message") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("the message") } },
    .examples = { "/msg frog@example.org", "/msg frog@example.org Are you there?",
                  "/msg frog@example.org wait=sent -e two\\nlines" },
    .run = run_msg,
};

static const NjCommand cmd_say = {
    .name = "say",
    .summary = N_("Send a message in the chat in front"),
    .needs = NJ_NEEDS_CHAT,
    .params = { { "wait",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL | NJ_KEYWORD,
                  N_("sent: return when the server has the message"),
                  { "sent" } },
                { "text", NJ_PARAM_TEXT, 0, N_("the message") } },
    .examples = { "/say hello", "/say -e one\\ntwo" },
    .run = run_say,
};

static const NjCommand cmd_me = {
    .name = "me",
    .summary = N_("Send an action"),
    .needs = NJ_NEEDS_CHAT,
    .params = { { "text", NJ_PARAM_TEXT, 0, N_("what you do; others see it behind your name") } },
    .examples = { "/me jumps into the pond" },
    .run = run_me,
};

static const NjCommand cmd_attention = {
    .name = "attention",
    .summary = N_("Call for somebody's attention"),
    .details = N_("Their program rings or shows that you want their attention, if it supports "
                  "XEP-0224. It is not stored."),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("the address; by default that of the chat in front") } },
    .examples = { "/attention", "/attention frog@example.org" },
    .run = run_attention,
};

static const NjCommand cmd_close = {
    .name = "close",
    .summary = N_("Close a chat, or leave a room, and close its window"),
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("which chat; by default the one in front") },
                { "why", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a message to the room") } },
    .examples = { "/close", "/close frog@example.org" },
    .run = run_close,
};

static const NjCommand *const commands[] = { &cmd_msg,       &cmd_say,   &cmd_me,
                                             &cmd_attention, &cmd_close, NULL };

static const NjAliasRow aliases[] = {
    { "query", "/msg", "irssi, WeeChat" },
    { "q", "/msg", "irssi" },
    { "m", "/msg", "irssi" },
    { "chat", "/msg", "mcabber" },
    { "buzz", "/attention", "mcabber" },
    { "unquery", "/close", "irssi" },
    { "part", "/close", "irssi, WeeChat" },
    { "leave", "/close", "Profanity" },
    { "wc", "/close", "irssi" },
    { NULL },
};

const NjTopic nj_topic_chat = { "chats", N_("Chats"), commands, aliases, NULL };
