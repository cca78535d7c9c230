/* /roster, /subscribe, /requests, /block and /unblock: contacts, subscriptions, requests of
 * strangers, blocked addresses. */
#include <string.h>

#include "cmd/call.h"
#include "cmd/topic.h"
#include "xmpp/xep/0191.h"
#include "xmpp/xep/presence.h"
#include "xmpp/xep/roster.h"

/* --- /roster --- */

static void
collect_contact(NjContact *contact, void *owner)
{
    g_ptr_array_add(owner, contact);
}

static int
compare_contacts(const void *a, const void *b)
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
run_roster_list(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    g_autoptr(GPtrArray) contacts = g_ptr_array_new();

    nj_roster_each(account->roster, collect_contact, contacts);
    g_ptr_array_sort(contacts, compare_contacts);

    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    for (guint i = 0; i < contacts->len; i++) {
        const NjContact *contact = contacts->pdata[i];
        g_ptr_array_add(list, contact_record(contact));
        const char *address = contact->shown ? contact->shown : contact->address;
        const char *name = contact->name ? contact->name : "";
        nj_call_notice(call, NJ_NOTICE_INFO, "%-8s %s%s%s  (%s)",
                       nj_show_name(nj_contact_show(contact)), address, *name ? "  " : "", name,
                       nj_subscription_name(contact->subscription));
    }

    guint count = list->len;
    nj_record_set_list(nj_call_result(call), "contacts", list);
    nj_call_notice(call, NJ_NOTICE_INFO,
                   ngettext("%u contact of account %s.", "%u contacts of account %s.", count),
                   count, account->settings->name);
    nj_call_done(call);
}

static void
run_roster_toggle(NjCall *call)
{
    nj_screen_toggle_roster(nj_call_screen(call));
    nj_call_done(call);
}

static void
run_roster_focus(NjCall *call)
{
    nj_screen_focus_roster(nj_call_screen(call));
    nj_call_done(call);
}

static void
run_roster_add(NjCall *call)
{
    g_autoptr(GError) error = NULL;
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");

    if (!nj_subscribe(account, address, NJ_SUBSCRIBE_ASK, NULL, &error)) {
        nj_call_fail_error(call, nj_cmd_error_code(error), error);
        return;
    }

    nj_call_notice(call, NJ_NOTICE_INFO, _("Asked %s to show you when they are online."), address);
    nj_roster_edit(account, address, nj_call_arg(call, "name"), NULL, nj_call_answer,
                   nj_call_hold(call));
}

/* The address of the call, which must be a contact; NULL: the call has failed. */
static const char *
contact_address(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");
    if (nj_roster_find(account->roster, address))
        return address;

    nj_call_fail(call, "no-contact",
                 _("%s is not a contact of account %s; /roster add %s adds this address."), address,
                 account->settings->name, address);
    return NULL;
}

/* The server has removed the contact or refused to. */
static void
on_contact_removed(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    if (!error)
        nj_call_notice(call, NJ_NOTICE_INFO, _("Removed %s from your contacts."),
                       nj_call_arg(call, "address"));
    nj_call_answer(error, result, call);
}

static void
run_roster_remove(NjCall *call)
{
    const char *address = contact_address(call);
    if (address)
        nj_roster_delete(nj_call_account(call), address, on_contact_removed, nj_call_hold(call));
}

static void
on_contact_renamed(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    const char *address = nj_call_arg(call, "address"), *name = nj_call_arg(call, "name");

    if (!error && name)
        nj_call_notice(call, NJ_NOTICE_INFO, _("%s is now called %s."), address, name);
    else if (!error)
        nj_call_notice(call, NJ_NOTICE_INFO, _("Removed the name of %s."), address);

    nj_call_answer(error, result, call);
}

static void
run_roster_rename(NjCall *call)
{
    const char *address = contact_address(call), *name = nj_call_arg(call, "name");
    if (address)
        nj_roster_edit(nj_call_account(call), address, name ? name : "", NULL, on_contact_renamed,
                       nj_call_hold(call));
}

/* Quotes groups for a sentence: “Old friends”, “Pond” for the typed words "Old friends" Pond.
 * *count receives their number. The caller frees the text. */
static char *
quote_groups(const char *text, guint *count)
{
    GString *shown = g_string_new(NULL);
    char *word;

    *count = 0;
    while ((word = nj_parse_word(&text, NULL))) {
        g_string_append_printf(shown, "%s“%s”", shown->len ? ", " : "", word);
        g_free(word);
        ++*count;
    }

    return g_string_free(shown, FALSE);
}

