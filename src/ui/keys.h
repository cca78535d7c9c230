/* Key names and what they are bound to: a command line.  The prompt gets what is not bound. */
#ifndef NJ_UI_KEYS_H
#define NJ_UI_KEYS_H

#include "base/base.h"

/* Where a key works. */
typedef enum {
    NJ_KEYS_GLOBAL,   /* everywhere: rows with a command line, which NjKeys binds */
    NJ_KEYS_LIST,     /* the contact list or search results have the keys */
    NJ_KEYS_QUESTION, /* the prompt asks a question */
    NJ_KEYS_SECRET,   /* it asks for a secret; also has the keys of a question */
    NJ_KEYS_CHOICES,  /* the prompt shows the choices of Tab */
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

/* A default key. Key names are written as /bind writes them: "Up", "Enter", "Alt-s", "F2". */
typedef struct {
    const char *key;     /* NULL ends an array of rows */
    const char *line;    /* command line; NULL: the action counts */
    const char *summary; /* N_() */
    NjKeyContext context;
    NjKeyAction action;
} NjKeyRow;

#define NJ_MAX_KEY_NAME 48 /* bytes, with the final NUL */

/* The rows of all contexts but NJ_KEYS_GLOBAL; ends with a NULL key. */
extern const NjKeyRow nj_key_rows[];

/* "list", "question" … for --dump, and a heading for /help keys, to be translated. */
const char *nj_key_context_name(NjKeyContext context);
const char *nj_key_context_title(NjKeyContext context);

/* Finds the row of nj_key_rows for the key that the bytes from the terminal begin with, in this
 * context or its parents. Sets *used to the length of the key in bytes; returns NULL and sets it to
 * 0 when the key has no row. An ESC with bytes behind it that form no key with it is no key. */
const NjKeyRow *nj_key_row_at(NjKeyContext context, const char *bytes, gsize length, gsize *used);

/* Writes the name of the key that the bytes begin with; returns its length in bytes, 0 when they
 * begin with no whole key. */
gsize nj_key_name_at(const char *bytes, gsize length, char name[NJ_MAX_KEY_NAME]);

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
