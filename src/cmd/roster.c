/* People: the list of contacts, who may see whom, strangers who ask, and who is kept away. */
#include <string.h>

#include "cmd/call.h"
#include "cmd/topic.h"
#include "xmpp/xep/0191.h"
#include "xmpp/xep/presence.h"
#include "xmpp/xep/roster.h"

/* /roster */

static void
collect(NjContact *contact, void *owner)
{
    g_ptr_array_add(owner, contact);
}

static int
by_label(const void *a, const void *b)
{
    const NjContact *one = *(NjContact *const *) a, *other = *(NjContact *const *) b;
    NjShow show = nj_contact_show(one), other_show = nj_contact_show(other);
    if (show != other_show)
        return (int) other_show - (int) show;
    return g_utf8_collate(nj_contact_label(one), nj_contact_label(other));
}

static NjRecord *
contact_record(const NjContact *contact)
{
    NjRecord *record = nj_record_new();
    g_autofree char *groups = g_strjoinv(", ", contact->groups);

    nj_record_set_text(record, "address", contact->address);
    nj_record_set_text(record, "name", contact->name);
    nj_record_set_text(record, "groups", *groups ? groups : NULL);
    nj_record_set_text(record, "subscription", nj_subscription_name(contact->subscription));
    nj_record_set_text(record, "show", nj_show_name(nj_contact_show(contact)));
    nj_record_set_text(record, "status", nj_contact_status(contact));

    return record;
}

static void
list_contacts(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    g_autoptr(GPtrArray) contacts = g_ptr_array_new();

    nj_roster_each(account->roster, collect, contacts);
    g_ptr_array_sort(contacts, by_label);

    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    for (guint i = 0; i < contacts->len; i++) {
        const NjContact *contact = contacts->pdata[i];
        g_ptr_array_add(list, contact_record(contact));
        const char *name = contact->name ? contact->name : "";
        nj_call_say(call, NJ_NOTICE_INFO, "%-8s %s%s%s  (%s)",
                    nj_show_name(nj_contact_show(contact)),
                    contact->shown ? contact->shown : contact->address, *name ? "  " : "", name,
                    nj_subscription_name(contact->subscription));
    }

    guint count = list->len;
    nj_record_set_list(nj_call_result(call), "contacts", list);
    nj_call_say(call, NJ_NOTICE_INFO,
                ngettext("%u contact of account %s.", "%u contacts of account %s.", count), count,
                account->settings->name);
    nj_call_done(call);
}

static void
show_roster(NjCall *call, bool focus)
{
    NjScreen *screen = nj_call_screen(call);
    if (!screen) {
        nj_call_fail(call, "no-screen",
                     _("There is no screen to show it on; /roster list prints it."));
        return;
    }

    if (focus)
        nj_screen_focus_roster(screen);
    else
        nj_screen_toggle_roster(screen);

    nj_call_done(call);
}

static void
add_contact(NjCall *call, const char *address)
{
    g_autoptr(GError) error = NULL;
    NjAccount *account = nj_call_account(call);

    if (!nj_subscribe(account, address, NJ_SUBSCRIBE_ASK, NULL, &error)) {
        nj_call_fail_error(call, nj_cmd_error_code(error), error);
        return;
    }

    nj_call_say(call, NJ_NOTICE_INFO, _("%s is asked whether you may see their presence."),
                address);
    nj_roster_edit(account, address, nj_call_arg(call, "text"), NULL, nj_call_answer,
                   nj_call_hold(call));
}

/* "Old friends" Pond, in the words of set_groups: “Old friends”, “Pond”. */
static char *
groups_shown(const char *text)
{
    GString *shown = g_string_new(NULL);
    char *word;
    while ((word = nj_parse_word(&text, NULL))) {
        g_string_append_printf(shown, "%s“%s”", shown->len ? ", " : "", word);
        g_free(word);
    }
    return g_string_free(shown, FALSE);
}

