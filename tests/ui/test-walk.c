/* ui: random walks through everything that can happen to a screen. A walk passes if no sanitizer
 * and no assertion reports an error. The argument of the program, a number from the output, repeats
 * one walk. */
#include "fixture.h"

#include <stdlib.h>

#include "ui/screen.h"

#define STEPS 1500

typedef struct {
    UiFixture fixture;
    NjScreen *screen;
    NjSurface *surface;
    GRand *random;
    gint64 now;
} Walk;

static const char *const texts[] = {
    "hello",
    "/me dances",
    "👨‍👩‍👧‍👦🇩🇪 z̸̡̛",
    "日本語テキスト日本語テキスト",
    "a\nb\nc\n",
    "",
    "https://pond.example/a/very/long/address/that/does/not/fit/into/a/row/of/most/terminals/of/"
    "this/world",
    "שלום abc",
};

static int
pick(Walk *walk, int choices)
{
    return g_rand_int_range(walk->random, 0, choices);
}

static char *
some_address(Walk *walk)
{
    return pick(walk, 2) ? g_strdup_printf("p%d@pond.example", pick(walk, 8))
                         : g_strdup_printf("r%d@rooms.example", pick(walk, 4));
}

static NjChat *
some_chat(Walk *walk)
{
    g_autofree char *address = some_address(walk);
    return nj_chat_find(walk->fixture.account, address);
}

static void
step_messages(Walk *walk)
{
    NjChat *chat = some_chat(walk);
    int count = pick(walk, 4) ? 1 : pick(walk, 400);

    for (int i = 0; chat && i < count; i++) {
        g_autoptr(NjMessage) message = make_message(walk->now - pick(walk, 3) * pick(walk, 100000),
                                                    !pick(walk, 4), texts[pick(walk, 8)]);
        message->subject = pick(walk, 9) ? NULL : g_strdup("subject");
        message->mention = !pick(walk, 6);
        if (chat->kind == NJ_CHAT_ROOM) {
            message->type = NJ_MESSAGE_GROUPCHAT;
            g_free(message->sender);
            message->sender = g_strdup_printf("n%d", pick(walk, 30));
        }
        nj_chat_add(chat, message);
        if (!pick(walk, 5))
            nj_chat_set_state(chat, message, (NjMessageState) pick(walk, NJ_STATE_COUNT),
                              pick(walk, 2) ? "Not delivered." : NULL);
    }
}

static void
step_people(Walk *walk)
{
    NjRoster *roster = walk->fixture.account->roster;
    g_autofree char *address = g_strdup_printf("p%d@pond.example", pick(walk, 8)),
                    *full = g_strconcat(address, "/leaf", NULL);
    const char *const groups[] = { pick(walk, 2) ? "One" : NULL, "Two", NULL };

    switch (pick(walk, 5)) {
    case 0:
        nj_roster_put(roster, address, pick(walk, 2) ? "Näme" : NULL, NJ_SUB_BOTH, false, false,
                      groups);
        break;
    case 1:
        nj_roster_remove(roster, address);
        break;
    case 2:
        nj_roster_note_request(roster, address, true, "hello", false);
        break;

    case 3:
        nj_roster_drop_request(roster, address);
        break;
    default:
        nj_roster_presence(roster, full, (NjShow) pick(walk, 6), 0, NULL);
    }
}

static void
step_chats(Walk *walk)
{
    NjAccount *account = walk->fixture.account;
    NjChat *chat = some_chat(walk);
    g_autofree char *nick = g_strdup_printf("n%d", pick(walk, 30)),
                    *room = g_strdup_printf("r%d@rooms.example", pick(walk, 4)),
                    *person = g_strdup_printf("p%d@pond.example", pick(walk, 8));

    switch (pick(walk, 6)) {
    case 0:
        nj_chat_open(account, NJ_CHAT_PERSON, person);
        break;
    case 1:
        nj_room_open(account, room, "toad");
        break;
    case 2:
        nj_chat_close(chat);
        break;

    case 3:
        nj_client_notice(walk->fixture.client, account, chat, (NjNoticeKind) pick(walk, 4), "%s",
                         texts[pick(walk, 8)]);
        break;
    default:
        if (!chat || chat->kind != NJ_CHAT_ROOM)
            break;
        if (pick(walk, 3))
            nj_room_put(chat->room, nick, NULL, (NjRoomRole) pick(walk, 3), NJ_AFFILIATION_NONE,
                        (NjShow) pick(walk, 6), NULL);
        else if (pick(walk, 9))
            nj_room_take_out(chat->room, nick);
        else
            nj_room_clear(chat->room);
    }
}

