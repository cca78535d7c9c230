/* See fixture.h. */
#include "fixture.h"

UiFixture
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

void
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

void
add_person(UiFixture *fixture, const char *address, const char *name, const char *group,
           NjShow show, const char *status)
{
    const char *groups[] = { group, NULL };
    nj_roster_put(fixture->account->roster, address, name, NJ_SUB_BOTH, false, false, groups);
    g_autofree char *full = g_strconcat(address, "/leaf", NULL);
    if (show != NJ_SHOW_OFFLINE)
        nj_roster_presence(fixture->account->roster, full, show, 0, status);
}

NjMessage *
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

    return message; /* the chat holds a reference */
}

void
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

bool
has(const NjSurface *surface, const char *part)
{
    g_autofree char *text = nj_surface_text(surface);
    return strstr(text, part) != NULL;
}