static void
on_contact_grouped(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    const char *address = nj_call_arg(call, "address"), *text = nj_call_arg(call, "groups");
    guint count = 0;
    g_autofree char *groups = text ? quote_groups(text, &count) : NULL;

    if (!error && groups)
        nj_call_notice(call, NJ_NOTICE_INFO,
                       ngettext("%s is now in the group %s.", "%s is now in the groups %s.", count),
                       address, groups);
    else if (!error)
        nj_call_notice(call, NJ_NOTICE_INFO, _("%s is now in no group."), address);

    nj_call_answer(error, result, call);
}

static void
run_roster_group(NjCall *call)
{
    const char *address = contact_address(call), *text = nj_call_arg(call, "groups");
    g_autoptr(GPtrArray) groups = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    char *word;

    if (!address)
        return;

    while (text && (word = nj_parse_word(&text, &error)))
        g_ptr_array_add(groups, word);
    if (error) {
        nj_call_fail_error(call, "usage", error);
        return;
    }

    g_ptr_array_add(groups, NULL);
    nj_roster_edit(nj_call_account(call), address, NULL, (const char *const *) groups->pdata,
                   on_contact_grouped, nj_call_hold(call));
}

/* --- /subscribe --- */

static void
report_subscribed(NjCall *call, NjSubscribe what, const char *address)
{
    switch (what) {
    case NJ_SUBSCRIBE_ASK:
        nj_call_notice(call, NJ_NOTICE_INFO, _("Asked %s to show you when they are online."),
                       address);
        break;
    case NJ_SUBSCRIBE_ALLOW:
        nj_call_notice(call, NJ_NOTICE_INFO, _("%s may see when you are online."), address);
        break;
    case NJ_SUBSCRIBE_DENY:
        nj_call_notice(call, NJ_NOTICE_INFO, _("%s may not see when you are online."), address);
        break;
    case NJ_SUBSCRIBE_CANCEL:
        nj_call_notice(call, NJ_NOTICE_INFO, _("You no longer see when %s is online."), address);
        break;
    }
}

static void
change_subscription(NjCall *call, NjSubscribe what)
{
    const char *address = nj_call_arg(call, "address");
    g_autoptr(GError) error = NULL;
    bool done =
        nj_subscribe(nj_call_account(call), address, what, nj_call_arg(call, "text"), &error);
    if (done)
        report_subscribed(call, what, address);
    nj_call_done_if(call, done, error);
}

static void
run_subscribe_ask(NjCall *call)
{
    change_subscription(call, NJ_SUBSCRIBE_ASK);
}

static void
run_subscribe_allow(NjCall *call)
{
    change_subscription(call, NJ_SUBSCRIBE_ALLOW);
}

static void
run_subscribe_deny(NjCall *call)
{
    change_subscription(call, NJ_SUBSCRIBE_DENY);
}

static void
run_subscribe_cancel(NjCall *call)
{
    change_subscription(call, NJ_SUBSCRIBE_CANCEL);
}

/* --- /requests --- */

static void
run_requests_list(NjCall *call)
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
            nj_call_notice(call, NJ_NOTICE_INFO, _("%s asks to see when you are online. %s"),
                           request->address, text);
        else
            nj_call_notice(call, NJ_NOTICE_INFO,
                           ngettext("%s wrote %u message: %s",
                                    "%s wrote %u messages, the first: %s", request->messages),
                           request->address, request->messages, text);
    }

    if (requests->len)
        nj_call_notice(
            call, NJ_NOTICE_INFO,
            _("/requests accept ADDRESS accepts a request, /requests refuse ADDRESS removes it."));
    else
        nj_call_notice(call, NJ_NOTICE_INFO, _("No requests."));

    nj_record_set_list(nj_call_result(call), "requests", list);
    nj_call_done(call);
}

static void
run_requests_accept(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");
    g_autoptr(GError) error = NULL;
    bool done = nj_request_accept(account, address, &error);
    NjChat *chat = done ? nj_chat_find(account, address) : NULL;

    if (chat)
        nj_call_show_chat(call, chat);
    nj_call_done_if(call, done, error);
}

static void
run_requests_refuse(NjCall *call)
{
    g_autoptr(GError) error = NULL;
    bool done = nj_request_refuse(nj_call_account(call), nj_call_arg(call, "address"), &error);
    nj_call_done_if(call, done, error);
}

