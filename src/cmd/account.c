/* /account with its sub-commands, /connect, /disconnect and /reconnect; /certificate is in
 * certificate.c. */
#include "cmd/account.h"

#include <string.h>

#include "base/clock.h"
#include "cmd/call.h"
#include "cmd/outbox.h"
#include "cmd/password.h"
#include "cmd/topic.h"
#include "model/events.h"
#include "model/jid.h"

/* A call that waits until its account is online, or offline. */
typedef struct {
    NjCall *call;
    NjBus *bus;
    NjAccount *account;
    NjAccountState wanted;
} StateWait;

static void
on_wait_end(NjCall *call, void *data)
{
    StateWait *wait = data;
    nj_bus_forget(wait->bus, wait);
    g_free(wait);
    nj_call_release(call);
}

static void
on_waited_change(NjAccount *account, void *owner)
{
    StateWait *wait = owner;
    NjCall *call = wait->call;

    if (account != wait->account)
        return;

    if (account->state == wait->wanted)
        nj_call_done(call);
    else if (account->state != NJ_ACCOUNT_OFFLINE && account->state != NJ_ACCOUNT_WAITING)
        return;
    else if (account->why)
        nj_call_fail(call, "not-connected", "%s", account->why);
    else
        nj_call_fail(call, "not-connected", _("Account %s went offline."), account->settings->name);
}

static void
on_waited_removed(NjAccount *account, void *owner)
{
    StateWait *wait = owner;
    if (account == wait->account)
        nj_call_fail(wait->call, "not-connected", _("Account %s was removed."),
                     account->settings->name);
}

/* Ends the call: at once for a person, who sees the state in the status line; for a script when the
 * account reaches the wanted state or fails to. */
static void
finish_in_state(NjCall *call, NjAccount *account, NjAccountState wanted)
{
    NjSource source = nj_call_source(call);
    nj_record_set_text(nj_call_result(call), "account", account->settings->name);
    if (source == NJ_SOURCE_PROMPT || source == NJ_SOURCE_KEY || account->state == wanted) {
        nj_call_done(call);
        return;
    }

    StateWait *wait = g_new(StateWait, 1);
    *wait = (StateWait){ .call = nj_call_hold(call),
                         .bus = nj_call_client(call)->bus,
                         .account = account,
                         .wanted = wanted };
    nj_on_account_changed(wait->bus, on_waited_change, wait);
    nj_on_account_removed(wait->bus, on_waited_removed, wait);
    nj_call_on_end(call, on_wait_end, wait);
}

void
nj_call_connect(NjCall *call, NjAccount *account)
{
    NjSession *session = nj_call_session(call, account);
    if (!session)
        return;
    nj_session_connect(session);
    finish_in_state(call, account, NJ_ACCOUNT_ONLINE);
}

/* Returns the account of this name; name NULL: the account of the call. Adds an account of
 * natterjackrc that -a left out of this run, offline. Returns NULL if the call has failed. */
static NjAccount *
find_account(NjCall *call, const char *name)
{
    g_autoptr(GError) error = NULL;
    NjClient *client = nj_call_client(call);
    const NjAccountSettings *left_out =
        name && !nj_client_account(client, name) ? nj_options_account(client->options, name) : NULL;

    if (left_out)
        return nj_client_add_account(client, left_out);

    NjAccount *account =
        name || !nj_call_account(call)
            ? nj_cmd_choose_account(nj_call_cmd(call), name, nj_call_chat(call), &error)
            : nj_call_account(call);
    if (!account)
        nj_call_end(call, error);

    return account;
}

static void
run_connect(NjCall *call)
{
    NjAccount *account = find_account(call, nj_call_arg(call, "account"));
    if (account)
        nj_call_connect(call, account);
}

