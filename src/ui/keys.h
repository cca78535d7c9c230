/* Keys: their names, the rows of default keys, and the key bindings, which separate bound keys from
 * the bytes of a terminal. */
#ifndef NJ_UI_KEYS_H
#define NJ_UI_KEYS_H

#include "base/base.h"

/* The part of the screen or the state in which a key works. */
typedef enum {
    NJ_KEYS_GLOBAL,   /* everywhere; these rows have a command line, which NjKeys binds */
    NJ_KEYS_LIST,     /* the contact list or search results have the keys */
    NJ_KEYS_QUESTION, /* the prompt asks a question */
    NJ_KEYS_SECRET,   /* the prompt asks for a secret; the keys of a question work, too */
    NJ_KEYS_CHOICES,  /* the prompt shows completion choices, after Tab */
    NJ_KEYS_N_CONTEXTS
} NjKeyContext;

typedef enum {
    NJ_KEY_RUN, /* run the row's command line */
    NJ_KEY_UP,
    NJ_KEY_DOWN,
    NJ_KEY_PAGE_UP,
    NJ_KEY_PAGE_DOWN,
    NJ_KEY_FIRST,
    NJ_KEY_LAST,
    NJ_KEY_OPEN,   /* Enter: open the selected row, accept the answer */
    NJ_KEY_CANCEL, /* Esc */
    NJ_KEY_ERASE,
    NJ_KEY_ERASE_ALL
} NjKeyAction;

/* A default key. */
typedef struct {
    const char *key;     /* the name, as /bind writes it; NULL ends an array of rows */
    const char *line;    /* command line, for NJ_KEY_RUN; NULL: another action */
    const char *summary; /* what the key does, N_() */
    NjKeyContext context;
    NjKeyAction action;
} NjKeyRow;

#define NJ_MAX_KEY_NAME 48 /* bytes, with the final NUL */

/* The rows of all contexts but NJ_KEYS_GLOBAL; ends with a NULL key. */
extern const NjKeyRow nj_key_rows[];

/* Returns "list", "question" …, for --dump. */
const char *nj_key_context_name(NjKeyContext context);

/* Returns the heading for /help keys, not yet translated. */
const char *nj_key_context_title(NjKeyContext context);

/* Finds the row of nj_key_rows for the key that the bytes from the terminal begin with, in this
 * context or its parents. Sets *used to the length of the key in bytes. Returns NULL and sets *used
 * to 0 when the bytes begin with no whole key or the key has no row. An ESC is the key Esc only if
 * no bytes follow it; otherwise it begins a key sequence or means Alt. */
const NjKeyRow *nj_key_row_at(NjKeyContext context, const char *bytes, gsize length, gsize *used);

/* Writes the name of the key that the bytes begin with; returns its length in bytes, 0 when they
 * begin with no whole key. */
gsize nj_key_name_at(const char *bytes, gsize length, char name[NJ_MAX_KEY_NAME]);

/* The key bindings: key names with a command line each. A name is written as "Alt-1", "Ctrl-l",
 * "F1", "PgUp", "Alt-Enter" or "Shift-Tab"; also "M-1", "^L" and the like are read. ESC before a
 * key is Alt with that key. */
typedef struct NjKeys NjKeys;

NjKeys *nj_keys_new(void);
void nj_keys_free(NjKeys *keys);

/* Binds a key to a command line, which is copied; NULL unbinds the key. Fails when there is no key
 * of this name, or the key is needed for typing text. */
bool nj_keys_bind(NjKeys *keys, const char *name, const char *line, GError **error);

/* Returns the command line of a key; NULL: not bound. */
const char *nj_keys_line(const NjKeys *keys, const char *name);

/* Calls func for each binding, in the order in which they were made. */
void nj_keys_each(const NjKeys *keys, void (*func)(const char *name, const char *line, void *owner),
                  void *owner);

/* Returns the one spelling of a key's name, which the caller frees. Fails like nj_keys_bind(). */
char *nj_keys_canonical(const char *name, GError **error);

/* The hooks are called in the order of the input. They may change the bindings. */
typedef struct {
    /* A bound key. */
    void (*on_line)(const char *line, void *owner);
    /* The bytes between bound keys. */
    void (*on_bytes)(const char *bytes, gsize length, void *owner);
} NjKeysHooks;

/* Takes bytes from the terminal. Key sequences without a name are dropped. The beginning of a key
 * sequence is kept: if nj_keys_partial() then returns true, call nj_keys_settle() 25 ms later,
 * unless more bytes arrive first. */
void nj_keys_feed(NjKeys *keys, const char *bytes, gsize length, const NjKeysHooks *hooks,
                  void *owner);

/* Whether the beginning of a key sequence is kept. */
bool nj_keys_partial(const NjKeys *keys);

/* Ends the wait for the rest: passes what is kept to the hooks. */
void nj_keys_settle(NjKeys *keys, const NjKeysHooks *hooks, void *owner);

/* Sets whether Esc and then a key, however much later, counts as Alt with that key: true (default)
 * in emacs mode. In vi mode, where Esc is a key of its own, false: only an ESC less than 25 ms
 * before the key counts as Alt. */
void nj_keys_set_esc_prefix(NjKeys *keys, bool prefix);

#endif
