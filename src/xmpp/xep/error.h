/* Errors of functions in xmpp/xep that fail before they send anything. The message of the GError is
 * a whole sentence. A request that was sent and failed has an NJ_IQ_ERROR instead. */
#ifndef NJ_XMPP_XEP_ERROR_H
#define NJ_XMPP_XEP_ERROR_H

#include <glib.h>

#define NJ_XEP_ERROR nj_xep_error_quark()
GQuark nj_xep_error_quark(void);

typedef enum {
    NJ_XEP_ERROR_REFUSED, /* not possible, or not allowed */
    NJ_XEP_ERROR_OFFLINE  /* needs a connection, or a room that we are in */
} NjXepError;

#endif
