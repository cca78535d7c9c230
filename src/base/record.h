/* An ordered list of named values: the result of a command, and the fields of an event for scripts.
 * cmd/json.c writes it as a JSON object. */
#ifndef NJ_BASE_RECORD_H
#define NJ_BASE_RECORD_H

#include "base/base.h"

typedef struct NjRecord NjRecord;

typedef enum {
    NJ_FIELD_TEXT,
    NJ_FIELD_INT,
    NJ_FIELD_BOOL,
    NJ_FIELD_RECORD,
    NJ_FIELD_LIST
} NjFieldKind;

/* A field. The record owns the key and the value. */
typedef struct {
    const char *key;
    NjFieldKind kind; /* which of the members below has the value */
    const char *text; /* TEXT */
    gint64 number;    /* INT, BOOL */
    NjRecord *record; /* RECORD */
    GPtrArray *list;  /* LIST, of NjRecord */
} NjField;

NjRecord *nj_record_new(void);
void nj_record_free(NjRecord *record);

/* Setting a key again replaces its value and keeps its position. The text is copied; a NULL text
 * removes the key. */
void nj_record_set_text(NjRecord *record, const char *key, const char *text);
void nj_record_set_int(NjRecord *record, const char *key, gint64 number);
void nj_record_set_bool(NjRecord *record, const char *key, bool value);

/* Takes ownership of child, or of records (a GPtrArray of NjRecord). */
void nj_record_set_record(NjRecord *record, const char *key, NjRecord *child);
void nj_record_set_list(NjRecord *record, const char *key, GPtrArray *records);

/* The fields in their order. nj_record_at() returns NULL beyond the last index, nj_record_find() if
 * the key is absent. */
guint nj_record_length(const NjRecord *record);
const NjField *nj_record_at(const NjRecord *record, guint index);
const NjField *nj_record_find(const NjRecord *record, const char *key);

/* Returns the text of a key; NULL if the key is absent or not of kind TEXT. */
const char *nj_record_text(const NjRecord *record, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjRecord, nj_record_free)

#endif
