/* RFC 6121 sections 3 and 4: presence, subscriptions, and answers to requests of strangers. */
#include "xmpp/xep/xep.h"

#include <string.h>

#include "base/text.h"

#define MAX_STATUS 1024 /* bytes of a status text */

typedef struct {
    bool shown; /* the last presence of this session to all contacts was available */
} Presence;

static void *
attach_presence(NjSession *session)
{
    (void) session;
    return g_new0(Presence, 1);
}

static void
detach_presence(NjSession *session, void *state)
{
    (void) session;
    g_free(state);
}

/* --- our presence --- */

NjXml *
nj_presence_stanza(NjSession *session, const char *to)
{
    const NjAccount *account = nj_session_account(session);
    NjXml *presence = nj_xml_presence(NULL, to);

    if (account->show != NJ_SHOW_ONLINE)
        nj_xml_add_with_text(presence, "show", NULL, nj_show_name(account->show));
    if (account->status && *account->status)
        nj_xml_add_with_text(presence, "status", NULL, account->status);

    if (account->priority && !to) {
        char priority[8];
        g_snprintf(priority, sizeof priority, "%d", CLAMP(account->priority, -128, 127));
        nj_xml_add_with_text(presence, "priority", NULL, priority);
    }

    nj_modules_add_presence(session, presence);
    return presence;
}

/* Calls .presence_sent of all rows. */
static void
report_sent(NjSession *session, bool available)
{
    const NjTable *modules = nj_session_modules(session);
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->presence_sent)
            module->presence_sent(session, available);
    }
}

void
nj_presence_send(NjAccount *account)
{
    NjSession *session = nj_session_of(account);
    if (!session || !nj_session_is_established(session))
        return;

    Presence *state = nj_session_state(session, &nj_rfc6121_presence);
    if (account->show == NJ_SHOW_OFFLINE) {
        /* Already invisible. Sending it again would leave the rooms joined meanwhile. */
        if (!state->shown)
            return;

        nj_session_send(session, nj_xml_presence("unavailable", NULL));
        state->shown = false;
        report_sent(session, false);
        return;
    }

    nj_session_send(session, nj_presence_stanza(session, NULL));
    state->shown = true;
    report_sent(session, true);
}

static void
start_presence(NjSession *session)
{
    Presence *state = nj_session_state(session, &nj_rfc6121_presence);
    state->shown = false;
    if (nj_session_account(session)->show != NJ_SHOW_OFFLINE)
        nj_presence_send(nj_session_account(session));
}

bool
nj_presence_direct(NjAccount *account, const char *to, NjShow show, const char *status,
                   GError **error)
{
    NjSession *session = nj_xep_online(account, error);
    if (!session)
        return false;

    NjXml *presence = nj_xml_presence(show == NJ_SHOW_OFFLINE ? "unavailable" : NULL, to);
    if (show != NJ_SHOW_OFFLINE && show != NJ_SHOW_ONLINE)
        nj_xml_add_with_text(presence, "show", NULL, nj_show_name(show));
    if (status && *status)
        nj_xml_add_with_text(presence, "status", NULL, status);
    if (show != NJ_SHOW_OFFLINE)
        nj_modules_add_presence(session, presence);

    return nj_xep_send(session, presence, error);
}

static bool
sees_presence(const NjContact *contact)
{
    return contact->subscription == NJ_SUB_FROM || contact->subscription == NJ_SUB_BOTH;
}

bool
nj_presence_shown_to(const NjSession *session, const char *address)
{
    const Presence *state = nj_session_state(session, &nj_rfc6121_presence);
    const NjContact *contact = nj_roster_find(nj_session_account(session)->roster, address);
    if (!nj_session_online(session) || !state->shown)
        return false;
    return contact && sees_presence(contact);
}

/* --- presence of others --- */

void
nj_presence_read(const NjXml *stanza, NjPresenceText *out)
{
    g_autofree char *show = nj_xml_child_text(stanza, "show", NJ_NS_CLIENT);
    g_autofree char *priority = nj_xml_child_text(stanza, "priority", NJ_NS_CLIENT);
    g_autofree char *status = nj_xml_child_text(stanza, "status", NJ_NS_CLIENT);
    gint64 number;

    *out = (NjPresenceText){ .show = NJ_SHOW_ONLINE };

    /* An unknown show counts as online. "offline" and "online" are names of nj_show_parse() that
     * are not in the protocol. */
    if (show && strcmp(show, "offline") != 0 && !nj_show_parse(show, &out->show))
        out->show = NJ_SHOW_ONLINE;
    if (priority && g_ascii_string_to_signed(priority, 10, -128, 127, &number, NULL))
        out->priority = (gint8) number;
    if (status && *status)
        out->status = nj_text_line(status, -1, MAX_STATUS);
}

