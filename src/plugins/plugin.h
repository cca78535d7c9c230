/* A plugin is one row (NjPlugin). The built-in topics of cmd/ and modules of xmpp/ are attached as
 * plugins, too. */
#ifndef NJ_PLUGINS_PLUGIN_H
#define NJ_PLUGINS_PLUGIN_H

#include "cmd/commands.h"
#include "xmpp/modules.h"

typedef struct NjPlugins NjPlugins;

typedef struct {
    const char *name;
    const char *summary;            /* N_() */
    const NjTopic *topic;           /* NULL: no commands */
    const NjOption *options;        /* ends with a NULL name; NULL: none */
    const NjModule *const *modules; /* NULL-ended; NULL: none */
    /* Returns the state of the plugin, which stop receives. Both may be NULL. */
    void *(*start)(NjPlugins *plugins);
    void (*stop)(NjPlugins *plugins, void *state);
} NjPlugin;

/* Attaches the built-in modules and topics. */
NjPlugins *nj_plugins_new(NjClient *client, NjCmd *cmd);
void nj_plugins_free(NjPlugins *plugins);

/* All module rows, for sessions; the caller borrows the table. */
const NjTable *nj_plugins_modules(const NjPlugins *plugins);

#endif
