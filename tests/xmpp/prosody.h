/* A private Prosody on loopback: a child process of the test, with its own ports, data and
 * certificates. */
#ifndef NJ_TESTS_PROSODY_H
#define NJ_TESTS_PROSODY_H

#include <glib.h>

typedef struct {
    GPid pid;
    char *dir; /* configuration, data, prosody.log; prosody_stop() removes it */
    guint16 port, direct_port;
} Prosody;

/* Starts a server for pond.example with dir/server.pem and dir/server.key. It has the accounts toad
 * and frog with password "secret". Returns NULL if Prosody is not installed. */
Prosody *prosody_start(const char *dir);
void prosody_stop(Prosody *prosody);

/* Removes dir and everything in it; prosody_stop() does this, too. */
void prosody_remove(const char *dir);

/* Returns how often the server's log contains text. */
int prosody_logged(const Prosody *prosody, const char *text);

#endif
