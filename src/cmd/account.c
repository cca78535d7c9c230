/* Accounts: adding one, its settings, its link, its certificate. */
#include <string.h>

#include "base/clock.h"
#include "cmd/call.h"
#include "cmd/outbox.h"
#include "cmd/password.h"
#include "cmd/topic.h"
#include "model/events.h"
#include "model/jid.h"

/* Somebody waits for an account to be online, or not to be. */
typedef struct {
    NjCall *call;
    NjBus *bus;
    NjAccount *account;
    NjAccountState wanted;
} Wait;

static void
on_wait_end(NjCall *call, void *data)
{
    Wait *wait = data;
    nj_bus_forget(wait->bus, wait);
    g_free(wait);
    nj_call_release(call);
}

static void
on_waited_change(NjAccount *account, void *owner)
{
    Wait *wait = owner;
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
    Wait *wait = owner;
    if (account == wait->account)
        nj_call_fail(wait->call, "not-connected", _("Account %s was removed."),
                     account->settings->name);
}

/* At the prompt the status line tells the rest; a script's answer comes when it is decided. */
static void
answer_when(NjCall *call, NjAccount *account, NjAccountState wanted)
{
    NjSource source = nj_call_source(call);
    nj_record_set_text(nj_call_result(call), "account", account->settings->name);
    if (source == NJ_SOURCE_PROMPT || source == NJ_SOURCE_KEY || account->state == wanted) {
        nj_call_done(call);
        return;
    }

    Wait *wait = g_new(Wait, 1);
    *wait = (Wait){ nj_call_hold(call), nj_call_client(call)->bus, account, wanted };
    nj_on_account_changed(wait->bus, on_waited_change, wait);
    nj_on_account_removed(wait->bus, on_waited_removed, wait);
    nj_call_on_end(call, on_wait_end, wait);
}

static void
connect_account(NjCall *call, NjAccount *account)
{
    NjSession *session = nj_call_session(call, account);
    if (!session)
        return;
    nj_session_connect(session);
    answer_when(call, account, NJ_ACCOUNT_ONLINE);
}

/* The account that the line names, or the one it means; one of the file that was left out with -a
 * comes in, offline.  NULL: the call has failed. */
static NjAccount *
named_account(NjCall *call, const char *name)
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
    NjAccount *account = named_account(call, nj_call_arg(call, "account"));
    if (account)
        connect_account(call, account);
}

/* A link that is wanted again while it closes is opened anew. */
static void
run_reconnect(NjCall *call)
{
    NjAccount *account = named_account(call, nj_call_arg(call, "account"));
    NjSession *session = account ? nj_call_session(call, account) : NULL;
    if (!session)
        return;
    nj_session_disconnect(session);
    connect_account(call, account);
}

static void
run_disconnect(NjCall *call)
{
    NjAccount *account = named_account(call, nj_call_arg(call, "account"));
    NjSession *session = account ? nj_call_session(call, account) : NULL;
    if (!session)
        return;
    nj_session_disconnect(session);
    answer_when(call, account, NJ_ACCOUNT_OFFLINE);
}

/* /account */

static void
say_account(NjCall *call, const NjAccount *account, gint64 left_us)
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
                               ngettext("The next try comes in %d second.",
                                        "The next try comes in %d seconds.", (gulong) seconds),
                               seconds);
    }

    nj_call_say(call, NJ_NOTICE_INFO, "%s", line->str);
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

/* In natterjackrc, and not among those of -a. */
static void
list_left_out(NjCall *call, GPtrArray *list, const NjAccountSettings *settings)
{
    g_autofree char *why = g_strdup_printf(
        _("It was left out of this run; /connect %s brings it in."), settings->name);
    NjRecord *record = nj_record_new();

    nj_record_set_text(record, "name", settings->name);
    nj_record_set_text(record, "address", settings->address);
    nj_record_set_text(record, "state", nj_account_state_name(NJ_ACCOUNT_OFFLINE));
    nj_record_set_text(record, "why", why);
    nj_record_set_bool(record, "autoconnect", settings->autoconnect);
    g_ptr_array_add(list, record);
    nj_call_say(call, NJ_NOTICE_INFO, "%s  %s  %s: %s", settings->name, settings->address,
                nj_account_state_name(NJ_ACCOUNT_OFFLINE), why);
}

