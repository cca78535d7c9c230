/* Supplies passwords to sessions (cmd/password.h). A session asks only when natterjackrc has no
 * password, or one that the server refused.
 *
 * A password that was typed, or printed by password-command, is kept in memory for this run, so
 * that a reconnect does not ask again. It is wiped when the server refuses it, but not when a
 * connection ends before the password was sent. It is written to natterjackrc only if the user
 * agrees. */
#include "cmd/password.h"

#include <string.h>

#include "cmd/call.h"
#include "cmd/subprocess.h"
#include "model/events.h"

#define COMMAND_SECONDS 60

typedef void (*Done)(const char *password, const char *why, void *data);

/* The state of one account. */
typedef struct {
    NjPasswords *passwords;
    NjAccount *account;
    char *secret;  /* the password of this run; NULL without one */
    bool given;    /* secret was passed to the session */
    bool accepted; /* the account has been online since its last attempt to connect */
    bool offer;    /* once online, ask whether to keep secret in natterjackrc */
    NjSubprocess *process;
    /* the password-command, while it waits for those of other accounts; else NULL */
    char *queued_command;
    Done done; /* receives the password of the open request; NULL without a request */
    void *data;
} Entry;

struct NjPasswords {
    NjCmd *cmd;
    GHashTable *entries; /* NjAccount -> Entry */
    bool closing;
};

static void run_next_command(NjPasswords *passwords);

static void
forget_secret(Entry *entry)
{
    if (entry->secret)
        explicit_bzero(entry->secret, strlen(entry->secret));
    g_clear_pointer(&entry->secret, g_free);
    entry->given = entry->accepted = false;
}

static NjPrompt *
prompt_of(Entry *entry)
{
    NjScreen *screen = entry->passwords->cmd->screen;
    return screen ? nj_screen_prompt(screen) : NULL;
}

/* Ends the open request, if there is one. password: its result; NULL: none, and why is NULL or the
 * reason as a sentence. */
static void
answer_request(Entry *entry, const char *password, const char *why)
{
    Done done = entry->done;
    void *data = entry->data;

    entry->done = NULL;
    if (!done)
        return;

    char *copy = g_strdup(password); /* done may call forget_secret() */
    entry->given = entry->given || password;
    done(copy, why, data);
    if (copy)
        explicit_bzero(copy, strlen(copy));

    g_free(copy);
}

/* Stops the command and the question of an account and ends its request without an answer. */
static void
cancel_request(Entry *entry)
{
    g_clear_pointer(&entry->queued_command, g_free);
    g_clear_pointer(&entry->process, nj_subprocess_free);
    if (prompt_of(entry))
        nj_prompt_cancel(prompt_of(entry), entry);
    answer_request(entry, NULL, NULL);
    run_next_command(entry->passwords);
}

static void
free_entry(void *data)
{
    Entry *entry = data;
    cancel_request(entry);
    forget_secret(entry);
    g_free(entry);
}

static Entry *
entry_of(NjPasswords *passwords, NjAccount *account)
{
    Entry *entry = g_hash_table_lookup(passwords->entries, account);
    if (entry)
        return entry;
    entry = g_new0(Entry, 1);
    entry->passwords = passwords;
    entry->account = account;
    g_hash_table_insert(passwords->entries, account, entry);
    return entry;
}

static void
on_command_done(const char *out, const char *why, void *data)
{
    Entry *entry = data;
    NjPasswords *passwords = entry->passwords;

    entry->process = NULL;
    if (out) {
        forget_secret(entry);
        entry->secret = g_strdup(out);
        answer_request(entry, entry->secret, NULL);
    } else {
        const char *name = entry->account->settings->name;
        g_autofree char *sentence = g_strdup_printf(
            _("The password-command of account %s gave no password. %s"), name, why);
        answer_request(entry, NULL, sentence);
    }

    run_next_command(passwords);
}

static void
on_typed(const char *typed, void *data)
{
    Entry *entry = data;
    if (!typed || !*typed) {
        g_autofree char *sentence =
            g_strdup_printf(_("No password was given for account %s; /connect %s asks again."),
                            entry->account->settings->name, entry->account->settings->name);
        answer_request(entry, NULL, sentence);
        return;
    }

    forget_secret(entry);
    entry->secret = g_strdup(typed);
    answer_request(entry, entry->secret, NULL);
}

/* Starts a queued password-command if none runs. They run one at a time: there is one terminal, and
 * a keyring that the first command unlocks need not be unlocked again. */
static void
run_next_command(NjPasswords *passwords)
{
    Entry *next = NULL;
    GHashTableIter iter;
    Entry *entry;

    g_hash_table_iter_init(&iter, passwords->entries);
    while (!passwords->closing && g_hash_table_iter_next(&iter, NULL, (void **) &entry)) {
        if (entry->process)
            return;
        if (entry->queued_command)
            next = entry;
    }

    if (!next)
        return;

    g_autoptr(GError) error = NULL;
    g_autofree char *command = g_steal_pointer(&next->queued_command);
    next->process = nj_subprocess_new(command, passwords->cmd->screen, COMMAND_SECONDS,
                                      on_command_done, next, &error);
    if (!next->process)
        on_command_done(NULL, error->message, next);
}

