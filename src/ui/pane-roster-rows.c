/* The rows of the roster pane: which accounts, requests, rooms, groups and contacts are listed, and
 * in what order.
 *
 * For each account: its heading (if there are several accounts), its requests, its rooms, its
 * groups with their contacts, the contacts without a group. Contacts are sorted by availability,
 * then by name. A contact in three groups has three rows. An offline contact has rows if the option
 * show-offline is set or if it has unread messages. A group has a heading while it has rows; its
 * counts include the contacts without rows.
 *
 * All rows are in one GSequence, with collation keys computed once: a change of presence among
 * thousands of contacts costs a few comparisons of keys. */
#include "ui/pane-roster-private.h"

#include "model/events.h"
#include "ui/screen.h"

#include <string.h>

/* A contact in the roster pane: its rows, and the values they were made from. A change of name or
 * groups makes a new entry. */
typedef struct {
    NjRosterAccount *account;
    char *label;
    char **group_names;
    GPtrArray *groups; /* of NjRosterGroup */
    GPtrArray *rows;   /* of NjRosterRow; empty while the contact is not shown */
    bool online;       /* it is in the counts of online contacts */
    int rank;
} Entry;

static void
free_row(void *data)
{
    NjRosterRow *row = data;
    g_free(row->key);
    g_free(row);
}

static void
free_group(void *data)
{
    NjRosterGroup *group = data;
    g_free(group->name);
    g_free(group->key);
    g_free(group);
}

static void
free_account(void *data)
{
    NjRosterAccount *account = data;
    g_hash_table_unref(account->groups);
    free_group(account->ungrouped);
    free_group(account->rooms);
    g_free(account);
}

static void
free_entry(void *data)
{
    Entry *entry = data;
    g_free(entry->label);
    g_strfreev(entry->group_names);
    g_ptr_array_unref(entry->groups);
    g_ptr_array_unref(entry->rows);
    g_free(entry);
}

/* --- Order --- */

static char *
make_key(const char *text)
{
    g_autofree char *folded = g_utf8_casefold(text, -1);
    return g_utf8_collate_key(folded, -1);
}

static NjRosterSection
get_section(const NjRosterRow *row)
{
    if (row->group)
        return row->group->section;
    return row->kind == NJ_ROSTER_ACCOUNT ? NJ_ROSTER_SECTION_HEAD : NJ_ROSTER_SECTION_REQUESTS;
}

/* Compares two rows: by account, section, group (its heading comes first), rank and name. */
static int
compare_rows(const void *a, const void *b, void *data)
{
    (void) data;
    const NjRosterRow *left = a, *right = b;
    if (left->account != right->account)
        return left->account->number < right->account->number ? -1 : 1;

    int difference = (int) get_section(left) - (int) get_section(right);
    if (difference == 0 && left->group != right->group)
        difference = strcmp(left->group->key, right->group->key);
    if (difference == 0)
        difference = (right->kind == NJ_ROSTER_GROUP) - (left->kind == NJ_ROSTER_GROUP);
    if (difference == 0)
        difference = left->rank - right->rank;
    if (difference == 0 && left->key && right->key)
        difference = strcmp(left->key, right->key);

    return difference;
}

static int
get_rank(const NjContact *contact)
{
    static const int ranks[] = {
        [NJ_SHOW_CHAT] = 0, [NJ_SHOW_ONLINE] = 0, [NJ_SHOW_DND] = 1,
        [NJ_SHOW_AWAY] = 2, [NJ_SHOW_XA] = 3,     [NJ_SHOW_OFFLINE] = 4,
    };
    return ranks[nj_contact_show(contact)];
}

static NjRosterRow *
new_row(NjRosterKind kind, NjRosterAccount *account, NjRosterGroup *group)
{
    NjRosterRow *row = g_new0(NjRosterRow, 1);
    row->kind = kind;
    row->account = account;
    row->group = group;
    return row;
}

static GSequenceIter *
insert_row(NjRosterRows *rows, NjRosterRow *row)
{
    row->iter = g_sequence_insert_sorted(rows->rows, row, compare_rows, NULL);
    return row->iter;
}

/* Removes and frees a row. If it was selected, selects the next row or, at the end, the one
 * before. */
static void
remove_row(NjRosterRows *rows, GSequenceIter *iter)
{
    if (rows->selected == iter) {
        GSequenceIter *next = g_sequence_iter_next(iter);
        if (g_sequence_iter_is_end(next))
            next = g_sequence_iter_is_begin(iter) ? NULL : g_sequence_iter_prev(iter);
        rows->selected = next;
    }
    g_sequence_remove(iter);
}

/* --- Groups --- */

static NjRosterGroup *
new_group(NjRosterSection section, const char *name)
{
    NjRosterGroup *group = g_new0(NjRosterGroup, 1);
    group->section = section;
    group->name = g_strdup(name);
    group->key = make_key(name ? name : "");
    return group;
}

