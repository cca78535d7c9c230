/* Converts records to JSON and back. JSON may come from any process of the user, so its nesting is
 * bounded here and by jansson, and its length by the caller. */
#include "cmd/json.h"

#include <jansson.h>
#include <string.h>

#include "cmd/commands.h"

#define MAX_DEPTH 32 /* of nested objects that are read */

/* Returns a JSON string. jansson refuses text that is not UTF-8: its wrong bytes become U+FFFD. */
static json_t *
text_value(const char *text)
{
    json_t *value = json_string(text);
    if (value)
        return value;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

static json_t *
object_from_record(const NjRecord *record)
{
    json_t *object = json_object();
    for (guint i = 0; record && i < nj_record_length(record); i++) {
        const NjField *field = nj_record_at(record, i);
        json_t *value = NULL;
        switch (field->kind) {
        case NJ_FIELD_TEXT:
            value = text_value(field->text);
            break;
        case NJ_FIELD_INT:
            value = json_integer(field->number);
            break;
        case NJ_FIELD_BOOL:
            value = json_boolean(field->number != 0);
            break;
        case NJ_FIELD_RECORD:
            value = object_from_record(field->record);
            break;
        case NJ_FIELD_LIST:
            value = json_array();
            for (guint n = 0; n < field->list->len; n++)
                json_array_append_new(value, object_from_record(field->list->pdata[n]));
            break;
        }
        json_object_set_new(object, field->key, value);
    }

    return object;
}

/* jansson does not escape DEL, the C1 controls and the Unicode line separators. The controls would
 * act on a terminal that shows the line, and some programs end a line at the separators. */
static bool
needs_escape(gunichar c)
{
    bool is_control = c >= 0x7f && c <= 0x9f;
    bool is_separator = c == 0x2028 || c == 0x2029;
    return is_control || is_separator;
}

/* Returns object as one line and releases it. */
static char *
print_object(json_t *object)
{
    char *text = json_dumps(object, JSON_PRESERVE_ORDER);
    json_decref(object);

    GString *line = g_string_new(NULL);
    const char *plain = text;
    for (const char *at = text; *at; at = g_utf8_next_char(at)) {
        gunichar c = (guchar) *at < 0x7f ? (guchar) *at : g_utf8_get_char(at);
        if (!needs_escape(c))
            continue;
        g_string_append_len(line, plain, at - plain);
        g_string_append_printf(line, "\\u%04X", c);
        plain = g_utf8_next_char(at);
    }

    g_string_append(line, plain);
    free(text);
    return g_string_free(line, FALSE);
}

char *
nj_json_write(const NjRecord *record)
{
    return print_object(object_from_record(record));
}

char *
nj_json_answer(const GError *error, const NjRecord *result)
{
    json_t *object = json_object();
    json_object_set_new(object, "ok", json_boolean(!error));
    if (error) {
        json_t *failure = json_object();
        json_object_set_new(failure, "code", text_value(nj_cmd_error_code(error)));
        json_object_set_new(failure, "text", text_value(error->message));
        json_object_set_new(object, "error", failure);
    } else {
        json_object_set_new(object, "result", object_from_record(result));
    }

    return print_object(object);
}

static NjRecord *record_from_object(json_t *object, int depth, GError **error);

static bool
set_list(NjRecord *record, const char *key, json_t *array, int depth, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify) nj_record_free);
    size_t index;
    json_t *item;

    json_array_foreach(array, index, item)
    {
        NjRecord *child = json_is_object(item) ? record_from_object(item, depth + 1, error) : NULL;
        if (!child) {
            if (!error || !*error)
                g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                            _("The list “%s” must contain only objects."), key);
            return false;
        }
        g_ptr_array_add(list, child);
    }

    nj_record_set_list(record, key, g_steal_pointer(&list));
    return true;
}

static NjRecord *
record_from_object(json_t *object, int depth, GError **error)
{
    if (depth > MAX_DEPTH) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"), _("The JSON is nested too deeply."));
        return NULL;
    }

    g_autoptr(NjRecord) record = nj_record_new();
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (json_is_string(value)) {
            nj_record_set_text(record, key, json_string_value(value));
        } else if (json_is_integer(value)) {
            nj_record_set_int(record, key, json_integer_value(value));
        } else if (json_is_boolean(value)) {
            nj_record_set_bool(record, key, json_is_true(value));
        } else if (json_is_object(value)) {
            NjRecord *child = record_from_object(value, depth + 1, error);
            if (!child)
                return NULL;
            nj_record_set_record(record, key, child);
        } else if (json_is_array(value)) {
            if (!set_list(record, key, value, depth, error))
                return NULL;
        } else if (!json_is_null(value)) {
            g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                        _("The value of “%s” must not be a fraction."), key);
            return NULL;
        }
    }

    return g_steal_pointer(&record);
}

NjRecord *
nj_json_read(const char *line, gssize length, GError **error)
{
    json_error_t fault;
    json_t *object = json_loadb(line, length < 0 ? strlen(line) : (size_t) length,
                                JSON_REJECT_DUPLICATES, &fault);

    if (!object) {
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"), _("This is not JSON: %s."),
                    fault.text);
        return NULL;
    }

    NjRecord *record = NULL;
    if (json_is_object(object))
        record = record_from_object(object, 0, error);
    else
        g_set_error(error, NJ_CMD_ERROR, nj_cmd_code("usage"),
                    _("Expected one JSON object on the line."));

    json_decref(object);
    return record;
}
