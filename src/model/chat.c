/* Chats: counts of unread messages, drafts, and adding messages to the store and to the listeners.
 *
 * A listener may close the chat of the event that it receives: `busy` counts such events in
 * progress, and the chat is freed at the end of the last one. */
#include "model/chat.h"

#include <string.h>

#include "base/text.h"
#include "model/events.h"
#include "model/jid.h"
#include "model/outbox.h"

static NjBus *
bus_of(const NjChat *chat)
{
    return chat->account->client->bus;
}

static void
free_chat(NjChat *chat)
{
    nj_room_free(chat->kind == NJ_CHAT_ROOM ? chat->room : NULL);
    g_free(chat->address);
    g_free(chat->draft);
    g_free(chat->peer);
    g_free(chat->thread);
    g_free(chat->shown);
    g_free(chat);
}

static void
release_chat(NjChat *chat)
{
    if (!--chat->busy && chat->closed)
        free_chat(chat);
}

/* Sets the room of all open private chats with occupants of the room `chat`; room NULL: it is
 * closed. */
static void
set_room_of_private_chats(NjChat *chat, NjRoom *room)
{
    gsize length = strlen(chat->address);
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, chat->account->chats);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        NjChat *other = value;
        if (other->kind == NJ_CHAT_PRIVATE && strncmp(other->address, chat->address, length) == 0
            && other->address[length] == '/')
            other->room = room;
    }
}

/* Sets the room of a new chat: a ROOM gets a new one, a PRIVATE the open room of its occupant. */
static void
connect_room(NjChat *chat)
{
    if (chat->kind == NJ_CHAT_ROOM) {
        chat->room = nj_room_new(chat);
        set_room_of_private_chats(chat, chat->room);
    } else if (chat->kind == NJ_CHAT_PRIVATE) {
        g_autofree char *bare = nj_jid_bare(chat->address);
        NjChat *room = nj_chat_find(chat->account, bare);
        chat->room = room ? room->room : NULL;
    }
}

/* Finds or creates the row of the chat and reads it; returns false if the store cannot be read. */
static bool
read_row(NjChat *chat)
{
    NjStoredChat row;
    NjStore *store = chat->account->client->store;
    bool known = nj_store_ensure_chat(store, chat->account->row, chat->kind, chat->address, &row);

    if (known) {
        chat->unread = row.unread;
        chat->mentions = row.mentions;
        chat->read_time = row.read_time;
        chat->read_id = row.read_id;
        chat->last_time = chat->incoming_time = row.last_time;
        chat->last_id = row.last_id;
        if (!chat->id && !chat->draft)
            chat->draft = g_steal_pointer(&row.draft);
    }

    if (!chat->id)
        chat->id = row.id;
    nj_stored_chat_clear(&row);
    return known;
}

void
nj_chat_restore(NjChat *chat)
{
    if (chat->account->client->store && !chat->id)
        read_row(chat);
}

void
nj_chat_refresh(NjChat *chat)
{
    if (chat->account->client->store && chat->id && read_row(chat))
        nj_emit_chat_changed(bus_of(chat), chat);
}

/* Returns the local part of a room, the nick of an occupant or the address of a person, sanitised;
 * the caller owns it. The pane's head line shows the whole address. */
static char *
short_name(NjChatKind kind, const char *address)
{
    g_autofree char *local = kind == NJ_CHAT_ROOM ? nj_jid_local(address) : NULL;
    if (local) {
        g_autofree char *room = nj_jid_unescape_local(local);
        return nj_text_line(room, -1, 0);
    }
    const char *nick = kind == NJ_CHAT_PRIVATE ? nj_jid_resource(address) : NULL;
    return nj_text_line(nick ? nick : address, -1, 0);
}

