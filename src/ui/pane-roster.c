/* The roster: for each account who waits outside, its rooms, its groups with their contacts.
 *
 * All rows stand in one sequence, so that a change of presence among thousands of contacts costs a
 * few comparisons of keys made once; only the rows in sight are drawn.  A contact in three groups
 * has three rows.  A group has a head while one of its contacts is shown; its counts are of all of
 * them. */
#include "ui/pane.h"

#include "base/text.h"
#include "model/events.h"
#include "ui/screen.h"

#include <string.h>

typedef enum {
    SECTION_HEAD,
    SECTION_REQUESTS,
    SECTION_ROOMS,
    SECTION_GROUPS,
    SECTION_REST
} Section;

typedef enum { KIND_ACCOUNT, KIND_REQUESTS, KIND_GROUP, KIND_ROOM, KIND_CONTACT } Kind;

typedef struct Block Block;

typedef struct {
    char *name; /* NULL: its section says what it is */
    char *key;
    GSequenceIter *iter; /* NULL: not shown */
    guint shown, here, total;
    Section section;
} Group;

typedef struct {
    Kind kind;
    Block *block;
    Group *group; /* of KIND_GROUP, _ROOM, _CONTACT */
    NjContact *contact;
    NjChat *chat; /* KIND_ROOM */
    int rank;
    char *key;
    GSequenceIter *iter;
} Row;

typedef struct {
    Block *block;
    char *label; /* what the key was made of */
    char **groups;
    GPtrArray *places; /* of Group */
    GPtrArray *rows;   /* of Row; empty while it is hidden */
    bool here;
    int rank;
} Entry;

struct Block { /* of one account */
    NjAccount *account;
    guint number; /* the order of the accounts */
    GSequenceIter *head, *requests;
    GHashTable *groups; /* name -> Group */
    Group *rest, *rooms;
};

typedef struct {
    NjPane pane;
    GSequence *rows;       /* of Row */
    GHashTable *blocks;    /* NjAccount -> Block */
    GHashTable *entries;   /* NjContact -> Entry */
    GHashTable *room_rows; /* NjChat -> Row */
    guint next_number;
    bool show_offline;
    int top; /* the first row in sight */
    int view_rows;
    GSequenceIter *selected; /* while the keys move here */
    guint here, total;
} Roster;

static void
free_row(void *data)
{
    Row *row = data;
    g_free(row->key);
    g_free(row);
}

static void
free_group(void *data)
{
    Group *group = data;
    g_free(group->name);
    g_free(group->key);
    g_free(group);
}

static void
free_block(void *data)
{
    Block *block = data;
    g_hash_table_unref(block->groups);
    free_group(block->rest);
    free_group(block->rooms);
    g_free(block);
}

static void
free_entry(void *data)
{
    Entry *entry = data;
    g_free(entry->label);
    g_strfreev(entry->groups);
    g_ptr_array_unref(entry->places);
    g_ptr_array_unref(entry->rows);
    g_free(entry);
}

static char *
collate(const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    return g_utf8_collate_key(folded, -1);
}

static Section
section_of(const Row *row)
{
    if (row->group)
        return row->group->section;
    return row->kind == KIND_ACCOUNT ? SECTION_HEAD : SECTION_REQUESTS;
}

static int
compare(const void *a, const void *b, void *data)
{
    (void) data;
    const Row *left = a, *right = b;
    if (left->block != right->block)
        return left->block->number < right->block->number ? -1 : 1;

    int difference = (int) section_of(left) - (int) section_of(right);
    if (difference == 0 && left->group != right->group)
        difference = strcmp(left->group->key, right->group->key);
    if (difference == 0)
        difference = (right->kind == KIND_GROUP) - (left->kind == KIND_GROUP);
    if (difference == 0)
        difference = left->rank - right->rank;
    if (difference == 0 && left->key && right->key)
        difference = strcmp(left->key, right->key);

    return difference;
}

