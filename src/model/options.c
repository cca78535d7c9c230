/* The values of natterjackrc: options, accounts, keys, aliases. model/rc.c reads and edits the
 * sections and pairs of the file; this file checks them against the rows of options-table.c. A
 * change is written to the file first, and takes effect only when that succeeds. */
#include "model/options.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/files.h"
#include "model/jid.h"
#include "model/rc.h"

#define MAX_FILE (4 * 1024 * 1024)
#define MAX_FAULTS 100 /* a binary file named natterjackrc by mistake has thousands */

/* The current value of an option. */
typedef struct {
    const NjOption *row;
    char *text;
    gint64 number; /* BOOL, INT */
} Value;

struct NjOptions {
    char *path; /* NULL: `memory` replaces the file */
    GString *memory;
    bool loaded; /* nj_options_load() has succeeded */
    NjTable *table;
    GHashTable *values;    /* name -> Value */
    GHashTable *overrides; /* name -> text, for this run */
    NjRc *rc;              /* the file as read, with our changes */
    GPtrArray *unreadable; /* of NjFault: lines that rc.c could not read */
    GPtrArray *faults;     /* of NjFault: these, and the faults of sections and values */
    GPtrArray *accounts;   /* of NjAccountSettings */
};

/* --- faults and errors --- */

/* Sets an error and returns false. */
G_GNUC_PRINTF(2, 3) static bool refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error)
        *error = g_error_new_valist(g_quark_from_static_string("nj-options"), 0, format, arguments);
    va_end(arguments);
    return false;
}

static void
free_fault(gpointer data)
{
    NjFault *fault = data;
    g_free(fault->text);
    g_free(fault);
}

static void
add_fault(GPtrArray *faults, int line, const char *sentence)
{
    if (faults->len >= MAX_FAULTS)
        return;
    NjFault *fault = g_new(NjFault, 1);
    fault->line = line;
    fault->text = g_strdup(sentence);
    g_ptr_array_add(faults, fault);
}

static void
on_unreadable(int line, const char *sentence, void *owner)
{
    NjOptions *options = owner;
    add_fault(options->unreadable, line, sentence);
}

static gint
compare_lines(gconstpointer a, gconstpointer b)
{
    const NjFault *const *one = a, *const *two = b;
    return (*one)->line - (*two)->line;
}

/* --- values --- */

static bool
read_bool(const char *text, gint64 *number)
{
    /* Words of false and true in turn. */
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(text, words[i]) == 0) {
            *number = i % 2;
            return true;
        }
    return false;
}

static bool
has_control(const char *text)
{
    for (; *text; text++)
        if (g_ascii_iscntrl(*text))
            return true;
    return false;
}

/* Parses a value. Sets *number to the value of a BOOL or INT or to the index of a CHOICE, and
 * *canonical, which the caller owns, to the value in its usual spelling. */
static bool
read_value(const NjOption *row, const char *text, char **canonical, gint64 *number, GError **error)
{
    *number = 0;
    switch (row->kind) {
    case NJ_OPTION_BOOL:
        if (!read_bool(text, number))
            return refuse(error, _("“%s” must be true or false, not “%s”."), row->name, text);
        *canonical = g_strdup(*number ? "true" : "false");
        return true;
    case NJ_OPTION_INT:
        if (!g_ascii_string_to_signed(text, 10, row->low, row->high, number, NULL))
            return refuse(error, _("“%s” must be a whole number from %lld to %lld, not “%s”."),
                          row->name, (long long) row->low, (long long) row->high, text);
        *canonical = g_strdup_printf("%lld", (long long) *number);
        return true;
    case NJ_OPTION_CHOICE:
        for (gsize i = 0; i < G_N_ELEMENTS(row->choices) && row->choices[i]; i++)
            if (strcmp(row->choices[i], text) == 0) {
                *number = (gint64) i;
                *canonical = g_strdup(text);
                return true;
            }
        break;
    case NJ_OPTION_TEXT:
    case NJ_OPTION_PATH:
        if (!g_utf8_validate(text, -1, NULL) || has_control(text))
            return refuse(error,
                          _("“%s” must be one line of UTF-8 text without control characters."),
                          row->name);
        *canonical = row->kind == NJ_OPTION_PATH ? nj_files_expand(text) : g_strdup(text);
        return true;
    }

    g_autoptr(GString) choices = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(row->choices) && row->choices[i]; i++)
        g_string_append_printf(choices, "%s%s", i ? ", " : "", row->choices[i]);
    return refuse(error, _("“%s” must be one of %s, not “%s”."), row->name, choices->str, text);
}

