/* XEP-0045: joining and leaving rooms, their occupants, and the reasons why an occupant was
 * removed. Messages of rooms are in 0045-talk.c. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0045.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define NS_OWNER "http://jabber.org/protocol/muc#owner"
#define MAX_HISTORY "50" /* messages of the room's history that are requested */
#define MAX_REASON 1024  /* bytes of a reason that is shown */
#define MAX_CODES 16     /* status codes of one presence; further ones are ignored */

typedef struct {
    GHashTable *history; /* set of addresses of rooms that are still sending their history */
} Muc;

/* The content of <x xmlns='…muc#user'/> of a presence; elements are borrowed. */
typedef struct {
    gint64 codes[MAX_CODES]; /* of <status/> */
    guint count;             /* of codes */
    NjXml *item;             /* or NULL */
    NjXml *destroy;          /* or NULL */
} MucUser;

/* The data of a wait for the presence that ends a join. */
typedef struct {
    char *address;
    NjDone done; /* NULL: an automatic rejoin, without a command */
    void *data;
} Join;

static void *
attach_rooms(NjSession *session)
{
    (void) session;
    Muc *state = g_new0(Muc, 1);
    state->history = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return state;
}

static void
detach_rooms(NjSession *session, void *data)
{
    Muc *state = data;
    (void) session;
    g_hash_table_unref(state->history);
    g_free(state);
}

NjRoom *
nj_muc_room(const NjSession *session, const char *address)
{
    NjAccount *account = nj_session_account(session);
    g_autofree char *bare = nj_jid_bare(address);
    NjChat *chat = nj_chat_find(account, bare);
    return chat && chat->kind == NJ_CHAT_ROOM ? chat->room : NULL;
}

bool
nj_muc_in_history(const NjSession *session, const NjRoom *room)
{
    const Muc *state = nj_session_state(session, &nj_xep_0045);
    return g_hash_table_contains(state->history, room->chat->address);
}

/* The subject is the last message of the history (section 7.2.15). */
void
nj_muc_history_over(NjSession *session, NjRoom *room)
{
    Muc *state = nj_session_state(session, &nj_xep_0045);
    g_hash_table_remove(state->history, room->chat->address);
}

/* --- joining --- */

static void
join_free(void *data)
{
    Join *join = data;
    g_free(join->address);
    g_free(join);
}

static char *
join_key(const char *address)
{
    return g_strconcat("join ", address, NULL);
}

static void
on_join_ended(NjSession *session, const NjXml *stanza, const GError *error, void *data)
{
    Join *join = data;
    NjRoom *room = nj_muc_room(session, join->address);

    (void) stanza;
    bool is_joining = room && room->state == NJ_ROOM_JOINING;
    if (is_joining && error && error->code == NJ_IQ_ERROR_TIMEOUT)
        nj_room_set_state(room, NJ_ROOM_OUT, _("The room did not respond. Try again later."));

    if (!join->done) {
        /* REPLACED: a later /join has replaced this wait, and reports the result. */
        bool must_report = error && error->code != NJ_IQ_ERROR_REPLACED;
        room = must_report ? nj_muc_room(session, join->address) : NULL;
        if (room && nj_session_online(session))
            nj_client_notice(nj_session_client(session), room->chat->account, room->chat,
                             NJ_NOTICE_WARNING, "%s", error->message);
        return;
    }

    if (error) {
        join->done(error, NULL, join->data);
        return;
    }

    g_autoptr(NjRecord) record = nj_record_new();
    nj_record_set_text(record, "room", join->address);
    room = nj_muc_room(session, join->address);
    if (room)
        nj_record_set_text(record, "nick", room->nick);

    join->done(NULL, record, join->data);
}

static void
wait_for_room(NjSession *session, const char *address, NjDone done, void *data)
{
    g_autofree char *key = join_key(address);
    Join *join = g_new0(Join, 1);
    *join = (Join){ g_strdup(address), done, data };
    nj_wait_begin(session, key, 0, on_join_ended, join, join_free, data);
}

static void
end_wait(NjSession *session, const char *address, const char *sentence)
{
    g_autofree char *key = join_key(address);
    g_autoptr(GError) error =
        sentence ? g_error_new_literal(NJ_IQ_ERROR, NJ_IQ_ERROR_ANSWER, sentence) : NULL;
    nj_wait_end(session, key, error);
}

