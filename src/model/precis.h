/* PRECIS (RFC 8264, 8265): which characters may stand in names that people type.  GLib has the
 * character data. */
#ifndef NJ_MODEL_PRECIS_H
#define NJ_MODEL_PRECIS_H

#include "base/base.h"

/* Both take valid UTF-8.  The result is the caller's; NULL where a character may not stand: then
 * *bad is that character, or 0 where left-to-right and right-to-left are mixed in a way that cannot
 * be read. */
/* UsernameCaseMapped */
char *nj_precis_username(const char *text, gunichar *bad);

/* OpaqueString */
char *nj_precis_opaque(const char *text, gunichar *bad);

#endif
