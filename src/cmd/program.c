/* /help, /about and /quit. */
#include <string.h>

#include "cmd/help.h"
#include "cmd/outbox.h"
#include "cmd/topic.h"
#include "model/events.h"
#include "model/store.h"

/* Returns the width for help in columns: for a person that of the pane in front, from 20 to 80; for
 * a script 80. */
static int
help_columns(NjCall *call)
{
    NjSource source = nj_call_source(call);
    NjScreen *screen = nj_call_screen(call);
    int columns = screen && (source == NJ_SOURCE_PROMPT || source == NJ_SOURCE_KEY)
                      ? nj_screen_answer_cells(screen)
                      : 0;
    return columns > 0 ? CLAMP(columns, 20, 80) : 80;
}

static void
run_help(NjCall *call)
{
    g_autoptr(GError) error = NULL;
    const char *topic = nj_call_arg(call, "topic"), *sub = nj_call_arg(call, "subcommand");
    g_autofree char *name = sub ? g_strdup_printf("%s %s", topic, sub) : g_strdup(topic);
    g_autofree char *text = nj_help_text(nj_call_cmd(call), name, help_columns(call), &error);

    if (!text) {
        nj_call_fail_error(call, "unknown-topic", error);
        return;
    }

    nj_call_notice(call, NJ_NOTICE_INFO, "%s", text);
    nj_call_done(call);
}

static void
run_about(NjCall *call)
{
    nj_record_set_text(nj_call_result(call), "name", PACKAGE_NAME);
    nj_record_set_text(nj_call_result(call), "version", PACKAGE_VERSION);
    nj_call_notice(
        call, NJ_NOTICE_INFO,
        _("Natterjack %s, a terminal client for XMPP, the open network of chat servers."),
        PACKAGE_VERSION);
    nj_call_notice(
        call, NJ_NOTICE_INFO,
        _("It is free software under the GNU General Public License, version 3 or later; there is "
          "no warranty."));
    nj_call_done(call);
}

static void
on_quit_answer(int key, void *data)
{
    NjClient *client = data;
    if (key == 'y')
        nj_emit_quit(client->bus, client);
}

/* While the disk fails, messages in memory would be lost: a user at the screen is asked first. A
 * script is not asked. */
static void
run_quit(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    NjScreen *screen = nj_call_screen(call);
    NjSource source = nj_call_source(call);
    bool typed = screen && (source == NJ_SOURCE_PROMPT || source == NJ_SOURCE_KEY);
    bool disk_fails = client->store && nj_store_has_write_error(client->store);
    guint unsafe = typed && disk_fails ? nj_outbox_unsafe(client) : 0;

    nj_call_done(call);
    if (!unsafe) {
        nj_emit_quit(client->bus, client);
        return;
    }

    g_autofree char *question =
        g_strdup_printf(ngettext("The disk cannot be written, and %u unsent message would be lost. "
                                 "End anyway? [y/n] ",
                                 "The disk cannot be written, and %u unsent messages would be "
                                 "lost. End anyway? [y/n] ",
                                 unsafe),
                        unsafe);

    nj_prompt_ask(nj_screen_prompt(screen), question, "yn", on_quit_answer, client);
}

static const NjCommand cmd_help = {
    .name = "help",
    .summary = N_("Explain commands, keys and options"),
    .params = { { "topic", NJ_PARAM_COMMAND, NJ_OPTIONAL,
                  N_("a command, an option, a topic, keys, options, aliases or marks") },
                { "subcommand", NJ_PARAM_SUBCOMMAND, NJ_OPTIONAL, N_("of that command") } },
    .examples = { "/help", "/help join", "/help account add", "/help keys" },
    .run = run_help,
};

static const NjCommand cmd_about = {
    .name = "about",
    .summary = N_("Show the version and the licence"),
    .examples = { "/about" },
    .run = run_about,
};

static const NjCommand cmd_quit = {
    .name = "quit",
    .summary = N_("End Natterjack"),
    .details = N_("Unsent messages and the text you were typing are kept for the next start. If "
                  "the disk cannot be written, you are asked first."),
    .examples = { "/quit" },
    .run = run_quit,
};

static const NjCommand *const commands[] = { &cmd_help, &cmd_about, &cmd_quit, NULL };

static const NjAliasRow aliases[] = {
    { "exit", "/quit", "irssi" },
    { "bye", "/quit", "irssi" },
    { "h", "/help", "mcabber" },
    { NULL },
};

const NjTopic nj_topic_program = { "program", N_("The program"), commands, aliases, NULL };
