/* What the tests of the screen share: a client with an account, people and a room, and pictures of
 * what is drawn. */
#ifndef NJ_TESTS_UI_FIXTURE_H
#define NJ_TESTS_UI_FIXTURE_H

#include <locale.h>

#include "../model/fixture.h"
#include "base/clock.h"
#include "model/chat.h"
#include "model/room.h"
#include "ui/surface.h"

#define MINUTE 60000
/* Friday, 20 November 2026, 12:00 UTC */
#define NOON G_GINT64_CONSTANT(1795176000000)

typedef struct {
    char *dir; /* NULL: without a store */
    NjClient *client;
    NjAccount *account;
} UiFixture;

G_GNUC_UNUSED static UiFixture
ui_fixture_new(bool stored)
{
    g_setenv("TZ", "UTC", TRUE);
    setlocale(LC_ALL, "C.UTF-8");
    nj_clock_freeze(NOON);

    UiFixture fixture = { .client = nj_client_new(NULL, nj_options_new(NULL)) };
    if (stored) {
        fixture.dir = make_dir();
        nj_client_set_store(fixture.client, open_store(fixture.dir));
    }

    NjAccountSettings settings = { .name = (char *) "home",
                                   .address = (char *) "toad@pond.example",
                                   .nick = (char *) "toad" };
    fixture.account = nj_client_add_account(fixture.client, &settings);

    return fixture;
}

G_GNUC_UNUSED static void
ui_fixture_free(UiFixture *fixture)
{
    NjStore *store = fixture->client->store;
    if (store)
        nj_store_flush(store);
    nj_client_free(fixture->client);
    if (store)
        nj_store_close(store, 5000);
    if (fixture->dir)
        drop_dir(fixture->dir);

    nj_clock_freeze(0);
}

G_GNUC_UNUSED static void
add_person(UiFixture *fixture, const char *address, const char *name, const char *group,
           NjShow show, const char *status)
{
    const char *groups[] = { group, NULL };
    nj_roster_put(fixture->account->roster, address, name, NJ_SUB_BOTH, false, false, groups);
    g_autofree char *full = g_strconcat(address, "/leaf", NULL);
    if (show != NJ_SHOW_OFFLINE)
        nj_roster_presence(fixture->account->roster, full, show, 0, status);
}

/* As it would have come or gone. who: the nick of a room, NULL: ours. */
G_GNUC_UNUSED static NjMessage *
say(NjChat *chat, const char *who, gint64 time, const char *body)
{
    g_autoptr(NjMessage) message = make_message(time, who == NULL, body);
    message->type = chat->kind == NJ_CHAT_ROOM ? NJ_MESSAGE_GROUPCHAT : NJ_MESSAGE_CHAT;
    message->state = who ? NJ_STATE_RECEIVED : NJ_STATE_ACKNOWLEDGED;
    message->delayed = time < chat->last_time;
    g_free(message->sender);
    message->sender =
        g_strdup(chat->kind == NJ_CHAT_ROOM ? who ? who : chat->room->nick : chat->address);
    nj_chat_add(chat, message);

    return message; /* the chat's, as long as somebody keeps it */
}

/* Compares row by row, so that a failure says where; the whole is printed. */
G_GNUC_UNUSED static void
shows(const NjSurface *surface, const char *wanted)
{
    g_autofree char *text = nj_surface_text(surface);
    if (strcmp(text, wanted) == 0)
        return;

    g_auto(GStrv) is = g_strsplit(text, "\n", -1), should = g_strsplit(wanted, "\n", -1);
    guint row = 0;
    while (is[row] && should[row] && strcmp(is[row], should[row]) == 0)
        row++;

    fail_msg("row %u is\n%s\nand should be\n%s\nin\n%s", row, is[row] ? is[row] : "(none)",
             should[row] ? should[row] : "(none)", text);
}

G_GNUC_UNUSED static bool
has(const NjSurface *surface, const char *part)
{
    g_autofree char *text = nj_surface_text(surface);
    return strstr(text, part) != NULL;
}

#endif
