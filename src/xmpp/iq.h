/* Requests and their answers.  An answer counts only when its id and its sender match; every request has a deadline and an owner
   whose end cancels it. */
#ifndef NJ_XMPP_IQ_H
#define NJ_XMPP_IQ_H

#include "xmpp/xml.h"

typedef struct NjSession NjSession;

/* stanza: the result, or the error stanza, or NULL when nothing came (deadline, link gone); error NULL only for a result. */
typedef void (*NjIqFunc)(NjSession *session, const NjXml *stanza, const GError *error, void *data);
typedef void (*NjIqItemFunc)(NjSession *session, const NjXml *item, void *data);

/* Sends iq (takes it; its id is set here).  seconds 0: 60.  on_item: the answer's list comes item by item.  owner: nj_iq_cancel() finds it.
   Without a link done is called from an idle, with an error. */
void nj_iq_send(NjSession *session, NjXml *iq, guint seconds, NjIqFunc done, NjIqItemFunc on_item, void *data, const void *owner);
void nj_iq_cancel(NjSession *session, const void *owner);     /* done is not called */

#define NJ_IQ_ERROR nj_iq_error_quark()
GQuark nj_iq_error_quark(void);
typedef enum { NJ_IQ_ERROR_ANSWER, NJ_IQ_ERROR_TIMEOUT, NJ_IQ_ERROR_OFFLINE, NJ_IQ_ERROR_BAD } NjIqError;

#endif
