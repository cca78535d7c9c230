/* Help and the stable tables: nothing here is written twice, all of it is read off the rows.
 * A dump is lines of fields joined by tabs; the first field is the name, and fields are only ever
 * added at the end. */
#include "cmd/help.h"

#include <string.h>

#include "base/text.h"
#include "cmd/call.h"
#include "ui/lines.h"
#include "ui/theme.h"

/* What is being written, and how wide it may be. */
typedef struct {
    NjCmd *cmd;
    GString *out;
    int columns;
} Page;

/* Adds wrapped text, later rows indented. */
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

/* "  name      summary", the summary in a column of its own. */
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

/* One screen: who knows what to do finds the word, and /help WORD tells the rest. */
static void
overview(Page *page)
{
    add_wrapped(page,
                _("A line that begins with a slash is a command, anything else is said in the chat "
                  "in front. TAB completes, F1 shows this."),
                0, 0);

    for (guint i = 0; i < page->cmd->topics->len; i++) {
        const NjTopic *topic = page->cmd->topics->pdata[i];
        if (!topic->commands || !topic->commands[0])
            continue;
        g_autoptr(GString) names = g_string_new(NULL);
        for (const NjCommand *const *row = topic->commands; *row; row++)
            g_string_append_printf(names, "%s/%s", names->len ? " " : "", (*row)->name);
        add_entry(page, topic->name, 12, names->str);
    }

    add_wrapped(page,
                _("/help NAME tells more of a command, an option or a topic, as in /help rooms; "
                  "/help keys, /help options and /help aliases list those, "
                  "/help marks says what the signs beside your messages mean."),
                0, 0);
}

static void
topic_help(Page *page, const NjTopic *topic)
{
    g_string_append_printf(page->out, "%s\n", _(topic->summary));
    for (const NjCommand *const *row = topic->commands; row && *row; row++) {
        g_autofree char *usage = nj_parse_usage(*row);
        add_entry(page, usage, 30, _((*row)->summary));
    }
    for (const NjKeyRow *row = topic->keys; row && row->key; row++)
        add_entry(page, row->key, 30, _(row->summary));
}

typedef struct {
    GString *out;
    const char *command;
    guint count;
} AliasList;

static void
add_alias_of(const char *name, const char *line, const char *habit, void *owner)
{
    (void) habit;
    AliasList *list = owner;
    gsize length = strlen(list->command);
    if (line[0] != '/' || strncmp(line + 1, list->command, length)
        || (line[1 + length] && line[1 + length] != ' '))
        return;
    g_string_append_printf(list->out, "%s/%s", list->count++ ? ", " : "", name);
}

/* The usage line shows the words of a choice; those that may stand among free ones are shown
 * here. */
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
command_help(Page *page, const NjCommand *command)
{
    g_autofree char *usage = nj_parse_usage(command);
    add_wrapped(page, usage, 4, 0);
    add_wrapped(page, _(command->summary), 0, 0);
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++)
        add_param(page, &command->params[i]);

    if (command->details) {
        g_string_append_c(page->out, '\n');
        add_wrapped(page, _(command->details), 0, 0);
    }

    if (command->examples[0])
        g_string_append_printf(page->out, "\n%s\n", _("For example:"));
    for (guint i = 0; i < G_N_ELEMENTS(command->examples) && command->examples[i]; i++)
        g_string_append_printf(page->out, "  %s\n", command->examples[i]);

    g_autoptr(GString) aliases = g_string_new(NULL);
    AliasList list = { aliases, command->name, 0 };
    nj_cmd_each_alias(page->cmd, add_alias_of, &list);

    if (list.count) {
        g_autofree char *line = g_strdup_printf(_("Also typed as %s."), aliases->str);
        add_wrapped(page, line, 0, 0);
    }
}

/* What an option takes, in words: "on, off", "1 … 60". */
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
option_help(Page *page, const NjOption *option)
{
    g_autofree char *values = option_values(option);
    g_string_append_printf(page->out, "/set %s %s\n", option->name, *values ? values : "TEXT");
    add_wrapped(page, _(option->summary), 0, 0);

    const char *default_value = option->default_value ? option->default_value : "";
    const char *value = nj_options_text(page->cmd->client->options, option->name);
    g_autofree char *line = NULL;
    if (!g_str_equal(value, default_value))
        line = g_strdup_printf(_("It is “%s” now; as shipped it is “%s”."), value, default_value);
    else if (*value)
        line = g_strdup_printf(_("It is “%s”, as shipped."), value);
    else
        line = g_strdup(_("It is empty, as shipped."));

    add_wrapped(page, line, 0, 0);
}

static void
options_help(Page *page)
{
    const NjTable *table = nj_options_table(page->cmd->client->options);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjOption *option = nj_table_at(table, i);
        add_entry(page, option->name, 26, _(option->summary));
    }
}

static const char *
shipped_key_summary(NjCmd *cmd, const char *key, const char *line)
{
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        for (const NjKeyRow *row = topic->keys; row && row->key; row++)
            if (!strcmp(row->line, line) && (!key || !strcmp(row->key, key)))
                return row->summary;
    }
    return NULL;
}

