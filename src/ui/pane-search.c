/* The search pane: lists the messages that a search found, the newest first.
 *
 *     2026-11-20 12:01  #pond newt        an excerpt around the first match
 *     2026-11-19 08:30  → Frog            an arrow marks our own messages
 *
 * In a narrow pane a hit takes two rows. The next page of hits is requested when the selection
 * comes near the end of the list. A hit keeps an excerpt and not the message, so a list of
 * thousands is small however long the messages are. The list has the keys while the prompt is
 * empty. */
#include "ui/pane.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/chat.h"
#include "model/jid.h"
#include "ui/found.h"
#include "ui/screen-private.h"
#include "ui/talk.h"

#include <string.h>

#define PAGE 100       /* hits requested at once */
#define SLICE_US 500   /* time after which make_hits() returns to the main loop */
#define MAX_HITS 10000 /* in the list */
#define TIME_CELLS 18  /* width of the time, with the space behind it */
#define MIN_WIDE 90    /* columns; below, a hit takes two rows */
#define INDENT 2       /* of the second row */

typedef struct {
    gint64 time, id; /* of the message, to show it in its chat */
    gint64 account;  /* row of the account in the store */
    NjChatKind kind; /* of the chat */
    bool out;        /* our own message */
    bool cut;        /* the excerpt does not begin at the beginning of the body */
    char *address;   /* of the chat */
    char *label;     /* name of the chat as displayed */
    char *nick;      /* sender in a room; NULL elsewhere */
    char *text;      /* excerpt, one line */
} Hit;

typedef struct {
    NjPane pane;
    NjSearch search;              /* points to words and sender */
    char *words, *sender, *title; /* title: the search as it was typed */
    NjFoundWords *found_words;    /* finds the matches in an excerpt again */
    GPtrArray *hits;              /* of Hit */
    guint max_hits;
    GPtrArray *page; /* of NjFound: the page that make_hits() works on; NULL: none */
    guint next;      /* index in the page of the next hit to make */
    guint page_id;   /* idle source that calls make_hits(); 0: none */
    guint selected;
    guint top;      /* index of the first visible hit */
    int view_hits;  /* visible hits at the last frame */
    int cols;       /* width at the last frame */
    bool searching; /* a page was requested, and not all of its hits are made */
    bool more;      /* the store may have older hits */
    bool cancelled; /* the user cancelled before the first hit */
    char *failure;  /* why the search has failed; NULL: it has not */
    char *notice;   /* result of a command that was typed here; NULL: none */
    NjNoticeKind notice_kind;
} Search;

static void
free_hit(void *data)
{
    Hit *hit = data;
    g_free(hit->address);
    g_free(hit->label);
    g_free(hit->nick);
    g_free(hit->text);
    g_free(hit);
}

/* Returns the displayed name of the chat: a contact's name, "#room", or an occupant's nick. */
static char *
make_label(const Search *search, const NjFound *found)
{
    NjAccount *account =
        nj_client_account_of_row(nj_screen_client(search->pane.screen), found->account);
    const NjContact *contact = account && found->kind == NJ_CHAT_PERSON
                                   ? nj_roster_find(account->roster, found->address)
                                   : NULL;

    if (contact)
        return g_strdup(nj_contact_label(contact));

    g_autofree char *local = found->kind == NJ_CHAT_ROOM ? nj_jid_local(found->address) : NULL;
    g_autofree char *room = local ? nj_jid_unescape_local(local) : NULL;
    g_autofree char *tag = room ? g_strconcat("#", room, NULL) : NULL;
    if (tag)
        return nj_text_line(tag, -1, 0);

    const char *nick = found->kind == NJ_CHAT_PRIVATE ? nj_jid_resource(found->address) : NULL;
    return nj_text_line(nick ? nick : found->address, -1, 0);
}

static Hit *
new_hit(const Search *search, const NjFound *found)
{
    const NjMessage *message = found->message;
    const char *text = message->body ? message->body : message->subject;
    Hit *hit = g_new0(Hit, 1);

    hit->time = message->time;
    hit->id = message->id;
    hit->account = found->account;
    hit->kind = found->kind;
    hit->out = message->out;
    hit->address = g_strdup(found->address);
    hit->label = make_label(search, found);
    if (found->kind == NJ_CHAT_ROOM && message->sender)
        hit->nick = nj_text_line(message->sender, -1, 0);

    hit->text = nj_found_excerpt(search->found_words, text ? text : "", &hit->cut);
    return hit;
}

