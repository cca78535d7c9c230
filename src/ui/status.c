/* The status line.
 *
 *      ● toad  ✗ work waiting  [3:newt]  4:pond 12!  2:frog 3  1:console      zoom  12:01
 *
 * The pieces from left to right: the accounts; the current window in brackets; the windows with
 * unread messages and the number of these (an exclamation mark: one mentions us); the other
 * windows; "zoom" and the clock at the right end.
 *
 * The accounts are drawn first, then the clock and "zoom", then the windows while they fit, the
 * important ones first. An account or a window that does not fit loses its words first and keeps
 * its sign or number. If that does not fit either, it is left out and not cut, because a cut number
 * would be wrong. "+2" in its place is the number of windows with unread messages that are left
 * out. */
#include "ui/status.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/chat.h"

#define MAX_LABEL 16
#define MORE_CELLS 5 /* width of "+99" and the gap before it */

/* Cells that accounts leave to the windows. If fewer than WINDOWS_CELLS would be left, an account
 * is drawn without its word; if fewer than MIN_WINDOWS_CELLS, without its name, too. */
#define WINDOWS_CELLS 20
#define MIN_WINDOWS_CELLS 8

/* The ranks of windows, in the order they are drawn. */
enum { CURRENT, MENTIONED, PERSON, ROOM, NOTHING_UNREAD, RANKS };

typedef struct {
    NjArea area;
    const NjTheme *theme;
    int x, end; /* the free cells: x is the first one, end is the one after the last */
} Bar;

/* Draws a text at the left end of the free cells, after a gap of so many cells. Returns false, and
 * draws nothing, if it does not fit. */
static bool
put_text(Bar *bar, NjRole role, int gap, const char *text)
{
    int width = nj_text_width(text, -1);
    if (bar->x + gap + width > bar->end)
        return false;
    nj_area_put(bar->area, 0, bar->x + gap, nj_theme_style(bar->theme, role), text, -1);
    bar->x += gap + width;
    return true;
}

/* Draws a text at the right end of the free cells and leaves a gap before it. Returns false, and
 * draws nothing, if it does not fit. */
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

/* Returns the time of day of the next attempt to connect; unlike a countdown it does not have to be
 * redrawn. The caller owns it. Returns NULL if no attempt is scheduled or if it is due. */
static char *
format_next_attempt(const NjAccount *account)
{
    gint64 left_us = account->retry_us - nj_clock_us();
    if (account->state != NJ_ACCOUNT_WAITING || left_us <= 0)
        return NULL;
    g_autoptr(GDateTime) when =
        g_date_time_new_from_unix_local((nj_clock_wall_ms() + left_us / 1000 + 500) / 1000);
    return when ? g_date_time_format(when, "%H:%M:%S") : NULL;
}

/* How an account is displayed. */
typedef struct {
    const char *sign;
    char *word; /* the state, owned; NULL: online, which is the usual state */
    NjRole role;
} Look;

static Look
get_look(const NjAccount *account)
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
        return (Look){ "◌", g_strdup(_("disconnecting")), NJ_ROLE_STATUS };
    case NJ_ACCOUNT_WAITING: {
        g_autofree char *when = format_next_attempt(account);
        return (Look){ "✗", when ? g_strdup_printf(_("retry %s"), when) : g_strdup(_("waiting")),
                       NJ_ROLE_STATUS_BAD };
    }
    case NJ_ACCOUNT_OFFLINE:
        break;
    }

    if (account->why)
        return (Look){ "✗", g_strdup(_("offline")), NJ_ROLE_STATUS_BAD };

    return (Look){ "○", g_strdup(_("offline")), NJ_ROLE_STATUS_DIM };
}

/* Draws the sign, the name and the state of an account, or less if the windows would have too
 * little room. */
static void
put_account(Bar *bar, const NjAccount *account)
{
    Look look = get_look(account);
    g_autofree char *word = look.word,
                    *label = nj_text_ellipsize(account->settings->name, MAX_LABEL);
    g_autofree char *name = g_strdup_printf("%s %s", look.sign, label);
    g_autofree char *whole = word ? g_strdup_printf("%s %s", name, word) : NULL;
    int end = bar->end;

    bar->end = end - WINDOWS_CELLS;
    bool done = put_text(bar, look.role, 1, whole ? whole : name);
    bar->end = end - MIN_WINDOWS_CELLS;
    done = done || put_text(bar, look.role, 1, name);
    bar->end = end;
    if (!done)
        put_text(bar, look.role, 1, look.sign);
}

/* Returns the state of an account as a sentence, for the console. The caller owns it. */
static char *
describe_account(const NjAccount *account)
{
    g_autofree char *when = format_next_attempt(account);
    const char *jid = account->jid ? account->jid : account->bare;

    switch (account->state) {
    case NJ_ACCOUNT_ONLINE:
        if (account->show == NJ_SHOW_OFFLINE)
            return g_strdup_printf(_("Online as %s, invisible."), jid);
        if (account->show == NJ_SHOW_DND)
            return g_strdup_printf(_("Online as %s, busy."), jid);
        if (account->show != NJ_SHOW_ONLINE && account->show != NJ_SHOW_CHAT)
            return g_strdup_printf(_("Online as %s, away."), jid);
        return g_strdup_printf(_("Online as %s."), jid);
    case NJ_ACCOUNT_CONNECTING:
        return g_strdup_printf(_("Connecting %s…"), jid);
    case NJ_ACCOUNT_CLOSING:
        return g_strdup(_("Disconnecting…"));
    case NJ_ACCOUNT_WAITING:
        if (when && account->why)
            return g_strdup_printf(_("Next attempt at %s. %s"), when, account->why);
        return g_strdup(account->why ? account->why : _("Waiting for the next attempt."));
    case NJ_ACCOUNT_OFFLINE:
        break;
    }

    return account->why ? g_strdup_printf(_("Offline. %s"), account->why)
                        : g_strdup(_("Offline; /connect logs in."));
}

