/* Reads the arguments, creates the parts, connects their hooks, runs the main loop, and frees the
 * parts in reverse order.
 *
 * The order makes the start fast: the first screen is drawn before the history is opened, and
 * connections are opened before chats are read from it. No account connects if the history is
 * locked by another instance. */
#include <fcntl.h>
#include <glib-unix.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/log.h"
#include "base/text.h"
#include "base/wake.h"
#include "cmd/fifo.h"
#include "cmd/help.h"
#include "cmd/outbox.h"
#include "cmd/password.h"
#include "cmd/script.h"
#include "model/events.h"
#include "model/jid.h"
#include "model/textlog.h"
#include "plugins/plugin.h"
#include "ui/notify.h"
#include "xmpp/session.h"
#include "xmpp/xep/0085.h"

/* SIGTERM and SIGHUP end the program within two seconds (natterjack(1), SIGNALS). */
#define QUIT_MS 2000
#define QUIT_STORE_MS 1000 /* the part of QUIT_MS reserved for the store's last writes */

typedef struct {
    gchar **accounts, **commands;
    gboolean headless, no_connect, version;
    char *data, *dump;
} NjArguments;

typedef struct {
    NjArguments *arguments;
    NjClient *client;
    NjCmd *cmd;
    NjPlugins *plugins;
    NjScreen *screen;
    NjNotify *notify;
    NjFifo *fifo;
    NjHeadless *headless;
    NjWake *wake;
    NjTextlog *textlog;
    GMainLoop *loop;
    char *log_error;    /* why there is no log file, as a sentence; NULL if there is one */
    guint next_command; /* index into arguments->commands */
    bool commands_started;
    bool failed; /* a command of -x failed */
    bool quitting;
    gint64 quit_us; /* monotonic deadline of the end */
} NjProgram;

static int
print_failure(const char *sentence)
{
    fprintf(stderr, "natterjack: %s\n", sentence);
    return EXIT_FAILURE;
}

/* Opens /dev/null for a standard stream that is closed: otherwise the next file we open, such as
 * the history, would become standard output. */
static void
keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            exit(EXIT_FAILURE);
}

/* --- arguments --- */

static bool
read_arguments(NjArguments *arguments, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "account", 'a', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->accounts,
          N_("Start only this account: a name from the configuration, or an address"),
          N_("ACCOUNT") },
        { "execute", 'x', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->commands,
          N_("Run a command in the running instance, or here once the accounts are online"),
          N_("COMMAND") },
        { "headless", 0, 0, G_OPTION_ARG_NONE, &arguments->headless,
          N_("No screen: events as JSON lines on standard output, commands on standard input"),
          NULL },
        { "no-connect", 0, 0, G_OPTION_ARG_NONE, &arguments->no_connect,
          N_("Do not connect the accounts"), NULL },
        { "data", 0, 0, G_OPTION_ARG_FILENAME, &arguments->data,
          N_("Keep the history in this directory"), N_("DIR") },
        { "dump", 0, 0, G_OPTION_ARG_STRING, &arguments->dump,
          N_("Print a table and end: commands, options, keys, aliases, account-keys, theme, "
             "modules or plugins"),
          N_("WHAT") },
        { "version", 0, 0, G_OPTION_ARG_NONE, &arguments->version, N_("Print the version and end"),
          NULL },
        { NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
    };

    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, _("Natterjack is a terminal client for XMPP chat."));
    g_option_context_set_description(
        context, _("Type /help in the program for help. Manuals: natterjack(1), natterjackrc(5)."));
    g_option_context_add_main_entries(context, entries, PACKAGE);
    if (!g_option_context_parse(context, argc, argv, error))
        return false;

    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION,
                    _("“%s” is not an option; --help lists the options."), (*argv)[1]);
        return false;
    }

    return true;
}

static void
clear_arguments(NjArguments *arguments)
{
    g_strfreev(arguments->accounts);
    g_strfreev(arguments->commands);
    g_free(arguments->data);
    g_free(arguments->dump);
}