/* Makes hits of the page for at most SLICE_US, so that a page of long bodies does not delay keys.
 * Frees the page when all its hits are made. */
static gboolean
make_hits(void *data)
{
    Search *search = data;
    GPtrArray *page = search->page;
    gint64 until = nj_clock_us() + SLICE_US;

    while (search->next < page->len && nj_clock_us() < until)
        g_ptr_array_add(search->hits, new_hit(search, g_ptr_array_index(page, search->next++)));
    nj_pane_touch(&search->pane);
    if (search->next < page->len)
        return G_SOURCE_CONTINUE;

    nj_screen_draw_soon(search->pane.screen);
    search->searching = false;
    search->more = page->len >= search->search.limit && search->hits->len < search->max_hits;
    search->page_id = 0;
    g_clear_pointer(&search->page, g_ptr_array_unref);

    return G_SOURCE_REMOVE;
}

static void
on_found(GPtrArray *found, const GError *error, void *data)
{
    Search *search = data;
    if (!found) {
        search->searching = search->more = false;
        search->failure = g_strdup(error->message);
        nj_pane_touch(&search->pane);
        nj_screen_draw_soon(search->pane.screen);
        return;
    }

    search->page = g_ptr_array_ref(found);
    search->next = 0;
    if (make_hits(search) == G_SOURCE_CONTINUE)
        search->page_id = g_idle_add(make_hits, search);
}

/* Requests the next page of hits, older than the last one of the list. */
static void
fetch_page(Search *search)
{
    NjStore *store = nj_screen_client(search->pane.screen)->store;
    if (!store) {
        search->failure = g_strdup(_("The history is not open yet; try again in a moment."));
        return;
    }

    if (search->hits->len > 0) {
        const Hit *last = g_ptr_array_index(search->hits, search->hits->len - 1);
        search->search.before_time = last->time;
        search->search.before_id = last->id;
    }

    search->search.limit = MIN(PAGE, search->max_hits - search->hits->len);
    search->searching = true;
    nj_store_search(store, &search->search, on_found, search, search);
}

static void
stop_search(Search *search)
{
    NjStore *store = nj_screen_client(search->pane.screen)->store;
    if (search->searching && store)
        nj_store_search_cancel(store, search);
    g_clear_handle_id(&search->page_id, g_source_remove);
    g_clear_pointer(&search->page, g_ptr_array_unref);
    search->searching = false;
}

static void
clear_search(Search *search)
{
    stop_search(search);
    g_ptr_array_set_size(search->hits, 0);
    g_clear_pointer(&search->words, g_free);
    g_clear_pointer(&search->sender, g_free);
    g_clear_pointer(&search->title, g_free);
    g_clear_pointer(&search->found_words, nj_found_words_free);
    g_clear_pointer(&search->failure, g_free);
    g_clear_pointer(&search->notice, g_free);
    search->selected = search->top = 0;
    search->more = search->cancelled = false;
}

void
nj_pane_search_run(NjPane *pane, const NjSearch *what, const char *title)
{
    Search *search = (Search *) pane;
    NjSearch copy = *what;
    char *words = g_strdup(what->words), *sender = g_strdup(what->sender);

    clear_search(search);
    search->search = copy;
    search->search.words = search->words = words;
    search->search.sender = search->sender = sender;
    search->search.before_time = search->search.before_id = 0;
    search->max_hits = what->limit ? MIN(what->limit, MAX_HITS) : MAX_HITS;
    search->search.max_body_bytes = NJ_FOUND_MAX_BYTES;
    search->title = nj_text_line(title, -1, 0);
    search->found_words = nj_found_words_new(words, what->links);

    fetch_page(search);
    nj_pane_touch(pane);
}

/* --- Drawing --- */

/* Draws the chat of the message and, in a room, its sender. over: the style of the selected row;
 * NULL: the row is not selected. */