/* RFC 6121 section 5.1: after a presence of the contact, messages go to the bare address again, not
 * to one client. An offline contact is not typing. */
static void
reset_peer(NjAccount *account, const NjContact *contact)
{
    NjChat *chat = nj_chat_find(account, contact->address);
    if (chat && chat->peer)
        nj_chat_set_peer(chat, NULL);
    if (chat && chat->typing != NJ_TYPING_GONE && nj_contact_show(contact) == NJ_SHOW_OFFLINE)
        nj_chat_set_typing(chat, NJ_TYPING_GONE);
}

static void
note_presence(NjSession *session, const NjXml *stanza, const char *from, bool available)
{
    NjAccount *account = nj_session_account(session);
    NjPresenceText text = { .show = NJ_SHOW_OFFLINE };

    if (available) {
        nj_presence_read(stanza, &text);
    } else {
        g_autofree char *status = nj_xml_child_text(stanza, "status", NJ_NS_CLIENT);
        text.status = status && *status ? nj_text_line(status, -1, MAX_STATUS) : NULL;
    }

    const NjContact *contact =
        nj_roster_presence(account->roster, from, text.show, text.priority, text.status);
    if (contact)
        reset_peer(account, contact);

    g_free(text.status);
}

static void
note_subscribe(NjSession *session, const NjXml *stanza, const char *bare)
{
    NjAccount *account = nj_session_account(session);
    const NjContact *contact = nj_roster_find(account->roster, bare);

    if (contact && sees_presence(contact)) {
        /* 3.1.3: the contact is subscribed already; confirm it without asking the user */
        if (account->show != NJ_SHOW_OFFLINE)
            nj_session_send(session, nj_xml_presence("subscribed", bare));
        return;
    }

    g_autofree char *status = nj_xml_child_text(stanza, "status", NJ_NS_CLIENT);
    g_autofree char *text = status && *status ? nj_text_line(status, -1, MAX_STATUS) : NULL;
    nj_roster_note_request(account->roster, bare, true, text, false);
}

/* Reports a response to our subscription request, or the end of a subscription. Stanzas of
 * strangers are ignored. */
static void
note_answer(NjSession *session, const char *type, const char *bare)
{
    NjAccount *account = nj_session_account(session);
    const NjContact *contact = nj_roster_find(account->roster, bare);

    if (!contact)
        return;

    const char *label = nj_contact_label(contact);
    if (strcmp(type, "subscribed") == 0)
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_SUCCESS,
                         _("%s accepted; you now see their status."), label);
    else if (strcmp(type, "unsubscribed") == 0)
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_INFO,
                         _("%s does not show you their status."), label);
    else
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_INFO,
                         _("%s no longer follows your status."), label);
}

/* Reports that our subscription request failed. */
static void
note_error(NjSession *session, const NjXml *stanza, const char *bare)
{
    NjAccount *account = nj_session_account(session);
    const NjContact *contact = nj_roster_find(account->roster, bare);
    if (!contact || !contact->ask)
        return;
    g_autofree char *sentence = nj_iq_error_text(stanza, NULL);
    nj_client_notice(account->client, account, NULL, NJ_NOTICE_WARNING,
                     _("The subscription request to %s failed. %s"), nj_contact_label(contact),
                     sentence);
}

static bool
on_presence(NjSession *session, NjXml *stanza, NjXml *child)
{
    const char *from = nj_xml_attr(stanza, "from"), *type = nj_xml_attr(stanza, "type");
    (void) child;
    if (!from)
        return true;

    if (!type || strcmp(type, "unavailable") == 0) {
        note_presence(session, stanza, from, !type);
        return false;
    }

    g_autofree char *bare = nj_jid_bare(from);
    if (nj_account_is_own(nj_session_account(session), from))
        return true;

    if (strcmp(type, "subscribe") == 0)
        note_subscribe(session, stanza, bare);
    else if (strcmp(type, "subscribed") == 0 || strcmp(type, "unsubscribed") == 0
             || strcmp(type, "unsubscribe") == 0)
        note_answer(session, type, bare);
    else if (strcmp(type, "error") == 0)
        note_error(session, stanza, bare);
    else
        g_debug("dropped a presence of unknown type");

    return true;
}

