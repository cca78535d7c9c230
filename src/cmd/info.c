/* /ping and /info: ask other addresses. */
#include <string.h>

#include "cmd/topic.h"
#include "xmpp/xep/0030.h"
#include "xmpp/xep/0199.h"

/* Writes how long a response took. For the bare address of a user, the user's server responds
 * (XEP-0199, RFC 6120 10.5.3). */
static void
report_ping(NjCall *call, int ms)
{
    const char *address = nj_call_arg(call, "address");
    if (!address)
        nj_call_notice(call, NJ_NOTICE_INFO, _("Your server answered in %d ms."), ms);
    else if (strchr(address, '@') && !strchr(address, '/'))
        nj_call_notice(call, NJ_NOTICE_INFO, _("The server, for %s, answered in %d ms."), address,
                       ms);
    else
        nj_call_notice(call, NJ_NOTICE_INFO, _("%s answered in %d ms."), address, ms);
}

static void
on_pong(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    const NjField *ms = result ? nj_record_find(result, "ms") : NULL;
    if (!error && ms)
        report_ping(call, (int) ms->number);
    nj_call_answer(error, result, call);
}

static void
run_ping(NjCall *call)
{
    nj_ping(nj_call_account(call), nj_call_arg(call, "address"), on_pong, nj_call_hold(call));
}

static void report_record(NjCall *call, const NjRecord *record, int depth);

/* Writes a list. Records that consist of a single text share one line, others are written one below
 * the other. */
static void
report_list(NjCall *call, const NjField *field, int depth)
{
    g_autoptr(GString) words = g_string_new(NULL);
    for (guint i = 0; i < field->list->len; i++) {
        const NjRecord *record = field->list->pdata[i];
        const NjField *only = nj_record_length(record) == 1 ? nj_record_at(record, 0) : NULL;
        if (only && only->kind == NJ_FIELD_TEXT)
            g_string_append_printf(words, "%s%s", words->len ? ", " : "", only->text);
        else
            report_record(call, record, depth + 1);
    }

    if (words->len)
        nj_call_notice(call, NJ_NOTICE_INFO, "%*s%s: %s", depth * 2, "", field->key, words->str);
}

/* Writes a field, indented by depth steps. */
static void
report_field(NjCall *call, const NjField *field, int depth)
{
    switch (field->kind) {
    case NJ_FIELD_TEXT:
        nj_call_notice(call, NJ_NOTICE_INFO, "%*s%s: %s", depth * 2, "", field->key, field->text);
        break;
    case NJ_FIELD_INT:
        nj_call_notice(call, NJ_NOTICE_INFO, "%*s%s: %" G_GINT64_FORMAT, depth * 2, "", field->key,
                       field->number);
        break;
    case NJ_FIELD_BOOL:
        nj_call_notice(call, NJ_NOTICE_INFO, "%*s%s: %s", depth * 2, "", field->key,
                       field->number ? _("yes") : _("no"));
        break;
    case NJ_FIELD_RECORD:
        nj_call_notice(call, NJ_NOTICE_INFO, "%*s%s:", depth * 2, "", field->key);
        report_record(call, field->record, depth + 1);
        break;
    case NJ_FIELD_LIST:
        report_list(call, field, depth);
        break;
    }
}

static void
report_record(NjCall *call, const NjRecord *record, int depth)
{
    for (guint i = 0; i < nj_record_length(record); i++)
        report_field(call, nj_record_at(record, i), depth);
}

static void
on_info(const GError *error, NjRecord *result, void *data)
{
    NjCall *call = data;
    if (!error && result)
        report_record(call, result, 0);
    nj_call_answer(error, result, call);
}

/* Writes what the roster knows about an address; this needs no request. */
static void
report_contact(NjCall *call, const char *address)
{
    NjAccount *account = nj_call_account(call);
    const NjContact *contact = nj_roster_find(account->roster, address);

    if (!contact)
        return;

    nj_call_notice(call, NJ_NOTICE_INFO, _("%s, subscription %s"), nj_contact_label(contact),
                   nj_subscription_name(contact->subscription));
    for (guint i = 0; i < contact->presences->len; i++) {
        const NjPresence *presence = contact->presences->pdata[i];
        const char *resource = *presence->resource ? presence->resource : address;
        const char *status = presence->status ? presence->status : "";
        nj_call_notice(call, NJ_NOTICE_INFO, _("%s: %s, priority %d %s"), resource,
                       nj_show_name(presence->show), presence->priority, status);
        g_autoptr(GDateTime) idle =
            presence->idle ? g_date_time_new_from_unix_local(presence->idle / 1000) : NULL;
        g_autofree char *since = idle ? g_date_time_format(idle, "%Y-%m-%d %H:%M") : NULL;
        if (since)
            nj_call_notice(call, NJ_NOTICE_INFO, _("Idle since %s."), since);
    }
}

static void
run_info(NjCall *call)
{
    const char *address = nj_call_arg(call, "address");
    NjChat *chat = nj_call_chat(call);

    if (!address && chat)
        address = chat->peer ? chat->peer : chat->address;
    if (!address) {
        nj_call_needs(call, "address");
        return;
    }

    g_autofree char *whom = g_strdup(address);
    report_contact(call, whom);
    nj_info(nj_call_account(call), whom, on_info, nj_call_hold(call));
}

static const NjCommand cmd_ping = {
    .name = "ping",
    .summary = N_("Measure how long a response takes"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("the address; by default your server") } },
    .examples = { "/ping", "/ping frog@example.org/desk" },
    .run = run_ping,
};

static const NjCommand cmd_info = {
    .name = "info",
    .summary = N_("Show information about a person, room or server"),
    .needs = NJ_NEEDS_CONNECTION,
    .params = { { "address", NJ_PARAM_CONTACT, NJ_OPTIONAL,
                  N_("the address; by default that of the chat in front") } },
    .examples = { "/info frog@example.org", "/info chat.example.org" },
    .run = run_info,
};

static const NjCommand *const commands[] = { &cmd_ping, &cmd_info, NULL };

static const NjAliasRow aliases[] = {
    { "whois", "/info", "irssi, WeeChat" },
    { "version", "/info", "mcabber" },
    { "software", "/info", "Profanity" },
    { NULL },
};

const NjTopic nj_topic_info = { "info", N_("Information about others"), commands, aliases, NULL };
