/* The status line.

        ● toad  ✗ work waiting  [3:newt]  4:pond 12!  2:frog 3  1:console              zoom  12:01
       accounts                 where    what wants attention   the other windows, if there is room
                                we are
   Pieces are put from the left while they fit: first what must be seen.  The one that does not fit is left out whole, so a
   number is never cut into a smaller one; how many more want attention stands in its place. */
#include "ui/status.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/chat.h"

#define LABEL_MOST 16
#define MORE_CELLS 5            /* " +99 " */

/* In the order they stand. */
enum { CURRENT, MENTIONED, PERSON, ROOM, AT_REST, RANKS };

typedef struct {
    NjArea         area;
    const NjTheme *theme;
    int            x, end;      /* free cells */
} Bar;

static bool
put(Bar *bar, NjRole role, int gap, const char *text)
{
    int width = nj_text_width(text, -1);
    if (bar->x + gap + width > bar->end)
        return false;
    nj_area_put(bar->area, 0, bar->x + gap, nj_theme_style(bar->theme, role), text, -1);
    bar->x += gap + width;
    return true;
}

static bool
put_right(Bar *bar, NjRole role, const char *text)
{
    int width = nj_text_width(text, -1);
    if (bar->x + width + 1 > bar->end)
        return false;
    nj_area_put(bar->area, 0, bar->end - width, nj_theme_style(bar->theme, role), text, -1);
    bar->end -= width + 2;
    return true;
}

/* Only what is not as it should be needs words. */
static void
put_account(Bar *bar, const NjAccount *account)
{
    const char *name = account->settings->name, *sign = "●", *word = NULL;
    NjRole role = NJ_ROLE_STATUS;
    switch (account->state) {
    case NJ_ACCOUNT_ONLINE:
        if (account->show == NJ_SHOW_OFFLINE) {
            sign = "○";
            word = _("invisible");
        } else if (account->show != NJ_SHOW_ONLINE && account->show != NJ_SHOW_CHAT) {
            sign = account->show == NJ_SHOW_DND ? "⊖" : "◐";
            word = account->show == NJ_SHOW_DND ? _("busy") : _("away");
        }
        break;
    case NJ_ACCOUNT_CONNECTING:
        sign = "◌";
        word = _("connecting");
        break;
    case NJ_ACCOUNT_CLOSING:
        sign = "◌";
        word = _("leaving");
        break;
    case NJ_ACCOUNT_WAITING:
        role = NJ_ROLE_STATUS_BAD;
        sign = "✗";
        word = _("waiting");
        break;
    case NJ_ACCOUNT_OFFLINE:
        role = account->why ? NJ_ROLE_STATUS_BAD : NJ_ROLE_STATUS_DIM;
        sign = account->why ? "✗" : "○";
        word = _("offline");
        break;
    }
    g_autofree char *label = nj_text_ellipsize(name, LABEL_MOST);
    g_autofree char *brief = g_strdup_printf("%s %s", sign, label);
    g_autofree char *whole = word ? g_strdup_printf("%s %s", brief, word) : NULL;
    if ((!whole || bar->end < 40 || !put(bar, role, 1, whole)) && !put(bar, role, 1, brief))
        put(bar, role, 1, sign);
}

static int
rank_of(const NjScreen *screen, const NjWindow *window)
{
    const NjChat *chat = window->chat;
    if (window == nj_screen_window(screen))
        return CURRENT;
    if (!chat || chat->unread == 0)
        return AT_REST;
    return chat->mentions ? MENTIONED : chat->kind != NJ_CHAT_ROOM ? PERSON : ROOM;
}

static bool
put_window(Bar *bar, const NjWindow *window, int rank, int gap)
{
    static const NjRole roles[] = {
        [CURRENT] = NJ_ROLE_STATUS,   [MENTIONED] = NJ_ROLE_STATUS_HOT, [PERSON] = NJ_ROLE_STATUS_HOT,
        [ROOM] = NJ_ROLE_STATUS,      [AT_REST] = NJ_ROLE_STATUS_DIM,
    };
    const NjChat *chat = window->chat;
    bool hot = rank > CURRENT && rank < AT_REST;
    g_autofree char *label = nj_text_ellipsize(chat ? nj_chat_label(chat) : _(window->name), LABEL_MOST);
    g_autofree char *text = NULL;
    if (hot)
        text = g_strdup_printf("%d:%s %u%s", window->number, label, chat->unread, rank == MENTIONED ? "!" : "");
    else
        text = g_strdup_printf(rank == CURRENT ? "[%d:%s]" : "%d:%s", window->number, label);
    if (put(bar, roles[rank], gap, text))
        return true;
    if (rank == AT_REST)
        return false;
    g_autofree char *brief = g_strdup_printf(rank == CURRENT ? "[%d]" : rank == MENTIONED ? "%d!" : "%d", window->number);
    return put(bar, roles[rank], gap, brief);
}

static void
put_windows(Bar *bar, NjScreen *screen)
{
    guint count = nj_screen_windows(screen), ranks[RANKS] = { 0 };
    for (guint i = 0; i < count; i++)
        ranks[rank_of(screen, nj_screen_window_at(screen, i))]++;
    guint waiting = ranks[MENTIONED] + ranks[PERSON] + ranks[ROOM];
    for (int rank = 0, gap = 2; rank < RANKS; rank++)
        for (guint i = 0; i < count; i++) {
            const NjWindow *window = nj_screen_window_at(screen, i);
            if (rank_of(screen, window) != rank)
                continue;
            bool hot = rank > CURRENT && rank < AT_REST;
            int end = bar->end;
            if (hot && waiting > 1)
                bar->end -= MORE_CELLS;
            bool fits = put_window(bar, window, rank, gap);
            bar->end = end;
            if (!fits && hot) {
                g_autofree char *more = g_strdup_printf("+%u", waiting);
                put(bar, NJ_ROLE_STATUS_HOT, gap, more);
            }
            if (!fits && rank != CURRENT)
                return;
            waiting -= hot;
            gap = rank == AT_REST ? 1 : 2;
        }
}

void
nj_status_draw(NjScreen *screen, NjArea area, const NjTheme *theme)
{
    const NjClient *client = nj_screen_client(screen);
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_STATUS));
    if (area.rows <= 0 || area.cols <= 0)
        return;
    Bar bar = { .area = area, .theme = theme, .end = area.cols - 1 };
    for (guint i = 0; i < client->accounts->len; i++)
        put_account(&bar, g_ptr_array_index(client->accounts, i));
    if (nj_options_bool(client->options, "clock")) {
        g_autoptr(GDateTime) now = g_date_time_new_from_unix_local(nj_clock_wall_ms() / 1000);
        g_autofree char *clock = now ? g_date_time_format(now, "%H:%M") : NULL;
        put_right(&bar, NJ_ROLE_STATUS_DIM, clock ? clock : "");
    }
    if (nj_layout_zoomed(nj_screen_window(screen)->layout))
        put_right(&bar, NJ_ROLE_STATUS, _("zoom"));
    put_windows(&bar, screen);
}