static void
free_value(gpointer data)
{
    Value *value = data;
    g_free(value->text);
    g_free(value);
}

static const Value *
find_value(const NjOptions *options, const char *name)
{
    const Value *value = g_hash_table_lookup(options->values, name);
    if (!value)
        g_error("there is no option \"%s\"", name);
    return value;
}

static bool
set_value(Value *value, const char *text, GError **error)
{
    char *canonical = NULL;
    gint64 number;
    if (!read_value(value->row, text, &canonical, &number, error))
        return false;
    g_free(value->text);
    value->text = canonical;
    value->number = number;
    return true;
}

/* Sets the value of an option to its override; without one to the value in the file; if that is
 * missing or bad, to the default value. A bad value in the file is a fault at that line. */
static void
choose_value(NjOptions *options, Value *value, int line)
{
    g_autoptr(GError) error = NULL;
    const char *override = g_hash_table_lookup(options->overrides, value->row->name);
    const char *text = nj_rc_value(nj_rc_section(options->rc, "options"), value->row->name);
    const bool good = text && set_value(value, text, &error);

    if (text && !good)
        add_fault(options->faults, line, error->message);
    if (override)
        set_value(value, override, NULL);
    else if (!good)
        set_value(value, value->row->default_value, NULL);
}

/* --- accounts --- */

/* The member of settings in which a TEXT or PATH key is stored. */
#define TEXT_AT(settings, key) (*(char **) ((char *) (settings) + (key)->offset))

void
nj_account_settings_free(NjAccountSettings *settings)
{
    if (!settings)
        return;

    if (settings->password)
        explicit_bzero(settings->password, strlen(settings->password));
    for (const NjAccountKey *key = nj_account_keys; key->name; key++)
        if (key->kind == NJ_OPTION_TEXT || key->kind == NJ_OPTION_PATH)
            g_free(TEXT_AT(settings, key));

    g_free(settings->name);
    g_free(settings);
}

NjAccountSettings *
nj_account_settings_copy(const NjAccountSettings *settings)
{
    NjAccountSettings *copy = g_new(NjAccountSettings, 1);
    *copy = *settings;
    for (const NjAccountKey *key = nj_account_keys; key->name; key++)
        if (key->kind == NJ_OPTION_TEXT || key->kind == NJ_OPTION_PATH)
            TEXT_AT(copy, key) = g_strdup(TEXT_AT(settings, key));
    copy->name = g_strdup(settings->name);
    return copy;
}

const NjAccountKey *
nj_account_key(const char *name)
{
    for (const NjAccountKey *key = nj_account_keys; key->name; key++)
        if (strcmp(key->name, name) == 0)
            return key;
    return NULL;
}

/* Sets the bare address. If it was typed with a resource, that becomes the resource, unless the key
 * `resource` has been read already. */
static bool
set_address(NjAccountSettings *settings, const char *typed, GError **error)
{
    g_autofree char *address = nj_jid_prepare(typed, error);
    if (!address)
        return false;

    g_autofree char *local = nj_jid_local(address);
    if (!local)
        return refuse(error,
                      _("The address of an account has a name before its “@”, like "
                        "toad@example.org; “%s” has no name."),
                      typed);
    if (!settings->resource)
        settings->resource = g_strdup(nj_jid_resource(address));

    g_free(settings->address);
    settings->address = nj_jid_bare(address);
    return true;
}

