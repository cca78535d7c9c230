/* Passes events of the model to the panes that show the chat, and opens windows. A pane has no
 * listeners of its own: panes are found by chat, so that a message costs the same with three
 * windows as with three hundred. */
#include "ui/screen-private.h"

#include "base/clock.h"
#include "model/chat.h"
#include "model/outbox.h"

#include <string.h>

static void
touch_panes(NjScreen *screen, NjChat *chat)
{
    const GPtrArray *panes = nj_screen_panes(screen, chat);
    for (guint i = 0; panes && i < panes->len; i++)
        nj_pane_touch(g_ptr_array_index(panes, i));
}

/* Adds a notice to the console. With several accounts it begins with the name of the account. */
static void
add_account_notice(NjScreen *screen, const NjAccount *account, NjNoticeKind kind, const char *text)
{
    if (!account || screen->client->accounts->len < 2) {
        nj_screen_say(screen, NULL, kind, text);
        return;
    }
    g_autofree char *line = g_strdup_printf("%s: %s", account->settings->name, text);
    nj_screen_say(screen, NULL, kind, line);
}

static void
on_account_added(NjAccount *account, void *owner)
{
    NjScreen *screen = owner;
    g_hash_table_insert(screen->states, account, GINT_TO_POINTER(account->state));
    nj_screen_touch(screen); /* the welcome in the console depends on the accounts */
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    NjScreen *screen = owner;
    g_hash_table_remove(screen->states, account);
    g_hash_table_remove(screen->reasons, account);
    nj_screen_touch(screen);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    NjScreen *screen = owner;
    nj_screen_touch_status(screen);
    touch_panes(screen, NULL);

    int before = GPOINTER_TO_INT(g_hash_table_lookup(screen->states, account));
    if (before == (int) account->state)
        return;

    g_hash_table_insert(screen->states, account, GINT_TO_POINTER(account->state));
    bool is_before_retry =
        before == NJ_ACCOUNT_WAITING && nj_clock_us() + 100 * 1000 < account->retry_us;
    if (account->state == NJ_ACCOUNT_CONNECTING
        && (before == NJ_ACCOUNT_OFFLINE || is_before_retry)) {
        /* The user asked for this connection: report a failure even if its reason is the same as
         * before. */
        g_hash_table_remove(screen->reasons, account);
    } else if (account->state == NJ_ACCOUNT_ONLINE) {
        g_hash_table_remove(screen->reasons, account);
        g_autofree char *text =
            g_strdup_printf(_("Online as %s."), account->jid ? account->jid : account->bare);
        add_account_notice(screen, account, NJ_NOTICE_SUCCESS, text);
    } else if ((account->state == NJ_ACCOUNT_OFFLINE || account->state == NJ_ACCOUNT_WAITING)
               && account->why) {
        /* Report a reason once: retries may go on for hours. */
        if (g_strcmp0(g_hash_table_lookup(screen->reasons, account), account->why) == 0)
            return;
        g_hash_table_insert(screen->reasons, account, g_strdup(account->why));
        NjNoticeKind kind =
            account->state == NJ_ACCOUNT_WAITING ? NJ_NOTICE_WARNING : NJ_NOTICE_ERROR;
        add_account_notice(screen, account, kind, account->why);
    } else if (account->state == NJ_ACCOUNT_OFFLINE) {
        add_account_notice(screen, account, NJ_NOTICE_INFO, _("Offline."));
    }
}

/* Opens a window for a chat that is a room or has unread or unsent messages, and is not closed. The
 * focus does not move. */
static void
open_if_needed(NjScreen *screen, NjChat *chat)
{
    if (chat->closed || nj_screen_panes(screen, chat))
        return;
    if (chat->kind == NJ_CHAT_ROOM || chat->unread > 0
        || nj_outbox_has_chat(chat->account->outbox, chat->address))
        nj_screen_window_of(screen, chat);
}

static void
on_chat_added(NjChat *chat, void *owner)
{
    open_if_needed(owner, chat);
}

static void
on_chat_changed(NjChat *chat, void *owner)
{
    NjScreen *screen = owner;
    open_if_needed(screen, chat);
    touch_panes(screen, chat);
    nj_screen_touch_status(screen);
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    nj_screen_forget_chat(owner, chat);
}

static void
on_message_added(NjMessageEvent *event, void *owner)
{
    NjScreen *screen = owner;
    const GPtrArray *panes = nj_screen_panes(screen, event->chat);

    if (!panes) {
        nj_screen_window_of(screen, event->chat);
        panes = nj_screen_panes(screen, event->chat);
    }

    for (guint i = 0; i < panes->len; i++) {
        NjPane *pane = g_ptr_array_index(panes, i);
        pane->class->add(pane, event->message);
    }
}

