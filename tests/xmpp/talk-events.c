/* Writes the events of the bus as lines of text. */
#include "talk.h"

void
add_event(Talk *talk, bool loose, const char *format, ...)
{
    Event *event = g_new0(Event, 1);
    va_list args;
    va_start(args, format);
    event->text = g_strdup_vprintf(format, args);
    va_end(args);
    event->loose = loose;
    g_queue_push_tail(&talk->events, event);
}

void
event_free(Event *event)
{
    g_free(event->text);
    g_free(event);
}

static void
describe_message(GString *text, const NjMessage *message)
{
    if (message->mention)
        g_string_append(text, " mention");
    if (message->delayed) {
        g_autofree char *time = nj_clock_format(message->time);
        g_string_append_printf(text, " delayed=%s", time);
    }

    if (message->encryption)
        g_string_append_printf(text, " encryption=%s", message->encryption);
    if (message->type != NJ_MESSAGE_CHAT && message->type != NJ_MESSAGE_GROUPCHAT)
        g_string_append_printf(text, " %s", nj_message_type_name(message));
    if (message->subject)
        g_string_append_printf(text, " subject=“%s”", message->subject);
    if (message->archive_id)
        g_string_append_printf(text, " archive=%s", message->archive_id);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const NjMessage *message = event->message;
    describe_message(text, message);
    add_event(owner, false, "message %s %s %s %s%s: %s", event->chat->address,
              message->out ? "out" : "in", message->sender, nj_message_state_name(message),
              text->str, message->body ? message->body : "");
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    const char *error = event->message->error;
    add_event(owner, false, "%s %s: %s%s%s", nj_message_state_name(event->message),
              event->chat->address, event->message->body, error ? " | " : "", error ? error : "");
}

static void
on_notice(NjNotice *notice, void *owner)
{
    static const char *const kinds[] = { "info", "success", "warning", "error" };
    add_event(owner, false, "notice %s%s%s: %s", kinds[notice->kind], notice->chat ? " " : "",
              notice->chat ? notice->chat->address : "", notice->text);
}

static void
on_request_changed(NjAccount *account, void *owner)
{
    g_autoptr(GString) text = g_string_new("requests");
    const GPtrArray *requests = nj_roster_requests(account->roster);

    for (guint i = 0; i < requests->len; i++) {
        const NjRequest *request = requests->pdata[i];
        g_string_append_printf(text, "%s %s", i ? "," : "", request->address);
        if (request->asks)
            g_string_append(text, " asks");
        if (request->messages)
            g_string_append_printf(text, " wrote %u", request->messages);
        if (request->text)
            g_string_append_printf(text, " “%s”", request->text);
    }

    add_event(owner, false, "%s", text->str);
}

static void
on_alert(NjAlert *alert, void *owner)
{
    add_event(owner, false, "alert %s%s%s", alert->chat->address, alert->what ? ": " : "",
              alert->what ? alert->what : "");
}

static void
on_blocked_changed(NjAccount *account, void *owner)
{
    g_autoptr(GList) addresses =
        account->blocked
            ? g_list_sort(g_hash_table_get_keys(account->blocked), (GCompareFunc) strcmp)
            : NULL;
    g_autoptr(GString) text = g_string_new(account->blocked ? "blocked" : "blocked: not known");
    for (GList *item = addresses; item; item = item->next)
        g_string_append_printf(text, " %s", (const char *) item->data);
    add_event(owner, false, "%s", text->str);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    add_event(owner, false, "account %s%s%s", nj_account_state_name(account->state),
              account->why ? ": " : "", account->why ? account->why : "");
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    const NjContact *contact = event->contact;
    g_autofree char *groups = g_strjoinv(", ", contact->groups);
    const char *status = nj_contact_status(contact);
    add_event(owner, true, "contact %s %s%s %s%s%s%s%s", contact->address,
              nj_subscription_name(contact->subscription), contact->ask ? " ask" : "",
              nj_show_name(nj_contact_show(contact)), status ? " " : "", status ? status : "",
              *groups ? " groups: " : "", groups);
}

static void
on_contact_removed(NjContact *contact, void *owner)
{
    add_event(owner, false, "contact removed %s", contact->address);
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    static const char *const states[] = { "out", "joining", "in" };
    add_event(owner, true, "room %s %s %s%s%s%s%s", room->chat->address, room->nick,
              states[room->state], room->subject ? " subject: " : "",
              room->subject ? room->subject : "", room->why ? ": " : "",
              room->why ? room->why : "");
}

static void
on_occupant_changed(NjOccupantEvent *event, void *owner)
{
    static const char *const roles[] = { "visitor", "participant", "moderator" };
    static const char *const affiliations[] = { "outcast", "none", "member", "admin", "owner" };
    const NjOccupant *occupant = event->occupant;
    add_event(owner, true, "occupant %s %s %s %s %s%s%s%s%s", event->room->chat->address,
              occupant->shown, roles[occupant->role], affiliations[occupant->affiliation],
              nj_show_name(occupant->show), occupant->status ? " " : "",
              occupant->status ? occupant->status : "", event->old_nick ? " was " : "",
              event->old_nick ? event->old_nick : "");
}

static void
on_occupant_removed(NjOccupantEvent *event, void *owner)
{
    add_event(owner, true, "occupant gone %s %s", event->room->chat->address,
              event->occupant->shown);
}

static void
on_chat_added(NjChat *chat, void *owner)
{
    add_event(owner, true, "chat %s", chat->address);
}

static void
on_chat_changed(NjChat *chat, void *owner)
{
    static const char *const typing[] = { "gone", "inactive", "active", "paused", "composing" };
    add_event(owner, true, "chat %s %s unread %u", chat->address, typing[chat->typing],
              chat->unread);
}

/* Events with a description; any other is reported by its name, and a talk may leave it out. */
#define DESCRIBED(name) [NJ_EVENT_##name] = (NjBusFunc) on_##name
static const NjBusFunc described[NJ_EVENT_COUNT] = {
    DESCRIBED(message_added),
    DESCRIBED(message_changed),
    DESCRIBED(notice),
    DESCRIBED(request_changed),
    DESCRIBED(alert),
    DESCRIBED(blocked_changed),
    DESCRIBED(account_changed),
    DESCRIBED(contact_changed),
    DESCRIBED(contact_removed),
    DESCRIBED(room_changed),
    DESCRIBED(occupant_changed),
    DESCRIBED(occupant_removed),
    DESCRIBED(chat_added),
    DESCRIBED(chat_changed),
};
#undef DESCRIBED

#define NAME_EVENT(name, type)                          \
    static void name_##name(type *payload, void *owner) \
    {                                                   \
        (void) payload;                                 \
        add_event(owner, true, "event %s", #name);      \
    }
NJ_EVENTS(NAME_EVENT)
#undef NAME_EVENT

#define LISTEN(name, type)                  \
    nj_bus_listen(                          \
        talk->client->bus, NJ_EVENT_##name, \
        described[NJ_EVENT_##name] ? described[NJ_EVENT_##name] : (NjBusFunc) name_##name, talk);
void
listen_to_all(Talk *talk)
{
    NJ_EVENTS(LISTEN)
}
#undef LISTEN
