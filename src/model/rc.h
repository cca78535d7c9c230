/* The shape of natterjackrc: sections of pairs in order, comments on their own lines, a value taken
 * whole. What the pairs mean is for model/options.c.  Text in, text out: no file is touched
 * here. */
#ifndef NJ_MODEL_RC_H
#define NJ_MODEL_RC_H

#include "base/base.h"

typedef struct {
    char *key, *value;
    int line;
} NjRcPair;

typedef struct {
    char *name; /* "options", "account home": words with one space between */
    int line;   /* of its first head */
    /* of NjRcPair; a key said again replaces its value and keeps its place */
    GPtrArray *pairs;
    GHashTable *by_key;
} NjRcSection;

typedef struct {
    GPtrArray *sections; /* of NjRcSection; one that stands several times is one */
    GHashTable *by_name;
} NjRc;

/* Told of each line that cannot be read; the rest counts. */
typedef void (*NjRcFault)(int line, const char *sentence, void *owner);

NjRc *nj_rc_new(void);
NjRc *nj_rc_parse(const char *text, gsize length, NjRcFault on_fault, void *owner);
void nj_rc_free(NjRc *rc);

/* NULL without one */
NjRcSection *nj_rc_section(const NjRc *rc, const char *name);

/* NULL without one */
const char *nj_rc_value(const NjRcSection *section, const char *key);

/* NULL takes it out */
void nj_rc_put(NjRc *rc, const char *section, const char *key, const char *value);
void nj_rc_drop(NjRc *rc, const char *section);

/* nothing has that name yet */
void nj_rc_rename(NjRc *rc, const char *section, const char *name);

/* Would the pair be read back as it is?  No newline, no space at an end, and so on. */
bool nj_rc_can_say(const char *section, const char *key, const char *value);

/* The text with one pair set, or taken out (value NULL), or with a section taken out or called
 * otherwise; every other byte as it was. */
GString *nj_rc_edit(const char *text, gsize length, const char *section, const char *key,
                    const char *value);
GString *nj_rc_edit_drop(const char *text, gsize length, const char *section);
GString *nj_rc_edit_rename(const char *text, gsize length, const char *section, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjRc, nj_rc_free)

#endif
