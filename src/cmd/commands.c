/* The commands of one client: keeps the rows, finds the command and the account of a line, and runs
 * the command. A text that cannot be sent is put back into the prompt, so that it is not lost. */
#include "cmd/commands.h"

#include <string.h>

#include "cmd/away.h"
#include "cmd/call.h"
#include "cmd/password.h"
#include "model/events.h"
#include "model/jid.h"
#include "xmpp/session.h"
#include "xmpp/xep/message.h"

#define MAX_EXPANSIONS 10 /* of aliases in one line; ends aliases that name each other */

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
    cmd->subcommands =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
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
    g_hash_table_unref(cmd->subcommands);

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

/* --- rows --- */

const GPtrArray *
nj_cmd_subcommands(const NjCmd *cmd, const NjCommand *command)
{
    return command->parent ? NULL : g_hash_table_lookup(cmd->subcommands, command->name);
}

/* The names of sub-commands as a NULL-ended list, which the caller frees with g_free(). */
static const char **
subcommand_names(const GPtrArray *rows)
{
    const char **names = g_new0(const char *, rows->len + 1);
    for (guint i = 0; i < rows->len; i++)
        names[i] = ((const NjCommand *) rows->pdata[i])->name;
    return names;
}

char *
nj_cmd_usage(const NjCmd *cmd, const NjCommand *command)
{
    const GPtrArray *rows = nj_cmd_subcommands(cmd, command);
    if (!rows || command->params[0].name)
        return nj_parse_usage(command);

    g_autofree const char **names = subcommand_names(rows);
    g_autofree char *words = g_strjoinv("|", (char **) names);
    return command->run ? g_strdup_printf("/%s [%s]", command->name, words)
                        : g_strdup_printf("/%s %s", command->name, words);
}

/* Sets the usage error for a word that is not a sub-command; word NULL: no word was typed. */
static void
fail_subcommand(const NjCmd *cmd, const NjCommand *command, const char *word, GError **error)
{
    g_autofree const char **names = subcommand_names(nj_cmd_subcommands(cmd, command));
    g_autofree char *expected = nj_parse_alternatives(names);
    g_autofree char *usage = nj_cmd_usage(cmd, command);
    g_autofree char *sentence = NULL;

    if (word) {
        /* The value of a misplaced keyword may be secret. */
        g_autofree char *shown = g_strndup(word, strcspn(word, "="));
        sentence = g_strdup_printf(_("Expected %s, not “%s”."), expected, shown);
    } else {
        sentence = g_strdup_printf(_("Missing %s."), expected);
    }

    nj_parse_fail(error, sentence, usage);
}

static const NjCommand *
find_subcommand(const GPtrArray *rows, const char *name)
{
    for (guint i = 0; i < rows->len; i++) {
        const NjCommand *row = rows->pdata[i];
        if (strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

const NjCommand *
nj_cmd_pick_row(const NjCmd *cmd, const NjCommand *command, const char **rest, GError **error)
{
    const GPtrArray *rows = nj_cmd_subcommands(cmd, command);
    if (!rows)
        return command;

    const char *cursor = *rest;
    char *word = nj_parse_word(&cursor, NULL);
    bool takes_word = !word || command->params[0].name;
    const NjCommand *row = word ? find_subcommand(rows, word) : NULL;
    if (row)
        *rest = cursor;
    else if (command->run && takes_word)
        row = command;
    else
        fail_subcommand(cmd, command, word, error);

    /* The word may be a misplaced "password=…". */
    if (word)
        explicit_bzero(word, strlen(word));
    g_free(word);

    return row;
}

static bool
add_row(NjCmd *cmd, const NjCommand *row)
{
    if (!row->parent)
        return nj_table_add(cmd->table, row);
    if (!nj_table_find(cmd->table, row->parent))
        return false;

    GPtrArray *rows = g_hash_table_lookup(cmd->subcommands, row->parent);
    if (!rows) {
        rows = g_ptr_array_new();
        g_hash_table_insert(cmd->subcommands, g_strdup(row->parent), rows);
    }

    for (guint i = 0; i < rows->len; i++)
        if (strcmp(((const NjCommand *) rows->pdata[i])->name, row->name) == 0)
            return false;
    g_ptr_array_add(rows, (void *) row);
    return true;
}

static void
remove_row(NjCmd *cmd, const NjCommand *row)
{
    if (!row->parent) {
        nj_table_remove(cmd->table, row);
        return;
    }

    GPtrArray *rows = g_hash_table_lookup(cmd->subcommands, row->parent);
    if (rows && g_ptr_array_remove(rows, (void *) row) && !rows->len)
        g_hash_table_remove(cmd->subcommands, row->parent);
}

/* Binds or unbinds the keys of a topic. */
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
        if (!add_row(cmd, *row))
            g_warning("topic %s: the name of command %s is taken, or its parent is missing",
                      topic->name, (*row)->name);
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
        remove_row(cmd, *row);
    for (const NjAliasRow *row = topic->aliases; row && row->name; row++)
        g_hash_table_remove(cmd->shipped, row->name);
    bind_keys(cmd, topic, false);
}

/* --- accounts --- */

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

/* Returns the only account, or with online the only account that is online. Returns NULL if there
 * is none, and if there are several. */
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
                    _("There is no account yet; /account add you@example.org adds one."));
        return NULL;
    }

    g_autofree char *names = account_names(client);
    if (name) {
        NjAccount *account = nj_client_account(client, name);
        if (!account)
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-account"),
                        _("There is no account “%s”. Accounts: %s."), name, names);
        return account;
    }

    if (chat)
        return chat->account;

    NjAccount *account = only_account(client, false);
    if (!account)
        account = only_account(client, true);
    if (!account)
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("which-account"),
                    _("Write the name of the account before the command, as in /%s:msg. Accounts: "
                      "%s."),
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
            _("Account %s has no connection and will try again; /connect %s tries at once."), name,
            name);
        return false;
    default:
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("not-connected"),
                    _("Account %s is offline; /connect %s brings it online."), name, name);
        return false;
    }
}

