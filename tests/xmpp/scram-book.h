/* The other side of SCRAM, written from RFC 5802 with GLib alone, so that ours is not tested
 * against itself. */
#ifndef NJ_TESTS_XMPP_SCRAM_BOOK_H
#define NJ_TESTS_XMPP_SCRAM_BOOK_H

#include "base/base.h"

typedef struct {
    GChecksumType type;
    const char *password, *salt; /* base64 */
    int rounds;
} ScramServer;

/* "n,,n=user,r=…" answered with "r=…,s=…,i=…".  The caller owns it. */
char *scram_server_first(const ScramServer *server, const char *client_first);

/* "v=…", or NULL if the proof is wrong or something else than `channel` (gs2 header and data) was
 * bound. */
char *scram_server_final(const ScramServer *server, const char *client_first,
                         const char *server_first, const char *client_final, const char *channel);

#endif
