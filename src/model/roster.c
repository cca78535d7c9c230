/* The roster of an account. One hash table finds contacts by bare address, so the cost of a
 * presence does not depend on the number of contacts. The capabilities (XEP-0115) are interned
 * strings, because many presences have the same. */
#include "model/roster.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/events.h"
#include "model/jid.h"

#define MAX_RESOURCES 64 /* of one contact; limits the memory that a contact can fill */

struct NjRoster {
    NjAccount *account;
    GHashTable *contacts; /* address -> NjContact */
    char *version;
    guint round;         /* number of full rosters received, with the current one */
    bool in_round;       /* between nj_roster_begin() and nj_roster_end() */
    bool loading;        /* reading from the store: nothing is written back */
    GPtrArray *requests; /* of NjRequest */
};

static NjClient *
client_of(const NjRoster *roster)
{
    return roster->account->client;
}

/* --- presences --- */

static void
free_presence(void *data)
{
    NjPresence *presence = data;
    g_free(presence->resource);
    g_free(presence->status);
    g_clear_pointer(&presence->caps_node, g_ref_string_release);
    g_clear_pointer(&presence->caps_ver, g_ref_string_release);
    g_free(presence);
}

/* Sorts the most available first: by priority, then show, then the time of the last change. */
static int
compare_presences(const void *a, const void *b)
{
    const NjPresence *one = *(NjPresence *const *) a, *other = *(NjPresence *const *) b;
    if (one->priority != other->priority)
        return one->priority < other->priority ? 1 : -1;
    if (one->show != other->show)
        return one->show < other->show ? 1 : -1;
    return (one->since < other->since) - (one->since > other->since);
}

/* --- contacts --- */

static void
free_groups(NjContact *contact)
{
    if (contact->groups != contact->wire_groups)
        g_strfreev(contact->groups);
    g_strfreev(contact->wire_groups);
}

static void
free_contact(void *data)
{
    NjContact *contact = data;
    free_groups(contact);
    g_ptr_array_unref(contact->presences);
    g_free(contact->address);
    g_free(contact->shown);
    g_free(contact->name);
    g_free(contact);
}

static NjContact *
new_contact(NjRoster *roster, const char *address)
{
    NjContact *contact = g_new0(NjContact, 1);
    contact->account = roster->account;
    contact->address = g_strdup(address);
    contact->shown = nj_text_line(address, -1, 0);
    if (strcmp(contact->shown, address) == 0)
        g_clear_pointer(&contact->shown, g_free);

    contact->groups = contact->wire_groups = g_new0(char *, 1);
    contact->presences = g_ptr_array_new_with_free_func(free_presence);
    g_hash_table_insert(roster->contacts, contact->address, contact);
    return contact;
}

static void
emit_contact_changed(NjRoster *roster, NjContact *contact, NjShow before)
{
    NjContactEvent event = { contact, before };
    nj_emit_contact_changed(client_of(roster)->bus, &event);
}

/* Returns the groups for display: sanitised, without empty ones and duplicates. If these are the
 * same as `wire`, it returns `wire` itself. */
static char **
shown_groups(char **wire)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    bool same = true;

    for (char **group = wire; *group; group++) {
        char *line = nj_text_line(*group, -1, 0);
        same &= strcmp(line, *group) == 0;
        bool is_left_out = !*line;
        for (guint i = 0; i < shown->len && !is_left_out; i++)
            is_left_out = strcmp(g_ptr_array_index(shown, i), line) == 0;
        if (is_left_out)
            g_free(line);
        else
            g_ptr_array_add(shown, line);
        same &= !is_left_out;
    }

    g_ptr_array_add(shown, NULL);
    char **groups = (char **) g_ptr_array_steal(shown, NULL);
    if (!same)
        return groups;

    g_strfreev(groups);
    return wire;
}

/* Sets the groups (NULL: none); returns false if they do not change. Newlines in the name of a
 * group become spaces, because the store separates groups by newlines. */
