/* Help and the stable tables: nothing here is written twice, all of it is read off the rows.
   A dump is lines of fields joined by tabs; the first field is the name, and fields are only ever added at the end. */
#include "cmd/help.h"

#include <string.h>

#include "base/text.h"
#include "cmd/call.h"
#include "ui/theme.h"

#define COLUMNS 80

/* Adds text wrapped to the screen's usual width, later rows indented. */
static void
add_wrapped(GString *out, const char *text, int indent, int first)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(NjTextRow));
    nj_text_wrap(text, COLUMNS - first, COLUMNS - indent, rows);
    for (guint i = 0; i < rows->len; i++) {
        const NjTextRow *row = &g_array_index(rows, NjTextRow, i);
        if (i)
            g_string_append_printf(out, "%*s", indent, "");
        g_string_append_len(out, text + row->start, row->length);
        g_string_append_c(out, '\n');
    }
}

/* "  name      summary", the summary in a column of its own. */
static void
add_entry(GString *out, const char *name, int column, const char *summary)
{
    int width = nj_text_width(name, -1);
    g_string_append_printf(out, "  %s", name);
    if (width + 2 >= column) {
        g_string_append_c(out, '\n');
        width = -2;
    }
    g_string_append_printf(out, "%*s", column - width - 2, "");
    add_wrapped(out, summary, column, column);
}

static char *
finish(GString *out)
{
    while (out->len && out->str[out->len - 1] == '\n')
        g_string_truncate(out, out->len - 1);
    return g_string_free(out, FALSE);
}

static char *
overview(NjCmd *cmd)
{
    GString *out = g_string_new(NULL);
    add_wrapped(out, _("A line that begins with a slash is a command, anything else is said in the chat in front. TAB completes, F1 shows this."), 0, 0);
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        if (!topic->commands || !topic->commands[0])
            continue;
        g_string_append_printf(out, "\n%s\n", _(topic->summary));
        for (const NjCommand *const *row = topic->commands; *row; row++) {
            g_autofree char *name = g_strconcat("/", (*row)->name, NULL);
            add_entry(out, name, 16, _((*row)->summary));
        }
    }
    g_string_append_c(out, '\n');
    add_wrapped(out, _("/help NAME tells more of a command, an option or a topic; /help keys, /help options and /help aliases list those."), 0, 0);
    return finish(out);
}

static char *
topic_help(const NjTopic *topic)
{
    GString *out = g_string_new(_(topic->summary));
    g_string_append_c(out, '\n');
    for (const NjCommand *const *row = topic->commands; row && *row; row++) {
        g_autofree char *usage = nj_parse_usage(*row);
        add_entry(out, usage, 30, _((*row)->summary));
    }
    for (const NjKeyRow *row = topic->keys; row && row->key; row++)
        add_entry(out, row->key, 30, _(row->summary));
    return finish(out);
}

typedef struct {
    GString    *out;
    const char *command;
    guint       count;
} AliasList;

static void
add_alias_of(const char *name, const char *line, const char *habit, void *owner)
{
    (void) habit;
    AliasList *list = owner;
    gsize length = strlen(list->command);
    if (line[0] != '/' || strncmp(line + 1, list->command, length) || (line[1 + length] && line[1 + length] != ' '))
        return;
    g_string_append_printf(list->out, "%s/%s", list->count++ ? ", " : "", name);
}

static char *
command_help(NjCmd *cmd, const NjCommand *command)
{
    GString *out = g_string_new(NULL);
    g_autofree char *usage = nj_parse_usage(command);
    add_wrapped(out, usage, 4, 0);
    add_wrapped(out, _(command->summary), 0, 0);
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++)
        add_entry(out, command->params[i].name, 16, _(command->params[i].summary));
    if (command->details) {
        g_string_append_c(out, '\n');
        add_wrapped(out, _(command->details), 0, 0);
    }
    if (command->examples[0])
        g_string_append_printf(out, "\n%s\n", _("For example:"));
    for (guint i = 0; i < G_N_ELEMENTS(command->examples) && command->examples[i]; i++)
        g_string_append_printf(out, "  %s\n", command->examples[i]);
    g_autoptr(GString) aliases = g_string_new(NULL);
    AliasList list = { aliases, command->name, 0 };
    nj_cmd_each_alias(cmd, add_alias_of, &list);
    if (list.count) {
        g_autofree char *line = g_strdup_printf(_("Also typed as %s."), aliases->str);
        add_wrapped(out, line, 0, 0);
    }
    return finish(out);
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

static char *
option_help(NjCmd *cmd, const NjOption *option)
{
    GString *out = g_string_new(NULL);
    g_autofree char *values = option_values(option);
    g_string_append_printf(out, "/set %s %s\n", option->name, *values ? values : "TEXT");
    add_wrapped(out, _(option->summary), 0, 0);
    const char *fallback = option->fallback ? option->fallback : "";
    g_autofree char *line = g_strdup_printf(_("It is “%s” now; as shipped it is “%s”."), nj_options_text(cmd->client->options, option->name), fallback);
    add_wrapped(out, line, 0, 0);
    return finish(out);
}

