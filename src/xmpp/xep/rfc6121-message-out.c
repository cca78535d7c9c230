/* RFC 6121 section 5: the messages that we send, from nj_message_send() through the outbox to the
 * stream, and their states. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/message.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "model/outbox.h"
#include "model/store.h"

#define ASK_WITHIN_MS (G_GINT64_CONSTANT(7) * 24 * 60 * 60 * 1000)
#define MAX_PUMP 50 /* messages sent in one run of nj_message_pump(): pressed keys come first */

typedef struct {
    NjSession *session;
    GSource *again; /* timer that calls nj_message_pump() for the remaining rows */
    GArray *asked;  /* ids of the rows about which the archive is being asked; NULL: none */
} Messages;

/* Returns true if the row is queued and has not been handed to the stream, which numbers it. */
static bool
has_no_number(const NjOut *out)
{
    return out->message->state == NJ_STATE_QUEUED && !out->numbered;
}

static bool
is_private_in(const NjOut *out, const char *room)
{
    return out->kind == NJ_CHAT_PRIVATE && (!room || nj_jid_same_bare(out->address, room));
}

/* Sets the queued private messages to occupants of a room to FAILED; room NULL: of all rooms. After
 * we have left the room, the nick may belong to another person. */
static void
fail_private(NjSession *session, const char *room)
{
    NjOutbox *outbox = nj_session_account(session)->outbox;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));

    for (GList *item = outbox->rows.head; item; item = item->next) {
        const NjOut *out = item->data;
        if (is_private_in(out, room) && has_no_number(out))
            g_array_append_val(rows, out->message->id);
    }

    for (guint i = 0; i < rows->len; i++) {
        NjOut *out = nj_outbox_find(outbox, g_array_index(rows, gint64, i));
        if (out)
            nj_outbox_set_state(
                outbox, out, NJ_STATE_FAILED,
                _("You left the room before this message was sent. The nickname may belong to "
                  "another person now. Use /retry to send the message anyway."));
    }
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    Messages *state = owner;
    if (room->state == NJ_ROOM_JOINING || room->chat->account != nj_session_account(state->session))
        return;
    if (room->state == NJ_ROOM_OUT)
        fail_private(state->session, room->chat->address);
    nj_message_pump(state->session);
}

static void *
attach_outbox(NjSession *session)
{
    Messages *state = g_new0(Messages, 1);
    state->session = session;
    nj_on_room_changed(nj_session_client(session)->bus, on_room_changed, state);
    return state;
}

static void
detach_outbox(NjSession *session, void *data)
{
    Messages *state = data;
    (void) session;
    nj_clock_cancel(&state->again);
    g_clear_pointer(&state->asked, g_array_unref);
    g_free(state);
}

/* --- sent messages --- */

/* Returns the store's id of the chat that has our messages to this address; 0: there is none. The
 * chat of a room has the room's bare address, that of an occupant the full address, that of a
 * person the bare address; it is returned in *chat_address, which the caller frees. */
static gint64
find_chat_row(NjSession *session, const char *address, char **chat_address)
{
    NjAccount *account = nj_session_account(session);
    bool in_room = nj_muc_room(session, address) != NULL;
    g_autofree char *found = in_room ? g_strdup(address) : nj_jid_bare(address);
    NjChat *chat = nj_chat_find(account, found);
    NjStoredChat stored = { 0 };
    gint64 row = chat ? chat->id : 0;

    bool may_be_closed = !chat && !in_room && account->row;
    if (may_be_closed
        && nj_store_find_chat(account->client->store, account->row, NJ_CHAT_PERSON, found, &stored))
        row = stored.id;
    nj_stored_chat_clear(&stored);
    *chat_address = g_steal_pointer(&found);

    return row;
}

NjMessage *
nj_sent_find(NjSession *session, const char *address, const char *id, char **chat_address)
{
    NjStore *store = nj_session_client(session)->store;
    gint64 row = id && store ? find_chat_row(session, address, chat_address) : 0;
    return row ? nj_store_find_sent(store, row, id) : NULL;
}

/* --- what the stream reports --- */

static NjOut *
find_row(NjSession *session, gint64 row)
{
    return nj_outbox_find(nj_session_account(session)->outbox, row);
}

void
nj_message_written(NjSession *session, gint64 row)
{
    NjOut *out = find_row(session, row);
    if (out)
        nj_outbox_set_state(nj_session_account(session)->outbox, out, NJ_STATE_SENT, NULL);
}

void
nj_message_acknowledged(NjSession *session, gint64 row)
{
    NjOut *out = find_row(session, row);
    if (out)
        nj_outbox_set_state(nj_session_account(session)->outbox, out, NJ_STATE_ACKNOWLEDGED, NULL);
}