/* Checks the value of a key and sets the member of settings. */
static bool
set_key(NjAccountSettings *settings, const char *name, const char *text, GError **error)
{
    const NjAccountKey *key = nj_account_key(name);
    if (!key)
        return refuse(error, _("An account has no key “%s”; natterjackrc(5) lists the keys."),
                      name);
    if (key->offset == offsetof(NjAccountSettings, address))
        return set_address(settings, text, error);

    NjOption row = { .name = key->name, .kind = key->kind, .low = key->low, .high = key->high };
    g_auto(GStrv) choices = key->kind == NJ_OPTION_CHOICE
                                ? g_strsplit(key->values, "|", G_N_ELEMENTS(row.choices))
                                : NULL;
    for (gsize i = 0; choices && choices[i]; i++)
        row.choices[i] = choices[i];

    g_autofree char *canonical = NULL;
    gint64 number;
    if (!read_value(&row, text, &canonical, &number, error))
        return false;

    if (key->kind == NJ_OPTION_BOOL) {
        *(bool *) ((char *) settings + key->offset) = number;
    } else if (key->kind == NJ_OPTION_INT || key->kind == NJ_OPTION_CHOICE) {
        *(int *) ((char *) settings + key->offset) = (int) number;
    } else {
        const bool is_name = key->offset == offsetof(NjAccountSettings, resource)
                             || key->offset == offsetof(NjAccountSettings, nick);
        char *value =
            is_name ? nj_jid_prepare_resource(canonical, error) : g_steal_pointer(&canonical);
        if (!value)
            return false;
        g_free(TEXT_AT(settings, key));
        TEXT_AT(settings, key) = value;
    }

    return true;
}

G_STATIC_ASSERT(sizeof(((NjAccountSettings *) NULL)->tls) == sizeof(int));

static bool
is_account_name(const char *name)
{
    if (!*name || strpbrk(name, " \t:/@\"[]"))
        return false;
    return !has_control(name) && g_utf8_validate(name, -1, NULL);
}

static char *
account_section(const char *account)
{
    return g_strconcat("account ", account, NULL);
}

/* Reads the section of an account and adds its faults; returns NULL if it has no valid name or
 * address. */
static NjAccountSettings *
read_account(const NjRcSection *section, GPtrArray *faults)
{
    const char *name = section->name + strlen("account ");
    if (!is_account_name(name)) {
        add_fault(faults, section->line,
                  _("The name of an account must be one word without “:”, “/”, “@” or quotes, like "
                    "[account home]."));
        return NULL;
    }

    NjAccountSettings *settings = g_new0(NjAccountSettings, 1);
    bool address_is_bad = false;
    settings->name = g_strdup(name);
    settings->autoconnect = true;

    for (guint i = 0; i < section->pairs->len; i++) {
        const NjRcPair *pair = section->pairs->pdata[i];
        g_autoptr(GError) error = NULL;
        if (!*pair->value || set_key(settings, pair->key, pair->value, &error))
            continue;
        add_fault(faults, pair->line, error->message);
        address_is_bad |= strcmp(pair->key, "address") == 0;
    }

    if (settings->address)
        return settings;

    if (!address_is_bad)
        add_fault(faults, section->line,
                  _("The account has no address; add a line like address = toad@example.org."));
    nj_account_settings_free(settings);

    return NULL;
}

/* --- checks of the whole file --- */

static void
check_options(NjOptions *options)
{
    const NjRcSection *section = nj_rc_section(options->rc, "options");
    for (guint i = 0; section && i < section->pairs->len; i++) {
        const NjRcPair *pair = section->pairs->pdata[i];
        if (nj_table_find(options->table, pair->key))
            continue;
        g_autofree char *sentence =
            g_strdup_printf(_("There is no option “%s”; /set lists all options."), pair->key);
        add_fault(options->faults, pair->line, sentence);
    }

    for (guint i = 0; i < nj_table_length(options->table); i++) {
        const NjOption *row = nj_table_at(options->table, i);
        const NjRcPair *pair = section ? g_hash_table_lookup(section->by_key, row->name) : NULL;
        choose_value(options, g_hash_table_lookup(options->values, row->name),
                     pair ? pair->line : 0);
    }
}

static const NjAccountSettings *
find_account(const NjOptions *options, const char *address)
{
    for (guint i = 0; i < options->accounts->len; i++) {
        const NjAccountSettings *settings = options->accounts->pdata[i];
        if (strcmp(settings->address, address) == 0)
            return settings;
    }
    return NULL;
}