/* The server has done it. */
static void
on_edited(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    const char *action = nj_call_arg(call, "action"), *address = nj_call_arg(call, "address"),
               *text = nj_call_arg(call, "text");
    g_autofree char *groups = text ? groups_shown(text) : NULL;

    if (!error && !strcmp(action, "remove"))
        nj_call_say(call, NJ_NOTICE_INFO, _("%s is no contact any more."), address);
    else if (!error && !strcmp(action, "group") && text)
        nj_call_say(call, NJ_NOTICE_INFO, _("%s is found under %s now."), address, groups);
    else if (!error && !strcmp(action, "group"))
        nj_call_say(call, NJ_NOTICE_INFO, _("%s is in no group now."), address);
    else if (!error && text)
        nj_call_say(call, NJ_NOTICE_INFO, _("%s is called %s now."), address, text);
    else if (!error)
        nj_call_say(call, NJ_NOTICE_INFO, _("%s goes by the address now."), address);

    nj_call_answer(error, result, call);
}

static void
set_groups(NjCall *call, const char *address)
{
    const char *text = nj_call_arg(call, "text");
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    char *word;

    while (text && (word = nj_parse_word(&text, &error)))
        g_ptr_array_add(groups, word);
    if (error) {
        nj_call_fail_error(call, "usage", error);
        return;
    }

    g_ptr_array_add(groups, NULL);
    nj_roster_edit(nj_call_account(call), address, NULL, (const char *const *) groups->pdata,
                   on_edited, nj_call_hold(call));
}

static void
run_roster(NjCall *call)
{
    const char *action = nj_call_arg(call, "action");
    const char *address = nj_call_arg(call, "address");

    if (!action || !strcmp(action, "list")) {
        list_contacts(call);
        return;
    }

    if (!strcmp(action, "toggle") || !strcmp(action, "focus")) {
        show_roster(call, action[0] == 'f');
        return;
    }

    if (!nj_call_needs(call, "address") || !nj_call_needs_online(call))
        return;

    NjAccount *account = nj_call_account(call);
    if (strcmp(action, "add") && !nj_roster_find(account->roster, address))
        nj_call_fail(call, "no-contact",
                     _("%s is no contact of account %s; /roster add %s makes it one."), address,
                     account->settings->name, address);
    else if (!strcmp(action, "add"))
        add_contact(call, address);
    else if (!strcmp(action, "remove"))
        nj_roster_delete(account, address, on_edited, nj_call_hold(call));
    else if (!strcmp(action, "group"))
        set_groups(call, address);
    else
        nj_roster_edit(account, address, nj_call_arg(call, "text") ? nj_call_arg(call, "text") : "",
                       NULL, on_edited, nj_call_hold(call));
}

/* /subscribe and /requests */

static void
tell_subscribed(NjCall *call, NjSubscribe what, const char *address)
{
    switch (what) {
    case NJ_SUBSCRIBE_ASK:
        nj_call_say(call, NJ_NOTICE_INFO, _("%s is asked whether you may see their presence."),
                    address);
        break;
    case NJ_SUBSCRIBE_ALLOW:
        nj_call_say(call, NJ_NOTICE_INFO, _("%s may see your presence."), address);
        break;
    case NJ_SUBSCRIBE_DENY:
        nj_call_say(call, NJ_NOTICE_INFO, _("%s may not see your presence."), address);
        break;

    case NJ_SUBSCRIBE_CANCEL:
        nj_call_say(call, NJ_NOTICE_INFO, _("You do not see the presence of %s any more."),
                    address);
        break;
    }
}

static void
run_subscribe(NjCall *call)
{
    static const char *const words[] = { "ask", "allow", "deny", "cancel", NULL };
    const char *action = nj_call_arg(call, "action"), *address = nj_call_arg(call, "address");
    NjSubscribe what = NJ_SUBSCRIBE_ASK;

    while (strcmp(words[what], action))
        what++;

    g_autoptr(GError) error = NULL;
    bool done =
        nj_subscribe(nj_call_account(call), address, what, nj_call_arg(call, "text"), &error);
    if (done)
        tell_subscribed(call, what, address);

    nj_call_done_if(call, done, error);
}