static void
draw_chat(const Hit *hit, NjArea area, const NjTheme *theme, const NjStyle *over)
{
    NjStyle name = nj_theme_name_style(
        theme, hit->kind == NJ_CHAT_ROOM && hit->nick ? hit->nick : hit->address);
    if (hit->out)
        name = nj_theme_style(theme, NJ_ROLE_OWN);

    NjStyle dimmed = nj_theme_style(theme, NJ_ROLE_DIM);
    if (over)
        name = dimmed = *over;

    g_autofree char *whole = NULL;
    int x = 0;
    if (hit->kind == NJ_CHAT_ROOM) {
        g_autofree char *room =
            nj_text_ellipsize(hit->label, hit->nick ? MAX(area.cols / 2, 1) : area.cols);
        x = nj_area_put(area, 0, 0, dimmed, room, -1);
        if (!hit->nick || x + 2 >= area.cols)
            return;
        whole = g_strdup(hit->nick);
        x++;
    } else {
        whole = hit->out ? g_strconcat("→ ", hit->label, NULL) : g_strdup(hit->label);
    }

    g_autofree char *shown = nj_text_ellipsize(whole, area.cols - x);
    nj_area_put(area, 0, x, name, shown, -1);
}

/* Returns the byte of the excerpt at which drawing begins: 0 if the first match is visible in
 * `cells` cells then, or else so that the match is in the first third of them. */
static gsize
find_start(const Search *search, const Hit *hit, int cells)
{
    gsize length = strlen(hit->text), start, end, at = 0;
    if (!nj_found_next(search->found_words, hit->text, length, 0, &start, &end)
        || nj_text_width(hit->text, (gssize) end) < cells)
        return 0;

    for (int before = nj_text_width(hit->text, (gssize) start); at < start && before > cells / 3;) {
        gsize step = 0;
        before -= nj_text_step(hit->text + at, hit->text + length, &step);
        at += MAX(step, 1);
    }

    return at;
}

/* Draws the excerpt with its matches in the role "found". */
static void
draw_excerpt(const Search *search, const Hit *hit, NjArea area, const NjTheme *theme,
             const NjStyle *over)
{
    NjStyle base = over ? *over : nj_theme_style(theme, NJ_ROLE_TEXT),
            hot = nj_theme_style(theme, NJ_ROLE_FOUND);
    if (over) {
        hot = base;
        hot.attrs |= NJ_ATTR_BOLD | NJ_ATTR_UNDERLINE;
    }

    gsize at = find_start(search, hit, area.cols - 2), start, end;
    int x = 0;
    if (at > 0 || hit->cut)
        x = nj_area_put(area, 0, 0, base, "…", -1);

    g_autofree char *shown = nj_text_ellipsize(hit->text + at, area.cols - x);
    gsize length = strlen(shown);
    for (at = 0; nj_found_next(search->found_words, shown, length, at, &start, &end); at = end) {
        x = nj_area_put(area, 0, x, base, shown + at, (gssize) (start - at));
        x = nj_area_put(area, 0, x, hot, shown + start, (gssize) (end - start));
    }

    nj_area_put(area, 0, x, base, shown + at, -1);
}

static void
draw_hit(const Search *search, guint index, NjArea area, const NjTheme *theme)
{
    const Hit *hit = g_ptr_array_index(search->hits, index);
    NjStyle selected = nj_theme_style(theme, NJ_ROLE_SELECTED);
    const NjStyle *over = index == search->selected ? &selected : NULL;

    if (over)
        nj_area_clear(area, selected);

    g_autoptr(GDateTime) local = g_date_time_new_from_unix_local(hit->time / 1000);
    g_autofree char *time = local ? g_date_time_format(local, "%Y-%m-%d %H:%M") : g_strdup("");
    nj_area_put(area, 0, 0, over ? *over : nj_theme_style(theme, NJ_ROLE_TIME), time, -1);

    if (area.cols >= MIN_WIDE) {
        int where = CLAMP(area.cols / 5, 18, 28);
        draw_chat(hit, nj_area_part(area, 0, TIME_CELLS, 1, where), theme, over);
        draw_excerpt(
            search, hit,
            nj_area_part(area, 0, TIME_CELLS + where + 2, 1, area.cols - TIME_CELLS - where - 3),
            theme, over);
        return;
    }

    draw_chat(hit, nj_area_part(area, 0, TIME_CELLS, 1, area.cols - TIME_CELLS - 1), theme, over);
    draw_excerpt(search, hit, nj_area_part(area, 1, INDENT, 1, area.cols - INDENT - 1), theme,
                 over);
}

