/* The seam above the stream: an account's connection to its server, from nothing to a bound
 * resource, and stanzas both ways.  Only connection.c sees dial, tls, stream, parser, sasl and
 * login; a test may put a string behind it. */
#ifndef NJ_XMPP_CONNECTION_H
#define NJ_XMPP_CONNECTION_H

#include "model/account.h"
#include "xmpp/tls.h"
#include "xmpp/xml.h"

typedef struct NjConnection NjConnection;

typedef enum {
    NJ_CONNECTION_CLOSED,
    NJ_CONNECTION_RESOLVING,
    NJ_CONNECTION_SECURING,
    NJ_CONNECTION_AUTHENTICATING,
    NJ_CONNECTION_BINDING,
    NJ_CONNECTION_ONLINE,
    NJ_CONNECTION_CLOSING
} NjConnectionState;

/* Why a connection failed.  Each is one sentence with what to do next; whether to try again is
 * nj_connection_error_retry(). */
#define NJ_CONNECTION_ERROR nj_connection_error_quark()
GQuark nj_connection_error_quark(void);
typedef enum {
    NJ_CONNECTION_ERROR_DNS,          /* no answer */
    NJ_CONNECTION_ERROR_NO_SUCH_HOST, /* no such name */
    NJ_CONNECTION_ERROR_NOT_OFFERED,  /* SRV target "." */
    NJ_CONNECTION_ERROR_REFUSED,
    NJ_CONNECTION_ERROR_UNREACHABLE,
    NJ_CONNECTION_ERROR_TIMEOUT,
    NJ_CONNECTION_ERROR_LOST,   /* the connection broke */
    NJ_CONNECTION_ERROR_TLS,    /* handshake failed */
    NJ_CONNECTION_ERROR_NO_TLS, /* not offered */
    NJ_CONNECTION_ERROR_CERTIFICATE,
    NJ_CONNECTION_ERROR_MECHANISM, /* no acceptable one */
    NJ_CONNECTION_ERROR_PASSWORD,  /* wrong, or not given */
    /* disabled, expired, temporarily unusable as the server says */
    NJ_CONNECTION_ERROR_ACCOUNT,
    NJ_CONNECTION_ERROR_PROOF, /* the server did not prove that it knows the password */
    NJ_CONNECTION_ERROR_BIND,
    NJ_CONNECTION_ERROR_PROTOCOL, /* it does not speak XMPP, or not well */
    NJ_CONNECTION_ERROR_CONFLICT, /* another client took the resource: we do not fight */
    NJ_CONNECTION_ERROR_POLICY,
    NJ_CONNECTION_ERROR_HOST_UNKNOWN, /* the server does not serve this domain */
    NJ_CONNECTION_ERROR_SHUTDOWN,     /* system-shutdown, reset */
    NJ_CONNECTION_ERROR_ELSEWHERE,    /* see-other-host */
    NJ_CONNECTION_ERROR_STREAM,       /* any other stream error */
    /* tls = none for a host that is not loopback, unreadable ca-file … */
    NJ_CONNECTION_ERROR_SETTINGS,
} NjConnectionError;

/* would a careful friend try again by himself, later? */
bool nj_connection_error_retry(int code);

/* How long each step may take, in milliseconds. */
typedef struct {
    guint dns;       /* one question to the resolver */
    guint stagger;   /* between two addresses of a host (RFC 8305) */
    guint patience;  /* before the next host joins in */
    guint tcp;       /* all addresses of a host */
    guint dial;      /* all of it */
    guint handshake; /* TLS */
    /* from the open socket to a bound resource; stands still while the person looks for the
     * password */
    guint login;
    guint close; /* a polite end; the program has two seconds for all of its own */
} NjConnectionDeadlines;

extern const NjConnectionDeadlines nj_connection_deadlines; /* as shipped */

typedef struct {
    /* CLOSED comes once, why NULL: we closed it */
    void (*on_state)(NjConnection *connection, NjConnectionState state, const GError *why,
                     void *owner);
    /* borrowed */
    void (*on_stanza)(NjConnection *connection, NjXml *stanza, void *owner);
    /* answer: nj_connection_password() */
    void (*on_password)(NjConnection *connection, void *owner);
    /* parser.h */
    bool (*wants_items)(NjConnection *connection, const NjXml *head, const NjXml *list,
                        void *owner);
    void (*on_item)(NjConnection *connection, const NjXml *head, NjXml *item, void *owner);
    /* parser.h; may be NULL */
    bool (*prepare)(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner);
    /* parser.h; may be NULL */
    void (*skipped)(NjConnection *connection, void *owner);
    /* login.h; may be NULL, then the other is not called */
    NjXml *(*resume)(NjConnection *connection, const NjXml *features, void *owner);
    void (*not_resumed)(NjConnection *connection, const NjXml *answer, void *owner);
} NjConnectionHooks;

typedef struct {
    void (*open)(NjConnection *connection);
    /* takes it; false: the stream is over, though CLOSED may not have come yet */
    bool (*send)(NjConnection *connection, NjXml *stanza);
    /* politely: </stream:stream>, 2 s at most */
    void (*close)(NjConnection *connection);
    /* at once, without a hook */
    void (*free)(NjConnection *connection);
    void (*pause)(NjConnection *connection, bool paused);
    void (*password)(NjConnection *connection, const char *password); /* NULL: not given */
    /* as bound; NULL: the session was resumed */
    const char *(*jid)(const NjConnection *connection);
    /* <resumed/>, if it was; else NULL */
    const NjXml *(*resumed)(const NjConnection *connection);
    const NjXml *(*features)(const NjConnection *connection); /* of the bound stream */
    /* of the last handshake, also a failed one; NULL */
    const NjCertificate *(*certificate)(const NjConnection *connection);
    gint64 (*last_byte_us)(const NjConnection *connection);
    int (*scram_rank)(const NjConnection *connection);
} NjConnectionClass;

struct NjConnection {
    const NjConnectionClass *class;
    const NjConnectionHooks *hooks;
    void *owner;
};

/* The real one.  trust_once: a pin, or NULL. Settings are copied. One NjConnection is one
 * connection: a reconnect makes a new one. RESOLVING and CLOSING follow from open() and close() at
 * once, without a hook; CLOSED always comes from the loop.  free() may be called from inside any
 * hook. */
NjConnection *nj_connection_new(const NjAccountSettings *settings, const char *bare,
                                const char *trust_once, const NjConnectionHooks *hooks,
                                void *owner);

/* of a real one, before open(); they are borrowed */
void nj_connection_set_deadlines(NjConnection *connection, const NjConnectionDeadlines *deadlines);
typedef NjConnection *(*NjConnectionMaker)(const NjAccountSettings *settings, const char *bare,
                                           const char *trust_once, const NjConnectionHooks *hooks,
                                           void *owner);

#endif