void
nj_password_ask(NjCmd *cmd, NjAccount *account, Done done, void *data)
{
    Entry *entry = entry_of(cmd->passwords, account);
    cancel_request(entry);
    entry->done = done;
    entry->data = data;

    const NjAccountSettings *settings = account->settings;
    if (entry->secret) {
        answer_request(entry, entry->secret, NULL);
    } else if (settings->password_command) {
        entry->queued_command = g_strdup(settings->password_command);
        run_next_command(cmd->passwords);
    } else if (prompt_of(entry)) {
        g_autofree char *question = g_strdup_printf(_("Password of %s: "), settings->address);
        nj_prompt_ask_secret(prompt_of(entry), question, on_typed, entry);
    } else {
        g_autofree char *why = g_strdup_printf(_("Account %s has no password and there is no "
                                                 "screen to ask for one; set password-command in "
                                                 "natterjackrc."),
                                               settings->name);
        answer_request(entry, NULL, why);
    }
}

void
nj_password_remember(NjCmd *cmd, NjAccount *account, const char *password)
{
    Entry *entry = entry_of(cmd->passwords, account);
    forget_secret(entry);
    entry->secret = g_strdup(password);
}

void
nj_password_offer(NjCmd *cmd, NjAccount *account)
{
    entry_of(cmd->passwords, account)->offer = true;
}

bool
nj_password_cancel(NjCmd *cmd)
{
    bool any = false;
    GHashTableIter iter;
    Entry *entry;

    g_hash_table_iter_init(&iter, cmd->passwords->entries);
    while (g_hash_table_iter_next(&iter, NULL, (void **) &entry)) {
        if (!entry->process)
            continue;
        nj_subprocess_cancel(entry->process);
        any = true;
    }

    return any;
}

static void
on_keep_answer(int key, void *data)
{
    Entry *entry = data;
    if (key != 'y' || !entry->secret)
        return;

    NjClient *client = entry->passwords->cmd->client;
    const char *name = entry->account->settings->name;
    g_autoptr(GError) error = NULL;
    if (nj_options_account_set(client->options, name, "password", entry->secret, &error))
        nj_client_notice(client, entry->account, NULL, NJ_NOTICE_SUCCESS,
                         _("Saved the password of account %s in natterjackrc."), name);
    else
        nj_client_notice(client, entry->account, NULL, NJ_NOTICE_ERROR, "%s", error->message);
}

/* Asks whether to keep the password in natterjackrc, unless that supplies one already. */
static void
offer_to_keep(Entry *entry)
{
    entry->offer = false;
    const NjAccountSettings *settings = entry->account->settings;
    bool is_configured = settings->password || settings->password_command;
    if (!entry->secret || is_configured || !prompt_of(entry))
        return;
    g_autofree char *question =
        g_strdup_printf(_("Keep the password of %s in natterjackrc? [y/n] "), settings->address);
    nj_prompt_ask(prompt_of(entry), question, "yn", on_keep_answer, entry);
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    NjPasswords *passwords = owner;
    Entry *entry = g_hash_table_lookup(passwords->entries, account);

    if (!entry)
        return;

    switch (account->state) {
    case NJ_ACCOUNT_CONNECTING:
        entry->accepted = false;
        break;
    case NJ_ACCOUNT_ONLINE:
        entry->accepted = true;
        if (entry->offer)
            offer_to_keep(entry);
        break;
    case NJ_ACCOUNT_OFFLINE:
        /* The login failed before the server accepted the password; the password may be wrong. */
        if (account->why && entry->given && !entry->accepted)
            forget_secret(entry);
        cancel_request(entry);
        break;
    default:
        /* A question stays open when a connection is lost: the answer is for the next one. */
        break;
    }
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    NjPasswords *passwords = owner;
    g_hash_table_remove(passwords->entries, account);
}

NjPasswords *
nj_passwords_new(NjCmd *cmd)
{
    NjPasswords *passwords = g_new0(NjPasswords, 1);
    passwords->cmd = cmd;
    passwords->entries = g_hash_table_new_full(NULL, NULL, NULL, free_entry);
    nj_on_account_changed(cmd->client->bus, on_account_changed, passwords);
    nj_on_account_removed(cmd->client->bus, on_account_removed, passwords);
    return passwords;
}

void
nj_passwords_cancel_requests(NjPasswords *passwords)
{
    g_autoptr(GList) entries = g_hash_table_get_values(passwords->entries);
    passwords->closing = true;
    for (GList *at = entries; at; at = at->next)
        cancel_request(at->data);
    passwords->closing = false;
}

void
nj_passwords_free(NjPasswords *passwords)
{
    passwords->closing = true;
    nj_bus_forget(passwords->cmd->client->bus, passwords);
    g_hash_table_unref(passwords->entries);
    g_free(passwords);
}
