/* Included by every file: GLib, the translation macros, and the mark of exported functions. */
#ifndef NJ_BASE_BASE_H
#define NJ_BASE_BASE_H

#include <glib.h>
#include <stdbool.h>
#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) (text) /* for tables: translated where it is displayed */

/* Marks a function that plugins may call; the linker hides all others. */
#define NJ_API __attribute__((visibility("default")))

#endif
