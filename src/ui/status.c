/* The status line.
 *
 *      ● toad  ✗ work waiting  [3:newt]  4:pond 12!  2:frog 3  1:console              zoom  12:01
 *     accounts                 where    what wants attention   the other windows, if there is room
 *                              we are
 * Pieces are put from the left while they fit: first what must be seen.  The one that does not fit
 * is left out whole, so a number is never cut into a smaller one; how many more want attention
 * stands in its place. */
#include "ui/status.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/chat.h"

#define MAX_LABEL 16
#define MORE_CELLS 5   /* " +99 " */
#define WHERE_CELLS 20 /* accounts leave so much to the windows before their words go … */
#define MIN_WHERE 8    /* … and so much before their names do */

/* In the order they stand. */
enum { CURRENT, MENTIONED, PERSON, ROOM, AT_REST, RANKS };

typedef struct {
    NjArea area;
    const NjTheme *theme;
    int x, end; /* free cells */
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

/* The time of day, which unlike a countdown is true without anybody waking for it; NULL: at once,
 * or nobody said. */
static char *
next_try(const NjAccount *account)
{
    gint64 left_us = account->retry_us - nj_clock_us();
    if (account->state != NJ_ACCOUNT_WAITING || left_us <= 0)
        return NULL;
    g_autoptr(GDateTime) when =
        g_date_time_new_from_unix_local((nj_clock_wall_ms() + left_us / 1000 + 500) / 1000);
    return when ? g_date_time_format(when, "%H:%M:%S") : NULL;
}

/* What stands for an account.  Only what is not as it should be needs a word. */
typedef struct {
    const char *sign;
    char *word;
    NjRole role;
} Look;

static Look
look_of(const NjAccount *account)
{
    switch (account->state) {
    case NJ_ACCOUNT_ONLINE:
        if (account->show == NJ_SHOW_OFFLINE)
            return (Look){ "○", g_strdup(_("invisible")), NJ_ROLE_STATUS };
        if (account->show == NJ_SHOW_DND)
            return (Look){ "⊖", g_strdup(_("busy")), NJ_ROLE_STATUS };
        if (account->show != NJ_SHOW_ONLINE && account->show != NJ_SHOW_CHAT)
            return (Look){ "◐", g_strdup(_("away")), NJ_ROLE_STATUS };
        return (Look){ "●", NULL, NJ_ROLE_STATUS };

    case NJ_ACCOUNT_CONNECTING:
        return (Look){ "◌", g_strdup(_("connecting")), NJ_ROLE_STATUS };
    case NJ_ACCOUNT_CLOSING:
        return (Look){ "◌", g_strdup(_("leaving")), NJ_ROLE_STATUS };
    case NJ_ACCOUNT_WAITING: {
        g_autofree char *when = next_try(account);
        return (Look){ "✗", when ? g_strdup_printf(_("again %s"), when) : g_strdup(_("waiting")),
                       NJ_ROLE_STATUS_BAD };
    }

    case NJ_ACCOUNT_OFFLINE:
        break;
    }
    if (account->why)
        return (Look){ "✗", g_strdup(_("offline")), NJ_ROLE_STATUS_BAD };

    return (Look){ "○", g_strdup(_("offline")), NJ_ROLE_STATUS_DIM };
}

static void
put_account(Bar *bar, const NjAccount *account)
{
    Look look = look_of(account);
    g_autofree char *word = look.word,
                    *label = nj_text_ellipsize(account->settings->name, MAX_LABEL);
    g_autofree char *brief = g_strdup_printf("%s %s", look.sign, label);
    g_autofree char *whole = word ? g_strdup_printf("%s %s", brief, word) : NULL;
    int end = bar->end;

    bar->end = end - WHERE_CELLS;
    bool done = put(bar, look.role, 1, whole ? whole : brief);
    bar->end = end - MIN_WHERE;
    done = done || put(bar, look.role, 1, brief);
    bar->end = end;
    if (!done)
        put(bar, look.role, 1, look.sign);
}

/* Whole sentences. */
static char *
tell_account(const NjAccount *account)
{
    g_autofree char *when = next_try(account);
    const char *jid = account->jid ? account->jid : account->bare;

    switch (account->state) {
    case NJ_ACCOUNT_ONLINE:
        if (account->show == NJ_SHOW_OFFLINE)
            return g_strdup_printf(_("Online as %s, seen by nobody."), jid);
        if (account->show == NJ_SHOW_DND)
            return g_strdup_printf(_("Online as %s, busy."), jid);
        if (account->show != NJ_SHOW_ONLINE && account->show != NJ_SHOW_CHAT)
            return g_strdup_printf(_("Online as %s, away."), jid);
        return g_strdup_printf(_("Online as %s."), jid);

    case NJ_ACCOUNT_CONNECTING:
        return g_strdup_printf(_("Connecting %s…"), jid);
    case NJ_ACCOUNT_CLOSING:
        return g_strdup(_("Leaving…"));
    case NJ_ACCOUNT_WAITING:
        if (when && account->why)
            return g_strdup_printf(_("The next try is at %s. %s"), when, account->why);
        return g_strdup(account->why ? account->why : _("Waiting for the next try."));
    case NJ_ACCOUNT_OFFLINE:
        break;
    }

    return account->why ? g_strdup_printf(_("Offline. %s"), account->why)
                        : g_strdup(_("Offline; /connect logs in."));
}

static bool
is_well(const NjAccount *account)
{
    return account->state == NJ_ACCOUNT_ONLINE
           || (account->state == NJ_ACCOUNT_OFFLINE && !account->why);
}

static void
draw_account(const NjAccount *account, NjArea area, int y, int widest, const NjTheme *theme)
{
    Look look = look_of(account);
    g_autofree char *name = nj_text_ellipsize(account->settings->name, MAX_LABEL),
                    *sentence = tell_account(account);
    g_autofree char *line = nj_text_line(sentence, -1, 0),
                    *shown = nj_text_ellipsize(line, MAX(area.cols - widest - 6, 1));
    NjRole role = is_well(account) ? NJ_ROLE_DIM : account->why ? NJ_ROLE_WARNING : NJ_ROLE_NOTICE;

    nj_area_put(area, y, 1, nj_theme_style(theme, is_well(account) ? NJ_ROLE_ONLINE : role),
                look.sign, -1);
    nj_area_put(area, y, 3, nj_theme_style(theme, NJ_ROLE_TITLE), name, -1);
    nj_area_put(area, y, 5 + widest, nj_theme_style(theme, role), shown, -1);
    g_free(look.word);
}

int
nj_status_draw_accounts(NjScreen *screen, NjArea area, const NjTheme *theme)
{
    const GPtrArray *accounts = nj_screen_client(screen)->accounts;
    int rows = MIN((int) accounts->len, area.rows / 3), y = 0, widest = 0;

    for (guint i = 0; i < accounts->len; i++)
        widest = MAX(
            widest,
            MIN(nj_text_width(((NjAccount *) g_ptr_array_index(accounts, i))->settings->name, -1),
                MAX_LABEL));

    bool all = rows == (int) accounts->len;

    /* Where not all have room, those with trouble come first. */
    for (int turn = 0; turn < (all ? 1 : 2); turn++)
        for (guint i = 0; i < accounts->len && y < rows; i++) {
            const NjAccount *account = g_ptr_array_index(accounts, i);
            if (all || is_well(account) == (turn == 1))
                draw_account(account, area, y++, widest, theme);
        }

    return rows;
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
        [CURRENT] = NJ_ROLE_STATUS, [MENTIONED] = NJ_ROLE_STATUS_HOT, [PERSON] = NJ_ROLE_STATUS_HOT,
        [ROOM] = NJ_ROLE_STATUS,    [AT_REST] = NJ_ROLE_STATUS_DIM,
    };
    const NjChat *chat = window->chat;
    bool hot = rank > CURRENT && rank < AT_REST;
    g_autofree char *label =
        nj_text_ellipsize(chat ? nj_chat_label(chat) : _(window->name), MAX_LABEL);
    g_autofree char *text = NULL;

    if (hot)
        text = g_strdup_printf("%d:%s %u%s", window->number, label, chat->unread,
                               rank == MENTIONED ? "!" : "");
    else
        text = g_strdup_printf(rank == CURRENT ? "[%d:%s]" : "%d:%s", window->number, label);
    if (put(bar, roles[rank], gap, text))
        return true;
    if (rank == AT_REST)
        return false;

    g_autofree char *brief = g_strdup_printf(rank == CURRENT     ? "[%d]"
                                             : rank == MENTIONED ? "%d!"
                                                                 : "%d",
                                             window->number);
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
