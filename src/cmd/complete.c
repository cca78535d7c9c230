/* Completion: the parameters of the row decide which words are offered at the cursor. Completions
 * are whole words, quoted where necessary; the prompt inserts their common start. */
#include "cmd/commands.h"

#include <string.h>

#include "base/text.h"
#include "cmd/call.h"
#include "model/room.h"
#include "model/roster.h"

#define MAX_CHOICES 200 /* completions of one word */

/* The search for the completions of one word. */
typedef struct {
    NjCmd *cmd;
    NjAccount *account; /* offer this account's addresses; NULL: those of all accounts */
    NjChat *chat;       /* the focused one; NULL without one */
    const char *start;  /* the typed part of the word */
    const char *after;  /* appended to each completion */
    bool quote;         /* quote completions where necessary */
    GHashTable *found;  /* set of completions */
} Search;

/* Whether word begins with start, ignoring case. */
static bool
has_start(const char *word, const char *start)
{
    g_autofree char *folded_word = g_utf8_casefold(word, -1);
    g_autofree char *folded_start = g_utf8_casefold(start, -1);
    return g_str_has_prefix(folded_word, folded_start);
}

/* Adds word if it, or the name shown for it, begins with the typed part. */
static void
offer_named(Search *search, const char *word, const char *name)
{
    bool matches = has_start(word, search->start) || has_start(name, search->start);
    if (!*word || !matches || g_hash_table_size(search->found) >= MAX_CHOICES)
        return;

    g_autofree char *shown = search->quote ? nj_parse_quote(word) : g_strdup(word);
    g_hash_table_add(search->found, g_strconcat(shown, search->after, NULL));
}

static void
offer_word(Search *search, const char *word)
{
    offer_named(search, word, word);
}

static void
offer_contact(NjContact *contact, void *owner)
{
    offer_named(owner, contact->address, nj_contact_label(contact));
}

static void
offer_people(Search *search)
{
    NjClient *client = search->cmd->client;
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = client->accounts->pdata[i];
        if (search->account && account != search->account)
            continue;
        nj_roster_each(account->roster, offer_contact, search);
        const GPtrArray *requests = nj_roster_requests(account->roster);
        for (guint n = 0; n < requests->len; n++)
            offer_word(search, ((NjRequest *) requests->pdata[n])->address);
    }
}

static void
offer_chats(Search *search, bool rooms_only)
{
    NjClient *client = search->cmd->client;
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = client->accounts->pdata[i];
        if (search->account && account != search->account)
            continue;
        GHashTableIter iter;
        NjChat *chat;
        g_hash_table_iter_init(&iter, account->chats);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &chat))
            if (!rooms_only || chat->kind == NJ_CHAT_ROOM)
                offer_named(search, chat->address, nj_chat_label(chat));
    }
}

static void
offer_blocked(Search *search)
{
    NjClient *client = search->cmd->client;
    for (guint i = 0; i < client->accounts->len; i++) {
        NjAccount *account = client->accounts->pdata[i];
        if (!account->blocked || (search->account && account != search->account))
            continue;
        GHashTableIter iter;
        void *address;
        g_hash_table_iter_init(&iter, account->blocked);
        while (g_hash_table_iter_next(&iter, &address, NULL))
            offer_word(search, address);
    }
}

static void
offer_nicks(Search *search)
{
    NjRoom *room = search->chat && search->chat->kind == NJ_CHAT_ROOM ? search->chat->room : NULL;
    if (!room)
        return;

    GHashTableIter iter;
    NjOccupant *occupant;
    g_hash_table_iter_init(&iter, room->occupants);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &occupant))
        if (g_strcmp0(occupant->nick, room->nick) != 0)
            offer_word(search, occupant->shown);
}

static void
offer_accounts(Search *search)
{
    GPtrArray *accounts = search->cmd->client->accounts;
    /* also accounts that -a left out of this run */
    const GPtrArray *stored = nj_options_accounts(search->cmd->client->options);
    for (guint i = 0; i < accounts->len; i++)
        offer_word(search, ((NjAccount *) accounts->pdata[i])->settings->name);
    for (guint i = 0; i < stored->len; i++)
        offer_word(search, ((NjAccountSettings *) stored->pdata[i])->name);
}

static void
offer_rows(Search *search, const NjTable *table)
{
    for (guint i = 0; i < nj_table_length(table); i++)
        offer_word(search, *(const char *const *) nj_table_at(table, i));
}

static void
offer_alias(const char *name, const char *line, const char *habit, void *owner)
{
    (void) line;
    (void) habit;
    offer_word(owner, name);
}

static void
offer_list(Search *search, const char *const *words)
{
    for (; words && *words; words++)
        offer_word(search, *words);
}

static void
offer_topics(Search *search)
{
    static const char *const more[] = { "keys", "options", "aliases", "marks", NULL };
    offer_list(search, more);
    offer_rows(search, search->cmd->table);
    offer_rows(search, nj_options_table(search->cmd->client->options));
    for (guint i = 0; i < search->cmd->topics->len; i++)
        offer_word(search, ((NjTopic *) search->cmd->topics->pdata[i])->name);
}

