/* XEP-0045: entering and leaving rooms, their occupants, and the reasons for being out. Messages of
 * rooms are in 0045-talk.c. */
#include "xmpp/xep/xep.h"
#include "xmpp/xep/0045.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define NS_OWNER "http://jabber.org/protocol/muc#owner"
#define HISTORY "50" /* lines of history to request */
#define MAX_STATUS 1024
#define MAX_CODES 16

typedef struct {
    GHashTable *history; /* addresses of rooms that are still sending their history */
} Muc;

/* The content of <x xmlns='…muc#user'/> of a presence; elements are borrowed. */
typedef struct {
    gint64 codes[MAX_CODES];
    guint count;
    NjXml *item;    /* NULL */
    NjXml *destroy; /* NULL */
} MucUser;

typedef struct {
    char *address;
    NjDone done; /* NULL: we rejoin by ourselves */
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

/* --- entering --- */

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
    if (error && error->code == NJ_IQ_ERROR_TIMEOUT && room && room->state == NJ_ROOM_JOINING)
        nj_room_set_state(room, NJ_ROOM_OUT, _("The room did not respond. Try again later."));

    if (!join->done) {
        /* A later /join replaced this wait and reports the result instead. */
        bool tell = error && error->code != NJ_IQ_ERROR_REPLACED;
        room = tell ? nj_muc_room(session, join->address) : NULL;
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

static NjXml *
build_presence(NjSession *session, const NjRoom *room, const char *nick)
{
    g_autofree char *to = g_strconcat(room->chat->address, "/", nick, NULL);
    const NjAccount *account = nj_session_account(session);
    if (account->show != NJ_SHOW_OFFLINE)
        return nj_presence_stanza(session, to);
    /* invisible, but /join was used: presence without show and status */
    NjXml *presence = nj_xml_presence(NULL, to);
    nj_modules_add_presence(session, presence);
    return presence;
}

/* Sends the presence that enters a room, and requests its history from where ours ends. */
static void
send_join(NjSession *session, NjRoom *room)
{
    Muc *state = nj_session_state(session, &nj_xep_0045);
    NjXml *presence = build_presence(session, room, room->nick);
    NjXml *x = nj_xml_add_new(presence, "x", NJ_NS_MUC);

    if (room->password)
        nj_xml_add_with_text(x, "password", NJ_NS_MUC, room->password);

    NjXml *history = nj_xml_add_new(x, "history", NJ_NS_MUC);
    nj_xml_set(history, "maxstanzas", HISTORY);
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

/* Returns the nick to use, in this order: the given one, the one used in this room before, the
 * account's, the option's, the localpart of our address. NULL with error set: it is not a valid
 * resource. The caller frees it. */
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

/* Shows notices about the kind of room that we have entered. */
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

    /* 7.2.3: the room may change the nick; nj_room_set_state() reports it */
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

/* --- being out --- */

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
        return g_strdup(_("The service for rooms is being shut down. You come back to the room "
                          "with the next connection."));
    return has_code(user, 333)
               ? g_strdup(_("The room lost its connection to you. You come back with "
                            "the next connection, or by /join."))
               : NULL;
}

/* Returns the sentence why an occupant is out, with the actor and the reason given; NULL if the
 * occupant just left. nick NULL: it is us. The caller frees it. */
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
    g_autofree char *reason = words ? nj_text_line(words, -1, MAX_STATUS) : NULL;

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

/* Ends our presence in a room. why is the reason to show, or NULL; wanted: rejoin with the next
 * connection. */
static void
end_presence(NjSession *session, NjRoom *room, const char *why, bool wanted)
{
    Muc *state = nj_session_state(session, &nj_xep_0045);
    g_autofree char *address = g_strdup(room->chat->address);

    /* otherwise the waiting /join gets the reason */
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

    end_wait(session, address, why ? why : _("You left the room before it let you in."));
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

/* Returns the new nick of a nick change (status 303), borrowed; NULL: there is none, or it is not a
 * valid resource. */
static const char *
read_new_nick(const NjRoom *room, const MucUser *user)
{
    const char *nick = has_code(user, 303) && user->item ? nj_xml_attr(user->item, "nick") : NULL;
    g_autofree char *full = nick ? g_strconcat(room->chat->address, "/", nick, NULL) : NULL;
    return full && nj_jid_valid(full) ? nick : NULL;
}

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
        /* while we join it is the reflected presence of an earlier leave */
    } else if (room->state == NJ_ROOM_IN || user->destroy) {
        /* Without a reason the server sent our unavailable presence, because we went offline or
         * invisible; /leave has set the state OUT before. */
        g_autofree char *why = describe_exit(user, NULL);
        end_presence(session, room, why,
                     !why || ((has_code(user, 332) || has_code(user, 333)) && !user->destroy));
    }
}

/* Returns the sentence for an error condition of joining (section 7.2); NULL: no special one. */
static const char *
refusal_sentence(const char *condition)
{
    static const struct {
        const char *condition, *sentence;
    } sentences[] = {
        { "conflict", N_("This nickname is taken in the room. Use /join with another one.") },
        { "not-authorized", N_("This room wants a password, or another one than was given.") },
        { "registration-required",
          N_("Only members may enter this room. Ask its owner to make you one.") },
        { "forbidden", N_("You are banned from this room.") },
        { "item-not-found", N_("There is no such room, or its owner is still setting it up.") },
        { "not-allowed", N_("There is no such room, and you may not make one there.") },
        { "not-acceptable",
          N_("This room lets you in only with the nickname that you registered there.") },
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
        bool passing = strcmp(condition, "remote-server-timeout") == 0
                       || strcmp(condition, "resource-constraint") == 0;
        end_presence(session, room, sentence, passing);
    } else if (room->state == NJ_ROOM_IN) { /* we are still in the room, with the old nick */
        g_autofree char *address = g_strdup(room->chat->address);
        nj_client_notice(nj_session_client(session), room->chat->account, room->chat,
                         NJ_NOTICE_ERROR, "%s", sentence);
        end_wait(session, address, sentence);
    }
}

/* Takes every presence of a room that has a chat here, also of one that we have left. */
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

/* Returns the addresses of all rooms; a listener may close a room while we work on the others. */
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
            _("You are invisible now, and a room shows who is in it: you left. You come back "
              "when you are visible."));
}

static void
stop_rooms(NjSession *session)
{
    end_all_presence(session,
                     _("The connection is gone, and with it your place in this room. You come "
                       "back with the next connection."));
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
