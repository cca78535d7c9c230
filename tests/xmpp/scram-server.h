/* The server side of SCRAM-SHA-256-PLUS with tls-exporter (RFC 5802, RFC 9266), for user toad with
 * password "secret". */
#ifndef NJ_TESTS_SCRAM_SERVER_H
#define NJ_TESTS_SCRAM_SERVER_H

#include "hostile-server.h"

#define SCRAM_FEATURES                                                                   \
    "<stream:features><mechanisms "                                                      \
    "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256-PLUS</mechanism>" \
    "<mechanism>SCRAM-SHA-256</mechanism></mechanisms><sasl-channel-binding "            \
    "xmlns='urn:xmpp:sasl-cb:0'>"                                                        \
    "<channel-binding type='tls-exporter'/></sasl-channel-binding></stream:features>"

/* Answers for hostile-server.h. scram_challenge() answers <auth/>; scram_success() answers
 * <response/>, with <failure/> if the proof or the channel binding is wrong. */
char *scram_challenge(Peer *peer);
char *scram_success(Peer *peer);

/* Answers <response/> with a <success/> that has no server proof, whatever the client sent. */
char *scram_lie(Peer *peer);

#endif
