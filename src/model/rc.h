/* The syntax of natterjackrc: sections of pairs, in order; comments on lines of their own; a value
 * is the whole rest of its line. model/options.c interprets the pairs. These functions read and
 * return text and access no file. */
#ifndef NJ_MODEL_RC_H
#define NJ_MODEL_RC_H

#include "base/base.h"

typedef struct {
    char *key, *value;
    int line;
} NjRcPair;

typedef struct {
    char *name;         /* "options", "account home": words with one space between them */
    int line;           /* number of its first head line */
    GPtrArray *pairs;   /* of NjRcPair; a repeated key replaces the value and keeps the position */
    GHashTable *by_key; /* key -> NjRcPair */
} NjRcSection;

typedef struct {
    GPtrArray *sections; /* of NjRcSection; sections of the same name are merged */
    GHashTable *by_name; /* name -> NjRcSection */
} NjRc;

/* Called for each line that cannot be read; the other lines are used. */
typedef void (*NjRcFault)(int line, const char *sentence, void *owner);

NjRc *nj_rc_new(void);

/* Parses the text of a file; never fails. */
NjRc *nj_rc_parse(const char *text, gsize length, NjRcFault on_fault, void *owner);
void nj_rc_free(NjRc *rc);

/* NULL: there is no section of that name. */
NjRcSection *nj_rc_section(const NjRc *rc, const char *name);

/* NULL: the section is NULL or has no such key. */
const char *nj_rc_value(const NjRcSection *section, const char *key);

/* Sets a value in memory; NULL removes the pair. nj_rc_drop() removes a section. */
void nj_rc_put(NjRc *rc, const char *section, const char *key, const char *value);
void nj_rc_drop(NjRc *rc, const char *section);

/* Renames a section; no section may have the new name. */
void nj_rc_rename(NjRc *rc, const char *section, const char *name);

/* True if the pair is unchanged when it is written and read again: it has no newline, no space at
 * an end, and so on. */
bool nj_rc_can_write(const char *section, const char *key, const char *value);

/* Return the text with one pair set or removed (value NULL), with a section removed, or with a
 * section renamed. All other bytes are unchanged. */
GString *nj_rc_edit(const char *text, gsize length, const char *section, const char *key,
                    const char *value);
GString *nj_rc_edit_drop(const char *text, gsize length, const char *section);
GString *nj_rc_edit_rename(const char *text, gsize length, const char *section, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjRc, nj_rc_free)

#endif
