/* What happens to a stanza between the connection and the model.  Dispatch is one hash on (kind,
 * name, namespace), made from the module rows; a message then goes through the stages, row by row,
 * until one keeps or drops it. */
#ifndef NJ_XMPP_PIPELINE_H
#define NJ_XMPP_PIPELINE_H

#include "xmpp/modules.h"

typedef struct NjPipeline NjPipeline;

NjPipeline *nj_pipeline_new(const NjTable *modules);
void nj_pipeline_free(NjPipeline *pipeline);

/* Calls the handlers of the kind: first those for every stanza, then those of each child.  True:
 * one took it. */
bool nj_pipeline_handle(NjPipeline *pipeline, NjSession *session, NjStanzaKind kind, NjXml *stanza);

/* Is there a handler for this payload? An unknown one of an iq is answered differently from a known
 * one that is not done. */
bool nj_pipeline_knows(const NjPipeline *pipeline, NjStanzaKind kind, const NjXml *child);

/* Cleans a long body, as far as the time reaches; true: done, the message may be received. */
bool nj_pipeline_prepare(NjPipeline *pipeline, NjXml *stanza, gint64 until_us);

/* A message: handlers, then UNWRAP, DECRYPT, ANNOTATE, DELIVER. from is its sender's address,
 * checked. */
void nj_pipeline_receive(NjPipeline *pipeline, NjSession *session, NjXml *stanza, const char *from);

/* ANNOTATE, ENCRYPT, SEND and the connection. False: a stage refused, or the connection is gone;
 * nothing was sent. */
bool nj_pipeline_send(NjPipeline *pipeline, NjSession *session, NjOutgoing *out);

#endif