/* Returns the presence to send to the room. */
static NjXml *
build_presence(NjSession *session, const NjRoom *room, const char *nick)
{
    g_autofree char *to = g_strconcat(room->chat->address, "/", nick, NULL);
    const NjAccount *account = nj_session_account(session);
    if (account->show != NJ_SHOW_OFFLINE)
        return nj_presence_stanza(session, to);
    /* The account is invisible, but /join was used: send presence without show and status. */
    NjXml *presence = nj_xml_presence(NULL, to);
    nj_modules_add_presence(session, presence);
    return presence;
}

/* Sends the presence that joins a room, and requests its messages after our newest one. */
static void
send_join(NjSession *session, NjRoom *room)
{
    Muc *state = nj_session_state(session, &nj_xep_0045);
    NjXml *presence = build_presence(session, room, room->nick);
    NjXml *x = nj_xml_add_new(presence, "x", NJ_NS_MUC);

    if (room->password)
        nj_xml_add_with_text(x, "password", NJ_NS_MUC, room->password);

    NjXml *history = nj_xml_add_new(x, "history", NJ_NS_MUC);
    nj_xml_set(history, "maxstanzas", MAX_HISTORY);
    if (room->chat->last_time > 0) {
        g_autofree char *since = nj_clock_format(room->chat->last_time + 1);
        nj_xml_set(history, "since", since);
    }

    nj_room_set_wanted(room, true);
    g_hash_table_add(state->history, g_strdup(room->chat->address));
    nj_session_send(session, presence);

    g_autofree char *address = g_strdup(room->chat->address);
    nj_room_clear(room);
    room = nj_muc_room(session, address); /* a listener may have closed it */
    if (room)
        nj_room_set_state(room, NJ_ROOM_JOINING, NULL);
}

/* Returns the first of these nicks that is set: the given one, the one used in this room before,
 * the account's, that of the option "nick", the localpart of our address. Returns NULL with error
 * set if it is not a valid resource. The caller frees it. */
static char *
choose_nick(NjAccount *account, const char *address, const char *given, GError **error)
{
    NjChat *chat = nj_chat_find(account, address);
    if (given && *given)
        return nj_jid_prepare_resource(given, error);
    if (chat && chat->kind == NJ_CHAT_ROOM)
        return g_strdup(chat->room->nick);

    const char *option = nj_options_text(account->client->options, "nick");
    if (account->settings->nick)
        return nj_jid_prepare_resource(account->settings->nick, error);
    if (option && *option)
        return nj_jid_prepare_resource(option, error);

    char *local = nj_jid_local(account->bare);
    return local ? local : g_strdup(account->bare);
}

void
nj_muc_join(NjAccount *account, const char *address, const char *given, const char *password,
            NjDone done, void *data)
{
    g_autoptr(GError) error = NULL;
    NjSession *session = nj_xep_online(account, &error);
    g_autofree char *bare = nj_jid_bare(address);
    g_autofree char *nick = session ? choose_nick(account, bare, given, &error) : NULL;

    if (!nick) {
        done(error, NULL, data);
        return;
    }

    NjRoom *room = nj_room_open(account, bare, nick);
    if (password)
        nj_room_set_password(room, password);
    wait_for_room(session, bare, done, data);
    if (room->state == NJ_ROOM_OUT)
        send_join(session, room);
    else if (room->state == NJ_ROOM_IN && strcmp(room->nick, nick) == 0)
        end_wait(session, bare, NULL);
    else if (room->state == NJ_ROOM_IN)
        nj_session_send(session, build_presence(session, room, nick));
}

/* --- presence of rooms --- */

/* Reads <x xmlns='…muc#user'/>; without it *user is empty. */
static void
read_user(const NjXml *presence, MucUser *user)
{
    const NjXml *x = nj_xml_child(presence, "x", NJ_NS_MUC_USER);
    *user = (MucUser){ .count = 0 };
    if (!x)
        return;

    user->item = nj_xml_child(x, "item", NJ_NS_MUC_USER);
    user->destroy = nj_xml_child(x, "destroy", NJ_NS_MUC_USER);
    for (NjXml *child = nj_xml_first(x); child && user->count < MAX_CODES;
         child = nj_xml_next(child))
        if (nj_xml_is(child, "status", NJ_NS_MUC_USER)
            && nj_xml_int(child, "code", 100, 999, &user->codes[user->count]))
            user->count++;
}