void
nj_message_unsent(NjSession *session, gint64 row)
{
    NjOutbox *outbox = nj_session_account(session)->outbox;
    NjOut *out = find_row(session, row);
    if (!out)
        return;
    nj_outbox_take_back(outbox, out);
    nj_outbox_set_state(outbox, out, NJ_STATE_QUEUED, NULL);
}

/* The state stays UNSURE until one of these settles it: for a message to a person our account's
 * archive, for a message to a room the room's history. */
void
nj_message_unknown(NjSession *session, gint64 row)
{
    NjOutbox *outbox = nj_session_account(session)->outbox;
    NjOut *out = find_row(session, row);
    if (!out)
        return;
    nj_outbox_take_back(outbox, out);
    nj_outbox_set_archive_pending(outbox, out,
                                  out->kind == NJ_CHAT_PERSON && out->message->origin_id);
    nj_outbox_set_state(outbox, out, NJ_STATE_UNSURE, NULL);
}

static void
report_unsure(NjSession *session)
{
    NjAccount *account = nj_session_account(session);
    guint count = 0;

    for (GList *item = account->outbox->rows.head; item; item = item->next) {
        const NjOut *out = item->data;
        /* messages to rooms are left out: the room's history may still settle them */
        count += out->kind == NJ_CHAT_PERSON && out->message->state == NJ_STATE_UNSURE;
    }

    if (count)
        nj_client_notice(account->client, account, NULL, NJ_NOTICE_WARNING,
                         ngettext("%u message may not have arrived: /outbox shows it, and /retry "
                                  "in its chat sends it again.",
                                  "%u messages may not have arrived: /outbox shows them, and "
                                  "/retry in their chats sends them again.",
                                  count),
                         count);
}

/* May the answer of the archive settle the row? Meanwhile it may have been settled otherwise; a
 * QUEUED row was queued again with /retry. */
static bool
is_open_question(const NjOut *out)
{
    if (out->numbered)
        return false;
    return out->message->state == NJ_STATE_UNSURE || out->message->state == NJ_STATE_QUEUED;
}

/* The archive has answered about the rows in state->asked, in their order. */
static void
on_archive(NjSession *session, const NjArchiveAnswer *answers, void *data)
{
    Messages *state = data;
    NjOutbox *outbox = nj_session_account(session)->outbox;
    g_autoptr(GArray) asked = g_steal_pointer(&state->asked);

    for (guint i = 0; i < asked->len; i++) {
        NjOut *out = find_row(session, g_array_index(asked, gint64, i));
        if (!out || !is_open_question(out))
            continue;

        bool was_pending = out->archive_pending;
        nj_outbox_set_archive_pending(outbox, out, false);
        out->missing = answers[i] == NJ_ARCHIVE_LACKS;
        if (answers[i] == NJ_ARCHIVE_HAS)
            nj_outbox_set_state(outbox, out, NJ_STATE_ACKNOWLEDGED, NULL);
        else if (answers[i] == NJ_ARCHIVE_LACKS && was_pending)
            nj_outbox_set_state(outbox, out, NJ_STATE_QUEUED, NULL);
    }

    report_unsure(session);
    nj_message_pump(session);
}

/* Is it an UNSURE message to a person that was written at oldest or later, and that the archive was
 * not found to lack? */
static bool
may_ask_again(const NjOut *out, gint64 oldest)
{
    const NjMessage *message = out->message;
    if (message->state != NJ_STATE_UNSURE || out->missing || out->kind != NJ_CHAT_PERSON)
        return false;
    return message->origin_id && message->time >= oldest;
}

/* Asks the archive about the rows with archive_pending, and again about the other UNSURE messages
 * of the last seven days. A message that the archive has becomes ACKNOWLEDGED. One that it lacks is
 * queued if it was pending; otherwise only /retry sends it, and `missing` keeps it from being asked
 * about again: each question makes 0313-ask.c start a new session, so this would never end. */
static void
ask_archive(NjSession *session)
{
    gint64 oldest = nj_clock_wall_ms() - ASK_WITHIN_MS;
    Messages *state = nj_session_state(session, &nj_rfc6121_message_out);
    g_autoptr(GPtrArray) ids = g_ptr_array_new();
    gint64 since = G_MAXINT64;

    g_clear_pointer(&state->asked, g_array_unref);
    state->asked = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (GList *item = nj_session_account(session)->outbox->rows.head; item; item = item->next) {
        const NjOut *out = item->data;
        if (!out->archive_pending && !may_ask_again(out, oldest))
            continue;
        g_ptr_array_add(ids, out->message->origin_id);
        g_array_append_val(state->asked, out->message->id);
        since = MIN(since, out->message->time);
    }

    g_ptr_array_add(ids, NULL);
    if (state->asked->len)
        nj_archive_ask(session, (const char *const *) ids->pdata, since, on_archive, state, state);
    else
        report_unsure(session);
}