static bool
set_groups(NjContact *contact, const char *const *groups)
{
    static const char *const none[] = { NULL };
    if (!groups)
        groups = none;
    if (g_strv_equal(groups, (const char *const *) contact->wire_groups))
        return false;

    free_groups(contact);
    contact->wire_groups = g_strdupv((char **) groups);
    for (char **group = contact->wire_groups; *group; group++)
        g_strdelimit(*group, "\n", ' ');

    contact->groups = shown_groups(contact->wire_groups);
    return true;
}

static bool
set_name(NjContact *contact, const char *name)
{
    g_autofree char *line = name ? nj_text_line(name, -1, 0) : NULL;
    if (line && !*line)
        g_clear_pointer(&line, g_free);
    if (g_strcmp0(line, contact->name) == 0)
        return false;
    g_free(contact->name);
    contact->name = g_steal_pointer(&line);
    return true;
}

NjShow
nj_contact_show(const NjContact *contact)
{
    if (!contact->presences->len)
        return NJ_SHOW_OFFLINE;
    return ((const NjPresence *) g_ptr_array_index(contact->presences, 0))->show;
}

const char *
nj_contact_status(const NjContact *contact)
{
    if (!contact->presences->len)
        return NULL;
    return ((const NjPresence *) g_ptr_array_index(contact->presences, 0))->status;
}

const char *
nj_contact_label(const NjContact *contact)
{
    if (contact->name)
        return contact->name;
    return contact->shown ? contact->shown : contact->address;
}

static NjPresence *
find_presence(const NjContact *contact, const char *resource)
{
    for (guint i = 0; i < contact->presences->len; i++) {
        NjPresence *presence = g_ptr_array_index(contact->presences, i);
        if (strcmp(presence->resource, resource) == 0)
            return presence;
    }
    return NULL;
}

const NjPresence *
nj_contact_presence(const NjContact *contact, const char *resource)
{
    return find_presence(contact, resource);
}

/* --- words --- */

static const char *const show_names[] = {
    [NJ_SHOW_OFFLINE] = "offline", [NJ_SHOW_DND] = "dnd",       [NJ_SHOW_XA] = "xa",
    [NJ_SHOW_AWAY] = "away",       [NJ_SHOW_ONLINE] = "online", [NJ_SHOW_CHAT] = "chat",
};

static const char *const subscription_names[] = {
    [NJ_SUB_NONE] = "none",
    [NJ_SUB_TO] = "to",
    [NJ_SUB_FROM] = "from",
    [NJ_SUB_BOTH] = "both",
};

/* Returns the index of a word; -1: it is NULL or not in the list. */
static int
find_word(const char *const *words, guint count, const char *word)
{
    for (guint i = 0; word && i < count; i++)
        if (strcmp(words[i], word) == 0)
            return (int) i;
    return -1;
}

const char *
nj_show_name(NjShow show)
{
    return show_names[show];
}

bool
nj_show_parse(const char *word, NjShow *show)
{
    int found = find_word(show_names, G_N_ELEMENTS(show_names), word);
    if (found >= 0)
        *show = (NjShow) found;
    return found >= 0;
}

const char *
nj_subscription_name(NjSubscription subscription)
{
    return subscription_names[subscription];
}

bool
nj_subscription_parse(const char *word, NjSubscription *subscription)
{
    int found = find_word(subscription_names, G_N_ELEMENTS(subscription_names), word);
    if (found >= 0)
        *subscription = (NjSubscription) found;
    return found >= 0;
}

/* --- roster and store --- */

static NjStoredItem *
make_item(const NjContact *contact, bool removed)
{
    NjStoredItem *item = g_new0(NjStoredItem, 1);
    item->address = g_strdup(contact->address);
    item->name = g_strdup(contact->name);
    item->subscription = g_strdup(removed ? "remove" : nj_subscription_name(contact->subscription));
    item->groups = g_strjoinv("\n", contact->wire_groups);
    item->ask = contact->ask;
    item->approved = contact->approved;
    return item;
}

static void
free_item(void *item)
{
    nj_stored_item_free(item);
}

