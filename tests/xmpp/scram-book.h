/* A SCRAM server (RFC 5802) that shares no code with xmpp/sasl.c and uses only GLib, so that the
 * client is not tested against itself. */
#ifndef NJ_TESTS_XMPP_SCRAM_BOOK_H
#define NJ_TESTS_XMPP_SCRAM_BOOK_H

#include "base/base.h"

typedef struct {
    GChecksumType type;
    const char *password, *salt; /* base64 */
    int rounds;
} ScramServer;

/* Returns the server-first-message "r=…,s=…,i=…" for "n,,n=user,r=…"; the caller frees it. */
char *scram_server_first(const ScramServer *server, const char *client_first);

/* Returns the server-final-message "v=…", which the caller frees; NULL if the proof is wrong or the
 * client bound something else than channel (gs2 header and channel-binding data). */
char *scram_server_final(const ScramServer *server, const char *client_first,
                         const char *server_first, const char *client_final, const char *channel);

#endif
