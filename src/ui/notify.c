/* The bell and the title of the terminal. The title is written at most every 100 ms, however many
 * messages arrive; the bell rings at most once a second. */
#include "ui/notify.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/chat.h"
#include "model/events.h"

#include <string.h>

#define TITLE_MS 100
#define BELL_US G_USEC_PER_SEC

struct NjNotify {
    NjScreen *screen;
    NjClient *client;
    GSource *title_timer; /* writes the title; NULL: not scheduled */
    gint64 bell_us;       /* when the bell last rang; 0: never */
    char *title;          /* that was last written; NULL: the next one is written in any case */
};

/* Returns whether the option bell lets this message ring. addressed: it is a private message, a
 * mention or an alert, and not one for a whole room. */
static bool
may_ring(const NjNotify *notify, const NjChat *chat, bool addressed)
{
    const char *bell = nj_options_text(notify->client->options, "bell");
    if (strcmp(bell, "none") == 0)
        return false;
    if (strcmp(bell, "all") == 0)
        return true;
    return !nj_screen_attends(notify->screen, chat) && (addressed || strcmp(bell, "chats") == 0);
}

static void
ring_bell(NjNotify *notify, const NjChat *chat, bool addressed)
{
    NjTerm *term = nj_screen_term(notify->screen);
    if (!term || !may_ring(notify, chat, addressed))
        return;
    gint64 now = nj_clock_us();
    if (notify->bell_us && now - notify->bell_us < BELL_US)
        return;
    notify->bell_us = now;
    nj_term_bell(term);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    if (!event->message->out && !event->message->delayed)
        ring_bell(owner, event->chat, event->chat->kind != NJ_CHAT_ROOM || event->message->mention);
}

static void
on_alert(NjAlert *alert, void *owner)
{
    ring_bell(owner, alert->chat, true);
}

/* Returns a title such as "natterjack — frog (3)": the focused chat, and the number of unread
 * messages in all windows; in rooms only mentions count. The caller owns it. */
static char *
make_title(const NjNotify *notify)
{
    guint unread = 0;
    for (guint i = 0; i < nj_screen_windows(notify->screen); i++) {
        const NjChat *chat = nj_screen_window_at(notify->screen, i)->chat;
        if (chat && (chat->kind != NJ_CHAT_ROOM || chat->mentions))
            unread += chat->kind == NJ_CHAT_ROOM ? chat->mentions : chat->unread;
    }

    const NjChat *focus = notify->client->focus;
    GString *title = g_string_new("natterjack");
    if (focus)
        g_string_append_printf(title, " — %s", nj_chat_label(focus));
    if (unread > 0)
        g_string_append_printf(title, " (%u)", unread);

    return g_string_free(title, FALSE);
}

static gboolean
on_title_time(void *owner)
{
    NjNotify *notify = owner;
    nj_clock_cancel(&notify->title_timer);

    NjTerm *term = nj_screen_term(notify->screen);
    if (!term || !nj_options_bool(notify->client->options, "title"))
        return G_SOURCE_REMOVE;

    g_autofree char *title = make_title(notify);
    if (g_strcmp0(title, notify->title) == 0)
        return G_SOURCE_REMOVE;

    nj_term_title(term, title);
    g_free(notify->title);
    notify->title = g_steal_pointer(&title);
    return G_SOURCE_REMOVE;
}

static void
schedule_title(NjNotify *notify)
{
    if (!notify->title_timer)
        notify->title_timer = nj_clock_after(TITLE_MS, on_title_time, notify);
}

static void
on_chat_changed(NjChat *chat, void *owner)
{
    (void) chat;
    schedule_title(owner);
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    NjNotify *notify = owner;
    const NjChat *focus = notify->client->focus;
    if (focus && focus->account == event->contact->account
        && strcmp(focus->address, event->contact->address) == 0)
        schedule_title(notify);
}

static void
on_focus_changed(NjClient *client, void *owner)
{
    (void) client;
    schedule_title(owner);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    NjNotify *notify = owner;
    if (strcmp(option->name, "title") != 0)
        return;
    g_clear_pointer(&notify->title, g_free);
    schedule_title(notify);
}

NjNotify *
nj_notify_new(NjScreen *screen)
{
    NjNotify *notify = g_new0(NjNotify, 1);
    notify->screen = screen;
    notify->client = nj_screen_client(screen);

    NjBus *bus = notify->client->bus;
    nj_on_message_added(bus, on_message_added, notify);
    nj_on_alert(bus, on_alert, notify);
    nj_on_chat_changed(bus, on_chat_changed, notify);
    nj_on_chat_removed(bus, on_chat_changed, notify);
    nj_on_contact_changed(bus, on_contact_changed, notify);
    nj_on_focus_changed(bus, on_focus_changed, notify);
    nj_on_option_changed(bus, on_option_changed, notify);
    schedule_title(notify);

    return notify;
}

void
nj_notify_free(NjNotify *notify)
{
    if (!notify)
        return;
    nj_bus_forget(notify->client->bus, notify);
    nj_clock_cancel(&notify->title_timer);
    g_free(notify->title);
    g_free(notify);
}
