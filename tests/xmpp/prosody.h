/* A private Prosody on loopback, a child of the test, with ports, data and certificates of its
 * own. */
#ifndef NJ_TESTS_PROSODY_H
#define NJ_TESTS_PROSODY_H

#include <glib.h>

typedef struct {
    GPid pid;
    char *dir; /* config, data and prosody.log; not removed before stop */
    guint16 port, direct_port;
} Prosody;

/* Serves pond.example with dir/server.pem and dir/server.key; accounts toad and frog, password
 * "secret".  NULL without the program. */
Prosody *prosody_start(const char *dir);
void prosody_stop(Prosody *prosody);

/* with all that is in it; stop does it too */
void prosody_remove(const char *dir);

/* How often text stands in its log. */
int prosody_logged(const Prosody *prosody, const char *text);

#endif