static bool
has_code(const MucUser *user, gint64 code)
{
    for (guint i = 0; i < user->count; i++)
        if (user->codes[i] == code)
            return true;
    return false;
}

static NjRoomRole
read_role(const MucUser *user)
{
    const char *role = user->item ? nj_xml_attr(user->item, "role") : NULL;
    if (g_strcmp0(role, "moderator") == 0)
        return NJ_OCCUPANT_MODERATOR;
    return g_strcmp0(role, "visitor") == 0 ? NJ_OCCUPANT_VISITOR : NJ_OCCUPANT_PARTICIPANT;
}

static NjAffiliation
read_affiliation(const MucUser *user)
{
    static const char *const words[] = {
        [NJ_AFFILIATION_OUTCAST] = "outcast", [NJ_AFFILIATION_NONE] = "none",
        [NJ_AFFILIATION_MEMBER] = "member",   [NJ_AFFILIATION_ADMIN] = "admin",
        [NJ_AFFILIATION_OWNER] = "owner",
    };
    const char *word = user->item ? nj_xml_attr(user->item, "affiliation") : NULL;

    for (gsize i = 0; word && i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], word) == 0)
            return (NjAffiliation) i;
    return NJ_AFFILIATION_NONE;
}

/* A new room is locked until its owner configures it; this accepts the default configuration
 * (section 10.1.2). */
static void
accept_configuration(NjSession *session, const char *address)
{
    NjXml *iq = nj_xml_iq("set", address, NULL);
    NjXml *form = nj_xml_add_new(nj_xml_add_new(iq, "query", NS_OWNER), "x", NJ_NS_DATA);
    nj_xml_set(form, "type", "submit");
    nj_iq_send(session, iq, 0, NULL, NULL, NULL, session);
}

/* Shows notices about properties of the room that we have joined. */
static void
report_kind(NjSession *session, NjChat *chat, const MucUser *user)
{
    static const struct {
        gint64 code;
        const char *text;
    } kinds[] = {
        { 100, N_("All occupants of this room can see your address.") },
        { 170, N_("Messages in this room are logged where others may read them.") },
        { 201, N_("You have created this room.") },
    };

    g_autofree char *address = g_strdup(chat->address);
    NjAccount *account = nj_session_account(session);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        chat = nj_chat_find(account, address);
        if (chat && has_code(user, kinds[i].code))
            nj_client_notice(account->client, account, chat, NJ_NOTICE_INFO, "%s",
                             _(kinds[i].text));
    }
}

static void
enter_room(NjSession *session, NjRoom *room, const char *nick, const MucUser *user)
{
    g_autofree char *address = g_strdup(room->chat->address);

    /* 7.2.3: the room may have changed the nick; nj_room_set_state() reports the new one */
    if (strcmp(room->nick, nick) != 0) {
        g_free(room->nick);
        room->nick = g_strdup(nick);
    }

    room->full = true;
    if (has_code(user, 201))
        accept_configuration(session, address);
    nj_room_set_state(room, NJ_ROOM_IN, NULL);
    end_wait(session, address, NULL);
    room = nj_muc_room(session, address);
    if (room)
        report_kind(session, room->chat, user);
}

static void
note_available(NjSession *session, NjRoom *room, const NjXml *stanza, const char *from,
               const MucUser *user)
{
    const char *nick = nj_jid_resource(from),
               *address = user->item ? nj_xml_attr(user->item, "jid") : NULL;
    bool self = has_code(user, 110) || strcmp(nick, room->nick) == 0;
    NjPresenceText text;

    nj_presence_read(stanza, &text);
    nj_room_put(room, nick, address && nj_jid_valid(address) ? address : NULL, read_role(user),
                read_affiliation(user), text.show, text.status);
    g_free(text.status);
    room = self ? nj_muc_room(session, from) : NULL;
    if (room && room->state == NJ_ROOM_JOINING)
        enter_room(session, room, nick, user);
}

