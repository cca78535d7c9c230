/* PRECIS (RFC 8264, 8265): preparation of names that users type. */
#ifndef NJ_MODEL_PRECIS_H
#define NJ_MODEL_PRECIS_H

#include "base/base.h"

/* Prepare valid UTF-8 with the profiles UsernameCaseMapped and OpaqueString. The caller owns the
 * result. NULL: *bad is a character that is not allowed, or 0 if the text violates the bidi rule
 * (RFC 5893). */
char *nj_precis_username(const char *text, gunichar *bad);
char *nj_precis_opaque(const char *text, gunichar *bad);

#endif