/* Takes ownership of settings; drops them if another account has the same address. The store finds
 * accounts by their address: the two would share one history. */
static void
add_account(NjOptions *options, NjAccountSettings *settings, const NjRcSection *section)
{
    const NjAccountSettings *same = find_account(options, settings->address);
    if (!same) {
        g_ptr_array_add(options->accounts, settings);
        return;
    }

    const NjRcPair *pair = g_hash_table_lookup(section->by_key, "address");
    g_autofree char *sentence =
        g_strdup_printf(_("The account %s is ignored: it has the same address as the account %s."),
                        settings->name, same->name);
    add_fault(options->faults, pair->line, sentence);
    nj_account_settings_free(settings);
}

static void
check_sections(NjOptions *options)
{
    g_ptr_array_set_size(options->accounts, 0);
    for (guint i = 0; i < options->rc->sections->len; i++) {
        const NjRcSection *section = options->rc->sections->pdata[i];
        if (g_str_has_prefix(section->name, "account ")) {
            NjAccountSettings *settings = read_account(section, options->faults);
            if (settings)
                add_account(options, settings, section);
        } else if (!g_strv_contains((const char *const[]){ "options", "keys", "aliases", NULL },
                                    section->name)) {
            g_autofree char *sentence = g_strdup_printf(
                _("The section [%s] is unknown; it is ignored and kept."), section->name);
            add_fault(options->faults, section->line, sentence);
        }
    }
}

/* True if other users have any permission on the file. */
static bool
is_open_to_others(const NjOptions *options)
{
    struct stat info;
    return options->path && stat(options->path, &info) == 0 && (info.st_mode & 077);
}

static void
check_mode(NjOptions *options)
{
    bool has_password = false;

    for (guint i = 0; i < options->accounts->len; i++) {
        const NjAccountSettings *settings = options->accounts->pdata[i];
        if (settings->password)
            has_password = true;
    }
    if (!has_password || !is_open_to_others(options))
        return;

    g_autofree char *sentence = g_strdup_printf(
        _("Other users can read this file and the password in it; run: chmod 600 %s"),
        options->path);
    add_fault(options->faults, 0, sentence);
}

static void
check_all(NjOptions *options)
{
    g_ptr_array_set_size(options->faults, 0);
    for (guint i = 0; i < options->unreadable->len; i++) {
        const NjFault *fault = options->unreadable->pdata[i];
        NjFault *copy = g_new(NjFault, 1);
        *copy = (NjFault){ fault->line, g_strdup(fault->text) };
        g_ptr_array_add(options->faults, copy);
    }

    check_options(options);
    check_sections(options);
    check_mode(options);
    g_ptr_array_sort(options->faults, compare_lines);
}

/* --- file --- */

NjOptions *
nj_options_new(const char *path)
{
    NjOptions *options = g_new0(NjOptions, 1);
    options->path = g_strdup(path);
    options->memory = g_string_new(NULL);
    options->table = nj_table_new();
    options->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_value);
    options->overrides = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    options->rc = nj_rc_new();
    options->unreadable = g_ptr_array_new_with_free_func(free_fault);
    options->faults = g_ptr_array_new_with_free_func(free_fault);
    options->accounts = g_ptr_array_new_with_free_func((GDestroyNotify) nj_account_settings_free);
    nj_options_add_rows(options, nj_options_core);
    return options;
}

void
nj_options_free(NjOptions *options)
{
    if (!options)
        return;

    g_ptr_array_unref(options->accounts);
    g_ptr_array_unref(options->faults);
    g_ptr_array_unref(options->unreadable);
    nj_rc_free(options->rc);
    g_hash_table_unref(options->overrides);
    g_hash_table_unref(options->values);
    nj_table_free(options->table);
    g_string_free(options->memory, TRUE);
    g_free(options->path);

    g_free(options);
}

void
nj_options_add_rows(NjOptions *options, const NjOption *rows)
{
    for (const NjOption *row = rows; row->name; row++) {
        if (!nj_table_add(options->table, row))
            continue;
        Value *value = g_new0(Value, 1);
        value->row = row;
        g_hash_table_insert(options->values, (gpointer) row->name, value);
        set_value(value, row->default_value, NULL);
    }

    if (options->loaded)
        check_all(options);
}