/* --- /block and /unblock --- */

static int
compare_texts(const void *a, const void *b)
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
                         _("The server of account %s has sent no list of blocked addresses; it may "
                           "not support blocking."),
                         account->settings->name);
        return;
    }

    guint count = 0;
    g_autofree char **addresses =
        (char **) g_hash_table_get_keys_as_array(account->blocked, &count);
    qsort(addresses, count, sizeof *addresses, compare_texts);

    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    for (guint i = 0; i < count; i++) {
        NjRecord *record = nj_record_new();
        nj_record_set_text(record, "address", addresses[i]);
        g_ptr_array_add(list, record);
        nj_call_notice(call, NJ_NOTICE_INFO, "%s", addresses[i]);
    }

    nj_record_set_list(nj_call_result(call), "blocked", list);
    if (count)
        nj_call_notice(call, NJ_NOTICE_INFO,
                       ngettext("Account %s blocks %u address; /unblock ADDRESS unblocks it.",
                                "Account %s blocks %u addresses; /unblock ADDRESS unblocks one.",
                                count),
                       account->settings->name, count);
    else
        nj_call_notice(call, NJ_NOTICE_INFO, _("Account %s blocks no address."),
                       account->settings->name);

    nj_call_done(call);
}

/* The server has blocked the address or refused to. Removes the request of a blocked address. */
static void
on_blocked(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");

    if (!error && account) {
        if (nj_roster_request(account->roster, address))
            nj_request_refuse(account, address, NULL);
        nj_call_notice(
            call, NJ_NOTICE_SUCCESS,
            _("Blocked %s: the server drops what they send, and they see you as offline."),
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
    if (!error && strcmp(address, "all") == 0)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Unblocked all addresses."));
    else if (!error)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Unblocked %s."), address);
    nj_call_answer(error, result, call);
}

static void
run_unblock(NjCall *call)
{
    NjAccount *account = nj_call_account(call);
    const char *address = nj_call_arg(call, "address");
    bool all = strcmp(address, "all") == 0;
    bool unknown = account->blocked && !g_hash_table_contains(account->blocked, address);
    if (!all && unknown)
        nj_call_fail(call, "refused",
                     _("%s is not blocked by account %s; /block lists the blocked addresses."),
                     address, account->settings->name);
    else
        nj_block(account, all ? NULL : address, false, on_unblocked, nj_call_hold(call));
}

static const NjCommand cmd_roster = {
    .name = "roster",
    .summary = N_("List and change your contacts"),
    .details = N_("Without a sub-command the contacts are listed."),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/roster" },
    .run = run_roster_list,
};

static const NjCommand cmd_roster_list = {
    .name = "list",
    .parent = "roster",
    .summary = N_("List your contacts"),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/roster list" },
    .run = run_roster_list,
};

static const NjCommand cmd_roster_add = {
    .name = "add",
    .parent = "roster",
    .summary = N_("Add a contact and ask to see when they are online"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the contact") },
                { "name", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("the name that you give them") } },
    .examples = { "/roster add frog@example.org", "/roster add frog@example.org Frog" },
    .run = run_roster_add,
};

static const NjCommand cmd_roster_remove = {
    .name = "remove",
    .parent = "roster",
    .summary = N_("Remove a contact"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the contact") } },
    .examples = { "/roster remove frog@example.org" },
    .run = run_roster_remove,
};

static const NjCommand cmd_roster_rename = {
    .name = "rename",
    .parent = "roster",
    .summary = N_("Change the name of a contact"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the contact") },
                { "name", NJ_PARAM_TEXT, NJ_OPTIONAL,
                  N_("the new name; by default the name is removed") } },
    .examples = { "/roster rename frog@example.org Froggy" },
    .run = run_roster_rename,
};

static const NjCommand cmd_roster_group = {
    .name = "group",
    .parent = "roster",
    .summary = N_("Change the groups of a contact"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the contact") },
                { "groups", NJ_PARAM_TEXT, NJ_OPTIONAL,
                  N_("the groups, one word each; by default all are removed") } },
    .examples = { "/roster group frog@example.org Pond \"Old friends\"" },
    .run = run_roster_group,
};

static const NjCommand cmd_roster_toggle = {
    .name = "toggle",
    .parent = "roster",
    .summary = N_("Hide or show the list of contacts at the side"),
    .needs = NJ_NEEDS_ACCOUNT | NJ_NEEDS_SCREEN,
    .examples = { "/roster toggle" },
    .run = run_roster_toggle,
};

static const NjCommand cmd_roster_focus = {
    .name = "focus",
    .parent = "roster",
    .summary = N_("Move the focus to the list of contacts at the side"),
    .needs = NJ_NEEDS_ACCOUNT | NJ_NEEDS_SCREEN,
    .examples = { "/roster focus" },
    .run = run_roster_focus,
};

static const NjCommand cmd_subscribe = {
    .name = "subscribe",
    .summary = N_("Decide who sees when you are online, and ask to see others"),
    .examples = { "/subscribe ask frog@example.org" },
};

static const NjCommand cmd_subscribe_ask = {
    .name = "ask",
    .parent = "subscribe",
    .summary = N_("Ask to see when somebody is online"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the person") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a message with the request") } },
    .examples = { "/subscribe ask frog@example.org", "/subscribe ask frog@example.org It is Toad" },
    .run = run_subscribe_ask,
};

static const NjCommand cmd_subscribe_allow = {
    .name = "allow",
    .parent = "subscribe",
    .summary = N_("Allow somebody to see when you are online"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the person") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a message with the answer") } },
    .examples = { "/subscribe allow frog@example.org" },
    .run = run_subscribe_allow,
};

