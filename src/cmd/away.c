/* Auto-away: sets accounts to away, then to xa, while the user presses no key. The timer runs only
 * until the last of these delays has passed. Accounts that the user has set to away, busy or
 * invisible do not change. For the others model/account.c saves show and status, and restores both
 * when the user is back. */
#include "cmd/away.h"

#include <string.h>

#include "model/events.h"
#include "model/idle.h"
#include "xmpp/xep/presence.h"

#define MINUTE_US (60 * G_USEC_PER_SEC)

struct NjAway {
    NjClient *client;
};

/* Returns the value of auto-away or auto-xa in microseconds; 0: off. */
static gint64
option_us(const NjAway *away, const char *name)
{
    return nj_options_int(away->client->options, name) * MINUTE_US;
}

/* Returns the show for accounts after idle_us without a key; ONLINE: the show that the user has
 * set. */
static NjShow
choose_show(const NjAway *away, gint64 idle_us)
{
    gint64 away_us = option_us(away, "auto-away"), xa_us = option_us(away, "auto-xa");
    if (xa_us && idle_us >= xa_us)
        return NJ_SHOW_XA;
    return away_us && idle_us >= away_us ? NJ_SHOW_AWAY : NJ_SHOW_ONLINE;
}

/* Returns the status text of the option auto-away-message; if that is empty, the user's. */
static const char *
away_status(const NjAway *away, const NjAccount *account)
{
    const char *message = nj_options_text(away->client->options, "auto-away-message");
    if (*message)
        return message;
    return account->auto_away ? account->own_status : account->status;
}

static void
show_away(NjAway *away, NjAccount *account, NjShow show)
{
    if (!account->auto_away && account->show != NJ_SHOW_ONLINE && account->show != NJ_SHOW_CHAT)
        return;
    const char *status = away_status(away, account);
    if (account->auto_away && account->show == show && g_strcmp0(account->status, status) == 0)
        return;
    nj_account_go_away(account, show, status);
    nj_presence_send(account);
}

/* Returns the shorter of the delays that have not passed; 0: both have passed or are off. */
static gint64
next_delay_us(const NjAway *away, gint64 idle_us)
{
    const gint64 delays[] = { option_us(away, "auto-away"), option_us(away, "auto-xa") };
    gint64 next = 0;
    for (guint i = 0; i < G_N_ELEMENTS(delays); i++)
        if (delays[i] > idle_us && (!next || delays[i] < next))
            next = delays[i];
    return next;
}

static void
update_shows(NjAway *away, gint64 idle_us)
{
    GPtrArray *accounts = away->client->accounts;
    NjShow show = choose_show(away, idle_us);
    for (guint i = 0; i < accounts->len; i++) {
        NjAccount *account = accounts->pdata[i];
        if (show != NJ_SHOW_ONLINE)
            show_away(away, account, show);
        else if (nj_account_come_back(account))
            nj_presence_send(account);
    }
}

/* Called when an option changes, when a delay has passed, and when the user is back. If the next
 * delay passes during the update, nj_idle_watch() returns true and the accounts are updated
 * again. */
static void
update_accounts(void *owner)
{
    NjAway *away = owner;
    gint64 idle_us;
    do {
        idle_us = nj_idle_us(away->client);
        update_shows(away, idle_us);
    } while (nj_idle_watch(away->client, next_delay_us(away, idle_us), 0, update_accounts, away));
}

static void
on_option_changed(NjOption *option, void *owner)
{
    if (g_str_has_prefix(option->name, "auto-away") || strcmp(option->name, "auto-xa") == 0)
        update_accounts(owner);
}

NjAway *
nj_away_new(NjClient *client)
{
    NjAway *away = g_new0(NjAway, 1);
    away->client = client;
    nj_on_option_changed(client->bus, on_option_changed, away);
    update_accounts(away);
    return away;
}

void
nj_away_free(NjAway *away)
{
    if (!away)
        return;
    nj_bus_forget(away->client->bus, away);
    nj_idle_forget(away->client, away);
    g_free(away);
}