/* --- leaving, and being removed --- */

/* Returns the first sentence of describe_exit(), or NULL. */
static char *
exit_sentence(const MucUser *user, const char *nick)
{
    if (has_code(user, 301))
        return nick ? g_strdup_printf(_("%s was banned from the room."), nick)
                    : g_strdup(_("You were banned from this room."));
    if (has_code(user, 307))
        return nick ? g_strdup_printf(_("%s was kicked from the room."), nick)
                    : g_strdup(_("You were kicked from this room."));
    if (has_code(user, 321))
        return nick ? g_strdup_printf(_("%s is no longer a member and had to leave."), nick)
                    : g_strdup(_("You are no longer a member and had to leave this room."));

    if (has_code(user, 322))
        return nick ? g_strdup_printf(_("%s had to leave: the room is now for members only."), nick)
                    : g_strdup(_("This room is now for members only, and you are not a member. Ask "
                                 "its owner to make you one."));
    if (nick)
        return NULL;
    if (user->destroy)
        return g_strdup(_("This room was destroyed by its owner."));

    if (has_code(user, 332))
        return g_strdup(_("The room service is shutting down. You rejoin with the next connection, "
                          "or now with /join."));
    if (has_code(user, 333))
        return g_strdup(_("The room lost its connection to you. You rejoin with the next "
                          "connection, or now with /join."));
    return NULL;
}

/* Returns sentences that say why an occupant was removed, by whom, and for what reason; NULL if the
 * occupant left. nick: the occupant's as shown; NULL: we were removed. The caller frees it. */
static char *
describe_exit(const MucUser *user, const char *nick)
{
    char *sentence = exit_sentence(user, nick);
    if (!sentence)
        return NULL;

    const NjXml *actor = user->item ? nj_xml_child(user->item, "actor", NJ_NS_MUC_USER) : NULL;
    const NjXml *reason_in = user->destroy ? user->destroy : user->item;
    const char *name = actor ? nj_xml_attr(actor, "nick") : NULL;
    if (actor && !name)
        name = nj_xml_attr(actor, "jid");

    g_autofree char *by = name ? nj_text_line(name, -1, 0) : NULL;
    g_autofree char *words =
        reason_in ? nj_xml_child_text(reason_in, "reason", NJ_NS_MUC_USER) : NULL;
    g_autofree char *reason = words ? nj_text_line(words, -1, MAX_REASON) : NULL;

    if (by && *by) {
        g_autofree char *before = sentence;
        sentence = g_strdup_printf(_("%s It was done by %s."), before, by);
    }

    if (reason && *reason) {
        g_autofree char *before = sentence;
        sentence = g_strdup_printf(_("%s The reason given: “%s”"), before, reason);
    }

    return sentence;
}

/* Sets a room to OUT and removes its occupants. why: the sentence to show, or NULL. wanted: rejoin
 * with the next connection. A join in progress fails with why. */
static void
end_presence(NjSession *session, NjRoom *room, const char *why, bool wanted)
{
    Muc *state = nj_session_state(session, &nj_xep_0045);
    g_autofree char *address = g_strdup(room->chat->address);

    /* While JOINING, no notice is needed: end_wait() below passes why to the waiting /join. */
    bool was_in = room->state == NJ_ROOM_IN;
    g_hash_table_remove(state->history, address);
    nj_room_set_wanted(room, wanted);
    nj_room_clear(room);
    room = nj_muc_room(session, address);
    if (room)
        nj_room_set_state(room, NJ_ROOM_OUT, why);

    room = why && was_in ? nj_muc_room(session, address) : NULL;
    if (room)
        nj_client_notice(nj_session_client(session), room->chat->account, room->chat,
                         NJ_NOTICE_WARNING, "%s", why);

    end_wait(session, address, why ? why : _("You left the room before it answered."));
}

static void
note_renamed(NjSession *session, NjRoom *room, const char *nick, const char *new_nick)
{
    bool ours = strcmp(nick, room->nick) == 0;
    g_autofree char *address = g_strdup(room->chat->address);
    nj_room_rename(room, nick, new_nick);
    if (ours)
        end_wait(session, address, NULL);
}

