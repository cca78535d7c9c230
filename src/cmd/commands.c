/* The command side of one client: which rows and aliases there are, and how a line finds its
 * command, its account and its end. Text that could not be sent goes back to the prompt: what was
 * typed is never lost. */
#include "cmd/commands.h"

#include <string.h>

#include "cmd/away.h"
#include "cmd/call.h"
#include "cmd/password.h"
#include "model/events.h"
#include "model/jid.h"
#include "xmpp/session.h"
#include "xmpp/xep/message.h"

#define MAX_EXPANSIONS 10 /* an alias of an alias of …; a circle ends here */
/* bytes: one that says $* several times grows in a circle */
#define MAX_EXPANDED (8 * 1024 * 1024)

static void
on_account_removed(NjAccount *account, void *owner)
{
    NjCmd *cmd = owner;
    GHashTableIter iter;
    NjCall *call;
    g_hash_table_iter_init(&iter, cmd->calls);
    while (g_hash_table_iter_next(&iter, (void **) &call, NULL))
        if (call->account == account)
            call->account = NULL;
}

static void
on_chat_removed(NjChat *chat, void *owner)
{
    NjCmd *cmd = owner;
    GHashTableIter iter;
    NjCall *call;
    g_hash_table_iter_init(&iter, cmd->calls);
    while (g_hash_table_iter_next(&iter, (void **) &call, NULL))
        if (call->chat == chat)
            call->chat = NULL;
}

NjCmd *
nj_cmd_new(NjClient *client)
{
    NjCmd *cmd = g_new0(NjCmd, 1);
    cmd->client = client;
    cmd->table = nj_table_new();
    cmd->topics = g_ptr_array_new();
    cmd->aliases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    cmd->shipped = g_hash_table_new(g_str_hash, g_str_equal);
    cmd->calls = g_hash_table_new(NULL, NULL);
    cmd->dumps = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    cmd->passwords = nj_passwords_new(cmd);

    nj_on_account_removed(client->bus, on_account_removed, cmd);
    nj_on_chat_removed(client->bus, on_chat_removed, cmd);
    return cmd;
}

void
nj_cmd_end_calls(NjCmd *cmd)
{
    g_autoptr(GList) open = g_hash_table_get_keys(cmd->calls);
    for (GList *at = open; at; at = at->next)
        nj_call_hold(at->data);
    for (GList *at = open; at; at = at->next) {
        nj_call_fail(at->data, "cancelled", _("Natterjack is closing."));
        nj_call_release(at->data);
    }
}

void
nj_cmd_free(NjCmd *cmd)
{
    if (!cmd)
        return;

    nj_cmd_end_calls(cmd);
    nj_passwords_free(cmd->passwords);
    nj_away_free(cmd->away);
    nj_bus_forget(cmd->client->bus, cmd);
    g_hash_table_unref(cmd->calls);
    g_hash_table_unref(cmd->dumps);
    g_hash_table_unref(cmd->shipped);
    g_hash_table_unref(cmd->aliases);
    g_ptr_array_unref(cmd->topics);

    nj_table_free(cmd->table);
    g_free(cmd);
}

void
nj_cmd_forget(NjCmd *cmd, const void *data)
{
    GHashTableIter iter;
    NjCall *call;
    g_hash_table_iter_init(&iter, cmd->calls);
    while (g_hash_table_iter_next(&iter, (void **) &call, NULL))
        if (call->data == data)
            call->done = NULL;
}

NjClient *
nj_cmd_client(NjCmd *cmd)
{
    return cmd->client;
}

const NjTable *
nj_cmd_table(const NjCmd *cmd)
{
    return cmd->table;
}

void
nj_cmd_add_dump(NjCmd *cmd, const char *what, char *(*func)(void *owner), void *owner)
{
    NjDump *dump = g_new(NjDump, 1);
    *dump = (NjDump){ func, owner };
    g_hash_table_replace(cmd->dumps, (void *) what, dump);
}

/* Topics, aliases and keys. */

