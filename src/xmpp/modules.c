/* The built-in rows, which xmpp/xep/xep.h lists, and the order of rows. */
#include "xmpp/modules.h"

#include "xmpp/xep/xep.h"

#define ROW(row) &row,
static const NjModule *const rows[] = { NJ_MODULES(ROW) };

/* The table may be shared by all clients of the process: it is made once, from constants. */
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

/* Returns the first spec in .after that the table lacks; NULL: none. */
static const char *
find_missing(const NjTable *table, const NjModule *module)
{
    for (gsize i = 0; i < G_N_ELEMENTS(module->after) && module->after[i]; i++)
        if (!nj_table_find(table, module->after[i]))
            return module->after[i];
    return NULL;
}

/* Returns the first row of modules that is not in sorted; if ready is true, the first one whose
 * .after rows are all in sorted. Returns NULL when there is none. */
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
        const char *waits_for = find_missing(sorted, module);
        if (waits_for && !reported) {
            bool known = nj_table_find(modules, waits_for);
            g_set_error(error, NJ_XEP_ERROR, NJ_XEP_ERROR_REFUSED,
                        known ? "%s waits for %s, which waits for it"
                              : "%s names %s, which is unknown",
                        module->spec, waits_for);
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
