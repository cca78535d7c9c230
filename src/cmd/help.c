/* /help and --dump, derived from the rows. A dump has a line for each row; its fields are separated
 * by tabs, and the first is the name. Scripts read dumps, so new fields go to the end of a line. */
#include "cmd/help.h"

#include <string.h>

#include "base/text.h"
#include "cmd/call.h"
#include "ui/lines.h"
#include "ui/theme.h"

/* The help text that is being written. */
typedef struct {
    NjCmd *cmd;
    GString *out;
    int columns; /* width of its lines */
} Page;

/* Adds text wrapped at the page's width. first: the cells that the current line already has;
 * indent: the cells to leave free before the other rows. */
static void
add_wrapped(Page *page, const char *text, int indent, int first)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    nj_text_wrap(text, page->columns - first, page->columns - indent, rows);
    for (guint i = 0; i < rows->len; i++) {
        const NjTextRow *row = &g_array_index(rows, NjTextRow, i);
        if (i)
            g_string_append_printf(page->out, "%*s", indent, "");
        g_string_append_len(page->out, text + row->start, row->length);
        g_string_append_c(page->out, '\n');
    }
}

/* Adds "  name      summary" with the summary at a column; below the name if that is too long. */
static void
add_entry(Page *page, const char *name, int column, const char *summary)
{
    int width = nj_text_width(name, -1) + 2;
    column = MIN(column, page->columns * 4 / 9);
    g_string_append(page->out, "  ");

    if (width + 1 < column) {
        g_string_append(page->out, name);
    } else {
        add_wrapped(page, name, 6, 2);
        width = 0;
    }

    g_string_append_printf(page->out, "%*s", column - width, "");
    add_wrapped(page, summary, column, column);
}

/* The page of /help without a topic: the names of all commands by topic. It fits on one screen. */
static void
write_overview(Page *page)
{
    add_wrapped(
        page,
        _("A line that starts with a slash is a command; any other line is sent to the chat in "
          "front. TAB completes, F1 shows this page."),
        0, 0);

    for (guint i = 0; i < page->cmd->topics->len; i++) {
        const NjTopic *topic = page->cmd->topics->pdata[i];
        if (!topic->commands || !topic->commands[0])
            continue;
        g_autoptr(GString) names = g_string_new(NULL);
        for (const NjCommand *const *row = topic->commands; *row; row++)
            if (!(*row)->parent)
                g_string_append_printf(names, "%s/%s", names->len ? " " : "", (*row)->name);
        add_entry(page, topic->name, 12, names->str);
    }

    add_wrapped(
        page,
        _("/help NAME explains a command, an option or a topic, as in /help rooms or /help account "
          "add. /help keys, /help options and /help aliases list those; /help marks explains the "
          "signs beside your messages."),
        0, 0);
}

static void
write_topic(Page *page, const NjTopic *topic)
{
    g_string_append_printf(page->out, "%s\n", _(topic->summary));
    for (const NjCommand *const *row = topic->commands; row && *row; row++) {
        if ((*row)->parent)
            continue;
        g_autofree char *usage = nj_cmd_usage(page->cmd, *row);
        add_entry(page, usage, 30, _((*row)->summary));
    }

    for (const NjKeyRow *row = topic->keys; row && row->key; row++)
        add_entry(page, row->key, 30, _(row->summary));
}

/* The aliases of one row. */
typedef struct {
    NjCmd *cmd;
    const NjCommand *row;
    GString *out;
    guint count;
} AliasList;

static void
add_alias_of(const char *name, const char *line, const char *habit, void *owner)
{
    (void) habit;
    AliasList *list = owner;
    NjLine parts = { 0 };
    const NjCommand *command = NULL;

    if (nj_parse_line(line, &parts, NULL) && parts.command)
        command = nj_table_find(list->cmd->table, parts.name);
    const NjCommand *row = command ? nj_cmd_pick_row(list->cmd, command, &parts.rest, NULL) : NULL;
    nj_line_clear(&parts);

    /* row is NULL if a sub-command must be typed behind the alias. */
    if ((row ? row : command) != list->row)
        return;
    g_string_append_printf(list->out, "%s/%s", list->count++ ? ", " : "", name);
}

