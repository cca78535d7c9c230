/* The pipeline between a connection and the model: calls the functions of the modules for each
 * stanza. The handlers are found by the kind of the stanza and the name and namespace of its
 * children, in one hash table made from the module rows. A message then passes through stages; in
 * each stage the modules are called in the order of their rows, until one returns false. */
#ifndef NJ_XMPP_PIPELINE_H
#define NJ_XMPP_PIPELINE_H

#include "xmpp/modules.h"

typedef struct NjPipeline NjPipeline;

/* Makes a pipeline from a sorted table; modules is borrowed. */
NjPipeline *nj_pipeline_new(const NjTable *modules);

/* pipeline may be NULL. */
void nj_pipeline_free(NjPipeline *pipeline);

/* Calls the handlers for this kind of stanza: first those for every stanza, then those for each
 * child. Returns true when a handler took the stanza. */
bool nj_pipeline_handle(NjPipeline *pipeline, NjSession *session, NjStanzaKind kind, NjXml *stanza);

/* Returns true when there is a handler for this child. Then a request that no handler took gets the
 * error feature-not-implemented, otherwise service-unavailable. */
bool nj_pipeline_knows(const NjPipeline *pipeline, NjStanzaKind kind, const NjXml *child);

/* Sanitises the body of a long message in steps, before nj_pipeline_receive(). Returns false when
 * until_us (monotonic; 0: no limit) has passed before it has finished; then call it again with the
 * same stanza. */
bool nj_pipeline_prepare(NjPipeline *pipeline, NjXml *stanza, gint64 until_us);

/* Receives a message: calls the handlers, then the stages UNWRAP, DECRYPT, ANNOTATE and DELIVER.
 * from is the sender's address, which the caller has checked. */
void nj_pipeline_receive(NjPipeline *pipeline, NjSession *session, NjXml *stanza, const char *from);

/* Calls the stages ANNOTATE, ENCRYPT and SEND for a message, then sends and takes out->stanza.
 * Returns false when the message was not sent: a stage refused, and out->stanza stays, or there is
 * no session. */
bool nj_pipeline_send(NjPipeline *pipeline, NjSession *session, NjOutgoing *out);

#endif
