/* Requests (iq of type get or set) and their responses. A response is accepted only when its id and
 * its sender match a request. Every request has a deadline, and an owner that can cancel it. */
#ifndef NJ_XMPP_IQ_H
#define NJ_XMPP_IQ_H

#include "xmpp/xml.h"

typedef struct NjSession NjSession;
typedef struct NjIqs NjIqs;

/* Reports the end of a request or of a wait (nj_wait_begin()). stanza and error are borrowed.
 *
 * Request: stanza is the response of type result or error; NULL: no response came (deadline, lost
 * connection). error is NULL only for a result.
 *
 * Wait: stanza is always NULL; error is NULL when the awaited event happened. */
typedef void (*NjIqFunc)(NjSession *session, const NjXml *stanza, const GError *error, void *data);

/* Receives one item of the list in a response. */
typedef void (*NjIqItemFunc)(NjSession *session, const NjXml *item, void *data);

/* Sends iq, takes it and sets its id. seconds is the time until the deadline; 0: 60 seconds. func
 * and on_item may be NULL. With on_item the list in the response is passed item by item (parser.h),
 * and func gets the response without the items. owner is for nj_iq_cancel(). If the session accepts
 * no stanzas, the main loop calls func with NJ_IQ_ERROR_OFFLINE. */
void nj_iq_send(NjSession *session, NjXml *iq, guint seconds, NjIqFunc func, NjIqItemFunc on_item,
                void *data, const void *owner);

/* Does the same as nj_iq_send(). free_data frees data when the request ends or is cancelled. */
void nj_iq_send_full(NjSession *session, NjXml *iq, guint seconds, NjIqFunc func,
                     NjIqItemFunc on_item, void *data, GDestroyNotify free_data, const void *owner);

/* Cancels all requests of owner; their functions are not called. */
void nj_iq_cancel(NjSession *session, const void *owner);

/* Waits for something that is not a response, such as the presence that confirms that we joined a
 * room. The caller's nj_wait_end() with the same key reports that it happened. Deadline, owner,
 * lost connection and cancelling are those of a request. An earlier wait with the same key ends
 * with NJ_IQ_ERROR_REPLACED. */
void nj_wait_begin(NjSession *session, const char *key, guint seconds, NjIqFunc func, void *data,
                   GDestroyNotify free_data, const void *owner);

/* Ends the wait with this key, if there is one. error NULL: the awaited event happened. */
void nj_wait_end(NjSession *session, const char *key, const GError *error);

#define NJ_IQ_ERROR nj_iq_error_quark()
GQuark nj_iq_error_quark(void);
typedef enum {
    NJ_IQ_ERROR_ANSWER,  /* the response is an error stanza */
    NJ_IQ_ERROR_TIMEOUT, /* no response before the deadline */
    NJ_IQ_ERROR_OFFLINE, /* there was no session, or it ended */
    NJ_IQ_ERROR_REPLACED /* a new wait with the same key replaced it */
} NjIqError;

/* Returns a sentence for the user about an error stanza: sentence, or if it is NULL the sentence of
 * the stanza's error condition; then the stanza's own text if it has one. The caller owns the
 * result. */
char *nj_iq_error_text(const NjXml *stanza, const char *sentence);

/* --- for session.c --- */

NjIqs *nj_iqs_new(NjSession *session);

/* Frees iqs and its requests without calling their functions. iqs may be NULL. */
void nj_iqs_free(NjIqs *iqs);

/* Removes all requests without calling their functions. */
void nj_iqs_drop(NjIqs *iqs);

/* Stops the deadlines, because the connection is lost but the session may be resumed. After ten
 * minutes without a connection all requests end with NJ_IQ_ERROR_OFFLINE. */
void nj_iqs_suspend(NjIqs *iqs);

/* Continues the deadlines, because there is a connection again. */
void nj_iqs_resume(NjIqs *iqs);

/* Ends all requests that were sent, and all waits, with NJ_IQ_ERROR_OFFLINE. */
void nj_iqs_fail_all(NjIqs *iqs);

/* Handles an iq of type result or error; ends the request that it answers. */
void nj_iqs_handle_response(NjIqs *iqs, const NjXml *stanza);

/* Returns true when head, a stanza without its children, is the result of a request that has
 * on_item. */
bool nj_iqs_wants_items(NjIqs *iqs, const NjXml *head);

/* Passes an item of such a result to on_item. */
void nj_iqs_handle_item(NjIqs *iqs, const NjXml *head, const NjXml *item);

#endif