void
nj_options_set_memory(NjOptions *options, const char *text, gsize length)
{
    g_string_truncate(options->memory, 0);
    g_string_append_len(options->memory, text, (gssize) length);
}

const GString *
nj_options_memory(const NjOptions *options)
{
    return options->memory;
}

/* Reads the file, or `memory` if there is no path. A missing file counts as empty. */
static bool
read_file(const NjOptions *options, char **text, gsize *length, GError **error)
{
    g_autoptr(GError) problem = NULL;
    if (!options->path) {
        *length = options->memory->len;
        *text = g_malloc(*length + 1);
        memcpy(*text, options->memory->str, *length + 1);
        return true;
    }

    if (nj_files_read(options->path, MAX_FILE, text, length, &problem))
        return true;

    if (g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        *text = g_strdup("");
        *length = 0;
        return true;
    }

    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool
write_file(NjOptions *options, const GString *text, GError **error)
{
    if (!options->path) {
        nj_options_set_memory(options, text->str, text->len);
        return true;
    }
    g_autofree char *folder = g_path_get_dirname(options->path);
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR) && !nj_files_ensure_dir(folder, error))
        return false;
    return nj_files_replace(options->path, text->str, text->len, error);
}

bool
nj_options_load(NjOptions *options, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!read_file(options, &text, &length, error))
        return false;

    g_ptr_array_set_size(options->unreadable, 0);
    nj_rc_free(options->rc);
    options->rc = nj_rc_parse(text, length, on_unreadable, options);
    options->loaded = true;
    check_all(options);

    return true;
}

/* Reads the file again, saves a pair in it, and sets the pair in `rc`; value NULL removes the pair.
 * If the file cannot be written, nothing changes. */
static bool
save_pair(NjOptions *options, const char *section, const char *key, const char *value,
          GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (value && !nj_rc_can_write(section, key, value))
        return refuse(error,
                      _("“%s = %s” cannot be written to natterjackrc: a value must be one line "
                        "without spaces at its ends."),
                      key, value);
    if (!read_file(options, &text, &length, error))
        return false;

    GString *edited = nj_rc_edit(text, length, section, key, value);
    const bool saved = write_file(options, edited, error);
    g_string_free(edited, TRUE);
    if (saved)
        nj_rc_put(options->rc, section, key, value);

    return saved;
}

const GPtrArray *
nj_options_faults(const NjOptions *options)
{
    return options->faults;
}

const NjTable *
nj_options_table(const NjOptions *options)
{
    return options->table;
}

bool
nj_options_bool(const NjOptions *options, const char *name)
{
    return find_value(options, name)->number;
}

gint64
nj_options_int(const NjOptions *options, const char *name)
{
    return find_value(options, name)->number;
}

const char *
nj_options_text(const NjOptions *options, const char *name)
{
    return find_value(options, name)->text;
}

static const NjOption *
find_option(const NjOptions *options, const char *name, GError **error)
{
    const NjOption *row = nj_table_find(options->table, name);
    if (!row)
        refuse(error, _("There is no option “%s”; /set lists all options."), name);
    return row;
}

bool
nj_options_set(NjOptions *options, const char *name, const char *value, GError **error)
{
    const NjOption *row = find_option(options, name, error);
    g_autofree char *canonical = NULL;
    gint64 number;

    if (!row || (value && !read_value(row, value, &canonical, &number, error)))
        return false;
    if (!save_pair(options, "options", name, value, error))
        return false;

    g_hash_table_remove(options->overrides, name);
    return set_value(g_hash_table_lookup(options->values, name), value ? value : row->default_value,
                     error);
}

bool
nj_options_override(NjOptions *options, const char *name, const char *value, GError **error)
{
    if (!find_option(options, name, error)
        || !set_value(g_hash_table_lookup(options->values, name), value, error))
        return false;
    g_hash_table_insert(options->overrides, g_strdup(name), g_strdup(value));
    return true;
}

const GPtrArray *
nj_options_accounts(const NjOptions *options)
{
    return options->accounts;
}

/* Reads the accounts from `rc` again. The faults that this finds are dropped, because they were
 * reported when the file was read. */