/* Uses the locale of the environment, or C.UTF-8 if that is not UTF-8: readline and the terminal
 * code support UTF-8 only. Returns false if it uses C.UTF-8 instead. */
static bool
use_utf8(void)
{
    setlocale(LC_ALL, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
        return true;
    g_setenv("LC_ALL", "C.UTF-8", TRUE);
    setlocale(LC_ALL, "");
    return false;
}

/* --- -x --- */

/* Runs the commands in the running instance and prints their results. Returns false if there is no
 * running instance. Sets *status to EXIT_FAILURE if a command fails. */
static bool
ask_running(const NjPaths *paths, const NjOptions *options, char **commands, int *status)
{
    g_autofree char *path = nj_fifo_path(paths, options);
    for (guint i = 0; commands[i]; i++) {
        g_autoptr(GError) error = NULL;
        bool running = false, ok = false;
        g_autofree char *answer = nj_fifo_ask(path, commands[i], 60, &running, &ok, &error);
        if (!running && i == 0)
            return false;
        if (!answer) {
            *status = print_failure(error->message);
            return true;
        }
        puts(answer);
        if (!ok)
            *status = EXIT_FAILURE;
    }

    return true;
}

static void run_next_command(NjProgram *program);

static void
on_command_result(const GError *error, NjRecord *result, void *data)
{
    NjProgram *program = data;
    if (error && !program->quitting)
        program->failed = true;
    if (program->headless)
        nj_headless_answer(program->headless, error, result);
    run_next_command(program);
}

/* Runs the next command of -x; on_command_result() calls this again for the one behind it. */
static void
run_next_command(NjProgram *program)
{
    char **commands = program->arguments->commands;
    if (program->quitting || !commands || !commands[program->next_command])
        return;
    const char *line = commands[program->next_command++];
    nj_cmd_run(program->cmd, line, NJ_SOURCE_ARGUMENT, program->client->focus, on_command_result,
               program);
}

/* Whether no account is connecting or waits to connect: each is online or offline. */
static bool
are_logins_finished(const NjClient *client)
{
    for (guint i = 0; i < client->accounts->len; i++) {
        const NjAccount *account = g_ptr_array_index(client->accounts, i);
        if (account->state == NJ_ACCOUNT_CONNECTING || account->state == NJ_ACCOUNT_WAITING)
            return false;
    }
    return true;
}

/* Runs the commands of -x once the logins are finished. */
static void
start_commands(NjProgram *program)
{
    bool ready = program->arguments->no_connect || are_logins_finished(program->client);
    if (program->commands_started || !ready)
        return;

    program->commands_started = true;
    run_next_command(program);
}

/* --- quitting --- */

static bool
are_all_offline(const NjClient *client)
{
    for (guint i = 0; i < client->accounts->len; i++)
        if (((NjAccount *) g_ptr_array_index(client->accounts, i))->state != NJ_ACCOUNT_OFFLINE)
            return false;
    return true;
}

static gboolean
on_quit_timeout(gpointer data)
{
    NjProgram *program = data;
    g_main_loop_quit(program->loop);
    return G_SOURCE_REMOVE;
}

static void
on_quit(NjClient *client, void *owner)
{
    NjProgram *program = owner;
    if (program->quitting)
        return;

    program->quitting = true;
    program->quit_us = nj_clock_us() + QUIT_MS * G_TIME_SPAN_MILLISECOND;
    for (guint i = 0; i < client->accounts->len; i++) {
        NjSession *session = nj_session_of(g_ptr_array_index(client->accounts, i));
        if (session)
            nj_session_disconnect(session);
    }

    if (are_all_offline(client))
        g_main_loop_quit(program->loop);
    else
        g_timeout_add(QUIT_MS - QUIT_STORE_MS - 200, on_quit_timeout, program);
}

static gboolean
on_signal(gpointer data)
{
    NjProgram *program = data;
    nj_emit_quit(program->client->bus, program->client);
    return G_SOURCE_CONTINUE;
}

/* --- accounts --- */

static void
on_account_added(NjAccount *account, void *owner)
{
    NjProgram *program = owner;
    nj_session_new(account, nj_plugins_modules(program->plugins), nj_connection_new);
}

static void
on_account_removed(NjAccount *account, void *owner)
{
    (void) owner;
    nj_session_free(nj_session_of(account));
}

static void
on_account_changed(NjAccount *account, void *owner)
{
    NjProgram *program = owner;
    (void) account;
    if (program->quitting) {
        if (are_all_offline(program->client))
            g_main_loop_quit(program->loop);
        return;
    }
    start_commands(program);
}

static void
ask_password(NjAccount *account, void (*done)(const char *password, const char *why, void *data),
             void *data, void *owner)
{
    NjProgram *program = owner;
    nj_password_ask(program->cmd, account, done, data);
}

/* Adds the account that -a names. An address that is not in natterjackrc becomes an account for
 * this run. */
static void
add_wanted_account(NjClient *client, const char *wanted)
{
    const GPtrArray *known = nj_options_accounts(client->options);
    for (guint i = 0; i < known->len; i++) {
        NjAccountSettings *settings = g_ptr_array_index(known, i);
        if (strcmp(settings->name, wanted) != 0 && strcmp(settings->address, wanted) != 0)
            continue;
        if (!nj_client_account(client, settings->address)) /* -a may name it twice */
            nj_client_add_account(client, settings);
        return;
    }

    g_autoptr(GError) error = NULL;
    g_autofree char *address = strchr(wanted, '@') ? nj_jid_prepare(wanted, &error) : NULL;
    if (error) {
        nj_client_notice(client, NULL, NULL, NJ_NOTICE_ERROR, "%s", error->message);
        return;
    }

    if (!address) {
        nj_client_notice(client, NULL, NULL, NJ_NOTICE_ERROR,
                         _("There is no account “%s” in natterjackrc."), wanted);
        return;
    }

    NjAccountSettings settings = { .name = address, .address = address, .autoconnect = true };
    g_autofree char *bare = nj_jid_bare(address);
    if (!nj_client_account(client, bare))
        nj_client_add_account(client, &settings);
}

/* Adds the accounts of -a, or all accounts of natterjackrc. */
static void
add_accounts(NjProgram *program)
{
    NjClient *client = program->client;
    const GPtrArray *known = nj_options_accounts(client->options);
    char **wanted = program->arguments->accounts;

    if (!wanted) {
        for (guint i = 0; i < known->len; i++)
            nj_client_add_account(client, g_ptr_array_index(known, i));
        return;
    }

    for (; *wanted; wanted++)
        add_wanted_account(client, *wanted);
}

static void
connect_accounts(NjProgram *program)
{
    if (program->arguments->no_connect)
        return;
    for (guint i = 0; i < program->client->accounts->len; i++) {
        NjAccount *account = g_ptr_array_index(program->client->accounts, i);
        if (account->settings->autoconnect)
            nj_session_connect(nj_session_of(account));
    }
}

/* Shows the errors in natterjackrc, and why there is no log file. */
static void
report_faults(NjProgram *program)
{
    NjClient *client = program->client;
    const GPtrArray *faults = nj_options_faults(client->options);

    if (program->log_error)
        nj_client_notice(client, NULL, NULL, NJ_NOTICE_WARNING, "%s", program->log_error);
    for (guint i = 0; i < faults->len; i++) {
        const NjFault *fault = g_ptr_array_index(faults, i);
        if (fault->line > 0)
            nj_client_notice(client, NULL, NULL, NJ_NOTICE_WARNING, _("natterjackrc, line %d: %s"),
                             fault->line, fault->text);
        else
            nj_client_notice(client, NULL, NULL, NJ_NOTICE_WARNING, _("natterjackrc: %s"),
                             fault->text);
    }
}

/* Writes a sentence to standard error, unless that would block. */
static void
print_remark(const char *sentence)
{
    struct pollfd errors = { STDERR_FILENO, POLLOUT, 0 };
    if (poll(&errors, 1, 0) != 1 || (errors.revents & POLLOUT) == 0)
        return;
    g_autofree char *line = nj_text_line(sentence, -1, 0);
    print_failure(line);
}

/* In headless mode warnings and errors go to standard error, as the log does. */
static void
on_notice(NjNotice *notice, void *owner)
{
    (void) owner;
    if (notice->kind >= NJ_NOTICE_WARNING)
        print_remark(notice->text);
}

static void
set_log_level(const NjOptions *options)
{
    /* In the order of NjLogLevel. */
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++)
        if (strcmp(nj_options_text(options, "log-level"), levels[i]) == 0)
            nj_log_set_level((NjLogLevel) i);
}

