/* The table of the built-in rows (their list is in xmpp/xep/xep.h), and the sorting of rows. */
#include "xmpp/modules.h"

#include "xmpp/xep/xep.h"

#define ROW(row) &row,
static const NjModule *const rows[] = { NJ_MODULES(ROW) };

/* All clients of the process share the table: it is made once, from constants, and never
 * changes. */
const NjTable *
nj_modules(void)
{
    static NjTable *table;
    if (!table) {
        table = nj_table_new();
        for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
            nj_table_add(table, rows[i]);
    }
    return table;
}

/* Returns the first spec in module->after that the table lacks; NULL: it has all. */
static const char *
find_missing(const NjTable *table, const NjModule *module)
{
    for (gsize i = 0; i < G_N_ELEMENTS(module->after) && module->after[i]; i++)
        if (!nj_table_find(table, module->after[i]))
            return module->after[i];
    return NULL;
}

/* Returns the first row that is not in sorted yet, or NULL. ready: only a row whose .after rows are
 * all in sorted. */
static const NjModule *
find_next_row(const NjTable *modules, const NjTable *sorted, bool ready)
{
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (!nj_table_find(sorted, module->spec) && (!ready || !find_missing(sorted, module)))
            return module;
    }
    return NULL;
}

NjTable *
nj_modules_sort(const NjTable *modules, GError **error)
{
    NjTable *sorted = nj_table_new();
    const NjModule *module;
    bool reported = false;

    while ((module = find_next_row(modules, sorted, true))
           || (module = find_next_row(modules, sorted, false))) {
        const char *missing = find_missing(sorted, module);
        if (missing && !reported) {
            bool known = nj_table_find(modules, missing) != NULL;
            g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                        known ? "%s must come after %s, but their .after fields form a circle"
                              : "%s must come after %s, which is not the spec of any row",
                        module->spec, missing);
            reported = true;
        }
        nj_table_add(sorted, module);
    }

    return sorted;
}

void
nj_modules_add_presence(NjSession *session, NjXml *presence)
{
    const NjTable *modules = nj_session_modules(session);
    for (guint i = 0; i < nj_table_length(modules); i++) {
        const NjModule *module = nj_table_at(modules, i);
        if (module->presence)
            module->presence(session, presence);
    }
}