/* --- lines --- */

/* Expands aliases until the line begins with a command. *line is replaced by the expanded line, and
 * *parts points into it. Returns the row, or NULL and an error. */
static const NjCommand *
resolve_line(NjCmd *cmd, char **line, NjLine *parts, GError **error)
{
    g_autofree char *account = NULL;
    for (int i = 0; i < MAX_EXPANSIONS; i++) {
        if (!nj_parse_line(*line, parts, error))
            return NULL;
        if (!parts->account)
            parts->account = g_steal_pointer(&account);
        const NjCommand *command = parts->command ? nj_table_find(cmd->table, parts->name) : NULL;
        if (command)
            return nj_cmd_pick_row(cmd, command, &parts->rest, error);
        const char *alias = parts->command ? nj_cmd_alias_line(cmd, parts->name) : NULL;
        if (!alias) {
            g_set_error(
                error, NJ_CMD_ERROR, nj_cmd_code("unknown-command"),
                _("There is no command /%s; /help lists the commands. To send text that starts "
                  "with /, type //."),
                parts->command ? parts->name : *line);
            return NULL;
        }
        char *next = nj_cmd_expand_alias(alias, parts->rest);
        if (!next) {
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                        _("The line of this alias becomes too long; /alias shows it."));
            return NULL;
        }
        explicit_bzero(*line, strlen(*line));
        g_free(*line);
        *line = next;
        account = g_steal_pointer(&parts->account);
        nj_line_clear(parts);
    }

    g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                _("This alias leads back to itself; /alias shows what it stands for."));
    return NULL;
}

/* Whether text contains the name of a secret parameter of the command with a word behind it: in the
 * wrong form "password x", x is secret, too. */
static bool
names_secret(const NjCommand *command, const char *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++) {
        const NjParam *param = &command->params[i];
        gsize length = strlen(param->name);
        const char *at = param->kind == NJ_PARAM_SECRET ? strstr(text, param->name) : NULL;
        for (; at; at = strstr(at + length, param->name)) {
            bool begins = at == text || strchr(" \t\n\"", at[-1]);
            bool ends = at[length] && strchr("= \t\n\"", at[length]);
            if (begins && ends && at[length + strspn(at + length, "= \t\n\"")])
                return true;
        }
    }

    return false;
}

/* Whether names_secret() is true for the command of this name or one of its sub-commands; name
 * NULL: for any command at all, because a mistyped command may still contain a password. */