static Row *
new_row(Kind kind, Block *block, Group *group)
{
    Row *row = g_new0(Row, 1);
    row->kind = kind;
    row->block = block;
    row->group = group;
    return row;
}

static GSequenceIter *
place_row(Roster *roster, Row *row)
{
    row->iter = g_sequence_insert_sorted(roster->rows, row, compare, NULL);
    return row->iter;
}

/* The selection steps aside when its row goes. */
static void
drop_iter(Roster *roster, GSequenceIter *iter)
{
    if (roster->selected == iter) {
        GSequenceIter *next = g_sequence_iter_next(iter);
        if (g_sequence_iter_is_end(next))
            next = g_sequence_iter_is_begin(iter) ? NULL : g_sequence_iter_prev(iter);
        roster->selected = next;
    }
    g_sequence_remove(iter);
}

static void
group_gains(Roster *roster, Block *block, Group *group)
{
    if (group->shown++ == 0)
        group->iter = place_row(roster, new_row(KIND_GROUP, block, group));
}

static void
group_loses(Roster *roster, Group *group)
{
    if (--group->shown > 0)
        return;
    drop_iter(roster, group->iter);
    group->iter = NULL;
}

static Group *
new_group(Section section, const char *name)
{
    Group *group = g_new0(Group, 1);
    group->section = section;
    group->name = g_strdup(name);
    group->key = collate(name ? name : "");
    return group;
}

static Group *
group_of(Block *block, const char *name)
{
    Group *group = g_hash_table_lookup(block->groups, name);
    if (!group) {
        group = new_group(SECTION_GROUPS, name);
        g_hash_table_insert(block->groups, group->name, group);
    }
    return group;
}

/* Who can answer stands first. */
static int
rank_of(const NjContact *contact)
{
    static const int ranks[] = {
        [NJ_SHOW_CHAT] = 0, [NJ_SHOW_ONLINE] = 0, [NJ_SHOW_DND] = 1,
        [NJ_SHOW_AWAY] = 2, [NJ_SHOW_XA] = 3,     [NJ_SHOW_OFFLINE] = 4,
    };
    return ranks[nj_contact_show(contact)];
}

static bool
is_shown(const Roster *roster, NjContact *contact)
{
    if (roster->show_offline || nj_contact_show(contact) != NJ_SHOW_OFFLINE)
        return true;
    const NjChat *chat = nj_chat_find(contact->account, contact->address);
    return chat && chat->unread > 0;
}

static void
count_entry(Roster *roster, Entry *entry, bool here, int step)
{
    for (guint i = 0; i < entry->places->len; i++) {
        Group *group = g_ptr_array_index(entry->places, i);
        group->here += here ? (guint) step : 0;
    }
    roster->here += here ? (guint) step : 0;
}

static void
hide_entry(Roster *roster, Entry *entry)
{
    for (guint i = 0; i < entry->rows->len; i++) {
        Row *row = g_ptr_array_index(entry->rows, i);
        Group *group = row->group;
        drop_iter(roster, row->iter);
        group_loses(roster, group);
    }
    g_ptr_array_set_size(entry->rows, 0);
}

static void
show_entry(Roster *roster, NjContact *contact, Entry *entry)
{
    for (guint i = 0; i < entry->places->len; i++) {
        Group *group = g_ptr_array_index(entry->places, i);
        Row *row = new_row(KIND_CONTACT, entry->block, group);
        row->contact = contact;
        row->rank = entry->rank;
        row->key = collate(entry->label);
        place_row(roster, row);
        g_ptr_array_add(entry->rows, row);
        group_gains(roster, entry->block, group);
    }
}

static void
drop_entry(Roster *roster, NjContact *contact)
{
    Entry *entry = g_hash_table_lookup(roster->entries, contact);
    if (!entry)
        return;

    count_entry(roster, entry, entry->here, -1);
    for (guint i = 0; i < entry->places->len; i++)
        ((Group *) g_ptr_array_index(entry->places, i))->total--;
    roster->total--;
    hide_entry(roster, entry);
    g_hash_table_remove(roster->entries, contact);
}

