/* The seam above the stream: an account's connection to its server, from nothing to a bound resource, and stanzas both ways.  Only link.c sees
   dial, tls, stream, parser, sasl and login; a test may put a string behind it. */
#ifndef NJ_XMPP_LINK_H
#define NJ_XMPP_LINK_H

#include "model/account.h"
#include "xmpp/tls.h"
#include "xmpp/xml.h"

typedef struct NjLink NjLink;

typedef enum { NJ_LINK_CLOSED, NJ_LINK_RESOLVING, NJ_LINK_SECURING, NJ_LINK_AUTHENTICATING, NJ_LINK_BINDING, NJ_LINK_ONLINE, NJ_LINK_CLOSING } NjLinkState;

/* Why a link failed.  Each is one sentence with what to do next; whether to try again is nj_link_error_retry(). */
#define NJ_LINK_ERROR nj_link_error_quark()
GQuark nj_link_error_quark(void);
typedef enum {
    NJ_LINK_ERROR_DNS,             /* no answer */
    NJ_LINK_ERROR_NO_SUCH_HOST,    /* no such name */
    NJ_LINK_ERROR_NOT_OFFERED,     /* SRV target "." */
    NJ_LINK_ERROR_REFUSED,
    NJ_LINK_ERROR_UNREACHABLE,
    NJ_LINK_ERROR_TIMEOUT,
    NJ_LINK_ERROR_LOST,            /* the link broke */
    NJ_LINK_ERROR_TLS,             /* handshake failed */
    NJ_LINK_ERROR_NO_TLS,          /* not offered */
    NJ_LINK_ERROR_CERTIFICATE,
    NJ_LINK_ERROR_MECHANISM,       /* no acceptable one */
    NJ_LINK_ERROR_PASSWORD,        /* wrong, or not given */
    NJ_LINK_ERROR_ACCOUNT,         /* disabled, expired, temporarily unusable as the server says */
    NJ_LINK_ERROR_PROOF,           /* the server did not prove that it knows the password */
    NJ_LINK_ERROR_BIND,
    NJ_LINK_ERROR_PROTOCOL,        /* it does not speak XMPP, or not well */
    NJ_LINK_ERROR_CONFLICT,        /* another client took the resource: we do not fight */
    NJ_LINK_ERROR_POLICY,
    NJ_LINK_ERROR_HOST_UNKNOWN,    /* the server does not serve this domain */
    NJ_LINK_ERROR_SHUTDOWN,        /* system-shutdown, reset */
    NJ_LINK_ERROR_ELSEWHERE,       /* see-other-host */
    NJ_LINK_ERROR_STREAM,          /* any other stream error */
    NJ_LINK_ERROR_SETTINGS,        /* tls = none for a host that is not loopback, unreadable ca-file … */
} NjLinkError;
bool nj_link_error_retry(int code);        /* would a careful friend try again by himself, later? */

/* How long each step may take, in milliseconds. */
typedef struct {
    guint dns;             /* one question to the resolver */
    guint stagger;         /* between two addresses of a host (RFC 8305) */
    guint patience;        /* before the next host joins in */
    guint tcp;             /* all addresses of a host */
    guint dial;            /* all of it */
    guint handshake;       /* TLS */
    guint login;           /* from the open socket to a bound resource; stands still while the person looks for the password */
    guint close;           /* a polite end; the program has two seconds for all of its own */
} NjLinkDeadlines;
extern const NjLinkDeadlines nj_link_deadlines;         /* as shipped */

typedef struct {
    void (*on_state)(NjLink *link, NjLinkState state, const GError *why, void *owner);     /* CLOSED comes once, why NULL: we closed it */
    void (*on_stanza)(NjLink *link, NjXml *stanza, void *owner);                           /* borrowed */
    void (*on_password)(NjLink *link, void *owner);                                        /* answer: nj_link_password() */
    bool (*wants_items)(NjLink *link, const NjXml *head, const NjXml *list, void *owner);  /* parser.h */
    void (*on_item)(NjLink *link, const NjXml *head, NjXml *item, void *owner);
    bool (*prepare)(NjLink *link, NjXml *stanza, gint64 until_us, void *owner);             /* parser.h; may be NULL */
    void (*skipped)(NjLink *link, void *owner);                                             /* parser.h; may be NULL */
    NjXml *(*resume)(NjLink *link, const NjXml *features, void *owner);                    /* login.h; may be NULL, then the other is not called */
    void (*not_resumed)(NjLink *link, const NjXml *answer, void *owner);
} NjLinkHooks;

typedef struct {
    void (*open)(NjLink *link);
    bool (*send)(NjLink *link, NjXml *stanza);              /* takes it; false: the stream is over, though CLOSED may not have come yet */
    void (*close)(NjLink *link);                            /* politely: </stream:stream>, 2 s at most */
    void (*free)(NjLink *link);                             /* at once, without a hook */
    void (*pause)(NjLink *link, bool paused);
    void (*password)(NjLink *link, const char *password);   /* NULL: not given */
    const char *(*jid)(const NjLink *link);                 /* as bound; NULL: the session was resumed */
    const NjXml *(*resumed)(const NjLink *link);            /* <resumed/>, if it was; else NULL */
    const NjXml *(*features)(const NjLink *link);           /* of the bound stream */
    const NjCertificate *(*certificate)(const NjLink *link);     /* of the last handshake, also a failed one; NULL */
    gint64 (*last_byte_us)(const NjLink *link);
    int  (*scram_rank)(const NjLink *link);
} NjLinkClass;

struct NjLink {
    const NjLinkClass *class;
    const NjLinkHooks *hooks;
    void *owner;
};

/* The real one.  trust_once: a pin, or NULL. Settings are copied. One NjLink is one connection: a reconnect makes a new one.
   RESOLVING and CLOSING follow from open() and close() at once, without a hook; CLOSED always comes from the loop.  free() may be called
   from inside any hook. */
NjLink *nj_link_new(const NjAccountSettings *settings, const char *bare, const char *trust_once, const NjLinkHooks *hooks, void *owner);
void    nj_link_set_deadlines(NjLink *link, const NjLinkDeadlines *deadlines);          /* of a real one, before open(); they are borrowed */
typedef NjLink *(*NjLinkMaker)(const NjAccountSettings *settings, const char *bare, const char *trust_once, const NjLinkHooks *hooks, void *owner);

#endif