static void
offer_key(const char *name, const char *line, void *owner)
{
    (void) line;
    offer_word(owner, name);
}

char **
nj_cmd_theme_names(NjCmd *cmd)
{
    g_autofree char *own = g_build_filename(cmd->client->paths->config, "themes", NULL);
    const char *dirs[] = { own, NJ_THEMEDIR, NULL };
    return nj_theme_names(dirs);
}

static void
offer_themes(Search *search)
{
    g_auto(GStrv) names = nj_cmd_theme_names(search->cmd);
    offer_list(search, (const char *const *) names);
}

/* Offers the names of an account's settings; after: "=" if the value follows in the same word. */
static void
offer_settings(Search *search, const char *after)
{
    search->quote = false;
    search->after = after;
    for (const NjAccountKey *key = nj_account_keys; key->name; key++)
        offer_word(search, key->name);
}

static void
offer_subcommands(Search *search, const NjCommand *command)
{
    const GPtrArray *rows = nj_cmd_subcommands(search->cmd, command);
    for (guint i = 0; rows && i < rows->len; i++)
        offer_word(search, ((const NjCommand *) rows->pdata[i])->name);
}

static void
offer_windows(Search *search)
{
    offer_word(search, "console");
    offer_chats(search, false);
}

/* Offers values of an option; option_name may be NULL or unknown. */
static void
offer_values(Search *search, const char *option_name)
{
    static const char *const truth[] = { "true", "false", NULL };
    const NjOption *option =
        option_name ? nj_table_find(nj_options_table(search->cmd->client->options), option_name)
                    : NULL;

    if (!option)
        return;

    if (strcmp(option->name, "theme") == 0)
        offer_themes(search);
    else if (option->kind == NJ_OPTION_BOOL)
        offer_list(search, truth);
    else
        offer_list(search, (const char *const *) option->choices);
}

/* Returns the word in rest that belongs to the first parameter of this kind; NULL if it is not
 * typed. The caller frees it. */
static char *
find_argument(const NjCommand *command, const char *rest, NjParamKind kind)
{
    const char *cursor = rest;
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++) {
        if (command->params[i].flags & NJ_KEYWORD)
            continue;
        char *word = nj_parse_word(&cursor, NULL);
        if (!word || command->params[i].kind == kind)
            return word;
        g_free(word);
    }

    return NULL;
}

static void
offer_param(Search *search, const NjCommand *command, const NjParam *param, const char *rest)
{
    switch (param->kind) {
    case NJ_PARAM_ADDRESS:
    case NJ_PARAM_CONTACT:
        offer_people(search);
        offer_chats(search, false);
        break;
    case NJ_PARAM_ROOM:
        offer_chats(search, true);
        break;
    case NJ_PARAM_NICK:
        offer_nicks(search);
        break;
    case NJ_PARAM_ACCOUNT:
        offer_accounts(search);
        break;
    case NJ_PARAM_WINDOW:
        offer_windows(search);
        break;
    case NJ_PARAM_OPTION:
        offer_rows(search, nj_options_table(search->cmd->client->options));
        break;
    case NJ_PARAM_VALUE: {
        g_autofree char *option = find_argument(command, rest, NJ_PARAM_OPTION);
        offer_values(search, option);
        break;
    }
    case NJ_PARAM_CHOICE:
        break;
    case NJ_PARAM_COMMAND:
        offer_topics(search);
        break;
    case NJ_PARAM_SUBCOMMAND: {
        g_autofree char *name = find_argument(command, rest, NJ_PARAM_COMMAND);
        const NjCommand *named = name ? nj_table_find(search->cmd->table, name) : NULL;
        if (named)
            offer_subcommands(search, named);
        break;
    }
    case NJ_PARAM_BLOCKED:
        offer_blocked(search);
        break;
    case NJ_PARAM_KEY:
        if (search->cmd->screen)
            nj_keys_each(nj_screen_keys(search->cmd->screen), offer_key, search);
        break;
    case NJ_PARAM_SETTING:
        offer_settings(search, "");
        break;
    case NJ_PARAM_ASSIGNMENT:
        offer_settings(search, "=");
        break;
    case NJ_PARAM_THEME:
        offer_themes(search);
        break;
    case NJ_PARAM_TEXT:
        search->quote = false;
        offer_nicks(search);
        break;
    default:
        break;
    }

    /* A parameter of any kind may have fixed words, such as next and prev of /window. */
    offer_list(search, param->list ? param->list : (const char *const *) param->choices);
}

static int
by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static char **
take_completions(Search *search)
{
    guint count = 0;
    char **choices = (char **) g_hash_table_get_keys_as_array(search->found, &count);

    g_hash_table_steal_all(search->found);
    if (count) {
        qsort(choices, count, sizeof *choices, by_text);
        return choices;
    }

    g_free(choices);
    return NULL;
}

/* Offers nicks for the last word of a text; at the start of the text a colon follows the nick.
 * Returns the start of the word. */