/* Adds a parameter and the fixed words that it also takes. Those of a CHOICE are left out, because
 * the usage line shows them. */
static void
add_param(Page *page, const NjParam *param)
{
    const char *const *choices = param->choices;
    g_autofree char *summary = NULL;

    if (param->kind == NJ_PARAM_CHOICE || !choices[0]) {
        summary = g_strdup(_(param->summary));
    } else if (!choices[1]) {
        /* Translators: what a parameter takes, then the one fixed word that it takes, too. */
        summary = g_strdup_printf(_("%s; or %s"), _(param->summary), choices[0]);
    } else {
        g_autofree char *words = g_strjoinv(", ", (char **) choices);
        /* Translators: what a parameter takes, then the fixed words that it takes, too. */
        summary = g_strdup_printf(_("%s; or one of %s"), _(param->summary), words);
    }

    add_entry(page, param->name, 16, summary);
}

static void
add_subcommands(Page *page, const NjCommand *command)
{
    const GPtrArray *rows = nj_cmd_subcommands(page->cmd, command);
    for (guint i = 0; rows && i < rows->len; i++) {
        const NjCommand *row = rows->pdata[i];
        g_autofree char *usage = nj_parse_usage(row);
        add_entry(page, usage, 30, _(row->summary));
    }
}

static void
write_command(Page *page, const NjCommand *command)
{
    g_autofree char *usage = nj_cmd_usage(page->cmd, command);
    add_wrapped(page, usage, 4, 0);
    add_wrapped(page, _(command->summary), 0, 0);
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++)
        add_param(page, &command->params[i]);
    add_subcommands(page, command);

    if (command->details) {
        g_string_append_c(page->out, '\n');
        add_wrapped(page, _(command->details), 0, 0);
    }

    if (command->examples[0])
        g_string_append_printf(page->out, "\n%s\n", _("For example:"));
    for (guint i = 0; i < G_N_ELEMENTS(command->examples) && command->examples[i]; i++)
        g_string_append_printf(page->out, "  %s\n", command->examples[i]);

    g_autoptr(GString) aliases = g_string_new(NULL);
    AliasList list = { .cmd = page->cmd, .row = command, .out = aliases };
    nj_cmd_each_alias(page->cmd, add_alias_of, &list);

    if (list.count) {
        g_autofree char *line = g_strdup_printf(_("Also typed as %s."), aliases->str);
        add_wrapped(page, line, 0, 0);
    }
}

/* The values that an option takes: "true|false", "1…60"; empty if it takes any text. */
static char *
option_values(const NjOption *option)
{
    switch (option->kind) {
    case NJ_OPTION_BOOL:
        return g_strdup("true|false");
    case NJ_OPTION_INT:
        return g_strdup_printf("%" G_GINT64_FORMAT "…%" G_GINT64_FORMAT, option->low, option->high);
    case NJ_OPTION_CHOICE:
        return g_strjoinv("|", (char **) option->choices);
    default:
        return g_strdup("");
    }
}

static void
write_option(Page *page, const NjOption *option)
{
    g_autofree char *values = option_values(option);
    g_string_append_printf(page->out, "/set %s %s\n", option->name, *values ? values : "TEXT");
    add_wrapped(page, _(option->summary), 0, 0);

    const char *default_value = option->default_value ? option->default_value : "";
    const char *value = nj_options_text(page->cmd->client->options, option->name);
    g_autofree char *line = NULL;
    if (strcmp(value, default_value) != 0)
        line = g_strdup_printf(_("Its value is “%s”; the default is “%s”."), value, default_value);
    else if (*value)
        line = g_strdup_printf(_("Its value is “%s”, which is the default."), value);
    else
        line = g_strdup(_("Its value is empty, which is the default."));

    add_wrapped(page, line, 0, 0);
}

