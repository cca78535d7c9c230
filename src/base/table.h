/* A registry of rows: commands, options, modules, themes, plugins. The table borrows its rows,
 * keeps them in the order in which they were added, and finds them by name in constant time. The
 * first member of a row must be `const char *name`. */
#ifndef NJ_BASE_TABLE_H
#define NJ_BASE_TABLE_H

#include "base/base.h"

typedef struct NjTable NjTable;

NjTable *nj_table_new(void);
void nj_table_free(NjTable *table);

/* Returns false if a row of that name is in the table. */
bool nj_table_add(NjTable *table, const void *row);

/* Returns false if the row is not in the table. */
bool nj_table_remove(NjTable *table, const void *row);

/* Returns the row of a name; NULL if there is none. */
const void *nj_table_find(const NjTable *table, const char *name);
guint nj_table_length(const NjTable *table);

/* Returns the row at an index; NULL beyond the last index. */
const void *nj_table_at(const NjTable *table, guint index);

#endif