static bool
names_secret_of(NjCmd *cmd, const char *name, const char *text)
{
    for (guint i = 0; i < cmd->topics->len; i++) {
        const NjTopic *topic = cmd->topics->pdata[i];
        for (const NjCommand *const *row = topic->commands; row && *row; row++) {
            const char *top = (*row)->parent ? (*row)->parent : (*row)->name;
            if ((!name || strcmp(top, name) == 0) && names_secret(*row, text))
                return true;
        }
    }

    return false;
}

bool
nj_cmd_is_secret(NjCmd *cmd, const char *line)
{
    if (line[0] != '/' || line[1] == '/')
        return false;

    g_autofree char *copy = g_strdup(line);
    NjLine parts = { 0 };
    const NjCommand *command = resolve_line(cmd, &copy, &parts, NULL);
    bool secret = !command && names_secret_of(cmd, NULL, copy);
    if (command) {
        g_autoptr(NjArgs) args = nj_parse_args(command, parts.rest, NULL);
        /* A line that cannot be parsed may still contain the secret. */
        for (guint i = 0; !args && i < G_N_ELEMENTS(command->params); i++)
            secret |= command->params[i].kind == NJ_PARAM_SECRET;
        secret |= args && nj_args_secret(args);
        secret |=
            names_secret_of(cmd, command->parent ? command->parent : command->name, parts.rest);
    }

    nj_line_clear(&parts);
    explicit_bzero(copy, strlen(copy));
    return secret;
}

/* --- running --- */

static bool
is_address_kind(NjParamKind kind)
{
    switch (kind) {
    case NJ_PARAM_ADDRESS:
    case NJ_PARAM_CONTACT:
    case NJ_PARAM_ROOM:
    case NJ_PARAM_BLOCKED:
        return true;
    default:
        return false;
    }
}

/* Replaces typed addresses by prepared ones (RFC 7622). */
static bool
prepare_addresses(NjCall *call, GError **error)
{
    const NjCommand *command = call->command;
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++) {
        const NjParam *param = &command->params[i];
        const char *typed =
            is_address_kind(param->kind) ? nj_args_get(call->args, param->name) : NULL;
        if (!typed)
            continue;
        char *prepared = nj_jid_prepare(typed, error);
        if (!prepared)
            return false;
        nj_args_set(call->args, param->name, prepared);
    }

    return true;
}

/* Chooses the account of the call and checks the needs of its row. account_name: that of "/name:",
 * or NULL. */
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
        g_autofree char *name = nj_parse_full_name(call->command);
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("no-screen"),
                    _("/%s needs a screen, and Natterjack runs without one."), name);
        return false;
    }

    return true;
}

/* Parses a line that begins with a slash and runs its row. The copy of the line may contain a
 * secret: it is overwritten. */
static void
run_command(NjCall *call, const char *line)
{
    NjCmd *cmd = call->cmd;
    g_autoptr(GError) error = NULL;
    char *copy = g_strdup(line);
    NjLine parts = { 0 };

    call->command = resolve_line(cmd, &copy, &parts, &error);
    call->name = g_strdup(parts.name);
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

/* Puts a line that could not be sent back into the prompt, unless the prompt is in use again or the
 * user looks at another chat. */
static void
restore_prompt(NjCall *call, const char *line)
{
    NjScreen *screen = call->cmd->screen;
    if (call->source != NJ_SOURCE_PROMPT || !screen || call->cmd->client->focus != call->chat)
        return;
    NjPrompt *prompt = nj_screen_prompt(screen);
    if (!nj_prompt_asking(prompt) && !*nj_prompt_text(prompt))
        nj_prompt_set_text(prompt, line);
}

/* Sends a text in the focused chat. line: the text as typed; text: the same, without the first
 * slash of a doubled one. */
static void
send_text(NjCall *call, const char *line, const char *text)
{
    if (call->source != NJ_SOURCE_PROMPT && call->source != NJ_SOURCE_KEY) {
        nj_call_fail(call, "usage",
                     _("A command must start with a slash, as in /msg ADDRESS TEXT."));
        return;
    }

    if (!*text) {
        nj_call_done(call);
        return;
    }

    if (!call->chat) {
        restore_prompt(call, line);
        nj_call_fail(call, "no-chat",
                     _("This is the console, not a chat. /msg ADDRESS opens a chat, /join ROOM "
                       "enters a room, /help lists all commands."));
        return;
    }

    g_autoptr(GError) error = NULL;
    if (nj_message_send(call->chat, text, NULL, &error)) {
        nj_call_done(call);
    } else {
        restore_prompt(call, line);
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
