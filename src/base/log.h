/* The log: one file, rotated. It receives the messages of g_warning(), g_info() and g_debug() of
 * the whole process; those of the program have G_LOG_DOMAIN "natterjack". Callers must not log
 * message text or secrets, and addresses only at debug level. Lines are sanitised. Lines that
 * cannot be written are dropped. */
#ifndef NJ_BASE_LOG_H
#define NJ_BASE_LOG_H

#include "base/base.h"

typedef enum { NJ_LOG_ERROR, NJ_LOG_WARNING, NJ_LOG_INFO, NJ_LOG_DEBUG } NjLogLevel;

/* Opens the log; path NULL: standard error (--headless). If it fails, lines are dropped; they are
 * not written to the terminal. */
bool nj_log_open(const char *path, GError **error);
void nj_log_set_level(NjLogLevel level);

/* True if messages of that level are written. Call it before you compose a costly message. */
bool nj_log_wants(NjLogLevel level);
void nj_log_close(void);

#endif