static void
list_accounts(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);

    for (guint i = 0; i < client->accounts->len; i++) {
        const NjAccount *account = client->accounts->pdata[i];
        gint64 left_us = MAX(account->retry_us - nj_clock_us(), 0);
        g_ptr_array_add(list, account_record(account, left_us));
        say_account(call, account, left_us);
    }

    const GPtrArray *stored = nj_options_accounts(client->options);
    for (guint i = 0; i < stored->len; i++) {
        const NjAccountSettings *settings = stored->pdata[i];
        if (!nj_client_account(client, settings->name))
            list_left_out(call, list, settings);
    }

    if (!list->len)
        nj_call_say(call, NJ_NOTICE_INFO,
                    _("There is no account yet; /account add you@example.org makes one."));
    nj_record_set_list(nj_call_result(call), "accounts", list);
    nj_call_done(call);
}

/* A name for a new account: what stands before the "@", and a number if that is taken. */
static char *
new_name(NjClient *client, const char *address)
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

static bool
write_settings(NjCall *call, const char *name, const char *address, GError **error)
{
    NjOptions *options = nj_call_client(call)->options;
    if (!nj_options_account_set(options, name, "address", address, error))
        return false;

    for (const char *const *word = nj_call_args(call, "setting"); *word; word++) {
        const char *equals = strchr(*word, '=');
        if (!equals) {
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                        _("“%s” is no KEY=VALUE; /help account lists the keys."), *word);
            return false;
        }
        g_autofree char *key = g_strndup(*word, equals - *word);
        if (strcmp(key, "name") && !nj_options_account_set(options, name, key, equals + 1, error))
            return false;
    }

    return true;
}

static void
on_asking_end(NjCall *call, void *data)
{
    NjCmd *cmd = data;
    if (cmd->screen)
        nj_prompt_cancel(nj_screen_prompt(cmd->screen), call);
    nj_call_release(call);
}

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
        nj_call_fail(call, "cancelled", _("No password was given; /connect asks again."));
        return;
    }

    nj_password_remember(nj_call_cmd(call), account, typed);

    /* the question is answered; what is waited for now ends otherwise */
    call->on_end = NULL;
    connect_account(call, account);
    nj_call_release(call);
}

/* The account with this address; NULL: there is none, neither here nor in the file. */
static const char *
name_of(NjClient *client, const char *address)
{
    const NjAccount *account = nj_client_account(client, address);
    const GPtrArray *stored = nj_options_accounts(client->options);
    for (guint i = 0; !account && i < stored->len; i++) {
        const NjAccountSettings *settings = stored->pdata[i];
        if (!strcmp(settings->address, address))
            return settings->name;
    }
    return account ? account->settings->name : NULL;
}

static void
add_account(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    g_autoptr(GError) error = NULL;

    if (!nj_call_arg(call, "name")) {
        nj_call_fail(call, "usage",
                     _("An address is missing, as in /account add you@example.org; /help account "
                       "tells more."));
        return;
    }

    g_autofree char *typed = nj_jid_prepare(nj_call_arg(call, "name"), &error);
    if (!typed) {
        nj_call_fail_error(call, "bad-address", error);
        return;
    }

    g_autofree char *bare = nj_jid_bare(typed);
    const char *kept = name_of(client, bare);
    if (kept) {
        nj_call_fail(call, "exists",
                     _("Account %s has this address already; /connect %s brings it online."), kept,
                     kept);
        return;
    }

    g_autofree char *name = NULL;
    for (const char *const *word = nj_call_args(call, "setting"); *word; word++)
        if (g_str_has_prefix(*word, "name="))
            name = g_strdup(*word + strlen("name="));

    if (name
        && (!*name || strpbrk(name, " \t\n:/[]=\"") || nj_options_account(client->options, name)
            || nj_client_account(client, name))) {
        nj_call_fail(call, "refused",
                     _("The name “%s” can not be used: it must be one word, without : and /, and "
                       "not taken."),
                     name);
        return;
    }

    if (!name)
        name = new_name(client, bare);
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

    nj_call_say(call, NJ_NOTICE_INFO, _("Account %s is in natterjackrc now; logging in as %s …"),
                name, account->bare);
    if (nj_call_arg(call, "password") || account->settings->password_command
        || account->settings->client_cert || !nj_call_screen(call)) {
        connect_account(call, account);
        return;
    }

    /* At once, not when the server wants it: what is typed ahead would stand in the open. */
    g_autofree char *question = g_strdup_printf(_("Password of %s: "), account->bare);
    ask_secret(call, account, question, on_first_password);
}