static void
write_options(Page *page)
{
    const NjTable *table = nj_options_table(page->cmd->client->options);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjOption *option = nj_table_at(table, i);
        add_entry(page, option->name, 26, _(option->summary));
    }
}

/* The summary of the shipped row that runs this line with this key; key NULL: with any key. Returns
 * NULL if there is none. */
static const char *
shipped_key_summary(NjCmd *cmd, const char *key, const char *line)
{
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        for (const NjKeyRow *row = topic->keys; row && row->key; row++)
            if (strcmp(row->line, line) == 0 && (!key || strcmp(row->key, key) == 0))
                return row->summary;
    }
    return NULL;
}

/* An entry of /help keys: keys with the same summary share one. */
typedef struct {
    const char *first, *last; /* names of keys */
    char *summary;
    guint count;
} KeyEntry;

static void
free_key_entry(void *data)
{
    g_free(((KeyEntry *) data)->summary);
    g_free(data);
}

typedef struct {
    NjCmd *cmd;
    GPtrArray *entries; /* of KeyEntry */
} KeyList;

static void
add_key(const char *name, const char *line, void *owner)
{
    KeyList *list = owner;
    const char *summary = shipped_key_summary(list->cmd, name, line);

    if (!summary)
        summary = shipped_key_summary(list->cmd, NULL, line);
    summary = summary ? _(summary) : line;

    for (guint i = 0; i < list->entries->len; i++) {
        KeyEntry *entry = list->entries->pdata[i];
        if (strcmp(entry->summary, summary) != 0)
            continue;
        entry->last = name;
        entry->count++;
        return;
    }

    KeyEntry *entry = g_new(KeyEntry, 1);
    *entry = (KeyEntry){ name, name, g_strdup(summary), 1 };
    g_ptr_array_add(list->entries, entry);
}

/* Calls func for all bound keys; without a screen for the shipped ones. */
static void
each_key(NjCmd *cmd, void (*func)(const char *name, const char *line, void *owner), void *owner)
{
    if (cmd->screen) {
        nj_keys_each(nj_screen_keys(cmd->screen), func, owner);
        return;
    }
    for (guint i = 0; i < cmd->topics->len; i++)
        for (const NjKeyRow *row = ((NjTopic *) cmd->topics->pdata[i])->keys; row && row->key;
             row++)
            func(row->key, row->line, owner);
}

/* Adds the keys of a context (not NJ_KEYS_GLOBAL). Keys with the same action share an entry. */
static void
write_context_keys(Page *page, NjKeyContext context)
{
    g_string_append_c(page->out, '\n');
    add_wrapped(page, _(nj_key_context_title(context)), 0, 0);

    for (const NjKeyRow *row = nj_key_rows; row->key; row++) {
        if (row->context != context)
            continue;
        g_autoptr(GString) names = g_string_new(row->key);
        for (; row[1].context == context && row[1].action == row->action; row++)
            g_string_append_printf(names, ", %s", row[1].key);
        add_entry(page, names->str, 20, _(row->summary));
    }
}

static void
write_keys(Page *page)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(free_key_entry);
    KeyList list = { page->cmd, entries };

    each_key(page->cmd, add_key, &list);
    for (guint i = 0; i < entries->len; i++) {
        const KeyEntry *entry = entries->pdata[i];
        const char *between = entry->count == 2 ? ", " : " … ";
        g_autofree char *names = entry->count == 1
                                     ? g_strdup(entry->first)
                                     : g_strconcat(entry->first, between, entry->last, NULL);
        add_entry(page, names, 20, entry->summary);
    }

    for (NjKeyContext context = NJ_KEYS_GLOBAL + 1; context < NJ_KEYS_N_CONTEXTS; context++)
        write_context_keys(page, context);

    g_string_append_c(page->out, '\n');
    add_wrapped(
        page,
        _("Alt-Enter starts a new line, TAB completes, Ctrl-r searches typed lines; all other keys "
          "are those of readline. ESC followed by a key is Alt with that key. /bind KEY COMMAND "
          "changes a key."),
        0, 0);
}

