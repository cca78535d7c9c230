/* Records as JSON. Only json.c uses jansson. */
#ifndef NJ_CMD_JSON_H
#define NJ_CMD_JSON_H

#include "base/record.h"

/* Returns the record as one line without a newline; the caller owns it. */
char *nj_json_write(const NjRecord *record);

/* Returns the line of a command's end: {"ok": true, "result": …}, or, if error is not NULL, {"ok":
 * false, "error": {"code": …, "text": …}}. result may be NULL. The caller owns the line. */
char *nj_json_answer(const GError *error, const NjRecord *result);

/* Reads one object, whose values are texts, integers, booleans, objects or lists of objects; null
 * is skipped. length -1: line ends with NUL. Returns NULL and sets error for anything else. */
NjRecord *nj_json_read(const char *line, gssize length, GError **error);

#endif