static NjRosterGroup *
find_or_add_group(NjRosterAccount *account, const char *name)
{
    NjRosterGroup *group = g_hash_table_lookup(account->groups, name);
    if (!group) {
        group = new_group(NJ_ROSTER_SECTION_GROUPS, name);
        g_hash_table_insert(account->groups, group->name, group);
    }
    return group;
}

/* Counts a row that was added to the group. Inserts the heading if the row is the first one. */
static void
count_added_row(NjRosterRows *rows, NjRosterAccount *account, NjRosterGroup *group)
{
    if (group->shown++ == 0)
        group->iter = insert_row(rows, new_row(NJ_ROSTER_GROUP, account, group));
}

/* Counts a row that was removed from the group. Removes the heading if the row was the last one. */
static void
count_removed_row(NjRosterRows *rows, NjRosterGroup *group)
{
    if (--group->shown > 0)
        return;
    remove_row(rows, group->iter);
    group->iter = NULL;
}

/* --- Contacts --- */

static bool
should_show(const NjRosterRows *rows, NjContact *contact)
{
    if (rows->show_offline || nj_contact_show(contact) != NJ_SHOW_OFFLINE)
        return true;
    const NjChat *chat = nj_chat_find(contact->account, contact->address);
    return chat && chat->unread > 0;
}

static void
set_online(NjRosterRows *rows, Entry *entry, bool online)
{
    if (online == entry->online)
        return;

    guint step = online ? 1 : (guint) -1;
    for (guint i = 0; i < entry->groups->len; i++)
        ((NjRosterGroup *) g_ptr_array_index(entry->groups, i))->online += step;
    rows->online += step;
    entry->online = online;
}

static void
hide_entry(NjRosterRows *rows, Entry *entry)
{
    for (guint i = 0; i < entry->rows->len; i++) {
        NjRosterRow *row = g_ptr_array_index(entry->rows, i);
        NjRosterGroup *group = row->group;
        remove_row(rows, row->iter);
        count_removed_row(rows, group);
    }
    g_ptr_array_set_size(entry->rows, 0);
}

static void
show_entry(NjRosterRows *rows, NjContact *contact, Entry *entry)
{
    for (guint i = 0; i < entry->groups->len; i++) {
        NjRosterGroup *group = g_ptr_array_index(entry->groups, i);
        NjRosterRow *row = new_row(NJ_ROSTER_CONTACT, entry->account, group);
        row->contact = contact;
        row->rank = entry->rank;
        row->key = make_key(entry->label);
        insert_row(rows, row);
        g_ptr_array_add(entry->rows, row);
        count_added_row(rows, entry->account, group);
    }
}

static void
remove_entry(NjRosterRows *rows, NjContact *contact)
{
    Entry *entry = g_hash_table_lookup(rows->entries, contact);
    if (!entry)
        return;

    set_online(rows, entry, false);
    for (guint i = 0; i < entry->groups->len; i++)
        ((NjRosterGroup *) g_ptr_array_index(entry->groups, i))->total--;
    rows->total--;
    hide_entry(rows, entry);
    g_hash_table_remove(rows->entries, contact);
}

/* Adds an entry for the contact, without rows. Returns NULL if its account is not listed. */
static Entry *
add_entry(NjRosterRows *rows, NjContact *contact)
{
    NjRosterAccount *account = g_hash_table_lookup(rows->accounts, contact->account);
    if (!account)
        return NULL;

    Entry *entry = g_new0(Entry, 1);
    entry->account = account;
    entry->label = g_strdup(nj_contact_label(contact));
    entry->group_names = g_strdupv(contact->groups);
    entry->groups = g_ptr_array_new();
    entry->rows = g_ptr_array_new();
    entry->rank = get_rank(contact);
    for (char **name = entry->group_names; *name; name++)
        g_ptr_array_add(entry->groups, find_or_add_group(account, *name));

    if (entry->groups->len == 0)
        g_ptr_array_add(entry->groups, account->ungrouped);
    for (guint i = 0; i < entry->groups->len; i++)
        ((NjRosterGroup *) g_ptr_array_index(entry->groups, i))->total++;

    rows->total++;
    g_hash_table_insert(rows->entries, contact, entry);
    return entry;
}

static bool
has_other_name_or_groups(const Entry *entry, const NjContact *contact)
{
    return strcmp(entry->label, nj_contact_label(contact)) != 0
           || !g_strv_equal((const char *const *) entry->group_names,
                            (const char *const *) contact->groups);
}