/* Draws the notice at the bottom of the pane, in at most a third of its rows. Returns how many rows
 * it has. */
static int
draw_notice(const Search *search, NjArea area, const NjTheme *theme)
{
    static const NjRole roles[] = { NJ_ROLE_NOTICE, NJ_ROLE_SUCCESS, NJ_ROLE_WARNING,
                                    NJ_ROLE_ERROR };
    int most = area.rows / 3;

    if (!search->notice || most == 0)
        return 0;

    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    nj_text_wrap(search->notice, area.cols - 3, area.cols - 3, rows);

    int height = MIN((int) rows->len, most);
    for (int i = 0; i < height; i++) {
        const NjTextRow *row = &g_array_index(rows, NjTextRow, i);
        const char *text = search->notice + row->start;
        gssize length = (gssize) row->length;
        if (i + 1 == height && (int) rows->len > height) {
            text = _("The whole text is in window 1, the console.");
            length = -1;
        }

        NjStyle style = nj_theme_style(theme, roles[search->notice_kind]);
        nj_area_put(area, area.rows - height + i, 2, style, text, length);
    }

    return height;
}

/* Draws why the list is empty. */
static void
draw_empty(const Search *search, NjArea area, const NjTheme *theme)
{
    const char *sentences[3] = { NULL };
    if (search->searching) {
        sentences[0] = _("Searching…");
    } else if (search->cancelled) {
        sentences[0] = _("The search was cancelled.");
    } else if (search->failure) {
        sentences[0] = search->failure;
    } else {
        sentences[0] = _("Nothing was found.");
        sentences[1] = _("A word also finds longer words that start with it; case is ignored. "
                         "Fewer words find more.");
    }

    nj_talk_draw_empty(area, theme, sentences);
}

static void
draw_search(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    (void) focused;
    Search *search = (Search *) pane;
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));

    int rows = area.cols >= MIN_WIDE ? 1 : 2, height = area.rows - draw_notice(search, area, theme);
    search->cols = area.cols;
    search->view_hits = MAX(height / rows, 1);

    guint view = (guint) search->view_hits, count = search->hits->len;
    if (count == 0) {
        draw_empty(search, nj_area_part(area, 0, 0, height, area.cols), theme);
        return;
    }

    /* Keep the selected hit visible, and leave no room below the last one. */
    search->selected = MIN(search->selected, count - 1);
    search->top = CLAMP(search->top, search->selected + 1 > view ? search->selected + 1 - view : 0,
                        search->selected);
    search->top = MIN(search->top, count > view ? count - view : 0);
    for (guint i = 0; i < view && search->top + i < count; i++)
        draw_hit(
            search, search->top + i,
            nj_area_part(area, (int) i * rows, 0, MIN(rows, height - (int) i * rows), area.cols),
            theme);
}

/* --- Keys --- */

static void
clear_notice(NjPane *pane)
{
    g_clear_pointer(&((Search *) pane)->notice, g_free);
    nj_pane_touch(pane);
}

/* Moves the selection. Requests the next page when no more than one view of hits is left. */
static bool
move_selection(NjPane *pane, int rows)
{
    Search *search = (Search *) pane;
    clear_notice(pane);
    if (search->hits->len == 0)
        return false;

    search->selected =
        (guint) CLAMP((gint64) search->selected + rows, 0, (gint64) search->hits->len - 1);
    if (search->more && !search->searching
        && search->hits->len - search->selected <= (guint) search->view_hits)
        fetch_page(search);

    return true;
}

static void
scroll_search(NjPane *pane, int rows, bool page)
{
    const Search *search = (const Search *) pane;
    move_selection(pane, page ? rows * MAX(search->view_hits - 1, 1) : rows);
}

