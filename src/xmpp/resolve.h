/* Resolves names to addresses and services. Each look-up has a thread of its own while it lasts: a
 * look-up blocks, for half a minute when a name server does not respond, and must not delay
 * others. */
#ifndef NJ_XMPP_RESOLVE_H
#define NJ_XMPP_RESOLVE_H

#include "base/base.h"

typedef struct {
    int family;       /* AF_INET, AF_INET6 */
    guint8 bytes[16]; /* AF_INET: the first four */
} NjInet;

/* Returns false if text is not an IP address. */
bool nj_inet_parse(const char *text, NjInet *inet);
bool nj_inet_is_loopback(const NjInet *inet);

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

typedef void (*NjAnswerFunc)(const NjAnswer *answer, void *data);

/* Looks up the services of a name (SRV), or its addresses. func is called once, from the main loop;
 * a look-up cannot be cancelled. nj_resolve() asks the system; tests use another NjResolver. */
typedef void (*NjResolver)(const char *name, bool services, NjAnswerFunc func, void *data);
void nj_resolve(const char *name, bool services, NjAnswerFunc func, void *data);

void nj_answer_init(NjAnswer *answer);
void nj_answer_clear(NjAnswer *answer);

/* Reads a name server's message, which may be malformed. */
void nj_answer_read(NjAnswer *answer, const guint8 *bytes, gsize length);
void nj_answer_add_service(NjAnswer *answer, guint priority, guint weight, guint port,
                           const char *host);

#endif