static const char *
complete_text(Search *search, char *text)
{
    char *word = strrchr(text, ' ');
    char *newline = strrchr(text, '\n');

    word = MAX(word, newline);
    word = word ? word + 1 : text;
    search->start = word;
    search->after = word == text ? ": " : "";
    search->quote = false;
    if (*word)
        offer_nicks(search);

    return word;
}

static const char *
complete_name(Search *search, const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *name = colon ? colon + 1 : text + 1;
    search->start = name;
    offer_rows(search, search->cmd->table);
    /* Offer aliases only if no command matches: one name for each command is enough. */
    if (g_hash_table_size(search->found) == 0)
        nj_cmd_each_alias(search->cmd, offer_alias, search);
    return name;
}

/* Replaces an alias at the start of *line by its line, so that the arguments are completed as those
 * of the command; the end of *line stays as typed. An alias with $ is not replaced. Returns NULL if
 * no command is found. */
static const NjCommand *
resolve_alias(NjCmd *cmd, char **line, NjLine *parts)
{
    for (int i = 0; i < 10 && nj_parse_line(*line, parts, NULL); i++) {
        const NjCommand *command = nj_table_find(cmd->table, parts->name);
        const char *alias = command ? NULL : nj_cmd_alias_line(cmd, parts->name);
        if (!alias || strchr(alias, '$'))
            return command;
        char *next = g_strconcat(alias, " ", parts->rest, NULL);
        g_free(*line);
        *line = next;
        nj_line_clear(parts);
    }

    return NULL;
}

static void
offer_keywords(Search *search, const NjCommand *command)
{
    search->quote = false;
    search->after = "=";
    for (guint i = 0; i < G_N_ELEMENTS(command->params) && command->params[i].name; i++)
        if (command->params[i].flags & NJ_KEYWORD)
            offer_word(search, command->params[i].name);
}

/* Offers completions of an argument. Returns the start of the word in rest, or NULL. *typed
 * receives the word without quotes, which search uses; the caller frees it after the search. */
static const char *
complete_param(Search *search, const NjCommand *command, const char *rest, char **typed)
{
    const char *word = NULL;
    bool keyword = false;
    const NjParam *param = nj_parse_param_at(command, rest, &word, &keyword);

    if (!param || param->kind == NJ_PARAM_SECRET)
        return NULL;

    if (param->kind == NJ_PARAM_TEXT && !keyword) {
        const char *space = MAX(strrchr(word, ' '), strrchr(word, '\n'));
        word = space ? space + 1 : word;
        if (!*word)
            return NULL; /* at an empty word of a text all nicks would match */
    }

    /* A word whose quotation mark is still open cannot be parsed: take it without the mark. */
    const char *cursor = word;
    *typed = nj_parse_word(&cursor, NULL);
    if (!*typed)
        *typed = g_strdup(*word == '"' ? word + 1 : "");

    search->start = *typed;
    offer_param(search, command, param, rest);
    if (!keyword && **typed)
        offer_keywords(search, command);
    return word;
}

/* Offers sub-commands in the first word behind the command, and the completions of
 * complete_param(). Returns the start of the word in rest, or NULL. */
static const char *
complete_arguments(Search *search, const NjCommand *command, const char *rest, char **typed)
{
    if (!nj_cmd_subcommands(search->cmd, command) || strpbrk(rest, " \t\n")) {
        const NjCommand *row = nj_cmd_pick_row(search->cmd, command, &rest, NULL);
        return row ? complete_param(search, row, rest, typed) : NULL;
    }

    /* The cursor is in the first word: a sub-command, or an argument of the command itself. */
    search->start = rest;
    offer_subcommands(search, command);
    if (command->params[0].name)
        complete_param(search, command, rest, typed);
    return rest;
}

char **
nj_cmd_complete(NjCmd *cmd, const char *text, gsize point, gsize *start, gsize *end, NjChat *chat)
{
    g_autofree char *before = g_strndup(text, point);
    g_autofree char *typed = NULL;
    g_autoptr(GHashTable) found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Search search = { .cmd = cmd,
                      .account = chat ? chat->account : NULL,
                      .chat = chat,
                      .start = "",
                      .after = "",
                      .quote = true,
                      .found = found };
    NjLine line = { 0 };
    const char *word = NULL;

    if (before[0] != '/' || before[1] == '/') {
        word = complete_text(&search, before);
    } else if (!strpbrk(before, " \t\n")) {
        word = complete_name(&search, before);
    } else if (nj_parse_line(before, &line, NULL)) {
        if (line.account)
            search.account = nj_client_account(cmd->client, line.account);
        nj_line_clear(&line);
        const NjCommand *command = resolve_alias(cmd, &before, &line);
        word = command ? complete_arguments(&search, command, line.rest, &typed) : NULL;
    }

    gsize length = word ? strlen(word) : 0;
    nj_line_clear(&line);
    if (!word || length > point)
        return NULL;

    *start = point - length;
    *end = point;
    return take_completions(&search);
}
