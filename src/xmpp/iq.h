/* Requests (iq of type get or set) and their responses. A response counts only when its id and its
 * sender match a request. Every request has a deadline, and an owner that can cancel it. */
#ifndef NJ_XMPP_IQ_H
#define NJ_XMPP_IQ_H

#include "xmpp/xml.h"

typedef struct NjSession NjSession;
typedef struct NjIqs NjIqs;

/* stanza is the result or the error stanza, or NULL when no response came (deadline, lost
 * connection). error is NULL only for a result. Of a wait, stanza is always NULL, and error is NULL
 * when it ended well. Both are borrowed. */
typedef void (*NjIqFunc)(NjSession *session, const NjXml *stanza, const GError *error, void *data);
typedef void (*NjIqItemFunc)(NjSession *session, const NjXml *item, void *data);

/* Sends iq, takes it and sets its id. seconds is the deadline; 0: 60 seconds. func and on_item may
 * be NULL. With on_item the list in the response is passed item by item (parser.h), and func gets
 * the response without the items. owner is for nj_iq_cancel(). Without a session func is called
 * from the main loop, with an error. */
void nj_iq_send(NjSession *session, NjXml *iq, guint seconds, NjIqFunc func, NjIqItemFunc on_item,
                void *data, const void *owner);

/* As nj_iq_send(); free_data is called for data when the request ends, also when it is
 * cancelled. */
void nj_iq_send_full(NjSession *session, NjXml *iq, guint seconds, NjIqFunc func,
                     NjIqItemFunc on_item, void *data, GDestroyNotify free_data, const void *owner);

/* Cancels all requests of owner; their functions are not called. */
void nj_iq_cancel(NjSession *session, const void *owner);

/* Waits for something that is not a response, such as the presence that confirms that we joined a
 * room, with the same deadline, owner and end as a request. nj_wait_end() ends it. Beginning a wait
 * with the key of another one ends that one with an error. */
void nj_wait_begin(NjSession *session, const char *key, guint seconds, NjIqFunc func, void *data,
                   GDestroyNotify free_data, const void *owner);

/* Ends the wait with this key, if there is one. error may be NULL. */
void nj_wait_end(NjSession *session, const char *key, const GError *error);

#define NJ_IQ_ERROR nj_iq_error_quark()
GQuark nj_iq_error_quark(void);
typedef enum {
    NJ_IQ_ERROR_ANSWER,  /* the response is an error stanza */
    NJ_IQ_ERROR_TIMEOUT, /* no response before the deadline */
    NJ_IQ_ERROR_OFFLINE, /* no connection, or it was lost */
    NJ_IQ_ERROR_REPLACED /* a wait for the same key replaced it */
} NjIqError;

/* Returns the sentence for an error stanza, followed by the stanza's own text if it has one.
 * sentence replaces the usual one of its condition; it may be NULL. The caller owns the result. */
char *nj_iq_error_text(const NjXml *stanza, const char *sentence);

/* --- for session.c --- */

NjIqs *nj_iqs_new(NjSession *session);

/* Calls no function of a request. iqs may be NULL. */
void nj_iqs_free(NjIqs *iqs);

/* Removes all requests without calling their functions. */
void nj_iqs_drop(NjIqs *iqs);

/* The connection is lost but may come back: deadlines stop. */
void nj_iqs_suspend(NjIqs *iqs);

/* There is a connection again: deadlines run on. */
void nj_iqs_resume(NjIqs *iqs);

/* Ends all requests with NJ_IQ_ERROR_OFFLINE. */
void nj_iqs_fail_all(NjIqs *iqs);

/* Handles an iq of type result or error. */
void nj_iqs_handle_response(NjIqs *iqs, const NjXml *stanza);

/* Returns true when head is the start tag of a response whose request has on_item. */
bool nj_iqs_wants_items(NjIqs *iqs, const NjXml *head);
void nj_iqs_handle_item(NjIqs *iqs, const NjXml *head, const NjXml *item);

#endif
