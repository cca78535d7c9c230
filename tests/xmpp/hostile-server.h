/* A scripted TCP server on the test's main loop, for what no honest server sends. Each connection
 * goes through the same steps: wait for a text, send another, then continue, start TLS or close. */
#ifndef NJ_TESTS_XMPP_HOSTILE_SERVER_H
#define NJ_TESTS_XMPP_HOSTILE_SERVER_H

#include <glib.h>
#include <openssl/ssl.h>

#include "certificates.h"

typedef struct Peer Peer;
typedef enum { GO_ON, SECURE, CUT } Then;
typedef struct {
    const char *expect; /* part of what must arrive first; NULL: last row, no further answer */
    const char *send;   /* "%u" in it: the port of this server */
    Then then;          /* after sending: continue, start TLS, close */
    char *(*answer)(Peer *peer); /* makes the text instead of .send; the caller frees it */
} Step;

typedef struct {
    const Identity *identity;
    const Step *steps;
    guint16 port;
    int fd;
    int connections; /* accepted so far */
    guint source;
    GPtrArray *peers;
} HostileServer;

/* One accepted connection. */
struct Peer {
    HostileServer *server;
    int fd;
    guint source, step;
    GString *received; /* since the last step */
    SSL_CTX *context;
    SSL *ssl;
    void *data; /* of .answer; freed with g_free() */
};

/* Listens on a free port of 127.0.0.1. Both arguments are borrowed and must outlive the server. */
HostileServer *hostile_server_new(const Identity *identity, const Step *steps);
void hostile_server_free(HostileServer *server);

#endif