static void
change_rank(Entry *entry, int rank)
{
    if (rank == entry->rank)
        return;

    entry->rank = rank;
    for (guint i = 0; i < entry->rows->len; i++) {
        NjRosterRow *row = g_ptr_array_index(entry->rows, i);
        row->rank = rank;
        g_sequence_sort_changed(row->iter, compare_rows, NULL);
    }
}

/* Adds, moves or removes the rows of a contact to match its present name, groups and presence. */
static void
update_contact(NjRosterRows *rows, NjContact *contact)
{
    Entry *entry = g_hash_table_lookup(rows->entries, contact);
    if (entry && has_other_name_or_groups(entry, contact)) {
        remove_entry(rows, contact);
        entry = NULL;
    }

    if (!entry)
        entry = add_entry(rows, contact);
    if (!entry)
        return;

    set_online(rows, entry, nj_contact_show(contact) != NJ_SHOW_OFFLINE);
    if (!should_show(rows, contact))
        hide_entry(rows, entry);
    change_rank(entry, get_rank(contact));
    if (entry->rows->len == 0 && should_show(rows, contact))
        show_entry(rows, contact, entry);

    nj_pane_touch(rows->pane);
}

/* --- Rooms, requests, accounts --- */

static void
remove_room(NjRosterRows *rows, NjChat *chat)
{
    NjRosterRow *row = g_hash_table_lookup(rows->room_rows, chat);
    if (!row)
        return;

    g_hash_table_remove(rows->room_rows, chat);
    NjRosterGroup *group = row->group;
    remove_row(rows, row->iter);
    count_removed_row(rows, group);
    nj_pane_touch(rows->pane);
}

static void
add_room(NjRosterRows *rows, NjChat *chat)
{
    NjRosterAccount *account = g_hash_table_lookup(rows->accounts, chat->account);
    if (chat->kind != NJ_CHAT_ROOM || !account || g_hash_table_contains(rows->room_rows, chat))
        return;

    NjRosterRow *row = new_row(NJ_ROSTER_ROOM, account, account->rooms);
    row->chat = chat;
    row->key = make_key(nj_chat_label(chat));
    g_hash_table_insert(rows->room_rows, chat, row);
    insert_row(rows, row);
    count_added_row(rows, account, account->rooms);
    nj_pane_touch(rows->pane);
}

static void
update_requests(NjRosterRows *rows, NjRosterAccount *account)
{
    guint count = nj_roster_requests(account->account->roster)->len;
    if (count > 0 && !account->requests) {
        account->requests = insert_row(rows, new_row(NJ_ROSTER_REQUESTS, account, NULL));
    } else if (count == 0 && account->requests) {
        remove_row(rows, account->requests);
        account->requests = NULL;
    }
    nj_pane_touch(rows->pane);
}

/* Adds the headings of the accounts if there are several; otherwise removes them. */
static void
update_headings(NjRosterRows *rows)
{
    bool wanted = g_hash_table_size(rows->accounts) > 1;
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, rows->accounts);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        NjRosterAccount *account = value;
        if (wanted && !account->head) {
            account->head = insert_row(rows, new_row(NJ_ROSTER_ACCOUNT, account, NULL));
        } else if (!wanted && account->head) {
            remove_row(rows, account->head);
            account->head = NULL;
        }
    }

    nj_pane_touch(rows->pane);
}

/* --- Events --- */

static void
add_contact(NjContact *contact, void *rows)
{
    update_contact(rows, contact);
}

static void
on_account_added(NjAccount *added, void *owner)
{
    NjRosterRows *rows = owner;
    if (g_hash_table_contains(rows->accounts, added))
        return;

    NjRosterAccount *account = g_new0(NjRosterAccount, 1);
    account->account = added;
    account->number = rows->next_number++;
    account->groups = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_group);
    account->ungrouped = new_group(NJ_ROSTER_SECTION_UNGROUPED, NULL);
    account->rooms = new_group(NJ_ROSTER_SECTION_ROOMS, NULL);
    g_hash_table_insert(rows->accounts, added, account);
    update_headings(rows);
    update_requests(rows, account);

    nj_roster_each(added->roster, add_contact, rows);
    GHashTableIter iter;
    void *chat;
    g_hash_table_iter_init(&iter, added->chats);
    while (g_hash_table_iter_next(&iter, NULL, &chat))
        add_room(rows, chat);
}

static void
on_account_removed(NjAccount *removed, void *owner)
{
    NjRosterRows *rows = owner;
    NjRosterAccount *account = g_hash_table_lookup(rows->accounts, removed);

    if (!account)
        return;

    g_autoptr(GList) contacts = g_hash_table_get_keys(rows->entries);
    for (GList *item = contacts; item; item = item->next)
        if (((Entry *) g_hash_table_lookup(rows->entries, item->data))->account == account)
            remove_entry(rows, item->data);

    g_autoptr(GList) rooms = g_hash_table_get_keys(rows->room_rows);
    for (GList *item = rooms; item; item = item->next)
        if (((NjRosterRow *) g_hash_table_lookup(rows->room_rows, item->data))->account == account)
            remove_room(rows, item->data);

    if (account->requests)
        remove_row(rows, account->requests);
    if (account->head)
        remove_row(rows, account->head);

    g_hash_table_remove(rows->accounts, removed);
    update_headings(rows);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    (void) account;
    nj_pane_touch(((NjRosterRows *) owner)->pane);
}