static void
bind_keys(NjCmd *cmd, const NjTopic *topic, bool bound)
{
    if (!cmd->screen)
        return;
    for (const NjKeyRow *row = topic->keys; row && row->key; row++) {
        g_autoptr(GError) error = NULL;
        if (!nj_keys_bind(nj_screen_keys(cmd->screen), row->key, bound ? row->line : NULL, &error))
            g_warning("key %s: %s", row->key, error->message);
    }
}

void
nj_cmd_set_screen(NjCmd *cmd, NjScreen *screen)
{
    if (!screen)
        nj_passwords_cancel_requests(cmd->passwords);
    cmd->screen = screen;
    g_clear_pointer(&cmd->away, nj_away_free);
    cmd->away = screen ? nj_away_new(cmd->client) : NULL;
    for (guint i = 0; i < cmd->topics->len; i++)
        bind_keys(cmd, cmd->topics->pdata[i], true);
}

void
nj_cmd_add_topic(NjCmd *cmd, const NjTopic *topic)
{
    g_ptr_array_add(cmd->topics, (void *) topic);
    for (const NjCommand *const *row = topic->commands; row && *row; row++)
        if (!nj_table_add(cmd->table, *row))
            g_warning("the command %s of %s has a name that is taken", (*row)->name, topic->name);
    for (const NjAliasRow *row = topic->aliases; row && row->name; row++)
        g_hash_table_insert(cmd->shipped, (void *) row->name, (void *) row);
    bind_keys(cmd, topic, true);
}

void
nj_cmd_remove_topic(NjCmd *cmd, const NjTopic *topic)
{
    if (!g_ptr_array_remove(cmd->topics, (void *) topic))
        return;
    for (const NjCommand *const *row = topic->commands; row && *row; row++)
        nj_table_remove(cmd->table, *row);
    for (const NjAliasRow *row = topic->aliases; row && row->name; row++)
        g_hash_table_remove(cmd->shipped, row->name);
    bind_keys(cmd, topic, false);
}

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
            _("An alias is one word without a slash and stands for a line that begins with one."));
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

/* Accounts. */

static char *
account_names(NjClient *client)
{
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = client->accounts->pdata[i];
        g_string_append_printf(names, "%s%s", i ? ", " : "", account->settings->name);
    }
    return g_string_free(names, FALSE);
}

static NjAccount *
only_account(NjClient *client, bool online)
{
    NjAccount *only = NULL;
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = client->accounts->pdata[i];
        if (online && account->state != NJ_ACCOUNT_ONLINE)
            continue;
        if (only)
            return NULL;
        only = account;
    }

    return only;
}

NjAccount *
nj_cmd_choose_account(NjCmd *cmd, const char *name, NjChat *chat, GError **error)
{
    NjClient *client = cmd->client;
    if (client->accounts->len == 0) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-account"),
                    _("There is no account yet; /account add you@example.org makes one."));
        return NULL;
    }

    g_autofree char *names = account_names(client);
    if (name) {
        NjAccount *account = nj_client_account(client, name);
        if (!account)
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-account"),
                        _("There is no account “%s”; there is %s."), name, names);
        return account;
    }

    if (chat)
        return chat->account;

    NjAccount *account = only_account(client, false);
    if (!account)
        account = only_account(client, true);
    if (!account)
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("which-account"),
                    _("Which account is meant? Write its name before the command, as in /%s:msg; "
                      "there are %s."),
                    ((NjAccount *) client->accounts->pdata[0])->settings->name, names);

    return account;
}

bool
nj_cmd_check_online(NjAccount *account, GError **error)
{
    const char *name = account->settings->name;
    switch (account->state) {
    case NJ_ACCOUNT_ONLINE:
        return true;
    case NJ_ACCOUNT_CONNECTING:
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("not-connected"),
                    _("Account %s is still connecting; try again in a moment."), name);
        return false;
    case NJ_ACCOUNT_WAITING:
        g_set_error(
            error, NJ_CMD_ERROR, nj_cmd_code("not-connected"),
            _("Account %s has no connection and tries again by itself; /connect %s tries at once."),
            name, name);
        return false;

    default:
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("not-connected"),
                    _("Account %s is offline; /connect %s brings it online."), name, name);
        return false;
    }
}

/* Aliases. */

