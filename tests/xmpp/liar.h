/* A server of the tests' own, on their own loop: it waits for some words, says its own, and does
 * the next thing; then it is silent. */
#ifndef NJ_TESTS_LIAR_H
#define NJ_TESTS_LIAR_H

#include <glib.h>
#include <openssl/ssl.h>

#include "certificates.h"

typedef struct Guest Guest;
typedef enum { GO_ON, SECURE, CUT } Then;
typedef struct {
    const char *wait;              /* NULL: the last row, silence from there on */
    const char *say;               /* "%u" in it: the liar's own port */
    Then then;                     /* after it is said */
    char *(*answer)(Guest *guest); /* instead of say: the caller owns it */
} Step;

typedef struct {
    const Identity *identity;
    const Step *steps;
    guint16 port;
    int fd, calls; /* how often somebody came */
    guint source;
    GPtrArray *guests;
} Liar;

struct Guest {
    Liar *liar;
    int fd;
    guint source, step;
    GString *heard; /* since the last step */
    SSL_CTX *context;
    SSL *ssl;
    void *data; /* of an answer; freed with g_free */
};

/* both borrowed */
Liar *liar_new(const Identity *identity, const Step *steps);
void liar_free(Liar *liar);

#endif