/* An account of -a stands in no file: what is changed would be changed nowhere. */
static bool
is_kept(NjCall *call, const NjAccount *account)
{
    const char *name = account->settings->name;
    if (nj_options_account(nj_call_client(call)->options, name))
        return true;
    nj_call_fail(call, "refused",
                 _("Account %s was named on the command line and is not in natterjackrc; /account "
                   "remove %s and /account add %s keep it there."),
                 name, name, account->bare);
    return false;
}

/* The account that runs gets what the file says now; its link uses it from the next connection
 * on. */
static bool
set_key(NjCall *call, NjAccount *account, const char *key, const char *value)
{
    NjOptions *options = nj_call_client(call)->options;
    const char *name = account->settings->name;
    g_autoptr(GError) error = NULL;

    if (!is_kept(call, account))
        return false;

    if (!nj_options_account_set(options, name, key, value, &error)) {
        nj_call_fail_error(call, "refused", error);
        return false;
    }

    nj_account_set_settings(account, nj_options_account(options, name));

    /* What was typed in this run would be tried before it. */
    if (nj_session_of(account) && (!strcmp(key, "password") || !strcmp(key, "password-command"))) {
        nj_password_remember(nj_call_cmd(call), account, NULL);
        nj_session_forget_password(nj_session_of(account));
    }

    return true;
}

/* From when the change counts, and what makes it count now. */
static void
tell_set(NjCall *call, const NjAccount *account, const NjAccountKey *key)
{
    const char *name = account->settings->name;
    if (key->from == NJ_FROM_START)
        nj_call_say(
            call, NJ_NOTICE_SUCCESS,
            _("%s of account %s is changed; it counts when Natterjack starts the next time."),
            key->name, name);
    else if (key->from == NJ_FROM_ROOM)
        nj_call_say(call, NJ_NOTICE_SUCCESS,
                    _("%s of account %s is changed; it counts in the rooms you enter from now on."),
                    key->name, name);
    else if (account->state == NJ_ACCOUNT_OFFLINE || account->state == NJ_ACCOUNT_WAITING)
        nj_call_say(call, NJ_NOTICE_SUCCESS, _("%s of account %s is changed; /connect %s uses it."),
                    key->name, name, name);
    else
        nj_call_say(call, NJ_NOTICE_SUCCESS,
                    _("%s of account %s is changed; it counts from the next connection, which "
                      "/reconnect %s makes now."),
                    key->name, name, name);
}

static void
on_new_password(const char *typed, void *data)
{
    NjCall *call = data;
    NjAccount *account = nj_call_account(call);

    if (!typed || !*typed || !account) {
        nj_call_fail(call, "cancelled", _("The password was not changed."));
    } else if (set_key(call, account, "password", typed)) {
        nj_call_say(call, NJ_NOTICE_SUCCESS, _("Saved the password of account %s in natterjackrc."),
                    account->settings->name);
        nj_call_done(call);
    }
}

static void
ask_new_password(NjCall *call, NjAccount *account)
{
    if (!nj_call_screen(call)) {
        nj_call_fail(call, "usage", _("Write it as /account set %s password=…"),
                     account->settings->name);
        return;
    }
    g_autofree char *question = g_strdup_printf(_("New password of %s: "), account->bare);
    ask_secret(call, account, question, on_new_password);
}