static void
list_requests(NjCall *call)
{
    const GPtrArray *requests = nj_roster_requests(nj_call_account(call)->roster);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);

    for (guint i = 0; i < requests->len; i++) {
        const NjRequest *request = requests->pdata[i];
        NjRecord *record = nj_record_new();
        nj_record_set_text(record, "address", request->address);
        nj_record_set_bool(record, "asks", request->asks);
        nj_record_set_int(record, "messages", request->messages);
        nj_record_set_text(record, "text", request->text);
        g_ptr_array_add(list, record);
        const char *text = request->text ? request->text : "";
        if (request->asks)
            nj_call_say(call, NJ_NOTICE_INFO, _("%s asks to see your presence. %s"),
                        request->address, text);
        else
            nj_call_say(call, NJ_NOTICE_INFO,
                        ngettext("%s wrote %u message: %s", "%s wrote %u messages, the first: %s",
                                 request->messages),
                        request->address, request->messages, text);
    }

    if (requests->len)
        nj_call_say(
            call, NJ_NOTICE_INFO,
            _("/requests accept ADDRESS lets one in, /requests refuse ADDRESS forgets one."));
    else
        nj_call_say(call, NJ_NOTICE_INFO, _("Nobody waits."));

    nj_record_set_list(nj_call_result(call), "requests", list);
    nj_call_done(call);
}

static void
run_requests(NjCall *call)
{
    const char *action = nj_call_arg(call, "action");
    if (!action || !strcmp(action, "list")) {
        list_requests(call);
        return;
    }

    if (!nj_call_needs(call, "address"))
        return;

    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");
    g_autoptr(GError) error = NULL;
    bool accept = !strcmp(action, "accept");
    bool done = accept ? nj_request_accept(account, address, &error)
                       : nj_request_refuse(account, address, &error);
    NjChat *chat = done && accept ? nj_chat_find(account, address) : NULL;

    if (chat)
        nj_call_show_chat(call, chat);
    nj_call_done_if(call, done, error);
}

/* /block and /unblock */

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static void
list_blocked(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    if (!account->blocked) {
        if (nj_call_needs_online(call))
            nj_call_fail(call, "refused",
                         _("The server of account %s has told nothing about blocked addresses; "
                           "perhaps it can not block any."),
                         account->settings->name);
        return;
    }

    guint count = 0;
    g_autofree char **addresses =
        (char **) g_hash_table_get_keys_as_array(account->blocked, &count);
    qsort(addresses, count, sizeof *addresses, by_text);

    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    for (guint i = 0; i < count; i++) {
        NjRecord *record = nj_record_new();
        nj_record_set_text(record, "address", addresses[i]);
        g_ptr_array_add(list, record);
        nj_call_say(call, NJ_NOTICE_INFO, "%s", addresses[i]);
    }

    nj_record_set_list(nj_call_result(call), "blocked", list);
    if (count)
        nj_call_say(
            call, NJ_NOTICE_INFO,
            ngettext("Account %s blocks %u address; /unblock ADDRESS lets it through again.",
                     "Account %s blocks %u addresses; /unblock ADDRESS lets one through again.",
                     count),
            account->settings->name, count);
    else
        nj_call_say(call, NJ_NOTICE_INFO, _("Account %s blocks nobody."), account->settings->name);

    nj_call_done(call);
}

/* A stranger who waits does not wait any longer. */
static void
on_blocked(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");

    if (!error && account) {
        if (nj_roster_request(account->roster, address))
            nj_request_refuse(account, address, NULL);
        nj_call_say(call, NJ_NOTICE_SUCCESS,
                    _("%s is blocked: the server keeps away from you what they send, and they see "
                      "you as offline."),
                    address);
    }

    nj_call_answer(error, result, call);
}

static void
run_block(NjCall *call)
{
    const char *address = nj_call_arg(call, "address");
    if (!address)
        list_blocked(call);
    else if (nj_call_needs_online(call))
        nj_block(nj_call_account(call), address, true, on_blocked, nj_call_hold(call));
}

