/* /outbox and /retry: list messages that no server has received yet, and send failed ones again.
 *
 * Waiting messages are in the outbox of each account. Failed messages have left it: they are
 * searched among the last messages of the open chats, not more than a day back, so that /retry does
 * not send forgotten messages of last year. */
#include "cmd/outbox.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/topic.h"
#include "model/events.h"
#include "model/outbox.h"
#include "xmpp/xep/message.h"

#define MAX_SEARCHED 50 /* messages from the end of a chat that are searched for failed ones */
#define MAX_AGE_MS (24 * 3600 * G_GINT64_CONSTANT(1000)) /* of a failed message */

guint
nj_outbox_count(const NjAccount *account, guint *unsure)
{
    guint waiting = 0;
    *unsure = 0;
    for (GList *item = account->outbox->rows.head; item; item = item->next) {
        if (((NjOut *) item->data)->message->state == NJ_STATE_UNSURE)
            ++*unsure;
        else
            waiting++;
    }

    return waiting;
}

guint
nj_outbox_unsafe(NjClient *client)
{
    guint count = 0;
    for (guint i = 0; i < client->accounts->len; i++) {
        const NjOutbox *outbox = ((NjAccount *) client->accounts->pdata[i])->outbox;
        for (GList *item = outbox->rows.tail; item && !nj_outbox_is_safe(outbox, item->data);
             item = item->prev)
            count++;
    }
    return count;
}

char *
nj_outbox_sentence(NjClient *client, bool written)
{
    const char *first = NULL;
    guint count = 0;
    bool others = false;

    for (guint i = 0; i < client->accounts->len; i++) {
        const NjAccount *account = client->accounts->pdata[i];
        for (GList *item = account->outbox->rows.head; item; item = item->next) {
            const NjOut *out = item->data;
            if (out->message->state == NJ_STATE_UNSURE
                || (!written && !nj_outbox_is_safe(account->outbox, out)))
                continue;
            count++;
            if (!first)
                first = out->address;
            others |= strcmp(first, out->address) != 0;
        }
    }

    if (!count)
        return NULL;

    if (others)
        return g_strdup_printf(
            ngettext("%u message to %s and others waits; it is sent when you are online again.",
                     "%u messages to %s and others wait; they are sent when you are online again.",
                     count),
            count, first);

    return g_strdup_printf(
        ngettext("%u message to %s waits; it is sent when you are online again.",
                 "%u messages to %s wait; they are sent when you are online again.", count),
        count, first);
}

/* --- collecting messages --- */

/* A message of the list, and the chat it belongs to, which may be closed. */
typedef struct {
    NjAccount *account;
    NjChatKind kind;
    char *address;
    NjMessage *message;
} Entry;

static void
free_entry(void *data)
{
    Entry *entry = data;
    nj_message_unref(entry->message);
    g_free(entry->address);
    g_free(entry);
}

static void
add_entry(GPtrArray *entries, NjAccount *account, NjChatKind kind, const char *address,
          NjMessage *message)
{
    Entry *entry = g_new(Entry, 1);
    *entry = (Entry){ account, kind, g_strdup(address), nj_message_ref(message) };
    g_ptr_array_add(entries, entry);
}

/* Adds the failed messages of an open chat. */
static void
add_failed(GPtrArray *entries, NjChat *chat)
{
    NjStore *store = chat->account->client->store;
    gint64 since = nj_clock_wall_ms() - MAX_AGE_MS;

    if (!store || !chat->id || chat->last_time < since)
        return;

    g_autoptr(GPtrArray) page =
        nj_store_page_before(store, chat->id, G_MAXINT64, G_MAXINT64, MAX_SEARCHED);
    for (guint i = 0; i < page->len; i++) {
        NjMessage *message = page->pdata[i];
        if (message->out && message->state == NJ_STATE_FAILED && message->time >= since)
            add_entry(entries, chat->account, chat->kind, chat->address, message);
    }
}