/* Stores one contact, or its removal, with the version; contact NULL: only the version. A roster
 * without a version is not stored, because it is of no use at the next login. */
static void
save_one(NjRoster *roster, const NjContact *contact, bool removed)
{
    NjStore *store = client_of(roster)->store;
    if (!store || !roster->account->row || !roster->version)
        return;
    if (roster->in_round || roster->loading)
        return;
    GPtrArray *items = g_ptr_array_new_with_free_func(free_item);
    if (contact)
        g_ptr_array_add(items, make_item(contact, removed));
    nj_store_set_roster(store, roster->account->row, roster->version, items, false);
}

/* Stores the whole roster; without a version it empties the stored one. */
static void
save_all(NjRoster *roster)
{
    NjStore *store = client_of(roster)->store;
    if (!store || !roster->account->row)
        return;

    GPtrArray *items =
        g_ptr_array_new_full(roster->version ? nj_roster_length(roster) : 0, free_item);
    GHashTableIter iter;
    void *contact;
    g_hash_table_iter_init(&iter, roster->contacts);
    while (roster->version && g_hash_table_iter_next(&iter, NULL, &contact))
        g_ptr_array_add(items, make_item(contact, false));

    nj_store_set_roster(store, roster->account->row, roster->version, items, true);
}

NjRoster *
nj_roster_new(NjAccount *account)
{
    NjRoster *roster = g_new0(NjRoster, 1);
    roster->account = account;
    roster->contacts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_contact);
    roster->requests = g_ptr_array_new();
    return roster;
}

static void
free_request(NjRequest *request)
{
    g_free(request->address);
    g_free(request->text);
    g_free(request);
}

void
nj_roster_free(NjRoster *roster)
{
    if (!roster)
        return;
    for (guint i = 0; i < roster->requests->len; i++)
        free_request(g_ptr_array_index(roster->requests, i));
    g_ptr_array_unref(roster->requests);
    g_hash_table_unref(roster->contacts);
    g_free(roster->version);
    g_free(roster);
}

NjContact *
nj_roster_find(NjRoster *roster, const char *address)
{
    const char *slash = strchr(address, '/');
    if (!slash)
        return g_hash_table_lookup(roster->contacts, address);

    char bare[2048];
    gsize length = (gsize) (slash - address);
    if (length >= sizeof bare) /* longer than any valid address */
        return NULL;

    memcpy(bare, address, length);
    bare[length] = '\0';
    return g_hash_table_lookup(roster->contacts, bare);
}

guint
nj_roster_length(const NjRoster *roster)
{
    return g_hash_table_size(roster->contacts);
}

void
nj_roster_each(NjRoster *roster, void (*func)(NjContact *contact, void *owner), void *owner)
{
    GHashTableIter iter;
    void *contact;
    g_hash_table_iter_init(&iter, roster->contacts);
    while (g_hash_table_iter_next(&iter, NULL, &contact))
        func(contact, owner);
}

const char *
nj_roster_version(const NjRoster *roster)
{
    return roster->version;
}

NjContact *
nj_roster_put(NjRoster *roster, const char *address, const char *name, NjSubscription subscription,
              bool ask, bool approved, const char *const *groups)
{
    NjContact *contact = nj_roster_find(roster, address);
    bool changed = !contact;

    if (!contact) {
        g_autofree char *bare = nj_jid_bare(address);
        contact = new_contact(roster, bare);
    }

    contact->round = roster->round;
    changed |= set_name(contact, name);
    changed |= set_groups(contact, groups);
    changed |= contact->subscription != subscription || contact->ask != ask
               || contact->approved != approved;
    contact->subscription = subscription;
    contact->ask = ask;
    contact->approved = approved;
    if (!changed)
        return contact;

    save_one(roster, contact, false);
    emit_contact_changed(roster, contact, nj_contact_show(contact));
    return contact;
}

static void
remove_contact(NjRoster *roster, NjContact *contact)
{
    g_hash_table_steal(roster->contacts, contact->address);
    save_one(roster, contact, true);
    nj_emit_contact_removed(client_of(roster)->bus, contact);
    free_contact(contact);
}