static const NjCommand cmd_subscribe_deny = {
    .name = "deny",
    .parent = "subscribe",
    .summary = N_("Refuse a request to see you, or end a permission"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the person") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a message with the answer") } },
    .examples = { "/subscribe deny frog@example.org" },
    .run = run_subscribe_deny,
};

static const NjCommand cmd_subscribe_cancel = {
    .name = "cancel",
    .parent = "subscribe",
    .summary = N_("Stop seeing when somebody is online"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the person") },
                { "text", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("a message that goes with it") } },
    .examples = { "/subscribe cancel frog@example.org" },
    .run = run_subscribe_cancel,
};

static const NjCommand cmd_requests = {
    .name = "requests",
    .summary = N_("List and answer requests of strangers"),
    .details =
        N_("Messages and requests of strangers wait in this list. They learn nothing about you "
           "until you accept or refuse them. Without a sub-command the requests are listed."),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/requests" },
    .run = run_requests_list,
};

static const NjCommand cmd_requests_list = {
    .name = "list",
    .parent = "requests",
    .summary = N_("List the requests"),
    .needs = NJ_NEEDS_ACCOUNT,
    .examples = { "/requests list" },
    .run = run_requests_list,
};

static const NjCommand cmd_requests_accept = {
    .name = "accept",
    .parent = "requests",
    .summary = N_("Accept a request, and show the messages of this stranger"),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the stranger") } },
    .examples = { "/requests accept newt@example.org" },
    .run = run_requests_accept,
};

static const NjCommand cmd_requests_refuse = {
    .name = "refuse",
    .parent = "requests",
    .summary = N_("Refuse a request and remove it"),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "address", NJ_PARAM_CONTACT, 0, N_("the address of the stranger") } },
    .examples = { "/requests refuse newt@example.org" },
    .run = run_requests_refuse,
};

static const NjCommand cmd_block = {
    .name = "block",
    .summary = N_("Block an address, or list the blocked addresses"),
    .details = N_("Your server drops what a blocked address sends, and shows you to it as offline. "
                  "The name of a server blocks all its addresses, an address with a resource only "
                  "that resource."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("the address; by default the blocked ones are listed") } },
    .examples = { "/block", "/block newt@example.org", "/block spam.example.org" },
    .run = run_block,
};

static const NjCommand cmd_unblock = {
    .name = "unblock",
    .summary = N_("Unblock an address"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_BLOCKED, 0, N_("the address to unblock"), { "all" } } },
    .examples = { "/unblock newt@example.org", "/unblock all" },
    .run = run_unblock,
};

static const NjCommand *const commands[] = {
    &cmd_roster,           &cmd_roster_list,   &cmd_roster_add,      &cmd_roster_remove,
    &cmd_roster_rename,    &cmd_roster_group,  &cmd_roster_toggle,   &cmd_roster_focus,
    &cmd_subscribe,        &cmd_subscribe_ask, &cmd_subscribe_allow, &cmd_subscribe_deny,
    &cmd_subscribe_cancel, &cmd_requests,      &cmd_requests_list,   &cmd_requests_accept,
    &cmd_requests_refuse,  &cmd_block,         &cmd_unblock,         NULL,
};

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