/* Asked to connect while its old connection closes, a session opens a new one afterwards. */
static void
run_reconnect(NjCall *call)
{
    NjAccount *account = find_account(call, nj_call_arg(call, "account"));
    NjSession *session = account ? nj_call_session(call, account) : NULL;
    if (!session)
        return;
    nj_session_disconnect(session);
    nj_call_connect(call, account);
}

static void
run_disconnect(NjCall *call)
{
    NjAccount *account = find_account(call, nj_call_arg(call, "account"));
    NjSession *session = account ? nj_call_session(call, account) : NULL;
    if (!session)
        return;
    nj_session_disconnect(session);
    finish_in_state(call, account, NJ_ACCOUNT_OFFLINE);
}

/* --- /account --- */

/* left_us: time until the next attempt to connect, for an account in the state WAITING */
static void
report_account(NjCall *call, const NjAccount *account, gint64 left_us)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_string_printf(line, "%s  %s  %s", account->settings->name,
                    account->jid ? account->jid : account->bare,
                    nj_account_state_name(account->state));
    if (account->why)
        g_string_append_printf(line, ": %s", account->why);

    if (account->state == NJ_ACCOUNT_WAITING) {
        int seconds = (int) MIN(left_us / G_USEC_PER_SEC + 1, G_MAXINT);
        g_string_append_c(line, ' ');
        g_string_append_printf(line,
                               ngettext("The next attempt is in %d second.",
                                        "The next attempt is in %d seconds.", (gulong) seconds),
                               seconds);
    }

    nj_call_notice(call, NJ_NOTICE_INFO, "%s", line->str);
}

static NjRecord *
account_record(const NjAccount *account, gint64 left_us)
{
    NjRecord *record = nj_record_new();
    nj_record_set_text(record, "name", account->settings->name);
    nj_record_set_text(record, "address", account->jid ? account->jid : account->bare);
    nj_record_set_text(record, "state", nj_account_state_name(account->state));
    nj_record_set_text(record, "why", account->why);

    if (account->state == NJ_ACCOUNT_WAITING) {
        g_autofree char *time = nj_clock_format(nj_clock_wall_ms() + left_us / 1000);
        nj_record_set_text(record, "next_try", time);
    }

    nj_record_set_bool(record, "autoconnect", account->settings->autoconnect);
    return record;
}

/* Lists an account of natterjackrc that -a left out of this run. */
static void
list_left_out(NjCall *call, GPtrArray *list, const NjAccountSettings *settings)
{
    g_autofree char *why =
        g_strdup_printf(_("It is left out of this run; /connect %s adds it."), settings->name);
    NjRecord *record = nj_record_new();

    nj_record_set_text(record, "name", settings->name);
    nj_record_set_text(record, "address", settings->address);
    nj_record_set_text(record, "state", nj_account_state_name(NJ_ACCOUNT_OFFLINE));
    nj_record_set_text(record, "why", why);
    nj_record_set_bool(record, "autoconnect", settings->autoconnect);
    g_ptr_array_add(list, record);
    nj_call_notice(call, NJ_NOTICE_INFO, "%s  %s  %s: %s", settings->name, settings->address,
                   nj_account_state_name(NJ_ACCOUNT_OFFLINE), why);
}

static void
run_list(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);

    for (guint i = 0; i < client->accounts->len; i++) {
        const NjAccount *account = client->accounts->pdata[i];
        gint64 left_us = MAX(account->retry_us - nj_clock_us(), 0);
        g_ptr_array_add(list, account_record(account, left_us));
        report_account(call, account, left_us);
    }

    const GPtrArray *stored = nj_options_accounts(client->options);
    for (guint i = 0; i < stored->len; i++) {
        const NjAccountSettings *settings = stored->pdata[i];
        if (!nj_client_account(client, settings->name))
            list_left_out(call, list, settings);
    }

    if (!list->len)
        nj_call_notice(call, NJ_NOTICE_INFO,
                       _("There is no account yet; /account add you@example.org adds one."));
    nj_record_set_list(nj_call_result(call), "accounts", list);
    nj_call_done(call);
}