void
nj_roster_remove(NjRoster *roster, const char *address)
{
    NjContact *contact = nj_roster_find(roster, address);
    if (contact)
        remove_contact(roster, contact);
}

void
nj_roster_set_version(NjRoster *roster, const char *version)
{
    if (g_strcmp0(roster->version, version) == 0)
        return;
    g_free(roster->version);
    roster->version = g_strdup(version);
    save_one(roster, NULL, false);
}

void
nj_roster_begin(NjRoster *roster)
{
    roster->round++;
    roster->in_round = true;
    g_clear_pointer(&roster->version, g_free); /* the server may not send versions any more */
}

void
nj_roster_end(NjRoster *roster)
{
    g_autoptr(GPtrArray) gone = g_ptr_array_new();
    GHashTableIter iter;
    void *value;

    g_hash_table_iter_init(&iter, roster->contacts);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        NjContact *contact = value;
        if (contact->round != roster->round)
            g_ptr_array_add(gone, contact);
    }

    for (guint i = 0; i < gone->len; i++)
        remove_contact(roster, g_ptr_array_index(gone, i));
    roster->in_round = false;
    save_all(roster);
    nj_emit_roster_loaded(client_of(roster)->bus, roster->account);
}

void
nj_roster_load(NjRoster *roster)
{
    NjStore *store = client_of(roster)->store;
    bool is_filled = roster->round || roster->version || nj_roster_length(roster);
    if (!store || !roster->account->row || is_filled)
        return;

    g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func(free_item);
    g_autofree char *version = nj_store_read_roster(store, roster->account->row, items);
    if (!version)
        return;

    roster->loading = true;
    for (guint i = 0; i < items->len; i++) {
        const NjStoredItem *item = g_ptr_array_index(items, i);
        NjSubscription subscription = NJ_SUB_NONE;
        nj_subscription_parse(item->subscription, &subscription);
        g_auto(GStrv) groups = g_strsplit(item->groups ? item->groups : "", "\n", -1);
        nj_roster_put(roster, item->address, item->name, subscription, item->ask, item->approved,
                      (const char *const *) groups);
    }

    nj_roster_set_version(roster, version);
    roster->loading = false;
    nj_emit_roster_loaded(client_of(roster)->bus, roster->account);
}

/* --- received presence --- */

static void
remove_presences(NjRoster *roster, NjContact *contact, const char *resource)
{
    NjShow before = nj_contact_show(contact);
    NjPresence *presence = find_presence(contact, resource);

    /* A presence from the bare address means that all resources are offline. */
    if (!*resource && contact->presences->len)
        g_ptr_array_set_size(contact->presences, 0);
    else if (presence)
        g_ptr_array_remove(contact->presences, presence);
    else
        return;

    emit_contact_changed(roster, contact, before);
}

static bool
is_same_presence(const NjPresence *presence, NjShow show, gint8 priority, const char *status)
{
    return presence->show == show && presence->priority == priority
           && g_strcmp0(presence->status, status) == 0;
}

NjContact *
nj_roster_presence(NjRoster *roster, const char *full, NjShow show, gint8 priority,
                   const char *status)
{
    NjContact *contact =
        nj_account_is_own(roster->account, full) ? NULL : nj_roster_find(roster, full);
    if (!contact)
        return NULL;

    const char *resource = nj_jid_resource(full);
    if (!resource)
        resource = "";

    if (show == NJ_SHOW_OFFLINE) {
        remove_presences(roster, contact, resource);
        return contact;
    }

    g_autofree char *line = status && *status ? nj_text_line(status, -1, 0) : NULL;
    if (line && !*line)
        g_clear_pointer(&line, g_free);

    NjShow before = nj_contact_show(contact);
    NjPresence *presence = find_presence(contact, resource);
    if (presence && is_same_presence(presence, show, priority, line))
        return contact;

    if (!presence) {
        if (contact->presences->len >= MAX_RESOURCES)
            return contact;
        presence = g_new0(NjPresence, 1);
        presence->resource = g_strdup(resource);
        g_ptr_array_add(contact->presences, presence);
    }

    presence->show = show;
    presence->priority = priority;
    g_free(presence->status);
    presence->status = g_steal_pointer(&line);
    presence->since = nj_clock_wall_ms();
    if (contact->presences->len > 1) /* they must stay sorted */
        g_ptr_array_sort(contact->presences, compare_presences);

    emit_contact_changed(roster, contact, before);
    return contact;
}

