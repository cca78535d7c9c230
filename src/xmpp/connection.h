/* The connection of an account to its server: from a host name to a bound resource, then stanzas in
 * both directions. connection.c hides its parts (dial, tcp, tls, stream, login) from the session,
 * so that a test can replace the connection by one that reads and writes a script. */
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

/* Why a connection failed. The message of each error is a whole sentence for the user that says
 * what to do next. */
#define NJ_CONNECTION_ERROR nj_connection_error_quark()
GQuark nj_connection_error_quark(void);
typedef enum {
    NJ_CONNECTION_ERROR_DNS,          /* the name server does not answer */
    NJ_CONNECTION_ERROR_NO_SUCH_HOST, /* the name does not exist */
    NJ_CONNECTION_ERROR_NOT_OFFERED,  /* the SRV target is ".": the domain has no XMPP service */
    NJ_CONNECTION_ERROR_REFUSED,
    NJ_CONNECTION_ERROR_UNREACHABLE,
    NJ_CONNECTION_ERROR_TIMEOUT,
    NJ_CONNECTION_ERROR_LOST,   /* the connection broke, or the server closed it */
    NJ_CONNECTION_ERROR_TLS,    /* the TLS handshake failed, but not because of the certificate */
    NJ_CONNECTION_ERROR_NO_TLS, /* the server does not offer TLS */
    NJ_CONNECTION_ERROR_CERTIFICATE,
    NJ_CONNECTION_ERROR_MECHANISM, /* the server offers no acceptable SASL mechanism */
    NJ_CONNECTION_ERROR_PASSWORD,  /* the password is wrong or was not entered */
    NJ_CONNECTION_ERROR_ACCOUNT,   /* the server reports a disabled, expired or unusable account */
    NJ_CONNECTION_ERROR_PROOF,     /* the server did not prove that it knows the password */
    NJ_CONNECTION_ERROR_BIND,
    NJ_CONNECTION_ERROR_PROTOCOL, /* the server does not speak XMPP, or breaks its rules */
    NJ_CONNECTION_ERROR_CONFLICT, /* another client took the resource: do not take it back */
    NJ_CONNECTION_ERROR_POLICY,
    NJ_CONNECTION_ERROR_HOST_UNKNOWN, /* the server does not serve this domain */
    NJ_CONNECTION_ERROR_SHUTDOWN, /* the server cannot serve us now: system-shutdown, reset, … */
    NJ_CONNECTION_ERROR_REDIRECTED, /* see-other-host that was not followed */
    NJ_CONNECTION_ERROR_STREAM,     /* any other stream error */
    NJ_CONNECTION_ERROR_SETTINGS,   /* wrong settings, such as an unreadable ca-file */
} NjConnectionError;

/* Returns true when the client may connect again by itself after the error, false when the user has
 * to do something first. */
bool nj_connection_should_retry(int code);

/* How long each step may take, in milliseconds. */
typedef struct {
    guint dns;       /* one look-up */
    guint stagger;   /* until the next address of a host is tried as well (RFC 8305, 5) */
    guint patience;  /* until the next host is tried as well */
    guint tcp;       /* connecting to any of the addresses of a host */
    guint dial;      /* everything up to a connected socket */
    guint handshake; /* the TLS handshake */
    /* from the connected socket to a bound resource; the time in which the user enters a password
     * does not count */
    guint login;
    guint close; /* closing the stream; the program has two seconds to quit */
} NjConnectionDeadlines;

extern const NjConnectionDeadlines nj_connection_deadlines; /* the default */

/* The owner may free the connection inside any hook but prepare and build_resume. Stanzas and items
 * are borrowed. */
typedef struct {
    /* The connection has a new state. NJ_CONNECTION_CLOSED comes once and is the last. why is set
     * for CLOSED only; NULL: close() ended the connection. */
    void (*on_state)(NjConnection *connection, NjConnectionState state, const GError *why,
                     void *owner);
    void (*on_stanza)(NjConnection *connection, NjXml *stanza, void *owner);
    /* The login needs a password: call NjConnectionClass.give_password, now or later. */
    void (*on_password)(NjConnection *connection, void *owner);
    /* see parser.h; wants_items may be NULL */
    bool (*wants_items)(NjConnection *connection, const NjXml *head, const NjXml *list,
                        void *owner);
    void (*on_item)(NjConnection *connection, const NjXml *head, NjXml *item, void *owner);
    /* see parser.h; may be NULL */
    bool (*prepare)(NjConnection *connection, NjXml *stanza, gint64 until_us, void *owner);
    /* see parser.h; may be NULL */
    void (*on_skipped)(NjConnection *connection, void *owner);
    /* see login.h; build_resume may be NULL, then on_resume_failed may be NULL, too */
    NjXml *(*build_resume)(NjConnection *connection, const NjXml *features, void *owner);
    void (*on_resume_failed)(NjConnection *connection, const NjXml *failed, void *owner);
} NjConnectionHooks;

typedef struct {
    void (*open)(NjConnection *connection);
    /* Sends stanza and takes it. Returns false when the stream is over; on_state may report CLOSED
     * only later. */
    bool (*send)(NjConnection *connection, NjXml *stanza);
    /* Closes the stream with </stream:stream>; takes up to NjConnectionDeadlines.close. */
    void (*close)(NjConnection *connection);
    /* Closes and frees at once. No hook is called. */
    void (*free)(NjConnection *connection);
    /* Stops or resumes reading from the socket. */
    void (*pause)(NjConnection *connection, bool paused);
    /* Answers on_password. password NULL: the user did not enter one, so the login fails. */
    void (*give_password)(NjConnection *connection, const char *password);
    /* Returns the bound address, or NULL when the session was resumed. */
    const char *(*jid)(const NjConnection *connection);
    /* Returns <resumed/> when the session was resumed, else NULL. */
    const NjXml *(*resumed)(const NjConnection *connection);
    /* Returns the features of the bound stream, or NULL. */
    const NjXml *(*features)(const NjConnection *connection);
    /* Returns the certificate of the last handshake, also of a failed one, or NULL. */
    const NjCertificate *(*certificate)(const NjConnection *connection);
    /* Returns the time (monotonic) when the last byte arrived, or 0 without a socket. */
    gint64 (*last_byte_us)(const NjConnection *connection);
    /* Returns the rank of the SCRAM mechanism that was used (sasl.h), or 0. */
    int (*scram_rank)(const NjConnection *connection);
} NjConnectionClass;

struct NjConnection {
    const NjConnectionClass *class;
    const NjConnectionHooks *hooks;
    void *owner;
};

/* A function that makes connections: nj_connection_new() or a test's. settings and strings are
 * copied; hooks and owner are borrowed. bare is the account's bare address. trust_once is the pin
 * of a certificate to accept, or NULL. */
typedef NjConnection *(*NjConnectionMaker)(const NjAccountSettings *settings, const char *bare,
                                           const char *trust_once, const NjConnectionHooks *hooks,
                                           void *owner);

/* Makes a connection over TCP. It can be opened once: each attempt to connect needs a new one.
 * on_state is not called for RESOLVING at open() nor for CLOSING at close(). CLOSED is always
 * reported from the main loop. */
NjConnection *nj_connection_new(const NjAccountSettings *settings, const char *bare,
                                const char *trust_once, const NjConnectionHooks *hooks,
                                void *owner);

/* Replaces nj_connection_deadlines; for tests. connection is made by nj_connection_new() and not
 * opened yet. deadlines is borrowed. */
void nj_connection_set_deadlines(NjConnection *connection, const NjConnectionDeadlines *deadlines);

#endif