static void
on_message_changed(NjMessageEvent *event, void *owner)
{
    const GPtrArray *panes = nj_screen_panes(owner, event->chat);
    for (guint i = 0; panes && i < panes->len; i++) {
        NjPane *pane = g_ptr_array_index(panes, i);
        pane->class->change(pane, event->message);
    }
}

static void
on_alert(NjAlert *alert, void *owner)
{
    g_autofree char *text =
        alert->what && *alert->what
            ? g_strdup_printf(_("%s wants your attention: %s"), nj_chat_label(alert->chat),
                              alert->what)
            : g_strdup_printf(_("%s wants your attention."), nj_chat_label(alert->chat));
    if (!nj_screen_panes(owner, alert->chat))
        nj_screen_window_of(owner, alert->chat);
    nj_screen_say(owner, alert->chat, NJ_NOTICE_WARNING, text);
}

/* Redraws the chat of a contact whose name may have changed, and the label of the prompt. */
static void
update_chat_of_contact(NjScreen *screen, const NjContact *contact)
{
    NjChat *chat = nj_chat_find(contact->account, contact->address);
    if (!chat)
        return;

    touch_panes(screen, chat);
    nj_screen_touch_status(screen);
    if (chat != screen->prompt_chat)
        return;

    screen->switching = true; /* not typed by the user */
    nj_prompt_set_label(screen->prompt, nj_chat_label(chat));
    screen->switching = false;
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    update_chat_of_contact(owner, event->contact);
}

static void
on_contact_removed(NjContact *contact, void *owner)
{
    update_chat_of_contact(owner, contact);
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    touch_panes(owner, room->chat);
}

static void
update_occupant(NjScreen *screen, NjOccupantEvent *event, bool gone)
{
    const GPtrArray *panes = nj_screen_panes(screen, event->room->chat);
    for (guint i = 0; panes && i < panes->len; i++) {
        NjPane *pane = g_ptr_array_index(panes, i);
        if (pane->class->occupant)
            pane->class->occupant(pane, event->occupant, event->old_nick, gone);
    }
}

static void
on_occupant_changed(NjOccupantEvent *event, void *owner)
{
    update_occupant(owner, event, false);
}

static void
on_occupant_removed(NjOccupantEvent *event, void *owner)
{
    update_occupant(owner, event, true);
}

static void
on_notice(NjNotice *notice, void *owner)
{
    NjScreen *screen = owner;
    if (notice->chat && nj_screen_panes(screen, notice->chat))
        nj_screen_say(screen, notice->chat, notice->kind, notice->text);
    else
        add_account_notice(screen, notice->account, notice->kind, notice->text);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    NjScreen *screen = owner;
    const NjOptions *options = screen->client->options;
    g_autoptr(GError) error = NULL;

    if (strcmp(option->name, "theme") == 0
        && !nj_screen_set_theme(screen, nj_options_text(options, "theme"), &error))
        nj_screen_say(screen, screen->prompt_chat, NJ_NOTICE_ERROR, error->message);
    if (strcmp(option->name, "roster") == 0)
        screen->roster_shown = nj_options_bool(options, "roster");
    if (strcmp(option->name, "keys-mode") == 0)
        nj_screen_set_keys_mode(screen);
    if (strcmp(option->name, "clock") == 0)
        nj_screen_start_clock(screen);

    nj_screen_touch(screen);
}

void
nj_screen_listen(NjScreen *screen)
{
    NjBus *bus = screen->client->bus;
    screen->states = g_hash_table_new(NULL, NULL);
    screen->reasons = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    nj_on_account_added(bus, on_account_added, screen);
    nj_on_account_removed(bus, on_account_removed, screen);
    nj_on_account_changed(bus, on_account_changed, screen);
    nj_on_chat_added(bus, on_chat_added, screen);
    nj_on_chat_changed(bus, on_chat_changed, screen);
    nj_on_chat_removed(bus, on_chat_removed, screen);

    nj_on_message_added(bus, on_message_added, screen);
    nj_on_message_changed(bus, on_message_changed, screen);
    nj_on_alert(bus, on_alert, screen);
    nj_on_contact_changed(bus, on_contact_changed, screen);
    nj_on_contact_removed(bus, on_contact_removed, screen);
    nj_on_room_changed(bus, on_room_changed, screen);
    nj_on_occupant_changed(bus, on_occupant_changed, screen);
    nj_on_occupant_removed(bus, on_occupant_removed, screen);
    nj_on_notice(bus, on_notice, screen);

    nj_on_option_changed(bus, on_option_changed, screen);
    for (guint i = 0; i < screen->client->accounts->len; i++) {
        NjAccount *account = g_ptr_array_index(screen->client->accounts, i);
        on_account_added(account, screen);
        GHashTableIter iter;
        void *chat;
        g_hash_table_iter_init(&iter, account->chats);
        while (g_hash_table_iter_next(&iter, NULL, &chat))
            open_if_needed(screen, chat);
    }
}
