/* What a search found, the newest first.
 *
 *     2026-11-20 12:01  #pond newt        the words around what was looked for
 *     2026-11-19 08:30  → Frog            what we said ourselves
 *
 * Where that is too narrow a hit takes two rows.  More is fetched when the selection comes near the
 * end.  Of a hit only its line is kept, so that a list of thousands is small whatever the messages
 * were.  The list has the keys while nothing is typed. */
#include "ui/pane.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/chat.h"
#include "model/jid.h"
#include "ui/found.h"
#include "ui/screen-private.h"
#include "ui/talk.h"

#include <string.h>

#define PAGE 100
#define SLICE_US 500 /* so long hits are made of what was found, in one go */
#define MAX_HITS 10000
#define TIME_CELLS 18 /* with the space behind it */
#define WIDE 90       /* columns: a hit is one row */
#define INDENT 2      /* of the second row */

typedef struct {
    gint64 time, id, account;
    NjChatKind kind;
    bool out, cut;
    char *address; /* the chat's */
    char *label;   /* and what it is called */
    char *nick;    /* who said it in a room; NULL */
    char *text;
} Hit;

typedef struct {
    NjPane pane;
    NjSearch search;
    char *words, *sender, *title; /* search points to the first two */
    NjFoundWords *found;
    GPtrArray *hits;      /* of Hit */
    guint most;           /* of them */
    GPtrArray *found_now; /* of NjFound: hits are being made of them, from `next` on; NULL */
    guint next;
    guint rest_id; /* the source that goes on with it */
    guint selected;
    guint top;     /* the first hit in sight */
    int view_hits; /* how many fit, when it was last drawn */
    int cols;
    bool searching, more, stopped;
    char *trouble; /* why there is nothing (more); NULL */
    char *said;    /* the program's answer to what was typed here */
    NjNoticeKind said_kind;
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

static char *
label_of(const Search *search, const NjFound *found)
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
    const char *nick = found->kind == NJ_CHAT_PRIVATE ? nj_jid_resource(found->address) : NULL;
    return nj_text_line(tag ? tag : nick ? nick : found->address, -1, 0);
}

static Hit *
hit_of(const Search *search, const NjFound *found)
{
    const NjMessage *message = found->message;
    const char *body = message->body ? message->body : message->subject ? message->subject : "";
    Hit *hit = g_new0(Hit, 1);

    hit->time = message->time;
    hit->id = message->id;
    hit->account = found->account;
    hit->kind = found->kind;
    hit->out = message->out;
    hit->address = g_strdup(found->address);
    hit->label = label_of(search, found);
    if (found->kind == NJ_CHAT_ROOM && message->sender)
        hit->nick = nj_text_line(message->sender, -1, 0);

    hit->text = nj_found_excerpt(search->found, body, &hit->cut);
    return hit;
}

/* Makes hits for a while. */
static gboolean
take_some(void *data)
{
    Search *search = data;
    GPtrArray *found = search->found_now;
    gint64 until = nj_clock_us() + SLICE_US;

    while (search->next < found->len && nj_clock_us() < until)
        g_ptr_array_add(search->hits, hit_of(search, g_ptr_array_index(found, search->next++)));
    nj_pane_touch(&search->pane);
    if (search->next < found->len)
        return G_SOURCE_CONTINUE;

    nj_screen_hurry(search->pane.screen);
    search->searching = false;
    search->more = found->len >= search->search.limit && search->hits->len < search->most;
    search->rest_id = 0;
    g_clear_pointer(&search->found_now, g_ptr_array_unref);

    return G_SOURCE_REMOVE;
}

static void
on_found(GPtrArray *found, const GError *error, void *data)
{
    Search *search = data;
    if (!found) {
        search->searching = search->more = false;
        search->trouble = g_strdup(error->message);
        nj_pane_touch(&search->pane);
        nj_screen_hurry(search->pane.screen);
        return;
    }

    search->found_now = g_ptr_array_ref(found);
    search->next = 0;
    if (take_some(search) == G_SOURCE_CONTINUE)
        search->rest_id = g_idle_add(take_some, search);
}

static void
fetch(Search *search)
{
    NjStore *store = nj_screen_client(search->pane.screen)->store;
    if (!store) {
        search->trouble = g_strdup(_("The history is not open."));
        return;
    }

    if (search->hits->len > 0) {
        const Hit *last = g_ptr_array_index(search->hits, search->hits->len - 1);
        search->search.before_time = last->time;
        search->search.before_id = last->id;
    }

    search->search.limit = MIN(PAGE, search->most - search->hits->len);
    search->searching = true;
    nj_store_search(store, &search->search, on_found, search, search);
}

static void
stop(Search *search)
{
    NjStore *store = nj_screen_client(search->pane.screen)->store;
    if (search->searching && store)
        nj_store_search_cancel(store, search);
    g_clear_handle_id(&search->rest_id, g_source_remove);
    g_clear_pointer(&search->found_now, g_ptr_array_unref);
    search->searching = false;
}