static void
on_option_changed(NjOption *option, void *owner)
{
    NjProgram *program = owner;
    if (strcmp(option->name, "log-level") == 0)
        set_log_level(program->client->options);
}

/* --- store --- */

/* Shows a notice in the console and in the chat in front. */
static void
show_store_notice(NjClient *client, NjNoticeKind kind, const char *sentence)
{
    nj_client_notice(client, NULL, NULL, kind, "%s", sentence);
    if (client->focus)
        nj_client_notice(client, NULL, client->focus, kind, "%s", sentence);
}

/* Reading or writing the history has failed, or (sentence NULL) writing works again. */
static void
on_store_trouble(const char *sentence, void *owner)
{
    NjProgram *program = owner;
    if (sentence)
        show_store_notice(program->client, NJ_NOTICE_ERROR, sentence);
    else
        show_store_notice(program->client, NJ_NOTICE_SUCCESS,
                          _("The history can be written again; nothing was lost."));

    for (guint i = 0; i < program->client->accounts->len; i++) {
        NjSession *session = nj_session_of(g_ptr_array_index(program->client->accounts, i));
        if (session)
            nj_session_set_store_failing(session, nj_store_has_write_error(program->client->store));
    }
}

/* The queue of the store was full, so sessions stopped reading; now it has space again. */
static void
on_store_space(void *owner)
{
    NjProgram *program = owner;
    for (guint i = 0; i < program->client->accounts->len; i++)
        nj_session_resume_reading(nj_session_of(g_ptr_array_index(program->client->accounts, i)));
}