static Entry *
add_entry(Roster *roster, NjContact *contact)
{
    Block *block = g_hash_table_lookup(roster->blocks, contact->account);
    if (!block)
        return NULL;

    Entry *entry = g_new0(Entry, 1);
    entry->block = block;
    entry->label = g_strdup(nj_contact_label(contact));
    entry->groups = g_strdupv(contact->groups);
    entry->places = g_ptr_array_new();
    entry->rows = g_ptr_array_new();
    entry->rank = rank_of(contact);
    for (char **name = entry->groups; *name; name++)
        g_ptr_array_add(entry->places, group_of(block, *name));

    if (entry->places->len == 0)
        g_ptr_array_add(entry->places, block->rest);
    for (guint i = 0; i < entry->places->len; i++)
        ((Group *) g_ptr_array_index(entry->places, i))->total++;

    roster->total++;
    g_hash_table_insert(roster->entries, contact, entry);
    return entry;
}

static void
update(Roster *roster, NjContact *contact)
{
    Entry *entry = g_hash_table_lookup(roster->entries, contact);
    if (entry
        && (strcmp(entry->label, nj_contact_label(contact)) != 0
            || !g_strv_equal((const char *const *) entry->groups,
                             (const char *const *) contact->groups))) {
        drop_entry(roster, contact);
        entry = NULL;
    }

    if (!entry)
        entry = add_entry(roster, contact);
    if (!entry)
        return;

    bool here = nj_contact_show(contact) != NJ_SHOW_OFFLINE;
    if (here != entry->here)
        count_entry(roster, entry, true, here ? 1 : -1);
    entry->here = here;

    int rank = rank_of(contact);
    bool moved = rank != entry->rank;
    entry->rank = rank;

    if (!is_shown(roster, contact)) {
        hide_entry(roster, entry);
    } else if (entry->rows->len == 0) {
        show_entry(roster, contact, entry);
    } else if (moved) {
        for (guint i = 0; i < entry->rows->len; i++) {
            Row *row = g_ptr_array_index(entry->rows, i);
            row->rank = rank;
            g_sequence_sort_changed(row->iter, compare, NULL);
        }
    }

    nj_pane_touch(&roster->pane);
}

static void
drop_room(Roster *roster, NjChat *chat)
{
    Row *row = g_hash_table_lookup(roster->room_rows, chat);
    if (!row)
        return;
    g_hash_table_remove(roster->room_rows, chat);
    Group *group = row->group;
    drop_iter(roster, row->iter);
    group_loses(roster, group);
    nj_pane_touch(&roster->pane);
}

static void
add_room(Roster *roster, NjChat *chat)
{
    Block *block = g_hash_table_lookup(roster->blocks, chat->account);
    if (chat->kind != NJ_CHAT_ROOM || !block || g_hash_table_contains(roster->room_rows, chat))
        return;

    Row *row = new_row(KIND_ROOM, block, block->rooms);
    row->chat = chat;
    row->key = collate(nj_chat_label(chat));
    g_hash_table_insert(roster->room_rows, chat, row);
    place_row(roster, row);
    group_gains(roster, block, block->rooms);
    nj_pane_touch(&roster->pane);
}

static void
update_requests(Roster *roster, Block *block)
{
    guint count = nj_roster_requests(block->account->roster)->len;
    if (count > 0 && !block->requests) {
        block->requests = place_row(roster, new_row(KIND_REQUESTS, block, NULL));
    } else if (count == 0 && block->requests) {
        drop_iter(roster, block->requests);
        block->requests = NULL;
    }
    nj_pane_touch(&roster->pane);
}