static void
refresh_accounts(NjOptions *options)
{
    g_autoptr(GPtrArray) dropped = g_ptr_array_new_with_free_func(free_fault);
    GPtrArray *faults = options->faults;
    options->faults = dropped;
    check_sections(options);
    options->faults = faults;
}

/* Makes the file readable only for its owner. Called before a password is written to it. */
static void
protect_file(const NjOptions *options)
{
    if (is_open_to_others(options) && chmod(options->path, 0600) != 0)
        g_warning("other users can read natterjackrc, and chmod failed: %s", g_strerror(errno));
}

bool
nj_options_account_set(NjOptions *options, const char *account, const char *key, const char *value,
                       GError **error)
{
    if (!is_account_name(account))
        return refuse(
            error,
            _("The name of an account must be one word without “:”, “/”, “@” or quotes, not “%s”."),
            account);

    NjAccountSettings *trial = g_new0(NjAccountSettings, 1);
    const bool good = value ? set_key(trial, key, value, error) : nj_account_key(key) != NULL;
    const NjAccountSettings *same =
        good && trial->address ? find_account(options, trial->address) : NULL;
    nj_account_settings_free(trial);
    if (!good && !value)
        return refuse(error, _("An account has no key “%s”; natterjackrc(5) lists the keys."), key);
    if (same && strcmp(same->name, account) != 0)
        return refuse(error,
                      _("The account %s has this address already; two accounts must not have the "
                        "same address."),
                      same->name);

    g_autofree char *section = account_section(account);
    if (!good)
        return false;

    if (value && strcmp(key, "password") == 0)
        protect_file(options);
    if (!save_pair(options, section, key, value, error))
        return false;

    refresh_accounts(options);
    return true;
}

const NjAccountSettings *
nj_options_account(const NjOptions *options, const char *name)
{
    for (guint i = 0; i < options->accounts->len; i++) {
        const NjAccountSettings *settings = options->accounts->pdata[i];
        if (strcmp(settings->name, name) == 0)
            return settings;
    }
    return NULL;
}

/* Reads the file again and renames a section in it; name NULL removes the section. */
static bool
edit_section(NjOptions *options, const char *section, const char *name, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!read_file(options, &text, &length, error))
        return false;

    GString *edited = name ? nj_rc_edit_rename(text, length, section, name)
                           : nj_rc_edit_drop(text, length, section);
    const bool saved = write_file(options, edited, error);
    g_string_free(edited, TRUE);

    return saved;
}

bool
nj_options_account_remove(NjOptions *options, const char *account, GError **error)
{
    g_autofree char *section = account_section(account);
    if (!nj_rc_section(options->rc, section))
        return refuse(error, _("There is no account “%s”; /account list shows all accounts."),
                      account);
    if (!edit_section(options, section, NULL, error))
        return false;

    nj_rc_drop(options->rc, section);
    refresh_accounts(options);
    return true;
}

bool
nj_options_account_rename(NjOptions *options, const char *account, const char *name, GError **error)
{
    g_autofree char *section = account_section(account), *renamed = account_section(name);
    if (!nj_rc_section(options->rc, section))
        return refuse(error, _("There is no account “%s”; /account list shows all accounts."),
                      account);
    if (!is_account_name(name))
        return refuse(
            error,
            _("The name of an account must be one word without “:”, “/”, “@” or quotes, not “%s”."),
            name);
    if (nj_rc_section(options->rc, renamed))
        return refuse(error, _("There is an account “%s” already."), name);
    if (!edit_section(options, section, renamed, error))
        return false;

    nj_rc_rename(options->rc, section, renamed);
    refresh_accounts(options);
    return true;
}

void
nj_options_pairs(const NjOptions *options, const char *section, NjPairFunc func, void *owner)
{
    const NjRcSection *found = nj_rc_section(options->rc, section);
    for (guint i = 0; found && i < found->pairs->len; i++) {
        const NjRcPair *pair = found->pairs->pdata[i];
        func(pair->key, pair->value, owner);
    }
}

bool
nj_options_set_pair(NjOptions *options, const char *section, const char *key, const char *value,
                    GError **error)
{
    return save_pair(options, section, key, value, error);
}
