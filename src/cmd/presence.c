/* /status and /mood: our own presence and mood. */
#include <string.h>

#include "cmd/topic.h"
#include "xmpp/xep/0107.h"
#include "xmpp/xep/presence.h"

static void
show_status(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    bool invisible = account->show == NJ_SHOW_OFFLINE;
    const char *show = invisible ? "invisible" : nj_show_name(account->show);

    nj_record_set_text(nj_call_result(call), "account", account->settings->name);
    nj_record_set_text(nj_call_result(call), "show", show);
    nj_record_set_text(nj_call_result(call), "status", account->status);
    nj_record_set_int(nj_call_result(call), "priority", account->priority);
    nj_record_set_bool(nj_call_result(call), "by_itself", account->auto_away);
    const char *status = account->status ? account->status : "";
    const char *space = account->status ? " " : "";
    nj_call_notice(
        call, NJ_NOTICE_INFO,
        account->auto_away ? _("Account %s is %s; others see it as %s until you press a key.%s%s")
                           : _("Account %s is %s; others see it as %s.%s%s"),
        account->settings->name, nj_account_state_name(account->state), show, space, status);

    nj_call_done(call);
}

/* The show that a word of /status names; invisible is NJ_SHOW_OFFLINE. */
static NjShow
show_of_word(const char *word)
{
    NjShow show = NJ_SHOW_OFFLINE;
    if (strcmp(word, "invisible") != 0)
        nj_show_parse(word, &show);
    return show;
}

static void
set_status(NjAccount *account, const char *word, const char *text, int priority)
{
    nj_account_set_presence(account, show_of_word(word), text, priority);
    if (account->state == NJ_ACCOUNT_ONLINE)
        nj_presence_send(account); /* the login sends it otherwise */
}

static void
run_status(NjCall *call)
{
    const char *word = nj_call_arg(call, "show");
    const char *text = nj_call_arg(call, "text");
    const char *priority = nj_call_arg(call, "priority");
    const char *to = nj_call_arg(call, "to");
    NjAccount *account = nj_call_account(call);

    if (!word && !priority) {
        show_status(call);
        return;
    }

    int number = priority ? atoi(priority) : account->priority;
    if (number < -128 || number > 127) {
        nj_call_fail(call, "usage", _("A priority is a number from -128 to 127."));
        return;
    }

    if (!word && !to) {
        nj_account_set_priority(account, number);
        nj_presence_send(account);
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("The priority of account %s is now %d."),
                       account->settings->name, number);
        nj_call_done(call);
        return;
    }

    if (!word)
        word = account->show == NJ_SHOW_OFFLINE ? "invisible" : nj_show_name(account->show);
    if (to) {
        g_autoptr(GError) error = NULL;
        bool done = nj_presence_direct(account, to, show_of_word(word), text, &error);
        if (done)
            nj_call_notice(call, NJ_NOTICE_SUCCESS, _("%s now sees account %s as %s."), to,
                           account->settings->name, word);
        nj_call_done_if(call, done, error);
        return;
    }

    set_status(account, word, text, number);
    nj_call_notice(call, NJ_NOTICE_SUCCESS,
                   account->state == NJ_ACCOUNT_ONLINE
                       ? _("Others now see account %s as %s.")
                       : _("Others will see account %s as %s once it is online."),
                   account->settings->name, word);
    nj_call_done(call);
}

static const NjCommand cmd_status = {
    .name = "status",
    .summary = N_("Show or change how others see you"),
    .details =
        N_("/status invisible keeps you connected while others see you as offline; nothing is sent "
           "to contacts or strangers automatically. The options auto-away and auto-xa change the "
           "states online and chat, but no others, while you press no key."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "show",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL,
                  N_("the new state"),
                  { "online", "away", "xa", "dnd", "chat", "invisible" } },
                { "priority", NJ_PARAM_NUMBER, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("-128 to 127; your device with the highest one gets messages") },
                { "to", NJ_PARAM_CONTACT, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("change the state for this address only") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a text that others see beside it") } },
    .examples = { "/status", "/status away", "/status dnd priority=5 Counting flies" },
    .run = run_status,
};

static void
on_mood(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    const char *mood = nj_call_arg(call, "mood");

    if (!error && mood)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Your contacts can now see the mood “%s”."),
                       mood);
    else if (!error)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Your contacts no longer see a mood of yours."));
    nj_call_answer(error, result, call);
}

static void
run_mood(NjCall *call)
{
    nj_mood_publish(nj_call_account(call), nj_call_arg(call, "mood"), nj_call_arg(call, "text"),
                    on_mood, nj_call_hold(call));
}

static const NjCommand cmd_mood = {
    .name = "mood",
    .summary = N_("Show your contacts a mood, or remove it"),
    .details = N_("The server passes the mood on to contacts whose clients ask for it (XEP-0107). "
                  "/info shows the mood of a contact."),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { .name = "mood",
                  .kind = NJ_PARAM_CHOICE,
                  .flags = NJ_OPTIONAL,
                  .summary = N_("the mood"),
                  .list = nj_moods },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("the reason for it") } },
    .examples = { "/mood", "/mood happy", "/mood grateful Rain at last" },
    .run = run_mood,
};

static const NjCommand *const commands[] = { &cmd_status, &cmd_mood, NULL };

static const NjAliasRow aliases[] = {
    { "away", "/status away", "irssi, WeeChat" }, { "back", "/status online", "WeeChat" },
    { "online", "/status online", "Profanity" },  { "dnd", "/status dnd", "Profanity" },
    { "xa", "/status xa", "Profanity" },          { NULL },
};

const NjTopic nj_topic_presence = { "presence", N_("Presence"), commands, aliases, NULL };