/* Accounts have heads when there are several. */
static void
update_heads(Roster *roster)
{
    bool wanted = g_hash_table_size(roster->blocks) > 1;
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, roster->blocks);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Block *block = value;
        if (wanted && !block->head) {
            block->head = place_row(roster, new_row(KIND_ACCOUNT, block, NULL));
        } else if (!wanted && block->head) {
            drop_iter(roster, block->head);
            block->head = NULL;
        }
    }

    nj_pane_touch(&roster->pane);
}

static void
take_contact(NjContact *contact, void *roster)
{
    update(roster, contact);
}

static void
on_account_added(NjAccount *account, void *owner)
{
    Roster *roster = owner;
    if (g_hash_table_contains(roster->blocks, account))
        return;

    Block *block = g_new0(Block, 1);
    block->account = account;
    block->number = roster->next_number++;
    block->groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_group);
    block->rest = new_group(SECTION_REST, NULL);
    block->rooms = new_group(SECTION_ROOMS, NULL);
    g_hash_table_insert(roster->blocks, account, block);
    update_heads(roster);
    update_requests(roster, block);

    nj_roster_each(account->roster, take_contact, roster);
    GHashTableIter iter;
    void *chat;
    g_hash_table_iter_init(&iter, account->chats);
    while (g_hash_table_iter_next(&iter, NULL, &chat))
        add_room(roster, chat);
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    Roster *roster = owner;
    Block *block = g_hash_table_lookup(roster->blocks, account);

    if (!block)
        return;

    g_autoptr(GList) contacts = g_hash_table_get_keys(roster->entries);
    for (GList *item = contacts; item; item = item->next)
        if (((Entry *) g_hash_table_lookup(roster->entries, item->data))->block == block)
            drop_entry(roster, item->data);

    g_autoptr(GList) rooms = g_hash_table_get_keys(roster->room_rows);
    for (GList *item = rooms; item; item = item->next)
        if (((Row *) g_hash_table_lookup(roster->room_rows, item->data))->block == block)
            drop_room(roster, item->data);
    if (block->requests)
        drop_iter(roster, block->requests);
    if (block->head)
        drop_iter(roster, block->head);

    g_hash_table_remove(roster->blocks, account);
    update_heads(roster);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    (void) account;
    nj_pane_touch(owner);
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    update(owner, event->contact);
}

static void
on_contact_removed(NjContact *contact, void *owner)
{
    drop_entry(owner, contact);
    nj_pane_touch(owner);
}

static void
on_request_changed(NjAccount *account, void *owner)
{
    Roster *roster = owner;
    Block *block = g_hash_table_lookup(roster->blocks, account);
    if (block)
        update_requests(roster, block);
}

/* Unread messages bring an offline contact into sight. */
static void
on_chat_changed(NjChat *chat, void *owner)
{
    Roster *roster = owner;
    NjContact *contact =
        chat->kind == NJ_CHAT_PERSON ? nj_roster_find(chat->account->roster, chat->address) : NULL;
    if (contact)
        update(roster, contact);
    else
        nj_pane_touch(&roster->pane);
}

/* One that the store remembers may bring its unread messages along. */
static void
on_chat_added(NjChat *chat, void *owner)
{
    add_room(owner, chat);
    on_chat_changed(chat, owner);
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    drop_room(owner, chat);
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    (void) room;
    nj_pane_touch(owner);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    Roster *roster = owner;
    if (strcmp(option->name, "show-offline") != 0)
        return;
    roster->show_offline =
        nj_options_bool(nj_screen_client(roster->pane.screen)->options, "show-offline");
    g_autoptr(GList) contacts = g_hash_table_get_keys(roster->entries);
    for (GList *item = contacts; item; item = item->next)
        update(roster, item->data);
}

/* Shapes differ, so that the signs can be told apart without colours. */
static const struct {
    const char *sign;
    NjRole role;
} signs[] = {
    [NJ_SHOW_OFFLINE] = { "○", NJ_ROLE_OFFLINE }, [NJ_SHOW_DND] = { "⊖", NJ_ROLE_BUSY },
    [NJ_SHOW_XA] = { "◔", NJ_ROLE_AWAY },         [NJ_SHOW_AWAY] = { "◐", NJ_ROLE_AWAY },
    [NJ_SHOW_ONLINE] = { "●", NJ_ROLE_ONLINE },   [NJ_SHOW_CHAT] = { "●", NJ_ROLE_ONLINE },
};