const char *
nj_cmd_alias_line(NjCmd *cmd, const char *name)
{
    const char *own = g_hash_table_lookup(cmd->aliases, name);
    if (own)
        return own;
    const NjAliasRow *row = g_hash_table_lookup(cmd->shipped, name);
    return row ? row->line : NULL;
}

/* NULL: it has grown too long. */
static char *
expand(const char *line, const char *rest)
{
    char *words[10] = { NULL };
    const char *cursor = rest;

    for (int i = 1; i < 10; i++)
        words[i] = nj_parse_raw_word(&cursor);

    GString *out = g_string_new(NULL);
    bool used = false;
    for (; *line && out->len <= MAX_EXPANDED; line++) {
        if (line[0] != '$' || !(line[1] == '*' || (line[1] >= '1' && line[1] <= '9'))) {
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

/* Follows aliases until a command is found.  *line becomes what the command sees; the result is the
 * row, or NULL and error. */
static const NjCommand *
resolve(NjCmd *cmd, char **line, NjLine *parts, GError **error)
{
    g_autofree char *account = NULL;
    for (int i = 0; i < MAX_EXPANSIONS; i++) {
        if (!nj_parse_line(*line, parts, error))
            return NULL;
        if (!parts->account)
            parts->account = g_steal_pointer(&account);
        const NjCommand *command = parts->command ? nj_table_find(cmd->table, parts->name) : NULL;
        if (command)
            return command;
        const char *alias = parts->command ? nj_cmd_alias_line(cmd, parts->name) : NULL;
        if (!alias) {
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("unknown-command"),
                        _("There is no command /%s; /help lists them. A text that begins with a "
                          "slash is typed with two."),
                        parts->command ? parts->name : *line);
            return NULL;
        }
        char *next = expand(alias, parts->rest);
        if (!next) {
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                        _("What that alias stands for is too long; /alias shows it."));
            return NULL;
        }
        explicit_bzero(*line, strlen(*line));
        g_free(*line);
        *line = next;
        account = g_steal_pointer(&parts->account);
        nj_line_clear(parts);
    }

    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                _("That alias leads in a circle; /alias shows what it stands for."));
    return NULL;
}

/* A secret parameter's name with something behind it, wherever it stands: "password x" is not how
 * it is written, but x is the secret. */
static bool
names_secret(const NjCommand *command, const char *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++) {
        const NjParam *param = &command->params[i];
        gsize length = strlen(param->name);
        const char *at = param->kind == NJ_PARAM_SECRET ? strstr(text, param->name) : NULL;
        for (; at; at = strstr(at + length, param->name)) {
            bool begins = at == text || strchr(" \t\n\"", at[-1]),
                 ends = at[length] && strchr("= \t\n\"", at[length]);
            if (begins && ends && at[length + strspn(at + length, "= \t\n\"")])
                return true;
        }
    }

    return false;
}

/* A command that was mistyped is none, and its password is one. */
static bool
names_any_secret(NjCmd *cmd, const char *text)
{
    for (guint i = 0; i < nj_table_length(cmd->table); i++)
        if (names_secret(nj_table_at(cmd->table, i), text))
            return true;
    return false;
}

bool
nj_cmd_is_secret(NjCmd *cmd, const char *line)
{
    if (line[0] != '/' || line[1] == '/')
        return false;

    g_autofree char *copy = g_strdup(line);
    NjLine parts = { 0 };
    const NjCommand *command = resolve(cmd, &copy, &parts, NULL);
    bool secret = !command && names_any_secret(cmd, copy);
    if (command) {
        g_autoptr(NjArgs) args = nj_parse_args(command, parts.rest, NULL);
        /* What does not parse may still hold the secret. */
        for (guint i = 0; !args && i < G_N_ELEMENTS(command->params); i++)
            secret |= command->params[i].kind == NJ_PARAM_SECRET;
        secret |= (args && nj_args_secret(args)) || names_secret(command, parts.rest);
    }

    nj_line_clear(&parts);
    explicit_bzero(copy, strlen(copy));
    return secret;
}

/* Running. */

