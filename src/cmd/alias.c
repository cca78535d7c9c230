/* Aliases and keys of the configuration, and the expansion of aliases. /alias and /bind are in
 * option.c. */
#include <string.h>

#include "cmd/call.h"

/* bytes; an alias with several $* grows exponentially in a loop */
#define MAX_EXPANDED (8 * 1024 * 1024)

bool
nj_cmd_set_alias(NjCmd *cmd, const char *name, const char *line, GError **error)
{
    if (!line) {
        g_hash_table_remove(cmd->aliases, name);
        return true;
    }

    if (nj_table_find(cmd->table, name)) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("refused"),
                    _("/%s is a command; choose another name for the alias."), name);
        return false;
    }

    if (!*name || strpbrk(name, "/: \t\n\"=") || line[0] != '/') {
        g_set_error(
            error, NJ_CMD_ERROR, nj_cmd_code("usage"),
            _("An alias must be one word without a slash, and its line must start with a slash."));
        return false;
    }

    g_hash_table_replace(cmd->aliases, g_strdup(name), g_strdup(line));
    return true;
}

void
nj_cmd_each_alias(NjCmd *cmd,
                  void (*func)(const char *name, const char *line, const char *habit, void *owner),
                  void *owner)
{
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        for (const NjAliasRow *row = topic->aliases; row && row->name; row++)
            if (!g_hash_table_contains(cmd->aliases, row->name))
                func(row->name, row->line, row->habit, owner);
    }

    g_autoptr(GList) own = g_list_sort(g_hash_table_get_keys(cmd->aliases), (GCompareFunc) strcmp);
    for (GList *at = own; at; at = at->next)
        func(at->data, g_hash_table_lookup(cmd->aliases, at->data), NULL, owner);
}

static void
load_alias(const char *name, const char *line, void *owner)
{
    NjCmd *cmd = owner;
    g_autoptr(GError) error = NULL;
    if (!nj_cmd_set_alias(cmd, name, line, &error))
        nj_client_notice(cmd->client, NULL, NULL, NJ_NOTICE_WARNING,
                         _("natterjackrc, alias %s: %s"), name, error->message);
}

static void
load_key(const char *key, const char *line, void *owner)
{
    NjCmd *cmd = owner;
    g_autoptr(GError) error = NULL;
    if (!nj_keys_bind(nj_screen_keys(cmd->screen), key, *line ? line : NULL, &error))
        nj_client_notice(cmd->client, NULL, NULL, NJ_NOTICE_WARNING, _("natterjackrc, key %s: %s"),
                         key, error->message);
}

void
nj_cmd_load_pairs(NjCmd *cmd)
{
    nj_options_pairs(cmd->client->options, "aliases", load_alias, cmd);
    if (cmd->screen)
        nj_options_pairs(cmd->client->options, "keys", load_key, cmd);
}

const char *
nj_cmd_alias_line(NjCmd *cmd, const char *name)
{
    const char *own = g_hash_table_lookup(cmd->aliases, name);
    if (own)
        return own;
    const NjAliasRow *row = g_hash_table_lookup(cmd->shipped, name);
    return row ? row->line : NULL;
}

/* Whether text begins with $1 … $9 or $*. */
static bool
is_placeholder(const char *text)
{
    return text[0] == '$' && text[1] && strchr("*123456789", text[1]);
}

char *
nj_cmd_expand_alias(const char *line, const char *rest)
{
    char *words[10] = { NULL };
    const char *cursor = rest;

    for (int i = 1; i < 10; i++)
        words[i] = nj_parse_raw_word(&cursor);

    GString *out = g_string_new(NULL);
    bool used = false;
    for (; *line && out->len <= MAX_EXPANDED; line++) {
        if (!is_placeholder(line)) {
            g_string_append_c(out, *line);
            continue;
        }
        used = true;
        line++;
        const char *word = *line == '*' ? rest : words[*line - '0'];
        g_string_append(out, word ? word : "");
    }

    if (!used && *rest)
        g_string_append_printf(out, " %s", rest);
    for (int i = 1; i < 10; i++) {
        if (words[i])
            explicit_bzero(words[i], strlen(words[i]));
        g_free(words[i]);
    }

    return g_string_free(out, out->len > MAX_EXPANDED);
}
