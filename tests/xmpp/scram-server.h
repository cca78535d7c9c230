/* The server's half of SCRAM-SHA-256-PLUS with tls-exporter, for user toad and password
 * "secret". */
#ifndef NJ_TESTS_SCRAM_SERVER_H
#define NJ_TESTS_SCRAM_SERVER_H

#include "hostile-server.h"

#define SCRAM_FEATURES                                                                   \
    "<stream:features><mechanisms "                                                      \
    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256-PLUS</mechanism>" \
    "<mechanism>SCRAM-SHA-256</mechanism></mechanisms><sasl-channel-binding "            \
    "xmlns='urn:xmpp:sasl-cb:0'>"                                                        \
    "<channel-binding type='tls-exporter'/></sasl-channel-binding></stream:features>"

/* Answers for hostile-server.h: to <auth/> and to <response/>.  The second says <failure/> unless
 * proof and binding are right. */
char *scram_challenge(Peer *peer);
char *scram_success(Peer *peer);

/* accepts everything, and proves nothing */
char *scram_lie(Peer *peer);

#endif