static bool
prepare_addresses(NjCall *call, GError **error)
{
    const NjCommand *command = call->command;
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++) {
        const NjParam *param = &command->params[i];
        if (param->kind != NJ_PARAM_ADDRESS && param->kind != NJ_PARAM_CONTACT
            && param->kind != NJ_PARAM_ROOM && param->kind != NJ_PARAM_BLOCKED)
            continue;
        const char *typed = nj_args_get(call->args, param->name);
        if (!typed)
            continue;
        char *prepared = nj_jid_prepare(typed, error);
        if (!prepared)
            return false;
        nj_args_set(call->args, param->name, prepared);
    }

    return true;
}

static bool
meet_needs(NjCall *call, const char *account_name, GError **error)
{
    NjCmd *cmd = call->cmd;
    int needs = call->command->needs;
    bool must = (needs & (NJ_NEEDS_ACCOUNT | NJ_NEEDS_CONNECTION)) || account_name;

    call->named = account_name != NULL;
    call->account = nj_cmd_choose_account(cmd, account_name, call->chat, must ? error : NULL);
    if (must && !call->account)
        return false;
    if ((needs & NJ_NEEDS_CONNECTION) && !nj_cmd_check_online(call->account, error))
        return false;

    if ((needs & NJ_NEEDS_CHAT) && !call->chat) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-chat"),
                    _("This needs a chat or room in front; /msg ADDRESS or /join ROOM opens one."));
        return false;
    }

    if ((needs & NJ_NEEDS_SCREEN) && !cmd->screen) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-screen"),
                    _("/%s needs a screen, and Natterjack runs without one."), call->command->name);
        return false;
    }

    return true;
}

static void
run_command(NjCall *call, const char *line)
{
    NjCmd *cmd = call->cmd;
    g_autoptr(GError) error = NULL;
    char *copy = g_strdup(line);
    NjLine parts = { 0 };

    call->command = resolve(cmd, &copy, &parts, &error);
    call->name = g_strdup(call->command ? call->command->name : parts.name);
    if (call->command)
        call->args = nj_parse_args(call->command, parts.rest, &error);

    bool ready =
        call->args && prepare_addresses(call, &error) && meet_needs(call, parts.account, &error);
    nj_line_clear(&parts);
    explicit_bzero(copy, strlen(copy));
    g_free(copy);
    if (ready)
        call->command->run(call);
    else
        nj_call_end(call, error);
}

/* What could not be sent is given back, unless something else is being typed by now. */
static void
give_back(NjCall *call, const char *line)
{
    NjScreen *screen = call->cmd->screen;
    if (call->source != NJ_SOURCE_PROMPT || !screen || call->cmd->client->focus != call->chat)
        return;
    NjPrompt *prompt = nj_screen_prompt(screen);
    if (!nj_prompt_asking(prompt) && !*nj_prompt_text(prompt))
        nj_prompt_set_text(prompt, line);
}

static void
send_text(NjCall *call, const char *line, const char *text)
{
    if (call->source != NJ_SOURCE_PROMPT && call->source != NJ_SOURCE_KEY) {
        nj_call_fail(call, "usage", _("A command begins with a slash, as in /msg ADDRESS TEXT."));
        return;
    }

    if (!*text) {
        nj_call_done(call);
        return;
    }

    if (!call->chat) {
        give_back(call, line);
        nj_call_fail(call, "no-chat",
                     _("Nobody reads the console: /msg ADDRESS opens a chat, /join ROOM a room, "
                       "/help tells more."));
        return;
    }

    g_autoptr(GError) error = NULL;
    if (nj_message_send(call->chat, text, NULL, &error)) {
        nj_call_done(call);
    } else {
        give_back(call, line);
        nj_call_fail_error(call, "not-sent", error);
    }
}

void
nj_cmd_run(NjCmd *cmd, const char *line, NjSource source, NjChat *chat, NjResultFunc done,
           void *data)
{
    NjCall *call = nj_call_new(cmd, source, chat, done, data);
    if (line[0] == '/' && line[1] != '/')
        run_command(call, line);
    else
        send_text(call, line, line[0] == '/' ? line + 1 : line);
    nj_call_release(call);
}
