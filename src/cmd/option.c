/* /set, /theme, /bind and /alias. Each change is saved to natterjackrc at once. */
#include <string.h>

#include "cmd/call.h"
#include "cmd/topic.h"
#include "model/events.h"

/* --- /set --- */

static void
show_option(NjCall *call, const char *name)
{
    const char *value = nj_options_text(nj_call_client(call)->options, name);
    nj_record_set_text(nj_call_result(call), name, value);
    nj_call_notice(call, NJ_NOTICE_INFO, "%s = %s", name, value);
}

static bool
set_option(NjCall *call, const NjOption *option, const char *value)
{
    NjClient *client = nj_call_client(call);
    g_autoptr(GError) error = NULL;
    if (!nj_options_set(client->options, option->name, value, &error)) {
        nj_call_fail_error(call, "refused", error);
        return false;
    }
    nj_emit_option_changed(client->bus, (NjOption *) option);
    return true;
}

/* Changes an option; value NULL: to its default. A theme is shown before it is saved, so that a
 * broken one is refused. Returns false if the call has failed. */
static bool
change_option(NjCall *call, const NjOption *option, const char *value)
{
    NjScreen *screen = nj_call_screen(call);
    g_autoptr(GError) error = NULL;
    if (screen && strcmp(option->name, "theme") == 0
        && !nj_screen_set_theme(screen, value ? value : option->default_value, &error)) {
        nj_call_fail_error(call, "no-theme", error);
        return false;
    }
    return set_option(call, option, value);
}

static void
run_set(NjCall *call)
{
    const NjTable *table = nj_options_table(nj_call_client(call)->options);
    const char *name = nj_call_arg(call, "option");
    const char *value = nj_call_arg(call, "value");
    const NjOption *option = name ? nj_table_find(table, name) : NULL;

    if (name && !option) {
        nj_call_fail(call, "no-option", _("There is no option “%s”; /set lists the options."),
                     name);
        return;
    }

    for (guint i = 0; !option && i < nj_table_length(table); i++)
        show_option(call, ((const NjOption *) nj_table_at(table, i))->name);
    if (option && value
        && !change_option(call, option, strcmp(value, "default") != 0 ? value : NULL))
        return;

    if (option)
        show_option(call, name);
    nj_call_done(call);
}

/* --- /theme --- */

static void
run_theme(NjCall *call)
{
    NjClient *client = nj_call_client(call);
    const NjOption *option = nj_table_find(nj_options_table(client->options), "theme");
    const char *name = nj_call_arg(call, "theme");

    if (name) {
        if (change_option(call, option, name))
            nj_call_done(call);
        return;
    }

    g_auto(GStrv) names = nj_cmd_theme_names(nj_call_cmd(call));
    g_autofree char *list = g_strjoinv(", ", names);
    nj_record_set_text(nj_call_result(call), "theme", nj_options_text(client->options, "theme"));
    nj_call_notice(call, NJ_NOTICE_INFO, _("The theme is %s. Themes: %s."),
                   nj_options_text(client->options, "theme"), list);
    nj_call_done(call);
}

/* --- /bind --- */

static void
report_key(const char *name, const char *line, void *owner)
{
    nj_call_notice(owner, NJ_NOTICE_INFO, "%-12s %s", name, line);
}

static void
run_bind(NjCall *call)
{
    NjKeys *keys = nj_screen_keys(nj_call_screen(call));
    const char *key = nj_call_arg(call, "key");
    const char *line = nj_call_arg(call, "line");
    g_autoptr(GError) error = NULL;

    if (!key) {
        nj_keys_each(keys, report_key, call);
        nj_call_done(call);
        return;
    }

    g_autofree char *name = nj_keys_canonical(key, &error);
    if (!name) {
        nj_call_fail_error(call, "usage", error);
        return;
    }

    if (!line) {
        line = nj_keys_line(keys, name);
        nj_call_notice(call, NJ_NOTICE_INFO, "%-12s %s", name, line ? line : _("free"));
        nj_record_set_text(nj_call_result(call), name, line);
        nj_call_done(call);
        return;
    }

    NjOptions *options = nj_call_client(call)->options;
    bool unbind = strcmp(line, "free") == 0;
    if (!unbind && line[0] != '/') {
        nj_call_fail(
            call, "usage",
            _("The line of a key must be a command that starts with a slash, or “free”, which "
              "gives the key back to the prompt."));
        return;
    }

    bool done = nj_keys_bind(keys, name, unbind ? NULL : line, &error);
    if (done) /* an empty line in natterjackrc unbinds a shipped key */
        done = nj_options_set_pair(options, "keys", name, unbind ? "" : line, &error);
    if (done && unbind)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("Unbound %s; the prompt uses it again."), name);
    else if (done)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("%s now runs %s."), name, line);

    nj_call_done_if(call, done, error);
}

