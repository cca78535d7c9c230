/* Attaches the rows of plugins: commands, options, modules. The built-in topics are attached the
 * same way, so that the code for plugins is used in every run. */
#include "plugins/plugin.h"

struct NjPlugins {
    NjClient *client;
    NjCmd *cmd;
    NjTable *table;     /* of NjPlugin */
    NjTable *modules;   /* of NjModule */
    GPtrArray *rows;    /* of NjPlugin: the rows made here, "core" and one for each topic */
    GPtrArray *core;    /* of NjModule, NULL-ended: the built-in modules */
    GHashTable *states; /* NjPlugin -> the state that start() returned */
};

static void
attach_plugin(NjPlugins *plugins, const NjPlugin *plugin)
{
    if (!nj_table_add(plugins->table, plugin)) {
        g_warning("there are two plugins %s", plugin->name);
        return;
    }

    if (plugin->options)
        nj_options_add_rows(plugins->client->options, plugin->options);
    for (const NjModule *const *module = plugin->modules; module && *module; module++)
        if (!nj_table_add(plugins->modules, *module))
            g_warning("there are two modules %s", (*module)->spec);
    if (plugin->topic)
        nj_cmd_add_topic(plugins->cmd, plugin->topic);
    if (plugin->start)
        g_hash_table_insert(plugins->states, (void *) plugin, plugin->start(plugins));
}

static void
detach_plugin(NjPlugins *plugins, const NjPlugin *plugin)
{
    if (plugin->stop)
        plugin->stop(plugins, g_hash_table_lookup(plugins->states, plugin));
    if (plugin->topic)
        nj_cmd_remove_topic(plugins->cmd, plugin->topic);
    for (const NjModule *const *module = plugin->modules; module && *module; module++)
        nj_table_remove(plugins->modules, *module);
    nj_table_remove(plugins->table, plugin);
}

static char *
dump_plugins(void *owner)
{
    const NjTable *table = ((NjPlugins *) owner)->table;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjPlugin *plugin = nj_table_at(table, i);
        g_string_append_printf(out, "%s\t%s\n", plugin->name, _(plugin->summary));
    }
    return g_string_free(out, FALSE);
}

static char *
dump_modules(void *owner)
{
    const NjTable *table = ((NjPlugins *) owner)->modules;
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < nj_table_length(table); i++) {
        const NjModule *module = nj_table_at(table, i);
        const char *status = module->doap.status ? module->doap.status : "";
        const char *note = module->doap.note ? module->doap.note : "";
        g_string_append_printf(out, "%s\t%s\t%s\t%s\n", module->spec, _(module->name), status,
                               note);
    }
    return g_string_free(out, FALSE);
}

/* Attaches a copy of row, which lives as long as plugins. */
static void
attach_row(NjPlugins *plugins, NjPlugin row)
{
    NjPlugin *kept = g_new(NjPlugin, 1);
    *kept = row;
    g_ptr_array_add(plugins->rows, kept);
    attach_plugin(plugins, kept);
}

/* Attaches the built-in modules. The built-in options are in NjOptions from the start, because
 * natterjackrc is read with them. */
static void
attach_core(NjPlugins *plugins)
{
    const NjTable *modules = nj_modules();
    plugins->core = g_ptr_array_new();
    for (guint i = 0; i < nj_table_length(modules); i++)
        g_ptr_array_add(plugins->core, (void *) nj_table_at(modules, i));
    g_ptr_array_add(plugins->core, NULL);
    attach_row(plugins, (NjPlugin){ .name = "core",
                                    .summary = N_("Protocols of every account"),
                                    .modules = (const NjModule *const *) plugins->core->pdata });
}

NjPlugins *
nj_plugins_new(NjClient *client, NjCmd *cmd)
{
    NjPlugins *plugins = g_new0(NjPlugins, 1);
    plugins->client = client;
    plugins->cmd = cmd;
    plugins->table = nj_table_new();
    plugins->modules = nj_table_new();
    plugins->rows = g_ptr_array_new_with_free_func(g_free);
    plugins->states = g_hash_table_new(NULL, NULL);
    nj_cmd_add_dump(cmd, "modules", dump_modules, plugins);
    nj_cmd_add_dump(cmd, "plugins", dump_plugins, plugins);

    attach_core(plugins);
    for (const NjTopic *const *topic = nj_topics; *topic; topic++)
        attach_row(
            plugins,
            (NjPlugin){ .name = (*topic)->name, .summary = (*topic)->summary, .topic = *topic });

    return plugins;
}

void
nj_plugins_free(NjPlugins *plugins)
{
    if (!plugins)
        return;

    while (nj_table_length(plugins->table))
        detach_plugin(plugins, nj_table_at(plugins->table, nj_table_length(plugins->table) - 1));
    g_hash_table_unref(plugins->states);
    g_ptr_array_unref(plugins->rows);
    g_ptr_array_unref(plugins->core);
    nj_table_free(plugins->modules);
    nj_table_free(plugins->table);
    g_free(plugins);
}

const NjTable *
nj_plugins_modules(const NjPlugins *plugins)
{
    return plugins->modules;
}