typedef struct {
    const char *sign; /* NULL: a head */
    NjRole sign_role, role;
    const char *label;
    char *right; /* owned */
    NjRole right_role;
} Look;

static void
look_at_chat(const NjChat *chat, Look *look)
{
    if (!chat)
        return;

    if (chat->unread > 0) {
        look->right = g_strdup_printf("%u", chat->unread);
        look->right_role = chat->mentions ? NJ_ROLE_MENTION : NJ_ROLE_UNREAD;
    } else if (chat->typing == NJ_TYPING_COMPOSING) {
        look->right = g_strdup("…");
        look->right_role = NJ_ROLE_DIM;
    }
}

static void
look_at_group(const Group *group, Look *look)
{
    look->role = NJ_ROLE_GROUP;
    look->label = group->section == SECTION_ROOMS  ? _("Rooms")
                  : group->section == SECTION_REST ? _("Contacts")
                                                   : group->name;
    if (group->section == SECTION_ROOMS)
        return;
    look->right = g_strdup_printf("%u/%u", group->here, group->total);
    look->right_role = NJ_ROLE_DIM;
}

static void
draw_row(const Row *row, NjArea area, int y, const NjTheme *theme, bool selected)
{
    Look look = { .role = NJ_ROLE_TEXT, .sign_role = NJ_ROLE_DIM, .label = "" };
    g_autofree char *made = NULL;
    guint count;

    switch (row->kind) {
    case KIND_ACCOUNT:
        look.role = row->block->account->state == NJ_ACCOUNT_ONLINE ? NJ_ROLE_TITLE : NJ_ROLE_DIM;
        look.label = row->block->account->settings->name;
        break;
    case KIND_REQUESTS:
        count = nj_roster_requests(row->block->account->roster)->len;
        look.sign = "?";
        look.sign_role = look.role = NJ_ROLE_WARNING;
        look.label = made = g_strdup_printf(ngettext("%u request", "%u requests", count), count);
        break;

    case KIND_GROUP:
        look_at_group(row->group, &look);
        break;
    case KIND_ROOM:
        look.sign = "#";
        look.label = nj_chat_label(row->chat);
        look.role =
            row->chat->room && row->chat->room->state == NJ_ROOM_IN ? NJ_ROLE_TEXT : NJ_ROLE_DIM;
        look_at_chat(row->chat, &look);
        break;

    case KIND_CONTACT:
        look.sign = signs[nj_contact_show(row->contact)].sign;
        look.sign_role = signs[nj_contact_show(row->contact)].role;
        look.label = nj_contact_label(row->contact);
        look.role = look.sign_role == NJ_ROLE_OFFLINE ? NJ_ROLE_DIM : NJ_ROLE_TEXT;
        look_at_chat(nj_chat_find(row->contact->account, row->contact->address), &look);
        break;
    }

    NjStyle chosen = nj_theme_style(theme, NJ_ROLE_SELECTED);
    if (selected)
        nj_area_fill(area, y, 0, area.cols, chosen, " ");

    int right = look.right ? nj_text_width(look.right, -1) : 0, x = look.sign ? 2 : 0;
    if (look.sign)
        nj_area_put(area, y, 0, selected ? chosen : nj_theme_style(theme, look.sign_role),
                    look.sign, -1);

    g_autofree char *label =
        nj_text_ellipsize(look.label, MAX(area.cols - x - (right ? right + 1 : 0), 1));
    nj_area_put(area, y, x, selected ? chosen : nj_theme_style(theme, look.role), label, -1);
    if (look.right)
        nj_area_put(area, y, MAX(area.cols - right, 0),
                    selected ? chosen : nj_theme_style(theme, look.right_role), look.right, -1);

    g_free(look.right);
}