/* Returns the new nick if this is a nick change (status 303) to a valid resource, otherwise NULL;
 * borrowed. */
static const char *
read_new_nick(const NjRoom *room, const MucUser *user)
{
    const char *nick = has_code(user, 303) && user->item ? nj_xml_attr(user->item, "nick") : NULL;
    g_autofree char *full = nick ? g_strconcat(room->chat->address, "/", nick, NULL) : NULL;
    return full && nj_jid_valid(full) ? nick : NULL;
}

/* Was our removal a failure of the room or its service, after which we rejoin? */
static bool
was_service_failure(const MucUser *user)
{
    return !user->destroy && (has_code(user, 332) || has_code(user, 333));
}

/* Someone has left, has changed the nick or was removed. While the room is JOINING, unavailable
 * presence of our own nick is ignored unless the room was destroyed: it is the reflection of an
 * earlier leave. */
static void
note_unavailable(NjSession *session, NjRoom *room, const char *from, const MucUser *user)
{
    const char *nick = nj_jid_resource(from), *new_nick = read_new_nick(room, user);
    bool self = has_code(user, 110) || strcmp(nick, room->nick) == 0;

    if (new_nick) {
        note_renamed(session, room, nick, new_nick);
    } else if (!self) {
        NjAccount *account = nj_session_account(session);
        const NjOccupant *occupant = nj_room_occupant(room, nick);
        g_autofree char *why = occupant ? describe_exit(user, occupant->shown) : NULL;
        if (why)
            nj_client_notice(account->client, account, room->chat, NJ_NOTICE_INFO, "%s", why);
        room = nj_muc_room(session, from);
        if (room)
            nj_room_take_out(room, nick);
    } else if (room->state == NJ_ROOM_IN || user->destroy) {
        /* Without a reason our server sent our unavailable presence to the room, because we went
         * offline or invisible: rejoin later. /leave does not come here: its room is OUT
         * already. */
        g_autofree char *why = describe_exit(user, NULL);
        end_presence(session, room, why, !why || was_service_failure(user));
    }
}

/* Returns the sentence for an error condition of a join (section 7.2); NULL: use the general
 * one. */
static const char *
refusal_sentence(const char *condition)
{
    static const struct {
        const char *condition, *sentence;
    } sentences[] = {
        { "conflict", N_("This nickname is taken in the room. Use /join with another one.") },
        { "not-authorized",
          N_("This room requires a password, or the given one is wrong. Use /join with "
             "password=PASSWORD.") },
        { "registration-required",
          N_("Only members may enter this room. Ask its owner to make you one.") },
        { "forbidden", N_("You are banned from this room.") },
        { "item-not-found", N_("There is no such room, or its owner is still setting it up.") },
        { "not-allowed",
          N_("There is no such room, and you are not allowed to create one there.") },
        { "not-acceptable",
          N_("You can enter this room only with the nickname that you registered there.") },
        { "jid-malformed",
          N_("This nickname cannot be used in the room. Use /join with another one.") },
        { "service-unavailable",
          N_("The room is full, or there are no rooms at this address. Try again later.") },
        { "remote-server-not-found",
          N_("There is no server at this address. Check how it is written.") },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(sentences); i++)
        if (strcmp(sentences[i].condition, condition) == 0)
            return _(sentences[i].sentence);
    return NULL;
}

static void
note_error(NjSession *session, NjRoom *room, const NjXml *stanza)
{
    const char *condition = nj_xml_error(stanza, NULL);
    g_autofree char *sentence = nj_iq_error_text(stanza, refusal_sentence(condition));

    if (room->state == NJ_ROOM_JOINING) {
        bool is_temporary = strcmp(condition, "remote-server-timeout") == 0
                            || strcmp(condition, "resource-constraint") == 0;
        end_presence(session, room, sentence, is_temporary);
    } else if (room->state == NJ_ROOM_IN) { /* a nick change failed: we keep the old nick */
        g_autofree char *address = g_strdup(room->chat->address);
        nj_client_notice(nj_session_client(session), room->chat->account, room->chat,
                         NJ_NOTICE_ERROR, "%s", sentence);
        end_wait(session, address, sentence);
    }
}

