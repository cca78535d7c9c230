/* Shared by the files of the talk runner; talk.c explains talks. */
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
    bool resuming; /* <resume/> was sent and has no answer yet */
    NjXml *resumed;
    const NjCertificate *certificate; /* of the server */
    bool over; /* the server has ended the stream, but CLOSED was not reported yet */
    char *jid;
    GError *why; /* for CLOSED; freed with the connection */
} StringConnection;

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
    StringConnection *connection;
    NjXml *features;
    GString *roster;
    GString *server, *ours; /* features of the server, and of our account on it */
    GQueue sent;            /* of NjXml */
    GQueue events;          /* of Event */
    GHashTable *names;      /* $name -> text */
    void (*password_done)(const char *password, const char *why, void *data);
    void *password_data;
    GString *failure; /* empty: no failure */
    bool begun, offline;
    bool holds; /* the store does not commit */
    /* a state, and the call that is made when a message has that state; NULL: none */
    char *upon;
    struct NjCmd *commands;           /* made by the first command */
    void (*before_close)(Talk *talk); /* frees the commands; NULL: there are none */
};

/* The talk that runs, for the maker of connections, which has no other way to find it. */
extern Talk *running;

/* talk.c */
void fail(Talk *talk, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Runs the main loop until it is idle, and commits what the store has, unless holds is set. */
void settle(void);

/* talk-client.c */
/* Takes dir; NULL: makes a new one. */
void open_client(Talk *talk, char *dir);
void add_account(Talk *talk);
void close_client(Talk *talk);
void restart_client(Talk *talk);

/* talk-string.c */
/* Parses one stanza; returns NULL when text is not one. */
NjXml *parse(const char *text);
bool matches(Talk *talk, const char *expected, const char *got);
bool same(Talk *talk, const NjXml *expected, const NjXml *got);
NjConnection *make_string_connection(const NjAccountSettings *settings, const char *bare,
                                     const char *trust_once, const NjConnectionHooks *hooks,
                                     void *owner);
void go_online(Talk *talk);
void receive(Talk *talk, const char *bytes, gsize length);
void end_connection(Talk *talk, int code, const char *sentence);

/* talk-features.c */
/* Replaces $FEATURES and $VER by what the module rows announce as shipped; the caller frees it. */
char *expand_features(const char *text);

/* talk-events.c */
void add_event(Talk *talk, bool loose, const char *format, ...) G_GNUC_PRINTF(3, 4);
void event_free(Event *event);
void listen_to_all(Talk *talk);

/* talk-calls.c */
void call(Talk *talk, const char *line);
void tell_result(const GError *error, NjRecord *result, void *talk); /* an NjDone */

/* talk-commands.c */
void run_command(Talk *talk, const char *line);

#endif