/* --- hooks of the screen --- */

static void
run_line(const char *line, NjChat *chat, void *owner)
{
    NjProgram *program = owner;
    nj_cmd_run(program->cmd, line, NJ_SOURCE_PROMPT, chat, NULL, NULL);
}

static char **
complete_line(const char *text, gsize point, gsize *start, gsize *end, NjChat *chat, void *owner)
{
    NjProgram *program = owner;
    return nj_cmd_complete(program->cmd, text, point, start, end, chat);
}

static void
send_typing(NjChat *chat, NjTyping typing, void *owner)
{
    (void) owner;
    nj_message_typing(chat, typing);
}

static bool
may_keep_line(const char *line, void *owner)
{
    NjProgram *program = owner;
    return !nj_cmd_is_secret(program->cmd, line);
}

static bool
make_screen(NjProgram *program, GError **error)
{
    g_autofree char *own = g_build_filename(program->client->paths->config, "themes", NULL);
    const char *const dirs[] = { own, NJ_THEMEDIR, NULL };
    const NjScreenHooks hooks = { .run = run_line,
                                  .complete = complete_line,
                                  .typing = send_typing,
                                  .may_keep = may_keep_line,
                                  .owner = program };

    program->screen = nj_screen_new(program->client, dirs, &hooks, error);
    if (!program->screen)
        return false;

    nj_cmd_set_screen(program->cmd, program->screen);
    program->notify = nj_notify_new(program->screen);
    return true;
}