NjChat *
nj_chat_open(NjAccount *account, NjChatKind kind, const char *address)
{
    NjChat *chat = nj_chat_find(account, address);
    if (chat && (chat->kind == kind || kind != NJ_CHAT_ROOM))
        return chat;

    if (chat)
        nj_chat_close(chat); /* it was opened before the address was known to be a room */
    chat = g_new0(NjChat, 1);
    chat->account = account;
    chat->kind = kind;
    chat->address = g_strdup(address);
    chat->shown = short_name(kind, address);
    connect_room(chat);
    nj_chat_restore(chat);

    g_hash_table_insert(account->chats, chat->address, chat);
    nj_emit_chat_added(bus_of(chat), chat);
    return chat;
}

NjChat *
nj_chat_find(NjAccount *account, const char *address)
{
    return g_hash_table_lookup(account->chats, address);
}

void
nj_chat_close(NjChat *chat)
{
    if (!chat || chat->closed)
        return;

    chat->closed = true;
    chat->busy++;
    g_hash_table_remove(chat->account->chats, chat->address);

    NjClient *client = chat->account->client;
    if (client->focus == chat)
        nj_client_set_focus(client, NULL);
    nj_emit_chat_removed(client->bus, chat);
    if (chat->kind == NJ_CHAT_ROOM)
        set_room_of_private_chats(chat, NULL);

    release_chat(chat);
}

const char *
nj_chat_label(const NjChat *chat)
{
    const NjContact *contact =
        chat->kind == NJ_CHAT_PERSON ? nj_roster_find(chat->account->roster, chat->address) : NULL;
    return contact ? nj_contact_label(contact) : chat->shown;
}

/* Adjusts the time of a new message, by which the messages of a chat are sorted. */
static void
set_sort_time(const NjChat *chat, NjMessage *message)
{
    /* If the clock was set back, a new message must not be sorted before older ones. */
    if (!message->delayed) {
        message->time = MAX(message->time, chat->last_time);
        return;
    }

    /* Servers stamp whole seconds: within the second, a message is sorted behind those that arrived
     * before it. */
    if (message->time % 1000 == 0 && chat->incoming_time > message->time
        && chat->incoming_time < message->time + 1000)
        message->time = chat->incoming_time;
}

void
nj_chat_keep(NjChat *chat, NjMessage *message)
{
    NjClient *client = chat->account->client;
    message->chat = chat->id;

    set_sort_time(chat, message);
    if (!message->out)
        chat->incoming_time = MAX(chat->incoming_time, message->time);
    if (client->store && chat->id)
        nj_store_add_message(client->store, message);
    else
        message->id = ++client->last_unstored;

    if (nj_is_after(message->time, message->id, chat->last_time, chat->last_id)) {
        chat->last_time = message->time;
        chat->last_id = message->id;
    }

    if (message->out || !nj_is_after(message->time, message->id, chat->read_time, chat->read_id))
        return;

    chat->unread = MIN(chat->unread + 1, NJ_MAX_UNREAD);
    if (message->mention)
        chat->mentions = MIN(chat->mentions + 1, NJ_MAX_UNREAD);
}

/* Emits message_added, then chat_changed if the counts differ from unread and mentions. */
static void
show_message(NjChat *chat, NjMessage *message, guint unread, guint mentions)
{
    if (chat->kind == NJ_CHAT_ROOM && message->sender) {
        NjOccupant *occupant = nj_room_occupant(chat->room, message->sender);
        if (occupant)
            occupant->spoke = MAX(occupant->spoke, message->time);
    }

    NjMessageEvent event = { chat, message };
    chat->busy++;
    nj_emit_message_added(bus_of(chat), &event);

    bool has_changed = chat->unread != unread || chat->mentions != mentions;
    bool emits = has_changed && !chat->closed && chat->busy == 1;
    release_chat(chat);
    if (emits)
        nj_emit_chat_changed(bus_of(chat), chat);
}

/* The listener that displays the chat marks it read during message_added. So the counts are
 * compared with those before the message, and chat_changed is emitted only if they differ: a flood
 * of messages into a displayed chat emits none. */
void
nj_chat_add(NjChat *chat, NjMessage *message)
{
    guint unread = chat->unread, mentions = chat->mentions;
    nj_chat_keep(chat, message);
    show_message(chat, message, unread, mentions);
}