/* --- subscriptions and strangers --- */

/* Opens a chat with the stored messages of a stranger. */
static void
accept_messages(NjAccount *account, const char *address)
{
    NjStoredChat stored = { 0 };
    if (!account->client->store
        || !nj_store_find_chat(account->client->store, account->row, NJ_CHAT_PERSON, address,
                               &stored))
        return;

    nj_store_set_from_stranger(account->client->store, stored.id, false);
    nj_stored_chat_clear(&stored);

    NjChat *chat = nj_chat_open(account, NJ_CHAT_PERSON, address);
    nj_emit_chat_let_in(account->client->bus, chat);
}

/* An address to which another client of ours sends a message is not a stranger any more. Its
 * subscription request, if any, stays open. */
void
nj_request_answered(NjAccount *account, const char *address)
{
    const NjRequest *request = nj_roster_request(account->roster, address);
    if (!request || !request->messages)
        return;
    if (!request->asks)
        nj_roster_drop_request(account->roster, address);
    accept_messages(account, address);
}

static void
delete_messages(NjAccount *account, const char *address)
{
    NjStoredChat stored = { 0 };
    if (!account->client->store
        || !nj_store_find_chat(account->client->store, account->row, NJ_CHAT_PERSON, address,
                               &stored))
        return;
    if (stored.from_stranger)
        nj_store_delete_chat(account->client->store, stored.id);
    nj_stored_chat_clear(&stored);
}

static NjXml *
build_subscription(const char *type, const char *address, const char *text)
{
    NjXml *presence = nj_xml_presence(type, address);
    if (text && *text)
        nj_xml_add_with_text(presence, "status", NULL, text);
    return presence;
}

bool
nj_subscribe(NjAccount *account, const char *address, NjSubscribe what, const char *text,
             GError **error)
{
    static const char *const types[] = { "subscribe", "subscribed", "unsubscribed", "unsubscribe" };
    NjSession *session = nj_xep_online(account, error);

    if (!session)
        return false;

    g_autofree char *bare = nj_jid_bare(address);
    if (nj_account_is_own(account, bare)) {
        g_set_error_literal(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                            _("This is your own address; you cannot subscribe to yourself."));
        return false;
    }

    const NjRequest *request = nj_roster_request(account->roster, bare);
    if (request && what == NJ_SUBSCRIBE_ALLOW)
        return nj_request_accept(account, bare, error);
    if (request && what == NJ_SUBSCRIBE_DENY)
        return nj_request_refuse(account, bare, error);

    return nj_xep_send(session, build_subscription(types[what], bare, text), error);
}

static const NjRequest *
find_request(NjAccount *account, const char *address, GError **error)
{
    const NjRequest *request = nj_roster_request(account->roster, address);
    if (!request)
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED, _("There is no request from %s."),
                    address);
    return request;
}

/* Sends answer if the stranger requested a subscription, removes the request, and calls messages()
 * if the stranger has sent any. */
static bool
answer_request(NjAccount *account, const char *address, const char *answer,
               void (*messages)(NjAccount *account, const char *address), GError **error)
{
    const NjRequest *request = find_request(account, address, error);
    NjSession *session = request && request->asks ? nj_xep_online(account, error) : NULL;

    if (!request || (request->asks && !session))
        return false;

    bool has_messages = request->messages > 0;

    /* a copy, because address may be a pointer to request->address, which is freed below */
    g_autofree char *bare = g_strdup(request->address);
    if (request->asks && !nj_xep_send(session, nj_xml_presence(answer, bare), error))
        return false;

    nj_roster_drop_request(account->roster, bare);
    if (has_messages)
        messages(account, bare);
    return true;
}

bool
nj_request_accept(NjAccount *account, const char *address, GError **error)
{
    return answer_request(account, address, "subscribed", accept_messages, error);
}

bool
nj_request_refuse(NjAccount *account, const char *address, GError **error)
{
    return answer_request(account, address, "unsubscribed", delete_messages, error);
}

const NjModule nj_rfc6121_presence = {
    .spec = "RFC 6121 (4)",
    .name = N_("Presence and Subscriptions"),
    /* RFC 6121 (2) keeps presence that arrives before the roster. XEP-0030 (3) requests features
     * before the first presence is sent. */
    .after = { "RFC 6121 (2)", "XEP-0030 (3)" },
    .handlers = { { NJ_KIND_PRESENCE, NULL, NULL, on_presence } },
    .attach = attach_presence,
    .detach = detach_presence,
    .online = start_presence,
};
