/* A registry of rows: an array for their order, a hash for their names. Rows and names are
 * borrowed. */
#include "base/table.h"

struct NjTable {
    GPtrArray *rows;
    GHashTable *names; /* name -> row */
};

static const char *
name_of(const void *row)
{
    return *(const char *const *) row;
}

NjTable *
nj_table_new(void)
{
    NjTable *table = g_new(NjTable, 1);
    table->rows = g_ptr_array_new();
    table->names = g_hash_table_new(g_str_hash, g_str_equal);
    return table;
}

void
nj_table_free(NjTable *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->rows);
    g_hash_table_unref(table->names);
    g_free(table);
}

bool
nj_table_add(NjTable *table, const void *row)
{
    if (g_hash_table_contains(table->names, name_of(row)))
        return false;
    g_hash_table_insert(table->names, (gpointer) name_of(row), (gpointer) row);
    g_ptr_array_add(table->rows, (gpointer) row);
    return true;
}

bool
nj_table_remove(NjTable *table, const void *row)
{
    if (!g_ptr_array_remove(table->rows, (gpointer) row))
        return false;
    g_hash_table_remove(table->names, name_of(row));
    return true;
}

const void *
nj_table_find(const NjTable *table, const char *name)
{
    return g_hash_table_lookup(table->names, name);
}

guint
nj_table_length(const NjTable *table)
{
    return table->rows->len;
}

const void *
nj_table_at(const NjTable *table, guint index)
{
    return index < table->rows->len ? table->rows->pdata[index] : NULL;
}