/* Returns whether an account has no problem: it is online, or offline as the user wants it. */
static bool
is_well(const NjAccount *account)
{
    return account->state == NJ_ACCOUNT_ONLINE
           || (account->state == NJ_ACCOUNT_OFFLINE && !account->why);
}

static void
draw_account(const NjAccount *account, NjArea area, int y, int widest, const NjTheme *theme)
{
    Look look = get_look(account);
    g_autofree char *name = nj_text_ellipsize(account->settings->name, MAX_LABEL),
                    *sentence = describe_account(account);
    g_autofree char *line = nj_text_line(sentence, -1, 0),
                    *shown = nj_text_ellipsize(line, MAX(area.cols - widest - 6, 1));
    NjRole role = account->why ? NJ_ROLE_WARNING : NJ_ROLE_NOTICE, sign_role = role;

    if (is_well(account)) {
        role = NJ_ROLE_DIM;
        sign_role = NJ_ROLE_ONLINE;
    }

    nj_area_put(area, y, 1, nj_theme_style(theme, sign_role), look.sign, -1);
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

    /* If there is no room for all accounts, draw those with a problem first. */
    bool all = rows == (int) accounts->len;
    for (int pass = 0; pass < (all ? 1 : 2); pass++)
        for (guint i = 0; i < accounts->len && y < rows; i++) {
            const NjAccount *account = g_ptr_array_index(accounts, i);
            if (all || is_well(account) == (pass == 1))
                draw_account(account, area, y++, widest, theme);
        }

    return rows;
}

static int
get_rank(const NjScreen *screen, const NjWindow *window)
{
    const NjChat *chat = window->chat;
    if (window == nj_screen_window(screen))
        return CURRENT;
    if (!chat || chat->unread == 0)
        return NOTHING_UNREAD;
    if (chat->mentions)
        return MENTIONED;
    return chat->kind != NJ_CHAT_ROOM ? PERSON : ROOM;
}

/* Returns whether windows of this rank have unread messages and are not the current one. */
static bool
has_unread(int rank)
{
    return rank > CURRENT && rank < NOTHING_UNREAD;
}

/* Draws a window, or only its number if there is no room for more. Returns false if that does not
 * fit, either. */
static bool
put_window(Bar *bar, const NjWindow *window, int rank, int gap)
{
    static const NjRole roles[] = {
        [CURRENT] = NJ_ROLE_STATUS,
        [MENTIONED] = NJ_ROLE_STATUS_HOT,
        [PERSON] = NJ_ROLE_STATUS_HOT,
        [ROOM] = NJ_ROLE_STATUS,
        [NOTHING_UNREAD] = NJ_ROLE_STATUS_DIM,
    };
    const NjChat *chat = window->chat;
    bool unread = has_unread(rank);
    g_autofree char *label =
        nj_text_ellipsize(chat ? nj_chat_label(chat) : _(window->name), MAX_LABEL);
    g_autofree char *text = NULL;

    if (unread)
        text = g_strdup_printf("%d:%s %u%s", window->number, label, chat->unread,
                               rank == MENTIONED ? "!" : "");
    else
        text = g_strdup_printf(rank == CURRENT ? "[%d:%s]" : "%d:%s", window->number, label);
    if (put_text(bar, roles[rank], gap, text))
        return true;
    if (rank == NOTHING_UNREAD)
        return false;

    g_autofree char *number = NULL;
    if (rank == CURRENT)
        number = g_strdup_printf("[%d]", window->number);
    else
        number = g_strdup_printf(rank == MENTIONED ? "%d!" : "%d", window->number);
    return put_text(bar, roles[rank], gap, number);
}

/* Draws the windows by rank. While more than one window with unread messages is left, keeps room
 * for "+N", which takes the place of the first one that does not fit. */
static void
put_windows(Bar *bar, NjScreen *screen)
{
    guint count = nj_screen_windows(screen), ranks[RANKS] = { 0 };
    for (guint i = 0; i < count; i++)
        ranks[get_rank(screen, nj_screen_window_at(screen, i))]++;

    guint unread_left = ranks[MENTIONED] + ranks[PERSON] + ranks[ROOM];
    for (int rank = 0, gap = 2; rank < RANKS; rank++)
        for (guint i = 0; i < count; i++) {
            const NjWindow *window = nj_screen_window_at(screen, i);
            if (get_rank(screen, window) != rank)
                continue;
            bool unread = has_unread(rank);
            int end = bar->end;
            if (unread && unread_left > 1)
                bar->end -= MORE_CELLS;
            bool fits = put_window(bar, window, rank, gap);
            bar->end = end;
            if (!fits && unread) {
                g_autofree char *more = g_strdup_printf("+%u", unread_left);
                put_text(bar, NJ_ROLE_STATUS_HOT, gap, more);
            }
            if (!fits && rank != CURRENT)
                return;
            unread_left -= unread;
            gap = rank == NOTHING_UNREAD ? 1 : 2;
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
