/* The built-in rows; xmpp/xep/xep.h lists them.  The table is made once, from constants, and never
 * changes. */
#include "xmpp/modules.h"

#include "xmpp/xep/xep.h"

#define ROW(row) &row,
static const NjModule *const rows[] = { NJ_MODULES(ROW) };

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
