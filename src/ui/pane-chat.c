/* The pane of a chat with a contact or with an occupant of a room. It also shows a room without its
 * list of occupants. */
#include "ui/talk.h"

#include "model/chat.h"
#include "model/roster.h"
#include "model/room.h"

static char *
make_title(NjPane *pane)
{
    return g_strdup(nj_chat_label(pane->chat));
}

/* Returns the presence of the contact and its status text. */
static char *
make_subject(NjPane *pane)
{
    const NjChat *chat = pane->chat;
    if (chat->kind == NJ_CHAT_ROOM)
        return chat->room ? g_strdup(chat->room->subject) : NULL;
    if (chat->typing == NJ_TYPING_COMPOSING)
        return g_strdup(_("is writing…"));
    if (chat->kind == NJ_CHAT_PRIVATE)
        return g_strdup(chat->address);

    NjContact *contact = nj_roster_find(chat->account->roster, chat->address);
    if (!contact)
        return NULL;

    static const char *const shows[] = {
        [NJ_SHOW_OFFLINE] = N_("offline"),         [NJ_SHOW_DND] = N_("busy"),
        [NJ_SHOW_XA] = N_("away for a long time"), [NJ_SHOW_AWAY] = N_("away"),
        [NJ_SHOW_ONLINE] = N_("online"),           [NJ_SHOW_CHAT] = N_("free to chat"),
    };
    const char *show = _(shows[nj_contact_show(contact)]), *status = nj_contact_status(contact);
    return status && *status ? g_strdup_printf("%s · %s", show, status) : g_strdup(show);
}

static const NjPaneClass chat_class = {
    .name = "chat",
    NJ_TALK_CALLS,
    .draw = nj_talk_draw,
    .title = make_title,
    .subject = make_subject,
    .free = nj_talk_free,
};

NjPane *
nj_pane_chat_new(NjScreen *screen, NjChat *chat)
{
    NjTalk *talk = g_new0(NjTalk, 1);
    nj_talk_init(talk, &chat_class, screen, chat);
    return &talk->pane;
}