/* Returns a name for a new account: the part of its address before the "@", with a number behind it
 * if that name is taken. The caller frees it. */
static char *
make_name(NjClient *client, const char *address)
{
    g_autofree char *local = nj_jid_local(address);
    g_autofree char *base = local ? g_steal_pointer(&local) : nj_jid_domain(address);

    g_strcanon(base, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '-');
    char *name = g_strdup(base);
    for (int i = 2; nj_options_account(client->options, name) || nj_client_account(client, name);
         i++) {
        g_free(name);
        name = g_strdup_printf("%s%d", base, i);
    }

    return name;
}

/* Writes a new account with the settings of the line to natterjackrc. Returns false and an error if
 * a setting is not allowed; the settings before it are written then. */
static bool
write_settings(NjCall *call, const char *name, const char *address, GError **error)
{
    NjOptions *options = nj_call_client(call)->options;
    if (!nj_options_account_set(options, name, "address", address, error))
        return false;

    for (const char *const *word = nj_call_args(call, "key=value"); *word; word++) {
        const char *equals = strchr(*word, '=');
        if (!equals) {
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                        _("“%s” is not of the form KEY=VALUE; natterjackrc(5) lists the keys."),
                        *word);
            return false;
        }
        g_autofree char *key = g_strndup(*word, equals - *word);
        if (strcmp(key, "name") != 0
            && !nj_options_account_set(options, name, key, equals + 1, error))
            return false;
    }

    return true;
}

/* Cancels the question for a password when its call ends. */
static void
on_asking_end(NjCall *call, void *data)
{
    NjCmd *cmd = data;
    if (cmd->screen)
        nj_prompt_cancel(nj_screen_prompt(cmd->screen), call);
    nj_call_release(call);
}

/* Asks for a password at the prompt. done receives the typed text, NULL if it was cancelled, and
 * the call. */
static void
ask_secret(NjCall *call, NjAccount *account, const char *question,
           void (*done)(const char *typed, void *call))
{
    call->account = account;
    nj_call_on_end(call, on_asking_end, nj_call_cmd(call));
    nj_prompt_ask_secret(nj_screen_prompt(nj_call_screen(call)), question, done,
                         nj_call_hold(call));
}

static void
on_first_password(const char *typed, void *data)
{
    NjCall *call = data;
    NjAccount *account = nj_call_account(call);

    if (!account || !typed || !*typed) {
        nj_call_fail(call, "cancelled", _("No password was typed; /connect asks again."));
        return;
    }

    nj_password_remember(nj_call_cmd(call), account, typed);

    /* The question is answered, and nj_call_connect() calls nj_call_on_end() for itself. */
    call->on_end = NULL;
    nj_call_connect(call, account);
    nj_call_release(call);
}

/* The name of the account with this address, in this run or in natterjackrc; NULL without one. */
static const char *
name_of_address(NjClient *client, const char *address)
{
    const NjAccount *account = nj_client_account(client, address);
    const GPtrArray *stored = nj_options_accounts(client->options);
    for (guint i = 0; !account && i < stored->len; i++) {
        const NjAccountSettings *settings = stored->pdata[i];
        if (strcmp(settings->address, address) == 0)
            return settings->name;
    }
    return account ? account->settings->name : NULL;
}

/* Whether a new account may have this name. */
static bool
is_free_name(NjClient *client, const char *name)
{
    if (!*name || strpbrk(name, " \t\n:/[]=\""))
        return false;
    return !nj_options_account(client->options, name) && !nj_client_account(client, name);
}

/* Returns the name that name= gives to a new account, or one made of its address; the caller frees
 * it. Returns NULL if the call has failed. */