static void
set_account(NjCall *call)
{
    if (!nj_call_needs(call, "name"))
        return;

    NjAccount *account = named_account(call, nj_call_arg(call, "name"));
    if (!account)
        return;

    const char *password = nj_call_arg(call, "password");
    const char *const *words = nj_call_args(call, "setting");
    if (password) {
        if (!set_key(call, account, "password", *password ? password : NULL))
            return;
        tell_set(call, account, nj_account_key("password"));
        nj_call_done(call);
        return;
    }

    if (!nj_call_needs(call, "setting"))
        return;

    if (!strcmp(words[0], "password")) {
        if (words[1])
            nj_call_fail(
                call, "usage",
                _("A password is not typed in the open: /account set %s password asks for it."),
                account->settings->name);
        else
            ask_new_password(call, account);
        return;
    }

    if (!strcmp(words[0], "address")) {
        nj_call_fail(call, "refused",
                     _("An account keeps its address, as its history does; /account add makes "
                       "another account."));
        return;
    }

    g_autofree char *value = words[1] ? g_strjoinv(" ", (char **) words + 1) : NULL;
    if (!set_key(call, account, words[0], value))
        return;

    tell_set(call, account, nj_account_key(words[0]));
    nj_call_done(call);
}

/* Lines of the file's [keys] and [aliases] may name the account. */
typedef struct {
    char *words; /* "/home:" */
    guint count;
} Mentions;

static void
count_mention(const char *key, const char *value, void *owner)
{
    Mentions *mentions = owner;
    (void) key;
    mentions->count += g_str_has_prefix(value, mentions->words);
}

static void
rename_account(NjCall *call)
{
    if (!nj_call_needs(call, "name") || !nj_call_needs(call, "setting"))
        return;

    NjClient *client = nj_call_client(call);
    NjAccount *account = named_account(call, nj_call_arg(call, "name"));
    if (!account || !is_kept(call, account))
        return;

    const char *const *words = nj_call_args(call, "setting");
    g_autofree char *old = g_strdup(account->settings->name);
    g_autoptr(GError) error = NULL;
    if (words[1]) {
        nj_call_fail(call, "usage", _("A name is one word, as in /account rename %s work."), old);
        return;
    }

    if (!nj_options_account_rename(client->options, old, words[0], &error)) {
        nj_call_fail_error(call, "refused", error);
        return;
    }

    nj_account_set_settings(account, nj_options_account(client->options, words[0]));
    nj_emit_account_changed(client->bus, account);
    nj_record_set_text(nj_call_result(call), "account", words[0]);
    nj_call_say(call, NJ_NOTICE_SUCCESS,
                _("Account %s is called %s now; its chats and its history stay with it."), old,
                words[0]);

    g_autofree char *prefix = g_strdup_printf("/%s:", old);
    Mentions mentions = { prefix, 0 };
    nj_options_pairs(client->options, "aliases", count_mention, &mentions);
    nj_options_pairs(client->options, "keys", count_mention, &mentions);
    if (mentions.count)
        nj_call_say(
            call, NJ_NOTICE_WARNING,
            ngettext("%u alias or key in natterjackrc still says %s and finds no account now.",
                     "%u aliases and keys in natterjackrc still say %s and find no account now.",
                     mentions.count),
            mentions.count, prefix);

    nj_call_done(call);
}

/* An account that is out of the file already, and goes when its stream has been closed as it should
 * be. */
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
        /* it was said in a chat that goes with the account: the console answers */
        call->chat = NULL;

    guint unsure = 0, waiting = nj_outbox_count(account, &unsure);
    nj_call_say(call, NJ_NOTICE_SUCCESS, _("Account %s is removed; its history stays."),
                account->settings->name);
    if (waiting)
        nj_call_say(call, NJ_NOTICE_WARNING,
                    ngettext("%u message was not sent; it stays there, and is sent if you add the "
                             "account again.",
                             "%u messages were not sent; they stay there, and are sent if you add "
                             "the account again.",
                             waiting),
                    waiting);

    if (unsure)
        nj_call_say(call, NJ_NOTICE_WARNING,
                    ngettext("%u message may not have arrived; it stays there as unsure.",
                             "%u messages may not have arrived; they stay there as unsure.",
                             unsure),
                    unsure);

    nj_record_set_int(nj_call_result(call), "waiting", waiting);
    nj_record_set_int(nj_call_result(call), "unsure", unsure);
    nj_call_done(call);
}

