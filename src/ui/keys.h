/* Key names and what they are bound to: a command line.  The prompt gets what is not bound. */
#ifndef NJ_UI_KEYS_H
#define NJ_UI_KEYS_H

#include "base/base.h"

typedef struct NjKeys NjKeys;

/* Names: "Alt-1", "Ctrl-l", "F1", "PgUp", "Alt-Enter", "Shift-Tab" … ESC before a key is Alt
 * too. */
NjKeys *nj_keys_new(void);
void nj_keys_free(NjKeys *keys);

/* NULL line: free again */
bool nj_keys_bind(NjKeys *keys, const char *name, const char *line, GError **error);
const char *nj_keys_line(const NjKeys *keys, const char *name);
void nj_keys_each(const NjKeys *keys, void (*func)(const char *name, const char *line, void *owner),
                  void *owner);
char *nj_keys_canonical(const char *name, GError **error);

/* Cuts bound keys out of a stream of bytes: on_line for each, on_bytes for what lies between, in
 * order. A partial sequence is kept: call nj_keys_settle() 25 ms later.  Sequences of keys that
 * have no name here are dropped. */
typedef struct {
    void (*on_line)(const char *line, void *owner);
    void (*on_bytes)(const char *bytes, gsize length, void *owner);
} NjKeysHooks;

void nj_keys_feed(NjKeys *keys, const char *bytes, gsize length, const NjKeysHooks *hooks,
                  void *owner);

/* True, as it begins: ESC, however long before a bound key, is Alt (emacs). False: only within 25
 * ms (vi, where ESC is a key of its own). */
void nj_keys_set_esc_prefix(NjKeys *keys, bool prefix);
bool nj_keys_partial(const NjKeys *keys);
void nj_keys_settle(NjKeys *keys, const NjKeysHooks *hooks, void *owner);

#endif
