/* The pipeline between a connection and the model: calls the functions of the modules for each
 * stanza. A stanza is found by its kind and the name and namespace of its children, in one hash
 * that is made of the module rows. A message then goes through stages; in each stage the modules
 * are called in the order of their rows, until one of them drops the message. */
#ifndef NJ_XMPP_PIPELINE_H
#define NJ_XMPP_PIPELINE_H

#include "xmpp/modules.h"

typedef struct NjPipeline NjPipeline;

/* modules is borrowed. */
NjPipeline *nj_pipeline_new(const NjTable *modules);

/* pipeline may be NULL. */
void nj_pipeline_free(NjPipeline *pipeline);

/* Calls the handlers for this kind of stanza: first those for every stanza, then those for each
 * child. Returns true when a handler took the stanza. */
bool nj_pipeline_handle(NjPipeline *pipeline, NjSession *session, NjStanzaKind kind, NjXml *stanza);

/* Returns true when there is a handler for this child. A request whose child is known but was not
 * handled gets another error than one whose child is unknown. */
bool nj_pipeline_knows(const NjPipeline *pipeline, NjStanzaKind kind, const NjXml *child);

/* Sanitises the body of a long message, for nj_pipeline_receive(). Returns false when until_us
 * (monotonic; 0: no limit) has passed first; call it again with the same stanza then. */
bool nj_pipeline_prepare(NjPipeline *pipeline, NjXml *stanza, gint64 until_us);

/* Receives a message: calls the handlers, then the stages UNWRAP, DECRYPT, ANNOTATE and DELIVER.
 * from is the sender's address, which the caller has checked. */
void nj_pipeline_receive(NjPipeline *pipeline, NjSession *session, NjXml *stanza, const char *from);

/* Sends a message through the stages ANNOTATE, ENCRYPT and SEND, and takes out->stanza if it gets
 * to the connection. Returns false when nothing was sent: a stage refused, or there is no
 * session. */
bool nj_pipeline_send(NjPipeline *pipeline, NjSession *session, NjOutgoing *out);

#endif