static void
clear(Search *search)
{
    stop(search);
    g_ptr_array_set_size(search->hits, 0);
    g_clear_pointer(&search->words, g_free);
    g_clear_pointer(&search->sender, g_free);
    g_clear_pointer(&search->title, g_free);
    g_clear_pointer(&search->found, nj_found_words_free);
    g_clear_pointer(&search->trouble, g_free);
    g_clear_pointer(&search->said, g_free);
    search->selected = search->top = 0;

    search->more = search->stopped = false;
}

void
nj_pane_search_run(NjPane *pane, const NjSearch *what, const char *title)
{
    Search *search = (Search *) pane;
    NjSearch copy = *what;
    char *words = g_strdup(what->words), *sender = g_strdup(what->sender);

    clear(search);
    search->search = copy;
    search->search.words = search->words = words;
    search->search.sender = search->sender = sender;
    search->search.before_time = search->search.before_id = 0;
    search->most = what->limit ? MIN(what->limit, MAX_HITS) : MAX_HITS;
    search->search.max_body_bytes = NJ_FOUND_LOOKED;
    search->title = nj_text_line(title, -1, 0);
    search->found = nj_found_words_new(words, what->links);

    fetch(search);
    nj_pane_touch(pane);
}

/* Drawing. */

static void
draw_where(const Hit *hit, NjArea area, const NjTheme *theme, const NjStyle *over)
{
    NjStyle name = nj_theme_name_style(
        theme, hit->kind == NJ_CHAT_ROOM && hit->nick ? hit->nick : hit->address);
    if (hit->out)
        name = nj_theme_style(theme, NJ_ROLE_OWN);

    NjStyle quiet = nj_theme_style(theme, NJ_ROLE_DIM);
    if (over)
        name = quiet = *over;

    g_autofree char *whole = NULL;
    int x = 0;
    if (hit->kind == NJ_CHAT_ROOM) {
        g_autofree char *room =
            nj_text_ellipsize(hit->label, hit->nick ? MAX(area.cols / 2, 1) : area.cols);
        x = nj_area_put(area, 0, 0, quiet, room, -1);
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

/* Where the text begins so that the first of what was found is seen. */
static gsize
begin_of(const Search *search, const Hit *hit, int cells)
{
    gsize length = strlen(hit->text), start, end, at = 0;
    if (!nj_found_next(search->found, hit->text, length, 0, &start, &end)
        || nj_text_width(hit->text, (gssize) end) < cells)
        return 0;

    for (int before = nj_text_width(hit->text, (gssize) start); at < start && before > cells / 3;) {
        gsize step = 0;
        before -= nj_text_step(hit->text + at, hit->text + length, &step);
        at += MAX(step, 1);
    }

    return at;
}

static void
draw_text(const Search *search, const Hit *hit, NjArea area, const NjTheme *theme,
          const NjStyle *over)
{
    NjStyle base = over ? *over : nj_theme_style(theme, NJ_ROLE_TEXT),
            hot = nj_theme_style(theme, NJ_ROLE_FOUND);
    if (over) {
        hot = base;
        hot.attrs |= NJ_ATTR_BOLD | NJ_ATTR_UNDERLINE;
    }

    gsize at = begin_of(search, hit, area.cols - 2), start, end;
    int x = 0;
    if (at > 0 || hit->cut)
        x = nj_area_put(area, 0, 0, base, "…", -1);

    g_autofree char *shown = nj_text_ellipsize(hit->text + at, area.cols - x);
    gsize length = strlen(shown);
    for (at = 0; nj_found_next(search->found, shown, length, at, &start, &end); at = end) {
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

    if (area.cols >= WIDE) {
        int where = CLAMP(area.cols / 5, 18, 28);
        draw_where(hit, nj_area_part(area, 0, TIME_CELLS, 1, where), theme, over);
        draw_text(
            search, hit,
            nj_area_part(area, 0, TIME_CELLS + where + 2, 1, area.cols - TIME_CELLS - where - 3),
            theme, over);
        return;
    }

    draw_where(hit, nj_area_part(area, 0, TIME_CELLS, 1, area.cols - TIME_CELLS - 1), theme, over);
    draw_text(search, hit, nj_area_part(area, 1, INDENT, 1, area.cols - INDENT - 1), theme, over);
}

/* An answer has the lower third at most; returns its rows. */
static int
draw_said(const Search *search, NjArea area, const NjTheme *theme)
{
    static const NjRole roles[] = { NJ_ROLE_NOTICE, NJ_ROLE_SUCCESS, NJ_ROLE_WARNING,
                                    NJ_ROLE_ERROR };
    int most = area.rows / 3;

    if (!search->said || most == 0)
        return 0;

    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    nj_text_wrap(search->said, area.cols - 3, area.cols - 3, rows);

    int height = MIN((int) rows->len, most);
    for (int i = 0; i < height; i++) {
        const NjTextRow *row = &g_array_index(rows, NjTextRow, i);
        bool rest = i + 1 == height && (int) rows->len > height;
        nj_area_put(
            area, area.rows - height + i, 2, nj_theme_style(theme, roles[search->said_kind]),
            rest ? _("All of it stands in window 1, the console.") : search->said + row->start,
            rest ? -1 : (gssize) row->length);
    }

    return height;
}

static void
draw_nothing(const Search *search, NjArea area, const NjTheme *theme)
{
    const char *const searching[] = { _("Searching…"), NULL };
    const char *const stopped[] = { _("The search was given up."), NULL };
    const char *const trouble[] = { search->trouble, NULL };
    const char *const nothing[] = {
        _("Nothing was found."),
        _("Words count by their beginning, whatever their case; fewer of them find more."),
        NULL,
    };

    nj_talk_draw_empty(area, theme,
                       search->searching ? searching
                       : search->stopped ? stopped
                       : search->trouble ? trouble
                                         : nothing);
}

static void
draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    (void) focused;
    Search *search = (Search *) pane;
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));

    int rows = area.cols >= WIDE ? 1 : 2, height = area.rows - draw_said(search, area, theme);
    search->cols = area.cols;
    search->view_hits = MAX(height / rows, 1);

    guint view = (guint) search->view_hits, count = search->hits->len;
    if (count == 0) {
        draw_nothing(search, nj_area_part(area, 0, 0, height, area.cols), theme);
        return;
    }

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

/* Moving. */

static void
unsay(NjPane *pane)
{
    g_clear_pointer(&((Search *) pane)->said, g_free);
    nj_pane_touch(pane);
}

static bool
move(NjPane *pane, int rows)
{
    Search *search = (Search *) pane;
    unsay(pane);
    if (search->hits->len == 0)
        return false;

    search->selected =
        (guint) CLAMP((gint64) search->selected + rows, 0, (gint64) search->hits->len - 1);
    if (search->more && !search->searching
        && search->hits->len - search->selected <= (guint) search->view_hits)
        fetch(search);

    return true;
}

static void
scroll(NjPane *pane, int rows, bool page)
{
    const Search *search = (const Search *) pane;
    move(pane, page ? rows * MAX(search->view_hits - 1, 1) : rows);
}

static void
scroll_to(NjPane *pane, bool end)
{
    move(pane, end ? MAX_HITS : -MAX_HITS);
}

static bool
activate(NjPane *pane)
{
    Search *search = (Search *) pane;
    if (search->hits->len == 0)
        return false;

    const Hit *hit = g_ptr_array_index(search->hits, search->selected);
    NjAccount *account = nj_client_account_of_row(nj_screen_client(pane->screen), hit->account);
    if (!account) {
        nj_screen_say(pane->screen, NULL, NJ_NOTICE_ERROR,
                      _("The account that this was said to is not among yours any more; /account "
                        "add brings it back."));
        return false;
    }

    /* Strangers have no window until they are let in. */
    if (hit->kind == NJ_CHAT_PERSON && nj_roster_request(account->roster, hit->address)
        && !nj_chat_find(account, hit->address)) {
        g_autofree char *text = g_strdup_printf(
            _("%s waits to be let in; /requests accept %s does, and shows all of it."), hit->label,
            hit->label);
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
    stop(search);
    search->stopped = search->hits->len == 0;
    nj_pane_touch(pane);
    return true;
}

static void
leave(NjPane *pane)
{
    if (!nj_pane_search_stop(pane))
        nj_screen_last(pane->screen);
}

static char *
title(NjPane *pane)
{
    return g_strdup_printf(_("search: %s"), ((const Search *) pane)->title);
}

static char *
subject(NjPane *pane)
{
    const Search *search = (const Search *) pane;
    guint count = search->hits->len;

    if (search->trouble && count > 0)
        return g_strdup(search->trouble);
    if (search->searching)
        return g_strdup(_("searching…"));
    if (count == 0)
        return NULL;

    return g_strdup(_("Enter there, Alt-s back"));
}

static char *
hint(NjPane *pane)
{
    const Search *search = (const Search *) pane;
    guint count = search->hits->len;
    return count == 0
               ? NULL
               : g_strdup_printf("%u/%u%s", search->selected + 1, count, search->more ? "+" : "");
}

/* The console has it too, but here is who asked. */
static void
say(NjPane *pane, NjNoticeKind kind, const char *text)
{
    Search *search = (Search *) pane;
    if (!nj_screen_is_visible(pane->screen, pane))
        return;
    g_free(search->said);
    search->said = g_strchomp(nj_text_body(text, -1));
    search->said_kind = kind;
    nj_pane_touch(pane);
}

static int
answer_cells(NjPane *pane)
{
    return MAX(((const Search *) pane)->cols - 3, 0);
}

static void
free_search(NjPane *pane)
{
    Search *search = (Search *) pane;
    pane->screen->search = NULL;
    clear(search);
    g_ptr_array_unref(search->hits);
    g_free(search);
}

static const NjPaneClass search_class = {
    .name = "search",
    .draw = draw,
    .scroll = scroll,
    .scroll_to = scroll_to,
    .move = move,
    .activate = activate,
    .leave = leave,
    .title = title,
    .subject = subject,
    .hint = hint,
    .say = say,
    .answer_cells = answer_cells,
    .clear = unsay,
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