static void
on_unblocked(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    const char *address = nj_call_arg(call, "address");
    if (!error && !strcmp(address, "all"))
        nj_call_say(call, NJ_NOTICE_SUCCESS, _("Nobody is blocked any more."));
    else if (!error)
        nj_call_say(call, NJ_NOTICE_SUCCESS, _("%s is not blocked any more."), address);
    nj_call_answer(error, result, call);
}

static void
run_unblock(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");
    bool all = !strcmp(address, "all");
    if (!all && account->blocked && !g_hash_table_contains(account->blocked, address))
        nj_call_fail(call, "refused", _("%s is not blocked by account %s; /block lists who is."),
                     address, account->settings->name);
    else
        nj_block(account, all ? NULL : address, false, on_unblocked, nj_call_hold(call));
}

static const NjCommand cmd_roster = {
    .name = "roster",
    .summary = N_("List and change your contacts"),
    .details = N_("add asks the person whether you may see their presence; TEXT is the name you "
                  "give them. rename without TEXT takes the name away, group "
                  "without TEXT the groups. toggle hides or shows the list at the side, focus "
                  "gives it the keys."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "action",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL,
                  N_("what to do; list without it"),
                  { "list", "add", "remove", "rename", "group", "toggle", "focus" } },
                { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL, N_("whom") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a name, or groups as words") } },
    .examples = { "/roster", "/roster add frog@example.org Frog",
                  "/roster group frog@example.org Pond \"Old friends\"",
                  "/roster remove frog@example.org" },
    .run = run_roster,
};

static const NjCommand cmd_subscribe = {
    .name = "subscribe",
    .summary = N_("Say who may see whose presence"),
    .details = N_("ask to see theirs, allow them to see yours, deny what they asked or were "
                  "allowed, cancel seeing theirs."),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "action",
                  NJ_PARAM_CHOICE,
                  0,
                  N_("what to do"),
                  { "ask", "allow", "deny", "cancel" } },
                { "address", NJ_PARAM_CONTACT, 0, N_("whom") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a line to go with the question") } },
    .examples = { "/subscribe ask frog@example.org", "/subscribe allow frog@example.org" },
    .run = run_subscribe,
};

static const NjCommand cmd_requests = {
    .name = "requests",
    .summary = N_("Strangers who wrote or ask to see you"),
    .details = N_(
        "What strangers send waits here, unseen and unanswered, until you accept or refuse them."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "action",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL,
                  N_("what to do; list without it"),
                  { "list", "accept", "refuse" } },
                { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL, N_("whom") } },
    .examples = { "/requests", "/requests accept newt@example.org" },
    .run = run_requests,
};

static const NjCommand cmd_block = {
    .name = "block",
    .summary = N_("Block an address, or list those that are"),
    .details = N_("Your server keeps away what a blocked address sends, and does not tell it that "
                  "you are there. A server's name blocks everybody there, an address "
                  "with a resource only that."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("whom; without it those who are blocked are listed") } },
    .examples = { "/block", "/block newt@example.org", "/block spam.example.org" },
    .run = run_block,
};

static const NjCommand cmd_unblock = {
    .name = "unblock",
    .summary = N_("Let an address through again"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address",
                  NJ_PARAM_BLOCKED,
                  0,
                  N_("whom; all lets everybody through"),
                  { "all" } } },
    .examples = { "/unblock newt@example.org", "/unblock all" },
    .run = run_unblock,
};

static const NjCommand *const commands[] = { &cmd_roster, &cmd_subscribe, &cmd_requests,
                                             &cmd_block,  &cmd_unblock,   NULL };

static const NjAliasRow aliases[] = {
    { "add", "/roster add", "mcabber" },
    { "del", "/roster remove", "mcabber" },
    { "rename", "/roster rename", "mcabber" },
    { "move", "/roster group", "mcabber" },
    { "sub", "/subscribe", "Profanity" },
    { "authorization", "/subscribe", "mcabber" },
    { NULL },
};

const NjTopic nj_topic_roster = { "people", N_("People"), commands, aliases, NULL };