static int
compare_ids(const void *a, const void *b)
{
    const NjMessage *one = (*(Entry *const *) a)->message, *other = (*(Entry *const *) b)->message;
    return (one->id > other->id) - (one->id < other->id);
}

/* The waiting, unsure and failed messages of a chat, or of all chats (NULL), in the order of their
 * row ids. */
static GPtrArray *
collect_entries(NjClient *client, NjChat *chat)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(free_entry);
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = client->accounts->pdata[i];
        if (chat && chat->account != account)
            continue;
        for (GList *item = account->outbox->rows.head; item; item = item->next) {
            const NjOut *out = item->data;
            if (!chat || strcmp(chat->address, out->address) == 0)
                add_entry(entries, account, out->kind, out->address, out->message);
        }
        if (chat)
            add_failed(entries, chat);
        GHashTableIter iter;
        void *open;
        g_hash_table_iter_init(&iter, account->chats);
        while (!chat && g_hash_table_iter_next(&iter, NULL, &open))
            add_failed(entries, open);
    }

    g_ptr_array_sort(entries, compare_ids);
    return entries;
}

/* --- /outbox --- */

/* Whether the message is sent again only by /retry. */
static bool
needs_retry(const NjMessage *message)
{
    return message->state == NJ_STATE_FAILED || message->state == NJ_STATE_UNSURE;
}

static const char *
state_shown(NjMessageState state)
{
    switch (state) {
    case NJ_STATE_QUEUED:
        return _("waits to be sent");
    case NJ_STATE_SENT:
        return _("is on its way");
    case NJ_STATE_UNSURE:
        return _("may not have arrived");
    default:
        return _("failed");
    }
}

static NjRecord *
entry_record(const Entry *entry)
{
    const NjMessage *message = entry->message;
    NjRecord *record = nj_record_new();
    g_autofree char *time = nj_clock_format(message->time);

    nj_record_set_text(record, "account", entry->account->settings->name);
    nj_record_set_text(record, "chat", entry->address);
    nj_record_set_text(record, "message",
                       message->origin_id ? message->origin_id : message->wire_id);
    nj_record_set_text(record, "time", time);
    nj_record_set_text(record, "state", nj_message_state_name(message));
    nj_record_set_text(record, "error", message->error);
    nj_record_set_text(record, "body", message->body);

    return record;
}

static void
report_entry(NjCall *call, const Entry *entry)
{
    const NjMessage *message = entry->message;
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(message->time / 1000);
    g_autofree char *shown = time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("");
    const char *content = message->body ? message->body : message->subject;
    g_autofree char *line = nj_text_line(content ? content : "", -1, 0);
    g_autofree char *text = nj_text_ellipsize(line, 40);

    const char *error = message->error ? message->error : "";
    NjNoticeKind kind = needs_retry(message) ? NJ_NOTICE_WARNING : NJ_NOTICE_INFO;

    nj_call_notice(call, kind, "%s  %s  %s: %s%s%s", shown, entry->address,
                   state_shown(message->state), text, message->error ? "  " : "", error);
}

static void
run_outbox(NjCall *call)
{
    g_autoptr(GPtrArray) entries = collect_entries(nj_call_client(call), NULL);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    bool any_retry = false;

    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = entries->pdata[i];
        any_retry |= needs_retry(entry->message);
        g_ptr_array_add(list, entry_record(entry));
        report_entry(call, entry);
    }

    nj_record_set_list(nj_call_result(call), "messages", list);
    if (!entries->len)
        nj_call_notice(call, NJ_NOTICE_INFO, _("No message waits, has failed or is unsure."));
    else if (any_retry)
        nj_call_notice(
            call, NJ_NOTICE_INFO,
            _("/retry resends the messages of a chat that failed or may not have arrived, /retry "
              "all those of every chat; the others are sent automatically."));

    nj_call_done(call);
}

