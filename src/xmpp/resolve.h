/* Resolves names to addresses and services. Each look-up runs on a thread of its own: it blocks,
 * for up to half a minute if a name server does not respond, and must not delay others. */
#ifndef NJ_XMPP_RESOLVE_H
#define NJ_XMPP_RESOLVE_H

#include "base/base.h"

typedef struct {
    int family;       /* AF_INET, AF_INET6 */
    guint8 bytes[16]; /* in network order; AF_INET uses the first four */
} NjInet;

/* Reads an IP address. Returns false if text is not one. */
bool nj_inet_parse(const char *text, NjInet *inet);
bool nj_inet_is_loopback(const NjInet *inet);

/* An SRV record (RFC 2782). */
typedef struct {
    guint16 priority, weight, port;
    /* As received: it may contain any bytes. "" or ".": the service is not offered (RFC 2782). */
    char *host;
} NjService;

typedef enum { NJ_RESOLVE_FOUND, NJ_RESOLVE_NO_SUCH_NAME, NJ_RESOLVE_NO_ANSWER } NjResolveResult;

typedef struct {
    NjResolveResult result;
    GArray *addresses;   /* of NjInet */
    GPtrArray *services; /* of NjService */
} NjAnswer;

/* Receives an answer, borrowed. */
typedef void (*NjAnswerFunc)(const NjAnswer *answer, void *data);

/* Looks up the services of a name (SRV records) if services is true, otherwise its addresses. func
 * is called once, from the main loop; a look-up cannot be cancelled. nj_resolve() uses the system's
 * resolver; tests use another NjResolver. */
typedef void (*NjResolver)(const char *name, bool services, NjAnswerFunc func, void *data);
void nj_resolve(const char *name, bool services, NjAnswerFunc func, void *data);

void nj_answer_init(NjAnswer *answer);
void nj_answer_clear(NjAnswer *answer);

/* Adds the SRV records of a DNS message, which may be malformed, to answer (RFC 1035, 4.1). Reading
 * ends at the first incomplete record. */
void nj_answer_read(NjAnswer *answer, const guint8 *bytes, gsize length);
void nj_answer_add_service(NjAnswer *answer, guint priority, guint weight, guint port,
                           const char *host);

#endif
