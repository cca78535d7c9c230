/* An ordered list of named values: what a command answers and what an event tells scripts.
 * cmd/json.c writes it as one JSON object, the screen as words. */
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

typedef struct {
    const char *key;
    NjFieldKind kind;
    const char *text; /* TEXT */
    gint64 number;    /* INT, BOOL */
    NjRecord *record; /* RECORD */
    GPtrArray *list;  /* LIST, of NjRecord */
} NjField;

NjRecord *nj_record_new(void);
void nj_record_free(NjRecord *record);

/* A key set again replaces its value and keeps its place.  A NULL text leaves the key out. */
void nj_record_set_text(NjRecord *record, const char *key, const char *text);
void nj_record_set_int(NjRecord *record, const char *key, gint64 number);
void nj_record_set_bool(NjRecord *record, const char *key, bool value);

/* takes it */
void nj_record_set_record(NjRecord *record, const char *key, NjRecord *child);

/* takes it */
void nj_record_set_list(NjRecord *record, const char *key, GPtrArray *records);
guint nj_record_length(const NjRecord *record);
const NjField *nj_record_at(const NjRecord *record, guint index);
const NjField *nj_record_find(const NjRecord *record, const char *key);

/* NULL if absent or no text */
const char *nj_record_text(const NjRecord *record, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(NjRecord, nj_record_free)

#endif