static char *
choose_name(NjCall *call, const char *bare)
{
    NjClient *client = nj_call_client(call);
    const char *name = NULL;
    for (const char *const *word = nj_call_args(call, "key=value"); *word; word++)
        if (g_str_has_prefix(*word, "name="))
            name = *word + strlen("name=");

    if (!name)
        return make_name(client, bare);
    if (is_free_name(client, name))
        return g_strdup(name);

    nj_call_fail(call, "refused",
                 _("The name “%s” is not allowed: it must be one word without : and /, and not "
                   "taken."),
                 name);
    return NULL;
}

/* Whether the account can log in without a question for the password. */
static bool
has_password(NjCall *call, const NjAccount *account)
{
    return nj_call_arg(call, "password") || account->settings->password_command
           || account->settings->client_cert;
}

static void
run_add(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    g_autoptr(GError) error = NULL;
    g_autofree char *typed = nj_jid_prepare(nj_call_arg(call, "address"), &error);
    if (!typed) {
        nj_call_fail_error(call, "bad-address", error);
        return;
    }

    g_autofree char *bare = nj_jid_bare(typed);
    const char *kept = name_of_address(client, bare);
    if (kept) {
        nj_call_fail(call, "exists",
                     _("Account %s has this address already; /connect %s brings it online."), kept,
                     kept);
        return;
    }

    g_autofree char *name = choose_name(call, bare);
    if (!name)
        return;
    if (!write_settings(call, name, typed, &error)) {
        if (nj_options_account(client->options, name))
            nj_options_account_remove(client->options, name, NULL);
        nj_call_fail_error(call, "refused", error);
        return;
    }

    NjAccount *account = nj_client_add_account(client, nj_options_account(client->options, name));
    nj_password_offer(nj_call_cmd(call), account);
    if (nj_call_arg(call, "password"))
        nj_password_remember(nj_call_cmd(call), account, nj_call_arg(call, "password"));

    nj_call_notice(call, NJ_NOTICE_INFO, _("Added account %s to natterjackrc; logging in as %s …"),
                   name, account->bare);
    if (has_password(call, account) || !nj_call_screen(call)) {
        nj_call_connect(call, account);
        return;
    }

    /* Ask at once, not when the server asks: a password typed ahead would be visible. */
    g_autofree char *question = g_strdup_printf(_("Password of %s: "), account->bare);
    ask_secret(call, account, question, on_first_password);
}

/* Returns false for an account that -a named by its address, which is not in natterjackrc, so that
 * no change can be stored: the call has failed. */
static bool
check_stored(NjCall *call, const NjAccount *account)
{
    const char *name = account->settings->name;
    if (nj_options_account(nj_call_client(call)->options, name))
        return true;
    nj_call_fail(call, "refused",
                 _("Account %s comes from the command line and is not in natterjackrc; /account "
                   "remove %s, then /account add %s to add it there."),
                 name, name, account->bare);
    return false;
}

bool
nj_call_set_setting(NjCall *call, NjAccount *account, const char *key, const char *value)
{
    NjOptions *options = nj_call_client(call)->options;
    const char *name = account->settings->name;
    g_autoptr(GError) error = NULL;

    if (!check_stored(call, account))
        return false;

    if (!nj_options_account_set(options, name, key, value, &error)) {
        nj_call_fail_error(call, "refused", error);
        return false;
    }

    nj_account_set_settings(account, nj_options_account(options, name));

    /* A password typed in this run would be tried before the new one. */
    bool is_password = strcmp(key, "password") == 0 || strcmp(key, "password-command") == 0;
    if (nj_session_of(account) && is_password) {
        nj_password_remember(nj_call_cmd(call), account, NULL);
        nj_session_forget_password(nj_session_of(account));
    }

    return true;
}

/* Says that a setting was changed, and when the change takes effect. */
static void
report_changed(NjCall *call, const NjAccount *account, const NjAccountKey *key)
{
    const char *name = account->settings->name;
    if (key->from == NJ_FROM_START)
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       _("Changed %s of %s; used when Natterjack starts the next time."), key->name,
                       name);
    else if (key->from == NJ_FROM_ROOM)
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       _("Changed %s of %s; used in the rooms you enter from now on."), key->name,
                       name);
    else if (account->state == NJ_ACCOUNT_OFFLINE || account->state == NJ_ACCOUNT_WAITING)
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       _("Changed %s of %s; used by the next /connect %s."), key->name, name, name);
    else
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       _("Changed %s of %s; used by the next connection. /reconnect %s makes one "
                         "now."),
                       key->name, name, name);
}