/* The network has changed or the machine has slept: the sessions test or renew their connections.
 */
static void
on_wake(void *owner)
{
    NjProgram *program = owner;
    for (guint i = 0; i < program->client->accounts->len; i++)
        nj_session_wake(nj_session_of(g_ptr_array_index(program->client->accounts, i)));
}

/* Creates all parts. On failure returns false; the error ends the program. */
static bool
start_parts(NjProgram *program, GError **error)
{
    NjClient *client = program->client;
    NjBus *bus = client->bus;

    nj_on_quit(bus, on_quit, program);
    nj_on_account_added(bus, on_account_added, program);
    nj_on_account_removed(bus, on_account_removed, program);
    nj_on_account_changed(bus, on_account_changed, program);
    nj_on_option_changed(bus, on_option_changed, program);
    client->hooks.ask_password = ask_password;
    client->hooks.owner = program;

    /* Before the screen: the terminal's handler of SIGCONT calls the one that is set here. */
    program->wake = nj_wake_new(on_wake, program);

    client->headless = program->arguments->headless;
    if (program->arguments->headless) {
        program->headless = nj_headless_new(program->cmd);
        nj_on_notice(bus, on_notice, program);
    } else if (!make_screen(program, error)) {
        return false;
    }

    nj_cmd_load_pairs(program->cmd);
    program->textlog = nj_textlog_new(client);
    add_accounts(program);

    if (program->screen && !nj_screen_open(program->screen, error)) {
        if (program->arguments->commands)
            g_prefix_error(error, "%s ", _("No running Natterjack was found for -x."));
        return false;
    }

    NjStore *store = nj_store_open(client->paths->data, error);
    if (!store)
        return false;

    connect_accounts(program);
    nj_store_set_hooks(store, on_store_trouble, on_store_space, program);
    nj_client_set_store(client, store);
    if (program->screen)
        nj_screen_store_ready(program->screen);

    g_autoptr(GError) trouble = NULL;
    g_autofree char *path = nj_fifo_path(client->paths, client->options);
    program->fifo = nj_fifo_new(program->cmd, path, &trouble);
    if (!program->fifo)
        nj_client_notice(client, NULL, NULL, NJ_NOTICE_WARNING, "%s", trouble->message);

    report_faults(program);
    start_commands(program);
    return true;
}

static void
stop_parts(NjProgram *program)
{
    NjClient *client = program->client;
    nj_cmd_end_calls(program->cmd); /* first, so that callers still receive the result */
    nj_fifo_free(program->fifo);
    while (client->accounts->len > 0)
        nj_client_remove_account(client,
                                 g_ptr_array_index(client->accounts, client->accounts->len - 1));

    nj_textlog_free(program->textlog);
    nj_notify_free(program->notify);
    nj_headless_free(program->headless);
    nj_cmd_set_screen(program->cmd, NULL);
    nj_screen_free(program->screen);
    nj_wake_free(program->wake);
    nj_bus_forget(client->bus, program);
}

/* Closes the store within the time that is left, and writes to standard error how many messages
 * wait or are lost. waits: the sentence if all writes are committed; safe: the one if not (both may
 * be NULL); unsafe: the number of uncommitted messages. Returns the exit status. */
static int
close_store(NjProgram *program, NjStore *store, const char *waits, const char *safe, guint unsafe)
{
    gint64 left_ms = program->quitting ? (program->quit_us - nj_clock_us()) / 1000 : QUIT_STORE_MS;
    bool written = !store || nj_store_close(store, (guint) CLAMP(left_ms, 100, QUIT_MS));
    const char *sentence = written ? waits : safe;
    if (sentence)
        print_remark(sentence);
    if (written)
        return EXIT_SUCCESS;

    if (!unsafe)
        return print_failure(_("Not everything could be written to the history in time."));

    g_autofree char *lost = g_strdup_printf(
        ngettext("%u message could be neither written nor sent, and is lost.",
                 "%u messages could be neither written nor sent, and are lost.", unsafe),
        unsafe);
    return print_failure(lost);
}

