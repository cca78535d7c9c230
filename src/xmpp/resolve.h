/* Names to addresses and services.  Each question has a thread of its own for as long as it lasts:
 * look-ups block, against a dead name server for half a minute, and nobody may wait behind them. */
#ifndef NJ_XMPP_RESOLVE_H
#define NJ_XMPP_RESOLVE_H

#include "base/base.h"

typedef struct {
    int family;       /* AF_INET, AF_INET6 */
    guint8 bytes[16]; /* the first four of them, all of them */
} NjInet;

/* false: no address */
bool nj_inet_parse(const char *text, NjInet *inet);
bool nj_inet_is_loopback(const NjInet *inet);

typedef struct {
    guint16 priority, weight, port;
    /* "" or ".": this service is not offered. As it came: it may hold anything */
    char *host;
} NjService;

typedef enum { NJ_RESOLVE_FOUND, NJ_RESOLVE_NO_SUCH_NAME, NJ_RESOLVE_NO_ANSWER } NjResolveResult;

typedef struct {
    NjResolveResult result;
    GArray *addresses;   /* of NjInet */
    GPtrArray *services; /* of NjService */
} NjAnswer;

typedef void (*NjAnswerFunc)(const NjAnswer *answer, void *data);

/* Asks for the services of a name (SRV), or for its addresses.  The answer comes once, from the
 * main loop; a question can not be taken back. The first is the system's; tests have one of their
 * own. */
typedef void (*NjResolver)(const char *name, bool services, NjAnswerFunc func, void *data);
void nj_resolve(const char *name, bool services, NjAnswerFunc func, void *data);

void nj_answer_init(NjAnswer *answer);
void nj_answer_clear(NjAnswer *answer);

/* a name server's message; hostile */
void nj_answer_read(NjAnswer *answer, const guint8 *bytes, gsize length);
void nj_answer_add_service(NjAnswer *answer, guint priority, guint weight, guint port,
                           const char *host);

#endif