static void
write_marks(Page *page)
{
    static const NjMessageState states[] = { NJ_STATE_QUEUED,       NJ_STATE_SENT,
                                             NJ_STATE_ACKNOWLEDGED, NJ_STATE_DELIVERED,
                                             NJ_STATE_UNSURE,       NJ_STATE_FAILED };
    add_wrapped(page, _("The sign beside your name shows the state of a message that you sent:"), 0,
                0);

    for (guint i = 0; i < G_N_ELEMENTS(states); i++) {
        const NjMark *mark = &nj_marks[states[i]];
        add_entry(page, mark->sign ? mark->sign : " ", 6, _(mark->meaning));
    }
}

static void
add_alias(const char *name, const char *line, const char *habit, void *owner)
{
    g_autofree char *shown = g_strconcat("/", name, NULL);
    g_autofree char *summary = habit ? g_strdup_printf("%s  (%s)", line, habit) : g_strdup(line);
    add_entry(owner, shown, 16, summary);
}

static const NjTopic *
find_topic(NjCmd *cmd, const char *name)
{
    for (guint i = 0; i < cmd->topics->len; i++)
        if (strcmp(((NjTopic *) cmd->topics->pdata[i])->name, name) == 0)
            return cmd->topics->pdata[i];
    return NULL;
}

/* The command or sub-command of this name ("account", "account add"); NULL if there is none. */
static const NjCommand *
find_command(NjCmd *cmd, const char *name)
{
    const char *rest = name + strcspn(name, " ");
    g_autofree char *first = g_strndup(name, rest - name);
    const NjCommand *command = nj_table_find(cmd->table, first);
    if (!command || !*rest)
        return command;

    const NjCommand *row = nj_cmd_pick_row(cmd, command, &rest, NULL);
    return row && row->parent && !*rest ? row : NULL;
}

static void
write_all_aliases(Page *page)
{
    nj_cmd_each_alias(page->cmd, add_alias, page);
}

/* Returns false if there is no help on this topic. */
static bool
write_page(Page *page, const char *topic)
{
    static const struct {
        const char *name;
        void (*write)(Page *page);
    } lists[] = {
        { "keys", write_keys },
        { "options", write_options },
        { "marks", write_marks },
        { "aliases", write_all_aliases },
    };

    if (!topic) {
        write_overview(page);
        return true;
    }

    NjCmd *cmd = page->cmd;
    const char *name = topic[0] == '/' ? topic + 1 : topic;
    for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (strcmp(lists[i].name, name) == 0) {
            lists[i].write(page);
            return true;
        }
    }

    const NjCommand *command = find_command(cmd, name);
    const NjOption *option = nj_table_find(nj_options_table(cmd->client->options), name);
    const char *alias = nj_cmd_alias_line(cmd, name);
    if (command)
        write_command(page, command);
    else if (option)
        write_option(page, option);
    else if (find_topic(cmd, name))
        write_topic(page, find_topic(cmd, name));
    else if (alias)
        g_string_append_printf(page->out, _("/%s is an alias of %s"), name, alias);
    else
        return false;

    return true;
}

char *
nj_help_text(NjCmd *cmd, const char *topic, int columns, GError **error)
{
    Page page = { cmd, g_string_new(NULL), columns };
    if (!write_page(&page, topic)) {
        g_string_free(page.out, TRUE);
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("unknown-topic"),
                    _("There is no help on “%s”; /help lists the topics."), topic);
        return NULL;
    }

    while (page.out->len && page.out->str[page.out->len - 1] == '\n')
        g_string_truncate(page.out, page.out->len - 1);
    return g_string_free(page.out, FALSE);
}

/* --- tables --- */

static char *
dump_commands(NjCmd *cmd)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        for (const NjCommand *const *row = topic->commands; row && *row; row++) {
            g_autofree char *name = nj_parse_full_name(*row);
            g_autofree char *usage = nj_cmd_usage(cmd, *row);
            g_string_append_printf(out, "%s\t%s\t%s\t%s\n", name, usage, topic->name,
                                   _((*row)->summary));
        }
    }

    return g_string_free(out, FALSE);
}