static void
on_new_password(const char *typed, void *data)
{
    NjCall *call = data;
    NjAccount *account = nj_call_account(call);

    if (!typed || !*typed || !account) {
        nj_call_fail(call, "cancelled", _("The password was not changed."));
    } else if (nj_call_set_setting(call, account, "password", typed)) {
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       _("Saved the password of account %s in natterjackrc."),
                       account->settings->name);
        nj_call_done(call);
    }
}

static void
ask_new_password(NjCall *call, NjAccount *account)
{
    if (!nj_call_screen(call)) {
        nj_call_fail(call, "usage",
                     _("There is no screen to ask for the password; type /account set %s "
                       "password=…"),
                     account->settings->name);
        return;
    }
    g_autofree char *question = g_strdup_printf(_("New password of %s: "), account->bare);
    ask_secret(call, account, question, on_new_password);
}

static void
run_set(NjCall *call)
{
    NjAccount *account = find_account(call, nj_call_arg(call, "name"));
    if (!account)
        return;

    const char *password = nj_call_arg(call, "password"), *key = nj_call_arg(call, "key");
    const char *const *words = nj_call_args(call, "value");
    if (password) {
        if (!nj_call_set_setting(call, account, "password", *password ? password : NULL))
            return;
        report_changed(call, account, nj_account_key("password"));
        nj_call_done(call);
        return;
    }

    if (strcmp(key, "password") == 0) {
        if (words[0])
            nj_call_fail(
                call, "usage",
                _("A password must not be typed visibly; /account set %s password asks for it."),
                account->settings->name);
        else
            ask_new_password(call, account);
        return;
    }

    if (strcmp(key, "address") == 0) {
        nj_call_fail(call, "refused",
                     _("The address of an account cannot be changed, as its history belongs to it; "
                       "/account add adds another account."));
        return;
    }

    g_autofree char *value = words[0] ? g_strjoinv(" ", (char **) words) : NULL;
    if (!nj_call_set_setting(call, account, key, value))
        return;

    report_changed(call, account, nj_account_key(key));
    nj_call_done(call);
}

/* Counts the lines of [keys] and [aliases] in natterjackrc that name the account. */
typedef struct {
    char *prefix; /* "/home:" */
    guint count;
} Mentions;

static void
count_mention(const char *key, const char *value, void *owner)
{
    Mentions *mentions = owner;
    (void) key;
    mentions->count += g_str_has_prefix(value, mentions->prefix);
}

static void
run_rename(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    NjAccount *account = find_account(call, nj_call_arg(call, "name"));
    if (!account || !check_stored(call, account))
        return;

    const char *name = nj_call_arg(call, "new");
    g_autofree char *old = g_strdup(account->settings->name);
    g_autoptr(GError) error = NULL;
    if (!nj_options_account_rename(client->options, old, name, &error)) {
        nj_call_fail_error(call, "refused", error);
        return;
    }

    nj_account_set_settings(account, nj_options_account(client->options, name));
    nj_emit_account_changed(client->bus, account);
    nj_record_set_text(nj_call_result(call), "account", name);
    nj_call_notice(call, NJ_NOTICE_SUCCESS,
                   _("Renamed account %s to %s; it keeps its chats and its history."), old, name);

    g_autofree char *prefix = g_strdup_printf("/%s:", old);
    Mentions mentions = { prefix, 0 };
    nj_options_pairs(client->options, "aliases", count_mention, &mentions);
    nj_options_pairs(client->options, "keys", count_mention, &mentions);
    if (mentions.count)
        nj_call_notice(
            call, NJ_NOTICE_WARNING,
            ngettext(
                "%u alias or key in natterjackrc still uses %s, which names no account now.",
                "%u aliases and keys in natterjackrc still use %s, which names no account now.",
                mentions.count),
            mentions.count, prefix);

    nj_call_done(call);
}

