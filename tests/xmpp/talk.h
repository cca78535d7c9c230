/* What the parts of the talk runner share; talk.c says what a talk is. */
#ifndef NJ_TESTS_TALK_H
#define NJ_TESTS_TALK_H

#include <glib.h>
#include <string.h>

#include "base/clock.h"
#include "model/events.h"
#include "model/store.h"
#include "xmpp/parser.h"
#include "xmpp/session.h"

typedef struct Talk Talk;

typedef struct {
    NjConnection base;
    NjParser *parser;
    gint64 last_byte_us;
    bool online;
    bool resuming; /* asked for the session of before, and not answered */
    NjXml *resumed;
    const NjCertificate *certificate; /* what the server showed */
    bool over; /* the server has ended the stream, and nobody has told so yet */
    char *jid;
    GError *why; /* of its end: gone with the connection, as the real one's */
} StringLink;

typedef struct {
    char *text;
    bool loose;
} Event;

struct Talk {
    const char *path;
    int line;
    char *dir;
    NjClient *client;
    NjAccount *account;
    NjSession *session;
    StringLink *connection;
    NjXml *features;
    GString *roster;
    GString *server, *ours; /* features that the server announces, and our account on it */
    GQueue sent;            /* of NjXml */
    GQueue events;          /* of Event */
    GHashTable *names;      /* $name -> text */
    void (*password_done)(const char *password, const char *why, void *data);
    void *password_data;
    GString *failure; /* what went wrong, empty: nothing */
    bool begun, offline;
    bool holds; /* nothing is committed */
    /* the state of a message, and what is called when one has it; NULL: nothing is */
    char *upon;
    struct NjCmd *commands;           /* made by the first command */
    void (*before_close)(Talk *talk); /* frees the commands; NULL: there are none */
};

/* The maker of connections knows no talk: the one that runs. */
extern Talk *running;

/* talk.c */
void fail(Talk *talk, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* all that can be done at once is done */
void settle(void);

/* talk-client.c */
/* takes dir; NULL: a new one */
void open_client(Talk *talk, char *dir);
void add_account(Talk *talk);
void close_client(Talk *talk);
void restart_client(Talk *talk);

/* talk-string.c */
/* one stanza; NULL if it is none */
NjXml *parse(const char *text);
bool matches(Talk *talk, const char *expected, const char *got);
bool same(Talk *talk, const NjXml *expected, const NjXml *got);
NjConnection *make_link(const NjAccountSettings *settings, const char *bare, const char *trust_once,
                        const NjConnectionHooks *hooks, void *owner);
void go_online(Talk *talk);
void receive(Talk *talk, const char *bytes, gsize length);
void end_link(Talk *talk, int code, const char *sentence);

/* talk-features.c */
/* Replaces $FEATURES and $VER by what the module rows announce as shipped; the caller frees it. */
char *expand_features(const char *text);

/* talk-events.c */
void tell(Talk *talk, bool loose, const char *format, ...) G_GNUC_PRINTF(3, 4);
void event_free(Event *event);
void listen_to_all(Talk *talk);

/* talk-calls.c */
void call(Talk *talk, const char *line);
void tell_result(const GError *error, NjRecord *result, void *talk); /* an NjDone */

/* talk-commands.c */
void run_command(Talk *talk, const char *line);

#endif
