/* Talking: opening a chat, saying something in it, leaving it. */
#include <string.h>

#include "cmd/topic.h"
#include "model/events.h"
#include "model/jid.h"
#include "xmpp/xep/0045.h"
#include "xmpp/xep/0224.h"
#include "xmpp/xep/message.h"

/* wait=sent: the answer comes when the server has the message. */
typedef struct {
    NjCall *call;
    NjBus *bus;
    NjChat *chat;
    NjMessage *message;
} Wait;

static void
note_message(NjCall *call, const NjMessage *message)
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
    Wait *wait = data;
    nj_bus_forget(wait->bus, wait);
    nj_message_unref(wait->message);
    g_free(wait);
    nj_call_release(call);
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    Wait *wait = owner;
    NjCall *call = wait->call;
    const NjMessage *message = wait->message;

    if (event->message->id != message->id || message->state == NJ_STATE_QUEUED
        || message->state == NJ_STATE_SENT)
        return;

    note_message(call, message);
    if (message->state == NJ_STATE_UNSURE)
        nj_call_fail(call, "unsure",
                     _("The connection broke, and nobody can say yet whether the server has the "
                       "message; /outbox lists it while that is so."));
    else if (message->state == NJ_STATE_FAILED)
        nj_call_fail(call, "not-sent", "%s",
                     message->error ? message->error : _("The message could not be sent."));
    else
        nj_call_done(call);
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    Wait *wait = owner;
    if (chat == wait->chat)
        nj_call_fail(wait->call, "cancelled",
                     _("The chat was closed meanwhile; what was said is sent all the same."));
}

static void
say(NjCall *call, NjChat *chat, const char *text, const NjSendOptions *options, bool wait_sent)
{
    g_autoptr(GError) error = NULL;
    NjMessage *message = nj_message_send(chat, text, options, &error);

    if (!message) {
        nj_call_fail_error(call, nj_cmd_error_code(error), error);
        return;
    }

    nj_record_set_text(nj_call_result(call), "account", chat->account->settings->name);
    nj_record_set_text(nj_call_result(call), "chat", chat->address);
    note_message(call, message);

    if (!wait_sent) {
        nj_call_done(call);
        return;
    }

    Wait *wait = g_new(Wait, 1);
    *wait = (Wait){ nj_call_hold(call), nj_call_client(call)->bus, chat, nj_message_ref(message) };
    nj_on_message_changed(wait->bus, on_message_changed, wait);
    nj_on_chat_removed(wait->bus, on_chat_removed, wait);
    nj_call_on_end(call, on_wait_end, wait);
}

/* A room keeps its kind; room/nick of a room we are in is that occupant. */
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
        say(call, chat, text, options.subject ? &options : NULL, nj_call_arg(call, "wait") != NULL);
    else
        nj_call_done(call);
}

static void
run_say(NjCall *call)
{
    say(call, nj_call_chat(call), nj_call_arg(call, "text"), NULL,
        nj_call_arg(call, "wait") != NULL);
}

static void
run_me(NjCall *call)
{
    g_autofree char *text = g_strconcat("/me ", nj_call_arg(call, "text"), NULL);
    say(call, nj_call_chat(call), text, NULL, false);
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
        nj_call_fail(call, "no-chat",
                     _("Whose attention? Write it as in /attention frog@example.org."));
        return;
    }

    g_autoptr(GError) error = NULL;
    bool done = nj_attention(chat, &error);
    if (done)
        nj_call_say(call, NJ_NOTICE_SUCCESS,
                    _("%s is asked for attention, if their program can tell them."),
                    nj_chat_label(chat));

    nj_call_done_if(call, done, error);
}

/* Leaves the room if it is one, then ends the chat; its window goes with it. */
static void
run_close(NjCall *call)
{
    NjChat *chat = nj_call_chat(call);
    const char *address = nj_call_arg(call, "address");

    if (address) {
        chat = nj_call_account(call) ? nj_chat_find(nj_call_account(call), address) : NULL;
        if (!chat) {
            nj_call_fail(call, "no-chat", _("There is no chat with %s."), address);
            return;
        }
    }

    NjScreen *screen = nj_call_screen(call);
    if (!chat && screen && nj_screen_close_pane(screen)) {
        nj_call_done(call);
        return;
    }

    if (!chat) {
        nj_call_fail(call, "no-chat", _("The console stays; /quit ends Natterjack."));
        return;
    }

    g_autoptr(GError) error = NULL;
    if (chat->kind == NJ_CHAT_ROOM && chat->room->state != NJ_ROOM_OUT
        && !nj_muc_leave(chat->room, nj_call_arg(call, "why"), &error))
        g_debug("leaving: %s", error->message); /* without a connection we are out already */

    nj_record_set_text(nj_call_result(call), "chat", chat->address);
    nj_chat_close(chat);
    nj_call_done(call);
}

#define WAIT_PARAM                                         \
    {                                                      \
        "wait", NJ_PARAM_CHOICE, NJ_OPTIONAL | NJ_KEYWORD, \
            N_("sent: answer when the server has it"),     \
        {                                                  \
            "sent"                                         \
        }                                                  \
    }

static const NjCommand cmd_msg = {
    .name = "msg",
    .summary = N_("Open a chat, and say something in it"),
    .details = N_("Without TEXT the chat is only opened. TEXT is taken as it is; after -e the "
                  "signs \\n, \\t and \\\\ are read."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("whom; ROOM/NICK is one person in a room") },
                WAIT_PARAM,
                { "subject", NJ_PARAM_TEXT, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("a subject to send along") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("what to say") } },
    .examples = { "/msg frog@example.org", "/msg frog@example.org Are you there?",
                  "/msg frog@example.org wait=sent -e two\\nlines" },
    .run = run_msg,
};

static const NjCommand cmd_say = {
    .name = "say",
    .summary = N_("Say something in the chat in front"),
    .needs = NJ_NEEDS_CHAT,
    .params = { WAIT_PARAM, { "text", NJ_PARAM_TEXT, 0, N_("what to say") } },
    .examples = { "/say hello", "/say -e one\\ntwo" },
    .run = run_say,
};

static const NjCommand cmd_me = {
    .name = "me",
    .summary = N_("Say what you do"),
    .needs = NJ_NEEDS_CHAT,
    .params = { { "text", NJ_PARAM_TEXT, 0,
                  N_("what you do, as others shall read it behind your name") } },
    .examples = { "/me jumps into the pond" },
    .run = run_me,
};

static const NjCommand cmd_attention = {
    .name = "attention",
    .summary = N_("Ask for somebody's attention"),
    .details = N_("Their program rings, or shows in its way that you want their attention, if it "
                  "knows how (XEP-0224). Nothing of it is kept."),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("whose; the chat in front without it") } },
    .examples = { "/attention", "/attention frog@example.org" },
    .run = run_attention,
};

static const NjCommand cmd_close = {
    .name = "close",
    .summary = N_("Leave the chat or room, and close its window"),
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("which; the one in front without it") },
                { "why", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("what people in the room are told") } },
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

const NjTopic nj_topic_chat = { "chats", N_("Talking"), commands, aliases, NULL };
