/* What every file may use: GLib, the words, and the mark of what plugins may call. */
#ifndef NJ_BASE_BASE_H
#define NJ_BASE_BASE_H

#include <glib.h>
#include <stdbool.h>
#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) (text) /* for tables: translated where it is shown */

/* Exported to plugins; all else stays inside the program. */
#define NJ_API __attribute__((visibility("default")))

#endif