static void
draw(NjPane *pane, NjArea area, const NjTheme *theme, bool focused)
{
    Roster *roster = (Roster *) pane;
    nj_area_clear(area, nj_theme_style(theme, NJ_ROLE_TEXT));
    if (area.rows <= 0 || area.cols <= 0)
        return;

    roster->view_rows = area.rows;
    int length = g_sequence_get_length(roster->rows);
    if (roster->selected) {
        int at = g_sequence_iter_get_position(roster->selected);
        roster->top = CLAMP(roster->top, at - area.rows + 1, at);
    } else {
        roster->top = 0;
    }

    roster->top = CLAMP(roster->top, 0, MAX(length - area.rows, 0));
    GSequenceIter *iter = g_sequence_get_iter_at_pos(roster->rows, roster->top);
    for (int y = 0; y < area.rows && !g_sequence_iter_is_end(iter);
         y++, iter = g_sequence_iter_next(iter))
        draw_row(g_sequence_get(iter), area, y, theme, focused && iter == roster->selected);
}

static bool
can_select(GSequenceIter *iter)
{
    const Row *row = g_sequence_get(iter);
    return row->kind != KIND_GROUP && row->kind != KIND_ACCOUNT;
}

/* Heads are stepped over.  rows 0 begins, or stays. */
static bool
move(NjPane *pane, int rows)
{
    Roster *roster = (Roster *) pane;
    int length = g_sequence_get_length(roster->rows), step = rows < 0 ? -1 : 1;
    int from = roster->selected ? g_sequence_iter_get_position(roster->selected) : 0;
    int at = CLAMP((gint64) from + rows, 0, MAX(length - 1, 0));

    nj_pane_touch(pane);
    for (int turn = 0; turn < 2; turn++, step = -step)
        for (int i = at; i >= 0 && i < length; i += step) {
            GSequenceIter *iter = g_sequence_get_iter_at_pos(roster->rows, i);
            if (can_select(iter)) {
                roster->selected = iter;
                return true;
            }
        }

    return roster->selected != NULL;
}

static void
scroll(NjPane *pane, int rows, bool page)
{
    Roster *roster = (Roster *) pane;
    move(pane, page ? rows * MAX(roster->view_rows - 1, 1) : rows);
}

static void
scroll_to(NjPane *pane, bool end)
{
    move(pane, end ? G_MAXINT / 2 : -G_MAXINT / 2);
}

static void
tell_requests(Roster *roster, NjAccount *account)
{
    const GPtrArray *requests = nj_roster_requests(account->roster);
    GString *text = g_string_new(_(
        "These people wait for an answer: /requests accept ADDRESS or /requests refuse ADDRESS."));

    for (guint i = 0; i < requests->len; i++) {
        const NjRequest *request = g_ptr_array_index(requests, i);
        g_string_append_printf(text, "\n%s", request->address);
        if (request->text && *request->text)
            g_string_append_printf(text, "  %s", request->text);
    }

    nj_screen_show(roster->pane.screen, nj_screen_window_at(roster->pane.screen, 0));
    nj_screen_say(roster->pane.screen, NULL, NJ_NOTICE_INFO, text->str);
    g_string_free(text, TRUE);
}

static bool
open_selected(NjPane *pane)
{
    Roster *roster = (Roster *) pane;
    if (!roster->selected)
        return false;

    const Row *row = g_sequence_get(roster->selected);
    NjChat *chat = row->kind == KIND_ROOM ? row->chat : NULL;
    if (row->kind == KIND_REQUESTS) {
        tell_requests(roster, row->block->account);
        return true;
    }

    if (row->kind == KIND_CONTACT)
        chat = nj_chat_open(row->contact->account, NJ_CHAT_PERSON, row->contact->address);
    if (!chat)
        return false;

    nj_screen_show_chat(pane->screen, chat);
    return true;
}