static void
scroll_to_edge(NjPane *pane, bool end)
{
    move_selection(pane, end ? MAX_HITS : -MAX_HITS);
}

/* Shows the selected message in its chat. */
static bool
open_selected(NjPane *pane)
{
    Search *search = (Search *) pane;
    if (search->hits->len == 0)
        return false;

    const Hit *hit = g_ptr_array_index(search->hits, search->selected);
    NjAccount *account = nj_client_account_of_row(nj_screen_client(pane->screen), hit->account);
    if (!account) {
        nj_screen_say(
            pane->screen, NULL, NJ_NOTICE_ERROR,
            _("The account of this message is no longer configured; /account add adds it again."));
        return false;
    }

    /* A stranger has no chat until the user accepts the request. */
    if (hit->kind == NJ_CHAT_PERSON && nj_roster_request(account->roster, hit->address)
        && !nj_chat_find(account, hit->address)) {
        g_autofree char *text =
            g_strdup_printf(_("You have not accepted %s yet; /requests accept %s opens the chat."),
                            hit->label, hit->label);
        nj_screen_say(pane->screen, NULL, NJ_NOTICE_INFO, text);
        return false;
    }

    nj_screen_show_message(pane->screen, nj_chat_open(account, hit->kind, hit->address), hit->time,
                           hit->id);
    return true;
}

bool
nj_pane_search_stop(NjPane *pane)
{
    Search *search = (Search *) pane;
    if (!search->searching)
        return false;
    stop_search(search);
    search->cancelled = search->hits->len == 0;
    nj_pane_touch(pane);
    return true;
}

/* Cancels a running search. If none is running, shows the window that was shown before. */
static void
cancel_or_leave(NjPane *pane)
{
    if (!nj_pane_search_stop(pane))
        nj_screen_last(pane->screen);
}

static char *
make_title(NjPane *pane)
{
    return g_strdup_printf(_("search: %s"), ((const Search *) pane)->title);
}

static char *
make_subject(NjPane *pane)
{
    const Search *search = (const Search *) pane;
    guint count = search->hits->len;

    if (search->failure && count > 0)
        return g_strdup(search->failure);
    if (search->searching)
        return g_strdup(_("searching…"));
    if (count == 0)
        return NULL;

    return g_strdup(_("Enter opens, Alt-s returns"));
}

static char *
make_hint(NjPane *pane)
{
    const Search *search = (const Search *) pane;
    guint count = search->hits->len;
    if (count == 0)
        return NULL;
    return g_strdup_printf("%u/%u%s", search->selected + 1, count, search->more ? "+" : "");
}

/* Shows a notice while the pane is visible. The console gets the same notice, but is not visible
 * then. */
static void
set_notice(NjPane *pane, NjNoticeKind kind, const char *text)
{
    Search *search = (Search *) pane;
    if (!nj_screen_is_visible(pane->screen, pane))
        return;
    g_free(search->notice);
    search->notice = g_strchomp(nj_text_body(text, -1));
    search->notice_kind = kind;
    nj_pane_touch(pane);
}

static int
get_answer_cells(NjPane *pane)
{
    return MAX(((const Search *) pane)->cols - 3, 0);
}

static void
free_search(NjPane *pane)
{
    Search *search = (Search *) pane;
    pane->screen->search = NULL;
    clear_search(search);
    g_ptr_array_unref(search->hits);
    g_free(search);
}

static const NjPaneClass search_class = {
    .name = "search",
    .draw = draw_search,
    .scroll = scroll_search,
    .scroll_to = scroll_to_edge,
    .move = move_selection,
    .activate = open_selected,
    .leave = cancel_or_leave,
    .title = make_title,
    .subject = make_subject,
    .hint = make_hint,
    .add_notice = set_notice,
    .answer_cells = get_answer_cells,
    .clear_notices = clear_notice,
    .free = free_search,
};

NjPane *
nj_pane_search_new(NjScreen *screen)
{
    Search *search = g_new0(Search, 1);
    nj_pane_init(&search->pane, &search_class, screen, NULL);
    search->hits = g_ptr_array_new_with_free_func(free_hit);
    return &search->pane;
}