static void
start_outbox(NjSession *session)
{
    fail_private(session, NULL);
    ask_archive(session);
    nj_message_pump(session);
}

/* Asks the archive again if the question timed out while the session was suspended. */
static void
resume_outbox(NjSession *session)
{
    const Messages *state = nj_session_state(session, &nj_rfc6121_message_out);
    if (state->asked && !nj_archive_asks(session))
        ask_archive(session);
    nj_message_pump(session);
}

static void
stop_outbox(NjSession *session)
{
    nj_iq_cancel(session, nj_session_state(session, &nj_rfc6121_message_out));
}

/* --- sending --- */

/* Returns the address to send to: the contact's client that wrote last (section 5.1), the room, or
 * the occupant. Returns NULL with error set if the message cannot be sent, and NULL without an
 * error if it must wait until the room is joined. */
static const char *
choose_destination(const NjChat *chat, GError **error)
{
    NjRoom *room = chat->room;
    if (chat->kind == NJ_CHAT_PERSON)
        return chat->peer ? chat->peer : chat->address;

    if (!room || room->state != NJ_ROOM_IN) {
        if (!room || (room->state == NJ_ROOM_OUT && !room->wanted))
            g_set_error_literal(error, NJ_XEP_ERROR, NJ_XEP_ERROR_OFFLINE,
                                _("You are not in this room. Use /join to enter it again."));
        return NULL;
    }

    const char *nick = chat->kind == NJ_CHAT_PRIVATE ? nj_jid_resource(chat->address) : NULL;
    if (nick && !nj_room_occupant(room, nick)) {
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED, _("%s is not in the room any more."),
                    nick);
        return NULL;
    }

    return chat->address;
}

static NjXml *
build_stanza(const NjChat *chat, const NjMessage *message, const char *to)
{
    NjXml *stanza = nj_xml_message(nj_message_type_attribute(message->type), to, message->wire_id);

    if (message->subject)
        nj_xml_add_with_text(stanza, "subject", NULL, message->subject);
    nj_xml_add_with_text(stanza, "body", NULL, message->body);
    if (message->thread)
        nj_xml_add_with_text(stanza, "thread", NULL, message->thread);
    if (chat->kind == NJ_CHAT_PRIVATE)
        nj_xml_add_new(stanza, "x", NJ_NS_MUC_USER);

    return stanza;
}

static NjMessage *
new_message(const NjChat *chat, const char *text, const NjSendOptions *options)
{
    const NjAccount *account = chat->account;
    NjMessage *message = nj_message_new();

    message->out = true;
    message->time = nj_clock_wall_ms();
    if (chat->kind == NJ_CHAT_ROOM) {
        message->type = NJ_MESSAGE_GROUPCHAT;
        message->sender = g_strdup(chat->room->nick);
    } else {
        message->type = options ? options->type : NJ_MESSAGE_CHAT;
        message->sender = g_strdup(account->jid ? account->jid : account->bare);
    }
    message->body = nj_text_body(text, -1);

    message->subject = options && options->subject ? nj_text_line(options->subject, -1, 0) : NULL;
    message->thread = g_strdup(options && options->thread ? options->thread : chat->thread);
    message->wire_id = nj_random_id();
    message->origin_id = g_strdup(message->wire_id);

    return message;
}

/* Returns true if the row may be handed to the stream. */
static bool
is_waiting(const NjOut *out)
{
    return has_no_number(out) && !out->archive_pending;
}