/* Keys that do the same, or count the same up, make one entry. */
typedef struct {
    const char *first, *last;
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
note_key(const char *name, const char *line, void *owner)
{
    KeyList *list = owner;
    const char *summary = shipped_key_summary(list->cmd, name, line);

    if (!summary)
        summary = shipped_key_summary(list->cmd, NULL, line);
    summary = summary ? _(summary) : line;

    for (guint i = 0; i < list->entries->len; i++) {
        KeyEntry *entry = list->entries->pdata[i];
        if (strcmp(entry->summary, summary))
            continue;
        entry->last = name;
        entry->count++;
        return;
    }

    KeyEntry *entry = g_new(KeyEntry, 1);
    *entry = (KeyEntry){ name, name, g_strdup(summary), 1 };
    g_ptr_array_add(list->entries, entry);
}

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

/* Adds the keys of a context other than NJ_KEYS_GLOBAL; keys with the same action make one entry.
 */
static void
context_keys_help(Page *page, NjKeyContext context)
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
keys_help(Page *page)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(free_key_entry);
    KeyList list = { page->cmd, entries };

    each_key(page->cmd, note_key, &list);
    for (guint i = 0; i < entries->len; i++) {
        const KeyEntry *entry = entries->pdata[i];
        g_autofree char *names =
            entry->count == 1 ? g_strdup(entry->first)
                              : g_strdup_printf("%s%s%s", entry->first,
                                                entry->count == 2 ? ", " : " … ", entry->last);
        add_entry(page, names, 20, entry->summary);
    }

    for (NjKeyContext context = NJ_KEYS_GLOBAL + 1; context < NJ_KEYS_N_CONTEXTS; context++)
        context_keys_help(page, context);

    g_string_append_c(page->out, '\n');
    add_wrapped(page,
                _("Alt-Enter begins a new line, TAB completes, Ctrl-r searches what was typed; all "
                  "other keys are readline's. "
                  "ESC and then a key is Alt with that key. /bind KEY COMMAND changes one."),
                0, 0);
}

static void
marks_help(Page *page)
{
    static const NjMessageState steps[] = { NJ_STATE_QUEUED,       NJ_STATE_SENT,
                                            NJ_STATE_ACKNOWLEDGED, NJ_STATE_DELIVERED,
                                            NJ_STATE_UNSURE,       NJ_STATE_FAILED };
    add_wrapped(page, _("Beside the name in front of a message of yours stands what became of it:"),
                0, 0);

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        const NjMark *mark = &nj_marks[steps[i]];
        add_entry(page, mark->sign ? mark->sign : " ", 6, _(mark->meaning));
    }
}

static void
add_alias(const char *name, const char *line, const char *habit, void *owner)
{
    g_autofree char *shown = g_strconcat("/", name, NULL);
    g_autofree char *what = habit ? g_strdup_printf("%s  (%s)", line, habit) : g_strdup(line);
    add_entry(owner, shown, 16, what);
}

static const NjTopic *
find_topic(NjCmd *cmd, const char *name)
{
    for (guint i = 0; i < cmd->topics->len; i++)
        if (!strcmp(((NjTopic *) cmd->topics->pdata[i])->name, name))
            return cmd->topics->pdata[i];
    return NULL;
}

static void
find_alias(const char *name, const char *line, const char *habit, void *owner)
{
    (void) habit;
    const char **found = owner;
    if (!strcmp(name, found[0]))
        found[1] = line;
}

/* False: there is no such topic. */
static bool
write_page(Page *page, const char *topic)
{
    NjCmd *cmd = page->cmd;
    const char *name = topic && topic[0] == '/' ? topic + 1 : topic;
    const NjCommand *command = name ? nj_table_find(cmd->table, name) : NULL;
    const NjOption *option =
        name ? nj_table_find(nj_options_table(cmd->client->options), name) : NULL;
    const char *alias[2] = { name, NULL };

    if (!name)
        overview(page);
    else if (!strcmp(name, "keys"))
        keys_help(page);
    else if (!strcmp(name, "options"))
        options_help(page);
    else if (!strcmp(name, "marks"))
        marks_help(page);
    else if (!strcmp(name, "aliases"))
        nj_cmd_each_alias(cmd, add_alias, page);
    else if (command)
        command_help(page, command);
    else if (option)
        option_help(page, option);
    else if (find_topic(cmd, name))
        topic_help(page, find_topic(cmd, name));
    else if (nj_cmd_each_alias(cmd, find_alias, alias), alias[1])
        g_string_append_printf(page->out, _("/%s is an alias of %s"), name, alias[1]);
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
                    _("There is no help on “%s”; /help lists what there is."), topic);
        return NULL;
    }

    while (page.out->len && page.out->str[page.out->len - 1] == '\n')
        g_string_truncate(page.out, page.out->len - 1);
    return g_string_free(page.out, FALSE);
}

/* Tables. */

static char *
dump_commands(NjCmd *cmd)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        for (const NjCommand *const *row = topic->commands; row && *row; row++) {
            g_autofree char *usage = nj_parse_usage(*row);
            g_string_append_printf(out, "%s\t%s\t%s\t%s\n", (*row)->name, usage, topic->name,
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
        if (!strcmp(tables[i].what, what)) {
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

    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                _("There is no table “%s”; there are %s."), what, known);
    return NULL;
}
