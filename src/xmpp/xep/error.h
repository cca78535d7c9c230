/* Errors of the calls in xmpp/xep that were not sent as a request: GError with a whole sentence. A
 * request that failed has an NJ_IQ_ERROR. */
#ifndef NJ_XMPP_XEP_ERROR_H
#define NJ_XMPP_XEP_ERROR_H

#include <glib.h>

#define NJ_XEP_ERROR nj_xep_error_quark()
GQuark nj_xep_error_quark(void);

typedef enum {
    NJ_XEP_ERROR_REFUSED, /* cannot be done */
    NJ_XEP_ERROR_OFFLINE  /* needs a connection, or a room that we are in */
} NjXepError;

#endif