/* --- /retry --- */

/* The chat of an entry; opens a closed chat with a person. Returns NULL and an error for a room
 * that we have left. */
static NjChat *
open_entry_chat(const Entry *entry, GError **error)
{
    NjChat *chat = nj_chat_find(entry->account, entry->address);
    if (!chat && entry->kind == NJ_CHAT_PERSON)
        chat = nj_chat_open(entry->account, NJ_CHAT_PERSON, entry->address);
    if (!chat)
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-chat"),
                    _("You are no longer in %s; type /join %s, then /retry."), entry->address,
                    entry->address);
    return chat;
}

static void
report_retried(NjCall *call, guint now, guint later)
{
    nj_record_set_int(nj_call_result(call), "count", now + later);
    if (now)
        nj_call_notice(call, NJ_NOTICE_INFO,
                       ngettext("%u message is sent again.", "%u messages are sent again.", now),
                       now);
    if (later)
        nj_call_notice(call, NJ_NOTICE_INFO,
                       ngettext("%u message is sent again when its account is online.",
                                "%u messages are sent again when their accounts are online.",
                                later),
                       later);
}

static void
run_retry(NjCall *call)
{
    NjChat *chat = nj_call_arg(call, "which") ? NULL : nj_call_chat(call);
    if (!chat && !nj_call_arg(call, "which")) {
        nj_call_fail(call, "no-chat",
                     _("No chat is in front; /retry all resends the messages of every chat that "
                       "failed or may not have arrived."));
        return;
    }

    g_autoptr(GPtrArray) entries = collect_entries(nj_call_client(call), chat);
    g_autoptr(GError) first = NULL;
    guint now = 0, later = 0, refused = 0;
    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = entries->pdata[i];
        g_autoptr(GError) error = NULL;
        if (!needs_retry(entry->message))
            continue;
        NjChat *where = open_entry_chat(entry, &error);
        if (where && nj_message_retry(where, entry->message, &error)) {
            if (entry->account->state == NJ_ACCOUNT_ONLINE)
                now++;
            else
                later++;
            continue;
        }
        refused++;
        if (!first)
            first = g_steal_pointer(&error);
    }

    if (refused && !now && !later) {
        nj_call_fail_error(call, nj_cmd_error_code(first), first);
        return;
    }

    if (!refused && !now && !later)
        nj_call_notice(
            call, NJ_NOTICE_INFO,
            chat ? _("In this chat no message failed in the last 24 hours or may not have arrived; "
                     "/outbox lists waiting messages.")
                 : _("No message failed in the last 24 hours or may not have arrived; /outbox "
                     "lists waiting messages."));

    report_retried(call, now, later);
    if (refused)
        nj_call_notice(call, NJ_NOTICE_ERROR, "%s", first->message);
    nj_call_done(call);
}

static const NjCommand cmd_retry = {
    .name = "retry",
    .summary = N_("Resend messages that failed or may not have arrived"),
    .details =
        N_("Messages that wait for a connection are sent automatically. This command resends the "
           "others in their order: those that may not have arrived because a connection was lost, "
           "and those that failed in the last 24 hours, near the end of an open chat."),
    .params = { { "which",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL,
                  N_("all: those of every chat; by default those of the chat in front"),
                  { "all" } } },
    .examples = { "/retry", "/retry all" },
    .run = run_retry,
};

static const NjCommand cmd_outbox = {
    .name = "outbox",
    .summary = N_("List your messages that are not sent yet, failed, or may not have arrived"),
    .details =
        N_("Lists messages of all accounts that wait, are being sent, failed, or may not have "
           "arrived."),
    .examples = { "/outbox" },
    .run = run_outbox,
};

static const NjCommand *const commands[] = { &cmd_outbox, &cmd_retry, NULL };

const NjTopic nj_topic_outbox = { "waiting", N_("Waiting messages"), commands, NULL, NULL };