/* An account that is removed from natterjackrc and waits until its stream is closed. */
typedef struct {
    NjCall *call;
    NjClient *client;
    NjAccount *account;
} Removal;

static void
on_removal_end(NjCall *call, void *data)
{
    Removal *removal = data;
    nj_bus_forget(removal->client->bus, removal);
    g_free(removal);
    nj_call_release(call);
}

static void
on_removed(NjAccount *account, void *owner)
{
    Removal *removal = owner;
    NjCall *call = removal->call;

    if (account != removal->account)
        return;

    if (call->chat && call->chat->account == account)
        call->chat = NULL; /* the chat goes with the account: write to the console */

    guint unsure = 0, waiting = nj_outbox_count(account, &unsure);
    nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Removed account %s; its history stays."),
                   account->settings->name);
    if (waiting)
        nj_call_notice(
            call, NJ_NOTICE_WARNING,
            ngettext("%u message was not sent; it stays in the history and is sent if you add the "
                     "account again.",
                     "%u messages were not sent; they stay in the history and are sent if you add "
                     "the account again.",
                     waiting),
            waiting);

    if (unsure)
        nj_call_notice(
            call, NJ_NOTICE_WARNING,
            ngettext("%u message may not have arrived; it stays in the history as unsure.",
                     "%u messages may not have arrived; they stay in the history as unsure.",
                     unsure),
            unsure);

    nj_record_set_int(nj_call_result(call), "waiting", waiting);
    nj_record_set_int(nj_call_result(call), "unsure", unsure);
    nj_call_done(call);
}

/* Removes the account in any state but CLOSING: it may have been connected again meanwhile. */
static void
on_removed_changed(NjAccount *account, void *owner)
{
    Removal *removal = owner;
    if (account == removal->account && account->state != NJ_ACCOUNT_CLOSING)
        nj_client_remove_account(removal->client, account);
}

static void
run_remove(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    NjAccount *account = find_account(call, nj_call_arg(call, "name"));
    if (!account)
        return;

    const char *name = account->settings->name;
    g_autoptr(GError) error = NULL;
    if (nj_options_account(client->options, name)
        && !nj_options_account_remove(client->options, name, &error)) {
        nj_call_fail_error(call, "refused", error);
        return;
    }

    nj_record_set_text(nj_call_result(call), "account", name);
    Removal *removal = g_new(Removal, 1);
    *removal = (Removal){ .call = nj_call_hold(call), .client = client, .account = account };
    nj_on_account_changed(client->bus, on_removed_changed, removal);
    nj_on_account_removed(client->bus, on_removed, removal);
    nj_call_on_end(call, on_removal_end, removal);

    NjSession *session = nj_session_of(account);
    if (session)
        nj_session_disconnect(session);
    if (account->state != NJ_ACCOUNT_CLOSING && nj_call_open(call)) /* it was offline */
        nj_client_remove_account(client, account);
}

static const NjCommand cmd_account = {
    .name = "account",
    .summary = N_("List, add, change and remove accounts"),
    .details =
        N_("Without a sub-command the accounts are listed. natterjackrc(5) describes the keys of "
           "an account: host, port, tls, ca-file, password-command, autoconnect, resource, nick "
           "and others."),
    .examples = { "/account" },
    .run = run_list,
};

static const NjCommand cmd_account_list = {
    .name = "list",
    .parent = "account",
    .summary = N_("List the accounts and their states"),
    .examples = { "/account list" },
    .run = run_list,
};

