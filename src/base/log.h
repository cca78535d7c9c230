/* One log file, rotated; no message text, no secrets, addresses at debug level only.  It takes what
 * GLib's g_warning(), g_info(), g_debug() say anywhere in the process (G_LOG_DOMAIN "natterjack" is
 * ours). Lines pass the sanitiser; a full disk or a lost file costs the line, never the program. */
#ifndef NJ_BASE_LOG_H
#define NJ_BASE_LOG_H

#include "base/base.h"

typedef enum { NJ_LOG_ERROR, NJ_LOG_WARNING, NJ_LOG_INFO, NJ_LOG_DEBUG } NjLogLevel;

/* NULL: standard error (--headless) */
bool nj_log_open(const char *path, GError **error);
void nj_log_set_level(NjLogLevel level);

/* ask before gathering what is costly to say */
bool nj_log_wants(NjLogLevel level);
void nj_log_close(void);

#endif