static char *
options_help(NjCmd *cmd)
{
    GString *out = g_string_new(NULL);
    const NjTable *table = nj_options_table(cmd->client->options);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjOption *option = nj_table_at(table, i);
        add_entry(out, option->name, 26, _(option->summary));
    }
    return finish(out);
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

typedef struct {
    NjCmd   *cmd;
    GString *out;
} KeyList;

static void
add_key(const char *name, const char *line, void *owner)
{
    KeyList *list = owner;
    const char *summary = shipped_key_summary(list->cmd, name, line);
    if (!summary)
        summary = shipped_key_summary(list->cmd, NULL, line);
    add_entry(list->out, name, 16, summary ? _(summary) : line);
}

static void
each_key(NjCmd *cmd, void (*func)(const char *name, const char *line, void *owner), void *owner)
{
    if (cmd->screen) {
        nj_keys_each(nj_screen_keys(cmd->screen), func, owner);
        return;
    }
    for (guint i = 0; i < cmd->topics->len; i++)
        for (const NjKeyRow *row = ((NjTopic *) cmd->topics->pdata[i])->keys; row && row->key; row++)
            func(row->key, row->line, owner);
}

static char *
keys_help(NjCmd *cmd)
{
    KeyList list = { cmd, g_string_new(NULL) };
    each_key(cmd, add_key, &list);
    g_string_append_c(list.out, '\n');
    add_wrapped(list.out, _("Alt-Enter begins a new line, TAB completes, Ctrl-r searches what was typed; all other keys are readline's. "
                            "ESC and then a key is Alt with that key. /bind KEY COMMAND changes one."), 0, 0);
    return finish(list.out);
}

static void
add_alias(const char *name, const char *line, const char *habit, void *owner)
{
    g_autofree char *shown = g_strconcat("/", name, NULL);
    g_autofree char *what = habit ? g_strdup_printf("%s  (%s)", line, habit) : g_strdup(line);
    add_entry(owner, shown, 16, what);
}

static char *
aliases_help(NjCmd *cmd)
{
    GString *out = g_string_new(NULL);
    nj_cmd_each_alias(cmd, add_alias, out);
    return finish(out);
}

static void
find_alias(const char *name, const char *line, const char *habit, void *owner)
{
    (void) habit;
    const char **found = owner;
    if (!strcmp(name, found[0]))
        found[1] = line;
}

char *
nj_help_text(NjCmd *cmd, const char *topic, GError **error)
{
    if (!topic)
        return overview(cmd);
    if (!strcmp(topic, "keys"))
        return keys_help(cmd);
    if (!strcmp(topic, "options"))
        return options_help(cmd);
    if (!strcmp(topic, "aliases"))
        return aliases_help(cmd);
    const char *name = topic[0] == '/' ? topic + 1 : topic;
    const NjCommand *command = nj_table_find(cmd->table, name);
    if (command)
        return command_help(cmd, command);
    const NjOption *option = nj_table_find(nj_options_table(cmd->client->options), name);
    if (option)
        return option_help(cmd, option);
    for (guint i = 0; i < cmd->topics->len; i++)
        if (!strcmp(((NjTopic *) cmd->topics->pdata[i])->name, name))
            return topic_help(cmd->topics->pdata[i]);
    const char *alias[2] = { name, NULL };
    nj_cmd_each_alias(cmd, find_alias, alias);
    if (alias[1])
        return g_strdup_printf(_("/%s is an alias of %s"), name, alias[1]);
    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("unknown-topic"), _("There is no help on “%s”; /help lists what there is."), topic);
    return NULL;
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
            g_string_append_printf(out, "%s\t%s\t%s\t%s\n", (*row)->name, usage, topic->name, _((*row)->summary));
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
        g_string_append_printf(out, "%s\t%s\t%s\t%s\t%s\n", option->name, kinds[option->kind], values, option->fallback ? option->fallback : "",
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
        g_string_append_printf(out, "%s\t%s\t%s\n", key->name, key->values ? _(key->values) : "", _(key->summary));
    return g_string_free(out, FALSE);
}

static void
dump_key(const char *name, const char *line, void *owner)
{
    KeyList *list = owner;
    const char *summary = shipped_key_summary(list->cmd, name, line);
    g_string_append_printf(list->out, "%s\t%s\t%s\n", name, line, summary ? _(summary) : "");
}

static char *
dump_keys(NjCmd *cmd)
{
    KeyList list = { cmd, g_string_new(NULL) };
    each_key(cmd, dump_key, &list);
    return g_string_free(list.out, FALSE);
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
        char     *(*func)(NjCmd *cmd);
    } tables[] = {
        { "commands", dump_commands }, { "options", dump_options }, { "account-keys", dump_account_keys },
        { "keys", dump_keys }, { "theme", dump_theme }, { "aliases", dump_aliases },
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
    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"), _("There is no table “%s”; there are %s."), what, known);
    return NULL;
}