/* Also one that somebody connects again meanwhile. */
static void
on_removed_changes(NjAccount *account, void *owner)
{
    Removal *removal = owner;
    if (account == removal->account && account->state != NJ_ACCOUNT_CLOSING)
        nj_client_remove_account(removal->client, account);
}

static void
remove_account(NjCall *call)
{
    if (!nj_call_needs(call, "name"))
        return;

    NjClient *client = nj_call_client(call);
    NjAccount *account = named_account(call, nj_call_arg(call, "name"));
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
    *removal = (Removal){ nj_call_hold(call), client, account };
    nj_on_account_changed(client->bus, on_removed_changes, removal);
    nj_on_account_removed(client->bus, on_removed, removal);
    nj_call_on_end(call, on_removal_end, removal);

    NjSession *session = nj_session_of(account);
    if (session)
        nj_session_disconnect(session);
    if (account->state != NJ_ACCOUNT_CLOSING && nj_call_open(call)) /* it was offline before */
        nj_client_remove_account(client, account);
}

static void
run_account(NjCall *call)
{
    const char *action = nj_call_arg(call, "action");
    if (!action || !strcmp(action, "list"))
        list_accounts(call);
    else if (!strcmp(action, "add"))
        add_account(call);
    else if (!strcmp(action, "set"))
        set_account(call);
    else if (!strcmp(action, "rename"))
        rename_account(call);
    else
        remove_account(call);
}

/* /certificate */

static void
show_certificate(NjCall *call, const NjCertificate *certificate)
{
    g_autofree char *names = g_strjoinv(", ", certificate->names);
    g_autofree char *from = nj_clock_format(certificate->not_before);
    g_autofree char *until = nj_clock_format(certificate->not_after);

    nj_call_say(call, NJ_NOTICE_INFO, _("Certificate of %s, for %s"), certificate->subject, names);
    nj_call_say(call, NJ_NOTICE_INFO, _("Issued by %s, valid from %.10s to %.10s"),
                certificate->issuer, from, until);
    nj_call_say(call, NJ_NOTICE_INFO, _("SHA-256 %s"), certificate->sha256);
    nj_call_say(call, NJ_NOTICE_INFO, _("Key %s"), certificate->pin);
    if (certificate->protocol)
        nj_call_say(call, NJ_NOTICE_INFO, _("Connection %s, %s"), certificate->protocol,
                    certificate->cipher ? certificate->cipher : "");
    if (certificate->problem)
        nj_call_say(call, NJ_NOTICE_WARNING, "%s", certificate->problem);

    if (certificate->pinned)
        nj_call_say(call, NJ_NOTICE_SUCCESS, _("Accepted because its key is pinned."));
    else if (certificate->trusted_once)
        nj_call_say(call, NJ_NOTICE_WARNING,
                    _("Accepted for this connection because you said so."));
    else if (!certificate->problem)
        nj_call_say(call, NJ_NOTICE_SUCCESS,
                    _("Accepted: an authority that is trusted here vouches for it."));

    NjRecord *result = nj_call_result(call);
    nj_record_set_text(result, "subject", certificate->subject);
    nj_record_set_text(result, "issuer", certificate->issuer);
    nj_record_set_text(result, "names", names);
    nj_record_set_text(result, "not_before", from);
    nj_record_set_text(result, "not_after", until);
    nj_record_set_text(result, "sha256", certificate->sha256);
    nj_record_set_text(result, "pin", certificate->pin);
    nj_record_set_text(result, "problem", certificate->problem);

    nj_call_done(call);
}

