/* The program itself: help, what it is, its end. */
#include <string.h>

#include "cmd/help.h"
#include "cmd/outbox.h"
#include "cmd/topic.h"
#include "model/events.h"
#include "model/store.h"

/* What a line may take: 80 columns, or what the pane in front has for it. */
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
    g_autofree char *text =
        nj_help_text(nj_call_cmd(call), nj_call_arg(call, "topic"), help_columns(call), &error);

    if (!text) {
        nj_call_fail_error(call, "unknown-topic", error);
        return;
    }

    nj_call_say(call, NJ_NOTICE_INFO, "%s", text);
    nj_call_done(call);
}

static void
run_about(NjCall *call)
{
    nj_record_set_text(nj_call_result(call), "name", PACKAGE_NAME);
    nj_record_set_text(nj_call_result(call), "version", PACKAGE_VERSION);
    nj_call_say(call, NJ_NOTICE_INFO,
                _("Natterjack %s, a terminal client for XMPP, the open network of chat servers."),
                PACKAGE_VERSION);
    nj_call_say(call, NJ_NOTICE_INFO,
                _("It is free software under the GNU General Public License, version 3 or later; "
                  "there is no warranty."));
    nj_call_done(call);
}

static void
on_quit_answer(int key, void *data)
{
    NjClient *client = data;
    if (key == 'y')
        nj_emit_quit(client->bus, client);
}

/* Who sits at the screen is asked before a line that only memory has is lost with it; a script and
 * a signal are obeyed. */
static void
run_quit(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    NjScreen *screen = nj_call_screen(call);
    NjSource source = nj_call_source(call);
    bool person = screen && (source == NJ_SOURCE_PROMPT || source == NJ_SOURCE_KEY);
    guint unsafe = person && client->store && nj_store_in_trouble(client->store)
                       ? nj_outbox_unsafe(client)
                       : 0;

    nj_call_done(call);
    if (!unsafe) {
        nj_emit_quit(client->bus, client);
        return;
    }

    g_autofree char *question =
        g_strdup_printf(ngettext("The disk fails, and %u message that is not sent would be lost. "
                                 "End all the same? [y/n] ",
                                 "The disk fails, and %u messages that are not sent would be lost. "
                                 "End all the same? [y/n] ",
                                 unsafe),
                        unsafe);

    nj_prompt_ask(nj_screen_prompt(screen), question, "yn", on_quit_answer, client);
}

static const NjCommand cmd_help = {
    .name = "help",
    .summary = N_("Explain commands, keys and options"),
    .params = { { "topic", NJ_PARAM_COMMAND, NJ_OPTIONAL,
                  N_("a command, an option, a topic, keys, options or aliases") } },
    .examples = { "/help", "/help join", "/help keys" },
    .run = run_help,
};

static const NjCommand cmd_about = {
    .name = "about",
    .summary = N_("What this program is"),
    .examples = { "/about" },
    .run = run_about,
};

static const NjCommand cmd_quit = {
    .name = "quit",
    .summary = N_("End Natterjack"),
    .details = N_("What waits to be sent, and what you were typing, is kept for the next start. "
                  "Only a disk that fails can not keep it: then you are asked first."),
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