static bool
activate(NjPane *pane)
{
    bool opened = open_selected(pane);
    nj_screen_leave_roster(pane->screen);
    return opened;
}

static void
leave(NjPane *pane)
{
    nj_screen_leave_roster(pane->screen);
}

static char *
title(NjPane *pane)
{
    (void) pane;
    return g_strdup(_("contacts"));
}

static char *
hint(NjPane *pane)
{
    const Roster *roster = (const Roster *) pane;
    return roster->total ? g_strdup_printf("%u/%u", roster->here, roster->total) : NULL;
}

/* Where the chat in front stands; NULL: nowhere. */
static GSequenceIter *
find_front(Roster *roster)
{
    NjChat *chat = nj_screen_focus(roster->pane.screen)->chat;
    const Row *row = chat ? g_hash_table_lookup(roster->room_rows, chat) : NULL;
    if (!row && chat && chat->kind == NJ_CHAT_PERSON) {
        NjContact *contact = nj_roster_find(chat->account->roster, chat->address);
        const Entry *entry = contact ? g_hash_table_lookup(roster->entries, contact) : NULL;
        row = entry && entry->rows->len > 0 ? g_ptr_array_index(entry->rows, 0) : NULL;
    }
    return row ? row->iter : NULL;
}

/* Its window "comes" with the keys: the selection lives as long as they move here, from the chat in
 * front on. */
static void
on_shown(NjPane *pane, bool shown)
{
    Roster *roster = (Roster *) pane;
    if (shown && !roster->selected) {
        roster->selected = find_front(roster);
        move(pane, 0);
    } else if (!shown) {
        roster->selected = NULL;
    }
    nj_pane_touch(pane);
}

static void
free_roster(NjPane *pane)
{
    Roster *roster = (Roster *) pane;
    nj_bus_forget(nj_screen_client(pane->screen)->bus, roster);
    g_hash_table_unref(roster->entries);
    g_hash_table_unref(roster->room_rows);
    g_sequence_free(roster->rows);
    g_hash_table_unref(roster->blocks);
    g_free(roster);
}

static const NjPaneClass roster_class = {
    .name = "roster",
    .draw = draw,
    .scroll = scroll,
    .scroll_to = scroll_to,
    .move = move,
    .activate = activate,
    .leave = leave,
    .title = title,
    .hint = hint,
    .shown = on_shown,
    .free = free_roster,
};

NjPane *
nj_pane_roster_new(NjScreen *screen)
{
    Roster *roster = g_new0(Roster, 1);
    nj_pane_init(&roster->pane, &roster_class, screen, NULL);
    roster->rows = g_sequence_new(free_row);
    roster->blocks = g_hash_table_new_full(NULL, NULL, NULL, free_block);
    roster->entries = g_hash_table_new_full(NULL, NULL, NULL, free_entry);
    roster->room_rows = g_hash_table_new(NULL, NULL);

    NjClient *client = nj_screen_client(screen);
    roster->show_offline = nj_options_bool(client->options, "show-offline");
    nj_on_account_added(client->bus, on_account_added, roster);
    nj_on_account_changed(client->bus, on_account_changed, roster);
    nj_on_account_removed(client->bus, on_account_removed, roster);
    nj_on_contact_changed(client->bus, on_contact_changed, roster);
    nj_on_contact_removed(client->bus, on_contact_removed, roster);
    nj_on_request_changed(client->bus, on_request_changed, roster);
    nj_on_chat_added(client->bus, on_chat_added, roster);

    nj_on_chat_changed(client->bus, on_chat_changed, roster);
    nj_on_chat_removed(client->bus, on_chat_removed, roster);
    nj_on_room_changed(client->bus, on_room_changed, roster);
    nj_on_option_changed(client->bus, on_option_changed, roster);
    for (guint i = 0; i < client->accounts->len; i++)
        on_account_added(g_ptr_array_index(client->accounts, i), roster);

    return &roster->pane;
}