/* Handles every presence of a room that has a chat here, and drops it if we are not in the room. */
static bool
on_presence(NjSession *session, NjXml *stanza, NjXml *child)
{
    const char *from = nj_xml_attr(stanza, "from"), *type = nj_xml_attr(stanza, "type");
    NjRoom *room = from ? nj_muc_room(session, from) : NULL;

    (void) child;
    if (!room)
        return false;

    MucUser user;
    read_user(stanza, &user);
    if (room->state == NJ_ROOM_OUT)
        g_debug("dropped a presence of a room that we are not in");
    else if (g_strcmp0(type, "error") == 0)
        note_error(session, room, stanza);
    else if (!nj_jid_resource(from))
        g_debug("dropped a presence of a room itself");
    else if (!type)
        note_available(session, room, stanza, from, &user);
    else if (strcmp(type, "unavailable") == 0)
        note_unavailable(session, room, from, &user);

    return true;
}

/* --- our presence in rooms --- */

bool
nj_muc_leave(NjRoom *room, const char *why, GError **error)
{
    NjAccount *account = room->chat->account;
    NjSession *session = nj_session_of(account);

    (void) error;
    if (!session || room->state == NJ_ROOM_OUT) {
        nj_room_set_wanted(room, false);
        return true;
    }

    g_autofree char *to = g_strconcat(room->chat->address, "/", room->nick, NULL);
    NjXml *presence = nj_xml_presence("unavailable", to);
    if (why && *why)
        nj_xml_add_with_text(presence, "status", NULL, why);

    nj_session_send(session, presence);
    end_presence(session, room, NULL, false);
    return true;
}

/* Returns the addresses of all rooms. Addresses, because a listener may close a room while the
 * caller handles another one. The caller frees them. */
static char **
list_rooms(NjSession *session)
{
    GPtrArray *list = g_ptr_array_new();
    GHashTableIter iter;
    NjChat *chat;

    g_hash_table_iter_init(&iter, nj_session_account(session)->chats);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &chat))
        if (chat->kind == NJ_CHAT_ROOM)
            g_ptr_array_add(list, g_strdup(chat->address));

    g_ptr_array_add(list, NULL);
    return (char **) g_ptr_array_free(list, FALSE);
}

/* Sends our presence to the rooms that we are in, and joins those that are wanted. */
static void
update_rooms(NjSession *session)
{
    g_auto(GStrv) list = list_rooms(session);
    for (char **address = list; *address; address++) {
        NjRoom *room = nj_muc_room(session, *address);
        if (room && room->state != NJ_ROOM_OUT) {
            nj_session_send(session, build_presence(session, room, room->nick));
        } else if (room && room->wanted) {
            wait_for_room(session, *address, NULL, NULL);
            send_join(session, room);
        }
    }
}

static void
end_all_presence(NjSession *session, const char *why)
{
    g_auto(GStrv) list = list_rooms(session);
    for (char **address = list; *address; address++) {
        NjRoom *room = nj_muc_room(session, *address);
        if (room && room->state != NJ_ROOM_OUT)
            end_presence(session, room, why, room->wanted);
    }
}

/* Going invisible takes us out of all rooms: the server sends them our unavailable presence. */
static void
on_presence_sent(NjSession *session, bool available)
{
    if (available)
        update_rooms(session);
    else
        end_all_presence(
            session,
            _("You left this room because you are invisible now and a room shows its occupants. "
              "You rejoin when you are visible again."));
}

static void
stop_rooms(NjSession *session)
{
    end_all_presence(session,
                     _("The connection has ended, so you are no longer in this room. You rejoin "
                       "with the next connection."));
}

const NjModule nj_xep_0045 = {
    .spec = "XEP-0045",
    .name = N_("Multi-User Chat"),
    .doap = { "partial", "join, talk, subject, leave" },
    .features = { NJ_NS_MUC },
    .receive = { NJ_STAGE_DELIVER, nj_muc_deliver },
    .handlers = { { NJ_KIND_PRESENCE, NULL, NULL, on_presence } },
    .presence_sent = on_presence_sent,
    .attach = attach_rooms,
    .detach = detach_rooms,
    .offline = stop_rooms,
};
