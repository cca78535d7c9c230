/* Named values in order. A record has few keys, so a key is found by linear search. */
#include "base/record.h"

#include <string.h>

struct NjRecord {
    GArray *fields; /* of NjField; clear_field() frees their keys and values */
};

static void
clear_value(NjField *field)
{
    g_free((char *) field->text);
    nj_record_free(field->record);
    if (field->list)
        g_ptr_array_unref(field->list);
    *field = (NjField){ .key = field->key };
}

static void
clear_field(gpointer data)
{
    NjField *field = data;
    clear_value(field);
    g_free((char *) field->key);
}

NjRecord *
nj_record_new(void)
{
    NjRecord *record = g_new(NjRecord, 1);
    record->fields = g_array_new(FALSE, FALSE, sizeof(NjField));
    g_array_set_clear_func(record->fields, clear_field);
    return record;
}

void
nj_record_free(NjRecord *record)
{
    if (!record)
        return;
    g_array_unref(record->fields);
    g_free(record);
}

static NjField *
find_field(const NjRecord *record, const char *key)
{
    for (guint i = 0; i < record->fields->len; i++) {
        NjField *field = &g_array_index(record->fields, NjField, i);
        if (strcmp(field->key, key) == 0)
            return field;
    }
    return NULL;
}

/* Returns the field of a key with its value cleared; appends it if there is none. */
static NjField *
put_field(NjRecord *record, const char *key, NjFieldKind kind)
{
    NjField *field = find_field(record, key);
    if (field) {
        clear_value(field);
    } else {
        NjField fresh = { .key = g_strdup(key) };
        g_array_append_val(record->fields, fresh);
        field = &g_array_index(record->fields, NjField, record->fields->len - 1);
    }

    field->kind = kind;
    return field;
}

void
nj_record_set_text(NjRecord *record, const char *key, const char *text)
{
    if (text) {
        char *copy = g_strdup(text); /* before put_field(): text may be the old value */
        put_field(record, key, NJ_FIELD_TEXT)->text = copy;
        return;
    }
    NjField *field = find_field(record, key);
    if (field)
        g_array_remove_index(record->fields, (guint) (field - (NjField *) record->fields->data));
}

void
nj_record_set_int(NjRecord *record, const char *key, gint64 number)
{
    put_field(record, key, NJ_FIELD_INT)->number = number;
}

void
nj_record_set_bool(NjRecord *record, const char *key, bool value)
{
    put_field(record, key, NJ_FIELD_BOOL)->number = value;
}

void
nj_record_set_record(NjRecord *record, const char *key, NjRecord *child)
{
    put_field(record, key, NJ_FIELD_RECORD)->record = child;
}

void
nj_record_set_list(NjRecord *record, const char *key, GPtrArray *records)
{
    put_field(record, key, NJ_FIELD_LIST)->list = records;
}

guint
nj_record_length(const NjRecord *record)
{
    return record->fields->len;
}

const NjField *
nj_record_at(const NjRecord *record, guint index)
{
    return index < record->fields->len ? &g_array_index(record->fields, NjField, index) : NULL;
}

const NjField *
nj_record_find(const NjRecord *record, const char *key)
{
    return find_field(record, key);
}

const char *
nj_record_text(const NjRecord *record, const char *key)
{
    const NjField *field = find_field(record, key);
    return field && field->kind == NJ_FIELD_TEXT ? field->text : NULL;
}