static void
on_contact_changed(NjContactEvent *event, void *owner)
{
    update_contact(owner, event->contact);
}

static void
on_contact_removed(NjContact *contact, void *owner)
{
    NjRosterRows *rows = owner;
    remove_entry(rows, contact);
    nj_pane_touch(rows->pane);
}

static void
on_request_changed(NjAccount *changed, void *owner)
{
    NjRosterRows *rows = owner;
    NjRosterAccount *account = g_hash_table_lookup(rows->accounts, changed);
    if (account)
        update_requests(rows, account);
}

/* An offline contact is shown while its chat has unread messages, so the row depends on the
 * chat. */
static void
on_chat_changed(NjChat *chat, void *owner)
{
    NjRosterRows *rows = owner;
    NjContact *contact =
        chat->kind == NJ_CHAT_PERSON ? nj_roster_find(chat->account->roster, chat->address) : NULL;
    if (contact)
        update_contact(rows, contact);
    else
        nj_pane_touch(rows->pane);
}

/* Also updates the contact, because a chat that is read from the store may have unread messages. */
static void
on_chat_added(NjChat *chat, void *owner)
{
    add_room(owner, chat);
    on_chat_changed(chat, owner);
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    remove_room(owner, chat);
}

static void
on_room_changed(NjRoom *room, void *owner)
{
    (void) room;
    nj_pane_touch(((NjRosterRows *) owner)->pane);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    NjRosterRows *rows = owner;
    if (strcmp(option->name, "show-offline") != 0)
        return;

    const NjClient *client = nj_screen_client(rows->pane->screen);
    rows->show_offline = nj_options_bool(client->options, "show-offline");
    g_autoptr(GList) contacts = g_hash_table_get_keys(rows->entries);
    for (GList *item = contacts; item; item = item->next)
        update_contact(rows, item->data);
}

GSequenceIter *
nj_roster_rows_find(NjRosterRows *rows, NjChat *chat)
{
    const NjRosterRow *row = g_hash_table_lookup(rows->room_rows, chat);
    if (!row && chat->kind == NJ_CHAT_PERSON) {
        NjContact *contact = nj_roster_find(chat->account->roster, chat->address);
        const Entry *entry = contact ? g_hash_table_lookup(rows->entries, contact) : NULL;
        row = entry && entry->rows->len > 0 ? g_ptr_array_index(entry->rows, 0) : NULL;
    }
    return row ? row->iter : NULL;
}

NjRosterRows *
nj_roster_rows_new(NjPane *pane)
{
    NjRosterRows *rows = g_new0(NjRosterRows, 1);
    rows->pane = pane;
    rows->rows = g_sequence_new(free_row);
    rows->accounts = g_hash_table_new_full(NULL, NULL, NULL, free_account);
    rows->entries = g_hash_table_new_full(NULL, NULL, NULL, free_entry);
    rows->room_rows = g_hash_table_new(NULL, NULL);

    NjClient *client = nj_screen_client(pane->screen);
    rows->show_offline = nj_options_bool(client->options, "show-offline");
    nj_on_account_added(client->bus, on_account_added, rows);
    nj_on_account_changed(client->bus, on_account_changed, rows);
    nj_on_account_removed(client->bus, on_account_removed, rows);
    nj_on_contact_changed(client->bus, on_contact_changed, rows);
    nj_on_contact_removed(client->bus, on_contact_removed, rows);
    nj_on_request_changed(client->bus, on_request_changed, rows);
    nj_on_chat_added(client->bus, on_chat_added, rows);
    nj_on_chat_changed(client->bus, on_chat_changed, rows);
    nj_on_chat_removed(client->bus, on_chat_removed, rows);
    nj_on_room_changed(client->bus, on_room_changed, rows);
    nj_on_option_changed(client->bus, on_option_changed, rows);

    for (guint i = 0; i < client->accounts->len; i++)
        on_account_added(g_ptr_array_index(client->accounts, i), rows);
    return rows;
}

void
nj_roster_rows_free(NjRosterRows *rows)
{
    nj_bus_forget(nj_screen_client(rows->pane->screen)->bus, rows);
    g_hash_table_unref(rows->entries);
    g_hash_table_unref(rows->room_rows);
    g_sequence_free(rows->rows);
    g_hash_table_unref(rows->accounts);
    g_free(rows);
}