/* Hands the row to the stream, or sets it to FAILED; does neither while its room is not joined. */
static void
send_row(NjSession *session, NjOut *out)
{
    NjAccount *account = nj_session_account(session);
    NjOutbox *outbox = account->outbox;
    g_autoptr(NjMessage) message = nj_message_ref(out->message);
    g_autoptr(GError) error = NULL;
    NjChat *chat = nj_chat_find(account, out->address);

    if (!chat && out->kind == NJ_CHAT_PERSON)
        chat = nj_chat_open(account, NJ_CHAT_PERSON, out->address);
    if (!chat)
        g_set_error_literal(&error, NJ_XEP_ERROR, NJ_XEP_ERROR_OFFLINE,
                            _("You left the room before this message was sent. Use /join to enter "
                              "it again."));

    const char *to = chat ? choose_destination(chat, &error) : NULL;
    out = find_row(session, message->id);
    if (!out || !is_waiting(out))
        return;

    if (error) {
        nj_outbox_set_state(outbox, out, NJ_STATE_FAILED, error->message);
        return;
    }

    if (!to)
        return;

    NjOutgoing going = { build_stanza(chat, message, to), chat, message };
    nj_outbox_hand_over(outbox, out);
    if (nj_pipeline_send(nj_session_pipeline(session), session, &going) || !going.stanza)
        return;

    nj_xml_free(going.stanza);
    out = find_row(session, message->id);
    if (out)
        nj_outbox_set_state(outbox, out, NJ_STATE_FAILED,
                            _("The message could not be prepared for sending."));
}

static gboolean
on_pump_again(void *data)
{
    Messages *state = data;
    nj_clock_cancel(&state->again);
    nj_message_pump(state->session);
    return G_SOURCE_REMOVE;
}

static bool
may_pump(NjSession *session)
{
    const NjStore *store = nj_session_client(session)->store;
    if (!nj_session_online(session) || nj_session_is_settling(session))
        return false;
    return !store || !nj_store_has_write_error(store);
}

/* Sends the queued rows; those of one chat in their order, so the rows behind one that waits for
 * the archive wait, too. The rows are collected first, because listeners of message_changed may
 * change the outbox, or send a message and so call this function again. */
void
nj_message_pump(NjSession *session)
{
    Messages *state = nj_session_state(session, &nj_rfc6121_message_out);
    NjAccount *account = nj_session_account(session);
    if (!may_pump(session))
        return;

    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(gint64));
    /* set of addresses of chats with a row that waits for the archive */
    g_autoptr(GHashTable) stopped = g_hash_table_new(g_str_hash, g_str_equal);
    for (GList *item = account->outbox->rows.head; item && rows->len < MAX_PUMP;
         item = item->next) {
        const NjOut *out = item->data;
        if (out->archive_pending)
            g_hash_table_add(stopped, out->address);
        else if (is_waiting(out) && !g_hash_table_contains(stopped, out->address))
            g_array_append_val(rows, out->message->id);
    }

    for (guint i = 0; i < rows->len; i++) {
        NjOut *out =
            nj_session_online(session) ? find_row(session, g_array_index(rows, gint64, i)) : NULL;
        if (out && is_waiting(out))
            send_row(session, out);
    }

    if (rows->len == MAX_PUMP && !state->again)
        state->again = nj_clock_after(1, on_pump_again, state);
}

NjMessage *
nj_message_send(NjChat *chat, const char *text, const NjSendOptions *options, GError **error)
{
    NjAccount *account = chat->account;
    NjSession *session = nj_session_of(account);
    g_autoptr(GError) refusal = NULL;

    if (!choose_destination(chat, &refusal) && refusal) {
        g_propagate_error(error, g_steal_pointer(&refusal));
        return NULL;
    }

    g_autoptr(NjMessage) message = new_message(chat, text, options);
    if (!*message->body) {
        g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                    _("There is nothing to send: the message is empty."));
        return NULL;
    }

    if (account->state != NJ_ACCOUNT_ONLINE && g_queue_is_empty(&account->outbox->rows))
        nj_client_notice(
            account->client, account, chat, NJ_NOTICE_INFO,
            _("You are offline. Your message is stored and will be sent when you are online."));

    nj_outbox_add(account->outbox, chat, message);
    if (session)
        nj_message_pump(session);
    return message; /* the outbox or the store has a reference */
}

bool
nj_message_retry(NjChat *chat, NjMessage *message, GError **error)
{
    NjSession *session = nj_session_of(chat->account);
    if (!message->out || (message->state != NJ_STATE_FAILED && message->state != NJ_STATE_UNSURE)) {
        g_set_error_literal(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                            _("Only a message that failed or is unsure can be sent again."));
        return false;
    }

    if (!choose_destination(chat, error) && error && *error)
        return false;

    if (session)
        nj_session_forget_message(session, message->id);
    nj_outbox_add_again(chat->account->outbox, chat, message);
    if (session)
        nj_message_pump(session);

    return true;
}

const NjModule nj_rfc6121_message_out = {
    .spec = "RFC 6121 (5 out)",
    .name = N_("Outbox"),
    .after = { "RFC 6121 (4)" },
    .attach = attach_outbox,
    .detach = detach_outbox,
    .online = start_outbox,
    .offline = stop_outbox,
    .resumed = resume_outbox,
};