void
nj_chat_show(NjChat *chat, NjMessage *message)
{
    show_message(chat, message, chat->unread, chat->mentions);
}

/* SENT holds for this run only: the store keeps the message as QUEUED, and its outbox row has the
 * sequence number of the stanza. */
static void
store_state(const NjAccount *account, const NjMessage *message)
{
    NjStore *store = account->client->store;
    if (store && message->id > 0 && message->state != NJ_STATE_SENT)
        nj_store_set_state(store, message->id, message->state, message->error);
}

void
nj_chat_set_state(NjChat *chat, NjMessage *message, NjMessageState state, const char *error)
{
    if (!nj_message_set_state(message, state, error))
        return;
    store_state(chat->account, message);
    NjMessageEvent event = { .chat = chat, .message = message };
    nj_emit_message_changed(bus_of(chat), &event);
}

void
nj_account_set_message_state(NjAccount *account, const char *address, NjMessage *message,
                             NjMessageState state, const char *error)
{
    NjChat *chat = nj_chat_find(account, address);
    if (chat) {
        nj_chat_set_state(chat, message, state, error);
        return;
    }
    nj_message_set_state(message, state, error);
    store_state(account, message);
}

void
nj_account_settle_message(NjAccount *account, const char *address, NjMessage *message,
                          NjMessageState state, const char *error)
{
    NjOut *out = nj_outbox_find(account->outbox, message->id);
    if (out)
        nj_outbox_set_state(account->outbox, out, state, error);
    else
        nj_account_set_message_state(account, address, message, state, error);
}

/* Reads from the store how many messages behind the read position are unread. */
static void
reload_counts(NjChat *chat)
{
    NjStoredChat row;
    NjStore *store = chat->account->client->store;
    if (!store || !chat->id
        || !nj_store_ensure_chat(store, chat->account->row, chat->kind, chat->address, &row))
        return;
    chat->unread = row.unread;
    chat->mentions = row.mentions;
    nj_stored_chat_clear(&row);
}

void
nj_chat_mark_read(NjChat *chat, const NjMessage *last)
{
    gint64 time = last ? last->time : chat->last_time;
    gint64 id = last ? last->id : chat->last_id;
    if (!nj_is_after(time, id, chat->read_time, chat->read_id))
        return;

    guint unread = chat->unread, mentions = chat->mentions;
    chat->read_time = time;
    chat->read_id = id;

    NjStore *store = chat->account->client->store;
    if (store && chat->id)
        nj_store_set_read_marker(store, chat->id, time, id);

    bool is_all = !nj_is_after(chat->last_time, chat->last_id, time, id);
    if (is_all)
        chat->unread = chat->mentions = 0;
    else
        reload_counts(chat);
    if (!chat->busy && (chat->unread != unread || chat->mentions != mentions))
        nj_emit_chat_changed(bus_of(chat), chat);
}

void
nj_chat_set_draft(NjChat *chat, const char *text)
{
    if (text && !*text)
        text = NULL;
    if (g_strcmp0(chat->draft, text) == 0)
        return;

    char *copy = g_strdup(text);
    g_free(chat->draft);
    chat->draft = copy;

    NjStore *store = chat->account->client->store;
    if (store && chat->id)
        nj_store_set_draft(store, chat->id, copy);
    nj_emit_chat_changed(bus_of(chat), chat);
}

void
nj_chat_set_typing(NjChat *chat, NjTyping typing)
{
    if (chat->typing == typing)
        return;
    chat->typing = typing;
    nj_emit_chat_changed(bus_of(chat), chat);
}

void
nj_chat_set_peer(NjChat *chat, const char *full)
{
    if (g_strcmp0(chat->peer, full) == 0)
        return;
    g_free(chat->peer);
    chat->peer = g_strdup(full);
}

void
nj_chat_set_thread(NjChat *chat, const char *thread)
{
    if (g_strcmp0(chat->thread, thread) == 0)
        return;
    g_free(chat->thread);
    chat->thread = g_strdup(thread);
}