static void
run_certificate(NjCall *call)
{
    const char *action = nj_call_arg(call, "action");
    NjAccount *account = nj_call_account(call);
    NjSession *session = nj_call_session(call, account);

    if (!session)
        return;

    if (action && !strcmp(action, "forget")) {
        if (!set_key(call, account, "pin", NULL))
            return;
        nj_call_say(call, NJ_NOTICE_SUCCESS,
                    _("No key is pinned for account %s any more; the authorities count again."),
                    account->settings->name);
        nj_call_done(call);
        return;
    }

    const NjCertificate *certificate = nj_session_certificate(session);
    if (!certificate) {
        nj_call_fail(call, "no-certificate",
                     _("Account %s has seen no certificate yet; /connect %s shows it one."),
                     account->settings->name, account->settings->name);
        return;
    }

    if (!action || !strcmp(action, "show")) {
        show_certificate(call, certificate);
        return;
    }

    if (!strcmp(action, "trust"))
        nj_session_trust_once(session, certificate->pin);
    else if (!set_key(call, account, "pin", certificate->pin))
        return;

    if (account->state == NJ_ACCOUNT_ONLINE)
        nj_call_done(call);
    else
        connect_account(call, account);
}

static const NjCommand cmd_account = {
    .name = "account",
    .summary = N_("List, add, change and remove accounts"),
    .details = N_("add ADDRESS logs in and keeps the account in natterjackrc; KEY=VALUE words go "
                  "with it, name=NAME among them. The password is asked for, unless "
                  "password= or password-command= is given, and kept only if you say so. set NAME "
                  "KEY VALUE changes a key, without VALUE takes it out; "
                  "set NAME password asks for a new one. rename NAME NEW changes nothing but the "
                  "name. remove closes the connection and keeps the history. The keys are those of "
                  "natterjackrc(5): host, port, tls, ca-file, password-command, autoconnect, "
                  "resource, nick and others."),
    .params = { { "action",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL,
                  N_("what to do; list without it"),
                  { "list", "add", "set", "rename", "remove" } },
                { "name", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("an account's name; for add an address") },
                { "password", NJ_PARAM_SECRET, NJ_OPTIONAL | NJ_KEYWORD,
                  N_("the password; better let it be asked for") },
                { "setting", NJ_PARAM_SETTING, NJ_OPTIONAL | NJ_REPEAT,
                  N_("for add KEY=VALUE words, for set KEY and VALUE, for rename the new name") } },
    .examples = { "/account add toad@example.org",
                  "/account add toad@example.org name=home host=127.0.0.1",
                  "/account set home password-command pass show xmpp/home",
                  "/account rename home pond", "/account remove home" },
    .run = run_account,
};

static const NjCommand cmd_connect = {
    .name = "connect",
    .summary = N_("Bring an account online"),
    .params = { { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("which one; the chat's without it") } },
    .examples = { "/connect", "/connect home" },
    .run = run_connect,
};

static const NjCommand cmd_disconnect = {
    .name = "disconnect",
    .summary = N_("Take an account offline until /connect"),
    .params = { { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("which one; the chat's without it") } },
    .examples = { "/disconnect", "/disconnect home" },
    .run = run_disconnect,
};

static const NjCommand cmd_reconnect = {
    .name = "reconnect",
    .summary = N_("Close an account's connection and make a new one"),
    .params = { { "account", NJ_PARAM_ACCOUNT, NJ_OPTIONAL,
                  N_("which one; the chat's without it") } },
    .examples = { "/reconnect", "/reconnect home" },
    .run = run_reconnect,
};

static const NjCommand cmd_certificate = {
    .name = "certificate",
    .summary = N_("Show the server's certificate, or trust it"),
    .details = N_("trust accepts the certificate that was shown last for one connection; pin "
                  "accepts its key from now on and nothing else; forget takes the pin away."),
    .needs = NJ_NEEDS_ACCOUNT,
    .params = { { "action",
                  NJ_PARAM_CHOICE,
                  NJ_OPTIONAL,
                  N_("what to do; show without it"),
                  { "show", "trust", "pin", "forget" } } },
    .examples = { "/certificate", "/home:certificate pin" },
    .run = run_certificate,
};

static const NjCommand *const commands[] = { &cmd_account,   &cmd_connect,     &cmd_disconnect,
                                             &cmd_reconnect, &cmd_certificate, NULL };

static const NjAliasRow aliases[] = {
    { "tls", "/certificate", "Profanity" },
    { NULL },
};

const NjTopic nj_topic_account = { "accounts", N_("Accounts"), commands, aliases, NULL };