static int
run_program(NjProgram *program)
{
    g_autoptr(GError) error = NULL;
    int status = EXIT_SUCCESS;

    program->loop = g_main_loop_new(NULL, FALSE);
    const int signals[] = { SIGTERM, SIGHUP, SIGINT };
    guint sources[G_N_ELEMENTS(signals)];
    for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
        sources[i] = g_unix_signal_add_full(G_PRIORITY_HIGH, signals[i], on_signal, program, NULL);

    bool started = start_parts(program, &error);
    if (started && (!program->quitting || !are_all_offline(program->client)))
        g_main_loop_run(program->loop);

    /* stop_parts() closes the screen before the store is closed, so that sentences on standard
     * error can be read. It also removes the accounts, so their messages are counted first. */
    NjStore *store = program->client->store;
    g_autofree char *waits = started ? nj_outbox_sentence(program->client, true) : NULL;
    g_autofree char *safe = started ? nj_outbox_sentence(program->client, false) : NULL;
    guint unsafe = started ? nj_outbox_unsafe(program->client) : 0;

    stop_parts(program);
    program->client->store = NULL;
    status = close_store(program, store, waits, safe, unsafe);
    if (!started)
        status = print_failure(error->message);
    for (guint i = 0; i < G_N_ELEMENTS(sources); i++)
        g_source_remove(sources[i]);

    g_main_loop_unref(program->loop);
    return program->failed && program->arguments->headless ? EXIT_FAILURE : status;
}

int
main(int argc, char **argv)
{
    keep_standard_streams();
    bool utf8 = use_utf8();
    bindtextdomain(PACKAGE, NJ_LOCALEDIR);
    bind_textdomain_codeset(PACKAGE, "UTF-8");
    textdomain(PACKAGE);
    signal(SIGPIPE, SIG_IGN);

    NjArguments arguments = { 0 };
    g_autoptr(GError) error = NULL;
    if (!read_arguments(&arguments, &argc, &argv, &error))
        return print_failure(error->message);

    if (arguments.version) {
        puts(PACKAGE_STRING);
        clear_arguments(&arguments);
        return EXIT_SUCCESS;
    }

    NjPaths *paths = nj_paths_new(arguments.data);
    g_autofree char *file = g_build_filename(paths->config, "natterjackrc", NULL);
    NjOptions *options = nj_options_new(file);
    NjProgram program = { .arguments = &arguments };
    program.client = nj_client_new(paths, options);
    program.cmd = nj_cmd_new(program.client);
    program.plugins = nj_plugins_new(program.client, program.cmd);

    int status = EXIT_SUCCESS;
    g_autofree char *log = g_build_filename(paths->state, "log", NULL);
    if (!nj_options_load(options, &error)) {
        status = print_failure(error->message);
    } else if (arguments.dump) {
        g_autofree char *text = nj_dump(program.cmd, arguments.dump, &error);
        if (text)
            fputs(text, stdout);
        else
            status = print_failure(error->message);
    } else if (!arguments.commands || !ask_running(paths, options, arguments.commands, &status)) {
        /* The first start creates the directory; if it fails, nj_log_open() reports why. */
        if (!arguments.headless)
            nj_files_ensure_dir(paths->state, NULL);
        if (!nj_log_open(arguments.headless ? NULL : log, &error)) {
            program.log_error = g_strdup(error->message);
            g_clear_error(&error);
        }
        set_log_level(options);
        if (!utf8)
            g_warning("the locale is not UTF-8: using C.UTF-8");
        status = run_program(&program);
    }

    nj_plugins_free(program.plugins);
    nj_cmd_free(program.cmd);
    nj_client_free(program.client);
    nj_log_close();
    g_free(program.log_error);
    clear_arguments(&arguments);

    return status;
}
