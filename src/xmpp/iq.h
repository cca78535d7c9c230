/* Requests and their answers.  An answer counts only when its id and its sender match; every
 * request has a deadline and an owner whose end cancels it. */
#ifndef NJ_XMPP_IQ_H
#define NJ_XMPP_IQ_H

#include "xmpp/xml.h"

typedef struct NjSession NjSession;
typedef struct NjIqs NjIqs;

/* stanza: the result, or the error stanza, or NULL when nothing came (deadline, connection gone);
 * error NULL only for a result. */
typedef void (*NjIqFunc)(NjSession *session, const NjXml *stanza, const GError *error, void *data);
typedef void (*NjIqItemFunc)(NjSession *session, const NjXml *item, void *data);

/* Sends iq (takes it; its id is set here).  seconds 0: 60.  on_item: the answer's list comes item
 * by item.  owner: nj_iq_cancel() finds it. Without a connection done is called from an idle, with
 * an error. */
void nj_iq_send(NjSession *session, NjXml *iq, guint seconds, NjIqFunc done, NjIqItemFunc on_item,
                void *data, const void *owner);

/* The same; free_data is called when the request ends, also when it is cancelled. */
void nj_iq_send_full(NjSession *session, NjXml *iq, guint seconds, NjIqFunc done,
                     NjIqItemFunc on_item, void *data, GDestroyNotify free_data, const void *owner);

/* done is not called */
void nj_iq_cancel(NjSession *session, const void *owner);

/* Something else that is waited for (a room that lets us in), with the same deadline, owner and
 * end.  No answer on the wire ends it, nj_wait_end() does; a key waits once: a new one ends the
 * old. */
void nj_wait_begin(NjSession *session, const char *key, guint seconds, NjIqFunc done, void *data,
                   GDestroyNotify free_data, const void *owner);

/* nothing waits: nothing happens */
void nj_wait_end(NjSession *session, const char *key, const GError *error);

#define NJ_IQ_ERROR nj_iq_error_quark()
GQuark nj_iq_error_quark(void);
typedef enum {
    NJ_IQ_ERROR_ANSWER,
    NJ_IQ_ERROR_TIMEOUT,
    NJ_IQ_ERROR_OFFLINE,
    NJ_IQ_ERROR_BAD
} NjIqError;

/* What an error stanza says: sentence, or NULL for the condition's own, with the other side's words
 * behind it. */
char *nj_iq_error_text(const NjXml *stanza, const char *sentence);

/* For session.c: the requests of one session, ended by nobody but by these. */
NjIqs *nj_iqs_new(NjSession *session);

/* no done is called */
void nj_iqs_free(NjIqs *iqs);

/* forgets all requests, and calls no done */
void nj_iqs_drop(NjIqs *iqs);

/* the connection is gone, and may come back: deadlines wait for it */
void nj_iqs_suspend(NjIqs *iqs);

/* there is one */
void nj_iqs_resume(NjIqs *iqs);

/* every request ends with an error */
void nj_iqs_offline(NjIqs *iqs);

/* a result or an error */
void nj_iqs_answer(NjIqs *iqs, const NjXml *stanza);
bool nj_iqs_wants_items(NjIqs *iqs, const NjXml *head);
void nj_iqs_item(NjIqs *iqs, const NjXml *head, const NjXml *item);

#endif