static void
step_windows(Walk *walk)
{
    NjScreen *screen = walk->screen;
    NjChat *chat = some_chat(walk);
    NjLayout *layout = nj_screen_window(screen)->layout;

    switch (pick(walk, 10)) {
    case 0:
        nj_screen_split(screen, pick(walk, 2) ? NJ_SPLIT_BELOW : NJ_SPLIT_BESIDE, chat, NULL);
        break;
    case 1:
        nj_screen_close_pane(screen);
        break;
    case 2:
        nj_screen_close_window(
            screen,
            nj_screen_window_at(screen, (guint) pick(walk, (int) nj_screen_windows(screen))));
        break;

    case 3:
        nj_layout_zoom(layout);
        break;
    case 4:
        nj_layout_resize(layout, pick(walk, 9) - 4, pick(walk, 9) - 4);
        break;
    case 5:
        nj_screen_step(screen, pick(walk, 3) - 1);
        break;

    case 6:
        nj_screen_last(screen);
        break;
    case 7:
        nj_screen_attention(screen);
        break;
    case 8:
        nj_surface_resize(walk->surface, 1 + pick(walk, 60), 1 + pick(walk, 200));
        break;

    default:
        if (chat)
            nj_screen_show_chat(screen, chat);
    }
}

static void
step_keys(Walk *walk)
{
    NjScreen *screen = walk->screen;
    switch (pick(walk, 6)) {
    case 0:
        nj_screen_scroll(screen, pick(walk, 7) - 3, pick(walk, 2));
        break;
    case 1:
        nj_screen_scroll_to(screen, pick(walk, 2));
        break;
    case 2:
        nj_screen_focus_roster(screen);
        break;

    case 3:
        nj_screen_paste(screen, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12", 26);
        break;
    case 4:
        nj_screen_bytes(screen, pick(walk, 2) ? "\033[B" : "\033[A", 3);
        break;
    default:
        nj_screen_bytes(screen, pick(walk, 2) ? "y\r" : "ab", 2);
    }
}

static void
step_history(Walk *walk)
{
    static const char *const words[] = { "hello", "日本", "a", ":-)", "", "absent" };
    static const char *const keys[] = { "\r", "\033[A", "\033[B", "\033[H", "\033[F", "\007" };
    NjScreen *screen = walk->screen;
    NjChat *chat = some_chat(walk);
    NjSearch search = { .words = words[pick(walk, G_N_ELEMENTS(words))],
                        .links = !pick(walk, 5),
                        .chat = chat && pick(walk, 2) ? chat->id : 0 };

    switch (pick(walk, 6)) {
    case 0:
        nj_screen_search(screen, &search, search.words);
        break;
    case 1:
        if (chat)
            nj_screen_show_message(
                screen, chat,
                NOON + (gint64) ((double) (walk->now - NOON) * g_rand_double(walk->random)),
                pick(walk, 20000));
        break;

    case 2:
        for (int i = 0; i < 30 && g_main_context_iteration(NULL, FALSE); i++)
            continue;
        break;
    default:
        for (int i = pick(walk, 5); i >= 0; i--) {
            const char *key = keys[pick(walk, G_N_ELEMENTS(keys))];
            nj_screen_bytes(screen, key, strlen(key));
        }
    }
}

static void
drop_line(const char *line, NjChat *chat, void *owner)
{
    (void) line;
    (void) chat;
    (void) owner;
}

static void
walk_once(guint32 number)
{
    static const NjScreenHooks hooks = { .run = drop_line };
    static void (*const steps[])(Walk *) = { step_messages, step_messages, step_people, step_chats,
                                             step_windows,  step_keys,     step_history };

    Walk walk = { .fixture = ui_fixture_new(true),
                  .surface = nj_surface_new(24, 80),
                  .random = g_rand_new_with_seed(number),
                  .now = NOON };
    print_message("walk %u\n", number);
    walk.screen = nj_screen_new(walk.fixture.client, NULL, &hooks, NULL);

    for (int i = 0; i < STEPS; i++) {
        walk.now += pick(&walk, 100000);
        nj_clock_freeze(walk.now);
        steps[pick(&walk, G_N_ELEMENTS(steps))](&walk);
        if (pick(&walk, 3) == 0)
            nj_screen_draw_on(walk.screen, walk.surface);
    }

    nj_screen_free(walk.screen);
    nj_surface_free(walk.surface);
    g_rand_free(walk.random);
    ui_fixture_free(&walk.fixture);
}

static void
test_random_walk_has_no_errors(void **state)
{
    for (guint32 number = 1; !*state && number <= 4; number++)
        walk_once(number);
    if (*state)
        walk_once(*(guint32 *) *state);
}

int
main(int argc, char **argv)
{
    guint32 number = argc > 1 ? (guint32) strtoul(argv[1], NULL, 10) : 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_random_walk_has_no_errors, number ? &number : NULL),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
