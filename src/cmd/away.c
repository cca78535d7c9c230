/* Auto-away.  One timer, armed only while an option asks for it and somebody could still go further
 * away: a key moves nothing, it is looked at when the timer fires.  What the person said of an
 * account stays: one that is away, busy or invisible already is left alone, and model/account.c
 * keeps what was there before, so that coming back is exact. */
#include "cmd/away.h"

#include <string.h>

#include "base/clock.h"
#include "model/events.h"
#include "xmpp/session.h"
#include "xmpp/xep/presence.h"

#define MINUTE_US (60 * G_USEC_PER_SEC)

struct NjAway {
    NjClient *client;
    GSource *timer;
};

/* Of the two options, which idle time asks for which show; 0: not at all. */
static gint64
option_us(const NjAway *away, const char *name)
{
    return nj_options_int(away->client->options, name) * MINUTE_US;
}

static NjShow
show_after(const NjAway *away, gint64 idle_us)
{
    gint64 away_us = option_us(away, "auto-away"), xa_us = option_us(away, "auto-xa");
    if (xa_us && idle_us >= xa_us)
        return NJ_SHOW_XA;
    return away_us && idle_us >= away_us ? NJ_SHOW_AWAY : NJ_SHOW_ONLINE;
}

static void
go_away(NjAway *away, NjAccount *account, NjShow show)
{
    const char *message = nj_options_text(away->client->options, "auto-away-message");
    if (!account->by_itself && account->show != NJ_SHOW_ONLINE && account->show != NJ_SHOW_CHAT)
        return;

    const char *status = *message             ? message
                         : account->by_itself ? account->own_status
                                              : account->status;
    if (!account->by_itself || account->show != show || g_strcmp0(account->status, status)) {
        nj_account_go_away(account, show, status);
        nj_presence_send(account);
    }
}

static gboolean on_timer(void *data);

static void
arm(NjAway *away, gint64 idle_us)
{
    gint64 steps[] = { option_us(away, "auto-away"), option_us(away, "auto-xa") }, next = 0;
    nj_clock_cancel(&away->timer);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i] > idle_us && (!next || steps[i] < next))
            next = steps[i];
    if (next)
        away->timer = nj_clock_after((guint) ((next - idle_us) / 1000 + 1), on_timer, away);
}

static void
settle(NjAway *away)
{
    GPtrArray *accounts = away->client->accounts;
    gint64 idle_us = nj_clock_us() - away->client->active_us;
    NjShow show = show_after(away, idle_us);

    for (guint i = 0; i < accounts->len; i++) {
        NjAccount *account = accounts->pdata[i];
        if (show != NJ_SHOW_ONLINE)
            go_away(away, account, show);
        else if (nj_account_come_back(account))
            nj_presence_send(account);
    }

    arm(away, idle_us);
}

static gboolean
on_timer(void *data)
{
    settle(data);
    return G_SOURCE_REMOVE;
}

static void
on_person_changed(NjClient *client, void *owner)
{
    (void) client;
    settle(owner);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    if (g_str_has_prefix(option->name, "auto-away") || !strcmp(option->name, "auto-xa"))
        settle(owner);
}

NjAway *
nj_away_new(NjClient *client)
{
    NjAway *away = g_new0(NjAway, 1);
    away->client = client;
    nj_on_person_changed(client->bus, on_person_changed, away);
    nj_on_option_changed(client->bus, on_option_changed, away);
    settle(away);
    return away;
}

void
nj_away_free(NjAway *away)
{
    if (!away)
        return;
    nj_bus_forget(away->client->bus, away);
    nj_clock_cancel(&away->timer);
    g_free(away);
}