/* Replaces an interned string; text may be NULL. */
static void
set_interned(char **place, const char *text)
{
    if (g_strcmp0(*place, text) == 0)
        return;
    g_clear_pointer(place, g_ref_string_release);
    if (text)
        *place = g_ref_string_new_intern(text);
}

static NjPresence *
find_presence_of(NjRoster *roster, const char *full)
{
    NjContact *contact = nj_roster_find(roster, full);
    const char *resource = nj_jid_resource(full);
    return contact ? find_presence(contact, resource ? resource : "") : NULL;
}

void
nj_roster_set_idle(NjRoster *roster, const char *full, gint64 since)
{
    NjPresence *presence = find_presence_of(roster, full);
    if (presence)
        presence->idle = since;
}

void
nj_roster_set_caps(NjRoster *roster, const char *full, const char *node, const char *ver)
{
    NjPresence *presence = find_presence_of(roster, full);
    if (!presence)
        return;
    set_interned(&presence->caps_node, node);
    set_interned(&presence->caps_ver, ver);
}

void
nj_roster_offline(NjRoster *roster)
{
    g_autoptr(GPtrArray) online = g_ptr_array_new();
    GHashTableIter iter;
    void *contact;

    g_hash_table_iter_init(&iter, roster->contacts);
    while (g_hash_table_iter_next(&iter, NULL, &contact))
        if (((NjContact *) contact)->presences->len)
            g_ptr_array_add(online, contact);
    for (guint i = 0; i < online->len; i++)
        remove_presences(roster, g_ptr_array_index(online, i), "");
}

/* --- requests of strangers --- */

const GPtrArray *
nj_roster_requests(const NjRoster *roster)
{
    return roster->requests;
}

NjRequest *
nj_roster_request(NjRoster *roster, const char *address)
{
    for (guint i = 0; i < roster->requests->len; i++) {
        NjRequest *request = g_ptr_array_index(roster->requests, i);
        if (strcmp(request->address, address) == 0)
            return request;
    }
    return NULL;
}

NjRequest *
nj_roster_restore_request(NjRoster *roster, const char *address, guint messages, gint64 time)
{
    if (roster->requests->len >= NJ_MAX_REQUESTS || nj_roster_request(roster, address))
        return NULL;
    NjRequest *request = g_new0(NjRequest, 1);
    request->address = g_strdup(address);
    request->messages = messages;
    request->time = time;
    g_ptr_array_add(roster->requests, request);
    return request;
}

NjRequest *
nj_roster_note_request(NjRoster *roster, const char *address, bool asks, const char *text,
                       bool message)
{
    NjRequest *request = nj_roster_request(roster, address);
    if (!request)
        request = nj_roster_restore_request(roster, address, 0, nj_clock_wall_ms());
    if (!request || (message && request->messages >= NJ_MAX_REQUEST_MESSAGES))
        return NULL;

    request->asks |= asks;
    request->messages += message;
    if (!request->text && text && *text)
        request->text = nj_text_line(text, (gssize) strcspn(text, "\n"), 0);

    nj_emit_request_changed(client_of(roster)->bus, roster->account);
    return request;
}

void
nj_roster_drop_request(NjRoster *roster, const char *address)
{
    NjRequest *request = nj_roster_request(roster, address);
    if (!request)
        return;
    g_ptr_array_remove(roster->requests, request);
    free_request(request);
    nj_emit_request_changed(client_of(roster)->bus, roster->account);
}