static char *
dump_options(NjCmd *cmd)
{
    static const char *const kinds[] = { "bool", "int", "text", "choice", "path" };
    GString *out = g_string_new(NULL);
    const NjTable *table = nj_options_table(cmd->client->options);

    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjOption *option = nj_table_at(table, i);
        g_autofree char *values = option_values(option);
        g_string_append_printf(out, "%s\t%s\t%s\t%s\t%s\n", option->name, kinds[option->kind],
                               values, option->default_value ? option->default_value : "",
                               _(option->summary));
    }

    return g_string_free(out, FALSE);
}

static char *
dump_account_keys(NjCmd *cmd)
{
    (void) cmd;
    GString *out = g_string_new(NULL);
    for (const NjAccountKey *key = nj_account_keys; key->name; key++)
        g_string_append_printf(out, "%s\t%s\t%s\n", key->name, key->values ? _(key->values) : "",
                               _(key->summary));
    return g_string_free(out, FALSE);
}

static void
dump_key(const char *name, const char *line, void *owner)
{
    Page *page = owner;
    const char *summary = shipped_key_summary(page->cmd, name, line);
    g_string_append_printf(page->out, "%s\t%s\t%s\t%s\n", name, line, summary ? _(summary) : "",
                           nj_key_context_name(NJ_KEYS_GLOBAL));
}

static char *
dump_keys(NjCmd *cmd)
{
    Page page = { cmd, g_string_new(NULL), 0 };
    each_key(cmd, dump_key, &page);
    for (const NjKeyRow *row = nj_key_rows; row->key; row++)
        g_string_append_printf(page.out, "%s\t\t%s\t%s\n", row->key, _(row->summary),
                               nj_key_context_name(row->context));
    return g_string_free(page.out, FALSE);
}

static char *
dump_theme(NjCmd *cmd)
{
    (void) cmd;
    GString *out = g_string_new(NULL);
#define NJ_ROLE_LINE(id, name, what) g_string_append_printf(out, "%s\t%s\n", name, _(what));
    NJ_ROLES(NJ_ROLE_LINE)
#undef NJ_ROLE_LINE
    return g_string_free(out, FALSE);
}

static void
dump_alias(const char *name, const char *line, const char *habit, void *owner)
{
    g_string_append_printf(owner, "%s\t%s\t%s\n", name, line, habit ? habit : "");
}

static char *
dump_aliases(NjCmd *cmd)
{
    GString *out = g_string_new(NULL);
    nj_cmd_each_alias(cmd, dump_alias, out);
    return g_string_free(out, FALSE);
}

char *
nj_dump(NjCmd *cmd, const char *what, GError **error)
{
    static const struct {
        const char *what;
        char *(*func)(NjCmd *cmd);
    } tables[] = {
        { "commands", dump_commands },
        { "options", dump_options },
        { "account-keys", dump_account_keys },
        { "keys", dump_keys },
        { "theme", dump_theme },
        { "aliases", dump_aliases },
    };

    GString *names = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        if (strcmp(tables[i].what, what) == 0) {
            g_string_free(names, TRUE);
            return tables[i].func(cmd);
        }
        g_string_append_printf(names, "%s%s", i ? ", " : "", tables[i].what);
    }

    g_autofree char *known = g_string_free(names, FALSE);
    const NjDump *dump = g_hash_table_lookup(cmd->dumps, what);
    if (dump)
        return dump->func(dump->owner);

    g_autoptr(GList) more = g_list_sort(g_hash_table_get_keys(cmd->dumps), (GCompareFunc) strcmp);
    for (GList *at = more; at; at = at->next) {
        char *longer = g_strconcat(known, ", ", at->data, NULL);
        g_free(known);
        known = longer;
    }

    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"), _("There is no table “%s”. Tables: %s."),
                what, known);
    return NULL;
}