/* --- /alias --- */

static void
report_alias(const char *name, const char *line, const char *habit, void *owner)
{
    if (habit)
        nj_call_notice(owner, NJ_NOTICE_INFO, "/%-12s %s  (%s)", name, line, habit);
    else
        nj_call_notice(owner, NJ_NOTICE_INFO, "/%-12s %s", name, line);
}

/* The alias that /alias NAME shows. */
typedef struct {
    NjCall *call;
    const char *name;
} OneAlias;

static void
report_one_alias(const char *name, const char *line, const char *habit, void *owner)
{
    OneAlias *one = owner;
    if (strcmp(name, one->name) == 0)
        report_alias(name, line, habit, one->call);
}

static void
run_alias(NjCall *call)
{
    NjCmd *cmd = nj_call_cmd(call);
    const char *name = nj_call_arg(call, "name");
    const char *line = nj_call_arg(call, "line");

    if (name && name[0] == '/')
        name++;
    if (!line) {
        OneAlias one = { .call = call, .name = name };
        if (name)
            nj_cmd_each_alias(cmd, report_one_alias, &one);
        else
            nj_cmd_each_alias(cmd, report_alias, call);
        nj_call_done(call);
        return;
    }

    g_autoptr(GError) error = NULL;
    NjOptions *options = nj_call_client(call)->options;
    bool remove = strcmp(line, "free") == 0;
    const char *kept = remove ? NULL : line;
    bool done = nj_cmd_set_alias(cmd, name, kept, &error)
                && nj_options_set_pair(options, "aliases", name, kept, &error);
    if (done && remove)
        nj_call_notice(call, NJ_NOTICE_SUCCESS,
                       nj_cmd_alias_line(cmd, name)
                           ? _("Removed your alias /%s; the shipped one is used again.")
                           : _("Removed the alias /%s."),
                       name);
    else if (done)
        nj_call_notice(call, NJ_NOTICE_SUCCESS, _("/%s now runs %s."), name, line);

    nj_call_done_if(call, done, error);
}

static const NjCommand cmd_set = {
    .name = "set",
    .summary = N_("Show or change options"),
    .details = N_("The value “default” resets an option. /help OPTION explains an option."),
    .params = { { "option", NJ_PARAM_OPTION, NJ_OPTIONAL, N_("which; by default all") },
                { "value", NJ_PARAM_VALUE, NJ_OPTIONAL,
                  N_("the new value, in quotation marks if it contains spaces") } },
    .examples = { "/set", "/set theme reed", "/set time-format \"%d.%m. %H:%M\"" },
    .run = run_set,
};

static const NjCommand cmd_theme = {
    .name = "theme",
    .summary = N_("Show or change the colours"),
    .params = { { "theme", NJ_PARAM_THEME, NJ_OPTIONAL,
                  N_("the name of a theme; by default all are listed") } },
    .examples = { "/theme", "/theme reed" },
    .run = run_theme,
};

static const NjCommand cmd_bind = {
    .name = "bind",
    .summary = N_("Show or change the command of a key"),
    .details =
        N_("Names of keys are Alt-1, Ctrl-l, F5, PgUp, Alt-Enter and the like. The line “free” "
           "gives a key back to the prompt."),
    .needs = NJ_NEEDS_SCREEN,
    .params = { { "key", NJ_PARAM_KEY, NJ_OPTIONAL, N_("which; by default all") },
                { "line", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("the command that it runs") } },
    .examples = { "/bind", "/bind F5 /window console", "/bind F5 free" },
    .run = run_bind,
};

static const NjCommand cmd_alias = {
    .name = "alias",
    .summary = N_("Show or change aliases of command lines"),
    .details = N_("In LINE, $1 to $9 are the words behind the alias and $* is all of them; without "
                  "$ they are appended. The line “free” removes an alias."),
    .params = { { "name", NJ_PARAM_WORD, NJ_OPTIONAL, N_("which; by default all") },
                { "line", NJ_PARAM_TEXT, NJ_OPTIONAL, N_("the command line that it runs") } },
    .examples = { "/alias", "/alias hi /say Hello, $*!", "/alias hi free" },
    .run = run_alias,
};

static const NjCommand *const commands[] = { &cmd_set, &cmd_theme, &cmd_bind, &cmd_alias, NULL };

const NjTopic nj_topic_option = { "settings", N_("Settings"), commands, NULL, NULL };