static const NjCommand cmd_account_add = {
    .name = "add",
    .parent = "account",
    .summary = N_("Add an account to natterjackrc and log in"),
    .details =
        N_("name=NAME sets the name of the account; by default it is the first part of the "
           "address. You will be asked for the password, unless password= or password-command= is "
           "given. The password is stored only if you agree."),
    .params = { { "address", NJ_PARAM_WORD, 0, N_("the address of the account") },
                { "password", NJ_PARAM_SECRET, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("the password; it is safer to be asked for it") },
                { "key=value", NJ_PARAM_ASSIGNMENT, NJ_OPTIONAL | NJ_REPEAT,
                  N_("settings of the account, and name=NAME") } },
    .examples = { "/account add toad@example.org",
                  "/account add toad@example.org name=home host=127.0.0.1" },
    .run = run_add,
};

static const NjCommand cmd_account_set = {
    .name = "set",
    .parent = "account",
    .summary = N_("Change a setting of an account"),
    .details = N_("Without VALUE the setting is removed. /account set NAME password asks for a new "
                  "password and stores it."),
    .params = { { "name", NJ_PARAM_ACCOUNT, 0, N_("the name of the account") },
                { "password", NJ_PARAM_SECRET, NJ_OPTIONAL | NJ_KEYWORD | NJ_INSTEAD,
                  N_("a new password, in place of KEY and VALUE; it is safer to be asked for it") },
                { "key", NJ_PARAM_SETTING, 0, N_("the setting") },
                { "value", NJ_PARAM_WORD, NJ_OPTIONAL | NJ_REPEAT, N_("its new value") } },
    .examples = { "/account set home port 5223",
                  "/account set home password-command pass show xmpp/home",
                  "/account set home password" },
    .run = run_set,
};

static const NjCommand cmd_account_rename = {
    .name = "rename",
    .parent = "account",
    .summary = N_("Give an account another name"),
    .params = { { "name", NJ_PARAM_ACCOUNT, 0, N_("the name of the account") },
                { "new", NJ_PARAM_WORD, 0, N_("its new name") } },
    .examples = { "/account rename home pond" },
    .run = run_rename,
};

static const NjCommand cmd_account_remove = {
    .name = "remove",
    .parent = "account",
    .summary = N_("Disconnect an account and remove it from natterjackrc"),
    .details = N_("The history of the account stays."),
    .params = { { "name", NJ_PARAM_ACCOUNT, 0, N_("the name of the account") } },
    .examples = { "/account remove home" },
    .run = run_remove,
};

static const NjCommand cmd_connect = {
    .name = "connect",
    .summary = N_("Bring an account online"),
    .params = { { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("which one; by default that of the chat") } },
    .examples = { "/connect", "/connect home" },
    .run = run_connect,
};

static const NjCommand cmd_disconnect = {
    .name = "disconnect",
    .summary = N_("Take an account offline until /connect"),
    .params = { { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("which one; by default that of the chat") } },
    .examples = { "/disconnect", "/disconnect home" },
    .run = run_disconnect,
};

static const NjCommand cmd_reconnect = {
    .name = "reconnect",
    .summary = N_("Close an account's connection and make a new one"),
    .params = { { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("which one; by default that of the chat") } },
    .examples = { "/reconnect", "/reconnect home" },
    .run = run_reconnect,
};

static const NjCommand *const commands[] = {
    &cmd_account,
    &cmd_account_list,
    &cmd_account_add,
    &cmd_account_set,
    &cmd_account_rename,
    &cmd_account_remove,
    &cmd_connect,
    &cmd_disconnect,
    &cmd_reconnect,
    &nj_cmd_certificate,
    &nj_cmd_certificate_show,
    &nj_cmd_certificate_trust,
    &nj_cmd_certificate_pin,
    &nj_cmd_certificate_forget,
    NULL,
};

static const NjAliasRow aliases[] = {
    { "tls", "/certificate", "Profanity" },
    { NULL },
};

const NjTopic nj_topic_account = { "accounts", N_("Accounts"), commands, aliases, NULL };
