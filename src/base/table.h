/* A registry of rows: named structs that live elsewhere (commands, options, modules, themes,
 * plugins). Rows keep the order in which they were added and are found by name in constant time.
 * The first member of a row is its name: `const char *name`. */
#ifndef NJ_BASE_TABLE_H
#define NJ_BASE_TABLE_H

#include "base/base.h"

typedef struct NjTable NjTable;

NjTable *nj_table_new(void);
void nj_table_free(NjTable *table);

/* false: the name is taken */
bool nj_table_add(NjTable *table, const void *row);
bool nj_table_remove(NjTable *table, const void *row);
const void *nj_table_find(const NjTable *table, const char *name);
guint nj_table_length(const NjTable *table);
const void *nj_table_at(const NjTable *table, guint index);

#endif
