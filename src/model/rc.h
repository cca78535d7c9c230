/* The syntax of natterjackrc: sections of pairs, in order; comments on lines of their own; a value
 * is the whole rest of its line. model/options.c interprets the pairs. These functions read and
 * return text and access no file. */
#ifndef NJ_MODEL_RC_H
#define NJ_MODEL_RC_H

#include "base/base.h"

typedef struct {
    char *key, *value;
    int line; /* 0: set by nj_rc_put() */
} NjRcPair;

typedef struct {
    char *name;         /* "options", "account home": words with one space between them */
    int line;           /* of its first head in the file; 0: added by nj_rc_put() */
    GPtrArray *pairs;   /* of NjRcPair; a repeated key replaces the value and keeps the position */
    GHashTable *by_key; /* key -> NjRcPair */
} NjRcSection;

typedef struct {
    GPtrArray *sections; /* of NjRcSection; sections of the same name are merged */
    GHashTable *by_name; /* name -> NjRcSection */
} NjRc;

/* Called for each line with a fault. A line that cannot be read is ignored, the others are used. */
typedef void (*NjRcFault)(int line, const char *sentence, void *owner);

NjRc *nj_rc_new(void);

/* Parses the text of a file; never fails. */
NjRc *nj_rc_parse(const char *text, gsize length, NjRcFault on_fault, void *owner);
void nj_rc_free(NjRc *rc);

/* Finds a section; NULL: there is none of that name. */
NjRcSection *nj_rc_section(const NjRc *rc, const char *name);

/* Returns the value of a key; NULL: the section is NULL or has no such key. */
const char *nj_rc_value(const NjRcSection *section, const char *key);

/* Sets a value in memory; NULL removes the pair. nj_rc_drop() removes a section. */
void nj_rc_put(NjRc *rc, const char *section, const char *key, const char *value);
void nj_rc_drop(NjRc *rc, const char *section);

/* Renames a section; no section may have the new name. */
void nj_rc_rename(NjRc *rc, const char *section, const char *name);

/* True if the pair is the same after it was written and read again. It is not if, for example, the
 * value has a newline, or a space at an end. */
bool nj_rc_can_write(const char *section, const char *key, const char *value);

/* Return the text with one pair set or removed (value NULL), with a section removed, or with a
 * section renamed. All other bytes are unchanged. */
GString *nj_rc_edit(const char *text, gsize length, const char *section, const char *key,
                    const char *value);
GString *nj_rc_edit_drop(const char *text, gsize length, const char *section);
GString *nj_rc_edit_rename(const char *text, gsize length, const char *section, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjRc, nj_rc_free)

#endif
