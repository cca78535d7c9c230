/* The list of the built-in topics, and functions that several of them use. */
#include "cmd/topic.h"

#include "cmd/call.h"

const NjTopic *const nj_topics[] = {
    &nj_topic_account, &nj_topic_chat,     &nj_topic_outbox,  &nj_topic_room,
    &nj_topic_roster,  &nj_topic_presence, &nj_topic_info,    &nj_topic_history,
    &nj_topic_window,  &nj_topic_option,   &nj_topic_program, NULL,
};

bool
nj_call_needs(NjCall *call, const char *param)
{
    if (nj_call_arg(call, param) || *nj_call_args(call, param))
        return true;
    g_autofree char *usage = nj_parse_usage(call->command);
    g_autofree char *shown = g_ascii_strup(param, -1);
    nj_call_fail(call, "usage", _("Missing %s. Usage: %s"), shown, usage);
    return false;
}

bool
nj_call_needs_online(NjCall *call)
{
    g_autoptr(GError) error = NULL;
    if (nj_cmd_check_online(nj_call_account(call), &error))
        return true;
    nj_call_end(call, error);
    return false;
}

NjSession *
nj_call_session(NjCall *call, NjAccount *account)
{
    NjSession *session = nj_session_of(account);
    if (!session)
        nj_call_fail(call, "not-connected", _("Account %s cannot be connected here."),
                     account->settings->name);
    return session;
}

void
nj_call_show_chat(NjCall *call, NjChat *chat)
{
    /* A script must not change what the user reads. A command of -x of this process may. */
    NjSource source = nj_call_source(call);
    if (source != NJ_SOURCE_FIFO && source != NJ_SOURCE_STDIN && nj_call_screen(call)) {
        nj_screen_show_chat(nj_call_screen(call), chat);
        call->chat = chat; /* the result is written there */
    }

    nj_record_set_text(nj_call_result(call), "account", chat->account->settings->name);
    nj_record_set_text(nj_call_result(call), "chat", chat->address);
}

void
nj_call_done_if(NjCall *call, bool done, const GError *error)
{
    if (done)
        nj_call_done(call);
    else
        nj_call_fail_error(call, "refused", error);
}
