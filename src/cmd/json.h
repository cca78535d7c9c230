/* The door to jansson: records as JSON. */
#ifndef NJ_CMD_JSON_H
#define NJ_CMD_JSON_H

#include "base/record.h"

/* one line, without the newline; the caller owns it */
char *nj_json_write(const NjRecord *record);

/* {"ok": true, "result": …} or {"ok": false, "error": {"code": …, "text": …}}; result may be
 * NULL. */
char *nj_json_answer(const GError *error, const NjRecord *result);

/* one object: text, integers, booleans, objects, lists of objects */
NjRecord *nj_json_read(const char *line, gssize length, GError **error);

#endif
